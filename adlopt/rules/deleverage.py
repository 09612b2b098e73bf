"""Apply a rule to a market."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from operator import itemgetter
from typing import TypeAlias

import numpy as np

from adlopt.errors import InputError
from adlopt.foundation.arrays import BoolArray, IntArray
from adlopt.foundation.money import MICRO, micro
from adlopt.model.market import LARGEST_MARKET, Market
from adlopt.model.positions import Side
from adlopt.model.shed import Shed
from adlopt.rules.book import Book, Tie
from adlopt.rules.deleveraging import Deleveraging
from adlopt.rules.parts import AT_BANKRUPTCY
from adlopt.rules.rows import (
    Rows,
    account_rows,
    closes_against,
    debt_by_coin,
    holder_rows,
    position_rows,
)
from adlopt.rules.rule import Close, Gauge, Haircut, Rule, Tier
from adlopt.rules.split import (
    NONE,
    ProRata,
    Queue,
    Served,
    Split,
    fill,
    in_order,
    share_out,
    shared_in_turn,
)

Plan: TypeAlias = Callable[[IntArray, IntArray], Iterator[Served]]
"""From what rows may give, and amounts that they are asked for, to what they serve."""
PLANNED = (Queue, ProRata)
"""Splits that serve many amounts at once; what derives of them may split otherwise."""
NO_RULE = "adlopt.deleverage takes names and policies too"


def deleverage(
    market: Market, rule: Rule, shed: Shed | None = None, *, called: str = ""
) -> Deleveraging:
    """Let a rule deal with what must go, or with the positions of the bankrupt unless given.

    Ranks and weights are those of the market before; sizes shrink as positions close. The fund
    takes over positions at their bankruptcy price, then pays in cash, as far as the rule lets it
    pay first; users follow; what is left, the fund pays as far as the rule lets it pay in all. What
    is done is `called` by the rule's name unless another is given.

    Examples
    --------
    >>> from adlopt.model.market import Accounts, Coins, OpenPositions
    >>> from adlopt.rules import rule_named
    >>> market = Market(
    ...     accounts=Accounts(account=["A", "B"], balance=[2000, 8000], opened=[1, 2]),
    ...     coins=Coins(coin=["ETH"], mark=[3600], lot=[0.01]),
    ...     positions=OpenPositions(account=["A", "B"], coin=["ETH", "ETH"],
    ...                             side=["long", "short"], size=[10, 10], entry=[4000, 4000]))
    >>> done = deleverage(market, rule_named("ethereal"))
    >>> done.given, done.deficit_left
    (array([   0., 2000.]), 0.0)
    """
    if not isinstance(rule, Rule):
        raise InputError("rule", rule, "a Rule", remedy=NO_RULE)
    shed = rule.sheds(market) if shed is None else shed
    book = Book.of(market, shed)
    allowance, most = _pays(rule.fund, market), _pays(rule.residual, market)
    kept = book.fund - most
    calls = book.unpaid() > allowance or (not book.unpaid() and len(shed) > 0)
    triggered = calls and bool(rule.trigger.of(market))
    if not triggered:
        allowance = book.fund
    order = np.arange(len(shed))
    if rule.close is not None:
        everyone = position_rows(market)
        order = rule.close.losers.order(everyone.take(book.rows))
        if rule.close.fund_takes_positions or not triggered:
            allowance -= book.take_over(order, allowance)
    if triggered and rule.close is not None:
        _close(book, rule, rule.close, order, everyone, allowance)
    book.pay(min(allowance, book.unpaid()))
    if triggered and rule.haircut is not None and book.unpaid():
        _take(book, rule, rule.haircut, kept)
    book.pay(min(book.unpaid(), max(book.fund - kept, 0)))
    done = Deleveraging(
        rule=rule,
        called=called,
        market=market,
        shed=shed,
        triggered=triggered,
        closings=book.closings(order),
        haircut=book.haircut,
        transfer=book.value - book.start,
        fund_change=book.fund - int(micro([market.fund])[0]),
        ties=tuple(tie for _, tie in book.ties),
    )
    if rule.after is not None:
        rule.after(market, shed, done.closed, done.unmatched)
    return done


def _pays(gauge: Gauge, market: Market) -> int:
    """Micro-dollars, between nothing and the whole fund."""
    return int(micro([min(max(gauge.of(market), 0.0), market.fund)])[0])


def _close(
    book: Book, rule: Rule, close: Close, order: IntArray, everyone: Rows, allowance: int
) -> None:
    tables: dict[tuple[str, Side], _Table] = {}
    keys = list(zip(book.shed.coin, book.shed.side, strict=True))
    signals = {**everyone.signals, "fund_pays": allowance / MICRO}
    everyone = replace(everyone, signals=signals)
    for turn, s in enumerate(order.tolist()):
        key, what = keys[s], f"{keys[s][1].opposite.value} {keys[s][0]}"
        if key not in tables:
            against = np.flatnonzero(closes_against(book.market, *key))
            where = against[in_order(rule.tie_break, everyone.take(against))]
            tables[key] = _Table.of(close, where, everyone.take(where))
            if tables[key].plan is not None:
                here = [each for each in enumerate(order.tolist()) if keys[each[1]] == key]
                _serve(book, close, tables[key], here, what)
        if tables[key].plan is not None:
            continue
        where, rows = tables[key].where, tables[key].rows
        rows = rows.against(book.rows[s], book.shed.price[s])
        prices = close.price.values(rows)
        rows = rows.having({"closing_price": prices})
        for tier in close.tiers:
            left = int(book.lots[s] - book.gone[s])
            if not left:
                break
            candidates = rows.limited(_limits(book, tier, rows, where))
            lots = _split(book, tier, candidates, left, turn, what)
            hit = np.flatnonzero(lots)
            took = where[hit, None], lots[hit, None], prices[hit, None]
            book.match(np.full((hit.size, 1), s), *took, up=close.rounds_up)
    book.ties.sort(key=itemgetter(0))


def _serve(
    book: Book, close: Close, table: _Table, losers: list[tuple[int, int]], what: str
) -> None:
    """Close what losers of one coin and side hold, each with its turn, one after the other."""
    here, open_ = np.array([s for _, s in losers]), book.open_[table.where[table.chosen]]
    assert table.plan is not None
    for who, place, lots, tied in table.plan(open_, (book.lots - book.gone)[here]):
        for i, rows in tied.items():
            _note(book, losers[i][0], what, table.rows.take(table.chosen[rows]).account)
        s, at = here[who], table.chosen[place]
        price = book.shed.price[s]
        if close.price is not AT_BANKRUPTCY:
            price = close.price.values(table.rows.take(at).against(book.rows[s], price))
        book.match(s, table.where[at], lots, price, up=False)


def _planned(split: Split, rows: Rows) -> Plan:
    """How an order, or weights, serve amounts that rows are asked for one after the other."""
    if isinstance(split, ProRata):
        return partial(shared_in_turn, split.units(rows))
    assert isinstance(split, Queue)
    back = np.arange(len(rows))[::-1]
    return partial(_queued, split.order(rows), back[split.order(rows.take(back))])


def _queued(
    first: IntArray, other: IntArray, open_: IntArray, amounts: IntArray
) -> Iterator[Served]:
    """Fill amounts one after the other from one queue, and see what its order of equals does."""
    ends_wanted, ends_open = np.cumsum(amounts), np.cumsum(open_[first])
    most = min(ends_wanted[-1], ends_open[-1] if ends_open.size else 0)
    ends = np.unique(np.concatenate([ends_wanted, ends_open]))
    ends = ends[(ends > 0) & (ends <= most)]
    starts = np.append(0, ends)[:-1]
    who = ends_wanted.searchsorted(starts, side="right")
    place = first[ends_open.searchsorted(starts, side="right")]
    at = np.empty_like(other)
    at[other] = np.arange(other.size)
    alike = np.append(True, np.maximum.accumulate(at[first]) == np.arange(first.size))
    last = np.minimum(ends_open.searchsorted(ends_wanted), first.size)
    tied = {}
    for i in np.flatnonzero(~alike[last] | ~alike[np.minimum(last + 1, first.size)]).tolist():
        gone = int(ends_wanted[i] - amounts[i])
        left = np.zeros_like(open_)
        left[first] = np.clip(ends_open - gone, 0, open_[first])
        differ = fill(first, left, int(amounts[i])) != fill(other, left, int(amounts[i]))
        tied[i] = np.flatnonzero(differ)
    turns = np.lexsort([place, who])
    yield who[turns, None], place[turns, None], (ends - starts)[turns, None], tied


def _limits(book: Book, tier: Tier, rows: Rows, where: IntArray) -> IntArray:
    """Lots that a tier may still close of positions."""
    open_ = book.open_[where]
    if tier.limit is None:
        return open_
    cap = np.floor(tier.limit.values(rows) / rows.feature("lot")).astype(np.int64)
    return np.clip(cap - (book.held[where] - open_), 0, open_)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    """Positions against which those of a coin and side close, in the order of the tie-break.

    There is a plan, by which the `chosen` rows serve all losers at once, where there is one tier
    and nothing that it reads depends on the loser.
    """

    where: IntArray
    rows: Rows
    chosen: IntArray
    plan: Plan | None = None

    @classmethod
    def of(cls, close: Close, where: IntArray, rows: Rows) -> _Table:
        """Plan if that can be, from columns that say nothing of a loser."""
        tier, split = close.tiers[0], close.tiers[0].split
        alone = cls(where=where, rows=rows, chosen=NONE)
        many = len(close.tiers) > 1 or tier.limit is not None or close.rounds_up
        if many or type(split) not in PLANNED:
            return alone
        try:
            chosen = np.flatnonzero(tier.eligible.values(rows) != 0)
            return replace(alone, chosen=chosen, plan=_planned(split, rows.take(chosen)))
        except InputError:  # a column of the loser, or one that is missing: read row by row
            return alone


def _take(book: Book, rule: Rule, haircut: Haircut, kept: int) -> None:
    """Take what is unpaid, tier after tier; the fund, where it pays between, keeps so much."""
    pots = _pots(book) if haircut.by_coin else [("", book.unpaid())]
    solvent = np.flatnonzero((book.start >= 0) & book.market.within_reach)
    accounts = account_rows(book.market).take(solvent)
    accounts = accounts.take(in_order(rule.tie_break, accounts))
    for coin, amount in pots:
        holders = holder_rows(book.market, book.shed, accounts, coin)
        assert holders.places is not None
        left, since = amount, book.value.copy() if haircut.by_coin else book.start
        for tier in haircut.tiers:
            if tier.after_fund:
                left -= book.pay(min(left, max(book.fund - kept, 0)))
            if left > 0:
                left -= _cut(book, tier, holders, holders.places, left, since)


def _cut(book: Book, tier: Tier, rows: Rows, where: IntArray, amount: int, since: IntArray) -> int:
    """Take dollars of one tier, hand them to losers, the excess to the fund; what was taken.

    Limits hold for all that an account lost `since` it was worth so much.
    """
    limits = rows.most
    if tier.limit is not None:
        usd = np.clip(tier.limit.values(rows), 0.0, LARGEST_MARKET)
        limits = np.floor(usd * MICRO).astype(np.int64)
    lost = since[where] - book.value[where]
    limits = np.maximum(limits - np.maximum(lost, 0), 0)
    taken = _split(book, tier, rows.limited(limits), amount, 0, "haircuts")
    book.haircut[where] += taken
    book.value[where] -= taken
    raised = int(taken.sum())
    book.fund += raised - book.share(raised)
    return raised


def _pots(book: Book) -> list[tuple[str, int]]:
    """The unpaid debt by coin, in proportion to what each bears."""
    debts, unpaid = debt_by_coin(book.market, book.shed), book.unpaid()
    no_limit = np.full(len(debts), unpaid, dtype=np.int64)
    shares = share_out(np.array(list(debts.values())), no_limit, unpaid)
    return list(zip(debts, shares.tolist(), strict=True))


def _split(book: Book, tier: Tier, rows: Rows, amount: int, turn: int, what: str) -> IntArray:
    """Split over the eligible rows, and note where only the tie-break decided."""
    chosen: BoolArray = (tier.eligible.values(rows) != 0) & (rows.most > 0)
    taken = np.zeros(len(rows), dtype=np.int64)
    if not chosen.any():
        return taken
    candidates = rows.take(chosen)
    if type(tier.split) in PLANNED:
        plan, where = _planned(tier.split, candidates), np.flatnonzero(chosen)
        for _, place, given, tied in plan(candidates.most, np.array([amount])):
            taken[where[place]] = given
            for differ in tied.values():
                _note(book, turn, what, candidates.take(differ).account)
        return taken
    taken[chosen] = tier.split.take(candidates, amount, turn)
    if not tier.split.free:
        back = np.arange(len(candidates))[::-1]
        other = tier.split.take(candidates.take(back), amount, turn)[back]
        differ = np.flatnonzero(other != taken[chosen])
        _note(book, turn, what, candidates.take(differ).account)
    return taken


def _note(book: Book, turn: int, what: str, names: Sequence[str]) -> None:
    """Note between whom only the tie-break decided, if between any."""
    if names:
        book.ties.append((turn, Tie(where=what, accounts=tuple(sorted(names)))))
