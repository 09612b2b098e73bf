"""Parts that the rules of several venues share: prices, scores, and what a fund pays."""

from __future__ import annotations

from typing import Any

import numpy as np

from adlopt.foundation.arrays import FloatArray
from adlopt.model.market import Market
from adlopt.rules.row_formula import RowFormula, column
from adlopt.rules.rows import Rows
from adlopt.rules.rule import ANYONE, Close, Gauge, Haircut, Tier
from adlopt.rules.split import ProRata, Queue
from adlopt.show.words import percent

IN_PROFIT = RowFormula("in profit", lambda r: r["upnl"] > 0)
AT_MARK = column("mark", "mark price")
AT_PREVIOUS_MARK = column("previous_mark")
AT_BANKRUPTCY = column("loser_bankruptcy_price", "bankruptcy price")
NO_LIMIT = RowFormula("no limit", lambda r: np.inf)
SILENT = ("tie-break", "rounding")
"""What hardly any venue publishes."""


def queue(
    *keys: RowFormula,
    price: RowFormula = AT_BANKRUPTCY,
    eligible: RowFormula = ANYONE,
    **parts: Any,
) -> Close:
    """Close the other side's positions in an order; further parts are as of `Close`."""
    return Close(tiers=(in_line(*keys, eligible=eligible),), price=price, **parts)


def in_line(
    *keys: RowFormula, eligible: RowFormula = ANYONE, limit: RowFormula | None = None
) -> Tier:
    """Serve in an order."""
    return Tier(split=Queue(keys), eligible=eligible, limit=limit)


def share_of(name: str) -> Haircut:
    """Take from a column in proportion to it, at most all of it."""
    return Haircut(tiers=(Tier(split=ProRata(column(name)), limit=column(name)),))


def drawdown(trigger: float, stop: float | None = None) -> Gauge:
    """The fund pays until it is `trigger` below its peak; while deleveraging, until `stop` is.

    Reads the signal `fund_peak`, USD, and with a stop `deleveraging`, 1 while ADL is under way.
    """

    def pays(market: Market) -> float:
        under_way = stop is not None and market.signal("deleveraging") != 0
        share = stop if under_way and stop is not None else trigger
        return market.fund - (1 - share) * market.signal("fund_peak")

    text = f"the fund, down to {percent(1 - trigger)} of its peak"
    return Gauge(text if stop is None else f"{text}; once begun, to {percent(1 - stop)}", pays)


def _leveraged_return(r: Rows) -> FloatArray:
    """Binance: max(0, uPnL) / max(1, W) · MM / (W + uPnL)."""
    return np.maximum(r["pnl_percent"], 0.0) * r["margin_ratio"]


def by_sign(profit: FloatArray, scale: FloatArray) -> FloatArray:
    """Profits grow with risk, losses shrink with it: PNL · s if PNL > 0, else PNL / s."""
    return np.where(profit > 0, profit * scale, profit / np.where(scale > 0, scale, np.inf))


LEVERAGED_RETURN = RowFormula("max(0, PNL %) · margin ratio", _leveraged_return)
RETURN_BY_LEVERAGE = RowFormula(
    "profit · leverage, loss / leverage", lambda r: by_sign(r["pnl_percent"], r["leverage"])
)
