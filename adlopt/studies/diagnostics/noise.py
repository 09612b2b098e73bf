"""How far a haircut moves when what it is computed from moves a little."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from adlopt.foundation.arrays import FloatArray, own, own_number, own_whole
from adlopt.model.round import RoundStart
from adlopt.model.solvency import check_haircut
from adlopt.show.answer import Figures
from adlopt.show.schema.studies import SensitivityData
from adlopt.show.words import percent, usd

NOISE = 0.01
"""Relative standard deviation of the noise unless given."""


class Sensitivity(Figures, SensitivityData):
    """How far a haircut moved under small noise: fields as in `SensitivityData`."""

    @property
    def share_moved(self) -> float:
        """Largest move as a share of 2B; 0 if nothing was taken."""
        return self.largest_move / (2.0 * self.raised) if self.raised else 0.0

    def _heading(self) -> str:
        return (
            f"noise moves {usd(self.largest_move)} USD, {percent(self.share_moved)} of 2B; "
            f"pro-rata guarantees {usd(self.pro_rata_guarantee)}"
        )


def sensitivity(
    decide: Callable[[RoundStart], ArrayLike],
    start: RoundStart,
    *,
    noise: float = NOISE,
    draws: int = 5,
    seed: int = 0,
) -> Sensitivity:
    """Decide a round, and the round with every capacity and feature times 1 + noise · N(0, 1).

    Equities move with capacities; the deficit and the lots stay. Capacities stay in [0, 2 u].

    Parameters
    ----------
    decide : callable
        From a RoundStart to a haircut, shape (n,), USD.
    start : RoundStart
    noise : float
        Relative standard deviation, ≥ 0.
    draws, seed : int

    Raises
    ------
    BadHaircut
        If a haircut is not feasible.

    Examples
    --------
    >>> from adlopt.optimum.core.waterfill import pro_rata
    >>> start = RoundStart(account=["a", "b"], capacity=[6, 3], deficit=6)
    >>> found = sensitivity(lambda s: pro_rata(s.capacity, 6.0), start)
    >>> found.largest_move <= found.pro_rata_guarantee < 1.0
    True
    """
    spread = own_number(noise, "noise", lowest=0.0)
    for name, value, least in (("draws", draws, 1), ("seed", seed, 0)):
        own_whole(value, name, lowest=least)
    rng = np.random.default_rng(seed)
    x = check_haircut(decide(start), start)
    raised, moves, guarantees = math.fsum(x), [], []
    for _ in range(draws):
        other = _noisy(start, spread, rng)
        moves.append(float(np.abs(x - check_haircut(decide(other), other)).sum()))
        guarantees.append(pro_rata_guarantee(start.capacity, other.capacity, raised))
    return Sensitivity(raised=raised, largest_move=max(moves), pro_rata_guarantee=max(guarantees))


def pro_rata_guarantee(capacity: ArrayLike, other: ArrayLike, budget: float) -> float:
    """2B ‖u − u'‖₁ / max(U, U'), USD: how far pro-rata moves at most; the constant is attained.

    Examples
    --------
    >>> pro_rata_guarantee([1, 1], [1, 3], budget=1)
    1.0
    """
    u = own(capacity, "capacity", lowest=0.0)
    v = own(other, "other", length=u.size, lowest=0.0)
    b = own_number(budget, "budget", lowest=0.0)
    total = max(math.fsum(u), math.fsum(v))
    return 2.0 * b * float(np.abs(u - v).sum()) / total if total else 0.0


def swap_jump(rest: float, first: float, second: float) -> float:
    """2 min(r, u_i, u_j, u_i + u_j − r)_+, USD: how far a queue moves when neighbours swap.

    The two have capacities u_i and u_j, and r of the budget is left where their turn comes. With
    both at least B, and first in the queue, that is 2B [CTTX26, Prop. 8].

    Examples
    --------
    >>> swap_jump(5, 8, 6), swap_jump(10, 8, 6), swap_jump(14, 8, 6)
    (10.0, 8.0, 0.0)
    """
    r = own_number(rest, "rest")
    u = own_number(first, "first", lowest=0.0)
    v = own_number(second, "second", lowest=0.0)
    return 2.0 * max(min(r, u, v, u + v - r), 0.0)


def _noisy(start: RoundStart, noise: float, rng: np.random.Generator) -> RoundStart:
    def factor() -> FloatArray:
        return np.clip(1.0 + noise * rng.standard_normal(start.capacity.size), 0.0, 2.0)

    capacity = start.capacity * factor()
    equity = start.equity
    return replace(
        start,
        capacity=capacity,
        equity=None if equity is None else equity + capacity - start.capacity,
        features={name: column * factor() for name, column in start.features.items()},
    )
