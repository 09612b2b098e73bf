"""Decide a round at its start, before it is known what it needs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from time import monotonic
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from adlopt.errors import InfeasibleRound, InputError
from adlopt.foundation.arrays import FloatArray
from adlopt.foundation.exact import exact_sum, largest_quotient
from adlopt.model.budget import Budget
from adlopt.model.limits import Limits
from adlopt.model.loss import Loss, MinMax
from adlopt.model.method import Stopped
from adlopt.model.objective import Objective, TrackingFirst
from adlopt.model.positions import ContractRound, Positions
from adlopt.model.round import Round, RoundOutcome, RoundStart
from adlopt.optimum.core.burden_problem import BurdenProblem
from adlopt.optimum.core.certificate import (
    ROUNDING,
    Certificate,
    Multipliers,
    Trust,
    checked,
    round_down,
    round_up,
    tied,
    weak_bound,
)
from adlopt.optimum.core.waterfill import check_reachable, optimum
from adlopt.optimum.solve import solve
from adlopt.policies.decide.ball import Ball, Best, Burdened, best_budget
from adlopt.policies.decide.belief import Belief
from adlopt.policies.decide.both_ends import Line, at_least, at_most, mixed
from adlopt.policies.decide.decision import Decision
from adlopt.policies.decide.decision_problem import CrossValidated, DecisionProblem
from adlopt.policies.decide.moving_capacity import deliver


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Taken:
    """From whom: haircuts, shape (n,), their worst burden, and what is proved about them."""

    haircut: FloatArray
    worst_burden: float
    certificate: Certificate
    raised: Fraction
    delivered: float | None = None
    stopped: bool = False
    lots: tuple[int, ...] | None = None


def decide(  # noqa: PLR0913 - what a decision depends on
    start: RoundStart | DecisionProblem,
    *,
    belief: Belief | Mapping[float, float] | ArrayLike | str | None = None,
    under: float = 1.0,
    over: float = 1.0,
    fair: float = 0.0,
    ambiguity: float | CrossValidated = 0.0,
    chance: float | None = None,
    most: float | None = None,
    capacities: ArrayLike | None = None,
    delivered: float = 1.0,
    objective: Loss | Objective | None = None,
    limits: Limits | None = None,
    positions: Positions | None = None,
    deadline: float | None = None,
) -> Decision:
    """Decide how much to raise and from whom, before it is known what a round needs.

    The budget H minimises the expected loss λ_under (B − H)₊ + λ_over (H − B)₊, with the price of
    the worst burden, under the worst distribution of the needed budget B within `ambiguity` of the
    belief, on [0, b_max]. At ambiguity 0 that is the λ_under / (λ_under + λ_over) quantile of the
    belief, at an endless one b_max λ_under / (λ_under + λ_over), the minimax. Haircuts are those of
    `adlopt.solve` for the budget H.

    Parameters
    ----------
    start : RoundStart
        Or all of it, as `adlopt.read` gives it of a file without `needed`; then nothing else.
    belief : Belief, array_like, mapping or str
        Samples of the needed budget, USD; quantiles by level; a distribution, such as uniform:0:90.
        `belief_from` learns one from finished rounds.
    under, over : float
        Price of a dollar missed and of a dollar too much, > 0.
    fair : float
        Price of a unit of the worst burden.
    ambiguity : float or CrossValidated
        Wasserstein radius, USD.
    chance : float, optional
        Raise at least what is enough in this share of cases. Of N equally likely samples the k-th
        smallest, k = ⌈chance (N + 1)⌉, is enough with probability k / (N + 1) or more if they and
        the round are exchangeable, which consecutive rounds hardly are.
    most : float, optional
        USD. What can be needed at most, beside the deficit and the belief: b_max is the largest.
    capacities : array_like, shape (Ω, n), or float, optional
        USD. Scenarios of capacities at execution, or the share that all may lose till then: H is to
        be delivered in a share `delivered` of them, at the least worst burden.
    delivered : float
        In (0, 1].
    objective : Loss or Objective, optional
        Of the allocation, `MinMax` unless given: one that meets a budget.
    limits : Limits, optional
    positions : Positions, optional
        Close whole lots of these, worth whole micro-dollars after rounding.
    deadline : float, optional
        Seconds, after which the best so far is returned, with its proven gap.

    Raises
    ------
    InfeasibleRound
        If the winners cannot give what `chance` asks for.
    InputError
        If a value is wrong, or there are too few samples for `chance`.

    Examples
    --------
    >>> start = RoundStart(account=["a", "b"], capacity=[120.0, 80.0], deficit=90.0)
    >>> sure = decide(start, belief=[20.0, 30.0, 50.0], under=2.0)
    >>> sure.raised, sure.haircut, sure.information
    (30.0, array([18., 12.]), <Information.ROUND_START: 'round start'>)
    >>> decide(start, belief=[20.0, 30.0, 50.0], under=2.0, ambiguity=90.0).raised
    60.0
    """
    if isinstance(start, DecisionProblem):
        return decided(start)
    return decided(
        DecisionProblem(
            start=start,
            belief=belief,  # type: ignore[arg-type]
            under=under,
            over=over,
            fair=fair,
            ambiguity=ambiguity,
            chance=chance,
            most=most,
            capacities=capacities,  # type: ignore[arg-type]
            delivered=delivered,
            objective=MinMax() if objective is None else objective,
            limits=limits,
            positions=positions,
            deadline=deadline,
        )
    )


def decided(problem: DecisionProblem) -> Decision:
    """Decide a problem as it is stated; see `decide`."""
    until = None if problem.deadline is None else monotonic() + problem.deadline
    burdens, (floor, guarantee) = problem.burdens, enough(problem)
    check_reachable(floor, burdens.reachable)
    burden = partial(_burden, burdens, problem.fair)

    def best(ball: Ball) -> Best:
        highest = min(burdens.reachable, max(ball.most, floor))
        return best_budget(ball, burden, (floor, highest), until)

    ball = problem.ball(_radius(problem, best))
    found = best(ball)
    taken = _take(problem, ball, found.raised, floor, until)
    belief = replace(ball, radius=0.0)
    raised, price = float(taken.raised), problem.fair * taken.worst_burden
    alone = best(belief).raised
    expected = belief.expected(raised) + price
    certificate = _certify(problem, ball, found, taken, burdens)
    needed, mass = _against(ball, found)
    return Decision(
        problem=problem,
        haircut=taken.haircut,
        raised=raised,
        worst_burden=taken.worst_burden,
        most=ball.most,
        radius=ball.radius,
        expected_loss=expected,
        worst_loss=certificate.upper,
        price_of_ambiguity=max(expected - belief.expected(alone) - burden(alone).cost, 0.0),
        worst_needed=needed,
        worst_mass=mass,
        certificate=tied(certificate, taken.haircut, np.array(raised)),
        allocation=taken.certificate,
        guarantee=guarantee,
        delivered=taken.delivered,
        stopped=found.stopped or taken.stopped,
        lots=taken.lots,
    )


def enough(problem: DecisionProblem) -> tuple[float, float | None]:
    """USD that is enough in a share `chance` of cases, and the share that is guaranteed, if any."""
    share, belief = problem.chance, problem.belief
    needed = np.sort(problem.belief.needed(problem.start))
    if share is None:
        return 0.0, None
    if not belief.sampled or np.ptp(belief.mass):
        order = np.argsort(belief.needed(problem.start), kind="stable")
        passed = np.cumsum(belief.mass[order])
        place = int(np.searchsorted(passed, share * passed[-1] * (1 - 1e-12)))
        return float(needed[min(place, needed.size - 1)]), None
    n = needed.size
    k = math.ceil(share * (n + 1) - 1e-9)
    if k > n:
        least = math.ceil(share / (1 - share)) if share < 1 else None
        remedy = (
            f"{least:,} samples guarantee it" if least else "no number of samples guarantees it"
        )
        raise InputError("chance", share, f"at most {n}/{n + 1}, of {n} samples", remedy=remedy)
    return float(needed[k - 1]), k / (n + 1)


def _radius(problem: DecisionProblem, best: Any) -> float:
    if not isinstance(problem.ambiguity, CrossValidated):
        return problem.ambiguity

    def choose(needed: FloatArray, mass: FloatArray, radius: float) -> float:
        return float(best(problem.ball_of(needed, mass, radius)).raised)

    needed = problem.belief.needed(problem.start)
    miss = problem.ball(0.0).miss
    return problem.ambiguity.radius(needed, problem.belief.mass, choose, miss)


def _burden(problem: BurdenProblem, fair: float, raised: float) -> Burdened:
    """What the least worst burden of a budget costs."""
    if not fair:
        return Burdened(0.0, 0.0)
    stated = replace(problem, budget=raised)
    haircut, dual = optimum(stated)
    worst = replace(stated, fair=1.0).value(haircut)
    return Burdened(fair * worst, fair * dual.budget, dual)


def _take(
    problem: DecisionProblem, ball: Ball, raised: float, floor: float, until: float | None
) -> Taken:
    """Allocate the budget."""
    start, limits = problem.start, problem.limits
    if problem.capacities is not None:
        sent = deliver(problem.burdens, problem.capacities, problem.delivered, raised)
        return Taken(
            haircut=sent.haircut,
            worst_burden=sent.certificate.upper,
            certificate=sent.certificate,
            raised=Fraction(raised),
            delivered=sent.share,
        )
    options: dict[str, Any] = {"limits": limits}
    if until is not None:
        options["time_limit"] = max(until - monotonic(), 1e-3)
    outcome = RoundOutcome(needed=raised)
    if problem.positions is not None:
        round_ = ContractRound(start=start, positions=problem.positions, outcome=outcome)
        goal, above = problem.objective.worst, Budget.at_least()
        best = solve(round_.rounded(), goal, budget=above, **options)
        return _taken(best, tuple(best.lots.tolist()))
    whole = Round(start=start, outcome=outcome)
    if start.lot is None:
        return _taken(solve(whole, problem.objective, **options))
    found = _in_lots(whole, problem.objective.worst, options, below=not floor)
    fair = problem.fair
    return min(found, key=lambda t: ball.worst(float(t.raised)).cost + fair * t.worst_burden)


def _in_lots(whole: Round, worst: MinMax, options: dict[str, Any], *, below: bool) -> list[Taken]:
    """The sum of lots nearest to the budget, if it may be below, and the least burden above."""
    found = []
    if below:
        nearest = TrackingFirst(burden=worst.burden, epsilon=worst.epsilon)
        found.append(_taken(solve(whole, nearest, **options)))
    try:
        found.append(_taken(solve(whole, worst, budget=Budget.at_least(), **options)))
    except InfeasibleRound:
        if not found:
            raise
    return found


def _taken(best: Any, lots: tuple[int, ...] | None = None) -> Taken:
    return Taken(
        haircut=best.haircut,
        worst_burden=best.worst_burden,
        certificate=best.certificate,
        raised=exact_sum(best.haircut),
        stopped=best.stopped is Stopped.LIMIT,
        lots=lots,
    )


def _certify(
    problem: DecisionProblem, ball: Ball, found: Best, taken: Taken, burdens: BurdenProblem
) -> Certificate:
    """Both ends of the loss at worst, exact: its dual at the haircut, and one distribution."""

    def line_of(dual: Multipliers) -> Line:
        none, one = (
            weak_bound(replace(burdens, budget=usd), dual, Fraction(usd)) for usd in (0.0, 1.0)
        )
        return none, one - none

    price = ball.worst(float(taken.raised)).price
    worst = Fraction(problem.fair) * largest_quotient(taken.haircut, burdens.weight)
    upper = at_most(ball, taken.raised, price) + worst
    floor = min(Fraction(found.ends[0]), taken.raised)
    ends = float(floor), max(found.ends[1], float(floor))
    lower = at_least(ball, found.tangents, ends, mixed(found.tangents, line_of, problem.fair))
    apart = abs(float(taken.raised - Fraction(found.raised)))
    added = apart if apart <= ROUNDING * found.raised else 0.0
    return checked(
        upper=round_up(upper),
        lower=max(round_down(lower), 0.0),
        trust=Trust.EXACT,
        rounding=max(ball.under, ball.over) * added,
    )


def _against(ball: Ball, found: Best) -> tuple[FloatArray, FloatArray]:
    """The worst distribution, as it is mixed of those of the tangents: values, and shares."""
    up = sum(weight * each.worst.up for weight, each in found.tangents)
    down = sum(weight * each.worst.down for weight, each in found.tangents)
    stay = np.maximum(ball.mass - up - down, 0.0)
    needed = np.concatenate([[0.0], ball.needed, [ball.most]])
    mass = np.concatenate([[np.sum(down)], stay, [np.sum(up)]]) / ball.total
    held = mass > 1e-15
    return needed[held], mass[held]
