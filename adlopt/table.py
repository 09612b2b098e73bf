"""Tables as plain text: 80 columns wide, on a terminal and in a pipe alike."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

WIDTH = 80


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Lay out rows under a title; numbers to the right, words to the left, long words wrapped.

    Examples
    --------
    >>> print(table("dollars", ("who", "USD"), [("alice", "1,200.00"), ("bob", "7.50")]))
    dollars
      who         USD
     ────────────────
      alice  1,200.00
      bob        7.50
    <BLANKLINE>
    """
    from rich import box
    from rich.console import Console
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    laid = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 0, 0, 1))
    for index, name in enumerate(columns):
        numeric = all(_is_numeric(row[index]) for row in rows)
        laid.add_column(
            Text(name),
            justify="right" if numeric else "left",
            no_wrap=numeric,
            overflow="fold",
        )
    for row in rows:
        laid.add_row(*(Text(_spaced(cell)) for cell in row))
    console = Console(width=WIDTH, color_system=None, force_terminal=False, soft_wrap=False)
    with console.capture() as captured:
        console.print(Text(title))
        console.print(Padding(laid, (0, 0, 0, 1)))
    return "\n".join(line.rstrip() for line in captured.get().splitlines()) + "\n"


def printable(text: str) -> str:
    """Keep what would move a terminal's cursor out of a text.

    Examples
    --------
    >>> printable("a" + chr(27) + "[31m")
    'a�[31m'
    """
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def percent(share: float | None) -> str:
    """Format a share of one; a dash where it is not known.

    Examples
    --------
    >>> percent(0.0263), percent(None), percent(math.inf)
    ('2.63 %', '–', '∞')
    """
    if share is None:
        return "–"
    return "∞" if math.isinf(share) else f"{100 * share:.4g} %"


def counted(number: int, noun: str) -> str:
    """Write a number of things.

    Examples
    --------
    >>> counted(1, "round"), counted(16, "round")
    ('1 round', '16 rounds')
    """
    return f"{number} {noun}" + ("" if number == 1 else "s")


def _spaced(cell: str) -> str:
    """Let policy names wrap at their plus."""
    return re.sub(r"(?<=\S)\+(?=[a-z])", " + ", printable(cell))


def _is_numeric(cell: str) -> bool:
    return all(c in "0123456789.,-−+ %–e$" for c in cell)
