"""Linear and mixed-integer programs as plain arrays, in forms a solver can be trusted with.

Two forms of the burden problem are stated here. Both avoid what makes the obvious one come back
"optimal" and wrong: costs of order 1/U that fall under dual tolerances, coefficients below 1e-9
that are dropped, integer ranges that exceed what floating point can branch on.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from adlopt.arrays import FloatArray, IntArray
from adlopt.certificate import Multipliers
from adlopt.errors import InputError
from adlopt.lots.grid import MICRO, LotGrid
from adlopt.problem import BurdenProblem
from adlopt.round import Round

WORK_TOTAL = 2.0**27
"""Total weight after scaling: absolute tolerances of 1e-7 are then 1e-15 relative."""
Index = NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Program:
    """Minimise cost · x over column bounds and row bounds; rows in compressed sparse form.

    Parameters
    ----------
    cost, lower, upper : FloatArray, shape (columns,)
    row_lower, row_upper : FloatArray, shape (rows,)
    start : Index, shape (rows + 1,)
        Where each row begins in `column` and `coefficient`.
    column : Index, shape (nonzeros,)
    coefficient : FloatArray, shape (nonzeros,)
    integer : bool array, shape (columns,), optional
        Which columns are whole numbers.

    Raises
    ------
    InputError
        If lengths disagree, an index is out of range, or a cost or coefficient is not finite:
        the solver's array interface would read past the end or accept NaN.

    Examples
    --------
    >>> Program(cost=[1.0], lower=[0.0], upper=[np.inf], row_lower=[2.0], row_upper=[np.inf],
    ...         start=[0, 1], column=[0], coefficient=[np.nan])
    Traceback (most recent call last):
    adlopt.errors.InputError: coefficient[0] is nan: expected a finite number
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
            _check_numbers(name, getattr(self, name), np.isfinite, "a finite number")
        for name in ("lower", "upper", "row_lower", "row_upper"):
            _check_numbers(name, getattr(self, name), lambda v: ~np.isnan(v), "a number")

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


