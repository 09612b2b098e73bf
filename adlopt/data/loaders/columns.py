"""Columns of records: what they are called, and which values they may hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

import polars as pl

from adlopt.data.cells import (
    POINT,
    account_column,
    guess,
    has_commas,
    id_column,
    number_column,
    plain,
)
from adlopt.data.loaders.reconciling import dollars
from adlopt.data.loaders.records import FIRST_MS, LAST_MS, Tally
from adlopt.errors import InputError, did_you_mean, nearest
from adlopt.foundation.arrays import LARGEST_USD, range_words
from adlopt.foundation.ids import NOBODY, hidden, looks_like_a_float

PER_UNIT = {"s": 1_000.0, "ms": 1.0, "us": 1e-3, "ns": 1e-6}
"""Milliseconds that one of each unit takes."""
UNITS = (*PER_UNIT, "iso")
SERIAL_DAYS = (39_814.0, 73_051.0)
"""Days since 1900, as spreadsheets count them, of the same years."""
ISO = (
    r"^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(?::([0-5]\d))?(?:[.,](\d{1,9})\d*)?"
    r" ?(Z|[+-]\d{2}:?\d{2})?$"
)
NO_ZONE = "no zone, taken as UTC"


def times(
    column: pl.Series, field: str, unit: str = "ms", zone: str = ""
) -> tuple[pl.Series, dict[str, int]]:
    """Read times as whole milliseconds since 1970, null where a cell is none; and their zones."""
    column = plain(column)
    if column.dtype == pl.Datetime:
        return _moments(column, zone)
    if column.dtype in (pl.Date, pl.Duration, pl.Time):
        raise InputError(field, str(column.dtype), "times, not dates or durations alone")
    if unit == "iso" and column.dtype == pl.String:
        return _written(column, zone)
    if unit in ("us", "ns") and (column.dtype == pl.String or column.dtype.is_integer()):
        # Floats do not hold these exactly.
        found = column.cast(pl.Int64, strict=False) // round(1 / PER_UNIT[unit])
    else:
        scale = PER_UNIT.get(unit, float("nan"))
        found = (number_column(column, field) * scale).round()
    found = _in_years(found)
    known = len(found) - found.null_count()
    return found.cast(pl.Int64), {f"UTC, as {unit} since 1970": known} if known else {}


def _in_years(found: pl.Series) -> pl.Series:
    """Milliseconds of the years that times are of, null elsewhere."""
    return found.set(~found.is_between(FIRST_MS, LAST_MS).fill_null(False), None)


def _moments(column: pl.Series, zone: str) -> tuple[pl.Series, dict[str, int]]:
    """Read a column that is typed as times."""
    said = getattr(column.dtype, "time_zone", None)
    found = _in_years((column if said else _in_zone(column, zone)).dt.timestamp("ms"))
    known = len(found) - found.null_count()
    return found, {said or zone or NO_ZONE: known} if known else {}


def _in_zone(column: pl.Series, zone: str) -> pl.Series:
    """Take times without an offset to be of a zone; those that the clock skips or repeats, null."""
    try:
        return column.dt.replace_time_zone(zone or "UTC", ambiguous="null", non_existent="null")
    except pl.exceptions.PolarsError:
        raise InputError("time_zone", zone, "a zone such as UTC or Europe/Berlin") from None


def _written(column: pl.Series, zone: str) -> tuple[pl.Series, dict[str, int]]:
    """Read ISO 8601."""
    parts = column.str.extract_groups(ISO).struct.unnest()
    parts.columns = ["day", "minute", "second", "fraction", "offset"]
    frame = parts.with_columns(pl.col("second", "fraction").fill_null("00"))
    text = frame.select(pl.format("{}T{}:{}.{}", "day", "minute", "second", "fraction")).to_series()
    offset = parts["offset"].str.replace("Z", "+0000").str.replace(":", "")
    form = "%Y-%m-%dT%H:%M:%S%.f"
    there = (text + offset).str.to_datetime(f"{form}%z", strict=False, time_unit="ms")
    naive = text.set(offset.is_not_null(), None).str.to_datetime(form, strict=False, time_unit="ms")
    here, said = _moments(naive, zone)
    found = _in_years(there.dt.timestamp("ms"))
    written = len(found) - found.null_count()
    return found.fill_null(here), said | ({"as written": written} if written else {})


def hint(value: object, unit: str) -> str:
    """Say what a cell that is no time looks like."""
    try:
        number = float(str(value))
    except ValueError:
        looks_iso = unit != "iso" and re.match(r"\d{4}-\d{2}-\d{2}", str(value))
        example = '; it looks like time_unit = "iso"' if looks_iso else ""
        return ", such as 2025-10-10T21:15:00Z" if unit == "iso" else example
    fits = [name for name, ms in PER_UNIT.items() if FIRST_MS <= number * ms <= LAST_MS]
    like = f'; it looks like time_unit = "{fits[0]}"' if fits else ""
    if SERIAL_DAYS[0] <= number <= SERIAL_DAYS[1]:
        like = "; it looks like a spreadsheet's days: format them as 2025-10-10T21:15:00Z"
    return f" of 2009 to 2100{like}"


class ColumnKind(Enum):
    """What a column holds."""

    TEXT = "text"
    COIN = "coin"
    NUMBER = "number"
    POSITIVE = "positive number"
    TIME = "time"


Finish: TypeAlias = "Callable[[pl.DataFrame], pl.DataFrame] | None"
WHOSE = ("loser", "round", "wave")
"""Columns that say whose debt a record states: other records may repeat it."""
SPOT_PREFIX, SPOT_NAME = "@", "PURR/USDC"
"""How Hyperliquid's spot markets, which are not deleveraged, are called."""


