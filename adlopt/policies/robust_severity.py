"""A severity that decides each round as `adlopt.decide` does, on what finished rounds taught."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from adlopt.foundation.arrays import own_number
from adlopt.model.round import RoundOutcome, RoundStart
from adlopt.policies.decide.ball import Ball, Burdened, best_budget
from adlopt.policies.newsvendor import _Priced
from adlopt.policies.protocols import State


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


SEVERITIES = {"robust": Robust}
