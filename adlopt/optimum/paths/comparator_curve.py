"""The best path of severities for every budget of variation at once, in *hindsight*, exactly.

f(P) = min Σ D_t |u_t − θ*_t| over paths u in [0, 1] with Σ_{t≥2} |u_t − u_{t−1}| ≤ P is convex and
piecewise linear. Floats are fractions, so all its vertices are found in integers: a chord between
two points of f is an edge, or the path that is best at the chord's slope lies below it.

An edge of slope −μ carries a flow w that proves it: if w_1 = w_{T+1} = 0, |w_t| ≤ μ and
|w_{t+1} − w_t| ≤ D_t, then f(P) ≥ Σ (w_t − w_{t+1}) θ*_t − μ P for every P.
"""

from __future__ import annotations

import math
from bisect import bisect_right, insort
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import TypeVar

from numpy.typing import ArrayLike

from adlopt.errors import CertificateError, InputError
from adlopt.foundation.arrays import FloatArray, freeze, own, own_number
from adlopt.show.answer import Answer, Columns, plain
from adlopt.show.schema.optima import CurveData
from adlopt.show.table import filled
from adlopt.show.words import counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Vertex:
    """A corner of f: the loss f(P) at P = `variation`, and a path that attains it."""

    variation: Fraction
    loss: Fraction
    path: tuple[Fraction, ...]

    @property
    def severities(self) -> FloatArray:
        """The path as floats, shape (T,)."""
        return freeze([float(value) for value in self.path])


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """A linear piece of f: its slope is −`price`, proved by `flow` w_1 … w_{T+1}."""

    price: Fraction
    flow: tuple[Fraction, ...]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ComparatorCurve(Answer):
    """The function f, in *hindsight*.

    Parameters
    ----------
    vertices : tuple of Vertex
        By increasing variation: from the best constant to the first path without loss.
    edges : tuple of Edge
        Edge k joins vertices k and k + 1.
    """

    vertices: tuple[Vertex, ...]
    edges: tuple[Edge, ...]

    def _columns(self) -> Columns:
        return {
            "variation": [float(vertex.variation) for vertex in self.vertices],
            "loss_usd": [float(vertex.loss) for vertex in self.vertices],
        }

    def _heading(self) -> str:
        return "hindsight: least loss of a path by its variation, linear between the rows"

    def __str__(self) -> str:
        return filled(self._summary())

    def _summary(self) -> str:
        least, most = float(self.vertices[0].loss), float(self.vertices[-1].variation)
        ends = f"the best constant loses {least:,.2f} USD, and variation {most:.4f} suffices for 0"
        return f"{ends}; {counted(len(self.edges), 'linear piece')} between, proven (exact)"

    def data(self) -> CurveData:
        """Return it as machines get it."""
        return CurveData(summary=self._summary(), **plain(self._columns()))

    def loss(self, variation: float) -> float:
        """f(P), USD.

        Examples
        --------
        >>> curve = comparator_curve([2.0, 1.0], [0.0, 1.0])
        >>> curve.loss(0.25), curve.loss(3.0)
        (0.75, 0.0)
        """
        budget = Fraction(own_number(variation, "variation", lowest=0.0))
        index = bisect_right([v.variation for v in self.vertices], budget) - 1
        corner = self.vertices[index]
        if index == len(self.edges):
            return float(corner.loss)
        return float(corner.loss - self.edges[index].price * (budget - corner.variation))


def comparator_curve(deficit: ArrayLike, needed_severity: ArrayLike) -> ComparatorCurve:
    """Compute f for all P, in *hindsight*; every vertex and every edge is checked exactly.

    Parameters
    ----------
    deficit : array_like, shape (T,)
        D_t ≥ 0, USD.
    needed_severity : array_like, shape (T,)
        θ*_t in [0, 1].

    Examples
    --------
    >>> curve = comparator_curve([3.0, 1.0, 2.0], [0.0, 1.0, 0.5])
    >>> [(float(v.variation), float(v.loss)) for v in curve.vertices]
    [(0.0, 2.0), (0.5, 0.5), (1.5, 0.0)]
    """
    sizes = own(deficit, "deficit", lowest=0.0)
    wanted = own(needed_severity, "needed_severity", length=sizes.size, lowest=0.0)
    if not sizes.size or (wanted > 1).any():
        raise InputError("needed_severity", wanted.tolist(), "numbers in [0, 1], at least one")
    return _curve(tuple(sizes.tolist()), tuple(wanted.tolist()))


