"""Objectives of risk across assets: loss over scenarios of returns, and leverage to one factor.

Campbell, Hey, Moallemi and Nutz, *Risk-Based Auto-Deleveraging*, arXiv 2603.15963: across coins
gross leverage does not see hedges; expected loss does, and so does leverage to the factor that
drives the coins.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike

from adlopt.errors import InputError
from adlopt.foundation.arrays import FloatArray, Record, freeze, own, own_number
from adlopt.show.words import percent

NEXT_TO_NONE = 1e-9
"""A chance below which a scenario moves no answer, though it counts in what is stated of it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ExpectedLoss(Record):
    """Mean over scenarios of Σ_i (what account i's positions lose beyond its equity)_+, USD.

    Parameters
    ----------
    returns : mapping of str to array_like, shape (R,)
        Relative move of each coin's mark by scenario, ≥ −1.
    probability : array_like, shape (R,), optional
        Of the scenarios, up to scale; equal unless given.
    level : float
        In [0, 1). The mean of the worst 1 − level of the scenarios alone: CVaR of the loss.

    Examples
    --------
    >>> ExpectedLoss(returns={"ETH": [0.1, -0.5]}).probability
    array([0.5, 0.5])
    """

    returns: Mapping[str, FloatArray]
    probability: FloatArray | None = None
    level: float = 0.0

    def __post_init__(self) -> None:
        if not isinstance(self.returns, Mapping) or not self.returns:
            raise InputError("returns", self.returns, "a mapping of coins to returns")
        moves = {c: own(r, f"returns.{c}", lowest=-1.0) for c, r in self.returns.items()}
        count = {r.size for r in moves.values()}
        if len(count) > 1 or 0 in count:
            raise InputError("returns", sorted(count), "as many scenarios, one or more, a coin")
        given = np.ones(max(count)) if self.probability is None else self.probability
        chance = own(given, "probability", length=max(count), lowest=0.0)
        if not chance.any():
            raise InputError("probability", chance.tolist(), "a number > 0 among them")
        level = own_number(self.level, "level", lowest=0.0)
        if level >= 1:
            raise InputError("level", level, "a number in [0, 1)")
        object.__setattr__(self, "returns", MappingProxyType(moves))
        object.__setattr__(self, "probability", freeze(chance / chance.sum()))
        object.__setattr__(self, "level", level)

    @property
    def criterion(self) -> str:
        """What it measures, with its unit."""
        tail = f" of the worst {percent(1.0 - self.level)} of scenarios" if self.level else ""
        return f"expected loss{tail}, USD"

    def of(self, coins: Sequence[str]) -> FloatArray:
        """Returns in these coins, shape (R, K)."""
        return np.column_stack([_of_coin(self.returns, coin, "returns") for coin in coins])

    def likely(self) -> ExpectedLoss:
        """The same without scenarios of no chance, or next to none in a tail: never larger."""
        chance = np.asarray(self.probability)
        seen = chance > (NEXT_TO_NONE if self.level > NEXT_TO_NONE * chance.size else 0.0)
        return replace(
            self,
            returns={coin: moved[seen] for coin, moved in self.returns.items()},
            probability=chance[seen],
            level=1.0 - (1.0 - self.level) / math.fsum(chance[seen]) if self.level else 0.0,
        )

    def mean(self, loss: FloatArray) -> float:
        """Of losses by scenario, shape (R,): over all of them, or over the worst.

        >>> ExpectedLoss(returns={"ETH": [0, 0, 0, 0]}, level=0.5).mean(np.array([4.0, 1, 2, 0]))
        3.0
        """
        chance = np.asarray(self.probability)
        order, left = np.argsort(-loss, kind="stable"), 1.0 - self.level
        before = np.cumsum(chance[order]) - chance[order]
        weight = np.clip(left - before, 0.0, chance[order]) if self.level else chance[order]
        return float(loss[order] @ weight) / (left if self.level else 1.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FactorLeverage(Record):
    """max_i |Σ loading · signed notional| / equity: the worst leverage to one factor.

    Parameters
    ----------
    loadings : mapping of str to float
        Relative move of each coin when the factor moves by one; hedges net.

    Examples
    --------
    >>> FactorLeverage(loadings={"ETH": 1.2, "BTC": 1}).of(["BTC", "ETH"])
    array([1. , 1.2])
    """

    loadings: Mapping[str, float]

    def __post_init__(self) -> None:
        if not isinstance(self.loadings, Mapping):
            raise InputError("loadings", self.loadings, "a mapping of coins to numbers")
        owned = {c: own_number(b, f"loadings.{c}") for c, b in self.loadings.items()}
        object.__setattr__(self, "loadings", MappingProxyType(owned))

    def of(self, coins: Sequence[str]) -> FloatArray:
        """Loadings of these coins, shape (K,)."""
        return np.array([_of_coin(self.loadings, coin, "loadings") for coin in coins], dtype=float)


def _of_coin(given: Mapping[str, ArrayLike], coin: str, field: str) -> ArrayLike:
    if coin not in given:
        raise InputError(field, sorted(given), f"all coins that accounts hold, also {coin}")
    return given[coin]
