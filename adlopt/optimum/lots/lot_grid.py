"""Haircuts in whole lots, exact in integer micro-dollars.

At worst burden z account i can give min(K_i, ⌊z w_i / g_i⌋) lots of g_i, so everything turns on
one number z whose only interesting values are the breakpoints k g_i / w_i. Levels are fractions
and money is integers: no rounding decides anything.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from adlopt.errors import InputError
from adlopt.foundation.arrays import MANY, BoolArray, FloatArray, IntArray
from adlopt.optimum.core.burden_problem import BurdenProblem

MICRO = 1_000_000
"""Micro-dollars in a dollar."""
MOST_MICRO = 2**62
"""Sums of money must stay below this to be exact in 64-bit integers."""
WHOLE = 1e-9
"""Relative distance at which an amount counts as a whole number of micro-dollars."""
DISTINCT = 2**16
"""Up to so many distinct sizes, lots are pooled in one pass."""
ROUND_IT = "round it to 6 decimals"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LotGrid:
    """The integer side of a problem with lots.

    Parameters
    ----------
    size : IntArray, shape (n,)
        Micro-dollars a lot.
    most : IntArray, shape (n,)
        Lots that fit under the capacity; 0 where the account is protected.
    weight : FloatArray, shape (n,)
        USD. Denominators of the burdens.
    budget : int
        Micro-dollars.
    extra : int
        Micro-dollars that an exact budget may be exceeded by.
    """

    size: IntArray
    most: IntArray
    weight: FloatArray
    budget: int
    extra: int = 0
    per_level: FloatArray = field(init=False)
    """Lots for each micro-dollar of level, shape (n,): weight / size."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "per_level", self.weight / self.size)

    @classmethod
    def of(cls, problem: BurdenProblem) -> LotGrid:
        """Count lots and budget in micro-dollars; a budget that is only priced is rounded.

        Raises
        ------
        InputError
            If a lot or an exact budget is no whole number of micro-dollars, or the capacities
            exceed 64-bit micro-dollars.
        """
        lot = problem.lot if problem.lot is not None else np.full(problem.capacity.size, 1 / MICRO)
        size, budget = lot_sizes(lot), problem.budget
        return cls(
            size=size,
            most=whole_lots(problem.open, size),
            weight=problem.weight,
            budget=whole_budget(budget) if problem.exact else round(Fraction(budget) * MICRO),
            extra=int(min(problem.extra * MICRO, MOST_MICRO)),
        )

    def total(self, counts: IntArray) -> int:
        """Micro-dollars that so many lots make."""
        return int((self.size * counts).sum())

    def haircut(self, counts: IntArray) -> FloatArray:
        """USD, shape (n,)."""
        haircut: FloatArray = self.size * counts / MICRO
        return haircut

    def counts_at(self, level: Fraction) -> IntArray:
        """min(K_i, ⌊level · w_i / g_i⌋), shape (n,), exact."""
        return self._counts(level, strict=False)

    def counts_below(self, level: Fraction) -> IntArray:
        """Lots that each account can give strictly below a burden, shape (n,), exact."""
        return self._counts(level, strict=True)

    def supply_at(self, level: Fraction) -> tuple[int, int]:
        """Lots within a burden, and the micro-dollars they make, exact."""
        return self._supply(level, strict=False)

    def supply_below(self, level: Fraction) -> tuple[int, int]:
        """Lots strictly below a burden, and the micro-dollars they make, exact."""
        return self._supply(level, strict=True)

    def _supply(self, level: Fraction, *, strict: bool) -> tuple[int, int]:
        ratio = _as_floats(level)
        if self.size.size < MANY or ratio is None:
            counts = self._counts(level, strict=strict)
            return int(counts.sum()), self.total(counts)
        from adlopt.foundation import kernels

        supply: tuple[int, int] = kernels.supply(*self._accounts, *ratio, strict)
        return supply

    def _counts(self, level: Fraction, *, strict: bool) -> IntArray:
        ratio = _as_floats(level)
        if self.size.size < MANY or ratio is None:
            return self._counts_plainly(level, strict=strict)
        from adlopt.foundation import kernels

        counts: IntArray = kernels.counts(*self._accounts, *ratio, strict)
        return counts

    def _counts_plainly(self, level: Fraction, *, strict: bool) -> IntArray:
        near = np.minimum(self.per_level * float(level * MICRO), self.most + 1.5)
        counts: IntArray = np.minimum(near.astype(np.int64), self.most)
        apart, doubt = near - np.floor(near), 4e-15 * near
        doubtful = np.flatnonzero((apart < doubt) | (apart > 1.0 - doubt))
        pairs = list(zip(self.weight[doubtful].tolist(), self.size[doubtful].tolist(), strict=True))
        whole = math.ceil if strict else math.floor
        exact = {pair: whole(level * Fraction(pair[0]) * MICRO / pair[1]) for pair in set(pairs)}
        for i, pair in zip(doubtful.tolist(), pairs, strict=True):
            counts[i] = min(exact[pair] - strict, self.most[i])
        return counts

    def level_of(self, counts: IntArray) -> Fraction:
        """Worst burden max g_i k_i / w_i of so many lots, exact."""
        worst = self._most_burdened(counts)
        paid = zip(
            self.size[worst].tolist(),
            counts[worst].tolist(),
            self.weight[worst].tolist(),
            strict=True,
        )
        burdens = (Fraction(lot * count, MICRO) / Fraction(w) for lot, count, w in set(paid) if w)
        return max(burdens, default=Fraction(0))

    def _most_burdened(self, counts: IntArray) -> IntArray:
        if self.size.size < MANY:
            return self._most_burdened_plainly(counts)
        from adlopt.foundation import kernels

        worst: IntArray = kernels.most_burdened(self.size, counts, self.weight)
        return worst

    def _most_burdened_plainly(self, counts: IntArray) -> IntArray:
        burden = self.size * counts / np.maximum(self.weight, 1e-300)
        return np.flatnonzero(burden >= burden.max() * (1 - 1e-15))

    def level(self, account: int, count: int) -> Fraction:
        """Burden of one account giving so many lots, exact."""
        money = Fraction(int(self.size[account]) * count, MICRO)
        return money / Fraction(float(self.weight[account]))

    def breakpoints(self, low: Fraction, high: Fraction) -> dict[Fraction, int]:
        """Levels in (low, high] and the micro-dollars that each one adds, in ascending order."""
        owner, money = self.stairs(low, high)
        kinds = zip(
            self.weight[owner].tolist(), money.tolist(), self.size[owner].tolist(), strict=True
        )
        added: dict[Fraction, int] = {}
        for (weight, paid, size), times in Counter(kinds).items():
            level = Fraction(paid, MICRO) / Fraction(weight)
            added[level] = added.get(level, 0) + size * times
        return dict(sorted(added.items()))

    def stairs(self, low: Fraction, high: Fraction) -> tuple[IntArray, IntArray]:
        """Every lot that a level in (low, high] adds: its account, and what that has paid then."""
        lowest, highest = _as_floats(low), _as_floats(high)
        if self.size.size < MANY or lowest is None or highest is None:
            owner, nth = self._stairs_plainly(low, high)
        else:
            from adlopt.foundation import kernels

            lots = self.supply_at(high)[0] - self.supply_at(low)[0]
            owner, nth = np.empty(lots, dtype=np.int64), np.empty(lots, dtype=np.int64)
            kernels.stairs(*self._accounts, lowest, highest, owner, nth)
        return owner, self.size[owner] * nth

    def _stairs_plainly(self, low: Fraction, high: Fraction) -> tuple[IntArray, IntArray]:
        before, after = self.counts_at(low), self.counts_at(high)
        holders = np.flatnonzero(after > before)
        times = after[holders] - before[holders]
        owner = np.repeat(holders, times)
        earlier = np.repeat(np.cumsum(times) - times, times)
        return owner, before[owner] + 1 + np.arange(owner.size) - earlier

    def pooled(self, counts: IntArray) -> dict[int, int]:
        """So many lots by their size, where there are any."""
        if self.size.size >= MANY:
            from adlopt.foundation import kernels

            keys, sums = np.zeros((2, 2 * DISTINCT), dtype=np.int64)
            if kernels.pool(self.size, counts, keys, sums):
                used = keys > 0
                return dict(zip(keys[used].tolist(), sums[used].tolist(), strict=True))
        return self._pooled_plainly(counts)

    def _pooled_plainly(self, counts: IntArray) -> dict[int, int]:
        used = np.flatnonzero(counts)
        used = used[np.argsort(self.size[used])]
        sizes = self.size[used]
        first = np.flatnonzero(np.diff(sizes, prepend=0))
        sums = np.add.reduceat(counts[used], first) if used.size else first
        return dict(zip(sizes[first].tolist(), sums.tolist(), strict=True))

    @property
    def _accounts(self) -> tuple[IntArray, IntArray, FloatArray, FloatArray]:
        return self.size, self.most, self.weight, self.per_level


