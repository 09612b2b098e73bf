"""Figures of rounds, out of fills: needed budgets, deficits and capacities.

Sums are rounded once (`math.fsum`), so that no figure depends on the order of records.
"""

from __future__ import annotations

import math

import numpy as np
import polars as pl

from adlopt.data.loaders.options import Capacity, Deficit, Rules
from adlopt.foundation.arrays import IntArray


def cluster(times: IntArray, gap_ms: int) -> IntArray:
    """Number sorted times from 1; the number grows where the gap is larger than `gap_ms`."""
    return np.cumsum(np.diff(times, prepend=times[:1]) > gap_ms) + 1


def waves_of(fills: pl.LazyFrame, rules: Rules) -> pl.DataFrame:
    """Say for every `time`, and `coin` if rounds are per coin, which `wave`, from 1, it is in."""
    keys = ["coin", "time"] if rules.per_coin else ["time"]
    times = fills.select(keys).unique().collect(engine="streaming").sort(keys)
    if not rules.per_coin:
        return times.with_columns(wave=pl.Series(cluster(times["time"].to_numpy(), rules.gap_ms)))
    starts = pl.col("time") - pl.col("time").shift(1) > rules.gap_ms
    new = starts.fill_null(True) | (pl.col("coin") != pl.col("coin").shift(1)).fill_null(True)
    cut = times.with_columns(piece=new.cum_sum())
    order = (
        cut.group_by("piece")
        .agg(pl.col("time").min(), pl.col("coin").first())
        .sort("time", "coin")
        .with_columns(wave=pl.int_range(1, pl.len() + 1, dtype=pl.Int64))
    )
    return cut.join(order.select("piece", "wave"), on="piece").drop("piece").sort(keys)


FEATURES = ("leverage", "pnl_percent")
"""Quantities of winners that queues may rank by, as they were first seen in the round."""
FEATURE = "features."
"""What columns of features begin with, so that they may have any name."""


def in_waves(fills: pl.LazyFrame, waves: pl.DataFrame) -> pl.LazyFrame:
    """Fills with the column `wave`; those outside every wave are left out."""
    keys = [name for name in ("coin", "time") if name in waves.columns]
    return fills.join(waves.lazy(), on=keys)


def spans(fills: pl.LazyFrame) -> pl.DataFrame:
    """Start, end, fills, winners, losers and coins of every wave."""
    return (
        fills.group_by("wave")
        .agg(
            start_ms=pl.col("time").min(),
            end_ms=pl.col("time").max(),
            fills=pl.len().cast(pl.Int64),
            winners=pl.col("account").n_unique().cast(pl.Int64),
            losers=pl.col("loser").drop_nulls().n_unique().cast(pl.Int64),
            coins=pl.col("coin").n_unique().cast(pl.Int64),
        )
        .collect(engine="streaming")
        .sort("wave")
    )


def needed(fills: pl.LazyFrame) -> dict[int, float]:
    """Σ |mark − price| × size over the fills of each wave, USD: what [CTTX26] call needed.

    It is the gap between mark and execution of the venue's own fills, known ex post.
    """
    gap = (pl.col("mark") - pl.col("price")).abs() * pl.col("size")
    return sums(fills.select("wave", usd=gap).collect(engine="streaming"))


def taken(fills: pl.LazyFrame) -> pl.DataFrame:
    """Σ |mark − price| × size over the fills of each account, USD: what it is on record to give."""
    gap = ((pl.col("mark") - pl.col("price")).abs() * pl.col("size")).sort()
    each = fills.group_by("wave", "account").agg(recorded=gap.sum())
    return each.collect(engine="streaming").sort("wave", "account")


def coin_gaps(fills: pl.LazyFrame) -> pl.DataFrame:
    """USD that closing one contract takes, by wave and coin: Σ |mark − price| size ÷ Σ size."""
    return (
        fills.group_by("wave", "coin")
        .agg(
            gap_usd=((pl.col("mark") - pl.col("price")).abs() * pl.col("size")).sum(),
            contracts=pl.col("size").sum(),
        )
        .collect(engine="streaming")
        .with_columns(usd_a_contract=pl.col("gap_usd") / pl.col("contracts"))
        .sort("wave", "coin")
    )


