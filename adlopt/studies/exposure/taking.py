"""What an account gives at each budget: by positions where a rule closes them, else in dollars."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias

import numpy as np

from adlopt.errors import InputError
from adlopt.foundation.arrays import FloatArray, freeze
from adlopt.foundation.money import micro
from adlopt.model.market import Market
from adlopt.model.positions import Side
from adlopt.model.round import RoundStart
from adlopt.model.shed import Shed
from adlopt.model.solvency import check_haircut
from adlopt.policies.by_rule import ByRule, serve
from adlopt.policies.protocols import Allocation, Policy
from adlopt.rules.market_rounds import wealth_round
from adlopt.rules.parts import AT_BANKRUPTCY, AT_MARK
from adlopt.rules.rows import Rows, debt_by_coin, holder_rows, position_rows
from adlopt.rules.rule import Close, Rule

Split: TypeAlias = Allocation | Policy
Queues = dict[tuple[str, Side], float]
NO_WINNERS = "a market in which a solvent account has a profit"


def winners(where: Market | RoundStart) -> RoundStart:
    """Who may give, in dollars."""
    if isinstance(where, RoundStart):
        return where
    if not where.winners.any():
        raise InputError("positions", "no winner", NO_WINNERS)
    return wealth_round(where)


def haircuts(
    split: Split, where: Market | RoundStart, account: str, wanted: FloatArray
) -> FloatArray:
    """USD that an account gives at budgets of shape (b,), shape (b,).

    In a market, a rule that closes positions serves each coin and side on its own, with a share of
    the budget in proportion to the debt against which it would close, or to its profits where
    nobody is bankrupt. A rule of haircuts charges solvent accounts within the limits that it sets,
    as does one that closes at the mark and takes dollars beside; one that charges by coin splits
    the budget by the debts, or by open interest where nobody is bankrupt. Everything else splits
    dollars over the winners; a policy decides on its own about the budget as a deficit. What closes
    at bankruptcy prices does so at their average; what is drawn, is drawn anew at each budget.
    """
    if isinstance(where, RoundStart) or not isinstance(split, ByRule):
        start = winners(where)
        mine = np.array([name == account for name in start.account])
        taken = [_decide(split, start, usd) for usd in wanted.tolist()]
        who = f"rule {split.name!r}"
        return freeze([check_haircut(each, start, who=who)[mine].sum() for each in taken])
    rule = split.rule
    total = np.zeros(wanted.size)
    if rule.close is None or (rule.haircut is not None and rule.close.price is AT_MARK):
        charging = replace(rule, close=None)
        for rows, share in _charged(where, charging):
            total += _give(charging, rows, account, share * wanted, beyond=True)
        return freeze(total)
    rows = _profits(where)
    for (coin, side), share in _shares(where, rows).items():
        here = np.array([key == (coin, side) for key in _keys(where, rows)])
        queue = _priced(rule.close, where, rows.take(here), coin, side)
        total += _give(rule, queue, account, share * wanted)
    return freeze(total)


def closes_at_mark(rule: Rule) -> bool:
    """Whether what the rule closes keeps its profit, and nothing is taken beside."""
    return rule.close is not None and rule.close.price is AT_MARK and rule.haircut is None


def _decide(split: Split, start: RoundStart, usd: float) -> FloatArray:
    if hasattr(split, "allocate"):
        return split.allocate(split.begin(), start, usd)
    return split.decide(split.begin(), replace(start, deficit=usd, estimate=usd))


def _give(
    rule: Rule, rows: Rows, account: str, wanted: FloatArray, *, beyond: bool = False
) -> FloatArray:
    mine = np.array([name == account for name in rows.account])
    taken = serve(rule, rows, wanted.tolist(), beyond=beyond)
    return np.array([each[mine].sum() for each in taken])


def _priced(close: Close, market: Market, rows: Rows, coin: str, side: Side) -> Rows:
    """Positions with the price at which they would close, where that is the losers' or the mark."""
    if close.price is AT_MARK:
        return rows.having({"closing_price": rows.feature("mark")})
    gone = market.shed()
    keys = zip(gone.coin, gone.side, strict=True)
    against = np.array([key == (coin, side.opposite) for key in keys], dtype=bool)
    if close.price is not AT_BANKRUPTCY or not against.any():
        return rows
    price = float(np.average(gone.price[against], weights=gone.size[against]))
    return rows.having({"loser_bankruptcy_price": price, "closing_price": price})


def _charged(market: Market, rule: Rule) -> list[tuple[Rows, float]]:
    """Solvent accounts with what they hold, and their share of the budget: of each coin, or all."""
    by_coin = rule.haircut is not None and rule.haircut.by_coin
    solvent, gone = np.flatnonzero((market.equity >= 0) & market.within_reach), market.shed()
    shares = _coin_shares(market, gone) if by_coin else {"": 1.0}
    return [(holder_rows(market, gone, solvent, coin), share) for coin, share in shares.items()]


def _coin_shares(market: Market, gone: Shed) -> dict[str, float]:
    """Share of the debt in each coin; of open interest where nobody is bankrupt."""
    owed = debt_by_coin(market, gone)
    if not owed:
        for coin, usd in zip(market.positions.coin, market.notional.tolist(), strict=True):
            owed[coin] = owed.get(coin, 0.0) + usd
    return {coin: owed[coin] / sum(owed.values()) for coin in sorted(owed)}


def _profits(market: Market) -> Rows:
    """Positions of solvent accounts that make a profit, and what they may give of it.

    Losses of its other positions lower what an account may give, of each in proportion.
    """
    gain = np.maximum(market.upnl, 0.0)
    net, gross = np.maximum(market.by_account(market.upnl), 0.0), market.by_account(gain)
    share = net / np.where(gross > 0, gross, 1.0) * ((market.equity > 0) & market.within_reach)
    most = gain * share[market.owner]
    return position_rows(market).limited(micro(most)).take(most > 0)


def _keys(market: Market, rows: Rows) -> list[tuple[str, Side]]:
    assert rows.places is not None
    held = market.positions
    return [(held.coin[place], held.side[place]) for place in rows.places.tolist()]


def _shares(market: Market, rows: Rows) -> Queues:
    """Share of the budget that each queue of a coin and side has to give."""
    debts: Queues = dict.fromkeys(_keys(market, rows), 0.0)
    mark = dict(zip(market.coins.coin, market.coins.mark.tolist(), strict=True))
    gone = market.shed()
    columns = (gone.coin, gone.side, gone.size.tolist(), gone.price.tolist())
    for coin, side, size, price in zip(*columns, strict=True):
        if (coin, side.opposite) in debts:
            debts[coin, side.opposite] += max(side.sign * (price - mark[coin]) * size, 0.0)
    if not any(debts.values()):
        for key, most in zip(_keys(market, rows), rows.most.tolist(), strict=True):
            debts[key] += float(most)
    total = sum(debts.values())
    return {key: debt / total for key, debt in debts.items() if debt > 0}
