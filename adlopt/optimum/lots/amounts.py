"""All amounts that one account can make of its positions in whole lots, within a window."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from adlopt.foundation.arrays import IntArray
from adlopt.optimum.lots.lot_grid import LotGrid
from adlopt.optimum.lots.two_groups import among, distinct

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
