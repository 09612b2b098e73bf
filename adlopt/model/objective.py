"""Objectives beside the losses of [CTTX26]: what else a round may be asked for.

Each is measured in burdens over the denominators of `worst`. Who minimises it, and what files call
it, says `adlopt.optimum.objective_registry`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike

from adlopt.errors import InputError
from adlopt.foundation.arrays import FloatArray, Record, own, own_number, own_positive
from adlopt.model.loss import Burden, MinMax, OverBurdens
from adlopt.model.round import Round, RoundStart
from adlopt.model.who_pays import fractions

NEXT_TO_NONE = 1e-12
"""Importance of accounts whose feature is none, as a share of the largest."""


class Objective(Protocol):
    """What haircuts, or positions closed, are judged by."""

    @property
    def worst(self) -> MinMax:
        """Which burdens it measures."""


class OwnObjective(Protocol):
    """An objective of one's own, at least 0, over a round of dollars: its cost, stated in cvxpy.

    Where that is affine the answer is proved; where it is convex, it is Clarabel's word. With
    `exact = False` the budget need not be met.
    """

    @property
    def worst(self) -> MinMax:
        """Which burdens it measures."""

    def cost(self, haircut: Any, burden: Any, raised: Any) -> Any:
        """A convex expression of haircuts, USD, (n,), the worst burden, and the sum, USD."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _OverBurdens(OverBurdens):
    """An objective with these two fields alone."""

    burden: Burden = Burden.CAPACITY
    epsilon: float = 0.0

    def __post_init__(self) -> None:
        MinMax(burden=self.burden, epsilon=self.epsilon)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leximin(_OverBurdens):
    """The least worst burden, then the least second worst, and so on; exact budget.

    Burdens are sorted in descending order and compared like words: the lexicographic minimax of
    Luss, *On equitable resource allocation problems*, Operations Research 47 (1999). With lots of
    several sizes, small rounds only.

    Examples
    --------
    >>> round_ = Round.of(capacity=[120.0, 80.0], deficit=90.0, needed=50.0)
    >>> Leximin().value(round_, [30, 20])
    0.25
    """

    def value(self, round_: Round, haircut: ArrayLike) -> float:
        """Worst burden; infinite if a protected account is touched."""
        return self.worst.value(round_, haircut)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackingFirst(_OverBurdens):
    """The least |H − B|, then the least worst burden among the haircuts that raise that H.

    For a budget that is out of reach or that whole lots miss: never infeasible.

    Examples
    --------
    >>> round_ = Round.of(capacity=[120.0, 80.0], deficit=900.0, needed=500.0)
    >>> TrackingFirst().value(round_, [120, 80])
    300.0
    """

    def value(self, round_: Round, haircut: ArrayLike) -> float:
        """USD by which the budget is missed."""
        return abs(math.fsum(np.asarray(haircut, dtype=float)) - round_.needed)


@dataclass(frozen=True, slots=True, kw_only=True)
class FewestAccounts(_OverBurdens):
    """The fewest accounts that can raise the budget, then the least worst burden on so few.

    A queue serves whole accounts and is sparse for that reason; this is the sparsest of all.

    Examples
    --------
    >>> round_ = Round.of(capacity=[120.0, 80.0], deficit=90.0, needed=50.0)
    >>> FewestAccounts().value(round_, [50, 0])
    1.0
    """

    def value(self, round_: Round, haircut: ArrayLike) -> float:
        """Number of accounts touched."""
        return float(np.count_nonzero(np.asarray(haircut)))


