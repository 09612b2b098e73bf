"""The least worst burden of a matching as a flow of dollars, by cuts over books only.

A book of rising prices v_1 < v_2 < … is a pile of *layers*: every contract takes v_1, those dearer
take v_2 − v_1 more, and so on. What positions can pay to a book is the sum of what they can pay to
its layers, a step of theirs in each: both are the base of one polymatroid, D(S) ≤ Σ_m (v_m −
v_{m−1}) min(limit(S), Q_m), as bases add [Fujishige 2005, Submodular functions and optimization].
So dollars flow from accounts to layers, and a set S of layers needs at least the burden z_S at
which Σ min(C_i, w_i z, what i's positions can pay to S) reaches what S asks for. The largest z_S is
the answer, by maximal flow and minimal cut: each flow that falls short names a set whose burden is
higher. The cut's prices prove it in the linear program.

Dollars become trades in order: positions that pay least a step close the cheapest contracts, which
makes few trades; those that would need more steps than they have take theirs first.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np

from adlopt.foundation.arrays import BoolArray, FloatArray, IntArray
from adlopt.foundation.deadline import is_late
from adlopt.foundation.exact import exact_dot, exact_sum
from adlopt.optimum.core.certificate import Trust, round_down
from adlopt.optimum.core.waterfill import water_level
from adlopt.optimum.matching.flows import level_parts, mend
from adlopt.optimum.matching.form import Form
from adlopt.optimum.matching.matching_problem import MatchingProblem
from adlopt.optimum.programs.program import power_of_two
from adlopt.optimum.programs.weak_duality import ProvenBound

SLACK = 2.0**-40
"""Relative room above a level that lets a flow end in spite of rounding."""
DUST = 1e-13
"""Share of what an arc, an account or a book may carry that counts as nothing."""
SWEEPS = 8
"""How often each book evens out its holders' burdens before the first flow."""


