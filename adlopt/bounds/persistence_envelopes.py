"""Repeating what the last round needed: no √T, no tuning.

Gated persistence plays θ*_s of the last round s with D_s ≥ κ D_t, and ½ where there is none.
"""

from __future__ import annotations

from functools import partial

import sympy

from adlopt.bounds import quantity as q
from adlopt.bounds.bound import FIRST_SEVERITY, Along, Bound
from adlopt.bounds.hypotheses import ENOUGH_CAPACITY, EQUAL_DEFICITS, TWO_SIZES
from adlopt.bounds.witnesses import growing, swinging
from adlopt.policies.severity import GatedPersistence, Persistence

KAPPA = sympy.Symbol("κ", real=True)
ONE_HALF = sympy.Rational(1, 2)
_new = partial(Bound, citation="new; compare [CTTX26, Prop. 1]")

PERSISTENCE = _new(
    name="persistence",
    expression=q.FIRST_DEFICIT.symbol * abs(FIRST_SEVERITY - q.FIRST.symbol) + q.MOVED.symbol,
    covers="persistence from ½: its loss itself, along the needed severities",
    rules=("persistence",),
    hypotheses=(ENOUGH_CAPACITY,),
    witness=partial(swinging, Persistence()),
    tightness_note="an identity",
    proof="persistence",
    choices={FIRST_SEVERITY: ONE_HALF},
)
"""D_1 |x_1 − θ*_1| + Σ D_t |θ*_t − θ*_{t−1}|."""

PERSISTENCE_UNIFORM = _new(
    name="persistence, equal deficits",
    expression=2 * q.LOSS.symbol
    + q.LARGEST_DEFICIT.symbol * (q.P.symbol + abs(FIRST_SEVERITY - q.FIRST.symbol)),
    covers="persistence from ½, against every path",
    rules=("persistence",),
    hypotheses=(ENOUGH_CAPACITY, EQUAL_DEFICITS),
    witness=partial(swinging, Persistence()),
    tightness_note="attained where θ* swings from end to end: along the needed severities",
    proof="persistence_any_path",
    choices={FIRST_SEVERITY: ONE_HALF},
    along=Along.BEST_PATH,
)
"""min over u of 2 f(u) + D (P(u) + |x_1 − u_1|)."""

GATED_PERSISTENCE = _new(
    name="gated persistence",
    expression=(1 + 1 / (KAPPA * (1 - KAPPA))) * q.LOSS.symbol
    + q.GATED.symbol
    + q.LARGEST_DEFICIT.symbol / (2 * (1 - KAPPA)),
    covers="gated-persistence with κ = 1/2 from ½, against every path",
    rules=("gated-persistence",),
    hypotheses=(ENOUGH_CAPACITY,),
    witness=partial(growing, GatedPersistence()),
    tightness_note="the last term is attained in the limit, where each deficit doubles the last",
    proof="persistence",
    choices={KAPPA: ONE_HALF},
    along=Along.BEST_PATH,
)
"""min over u of 5 f(u) + Σ D_t |u_t − u_s(t)| + max D."""

GATED_ENVELOPE = _new(
    name="gated envelope",
    expression=q.FIRST_BIG.symbol / 2 + q.MOVED_BIG.symbol + q.SMALL.symbol,
    covers="gated-persistence with κ = 1/2 from ½, on any sequence with W_big or less",
    rules=("gated-persistence",),
    hypotheses=(ENOUGH_CAPACITY, TWO_SIZES),
    witness=partial(swinging, GatedPersistence()),
    tightness_note="attained where θ* swings from end to end and deficits are equal; no rule "
    "guarantees less than the lower bound for the same W_big",
    proof="gated_envelope",
)
"""D_1/2 + W + small: what three lines of policy guarantee a priori."""

BOUNDS = (PERSISTENCE, PERSISTENCE_UNIFORM, GATED_PERSISTENCE, GATED_ENVELOPE)
