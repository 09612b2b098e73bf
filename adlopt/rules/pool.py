"""Venues whose counterparty is a pool: an account marked by the feature `pool` = 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from adlopt.errors import InputError, PolicyError
from adlopt.foundation.arrays import FloatArray, IntArray
from adlopt.model.market import Market
from adlopt.model.shed import Shed
from adlopt.rules.rows import Rows
from adlopt.rules.rule import Done
from adlopt.rules.split import Queue, fill


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


def refuse_overcorrection(done: Done) -> None:
    """Raise unless every factor that was acted on fell, and none below `min_pnl_factor`."""
    market = done.market
    left = 1.0 - done.closed / market.lots
    before = _factors(market, done.shed, market.upnl)
    after = _factors(market, done.shed, market.upnl * left)
    closed = market.lots_of(done.shed) - done.unmatched
    for row in np.flatnonzero(closed).tolist():
        coin = done.shed.coin[row]
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
    held = market.positions
    factors = []
    for coin, side in zip(pool.coin, pool.side, strict=True):
        keys = zip(held.account, held.coin, held.side, strict=True)
        here = [a != pool_of(market) and c == coin and s is side.opposite for a, c, s in keys]
        factors.append(float(upnl[here].sum()) / market.signal("pool_usd"))
    return np.array(factors)
