"""Severities that step against the subgradient of D |θ − θ*|: projected online gradient descent."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from adlopt.errors import InputError
from adlopt.foundation.arrays import LARGEST_USD
from adlopt.model.episode import Episode, path_variation
from adlopt.model.round import RoundOutcome, RoundStart, needed_severity
from adlopt.model.run import Information
from adlopt.policies.parameters import Labelled, labelled
from adlopt.policies.protocols import State
from adlopt.policies.severity import Stepping


@dataclass(frozen=True, slots=True)
class ProjectedOGD(Labelled):
    """θ_{t+1} = clip(θ_t − η g_t, 0, 1), g_t = ±D_t or 0: the rule of [CTTX26, Prop. 1].

    `step` is η > 0, in 1/USD², `first` θ_1; `information` is HINDSIGHT if η was computed from the
    episode, as the paper's η* is.
    """

    step: float
    first: float = 0.5
    information: Information = Information.ROUND_START

    @property
    def name(self) -> str:
        """`ogd` with its step, or marked as tuned in hindsight."""
        if self.information is Information.HINDSIGHT:
            return "ogd"
        return labelled("ogd", (self.step, self.first), (None, 0.5))

    def begin(self) -> State:
        """`first`."""
        return self.first

    def decide(self, state: State, start: RoundStart) -> float:
        """Return the current iterate."""
        return float(state)

    def learn(self, state: State, start: RoundStart, theta: float, outcome: RoundOutcome) -> State:
        """Step against the subgradient of D |θ − θ*|."""
        return _step(state, self.step * start.deficit, needed_severity(start, outcome))


@dataclass(frozen=True, slots=True)
class AdaGradOGD(Stepping):
    """Projected OGD with η_t = c / sqrt(Σ_{s≤t} D_s²): no tuning in hindsight.

    `c` > 0 is free, 1/√2 balances the static bound; `first` is θ_1.
    """

    c: float = math.sqrt(0.5)
    first: float = 0.5
    label: ClassVar[str] = "adagrad-ogd"

    def learn(self, state: State, start: RoundStart, theta: float, outcome: RoundOutcome) -> State:
        """Step, after adding D_t² to the sum."""
        squares = state[1] + start.deficit**2
        if squares == 0:
            return state
        stride = self.c / math.sqrt(squares) * start.deficit
        return _step(state[0], stride, needed_severity(start, outcome)), squares


@dataclass(frozen=True, slots=True)
class RunningOGD(Stepping):
    """Projected OGD with η_t = sqrt((1 + 2 P_t) / S_t) of the rounds so far, as MetaFlux runs it.

    P_t = Σ_{s≤t} |θ*_s − θ*_{s−1}| and S_t = Σ_{s≤t} D_s² count a round once its θ* is known. No
    proposition of [CTTX26] covers this step. `first` is θ_1, which the venue does not publish.
    """

    first: float = 0.5
    label: ClassVar[str] = "metaflux-ogd"
    sums: ClassVar[int] = 2

    def learn(self, state: State, start: RoundStart, theta: float, outcome: RoundOutcome) -> State:
        """Step, after counting the round."""
        target, (iterate, path, squares, *last) = needed_severity(start, outcome), state
        path += sum(abs(target - each) for each in last)
        squares += start.deficit**2
        stride = math.sqrt((1 + 2 * path) / squares) * start.deficit if squares else 0.0
        return _step(iterate, stride, target), path, squares, target


def paper_ogd(
    episode: Episode, *, first: float = 0.5, variation: float | None = None
) -> ProjectedOGD:
    """Projected OGD with the paper's η* = sqrt((1 + 2P)/S), labelled *hindsight*.

    η* needs the path of the needed severities and every deficit, so it cannot run live
    [CTTX26, Prop. 1].

    `first` is θ_1; P is the episode's own unless a `variation` is given.
    """
    path = path_variation(episode.needed_severity) if variation is None else variation
    root, needed = math.hypot(*episode.deficit), math.sqrt(1 + 2 * path)
    if root == 0:
        raise InputError("deficit", 0.0, "a positive deficit in some round")
    if needed > LARGEST_USD * root:
        expected = f"deficits so large that η* = sqrt((1 + 2P)/S) ≤ {LARGEST_USD:g}"
        remedy = "state money in a smaller unit"
        raise InputError("deficit", float(episode.deficit.max()), expected, remedy=remedy)
    step = needed / root
    return ProjectedOGD(step=step, first=first, information=Information.HINDSIGHT)


def _step(theta: float, stride: float, target: float) -> float:
    sign = int(theta > target) - int(theta < target)
    return min(1.0, max(0.0, theta - stride * sign))


SEVERITIES = {"ogd": ProjectedOGD, "adagrad-ogd": AdaGradOGD, "metaflux-ogd": RunningOGD}
TUNED = {"ogd": paper_ogd}
