"""Books that are kept while a rule runs: who closed against whom; every payment has a payer."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple

import numpy as np

from adlopt.foundation.arrays import AnyArray, FloatArray, IntArray, Record, freeze_indices
from adlopt.foundation.ids import pick
from adlopt.foundation.money import MICRO, micro
from adlopt.model.market import Market
from adlopt.model.shed import Shed
from adlopt.rules.split import fill
from adlopt.show.answer import Columns, Tabular
from adlopt.show.words import counted

FUND = -1
"""Taker of lots that no position takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Lots closed of a loser against a winner, or taken over by the fund.

    Parameters
    ----------
    shed : int
        Row of what had to go.
    position : int or None
        Row of the market's positions; None is the fund.
    lots : int
    price : float
        USD a contract.
    paid : int
        Micro-dollars of account value, at the mark, that moved to the loser.
    """

    shed: int
    position: int | None
    lots: int
    price: float
    paid: int


class Block(NamedTuple):
    """Matches of losers, (k, 1), with positions, (1, n) or (k, 1), or with `FUND` alone.

    Fields are as in `Match`, and broadcast to the shape of the lots, (k, n), 0 where none closes.
    """

    shed: IntArray
    position: IntArray
    lots: IntArray
    price: FloatArray
    paid: IntArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Matches(Tabular, Record):
    """Blocks of matches as they were made; as a table, one by one.

    `order` has the rows of what had to go, in their turns, shape (len(shed),).
    """

    blocks: tuple[Block, ...]
    order: IntArray

    def __post_init__(self) -> None:
        object.__setattr__(self, "order", freeze_indices(self.order))
        for column in chain(*self.blocks):
            column.setflags(write=False)

    def _columns(self) -> Columns:
        *columns, paid = self._joined()
        named = dict(zip(Block._fields, columns, strict=False))
        return {**named, "paid_usd": paid / MICRO}

    def _heading(self) -> str:
        closed = sum(int(np.count_nonzero(block.lots)) for block in self.blocks)
        return f"{counted(closed, 'closing')}, in order"

    def _joined(self) -> list[AnyArray]:
        """Fields of all, each of shape (k,): the fund's, then by the turn of the loser."""
        none = np.zeros(0, dtype=np.int64)
        parts: list[tuple[AnyArray, ...]] = [(none, none, none, none.astype(np.float64), none)]
        for block in self.blocks:
            closed, shape = block.lots.nonzero(), block.lots.shape
            parts.append(tuple(np.broadcast_to(each, shape)[closed] for each in block))
        columns = [np.concatenate(each) for each in zip(*parts, strict=True)]
        turn = 1 + np.argsort(self.order)
        turns = np.argsort(turn[columns[0]] * (columns[1] != FUND), kind="stable")
        return [column[turns] for column in columns]

    def rows(self) -> tuple[Match, ...]:
        """One by one."""
        columns = (column.tolist() for column in self._joined())
        return tuple(
            Match(shed=s, position=None if p == FUND else p, lots=n, price=price, paid=paid)
            for s, p, n, price, paid in zip(*columns, strict=True)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tie:
    """Equals between whom only the tie-break decided.

    Parameters
    ----------
    where : str
        What was split.
    accounts : tuple of str
        Who would have given something else had the tie-break been reversed.
    """

    where: str
    accounts: tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class Book:
    """Open lots and account values, in whole units, while a rule runs.

    Arrays of what must go have shape (len(shed),): `rows` of the market's positions, `lots`, `gone`
    of them, `gap`, micro-dollars from mark to bankruptcy price, and `paid` of it. `owner`, `unit`
    (contracts a lot, signed), `mark`, `held` and `open_` (lots) are of the positions, (k,);
    `start`, `value` and `haircut` (micro-dollars) of the accounts, (n,). `ties` have the turn of
    the loser that they were met at.
    """

    market: Market
    shed: Shed
    rows: IntArray
    owner: IntArray
    unit: FloatArray
    mark: FloatArray
    lots: IntArray
    gap: IntArray
    gone: IntArray
    held: IntArray
    open_: IntArray
    start: IntArray
    value: IntArray
    haircut: IntArray
    paid: IntArray
    fund: int
    matches: list[Block] = field(default_factory=list)
    ties: list[tuple[int, Tie]] = field(default_factory=list)

    @classmethod
    def of(cls, market: Market, shed: Shed) -> Book:
        """Open the book; positions of those who must go are not candidates."""
        rows = market.rows_of(shed)
        open_ = market.lots.copy()
        open_[np.isin(market.owner, market.owner[rows])] = 0
        return cls(
            market=market,
            shed=shed,
            rows=rows,
            owner=market.owner,
            unit=market.lot * market.sign,
            mark=market.mark,
            lots=np.rint(shed.size / market.lot[rows]).astype(np.int64),
            gap=_gaps(market, shed, rows),
            gone=np.zeros(len(shed), dtype=np.int64),
            held=market.lots,
            open_=open_,
            start=micro(market.equity),
            value=micro(market.equity),
            haircut=np.zeros(len(market.accounts.account), dtype=np.int64),
            paid=np.zeros(len(shed), dtype=np.int64),
            fund=int(micro([market.fund])[0]),
        )

    def closings(self, order: IntArray) -> Matches:
        """All matches, with losers in this order; those that were made one by one in one block."""
        blocks: list[Block] = []
        columns: list[Block] = []
        for each in self.matches:
            alone = each.lots.shape[1] == 1 and each.position.shape == each.lots.shape
            (columns if alone and each.position[0, 0] != FUND else blocks).append(each)
        if columns:
            blocks.append(Block(*map(np.concatenate, zip(*columns, strict=True))))
        return Matches(blocks=tuple(blocks), order=order)

    def unpaid(self) -> int:
        """Micro-dollars."""
        return int(np.maximum(-self.value, 0).sum())

    def take_over(self, order: IntArray, allowance: int) -> int:
        """Let the fund take positions at their bankruptcy price; what that cost it."""
        start, order = self.fund, order[(self.gap[order] > 0) & (self.lots[order] > 0)]
        taken, ends = self.lots[order], np.cumsum(self.gap[order])
        whole = int(ends.searchsorted(allowance, side="right"))
        if whole < order.size:
            gap = int(self.gap[order[whole]])
            left = allowance - int(ends[whole]) + gap
            taken[whole] = left * int(taken[whole]) // gap
            taken[whole + 1 :] = 0
        s, fund = order[taken > 0, None], np.array([[FUND]])
        self.match(s, fund, taken[taken > 0, None], self.shed.price[s], up=False)
        return start - self.fund

    def match(
        self, s: IntArray, position: IntArray, lots: IntArray, price: FloatArray, *, up: bool
    ) -> None:
        """Close a `Block` of lots, in order; whoever takes them pays the gap to the mark.

        Losers stand one after the other, and of each positions, none twice. What is paid at the
        bankruptcy price rounds `up`, for one loser, or down; with the last lot, all is paid.
        """
        if not lots.size:
            return
        row, own = self.rows[s], price == self.shed.price[s]
        if not own.all():
            apart = price - self.mark[row]
            paid = np.rint(lots * self.unit[row] * apart * MICRO).astype(np.int64)
        if own.any():
            due = self._of_gap(s, lots) if not up else self._rounded_up(int(s[0, 0]), lots)
            paid = due if own.all() else np.where(own, due, paid)
        tally(np.add, self.gone, s, lots)
        tally(np.add, self.paid, s, paid)
        tally(np.add, self.value, self.owner[row], paid)
        self.matches.append(Block(s, position, lots, price, paid))
        if position[0, 0] == FUND:
            self.fund -= int(paid.sum())
            return
        tally(np.subtract, self.open_, position, lots)
        tally(np.subtract, self.value, self.owner[position], paid)

    def _of_gap(self, s: IntArray, lots: IntArray) -> IntArray:
        """Micro-dollars of the gap that each of so many lots pays: with the last, all is paid."""
        first = np.append(True, s[1:] != s[:-1]).nonzero()[0]
        since = np.cumsum(lots).reshape(lots.shape)
        ahead = self.gone[s[first, 0]] - since[first, 0] + lots[first, 0]
        since += np.repeat(ahead, np.diff(first, append=s.size))[:, None]
        gap, total = self.gap[s], np.maximum(self.lots[s], 1)
        if int(np.abs(gap).max()) * int(total.max()) >= 2**63:
            since, gap = since.astype(object), gap.astype(object)
        due = gap * since // total
        before = np.append(0, due.ravel()[:-1]).reshape(due.shape)
        before[first, 0] = (gap * self.gone[s] // total)[first, 0]
        return np.asarray(due - before, dtype=np.int64)

    def _rounded_up(self, s: int, lots: IntArray) -> IntArray:
        """Each pays its share of the gap that those before left, rounded in the loser's favour."""
        left, open_ = int(self.gap[s] - self.paid[s]), int(self.lots[s] - self.gone[s])
        paid = []
        for closed in lots[:, 0].tolist():
            paid.append(-(-left * closed // open_))
            left, open_ = left - paid[-1], open_ - closed
        return np.array(paid, dtype=np.int64)[:, None]

    def pay(self, amount: int) -> int:
        """Pay losers out of the fund, in the order of their ids, while it lasts; what that took."""
        paid = self.share(min(amount, self.fund))
        self.fund -= paid
        return paid

    def share(self, amount: int) -> int:
        """Give losers what they lack, old debt first, then in the order of ids; what that took."""
        if not amount:
            return 0
        short = np.flatnonzero(self.value < 0)
        ids = np.array(pick(self.market.accounts.account, short))
        lacking = -self.value[short]
        paid = fill(np.lexsort([ids, self.start[short] >= 0]), lacking, amount)
        self.value[short] += paid
        return int(paid.sum())


def tally(change: np.ufunc, totals: IntArray, rows: IntArray, amounts: IntArray) -> None:
    """Add amounts to totals of rows, or subtract them, summed where they share a row."""
    shared = tuple(axis for axis in (0, 1) if rows.shape[axis] < amounts.shape[axis])
    change.at(totals, rows, amounts.sum(axis=shared, keepdims=True) if shared else amounts)


def _gaps(market: Market, shed: Shed, rows: IntArray) -> IntArray:
    """Micro-dollars from mark to bankruptcy price; those of a whole account sum to its debt."""
    apart = market.sign[rows] * (shed.price - market.mark[rows])
    gaps = micro(shed.size * apart)
    value, owner = micro(market.equity), market.owner[rows]
    order = np.lexsort((-np.abs(gaps), owner))
    accounts, at, held = np.unique(owner[order], return_index=True, return_counts=True)
    odd = -value[accounts] - np.add.reduceat(gaps[order], at)
    rounding = np.abs(odd) <= held + np.abs(value[accounts]) * 1e-12
    gaps[order[at[rounding]]] += odd[rounding]
    return gaps
