"""Tables in CSV and Parquet, or listed row by row: read and checked, or made of an episode."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adlopt.data.cells import (
    POINT,
    account_column,
    has_commas,
    id_column,
    line_of,
    number_column,
    other_separator,
    without_blanks,
)
from adlopt.data.files.file_schema import AccountEntry, HolderEntry
from adlopt.data.files.places import existing_file, inside
from adlopt.errors import InputError, did_you_mean, nearest, unknown
from adlopt.foundation.arrays import LARGEST_USD, FloatArray, range_words
from adlopt.foundation.ids import AS_TEXT, IN_SIGHT, hidden, looks_like_a_float
from adlopt.model.episode import Episode
from adlopt.model.round import OUTCOMES, RESERVED
from adlopt.model.tables import FieldTable

if TYPE_CHECKING:
    import polars as pl

MANY_ROWS = 10_000_000
"""Rows that a Parquet table may have whatever its size."""
ROWS_A_BYTE = 10
"""An id alone takes more than a tenth of a byte: denser tables are taken for bombs."""
TAGS = "tags."
"""What columns of tags begin with; their kind follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """What a table holds: texts and numbers that it must have, and numbers and tags that it may."""

    text: tuple[str, ...]
    needed: tuple[str, ...]
    optional: tuple[str, ...] = ()
    tags: bool = False


def read_columns(path: Path, name: str, columns: Columns) -> dict[str, Any]:
    """Read a table of known columns: tuples of texts, arrays of checked numbers."""
    raw = _read(path, name)
    known = (*columns.text, *columns.needed, *columns.optional)
    for column in (*columns.text, *columns.needed):
        _demand(raw, column, path)
    texts = (*columns.text, *(c for c in raw.columns if columns.tags and c.startswith(TAGS)))
    for column in raw.columns:
        if column not in (*known, *texts):
            raise unknown(f"{path}: columns", column, known, remedy="rename or drop it")
    table: dict[str, Any] = {c: tuple(_texts(raw[c], path).to_list()) for c in columns.text}
    for column in texts[len(columns.text) :]:
        table[column] = _tags(raw[column], path).to_list()
    for column in raw.columns:
        if column not in texts:
            table[column] = _numbers(raw[column], path)
    return table


def read_table(path: Path, *, needed: str = "capacity") -> pl.DataFrame:
    """Read an account table; every column but `account` and tags becomes checked float64."""
    import polars as pl

    raw = _read(path, "accounts")
    for name in ("account", needed):
        _demand(raw, name, path)
    checked = {"account": _texts(raw["account"], path)}
    for name in raw.columns:
        if name.startswith(TAGS):
            checked[name] = _tags(raw[name], path)
        elif name != "account":
            checked[name] = pl.Series(name, _numbers(raw[name], path))
    return pl.DataFrame(checked)


def read_numbers(path: Path, column: str, field: str) -> FloatArray:
    """Read one column of a table, checked."""
    raw = _read(path, field)
    _demand(raw, column, path)
    return _numbers(raw[column], path)