def take_away(grid: LotGrid, counts: IntArray, removal: Mapping[int, int]) -> IntArray:
    """Remove so many lots of each size: the most burdened first, then the later account."""
    left = counts.copy()
    for size, times in removal.items():
        holders = np.flatnonzero((grid.size == size) & (left > 0))
        burden = left[holders] / grid.weight[holders]
        if 0 < times < holders.size:
            most = burden >= np.partition(burden, holders.size - times)[holders.size - times]
            holders, burden = holders[most], burden[most]
        holders = holders[np.lexsort((-holders, -burden))]
        before = np.cumsum(left[holders]) - left[holders]
        left[holders] -= np.clip(times - before, 0, left[holders])
    return left


def lot_sizes(lot: FloatArray) -> IntArray:
    """Whole micro-dollars a lot, shape (n,).

    Raises
    ------
    InputError
        If a lot is no whole number of micro-dollars, or too large for 64 bits.

    Examples
    --------
    >>> lot_sizes(np.array([0.5, 2 / 3]))
    Traceback (most recent call last):
    adlopt.errors.InputError: lot[1] is 0.6666666666666666: expected a whole number of micro-dollars
    (0.000001 USD); round it to 6 decimals
    """
    _refuse(lot, lot * MICRO <= MOST_MICRO, f"at most {MOST_MICRO / MICRO:.3g} USD")
    size = np.rint(lot * MICRO)
    _refuse(lot, size >= 1, "at least a micro-dollar (0.000001 USD)")
    return whole_micros(lot, "lot", ROUND_IT)


