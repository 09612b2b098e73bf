"""Hyperliquid's clearinghouse snapshots: account values and positions at one time.

`account_value_snapshot_BLOCK_MS.json`, `[{"user", "account_value"}]`, and
`perp_positions_by_market_BLOCK_MS.json`, `[{"market_name": "hyperliquid:COIN", "positions":
[{"user", "size", "entry_price", "notional_size", "account_value"}]}]`.
"""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from adlopt.data.files.places import inside
from adlopt.data.loaders.columns import LATEST_MS
from adlopt.data.loaders.event_fields import Malformed, account, number
from adlopt.data.loaders.lines import Progress
from adlopt.data.loaders.raw_tables import json_array
from adlopt.data.loaders.records import TOLERANCE, FileReport, Tally
from adlopt.errors import InputError

if TYPE_CHECKING:
    import polars as pl

VALUES, POSITIONS = "account_value_snapshot_*.json", "perp_positions_by_market_*.json"
VENUE = "hyperliquid:"
T = TypeVar("T")


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


def read_snapshot(
    folder: str | Path, *, tolerance: float = TOLERANCE, progress: Progress = None
) -> Snapshot:
    """Read the one snapshot in a folder.

    Raises
    ------
    InputError
        If either file is missing, there are several, they are of different times, an account
        stands twice, or more than `tolerance` of the records do not parse.
    """
    import polars as pl

    root = Path(folder)
    values, positions = (_only(root, pattern) for pattern in (VALUES, POSITIONS))
    time = _time_of(values)
    if _time_of(positions) != time:
        raise InputError("file", str(positions), f"a snapshot at {time}, as {values.name}")
    tallies = [Tally(path, tolerance) for path in (values, positions)]
    rows = _values(json_array(values, progress), tallies[0])
    held, others = _positions(json_array(positions, progress), tallies[1])
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
    if not 0 < time <= LATEST_MS:
        raise InputError("file", path.name, "a name that ends in milliseconds since 1970")
    return time


def _values(records: list[Any], tally: Tally) -> list[tuple[str, float]]:
    rows: dict[str, float] = {}
    for row, record in enumerate(records, start=1):
        try:
            name = _new(account(record, "user"), rows)
            rows[name] = number(record, "account_value")
        except Malformed as error:
            tally.reject(row, error.found, error.expected)
        else:
            tally.keep()
    return list(rows.items())


def _positions(
    markets: list[Any], tally: Tally
) -> tuple[list[tuple[str, str, float, float, float]], dict[str, float]]:
    """Positions, and the values of accounts as they stand beside them."""
    rows: dict[tuple[str, str], tuple[float, float, float]] = {}
    values: dict[str, float] = {}
    for row, market in enumerate(markets, start=1):
        match market:
            case {"market_name": str(name), "positions": list(positions)} if name:
                coin = name.removeprefix(VENUE)
            case _:
                tally.reject(row, market, "a market with a name and positions")
                continue
        for position in positions:
            try:
                holder, size = account(position, "user"), number(position, "size")
                key = _new((holder, coin), rows)
                notional = number(position, "notional_size")
                entry = number(position, "entry_price", positive=True)
                mark = abs(notional / size) if size else entry
                if "account_value" in position:
                    values[holder] = number(position, "account_value")
            except Malformed as error:
                tally.reject(row, error.found, error.expected)
                continue
            rows[key] = (size, entry, mark)
            tally.keep()
    return [(*key, *figures) for key, figures in rows.items()], values


def _new(key: T, rows: Container[T]) -> T:
    if key in rows:
        raise Malformed(key, "an account once, and once in each market")
    return key
