"""How venues show their queue to those who stand in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from adlopt.foundation.arrays import FloatArray, freeze


@dataclass(frozen=True, slots=True)
class Light:
    """What a position is shown of its place.

    Parameters
    ----------
    text : str
    of : callable
        From sizes in the order of the queue, shape (n,), to what each position is shown.
    by_contracts : bool
        Whether sizes matter, and not the order alone.
    """

    text: str
    of: Callable[[ArrayLike], FloatArray]
    by_contracts: bool = False


def quintiles(size: ArrayLike) -> FloatArray:
    """Binance's quantile, by count: 4 for the fifth of the positions served first, down to 0.

    Examples
    --------
    >>> quintiles([1, 1, 1, 1, 1, 1])
    array([4., 4., 3., 2., 1., 0.])
    """
    n = np.asarray(size).size
    return freeze(4 - np.arange(n) * 5 // max(n, 1))


def size_percentiles(size: ArrayLike) -> FloatArray:
    """BitMEX's lights, by contracts: 20, 40, … 100 % of the open interest served up to here.

    Examples
    --------
    >>> size_percentiles([10, 20, 30, 10, 10, 20])
    array([ 20.,  40.,  60.,  80.,  80., 100.])
    """
    sizes = np.asarray(size, dtype=np.float64)
    share = np.cumsum(sizes) / max(float(sizes.sum()), 1e-300)
    return freeze(20 * np.ceil(5 * share * (1 - 1e-12)))


def rank_share(size: ArrayLike) -> FloatArray:
    """Bluefin's quantile: rank over count, the first served at 1/n.

    Examples
    --------
    >>> rank_share([5, 5])
    array([0.5, 1. ])
    """
    n = np.asarray(size).size
    return freeze(np.arange(1, n + 1) / max(n, 1))


def grades(size: ArrayLike) -> FloatArray:
    """WhiteBIT's grade: 4 for the first 5 % of the positions; quarters of the rest are 3 to 0.

    Only the first is published; the quarters are a choice.

    Examples
    --------
    >>> grades([1] * 20).tolist()[:7]
    [4.0, 3.0, 3.0, 3.0, 3.0, 3.0, 2.0]
    """
    n = np.asarray(size).size
    top = -(-n // 20)
    rest = np.arange(n - top) * 4 // max(n - top, 1)
    return freeze(np.concatenate([np.full(top, 4), 3 - rest]))
