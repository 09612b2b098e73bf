"""Lots that raise too much, mended: lots go back, or one account makes a little less."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from adlopt.foundation.arrays import IntArray
from adlopt.optimum.lots.filler import FEW_NODES, PARTS, Filler
from adlopt.optimum.lots.lot_grid import LotGrid
from adlopt.optimum.lots.subset_sum import ClosestSums, closest_sums
from adlopt.optimum.lots.sum_table import nearest_sums

REARRANGED = 8
"""Accounts whose sums are searched for one that is just so much less."""


def nearest_removal(grid: LotGrid, counts: IntArray, excess: int) -> ClosestSums:
    """Lots of each size to take from so many, (m,), so that they come nearest to an excess.

    Where `counts` are all that may be given, what it finds holds for all sums there are.
    """
    return nearest_sums({} if excess == 0 else grid.pooled(counts), excess)


def take_away(grid: LotGrid, counts: IntArray, removal: Mapping[int, int]) -> IntArray:
    """Remove so many lots of each size: the most burdened first, then the later position."""
    left, sizes = counts.copy(), np.array(sorted(removal), dtype=np.int64)
    times = np.array([removal[size] for size in sizes.tolist()], dtype=np.int64)
    at = np.minimum(np.searchsorted(sizes, grid.lot), sizes.size - 1)
    holders = np.flatnonzero((sizes[at] == grid.lot) & (left > 0)) if sizes.size else at[:0]
    owner = holders if grid.single else grid.owner[holders]
    burden = left[holders] / grid.weight[owner]
    order = np.lexsort((-holders, -burden, at[holders]))
    holders, kind = holders[order], at[holders[order]]
    before = np.cumsum(left[holders]) - left[holders]
    before -= before[np.searchsorted(kind, kind)]
    left[holders] -= np.clip(times[kind] - before, 0, left[holders])
    return left


def mend(grid: LotGrid, filler: Filler, counts: IntArray) -> IntArray | None:
    """Lots, (m,), of which no account gives more than of so many, and whose sum counts.

    None if none were found: there may be some.
    """
    if grid.total(counts) < grid.least:
        return None
    for again in (False, True):
        raised = grid.total(counts)
        if raised <= grid.highest:
            return _trim(grid, counts)
        less = _one_gives_less(grid, filler, counts, raised, thorough=again)
        if less is not None or again:
            return less
        removal = nearest_removal(grid, counts, raised - grid.least).take_below
        counts = take_away(grid, counts, removal)
    return None


def _trim(grid: LotGrid, counts: IntArray) -> IntArray:
    """Give back lots, largest first, until what is raised too much is less than any of them."""
    excess = grid.total(counts) - grid.least
    removal: dict[int, int] = {}
    if excess:
        pooled = grid.pooled(np.where(grid.lot <= excess, counts, 0))
        for size in sorted(pooled, reverse=True):
            times = min(pooled[size], excess // size)
            if times:
                removal[size] = times
                excess -= times * size
    return take_away(grid, counts, removal)


def _one_gives_less(
    grid: LotGrid, filler: Filler, counts: IntArray, raised: int, *, thorough: bool
) -> IntArray | None:
    """Let one account make less, by so much that the sum counts, if one is found that can."""
    amounts = grid.amounts(counts)
    limits = amounts - (raised - grid.highest)
    floor = amounts - (raised - grid.least)
    may = np.zeros(limits.size, dtype=bool)
    for part in np.array_split(np.arange(limits.size), PARTS):
        within = np.zeros_like(limits)
        within[part] = np.maximum(limits[part], 0)
        less = filler.settle(within, FEW_NODES)
        hit = part[(limits[part] >= 0) & (less.amounts[part] >= floor[part])]
        if hit.size:
            lots = _lots(grid, int(hit[0]))
            changed = counts.copy()
            changed[lots] = less.counts[lots]
            return changed
        may[part] = thorough & (limits[part] > 0) & (less.bounds[part] >= floor[part])
    able = np.flatnonzero(may)
    many = np.argsort(-np.diff(grid.start)[able], kind="stable")
    for i in able[many][:REARRANGED].tolist():
        lots = _lots(grid, i)
        sizes = grid.lot[lots].tolist()
        held: dict[int, int] = {}
        for size, most in zip(sizes, grid.most[lots].tolist(), strict=True):
            held[size] = held.get(size, 0) + most
        found = closest_sums(held, int(limits[i]))
        if found.below >= floor[i]:
            left, changed = dict(found.take_below), counts.copy()
            for j, size in enumerate(sizes, start=lots.start):
                changed[j] = min(left.get(size, 0), int(grid.most[j]))
                left[size] = left.get(size, 0) - int(changed[j])
            return changed
    return None


def _lots(grid: LotGrid, account: int) -> slice:
    return slice(int(grid.start[account]), int(grid.start[account + 1]))
