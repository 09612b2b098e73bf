"""CVaR of the burdens under an exact budget: closed form, linear program, and the proof of both.

Write c_i = p_i / ((1 − level) w_i) for what a dollar above burden t costs at account i. At a given
t everyone gives min(u_i, w_i t) for nothing and the rest is bought where c_i is least; the optimum
is convex in t alone, with slope 1 − Σ min(p_i / (1 − level), w_i y) over the accounts with u_i >
w_i t, y being the price of the last dollar. Bisection on its sign ends there.

The proof is the dual of CVaR: for 0 ≤ q_i ≤ p_i / (1 − level) with Σ q_i ≤ 1 and any y, every
haircut that raises B has a CVaR of at least  y B − Σ u_i (y − q_i / w_i)_+.
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from adlopt.errors import InputError, SolverFailed, SolverStopped
from adlopt.foundation.arrays import FloatArray
from adlopt.model.method import Method, Stopped
from adlopt.model.objective import CVaR
from adlopt.optimum.core.burden_problem import BurdenProblem
from adlopt.optimum.core.certificate import (
    UNIT_ROUNDING,
    Certificate,
    Multipliers,
    Trust,
    check_feasible,
    checked,
    round_down,
    weak_bound,
)
from adlopt.optimum.core.waterfill import TIE, check_reachable, water_level
from adlopt.optimum.dollars.least_loss import Search, Solution, least_loss, solution, to_budget
from adlopt.optimum.programs.highs import Infeasible, run
from adlopt.optimum.programs.of_dollars import state_alone

HALVINGS = 200
FEW = 5_000
"""Accounts up to which HiGHS's simplex is as fast as its interior point."""


def least_cvar(problem: BurdenProblem, objective: CVaR, search: Search) -> Solution:
    """Solve a continuous problem with an exact budget."""
    if problem.lot is not None:
        raise InputError(
            "objective", objective, "MinMax, Leximin or FewestAccounts", remedy="with lots"
        )
    shares = objective.shares(problem.capacity.size)
    check_reachable(problem.budget, problem.reachable)
    if objective.level == 1:
        return least_loss(problem, search)
    asked = search.method is Method.HIGHS
    # A point inside takes half of simplex's time, and where it proves enough no vertex is needed.
    for interior in ((True, False) if shares.size > FEW else (False,)) if asked else ():
        found = _by_program(problem, objective, interior=interior)
        if found is None:
            continue
        haircut, dual, method, stopped = found
        certificate = _certify(problem, objective, haircut, dual)
        if certificate.optimal or not interior:
            return solution(problem, haircut, certificate, method, stopped)
    haircut, dual = _by_bisection(problem, shares / (1.0 - objective.level))
    certificate = _certify(problem, objective, haircut, dual)
    stopped = Stopped.LIMIT if asked else Stopped.OPTIMAL
    return solution(problem, haircut, certificate, Method.WATER_FILLING, stopped)


def _by_bisection(problem: BurdenProblem, cap: FloatArray) -> tuple[FloatArray, Multipliers]:
    """Haircut and multipliers; `cap` holds p_i / (1 − level)."""
    held = np.flatnonzero(problem.open)
    held = held[np.argsort(cap[held] / problem.weight[held], kind="stable")]
    tail = _Tail(problem.open[held], problem.weight[held], cap[held], problem.budget)
    low, high, dear, cheap = 0.0, tail.all_equal, tail.price(0.0), 0.0
    if tail.spent(0.0, dear) <= 1.0 + TIE:
        high, cheap = 0.0, dear
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        if not low < middle < high:
            break
        price = tail.price(middle)
        if tail.spent(middle, price) > 1.0:
            low, dear = middle, price
        else:
            high, cheap = middle, price
    level = min((low, high), key=tail.cost)
    haircut, burden = np.zeros_like(problem.capacity), np.zeros_like(problem.capacity)
    haircut[held] = tail.haircut(level)
    y, spent = tail.multipliers(level, cheap, dear)
    burden[held] = spent / problem.weight[held]
    return haircut, Multipliers(budget=y, burden=burden)


