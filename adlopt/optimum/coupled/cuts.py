"""The least loss of rounds that share their winners, by cutting planes over rounds only.

What rounds can raise is bounded by cuts that are linear in the burdens z and the money H, and hold
everywhere: see `adlopt.optimum.coupled.polymatroid`. A small program over z and H under the cuts
found so far bounds the loss from below. Between its z and the best known ones every set of rounds
that binds it is cut anew, and so is the set that lacks most, found by changing one choice after
another. That is quick and may miss sets; so where it finds no more, a second program mixes greedy
payments into the best H, which is an answer, and prices the rounds: the sets of the dearest are
exact cuts.
"""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from adlopt.errors import SolverStopped
from adlopt.foundation.arrays import BoolArray, FloatArray, IntArray
from adlopt.foundation.compiling import pays
from adlopt.foundation.deadline import in_time, is_late, is_time_for
from adlopt.model.loss import Asymmetric
from adlopt.model.method import Stopped
from adlopt.optimum.core.certificate import TOLERANCE
from adlopt.optimum.core.waterfill import water_level
from adlopt.optimum.coupled.coupled_proof import value
from adlopt.optimum.coupled.master import NEGLIGIBLE, PRICES, SCALE, Cuts, dense_program
from adlopt.optimum.coupled.polymatroid import SPARED, Polymatroid
from adlopt.optimum.coupled.priced_barrier import payments_inside
from adlopt.optimum.coupled.shared_winners import Coupling
from adlopt.optimum.programs.highs import run

