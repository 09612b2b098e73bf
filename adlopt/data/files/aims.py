"""Objectives in files and in words: what `[loss]`, `[match]` and leximin or cvar:0.9 stand for."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from enum import Enum
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from adlopt.data.files.decoding import in_words, unknown_key
from adlopt.data.files.file_schema import ConstraintEntry, LimitsEntry
from adlopt.errors import InputError, unknown
from adlopt.foundation.arrays import IntArray, require
from adlopt.model.constraint import Constraint, Group
from adlopt.model.limits import Limits
from adlopt.model.loss import Loss
from adlopt.model.objective import Objective
from adlopt.model.round import RoundStart
from adlopt.optimum.objective_registry import OBJECTIVES, known_as, names


def objective_of(
    table: Mapping[str, Any], field: str = "loss", where: str = "dollars"
) -> Loss | Objective:
    """Make the objective that a table states, for dollars, contracts, two_sides or episodes."""
    kind = table.get("kind", "min-max")
    make = known_as(kind, f"{field}.kind", where).make
    wanted, remedy = _parameters(make), f"kind is {kind!r}"
    for name, value in table.items():
        if name not in (*wanted, "kind"):
            raise InputError(f"{field}.{name}", value, "nothing", remedy=remedy)
    for name, parameter in wanted.items():
        if parameter.default is parameter.empty and name not in table:
            raise InputError(f"{field}.{name}", None, "a value", remedy=remedy)
    given = {name: value for name, value in table.items() if name != "kind"}
    return _made(make, given, field)


def worded(words: str, table: Mapping[str, Any], where: str = "dollars") -> Loss | Objective:
    """Make the objective of a few words, such as leximin or cvar:0.9.

    Parameters that they leave out are the table's, where the objective has them.
    """
    kind, *values = words.split(":")
    if kind not in names(where):
        raise unknown("objective", words, names(where))
    make = known_as(kind, where=where).make
    wanted = _parameters(make)
    given = {name: value for name, value in table.items() if name in wanted}
    given |= dict(zip(wanted, map(_value, values), strict=False))
    required = [name for name, each in wanted.items() if each.default is each.empty]
    if len(values) > len(wanted) or not set(required) <= set(given):
        raise InputError("objective", words, ":".join([kind, *map(str.upper, required)]))
    return _made(make, given, "objective")


def matched(table: Mapping[str, Any], words: str | None) -> Loss | Objective:
    """Make the objective of `[match]`, which states parameters for any goal, or of words."""
    shared = {name: value for name, value in table.items() if name not in ("goal", "lots")}
    hints: dict[str, Any] = {}
    for name in names("two_sides"):
        hints |= get_type_hints(known_as(name).make)
    for name, value in shared.items():
        if name not in hints:
            expected, remedy = unknown_key(name, ["goal", "lots", *hints])
            raise InputError(f"match.{name}", value, expected, remedy=remedy)
        _typed(value, hints[name], f"match.{name}")
    if words is not None:
        return worded(words, shared, "two_sides")
    goal = table.get("goal", "min-max")
    wanted = _parameters(known_as(goal, "match.goal", "two_sides").make)
    chosen = {name: value for name, value in shared.items() if name in wanted}
    return objective_of({"kind": goal, **chosen}, "match", "two_sides")


def table_of(objective: Any, kind: str = "kind") -> dict[str, Any]:
    """State an objective as files do; `kind` is the key of its name."""
    name = next(name for name, known in OBJECTIVES.items() if known.make is type(objective))
    table: dict[str, Any] = {kind: name}
    for field in fields(objective):
        value = getattr(objective, field.name)
        value = dict(value) if isinstance(value, Mapping) else value
        table[field.name] = value.value if isinstance(value, Enum) else value
    return table


def _parameters(make: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    return inspect.signature(make).parameters


def _made(make: Callable[..., Any], given: Mapping[str, Any], field: str) -> Loss | Objective:
    hints = get_type_hints(make)
    typed = {name: _typed(value, hints[name], f"{field}.{name}") for name, value in given.items()}
    made: Loss | Objective = make(**typed)
    return made


def _typed(value: Any, hint: Any, field: str) -> Any:
    """A parameter as the objective takes it; arrays stand as lists."""
    arrays = (np.ndarray, NDArray)  # numpy 2.5 has an alias of its own for it
    listed = [list[float] if get_origin(h) in arrays else h for h in get_args(hint)]
    try:
        return msgspec.convert(value, Union[tuple(listed)] if isinstance(hint, UnionType) else hint)  # noqa: UP007
    except msgspec.ValidationError as error:
        expected = in_words(str(error))
        if isinstance(hint, type) and issubclass(hint, Enum):
            expected = f"one of {', '.join(each.value for each in hint)}"
        raise InputError(field, value, expected) from None


def _value(word: str) -> Any:
    """A number, true, false or a name."""
    if word in ("true", "false"):
        return word == "true"
    try:
        return float(word)
    except ValueError:
        return word


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
    # 0 is a bound, though it equals False.
    said = [
        name for name in SAYS if (each := getattr(entry, name)) is not None and each is not False
    ]
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