@dataclass(slots=True, kw_only=True)
class DollarFlow:
    """Dollars that positions pay to books; P positions in B books, sorted by book.

    `room` and `paid`, (P,), are USD that a position can pay at its book's mean price, and what it
    pays; `asked`, (B,), is in USD, and so is what accounts have paid `before`, (n,), elsewhere.
    """

    weight: FloatArray
    capacity: FloatArray
    position: IntArray
    account: IntArray
    book: IntArray
    room: FloatArray
    asked: FloatArray
    paid: FloatArray
    before: FloatArray

    def loads(self) -> FloatArray:
        """USD that accounts pay here in all, shape (n,)."""
        return np.bincount(self.account, self.paid, minlength=self.weight.size).astype(float)

    def lacking(self) -> FloatArray:
        """USD that books lack, shape (B,)."""
        raised = np.bincount(self.book, self.paid, minlength=self.asked.size)
        left = self.asked - raised
        return np.where(left > 4 * DUST * self.asked, left, 0.0)

    def level(self, books: BoolArray) -> float:
        """Burden that a set of books needs, shape (B,); inf if no burden suffices."""
        inside = np.where(books[self.book], self.room, 0.0)
        held = np.bincount(self.account, inside, self.weight.size).astype(float)
        limit, needed = np.minimum(held, self.capacity), float(self.asked[books].sum())
        most = float(limit.sum())
        if needed > most * (1 + DUST):
            return np.inf
        if self.before.any():
            some, low = limit > 0, self.before
            return _even_level(self.weight[some], low[some], (low + limit)[some], min(needed, most))
        return water_level(self.weight * (limit > 0), limit, min(needed, most))

    def even_out(self, books: IntArray, most: FloatArray) -> None:
        """Let books raise what they ask for at the least burdens; accounts pay up to `most`."""
        load = self.loads()
        start = np.searchsorted(self.book, np.arange(self.asked.size + 1)).tolist()
        for b in books.tolist() * SWEEPS:
            mine, who = slice(start[b], start[b + 1]), self.account[start[b] : start[b + 1]]
            others, weight = load[who] - self.paid[mine], self.weight[who]
            top = others + np.clip(most[who] - others, 0.0, self.room[mine])
            z = _even_level(weight, others, top, float(self.asked[b]))
            load[who] -= self.paid[mine]
            self.paid[mine] = np.clip(weight * z, others, top) - others
            np.add.at(load, who, self.paid[mine])

    def thin_out(self) -> None:
        """Swap between each two books until one account at most pays a part of what it can to both.

        Nobody's payments in all change, and no position that pays nothing or all it can is touched.
        """
        start = np.searchsorted(self.book, np.arange(self.asked.size + 1)).tolist()
        arcs = [np.arange(*ends) for ends in pairwise(start)]
        for b, here in enumerate(arcs):
            of_account = np.full(self.weight.size, -1)
            for there in arcs[b + 1 :]:
                inside = here[(self.paid[here] > 0) & (self.paid[here] < self.room[here])]
                of_account[self.account[here]] = -1
                of_account[self.account[inside]] = inside
                j = there[(self.paid[there] > 0) & (self.paid[there] < self.room[there])]
                i = of_account[self.account[j]]
                j, once = j[i >= 0], np.unique(i[i >= 0], return_index=True)[1]
                i, j = i[i >= 0][once], j[once]
                up = np.minimum(self.room[i] - self.paid[i], self.paid[j])
                down = np.minimum(self.paid[i], self.room[j] - self.paid[j])
                before = np.cumsum(up + down) - (up + down)
                risen = np.clip(float(down.sum()) - before, 0.0, up + down)
                moved = np.where(risen >= up + down, up, risen - down)
                self.paid[i] += moved
                self.paid[j] -= moved

    def fill(self, burden: float, end: float) -> BoolArray | None:
        """Pay all that a burden allows; the books of a minimal cut, or None if all is paid."""
        most = np.clip(self.weight * burden - self.before, 0.0, self.capacity)
        load = self.loads()
        shrink = np.divide(most, load, out=np.ones_like(load), where=load > most)
        self.paid = self.paid * shrink[self.account]
        while True:
            lacking = self.lacking()
            if not lacking.any() or is_late(end):
                return None
            spare = most - self.loads()
            spare[spare <= DUST * most] = 0.0
            paths, reached = self._search(lacking, spare)
            if not paths:
                return reached
            for path in paths:
                self._move(path, lacking, spare)

    def _search(self, lacking: FloatArray, spare: FloatArray) -> tuple[list[list[int]], BoolArray]:
        """Short ways over books from those that lack money to holders with some to spare.

        Where there are none, the books without a way are a minimal cut.
        """
        open_ = self.room - self.paid > DUST * self.room
        pays = np.flatnonzero(self.paid > DUST * self.room)
        able, willing = spare > 0, np.full(spare.size, -1)
        shuffled = np.random.default_rng(0).permutation
        reaching = np.bincount(self.book, open_ & able[self.account], lacking.size) > 0
        after = np.full(lacking.size, -1)
        while (lacking[~reaching] > 0).any():
            arcs = pays[reaching[self.book[pays]] & (willing[self.account[pays]] < 0)]
            arcs = shuffled(arcs)
            willing[self.account[arcs]] = self.book[arcs]
            arcs = np.flatnonzero(open_ & ~reaching[self.book] & (willing[self.account] >= 0))
            if not arcs.size:
                break
            arcs = shuffled(arcs)
            after[self.book[arcs]] = willing[self.account[arcs]]
            reaching[self.book[arcs]] = True
        ways = []
        for source in np.flatnonzero((lacking > 0) & reaching).tolist():
            way = [source]
            while after[way[-1]] >= 0:
                way.append(int(after[way[-1]]))
            ways.append(way)
        return ways, ~reaching

    def _move(self, path: list[int], lacking: FloatArray, spare: FloatArray) -> None:
        """Pay for the first book of a way, each book's holders handing over to the next's."""
        of = [np.arange(*np.searchsorted(self.book, [b, b + 1])) for b in path]
        pairs, can = [], []
        for here, there in pairwise(of):
            _, i, j = np.intersect1d(self.account[here], self.account[there], return_indices=True)
            pairs.append((here[i], there[j]))
            can.append(np.minimum(self.room[here[i]] - self.paid[here[i]], self.paid[there[j]]))
        who, once = np.unique(self.account[of[-1]], return_index=True)
        last = of[-1][once]
        can.append(np.minimum(self.room[last] - self.paid[last], spare[who]))
        can = [np.maximum(c, 0.0) for c in can]
        amount = min(float(lacking[path[0]]), *(float(c.sum()) for c in can))
        if amount <= 0:
            return
        for (i, j), c in zip(pairs, can, strict=False):
            part = c * (amount / float(c.sum()))
            self.paid[i] += part
            self.paid[j] -= part
        part = can[-1] * (amount / float(can[-1].sum()))
        self.paid[last] += part
        spare[who] -= part
        lacking[path[0]] -= amount


