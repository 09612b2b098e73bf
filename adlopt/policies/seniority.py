"""Seniority: one class gives all it may before the next one gives anything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from adlopt.foundation.arrays import FloatArray
from adlopt.optimum.core.waterfill import water_fill


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
    parts, rest = [], budget
    for weights, most in layers:
        reachable = most * (weights > 0)
        reach = float(reachable.sum())
        parts.append(reachable if rest >= reach else water_fill(weights, reachable, max(rest, 0.0)))
        rest -= reach
    haircut: FloatArray = np.sum(parts, axis=0)
    return haircut


def by_class(
    weights: FloatArray, most: FloatArray, classes: FloatArray
) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Yield the layers of accounts with equal class, lowest class first."""
    for number in np.unique(classes):
        yield weights, most * (classes == number)
