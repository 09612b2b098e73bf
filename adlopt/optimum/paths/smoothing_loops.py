"""Loops over rounds that cannot be vectorised: total variation smoothing, and its multipliers.

They are plain Python, and take numbers of any kind: whole ones, of any size, or floats, for which
they can be compiled. Either way they do the same operations in the same order.
"""

from __future__ import annotations

from collections.abc import MutableSequence, Sequence
from heapq import heapify, heappop, heappush
from typing import TypeVar

Number = TypeVar("Number", int, float)


def smoothed(  # noqa: PLR0912, PLR0915 - one loop, compiled as a whole
    size: Sequence[Number],
    rank: Sequence[int],
    place: Sequence[Number],
    price: Number,
    mass: MutableSequence[Number],
    least: MutableSequence[float],
    most: MutableSequence[float],
    path: MutableSequence[float],
) -> None:
    """Minimise Σ w_t |u_t − s_t| + price Σ |u_t − u_{t−1}| in O(T log T); write the path.

    The loss up to round t is convex in u_t, and its slope grows by `mass` at each target. A move to
    u_{t+1} cuts the slopes to [−price, price]. Two heaps find the targets at both ends; what one
    end has used up is dropped from the other's heap when it makes up half of it. `size` has the
    w_t, `place` the targets in order, and `rank` where s_t stands there; `mass`, `least` and `most`
    are scratch of zeros, −∞ and ∞.
    """
    rounds = len(size)
    bottom, top = [0 for _ in range(0)], [0 for _ in range(0)]
    zero = price - price
    lowest = highest = zero
    alive = 0
    for t in range(rounds):
        if size[t] > 0:
            mass[rank[t]] = size[t] + size[t]
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
                mass[k] = zero
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
                mass[k] = zero
                heappop(top)
                alive -= 1
            else:
                mass[k] -= highest - price
                highest = price
            most[t] = place[k]
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


def multipliers(
    size: Sequence[Number],
    target: Sequence[Number],
    path: Sequence[Number],
    price: Number,
    low: MutableSequence[Number],
    high: MutableSequence[Number],
    flow: MutableSequence[Number],
) -> None:
    """Write a flow w_1 … w_{T+1} that proves a smoothed path best, but for rounding.

    Forward what is possible, backward one choice. `low` and `high` are scratch, and all three zeros
    of length T + 1.
    """
    rounds = len(size)
    for t in range(rounds):
        down = -size[t] if path[t] <= target[t] else size[t]
        up = size[t] if path[t] >= target[t] else -size[t]
        floor = roof = price - price
        if t < rounds - 1:
            floor = price if path[t + 1] > path[t] else -price
            roof = -price if path[t + 1] < path[t] else price
        low[t + 1] = max(low[t] + down, floor)
        high[t + 1] = min(high[t] + up, roof)
    for t in range(rounds - 1, 0, -1):
        down = -size[t] if path[t] <= target[t] else size[t]
        up = size[t] if path[t] >= target[t] else -size[t]
        flow[t] = min(max(low[t], flow[t + 1] - up), high[t], flow[t + 1] - down)
