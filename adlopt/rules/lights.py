"""How venues show their queue to those who stand in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from adlopt.foundation.arrays import FloatArray, freeze


@dataclass(frozen=True, slots=True)
class Light:
    """What a position is shown, `of` sizes in the order of the queue, shape (n,)."""

    text: str
    of: Callable[[ArrayLike], FloatArray]
    by_contracts: bool = False
    """Whether sizes matter, and not the order alone."""


def quintiles(size: ArrayLike) -> FloatArray:
    """Binance's quantile, by count: 4 for the fifth of the positions served first, down to 0."""
    n = np.asarray(size).size
    return freeze(4 - np.arange(n) * 5 // max(n, 1))


def size_percentiles(size: ArrayLike) -> FloatArray:
    """BitMEX's lights, by contracts: 20, 40, … 100 % of the open interest served up to here."""
    sizes = np.asarray(size, dtype=np.float64)
    share = np.cumsum(sizes) / max(float(sizes.sum()), 1e-300)
    return freeze(20 * np.ceil(5 * share * (1 - 1e-12)))


def rank_share(size: ArrayLike) -> FloatArray:
    """Bluefin's quantile: rank over count, the first served at 1/n."""
    n = np.asarray(size).size
    return freeze(np.arange(1, n + 1) / max(n, 1))


def grades(size: ArrayLike) -> FloatArray:
    """WhiteBIT's grade: 4 for the first 5 % of the positions; quarters of the rest are 3 to 0.

    Only the first is published; the quarters are a choice.
    """
    n = np.asarray(size).size
    top = -(-n // 20)
    rest = np.arange(n - top) * 4 // max(n - top, 1)
    return freeze(np.concatenate([np.full(top, 4), 3 - rest]))
