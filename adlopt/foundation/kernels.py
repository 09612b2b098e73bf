"""Compiled loops over accounts, loaded where `adlopt.foundation.compiling` says that they pay.

Every kernel has a twin in numpy where it is called from, which tests hold it equal to; loops that
are plain Python elsewhere are compiled by `compiled`. Kernels run on one thread, in the order of
the accounts, without reassociation: equal input gives equal bits. Compiled code is kept on disk.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, TypeAlias

import numpy as np
from numba import njit
from numba.extending import register_jitable

from adlopt.foundation.arrays import FloatArray, IntArray

Accounts: TypeAlias = tuple[IntArray, IntArray, FloatArray, FloatArray]
"""Micro-dollars a lot, lots, USD of weight, and weight / lot, each of shape (n,)."""
BLOCK = 1_024
"""Accounts that are looked at together: sums keep more digits, and exact arithmetic is rare."""

_compiled = njit(cache=True, nogil=True)
_inlined = njit(inline="always")


@cache
def compiled(function: Callable[..., Any], *called: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a plain function, and those that it calls, when it is first called."""
    for other in called:
        register_jitable(other)
    made: Callable[..., Any] = _compiled(function)
    return made


@_compiled
def add_mantissas(values: FloatArray, halves: IntArray) -> None:
    """Add mantissas, in halves of 26 and 27 bits, to the rows of their exponents, (2048, 2).

    Twin of `adlopt.foundation.exact._exact_parts`: their sums are the same.
    """
    for bits in values.view(np.uint64):
        exponent = (bits >> np.uint64(52)) & np.uint64(0x7FF)
        fraction = bits & np.uint64(0xFFFFFFFFFFFFF)
        mantissa = np.int64(fraction | (np.uint64(exponent != 0) << np.uint64(52)))
        sign = np.int64(bits) >> 63
        mantissa = (mantissa ^ sign) - sign
        halves[exponent, 0] += mantissa >> 27
        halves[exponent, 1] += mantissa & 0x7FFFFFF


@_compiled
def filled(weights: FloatArray, capacity: FloatArray, level: float, lanes: FloatArray) -> int:
    """Count accounts that a level fills; add what they give, and others weigh, to lanes."""
    full, width = 0, lanes.shape[1]
    for start in range(0, weights.size, width):
        weight, cap = weights[start : start + width], capacity[start : start + width]
        for i in range(weight.size):
            at_cap = cap[i] <= weight[i] * level
            full += at_cap
            lanes[0, i] += cap[i] if at_cap else 0.0
            lanes[1, i] += 0.0 if at_cap else weight[i]
    return full


@_inlined
def _parts(number: float) -> tuple[np.uint64, np.int64]:
    """Mantissa and exponent of a normal float > 0: the number is mantissa · 2^exponent."""
    bits = np.float64(number).view(np.uint64)
    fraction = bits & np.uint64(0xFFFFFFFFFFFFF)
    return fraction | np.uint64(0x10000000000000), np.int64(bits >> np.uint64(52)) - 1075


@_inlined
def _wide(number: int, mantissa: np.uint64) -> tuple[np.uint64, np.uint64]:
    """Product of up to 63 and 53 bits, as upper and lower 64 bits."""
    whole, low = np.uint64(number), np.uint64(0xFFFFFFFF)
    half = np.uint64(32)
    bottom = (whole & low) * (mantissa & low)
    middle = (whole >> half) * (mantissa & low) + (bottom >> half)
    cross = (whole & low) * (mantissa >> half) + (middle & low)
    upper = (whole >> half) * (mantissa >> half) + (middle >> half) + (cross >> half)
    return upper, (cross << half) | (bottom & low)


@_inlined
def _shifted(upper: np.uint64, lower: np.uint64, by: np.int64) -> tuple[np.uint64, np.uint64]:
    if by >= 64:
        return lower << np.uint64(by - 64), np.uint64(0)
    if by > 0:
        bits = np.uint64(by)
        return (upper << bits) | (lower >> (np.uint64(64) - bits)), lower << bits
    return upper, lower


