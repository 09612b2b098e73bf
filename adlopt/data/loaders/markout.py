"""What deleveraging cost the deleveraged, against later prices.

A fill trades Q contracts (bought > 0, sold < 0) at P, where the mark is M₀; later the price is M_Δ:

    C_imm = Q (M₀ − P),   C_opp = Q (M_Δ − M₀),   C_tot = C_imm + C_opp;

negative is worse for the deleveraged account. The price at a time is that of the coin's last trade
until then that is no leg of a deleveraging, since those execute away from the market.
"""

from __future__ import annotations

import polars as pl

from adlopt.data.loaders.fills import Fills, Spool
from adlopt.data.loaders.loaded import Loaded, PolicyRecord
from adlopt.data.loaders.node_fills import market_trades
from adlopt.errors import InputError
from adlopt.foundation.arrays import own_whole


def markouts(fills: Fills, loaded: Loaded, trades: Spool, *, horizon_ms: int) -> pl.DataFrame:
    """Markouts of every fill of the rounds, `horizon_ms` after the end of its round.

    Parameters
    ----------
    fills : Fills
        With marks.
    loaded : Loaded
        Rounds of all coins together.
    trades : Spool
        Every fill, which `read_node_fills` wrote.
    horizon_ms : int
        Milliseconds, ≥ 0.

    Returns
    -------
    DataFrame
        `wave`, `account`, `coin`, `trade`, `fee`, and USD `immediate`, `opportunity` and `total`;
        the last two are null where the coin has no earlier price.

    Raises
    ------
    InputError
        If the fills lack marks or signed trades, rounds are per coin, or the horizon is negative.
    """
    for name in ("mark", "trade", "fee"):
        if name not in fills.available:
            raise InputError("fills", f"no {name}", f"fills with {name}: node fills have it")
    if loaded.rules is not None and loaded.rules.per_coin:
        raise InputError("loaded", "rounds per coin", "rounds of all coins together")
    own_whole(horizon_ms, "horizon_ms", expected="a whole number of milliseconds, ≥ 0")
    spans = loaded.rounds.select("wave", "start_ms", "end_ms").sort("start_ms")
    taken = (
        fills.scan()
        .select("time", "account", "coin", "price", "trade", "mark", "fee")
        .collect(engine="streaming")
        .sort("time")
        .join_asof(spans, left_on="time", right_on="start_ms", strategy="backward")
        .filter(pl.col("time") <= pl.col("end_ms"))
        .with_columns(at=pl.col("end_ms") + horizon_ms)
        .sort("at")
    )
    later = (
        market_trades(trades)
        .select(at="time", coin="coin", later="price")
        .collect(engine="streaming")
        .sort("at", maintain_order=True)
    )
    immediate = pl.col("trade") * (pl.col("mark") - pl.col("price"))
    opportunity = pl.col("trade") * (pl.col("later") - pl.col("mark"))
    return (
        taken.join_asof(later, on="at", by="coin", strategy="backward", check_sortedness=False)
        .with_columns(immediate=immediate, opportunity=opportunity)
        .with_columns(total=pl.col("immediate") + pl.col("opportunity"))
        .select("wave", "account", "coin", "trade", "fee", "immediate", "opportunity", "total")
    )


def by_account(costs: pl.DataFrame) -> pl.DataFrame:
    """Sum the markouts and fees of each account in each round."""
    usd = ("fee", "immediate", "opportunity", "total")
    ordered = costs.sort("wave", "account", "total")
    return ordered.group_by("wave", "account", maintain_order=True).agg(pl.col(usd).sum())


def production(costs: pl.DataFrame, loaded: Loaded, *, horizon_ms: int) -> PolicyRecord:
    """What production took: Σ over accounts of (fees − Σ C_tot)_+, by round.

    That is the difference of an account's equity with and without its deleveraging fills at later
    prices: removing a fill of Q contracts at P changes cash and position by what Q (M_Δ − P)
    undoes, whatever the entry price, as long as the closed PNL was booked at that entry.

    Parameters
    ----------
    costs : DataFrame
        What `markouts` returns.

    Raises
    ------
    InputError
        If a fill has no later price.
    """
    unknown = costs.filter(pl.col("total").is_null())
    if len(unknown):
        coins = sorted(unknown["coin"].unique().to_list())[:5]
        expected = "a price of each coin before the horizon"
        raise InputError("costs", f"no later price of {coins}", expected)
    positive = (
        by_account(costs)
        .select("wave", usd=pl.col("fee") - pl.col("total"))
        .filter(pl.col("usd") > 0)
        .group_by("wave", maintain_order=True)
        .agg(pl.col("usd").sum())
    )
    taken = {int(wave): float(usd) for wave, usd in positive.iter_rows()}
    haircut = {wave: taken.get(wave, 0.0) for wave in loaded.rounds["wave"].to_list()}
    return PolicyRecord(policy=f"production, {horizon_ms} ms later", haircut=haircut)
