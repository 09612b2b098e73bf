"""What venues publish of their rules' results, run here: their tests, and examples of their pages.

`vectors.toml` has the figures, with where they are from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec
import numpy as np

from adlopt.errors import AdloptError
from adlopt.foundation.money import MICRO
from adlopt.model.market import Market
from adlopt.model.market_parts import Accounts, Coins, OpenPositions
from adlopt.model.positions import Side
from adlopt.rules.deleverage import deleverage
from adlopt.rules.deleveraging import Deleveraging
from adlopt.rules.rule import Rule
from adlopt.rules.split import Chosen
from adlopt.rules.venue_queue import ranking
from adlopt.rules.venues import VENUES, rule_named
from adlopt.show.schema.studies import PublishedRuleData, RulesData, VectorData


class Vector(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A market as a venue states it, and what comes out of it there.

    `positions` are account, side, contracts, entry and coin; `shed` are those whose positions go,
    `chosen` what a keeper closes, lots; `expect` is keyed as `found` is, dollars to `decimals`.
    `differs` says why this toolkit comes to something else, where it does.
    """

    rule: str
    name: str
    source: str
    accounts: dict[str, float]
    coins: dict[str, dict[str, float]]
    positions: list[tuple[str, Side, float, float, str]]
    expect: dict[str, Any]
    opened: dict[str, float] | None = None
    features: dict[str, dict[str, float]] = {}
    signals: dict[str, float] = {}
    fund: float = 0.0
    shed: list[str] | None = None
    chosen: dict[str, int] | None = None
    decimals: int = 6
    differs: str = ""

    def market(self) -> Market:
        """The market before."""
        columns = list(zip(*self.positions, strict=True)) or [()] * 5
        names = list(self.accounts)
        marks = {k: [c[k] for c in self.coins.values()] for k in next(iter(self.coins.values()))}
        given = {k: [v.get(a, 0.0) for a in names] for k, v in self.features.items()}
        opened = None if self.opened is None else [self.opened[name] for name in names]
        balance: Any = list(self.accounts.values())
        accounts = Accounts(account=names, balance=balance, opened=opened, features=given)  # type: ignore[arg-type]
        held: Any = zip(("account", "side", "size", "entry", "coin"), columns, strict=True)
        return Market(
            accounts=accounts,
            coins=Coins(coin=list(self.coins), **marks),  # type: ignore[arg-type]
            positions=OpenPositions(**dict(held)),
            fund=self.fund,
            signals=self.signals,
        )

    def by(self) -> Rule:
        """The rule, with what the keeper chose."""
        rule = rule_named(self.rule)
        if self.chosen is None or rule.close is None:
            return rule
        tier = replace(rule.close.tiers[0], split=Chosen(self.chosen))
        return replace(rule, close=replace(rule.close, tiers=(tier,)))

    def found(self) -> dict[str, Any]:
        """What the rule does here, keyed as `expect` is.

        Dollars `given` by account, `fund_paid` and `deficit_left`; contracts `closed` by account;
        each `price`; by taker the `quote` that the loser gets, micro-dollars; whether users were
        called on, `triggered`; and the `light` by account, of the coin and side that had to give.
        """
        market = self.market()
        shed = None if self.shed is None else market.shed(self.shed)
        done = deleverage(market, self.by(), shed)
        names, size = market.accounts.account, done.closed * market.lot
        given = {a: round(usd, self.decimals) for a, usd in zip(names, done.given, strict=True)}
        closed = dict(zip(names, market.by_account(size).tolist(), strict=True))
        return {
            "given": {name: usd for name, usd in given.items() if usd},
            "closed": {name: contracts for name, contracts in closed.items() if contracts},
            "price": sorted({match.price for match in done.matches}),
            "quote": _quotes(done),
            "fund_paid": done.fund_paid,
            "deficit_left": done.deficit_left,
            "triggered": done.triggered,
            "light": _lights(done),
        }

    @property
    def passes(self) -> bool:
        """Whether all that is expected comes out."""
        try:
            found = self.found()
        except AdloptError:
            return False
        return all(found[name] == value for name, value in self.expect.items())


@cache
def vectors() -> tuple[Vector, ...]:
    """All of them, in the order of the file."""
    text = files("adlopt.rules").joinpath("vectors.toml").read_bytes()
    return msgspec.toml.decode(text, type=dict[str, tuple[Vector, ...]])["vector"]


def described(names: Sequence[str] = ()) -> RulesData:
    """Describe venues' rules part by part, with what their sources leave open; all unless named."""
    rules = [rule_named(name) for name in names] or VENUES.values()
    return RulesData(rules=[_described(rule) for rule in rules])


def _described(rule: Rule) -> PublishedRuleData:
    tried = [
        VectorData(name=v.name, source=v.source, passed=v.passes, differs=v.differs or None)
        for v in vectors()
        if v.rule == rule.name
    ]
    return PublishedRuleData(
        rule=rule.name, vectors=tried, searched=rule.searched or None, **rule.parts()
    )


def _quotes(done: Deleveraging) -> dict[str, int]:
    market, quotes = done.market, {}
    for match in done.matches:
        row = int(done.rows[match.shed])
        worth = match.lots * market.sign[row] * market.lot[row] * market.mark[row] * MICRO
        taker = "" if match.position is None else market.positions.account[match.position]
        quotes[taker] = round(float(worth)) + match.paid
    return quotes


def _lights(done: Deleveraging) -> dict[str, float]:
    if done.rule.light is None or not len(done.shed):
        return {}
    ranked = ranking(done.market, done.rule, done.shed.coin[0], done.shed.side[0].opposite)
    assert ranked.light is not None
    shown = zip(ranked.account, ranked.light.tolist(), strict=True)
    return {name: light for name, light in shown if not np.isnan(light)}
