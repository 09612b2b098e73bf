"""HiGHS between two levels of the worst burden, the upper one raised until lots fit below it."""

from __future__ import annotations

import time
from collections.abc import Callable
from fractions import Fraction
from typing import Protocol

from adlopt.errors import SolverFailed, SolverStopped
from adlopt.foundation.arrays import FloatArray, IntArray
from adlopt.model.method import Stopped
from adlopt.optimum.programs.highs import Infeasible, run
from adlopt.optimum.programs.program import Program


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
    refute: Callable[[], object],
    time_limit: float | None,
) -> tuple[IntArray, Stopped, Fraction]:
    """Lots, why HiGHS stopped, and its own bound on their worst burden.

    Parameters
    ----------
    between : callable
        States the choice between two levels.
    low, top : Fraction
        A level below which nothing is to be found, and one above which nothing more is.
    refute : callable
        Raises what is to be said where there are no lots at all.
    time_limit : float or None
        Seconds for all levels together.
    """
    end = None if time_limit is None else time.monotonic() + time_limit
    high = min(max(2 * low, top / 2**20), top)
    left = time_limit
    while True:
        core = between(low, high)
        try:
            answer = run(core.program, time_limit=left)
        except Infeasible:
            if high == top:
                refute()
                raise SolverFailed(
                    "HiGHS calls a round infeasible that has a solution in lots; use Method.AUTO"
                ) from None
        else:
            bound = low + (high - low) * Fraction(max(answer.bound, 0.0))
            return core.counts(answer.columns), answer.stopped, bound
        high = min(4 * high, top)
        left = None if end is None else end - time.monotonic()
        if left is not None and left <= 0:
            raise SolverStopped("HiGHS reached its limit before it found lots that fit")
