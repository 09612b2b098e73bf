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
from adlopt.rules.rule import Rule
from adlopt.rules.split import in_order

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
    for each, budget in enumerate(budgets, turn):
        amount = math.floor(budget * MICRO * (1 + ROUNDING))
        haircut = np.zeros(len(rows))
        haircut[order] = _serve(rule, rows, amount, each, whole, beyond) / MICRO
        yield haircut


def _serve(
    rule: Rule, rows: Rows, budget: int, turn: int, lot: FloatArray, beyond: bool
) -> IntArray:
    taken = np.zeros(len(rows), dtype=np.int64)
    for tier in rule.tiers:
        if tier.after_fund and not beyond:
            break
        chosen = np.flatnonzero(tier.eligible.values(rows) != 0)
        most = rows.most
        if tier.limit is not None:
            highest = np.maximum(most / MICRO, LARGEST_MARKET * beyond)
            most = np.floor(np.clip(tier.limit.values(rows), 0, highest) * MICRO)
        most = _whole(most, lot)
        while True:
            left = np.maximum(most - taken, 0)[chosen]
            candidates = rows.take(chosen).limited(left)
            given = tier.split.take(candidates, budget - int(taken.sum()), turn)
            whole = _whole(given, lot[chosen])
            taken[chosen] += whole
            if not whole.any() or (whole == given).all():
                break
    return taken


def _whole(amount: IntArray, lot: FloatArray) -> IntArray:
    """Micro-dollars that whole lots make of an amount."""
    return np.rint(np.floor(amount / lot * (1 + ROUNDING)) * lot).astype(np.int64)
