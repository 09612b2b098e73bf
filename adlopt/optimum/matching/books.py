"""Books of a matching: what losers shed in each at single prices, and who may close it.

Positions of a book close contracts at its prices. So many dollars a position can be had in steps if
for every price p those above p a step pay, beyond p a step, no more than contracts dearer than p
ask beyond p: who pays most a step closes the dearest.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from adlopt.foundation.arrays import FloatArray, IntArray
from adlopt.optimum.matching.flows import level_parts
from adlopt.optimum.matching.matching_problem import MatchingProblem

DUST = 1e-13
"""Share of what an arc, an account or a book may carry that counts as nothing."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PricedBooks:
    """Contracts by book and rising price: `price`, USD a step, and `quantity`, steps, both (L,).

    `level`, (k,), is each order's, −1 where nothing of it is matched; `position`, (P,), has all
    that can close something, by book; of book b are levels from `first[b]` on, positions from
    `start[b]` on.
    """

    level: IntArray
    price: FloatArray
    quantity: FloatArray
    first: IntArray
    position: IntArray
    start: IntArray

    @classmethod
    def of(cls, problem: MatchingProblem) -> PricedBooks:
        """List them; every level must have holders."""
        served = problem.order_level >= 0
        book = problem.level_book[problem.order_level[served]]
        value = problem.shed.value[served] * problem.step[problem.order_level[served]]
        rows, number = np.unique(np.stack([book, value]), axis=1, return_inverse=True)
        level = np.full(served.size, -1)
        level[served] = number.reshape(-1)
        books, leading = np.unique(problem.level_book, return_index=True)
        parts = level_parts(problem)
        held = [problem.position[parts[lead]] for lead in leading.tolist()]
        quantity = np.bincount(level[served], problem.matched[served], minlength=rows.shape[1])
        return cls(
            level=level,
            price=rows[1],
            quantity=quantity.astype(float),
            first=np.searchsorted(rows[0], np.append(books, books[-1] + 1)),
            position=np.concatenate(held),
            start=np.cumsum([0, *(each.size for each in held)]),
        )

    @property
    def count(self) -> int:
        """How many there are."""
        return self.first.size - 1

    def levels(self, book: int) -> slice:
        """Levels of one book."""
        return slice(int(self.first[book]), int(self.first[book + 1]))

    def asked(self, book: int, low: float, high: float) -> float:
        """USD asked of a book by what its contracts take between two prices."""
        mine = self.levels(book)
        return float(self.quantity[mine] @ (np.clip(self.price[mine], low, high) - low))

    def beyond(self, book: int, low: float, high: float) -> tuple[FloatArray, FloatArray]:
        """Prices of a book between two, (c,), and USD asked beyond each, up to the higher."""
        mine = self.levels(book)
        price, quantity = self.price[mine], self.quantity[mine]
        first, last = np.searchsorted(price, low, "right"), np.searchsorted(price, high, "left")
        capped = np.minimum(price[first:], high)
        above = np.cumsum(quantity[first:][::-1])[::-1]
        worth = np.cumsum((quantity[first:] * capped)[::-1])[::-1]
        inner = price[first:last]
        return inner, worth[: inner.size] - inner * above[: inner.size]

    def in_steps(
        self, problem: MatchingProblem, paid: FloatArray
    ) -> tuple[MatchingProblem, FloatArray]:
        """Steps that take what positions pay, (m,), USD, and the problem that has them as arcs.

        That is the same one, unless groups of orders must be told apart.
        """
        positions, levels, steps = [], [], []
        for book in range(self.count):
            who = self.position[self.start[book] : self.start[book + 1]]
            mine = self.levels(book)
            limit, price, quantity = problem.limit[who], self.price[mine], self.quantity[mine]
            for level, column, amount in _closed(paid[who], limit, price, quantity):
                positions.append(who[column])
                levels.append(mine.start + level)
                steps.append(amount)
        position, level, amount = (np.concatenate(x) for x in (positions, levels, steps))
        order = np.argsort(level, kind="stable")
        position, level, amount = position[order], level[order], amount[order]
        of = np.zeros(self.price.size, dtype=np.int64)
        of[self.level[self.level >= 0]] = problem.order_level[self.level >= 0]
        if not problem.mixed.any():
            wide = problem.limit.size
            key = problem.level * wide + problem.position
            arc = np.searchsorted(key, of[level] * wide + position)
            return problem, np.bincount(arc, amount, minlength=key.size).astype(float)
        single = replace(
            problem,
            value=self.price,
            notional=problem.notional[of],
            quantity=self.quantity,
            step=problem.step[of],
            level_book=problem.level_book[of],
            order_level=self.level,
            mixed=np.zeros(of.size, dtype=bool),
            position=position,
            level=level,
        )
        return single, amount


