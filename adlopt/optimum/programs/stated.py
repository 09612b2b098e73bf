"""A problem as a program whose columns and rows have names, in units of their own.

Builders give coefficients and bounds as they read: USD, burdens, lots. Every column and row has a
unit, a power of two, so that scaling rounds nothing: what is proved of the program in fractions
holds for the problem. Money in all is near `WORK_TOTAL`, and a burden costs what it can raise: a
bare "min z" has multipliers that a solver cannot tell from zero.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from adlopt.foundation.arrays import FloatArray, IntArray
from adlopt.optimum.core.certificate import Multipliers
from adlopt.optimum.programs.program import WORK_TOTAL, Program, SparseRows, power_of_two

USD = "USD"
FAR = 2.0**60
"""Units: an end of a row that lies further out is as far out of reach, and HiGHS refuses 1e20."""
Term: TypeAlias = tuple[Any, ...]
"""Columns, coefficients, and the rows they are of, broadcast against each other."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Batch:
    """Columns or rows of one kind, side by side: haircut[alice], haircut[bob], …; or one alone."""

    name: str
    unit: str
    first: int
    keys: Sequence[str] | None = None

    @property
    def count(self) -> int:
        """How many there are."""
        return 1 if self.keys is None else len(self.keys)

    @property
    def part(self) -> slice:
        """Where they are."""
        return slice(self.first, self.first + self.count)

    def __iter__(self) -> Iterator[str]:
        if self.keys is None:
            return iter((self.name,))
        return (f"{self.name}[{key}]" for key in self.keys)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stated:
    """A program, the names of its columns and rows, and the way back.

    A column of 1 is `unit` USD, burdens or lots, a power of two; so is a row, and the objective is
    `factor` times that of the program. Haircut k, of (k,), is `column[k]`, which takes `worth[k]`
    USD from account `account[k]`. `burden` and `raised` are the columns of the worst burden and of
    the sum of all haircuts; `total`, USD, is that sum where it is given and no column. `contracts`
    are positions, columns, and contracts closed a unit of the program.
    """

    program: Program
    columns: tuple[Batch, ...]
    rows: tuple[Batch, ...]
    unit: FloatArray
    row_unit: FloatArray
    factor: float
    criterion: str
    account: IntArray
    column: IntArray
    worth: FloatArray
    accounts: Sequence[str]
    burden: int | None = None
    raised: int | None = None
    total: float | None = None
    contracts: tuple[IntArray, IntArray, FloatArray] | None = None

    def haircut(self, point: FloatArray) -> FloatArray:
        """USD taken from each account at a point of the program, shape (n,)."""
        taken = np.bincount(self.account, self.worth * point[self.column], len(self.accounts))
        return taken.astype(np.float64)

    def value(self, point: FloatArray) -> float:
        """The objective at a point of the program."""
        return self.factor * float(self.program.cost @ point)

    def multipliers(self, duals: FloatArray, bears: str = "share") -> Multipliers:
        """Prices of the budget, and of what each account bears by rows of that name."""
        per, rows = self.factor * duals / self.row_unit, self.rows_named(bears)
        place = {name: i for i, name in enumerate(self.accounts)}
        burden = np.zeros(len(self.accounts))
        burden[[place[key] for key in rows.keys or ()]] = -per[rows.part]
        return Multipliers(budget=float(per[self.rows_named("budget").first]), burden=burden)

    def rows_named(self, name: str) -> Batch:
        """Rows of a kind, none of them if the program has none."""
        none = Batch(name=name, unit="", first=self.row_unit.size, keys=())
        return next((block for block in self.rows if block.name == name), none)

    def column_names(self) -> list[str]:
        """Of every column."""
        return list(chain.from_iterable(self.columns))

    def row_names(self) -> list[str]:
        """Of every row."""
        return list(chain.from_iterable(self.rows))

    def unasked(self) -> Stated:
        """The same, whatever is raised."""
        p, budget = self.program, self.rows_named("budget").part
        low, high = p.row_lower.copy(), p.row_upper.copy()
        low[budget], high[budget] = 0.0, np.inf
        return replace(self, program=replace(p, row_lower=low, row_upper=high))

    def with_rows(
        self, names: Sequence[str], rows: Sequence[tuple[IntArray, FloatArray, float, float]]
    ) -> Stated:
        """Add rows lower ≤ Σ coefficient · column ≤ upper, in units of what they bound.

        Coefficients are those of the program's columns, as `worth` is.
        """
        added, unit = SparseRows(), np.ones(len(rows))
        for k, (column, coefficient, lower, upper) in enumerate(rows):
            unit[k] = power_of_two(np.abs(coefficient).max(initial=0.0) or 1.0)
            ends = {"lower": min(lower / unit[k], FAR), "upper": max(upper / unit[k], -FAR)}
            added.add(column, coefficient / unit[k], **ends)
        p, empty = self.program, np.zeros(self.program.cost.size)
        more = added.program(cost=empty, lower=empty, upper=empty)
        seen: Counter[str] = Counter()
        keys = []
        for name in names:
            seen[name] += 1
            keys.append(name if seen[name] == 1 else f"{name}, {seen[name]}")
        block = Batch(name="own", unit="", first=p.row_lower.size, keys=keys)
        row_unit = np.concatenate([self.row_unit, unit])
        return replace(self, program=p.with_rows(more), rows=(*self.rows, block), row_unit=row_unit)


