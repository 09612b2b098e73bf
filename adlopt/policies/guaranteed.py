"""Severities with a guarantee that a venue can publish, each with a theorem of its own.

*Coverage* (`proofs/coverage.py`): θ_{t+1} = θ_t + η D_t (1[θ_t < θ*_t] − α), played clipped to
[0, 1]. On any sequence the dollars of rounds that raise too little are at most
α Σ D + 1/η + D_max; with the step 1/(largest deficit so far), which needs nothing ahead,
α Σ D + 2 D_max.

*The minimax of needed dollars* (`proofs/needed_dollars.py`): where 0 ≤ B_t ≤ D_t and Σ B_t ≤ M,
deficits known, the minimax of Σ λ_under (B − H)₊ + λ_over (H − B)₊ is V(M) = Φ_1(M),
Φ_t(m) = λ_under E min(m, Σ_{s≥t} ξ_s D_s), with ξ_s independent coins of
P(1) = λ_over / (λ_under + λ_over). What was lost and Φ of what is left of M never grow. With
unknown deficits of sum S or less the value tends to min(M, S/2).

*Late feedback* (`proofs/delayed_feedback.py`): persistence where what a round needed is only known
some rounds later.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np

from adlopt.errors import InputError
from adlopt.foundation.arrays import AnyArray, FloatArray, own, own_number, own_whole
from adlopt.model.episode import Episode
from adlopt.model.loss import SeverityLoss
from adlopt.model.round import RoundOutcome, RoundStart
from adlopt.model.run import Information
from adlopt.policies.parameters import Labelled, labelled
from adlopt.policies.protocols import State
from adlopt.policies.severity_notation import Parametric

MOST_SUMS = 2**16
"""Sums of coins that are kept apart; of more, neighbours are merged at their mean."""


@dataclass(frozen=True, slots=True)
class Coverage(Parametric):
    """Keep the dollars of rounds that raise too little near a share α of all.

    `share` is α, `step` η in 1/USD, one over the largest deficit so far unless given.
    """

    share: float = 0.1
    step: float | None = None
    first: float = 0.5
    label: ClassVar[str] = "coverage"
    always: ClassVar[int] = 1
    certifies: ClassVar[str] = "dollars of rounds that raised too little, USD"

    remembers: ClassVar = {"at": "first", "short": "0", "total": "0", "largest": "0"}
    plays: ClassVar = "clip(at)"
    learns: ClassVar = {
        "largest": "max(largest, deficit)",
        "total": "total + deficit",
        "short": "short + deficit * (theta < target)",
        "at": "at + (step if step > 0 else 1 / largest) * deficit * ((at < target) - share) "
        "if largest > 0 else at",
    }

    def certificate(self, state: State) -> tuple[float, float]:
        """What they came to so far, and what they could come to at most, USD."""
        _, short, total, largest = state
        spare = 2.0 * largest if self.step is None else 1.0 / self.step + largest
        return short, self.share * total + spare


@lru_cache(maxsize=8)
def tosses(deficits: tuple[float, ...], heads: float) -> tuple[tuple[FloatArray, FloatArray], ...]:
    """Σ_{s≥t} ξ_s D_s of each t from 0 to T: its values, ascending, and how likely each is."""
    sums: FloatArray = np.zeros(1)
    mass: FloatArray = np.ones(1)
    found = [(sums, mass)]
    for deficit in reversed(deficits):
        both = np.concatenate([sums, sums + deficit])
        sums, place = np.unique(both, return_inverse=True)
        mass = _summed(place, np.concatenate([mass * (1.0 - heads), mass * heads]))
        if sums.size > MOST_SUMS:
            cell = np.minimum(sums * (MOST_SUMS / sums[-1]), MOST_SUMS - 1).astype(int)
            mean, mass = _summed(cell, mass * sums), _summed(cell, mass)
            sums, mass = mean[mass > 0] / mass[mass > 0], mass[mass > 0]
        found.append((sums, mass))
    return tuple(reversed(found))


def _summed(place: AnyArray, of: FloatArray) -> FloatArray:
    """Sums by place."""
    return np.bincount(place, of).astype(np.float64)


def needed_value(
    deficits: tuple[float, ...], most: float, under: float = 1.0, over: float = 1.0, t: int = 0
) -> float:
    """Φ_t(m), USD: what rounds from t, from 0, can be made to lose.

    >>> needed_value((2.0, 2.0), 2.0), needed_value((2.0, 2.0), 9.0)
    (1.5, 2.0)
    """
    sums, mass = tosses(deficits, over / (under + over))[min(t, len(deficits))]
    return under * float(mass @ np.minimum(sums, most))


@dataclass(frozen=True, slots=True)
class NeededMinimax(Labelled):
    """Play for the least that needed dollars of sum M or less can make lose.

    `most` is M, `deficits` all D_t in order, USD, with commas in a name; prices as elsewhere. Alone
    in a name both are those of the episode, in *hindsight*.
    """

    most: float
    deficits: tuple[float, ...]
    under: float = 1.0
    over: float = 1.0
    information: Information = Information.ROUND_START
    label: ClassVar[str] = "needed-minimax"
    certifies: ClassVar[str] = "priced dollars missed, USD"

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "most", own_number(self.most, "most", lowest=0.0))
        put(self, "deficits", tuple(own(self.deficits, "deficits", lowest=0.0).tolist()))
        SeverityLoss(under=self.under, over=self.over)

    @property
    def name(self) -> str:
        """`needed-minimax`, with what it was given."""
        if self.information is Information.HINDSIGHT:
            return self.label
        sizes = ",".join(f"{size:.12g}" for size in self.deficits)
        values = (self.most, sizes, self.under, self.over)
        return labelled(self.label, values, (None, None, 1.0, 1.0))

    def begin(self) -> State:
        """Rounds played, dollars left of M, and what was lost."""
        return 0, self.most, 0.0

    def decide(self, state: State, start: RoundStart) -> float:
        """X_t(m) as a share of the deficit."""
        t, left, _ = state
        spent = min(left, start.deficit)
        if spent <= 0:
            return 0.0
        after, none = self._worth(t + 1, left - spent), self._worth(t + 1, left)
        raised = (self.under * spent + after - none) / (self.under + self.over)
        return float(min(1.0, max(0.0, raised / start.deficit)))

    def learn(self, state: State, start: RoundStart, theta: float, outcome: RoundOutcome) -> State:
        """Take off what was needed; below 0 more was needed than M."""
        t, left, lost = state
        needed = min(outcome.needed, start.deficit)
        over = theta * start.deficit - needed
        return t + 1, left - needed, lost + max(self.over * over, -self.under * over)

    def certificate(self, state: State) -> tuple[float, float]:
        """What was lost, and V(M) less what the rounds to come can still be made to lose, USD."""
        t, left, lost = state
        broken = left < -1e-9 * self.most
        limit = self._worth(0, self.most) - self._worth(t, max(left, 0.0))
        return lost, math.inf if broken else limit

    def _worth(self, t: int, left: float) -> float:
        return needed_value(self.deficits, left, self.under, self.over, t)


def needed_minimax(
    most: float, deficits: str, under: float = 1.0, over: float = 1.0
) -> NeededMinimax:
    """Play for the least that needed dollars of sum `most` can make lose; D_1,D_2,… in USD."""
    try:
        sizes = tuple(map(float, deficits.split(",")))
    except ValueError:
        raise InputError("deficits", deficits, "numbers, USD, with commas between") from None
    return NeededMinimax(most, sizes, under, over)


def of_episode(episode: Episode, *, variation: float | None = None) -> NeededMinimax:
    """M = Σ min(B, D) and the deficits of an episode, in *hindsight*."""
    most = math.fsum(np.minimum(episode.needed, episode.deficit))
    sizes = tuple(episode.deficit.tolist())
    return NeededMinimax(most, sizes, information=Information.HINDSIGHT)


@dataclass(frozen=True, slots=True)
class DelayedPersistence(Parametric):
    """θ*_s of the last finished round with D_s ≥ κ D_t but `delay` of these; `first` without one.

    Delay 0 is gated persistence. Its guarantee is in `proofs/delayed_feedback.py`.
    """

    delay: float = 1.0
    kappa: float = 0.5
    first: float = 0.5
    label: ClassVar[str] = "delayed-persistence"
    always: ClassVar[int] = 1
    remembers: ClassVar = {"past": "0"}
    plays: ClassVar = "latest(past, kappa * deficit, first, delay)"
    learns: ClassVar = {"past": "join(past, target, deficit)"}

    def __post_init__(self) -> None:
        whole = int(self.delay) if self.delay == int(self.delay) else self.delay
        object.__setattr__(self, "delay", float(own_whole(whole, "delay")))
        Parametric.__post_init__(self)


@dataclass(frozen=True, slots=True)
class CalendarPersistence(DelayedPersistence):
    """θ*_s of the last round s < t − `delay` with D_s ≥ κ D_t; `first` if there is none."""

    label: ClassVar[str] = "calendar-persistence"
    plays: ClassVar = "latest(earlier(past, delay), kappa * deficit, first)"


SEVERITIES = {
    "coverage": Coverage,
    "needed-minimax": needed_minimax,
    "delayed-persistence": DelayedPersistence,
    "calendar-persistence": CalendarPersistence,
}
TUNED = {"needed-minimax": of_episode}
