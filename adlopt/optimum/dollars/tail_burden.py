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
from dataclasses import dataclass
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
from adlopt.optimum.core.waterfill import TIE, check_reachable, water_fill, water_level
from adlopt.optimum.dollars.least_loss import Search, Solution, least_loss, solution, to_budget
from adlopt.optimum.programs.highs import Infeasible, run
from adlopt.optimum.programs.program import WORK_TOTAL, Program, SparseRows

HALVINGS = 200


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
    if search.method is Method.HIGHS:
        cap = shares / (1.0 - objective.level)
        haircut, dual, method, stopped = _by_program(problem, cap, search)
    else:
        haircut, dual = _by_bisection(problem, shares / (1.0 - objective.level))
        method, stopped = Method.WATER_FILLING, Stopped.OPTIMAL
    certificate = _certify(problem, objective, haircut, dual)
    return solution(problem, haircut, certificate, method, stopped)


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
    problem: BurdenProblem, cap: FloatArray, search: Search
) -> tuple[FloatArray, Multipliers, Method, Stopped]:
    held = np.flatnonzero(problem.open)
    stated = CVaRProgram.of(problem, cap)
    try:
        answer = run(stated.program, time_limit=search.time_limit)
    except (Infeasible, SolverFailed, SolverStopped):
        return water_fill(problem.weight, problem.open, problem.budget), *_known(problem, cap)
    n = held.size
    haircut, burden = np.zeros_like(problem.capacity), np.zeros_like(problem.capacity)
    haircut[held] = np.clip(answer.columns[1 : n + 1] * stated.most, 0.0, problem.open[held])
    haircut = to_budget(problem.budget, haircut, np.zeros_like(haircut), problem.open)
    burden[held] = answer.duals[:n] / (problem.weight[held] * WORK_TOTAL)
    dual = Multipliers(budget=float(answer.duals[n]) * stated.price, burden=burden)
    if not math.isfinite(dual.budget + math.fsum(burden)):  # amounts below what floats hold
        return haircut, *_known(problem, cap)
    return haircut, dual, answer.method, answer.stopped


def _known(problem: BurdenProblem, cap: FloatArray) -> tuple[Multipliers, Method, Stopped]:
    """What is proved where HiGHS says nothing."""
    return _by_bisection(problem, cap)[1], Method.WATER_FILLING, Stopped.LIMIT


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CVaRProgram:
    """min t + Σ cap_i e_i with t + e_i ≥ b_i and Σ w_i b_i = B, in columns t, x_i and e_i.

    Amounts are shares of the most that the account may give, USD, and burdens of the least worst
    one. Nobody bears more than that over its cap: a burden of it alone would cost more than the
    least worst one. `price` is that of a dollar, for a dual of 1 of the budget's row.
    """

    program: Program
    most: FloatArray
    price: float

    @classmethod
    def of(cls, problem: BurdenProblem, cap: FloatArray) -> CVaRProgram:
        """State it."""
        held = np.flatnonzero(problem.open)
        n, w, u, share = held.size, problem.weight[held], problem.open[held], cap[held]
        budget = min(problem.budget, float(u.sum()))
        unit = water_level(w, u, budget) or 1.0
        with np.errstate(divide="ignore", over="ignore"):
            most = np.minimum(u, 2.0 * w * unit / np.minimum(share, 1.0))
        most = np.minimum(most, budget) if budget else most
        account, total = np.arange(n), math.fsum(most) or 1.0
        rows = SparseRows()
        rows.add_many(
            row=np.tile(account, 3),
            column=np.concatenate([np.zeros(n), 1 + account, 1 + n + account]),
            coefficient=np.concatenate([np.ones(n), -most / (w * unit), np.ones(n)]),
            lower=np.zeros(n),
        )
        needed = budget / total * WORK_TOTAL
        rows.add(1 + account, most / total * WORK_TOTAL, lower=needed, upper=needed)
        top = float((most / (w * unit)).max(initial=0.0))
        program = rows.program(
            cost=np.concatenate([[WORK_TOTAL], np.zeros(n), WORK_TOTAL * share]),
            lower=np.zeros(1 + 2 * n),
            upper=np.concatenate([[2.0 * top + 1.0], np.ones(n), np.full(n, 2.0 * top + 1.0)]),
        )
        return cls(program=program, most=most, price=unit / total)
