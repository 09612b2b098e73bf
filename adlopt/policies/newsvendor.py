"""Severities for prices that differ: a dollar missed costs λ_under, a dollar too much λ_over.

The loss of a round is D max(λ_under (θ* − θ), λ_over (θ − θ*)), `SeverityLoss(under=…, over=…)`:
a newsvendor's, whose minimiser under any belief is its λ_under / (λ_under + λ_over) quantile.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from adlopt.foundation.arrays import own_number
from adlopt.model.loss import SeverityLoss
from adlopt.model.round import RoundOutcome, RoundStart
from adlopt.policies.decide.ball import Ball, Burdened, best_budget
from adlopt.policies.protocols import State
from adlopt.policies.severity_notation import Parametric


@dataclass(frozen=True, slots=True)
class _Priced(Parametric):
    """Base of severities at the prices λ_under and λ_over > 0, from θ_1 = `first`."""

    under: float = 2.0
    over: float = 1.0
    first: float = 0.5
    always: ClassVar[int] = 2

    def __post_init__(self) -> None:
        SeverityLoss(under=self.under, over=self.over)
        Parametric.__post_init__(self)


@dataclass(frozen=True, slots=True)
class Newsvendor(_Priced):
    """θ_t minimises the past loss Σ_{s<t} D_s max(λ_under (θ*_s − θ), λ_over (θ − θ*_s)).

    It is the D-weighted lower quantile of what was needed; at equal prices, follow-the-leader.
    Only the ratio of the prices matters.
    """

    label: ClassVar[str] = "newsvendor"

    remembers: ClassVar = {"past": "0"}
    plays: ClassVar = "quantile(past, under / (under + over), first)"
    learns: ClassVar = {"past": "join(past, target, deficit)"}


@dataclass(frozen=True, slots=True)
class PinballOGD(_Priced):
    """Projected OGD on the asymmetric severity loss: [CTTX26, Prop. 1] at D max(λ_under, λ_over).

    Its subgradient is λ_over D above θ* and −λ_under D below, so every bound of OGD holds with
    D_t max(λ_under, λ_over) for D_t.

    `step` is η > 0; unless given, η_t = 1 / sqrt(2 Σ_{s≤t} (D_s max(λ_under, λ_over))²), as of
    `AdaGradOGD`.
    """

    step: float | None = None
    label: ClassVar[str] = "pinball-ogd"

    remembers: ClassVar = {"at": "first", "squares": "0"}
    plays: ClassVar = "at"
    learns: ClassVar = {
        "squares": "squares + (deficit * max(under, over)) ** 2",
        "at": "clip(at - (step if step > 0 else sqrt(0.5 / squares)) * deficit * "
        "(over * (at > target) - under * (at < target))) if squares > 0 else at",
    }


@dataclass(frozen=True, slots=True)
class Robust(_Priced):
    """θ_t loses least under the worst distribution within `radius` of past needs, as shares of D.

    Of rounds like those before, no other loses less in expectation at worst.
    """

    radius: float = 0.05
    label: ClassVar[str] = "robust"

    def __post_init__(self) -> None:
        own_number(self.radius, "radius", lowest=0.0)
        _Priced.__post_init__(self)

    def begin(self) -> State:
        """No finished round."""
        return ()

    def decide(self, state: State, start: RoundStart) -> float:
        """Minimise over the ball; the most that can be needed is D, or the most that ever was."""
        if not state:
            return self.first
        needed = np.sort(np.array(state))
        ball = Ball(
            needed=needed,
            mass=np.ones(needed.size),
            most=max(1.0, float(needed[-1])),
            radius=self.radius,
            under=self.under,
            over=self.over,
        )
        return best_budget(ball, lambda _: Burdened(0.0, 0.0), (0.0, 1.0)).raised

    def learn(self, state: State, start: RoundStart, theta: float, outcome: RoundOutcome) -> State:
        """Append B / D."""
        return (*state, outcome.needed / start.deficit) if start.deficit > 0 else state


SEVERITIES = {"newsvendor": Newsvendor, "pinball-ogd": PinballOGD, "robust": Robust}
