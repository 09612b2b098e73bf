"""The least worst burden at which positions in whole lots raise a budget.

Given a level z, accounts are independent knapsacks. What they are found to make adds up to a sum
that can be raised; upper bounds on them add up to one that cannot be exceeded. Either decides
whether z is enough, or the knapsacks in doubt are searched further. A bracket of proven levels
shrinks until it is as narrow as asked, or until the lots found are proven best: everything
strictly below their burden falls short of the budget.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from adlopt.foundation.arrays import BoolArray, IntArray
from adlopt.optimum.contracts import knapsack
from adlopt.optimum.contracts.position_grid import FLOAT_DOUBT, ContractGrid
from adlopt.optimum.core.waterfill import water_level
from adlopt.optimum.lots.lot_grid import MICRO

LARGE = 500
"""From so many positions on, knapsacks are solved by compiled code."""
FIRST_NODES = 4
"""Counts that a knapsack tries at first; each time that leaves doubt, `MORE` times as many."""
MORE = 16
COMPILED_NODES = 2**13
"""From so many counts an account on, small rounds are worth compiled code too."""
MOST_NODES = 2**22
"""So many counts in one account, and its bound is left as it is."""
FEW_NODES = 2**6
"""So many, and where a gap is allowed a level near by is looked at instead."""
ALL_NODES = 2**24
"""So many counts in all, and the search gives up."""
NEWTON_LOOKS = 5
"""So many levels are guessed from the continuous problem."""
HALVINGS = 40
"""How often what is left in doubt is halved on either side."""


@dataclass(frozen=True, slots=True, eq=False)
class Filling:
    """Accounts filled up to limits: lots (m,), what they make and an upper bound, (n,)."""

    limits: IntArray
    counts: IntArray
    amounts: IntArray
    bounds: IntArray

    @property
    def raised(self) -> int:
        """Micro-dollars made."""
        return int(self.amounts.sum())

    @property
    def ceiling(self) -> int:
        """Micro-dollars that no lots within the limits exceed."""
        return int(self.bounds.sum())

    @property
    def settled(self) -> BoolArray:
        """Where the bound is met."""
        met: BoolArray = self.amounts == self.bounds
        return met


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bracket:
    """What the search knows: lots that raise the budget, and a level below which none do.

    Parameters
    ----------
    best : Filling
        It raises the budget.
    high : Fraction
        Its worst burden.
    low : Fraction
        Lots whose burdens are all strictly below it fall short.
    finished : bool
        Whether the bracket is as narrow as it was asked to be.
    """

    best: Filling
    high: Fraction
    low: Fraction
    finished: bool


class Filler:
    """Fills accounts, and reuses what is known about them at nearby limits."""

    def __init__(self, grid: ContractGrid) -> None:
        self.grid, self.spent = grid, 0
        self.above: Filling | None = None
        self.below: Filling | None = None
        self.compiled = grid.row.size >= LARGE
        self.depth = int(np.diff(grid.start).max(initial=1))

    def decide(self, limits: IntArray, aim: int, patience: int = MOST_NODES) -> Filling:
        """Fill up to the limits, searching on until the aim is met, or out of reach, or too long.

        Whether it is met or out of reach is then for the sums to say.
        """
        filling, nodes = self._known(limits), FIRST_NODES
        todo = np.flatnonzero(filling.bounds < 0)
        while True:
            self._fill(filling, todo, nodes)
            if filling.raised >= aim:
                self.above = filling
                return filling
            if filling.ceiling < aim:
                self.below = filling
                return filling
            if nodes >= patience or self.spent >= ALL_NODES:
                return filling
            todo, nodes = _most_open(filling), nodes * MORE

    def settle(self, limits: IntArray, nodes: int = MOST_NODES) -> Filling:
        """Fill every account up to its limit, with so many counts each."""
        blank = np.zeros_like(limits)
        counts = np.zeros(self.grid.row.size, dtype=np.int64)
        filling = Filling(limits, counts, blank, blank.copy())
        self._fill(filling, np.flatnonzero(limits > 0), nodes)
        return filling

    def exhaust(self, limits: IntArray) -> Filling:
        """Fill every account up to its limit, searching on where that leaves doubt."""
        filling, nodes = self.settle(limits, FEW_NODES), FEW_NODES
        while not filling.settled.all() and nodes < MOST_NODES and self.spent < ALL_NODES:
            nodes *= MORE
            self._fill(filling, np.flatnonzero(~filling.settled), nodes)
        return filling

    def _known(self, limits: IntArray) -> Filling:
        """Take over accounts whose limit changed in vain since it was last filled."""
        counts = np.zeros(self.grid.row.size, dtype=np.int64)
        amounts, bounds = np.zeros_like(limits), np.full_like(limits, -1)
        for near in (self.above, self.below):
            if near is not None:
                same = (near.amounts <= limits) & (limits <= near.limits) & near.settled
                amounts[same] = bounds[same] = near.amounts[same]
                lots = same[self.grid.owner]
                counts[lots] = near.counts[lots]
        return Filling(limits, counts, amounts, bounds)

    def _fill(self, filling: Filling, todo: IntArray, nodes: int) -> None:
        if not todo.size:
            return
        nodes = min(nodes, max(ALL_NODES - self.spent, 0) // todo.size + 1)
        grid = self.grid
        given = (grid.start, grid.lot, grid.most, grid.step, grid.worth, filling.limits, todo)
        written = (filling.counts, filling.amounts, filling.bounds)
        scratch = np.zeros(self.depth, dtype=np.int64)
        if self.compiled or nodes >= COMPILED_NODES:
            from adlopt.optimum.contracts.compiled import fill

            self.spent += fill(*given, nodes, scratch, *written)
            return
        start, lot, most, step, worth, limits, accounts = (array.tolist() for array in given)
        counts, amounts, bounds = (array.tolist() for array in written)
        self.spent += knapsack.fill(
            start, lot, most, step, worth, limits, accounts,
            nodes, scratch.tolist(), counts, amounts, bounds,
        )  # fmt: skip
        for array, values in zip(written, (counts, amounts, bounds), strict=True):
            array[:] = values


def _most_open(filling: Filling) -> IntArray:
    """Accounts that make up nearly all of the distance between amounts and bounds."""
    apart = filling.bounds - filling.amounts
    order = np.argsort(-apart)
    before = np.cumsum(apart[order]) - apart[order]
    return np.sort(order[(before <= 0.99 * float(apart.sum())) & (apart[order] > 0)])


def first_level(grid: ContractGrid, filler: Filler, supply: Filling, gap: float) -> Bracket:
    """Narrow down the least worst burden of lots that raise the least sum, > 0.

    Parameters
    ----------
    supply : Filling
        A filling of the caps that raises it.
    gap : float
        Relative width of the bracket at which to stop; 0 for a proof that nothing is better.
    """
    search = _Search(grid, filler, supply)
    while not search.done(gap):
        level = search.next_level(gap)
        if search.look(level, FEW_NODES if gap else MOST_NODES):
            continue
        if not gap or not search.look_beside(level, gap):
            search.close_in(level)
            break
    high = grid.level_of(search.best.amounts)
    return Bracket(best=search.best, high=high, low=search.low, finished=search.done(gap))


class _Search:
    """A bracket of levels, and what lots within it miss or exceed the least sum by."""

    def __init__(self, grid: ContractGrid, filler: Filler, supply: Filling) -> None:
        self.grid, self.filler, self.best = grid, filler, supply
        self.low, self.missing = Fraction(0), float(grid.least)
        burden = float((supply.amounts / (grid.weight * MICRO)).max())
        self.high = Fraction(burden * (1 + FLOAT_DOUBT))
        self.excess = float(supply.raised - grid.least)
        self.guess = water_level(grid.weight, grid.cap / MICRO, grid.least / MICRO)
        self.looks = 0
        self.rose: bool | None = None

    def done(self, gap: float) -> bool:
        return self.high - self.low <= Fraction(gap) * self.high

    def next_level(self, gap: float) -> Fraction:
        """A level inside the bracket, or its upper end if floats have none left.

        First up from the continuous level by the slope there, which soon is a good guess; then
        where the sums at both ends say, a third of the gap beyond that, so that the other end
        moves next; and every fourth time in the middle. The sums are upper bounds: they are much
        nearer to what lots make than what few counts find.
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
        """Look whether lots at a level, or strictly below the upper end, raise the least sum.

        False if that stayed in doubt.
        """
        at_end = level >= self.high
        limits = self.grid.limits_below(level) if at_end else self.grid.limits_at(level)
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
