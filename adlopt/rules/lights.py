"""How venues show their queue to those who stand in it.

Equal ones are shown the same: what the first of them would be.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from adlopt.foundation.arrays import FloatArray, IntArray, freeze


@dataclass(frozen=True, slots=True)
class Light:
    """What a position is shown.

    `of` makes it of places, shape (n,), in the order of the queue, counted from 0 and the same for
    equals, and of sizes, shape (n,), contracts. `by_contracts` says whether sizes matter; with
    `winners_alone`, a position without a profit has no light, and is not counted.
    """

    text: str
    of: Callable[[IntArray, FloatArray], ArrayLike]
    by_contracts: bool = False
    winners_alone: bool = False

    def shown(self, place: IntArray, size: FloatArray, profit: FloatArray) -> FloatArray:
        """What each is shown, shape (n,); not a number where it is nothing."""
        seen = profit > 0 if self.winners_alone else np.ones(place.size, dtype=bool)
        light = np.full(place.size, np.nan)
        light[seen] = self.of(np.searchsorted(np.flatnonzero(seen), place[seen]), size[seen])
        return freeze(light)


def fifths(place: IntArray, size: FloatArray) -> IntArray:
    """By count: 4 for the fifth of the positions served first, down to 0."""
    return 4 - place * 5 // max(place.size, 1)


def size_percentiles(place: IntArray, size: FloatArray) -> FloatArray:
    """BitMEX's lights, by contracts: 20, 40, … 100 % of the open interest served up to here."""
    share = np.cumsum(size) / max(float(size.sum()), 1e-300)
    last = np.searchsorted(place, place, side="right") - 1
    return np.asarray(20 * np.ceil(5 * share[last] * (1 - 1e-12)))


def rank_share(place: IntArray, size: FloatArray) -> FloatArray:
    """Bluefin's quantile: rank over count, the first served at 1/n."""
    return np.asarray((place + 1) / max(place.size, 1))


def share_behind(place: IntArray, size: FloatArray) -> FloatArray:
    """Bitget's rank: the share that is not served before, 1 for the first."""
    return np.asarray(1 - place / max(place.size, 1))


def grades(place: IntArray, size: FloatArray) -> IntArray:
    """WhiteBIT's grade: 4 for the first 5 % of the positions; quarters of the rest are 3 to 0.

    Only the first is published; the quarters are a choice.
    """
    top = -(-place.size // 20)
    rest = np.maximum(place - top, 0) * 4 // max(place.size - top, 1)
    return np.where(place < top, 4, 3 - rest)


QUANTILE = Light("quantile 0–4 by count", fifths, winners_alone=True)
"""Binance's and Aster's: losers have none."""
FIVE = Light("1–5 by count, 5 first", lambda place, size: 1 + np.asarray(fifths(place, size)))
"""Bybit's `adlRankIndicator`, OKX's `adl`, and the `rating` of ccxt; 0 is an empty position."""
