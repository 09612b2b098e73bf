"""Positions in whole lots as a mixed-integer program, between two levels of the worst burden."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from adlopt.foundation.arrays import FloatArray, IntArray
from adlopt.optimum.contracts.position_grid import ContractGrid
from adlopt.optimum.lots.lot_grid import MICRO, MOST_MICRO
from adlopt.optimum.programs.program import Program


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ContractCore:
    """Lots k_j = base_j + d_j at burden z = z_low + (z_high − z_low) y, y in [0, 1].

    As in `adlopt.optimum.dollars.forms.ShiftedCore` y is of order 1 whatever the money is, and
    each row is in units of its largest lot. Swaps within an account can need any count up to its
    limit, so the ranges of d_j are as wide as the limits are.
    """

    program: Program
    base: IntArray
    moving: IntArray

    @classmethod
    def of(cls, grid: ContractGrid, base: IntArray, low: Fraction, high: Fraction) -> ContractCore:
        """State the choice of lots; `base` fits under the lower level."""
        limits, given = grid.limits_at(high), grid.amounts(base)
        top = np.minimum(grid.most, limits[grid.owner] // grid.lot)
        moving = np.flatnonzero(top > 0)
        owner, size = grid.owner[moving], grid.lot[moving].astype(float)
        held, first = np.unique(owner, return_index=True)
        unit, n, m = size[first], held.size, moving.size
        slope, room, spare = np.empty(n), np.empty(n), np.empty(n)
        for r, i in enumerate(held.tolist()):
            weight = Fraction(float(grid.weight[i])) * MICRO / int(grid.lot[moving[first[r]]])
            used = Fraction(int(given[i]), int(grid.lot[moving[first[r]]]))
            slope[r], room[r] = (high - low) * weight, low * weight - used
            spare[r] = Fraction(int(grid.cap[i]), int(grid.lot[moving[first[r]]])) - used
        widest = float(size.max(initial=1.0))
        least = float(grid.least - int(given.sum())) / widest
        highest = float(grid.highest - int(given.sum())) / widest
        ends = np.append(first, m)
        blocks = [np.r_[0, 1 + np.arange(ends[r], ends[r + 1])] for r in range(n)]
        values = [np.r_[-slope[r], size[ends[r] : ends[r + 1]] / unit[r]] for r in range(n)]
        caps = [block[1:] for block in blocks]
        cap_values = [value[1:] for value in values]
        everything, pooled = 1 + np.arange(m), size / widest
        lengths = [*map(len, blocks), *map(len, caps), m]
        program = Program(
            cost=np.r_[1.0, np.zeros(m)],
            lower=np.r_[0.0, -base[moving].astype(float)],
            upper=np.r_[1.0, (top - base)[moving].astype(float)],
            row_lower=np.r_[np.full(2 * n, -np.inf), least],
            row_upper=np.r_[room, spare, np.inf if grid.highest >= MOST_MICRO else highest],
            start=np.r_[0, np.cumsum(lengths)],
            column=np.concatenate([*blocks, *caps, everything]),
            coefficient=np.concatenate([*values, *cap_values, pooled]),
            integer=np.r_[False, np.ones(m, dtype=bool)],
        )
        return cls(program=program, base=base, moving=moving)

    def counts(self, columns: FloatArray) -> IntArray:
        """Lots of each position, shape (m,)."""
        counts = self.base.copy()
        counts[self.moving] += np.rint(columns[1:]).astype(np.int64)
        return counts
