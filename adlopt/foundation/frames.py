"""Dataframes of any library: columns by the names of fields, theirs or those of `to_frame`.

pandas and Polars are read as they are, whatever else exports Arrow (`__arrow_c_stream__`: PyArrow,
DuckDB, Modin, …) through Polars; a mapping of columns by name will do too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from adlopt.errors import InputError, did_you_mean, nearest, unknown
from adlopt.foundation.labels import unlabelled

NESTED = ("features", "tags")
"""Fields that hold columns by name, which a frame has as `features.leverage`."""


def fields_in_frame(
    frame: Any,
    what: str,
    needed: Iterable[str],
    *,
    optional: Iterable[str] = (),
    units: Mapping[str, str] | None = None,
    named: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return values by field, of a frame called `what`.

    A field is in the column that `named` says, else in that of its name, or of its name and unit.
    """
    names, column = _columns(frame, what)
    named, units = named or {}, units or {}
    found: dict[str, Any] = {}
    for field in (*needed, *optional):
        if field in NESTED:
            start = f"{field}."
            inside = {n.removeprefix(start): column(n) for n in names if n.startswith(start)}
            found |= {field: inside} if inside else {}
            continue
        tries = [named[field]] if field in named else [field, f"{field}_{units.get(field, '')}"]
        at = [each for each in dict.fromkeys(tries) if each in names]
        if len(at) > 1:
            remedy = f"say {field}='{at[0]}' if that one is meant"
            raise InputError(f"{what}: columns", at, f"one column of `{field}`", remedy=remedy)
        if at:
            found[field] = column(at[0])
        elif field in named or field in needed:
            unit = f", {units[field]}" if field in units else ""
            near = did_you_mean(nearest(tries[0], names))
            remedy = near if field in named else near or f"say {field}='YOUR COLUMN'"
            expected = f"a column `{tries[0]}`{unit}, a value a row"
            raise InputError(f"{what}: columns", list(names), expected, remedy=remedy)
    return found


def require_fields(named: Mapping[str, str], fields: Iterable[str]) -> None:
    """Refuse a keyword that is no field, by the nearest that is, and what is no column's name."""
    known = list(fields)
    for field, name in named.items():
        if field not in known:
            raise unknown("keyword", field, known)
        if not isinstance(name, str):
            raise InputError(field, name, "the name of a column")


def _columns(frame: Any, what: str) -> tuple[list[str], Callable[[str], Any]]:
    """Return the names of a frame's columns, and what reads one."""
    if hasattr(frame, "collect_schema") and hasattr(frame, "collect"):
        raise InputError(what, type(frame).__name__, "a dataframe", remedy="collect() it")
    if not isinstance(frame, Mapping) and not hasattr(frame, "columns"):
        if not hasattr(frame, "__arrow_c_stream__"):
            expected = "a dataframe, what exports Arrow, or columns by name"
            raise InputError(what, frame, expected)
        import polars as pl

        frame = pl.DataFrame(frame)
    names = [*frame] if isinstance(frame, Mapping) else list(frame.columns)
    if len(set(names)) < len(names) or not all(isinstance(name, str) for name in names):
        raise InputError(f"{what}: columns", names, "texts, each once")

    def column(name: str) -> Any:
        values = frame[name]
        if not hasattr(values, "to_numpy"):
            return values if isinstance(values, np.ndarray) else list(values)
        values = np.asarray(unlabelled(values))
        return values if values.dtype.kind == "f" else values.tolist()

    return names, column
