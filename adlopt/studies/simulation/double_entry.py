"""Double entry in whole lots and whole micro-dollars: what one side gets, another gives."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from adlopt.errors import CertificateError
from adlopt.foundation.arrays import IntArray
from adlopt.foundation.money import MICRO, MOST_MICRO
from adlopt.show.answer import Columns, Tabular
from adlopt.show.words import counted


@dataclass(slots=True, kw_only=True, repr=False)
class Ledger(Tabular):
    """Cash and open lots of everybody: traders, liquidity provider, fund, and the outside world.

    Nothing moves except by `exchange` and `pay`, and both refuse what does not balance. `cash`,
    (N,), micro-dollars, is what is left after paying for open lots: an account is worth its cash
    and its lots at the mark. `lots`, (N, m), are above zero long, below short; each coin sums to
    zero. `basis`, (N, m), micro-dollars that open lots were bought for, divides an account's value
    into balance and profit, and moves no money.
    """

    cash: IntArray
    lots: IntArray
    basis: IntArray
    total: int = field(init=False)

    def __post_init__(self) -> None:
        self.lots, self.basis = map(np.asfortranarray, (self.lots, self.basis))  # read by coin
        self.total = sum(self.cash.tolist())
        self.check()

    def _columns(self) -> Columns:
        lots = {f"lots_{c + 1}": column for c, column in enumerate(self.lots.T)}
        return {"cash_usd": self.cash / MICRO, **lots}

    def _heading(self) -> str:
        return f"{counted(self.cash.size, 'account')}, {counted(self.lots.shape[1], 'coin')}"

    def value(self, mark: IntArray) -> IntArray:
        """Micro-dollars that accounts are worth at marks of shape (m,), shape (N,)."""
        worth: IntArray = self.cash + self.lots @ mark
        return worth

    def balance(self) -> IntArray:
        """Micro-dollars of collateral and realised profit, shape (N,)."""
        left: IntArray = self.cash + self.basis.sum(axis=1)
        return left

    def exchange(self, coin: int, bought: ArrayLike, price: int) -> None:
        """Trade lots, shape (N,), below zero where sold, at one price, micro-dollars a lot."""
        change = np.asarray(bought, dtype=np.int64)
        where = np.flatnonzero(change)
        if change[where].sum():
            raise CertificateError(f"{change.sum()} lots of coin {coin} come out of nothing")
        if not where.size:
            return
        held, after = self.lots[where, coin], self.lots[where, coin] + change[where]
        cost, paid = self.basis[where, coin], change[where] * price
        adds = held * change[where] >= 0
        turns = ~adds & (after * held < 0)
        kept = np.rint(cost * (after / np.where(held == 0, 1, held))).astype(np.int64)
        self.basis[where, coin] = np.where(adds, cost + paid, np.where(turns, after * price, kept))
        self.lots[where, coin] = after
        self.cash[where] -= paid

    def pay(self, received: ArrayLike) -> None:
        """Move micro-dollars, shape (N,), below zero where paid."""
        change = np.asarray(received, dtype=np.int64)
        if change.sum():
            raise CertificateError(f"{change.sum()} micro-dollars come out of nothing")
        self.cash += change

    def check(self) -> None:
        """Recount everything, without rounding: no sum wraps, since those of magnitudes fit."""
        for held in (self.cash, self.lots):
            if float(np.abs(held.astype(np.float64)).sum()) > MOST_MICRO:
                raise CertificateError("sums of money or of lots no longer fit 64 bits")
        made = int(self.cash.sum()) - self.total
        if made:
            raise CertificateError(f"{made} micro-dollars came out of nothing")
        for coin, lots in enumerate(self.lots.sum(axis=0).tolist()):
            if lots:
                raise CertificateError(f"{lots} lots of coin {coin} came out of nothing")
