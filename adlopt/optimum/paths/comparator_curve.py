"""The best path of severities for every budget of variation at once, in *hindsight*, exactly.

Floats are fractions, so all vertices of f are found in integers: a chord between two points of f
is an edge, or the path that is best at the chord's slope lies below it; see
`adlopt.optimum.paths.smoother`.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from adlopt.errors import CertificateError
from adlopt.foundation.arrays import FloatArray, freeze, own_number
from adlopt.optimum.paths.smoother import Numbers, Point, Smoother, own_rounds
from adlopt.show.answer import Answer, Columns, plain
from adlopt.show.schema.optima import CurveData
from adlopt.show.table import filled
from adlopt.show.words import counted, dollars


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
    """f by its vertices, by increasing variation; edge k joins vertices k and k + 1."""

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
        ends = f"the best constant loses {dollars(least)}, and variation {most:.4f} suffices for 0"
        return f"{ends}; {counted(len(self.edges), 'linear piece')} between, proven (exact)"

    def data(self) -> CurveData:
        """Return it as machines get it."""
        return CurveData(summary=self._summary(), **plain(self._columns()))

    def loss(self, variation: float) -> float:
        """f(P), USD."""
        budget = Fraction(own_number(variation, "variation", lowest=0.0))
        index = bisect_right([v.variation for v in self.vertices], budget) - 1
        corner = self.vertices[index]
        if index == len(self.edges):
            return float(corner.loss)
        return float(corner.loss - self.edges[index].price * (budget - corner.variation))


def comparator_curve(deficit: ArrayLike, needed_severity: ArrayLike) -> ComparatorCurve:
    """Compute f for all P, in *hindsight*, of D_t ≥ 0, USD, and θ*_t in [0, 1], both of shape (T,).

    Every vertex and every edge is checked exactly.

    >>> curve = comparator_curve([3.0, 1.0, 2.0], [0.0, 1.0, 0.5])
    >>> [(float(v.variation), float(v.loss)) for v in curve.vertices]
    [(0.0, 2.0), (0.5, 0.5), (1.5, 0.0)]
    """
    sizes, wanted = own_rounds(deficit, needed_severity)
    return _curve(tuple(sizes.tolist()), tuple(wanted.tolist()))


@lru_cache(maxsize=16)
def _curve(sizes: tuple[float, ...], targets: tuple[float, ...]) -> ComparatorCurve:
    (size, per_usd), (target, per_one) = _integers(sizes), _integers(targets)
    found, prices, flows = _corners(Smoother.of(size, target), per_usd)
    share = {value: Fraction(value, per_one) for value in target.tolist()}
    kept = [k for k in range(len(found)) if not 0 < k < len(prices) or prices[k - 1] != prices[k]]
    return ComparatorCurve(
        vertices=tuple(
            Vertex(
                variation=Fraction(found[k].variation, per_one),
                loss=Fraction(found[k].loss, per_one * per_usd),
                path=tuple(share[value] for value in found[k].path.tolist()),
            )
            for k in kept
        ),
        edges=tuple(Edge(price=prices[k], flow=flows[k]) for k in kept[:-1]),
    )


def _corners(
    smoother: Smoother, per_usd: int
) -> tuple[list[Point], list[Fraction], list[tuple[Fraction, ...]]]:
    """Points of f in order, and the price and flow of the chord from each to the next."""
    found, ahead = [smoother.constant()], [smoother.lossless()]
    prices: list[Fraction] = []
    flows: list[tuple[Fraction, ...]] = []
    while ahead:
        left, right = found[-1], ahead[-1]
        run, fall = right.variation - left.variation, left.loss - right.loss
        if run == 0:
            ahead.pop()
            continue
        scaled = replace(smoother, size=run * smoother.size)
        best = scaled.at(fall)
        if best.loss - run * left.loss + fall * (best.variation - left.variation) < 0:
            ahead.append(replace(best, loss=best.loss // run))
            continue
        flow = scaled.flow(best.path, fall)
        proved = scaled.bound(flow, fall, 0)
        if any(proved - fall * end.variation != run * end.loss for end in (left, right)):
            raise CertificateError("a corner of the comparator curve is not proved optimal")
        found.append(ahead.pop())
        prices.append(Fraction(fall, run * per_usd))
        flows.append(tuple(Fraction(w, run * per_usd) for w in flow.tolist()))
    return found, prices, flows


def lower_bound(
    deficit: Sequence[float], needed_severity: Sequence[float], edge: Edge, variation: Fraction
) -> Fraction:
    """Return Σ (w_t − w_{t+1}) θ*_t − μ P ≤ f(P), USD, after checking that w is a flow."""
    sizes, targets, flow = (
        np.array([Fraction(value) for value in values], dtype=object)
        for values in (deficit, needed_severity, edge.flow)
    )
    return Fraction(Smoother.of(sizes, targets).bound(flow, edge.price, variation))


def _integers(values: tuple[float, ...]) -> tuple[Numbers, int]:
    ratios = [value.as_integer_ratio() for value in values]
    common = math.lcm(*(denominator for _, denominator in ratios))
    return np.array([top * (common // bottom) for top, bottom in ratios], dtype=object), common
