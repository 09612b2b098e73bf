"""How far from the belief the truth may be: what would have served its own values best."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from adlopt.errors import InputError
from adlopt.foundation.arrays import FloatArray, own_number, own_whole


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossValidated:
    """A Wasserstein radius in USD, by cross-validation on the values of a belief.

    For each radius the budget is chosen on all folds but one, and judged on that one. The least
    radius of the least mean cost is taken. Value i is in fold i mod `folds`.

    Parameters
    ----------
    folds : int
        At least 2; no more than values are used.
    multiples : tuple of float
        Radii that are tried, ≥ 0, as multiples of the mean distance of the values from their
        median.

    Examples
    --------
    >>> CrossValidated(folds=3).folds
    3
    """

    folds: int = 5
    multiples: tuple[float, ...] = (0.0, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)

    def __post_init__(self) -> None:
        own_whole(self.folds, "folds", lowest=2)
        if not self.multiples:
            raise InputError("multiples", self.multiples, "at least one number")
        tried = tuple(sorted(own_number(m, "multiples", lowest=0.0) for m in self.multiples))
        object.__setattr__(self, "multiples", tried)

    def radius(
        self,
        needed: FloatArray,
        mass: FloatArray,
        choose: Callable[[FloatArray, FloatArray, float], float],
        cost: Callable[[float, FloatArray], FloatArray],
    ) -> float:
        """USD; `choose` takes values, masses and a radius to a budget, `cost` judges it."""
        if needed.size < 2:
            raise InputError("ambiguity", self, "at least 2 values to validate on")
        spread = float(mass @ np.abs(needed - np.median(needed)) / mass.sum())
        fold = np.arange(needed.size) % min(self.folds, needed.size)
        held = [fold == k for k in np.unique(fold)]

        def out_of_sample(radius: float) -> float:
            chosen = [choose(needed[~own], mass[~own], radius) for own in held]
            pairs = zip(chosen, held, strict=True)
            return sum(float(mass[own] @ cost(raised, needed[own])) for raised, own in pairs)

        radii = [multiple * spread for multiple in self.multiples]
        return min(radii, key=out_of_sample)
