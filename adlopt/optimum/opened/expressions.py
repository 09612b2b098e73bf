"""Constraints of one's own as cvxpy expressions over the variables of a model."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from adlopt.errors import InputError, SolverFailed, SolverStopped
from adlopt.foundation.arrays import FloatArray
from adlopt.model.constraint import Row
from adlopt.optimum.programs.highs import Infeasible
from adlopt.optimum.programs.stated import Stated

if TYPE_CHECKING:
    import cvxpy as cp

ACCURACY = 1e-10
"""Relative accuracy asked of the conic solver."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Variables:
    """Variables of a model in cvxpy: haircuts, their sum, and the worst burden, if there is one.

    Haircuts are in USD, (n,), also by account: `haircut["ann"]`, `haircut[["ann", "bob"]]`.
    """

    haircut: Any
    raised: Any
    burden: Any

    @classmethod
    def of(cls, stated: Stated) -> Variables:
        """Make them."""
        import cvxpy as cp

        haircut = _named()(len(stated.accounts), name="haircut")
        haircut.place = {name: i for i, name in enumerate(stated.accounts)}
        burden = None if stated.burden is None else cp.Variable(name="burden")
        return cls(haircut=haircut, raised=cp.Variable(name="raised"), burden=burden)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class InCvxpy(Variables):
    """A model in cvxpy: its variables, the objective in its own unit, and its constraints."""

    objective: Any
    constraints: list[Any]
    columns: Any
    factor: float

    @classmethod
    def stated(cls, stated: Stated, own: Variables) -> InCvxpy:
        """State the program over scaled columns, and tie the variables to them."""
        import cvxpy as cp
        from scipy import sparse

        p, n = stated.program, len(stated.accounts)
        # Conic solvers want variables and rows near 1.
        size = np.ldexp(1.0, np.frexp(np.where(p.upper > 0, p.upper, 1.0))[1])
        row = p.row
        largest = np.zeros(p.row_lower.size)
        np.maximum.at(largest, row, np.abs(p.coefficient) * size[p.column])
        per = np.where(largest > 0, largest, 1.0)
        unknown = cp.Variable(p.cost.size, name="columns")
        columns = cp.multiply(size, unknown)
        shape = p.row_lower.size, p.cost.size
        values = p.coefficient * size[p.column] / per[row]
        rows = sparse.csr_array((values, p.column, p.start), shape=shape)
        place = stated.account, stated.column
        taken = sparse.coo_array((stated.worth, place), shape=(n, p.cost.size)).tocsr()
        below, above = np.isfinite(p.row_upper), np.isfinite(p.row_lower)
        same = p.row_upper == p.row_lower
        kept: list[Any] = [p.lower / size <= unknown, unknown <= p.upper / size]
        if p.integer is not None:
            whole = np.flatnonzero(p.integer)
            kept.append(columns[whole] == cp.Variable(whole.size, integer=True))
        for which, sign in ((same, 0), (below & ~same, 1), (above & ~same, -1)):
            if which.any():
                sums = rows[which] @ unknown
                ends = p.row_upper if sign >= 0 else p.row_lower
                end = (ends / per)[which]
                kept.append(sums == end if sign == 0 else sums <= end if sign > 0 else sums >= end)
        usd = float(stated.worth.max() * size[stated.column].max())
        kept.append(own.haircut / usd == (taken / usd) @ columns)
        kept.append(own.raised / usd == cp.sum(own.haircut) / usd)
        if own.burden is not None:
            z = stated.burden
            kept.append(own.burden == stated.unit[z] * columns[z])
        return cls(
            haircut=own.haircut,
            raised=own.raised,
            burden=own.burden,
            objective=stated.factor * (p.cost @ columns),
            constraints=kept,
            columns=columns,
            factor=stated.factor,
        )

    @property
    def problem(self) -> cp.Problem:
        """The problem as cvxpy has it."""
        import cvxpy as cp

        return cp.Problem(cp.Minimize(self.objective), self.constraints)


@cache
def _named() -> Any:
    import cvxpy as cp

    class Named(cp.Variable):  # type: ignore[misc]
        """A variable of accounts, also by their ids."""

        place: dict[str, int]

        def __getitem__(self, key: Any) -> Any:
            if isinstance(key, str):
                return super().__getitem__(self._index(key))
            if isinstance(key, (list, tuple)) and key and all(isinstance(k, str) for k in key):
                return super().__getitem__([self._index(k) for k in key])
            return super().__getitem__(key)

        def _index(self, name: str) -> int:
            if name not in self.place:
                known = ", ".join(list(self.place)[:8])
                raise InputError("haircut", name, f"an account of the model: {known}, …")
            return self.place[name]

    return Named