@dataclass(frozen=True, slots=True, eq=False)
class CVaR(OverBurdens, Record):
    """Mean burden of the most burdened 1 − level of the accounts; exact budget.

    Rockafellar & Uryasev, *Optimization of conditional value-at-risk*, Journal of Risk 2 (2000):
    CVaR = min_t t + Σ p_i (b_i − t)_+ / (1 − level), with b_i = x_i / w_i. Level 0 is the mean
    burden, and from 1 − min p on it is the worst burden. An account that gives nothing counts,
    with burden 0, whether it could give or not.

    Parameters
    ----------
    level : float
        In [0, 1].
    importance : array_like, shape (n,), or str, optional
        Shares p_i of the accounts, > 0, up to scale; equal unless given. A name is a feature of
        the round: with "capacity" the tail is of dollars, not of accounts.

    `burden` and `epsilon` are those of `MinMax`.

    Examples
    --------
    >>> round_ = Round.of(capacity=[100.0, 100.0], deficit=90.0, needed=50.0)
    >>> CVaR(0.5).value(round_, [40, 10]), CVaR(0.0).value(round_, [40, 10])
    (0.4, 0.25)
    """

    level: float
    importance: FloatArray | str | None = field(default=None, kw_only=True)
    burden: Burden = field(default=Burden.CAPACITY, kw_only=True)
    epsilon: float = field(default=0.0, kw_only=True)

    def __post_init__(self) -> None:
        level = own_number(self.level, "level", lowest=0.0)
        if level > 1:
            raise InputError("level", level, "a number in [0, 1]")
        object.__setattr__(self, "level", level)
        if self.importance is not None and not isinstance(self.importance, str):
            object.__setattr__(self, "importance", own_positive(self.importance, "importance"))
        MinMax(burden=self.burden, epsilon=self.epsilon)

    def shares(self, accounts: int) -> FloatArray:
        """p_i, shape (n,), summing to 1; `InputError` if there is not one importance an account."""
        if self.importance is None:
            return np.full(accounts, 1.0 / accounts)
        if isinstance(self.importance, str):
            remedy = "CVaR.of_start(start) reads it from a round"
            raise InputError("importance", self.importance, "numbers", remedy=remedy)
        own(self.importance, "importance", length=accounts)
        shares: FloatArray = self.importance / math.fsum(self.importance)
        return shares

    def of_start(self, start: RoundStart) -> CVaR:
        """The objective with the feature that `importance` names; where it is ≤ 0, next to 0.

        Examples
        --------
        >>> round_ = Round.of(capacity=[30.0, 10.0], deficit=90.0, needed=50.0)
        >>> CVaR(0.5, importance="capacity").of_start(round_.start).importance
        array([30., 10.])
        """
        if not isinstance(self.importance, str):
            return self
        found = start.feature(self.importance)
        least = NEXT_TO_NONE * float(found.max(initial=0.0)) or 1.0
        return replace(self, importance=np.maximum(found, least))

    def value(self, round_: Round, haircut: ArrayLike) -> float:
        """CVaR of the burdens; infinite if a protected account is touched."""
        if isinstance(self.importance, str):
            return self.of_start(round_.start).value(round_, haircut)
        weights = self.worst.weights(round_.start)
        given = np.asarray(haircut, dtype=float)
        if math.isinf(self.worst.value(round_, given)):
            return math.inf
        return self.of_burdens(fractions(given, weights))

    def of_burdens(self, burdens: FloatArray) -> float:
        """CVaR of burdens, shape (n,)."""
        tail = 1.0 - self.level
        shares = self.shares(burdens.size)
        order = np.argsort(-burdens, kind="stable")
        before = np.concatenate([[0.0], np.cumsum(shares[order])])[:-1]
        taken = np.clip(tail - before, 0.0, shares[order])
        if tail <= float(shares[order][0]):
            return float(burdens.max(initial=0.0))
        return math.fsum(taken * burdens[order]) / math.fsum(taken)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepHedges(_OverBurdens, Record):
    """Σ |change of net delta|, USD at the mark, then the least worst burden: of two sides.

    Over accounts that are both long and short in an underlying. Of all ways to close what losers
    shed that change it least, the one with the least worst burden.

    Parameters
    ----------
    underlying : mapping of str to str
        Coins that hedge each other share an underlying; one that is not named is its own.

    Raises
    ------
    InputError
        If a coin or a name is no text.

    Examples
    --------
    >>> KeepHedges(underlying={"ETH": "ether", "stETH": "ether"}).of("ETH", "BTC")
    ('ether', 'BTC')
    """

    underlying: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _OverBurdens.__post_init__(self)
        if not isinstance(self.underlying, Mapping):
            raise InputError("underlying", self.underlying, "a mapping of coins to names")
        for coin, name in self.underlying.items():
            if not isinstance(coin, str):
                raise InputError("underlying", coin, "a coin")
            if not isinstance(name, str) or not name:
                raise InputError("underlying", name, "a non-empty text", index=coin)
        object.__setattr__(self, "underlying", MappingProxyType(dict(self.underlying)))

    def of(self, *coins: str) -> tuple[str, ...]:
        """Underlying of each coin."""
        return tuple(self.underlying.get(coin, coin) for coin in coins)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeastLeverage(_OverBurdens):
    """max_i notional_i / equity_i after closing, over accounts that can be touched: of two sides.

    In one asset the optimal policy of Campbell, Hey, Moallemi and Nutz, arXiv 2603.15963. Across
    coins they minimise expected loss instead, and warn that gross leverage does not see hedges.

    Examples
    --------
    >>> LeastLeverage().worst
    MinMax(burden=<Burden.CAPACITY: 'capacity'>, epsilon=0.0)
    """
