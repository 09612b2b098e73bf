"""Rounds from fills: cut in time, with deficits, needed budgets and capacities."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from adlopt.data.loaders import round_figures as figures
from adlopt.data.loaders.clusters import waves_of
from adlopt.data.loaders.fills import Fills
from adlopt.data.loaders.loaded import Loaded
from adlopt.data.loaders.oddities import oddities
from adlopt.data.loaders.options import Rules
from adlopt.data.loaders.records import Origin
from adlopt.errors import InputError
from adlopt.show.words import counted

if TYPE_CHECKING:
    import polars as pl

WINNERS = "winners: an account is known to be one because the venue deleveraged it in the round"
NEEDED = "needed: the gap between mark and execution of the round's own fills"
MAXIMA = "capacity: the largest value within the round, known when the round is over"


def rounds_of(
    fills: Fills,
    *,
    name: str,
    source: str = "",
    rules: Rules | None = None,
    gaps: Fills | None = None,
) -> Loaded:
    """Make rounds of fills.

    Parameters
    ----------
    fills : Fills
        Who was deleveraged and when: they make the rounds, deficits and capacities.
    name, source : str
    rules : Rules, optional
    gaps : Fills, optional
        Fills with marks, where `fills` have none; they give what the rounds needed.

    Raises
    ------
    InputError
        If there are no fills, or the capacity asked for is not among them.
    """
    rules = Rules() if rules is None else rules
    waves = waves_of(fills.scan(), rules)
    if waves.is_empty():
        raise InputError(name, "no deleveraging fills", "at least one")
    marked = fills if "mark" in fills.available or gaps is None else gaps
    unavailable = fills.missing(
        {"deficit": ["loser", "loser_equity"], "capacity": [rules.capacity.quantity]}
    ) | marked.missing({"needed": ["mark"]})
    unavailable |= {
        quantity: reason
        for quantity, reason in fills.missing({"equity": ["equity"]}).items()
        if quantity not in unavailable
    }
    cut = figures.in_waves(fills.scan(), waves)
    table = figures.spans(cut)
    if rules.per_coin:
        table = table.join(waves.select("wave", "coin").unique(), on="wave").sort("wave")
    lacking = None if "deficit" in unavailable else figures.lacks(cut)
    if lacking is not None:
        owing = set(lacking["wave"].to_list())
        table = table.filter(table["wave"].is_in(sorted(owing)))
    in_marked = cut if marked is fills else _within(marked.scan(), table, per_coin=rules.per_coin)
    winners = None if "capacity" in unavailable else _winners(cut, rules, fills, table)
    values = {
        "deficit": None if lacking is None else figures.deficits(lacking, rules),
        "largest_loss": None if lacking is None else figures.largest_losses(lacking),
        "needed": None if "needed" in unavailable else figures.needed(in_marked),
        "capacity": None if winners is None else _totals(winners),
    }
    rounds = _with(table, values)
    unavailable |= _gaps_in(rounds, values)
    return Loaded(
        name=name,
        source=source,
        rounds=rounds,
        accounts=winners,
        unavailable=unavailable,
        look_ahead=tuple(_look_ahead(rules, unavailable)),
        origins=_origins(cut, fills, in_marked, marked, table),
        reports=tuple(fills.reports + ([] if marked is fills else marked.reports)),
        findings=tuple(oddities(cut, fills, table, lacking, winners, in_marked, marked)),
        rules=rules,
    )


def _within(fills: pl.LazyFrame, table: pl.DataFrame, *, per_coin: bool) -> pl.LazyFrame:
    """Fills between the start and the end of a round, with its wave."""
    import polars as pl

    spans = table.lazy().select("wave", "start_ms", "end_ms", *(["coin"] if per_coin else []))
    by = "coin" if per_coin else None
    return (
        fills.sort("time")
        .join_asof(
            spans.sort("start_ms"),
            left_on="time",
            right_on="start_ms",
            by=by,
            strategy="backward",
            check_sortedness=False,
        )
        .filter(pl.col("time") <= pl.col("end_ms"))
        .drop("start_ms", "end_ms")
    )


def _winners(cut: pl.LazyFrame, rules: Rules, fills: Fills, table: pl.DataFrame) -> pl.DataFrame:
    winners = figures.accounts(cut, rules, fills.available)
    return winners.filter(winners["wave"].is_in(table["wave"].to_list()))


def _totals(winners: pl.DataFrame) -> dict[int, float]:
    parts = winners.partition_by("wave", as_dict=True)
    return {int(wave): math.fsum(part["capacity"]) for (wave,), part in parts.items()}


def _with(table: pl.DataFrame, values: dict[str, dict[int, float] | None]) -> pl.DataFrame:
    import polars as pl

    waves = table["wave"].to_list()
    columns = []
    for name, by_wave in values.items():
        known = [None] * len(waves) if by_wave is None else [by_wave.get(w) for w in waves]
        columns.append(pl.Series(name, known, dtype=pl.Float64))
    return table.with_columns(columns)


def _gaps_in(rounds: pl.DataFrame, values: dict[str, dict[int, float] | None]) -> dict[str, str]:
    """Figures that only some rounds have."""
    said = {}
    for name, by_wave in values.items():
        absent = rounds.filter(rounds[name].is_null())["wave"].to_list()
        if by_wave is not None and absent:
            said[name] = f"no record with it lies in {counted(len(absent), 'round')}: {absent[:5]}"
    return said


def _look_ahead(rules: Rules, unavailable: dict[str, str]) -> list[str]:
    said = [WINNERS]
    if "needed" not in unavailable:
        said.append(NEEDED)
    if "capacity" not in unavailable and rules.capacity.looks_ahead:
        said.append(MAXIMA)
    return said


def _origins(
    cut: pl.LazyFrame,
    fills: Fills,
    in_marked: pl.LazyFrame,
    marked: Fills,
    table: pl.DataFrame,
) -> dict[int, dict[str, tuple[Origin, ...]]]:
    waves = table["wave"].to_list()
    own = _ranges(cut, fills)
    gaps = own if marked is fills else _ranges(in_marked, marked)
    return {w: {"winners, deficit": own.get(w, ()), "needed": gaps.get(w, ())} for w in waves}


def _ranges(cut: pl.LazyFrame, fills: Fills) -> dict[int, tuple[Origin, ...]]:
    import polars as pl

    rows = (
        cut.group_by("wave", "file")
        .agg(
            first=pl.col("line").min(),
            last=pl.col("line").max(),
            records=pl.len().cast(pl.Int64),
        )
        .collect(engine="streaming")
        .sort("wave", "file")
    )
    ranges: dict[int, tuple[Origin, ...]] = {}
    for wave, file, first, last, records in rows.iter_rows():
        origin = Origin(str(fills.files[file]), first, last, records)
        ranges[wave] = (*ranges.get(wave, ()), origin)
    return ranges
