"""The same problems stated in cvxpy: a second, independent statement.

It shares nothing with the closed forms but the round and the loss: rows are written as the paper
writes them. Tests compare; users extend it with convex losses of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from adlopt.errors import InputError, SolverFailed
from adlopt.foundation.arrays import FloatArray
from adlopt.model.loss import Asymmetric, Empirical, Loss, MinMax
from adlopt.model.round import Round

if TYPE_CHECKING:
    import cvxpy as cp

Terms = Callable[["cp.Expression", "cp.Expression", Round], "tuple[cp.Expression, list[Any]]"]
"""From raised USD H, worst burden z and the round to an objective and further constraints."""


def reference(round_: Round, loss: Loss | Terms) -> tuple[float, FloatArray]:
    """Minimise a loss over 0 ≤ x ≤ u, x_i ≤ (w_i + ε) z, in whole lots if the round has them.

    Money is scaled to a mean capacity of 1. The loss is one of `adlopt.model.loss`, or a function
    as in `Terms`, burdens then over capacity; returned are its value and the haircut, (n,) USD.

    >>> round_ = Round.of(capacity=[120.0, 80.0, 40.0], deficit=90.0, needed=60.0)
    >>> value, haircut = reference(round_, MinMax())
    >>> round(value, 6), haircut.round(3)
    (0.25, array([30., 20., 10.]))
    """
    import cvxpy as cp

    start = round_.start
    unit = max(float(start.capacity.mean()), 1e-12)
    shape = loss if isinstance(loss, (MinMax, Asymmetric, Empirical)) else MinMax()
    weights = shape.weights(start) / unit
    z = cp.Variable(nonneg=True)
    constraints: list[Any] = []
    if start.lot is None:
        haircut = cp.Variable(start.capacity.size, nonneg=True)
    else:
        lots = cp.Variable(start.capacity.size, integer=True)
        haircut = cp.multiply(lots, start.lot / unit)
        constraints.append(lots >= 0)
    constraints += [haircut <= start.capacity / unit, haircut <= weights * z]
    objective, more = _terms(loss)(unit * cp.sum(haircut), z, round_)
    scale = max(float(weights.sum()), 1e-12) if isinstance(loss, MinMax) else 1.0 / unit
    problem = cp.Problem(cp.Minimize(scale * objective), constraints + more)
    problem.solve(solver=cp.HIGHS)
    if problem.status != cp.OPTIMAL:
        raise SolverFailed(f"cvxpy ended in state {problem.status!r}")
    taken = np.asarray(haircut.value, dtype=float) * unit
    return float(problem.value) / scale, np.clip(taken, 0.0, start.capacity)


def _terms(loss: Loss | Terms) -> Terms:
    if callable(loss):
        return loss
    known = isinstance(loss, (MinMax, Asymmetric, Empirical))
    if not known or (isinstance(loss, Empirical) and not loss.excess_only):
        raise InputError("loss", loss, "MinMax, Asymmetric, Empirical(excess_only=True), callable")
    return partial(_as_written, loss)


def _as_written(
    loss: Loss, raised: cp.Expression, z: cp.Expression, round_: Round
) -> tuple[cp.Expression, list[Any]]:
    import cvxpy as cp

    missing, unit = round_.needed - raised, max(float(round_.start.capacity.mean()), 1e-12)
    if isinstance(loss, Asymmetric):
        priced = loss.under * cp.pos(missing) + loss.over * cp.pos(-missing)
        return priced + loss.fair * z, []
    if isinstance(loss, Empirical):
        excess = cp.pos(z - loss.reference)
        return cp.abs(missing) + loss.weight * round_.needed * excess, []
    return z, [raised / unit == round_.needed / unit]
