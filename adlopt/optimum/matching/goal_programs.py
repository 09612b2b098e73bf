"""Linear and mixed-integer programs of matching, one objective each.

Columns are the arcs in money (steps · unit), then z, then those of the objective. All money is
scaled to a total near `WORK_TOTAL` to keep absolute tolerances harmless, and z is scaled so that
its cost is money too; by powers of two, so that what is proved of a program in fractions holds for
the problem.
"""

from __future__ import annotations

import numpy as np

from adlopt.foundation.arrays import FloatArray
from adlopt.optimum.matching.body import Body, Hedges, most_taken
from adlopt.optimum.matching.form import Form
from adlopt.optimum.matching.matching_problem import MatchingProblem
from adlopt.optimum.programs.program import WORK_TOTAL, Program, power_of_two


def least_burden(
    problem: MatchingProblem, *, hedge_cap: tuple[Hedges, float] | None = None
) -> Form:
    """Minimise the worst burden z: Σ value · steps ≤ w_i z for every account.

    Of `hedge_cap` net deltas may change by so many USD in all.
    """
    account, value = problem.account, problem.value[problem.level]
    used = np.zeros(problem.weight.size, dtype=bool)
    used[account[value > 0]] = True
    body = Body.of(problem, problem.value, hedges=hedge_cap[0] if hedge_cap else None)
    bearers = np.flatnonzero(used)
    total = float(problem.weight[bearers].sum()) or 1.0
    factor = 1.0 / float(power_of_two(total * body.scale))
    highest = most_taken(problem, problem.value)[bearers] / problem.weight[bearers]
    first = body.rows.count
    weights = problem.weight[bearers] * (body.scale * factor * WORK_TOTAL)
    body.add_accounts(bearers, value, np.zeros(bearers.size), column=body.z, coefficient=-weights)
    if hedge_cap is not None:
        hedges, cap = hedge_cap
        columns, ones = hedges.columns(body.z + 1), np.ones(hedges.count)
        body.rows.add(columns, ones, upper=cap * body.scale, label="changed")
    top = float(highest.max(initial=0.0)) / (factor * WORK_TOTAL)
    cost = np.zeros(body.width)
    cost[body.z] = WORK_TOTAL
    program = body.program(cost, lower=0.0, upper=top)
    return Form(
        program=program,
        per=body.per,
        factor=factor,
        bearing=first + np.arange(bearers.size),
        accounts=bearers,
        labels=tuple(body.rows.labels),
        taking=dict.fromkeys(("cap", "share"), body.scale),
        burden=True,
        scale=body.scale,
    )


def least_leverage(problem: MatchingProblem, level: float) -> Form:
    """Minimise L with N_i + level · taken_i ≤ L e_i: notional after closing, and equity before.

    If the optimum is at least the level, so is the worst leverage max N_i / (e_i − taken_i) of any
    matching; it is no more than that where the level is none above it. At 0 it is a bound anyhow.
    """
    gross, equity = gross_notional(problem), problem.round_.start.equity
    assert equity is not None
    touched = np.flatnonzero(problem.touchable)
    body = Body.of(problem, problem.notional)
    factor = 1.0 / float(power_of_two(float(equity[touched].sum()) * body.scale))
    first = body.rows.count
    # Rows are divided by 1 + level: what is taken counts up to a million times as much.
    body.add_accounts(
        touched,
        (level * problem.value - problem.notional)[problem.level] / (1.0 + level),
        -gross[touched] * (body.scale / (1.0 + level)),
        column=body.z,
        coefficient=-equity[touched] * (body.scale * factor * WORK_TOTAL),
    )
    worst = (gross + level * most_taken(problem, problem.value))[touched] / equity[touched]
    cost = np.zeros(body.width)
    cost[body.z] = WORK_TOTAL
    factor *= 1.0 + level
    program = body.program(cost, lower=0.0, upper=float(worst.max()) / (factor * WORK_TOTAL))
    return Form(
        program=program,
        per=body.per,
        factor=factor,
        bearing=first + np.arange(touched.size),
        accounts=touched,
        labels=tuple(body.rows.labels),
        taking={"cap": body.scale, "share": body.scale * level / (1.0 + level)},
        scale=body.scale,
    )


def keep_hedges(problem: MatchingProblem, hedges: Hedges) -> Form:
    """Minimise Σ |change of net delta| over the hedges, USD at the mark."""
    body = Body.of(problem, problem.notional, hedges=hedges)
    cost = np.zeros(body.width)
    cost[hedges.columns(body.z + 1)] = 1.0
    program = body.program(cost, lower=0.0, upper=0.0)
    return _form(body, program, factor=1.0 / body.scale)


def fewest_accounts(problem: MatchingProblem) -> Form:
    """Minimise the number of accounts touched: an arc carries nothing unless its account is on."""
    body = Body.of(problem, problem.notional, switches=True)
    arcs, account = np.arange(problem.level.size), problem.account
    _, switch = np.unique(account, return_inverse=True)
    room = np.minimum(problem.limit[problem.position], problem.quantity[problem.level]) / body.per
    body.rows.add_many(
        row=np.tile(arcs, 2),
        column=np.concatenate([arcs, body.z + 1 + switch]),
        coefficient=np.concatenate([1.0 / room, -np.ones(arcs.size)]),
        upper=np.zeros(arcs.size),
        label="on",
    )
    cost = np.zeros(body.width)
    cost[body.z + 1 :] = 1.0
    program = body.program(cost, lower=0.0, upper=0.0)
    return _form(body, program, factor=1.0, switches=True)


def most_matched(problem: MatchingProblem) -> Form:
    """Maximise the notional closed, for a round in which profits do not suffice for all of it."""
    body = Body.of(problem, problem.notional, elastic=True)
    cost = np.zeros(body.width)
    cost[: problem.level.size] = -(problem.notional * body.scale)[problem.level] * body.per
    program = body.program(cost, lower=0.0, upper=0.0)
    return _form(body, program, factor=1.0 / body.scale)


def _form(body: Body, program: Program, *, factor: float, switches: bool = False) -> Form:
    return Form(
        program=program,
        per=body.per,
        factor=factor,
        switches=switches,
        labels=tuple(body.rows.labels),
        taking={"cap": body.scale},
        scale=body.scale,
    )


def gross_notional(problem: MatchingProblem) -> FloatArray:
    """Σ_j |q_j| p_j of each account before the round, USD, shape (n,)."""
    positions = problem.round_.positions
    assert positions.mark is not None
    gross = positions.size * positions.mark
    return np.bincount(problem.owner, gross, minlength=problem.weight.size).astype(float)
