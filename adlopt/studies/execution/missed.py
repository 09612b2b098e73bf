"""What a series of budgets missed: too little and too much, never one without the other.

Undershoot V_T alone is no objective: overestimating every slope makes it 0 [CTTX26, Prop. 10].
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from adlopt.foundation.arrays import own


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """Dollars by which budgets were missed, on either side.

    Parameters
    ----------
    undershoot : float
        USD. V_T = Σ [B_t − H_t]₊ [CTTX26, Eq. 21].
    overshoot : float
        USD. Σ [H_t − B_t]₊.

    Examples
    --------
    >>> print(Missed.of(needed=[5.0, 5.0], raised=[2.0, 9.0]))
    3.00 USD too little, 4.00 USD too much
    """

    undershoot: float
    overshoot: float

    @classmethod
    def of(cls, *, needed: ArrayLike, raised: ArrayLike) -> Missed:
        """Compare needed and raised budgets, shape (T,), USD."""
        b = own(needed, "needed", lowest=0.0)
        h = own(raised, "raised", length=b.size, lowest=0.0)
        return cls(
            undershoot=math.fsum(np.maximum(b - h, 0.0)),
            overshoot=math.fsum(np.maximum(h - b, 0.0)),
        )

    def __str__(self) -> str:
        return f"{self.undershoot:,.2f} USD too little, {self.overshoot:,.2f} USD too much"

    def to_dict(self) -> dict[str, float]:
        """Both, USD."""
        return {"undershoot_usd": self.undershoot, "overshoot_usd": self.overshoot}
