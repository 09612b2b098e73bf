"""Haircuts in whole lots, exact in integer micro-dollars.

At worst burden z account i can give min(K_i, ⌊z w_i / g_i⌋) lots of g_i, so everything turns on
one number z whose only interesting values are the breakpoints k g_i / w_i. Levels are fractions
and money is integers: no rounding decides anything.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike

from adlopt.arrays import FloatArray, IntArray, own, own_number
from adlopt.errors import InputError
from adlopt.problem import BurdenProblem

MICRO = 1_000_000
"""Micro-dollars in a dollar."""
MOST_MICRO = 2**62
"""Sums of money must stay below this to be exact in 64-bit integers."""


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
    """

    size: IntArray
    most: IntArray
    weight: FloatArray
    budget: int

    @classmethod
    def of(cls, problem: BurdenProblem) -> LotGrid:
        """Round lots and budget to whole micro-dollars.

        Raises
        ------
        InputError
            If a lot is below a micro-dollar or the capacities exceed 64-bit micro-dollars.
        """
        lot = problem.lot if problem.lot is not None else np.full(problem.capacity.size, 1 / MICRO)
        size = lot_sizes(lot)
        if (
            max(float(problem.capacity.sum()), problem.budget, float(lot.max())) * MICRO
            > MOST_MICRO
        ):
            total, limit = problem.reachable, MOST_MICRO / MICRO
            raise InputError("capacity", total, f"at most {limit:.3g} USD in all, with lots")
        most = np.floor(np.nextafter(problem.open * MICRO, np.inf)).astype(np.int64) // size
        return cls(
            size=size, most=most, weight=problem.weight, budget=round(problem.budget * MICRO)
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
        doubtful = np.abs(ratio - np.rint(ratio)) <= 1e-12 * (1.0 + ratio)
        for i in np.flatnonzero(doubtful & (ratio <= self.most + 0.5)):
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


def take_away(grid: LotGrid, counts: IntArray, removal: dict[int, int]) -> IntArray:
    """Remove so many lots of each size: the most burdened first, then the later account."""
    left = counts.copy()
    for size, times in removal.items():
        holders = np.flatnonzero((grid.size == size) & (left > 0))
        burden = left[holders] / grid.weight[holders]
        holders = holders[np.lexsort((-holders, -burden))]
        before = np.cumsum(left[holders]) - left[holders]
        left[holders] -= np.clip(times - before, 0, left[holders])
    return left


def integer_pro_rata(capacity: ArrayLike, lot: ArrayLike | None, budget: float) -> FloatArray:
    """Pro-rata rounded to whole lots by largest remainder; shape (n,), USD.

    Everyone gives the whole lots of its share; what is left goes lot by lot to the largest
    remainders, ties to the earlier account, as long as the budget is not exceeded. Where lots are
    equal and divide the budget the sum is exact; where they do not, it stays below.

    Parameters
    ----------
    capacity : array_like, shape (n,)
        USD.
    lot : array_like, shape (n,), or None
        USD a lot; None counts in micro-dollars.
    budget : float
        USD, at most the sum of the capacities.

    Examples
    --------
    >>> integer_pro_rata([120.0, 80.0, 40.0], [7.0, 7.0, 7.0], budget=63.0)
    array([35., 21.,  7.])
    """
    u = own(capacity, "capacity", lowest=0.0)
    b = own_number(budget, "budget", lowest=0.0)
    problem = BurdenProblem(
        capacity=u,
        weight=u,
        budget=min(b, float(u.sum())),
        under=math.inf,
        over=math.inf,
        fair=1.0,
        lot=None if lot is None else own(lot, "lot", length=u.size, lowest=0.0),
    )
    grid = LotGrid.of(problem)
    share = u * (problem.budget / max(float(u.sum()), 1e-300)) * MICRO / grid.size
    counts = np.minimum(np.floor(share).astype(np.int64), grid.most)
    rest = grid.budget - grid.total(counts)
    for i in np.argsort(counts - share, kind="stable"):
        if rest <= 0:
            break
        if counts[i] < grid.most[i] and grid.size[i] <= rest:
            counts[i] += 1
            rest -= int(grid.size[i])
    return grid.haircut(counts)


def lot_sizes(lot: FloatArray) -> IntArray:
    """Whole micro-dollars a lot, shape (n,).

    Raises
    ------
    InputError
        If a lot rounds to nothing.
    """
    size = np.rint(lot * MICRO)
    if (size < 1).any():
        index = int(np.argmax(size < 1))
        raise InputError(
            "lot", float(lot[index]), "at least a micro-dollar (0.000001)", index=index
        )
    return size.astype(np.int64)
