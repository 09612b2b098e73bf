"""The measurable quantities that bounds are made of: a symbol, a meaning, and how to measure it.

Some depend on a comparator path u, which is then named *hindsight*: it is the path of the needed
severities θ* unless a bound is measured along another.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
import sympy

from adlopt.bounds.game.minimax_value import largest
from adlopt.foundation.arrays import BoolArray, FloatArray
from adlopt.model.episode import Episode, path_variation

GATE = 0.5
"""κ of the gated quantities: a round of comparable size has D_s ≥ κ D_t."""


Rule: TypeAlias = Callable[[Episode, FloatArray], Any]
"""From an episode and a path of severities, shape (T,), to a number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """A number of an episode, and perhaps of a path, that appears in a bound.

    The symbol is real; signs are stated as hypotheses, not assumed.
    """

    symbol: sympy.Symbol
    meaning: str
    unit: str
    rule: Rule

    def measure(self, episode: Episode, path: FloatArray | None = None) -> float:
        """Measure along a path, that of the needed severities unless given (*hindsight*)."""
        return float(self.rule(episode, episode.needed_severity if path is None else path))


def gate_sources(deficit: FloatArray, kappa: float = GATE) -> tuple[int | None, ...]:
    """The last earlier round with D_s ≥ κ D_t, of each round, from 0; None where there is none."""
    sizes = deficit.tolist()
    found: list[int | None] = []
    kept: list[int] = []
    for t, size in enumerate(sizes):
        found.append(next((s for s in reversed(kept) if sizes[s] >= kappa * size), None))
        kept = [s for s in kept if sizes[s] > size] + [t]
    return tuple(found)


def big_rounds(episode: Episode) -> BoolArray:
    """Rounds with D_t ≥ κ max D, shape (T,)."""
    deficit = episode.deficit
    return np.asarray(deficit >= GATE * deficit.max())


def quantity(symbol: str, meaning: str, rule: Rule, unit: str = "USD") -> Quantity:
    """Make a quantity, and enter it in the table."""
    made = Quantity(symbol=sympy.Symbol(symbol, real=True), meaning=meaning, unit=unit, rule=rule)
    QUANTITIES[made.symbol] = made
    return made


def _moved(episode: Episode, path: FloatArray) -> float:
    return math.fsum(episode.deficit[1:] * np.abs(np.diff(path)))


def _gated(episode: Episode, path: FloatArray) -> float:
    pairs = enumerate(gate_sources(episode.deficit))
    return math.fsum(episode.deficit[t] * abs(path[t] - path[s]) for t, s in pairs if s is not None)


def _plain(episode: Episode, path: FloatArray) -> float:
    needed = episode.needed_severity
    severities = (0.0, 0.5, np.concatenate([[0.5], needed[:-1]]))
    return min(math.fsum(episode.deficit * np.abs(theta - needed)) for theta in severities)


def _moved_big(episode: Episode, path: FloatArray) -> float:
    big = big_rounds(episode)
    return math.fsum(episode.deficit[big][1:] * np.abs(np.diff(path[big])))


def _moved_haircuts(episode: Episode, path: FloatArray) -> float:
    """Σ ‖x*_t − x*_{t−1}‖, x* = pro-rata of what is needed."""
    totals = episode.total_capacity
    shares = [
        r.start.capacity * (min(r.needed / total, 1.0) if total else 0.0)
        for r, total in zip(episode, totals, strict=True)
    ]
    return math.fsum(
        float(np.linalg.norm(b - a)) if a.size == b.size else math.nan for a, b in pairwise(shares)
    )


def _over_capacity(power: int) -> Rule:
    def rule(episode: Episode, path: FloatArray) -> float:
        capacity = episode.total_capacity
        safe = np.where(capacity > 0, capacity, np.inf)
        return math.fsum(episode.deficit**2 / safe**power)

    return rule


QUANTITIES: dict[sympy.Symbol, Quantity] = {}

