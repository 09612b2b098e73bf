"""What is believed about the budget that a round will turn out to need, before it is known."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from adlopt.errors import InputError, unknown
from adlopt.foundation.arrays import (
    LARGEST_USD,
    FloatArray,
    Record,
    freeze,
    own,
    own_number,
    own_positive,
)
from adlopt.model.episode import Episode
from adlopt.model.round import RoundStart
from adlopt.show.answer import Columns, Tabular
from adlopt.show.words import counted

POINTS = 200
"""Of equal mass that a distribution, or one given by quantiles, is replaced with."""
DISTRIBUTIONS: dict[str, tuple[tuple[str, ...], Callable[..., float]]] = {
    "uniform": (("low", "high"), lambda p, low, high: low + p * (high - low)),
    "lognormal": (
        ("median", "sigma"),
        lambda p, median, sigma: median * math.exp(sigma * NormalDist().inv_cdf(p)),
    ),
    "exponential": (("mean",), lambda p, mean: -mean * math.log1p(-p)),
}
"""By name: what each takes, ≥ 0, and its quantile function."""


class Measured(Enum):
    """What the values of a belief are measured in."""

    DOLLARS = "USD"
    SHARES = "shares of the deficit"
    ERRORS = "USD beyond the estimate"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Belief(Tabular, Record):
    """Values that the needed budget may take, and how likely each is.

    Parameters
    ----------
    value : array_like, shape (N,)
        In the order in which they were seen, in units of `measured`.
    mass : array_like, shape (N,), optional
        How likely each is, > 0, up to scale; equal unless given.
    measured : Measured
    sampled : bool
        Whether they were drawn, so that guarantees of order statistics hold if draws and the round
        that starts are exchangeable.
    source : str
        What was seen, in words.

    Examples
    --------
    >>> start = RoundStart(account=["a"], capacity=[120.0], deficit=90.0, estimate=50.0)
    >>> Belief.of_samples([30, 60]).needed(start), Belief.of_errors([-60, 5]).needed(start)
    (array([30., 60.]), array([ 0., 55.]))
    """

    value: FloatArray
    mass: FloatArray = None  # type: ignore[assignment]
    measured: Measured = Measured.DOLLARS
    sampled: bool = True
    source: str = ""

    def __post_init__(self) -> None:
        kinds, given = list(Measured), self.measured
        if given not in kinds:
            raise InputError("measured", given, f"Measured.{', '.join(k.name for k in kinds)}")
        lowest = -LARGEST_USD if given is Measured.ERRORS else 0.0
        value = own(self.value, "belief", lowest=lowest)
        if not value.size:
            raise InputError("belief", [], "at least one value")
        mass = np.ones(value.size) if self.mass is None else self.mass
        object.__setattr__(self, "value", value)
        object.__setattr__(self, "mass", own_positive(mass, "mass", length=value.size))

    @classmethod
    def of_samples(cls, value: ArrayLike, mass: ArrayLike | None = None) -> Belief:
        """Take budgets, USD, that similar rounds needed, equally likely unless masses are given."""
        return cls(value=value, mass=mass, source="samples")  # type: ignore[arg-type]

    @classmethod
    def of_errors(cls, errors: ArrayLike) -> Belief:
        """Take the round's estimate, with the errors, needed − estimate, USD, of past ones."""
        return cls(value=errors, measured=Measured.ERRORS, source="errors of estimates")  # type: ignore[arg-type]

    @classmethod
    def of_quantiles(cls, quantiles: Mapping[float, float]) -> Belief:
        """Take USD by level in (0, 1], up to the level 1; evenly in between, from 0 USD on.

        Examples
        --------
        >>> half = Belief.of_quantiles({0.5: 20, 1.0: 60})
        >>> half.value[[0, 99]]
        array([ 0.1, 19.9])
        """
        pairs = sorted((own_number(k, "quantiles"), own_number(v, "quantiles", lowest=0.0))
                       for k, v in quantiles.items())  # fmt: skip
        levels, values = [0.0], [0.0]
        for level, value in pairs:
            if not levels[-1] < level <= 1 or value < values[-1]:
                expected = "levels in (0, 1], and values that rise with them"
                raise InputError("quantiles", value, expected, index=str(level))
            levels.append(level)
            values.append(value)
        if levels[-1] < 1:
            remedy = "state the most that can be needed"
            raise InputError("quantiles", None, "a value at level 1", index="1", remedy=remedy)
        made = np.interp(_middles(), levels, values)
        return cls(value=made, sampled=False, source=f"{counted(len(pairs), 'quantile')}")

    @classmethod
    def of_distribution(cls, words: str) -> Belief:
        """Take uniform:LOW:HIGH, lognormal:MEDIAN:SIGMA or exponential:MEAN, USD.

        Examples
        --------
        >>> float(Belief.of_distribution("uniform:10:30").value.mean())
        20.0
        """
        kind, *given = words.split(":")
        if kind not in DISTRIBUTIONS:
            raise unknown("distribution", kind, DISTRIBUTIONS)
        names, quantile = DISTRIBUTIONS[kind]
        try:
            numbers = [own_number(float(each), "distribution", lowest=0.0) for each in given]
        except ValueError:
            numbers = []
        if len(numbers) != len(names) or (kind == "uniform" and numbers[0] > numbers[1]):
            expected = ":".join([kind, *map(str.upper, names)]) + ", numbers ≥ 0"
            raise InputError("distribution", words, expected)
        made = [quantile(p, *numbers) for p in _middles().tolist()]
        return cls(value=made, sampled=False, source=words)  # type: ignore[arg-type]

    def needed(self, start: RoundStart) -> FloatArray:
        """USD that the values mean in a round, shape (N,), at least 0.

        Raises
        ------
        InputError
            If they are errors of an estimate that the round lacks.
        """
        if self.measured is Measured.DOLLARS:
            return self.value
        if self.measured is Measured.SHARES:
            return freeze(self.value * start.deficit)
        if start.estimate is None:
            remedy = "the belief is about its errors"
            raise InputError("estimate", None, "an ex ante estimate, USD", remedy=remedy)
        return freeze(np.maximum(self.value + start.estimate, 0.0))

    def _columns(self) -> Columns:
        return {self.measured.value: self.value, "mass": self.mass}

    def _heading(self) -> str:
        said = f" ({self.source})" if self.source else ""
        return f"belief of {counted(self.value.size, 'value')} in {self.measured.value}{said}"


