"""A wait is shown where a person watches: a terminal, or a notebook."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress(total: int | None, doing: str) -> Iterator[Callable[[str], None] | None]:
    """Show a bar, told what is done next; nothing in a pipe.

    >>> with progress(3, "playing") as step:
    ...     step is None
    True
    """
    if not sys.stderr.isatty() and "ipykernel" not in sys.modules:
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(doing, total=total)
        yield lambda name: bar.update(task, description=f"{doing} {name}", advance=1)
