"""Priced lots, and as few accounts as possible, as mixed-integer programs of order 1.

What HiGHS finds is a proposal: it is mended in whole micro-dollars, valued anew, and what is proved
of it comes from elsewhere. Money is in shares of what is asked for, burdens in shares of one that
is known to do: amounts of any magnitude that matter to the answer are then above its tolerances.
"""

from __future__ import annotations

import math

import numpy as np

from adlopt.errors import SolverFailed, SolverStopped
from adlopt.foundation.arrays import FloatArray, IntArray
from adlopt.foundation.deadline import seconds_left
from adlopt.foundation.money import MICRO
from adlopt.model.method import Stopped
from adlopt.optimum.core.burden_problem import BurdenProblem
from adlopt.optimum.lots.lot_grid import LotGrid
from adlopt.optimum.lots.milp import NODES
from adlopt.optimum.programs.highs import Infeasible, run
from adlopt.optimum.programs.program import Program, SparseRows


def priced_lots(
    grid: LotGrid, problem: BurdenProblem, known: IntArray, end: float
) -> tuple[IntArray, Stopped]:
    """Lots that cost less than lots that are known, if HiGHS finds some; why the search stopped.

    Columns y of the burden, the lots, what is short, what is over, and the burden's excess.
    """
    value = problem.value(grid.haircut(known, problem.capacity.size))
    worth, n = grid.lot / MICRO, grid.lot.size
    most = float((worth * grid.most / grid.weight).max(initial=0.0))
    top = min(most, problem.allowance + (value / problem.fair if problem.fair else math.inf))
    fits = np.minimum(grid.most, np.floor(top * grid.weight / worth * (1 + 1e-12)))
    kept = np.flatnonzero(fits > 0)
    if not kept.size or not value:
        return known, Stopped.OPTIMAL
    rows, each = SparseRows(), worth[kept]
    rows.add_many(
        row=np.tile(np.arange(kept.size), 2),
        column=np.concatenate([np.zeros(kept.size), 1 + np.arange(kept.size)]),
        coefficient=np.concatenate([-top * grid.weight[kept] / each, np.ones(kept.size)]),
        upper=np.zeros(kept.size),
    )
    unit, short = float(each.max()), 1 + kept.size
    lots = list(range(1, short))
    rows.add([*lots, short, short + 1], [*each / unit, 1.0, -1.0],
             lower=problem.budget / unit, upper=problem.budget / unit)  # fmt: skip
    rows.add([0, short + 2], [1.0, -1.0], upper=problem.allowance / top)
    cost = np.zeros(short + 3)
    cost[short:] = np.array([problem.under * unit, problem.over * unit, problem.fair * top]) / value
    upper = np.concatenate([[1.0], fits[kept], [problem.budget / unit, math.inf, 1.0]])
    whole = np.concatenate([[False], np.ones(kept.size, bool), np.zeros(3, bool)])
    program = rows.program(cost=cost, lower=np.zeros(cost.size), upper=upper, integer=whole)
    columns, stopped = _found(program, end)
    if columns is None:
        return known, stopped
    counts = np.zeros(n, dtype=np.int64)
    counts[kept] = np.clip(np.rint(columns[1:short]), 0, grid.most[kept])
    better = problem.value(grid.haircut(counts, problem.capacity.size)) < value
    return counts if better else known, stopped


def fewest_to_raise(
    most: FloatArray, weight: FloatArray, budget: float, known: IntArray, level: float, end: float
) -> tuple[IntArray, Stopped]:
    """Accounts, as few as can raise a budget, then those that do so at the least worst burden.

    `known` ones, which may give `most`, USD, (n,), can at worst burden `level`.
    """
    kept = np.flatnonzero(most > 0)
    n, gives = kept.size, np.minimum(most[kept], budget)
    switch, amount = np.arange(n), n + np.arange(n)
    rows = SparseRows()
    rows.add_many(
        row=np.tile(switch, 2),
        column=np.concatenate([amount, switch]),
        coefficient=np.concatenate([np.ones(n), -np.ones(n)]),
        upper=np.zeros(n),
    )
    rows.add(amount, gives / budget, lower=1.0)
    whole = np.concatenate([np.ones(n, bool), np.zeros(n + 1, bool)])
    cost, upper = np.concatenate([np.ones(n), np.zeros(n + 1)]), np.ones(2 * n + 1)

    def chosen(at: FloatArray) -> tuple[IntArray, Stopped]:
        program = rows.program(cost=at, lower=np.zeros(2 * n + 1), upper=upper, integer=whole)
        columns, stopped = _found(program, end)
        few = known if columns is None else kept[columns[:n] > 0.5]
        can = math.fsum(most[few]) >= budget and few.size <= known.size
        return (few if can else known), stopped

    few, first = chosen(cost)
    rows.add(switch, np.ones(n), upper=float(few.size))
    bears = gives / (weight[kept] * level)
    each = np.maximum(bears, 1.0)
    rows.add_many(
        row=np.tile(switch, 2),
        column=np.concatenate([amount, np.full(n, 2 * n)]),
        coefficient=np.concatenate([bears / each, -1.0 / each]),
        upper=np.zeros(n),
    )
    known = few
    fairest, second = chosen(np.append(np.zeros(2 * n), 1.0))
    return fairest, Stopped.of_all([first, second])


def _found(program: Program, end: float) -> tuple[FloatArray | None, Stopped]:
    """Columns that HiGHS proposes, if it does, and why it stopped."""
    try:
        answer = run(program, time_limit=seconds_left(end), nodes=NODES)
    except (Infeasible, SolverStopped, SolverFailed):
        return None, Stopped.LIMIT
    return answer.columns, answer.stopped
