"""Tables: as text of 80 columns, on a terminal and in a pipe alike, and as HTML."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from textwrap import fill, indent

WIDTH = 80
WORDS = 16
"""Letters from which on a column of a page holds sentences."""


@dataclass(frozen=True, slots=True)
class Table:
    """Cells under a title, to be printed or shown in a browser.

    Parameters
    ----------
    title : str
    columns : sequence of str
    rows : sequence of sequences of str
        One text a column.
    note : str
        Below the rows.

    Examples
    --------
    >>> print(Table("dollars", ("who", "USD"), [("<b>", "7.50")])._repr_html_())
    <table>
    <caption>dollars</caption>
    <thead><tr><th scope="col">who</th><th scope="col" class="number">USD</th></tr></thead>
    <tbody>
    <tr><th scope="row">&lt;b&gt;</th><td class="number">7.50</td></tr>
    </tbody>
    </table>
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""

    def __str__(self) -> str:
        note = indent(fill(self.note, WIDTH - 2), "  ") + "\n" if self.note else ""
        return table(self.title, self.columns, self.rows) + note

    def _repr_html_(self) -> str:
        kinds = [_kind([row[i] for row in self.rows]) for i in range(len(self.columns))]
        head = "".join(
            f'<th scope="col"{kind}>{escape(name)}</th>'
            for name, kind in zip(self.columns, kinds, strict=True)
        )
        body = "".join(f"<tr>{_html_row(row, kinds)}</tr>\n" for row in self.rows)
        note = f"\n<p>{escape(self.note)}</p>" if self.note else ""
        return (
            f"<table>\n<caption>{escape(self.title)}</caption>\n<thead><tr>{head}</tr></thead>\n"
            f"<tbody>\n{body}</tbody>\n</table>{note}"
        )


def joined(parts: Iterable[Table | str | None]) -> str:
    """Put the parts that are there below each other, as text."""
    return "\n".join(str(part) for part in parts if part)


def joined_html(parts: Iterable[Table | None]) -> str:
    """Put the tables that are there below each other, as HTML."""
    return "\n".join(part._repr_html_() for part in parts if part)


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


def percent(share: float | None) -> str:
    """Format a share of one; a dash where it is not known.

    Examples
    --------
    >>> percent(0.0263), percent(None), percent(math.inf), percent(-0.0)
    ('2.63 %', '–', '∞', '0 %')
    """
    if share is None:
        return "–"
    return "∞" if math.isinf(share) else f"{100 * share:z.4g} %"


def counted(number: int, noun: str) -> str:
    """Write a number of things.

    Examples
    --------
    >>> counted(1, "round"), counted(16_000, "round")
    ('1 round', '16,000 rounds')
    """
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def printable(text: str) -> str:
    r"""Replace what would move a terminal's cursor, or may not stand in a page.

    Examples
    --------
    >>> printable("a\x00b") == "a\N{REPLACEMENT CHARACTER}b"
    True
    """
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def _spaced(cell: str) -> str:
    """Let policy names wrap at their plus."""
    return re.sub(r"(?<=\S)\+(?=[a-z])", " + ", printable(cell))


def _kind(cells: Sequence[str]) -> str:
    if all(map(_is_numeric, cells)):
        return ' class="number"'
    return ' class="words"' if max(map(len, cells)) > WORDS else ""


def _html_row(row: Sequence[str], kinds: Sequence[str]) -> str:
    first, *rest = (escape(_spaced(cell)) for cell in row)
    cells = (f"<td{kind}>{cell}</td>" for cell, kind in zip(rest, kinds[1:], strict=True))
    return f'<th scope="row"{kinds[0]}>{first}</th>' + "".join(cells)


def _is_numeric(cell: str) -> bool:
    return all(c in "0123456789.,-−+ %–e$" for c in cell)
