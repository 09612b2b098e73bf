"""What a series of budgets missed: too little and too much, never one without the other.

Undershoot V_T alone is no objective: overestimating every slope makes it 0 [CTTX26, Prop. 10].
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from adlopt.foundation.arrays import own
from adlopt.show.answer import Figures
from adlopt.show.schema.studies import MissedData
from adlopt.show.words import usd


class Missed(Figures, MissedData):
    """Dollars by which budgets were missed, on either side: fields as in `MissedData`.

    Examples
    --------
    >>> print(Missed.of(needed=[5.0, 5.0], raised=[2.0, 9.0]))
    3.00 USD too little, 4.00 USD too much
    """

    @classmethod
    def of(cls, *, needed: ArrayLike, raised: ArrayLike) -> Missed:
        """Compare needed and raised budgets, shape (T,), USD."""
        b = own(needed, "needed", lowest=0.0)
        h = own(raised, "raised", length=b.size, lowest=0.0)
        return cls(
            undershoot=math.fsum(np.maximum(b - h, 0.0)),
            overshoot=math.fsum(np.maximum(h - b, 0.0)),
        )

    def _heading(self) -> str:
        return f"{usd(self.undershoot)} USD too little, {usd(self.overshoot)} USD too much"
