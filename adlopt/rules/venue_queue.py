"""Where positions stand in a venue's queue, and how the venue shows it to them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from adlopt.errors import InputError
from adlopt.foundation.arrays import FloatArray, IntArray, Record, freeze, freeze_indices
from adlopt.model.filled import filled
from adlopt.model.market import Market
from adlopt.model.positions import Side
from adlopt.rules.lights import fifths, share_behind
from adlopt.rules.rows import Rows, closes_against, position_rows
from adlopt.rules.rule import Rule
from adlopt.rules.split import Queue, in_order
from adlopt.show.answer import Answer, Columns
from adlopt.show.rules import render_ranking
from adlopt.show.schema.studies import RankingData
from adlopt.show.words import counted


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Ranking(Answer, Record):
    """A venue's queue on one side of a coin, first served first.

    Parameters
    ----------
    rule, coin : str
    side : Side
    shown : str or None
        What kind of light the venue shows.
    account : tuple of str, length n
    position : IntArray, shape (n,)
        Rows of the market's positions.
    ahead : FloatArray, shape (n,)
        Contracts that are served before the position: beyond them it is closed.
    size : FloatArray, shape (n,)
        Contracts.
    rank : IntArray, shape (n,)
        Place in the queue, the first served at 1; equals share the best.
    rating : IntArray, shape (n,)
        1 to 5, the fifth served first at 5: with `rank` and `percentage`, as ccxt names them.
    percentage : FloatArray, shape (n,)
        Share of the positions that are not served before, in percent: the first at 100.
    light : FloatArray, shape (n,), or None
        What the venue shows, where it says how; not a number where it shows nothing.
    """

    rule: str
    coin: str
    side: Side
    shown: str | None
    account: tuple[str, ...]
    position: IntArray
    ahead: FloatArray
    size: FloatArray
    rank: IntArray
    rating: IntArray
    percentage: FloatArray
    light: FloatArray | None

    def _columns(self) -> Columns:
        light = {} if self.light is None else {"light": self.light}
        return {
            "account": self.account,
            "position": self.position,
            "ahead_contracts": self.ahead,
            "size_contracts": self.size,
            "rank": self.rank,
            "rating": self.rating,
            "percentage": self.percentage,
            **light,
        }

    def _heading(self) -> str:
        queued = counted(len(self.account), "position")
        return f"{self.rule}: {queued} {self.side.value} {self.coin}, first served first"

    def __str__(self) -> str:
        return render_ranking(self.data())

    def data(self) -> RankingData:
        """Return the queue in order."""
        return filled(RankingData, self)


def ranking(market: Market, rule: Rule, coin: str, side: Side) -> Ranking:
    """Rank the eligible positions on a side as the rule would serve them.

    Raises
    ------
    InputError
        If the rule closes nothing in an order.
    """
    if rule.close is None or not is_queue(rule):
        raise InputError("rule", rule.name, "a rule that closes positions in an order")
    here = np.flatnonzero(closes_against(market, coin, side.opposite))
    rows = position_rows(market).take(here)
    places, first = served(rule, rows)
    queued = rows.take(places)
    size = queued.feature("size")
    return Ranking(
        rule=rule.name,
        coin=coin,
        side=side,
        shown=None if rule.light is None else rule.light.text,
        account=queued.account,
        position=freeze_indices(here[places]),
        ahead=freeze(np.cumsum(size) - size),
        size=freeze(size),
        rank=freeze_indices(first + 1),
        rating=freeze_indices(1 + fifths(first, size)),
        percentage=freeze(100 * share_behind(first, size)),
        light=None if rule.light is None else rule.light.shown(first, size, queued["upnl"]),
    )


def is_queue(rule: Rule) -> bool:
    """Whether every tier serves in an order."""
    return all(isinstance(tier.split, Queue) for tier in rule.tiers)


def served(rule: Rule, rows: Rows) -> tuple[IntArray, IntArray]:
    """Indices of the eligible rows in the order in which the tiers of a queue serve them.

    And the place of the first of those that are equal to each in all that is published.
    """
    start = in_order(rule.tie_break, rows)
    rows = rows.take(start)
    order, first = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    for tier in rule.tiers:
        assert isinstance(tier.split, Queue)
        eligible = np.flatnonzero(tier.eligible.values(rows) != 0)
        chosen = eligible[~np.isin(eligible, order)]
        chosen = chosen[tier.split.order(rows.take(chosen))]
        keys = [key.values(rows.take(chosen)) for key in (*tier.split.keys, *rule.tie_break)]
        apart = np.arange(chosen.size) == 0
        for key in keys:
            apart[1:] |= key[1:] != key[:-1]
        places = np.maximum.accumulate(np.where(apart, np.arange(chosen.size), 0))
        first = np.append(first, order.size + places)
        order = np.append(order, chosen)
    return start[order], first
