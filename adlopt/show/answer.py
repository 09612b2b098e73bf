"""What every answer of the toolkit can do, whatever was asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from textwrap import fill
from typing import Any, ClassVar, TypeAlias, cast

import msgspec
import numpy as np

from adlopt.errors import InputError
from adlopt.show.schema.data import Data, all_finite
from adlopt.show.table import Table, width
from adlopt.show.words import counted, quantity

SHOWN = 20
"""Rows that a notebook shows; the rest are counted."""
REPR = 300
"""Letters that `repr` takes at most."""
Columns: TypeAlias = Mapping[str, Any]
"""Arrays or lists of one length by name, their units in their names."""


class Tabular:
    """Base of what is rows and columns: inputs, and answers."""

    __slots__ = ()

    def _columns(self) -> Columns:
        """All columns, by their names; money in USD."""
        raise NotImplementedError

    def _heading(self) -> str:
        """What the rows are, in a sentence; whoever has none has a `__str__`."""
        return str(self)

    def __str__(self) -> str:
        return fill(self._heading(), width())

    def to_frame(self, frame: Callable[[dict[str, Any]], Any] | None = None) -> Any:
        """Return a dataframe; money in USD.

        Parameters
        ----------
        frame : callable, optional
            Makes it of columns by name, such as `pandas.DataFrame`; that of Polars unless given.
        """
        return make_frame(self._columns(), frame)

    def __repr__(self) -> str:
        first = self._heading().partition("\n")[0]
        text = f"<{type(self).__name__}: {first}>"
        return text if len(text) <= REPR else text[: REPR - 2] + "…>"

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


class Answer(Tabular):
    """Base of all answers: `str` is a summary of a screen at most, `to_dict` has everything."""

    __slots__ = ()
    _view: ClassVar[Callable[[Any], str] | None] = None
    """Lays out of its data what a screen takes; whoever has none is told by its heading."""

    def __str__(self) -> str:
        view = type(self)._view
        return super().__str__() if view is None else view(self.told())

    def data(self) -> Data:
        """Return the answer as machines get it, at full precision."""
        raise NotImplementedError

    def told(self) -> Any:
        """Return the data that a text needs: all of it, unless an answer says what may be left."""
        return self.data()

    def to_dict(self) -> dict[str, Any]:
        """Return the answer ready for JSON, at full precision, as `adlopt schema` describes it."""
        made: dict[str, Any] = msgspec.to_builtins(self.data())
        return made


@dataclass(frozen=True, slots=True, repr=False)
class Listing(Tabular):
    """What is known beforehand, such as a catalogue: its data as it is, and rows of it."""

    made: Any
    rows: Sequence[Mapping[str, Any]]

    def told(self) -> Any:
        """Return the data."""
        return self.made

    to_dict = told

    def _columns(self) -> Columns:
        return {name: [row[name] for row in self.rows] for name in self.rows[0]}


class Figures(Answer):
    """Base of answers that are a few figures, beside their data: one row of a dataframe."""

    __slots__ = ()

    def data(self) -> Any:
        """Return the figures; what is not finite is null."""
        return all_finite(cast(Data, self))

    def _columns(self) -> Columns:
        return {name: [value] for name, value in self.to_dict().items() if name != "schema"}


def make_frame(columns: Columns, frame: Callable[[dict[str, Any]], Any] | None = None) -> Any:
    """Make a dataframe: a callable makes it of columns by name, Polars unless one is given."""
    if frame is None:
        from polars import DataFrame as frame  # noqa: N813
    if not callable(frame):
        remedy = "such as pandas.DataFrame; Polars unless given"
        raise InputError("frame", frame, "what makes a dataframe of columns", remedy=remedy)
    # Arrays of ours are read-only: a dataframe gets its own.
    return frame(
        {
            name: values.copy() if isinstance(values, np.ndarray) else list(values)
            for name, values in columns.items()
        }
    )


def plain(columns: Columns) -> dict[str, Any]:
    """Columns as lists of Python's own numbers and words, as machines get them."""
    return {
        name: values.tolist() if isinstance(values, np.ndarray) else list(values)
        for name, values in columns.items()
    }


def _cell(name: str, value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, (float, np.floating)):
        return f"{value:,.2f}" if name.endswith("_usd") else quantity(float(value))
    return str(value)
