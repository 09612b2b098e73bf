"""Linear and mixed-integer programs as plain arrays, before any solver is touched."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from adlopt.errors import InputError
from adlopt.foundation.arrays import BoolArray, FloatArray, IntArray, require

WORK_TOTAL = 2.0**27
"""Total weight after scaling: absolute tolerances of 1e-7 are then 1e-15 relative."""
Index = NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Program:
    """Minimise cost · x over column bounds and row bounds; rows in compressed sparse form.

    Row r has its entries from start[r] to start[r + 1] of `column` and `coefficient`; `integer`
    says which columns are whole.
    """

    cost: FloatArray
    lower: FloatArray
    upper: FloatArray
    row_lower: FloatArray
    row_upper: FloatArray
    start: Index
    column: Index
    coefficient: FloatArray
    integer: NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        for name in ("cost", "lower", "upper", "row_lower", "row_upper", "coefficient"):
            values = np.ascontiguousarray(getattr(self, name), dtype=np.float64)
            object.__setattr__(self, name, values)
        for name in ("start", "column"):
            indices = np.ascontiguousarray(getattr(self, name), dtype=np.int32)
            object.__setattr__(self, name, indices)
        self._check_lengths()
        for name in ("cost", "coefficient"):
            values = getattr(self, name)
            require(np.isfinite(values), values, name, "a finite number")
        for name in ("lower", "upper", "row_lower", "row_upper"):
            values = getattr(self, name)
            require(~np.isnan(values), values, name, "a number")

    @property
    def row(self) -> Index:
        """Of each coefficient, shape (nonzeros,)."""
        return np.repeat(np.arange(self.row_lower.size, dtype=np.int32), np.diff(self.start))

    def reduced(self, row_duals: FloatArray) -> FloatArray:
        """Costs less what the rows pay for, c − Aᵀ y, shape (columns,)."""
        paid = self.coefficient * row_duals[self.row]
        return self.cost - np.bincount(self.column, paid, self.cost.size)

    def with_rows(self, more: Program) -> Program:
        """The same, with the rows of another program of these columns after its own."""
        both = {
            name: np.concatenate([getattr(self, name), getattr(more, name)])
            for name in ("row_lower", "row_upper", "column", "coefficient")
        }
        start = np.concatenate([self.start, self.start[-1] + more.start[1:]])
        return replace(self, start=start, **both)

    def moved(
        self, shift: FloatArray, stretch: FloatArray, lower: FloatArray, upper: FloatArray
    ) -> Program:
        """The program between other bounds in columns (x − shift) / stretch."""
        at = np.bincount(self.row, self.coefficient * shift[self.column], self.row_lower.size)
        return replace(
            self,
            cost=self.cost * stretch,
            lower=(lower - shift) / stretch,
            upper=(upper - shift) / stretch,
            row_lower=self.row_lower - at,
            row_upper=self.row_upper - at,
            coefficient=self.coefficient * stretch[self.column],
        )

    def _check_lengths(self) -> None:
        columns, rows, nonzeros = self.cost.size, self.row_lower.size, self.column.size
        lengths = {
            "lower": columns,
            "upper": columns,
            "row_upper": rows,
            "start": rows + 1,
            "coefficient": nonzeros,
        }
        if self.integer is not None:
            lengths["integer"] = columns
        for name, length in lengths.items():
            found = np.size(getattr(self, name))
            if found != length:
                raise InputError(name, f"{found} entries", f"{length}")
        ordered = (np.diff(self.start) >= 0).all()
        if self.start[0] != 0 or self.start[-1] != nonzeros or not ordered:
            raise InputError("start", self.start.tolist(), f"offsets rising from 0 to {nonzeros}")
        if nonzeros and not (self.column.min() >= 0 and self.column.max() < columns):
            raise InputError("column", int(self.column.max()), f"an index in [0, {columns})")


def power_of_two(amounts: ArrayLike) -> FloatArray:
    """The nearest powers of two: to multiply or divide by them rounds nothing."""
    exponent = np.rint(np.log2(amounts)).astype(int)
    return np.asarray(np.ldexp(1.0, exponent), dtype=np.float64)


@dataclass(slots=True)
class SparseRows:
    """A growing list of rows lower ≤ Σ coefficient · column ≤ upper."""

    _row: list[IntArray] = field(default_factory=list)
    _column: list[IntArray] = field(default_factory=list)
    _coefficient: list[FloatArray] = field(default_factory=list)
    _lower: list[FloatArray] = field(default_factory=list)
    _upper: list[FloatArray] = field(default_factory=list)
    count: int = 0
    labels: list[tuple[str, IntArray]] = field(default_factory=list)
    """Of each block of rows: what it is, and what its rows are of."""

    def add(
        self,
        column: ArrayLike,
        coefficient: ArrayLike,
        *,
        lower: float = -np.inf,
        upper: float = np.inf,
        label: str = "",
    ) -> None:
        """Add one row."""
        columns = np.asarray(column, dtype=np.int64)
        self.add_many(
            row=np.zeros(columns.size, dtype=np.int64),
            column=columns,
            coefficient=coefficient,
            lower=[lower],
            upper=[upper],
            label=label,
        )

    def add_many(
        self,
        *,
        row: ArrayLike,
        column: ArrayLike,
        coefficient: ArrayLike,
        lower: ArrayLike | None = None,
        upper: ArrayLike | None = None,
        label: str = "",
        of: IntArray | None = None,
    ) -> None:
        """Add a block of rows, numbered from 0 within it; at least one side must be bounded."""
        given = lower if upper is None else upper
        size = np.asarray(given, dtype=np.float64).size
        self._row.append(np.asarray(row, dtype=np.int64) + self.count)
        self._column.append(np.asarray(column, dtype=np.int64))
        self._coefficient.append(np.asarray(coefficient, dtype=np.float64))
        for kept, ends, missing in ((self._lower, lower, -np.inf), (self._upper, upper, np.inf)):
            kept.append(np.full(size, missing) if ends is None else np.asarray(ends, dtype=float))
        self.count += size
        self.labels.append((label, np.arange(size) if of is None else of))

    def program(
        self,
        *,
        cost: ArrayLike,
        lower: ArrayLike,
        upper: ArrayLike,
        integer: BoolArray | None = None,
    ) -> Program:
        """State the program that minimises a cost over the rows gathered and column bounds."""
        row = np.concatenate(self._row) if self._row else np.zeros(0, dtype=np.int64)
        order = np.argsort(row, kind="stable")
        lengths = np.bincount(row, minlength=self.count)
        return Program(
            cost=cost,  # type: ignore[arg-type]
            lower=lower,  # type: ignore[arg-type]
            upper=upper,  # type: ignore[arg-type]
            row_lower=np.concatenate([np.zeros(0), *self._lower]),
            row_upper=np.concatenate([np.zeros(0), *self._upper]),
            start=np.concatenate([[0], np.cumsum(lengths)]),
            column=np.concatenate([np.zeros(0), *self._column])[order],
            coefficient=np.concatenate([np.zeros(0), *self._coefficient])[order],
            integer=integer,
        )
