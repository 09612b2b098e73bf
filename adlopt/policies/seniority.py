"""Seniority: one class gives all it may before the next one gives anything."""

from __future__ import annotations

import numpy as np

from adlopt.foundation.arrays import FloatArray
from adlopt.optimum.core.waterfill import water_fill


def in_turn(
    weights: FloatArray, most: FloatArray, classes: FloatArray, budget: float
) -> FloatArray:
    """Fill accounts of equal class, the lowest class first; all of shape (n,), USD.

    Within the class where the budget ends, x_i = min(most_i, weights_i z). A budget beyond all
    classes is not met.
    """
    haircut, rest = np.zeros_like(most), budget
    for number in np.unique(classes):
        reachable = most * (classes == number) * (weights > 0)
        reach = float(reachable.sum())
        haircut += reachable if rest >= reach else water_fill(weights, reachable, max(rest, 0.0))
        rest -= reach
    return haircut
