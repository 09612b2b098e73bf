"""Does a round turn winners' order round, and are the same ones hit again? [CTTX26, Sec. 5.2]."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from adlopt.arrays import FloatArray, own
from adlopt.diagnostics.concentration import fractions
from adlopt.round import RoundStart
from adlopt.solvency import check_haircut

TIE = 1e-12
"""Relative distance within which remaining profits count as equal."""


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
    x = check_haircut(haircut, start)
    order = np.argsort(-start.capacity, kind="stable")
    before, after = start.capacity[order], (start.capacity - x)[order]
    apart = np.diff(before) < 0
    turned = np.diff(after) > TIE * before[:-1]
    pairs = int(apart.sum())
    return float((apart & turned).sum()) / pairs if pairs else 0.0


def rank_stability(
    earlier: RoundStart, taken_then: ArrayLike, later: RoundStart, taken_now: ArrayLike
) -> float | None:
    """Spearman correlation of the shares x_i / u_i of accounts that win in both rounds.

    None if fewer than two do, or if all bear the same share in a round, so that there is no rank.

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
    then = fractions(earlier, check_haircut(taken_then, earlier))
    now = fractions(later, check_haircut(taken_now, later))
    place = {name: i for i, name in enumerate(later.account)}
    both = [(i, place[name]) for i, name in enumerate(earlier.account) if name in place]
    if len(both) < 2:
        return None
    return spearman(then[[i for i, _ in both]], now[[j for _, j in both]])


def spearman(first: ArrayLike, second: ArrayLike) -> float | None:
    """Rank correlation, ties at their mean rank; None if either is constant.

    Shares within 1e-12 of each other are tied.

    Examples
    --------
    >>> spearman([1, 2, 3, 4], [1, 3, 2, 4])
    0.8
    """
    x = own(first, "first")
    a, b = _ranks(x), _ranks(own(second, "second", length=x.size))
    a, b = a - a.mean(), b - b.mean()
    norm = float(np.sqrt((a @ a) * (b @ b)))
    return float(np.clip(a @ b / norm, -1.0, 1.0)) if norm else None


def _ranks(values: FloatArray) -> FloatArray:
    """Mean ranks, shape (n,)."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    steps = np.diff(ordered) > TIE * max(float(np.abs(values).max()), np.finfo(float).tiny)
    group = np.concatenate([[0], np.cumsum(steps)])
    counts = np.bincount(group)
    means = np.cumsum(counts) - (counts - 1) / 2.0
    ranks = np.empty(values.size)
    ranks[order] = means[group]
    return ranks
