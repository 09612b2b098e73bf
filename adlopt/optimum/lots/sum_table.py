"""Which sums can be made of lots, where they are few: all of them, as the bits of one integer.

Money counts in greatest common divisors of the lots, and where what a sum leaves of all lots is the
lesser, that is made: of ten million sums on either side every one is known.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from adlopt.foundation.deadline import is_late
from adlopt.optimum.lots.subset_sum import ClosestSums, closest_sums, or_one_larger

SUMS = 10_000_000
"""Sums up to the target that are always looked at, if another search does not tell."""
QUICK = 2**28
"""Sums times bundles of lots that are looked at before any other search."""


def nearest_sums(available: Mapping[int, int], target: int) -> ClosestSums:
    """Find what `closest_sums` finds, proven if either side has few sums and time is left."""
    fit = {k: min(n, target // k) for k, n in available.items() if n and k <= target}
    room = target // (math.gcd(*fit) or 1) + 1
    bundles = sum(map(int.bit_length, fit.values()))
    quick = room <= SUMS and room * bundles <= QUICK
    if quick and (listed := sums_listed(available, target)) is not None:
        return listed
    found = closest_sums(available, target)
    if not found.proven and room <= SUMS:
        return sums_listed(available, target) or found
    rest = sum(size * count for size, count in available.items()) - target
    if not found.proven and 0 <= rest // math.gcd(*available) < SUMS:
        left = sums_listed(available, rest)
        return found if left is None else _complement(left, available, rest + target)
    return found


def sums_listed(available: Mapping[int, int], target: int) -> ClosestSums | None:
    """Find the nearest sums to a target among all sums; None if time is up.

    A sum nearest above the target stays below twice the target, unless it is a single lot. Lots of
    a size are added in bundles of 1, 2, 4, … and a rest, each by one shift of all sums so far.

    >>> found = sums_listed({5: 2, 3: 1}, 9)
    >>> found.below, found.above, found.proven
    (8, 10, True)
    """
    step = math.gcd(*(k for k, n in available.items() if n and k <= target)) or 1
    low, high = target // step, -(-target // step)
    sizes = {k // step: n for k, n in available.items() if n and k <= target}
    table = _Table(sizes, high, low, high)
    if not table.fill():
        return None
    if not table.holds_both:
        table = _Table(sizes, 2 * high, low, high)
        if not table.fill():
            return None
    below = (table.sums & ((2 << low) - 1)).bit_length() - 1
    upper = table.sums >> high
    above = high + (upper & -upper).bit_length() - 1 if upper else None
    taken = {total: table.lots(total, step) for total in {below, above} if total is not None}
    found = ClosestSums(
        below=below * step,
        above=None if above is None else above * step,
        take_below=taken[below],
        take_above=None if above is None else taken[above],
        proven=True,
    )
    return or_one_larger(found, available, target)


def _complement(left: ClosestSums, available: Mapping[int, int], whole: int) -> ClosestSums:
    """What is taken where something else is left."""

    def taken(rest: Mapping[int, int]) -> dict[int, int]:
        counts = {size: count - rest.get(size, 0) for size, count in available.items()}
        return {size: count for size, count in counts.items() if count}

    assert left.above is not None, "all lots are enough"
    assert left.take_above is not None, "they make their sum"
    return ClosestSums(
        below=whole - left.above,
        above=whole - left.below,
        take_below=taken(left.take_above),
        take_above=taken(left.take_below),
        proven=True,
    )


class _Table:
    """Sums up to a limit as bits, and of each the bundle of lots by which it was first made.

    The bundle's place, from 1 on, is told digit by digit: `places[k]` are sums whose digit k is 1.
    """

    def __init__(self, sizes: Mapping[int, int], limit: int, low: int, high: int) -> None:
        self.sizes, self.limit, self.low, self.high = sizes, limit, low, high
        self.sums, self.bundles, self.places = 1, list[tuple[int, int]](), list[int]()

    @property
    def holds_both(self) -> bool:
        """Whether sums are as near to the target as sums can be."""
        return bool(self.sums >> self.low & self.sums >> self.high & 1)

    def fill(self) -> bool:
        """Add lots until the nearest sums are there; False if time is up before."""
        within = (2 << self.limit) - 1
        for size in sorted(self.sizes):
            left, lots = min(self.sizes[size], self.limit // size), 1
            while left > 0 and not self.holds_both:
                if is_late():
                    return False
                lots = min(lots, left)
                wider = (self.sums | self.sums << size * lots) & within
                self.bundles.append((size, lots))
                self._note(wider ^ self.sums)
                self.sums = wider
                left, lots = left - lots, 2 * lots
        return True

    def _note(self, new: int) -> None:
        place = len(self.bundles)
        if place.bit_length() > len(self.places):
            self.places.append(0)
        for k in range(place.bit_length()):
            if place >> k & 1:
                self.places[k] |= new

    def lots(self, total: int, step: int) -> dict[int, int]:
        """Lots of each size that make a sum: before the bundle that first made it, others did."""
        taken: dict[int, int] = {}
        digits = [sums.to_bytes(self.limit // 8 + 1, "little") for sums in self.places]
        while total:
            byte, bit = divmod(total, 8)
            place = sum((sums[byte] >> bit & 1) << k for k, sums in enumerate(digits))
            size, lots = self.bundles[place - 1]
            taken[size * step] = taken.get(size * step, 0) + lots
            total -= size * lots
        return taken
