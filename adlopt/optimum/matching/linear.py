"""How a program of matching is solved: by simplex, and from inside where that takes long."""

from __future__ import annotations

from contextlib import suppress

from adlopt.errors import SolverStopped
from adlopt.model.method import Stopped
from adlopt.optimum.programs.highs import RawAnswer, run
from adlopt.optimum.programs.program import Program

PIVOTED_ROWS = 400_000_000
"""Pivots, times rows, after which dual simplex gives up: it would tie on coins that bear alike."""


def solved(program: Program, gap: float = 0.0) -> RawAnswer:
    """Minimise a program; what comes from inside is as good, and certified alike."""
    if program.integer is not None:
        return run(program, gap=gap)
    found, stopped = None, SolverStopped()
    try:
        found = run(program, pivots=PIVOTED_ROWS // program.row_lower.size)
    except SolverStopped as error:
        stopped = error
    if found is None or found.stopped is not Stopped.OPTIMAL:
        with suppress(SolverStopped):
            found = run(program, interior=True)
    if found is None:
        raise stopped
    return found
