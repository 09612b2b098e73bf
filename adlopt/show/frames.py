"""Results as dataframes, polars or pandas, and as tables in a notebook."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from importlib import import_module
from typing import Any, TypeAlias

import numpy as np

from adlopt.errors import InputError
from adlopt.show.table import Table, counted

SHOWN = 20
"""Rows that a notebook shows; the rest are counted."""
Columns: TypeAlias = Mapping[str, Any]
"""Arrays or lists of one length by name, their units in their names."""


class Library(Enum):
    """Whose dataframes are made."""

    POLARS = "polars"
    PANDAS = "pandas"


def frame(columns: Columns, library: Library = Library.POLARS) -> Any:
    """Make a dataframe.

    Raises
    ------
    InputError
        If the library is not installed.

    Examples
    --------
    >>> frame({"round": [1, 2], "needed_usd": [60.0, 30.0]}).shape
    (2, 2)
    """
    if not isinstance(library, Library):
        raise InputError("library", library, "Library.POLARS or Library.PANDAS")
    name = library.value
    try:
        made = import_module(name).DataFrame
    except ModuleNotFoundError:
        remedy = f"pip install {name}"
        raise InputError("library", name, "a library that is installed", remedy=remedy) from None
    # Arrays of ours are read-only: a dataframe gets its own.
    return made(
        {
            name: values.copy() if isinstance(values, np.ndarray) else list(values)
            for name, values in columns.items()
        }
    )


class Tabular:
    """Base of results that are rows and columns."""

    __slots__ = ()

    def _columns(self) -> Columns:
        """All columns."""
        raise NotImplementedError

    def _heading(self) -> str:
        """What the rows are."""
        raise NotImplementedError

    def to_frame(self, library: Library = Library.POLARS) -> Any:
        """Return a dataframe, polars unless pandas is asked for; money in USD."""
        return frame(self._columns(), library)

    def _repr_html_(self) -> str:
        columns = self._columns()
        length = len(next(iter(columns.values())))
        rows = [
            [_cell(name, values[i]) for name, values in columns.items()]
            for i in range(min(length, SHOWN))
        ]
        rest = f"{counted(length - SHOWN, 'more row')}; to_frame() has all"
        note = rest if length > SHOWN else ""
        return Table(self._heading(), tuple(columns), rows, note)._repr_html_()


def _cell(name: str, value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, (float, np.floating)):
        return f"{value:,.2f}" if name.endswith("_usd") else f"{value:.6g}"
    return str(value)
