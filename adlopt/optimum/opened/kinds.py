"""What can be opened: each kind states itself as a program, and makes its answer of a point."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np

from adlopt.errors import CertificateError, InfeasibleRound, InputError
from adlopt.foundation.arrays import FloatArray, IntArray
from adlopt.foundation.exact import exact_sum, largest_quotient
from adlopt.foundation.money import MICRO, MOST_MICRO, budget_range, micro
from adlopt.model.budget import Budget
from adlopt.model.constraint import Constraint, Row, Says, pools
from adlopt.model.episode import Episode
from adlopt.model.limits import NO_LIMITS, Limits
from adlopt.model.loss import Asymmetric, Empirical, MinMax, worst_burden
from adlopt.model.market import Market
from adlopt.model.objective import CVaR, FewestAccounts, LeastLeverage, TrackingFirst
from adlopt.model.positions import ContractRound, Positions
from adlopt.model.round import Round, RoundStart
from adlopt.model.two_sided import TwoSidedRound
from adlopt.model.who_pays import fractions
from adlopt.optimum.contracts.closing import ContractSolution
from adlopt.optimum.core.burden_problem import BurdenProblem
from adlopt.optimum.core.certificate import ROUNDING, Stage, check_feasible, resealed, round_up
from adlopt.optimum.core.surface import made, remade
from adlopt.optimum.core.waterfill import check_reachable
from adlopt.optimum.coupled.coupled_proof import check_payments, value, worst_in_all
from adlopt.optimum.coupled.shared_winners import Coupling
from adlopt.optimum.coupled.solve_coupled import CoupledSolution
from adlopt.optimum.dollars.fewest import ON_SO_FEW
from adlopt.optimum.dollars.least_loss import Solution, solution
from adlopt.optimum.dollars.tracking_first import AT_THAT_SUM
from adlopt.optimum.infeasibility import explain
from adlopt.optimum.matching.flows import mend
from adlopt.optimum.matching.found import Flow
from adlopt.optimum.matching.goal_search import FlowSearch
from adlopt.optimum.matching.leverage_levels import least_leverage, worst_leverage
from adlopt.optimum.matching.matched import Matching
from adlopt.optimum.matching.matching import matching_of
from adlopt.optimum.matching.matching_problem import MatchingProblem
from adlopt.optimum.opened.of_episodes import state_episode
from adlopt.optimum.opened.of_two_sides import state_matching
from adlopt.optimum.opened.own_objective import cost_at, is_own, with_cost
from adlopt.optimum.opened.searched import Searched, own_prices
from adlopt.optimum.programs.of_dollars import state_contracts, state_dollars, then_burden
from adlopt.optimum.programs.stated import Stated
from adlopt.optimum.spaces import SOLVABLE, Options, reasons_of

DUST = 1e-15
"""Of what an account has, and of the budget."""
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

    thing: Round
    objective: Any
    problem: BurdenProblem
    limits: Limits

    @classmethod
    def of(cls, round_: Round, objective: Any, budget: Budget, limits: Limits) -> Dollars:
        """Gather it."""
        plain = isinstance(objective, (MinMax, Asymmetric, Empirical))
        loss = objective if plain else objective.worst
        if isinstance(objective, TrackingFirst):
            of, epsilon = objective.burden, objective.epsilon
            loss = Asymmetric(under=1.0, over=1.0, fair=0.0, burden=of, epsilon=epsilon)
        if is_own(objective) and (round_.start.lot is not None or not isinstance(loss, MinMax)):
            raise InputError("objective", objective, "one with `worst`, and no lots")
        if isinstance(objective, CVaR) and objective.level == 1:
            objective = objective.worst
        problem = replace(BurdenProblem.of(round_, loss), extra=budget.extra)
        problem = problem.within(limits, round_.start)
        return cls(thing=round_, objective=objective, problem=problem, limits=limits)

    @property
    def parts(self) -> list[Listed]:
        """The round."""
        return [Listed(start=self.thing.start)]

    @property
    def alone(self) -> bool:
        """Whether no other method is known."""
        return isinstance(self.objective, CVaR) and self.problem.lot is not None

    @property
    def _unasked(self) -> bool:
        """Whether an objective of one's own does not ask for the budget."""
        return is_own(self.objective) and not getattr(self.objective, "exact", True)

    def state(self, constraints: Sequence[Constraint]) -> tuple[Stated, IntArray]:
        """State it, and say whose burden each account's is part of, (n,)."""
        start, problem = self.thing.start, self.problem
        bearer, bearers = pools(constraints, start)
        if problem.exact and problem.lot is None:
            try:
                check_reachable(problem.budget, problem.reachable)
            except InfeasibleRound as error:
                raise explain(error, problem, start, self.limits) from None
        own = is_own(self.objective)
        objective = self.objective.worst if own else self.objective
        stated = state_dollars(problem, objective, start.account, bearer, bearers)
        if self._unasked:
            stated = stated.unasked()
        return with_cost(stated, self.objective) if own else stated, bearer

    def answer(self, found: Searched, bearer: IntArray) -> Solution:
        """The haircut, mended, with its value recomputed."""
        problem, stated, alone = self.problem, found.stated, _alone(bearer)
        point, z = _whole(found), stated.burden
        haircut = np.clip(stated.haircut(point), 0.0, problem.open)
        if problem.lot is not None:
            haircut = _whole_sum(problem, micro(stated.haircut(point)))
        else:
            if z is not None and alone:
                # What a solver takes as zero is a burden to an account that has little.
                haircut = np.minimum(haircut, problem.weight * (point[z] * stated.unit[z]))
            for block in stated.columns:
                if block.name == "on":
                    # What a solver takes as zero is no account that gives.
                    haircut[problem.open > 0] *= point[block.part]
            # What a solver leaves of nothing is nothing, to the account and to the sum.
            haircut[haircut < DUST * np.minimum(problem.open, problem.budget)] = 0.0
            point[stated.column] = haircut / stated.unit[stated.column]
        raised = check_feasible(self._within(found.tolerance), haircut)
        worst = worst_shared(haircut, problem.weight, bearer)
        upper, missed = self._value(haircut, raised, worst, found, point)
        beyond = raised - Fraction(problem.budget)
        within = abs(beyond) <= Fraction(ROUNDING) * Fraction(problem.budget)
        residual = float(beyond) if problem.exact else 0.0
        certificate = found.certificate(
            upper, point, rounding=missed if within else 0.0, residual=residual
        )
        priced = z is not None and problem.lot is None and found.claimed is None
        pricing = partial(own_prices, found) if priced else None
        best = solution(problem, haircut, certificate, found.method, found.stopped, pricing=pricing)
        if not alone:
            gives, weight = (np.bincount(bearer, v)[bearer] for v in (haircut, problem.weight))
            bears = (haircut > 0) & (gives >= float(worst) * weight * (1 - 1e-9))
            best = remade(best, worst_burden=round_up(worst), at_burden=bears)
        reasons = reasons_of(best, problem, self.thing.start, self.limits)
        return replace(best, reason=_and_own(reasons, found))

    def then_burden(self, best: Solution, found: Searched) -> Stated:
        """The program of the least worst burden among what is as good as the best answer."""
        if isinstance(self.objective, FewestAccounts):
            return then_burden(found.stated, self.problem.weight, {"touched": best.value})
        missed = self.problem.budget - math.fsum(best.haircut)
        apart = abs(missed) if found.stated.program.integer is not None else 0.0
        most = {"short": max(missed, apart), "over": max(-missed, apart)}
        return then_burden(found.stated, self.problem.weight, most)

    def second(self, first: Solution, found: Searched, bearer: IntArray) -> Solution:
        """The haircut of that program, which is as good as the first one."""
        met, few = self.problem, isinstance(self.objective, FewestAccounts)
        if not few:
            # What rounding leaves is no sum to be met.
            raised = first.raised if first.raised > ROUNDING * met.budget else 0.0
            if met.lot is not None:
                raised = math.fsum(found.stated.haircut(_whole(found)))
            met = replace(met, budget=raised, under=math.inf, over=math.inf, fair=1.0)
        best = replace(self, objective=self.objective.worst, problem=met).answer(found, bearer)
        missed = abs(Fraction(self.problem.budget) - exact_sum(best.haircut))
        reached = float(best.touched) if few else round_up(missed)
        lower = min(first.certificate.lower, reached)
        certificate = resealed(first.certificate, upper=reached, lower=lower)
        then = ON_SO_FEW if few else AT_THAT_SUM
        stage = Stage(criterion=then, certificate=best.certificate)
        return remade(best, certificate=certificate, stages=(stage,))

    def _within(self, tolerance: float) -> BurdenProblem:
        """The problem, as far as a haircut must meet its budget."""
        problem, apart = self.problem, tolerance * self.problem.budget
        if self._unasked:
            return replace(problem, budget=0.0, extra=problem.reachable)
        if not problem.exact:
            return problem
        return replace(
            problem, budget=problem.budget * (1 - tolerance), extra=problem.extra + apart
        )

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
        place = {b.name: b.first for b in stated.columns if b.keys is None}

        def put(name: str, value: Fraction | float) -> None:
            point[place[name]] = max(float(value), 0.0) / stated.unit[place[name]]

        put("raised", raised)
        if isinstance(self.objective, CVaR):
            return self.objective.of_burdens(fractions(haircut, problem.weight)), 0.0
        if isinstance(self.objective, FewestAccounts):
            return float(np.count_nonzero(haircut)), 0.0
        if is_own(self.objective):
            put("burden", worst)
            return cost_at(self.objective, stated, haircut, float(worst)), 0.0
        z, own = place["burden"], stated.rows_named("own")
        if (stated.program.column[stated.program.start[own.first] :] == z).any():
            worst = max(worst, Fraction(float(point[z] * stated.unit[z])))
        put("burden", worst)
        if "excess" in place:
            put("excess", float(worst) - problem.allowance)
        missed = Fraction(0)
        if not problem.exact:
            lacking = Fraction(problem.budget) - raised
            put("short", lacking)
            put("over", -lacking)
            missed = max(Fraction(problem.under) * lacking, -Fraction(problem.over) * lacking)
        over = max(worst - Fraction(problem.allowance), Fraction(0))
        return round_up(missed + Fraction(problem.fair) * over), round_up(missed)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Contracts:
    """A round in whole lots of positions."""

    thing: ContractRound
    objective: MinMax
    budget: Budget
    limits: Limits

    @property
    def parts(self) -> list[Listed]:
        """The round."""
        return [Listed(start=self.thing.start, positions=self.thing.positions)]

    def state(self, constraints: Sequence[Constraint]) -> tuple[Stated, IntArray]:
        """State it, and say whose burden each account's is part of, (n,)."""
        bearer, bearers = pools(constraints, self.thing.start)
        given = self.thing, self.objective, self.budget, self.limits
        return state_contracts(*given, bearer, bearers), bearer

    def answer(self, found: Searched, bearer: IntArray) -> ContractSolution:
        """Whole lots, and their worst burden."""
        point, stated, round_ = _whole(found), found.stated, self.thing
        lots = np.rint(point[stated.column]).astype(np.int64)
        haircut = stated.haircut(point)
        weight = self.limits.denominators(self.objective.weights(round_.start))
        worst = worst_shared(haircut, weight, bearer)
        assert stated.raised is not None
        assert stated.burden is not None
        raised = float(haircut.sum())
        point[stated.raised] = raised / stated.unit[stated.raised]
        point[stated.burden] = max(float(worst), point[stated.burden])
        upper = round_up(worst)
        return made(
            ContractSolution,
            lots=lots,
            closed=lots * round_.positions.lot,
            haircut=haircut,
            worst_burden=upper,
            certificate=found.certificate(upper, point, residual=raised - round_.needed),
            method=found.method,
            stopped=found.stopped,
            round_=round_,
            reason=_and_own(("",) * haircut.size, found),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TwoSides:
    """Winners, against what losers shed.

    Where closing takes equity, leverage is a quotient: it is stated at a `level` that no matching
    is below, at which the program's optimum is the leverage itself if that level is it.
    """

    thing: TwoSidedRound
    objective: Any
    problem: MatchingProblem
    level: float = 0.0

    @property
    def parts(self) -> list[Listed]:
        """The winners."""
        winners = self.thing.winners
        return [Listed(start=winners.start, positions=winners.positions)]

    def state(self, constraints: Sequence[Constraint]) -> tuple[Stated, IntArray]:
        """State it; accounts share no burden."""
        bearer, bearers = pools(constraints, self.thing.winners.start)
        if len(bearers) < bearer.size:
            remedy = "state the accounts of an owner as one"
            raise InputError("constraints", "a shared burden", "rows of two sides", remedy=remedy)
        return state_matching(self.problem, self.objective, self.level), bearer

    def above(self, best: Matching) -> TwoSides | None:
        """The same at the level that an answer proves, where it leaves a gap and that is higher."""
        proof, quotient = best.certificate, isinstance(self.objective, LeastLeverage)
        higher = proof.lower > self.level * (1 + ROUNDING)
        higher &= quotient and bool(self.problem.value.any()) and not proof.optimal
        return replace(self, level=proof.lower) if higher else None

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
        if isinstance(objective, LeastLeverage):
            z = stated.column.size
            point[z] = worst_leverage(problem, steps) / stated.unit[z]
        upper = worst if stated.burden is not None else stated.value(point)
        if isinstance(objective, FewestAccounts):
            upper = float(np.unique(problem.account[steps > 0]).size)
        stage = Stage(criterion=stated.criterion, certificate=found.certificate(upper, point))
        flow = Flow(steps=steps, stages=(stage,), stopped=found.stopped, method=found.method)
        return matching_of(self.thing, problem, objective, flow)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rounds:
    """Rounds that share their winners."""

    thing: Episode
    objective: MinMax | Asymmetric
    coupling: Coupling

    @property
    def parts(self) -> list[Listed]:
        """All rounds."""
        firsts = np.cumsum([0, *(where.size for where in self.coupling.place)]).tolist()
        return [
            Listed(start=round_.start, first=first, prefix=f"round {round_.start.t}: ")
            for round_, first in zip(self.thing, firsts, strict=False)
        ]

    def state(self, constraints: Sequence[Constraint]) -> tuple[Stated, IntArray]:
        """State it; accounts share no burden."""
        if any(each.says is Says.SHARES for each in constraints):
            raise InputError("constraints", "a shared burden", "rows of an episode")
        stated = state_episode(self.coupling, self.objective)
        return stated, np.arange(len(stated.accounts))

    def answer(self, found: Searched, bearer: IntArray) -> CoupledSolution:
        """Haircuts of all rounds."""
        coupling, stated, point = self.coupling, found.stated, found.point.copy()
        flat = np.clip(stated.haircut(point), 0.0, None)
        taken = np.zeros_like(coupling.weight)
        parts = np.split(flat, np.cumsum([where.size for where in coupling.place])[:-1])
        for row, where, part in zip(taken, coupling.place, parts, strict=True):
            row[where] = part
        check_payments(coupling, taken)
        worst, asked = worst_in_all(coupling, taken), self.objective
        upper = value(coupling, asked, taken) if isinstance(asked, Asymmetric) else worst
        tight = np.flatnonzero(found.duals[stated.rows_named("budget").part])
        return made(
            CoupledSolution,
            haircuts=tuple(parts),
            certificate=found.certificate(upper, np.clip(point, 0.0, stated.program.upper)),
            worst_burden=worst,
            binding=tuple(t + 1 for t in tight.tolist()),
            stopped=found.stopped,
            method=found.method,
            budgets_met=isinstance(asked, MinMax),
            episode=self.thing,
        )


Kind = Dollars | Contracts | TwoSides | Rounds


def opened(thing: Any, objective: Any, options: Options) -> Kind:
    """What is to be solved, as one of the kinds."""
    budget, limits = options.budget or Budget.exact(), options.limits or NO_LIMITS
    if limits.tier is not None:
        raise InputError("limits.tier", "tiers", "None", remedy=NOT_TIERED)
    thing = TwoSidedRound.of_market(thing) if isinstance(thing, Market) else thing
    if isinstance(thing, Round):
        options.only("budget", "limits", where="in wealth space")
        return Dollars.of(thing, objective, budget, limits)
    if isinstance(thing, ContractRound):
        options.only("budget", "limits", where="in contract space")
        if not isinstance(objective, MinMax):
            raise InputError("objective", objective, "MinMax, in contract space")
        return Contracts(thing=thing, objective=objective, budget=budget, limits=limits)
    if isinstance(thing, TwoSidedRound):
        options.only("limits", "whole_lots", where="where winners are matched with losers")
        sides, lots = (thing.winners, thing.losers, objective.worst), options.whole_lots
        problem = MatchingProblem.of(*sides, lots=lots, limits=limits)
        level = 0.0
        if isinstance(objective, LeastLeverage) and problem.value.any():
            known = least_leverage(FlowSearch(problem=problem, branch=False), objective)
            level = known.stages[0].certificate.lower
        return TwoSides(thing=thing, objective=objective, problem=problem, level=level)
    if isinstance(thing, Episode):
        options.only(where="of an episode")
        return Rounds(thing=thing, objective=objective, coupling=Coupling.of(thing, objective))
    raise InputError("thing", thing, SOLVABLE, remedy="Round.of(...) or read(path)")


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
                rows.append(own_row(stated, row, part))
    return names, rows


def own_row(stated: Stated, row: Row, part: Listed) -> tuple[IntArray, FloatArray, float, float]:
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
    if row.burden:
        assert stated.burden is not None
        column = np.append(column, stated.burden)
        value_ = np.append(value_, row.burden * stated.unit[stated.burden])
    return column, value_, row.lower + shift, row.upper + shift


def _whole(found: Searched) -> FloatArray:
    """The point within its bounds, whole where it must be."""
    p = found.stated.program
    point = np.clip(found.point, p.lower, p.upper)
    return point if p.integer is None else np.where(p.integer, np.rint(point), point)


def _whole_sum(problem: BurdenProblem, taken: IntArray) -> FloatArray:
    """USD of micro-dollars of lots, (n,), whose sum is an exact budget, or within its band."""
    least, highest = (
        budget_range(problem.budget, problem.extra) if problem.exact else (0, MOST_MICRO)
    )
    if not least <= int(taken.sum()) <= highest:
        raised = int(taken.sum()) / MICRO
        raise CertificateError(f"the lots raise {raised!r} USD, which is not what was asked for")
    return taken / MICRO


def _alone(bearer: IntArray) -> bool:
    return np.unique(bearer).size == bearer.size


def worst_shared(haircut: FloatArray, weight: FloatArray, bearer: IntArray) -> Fraction:
    """Largest burden, of those that are shared as one, exact where they are not."""
    if _alone(bearer):
        return largest_quotient(haircut, weight)
    gives, whole = (np.bincount(bearer, values).astype(float) for values in (haircut, weight))
    return Fraction(worst_burden(gives, whole))


def _and_own(reasons: Sequence[str], found: Searched) -> tuple[str, ...]:
    """Say which of one's own rows holds an account back, where nothing else does."""
    p, told, block = found.stated.program, list(reasons), found.stated.rows_named("own")
    owner = np.full(p.cost.size, -1)
    owner[found.stated.column] = found.stated.account
    for i, name in enumerate(block.keys or (), start=block.first):
        if found.duals[i]:
            columns = p.column[p.start[i] : p.start[i + 1]]
            for account in np.unique(owner[columns]).tolist():
                if account >= 0 and not told[account]:
                    told[account] = name
    return tuple(told)
