"""Tiers: the first gives all it can before the next one gives anything."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from adlopt.errors import InputError
from adlopt.foundation.arrays import BoolArray
from adlopt.model.method import Stopped
from adlopt.optimum.core.burden_problem import BurdenProblem
from adlopt.optimum.core.certificate import ROUNDING, Stage
from adlopt.optimum.core.waterfill import check_reachable
from adlopt.optimum.dollars.least_loss import Solution
from adlopt.optimum.lots import level_search as lots
from adlopt.optimum.lots.lot_grid import LotGrid


def tier_by_tier(
    problem: BurdenProblem,
    tiers: Sequence[BoolArray],
    solve: Callable[[BurdenProblem], Solution],
) -> Solution:
    """Fill an exact budget tier by tier, under the same objective within each.

    The value and the certificate are those of the first tier; each further tier that gives
    anything is a stage.

    Raises
    ------
    InputError
        If lots differ: what the first tier gives would decide whether the rest can be met.
    InfeasibleRound
        If all tiers together cannot raise the budget.
    """
    if problem.lot is None:
        check_reachable(problem.budget, problem.reachable)
    else:
        grid = LotGrid.of(problem)
        held = grid.size[grid.most > 0]
        if (held != held[:1]).any():
            raise InputError("tier", "several", "one tier", remedy="use equal lots, or no lots")
        lots.optimum(problem, grid)
    rest = problem.budget
    answers: list[Solution] = []
    for mask in tiers:
        part = replace(problem, capacity=problem.capacity * mask)
        most = part.reachable if part.lot is None else _whole(part)
        last = len(answers) == len(tiers) - 1
        answers.append(solve(replace(part, budget=rest if last else min(rest, most))))
        rest = problem.budget - math.fsum(x for answer in answers for x in answer.haircut)
        rest = rest if rest > ROUNDING * problem.budget else 0.0
    return _together(answers)


def _whole(part: BurdenProblem) -> float:
    grid = LotGrid.of(replace(part, budget=0.0))
    return float(grid.haircut(grid.most).sum())


def _together(answers: Sequence[Solution]) -> Solution:
    first = answers[0]
    stages = list(first.stages)
    for number, answer in enumerate(answers[1:], start=2):
        if answer.touched:
            stages.append(Stage(criterion=f"tier {number}", certificate=answer.certificate))
            stages += [
                Stage(criterion=f"tier {number}, {s.criterion}", certificate=s.certificate)
                for s in answer.stages
            ]
    # One tier's multipliers do not price the budget of all.
    certificate = replace(first.certificate, multipliers=None)
    return replace(
        first,
        haircut=np.sum([answer.haircut for answer in answers], axis=0),
        certificate=certificate,
        worst_burden=max(answer.worst_burden for answer in answers),
        stopped=Stopped.of_all(answer.stopped for answer in answers),
        at_capacity=np.any([answer.at_capacity for answer in answers], axis=0),
        at_burden=np.any([answer.at_burden for answer in answers], axis=0),
        stages=tuple(stages),
    )
