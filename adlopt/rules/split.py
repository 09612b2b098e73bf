"""How an amount is split over rows: in an order, or by weights; exact in integers.

Rows come in the order of the tie-break, amounts in whole units (lots, or micro-dollars).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Protocol, TypeAlias

import numpy as np

from adlopt.errors import InputError
from adlopt.foundation.arrays import FloatArray, IntArray
from adlopt.foundation.money import MICRO
from adlopt.rules.row_formula import RowFormula
from adlopt.rules.rows import Rows


class Split(Protocol):
    """From whom to take."""

    @property
    def text(self) -> str:
        """Shown in tables."""

    @property
    def family(self) -> str:
        """What kind of rule it makes."""

    @property
    def free(self) -> bool:
        """Whether a draw or somebody's choice decides, rather than scores and a tie-break."""

    def take(self, rows: Rows, amount: int, turn: int) -> IntArray:
        """Return what is taken of each row, shape (n,), 0 ≤ x ≤ `rows.most`.

        `turn` counts the losers of one deleveraging, for splits that draw.
        """


@dataclass(frozen=True, slots=True)
class Queue:
    """Serve the highest first, each in full until the amount is met, the last in part.

    Parameters
    ----------
    keys : RowFormula, …
        Compared one after the other; negate what is served lowest first.
    """

    keys: tuple[RowFormula, ...]
    family: ClassVar[str] = "queue"
    free: ClassVar[bool] = False

    @property
    def text(self) -> str:
        """The keys."""
        return ", then ".join(key.text for key in self.keys)

    def order(self, rows: Rows) -> IntArray:
        """Indices of the rows, first served first, shape (n,); equal ones keep their order."""
        columns = [-key.values(rows) for key in reversed(self.keys)]
        return np.lexsort(columns) if columns else np.arange(len(rows))

    def take(self, rows: Rows, amount: int, turn: int) -> IntArray:
        """Fill in order."""
        return fill(self.order(rows), rows.most, amount)


@dataclass(frozen=True, slots=True)
class ProRata:
    """In proportion to weights within the limits; whole units by largest remainder.

    Parameters
    ----------
    weight : RowFormula
        ≥ 0; a row of weight 0 gives nothing.
    """

    weight: RowFormula
    family: ClassVar[str] = "pro-rata"
    free: ClassVar[bool] = False

    @property
    def text(self) -> str:
        """The weight."""
        return f"in proportion to {self.weight.text}"

    def take(self, rows: Rows, amount: int, turn: int) -> IntArray:
        """Share out, exactly."""
        return shared(self.units(rows), rows.most, amount)

    def units(self, rows: Rows) -> IntArray:
        """The weights as whole numbers, shape (n,)."""
        return whole(_weights(self.weight, rows))[0]


