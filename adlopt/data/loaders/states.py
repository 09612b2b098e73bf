"""Equities when a round began, from a snapshot and what happened since: no look into the future.

    equity_t = value_0 − Σ_c size_0 M_0 + Σ_c size_t M_t − Σ fills (Q P + fee) + Σ ledger,

over the fills, Q contracts at P, and changes of cash between the snapshot and t, before t. No
entry price is needed. M_t is the newest of three prices of the coin: of its last trade before t
that is no leg of a deleveraging, the venue's mark of a deleveraging until t, and the snapshot's.
An account that the snapshot does not know, and that no cash has come to since, is of unknown worth.
"""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from adlopt.data.loaders.fills import Fills, Spool
from adlopt.data.loaders.node_fills import market_trades
from adlopt.data.loaders.options import Rules
from adlopt.data.loaders.round_figures import in_waves, waves_of
from adlopt.data.loaders.snapshot import Snapshot
from adlopt.errors import InputError
from adlopt.foundation.ids import folded
from adlopt.scoring.quality import Finding
from adlopt.show.words import counted


class Books(NamedTuple):
    """What equities are made of."""

    trades: Spool
    """Every fill since the snapshot."""
    snapshot: Snapshot
    ledger: pl.DataFrame
    """Changes of cash: `time`, `account`, `usd`."""
    marks: pl.DataFrame | None = None
    """The venue's own marks: `time`, `coin`, `mark`."""


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
        How rounds are cut, and how old a price may be.

    Raises
    ------
    InputError
        If a round begins before the snapshot.
    """
    waves = waves_of(fills.scan(), rules)
    cut = in_waves(fills.scan(), waves)
    starts = cut.group_by("wave").agg(pl.col("time").min()).collect().sort("wave")
    for wave, time in starts.iter_rows():
        if time < snapshot.time:
            expected = f"a start after the snapshot, {snapshot.time}"
            raise InputError(f"wave {wave}", time, expected)
    marks = fills.scan().select("time", "coin", "mark").collect(engine="streaming")
    books, stale = Books(trades, snapshot, ledger, marks), []
    with Fills.filling() as made:
        made.files, made.reports, made.rows = list(fills.files), list(fills.reports), fills.rows
        made.available = fills.available | {"equity", "loser_equity"}
        for wave, time in starts.iter_rows():
            own = cut.filter(pl.col("wave") == wave).collect(engine="streaming")
            names = pl.concat([own["account"], own["loser"].rename("account")]).unique().to_frame()
            worth, equities = worth_at(time, names, books)
            of_losers = equities.rename({"account": "loser", "equity": "loser_equity"})
            table = own.drop("equity", "loser_equity", "wave").join(
                equities, on="account", how="left"
            )
            made.spool.write(table.join(of_losers, on="loser", how="left"))
            stale.append(worth.filter(pl.col("age") > rules.mark_age_ms).with_columns(wave=wave))
        made.findings = [
            *_unknown(made, snapshot),
            *(_stale(pl.concat(stale), rules) if stale else ()),
        ]
    return made


def equities_at(
    time: int, accounts: pl.DataFrame, trades: Spool, snapshot: Snapshot, ledger: pl.DataFrame
) -> pl.DataFrame:
    """Equity of accounts just before a time.

    Parameters
    ----------
    accounts : DataFrame
        Column `account`.

    Returns
    -------
    DataFrame
        `account`, `equity` in USD; null where a coin it holds has no price, and where neither the
        snapshot nor a change of cash since knows the account.
    """
    return worth_at(time, accounts, Books(trades, snapshot, ledger))[1]


def worth_at(time: int, accounts: pl.DataFrame, books: Books) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Positions at their marks, each with the mark's age in milliseconds, and equities."""
    snapshot = books.snapshot
    span = pl.col("time").is_between(snapshot.time, time, closed="left")
    own = books.trades.scan().filter(span).join(accounts.lazy(), on="account", how="semi")
    cash = pl.col("trade") * pl.col("price") + pl.col("fee")
    flows = (
        own.group_by("account", "coin")
        .agg(size=pl.col("trade").sum(), usd=-cash.sum())
        .collect(engine="streaming")
    )
    held = snapshot.positions.join(accounts, on="account", how="semi")
    first = held.select("account", "coin", "size", usd=-pl.col("size") * pl.col("mark"))
    worth = (
        pl.concat([first, flows.select(first.columns)])
        .sort("account", "coin")
        .group_by("account", "coin", maintain_order=True)
        .agg(pl.col("size").sum(), pl.col("usd").sum())
        .join(_marks(time, books), on="coin", how="left", maintain_order="left")
        .with_columns(
            usd=pl.when(pl.col("size") == 0.0)
            .then(pl.col("usd"))
            .otherwise(pl.col("usd") + pl.col("size") * pl.col("mark")),
            notional=(pl.col("size") * pl.col("mark")).abs(),
        )
    )
    moved = books.ledger.filter(span).join(accounts, on="account", how="semi")
    values = snapshot.accounts.rename({"value": "usd"}).join(accounts, on="account", how="semi")
    parts = [frame.select("account", "usd") for frame in (values, worth, moved)]
    sums = pl.concat(parts).sort("account", "usd").group_by("account").agg(pl.col("usd").sum())
    unpriced = worth.filter(pl.col("usd").is_null())["account"].unique()
    new = moved.join(held, on="account", how="anti")["account"]
    begun = pl.concat([values["account"], new]).unique()
    known = pl.col("account").is_in(begun.implode()) & ~pl.col("account").is_in(unpriced.implode())
    table = accounts.join(sums, on="account", how="left")
    equity = pl.when(known).then(pl.col("usd"))
    return worth, table.select("account", equity=equity).sort("account")


