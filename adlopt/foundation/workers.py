"""Processes that work for this one, and end as soon as they are no longer wanted."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import Connection


@contextmanager
def worker_processes(count: int) -> Iterator[Executor]:
    """Yield an executor over `count` processes.

    They import the script that starts them, which must do so under `if __name__ == "__main__":`. An
    exception that leaves the block, and the end of this process, end them at once.
    """
    context = multiprocessing.get_context("spawn")
    held_by_them, held_by_us = context.Pipe(duplex=False)
    with held_by_them, held_by_us:
        workers = ProcessPoolExecutor(
            count, mp_context=context, initializer=_end_with, initargs=(held_by_them,)
        )
        with workers:
            try:
                _launch(workers, count)
                yield workers
            except BaseException:
                held_by_us.close()
                raise


def _launch(workers: Executor, count: int) -> None:
    """Start all workers deaf to Ctrl-C, which a terminal sends to them as well."""
    hears = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGINT, signal.SIG_IGN) if hears else None
    try:
        for _ in range(count):
            workers.submit(int)
    finally:
        if before is not None:
            signal.signal(signal.SIGINT, before)


def _end_with(parent: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_once_closed, args=(parent,), daemon=True).start()


def _end_once_closed(parent: Connection) -> None:
    """Nothing is ever sent: what can be read is the end."""
    parent.poll(None)
    os._exit(1)
