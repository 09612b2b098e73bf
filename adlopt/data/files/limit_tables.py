"""The `[limits]` of a round file: numbers, tables by account id, or columns of the accounts."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from adlopt.data.files.file_schema import LimitsEntry
from adlopt.errors import InputError
from adlopt.foundation.arrays import IntArray, require
from adlopt.model.limits import Limits
from adlopt.model.round import RoundStart


def limits_of(
    entry: LimitsEntry | None, start: RoundStart, *, lots: ArrayLike | None = None
) -> Limits | None:
    """Make the limits of a round; accounts that a table does not name are not limited by it.

    Parameters
    ----------
    lots : array_like, shape (m,), optional
        Lots of positions that may be closed.

    Raises
    ------
    InputError
        If a table names an unknown account, only some accounts have a weight, or accounts lack a
        column that is named.
    """
    if entry is None and lots is None:
        return None
    entry = LimitsEntry() if entry is None else entry
    columns = {
        "cap": _column(entry.cap, start, "cap", 1.0),
        "floor": _column(entry.floor, start, "floor", 0.0),
        "tier": _column(entry.tier or None, start, "tier", 1),
        "weight": _column(entry.weight or None, start, "weight", None),
    }
    owned = None if lots is None else _whole(lots, "positions.closable")
    return Limits(ineligible=entry.ineligible, lots=owned, **columns)


def limits_entry(limits: Limits, start: RoundStart) -> dict[str, Any]:
    """State the limits of accounts as `limits_of` reads them, by account id."""
    entry: dict[str, Any] = {"ineligible": dict(limits.ineligible)}
    for name in ("cap", "floor", "tier", "weight"):
        given = getattr(limits, name)
        if given is not None:
            each = np.isscalar(given)
            entry[name] = given if each else dict(zip(start.account, given.tolist(), strict=True))
    return entry


def _whole(values: ArrayLike, field: str) -> IntArray:
    given = np.asarray(values, dtype=np.float64)
    require(given == np.rint(given), given, field, "a whole number")
    return given.astype(np.int64)


def _named_column(name: str, start: RoundStart, field: str) -> Any:
    if name not in start.features:
        known = ", ".join(start.features) or "none"
        expected = f"a number, a table by account id, or a column of the accounts ({known})"
        raise InputError(f"limits.{field}", name, expected)
    column = start.features[name]
    return _whole(column, f"limits.{field}") if field == "tier" else column


def _column(given: Any, start: RoundStart, name: str, otherwise: Any) -> Any:
    if isinstance(given, str):
        return _named_column(given, start, name)
    if not isinstance(given, dict):
        return given
    for account in given:
        if account not in start.account:
            raise InputError(f"limits.{name}", account, "an account of the round")
    for account in start.account:
        if otherwise is None and account not in given:
            raise InputError(f"limits.{name}", None, "a number", index=account)
    return [given.get(account, otherwise) for account in start.account]
