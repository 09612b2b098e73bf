"""The least loss of many rounds that share their winners, from inside.

The program is: min Σ under · s_t + fair · z_t with Σ_i x_it + s_t = B_t, 0 ≤ x_it ≤ w_it z_t and
what i has paid by t at most C_it. Of a Newton step accounts are eliminated one by one: each is a
chain of springs between what it has paid by one round and by the next, held back by its caps, whose
inverse is products of positive numbers alone. Rounds are left, 2 T of them, and a step costs N T².
Cuts, which `adlopt.optimum.coupled.cuts` finds for tens of rounds, are too many for hundreds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from adlopt.foundation.arrays import BoolArray, FloatArray
from adlopt.foundation.deadline import in_time
from adlopt.model.loss import Asymmetric
from adlopt.model.method import Stopped
from adlopt.optimum.coupled.shared_winners import Coupling

STEPS = 150
"""Newton steps at most; what is proven by then is stated."""
STUCK = 1e-7
"""A step of less of the way says that rounding has the word."""
SHY = 0.97
"""Share of the way to the nearest bound that a step goes."""
BLOCK = 16
"""Rounds of which what accounts move is carried on together."""
FAR = 1e-2
"""Gap, relative to the value, down to which multipliers are balanced anew after each step."""
CLOSE = 3e-10
"""Gap, relative to the value, that ends the search if none is asked for."""


@dataclass(slots=True)
class Inside:
    """A point, (T, N) and (T,), in units of the mean budget, and multipliers, all of them > 0.

    `x` is paid, `within` what it lacks of w z, `left` of the caps, and `short` of the budgets.
    """

    cell: BoolArray
    weight: FloatArray
    fair: float
    x: FloatArray
    z: FloatArray
    within: FloatArray
    left: FloatArray
    short: FloatArray
    price: FloatArray
    nothing: FloatArray
    bears: FloatArray
    full: FloatArray

    @classmethod
    def of(cls, budget: FloatArray, cap: FloatArray, weight: FloatArray, fair: float) -> Inside:
        """Begin with half of what can be paid, and prices that allow it."""
        rounds, cell = budget.size, weight > 0
        x = np.where(cell, cap / (2 * rounds), 0.0)
        x *= np.minimum(1.0, 0.5 * budget / x.sum(axis=1))[:, None]
        share = np.divide(x, weight, out=np.zeros_like(x), where=cell)
        z = 2.0 * share.max(axis=1)
        price = np.full(rounds, 0.5)
        bears = np.where(cell, (fair / weight.sum(axis=1))[:, None], 0.0)
        last = cell & (np.cumsum(cell[::-1], axis=0)[::-1] == 1)
        full = np.where(cell, 1.0 / rounds, 0.0) + last
        return cls(
            cell=cell,
            weight=weight,
            fair=fair,
            x=x,
            z=z,
            within=weight * z[:, None] - x,
            left=np.where(cell, cap - np.cumsum(x, axis=0), 1.0),
            short=budget - x.sum(axis=1),
            price=price,
            nothing=np.where(cell, bears + _later(full) - price[:, None], 0.0),
            bears=bears,
            full=full,
        )

    @property
    def value(self) -> float:
        """The loss, in units of what lacking the mean budget costs."""
        return float(self.short.sum() + self.fair * self.z.sum())

    @property
    def gap(self) -> float:
        """Sum of all products that are to be 0."""
        pairs = ((self.x, self.nothing), (self.within, self.bears), (self.left, self.full))
        return sum(float(np.vdot(a, b)) for a, b in pairs) + float(self.short @ (1.0 - self.price))

    def step(self) -> bool:
        """One step of Mehrotra's predictor and corrector; whether it got anywhere."""
        gap, count = self.gap, 3 * np.count_nonzero(self.cell) + self.short.size
        try:
            solve = _Springs(self)
            far = self._move(solve, 0.0, None)
            primal, dual = self._lengths(far, solve.safe)
            ahead = self._after(far, primal, dual)
            aim = gap / count * min(1.0, ahead / gap) ** 3
            near = self._move(solve, aim, far)
        except np.linalg.LinAlgError:
            return False
        primal, dual = (min(1.0, SHY * length) for length in self._lengths(near, solve.safe))
        if not (math.isfinite(primal + dual) and max(primal, dual) > STUCK):
            return False
        for name in ("x", "z", "within", "left", "short"):
            setattr(self, name, getattr(self, name) + primal * near[name])
        for name in ("price", "nothing", "bears", "full"):
            setattr(self, name, getattr(self, name) + dual * near[name])
        if gap > FAR * self.value:
            # What large steps leave of balance by rounding is not carried along.
            spare = (self.bears + _later(self.full) - self.price[:, None]) * self.cell
            self.nothing = np.where(spare > 0, spare, self.nothing)
        return True

    def _move(
        self, springs: _Springs, aim: float, before: dict[str, FloatArray] | None
    ) -> dict[str, FloatArray]:
        """Newton's direction, for products to become `aim`, but for those of a move before."""
        over = 1.0 - self.price

        def lacking(a: str, b: str) -> FloatArray:
            both: FloatArray = aim - getattr(self, a) * getattr(self, b)
            return both if before is None else both - before[a] * before[b]

        x_, within_, left_ = (
            lacking(a, b) * self.cell
            for a, b in (("x", "nothing"), ("within", "bears"), ("left", "full"))
        )
        short_ = aim - self.short * over
        if before is not None:
            short_ += before["short"] * before["price"]
        safe = springs.safe
        pull, cost = x_ / safe["x"] - within_ / safe["within"], left_ / safe["left"]
        still = springs.solve(pull, cost)
        u = springs.u
        right = np.concatenate([
            -short_ / over - still.sum(axis=1),
            self.fair - (self.weight * (self.bears + within_ / safe["within"])).sum(axis=1)
            - (u * still).sum(axis=1),
        ])  # fmt: skip
        price, z = np.split(springs.shared(right), 2)
        x = springs.solve(pull + (price[:, None] + u * z[:, None]) * self.cell, cost)
        paid = np.cumsum(x, axis=0)
        within = (self.weight * z[:, None] - x) * self.cell
        return {
            "x": x,
            "z": z,
            "within": within,
            "left": -paid * self.cell,
            "short": -x.sum(axis=1),
            "price": price,
            "nothing": (x_ - self.nothing * x) / safe["x"],
            "bears": (within_ - self.bears * within) / safe["within"],
            "full": (left_ + self.full * paid * self.cell) / safe["left"],
        }

    def _lengths(
        self, move: dict[str, FloatArray], safe: dict[str, FloatArray]
    ) -> tuple[float, float]:
        """How far primal and dual can go, up to 1."""
        primal = [(move[name] / safe[name]).min() for name in ("x", "within", "left")]
        dual = [(move[name] / safe[name]).min() for name in ("nothing", "bears", "full")]
        some = self.short > 0
        primal.append((move["short"][some] / self.short[some]).min(initial=0.0))
        dual.append((-move["price"] / (1.0 - self.price)).min())
        first, second = (
            1.0 if min(worst) > -1.0 else -1.0 / min(worst) for worst in (primal, dual)
        )
        return float(first), float(second)

    def _after(self, move: dict[str, FloatArray], primal: float, dual: float) -> float:
        """The gap at the end of a move."""
        total = 0.0
        for a, b in (("x", "nothing"), ("within", "bears"), ("left", "full")):
            there = getattr(self, a) + primal * move[a], getattr(self, b) + dual * move[b]
            total += float(np.vdot(*there))
        over = 1.0 - self.price - dual * move["price"]
        return total + float((self.short + primal * move["short"]) @ over)