@lru_cache(maxsize=16)
def _curve(sizes: tuple[float, ...], targets: tuple[float, ...]) -> ComparatorCurve:
    problem = _Problem.of(sizes, targets)
    found, prices, flows = problem.corners()
    kept = [k for k in range(len(found)) if not 0 < k < len(prices) or prices[k - 1] != prices[k]]
    return ComparatorCurve(
        vertices=tuple(problem.vertex(found[k]) for k in kept),
        edges=tuple(Edge(price=prices[k], flow=flows[k]) for k in kept[:-1]),
    )


def lower_bound(
    deficit: Sequence[float],
    needed_severity: Sequence[float],
    edge: Edge,
    variation: Fraction,
) -> Fraction:
    """Return Σ (w_t − w_{t+1}) θ*_t − μ P ≤ f(P), after checking that w is a flow; USD.

    Raises
    ------
    CertificateError
        If it is not one.

    Examples
    --------
    >>> edge = comparator_curve([2.0, 1.0], [0.0, 1.0]).edges[0]
    >>> lower_bound([2.0, 1.0], [0.0, 1.0], edge, Fraction(1, 4))
    Fraction(3, 4)
    """
    sizes, targets = [Fraction(d) for d in deficit], [Fraction(s) for s in needed_severity]
    return Fraction(_proved(sizes, targets, edge.flow, edge.price, variation))


Exact = TypeVar("Exact", int, Fraction)


def _proved(
    sizes: Sequence[Exact],
    targets: Sequence[Exact],
    flow: Sequence[Exact],
    price: Exact,
    variation: Exact,
) -> Exact:
    steps = [after - before for before, after in pairwise(flow)]
    if len(steps) != len(sizes) or flow[0] or flow[-1]:
        raise CertificateError("the flow does not start and end at zero")
    if any(abs(w) > price for w in flow):
        raise CertificateError("the flow exceeds its price")
    if any(abs(step) > size for step, size in zip(steps, sizes, strict=True)):
        raise CertificateError("the flow changes by more than a deficit")
    shift = sum(s * step for s, step in zip(targets, steps, strict=True))
    return -shift - price * variation


@dataclass(frozen=True, slots=True)
class _Corner:
    variation: int
    loss: int
    path: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Problem:
    """Deficits in units of 1/`per_usd`, severities in units of 1/`per_one`."""

    size: tuple[int, ...]
    target: tuple[int, ...]
    per_usd: int
    per_one: int

    @classmethod
    def of(cls, sizes: tuple[float, ...], targets: tuple[float, ...]) -> _Problem:
        (size, per_usd), (target, per_one) = _integers(sizes), _integers(targets)
        return cls(size, target, per_usd, per_one)

    def corners(self) -> tuple[list[_Corner], list[Fraction], list[tuple[Fraction, ...]]]:
        """Points of f in order, and the price and flow of the chord from each to the next."""
        found, ahead = [self._best_constant()], [self._lossless()]
        prices: list[Fraction] = []
        flows: list[tuple[Fraction, ...]] = []
        while ahead:
            left, right = found[-1], ahead[-1]
            run, fall = right.variation - left.variation, left.loss - right.loss
            if run == 0:
                ahead.pop()
                continue
            size = [run * w for w in self.size]
            between = self._corner(_smoothed(size, self.target, fall))
            if run * (between.loss - left.loss) + fall * (between.variation - left.variation) < 0:
                ahead.append(between)
                continue
            flow = _flow(size, self.target, between.path, fall)
            for end in (left, right):
                if _proved(size, self.target, flow, fall, end.variation) != run * end.loss:
                    raise CertificateError("a corner of the comparator curve is not proved optimal")
            scale = run * self.per_usd
            found.append(ahead.pop())
            prices.append(Fraction(fall, scale))
            flows.append(tuple(Fraction(w, scale) for w in flow))
        return found, prices, flows

    def vertex(self, corner: _Corner) -> Vertex:
        return Vertex(
            variation=Fraction(corner.variation, self.per_one),
            loss=Fraction(corner.loss, self.per_one * self.per_usd),
            path=tuple(Fraction(value, self.per_one) for value in corner.path),
        )

    def _corner(self, path: Sequence[int]) -> _Corner:
        loss = sum(w * abs(u - s) for w, u, s in zip(self.size, path, self.target, strict=True))
        return _Corner(sum(abs(b - a) for a, b in pairwise(path)), loss, tuple(path))

    def _best_constant(self) -> _Corner:
        ordered = sorted(zip(self.target, self.size, strict=True))
        passed = accumulate(size for _, size in ordered)
        median = next(
            s for (s, _), upto in zip(ordered, passed, strict=True) if 2 * upto >= sum(self.size)
        )
        return self._corner([median] * len(self.size))

    def _lossless(self) -> _Corner:
        """Least variation without loss: rounds without deficit repeat the round before."""
        pairs = list(zip(self.size, self.target, strict=True))
        value, path = next((s for w, s in pairs if w), pairs[0][1]), []
        for size, target in pairs:
            value = target if size else value
            path.append(value)
        return self._corner(path)


