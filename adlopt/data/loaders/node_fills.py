"""Hyperliquid's `node_fills_by_block`: a block of fills a line, JSON, plain or LZ4.

`{"block_time": …, "block_number": …, "events": [[user, {"coin", "px", "sz", "side": "B" | "A",
"time": ms, "startPosition", "dir", "closedPnl", "fee", "tid", "liquidation": {"liquidatedUser",
"markPx", "method"}}], …]}`, numbers as texts.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from adlopt.data.loaders.columns import LATEST_MS
from adlopt.data.loaders.event_fields import Malformed, account, number
from adlopt.data.loaders.fills import Fills, is_spot, schema
from adlopt.data.loaders.lines import Progress, blocks_of_lines, each_once
from adlopt.data.loaders.raw_tables import decoded
from adlopt.data.loaders.records import TOLERANCE, Tally
from adlopt.data.loaders.spool import Spool

if TYPE_CHECKING:
    import polars as pl

DELEVERAGING = "Auto-Deleveraging"
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


def read_node_fills(
    paths: Sequence[str | Path],
    *,
    tolerance: float = TOLERANCE,
    progress: Progress = None,
    trades: Spool | None = None,
) -> Fills:
    """Read the deleveraging fills of node files.

    Parameters
    ----------
    trades : Spool, optional
        Made by `every_trade`; takes all fills of perpetuals, for prices, markouts and states.

    Raises
    ------
    InputError
        If a file cannot be read or stands twice, or more than `tolerance` of its fills do not
        parse.
    """
    seen: set[tuple[int | None, str]] = set()
    with Fills.filling() as fills:
        for path in each_once(paths):
            tally = Tally(path, tolerance)
            blocks = _blocks(path, tally, seen, progress, trades)
            fills.add(path, blocks, HAS, tally)
    return fills


def every_trade() -> Spool:
    """Make an empty table of trades for `read_node_fills` to fill."""
    import polars as pl

    numbers = dict.fromkeys(("price", "trade", "fee"), pl.Float64)
    texts = dict.fromkeys(("coin", "account"), pl.String)
    return Spool({"time": pl.Int64, **texts, **numbers, "deleveraging": pl.Boolean})


def _blocks(
    path: Path,
    tally: Tally,
    seen: set[tuple[int | None, str]],
    progress: Progress,
    trades: Spool | None,
) -> Iterator[pl.DataFrame]:
    import polars as pl

    for first, lines in blocks_of_lines(path, progress=progress):
        rows, all_rows = [], []
        for line, text in enumerate(lines, start=first):
            for fill in _fills_of(line, text, tally):
                key = (fill.trade_id, fill.account)
                if fill.trade_id is not None and key in seen:
                    found = f"trade {fill.trade_id} of {fill.account}"
                    tally.reject(line, found, "a fill not read before")
                    continue
                if fill.deleveraging:
                    seen.add(key)
                    rows.append(_row(line, fill))
                    tally.keep()
                else:
                    tally.skip("other fills")
                if trades is not None:
                    numbers = (fill.price, fill.trade, fill.fee)
                    all_rows.append(
                        (fill.time, fill.coin, fill.account, *numbers, fill.deleveraging)
                    )
        yield pl.DataFrame(rows, schema=_schema(), orient="row")
        if trades is not None:
            trades.write(pl.DataFrame(all_rows, schema=trades.schema, orient="row"))


def _schema() -> dict[str, Any]:
    kinds = schema()
    return {"line": kinds["line"], **{name: kinds[name] for name in HAS}}


def _fills_of(line: int, text: str, tally: Tally) -> Iterator[Fill]:
    block = decoded(line, text, tally)
    if block is None:
        return
    events = block.get("events")
    if not isinstance(events, list):
        tally.reject(line, repr(events), "a block with a list of events")
        return
    for event in events:
        try:
            fill = _fill(event)
        except Malformed as error:
            tally.reject(line, error.found, error.expected)
            continue
        if is_spot(fill.coin):
            tally.skip("spot")
        else:
            yield fill


def _fill(event: Any) -> Fill:
    match event:
        case [str(user), dict(details)] if user:
            pass
        case _:
            raise Malformed(event, "[user, fill]")
    coin, side = details.get("coin"), details.get("side")
    if not isinstance(coin, str) or not coin:
        raise Malformed(coin, "a coin")
    if side not in ("A", "B"):
        raise Malformed(side, "side A or B")
    size = number(details, "sz", positive=True)
    liquidation = details.get("liquidation")
    if liquidation is not None and not isinstance(liquidation, dict):
        raise Malformed(liquidation, "a liquidation with liquidatedUser and markPx")
    deleveraging = details.get("dir") == DELEVERAGING
    if deleveraging and liquidation is None:
        raise Malformed(details, "a liquidation with liquidatedUser and markPx")
    return Fill(
        account=user,
        coin=coin,
        time=_milliseconds(details),
        price=number(details, "px", positive=True),
        trade=size if side == "B" else -size,
        position=number(details, "startPosition"),
        closed_pnl=number(details, "closedPnl"),
        fee=number(details, "fee"),
        deleveraging=deleveraging,
        loser=account(liquidation, "liquidatedUser") if deleveraging else "",
        mark=number(liquidation, "markPx", positive=True) if deleveraging else math.nan,
        trade_id=_trade_id(details.get("tid")),
    )


def _milliseconds(details: Any) -> int:
    value = details.get("time")
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= LATEST_MS:
        raise Malformed(value, "milliseconds since 1970 in 'time'")
    return value


def _trade_id(value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise Malformed(value, "a whole number in 'tid'")
    return value


def _row(line: int, fill: Fill) -> tuple[Any, ...]:
    # Closing −trade contracts realised closed_pnl, which tells what they were entered at.
    entry = fill.price + fill.closed_pnl / fill.trade
    position_pnl = fill.position * (fill.mark - entry)
    return (
        line,
        *(fill.account, fill.coin, fill.time, fill.price, abs(fill.trade), fill.trade, fill.mark),
        *(fill.closed_pnl, fill.fee, fill.position, position_pnl, fill.loser),
    )
