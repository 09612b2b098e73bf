"""The least expected loss across coins: an interior-point method made for its structure.

The program is: min Σ_ir c_r u_ir, u_ir ≥ L_ir(x), u ≥ 0, 0 ≤ x ≤ 1, Σ_i a_ik x_ik = b_k, with L the
loss of account i in scenario r, linear in the shares x that it keeps. Accounts meet in K rows
alone. Losses, and all of one account, are eliminated from a Newton step in blocks of K by K, so
that one costs about as much as multiplying scenarios by K². Pairs (i, r) that never lose drop out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from adlopt.foundation.arrays import FloatArray, IntArray
from adlopt.foundation.deadline import in_time
from adlopt.model.method import Stopped
from adlopt.model.risk_objective import ExpectedLoss
from adlopt.optimum.assets.portfolios import Portfolios
from adlopt.optimum.core.certificate import UNIT_ROUNDING, Trust
from adlopt.optimum.programs.program import SparseRows
from adlopt.optimum.programs.weak_duality import ProvenBound, lower_bound

CLOSE = 3e-10
"""Gap, relative to the value, that ends the search."""
REFINED = 5
"""Steps of multipliers alone, at the end: each makes what balances them a hundred times better."""
STEPS = 150
"""Newton steps at most; what is proven by then is stated."""
STUCK = 1e-6
"""A step of less of the way says that rounding has the word."""
SHY = 0.995
"""Share of the way to the nearest bound that a step goes."""
RIDGE = 1e-14
"""Added to blocks whose diagonal is 1."""
DUST = (1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8)
"""Shares that count as none, or as all, if they can."""
NEGLIGIBLE = 1e-16
"""Of all equity: a gap that is as good as none."""
BLOCK = 32
"""Accounts that are eliminated together, as many as stay near the processor."""
COARSE = 1e-3
"""Gap, relative to the value, down to which a step may be a little wrong."""
WIDE = 10.0
"""Where the barrier starts: a scenario's share of so many mean equities."""


@dataclass(frozen=True, slots=True, eq=False)
class Losses:
    """Losses of pairs of an account and a scenario that may be > 0."""

    problem: Portfolios
    adverse: FloatArray
    """−returns, shape (R, K)."""
    base: FloatArray
    """USD, shape (n, R): the loss of what stays, beyond the equity."""
    pairs: tuple[IntArray, IntArray]

    @classmethod
    def of(cls, problem: Portfolios, objective: ExpectedLoss) -> Losses:
        """Find the pairs."""
        adverse, held = -objective.of(problem.coins), problem.held
        base = problem.fixed @ adverse.T - problem.equity[:, None]
        up, down = np.maximum(adverse, 0.0).T, np.minimum(adverse, 0.0).T
        most = base + np.maximum(held, 0.0) @ up + np.minimum(held, 0.0) @ down
        account, scenario = np.nonzero(most > 0)
        return cls(problem, adverse, base, (account, scenario))

    def change(self, share: FloatArray) -> FloatArray:
        """Of each pair, USD, shape (P,), by shares kept, shape (n, K)."""
        moved: FloatArray = (self.problem.held * share) @ self.adverse.T
        return moved[self.pairs]

    def dense(self, values: FloatArray) -> FloatArray:
        """Values of pairs, shape (P,), as (n, R)."""
        spread = np.zeros(self.base.shape)
        spread[self.pairs] = values
        return spread

    def slope(self, weight: FloatArray) -> FloatArray:
        """Σ weight · loss by share, USD, shape (n, K)."""
        moved: FloatArray = (self.dense(weight) @ self.adverse) * self.problem.held
        return moved

    def by_scenario(self, share: FloatArray) -> FloatArray:
        """Σ_i loss beyond equity, USD, shape (R,)."""
        beyond = self.problem.left(share) @ self.adverse.T - self.problem.equity[:, None]
        total: FloatArray = np.maximum(beyond, 0.0).sum(axis=0)
        return total


