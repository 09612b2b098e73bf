"""Times that prove themselves: of a stated unit, between 2009 and 2100, with a stated zone.

A column that is typed as times says its unit and zone itself, whatever an option says. Numbers are
taken in the unit that an option says, and refused outside those years: they are in another one.
Texts are ISO 8601; one without an offset is UTC, unless an option names its zone, and is counted.
"""

from __future__ import annotations

import re
from typing import Any

import polars as pl

from adlopt.data.cells import number_column, plain
from adlopt.data.loaders.records import Malformed
from adlopt.errors import InputError

FIRST_MS, LAST_MS = 1_230_768_000_000, 4_102_444_800_000
"""Milliseconds since 1970 of 2009 and of 2100: no perpetual traded before, and none of then has."""
PER_UNIT = {"s": 1_000.0, "ms": 1.0, "us": 1e-3, "ns": 1e-6}
"""Milliseconds that one of each unit takes."""
UNITS = (*PER_UNIT, "iso")
SERIAL_DAYS = (39_814.0, 73_051.0)
"""Days since 1900, as spreadsheets count them, of the same years."""
ISO = (
    r"^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(?::(\d{2}))?(?:[.,](\d{1,9})\d*)?"
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


def moment(value: Any, key: str) -> int:
    """Read one time in whole milliseconds since 1970, of 2009 to 2100."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole or not FIRST_MS <= value <= LAST_MS:
        raise Malformed(value, f"milliseconds since 1970 in {key!r}, of 2009 to 2100")
    return int(value)


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
