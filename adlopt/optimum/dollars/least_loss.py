"""The least loss of a burden problem: solve it, and prove it.

| problem | method, and what it costs for n accounts |
|---|---|
| continuous | Newton on the concave water level, 2 to 6 passes |
| continuous, priced | the same, and a sort where the budget is not worth it |
| lots, exact budget or a band | steps to either side, 4 to 8 exact passes; then a sum of lots |
| lots, priced | the same, and branch and bound below the budget, O(n) a level |
| any, `Method.HIGHS` | the program that `adlopt.model` states, under tangents; MILP for lots |

The first three stay best at any size: a million accounts take 10 to 50 times as long as adding them
up, and 100 to 300 times until compiled loops pay (`adlopt.foundation.compiling`). HiGHS takes
twenty times as long, and serves as a cross-check. The sum of an exact budget is easy where lots are
many, since some small lots make any excess; it is hard where a hundred accounts hold a few coarse
lots each, and there a MILP is no better. A search for it is bounded, and says when it gives up; the
least burden in lots whose sum may exceed the budget is then still proved, exactly.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np

from adlopt.errors import CertificateError, InputError, SolverFailed, SolverStopped
from adlopt.foundation.arrays import AnyArray, BoolArray, FloatArray, freeze_mask, own, own_number
from adlopt.model.loss import MinMax, OverBurdens, worst_burden
from adlopt.model.method import Method, Stopped
from adlopt.model.objective import CVaR
from adlopt.model.round import Round
from adlopt.optimum.core import waterfill
from adlopt.optimum.core.burden_problem import BurdenProblem
from adlopt.optimum.core.certificate import (
    Certificate,
    Multipliers,
    Stage,
    Trust,
    certify,
    checked,
    resealed,
    round_down,
)
from adlopt.optimum.core.surface import Optimum, burdened, gives, made, remade
from adlopt.optimum.dollars.shadow_prices import Prices, Pricing, prices_of
from adlopt.optimum.lots.least_burden import check_counts
from adlopt.optimum.lots.lot_grid import LotGrid
from adlopt.optimum.lots.milp import proposed
from adlopt.optimum.lots.priced import PricedBudget
from adlopt.optimum.lots.tiered import solve_lots
from adlopt.optimum.programs.highs import Infeasible, run
from adlopt.optimum.programs.of_dollars import state_alone
from adlopt.optimum.programs.patterns import Patterns
from adlopt.optimum.reasons import notes
from adlopt.show.answer import Columns
from adlopt.show.schema.optima import SolutionData

APART = 2.0**-30
"""Relative distance of levels between which a budget is met to the last digit."""
NEWTON = 2
"""Steps that put a level right; one does unless it stands by a breakpoint."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Solution(Optimum):
    """A feasible haircut and what is proved about it.

    `haircut` has the USD taken from each account of the round, shape (n,), and `worst_burden` is
    max x_i / w_i of the objective's burden. Masks (n,) say where a capacity binds (`at_capacity`)
    and who bears the worst burden (`at_burden`); `reason` says why each account gives no more,
    where limits were given; `pricing` makes `prices`. The others are those of every optimum.
    """

    haircut: FloatArray
    worst_burden: float
    at_capacity: BoolArray
    at_burden: BoolArray
    reason: tuple[str, ...] = ()
    round_: Round | None = None
    pricing: Pricing | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "haircut", own(self.haircut, "haircut", lowest=0.0))
        for name in ("at_capacity", "at_burden"):
            object.__setattr__(self, name, freeze_mask(getattr(self, name)))
        self._check()

    def _answer(self) -> tuple[AnyArray, ...]:
        return self.haircut, np.array(self.worst_burden)

    def _numbers(self) -> dict[str, Any]:
        return {"haircut_usd": self.haircut.tolist()}

    def _witnesses(self) -> tuple[Mapping[str, Any], ...]:
        given, asked = self.certificate.multipliers, self.question
        if given is None or asked is None or not isinstance(asked.objective, (CVaR, OverBurdens)):
            return Optimum._witnesses(self)
        return (told(given),)

    @property
    def account(self) -> tuple[str, ...]:
        """Ids, length n; numbers from 1 where amounts alone were solved."""
        if self.round_ is None:
            return tuple(map(str, range(1, self.haircut.size + 1)))
        return self.round_.start.account

    @property
    def raised(self) -> float:
        """USD. H = Σ x_i."""
        return float(self.haircut.sum())

    @property
    def touched(self) -> int:
        """Number of accounts with a haircut."""
        return int(np.count_nonzero(self.haircut))

    @property
    def prices(self) -> Prices | None:
        """Shadow prices, on both sides, with their ranges; None of objectives that have none."""
        return None if self.pricing is None else self.pricing(self.account, self.reason)

    def _columns(self) -> Columns:
        known = {} if self.round_ is None else {"capacity_usd": self.round_.start.capacity}
        reasons = {"reason": self.reason} if self.reason else {}
        return {
            "account": self.account,
            **known,
            "haircut_usd": self.haircut,
            "at_capacity": self.at_capacity,
            "at_burden": self.at_burden,
            **reasons,
        }

    @property
    def notes(self) -> tuple[str, ...]:
        """Whom weights protect, with their dollars, and whether one account bears a whole tail."""
        asked = self.question
        if asked is None or self.round_ is None:
            return ()
        goal, start = asked.objective, self.round_.start
        return tuple(notes(start, goal, goal.worst, asked.limits, self.haircut))

    def _done(self) -> str:
        return f"{gives(self.touched, self.raised)}, {burdened(self.worst_burden)}"

    def _summary(self) -> str:
        return "; ".join([Optimum._summary(self), *self.notes])

    def data(self) -> SolutionData:
        """Return it as machines get it."""
        round_ = self.round_
        needed, capacity = (
            (None, None) if round_ is None else (round_.needed, round_.start.capacity)
        )
        capacity_usd = None if capacity is None else capacity.tolist()
        return self._filled(SolutionData, needed_usd=needed, capacity_usd=capacity_usd)


