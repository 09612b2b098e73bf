"""A lower bound on any linear program, from multipliers that need not be right.

For any y with y_i ≥ 0 where row i has no upper end, and y_i ≤ 0 where it has no lower one, every
feasible x of min c·x, L ≤ A x ≤ U, l ≤ x ≤ u costs at least ::

    Σ_i (y_i)_+ L_i − (y_i)_- U_i  +  Σ_j (d_j)_+ l_j − (d_j)_- u_j,      d = c − Aᵀ y

Whole-number columns only shrink the feasible set: the bound holds for them too.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from adlopt.errors import InputError
from adlopt.foundation.arrays import FloatArray, require
from adlopt.foundation.deadline import is_time_for
from adlopt.optimum.core.certificate import UNIT_ROUNDING, Certificate, Trust, checked, round_down
from adlopt.optimum.programs.program import Program

EXACT_ENTRIES = 200_000
"""Up to so many nonzeros, the bound is evaluated in exact fractions unless told otherwise, or a
limit comes before: 0.3 s of it where rows share money, up to 1.6 s where they switch accounts on.
"""
EACH = 5e-5
"""Seconds that a nonzero, or a column, takes in fractions, at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenBound:
    """No feasible point costs less than `lower`; `error` was subtracted for rounding."""

    lower: float
    error: float
    trust: Trust

    def certificate(self, upper: float, **more: Any) -> Certificate:
        """Set a value against the bound, of what is never less than 0."""
        lower = max(min(self.lower, upper), 0.0)
        return checked(upper=upper, lower=lower, trust=self.trust, error=self.error, **more)


def lower_bound(
    program: Program, row_duals: FloatArray, *, exact: bool | None = None
) -> ProvenBound:
    """Evaluate weak duality at multipliers, (rows,), good or bad, in fractions if `exact`.

    >>> program = Program(cost=[1.0, 2.0], lower=[0, 0], upper=[9, 9], row_lower=[3.0],
    ...                   row_upper=[np.inf], start=[0, 2], column=[0, 1], coefficient=[1.0, 1.0])
    >>> [lower_bound(program, np.array([y])).lower for y in (1.0, 5.0)]
    [3.0, -48.0]
    """
    y = np.asarray(row_duals, dtype=np.float64)
    if y.shape != program.row_lower.shape or not np.isfinite(y).all():
        raise InputError("row_duals", y.tolist(), "one finite number for each row")
    for name in ("lower", "upper"):
        bounds = getattr(program, name)
        require(np.isfinite(bounds), bounds, name, "a finite column bound")
    y = np.where(np.isneginf(program.row_lower), np.minimum(y, 0.0), y)
    y = np.where(np.isposinf(program.row_upper), np.maximum(y, 0.0), y)
    if exact is None:
        exact = program.column.size <= EXACT_ENTRIES
        exact = exact and is_time_for(EACH * (program.column.size + program.cost.size))
    if exact:
        return ProvenBound(lower=round_down(_exact(program, y)), error=0.0, trust=Trust.EXACT)
    value, error = _in_floats(program, y)
    return ProvenBound(lower=value - error, error=error, trust=Trust.VERIFIED)


def _in_floats(program: Program, y: FloatArray) -> tuple[float, float]:
    row = np.repeat(np.arange(y.size), np.diff(program.start))
    products = program.coefficient * y[row]
    n = program.cost.size
    reduced = program.cost - np.bincount(program.column, products, minlength=n)
    size = np.abs(program.cost) + np.bincount(program.column, np.abs(products), minlength=n)
    depth = 2 + np.bincount(program.column, minlength=n)
    doubt = UNIT_ROUNDING * depth * size
    farthest = np.maximum(np.abs(program.lower), np.abs(program.upper))
    rows = np.where(y > 0, y * _finite(program.row_lower), y * _finite(program.row_upper))
    columns = np.where(reduced > 0, reduced * program.lower, reduced * program.upper)
    value = math.fsum(rows) + math.fsum(columns)
    terms = math.fsum(np.abs(rows)) + math.fsum(np.abs(columns))
    error = math.fsum(doubt * farthest) + 4.0 * UNIT_ROUNDING * terms
    return value, error * (1.0 + 1e-9)


def _exact(program: Program, y: FloatArray) -> Fraction:
    reduced = [Fraction(c) for c in program.cost.tolist()]
    bound = Fraction(0)
    starts, columns = program.start.tolist(), program.column.tolist()
    coefficients = program.coefficient.tolist()
    for i in np.flatnonzero(y).tolist():
        price = Fraction(float(y[i]))
        end = program.row_lower[i] if price > 0 else program.row_upper[i]
        bound += price * Fraction(float(end))
        for k in range(starts[i], starts[i + 1]):
            reduced[columns[k]] -= price * Fraction(coefficients[k])
    for d, low, high in zip(reduced, program.lower.tolist(), program.upper.tolist(), strict=True):
        bound += d * Fraction(low if d > 0 else high)
    return bound


def _finite(ends: FloatArray) -> FloatArray:
    kept: FloatArray = np.where(np.isfinite(ends), ends, 0.0)
    return kept
