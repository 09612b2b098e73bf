"""Fields of the JSON that Hyperliquid writes, checked one by one."""

from __future__ import annotations

import math
from typing import Any

from adlopt.foundation.arrays import LARGEST_USD


class Malformed(Exception):
    """What is wrong with an event."""

    def __init__(self, found: object, expected: str) -> None:
        self.found, self.expected = found, expected
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


def account(details: Any, key: str) -> str:
    """Read the id of an account.

    Raises
    ------
    Malformed
        If there is none.
    """
    value = details.get(key) if isinstance(details, dict) else None
    if not isinstance(value, str) or not value:
        raise Malformed(details, f"an account in {key!r}")
    return value
