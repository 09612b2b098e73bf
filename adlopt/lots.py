"""The offline optimum in whole lots: exact by search over the worst burden, not by a MILP.

An exact budget takes the first breakpoint at which enough can be raised, then a bounded subset
sum; a priced budget takes branch and bound over intervals of levels. Either says whether its
search ended.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from adlopt.arrays import IntArray
from adlopt.errors import InfeasibleRound, SolverStopped
from adlopt.lot_grid import MICRO, LotGrid, take_away
from adlopt.problem import BurdenProblem
from adlopt.subset_sum import ClosestSums, closest_sums

FEW = 2_048
"""So few breakpoints are sorted and looked at one by one."""
INTERVALS = 20_000
"""How many intervals of levels the priced search looks at before it gives up."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LotAnswer:
    """Lots to take, and what is known about the best possible.

    Parameters
    ----------
    counts : IntArray, shape (n,)
        Lots taken from each account.
    level : Fraction
        Their worst burden.
    value : Fraction
        The objective, exact; infinite prices do not occur in it.
    lower : Fraction
        No haircut in lots costs less, if the search is to be believed.
    finished : bool
        False if a search gave up: then `lower` may be below `value`.
    """

    counts: IntArray
    level: Fraction
    value: Fraction
    lower: Fraction
    finished: bool


def optimum(problem: BurdenProblem, grid: LotGrid) -> LotAnswer:
    """Solve the problem in lots: exact budget by parametric search, priced budget by intervals.

    Raises
    ------
    InfeasibleRound
        If no number of lots makes the exact budget; it names the nearest sums.
    SolverStopped
        If the search for an exact sum gave up before it found one.
    """
    return _exact_budget(grid) if problem.exact else _PricedBudget(grid, problem).solve()


def _exact_budget(grid: LotGrid) -> LotAnswer:
    top = grid.level_of(grid.most)
    if grid.total(grid.most) < grid.budget:
        raise _out_of_reach(grid, grid.total(grid.most), None)
    zero = Fraction(0)
    if grid.budget == 0:
        counts = np.zeros_like(grid.most)
        return LotAnswer(counts=counts, level=zero, value=zero, lower=zero, finished=True)
    first = _first_level(grid, lambda k: grid.total(k) >= grid.budget, zero, top)
    searches = _Removals(grid)
    level = first
    if not searches.hits(grid.counts_at(first)):
        if not searches.hits(grid.most):
            raise searches.failure()
        level = _first_level(grid, searches.hits, first, top)
    counts = searches.removed(grid.counts_at(level))
    reached = grid.level_of(counts)
    lower = reached if searches.finished else first
    return LotAnswer(
        counts=counts, level=reached, value=reached, lower=lower, finished=searches.finished
    )


class _Removals:
    """Takes lots away until the sum is the budget, and remembers whether every search ended."""

    def __init__(self, grid: LotGrid) -> None:
        self.grid, self.finished = grid, True
        self.last: ClosestSums | None = None

    def search(self, counts: IntArray) -> ClosestSums:
        pooled: dict[int, int] = {}
        for size in np.unique(self.grid.size):
            pooled[int(size)] = int(counts[self.grid.size == size].sum())
        self.last = closest_sums(pooled, self.grid.total(counts) - self.grid.budget)
        self.finished &= self.last.proven
        return self.last

    def hits(self, counts: IntArray) -> bool:
        found = self.search(counts)
        return found.below == self.grid.total(counts) - self.grid.budget

    def removed(self, counts: IntArray) -> IntArray:
        return take_away(self.grid, counts, dict(self.search(counts).take_below))

    def failure(self) -> InfeasibleRound | SolverStopped:
        """Say why the whole supply of lots cannot make the budget; call after `hits(most)`."""
        assert self.last is not None
        total = self.grid.total(self.grid.most)
        low = None if self.last.above is None else total - self.last.above
        if self.last.proven:
            return _out_of_reach(self.grid, low, total - self.last.below)
        return SolverStopped(
            f"no lots found that sum to {self.grid.budget / MICRO!r} USD before the search gave "
            f"up; nearest found: {_usd(low)} and {_usd(total - self.last.below)}"
        )


def _first_level(
    grid: LotGrid, enough: Callable[[IntArray], bool], low: Fraction, high: Fraction
) -> Fraction:
    """Smallest breakpoint in (low, high] that is enough, where `high` is and `low` is not."""
    while True:
        step = grid.counts_at(high) - grid.counts_at(low)
        middle = Fraction((float(low) + float(high)) / 2)
        if int(step.sum()) <= FEW or not low < middle < high:
            break
        low, high = (low, middle) if enough(grid.counts_at(middle)) else (middle, high)
    levels = list(grid.breakpoints(low, high))
    first, last = 0, len(levels) - 1
    while first < last:
        middle_index = (first + last) // 2
        if enough(grid.counts_at(levels[middle_index])):
            last = middle_index
        else:
            first = middle_index + 1
    return levels[first]