def is_spot(coin: str) -> bool:
    """Whether a Hyperliquid market is a spot market."""
    return coin.startswith(SPOT_PREFIX) or coin == SPOT_NAME


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: our name, the file's, and whether every record must have a value."""

    name: str
    source: str
    kind: ColumnKind = ColumnKind.NUMBER
    required: bool = True


def typed(
    lines: pl.Series,
    frame: pl.DataFrame,
    columns: Sequence[Column],
    tally: Tally,
    finish: Finish = None,
) -> pl.DataFrame:
    """Convert raw columns, and `line`; records that do not parse are counted, with their dollars.

    A spot market's records are skipped. What `finish` makes of the table is what is counted.
    """
    made, wrong = {"line": lines}, {}
    spot = pl.repeat(False, len(frame), eager=True)
    for column in columns:
        raw = frame[column.source]
        values = _converted(raw, column, tally)
        empty = raw.is_null() | _is_blank(raw, column.kind)
        wrong[column.name] = (values.is_null() & ~empty) | (empty if column.required else False)
        if column.kind is ColumnKind.COIN:
            spot = (values.str.starts_with(SPOT_PREFIX) | (values == SPOT_NAME)).fill_null(False)
        made[column.name] = values
    raw_table, faults = pl.DataFrame(made), pl.DataFrame(wrong)
    table = raw_table if finish is None else finish(raw_table)
    bad = faults.select(pl.any_horizontal(pl.all())).to_series() & ~spot
    tally.skip("spot", int(spot.sum()))
    if bad.any():
        parts = raw_table.filter(bad), frame.filter(bad), faults.filter(bad)
        _reject(*parts, columns, tally, finish)
    kept = table.filter(~bad & ~spot)
    tally.keep(len(kept), {each.name: float(each.sum()) for each in dollars(kept)})
    return kept


def _converted(raw: pl.Series, column: Column, tally: Tally) -> pl.Series:
    """Convert; what is not a value of the kind becomes null."""
    field = f"{tally.file}: {column.source}"
    if column.kind is ColumnKind.COIN:
        return id_column(raw, field)
    if column.kind is ColumnKind.TEXT:
        return account_column(raw, field, tally.alike)
    if column.kind is ColumnKind.TIME:
        found, zones = times(raw, field, tally.unit, tally.zone)
        tally.zones.update(zones)
        return found
    numbers = number_column(raw, field)
    fits = numbers.is_between(-LARGEST_USD, LARGEST_USD)
    if column.kind is ColumnKind.POSITIVE:
        fits &= numbers > 0
    return numbers.set(~fits.fill_null(False), None)


def _is_blank(raw: pl.Series, kind: ColumnKind) -> pl.Series:
    text = plain(raw)
    if text.dtype != pl.String:
        return pl.repeat(False, len(raw), eager=True)
    return text.str.contains(NOBODY) if kind is ColumnKind.TEXT else text == ""


def _reject(
    table: pl.DataFrame,
    raw: pl.DataFrame,
    faults: pl.DataFrame,
    columns: Sequence[Column],
    tally: Tally,
    finish: Finish,
) -> None:
    """Count records by the first of their cells that is wrong, with dollars as a person reads."""
    numbers = [each for each in columns if each.kind in (ColumnKind.NUMBER, ColumnKind.POSITIVE)]
    guesses = {
        each.name: pl.Series([guess(cell) for cell in raw[each.source]], dtype=pl.Float64)
        for each in numbers
    }
    read = table.with_columns(
        table[name].zip_with(table[name].is_not_null(), found).alias(name)
        for name, found in guesses.items()
    )
    read = read if finish is None else finish(read)
    worth = dollars(read).to_dicts() or [{}] * len(read)
    whose = next((read[name] for name in WHOSE if name in read.columns), [None] * len(read))
    for row, (line, usd, owner) in enumerate(zip(read["line"], worth, whose, strict=True)):
        column = next(each for each in columns if faults[each.name][row])
        found = raw[column.source][row]
        expected = f"{_words(column, found, tally.unit)} in {column.source!r}"
        known = {name: amount for name, amount in usd.items() if amount is not None}
        shown = "nothing" if found in (None, "") else found
        tally.reject(line, shown, expected, known, debtor=str(owner or f"line {line}"))


def _words(column: Column, found: object, unit: str) -> str:
    """Say what was expected of a cell, and what it looks like."""
    match column.kind:
        case ColumnKind.TIME:
            return f"a time{hint(found, unit)}"
        case ColumnKind.TEXT | ColumnKind.COIN:
            said = "whole numbers, not floats," if looks_like_a_float(str(found)) else "a text"
            return f"{said} of which something shows" if hidden(str(found)) else said
        case ColumnKind.POSITIVE:
            said = f"a number > 0 and ≤ {LARGEST_USD:g}"
        case _:
            said = range_words(-LARGEST_USD)
    return f"{said}: {POINT}" if has_commas(found) else said


def require_columns(
    path: object, found: Sequence[str], columns: Sequence[Column], also: Iterable[str] = ()
) -> None:
    """Refuse a table without a required column, or one of those that are needed also."""
    for name in (*(column.source for column in columns if column.required), *also):
        if name not in found:
            near = did_you_mean(nearest(name, found))
            expected = f"a column {name!r}"
            raise InputError(f"{path}: columns", list(found), expected, remedy=near)
