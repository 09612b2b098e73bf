"""The least worst leverage of a matching: one program at the mark, a few where closing costs."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from adlopt.errors import InfeasibleRound, InputError, SolverStopped
from adlopt.foundation.arrays import FloatArray, require
from adlopt.model.method import Method, Stopped
from adlopt.model.objective import LeastLeverage
from adlopt.optimum.core.certificate import ROUNDING, TOLERANCE
from adlopt.optimum.matching import goal_programs as programs
from adlopt.optimum.matching.flows import round_to_lots
from adlopt.optimum.matching.form import Form
from adlopt.optimum.matching.found import NOTHING, Flow, prove, report
from adlopt.optimum.matching.goal_search import (
    FlowSearch,
    by_fraction,
    duals,
    require_marks,
    shares,
)
from adlopt.optimum.matching.many_prices import Lifted
from adlopt.optimum.matching.matching_problem import MatchingProblem
from adlopt.optimum.programs.highs import RawAnswer
from adlopt.optimum.programs.weak_duality import ProvenBound

HIGHEST = 1e6
"""Leverage beyond which nobody counts as solvent."""
HAIR = 2e-10
"""Relative step to the side of a level that Newton's method takes for the worst leverage."""
STEPS = 100
"""Linear programs that the worst leverage may take; the interval reached by then is stated."""


def least_leverage(search: FlowSearch, objective: LeastLeverage) -> Flow:
    """Lower the worst leverage: one program at the mark, a few where closing takes equity.

    Each program proves a level out of reach, or reaches one that is no higher; the next level
    is Newton's, a hair to the side that is farther from it.
    """
    problem = search.problem
    require_equities(problem)
    if search.idle:
        return NOTHING
    level, lower, of_orders, upper = 0.0, 0.0, 0.0, math.inf
    flow, price = np.zeros(problem.level.size), None
    for _ in range(STEPS):
        form = programs.least_leverage(problem, level)
        try:
            attempt, answer = search.flow(form)
        except SolverStopped:
            if math.isinf(upper):
                raise
            search.answers.append((Stopped.LIMIT, Method.HIGHS))
            break
        reached = worst_leverage(problem, attempt)
        if reached < upper:
            upper, flow = reached, attempt
        # Never exact: sums of notionals, and levels, are rounded before they are proved.
        proven = search.bound_of_groups(form, duals(answer), 0.0, exact=False)
        proof = search.lift(form, duals(answer), proven.lower, exact=False)
        if level == 0.0 or proof.proven.lower >= level:
            told = partial(_prices, problem, form, proof, level)
        if level == 0.0 and not problem.value.any():
            price = form.factor * proof.price
        lower = max(lower, _shown(proven, level))
        of_orders = max(of_orders, _shown(proof.proven, level))
        enough = 1 - max(3 * HAIR, search.gap)
        if not problem.value.any() or lower >= upper * enough:
            break
        level = _next(problem, form, answer, attempt, (lower, level, upper))
    else:
        search.answers.append((Stopped.LIMIT, Method.HIGHS))
    proven = replace(proven, lower=of_orders)
    steps = flow
    if problem.whole:
        steps = round_to_lots(problem, flow, by_fraction(flow))
    if math.isinf(worst_leverage(problem, steps)):
        raise SolverStopped("rounding to lots takes all of somebody's equity")
    stage = prove("worst leverage", worst_leverage(problem, steps), proven)
    if search.branch and not (stage.certificate.optimal or problem.value.any()):
        steps, claimed = search.branched(form, steps, low=stage.certificate.lower, high=stage.value)
        stage = report(prove("worst leverage", worst_leverage(problem, steps), proven), claimed)
    found = search.found(steps, [stage], price)
    return replace(found, witness=(told,))


def _shown(proven: ProvenBound, level: float) -> float:
    """What a bound of the program at a level says of the worst leverage."""
    return max(proven.lower, 0.0) if level == 0.0 else level * (proven.lower >= level)


def _prices(problem: MatchingProblem, form: Form, proof: Lifted, level: float) -> dict[str, Any]:
    """What proves a level, as certificates have it: its rows are those of the program, scaled."""
    found: dict[str, Any] = form.prices(problem, proof.row_duals, proof.price)
    return found | {"share": found["share"] / (1.0 + level), "level": np.array([level])}


def require_equities(problem: MatchingProblem) -> None:
    """Refuse a round in which leverage means nothing."""
    require_marks(problem)
    equity = problem.round_.start.equity
    if equity is None:
        raise InputError("equity", None, "account values: leverage needs them")
    remedy = "an insolvent account is no winner: let it shed"
    require(equity > 0, equity, "equity", "a number > 0", remedy=remedy)


def worst_leverage(problem: MatchingProblem, steps: FloatArray) -> float:
    """Worst notional over equity after closing, among accounts that can be touched."""
    touched, equity = problem.touchable, problem.round_.start.equity
    assert equity is not None
    gross, equity = _notional_left(problem, steps)[touched], equity[touched]
    left = equity - problem.haircut(steps)[touched]
    kept, owed = left > ROUNDING * equity, left < -TOLERANCE * equity
    ratio = np.where(kept, gross / np.where(kept, left, 1.0), np.inf)
    return float(np.where((gross > 0) | owed, ratio, 0.0).max())


def _next(
    problem: MatchingProblem,
    form: Form,
    answer: RawAnswer,
    steps: FloatArray,
    tried: tuple[float, float, float],
) -> float:
    """Level at which the multipliers' mean of notional and equity would balance.

    What was tried are the highest level that is proven, the last, and the lowest that is reached.
    """
    lower, last, upper = tried
    if math.isinf(upper) and last >= HIGHEST:
        raise InfeasibleRound(
            f"no matching leaves every winner a leverage below {HIGHEST:g}: losers' "
            "prices take all of somebody's equity; shed less, or closer to the mark",
            below=None,
            above=None,
        )
    if math.isinf(upper):
        return HIGHEST
    equity = problem.round_.start.equity
    assert equity is not None
    mean = shares(form, answer) / equity[form.accounts]
    left = _notional_left(problem, steps)[form.accounts]
    kept = float(mean @ (equity - problem.haircut(steps))[form.accounts])
    level = float(mean @ left) / kept if kept > 0 else math.inf
    if not lower <= level <= upper:
        return (lower + upper) / 2
    level = level * (1 - HAIR if upper - level < level - lower else 1 + HAIR)
    return level if lower < level < upper else (lower + upper) / 2


def _notional_left(problem: MatchingProblem, steps: FloatArray) -> FloatArray:
    closed = problem.by_account(problem.notional[problem.level] * steps)
    gross = programs.gross_notional(problem)
    return np.where(closed < (1 - ROUNDING) * gross, gross - closed, 0.0)
