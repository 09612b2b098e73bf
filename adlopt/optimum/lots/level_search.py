"""The offline optimum in whole lots: exact by search over the worst burden, not by a MILP.

The first level at which lots can raise the budget bounds every answer from below, and one sum
proves it. An exact budget then takes lots away until the sum is met, at that level or a little
above; a priced budget weighs what the nearest sums miss. Either says whether its search ended.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from adlopt.errors import InfeasibleRound, SolverStopped
from adlopt.foundation.arrays import IntArray
from adlopt.optimum.core.burden_problem import BurdenProblem
from adlopt.optimum.lots.answer import LotAnswer
from adlopt.optimum.lots.breakpoints import first_level, level_after
from adlopt.optimum.lots.levels import level_reaching
from adlopt.optimum.lots.lot_grid import MICRO, LotGrid, take_away
from adlopt.optimum.lots.priced import PricedBudget
from adlopt.optimum.lots.removals import nearest_removal
from adlopt.optimum.lots.subset_sum import ClosestSums


def optimum(problem: BurdenProblem, grid: LotGrid) -> LotAnswer:
    """Solve the problem in lots: exact budget by parametric search, priced budget by intervals.

    Raises
    ------
    InfeasibleRound
        If no number of lots makes the exact budget; it names the nearest sums that lots make.
    SolverStopped
        If the search for an exact sum gave up before it found one.
    """
    return exact_budget(grid) if problem.exact else PricedBudget(grid, problem).solve()


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
    >>> from adlopt.model.loss import MinMax
    >>> from adlopt.model.round import Round
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
    refuted = search.missed >= first and level_after(grid, search.missed, 1) >= reached
    lower = reached if refuted else first
    return LotAnswer(
        counts=search.best, level=reached, value=reached, lower=lower, finished=lower == reached
    )


def _walk_up(grid: LotGrid, search: _ExactSums, first: Fraction) -> None:
    """Look at levels with 1, 2, 4, … lots more than the first, then between the last two."""
    missed, level, added, top = first, first, 1, grid.level_of(grid.most)
    while level < top:
        level = level_after(grid, first, added)
        if search.hits(grid.counts_at(level)):
            first_level(grid, search.hits, missed, level)
            return
        missed, added = level, 2 * added


class _ExactSums:
    """Looks for the exact budget within a supply; keeps the least burden, and what is refuted."""

    def __init__(self, grid: LotGrid) -> None:
        self.grid = grid
        self.best: IntArray | None = None
        self.missed = Fraction(-1)

    def hits(self, counts: IntArray) -> bool:
        return self._meets(counts, self.look(counts))

    def _meets(self, counts: IntArray, found: ClosestSums) -> bool:
        above = self.grid.total(counts) - self.grid.budget - found.below
        return 0 <= above <= self.grid.extra

    def look(self, counts: IntArray) -> ClosestSums:
        found = nearest_removal(self.grid, counts, self.grid.budget)
        if self._meets(counts, found):
            left = take_away(self.grid, counts, found.take_below)
            if self.best is None or self.grid.level_of(left) < self.grid.level_of(self.best):
                self.best = left
        elif found.proven:
            self.missed = max(self.missed, self.grid.level_of(counts))
        return found


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
