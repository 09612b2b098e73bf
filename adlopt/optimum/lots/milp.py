"""Positions in whole lots as a mixed-integer program, between two levels of the worst burden."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

import numpy as np

from adlopt.errors import SolverFailed, SolverStopped
from adlopt.foundation.arrays import FloatArray, IntArray
from adlopt.foundation.deadline import is_late, seconds_left
from adlopt.foundation.money import MICRO, MOST_MICRO
from adlopt.model.method import Stopped
from adlopt.optimum.lots.lot_grid import LotGrid
from adlopt.optimum.programs.highs import Infeasible, run
from adlopt.optimum.programs.program import Program, SparseRows


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LotCore:
    """Lots k_j = base_j + d_j at burden z = z_low + (z_high − z_low) y, y in [0, 1].

    The numbers to decide are small and y is of order 1, whatever the money is; each row is in units
    of its largest lot. d_j may be negative: an exact sum can need any count up to its limit.
    """

    program: Program
    base: IntArray
    moving: IntArray

    @classmethod
    def of(cls, grid: LotGrid, base: IntArray, low: Fraction, high: Fraction) -> LotCore:
        """State the choice of lots; `base` fits under the lower level."""
        given = grid.amounts(base)
        limits = grid.units_at(high) * grid.unit
        top = np.minimum(grid.most, limits[grid.owner] // grid.lot)
        moving = np.flatnonzero(top > 0)
        owner, size = grid.owner[moving], grid.lot[moving].astype(float)
        held, first = np.unique(owner, return_index=True)
        unit, n, m = size[first], held.size, moving.size
        slope, room, spare = np.empty(n), np.empty(n), np.empty(n)
        for r, i in enumerate(held.tolist()):
            largest = int(grid.lot[moving[first[r]]])
            weight, used = Fraction(float(grid.weight[i])) * MICRO, int(given[i])
            slope[r] = (high - low) * weight / largest
            room[r] = (low * weight - used) / largest
            spare[r] = Fraction(int(grid.cap[i]) - used, largest)
        widest = float(size.max(initial=1.0))
        least = float(grid.least - int(given.sum())) / widest
        highest = float(grid.highest - int(given.sum())) / widest
        account, columns = np.repeat(np.arange(n), np.diff(np.append(first, m))), 1 + np.arange(m)
        bound = grid.capped()[held]
        rows = SparseRows()
        rows.add_many(
            row=np.concatenate([np.arange(n), account]),
            column=np.concatenate([np.zeros(n), columns]),
            coefficient=np.concatenate([-slope, size / unit[account]]),
            upper=room,
        )
        capped = bound[account]
        rows.add_many(
            row=(np.cumsum(bound) - 1)[account[capped]],
            column=columns[capped],
            coefficient=(size / unit[account])[capped],
            upper=spare[bound],
        )
        rows.add(
            columns, size / widest, lower=least,
            upper=np.inf if grid.highest >= MOST_MICRO else highest,
        )  # fmt: skip
        program = rows.program(
            cost=np.r_[1.0, np.zeros(m)],
            lower=np.r_[0.0, -base[moving].astype(float)],
            upper=np.r_[1.0, (top - base)[moving].astype(float)],
            integer=np.r_[False, np.ones(m, dtype=bool)],
        )
        return cls(program=program, base=base, moving=moving)

    def counts(self, columns: FloatArray) -> IntArray:
        """Lots of each position, shape (m,)."""
        counts = self.base.copy()
        counts[self.moving] += np.rint(columns[1:]).astype(np.int64)
        return counts


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
