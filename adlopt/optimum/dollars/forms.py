"""A form of the continuous burden problem that a solver can be trusted with.

It avoids what makes the obvious one come back "optimal" and wrong: costs of order 1/U that fall
under dual tolerances, and coefficients below 1e-9 that are dropped.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from adlopt.foundation.arrays import FloatArray
from adlopt.optimum.core.burden_problem import BurdenProblem
from adlopt.optimum.core.certificate import Multipliers
from adlopt.optimum.programs.program import WORK_TOTAL, Program
from adlopt.optimum.programs.sparse_rows import SparseRows


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SlackForm:
    """The continuous problem with x_i = z w_i − v_i, and the way back to haircut and multipliers.

    Columns z, v_1 … v_n, then undershoot s and excess burden t where they are priced; rows
    z w_i − v_i ≤ u_i, then Σ x + s ≥ B, then z − t ≤ allowance. Money is scaled to a total weight
    of `WORK_TOTAL` and the burden's cost is in money: a bare "min z" has duals of 1/U, which a
    solver cannot tell from zero.
    """

    program: Program
    problem: BurdenProblem
    held: NDArray[np.int64]
    scale: float

    @classmethod
    def of(cls, problem: BurdenProblem) -> SlackForm:
        """State a continuous problem; protected and empty accounts are left out."""
        held = np.flatnonzero(problem.open > 0)
        w, u = problem.weight[held], problem.capacity[held]
        n, total = held.size, float(w.sum())
        scale = WORK_TOTAL / total if n else 1.0
        priced = not problem.exact
        columns = 1 + n + 2 * priced
        cost = np.zeros(columns)
        if priced:
            cost[n + 1], cost[n + 2] = 1.0, problem.fair / problem.under * scale
        else:
            cost[0] = WORK_TOTAL
        upper = np.full(columns, np.inf)
        # Bounds beyond any optimum keep the simplex from calling a nonnegative cost unbounded.
        upper[0] = 2.0 * (float((u / w).max(initial=0.0)) + problem.allowance + 1.0)
        if priced:
            upper[n + 1], upper[n + 2] = 2.0 * problem.budget * scale + 1.0, upper[0]
        account, one = np.arange(1, n + 1), np.ones(n)
        rows = SparseRows()
        rows.add_many(
            row=np.tile(account - 1, 2),
            column=np.concatenate([np.zeros(n), account]),
            coefficient=np.concatenate([w * scale, -one]),
            upper=u * scale,
        )
        rows.add(
            np.concatenate([[0], account, [n + 1] * priced]),
            np.concatenate([[WORK_TOTAL if n else 0.0], -one, [1.0] * priced]),
            lower=problem.budget * scale,
        )
        if priced:
            allowed = problem.allowance * WORK_TOTAL
            rows.add([0, n + 2], [WORK_TOTAL, -WORK_TOTAL], upper=allowed)
        program = rows.program(cost=cost, lower=np.zeros(columns), upper=upper)
        return cls(program=program, problem=problem, held=held, scale=scale)

    def haircut(self, columns: FloatArray) -> FloatArray:
        """USD, shape (n,), clipped to its bounds."""
        n = self.held.size
        raised = columns[0] * self.problem.weight[self.held] - columns[1 : n + 1] / self.scale
        haircut = np.zeros_like(self.problem.capacity)
        haircut[self.held] = np.clip(raised, 0.0, self.problem.capacity[self.held])
        return haircut

    def multipliers(self, row_duals: FloatArray) -> Multipliers:
        """Unscale the duals of the budget row and of the capacity rows."""
        n = self.held.size
        price = self.problem.under if not self.problem.exact else self.scale / WORK_TOTAL
        y = float(row_duals[n]) * price
        burden = np.zeros_like(self.problem.capacity)
        burden[self.held] = y + row_duals[:n] * price
        return Multipliers(budget=y, burden=burden)
