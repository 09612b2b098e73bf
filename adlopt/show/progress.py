"""A wait is shown where a person watches: a terminal, or a notebook."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count


@contextmanager
def progress(total: int | None, doing: str) -> Iterator[Callable[[str], None] | None]:
    """Show a bar, or in a notebook a line, told what is done next; nothing in a pipe.

    >>> with progress(3, "playing") as step:
    ...     step is None
    True
    """
    if hasattr(getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)(), "kernel"):
        from IPython.display import display

        shown, done = display({"text/plain": doing}, raw=True, display_id=True), count(1)
        of = "" if total is None else f" of {total}"

        def line(name: str) -> None:
            shown.update({"text/plain": f"{doing} {name} ({next(done)}{of})"}, raw=True)

        yield line
        shown.update({"text/plain": ""}, raw=True)
        return
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(doing, total=total)
        yield lambda name: bar.update(task, description=f"{doing} {name}", advance=1)
