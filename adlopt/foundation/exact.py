"""Sums, products and the largest quotient of floats, without rounding.

Upper bits of many floats are added as floats where that is exact, then those below; Python's
integers add up the few sums. Compiled code adds halves of mantissas of one exponent as integers, 26
and 27 bits apart, which holds 2³⁶ of them. A product of two floats is the sum of two [Dekker, A
floating-point technique for extending the available precision, 1971].
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from adlopt.foundation.arrays import FloatArray, IntArray
from adlopt.foundation.compiling import pays

FEW = 64
"""Up to so many floats are added as fractions: all their denominators are powers of two."""
LOWER = 27
"""Bits of the lower half of a mantissa, in compiled code."""
SPARED = 4e-9
"""Seconds a number that compiled code saves."""
BLOCK = 2**13
"""So many floats are added together: they stay in the cache."""
LARGE = 2.0**512
"""A block of floats beyond is added as fractions: its sum might be no float."""
TINY = 1e-250
"""Products below lose digits as they are computed."""
SPLITTER = 2.0**27 + 1.0
"""Dekker's constant: splits a float into halves whose products are exact."""


def exact_sum(values: FloatArray) -> Fraction:
    """Σ of finite floats, exact."""
    if values.size > FEW and pays(SPARED * values.size):
        from adlopt.foundation import kernels

        halves = np.zeros((2048, 2), dtype=np.int64)
        kernels.add_mantissas(np.ascontiguousarray(values), halves)
        return _total(halves)
    parts = values.tolist() if values.size <= FEW else _exact_parts(values)
    pairs = [part.as_integer_ratio() for part in parts]
    whole = max((per for _, per in pairs), default=1)
    return Fraction(sum(number * (whole // per) for number, per in pairs), whole)


def exact_dot(left: FloatArray, right: FloatArray) -> Fraction:
    """Σ left · right, exact where no product exceeds 1e250."""
    low = Fraction(0)
    if _smallest(left) * _smallest(right) < TINY:
        tiny = (np.abs(left * right) < TINY) & (left != 0) & (right != 0)
        pairs = zip(left[tiny].tolist(), right[tiny].tolist(), strict=True)
        low = sum((Fraction(a) * Fraction(b) for a, b in pairs), low)
        left, right = left[~tiny], right[~tiny]
    product = left * right
    return low + exact_sum(product) + exact_sum(_rest(left, right, product))


def _smallest(values: FloatArray) -> float:
    """Distance of the values from 0, of those that are not; at most 1."""
    return float(np.abs(values).min(where=values != 0, initial=1.0))


def largest_quotient(numerator: FloatArray, denominator: FloatArray) -> Fraction:
    """The largest numerator / denominator over positive denominators, at least 0, exact.

    Rounding to nearest keeps the order, so the largest is among those of the largest rounded
    quotient, and among them of the largest rounded remainder over the denominator.
    """
    held = (denominator > 0) & (numerator > 0)
    if not held.any():
        return Fraction(0)
    quotient = np.divide(numerator, denominator, out=np.zeros_like(numerator), where=held)
    highest = quotient.max()
    top = (quotient == highest) & held
    x, w = numerator[top], denominator[top]
    if x.min() > 1e-200 and highest > 1e-200:
        product = highest * w
        remainder = ((x - product) - _rest(highest, w, product)) / w
        top = remainder == remainder.max()
        x, w = x[top], w[top]
        # Most are the same quotient: the products that say so, and what rounding took from them.
        one, other = x * w[:1], w * x[:1]
        apart = (one != other) | (_rest(x, w[:1], one) != _rest(w, x[:1], other))
        apart[0] = True
        x, w = x[apart], w[apart]
    pairs = np.unique(np.stack([x, w]), axis=1)
    return max(Fraction(a) / Fraction(b) for a, b in pairs.T.tolist())


def _rest(left: FloatArray, right: FloatArray, product: FloatArray) -> FloatArray:
    """What rounding took from the products."""
    a, b = left * SPLITTER, right * SPLITTER
    left_high, right_high = a - (a - left), b - (b - right)
    left_low, right_low = left - left_high, right - right_high
    missed = ((product - left_high * right_high) - left_low * right_high) - left_high * right_low
    rest: FloatArray = left_low * right_low - missed
    return rest


def _exact_parts(values: FloatArray) -> list[float]:
    """Floats of the same exact sum, a few for each block.

    A power of two that exceeds all of a block together takes the upper bits of each value, which
    add up without rounding; what is left are lower ones [Rump, Ogita & Oishi, Accurate
    floating-point summation, 2008].
    """
    parts = []
    for start in range(0, values.size, BLOCK):
        left = values[start : start + BLOCK]
        while top := max(float(left.max()), -float(left.min())):
            if not top <= LARGE:
                parts += left.tolist()
                break
            cut = math.ldexp(BLOCK, math.frexp(top)[1])
            upper = left + cut
            upper -= cut
            parts.append(float(upper.sum()))
            left = np.subtract(left, upper, out=upper)
    return parts


def _total(halves: IntArray) -> Fraction:
    used = np.flatnonzero(halves[:, 0] | halves[:, 1])
    if not used.size:
        return Fraction(0)
    lowest = max(int(used[0]), 1)
    total = 0
    for exponent, (upper, lower) in zip(used.tolist(), halves[used].tolist(), strict=True):
        total += ((upper << LOWER) + lower) << (max(exponent, 1) - lowest)
    place = lowest - 1075
    return Fraction(total << place) if place > 0 else Fraction(total, 1 << -place)
