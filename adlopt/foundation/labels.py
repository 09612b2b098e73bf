"""Columns that carry labels, as dataframes have them: to which account each value belongs.

An index that holds the ids of the accounts is followed. A default index, or one that all labelled
columns share, says nothing beyond the position; any other is refused. Polars has no index: its
columns count by position, or come as a frame with a column of ids.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from adlopt.errors import InputError
from adlopt.foundation.ids import read_id

ID = "account"
"""The column of a frame that says whose a value is."""
BY_POSITION = "give .to_numpy() if the position is meant"


def in_order(columns: Mapping[str, Any], ids: Sequence[str] | None) -> dict[str, Any]:
    """Return the columns of a table without labels, their values in the order of the ids.

    Columns are by name, labelled or not; with the ids, `account`, if these may be labelled. Without
    ids, or if one stands twice, labels are not followed.
    """
    if not any(_library(values) for values in columns.values()):
        return dict(columns)
    rows = {} if ids is None else {name: row for row, name in enumerate(ids)}
    if ids is not None and len(rows) < len(ids):
        rows = {}
    plain, shared = {}, {}
    for name, values in columns.items():
        labels, column = _labelled(values, name)
        followed = name != ID and _order(labels, rows)
        plain[name] = column if followed is False else np.asarray(column)[followed]
        if followed is False and labels is not None:
            if isinstance(labels, list):
                raise InputError(name, labels[:5], "each account once, in any order")
            shared[name] = labels
    _refuse_unlike(shared)
    return plain


def labels_of(values: Any) -> list[str] | None:
    """Ids that a column is labelled by, if its labels are texts."""
    found = None if _library(values) is None else _labelled(values, "values")[0]
    labels = [] if found is None else list(found)
    return labels if labels and all(isinstance(label, str) for label in labels) else None


def _library(values: object) -> str | None:
    home = type(values).__module__.partition(".")[0]
    return home if home in ("pandas", "polars") else None


def _labelled(values: Any, name: str) -> tuple[Any, Any]:
    """Return labels, a list if they are a frame's column of ids, and the plain column."""
    if _library(values) is None:
        return None, values
    if not hasattr(values, "columns"):
        return getattr(values, "index", None), unlabelled(values)
    others = [column for column in values.columns if column != ID]
    value = name if name in others else others[0] if len(others) == 1 else None
    if ID not in values.columns or value is None:
        expected = f"a column, or a frame of `{ID}` and `{name}`"
        raise InputError(name, f"a frame of {list(values.columns)}", expected)
    return list(values[ID]), unlabelled(values[value])


def unlabelled(values: Any) -> Any:
    """Take the labels off; numbers of a kind that NumPy lacks become floats."""
    if _library(values) == "polars":
        import polars as pl

        lacking = values.dtype.is_decimal() or values.dtype in (pl.Int128, pl.UInt128)
        values = values.cast(pl.Float64) if lacking else values
    return values.to_numpy()


def _order(labels: Any, rows: Mapping[str, int]) -> Any:
    """Where each row's value stands if the labels are the ids of all rows, else False."""
    if labels is None or _is_default(labels) or len(labels) != len(rows):
        return False
    try:
        places = [rows[read_id(label, ID)] for label in labels]
    except (InputError, KeyError):
        return False
    return np.argsort(places) if len(set(places)) == len(rows) else False


def _is_default(labels: Any) -> bool:
    return type(labels).__name__ == "RangeIndex" and (labels.start, labels.step) == (0, 1)


def _refuse_unlike(shared: Mapping[str, Any]) -> None:
    """Labels that are no ids must be default in all columns, or the same in several."""
    if all(map(_is_default, shared.values())):
        return
    (first, labels), *others = shared.items()
    odd = next((name for name, each in others if not each.equals(labels)), None)
    if odd is None and others:
        return
    name = first if odd is None else odd
    found = f"labelled {', '.join(map(repr, shared[name][:3]))}, …"
    others_too = "" if odd is None else f", or the labels of {first}, {labels[0]!r}, …"
    raise InputError(name, found, f"ids of the accounts{others_too}", remedy=BY_POSITION)
