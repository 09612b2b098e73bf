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
from adlopt.policies.parameters import in_unit, positive
from adlopt.policies.protocols import State, labelled


@dataclass(frozen=True, slots=True)
class ProjectedOGD:
    """θ_{t+1} = clip(θ_t − η g_t, 0, 1), g_t = ±D_t or 0: the rule of [CTTX26, Prop. 1].

    Parameters
    ----------
    step : float
        η > 0, in 1/USD².
    first : float
        θ_1.
    information : Information
        HINDSIGHT if η was computed from the episode, as the paper's η* is.
    """

    step: float
    first: float = 0.5
    information: Information = Information.ROUND_START

    def __post_init__(self) -> None:
        positive("step", self.step)
        in_unit("first", self.first)

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
class AdaGradOGD:
    """Projected OGD with η_t = c / sqrt(Σ_{s≤t} D_s²): no tuning in hindsight.

    Parameters
    ----------
    c : float
        Free factor; 1/√2 balances the static bound.
    first : float
        θ_1.
    """

    c: float = math.sqrt(0.5)
    first: float = 0.5
    information: ClassVar[Information] = Information.ROUND_START

    def __post_init__(self) -> None:
        positive("c", self.c)
        in_unit("first", self.first)

    @property
    def name(self) -> str:
        """With c and the first severity where they are not 1/√2 and ½."""
        return labelled("adagrad-ogd", (self.c, self.first), (math.sqrt(0.5), 0.5))

    def begin(self) -> State:
        """`first`, and an empty sum of squares."""
        return self.first, 0.0

    def decide(self, state: State, start: RoundStart) -> float:
        """Return the current iterate."""
        return float(state[0])

    def learn(self, state: State, start: RoundStart, theta: float, outcome: RoundOutcome) -> State:
        """Step, after adding D_t² to the sum."""
        squares = state[1] + start.deficit**2
        if squares == 0:
            return state
        stride = self.c / math.sqrt(squares) * start.deficit
        return _step(state[0], stride, needed_severity(start, outcome)), squares


def paper_ogd(
    episode: Episode, *, first: float = 0.5, variation: float | None = None
) -> ProjectedOGD:
    """Projected OGD with the paper's η* = sqrt((1 + 2P)/S), labelled *hindsight*.

    η* needs the path of the needed severities and every deficit, so it cannot run live
    [CTTX26, Prop. 1].

    Parameters
    ----------
    episode : Episode
    first : float
        θ_1.
    variation : float, optional
        P to tune for; the episode's own unless given.

    Examples
    --------
    >>> from adlopt.data.episodes import october_10
    >>> rule = paper_ogd(october_10())
    >>> f"{rule.step:.4g}", rule.information.value
    ('1.166e-07', 'hindsight')
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
