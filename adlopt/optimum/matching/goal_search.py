"""Objectives of two sides, minimised: a flow, its value recomputed, and a bound for each stage."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from adlopt.errors import (
    Binding,
    CertificateError,
    InfeasibleRound,
    InputError,
    SolverFailed,
    SolverStopped,
)
from adlopt.foundation.arrays import FloatArray, IntArray
from adlopt.foundation.deadline import deadline, seconds_left
from adlopt.model.limits import NO_LIMITS
from adlopt.model.method import Method, Stopped
from adlopt.model.objective import KeepHedges
from adlopt.optimum.core.certificate import TOLERANCE, Stage, resealed
from adlopt.optimum.matching.body import Hedges
from adlopt.optimum.matching.book_cuts import burdens_by_cuts
from adlopt.optimum.matching.flows import Score, mend, round_to_lots
from adlopt.optimum.matching.form import Form, for_branching
from adlopt.optimum.matching.found import NOTHING, Flow, prove, report
from adlopt.optimum.matching.goal_programs import (
    keep_hedges,
    least_burden,
    most_matched,
)
from adlopt.optimum.matching.linear import solved
from adlopt.optimum.matching.many_prices import Lifted, lifted
from adlopt.optimum.matching.matching_problem import MatchingProblem
from adlopt.optimum.programs.highs import Infeasible, RawAnswer
from adlopt.optimum.programs.program import Program
from adlopt.optimum.programs.weak_duality import ProvenBound, lower_bound
from adlopt.show.words import dollars

CAP = 0.9 * TOLERANCE
"""Relative room that a later stage leaves the value of an earlier one."""
SPENT = 1e-6
"""Relative distance from its capacity at which an account counts as having no profit left."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FlowSearch:
    """A problem, and how its programs are to be solved.

    `branch`: whole lots are searched for by branch and bound, not rounded; `linear`: the least
    burden is asked of the linear program alone, not of cuts first, which are late from `end` on.
    """

    problem: MatchingProblem
    branch: bool
    linear: bool = False
    gap: float = 0.0
    end: float = math.inf
    answers: list[tuple[Stopped, Method]] = field(default_factory=list)
    """How each of its programs ended."""
    bends: list[IntArray] = field(default_factory=list)
    """Pieces of groups, shape (k,), that a bound would gain by."""
    proven: list[ProvenBound] = field(default_factory=list)
    """What is proved of the first criterion, whether or not an answer comes of it."""

    def lift(
        self, form: Form, row_duals: FloatArray, value: float, *, exact: bool | None = None
    ) -> Lifted:
        """What multipliers say of single orders, and prove where a value is reached."""
        found = lifted(self.problem, form, row_duals)
        proven = self.bound_of_groups(form, found.row_duals, value, exact=exact)
        enough = max(TOLERANCE, self.gap) * abs(value)
        if self.problem.mixed.any() and proven.lower < value - enough:
            worth = form.factor * found.loss > 0.5 * TOLERANCE * abs(value) / found.loss.size
            self.bends.append(np.where(worth[self.problem.order_level], found.piece, 0))
        return replace(found, proven=proven)

    def bound_of_groups(
        self, form: Form, row_duals: FloatArray, value: float, *, exact: bool | None = None
    ) -> ProvenBound:
        """What multipliers prove where orders of a group are closed at its mean."""
        program = form.below(value) if form.burden else form.program
        proven = lower_bound(program, row_duals, exact=False if self.problem.mixed.any() else exact)
        lower, error = form.factor * proven.lower, form.factor * proven.error
        return replace(proven, lower=lower, error=error)

    def finer(self) -> MatchingProblem | None:
        """The problem with groups split where a bound would gain by it, if any would."""
        if not any(piece.any() for piece in self.bends):
            return None
        pieces = np.stack([self.problem.group, *self.bends])
        group = np.unique(pieces, axis=1, return_inverse=True)[1]
        return self.problem.regrouped(group.reshape(-1))

    def part_of_time(self, share: float) -> float:
        """The moment at which so much of the time that is left is over."""
        return deadline(seconds_left(self.end), share)

    @property
    def idle(self) -> bool:
        """Whether nothing can be matched, and no program is needed."""
        return not self.problem.quantity.size

    def least_burden(self) -> Flow:
        """Find the least worst burden."""
        if self.idle:
            return NOTHING
        if (found := self.by_cuts(first=True)) is not None:
            return found
        form = least_burden(self.problem)
        flow, answer = self.flow(form)
        steps = flow
        if self.problem.whole:
            steps = round_to_lots(self.problem, flow, self._by_burden)
        proof = self.lift(form, duals(answer), self._worst_burden(flow))
        stage = prove("worst burden", self._worst_burden(steps), proof.proven)
        if self.branch and not stage.certificate.optimal:
            low, high = stage.certificate.lower, stage.value
            steps, claimed = self.branched(form, steps, low=low, high=high)
            stage = report(prove("worst burden", self._worst_burden(steps), proof.proven), claimed)
        return self.found(steps, [stage], form.factor * proof.price, [(form, proof)])

    def by_cuts(self, *, first: bool) -> Flow | None:
        """The burdens without a program, where that can be."""
        try:
            found = None if self.linear else burdens_by_cuts(self.problem, self.end, first=first)
        except CertificateError:  # Rounding was too coarse; programs may still succeed.
            return None
        if found is None or not self.problem.whole:
            return found
        steps = round_to_lots(self.problem, found.steps, self._by_burden)
        certificate = resealed(found.stages[0].certificate, upper=self._worst_burden(steps))
        stage = replace(found.stages[0], certificate=certificate)
        return replace(found, steps=steps, stages=(stage,), witness=found.witness[:1])

    def leximin(self) -> Flow:
        """Lower the worst burden, then the next, and so on, by cuts.

        A program knows the first alone: HiGHS proves it once more where it is asked to, finds it
        where rounding is too coarse for cuts, and searches for it in whole lots.
        """
        if self.idle:
            return NOTHING
        levels = None if self.branch else replace(self, linear=False).by_cuts(first=False)
        if levels is None:
            first = self.least_burden()
            return first if self.branch else replace(first, stopped=Stopped.LIMIT)
        if not self.linear or self.problem.mixed.any():
            return levels
        try:
            first = self.least_burden()
        except (CertificateError, SolverFailed, SolverStopped):
            return replace(levels, stopped=Stopped.LIMIT)
        (stage, *further), proof = levels.stages, first.stages[0].certificate
        lower = min(proof.lower, stage.value)
        held = resealed(stage.certificate, lower=lower, trust=proof.trust, error=proof.error)
        return replace(
            levels,
            stages=(replace(stage, certificate=held), *further),
            method=first.method,
            stopped=Stopped.of_all((levels.stopped, first.stopped)),
            price=first.price,
            witness=(*first.witness, *levels.witness[1:]),
        )

    def keep_hedges(self, objective: KeepHedges) -> Flow:
        """Change net deltas least, and among all that do so bear the least."""
        problem = self.problem
        require_marks(problem)
        coins = problem.round_.positions.coin
        for coin in objective.underlying:
            if coin not in coins:
                raise InputError("underlying", coin, "coins of the round's positions")
        if self.idle:
            return NOTHING
        hedges = Hedges.of(problem, objective.of(*coins))
        form = keep_hedges(problem, hedges)
        flow, answer = self.flow(form)
        rounding = CAP * 1e-3 * math.fsum(problem.notional * problem.quantity)

        def change(steps: FloatArray) -> float:
            return math.fsum(hedges.change(steps))

        def stage(steps: FloatArray) -> Stage:
            return prove("net delta changed, USD", change(steps), proof.proven, rounding=rounding)

        proof = self.lift(form, duals(answer), change(flow))
        self.proven.append(proof.proven)
        claimed = 0.0
        if self.branch:
            flow, claimed = self.branched(form, flow)
        cap = change(flow) * (1 + CAP) + rounding
        second = least_burden(problem, hedge_cap=(hedges, cap))
        steps, answer = self.flow(second)
        bearable = answer
        if self.branch:
            steps, low = self.branched(second, steps)
        elif problem.whole:
            steps = round_to_lots(problem, steps, by_fraction(steps))
            cap = max(cap, change(steps) * (1 + CAP))
            second = least_burden(problem, hedge_cap=(hedges, cap))
            bearable = self.solve(second)
        worst = self._worst_burden(steps)
        bearing = self.lift(second, duals(bearable), worst)
        burden = prove("worst burden", worst, bearing.proven)
        if self.branch:
            burden = report(burden, low)
        price = None if self.branch else form.factor * proof.price
        proofs = [(form, proof), (second, bearing)]
        return self.found(steps, [report(stage(steps), claimed), burden], price, proofs)

    def _worst_burden(self, steps: FloatArray) -> float:
        return float(self.problem.burden(self.problem.haircut(steps)).max(initial=0.0))

    def _by_burden(self, arc: Any, steps: FloatArray, haircut: FloatArray) -> FloatArray:
        problem, account = self.problem, self.problem.owner[self.problem.position[arc]]
        taken = problem.value[problem.level[arc]]
        burden = (haircut[account] + taken) / problem.weight[account]
        return np.where(taken == 0, 0.0, burden)

    def solve(self, form: Form) -> RawAnswer:
        """Solve a program, or keep what its multipliers prove."""
        try:
            return self._solve(form.program)
        except SolverStopped as late:
            self._keep(form, late.row_duals)
            raise

    def _keep(self, form: Form, row_duals: FloatArray) -> None:
        """What multipliers prove of the first program, if there was no answer before."""
        if len(self.answers) <= 1 and row_duals is not None:
            told = lifted(self.problem, form, row_duals).row_duals
            self.proven.append(self.bound_of_groups(form, told, math.inf))

    def _solve(self, program: Program) -> RawAnswer:
        try:
            answer = solved(program, self.gap)
        except Infeasible:
            raise self.infeasible() from None
        self.answers.append((answer.stopped, answer.method))
        return answer

    def found(
        self,
        steps: FloatArray,
        stages: Sequence[Stage],
        price: FloatArray | None = None,
        proofs: Sequence[tuple[Form, Lifted]] = (),
    ) -> Flow:
        """Gather an answer; it says how its programs ended, and what they prove of orders."""
        told = [(form, x.row_duals, x.price) for form, x in proofs]
        inside = any(method is Method.HIGHS_INTERIOR for _, method in self.answers)
        outside = Method.HIGHS
        if self.answers and all(method is Method.CUTS for _, method in self.answers):
            outside = Method.CUTS
        return Flow(
            steps=steps,
            stages=tuple(stages),
            price=price,
            stopped=Stopped.of_all(stopped for stopped, _ in self.answers),
            method=Method.HIGHS_INTERIOR if inside else outside,
            witness=tuple(
                partial(dict, form.prices(self.problem, *prices)) for form, *prices in told
            ),
        )

    def infeasible(self) -> Exception:
        """Why profits, or limits, do not suffice, once a program has no point."""
        form = most_matched(self.problem)
        answer = solved(form.program)
        wanted = math.fsum(self.problem.notional * self.problem.quantity)
        of_groups = self.bound_of_groups(form, duals(answer), -wanted).lower
        proof = self.lift(form, duals(answer), of_groups)
        reached = max(-proof.proven.lower, 0.0)
        if self.finer() is None and reached >= wanted * (1 - 1e-9):
            return SolverFailed("HiGHS calls a matching infeasible that profits allow")
        start, capacity = self.problem.round_.start, self.problem.capacity
        taken = self.problem.haircut(form.steps(answer.columns))
        spent = np.flatnonzero((taken > 0) & (taken >= capacity * (1 - SPENT)))
        reasons = self.problem.limits.reasons(start)
        within = "profits" if self.problem.limits is NO_LIMITS else "profits and limits"
        refused = InfeasibleRound(
            f"{within} let winners close positions of at most {dollars(reached)} at the mark, and "
            f"{dollars(wanted)} are to be closed: shed {dollars(wanted - reached)} less, or closer "
            f"to the mark; the {within} of {spent.size} accounts are used up",
            below=None,
            above=None,
            missing=wanted - reached,
            binding=tuple(Binding(start.account[i], float(capacity[i]), reasons[i]) for i in spent),
        )
        farkas = form.prices(self.problem, proof.row_duals, proof.price)
        served = self.problem.order_level >= 0
        per = self.problem.notional / self.problem.step
        farkas["conserve"][served] += per[self.problem.order_level[served]]
        refused.farkas = farkas
        return refused

    def flow(self, form: Form) -> tuple[FloatArray, RawAnswer]:
        """Solve a form: a flow, shape (A,), that closes every level exactly, and the raw answer."""
        answer = self.solve(form)
        try:
            return mend(self.problem, form.steps(answer.columns)), answer
        except CertificateError:
            if answer.stopped is Stopped.OPTIMAL:
                raise
            self._keep(form, duals(answer))
            raise SolverStopped("a limit came before a flow was found") from None

    def branched(
        self, form: Form, steps: FloatArray, *, low: float = 0.0, high: float = 0.0
    ) -> tuple[FloatArray, float]:
        """Search for whole steps around others: a flow, and the bound that the search claims."""
        base = np.rint(steps)
        program, cost = for_branching(self.problem, form, base, low, high * (1 + 1e-9))
        answer = self._solve(program)
        found = base + np.rint(answer.columns[: base.size])
        return mend(self.problem, found), form.factor * (cost + answer.bound)


def require_marks(problem: MatchingProblem) -> None:
    """Refuse winners' positions without marks, where exposures count."""
    if problem.round_.positions.mark is None:
        raise InputError("positions.mark", None, "the mark of each position", remedy="give marks")


def duals(answer: RawAnswer) -> FloatArray:
    """Multipliers of a linear program's rows."""
    if answer.row_duals is None:
        raise SolverFailed("HiGHS returned no multipliers")
    return answer.row_duals


def shares(form: Form, answer: RawAnswer) -> FloatArray:
    """Weight of each bearing account in the multipliers."""
    coefficient = np.zeros(form.program.row_lower.size)
    row = np.repeat(np.arange(coefficient.size), np.diff(form.program.start))
    of_z = form.program.column == form.per.size
    coefficient[row[of_z]] = form.program.coefficient[of_z]
    shares: FloatArray = np.abs(duals(answer) * coefficient)[form.bearing]
    return shares


def by_fraction(flow: FloatArray) -> Score:
    """Largest remainder first."""
    return lambda arc, steps, _: steps[arc] - flow[arc]
