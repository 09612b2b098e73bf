"""A venue's rule as an allocation: whom it would take from, in a round of dollars."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from adlopt.foundation.arrays import FloatArray, IntArray
from adlopt.foundation.money import MICRO
from adlopt.model.market import LARGEST_MARKET
from adlopt.model.round import RoundStart
from adlopt.policies.allocation import Memoryless
from adlopt.policies.protocols import Haircut, State
from adlopt.rules.rows import Rows, round_rows
from adlopt.rules.rule import Rule, Tier
from adlopt.rules.split import Queue, fill, in_order

ROUNDING = 1e-12
"""Relative distance at which a budget counts as a whole number of micro-dollars."""


@dataclass(frozen=True, slots=True)
class ByRule(Memoryless):
    """Let a rule say who gives, in whole micro-dollars, or in whole lots of a round that has them.

    Sides and prices play no part: a round of dollars knows neither. An account whose lot no longer
    fits ends a queue. The sum stays at or below the budget.
    """

    rule: Rule

    @property
    def name(self) -> str:
        """That of the rule."""
        return self.rule.name

    def allocate(self, state: State, start: RoundStart, budget: float) -> Haircut:
        """Serve the tiers of the rule, one after the other."""
        return next(serve(self.rule, round_rows(start), [budget], turn=start.t, lot=start.lot))


def serve(
    rule: Rule,
    rows: Rows,
    budgets: Iterable[float],
    *,
    turn: int = 0,
    lot: FloatArray | None = None,
    beyond: bool = False,
) -> Iterator[FloatArray]:
    """Split each budget, USD, over rows by the tiers of a rule, one after the other, shape (n,).

    `rows.most` is in micro-dollars, `turn` is the first budget's, for splits that draw, and what is
    taken is a whole multiple of `lot`, USD, shape (n,), else of a micro-dollar. With `beyond`,
    limits that the rule sets itself may exceed those of the rows, and tiers behind the fund serve.
    """
    order = in_order(rule.tie_break, rows)
    rows = rows.take(order)
    whole = np.ones(len(rows)) if lot is None else lot[order] * MICRO
    reached = (tier for tier in rule.tiers if beyond or not tier.after_fund)
    tiers = [_Serving.of(tier, rows, whole, beyond) for tier in reached]
    for each, budget in enumerate(budgets, turn):
        amount, taken = math.floor(budget * MICRO * (1 + ROUNDING)), np.zeros(len(rows), np.int64)
        for tier in tiers:
            tier.serve(taken, amount, each)
        haircut = np.zeros(len(rows))
        haircut[order] = taken / MICRO
        yield haircut


@dataclass(frozen=True, slots=True, kw_only=True)
class _Serving:
    """A tier on rows: what is the same at every budget; `order` is a queue's."""

    tier: Tier
    chosen: IntArray
    rows: Rows
    most: IntArray
    lot: FloatArray
    order: IntArray | None

    @classmethod
    def of(cls, tier: Tier, rows: Rows, lot: FloatArray, beyond: bool) -> _Serving:
        chosen = np.flatnonzero(tier.eligible.values(rows) != 0)
        candidates = rows.take(chosen)
        most = _whole(limits(tier, rows, beyond), lot)[chosen]
        order = tier.split.order(candidates) if type(tier.split) is Queue else None
        return cls(
            tier=tier, chosen=chosen, rows=candidates, most=most, lot=lot[chosen], order=order
        )

    def serve(self, taken: IntArray, budget: int, turn: int) -> None:
        """Add what the tier gives of a budget to what is `taken` of all rows."""
        while True:
            left = np.maximum(self.most - taken[self.chosen], 0)
            amount = budget - int(taken.sum())
            if self.order is not None:
                given = fill(self.order, left, amount)
            else:
                given = self.tier.split.take(self.rows.limited(left), amount, turn)
            whole = _whole(given, self.lot)
            taken[self.chosen] += whole
            if not whole.any() or (whole == given).all():
                return


def limits(tier: Tier, rows: Rows, beyond: bool) -> FloatArray:
    """The most that a tier takes of each row, micro-dollars, shape (n,)."""
    if tier.limit is None:
        return rows.most.astype(np.float64)
    highest = np.maximum(rows.most / MICRO, LARGEST_MARKET * beyond)
    return np.floor(np.clip(tier.limit.values(rows), 0, highest) * MICRO)


def _whole(amount: FloatArray | IntArray, lot: FloatArray) -> IntArray:
    """Micro-dollars that whole lots make of an amount."""
    return np.rint(np.floor(amount / lot * (1 + ROUNDING)) * lot).astype(np.int64)
