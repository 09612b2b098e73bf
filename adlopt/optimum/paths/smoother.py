"""Best paths of severities at a price of variation, in whole numbers or in floats.

f(P) = min Σ D_t |u_t − θ*_t| over paths u in [0, 1] with Σ_{t≥2} |u_t − u_{t−1}| ≤ P is convex and
piecewise linear. At a price μ of variation, total variation smoothing finds a best path, a point of
f; an edge of slope −μ carries a flow w that proves it: if w_1 = w_{T+1} = 0, |w_t| ≤ μ and
|w_{t+1} − w_t| ≤ D_t, then f(P) ≥ Σ (w_t − w_{t+1}) θ*_t − μ P for every P.
"""

from __future__ import annotations

from collections.abc import Callable, MutableSequence, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from adlopt.errors import CertificateError, InputError
from adlopt.foundation.arrays import FloatArray, own
from adlopt.foundation.compiling import pays

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


Numbers = NDArray[Any]
"""Floats, or whole numbers of any size as objects."""
SPARED = 2e-6
"""Seconds a round that compiled loops save."""


def own_rounds(deficit: ArrayLike, needed_severity: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Check D_t ≥ 0, USD, and θ*_t in [0, 1], each of shape (T,)."""
    sizes = own(deficit, "deficit", lowest=0.0)
    wanted = own(needed_severity, "needed_severity", length=sizes.size, lowest=0.0)
    if not sizes.size or (wanted > 1).any():
        raise InputError("needed_severity", wanted.tolist(), "numbers in [0, 1], at least one")
    return sizes, wanted


@dataclass(frozen=True, slots=True)
class Point:
    """A path, how much it varies, and what it loses: a point of f if the path is best."""

    path: Numbers
    variation: Any
    loss: Any


@dataclass(frozen=True, slots=True)
class Smoother:
    """Deficits and severities, shape (T,), and the severities in order."""

    size: Numbers
    target: Numbers
    rank: NDArray[np.int64]
    place: Numbers

    @classmethod
    def of(cls, size: Numbers, target: Numbers) -> Smoother:
        """Put the severities in order."""
        order = np.argsort(target, kind="stable")
        rank = np.empty(order.size, dtype=np.int64)
        rank[order] = np.arange(order.size)
        return cls(size, target, rank, target[order])

    def at(self, price: Any) -> Point:
        """The best path at a price of variation > 0."""
        ends = np.full((2, self.size.size), np.inf)
        mass, path = (self._zeros(self.size.size) for _ in range(2))
        given = (self.size, self.rank, self.place)
        self._run(smoothed, given, price, mass, -ends[0], ends[1], path)
        return self.point(path)

    def flow(self, path: Numbers, price: Any) -> Numbers:
        """What proves a best path at a price; shape (T + 1,)."""
        low, high, flow = (self._zeros(self.size.size + 1) for _ in range(3))
        self._run(multipliers, (self.size, self.target, path), price, low, high, flow)
        return flow

    def bound(self, flow: Numbers, price: Any, variation: Any) -> Any:
        """Σ (w_t − w_{t+1}) θ*_t − μ P ≤ f(P), after checking that w is a flow."""
        steps = flow[1:] - flow[:-1]
        if steps.size != self.size.size or flow[0] or flow[-1]:
            raise CertificateError("the flow does not start and end at zero")
        if (np.abs(flow) > price).any():
            raise CertificateError("the flow exceeds its price")
        if (np.abs(steps) > self.size).any():
            raise CertificateError("the flow changes by more than a deficit")
        return -(self.target * steps).sum() - price * variation

    def point(self, path: Numbers) -> Point:
        """What a path varies and loses."""
        loss = (self.size * np.abs(path - self.target)).sum()
        return Point(path, np.abs(path[1:] - path[:-1]).sum(), loss)

    def constant(self) -> Point:
        """The best constant: a weighted median."""
        passed = np.cumsum(self.size[np.argsort(self.rank)])
        middle = min(int(np.searchsorted(2 * passed, passed[-1])), passed.size - 1)
        return self.point(np.full_like(self.target, self.place[middle]))

    def lossless(self) -> Point:
        """Least variation without loss: rounds without deficit repeat the round before."""
        counted = np.flatnonzero(self.size)
        counted = counted if counted.size else np.zeros(1, dtype=np.int64)
        before = np.searchsorted(counted, np.arange(self.size.size), side="right") - 1
        return self.point(self.target[counted[np.maximum(before, 0)]])

    def _zeros(self, count: int) -> Numbers:
        return np.zeros(count, dtype=self.size.dtype)

    def _run(
        self, loop: Callable[..., None], given: tuple[Numbers, ...], price: Any, *written: Numbers
    ) -> None:
        """Run a loop over rounds; what it writes is the last array."""
        whole = self.size.dtype == object
        if not whole and pays(SPARED * self.size.size):
            from adlopt.foundation.kernels import compiled

            compiled(loop)(*given, price, *written)
            return
        lists = [array.tolist() for array in written]
        loop(*(array.tolist() for array in given), price, *lists)
        written[-1][:] = lists[-1]
