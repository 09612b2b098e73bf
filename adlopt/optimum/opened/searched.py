"""Minimise a program with rows of one's own: a point, and a bound that trusts no solver."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from adlopt.errors import CertificateError
from adlopt.foundation.arrays import FloatArray
from adlopt.model.method import Method, Stopped
from adlopt.optimum.core.certificate import TOLERANCE, UNIT_ROUNDING, Certificate, Trust, resealed
from adlopt.optimum.matching.linear import solved
from adlopt.optimum.opened.expressions import Variables, conic
from adlopt.optimum.opened.patterns import Patterns
from adlopt.optimum.opened.stated import Stated
from adlopt.optimum.programs.highs import run
from adlopt.optimum.programs.program import Program
from adlopt.optimum.programs.weak_duality import ProvenBound, lower_bound

WHOLE_RANGE = 1e4
"""Lots of a column from which on branch and bound calls wrong answers optimal: its bound is not
even reported."""
SMALL = 2.0**10
"""Rows are measured against at least so much, 1e-5 of all money: a solver's own tolerance is."""
CONIC = 1e-6
"""Relative residual allowed where a conic solver found the point."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Searched:
    """A point of a program with its own rows, unchecked, and what its search says of it.

    `duals`, (rows,), are of the continuous program; `claimed` is a bound that the search alone
    vouches for.
    """

    stated: Stated
    point: FloatArray
    duals: FloatArray
    claimed: float | None
    stopped: Stopped
    method: Method

    @property
    def tolerance(self) -> float:
        """Relative residual allowed of a row."""
        return CONIC if self.method is Method.CLARABEL else TOLERANCE

    def certificate(
        self, upper: float, point: FloatArray, *, rounding: float = 0.0, residual: float = 0.0
    ) -> Certificate:
        """Set a value, recomputed at a point mended from this one, against what is proved."""
        check_rows(self.stated.program, point, self.tolerance)
        proven = bound(self.stated, point, self.duals, upper)
        certificate = proven.certificate(upper, budget_residual=residual, rounding=rounding)
        if self.claimed is None:
            return certificate
        claimed = min(self.claimed, upper)
        reported = resealed(certificate, trust=Trust.REPORTED, error=0.0)
        if self.method is Method.CLARABEL:
            # That the point meets the cones is the solver's word, too.
            return resealed(reported, lower=max(claimed, certificate.lower))
        met = certificate.optimal or claimed <= certificate.lower
        return certificate if met else resealed(reported, lower=claimed)


def search(
    stated: Stated,
    own: Variables | None,
    cones: Sequence[Any],
    time_limit: float | None,
    cost: Any = None,
) -> Searched:
    """Minimise, with constraints `cones` that are no rows, and a cost that is none."""
    p = stated.program
    if cones or cost is not None:
        assert own is not None
        point = conic(stated, own, cones, cost)
        return Searched(
            stated=stated,
            point=point,
            duals=solved(p, time_limit).duals,
            claimed=stated.value(point) if cost is None else float(cost.value),
            stopped=Stopped.OPTIMAL,
            method=Method.CLARABEL,
        )
    patterns = Patterns.of(stated)
    relaxed = patterns.solve() if patterns else solved(replace(p, integer=None), time_limit)
    answer, claimed = relaxed, None
    if p.integer is not None:
        answer = run(p, time_limit=time_limit)
        ranges = (p.upper - p.lower)[p.integer]
        if ranges.max(initial=0.0) <= WHOLE_RANGE:
            claimed = stated.factor * answer.bound
    return Searched(
        stated=stated,
        point=answer.columns,
        duals=relaxed.duals,
        claimed=claimed,
        stopped=answer.stopped,
        method=answer.method,
    )


def bound(stated: Stated, point: FloatArray, duals: FloatArray, value: float) -> ProvenBound:
    """Weak duality on the program: nothing that meets its rows as well as `point` costs less.

    What is dearer than a known value is left out, and rows are as wide as rounding made the point
    need: both only keep what is as good.
    """
    p = stated.program
    activity, size = activities(p, point)
    doubt = 4.0 * UNIT_ROUNDING * size
    met = (activity >= p.row_lower) & (activity <= p.row_upper)
    upper, dear = p.upper.copy(), p.cost > 0
    if (p.cost >= 0).all() and not p.lower[dear].any():
        worth = value / stated.factor / p.cost[dear] * (1 + TOLERANCE)
        upper[dear] = np.minimum(upper[dear], worth)
    within = replace(
        p,
        upper=upper,
        row_lower=np.where(met, p.row_lower, np.minimum(p.row_lower, activity - doubt)),
        row_upper=np.where(met, p.row_upper, np.maximum(p.row_upper, activity + doubt)),
        integer=None,
    )
    proven = lower_bound(within, duals)
    return replace(proven, lower=stated.factor * proven.lower, error=stated.factor * proven.error)


def activities(program: Program, point: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Σ of each row at a point, and Σ of absolute terms."""
    row, terms = program.row, program.coefficient * point[program.column]
    activity = np.bincount(row, terms, program.row_lower.size).astype(np.float64)
    size = np.bincount(row, np.abs(terms), program.row_lower.size).astype(np.float64)
    return activity, size


def check_rows(program: Program, point: FloatArray, tolerance: float) -> None:
    """Check every row and bound at a point, relative to its size."""
    activity, size = activities(program, point)
    ends = np.where(np.isfinite(program.row_upper), np.abs(program.row_upper), 0.0)
    size = np.maximum(size, ends) + SMALL
    missed = np.maximum(activity - program.row_upper, program.row_lower - activity) / size
    outside = np.maximum(point - program.upper, program.lower - point) / (1.0 + program.upper)
    worst = float(max(missed.max(initial=0.0), outside.max(initial=0.0)))
    if worst > tolerance:
        raise CertificateError(f"the solver's answer misses a constraint by {worst:.3g}, relative")
