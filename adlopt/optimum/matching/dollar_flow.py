"""Dollars that accounts pay to books, as much as a burden allows.

What a book takes from its holders is cut into *layers* between two prices: in each a position pays
at most the rise of the price for every step it has. As sums of polymatroids these are what the
book allows [Fujishige 2005, Submodular functions and optimization], if there are layers enough:
where a flow pays more between two prices than can be had there, a layer is cut in two.

Flow is pushed from layers that lack money to those nearer to an account with some to spare
[Goldberg and Tarjan 1988]. Layers without a way to one are a minimal cut: it needs a higher burden.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from adlopt.errors import SolverStopped
from adlopt.foundation.arrays import BoolArray, FloatArray, IntArray
from adlopt.foundation.deadline import is_late
from adlopt.model.method import Stopped
from adlopt.optimum.matching.books import DUST, PricedBooks
from adlopt.optimum.matching.forest import on_a_forest
from adlopt.optimum.matching.matching_problem import MatchingProblem

SWEEPS = 4
"""How often each layer evens out its payers' burdens before the first flow."""
SLACK = 2.0**-40
"""Relative room above a level that lets a flow end in spite of rounding."""
FAR = 2**30
"""Distance of what has no way."""
TOO_MUCH = 1e-12
"""Share of what a layer asks for that may be paid between two prices where it cannot be had."""


