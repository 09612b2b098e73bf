"""Steps c/√(D_1² + … + D_t²), and experts that play several: nothing is known in hindsight."""

from __future__ import annotations

from functools import partial

import sympy

from adlopt.bounds.bound import Along, Bound
from adlopt.bounds.hypotheses import ENOUGH_CAPACITY, INSIDE_DOMAIN, POSITIVE_DEFICITS
from adlopt.bounds.quantity import LOSS, ROUNDS, P, S
from adlopt.model.run import Information
from adlopt.policies.gradient import AdaGradOGD, RunningOGD

STEP, EXPERTS = sympy.Symbol("c", real=True), sympy.Symbol("K", real=True)
ONE_HALF = sympy.Rational(1, 2)
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
    tightness_note="within 3/2 of the best fixed step, and √(ln K)",
    citation="after Zhang, Lu and Zhou 2018 (Ader), with known deficits",
    proof="tuning_free",
    choices={
        EXPERTS: sympy.Max(1, sympy.ceiling((1 + sympy.log(ROUNDS.symbol - ONE_HALF, 2)) / 2))
    },
)
"""min over u of f(u) + (3/2 √(1 + 2P(u)) + √(ln K)) √S, K experts."""

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

BOUNDS = (ADAPTIVE_TUNED, ADAPTIVE, RUNNING, TUNING_FREE)
