"""What tables, and other records, of the model share: columns that are fields, and their checks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, fields
from typing import Any, ClassVar, Self, TypeAlias

import numpy as np

from adlopt.errors import InputError
from adlopt.foundation.arrays import Record
from adlopt.foundation.frames import fields_in_frame, require_fields
from adlopt.foundation.ids import pick
from adlopt.foundation.labels import in_order
from adlopt.show.answer import Columns, Tabular
from adlopt.show.words import counted

Given: TypeAlias = Mapping[str, Any]
"""Values of fields, by name."""


class FieldTable(Tabular, Record):
    """Base of tables whose columns are their fields; `row` is what a row is."""

    __slots__ = ()
    row: ClassVar[str]
    units: ClassVar[Mapping[str, str]]
    """Of the fields that have one: it ends the column's name."""

    @classmethod
    def from_frame(cls, frame: Any, **columns: str) -> Self:
        """Build the table of a dataframe, whose columns are fields, a unit after them or not.

        Parameters
        ----------
        frame : pandas or Polars DataFrame, anything that exports Arrow, or a mapping of columns
        **columns : str
            Fields whose column has another name: balance="cash".

        Raises
        ------
        InputError
            Naming the column or the keyword, or as the table does.
        """
        given = fields(cls)  # type: ignore[arg-type]
        require_fields(columns, cls.__slots__)
        needed = [f.name for f in given if f.default is f.default_factory is MISSING]
        optional = [f.name for f in given if f.name not in needed]
        units: dict[str, Any] = {"units": cls.units, "named": columns}
        found = fields_in_frame(frame, f"{cls.row}s", needed, optional=optional, **units)
        return cls(**found)

    def __len__(self) -> int:
        return len(getattr(self, fields(self)[0].name))  # type: ignore[arg-type]

    def take(self, rows: Iterable[int]) -> Self:
        """The same with some of its rows."""
        given = {each.name: getattr(self, each.name) for each in fields(self)}  # type: ignore[arg-type]
        known = {name: values for name, values in given.items() if values is not None}
        return type(self)(**picked(rows, **known))

    def _columns(self) -> Columns:
        columns: dict[str, Any] = {}
        for name in (field.name for field in fields(self)):  # type: ignore[arg-type]
            values = getattr(self, name)
            if isinstance(values, Mapping):
                columns |= {f"{name}.{each}": column for each, column in values.items()}
            elif name == "side":
                columns[name] = [side.value for side in values]
            elif values is not None:
                unit = self.units.get(name)
                columns[f"{name}_{unit}" if unit else name] = values
        return columns

    def _heading(self) -> str:
        return counted(len(self), self.row)


def fields_in_order(table: Any) -> Given:
    """Fields of a table, by name, in the order of the labels that they have."""
    return in_order({each.name: getattr(table, each.name) for each in fields(table)}, None)


def own_fields(
    record: Any, own: Callable[..., Any], *names: str, given: Given | None = None, **limits: Any
) -> None:
    """Put a checked copy in place of fields of a frozen record; a default of None stays."""
    for name in names:
        value = getattr(record, name)
        if value is not None or record.__dataclass_fields__[name].default is not None:
            value = value if given is None else given[name]
            object.__setattr__(record, name, own(value, name, **limits))


def picked(rows: Iterable[int], **columns: Any) -> dict[str, Any]:
    """Some rows of columns, arrays or tuples, by name."""
    at = np.fromiter(rows, np.int64)
    return {
        name: values[at] if isinstance(values, np.ndarray) else pick(values, at)
        for name, values in columns.items()
    }


def require_kinds(record: object, what: str = "a", **kinds: type) -> None:
    """Refuse a field that is of another kind."""
    for name, kind in kinds.items():
        if not isinstance(getattr(record, name), kind):
            raise InputError(name, getattr(record, name), f"{what} {kind.__name__}")
