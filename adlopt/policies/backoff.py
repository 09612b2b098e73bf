"""Severities that need no outcome: they look at the round's start, or count rounds.

From [Chitra25, Sec. *Severity Optimization*] (arXiv 2512.01112).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from adlopt.model.round import RoundOutcome, RoundStart
from adlopt.model.run import Information
from adlopt.policies.parameters import in_unit
from adlopt.policies.protocols import State, labelled


@dataclass(frozen=True, slots=True)
class DeficitMatching:
    """θ_t between θ^match = min(1, U_t / D_t), which takes all that the deficit asks for, and θ̄.

    The paper's *static interpolation* (1 − w) θ^match + w θ̄, with what winners may give for the
    sum of their equities.

    Parameters
    ----------
    weight : float
        w ∈ [0, 1].
    most : float
        θ̄ ∈ [0, 1].

    Examples
    --------
    >>> start = RoundStart(account=["a"], capacity=[30], deficit=40)
    >>> DeficitMatching().decide(None, start), DeficitMatching(0.5, 0.25).decide(None, start)
    (0.75, 0.5)
    """

    weight: float = 0.0
    most: float = 1.0
    information: ClassVar[Information] = Information.ROUND_START

    def __post_init__(self) -> None:
        in_unit("weight", self.weight)
        in_unit("most", self.most)

    @property
    def name(self) -> str:
        """With w and θ̄ where they are not 0 and 1."""
        return labelled("match", (self.weight, self.most), (0.0, 1.0))

    def begin(self) -> State:
        """No state."""
        return None

    def decide(self, state: State, start: RoundStart) -> float:
        """Interpolate."""
        match = 1.0
        if start.total_capacity < start.deficit:
            match = start.total_capacity / start.deficit
        return (1.0 - self.weight) * match + self.weight * self.most

    def learn(self, state: State, start: RoundStart, theta: float, outcome: RoundOutcome) -> State:
        """Learn nothing."""
        return None


@dataclass(frozen=True, slots=True)
class ExponentialBackoff:
    """θ_t = θ_1 α^k, with k the number of finished rounds that had a deficit.

    The paper counts *recent* shocks; here they are those of the episode.

    Parameters
    ----------
    first : float
        θ_1 ∈ [0, 1].
    decay : float
        α ∈ [0, 1].

    Examples
    --------
    >>> start = RoundStart(account=["a"], capacity=[30], deficit=40)
    >>> ExponentialBackoff(0.8, 0.5).decide(2, start)
    0.2
    """

    first: float = 0.5
    decay: float = 0.5
    information: ClassVar[Information] = Information.ROUND_START

    def __post_init__(self) -> None:
        in_unit("first", self.first)
        in_unit("decay", self.decay)

    @property
    def name(self) -> str:
        """With θ_1 and α where they are not ½."""
        return labelled("backoff", (self.first, self.decay), (0.5, 0.5))

    def begin(self) -> State:
        """No round yet."""
        return 0

    def decide(self, state: State, start: RoundStart) -> float:
        """Decay once a round."""
        return float(self.first * self.decay**state)

    def learn(self, state: State, start: RoundStart, theta: float, outcome: RoundOutcome) -> State:
        """Count the round if it had a deficit."""
        return state + (start.deficit > 0)
