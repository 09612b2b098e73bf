"""The measurable quantities that bounds are made of: a symbol, a meaning, and how to measure it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import sympy

from adlopt.arrays import FloatArray
from adlopt.episode import Episode


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """A number of an episode that appears in a bound.

    Parameters
    ----------
    symbol : sympy.Symbol
        Real; signs are stated as hypotheses, not assumed.
    meaning : str
    unit : str
    measure : callable
        From an episode to the number.
    """

    symbol: sympy.Symbol
    meaning: str
    unit: str
    measure: Callable[[Episode], float]


def path_variation(severities: FloatArray) -> float:
    """Σ_{t≥2} |θ_t − θ_{t−1}|.

    Examples
    --------
    >>> path_variation(np.array([0.0, 1.0, 0.5]))
    1.5
    """
    return math.fsum(np.abs(np.diff(severities)))


P = Quantity(
    symbol=sympy.Symbol("P", real=True),
    meaning="path variation of the needed severities, in hindsight",
    unit="1",
    measure=lambda episode: path_variation(episode.needed_severity),
)
S = Quantity(
    symbol=sympy.Symbol("S", real=True),
    meaning="sum of squared deficits",
    unit="USD²",
    measure=lambda episode: math.fsum(episode.deficit**2),
)
TOTAL_DEFICIT = Quantity(
    symbol=sympy.Symbol("D", real=True),
    meaning="sum of deficits",
    unit="USD",
    measure=lambda episode: math.fsum(episode.deficit),
)
WORST_MISS = Quantity(
    symbol=sympy.Symbol("M", real=True),
    meaning="sum of D_t max(θ*_t, 1 − θ*_t), in hindsight",
    unit="USD",
    measure=lambda episode: math.fsum(
        episode.deficit * np.maximum(episode.needed_severity, 1.0 - episode.needed_severity)
    ),
)

QUANTITIES = {quantity.symbol: quantity for quantity in (P, S, TOTAL_DEFICIT, WORST_MISS)}
