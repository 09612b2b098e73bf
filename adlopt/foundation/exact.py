"""Sums, products and the largest quotient of floats, without rounding.

Mantissas of one exponent are added in 64-bit integers, 26 and 27 bits apart, which holds 2³⁶ of
them; Python's integers add up the few exponents that occur. A product of two floats is the sum of
two [Dekker, A floating-point technique for extending the available precision, 1971].
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from adlopt.foundation.arrays import FloatArray, IntArray
from adlopt.foundation.compiling import pays

FEW = 64
"""Up to so many floats are added as fractions: all their denominators are powers of two."""
LOWER = 27
"""Bits of the lower half of a mantissa."""
SPARED = 1.5e-8
"""Seconds a number that compiled code saves."""
TINY = 1e-250
"""Products below lose digits as they are computed."""
SPLITTER = 2.0**27 + 1.0
"""Dekker's constant: splits a float into halves whose products are exact."""


def exact_sum(values: FloatArray) -> Fraction:
    """Σ of finite floats, exact."""
    if values.size <= FEW:
        pairs = [value.as_integer_ratio() for value in values.tolist()]
        whole = max((per for _, per in pairs), default=1)
        return Fraction(sum(number * (whole // per) for number, per in pairs), whole)
    values = np.ascontiguousarray(values)
    if not pays(SPARED * values.size):
        return _total(_halves(values))
    from adlopt.foundation import kernels

    halves = np.zeros((2048, 2), dtype=np.int64)
    kernels.add_mantissas(values, halves)
    return _total(halves)


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
    x, w = numerator[held], denominator[held]
    if not x.size:
        return Fraction(0)
    quotient = x / w
    top = quotient == quotient.max()
    x, w, quotient = x[top], w[top], quotient[top]
    if x.min() > 1e-200 and quotient[0] > 1e-200:
        product = quotient * w
        remainder = ((x - product) - _rest(quotient, w, product)) / w
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


def _halves(values: FloatArray) -> IntArray:
    """Sums of the halves of the mantissas of each biased exponent, shape (2048, 2)."""
    bits = values.view(np.int64)
    exponent = (bits >> 52) & 0x7FF
    mantissa = (bits & (2**52 - 1)) | ((exponent != 0).astype(np.int64) << 52)
    mantissa = np.where(bits < 0, -mantissa, mantissa)
    upper, lower = mantissa >> LOWER, mantissa & (2**LOWER - 1)
    sums = np.empty((2048, 2), dtype=np.int64)
    for k, half in enumerate((upper, lower)):
        sums[:, k] = np.bincount(exponent, weights=half, minlength=2048)
    return sums


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
