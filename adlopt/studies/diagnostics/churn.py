"""Accounts that a policy closes, and how the round's effective slope jumps as they leave."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from adlopt.errors import InputError
from adlopt.foundation.arrays import FloatArray, freeze, own, own_number, own_whole
from adlopt.model.round import RoundStart
from adlopt.model.solvency import ROUNDING, check_haircut
from adlopt.policies.protocols import Allocation

SLOPE = "slope"
"""Feature: price impact α_i of closing an account, as [CTTX26, Prop. 11] has it."""


def closed(start: RoundStart, haircut: ArrayLike) -> int:
    """Count the accounts that lose all their profit.

    Raises
    ------
    BadHaircut
        If the haircut, shape (n,), USD, is not feasible.

    Examples
    --------
    >>> closed(RoundStart(account=["a", "b", "c"], capacity=[6, 3, 0], deficit=6), [6, 2, 0])
    1
    """
    x = check_haircut(haircut, start)
    return int(((x >= start.capacity * (1 - ROUNDING)) & (start.capacity > 0)).sum())


def effective_slope(slope: ArrayLike, haircut: ArrayLike) -> float | None:
    """Σ α_i q_i² / Σ q_i² of what accounts pay; None if nobody pays [CTTX26, Prop. 11].

    Examples
    --------
    >>> effective_slope([1.0, 4.0], [2.0, 1.0])
    1.6
    """
    paid = own(haircut, "haircut", lowest=0.0)
    alpha = own(slope, "slope", length=paid.size)
    largest = paid.max(initial=0.0)
    if largest == 0:
        return None
    weight = (paid / largest) ** 2
    return float(alpha @ weight / weight.sum())


def variation(slopes: Iterable[float | None]) -> float:
    """Σ |α_t − α_{t−1}| over the rounds that have an effective slope.

    Examples
    --------
    >>> variation([1.0, None, 3.0, 2.0])
    3.0
    """
    known = [own_number(s, "slopes") for s in slopes if s is not None]
    return math.fsum(abs(b - a) for a, b in pairwise(known))


def deplete(
    allocation: Allocation, start: RoundStart, budgets: Sequence[float]
) -> tuple[FloatArray, ...]:
    """Play budgets one after another on the same winners; what is taken is gone.

    A closed account pays nothing more; the order of the others stays.

    Returns
    -------
    tuple of FloatArray, shape (n,)
        USD, one haircut a round.

    Raises
    ------
    InputError
        If the budgets exceed the total capacity.
    BadHaircut
        If a haircut exceeds what is left.

    Examples
    --------
    >>> from adlopt.policies.grammar import allocation
    >>> start = RoundStart(account=["a", "b"], capacity=[2, 1], deficit=3,
    ...                    features={"rank": [2, 1]})
    >>> [x.tolist() for x in deplete(allocation("queue:rank"), start, [1, 1.5])]
    [[1.0, 0.0], [1.0, 0.5]]
    """
    due = own(list(budgets), "budgets", lowest=0.0)
    if math.fsum(due) > start.total_capacity * (1 + ROUNDING):
        raise InputError("budgets", math.fsum(due), f"at most {start.total_capacity!r} USD in all")
    state, left, taken = allocation.begin(), start, []
    for budget in due.tolist():
        possible = min(budget, left.total_capacity)
        x = check_haircut(allocation.allocate(state, left, possible), left, who=allocation.name)
        state = allocation.learn(state, left, x)
        taken.append(freeze(np.minimum(x, left.capacity)))
        left = replace(left, t=left.t + 1, capacity=left.capacity - taken[-1])
    return tuple(taken)


def alternating_slopes(rounds: int, *, low: float = 0.0, high: float = 1.0) -> RoundStart:
    """2T accounts of 1 USD whose slopes alternate along the queue [CTTX26, Prop. 11].

    With budgets of 1 a queue by `rank` closes one account a round and its effective slope moves
    by high − low each time; that of pro-rata never moves.

    Examples
    --------
    >>> from adlopt.policies.grammar import allocation
    >>> start = alternating_slopes(4)
    >>> for name in ("queue:rank", "pro-rata"):
    ...     taken = deplete(allocation(name), start, [1] * 4)
    ...     print(name, variation(effective_slope(start.feature("slope"), x) for x in taken))
    queue:rank 3.0
    pro-rata 0.0
    """
    rounds = own_whole(rounds, "rounds", lowest=1)
    least = own_number(low, "low", lowest=0.0)
    most = own_number(high, "high", lowest=least)
    n = 2 * rounds
    return RoundStart(
        account=tuple(f"{i:0{len(str(n))}d}" for i in range(n)),
        capacity=np.ones(n),
        deficit=float(rounds),
        features={SLOPE: np.where(np.arange(n) % 2, least, most), "rank": np.arange(n, 0.0, -1.0)},
    )
