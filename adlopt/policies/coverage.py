"""A guarantee that a venue can publish: dollars of rounds that raise too little, near a share.

θ_{t+1} = θ_t + η D_t (1[θ_t < θ*_t] − α), played clipped to [0, 1]. On any sequence the dollars of
rounds that raise too little are at most α Σ D + 1/η + D_max (`proofs/coverage.py`); with the step
1/(largest deficit so far), which needs nothing ahead, α Σ D + 2 D_max.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from adlopt.policies.protocols import State
from adlopt.policies.severity_notation import Parametric


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


SEVERITIES = {"coverage": Coverage}
