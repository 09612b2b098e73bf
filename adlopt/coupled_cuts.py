"""The least loss of rounds that share their winners, by cutting planes over rounds only.

At burdens z_t an account may pay z_t w_it in round t, and by round τ at most C_iτ in all. What the
rounds can then raise, H, is a polymatroid: for every set S of them ::

    Σ_S H_t ≤ f(S; z) = Σ_i min over τ of [C_iτ + Σ_{t ∈ S, t > τ} z_t w_it],      C_i0 = 0,

[Edmonds 1970, Submodular functions, matroids, and certain polyhedra]. Fixing each account's τ gives
a cut that is linear in z and H and holds everywhere. A small program over z and H under the cuts
found so far bounds the loss from below. At its z a second one mixes greedy payments into the best H
and prices the rounds; the sets of the dearest rounds give the next cuts, the mixture an answer.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from adlopt.arrays import FloatArray, IntArray
from adlopt.certificate import TOLERANCE
from adlopt.coupled_certificate import value
from adlopt.coupling import Coupling
from adlopt.greedy_payments import Greedy
from adlopt.highs import Stopped, run
from adlopt.loss import Asymmetric
from adlopt.program import Program
from adlopt.waterfill import water_level

ROUNDS_OF_CUTS = 200
"""Limit of the search; the gap it leaves is proven all the same."""
INSIDE = 0.5
"""How far to go from the best burdens towards those of the program, which swing."""
SCALE = 2.0**17
"""Budgets in all after scaling: absolute tolerances of 1e-7 are then 1e-12 relative."""
NEGLIGIBLE = 1e-12
LITTLE = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PricedPayments:
    """Payments (T, N) in USD, and prices that prove a lower bound on their loss.

    Parameters
    ----------
    taken : FloatArray, shape (T, N)
    lacking : FloatArray, shape (T,)
        Price of a dollar that a round lacks.
    paid : FloatArray, shape (T, N)
        Price of what an account may have paid by a round.
    stopped : Stopped
    """

    taken: FloatArray
    lacking: FloatArray
    paid: FloatArray
    stopped: Stopped


def least_loss(coupling: Coupling, loss: Asymmetric) -> PricedPayments:
    """Minimise Σ_t under · (B_t − H_t)_+ + fair · z_t."""
    best, stopped = np.zeros_like(coupling.weight), Stopped.LIMIT
    least = cost = value(coupling, loss, best)
    if not coupling.budget.any():
        return PricedPayments(
            taken=best, lacking=coupling.budget, paid=best, stopped=Stopped.OPTIMAL
        )
    cuts, centre, careful = _Cuts.of(coupling, loss), _in_sequence(coupling), False
    cuts.add_prefixes(centre)
    for _ in range(ROUNDS_OF_CUTS):
        lower, levels, prices = cuts.solve()
        tried = levels if careful else centre + INSIDE * (levels - centre)
        enough = 0.01 * TOLERANCE * cost + (0.0 if careful else 0.3 * (least - lower))
        taken, dear = _mixture(coupling, loss.under, tried, enough)
        cost = value(coupling, loss, taken)
        if cost < least:
            best, least, centre = taken, cost, tried
        new = cuts.add(dear, tried)
        if least - lower <= 0.1 * TOLERANCE * least or (careful and not new):
            stopped = Stopped.OPTIMAL
            break
        careful = not new
    lacking, paid = cuts.multipliers(prices)
    return PricedPayments(taken=best, lacking=lacking, paid=paid, stopped=stopped)


def _in_sequence(coupling: Coupling) -> FloatArray:
    """Burdens, shape (T,), at which each round raises what it can from what is left for it."""
    levels, paid = np.zeros(coupling.budget.size), np.zeros(len(coupling.account))
    for t, budget in enumerate(coupling.budget):
        weight = coupling.weight[t]
        left = np.where(weight > 0, np.maximum(coupling.cap[t] - paid, 0.0), 0.0)
        levels[t] = water_level(weight, left, min(float(budget), float(left.sum())))
        paid += np.minimum(left, levels[t] * weight)
    return levels


def _mixture(
    coupling: Coupling, under: float, levels: FloatArray, enough: float
) -> tuple[FloatArray, FloatArray]:
    """Best payments at given burdens, and what a dollar more would save in each round.

    Column generation: the greedy payments of the dearest rounds first are the best vertex. It ends
    when no vertex saves more than `enough`.
    """
    greedy, budget = Greedy.of(coupling, levels), coupling.budget
    order = np.argsort(-budget, kind="stable")
    orders, raised = [order], [greedy.raise_(order)]
    while True:
        shares, price, limit = _mix(np.array(raised), budget, under)
        order = np.argsort(-price, kind="stable")
        vertex = greedy.raise_(order)
        known = any((order == before).all() for before in orders)
        if known or price @ vertex - limit <= enough:
            break
        orders.append(order)
        raised.append(vertex)
    taken = np.zeros_like(coupling.weight)
    for share, order in zip(shares, orders, strict=True):
        if share > 0:
            greedy.pay(order, share, taken)
    return _to_the_cent(coupling, levels, taken), price


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
    """Shares of vertices (K, T) that lack least of the budgets, and its prices."""
    count, rounds = raised.shape
    unit = SCALE / max(math.fsum(budget), float(raised.max()))
    rows = np.hstack([raised.T * unit, np.eye(rounds)])
    rows = np.vstack([rows, np.append(np.full(count, SCALE), np.zeros(rounds))])
    answer = run(
        dense_program(
            cost=np.append(np.zeros(count), np.ones(rounds)),
            upper=np.append(np.ones(count), budget * unit),
            rows=rows,
            row_lower=np.append(budget * unit, SCALE),
            row_upper=np.append(np.full(rounds, np.inf), SCALE),
        )
    )
    shares = np.maximum(answer.columns[:count], 0.0)
    duals = answer.row_duals if answer.row_duals is not None else np.zeros(rounds + 1)
    price = np.clip(duals[:-1], 0.0, 1.0) * under
    return shares / shares.sum(), price, float((raised @ price).max())


def dense_program(
    *,
    cost: FloatArray,
    upper: FloatArray,
    rows: FloatArray,
    row_lower: FloatArray,
    row_upper: FloatArray,
) -> Program:
    """Put a small matrix into sparse form; columns are at least 0."""
    height, width = rows.shape
    return Program(
        cost=cost,
        lower=np.zeros(width),
        upper=upper,
        row_lower=row_lower,
        row_upper=row_upper,
        start=np.arange(height + 1) * width,
        column=np.tile(np.arange(width), height),
        coefficient=rows.ravel(),
    )


@dataclass(slots=True)
class _Cuts:
    coupling: Coupling
    loss: Asymmetric
    total: FloatArray
    """USD, shape (T,). Weight of each round's payers."""
    highest: FloatArray
    """Shape (T,). Burdens well beyond which a round raises no more: no bound on them binds."""
    sets: list[FloatArray] = field(default_factory=list)
    slopes: list[FloatArray] = field(default_factory=list)
    fixed: list[float] = field(default_factory=list)
    last: list[IntArray] = field(default_factory=list)

    @classmethod
    def of(cls, coupling: Coupling, loss: Asymmetric) -> _Cuts:
        total = coupling.weight.sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(coupling.payer, coupling.cap / coupling.weight, 0.0)
        cuts = cls(coupling, loss, total, 2.0 * share.max(axis=1))
        rounds = np.arange(total.size)
        alone = np.divide(coupling.budget, total, out=np.zeros_like(total), where=total > 0)
        for t in rounds:
            cuts._add((rounds == t).astype(float), alone)
        return cuts

    def add(self, price: FloatArray, levels: FloatArray) -> bool:
        """Cut with every set of the dearest rounds; whether any was new."""
        before = len(self.sets)
        for least in np.unique(price[price > NEGLIGIBLE * self.loss.under]):
            self._add((price >= least).astype(float), levels)
        return len(self.sets) > before

    def add_prefixes(self, levels: FloatArray) -> None:
        """Cut with the first rounds, however many: what has been paid by then is what is capped."""
        rounds = np.arange(levels.size)
        for t in rounds[1:]:
            self._add((rounds <= t).astype(float), levels)

    def _add(self, chosen: FloatArray, levels: FloatArray) -> None:
        coupling = self.coupling
        rounds, accounts = coupling.weight.shape
        most = np.zeros(accounts)
        last = np.zeros(accounts, dtype=np.int64)
        for t in range(rounds):
            if chosen[t]:
                most += levels[t] * coupling.weight[t]
            held = coupling.cap[t] <= most
            most[held] = coupling.cap[t][held]
            last[held] = t + 1
        full = last > 0
        fixed = math.fsum(coupling.cap[last[full] - 1, np.flatnonzero(full)])
        later = np.arange(1, rounds + 1)[:, None] > last
        slope = chosen * (coupling.weight * later).sum(axis=1)
        for known in zip(self.sets, self.slopes, self.fixed, strict=True):
            same = (known[0] == chosen).all() and abs(known[2] - fixed) <= NEGLIGIBLE * fixed
            if same and (np.abs(known[1] - slope) <= NEGLIGIBLE * self.total).all():
                return
        self.sets.append(chosen)
        self.slopes.append(slope)
        self.fixed.append(fixed)
        self.last.append(last)

    def solve(self) -> tuple[float, FloatArray, FloatArray]:
        """Lower bound, burdens, and the price of each cut in units of the loss per USD."""
        budget, under, fair = self.coupling.budget, self.loss.under, self.loss.fair
        rounds, total = budget.size, np.where(self.total > 0, self.total, 1.0)
        unit = SCALE / math.fsum(budget)
        sets = np.array(self.sets)
        rows = np.hstack([-np.array(self.slopes) / total, sets])
        room = np.array(self.fixed) * unit
        answer = run(
            dense_program(
                cost=np.append(fair / (under * total), -np.ones(rounds)),
                upper=np.append(self.highest * total * unit, budget * unit),
                rows=rows,
                row_lower=np.full(room.size, -np.inf),
                row_upper=room,
            )
        )
        duals = answer.row_duals if answer.row_duals is not None else np.zeros(room.size)
        lower = under * (math.fsum(budget) + answer.bound / unit)
        levels = np.maximum(answer.columns[:rounds], 0.0) / (total * unit)
        return lower, levels, np.maximum(-duals, 0.0) * under

    def multipliers(self, prices: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Prices of lacking and of having paid, of which the cuts are a combination."""
        coupling = self.coupling
        lacking = prices @ np.array(self.sets[: prices.size])
        paid = np.zeros_like(coupling.weight)
        for price, last in zip(prices, self.last, strict=False):
            if price > 0:
                full = np.flatnonzero(last)
                paid[last[full] - 1, full] += price
        later = np.cumsum(paid[::-1], axis=0)[::-1]
        left = (lacking[:, None] - later) * coupling.payer
        t, i = np.nonzero((left > 0) & (left <= NEGLIGIBLE * lacking[:, None]) & (later > 0))
        paid[t, i] += left[t, i]
        return lacking, paid
