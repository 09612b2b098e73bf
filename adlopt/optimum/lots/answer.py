"""What a search over lots found."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from adlopt.foundation.arrays import IntArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LotAnswer:
    """Lots to take, and what is known about the best possible.

    Parameters
    ----------
    counts : IntArray, shape (n,)
        Lots taken from each account.
    level : Fraction
        Their worst burden.
    value : Fraction
        The objective, exact; infinite prices do not occur in it.
    lower : Fraction
        No haircut in lots costs less, if the search is to be believed.
    finished : bool
        False if a search gave up: then `lower` may be below `value`.
    """

    counts: IntArray
    level: Fraction
    value: Fraction
    lower: Fraction
    finished: bool
