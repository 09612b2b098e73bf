"""Play a slope estimator: what it estimates and misses, and whether it looks ahead."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from adlopt.errors import CausalityError, InputError, PolicyError
from adlopt.foundation.arrays import FloatArray, freeze, own
from adlopt.studies.execution.missed import Missed
from adlopt.studies.execution.slopes import SlopeEstimator, rounds_of


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
