"""The worst distribution of the needed budget near a belief, and the best budget against it.

Raising H where b is needed costs ℓ(H, b) = λ_under (b − H)₊ + λ_over (H − b)₊. Over distributions
on [0, b_max] within ε USD of the belief in the Wasserstein distance W₁,

    R(H) = sup E ℓ(H, b) = min_{λ ≥ 0} λ ε + Σ p_i max_v [ℓ(H, v) − λ |v − b_i|],

v ∈ {0, b_max, b_i}, by duality (Mohajerin Esfahani & Kuhn, Mathematical Programming 171): ℓ is
convex, so mass moves to an end or stays. The sup is a knapsack with two items for each value: what
moving it to an end gains, for what distance. R is convex and piecewise linear. Where tangents
at two budgets meet on it, no budget costs less against a mixture of their two distributions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from time import monotonic
from typing import NamedTuple, TypeAlias

import numpy as np

from adlopt.foundation.arrays import FloatArray
from adlopt.optimum.programs.weak_duality import ProvenBound

STEPS = 400
"""Tangents that are tried at most; a dozen are enough as a rule."""
SAME = 1e-13
"""Relative distance at which two costs are the same."""


Line: TypeAlias = tuple[Fraction, Fraction]
"""A constant, and a slope in H."""


class Burdened(NamedTuple):
    """What the least worst burden of a budget costs, its slope, and a line nowhere above it."""

    cost: float
    slope: float
    line: Callable[[], Line] = lambda: (Fraction(0), Fraction(0))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Worst:
    """A worst distribution at H = `raised`: mass moved up to b_max and down to 0, (N,).

    `cost` is R(H), `price` λ, `low` and `high` the slopes of the expected cost on both sides of H.
    """

    raised: float
    cost: float
    price: float
    up: FloatArray
    down: FloatArray
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ball:
    """Distributions on [0, b_max] within ε USD of values, (N,), ascending, with masses; prices."""

    needed: FloatArray
    mass: FloatArray
    most: float
    radius: float
    under: float
    over: float

    @property
    def total(self) -> float:
        """Mass of the belief."""
        return float(self.mass.sum())

    def miss(self, raised: float, needed: FloatArray) -> FloatArray:
        """ℓ(H, b), shape (N,)."""
        over: FloatArray = raised - needed
        return np.maximum(self.over * over, -self.under * over)

    def expected(self, raised: float) -> float:
        """Cost under the belief itself."""
        return float(self.mass @ self.miss(raised, self.needed)) / self.total

    def worst(self, raised: float) -> Worst:
        """Fill the knapsack: what moving each value to an end gains, for what distance."""
        now = self.miss(raised, self.needed)
        bottom, top = max(self.over * raised, 0.0), self.under * (self.most - raised)
        top = max(top, self.over * (raised - self.most))
        nearer = self.most - self.needed <= self.needed
        ways = self.needed, self.most - self.needed
        gains = bottom - now, top - now
        near_way, far_way = np.where(nearer, ways[1], ways[0]), np.where(nearer, *ways)
        near_gain, far_gain = np.where(nearer, gains[1], gains[0]), np.where(nearer, *gains)
        alone = _ratio(far_gain, far_way) >= _ratio(near_gain, near_way)
        # A value moves to its far end at once, or by way of the nearer one.
        cost, gain = np.empty((2, now.size)), np.empty((2, now.size))
        cost[0], cost[1] = np.where(alone, far_way, near_way), far_way - near_way
        gain[0] = np.where(alone, far_gain, near_gain)
        gain[1] = np.where(alone, 0.0, far_gain - near_gain)
        price, share = self._filled(_ratio(gain, cost), cost * self.mass)
        at_far = self.mass * np.where(alone, share[0], share[1])
        at_near = self.mass * np.where(alone, 0.0, np.maximum(share[0] - share[1], 0.0))
        up, down = np.where(nearer, at_near, at_far), np.where(nearer, at_far, at_near)
        low, high = self._slopes(raised, up, down)
        lost = float(self.mass @ now) + float((gain * share * self.mass).sum())
        return Worst(
            raised=raised, cost=lost / self.total, price=price, up=up, down=down, low=low, high=high
        )

    def _filled(self, slope: FloatArray, size: FloatArray) -> tuple[float, FloatArray]:
        """The slope of the first item that does not fit, and the share taken of each, (2, N)."""
        order = np.argsort(-slope, axis=None, kind="stable")
        slopes = slope.ravel()[order]
        sizes = np.where(slopes > 0, size.ravel()[order], 0.0)
        before = np.cumsum(sizes) - sizes
        room = np.clip(self.radius * self.total - before, 0.0, sizes)
        left = np.flatnonzero(room < sizes)
        share = np.zeros(slope.size)
        share[order] = np.divide(room, sizes, out=np.zeros_like(sizes), where=sizes > 0)
        return float(slopes[left[0]]) if left.size else 0.0, share.reshape(slope.shape)

    def _slopes(self, raised: float, up: FloatArray, down: FloatArray) -> tuple[float, float]:
        """Of the expected cost under a distribution, on both sides of H."""
        stay = self.mass - up - down
        below = float(stay[self.needed < raised].sum()) + (float(down.sum()) if raised > 0 else 0.0)
        above = float(stay[self.needed > raised].sum())
        above += float(up.sum()) if raised < self.most else 0.0
        equal = max(self.total - below - above, 0.0)
        low = self.over * below - self.under * (above + equal)
        high = self.over * (below + equal) - self.under * above
        return low / self.total, high / self.total


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tangent:
    """A budget that was tried, what it costs with its burdens, and slopes on both sides."""

    worst: Worst
    burden: Burdened
    cost: float
    low: float
    high: float

    @classmethod
    def of(cls, worst: Worst, burden: Burdened = Burdened(0.0, 0.0)) -> Tangent:  # noqa: B008
        """Of what missing costs at worst, and of burdens."""
        slopes = {"low": worst.low + burden.slope, "high": worst.high + burden.slope}
        return cls(worst=worst, burden=burden, cost=worst.cost + burden.cost, **slopes)


Used: TypeAlias = Sequence[tuple[float, Tangent]]
"""Tangents, with weights of sum 1."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Best:
    """The best budget found, and tangents, with their weights, that nothing costs less than.

    `lower` is what nothing costs less than, where it was proved otherwise.
    """

    raised: float
    cost: float
    tangents: Used
    ends: tuple[float, float]
    stopped: bool = False
    lower: ProvenBound | None = None


