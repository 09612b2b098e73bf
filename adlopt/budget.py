"""Which sums count as raising the needed budget, where whole lots seldom hit it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from adlopt.arrays import own_number
from adlopt.errors import InputError


@dataclass(frozen=True, slots=True)
class Budget:
    """A sum counts if it is at least the needed budget and exceeds it by at most `width`.

    Parameters
    ----------
    width : float
        USD ≥ 0; infinite if any excess counts.

    Examples
    --------
    >>> print(Budget.exact(), Budget.band(250.0), Budget.at_least(), sep=", ")
    exact, at most 250.00 USD more, at least
    """

    width: float

    def __post_init__(self) -> None:
        if self.width != math.inf:
            object.__setattr__(self, "width", own_number(self.width, "width", lowest=0.0))

    @classmethod
    def exact(cls) -> Budget:
        """Only the needed budget itself, to the micro-dollar."""
        return cls(0.0)

    @classmethod
    def at_least(cls) -> Budget:
        """The needed budget or anything above it."""
        return cls(math.inf)

    @classmethod
    def band(cls, width: float) -> Budget:
        """The needed budget, or up to `width` USD above it."""
        if width == math.inf:
            raise InputError("width", width, "a finite number of USD", remedy="Budget.at_least()")
        return cls(width)

    def __str__(self) -> str:
        if self.width == 0:
            return "exact"
        if math.isinf(self.width):
            return "at least"
        return f"at most {self.width:,.2f} USD more"
