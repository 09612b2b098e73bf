"""Whole micro-dollars: money in integers, so that no rounding decides anything."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike

from adlopt.errors import InputError
from adlopt.foundation.arrays import FloatArray, IntArray, require

MICRO = 1_000_000
"""Micro-dollars in a dollar."""
MOST_MICRO = 2**62
"""Sums of money must stay below this to be exact in 64-bit integers."""
NEAR = 1e-15
"""Relative distance at which a float stands for a whole number: a few roundings of it."""
WHOLE = 1e-9
"""The same where an amount was added up of many."""
ROUND_IT = "round it to 6 decimals"


def micro(usd: ArrayLike) -> IntArray:
    """Whole micro-dollars, to the nearest."""
    return np.rint(np.asarray(usd, dtype=np.float64) * MICRO).astype(np.int64)


def floor_micro(usd: FloatArray) -> IntArray:
    """Whole micro-dollars in amounts, but for rounding; shape (n,)."""
    amount = usd * MICRO
    nearest = np.rint(amount)
    close = np.abs(amount - nearest) <= NEAR * nearest
    return np.where(close, nearest, np.floor(amount)).astype(np.int64)


def floor_of(usd: float | Fraction) -> int:
    """Whole micro-dollars in one amount of either sign and any size, but for rounding."""
    amount = Fraction(usd) * MICRO
    nearest = round(amount)
    close = abs(amount - nearest) <= abs(nearest) * Fraction(NEAR)
    return nearest if close else math.floor(amount)


def whole_micros(amount: FloatArray, field: str, remedy: str = ROUND_IT) -> IntArray:
    """Micro-dollars of amounts that are whole numbers of them, at most `MOST_MICRO`."""
    size = np.rint(amount * MICRO)
    whole = np.abs(amount * MICRO - size) <= NEAR * size
    expected = "a whole number of micro-dollars (0.000001 USD)"
    require(whole, amount, field, expected, remedy=remedy)
    return np.minimum(size, MOST_MICRO).astype(np.int64)


def whole_budget(budget: float) -> int:
    """Micro-dollars of a budget that lots are to meet exactly; it may be a sum, rounded."""
    whole = round(Fraction(budget) * MICRO)
    if abs(Fraction(budget) * MICRO - whole) > Fraction(WHOLE) * whole:
        expected = "a whole number of micro-dollars (0.000001 USD), with lots"
        raise InputError("needed", budget, expected, remedy=ROUND_IT)
    return whole


def budget_range(needed: float, extra: float) -> tuple[int, int]:
    """Least and most micro-dollars that count as a budget, or up to so many USD more.

    >>> budget_range(1.0, 2.01), budget_range(0.1234567, 1.0)
    ((1000000, 3010000), (123457, 1123456))
    """
    if extra == 0:
        whole = whole_budget(needed)
        return whole, whole
    least = -floor_of(-needed)
    if math.isinf(extra):
        return least, MOST_MICRO
    highest = floor_of(Fraction(needed) + Fraction(extra))
    if highest < least:
        expected = "a width that holds a whole number of micro-dollars (0.000001 USD)"
        raise InputError("budget", extra, expected, remedy="Budget.band(1e-6) or more")
    return least, highest


def lot_sizes(lot: FloatArray) -> IntArray:
    """Whole micro-dollars a lot, shape (n,)."""
    require(lot * MICRO <= MOST_MICRO, lot, "lot", f"at most {MOST_MICRO / MICRO:.3g} USD")
    require(np.rint(lot * MICRO) >= 1, lot, "lot", "at least a micro-dollar (0.000001 USD)")
    return whole_micros(lot, "lot")


def whole_lots(capacity: FloatArray, size: IntArray) -> IntArray:
    """Lots that fit under capacities in USD, shape (n,)."""
    total = float(capacity.sum())
    if total * MICRO > MOST_MICRO:
        limit = MOST_MICRO / MICRO
        raise InputError("capacity", total, f"at most {limit:.3g} USD in all, with lots")
    lots: IntArray = floor_micro(capacity) // size
    return lots
