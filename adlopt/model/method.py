"""What solves a round, and why it stopped."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum


class Method(Enum):
    """What solved a round."""

    AUTO = "automatic"
    """The best method known for the problem; a Solution never carries this."""
    PRO_RATA = "pro-rata (closed form)"
    WATER_FILLING = "water-filling"
    LOT_SEARCH = "parametric search over lots"
    POSITION_SEARCH = "parametric search over positions"
    SMOOTHING = "total variation smoothing"
    CUTS = "cuts that bind"
    CUTTING_PLANES = "cutting planes, by HiGHS"
    INTERIOR = "interior point, account by account"
    HIGHS = "HiGHS"
    HIGHS_INTERIOR = "HiGHS, interior point"
    """What HiGHS falls back to where its simplex gives up; asking for it is not possible."""
    CLARABEL = "Clarabel, interior point"
    """For constraints of one's own that are no linear rows; asking for it is not possible."""


class Stopped(Enum):
    """Why a solver stopped."""

    OPTIMAL = "optimal"
    """Its search ended; whether the answer *is* optimal is for the certificate to say."""
    GAP = "gap"
    """The proven gap is as small as was asked for."""
    LIMIT = "limit"
    """A time or node limit was reached; the answer is the best found so far."""

    @classmethod
    def of_all(cls, parts: Iterable[Stopped]) -> Stopped:
        """How a search of several parts stopped: as the worst of them.

        Examples
        --------
        >>> Stopped.of_all([Stopped.GAP, Stopped.OPTIMAL]).value, Stopped.of_all([]).value
        ('gap', 'optimal')
        """
        return max(parts, key=list(cls).index, default=cls.OPTIMAL)
