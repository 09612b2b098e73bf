"""Mirror descent with incentive constraints (MDIC), primal–dual.

[Chitra25, Sec. *Learning the Optimal ADL Policy*] (arXiv 2512.01112) states a scheme: a mirror step
against g_t + ∇⟨λ_t, c⟩, then λ_{t+1} = [λ_t + γ_t c_t]_+, with a divergence that is separable
between severity and ranking weights. It leaves losses and constraints open. The forms built here:

* severity (Euclidean): the loss is what winners give, D θ; the constraint is that the round gets
  what it needed, D (θ* − θ) ≤ 0;
* weights (Kullback–Leibler, uniform at first): the loss is the worst burden, the constraint of
  each account that it loses no more than a share `cap` of its capacity.

The blocks are a severity and an allocation, both called `mdic`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from adlopt.foundation.arrays import FloatArray
from adlopt.model.round import RoundStart
from adlopt.optimum.core.waterfill import water_fill
from adlopt.policies.allocation import EQUAL
from adlopt.policies.parameters import Labelled
from adlopt.policies.protocols import Haircut, State
from adlopt.policies.severity import StartsAt

FAINTEST = -200.0
"""Logarithm of the least weight: no account is forgotten for good."""


@dataclass(frozen=True, slots=True)
class SeverityMDIC(StartsAt):
    """θ_{t+1} = clip(θ_t − η_t D_t (1 − λ_t)), λ_{t+1} = [λ_t + η_t D_t (θ*_t − θ_t)]_+.

    λ is the price of a dollar that was needed and not raised, against 1 for a dollar taken; it
    starts at 0. η_t = 1 / sqrt(D_1² + … + D_t²), which is t^(−1/2) where deficits are equal, as in
    the paper. What was missed is paid for: Σ η_t D_t (θ*_t − θ_t) ≤ λ_{T+1}.
    """

    label: ClassVar[str] = "mdic"
    remembers: ClassVar = {"at": "first", "price": "0", "squares": "0", "missed": "0"}
    plays: ClassVar = "at"
    learns: ClassVar = {
        "squares": "squares + deficit**2",
        "missed": "target - at",
        "at": "clip(at - deficit / sqrt(squares) * (1 - price)) if squares > 0 else at",
        "price": "max(0, price + deficit / sqrt(squares) * missed) if squares > 0 else price",
    }


@dataclass(frozen=True, slots=True)
class AllocationMDIC(Labelled):
    """Budget shares v ∝ v exp(−η g / ‖g‖_∞): exponentiated gradient, one dual an account.

    An account is committed to h_i = min(1, B v_i / u_i). Then g_i = (1/k + λ_i) B / u_i for the k
    accounts with the largest h, λ_i B / u_i for others, and λ_i ← [λ_i + η (h_i − cap)]_+. Taken
    is the water-filling of v up to `cap`, so that the incentive constraint holds in every round; a
    budget beyond cap · U is not met. Weights and duals are remembered by account id; a newcomer
    has the weight of a uniform share, and λ = 0. `step` is η > 0.
    """

    step: float = 0.1
    cap: float = 1.0
    label: ClassVar[str] = "mdic"

    def begin(self) -> State:
        """Nobody known."""
        return {}

    def shares(self, state: State, start: RoundStart) -> FloatArray:
        """v, shape (n,): positive where there is capacity, summing to 1."""
        weights = np.exp([state.get(name, (0.0, 0.0))[0] for name in start.account])
        weights = weights * (start.capacity > 0)
        total = float(weights.sum())
        return weights / total if total > 0 else weights

    def allocate(self, state: State, start: RoundStart, budget: float) -> Haircut:
        """Water-fill the shares."""
        most = self.cap * start.capacity
        return water_fill(self.shares(state, start), most, min(budget, float(most.sum())))

    def learn(self, state: State, start: RoundStart, haircut: Haircut) -> State:
        """Step from the commitment that the shares were."""
        held = start.capacity > 0
        budget, shares = math.fsum(haircut), self.shares(state, start)
        if budget <= 0:
            return state
        each = np.where(held, budget, 0.0) / np.where(held, start.capacity, 1.0)
        committed = np.minimum(each * shares, 1.0)
        duals = np.array([state.get(name, (0.0, 0.0))[1] for name in start.account])
        bears = held & (committed >= committed.max() * (1 - EQUAL))
        slope = (bears / bears.sum() + duals) * each
        after = np.log(np.where(held, shares, 1.0)) - self.step * slope / slope.max()
        after -= _log_mean_exp(after[held])
        duals = np.maximum(duals + self.step * (committed - self.cap), 0.0)
        pairs = zip(np.maximum(after, FAINTEST).tolist(), duals.tolist(), strict=True)
        learnt = zip(start.account, held.tolist(), pairs, strict=True)
        return {**state, **{name: pair for name, has, pair in learnt if has}}


def _log_mean_exp(values: FloatArray) -> float:
    top = float(values.max())
    return top + math.log(float(np.exp(values - top).mean()))


SEVERITIES = {"mdic": SeverityMDIC}
ALLOCATIONS = {"mdic": AllocationMDIC}
