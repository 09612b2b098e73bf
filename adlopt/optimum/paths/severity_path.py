"""The best path of severities with a given variation, in *hindsight*, for long episodes.

f(P) = min Σ D_t |u_t − θ*_t| over paths u in [0, 1] with Σ_{t≥2} |u_t − u_{t−1}| ≤ P. At a price μ
of variation, total variation smoothing finds a best path in O(T log T). A secant on μ ends after
finitely many steps with one price at which both a path that varies less than P and one that varies
more are best; the answer lies between the two. `adlopt.optimum.paths.comparator_curve` finds f for
all P at once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from adlopt.errors import CertificateError, InputError
from adlopt.foundation.arrays import FloatArray, IntArray, own, own_number
from adlopt.model.method import Method
from adlopt.optimum.core.certificate import UNIT_ROUNDING, Certificate, Trust, round_down, round_up
from adlopt.optimum.core.surface import Optimum
from adlopt.optimum.paths.smoothing_loops import COMPILED_ROUNDS, multipliers, smoothed
from adlopt.show.answer import Columns
from adlopt.show.schema.optima import SeverityPathData

EXACT_ROUNDS = 1_000
"""Up to so many rounds, losses and bounds are evaluated in fractions."""
MARGIN = 8.0 * UNIT_ROUNDING
"""Relative rounding of one step of a flow or of a path."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class SeverityPath(Optimum):
    """A path of severities, in *hindsight*, and what is proved about it.

    Parameters
    ----------
    severities : FloatArray, shape (T,)
        u_t in [0, 1].
    variation : float
        P, the most that the path may vary.
    price : float
        USD. μ ≥ 0: what a further unit of variation would save.
    flow : FloatArray, shape (T + 1,)
        USD. w_1 … w_{T+1}, which prove the lower bound.

    The others are those of every optimum: `value` is the loss Σ D_t |u_t − θ*_t| of the path, USD.
    """

    severities: FloatArray
    variation: float
    # Without a value here, the base's property of that name would become it.
    price: float = 0.0
    flow: FloatArray
    method: Method = Method.SMOOTHING

    def __post_init__(self) -> None:
        for name in ("severities", "flow"):
            object.__setattr__(self, name, own(getattr(self, name), name))

    @property
    def loss(self) -> float:
        """USD."""
        return self.value

    def _columns(self) -> Columns:
        rounds = range(1, self.severities.size + 1)
        return {"round": list(rounds), "severity": self.severities}

    def _done(self) -> str:
        return f"the path of variation {_variation(self.severities):.4f} loses {self.loss:,.2f} USD"

    def data(self) -> SeverityPathData:
        """Return it as machines get it."""
        severity = self.severities.tolist()
        return SeverityPathData(**self._shared(), variation=self.variation, severity=severity)


def best_severity_path(
    deficit: ArrayLike, needed_severity: ArrayLike, variation: float
) -> SeverityPath:
    """Minimise Σ D_t |u_t − θ*_t| over paths of at most a variation, in *hindsight*, proven.

    Parameters
    ----------
    deficit : array_like, shape (T,)
        D_t ≥ 0, USD.
    needed_severity : array_like, shape (T,)
        θ*_t in [0, 1].
    variation : float
        P ≥ 0.

    Raises
    ------
    InputError
        If an argument is out of range.

    Examples
    --------
    >>> best = best_severity_path([3.0, 1.0, 2.0], [0.0, 1.0, 0.5], 0.25)
    >>> print(best)
    the path of variation 0.2500 loses 1.25 USD; proven optimal (exact)
    >>> best.severities
    array([0.  , 0.25, 0.25])
    """
    sizes = own(deficit, "deficit", lowest=0.0)
    wanted = own(needed_severity, "needed_severity", length=sizes.size, lowest=0.0)
    if not sizes.size or (wanted > 1).any():
        raise InputError("needed_severity", wanted.tolist(), "numbers in [0, 1], at least one")
    budget = own_number(variation, "variation", lowest=0.0)
    path, price, flow = _Smoother.of(sizes, wanted).best(budget)
    certificate = certify_path(sizes, wanted, budget, path, price, flow)
    return SeverityPath(
        severities=path, variation=budget, certificate=certificate, price=price, flow=flow
    )


def certify_path(
    deficit: FloatArray,
    needed_severity: FloatArray,
    variation: float,
    path: FloatArray,
    price: float,
    flow: FloatArray,
) -> Certificate:
    """Certify a path: its loss, and the loss that a flow proves no path of the variation beats.

    If w_1 = w_{T+1} = 0, |w_t| ≤ μ and |w_{t+1} − w_t| ≤ D_t, every path loses at least
    Σ (w_t − w_{t+1}) θ*_t − μ P. Severities are at most 1 apart, so a flow that changes by more
    than a deficit proves that much less.

    Raises
    ------
    CertificateError
        If the path leaves [0, 1] or varies more than allowed, or the flow is none.
    """
    if path.shape != deficit.shape or flow.size != path.size + 1 or flow[0] or flow[-1]:
        raise CertificateError("the flow does not start and end at zero, or the path is too short")
    if not (np.isfinite(flow).all() and (path >= 0).all() and (path <= 1).all()):
        raise CertificateError("the path leaves [0, 1], or the flow is not finite")
    if not _varies_within(path, variation):
        raise CertificateError(f"the path varies by {_variation(path)!r}, more than {variation!r}")
    if path.size <= EXACT_ROUNDS:
        sizes, targets, points, flows = map(_fractions, (deficit, needed_severity, path, flow))
        parts = (d * abs(u - s) for d, u, s in zip(sizes, points, targets, strict=True))
        upper = round_up(sum(parts, Fraction(0)))
        bound = _exact_bound(sizes, targets, flows, Fraction(price), Fraction(variation))
        lower, error, trust = max(round_down(bound), 0.0), 0.0, Trust.EXACT
        rounding = MARGIN * math.fsum(deficit)
    else:
        upper = math.fsum((deficit * np.abs(path - needed_severity)).tolist()) * (1 + MARGIN)
        bound_, error = _float_bound(deficit, needed_severity, flow, price, variation)
        lower, trust = max(bound_ - error, 0.0), Trust.VERIFIED
        rounding = error
    return Certificate(upper=upper, lower=lower, trust=trust, error=error, rounding=rounding)