Closed = tuple[IntArray, IntArray, FloatArray]
"""Of prices, by their rank, and positions, how many steps."""


def _closed(
    paid: FloatArray, limit: FloatArray, price: FloatArray, quantity: FloatArray
) -> Iterator[Closed]:
    """Steps of k rising prices for p positions that pay so much."""
    left, free = limit, int(price[0] == 0)
    if price.size > free:
        given = paid * (float(price @ quantity) / float(paid.sum()))
        for level, column, amount in _in_order(given, limit, price[free:], quantity[free:]):
            left = left - np.bincount(column, amount, minlength=left.size)
            yield level + free, column, amount
    if free:
        ends = np.minimum(np.cumsum(np.maximum(left, 0.0)), quantity[0])
        amount = np.diff(ends, prepend=0.0)
        column = np.flatnonzero(amount)
        yield np.zeros_like(column), column, amount[column]


def _in_order(
    paid: FloatArray, limit: FloatArray, price: FloatArray, quantity: FloatArray
) -> Iterator[Closed]:
    """Steps for p positions at k prices, none of them 0: cheap ones for who pays little a step."""
    rising = np.argsort(paid / limit, kind="stable")
    left = _Remaining.of(price, quantity, limit)
    while True:
        ends, given = np.cumsum(price * left.quantity[1:]), np.cumsum(paid[rising])
        cuts = np.unique(np.append(ends, given))
        level = np.minimum(np.searchsorted(ends, cuts), price.size - 1)
        column = np.minimum(np.searchsorted(given, cuts), rising.size - 1)
        dollars = np.diff(cuts, prepend=0.0)
        found = np.bincount(column, dollars, minlength=rising.size)
        exact = np.divide(paid[rising], found, out=np.zeros_like(found), where=found > 0)
        taken = dollars * exact[column] / price[level]
        steps = np.bincount(column, taken, minlength=rising.size)
        over = steps > limit[rising] * (1 + DUST)
        if not over.any():
            some = taken > 0
            yield level[some], rising[column[some]], taken[some]
            # What is too little to move a sum goes to whoever closes what is next to it.
            lost = np.flatnonzero(np.bincount(level[some], minlength=ends.size) == 0)
            column = np.minimum(np.searchsorted(given, ends[lost]), rising.size - 1)
            yield lost, rising[column], np.maximum(left.quantity[1:][lost], 0.0)
            return
        for j in rising[over][::-1].tolist():
            amount = left.take(float(limit[j]), float(paid[j]))
            level = np.flatnonzero(amount)
            yield level, np.full(level.size, j), amount[level]
        rising = rising[~over]


@dataclass(slots=True)
class _Remaining:
    """Contracts of a book not closed yet, by rising price, after steps of 0 USD that are none."""

    price: FloatArray
    quantity: FloatArray

    @classmethod
    def of(cls, price: FloatArray, quantity: FloatArray, limit: FloatArray) -> _Remaining:
        none = max(float(limit.sum() - quantity.sum()), 0.0)
        return cls(np.append(0.0, price), np.append(none, quantity))

    def take(self, steps: float, dollars: float) -> FloatArray:
        """Take so many neighbouring steps, worth so many dollars, away; how many of each price.

        What can be paid for from what is left still can [Beiglboeck and Juillet 2016, On a problem
        of optimal transport under marginal martingale constraints: the shadow].
        """
        ends = np.append(0.0, np.cumsum(self.quantity))
        worth = np.append(0.0, np.cumsum(self.quantity * self.price))
        most = max(ends[-1] - steps, 0.0)
        starts = np.unique(np.clip(np.concatenate([ends, ends - steps]), 0.0, most))
        gains = np.interp(starts + steps, ends, worth) - np.interp(starts, ends, worth)
        start = float(np.interp(dollars, np.maximum.accumulate(gains), starts))
        inside = np.minimum(ends[1:], start + steps) - np.maximum(ends[:-1], start)
        taken: FloatArray = np.maximum(inside, 0.0)
        self.quantity = self.quantity - taken
        return taken[1:]
