"""Who may close against what: the arcs from winners' positions to what losers shed in their coin.

A *book* is a coin and the side winners hold in it; a *level* is a book at one price. Quantities
are counted in *steps*: single contracts, or whole lots.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from adlopt.errors import InputError
from adlopt.foundation.arrays import BoolArray, FloatArray, IntArray
from adlopt.foundation.ids import places
from adlopt.model.limits import NO_LIMITS, Limits
from adlopt.model.loss import MinMax
from adlopt.model.positions import WHOLE, ContractRound, Side, signs
from adlopt.model.shed import Shed


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MatchingProblem:
    """Arrays of the transport problem: m positions, k orders, L levels, A arcs.

    `weight` and `capacity`, (n,), are in USD: denominators of burdens, and what may be taken; an
    account without either is closed only where that takes nothing from it. Of positions, (m,),
    there are the account that is `owner`, and steps to give up, `limit`; of levels, (L,), USD a
    step taken from the winner and at the mark, steps to close, contracts a `step`, and book; of
    orders, (k,), their level (−1: nothing of it is matched), `matched` steps, and the `group` of
    those of one book that share a level, at their mean where `mixed`; of arcs, (A,), their ends;
    of books the positions of `holders`, contracts a step, and USD a contract at the mark.
    """

    round_: ContractRound
    shed: Shed
    limits: Limits
    weight: FloatArray
    capacity: FloatArray
    owner: IntArray
    limit: FloatArray
    value: FloatArray
    notional: FloatArray
    quantity: FloatArray
    step: FloatArray
    level_book: IntArray
    order_level: IntArray
    matched: FloatArray
    group: IntArray
    mixed: BoolArray
    position: IntArray
    level: IntArray
    order_book: IntArray
    holders: tuple[IntArray, ...]
    book_step: FloatArray
    book_mark: FloatArray
    whole: bool

    @classmethod
    def of(
        cls,
        round_: ContractRound,
        shed: Shed,
        burden: MinMax,
        *,
        lots: bool,
        limits: Limits = NO_LIMITS,
        most_arcs: float = np.inf,
    ) -> MatchingProblem:
        """Match books: what losers shed up to the winners' open interest, first listed first.

        Positions that limits close are no open interest. Those of accounts without profits are:
        what they cannot pay for, nobody pays for. Each price is a level up to so many arcs, a whole
        book beyond.
        """
        shed.check_takes()
        positions, owner = round_.positions, round_.owner
        weight = limits.denominators(burden.weights(round_.start))
        capacity = limits.most(round_.start)
        coins = tuple(dict.fromkeys(shed.coin))
        asked = _both_sides(shed.coin, shed.side, coins) ^ 1
        index: dict[int, int] = {}
        order_book = np.array([index.setdefault(key, len(index)) for key in asked.tolist()])
        of_key = np.full(2 * len(coins) + 2, -1)
        of_key[list(index)] = list(index.values())
        book = of_key[_both_sides(positions.coin, positions.side, coins)]
        _refuse_winners_as_losers(round_, shed, order_book, book)
        dear = np.bincount(order_book, shed.value, minlength=len(index)) > 0
        bearing = (weight > 0) & (capacity > 0)
        barred = limits.barred(round_.start)[owner]
        unable = dear[book] & ~bearing[owner]
        book = np.where(barred | (unable & (round_.start.capacity > 0)[owner]), -1, book)
        step = _steps(round_, book, len(index)) if lots else np.ones(len(index))
        limit = limits.most_lots(positions).astype(float) if lots else limits.most_size(positions)
        limit = np.where(book >= 0, limit, 0.0)
        wanted = shed.size / step[order_book]
        wanted = np.floor(wanted * (1 + WHOLE)) if lots else wanted
        matched = _first_listed_first(wanted, order_book, limit, book)
        limit = np.where(unable, 0.0, limit)
        holders = [np.flatnonzero((book == b) & (limit > 0)) for b in range(len(index))]
        mark = np.zeros(len(index))
        mark[order_book] = shed.mark
        none, no = np.zeros(0), np.zeros(0, dtype=np.int64)
        problem = cls(
            round_=round_,
            shed=shed,
            limits=limits,
            weight=weight,
            capacity=capacity,
            owner=owner,
            limit=limit,
            matched=matched,
            order_book=order_book,
            holders=tuple(holders),
            book_step=step,
            book_mark=mark,
            whole=lots,
            value=none,
            notional=none,
            quantity=none,
            step=none,
            level_book=no,
            order_level=no,
            group=no,
            mixed=none > 0,
            position=no,
            level=no,
        )
        group = np.unique(shed.value, return_inverse=True)[1]
        pairs = np.unique(np.stack([order_book, group])[:, matched > 0], axis=1)[0]
        arcs = sum(holders[b].size for b in pairs.tolist())
        return problem.regrouped(group if lots or arcs <= most_arcs else np.zeros_like(group))

    def only(self, chosen: BoolArray) -> MatchingProblem:
        """The problem in which no other accounts, (n,), close anything."""
        limit = np.where(chosen[self.owner], self.limit, 0.0)
        holders = tuple(who[limit[who] > 0] for who in self.holders)
        return replace(self, limit=limit, holders=holders).regrouped(self.group)

    def regrouped(self, group: IntArray) -> MatchingProblem:
        """The problem with orders of a book and a group, (k,), as a level at their mean."""
        order_level, book = _levels(self.order_book, group, self.matched)
        mixed, value = _mean_values(order_level, self.shed.value, self.matched)
        served, parts = order_level >= 0, [self.holders[b] for b in book.tolist()]
        quantity = np.bincount(order_level[served], self.matched[served], minlength=book.size)
        return replace(
            self,
            value=value * self.book_step[book],
            notional=(self.book_mark * self.book_step)[book],
            quantity=quantity.astype(float),
            step=self.book_step[book],
            level_book=book,
            order_level=order_level,
            group=group,
            mixed=mixed,
            position=np.concatenate([np.zeros(0, dtype=np.int64), *parts]),
            level=np.repeat(np.arange(book.size), [part.size for part in parts]),
        )

    @property
    def account(self) -> IntArray:
        """Account of each arc, shape (A,)."""
        return self.owner[self.position]

    @property
    def touchable(self) -> BoolArray:
        """Accounts with an arc, shape (n,)."""
        mask = np.zeros(self.weight.size, dtype=bool)
        mask[self.account] = True
        return mask

    @property
    def unmatched(self) -> FloatArray:
        """Contracts of each order that no winner can close against, shape (k,)."""
        step = self.step[self.order_level] if self.step.size else np.ones(self.matched.size)
        left = self.shed.size - np.where(self.order_level >= 0, self.matched * step, 0.0)
        whole = left <= WHOLE * self.shed.size
        unmatched: FloatArray = np.where(whole, 0.0, left)
        return unmatched

    def haircut(self, steps: FloatArray) -> FloatArray:
        """USD that so many steps of each arc, shape (A,), take from accounts, shape (n,)."""
        return self.by_account(self.value[self.level] * steps)

    def by_account(self, amounts: FloatArray) -> FloatArray:
        """Sum amounts of arcs, shape (A,), over accounts, shape (n,)."""
        return np.bincount(self.account, amounts, minlength=self.weight.size).astype(float)

    def burden(self, haircut: FloatArray) -> FloatArray:
        """x_i / w_i, shape (n,); 0 for accounts that give nothing."""
        return np.where(haircut > 0, haircut / np.where(self.weight > 0, self.weight, 1.0), 0.0)


def _levels(
    order_book: IntArray, group: IntArray, matched: FloatArray
) -> tuple[IntArray, IntArray]:
    """Number books and groups as they appear, −1 for orders not matched; and their books."""
    number: dict[tuple[int, int], int] = {}
    order_level = np.full(order_book.size, -1)
    for k in np.flatnonzero(matched > 0).tolist():
        key = int(order_book[k]), int(group[k])
        order_level[k] = number.setdefault(key, len(number))
    return order_level, np.array([book for book, _ in number], dtype=np.int64)


def _mean_values(
    order_level: IntArray, value: FloatArray, matched: FloatArray
) -> tuple[BoolArray, FloatArray]:
    """Whether a level has several values, shape (L,), and their mean, by contracts matched."""
    served = np.flatnonzero(order_level >= 0)
    level, value, matched = order_level[served], value[served], matched[served]
    levels = int(level.max(initial=-1)) + 1
    low, high = np.full(levels, np.inf), np.zeros(levels)
    np.minimum.at(low, level, value)
    np.maximum.at(high, level, value)
    total = np.bincount(level, matched * value, minlength=levels)
    mean = total / np.bincount(level, matched, minlength=levels)
    return low < high, np.where(low < high, np.clip(mean, low, high), high)


def _first_listed_first(
    asked: FloatArray, order_book: IntArray, limit: FloatArray, book: IntArray
) -> FloatArray:
    """Steps of each order that open interest covers."""
    left = np.bincount(book[book >= 0], limit[book >= 0], minlength=order_book.max() + 1)
    left = left.astype(float)
    matched = np.zeros(asked.size)
    for k, b in enumerate(order_book.tolist()):
        matched[k] = min(asked[k], left[b])
        left[b] -= matched[k]
    return matched


def _steps(round_: ContractRound, book: IntArray, books: int) -> FloatArray:
    """One lot for each book, contracts."""
    step, lot = np.ones(books), round_.positions.lot
    listed = np.flatnonzero(book >= 0)
    held, first = np.unique(book[listed], return_index=True)
    step[held] = lot[listed[first]]
    for j in listed[lot[listed] != step[book[listed]]].tolist():
        expected = f"the lot of {round_.positions.coin[j]} elsewhere, {float(step[book[j]])!r}"
        remedy = "a venue has one size step a coin"
        raise InputError("positions.lot", float(lot[j]), expected, index=j, remedy=remedy)
    return step


def _both_sides(coins: Sequence[str], sides: Sequence[Side], among: Sequence[str]) -> IntArray:
    """Number each coin and side: 2 k for shorts of the k-th, 2 k + 1 for longs; < 0 for others."""
    return 2 * places(coins, among) + (signs(sides) > 0)


def _refuse_winners_as_losers(
    round_: ContractRound, shed: Shed, order_book: IntArray, book: IntArray
) -> None:
    positions, losers = round_.positions, set(shed.loser)
    both = (j for j, name in enumerate(positions.account) if name in losers and book[j] >= 0)
    holders = {(positions.account[j], int(book[j])) for j in both}
    for k, (loser, b) in enumerate(zip(shed.loser, order_book.tolist(), strict=True)):
        if (loser, b) in holders:
            expected = f"a loser without a {shed.side[k].opposite.value} {shed.coin[k]} to close"
            remedy = "net an account's positions before the round"
            raise InputError("shed.loser", loser, expected, index=k, remedy=remedy)
    if positions.mark is None:
        return
    marks = dict(zip(shed.coin, shed.mark.tolist(), strict=True))
    for j, (coin, mark) in enumerate(zip(positions.coin, positions.mark.tolist(), strict=True)):
        if marks.get(coin, mark) != mark:
            expected = f"{marks[coin]!r}, the mark at which losers shed {coin}"
            raise InputError("positions.mark", mark, expected, index=j)
