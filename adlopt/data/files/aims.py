"""The `[loss]` and `[limits]` of a round file, and objectives named in words."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from adlopt.data.files.file_schema import LimitsEntry, LossEntry
from adlopt.errors import InputError, unknown
from adlopt.foundation.arrays import IntArray
from adlopt.model.limits import Limits
from adlopt.model.loss import Asymmetric, Empirical, Loss, MinMax, surrogate
from adlopt.model.objective import CVaR, FewestAccounts, Leximin, Objective, TrackingFirst
from adlopt.model.round import RoundStart

PRICES = ("track", "under", "over", "fair", "reference", "weight", "level")
KINDS: dict[str, tuple[Any, tuple[str, ...]]] = {
    "min-max": (MinMax, ()),
    "surrogate": (surrogate, ("track", "fair")),
    "asymmetric": (Asymmetric, ("under", "over", "fair")),
    "empirical": (Empirical, ("reference", "weight")),
    "leximin": (Leximin, ()),
    "tracking": (TrackingFirst, ()),
    "fewest": (FewestAccounts, ()),
    "cvar": (CVaR, ("level",)),
}
"""What a kind of loss is made by, and the numbers it takes."""
UNPRICED = tuple(kind for kind, (_, numbers) in KINDS.items() if not numbers)


def objective_of(entry: LossEntry) -> Loss | Objective:
    """Make the objective that an entry states.

    Raises
    ------
    InputError
        If the kind is unknown, or a number is missing or has no place in it.
    """
    if entry.kind not in KINDS:
        raise unknown("loss.kind", entry.kind, KINDS)
    make, fields = KINDS[entry.kind]
    given: dict[str, Any] = {"burden": entry.burden, "epsilon": entry.epsilon}
    for name in PRICES:
        value = getattr(entry, name)
        if name == "weight" and value is None:
            continue
        if (value is not None) != (name in fields):
            expected = "a number" if name in fields else "nothing"
            raise InputError(f"loss.{name}", value, expected, remedy=f"kind is {entry.kind!r}")
        if value is not None:
            given[name] = value
    if entry.excess_only:
        if entry.kind != "empirical":
            raise InputError("loss.excess_only", True, "nothing", remedy=f"kind is {entry.kind!r}")
        given["excess_only"] = True
    made: Loss | Objective = make(**given)
    return made


def renamed(entry: LossEntry, words: str) -> LossEntry:
    """Replace the kind of an entry, as in leximin or cvar:0.9; burdens are measured as before.

    Raises
    ------
    InputError
        If the kind is unknown or takes prices.

    Examples
    --------
    >>> renamed(LossEntry(kind="surrogate", track=1.0, fair=2.0), "cvar:0.9").level
    0.9
    """
    kind, colon, number = words.partition(":")
    if kind not in (*UNPRICED, "cvar") or (kind == "cvar") != bool(colon):
        raise unknown("objective", words, [*UNPRICED, "cvar:LEVEL"])
    try:
        level = float(number) if colon else None
    except ValueError:
        raise InputError("objective", words, "a level such as cvar:0.9") from None
    return LossEntry(kind=kind, burden=entry.burden, epsilon=entry.epsilon, level=level)


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
    if not (given == np.rint(given)).all():
        index = int(np.argmax(given != np.rint(given)))
        raise InputError(field, float(given[index]), "a whole number", index=index)
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
