"""Hyperliquid's clearinghouse snapshots: account values and positions at one time.

`account_value_snapshot_BLOCK_MS.json`, `[{"user", "account_value"}]`, and
`perp_positions_by_market_BLOCK_MS.json`, `[{"market_name": "hyperliquid:COIN", "positions":
[{"user", "size", "entry_price", "notional_size", "account_value"}]}]`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Unpack

import polars as pl

from adlopt.data.files.places import inside
from adlopt.data.loaders.lines import unpacked
from adlopt.data.loaders.raw_tables import json_array, read_each
from adlopt.data.loaders.records import (
    FIRST_MS,
    LAST_MS,
    How,
    Malformed,
    Tally,
    account,
    number,
    once,
    product,
)
from adlopt.errors import InputError
from adlopt.scoring.quality import Finding
from adlopt.show.schema.loads import FileReport
from adlopt.show.words import counted

VALUES, POSITIONS = "account_value_snapshot_*.json", "perp_positions_by_market_*.json"
EVEN = 1e-6
"""Share of the open interest by which longs and shorts may differ, for rounding."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Snapshot:
    """Accounts at one time.

    Parameters
    ----------
    time : int
        Milliseconds since 1970.
    accounts : DataFrame
        `account`, `value` in USD, unrealised PNL included.
    positions : DataFrame
        `account`, `coin`, `size` (signed contracts), `entry` and `mark` in USD.
    reports : tuple of FileReport
    """

    time: int
    accounts: pl.DataFrame
    positions: pl.DataFrame
    reports: tuple[FileReport, ...]


def read_snapshot(folder: str | Path, **how: Unpack[How]) -> Snapshot:
    """Read the one snapshot in a folder, or in the .tar.xz archive that it has.

    Raises
    ------
    InputError
        If either file is missing, there are several, they are of different times, an account
        stands twice, or more than the tolerance of the records, or dollars, do not parse.
    """
    with unpacked(Path(folder), (VALUES, POSITIONS)) as root:
        return _read(root, how)


def _read(root: Path, how: How) -> Snapshot:
    values, positions = (_only(root, pattern) for pattern in (VALUES, POSITIONS))
    time = _time_of(values)
    if _time_of(positions) != time:
        raise InputError("file", str(positions), f"a snapshot at {time}, as {values.name}")
    tallies = [Tally(path, **how) for path in (values, positions)]
    rows = _values(tallies[0])
    held, others = _positions(tallies[1])
    known = {name for name, _ in rows}
    rows += [(name, value) for name, value in others.items() if name not in known]
    kinds = {"size": pl.Float64, "entry": pl.Float64, "mark": pl.Float64}
    return Snapshot(
        time=time,
        accounts=pl.DataFrame(
            rows, schema={"account": pl.String, "value": pl.Float64}, orient="row"
        ),
        positions=pl.DataFrame(
            held, schema={"account": pl.String, "coin": pl.String, **kinds}, orient="row"
        ),
        reports=tuple(tally.close() for tally in tallies),
    )


def _only(root: Path, pattern: str) -> Path:
    found = sorted(root.glob(pattern))
    if len(found) != 1:
        names = [path.name for path in found]
        raise InputError("folder", str(root), f"one {pattern}, not {names or 'none'}")
    return inside(root, found[0].name)


def _time_of(path: Path) -> int:
    numbers = re.findall(r"\d+", path.stem)
    time = int(numbers[-1]) if numbers else 0
    if not FIRST_MS <= time <= LAST_MS:
        raise InputError("file", path.name, "a name that ends in milliseconds since 1970")
    return time


def _values(tally: Tally) -> list[tuple[str, float]]:
    rows: dict[str, float] = {}

    def value(record: Any) -> None:
        try:
            name = once(account(record, "user", tally.alike), rows, "account")
            rows[name] = number(record, "account_value")
        except Malformed as error:
            error.usd = {"cash": product(record, "account_value") or 0.0}
            raise
        tally.keep(1, {"cash": abs(rows[name])})

    for _ in read_each(enumerate(json_array(tally), start=1), tally, value):
        pass
    return list(rows.items())


def _positions(tally: Tally) -> tuple[list[tuple[str, str, float, float, float]], dict[str, float]]:
    """Positions, and the values of accounts as they stand beside them."""
    rows: dict[tuple[str, str], tuple[float, float, float]] = {}
    values: dict[str, float] = {}

    def position(pair: tuple[str, Any]) -> None:
        coin, held = pair
        try:
            holder, size = account(held, "user", tally.alike), number(held, "size")
            key = once((holder, coin), rows, "account and coin")
            notional = number(held, "notional_size")
            entry = number(held, "entry_price", positive=True)
            if "account_value" in held:
                values[holder] = number(held, "account_value")
        except Malformed as error:
            error.usd = {"notional": product(held, "notional_size") or 0.0}
            raise
        rows[key] = (size, entry, abs(notional / size) if size else entry)
        tally.keep(1, {"notional": abs(notional)})

    for row, market in enumerate(json_array(tally), start=1):
        match market:
            case {"market_name": str(name), "positions": list(positions)} if name.strip():
                pairs = [(name.strip().removeprefix("hyperliquid:"), held) for held in positions]
            case _:
                tally.reject(row, market, "a market with a name and positions")
                continue
        for _ in read_each(((row, pair) for pair in pairs), tally, position):
            pass
    return [(*key, *figures) for key, figures in rows.items()], values


def open_interest(snapshot: Snapshot) -> Iterator[Finding]:
    """Say where longs and shorts differ: no venue can be in that state."""
    size, worth = pl.col("size"), pl.col("size") * pl.col("mark")
    sums = snapshot.positions.group_by("coin").agg(
        net=size.sum(), gross=size.abs().sum(), usd=worth.sum().abs()
    )
    odd = sums.filter(pl.col("net").abs() > EVEN * pl.col("gross")).sort("usd", descending=True)
    if len(odd):
        usd = float(odd["usd"].sum())
        text = (
            f"longs and shorts of the snapshot differ by ${usd:,.2f} in "
            f"{counted(len(odd), 'coin')}, most in {odd['coin'][0]}: positions are missing from it"
        )
        yield Finding(name="longs are not shorts", text=text, usd=usd)