@dataclass(frozen=True, slots=True)
class Floored:
    """In proportion to weights ≥ 0, rounded down; what is left, a unit each in the order of ids."""

    weight: RowFormula
    family: ClassVar[str] = "pro-rata"
    free: ClassVar[bool] = True

    @property
    def text(self) -> str:
        """The weight."""
        return f"in proportion to {self.weight.text}, rounded down; the rest by id"

    def take(self, rows: Rows, amount: int, turn: int) -> IntArray:
        """Share out, then hand the dust round."""
        units, _ = whole(_weights(self.weight, rows))
        total, most = int(units.sum()), np.where(units > 0, rows.most, 0)
        amount = min(amount, int(most.sum()))
        if not amount:
            return np.zeros(len(rows), dtype=np.int64)
        shares = [amount * u // total for u in units.tolist()]
        taken = np.minimum(np.array(shares, dtype=np.int64), most)
        while left := amount - int(taken.sum()):
            open_ = np.flatnonzero(taken < most)
            each = min(left // open_.size, int((most - taken)[open_].min()))
            taken[open_[:left]] += max(each, 1)
        return taken


@dataclass(frozen=True, slots=True)
class PerUnit:
    """The same charge on each unit of a weight, rounded up: it may raise more than the amount.

    Limits do not count: a charge may exceed what its payer has won, or owns.

    Parameters
    ----------
    weight : RowFormula
        Units held, ≥ 0.
    step : float
        USD. The charge on a unit is a whole multiple of it.
    """

    weight: RowFormula
    step: float = 1e-6
    family: ClassVar[str] = "per contract"
    free: ClassVar[bool] = False

    @property
    def text(self) -> str:
        """The weight."""
        return f"the same charge a unit of {self.weight.text}, rounded up"

    def take(self, rows: Rows, amount: int, turn: int) -> IntArray:
        """Charge everyone; nothing where nobody holds a unit."""
        units, below = whole(_weights(self.weight, rows))
        total, step = int(units.sum()), max(round(self.step * MICRO), 1)
        if total == 0 or amount == 0:
            return np.zeros(len(rows), dtype=np.int64)
        charge = -(-amount * below // (total * step)) * step
        return np.array([-(-charge * u // below) for u in units.tolist()], dtype=np.int64)


@dataclass(frozen=True, slots=True)
class RandomStart:
    """Serve in order of id from a pseudo-random place on, wrapping round, and give up in time.

    Parameters
    ----------
    seed : int
    most_tried : int
        Rows that are looked at, at most.
    willing : RowFormula, optional
        Holds for rows that take part; others are looked at, and passed over.
    """

    seed: int = 0
    most_tried: int = 1_000
    willing: RowFormula | None = None
    family: ClassVar[str] = "random queue"
    free: ClassVar[bool] = True

    @property
    def text(self) -> str:
        """Where it starts."""
        where = f"from a pseudo-random account on, at most {self.most_tried:,}"
        return where if self.willing is None else f"{where}, where {self.willing.text}"

    def take(self, rows: Rows, amount: int, turn: int) -> IntArray:
        """Fill from the place drawn for this turn."""
        n = len(rows)
        if not n:
            return np.zeros(0, dtype=np.int64)
        first = int(np.random.default_rng((self.seed, turn)).integers(n))
        tried = (first + np.arange(min(n, self.most_tried))) % n
        if self.willing is not None:
            tried = tried[self.willing.values(rows)[tried] != 0]
        return fill(tried, rows.most, amount)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Whatever somebody chose: units by account, in the order given.

    Parameters
    ----------
    units : mapping of str to int
        Lots, or micro-dollars.
    """

    units: Mapping[str, int] = field(default_factory=dict)
    family: ClassVar[str] = "keeper"
    free: ClassVar[bool] = True

    @property
    def text(self) -> str:
        """That it is free."""
        return "whom the keeper chooses"

    def take(self, rows: Rows, amount: int, turn: int) -> IntArray:
        """Take what was chosen.

        Raises
        ------
        InputError
            If an account is no candidate, or more is chosen than it has or than must go.
        """
        taken, left = np.zeros(len(rows), dtype=np.int64), amount
        for account, units in self.units.items():
            if account not in rows.account:
                raise InputError("chosen", account, "a candidate")
            row = rows.account.index(account)
            most = min(int(rows.most[row]), left)
            if not 0 <= units <= most:
                raise InputError("chosen", units, f"between 0 and {most:,}", index=account)
            taken[row], left = units, left - units
        return taken


def in_order(tie_break: Sequence[RowFormula], rows: Rows) -> IntArray:
    """Rows in the order in which equals are served, then by id."""
    keys = [-key.values(rows) for key in reversed(tie_break)]
    return np.lexsort([np.array(rows.account), *keys])


def fill(order: IntArray, most: IntArray, amount: int) -> IntArray:
    """Give each in order its limit until the amount is met, shape of `most`."""
    taken = np.zeros(most.size, dtype=np.int64)
    limits = most[order]
    ahead = np.cumsum(limits) - limits
    taken[order] = np.clip(amount - ahead, 0, limits)
    return taken


def share_out(weight: FloatArray, most: IntArray, amount: int) -> IntArray:
    """min(most_i, w_i z) summing to the amount, in whole units by largest remainder; exact.

    Equal remainders go to the earlier row. What the limits do not allow is not given.
    """
    return shared(whole(weight)[0], most, amount)


def shared(units: IntArray, most: IntArray, amount: int) -> IntArray:
    """Share out by whole weights."""
    taken = np.zeros(most.size, dtype=np.int64)
    for _, rows, lots, _ in shared_in_turn(units, most, np.array([amount])):
        taken[rows] = lots
    return taken


NONE = np.zeros(0, dtype=np.int64)
FEWEST, LARGEST_TABLE = 32, 2**16
"""Amounts that are shared out at once to begin with; cells of a table of amounts and rows."""
Served: TypeAlias = tuple[IntArray, IntArray, IntArray, dict[int, IntArray]]
"""Amounts, (k, 1), rows, (1, n) or (k, 1), and what each gives to it, (k, n); by amount the rows
that only the tie-break told apart."""


def shared_in_turn(units: IntArray, most: IntArray, amounts: IntArray) -> Iterator[Served]:
    """Share out one amount after another by whole weights, each of what those before it left.

    Many at once, as long as none of them meets a limit.
    """
    left, first, many = np.where(units > 0, most, 0), 0, FEWEST
    while first < amounts.size and (rows := left.nonzero()[0]).size:
        asked = amounts[first : first + max(min(many, LARGEST_TABLE // rows.size), 1)]
        taken, equal, sure = _at_once(units[rows], left[rows], asked)
        if not sure:
            taken, equal, sure = *_at_limits(units[rows], left[rows], int(asked[0])), 1
        many = 2 * many if sure == asked.size else max(sure, FEWEST)
        tied = {first + i: rows[places] for i, places in equal.items() if i < sure}
        yield first + np.arange(sure)[:, None], rows[None], taken[:sure], tied
        left[rows] -= taken[:sure].sum(axis=0)
        first += sure


def _at_once(
    units: IntArray, most: IntArray, amounts: IntArray
) -> tuple[IntArray, dict[int, IntArray], int]:
    """What rows of weights > 0 give to amounts, (k, n), and which only the tie-break told apart.

    It is right of the first amounts, those that meet no limit: how many comes last.
    """
    total, k = int(units.sum()), np.arange(amounts.size)
    kind = object if total * int(amounts.max()) >= 2**63 else np.int64
    rest = amounts[:, None].astype(kind) * units
    share = rest // total
    rest -= share * total
    count = (amounts - share.sum(axis=1)).astype(np.int64)
    last = np.sort(rest, axis=1)[k, -count]
    up = rest >= np.where(count, last, total)[:, None]
    apart = {}
    for i in np.flatnonzero(up.sum(axis=1) > count).tolist():
        same = np.flatnonzero(rest[i] == last[i])
        over = int(up[i].sum()) - int(count[i])
        up[i, same[same.size - over :]] = False
        few = min(over, same.size - over)
        apart[i] = np.append(same[:few], same[same.size - few :])
    share += up
    sure = amounts.size
    if (share.sum(axis=0) >= most).any():
        fits = (np.cumsum(share, axis=0) - up < most).all(axis=1)
        sure = int(np.argmin(np.append(fits, False)))
    return share.astype(np.int64, copy=False), apart, sure


def _at_limits(
    units: IntArray, most: IntArray, amount: int
) -> tuple[IntArray, dict[int, IntArray]]:
    """The same of one amount, which some rows give all that they may to."""
    open_, rest = np.arange(units.size), min(amount, int(most.sum()))
    taken = np.zeros((1, units.size), dtype=np.int64)
    large = int(units.sum()) * max(rest, int(most.max())) >= 2**63
    kind = object if large else np.int64
    while rest:
        weight, limits = units[open_].astype(kind), most[open_].astype(kind)
        full = limits * weight.sum() <= rest * weight
        if not full.any():
            share, apart, _ = _at_once(units[open_], most[open_], np.array([rest]))
            taken[0, open_] = share[0]
            return taken, {i: open_[places] for i, places in apart.items()}
        taken[0, open_[full]] = most[open_[full]]
        rest, open_ = rest - int(most[open_[full]].sum()), open_[~full]
    return taken, {}


def whole(weight: FloatArray) -> tuple[IntArray, int]:
    """State floats as whole numbers over one denominator, exactly; Python's own if large."""
    mantissa, exponent = np.frexp(weight)
    digits = (mantissa * 2.0**53).astype(np.int64)
    last = digits & -digits
    binary = np.where(digits, 54 - exponent - np.frexp(last)[1], 0)  # places behind the point
    most = max(int(binary.max(initial=0)), 0)
    units, zeros = digits // np.maximum(last, 1), most - binary
    if float(weight.sum()) >= np.ldexp(1.0, 62 - most):
        units, zeros = units.astype(object), zeros.astype(object)
    return units << zeros, 2**most


def _weights(formula: RowFormula, rows: Rows) -> FloatArray:
    values = formula.values(rows)
    bad = (values < 0) | np.isinf(values)
    if bad.any():
        index = int(np.argmax(bad))
        expected = "a finite weight ≥ 0"
        raise InputError(formula.text, float(values[index]), expected, index=rows.account[index])
    return values
