"""Sums that positions in whole lots can make below given burdens, where not every sum will do.

Lots that raise too much are mended: lots go back, pooled by size, or one account rearranges its
lots to make a little less.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from adlopt.foundation.arrays import IntArray
from adlopt.optimum.contracts.position_grid import ContractGrid
from adlopt.optimum.contracts.position_search import FEW_NODES, Filler, Filling
from adlopt.optimum.lots.lot_grid import LotGrid, take_away
from adlopt.optimum.lots.subset_sum import ClosestSums, closest_sums


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
