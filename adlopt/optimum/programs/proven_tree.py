"""Branch and bound whose bound is ours: each node is closed by weak duality, not by a status.

HiGHS's own tree is faster, and its bound is its own word. Here every node is a linear relaxation
whose multipliers are evaluated anew, and a node without a point is closed by a ray that shows it.
Whole numbers are fixed in the order of their columns: where they switch what happens later, as in
the program of a rule that is played, the early ones decide.
"""

from __future__ import annotations

import heapq
import math
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import count

import numpy as np

from adlopt.foundation.arrays import FloatArray
from adlopt.optimum.programs.highs import Relaxation
from adlopt.optimum.programs.program import Program
from adlopt.optimum.programs.weak_duality import lower_bound

WHOLE = 1e-6
"""How near to a whole number one counts as decided: it only says where to branch."""


def proven_lower_bound(
    program: Program,
    *,
    good_enough: float,
    deadline: float = math.inf,
    progress: Callable[[float], None] | None = None,
) -> float:
    """Return a number that no feasible point of a program with bounded columns costs less than.

    A bound of `good_enough`, such as what a known point costs, need not be raised; the deadline is
    on the clock of `time.monotonic`, and `progress` is told the bound now and then.

    >>> program = Program(cost=[-1.0, -1.0], lower=[0, 0], upper=[1, 1], row_lower=[-np.inf],
    ...                   row_upper=[1.5], start=[0, 2], column=[0, 1], coefficient=[1.0, 1.0],
    ...                   integer=np.array([True, True]))
    >>> round(proven_lower_bound(program, good_enough=-1.0), 9)
    -1.0
    """
    relaxation, order = Relaxation(program), count()
    wholes = np.flatnonzero(np.asarray(program.integer))
    closed = good_enough
    open_: list[tuple[float, int, int, float, FloatArray, FloatArray]] = []

    def examine(lower: FloatArray, upper: FloatArray, known: float) -> None:
        nonlocal closed
        point, duals = relaxation.solve(lower, upper)
        node = replace(program, lower=lower, upper=upper)
        if point is None:
            if not _shown_empty(node, duals):
                closed = min(closed, known)
            return
        bound = max(known, lower_bound(node, duals, exact=False).lower)
        if bound >= good_enough:
            return
        between = wholes[np.abs(point[wholes] - np.rint(point[wholes])) > WHOLE]
        if not between.size:
            between = wholes[lower[wholes] < upper[wholes]]
        if not between.size:
            closed = min(closed, bound)
            return
        j = int(between[0])
        below = min(max(math.floor(point[j] + WHOLE), lower[j]), upper[j] - 1.0)
        heapq.heappush(open_, (bound, next(order), j, below, lower, upper))

    examine(program.lower, program.upper, -math.inf)
    while open_ and open_[0][0] < closed and time.monotonic() < deadline:
        bound, step, column, below, lower, upper = heapq.heappop(open_)
        if progress is not None and step % 500 == 0:
            progress(bound)
        low, high = lower.copy(), upper.copy()
        low[column], high[column] = below + 1.0, below
        examine(lower, high, bound)
        examine(low, upper, bound)
    return min([closed, *(bound for bound, *_ in open_[:1])])


def _shown_empty(program: Program, ray: FloatArray) -> bool:
    """Whether a ray, of either sign, shows that no point satisfies the rows."""
    if not ray.size:
        return False
    free = replace(program, cost=np.zeros(program.cost.size))
    return any(lower_bound(free, y, exact=False).lower > 0 for y in (ray, -ray))
