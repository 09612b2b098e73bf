"""The least |H − B|, then the least worst burden: where a budget cannot be met."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np

from adlopt.errors import InfeasibleRound
from adlopt.foundation.arrays import FloatArray
from adlopt.foundation.exact import exact_sum
from adlopt.foundation.money import MICRO
from adlopt.optimum.core.burden_problem import BurdenProblem
from adlopt.optimum.core.certificate import ROUNDING, Stage, Trust, checked, round_down, round_up
from adlopt.optimum.core.surface import remade
from adlopt.optimum.dollars.least_loss import Search, Solution, least_loss
from adlopt.optimum.lots.lot_grid import LotGrid

AT_THAT_SUM = "least worst burden at that sum"
"""The second criterion."""


def tracking_first(problem: BurdenProblem, search: Search) -> Solution:
    """Raise what is nearest to the exact budget of a problem, at the least worst burden.

    The lesser burden of a sum above and one as far below wins. With lots what is missed is exact in
    micro-dollars; that no sum is nearer is proved where their greatest common divisor or their
    total says so, and is the search's own word elsewhere.
    """
    best = _at_nearest(problem, search)
    budget, raised = _budget(problem), _raised(problem, best.haircut)
    missed = abs(raised - budget)
    lower, trust = _least_missed(problem, missed)
    added = missed - lower
    first = checked(
        upper=round_up(missed),
        lower=round_down(lower),
        trust=trust,
        rounding=float(added) if added <= Fraction(ROUNDING) * budget else 0.0,
    )
    stage = Stage(criterion=AT_THAT_SUM, certificate=best.certificate)
    return remade(best, certificate=first, stages=(stage,))


def _at_nearest(problem: BurdenProblem, search: Search) -> Solution:
    if problem.lot is None:
        return least_loss(replace(problem, budget=min(problem.budget, problem.reachable)), search)
    problem = replace(problem, budget=float(_budget(problem)))
    try:
        return least_loss(problem, search)
    except InfeasibleRound as missed:
        sums = [s for s in (missed.below, missed.above) if s is not None]
    apart = {s: abs(round(s * MICRO) - round(problem.budget * MICRO)) for s in sums}
    nearest = [s for s in sums if apart[s] == min(apart.values())]
    answers = [least_loss(replace(problem, budget=s), search) for s in nearest]
    return min(answers, key=lambda answer: answer.worst_burden)


def _least_missed(problem: BurdenProblem, missed: Fraction) -> tuple[Fraction, Trust]:
    """What no haircut can come nearer than, and what stands behind it."""
    budget = _budget(problem)
    if problem.lot is None:
        short = max(budget - exact_sum(problem.open), Fraction(0))
        return min(short, missed), Trust.EXACT
    grid = LotGrid.of_wealth(replace(problem, budget=0.0))
    step = Fraction(math.gcd(*np.unique(grid.lot).tolist()), MICRO)
    short = budget - Fraction(grid.total(grid.room), MICRO)
    over = budget % step if step else budget
    proved = max(short, min(over, step - over) if step else over)
    return (proved, Trust.EXACT) if proved >= missed else (missed, Trust.REPORTED)


def _budget(problem: BurdenProblem) -> Fraction:
    if problem.lot is None:
        return Fraction(problem.budget)
    return Fraction(round(Fraction(problem.budget) * MICRO), MICRO)


def _raised(problem: BurdenProblem, haircut: FloatArray) -> Fraction:
    if problem.lot is None:
        return exact_sum(haircut)
    return Fraction(int(np.rint(haircut * MICRO).astype(np.int64).sum()), MICRO)
