"""The least loss in whole lots where missing the budget has a price: branch and bound, exact."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from adlopt.foundation.arrays import IntArray
from adlopt.foundation.deadline import is_late
from adlopt.foundation.money import MICRO
from adlopt.model.method import Stopped
from adlopt.optimum.core.burden_problem import BurdenProblem
from adlopt.optimum.lots.levels import LISTED, level_after, level_reaching
from adlopt.optimum.lots.lot_grid import LotGrid
from adlopt.optimum.lots.mending import nearest_removal, take_away

INTERVALS = 20_000
"""How many intervals of levels the priced search looks at before it gives up."""
LEVELS = 4_096
"""How many levels that can raise the budget the priced search takes lots away from."""
HARD_LEVELS = 8
"""How many of those it leaves without a proof before it gives up."""


class PricedBudget:
    """The level z below which the budget is out of reach, and from which it is not.

    Below, taking every lot that a level allows is best; branch and bound over intervals of z finds
    the best level: on (a, b] no haircut costs less than the budget term at b plus the burden term
    at a. From there on, lots are taken away to come nearest to the budget, level by level until the
    burden alone costs more than the best found. All is exact, and the bound `lower` on the value of
    the best `counts`, (n,), is over intervals that cover all levels: it holds if the search gives
    up.
    """

    def __init__(self, grid: LotGrid, problem: BurdenProblem, gap: float = 0.0) -> None:
        self.enough = 1 - Fraction(gap)
        self.grid = grid
        self.budget = Fraction(problem.budget) * MICRO
        self.under, self.over = Fraction(problem.under) / MICRO, Fraction(problem.over) / MICRO
        self.fair, self.allowance = Fraction(problem.fair), Fraction(problem.allowance)
        self.counts = np.zeros_like(grid.most)
        self.value = self.under * self.budget
        step = math.gcd(*np.unique(grid.lot).tolist())
        below = self.budget - self.budget % step if step else Fraction(0)
        self.aim = int(min(below, below + step, key=self._budget_price))
        self.least = self._budget_price(self.aim)
        """No sum of lots is nearer to the budget than this."""

        self.lower = self.value
        if self.aim > 0:
            self._search()

    @property
    def stopped(self) -> Stopped:
        """Whether what is left open is as little as was asked for."""
        return Stopped.GAP if self.lower >= self.value * self.enough else Stopped.LIMIT

    def _search(self) -> None:
        """Search on both sides of that level."""
        top, supply = self.grid.top, self.grid.total(self.grid.room)
        first = level_reaching(self.grid, self.aim) if supply >= self.aim else top
        bounds = [self._search_below(first)]
        if supply >= self.aim:
            bounds.append(self._search_from(first, top))
        self.lower = min(self.value, *bounds)

    def _search_below(self, first: Fraction) -> Fraction:
        """Try levels that do not exceed the aim; return a bound on them all."""
        queue = [self._interval(Fraction(0), first)]
        split = 0
        while queue and queue[0][0] < self.value * self.enough and split < INTERVALS:
            if is_late():
                break
            _, low, high = heapq.heappop(queue)
            split += 1
            for part in self._parts(low, high):
                interval = self._interval(*part)
                if interval[0] < self.value:
                    heapq.heappush(queue, interval)
        return min([self.value, *(bound for bound, _, _ in queue[:1])])

    def _parts(self, low: Fraction, high: Fraction) -> list[tuple[Fraction, Fraction]]:
        """Halve an interval, or look at all its levels if they are few."""
        middle = Fraction((float(low) + float(high)) / 2)
        counts = self.grid.units_at(low)
        step = int((self.grid.units_at(high) - counts).sum())
        if step > LISTED and low < middle < high:
            return [(low, middle), (middle, high)]
        raised = self.grid.total(counts)
        best = (self.value, low)
        for level, added in self.grid.breakpoints(low, high).items():
            raised += added
            if raised > self.aim or self._burden_price(level) >= best[0]:
                break
            best = min(best, (self._budget_price(raised) + self._burden_price(level), level))
        self._offer(self.grid.units_at(best[1]))
        return []

    def _interval(self, low: Fraction, high: Fraction) -> tuple[Fraction, Fraction, Fraction]:
        counts = self.grid.units_at(high)
        raised = self.grid.total(counts)
        if raised <= self.aim:
            self._offer(counts)
        missing = self.under * max(self.budget - raised, Fraction(0))
        return max(missing, self.least) + self._burden_price(low), low, high

    def _search_from(self, first: Fraction, top: Fraction) -> Fraction:
        """Take lots away at ascending levels; return a bound on all from the first on."""
        lower, least = self.value, self.least
        unproven = 0
        for looked, level in enumerate(self._ascending(first, top)):
            price = self._burden_price(level)
            if price + least >= self.value * self.enough:
                lower = min(lower, price + least)
                break
            if looked == LEVELS or unproven == HARD_LEVELS or is_late():
                return min(lower, price + least)
            if not self._take_away(self.grid.units_at(level)):
                lower, unproven = min(lower, price + least), unproven + 1
            if looked == 0 and price + least < self.value:
                least = self._least_of_all()
        return min(lower, self.value)

    def _ascending(self, first: Fraction, top: Fraction) -> Iterator[Fraction]:
        """Breakpoints from the first to the top."""
        yield first
        while first < top:
            last = level_after(self.grid, first, LISTED // 8)
            yield from self.grid.breakpoints(first, last)
            first = last

    def _least_of_all(self) -> Fraction:
        """What the nearest sum that any lots make costs, or a bound on it."""
        total = self.grid.total(self.grid.room)
        found = nearest_removal(self.grid, self.grid.room, total - self.aim)
        if not found.proven:
            return self.least
        sums = [total - removed for removed in (found.below, found.above) if removed is not None]
        return min(map(self._budget_price, sums))

    def _take_away(self, counts: IntArray) -> bool:
        """Offer the sums nearest to the budget within so many lots; say if they are the nearest."""
        excess = self.grid.total(counts) - self.aim
        found = nearest_removal(self.grid, counts, excess)
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
        level = self.grid.level_of(self.grid.amounts(counts))
        value = self._budget_price(self.grid.total(counts)) + self._burden_price(level)
        if value < self.value:
            self.value, self.counts = value, counts
