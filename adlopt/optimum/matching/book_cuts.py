"""Burdens of a matching in order, by cuts over books: no linear program.

All layers of books together need some burden. If a flow at it falls short, its minimal cut needs a
higher one: the cut and the rest are parts that are solved alike, those who can pay more to the cut
with it, the others, once their positions in it are used up, with the rest. A part in which nothing
is short is a *level*: nobody of it can pay less unless somebody who bears as much pays more. So
parts come in falling order of burden, by the decomposition of a polymatroid [Groenevelt 1991, Two
algorithms for maximizing a separable concave function over a polymatroid feasible region]; the
first level is the least worst burden, and all of them are the leximin. The layers of a level, and
of those before it, have prices that prove it, in fractions.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np

from adlopt.errors import SolverStopped
from adlopt.foundation.arrays import FloatArray, IntArray
from adlopt.foundation.deadline import last_moment
from adlopt.foundation.exact import exact_dot, exact_sum
from adlopt.model.method import Method, Stopped
from adlopt.optimum.core.certificate import ROUNDING, TOLERANCE, Trust, round_down
from adlopt.optimum.matching.books import PricedBooks
from adlopt.optimum.matching.dollar_flow import SLACK, DollarFlow
from adlopt.optimum.matching.flows import mend
from adlopt.optimum.matching.found import Flow, prove
from adlopt.optimum.matching.matching_problem import MatchingProblem
from adlopt.optimum.programs.weak_duality import ProvenBound


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BookCut:
    """A burden that prices need, USD a step of single levels, (L,), up to those of books, `top`."""

    burden: float
    price: FloatArray
    top: FloatArray


@dataclass(slots=True, kw_only=True)
class LevelSearch:
    """Levels found so far, and parts to search; `paid`, (m,), by positions of parts left behind.

    `rank`, (n,), is the level at which an account was found to bear what it can, and `safe` what
    was paid, and searched, when the last level was found.
    """

    problem: MatchingProblem
    books: PricedBooks
    end: float
    levels: list[BookCut] = field(default_factory=list)
    next: BookCut | None = None
    parts: list[DollarFlow] = field(default_factory=list)
    paid: FloatArray
    rank: IntArray
    safe: tuple[FloatArray, list[DollarFlow]]
    answer: tuple[Any, tuple[MatchingProblem, FloatArray]] | None = None
    proof: float = 0.0
    """Seconds that proving a level takes."""

    @classmethod
    def of(cls, problem: MatchingProblem, end: float) -> LevelSearch:
        """Whatever it costs, all is paid at first."""
        books = PricedBooks.of(problem)
        flow = DollarFlow.of(problem, books)
        paid = np.zeros(problem.limit.size)
        return cls(
            problem=problem,
            books=books,
            end=last_moment(end),
            parts=[flow],
            paid=paid,
            rank=np.full(problem.weight.size, np.iinfo(np.int64).max),
            safe=(paid, []),
        )

    def run(self, *, first: bool) -> bool:
        """Find all levels, or the first; whether all that is asked for can be paid."""
        try:
            flow = self.parts.pop()
            flow.even_out()
            flow, short = flow.at(flow.left, self.books, self.end)
            if short.any():
                self.next = self._cut(flow.split(short)[0], math.inf)
                return False
            self._keep(flow.thinned(self.books))
            self._time_answers(self._cut(flow, 0.0))
            while self.parts and not (first and self.levels):
                self._search(self.parts.pop())
        except SolverStopped:
            if not self.safe[1] and not self.levels:
                raise
        else:
            self.next = None
        return True

    def _time_answers(self, cut: BookCut) -> None:
        """Leave, of the time that there is, what an answer takes, and the proof of each level."""
        if self.end == math.inf:
            return
        start = time.monotonic()
        self.steps()
        answered = time.monotonic()
        _proved(self.problem, self.books, cut, np.full(self.problem.weight.size, np.nan))
        self.end -= (3.0 if self.problem.whole else 1.5) * (answered - start)
        self.proof = 1.5 * (time.monotonic() - answered)

    @property
    def _until(self) -> float:
        return self.end - self.proof * (len(self.levels) + 1)

    def _keep(self, *flows: DollarFlow) -> None:
        self.parts += flows
        self.safe = self.paid.copy(), list(self.parts)

    def _search(self, flow: DollarFlow) -> None:
        burden = flow.level()
        self.next = self._cut(flow, burden)
        flow, short = flow.at(flow.most(burden * (1 + SLACK)), self.books, self._until)
        if short.any() and not short.all():
            high, low, position, paid = flow.split(short)
            np.add.at(self.paid, position, paid)
            self.parts += [low, high]
            return
        flow = flow.thinned(self.books)
        np.add.at(self.paid, flow.position, flow.paid)
        self.rank[flow.who] = len(self.levels)
        self.levels.append(self.next)
        self._keep()

    def _cut(self, flow: DollarFlow, burden: float) -> BookCut:
        """The layers of all levels, and those of a flow, as prices."""
        last, books = self.levels[-1:], self.books
        price = last[0].price.copy() if last else np.zeros(books.price.size)
        top = last[0].top.copy() if last else np.zeros(books.count)
        rises = zip(flow.book.tolist(), flow.low.tolist(), flow.high.tolist(), strict=True)
        for book, low, high in rises:
            mine = books.levels(book)
            price[mine] += np.clip(books.price[mine], low, high) - low
            top[book] += high - low
        return BookCut(burden=burden, price=np.minimum(price, books.price), top=top)

    def steps(self) -> tuple[MatchingProblem, FloatArray]:
        """What is safe, in steps of arcs, and the problem whose arcs they are."""
        if self.answer is not None and self.answer[0] is self.safe:
            return self.answer[1]
        paid, parts = self.safe[0].copy(), self.safe[1]
        for part in (each.thinned(self.books) for each in parts):
            np.add.at(paid, part.position, part.paid)
        most = np.bincount(self.problem.owner, paid * (1 + 2 * SLACK), self.problem.weight.size)
        problem, steps = self.books.in_steps(self.problem, paid)
        self.answer = self.safe, (problem, mend(problem, steps, most=most.astype(float)))
        return self.answer[1]


def burdens_by_cuts(problem: MatchingProblem, end: float, *, first: bool) -> Flow | None:
    """Lower the worst burden, then the next, and so on, unless only the first is asked for.

    None where profits do not suffice. `SolverStopped` if it is late before all is paid.
    """
    if not np.bincount(problem.level, minlength=problem.quantity.size).all():
        return None
    search = LevelSearch.of(problem, end)
    if not search.run(first=first):
        return None
    single, steps = search.steps()
    haircut = single.haircut(steps)
    burden, bears = problem.burden(haircut), np.zeros(problem.weight.size, dtype=bool)
    bears[single.account[single.value[single.level] > 0]] = True
    stages, witness, price = [], [], None
    for rank, cut in enumerate([*search.levels, *([search.next] if search.next else [])]):
        free = bears & (search.rank >= rank)
        free &= (burden <= cut.burden * (1 + TOLERANCE)) | (search.next is cut) | (rank == 0)
        if rank and not (free.any() and cut.burden > 0):
            continue
        kept = np.where(free, np.nan, haircut)
        words = f"burden of the next {int(free.sum())}" if rank else "worst burden"
        proof = partial(_proved, problem, search.books, cut, kept)
        proven, prices, added = proof()
        worst = float(burden[free].max(initial=0.0))
        rounding = min(abs(worst - proven.lower), added) if rank else 0.0
        stages.append(prove(words, worst, proven, rounding=rounding))
        price = prices["conserve"] * problem.step[problem.order_level] if rank == 0 else price
        witness.append(partial(_told, proof))
    return Flow(
        steps=steps,
        stages=tuple(stages),
        price=price,
        stopped=Stopped.LIMIT if search.next else Stopped.OPTIMAL,
        method=Method.CUTS,
        witness=tuple(witness),
        problem=single,
    )


def _told(proof: Callable[[], tuple[ProvenBound, dict[str, Any], float]]) -> Mapping[str, Any]:
    return proof()[1]


def _proved(
    problem: MatchingProblem, books: PricedBooks, cut: BookCut, kept: FloatArray
) -> tuple[ProvenBound, dict[str, Any], float]:
    """What the prices of a cut prove of a burden: a bound, its witness, and what adding up costs.

    Accounts pay what they can or, if that is less, as much as bears the burden; those with a number
    in `kept`, USD, pay that much.
    """
    top = np.zeros(problem.limit.size)
    top[books.position] = np.repeat(cut.top, np.diff(books.start))
    room = np.bincount(problem.owner, top * problem.limit, minlength=problem.weight.size)
    free = np.isnan(kept)
    most = np.where(free, problem.capacity, kept)
    pays = free & (room > 0) & (np.minimum(room, most) >= problem.weight * cut.burden)
    by_room = ~pays & (room <= most)
    mine, total = by_room[problem.owner], exact_sum(problem.weight[pays])
    asked = exact_dot(cut.price, books.quantity)
    lower = asked - exact_dot(top[mine], problem.limit[mine])
    lower = (lower - exact_sum(most[~pays & ~by_room])) / total if total else Fraction(0)
    each = 1.0 / float(total) if total else 0.0
    conserve, served = np.zeros(books.level.size), books.level >= 0
    step = problem.step[problem.order_level[served]]
    conserve[served] = each * cut.price[books.level[served]] / step
    held, full = ~pays & ~by_room & ~free, ~pays & ~by_room & free
    witness = {
        "conserve": conserve,
        "position": -each * top * mine / (problem.round_.positions.lot if problem.whole else 1.0),
        "cap": -each * full,
        "share": -each * (pays | held),
        "kept": np.flatnonzero(~free),
    }
    bound = ProvenBound(lower=round_down(lower), error=0.0, trust=Trust.EXACT)
    return bound, witness, each * ROUNDING * float(asked)
