"""Which of two haircuts is fairer: a question only if neither raised less to be so."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

from numpy.typing import ArrayLike

from adlopt.model.filled import filled
from adlopt.model.loss import Burden, worst_burden
from adlopt.model.round import RoundStart
from adlopt.model.solvency import check_haircut
from adlopt.show.answer import Answer, Columns
from adlopt.show.schema.data import finite
from adlopt.show.schema.studies import BurdenComparisonData
from adlopt.show.words import percent, usd

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
