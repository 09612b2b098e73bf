"""Who bears a haircut: how unequally, how few, what survivors keep, and which of two is fairer."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import ArrayLike

from adlopt.errors import InputError
from adlopt.foundation.arrays import own, own_number, own_whole
from adlopt.model.filled import filled
from adlopt.model.loss import Burden, worst_burden
from adlopt.model.round import RoundStart
from adlopt.model.solvency import check_haircut
from adlopt.model.who_pays import fractions
from adlopt.scoring.quality import LARGEST_LOSS
from adlopt.show.answer import Answer, Columns, Figures
from adlopt.show.schema.data import finite
from adlopt.show.schema.studies import BurdenComparisonData, ConcentrationData, SurvivorsData
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


class Survivors(Figures, SurvivorsData):
    """The largest survivor of a round: fields as in `SurvivorsData`."""

    @classmethod
    def of(cls, start: RoundStart, haircut: ArrayLike, *, as_published: bool = False) -> Survivors:
        """Measure a haircut, shape (n,), USD; it is checked to be feasible first.

        The ratios are as [Chitra25] defines them, by what is taken, or `as_published` for
        October 10, by what is left: PTSR = υ / (D − H), PMR = υ / (Δ (D − H)_+ / D), and
        RD-NSE = υ / (υ + D − H), which exceeds 1 where more than the deficit is taken.

        Raises
        ------
        BadHaircut
            If it is not.

        Examples
        --------
        >>> start = RoundStart(account=["a", "b", "c"], capacity=[8, 4, 0.5], deficit=15,
        ...                    signals={"largest_loss": 12})
        >>> print(Survivors.of(start, [3.5, 4, 0]))
        the largest survivor keeps 4.50 USD, 7.50 are taken: PTSR 0.6, PMR 0.75, RD-NSE 0.375
        >>> Survivors.of(start, [6, 4, 0], as_published=True).ptsr
        0.4
        """
        x = check_haircut(haircut, start)
        kept = float(np.maximum(start.capacity - x, 0.0).max())
        taken = math.fsum(x)
        loss = start.signals.get(LARGEST_LOSS)
        left = start.deficit - taken
        by, rest = (left, left) if as_published else (taken, max(left, 0.0))
        theta = max(by, 0.0) / start.deficit if start.deficit else 0.0
        return cls(
            kept=kept,
            taken=taken,
            ptsr=_ratio(kept, by),
            pmr=None if loss is None else _ratio(kept, theta * loss),
            rd_nse=_ratio(kept, kept + rest),
        )

    def _heading(self) -> str:
        return (
            f"the largest survivor keeps {usd(self.kept)} USD, {usd(self.taken)} are taken: PTSR "
            f"{number(self.ptsr)}, PMR {number(self.pmr)}, RD-NSE {number(self.rd_nse)}"
        )


def survivor_gap(capacity: ArrayLike, budget: float) -> float:
    """H (1 − u_(1)/U), USD: what the largest survivor keeps under pro-rata beyond a queue.

    The queue serves the largest first and stops within it: it needs H ≤ u_(1) − u_(2), so that
    the largest stays the largest [Chitra25].

    Raises
    ------
    InputError
        If the largest would not survive as the largest.

    Examples
    --------
    >>> survivor_gap([8, 4, 0.5], budget=3)
    1.08
    """
    u = np.sort(own(capacity, "capacity", lowest=0.0))[::-1]
    b = own_number(budget, "budget", lowest=0.0)
    most = float(u[0] - u[1]) if u.size > 1 else float(u[0])
    if b > most:
        raise InputError("budget", b, f"at most {most!r}, the lead of the largest account")
    return b * (1.0 - float(u[0]) / math.fsum(u)) if b else 0.0


def _ratio(numerator: float, denominator: float) -> float | None:
    return numerator / denominator if denominator > 0 else None


SAME = 1e-9
"""Relative distance within which budgets and burdens count as equal."""


class Fairer(Enum):
    """Answer of `compare_burdens`."""

    FIRST = "the first is fairer"
    SECOND = "the second is fairer"
    EQUAL = "equally fair"
    NOT_COMPARABLE = "not comparable: the lower burden raised less"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class BurdenComparison(Answer):
    """Two haircuts of one round: dollars raised and worst burden, each, and which is fairer."""

    raised: tuple[float, float]
    burden: tuple[float, float]
    verdict: Fairer

    def _columns(self) -> Columns:
        return {"raised_usd": self.raised, "worst_burden": self.burden}

    def _heading(self) -> str:
        sides = [
            f"{usd(raised)} USD at a worst burden of {percent(burden)}"
            for raised, burden in zip(self.raised, self.burden, strict=True)
        ]
        return f"{sides[0]}, against {sides[1]}: {self.verdict.value}"

    def data(self) -> BurdenComparisonData:
        """Return both sides, and which is fairer."""
        worst = [finite(burden) for burden in self.burden]
        return filled(BurdenComparisonData, self, worst_burden=worst)


def compare_burdens(
    start: RoundStart, first: ArrayLike, second: ArrayLike, *, burden: Burden = Burden.CAPACITY
) -> BurdenComparison:
    """Compare the worst burdens of two haircuts, shape (n,), USD.

    Both are checked to be feasible. A lower burden is fairer only if no less was raised: taking
    nothing burdens nobody.

    Raises
    ------
    BadHaircut
        If a haircut is not within 0 ≤ x ≤ u.

    Examples
    --------
    >>> start = RoundStart(account=["a", "b"], capacity=[120, 80], deficit=90)
    >>> print(compare_burdens(start, [30, 20], [50, 0]))
    50.00 USD at a worst burden of 25 %, against 50.00 USD at a worst burden of 41.67 %: the first
    is fairer
    >>> compare_burdens(start, [24, 16], [50, 0]).verdict
    <Fairer.NOT_COMPARABLE: 'not comparable: the lower burden raised less'>
    """
    weights = burden.weights(start)
    taken = [
        check_haircut(x, start, who=f"the {which} haircut")
        for which, x in (("first", first), ("second", second))
    ]
    raised = math.fsum(taken[0]), math.fsum(taken[1])
    worst = worst_burden(taken[0], weights), worst_burden(taken[1], weights)
    return BurdenComparison(raised=raised, burden=worst, verdict=_verdict(raised, worst))


def _verdict(raised: tuple[float, float], burden: tuple[float, float]) -> Fairer:
    same_budget = math.isclose(*raised, rel_tol=SAME, abs_tol=0.0)
    if math.isclose(*burden, rel_tol=SAME, abs_tol=0.0):
        return Fairer.EQUAL if same_budget else Fairer.NOT_COMPARABLE
    lower = 0 if burden[0] < burden[1] else 1
    if not same_budget and raised[lower] < raised[1 - lower]:
        return Fairer.NOT_COMPARABLE
    return (Fairer.FIRST, Fairer.SECOND)[lower]