def _exact_bound(
    sizes: Sequence[Fraction],
    targets: Sequence[Fraction],
    flow: Sequence[Fraction],
    price: Fraction,
    variation: Fraction,
) -> Fraction:
    steps = [after - before for before, after in pairwise(flow)]
    shift = sum((s * step for s, step in zip(targets, steps, strict=True)), Fraction(0))
    excess = (abs(step) - size for step, size in zip(steps, sizes, strict=True))
    over = sum((max(part, Fraction(0)) for part in excess), Fraction(0))
    return -shift - max(price, *map(abs, flow)) * variation - over


def _float_bound(
    sizes: FloatArray, targets: FloatArray, flow: FloatArray, price: float, variation: float
) -> tuple[float, float]:
    steps, paid = np.diff(flow), max(price, float(np.abs(flow).max())) * variation
    gained, over = -targets * steps, np.maximum(np.abs(steps) - sizes, 0.0)
    rounded = np.abs(gained) + np.abs(flow[1:]) * UNIT_ROUNDING
    error = MARGIN * (math.fsum(rounded) + paid) + UNIT_ROUNDING * math.fsum(np.abs(steps))
    return math.fsum(gained) - paid - math.fsum(over), error


def _fractions(values: FloatArray) -> list[Fraction]:
    return [Fraction(value) for value in values.tolist()]


def _variation(path: FloatArray) -> float:
    return math.fsum(np.abs(np.diff(path)).tolist())


def _varies_within(path: FloatArray, budget: float) -> bool:
    """Whether the variation is at most a budget: exactly, or with a margin for rounding."""
    if path.size > EXACT_ROUNDS or _variation(path) > budget * (1 + MARGIN):
        return _variation(path) * (1 + MARGIN) <= budget
    points = _fractions(path)
    return sum((abs(b - a) for a, b in pairwise(points)), Fraction(0)) <= budget


@dataclass(frozen=True, slots=True)
class _Corner:
    path: FloatArray
    variation: float
    loss: float


@dataclass(frozen=True, slots=True)
class _Smoother:
    size: FloatArray
    target: FloatArray
    rank: IntArray
    place: FloatArray

    @classmethod
    def of(cls, size: FloatArray, target: FloatArray) -> _Smoother:
        order = np.argsort(target, kind="stable")
        rank = np.empty(order.size, dtype=np.int64)
        rank[order] = np.arange(order.size)
        return cls(size, target, rank, target[order])

    @property
    def compiled(self) -> bool:
        return self.size.size >= COMPILED_ROUNDS

    def best(self, budget: float) -> tuple[FloatArray, float, FloatArray]:
        """Path, price and flow: a secant between a path that varies less and one that may not."""
        left, right = self._best_constant(), self._lossless()
        flow = np.zeros(self.size.size + 1)
        if _varies_within(right.path, budget):
            return right.path, 0.0, flow
        while True:
            price = (left.loss - right.loss) / (right.variation - left.variation)
            if not 0 < price < math.inf:
                return left.path, 0.0, flow
            between = self._corner(
                smoothed(self.size, self.rank, self.place, price, compile_=self.compiled)
            )
            below = between.loss + price * between.variation
            chord = (left.loss + price * left.variation) * (1 - UNIT_ROUNDING)
            if not (left.variation < between.variation < right.variation and below < chord):
                break
            within = between.variation * (1 + MARGIN) <= budget
            left, right = (between, right) if within else (left, between)
        flow = multipliers(self.size, self.target, between.path, price, compile_=self.compiled)
        return _between(left, right, budget), price, flow

    def _corner(self, path: FloatArray) -> _Corner:
        loss = float((self.size * np.abs(path - self.target)).sum())
        return _Corner(path, float(np.abs(np.diff(path)).sum()), loss)

    def _best_constant(self) -> _Corner:
        passed = np.cumsum(self.size[np.argsort(self.rank)])
        middle = min(int(np.searchsorted(passed, passed[-1] / 2)), passed.size - 1)
        return self._corner(np.full(self.size.size, self.place[middle]))

    def _lossless(self) -> _Corner:
        """Least variation without loss: rounds without deficit repeat the round before."""
        counted = np.flatnonzero(self.size)
        if not counted.size:
            return self._corner(np.full(self.size.size, self.target[0]))
        before = np.searchsorted(counted, np.arange(self.size.size), side="right") - 1
        return self._corner(self.target[counted[np.maximum(before, 0)]])


def _between(left: _Corner, right: _Corner, budget: float) -> FloatArray:
    """The mixture of two paths that varies as much as it may."""
    share = (budget - left.variation) / (right.variation - left.variation)
    step = UNIT_ROUNDING * left.path.size
    while True:
        path = np.clip(left.path + share * (right.path - left.path), 0.0, 1.0)
        if share <= 0 or _varies_within(path, budget):
            return path if share > 0 else left.path
        share, step = share * (1 - step), 2 * step
