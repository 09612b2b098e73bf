"""Rounds in contracts, with the venue's lots, out of fills."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from adlopt.data.loaders.fills import Fills
from adlopt.data.loaders.loaded import Loaded
from adlopt.data.loaders.round_figures import coin_gaps
from adlopt.errors import InputError, unknown
from adlopt.model.positions import ContractRound


def contract_round(
    fills: Fills, loaded: Loaded, wave: int, size_decimals: Mapping[str, int]
) -> ContractRound:
    """State a round in contracts: the positions that its fills closed, in the venue's lots.

    A position is as large as before its first fill of the round; closing one contract takes the
    round's average gap between mark and price in that coin. Both look ahead: the positions are
    those that the venue deleveraged.

    Parameters
    ----------
    fills : Fills
        With marks and positions.
    loaded : Loaded
        Rounds with deficits and needed budgets, within which these fills lie.
    wave : int
        Number of the round in its source.
    size_decimals : mapping of str to int
        Of each coin; a lot is 10 to the minus that.

    Raises
    ------
    InputError
        If the round, a coin's decimals or a figure is not known.
    """
    for name in ("mark", "position"):
        if name not in fills.available:
            raise InputError("fills", f"no {name}", f"fills with {name}: node fills have it")
    rows = loaded.rounds.filter(loaded.rounds["wave"] == wave)
    if rows.is_empty():
        raise InputError("wave", wave, f"one of {loaded.rounds['wave'].to_list()}")
    row = rows.row(0, named=True)
    for name in ("deficit", "needed"):
        if row[name] is None:
            raise InputError(f"wave {wave}: {name}", None, "a figure")
    inside = fills.scan().filter(pl.col("time").is_between(row["start_ms"], row["end_ms"]))
    if "coin" in row:
        inside = inside.filter(pl.col("coin") == row["coin"])
    table = _positions(inside.with_columns(wave=pl.lit(wave, pl.Int64)))
    for coin in table["coin"].unique().sort():
        if coin not in size_decimals:
            raise unknown("size_decimals", coin, sorted(size_decimals))
    return ContractRound.of(
        account=table["account"].to_list(),
        coin=table["coin"].to_list(),
        side=["long" if size > 0 else "short" for size in table["position"]],
        size=table["position"].abs().to_numpy(),
        value=table["usd_a_contract"].to_numpy(),
        mark=table["mark"].to_numpy(),
        lot=[float(f"1e-{size_decimals[coin]}") for coin in table["coin"]],
        deficit=row["deficit"],
        needed=row["needed"],
    )


def _positions(inside: pl.LazyFrame) -> pl.DataFrame:
    first = [pl.col(name).sort_by("time", "row").first() for name in ("position", "mark")]
    table = inside.group_by("account", "coin").agg(first).collect(engine="streaming")
    table = table.filter(pl.col("position") != 0.0).sort("account", "coin")
    return table.join(coin_gaps(inside), on="coin", maintain_order="left")
