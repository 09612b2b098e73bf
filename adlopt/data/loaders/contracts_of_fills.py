"""Rounds in contracts, with the venue's lots, out of fills."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from adlopt.data.files.places import existing_file
from adlopt.data.loaders.fills import Fills
from adlopt.data.loaders.loaded import Loaded
from adlopt.data.loaders.round_figures import coin_gaps
from adlopt.errors import InputError, unknown
from adlopt.foundation.strict_json import decode
from adlopt.model.positions import ContractRound

if TYPE_CHECKING:
    import polars as pl

MOST_DECIMALS = 18


def read_size_decimals(path: str | Path) -> dict[str, int]:
    """Read how many decimals a size may have, by coin: Hyperliquid's `meta`, or a plain object.

    `{"universe": [{"name": "BTC", "szDecimals": 5}, …]}`, or `{"BTC": 5, …}`.

    Raises
    ------
    InputError
        If it is neither, or a number of decimals is not a whole number from 0 to 18.
    """
    path = existing_file(Path(path))
    try:
        found = decode(path.read_bytes())
    except (ValueError, OSError) as error:
        raise InputError("file", str(path), f"well-formed JSON ({str(error)[:60]})") from None
    if isinstance(found, dict) and isinstance(found.get("universe"), list):
        pairs = [
            (each.get("name"), each.get("szDecimals")) if isinstance(each, dict) else (None, None)
            for each in found["universe"]
        ]
    elif isinstance(found, dict):
        pairs = list(found.items())
    else:
        raise InputError(str(path), type(found).__name__, "an object of coins")
    decimals: dict[str, int] = {}
    for coin, number in pairs:
        if (
            not isinstance(coin, str)
            or not isinstance(number, int)
            or isinstance(number, bool)
            or not 0 <= number <= MOST_DECIMALS
        ):
            expected = f"a whole number from 0 to {MOST_DECIMALS}"
            raise InputError(f"{path}: szDecimals", number, expected, index=str(coin))
        if coin in decimals:
            raise InputError(f"{path}: name", coin, "a coin that stands once")
        decimals[coin] = number
    return decimals


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
    import polars as pl

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
    import polars as pl

    first = [pl.col(name).sort_by("time", "row").first() for name in ("position", "mark")]
    table = inside.group_by("account", "coin").agg(first).collect(engine="streaming")
    table = table.filter(pl.col("position") != 0.0).sort("account", "coin")
    return table.join(coin_gaps(inside), on="coin", maintain_order="left")
