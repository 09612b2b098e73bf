"""Apply a rule to a market."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from adlopt.errors import InputError
from adlopt.foundation.arrays import BoolArray, FloatArray, IntArray
from adlopt.foundation.money import MICRO, micro
from adlopt.model.market import LARGEST_MARKET, Market
from adlopt.model.positions import Side
from adlopt.model.shed import Shed
from adlopt.rules.book import Book, Matches, Tie
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
from adlopt.rules.split import ProRata, Queue, fill, in_order, share_out, shared, shared_by_falling

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
        rule.after(market, shed, done.closed, done.unmatched)
    return done


def _pays(gauge: Gauge, market: Market) -> int:
    """Micro-dollars, between nothing and the whole fund."""
    return int(micro([min(max(gauge.of(market), 0.0), market.fund)])[0])


def _close(book: Book, rule: Rule, close: Close, order: IntArray, allowance: int) -> None:
    tables: dict[tuple[str, Side], _Table] = {}
    everyone, before = position_rows(book.market), len(book.matches)
    keys = list(zip(book.shed.coin, book.shed.side, strict=True))
    signals = {**everyone.signals, "fund_pays": allowance / MICRO}
    everyone = replace(everyone, signals=signals)
    for turn, s in enumerate(order.tolist()):
        key = keys[s]
        if key not in tables:
            against = np.flatnonzero(closes_against(book.market, *key))
            ranked = against[in_order(rule.tie_break, everyone.take(against))]
            tables[key] = _Table.of(close, ranked, everyone.take(ranked))
            if tables[key].sequence is not None:
                here = [other for other in order[turn:].tolist() if keys[other] == key]
                _fill_all(book, tables[key], np.array(here))
        if tables[key].sequence is not None:
            continue
        table, what = tables[key], f"{key[1].opposite.value} {key[0]}"
        where, rows, prices = table.where, table.rows, table.price
        if not (table.plans and table.priced):
            rows = rows.having(_loser(everyone, book, s))
            prices = close.price.values(rows)
            rows = rows.having({"closing_price": prices})
        for k, tier in enumerate(close.tiers):
            left = int(book.lots[s] - book.gone[s])
            if not left:
                break
            if table.plans:
                lots = table.plans[k].lots(book, where, left, what)
            else:
                candidates = rows.limited(_limits(book, tier, rows, where))
                lots = _split(book, tier, candidates, left, turn, what)
            hit = np.flatnonzero(lots)
            at = np.full(hit.size, book.shed.price[s]) if prices is None else prices[hit]
            losers = np.full(hit.size, s)
            book.match(losers, where[hit], lots[hit], at, up=close.rounds_up)
    closed = [np.concatenate(each) for each in zip(*book.matches[before:], strict=True)]
    if closed:
        turns = np.argsort(np.argsort(order)[closed[0]], kind="stable")
        book.matches[before:] = [tuple(each[turns] for each in closed)]  # type: ignore[list-item]


def _fill_all(book: Book, table: _Table, losers: IntArray) -> None:
    """Close what losers of one coin and side hold, one after the other, against one sequence."""
    assert table.sequence is not None
    left, open_ = (book.lots - book.gone)[losers], book.open_[table.where[table.sequence]]
    wanted, offered = np.cumsum(left), np.cumsum(open_)
    ends = np.unique(np.concatenate([wanted, offered]))
    ends = ends[(ends > 0) & (ends <= min(wanted[-1], offered[-1] if offered.size else 0))]
    starts = np.append(0, ends)[:-1]
    who = np.searchsorted(wanted, starts, side="right")
    place = table.sequence[np.searchsorted(offered, starts, side="right")]
    turns = np.lexsort([place, who])
    s, place = losers[who[turns]], place[turns]
    price = book.shed.price[s] if table.price is None else table.price[place]
    book.match(s, table.where[place], (ends - starts)[turns], price, up=False)


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

    Where nothing that tiers read of them depends on the loser, `plans` hold for all losers. The
    `price` is known beforehand where it is `priced`: None is the loser's bankruptcy price. Where
    one queue without equals serves all losers, its `sequence` is that of rows.
    """

    where: IntArray
    rows: Rows
    plans: tuple[_Plan, ...] = ()
    price: FloatArray | None = None
    priced: bool = False
    sequence: IntArray | None = None

    @classmethod
    def of(cls, close: Close, where: IntArray, rows: Rows) -> _Table:
        """Plan what can be, from columns that say nothing of a loser."""
        table = cls(where=where, rows=rows)
        planned = (Queue, ProRata)  # not what derives from them, which may split otherwise
        if any(t.limit is not None or type(t.split) not in planned for t in close.tiers):
            return table
        try:
            table = replace(table, plans=tuple(_Plan.of(tier, rows) for tier in close.tiers))
            price = None if close.price is AT_BANKRUPTCY else close.price.values(rows)
        except InputError:  # a column of the loser, or one that is missing: read row by row
            return table
        sequence, (first, *others) = None, table.plans
        if first.order is not None and not others and not close.rounds_up:
            same = np.array_equal(*first.order)
            sequence = first.chosen[first.order[0]] if same else None
        return replace(table, price=price, priced=True, sequence=sequence)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """How a tier splits over eligible rows: a queue's order and that with ties reversed, or units.

    These are > 0, and `falling` has them so, equal ones as they come.

    `names` are the owners of all rows.
    """

    chosen: IntArray
    names: tuple[str, ...]
    order: tuple[IntArray, IntArray] | None
    units: IntArray
    falling: IntArray

    @classmethod
    def of(cls, tier: Tier, rows: Rows) -> _Plan:
        """Rank, or weigh, once."""
        chosen = np.flatnonzero(tier.eligible.values(rows) != 0)
        candidates, order, units = rows.take(chosen), None, np.zeros(0, dtype=np.int64)
        if isinstance(tier.split, Queue):
            back = np.arange(chosen.size)[::-1]
            order = tier.split.order(candidates), back[tier.split.order(candidates.take(back))]
        else:
            assert isinstance(tier.split, ProRata)
            units = tier.split.units(candidates)
            chosen, units = chosen[units > 0], units[units > 0]
        falling = np.argsort(-units, kind="stable")
        return cls(chosen=chosen, names=rows.account, order=order, units=units, falling=falling)

    def lots(self, book: Book, where: IntArray, amount: int, what: str) -> IntArray:
        """Split what must go, and note where only the tie-break decided."""
        most = book.open_[where[self.chosen]]
        if self.order is not None:
            taken, other = (fill(order, most, amount) for order in self.order)
        else:
            taken, tied = shared_by_falling(self.falling, self.units, most, amount)
            other = shared(self.units[::-1], most[::-1], amount)[0][::-1] if tied else taken
        _note(book, what, [self.names[self.chosen[i]] for i in np.flatnonzero(other != taken)])
        lots = np.zeros(where.size, dtype=np.int64)
        lots[self.chosen] = taken
        return lots


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
        _note(book, what, candidates.take(differ).account)
    return taken


def _note(book: Book, what: str, names: Sequence[str]) -> None:
    """Note between whom only the tie-break decided, if between any."""
    if names:
        book.ties.append(Tie(where=what, accounts=tuple(sorted(names))))
