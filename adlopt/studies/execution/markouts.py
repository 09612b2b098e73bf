"""Markouts: what a forced fill cost its owner, at once and in what came after."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from adlopt.foundation.arrays import FloatArray, Record, own
from adlopt.show.answer import Answer, Columns
from adlopt.show.schema.studies import MarkoutData
from adlopt.show.words import counted, usd


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
