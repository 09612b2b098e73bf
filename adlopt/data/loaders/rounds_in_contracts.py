"""Rounds in contracts, with the venue's lots: of fills, or of published positions."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Unpack

import polars as pl

from adlopt.data.loaders.columns import Column, ColumnKind
from adlopt.data.loaders.fills import Fills
from adlopt.data.loaders.loaded import Loaded
from adlopt.data.loaders.published import (
    BASE,
    COIN_GAPS,
    GAP_COLUMNS,
    one_of,
    read_published,
)
from adlopt.data.loaders.raw_tables import closed_table, refuse_second_rows
from adlopt.data.loaders.records import How
from adlopt.data.loaders.round_figures import coin_gaps
from adlopt.errors import InputError, unknown
from adlopt.model.positions import ContractRound

POSITIONS = "two_pass_wave_winner_start_positions.csv"
POSITION_COLUMNS = (
    Column(name="wave", source="wave", kind=ColumnKind.POSITIVE),
    Column(name="account", source="user", kind=ColumnKind.TEXT),
    Column(name="coin", source="coin", kind=ColumnKind.TEXT),
    Column(name="position", source="size_contracts"),
)


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
    row = _figures(loaded, wave)
    inside = fills.scan().filter(pl.col("time").is_between(row["start_ms"], row["end_ms"]))
    if "coin" in row:
        inside = inside.filter(pl.col("coin") == row["coin"])
    table = _positions(inside.with_columns(wave=pl.lit(wave, pl.Int64)))
    return _in_lots(table, row, size_decimals, mark=table["mark"].to_numpy())


def published_round(
    folder: str | Path,
    wave: int,
    size_decimals: Mapping[str, int],
    *,
    gap_ms: int = 5_000,
    horizon_ms: int = 0,
    **how: Unpack[How],
) -> ContractRound:
    """Read a round in contracts: what its winners held at its start, in the coins that it closed.

    Closing one contract takes the round's average gap between mark and price in that coin, which
    looks ahead. Capacities and equities are those of `read_published`, of winners that have them.

    Parameters
    ----------
    folder : Path
        As of `read_published`, with the tables of start positions and of gaps.
    wave : int
        Number of the round in its source.
    size_decimals : mapping of str to int
        Of each coin; a lot is 10 to the minus that.

    Raises
    ------
    InputError
        If a table is missing, a position stands twice, or the round or a coin is not known.
    """
    root = Path(folder)
    loaded = read_published(root, gap_ms=gap_ms, horizon_ms=horizon_ms, **how)
    row, parts = _figures(loaded, wave), []
    base = BASE.format(gap=gap_ms, horizon=horizon_ms)
    for name, columns, keys in (
        (POSITIONS, POSITION_COLUMNS, ("account", "coin")),
        (COIN_GAPS, GAP_COLUMNS, ("coin",)),
    ):
        path = one_of(root, f"{base}/{name}", name)
        if path is None:
            raise InputError("path", str(root), f"a folder with {name}")
        parts.append(closed_table(path, columns, how)[0].filter(pl.col("wave") == wave))
        refuse_second_rows(parts[-1], path, *keys)
    gaps = parts[1].select("coin", "usd_a_contract")
    table = parts[0].filter(pl.col("position") != 0.0).join(gaps, on="coin").sort("account", "coin")
    known: dict[str, Any] = {}
    if loaded.accounts is not None:
        names = table.select("account").unique(maintain_order=True)
        worth = loaded.accounts.filter(pl.col("wave") == wave)
        each = names.join(worth, on="account", how="left", maintain_order="left")
        known = {name: each[name].to_numpy() for name in ("capacity", "equity")}
    return _in_lots(table, row, size_decimals, **known)


def _figures(loaded: Loaded, wave: int) -> dict[str, Any]:
    """The row of a round, with its deficit and what it needed."""
    rows = loaded.rounds.filter(loaded.rounds["wave"] == wave)
    if rows.is_empty():
        raise InputError("wave", wave, f"one of {loaded.rounds['wave'].to_list()}")
    row = rows.row(0, named=True)
    for name in ("deficit", "needed"):
        if row[name] is None:
            raise InputError(f"wave {wave}: {name}", None, "a figure")
    return row


def _in_lots(
    table: pl.DataFrame, row: Mapping[str, Any], size_decimals: Mapping[str, int], **known: Any
) -> ContractRound:
    for coin in table["coin"].unique().sort():
        if coin not in size_decimals:
            raise unknown("size_decimals", coin, sorted(size_decimals))
    return ContractRound.of(
        account=table["account"].to_list(),
        coin=table["coin"].to_list(),
        side=["long" if size > 0 else "short" for size in table["position"]],
        size=table["position"].abs().to_numpy(),
        value=table["usd_a_contract"].to_numpy(),
        lot=[float(f"1e-{size_decimals[coin]}") for coin in table["coin"]],
        deficit=row["deficit"],
        needed=row["needed"],
        **known,
    )


def _positions(inside: pl.LazyFrame) -> pl.DataFrame:
    first = [pl.col(name).sort_by("time", "row").first() for name in ("position", "mark")]
    table = inside.group_by("account", "coin").agg(first).collect(engine="streaming")
    table = table.filter(pl.col("position") != 0.0).sort("account", "coin")
    return table.join(coin_gaps(inside), on="coin", maintain_order="left")
