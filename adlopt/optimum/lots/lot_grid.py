"""Whole lots, exact in integer micro-dollars, account by account.

At worst burden z an account can give at most min(u_i, ⌊z w_i⌋) micro-dollars, and what its lots can
make of that is a knapsack of its own; with a single position it is min(K_i, ⌊z w_i / g_i⌋) lots.
Levels are fractions and money is integers: no rounding decides anything.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike

from adlopt.errors import InputError
from adlopt.foundation.arrays import BoolArray, FloatArray, IntArray
from adlopt.foundation.compiling import pays
from adlopt.foundation.money import (
    MICRO,
    MOST_MICRO,
    budget_range,
    floor_micro,
    lot_sizes,
    whole_lots,
    whole_micros,
)
from adlopt.model.budget import Budget
from adlopt.model.limits import NO_LIMITS, Limits
from adlopt.model.loss import MinMax
from adlopt.model.positions import ContractRound
from adlopt.optimum.core.burden_problem import BurdenProblem

DISTINCT = 2**16
"""Up to so many distinct sizes, lots are pooled in one pass."""
FLOAT_DOUBT = 4e-15
"""Relative distance from a whole number within which a float product is computed exactly."""
SPARED = 3e-8
"""Seconds an account that compiled code saves on a look at a level."""
COVERED = 1e-12
"""Relative distance within which a capacity counts as what the lots are worth, added up."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LotGrid:
    """The integer side of a round in lots: n accounts that can give, m positions.

    Positions stand account by account, the largest lot first, from `start` (n + 1,) on; those that
    can give nothing are left out. `account` (n,) and `row` (m,) are indices in the round. `lot` and
    `most` (m,) are micro-dollars a lot and lots held, > 0; `weight` (n,) USD; sums from `least` to
    `highest` count; `cap` (n,) is what an account may give, all that its lots are worth unless
    given.

    >>> grid = LotGrid.of_lots([3, 5], [9, 9], [1.0, 1.0], least=9)
    >>> grid.units_at(Fraction(7, MICRO)), grid.level_of(np.array([6, 5])) * MICRO
    (array([2, 1]), Fraction(6, 1))
    """

    account: IntArray
    row: IntArray
    start: IntArray
    lot: IntArray
    most: IntArray
    weight: FloatArray
    least: int
    highest: int
    cap: IntArray = None  # type: ignore[assignment]
    step: IntArray = field(init=False)
    """Greatest common divisor of a position's lot and those after it in its account, (m,)."""
    worth: IntArray = field(init=False)
    """What a position and those after it in its account are worth, micro-dollars, (m,)."""
    unit: IntArray = field(init=False)
    """Micro-dollars by which an account gives more, (n,): its only lot, or else 1."""
    room: IntArray = field(init=False)
    """So many units that an account may give, (n,)."""
    per_level: FloatArray = field(init=False)
    """Units for each micro-dollar of level, (n,): weight / unit."""

    def __post_init__(self) -> None:
        step, worth = _suffixes(self.lot, self.most, self.start)
        whole = worth if self.single else worth[self.start[:-1]]
        cap = whole if self.cap is None else self.cap
        unit, room = self.lot, self.most
        if not self.single:
            unit, room = np.ones(cap.size, dtype=np.int64), cap
        elif not np.array_equal(cap, whole):
            room = np.minimum(self.most, cap // self.lot)
        derived = {"step": step, "worth": worth, "cap": cap, "unit": unit, "room": room}
        for name, value in (derived | {"per_level": self.weight / unit}).items():
            object.__setattr__(self, name, value)

    @classmethod
    def of_lots(
        cls,
        lot: ArrayLike,
        most: ArrayLike,
        weight: ArrayLike,
        *,
        least: int = 0,
        highest: int | None = None,
        account: IntArray | None = None,
    ) -> LotGrid:
        """Accounts with one position each: micro-dollars a lot, lots, and USD of weight, (n,)."""
        size = np.asarray(lot, dtype=np.int64)
        rows = np.arange(size.size)
        return cls(
            account=rows if account is None else account,
            row=rows,
            start=np.arange(rows.size + 1),
            lot=size,
            most=np.asarray(most, dtype=np.int64),
            weight=np.asarray(weight, dtype=np.float64),
            least=least,
            highest=least if highest is None else highest,
        )

    @classmethod
    def of_wealth(cls, problem: BurdenProblem) -> LotGrid:
        """Count lots of dollars, micro-dollars if there are none; a priced budget is rounded."""
        lot = problem.lot if problem.lot is not None else np.full(problem.capacity.size, 1 / MICRO)
        size, open_ = lot_sizes(lot), problem.open
        if problem.exact:
            least, highest = budget_range(problem.budget, problem.extra)
        else:
            least = highest = round(Fraction(problem.budget) * MICRO)
        most, weight, account = whole_lots(open_, size), problem.weight, None
        if not most.all():
            account = np.flatnonzero(most)
            size, most, weight = size[account], most[account], weight[account]
        return cls.of_lots(size, most, weight, least=least, highest=highest, account=account)

    @classmethod
    def of(
        cls, round_: ContractRound, loss: MinMax, budget: Budget, limits: Limits = NO_LIMITS
    ) -> LotGrid:
        """Count in micro-dollars what the limits leave of positions."""
        least, highest = budget_range(round_.needed, budget.extra)
        lot_value, remedy = round_.positions.lot_value, "ContractRound.rounded() rounds them"
        lot = whole_micros(lot_value, "positions.lot_value", remedy)
        most = limits.most_lots(round_.positions)
        weight, owner = limits.denominators(loss.weights(round_.start)), round_.owner
        _refuse_overflow(lot, most)
        usable = np.flatnonzero((lot > 0) & (most > 0) & (weight[owner] > 0))
        row = usable[np.lexsort((-lot[usable], owner[usable]))]
        account, first = np.unique(owner[row], return_index=True)
        grid = cls(
            account=account,
            row=row,
            start=np.append(first, row.size),
            lot=lot[row],
            most=most[row],
            weight=weight[account],
            least=least,
            highest=highest,
        )
        capacity, whole = limits.most(round_.start)[account], grid.whole
        covered = capacity * MICRO >= whole * (1 - COVERED)
        return replace(grid, cap=np.where(covered, whole, np.minimum(floor_micro(capacity), whole)))

    def among(self, accounts: BoolArray) -> LotGrid:
        """Some of its accounts, shape (n,), alone."""
        rows = accounts[self.owner]
        return replace(
            self,
            account=self.account[accounts],
            row=self.row[rows],
            start=np.append(0, np.cumsum(np.diff(self.start)[accounts])),
            lot=self.lot[rows],
            most=self.most[rows],
            cap=self.cap[accounts],
            weight=self.weight[accounts],
        )

    def missing(self, given: int) -> LotGrid:
        """What is left to raise when so many micro-dollars are given."""
        endless = self.highest >= MOST_MICRO
        highest = self.highest if endless else self.highest - given
        return replace(self, least=self.least - given, highest=highest)

    @property
    def single(self) -> bool:
        """Whether every account has one position."""
        return self.lot.size == self.weight.size

    @property
    def whole(self) -> IntArray:
        """Micro-dollars that all lots of an account are worth, shape (n,)."""
        return self.worth if self.single else self.worth[self.start[:-1]]

    @property
    def owner(self) -> IntArray:
        """Account, counted from 0 in this grid, of each position, shape (m,)."""
        return np.repeat(np.arange(self.cap.size), np.diff(self.start))

    def capped(self) -> BoolArray:
        """Where the capacity is less than the lots are worth, shape (n,)."""
        return self.cap < self.whole

    def total(self, counts: IntArray) -> int:
        """Micro-dollars that so many lots, shape (m,), make."""
        return int(np.dot(self.lot, counts))

    def amounts(self, counts: IntArray) -> IntArray:
        """Micro-dollars that so many lots, shape (m,), take from each account, (n,)."""
        if self.single:
            return self.lot * counts
        return np.add.reduceat(self.lot * counts, self.start[:-1])

    def haircut(self, counts: IntArray, accounts: int) -> FloatArray:
        """USD that so many lots, shape (m,), take from all accounts of the round, (accounts,)."""
        if self.cap.size == accounts:
            return self.amounts(counts) / MICRO
        haircut = np.zeros(accounts)
        haircut[self.account] = self.amounts(counts) / MICRO
        return haircut

    def units_at(self, level: Fraction, *, strict: bool = False) -> IntArray:
        """Units that each account may give within a burden, or strictly below it, (n,), exact.

        min(K_i, ⌊level · w_i / unit⌋): lots where positions are single, else micro-dollars.
        """
        ratio = _as_floats(level)
        if ratio is None or not pays(SPARED * self.cap.size):
            return self._units_plainly(level, strict=strict)
        from adlopt.foundation import kernels

        counts: IntArray = kernels.counts(self._accounts, *ratio, strict)
        return counts

    def units_below(self, level: Fraction) -> IntArray:
        """The same strictly below a burden."""
        return self.units_at(level, strict=True)

    def supply_at(self, level: Fraction, *, strict: bool = False) -> tuple[int, int]:
        """Units within a burden, or strictly below it, and what they make, micro-dollars; exact."""
        ratio = _as_floats(level)
        if ratio is None or not pays(SPARED * self.cap.size):
            counts = self._units_plainly(level, strict=strict)
            return int(counts.sum()), int(np.dot(self.unit, counts))
        from adlopt.foundation import kernels

        supply: tuple[int, int] = kernels.supply(self._accounts, *ratio, strict)
        return supply

    def supply_below(self, level: Fraction) -> tuple[int, int]:
        """The same strictly below a burden."""
        return self.supply_at(level, strict=True)

    def level_of(self, amounts: IntArray) -> Fraction:
        """Worst burden max x_i / w_i of so many micro-dollars, shape (n,), exact."""
        burden = amounts / self.weight
        # Those whose burden is the largest, or too near to it for floats to tell.
        worst = np.flatnonzero(burden >= burden.max(initial=0.0) * (1 - 1e-15))
        paid = zip(amounts[worst].tolist(), self.weight[worst].tolist(), strict=True)
        return max((Fraction(x, MICRO) / Fraction(w) for x, w in set(paid)), default=Fraction(0))

    def burden(self, account: int, amount: int) -> Fraction:
        """Burden of an account that gives so many micro-dollars, exact."""
        return Fraction(amount, MICRO) / Fraction(float(self.weight[account]))

    @property
    def top(self) -> Fraction:
        """Level above which nobody can give more."""
        return self.level_of(self.room * self.unit)

    def _units_plainly(self, level: Fraction, *, strict: bool) -> IntArray:
        near = np.minimum(self.per_level * float(level * MICRO), self.room + 1.5)
        counts: IntArray = np.minimum(near.astype(np.int64), self.room)
        apart, doubt = near - np.floor(near), FLOAT_DOUBT * near
        doubtful = np.flatnonzero((apart < doubt) | (apart > 1.0 - doubt))
        pairs = list(zip(self.weight[doubtful].tolist(), self.unit[doubtful].tolist(), strict=True))
        whole = math.ceil if strict else math.floor
        exact = {pair: whole(level * Fraction(pair[0]) * MICRO / pair[1]) for pair in set(pairs)}
        for i, pair in zip(doubtful.tolist(), pairs, strict=True):
            counts[i] = max(min(exact[pair] - strict, self.room[i]), 0)
        return counts

    def breakpoints(self, low: Fraction, high: Fraction) -> dict[Fraction, int]:
        """Levels in (low, high] and the micro-dollars that each one adds, in ascending order."""
        owner, money = self.stairs(self.units_at(low), self.units_at(high))
        kinds = zip(
            self.weight[owner].tolist(), money.tolist(), self.unit[owner].tolist(), strict=True
        )
        added: dict[Fraction, int] = {}
        for (weight, paid, size), times in Counter(kinds).items():
            level = Fraction(paid, MICRO) / Fraction(weight)
            added[level] = added.get(level, 0) + size * times
        return dict(sorted(added.items()))

    def stairs(self, before: IntArray, after: IntArray) -> tuple[IntArray, IntArray]:
        """Every unit that is added to some, (n,): its account, and what that has paid then."""
        holders = np.flatnonzero(after > before)
        times = after[holders] - before[holders]
        owner = np.repeat(holders, times)
        earlier = np.repeat(np.cumsum(times) - times, times)
        return owner, self.unit[owner] * (before[owner] + 1 + np.arange(owner.size) - earlier)

    def pooled(self, counts: IntArray) -> dict[int, int]:
        """So many lots, shape (m,), by their size, where there are any."""
        if pays(2e-7 * counts.size):
            from adlopt.foundation import kernels

            keys, sums = np.zeros((2, 2 * DISTINCT), dtype=np.int64)
            if kernels.pool(self.lot, counts, keys, sums):
                kept = keys > 0
                return dict(zip(keys[kept].tolist(), sums[kept].tolist(), strict=True))
        used = np.flatnonzero(counts)
        used = used[np.argsort(self.lot[used])]
        sizes = self.lot[used]
        first = np.flatnonzero(np.diff(sizes, prepend=0))
        lots = np.add.reduceat(counts[used], first) if used.size else first
        return dict(zip(sizes[first].tolist(), lots.tolist(), strict=True))

    @property
    def _accounts(self) -> tuple[IntArray, IntArray, FloatArray, FloatArray]:
        return self.unit, self.room, self.weight, self.per_level


def _refuse_overflow(lot: IntArray, most: IntArray) -> None:
    total = float((lot.astype(float) * most).sum())
    if total > MOST_MICRO / 2:
        limit = f"at most {MOST_MICRO / 2 / MICRO:.3g} USD in all"
        raise InputError("positions", f"worth {total / MICRO:.3g} USD", limit)


def _suffixes(lot: IntArray, most: IntArray, start: IntArray) -> tuple[IntArray, IntArray]:
    if lot.size == start.size - 1:
        return lot, lot * most
    step, worth = lot.copy(), lot * most
    length = np.diff(start)
    for back in range(2, int(length.max(initial=0)) + 1):
        at = start[1:][length >= back] - back
        step[at] = np.gcd(step[at], step[at + 1])
        worth[at] += worth[at + 1]
    return step, worth


def _as_floats(level: Fraction) -> tuple[int, float] | None:
    """Micro-dollars a dollar of weight as a 62-bit integer over a float, if that is exact."""
    num, den = (level * MICRO).as_integer_ratio()
    if num == 0:
        return 0, 1.0
    num_twos, den_twos = ((k & -k).bit_length() - 1 for k in (num, den))
    num, den = num >> num_twos, den >> den_twos
    if num >= MOST_MICRO or den >= 2**53:
        return None
    return num, math.ldexp(den, den_twos - num_twos)
