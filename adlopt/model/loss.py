"""What a haircut costs: the objectives of [CTTX26] (arXiv 2602.15182), value and subgradient.

Their rows as linear programs are in `adlopt.optimum.programs.program`. Units: `under`, `over` and
`track` are a price per dollar missed, `fair` a price per unit of burden, so both terms share one
unit. With prices of 1/USD and a dimensionless `fair` the loss is dimensionless; with a
dimensionless price and `fair` in USD it is in dollars.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from adlopt.errors import InputError
from adlopt.foundation.arrays import FloatArray, own_number, own_positive_number
from adlopt.model.round import Round, RoundStart
from adlopt.model.who_pays import fractions


class Burden(Enum):
    """What an account's haircut is measured against."""

    CAPACITY = "capacity"
    """Its positive PNL u_i, as [CTTX26] writes."""
    EQUITY = "equity"
    """Its account value e_i, as the figures published with [CTTX26] are computed."""

    def weights(self, start: RoundStart) -> FloatArray:
        """Denominators of the burdens, shape (n,), USD; an insolvent account weighs 0.

        An account of weight 0 is protected: any haircut on it is an infinite burden.
        `InputError` if equity is asked for and the round has none.
        """
        if self is Burden.CAPACITY:
            return start.capacity
        if start.equity is None:
            remedy = "give them or use Burden.CAPACITY"
            raise InputError("equity", None, "account values", remedy=remedy)
        solvent: FloatArray = np.maximum(start.equity, 0.0)
        return solvent


