"""Arrays that cannot change, and records made of them.

A slice of a larger array leaks every other round behind ``.base``, and an array that owns its
memory can be made writeable again. One over a `bytes` object can do neither: a round hands out
that.
"""

from __future__ import annotations

import zlib
from dataclasses import fields
from decimal import Decimal
from functools import partial
from numbers import Real
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from adlopt.errors import InputError
from adlopt.foundation.labels import in_order

FloatArray: TypeAlias = NDArray[np.float64]
BoolArray: TypeAlias = NDArray[np.bool_]
IntArray: TypeAlias = NDArray[np.int64]
AnyArray: TypeAlias = NDArray[Any]

LARGEST_USD = 1e15
"""Above this, float64 no longer resolves a tenth of a dollar: input is taken to be a mistake."""

SMALLEST_USD = 1e-100
"""Below this, input is taken to be zero: dividing by it would overflow."""


def own(
    values: ArrayLike,
    field: str,
    *,
    length: int | None = None,
    lowest: float = -LARGEST_USD,
    remedy: str = "",
) -> FloatArray:
    """Copy finite numbers into read-only memory that nobody else holds: `setflags` cannot undo it.

    Of that `length` and at least `lowest`; `field` names them in errors, and `remedy` is the advice
    to whose values are lower.
    """
    copied = _as_floats(values, field)
    if copied.ndim != 1:
        raise InputError(field, f"shape {copied.shape}", "one dimension")
    if length is not None and copied.size != length:
        raise InputError(field, f"{copied.size} values", f"{length}, one for each account")
    _check_range(copied, field, lowest, remedy)
    cleared = np.where(np.abs(copied) < SMALLEST_USD, 0.0, copied)
    return freeze(cleared)


def own_positive(values: ArrayLike, field: str, *, length: int | None = None) -> FloatArray:
    """Copy numbers > 0, as `own` does."""
    owned = own(values, field, length=length, lowest=0.0)
    require(owned > 0, owned, field, "a number > 0")
    return owned


def require(
    inside: BoolArray, values: AnyArray, field: str, expected: str, *, remedy: str = ""
) -> None:
    """Refuse the first of some values, shape (n,), that is not inside what is expected."""
    if not inside.all():
        index = int(np.argmin(inside))
        raise InputError(field, values[index].item(), expected, index=index, remedy=remedy)


def _as_floats(values: ArrayLike, field: str) -> FloatArray:
    """Convert numbers, and nothing that numpy would silently take for some: text, dates, masks."""
    if type(values) is np.ndarray and values.dtype == np.float64:
        return values
    plain = in_order({field: values}, None)[field]
    try:
        given = np.asarray(plain)
    except (TypeError, ValueError):
        raise InputError(field, values, "a list of numbers") from None
    if np.ma.is_masked(values):
        raise InputError(field, "a masked array", "a number in every place")
    if given.ndim == 1 and isinstance(values, (list, tuple)):
        odd = [each in (bool, np.bool_) for each in map(type, values)]
        if any(odd) and given.dtype.kind != "b":
            index = odd.index(True)
            raise InputError(field, values[index], "a number", index=index)
    if given.dtype == object and given.ndim == 1:
        floats = [_as_float(value, field, index) for index, value in enumerate(given)]
        return np.array(floats, dtype=np.float64)
    if given.dtype.kind not in "iuf":
        raise InputError(field, values, "a list of numbers")
    return given.astype(np.float64, copy=False)


def _as_float(value: object, field: str, index: int) -> float:
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (Real, Decimal)):
        raise InputError(field, value, "a number", index=index)
    try:
        return float(value)
    except (OverflowError, ValueError):
        raise InputError(field, value, "a number that fits a float", index=index) from None


def freeze(values: ArrayLike) -> FloatArray:
    """Copy numbers that need no check, as computed ones, into read-only memory."""
    return np.frombuffer(np.asarray(values, dtype=np.float64).tobytes(), dtype=np.float64)


def freeze_mask(mask: ArrayLike) -> BoolArray:
    """Copy a mask into read-only memory."""
    return np.frombuffer(np.asarray(mask, dtype=np.bool_).tobytes(), dtype=np.bool_)


def freeze_indices(indices: ArrayLike) -> IntArray:
    """Copy indices or counts into read-only memory."""
    return np.frombuffer(np.asarray(indices, dtype=np.int64).tobytes(), dtype=np.int64)


def checksum(*arrays: AnyArray) -> int:
    """A number that changes with any number in arrays, or with their order."""
    total = 0
    for values in arrays:
        total = zlib.crc32(np.ascontiguousarray(values).data, total)
    return total


def _check_range(values: FloatArray, field: str, lowest: float, remedy: str) -> None:
    inside = (values >= lowest) & (values <= LARGEST_USD)
    if inside.all():
        return
    index = int(np.argmin(inside))
    value = float(values[index])
    below = value < lowest
    advice = remedy if below and np.isfinite(value) else ""
    raise InputError(field, value, range_words(lowest), index=index, remedy=advice)


def range_words(lowest: float) -> str:
    """Say which numbers are accepted."""
    least = "≥ 0" if lowest == 0 else f"≥ {lowest:g}"
    return f"a finite number {least} and ≤ {LARGEST_USD:g}"


def own_number(value: object, field: str, *, lowest: float = -LARGEST_USD) -> float:
    """Check one finite number and return it as a float."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise InputError(field, value, "a number")
    if not lowest <= value <= LARGEST_USD:
        raise InputError(field, value, range_words(lowest))
    return float(value) + 0.0


def own_whole(value: object, field: str, *, lowest: int = 0, expected: str = "") -> int:
    """Check one whole number and return it as an int."""
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not whole or value < lowest:  # type: ignore[operator]
        raise InputError(field, value, expected or f"a whole number ≥ {lowest}")
    return int(value)  # type: ignore[call-overload, no-any-return]


def own_positive_number(value: object, field: str, *, expected: str = "a number > 0") -> float:
    """Check one number > 0, as `own_number` does."""
    number = own_number(value, field, lowest=0.0)
    if number == 0:
        raise InputError(field, value, expected)
    return number


class Record:
    """Base of frozen dataclasses that hold owned arrays: copies and pickles are re-checked.

    Unpickling an array gives it writeable memory; a record is therefore rebuilt through its own
    constructor.
    """

    __slots__ = ()

    def __reduce__(self) -> tuple[object, ...]:
        given = [f.name for f in fields(self) if f.init]  # type: ignore[arg-type]
        values = {name: getattr(self, name) for name in given}
        plain = {k: dict(v) if isinstance(v, MappingProxyType) else v for k, v in values.items()}
        return partial(type(self), **plain), ()
