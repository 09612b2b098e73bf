"""Compiled loops over accounts, for rounds of `adlopt.arrays.MANY` accounts and more.

Every kernel has a twin in numpy where it is called from, which smaller rounds use and tests hold
it equal to. Kernels run on one thread, in the order of the accounts, without reassociation: equal
input gives equal bits. Compiled code is kept on disk; numba is loaded here and nowhere else.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from adlopt.arrays import BoolArray, FloatArray, IntArray

_compiled = njit(cache=True, nogil=True)
_inlined = njit(inline="always")


@_inlined
def _add(bits: np.uint64, halves: IntArray) -> None:
    """Add a float's mantissa, in halves of 26 and 27 bits, to the row of its exponent."""
    exponent = (bits >> np.uint64(52)) & np.uint64(0x7FF)
    fraction = bits & np.uint64(0xFFFFFFFFFFFFF)
    mantissa = np.int64(fraction | (np.uint64(exponent != 0) << np.uint64(52)))
    sign = np.int64(bits) >> 63
    mantissa = (mantissa ^ sign) - sign
    halves[exponent, 0] += mantissa >> 27
    halves[exponent, 1] += mantissa & 0x7FFFFFF


@_compiled
def add_mantissas(values: FloatArray, halves: IntArray) -> None:
    """Add every value to halves, shape (2048, 2); twin of `adlopt.exact._halves`."""
    bits = values.view(np.uint64)
    for i in range(bits.size):
        _add(bits[i], halves)


@_compiled
def add_either(first: FloatArray, second: FloatArray, chosen: BoolArray, halves: IntArray) -> None:
    """Add the first value where chosen, else the second, to halves[1] or halves[0]."""
    one, other = first.view(np.uint64), second.view(np.uint64)
    for i in range(one.size):
        if chosen[i]:
            _add(one[i], halves[1])
        else:
            _add(other[i], halves[0])


@_compiled
def filled(weights: FloatArray, capacity: FloatArray, level: float) -> tuple[int, float, float]:
    """Count accounts that a level fills, sum what they give and what the others weigh.

    Twin of `adlopt.waterfill._filled`; sums are taken in blocks, to lose fewer digits.
    """
    full, given, slope = 0, 0.0, 0.0
    for start in range(0, weights.size, 1024):
        block_given, block_slope = 0.0, 0.0
        for i in range(start, min(start + 1024, weights.size)):
            at_cap = capacity[i] <= weights[i] * level
            full += at_cap
            block_given += capacity[i] if at_cap else 0.0
            block_slope += 0.0 if at_cap else weights[i]
        given += block_given
        slope += block_slope
    return full, given, slope
