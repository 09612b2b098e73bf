"""Numbers and names as they are written in every text."""

from __future__ import annotations

import math
from collections.abc import Iterable
from decimal import Decimal

DUST = 0.01
"""USD below which cents say nothing; the unit is the micro-dollar."""


def percent(share: float | None) -> str:
    """Format a share of one; a dash where it is not known."""
    if share is None:
        return "–"
    return "∞" if math.isinf(share) else f"{100 * share:z.4g} %"


def share(part: float | None, decimals: int = 1) -> str:
    """Format a share of one for a column: all have as many decimals."""
    return "–" if part is None else f"{100 * part:z.{decimals}f} %"


def usd(amount: float | None) -> str:
    """Write dollars and cents; a dash where they are not known."""
    return dash(amount, "z,.2f")


def dollars(amount: float) -> str:
    """Write dollars in a sentence: to the cent, and further where cents would say nothing."""
    text = f"{amount:,.2f}" if abs(amount) >= DUST or not amount else f"{amount:.6f}".rstrip("0")
    return f"{text} USD"


def amount(value: float | None) -> str:
    """Write money of any size: cents of large amounts, six digits of small ones."""
    return dash(value, "z,.2f" if value is not None and abs(value) >= 1e3 else "z.6g")


def quantity(value: float | None, digits: int = 6) -> str:
    """Write how much there is of a thing, never with an exponent; a dash where it is not known."""
    if value is None:
        return "–"
    if abs(value) >= 10**digits:
        return f"{value:,.0f}"
    return f"{Decimal(f'{value:.{digits}g}').normalize() + 0:,f}"


def number(value: float | None, digits: int = 4) -> str:
    """Write a number to some digits, or whole where it has more; a dash where it is not known."""
    text = dash(value, f"z.{digits}g")
    return dash(value, "z,.0f") if "e+" in text else text


def dash(value: float | None, form: str) -> str:
    """Format a number; a dash where it is not known."""
    return "–" if value is None else format(value, form)


def counted(number: int, noun: str) -> str:
    """Write a number of things."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def ranges(rounds: Iterable[int]) -> str:
    """Write whole numbers in rising order, neighbours as one range."""
    runs: list[list[int]] = []
    for t in rounds:
        if runs and t == runs[-1][1] + 1:
            runs[-1][1] = t
        else:
            runs.append([t, t])
    return " ".join(f"{a}" if a == b else f"{a}–{b}" for a, b in runs)


def printable(text: str) -> str:
    """Replace what would move a terminal's cursor, or may not stand in a page."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def clipped(text: str, most: int = 60) -> str:
    """Return a name on one line, cut where it is longer than there is room for."""
    clean = printable(text)
    return clean if len(clean) <= most else clean[: most - 1] + "…"


def unit_of(total: float | None) -> tuple[float, str]:
    """Return the unit in which sums of money as large are read most easily, and its name."""
    units = ((1e7, 1e6, "$M"), (1e4, 1e3, "$k"))
    fitting = ((unit, name) for least, unit, name in units if total and total >= least)
    return next(fitting, (1.0, "USD"))


def scaled(usd: float | None, unit: float, decimals: int = 2) -> str:
    """Write dollars in a larger unit; a dash where they are not known."""
    return "–" if usd is None else f"{usd / unit:z,.{decimals}f}"
