"""The minimax game on a grid, in integers: its units, and what each round of it is worth.

Deficits are rounded down to a unit of about Σ D N / 2^60, which lowers V_N by less than T units,
and halves are rounded down as well: what is computed stays below V_N, by less than T (1 + 1/N).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

import numpy as np

from adlopt.foundation.arrays import FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Units:
    """Deficits as integers, rounded down, in units of 2^−`shift` USD."""

    size: IntArray
    shift: int
    grid: int

    @classmethod
    def of(cls, sizes: FloatArray, grid: int) -> Units:
        """Choose the unit so that no sum of the game exceeds an int64."""
        shift = 60 - math.frexp(math.fsum(sizes) * grid)[1]
        scaled = [math.floor(Fraction(d) * Fraction(2) ** shift) for d in sizes.tolist()]
        return cls(np.array(scaled, dtype=np.int64), shift, grid)

    def usd(self, units: int) -> Fraction:
        """Convert units of 1/N."""
        return Fraction(units, self.grid) / Fraction(2) ** self.shift


def worth(size: IntArray, cost: list[int], grid: int, units: int) -> Iterator[IntArray]:
    """V_{T+1}, V_T, …, V_2 over (a, p), in units of 1/N; `cost` is that of one step of the grid."""
    table = np.zeros((grid + 1, units + 1), dtype=np.int64)
    yield table
    places = np.arange(grid + 1)[:, None]
    for d, step in zip(size[:0:-1].tolist(), cost[:0:-1], strict=True):
        above = _reached(table + d * places, step)
        table = (above + above[::-1] - d * grid) // 2
        yield table


def _reached(values: IntArray, cost: int) -> IntArray:
    """Max over a' of values(a', p − cost |a' − a|)."""
    up, down = values.copy(), values
    last = values.shape[0] - 1
    for a in range(last - 1, -1, -1):
        np.maximum(up[a, cost:], up[a + 1, :-cost], out=up[a, cost:])
    for a in range(1, last + 1):
        np.maximum(down[a, cost:], down[a - 1, :-cost], out=down[a, cost:])
    return np.maximum(up, down, out=up)


def first_round(ahead: IntArray, first: int) -> int:
    """min_x max_a D_1 |x − a| + V_2(a): no move is paid for."""
    places = np.arange(ahead.size)
    return int((ahead + first * places).max() + (ahead - first * places).max()) // 2


def unit_of_money(sizes: FloatArray, fineness: int) -> Fraction:
    """The unit D_s/k ≥ max D/fineness that rounds the deficits up least, in relation to them."""
    later = sizes[sizes > 0]
    pairs = product(sorted(set(later.tolist())), range(1, fineness + 1))
    candidates = [(d, k) for d, k in pairs if fineness * d >= k * later.max()]
    excess = [float((np.ceil(later * k / d) * d / (later * k)).sum()) for d, k in candidates]
    d, k = candidates[int(np.argmin(excess))]
    return Fraction(d) / k
