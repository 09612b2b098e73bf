"""Minimise a program with rows of one's own: a point, and a bound that trusts no solver."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from adlopt.errors import CertificateError
from adlopt.foundation.arrays import FloatArray
from adlopt.foundation.deadline import deadline
from adlopt.model.method import Method, Stopped
from adlopt.optimum.core.certificate import (
    ROUNDING,
    TOLERANCE,
    UNIT_ROUNDING,
    Certificate,
    Trust,
    resealed,
)
from adlopt.optimum.dollars.shadow_prices import Prices
from adlopt.optimum.matching.linear import solved
from adlopt.optimum.opened.expressions import Variables, conic
from adlopt.optimum.programs.highs import Infeasible, run
from adlopt.optimum.programs.patterns import Patterns
from adlopt.optimum.programs.program import Program
from adlopt.optimum.programs.proven_tree import proven_lower_bound
from adlopt.optimum.programs.stated import Stated
from adlopt.optimum.programs.weak_duality import ProvenBound, lower_bound

WHOLE_RANGE = 1e4
"""Lots of a column from which on branch and bound calls wrong answers optimal: its bound is not
even reported."""
SMALL = 2.0**10
"""Rows are measured against at least so much, 1e-5 of all money: a solver's own tolerance is."""
TREE, TREE_SECONDS = 200, 0.25
"""Columns up to which, and seconds in which, whole numbers are searched for once more, proved."""
CONIC = 1e-6
"""Relative residual allowed where a conic solver found the point."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Searched:
    """A point of a program with its own rows, unchecked, and what its search says of it.

    `duals`, (rows,), are of the continuous program; `claimed` is a bound that the search alone
    vouches for, `proved` one of a tree whose nodes are all closed by weak duality.
    """

    stated: Stated
    point: FloatArray
    duals: FloatArray
    claimed: float | None
    stopped: Stopped
    method: Method
    proved: float = 0.0

    @property
    def counts(self) -> bool:
        """Whether whole columns make the objective a whole number."""
        p = self.stated.program
        each = self.stated.factor * p.cost[p.cost != 0]
        whole = p.integer is not None and p.integer[p.cost != 0].all()
        return bool(whole and (each == np.round(each)).all())

    def _whole(self, proved: float) -> float:
        """A bound, rounded up where the objective is a whole number."""
        return float(math.ceil(proved)) if self.counts else proved

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
        if (whole := self._whole(certificate.lower)) > certificate.lower:
            certificate = resealed(certificate, lower=min(whole, upper))
        if self.claimed is None:
            return certificate
        claimed = min(self.claimed, upper)
        reported = resealed(certificate, trust=Trust.REPORTED, error=0.0)
        if self.method is Method.CLARABEL:
            # That the point meets the cones is the solver's word, too.
            return resealed(reported, lower=max(claimed, certificate.lower))
        if self.proved > certificate.lower:
            lower = min(self._whole(self.proved), upper)
            certificate = resealed(certificate, lower=lower, trust=Trust.VERIFIED)
        met = certificate.optimal or claimed <= certificate.lower
        return certificate if met else resealed(reported, lower=claimed)


def search(
    stated: Stated,
    own: Variables | None,
    cones: Sequence[Any],
    gap: float = 0.0,
    cost: Any = None,
) -> Searched:
    """Minimise, with constraints `cones` that are no rows, and a cost that is none.

    Rows that meet but for rounding meet.
    """
    try:
        return _searched(stated, own, cones, gap, cost)
    except Infeasible:
        eased = replace(stated, program=eased_rows(stated.program, ROUNDING))
        return replace(_searched(eased, own, cones, gap, cost), stated=stated)


def _searched(
    stated: Stated, own: Variables | None, cones: Sequence[Any], gap: float, cost: Any
) -> Searched:
    p = stated.program
    if cones or cost is not None:
        assert own is not None
        point = conic(stated, own, cones, cost)
        return Searched(
            stated=stated,
            point=point,
            duals=solved(p).duals,
            claimed=stated.value(point) if cost is None else float(cost.value),
            stopped=Stopped.OPTIMAL,
            method=Method.CLARABEL,
        )
    patterns = Patterns.of(stated)
    relaxed = patterns.solve() if patterns else solved(replace(p, integer=None))
    answer, claimed, proved = relaxed, None, 0.0
    if p.integer is not None:
        answer = run(p, gap=gap, presolve=True)
        ranges = (p.upper - p.lower)[p.integer]
        if ranges.max(initial=0.0) <= WHOLE_RANGE:
            claimed = stated.factor * answer.bound
        if p.cost.size <= TREE and answer.stopped is not Stopped.LIMIT:
            proved = stated.factor * _by_tree(p, answer.columns, deadline(TREE_SECONDS))
    return Searched(
        stated=stated,
        point=answer.columns,
        duals=relaxed.duals,
        claimed=claimed,
        stopped=answer.stopped,
        method=Method.CUTTING_PLANES if patterns else answer.method,
        proved=proved,
    )


def eased_rows(program: Program, share: float) -> Program:
    """The program with rows wider by a share of what their terms could be."""
    farthest = np.maximum(np.abs(program.lower), np.abs(program.upper))
    doubt = share * activities(program, farthest)[1]
    return replace(
        program, row_lower=program.row_lower - doubt, row_upper=program.row_upper + doubt
    )


def _by_tree(program: Program, point: FloatArray, end: float) -> float:
    """A bound of the program with whole numbers that no solver is believed for.

    Rows are as wide as rounding makes any point need.
    """
    wide = eased_rows(program, 4.0 * UNIT_ROUNDING)
    return proven_lower_bound(wide, good_enough=float(program.cost @ point), deadline=end)


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
    worst = float(np.concatenate([[0.0], missed, outside]).max())
    if not worst <= tolerance:
        raise CertificateError(f"the solver's answer misses a constraint by {worst:.3g}, relative")


STEP = 2.0**7
"""Units of the program, 1e-6 of all money, by which a row is moved to see what that costs."""


def own_prices(found: Searched, account: Sequence[str], reason: Sequence[str] = ()) -> Prices:
    """Price what a program with rows of one's own has found; ranges are not stated.

    The budget and each row of one's own are moved both ways, and the program solved again; limits
    and shares of accounts have the price of the multipliers at hand on both sides.
    """
    stated, p = found.stated, found.stated.program
    names, below, above = [], [], []
    here = _value(stated)
    for block in stated.rows:
        if block.name not in ("budget", "own"):
            continue
        for i, name in enumerate(block, start=block.first):
            names.append(name)
            unit = STEP * stated.row_unit[i]
            above.append((_value(stated, i, STEP) - here) / unit)
            below.append((here - _value(stated, i, -STEP)) / unit)
    reduced = p.reduced(found.duals)
    limit = np.zeros(len(account))
    limit[stated.account] = np.minimum(reduced[stated.column], 0.0) / stated.unit[stated.column]
    share = stated.rows_named("share")
    multipliers = found.duals[share.part] / stated.row_unit[share.part]
    kinds = [why if why in ("cap", "floor") else "capacity" for why in reason or account]
    names += [f"{kind}[{name}]" for kind, name in zip(kinds, account, strict=True)]
    sign = np.where(np.array(kinds) == "floor", -1.0, 1.0)
    both = stated.factor * np.concatenate([sign * limit, multipliers]) + 0.0
    unknown = np.full(len(names) + share.count, np.nan)
    return Prices(
        name=(*names, *share),
        below=np.concatenate([below, both]),
        above=np.concatenate([above, both]),
        from_usd=unknown,
        to_usd=unknown,
    )


def _value(stated: Stated, row: int = 0, step: float = 0.0) -> float:
    """The optimum with a row moved by a step."""
    low, high = stated.program.row_lower.copy(), stated.program.row_upper.copy()
    low[row], high[row] = low[row] + step, high[row] + step
    stated = replace(stated, program=replace(stated.program, row_lower=low, row_upper=high))
    try:
        found: FloatArray = search(stated, None, ()).point
    except Infeasible:
        return float("inf")
    return stated.value(found)
