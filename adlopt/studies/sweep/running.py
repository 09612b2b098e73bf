"""Play a sweep on an executor; what is finished stays finished.

Finished chunks are files, each under two digests: of what was asked, and of what it holds.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Collection
from concurrent.futures import Executor, Future, as_completed
from pathlib import Path

from adlopt.data.files.writing import replace_all
from adlopt.errors import CertificateError, InputError, SweepStopped
from adlopt.studies.sweep.chunk import digest_of, play_chunk
from adlopt.studies.sweep.plan import Sweep


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
