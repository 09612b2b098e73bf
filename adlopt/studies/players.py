"""Who plays in a market: a rule closes contracts; a policy decides dollars, and who gives closes.

A venue's rule says whose contracts close. Whoever gives what a policy of dollars decides closes at
the mark, against what has to go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Protocol, TypeVar

import numpy as np

from adlopt.errors import AdloptError, InfeasibleRound, InputError, NoSolution, PolicyError
from adlopt.foundation.arrays import BoolArray, FloatArray
from adlopt.foundation.ids import places
from adlopt.foundation.money import MICRO
from adlopt.model.market import Market
from adlopt.model.round import Round, RoundOutcome, RoundStart
from adlopt.model.shed import Shed
from adlopt.model.solvency import ROUNDING, check_haircut
from adlopt.optimum.dollars.least_loss import Solution
from adlopt.optimum.solve import solve
from adlopt.policies.grammar import Playable, player
from adlopt.rules import deleverage as rules
from adlopt.rules.deleveraging import Deleveraging
from adlopt.rules.market_rounds import wealth_round
from adlopt.rules.parts import AT_MARK
from adlopt.rules.row_formula import RowFormula, column
from adlopt.rules.rule import Close, Haircut, Rule, Tier
from adlopt.rules.split import ProRata

A = TypeVar("A", bound="Named")
B = TypeVar("B")


class Named(Protocol):
    """Whoever a reason can be given for."""

    @property
    def name(self) -> str:
        """Shown in tables."""


GIVEN = RowFormula("dollars given", lambda rows: np.rint(rows.feature("given") * MICRO))
AS_DECIDED = Rule(
    name="as-decided",
    close=Close(tiers=(Tier(split=ProRata(GIVEN)),), price=AT_MARK, fund_takes_positions=False),
    haircut=Haircut(tiers=(Tier(split=ProRata(GIVEN), limit=column("given")),)),
)
"""Carries out what a policy of dollars decided: who gives, closes at the mark against what has to
go, in proportion to the dollars given, and gives them."""


def deleverage(market: Market, by: Playable, shed: Shed | None = None) -> Deleveraging:
    """Let a rule, or a policy that sees what the fund leaves, deal with the bankrupt.

    A policy decides as in its first round; that deficit is its estimate too. What it takes beyond
    the debt is not taken.

    Parameters
    ----------
    market : Market
    by : Rule, Policy, Severity, Allocation, function or str
        Names are as in `adlopt.policies.grammar`: a venue's rule alone closes contracts.
    shed : Shed, optional
        What must go; the positions of the bankrupt, or what the rule says, unless given.

    Raises
    ------
    InputError
        If it is no player, or the market lacks what it reads.
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
    >>> done = deleverage(market, "pro-rata")
    >>> done.given, done.closed
    (array([   0., 1500.,  500.]), array([10,  6,  4]))
    >>> deleverage(market, "percolator")
    <Deleveraging: percolator: users give 2,000.00 USD, the fund 0.00; 0.00 is left unpaid>
    """
    who = player(by)
    if isinstance(who, Rule):
        return rules.deleverage(market, who, shed)
    deficit, start, haircut = market.required - min(market.fund, market.required), None, None
    if deficit > 0 and market.winners.any():
        start = replace(wealth_round(market), deficit=deficit, estimate=deficit)
        decided = who.decide(who.begin(), start)
        haircut = check_haircut(decided, start, who=f"policy {who.name!r}")
    decided_on = with_given(market, start, haircut)
    return rules.deleverage(decided_on, AS_DECIDED, shed, called=who.name)


def least_burden(done: Deleveraging) -> Solution | None:
    """Find the least worst burden at which winners could have raised the same, in *hindsight*.

    None where nothing was raised, nobody wins, or it was more than all profits together.

    Examples
    --------
    >>> from adlopt.model.market import Accounts, Coins, OpenPositions
    >>> market = Market(
    ...     accounts=Accounts(account=["A", "B"], balance=[2000, 8000]),
    ...     coins=Coins(coin=["ETH"], mark=[3600], lot=[1]),
    ...     positions=OpenPositions(account=["A", "B"], coin=["ETH"] * 2, side=["long", "short"],
    ...                             size=[10, 10], entry=[4000, 4000]))
    >>> print(least_burden(deleverage(market, "gte")))
    1 winner gives 2,000.00 USD, worst burden 50 %; proven optimal (exact)
    """
    if done.raised <= 0 or not done.market.winners.any():
        return None
    start = wealth_round(done.market)
    try:
        return solve(Round(start=start, outcome=RoundOutcome(needed=done.raised)))
    except InfeasibleRound:
        return None


def broken_hedges(market: Market, closed: FloatArray) -> BoolArray:
    """Accounts with a hedge whose net exposure grows as contracts, shape (k,), are closed."""
    held = market.sign * market.notional
    gone = held * closed / market.positions.size
    before, after = market.by_account(held), market.by_account(held - gone)
    gross = market.by_account(np.abs(held))
    hedged = gross > np.abs(before) * (1 + ROUNDING)
    broken: BoolArray = hedged & (np.abs(after) > np.abs(before) + ROUNDING * gross)
    return broken


def attempt(
    each: Iterable[A], play: Callable[[A], B], progress: Callable[[str], None] | None = None
) -> tuple[list[B], dict[str, str]]:
    """Let each play, and say of those who cannot why: one refusal does not stop the others."""
    played: list[B] = []
    refused: dict[str, AdloptError] = {}
    for one in each:
        if progress is not None:
            progress(one.name)
        try:
            played.append(play(one))
        except (InputError, NoSolution, PolicyError) as error:
            refused[one.name] = error
    if refused and not played:
        raise next(iter(refused.values()))
    return played, {name: str(error) for name, error in refused.items()}


def with_given(
    market: Market, start: RoundStart | None = None, haircut: FloatArray | None = None
) -> Market:
    """The market with what a policy decided, USD, as the feature `given` of its accounts."""
    given = np.zeros(len(market.accounts.account))
    if start is not None and haircut is not None:
        given[places(start.account, market.accounts.account)] = haircut
    return market.having(given=given)
