"""Forced fills: what they cost under linear impact, before and after, and their markouts.

A fill that closes q contracts of a long executes at mark − α q, of a short at mark + α |q|
[CTTX26, Sec. 4.2].
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from adlopt.foundation.arrays import FloatArray, Record, own, own_number
from adlopt.model.solvency import bad_debt, needed_budget
from adlopt.show.answer import Answer, Columns, Figures, Tabular
from adlopt.show.schema.studies import EstimateErrorData, MarkoutData
from adlopt.show.words import counted, usd


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class ClosingFills(Tabular, Record):
    """Positions of bankrupt accounts that are closed in one round, a fill each.

    Parameters
    ----------
    mark : array_like, shape (K,)
        USD a contract. Price without impact.
    bankruptcy : array_like, shape (K,)
        USD a contract.
    size : array_like, shape (K,)
        Contracts closed: positive of a long, negative of a short.

    Examples
    --------
    >>> fills = ClosingFills(mark=[10, 10], bankruptcy=[9, 9], size=[2, 1])
    >>> fills.execution(1.0), fills.needed(1.0), fills.impact_cost(1.0)
    (array([8., 9.]), 2.0, 5.0)
    """

    mark: FloatArray
    bankruptcy: FloatArray
    size: FloatArray

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "mark", own(self.mark, "mark", lowest=0.0))
        for name in ("bankruptcy", "size"):
            put(self, name, own(getattr(self, name), name, length=self.mark.size))

    def _columns(self) -> Columns:
        return {
            "mark_usd": self.mark,
            "bankruptcy_usd": self.bankruptcy,
            "size_contracts": self.size,
        }

    def _heading(self) -> str:
        return counted(self.mark.size, "fill")

    @property
    def squared_volume(self) -> float:
        """Σ_k q_k², which the paper's Q² has to be if there is more than one fill."""
        return math.fsum(self.size**2)

    def execution(self, slope: float) -> FloatArray:
        """Prices mark − α q, shape (K,), USD a contract."""
        prices: FloatArray = self.mark - own_number(slope, "slope", lowest=0.0) * self.size
        return prices

    def needed(self, slope: float) -> float:
        """B = Σ |p_k − bankruptcy_k| |q_k|, USD [CTTX26, Eq. 19]; it counts a surplus as needed."""
        return needed_budget(self.execution(slope), self.bankruptcy, self.size)

    def bad_debt(self, slope: float) -> float:
        """Unpaid dollars: as `needed`, without the surplus."""
        return bad_debt(self.execution(slope), self.bankruptcy, self.size)

    def impact_cost(self, slope: float) -> float:
        """α Σ q_k², USD: what the fills lose to impact, at one price a fill."""
        return own_number(slope, "slope", lowest=0.0) * self.squared_volume

    def same_as(self, other: ClosingFills) -> bool:
        """Whether the fills are those of `other`."""
        pairs = zip(self._columns().values(), other._columns().values(), strict=True)
        return all(np.array_equal(mine, its) for mine, its in pairs)


class EstimateError(Figures, EstimateErrorData):
    """The needed budget of a round before and after: fields as in `EstimateErrorData`."""

    @property
    def error(self) -> float:
        """|B − B̂|, USD."""
        return abs(self.ex_post - self.ex_ante)

    def _heading(self) -> str:
        bound = "nothing bounds that" if self.bound is None else f"at most {usd(self.bound)}"
        said = f"{usd(self.ex_ante)} USD estimated, {usd(self.ex_post)} needed"
        return f"{said}: off by {usd(self.error)}, {bound}"


def estimate_error(
    planned: ClosingFills, estimate: float, happened: ClosingFills, slope: float
) -> EstimateError:
    """Compare the planned fills at the estimated slope with what happened.

    Parameters
    ----------
    planned : ClosingFills
    estimate : float
        α̂, USD a contract².
    happened : ClosingFills
    slope : float
        α, USD a contract².

    Examples
    --------
    >>> fills = ClosingFills(mark=[10, 10], bankruptcy=[9, 9], size=[2, 2])
    >>> print(estimate_error(fills, 1.0, fills, 1.5))
    4.00 USD estimated, 8.00 needed: off by 4.00, at most 4.00
    >>> half = ClosingFills(mark=[10], bankruptcy=[9], size=[1])
    >>> whole = ClosingFills(mark=[10], bankruptcy=[9], size=[2])
    >>> print(estimate_error(half, 1.0, whole, 1.0))
    0.00 USD estimated, 2.00 needed: off by 2.00, nothing bounds that
    """
    bound = abs(slope - estimate) * happened.squared_volume
    return EstimateError(
        ex_ante=planned.needed(estimate),
        ex_post=happened.needed(slope),
        bound=bound if planned.same_as(happened) else None,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Markout(Answer, Record):
    """Markouts of forced fills, USD, shape (n,); negative is worse for the owner.

    `immediate` is C_imm = Q (M_0 − P), the mark at the fill against its price; `opportunity` is
    C_opp = Q (M_Δ − M_0), how the mark moved after.
    """

    immediate: FloatArray
    opportunity: FloatArray

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "immediate", own(self.immediate, "immediate"))
        put(self, "opportunity", own(self.opportunity, "opportunity", length=self.immediate.size))

    def _columns(self) -> Columns:
        return {
            "immediate_usd": self.immediate,
            "opportunity_usd": self.opportunity,
            "total_usd": self.total,
        }

    def _heading(self) -> str:
        sums = (math.fsum(column) for column in self._columns().values())
        now, after, total = map(usd, sums)
        return (
            f"{counted(self.immediate.size, 'forced fill')}: {total} USD, {now} at the fill and "
            f"{after} after; below 0 is worse for the owner"
        )

    def data(self) -> MarkoutData:
        """Return each fill's."""
        return MarkoutData(**{name: column.tolist() for name, column in self._columns().items()})

    @property
    def total(self) -> FloatArray:
        """C_tot = C_imm + C_opp."""
        total: FloatArray = self.immediate + self.opportunity
        return total


def markout(quantity: ArrayLike, price: ArrayLike, mark: ArrayLike, later: ArrayLike) -> Markout:
    """Mark forced fills out.

    Parameters
    ----------
    quantity : array_like, shape (n,)
        Contracts traded: negative where a long was closed by a sale, positive where a short was
        closed by a purchase.
    price, mark, later : array_like, shape (n,)
        USD a contract: P of the fill, M_0 at the fill, M_Δ a horizon later.

    Examples
    --------
    >>> sold = markout([-10], [5], [5.2], [6])
    >>> sold.immediate.round(9), sold.opportunity.round(9), sold.total.round(9)
    (array([-2.]), array([-8.]), array([-10.]))
    """
    q = own(quantity, "quantity")
    prices = {"price": price, "mark": mark, "later": later}
    p, m, after = (own(v, name, length=q.size, lowest=0.0) for name, v in prices.items())
    return Markout(immediate=np.asarray(q * (m - p)), opportunity=np.asarray(q * (after - m)))
