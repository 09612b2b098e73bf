"""Pro-rata in whole lots: capped shares, floored, then the largest remainders."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from adlopt.foundation.arrays import FloatArray, IntArray, own, own_number
from adlopt.foundation.money import MICRO, floor_of, lot_sizes, whole_lots
from adlopt.optimum.core.waterfill import water_level


def integer_pro_rata(capacity: ArrayLike, lot: ArrayLike | None, budget: float) -> FloatArray:
    """Pro-rata rounded to whole lots by largest remainder; shape (n,), USD.

    Shares are min(c_i, z u_i), where c_i is what whole lots under the capacity u_i can give, and
    z is where they sum to the budget. Everyone gives the whole lots of its share; what is left
    goes lot by lot to the largest remainders, ties to the earlier account, as long as the budget
    is not exceeded. Where lots are equal and divide the budget, and there are enough, the sum is
    exact; elsewhere it stays below. O(n log n).

    Parameters
    ----------
    capacity : array_like, shape (n,)
        USD.
    lot : array_like, shape (n,), or None
        USD a lot; None counts in micro-dollars.
    budget : float
        USD. What whole lots cannot give of it is not given.

    Examples
    --------
    >>> integer_pro_rata([120.0, 80.0, 40.0], [7.0, 7.0, 7.0], budget=63.0)
    array([35., 21.,  7.])
    """
    u = own(capacity, "capacity", lowest=0.0)
    if lot is None:
        size = np.ones(u.size, dtype=np.int64)
    else:
        size = lot_sizes(own(lot, "lot", length=u.size, lowest=0.0))
    most = whole_lots(u, size)
    aim = min(floor_of(own_number(budget, "budget", lowest=0.0)), int((most * size).sum()))
    share = _shares(u * MICRO, most * size, aim) / size
    counts = _whole_shares(share, size, most, aim)
    _hand_out(counts, aim - int((counts * size).sum()), np.round(share - counts, 9), size, most)
    haircut: FloatArray = counts * size / MICRO
    return haircut


def _shares(weight: FloatArray, most: IntArray, aim: int) -> FloatArray:
    """min(c_i, z u_i), shape (n,), micro-dollars; accounts without a whole lot give nothing."""
    cap = most.astype(np.float64)
    return np.minimum(cap, weight * water_level(weight, cap, float(aim)))


def _whole_shares(share: FloatArray, size: IntArray, most: IntArray, aim: int) -> IntArray:
    """Whole lots in each share; the largest bears what floats cannot resolve of a huge sum."""
    counts: IntArray = np.minimum(np.floor(share + 1e-9).astype(np.int64), most)
    excess = int((counts * size).sum()) - aim
    if excess > 0:
        largest = int(np.argmax(counts * size))
        counts[largest] -= -(-excess // int(size[largest]))
    return counts


def _hand_out(
    counts: IntArray, rest: int, remainder: FloatArray, size: IntArray, most: IntArray
) -> None:
    """Give a lot each to the largest remainders while it fits; of equal lots, all that is left."""
    order = np.argsort(-remainder, kind="stable")
    room = (most - counts)[order]
    for i, lot, free in zip(order.tolist(), size[order].tolist(), room.tolist(), strict=True):
        if rest <= 0:
            return
        if free and lot <= rest:
            counts[i] += 1
            rest -= lot
    if (size == size[:1]).all():
        room = (most - counts)[order]
        before = np.cumsum(room) - room
        counts[order] += np.clip(rest // size[:1] - before, 0, room)
