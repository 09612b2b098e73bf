"""What deleveraging may cost one account, under several rules, over a distribution of budgets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from adlopt.errors import InputError, unknown
from adlopt.foundation.arrays import FloatArray, Record, freeze, own_number
from adlopt.model.filled import filled
from adlopt.model.market import Market
from adlopt.model.round import RoundStart
from adlopt.policies.allocation import QueueAllocation
from adlopt.policies.by_rule import ByRule
from adlopt.policies.grammar import Player, player
from adlopt.policies.protocols import SeverityThenAllocation
from adlopt.policies.severity import Constant
from adlopt.rules.rows import round_rows
from adlopt.rules.rule import Rule
from adlopt.rules.venue_queue import is_queue, ranking, served
from adlopt.rules.venues import VENUES
from adlopt.show.answer import Answer, Columns
from adlopt.show.exposure import summary
from adlopt.show.schema.data import finite
from adlopt.show.schema.studies import BudgetsData, ExposureData, Place, SpreadData, UnderRuleData
from adlopt.studies.exposure.taking import Split, closes_at_mark, haircuts, winners
from adlopt.studies.players import attempt

LEVELS = 200
"""Budgets that stand for a distribution: its quantiles in the middle of as many equal parts."""
KNOWN = "uniform, uniform:HIGH, lognormal:MEDIAN:SIGMA, or quantiles:Q0:Q1:…"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Budgets(Answer):
    """A distribution of budgets as `values`, USD, equally likely, ascending, shape (LEVELS,)."""

    text: str
    values: FloatArray

    def _columns(self) -> Columns:
        return {"budget_usd": self.values}

    def _heading(self) -> str:
        return f"equally likely budgets: {self.text}"

    def data(self) -> BudgetsData:
        """Return the values."""
        return BudgetsData(distribution=self.text, budget_usd=self.values.tolist())


def budgets(text: str, deficit: float) -> Budgets:
    """Return the distribution that a text names.

    Parameters
    ----------
    text : str
        `uniform`, between 0 and the deficit; `uniform:HIGH`, between 0 and that, USD;
        `lognormal:MEDIAN:SIGMA`, USD and log-units; `quantiles:Q0:Q1:…`, USD at equally spaced
        levels from 0 to 1, linear between them.
    deficit : float
        USD, of the round or market.

    Raises
    ------
    InputError
        If it is none of these, or nothing may have to be raised.

    Examples
    --------
    >>> budgets("uniform", 100.0).values[[0, -1]]
    array([ 0.25, 99.75])
    >>> budgets("quantiles:0:10:100", 0.0).values[[49, 150]]
    array([ 4.95, 55.45])
    """
    kind, _, rest = text.partition(":")
    numbers = _numbers(text, rest) if rest else []
    level = (np.arange(LEVELS) + 0.5) / LEVELS
    if kind == "uniform" and len(numbers) <= 1:
        high = numbers[0] if numbers else deficit
        if high <= 0:
            raise InputError(
                "budget", f"{text}, up to {high:g} USD", "more than 0", remedy=f"give {KNOWN}"
            )
        return Budgets(text=f"uniform up to {high:,.2f} USD", values=freeze(high * level))
    if kind == "lognormal" and len(numbers) == 2:
        return _lognormal(text, numbers[0], numbers[1], level)
    if kind == "quantiles" and len(numbers) >= 2:
        given = np.array(numbers)
        if (np.diff(given) < 0).any():
            raise InputError("budget", text, "quantiles in ascending order")
        values = np.interp(level, np.linspace(0, 1, given.size), given)
        shown = ", ".join(f"{q:,.2f}" for q in numbers)
        return Budgets(text=f"quantiles {shown} USD", values=freeze(values))
    raise InputError("budget", text, KNOWN)


def _lognormal(text: str, median: float, sigma: float, level: FloatArray) -> Budgets:
    if median <= 0 or not 0 < sigma <= 5:
        raise InputError("budget", text, "a median > 0 and a sigma between 0 and 5")
    inverse: Callable[[float], float] = NormalDist().inv_cdf
    values = median * np.exp(sigma * np.array([inverse(p) for p in level.tolist()]))
    return Budgets(text=f"lognormal, median {median:,.2f} USD, σ {sigma:g}", values=freeze(values))


def _numbers(text: str, rest: str) -> list[float]:
    try:
        numbers = [float(part) for part in rest.split(":")]
    except ValueError:
        raise InputError("budget", text, KNOWN) from None
    return [own_number(number, f"budget {text}", lowest=0.0) for number in numbers]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class UnderRule(Record):
    """What one rule takes from the account: `haircut`, USD, at each budget, shape (LEVELS,).

    `places` are those of its positions, or of the account in a round of dollars, where the rule has
    an order. Of a rule that closes `at_mark`, `haircut` is the profit of what it closes, which the
    account keeps.
    """

    rule: str
    haircut: FloatArray
    places: tuple[Place, ...] = ()
    at_mark: bool = False

    def data(self, profit: float, budgets: FloatArray) -> UnderRuleData:
        """How likely, and how much, USD."""
        hit = self.haircut > 0
        most = float(self.haircut.max())
        return UnderRuleData(
            rule=self.rule,
            at_mark=self.at_mark,
            probability=float(hit.mean()),
            mean_usd=float(self.haircut.mean()),
            mean_if_hit_usd=float(self.haircut[hit].mean()) if hit.any() else None,
            quantile_95_usd=float(np.quantile(self.haircut, 0.95)),
            most_usd=most,
            most_of_profit=most / profit if profit else None,
            least_budget_usd=float(budgets[np.argmax(hit)]) if hit.any() else None,
            places=list(self.places),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Exposure(Answer, Record):
    """A trader's view: what may be taken from one account.

    `profit`, USD, may be taken; it is 0 where there is none, or nothing left. `total`, USD, are the
    profits of all solvent winners; a larger budget takes them all. `rules` are worst first, by the
    mean haircut; of the `unplayed`, why they could not be.
    """

    _view = summary
    account: str
    profit: float
    total: float
    budgets: Budgets
    rules: tuple[UnderRule, ...]
    unplayed: dict[str, str]

    def _columns(self) -> Columns:
        rows = self.data().rules
        names = [n for n in UnderRuleData.__struct_fields__ if n not in ("places", "at_mark")]
        return {name: [getattr(row, name) for row in rows] for name in names}

    def _heading(self) -> str:
        return f"{self.account}: haircuts under rules; budgets {self.budgets.text}"

    def data(self) -> ExposureData:
        """Return how likely each rule takes how much, and where the account stands."""
        values = self.budgets.values
        spread = SpreadData(
            distribution=self.budgets.text,
            count=int(values.size),
            beyond_all_profits=float((values > self.total).mean()),
        )
        rules = [each.data(self.profit, values) for each in self.rules]
        kept = {"all_profits_usd": self.total, "budgets": spread, "rules": rules}
        return filled(ExposureData, self, **kept)


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
    `adlopt.studies.exposure.taking`. At what price it closes plays no part: of what closes at the
    mark, the figures are the profit. A policy is shown the budget as its deficit and estimate.

    Parameters
    ----------
    account : str
    where : Market or RoundStart
    rules : sequence of str
        Names of venues' rules, of allocations or of policies, or path.py:name. Unless given, every
        venue's rule. Those that cannot be played here are listed with what they lack.
    budget : str
        As in `adlopt.studies.exposure.budgets`; unless given, uniform between 0 and the deficit
        that the insurance fund leaves.
    progress : callable, optional
        Told each rule's name before it is played.

    Raises
    ------
    InputError
        If there is no such account, a name means no rule, or no rule can be played.

    Examples
    --------
    >>> start = RoundStart(account=["a", "b"], capacity=[60, 40], deficit=100,
    ...                    features={"leverage": [1, 10]})
    >>> seen = exposure("a", start, ["queue:leverage", "pro-rata"]).to_dict()
    >>> [(r["rule"], r["probability"], r["mean_usd"]) for r in seen["rules"]]
    [('constant:1+pro-rata', 1.0, 30.0), ('constant:1+queue:leverage', 0.6, 18.0)]
    """
    market = where if isinstance(where, Market) else None
    names = where.account if isinstance(where, RoundStart) else where.accounts.account
    if account not in names:
        raise unknown("account", account, names)
    start = winners(where)
    fund = 0.0 if market is None else market.fund
    spread = budgets(budget, max(start.deficit - fund, 0.0))
    wanted = np.minimum(spread.values, start.total_capacity)

    def under(each: Player) -> UnderRule:
        split = _split(each)
        haircut = haircuts(split, where, account, wanted)
        places = _places(where, split, account)
        at_mark = market is not None and isinstance(split, ByRule) and closes_at_mark(split.rule)
        return UnderRule(rule=each.name, haircut=haircut, places=places, at_mark=at_mark)

    chosen = [player(name) for name in dict.fromkeys(rules or VENUES)]
    played, unplayed = attempt(chosen, under, progress)
    mine = start.account.index(account) if account in start.account else None
    return Exposure(
        account=account,
        profit=0.0 if mine is None else float(start.capacity[mine]),
        total=start.total_capacity,
        budgets=spread,
        rules=tuple(sorted(played, key=lambda each: -float(each.haircut.mean()))),
        unplayed=unplayed,
    )


