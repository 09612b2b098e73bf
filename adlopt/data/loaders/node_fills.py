"""Hyperliquid's `node_fills_by_block`: a block of fills a line, JSON, plain or LZ4.

`{"block_time": …, "block_number": …, "events": [[user, {"coin", "px", "sz", "side": "B" | "A",
"time": ms, "startPosition", "dir", "closedPnl", "fee", "tid", "liquidation": {"liquidatedUser",
"markPx", "method"}}], …]}`, numbers as texts.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Unpack

import polars as pl

from adlopt.data.loaders.columns import is_spot
from adlopt.data.loaders.cutting import rounds_of
from adlopt.data.loaders.fills import Fills, Spool, schema
from adlopt.data.loaders.lines import each_once
from adlopt.data.loaders.loaded import Loaded
from adlopt.data.loaders.loader import Loader
from adlopt.data.loaders.options import Capacity, Rules
from adlopt.data.loaders.raw_tables import events_of
from adlopt.data.loaders.records import How, Malformed, Tally, account, moment, number, product
from adlopt.foundation.ids import Alike

DELEVERAGING = "Auto-Deleveraging"
BLOCK = 1 << 14
"""Fills that are written at a time."""
HAS = (
    *("account", "coin", "time", "price", "size", "trade", "mark", "closed_pnl", "fee"),
    *("position", "position_pnl", "loser"),
)


class Fill(NamedTuple):
    """A fill as the node writes it, checked."""

    account: str
    coin: str
    time: int
    price: float
    trade: float
    position: float
    closed_pnl: float
    fee: float
    deleveraging: bool
    loser: str
    mark: float
    trade_id: int | None
    hash: int


def read_node_fills(
    paths: Sequence[str | Path], *, trades: Spool | None = None, **how: Unpack[How]
) -> Fills:
    """Read the deleveraging fills of node files.

    Parameters
    ----------
    trades : Spool, optional
        Made by `every_trade`; takes all fills of perpetuals, for prices, markouts and states.

    Raises
    ------
    InputError
        If a file cannot be read or stands twice, or more than the tolerance of its fills do not
        parse.
    """
    seen: set[tuple[int | None, str]] = set()
    with Fills.filling() as fills:
        for path in each_once(paths):
            tally = Tally(path, **how)
            fills.add(path, _blocks(tally, seen, trades), HAS, tally)
    return fills


def every_trade() -> Spool:
    """Make an empty table of trades for `read_node_fills` to fill."""
    numbers = dict.fromkeys(("price", "trade", "fee"), pl.Float64)
    texts = dict.fromkeys(("coin", "account"), pl.String)
    keys = dict.fromkeys(("trade_id", "hash"), pl.Int64)
    return Spool({"time": pl.Int64, **texts, **numbers, **keys, "deleveraging": pl.Boolean})


def market_trades(trades: Spool) -> pl.LazyFrame:
    """Trades that make the market's price: no leg of a deleveraging is one.

    Only the winner's leg says that it is one. The loser's shares its trade id, or its hash, coin,
    price, size and time.
    """
    every = trades.scan().with_columns(size=pl.col("trade").abs())
    forced, other = every.filter("deleveraging"), every.filter(~pl.col("deleveraging"))
    for keys in (["trade_id"], ["hash", "coin", "price", "size", "time"]):
        other = other.join(forced.select(keys).unique(), on=keys, how="anti")
    return other.drop("size")


def _blocks(
    tally: Tally, seen: set[tuple[int | None, str]], trades: Spool | None
) -> Iterator[pl.DataFrame]:
    rows: list[tuple[Any, ...]] = []
    every: list[tuple[Any, ...]] = []
    for line, fills in events_of(tally, _fill):
        for fill in fills:
            key = (fill.trade_id, fill.account)
            if is_spot(fill.coin):
                tally.skip("spot")
            elif fill.trade_id is not None and key in seen:
                found = f"trade {fill.trade_id} of {fill.account}"
                tally.reject(line, found, "a fill not read before", whole=True)
            else:
                if fill.deleveraging:
                    seen.add(key)
                    rows.append(_row(line, fill))
                    tally.keep(1, _worth(fill))
                else:
                    tally.skip("other fills")
                money, keys = (fill.price, fill.trade, fill.fee), (fill.trade_id, fill.hash)
                own = (fill.time, fill.coin, fill.account, *money, *keys, fill.deleveraging)
                every.append(own)
        if len(every) >= BLOCK:
            yield _written(rows, every, trades)
            rows, every = [], []
    yield _written(rows, every, trades)


def _written(
    rows: list[tuple[Any, ...]], every: list[tuple[Any, ...]], trades: Spool | None
) -> pl.DataFrame:
    if trades is not None:
        trades.write(pl.DataFrame(every, schema=trades.schema, orient="row"))
    kinds = schema()
    names = {name: kinds[name] for name in ("line", *HAS)}
    return pl.DataFrame(rows, schema=names, orient="row")


def _fill(event: Any, alike: Alike) -> Fill:
    match event:
        case [str(), dict(details)]:
            pass
        case _:
            raise Malformed(event, "[user, fill]")
    try:
        return _checked(event[0], details, alike)
    except Malformed as error:
        error.usd = _worth_of(details)
        raise


def _checked(user: str, details: dict[str, Any], alike: Alike) -> Fill:
    coin, side = details.get("coin"), details.get("side")
    if not isinstance(coin, str) or not coin.strip():
        raise Malformed(coin, "a coin")
    if side not in ("A", "B"):
        raise Malformed(side, "side A or B")
    if not isinstance(details.get("dir"), str) or not details["dir"]:
        raise Malformed(details.get("dir"), "what the fill does in 'dir'")
    size = number(details, "sz", positive=True)
    liquidation = details.get("liquidation")
    if liquidation is not None and not isinstance(liquidation, dict):
        raise Malformed(liquidation, "a liquidation with liquidatedUser and markPx")
    deleveraging = details.get("dir") == DELEVERAGING
    if deleveraging and liquidation is None:
        raise Malformed(details, "a liquidation with liquidatedUser and markPx")
    return Fill(
        account=account({"user": user}, "user", alike),
        coin=coin.strip(),
        time=moment(details.get("time"), "time"),
        price=number(details, "px", positive=True),
        trade=size if side == "B" else -size,
        position=number(details, "startPosition"),
        closed_pnl=number(details, "closedPnl"),
        fee=number(details, "fee"),
        deleveraging=deleveraging,
        loser=account(liquidation, "liquidatedUser", alike) if deleveraging else "",
        mark=number(liquidation, "markPx", positive=True) if deleveraging else math.nan,
        trade_id=_trade_id(details.get("tid")),
        hash=hash(str(details.get("hash"))),
    )


def _trade_id(value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 2**63:
        raise Malformed(value, "a whole number in 'tid'")
    return value


def _row(line: int, fill: Fill) -> tuple[Any, ...]:
    # Closing −trade contracts realised closed_pnl, which tells what they were entered at.
    entry = fill.price + fill.closed_pnl / fill.trade
    position_pnl = fill.position * (fill.mark - entry)
    return (
        *(line, fill.account, fill.coin, fill.time, fill.price, abs(fill.trade)),
        *(fill.trade, fill.mark, fill.closed_pnl, fill.fee, fill.position, position_pnl),
        fill.loser,
    )


def _worth(fill: Fill) -> dict[str, float]:
    size = abs(fill.trade)
    return {"notional": fill.price * size, "needed": abs(fill.mark - fill.price) * size}


def _worth_of(details: dict[str, Any]) -> dict[str, float]:
    """What a fill is worth that does not parse, if it may be a deleveraging."""
    if isinstance(details.get("dir"), str) and details["dir"] != DELEVERAGING:
        return {"notional": 0.0}
    liquidation = details.get("liquidation")
    mark = liquidation.get("markPx") if isinstance(liquidation, dict) else None
    notional, at_mark = product(details, "px", "sz"), product(details | {"px": mark}, "px", "sz")
    if notional is None or at_mark is None:
        return {} if notional is None else {"notional": notional}
    return {"notional": notional, "needed": abs(at_mark - notional)}


def _read(paths: Sequence[Path], rules: Rules, how: How) -> Loaded:
    names = ", ".join(path.name for path in paths)
    with read_node_fills(paths, **how) as fills:
        return rounds_of(fills, name=paths[0].stem, source=names, rules=rules)


LOADER = Loader(
    kind="fills",
    takes="FILE... (Hyperliquid's node fills, JSON lines or .lz4)",
    read=_read,
    rules=Rules(capacity=Capacity.POSITION),
)
