"""What solves a round."""

from __future__ import annotations

from enum import Enum


class Method(Enum):
    """What solved a round."""

    AUTO = "automatic"
    """The best method known for the problem; a Solution never carries this."""
    PRO_RATA = "pro-rata (closed form)"
    WATER_FILLING = "water-filling"
    LOT_SEARCH = "parametric search over lots"
    POSITION_SEARCH = "parametric search over positions"
    HIGHS = "HiGHS"
    HIGHS_INTERIOR = "HiGHS, interior point"
    """What HiGHS falls back to where its simplex gives up; asking for it is not possible."""