P = quantity(
    "P", "path variation Σ|u_t − u_{t−1}|, in hindsight", lambda e, u: path_variation(u), unit="1"
)
Q = quantity(
    "Q",
    "quadratic variation Σ(u_t − u_{t−1})², in hindsight",
    lambda e, u: math.fsum(np.diff(u) ** 2),
    unit="1",
)
LOSS = quantity(
    "f",
    "loss of the path itself, Σ D_t |u_t − θ*_t|, in hindsight",
    lambda e, u: math.fsum(e.deficit * np.abs(u - e.needed_severity)),
)
FIRST = quantity("u_1", "where the path starts, in hindsight", lambda e, u: u[0], unit="1")
MOVED = quantity("W", "dollars moved, Σ D_t |u_t − u_{t−1}|, in hindsight", _moved)
PLAIN = quantity(
    "L_k", "least loss of do-nothing, the constant ½ and persistence from ½, in hindsight", _plain
)
GATED = quantity(
    "G", "Σ D_t |u_t − u_s|, s the last round before t with D_s ≥ D_t/2, in hindsight", _gated
)
MOVED_BIG = quantity(
    "W_big",
    "Σ D_t |u_t − u_s| over big rounds, D ≥ max D/2, s the big round before t, in hindsight",
    _moved_big,
)
TOP = quantity(
    "Top_P",
    "sum of the P largest of D_2 … D_T, and a fraction of the next, in hindsight through P",
    lambda e, u: largest(e.deficit[1:], path_variation(u)),
)
TOP_WHOLE = quantity(
    "Top_⌊P⌋",
    "sum of the ⌊P⌋ largest of D_2 … D_T, in hindsight through P",
    lambda e, u: largest(e.deficit[1:], math.floor(path_variation(u))),
)

ROUNDS = quantity("T", "number of rounds", lambda e, u: len(e), unit="1")
S = quantity("S", "sum of squared deficits", lambda e, u: math.fsum(e.deficit**2), unit="USD²")
TOTAL_DEFICIT = quantity("D", "sum of deficits", lambda e, u: math.fsum(e.deficit))
FIRST_DEFICIT = quantity("D_1", "deficit of the first round", lambda e, u: e.deficit[0])
LARGEST_DEFICIT = quantity("D_max", "largest deficit", lambda e, u: e.deficit.max())
FIRST_BIG = quantity(
    "D_big", "deficit of the first big round, D ≥ max D/2", lambda e, u: e.deficit[big_rounds(e)][0]
)
SMALL = quantity(
    "D_small",
    "sum of the deficits below max D/2",
    lambda e, u: math.fsum(e.deficit[~big_rounds(e)]),
)
WORST_MISS = quantity(
    "M",
    "sum of D_t max(θ*_t, 1 − θ*_t), in hindsight",
    lambda e, u: math.fsum(e.deficit * np.maximum(e.needed_severity, 1.0 - e.needed_severity)),
)
OVER_CAPACITY = quantity("S_1", "Σ D_t²/U_t", _over_capacity(1))
OVER_CAPACITY_TWICE = quantity("S_2", "Σ (D_t/U_t)²", _over_capacity(2), unit="1")

WINNERS = quantity("n", "winners a round", lambda e, u: e.rounds[0].start.capacity.size, unit="1")
DIAMETER = quantity(
    "R",
    "diameter ‖u‖₂ of the box of haircuts, from the first round",
    lambda e, u: np.linalg.norm(e.rounds[0].start.capacity),
)
SMALLEST_CAPACITY = quantity(
    "u_min", "smallest capacity", lambda e, u: e.rounds[0].start.capacity.min()
)
MOVED_HAIRCUTS = quantity(
    "P_x",
    "Σ ‖x*_t − x*_{t−1}‖ of pro-rata haircuts of what was needed, in hindsight",
    _moved_haircuts,
)

OF_ALL_PATHS = frozenset(
    quantity.symbol
    for quantity in (
        P, LOSS, TOP, TOP_WHOLE, ROUNDS, S, TOTAL_DEFICIT, FIRST_DEFICIT, LARGEST_DEFICIT,
        FIRST_BIG, SMALL,
    )
)  # fmt: skip
"""What is the same for every path θ* with these deficits and this P, or, f of θ* itself, 0."""
