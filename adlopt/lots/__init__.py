"""The offline optimum in whole lots: exact by search over the worst burden, not by a MILP.

The first level at which lots can raise the budget bounds every answer from below, and one sum
proves it. An exact budget then takes lots away until the sum is met, at that level or a little
above; a priced budget weighs what the nearest sums miss. Either says whether its search ended.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from adlopt.arrays import IntArray
from adlopt.errors import InfeasibleRound, SolverStopped
from adlopt.lots.grid import MICRO, LotGrid, take_away
from adlopt.lots.levels import level_reaching
from adlopt.lots.subset_sum import ClosestSums, closest_sums
from adlopt.lots.sum_table import closest_small_sums
from adlopt.problem import BurdenProblem

FEW = 2_048
"""So few breakpoints are sorted and looked at one by one."""
SMALL = 2**22
"""Micro-dollars up to which all sums are listed."""
INTERVALS = 20_000
"""How many intervals of levels the priced search looks at before it gives up."""
LEVELS = 4_096
"""How many levels that can raise the budget the priced search takes lots away from."""
HARD_LEVELS = 8
"""How many of those it leaves without a proof before it gives up."""


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
        If no number of lots makes the exact budget; it names the nearest sums that lots make.
    SolverStopped
        If the search for an exact sum gave up before it found one.
    """
    return exact_budget(grid) if problem.exact else _PricedBudget(grid, problem).solve()


def check_supply(grid: LotGrid) -> None:
    """Raise `InfeasibleRound` if all the lots together do not reach the budget."""
    supply = grid.total(grid.most)
    if supply < grid.budget:
        raise InfeasibleRound(
            f"the budget of {_usd(grid.budget)} exceeds the {_usd(supply)} that whole lots can "
            "give, protected accounts excluded: ask for at most that, or price the shortfall "
            "with surrogate(...)",
            below=supply / MICRO,
            above=None,
        )


def within_budget(grid: LotGrid) -> IntArray:
    """Lots that raise no more than the budget, at the least burden that could raise it all.

    Everyone gives the lots that fit strictly below that burden; those who reach it with one more
    give it, earlier accounts first, where it fits. What is missing is less than any of the lots
    that did not.

    Examples
    --------
    >>> from adlopt.loss import MinMax
    >>> from adlopt.round import Round
    >>> round_ = Round.of(capacity=[30.0, 30.0], deficit=9.0, needed=25.0, lot=10.0)
    >>> within_budget(LotGrid.of(BurdenProblem.of(round_, MinMax())))
    array([1, 1])
    """
    if grid.total(grid.most) <= grid.budget:
        return grid.most
    level = level_reaching(grid, grid.budget + 1)
    counts = grid.counts_below(level)
    rest = grid.budget - grid.total(counts)
    for i in np.flatnonzero(grid.counts_at(level) > counts):
        if grid.size[i] <= rest:
            counts[i] += 1
            rest -= int(grid.size[i])
    return counts


def exact_budget(grid: LotGrid) -> LotAnswer:
    """Lots that make the budget to the last micro-dollar, at the least worst burden.

    Raises
    ------
    InfeasibleRound, SolverStopped
        As `optimum`.
    """
    check_supply(grid)
    if grid.budget == 0:
        zero = Fraction(0)
        counts = np.zeros_like(grid.most)
        return LotAnswer(counts=counts, level=zero, value=zero, lower=zero, finished=True)
    first = level_reaching(grid, grid.budget)
    search = _ExactSums(grid)
    if not search.hits(grid.counts_at(first)):
        whole = search.look(grid.most)
        if search.best is None and whole.proven:
            raise _out_of_reach(grid, whole)
        _walk_up(grid, search, first)
        if search.best is None:
            raise _gave_up(grid, whole)
    assert search.best is not None, "a hit is kept"
    reached = grid.level_of(search.best)
    refuted = search.missed >= first and _level_after(grid, search.missed, 1) >= reached
    lower = reached if refuted else first
    return LotAnswer(
        counts=search.best, level=reached, value=reached, lower=lower, finished=lower == reached
    )


def _walk_up(grid: LotGrid, search: _ExactSums, first: Fraction) -> None:
    """Look at levels with 1, 2, 4, … lots more than the first, then between the last two."""
    missed, level, added, top = first, first, 1, grid.level_of(grid.most)
    while level < top:
        level = _level_after(grid, first, added)
        if search.hits(grid.counts_at(level)):
            first_level(grid, search.hits, missed, level)
            return
        missed, added = level, 2 * added


