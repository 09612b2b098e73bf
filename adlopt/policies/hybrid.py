"""Between the queue and pro-rata: buckets, soft cliffs, blends, and damping between rounds."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from adlopt.errors import InputError
from adlopt.foundation.arrays import FloatArray, own_number
from adlopt.model.round import RoundStart
from adlopt.model.who_pays import fractions
from adlopt.optimum.core.waterfill import project
from adlopt.policies.allocation import Memoryless, QueueAllocation, in_turn
from adlopt.policies.parameters import Labelled
from adlopt.policies.protocols import Allocation, Haircut, State
from adlopt.policies.risk import RiskAware


@dataclass(frozen=True, slots=True)
class Buckets(Memoryless):
    """Buckets by score, the highest first, pro-rata within.

    Bucket k holds the accounts with a share in [k/m, (k+1)/m) of the capacity at strictly higher
    scores, as the lights of BitMEX are cut; equal scores share a bucket. One bucket is pro-rata;
    enough of them are a queue. The score is a feature of the round, m = `buckets`.
    """

    score: str = "capacity"
    buckets: float = 5
    label: ClassVar[str] = "buckets"
    always: ClassVar[int] = 2

    def __post_init__(self) -> None:
        count = own_number(self.buckets, "buckets", lowest=1.0)
        if count != math.floor(count):
            raise InputError("buckets", self.buckets, "a whole number ≥ 1")

    def allocate(self, state: State, start: RoundStart, budget: float) -> Haircut:
        """Fill one bucket after the other."""
        u, total = start.capacity, start.total_capacity
        if total <= 0:
            return np.zeros_like(u)
        scores, place = np.unique(-start.feature(self.score), return_inverse=True)
        held = np.bincount(place, weights=u, minlength=scores.size)
        ahead = (np.cumsum(held) - held)[place]
        return in_turn(u, u, np.floor(self.buckets * (ahead / total)), budget)


@dataclass(frozen=True, slots=True)
class SoftQueue(Memoryless):
    """A queue without cliffs: x_i = u_i min(1, exp((s_i − μ) / T)), with μ that meets the budget.

    It maximises Σ s_i x_i − T Σ u_i (h_i ln h_i − h_i), h_i = x_i / u_i: the queue's objective
    [CTTX26, Prop. 7] with an entropy at temperature T. As T → 0 it is the queue (pro-rata within
    ties), as T → ∞ pro-rata. Where the queue jumps by 2B [CTTX26, Prop. 8], moving every score by
    at most δ moves ‖x‖₁ by at most B (exp(2δ/T) − 1). The score is a feature of the round, T > 0 is
    in its units.
    """

    score: str = "leverage"
    temperature: float = 1.0
    label: ClassVar[str] = "soft-queue"
    always: ClassVar[int] = 2

    def allocate(self, state: State, start: RoundStart, budget: float) -> Haircut:
        """Find the first account that is not filled, and the level at its score."""
        order = np.argsort(-start.feature(self.score), kind="stable")
        heat = start.feature(self.score)[order] / self.temperature
        u = start.capacity[order]
        ahead = np.cumsum(u) - u
        wanted = min(budget, float(u.sum()))
        low, high = 0, u.size - 1
        while low < high:
            middle = (low + high) // 2
            raised = float(ahead[middle] + _tail(u, heat, middle).sum())
            low, high = (low, middle) if raised >= wanted else (middle + 1, high)
        haircut = np.zeros_like(u)
        tail = _tail(u, heat, low)
        rest = max(wanted - float(ahead[low]), 0.0)
        reach = float(tail.sum())
        haircut[order[:low]] = u[:low]
        haircut[order[low:]] = tail * (min(rest / reach, 1.0) if reach > 0 else 0.0)
        return haircut


def _tail(u: FloatArray, heat: FloatArray, first: int) -> FloatArray:
    """What accounts from `first` on give at the level of its score, shape (n − first,), USD."""
    tail: FloatArray = u[first:] * np.exp(heat[first:] - heat[first])
    return tail


@dataclass(frozen=True, slots=True)
class Blend(Memoryless):
    """A share of the budget by the queue, the rest by risk-aware pro-rata with g(λ) = λ.

    The hybrid of [Chitra25, Sec. *Experimental Setup*] is 20 % queue. The queue ranks by
    the feature `score`.
    """

    share: float = 0.2
    score: str = "leverage"
    label: ClassVar[str] = "queue-blend"
    always: ClassVar[int] = 2

    def allocate(self, state: State, start: RoundStart, budget: float) -> Haircut:
        """Mix the two haircuts."""
        queue = QueueAllocation(self.score).allocate(state, start, budget)
        return self.share * queue + (1.0 - self.share) * RiskAware().allocate(state, start, budget)


@dataclass(frozen=True, slots=True)
class Damped(Labelled):
    """(1 − ρ) of another rule's haircut and ρ of the last round's, projected onto the budget.

    Both are fractions of capacity, remembered by account id; a newcomer starts at the other rule's
    fraction. The projection is Euclidean. Limits that the other rule keeps can be passed by what
    is remembered.
    """

    rho: float = 0.5
    allocation: Allocation = field(default_factory=QueueAllocation)

    @property
    def name(self) -> str:
        """With ρ, and the other rule."""
        return f"damped:{self.rho:.12g}:{self.allocation.name}"

    def begin(self) -> State:
        """State of the other rule, and no fractions."""
        return self.allocation.begin(), {}

    def allocate(self, state: State, start: RoundStart, budget: float) -> Haircut:
        """Mix, then project; what the other rule cannot raise is not raised."""
        inner, last = state
        u = start.capacity
        fresh = self.allocation.allocate(inner, start, budget)
        fraction = fractions(fresh, u)
        known = zip(start.account, fraction.tolist(), strict=True)
        kept = np.array([last.get(name, newcomer) for name, newcomer in known])
        point = (1.0 - self.rho) * fraction + self.rho * kept
        return u * project(point, u, min(math.fsum(fresh), start.total_capacity))

    def learn(self, state: State, start: RoundStart, haircut: Haircut) -> State:
        """Remember the fractions taken."""
        inner, last = state
        taken = fractions(haircut, start.capacity).tolist()
        return (
            self.allocation.learn(inner, start, haircut),
            {**last, **dict(zip(start.account, taken, strict=True))},
        )


ALLOCATIONS = {"buckets": Buckets, "soft-queue": SoftQueue, "queue-blend": Blend, "damped": Damped}
