"""Columns of records: what they are called, and which values they may hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from adlopt.data.loaders.records import SHOWN, Tally
from adlopt.errors import InputError, did_you_mean, nearest
from adlopt.foundation.arrays import LARGEST_USD, range_words

if TYPE_CHECKING:
    import polars as pl


class Kind(Enum):
    """What a column holds."""

    TEXT = "text"
    NUMBER = "number"
    POSITIVE = "positive number"
    TIME = "time"


LATEST_MS = 10**14
"""Milliseconds since 1970 of the year 5138: larger times are in another unit."""
LONG_UNITS = {"us": 1_000, "ns": 1_000_000}
"""Whose times floats do not hold exactly: how many make a millisecond."""
UNITS = ("s", "ms", *LONG_UNITS, "iso")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column.

    Parameters
    ----------
    name : str
        Ours.
    source : str
        The file's.
    kind : Kind
    required : bool
        Whether every record must have a value; otherwise empty cells become null, and are counted.
    """

    name: str
    source: str
    kind: Kind = Kind.NUMBER
    required: bool = True


def typed(
    frame: pl.DataFrame, columns: Sequence[Column], tally: Tally, *, unit: str = "ms"
) -> pl.DataFrame:
    """Convert raw columns, and `line`; records that do not parse are rejected, not changed.

    Parameters
    ----------
    unit : {"s", "ms", "us", "ns", "iso"}
        Of columns of times, which become whole milliseconds.
    """
    import polars as pl

    if frame.is_empty():
        return pl.DataFrame(
            schema={"line": pl.Int64, **{column.name: _dtype(column) for column in columns}}
        )
    made, bad, first = {"line": frame["line"]}, pl.repeat(False, len(frame), eager=True), {}
    for column in columns:
        raw = frame[column.source]
        values = _converted(raw, column, unit)
        empty = raw.is_null() | (raw.cast(pl.String).str.strip_chars() == "")
        wrong = (values.is_null() & ~empty) | (empty if column.required else False)
        for index in (wrong & ~bad).arg_true().head(max(0, SHOWN - len(tally.shown))):
            first[index] = (raw[index], f"{_words(column)} in {column.source!r}")
        bad = bad | wrong
        made[column.name] = values
    for index in bad.arg_true():
        found, expected = first.get(index, ("", ""))
        tally.reject(frame["line"][index], "nothing" if found in (None, "") else found, expected)
    kept = pl.DataFrame(made).filter(~bad)
    tally.keep(len(kept))
    return kept


def _dtype(column: Column) -> pl.DataType:
    import polars as pl

    kinds = {Kind.TEXT: pl.String(), Kind.TIME: pl.Int64()}
    return kinds.get(column.kind, pl.Float64())


def _converted(raw: pl.Series, column: Column, unit: str) -> pl.Series:
    """Convert; what is not a value of the kind becomes null."""
    import polars as pl

    if column.kind is Kind.TEXT:
        text = raw.cast(pl.String)
        return _only(text, text != "")
    if column.kind is Kind.TIME:
        return _times(raw, unit)
    if raw.dtype == pl.Boolean:
        return pl.repeat(None, len(raw), dtype=pl.Float64, eager=True)
    numbers = _plain(raw).cast(pl.Float64, strict=False)
    fits = numbers.is_between(-LARGEST_USD, LARGEST_USD).fill_null(False)
    if column.kind is Kind.POSITIVE:
        fits &= (numbers > 0).fill_null(False)
    return _only(numbers, fits)


def _times(raw: pl.Series, unit: str) -> pl.Series:
    import polars as pl

    if unit == "iso":
        if raw.dtype != pl.String:
            return raw.cast(pl.Datetime("ms"), strict=False).cast(pl.Int64)
        day = raw.str.strip_chars().str.replace(r"(\.\d{1,9})\d*", "$1")
        utc = day.str.to_datetime(time_unit="ms", time_zone="UTC", strict=False, format=None)
        return utc.cast(pl.Int64)
    plain = _plain(raw)
    if unit in LONG_UNITS:
        times = plain.cast(pl.Int64, strict=False) // LONG_UNITS[unit]
        return _only(times, times.is_between(1, LATEST_MS).fill_null(False))
    numbers = (plain.cast(pl.Float64, strict=False) * (1_000 if unit == "s" else 1)).round()
    return _only(numbers, numbers.is_between(1, LATEST_MS).fill_null(False)).cast(pl.Int64)


def _plain(raw: pl.Series) -> pl.Series:
    import polars as pl

    return raw.str.strip_chars() if raw.dtype == pl.String else raw


def _only(values: pl.Series, mask: pl.Series) -> pl.Series:
    """Keep values where the mask holds, null elsewhere."""
    import polars as pl

    return pl.select(pl.when(mask).then(values)).to_series().rename(values.name)


def _words(column: Column) -> str:
    kinds = {
        Kind.TEXT: "a text",
        Kind.NUMBER: range_words(-LARGEST_USD),
        Kind.POSITIVE: f"a number > 0 and ≤ {LARGEST_USD:g}",
        Kind.TIME: "a time",
    }
    return kinds[column.kind]


def require_columns(path: object, found: Sequence[str], columns: Sequence[Column]) -> None:
    """Refuse a table without a required column.

    Raises
    ------
    InputError
        Naming the column.
    """
    for column in columns:
        if column.required and column.source not in found:
            near = did_you_mean(nearest(column.source, found))
            expected = f"a column {column.source!r}"
            raise InputError(f"{path}: columns", list(found), expected, remedy=near)
