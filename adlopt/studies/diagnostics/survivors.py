"""What the largest survivor keeps, beside what was taken and what was left unpaid.

Ratios of [Chitra25] (arXiv 2512.01112); RD-NSE is from the code published with it.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from adlopt.errors import InputError
from adlopt.foundation.arrays import own, own_number
from adlopt.model.round import RoundStart
from adlopt.model.solvency import check_haircut
from adlopt.scoring.quality import LARGEST_LOSS
from adlopt.show.answer import Figures
from adlopt.show.schema.studies import SurvivorsData
from adlopt.show.words import number, usd


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
