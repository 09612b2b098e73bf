"""Who pays how much: Lorenz curves, order turned round, and whether the same ones are hit again."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from adlopt.errors import InputError
from adlopt.foundation.arrays import FloatArray, freeze, own

TIE = 1e-12
"""Relative distance within which two numbers count as equal."""


def lorenz(amounts: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Share of accounts, from those that pay least, and of all dollars, each (n + 1,)."""
    paid = np.sort(own(amounts, "amounts", lowest=0.0))
    if not paid.size or paid[-1] == 0:
        raise InputError("amounts", paid.tolist(), "at least one number > 0")
    running = np.cumsum(paid / paid[-1])
    dollars = np.concatenate([[0.0], running / running[-1]])
    return freeze(np.linspace(0.0, 1.0, paid.size + 1)), freeze(dollars)


def fractions(haircut: FloatArray, capacity: FloatArray) -> FloatArray:
    """Shares x_i / u_i, shape (n,); 0 where there is no profit."""
    shares = np.zeros(np.broadcast_shapes(haircut.shape, capacity.shape))
    return np.divide(haircut, capacity, out=shares, where=capacity > 0)


def inversions(capacity: ArrayLike, haircut: ArrayLike) -> float:
    """Share of neighbours by profit whose order the haircut turns round [CTTX26, Sec. 5.2]."""
    u = own(capacity, "capacity", lowest=0.0)
    x = own(haircut, "haircut", length=u.size, lowest=0.0)
    order = np.argsort(-u, kind="stable")
    before, after = u[order], (u - x)[order]
    apart = np.diff(before) < 0
    turned = np.diff(after) > TIE * before[:-1]
    pairs = int(apart.sum())
    return float((apart & turned).sum()) / pairs if pairs else 0.0


def rank_correlation(
    first: ArrayLike, second: ArrayLike, *, within: tuple[ArrayLike, ArrayLike] = (0.0, 0.0)
) -> float | None:
    """Correlation of ranks, ties at their mean rank; None if either is constant.

    `within` says how far each number may be off: two are tied unless they are further apart than
    both may be off together.
    """
    x = own(first, "first")
    y = own(second, "second", length=x.size)
    a, b = (_centred_ranks(*given) for given in zip((x, y), within, strict=True))
    norm = float(np.sqrt((a @ a) * (b @ b)))
    return float(np.clip(a @ b / norm, -1.0, 1.0)) if norm else None


def _centred_ranks(values: FloatArray, within: ArrayLike) -> FloatArray:
    """Numbers clearly below less numbers clearly above, halved, shape (n,): they sum to 0."""
    off = np.asarray(within) + TIE * float(np.abs(values).max(initial=0.0)) / 2.0
    lowest, highest = values - off, values + off
    below = np.searchsorted(np.sort(highest), lowest, side="left")
    above = values.size - np.searchsorted(np.sort(lowest), highest, side="right")
    return (below - above) / 2.0