MANY = 20
"""Rounds beyond which sets of them are too many to be cut with: the search goes on from inside."""
ROUNDS_OF_CUTS = 1_000
"""Limit of the search; the gap it leaves is proven all the same."""
LOOPS = 34
"""Loops over accounts before anything is known, each of which compiled code may make short."""
INSIDE = 0.85
"""How far to go from the best burdens towards those of the program, which swing."""
CLOSE = 0.05
"""Share of the proven gap that the known one falls to before payments are mixed again."""
MIXED = 0.1
"""Share of the proven gap that further mixing may save before it ends."""
UNPROVEN = 0.7 * TOLERANCE
"""Part of the gap that is left to what a proof loses by rounding."""
LITTLE = 1e-6
"""Share of a budget that payments may lack by rounding, and are then mended."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PricedPayments:
    """Payments (T, N) in USD, and prices that prove a lower bound on their loss.

    `lacking`, (T,), is the price of a dollar that a round lacks, `paid`, (T, N), that of what an
    account may have paid by a round.
    """

    taken: FloatArray
    lacking: FloatArray
    paid: FloatArray
    stopped: Stopped


def least_loss(coupling: Coupling, loss: Asymmetric, *, gap: float = 0.0) -> PricedPayments:
    """Minimise Σ_t under · (B_t − H_t)_+ + fair · z_t, to a relative gap.

    At a limit the answer is the best found so far.
    """
    if not coupling.budget.any():
        nothing = np.zeros_like(coupling.weight)
        return PricedPayments(
            taken=nothing, lacking=coupling.budget, paid=nothing, stopped=Stopped.OPTIMAL
        )
    if coupling.budget.size > MANY and loss.fair:
        taken, lacking, paid, stopped = payments_inside(coupling, loss, gap)
        return PricedPayments(taken=taken, lacking=lacking, paid=paid, stopped=stopped)
    seconds = LOOPS * SPARED * coupling.weight.size
    if not (pays(0.0, ahead=seconds) or is_time_for(seconds)):
        nothing = np.zeros_like(coupling.weight)
        taken = min(_in_sequence(coupling)[1], nothing, key=partial(value, coupling, loss))
        return PricedPayments(
            taken=taken, lacking=nothing[:, 0], paid=nothing, stopped=Stopped.LIMIT
        )
    search = _Search.of(coupling, loss, max(gap, TOLERANCE))
    stopped = Stopped.LIMIT
    with suppress(SolverStopped):
        for _ in in_time(ROUNDS_OF_CUTS):
            if search.step():
                stopped = Stopped.GAP if gap else Stopped.OPTIMAL
                break
    return PricedPayments(
        taken=search.payments(),
        lacking=search.lacking,
        paid=search.cuts.paid(search.prices),
        stopped=stopped,
    )


def _in_sequence(coupling: Coupling) -> tuple[FloatArray, FloatArray]:
    """Burdens, (T,), at which rounds raise what they can of what is left, and payments, (T, N)."""
    levels, taken = np.zeros(coupling.budget.size), np.zeros_like(coupling.weight)
    paid = np.zeros(len(coupling.account))
    for t, budget in enumerate(coupling.budget):
        weight = coupling.weight[t]
        left = np.where(weight > 0, np.maximum(coupling.cap[t] - paid, 0.0), 0.0)
        levels[t] = water_level(weight, left, min(float(budget), float(left.sum())))
        taken[t] = np.minimum(left, levels[t] * weight)
        paid += taken[t]
    return levels, taken


@dataclass(slots=True)
class _Search:
    coupling: Coupling
    loss: Asymmetric
    gap: float
    shared: Polymatroid
    cuts: Cuts
    centre: FloatArray
    """Burdens, shape (T,), with the least loss, as far as known."""
    cost: float
    """Loss at the centre: no more than known, exact where payments were mixed there."""
    chosen: BoolArray
    """The set that lacked most, from which the next search for one starts."""
    orders: list[IntArray]
    """Orders of the rounds whose greedy payments made up the last mixture."""
    careful: bool = False
    """Whether to go all the way to the burdens of the program."""
    lower: float = 0.0
    upper: float = math.inf
    levels: FloatArray = field(default_factory=lambda: np.zeros(0))
    paid: FloatArray = field(default_factory=lambda: np.zeros(0))
    """Payments that cost `upper`, one an entry, and their burdens."""
    prices: FloatArray = field(default_factory=lambda: np.zeros(0))

    @classmethod
    def of(cls, coupling: Coupling, loss: Asymmetric, gap: float) -> _Search:
        shared, centre = Polymatroid.of(coupling), _in_sequence(coupling)[0]
        cuts, budget = Cuts.of(coupling, loss, shared), coupling.budget
        rounds = np.arange(budget.size)
        weight = np.where(cuts.total > 0, cuts.total, np.inf)
        cuts.add(((rounds == t) for t in rounds), budget / weight)
        cuts.add(((rounds <= t) for t in rounds[1:]), centre)
        first = np.argsort(-budget, kind="stable")
        search = cls(coupling, loss, gap, shared, cuts, centre, math.inf, budget > 0, [first])
        search.prices = np.zeros(len(cuts.cuts))
        search.mix(centre)
        return search

    @property
    def lacking(self) -> FloatArray:
        """Price of a dollar that a round lacks, shape (T,)."""
        chosen = np.array([cut.chosen for cut in self.cuts.cuts[: self.prices.size]])
        price: FloatArray = self.prices @ chosen
        return price

    def step(self) -> bool:
        """Add cuts; whether the search has ended."""
        self.lower, levels, money, self.prices = self.cuts.solve()
        if self.upper - self.lower <= (self.gap - UNPROVEN) * self.upper:
            return True
        tried = levels if self.careful else self.centre + INSIDE * (levels - self.centre)
        new = self._cut(tried, money)
        enough = max(CLOSE * (self.upper - self.lower), 0.1 * self.gap * self.upper)
        if new and self.cost - self.lower > enough:
            self.careful = False
            return False
        ended = self.careful and not new
        new |= self.mix(tried if ended else self.centre)
        self.careful = not new
        return ended and not new

    def _cut(self, tried: FloatArray, money: FloatArray) -> bool:
        """Cut with sets that bind the program and those that lack most at burdens tried."""
        budget, cuts = self.coupling.budget, self.cuts
        binding = [cuts.cuts[k].chosen for k in np.flatnonzero(self.prices > 0)]
        new = cuts.add(binding, tried)
        self.chosen = self.shared.lacking_most(self.chosen, budget, tried)
        short = self.shared.lacking_most(self.chosen, money, tried)
        new |= cuts.add([self.chosen, short], tried)
        lacking = float(budget[self.chosen].sum()) - self.shared.cut(self.chosen, tried).most(tried)
        cost = self.loss.fair * float(tried.sum()) + self.loss.under * max(lacking, 0.0)
        if cost < self.cost:
            self.centre, self.cost = tried, cost
        return new

    def mix(self, levels: FloatArray) -> bool:
        """Find the best payments at burdens, and cut with what prices them; whether that was new.

        Column generation: the greedy payments of the dearest rounds first are the best vertex. It
        ends when no vertex saves more than what is neglected.
        """
        budget, under, shared = self.coupling.budget, self.loss.under, self.shared
        burdens = self.loss.fair * float(levels.sum())
        raised = [shared.pay(order, levels)[1] for order in self.orders]
        while True:
            shares, price, limit = _mix(np.array(raised), budget, under)
            missed = np.maximum(budget - shares @ np.array(raised), 0.0)
            cost = burdens + under * math.fsum(missed)
            order = np.argsort(-price, kind="stable")
            vertex = shared.pay(order, levels)[1]
            known = any((order == before).all() for before in self.orders)
            enough = max(0.03 * self.gap * cost, MIXED * (cost - self.lower))
            if known or price @ vertex - limit <= enough or is_late():
                break
            self.orders.append(order)
            raised.append(vertex)
        self.orders = [o for o, share in zip(self.orders, shares, strict=True) if share > 0]
        if cost < self.upper:
            mixed = zip(shares[shares > 0], self.orders, strict=True)
            self.upper, self.levels = cost, levels
            self.paid = np.sum([share * shared.pay(o, levels)[0] for share, o in mixed], axis=0)
        if levels is self.centre:
            self.cost = cost
        self.chosen = price > under / 2
        dear = np.unique(price[price > NEGLIGIBLE * under])
        return self.cuts.add((price >= least for least in dear), levels)

    def payments(self) -> FloatArray:
        """The best ones, unless it is better to pay nothing."""
        taken = _to_the_cent(self.coupling, self.levels, self.shared.table(self.paid))
        unpaid = math.fsum(self.loss.under * self.coupling.budget)
        cheaper = value(self.coupling, self.loss, taken) < unpaid
        return taken if cheaper else np.zeros_like(taken)


def _to_the_cent(coupling: Coupling, levels: FloatArray, taken: FloatArray) -> FloatArray:
    """Give back what is too much, and take what little is lacking where there is room for it."""
    total = taken.sum(axis=1)
    shrink = np.divide(coupling.budget, total, out=np.ones_like(total), where=total > 0)
    taken = taken * np.minimum(shrink, 1.0)[:, None]
    total = taken.sum(axis=1)
    for t in np.flatnonzero((total < coupling.budget) & (total > (1 - LITTLE) * coupling.budget)):
        left = (coupling.cap[t:] - np.cumsum(taken, axis=0)[t:]).min(axis=0)
        room = np.maximum(np.minimum(levels[t] * coupling.weight[t] - taken[t], left), 0.0)
        lacking = float(coupling.budget[t] - taken[t].sum())
        if room.any():
            taken[t] += room * min(lacking / float(room.sum()), 1.0)
    return taken


def _mix(
    raised: FloatArray, budget: FloatArray, under: float
) -> tuple[FloatArray, FloatArray, float]:
    """Shares of vertices (K, T) that lack least of the budgets, and its prices.

    At a limit the vertex that lacks least alone, unpriced.
    """
    count, rounds = raised.shape
    alone = np.zeros(count)
    alone[np.maximum(budget - raised, 0.0).sum(axis=1).argmin()] = 1.0
    unit = SCALE / max(math.fsum(budget), float(raised.max()))
    rows = np.hstack([(raised - budget).T * unit, np.eye(rounds)])
    rows = np.vstack([rows, np.append(np.full(count, SCALE), np.zeros(rounds))])
    program = dense_program(
        cost=np.append(np.zeros(count), np.full(rounds, PRICES)),
        upper=np.append(np.ones(count), budget * unit),
        rows=rows,
        row_lower=np.append(np.zeros(rounds), SCALE),
        row_upper=np.append(np.full(rounds, np.inf), SCALE),
    )
    try:
        answer = run(program)
    except SolverStopped:
        return alone, np.zeros(rounds), 0.0
    if answer.stopped is not Stopped.OPTIMAL:
        return alone, np.zeros(rounds), 0.0
    shares = np.maximum(answer.columns[:count], 0.0)
    price = np.clip(answer.duals[:-1] / PRICES, 0.0, 1.0) * under
    return shares / shares.sum(), price, float((raised @ price).max())