class _Tail:
    """Accounts in ascending order of c_i; t is the level up to which burdens cost nothing."""

    def __init__(self, u: FloatArray, w: FloatArray, cap: FloatArray, budget: float) -> None:
        self.u, self.w, self.cap = u, w, cap
        self.budget = min(budget, float(u.sum()))
        self.all_equal = water_level(w, u, self.budget)

    def price(self, t: float) -> float:
        """y: c_i of the account that gives the last dollar above t; 0 if none is needed."""
        room, missing = self._above(t)
        if missing <= 0 or not room.size:
            return 0.0
        last = min(int(np.searchsorted(np.cumsum(room), missing)), room.size - 1)
        return float(self.cap[last] / self.w[last])

    def spent(self, t: float, y: float) -> float:
        """Σ min(cap_i, w_i y) over the accounts whose capacity exceeds w_i t."""
        over = self.u > self.w * t
        return float(np.minimum(self.cap[over], self.w[over] * y).sum())

    def haircut(self, t: float) -> FloatArray:
        room, missing = self._above(t)
        before = np.concatenate([[0.0], np.cumsum(room)])[:-1]
        bought = np.clip(missing - before, 0.0, room)
        haircut: FloatArray = np.minimum(self.u, np.minimum(self.u, self.w * t) + bought)
        return haircut

    def cost(self, t: float) -> float:
        above = np.maximum(self.haircut(t) - self.w * t, 0.0)
        return t + float((self.cap / self.w * above).sum())

    def multipliers(self, t: float, cheap: float, dear: float) -> tuple[float, FloatArray]:
        """Price y between its values beside t, and q, shape (n,), that spends all of 1."""
        tied = np.abs(self.u - self.w * t) <= TIE * self.u
        over = (self.u > self.w * t) & ~tied
        reach = over | tied
        y = dear
        if float(self.cap[reach].sum()) > 1.0:
            all_spent = water_level(self.w[reach], self.cap[reach], 1.0)
            y = float(np.clip(all_spent, cheap, dear))
        q = np.where(reach, np.minimum(self.cap, self.w * y), 0.0)
        spare, asked = max(1.0 - float(q[over].sum()), 0.0), float(q[tied].sum())
        if asked > spare:
            q[tied] *= spare / asked
        return y, q

    def _above(self, t: float) -> tuple[FloatArray, float]:
        given = np.minimum(self.u, self.w * t)
        return self.u - given, self.budget - math.fsum(given)


def _certify(
    problem: BurdenProblem, objective: CVaR, haircut: FloatArray, dual: Multipliers
) -> Certificate:
    """The dual of CVaR without rounding: weak duality with w_i μ_i = q_i at most its share."""
    raised = check_feasible(problem, haircut)
    weight = np.where(problem.weight > 0, problem.weight, 1.0)
    share = objective.shares(haircut.size) / (1.0 - objective.level)
    # A little less than the price: an account that gives in part must not seem to give all.
    given = Multipliers(
        budget=max(dual.budget, 0.0) * (1.0 - 32.0 * UNIT_ROUNDING),
        burden=np.clip(dual.burden, 0.0, share / weight * (1.0 - 16.0 * UNIT_ROUNDING))
        * (problem.weight > 0),
    )
    bound = weak_bound(problem, given, raised, stretch=False)
    return checked(
        upper=objective.of_burdens(haircut / weight),
        lower=round_down(max(bound, Fraction(0))),
        trust=Trust.EXACT,
        budget_residual=float(raised - Fraction(problem.budget)),
        multipliers=given,
    )


def _by_program(
    problem: BurdenProblem, objective: CVaR, *, interior: bool
) -> tuple[FloatArray, Multipliers, Method, Stopped] | None:
    """What HiGHS finds, if it does."""
    stated = state_alone(problem, objective)
    try:
        answer = run(stated.program, interior=interior)
    except (Infeasible, SolverFailed, SolverStopped):
        return None
    haircut = np.clip(stated.haircut(answer.columns), 0.0, problem.open)
    haircut = to_budget(problem.budget, haircut, np.zeros_like(haircut), problem.open)
    dual = stated.multipliers(answer.duals, "above")
    return haircut, dual, answer.method, answer.stopped
