"""Figures of rounds that another table states: deficits or needed budgets, by time or by number."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from adlopt.data.loaders.columns import Column, ColumnKind
from adlopt.data.loaders.raw_tables import table_of
from adlopt.data.loaders.records import Tally
from adlopt.errors import InputError
from adlopt.scoring.quality import Finding
from adlopt.show.schema.loads import FileReport

if TYPE_CHECKING:
    import polars as pl

STATED = {
    "deficit": ("deficit", "deficit_usd"),
    "needed": ("needed", "needed_usd", "budget_needed_usd"),
}
"""What columns of a figure are called, the first that is there."""
TIMES, NUMBERS = ("start_ms", "t_start_ms", "time", "time_ms"), ("wave", "round")


class Joined(NamedTuple):
    """What a table states of rounds."""

    by_wave: dict[int, float]
    """USD."""
    report: FileReport
    finding: Finding


def joined(path: str | Path, quantity: str, rounds: pl.DataFrame) -> Joined:
    """Read a figure of rounds from a table that has times, within a round, or numbers of rounds.

    Parameters
    ----------
    path : Path
    quantity : {"deficit", "needed"}
    rounds : DataFrame
        `wave`, `start_ms`, `end_ms`.

    Raises
    ------
    InputError
        If the table has no such figure, or neither times nor numbers.
    """
    import polars as pl

    path = Path(path)
    figures = [Column(name=name, source=name, required=False) for name in STATED[quantity]]
    times = [Column(name=name, source=name, kind=ColumnKind.TIME, required=False) for name in TIMES]
    numbers = [Column(name=name, source=name, required=False) for name in NUMBERS]
    tally = Tally(path)
    table = table_of(tally, (*figures, *times, *numbers))
    usd, time, number = (
        next((name for name in names if name in table.columns), None)
        for names in (STATED[quantity], TIMES, NUMBERS)
    )
    if usd is None or (time is None and number is None):
        expected = f"a column of {STATED[quantity]}, and one of {TIMES + NUMBERS}"
        raise InputError(f"{path}: columns", table.columns[1:], expected)
    rows = table.filter(pl.col(usd).is_not_null()).select(usd=usd, at=time or number)
    numbered = rows.with_columns(wave=pl.col("at").cast(pl.Int64))
    found = _in_rounds(rows, rounds) if time else numbered
    inside = found.filter(pl.col("wave").is_in(rounds["wave"].to_list()))
    sums = inside.group_by("wave").agg(pl.col("usd").sum())
    total = float(inside["usd"].sum())
    outside = float(rows["usd"].sum()) - total
    text = (
        f"{quantity} of {len(sums):,} of {len(rounds):,} rounds is that of {path.name}, by "
        f"{'times' if time else 'numbers'}, ${total:,.2f}; {len(rows) - len(inside):,} of its "
        f"rows, ${outside:,.2f}, lie in no round"
    )
    said = Finding(name=f"{quantity} joined", text=text, usd=total)
    return Joined({int(w): float(u) for w, u in sums.iter_rows()}, tally.close(), said)


def _in_rounds(rows: pl.DataFrame, rounds: pl.DataFrame) -> pl.DataFrame:
    """Find the round that each row's time lies within."""
    import polars as pl

    spans = rounds.select("wave", "start_ms", "end_ms").sort("start_ms")
    near = rows.sort("at").join_asof(spans, left_on="at", right_on="start_ms", strategy="backward")
    return near.filter(pl.col("at") <= pl.col("end_ms"))
