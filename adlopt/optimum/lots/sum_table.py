"""Which small sums can be made of lots: all of them, as the bits of one integer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from adlopt.optimum.lots.subset_sum import ClosestSums

BITS = 2**28
"""So many bits of tables are kept to tell which lots make a sum."""


_Bundle: TypeAlias = tuple[int, int, int]
"""Size of its lots, how many, and the sums before it was added."""


def closest_small_sums(available: Mapping[int, int], target: int) -> ClosestSums | None:
    """Find what `closest_sums` finds, always proven; None if the tables would be too large.

    A sum nearest above the target stays below twice the target, unless it is a single lot. Lots of
    a size are added in bundles of 1, 2, 4, … and a rest, each by one shift of all sums so far.
    """
    tables = _tables(available, target, target)
    if tables is None or not tables[0] >> target & 1:
        tables = _tables(available, target, 2 * target)
    if tables is None:
        return None
    table, bundles = tables
    below = (table & ((2 << target) - 1)).bit_length() - 1
    upper = table >> target
    above = target + (upper & -upper).bit_length() - 1 if upper else None
    take_above = None if above is None else _lots(bundles, above)
    larger = min((k for k, count in available.items() if k > target and count > 0), default=None)
    if larger is not None and (above is None or larger < above):
        above, take_above = larger, {larger: 1}
    return ClosestSums(
        below=below,
        above=above,
        take_below=_lots(bundles, below),
        take_above=take_above,
        proven=True,
    )


def _tables(
    available: Mapping[int, int], target: int, limit: int
) -> tuple[int, list[_Bundle]] | None:
    """Sums up to a limit as bits, and the bundles that made them, until the target is hit."""
    table, bundles, within = 1, list[_Bundle](), (2 << limit) - 1
    for size in sorted(size for size in available if size <= target):
        left, lots = min(available[size], limit // size), 1
        while left > 0 and not table >> target & 1:
            if (len(bundles) + 1) * limit > BITS:
                return None
            lots = min(lots, left)
            bundles.append((size, lots, table))
            table |= table << (size * lots) & within
            left, lots = left - lots, 2 * lots
    return table, bundles


def _lots(bundles: list[_Bundle], total: int) -> dict[int, int]:
    """Lots of each size that make a sum: a bundle was needed where the sum was new."""
    taken: dict[int, int] = {}
    for size, lots, before in reversed(bundles):
        if not before >> total & 1:
            taken[size] = taken.get(size, 0) + lots
            total -= size * lots
    return taken
