"""Whole lots that HiGHS proposes: of the program of a round, between two levels of its burden."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np

from adlopt.errors import SolverFailed, SolverStopped
from adlopt.foundation.arrays import FloatArray, IntArray
from adlopt.foundation.deadline import is_late
from adlopt.foundation.money import MICRO, MOST_MICRO
from adlopt.model.loss import MinMax
from adlopt.model.method import Stopped
from adlopt.optimum.core.burden_problem import BurdenProblem
from adlopt.optimum.lots.lot_grid import LotGrid
from adlopt.optimum.programs.highs import Infeasible, run
from adlopt.optimum.programs.of_dollars import Given, state_given
from adlopt.optimum.programs.program import Program
from adlopt.optimum.programs.stated import Stated

NODES = 10_000
"""Nodes of branch and bound after which an exact sum is left to other methods."""


def proposed(program: Program) -> tuple[FloatArray | None, Stopped]:
    """Columns that HiGHS proposes, if it does, and why it stopped."""
    try:
        answer = run(program, nodes=NODES)
    except (Infeasible, SolverStopped, SolverFailed):
        return None, Stopped.LIMIT
    return answer.columns, answer.stopped


def state_lots(grid: LotGrid) -> Stated:
    """State the choice of lots of least worst burden."""
    owner, endless = grid.owner, grid.highest >= MOST_MICRO
    names = list(map(str, range(grid.cap.size)))
    given = Given(
        keys=list(map(str, range(owner.size))),
        whole=True,
        usd=grid.lot / MICRO,
        most=grid.most.astype(np.float64),
        owner=owner,
        accounts=names,
        bearer=np.arange(grid.cap.size),
        bearers=names,
        cap=grid.cap / MICRO,
    )
    problem = BurdenProblem(
        capacity=grid.cap / MICRO,
        weight=grid.weight,
        budget=grid.least / MICRO,
        under=np.inf,
        over=np.inf,
        fair=1.0,
        extra=np.inf if endless else (grid.highest - grid.least) / MICRO,
    )
    return state_given(given, problem, MinMax())


def between(
    stated: Stated, grid: LotGrid, base: IntArray, low: Fraction, high: Fraction
) -> Program:
    """The program of lots k_j = base_j + d_j at burden z = low + (high − low) y, y in [0, 1].

    The numbers to decide are small and y is of order 1, whatever the money is. `base` fits under
    the lower level; d_j may be negative: an exact sum can need any count up to its limit.
    """
    z, raised, unit = stated.burden or 0, stated.raised or 0, stated.unit
    shift, stretch = np.zeros((2, unit.size))
    stretch[:] = 1.0
    shift[stated.column], shift[raised] = base, grid.total(base) / MICRO / unit[raised]
    shift[z], rise = float(low) / unit[z], float(high - low) / unit[z]
    stretch[z] = rise or 1.0
    limits = grid.units_at(high) * grid.unit
    lower, upper = stated.program.lower.copy(), stated.program.upper.copy()
    upper[stated.column] = np.minimum(grid.most, limits[grid.owner] // grid.lot)
    lower[z], upper[z] = shift[z], shift[z] + rise
    return stated.program.moved(shift, stretch, lower, upper)


def least_lots(
    grid: LotGrid,
    base: IntArray,
    low: Fraction,
    *,
    mended: Callable[[IntArray], IntArray | None],
) -> tuple[IntArray, Stopped] | None:
    """Lots, (m,), and why HiGHS stopped; None if it finds none, or none in time.

    Below `low` nothing is to be found, and `base` fits there; `mended` makes lots that count of
    those that HiGHS thinks do, if it can.
    """
    stated, top = state_lots(grid), grid.top
    high = min(max(2 * low, top / 2**20), top)
    while True:
        try:
            answer = run(between(stated, grid, base, low, high), nodes=NODES)
        except (SolverStopped, SolverFailed):
            return None
        except Infeasible:
            counts = None
        else:
            moved = np.rint(answer.columns[stated.column]).astype(np.int64)
            counts = mended(base + moved)
        if counts is not None:
            return counts, answer.stopped
        if high == top or is_late():
            return None
        high = min(4 * high, top)
