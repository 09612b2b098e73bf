"""The least worst burden at which whole lots raise a budget, or more.

Given a level z, accounts are independent knapsacks. What they are found to make, or bounds on that,
decide whether z is enough, or the knapsacks in doubt are searched further. A bracket of proven
levels shrinks until it is as narrow as asked, or until everything strictly below the burden of the
lots found falls short of the budget. Where positions are single, `level_reaching` finds the level.
"""

from __future__ import annotations

from fractions import Fraction

from adlopt.foundation.money import MICRO
from adlopt.optimum.core.waterfill import water_level
from adlopt.optimum.lots.filler import FEW_NODES, MOST_NODES, Filler, Filling
from adlopt.optimum.lots.levels import level_reaching
from adlopt.optimum.lots.lot_grid import FLOAT_DOUBT, LotGrid

NEWTON_LOOKS = 5
"""So many levels are guessed from the continuous problem."""
HALVINGS = 40
"""How often what is left in doubt is halved on either side."""


class AtLeast:
    """Lots that raise the least sum, > 0 and in reach, and a level below which none do.

    `best` has the burden `high`, and is None where positions are single.
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
        while not (self.stuck or self.done(gap) or self.filler.late):
            level = self.next_level(gap)
            if self.look(level, FEW_NODES if gap else MOST_NODES):
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
