"""Haircuts in whole lots, exact in integer micro-dollars.

At worst burden z account i can give min(K_i, ⌊z w_i / g_i⌋) lots of g_i, so everything turns on
one number z whose only interesting values are the breakpoints k g_i / w_i. Levels are fractions
and money is integers: no rounding decides anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from adlopt.arrays import BoolArray, FloatArray, IntArray
from adlopt.errors import InputError
from adlopt.problem import BurdenProblem

MICRO = 1_000_000
"""Micro-dollars in a dollar."""
MOST_MICRO = 2**62
"""Sums of money must stay below this to be exact in 64-bit integers."""
WHOLE = 1e-9
"""Relative distance at which an amount counts as a whole number of micro-dollars."""
ROUND_IT = "round it to 6 decimals"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LotGrid:
    """The integer side of a problem with lots.

    Parameters
    ----------
    size : IntArray, shape (n,)
        Micro-dollars a lot.
    most : IntArray, shape (n,)
        Lots that fit under the capacity; 0 where the account is protected.
    weight : FloatArray, shape (n,)
        USD. Denominators of the burdens.
    budget : int
        Micro-dollars.
    extra : int
        Micro-dollars that an exact budget may be exceeded by.
    """

    size: IntArray
    most: IntArray
    weight: FloatArray
    budget: int
    extra: int = 0

    @classmethod
    def of(cls, problem: BurdenProblem) -> LotGrid:
        """Count lots and budget in micro-dollars; a budget that is only priced is rounded.

        Raises
        ------
        InputError
            If a lot or an exact budget is no whole number of micro-dollars, or the capacities
            exceed 64-bit micro-dollars.
        """
        lot = problem.lot if problem.lot is not None else np.full(problem.capacity.size, 1 / MICRO)
        size, budget = lot_sizes(lot), problem.budget
        return cls(
            size=size,
            most=whole_lots(problem.open, size),
            weight=problem.weight,
            budget=whole_budget(budget) if problem.exact else round(Fraction(budget) * MICRO),
            extra=int(min(problem.extra * MICRO, MOST_MICRO)),
        )

    def total(self, counts: IntArray) -> int:
        """Micro-dollars that so many lots make."""
        return int((self.size * counts).sum())

    def haircut(self, counts: IntArray) -> FloatArray:
        """USD, shape (n,)."""
        haircut: FloatArray = self.size * counts / MICRO
        return haircut

    def counts_at(self, level: Fraction) -> IntArray:
        """min(K_i, ⌊level · w_i / g_i⌋), shape (n,), exact."""
        ratio = np.minimum(self.weight * (float(level) * MICRO) / self.size, self.most + 1.0)
        counts = np.floor(ratio)
        doubtful = np.abs(ratio - np.rint(ratio)) <= 2e-15 * ratio
        for i in np.flatnonzero(doubtful & (ratio > 0.5) & (ratio <= self.most + 0.5)):
            counts[i] = level * Fraction(float(self.weight[i])) * MICRO // int(self.size[i])
        lots: IntArray = np.minimum(counts.astype(np.int64), self.most)
        return lots

    def counts_below(self, level: Fraction) -> IntArray:
        """Lots that each account can give strictly below a burden, shape (n,), exact."""
        counts = self.counts_at(level)
        burden = self.size * counts / (np.maximum(self.weight, 1e-300) * MICRO)
        for i in np.flatnonzero((counts > 0) & (burden >= float(level) * (1 - 1e-12))):
            counts[i] -= self.level(int(i), int(counts[i])) == level
        return counts

    def level_of(self, counts: IntArray) -> Fraction:
        """Worst burden max g_i k_i / w_i of so many lots, exact."""
        used = np.flatnonzero(counts)
        if not used.size:
            return Fraction(0)
        burden = self.size[used] * counts[used] / self.weight[used]
        close = used[burden >= burden.max() * (1 - 1e-12)]
        return max(self.level(int(i), int(counts[i])) for i in close)

    def level(self, account: int, count: int) -> Fraction:
        """Burden of one account giving so many lots, exact."""
        money = Fraction(int(self.size[account]) * count, MICRO)
        return money / Fraction(float(self.weight[account]))

    def breakpoints(self, low: Fraction, high: Fraction) -> dict[Fraction, int]:
        """Levels in (low, high] and the micro-dollars that each one adds, in ascending order."""
        first, last = self.counts_at(low) + 1, self.counts_at(high)
        added: dict[Fraction, int] = {}
        kinds: dict[tuple[float, int, int], int] = {}
        for i in np.flatnonzero(last >= first):
            for count in range(int(first[i]), int(last[i]) + 1):
                kind = (float(self.weight[i]), int(self.size[i]), count)
                kinds[kind] = kinds.get(kind, 0) + 1
        for (weight, size, count), times in kinds.items():
            level = Fraction(size * count, MICRO) / Fraction(weight)
            added[level] = added.get(level, 0) + size * times
        return dict(sorted(added.items()))


def take_away(grid: LotGrid, counts: IntArray, removal: Mapping[int, int]) -> IntArray:
    """Remove so many lots of each size: the most burdened first, then the later account."""
    left = counts.copy()
    if not removal:
        return left
    sizes = np.array(sorted(removal), dtype=np.int64)
    times = np.array([removal[size] for size in sizes.tolist()], dtype=np.int64)
    holders = np.flatnonzero(np.isin(grid.size, sizes) & (left > 0))
    burden = left[holders] / grid.weight[holders]
    holders = holders[np.lexsort((-holders, -burden, grid.size[holders]))]
    kind = np.searchsorted(sizes, grid.size[holders])
    before = np.cumsum(left[holders]) - left[holders]
    before -= before[np.searchsorted(kind, kind)]
    left[holders] -= np.clip(times[kind] - before, 0, left[holders])
    return left


def lot_sizes(lot: FloatArray) -> IntArray:
    """Whole micro-dollars a lot, shape (n,).

    Raises
    ------
    InputError
        If a lot is no whole number of micro-dollars, or too large for 64 bits.

    Examples
    --------
    >>> lot_sizes(np.array([0.5, 2 / 3]))
    Traceback (most recent call last):
    adlopt.errors.InputError: lot[1] is 0.6666666666666666: expected a whole number of micro-dollars
    (0.000001 USD); round it to 6 decimals
    """
    _refuse(lot, lot * MICRO <= MOST_MICRO, f"at most {MOST_MICRO / MICRO:.3g} USD")
    size = np.rint(lot * MICRO)
    _refuse(lot, size >= 1, "at least a micro-dollar (0.000001 USD)")
    whole = np.abs(lot * MICRO - size) <= WHOLE * size
    _refuse(lot, whole, "a whole number of micro-dollars (0.000001 USD)", ROUND_IT)
    return size.astype(np.int64)


def whole_lots(capacity: FloatArray, size: IntArray) -> IntArray:
    """Lots that fit under capacities in USD, shape (n,).

    Raises
    ------
    InputError
        If the capacities together exceed 64-bit micro-dollars.
    """
    total = float(capacity.sum())
    if total * MICRO > MOST_MICRO:
        limit = MOST_MICRO / MICRO
        raise InputError("capacity", total, f"at most {limit:.3g} USD in all, with lots")
    lots: IntArray = np.floor(np.nextafter(capacity * MICRO, np.inf)).astype(np.int64) // size
    return lots


def whole_budget(budget: float) -> int:
    """Micro-dollars of a budget that lots are to meet exactly.

    Raises
    ------
    InputError
        If it is no whole number of them.
    """
    whole = round(Fraction(budget) * MICRO)
    if abs(Fraction(budget) * MICRO - whole) > WHOLE * whole:
        expected = "a whole number of micro-dollars (0.000001 USD), with lots"
        raise InputError("needed", budget, expected, remedy=ROUND_IT)
    return whole


def _refuse(lot: FloatArray, allowed: BoolArray, expected: str, remedy: str = "") -> None:
    if not allowed.all():
        index = int(np.argmin(allowed))
        raise InputError("lot", float(lot[index]), expected, index=index, remedy=remedy)
