"""How much a round must raise: exactly what is needed, at least that, or within a band above it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from adlopt.errors import InputError
from adlopt.foundation.arrays import own_number
from adlopt.show.words import dollars


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """The sum of the haircuts lies in [needed, needed + extra].

    Parameters
    ----------
    extra : float
        USD ≥ 0, or infinite. How much more than needed may be raised.

    Raises
    ------
    InputError
        If `extra` is negative or not a number.

    Examples
    --------
    >>> Budget.exact(), Budget.band(5)
    (Budget(extra=0.0), Budget(extra=5.0))
    >>> Budget.at_least().most(60.0)
    inf
    """

    extra: float = 0.0

    def __post_init__(self) -> None:
        if self.extra != math.inf:
            object.__setattr__(self, "extra", own_number(self.extra, "extra", lowest=0.0))

    @classmethod
    def exact(cls) -> Budget:
        """Exactly what is needed."""
        return cls()

    @classmethod
    def at_least(cls) -> Budget:
        """What is needed or more."""
        return cls(extra=math.inf)

    @classmethod
    def band(cls, width: float) -> Budget:
        """What is needed or up to `width` USD more."""
        if width == math.inf:
            raise InputError("width", width, "a finite number of USD", remedy="Budget.at_least()")
        return cls(extra=own_number(width, "width", lowest=0.0))

    def most(self, needed: float) -> float:
        """USD. The largest sum allowed."""
        return needed + self.extra

    def __str__(self) -> str:
        if self.extra == 0:
            return "exact"
        if math.isinf(self.extra):
            return "at least"
        return f"at most {dollars(self.extra)} more"
