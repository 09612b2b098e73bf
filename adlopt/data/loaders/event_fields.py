"""Fields of the JSON that Hyperliquid writes, checked one by one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from adlopt.data.loaders.dollars import guess
from adlopt.data.loaders.records import NOTHING
from adlopt.errors import InputError
from adlopt.foundation.arrays import LARGEST_USD
from adlopt.foundation.ids import Alike, folded, looks_like_a_float, read_id


class Malformed(Exception):
    """What is wrong with an event, and what it is worth in USD, as far as it can be read."""

    def __init__(self, found: object, expected: str, usd: Mapping[str, float] = NOTHING) -> None:
        self.found, self.expected, self.usd = found, expected, usd
        super().__init__(expected)


def number(details: Any, key: str, *, positive: bool = False) -> float:
    """Read a number that may be written as a text.

    Raises
    ------
    Malformed
        If it is missing, no number, not finite or too large.
    """
    value = details.get(key)
    expected = f"a finite number{' > 0' * positive} in {key!r}"
    if isinstance(value, bool) or not isinstance(value, (str, int, float)) or "_" in str(value):
        raise Malformed(value, expected)
    try:
        found = float(value)
    except (ValueError, OverflowError):
        raise Malformed(value, expected) from None
    if not math.isfinite(found) or abs(found) > LARGEST_USD or (positive and found <= 0):
        raise Malformed(value, expected)
    return found


def account(details: Any, key: str, alike: Alike = Alike.APART) -> str:
    """Read the id of an account.

    Raises
    ------
    Malformed
        If there is none.
    """
    value = details.get(key) if isinstance(details, dict) else None
    try:
        name = read_id(value, key)
    except InputError:
        raise Malformed(details, f"an account in {key!r}") from None
    if looks_like_a_float(name):
        raise Malformed(value, f"whole numbers, not floats, in {key!r}")
    return name if alike is Alike.APART else folded(name)


def product(details: Any, *keys: str) -> float | None:
    """What a person reads as the product of some fields, without its sign; None if nothing."""
    read = [guess(details.get(key)) if isinstance(details, dict) else None for key in keys]
    return None if None in read else abs(math.prod(read))  # type: ignore[arg-type]
