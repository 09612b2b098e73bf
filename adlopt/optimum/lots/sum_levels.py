"""The least worst burden of lots whose sum counts, where raising more than that will not do.

More lots fit under a higher level: below some level no sum counts, and from it on one does. Where
looking leaves that open, the search goes on at either side of the levels in doubt.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cached_property

import numpy as np

from adlopt.foundation.arrays import IntArray
from adlopt.foundation.deadline import is_late
from adlopt.foundation.money import MICRO
from adlopt.optimum.core.waterfill import water_level
from adlopt.optimum.lots.filler import FEW_NODES, MORE, MOST_NODES, Filler, Filling
from adlopt.optimum.lots.levels import LISTED, level_reaching
from adlopt.optimum.lots.lot_grid import FLOAT_DOUBT, LotGrid
from adlopt.optimum.lots.meeting import meet
from adlopt.optimum.lots.mending import mend

NEWTON_LOOKS = 5
"""So many levels are guessed from the continuous problem."""
PATIENT = 2**12
"""So many counts in an account; where a gap is allowed levels beside it are then looked at."""
HALVINGS = 40
"""How often what is left in doubt is halved on either side."""


class AtLeast:
    """Lots that raise the least sum, > 0 and in reach, and a level below which none do.

    Given a level, accounts are independent knapsacks: what they are found to make, or bounds on
    that, decide whether it is enough, and a bracket of proven levels shrinks. `best` has the burden
    `high`; where positions are single it is None, and `level_reaching` finds the level.
    """

    def __init__(self, grid: LotGrid, filler: Filler) -> None:
        self.grid, self.filler, self.stuck = grid, filler, False
        self.best: Filling | None = None
        if grid.single:
            self.low = self.high = level_reaching(grid, grid.least)
            return
        self.best = supply = filler.above or filler.decide(grid.room, grid.least)
        self.low, self.missing = Fraction(0), float(grid.least)
        burden = float((supply.amounts / (grid.weight * MICRO)).max())
        self.high = Fraction(burden * (1 + FLOAT_DOUBT))
        self.excess = float(supply.raised - grid.least)
        self.guess = water_level(grid.weight, grid.cap / MICRO, grid.least / MICRO)
        self.looks = 0
        self.rose: bool | None = None

    def narrow(self, gap: float) -> None:
        """Narrow the bracket down to a relative width; 0 for a proof that nothing is better."""
        while not (self.stuck or self.done(gap) or (self.looks and is_late())):
            level = self.next_level(gap)
            if self.look(level, PATIENT if gap else MOST_NODES):
                continue
            if not gap or not self.look_beside(level, gap):
                self.close_in(level)
                self.stuck = True

    def done(self, gap: float) -> bool:
        """Whether the bracket is as narrow as that."""
        return self.high - self.low <= Fraction(gap) * self.high

    def next_level(self, gap: float) -> Fraction:
        """A level inside the bracket, or its upper end if floats have none left.

        First up from the continuous level by the slope there, then where the sums at both ends say,
        a third of the gap beyond that, so that the other end moves next; every fourth time the
        middle.
        """
        low, high = float(self.low), float(self.high)
        if high - low <= 1e-15 * high:
            return self.high
        self.looks += 1
        if self.looks <= NEWTON_LOOKS and self.guess < high:
            level = self.guess
        elif self.looks % 4 == 0:
            level = low + 0.5 * (high - low)
        else:
            level = low + (high - low) * self.missing / max(self.missing + self.excess, 1.0)
            level *= 1 + (gap if self.rose else -gap) / 3
        exact = Fraction(level)
        return exact if self.low < exact < self.high else Fraction(low + 0.5 * (high - low))

    def look(self, level: Fraction, patience: int = MOST_NODES) -> bool:
        """Look at a level, or strictly below the upper end; False if that stayed in doubt."""
        at_end = level >= self.high
        limits = self.grid.units_below(level) if at_end else self.grid.units_at(level)
        filling = self.filler.decide(limits, self.grid.least, patience)
        if filling.raised >= self.grid.least:
            self.best, self.high = filling, self.grid.level_of(filling.amounts)
            self._moved(rose=False)
            self.excess = float(filling.ceiling - self.grid.least)
        elif filling.ceiling < self.grid.least:
            self.low = level
            self._moved(rose=True)
            self.missing = float(self.grid.least - filling.ceiling)
            slope = float(self.grid.weight[limits < self.grid.cap].sum()) * MICRO
            self.guess = float(level) + 1.1 * self.missing / max(slope, 1e-300)
        else:
            return False
        return True

    def look_beside(self, level: Fraction, gap: float) -> bool:
        """Look a third of the gap above and below, where less depends on the last lots."""
        third = Fraction(gap) / 3
        sides = (level * (1 + third), level * (1 - third))
        return all(self.look(side) for side in sides if self.low < side < self.high)

    def _moved(self, *, rose: bool) -> None:
        """Halve the sum at an end that did not move twice (the Illinois rule)."""
        if self.rose is rose and rose:
            self.excess /= 2
        elif self.rose is rose:
            self.missing /= 2
        self.rose = rose

    def close_in(self, doubt: Fraction) -> None:
        """Halve what lies on either side of a level in doubt, as far as that decides anything."""
        unknown = doubt
        for _ in range(HALVINGS):
            level = Fraction((float(self.low) + float(unknown)) / 2)
            if not self.low < level < unknown:
                break
            self.look(level)
            unknown = min(unknown, self.high) if self.low == level else level
        unknown = max(doubt, self.low)
        for _ in range(HALVINGS):
            level = Fraction((float(unknown) + float(self.high)) / 2)
            if not unknown < level < self.high:
                break
            before = self.high
            self.look(level)
            unknown = unknown if self.high < before else level


WALK = Fraction(1, 2**20)
"""First step above the first level, relative to it; every further one is four times as long."""
LIKE = 2**14
"""Counts in each account that telling two levels apart may try."""
ENDLESS = Fraction(2**1000)
"""No burden is so high."""
DOUBTS = 8
"""So many levels may stay in doubt."""


class SumLevels:
    """A bracket of levels: up to `low` no sum counts, at `high` the `best` lots found do."""

    def __init__(self, grid: LotGrid, filler: Filler, first: AtLeast) -> None:
        self.grid, self.filler, self.first = grid, filler, first
        self.low, self.high = Fraction(0), ENDLESS
        self.best: IntArray | None = None
        self.doubts: list[Fraction] = []
        self.tried = 0
        self.walked = self.refuted = False

    @property
    def lower(self) -> Fraction:
        """No lots whose sum counts have a lower worst burden."""
        return max(self.low, self.first.low)

    def close(self, gap: float) -> bool:
        """Whether lots are found, within a relative gap of the least burden."""
        return self.best is not None and self.high - self.lower <= Fraction(gap) * self.high

    def narrow(self, gap: float) -> None:
        """Look for lots, and then for the level from which on there are some."""
        self.first.narrow(gap)
        if self.first.best is not None and not self.close(gap):
            self._offer(mend(self.grid, self.filler, self.first.best.counts))
        if self.best is None and not self.walked:
            self._walk_up()
        if self.best is None or self.high <= self.first.high:
            return
        while not (self.close(gap) or self.tried >= 2 * DOUBTS or self.filler.done):
            levels = [level for level in self._open() if level is not None]
            if not levels:
                break
            before = len(self.doubts)
            for level in levels:
                if self.low < level < self.high:
                    self.look(level)
            self.tried += len(self.doubts) > before
        if not self.doubts and self._alike(self.low, self.high):
            self.low = self.high

    def _walk_up(self) -> None:
        """Look further and further up until lots are found, and below each level in doubt."""
        self.walked, level, step = True, self.first.high, WALK
        limits, before = self.grid.units_at(level), None
        while not (self.refuted or is_late()):
            if before is None or not np.array_equal(limits, before):
                self.look(level, limits)
            while self.high > level and 0 < len(self.doubts) < DOUBTS:
                between = self._between(self.low, self.doubts[0])
                if between is None:
                    break
                self.look(between)
            if self.high <= level or level == self.top:
                return
            if self.grid.single and level == self.first.high:
                self.look(self.top)
            level = min(self.first.high * (1 + step), self.top)
            limits, before = self.grid.units_at(level), limits
            step *= 4 if len(self.doubts) < DOUBTS else 64

    @cached_property
    def top(self) -> Fraction:
        """Level above which nobody can give more."""
        return self.grid.top

    def look(self, level: Fraction, limits: IntArray | None = None) -> None:
        """Look for lots at a level, and within its limits."""
        grid, limits = self.grid, self.grid.units_at(level) if limits is None else limits
        met = meet(grid, self.filler, limits)
        if met.refuted:
            self.low = level
            self.refuted = bool((limits == grid.room).all())
            self.doubts = [doubt for doubt in self.doubts if doubt > level]
            return
        counts = met.counts
        if counts is None and not grid.single:
            counts = mend(grid, self.filler, self.filler.decide(limits, grid.least).counts)
        if counts is None and level < self.high:
            self.doubts = sorted({*self.doubts, level})
        self._offer(counts)

    def _offer(self, counts: IntArray | None) -> None:
        """Keep lots if their burden is less than that of all before."""
        if counts is None:
            return
        level = self.grid.level_of(self.grid.amounts(counts))
        if self.best is None or level < self.high:
            self.best, self.high = counts, level
            self.doubts = [doubt for doubt in self.doubts if doubt < level]

    def _open(self) -> tuple[Fraction | None, ...]:
        """Levels to look at next, from the highest."""
        if not self.doubts:
            return (self._between(self.low, self.high),)
        return (self._between(self.doubts[-1], self.high), self._between(self.low, self.doubts[0]))

    def _between(self, low: Fraction, high: Fraction) -> Fraction | None:
        """A level in the middle, if anything differs between the two."""
        if self.grid.single:
            return self._stair(low, high)
        middle = Fraction((float(low) + float(high)) / 2)
        return middle if low < middle < high and not self._alike(low, high) else None

    def _stair(self, low: Fraction, high: Fraction) -> Fraction | None:
        """The middle one of the levels in between at which an account's single lots step."""
        before, after = self.grid.units_at(low), self.grid.units_below(high)
        if (after - before).clip(0).sum() > LISTED:
            return Fraction((float(low) + float(high)) / 2)
        owner, money = self.grid.stairs(before, after)
        if not owner.size:
            return None
        middle = np.argsort(money / self.grid.weight[owner])[owner.size // 2]
        return self.grid.burden(int(owner[middle]), int(money[middle]))

    def _alike(self, low: Fraction, high: Fraction) -> bool:
        """Whether accounts make no more strictly below one level than at another."""
        below, at = self.grid.units_below(high), self.grid.units_at(low)
        if self.grid.single or not (below > at).any():
            return not (below > at).any()
        nodes = FEW_NODES
        while nodes <= LIKE:
            above, under = self.filler.settle(below, nodes), self.filler.settle(at, nodes)
            if (above.bounds == under.amounts).all():
                return True
            if (above.amounts > under.bounds).any():
                return False
            nodes *= MORE
        return False
