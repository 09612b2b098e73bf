"""What can be opened: each kind states itself as a program, and makes its answer of a point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np

from adlopt.errors import InfeasibleRound, InputError
from adlopt.foundation.arrays import FloatArray, IntArray
from adlopt.foundation.exact import largest_quotient
from adlopt.model.budget import Budget
from adlopt.model.constraint import Constraint, Row, Says
from adlopt.model.episode import Episode
from adlopt.model.limits import NO_LIMITS, Limits
from adlopt.model.loss import Asymmetric, Empirical, MinMax, worst_burden
from adlopt.model.objective import CVaR, FewestAccounts
from adlopt.model.positions import ContractRound, Positions
from adlopt.model.round import Round, RoundStart
from adlopt.model.two_sided import TwoSidedRound
from adlopt.optimum.contracts.closing import ContractSolution
from adlopt.optimum.core.burden_problem import BurdenProblem
from adlopt.optimum.core.certificate import ROUNDING, Stage, check_feasible, round_up
from adlopt.optimum.core.surface import made, remade
from adlopt.optimum.core.waterfill import check_reachable
from adlopt.optimum.coupled.coupled_proof import check_payments, value, worst_in_all
from adlopt.optimum.coupled.shared_winners import Coupling
from adlopt.optimum.coupled.solve_coupled import CoupledSolution
from adlopt.optimum.dollars.least_loss import Solution, solution
from adlopt.optimum.infeasibility import explain
from adlopt.optimum.matching.flows import mend
from adlopt.optimum.matching.found import Flow
from adlopt.optimum.matching.matched import Matching
from adlopt.optimum.matching.matching import matching_of
from adlopt.optimum.matching.matching_problem import MatchingProblem
from adlopt.optimum.opened.of_dollars import state_contracts, state_dollars
from adlopt.optimum.opened.of_episodes import state_episode
from adlopt.optimum.opened.of_two_sides import state_matching
from adlopt.optimum.opened.own_objective import cost_at, is_own, with_cost
from adlopt.optimum.opened.own_prices import own_prices
from adlopt.optimum.opened.searched import Searched
from adlopt.optimum.opened.stated import Stated
from adlopt.optimum.spaces import reasons_of

NOT_TIERED = "solve tier by tier: what a tier gives is the next one's budget"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Listed:
    """A round of what is opened: its accounts from `first` on, and positions, if any."""

    start: RoundStart
    positions: Positions | None = None
    first: int = 0
    prefix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dollars:
    """A round of dollars."""

    round_: Round
    objective: Any
    problem: BurdenProblem
    limits: Limits | None

    @classmethod
    def of(cls, round_: Round, objective: Any, budget: Budget, limits: Limits | None) -> Dollars:
        """Gather it."""
        plain = isinstance(objective, (MinMax, Asymmetric, Empirical))
        loss = objective if plain else objective.worst
        if is_own(objective) and (round_.start.lot is not None or not isinstance(loss, MinMax)):
            raise InputError("objective", objective, "one with `worst`, and no lots")
        if isinstance(objective, CVaR) and objective.level == 1:
            objective = objective.worst
        problem = replace(BurdenProblem.of(round_, loss), extra=budget.extra)
        if limits is not None:
            problem = problem.within(limits, round_.start)
        return cls(round_=round_, objective=objective, problem=problem, limits=limits)

    @property
    def parts(self) -> list[Listed]:
        """The round."""
        return [Listed(start=self.round_.start)]

    def state(self, bearer: IntArray, bearers: Sequence[str]) -> Stated:
        """State it."""
        if self.problem.exact and self.problem.lot is None:
            try:
                check_reachable(self.problem.budget, self.problem.reachable)
            except InfeasibleRound as error:
                limits = NO_LIMITS if self.limits is None else self.limits
                raise explain(error, self.problem, self.round_.start, limits) from None
        accounts, own = self.round_.start.account, is_own(self.objective)
        objective = self.objective.worst if own else self.objective
        stated = state_dollars(self.problem, objective, accounts, bearer, bearers)
        if own and not getattr(self.objective, "exact", True):
            budget = next(block.first for block in stated.rows if block.name == "budget")
            low, high = stated.program.row_lower.copy(), stated.program.row_upper.copy()
            low[budget], high[budget] = 0.0, np.inf
            stated = replace(stated, program=replace(stated.program, row_lower=low, row_upper=high))
        return with_cost(stated, self.objective)[0] if own else stated

    def answer(self, found: Searched, bearer: IntArray) -> Solution:
        """The haircut, mended, with its value recomputed."""
        problem, stated = self.problem, found.stated
        point = _whole(found)
        haircut = np.clip(stated.haircut(point), 0.0, problem.open)
        if problem.lot is None:
            z, alone = stated.burden, np.unique(bearer).size == bearer.size
            if z is not None and alone:
                # What a solver takes as zero is a burden to an account that has little.
                haircut = np.minimum(haircut, problem.weight * (point[z] * stated.unit[z]))
            point[stated.column] = haircut / stated.unit[stated.column]
        free = replace(problem, extra=problem.extra + found.tolerance * problem.budget)
        shifted = replace(free, budget=problem.budget * (1 - found.tolerance))
        if is_own(self.objective) and not getattr(self.objective, "exact", True):
            shifted = replace(shifted, budget=0.0, extra=problem.reachable)
        raised = check_feasible(shifted if problem.exact else problem, haircut)
        worst = _worst(haircut, problem.weight, bearer)
        upper, missed = self._value(haircut, raised, worst, found, point)
        within = abs(raised - Fraction(problem.budget)) <= Fraction(ROUNDING) * Fraction(
            problem.budget
        )
        residual = float(raised - Fraction(problem.budget)) if problem.exact else 0.0
        certificate = found.certificate(
            upper, point, rounding=missed if within else 0.0, residual=residual
        )
        best = solution(problem, haircut, certificate, found.method, found.stopped)
        if bearer.size != np.unique(bearer).size:
            gives = np.bincount(bearer, haircut)[bearer]
            weight = np.bincount(bearer, problem.weight)[bearer]
            bears = (haircut > 0) & (gives >= float(worst) * weight * (1 - 1e-9))
            best = remade(best, worst_burden=round_up(worst), at_burden=bears)
        if stated.burden is not None and problem.lot is None and found.claimed is None:
            best = replace(best, pricing=partial(own_prices, found))
        limits = NO_LIMITS if self.limits is None else self.limits
        reasons = reasons_of(best, problem, self.round_.start, limits)
        return replace(best, reason=_and_own(reasons, found))

    def _value(
        self,
        haircut: FloatArray,
        raised: Fraction,
        worst: Fraction,
        found: Searched,
        point: FloatArray,
    ) -> tuple[float, float]:
        """The objective, and of it what missing the budget costs; columns put where they are."""
        problem, stated = self.problem, found.stated
        own = next((b for b in stated.rows if b.name == "own"), None)
        place = {b.name: b.first for b in stated.columns if b.keys is None}
        point[place["raised"]] = float(raised) / stated.unit[place["raised"]]
        if isinstance(self.objective, CVaR):
            return _burdens_of(self.objective, haircut, problem.weight), 0.0
        if isinstance(self.objective, FewestAccounts):
            return float(np.count_nonzero(haircut)), 0.0
        z, missed = place["burden"], Fraction(0)
        if is_own(self.objective):
            point[z] = float(worst) / stated.unit[z]
            return cost_at(self.objective, stated, haircut, float(worst)), 0.0
        if (
            own is not None
            and (stated.program.column[stated.program.start[own.first] :] == z).any()
        ):
            worst = max(worst, Fraction(float(point[z] * stated.unit[z])))
        point[z] = max(float(worst) / stated.unit[z], 0.0)
        if "excess" in place:
            excess = max(float(worst) - problem.allowance, 0.0)
            point[place["excess"]] = excess / stated.unit[place["excess"]]
        if not problem.exact:
            lacking = Fraction(problem.budget) - raised
            for name, side in (("short", lacking), ("over", -lacking)):
                point[place[name]] = max(float(side), 0.0) / stated.unit[place[name]]
            missed = max(Fraction(problem.under) * lacking, -Fraction(problem.over) * lacking)
        over = max(worst - Fraction(problem.allowance), Fraction(0))
        return round_up(missed + Fraction(problem.fair) * over), round_up(missed)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Contracts:
    """A round in whole lots of positions."""

    round_: ContractRound
    objective: MinMax
    budget: Budget
    limits: Limits | None

    @property
    def parts(self) -> list[Listed]:
        """The round."""
        return [Listed(start=self.round_.start, positions=self.round_.positions)]

    def state(self, bearer: IntArray, bearers: Sequence[str]) -> Stated:
        """State it."""
        limits = NO_LIMITS if self.limits is None else self.limits
        return state_contracts(self.round_, self.objective, self.budget, limits, bearer, bearers)

    def answer(self, found: Searched, bearer: IntArray) -> ContractSolution:
        """Whole lots, and their worst burden."""
        point, stated, start = _whole(found), found.stated, self.round_.start
        lots = np.rint(point[stated.column]).astype(np.int64)
        haircut = stated.haircut(point)
        limits = NO_LIMITS if self.limits is None else self.limits
        weight = limits.denominators(self.objective.weights(start))
        worst = _worst(haircut, weight, bearer)
        assert stated.raised is not None
        assert stated.burden is not None
        raised = float(haircut.sum())
        point[stated.raised] = raised / stated.unit[stated.raised]
        point[stated.burden] = max(float(worst), point[stated.burden])
        upper = round_up(worst)
        certificate = found.certificate(upper, point, residual=raised - self.round_.needed)
        return made(
            ContractSolution,
            lots=lots,
            closed=lots * self.round_.positions.lot,
            haircut=haircut,
            worst_burden=upper,
            certificate=certificate,
            method=found.method,
            stopped=found.stopped,
            round_=self.round_,
            reason=_and_own(("",) * haircut.size, found),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TwoSides:
    """Winners, against what losers shed."""

    round_: TwoSidedRound
    objective: Any
    problem: MatchingProblem

    @property
    def parts(self) -> list[Listed]:
        """The winners."""
        winners = self.round_.winners
        return [Listed(start=winners.start, positions=winners.positions)]

    def state(self, bearer: IntArray, bearers: Sequence[str]) -> Stated:
        """State it."""
        if len(bearers) < bearer.size:
            remedy = "state the accounts of an owner as one"
            raise InputError("constraints", "a shared burden", "rows of two sides", remedy=remedy)
        return state_matching(self.problem, self.objective)

    def answer(self, found: Searched, bearer: IntArray) -> Matching:
        """Trades of a flow, mended."""
        problem, stated, objective = self.problem, found.stated, self.objective
        point = _whole(found)
        per = stated.unit[stated.column] / problem.step[problem.level]
        steps = point[stated.column] * per
        steps = np.rint(steps) if problem.whole else mend(problem, steps)
        point[stated.column] = steps / per
        worst = float(problem.burden(problem.haircut(steps)).max(initial=0.0))
        if stated.burden is not None:
            point[stated.burden] = worst / stated.unit[stated.burden]
        upper = worst if stated.burden is not None else stated.value(point)
        if isinstance(objective, FewestAccounts):
            upper = float(np.unique(problem.account[steps > 0]).size)
        stage = Stage(criterion=stated.criterion, certificate=found.certificate(upper, point))
        flow = Flow(steps=steps, stages=(stage,), stopped=found.stopped, method=found.method)
        return matching_of(self.round_, problem, objective, flow)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rounds:
    """Rounds that share their winners."""

    episode: Episode
    objective: MinMax | Asymmetric
    coupling: Coupling

    @property
    def parts(self) -> list[Listed]:
        """All rounds."""
        firsts = np.cumsum([0, *(where.size for where in self.coupling.place)]).tolist()
        return [
            Listed(start=round_.start, first=first, prefix=f"round {round_.start.t}: ")
            for round_, first in zip(self.episode, firsts, strict=False)
        ]

    def state(self, bearer: IntArray, bearers: Sequence[str]) -> Stated:
        """State it."""
        if len(bearers) < bearer.size:
            raise InputError("constraints", "a shared burden", "rows of an episode")
        return state_episode(self.coupling, self.objective)

    def answer(self, found: Searched, bearer: IntArray) -> CoupledSolution:
        """Haircuts of all rounds."""
        coupling, stated, point = self.coupling, found.stated, found.point.copy()
        flat = np.clip(stated.haircut(point), 0.0, None)
        taken = np.zeros_like(coupling.weight)
        parts = np.split(flat, np.cumsum([where.size for where in coupling.place])[:-1])
        for row, where, part in zip(taken, coupling.place, parts, strict=True):
            row[where] = part
        check_payments(coupling, taken)
        worst, met = worst_in_all(coupling, taken), isinstance(self.objective, MinMax)
        upper = worst
        if isinstance(self.objective, Asymmetric):
            upper = value(coupling, self.objective, taken)
        tight = np.abs(found.duals[next(b.first for b in stated.rows if b.name == "budget") :])
        return made(
            CoupledSolution,
            haircuts=tuple(parts),
            certificate=found.certificate(upper, np.clip(point, 0.0, stated.program.upper)),
            worst_burden=worst,
            binding=tuple(t + 1 for t in np.flatnonzero(tight[: len(taken)] > 0).tolist()),
            stopped=found.stopped,
            method=found.method,
            budgets_met=met,
            episode=self.episode,
        )


Kind = Dollars | Contracts | TwoSides | Rounds


def stated_rows(
    kind: Kind, stated: Stated, constraints: Sequence[Constraint]
) -> tuple[list[str], list[tuple[IntArray, FloatArray, float, float]]]:
    """Rows of a program that groups of accounts make."""
    names, rows = [], []
    for part in kind.parts:
        for constraint in constraints:
            if constraint.says is Says.SHARES:
                continue
            for row in constraint.rows(part.start, part.positions):
                names.append(part.prefix + row.name)
                rows.append(own_row(stated, row, 0.0, part))
    return names, rows


def own_row(
    stated: Stated, row: Row, burden: float, part: Listed
) -> tuple[IntArray, FloatArray, float, float]:
    """A row over accounts, the sum of them all and the burden, as one over columns."""
    shift, size = 0.0, len(stated.accounts)
    if row.positions:
        assert stated.contracts is not None
        position, at, per = stated.contracts
        factor = np.zeros(int(max(position.max(), row.index.max())) + 1)
        factor[row.index] = row.coefficient
        inside = np.flatnonzero(factor[position])
        column, value_ = at[inside], factor[position[inside]] * per[inside]
    else:
        factor = np.zeros(size)
        factor[part.first + row.index] = row.coefficient
        if row.share and stated.total is not None:
            shift = row.share * stated.total
        elif row.share and stated.raised is None:
            factor[part.first : part.first + len(part.start.account)] -= row.share
        inside = np.flatnonzero(factor[stated.account])
        column = stated.column[inside]
        value_ = factor[stated.account[inside]] * stated.worth[inside]
        if row.share and stated.raised is not None:
            column = np.append(column, stated.raised)
            value_ = np.append(value_, -row.share * stated.unit[stated.raised])
    if burden:
        assert stated.burden is not None
        column = np.append(column, stated.burden)
        value_ = np.append(value_, burden * stated.unit[stated.burden])
    return column, value_, row.lower + shift, row.upper + shift


def _whole(found: Searched) -> FloatArray:
    """The point within its bounds, whole where it must be."""
    p = found.stated.program
    point = np.clip(found.point, p.lower, p.upper)
    return point if p.integer is None else np.where(p.integer, np.rint(point), point)


def _worst(haircut: FloatArray, weight: FloatArray, bearer: IntArray) -> Fraction:
    """Largest burden, of those that are shared as one, exact where they are not."""
    if np.unique(bearer).size == bearer.size:
        return largest_quotient(haircut, weight)
    gives, whole = (np.bincount(bearer, values).astype(float) for values in (haircut, weight))
    return Fraction(worst_burden(gives, whole))


def _burdens_of(objective: CVaR, haircut: FloatArray, weight: FloatArray) -> float:
    burdens = np.where(weight > 0, haircut, 0.0) / np.where(weight > 0, weight, 1.0)
    return objective.of_burdens(burdens)


def _and_own(reasons: Sequence[str], found: Searched) -> tuple[str, ...]:
    """Say which of one's own rows holds an account back, where nothing else does."""
    p, told = found.stated.program, list(reasons)
    block = next((b for b in found.stated.rows if b.name == "own"), None)
    if block is None or block.keys is None:
        return tuple(told)
    owner = np.full(p.cost.size, -1)
    owner[found.stated.column] = found.stated.account
    for k, name in enumerate(block.keys):
        i = block.first + k
        if found.duals[i]:
            columns = p.column[p.start[i] : p.start[i + 1]]
            for account in np.unique(owner[columns]).tolist():
                if account >= 0 and not told[account]:
                    told[account] = name
    return tuple(told)