def _integers(values: tuple[float, ...]) -> tuple[tuple[int, ...], int]:
    ratios = [value.as_integer_ratio() for value in values]
    common = math.lcm(*(denominator for _, denominator in ratios))
    return tuple(top * (common // bottom) for top, bottom in ratios), common


def _smoothed(size: Sequence[int], target: Sequence[int], price: int) -> list[int]:
    """Minimise Σ w |u − s| + price Σ |u_t − u_{t−1}|, price > 0.

    The loss up to round t is convex in u_t; allowing a move to u_{t+1} cuts its slopes to
    [−price, price]. `knots` holds where the slope grows, and by how much.
    """
    knots: list[tuple[int, int]] = []
    lowest = highest = 0
    cuts: list[tuple[int | None, int | None]] = []
    for w, s in zip(size, target, strict=True):
        insort(knots, (s, 2 * w))
        low, high = _cut(knots, lowest - w, price, 0), _cut(knots, -(highest + w), price, -1)
        lowest, highest = max(lowest - w, -price), min(highest + w, price)
        cuts.append((low, high))
    slope, path = lowest, [knots[-1][0] if knots else target[-1]]
    for place, growth in knots:
        slope += growth
        if slope >= 0:
            path[0] = place
            break
    for low, high in reversed(cuts[:-1]):
        value = path[-1] if low is None else max(path[-1], low)
        path.append(value if high is None else min(value, high))
    return path[::-1]


def _cut(knots: list[tuple[int, int]], slope: int, price: int, end: int) -> int | None:
    """Raise the slope at one end to −price; return where it was −price, None if nowhere."""
    place = None
    while slope < -price:
        place, growth = knots.pop(end)
        slope += growth
    if slope > -price and place is not None:
        knots.insert(0 if end == 0 else len(knots), (place, slope + price))
    return place


def _flow(
    size: Sequence[int], target: Sequence[int], path: Sequence[int], price: int
) -> tuple[int, ...]:
    """Multipliers of an optimal path: forward what is possible, backward one choice."""
    pulls = [
        (-w if u <= s else w, w if u >= s else -w)
        for w, u, s in zip(size, path, target, strict=True)
    ]
    moves = [b - a for a, b in pairwise(path)]
    walls = [(price if m > 0 else -price, -price if m < 0 else price) for m in moves]
    ranges = [(0, 0)]
    for (least, most), (floor, roof) in zip(pulls, [*walls, (0, 0)], strict=True):
        low, high = ranges[-1]
        ranges.append((max(low + least, floor), min(high + most, roof)))
    flow = [0]
    for (low, high), (least, most) in zip(ranges[-2::-1], pulls[::-1], strict=True):
        flow.append(min(max(low, flow[-1] - most), high, flow[-1] - least))
    return tuple(flow[::-1])
