"""Online estimates of the slope of impact, what they guarantee, and what they miss.

After each round its slope α_t is revealed; an estimate may use α_1 … α_{t−1} only. The paper's
bound C α_max √T + C' P for gradient steps [CTTX26, Lemma 6, Prop. 10] is false for every step size
and constant; what holds instead stands with each estimator. Undershoot V_T alone is no objective:
overestimating every slope makes it 0 [CTTX26, Prop. 10].
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import ArrayLike

from adlopt.errors import CausalityError, InputError, PolicyError
from adlopt.foundation.arrays import FloatArray, freeze, own, own_number, require
from adlopt.show.answer import Figures
from adlopt.show.schema.studies import MissedData
from adlopt.show.words import usd


class Missed(Figures, MissedData):
    """Dollars by which budgets were missed, on either side: fields as in `MissedData`.

    Examples
    --------
    >>> print(Missed.of(needed=[5.0, 5.0], raised=[2.0, 9.0]))
    3.00 USD too little, 4.00 USD too much
    """

    @classmethod
    def of(cls, *, needed: ArrayLike, raised: ArrayLike) -> Missed:
        """Compare needed and raised budgets, shape (T,), USD."""
        b = own(needed, "needed", lowest=0.0)
        h = own(raised, "raised", length=b.size, lowest=0.0)
        return cls(
            undershoot=math.fsum(np.maximum(b - h, 0.0)),
            overshoot=math.fsum(np.maximum(h - b, 0.0)),
        )

    def _heading(self) -> str:
        return f"{usd(self.undershoot)} USD too little, {usd(self.overshoot)} USD too much"


class SlopeEstimator(Protocol):
    """An online estimator: its state is passed in and out as a value."""

    @property
    def name(self) -> str:
        """Shown in tables."""

    def begin(self) -> Any:
        """State before the first round."""

    def estimate(self, state: Any) -> float:
        """α̂_t ≥ 0."""

    def learn(self, state: Any, slope: float) -> Any:
        """Return the state after α_t was revealed."""


class _Point:
    """Base of estimators whose state is a point: it is the estimate, and the next is the slope."""

    __slots__ = ()

    def estimate(self, state: float) -> float:
        """Return the current point."""
        return state

    def learn(self, state: float, slope: float) -> float:
        """Keep the slope."""
        return slope


@dataclass(frozen=True, slots=True)
class LastSlope(_Point):
    """α̂_t = α_{t−1}: persistence. Σ|α̂ − α| = |α̂_1 − α_1| + P, exactly.

    Parameters
    ----------
    first : float
        α̂_1. If no slope exceeds it, V_T ≤ max Q² · P⁺, where P⁺ counts moves up only.
    """

    first: float
    name: ClassVar[str] = "last slope"

    def __post_init__(self) -> None:
        own_number(self.first, "first", lowest=0.0)

    def begin(self) -> float:
        """`first`."""
        return self.first

    def guarantee(self, slopes: ArrayLike, volume: ArrayLike) -> Missed:
        """Bound what is missed on these rounds, USD, in *hindsight*.

        Undershoot max Q² ([α_1 − α̂_1]₊ + P⁺), overshoot max Q² ([α̂_1 − α_1]₊ + P⁻).

        Examples
        --------
        >>> print(LastSlope(2.0).guarantee([1, 2, 0], [1, 1, 1]))
        1.00 USD too little, 3.00 USD too much
        """
        a, q = rounds_of(slopes, volume)
        up, down = np.maximum(np.diff(a), 0.0), np.maximum(-np.diff(a), 0.0)
        start = float(a[0]) - self.first
        return Missed(
            undershoot=q.max() * (max(start, 0.0) + math.fsum(up)),
            overshoot=q.max() * (max(-start, 0.0) + math.fsum(down)),
        )


@dataclass(frozen=True, slots=True)
class Margin(_Point):
    """α̂_t = min(α_max, α_{t−1} + μ), from α̂_1 = α_max: undershoot traded for overshoot.

    Parameters
    ----------
    margin : float
        μ ≥ 0.
    largest : float
        α_max, a bound on all slopes known beforehand.
    """

    margin: float
    largest: float

    def __post_init__(self) -> None:
        own_number(self.margin, "margin", lowest=0.0)
        own_number(self.largest, "largest", lowest=0.0)

    @property
    def name(self) -> str:
        """With the margin."""
        return f"last slope + {self.margin:g}"

    def begin(self) -> float:
        """α_max."""
        return self.largest

    def estimate(self, state: float) -> float:
        """Return the last slope and the margin, at most α_max."""
        return min(self.largest, state + self.margin)

    def guarantee(self, slopes: ArrayLike, volume: ArrayLike) -> Missed:
        """Bound what is missed on these rounds, USD, in *hindsight*.

        Undershoot max Q² Σ [rise − μ]₊, overshoot max Q² (α_max + Σ [μ − rise]₊).

        Raises
        ------
        InputError
            If a slope exceeds α_max.

        Examples
        --------
        >>> print(Margin(0.5, 2.0).guarantee([1, 2, 0], [1, 1, 1]))
        0.50 USD too little, 4.50 USD too much
        """
        a, q = rounds_of(slopes, volume, self.largest)
        rise = np.diff(a)
        return Missed(
            undershoot=q.max() * math.fsum(np.maximum(rise - self.margin, 0.0)),
            overshoot=q.max() * (self.largest + math.fsum(np.maximum(self.margin - rise, 0.0))),
        )


@dataclass(frozen=True, slots=True)
class SlopeOGD(_Point):
    """α̂_{t+1} = clip(α̂_t − η sign(α̂_t − α_t), 0, α_max): gradient steps on |α̂ − α_t|.

    Parameters
    ----------
    step : float
        η > 0, USD a contract².
    first : float
        α̂_1 in [0, α_max].
    largest : float
        α_max, a bound on all slopes known beforehand.
    """

    step: float
    first: float
    largest: float

    def __post_init__(self) -> None:
        if own_number(self.step, "step", lowest=0.0) == 0:
            raise InputError("step", self.step, "a number > 0")
        own_number(self.largest, "largest", lowest=0.0)
        if own_number(self.first, "first", lowest=0.0) > self.largest:
            raise InputError("first", self.first, f"at most the largest slope {self.largest!r}")

    @classmethod
    def tuned(cls, slopes: ArrayLike, *, first: float, largest: float) -> SlopeOGD:
        """Take the step √((α_max² + 2 α_max P)/T) for a path that is known: *hindsight*."""
        a, _ = rounds_of(slopes, np.ones(np.size(slopes)), largest)
        path = math.fsum(np.abs(np.diff(a)))
        return cls(math.sqrt((largest**2 + 2 * largest * path) / a.size), first, largest)

    @property
    def name(self) -> str:
        """With the step."""
        return f"gradient steps of {self.step:.4g}"

    def begin(self) -> float:
        """`first`."""
        return self.first

    def learn(self, state: float, slope: float) -> float:
        """Step towards the slope."""
        return float(np.clip(state - self.step * np.sign(state - slope), 0.0, self.largest))

    def error_bound(self, slopes: ArrayLike) -> float:
        """(α_max² + 2 α_max P)/(2η) + η T/2 ≥ Σ|α̂ − α|, in *hindsight*; with `tuned`, the root.

        Examples
        --------
        >>> SlopeOGD.tuned([0, 1, 1, 0], first=0, largest=2).error_bound([0, 1, 1, 0])
        6.928203230275509
        """
        a, _ = rounds_of(slopes, np.ones(np.size(slopes)), self.largest)
        path = math.fsum(np.abs(np.diff(a)))
        squared = self.largest**2 + 2 * self.largest * path
        return squared / (2 * self.step) + self.step * a.size / 2


def rounds_of(
    slopes: ArrayLike, volume: ArrayLike, largest: float = math.inf
) -> tuple[FloatArray, FloatArray]:
    """Check slopes and volumes, shape (T,), T ≥ 1, and return them."""
    a = own(slopes, "slopes", lowest=0.0)
    if not a.size:
        raise InputError("slopes", [], "at least one round")
    require(a <= largest, a, "slopes", f"at most {largest!r}")
    return a, own(volume, "volume", length=a.size, lowest=0.0)


def estimates(estimator: SlopeEstimator, slopes: ArrayLike) -> FloatArray:
    """Estimate each round's slope before it is revealed, shape (T,).

    Raises
    ------
    PolicyError
        If an estimate is not a finite number ≥ 0.

    Examples
    --------
    >>> from adlopt.studies.execution import LastSlope
    >>> estimates(LastSlope(2.0), [1, 3, 2])
    array([2., 1., 3.])
    """
    return _play(estimator, own(slopes, "slopes", lowest=0.0).tolist())


def check_causal(estimator: SlopeEstimator, slopes: list[float]) -> None:
    """Check that no estimate depends on its own round's slope, or on a later one.

    For every round the slopes from it on are changed, within the very list that the estimator may
    have kept, and put back; estimates up to that round must be bit-equal.

    Raises
    ------
    CausalityError
        Naming the round.
    PolicyError
        If two plays of the same slopes differ.

    Examples
    --------
    >>> from adlopt.studies.execution import Margin
    >>> check_causal(Margin(0.5, 2.0), [1.0, 2.0, 0.0])
    """
    if not isinstance(slopes, list):
        raise InputError("slopes", slopes, "a list", remedy="write list(slopes)")
    kept = own(slopes, "slopes", lowest=0.0).tolist()
    truth = _play(estimator, slopes)
    if not np.array_equal(truth, _play(estimator, slopes)):
        raise PolicyError(f"estimator {estimator.name!r} differs when replayed")
    try:
        for k in range(len(kept)):
            slopes[k:] = [2.0 * slope + 1.0 for slope in kept[k:]]
            if not np.array_equal(truth[: k + 1], _play(estimator, slopes)[: k + 1]):
                raise CausalityError(
                    f"estimator {estimator.name!r} changes by round {k + 1} when only slopes from "
                    f"round {k + 1} on change: it sees the future"
                )
            slopes[k:] = kept[k:]
    finally:
        slopes[:] = kept


def missed_by(estimator: SlopeEstimator, slopes: ArrayLike, volume: ArrayLike) -> Missed:
    """Σ Q_t² [α_t − α̂_t]₊ and Σ Q_t² [α̂_t − α_t]₊, USD: what raising α̂_t Q_t² misses.

    In the scalar model B_t = α_t Q_t², which needs fills marked at their bankruptcy prices
    [CTTX26, Eq. 49, Lemmas 4 and 5].

    Parameters
    ----------
    estimator : SlopeEstimator
    slopes : array_like, shape (T,)
        α_t ≥ 0.
    volume : array_like, shape (T,)
        Q_t², the sum of squared fills, ≥ 0.

    Examples
    --------
    >>> from adlopt.studies.execution import LastSlope
    >>> print(missed_by(LastSlope(2.0), [1, 2, 0], [1, 1, 1]))
    1.00 USD too little, 3.00 USD too much
    """
    a, q = rounds_of(slopes, volume)
    return Missed.of(needed=a * q, raised=estimates(estimator, a) * q)


def _play(estimator: SlopeEstimator, slopes: list[float]) -> FloatArray:
    state, guessed = estimator.begin(), []
    for t in range(len(slopes)):
        guess = estimator.estimate(state)
        if not (isinstance(guess, (int, float)) and 0.0 <= guess < math.inf):
            raise PolicyError(
                f"estimator {estimator.name!r} says {guess!r} in round {t + 1}: "
                "a finite number ≥ 0 is needed"
            )
        guessed.append(guess)
        state = estimator.learn(state, slopes[t])
    return freeze(guessed)
