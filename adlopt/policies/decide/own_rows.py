"""Decisions under constraints of one's own: one linear program over H, haircuts and burden.

What missing costs at worst, R(H), is convex: t ≥ E_Q ℓ(H, b) for each distribution Q in the ball.
Tangents are added where the program's optimum is, until t is R there. What the last program cannot
go below, by weak duality, no decision within the rows does.

Where capacities move, H is what is delivered: in each scenario ω no more than Σ d_i with d_i ≤ x_i
and d_i ≤ u_i^ω, beside what those give whose capacities do not fall.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from time import monotonic

import numpy as np

from adlopt.errors import InfeasibleRound
from adlopt.foundation.arrays import FloatArray
from adlopt.model.round import Round, RoundOutcome
from adlopt.optimum.core.certificate import (
    ROUNDING,
    TOLERANCE,
    Certificate,
    round_down,
    round_up,
)
from adlopt.optimum.opened.kinds import worst_shared
from adlopt.optimum.opened.model import model
from adlopt.optimum.opened.searched import bound, check_rows, eased_rows
from adlopt.optimum.programs.highs import Infeasible, RawAnswer, run
from adlopt.optimum.programs.program import Program, SparseRows
from adlopt.optimum.programs.stated import Stated
from adlopt.optimum.programs.weak_duality import lower_bound
from adlopt.optimum.solve import solve
from adlopt.policies.decide.ball import STEPS, Ball, Best, Tangent
from adlopt.policies.decide.both_ends import at_least
from adlopt.policies.decide.decision_problem import DecisionProblem


def best_under_rows(
    problem: DecisionProblem,
    ball: Ball,
    ends: tuple[float, float],
    until: float | None = None,
    left: FloatArray | None = None,
) -> Best:
    """The best budget between two ends that meets the rows, and what proves it.

    `left`, (Ω, n), is what accounts can give in scenarios, in all of which it is delivered.
    """
    start, limits, fair = problem.start, problem.limits, problem.fair
    constraints, worst = problem.constraints, problem.objective.worst
    floor, highest = ends
    round_ = Round(start=start, outcome=RoundOutcome(needed=0.5 * (floor + highest)))
    stated = model(round_, worst, limits=limits).extended(constraints)[0].unasked()
    assert stated.raised is not None
    assert stated.burden is not None
    usd, at_h = float(stated.unit[stated.raised]), stated.raised
    dear = max(ball.under, ball.over) * max(ball.most, highest)
    if left is not None:
        stated, at_h = delivering(stated, left), stated.program.cost.size
    program = _priced(stated, at_h, fair, ends, dear)
    column = [at_h, program.cost.size - 1]
    tried: list[Tangent] = []
    found, lower, stopped = None, None, False
    at = [floor, highest]
    for _ in range(STEPS):
        for raised in at:
            tried.append(Tangent.of(ball.worst(raised)))
        within = program.with_rows(_tangents(ball, tried, ends, column, usd))
        try:
            answer = _met(within)
        except Infeasible:
            # The contradiction is named where a budget is asked for; lots have no part in it.
            nothing = Round(start=replace(start, lot=None), outcome=RoundOutcome(needed=floor))
            solve(nothing, worst, limits=limits, constraints=constraints)
            said = "no budget meets the constraints"
            raise InfeasibleRound(said, below=None, above=None, missing=0.0) from None
        raised = float(np.clip(answer.columns[at_h] * usd, *ends))
        here = Tangent.of(ball.worst(raised))
        burden = fair * float(answer.columns[stated.burden] * stated.unit[stated.burden])
        proven = lower_bound(within, answer.duals)
        lower = replace(proven, lower=proven.lower * usd, error=proven.error * usd)
        cost = here.worst.cost + burden
        if found is None or cost < found[1]:
            found = raised, cost
        stopped = until is not None and monotonic() > until
        met = found[1] - lower.lower <= 1e-3 * TOLERANCE * found[1]
        if stopped or met or any(raised == each.worst.raised for each in tried):
            break
        at = [raised]
    assert found is not None
    weight = np.maximum(answer.duals[-2 * len(tried) :], 0.0).reshape(-1, 2).sum(axis=1)
    total = float(weight.sum())
    used = [(w / total, each) for w, each in zip(weight.tolist(), tried, strict=True) if w]
    return Best(
        raised=_plainly(found[0], ball, [*ends, *_stated_usd(problem)]),
        cost=found[1],
        tangents=tuple(used or [(1.0, here)]),
        ends=ends,
        stopped=stopped,
        lower=lower,
    )


def _met(program: Program) -> RawAnswer:
    """Minimise; rows that meet but for rounding meet."""
    try:
        return run(program)
    except Infeasible:
        return run(eased_rows(program, ROUNDING))


def delivering(stated: Stated, left: FloatArray) -> Stated:
    """The program with a column more, first, of what is delivered in every scenario.

    `left` is what accounts have then, (Ω, n).
    """
    p, usd = stated.program, float(stated.unit[stated.raised or 0])
    most = p.upper[stated.column] * usd
    scenario, account = np.nonzero(left < most)
    h, count = p.cost.size, scenario.size
    rows, of = SparseRows(), np.arange(count)
    falls = h + 1 + of
    rows.add_many(
        row=np.tile(of, 2),
        column=np.concatenate([falls, stated.column[account]]),
        coefficient=np.repeat([1.0, -1.0], count),
        upper=np.zeros(count),
    )
    for each, row in enumerate(left):
        given = np.concatenate([stated.column[row >= most], falls[scenario == each]])
        rows.add([h, *given], [-1.0, *np.ones(given.size)], lower=0.0)
    reach = np.append(left.sum(axis=1).min(), left[scenario, account])
    ends = {
        "cost": np.append(p.cost, np.zeros(1 + count)),
        "lower": np.append(p.lower, np.zeros(1 + count)),
        "upper": np.append(p.upper, reach / usd),
    }
    whole = replace(p, **ends).with_rows(rows.program(**ends))  # type: ignore[arg-type]
    unit = np.append(stated.unit, np.full(1 + count, usd))
    row_unit = np.append(stated.row_unit, np.full(rows.count, usd))
    return replace(stated, program=whole, unit=unit, row_unit=row_unit)


def deliver_under_rows(
    problem: DecisionProblem, left: FloatArray, raised: float
) -> tuple[FloatArray, float, Certificate]:
    """Haircuts of the least worst burden within the rows that deliver H in every scenario.

    Returned are they, (n,), their worst burden, and its proof.
    """
    round_ = Round(start=problem.start, outcome=RoundOutcome(needed=raised))
    opened = model(round_, problem.objective.worst, limits=problem.limits)
    plain, _, bearer = opened.extended(problem.constraints)
    stated, h = delivering(plain.unasked(), left), plain.program.cost.size
    p, usd = stated.program, float(stated.unit[h])
    lower = p.lower.copy()
    lower[h] = min(raised / usd, float(p.upper[h]))
    stated = replace(stated, program=replace(p, lower=lower))
    answer = _met(stated.program)
    point = np.clip(answer.columns, lower, p.upper)
    haircut = stated.haircut(point)
    worst = round_up(worst_shared(haircut, problem.burdens.weight, bearer))
    assert stated.burden is not None
    point[stated.burden] = worst / stated.unit[stated.burden]
    check_rows(stated.program, point, TOLERANCE)
    return haircut, worst, bound(stated, point, answer.duals, worst).certificate(worst)


def _priced(
    stated: Stated, at_h: int, fair: float, ends: tuple[float, float], dear: float
) -> Program:
    """The program with H between two ends, and a column t ≤ 2 `dear`, of what missing costs."""
    p, usd = stated.program, float(stated.unit[stated.raised])
    cost = np.zeros(p.cost.size + 1)
    cost[stated.burden], cost[-1] = fair * float(stated.unit[stated.burden]) / usd, 1.0
    lower, upper = np.append(p.lower, 0.0), np.append(p.upper, 2.0 * dear / usd)
    lower[at_h] = ends[0] / usd
    upper[at_h] = min(upper[at_h], ends[1] / usd)
    return replace(p, cost=cost, lower=lower, upper=upper, integer=None)


def _tangents(
    ball: Ball, tried: Sequence[Tangent], ends: tuple[float, float], column: list[int], usd: float
) -> Program:
    """Two rows each, of the slopes on both sides: t ≥ c + s H, with a c that holds exactly."""
    rows, nothing = SparseRows(), np.zeros(column[1] + 1)
    for each in tried:
        for slope in (each.low, each.high):
            line = (Fraction(0), -Fraction(slope))
            constant = round_down(at_least(ball, [(1.0, each)], ends, line))
            rows.add(column, [-slope, 1.0], lower=constant / usd)
    return rows.program(cost=nothing, lower=nothing, upper=nothing)


def _stated_usd(problem: DecisionProblem) -> Iterator[float]:
    """USD that rows name."""
    for each in problem.constraints:
        for row in each.rows(problem.start):
            yield from (usd for usd in (row.lower, row.upper) if math.isfinite(usd))


def _plainly(raised: float, ball: Ball, stated: Sequence[float]) -> float:
    """The stated USD, or value of the belief, that is meant, where a solver's digits hide one."""
    plain = np.array([*stated, *ball.needed])
    nearest = float(plain[np.argmin(np.abs(plain - raised))])
    apart = TOLERANCE * max(nearest, 1e-3 * ball.most)
    return nearest if abs(nearest - raised) <= apart else raised
