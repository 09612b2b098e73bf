"""Equities when a round began, from a snapshot and what happened since: no look into the future.

    equity_t = value_0 − Σ_c size_0 M_0 + Σ_c size_t M_t − Σ fills (Q P + fee) + Σ ledger,

over the fills, Q contracts at P, and changes of cash between the snapshot and t, before t. No
entry price is needed. M_t is the price of the coin's last fill before t that is no deleveraging,
or else its mark in the snapshot.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from adlopt.data.loaders.clusters import waves_of
from adlopt.data.loaders.fills import Fills
from adlopt.data.loaders.options import Rules
from adlopt.data.loaders.round_figures import in_waves
from adlopt.data.loaders.snapshot import Snapshot
from adlopt.data.loaders.spool import Spool
from adlopt.errors import InputError

if TYPE_CHECKING:
    import polars as pl


def valued(
    fills: Fills, trades: Spool, snapshot: Snapshot, ledger: pl.DataFrame, rules: Rules
) -> Fills:
    """Give fills the equities of both accounts when their round began.

    Parameters
    ----------
    fills : Fills
        Of node files.
    trades : Spool
        Every fill of the same files, which reach back to the snapshot.
    ledger : DataFrame
        Changes of cash, `time`, `account`, `usd`.
    rules : Rules
        How rounds are cut.

    Raises
    ------
    InputError
        If a round begins before the snapshot.
    """
    import polars as pl

    waves = waves_of(fills.scan(), rules)
    cut = in_waves(fills.scan(), waves)
    starts = cut.group_by("wave").agg(pl.col("time").min()).collect().sort("wave")
    for wave, time in starts.iter_rows():
        if time < snapshot.time:
            expected = f"a start after the snapshot, {snapshot.time}"
            raise InputError(f"wave {wave}", time, expected)
    with Fills.filling() as made:
        made.files, made.reports, made.rows = list(fills.files), list(fills.reports), fills.rows
        made.available = fills.available | {"equity", "loser_equity"}
        for wave, time in starts.iter_rows():
            own = cut.filter(pl.col("wave") == wave).collect(engine="streaming")
            made.spool.write(_valued_wave(time, own, trades, snapshot, ledger))
    return made


def _valued_wave(
    time: int, own: pl.DataFrame, trades: Spool, snapshot: Snapshot, ledger: pl.DataFrame
) -> pl.DataFrame:
    import polars as pl

    names = pl.concat([own["account"], own["loser"].rename("account")]).unique().to_frame()
    known = equities_at(time, names, trades, snapshot, ledger)
    of_losers = known.rename({"account": "loser", "equity": "loser_equity"})
    plain = own.drop("equity", "loser_equity", "wave")
    return plain.join(known, on="account", how="left").join(of_losers, on="loser", how="left")


def equities_at(
    time: int, accounts: pl.DataFrame, trades: Spool, snapshot: Snapshot, ledger: pl.DataFrame
) -> pl.DataFrame:
    """Equity of accounts just before a time.

    Parameters
    ----------
    accounts : DataFrame
        Column `account`; one that is not in the snapshot begins with nothing.

    Returns
    -------
    DataFrame
        `account`, `equity` in USD; null where a coin it holds has no price.
    """
    import polars as pl

    span = pl.col("time").is_between(snapshot.time, time, closed="left")
    before = trades.scan().filter(span)
    marks = _marks(before, snapshot)
    own = before.join(accounts.lazy(), on="account", how="semi")
    cash = pl.col("trade") * pl.col("price") + pl.col("fee")
    flows = (
        own.group_by("account", "coin")
        .agg(size=pl.col("trade").sum(), usd=-cash.sum())
        .collect(engine="streaming")
    )
    held = snapshot.positions.join(accounts, on="account", how="semi")
    first = held.select("account", "coin", "size", usd=-pl.col("size") * pl.col("mark"))
    both = pl.concat([first, flows.select(first.columns)])
    worth = (
        both.sort("account", "coin")
        .group_by("account", "coin", maintain_order=True)
        .agg(pl.col("size").sum(), pl.col("usd").sum())
        .join(marks, on="coin", how="left", maintain_order="left")
        .with_columns(
            usd=pl.when(pl.col("size") == 0.0)
            .then(pl.col("usd"))
            .otherwise(pl.col("usd") + pl.col("size") * pl.col("mark"))
        )
    )
    unpriced = worth.filter(pl.col("usd").is_null())["account"].unique()
    moved = ledger.filter(span).join(accounts, on="account", how="semi")
    values = snapshot.accounts.rename({"value": "usd"}).join(accounts, on="account", how="semi")
    parts = [frame.select("account", "usd") for frame in (values, worth, moved)]
    known = pl.concat(parts).sort("account", "usd").group_by("account").agg(pl.col("usd").sum())
    equity = pl.when(~pl.col("account").is_in(unpriced.implode())).then(
        pl.col("usd").fill_null(0.0)
    )
    table = accounts.join(known, on="account", how="left")
    return table.select("account", equity=equity).sort("account")


def _marks(before: pl.LazyFrame, snapshot: Snapshot) -> pl.DataFrame:
    import polars as pl

    last = (
        before.filter(~pl.col("deleveraging"))
        .group_by("coin")
        .agg(mark=pl.col("price").sort_by("time", maintain_order=True).last())
        .collect(engine="streaming")
    )
    first = snapshot.positions.group_by("coin").agg(pl.col("mark").median())
    unseen = first.join(last, on="coin", how="anti")
    return pl.concat([last, unseen.select(last.columns)])