class _Springs:
    """Accounts of a Newton step, eliminated: how they yield to pulls, and what is left of rounds.

    An account's payment of a round yields by `give`; what it has paid by then is held by its caps,
    now and later, by `stiff`, and `loose` is the part of a move that goes on to the next round.
    """

    def __init__(self, at: Inside) -> None:
        rounds, cell = at.short.size, at.cell
        names = "x", "within", "left", "nothing", "bears", "full"
        self.safe = {name: getattr(at, name) + ~cell for name in names}
        soft, near = at.nothing / self.safe["x"], at.bears / self.safe["within"]
        hold = at.full / self.safe["left"]
        self.u = at.weight * near
        self.give = give = cell / (soft + near + ~cell)
        self.stiff = stiff = np.zeros((rounds + 1, cell.shape[1]))
        for t in reversed(range(rounds)):
            after = 0.0
            if t + 1 < rounds:
                after = stiff[t + 1] / (1.0 + give[t + 1] * stiff[t + 1])
            stiff[t] = hold[t] + after
        self.loose = 1.0 / (1.0 + stiff[:-1] * give)
        own, moved, free = np.empty_like(give), np.empty_like(give), np.zeros(cell.shape[1])
        back = np.empty_like(give)
        for t in range(rounds):
            back[t] = stiff[t] / (1.0 + stiff[t] * free)
            own[t] = give[t] / (1.0 + give[t] * back[t])
            moved[t] = own[t] / (1.0 + stiff[t] * free)
            free = (free + give[t]) / (1.0 + hold[t] * (free + give[t]))
        held = stiff[:-1] * give * self.loose
        # Rounds stand below each other, each with a row of its price and one of its burden.
        shape = 2 * rounds, cell.shape[1]
        pulls = np.stack([held, held * self.u], axis=1).reshape(shape)
        yields = np.stack([moved, moved * self.u], axis=1).reshape(shape)
        cross = np.zeros((2 * rounds, 2 * rounds))
        for first in range(0, 2 * rounds, 2 * BLOCK):
            last = min(first + 2 * BLOCK, 2 * rounds)
            reach = np.ones(cell.shape[1])
            for t in range(first, last, 2):
                # What moved in this block reaches a round by all that is loose in between.
                cross[t : t + 2, first:t] = pulls[t : t + 2] @ yields[first:t].T
                yields[first:t] *= self.loose[t // 2]
                pulls[t : t + 2] *= reach
                reach = reach * self.loose[t // 2]
            cross[first:last, :first] = pulls[first:last] @ yields[:first].T
            yields[:first] *= reach
        s_pp, s_pz, s_zp, s_zz = (-cross[i::2, j::2] for i in (0, 1) for j in (0, 1))
        s_pz = s_pz + s_zp.T + np.diag((own * self.u).sum(axis=1))
        s_pp = s_pp + s_pp.T + np.diag(own.sum(axis=1))
        s_zz = -(s_zz + s_zz.T)
        s_zz += np.diag((at.weight * self.u * own * (soft + back)).sum(axis=1))
        s_pp += np.diag(at.short / (1.0 - at.price))
        self.matrix = np.block([[s_pp, s_pz], [s_pz.T, -s_zz]])

    def shared(self, right: FloatArray) -> FloatArray:
        """Prices and burdens that balance."""
        size = np.abs(np.diag(self.matrix))
        scale = 1.0 / np.sqrt(np.where(size > 0, size, 1.0))
        scaled = self.matrix * scale[:, None] * scale
        found = np.linalg.solve(scaled, right * scale)
        found += np.linalg.solve(scaled, right * scale - scaled @ found)
        return np.asarray(found * scale)

    def solve(self, pull: FloatArray, cost: FloatArray) -> FloatArray:
        """More that accounts pay, (T, N), at pulls of payments and costs of what is paid."""
        give, stiff = self.give * self.loose, self.stiff[:-1] * self.give * self.loose
        weight, passed, after = np.empty_like(pull), stiff * pull, np.zeros(pull.shape[1])
        for t in reversed(range(len(pull))):
            weight[t] = cost[t] + after
            after = weight[t] * self.loose[t] + passed[t]
        x: FloatArray = give * (pull - weight)
        paid = np.zeros(pull.shape[1])
        for t in range(len(pull)):
            x[t] -= stiff[t] * paid
            paid += x[t]
        return x


def _later(values: FloatArray) -> FloatArray:
    later: FloatArray = np.cumsum(values[::-1], axis=0)[::-1]
    return later


def payments_inside(
    coupling: Coupling, loss: Asymmetric, gap: float
) -> tuple[FloatArray, FloatArray, FloatArray, Stopped]:
    """Payments, (T, N), prices of budgets, (T,), and of caps, (T, N), and why the search ended."""
    weight = np.where(np.isfinite(coupling.cap) & (coupling.cap > 0), coupling.weight, 0.0)
    live = (coupling.budget > 0) & (weight > 0).any(axis=1)
    taken, lacking = np.zeros_like(weight), np.where(coupling.budget > 0, loss.under, 0.0)
    # Who must have nothing left later pays nothing now, which is worth any price.
    paid = np.where(coupling.cap > 0, 0.0, loss.under)
    if not live.any():
        return taken, lacking, paid, Stopped.OPTIMAL
    unit = math.fsum(coupling.budget[live]) / int(live.sum())
    cap = np.where(weight > 0, coupling.cap, 0.0)[live] / unit
    # A burden costs `fair`, and what is lacking of a mean budget one unit of `under`.
    at = Inside.of(
        coupling.budget[live] / unit, cap, weight[live] / unit, loss.fair / (loss.under * unit)
    )
    stopped = Stopped.LIMIT
    with threadpool_limits(1, "blas"):
        for _ in in_time(STEPS):
            if at.gap <= max(CLOSE, 0.5 * gap) * at.value:
                stopped = Stopped.GAP if gap else Stopped.OPTIMAL
                break
            if not at.step():
                break
    taken[live], lacking[live] = at.x * unit, loss.under * at.price
    paid[live] += loss.under * at.full
    return taken, lacking, paid, stopped
