"""Apply a rule to a market."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from adlopt.errors import InputError
from adlopt.foundation.arrays import BoolArray, IntArray
from adlopt.foundation.money import MICRO, micro
from adlopt.model.market import LARGEST_MARKET, Market
from adlopt.model.positions import Side
from adlopt.model.shed import Shed
from adlopt.rules.book import Book
from adlopt.rules.deleveraging import Deleveraging, Tie
from adlopt.rules.matches import Matches
from adlopt.rules.rows import (
    Rows,
    account_rows,
    closes_against,
    debt_by_coin,
    holder_rows,
    position_rows,
)
from adlopt.rules.rule import Close, Gauge, Haircut, Rule, Tier
from adlopt.rules.split import in_order, share_out

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
    >>> from adlopt.rules.on_chain import ETHEREAL
    >>> market = Market(
    ...     accounts=Accounts(account=["A", "B"], balance=[2000, 8000], opened=[1, 2]),
    ...     coins=Coins(coin=["ETH"], mark=[3600], lot=[0.01]),
    ...     positions=OpenPositions(account=["A", "B"], coin=["ETH", "ETH"],
    ...                             side=["long", "short"], size=[10, 10], entry=[4000, 4000]))
    >>> done = deleverage(market, ETHEREAL)
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
    if rule.close is not None and len(shed):
        order = rule.close.losers.order(position_rows(market).take(book.rows))
        if rule.close.fund_takes_positions or not triggered:
            allowance -= book.take_over(order, allowance)
    if triggered and rule.close is not None:
        _close(book, rule, rule.close, order, allowance)
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
        closings=Matches.joined(book.matches),
        haircut=book.haircut,
        transfer=book.value - book.start,
        fund_change=book.fund - int(micro([market.fund])[0]),
        ties=tuple(book.ties),
    )
    if rule.after is not None:
        rule.after(done)
    return done


def _pays(gauge: Gauge, market: Market) -> int:
    """Micro-dollars, between nothing and the whole fund."""
    return int(micro([min(max(gauge.of(market), 0.0), market.fund)])[0])


def _close(book: Book, rule: Rule, close: Close, order: IntArray, allowance: int) -> None:
    tables: dict[tuple[str, Side], tuple[IntArray, Rows]] = {}
    everyone = position_rows(book.market)
    signals = {**everyone.signals, "fund_pays": allowance / MICRO}
    everyone = replace(everyone, signals=signals)
    for turn, s in enumerate(order.tolist()):
        key = book.shed.coin[s], book.shed.side[s]
        if key not in tables:
            against = np.flatnonzero(closes_against(book.market, *key))
            ranked = against[in_order(rule.tie_break, everyone.take(against))]
            tables[key] = ranked, everyone.take(ranked)
        where, rows = tables[key]
        rows = rows.having(_loser(everyone, book, s))
        prices = close.price.values(rows)
        rows = rows.having({"closing_price": prices})
        for tier in close.tiers:
            left = int(book.lots[s] - book.gone[s])
            if not left:
                break
            limits = book.open_[where]
            if tier.limit is not None:
                cap = np.floor(tier.limit.values(rows) / rows.feature("lot")).astype(np.int64)
                taken = book.held[where] - limits
                limits = np.clip(cap - taken, 0, limits)
            candidates = rows.limited(limits)
            lots = _split(book, tier, candidates, left, turn, f"{key[1].opposite.value} {key[0]}")
            hit = lots > 0
            book.match(s, where[hit], lots[hit], prices[hit], up=close.rounds_up)


def _loser(everyone: Rows, book: Book, s: int) -> dict[str, float]:
    row = int(book.rows[s])
    columns = {f"loser_{n}": float(column[row]) for n, column in everyone.features.items()}
    return columns | {"loser_bankruptcy_price": float(book.shed.price[s])}


def _take(book: Book, rule: Rule, haircut: Haircut, kept: int) -> None:
    """Take what is unpaid, tier after tier; the fund, where it pays between, keeps so much."""
    pots = _pots(book) if haircut.by_coin else [("", book.unpaid())]
    solvent = np.flatnonzero((book.start >= 0) & book.market.within_reach)
    where = solvent[in_order(rule.tie_break, account_rows(book.market).take(solvent))]
    for coin, amount in pots:
        holders = holder_rows(book.market, book.shed, where, coin)
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
    taken[chosen] = tier.split.take(candidates, amount, turn)
    if not tier.split.free:
        back = np.arange(len(candidates))[::-1]
        other = tier.split.take(candidates.take(back), amount, turn)[back]
        differ = np.flatnonzero(other != taken[chosen])
        if differ.size:
            names = tuple(sorted(candidates.take(differ).account))
            book.ties.append(Tie(where=what, accounts=names))
    return taken
