"""A policy of dollars in a market: who gives closes at the mark against what has to go, and gives.

A venue's rule says whose contracts close; a policy says who gives how many dollars.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from adlopt.foundation.arrays import FloatArray
from adlopt.model.market import Market
from adlopt.model.round import RoundStart
from adlopt.model.solvency import check_haircut
from adlopt.optimum.lots.lot_grid import MICRO
from adlopt.policies.playable import Player
from adlopt.rules.deleverage import deleverage
from adlopt.rules.deleveraging import Deleveraging
from adlopt.rules.market_rounds import wealth_round
from adlopt.rules.parts import AT_MARK
from adlopt.rules.row_formula import Formula, column
from adlopt.rules.rule import Close, Haircut, Rule, Tier
from adlopt.rules.split import ProRata

GIVEN = Formula("dollars given", lambda rows: np.rint(rows.feature("given") * MICRO))
AS_DECIDED = Rule(
    name="as-decided",
    close=Close(
        tiers=(Tier(split=ProRata(GIVEN)),),
        price=AT_MARK,
        fund_takes_positions=False,
    ),
    haircut=Haircut(tiers=(Tier(split=ProRata(GIVEN), limit=column("given")),)),
)
"""Carries out what a policy of dollars decided: who gives, closes at the mark against what has to
go, in proportion to the dollars given, and gives them."""


def act(market: Market, player: Player) -> Deleveraging:
    """Let a rule, or a policy that sees what the fund leaves, deal with the bankrupt.

    The policy decides as in its first round; that deficit is its estimate too. What it takes
    beyond the debt is not taken.

    Raises
    ------
    InputError
        If the market lacks what the player reads.
    BadHaircut
        If a policy takes more than a profit.

    Examples
    --------
    >>> from adlopt.model.market import Accounts, Coins, OpenPositions
    >>> market = Market(
    ...     accounts=Accounts(account=["A", "B", "C"], balance=[2000, 8000, 8000]),
    ...     coins=Coins(coin=["ETH"], mark=[3600], lot=[1]),
    ...     positions=OpenPositions(account=["A", "B", "C"], coin=["ETH"] * 3,
    ...                             side=["long", "short", "short"], size=[10, 6, 4],
    ...                             entry=[4000, 4000, 3800]))
    >>> from adlopt.policies.grammar import player
    >>> done = act(market, player("pro-rata"))
    >>> done.given, done.closed
    (array([   0., 1500.,  500.]), array([10,  6,  4]))
    """
    if isinstance(player, Rule):
        return deleverage(market, player)
    deficit = market.required - min(market.fund, market.required)
    wins = (market.by_account(market.upnl) > 0) & (market.equity > 0)
    if deficit <= 0 or not wins.any():
        return deleverage(with_given(market), AS_DECIDED)
    start = replace(wealth_round(market), deficit=deficit, estimate=deficit)
    decided = player.decide(player.begin(), start)
    haircut = check_haircut(decided, start, who=f"policy {player.name!r}")
    return deleverage(with_given(market, start, haircut), AS_DECIDED)


def with_given(
    market: Market, start: RoundStart | None = None, haircut: FloatArray | None = None
) -> Market:
    """The market with what a policy decided, USD, as the feature `given` of its accounts."""
    given = np.zeros(len(market.accounts.account))
    if start is not None and haircut is not None:
        index = {name: i for i, name in enumerate(market.accounts.account)}
        given[[index[name] for name in start.account]] = haircut
    features = {**market.accounts.features, "given": given}
    return replace(market, accounts=replace(market.accounts, features=features))