def lacks(fills: pl.LazyFrame) -> pl.DataFrame:
    """What each liquidated account lacks at its worst in each wave, USD > 0.

    Debts without a name have no `loser`, and each different amount of a wave counts.
    """
    owing = fills.filter(pl.col("loser_equity") < 0)
    nobody = pl.when(pl.col("loser").is_null()).then("loser_equity")
    return (
        owing.group_by("wave", "loser", nobody=nobody)
        .agg(usd=-pl.col("loser_equity").min())
        .collect(engine="streaming")
        .drop("nobody")
        .sort("wave", "loser", "usd")
    )


def increments(lacking: pl.DataFrame) -> pl.DataFrame:
    """Of what accounts lack, what no earlier wave has counted; nameless debts count in each."""
    before = pl.col("usd").cum_max().shift(1, fill_value=0.0).over("loser", order_by="wave")
    fresh = (pl.col("usd") - before).clip(lower_bound=0.0)
    return lacking.with_columns(usd=pl.when(pl.col("loser").is_null()).then("usd").otherwise(fresh))


def owed(lacking: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    """What counts of what each account lacks, by wave and loser, USD."""
    return increments(lacking) if rules.deficit is Deficit.INCREMENT else lacking


def largest_losses(owing: pl.DataFrame) -> dict[int, float]:
    """USD, by wave: the most that counts of one account."""
    rows = owing.group_by("wave").agg(pl.col("usd").max()).iter_rows()
    return {int(wave): float(usd) for wave, usd in rows}


def accounts(fills: pl.LazyFrame, rules: Rules, available: set[str]) -> pl.DataFrame:
    """Winners of each wave: `wave`, `account`, `capacity`, `gain`, and `equity` where known.

    A capacity is never negative, and no larger than the equity where that is known. It is null
    where an account's PNL or equity is unknown; `gain` is what the PNL alone would allow. Within a
    round, the first row of an account is the one of the earliest time, then of the first line.
    """
    keys = ["wave", "account"]
    pick = _largest if rules.capacity.looks_ahead else _first
    by_coin = rules.capacity in (Capacity.POSITION, Capacity.POSITION_MAX)
    each = pick(fills, [*keys, "coin"] if by_coin else keys, rules.capacity.quantity, "pnl")
    gains = each.group_by(keys).agg(gain=pl.col("pnl").clip(lower_bound=0.0).sort().sum())
    every = fills.select(keys).unique().collect(engine="streaming")
    table = every.join(gains, on=keys, how="left").with_columns(capacity="gain")
    if "equity" in available:
        table = table.join(pick(fills, keys, "equity", "equity"), on=keys, how="left")
        room = pl.col("equity").clip(lower_bound=0.0)
        least = pl.min_horizontal("gain", room)
        known = pl.col("gain").is_not_null() & room.is_not_null()
        table = table.with_columns(capacity=pl.when(known).then(least))
    for name in FEATURES:
        if name in available:
            first = _first(fills, keys, name, f"{FEATURE}{name}")
            table = table.join(first, on=keys, how="left")
    return table.sort(keys)


def _largest(fills: pl.LazyFrame, keys: list[str], name: str, called: str) -> pl.DataFrame:
    """Largest known value of a quantity, by keys."""
    largest = fills.group_by(keys).agg(pl.col(name).max().alias(called))
    return largest.filter(pl.col(called).is_not_null()).collect(engine="streaming")


def _first(fills: pl.LazyFrame, keys: list[str], name: str, called: str) -> pl.DataFrame:
    """Earliest known value of a quantity, by keys; of one time, that of the first row."""
    known = fills.filter(pl.col(name).is_not_null()).select(*keys, "time", "row", value=name)
    earliest = known.group_by(keys).agg(pl.col("time").min())
    rows = known.join(earliest, on=[*keys, "time"]).group_by(keys).agg(pl.col("row").min())
    found = known.join(rows, on=[*keys, "row"]).select(*keys, pl.col("value").alias(called))
    return found.collect(engine="streaming")


def sums(table: pl.DataFrame | None, column: str = "usd") -> dict[int, float]:
    """Σ of a column, by wave."""
    parts = {} if table is None else table.partition_by("wave", as_dict=True)
    return {int(wave): math.fsum(part[column]) for (wave,), part in sorted(parts.items())}
