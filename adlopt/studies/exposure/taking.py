"""What an account gives at each budget: by positions where a rule closes them, else in dollars."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias

import numpy as np

from adlopt.errors import InputError
from adlopt.foundation.arrays import BoolArray, FloatArray, IntArray, freeze
from adlopt.foundation.money import MICRO, micro
from adlopt.model.market import Market
from adlopt.model.positions import Side, signs
from adlopt.model.round import RoundStart
from adlopt.model.shed import Shed
from adlopt.model.solvency import check_haircut
from adlopt.policies.by_rule import ByRule, limits, serve
from adlopt.policies.protocols import Allocation, Policy
from adlopt.rules.market_rounds import wealth_round
from adlopt.rules.parts import AT_BANKRUPTCY, AT_MARK
from adlopt.rules.rows import Rows, account_rows, debt_by_coin, holder_rows, position_rows
from adlopt.rules.rule import Close, Rule
from adlopt.rules.split import Floored, ProRata

Split: TypeAlias = Allocation | Policy
Queues = dict[tuple[str, Side], tuple[IntArray, float]]
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
        for rows, share in _charged(where, charging, account):
            total += _give(charging, rows, account, share * wanted, beyond=True)
        return freeze(total)
    rows, gone = _profits(where), where.shed()
    for (coin, side), (here, share) in _shares(where, rows, gone).items():
        queue = rows.take(here)
        if account in queue.account:
            queue = _priced(rule.close, gone, queue, coin, side)
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
    mine = np.array([name == account for name in rows.account], dtype=bool)
    if not mine.any():
        return np.zeros(wanted.size)
    if all(type(tier.split) in (ProRata, Floored) for tier in rule.tiers):
        return _in_proportion(rule, rows, mine, wanted, beyond)
    taken = serve(rule, rows, wanted.tolist(), beyond=beyond)
    return np.array([each[mine].sum() for each in taken])


def _in_proportion(
    rule: Rule, rows: Rows, mine: BoolArray, wanted: FloatArray, beyond: bool
) -> FloatArray:
    """min(limit, weight · z), tier after tier, z as each budget needs it: to the micro-dollar.

    A tier gives only when those before it are at their limits.
    """
    given, left, used = np.zeros(wanted.size), wanted, np.zeros(len(rows))
    for tier in (tier for tier in rule.tiers if beyond or not tier.after_fund):
        assert isinstance(tier.split, (ProRata, Floored))
        weight = tier.split.weight.values(rows) * (tier.eligible.values(rows) != 0)
        most = np.maximum(limits(tier, rows, beyond) / MICRO - used, 0.0) * (weight > 0)
        level = most / np.where(weight > 0, weight, 1.0)
        order = np.argsort(level)
        heavier = np.cumsum((weight * (most > 0))[order][::-1])[::-1]
        reached = np.cumsum(most[order]) - most[order] + level[order] * heavier
        sums, levels = np.append(0.0, np.maximum.accumulate(reached)), np.append(0.0, level[order])
        z = np.interp(left, sums, levels)
        given += np.minimum(most[mine], weight[mine] * z[:, None]).sum(axis=1)
        used += most
        left = np.maximum(left - most.sum(), 0.0)
    return given


def _priced(close: Close, gone: Shed, rows: Rows, coin: str, side: Side) -> Rows:
    """Positions with the price at which they would close, where that is the losers' or the mark."""
    if close.price is AT_MARK:
        return rows.having({"closing_price": rows.feature("mark")})
    keys = zip(gone.coin, gone.side, strict=True)
    against = np.array([key == (coin, side.opposite) for key in keys], dtype=bool)
    if close.price is not AT_BANKRUPTCY or not against.any():
        return rows
    price = float(np.average(gone.price[against], weights=gone.size[against]))
    return rows.having({"loser_bankruptcy_price": price, "closing_price": price})


def _charged(market: Market, rule: Rule, account: str) -> list[tuple[Rows, float]]:
    """Solvent accounts with what they hold, and their share of the budget.

    All of them, or for each coin that the account holds those that hold it.
    """
    by_coin = rule.haircut is not None and rule.haircut.by_coin
    solvent, gone = (market.equity >= 0) & market.within_reach, market.shed()
    accounts = account_rows(market).take(solvent)
    shares, held = {"": 1.0}, {""}
    if by_coin:
        shares = _coin_shares(market, gone)
        own = np.flatnonzero(market.owner == market.accounts.account.index(account))
        held = {market.positions.coin[row] for row in own.tolist()}
    return [
        (holder_rows(market, gone, accounts, coin), share)
        for coin, share in shares.items()
        if coin in held
    ]


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


def _shares(market: Market, rows: Rows, gone: Shed) -> Queues:
    """Rows of each coin and side, and the share of the budget that they have to give."""
    assert rows.places is not None
    held, owed, profits = market.positions, dict.fromkeys(_keys(gone), 0.0), rows.most
    for key, gap in zip(_keys(gone), _gaps(gone).tolist(), strict=True):
        owed[key] += max(gap, 0.0)
    of = 2 * market.kind[rows.places] + (market.sign[rows.places] > 0)
    queues: Queues = {}
    for each in np.unique(of).tolist():
        here = np.flatnonzero(of == each)
        first = rows.places[here[0]]
        key = held.coin[first], held.side[first]
        queues[key] = here, owed.get((key[0], key[1].opposite), 0.0)
    if not any(debt for _, debt in queues.values()):
        queues = {key: (here, float(profits[here].sum())) for key, (here, _) in queues.items()}
    total = sum(debt for _, debt in queues.values())
    return {key: (here, debt / total) for key, (here, debt) in queues.items() if debt > 0}


def _keys(gone: Shed) -> list[tuple[str, Side]]:
    return list(zip(gone.coin, gone.side, strict=True))


def _gaps(gone: Shed) -> FloatArray:
    """USD from mark to bankruptcy price, shape (len(gone),)."""
    sides = signs(gone.side)
    return np.asarray(sides * (gone.price - gone.mark) * gone.size)
