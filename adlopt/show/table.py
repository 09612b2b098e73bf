"""Tables: as text of 80 columns, on a terminal and in a pipe alike, and as HTML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from textwrap import fill, indent

from adlopt.show.words import printable

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


def filled(text: str) -> str:
    """Wrap a sentence at the width of a screen, between its words.

    Examples
    --------
    >>> filled("word " * 20).splitlines()[1]
    'word word word word'
    """
    return fill(text, WIDTH, break_long_words=False, break_on_hyphens=False)


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
