"""Tracking and fairness together are a problem in one variable, and Proposition 1 covers it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import sympy

from adlopt.bounds.bound import Bound
from adlopt.bounds.concluded import OBJECTIVE
from adlopt.bounds.hypotheses import ENOUGH_CAPACITY, INSIDE_DOMAIN
from adlopt.bounds.paper import FAIRNESS, TRACKING
from adlopt.bounds.quantity import OVER_CAPACITY, OVER_CAPACITY_TWICE, P, S
from adlopt.bounds.witnesses import resting
from adlopt.foundation.arrays import own_number
from adlopt.model.run import Information


def full_objective(track: float = 1.0, fair: float = 0.0) -> Bound:
    """√((1 + 2P) Σ D_t² (λ_track + λ_fair/U_t)²), against every path of severities.

    Pro-rata of equal mass tracks as well as any haircut and is at least as fair, so that
    λ_track |Σx − B| + λ_fair max x/u, `track` per USD, is λ_track |θD − B| + λ_fair θ D/U in θ.
    """
    weights = [own_number(track, "track", lowest=0.0), own_number(fair, "fair", lowest=0.0)]
    squares = (
        TRACKING**2 * S.symbol
        + 2 * TRACKING * FAIRNESS * OVER_CAPACITY.symbol
        + FAIRNESS**2 * OVER_CAPACITY_TWICE.symbol
    )
    return Bound(
        name="full objective",
        expression=sympy.sqrt((1 + 2 * P.symbol) * squares),
        covers="projected OGD + pro-rata, step √((1 + 2P)/S) with D_t (λ_track + λ_fair/U_t) in "
        "place of D_t (hindsight)",
        loss=OBJECTIVE,
        hypotheses=(ENOUGH_CAPACITY, INSIDE_DOMAIN),
        tightness_note="as Proposition 1 where λ_fair = 0; no √n and no 1/ε, unlike mirror "
        "descent on haircuts",
        citation="extends [CTTX26, Prop. 1] to its Eq. 10",
        proof="full_objective",
        choices=dict(zip((TRACKING, FAIRNESS), map(sympy.Float, weights), strict=True)),
        information=Information.HINDSIGHT,
    )


FULL_OBJECTIVE = replace(full_objective(), witness=partial(resting, 1.0, 1.0))
"""In dollars missed: λ_track = 1, λ_fair = 0."""

BOUNDS = (FULL_OBJECTIVE,)
