"""Does a round turn winners' order round, and are the same ones hit again? [CTTX26, Sec. 5.2]."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from adlopt.foundation.arrays import FloatArray
from adlopt.foundation.money import MICRO
from adlopt.model.round import RoundStart
from adlopt.model.solvency import check_haircut
from adlopt.model.who_pays import fractions, inversions, rank_correlation


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
    place = {name: i for i, name in enumerate(later.account)}
    both = [(i, place[name]) for i, name in enumerate(earlier.account) if name in place]
    if len(both) < 2:
        return None
    i, j = (list(indices) for indices in zip(*both, strict=True))
    within = _rounding(earlier)[i], _rounding(later)[j]
    return rank_correlation(then[i], now[j], within=within)


def _rounding(start: RoundStart) -> FloatArray:
    """What a lot, or a micro-dollar, is of each profit, shape (n,)."""
    lot = np.full(start.capacity.size, 1.0 / MICRO) if start.lot is None else start.lot
    return fractions(lot, start.capacity)
