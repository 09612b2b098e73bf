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
from adlopt.policies.protocols import State
from adlopt.policies.severity import Live, Stepping, weighted_quantile


@dataclass(frozen=True, slots=True)
class _Priced(Live):
    """Base of severities at the prices λ_under and λ_over > 0, from θ_1 = `first`."""

    under: float = 2.0
    over: float = 1.0
    first: float = 0.5
    always: ClassVar[int] = 2

    def __post_init__(self) -> None:
        SeverityLoss(under=self.under, over=self.over)
        Live.__post_init__(self)


@dataclass(frozen=True, slots=True)
class Newsvendor(_Priced):
    """θ_t minimises the past loss Σ_{s<t} D_s max(λ_under (θ*_s − θ), λ_over (θ − θ*_s)).

    It is the D-weighted lower quantile of what was needed; at equal prices, follow-the-leader.
    Only the ratio of the prices matters.
    """

    label: ClassVar[str] = "newsvendor"

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
class PinballOGD(_Priced, Stepping):
    """Projected OGD on the asymmetric severity loss: [CTTX26, Prop. 1] at D max(λ_under, λ_over).

    Its subgradient is λ_over D above θ* and −λ_under D below, so every bound of OGD holds with
    D_t max(λ_under, λ_over) for D_t.

    `step` is η > 0; unless given, η_t = 1 / sqrt(2 Σ_{s≤t} (D_s max(λ_under, λ_over))²), as of
    `AdaGradOGD`.
    """

    step: float | None = None
    label: ClassVar[str] = "pinball-ogd"

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


SEVERITIES = {"newsvendor": Newsvendor, "pinball-ogd": PinballOGD}
