"""The fewest accounts whose whole lots sum to a budget, and the least worst burden on so few.

k accounts can raise B only if the k largest capacities do, but their lots may miss the exact sum.
First the k accounts are tried that raise B at the least level. Where they miss it, the sums that
accounts make are listed by how many of them it takes, for two halves of the accounts: two sums that
add up to B are an answer, and none is a proof. If they are too many, larger and larger sets of
accounts are tried, and the certificates state what is left unproved.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from adlopt.errors import NoSolution
from adlopt.foundation.arrays import IntArray
from adlopt.foundation.deadline import is_late
from adlopt.optimum.lots.least_burden import least_burden
from adlopt.optimum.lots.levels import first_level
from adlopt.optimum.lots.lot_grid import LotGrid
from adlopt.optimum.lots.subset_sum import room_for_all
from adlopt.optimum.lots.two_groups import TwoGroups

LISTED = 2**20
"""Sums that are listed for a half of the accounts, unless there are few enough to list all."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FewestLots:
    """Lots, (n,), and what is proved: no fewer accounts, and no lower burden on so many."""

    counts: IntArray
    fewest: int
    level: Fraction


def fewest_lots(grid: LotGrid, chosen: IntArray | None = None, end: float = math.inf) -> FewestLots:
    """Find lots of the fewest accounts that sum to the budget, at the least worst burden."""
    anyhow = least_burden(grid, end=end).counts
    if not grid.least:
        return FewestLots(counts=anyhow, fewest=0, level=Fraction(0))
    fewest = int(np.searchsorted(np.cumsum(np.sort(grid.cap)[::-1]), grid.least)) + 1
    level = _level(grid, fewest)
    if chosen is None:
        chosen = np.argsort(-grid.unit * grid.units_at(level), kind="stable")[:fewest]
    counts = _among(grid, chosen, end)
    unproven = counts is None or grid.level_of(grid.amounts(counts)) > level
    if unproven and not is_late(end):
        listed = _listed(grid, fewest)
        if listed is not None:
            return listed
    if counts is None:
        sets = (_among(grid, chosen, end) for chosen in _larger(grid, fewest) if not is_late(end))
        counts = next((found for found in sets if found is not None), anyhow)
    level = _level(grid, int(np.count_nonzero(counts)))
    return FewestLots(counts=counts, fewest=fewest, level=level)


def _level(grid: LotGrid, accounts: int) -> Fraction:
    """Least breakpoint at which some so many accounts raise the budget in whole lots, or more."""

    def enough(counts: IntArray) -> bool:
        value = grid.lot * counts
        largest = np.partition(value, -accounts)[-accounts:] if accounts < value.size else value
        return int(largest.sum()) >= grid.least

    return first_level(grid, enough, Fraction(0), grid.top)


def _among(grid: LotGrid, chosen: IntArray, end: float) -> IntArray | None:
    """Lots, (n,), of some accounts alone, at their least worst burden; None if none were found."""
    mask = np.isin(np.arange(grid.most.size), chosen)
    counts = np.zeros_like(grid.most)
    try:
        counts[mask] = least_burden(grid.among(mask), end=end).counts
    except NoSolution:
        return None
    return counts


def _larger(grid: LotGrid, accounts: int) -> Iterator[IntArray]:
    """The largest so many accounts, then one more, two, three, four, eight, sixteen and so on."""
    largest, more = np.argsort(-grid.cap, kind="stable"), 0
    while accounts + more < largest.size:
        yield largest[: accounts + more]
        more += max(1, more if more >= 4 else 1)


def _listed(grid: LotGrid, fewest: int) -> FewestLots | None:
    """The optimum, all sums listed; None if they are too many."""
    while (counts := _of_accounts(grid, grid.room, fewest)) is None:
        fewest += 1
    if not counts.size:
        return None
    low, high = _level(grid, fewest), grid.level_of(grid.amounts(counts))

    def enough(units: IntArray) -> bool:
        found = _of_accounts(grid, units, fewest)
        return found is not None and found.size > 0

    level = low if enough(grid.units_at(low)) else first_level(grid, enough, low, high)
    counts = _of_accounts(grid, grid.units_at(level), fewest)
    assert counts is not None, "fewer lots make fewer sums"
    return FewestLots(counts=counts, fewest=fewest, level=level)


def _of_accounts(grid: LotGrid, units: IntArray, accounts: int) -> IntArray | None:
    """At most so many lots, (n,), of so many accounts that sum to the budget; None if none do.

    Empty if the sums are too many to tell. An account that gives adds more than all money to its
    amounts: sums say how many they take.
    """
    more = int((grid.lot * units).sum()) + 1
    aim = accounts * more + grid.least
    room = max(LISTED, room_for_all(units.tolist()))
    groups, joined = TwoGroups(aim, room), list[int]()
    for i in np.argsort(units, kind="stable").tolist():
        own = more + int(grid.lot[i]) * np.arange(1, int(units[i]) + 1)
        if groups.complete and groups.add(np.r_[0, own]):
            joined.append(i)
    if not groups.complete:
        return np.zeros(0, dtype=np.int64)
    below, _ = groups.nearest(aim)
    if below is None or sum(below) < aim:
        return None
    counts = np.zeros_like(grid.most)
    for i, amount in zip(joined, groups.choices(*below), strict=True):
        counts[i] = amount % more // grid.lot[i] if amount else 0
    return counts
