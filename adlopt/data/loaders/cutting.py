"""Rounds from fills: cut in time, with deficits, needed budgets and capacities, or as stated."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl

from adlopt.data.loaders import reconciling, round_figures as figures
from adlopt.data.loaders.columns import Column, ColumnKind
from adlopt.data.loaders.fills import Fills
from adlopt.data.loaders.loaded import Loaded
from adlopt.data.loaders.oddities import Parts, oddities
from adlopt.data.loaders.options import Rules
from adlopt.data.loaders.raw_tables import table_of
from adlopt.data.loaders.records import Tally
from adlopt.data.loaders.round_figures import waves_of
from adlopt.errors import InputError
from adlopt.scoring.quality import Finding
from adlopt.show.schema.loads import FileReport, Origin, Reconciled, RoundCut
from adlopt.show.words import counted

WINNERS = "winners: an account is known to be one because the venue deleveraged it in the round"
NEEDED = "needed: the gap between mark and execution of the round's own fills"
NO_WAVE = 0
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
    interval = "loser" in fills.available and "loser_equity" not in fills.available
    unavailable |= {
        quantity: reason
        for quantity, reason in fills.missing({"equity": ["equity"]}).items()
        if quantity not in unavailable
    }
    cut = figures.in_waves(fills.scan(), waves)
    table = figures.spans(cut)
    if rules.per_coin:
        table = table.join(waves.select("wave", "coin").unique(), on="wave").sort("wave")
    tables = {"deficit": rules.deficit_from, "needed": rules.needed_from}
    stated = {name: joined(path, name, table) for name, path in tables.items() if path is not None}
    unavailable = {name: why for name, why in unavailable.items() if name not in stated}
    by_loser = "deficit" not in unavailable and "deficit" not in stated
    lacking = figures.lacks(cut) if by_loser else None
    owing = None if lacking is None else figures.owed(lacking, rules)
    deficits = stated["deficit"][0] if "deficit" in stated else None
    if owing is not None:
        deficits = figures.sums(owing)
    if deficits is not None:
        table = table.filter(table["wave"].is_in(list(deficits)))
    in_marked = cut if marked is fills else _placed(marked.scan(), table, per_coin=rules.per_coin)
    own = None if "mark" not in marked.available else figures.needed(in_marked)
    every = None if "capacity" in unavailable else figures.accounts(cut, rules, fills.available)
    winners = None if every is None else _known(every, table)
    taken = None if own is None else figures.taken(in_marked)
    if winners is not None and taken is not None:
        winners = winners.join(taken, on=["wave", "account"], how="left").sort("wave", "account")
        if absent := winners["recorded"].null_count():
            said = f"{absent:,} of {len(winners):,} winners have no fill with a mark in their round"
            winners, unavailable["recorded"] = winners.drop("recorded"), said
    values = {
        "deficit": deficits,
        "largest_loss": None if owing is None else figures.largest_losses(owing),
        "counted_once": None if lacking is None else figures.sums(figures.increments(lacking)),
        "needed": stated["needed"][0] if "needed" in stated else own,
        "capacity": None if winners is None else figures.sums(winners, "capacity"),
    }
    rounds = _with(table, values)
    unavailable |= _gaps_in(rounds, values)
    gain = rules.capacity.quantity
    parts = Parts(fills, cut, marked, in_marked, table, lacking, owing, every, own, gain, taken)
    others = [report for _, report, _ in stated.values()]
    return Loaded(
        name=name,
        source=source,
        rounds=rounds,
        accounts=winners,
        unavailable=unavailable,
        look_ahead=tuple(_look_ahead(rules, unavailable)),
        origins=_origins(parts),
        reports=tuple(fills.reports + ([] if marked is fills else marked.reports) + others),
        findings=(
            *fills.findings,
            *oddities(parts),
            *(_interval(own) if interval and own and "deficit" not in stated else ()),
            *(said for _, _, said in stated.values()),
        ),
        rules=rules,
        cut=_cut(waves, rules, fills.reports),
        reconciled=tuple(_reconciled(parts)),
    )


def _interval(own: dict[int, float]) -> Iterator[Finding]:
    """Without equities, the debt that fills covered is all that they say."""
    usd = math.fsum(own.values())
    few = ", ".join(f"{wave}: 0 to ${most:,.2f}" for wave, most in list(own.items())[:5])
    text = (
        "fills alone leave each deficit an interval, from 0 to what its fills took, where nobody "
        f"was left below 0: 0 to ${usd:,.2f} in all (by wave {few}); a [snapshot] of what accounts "
        "are worth, or --deficit-from, makes it a number"
    )
    yield Finding(name="deficit is an interval", text=text, usd=usd)


def _cut(waves: pl.DataFrame, rules: Rules, reports: Sequence[FileReport]) -> RoundCut:
    """How rounds were cut, and how near to being cut otherwise."""
    by = ["coin"] if rules.per_coin else []
    step = pl.col("time").diff()
    pauses = waves.sort(*by, "time").select(
        "wave", pause=step.over(by) if by else step, new=(pl.col("wave").diff() != 0)
    )
    inside, between = (pauses.filter(mask)["pause"] for mask in (~pl.col("new"), pl.col("new")))
    zones: Counter[str] = Counter()
    for report in reports:
        zones.update(report.zones)
    return RoundCut(
        gap_ms=rules.gap_ms,
        per_coin=rules.per_coin,
        first_ms=int(waves["time"].min()),  # type: ignore[arg-type]
        last_ms=int(waves["time"].max()),  # type: ignore[arg-type]
        longest_pause_ms=inside.max(),  # type: ignore[arg-type]
        shortest_gap_ms=between.drop_nulls().min(),  # type: ignore[arg-type]
        zones=dict(zones),
    )


def _reconciled(parts: Parts) -> Iterator[Reconciled]:
    """Every dollar of the files: used in a round, or left out for a reason."""
    waves, reports = parts.table["wave"].to_list(), parts.fills.reports
    if parts.lacking is not None and parts.owing is not None:
        yield reconciling.debt(parts.lacking, parts.owing, reports)
    if parts.every is not None:
        yield reconciling.capacity(parts.every, waves, reports)
    if parts.every is not None and parts.taken is not None:
        yield reconciling.recorded(parts.taken, parts.every, waves, parts.marked.reports)
    if parts.needed is not None:
        yield reconciling.of_fills("needed", parts.needed, waves, parts.marked.reports)
    notional = (pl.col("price") * pl.col("size")).sum()
    each = parts.cut.group_by("wave").agg(notional).collect(engine="streaming")
    yield reconciling.of_fills("notional", dict(each.iter_rows()), waves, reports)


def _placed(fills: pl.LazyFrame, table: pl.DataFrame, *, per_coin: bool) -> pl.LazyFrame:
    """Fills with the wave that they lie within, `NO_WAVE` outside of every one."""
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
        .with_columns(
            wave=pl.when(pl.col("time") <= pl.col("end_ms")).then("wave").otherwise(NO_WAVE)
        )
        .drop("start_ms", "end_ms")
    )


def _known(every: pl.DataFrame, table: pl.DataFrame) -> pl.DataFrame:
    """Winners of the rounds whose capacity is known."""
    inside = every["wave"].is_in(table["wave"].to_list())
    return every.filter(inside & every["capacity"].is_not_null()).drop("gain")


def _with(table: pl.DataFrame, values: dict[str, dict[int, float] | None]) -> pl.DataFrame:
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


def _origins(parts: Parts) -> dict[int, dict[str, tuple[Origin, ...]]]:
    own = _ranges(parts.cut, parts.fills)
    other = parts.marked is not parts.fills
    gaps = _ranges(parts.in_marked, parts.marked) if other else own
    return {
        wave: {"winners, deficit": own.get(wave, ()), "needed": gaps.get(wave, ())}
        for wave in parts.table["wave"].to_list()
    }


def _ranges(cut: pl.LazyFrame, fills: Fills) -> dict[int, tuple[Origin, ...]]:
    rows = (
        cut.group_by("wave", "file")
        .agg(first=pl.col("line").min(), last=pl.col("line").max(), records=pl.len().cast(pl.Int64))
        .collect(engine="streaming")
        .sort("wave", "file")
    )
    ranges: dict[int, tuple[Origin, ...]] = {}
    for wave, file, first, last, records in rows.iter_rows():
        origin = Origin(file=str(fills.files[file]), first=first, last=last, records=records)
        ranges[wave] = (*ranges.get(wave, ()), origin)
    return ranges


STATED = {
    "deficit": ("deficit", "deficit_usd"),
    "needed": ("needed", "needed_usd", "budget_needed_usd"),
}
"""What columns of a figure are called, the first that is there."""
TIMES, NUMBERS = ("start_ms", "t_start_ms", "time", "time_ms"), ("wave", "round")


def joined(
    path: str | Path, quantity: str, rounds: pl.DataFrame
) -> tuple[dict[int, float], FileReport, Finding]:
    """Read a figure of rounds from a table that has times, within a round, or numbers of rounds."""
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
    return {int(w): float(u) for w, u in sums.iter_rows()}, tally.close(), said


def _in_rounds(rows: pl.DataFrame, rounds: pl.DataFrame) -> pl.DataFrame:
    """Find the round that each row's time lies within."""
    spans = rounds.select("wave", "start_ms", "end_ms").sort("start_ms")
    near = rows.sort("at").join_asof(spans, left_on="at", right_on="start_ms", strategy="backward")
    return near.filter(pl.col("at") <= pl.col("end_ms"))
