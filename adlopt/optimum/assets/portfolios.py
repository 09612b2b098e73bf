"""Accounts as portfolios: what each holds in each coin, what of it may be closed, and how much."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from adlopt.errors import InputError, unknown
from adlopt.foundation.arrays import BoolArray, FloatArray, own_number, require
from adlopt.foundation.ids import places
from adlopt.model.positions import ContractRound, signs
from adlopt.optimum.core.certificate import TOLERANCE


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Portfolios:
    """n accounts by K coins, USD at the mark, signed: + long, − short.

    `held`, (n, K), may be closed; `fixed` stays: on the other side, and in coins of which nothing
    is closed; `gross`, (n,), is the sum of its sizes, and `kept`, (K,), Σ|held| that remains in
    each coin.
    """

    coins: tuple[str, ...]
    held: FloatArray
    fixed: FloatArray
    gross: FloatArray
    equity: FloatArray
    kept: FloatArray

    @property
    def book(self) -> FloatArray:
        """USD, shape (K,): Σ|held|, and 1 where that is nothing."""
        total = np.abs(self.held).sum(axis=0)
        return np.where(total > 0, total, 1.0)

    @property
    def open(self) -> BoolArray:
        """Which may be closed, shape (n, K)."""
        mask: BoolArray = self.held != 0
        return mask

    def repaired(self, share: FloatArray) -> FloatArray:
        """Shares kept, shape (n, K), moved within [0, 1] to leave what is to be left.

        Those between the ends move first.
        """
        share, size = np.clip(share, 0.0, 1.0) * (self.kept > 0), np.abs(self.held)
        for among in ((share > 0) & (share < 1), self.open, self.open):
            miss = self.kept - (size * share).sum(axis=0)
            room = np.where(miss > 0, 1.0 - share, share) * among
            total = (size * room).sum(axis=0)
            move = np.divide(miss, total, out=np.zeros_like(miss), where=total > 0)
            share = np.clip(share + np.clip(move, -1.0, 1.0) * room, 0.0, 1.0)
        return share

    def left(self, share: FloatArray) -> FloatArray:
        """Signed notional left, USD, shape (n, K)."""
        return self.fixed + self.held * share


def portfolios(round_: ContractRound, close: Mapping[str, float]) -> tuple[Portfolios, FloatArray]:
    """State a round: the problem, and contracts that may be closed of each position, shape (m,)."""
    if not isinstance(round_, ContractRound):
        raise InputError("round_", round_, "a ContractRound")
    positions, equity = round_.positions, round_.start.equity
    if equity is None or positions.mark is None:
        field = "equity" if equity is None else "positions.mark"
        raise InputError(field, None, "numbers", remedy="risk needs equities and marks")
    remedy = "an insolvent account is liquidated, not deleveraged"
    require(equity > 0, equity, "equity", "a number > 0", remedy=remedy)
    coins = tuple(dict.fromkeys(positions.coin))
    for coin in close:
        if coin not in coins:
            raise unknown("close", coin, coins)
    aim = np.array([own_number(close.get(coin, 0.0), f"close.{coin}") for coin in coins])
    kind = places(positions.coin, coins)
    sign = signs(positions.side)
    may = np.where(sign * aim[kind] > 0, positions.size, 0.0)
    shape = (equity.size, len(coins))
    held, fixed = np.zeros(shape), np.zeros(shape)
    signed = sign * positions.mark
    np.add.at(held, (round_.owner, kind), signed * may)
    np.add.at(fixed, (round_.owner, kind), signed * (positions.size - may))
    gross = np.bincount(round_.owner, positions.mark * (positions.size - may), equity.size).astype(
        float
    )
    total = np.array([math.fsum(may[kind == k]) for k in range(len(coins))])
    over = np.abs(aim) > total * (1 + TOLERANCE)
    if over.any():
        k = int(np.argmax(over))
        expected = f"at most the {total[k]:g} contracts held on that side"
        raise InputError("close", float(aim[k]), expected, index=coins[k])
    share = np.divide(np.abs(aim), total, out=np.zeros_like(total), where=total > 0)
    kept = np.abs(held).sum(axis=0) * np.maximum(1.0 - share, 0.0)
    for k in np.flatnonzero(share > 0).tolist():
        marks = np.unique(positions.mark[kind == k])
        if marks.size > 1:
            raise InputError("positions.mark", marks.tolist(), f"one mark for {coins[k]}")
    done = kept <= TOLERANCE * np.abs(held).sum(axis=0)
    held = np.where(done, 0.0, held)
    problem = Portfolios(
        coins=coins,
        held=held,
        fixed=fixed,
        gross=gross,
        equity=equity,
        kept=np.where(done, 0.0, kept),
    )
    return problem, may
