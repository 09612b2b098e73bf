"""Objectives of one's own: `cost` says in cvxpy what haircuts, worst burden and sum cost."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from adlopt.errors import InputError
from adlopt.foundation.arrays import FloatArray
from adlopt.optimum.evidence.question import LinearCost
from adlopt.optimum.opened.expressions import Variables, is_convex_number, slopes
from adlopt.optimum.programs.program import WORK_TOTAL, power_of_two
from adlopt.optimum.programs.stated import Stated


def is_own(objective: Any) -> bool:
    """Whether an objective states its cost itself."""
    return callable(getattr(objective, "cost", None))


def with_cost(stated: Stated, objective: Any) -> Stated:
    """A program with that cost, where it is affine; else with none."""
    named = replace(stated, criterion=type(objective).__name__)
    per, known = np.zeros(stated.program.cost.size), linear(stated, objective)
    if known is None:
        return replace(named, program=replace(stated.program, cost=per))
    np.add.at(per, stated.column, known.haircut[stated.account] * stated.worth)
    for column, slope in ((stated.burden, known.fair), (stated.raised, known.raised)):
        per[column] += slope * stated.unit[column]
    largest = float(np.abs(per * np.minimum(stated.program.upper, 1e300)).max(initial=0.0))
    scale = float(power_of_two(WORK_TOTAL / largest)) if largest else 1.0
    program = replace(stated.program, cost=per * scale)
    return replace(named, program=program, factor=1.0 / scale)


def linear(stated: Stated, objective: Any) -> LinearCost | None:
    """What a cost is by haircut, sum and burden; None if it is not linear."""
    own = Variables.of(stated)
    cost = _expression(objective, own)
    if not cost.is_affine():
        return None
    (constant, *_), by = slopes(cost, own)
    burden, raised = float(by["burden"][0, 0]), float(by["raised"][0, 0])
    if burden < 0:
        raise InputError("objective", objective, "a cost that does not fall as the burden rises")
    if constant:
        raise InputError("objective", objective, f"a cost without the constant {constant!r}")
    of, epsilon = objective.worst.burden, objective.worst.epsilon
    taken = by["haircut"][:, 0]
    return LinearCost(haircut=taken, raised=raised, fair=burden, burden=of, epsilon=epsilon)


def cost_at(objective: Any, stated: Stated, haircut: FloatArray, worst: float) -> float:
    """The cost of haircuts, recomputed: at least 0, as optima are measured against their size."""
    own = Variables.of(stated)
    cost = _expression(objective, own)
    own.haircut.value, own.raised.value = haircut, float(haircut.sum())
    own.burden.value = worst
    value = float(cost.value)
    if value < 0:
        raise InputError("objective", value, "a cost of at least 0")
    return value


def _expression(objective: Any, own: Variables) -> Any:
    cost = objective.cost(own.haircut, own.burden, own.raised)
    if not is_convex_number(cost):
        raise InputError("objective", str(cost), "a convex cvxpy expression of one number")
    return cost
