"""How much to take: severity rules θ_t ∈ [0, 1], none of which sees the round it decides on.

θ*_s = min(1, B_s^needed / D_s) of a finished round s is revealed after it; a rule may use D_t and
θ*_1 … θ*_{t−1}. `first` is what it plays before anything is known: a free choice, to be reported.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from adlopt.errors import InputError
from adlopt.model.round import RoundOutcome, RoundStart, needed_severity
from adlopt.model.run import Information
from adlopt.policies.parameters import Labelled, labelled
from adlopt.policies.protocols import State


class Forgetful(Labelled):
    """Base of severities that remember nothing."""

    __slots__ = ()

    def begin(self) -> State:
        """No state."""
        return None

    def learn(self, state: State, start: RoundStart, theta: float, outcome: RoundOutcome) -> State:
        """Learn nothing."""
        return None


@dataclass(frozen=True, slots=True)
class Constant(Forgetful):
    """θ_t = θ."""

    theta: float
    information: Information = Information.ROUND_START

    @property
    def name(self) -> str:
        """`do-nothing` at θ = 0, `best-constant` if θ was chosen in hindsight."""
        if self.information is Information.HINDSIGHT:
            return "best-constant"
        return labelled("constant", (self.theta,), (None,)) if self.theta else "do-nothing"

    def decide(self, state: State, start: RoundStart) -> float:
        """Return θ."""
        return self.theta


def do_nothing() -> Constant:
    """θ_t = 0: every policy must be seen to beat this, or not."""
    return Constant(0.0)


class Live(Forgetful):
    """Base of severities that could run live; one that says no more remembers nothing."""

    __slots__ = ()
    information: ClassVar[Information] = Information.ROUND_START


class Stepping(Live):
    """Base of severities that step from `first`; behind θ_t the state has `sums`, at first 0."""

    __slots__ = ()
    first: float
    sums: ClassVar[int] = 1

    def begin(self) -> State:
        """`first`, and empty sums."""
        return (self.first, *[0.0] * self.sums)

    def decide(self, state: State, start: RoundStart) -> float:
        """Return the current iterate."""
        return float(state[0])


@dataclass(frozen=True, slots=True)
class StartsAt(Live):
    """Base of rules that only need θ_1, what they play before anything is known."""

    first: float = 0.5


@dataclass(frozen=True, slots=True)
class Persistence(StartsAt):
    """θ_t = θ*_{t−1}: what the last round needed.

    Its loss is D_1 |θ_1 − θ*_1| + Σ D_t |θ*_t − θ*_{t−1}|, exactly.
    """

    label: ClassVar[str] = "persistence"

    def begin(self) -> State:
        """`first`."""
        return self.first

    def decide(self, state: State, start: RoundStart) -> float:
        """Return the last θ*."""
        return float(state)

    def learn(self, state: State, start: RoundStart, theta: float, outcome: RoundOutcome) -> State:
        """Keep θ*."""
        return needed_severity(start, outcome)


@dataclass(frozen=True, slots=True)
class GatedPersistence(Live):
    """θ*_s of the last finished round s with D_s ≥ κ D_t; `first` if there is none.

    A tiny round cannot mislead a large one: persistence's weakness.
    """

    kappa: float = 0.5
    first: float = 0.5
    label: ClassVar[str] = "gated-persistence"

    def begin(self) -> State:
        """No finished round."""
        return ()

    def decide(self, state: State, start: RoundStart) -> float:
        """Look back for a round large enough."""
        for deficit, theta in reversed(state):
            if deficit >= self.kappa * start.deficit:
                return float(theta)
        return self.first

    def learn(self, state: State, start: RoundStart, theta: float, outcome: RoundOutcome) -> State:
        """Append (D, θ*); earlier rounds that are no larger can never be chosen again."""
        kept = tuple(past for past in state if past[0] > start.deficit)
        return (*kept, (start.deficit, needed_severity(start, outcome)))


@dataclass(frozen=True, slots=True)
class DollarPersistence(StartsAt):
    """θ_t = B_{t−1}^needed / D_t: the last round's dollars, not its share."""

    label: ClassVar[str] = "dollar-persistence"

    def decide(self, state: State, start: RoundStart) -> float:
        """Return last dollars over this deficit, at most 1."""
        if state is None:
            return self.first
        return min(1.0, state / start.deficit) if start.deficit > 0 else 1.0

    def learn(self, state: State, start: RoundStart, theta: float, outcome: RoundOutcome) -> State:
        """Keep the dollars."""
        return outcome.needed


@dataclass(frozen=True, slots=True)
class FollowTheLeader(StartsAt):
    """θ_t minimises Σ_{s<t} D_s |θ − θ*_s|: the D-weighted lower median of what was needed."""

    label: ClassVar[str] = "follow-the-leader"

    def begin(self) -> State:
        """No finished round."""
        return ()

    def decide(self, state: State, start: RoundStart) -> float:
        """Return the weighted lower median."""
        return weighted_quantile(state, 0.5) if state else self.first

    def learn(self, state: State, start: RoundStart, theta: float, outcome: RoundOutcome) -> State:
        """Append (θ*, D)."""
        return (*state, (needed_severity(start, outcome), start.deficit))


@dataclass(frozen=True, slots=True)
class RunningRatio(StartsAt):
    """θ_t = Σ_{s<t} B_s^needed / Σ_{s<t} D_s, at most 1."""

    label: ClassVar[str] = "running-ratio"

    def begin(self) -> State:
        """Empty sums."""
        return 0.0, 0.0

    def decide(self, state: State, start: RoundStart) -> float:
        """Return the ratio of the sums."""
        needed, deficit = state
        return min(1.0, needed / deficit) if deficit > 0 else self.first

    def learn(self, state: State, start: RoundStart, theta: float, outcome: RoundOutcome) -> State:
        """Add to both sums."""
        return state[0] + outcome.needed, state[1] + start.deficit


@dataclass(frozen=True, slots=True)
class DeficitMatching(Live):
    """θ_t between θ^match = min(1, U_t / D_t), which takes all that the deficit asks for, and θ̄.

    The *static interpolation* (1 − w) θ^match + w θ̄ of [Chitra25, Sec. *Severity Optimization*]
    (arXiv 2512.01112), with what winners may give for the sum of their equities. `weight` is w,
    `most` θ̄.
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

    [Chitra25, Sec. *Severity Optimization*] counts *recent* shocks; here they are those of the
    episode. `first` is θ_1, `decay` α.
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


@dataclass(frozen=True, slots=True)
class ExAnteEstimate(Live):
    """θ_t = min(1, B̂_t / D_t): the venue's own estimate at the round's start [CTTX26, Eq. 5]."""

    label: ClassVar[str] = "estimate"

    def decide(self, state: State, start: RoundStart) -> float:
        """Return the estimate as a share of the deficit."""
        if start.estimate is None:
            remedy = "give the round an ex ante estimate, or choose another severity"
            raise InputError("estimate", None, "USD", index=f"round {start.t}", remedy=remedy)
        return needed_severity(start, RoundOutcome(needed=start.estimate))


def weighted_quantile(pairs: tuple[tuple[float, float], ...], level: float) -> float:
    """Lower weighted quantile of (value, weight) pairs at a level in (0, 1).

    A minimiser of Σ w max(level (v − θ), (1 − level) (θ − v)).
    """
    ordered = sorted(pairs)
    wanted = level * math.fsum(weight for _, weight in ordered)
    passed = 0.0
    for value, weight in ordered:
        passed += weight
        if passed >= wanted:
            return value
    return ordered[-1][0]


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
