"""Positions in whole lots, exact in integer micro-dollars, account by account.

At worst burden z an account can give at most min(u_i, ⌊z w_i⌋) micro-dollars, and what its lots
can make of that is a knapsack of its own. Levels are fractions and money is integers: no rounding
decides anything.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from adlopt.errors import InputError
from adlopt.foundation.arrays import BoolArray, FloatArray, IntArray
from adlopt.model.budget import Budget
from adlopt.model.limits import NO_LIMITS, Limits
from adlopt.model.loss import MinMax
from adlopt.model.positions import ContractRound
from adlopt.optimum.lots.lot_grid import MICRO, MOST_MICRO, whole_budget, whole_micros

FLOAT_DOUBT = 2e-15
"""Relative distance from a whole number within which a float product is computed exactly."""
COVERED = 1e-12
"""Relative distance within which a capacity counts as what the lots are worth, added up."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ContractGrid:
    """The integer side of a round in contract space: n accounts that can give, m positions.

    Positions stand account by account, the largest lot first; those that can give nothing (no
    whole lot, no value, a protected owner) are left out.

    Parameters
    ----------
    account : IntArray, shape (n,)
        Index of each account in the round.
    row : IntArray, shape (m,)
        Index of each position in the round.
    start : IntArray, shape (n + 1,)
        Where each account's positions begin.
    lot, most : IntArray, shape (m,)
        Micro-dollars a lot, and lots held; both > 0.
    step, worth : IntArray, shape (m,)
        Greatest common divisor, and total, of a position and those after it in its account.
    cap : IntArray, shape (n,)
        Micro-dollars that an account may give; what its lots are worth if that is less.
    weight : FloatArray, shape (n,)
        USD. Denominators of the burdens, > 0.
    least, highest : int
        Micro-dollars. Sums in between count as raising the budget.
    """

    account: IntArray
    row: IntArray
    start: IntArray
    lot: IntArray
    most: IntArray
    step: IntArray
    worth: IntArray
    cap: IntArray
    weight: FloatArray
    least: int
    highest: int

    @classmethod
    def of(
        cls,
        round_: ContractRound,
        loss: MinMax,
        budget: Budget,
        limits: Limits = NO_LIMITS,
    ) -> ContractGrid:
        """Count in micro-dollars what the limits leave.

        Raises
        ------
        InputError
            If a lot value or an exact budget is no whole number of them, or all the lots together
            exceed 64 bits of them.
        """
        least, highest = _sums(round_.needed, budget)
        lot_value, remedy = round_.positions.lot_value, "ContractRound.rounded() rounds them"
        lot = whole_micros(lot_value, "positions.lot_value", remedy)
        most = limits.most_lots(round_.positions)
        weight, owner = limits.denominators(loss.weights(round_.start)), round_.owner
        _refuse_overflow(lot, most)
        usable = np.flatnonzero((lot > 0) & (most > 0) & (weight[owner] > 0))
        row = usable[np.lexsort((-lot[usable], owner[usable]))]
        account, first = np.unique(owner[row], return_index=True)
        start = np.append(first, row.size)
        lot, most = lot[row], most[row]
        step, worth = _suffixes(lot, most, start)
        whole = worth[first] if row.size else np.zeros(0, dtype=np.int64)
        capacity = limits.most(round_.start)[account]
        covered = capacity * MICRO >= whole * (1 - COVERED)
        cap = np.where(covered, whole, np.minimum(_floor(capacity * MICRO), whole))
        return cls(
            account=account,
            row=row,
            start=start,
            lot=lot,
            most=most,
            step=step,
            worth=worth,
            cap=cap,
            weight=weight[account],
            least=least,
            highest=highest,
        )

    def among(self, accounts: BoolArray) -> ContractGrid:
        """Some of its accounts, shape (n,), alone."""
        rows = accounts[self.owner]
        return replace(
            self,
            account=self.account[accounts],
            row=self.row[rows],
            start=np.append(0, np.cumsum(np.diff(self.start)[accounts])),
            lot=self.lot[rows],
            most=self.most[rows],
            step=self.step[rows],
            worth=self.worth[rows],
            cap=self.cap[accounts],
            weight=self.weight[accounts],
        )

    def missing(self, given: int) -> ContractGrid:
        """What is left to raise when so many micro-dollars are given."""
        endless = self.highest >= MOST_MICRO
        highest = self.highest if endless else self.highest - given
        return replace(self, least=self.least - given, highest=highest)

    @property
    def whole(self) -> IntArray:
        """Micro-dollars that all lots of an account are worth, shape (n,)."""
        return self.worth[self.start[:-1]]

    @property
    def owner(self) -> IntArray:
        """Account, counted from 0 in this grid, of each position, shape (m,)."""
        return np.repeat(np.arange(self.cap.size), np.diff(self.start))

    def amounts(self, counts: IntArray) -> IntArray:
        """Micro-dollars that so many lots, shape (m,), take from each account, (n,)."""
        if not counts.size:
            return np.zeros(0, dtype=np.int64)
        return np.add.reduceat(self.lot * counts, self.start[:-1])

    def limits_at(self, level: Fraction) -> IntArray:
        """min(u_i, ⌊level · w_i⌋), micro-dollars, shape (n,), exact."""
        ratio = np.minimum(self.weight * (float(level) * MICRO), self.cap + 1.0)
        limits = np.floor(ratio).astype(np.int64)
        for i in self._doubtful(ratio):
            limits[i] = min(math.floor(self._allowed(level, i)), int(self.cap[i]))
        clipped: IntArray = np.minimum(limits, self.cap)
        return clipped

    def limits_below(self, level: Fraction) -> IntArray:
        """Most whole micro-dollars strictly below level · w_i and at most u_i, (n,), exact."""
        ratio = np.minimum(self.weight * (float(level) * MICRO), self.cap + 1.0)
        limits = np.floor(ratio).astype(np.int64)
        for i in self._doubtful(ratio):
            limits[i] = min(math.ceil(self._allowed(level, i)) - 1, int(self.cap[i]))
        clipped: IntArray = np.clip(limits, 0, self.cap)
        return clipped

    def _doubtful(self, ratio: FloatArray) -> list[int]:
        near = np.abs(ratio - np.rint(ratio)) <= FLOAT_DOUBT * ratio
        return np.flatnonzero(near & (ratio > 0) & (ratio <= self.cap + 0.5)).tolist()

    def _allowed(self, level: Fraction, account: int) -> Fraction:
        return level * Fraction(float(self.weight[account])) * MICRO

    def level_of(self, amounts: IntArray) -> Fraction:
        """Worst burden max x_i / w_i of so many micro-dollars, exact."""
        burden = amounts / self.weight
        close = np.flatnonzero((amounts > 0) & (burden >= burden.max(initial=0.0) * (1 - 1e-12)))
        return max((self.burden(int(i), int(amounts[i])) for i in close), default=Fraction(0))

    def burden(self, account: int, amount: int) -> Fraction:
        """Burden of an account that gives so many micro-dollars, exact."""
        return Fraction(amount, MICRO) / Fraction(float(self.weight[account]))

    def capped(self) -> BoolArray:
        """Where the capacity is less than the lots are worth, shape (n,)."""
        return self.cap < self.whole


