"""A form of the continuous burden problem that a solver can be trusted with.

Costs of order 1/U fall under dual tolerances, coefficients below 1e-9 are dropped, and money of
many magnitudes is lost in one row. A program decides between two levels alone: who is full at the
lower one gives a constant, and who has room at the upper one shares the burden's column.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from adlopt.foundation.arrays import FloatArray, IntArray
from adlopt.optimum.core.burden_problem import BurdenProblem
from adlopt.optimum.core.certificate import Multipliers
from adlopt.optimum.core.waterfill import filled
from adlopt.optimum.programs.program import WORK_TOTAL, Program, SparseRows

MAGNITUDE = 8
"""Binary orders of burden that one program spans: in more, amounts fall below its tolerances."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SlackForm:
    """The continuous problem with x_i = z w_i − v_i, and the way back to haircut and multipliers.

    Columns y, v_1 … v_n of the accounts that fill up between the levels, then undershoot s and
    excess burden t where they are priced; z = low + (high − low) y. Rows z w_i − v_i ≤ u_i, then Σ
    x + s ≥ B, then z − t ≤ allowance. Money is scaled so that y raises `WORK_TOTAL`.
    """

    program: Program
    problem: BurdenProblem
    low: float
    high: float
    scale: float
    between: IntArray
    free: IntArray

    @classmethod
    def of(cls, problem: BurdenProblem, low: float = 0.0, high: float = math.inf) -> SlackForm:
        """State a continuous problem; protected and empty accounts are left out."""
        held = np.flatnonzero(problem.open > 0)
        u, w = problem.open[held], problem.weight[held]
        high = min(high, float((u / w).max(initial=0.0)) + problem.allowance) or 1.0
        step, inside = high - low, (u > w * low) & (u < w * high)
        between, free = held[inside], held[u >= w * high]
        live = np.concatenate([between, free])
        total = math.fsum(problem.weight[live]) * step
        scale = WORK_TOTAL / total if total else 1.0
        lacking = problem.budget - math.fsum(np.minimum(u, w * low))
        if not problem.exact and total:
            # What no level in between raises is missed whatever is chosen.
            lacking = min(lacking, 2.0 * total)
        n, priced, spent = between.size, int(not problem.exact), WORK_TOTAL * bool(total)
        rows, slack = SparseRows(), 1 + np.arange(n)
        width, room = w[inside] * step * scale, (u - w * low)[inside] * scale
        rows.add_many(
            row=np.tile(np.arange(n), 2),
            column=np.concatenate([np.zeros(n), slack]),
            coefficient=np.concatenate([width, -np.ones(n)]),
            upper=room,
        )
        cost, top = (
            np.zeros(1 + n + 2 * priced),
            np.concatenate([[1.0], width, np.ones(2 * priced)]),
        )
        more = [n + 1] * priced
        rows.add([0, *slack, *more], [spent, *-np.ones(n), *np.ones(priced)], lower=lacking * scale)
        if priced:
            # A burden dearer than all that it raises is as good as one twice as dear.
            dear = min(problem.fair / problem.under * scale * step, 2.0 * WORK_TOTAL)
            cost[n + 1], cost[n + 2] = 1.0, dear
            top[n + 1] = 2.0 * max(lacking, 0.0) * scale + 1.0
            allowed = min((problem.allowance - low) / step, 2.0) * WORK_TOTAL
            rows.add([0, n + 2], [WORK_TOTAL, -WORK_TOTAL], upper=allowed)
            top[n + 2] += max(-allowed, 0.0) / WORK_TOTAL
        else:
            cost[0] = WORK_TOTAL
        program = rows.program(cost=cost, lower=np.zeros(cost.size), upper=top)
        return cls(
            program=program,
            problem=problem,
            low=low,
            high=high,
            scale=scale,
            between=between,
            free=free,
        )

    def haircut(self, columns: FloatArray) -> FloatArray:
        """USD, shape (n,): all that accounts may give at the level found, which costs no more."""
        return np.minimum(self.problem.open, self.problem.weight * self.level(columns))

    def level(self, columns: FloatArray) -> float:
        """Worst burden z."""
        return self.low + (self.high - self.low) * float(columns[0])

    def multipliers(self, row_duals: FloatArray) -> Multipliers:
        """Unscale the duals of the budget row and of the capacity rows."""
        n, exact = self.between.size, self.problem.exact
        price = (self.high - self.low) * self.scale / WORK_TOTAL if exact else self.problem.under
        y = float(row_duals[n]) * price
        burden = np.zeros_like(self.problem.capacity)
        burden[self.free] = y
        burden[self.between] = y + row_duals[:n] * price
        return Multipliers(budget=y, burden=burden)


def magnitude(problem: BurdenProblem) -> tuple[float, float]:
    """Two levels, `MAGNITUDE` binary orders apart or twice so, around the convex optimum."""
    u, w = (values[problem.open > 0] for values in (problem.open, problem.weight))
    ratio = u / w
    if not ratio.size:
        return 0.0, 1.0
    first, last = math.frexp(float(ratio.min()))[1], math.frexp(float(ratio.max()))[1]
    levels = [0.0, *(2.0**k for k in range(first - MAGNITUDE, last, MAGNITUDE)), 2.0**last]
    raised = []
    for level in levels:
        _, given, slope = filled(w, u, level)
        raised.append(given + slope * level)
    if problem.exact:
        ends = zip(pairwise(levels), raised[1:], strict=True)
        return next((pair for pair, most in ends if most >= problem.budget), (0.0, levels[-1]))
    value = [
        max(problem.under * (problem.budget - most), problem.over * (most - problem.budget))
        + problem.fair * max(level - problem.allowance, 0.0)
        for level, most in zip(levels, raised, strict=True)
    ]
    best = int(np.argmin(value))
    return levels[max(best - 1, 0)], levels[min(best + 1, len(levels) - 1)]


def below(problem: BurdenProblem, level: float) -> Multipliers:
    """Multipliers that prove a level too low, if it is: all with room there share the burden."""
    room = problem.open > problem.weight * level
    total = float(problem.weight[room].sum())
    price = min(problem.under, problem.fair / total) if total else 0.0
    return Multipliers(budget=price, burden=np.where(room, price, 0.0))
