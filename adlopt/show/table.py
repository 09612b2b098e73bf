"""Tables as text as wide as the screen, 80 columns in a pipe, and as HTML; and screens of them."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from html import escape
from shutil import get_terminal_size
from textwrap import fill, indent, shorten
from typing import Any

from adlopt.errors import InputError
from adlopt.show.words import counted, printable

WIDTH, NARROWEST = 80, 40
"""Columns of a pipe, and those below which nothing is laid out."""
WORDS = 16
"""Letters from which on a column of a page holds sentences."""
LINES = 24
"""Of a screen."""
BRIEF = 150
"""Letters of a reason on one."""


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
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""

    def __str__(self) -> str:
        note = indent(fill(self.note, width() - 2), "  ") + "\n" if self.note else ""
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


_Table = Table
_LAID: ContextVar[list[Table] | None] = ContextVar("laid", default=None)
"""Tables that were laid out, where somebody asks for them."""


def chosen_table(lay: Callable[[], object], words: str) -> Table:
    """Return the one table of a text whose title has these words, or that of this number."""
    made: list[Table] = []
    token = _LAID.set(made)
    try:
        str(lay())
    finally:
        _LAID.reset(token)
    if not made:
        raise InputError("--table", words, "nothing: this answer has no table")
    titles = [printable(each.title.splitlines()[-1]) for each in made]
    named = [words.lower() in title.lower() for title in titles]
    if words.isdecimal():
        named = [int(words) == k for k, _ in enumerate(titles, 1)]
    if sum(named) != 1:
        listed = "; ".join(f"{k}: {shorten(title, 50)}" for k, title in enumerate(titles, 1))
        raise InputError("--table", words, f"words of one title, or its number, of {listed}")
    return made[named.index(True)]


def joined(parts: Iterable[Table | str | None]) -> str:
    """Put the parts that are there below each other, as text."""
    return "\n".join(str(part) for part in parts if part)


def joined_html(parts: Iterable[Table | None]) -> str:
    """Put the tables that are there below each other, as HTML."""
    return "\n".join(part._repr_html_() for part in parts if part)


def filled(text: str, margin: str = "") -> str:
    """Wrap a sentence at the width of a screen, between its words."""
    how: dict[str, Any] = {"break_long_words": False, "break_on_hyphens": False}
    return fill(text, width(), subsequent_indent=margin, **how)


def width() -> int:
    """Columns of the screen, or what COLUMNS says; those of a pipe where there is neither."""
    return max(get_terminal_size((WIDTH, 24)).columns, NARROWEST)


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Lay out rows under a title; numbers to the right, words to the left, no word broken.

    Where a screen is too narrow for that, each row is its name above its figures.
    """
    from rich import box
    from rich.console import Console
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    if (made := _LAID.get()) is not None:
        made.append(_Table(title, columns, rows))
    laid = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 0, 0, 1))
    cells = [[_spaced(row[index]) for row in rows] for index in range(len(columns))]
    numeric = [all(map(_is_numeric, column)) for column in cells]
    widths = _widths(columns, cells, numeric)
    if widths is None:
        return _stacked(title, columns, cells)
    for name, numbers, most in zip(columns, numeric, widths, strict=True):
        laid.add_column(
            Text(name),
            justify="right" if numbers else "left",
            no_wrap=numbers and most is None,
            overflow="fold",
            width=most,
        )
    for row in zip(*cells, strict=True):
        laid.add_row(*map(Text, row))
    console = Console(width=width(), color_system=None, force_terminal=False, soft_wrap=False)
    with console.capture() as captured:
        console.print(Text(title))
        console.print(Padding(laid, (0, 0, 0, 1)))
    return "\n".join(line.rstrip() for line in captured.get().splitlines()) + "\n"


def _widths(
    columns: Sequence[str], cells: Sequence[Sequence[str]], numeric: Sequence[bool]
) -> Sequence[int | None] | None:
    """Widths at which words stay whole and titles wrap, if words would break; none if none do."""
    room = width() - 2 * len(columns)
    natural = [max(map(len, (n, *column))) for n, column in zip(columns, cells, strict=True)]
    least = [
        max(map(len, [*name.split(" "), *(column if numbers else " ".join(column).split(" "))]))
        for name, column, numbers in zip(columns, cells, numeric, strict=True)
    ]
    usual = _filled([w if n else 1 for w, n in zip(natural, numeric, strict=True)], natural, room)
    if all(has >= needs for has, needs in zip(usual, least, strict=True)):
        return [None] * len(columns)
    if sum(least) > room:
        return None
    return _filled(least, natural, room)


def _stacked(title: str, columns: Sequence[str], cells: Sequence[Sequence[str]]) -> str:
    lines, margin = [filled(title)], "    "
    for first, *rest in zip(*cells, strict=True):
        lines.append(f"  {first}")
        said = (f"{name} {cell}" for name, cell in zip(columns[1:], rest, strict=True))
        figures = ", ".join(each.replace(" ", "\N{NO-BREAK SPACE}") for each in said)
        wrapped = fill(figures, width(), initial_indent=margin, subsequent_indent=margin)
        lines.append(wrapped.replace("\N{NO-BREAK SPACE}", " "))
    return "\n".join(lines) + "\n"


def _filled(least: Sequence[int], most: Sequence[int], room: int) -> list[int]:
    """Widths as equal as these limits allow that take no more than the room."""
    level = max(most)
    while level and sum(max(a, min(b, level)) for a, b in zip(least, most, strict=True)) > room:
        level -= 1
    return [max(a, min(b, level)) for a, b in zip(least, most, strict=True)]


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


def screen(lay: Callable[[int], str], rows: int) -> str:
    """Lay out as many rows as a screen takes, by what lays out so many and counts the rest."""

    def height(shown: int) -> int:
        return len(lay(shown).splitlines())

    shown = bisect_right(range(1, min(rows, LINES) + 1), LINES, key=height)
    lines = lay(shown).splitlines()
    return "\n".join(lines if len(lines) <= LINES else [*lines[: LINES - 1], "…"])


def rest(rows: int) -> str:
    """Count the rows that are left out, below a table; nothing where none are."""
    return f"  {counted(rows, 'more row')}; to_dict() has all\n" if rows > 0 else ""


def notes(texts: list[str]) -> str:
    """Lay out remarks below each other."""
    return "\n".join(fill(printable(text), width(), subsequent_indent="  ") for text in texts)


def few(texts: list[str], most: int, noun: str) -> list[str]:
    """Take the first, and count the rest."""
    left = len(texts) - most
    return texts if left <= 0 else [*texts[:most], f"and {counted(left, f'more {noun}')}"]


def why_not(unplayed: Mapping[str, str], letters: int = 10_000) -> list[str]:
    """Say what kept rules or policies from playing, as briefly; those with one reason together."""
    reasons: dict[str, list[str]] = {}
    for name, reason in unplayed.items():
        reasons.setdefault(reason, []).append(name)
    return [
        shorten(f"not played: {', '.join(names)}: {reason}", letters, placeholder=" …")
        for reason, names in reasons.items()
    ]