def severity_program(round_: Round) -> Program:
    """The severity loss D |θ − θ^needed| as rows: columns θ in [0, 1] and t ≥ |θ − θ^needed|.

    Examples
    --------
    >>> round_ = Round.of(capacity=[120.0], deficit=80.0, needed=60.0)
    >>> severity_program(round_).row_lower
    array([-0.75,  0.75])
    """
    theta = round_.needed_severity
    return Program(
        cost=np.array([0.0, round_.start.deficit]),
        lower=np.zeros(2),
        upper=np.ones(2),
        row_lower=np.array([-theta, theta]),
        row_upper=np.full(2, np.inf),
        start=np.array([0, 2, 4], dtype=np.int32),
        column=np.array([0, 1, 0, 1], dtype=np.int32),
        coefficient=np.array([-1.0, 1.0, 1.0, 1.0]),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SlackForm:
    """The continuous problem with x_i = z w_i − v_i, and the way back to haircut and multipliers.

    Columns z, v_1 … v_n, then undershoot s and excess burden t where they are priced; rows
    z w_i − v_i ≤ u_i, then Σ x + s ≥ B, then z − t ≤ allowance. Money is scaled to a total weight
    of `WORK_TOTAL` and the burden's cost is in money: a bare "min z" has duals of 1/U, which a
    solver cannot tell from zero.
    """

    program: Program
    problem: BurdenProblem
    held: NDArray[np.int64]
    scale: float

    @classmethod
    def of(cls, problem: BurdenProblem) -> SlackForm:
        """State a continuous problem; protected and empty accounts are left out."""
        held = np.flatnonzero(problem.open > 0)
        w, u = problem.weight[held], problem.capacity[held]
        n, total = held.size, float(w.sum())
        scale = WORK_TOTAL / total if n else 1.0
        priced = not problem.exact
        columns = 1 + n + 2 * priced
        cost = np.zeros(columns)
        if priced:
            cost[n + 1], cost[n + 2] = 1.0, problem.fair / problem.under * scale
        else:
            cost[0] = WORK_TOTAL
        upper = np.full(columns, np.inf)
        # Bounds beyond any optimum keep the simplex from calling a nonnegative cost unbounded.
        upper[0] = 2.0 * (float((u / w).max(initial=0.0)) + problem.allowance + 1.0)
        if priced:
            upper[n + 1], upper[n + 2] = 2.0 * problem.budget * scale + 1.0, upper[0]
        account = np.arange(1, n + 1)
        pairs = np.column_stack([np.zeros(n, dtype=int), account]).ravel()
        pair_values = np.column_stack([w * scale, -np.ones(n)]).ravel()
        budget_columns = np.concatenate([[0], account, [n + 1] * priced])
        budget_values = np.concatenate([[WORK_TOTAL if n else 0.0], -np.ones(n), [1.0] * priced])
        column = [pairs, budget_columns, *([np.array([0, n + 2])] if priced else [])]
        values = [pair_values, budget_values]
        values += [np.array([WORK_TOTAL, -WORK_TOTAL])] if priced else []
        ends = np.concatenate([2 * np.arange(n + 1), [2 * n + budget_columns.size]])
        start = np.concatenate([ends, [ends[-1] + 2] * priced])
        allowed = [problem.allowance * WORK_TOTAL] * priced
        program = Program(
            cost=cost,
            lower=np.zeros(columns),
            upper=upper,
            row_lower=np.concatenate(
                [np.full(n, -np.inf), [problem.budget * scale], [-np.inf] * priced]
            ),
            row_upper=np.concatenate([u * scale, [np.inf], allowed]),
            start=start,
            column=np.concatenate(column),
            coefficient=np.concatenate(values),
        )
        return cls(program=program, problem=problem, held=held, scale=scale)

    def haircut(self, columns: FloatArray) -> FloatArray:
        """USD, shape (n,), clipped to its bounds."""
        n = self.held.size
        raised = columns[0] * self.problem.weight[self.held] - columns[1 : n + 1] / self.scale
        haircut = np.zeros_like(self.problem.capacity)
        haircut[self.held] = np.clip(raised, 0.0, self.problem.capacity[self.held])
        return haircut

    def multipliers(self, row_duals: FloatArray) -> Multipliers:
        """Unscale the duals of the budget row and of the capacity rows."""
        n = self.held.size
        price = self.problem.under if not self.problem.exact else self.scale / WORK_TOTAL
        y = float(row_duals[n]) * price
        burden = np.zeros_like(self.problem.capacity)
        burden[self.held] = y + row_duals[:n] * price
        return Multipliers(budget=y, burden=burden)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ShiftedCore:
    """The exact-budget problem in lots, between two levels that bracket its optimum.

    With k_i = k_i(z_low) + d_i and z = z_low + (z_high − z_low) y the numbers to decide are small
    and y is of order 1, whatever the money is. d_i may be negative: an exact sum can need fewer
    lots of one size than the level allows.
    """

    program: Program
    grid: LotGrid
    base: IntArray
    moving: NDArray[np.int64]

    @classmethod
    def of(cls, grid: LotGrid, low: Fraction, high: Fraction) -> ShiftedCore:
        """State the choice of lots between two levels, at the first of which too few are given."""
        base, top = grid.counts_at(low), grid.counts_at(high)
        moving = np.flatnonzero(top > 0)
        n, span = moving.size, high - low
        room, slope = np.empty(n), np.empty(n)
        for j, i in enumerate(moving):
            ratio = Fraction(float(grid.weight[i])) * MICRO / int(grid.size[i])
            room[j], slope[j] = low * ratio - int(base[i]), span * ratio
        size = grid.size[moving].astype(float)
        unit = float(size.max(initial=1.0))
        missing = float(grid.budget - grid.total(base)) / unit
        account = np.arange(1, n + 1)
        program = Program(
            cost=np.concatenate([[1.0], np.zeros(n)]),
            lower=np.concatenate([[0.0], -base[moving].astype(float)]),
            upper=np.concatenate([[1.0], (top - base)[moving].astype(float)]),
            row_lower=np.concatenate([np.full(n, -np.inf), [missing]]),
            row_upper=np.concatenate([room, [missing]]),
            start=np.concatenate([2 * np.arange(n + 1), [3 * n]]),
            column=np.concatenate(
                [np.column_stack([np.zeros(n, dtype=int), account]).ravel(), account]
            ),
            coefficient=np.concatenate(
                [np.column_stack([-slope, np.ones(n)]).ravel(), size / unit]
            ),
            integer=np.concatenate([[False], np.ones(n, dtype=bool)]),
        )
        return cls(program=program, grid=grid, base=base, moving=moving)

    def counts(self, columns: FloatArray) -> IntArray:
        """Lots of each account, shape (n,)."""
        counts = self.base.copy()
        counts[self.moving] += np.rint(columns[1:]).astype(np.int64)
        return counts


def _check_numbers(name: str, values: FloatArray, allowed: object, expected: str) -> None:
    inside = allowed(values)  # type: ignore[operator]
    if not inside.all():
        index = int(np.argmin(inside))
        raise InputError(name, float(values[index]), expected, index=index)
