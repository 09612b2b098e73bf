"""Leximin of lots of several sizes by dynamic programming over sums, for rounds with few of them.

Which of two ways to a sum has the lesser burdens, in descending order, does not change when the
same burden joins both: of all ways to a sum only the best is kept, account by account. All numbers
are integers; the search is exhaustive.
"""

from __future__ import annotations

import math
from bisect import insort
from fractions import Fraction

import numpy as np

from adlopt.foundation.arrays import IntArray
from adlopt.optimum.lots.lot_grid import LotGrid

STEPS = 300_000
"""Bound on the steps of the program: reachable sums times the lots of the next account."""
LOTS = 20_000
"""Bound on the lots whose burdens are put in order."""


def least_sorted(grid: LotGrid, most: IntArray) -> IntArray | None:
    """Lots, (n,), of at most so many that sum to the budget with the least burdens in order.

    None if there are too many.
    """
    if int(most.sum()) > LOTS:
        return None
    rank_of = _ranks(grid, most)
    step = math.gcd(grid.least, *grid.lot[most > 0].tolist()) or 1
    aim, room, steps = grid.least // step, int((grid.lot * most).sum()) // step, 0
    best: dict[int, tuple[list[int], tuple[int, ...]]] = {0: ([], ())}
    for ranks, size, count in zip(rank_of, (grid.lot // step).tolist(), most.tolist(), strict=True):
        room -= size * count
        steps += len(best) * (count + 1)
        if steps > STEPS:
            return None
        grown: dict[int, tuple[list[int], tuple[int, ...]]] = {}
        for total, (borne, taken) in best.items():
            for lots in range(count + 1):
                reached = total + size * lots
                if not aim - room <= reached <= aim:
                    continue
                joined = list(borne)
                if lots:
                    insort(joined, ranks[lots - 1], key=lambda rank: -rank)
                kept = grown.get(reached)
                if kept is None or joined < kept[0]:
                    grown[reached] = (joined, (*taken, lots))
        best = grown
    return np.array(best[aim][1], dtype=np.int64)


def _ranks(grid: LotGrid, most: IntArray) -> list[list[int]]:
    """For each account, numbers of the burdens of its lots in order; equal ones are equal."""
    burdens: list[list[Fraction]] = [
        [grid.burden(i, lot * lots) for lots in range(1, count + 1)]
        for i, (lot, count) in enumerate(zip(grid.lot.tolist(), most.tolist(), strict=True))
    ]
    order = sorted({burden for own in burdens for burden in own})
    number = {burden: rank for rank, burden in enumerate(order, start=1)}
    return [[number[burden] for burden in own] for own in burdens]