def _even_level(weight: FloatArray, low: FloatArray, high: FloatArray, needed: float) -> float:
    """Level at which Σ clip(w z, low, high) − low reaches what is needed, or the highest."""
    at = np.concatenate([low, high]) / np.tile(weight, 2)
    order = np.argsort(at, kind="stable")
    slope = np.cumsum(np.concatenate([weight, -weight])[order])
    filled = np.concatenate([[0.0], np.cumsum(slope[:-1] * np.diff(at[order]))])
    k = int(np.searchsorted(filled, needed, side="right")) - 1
    if k == at.size - 1 or slope[k] <= 0:
        return float(at[order[k]])
    return float(at[order[k]] + (needed - filled[k]) / slope[k])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Layers:
    """Books of several prices as books of one: what a price adds to the one below, at which dearer.

    `of_level`, (L,), is the book of each level; `position` and `book` are of positions that pay,
    sorted by book; `level`, (B,), is the cheapest of each layer, `rise` in USD a step, `wanted`
    steps.
    """

    of_level: IntArray
    position: IntArray
    book: IntArray
    level: IntArray
    rise: FloatArray
    wanted: FloatArray

    @classmethod
    def of(cls, problem: MatchingProblem) -> Layers:
        """Split them."""
        first, book, of_level = _books(problem)
        order = np.lexsort((problem.value, of_level))
        value, new = problem.value[order], np.diff(of_level[order], prepend=-1) > 0
        rise = value - np.where(new, 0.0, np.append(0.0, value[:-1]))
        above = np.cumsum(problem.quantity[order][::-1])[::-1]
        ends = np.append(np.flatnonzero(new)[1:], order.size)
        after = np.append(above, 0.0)[ends[of_level[order]]]
        kept = rise > 0
        return cls(
            of_level=of_level,
            position=problem.position[first],
            book=book,
            level=order[kept],
            rise=rise[kept],
            wanted=(above - after)[kept],
        )

    def flow(self, problem: MatchingProblem) -> DollarFlow:
        """Nobody pays yet."""
        ends = np.searchsorted(self.book, np.arange(self.of_level.max() + 2)).tolist()
        books = self.of_level[self.level].tolist()
        arcs = [np.arange(ends[b], ends[b + 1]) for b in books]
        position = self.position[np.concatenate([np.zeros(0, dtype=np.int64), *arcs])]
        book = np.repeat(np.arange(len(books)), [arc.size for arc in arcs])
        return DollarFlow(
            weight=problem.weight,
            capacity=problem.capacity,
            position=position,
            account=problem.owner[position],
            book=book,
            room=problem.limit[position] * self.rise[book],
            asked=self.rise * self.wanted,
            paid=np.zeros(book.size),
            before=np.zeros(problem.weight.size),
        )

    def begin(self, problem: MatchingProblem, flow: DollarFlow, burden: float, end: float) -> None:
        """Pay what positions can where each pays as large a part of all its layers."""
        books = int(self.of_level.max()) + 1
        of_layer = self.of_level[self.level]
        asked = np.bincount(of_layer, flow.asked, minlength=books).astype(float)
        wanted = np.bincount(self.of_level, problem.quantity, minlength=books)
        kept = np.flatnonzero(asked[self.book] > 0)
        position, book = self.position[kept], self.book[kept]
        merged = DollarFlow(
            weight=problem.weight,
            capacity=problem.capacity,
            position=position,
            account=problem.owner[position],
            book=book,
            room=problem.limit[position] * (asked / wanted)[book],
            asked=asked,
            paid=np.zeros(book.size),
            before=np.zeros(problem.weight.size),
        )
        merged.even_out(np.flatnonzero(asked), problem.capacity)
        merged.fill(burden, end)
        if flow.asked.size > np.count_nonzero(asked):
            merged.thin_out()
        paid = np.zeros(problem.limit.size)
        paid[position] = merged.paid
        flow.paid = paid[flow.position] * (flow.asked / asked[of_layer])[flow.book]
        most = np.minimum(problem.capacity, problem.weight * burden)
        flow.even_out(np.flatnonzero((merged.lacking() > 0)[of_layer]), most)

    def price(self, problem: MatchingProblem, cut: BoolArray) -> FloatArray:
        """USD a step at each level, shape (L,), in the layers of a cut."""
        inside = np.zeros(problem.value.size)
        inside[self.level[cut]] = self.rise[cut]
        order = np.lexsort((problem.value, self.of_level))
        new = np.diff(self.of_level[order], prepend=-1) > 0
        price, total = np.zeros(inside.size), 0.0
        for level, fresh in zip(order.tolist(), new.tolist(), strict=True):
            total = inside[level] + (0.0 if fresh else total)
            price[level] = total
        return price