def told(multipliers: Multipliers) -> Mapping[str, Any]:
    """Multipliers as certificates in files have them: prices of rows."""
    return {"budget": [multipliers.budget], "share": -multipliers.burden}


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """How to look for an optimum, as `adlopt.solve` says."""

    method: Method = Method.AUTO
    gap: float = 0.0

    def __post_init__(self) -> None:
        if own_number(self.gap, "gap", lowest=0.0) >= 1:
            raise InputError("gap", self.gap, "a number in [0, 1)")
        if self.method not in (Method.AUTO, Method.HIGHS):
            raise InputError("method", self.method, "Method.AUTO or Method.HIGHS")


def least_loss(problem: BurdenProblem, search: Search | None = None) -> Solution:
    """Solve a burden problem; see `adlopt.optimum.solve.solve` for what it raises."""
    search = Search() if search is None else search
    if problem.lot is not None:
        everyone = [np.ones(problem.capacity.size, dtype=bool)]
        return (
            lots_of_least_burden(problem, everyone, search)
            if problem.exact
            else _priced_lots(problem, search)
        )
    by_program = _solve_program(problem) if search.method is Method.HIGHS else None
    if by_program is not None:
        return by_program
    haircut, multipliers = waterfill.optimum(problem)
    shared = problem.exact and np.array_equal(problem.weight, problem.capacity)
    used = Method.PRO_RATA if shared else Method.WATER_FILLING
    stopped = Stopped.LIMIT if search.method is Method.HIGHS else Stopped.OPTIMAL
    certificate = certify(problem, haircut, multipliers)
    pricing = partial(prices_of, problem, haircut)
    return solution(problem, haircut, certificate, used, stopped, pricing=pricing)


def solution(
    problem: BurdenProblem,
    haircut: FloatArray,
    certificate: Certificate,
    method: Method,
    stopped: Stopped = Stopped.OPTIMAL,
    stages: tuple[Stage, ...] = (),
    pricing: Pricing | None = None,
) -> Solution:
    """Put an answer together; whose capacity and who bears the burden is read off the haircut."""
    smallest = problem.lot if problem.lot is not None else 1e-9 * problem.capacity
    worst = worst_burden(haircut, problem.weight)
    full = (haircut > 0) & (haircut > problem.capacity - smallest)
    return made(
        Solution,
        haircut=haircut,
        worst_burden=worst,
        certificate=certificate,
        method=method,
        stopped=stopped,
        at_capacity=full,
        at_burden=(haircut > 0) & (haircut >= worst * problem.weight * (1 - 1e-9)),
        stages=stages,
        round_=problem.round_,
        pricing=pricing,
    )


