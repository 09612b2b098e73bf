"""Play a sweep on threads, processes or a cluster; what is finished stays finished.

Finished chunks are files, each under two digests: of what was asked, and of what it holds.
"""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import (
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ThreadPoolExecutor,
    as_completed,
)
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import cast

from adlopt.data.files.writing import replace_all
from adlopt.errors import CertificateError, InputError, SweepStopped
from adlopt.foundation.workers import worker_processes
from adlopt.studies.sweep.plan import Sweep, digest_of, play_chunk

LOST = "what is finished is kept: run it again"


def choose(
    *, workers: int | None = None, threads: bool = False, scheduler: str | None = None
) -> AbstractContextManager[Executor]:
    """Processes unless threads are asked for or a scheduler is named: a cluster has its own."""
    if scheduler is None:
        return on_threads(workers) if threads else on_processes(workers)
    for name, given in (("workers", workers), ("threads", threads or None)):
        if given is not None:
            remedy = "the cluster has its own"
            raise InputError(name, given, "nothing beside scheduler", remedy=remedy)
    return on_dask(scheduler)


def on_threads(workers: int | None = None) -> AbstractContextManager[Executor]:
    """Threads of this process; one for each core unless told otherwise."""
    return ThreadPoolExecutor(_workers(workers))


@contextmanager
def on_processes(workers: int | None = None) -> Iterator[Executor]:
    """Processes of this machine; one for each core unless told otherwise.

    They import the script that starts them, which must do so under `if __name__ == "__main__":`.

    Raises
    ------
    SweepStopped
        If one of them dies.
    """
    try:
        with worker_processes(_workers(workers)) as executor:
            try:
                yield executor
            finally:
                executor.shutdown(cancel_futures=True)
    except BrokenExecutor:
        raise SweepStopped(f"a worker process died; {LOST}") from None


@contextmanager
def on_dask(scheduler: str) -> Iterator[Executor]:
    """Workers of a dask cluster, by the address of its scheduler; they need adlopt installed.

    What a worker was doing when it died is done by another.

    Raises
    ------
    InputError
        If dask is not installed, or the scheduler does not answer.
    SweepStopped
        If the scheduler is gone, or a chunk has killed several workers.
    """
    try:
        from distributed import Client, KilledWorker
        from distributed.client import FutureCancelledError
    except ImportError:
        remedy = "pip install 'adlopt[dask]'"
        raise InputError("scheduler", scheduler, "dask.distributed", remedy=remedy) from None
    try:
        client = Client(scheduler, timeout=10, set_as_default=False)
    except (OSError, ValueError) as error:
        expected = f"the address of a dask scheduler that answers ({str(error).splitlines()[0]})"
        raise InputError("scheduler", scheduler, expected) from None
    try:
        with client, client.get_executor() as executor:
            yield cast(Executor, executor)
    except (KilledWorker, FutureCancelledError, CancelledError) as error:
        raise SweepStopped(f"the cluster lost a chunk ({type(error).__name__}); {LOST}") from None


def _workers(given: int | None) -> int:
    if given is not None and given < 1:
        raise InputError("workers", given, "a whole number ≥ 1")
    return given or os.cpu_count() or 1


def run_sweep(
    sweep: Sweep,
    output: str | Path,
    executor: Executor,
    *,
    progress: Callable[[str], None] | None = None,
    notice: Callable[[str], None] = warnings.warn,
) -> Path:
    r"""Play what is not yet played, then write all rows to one file.

    Parameters
    ----------
    sweep : Sweep
    output : str or Path
        A .parquet file. Finished chunks are kept in the folder `<output>.parts` beside it; one
        sweep at a time may write there.
    executor : concurrent.futures.Executor
        Of `on_threads`, `on_processes` or `on_dask`, or any other.
    progress : callable, optional
        Told "done of all" once for each finished chunk.
    notice : callable
        Told of damaged files and failed chunks.

    Returns
    -------
    path : Path
        Of the output.

    Raises
    ------
    InputError
        If the output cannot be written.
    SweepStopped
        If a chunk failed; the others are finished and kept.

    Examples
    --------
    >>> import tempfile
    >>> from adlopt.studies.sweep import on_threads, read_sweep
    >>> text = 'policies = ["persistence+queue"]\n[[episode]]\nsource = "october-10"\n'
    >>> with tempfile.TemporaryDirectory() as folder, on_threads(1) as executor:
    ...     spec = Path(folder) / "sweep.toml"
    ...     _ = spec.write_text(text)
    ...     run_sweep(read_sweep(spec), spec.with_suffix(".parquet"), executor).name
    'sweep.parquet'
    """
    output = Path(output)
    if output.suffix != ".parquet" or not output.parent.is_dir() or output.is_dir():
        raise InputError("output", str(output), "a .parquet file in a folder that exists")
    folder = output.with_name(output.name + ".parts")
    folder.mkdir(exist_ok=True)
    digests = {chunk.digest: None for chunk in sweep.chunks()}
    parts = finished(folder, digests, notice)
    tell = progress or (lambda _: None)
    for done in range(len(parts)):
        tell(f"{done + 1} of {len(digests)}")
    pending: dict[Future[bytes], str] = {}
    failed: list[str] = []
    try:
        for chunk, digest in zip(sweep.chunks(), digests, strict=True):
            if digest not in parts:
                pending[executor.submit(play_chunk, chunk)] = digest
        for future in as_completed(list(pending)):
            digest = pending.pop(future)
            try:
                parts[digest] = write_part(folder, digest, future.result())
            except SweepStopped as error:
                failed.append(str(error))
                notice(str(error))
            else:
                tell(f"{len(parts)} of {len(digests)}")
    finally:
        for future in pending:
            future.cancel()
    if failed:
        raise SweepStopped(
            f"{len(failed)} of {len(digests)} chunks failed, the others are kept: {failed[0]}"
        )
    compact([parts[digest] for digest in digests], sweep.key, len(sweep), output)
    return output


def write_part(folder: Path, digest: str, data: bytes) -> Path:
    """Write what a chunk answered; the file is there whole, or not at all."""
    path = folder / f"{digest}-{digest_of(data)}.parquet"
    replace_all({path: lambda partial: partial.write_bytes(data)})
    return path


def finished(
    folder: Path, digests: Collection[str], notice: Callable[[str], None]
) -> dict[str, Path]:
    """Return the file of each finished chunk; a damaged one is announced and removed."""
    found = {}
    for path in sorted(folder.glob("*-*.parquet")):
        digest, _, held = path.stem.partition("-")
        if digest not in digests:
            continue
        if digest_of(path.read_bytes()) == held:
            found[digest] = path
        else:
            notice(f"{path} is damaged; its episodes are played again")
            path.unlink()
    return found


def compact(parts: Collection[Path], key: Collection[str], rows: int, output: Path) -> None:
    """Write the rows of all parts to one file, after a check that no row is lost or doubled."""
    import polars as pl

    frames = []
    for path in parts:
        data = path.read_bytes()
        if digest_of(data) != path.stem.partition("-")[2]:
            raise CertificateError(f"{path} was damaged after it was checked; run it again")
        frames.append(pl.read_parquet(io.BytesIO(data)))
    table = pl.concat(frames, rechunk=True)
    unique = table.select(key).n_unique()
    if not len(table) == unique == rows:
        raise CertificateError(
            f"the parts hold {len(table)} rows, {unique} of them different, instead of {rows}; "
            f"remove the folder {path.parent}"
        )
    replace_all({output: table.write_parquet})