def _marks(time: int, books: Books) -> pl.DataFrame:
    """The newest price of each coin, and its age in milliseconds; of one time, the venue's mark."""
    columns = ("coin", "time", "mark")
    span = pl.col("time").is_between(books.snapshot.time, time, closed="left")
    last = (
        market_trades(books.trades)
        .filter(span)
        .group_by("coin")
        .agg(pl.col("time").max(), mark=pl.col("price").sort_by("time", maintain_order=True).last())
        .collect(engine="streaming")
    )
    first = books.snapshot.positions.group_by("coin").agg(pl.col("mark").median())
    parts = [first.with_columns(time=pl.lit(books.snapshot.time)), last]
    if books.marks is not None:
        parts.append(books.marks.filter(pl.col("time") <= time).sort("time", maintain_order=True))
    every = pl.concat([part.select(columns) for part in parts])
    newest = every.sort("time", maintain_order=True).group_by("coin").last()
    return newest.select("coin", "mark", age=time - pl.col("time"))


def _unknown(fills: Fills, snapshot: Snapshot) -> list[Finding]:
    """Accounts of fills of unknown worth: who is liquidated owes an unknown sum."""
    notional = pl.col("price") * pl.col("size")
    findings = []
    for name, equity, what, misses in (
        ("loser", "loser_equity", "liquidated account", "what they owe is left out"),
        ("account", "equity", "deleveraged account", "what they could give is left out"),
    ):
        each = (
            fills.scan()
            .group_by(account=name)
            .agg(usd=notional.sum(), unknown=pl.col(equity).is_null().any())
            .collect(engine="streaming")
        )
        odd = each.filter("unknown")
        if len(odd):
            usd = float(odd["usd"].sum())
            other = set(map(folded, snapshot.accounts["account"]))
            like = sum(folded(each) in other for each in odd["account"])
            text = (
                f"{len(odd):,} of {counted(len(each), what)} are of unknown worth, as the snapshot "
                f"does not know them or a price is missing: {misses}; their fills come to "
                f"${usd:,.2f}"
            )
            text += f"; {like:,} stand in it but for case or blanks: see --alike" * bool(like)
            findings.append(Finding(name=f"unknown {what}s", text=text, usd=usd))
    return findings


def _stale(stale: pl.DataFrame, rules: Rules) -> list[Finding]:
    """Positions that are marked at an old price."""
    held = stale.filter(pl.col("notional") > 0.0)
    if held.is_empty():
        return []
    oldest = held.sort("age").row(-1, named=True)
    usd = float(held["notional"].sum())
    text = (
        f"positions of ${usd:,.2f} are marked at prices older than {rules.mark_age_ms / 1000:g} s, "
        f"the oldest {oldest['age'] / 1000:,.0f} s, of {oldest['coin']} in wave {oldest['wave']}"
    )
    return [Finding(name="old marks", text=text, usd=usd)]
