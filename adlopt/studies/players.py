"""A policy of dollars in a market: who gives closes at the mark against what has to go, and gives.

A venue's rule says whose contracts close; a policy says who gives how many dollars.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias, cast

import numpy as np

from adlopt.errors import InputError
from adlopt.foundation.arrays import FloatArray
from adlopt.foundation.user_code import MARK, load
from adlopt.model.episode import Episode
from adlopt.model.market import Market
from adlopt.model.round import RoundStart
from adlopt.model.solvency import check_haircut
from adlopt.optimum.lots.lot_grid import MICRO
from adlopt.policies.catalogue import SEVERITIES
from adlopt.policies.protocols import Allocation, Policy, SeverityThenAllocation
from adlopt.policies.severity import Constant
from adlopt.rules.deleverage import deleverage
from adlopt.rules.deleveraging import Deleveraging
from adlopt.rules.market_rounds import wealth_round
from adlopt.rules.parts import AT_MARK
from adlopt.rules.row_formula import Formula, column
from adlopt.rules.rule import Close, Haircut, Rule, Tier
from adlopt.rules.split import ProRata
from adlopt.rules.venues import VENUES
from adlopt.scoring.playable import Playable, loaded, resolve

Player: TypeAlias = Rule | Policy
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


def whole_deficit(policy: Playable | Allocation, episode: Episode | None = None) -> Policy:
    """Resolve a policy; what is only an allocation raises the whole deficit.

    Parameters
    ----------
    policy : Policy, Allocation, Rule, function or str
    episode : Episode, optional
        To which `ogd` is tuned.

    Raises
    ------
    InputError
        If it is none of these.

    Examples
    --------
    >>> whole_deficit("pro-rata").name, whole_deficit("persistence+pro-rata").name
    ('constant:1+pro-rata', 'persistence+pro-rata')
    """
    if isinstance(policy, type):
        raise InputError("policy", policy, "an object", remedy="make one of the class")
    if hasattr(policy, "allocate") and not hasattr(policy, "decide"):
        return SeverityThenAllocation(Constant(1.0), cast(Allocation, policy))
    if isinstance(policy, str) and in_file(policy):
        return _of_file(load(policy), policy, episode)
    found = resolve(policy, episode)
    said = found is policy or (isinstance(policy, str) and _kind(policy) in SEVERITIES)
    if isinstance(found, SeverityThenAllocation) and not said:
        return replace(found, severity=Constant(1.0))
    return found


def player_named(name: str) -> Player:
    """Return a rule, or a policy, for its name or `path.py:name`.

    A rule by itself closes contracts; behind a severity, as in constant:1+gte, it splits dollars.

    Raises
    ------
    InputError
        If it is neither.

    Examples
    --------
    >>> player_named("binance"), player_named("pro-rata").name
    (Rule(binance), 'constant:1+pro-rata')
    """
    if name in VENUES:
        return VENUES[name]
    if not in_file(name):
        return whole_deficit(name)
    own = load(name)
    return own if isinstance(own, Rule) else _of_file(own, name)


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
    >>> done = act(market, player_named("pro-rata"))
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


def in_file(name: str) -> bool:
    """Whether all of a name is `path.py:name`, with no severity or fund before it.

    Examples
    --------
    >>> in_file("mine.py:half"), in_file("constant:1+mine.py:rule"), in_file("gte")
    (True, False, False)
    """
    return MARK in name and _kind(name) not in {*SEVERITIES, "insured"}


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


def _kind(name: str) -> str:
    return name.partition("+")[0].partition(":")[0]


def _of_file(own: Playable | Allocation, name: str, episode: Episode | None = None) -> Policy:
    """Resolve what a file calls by a name, as `whole_deficit` does."""
    decided = loaded(own, name, episode)
    return decided if decided is own else whole_deficit(own, episode)
