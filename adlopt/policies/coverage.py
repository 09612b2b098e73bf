"""A guarantee that a venue can publish: dollars of rounds that raise too little, near a share.

θ_{t+1} = θ_t + η D_t (1[θ_t < θ*_t] − α), played clipped to [0, 1]. On any sequence the dollars of
rounds that raise too little are at most α Σ D + 1/η + D_max (`proofs/coverage.py`); with the step
1/(largest deficit so far), which needs nothing ahead, α Σ D + 2 D_max.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from adlopt.model.round import RoundOutcome, RoundStart, needed_severity
from adlopt.policies.protocols import State
from adlopt.policies.severity import Live


@dataclass(frozen=True, slots=True)
class Coverage(Live):
    """Keep the dollars of rounds that raise too little near a share α of all.

    `share` is α, `step` η in 1/USD, one over the largest deficit so far unless given.
    """

    share: float = 0.1
    step: float | None = None
    first: float = 0.5
    label: ClassVar[str] = "coverage"
    always: ClassVar[int] = 1
    certifies: ClassVar[str] = "dollars of rounds that raised too little, USD"

    def begin(self) -> State:
        """θ_1, dollars of rounds that raised too little and of all, and the largest deficit."""
        return self.first, 0.0, 0.0, 0.0

    def decide(self, state: State, start: RoundStart) -> float:
        """Return θ_t, clipped."""
        return min(1.0, max(0.0, float(state[0])))

    def learn(self, state: State, start: RoundStart, theta: float, outcome: RoundOutcome) -> State:
        """Step up where θ_t, not its clipped self, was too little, and down elsewhere."""
        unclipped, short, total, largest = state
        deficit, needed = start.deficit, needed_severity(start, outcome)
        largest = max(largest, deficit)
        if not largest:
            return state
        step = self.step or 1.0 / largest
        after = unclipped + step * deficit * ((unclipped < needed) - self.share)
        return after, short + deficit * (theta < needed), total + deficit, largest

    def certificate(self, state: State) -> tuple[float, float]:
        """What they came to so far, and what they could come to at most, USD."""
        _, short, total, largest = state
        spare = 2.0 * largest if self.step is None else 1.0 / self.step + largest
        return short, self.share * total + spare


SEVERITIES = {"coverage": Coverage}
