"""Severities that need no outcome: they look at the round's start, or count rounds.

From [Chitra25, Sec. *Severity Optimization*] (arXiv 2512.01112).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from adlopt.model.round import RoundOutcome, RoundStart
from adlopt.policies.protocols import State
from adlopt.policies.severity import Live


@dataclass(frozen=True, slots=True)
class DeficitMatching(Live):
    """θ_t between θ^match = min(1, U_t / D_t), which takes all that the deficit asks for, and θ̄.

    The paper's *static interpolation* (1 − w) θ^match + w θ̄, with what winners may give for the
    sum of their equities. `weight` is w, `most` θ̄.
    """

    weight: float = 0.0
    most: float = 1.0
    label: ClassVar[str] = "match"

    def decide(self, state: State, start: RoundStart) -> float:
        """Interpolate."""
        match = 1.0
        if start.total_capacity < start.deficit:
            match = start.total_capacity / start.deficit
        return (1.0 - self.weight) * match + self.weight * self.most


@dataclass(frozen=True, slots=True)
class ExponentialBackoff(Live):
    """θ_t = θ_1 α^k, with k the number of finished rounds that had a deficit.

    The paper counts *recent* shocks; here they are those of the episode. `first` is θ_1, `decay` α.
    """

    first: float = 0.5
    decay: float = 0.5
    label: ClassVar[str] = "backoff"

    def begin(self) -> State:
        """No round yet."""
        return 0

    def decide(self, state: State, start: RoundStart) -> float:
        """Decay once a round."""
        return float(self.first * self.decay**state)

    def learn(self, state: State, start: RoundStart, theta: float, outcome: RoundOutcome) -> State:
        """Count the round if it had a deficit."""
        return state + (start.deficit > 0)


SEVERITIES = {"match": DeficitMatching, "backoff": ExponentialBackoff}