def least_expected_loss(
    problem: Portfolios, objective: ExpectedLoss
) -> tuple[FloatArray, FloatArray, ProvenBound, Stopped]:
    """Shares kept, (n, K), price of what is kept, (K,), USD a share of the book, and a bound."""
    objective = objective.likely()
    losses = Losses.of(problem, objective)
    barrier, stopped = _Barrier(losses, objective), Stopped.LIMIT
    least = NEGLIGIBLE * math.fsum(problem.equity)
    for _ in in_time(STEPS):
        if barrier.gap <= max(CLOSE * barrier.value, least) or barrier.value == 0.0:
            stopped = Stopped.OPTIMAL
            break
        if not barrier.step():
            break
    share, proven = _tidied(losses, objective, barrier.share), barrier.bound()
    for _ in in_time(REFINED if barrier.factored else 0):
        barrier.refine()
        proven = max(proven, barrier.bound(), key=lambda bound: bound.lower)
    return share, barrier.price, proven, stopped


def _tidied(losses: Losses, objective: ExpectedLoss, share: FloatArray) -> FloatArray:
    """Shares near an end put there, as long as that costs nothing: points inside are all dust."""
    problem = losses.problem
    best = problem.repaired(share)
    worth = objective.mean(losses.by_scenario(best)) * (1.0 + CLOSE)
    for near in DUST:
        tidy = np.where(share < near, 0.0, np.where(share > 1.0 - near, 1.0, share))
        tidy = problem.repaired(tidy)
        if objective.mean(losses.by_scenario(tidy)) <= worth:
            return tidy
    return best