def _read(path: Path, field: str) -> pl.DataFrame:
    import polars as pl

    if path.suffix not in (".csv", ".parquet"):
        raise InputError(field, str(path), "a .csv or .parquet file")
    existing_file(path, field)
    try:
        if path.suffix == ".parquet":
            _refuse_bomb(path, pl.scan_parquet(path, glob=False).select(pl.len()).collect().item())
            return pl.read_parquet(path, glob=False)
        end = "\n" if b"\n" in _header(path) else "\r"
        read = pl.read_csv(path, infer_schema=False, glob=False, eol_char=end)
        raw = without_blanks(read, path)
    except (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        why = f"a readable table ({first_line(error)})"
        raise InputError(field, str(path), why, remedy=_separated(path)) from None
    for name in raw.columns:
        twice = re.fullmatch(r"(.*)_duplicated_\d+", name)
        if twice and twice[1] in raw.columns:
            remedy = "rename or drop one"
            raise InputError(f"{path}: columns", twice[1], "a column once", remedy=remedy)
    return raw


def _header(path: Path) -> bytes:
    with path.open("rb") as file:
        header = file.readline(10_000)
    if header.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError("file", str(path), "UTF-8 text, not UTF-16")
    return header


def _demand(raw: pl.DataFrame, name: str, path: Path) -> None:
    """Refuse a table without this column, and say what looks like it."""
    if name in raw.columns:
        return
    like = next((column for column in raw.columns if column.strip().lower() == name), None)
    near = did_you_mean(nearest(name, raw.columns)) if len(raw.columns) > 1 else ""
    remedy = f"rename {like!r}" if like else near or _separated(path)
    raise InputError(f"{path}: columns", raw.columns, f"a column `{name}`", remedy=remedy)


def _separated(path: Path) -> str:
    """Say how a CSV file is separated, unless by commas."""
    header = _header(path) if path.suffix == ".csv" else b""
    return other_separator(header.decode(errors="replace"))


def _refuse_bomb(path: Path, rows: int) -> None:
    most = max(MANY_ROWS, ROWS_A_BYTE * path.stat().st_size)
    if rows > most:
        raise InputError(str(path), f"{rows:,} rows", f"at most {most:,} in a file of its size")


def _tags(column: pl.Series, path: Path) -> pl.Series:
    """Texts, of which a missing one is empty: no tag."""
    import polars as pl

    if column.dtype not in (pl.String, pl.Categorical, pl.Enum, pl.Null):
        raise InputError(f"{path}: {column.name}", str(column.dtype), "text")
    return column.cast(pl.String).fill_null("")


def _texts(column: pl.Series, path: Path) -> pl.Series:
    read = account_column if column.name in ("account", "loser") else id_column
    ids = read(column, f"{path}: {column.name}")
    if ids.has_nulls():
        row = ids.is_null().arg_true()[0]
        remedy = AS_TEXT if looks_like_a_float(str(column[row])) else ""
        remedy = IN_SIGHT if hidden(str(column[row])) else remedy
        where = f"{path} {_place(path, row)}: {column.name}"
        raise InputError(where, column[row], "a non-empty text", remedy=remedy)
    return ids


def _numbers(column: pl.Series, path: Path) -> FloatArray:
    numbers = number_column(column, f"{path}: {column.name}")
    lowest = 0.0 if column.name == "capacity" else -LARGEST_USD
    bad = (~numbers.is_between(lowest, LARGEST_USD).fill_null(False)).arg_true()
    if len(bad):
        value = column[bad[0]]
        remedy = POINT if has_commas(value) else ""
        where = f"{path} {_place(path, bad[0])}: {column.name}"
        raise InputError(where, value, range_words(lowest), remedy=remedy)
    return numbers.to_numpy()


def _place(path: Path, row: int) -> str:
    return f"line {line_of(path, row)}" if path.suffix == ".csv" else f"row {row + 1}"


def columns_of(rows: pl.DataFrame) -> dict[str, Any]:
    """Arguments of `RoundStart` that a table holds."""
    columns: dict[str, Any] = {"account": tuple(rows["account"].to_list())}
    for name in ("capacity", "equity", "lot"):
        if name in rows.columns:
            columns[name] = rows[name].to_numpy()
    features = [n for n in rows.columns if n not in RESERVED and not n.startswith(TAGS)]
    columns["features"] = {n: rows[n].to_numpy() for n in features}
    columns["tags"] = tags_in(rows.to_dict(as_series=False))
    return columns


def outcomes_in(rows: pl.DataFrame) -> dict[str, Any]:
    """Arguments of `RoundOutcome` that a table holds."""
    return {name: rows[name].to_numpy() for name in OUTCOMES if name in rows.columns}


def tags_in(table: Mapping[str, Any]) -> dict[str, list[str]]:
    """Tags by kind, of the columns that are called `tags.` and the kind."""
    return {n.removeprefix(TAGS): list(v) for n, v in table.items() if n.startswith(TAGS)}


def tags_of(accounts: Sequence[AccountEntry | HolderEntry]) -> dict[str, list[str]]:
    """Tags of accounts by kind; one that is not given is empty."""
    kinds = dict.fromkeys(kind for a in accounts for kind in a.tags)
    return {kind: [a.tags.get(kind, "") for a in accounts] for kind in kinds}


def rows_by_round(path: Path, rounds: int) -> dict[int, pl.DataFrame]:
    """Read a table whose column `round` says which round, from 1, a row belongs to."""
    rows = read_table(path)
    if "round" not in rows.columns:
        raise InputError(f"{path}: columns", rows.columns, "a column `round`, counted from 1")
    parts = {t: part for (t,), part in rows.partition_by("round", as_dict=True).items()}
    for t in sorted(parts):
        if t not in range(1, rounds + 1):
            raise InputError(f"{path}: round", t, f"a whole number from 1 to {rounds}")
    return {int(t): part for t, part in parts.items()}


def accounts_table(episode: Episode) -> pl.DataFrame:
    """All accounts of an episode, with the column `round`; optional columns in all or none."""
    import polars as pl

    frames: list[pl.DataFrame] = []
    for round_ in episode:
        start = round_.start
        columns: dict[str, Any] = {
            "round": [start.t] * len(start.account),
            "account": list(start.account),
            "capacity": start.capacity,
        }
        known = {n: getattr(start, n) for n in ("equity", "lot")}
        known |= {n: getattr(round_.outcome, n) for n in OUTCOMES}
        columns |= {n: values for n, values in known.items() if values is not None}
        tags = {f"{TAGS}{kind}": list(values) for kind, values in start.tags.items()}
        frame = pl.DataFrame(columns | dict(start.features) | tags)
        frames.append(_like(frames[0], frame, start.t) if frames else frame)
    return pl.concat(frames)


def _like(first: pl.DataFrame, frame: pl.DataFrame, t: int) -> pl.DataFrame:
    odd = sorted(set(first.columns) ^ set(frame.columns))
    if odd:
        expected = "columns given in all rounds or in none"
        raise InputError("accounts", odd[0], expected, index=f"round {t}")
    return frame.select(first.columns)


def first_line(error: Exception) -> str:
    """The first line of an error's message, or its kind."""
    return (str(error).splitlines() or [type(error).__name__])[0]


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
