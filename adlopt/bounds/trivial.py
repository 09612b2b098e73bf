"""What is known without any theory, and the test of whether a bound says more."""

from __future__ import annotations

from functools import partial
from numbers import Real
from typing import Any

import sympy

from adlopt.bounds.bound import FIRST_SEVERITY, Bound
from adlopt.bounds.hypotheses import ENOUGH_CAPACITY, INSIDE_DOMAIN
from adlopt.bounds.quantity import FIRST_DEFICIT, TOTAL_DEFICIT, WORST_MISS, P, S
from adlopt.bounds.witnesses import all_needed, swinging
from adlopt.model.episode import Episode
from adlopt.policies.severity import Constant, Persistence

TRIVIAL = Bound(
    name="trivial",
    expression=WORST_MISS.symbol,
    covers="every policy with θ_t in [0, 1]: the most that D_t |θ − θ*_t| can be",
    rules=(lambda rule, episode: True,),
    hypotheses=(INSIDE_DOMAIN,),
    witness=partial(all_needed, Constant(0.0)),
    tightness_note="attained by the worst severity of every round",
    citation="max over θ in [0, 1] of a convex function is at an end",
    proof="trivial",
)
"""What no policy inside the domain can exceed: a bound above it says nothing."""

HALF = Bound(
    name="θ = 1/2",
    expression=TOTAL_DEFICIT.symbol / 2,
    covers="the constant severity 1/2, on every sequence",
    rules=("constant:0.5",),
    hypotheses=(ENOUGH_CAPACITY,),
    witness=partial(all_needed, Constant(0.5)),
    tightness_note="attained where θ*_t is 0 or 1",
    citation="|1/2 − θ*| ≤ 1/2",
    proof="minimax_severity",
)
"""What a constant guarantees without looking at anything."""


def from_first(first: float) -> Bound:
    """D − D_1 + D_1 max(x_1, 1 − x_1): what is played first is known beforehand."""

    def starts_there(rule: Any, episode: Episode) -> bool:
        theta = rule.decide(rule.begin(), episode.rounds[0].start)
        return isinstance(theta, Real) and theta == first

    farther = FIRST_DEFICIT.symbol * sympy.Max(FIRST_SEVERITY, 1 - FIRST_SEVERITY)
    return Bound(
        name=f"first round, start {first:g}",
        expression=TOTAL_DEFICIT.symbol - FIRST_DEFICIT.symbol + farther,
        covers=f"every severity with θ_1 = {first:g}, on every sequence",
        rules=(starts_there,),
        hypotheses=(ENOUGH_CAPACITY, INSIDE_DOMAIN),
        witness=partial(swinging, Persistence(first)),
        tightness_note="attained by persistence where θ* swings from end to end",
        citation="new; a round costs at most its deficit, and the first its farther end",
        proof="trivial",
        choices={FIRST_SEVERITY: sympy.Rational(first)},
    )


FIRST_ROUND = from_first(0.5)
"""D − D_1/2."""

BOUNDS = (TRIVIAL, HALF, FIRST_ROUND)


def effective_rounds(episode: Episode) -> float:
    """N_eff = (Σ D)²/Σ D², between 1 and T; 0 if nothing is owed."""
    squares = S.measure(episode)
    return TOTAL_DEFICIT.measure(episode) ** 2 / squares if squares else 0.0


def rounds_needed(episode: Episode) -> float:
    """4 (1 + 2P): √((1 + 2P) S) < Σ D/2 iff this is below N_eff, squared."""
    return 4 * (1 + 2 * P.measure(episode))


def beats_half(episode: Episode) -> bool:
    """Whether 4 (1 + 2P) < N_eff: Proposition 1 says more than θ = ½ does without looking."""
    return rounds_needed(episode) < effective_rounds(episode)
