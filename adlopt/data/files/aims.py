"""Objectives in files and in words: what `[loss]`, `[match]` and leximin or cvar:0.9 stand for."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import fields
from enum import Enum
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec
import numpy as np

from adlopt.errors import InputError, did_you_mean, nearest, unknown
from adlopt.model.loss import Loss
from adlopt.model.objective import Objective
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
            near = did_you_mean(nearest(name, [*hints, "goal", "lots"]))
            raise InputError(f"match.{name}", value, "a key that is known", remedy=near)
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
    listed = [list[float] if get_origin(h) is np.ndarray else h for h in get_args(hint)]
    try:
        return msgspec.convert(value, Union[tuple(listed)] if isinstance(hint, UnionType) else hint)  # noqa: UP007
    except msgspec.ValidationError as error:
        expected = str(error).removeprefix("Expected ")
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
