"""Accounts filled up to limits with whole lots: what they make, and bounds that none exceed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from adlopt.foundation.arrays import BoolArray, IntArray
from adlopt.foundation.compiling import pays
from adlopt.foundation.deadline import is_late
from adlopt.optimum.lots import knapsack
from adlopt.optimum.lots.lot_grid import LotGrid

FIRST_NODES = 4
"""Counts that a knapsack tries at first; each time that leaves doubt, `MORE` times as many."""
MORE = 16
MOST_NODES = 2**22
"""So many counts in one account, and its bound is left as it is."""
FEW_NODES = 2**6
"""So many where a rough answer will do."""
ALL_NODES = 2**24
"""So many counts in all, and the search gives up."""
PLAIN_NODES = 2**14
"""So many counts in each account are tried before compiled code is thought of."""
PLAIN_IN_ALL = 2**16
"""So many in all, and it is asked again whether compiled code pays."""
PARTS = 8
"""In so many parts accounts are filled where a few of them may decide."""
SPARED = 2e-6
"""Seconds a count that compiled code saves."""
SEARCH = 4e-5
"""Seconds a position that it saves at least in a search, which looks at some thirty levels."""
SEARCHES = 7e-7
"""Seconds an account that it saves in two searches where positions are single: who has a million
accounts solves again."""


@dataclass(frozen=True, slots=True, eq=False)
class Filling:
    """Accounts filled up to limits, (n,): lots (m,), what they make and bounds on it, (n,)."""

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


class Filler:
    """Fills accounts, in time, and reuses what is known about them at nearby limits."""

    def __init__(self, grid: LotGrid) -> None:
        self.grid, self.spent = grid, 0
        self.above: Filling | None = None
        self.below: Filling | None = None
        self.depth = 1 if grid.single else int(np.diff(grid.start).max())
        self.owner = grid.account[:0] if grid.single else grid.owner
        self.columns: list[list[int]] = []
        self.compiled = pays(0.0, ahead=(SEARCHES if grid.single else SEARCH) * grid.row.size)

    @property
    def done(self) -> bool:
        """Whether time is up, or all counts are spent."""
        return self.spent >= ALL_NODES or is_late()

    def decide(self, limits: IntArray, aim: int, patience: int = MOST_NODES) -> Filling:
        """Fill up to the limits, searching on until the aim is met, or is out of reach.

        Those in most doubt come first; the last may not be needed, but where lots must raise no
        more than the aim: what they raise beyond it can be given back the better, the more it is.
        """
        if self.grid.single:
            return self.settle(limits)
        filling, nodes = self._known(limits), FIRST_NODES
        parts = PARTS if self.grid.highest - aim > self.grid.lot.max() else 1
        todo = np.flatnonzero(filling.bounds < 0)
        while True:
            for part in np.array_split(todo, parts if nodes > FIRST_NODES else 1):
                self._fill(filling, part, nodes)
                if filling.raised >= aim:
                    self.above = filling
                    return filling
                if filling.ceiling < aim:
                    self.below = filling
                    return filling
            if nodes >= patience or self.done:
                return filling
            todo, nodes = _most_open(filling), nodes * MORE

    def settle(self, limits: IntArray, nodes: int = MOST_NODES) -> Filling:
        """Fill every account up to its limit, with so many counts each."""
        if self.grid.single:
            amounts = limits * self.grid.lot
            return Filling(limits, limits, amounts, amounts)
        blank = np.zeros_like(limits)
        counts = np.zeros(self.grid.row.size, dtype=np.int64)
        filling = Filling(limits, counts, blank, blank.copy())
        self._fill(filling, np.flatnonzero(limits > 0), nodes)
        return filling

    def exhaust(self, limits: IntArray) -> Filling:
        """Fill every account up to its limit, searching on where that leaves doubt."""
        filling, nodes = self.settle(limits, FEW_NODES), FEW_NODES
        while not filling.settled.all() and nodes < MOST_NODES and not self.done:
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
                lots = same[self.owner]
                counts[lots] = near.counts[lots]
        return Filling(limits, counts, amounts, bounds)

    def _fill(self, filling: Filling, todo: IntArray, nodes: int) -> None:
        if not todo.size:
            return
        nodes = min(nodes, max(ALL_NODES - self.spent, 0) // todo.size + 1)
        if not self.compiled and nodes > PLAIN_NODES:
            self._run(filling, todo, PLAIN_NODES)
            todo = todo[~filling.settled[todo]]
            self.compiled = self.compiled or pays(0.0, ahead=SPARED * nodes)
        self._run(filling, todo, nodes)

    def _run(self, filling: Filling, todo: IntArray, nodes: int) -> None:
        grid = self.grid
        written = (filling.counts, filling.amounts, filling.bounds)
        if not self.compiled:
            todo = self._plainly(filling, todo, nodes)
        if todo.size:
            from adlopt.foundation.kernels import compiled

            fill = compiled(knapsack.fill, knapsack.least_remainder, knapsack.two_lots)
            given = (grid.start, grid.lot, grid.most, grid.step, grid.worth, filling.limits, todo)
            self.spent += fill(*given, nodes, np.zeros(self.depth, dtype=np.int64), *written)

    def _plainly(self, filling: Filling, todo: IntArray, nodes: int) -> IntArray:
        """Run plain loops, until compiled ones pay; those left to fill."""
        grid = self.grid
        written = (filling.counts, filling.amounts, filling.bounds)
        if not self.columns:
            arrays = (grid.start, grid.lot, grid.most, grid.step, grid.worth)
            self.columns = [array.tolist() for array in arrays]
        start, lot, most, step, worth = self.columns
        counts, amounts, bounds = (array.tolist() for array in written)
        limits, many = filling.limits.tolist(), 1 + PLAIN_IN_ALL // nodes
        while todo.size and not self.compiled:
            spent = knapsack.fill(
                start, lot, most, step, worth, limits, todo[:many].tolist(),
                nodes, [0] * self.depth, counts, amounts, bounds,
            )  # fmt: skip
            self.spent += spent
            self.compiled, todo = pays(SPARED * spent), todo[many:]
        for array, values in zip(written, (counts, amounts, bounds), strict=True):
            array[:] = values
        return todo


def _most_open(filling: Filling) -> IntArray:
    """Accounts that make up nearly all of the distance between amounts and bounds, most first."""
    apart = filling.bounds - filling.amounts
    order = np.argsort(-apart)
    before = np.cumsum(apart[order]) - apart[order]
    most: IntArray = order[(before <= 0.99 * float(apart.sum())) & (apart[order] > 0)]
    return most