def _split(found: Player) -> Split:
    """What splits given budgets, or a policy that decides on its own."""
    if isinstance(found, Rule):
        return ByRule(found)
    if isinstance(found, SeverityThenAllocation) and found.severity == Constant(1.0):
        return found.allocation
    return found


def _places(where: Market | RoundStart, split: Split, account: str) -> tuple[Place, ...]:
    if isinstance(where, RoundStart):
        return _place_in_round(where, split, account)
    if not isinstance(split, ByRule) or split.rule.close is None or not is_queue(split.rule):
        return ()
    own = [row for row, name in enumerate(where.positions.account) if name == account]
    return tuple(_place(where, split.rule, row) for row in own)


def _place_in_round(start: RoundStart, split: Split, account: str) -> tuple[Place, ...]:
    rule = split.rule if isinstance(split, ByRule) and is_queue(split.rule) else None
    if rule is not None:
        served_, first = served(rule, round_rows(start))
        order = served_.tolist()
    elif isinstance(split, QueueAllocation):
        order = split.order(start).tolist()
    else:
        return ()
    mine = start.account.index(account)
    at = order.index(mine) if mine in order else None
    light = None if rule is None or rule.light is None or rule.light.by_contracts else rule.light
    seen = None
    if light is not None and at is not None:
        capacity = start.capacity[order]
        seen = finite(float(light.shown(first, capacity, capacity)[at]))
    ahead = None if at is None else float(start.capacity[order[:at]].sum())
    seen_as = {"coin": "", "side": "", "shown": "" if light is None else light.text}
    place = None if at is None else at + 1
    return (Place(place=place, of=len(order), ahead=ahead, light=seen, **seen_as),)


def _place(market: Market, rule: Rule, row: int) -> Place:
    coin, side = market.positions.coin[row], market.positions.side[row]
    ranked = ranking(market, rule, coin, side)
    at = next(iter(np.flatnonzero(ranked.position == row).tolist()), None)
    light = None if ranked.light is None or at is None else finite(float(ranked.light[at]))
    ahead = None if at is None else float(ranked.ahead[at])
    shown = {"side": side.value, "shown": "" if rule.light is None else rule.light.text}
    place = None if at is None else at + 1
    return Place(coin=coin, place=place, of=len(ranked.account), ahead=ahead, light=light, **shown)
