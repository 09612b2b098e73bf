"""Capacities that move between decision and execution: what is delivered is Σ min(x_i, u_i^ω).

With x = min(z w, u) for the decision's own capacities u, what scenario ω delivers rises with z. The
level at which it delivers H is a water level of its own, and the least z that delivers in k
scenarios is the k-th smallest of these; no haircut of a smaller worst burden delivers in as many.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from adlopt.errors import InfeasibleRound
from adlopt.foundation.arrays import FloatArray
from adlopt.foundation.exact import exact_sum
from adlopt.optimum.core.burden_problem import BurdenProblem
from adlopt.optimum.core.certificate import ROUNDING, TOLERANCE, Certificate, Trust, checked
from adlopt.optimum.core.waterfill import water_level
from adlopt.show.words import dollars, percent


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Delivery:
    """Haircuts, shape (n,), the share of the scenarios that they deliver in, and their proof."""

    haircut: FloatArray
    share: float
    certificate: Certificate


def deliver(
    problem: BurdenProblem, scenarios: FloatArray | float, share: float, raised: float
) -> Delivery:
    """Deliver H in a share of the scenarios (Ω, n), or of a band below, at the least worst burden.

    Raises
    ------
    InfeasibleRound
        If it cannot be delivered in so many.

    Examples
    --------
    >>> from adlopt.model.loss import MinMax
    >>> from adlopt.model.round import Round
    >>> round_ = Round.of(capacity=[100.0, 100.0], deficit=90.0, needed=0.0)
    >>> moved = np.array([[100.0, 10.0], [90.0, 90.0]])
    >>> both = deliver(BurdenProblem.of(round_, MinMax()), moved, 1.0, 50.0)
    >>> both.haircut, both.share
    (array([40., 40.]), 1.0)
    """
    open_, weight = problem.open, problem.weight
    if isinstance(scenarios, float):
        scenarios = problem.capacity[None, :] * (1.0 - scenarios)
    left = np.minimum(open_, scenarios)
    wanted = math.ceil(share * len(left) * (1 - TOLERANCE))
    reach = np.sort(left.sum(axis=1))[::-1][wanted - 1]
    if raised > reach * (1 + ROUNDING):
        raise InfeasibleRound(
            f"{dollars(raised)} cannot be delivered in {percent(share)} of the scenarios: in so "
            f"many winners have {dollars(float(reach))}",
            below=float(reach),
            above=None,
            missing=raised - float(reach),
        )
    levels = [
        water_level(weight, row, min(raised, total))
        if raised <= total * (1 + ROUNDING)
        else math.inf
        for row, total in zip(left, left.sum(axis=1).tolist(), strict=True)
    ]
    level = sorted(levels)[wanted - 1]
    haircut = np.minimum(open_, weight * level)
    least = level * (1 - 0.5 * TOLERANCE)
    fewer = _delivering(np.minimum(left, weight * least), raised)
    proven = fewer < wanted or not level
    certificate = checked(
        upper=level, lower=least if proven else 0.0, trust=Trust.EXACT, error=level - least
    )
    done = _delivering(np.minimum(left, haircut), raised * (1 - ROUNDING))
    return Delivery(haircut=haircut, share=done / len(left), certificate=certificate)


def _delivering(given: FloatArray, raised: float) -> int:
    """In how many scenarios the exact sum is as much."""
    return sum(exact_sum(row) >= Fraction(raised) for row in given)