class _Barrier:
    """What is to become complementary, on the way to the optimum; all of it > 0.

    `primal` are u and u − L of the pairs, shares and what they lack of 1, and, for a tail of the
    scenarios, what their losses are beyond its edge and below it; `dual` are their multipliers.
    """

    def __init__(self, losses: Losses, objective: ExpectedLoss) -> None:
        problem, chance = losses.problem, np.asarray(objective.probability)
        self.losses, self.objective, self.factored = losses, objective, False
        self.scenario, k = losses.pairs[1], len(problem.coins)
        self.most = chance / (1.0 - objective.level)
        self.row = np.abs(problem.held) / problem.book
        self.square = (losses.adverse[:, :, None] * losses.adverse[:, None, :]).reshape(-1, k * k)
        self.price = np.zeros(k)
        self.kept = problem.kept / problem.book
        share = np.where(problem.open, np.clip(self.kept, 1e-9, 1.0 - 1e-9), 0.5)
        self.loss = losses.base[losses.pairs] + losses.change(share)
        mu = WIDE * float(problem.equity.mean()) / chance.size
        cost = chance[self.scenario]
        pull = self.loss * cost
        least = 2 * mu * cost / (2 * mu + np.abs(pull) + np.hypot(2 * mu, pull))
        pays = np.where(pull > 0, cost - least, least)
        spare = np.where(pull > 0, least, cost - least)
        tail = chance[: chance.size if objective.level else 0]
        total = np.bincount(self.scenario, mu / spare, chance.size)[: tail.size]
        beyond = total - total.mean() if tail.size else total
        room = np.abs(beyond).max(initial=mu) + np.maximum(beyond, 0.0)
        primal = mu / spare, mu / pays, share, 1.0 - share, room, room - beyond
        dual = spare, pays, mu / share, mu / (1.0 - share), self.most[: tail.size] - tail, tail
        self.primal = np.concatenate([each.ravel() for each in primal])
        self.dual = np.concatenate([each.ravel() for each in dual])

    def parts(self, all_: FloatArray) -> tuple[FloatArray, ...]:
        """Views of the six parts."""
        pairs, held = self.loss.size, self.row.size
        tail = (all_.size - 2 * pairs - 2 * held) // 2
        over, under, share, room, beyond, below = np.split(
            all_, np.cumsum([pairs, pairs, held, held, tail])
        )
        return (
            over,
            under,
            share.reshape(self.row.shape),
            room.reshape(self.row.shape),
            beyond,
            below,
        )

    @property
    def share(self) -> FloatArray:
        """Shares kept, shape (n, K)."""
        return self.parts(self.primal)[2]

    @property
    def value(self) -> float:
        """Expected loss, USD."""
        beyond = np.maximum(self.loss, 0.0)
        total = np.bincount(self.scenario, beyond, self.most.size).astype(float)
        return self.objective.mean(total)

    @property
    def gap(self) -> float:
        """Sum of all products that are to be 0, USD."""
        return float(self.primal @ self.dual)

    def step(self) -> bool:
        """One step of Mehrotra's predictor and corrector; whether it got anywhere."""
        products, gap = self.primal * self.dual, self.gap
        try:
            self._factor()
            p, q, _ = self._direction(-products)
            ahead = (self.primal + _length(self.primal, p) * p) @ (
                self.dual + _length(self.dual, q) * q
            )
            aim = gap / products.size * float(ahead / gap) ** 3
            p, q, price = self._direction(aim - products - p * q)
        except np.linalg.LinAlgError:
            return False  # rounding has the word: what is proven by now is stated
        there = min(1.0, SHY * _length(self.primal, p))
        dual = min(1.0, SHY * _length(self.dual, q))
        if not (math.isfinite(there + dual) and max(there, dual) > STUCK):
            return False
        over, under = self.parts(p)[:2]
        self.loss += there * (over - under)
        self.primal += there * p
        self.dual += dual * q
        self.price += dual * price
        return True

    def refine(self) -> None:
        """Move multipliers alone to where they balance but for rounding."""
        _, q, price = self._direction(np.zeros(self.dual.size))
        self.dual += q
        self.price += price

    def bound(self) -> ProvenBound:
        """What is proven at the multipliers."""
        most, tail = self.most, self.parts(self.dual)[5]
        if tail.size:
            most = np.clip(tail, 0.0, most)
            most = most / (max(math.fsum(most), 1.0) * (1.0 + most.size * UNIT_ROUNDING))
        return weak_bound(self.losses, most[self.scenario], self.parts(self.dual)[1], self.price)

    def _factor(self) -> None:
        n, k = self.row.shape
        held, places = self.losses.problem.held, np.arange(k)
        self.at = self.dual.copy()
        over, under, low, high, beyond, below = self.parts(self.primal / self.dual)
        self.give, self.ease = over, 1.0 / (over + under)
        block = (self.losses.dense(self.ease) @ self.square).reshape(n, k, k)
        block *= held[:, :, None] * held[:, None, :]
        block[:, places, places] += 1.0 / low + 1.0 / high
        # Entries range over 20 decades: only scaled, and by Cholesky, stays it positive definite.
        scale = 1.0 / np.sqrt(block[:, places, places])
        block *= scale[:, :, None] * scale[:, None, :]
        block[:, places, places] += RIDGE
        self.root = root = np.linalg.inv(np.linalg.cholesky(block)) * scale[:, None, :]
        self.inverse = np.matmul(root.transpose(0, 2, 1), root)
        rows = self.row[:, :, None] * np.eye(k)
        self.met = np.matmul(self.inverse, rows)
        self.coupling = np.tensordot(rows, self.met, ((0, 1), (0, 1)))
        if beyond.size:
            self._factor_tail(self.coupling, beyond + below)
        self.factored = True

    def _factor_tail(self, coupling: FloatArray, edge: FloatArray) -> None:
        """The same with weights of scenarios, which all accounts share, and the tail's edge."""
        size = edge.size
        risky = np.unique(self.losses.pairs[0])
        # As long as the gap is wide, half the digits show the way as well.
        kind = np.float32 if self.gap > COARSE * self.value else np.float64
        ease = self.losses.dense(self.ease * self.give)[risky].astype(kind)
        held, adverse = self.losses.problem.held[risky], self.losses.adverse.T.astype(kind)
        scale = np.abs(held).max(axis=1, initial=1e-300)[:, None]
        held, root = (
            (held / scale).astype(kind),
            (self.root[risky] * scale[:, :, None]).astype(kind),
        )
        met = (self.met[risky] * scale[:, :, None]).astype(kind)
        cross, flat = np.zeros((len(coupling), size)), np.zeros((size, size))
        for first in range(0, risky.size, BLOCK):
            part = slice(first, first + BLOCK)
            tied = held[part, :, None] * adverse * ease[part, None, :]
            cross += np.tensordot(met[part], tied, ((0, 1), (0, 1)))
            half = np.matmul(root[part], tied).reshape(-1, size)
            flat += half.T @ half
        stiff = self.give * (1.0 - self.ease * self.give)
        flat += np.diag(edge + np.bincount(self.scenario, stiff, size))
        ones, none = np.ones((size, 1)), np.zeros((len(coupling), 1))
        self.coupling = np.block(
            [[coupling, -cross, none], [-cross.T, flat, ones], [none.T, ones.T, np.zeros((1, 1))]]
        )

    def _direction(self, aim: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Newton's, for the products to change by so much: of primal, dual and prices."""
        over, under, _, _, beyond, below = self.parts(aim / self.at)
        by_primal = self.parts(aim / self.primal)
        ratio = self.parts(self.at / self.primal)
        _, pays, lower, higher, _, weight = self.parts(self.dual)
        shift = over - under
        stray = self.losses.slope(pays) - lower + higher - self.row * self.price
        wanted = self.losses.slope(self.ease * shift) + by_primal[2] - by_primal[3] - stray
        base = np.matmul(self.inverse, wanted[:, :, None])[:, :, 0]
        right = self.kept - (self.row * (self.share + base)).sum(axis=0)
        if weight.size:
            moved = over + self.ease * self.give * (self.losses.change(base) - shift)
            total = np.bincount(self.scenario, moved, weight.size)
            right = np.concatenate([right, below - beyond + total, [1.0 - math.fsum(weight)]])
        price, tail = np.split(_solved(self.coupling, right)[: right.size], [len(self.price)])
        share, tail = base + self.met @ price, tail[: weight.size]
        by_pair = np.zeros(self.loss.size)
        if weight.size:
            by_pair = tail[self.scenario]
            given = self.losses.slope(self.ease * self.give * by_pair)
            share -= np.matmul(self.inverse, given[:, :, None])[:, :, 0]
        loss = self.losses.change(share)
        pays = self.ease * (loss - shift + self.give * by_pair)
        up = over - self.give * (by_pair - pays)
        primal = up, up - loss, share, -share
        dual = (
            by_pair - pays,
            pays,
            by_primal[2] - ratio[2] * share,
            by_primal[3] + ratio[3] * share,
        )
        edge = self.parts(self.primal / self.at)
        ends = beyond + edge[4] * tail, below - edge[5] * tail
        return (
            np.concatenate([each.ravel() for each in (*primal, *ends)]),
            np.concatenate([each.ravel() for each in (*dual, -tail, tail)]),
            price,
        )


def _solved(matrix: FloatArray, right: FloatArray) -> FloatArray:
    """Solve a symmetric system, scaled; a row of zeros is nobody's."""
    size = np.abs(np.diag(matrix))
    scale = 1.0 / np.sqrt(np.where(size > 0, size, 1.0))
    scaled = matrix * scale[:, None] * scale + np.diag(np.where(size > 0, RIDGE, 0.0))
    idle = ~scaled.any(axis=1)
    scaled[idle, idle] = 1.0
    return np.asarray(np.linalg.solve(scaled, right * scale) * scale)


def _length(at: FloatArray, by: FloatArray) -> float:
    """How far one can go, up to 1."""
    worst = float((by / at).min(initial=0.0))
    return 1.0 if worst > -1.0 else -1.0 / worst


def weak_bound(
    losses: Losses, most: FloatArray, pays: FloatArray, price: FloatArray
) -> ProvenBound:
    """What no shares can beat: losses cost at least Σ pays · loss for any 0 ≤ pays ≤ `most`.

    That is linear in the shares; `adlopt.optimum.programs.weak_duality` does the rest. Rounding
    of the sums that state it is part of the error.
    """
    problem = losses.problem
    pays = np.clip(pays, 0.0, most)
    constant = pays * losses.base[losses.pairs]
    account, kind = np.nonzero(problem.open)
    slope, row = losses.slope(pays)[account, kind], np.abs(problem.held)
    rows = SparseRows()
    for k in np.flatnonzero(problem.kept > 0):
        column = np.flatnonzero(kind == k)
        size = row[account[column], k]
        rows.add(column, size, lower=float(problem.kept[k]), upper=float(problem.kept[k]))
    program = rows.program(cost=slope, lower=np.zeros(slope.size), upper=np.ones(slope.size))
    duals = (price / problem.book)[problem.kept > 0]
    proven = lower_bound(program, duals, exact=False)
    largest = np.abs(losses.adverse).max(initial=0.0)
    size = largest * (np.abs(problem.held).sum(axis=1) + problem.gross)
    depth = 4 + sum(losses.base.shape) + size.size
    doubt = (size + problem.equity)[losses.pairs[0]] @ pays
    error = proven.error + UNIT_ROUNDING * depth * float(doubt)
    return ProvenBound(
        lower=proven.lower + proven.error + math.fsum(constant) - error,
        error=error,
        trust=Trust.VERIFIED,
    )
