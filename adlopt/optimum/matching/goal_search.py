"""Objectives of two sides, minimised: a flow, its value recomputed, and a bound for each stage."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from adlopt.errors import (
    Binding,
    CertificateError,
    InfeasibleRound,
    InputError,
    NoSolution,
    SolverFailed,
    SolverStopped,
)
from adlopt.foundation.arrays import BoolArray, FloatArray, IntArray
from adlopt.foundation.deadline import is_late, seconds_left
from adlopt.model.limits import NO_LIMITS
from adlopt.model.method import Method, Stopped
from adlopt.model.objective import KeepHedges
from adlopt.optimum.core.certificate import TOLERANCE, Stage, Trust, resealed
from adlopt.optimum.matching.body import Hedges
from adlopt.optimum.matching.book_cuts import by_cuts
from adlopt.optimum.matching.flows import Score, mend, round_to_lots
from adlopt.optimum.matching.form import Form, for_branching
from adlopt.optimum.matching.found import NOTHING, Flow, prove, report
from adlopt.optimum.matching.goal_programs import (
    fewest_accounts,
    keep_hedges,
    least_burden,
    most_matched,
)
from adlopt.optimum.matching.linear import solved
from adlopt.optimum.matching.many_prices import lifted
from adlopt.optimum.matching.matching_problem import MatchingProblem
from adlopt.optimum.programs.highs import Infeasible, RawAnswer
from adlopt.optimum.programs.program import Program
from adlopt.optimum.programs.weak_duality import ProvenBound, lower_bound
from adlopt.show.words import dollars

SHARE = 1e-7
"""Share of the unit of multipliers from which an account counts as holding up the worst burden."""
CAP = 0.9 * TOLERANCE
"""Relative room that a later stage leaves the value of an earlier one."""
SPENT = 1e-6
"""Relative distance from its capacity at which an account counts as having no profit left."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FlowSearch:
    """A problem, and how its programs are to be solved, until `end` for all of them together.

    `branch`: whole lots are searched for by branch and bound, not rounded; `linear`: the least
    burden is asked of the linear program alone, not of cuts first.
    """

    problem: MatchingProblem
    branch: bool
    end: float
    linear: bool = False
    answers: list[tuple[Stopped, Method]] = field(default_factory=list)
    """How each of its programs ended."""
    bends: list[IntArray] = field(default_factory=list)
    """Pieces of groups, shape (k,), that a bound would gain by."""

    def bound(
        self, form: Form, answer: RawAnswer, value: float, *, exact: bool | None = None
    ) -> ProvenBound:
        """What multipliers prove of single orders, where a value is reached."""
        if not self.problem.mixed.any():
            return self.bound_of_groups(form, duals(answer), value, exact=exact)
        found = lifted(self.problem, form, duals(answer))
        proven = self.bound_of_groups(form, found.row_duals, value)
        if proven.lower < value - TOLERANCE * abs(value):
            worth = form.factor * found.loss > 0.5 * TOLERANCE * abs(value) / found.loss.size
            self.bends.append(np.where(worth[self.problem.order_level], found.piece, 0))
        return proven

    def bound_of_groups(
        self, form: Form, row_duals: FloatArray, value: float, *, exact: bool | None = None
    ) -> ProvenBound:
        """What multipliers prove where orders of a group are closed at its mean."""
        program = form.below(value) if form.burden else form.program
        proven = lower_bound(program, row_duals, exact=False if self.problem.mixed.any() else exact)
        lower, error = form.factor * proven.lower, form.factor * proven.error
        return replace(proven, lower=lower, error=error)

    def finer(self) -> IntArray | None:
        """Groups of orders, shape (k,), split where a bound would gain by it, if any would."""
        pieces = [self.problem.group, *self.bends]
        if not any(piece.any() for piece in self.bends):
            return None
        group = np.unique(np.stack(pieces), axis=1, return_inverse=True)[1]
        return group.reshape(-1)

    @property
    def idle(self) -> bool:
        """Whether nothing can be matched, and no program is needed."""
        return not self.problem.quantity.size

    def least_burden(self) -> Flow:
        """Find the least worst burden."""
        if self.idle:
            return NOTHING
        if (found := self._by_cuts(first=True)) is not None:
            return found
        form = least_burden(self.problem)
        flow, answer = self.flow(form)
        steps = flow
        if self.problem.whole:
            steps = round_to_lots(self.problem, flow, self._by_burden)
        proven = self._bound(form, answer, self._worst_burden(flow))
        stage = prove("worst burden", self._worst_burden(steps), proven)
        if self.branch and not stage.certificate.optimal:
            steps, claimed = self.branched(
                form, steps, low=stage.certificate.lower, high=stage.value
            )
            stage = report(prove("worst burden", self._worst_burden(steps), proven), claimed)
        return self.found(steps, [stage], self.price(form, answer), [(form, answer)])

    def _by_cuts(self, *, first: bool) -> Flow | None:
        """The burdens without a program, where that can be."""
        try:
            found = None if self.linear else by_cuts(self.problem, self.end, first=first)
        except CertificateError:  # Rounding was too coarse; programs may still succeed.
            return None
        if found is None or not self.problem.whole:
            return found
        steps = round_to_lots(self.problem, found.steps, self._by_burden)
        certificate = resealed(found.stages[0].certificate, upper=self._worst_burden(steps))
        stage = replace(found.stages[0], certificate=certificate)
        return replace(found, steps=steps, stages=(stage,), witness=found.witness[:1])

    def leximin(self) -> Flow:
        """Lower the worst burden, fix those that hold it up, go on with the others."""
        if self.idle:
            return NOTHING
        if (flows := self._by_cuts(first=False)) is not None:
            return flows
        problem = self.problem
        fixed = np.full(problem.weight.size, np.nan)
        levels: list[tuple[BoolArray, Form, RawAnswer]] = []
        kept: list[IntArray] = []
        flow = np.zeros(0)
        while True:
            found = self._next_level(fixed, first=not levels)
            if found is None:
                self.answers.append((Stopped.LIMIT, Method.HIGHS))
                break
            form, flow, answer = found
            if levels and not form.accounts.size:
                break
            bearing = np.zeros(problem.weight.size, dtype=bool)
            bearing[form.accounts] = True
            worst = self._worst_burden(flow, bearing)
            levels.append((bearing, form, answer))
            kept.append(np.flatnonzero(~np.isnan(fixed)))
            if worst <= 0.0:
                break
            fixed[form.accounts[_holding(form, answer)]] = worst
        steps = round_to_lots(problem, flow, self._by_burden) if problem.whole else flow
        taken, stages = problem.haircut(steps), []
        for rank, (bearing, form, answer) in enumerate(levels[: 1 if problem.whole else None]):
            words = "worst burden" if rank == 0 else f"burden of the next {int(bearing.sum())}"
            worst = self._worst_burden(steps, bearing)
            stages.append(prove(words, worst, self._bound(form.given(taken), answer, worst)))
        first = stages[0].certificate
        if self.branch and not first.optimal:
            steps, claimed = self.branched(
                levels[0][1], steps, low=first.lower, high=stages[0].value
            )
            certificate = resealed(first, upper=self._worst_burden(steps))
            stages = [report(replace(stages[0], certificate=certificate), claimed)]
        proofs = [level[1:] for level in levels[: len(stages)]]
        best = self.found(steps, stages, self.price(*proofs[0]), proofs)
        told = zip(best.witness or [dict] * len(stages), kept, strict=False)
        return replace(best, witness=tuple(partial(dict, made(), kept=who) for made, who in told))

    def _next_level(
        self, fixed: FloatArray, *, first: bool
    ) -> tuple[Form, FloatArray, RawAnswer] | None:
        """The least burden of those who are not fixed, and a flow; None if HiGHS loses it.

        The flow before is a point of this program, and often the only one: HiGHS may call it
        infeasible, and then a little room helps.
        """
        for room in (1.0, 1.0 + 1e-14, 1.0 + 1e-12, 1.0 + CAP / 2):
            form = least_burden(self.problem, fixed=fixed * room)
            try:
                flow, answer = self.flow(form, most=self.problem.weight * fixed * room)
            except (NoSolution, CertificateError) as lost:
                if first:
                    raise
                if is_late(self.end) and isinstance(lost, SolverStopped):
                    break
            else:
                fixed *= room
                return form, flow, answer
        return None

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
        least = answer
        price = None if self.branch else self.price(form, answer)
        rounding = CAP * 1e-3 * math.fsum(problem.notional * problem.quantity)

        def change(steps: FloatArray) -> float:
            return math.fsum(hedges.change(steps))

        def stage(steps: FloatArray) -> Stage:
            return prove("net delta changed, USD", change(steps), proven, rounding=rounding)

        proven = self.bound(form, answer, change(flow))
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
            bearable = self._run(second)
        worst = self._worst_burden(steps)
        burden = prove("worst burden", worst, self._bound(second, bearable, worst))
        if self.branch:
            burden = report(burden, low)
        proofs = [(form, least), (second, bearable)]
        return self.found(steps, [report(stage(steps), claimed), burden], price, proofs)

    def fewest_accounts(self) -> Flow:
        """Touch as few accounts as can close all that is matched."""
        problem = self.problem
        if self.idle:
            return NOTHING
        form = fewest_accounts(problem)
        relaxed = self._run(form)
        proven = self.bound(form, relaxed, float(problem.touchable.sum()))
        proven = replace(proven, lower=float(math.ceil(proven.lower - 1e-9)))
        mixed = for_branching(problem, form, np.zeros(form.per.size))
        answer = self._solve(mixed.program)
        on = np.zeros(problem.weight.size, dtype=bool)
        on[np.unique(problem.account)] = answer.columns[form.per.size + 1 :] > 0.5
        steps = mend(problem, mixed.steps(answer.columns), on[problem.account])
        touched = float(np.unique(problem.account[steps > 0]).size)
        claimed = 0.0 if problem.mixed.any() else float(math.ceil(answer.bound - 1e-6))
        stages = [report(prove("accounts touched", touched, proven), claimed)]
        return self.found(steps, stages, None, [(form, relaxed)])

    def _bound(self, form: Form, answer: RawAnswer, value: float) -> ProvenBound:
        if not form.accounts.size:
            return ProvenBound(lower=0.0, error=0.0, trust=Trust.EXACT)
        return self.bound(form, answer, value)

    def _worst_burden(self, steps: FloatArray, among: BoolArray | None = None) -> float:
        burden = self.problem.burden(self.problem.haircut(steps))
        return float((burden if among is None else burden[among]).max(initial=0.0))

    def _by_burden(self, arc: int, steps: FloatArray, haircut: FloatArray) -> float:
        problem, account = self.problem, self.problem.owner[self.problem.position[arc]]
        taken = problem.value[problem.level[arc]]
        return float((haircut[account] + taken) / problem.weight[account]) if taken else 0.0

    def _run(self, form: Form) -> RawAnswer:
        return self._solve(form.program)

    def _solve(self, program: Program) -> RawAnswer:
        try:
            answer = solved(program, seconds_left(self.end))
        except Infeasible:
            raise self._infeasible() from None
        self.answers.append((answer.stopped, answer.method))
        return answer

    def found(
        self,
        steps: FloatArray,
        stages: Sequence[Stage],
        price: FloatArray | None = None,
        proofs: Sequence[tuple[Form, RawAnswer]] = (),
    ) -> Flow:
        """Gather an answer; it says how its programs ended, and what they prove of orders."""
        told = () if self.problem.mixed.any() else proofs
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
                partial(dict, form.prices(self.problem, duals(answer))) for form, answer in told
            ),
        )

    def _infeasible(self) -> Exception:
        form = most_matched(self.problem)
        answer = solved(form.program, seconds_left(self.end))
        wanted = math.fsum(self.problem.notional * self.problem.quantity)
        of_groups = self.bound_of_groups(form, duals(answer), -wanted).lower
        reached = max(-self.bound(form, answer, of_groups).lower, 0.0)
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
        farkas, served = form.prices(self.problem, duals(answer)), self.problem.order_level >= 0
        per = self.problem.notional / self.problem.step
        farkas["conserve"][served] += per[self.problem.order_level[served]]
        refused.farkas = farkas
        return refused

    def flow(self, form: Form, *, most: FloatArray | None = None) -> tuple[FloatArray, RawAnswer]:
        """Solve a form: a flow, shape (A,), that closes every level exactly, and the raw answer.

        No account gives more than `most`, shape (n,), USD, where that is a number.
        """
        answer = self._run(form)
        most = None if most is None else np.where(np.isnan(most), np.inf, most)
        return mend(self.problem, form.steps(answer.columns), most=most), answer

    def price(self, form: Form, answer: RawAnswer) -> FloatArray:
        """Rise of the objective per step of each order, shape (k,)."""
        price: FloatArray = form.factor * lifted(self.problem, form, duals(answer)).price
        return price

    def branched(
        self, form: Form, steps: FloatArray, *, low: float = 0.0, high: float = 0.0
    ) -> tuple[FloatArray, float]:
        """Search for whole steps around others: a flow, and the bound that the search claims."""
        base = np.rint(steps)
        lots = for_branching(self.problem, form, base, low, high * (1 + 1e-9))
        answer = self._solve(lots.program)
        claimed = form.factor * (lots.offset + answer.bound)
        return mend(self.problem, lots.steps(answer.columns)), claimed


def require_marks(problem: MatchingProblem) -> None:
    """Refuse winners' positions without marks, where exposures count."""
    if problem.round_.positions.mark is None:
        raise InputError("positions.mark", None, "the mark of each position", remedy="give marks")


def duals(answer: RawAnswer) -> FloatArray:
    """Multipliers of a linear program's rows."""
    if answer.row_duals is None:
        raise SolverFailed("HiGHS returned no multipliers")
    return answer.row_duals


def _holding(form: Form, answer: RawAnswer) -> BoolArray:
    """Accounts whose multiplier says that the worst burden cannot fall unless theirs does."""
    share = shares(form, answer)
    holding: BoolArray = share >= min(SHARE * float(share.sum()), float(share.max()))
    return holding


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
    return lambda arc, steps, _: float(steps[arc] - flow[arc])
