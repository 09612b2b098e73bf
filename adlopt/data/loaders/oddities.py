"""What is odd about fills and the rounds made of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from adlopt.data.loaders.fills import Fills
from adlopt.scoring.quality import Finding
from adlopt.show.words import counted

if TYPE_CHECKING:
    import polars as pl


def oddities(
    cut: pl.LazyFrame,
    fills: Fills,
    table: pl.DataFrame,
    lacking: pl.DataFrame | None,
    winners: pl.DataFrame | None,
    in_marked: pl.LazyFrame,
    marked: Fills,
) -> Iterator[Finding]:
    """Check fills, and the rounds made of them.

    Parameters
    ----------
    cut, in_marked : LazyFrame
        Fills, and fills with marks, with their wave.
    table, lacking, winners : DataFrame
        Rounds; what liquidated accounts lack in each; the winners of each.
    """
    for report in fills.reports + ([] if marked is fills else marked.reports):
        if report.rejected:
            text = f"{report.rejected:,} of {report.read:,} records of {report.file} do not parse"
            yield Finding(name="rejected records", text=text)
    if lacking is not None:
        yield from _several_times(lacking, table)
    if winners is not None:
        yield from _left_out(table, winners)
    if "equity" in fills.available:
        yield from _end_state(cut)
    yield from _themselves(cut)
    yield from _twice(fills)
    if marked is not fills:
        yield from _outside(in_marked, marked)


def _several_times(lacking: pl.DataFrame, table: pl.DataFrame) -> Iterator[Finding]:
    import polars as pl

    each = lacking.group_by("loser").agg(
        waves=pl.col("wave"), total=pl.col("usd").sum(), once=pl.col("usd").max()
    )
    several = each.filter(pl.col("waves").list.len() > 1)
    if several.is_empty():
        return
    usd = float((several["total"] - several["once"]).sum())
    numbers = {wave: t for t, wave in enumerate(table["wave"].to_list(), start=1)}
    rounds = sorted({numbers[w] for waves in several["waves"] for w in waves})
    yield Finding(
        name="losers counted several times",
        text=f"{counted(len(several), 'liquidated account')} in several rounds: deficits as "
        f"published count ${usd:,.2f} again",
        rounds=tuple(rounds),
        usd=usd,
    )


def _left_out(table: pl.DataFrame, winners: pl.DataFrame) -> Iterator[Finding]:
    unknown = int(table["winners"].sum()) - len(winners)
    if unknown:
        text = f"{unknown:,} winners of unknown PNL or equity are left out"
        yield Finding(name="unknown winners", text=text)
    empty = int((winners["capacity"] == 0.0).sum())
    if empty:
        text = f"{empty:,} of {len(winners):,} winners have nothing to give"
        yield Finding(name="empty winners", text=text)


def _end_state(cut: pl.LazyFrame) -> Iterator[Finding]:
    import polars as pl

    several = (
        cut.group_by("account")
        .agg(waves=pl.col("wave").n_unique(), values=pl.col("equity").drop_nulls().n_unique())
        .filter(pl.col("waves") > 1)
        .select(pl.len(), constant=(pl.col("values") <= 1).sum())
        .collect(engine="streaming")
    )
    accounts, constant = several.row(0)
    if accounts > 1 and constant == accounts:
        yield Finding(
            name="end state",
            text=f"all {accounts:,} accounts deleveraged in several rounds have one equity "
            "throughout: it is the state after the last event, and looks ahead",
        )


def _themselves(cut: pl.LazyFrame) -> Iterator[Finding]:
    import polars as pl

    count = cut.filter(pl.col("account") == pl.col("loser")).select(pl.len()).collect().item()
    if count:
        text = f"{count:,} fills deleverage an account against itself"
        yield Finding(name="own counterparty", text=text)


def _twice(fills: Fills) -> Iterator[Finding]:
    import polars as pl

    keys = ["account", "coin", "time", "price", "size", "closed_pnl", "position", "loser"]
    # Of many rows, 64 bits of each are all that memory need hold.
    hashes = fills.scan().select(row=pl.struct(keys).hash()).collect(engine="streaming")["row"]
    ordered = np.sort(hashes.to_numpy())
    repeats = int((ordered[1:] == ordered[:-1]).sum())
    if repeats:
        text = f"{repeats:,} records repeat another in every column, and are kept"
        yield Finding(name="equal records", text=text)


def _outside(in_marked: pl.LazyFrame, marked: Fills) -> Iterator[Finding]:
    import polars as pl

    inside = in_marked.select(pl.len()).collect(engine="streaming").item()
    outside = sum(report.kept for report in marked.reports) - inside
    if outside:
        text = f"{outside:,} deleveraging fills with marks lie outside every round with a deficit"
        yield Finding(name="fills outside rounds", text=text)
