"""What a search of a matching found, objective by objective."""

from __future__ import annotations

from dataclasses import dataclass, replace

from adlopt.arrays import FloatArray
from adlopt.certificate import Certificate, Trust
from adlopt.highs import Stopped
from adlopt.weak_duality import ProvenBound


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One objective of a goal, given those before it."""

    name: str
    value: float
    certificate: Certificate

    @classmethod
    def of(cls, name: str, value: float, proven: ProvenBound, *, rounding: float = 0.0) -> Stage:
        """Set a recomputed value against a proven bound; no objective is below 0."""
        certificate = Certificate(
            upper=value,
            lower=max(proven.lower, 0.0),
            trust=proven.trust,
            error=proven.error,
            rounding=rounding,
        )
        return cls(name=name, value=value, certificate=certificate)

    def reported(self, claimed: float) -> Stage:
        """Take a search's own bound where it says more than what is proven."""
        claimed = min(claimed, self.value)
        if claimed <= self.certificate.lower or self.certificate.optimal:
            return self
        reported = replace(self.certificate, lower=claimed, trust=Trust.REPORTED, error=0.0)
        return replace(self, certificate=reported)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Found:
    """Steps of each arc, what is proved of them, and the rise of the first stage a step shed."""

    steps: FloatArray
    stages: tuple[Stage, ...]
    price: FloatArray | None = None
    stopped: Stopped = Stopped.OPTIMAL
