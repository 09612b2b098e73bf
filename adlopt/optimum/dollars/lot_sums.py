"""Exact budgets in lots by dynamic programming over sums, for rounds with few of them.

A rank that never changes sides when the same burden joins both of two equal sums is minimised
account by account: of all ways to a sum only the best is kept. All numbers are integers; the
search is exhaustive.
"""

from __future__ import annotations

import math
from bisect import insort
from collections.abc import Callable
from fractions import Fraction
from typing import Any, TypeVar

import numpy as np

from adlopt.foundation.arrays import IntArray
from adlopt.optimum.lots.lot_grid import LotGrid

STEPS = 300_000
"""Bound on the steps of the program: reachable sums times the lots of the next account."""
LOTS = 20_000
"""Bound on the lots whose burdens are put in order."""
Rank = TypeVar("Rank", bound=Any)


def least_rank(
    grid: LotGrid, most: IntArray, none: Rank, join: Callable[[Rank, int], Rank]
) -> IntArray | None:
    """Lots, shape (n,), that sum to the budget with the least rank; None if there are too many.

    Parameters
    ----------
    grid : LotGrid
    most : IntArray, shape (n,)
        Lots allowed; they must be able to sum to the budget.
    none : Rank
        Rank of a haircut that takes nothing.
    join : callable
        Rank after one more account bears a burden, numbered from 1 in ascending order.
    """
    held = np.flatnonzero(most)
    if int(most.sum()) > LOTS:
        return None
    level = _numbered(grid, held, most)
    step = math.gcd(grid.budget, *grid.size[held].tolist()) or 1
    aim = grid.budget // step
    best: dict[int, tuple[Rank, tuple[int, ...]]] = {0: (none, ())}
    room, steps = int((grid.size * most).sum()) // step, 0
    for i in held.tolist():
        size, count = int(grid.size[i]) // step, int(most[i])
        room -= size * count
        steps += len(best) * (count + 1)
        if steps > STEPS:
            return None
        grown: dict[int, tuple[Rank, tuple[int, ...]]] = {}
        for total, (rank, taken) in best.items():
            for lots in range(count + 1):
                reached = total + size * lots
                if not aim - room <= reached <= aim:
                    continue
                joined = join(rank, level[i, lots]) if lots else rank
                kept = grown.get(reached)
                if kept is None or joined < kept[0]:
                    grown[reached] = (joined, (*taken, lots))
        best = grown
    counts = np.zeros_like(grid.most)
    counts[held] = best[aim][1]
    return counts


def sorted_burdens(rank: tuple[int, ...], level: int) -> tuple[int, ...]:
    """Join for leximin: burdens in descending order.

    Examples
    --------
    >>> sorted_burdens((5, 2), 3)
    (5, 3, 2)
    """
    merged = list(rank)
    insort(merged, level, key=lambda number: -number)
    return tuple(merged)


def few_then_fair(rank: tuple[int, int], level: int) -> tuple[int, int]:
    """Join for the number of accounts, then the worst burden.

    Examples
    --------
    >>> few_then_fair((1, 4), 2)
    (2, 4)
    """
    return rank[0] + 1, max(rank[1], level)


def _numbered(grid: LotGrid, held: IntArray, most: IntArray) -> dict[tuple[int, int], int]:
    """Number the burdens of every account and count; equal burdens have equal numbers."""
    burden: dict[tuple[int, int], Fraction] = {
        (i, lots): grid.level(i, lots) for i in held.tolist() for lots in range(1, int(most[i]) + 1)
    }
    number = {value: rank for rank, value in enumerate(sorted(set(burden.values())), start=1)}
    return {key: number[value] for key, value in burden.items()}
