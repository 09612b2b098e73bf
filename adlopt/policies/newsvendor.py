"""Severities for prices that differ: a dollar missed costs λ_under, a dollar too much λ_over.

The loss of a round is D max(λ_under (θ* − θ), λ_over (θ − θ*)), `SeverityLoss(under=…, over=…)`:
a newsvendor's, whose minimiser under any belief is its λ_under / (λ_under + λ_over) quantile.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from adlopt.model.loss import SeverityLoss
from adlopt.model.round import RoundOutcome, RoundStart, needed_severity
from adlopt.model.run import Information
from adlopt.policies.parameters import in_unit, positive
from adlopt.policies.protocols import State, labelled
from adlopt.policies.severity import weighted_quantile


@dataclass(frozen=True, slots=True)
class Newsvendor:
    """θ_t minimises the past loss Σ_{s<t} D_s max(λ_under (θ*_s − θ), λ_over (θ − θ*_s)).

    It is the D-weighted lower quantile of what was needed; at equal prices, follow-the-leader.

    Parameters
    ----------
    under, over : float
        λ_under and λ_over, > 0; only their ratio matters.
    first : float
        θ_1.
    """

    under: float = 2.0
    over: float = 1.0
    first: float = 0.5
    information: ClassVar[Information] = Information.ROUND_START

    def __post_init__(self) -> None:
        SeverityLoss(under=self.under, over=self.over)
        in_unit("first", self.first)

    @property
    def name(self) -> str:
        """With the prices, and the first severity where it is not ½."""
        return labelled("newsvendor", (self.under, self.over, self.first), (None, None, 0.5))

    def begin(self) -> State:
        """No finished round."""
        return ()

    def decide(self, state: State, start: RoundStart) -> float:
        """Return the weighted quantile."""
        level = self.under / (self.under + self.over)
        return weighted_quantile(state, level) if state else self.first

    def learn(self, state: State, start: RoundStart, theta: float, outcome: RoundOutcome) -> State:
        """Append (θ*, D)."""
        return (*state, (needed_severity(start, outcome), start.deficit))


@dataclass(frozen=True, slots=True)
class PinballOGD:
    """Projected OGD on the asymmetric severity loss: [CTTX26, Prop. 1] at D max(λ_under, λ_over).

    Its subgradient is λ_over D above θ* and −λ_under D below, so every bound of OGD holds with
    D_t max(λ_under, λ_over) for D_t.

    Parameters
    ----------
    under, over : float
        λ_under and λ_over, > 0.
    first : float
        θ_1.
    step : float, optional
        η > 0. Unless given, η_t = 1 / sqrt(2 Σ_{s≤t} (D_s max(λ_under, λ_over))²), as
        `AdaGradOGD`.
    """

    under: float = 2.0
    over: float = 1.0
    first: float = 0.5
    step: float | None = None
    information: ClassVar[Information] = Information.ROUND_START

    def __post_init__(self) -> None:
        SeverityLoss(under=self.under, over=self.over)
        in_unit("first", self.first)
        if self.step is not None:
            positive("step", self.step)

    @property
    def name(self) -> str:
        """With the prices, and the first severity and step where they are chosen."""
        values = (self.under, self.over, self.first)
        if self.step is not None:
            return labelled("pinball-ogd", (*values, self.step), (None,) * 4)
        return labelled("pinball-ogd", values, (None, None, 0.5))

    def begin(self) -> State:
        """`first`, and an empty sum of squares."""
        return self.first, 0.0

    def decide(self, state: State, start: RoundStart) -> float:
        """Return the current iterate."""
        return float(state[0])

    def learn(self, state: State, start: RoundStart, theta: float, outcome: RoundOutcome) -> State:
        """Step against the subgradient; on target there is none."""
        iterate, squares = state
        squares += (start.deficit * max(self.under, self.over)) ** 2
        if squares == 0:
            return state
        target = needed_severity(start, outcome)
        slope = self.over * (iterate > target) - self.under * (iterate < target)
        step = math.sqrt(0.5 / squares) if self.step is None else self.step
        return min(1.0, max(0.0, iterate - step * start.deficit * slope)), squares
