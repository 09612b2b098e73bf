"""Tables that a file lists row by row, or names: read as columns, and written as them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from adlopt.data.files.account_tables import Columns, read_columns
from adlopt.data.files.places import inside
from adlopt.data.files.rounds_of_files import tags_of
from adlopt.errors import InputError
from adlopt.model.tables import FieldTable

SHED = Columns(text=("loser", "coin", "side"), needed=("size", "price", "mark"))


def columns_in(table: FieldTable) -> dict[str, Any]:
    """Columns of a table of the model, by the names that files have for them."""
    columns: dict[str, Any] = {}
    for name in (each.name for each in fields(table)):  # type: ignore[arg-type]
        values = getattr(table, name)
        if isinstance(values, Mapping):
            columns |= values
        else:
            columns[name] = [side.value for side in values] if name == "side" else values
    return columns


def table_in(path: Path, name: str, given: Any, columns: Columns) -> dict[str, Any] | None:
    """Columns of what a file lists inline, or names a table of; None where it does neither."""
    if given is None:
        return None
    if isinstance(given, str):
        return read_columns(inside(path.parent, given, f"{path}: {name}"), name, columns)
    table: dict[str, Any] = {
        key: [getattr(each, key) for each in given] for key in (*columns.text, *columns.needed)
    }
    if columns.tags:
        table["tags"] = tags_of(given)
    for key in columns.optional:
        values = [getattr(each, key) for each in given]
        if any(value is not None for value in values):
            if None in values:
                index, remedy = values.index(None), "give it in all rows or in none"
                field_ = f"{path}: {name}.{key}"
                raise InputError(field_, None, "a number", index=index, remedy=remedy)
            table[key] = values
    return table
