"""The best path of severities with a given variation, in *hindsight*, for long episodes.

A secant on the price of variation ends after finitely many steps with one at which both a path that
varies less than P and one that varies more are best; the answer lies between the two: see
`adlopt.optimum.paths.smoother`. `adlopt.optimum.paths.comparator_curve` finds f for all P at once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from adlopt.errors import CertificateError
from adlopt.foundation.arrays import AnyArray, FloatArray, own, own_number
from adlopt.foundation.exact import exact_dot, exact_sum
from adlopt.model.method import Method
from adlopt.optimum.core.certificate import (
    UNIT_ROUNDING,
    Certificate,
    Trust,
    checked,
    round_down,
    round_up,
)
from adlopt.optimum.core.surface import Optimum, made
from adlopt.optimum.paths.smoother import Point, Smoother, own_rounds
from adlopt.show.answer import Columns
from adlopt.show.schema.optima import SeverityPathData
from adlopt.show.words import dollars

MARGIN = 8.0 * UNIT_ROUNDING
"""Relative rounding of one step of a flow or of a path."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class SeverityPath(Optimum):
    """A path of severities, (T,), in *hindsight*, within a `variation`, and what proves it best.

    `flow`, (T + 1,), are multipliers of the moves, and `price` is that of variation, USD.
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
        self._check()

    def _answer(self) -> tuple[AnyArray, ...]:
        return self.severities, self.flow

    def _numbers(self) -> dict[str, Any]:
        return {"severity": self.severities.tolist()}

    def _witnesses(self) -> tuple[dict[str, Any], ...]:
        flow, most = self.flow, max(self.price, float(np.abs(self.flow).max()))
        return ({"missed": flow[:-1] - flow[1:], "moved": -flow[1:-1], "variation": [-most]},)

    @property
    def loss(self) -> float:
        """USD."""
        return self.value

    def _columns(self) -> Columns:
        rounds = range(1, self.severities.size + 1)
        return {"round": list(rounds), "severity": self.severities}

    def _done(self) -> str:
        moved = float(_variation(self.severities))
        return f"the path of variation {moved:.4f} loses {dollars(self.loss)}"

    def data(self) -> SeverityPathData:
        """Return it as machines get it."""
        return self._filled(SeverityPathData, severity=self.severities.tolist())


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
    sizes, wanted = own_rounds(deficit, needed_severity)
    budget = own_number(variation, "variation", lowest=0.0)
    path, price, flow = _best(Smoother.of(sizes, wanted), budget)
    certificate = certify_path(sizes, wanted, budget, path, price, flow)
    return made(
        SeverityPath,
        severities=path,
        variation=budget,
        certificate=certificate,
        price=float(price),
        flow=flow,
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

    If w_1 = w_{T+1} = 0, |w_t| ≤ μ and |w_{t+1} − w_t| ≤ D_t, every path loses at least Σ (w_t −
    w_{t+1}) θ*_t − μ P; a flow that changes by more than a deficit proves that much less.
    """
    if path.shape != deficit.shape or flow.size != path.size + 1 or flow[0] or flow[-1]:
        raise CertificateError("the flow does not start and end at zero, or the path is too short")
    if not (np.isfinite(flow).all() and (path >= 0).all() and (path <= 1).all()):
        raise CertificateError("the path leaves [0, 1], or the flow is not finite")
    if _variation(path) > variation:
        moved = float(_variation(path))
        raise CertificateError(f"the path varies by {moved!r}, more than {variation!r}")
    above = np.sign(path - needed_severity)
    loss = exact_dot(deficit * above, path) - exact_dot(deficit * above, needed_severity)
    return checked(
        upper=round_up(loss),
        lower=max(round_down(_bound(deficit, needed_severity, flow, price, variation)), 0.0),
        trust=Trust.EXACT,
        rounding=MARGIN * math.fsum(deficit),
    )


def _bound(
    sizes: FloatArray, targets: FloatArray, flow: FloatArray, price: float, variation: float
) -> Fraction:
    """What a flow proves, without rounding; of what it changes too much, no less is counted."""
    before, after = flow[:-1], flow[1:]
    gained = exact_dot(targets, before) - exact_dot(targets, after)
    step = after - before
    rounded = step - after
    missed = np.abs((after - (step - rounded)) - (before + rounded))
    excess = (np.abs(step) - sizes) * (1.0 + UNIT_ROUNDING) + missed
    over = exact_sum(np.maximum(np.nextafter(excess, np.inf), 0.0)[excess > 0])
    return gained - Fraction(max(price, float(np.abs(flow).max()))) * Fraction(variation) - over


def _variation(path: FloatArray) -> Fraction:
    up = np.sign(np.diff(path))
    return exact_sum(up * path[1:]) - exact_sum(up * path[:-1])


def _best(smoother: Smoother, budget: float) -> tuple[FloatArray, float, FloatArray]:
    """Path, price and flow: a secant between a path that varies less and one that may not."""
    left, right = smoother.constant(), smoother.lossless()
    flow = np.zeros(smoother.size.size + 1)
    if _variation(right.path) <= budget:
        return right.path, 0.0, flow
    while True:
        price = (left.loss - right.loss) / (right.variation - left.variation)
        if not 0 < price < math.inf:
            return left.path, 0.0, flow
        between = smoother.at(price)
        below = between.loss + price * between.variation
        chord = (left.loss + price * left.variation) * (1 - UNIT_ROUNDING)
        if not (left.variation < between.variation < right.variation and below < chord):
            break
        within = between.variation * (1 + MARGIN) <= budget
        left, right = (between, right) if within else (left, between)
    return _between(left, right, budget), price, smoother.flow(between.path, price)


def _between(left: Point, right: Point, budget: float) -> FloatArray:
    """The mixture of two paths that varies as much as it may."""
    share = (budget - left.variation) / (right.variation - left.variation)
    step = UNIT_ROUNDING * left.path.size
    while True:
        path = np.clip(left.path + share * (right.path - left.path), 0.0, 1.0)
        if share <= 0 or _variation(path) <= budget:
            return path if share > 0 else left.path
        share, step = share * (1 - step), 2 * step