def affine(constraint: Any, own: Variables, name: str) -> list[Row] | None:
    """Rows over accounts; None where it is not affine."""
    import cvxpy as cp

    known = {id(v): v for v in (own.haircut, own.raised, own.burden) if v is not None}
    if not isinstance(constraint, cp.constraints.constraint.Constraint):
        expected = 'a constraint such as m.haircut["ann"] <= 5, or adl.group(...).gives_at_most()'
        raise InputError("constraints", constraint, expected, index=name)
    for variable in constraint.variables():
        if id(variable) not in known:
            raise InputError("constraints", variable.name(), "variables of this model", index=name)
    if not constraint.is_dcp():
        raise InputError("constraints", str(constraint), "a convex constraint", index=name)
    kinds = cp.constraints.Zero, cp.constraints.Equality
    kind = cp.constraints.NonPos, cp.constraints.Inequality
    if not isinstance(constraint, (*kinds, *kind)) or not constraint.expr.is_affine():
        return None
    constant, by = slopes(constraint.expr, own)
    rows = []
    equal = isinstance(constraint, kinds)
    for k, end in enumerate((-constant).tolist()):
        coefficient, raised = by["haircut"][:, k], float(by["raised"][0, k])
        index = np.flatnonzero(coefficient)
        row = Row(
            name=name if constant.size == 1 else f"{name},{k + 1}",
            index=index,
            coefficient=coefficient[index],
            share=-raised,
            burden=float(by["burden"][0, k]),
            lower=end if equal else -np.inf,
            upper=end,
        )
        rows.append(row)
    return rows


def is_convex_number(cost: Any) -> bool:
    """Whether something is a convex expression of one number."""
    import cvxpy as cp

    return isinstance(cost, cp.Expression) and cost.is_convex() and cost.size == 1


def slopes(expression: Any, own: Variables) -> tuple[FloatArray, dict[str, FloatArray]]:
    """Constants, (k,), of an affine expression, and slopes by variable, (variables, k)."""
    variables = {"haircut": own.haircut, "burden": own.burden, "raised": own.raised}
    for variable in variables.values():
        if variable is not None:
            variable.value = np.zeros(variable.shape)
    constant = np.atleast_1d(np.asarray(expression.value, dtype=float)).ravel(order="F")
    found = {id(v): _dense(g) for v, g in expression.grad.items()}
    by = {
        name: found.get(id(v), np.zeros((1 if v is None else v.size, constant.size)))
        for name, v in variables.items()
    }
    return constant, by


def _dense(gradient: Any) -> FloatArray:
    dense = gradient.toarray() if hasattr(gradient, "toarray") else gradient
    return np.atleast_2d(np.asarray(dense, dtype=np.float64))


def conic(
    stated: Stated, own: Variables, constraints: Sequence[Any], cost: Any = None
) -> FloatArray:
    """Minimise with constraints or a cost that are no rows, by Clarabel: a point of the program."""
    import cvxpy as cp

    if stated.program.integer is not None:
        raise InputError("constraints", "no linear row", "linear rows, where lots are whole")
    model = InCvxpy.stated(stated, own)
    p = stated.program
    size = float(model.factor * np.abs(p.cost * p.upper).max()) if cost is None else 1.0
    scaled = cp.Minimize(model.objective / size if cost is None else cost)
    problem = cp.Problem(scaled, [*model.constraints, *constraints])
    tight = dict.fromkeys(("tol_gap_abs", "tol_gap_rel", "tol_feas"), ACCURACY)
    try:
        with warnings.catch_warnings():
            # What is less accurate than asked for shows in the residuals, which are checked.
            warnings.simplefilter("ignore", UserWarning)
            problem.solve(solver=cp.CLARABEL, **tight)
    except cp.SolverError as error:
        raise SolverFailed(f"Clarabel: {error}") from None
    if problem.status in (cp.INFEASIBLE, cp.INFEASIBLE_INACCURATE):
        raise Infeasible
    if problem.status not in (cp.OPTIMAL, cp.OPTIMAL_INACCURATE):
        raise SolverStopped(f"Clarabel ended in state {problem.status!r}")
    return np.asarray(model.columns.value, dtype=np.float64)
