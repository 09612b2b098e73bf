"""Summaries that fit a screen, whatever the size of what they sum up."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping
from textwrap import fill, shorten

from adlopt.show.table import width
from adlopt.show.words import counted, printable

LINES = 24
"""Of a screen."""
BRIEF = 150
"""Letters of a reason on one."""


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
