"""Rows of a linear program, gathered block by block, before any solver is touched."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from adlopt.foundation.arrays import BoolArray, FloatArray, IntArray
from adlopt.optimum.programs.program import Program


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
