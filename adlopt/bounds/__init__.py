"""Bounds on the severity regret Σ D_t |θ_t − θ*_t| − min, all in USD."""

from __future__ import annotations

import numpy as np
import sympy

from adlopt.bound import Bound, Comparator, Hypothesis
from adlopt.episode import Episode
from adlopt.quantity import TOTAL_DEFICIT, WORST_MISS, P, S
from adlopt.run import Run


def _short_of_capacity(episode: Episode, run: Run | None) -> tuple[int, ...]:
    return _rounds(episode.total_capacity < episode.deficit)


def _outside_domain(episode: Episode, run: Run | None) -> tuple[int, ...]:
    return () if run is None else _rounds(run.haircut > episode.deficit * (1 + 1e-9))


def _rounds(mask: np.ndarray) -> tuple[int, ...]:
    return tuple(int(t) + 1 for t in np.flatnonzero(mask))


ENOUGH_CAPACITY = Hypothesis(text="U_t ≥ D_t in every round", fails=_short_of_capacity)
INSIDE_DOMAIN = Hypothesis(text="H_t ≤ D_t: the policy stays in θ ≤ 1", fails=_outside_domain)

PROPOSITION_1 = Bound(
    name="Proposition 1",
    expression=sympy.sqrt((1 + 2 * P.symbol) * S.symbol),
    comparator=Comparator.PER_ROUND_OPTIMUM,
    covers="projected OGD on D_t |θ − θ*_t| with the hindsight step η* = sqrt((1 + 2P)/S)",
    hypotheses=(ENOUGH_CAPACITY, INSIDE_DOMAIN),
    tightness="constant 1 is attained in the limit for P = 0",
    citation="[CTTX26, Prop. 1, Eq. 17], arXiv 2602.15182",
)
"""The bound the paper scores every policy against, B_inst."""

TRIVIAL = Bound(
    name="trivial",
    expression=WORST_MISS.symbol,
    comparator=Comparator.PER_ROUND_OPTIMUM,
    covers="every policy with θ_t in [0, 1]: the most that D_t |θ − θ*_t| can be",
    hypotheses=(INSIDE_DOMAIN,),
    tightness="attained by the worst severity of every round",
    citation="max over θ in [0, 1] of a convex function is at an end",
)
"""What no policy inside the domain can exceed: a bound above it says nothing."""

HALF = Bound(
    name="θ = 1/2",
    expression=TOTAL_DEFICIT.symbol / 2,
    comparator=Comparator.PER_ROUND_OPTIMUM,
    covers="the constant severity 1/2, on every sequence",
    hypotheses=(ENOUGH_CAPACITY,),
    tightness="attained where θ*_t is 0 or 1",
    citation="|1/2 − θ*| ≤ 1/2",
)
"""What a constant guarantees without looking at anything."""


def is_vacuous(bound: Bound, episode: Episode) -> bool:
    """Whether a bound is not below the trivial one, and so says nothing on this episode.

    Examples
    --------
    >>> from adlopt.episodes import october_10
    >>> is_vacuous(PROPOSITION_1, october_10())
    True
    """
    return bound.value(episode) >= TRIVIAL.value(episode)