class _Removals:
    """Which lots to take away so that the rest comes nearest to an aim."""

    def __init__(self, grid: LotGrid) -> None:
        self.grid = grid

    def nearest(self, counts: IntArray, aim: int) -> ClosestSums:
        excess = self.grid.total(counts) - aim
        pooled = {} if excess == 0 else self.grid.pooled(counts)
        larger = min((size for size in pooled if size > excess), default=excess)
        useful = {size: count for size, count in pooled.items() if size <= max(excess, larger)}
        small = closest_small_sums(useful, excess) if excess <= SMALL else None
        return closest_sums(useful, excess) if small is None else small


class _ExactSums:
    """Looks for the exact budget within a supply; keeps the least burden, and what is refuted."""

    def __init__(self, grid: LotGrid) -> None:
        self.grid, self.removals = grid, _Removals(grid)
        self.best: IntArray | None = None
        self.missed = Fraction(-1)

    def hits(self, counts: IntArray) -> bool:
        return self._meets(counts, self.look(counts))

    def _meets(self, counts: IntArray, found: ClosestSums) -> bool:
        above = self.grid.total(counts) - self.grid.budget - found.below
        return 0 <= above <= self.grid.extra

    def look(self, counts: IntArray) -> ClosestSums:
        found = self.removals.nearest(counts, self.grid.budget)
        if self._meets(counts, found):
            left = take_away(self.grid, counts, found.take_below)
            if self.best is None or self.grid.level_of(left) < self.grid.level_of(self.best):
                self.best = left
        elif found.proven:
            self.missed = max(self.missed, self.grid.level_of(counts))
        return found


