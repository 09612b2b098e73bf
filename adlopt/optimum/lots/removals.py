"""Which lots to take away so that the rest comes nearest to a sum."""

from __future__ import annotations

from adlopt.foundation.arrays import IntArray
from adlopt.optimum.lots.lot_grid import LotGrid
from adlopt.optimum.lots.subset_sum import ClosestSums, closest_sums
from adlopt.optimum.lots.sum_table import closest_small_sums

SMALL = 2**22
"""Micro-dollars up to which all sums are listed."""


def nearest_removal(grid: LotGrid, counts: IntArray, aim: int) -> ClosestSums:
    """Lots of each size to take from so many, (n,), so that the rest is nearest to an aim."""
    excess = grid.total(counts) - aim
    pooled = {} if excess == 0 else grid.pooled(counts)
    larger = min((size for size in pooled if size > excess), default=excess)
    useful = {size: count for size, count in pooled.items() if size <= max(excess, larger)}
    small = closest_small_sums(useful, excess) if excess <= SMALL else None
    return closest_sums(useful, excess) if small is None else small
