"""Sums of choices, one for each of many: those of two groups are listed, and met in the middle."""

from __future__ import annotations

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