def splits(problem: MatchingProblem) -> bool:
    """Whether every level has holders."""
    return bool(np.bincount(problem.level, minlength=problem.quantity.size).all())


def highest_cut(
    problem: MatchingProblem,
    layers: Layers,
    flow: DollarFlow,
    books: BoolArray,
    *,
    first: bool,
    end: float,
) -> tuple[float, BoolArray] | None:
    """The highest level that a set among books needs, and the set; all is paid then."""
    cut, burden = books, flow.level(books)
    if first and np.isfinite(burden):
        layers.begin(problem, flow, burden * (1 + SLACK), end)
    while np.isfinite(burden):
        short = flow.fill(burden * (1 + SLACK), end)
        higher = None if short is None else short & books
        if higher is None or (rise := flow.level(higher)) <= burden:
            break
        cut, burden = higher, rise
    return (burden, cut) if np.isfinite(burden) and not is_late(end) else None


def least_burden_by_cuts(
    problem: MatchingProblem, form: Form, end: float
) -> tuple[FloatArray, FloatArray] | None:
    """Steps of each arc, and row duals of the linear program; None where that must be solved."""
    if not splits(problem):
        return None
    layers = Layers.of(problem)
    flow = layers.flow(problem)
    books = np.ones(flow.asked.size, dtype=bool)
    found = highest_cut(problem, layers, flow, books, first=True, end=end) if books.size else None
    if found is None:
        return None
    burden, cut = found
    row_duals = _row_duals(problem, form, layers.price(problem, cut), burden)
    if row_duals is None:
        return None
    if flow.asked.size <= layers.of_level.max() + 1:
        flow.thin_out()
    paid = np.bincount(flow.position, flow.paid, minlength=problem.limit.size)
    return mend(problem, in_steps(problem, layers.of_level, paid.astype(float))), row_duals


def _books(problem: MatchingProblem) -> tuple[IntArray, IntArray, IntArray]:
    """One arc of each position, the books of these, and those of levels."""
    lowest = np.full(problem.limit.size, problem.quantity.size)
    np.minimum.at(lowest, problem.position, problem.level)
    starts = np.searchsorted(problem.level, np.arange(problem.quantity.size))
    _, level_book = np.unique(lowest[problem.position[starts]], return_inverse=True)
    first = np.flatnonzero(problem.level == lowest[problem.position])
    return first, level_book[problem.level[first]], level_book


def in_steps(problem: MatchingProblem, level_book: IntArray, paid: FloatArray) -> FloatArray:
    """Steps of each arc, shape (A,), that take what positions pay, shape (m,), USD."""
    steps, parts = np.zeros(problem.level.size), level_parts(problem)
    for book in range(int(level_book.max()) + 1):
        levels = np.flatnonzero(level_book == book)
        levels = levels[np.argsort(problem.value[levels], kind="stable")]
        who = problem.position[parts[levels[0]]]
        left, dear = problem.limit[who], levels[problem.value[levels] > 0]
        if dear.size:
            price, quantity = problem.value[dear], problem.quantity[dear]
            given = paid[who] * (float(price @ quantity) / float(paid[who].sum()))
            rows = _in_order(given, left, price, quantity)
            for level, row in zip(dear, rows, strict=True):
                steps[parts[level]] = row
            left = np.maximum(left - rows.sum(axis=0), 0.0)
        for level in levels[: levels.size - dear.size]:
            row = np.diff(np.minimum(np.cumsum(left), problem.quantity[level]), prepend=0.0)
            steps[parts[level]] = row
            left = left - row
    return steps


