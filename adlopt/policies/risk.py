"""Haircuts that lean on leverage: three rules, each optimal for an objective of its own.

All read the feature `leverage` of a round. Which one is right depends on what is asked for;
each rule states its objective as a function, to be minimised at the budget that the rule raised.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from adlopt.errors import InputError
from adlopt.foundation.arrays import FloatArray, own, own_number, own_positive_number, require
from adlopt.model.round import RoundStart
from adlopt.optimum.core.waterfill import pro_rata, water_fill
from adlopt.policies.allocation import Memoryless, QueueAllocation
from adlopt.policies.protocols import Haircut, State

STEEPEST = 10.0
"""Largest power of a risk density: beyond it, weights of low leverage would vanish in rounding."""


@dataclass(frozen=True, slots=True)
class _ByRisk(Memoryless):
    """Base of rules with the risk density ρ_i = λ_i g(λ_i), g(λ) = (λ − cutoff)_+^power.

    With cutoff 0, power 1 is the linear and power c the power risk model of [Chitra25, Sec.
    *Risk-aware Policies (RAP)*] (arXiv 2512.01112); power 1 with a cutoff is its CVaR model.
    `cap` is a share of the capacity, in (0, 1].
    """

    power: float = 1.0
    cutoff: float = 0.0
    cap: float = 1.0

    def __post_init__(self) -> None:
        if own_number(self.power, "power", lowest=0.0) > STEEPEST:
            raise InputError("power", self.power, f"a number in [0, {STEEPEST:g}]")
        own_number(self.cutoff, "cutoff", lowest=0.0)
        Memoryless.__post_init__(self)

    def density(self, start: RoundStart) -> FloatArray:
        """ρ_i, shape (n,): the risk that a dollar of haircut removes."""
        ratio = leverage(start)
        beyond: FloatArray = np.maximum(ratio - self.cutoff, 0.0)
        return ratio * beyond**self.power


@dataclass(frozen=True, slots=True)
class RiskAware(_ByRisk):
    """Risk-aware pro-rata (RAP): x_i = u_i min(cap, τ ρ_i), with τ that raises the budget.

    [Chitra25, Sec. *Risk-Aware Pro-Rata (RAP) Rule*, and Algorithm *Weighted Water-Filling*],
    over capacities. It minimises Σ x_i² / (2 u_i ρ_i), and *not* the risk that is left, which its
    appendix claims: that is linear in x, and `GreedyByRisk` minimises it. An account with ρ_i = 0
    gives nothing; a budget beyond what the others may give is not met.
    """

    label: ClassVar[str] = "rap"

    def allocate(self, state: State, start: RoundStart, budget: float) -> Haircut:
        """Water-fill at weights u_i ρ_i."""
        risk = self.density(start)
        most = self.cap * start.capacity * (risk > 0)
        if not most.any():
            return np.zeros_like(most)
        weights = start.capacity * (risk / risk.max())
        return water_fill(weights, most, min(budget, float(most.sum())))

    def objective(self, start: RoundStart, haircut: FloatArray) -> float:
        """Σ x_i² / (2 u_i ρ_i): infinite where an account of no risk is touched."""
        weights = start.capacity * self.density(start)
        if (haircut[weights <= 0] > 0).any():
            return math.inf
        return math.fsum(haircut**2 / (2.0 * np.where(weights > 0, weights, 1.0)))


@dataclass(frozen=True, slots=True)
class GreedyByRisk(_ByRisk):
    """The most risk for the budget: accounts in order of ρ_i, each up to its cap.

    The optimum of the fractional knapsack max Σ ρ_i x_i, x_i ≤ cap · u_i, Σ x_i = B that
    [Chitra25, App. *RAP Optimality and Convex Dominance*] states: a queue by ρ. Equal densities
    are served in the order of account ids.
    """

    label: ClassVar[str] = "greedy-risk"

    def allocate(self, state: State, start: RoundStart, budget: float) -> Haircut:
        """Serve the riskiest dollar first."""
        capped = replace(start, capacity=self.cap * start.capacity)
        return QueueAllocation(self.density).allocate(
            state, capped, min(budget, capped.total_capacity)
        )

    def objective(self, start: RoundStart, haircut: FloatArray) -> float:
        """Σ ρ_i (u_i − x_i): the risk that is left."""
        return math.fsum(self.density(start) * (start.capacity - haircut))


@dataclass(frozen=True, slots=True)
class LeverageDraining(Memoryless):
    """Close the most leveraged down to a common leverage: ℓ'_i = min(ℓ_i, ℓ*).

    Risk-based ADL of [CHMN26], *Risk-Based Auto-Deleveraging* (arXiv 2603.15963), in dollars: an
    account that closes the share 1 − ℓ'_i / ℓ_i of its position gives that share of its capacity.
    It has the least maximum leverage, and the least expected loss
    Σ (u_i / ℓ_i) E(ℓ'_i R − 1)_+ for every distribution of the adverse relative move R ≥ 0. Where
    a dollar of haircut closes the same notional in every account, u_i / ℓ_i is proportional to
    equity, as in the paper. There closing leaves equities as they are, and two budgets in turn come
    to one; where what is given leaves the account, they do not.

    For the CVaR of that loss, whose tail is {R ≥ r}, all ℓ'_i ≥ 1/r are alike. With
    `cutoff` = 1/r what is above it is taken first, the same share of everyone's excess: optimal
    for the CVaR, and more even.
    """

    cutoff: float = math.inf
    label: ClassVar[str] = "leverage-draining"

    def __post_init__(self) -> None:
        if self.cutoff != math.inf:
            own_positive_number(self.cutoff, "cutoff", expected="a leverage > 0")

    def allocate(self, state: State, start: RoundStart, budget: float) -> Haircut:
        """Water-fill what remains, below the cutoff."""
        u, ratio = start.capacity, leverage(start)
        require(ratio > 0, ratio, "features.leverage", "a number > 0")
        above = u * np.maximum(1.0 - self.cutoff / ratio, 0.0)
        evenly = pro_rata(above, min(budget, float(above.sum())))
        held = u - evenly
        rest = max(budget - float(evenly.sum()), 0.0)
        kept = water_fill(u * (ratio.min() / ratio), held, max(float(held.sum()) - rest, 0.0))
        return evenly + (held - kept)

    def objective(self, start: RoundStart, haircut: FloatArray) -> float:
        """The largest leverage that remains, max_i ℓ_i (1 − x_i / u_i)."""
        held = start.capacity > 0
        kept = 1.0 - haircut[held] / start.capacity[held]
        return float((leverage(start)[held] * kept).max(initial=0.0))


def leverage(start: RoundStart) -> FloatArray:
    """λ_i, shape (n,), at least 0."""
    return own(start.feature("leverage"), "features.leverage", lowest=0.0)


ALLOCATIONS = {"rap": RiskAware, "greedy-risk": GreedyByRisk, "leverage-draining": LeverageDraining}
