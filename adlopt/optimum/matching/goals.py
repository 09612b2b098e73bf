"""What a matching minimises, and in what quantities."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

import numpy as np

from adlopt.errors import InputError
from adlopt.model.positions import ContractRound
from adlopt.model.shed import Shed


class Goal(Enum):
    """What a matching minimises."""

    LEAST_BURDEN = "least-burden"
    """max_i x_i / w_i, as [CTTX26, Eq. 8], with the contracts of each coin fixed."""
    LEXIMIN = "leximin"
    """The worst burden, then the worst of those who do not hold it up, and so on."""
    KEEP_HEDGES = "keep-hedges"
    """Σ |change of net delta|, USD at the mark, over accounts that are both long and short in
    an underlying; among all that change it least, the worst burden."""
    LEAST_LEVERAGE = "least-leverage"
    """max_i notional_i / equity_i after closing, over the accounts that can be touched. One asset:
    the optimal policy of Campbell, Hey, Moallemi and Nutz, arXiv 2603.15963. Across coins they
    minimise expected loss instead, and warn that gross leverage does not see hedges."""
    FEWEST_ACCOUNTS = "fewest-accounts"
    """Number of accounts with anything closed."""


class Lots(Enum):
    """In what quantities positions are closed."""

    ANY = "any quantity"
    ROUNDED = "whole lots, rounded from the continuous optimum"
    SEARCHED = "whole lots, by branch and bound"
    """For rounds of some hundred positions."""


def check_goal(
    round_: ContractRound,
    shed: Shed,
    goal: Goal,
    lots: Lots,
    underlying: Mapping[str, str] | None,
) -> None:
    """Refuse a goal that the round, the lots or the underlyings do not go with."""
    needs_mark = goal in (Goal.KEEP_HEDGES, Goal.LEAST_LEVERAGE)
    if needs_mark and round_.positions.mark is None:
        expected = f"the mark of each position, for {goal.value}"
        raise InputError("positions.mark", None, expected, remedy="give marks")
    if goal is Goal.LEAST_LEVERAGE:
        equity = round_.start.equity
        if equity is None:
            raise InputError("equity", None, f"account values, for {goal.value}")
        if not (equity > 0).all():
            index = int(np.argmin(equity > 0))
            remedy = "an insolvent account is no winner: let it shed"
            found = float(equity[index])
            raise InputError("equity", found, "a number > 0", index=index, remedy=remedy)
        if lots is Lots.SEARCHED and shed.value.any():
            remedy = "close at the mark, or use Lots.ROUNDED"
            raise InputError("lots", lots, "orders at the mark, for least-leverage", remedy=remedy)
    if goal is Goal.LEXIMIN and lots is Lots.SEARCHED:
        raise InputError("lots", lots, "Lots.ANY or Lots.ROUNDED, for leximin")
    if goal is Goal.FEWEST_ACCOUNTS and lots is Lots.ROUNDED:
        raise InputError("lots", lots, "Lots.ANY or Lots.SEARCHED, for fewest-accounts")
    if underlying is not None:
        _check_underlying(round_, goal, underlying)


def _check_underlying(round_: ContractRound, goal: Goal, underlying: Mapping[str, str]) -> None:
    if goal is not Goal.KEEP_HEDGES:
        raise InputError("underlying", "given", "None", remedy=f"it goes with {Goal.KEEP_HEDGES}")
    if not isinstance(underlying, Mapping):
        raise InputError("underlying", underlying, "a mapping of coins to names")
    for coin, name in underlying.items():
        if coin not in round_.positions.coin:
            raise InputError("underlying", coin, "coins of the round's positions")
        if not isinstance(name, str) or not name:
            raise InputError("underlying", name, "a non-empty text", index=coin)
