"""Who bears a haircut: how unequally, how few, and how much of that no policy can avoid."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from adlopt.errors import InputError
from adlopt.foundation.arrays import own, own_number, own_whole
from adlopt.model.loss import Burden, worst_burden
from adlopt.model.round import RoundStart
from adlopt.model.solvency import check_haircut
from adlopt.model.who_pays import fractions
from adlopt.show.answer import Figures
from adlopt.show.schema.studies import ConcentrationData
from adlopt.show.words import counted, number, percent, usd

TOP = 10
"""Accounts that count as the top."""
ROUNDING = 1e-12
"""Below this, a Gini coefficient is the rounding of equal numbers."""


class Concentration(Figures, ConcentrationData):
    """How concentrated a haircut is: fields as in `ConcentrationData`."""

    @classmethod
    def of(
        cls,
        start: RoundStart,
        haircut: ArrayLike,
        *,
        burden: Burden = Burden.CAPACITY,
        top: int = TOP,
    ) -> Concentration:
        """Measure a haircut, shape (n,), USD; it is checked to be feasible first.

        Raises
        ------
        BadHaircut
            If it is not.

        Examples
        --------
        >>> start = RoundStart(account=["a", "b", "c"], capacity=[6, 3, 1], deficit=6)
        >>> queue = Concentration.of(start, [6, 0, 0], top=1)
        >>> queue.touched, queue.top_share, round(queue.forced_share, 4)
        (1, 1.0, 0.3333)
        """
        x = check_haircut(haircut, start)
        raised = math.fsum(x)
        forced = forced_on_largest(start.capacity, min(raised, start.total_capacity), top)
        return cls(
            raised=raised,
            touched=int(np.count_nonzero(x)),
            worst_burden=worst_burden(x, burden.weights(start)),
            burden_gini=gini(fractions(x, start.capacity)[start.capacity > 0]),
            top_share=top_share(x, top),
            forced_share=forced / raised if raised else 0.0,
        )

    def _heading(self) -> str:
        return (
            f"{usd(self.raised)} USD from {counted(self.touched, 'account')}, worst burden "
            f"{percent(self.worst_burden)}, Gini {number(self.burden_gini)}"
        )


def gini(values: ArrayLike) -> float:
    """Gini coefficient Σ_ij |v_i − v_j| / (2 n Σ v) of numbers ≥ 0; 0 if all are 0 or none is.

    Examples
    --------
    >>> gini([1, 1, 1, 1]), gini([0, 0, 0, 1])
    (0.0, 0.75)
    """
    v = np.sort(own(values, "values", lowest=0.0)) if np.size(values) else np.zeros(0)
    largest = v.max(initial=0.0)
    if largest == 0:
        return 0.0
    v = v / largest
    n = v.size
    coefficient = float((2.0 * np.arange(1, n + 1) - n - 1.0) @ v / (n * v.sum()))
    return coefficient if coefficient > ROUNDING else 0.0


def top_share(haircut: ArrayLike, top: int = TOP) -> float:
    """Share of Σ x_i that the `top` largest x_i are; 0 if nothing is taken.

    Examples
    --------
    >>> top_share([5.0, 3.0, 2.0], top=1)
    0.5
    """
    x = np.sort(own(haircut, "haircut", lowest=0.0))[::-1]
    total = math.fsum(x)
    return math.fsum(x[: own_whole(top, "top", lowest=1)]) / total if total else 0.0


def forced_on_largest(capacity: ArrayLike, budget: float, top: int = TOP) -> float:
    """(B − Σ_{j>k} u_(j))_+, USD: what the k accounts with most profit must pay of a budget.

    All others together have no more than Σ_{j>k} u_(j), so no policy takes less from the k.

    Raises
    ------
    InputError
        If the capacities cannot raise the budget.

    Examples
    --------
    >>> forced_on_largest([6, 3, 1], budget=6, top=1)
    2.0
    """
    u = np.sort(own(capacity, "capacity", lowest=0.0))[::-1]
    b = own_number(budget, "budget", lowest=0.0)
    if b > math.fsum(u):
        raise InputError("budget", b, f"at most the {math.fsum(u)!r} USD that there are")
    return max(b - math.fsum(u[own_whole(top, "top", lowest=1) :]), 0.0)
