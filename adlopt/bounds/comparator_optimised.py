"""Proposition 1 against the comparator that suits it best, and from the start it really has.

Projected OGD with step η loses at most f(u) + ((x_1 − u_1)² + 2P(u) − Q(u))/2η + η S/2 for every
path u; each bound below has the step that makes the right side least, known in hindsight.
"""

from __future__ import annotations

from functools import partial

import sympy

from adlopt.bounds.bound import FIRST_SEVERITY, Along, Bound
from adlopt.bounds.hypotheses import ENOUGH_CAPACITY, INSIDE_DOMAIN
from adlopt.bounds.quantity import FIRST, LOSS, P, Q, S
from adlopt.bounds.witnesses import resting
from adlopt.model.run import Information

HALF_START = {FIRST_SEVERITY: sympy.Rational(1, 2)}
_tuned = partial(
    Bound,
    hypotheses=(ENOUGH_CAPACITY, INSIDE_DOMAIN),
    citation="sharpens [CTTX26, Prop. 1]",
    proof="comparator_optimised",
    information=Information.HINDSIGHT,
)
NEAR = sympy.Max(FIRST_SEVERITY, 1 - FIRST_SEVERITY) ** 2
"""Square of the farthest that u_1 can lie from x_1."""

OPTIMISED = _tuned(
    name="best comparator",
    expression=LOSS.symbol + sympy.sqrt((1 + 2 * P.symbol) * S.symbol),
    covers="projected OGD from any start, step √((1 + 2P)/S) of the best path (hindsight)",
    witness=partial(resting, 1.0, 1.0),
    tightness_note="constant 1 is attained in the limit for P = 0",
    along=Along.BEST_PATH,
)
"""min over u of f(u) + √((1 + 2P(u)) S)."""

OPTIMISED_FROM_HALF = _tuned(
    name="best comparator, start ½",
    expression=LOSS.symbol + sympy.sqrt((NEAR + 2 * P.symbol) * S.symbol),
    covers="projected OGD from ½, step √((1/4 + 2P)/S) of the best path (hindsight)",
    witness=partial(resting, 0.5, 0.5),
    tightness_note="attained in the limit for P = 0",
    choices=HALF_START,
    along=Along.BEST_PATH,
)
"""min over u of f(u) + √((1/4 + 2P(u)) S)."""

QUADRATIC = _tuned(
    name="needed path, start ½, with −Q",
    expression=LOSS.symbol + sympy.sqrt((NEAR + 2 * P.symbol - Q.symbol) * S.symbol),
    covers="projected OGD from ½, step √((1/4 + 2P − Q)/S) of the needed path (hindsight)",
    witness=partial(resting, 0.5, 0.5),
    tightness_note="attained in the limit for P = 0; a single step attains 2P − Q",
    choices=HALF_START,
)
"""f + √((1/4 + 2P − Q) S) along θ*."""


def from_start(first: sympy.Rational) -> Bound:
    """Min over constants u of f(u) + |x_1 − u| √S, for OGD from x_1 with step |x_1 − u|/√S."""
    return _tuned(
        name=f"best constant, start {first}",
        expression=LOSS.symbol + abs(FIRST_SEVERITY - FIRST.symbol) * sympy.sqrt(S.symbol),
        covers=f"projected OGD from {first}, step |x_1 − u|/√S of the best constant (hindsight)",
        witness=partial(resting, float(first)),
        tightness_note="constant 1 is attained in the limit",
        choices={FIRST_SEVERITY: first},
        along=Along.BEST_CONSTANT,
    )


CONSTANT_FROM_HALF = from_start(sympy.Rational(1, 2))
CONSTANT_FROM_ZERO = from_start(sympy.Integer(0))

BOUNDS = (OPTIMISED, OPTIMISED_FROM_HALF, QUADRATIC, CONSTANT_FROM_HALF, CONSTANT_FROM_ZERO)
