"""HiGHS between two levels of the worst burden, the upper one raised until lots fit below it."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Protocol

from adlopt.errors import SolverFailed, SolverStopped
from adlopt.foundation.arrays import FloatArray, IntArray
from adlopt.foundation.deadline import is_late, seconds_left
from adlopt.model.method import Stopped
from adlopt.optimum.programs.highs import Infeasible, run
from adlopt.optimum.programs.program import Program

NODES = 10_000
"""Nodes of branch and bound after which an exact sum is left to other methods."""


class Core(Protocol):
    """A choice of lots as a program of order 1, whose first column runs from level to level."""

    @property
    def program(self) -> Program:
        """Minimises that column."""

    def counts(self, columns: FloatArray) -> IntArray:
        """Lots of a point."""


def least_lots(
    between: Callable[[Fraction, Fraction], Core],
    low: Fraction,
    top: Fraction,
    *,
    mended: Callable[[IntArray], IntArray | None],
    end: float,
) -> tuple[IntArray, Stopped] | None:
    """Lots, and why HiGHS stopped; None if it finds none up to the top, or in time.

    `between` states the choice between two levels, from `low`, below which nothing is to be found;
    `mended` makes lots that count of those that HiGHS thinks do, if it can.
    """
    high = min(max(2 * low, top / 2**20), top)
    while True:
        core = between(low, high)
        try:
            answer = run(core.program, time_limit=seconds_left(end), nodes=NODES)
        except (SolverStopped, SolverFailed):
            return None
        except Infeasible:
            counts = None
        else:
            counts = mended(core.counts(answer.columns))
        if counts is not None:
            return counts, answer.stopped
        if high == top or is_late(end):
            return None
        high = min(4 * high, top)