def _in_order(
    paid: FloatArray, limit: FloatArray, price: FloatArray, quantity: FloatArray
) -> FloatArray:
    """Steps, shape (k, p), of k rising prices for p positions: cheap ones for who pays little."""
    if price.size == 1:
        return (paid / price)[None, :]
    steps, rising = np.zeros((price.size, paid.size)), np.argsort(paid / limit, kind="stable")
    left, hard = _Remaining.of(price, quantity, limit), np.zeros(paid.size, dtype=bool)
    while True:
        rest = rising[~hard[rising]]
        ends, given = np.cumsum(price * left.quantity[1:]), np.cumsum(paid[rest])
        overlap = np.minimum(given, ends[:, None])
        overlap -= np.maximum(given - paid[rest], np.append(0.0, ends[:-1])[:, None])
        overlap = np.maximum(overlap, 0.0)
        found = overlap.sum(axis=0)
        exact = np.divide(paid[rest], found, out=np.zeros_like(found), where=found > 0)
        taken = overlap * exact / price[:, None]
        over = np.flatnonzero(taken.sum(axis=0) > limit[rest] * (1 + DUST))
        if not over.size:
            steps[:, rest] = taken
            return steps
        for j in rest[over[::-1]].tolist():
            steps[:, j] = left.take(float(limit[j]), float(paid[j]))
            hard[j] = True


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


def proof_of(
    problem: MatchingProblem, price: FloatArray, burden: float, kept: FloatArray
) -> tuple[ProvenBound, dict[str, FloatArray], FloatArray]:
    """What levels at prices, USD a step, prove of a burden: a bound, its witness, price of a step.

    Accounts pay what they can or, if that is less, as much as bears the burden; those with a number
    in `kept`, USD, pay that much. Prices above what a step takes count as that.
    """
    price = np.minimum(price, problem.value)
    top = np.zeros(problem.limit.size)
    np.maximum.at(top, problem.position, price[problem.level])
    room = np.bincount(problem.owner, top * problem.limit, minlength=problem.weight.size)
    most = np.where(np.isnan(kept), problem.capacity, kept)
    pays = np.isnan(kept) & (np.minimum(room, most) >= problem.weight * burden) & (room > 0)
    by_room = ~pays & (room <= most)
    mine = by_room[problem.owner]
    total = exact_sum(problem.weight[pays])
    lower = exact_dot(price, problem.quantity) - exact_dot(top[mine], problem.limit[mine])
    lower = (lower - exact_sum(most[~pays & ~by_room])) / total if total else Fraction(0)
    each = 1.0 / float(total) if total else 0.0
    orders = np.zeros(problem.order_level.size)
    served = problem.order_level >= 0
    orders[served] = (each * price / problem.step)[problem.order_level[served]]
    held, full = ~pays & ~by_room & ~np.isnan(kept), ~pays & ~by_room & np.isnan(kept)
    lots = problem.round_.positions.lot if problem.whole else 1.0
    witness = {
        "conserve": orders,
        "position": -each * top * mine / lots,
        "cap": -each * full,
        "share": -each * (pays | held),
    }
    bound = ProvenBound(lower=round_down(lower), error=0.0, trust=Trust.EXACT)
    return (
        bound,
        {name: np.asarray(told, dtype=float) for name, told in witness.items()},
        each * price,
    )


def _row_duals(
    problem: MatchingProblem, form: Form, price: FloatArray, burden: float
) -> FloatArray | None:
    """Multipliers of the linear program's rows that say what a cut, priced by level, says.

    None if it says nothing of burdens: nobody on its side could pay more.
    """
    top, coarse = np.zeros((2, problem.limit.size))
    np.maximum.at(top, problem.position, price[problem.level])
    np.maximum.at(coarse, problem.position, form.per)
    room = np.bincount(problem.owner, top * problem.limit, minlength=problem.weight.size)
    pays = np.minimum(room, problem.capacity) >= problem.weight * burden
    pays &= room > 0
    if not problem.weight[pays].sum():
        return None
    by_room = ~pays & (room <= problem.capacity)
    unit = power_of_two(np.where(problem.value > 0, problem.value, problem.notional))
    scale = 1.0 / float(unit[problem.level[0]] * form.per[0])
    each = 1.0 / (form.factor * scale * float(problem.weight[pays].sum()))
    of = {
        "conserve": each * price / unit,
        "position": -each * scale * top * coarse * by_room[problem.owner],
        "cap": -each * (~pays & ~by_room),
        "share": -each * pays,
    }
    return np.concatenate([of[label][rows] for label, rows in form.labels])