def _middles() -> FloatArray:
    levels: FloatArray = (np.arange(POINTS) + 0.5) / POINTS
    return levels


def belief_from(episode: Episode, *, equally: bool = False) -> Belief:
    """Learn a belief from finished rounds: errors of their estimates, or shares of their deficits.

    Where every round has an ex ante estimate it is needed − estimate, USD, else needed / deficit,
    above 1 where more was needed than the deficit; a round without a deficit says nothing then.
    Shares count by their deficits, so that tiny rounds cannot mislead a large one, or `equally`, as
    guarantees of order statistics need.

    Examples
    --------
    >>> from adlopt.data.episodes import october_10
    >>> print(belief_from(october_10()))
    belief of 16 values in shares of the deficit (16 rounds of october-10, by their
    deficits; consecutive rounds are hardly exchangeable)
    """
    if all(round_.start.estimate is not None for round_ in episode):
        measured = Measured.ERRORS
        value = [r.needed - r.start.estimate for r in episode]  # type: ignore[operator]
    else:
        measured = Measured.SHARES
        value = [r.needed / r.start.deficit for r in episode if r.start.deficit > 0]
    sized = measured is Measured.SHARES and not equally
    seen = (
        f"{counted(len(value), 'round')} of {episode.name}{', by their deficits' if sized else ''}"
    )
    return Belief(
        value=value,  # type: ignore[arg-type]
        mass=episode.deficit[episode.deficit > 0] if sized else None,  # type: ignore[arg-type]
        measured=measured,
        source=f"{seen}; consecutive rounds are hardly exchangeable",
    )
