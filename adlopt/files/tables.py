"""Account tables in CSV and Parquet: read, check row by row, write."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from adlopt.arrays import FloatArray
from adlopt.episode import Episode
from adlopt.errors import InputError

if TYPE_CHECKING:
    import polars as pl


def read_table(path: Path) -> pl.DataFrame:
    """Read an account table; every column but `account` becomes checked float64."""
    import polars as pl  # noqa: PLC0415 - takes 0.3 s

    readers = {".csv": lambda p: pl.read_csv(p, infer_schema=False), ".parquet": pl.read_parquet}
    if path.suffix not in readers:
        raise InputError("accounts", str(path), "a .csv or .parquet file")
    try:
        raw = readers[path.suffix](path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InputError("accounts", str(path), f"a readable table ({first_line(error)})") from None
    for name in ("account", "capacity"):
        if name not in raw.columns:
            raise InputError(f"{path}: columns", raw.columns, f"a column `{name}`")
    checked = {"account": raw["account"].cast(pl.String)}
    for name in raw.columns:
        if name != "account":
            checked[name] = pl.Series(name, _numbers(raw[name], path))
    return pl.DataFrame(checked)


def _numbers(column: pl.Series, path: Path) -> FloatArray:
    import polars as pl  # noqa: PLC0415

    numbers = column.cast(pl.Float64, strict=False)
    bad = (numbers.is_null() | ~numbers.is_finite().fill_null(False)).arg_true()
    lowest = 0.0 if column.name == "capacity" else None
    if lowest is not None and not len(bad):
        bad = (numbers < lowest).arg_true()
    if len(bad):
        row = bad[0]
        line = f"line {row + 2}" if path.suffix == ".csv" else f"row {row + 1}"
        least = "" if lowest is None else " ≥ 0"
        raise InputError(f"{path} {line}: {column.name}", column[row], f"a finite number{least}")
    return numbers.to_numpy()


def columns_of(rows: pl.DataFrame) -> dict[str, Any]:
    """Arguments of `RoundStart` that a table holds."""
    known = ("account", "capacity", "equity", "lot", "round")
    columns: dict[str, Any] = {"account": tuple(rows["account"].to_list())}
    for name in ("capacity", "equity", "lot"):
        if name in rows.columns:
            columns[name] = rows[name].to_numpy()
    columns["features"] = {n: rows[n].to_numpy() for n in rows.columns if n not in known}
    return columns


def rows_by_round(path: Path, rounds: int) -> dict[int, pl.DataFrame]:
    """Read a table whose column `round` says which round, from 1, a row belongs to.

    Raises
    ------
    InputError
        If the column is missing or names a round that is not there.
    """
    rows = read_table(path)
    if "round" not in rows.columns:
        raise InputError(f"{path}: columns", rows.columns, "a column `round`, counted from 1")
    parts = {t: part for (t,), part in rows.partition_by("round", as_dict=True).items()}
    for t in sorted(parts):
        if t not in range(1, rounds + 1):
            raise InputError(f"{path}: round", t, f"a whole number from 1 to {rounds}")
    return {int(t): part for t, part in parts.items()}


def accounts_table(episode: Episode) -> pl.DataFrame:
    """All accounts of an episode, with the column `round`."""
    import polars as pl  # noqa: PLC0415

    frames = []
    for round_ in episode:
        start = round_.start
        columns: dict[str, Any] = {
            "round": [start.t] * len(start.account),
            "account": list(start.account),
            "capacity": start.capacity,
        }
        columns |= {
            n: getattr(start, n) for n in ("equity", "lot") if getattr(start, n) is not None
        }
        frames.append(pl.DataFrame(columns | dict(start.features)))
    return pl.concat(frames)


def first_line(error: Exception) -> str:
    """The first line of an error's message, or its kind."""
    return (str(error).splitlines() or [type(error).__name__])[0]
