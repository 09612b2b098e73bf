"""Whether lots below given burdens make a sum that counts: what they can give less is listed.

At a level every account has a most it can make; what all of these together exceed the budget by is
the excess. Lots count where accounts give less by just that in all, so only amounts within the
excess of each account's most matter, and they are few at the levels where the first sums count.
What two groups of accounts can give less is listed; two sums that add up to the excess are a
solution, and none is a proof, if nothing was left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from adlopt.foundation.arrays import IntArray
from adlopt.optimum.lots.amounts import Amounts, distinct
from adlopt.optimum.lots.filler import Filler
from adlopt.optimum.lots.lot_grid import LotGrid
from adlopt.optimum.lots.mending import nearest_removal, take_away

SUMS = 2**19
"""Sums that are listed for a group of accounts."""
NODES = 2**10
"""Counts that an account's most may take to find; it is listed otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Met:
    """What was found of sums that count.

    Parameters
    ----------
    counts : IntArray, shape (m,), or None
        Lots whose sum counts.
    refuted : bool
        Whether there are none. Neither found nor refuted: too many sums were left out.
    below, above : int or None
        Nearest sums to those that count, where they are refuted and known.
    """

    counts: IntArray | None = None
    refuted: bool = False
    below: int | None = None
    above: int | None = None


def meet(grid: LotGrid, filler: Filler, limits: IntArray, *, beyond: int = 0) -> Met:
    """Look for lots within limits, in the grid's units, shape (n,), whose sum counts.

    Parameters
    ----------
    beyond : int
        Micro-dollars below the budget within which the nearest sum is looked for.
    """
    if grid.single:
        return _pooled(grid, limits)
    filling = filler.settle(limits, NODES)
    if filling.ceiling < grid.least:
        return Met(refuted=True)
    lists = _Lists(grid)
    for i in np.flatnonzero(~filling.settled).tolist():
        window = filling.ceiling - grid.least + beyond
        own = lists.of(i, int(filling.bounds[i]) - window, int(limits[i]))
        if own.steps[-1].size and int(own.steps[-1][-1]) > filling.amounts[i]:
            filling.amounts[i] = own.steps[-1][-1]
            filling.counts[own.lots] = own.counts(grid, int(filling.amounts[i]))
    excess = filling.raised - grid.least
    least, lists.most = excess - (grid.highest - grid.least), excess + beyond
    for i in np.flatnonzero(limits >= grid.lot[grid.start[1:] - 1]).tolist():
        top = int(filling.amounts[i])
        lists.add(lists.of(i, top - lists.most, int(limits[i])), top)
        if filler.late:
            lists.complete = False
        if (lists.full and not lists.complete) or filler.late:
            break
    less = lists.choose(least, excess)
    if less is not None:
        for own, top, amount in zip(lists.accounts, lists.tops, less, strict=True):
            if amount:
                filling.counts[own.lots] = own.counts(grid, top - amount)
        return Met(counts=filling.counts)
    below, above = lists.nearest(least, excess) if lists.complete else (None, None)
    return Met(
        refuted=lists.complete,
        below=None if below is None else filling.raised - below,
        above=None if above is None else filling.raised - above,
    )


def _pooled(grid: LotGrid, counts: IntArray) -> Met:
    """Single positions need no lists: lots of one size are alike, whoever holds them."""
    total = grid.total(counts)
    if total < grid.least:
        return Met(refuted=True)
    found = nearest_removal(grid, counts, grid.least)
    above = total - found.below
    if above <= grid.highest:
        return Met(counts=take_away(grid, counts, found.take_below))
    below = None if found.above is None else total - found.above
    return Met(refuted=found.proven, below=below, above=above)


class _Lists:
    """What accounts can give less than their most, up to a bound, and its sums in two groups."""

    def __init__(self, grid: LotGrid) -> None:
        self.grid, self.most, self.complete = grid, 0, True
        self.known: dict[int, Amounts] = {}
        self.accounts: list[Amounts] = []
        self.tops: list[int] = []
        self.less: list[IntArray] = []
        self.sums: tuple[list[IntArray], list[IntArray]] = ([_NOTHING], [_NOTHING])
        self.members: tuple[list[int], list[int]] = ([], [])

    @property
    def full(self) -> bool:
        """Whether neither group has room."""
        return min(sums[-1].size for sums in self.sums) > SUMS // 2

    def of(self, account: int, lowest: int, highest: int) -> Amounts:
        """List an account's amounts, once."""
        if account not in self.known:
            self.known[account] = Amounts.of(self.grid, account, lowest, highest)
            self.complete = self.complete and self.known[account].complete
        return self.known[account]

    def add(self, own: Amounts, top: int) -> None:
        """Add an account to the shorter group, with as many amounts as there is room for."""
        amounts = own.steps[-1][::-1]
        less = np.r_[0, top - amounts[(amounts < top) & (amounts >= top - self.most)]]
        group = int(self.sums[1][-1].size < self.sums[0][-1].size)
        sums = self.sums[group][-1]
        ends = np.searchsorted(sums, self.most - less, side="right")
        kept = max(int(np.searchsorted(np.cumsum(ends), 2 * SUMS)), 1)
        self.complete = self.complete and kept >= less.size
        if less[:kept].size == 1:
            return
        pairs = zip(less[:kept].tolist(), ends[:kept].tolist(), strict=True)
        wider = distinct(np.concatenate([sums[:end] + amount for amount, end in pairs]))
        self.complete = self.complete and wider.size <= SUMS
        self.accounts.append(own)
        self.tops.append(top)
        self.less.append(less[:kept])
        self.sums[group].append(wider[:SUMS])
        self.members[group].append(len(self.less) - 1)

    def choose(self, least: int, most: int) -> list[int] | None:
        """What each account gives less where they sum to [least, most]; None if none do."""
        left, right = self.sums[0][-1], self.sums[1][-1]
        at = np.searchsorted(right, least - left)
        found = right[np.minimum(at, right.size - 1)]
        hits = np.flatnonzero((at < right.size) & (left + found <= most))
        if not hits.size:
            return None
        chosen = [0] * len(self.less)
        for group, half in enumerate((left[hits[0]], found[hits[0]])):
            total = int(half)
            for k, before in zip(self.members[group][::-1], self.sums[group][-2::-1], strict=True):
                less = self.less[k]
                chosen[k] = int(less[np.isin(total - less, before)][0])
                total -= chosen[k]
        return chosen

    def nearest(self, least: int, most: int) -> tuple[int | None, int | None]:
        """Sums nearest to a window that none lie in: above it, and below."""
        left, right = self.sums[0][-1], self.sums[1][-1]
        at = np.searchsorted(right, least - left)
        over = (left + right[np.minimum(at, right.size - 1)])[at < right.size]
        under = (left + right[np.maximum(at - 1, 0)])[at > 0]
        return (
            int(over.min()) if over.size and over.min() <= self.most else None,
            int(under.max()) if under.size else None,
        )


_NOTHING: IntArray = np.zeros(1, dtype=np.int64)
