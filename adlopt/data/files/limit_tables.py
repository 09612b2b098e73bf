"""The `[limits]` of a round file, and its `[[constraint]]` tables."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from adlopt.data.files.file_schema import ConstraintEntry, LimitsEntry
from adlopt.errors import InputError
from adlopt.foundation.arrays import IntArray, require
from adlopt.model.constraint import Constraint, Group
from adlopt.model.limits import Limits
from adlopt.model.round import RoundStart


def limits_of(
    entry: LimitsEntry | None, start: RoundStart, *, lots: ArrayLike | None = None
) -> Limits | None:
    """Make the limits of a round; accounts that a table does not name are not limited by it.

    `lots`, shape (m,), of positions may be closed.
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


SAYS = (
    "gives_at_most",
    "gives_at_least",
    "keeps_at_most",
    "keeps_at_least",
    "shares_burden",
    "delta_changes_at_most",
    "haircut",
)


def constraints_of(entries: Sequence[ConstraintEntry]) -> tuple[Constraint, ...]:
    """Make the constraints of a file: each table bounds one thing."""
    return tuple(_one(entry, f"constraint[{k}]") for k, entry in enumerate(entries))


def _one(entry: ConstraintEntry, where: str) -> Constraint:
    said = [name for name in SAYS if getattr(entry, name) not in (None, False)]
    if len(said) != 1:
        raise InputError(where, said, f"one of {', '.join(SAYS)}")
    if entry.haircut is None and (entry.at_least, entry.at_most) != (None, None):
        raise InputError(f"{where}.at_most", said, "`haircut`, whose weighted sum it bounds")
    group = Group(
        tag=entry.group,
        account=None if entry.account is None else tuple(entry.account),
        tags=entry.tags,
        coin=entry.coin,
        where=entry.where,
        each=entry.each,
    )
    given = getattr(entry, said[0])
    if entry.haircut is not None:
        return _weighed(entry, group, where)
    if said[0] == "shares_burden":
        return group.shares_burden()
    make = getattr(group, said[0])
    made: Constraint = make(given) if isinstance(given, float) else make(**_bound(given))
    return made


def _bound(given: object) -> dict[str, float | None]:
    return {"share": getattr(given, "share", None), "usd": getattr(given, "usd", None)}


def _weighed(entry: ConstraintEntry, group: Group, where: str) -> Constraint:
    if (entry.at_least, entry.at_most) == (None, None):
        raise InputError(where, "haircut", "`at_most` or `at_least` beside it")
    if isinstance(entry.haircut, dict) and group.account is None:
        group = Group(account=tuple(entry.haircut), each=entry.each)
    return Constraint(
        group=group,
        times=entry.haircut,
        lower=-math.inf if entry.at_least is None else entry.at_least,
        upper=math.inf if entry.at_most is None else entry.at_most,
    )