def best_budget(
    ball: Ball,
    burden: Callable[[float], Burdened],
    ends: tuple[float, float],
    until: float | None = None,
) -> Best:
    """Minimise R(H) + what the worst burden costs, convex in H, between two ends, until late."""

    def at(raised: float) -> Tangent:
        return Tangent.of(ball.worst(raised), burden(raised))

    left, right = at(ends[0]), at(ends[1])
    stopped = False
    used: tuple[tuple[float, Tangent], ...] = ((1.0, left),)
    if left.high >= 0 or ends[0] >= ends[1]:
        found = left
    elif right.low <= 0:
        found, used = right, ((1.0, right),)
    else:
        found, used, stopped = _meet(at, left, right, until)
    raised = _first(ball, at, found, ends)
    return Best(raised=raised, cost=at(raised).cost, tangents=used, ends=ends, stopped=stopped)


def _meet(
    at: Callable[[float], Tangent], left: Tangent, right: Tangent, until: float | None
) -> tuple[Tangent, tuple[tuple[float, Tangent], ...], bool]:
    """Narrow the two tangents until they meet on the cost itself."""
    found, stopped = min(left, right, key=lambda each: each.cost), False
    for step in range(STEPS):
        if until is not None and monotonic() > until:
            stopped = True
            break
        falls, rises = left.high, right.low
        width = right.worst.raised - left.worst.raised
        move = (left.cost - right.cost + rises * width) / (rises - falls)
        met = left.cost + falls * move
        middle = left.worst.raised + (0.5 * width if step % 4 == 3 else move)
        if not left.worst.raised < middle < right.worst.raised:
            break
        tried = at(middle)
        found = min(found, tried, key=lambda each: each.cost)
        if tried.low <= 0 <= tried.high:
            return tried, ((1.0, tried),), False
        if found.cost - met <= SAME * abs(found.cost):
            break
        left, right = (left, tried) if tried.low > 0 else (tried, right)
    weight = right.low / (right.low - left.high)
    return found, ((weight, left), (1.0 - weight, right)), stopped


def _first(
    ball: Ball, at: Callable[[float], Tangent], found: Tangent, ends: tuple[float, float]
) -> float:
    """The least value of the belief that costs no more, if there is one: no digits of rounding."""
    inside = np.unique(np.clip(ball.needed, *ends))
    allowed = found.cost * (1.0 + 16.0 * SAME)
    place = int(np.searchsorted(inside, found.worst.raised * (1.0 - 1e-12)))
    if place < inside.size and at(nearest := float(inside[place])).cost <= allowed:
        top = place
    elif place and at(nearest := float(inside[place - 1])).cost <= allowed:
        top = place - 1
    else:
        return found.worst.raised
    low, middle = -1, top - 1
    while top - low > 1:
        low, top = (low, middle) if at(float(inside[middle])).cost <= allowed else (middle, top)
        middle = (low + top) // 2
    return float(inside[top]) if top >= 0 else nearest


def _ratio(gain: FloatArray, cost: FloatArray) -> FloatArray:
    """Gain over cost where both are above 0, else 0."""
    worth = (gain > 0) & (cost > 0)
    return np.divide(gain, cost, out=np.zeros_like(gain), where=worth)
