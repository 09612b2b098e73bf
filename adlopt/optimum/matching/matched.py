"""Winners matched with what losers shed: who closes what against whom, and what is proved of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from adlopt.foundation.arrays import AnyArray, FloatArray, freeze
from adlopt.model.objective import Objective
from adlopt.model.two_sided import TwoSidedRound
from adlopt.optimum.core.surface import Optimum, burdened, gives
from adlopt.optimum.matching.pairing import Trades
from adlopt.show.answer import Columns, plain
from adlopt.show.schema.optima import MatchingData, OrdersData, TradesData
from adlopt.show.words import counted

WORST = "worst burden"
"""Criterion that every summary states, whatever was made least."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Matching(Optimum):
    """Who closes what against whom, and what is proved about it.

    Parameters
    ----------
    objective : Objective
    criterion : str
        What `value` measures, with its unit.
    trades : Trades
        Pairs of a winner's position and a loser's order.
    closed : FloatArray, shape (m,)
        Contracts closed of each position.
    matched, unmatched : FloatArray, shape (k,)
        Contracts of each order that winners close against, and that no winner can.
    haircut : FloatArray, shape (n,)
        USD taken from each account.
    worst_burden : float
        max x_i / w_i.
    touched : int
        Number of accounts with anything closed.
    round_ : TwoSidedRound
        What was solved.
    price : FloatArray, shape (k,), or None
        Rise of the value per further contract shed at the order's price, of the continuous
        problem; NaN where nothing is matched.
    reason : tuple of str, length n
        Why each account closes no more, where limits were given; else empty.

    The others are those of every optimum.
    """

    objective: Objective
    criterion: str
    trades: Trades
    closed: FloatArray
    matched: FloatArray
    unmatched: FloatArray
    haircut: FloatArray
    worst_burden: float
    touched: int
    round_: TwoSidedRound
    # Without a value here, the base's property of that name would become it.
    price: FloatArray | None = None  # type: ignore[assignment]
    reason: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("closed", "matched", "unmatched", "haircut", "price"):
            values = getattr(self, name)
            object.__setattr__(self, name, None if values is None else freeze(values))
        self._check()

    def _answer(self) -> tuple[AnyArray, ...]:
        return self.closed, self.matched, self.haircut, np.array(self.worst_burden)

    def _numbers(self) -> dict[str, Any]:
        return plain(self.trades._columns())

    @property
    def account(self) -> tuple[str, ...]:
        """Winners' ids, length n."""
        return self.round_.winners.start.account

    @property
    def raised(self) -> float:
        """USD. H = Σ x_i."""
        return math.fsum(self.haircut)

    def _columns(self) -> Columns:
        """Every trade: the winner's account and side, the loser, and what it takes."""
        held, shed = self.round_.winners.positions, self.round_.losers
        position, order = self.trades.position.tolist(), self.trades.order.tolist()
        return {
            "account": [held.account[j] for j in position],
            "loser": [shed.loser[k] for k in order],
            "coin": [shed.coin[k] for k in order],
            "side": [held.side[j].value for j in position],
            "contracts": self.trades.contracts,
            "price_usd": shed.price[order],
            "haircut_usd": self.trades.contracts * shed.value[order],
        }

    def _done(self) -> str:
        trades = counted(len(self.trades), "trade")
        said = f"{gives(self.touched, self.raised)} in {trades}, {burdened(self.worst_burden)}"
        return said if self.criterion == WORST else f"{said}; {self.criterion}: {self.value:.6g}"

    def data(self) -> MatchingData:
        """Return it as machines get it."""
        round_ = self.round_.winners
        held = np.bincount(round_.owner, self.closed > 0, minlength=len(self.account))
        return self._filled(
            MatchingData,
            objective=type(self.objective).__name__,
            needed_usd=round_.needed,
            capacity_usd=round_.start.capacity.tolist(),
            positions_closed=held.astype(int).tolist(),
            orders=self._orders(),
            trades=TradesData(**plain(self._columns())),
        )

    def _orders(self) -> OrdersData:
        shed = self.round_.losers
        return OrdersData(
            loser=list(shed.loser),
            coin=list(shed.coin),
            side=[side.value for side in shed.side],
            shed=shed.size.tolist(),
            matched=self.matched.tolist(),
            unmatched=self.unmatched.tolist(),
            price_usd=shed.price.tolist(),
            mark_usd=shed.mark.tolist(),
        )
