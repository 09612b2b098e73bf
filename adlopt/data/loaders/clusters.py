"""Rounds as clusters of fills in time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from adlopt.data.loaders.options import Rules
from adlopt.foundation.arrays import IntArray

if TYPE_CHECKING:
    import polars as pl


def cluster(times: IntArray, gap_ms: int) -> IntArray:
    """Number sorted times from 1; the number grows where the gap is larger than `gap_ms`.

    Examples
    --------
    >>> cluster(np.array([0, 5_000, 10_001, 10_001]), gap_ms=5_000)
    array([1, 1, 2, 2])
    """
    return np.cumsum(np.diff(times, prepend=times[:1]) > gap_ms) + 1


def waves_of(fills: pl.LazyFrame, rules: Rules) -> pl.DataFrame:
    """Say for every time, and coin if rounds are per coin, which wave it is in.

    Returns
    -------
    DataFrame
        Columns `time`, `wave` (from 1, by start) and, per coin, `coin`.
    """
    import polars as pl

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
