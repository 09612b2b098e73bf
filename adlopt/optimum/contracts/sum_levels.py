"""The least worst burden of lots whose sum counts, where the first level has none that does.

More lots fit under a higher level: below some level no sum counts, and from it on one does. Where
looking leaves that open, the search goes on at either side of the levels in doubt.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from adlopt.foundation.arrays import IntArray
from adlopt.model.method import Stopped
from adlopt.optimum.contracts.meeting import meet
from adlopt.optimum.contracts.position_grid import ContractGrid
from adlopt.optimum.contracts.position_search import Bracket, Filler
from adlopt.optimum.contracts.position_sums import mend, trim

WALK = Fraction(1, 2**20)
"""First step above the first level, relative to it; every further one is four times as long."""
DOUBTS = 8
"""So many levels may stay in doubt."""


class SumLevels:
    """A bracket of levels: up to `low` no sum counts, at `high` the `best` lots found do."""

    def __init__(self, grid: ContractGrid, filler: Filler, bracket: Bracket) -> None:
        self.grid, self.filler = grid, filler
        self.low, self.first = bracket.low, bracket.high
        self.top = max(map(grid.burden, range(grid.cap.size), grid.cap.tolist()))
        self.best: IntArray | None = None
        self.high = self.top
        self.doubts: list[Fraction] = []
        self.whole = False
        self.stopped = Stopped.LIMIT

    def run(self, gap: float) -> IntArray | None:
        """Lots, (m,), whose sum counts; None if none were found, refuted if `whole`."""
        self._walk_up()
        if self.best is None:
            return None
        tried = 0
        while self.high - self.low > Fraction(gap) * self.high and tried < 2 * DOUBTS:
            levels = [level for level in self._open() if level is not None]
            if not levels:
                break
            before = len(self.doubts)
            for level in levels:
                if self.low < level < self.high:
                    self.look(level)
            tried += len(self.doubts) > before
        if not self.doubts and self._alike(self.low, self.high):
            self.low = self.high
        if self.low == self.high:
            self.stopped = Stopped.OPTIMAL
        elif self.high - self.low <= Fraction(gap) * self.high:
            self.stopped = Stopped.GAP
        return self.best

    def _walk_up(self) -> None:
        """Look further and further up until lots are found, and below each level in doubt."""
        level, step = self.first, WALK
        while True:
            self.look(level)
            while self.best is None and 0 < len(self.doubts) < DOUBTS:
                between = self._between(self.low, self.doubts[0])
                if between is None:
                    break
                self.look(between)
            if self.best is not None or level == self.top:
                return
            level = min(self.first * (1 + step), self.top)
            step *= 4 if len(self.doubts) < DOUBTS else 64

    def look(self, level: Fraction) -> None:
        """Look for lots at a level."""
        grid, limits = self.grid, self.grid.limits_at(level)
        met = meet(grid, self.filler, limits)
        if met.refuted:
            self.low, self.whole = level, level == self.top
            self.doubts = [doubt for doubt in self.doubts if doubt > level]
            return
        counts = met.counts
        if counts is None:
            counts = mend(grid, self.filler, self.filler.decide(limits, grid.least))
        if counts is None:
            self.doubts = sorted({*self.doubts, level})
            return
        self.best = trim(grid, counts)
        self.high = grid.level_of(grid.amounts(self.best))
        self.doubts = [doubt for doubt in self.doubts if doubt < self.high]

    def _open(self) -> tuple[Fraction | None, ...]:
        """Levels to look at next, from the highest."""
        if not self.doubts:
            return (self._between(self.low, self.high),)
        return (
            self._between(self.doubts[-1], self.high),
            self._between(self.low, self.doubts[0]),
        )

    def _between(self, low: Fraction, high: Fraction) -> Fraction | None:
        """A level in the middle, if anything differs between the two."""
        middle = Fraction((float(low) + float(high)) / 2)
        return middle if low < middle < high and not self._alike(low, high) else None

    def _alike(self, low: Fraction, high: Fraction) -> bool:
        """Whether accounts make no more strictly below one level than at another."""
        below, at = self.grid.limits_below(high), self.grid.limits_at(low)
        above, under = self.filler.settle(below), self.filler.settle(at)
        same = above.bounds == under.amounts
        return bool(same.all()) or not np.any(below > at)