@dataclass(slots=True, kw_only=True)
class DollarFlow:
    """Some layers, (B,), the accounts that pay to them, (n,), and their arcs, (P,), by layer.

    A layer is of a `book`, from a price `low` to one `high`, USD a step; `full` steps in it are of
    positions that pay all they can, beside this flow, and what is still `asked` is in USD. An arc
    is of a `position`, an `account` and a `layer`; so many steps are its `limit`, and USD `paid`.
    Accounts are those of numbers `who`; USD paid `before` elsewhere, what is `left` of capacities.
    """

    book: IntArray
    low: FloatArray
    high: FloatArray
    full: FloatArray
    asked: FloatArray
    position: IntArray
    account: IntArray
    layer: IntArray
    limit: FloatArray
    paid: FloatArray
    who: IntArray
    weight: FloatArray
    before: FloatArray
    left: FloatArray
    room: FloatArray = field(init=False)
    start: IntArray = field(init=False)
    by_account: IntArray = field(init=False)
    first: IntArray = field(init=False)

    def __post_init__(self) -> None:
        self.room = (self.high - self.low)[self.layer] * self.limit
        self.start = np.searchsorted(self.layer, np.arange(self.asked.size + 1))
        self.by_account = np.argsort(self.account, kind="stable")
        self.first = np.searchsorted(self.account[self.by_account], np.arange(self.who.size + 1))

    @classmethod
    def of(cls, problem: MatchingProblem, books: PricedBooks) -> DollarFlow:
        """One layer for each book; nobody pays yet."""
        top = books.price[books.first[1:] - 1]
        book = np.flatnonzero(top > 0)
        size = np.diff(books.start)[book]
        ends = zip(books.start[book].tolist(), books.start[book + 1].tolist(), strict=True)
        arcs = [np.zeros(0, dtype=np.int64), *(np.arange(*of) for of in ends)]
        position = books.position[np.concatenate(arcs)]
        who, account = np.unique(problem.owner[position], return_inverse=True)
        high = top[book]
        return cls(
            book=book,
            low=np.zeros(book.size),
            high=high,
            full=np.zeros(book.size),
            asked=np.array(
                [books.asked(b, 0.0, p) for b, p in zip(book.tolist(), high, strict=True)]
            ),
            position=position,
            account=account,
            layer=np.repeat(np.arange(book.size), size),
            limit=problem.limit[position],
            paid=np.zeros(position.size),
            who=who,
            weight=problem.weight[who],
            before=np.zeros(who.size),
            left=problem.capacity[who],
        )

    def of_accounts(self, amounts: FloatArray) -> FloatArray:
        """Sum amounts of arcs over accounts."""
        return np.bincount(self.account, amounts, minlength=self.who.size).astype(float)

    def of_layers(self, amounts: FloatArray) -> FloatArray:
        """Sum amounts of arcs over layers."""
        return np.bincount(self.layer, amounts, minlength=self.asked.size).astype(float)

    def level(self) -> float:
        """Burden at which all layers together could get what they ask; inf if none suffices."""
        limit, needed = np.minimum(self.of_accounts(self.room), self.left), float(self.asked.sum())
        most, some = float(limit.sum()), limit > 0
        if needed > most * (1 + TOO_MUCH):
            return np.inf
        low, high = self.before[some], (self.before + limit)[some]
        return even_level(self.weight[some], low, high, min(needed, most)) if some.any() else 0.0

    def most(self, burden: float) -> FloatArray:
        """USD that accounts may pay here at a burden."""
        return np.clip(self.weight * burden - self.before, 0.0, self.left)

    def least(self) -> tuple[float, BoolArray, DollarFlow, Stopped]:
        """The least burden at which layers of one price are paid, those that need it, and how.

        At a limit what is known to be needed, and what is paid so far.
        """
        flow, short = self, np.ones(self.asked.size, dtype=bool)
        burden, needs = self.level(), short
        flow.even_out()
        while True:
            try:
                flow, short = flow.at(flow.most(burden * (1 + SLACK)))
            except SolverStopped:
                return burden, needs, flow, Stopped.LIMIT
            rise = flow.split(short)[0].level() if short.any() and not short.all() else burden
            if rise <= burden:
                return burden, needs, flow, Stopped.OPTIMAL
            burden, needs = rise, short

    def even_out(self) -> None:
        """Let layers, one after the other, raise what they ask for at the least burdens."""
        load, start = self.of_accounts(self.paid), self.start.tolist()
        for layer in list(range(self.asked.size)) * SWEEPS:
            mine = slice(start[layer], start[layer + 1])
            who = self.account[mine]
            others, weight = load[who] - self.paid[mine], self.weight[who]
            low = self.before[who] + others
            high = low + np.minimum(self.room[mine], np.maximum(self.left[who] - others, 0.0))
            burden = even_level(weight, low, high, float(self.asked[layer]))
            load[who] -= self.paid[mine]
            self.paid[mine] = np.clip(weight * burden, low, high) - low
            load[who] += self.paid[mine]

    def at(
        self, most: FloatArray, books: PricedBooks | None = None, end: float = math.inf
    ) -> tuple[DollarFlow, BoolArray]:
        """Pay up to so many USD an account, in layers enough; and those of a minimal cut, if any.

        Without books, layers are of one price. `SolverStopped` if it becomes late.
        """
        flow = copy(self)
        while True:
            short = flow._fill(most, end)
            cuts = [] if books is None else list(flow._crowded(books))
            if books is None or not any(cuts):
                return flow, short
            flow = flow._cut(books, cuts)

    def _fill(self, most: FloatArray, end: float) -> BoolArray:
        load, asked = self.of_accounts(self.paid), self.asked
        down = np.divide(most, load, out=np.ones_like(load), where=load > most)
        self.paid = self.paid * down[self.account]
        raised = self.of_layers(self.paid)
        down = np.divide(asked, raised, out=np.ones_like(raised), where=raised > asked)
        self.paid *= down[self.layer]
        lacking, spare = asked - self.of_layers(self.paid), most - self.of_accounts(self.paid)
        spare[spare <= DUST * most] = 0.0
        while True:
            lacking[lacking <= 4 * DUST * asked] = 0.0
            near, nearest = self._distances(spare)
            active = near[(lacking > 0) & (near < FAR)]
            if not active.size:
                short: BoolArray = (near == FAR) & bool(lacking.any())
                return short
            if is_late(end):
                raise SolverStopped("a limit came before the dollars were paid")
            for away in range(int(active.max()), 0, -1):
                for layer in np.flatnonzero((near == away) & (lacking > 0)).tolist():
                    self._pull(layer, away, near, nearest, lacking, spare)

    def _distances(self, spare: FloatArray) -> tuple[IntArray, IntArray]:
        """Steps from each layer, and from each account, to an account with money to spare."""
        near, nearest = np.full(self.asked.size, FAR), np.where(spare > 0, 0, FAR)
        open_ = self.room - self.paid > DUST * self.room
        pays = self.paid > DUST * self.room
        wants, able = self.layer[open_], self.account[open_]
        taker, payer = self.layer[pays], self.account[pays]
        for away in range(1, FAR):
            found = wants[(nearest[able] == away - 1) & (near[wants] == FAR)]
            if not found.size:
                break
            near[found] = away
            reached = payer[near[taker] == away]
            nearest[reached] = np.minimum(nearest[reached], away)
        return near, nearest

    def _pull(
        self,
        layer: int,
        away: int,
        near: IntArray,
        nearest: IntArray,
        lacking: FloatArray,
        spare: FloatArray,
    ) -> None:
        """Have a layer paid by accounts with money to spare, or that pay to layers next to them."""
        arc = np.arange(self.start[layer], self.start[layer + 1])
        can = self.room[arc] - self.paid[arc]
        some = (nearest[self.account[arc]] == away - 1) & (can > DUST * self.room[arc])
        arc, can = arc[some], can[some]
        account = self.account[arc]
        if away == 1:
            moved = _at_most(np.minimum(can, spare[account]), float(lacking[layer]))
            self.paid[arc] += moved
            spare[account] -= moved
            lacking[layer] -= float(moved.sum())
            return
        count = self.first[account + 1] - self.first[account]
        owner = np.repeat(np.arange(arc.size), count)
        place = np.arange(owner.size) - np.repeat(np.cumsum(count) - count, count)
        other = self.by_account[self.first[account][owner] + place]
        some = near[self.layer[other]] == away - 1
        other, owner = other[some], owner[some]
        paid = self.paid[other]
        sofar = np.append(0.0, np.cumsum(paid))
        sofar = sofar[:-1] - sofar[np.searchsorted(owner, np.arange(arc.size))][owner]
        moved = _at_most(np.clip(can[owner] - sofar, 0.0, paid), float(lacking[layer]))
        self.paid[arc] += np.bincount(owner, moved, minlength=arc.size)
        self.paid[other] -= moved
        lacking += np.bincount(self.layer[other], moved, minlength=lacking.size)
        lacking[layer] -= float(moved.sum())

    def _crowded(self, books: PricedBooks) -> Iterator[list[float]]:
        """Of each layer, prices beyond which positions pay more than can be had there."""
        ends = zip(self.book.tolist(), self.low.tolist(), self.high.tolist(), strict=True)
        for layer, (book, low, high) in enumerate(ends):
            price, had = books.beyond(book, low, high)
            if not price.size:
                yield []
                continue
            mine = slice(int(self.start[layer]), int(self.start[layer + 1]))
            paid, limit = self.paid[mine], self.limit[mine]
            rate = low + paid / limit
            falling = np.argsort(-rate)
            dearer = np.searchsorted(-rate[falling], -price)
            pays = np.append(0.0, np.cumsum(paid[falling]))[dearer]
            pays -= (price - low) * np.append(0.0, np.cumsum(limit[falling]))[dearer]
            excess = pays + (high - price) * self.full[layer] - had
            excess -= TOO_MUCH * (self.asked[layer] + (high - low) * self.full[layer])
            ends_ = np.flatnonzero(np.diff(excess > 0, prepend=False, append=False))
            runs = zip(ends_[::2].tolist(), ends_[1::2].tolist(), strict=True)
            yield [float(price[i + int(np.argmax(excess[i:j]))]) for i, j in runs]

    def _cut(self, books: PricedBooks, cuts: list[list[float]]) -> DollarFlow:
        """Layers cut at prices of theirs."""
        edges = [
            [low, *inner, high]
            for low, inner, high in zip(self.low.tolist(), cuts, self.high.tolist(), strict=True)
        ]
        parts = np.array([len(each) - 1 for each in edges])
        of = np.repeat(np.arange(parts.size), parts)
        low, high = np.array([pair for each in edges for pair in pairwise(each)]).T
        asked = self.asked[of]
        for new in np.flatnonzero(parts[of] > 1).tolist():
            whole = books.asked(int(self.book[of[new]]), float(low[new]), float(high[new]))
            asked[new] = max(whole - (high - low)[new] * self.full[of[new]], 0.0)
        size = np.diff(self.start)[of]
        layer = np.repeat(np.arange(of.size), size)
        arc = np.arange(layer.size) - np.repeat(np.cumsum(size) - size - self.start[of], size)
        limit = self.limit[arc]
        beneath = (low - self.low[of])[layer] * limit
        return replace(
            self,
            book=self.book[of],
            low=low,
            high=high,
            full=self.full[of],
            asked=asked,
            position=self.position[arc],
            account=self.account[arc],
            layer=layer,
            limit=limit,
            paid=np.clip(self.paid[arc] - beneath, 0.0, (high - low)[layer] * limit),
        )

    def thinned(self, books: PricedBooks) -> DollarFlow:
        """Accounts pay as much at fewer positions, in layers enough, where those can be had."""
        flow, most, short = copy(self), self.of_accounts(self.paid) * (1 + SLACK), False
        while not short:
            flow.paid = on_a_forest(flow.account, flow.layer, flow.room, flow.paid)
            cuts = list(flow._crowded(books))
            if not any(cuts):
                return flow
            flow, cut = flow._cut(books, cuts).at(most, books)
            short = bool(cut.any())
        return self

    def split(self, short: BoolArray) -> tuple[DollarFlow, DollarFlow, IntArray, FloatArray]:
        """The layers of a minimal cut, with those who could pay more to them, and the rest.

        Whoever pays all they can to the cut, at positions returned, with USD, has paid that before.
        """
        inside = short[self.layer]
        bound = np.zeros(self.who.size, dtype=bool)
        bound[self.account[inside & (self.room - self.paid > DUST * self.room)]] = True
        filled = inside & ~bound[self.account]
        full = self.full + self.of_layers(self.limit * filled)
        before = self.before + self.of_accounts(self.room * filled)
        high = self._part(short, inside & bound[self.account], full, self.before)
        low = self._part(~short, ~inside & ~bound[self.account], self.full, before)
        return high, low, self.position[filled], self.room[filled]

    def _part(
        self, layers: BoolArray, arcs: BoolArray, full: FloatArray, before: FloatArray
    ) -> DollarFlow:
        kept = np.unique(self.account[arcs])
        account, layer = np.zeros(self.who.size, dtype=np.int64), np.cumsum(layers) - 1
        account[kept] = np.arange(kept.size)
        asked = np.maximum(self.asked - (self.high - self.low) * (full - self.full), 0.0)
        return DollarFlow(
            book=self.book[layers],
            low=self.low[layers],
            high=self.high[layers],
            full=full[layers],
            asked=asked[layers],
            position=self.position[arcs],
            account=account[self.account[arcs]],
            layer=layer[self.layer[arcs]],
            limit=self.limit[arcs],
            paid=self.paid[arcs],
            who=self.who[kept],
            weight=self.weight[kept],
            before=before[kept],
            left=(self.left - (before - self.before))[kept],
        )


def _at_most(amounts: FloatArray, total: float) -> FloatArray:
    """Amounts, all made smaller alike where they are more than a total."""
    found = float(amounts.sum())
    return amounts * (total / found) if found > total else amounts


def even_level(weight: FloatArray, low: FloatArray, high: FloatArray, needed: float) -> float:
    """Level at which Σ clip(w z, low, high) − low reaches what is needed, or the highest."""
    at = np.concatenate([low, high]) / np.tile(weight, 2)
    order = np.argsort(at, kind="stable")
    slope = np.cumsum(np.concatenate([weight, -weight])[order])
    filled = np.concatenate([[0.0], np.cumsum(slope[:-1] * np.diff(at[order]))])
    k = int(np.searchsorted(filled, needed, side="right")) - 1
    if k == at.size - 1 or slope[k] <= 0:
        return float(at[order[k]])
    return float(at[order[k]] + (needed - filled[k]) / slope[k])
