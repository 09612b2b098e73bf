"""Sums that positions in whole lots can make below given burdens, where not every sum will do.

Lots that raise too much are mended: lots go back, pooled by size, or one account rearranges its
lots to make a little less. Where accounts are few, all that each can make is listed, and the sums
of two groups of accounts meet in the middle: that settles a round either way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from adlopt.arrays import IntArray
from adlopt.contracts.grid import ContractGrid
from adlopt.contracts.search import FEW_NODES, Filler, Filling
from adlopt.lots.grid import LotGrid, take_away
from adlopt.lots.subset_sum import ClosestSums, closest_sums

LISTED = 2**12
"""Amounts that are listed for one account."""
LISTED_IN_ALL = 2**14
SUMS = 2**18
"""Sums that are listed for a group of accounts."""


def mend(grid: ContractGrid, filler: Filler, filling: Filling) -> IntArray | None:
    """Lots, (m,), within the limits of a filling, whose sum counts.

    None if none were found: there may be some.
    """
    if filling.raised < grid.least:
        return None
    counts = filling.counts
    for attempt in range(2):
        amounts = grid.amounts(counts)
        raised = int(amounts.sum())
        if raised <= grid.highest:
            return counts
        rearranged = _one_gives_less(
            grid, filler, counts, raised - grid.highest, raised - grid.least
        )
        if rearranged is not None or attempt:
            return rearranged
        counts = give_back(grid, counts, nearest_removal(grid, counts, grid.least).take_below)
    return None


def nearest_removal(grid: ContractGrid, counts: IntArray, aim: int) -> ClosestSums:
    """Lots of each size to give back so that the rest comes nearest to an aim.

    Where `counts` are all lots and no capacity binds, what it finds holds for all sums there are.
    """
    sizes, kind = np.unique(grid.lot, return_inverse=True)
    pooled = np.zeros(sizes.size, dtype=np.int64)
    np.add.at(pooled, kind, counts)
    excess = int((grid.lot * counts).sum()) - aim
    return closest_sums(dict(zip(sizes.tolist(), pooled.tolist(), strict=True)), excess)


def give_back(grid: ContractGrid, counts: IntArray, removal: Mapping[int, int]) -> IntArray:
    """Give so many lots of each size back, from the largest burdens first."""
    weight = grid.weight[grid.owner]
    single = LotGrid(size=grid.lot, most=grid.most, weight=weight, budget=grid.least)
    return take_away(single, counts, removal)


def trim(grid: ContractGrid, counts: IntArray) -> IntArray:
    """Give back lots, largest first, until what is raised too much is less than any of them."""
    excess = int((grid.lot * counts).sum()) - grid.least
    sizes, kind = np.unique(grid.lot[(counts > 0) & (grid.lot <= excess)], return_inverse=True)
    held = np.bincount(kind, counts[(counts > 0) & (grid.lot <= excess)], minlength=sizes.size)
    removal: dict[int, int] = {}
    for size, most in zip(sizes[::-1].tolist(), held[::-1].tolist(), strict=True):
        times = min(int(most), excess // size)
        if times:
            removal[size] = times
            excess -= times * size
    return give_back(grid, counts, removal)


def _one_gives_less(
    grid: ContractGrid, filler: Filler, counts: IntArray, least: int, most: int
) -> IntArray | None:
    """Let one account make less by an amount within bounds, if one is found that can."""
    amounts = grid.amounts(counts)
    less = filler.settle(np.maximum(amounts - least, 0), FEW_NODES)
    able = np.flatnonzero((amounts >= least) & (less.amounts >= amounts - most))
    if not able.size:
        return None
    lots = slice(grid.start[able[0]], grid.start[able[0] + 1])
    changed = counts.copy()
    changed[lots] = less.counts[lots]
    return changed


@dataclass(frozen=True, slots=True, eq=False)
class Listing:
    """All amounts that each account can make, ascending, and the accounts dealt to two groups."""

    grid: ContractGrid
    amounts: tuple[IntArray, ...]
    groups: tuple[tuple[int, ...], tuple[int, ...]]

    @classmethod
    def of(cls, grid: ContractGrid) -> Listing | None:
        """List them, unless they are too many."""
        amounts: list[IntArray] = []
        for i in range(grid.cap.size):
            made = _all_amounts(grid, i)
            if made is None or sum(map(len, amounts)) + made[-1].size > LISTED_IN_ALL:
                return None
            amounts.append(made[-1])
        sizes: list[float] = [0.0, 0.0]
        groups: tuple[list[int], list[int]] = ([], [])
        for i in sorted(range(len(amounts)), key=lambda i: -amounts[i].size):
            shorter = int(sizes[1] < sizes[0])
            groups[shorter].append(i)
            sizes[shorter] += float(np.log(amounts[i].size))
        listing = cls(grid, tuple(amounts), (tuple(groups[0]), tuple(groups[1])))
        sums = [listing._partial_sums(group, grid.cap) for group in listing.groups]
        return None if any(s is None for s in sums) else listing

    def meet(self, limits: IntArray) -> tuple[int | None, int | None, tuple[int, int] | None]:
        """Nearest sums below and above those that count, and two parts of one that does."""
        left, right = (self._sums(group, limits) for group in self.groups)
        below, above = self.grid.least, self.grid.highest
        at = np.searchsorted(right, below - left)
        within = np.minimum(at, right.size - 1)
        hits = np.flatnonzero((at < right.size) & (left + right[within] <= above))
        short = left + np.where(at > 0, right[np.maximum(at - 1, 0)], -left - 1)
        over_at = np.searchsorted(right, above - left, side="right")
        over = (left + right[np.minimum(over_at, right.size - 1)])[over_at < right.size]
        return (
            int(short.max()) if short.max() >= 0 else None,
            int(over.min()) if over.size else None,
            (int(left[hits[0]]), int(right[within[hits[0]]])) if hits.size else None,
        )

    def least_level(self) -> tuple[Fraction, IntArray] | None:
        """Least worst burden of lots whose sum counts, and the lots, (m,); None if none."""
        if self.meet(self.grid.cap)[2] is None:
            return None
        levels = sorted(
            {self.grid.burden(i, a) for i, made in enumerate(self.amounts) for a in made.tolist()}
        )
        first = _first(levels, lambda z: self.meet(self.grid.limits_at(z))[2] is not None)
        limits = self.grid.limits_at(first)
        parts = self.meet(limits)[2]
        assert parts is not None, "the level is one at which a sum counts"
        amounts = np.zeros_like(limits)
        for group, total in zip(self.groups, parts, strict=True):
            self._split(group, limits, total, amounts)
        lots = [_lots_making(self.grid, i, int(amounts[i])) for i in range(amounts.size)]
        return first, np.concatenate(lots)

    def _sums(self, group: tuple[int, ...], limits: IntArray) -> IntArray:
        sums = self._partial_sums(group, limits)
        assert sums is not None, "smaller limits never list more"
        return sums[-1]

    def _partial_sums(self, group: tuple[int, ...], limits: IntArray) -> list[IntArray] | None:
        """Sums of no account, of the first, of the first two, …; None if they are too many."""
        sums = [np.zeros(1, dtype=np.int64)]
        for i in group:
            own = self.amounts[i][self.amounts[i] <= limits[i]]
            if own.size * sums[-1].size > 4 * SUMS:
                return None
            sums.append(np.unique(np.add.outer(sums[-1], own)))
            if sums[-1].size > SUMS:
                return None
        return sums

    def _split(
        self, group: tuple[int, ...], limits: IntArray, total: int, amounts: IntArray
    ) -> None:
        """Write what each account of a group gives to a sum."""
        sums = self._partial_sums(group, limits)
        assert sums is not None, "smaller limits never list more"
        for i, before in zip(reversed(group), reversed(sums[:-1]), strict=True):
            own = self.amounts[i][self.amounts[i] <= limits[i]]
            amounts[i] = own[np.isin(total - own, before)][0]
            total -= int(amounts[i])


def _all_amounts(grid: ContractGrid, account: int) -> list[IntArray] | None:
    """Amounts that none of an account's positions make, its first, its first two, …."""
    steps = [np.zeros(1, dtype=np.int64)]
    for j in range(int(grid.start[account]), int(grid.start[account + 1])):
        if steps[-1].size * (int(grid.most[j]) + 1) > 4 * LISTED:
            return None
        lots = grid.lot[j] * np.arange(grid.most[j] + 1)
        made = np.unique(np.add.outer(steps[-1], lots))
        steps.append(made[made <= grid.cap[account]])
        if steps[-1].size > LISTED:
            return None
    return steps


def _lots_making(grid: ContractGrid, account: int, amount: int) -> IntArray:
    """Lots of each of an account's positions that make an amount it can make."""
    steps = _all_amounts(grid, account)
    assert steps is not None, "the account is listed"
    lots = np.zeros(len(steps) - 1, dtype=np.int64)
    for back in range(1, len(steps)):
        j = int(grid.start[account + 1]) - back
        counts = np.arange(grid.most[j] + 1)
        lots[-back] = counts[np.isin(amount - counts * grid.lot[j], steps[-1 - back])][0]
        amount -= int(lots[-back] * grid.lot[j])
    return lots


def _first(levels: list[Fraction], enough: Callable[[Fraction], bool]) -> Fraction:
    """First level that is enough, where the last is."""
    low, high = 0, len(levels) - 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(levels[middle]) else (middle + 1, high)
    return levels[high]