@_inlined
def _fits(money: int, weight: float, num: int, den: float, strict: bool) -> bool:
    """Whether money / weight ≤ num / den, or < where strict, where the two are nearly equal."""
    mine, my_exponent = _parts(den)
    other, other_exponent = _parts(weight)
    left = _wide(money, mine)
    right = _wide(num, other)
    left = _shifted(left[0], left[1], my_exponent - other_exponent)
    right = _shifted(right[0], right[1], other_exponent - my_exponent)
    if left[0] != right[0]:
        return bool(left[0] < right[0])
    return bool(left[1] < right[1] or (left[1] == right[1] and not strict))


@_compiled
def _settled(
    size: int, most: int, weight: float, num: int, den: float, ratio: float, strict: bool
) -> int:
    """Lots of an account within num / den micro-dollars a dollar of weight, where floats doubt."""
    if ratio * (1.0 - 4e-15) > most + 1.0:
        return most
    count = min(int(ratio + 0.5), most)
    while count > 0 and not _fits(count * size, weight, num, den, strict):
        count -= 1
    while 0 < count < most and _fits((count + 1) * size, weight, num, den, strict):
        count += 1
    return count


@_inlined
def _ratio(per_level: float, most: int, near: float) -> float:
    """Lots that a level allows, as a float; capped between two whole numbers."""
    return min(per_level * near, most + 1.5)


@_inlined
def _doubtful(ratio: float) -> bool:
    """Whether rounding could move the ratio past a whole number."""
    apart, doubt = ratio - int(ratio), 4e-15 * ratio
    return (apart < doubt) | (apart > 1.0 - doubt)


@_compiled
def _count(accounts: Accounts, num: int, den: float, strict: bool, into: IntArray) -> None:
    """Write the lots of some accounts: all in floats, then those again that floats doubt."""
    size, most, weight, per_level = accounts
    near, doubts = num / den, 0
    for i in range(size.size):
        ratio = _ratio(per_level[i], most[i], near)
        into[i] = min(int(ratio), most[i])
        doubts += _doubtful(ratio)
    if doubts:
        for i in range(size.size):
            ratio = _ratio(per_level[i], most[i], near)
            if _doubtful(ratio):
                whole = per_level[i] * near
                into[i] = _settled(size[i], most[i], weight[i], num, den, whole, strict)


@_inlined
def _block(accounts: Accounts, start: int) -> Accounts:
    size, most, weight, per_level = accounts
    here = slice(start, start + BLOCK)
    return size[here], most[here], weight[here], per_level[here]


@_compiled
def counts(accounts: Accounts, num: int, den: float, strict: bool) -> IntArray:
    """Lots of each account within the level num / den, or below it where strict.

    The level is in micro-dollars a dollar of weight; twin of `LotGrid._units_plainly`.
    """
    found = np.empty(accounts[0].size, np.int64)
    for start in range(0, found.size, BLOCK):
        _count(_block(accounts, start), num, den, strict, found[start : start + BLOCK])
    return found


@_compiled
def supply(accounts: Accounts, num: int, den: float, strict: bool) -> tuple[int, int]:
    """Sum of `counts`, and the micro-dollars that so many lots make."""
    lots, money, found = 0, 0, np.empty(BLOCK, np.int64)
    for start in range(0, accounts[0].size, BLOCK):
        block = _block(accounts, start)
        _count(block, num, den, strict, found)
        for i in range(block[0].size):
            lots += found[i]
            money += found[i] * block[0][i]
    return lots, money


@_compiled
def pool(size: IntArray, counts: IntArray, keys: IntArray, sums: IntArray) -> bool:
    """Sum counts by size in a hash table of 2^k slots, 0 where free; False if half full."""
    last, free = keys.size - 1, keys.size // 2
    for i in range(size.size):
        if counts[i] > 0:
            slot = (size[i] * 0x9E3779B97F4A7C1 >> 20) & last
            while keys[slot] != size[i]:
                if keys[slot] == 0:
                    free -= 1
                    if free < 0:
                        return False
                    keys[slot] = size[i]
                else:
                    slot = (slot + 1) & last
            sums[slot] += counts[i]
    return True
