"""Seniority: one class gives all it may before the next one gives anything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from adlopt.arrays import FloatArray
from adlopt.waterfill import water_fill


def in_turn(layers: Iterable[tuple[FloatArray, FloatArray]], budget: float) -> FloatArray:
    """Fill layers of (weights, most), each of shape (n,), one after the other; shape (n,), USD.

    Within the layer where the budget ends, x_i = min(most_i, weights_i z). A budget beyond all
    layers is not met.

    Examples
    --------
    >>> first, second = np.array([10.0, 0.0, 0.0]), np.array([0.0, 40.0, 20.0])
    >>> in_turn([(first, first), (second, second)], budget=40.0)
    array([10., 20., 10.])
    """
    haircut, rest = np.zeros(0), budget
    for weights, most in layers:
        open_ = most * (weights > 0)
        reach = float(open_.sum())
        part = open_ if rest >= reach else water_fill(weights, open_, max(rest, 0.0))
        haircut = part if not haircut.size else haircut + part
        rest -= reach
    return haircut


def by_class(
    weights: FloatArray, most: FloatArray, classes: FloatArray
) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Yield the layers of accounts with equal class, lowest class first."""
    for number in np.unique(classes):
        yield weights, most * (classes == number)
