"""Whether lots below given burdens make a sum that counts: what they can give less is listed.

What all accounts together can make at a level exceeds the budget by the excess. Lots count where
accounts give less by just that, so only amounts within the excess of each account's most matter.
What two groups can give less is listed; two sums that add up to the excess are a solution, and none
is a proof, if nothing was left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from adlopt.foundation.arrays import IntArray
from adlopt.foundation.deadline import is_late
from adlopt.optimum.lots.filler import Filler
from adlopt.optimum.lots.lot_grid import LotGrid
from adlopt.optimum.lots.mending import mend, nearest_removal, take_away
from adlopt.optimum.lots.subset_sum import TwoGroups, among, distinct, room_for_all

LISTED = 2**18
"""Amounts that are listed for one account."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Amounts:
    """They are, ascending, the last of the steps.

    These are amounts that none of the account's positions make, its first, its first two, …, as far
    as the window can be reached from them. Not `complete`: they were too many, and the largest of a
    step were kept.
    """

    lots: slice
    steps: tuple[IntArray, ...]
    complete: bool

    @classmethod
    def of(cls, grid: LotGrid, account: int, lowest: int, highest: int) -> Amounts:
        """List them."""
        lots = slice(int(grid.start[account]), int(grid.start[account + 1]))
        steps, complete = [np.zeros(1, dtype=np.int64)], True
        for j in range(lots.start, lots.stop):
            size = int(grid.lot[j])
            counts = np.arange(min(int(grid.most[j]), highest // size, LISTED) + 1)
            complete = complete and counts.size <= LISTED
            rest = int(grid.worth[j + 1]) if j + 1 < lots.stop else 0
            kept = steps[-1][-max(4 * LISTED // counts.size, 1) :]
            made = np.add.outer(kept, size * counts).ravel()
            made = distinct(made[(made <= highest) & (made >= lowest - rest)])
            complete = complete and kept.size == steps[-1].size and made.size <= LISTED
            steps.append(made[-LISTED:])
        return cls(lots=lots, steps=tuple(steps), complete=complete)

    def counts(self, grid: LotGrid, amount: int) -> IntArray:
        """Lots of each of the account's positions that make an amount."""
        lots = np.zeros(len(self.steps) - 1, dtype=np.int64)
        for back in range(1, len(self.steps)):
            size = int(grid.lot[self.lots.stop - back])
            counts = np.arange(amount // size + 1)
            lots[-back] = counts[among(amount - counts * size, self.steps[-1 - back])][0]
            amount -= int(lots[-back]) * size
        return lots


SUMS = 2**19
"""Sums that are listed for a group of accounts, unless there are few enough to list all."""
FEW = 64
"""Positions from which on there are too many lots to list all sums."""
NODES = 2**10
"""Counts that an account's most may take to find; it is listed otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Met:
    """What was found of sums that count: lots, (m,), or that there are none, and the nearest sums.

    Neither found nor refuted: too many sums were left out.
    """

    counts: IntArray | None = None
    refuted: bool = False
    below: int | None = None
    above: int | None = None


def meet(grid: LotGrid, filler: Filler, limits: IntArray, *, beyond: int = 0) -> Met:
    """Look for lots within limits, in the grid's units, shape (n,), whose sum counts.

    The nearest sum is looked for within so many micro-dollars `beyond`.
    """
    if grid.single:
        return _pooled(grid, limits)
    filling = filler.settle(limits, NODES)
    if filling.ceiling < grid.least:
        return Met(refuted=True)
    lists = _Lists(grid, limits)
    for i in np.flatnonzero(~filling.settled).tolist():
        own = lists.of(i, int(filling.bounds[i]) - (filling.ceiling - grid.least + beyond))
        if own.steps[-1].size and int(own.steps[-1][-1]) > filling.amounts[i]:
            filling.amounts[i] = own.steps[-1][-1]
            filling.counts[own.lots] = own.counts(grid, int(filling.amounts[i]))
    excess = filling.raised - grid.least
    room = max(SUMS, room_for_all(grid.most.tolist()) if grid.most.size < FEW else 0)
    groups, joined = TwoGroups(excess + beyond, room), list[tuple[Amounts, int]]()
    for i in np.flatnonzero(limits >= grid.lot[grid.start[1:] - 1]).tolist():
        top = int(filling.amounts[i])
        own = lists.of(i, top - groups.limit)
        made = own.steps[-1][::-1]
        if groups.add(np.r_[0, top - made[(made < top) & (made >= top - groups.limit)]]):
            joined.append((own, top))
        if is_late() or (groups.full and not (groups.complete and lists.complete)):
            break
    more, less = groups.nearest(excess)
    if more is not None and sum(more) >= excess - (grid.highest - grid.least):
        for (own, top), amount in zip(joined, groups.choices(*more), strict=True):
            if amount:
                filling.counts[own.lots] = own.counts(grid, top - amount)
        return Met(counts=filling.counts)
    complete = groups.complete and lists.complete and not is_late()
    return Met(
        refuted=complete,
        below=None if less is None or not complete else filling.raised - sum(less),
        above=None if more is None or not complete else filling.raised - sum(more),
    )


def meet_near(grid: LotGrid, filler: Filler, counts: IntArray) -> IntArray | None:
    """Lots whose sum counts by those that a solver took for such within its tolerances, if any."""
    counts = np.clip(counts, 0, grid.most)
    amounts = grid.amounts(counts)
    if (amounts > grid.cap).any():
        return None
    total = int(amounts.sum())
    if grid.least <= total <= grid.highest:
        return counts
    limits = counts if grid.single else amounts
    if total < grid.least:
        limits = grid.units_at(grid.level_of(amounts))
    found = meet(grid, filler, limits).counts
    if found is None and not grid.single:
        found = mend(grid, filler, filler.decide(limits, grid.least).counts)
    return found


class _Lists:
    """Amounts of accounts within limits, each listed once."""

    def __init__(self, grid: LotGrid, limits: IntArray) -> None:
        self.grid, self.limits, self.complete = grid, limits, True
        self.known: dict[int, Amounts] = {}

    def of(self, account: int, lowest: int) -> Amounts:
        """Those from a lowest one on."""
        if account not in self.known:
            highest = int(self.limits[account])
            self.known[account] = Amounts.of(self.grid, account, lowest, highest)
            self.complete = self.complete and self.known[account].complete
        return self.known[account]


def _pooled(grid: LotGrid, counts: IntArray) -> Met:
    """Single positions need no lists: lots of one size are alike, whoever holds them."""
    total = grid.total(counts)
    if total < grid.least:
        return Met(refuted=True)
    found = nearest_removal(grid, counts, total - grid.least)
    above = total - found.below
    if above <= grid.highest:
        return Met(counts=take_away(grid, counts, found.take_below))
    below = None if found.above is None else total - found.above
    return Met(refuted=found.proven, below=below, above=above)