@dataclass(slots=True)
class Draft:
    """A program in the making, in USD, burdens and lots."""

    size: int = 0
    made: SparseRows = field(default_factory=SparseRows)
    columns_: list[Batch] = field(default_factory=list)
    rows_: list[Batch] = field(default_factory=list)
    parts: dict[str, list[FloatArray]] = field(default_factory=dict)

    def columns(
        self,
        name: str,
        keys: Sequence[str] | None = None,
        *,
        unit: ArrayLike,
        upper: ArrayLike,
        lower: ArrayLike = 0.0,
        cost: ArrayLike = 0.0,
        of: str = USD,
        integer: bool = False,
    ) -> IntArray:
        """Add columns, and return their indices."""
        block = Batch(name=name, unit=of, first=self.size, keys=keys)
        given = {"unit": unit, "lower": lower, "upper": upper, "cost": cost, "integer": integer}
        for each, values in given.items():
            self._put(each, values, block.count)
        self.columns_.append(block)
        self.size += block.count
        return np.arange(block.first, self.size)

    def rows(
        self,
        name: str,
        keys: Sequence[str] | None = None,
        *,
        unit: ArrayLike,
        terms: Sequence[Term],
        lower: ArrayLike = -np.inf,
        upper: ArrayLike = np.inf,
    ) -> None:
        """Add rows, the terms of each in order unless they say of which row they are."""
        block = Batch(name=name, unit=USD, first=self.made.count, keys=keys)
        count, per = block.count, np.concatenate(self.parts["unit"])
        units = np.broadcast_to(np.asarray(unit, dtype=np.float64), count)
        order: ArrayLike = 0 if keys is None else np.arange(count)
        full = [np.broadcast_arrays(*term, *(() if len(term) == 3 else (order,))) for term in terms]
        column, value, row = (np.concatenate([np.atleast_1d(f[k]) for f in full]) for k in range(3))
        self.made.add_many(
            row=row,
            column=column,
            coefficient=value * per[column] / units[row],
            lower=np.broadcast_to(lower, count) / units,
            upper=np.broadcast_to(upper, count) / units,
        )
        self._put("row_unit", units, count)
        self.rows_.append(block)

    def stated(
        self,
        criterion: str,
        *,
        price: float,
        account: IntArray,
        column: IntArray,
        usd: FloatArray,
        accounts: Sequence[str],
        burden: IntArray | None = None,
        raised: IntArray | None = None,
    ) -> Stated:
        """Finish it: a unit of the objective costs `price`, near a power of two, in the program."""
        each = {name: np.concatenate(parts) for name, parts in self.parts.items()}
        unit, scale = each["unit"], float(power_of_two(price or 1.0))
        integer = each["integer"].astype(bool)
        program = self.made.program(
            cost=each["cost"] * unit * scale,
            lower=each["lower"] / unit,
            upper=each["upper"] / unit,
            integer=integer if integer.any() else None,
        )
        return Stated(
            program=program,
            columns=tuple(self.columns_),
            rows=tuple(self.rows_),
            unit=unit,
            row_unit=each["row_unit"],
            factor=1.0 / scale,
            criterion=criterion,
            account=account,
            column=column,
            worth=usd * unit[column],
            accounts=accounts,
            burden=None if burden is None else int(burden[0]),
            raised=None if raised is None else int(raised[0]),
        )

    def _put(self, name: str, values: ArrayLike, count: int) -> None:
        array = np.broadcast_to(np.asarray(values, dtype=np.float64), count)
        self.parts.setdefault(name, []).append(array)


def money(total: float) -> float:
    """USD a unit of the program, a power of two, so that a sum of money is near `WORK_TOTAL`."""
    return 1.0 / float(power_of_two(WORK_TOTAL / total)) if total > 0 else 1.0
