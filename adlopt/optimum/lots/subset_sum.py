"""Which sums can be made of lots: a bounded subset-sum search that knows when it has proved it.

Large lots are taken greedily and the rest is met in the middle, of few sums first: 2¹⁸ of each of
two groups stand for 2³⁶ together.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from adlopt.foundation.arrays import BoolArray, IntArray

NOTHING: IntArray = np.zeros(1, dtype=np.int64)
LARGEST = 2**62 - 1
"""Limits stay at most this, so that two sums are exact in 64-bit integers."""
ENDLESS = 2**63 - 1
Pair = tuple[int, int]
"""A sum of either group."""


class TwoGroups:
    """All sums of what was added, up to a limit, as far as there is room for in each of two groups.

    While `complete`, a sum within the limit that is not there cannot be made.

    >>> groups = TwoGroups(20, 100)
    >>> groups.add(np.array([0, 5, 10])), groups.add(np.array([0, 3])), groups.complete
    (True, True, True)
    >>> groups.nearest(9), groups.choices(5, 3)
    (((5, 3), (10, 0)), [5, 3])
    """

    def __init__(self, limit: int, room: int) -> None:
        self.limit, self.room, self.complete = min(limit, LARGEST), room, limit <= LARGEST
        self.added: list[IntArray] = []
        self.members: tuple[list[int], list[int]] = ([], [])
        self.sums: tuple[list[IntArray], list[IntArray]] = ([NOTHING], [NOTHING])

    @property
    def full(self) -> bool:
        """Whether neither group has room for much."""
        return min(sums[-1].size for sums in self.sums) > self.room // 2

    def add(self, choices: IntArray) -> bool:
        """Add what one of them may be, ascending from 0, to the shorter group; False if it is 0."""
        group = int(self.sums[1][-1].size < self.sums[0][-1].size)
        sums = self.sums[group][-1]
        ends = np.searchsorted(sums, self.limit - choices, side="right")
        kept = max(int(np.searchsorted(np.cumsum(ends), 2 * self.room)), 1)
        self.complete = self.complete and kept >= choices.size
        if kept == 1 or choices.size == 1:
            return False
        pairs = zip(choices[:kept].tolist(), ends[:kept].tolist(), strict=True)
        wider = distinct(np.concatenate([sums[:end] + amount for amount, end in pairs]))
        self.complete = self.complete and wider.size <= self.room
        self.members[group].append(len(self.added))
        self.added.append(choices[:kept])
        self.sums[group].append(wider[: self.room])
        return True

    def nearest(self, target: int) -> tuple[Pair | None, Pair | None]:
        """The two sums that together are nearest below a target, or hit it, and above."""
        left, right = self.sums[0][-1], self.sums[1][-1]
        at = np.searchsorted(right, target - left, side="right")
        short = np.where(at > 0, target - left - right[np.maximum(at - 1, 0)], ENDLESS)
        low = int(np.argmin(short))
        below = (int(left[low]), int(right[at[low] - 1])) if at[low] else None
        at = np.searchsorted(right, target - left)
        within = np.minimum(at, right.size - 1)
        over = np.where(at < right.size, left + right[within] - target, ENDLESS)
        high = int(np.argmin(over))
        above = (int(left[high]), int(right[at[high]])) if at[high] < right.size else None
        return below, above

    def choices(self, *pair: int) -> list[int]:
        """What was chosen of each that was added, to make the sums of a pair."""
        chosen = [0] * len(self.added)
        for group, total in enumerate(pair):
            left = total
            for k, before in zip(self.members[group][::-1], self.sums[group][-2::-1], strict=True):
                own = self.added[k]
                chosen[k] = int(own[among(left - own, before)][0])
                left -= chosen[k]
        return chosen


def distinct(values: IntArray) -> IntArray:
    """Sort what is in order for long, and drop repeats."""
    ordered = np.sort(values, kind="stable")
    return ordered[np.r_[True, ordered[1:] != ordered[:-1]]] if ordered.size else ordered


def among(values: IntArray, ordered: IntArray) -> BoolArray:
    """Which of some values are among others in order."""
    at = np.minimum(np.searchsorted(ordered, values), ordered.size - 1)
    found: BoolArray = ordered[at] == values
    return found


SUMS = 2**18
"""How many sums of each group are listed to meet in the middle,"""
FEWER = 2**3, 2**7, 2**12
"""and how many before that, as most sums are met by few."""
SMALL_BITS = 44.0
"""Σ log₂(count + 1) up to which all sums of both groups are listed, however many they are."""
SIZES = 1_024
"""How many of the smallest sizes may go into the groups."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosestSums:
    """The nearest sums to a target that lots can make, below and above, with lots of each size.

    `above` is None if there is none; `proven` says that nothing nearer exists.
    """

    below: int
    above: int | None
    take_below: Mapping[int, int]
    take_above: Mapping[int, int] | None
    proven: bool


