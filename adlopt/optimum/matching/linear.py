"""How a program of matching is solved: by simplex, and from inside where that takes long."""

from __future__ import annotations

from contextlib import suppress

from adlopt.errors import SolverStopped
from adlopt.foundation.deadline import deadline, seconds_left
from adlopt.model.method import Stopped
from adlopt.optimum.programs.highs import RawAnswer, run
from adlopt.optimum.programs.program import Program

PIVOTED_ROWS = 400_000_000
"""Pivots, times rows, after which dual simplex gives up: it would tie on coins that bear alike."""


def solved(program: Program, time_limit: float | None) -> RawAnswer:
    """Minimise a program; what comes from inside is as good, and certified alike."""
    if program.integer is not None:
        return run(program, time_limit=time_limit)
    end, found = deadline(time_limit), None
    with suppress(SolverStopped):
        found = run(program, time_limit=time_limit, pivots=PIVOTED_ROWS // program.row_lower.size)
        if found.stopped is Stopped.OPTIMAL:
            return found
    try:
        return run(program, time_limit=seconds_left(end), interior=True)
    except SolverStopped:
        if found is None:
            raise
        return found
