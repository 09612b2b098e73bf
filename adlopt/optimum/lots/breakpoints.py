"""From breakpoint to breakpoint: levels at which one more lot fits under some account's burden."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from adlopt.foundation.arrays import IntArray
from adlopt.optimum.lots.levels import level_reaching
from adlopt.optimum.lots.lot_grid import LotGrid

FEW = 2_048
"""So few breakpoints are sorted and looked at one by one."""


def first_level(
    grid: LotGrid, enough: Callable[[IntArray], bool], low: Fraction, high: Fraction
) -> Fraction:
    """Smallest breakpoint in (low, high] that is enough, where `high` is and `low` is not."""
    while True:
        step = grid.counts_at(high) - grid.counts_at(low)
        middle = Fraction((float(low) + float(high)) / 2)
        if int(step.sum()) <= FEW or not low < middle < high:
            break
        low, high = (low, middle) if enough(grid.counts_at(middle)) else (middle, high)
    levels = list(grid.breakpoints(low, high))
    first, last = 0, len(levels) - 1
    while first < last:
        middle_index = (first + last) // 2
        if enough(grid.counts_at(levels[middle_index])):
            last = middle_index
        else:
            first = middle_index + 1
    return levels[first]


def level_after(grid: LotGrid, level: Fraction, added: int) -> Fraction:
    """First breakpoint with so many lots more than at a level below the top, or the top."""
    aim = grid.supply_at(level)[0] + added
    if int(grid.most.sum()) <= aim:
        return grid.level_of(grid.most)
    return level_reaching(grid, aim, above=level, in_lots=True)
