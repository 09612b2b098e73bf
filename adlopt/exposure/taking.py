"""What an account gives at each budget: by positions where a rule closes them, else in dollars."""

from __future__ import annotations

import numpy as np

from adlopt.arrays import FloatArray, freeze
from adlopt.errors import InputError
from adlopt.market import Market
from adlopt.online import Allocation
from adlopt.policies.by_rule import ByRule, serve
from adlopt.positions import Side
from adlopt.round import RoundStart
from adlopt.rules.rounds import wealth_round
from adlopt.rules.rows import Rows, account_rows, micro, position_rows
from adlopt.rules.rule import Rule
from adlopt.solvency import check_haircut

Queues = dict[tuple[str, Side], float]
NO_WINNERS = "a market in which a solvent account has a profit"


def winners(where: Market | RoundStart) -> RoundStart:
    """Who may give, in dollars.

    Raises
    ------
    InputError
        If nobody in a market wins.
    """
    if isinstance(where, RoundStart):
        return where
    wins = (where.by_account(where.upnl) > 0) & (where.equity > 0)
    if not wins.any():
        raise InputError("positions", "no winner", NO_WINNERS)
    return wealth_round(where)


def haircuts(
    allocation: Allocation, where: Market | RoundStart, account: str, wanted: FloatArray
) -> FloatArray:
    """USD that an account gives at budgets of shape (b,), shape (b,).

    In a market, a rule that closes positions serves each coin and side on its own, with a share of
    the budget in proportion to the debt against which it would close, or to its profits where
    nobody is bankrupt. A rule of haircuts charges solvent accounts within the limits that it sets.
    Everything else splits dollars over the winners.

    Raises
    ------
    InputError
        If a feature or signal that the rule reads is missing.
    """
    if isinstance(where, RoundStart) or not isinstance(allocation, ByRule):
        start = winners(where)
        mine = np.array([name == account for name in start.account])
        taken = [allocation.allocate(allocation.begin(), start, usd) for usd in wanted.tolist()]
        who = f"rule {allocation.name!r}"
        return freeze([check_haircut(each, start, who=who)[mine].sum() for each in taken])
    rule = allocation.rule
    if rule.close is None:
        return _give(rule, _solvent(where, rule), account, wanted, beyond=True)
    rows = _profits(where)
    total = np.zeros(wanted.size)
    for (coin, side), share in _shares(where, rows).items():
        here = np.array([key == (coin, side) for key in _keys(where, rows)])
        total += _give(rule, rows.take(here), account, share * wanted)
    return freeze(total)


def _give(
    rule: Rule, rows: Rows, account: str, wanted: FloatArray, *, beyond: bool = False
) -> FloatArray:
    mine = np.array([name == account for name in rows.account])
    given = [serve(rule, rows, usd, beyond=beyond)[mine].sum() for usd in wanted.tolist()]
    return np.array(given)


def _solvent(market: Market, rule: Rule) -> Rows:
    if rule.haircut is not None and rule.haircut.by_coin and len(market.coins.coin) > 1:
        expected = "a rule that need not know in which coin the debt is"
        raise InputError("rule", rule.name, expected, remedy="give a market of one coin")
    return account_rows(market).take(market.equity >= 0)


def _profits(market: Market) -> Rows:
    """Positions of solvent accounts that make a profit, and what they may give of it.

    Losses of its other positions lower what an account may give, of each in proportion.
    """
    gain = np.maximum(market.upnl, 0.0)
    net, gross = np.maximum(market.by_account(market.upnl), 0.0), market.by_account(gain)
    share = net / np.where(gross > 0, gross, 1.0) * (market.equity > 0)
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
