"""What a search of a matching found, objective by objective."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from adlopt.foundation.arrays import FloatArray
from adlopt.model.method import Method, Stopped
from adlopt.optimum.core.certificate import Stage, Trust, checked, resealed
from adlopt.optimum.matching.matching_problem import MatchingProblem
from adlopt.optimum.programs.weak_duality import ProvenBound


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Flow:
    """Steps of each arc, what is proved of them, the rise of the first stage a step shed.

    `witness` makes the prices that prove each stage, for certificates in files; `problem` has the
    arcs, where they are not those of the problem that was given.
    """

    steps: FloatArray
    stages: tuple[Stage, ...]
    price: FloatArray | None = None
    stopped: Stopped = Stopped.OPTIMAL
    method: Method = Method.HIGHS
    witness: tuple[Callable[[], Mapping[str, Any]], ...] = ()
    problem: MatchingProblem | None = None


_PROVEN = checked(upper=0.0, lower=0.0, trust=Trust.EXACT)
NOTHING = Flow(
    steps=np.zeros(0), stages=(Stage(criterion="nothing can be matched", certificate=_PROVEN),)
)
"""Where losers shed nothing that winners hold."""


def prove(criterion: str, value: float, proven: ProvenBound, *, rounding: float = 0.0) -> Stage:
    """Set a recomputed value against a proven bound; no objective is below 0."""
    certificate = checked(
        upper=value,
        lower=max(proven.lower, 0.0),
        trust=proven.trust,
        error=proven.error,
        rounding=rounding,
    )
    return Stage(criterion=criterion, certificate=certificate)


def report(stage: Stage, claimed: float) -> Stage:
    """Take a search's own bound where it says more than what is proven."""
    proven, claimed = stage.certificate, min(claimed, stage.value)
    if claimed <= proven.lower or proven.optimal:
        return stage
    reported = resealed(proven, lower=claimed, trust=Trust.REPORTED, error=0.0)
    return replace(stage, certificate=reported)
