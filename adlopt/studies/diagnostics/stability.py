"""What a haircut moves: orders of winners, accounts that close, and itself, under noise.

Ranks are of [CTTX26, Sec. 5.2].
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from adlopt.errors import InputError
from adlopt.foundation.arrays import FloatArray, IntArray, freeze, own, own_number, own_whole
from adlopt.foundation.money import MICRO
from adlopt.model.round import RoundStart
from adlopt.model.solvency import ROUNDING, check_haircut
from adlopt.model.who_pays import fractions, inversions, rank_correlation
from adlopt.policies.protocols import Allocation
from adlopt.show.answer import Figures
from adlopt.show.schema.studies import SensitivityData
from adlopt.show.words import percent, usd


def monotonicity_violations(start: RoundStart, haircut: ArrayLike) -> float:
    """Share of neighbours in profit that the haircut turns round.

    Neighbours are winners next to each other by profit u_i > u_j; they are turned round if
    afterwards u_i − x_i < u_j − x_j. 0 if all have the same profit.

    Raises
    ------
    BadHaircut
        If the haircut, shape (n,), USD, is not feasible.

    Examples
    --------
    >>> start = RoundStart(account=["a", "b", "c"], capacity=[6, 3, 1], deficit=6)
    >>> monotonicity_violations(start, [6, 0, 0]), monotonicity_violations(start, [3.6, 1.8, 0.6])
    (0.5, 0.0)
    """
    return inversions(start.capacity, check_haircut(haircut, start))


def rank_stability(
    earlier: RoundStart, taken_then: ArrayLike, later: RoundStart, taken_now: ArrayLike
) -> float | None:
    """Spearman correlation of the shares x_i / u_i of accounts that win in both rounds.

    A haircut is known to a lot, or a micro-dollar where there are none: shares that rounding may
    have moved past each other are ties. None if fewer than two win twice, or if all are tied in a
    round, so that there is no rank.

    Raises
    ------
    BadHaircut
        If a haircut, shape (n,), USD, is not feasible.

    Examples
    --------
    >>> start = RoundStart(account=["a", "b", "c"], capacity=[6, 3, 1], deficit=6)
    >>> rank_stability(start, [6, 0, 0], start, [6, 0, 0])
    1.0
    >>> rank_stability(start, [6, 0, 0], start, [0, 3, 1])
    -1.0
    """
    then = fractions(check_haircut(taken_then, earlier), earlier.capacity)
    now = fractions(check_haircut(taken_now, later), later.capacity)
    i, j = _twice(earlier.account, later.account)
    if i.size < 2:
        return None
    within = _rounding(earlier)[i], _rounding(later)[j]
    return rank_correlation(then[i], now[j], within=within)


@lru_cache(maxsize=32)
def _twice(earlier: tuple[str, ...], later: tuple[str, ...]) -> tuple[IntArray, IntArray]:
    """Where accounts of both rounds are in each; asked again for each policy."""
    place = {name: i for i, name in enumerate(later)}
    both = [(i, place[name]) for i, name in enumerate(earlier) if name in place]
    i, j = np.array(both, dtype=np.int64).reshape(-1, 2).T
    return i, j


def _rounding(start: RoundStart) -> FloatArray:
    """What a lot, or a micro-dollar, is of each profit, shape (n,)."""
    lot = np.full(start.capacity.size, 1.0 / MICRO) if start.lot is None else start.lot
    return fractions(lot, start.capacity)


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
    x = check_haircut(decide(start), start)
    raised = math.fsum(x)
    others, a_dollar = _shaken(start, spread, draws, seed)
    moves = [float(np.abs(x - check_haircut(decide(other), other)).sum()) for other in others]
    guarantee = raised * a_dollar
    return Sensitivity(raised=raised, largest_move=max(moves), pro_rata_guarantee=guarantee)


@lru_cache(maxsize=32)
def _shaken(
    start: RoundStart, noise: float, draws: int, seed: int
) -> tuple[tuple[RoundStart, ...], float]:
    """Noisy starts, and how far they move a dollar of pro-rata; asked again for each policy."""
    rng = np.random.default_rng(seed)
    others = tuple(_noisy(start, noise, rng) for _ in range(draws))
    return others, max(pro_rata_guarantee(start.capacity, u.capacity, 1.0) for u in others)


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
