"""The least worst burden at which rounds that share their winners raise all their budgets.

For every set S of rounds its winners pay for it alone, so the burden is at least the level z_S at
which Σ min(C, w z) over them reaches Σ_S B_t: with capacities that do not change, Σ_S B_t over the
capacity of all winners of S. The largest z_S is the answer, by maximal flow and minimal cut: from
the level of all rounds on, each flow that falls short names a set whose level is higher.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from adlopt.errors import Binding, InfeasibleRound
from adlopt.foundation.arrays import BoolArray, FloatArray
from adlopt.optimum.core.certificate import ROUNDING
from adlopt.optimum.core.waterfill import water_level
from adlopt.optimum.coupled.coupled_proof import reach
from adlopt.optimum.coupled.payment_flow import Payments, pay
from adlopt.optimum.coupled.shared_winners import Coupling
from adlopt.show.words import dollars

SLACK = 2.0**-40
"""Relative room above a level that lets a flow end in spite of rounding."""
ULPS = 1e-14


def least_burden_in_all(coupling: Coupling) -> tuple[FloatArray, tuple[int, ...], BoolArray]:
    """Payments, shape (T, N), and what proves them: a set of rounds, and which winners are full."""
    cut = tuple(range(coupling.budget.size))
    level = _level(coupling, cut)
    while True:
        payments = pay(coupling, level * (1 + SLACK))
        higher = _level(coupling, payments.cut) if payments.cut else 0.0
        if higher <= level:
            break
        cut, level = payments.cut, higher
    tight = pay(coupling, level)
    if (tight.lacking <= ULPS * coupling.budget).all():
        payments = tight
    limit, weight = reach(coupling, cut)
    return _to_the_cent(coupling, payments), cut, limit < weight * level * (1 - SLACK)


def _level(coupling: Coupling, cut: Sequence[int]) -> float:
    limit, weight = reach(coupling, cut)
    needed, held = math.fsum(coupling.budget[list(cut)]), math.fsum(limit)
    if needed > held * (1 + ROUNDING):
        raise _shortage(coupling)
    return water_level(weight, limit, min(needed, float(limit.sum())))


def _shortage(coupling: Coupling) -> InfeasibleRound:
    """Name the rounds that lack most together: the smallest number of dollars to ask less for."""
    cut = pay(coupling, math.inf).cut
    limit = reach(coupling, cut)[0]
    needed, held = math.fsum(coupling.budget[list(cut)]), math.fsum(limit)
    rounds = tuple(t + 1 for t in cut)
    who = f"round {rounds[0]}" if len(rounds) == 1 else f"rounds {', '.join(map(str, rounds))}"
    return InfeasibleRound(
        f"{who}: {dollars(needed)} are needed in all, and all their winners together can give "
        f"{dollars(held)}: {dollars(needed - held)} are missing; ask for that much less there, or "
        "price the shortfall with surrogate(track=..., fair=...)",
        below=math.fsum(coupling.budget) - (needed - held),
        above=None,
        missing=needed - held,
        binding=tuple(
            Binding(coupling.account[i], float(limit[i]), "capacity") for i in np.flatnonzero(limit)
        ),
        rounds=rounds,
    )


def _to_the_cent(coupling: Coupling, payments: Payments) -> FloatArray:
    """Stretch each round's payments by the rounding that separates them from its budget."""
    raised = payments.taken.sum(axis=1)
    stretch = np.divide(coupling.budget, raised, out=np.ones_like(raised), where=raised > 0)
    exact: FloatArray = payments.taken * stretch[:, None]
    return exact
