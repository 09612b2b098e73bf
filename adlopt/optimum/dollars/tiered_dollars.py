"""Tiers in dollars: an exact budget filled tier by tier, under the same objective within each."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from adlopt.errors import InputError
from adlopt.foundation.arrays import BoolArray
from adlopt.model.method import Stopped
from adlopt.optimum.core.burden_problem import BurdenProblem
from adlopt.optimum.core.certificate import ROUNDING, Stage
from adlopt.optimum.core.surface import remade
from adlopt.optimum.core.waterfill import check_reachable
from adlopt.optimum.dollars.least_loss import Solution
from adlopt.optimum.dollars.shadow_prices import prices_of_tiers
from adlopt.optimum.lots.least_burden import least_burden
from adlopt.optimum.lots.lot_grid import LotGrid
from adlopt.optimum.tiers import later, tier_by_tier


def dollars_by_tier(
    problem: BurdenProblem, tiers: Sequence[BoolArray], solve: Callable[[BurdenProblem], Solution]
) -> Solution:
    """Fill an exact budget tier by tier: each further tier that gives anything is a stage."""
    if problem.lot is None:
        check_reachable(problem.budget, problem.reachable)
    else:
        grid = LotGrid.of_wealth(problem)
        if (grid.lot != grid.lot[:1]).any():
            raise InputError("tier", "several", "one tier", remedy="use equal lots, or no lots")
        least_burden(grid)
    given: list[float] = []

    def left() -> float:
        rest = problem.budget - math.fsum(given)
        return rest if rest > ROUNDING * problem.budget else 0.0

    def one(mask: BoolArray, number: int) -> Solution:
        part = replace(problem, capacity=problem.capacity * mask)
        budget, most = left(), _most(part)
        if number < len(tiers) or budget - most <= ROUNDING * problem.budget:
            budget = min(budget, most)
        answer = solve(replace(part, budget=budget))
        given.extend(answer.haircut.tolist())
        return answer

    return _together(tier_by_tier(tiers, one, lambda _: not left()), tiers)


def _most(part: BurdenProblem) -> float:
    if part.lot is None:
        return part.reachable
    grid = LotGrid.of_wealth(replace(part, budget=0.0))
    return float(grid.haircut(grid.room, part.capacity.size).sum())


def _together(answers: Sequence[Solution], tiers: Sequence[BoolArray]) -> Solution:
    first = answers[0]
    stages = list(first.stages)
    for number, answer in enumerate(answers[1:], start=2):
        if answer.touched:
            own = Stage(criterion="", certificate=answer.certificate)
            stages += later(number, [own, *answer.stages])
    given = zip(answers, tiers, strict=False)
    parts = tuple((mask, answer.pricing) for answer, mask in given if answer.touched)
    return remade(
        first,
        haircut=np.sum([answer.haircut for answer in answers], axis=0),
        # One tier's multipliers do not price the budget of all.
        certificate=replace(first.certificate, multipliers=None),
        worst_burden=max(answer.worst_burden for answer in answers),
        stopped=Stopped.of_all(answer.stopped for answer in answers),
        at_capacity=np.any([answer.at_capacity for answer in answers], axis=0),
        at_burden=np.any([answer.at_burden for answer in answers], axis=0),
        stages=tuple(stages),
        pricing=None if first.pricing is None else partial(prices_of_tiers, parts),
    )