def _out_of_reach(grid: LotGrid, low: int | None, high: int | None) -> InfeasibleRound:
    nearest = " and ".join(_usd(amount) for amount in (low, high) if amount is not None)
    return InfeasibleRound(
        f"no whole number of lots sums to {grid.budget / MICRO!r} USD; the nearest sums are "
        f"{nearest}: ask for one of them, or price the difference with surrogate(...)",
        below=None if low is None else low / MICRO,
        above=None if high is None else high / MICRO,
    )


def _usd(amount: int | None) -> str:
    return "none" if amount is None else f"{amount / MICRO!r} USD"


class _PricedBudget:
    """Branch and bound over intervals of the level z, in exact arithmetic.

    On (a, b] no haircut costs less than the budget term at b plus the burden term at a, since
    more can be raised at b and no level lies below a.
    """

    def __init__(self, grid: LotGrid, problem: BurdenProblem) -> None:
        self.grid = grid
        self.under, self.over = Fraction(problem.under) / MICRO, Fraction(problem.over) / MICRO
        self.fair, self.allowance = Fraction(problem.fair), Fraction(problem.allowance)
        self.removals = _Removals(grid)
        self.best_value = self.under * grid.budget
        self.best_counts = np.zeros_like(grid.most)
        self.unproven: list[Fraction] = []

    def solve(self) -> LotAnswer:
        top = self.grid.level_of(self.grid.most)
        queue = [self._interval(Fraction(0), top)]
        split = 0
        while queue and queue[0][0] < self.best_value and split < INTERVALS:
            _, low, high = heapq.heappop(queue)
            split += 1
            for part in self._parts(low, high):
                interval = self._interval(*part)
                if interval[0] < self.best_value:
                    heapq.heappush(queue, interval)
        lower = min([self.best_value, *self.unproven, *(bound for bound, _, _ in queue[:1])])
        return LotAnswer(
            counts=self.best_counts,
            level=self.grid.level_of(self.best_counts),
            value=self.best_value,
            lower=lower,
            finished=lower == self.best_value,
        )

    def _parts(self, low: Fraction, high: Fraction) -> list[tuple[Fraction, Fraction]]:
        """Halve an interval, or look at all its levels if they are few."""
        middle = Fraction((float(low) + float(high)) / 2)
        counts = self.grid.counts_at(low)
        step = int((self.grid.counts_at(high) - counts).sum())
        if step > FEW and low < middle < high:
            return [(low, middle), (middle, high)]
        raised = self.grid.total(counts)
        open_levels = []
        for level, added in self.grid.breakpoints(low, high).items():
            raised += added
            if self._burden_price(level) >= self.best_value:
                break
            if raised > self.grid.budget or self._cost(level, raised) < self.best_value:
                open_levels.append((self._cost(level, raised), level))
        for cost, level in sorted(open_levels):
            if cost < self.best_value:
                self._try(self.grid.counts_at(level))
        return []

    def _interval(self, low: Fraction, high: Fraction) -> tuple[Fraction, Fraction, Fraction]:
        counts = self.grid.counts_at(high)
        self._try(counts)
        raised = self.grid.total(counts)
        missing = max(self.grid.budget - raised, 0) * self.under
        return missing + self._burden_price(low), low, high

    def _burden_price(self, level: Fraction) -> Fraction:
        return self.fair * max(level - self.allowance, Fraction(0))

    def _cost(self, level: Fraction, raised: int) -> Fraction:
        """Cost at a level, or less: lots above the budget are taken to be removable."""
        return max(self.grid.budget - raised, 0) * self.under + self._burden_price(level)

    def _try(self, counts: IntArray) -> None:
        """Keep the best haircut within so many lots, if it beats the best so far."""
        excess = self.grid.total(counts) - self.grid.budget
        if self._burden_price(self.grid.level_of(counts)) >= self.best_value and excess <= 0:
            return
        options = [counts]
        if excess > 0:
            found = self.removals.search(counts)
            if not found.proven:
                self.unproven.append(self._burden_price(self.grid.level_of(counts)))
            options = [take_away(self.grid, counts, dict(found.take_below))]
            if found.take_above is not None:
                options.append(take_away(self.grid, counts, dict(found.take_above)))
        for option in options:
            missing = self.grid.budget - self.grid.total(option)
            price = self.under * missing if missing > 0 else -self.over * missing
            value = price + self._burden_price(self.grid.level_of(option))
            if value < self.best_value:
                self.best_value, self.best_counts = value, option