def first_level(
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


def _level_after(grid: LotGrid, level: Fraction, added: int) -> Fraction:
    """First breakpoint with so many lots more than at a level below the top, or the top."""
    aim = grid.supply_at(level)[0] + added
    if int(grid.most.sum()) <= aim:
        return grid.level_of(grid.most)
    return level_reaching(grid, aim, above=level, in_lots=True)


def _out_of_reach(grid: LotGrid, found: ClosestSums) -> InfeasibleRound:
    low, high = _sums(grid, found)
    nearest = " and ".join(_usd(amount) for amount in (low, high) if amount is not None)
    return InfeasibleRound(
        f"no whole number of lots sums to {_usd(grid.budget)}; the nearest sums are "
        f"{nearest}: ask for one of them, or price the difference with surrogate(...)",
        below=None if low is None else low / MICRO,
        above=high / MICRO,
    )


def _gave_up(grid: LotGrid, found: ClosestSums) -> SolverStopped:
    low, high = _sums(grid, found)
    return SolverStopped(
        f"no lots found that sum to {_usd(grid.budget)} before the search gave up; nearest "
        f"found: {_usd(low)} and {_usd(high)}"
    )


def _sums(grid: LotGrid, removed: ClosestSums) -> tuple[int | None, int]:
    """Micro-dollars of the nearest sums below and above the budget: all lots but the removed."""
    total = grid.total(grid.most)
    return None if removed.above is None else total - removed.above, total - removed.below


def _usd(amount: int | None) -> str:
    return "none" if amount is None else f"{amount / MICRO!r} USD"


class _PricedBudget:
    """The level z below which the budget is out of reach, and from which it is not.

    Below, taking every lot that a level allows is best; branch and bound over intervals of z finds
    the best level, since on (a, b] no haircut costs less than the budget term at b plus the burden
    term at a. From there on, lots are taken away to come nearest to the budget, level by level
    until the burden alone costs more than the best found. All arithmetic is exact.
    """

    def __init__(self, grid: LotGrid, problem: BurdenProblem) -> None:
        self.grid = grid
        self.budget = Fraction(problem.budget) * MICRO
        self.under, self.over = Fraction(problem.under) / MICRO, Fraction(problem.over) / MICRO
        self.fair, self.allowance = Fraction(problem.fair), Fraction(problem.allowance)
        self.removals = _Removals(grid)
        self.best_counts = np.zeros_like(grid.most)
        self.best_value = self.under * self.budget
        step = math.gcd(*np.unique(grid.size[grid.most > 0]).tolist())
        below = self.budget - self.budget % step if step else Fraction(0)
        self.aim = int(min(below, below + step, key=self._budget_price))
        self.least = self._budget_price(self.aim)
        """No sum of lots is nearer to the budget than this."""

    def solve(self) -> LotAnswer:
        if self.aim > 0:
            top = self.grid.level_of(self.grid.most)
            first, supply = top, self.grid.total(self.grid.most)
            if supply >= self.aim:
                first = level_reaching(self.grid, self.aim)
            bounds = [self._search_below(first)]
            if supply >= self.aim:
                bounds.append(self._search_from(first, top))
            lower = min(self.best_value, *bounds)
        else:
            lower = self.best_value
        return LotAnswer(
            counts=self.best_counts,
            level=self.grid.level_of(self.best_counts),
            value=self.best_value,
            lower=lower,
            finished=lower == self.best_value,
        )

    def _search_below(self, first: Fraction) -> Fraction:
        """Try levels that do not exceed the aim; return a bound on them all."""
        queue = [self._interval(Fraction(0), first)]
        split = 0
        while queue and queue[0][0] < self.best_value and split < INTERVALS:
            _, low, high = heapq.heappop(queue)
            split += 1
            for part in self._parts(low, high):
                interval = self._interval(*part)
                if interval[0] < self.best_value:
                    heapq.heappush(queue, interval)
        return min([self.best_value, *(bound for bound, _, _ in queue[:1])])

    def _parts(self, low: Fraction, high: Fraction) -> list[tuple[Fraction, Fraction]]:
        """Halve an interval, or look at all its levels if they are few."""
        middle = Fraction((float(low) + float(high)) / 2)
        counts = self.grid.counts_at(low)
        step = int((self.grid.counts_at(high) - counts).sum())
        if step > FEW and low < middle < high:
            return [(low, middle), (middle, high)]
        raised = self.grid.total(counts)
        best = (self.best_value, low)
        for level, added in self.grid.breakpoints(low, high).items():
            raised += added
            if raised > self.aim or self._burden_price(level) >= best[0]:
                break
            best = min(best, (self._budget_price(raised) + self._burden_price(level), level))
        self._offer(self.grid.counts_at(best[1]))
        return []

    def _interval(self, low: Fraction, high: Fraction) -> tuple[Fraction, Fraction, Fraction]:
        counts = self.grid.counts_at(high)
        raised = self.grid.total(counts)
        if raised <= self.aim:
            self._offer(counts)
        missing = self.under * max(self.budget - raised, Fraction(0))
        return max(missing, self.least) + self._burden_price(low), low, high

    def _search_from(self, first: Fraction, top: Fraction) -> Fraction:
        """Take lots away at ascending levels; return a bound on all from the first on."""
        lower, least = self.best_value, self.least
        unproven = 0
        for looked, level in enumerate(self._ascending(first, top)):
            price = self._burden_price(level)
            if price + least >= self.best_value:
                break
            if looked == LEVELS or unproven == HARD_LEVELS:
                return min(lower, price + least)
            if not self._take_away(self.grid.counts_at(level)):
                lower, unproven = min(lower, price + least), unproven + 1
            if looked == 0 and price + least < self.best_value:
                least = self._least_of_all()
        return min(lower, self.best_value)

    def _ascending(self, first: Fraction, top: Fraction) -> Iterator[Fraction]:
        """Breakpoints from the first to the top."""
        yield first
        while first < top:
            last = _level_after(self.grid, first, FEW // 8)
            yield from self.grid.breakpoints(first, last)
            first = last

    def _least_of_all(self) -> Fraction:
        """What the nearest sum that any lots make costs, or a bound on it."""
        found = self.removals.nearest(self.grid.most, self.aim)
        if not found.proven:
            return self.least
        total = self.grid.total(self.grid.most)
        sums = [total - removed for removed in (found.below, found.above) if removed is not None]
        return min(map(self._budget_price, sums))

    def _take_away(self, counts: IntArray) -> bool:
        """Offer the sums nearest to the budget within so many lots; say if they are the nearest."""
        found = self.removals.nearest(counts, self.aim)
        for removal in (found.take_below, found.take_above):
            if removal is not None:
                self._offer(take_away(self.grid, counts, removal))
        return found.proven

    def _budget_price(self, raised: Fraction | int) -> Fraction:
        missing = self.budget - raised
        return self.under * missing if missing > 0 else -self.over * missing

    def _burden_price(self, level: Fraction) -> Fraction:
        return self.fair * max(level - self.allowance, Fraction(0))

    def _offer(self, counts: IntArray) -> None:
        """Keep a haircut if it beats the best so far."""
        level = self.grid.level_of(counts)
        value = self._budget_price(self.grid.total(counts)) + self._burden_price(level)
        if value < self.best_value:
            self.best_value, self.best_counts = value, counts
