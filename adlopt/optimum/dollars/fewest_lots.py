"""The fewest accounts whose whole lots sum to a budget, and the least worst burden on so few.

k accounts can raise B only if the k largest capacities do, but their lots may miss the exact sum.
First the k accounts are tried that raise B at the least level. Where they miss it, the sums that
accounts make are listed by how many of them it takes, for two halves of the accounts: two sums that
add up to B are an answer, and none is a proof. If they are too many, larger and larger sets of
accounts are tried, and the certificates state what is left unproved.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from adlopt.errors import NoSolution
from adlopt.foundation.arrays import IntArray
from adlopt.optimum.lots.amounts import distinct
from adlopt.optimum.lots.least_burden import least_burden
from adlopt.optimum.lots.levels import first_level
from adlopt.optimum.lots.lot_grid import LotGrid

LISTED = 2**20
"""Sums that are listed for a half of the accounts."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FewestLots:
    """Lots, (n,), and what is proved: no fewer accounts, and no lower burden on so many as these.

    Parameters
    ----------
    counts : IntArray, shape (n,)
    fewest : int
    level : Fraction
    """

    counts: IntArray
    fewest: int
    level: Fraction


def fewest_lots(grid: LotGrid) -> FewestLots:
    """Find lots of as few accounts as possible that sum to the budget, at the least worst burden.

    Examples
    --------
    >>> grid = LotGrid.of_lots([4, 3, 2], [3, 3, 4], [12.0, 9.0, 8.0], least=17)
    >>> best = fewest_lots(grid)
    >>> best.counts, best.fewest
    (array([0, 3, 4]), 2)
    """
    anyhow = least_burden(grid).counts
    if not grid.least:
        return FewestLots(counts=anyhow, fewest=0, level=Fraction(0))
    fewest = int(np.searchsorted(np.cumsum(np.sort(grid.cap)[::-1]), grid.least)) + 1
    level = _level(grid, fewest)
    counts = _among(grid, np.argsort(-grid.unit * grid.units_at(level), kind="stable")[:fewest])
    if counts is None or grid.level_of(grid.amounts(counts)) > level:
        listed = _listed(grid, fewest)
        if listed is not None:
            return listed
    if counts is None:
        sets = (_among(grid, chosen) for chosen in _larger(grid, fewest))
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


def _among(grid: LotGrid, chosen: IntArray) -> IntArray | None:
    """Lots, (n,), of some accounts alone, at their least worst burden; None if none were found."""
    mask = np.isin(np.arange(grid.most.size), chosen)
    counts = np.zeros_like(grid.most)
    try:
        counts[mask] = least_burden(grid.among(mask)).counts
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

    def found(units: IntArray) -> IntArray | None:
        halves = _Halves.of(grid, units, fewest)
        return None if halves is None else halves.counts(fewest)

    while (counts := found(grid.room)) is None:
        if _Halves.of(grid, grid.room, fewest) is None:
            return None
        fewest += 1
    low, level = _level(grid, fewest), grid.level_of(grid.amounts(counts))
    if found(grid.units_at(low)) is None:
        low = first_level(grid, lambda units: found(units) is not None, low, level)
    counts = found(grid.units_at(low))
    assert counts is not None, "fewer lots make fewer sums"
    return FewestLots(counts=counts, fewest=fewest, level=low)


Sums = dict[int, IntArray]
"""By how many accounts they take: sums that some accounts make, ascending."""


@dataclass(frozen=True, slots=True)
class _Halves:
    """Sums of two halves of the accounts, as one account after the other joined them."""

    grid: LotGrid
    members: tuple[list[int], list[int]]
    steps: tuple[list[Sums], list[Sums]]

    @classmethod
    def of(cls, grid: LotGrid, units: IntArray, accounts: int) -> _Halves | None:
        """List sums of so many lots, shape (n,), on so many accounts; None if they are too many."""
        nothing: Sums = {0: np.zeros(1, dtype=np.int64)}
        halves = cls(grid, ([], []), ([nothing], [nothing]))
        sizes = [1, 1]
        for i in np.argsort(units).tolist():
            half, most = int(sizes[1] < sizes[0]), int(units[i])
            if not most:
                continue
            if sizes[half] * most > 8 * LISTED:
                return None
            after = _with(halves.steps[half][-1], int(grid.lot[i]), most, grid.least, accounts)
            sizes[half] = sum(sums.size for sums in after.values())
            if sizes[half] > LISTED:
                return None
            halves.members[half].append(i)
            halves.steps[half].append(after)
        return halves

    def counts(self, accounts: int) -> IntArray | None:
        """Lots, (n,), of so many accounts that sum to the budget; None if there are none."""
        left, right = (steps[-1] for steps in self.steps)
        for few, sums in left.items():
            others = right.get(accounts - few)
            if others is not None:
                rest = self.grid.least - sums
                at = np.searchsorted(others, rest)
                hits = np.flatnonzero(others[np.minimum(at, others.size - 1)] == rest)
                if hits.size:
                    total = int(sums[hits[0]])
                    return self._taken(few, total, accounts - few, self.grid.least - total)
        return None

    def _taken(self, few: int, total: int, others: int, rest: int) -> IntArray:
        counts = np.zeros_like(self.grid.most)
        for half, (left, made) in enumerate(((few, total), (others, rest))):
            joined = list(zip(self.members[half], self.steps[half], strict=False))
            while joined:
                i, before = joined.pop()
                if left in before and made in before[left]:
                    continue
                lot = int(self.grid.lot[i])
                earlier = made - lot * np.arange(1, made // lot + 1)
                counts[i] = 1 + int(np.flatnonzero(np.isin(earlier, before[left - 1]))[0])
                left, made = left - 1, made - lot * int(counts[i])  # noqa: PLW2901
        return counts


def _with(sums: Sums, lot: int, most: int, highest: int, accounts: int) -> Sums:
    """The sums that one more account makes with those before."""
    taken = lot * np.arange(1, min(most, highest // lot) + 1)
    after = dict(sums)
    for few, before in sums.items():
        if few < accounts:
            added = np.add.outer(taken, before).ravel()
            both = np.concatenate([sums.get(few + 1, added[:0]), added[added <= highest]])
            after[few + 1] = distinct(both)
    return after
