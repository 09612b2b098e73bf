"""Gradient steps beside Proposition 1: against the path that suits it best, and without hindsight.

Projected OGD with step η loses at most f(u) + ((x_1 − u_1)² + 2P(u) − Q(u))/2η + η S/2 for every
path u; steps that make the right side least are known in hindsight. Steps c/√(D_1² + … + D_t²), the
step of a venue, and experts that play several need none.
"""

from __future__ import annotations

from functools import partial

import sympy

from adlopt.bounds.bound import FIRST_SEVERITY, Along, Bound
from adlopt.bounds.hypotheses import ENOUGH_CAPACITY, INSIDE_DOMAIN, POSITIVE_DEFICITS
from adlopt.bounds.quantity import FIRST, LOSS, PLAIN, ROUNDS, P, Q, S
from adlopt.bounds.witnesses import resting
from adlopt.model.run import Information
from adlopt.policies.experts import Ader, Mixture
from adlopt.policies.gradient import AdaGradOGD, RunningOGD

ONE_HALF = sympy.Rational(1, 2)
HALF_START = {FIRST_SEVERITY: ONE_HALF}
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


CONSTANT_FROM_HALF = from_start(ONE_HALF)
CONSTANT_FROM_ZERO = from_start(sympy.Integer(0))

STEP, EXPERTS = sympy.Symbol("c", real=True), sympy.Symbol("K", real=True)
_adaptive = partial(
    Bound, hypotheses=(ENOUGH_CAPACITY, INSIDE_DOMAIN, POSITIVE_DEFICITS), along=Along.BEST_PATH
)

ADAPTIVE = _adaptive(
    name="adaptive steps, c = 1/√2",
    expression=LOSS.symbol + sympy.sqrt(S.symbol) * ((ONE_HALF + P.symbol) / STEP + STEP),
    covers="adagrad-ogd, η_t = c/√(D_1² + … + D_t²), from any start",
    rules=(lambda rule, _: isinstance(rule, AdaGradOGD) and rule.c == AdaGradOGD().c,),
    tightness_note="within √2 (1 + P)/√(1 + 2P) of the best fixed step, which needs hindsight",
    citation="sharpens the tuning of [CTTX26, Prop. 1]",
    proof="adaptive_steps",
    choices={STEP: 1 / sympy.sqrt(2)},
)
"""min over u of f(u) + √2 (1 + P(u)) √S."""

ADAPTIVE_TUNED = _adaptive(
    name="adaptive steps, c = √(1/2 + P)",
    expression=ADAPTIVE.expression,
    covers="adagrad-ogd with c of the best path's variation P (hindsight), from any start",
    tightness_note="within √2 of the best fixed step",
    citation=ADAPTIVE.citation,
    proof="adaptive_steps",
    choices={STEP: sympy.sqrt(ONE_HALF + P.symbol)},
    information=Information.HINDSIGHT,
)
"""min over u of f(u) + √(2 (1 + 2P(u)) S)."""

TUNING_FREE = _adaptive(
    name="tuning-free experts",
    expression=LOSS.symbol
    + (3 * ONE_HALF * sympy.sqrt(1 + 2 * P.symbol) + sympy.sqrt(sympy.log(EXPERTS)))
    * sympy.sqrt(S.symbol),
    covers="ader with the episode's T as horizon, from any start; every path at once",
    rules=(lambda rule, e: type(rule) is Ader and rule.experts == Ader(len(e)).experts,),
    tightness_note="within 3/2 of the best fixed step, and √(ln K)",
    citation="after Zhang, Lu and Zhou 2018 (Ader), with known deficits",
    proof="tuning_free",
    choices={
        EXPERTS: sympy.Max(1, sympy.ceiling((1 + sympy.log(ROUNDS.symbol - ONE_HALF, 2)) / 2))
    },
)
"""min over u of f(u) + (3/2 √(1 + 2P(u)) + √(ln K)) √S, K experts."""

MIXED = Bound(
    name="best plain expert",
    expression=PLAIN.symbol + sympy.sqrt(sympy.log(EXPERTS)) * sympy.sqrt(S.symbol),
    covers="mixture: against each of its experts, among them three plain ones",
    rules=(lambda rule, _: type(rule) is Mixture and rule == Mixture(),),
    hypotheses=TUNING_FREE.hypotheses,
    tightness_note="√(ln K · S) is what it costs not to know which expert is best",
    citation=TUNING_FREE.citation,
    proof="tuning_free",
    choices={EXPERTS: sympy.Integer(len(Mixture().rules))},
)
"""L_k + √(ln K) √S, L_k the least loss of its plain experts, K all of them."""

RUNNING = Bound(
    name="running step",
    expression=sympy.sqrt(S.symbol) * (sympy.sqrt(1 + 2 * P.symbol) + ONE_HALF),
    covers="metaflux-ogd, η_t = √((1 + 2 P_t)/S_t) of what was seen, from any start",
    rules=(RunningOGD,),
    hypotheses=(ENOUGH_CAPACITY, INSIDE_DOMAIN, POSITIVE_DEFICITS),
    tightness_note="3/2 of Proposition 1 at P = 0, less where θ* moves",
    citation="new; the step that MetaFlux documents",
    proof="running_step",
)
"""√S (√(1 + 2P) + 1/2), for the step that a venue runs."""

BOUNDS = (
    *(OPTIMISED, OPTIMISED_FROM_HALF, QUADRATIC, CONSTANT_FROM_HALF, CONSTANT_FROM_ZERO),
    *(ADAPTIVE_TUNED, ADAPTIVE, RUNNING, TUNING_FREE, MIXED),
)