def closest_sums(available: Mapping[int, int], target: int, *, sums: int = SUMS) -> ClosestSums:
    """Find the sums Σ size · count, 0 ≤ count ≤ available, nearest to `target` from both sides.

    `sums` bounds each group that is listed, unless all fit.

    >>> found = closest_sums({5: 2, 3: 1}, 9)
    >>> found.below, found.above, found.proven
    (8, 10, True)
    """
    fit = {k: min(n, target // k + 1) for k, n in available.items() if n > 0 and k <= target}
    plain = _greedy(fit, target)
    if sum(size * count for size, count in plain.items()) == target:
        return ClosestSums(
            below=target, above=target, take_below=plain, take_above=plain, proven=True
        )
    first, *more = (*FEWER, max(sums, room_for_all(fit.values())))
    found = _meet_in_the_middle(fit, target, first)
    for room in more:
        if found.proven:
            break
        found = _nearer(found, _meet_in_the_middle(fit, target, room))
    return or_one_larger(found, available, target)


def room_for_all(counts: Iterable[int]) -> int:
    """Sums that each of two groups may list for all of so many lots to be; 0 of too many lots."""
    bits = math.fsum(math.log2(count + 1) for count in counts)
    return 2 ** (math.ceil(bits / 2) + 3) if bits <= SMALL_BITS else 0


def or_one_larger(found: ClosestSums, available: Mapping[int, int], target: int) -> ClosestSums:
    """The same, or the smallest lot above the target: with others it is farther."""
    larger = min((k for k, count in available.items() if k > target and count > 0), default=None)
    if larger is None or (found.above is not None and found.above <= larger):
        return found
    return replace(found, above=larger, take_above={larger: 1})


def _nearer(one: ClosestSums, other: ClosestSums) -> ClosestSums:
    """Keep the nearer sum on either side."""
    below = max(one, other, key=lambda found: found.below)
    above = min(one, other, key=lambda found: math.inf if found.above is None else found.above)
    hit = next((f for f in (below, above) if f.below == f.above), None)
    return ClosestSums(
        below=below.below,
        above=above.above,
        take_below=below.take_below,
        take_above=above.take_above,
        proven=hit is not None or one.proven or other.proven,
    )


def _meet_in_the_middle(available: Mapping[int, int], target: int, sums: int) -> ClosestSums:
    """Take large lots greedily, then the best two sums of the smallest lots."""
    groups, bundles = _two_groups(available, target, sums)
    spare = dict(available)
    for size, lots in bundles:
        spare[size] -= lots
    taken = _greedy(spare, target - sum(size * lots for size, lots in bundles) // 2)
    pairs = groups.nearest(target - sum(size * count for size, count in taken.items()))
    options = []
    for pair in pairs:
        made = None if pair is None else dict(taken)
        if pair is not None and made is not None:
            for (size, lots), weight in zip(bundles, groups.choices(*pair), strict=True):
                if weight:
                    made[size] = made.get(size, 0) + lots
        options.append(made)
    totals = [None if o is None else sum(k * count for k, count in o.items()) for o in options]
    below, take_below = totals[0], options[0]
    assert below is not None, "to take none never exceeds the target"
    step = math.gcd(*available) or 1
    ideal = target - below == target % step and totals[1] == target + -target % step
    return ClosestSums(
        below=below,
        above=totals[1],
        take_below=take_below or {},
        take_above=options[1],
        proven=(groups.complete and len(spare) <= SIZES) or ideal,
    )


def _two_groups(
    available: Mapping[int, int], target: int, sums: int
) -> tuple[TwoGroups, list[tuple[int, int]]]:
    """Deal the smallest lots to two groups.

    The nearest sum above exceeds the target by less than a lot of its own; if the sums up to there
    are too many, those up to the target must do.
    """
    largest = max(available, default=0)
    narrow, dealt = _deal(available, target, sums)
    if narrow.complete:
        wide, all_dealt = _deal(available, target + largest, sums)
        if wide.complete:
            return wide, all_dealt
        narrow.complete = False
    return narrow, dealt


def _deal(
    available: Mapping[int, int], limit: int, sums: int
) -> tuple[TwoGroups, list[tuple[int, int]]]:
    """Bundles of 1, 2, 4, … lots of a size and a rest make every count."""
    groups, dealt = TwoGroups(limit, sums), list[tuple[int, int]]()
    bundles = []
    for size in sorted(size for size in available if size <= groups.limit)[:SIZES]:
        left, lots = available[size], 1
        while left > 0:
            bundles.append((size * min(lots, left), size, min(lots, left)))
            left, lots = left - lots, 2 * lots
    for weight, size, lots in sorted(bundles):
        if weight <= groups.limit and groups.add(np.array([0, weight])):
            dealt.append((size, lots))
        if not groups.complete:
            break
    return groups, dealt


def _greedy(spare: Mapping[int, int], target: int) -> dict[int, int]:
    """Take lots, largest first, up to a target."""
    taken: dict[int, int] = {}
    for size in sorted(spare, reverse=True):
        if size <= target and spare[size]:
            taken[size] = min(spare[size], target // size)
            target -= size * taken[size]
    return taken
