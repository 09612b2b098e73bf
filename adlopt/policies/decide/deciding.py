"""Decide a round at its start, before it is known what it needs."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from time import monotonic
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from adlopt.errors import InfeasibleRound, InputError
from adlopt.foundation.arrays import FloatArray, IntArray
from adlopt.foundation.exact import exact_sum, largest_quotient
from adlopt.model.budget import Budget
from adlopt.model.constraint import Constraint
from adlopt.model.limits import NO_LIMITS, Limits
from adlopt.model.loss import Loss, MinMax
from adlopt.model.method import Stopped
from adlopt.model.objective import Objective, TrackingFirst
from adlopt.model.positions import ContractRound, Positions
from adlopt.model.round import Round, RoundOutcome, RoundStart
from adlopt.optimum.core.burden_problem import BurdenProblem
from adlopt.optimum.core.certificate import (
    ROUNDING,
    TOLERANCE,
    UNIT_ROUNDING,
    Certificate,
    Trust,
    checked,
    round_down,
    round_up,
    tied,
)
from adlopt.optimum.core.waterfill import check_reachable
from adlopt.optimum.lots.lot_grid import LotGrid
from adlopt.optimum.solve import solve
from adlopt.policies.decide.ball import Ball, Best, Burdened, Used, best_budget
from adlopt.policies.decide.belief import Belief
from adlopt.policies.decide.both_ends import at_least, at_most, mixed
from adlopt.policies.decide.decision import Decision
from adlopt.policies.decide.decision_evidence import decision_file
from adlopt.policies.decide.decision_problem import CrossValidated, DecisionProblem
from adlopt.policies.decide.moving_capacity import Moving, burdened, priced
from adlopt.policies.decide.own_rows import best_under_rows, deliver_under_rows


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
    delivered: float | None = 1.0,
    objective: Loss | Objective | None = None,
    limits: Limits | None = None,
    constraints: Sequence[Constraint] = (),
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
    delivered : float or None
        In (0, 1]; or None: the scenarios are equally likely, no more than H is taken in any, and
        what one does not deliver is missed at its price. The need is at its worst in each.
    objective : Loss or Objective, optional
        Of the allocation, `MinMax` unless given: one that meets a budget.
    limits : Limits, optional
    constraints : sequence of Constraint
        Rows over groups of accounts, as `adlopt.group` makes them, for H that the same decides.
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
            constraints=constraints,  # type: ignore[arg-type]
            positions=positions,
            deadline=deadline,
        )
    )


def decided(problem: DecisionProblem) -> Decision:
    """Decide a problem as it is stated; see `decide`."""
    until = None if problem.deadline is None else monotonic() + problem.deadline
    burdens, (floor, guarantee) = problem.burdens, enough(problem)
    moving = None
    if problem.capacities is not None:
        moving = Moving.of(burdens, problem.capacities, problem.delivered)
        moving.check(floor)
        if problem.delivered is None:
            return _priced(problem, moving)
    check_reachable(floor, burdens.reachable)

    inside = floor, burdens.reachable if moving is None else moving.reach

    def best(ball: Ball) -> Best:
        return _best(problem, ball, moving or burdens, inside, until)

    def choose(needed: FloatArray, mass: FloatArray, radius: float) -> float:
        return best(problem.ball_of(needed, mass, radius)).raised

    ball = problem.ball(_calibrated(problem, choose))
    found = best(ball)
    taken = _take(problem, ball, found.raised, floor, until)
    belief = replace(ball, radius=0.0)
    raised = float(taken.raised)
    expected = belief.expected(raised) + problem.fair * taken.worst_burden
    return _decision(
        problem,
        ball,
        taken,
        _certify(problem, ball, found, taken),
        found.tangents,
        expected_loss=expected,
        price_of_ambiguity=max(expected - (best(belief) if ball.radius else found).cost, 0.0),
        guarantee=guarantee,
        stopped=found.stopped or taken.stopped,
    )


def _best(
    problem: DecisionProblem,
    ball: Ball,
    among: BurdenProblem | Moving,
    inside: tuple[float, float],
    until: float | None,
) -> Best:
    """The budget that loses least at worst, its burden included."""
    fair, (floor, reach) = problem.fair, inside
    if problem.constraints:
        # Rows may ask for more than can be needed.
        left = among.left if isinstance(among, Moving) else None
        return best_under_rows(problem, ball, inside, until, left)
    ends = floor, min(reach, max(ball.most, floor))
    if not fair:
        return best_budget(ball, lambda _: Burdened(0.0, 0.0), ends, until)
    if isinstance(among, BurdenProblem):
        return best_budget(ball, partial(burdened, among, fair), ends, until)
    if among.wanted == len(among.left):
        return best_budget(ball, partial(among.burden, fair), ends, until)
    # The k-th smallest level is not convex in H: some k scenarios are chosen, and better ones
    # again, while nobody's giving less than in any of them bounds the loss from below.
    bound = best_budget(ball, partial(burdened, among.relaxed(), fair), ends, until)
    found, raised = None, bound.raised
    for _ in range(len(among.left)):
        chosen = among.easiest(raised)
        within = floor, min(chosen.reach, ends[1])
        tried = best_budget(ball, partial(chosen.burden, fair), within, until)
        if found is not None and tried.cost >= found.cost:
            break
        found, raised = tried, tried.raised
    assert found is not None
    return replace(bound, raised=found.raised, cost=found.cost, stopped=found.stopped)


def _priced(problem: DecisionProblem, moving: Moving) -> Decision:
    """Decide where what scenarios do not deliver is missed, at its price."""

    def choose(needed: FloatArray, mass: FloatArray, radius: float) -> float:
        return priced(moving, problem.ball_of(needed, mass, radius), problem.fair).raised

    ball = problem.ball(_calibrated(problem, choose))
    belief = replace(ball, radius=0.0)
    found = priced(moving, ball, problem.fair)
    alone = priced(moving, belief, problem.fair) if ball.radius else found
    done = sum(usd >= found.raised * (1 - ROUNDING) for usd in found.delivered)
    taken = Taken(
        haircut=found.haircut,
        worst_burden=found.level,
        certificate=moving.least_level(found.haircut, found.level, found.raised),
        raised=Fraction(found.raised),
        delivered=done / len(moving.left),
    )
    certificate = checked(
        upper=round_up(found.upper),
        lower=max(round_down(found.lower), 0.0),
        trust=Trust.EXACT,
        rounding=round_up(found.rounding),
    )
    said = found.expected(belief, problem.fair)
    spared = max(said - alone.expected(belief, problem.fair), 0.0)
    return _decision(
        problem, ball, taken, certificate, found.used, expected_loss=said, price_of_ambiguity=spared
    )


def _decision(
    problem: DecisionProblem,
    ball: Ball,
    taken: Taken,
    certificate: Certificate,
    used: Used,
    **figures: Any,
) -> Decision:
    raised = float(taken.raised)
    needed, mass = _against(ball, moved := _moved(used))
    return Decision(
        problem=problem,
        haircut=taken.haircut,
        raised=raised,
        worst_burden=taken.worst_burden,
        most=ball.most,
        radius=ball.radius,
        worst_loss=certificate.upper,
        worst_needed=needed,
        worst_mass=mass,
        moved=moved,
        evidence=partial(decision_file, floor=enough(problem)[0]),
        certificate=tied(certificate, taken.haircut, np.array(raised)),
        allocation=taken.certificate,
        delivered=taken.delivered,
        lots=taken.lots,
        **figures,
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


def _calibrated(
    problem: DecisionProblem, choose: Callable[[FloatArray, FloatArray, float], float]
) -> float:
    if not isinstance(problem.ambiguity, CrossValidated):
        return problem.ambiguity
    needed = problem.belief.needed(problem.start)
    miss = problem.ball(0.0).miss
    return problem.ambiguity.radius(needed, problem.belief.mass, choose, miss)


def _take(
    problem: DecisionProblem, ball: Ball, raised: float, floor: float, until: float | None
) -> Taken:
    """Allocate the budget."""
    start = problem.start
    if problem.capacities is not None:
        return _deliver(problem, raised, floor)
    options: dict[str, Any] = {"limits": problem.limits, "constraints": problem.constraints}
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
    below = not floor
    found = _in_lots(whole, problem.objective.worst, options, below=below)
    fair = problem.fair
    return min(found, key=lambda t: ball.worst(float(t.raised)).cost + fair * t.worst_burden)


def _deliver(problem: DecisionProblem, raised: float, floor: float) -> Taken:
    """Haircuts that deliver H in as many scenarios as wanted, or what whole lots do of it."""
    start, worst, scenarios = problem.start, problem.objective.worst, problem.capacities
    assert scenarios is not None
    moving = Moving.of(problem.burdens, scenarios, problem.delivered)
    lots = None
    if problem.positions is not None:
        outcome = RoundOutcome(needed=raised)
        round_ = ContractRound(start=start, positions=problem.positions, outcome=outcome).rounded()
        limits = NO_LIMITS if problem.limits is None else problem.limits
        grid = LotGrid.of(round_, worst, Budget.at_least(), limits)
        raised, counts, share, certificate = _deliver_lots(moving, grid, raised, floor)
        haircut, closed = grid.haircut(counts, len(start.account)), np.zeros(len(round_.positions))
        closed[grid.row] = counts
        lots = tuple(map(int, closed.tolist()))
    elif start.lot is not None:
        grid = LotGrid.of_wealth(replace(problem.burdens, budget=raised))
        raised, counts, share, certificate = _deliver_lots(moving, grid, raised, floor)
        haircut = grid.haircut(counts, len(start.account))
    elif problem.constraints:
        haircut, burden, certificate = deliver_under_rows(problem, moving.left, raised)
        given = np.minimum(moving.left, haircut).sum(axis=1)
        return Taken(
            haircut=haircut,
            worst_burden=burden,
            certificate=certificate,
            raised=Fraction(raised),
            delivered=float(np.mean(given >= raised * (1 - TOLERANCE))),
        )
    else:
        haircut, share, certificate = moving.deliver(raised)
    return Taken(
        haircut=haircut,
        worst_burden=certificate.upper,
        certificate=certificate,
        raised=Fraction(raised),
        delivered=share,
        lots=lots,
    )


def _deliver_lots(
    moving: Moving, grid: LotGrid, raised: float, floor: float
) -> tuple[float, IntArray, float, Certificate]:
    """What is delivered, H or the most that lots can, and in how many of each position."""
    try:
        return raised, *moving.deliver_lots(grid, raised)
    except InfeasibleRound as refused:
        if refused.below is None or refused.below < floor:
            raise
        return refused.below, *moving.deliver_lots(grid, refused.below)


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


def _certify(problem: DecisionProblem, ball: Ball, found: Best, taken: Taken) -> Certificate:
    """Both ends of the loss at worst: its dual at the haircut, and one distribution, exact."""
    price = ball.worst(float(taken.raised)).price
    burden = Fraction(taken.worst_burden)
    if not problem.constraints:
        burden = largest_quotient(taken.haircut, problem.burdens.weight)
    upper = at_most(ball, taken.raised, price) + Fraction(problem.fair) * burden
    apart = abs(taken.raised - Fraction(found.raised))
    added = apart if apart <= ROUNDING * found.raised else Fraction(0)
    added += Fraction(8 * UNIT_ROUNDING) * abs(taken.raised)
    rounding = round_up(Fraction(max(ball.under, ball.over)) * added)
    if found.lower is not None:
        return found.lower.certificate(round_up(upper), rounding=rounding)
    floor = min(Fraction(found.ends[0]), taken.raised)
    ends = float(floor), max(found.ends[1], float(floor))
    lower = at_least(ball, found.tangents, ends, mixed(found.tangents))
    return checked(
        upper=round_up(upper),
        lower=max(round_down(lower), 0.0),
        trust=Trust.EXACT,
        rounding=rounding,
    )


def _moved(used: Used) -> FloatArray:
    """What the worst distribution moves up and down, (2, N), mixed of those of the tangents."""
    pairs = [weight * np.stack([each.worst.up, each.worst.down]) for weight, each in used]
    return np.sum(pairs, axis=0)  # type: ignore[no-any-return]


def _against(ball: Ball, moved: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The worst distribution: values, and shares."""
    up, down = moved
    stay = np.maximum(ball.mass - up - down, 0.0)
    needed = np.concatenate([[0.0], ball.needed, [ball.most]])
    mass = np.concatenate([[np.sum(down)], stay, [np.sum(up)]]) / ball.total
    held = mass > 1e-15
    return needed[held], mass[held]
