"""Who plays the chunks: threads, processes, or a cluster."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Executor, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from typing import cast

from adlopt.errors import InputError, SweepStopped
from adlopt.foundation.workers import worker_processes

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
