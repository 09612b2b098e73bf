"""What deleveraging may cost one account, under several rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np

from adlopt.arrays import FloatArray, Record
from adlopt.errors import InputError
from adlopt.exposure.budgets import Budgets, budgets
from adlopt.exposure.taking import haircuts, winners
from adlopt.frames import Columns, Tabular
from adlopt.market import Market
from adlopt.online import Allocation
from adlopt.policies import allocation_named
from adlopt.policies.by_rule import ByRule
from adlopt.round import RoundStart
from adlopt.rules.ranking import ranking
from adlopt.rules.rule import Rule
from adlopt.rules.split import Queue
from adlopt.rules.venues import VENUES

FIGURES = (
    "rule",
    "probability",
    "mean_usd",
    "mean_if_hit_usd",
    "quantile_95_usd",
    "most_usd",
    "most_of_profit",
    "least_budget_usd",
)
"""What is said of each rule, as in `UnderRule.to_dict`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where one position stands in a queue of its coin and side.

    Parameters
    ----------
    coin, side : str
    place, of : int
        First served is 1; positions in the queue. `place` is None where it is not eligible.
    ahead : float or None
        Contracts served before it.
    light : float or None
        What the venue shows, where it says how.
    shown : str
        What kind of light that is.
    """

    coin: str
    side: str
    place: int | None
    of: int
    ahead: float | None
    light: float | None
    shown: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class UnderRule(Record):
    """What one rule takes from the account.

    Parameters
    ----------
    rule : str
    haircut : FloatArray, shape (LEVELS,)
        USD, at each budget.
    places : tuple of Place
        Of its positions, where the file has positions and the rule an order.
    """

    rule: str
    haircut: FloatArray
    places: tuple[Place, ...] = ()

    def to_dict(self, profit: float, values: FloatArray) -> dict[str, Any]:
        """How likely, and how much, USD."""
        hit = self.haircut > 0
        most = float(self.haircut.max())
        return {
            "rule": self.rule,
            "probability": float(hit.mean()),
            "mean_usd": float(self.haircut.mean()),
            "mean_if_hit_usd": float(self.haircut[hit].mean()) if hit.any() else None,
            "quantile_95_usd": float(np.quantile(self.haircut, 0.95)),
            "most_usd": most,
            "most_of_profit": most / profit if profit else None,
            "least_budget_usd": float(values[np.argmax(hit)]) if hit.any() else None,
            "places": [
                {name: getattr(place, name) for name in Place.__slots__} for place in self.places
            ],
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Exposure(Tabular, Record):
    """A trader's view: what may be taken from one account.

    Parameters
    ----------
    account : str
    profit : float
        USD that may be taken; 0 where it has no profit, or nothing left.
    total : float
        USD. Profits of all solvent winners; a larger budget takes them all.
    budgets : Budgets
    rules : tuple of UnderRule
        Worst first, by the mean haircut.
    unplayed : dict
        Rules that could not be played here, and why.
    """

    account: str
    profit: float
    total: float
    budgets: Budgets
    rules: tuple[UnderRule, ...]
    unplayed: dict[str, str]

    def _columns(self) -> Columns:
        rows = [each.to_dict(self.profit, self.budgets.values) for each in self.rules]
        return {name: [row[name] for row in rows] for name in FIGURES}

    def _heading(self) -> str:
        return f"{self.account}: haircuts under rules; budgets {self.budgets.text}"

    def to_dict(self) -> dict[str, Any]:
        """Everything, ready for JSON."""
        values = self.budgets.values
        return {
            "account": self.account,
            "profit_usd": self.profit,
            "all_profits_usd": self.total,
            "budgets": {
                "distribution": self.budgets.text,
                "count": int(values.size),
                "beyond_all_profits": float((values > self.total).mean()),
            },
            "rules": [each.to_dict(self.profit, values) for each in self.rules],
            "unplayed": self.unplayed,
        }


def exposure(
    account: str,
    where: Market | RoundStart,
    rules: Sequence[str] = (),
    *,
    budget: str = "uniform",
    progress: Callable[[str], None] | None = None,
) -> Exposure:
    """Measure what rules would take from an account over a distribution of budgets.

    A budget is what users have to give in all; each rule decides who gives it, as in
    `adlopt.exposure.taking`. At what price it closes plays no part.

    Parameters
    ----------
    account : str
    where : Market or RoundStart
    rules : sequence of str
        Names of venues' rules or of allocations, or path.py:name. Unless given, every venue's rule
        that the columns allow; the others are listed with what they lack.
    budget : str
        As in `adlopt.exposure.budgets`; unless given, uniform between 0 and the deficit that the
        insurance fund leaves.
    progress : callable, optional
        Told each rule's name before it is played.

    Raises
    ------
    InputError
        If there is no such account, or a rule that was asked for cannot be played.

    Examples
    --------
    >>> start = RoundStart(account=["a", "b"], capacity=[60, 40], deficit=100,
    ...                    features={"leverage": [1, 10]})
    >>> seen = exposure("a", start, ["queue:leverage", "pro-rata"]).to_dict()
    >>> [(r["rule"], r["probability"], r["mean_usd"]) for r in seen["rules"]]
    [('pro-rata', 1.0, 30.0), ('queue:leverage', 0.6, 18.0)]
    """
    market = where if isinstance(where, Market) else None
    _known(account, where.account if market is None else market.accounts.account)  # type: ignore[union-attr]
    start = winners(where)
    fund = 0.0 if market is None else market.fund
    spread = budgets(budget, max(start.deficit - fund, 0.0))
    wanted = np.minimum(spread.values, start.total_capacity)
    played, unplayed = [], {}
    for name in dict.fromkeys(rules or VENUES):
        if progress is not None:
            progress(name)
        allocation = allocation_named(name)
        try:
            haircut = haircuts(allocation, where, account, wanted)
            places = _places(market, allocation, account)
        except InputError as error:
            if rules:
                raise
            unplayed[name] = str(error)
            continue
        played.append(UnderRule(rule=allocation.name, haircut=haircut, places=places))
    mine = start.account.index(account) if account in start.account else None
    return Exposure(
        account=account,
        profit=0.0 if mine is None else float(start.capacity[mine]),
        total=start.total_capacity,
        budgets=spread,
        rules=tuple(sorted(played, key=lambda each: -float(each.haircut.mean()))),
        unplayed=unplayed,
    )


def _known(account: str, names: Sequence[str]) -> None:
    if account in names:
        return
    close = get_close_matches(account, names, n=3)
    remedy = f"did you mean {' or '.join(close)}?" if close else ""
    expected = f"one of the {len(names):,} accounts of the file"
    raise InputError("account", account, expected, remedy=remedy)


def _places(market: Market | None, allocation: Allocation, account: str) -> tuple[Place, ...]:
    if market is None or not isinstance(allocation, ByRule) or not _is_queue(allocation.rule):
        return ()
    held, rule = market.positions, allocation.rule
    own = [row for row, name in enumerate(held.account) if name == account]
    return tuple(_place(market, rule, row) for row in own)


def _is_queue(rule: Rule) -> bool:
    return rule.close is not None and all(isinstance(t.split, Queue) for t in rule.close.tiers)


def _place(market: Market, rule: Rule, row: int) -> Place:
    coin, side = market.positions.coin[row], market.positions.side[row]
    ranked = ranking(market, rule, coin, side)
    at = np.flatnonzero(ranked.position == row).tolist()
    shown = "" if rule.light is None else rule.light.text
    light = None if ranked.light is None or not at else float(ranked.light[at[0]])
    return Place(
        coin=coin,
        side=side.value,
        place=at[0] + 1 if at else None,
        of=len(ranked.account),
        ahead=float(ranked.ahead[at[0]]) if at else None,
        light=light,
        shown=shown,
    )