def _solve_program(problem: BurdenProblem) -> Solution | None:
    """Let HiGHS find the level, and put right what it raises; None if it finds none.

    The bound is that of its duals.
    """
    if problem.exact:
        waterfill.check_reachable(problem.budget, problem.reachable)
    stated = state_alone(problem, MinMax())
    z, patterns = stated.burden or 0, Patterns.of(stated)
    try:
        answer = patterns.solve() if patterns else run(stated.program)
        haircut = _at_level(problem, float(answer.columns[z] * stated.unit[z]))
        proved = certify(problem, haircut, stated.multipliers(answer.duals))
    except (CertificateError, Infeasible, SolverFailed, SolverStopped):
        return None
    pricing = partial(prices_of, problem, haircut)
    return solution(problem, haircut, proved, answer.method, answer.stopped, pricing=pricing)


def _at_level(problem: BurdenProblem, level: float) -> FloatArray:
    """Haircut of a level, or of one by it that raises the budget, whichever is worth more."""
    u, w, near = problem.open, problem.weight, level
    budget = min(problem.budget, problem.reachable)
    for _ in range(NEWTON):
        _, given, slope = waterfill.filled(w, u, near)
        near += (budget - given - slope * near) / slope if slope > 0 else 0.0
    ends = [np.minimum(u, w * (near * (1.0 + apart))) for apart in (-APART, APART)]
    met = to_budget(problem.budget, np.minimum(u, w * near), *ends)
    if problem.exact:
        return met
    return min(np.minimum(u, w * level), met, key=problem.value)


def to_budget(
    budget: float, haircut: FloatArray, least: FloatArray, most: FloatArray
) -> FloatArray:
    """Move a haircut towards one of two between which it lies until it raises a budget."""
    missing = budget - math.fsum(haircut)
    end = most if missing > 0 else least
    way = math.fsum(end - haircut)
    share = np.clip(missing / way, 0.0, 1.0) if way else 0.0
    moved: FloatArray = haircut + share * (end - haircut)
    return moved


def _priced_lots(problem: BurdenProblem, search: Search) -> Solution:
    """Whole lots where missing the budget has a price."""
    grid, continuous = LotGrid.of_wealth(problem), waterfill.optimum(problem)
    best, method = PricedBudget(grid, problem, search.gap), Method.LOT_SEARCH
    counts, lower = best.counts, best.lower
    stopped = Stopped.OPTIMAL if best.lower == best.value else best.stopped
    if search.method is Method.HIGHS:
        stated = state_alone(problem, MinMax())
        columns, stopped = proposed(stated.program)
        if columns is not None:
            method, lots = Method.HIGHS, columns[stated.column][grid.account]
            counts = np.clip(np.rint(lots), 0, grid.most).astype(np.int64)
    check_counts(grid, counts)
    haircut = grid.haircut(counts, problem.capacity.size)
    certificate = resealed(certify(problem, *continuous), upper=problem.value(haircut))
    witness = (told(certificate.multipliers or continuous[1]),)
    if not certificate.optimal and Fraction(certificate.lower) < lower:
        proved = min(round_down(lower), certificate.upper)
        certificate = checked(upper=certificate.upper, lower=proved, trust=Trust.EXACT)
    return remade(solution(problem, haircut, certificate, method, stopped), witness=witness)


def lots_of_least_burden(
    problem: BurdenProblem, tiers: Sequence[BoolArray], search: Search
) -> Solution:
    """Whole lots that raise an exact budget, or one in a band, tier by tier."""
    grid = LotGrid.of_wealth(problem)
    found = solve_lots(grid, tiers, gap=search.gap, method=search.method)
    haircut = grid.haircut(found.counts, problem.capacity.size)
    return solution(problem, haircut, found.certificate, found.method, found.stopped, found.stages)
