"""Loops over rounds that cannot be vectorised: total variation smoothing, and its multipliers.

They are plain Python; `adlopt.foundation.kernels` compiles them for long episodes. Both ways do the
same operations in the same order.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heapify, heappop, heappush
from typing import Any

import numpy as np

from adlopt.foundation.arrays import FloatArray, IntArray

COMPILED_ROUNDS = 500
"""From so many rounds on, compiling pays."""


def smoothed(
    size: FloatArray, rank: IntArray, place: FloatArray, price: float, *, compile_: bool
) -> FloatArray:
    """Minimise Σ w_t |u_t − s_t| + price Σ |u_t − u_{t−1}| in O(T log T); shape (T,).

    Parameters
    ----------
    size : FloatArray, shape (T,)
        w_t ≥ 0.
    rank : IntArray, shape (T,)
        Position of s_t among the targets in order; a permutation.
    place : FloatArray, shape (T,)
        The targets in order.
    price : float
        > 0.
    compile_ : bool
        Whether to run compiled code.
    """
    path: FloatArray = _kernel(_smoothed, compile_)(size, rank, place, price)
    return path


def multipliers(
    size: FloatArray, target: FloatArray, path: FloatArray, price: float, *, compile_: bool
) -> FloatArray:
    """A flow w_1 … w_{T+1} that proves a smoothed path best, up to rounding."""
    flow: FloatArray = _kernel(_multipliers, compile_)(size, target, path, price)
    return flow


def _kernel(function: Callable[..., Any], compile_: bool) -> Callable[..., Any]:
    if not compile_:
        return function
    from adlopt.foundation.kernels import compiled

    return compiled(function)


def _smoothed(  # noqa: PLR0912, PLR0915 - one loop, compiled as a whole
    size: FloatArray, rank: IntArray, place: FloatArray, price: float
) -> FloatArray:
    """The loss up to round t is convex in u_t, and its slope grows by `mass` at each target.

    A move to u_{t+1} cuts the slopes to [−price, price]. Two heaps find the targets at both ends;
    what one end has used up is dropped from the other's heap when it makes up half of it.
    """
    rounds = size.size
    mass = np.zeros(rounds)
    least, most = np.full(rounds, -np.inf), np.full(rounds, np.inf)
    bottom, top = [0 for _ in range(0)], [0 for _ in range(0)]
    lowest = highest = 0.0
    alive = 0
    for t in range(rounds):
        if size[t] > 0:
            mass[rank[t]] = 2.0 * size[t]
            heappush(bottom, rank[t])
            heappush(top, -rank[t])
            alive += 1
        if len(bottom) > 2 * alive + 32:
            bottom = [k for k in bottom if mass[k] > 0]
            heapify(bottom)
        if len(top) > 2 * alive + 32:
            top = [k for k in top if mass[-k] > 0]
            heapify(top)
        lowest -= size[t]
        highest += size[t]
        while lowest < -price and len(bottom) > 0:
            k = bottom[0]
            if mass[k] == 0:
                heappop(bottom)
                continue
            if mass[k] <= -price - lowest:
                lowest += mass[k]
                mass[k] = 0.0
                heappop(bottom)
                alive -= 1
            else:
                mass[k] -= -price - lowest
                lowest = -price
            least[t] = place[k]
        while highest > price and len(top) > 0:
            k = -top[0]
            if mass[k] == 0:
                heappop(top)
                continue
            if mass[k] <= highest - price:
                highest -= mass[k]
                mass[k] = 0.0
                heappop(top)
                alive -= 1
            else:
                mass[k] -= highest - price
                highest = price
            most[t] = place[k]
    path = np.empty(rounds)
    slope, last = lowest, place[0]
    for k in range(rounds):
        if mass[k] > 0:
            slope += mass[k]
            last = place[k]
            if slope >= 0:
                break
    path[rounds - 1] = last
    for t in range(rounds - 2, -1, -1):
        path[t] = min(max(path[t + 1], least[t]), most[t])
    return path


def _multipliers(
    size: FloatArray, target: FloatArray, path: FloatArray, price: float
) -> FloatArray:
    """Forward what is possible, backward one choice."""
    rounds = size.size
    low, high = np.zeros(rounds + 1), np.zeros(rounds + 1)
    down, up = np.empty(rounds), np.empty(rounds)
    for t in range(rounds):
        down[t] = -size[t] if path[t] <= target[t] else size[t]
        up[t] = size[t] if path[t] >= target[t] else -size[t]
        floor, roof = 0.0, 0.0
        if t < rounds - 1:
            floor = price if path[t + 1] > path[t] else -price
            roof = -price if path[t + 1] < path[t] else price
        low[t + 1] = max(low[t] + down[t], floor)
        high[t + 1] = min(high[t] + up[t], roof)
    flow = np.zeros(rounds + 1)
    for t in range(rounds - 1, 0, -1):
        flow[t] = min(max(low[t], flow[t + 1] - up[t]), high[t], flow[t + 1] - down[t])
    return flow
