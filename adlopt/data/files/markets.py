"""Read and write markets: what a venue sees when it deleverages."""

from __future__ import annotations

from pathlib import Path

from adlopt.data.files.account_tables import SHED, Columns, columns_in, read_table, table_in
from adlopt.data.files.decoding import naming
from adlopt.data.files.doubts import doubt_market
from adlopt.data.files.file_schema import CoinEntry, MarketFile
from adlopt.data.files.places import inside
from adlopt.data.files.rounds_of_files import require_all
from adlopt.data.files.writing import json_path, json_writer, parquet_writer, replace_all
from adlopt.errors import InputError
from adlopt.foundation.arrays import FloatArray
from adlopt.model.market import Market
from adlopt.model.market_parts import Accounts, Coins, OpenPositions
from adlopt.model.shed import Shed

OPTIONAL = ("previous_mark", "index", "maintenance", "initial")
"""Columns of a coin that may be left out."""
MAY = ("opened", "recorded")
"""Those of an account."""
POSITIONS = Columns(
    text=("account", "coin", "side"), needed=("size", "entry"), optional=("recorded",)
)


def market_of(entry: MarketFile, path: Path) -> Market:
    """Make the market of a file."""
    shed = table_in(path, "shed", entry.shed, SHED)
    with naming(path):
        market = Market(
            accounts=_accounts(entry, path),
            coins=_coins(entry.coin),
            positions=_positions(entry, path),
            fund=entry.fund,
            signals=entry.signals,
            forced=None if shed is None else Shed(**shed),
            exempt=entry.exempt,
        )
    doubt_market(market, path)
    return market


def write_market(market: Market, path: str | Path) -> list[Path]:
    """Write a market as JSON, and its accounts and positions as Parquet tables beside it.

    Each file appears whole or not at all.

    Returns
    -------
    list of Path
        What was written, the JSON last.

    Raises
    ------
    InputError
        If the path does not end in .json or cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from adlopt.data.files import read_market, write_template
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     market = read_market(write_template(Path(folder) / "market.toml"))
    ...     [path.name for path in write_market(market, f"{folder}/copy.json")]
    ['copy.accounts.parquet', 'copy.positions.parquet', 'copy.json']
    """
    path = json_path(path)
    coins = market.coins
    tables = {"accounts": columns_in(market.accounts), "positions": columns_in(market.positions)}
    if market.forced is not None:
        tables["shed"] = columns_in(market.forced)
    paths = {name: path.with_suffix(f".{name}.parquet") for name in tables}
    given = {n: getattr(coins, n) for n in OPTIONAL if getattr(coins, n) is not None}
    entry = MarketFile(
        coin=[
            CoinEntry(
                name=name,
                mark=float(coins.mark[c]),
                lot=float(coins.lot[c]),
                **{n: float(column[c]) for n, column in given.items()},
            )
            for c, name in enumerate(coins.coin)
        ],
        **{name: table.name for name, table in paths.items()},  # type: ignore[arg-type]
        exempt=dict(market.exempt),
        fund=market.fund,
        signals=dict(market.signals),
    )
    writers = {paths[name]: parquet_writer(columns) for name, columns in tables.items()}
    return replace_all({**writers, path: json_writer(entry)})


def _accounts(entry: MarketFile, path: Path) -> Accounts:
    _one_of("account", entry.account, entry.accounts)
    if entry.accounts is not None:
        rows = read_table(inside(path.parent, entry.accounts, "accounts"), needed="balance")
        columns = {n: rows[n].to_numpy() for n in rows.columns if n != "account"}
        known = {n: columns.pop(n) for n in ("balance", *MAY) if n in columns}
        return Accounts(account=tuple(rows["account"].to_list()), features=columns, **known)
    traders = entry.account or []
    names = dict.fromkeys(name for trader in traders for name in trader.features)
    return Accounts(
        account=tuple(trader.id for trader in traders),
        balance=[trader.balance for trader in traders],  # type: ignore[arg-type]
        **{name: _column(name, [getattr(t, name) for t in traders]) for name in MAY},
        features={
            name: _column(f"features.{name}", [t.features.get(name) for t in traders])  # type: ignore[misc]
            for name in names
        },
    )


def _coins(entries: list[CoinEntry]) -> Coins:
    return Coins(
        coin=tuple(coin.name for coin in entries),
        mark=[coin.mark for coin in entries],  # type: ignore[arg-type]
        lot=[coin.lot for coin in entries],  # type: ignore[arg-type]
        **{name: _column(name, [getattr(coin, name) for coin in entries]) for name in OPTIONAL},
    )


def _positions(entry: MarketFile, path: Path) -> OpenPositions:
    _one_of("position", entry.position, entry.positions)
    given = entry.position if entry.positions is None else entry.positions
    return OpenPositions(**table_in(path, "positions", given, POSITIONS))  # type: ignore[arg-type]


def _one_of(name: str, inline: object, table: object) -> None:
    if (inline is None) == (table is None):
        found = "given twice" if table is not None else "missing"
        raise InputError(name, found, f"[[{name}]] entries, or a table named by `{name}s`")


def _column(name: str, values: list[float | None]) -> FloatArray | None:
    """A column that all rows have, or none."""
    if all(value is None for value in values):
        return None
    require_all(name, values)
    return values  # type: ignore[return-value]
