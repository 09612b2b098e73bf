"""How much to take: severity rules θ_t ∈ [0, 1], none of which sees the round it decides on.

θ*_s = min(1, B_s^needed / D_s) of a finished round s is revealed after it; a rule may use D_t and
θ*_1 … θ*_{t−1}. `first` is what it plays before anything is known: a free choice, to be reported.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from adlopt.errors import InputError
from adlopt.model.round import RoundStart
from adlopt.model.run import Information
from adlopt.policies.parameters import labelled
from adlopt.policies.protocols import State
from adlopt.policies.severity_notation import Parametric


@dataclass(frozen=True, slots=True)
class Constant(Parametric):
    """θ_t = θ."""

    theta: float
    information: Information = Information.ROUND_START
    plays: ClassVar = "theta"

    @property
    def name(self) -> str:
        """`do-nothing` at θ = 0, `best-constant` if θ was chosen in hindsight."""
        if self.information is Information.HINDSIGHT:
            return "best-constant"
        return labelled("constant", (self.theta,), (None,)) if self.theta else "do-nothing"


def do_nothing() -> Constant:
    """θ_t = 0: every policy must be seen to beat this, or not."""
    return Constant(0.0)


@dataclass(frozen=True, slots=True)
class StartsAt(Parametric):
    """Base of rules that only need θ_1, what they play before anything is known."""

    first: float = 0.5


@dataclass(frozen=True, slots=True)
class Persistence(StartsAt):
    """θ_t = θ*_{t−1}: what the last round needed.

    Its loss is D_1 |θ_1 − θ*_1| + Σ D_t |θ*_t − θ*_{t−1}|, exactly.
    """

    label: ClassVar[str] = "persistence"
    remembers: ClassVar = {"last": "first"}
    plays: ClassVar = "last"
    learns: ClassVar = {"last": "target"}


@dataclass(frozen=True, slots=True)
class GatedPersistence(Parametric):
    """θ*_s of the last finished round s with D_s ≥ κ D_t; `first` if there is none.

    A tiny round cannot mislead a large one: persistence's weakness.
    """

    kappa: float = 0.5
    first: float = 0.5
    label: ClassVar[str] = "gated-persistence"
    remembers: ClassVar = {"past": "0"}
    plays: ClassVar = "latest(past, kappa * deficit, first)"
    learns: ClassVar = {"past": "stack(past, target, deficit)"}


@dataclass(frozen=True, slots=True)
class DollarPersistence(StartsAt):
    """θ_t = B_{t−1}^needed / D_t: the last round's dollars, not its share."""

    label: ClassVar[str] = "dollar-persistence"
    remembers: ClassVar = {"rounds": "0", "dollars": "0"}
    plays: ClassVar = "first if rounds <= 0 else min(1, dollars / deficit) if deficit > 0 else 1"
    learns: ClassVar = {"rounds": "1", "dollars": "needed"}


@dataclass(frozen=True, slots=True)
class FollowTheLeader(StartsAt):
    """θ_t minimises Σ_{s<t} D_s |θ − θ*_s|: the D-weighted lower median of what was needed."""

    label: ClassVar[str] = "follow-the-leader"
    remembers: ClassVar = {"past": "0"}
    plays: ClassVar = "quantile(past, 0.5, first)"
    learns: ClassVar = {"past": "join(past, target, deficit)"}


@dataclass(frozen=True, slots=True)
class RunningRatio(StartsAt):
    """θ_t = Σ_{s<t} B_s^needed / Σ_{s<t} D_s, at most 1."""

    label: ClassVar[str] = "running-ratio"
    remembers: ClassVar = {"dollars": "0", "deficits": "0"}
    plays: ClassVar = "min(1, dollars / deficits) if deficits > 0 else first"
    learns: ClassVar = {"dollars": "dollars + needed", "deficits": "deficits + deficit"}


@dataclass(frozen=True, slots=True)
class DeficitMatching(Parametric):
    """θ_t between θ^match = min(1, U_t / D_t), which takes all that the deficit asks for, and θ̄.

    The *static interpolation* (1 − w) θ^match + w θ̄ of [Chitra25, Sec. *Severity Optimization*]
    (arXiv 2512.01112), with what winners may give for the sum of their equities. `weight` is w,
    `most` θ̄.
    """

    weight: float = 0.0
    most: float = 1.0
    label: ClassVar[str] = "match"
    plays: ClassVar = (
        "(1 - weight) * (capacity / deficit if capacity < deficit else 1) + weight * most"
    )


@dataclass(frozen=True, slots=True)
class ExponentialBackoff(Parametric):
    """θ_t = θ_1 α^k, with k the number of finished rounds that had a deficit.

    [Chitra25, Sec. *Severity Optimization*] counts *recent* shocks; here they are those of the
    episode. `first` is θ_1, `decay` α.
    """

    first: float = 0.5
    decay: float = 0.5
    label: ClassVar[str] = "backoff"
    remembers: ClassVar = {"rounds": "0"}
    plays: ClassVar = "first * decay**rounds"
    learns: ClassVar = {"rounds": "rounds + (deficit > 0)"}


@dataclass(frozen=True, slots=True)
class ExAnteEstimate(Parametric):
    """θ_t = min(1, B̂_t / D_t): the venue's own estimate at the round's start [CTTX26, Eq. 5]."""

    label: ClassVar[str] = "estimate"
    plays: ClassVar = "min(1, estimate / deficit) if deficit > 0 else estimate > 0"

    def decide(self, state: State, start: RoundStart) -> float:
        """Return the estimate as a share of the deficit."""
        if start.estimate is None:
            remedy = "give the round an ex ante estimate, or choose another severity"
            raise InputError("estimate", None, "USD", index=f"round {start.t}", remedy=remedy)
        return Parametric.decide(self, state, start)


SEVERITIES = {
    "do-nothing": do_nothing,
    "constant": Constant,
    "persistence": Persistence,
    "gated-persistence": GatedPersistence,
    "dollar-persistence": DollarPersistence,
    "follow-the-leader": FollowTheLeader,
    "running-ratio": RunningRatio,
    "estimate": ExAnteEstimate,
    "match": DeficitMatching,
    "backoff": ExponentialBackoff,
}
