"""The first level at which whole lots reach an amount, exact.

What lots raise at a level is a staircase close to the concave curve of `water_level`. The search
steps to either side of the amount until few stairs are left between, and sorts these.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from adlopt.foundation.arrays import FloatArray, IntArray
from adlopt.foundation.money import MICRO
from adlopt.optimum.core.waterfill import filled, water_level
from adlopt.optimum.lots.lot_grid import LotGrid

FEW = 4_096
"""So few stairs are sorted."""
LISTED = 2_048
"""So few breakpoints are looked at one by one."""
PATIENCE = 4
"""Every so many steps the search halves the interval, whatever the staircase looks like."""


def level_reaching(
    grid: LotGrid, aim: int, *, above: Fraction = Fraction(0), in_lots: bool = False
) -> Fraction:
    """Smallest level above one that is too low at which lots come to `aim` micro-dollars, or lots.

    >>> grid = LotGrid.of_lots([3, 5], [9, 9], [1.0, 1.0])
    >>> level_reaching(grid, 9) * MICRO, level_reaching(grid, 2, in_lots=True) * MICRO
    (Fraction(6, 1), Fraction(5, 1))
    """
    search = _Search(grid, aim, in_lots)
    low, high = search.narrow(search.at(float(above) * MICRO, above))
    return search.select(low, high)


def first_level(
    grid: LotGrid, enough: Callable[[IntArray], bool], low: Fraction, high: Fraction
) -> Fraction:
    """Smallest breakpoint in (low, high] that is enough, where `high` is and `low` is not."""
    while True:
        step = grid.units_at(high) - grid.units_at(low)
        middle = Fraction((float(low) + float(high)) / 2)
        if int(step.sum()) <= LISTED or not low < middle < high:
            break
        low, high = (low, middle) if enough(grid.units_at(middle)) else (middle, high)
    levels = list(grid.breakpoints(low, high))
    before_last = range(len(levels) - 1)
    return levels[bisect_left(before_last, True, key=lambda k: enough(grid.units_at(levels[k])))]


def level_after(grid: LotGrid, level: Fraction, added: int) -> Fraction:
    """First breakpoint with so many lots more than at a level below the top, or the top."""
    aim = grid.supply_at(level)[0] + added
    if int(grid.room.sum()) <= aim:
        return grid.top
    return level_reaching(grid, aim, above=level, in_lots=True)


def within_budget(grid: LotGrid) -> IntArray:
    """Lots that raise no more than the budget, at the least burden that could raise it all.

    Everyone gives the lots that fit strictly below that burden; those who reach it with one more
    give it, earlier accounts first, where it fits.
    """
    if grid.total(grid.room) <= grid.least:
        return grid.room
    level = level_reaching(grid, grid.least + 1)
    counts = grid.units_below(level)
    rest = grid.least - grid.total(counts)
    for i in np.flatnonzero(grid.units_at(level) > counts):
        if grid.lot[i] <= rest:
            counts[i] += 1
            rest -= int(grid.lot[i])
    return counts


@dataclass(frozen=True, slots=True)
class _End:
    """A level, in micro-dollars a dollar of weight as a float, and what lots come to there."""

    near: float
    level: Fraction
    lots: int
    amount: int


class _Search:
    def __init__(self, grid: LotGrid, aim: int, in_lots: bool) -> None:
        self.grid, self.aim, self.in_lots = grid, aim, in_lots
        unit = 1 if in_lots else grid.unit
        self.limit: FloatArray = np.multiply(grid.room, unit, dtype=np.float64)
        self.weight = grid.per_level if in_lots else grid.weight

    def at(self, near: float, level: Fraction | None = None) -> _End:
        level = Fraction(near) / MICRO if level is None else level
        lots, money = self.grid.supply_at(level)
        return _End(near, level, lots, lots if self.in_lots else money)

    def top(self) -> _End:
        """An end beyond the last stair."""
        held = self.limit > 0
        return self.at(float((self.limit[held] / self.weight[held]).max()) * (1 + 1e-9))

    def narrow(self, low: _End) -> tuple[_End, _End]:
        """Ends with few stairs between, one short of the aim and one not."""
        guess = water_level(self.weight, self.limit, min(self.aim, float(self.limit.sum())))
        slope = filled(self.weight, self.limit, guess)[2]
        high: _End | None = None
        steps, farther, enough = 0, 0.25, False
        while high is None or high.lots - low.lots > FEW:
            steps += 1
            inside = low.near < guess < (np.inf if high is None else high.near)
            if high is None and (steps > PATIENCE or not inside):
                high = self.top()
                continue
            if high is not None and (steps % PATIENCE == 0 or not inside):
                guess = low.near + (high.near - low.near) / 2
                if not low.near < guess < high.near:
                    break
            end, before = self.at(guess), enough
            enough = end.amount >= self.aim
            low, high = (low, end) if enough else (end, high)
            if high is not None:
                slope = (high.amount - low.amount) / (high.near - low.near)
            farther = 4 * farther if enough == before else 1
            margin = farther * FEW / 16 * end.amount / max(end.lots, 1)
            missing = self.aim - end.amount + (-margin if enough else margin)
            guess = end.near + missing / slope if slope > 0 else np.inf
        return low, high

    def select(self, low: _End, high: _End) -> Fraction:
        """Find the stair in (low, high] that reaches the aim."""
        grid = self.grid
        owner, money = grid.stairs(grid.units_at(low.level), grid.units_at(high.level))
        rise = np.ones_like(owner) if self.in_lots else grid.unit[owner]
        burden = money / grid.weight[owner]
        order = np.argsort(burden, kind="stable")
        reached = low.amount + np.cumsum(rise[order])
        last = burden[order[int(np.searchsorted(reached, self.aim))]]
        equal = np.abs(burden - last) <= 1e-15 * last
        amount = low.amount + int(rise[~equal & (burden < last)].sum())
        exact: dict[Fraction, int] = {}
        for i, extra in zip(np.flatnonzero(equal).tolist(), rise[equal].tolist(), strict=True):
            level = Fraction(int(money[i]), MICRO) / Fraction(float(grid.weight[owner[i]]))
            exact[level] = exact.get(level, 0) + extra
        for level in sorted(exact):
            amount += exact[level]
            if amount >= self.aim:
                return level
        raise AssertionError("the upper end reaches the aim")