class Loss(Protocol):
    """An objective over the haircuts of one finished round."""

    @property
    def worst(self) -> MinMax:
        """Which burdens it measures."""

    def value(self, round_: Round, haircut: ArrayLike) -> float:
        """Loss of a haircut, shape (n,), USD."""

    def subgradient(self, round_: Round, haircut: ArrayLike) -> FloatArray:
        """One subgradient of `value`, shape (n,)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MinMax:
    """The worst burden max_i x_i / (w_i + ε), under the exact budget Σ x_i = B^needed.

    The continuous form of [CTTX26, Eq. 8] and the program (P) of its Proposition 9. The budget is
    a constraint, not a price: `value` is the worst burden alone.

    Parameters
    ----------
    burden : Burden
        What w_i is.
    epsilon : float
        USD. ε ≥ 0; with ε > 0 pro-rata is no longer optimal.

    Examples
    --------
    >>> round_ = Round.of(capacity=[120.0, 80.0], deficit=90.0, needed=50.0)
    >>> MinMax().value(round_, [30, 20])
    0.25
    """

    burden: Burden = Burden.CAPACITY
    epsilon: float = 0.0

    def __post_init__(self) -> None:
        epsilon = own_number(self.epsilon, "epsilon", lowest=0.0)
        object.__setattr__(self, "epsilon", epsilon)
        if not isinstance(self.burden, Burden):
            raise InputError("burden", self.burden, "Burden.CAPACITY or Burden.EQUITY")

    @property
    def worst(self) -> MinMax:
        """Itself."""
        return self

    def weights(self, start: RoundStart) -> FloatArray:
        """w_i + ε, shape (n,), USD."""
        return self.burden.weights(start) + self.epsilon

    def value(self, round_: Round, haircut: ArrayLike) -> float:
        """Worst burden; infinite if a protected account is touched."""
        return worst_burden(haircut, self.weights(round_.start))

    def subgradient(self, round_: Round, haircut: ArrayLike) -> FloatArray:
        """Mean of e_i / w_i over the accounts that bear the worst burden."""
        weights = self.weights(round_.start)
        burdens = fractions(_like(haircut, weights), weights)
        bearers = (weights > 0) & (burdens == burdens.max())
        among = max(int(np.count_nonzero(bearers)), 1)
        slopes: FloatArray = bearers / np.where(bearers, weights, 1.0) / among
        return slopes


class OverBurdens:
    """Base of what has the denominators of `MinMax`."""

    __slots__ = ()
    burden: Burden
    epsilon: float

    @property
    def worst(self) -> MinMax:
        """The worst burden alone."""
        return MinMax(burden=self.burden, epsilon=self.epsilon)

    def weights(self, start: RoundStart) -> FloatArray:
        """w_i + ε, shape (n,), USD."""
        return self.worst.weights(start)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asymmetric(OverBurdens):
    """λ_under (B−H)_+ + λ_over (H−B)_+ + λ_fair max_i x_i/(w_i+ε), [CTTX26, Eq. 9].

    Parameters
    ----------
    under, over : float
        Price of a dollar missed and of a dollar too much; both > 0.
    fair : float
        Price of a unit of burden, ≥ 0.

    `burden` and `epsilon` are those of `MinMax`.

    Examples
    --------
    >>> round_ = Round.of(capacity=[120.0, 80.0], deficit=90.0, needed=50.0)
    >>> Asymmetric(under=2.0, over=1.0, fair=40.0).value(round_, [24, 16])
    28.0
    """

    under: float
    over: float
    fair: float
    burden: Burden = Burden.CAPACITY
    epsilon: float = 0.0

    def __post_init__(self) -> None:
        _check_prices(self.under, self.over)
        own_number(self.fair, "fair", lowest=0.0)
        MinMax(burden=self.burden, epsilon=self.epsilon)

    def value(self, round_: Round, haircut: ArrayLike) -> float:
        """Price of missing the needed budget plus price of the worst burden."""
        missing = round_.needed - math.fsum(_like(haircut, round_.start.capacity))
        missed = max(self.under * missing, -self.over * missing)
        return missed + priced_burden(self.fair, self.worst.value(round_, haircut))

    def subgradient(self, round_: Round, haircut: ArrayLike) -> FloatArray:
        """Slope of the budget term (0 where it is met) plus `fair` times that of the burden."""
        missing = round_.needed - math.fsum(_like(haircut, round_.start.capacity))
        slope = (missing < 0) * self.over - (missing > 0) * self.under
        return slope + self.fair * self.worst.subgradient(round_, haircut)


def surrogate(
    *, track: float, fair: float, burden: Burden = Burden.CAPACITY, epsilon: float = 0.0
) -> Asymmetric:
    """λ_track |H−B| + λ_fair max_i x_i/(w_i+ε), the convex surrogate [CTTX26, Eq. 10].

    Examples
    --------
    >>> surrogate(track=1.0, fair=100.0)  # doctest: +ELLIPSIS
    Asymmetric(under=1.0, over=1.0, fair=100.0, ...)
    """
    own_positive_number(track, "track", expected="a price > 0")
    return Asymmetric(under=track, over=track, fair=fair, burden=burden, epsilon=epsilon)


@dataclass(frozen=True, slots=True, kw_only=True)
class Empirical(OverBurdens):
    """|H − B| + λ B |m − m_ref|, USD, the objective [CTTX26, Eq. 23] scores policies with.

    As the paper has it, the absolute value also charges a policy for being *fairer* than the
    reference, so it is not convex and a lower burden can cost more. `excess_only` charges only
    (m − m_ref)_+, which is convex.

    Parameters
    ----------
    reference : float
        m_ref, the reference's worst burden on the same round.
    weight : float
        λ ≥ 0.
    excess_only : bool
        Charge only burdens above the reference.

    `burden` and `epsilon` are those of `MinMax`.

    Examples
    --------
    >>> round_ = Round.of(capacity=[120.0, 80.0], deficit=90.0, needed=50.0)
    >>> Empirical(reference=0.5).value(round_, [30, 20])
    12.5
    >>> Empirical(reference=0.5, excess_only=True).value(round_, [30, 20])
    0.0
    """

    reference: float
    weight: float = 1.0
    excess_only: bool = False
    burden: Burden = Burden.CAPACITY
    epsilon: float = 0.0

    def __post_init__(self) -> None:
        own_number(self.reference, "reference", lowest=0.0)
        own_number(self.weight, "weight", lowest=0.0)
        MinMax(burden=self.burden, epsilon=self.epsilon)

    def value(self, round_: Round, haircut: ArrayLike) -> float:
        """Dollars missed plus priced distance of the burden from the reference."""
        raised = math.fsum(_like(haircut, round_.start.capacity))
        apart = self.worst.value(round_, haircut) - self.reference
        apart = max(apart, 0.0) if self.excess_only else abs(apart)
        return abs(raised - round_.needed) + priced_burden(self.weight * round_.needed, apart)

    def subgradient(self, round_: Round, haircut: ArrayLike) -> FloatArray:
        """Slope of the budget term plus that of the burden term.

        Below the reference the paper's form is not convex; there this is its gradient where one
        exists, not a subgradient.
        """
        raised = math.fsum(_like(haircut, round_.start.capacity))
        apart = self.worst.value(round_, haircut) - self.reference
        sign = float(apart > 0) if self.excess_only else float(np.sign(apart))
        slope = float(np.sign(raised - round_.needed))
        priced = self.weight * round_.needed * sign
        return slope + priced * self.worst.subgradient(round_, haircut)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeverityLoss:
    """D max(λ_under (θ^needed − θ), λ_over (θ − θ^needed)), USD.

    At the prices 1 it is D |θ − θ^needed|, the one-dimensional loss of [CTTX26, Prop. 1].

    Parameters
    ----------
    under, over : float
        λ_under and λ_over: price of a dollar missed and of a dollar too much; both > 0.

    Examples
    --------
    >>> round_ = Round.of(capacity=[120.0], deficit=80.0, needed=60.0)
    >>> SeverityLoss().value(round_, 0.5), SeverityLoss().subgradient(round_, 0.5)
    (20.0, -80.0)
    >>> SeverityLoss(under=2.0).value(round_, 0.5)
    40.0
    """

    under: float = 1.0
    over: float = 1.0

    def __post_init__(self) -> None:
        _check_prices(self.under, self.over)

    def value(self, round_: Round, severity: float) -> float:
        """Priced dollars by which the severity misses, within the domain θ ∈ [0, 1]."""
        apart = _in_domain(severity) - round_.needed_severity
        return round_.start.deficit * max(self.over * apart, -self.under * apart)

    def subgradient(self, round_: Round, severity: float) -> float:
        """λ_over D or −λ_under D, and 0 where θ = θ^needed."""
        apart = _in_domain(severity) - round_.needed_severity
        return round_.start.deficit * (self.over * (apart > 0) - self.under * (apart < 0))


def priced_burden(price: float, burden: float) -> float:
    """Price times burden, infinite where a protected account was touched, even at price 0."""
    return math.inf if math.isinf(burden) else price * burden


def worst_burden(haircut: ArrayLike, weights: FloatArray) -> float:
    """max_i x_i / w_i, with 0/0 = 0 and x/0 = ∞."""
    haircut = _like(haircut, weights)
    if (haircut[weights <= 0] > 0).any():
        return math.inf
    return float(fractions(haircut, weights).max(initial=0.0))


def _like(haircut: ArrayLike, weights: FloatArray) -> FloatArray:
    given = np.asarray(haircut, dtype=float)
    if given.shape != weights.shape:
        raise InputError("haircut", f"shape {given.shape}", f"shape {weights.shape}")
    return given


def _check_prices(under: float, over: float) -> None:
    for field, price in (("under", under), ("over", over)):
        own_positive_number(price, field, expected="a price > 0")


def _in_domain(severity: float) -> float:
    theta = own_number(severity, "severity", lowest=0.0)
    if theta > 1:
        raise InputError("severity", theta, "a number in [0, 1]")
    return theta