def micro(amount: float) -> Fraction:
    """Micro-dollars in an amount, exact."""
    return Fraction(amount) * MICRO


def _sums(needed: float, budget: Budget) -> tuple[int, int]:
    if budget.extra == 0:
        whole = whole_budget(needed)
        return whole, whole
    least = -_floor_number(-needed)
    if math.isinf(budget.extra):
        return least, MOST_MICRO
    highest = _floor_number(needed + budget.extra)
    if highest < least:
        expected = "a width that holds a whole number of micro-dollars (0.000001 USD)"
        raise InputError("budget", budget.extra, expected, remedy="Budget.band(1e-6) or more")
    return least, highest


def _floor_number(amount: float) -> int:
    """Whole micro-dollars in an amount that may have been rounded to a float."""
    nearest = round(micro(amount))
    if abs(micro(amount) - nearest) <= abs(nearest) * Fraction(1, 10**15):
        return nearest
    return math.floor(micro(amount))


def _floor(amounts: FloatArray) -> IntArray:
    nearest = np.rint(amounts)
    close = np.abs(amounts - nearest) <= 1e-15 * nearest
    return np.where(close, nearest, np.floor(amounts)).astype(np.int64)


def _refuse_overflow(lot: IntArray, most: IntArray) -> None:
    total = float((lot.astype(float) * most).sum())
    if total > MOST_MICRO / 2:
        limit = f"at most {MOST_MICRO / 2 / MICRO:.3g} USD in all"
        raise InputError("positions", f"worth {total / MICRO:.3g} USD", limit)


def _suffixes(lot: IntArray, most: IntArray, start: IntArray) -> tuple[IntArray, IntArray]:
    step, worth = lot.copy(), lot * most
    length = np.diff(start)
    for back in range(2, int(length.max(initial=0)) + 1):
        at = start[1:][length >= back] - back
        step[at] = np.gcd(step[at], step[at + 1])
        worth[at] += worth[at + 1]
    return step, worth