def whole_micros(amount: FloatArray, field: str, remedy: str) -> IntArray:
    """Micro-dollars of amounts that are whole numbers of them, at most `MOST_MICRO`.

    Raises
    ------
    InputError
        If one is none.
    """
    size = np.rint(amount * MICRO)
    whole = np.abs(amount * MICRO - size) <= WHOLE * size
    if not whole.all():
        index = int(np.argmin(whole))
        expected = "a whole number of micro-dollars (0.000001 USD)"
        raise InputError(field, float(amount[index]), expected, index=index, remedy=remedy)
    return np.minimum(size, MOST_MICRO).astype(np.int64)


def whole_lots(capacity: FloatArray, size: IntArray) -> IntArray:
    """Lots that fit under capacities in USD, shape (n,).

    Raises
    ------
    InputError
        If the capacities together exceed 64-bit micro-dollars.
    """
    total = float(capacity.sum())
    if total * MICRO > MOST_MICRO:
        limit = MOST_MICRO / MICRO
        raise InputError("capacity", total, f"at most {limit:.3g} USD in all, with lots")
    lots: IntArray = np.floor(np.nextafter(capacity * MICRO, np.inf)).astype(np.int64) // size
    return lots


def whole_budget(budget: float) -> int:
    """Micro-dollars of a budget that lots are to meet exactly.

    Raises
    ------
    InputError
        If it is no whole number of them.
    """
    whole = round(Fraction(budget) * MICRO)
    if abs(Fraction(budget) * MICRO - whole) > WHOLE * whole:
        expected = "a whole number of micro-dollars (0.000001 USD), with lots"
        raise InputError("needed", budget, expected, remedy=ROUND_IT)
    return whole


def _refuse(lot: FloatArray, allowed: BoolArray, expected: str) -> None:
    if not allowed.all():
        index = int(np.argmin(allowed))
        raise InputError("lot", float(lot[index]), expected, index=index)


def _as_floats(level: Fraction) -> tuple[int, float] | None:
    """Micro-dollars a dollar of weight as a 62-bit integer over a float, if that is exact.

    Levels at which an account's burden steps are such ratios, and so are floats.
    """
    num, den = (level * MICRO).as_integer_ratio()
    if num == 0:
        return 0, 1.0
    num_twos, den_twos = ((k & -k).bit_length() - 1 for k in (num, den))
    num, den = num >> num_twos, den >> den_twos
    if num >= MOST_MICRO or den >= 2**53:
        return None
    return num, math.ldexp(den, den_twos - num_twos)
