"""Parts that venues' rules are made of: prices, scores, what a fund pays, and pools.

A pool is a counterparty of all: the account marked by the feature `pool` = 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from adlopt.errors import InputError, PolicyError
from adlopt.foundation.arrays import FloatArray, IntArray
from adlopt.model.market import Market
from adlopt.model.shed import Shed
from adlopt.rules.row_formula import RowFormula, column
from adlopt.rules.rows import Rows
from adlopt.rules.rule import ANYONE, Close, Gauge, Haircut, Tier
from adlopt.rules.split import ProRata, Queue, fill
from adlopt.show.words import percent

IN_PROFIT = RowFormula("in profit", lambda r: r["upnl"] > 0)
AT_MARK = column("mark", "mark price")
AT_PREVIOUS_MARK = column("previous_mark")
AT_BANKRUPTCY = column("loser_bankruptcy_price", "bankruptcy price")
NO_LIMIT = RowFormula("no limit", lambda r: np.inf)


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


def by_sign(profit: FloatArray, scale: FloatArray) -> FloatArray:
    """Profits grow with risk, losses shrink with it: PNL · s if PNL > 0, else PNL / s."""
    return np.where(profit > 0, profit * scale, profit / np.where(scale > 0, scale, np.inf))


LEVERAGED_RETURN = RowFormula(
    "max(0, PNL %) · margin ratio",
    lambda r: np.maximum(r["pnl_percent"], 0.0) * r["margin_ratio"],
)
"""Binance: max(0, uPnL) / max(1, W) · MM / (W + uPnL)."""
RETURN_BY_LEVERAGE = RowFormula(
    "profit · leverage, loss / leverage", lambda r: by_sign(r["pnl_percent"], r["leverage"])
)


def pool_of(market: Market) -> str:
    """Name of the pool."""
    marked = market.accounts.features.get("pool")
    found = [] if marked is None else np.flatnonzero(marked == 1).tolist()
    if len(found) != 1:
        raise InputError("features.pool", len(found), "1 for exactly one account, 0 for others")
    return market.accounts.account[found[0]]


def largest_exposure(market: Market) -> tuple[Shed, float]:
    """The pool's position of the largest notional, and that notional, USD."""
    rows = market.shed([pool_of(market)])
    if not len(rows):
        return rows, 0.0
    notional = rows.size * rows.mark
    top = int(np.argmax(notional))
    return rows.take([top]), float(notional[top])


def factor_exceeded(market: Market) -> bool:
    """Whether traders' profit on any side exceeds `max_pnl_factor` of `pool_usd`."""
    return len(flagged_sides(market)) > 0


def flagged_sides(market: Market) -> Shed:
    """The pool's positions against sides whose profit exceeds `max_pnl_factor` of `pool_usd`."""
    rows = market.shed([pool_of(market)])
    factors = _factors(market, rows, market.upnl)
    most = market.signal("max_pnl_factor")
    return rows.take(np.flatnonzero(factors > most).tolist())


def refuse_overcorrection(
    market: Market, shed: Shed, closed: IntArray, unmatched: IntArray
) -> None:
    """Raise unless every factor that was acted on fell, and none below `min_pnl_factor`."""
    before = _factors(market, shed, market.upnl)
    after = _factors(market, shed, market.upnl * (1.0 - closed / market.lots))
    for row in np.flatnonzero(market.lots_of(shed) - unmatched).tolist():
        coin = shed.coin[row]
        if after[row] >= before[row]:
            raise PolicyError(f"{coin}: invalid ADL, the pnl factor stays {before[row]:.4f}")
        if after[row] < market.signal("min_pnl_factor"):
            raise PolicyError(f"{coin}: pnl was overcorrected, to a factor of {after[row]:.4f}")


@dataclass(frozen=True, slots=True)
class UntilFactor:
    """Serve in an order, as long as the side's profit stays above `min_pnl_factor` of the pool."""

    order: Queue
    family: ClassVar[str] = "keeper"
    free: ClassVar[bool] = False

    @property
    def text(self) -> str:
        """The order."""
        return f"{self.order.text}, until profit / pool is at its minimum"

    def take(self, rows: Rows, amount: int, turn: int) -> IntArray:
        """Whole lots only; the marginal position in part."""
        order = self.order.order(rows)
        profit = rows.feature("upnl")
        spare = float(profit.sum()) - rows.signal("min_pnl_factor") * rows.signal("pool_usd")
        wanted = np.zeros(len(rows), dtype=np.int64)
        for row in order.tolist():
            if profit[row] <= 0 or spare <= 0:
                break
            each = float(profit[row]) / max(int(rows.most[row]), 1)
            wanted[row] = min(int(rows.most[row]), int(spare / each))
            spare -= each * int(wanted[row])
            if wanted[row] < rows.most[row]:
                break
        return fill(order, wanted, amount)


def _factors(market: Market, pool: Shed, upnl: FloatArray) -> FloatArray:
    """Profit of the traders against each of the pool's positions over `pool_usd`."""
    factors = []
    for row in market.rows_of(pool).tolist():
        against = (market.kind == market.kind[row]) & (market.sign == -market.sign[row])
        traders = against & (market.owner != market.accounts.account.index(pool_of(market)))
        factors.append(float(upnl[traders].sum()) / market.signal("pool_usd"))
    return np.array(factors)
