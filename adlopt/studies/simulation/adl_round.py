"""One round of ADL in a running venue: under a venue's rule, or under a policy of dollars."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from adlopt.foundation.arrays import FloatArray, IntArray
from adlopt.foundation.money import MICRO, micro
from adlopt.model.market import Market
from adlopt.model.round import RoundOutcome, RoundStart
from adlopt.model.solvency import check_haircut
from adlopt.policies.grammar import Player
from adlopt.rules.deleverage import deleverage
from adlopt.rules.deleveraging import Deleveraging
from adlopt.rules.market_rounds import wealth_round
from adlopt.rules.rule import Rule
from adlopt.rules.split import fill
from adlopt.studies.players import AS_DECIDED, broken_hedges, with_given
from adlopt.studies.simulation.venue import Venue
from adlopt.studies.simulation.world import FUND, UNPAID


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Event:
    """What a round did; what it needed is known at the next marks.

    `debts`, (d,), and `lots`, (d, m), are what the bankrupt were worth and held at `mark`, (m,);
    `fund_first` is what the fund had to pay before users; money in micro-dollars. `start` is None
    where nothing was left to users: no debt beyond the fund, or no winner. In USD, `haircut`, (n,),
    is what a policy decided, and `raised` and `given` are net of what users gained, and gross.
    """

    debts: IntArray
    lots: IntArray
    mark: IntArray
    fund_first: int
    start: RoundStart | None = None
    haircut: FloatArray | None = None
    raised: float = 0.0
    given: float = 0.0

    def outcome(self, mark: IntArray) -> RoundOutcome:
        """What users had to raise, had the bankrupt been closed at these marks, shape (m,).

        B_t^needed of [CTTX26, Eq. 6], with the next marks for the execution prices.
        """
        worth = self.debts + self.lots @ (mark - self.mark)
        lacking = int(np.maximum(-worth, 0).sum()) - self.fund_first
        return RoundOutcome(needed=max(lacking, 0) / MICRO)


def deleverage_now(
    venue: Venue, player: Player, state: Any, step: int, number: int
) -> Event | None:
    """Deal with the bankrupt, if there are any, and with what the rule says has to go.

    What nobody closes the fund takes over at the mark; what nobody pays is written off, once.
    None where there was nothing to do, or nobody left to do it with.
    """
    gone, rows = venue.bankrupt, venue.present()
    rule = player if isinstance(player, Rule) else AS_DECIDED
    if not gone.size and rule.sheds is Market.shed:
        venue.deleveraging = False
        return None
    if not venue.ledger.lots[rows].any():
        _fund_pays(venue, gone)
        _write_off(venue, gone)
        return None
    market = venue.market(rows)
    venue.deleveraging = True
    event = _open(venue, market, rule, gone, number)
    if not isinstance(player, Rule):
        if event.start is not None:
            decided = player.decide(state, event.start)
            haircut = check_haircut(decided, event.start, who=f"policy {player.name!r}")
            event = replace(event, haircut=np.floor(haircut * MICRO) / MICRO)
        market = with_given(market, event.start, event.haircut)
    done = deleverage(market, rule)
    event = _effects(venue, event, done, rows)
    venue.leaving[_leavers(venue, done, rows, step)] = True
    _carry_out(venue, rows, done)
    _take_over(venue, gone)
    _write_off(venue, gone)
    return event


def _open(venue: Venue, market: Market, rule: Rule, gone: IntArray, number: int) -> Event:
    allowed = micro([min(max(rule.fund.of(market), 0.0), market.fund)])[0]
    debts = venue.value[gone]
    required = int(-debts.sum())
    event = Event(
        debts=debts,
        lots=venue.ledger.lots[gone],
        mark=venue.mark,
        fund_first=min(int(allowed), required),
    )
    deficit = (required - event.fund_first) / MICRO
    if deficit <= 0 or not market.winners.any():
        return event
    expected = venue.expected(event.lots.sum(axis=0))
    estimate = event.outcome(expected).needed
    start = wealth_round(market, t=number, deficit=deficit, estimate=estimate)
    return replace(event, start=start)


def _given(done: Deleveraging) -> FloatArray:
    """USD that accounts gave up, shape (n,): to debts, or as a policy decided."""
    decided = done.market.accounts.features.get("given")
    return np.maximum(done.given, 0.0) if decided is None else decided


def _effects(venue: Venue, event: Event, done: Deleveraging, rows: IntArray) -> Event:
    market, given = done.market, _given(done)
    broken = broken_hedges(market, done.closed * market.lot) & (done.value_before >= 0)
    venue.touched[rows] |= done.gave | (given > 0)
    venue.broken[rows] |= broken
    decided = event.haircut is not None
    return replace(
        event,
        raised=float(given.sum()) if decided else done.raised,
        given=float(given.sum()),
    )


def _leavers(venue: Venue, done: Deleveraging, rows: IntArray, step: int) -> IntArray:
    """Rows of traders whom what they gave drives away."""
    given, market = _given(done), done.market
    profit = np.maximum(market.by_account(market.upnl), 1 / MICRO)
    likely = -np.expm1(-venue.world.scenario.churn * given / profit)
    chance = np.append(venue.world.chance[step], 1.0)
    return rows[(rows < venue.leaving.size) & (chance[rows] < likely)]


def _carry_out(venue: Venue, rows: IntArray, done: Deleveraging) -> None:
    """Carry over to the ledger: lots change hands at the mark, dollars beside them.

    What a policy took beyond all debts goes to the fund.
    """
    market, ledger, n = done.market, venue.ledger, venue.ledger.cash.size
    sign, first = market.sign.astype(np.int64), n * market.kind
    bought = np.zeros(n * venue.mark.size, dtype=np.int64)
    np.subtract.at(bought, first + rows[market.owner], sign * done.closed)
    np.add.at(bought, first[done.rows] + n + FUND, sign[done.rows] * done.taken_over)
    for c, price in enumerate(venue.mark.tolist()):
        ledger.exchange(c, bought[n * c : n * c + n], price)
    received = np.zeros_like(ledger.cash)
    received[rows] = done.transfer
    received[FUND] += done.fund_change
    decided = market.accounts.features.get("given")
    if decided is not None:
        excess = micro(decided) - done.haircut
        received[rows] -= excess
        received[FUND] += excess.sum()
    ledger.pay(received)


def _take_over(venue: Venue, gone: IntArray) -> None:
    for coin, price in enumerate(venue.mark.tolist()):
        bought = np.zeros_like(venue.ledger.cash)
        bought[gone] = -venue.ledger.lots[gone, coin]
        bought[FUND] -= bought.sum()
        venue.ledger.exchange(coin, bought, price)


def _fund_pays(venue: Venue, gone: IntArray) -> None:
    """Pay what the bankrupt lack, while the fund lasts, where no position is left to close."""
    value, received = venue.value, np.zeros_like(venue.ledger.cash)
    received[gone] = fill(np.arange(gone.size), -value[gone], max(int(value[FUND]), 0))
    received[FUND] = -received.sum()
    venue.ledger.pay(received)


def _write_off(venue: Venue, gone: IntArray) -> None:
    received = np.zeros_like(venue.ledger.cash)
    received[gone] = np.maximum(-venue.value[gone], 0)
    received[UNPAID] -= received.sum()
    venue.ledger.pay(received)
