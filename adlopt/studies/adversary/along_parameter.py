"""What a written severity loses on a path, as a function of one of its parameters.

The rule's own expressions are run on lines α + β s in fractions instead of floats. Where a
comparison changes within an open interval of s, the interval is cut there: on each piece the loss
is one line. That holds for real arithmetic, of which the playing policy's floats are a rounding.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np

from adlopt.errors import AdloptError
from adlopt.foundation.arrays import FloatArray
from adlopt.policies.severity_notation import ON_FLOATS, Written, started
from adlopt.studies.adversary.arena import Arena
from adlopt.studies.adversary.written_program import Linear


class NotLinearIn(AdloptError):
    """An expression multiplies, or bends, the parameter as no line does."""


class _Cut(Exception):
    """A signal: the interval has two parts."""

    def __init__(self, at: Fraction) -> None:
        self.at = at


@dataclass(frozen=True, slots=True, eq=False)
class Line(Linear):
    """α + β s for s strictly between two numbers, or at one where they are equal.

    >>> line = Line(Fraction(1), Fraction(-2), (Fraction(0), Fraction(1, 4)))
    >>> line > 0.25, line.at(Fraction(1, 4))
    (True, Fraction(1, 2))
    """

    constant: Fraction
    slope: Fraction
    within: tuple[Fraction, Fraction]

    def at(self, s: Fraction) -> Fraction:
        """Its value at s."""
        return self.constant + self.slope * s

    def _line(self, other: Any) -> Line:
        if isinstance(other, Line):
            return other
        return Line(Fraction(other), Fraction(0), self.within)

    def __add__(self, other: Any) -> Line:
        b = self._line(other)
        return Line(self.constant + b.constant, self.slope + b.slope, self.within)

    def __mul__(self, other: Any) -> Line:
        a, b = self, self._line(other)
        if a.slope and b.slope:
            raise NotLinearIn("multiplies the parameter by itself")
        slope = a.slope * b.constant + a.constant * b.slope
        return Line(a.constant * b.constant, slope, self.within)

    def __truediv__(self, other: Any) -> Line:
        return self * Line(1 / self._line(other).known(), Fraction(0), self.within)

    def __rtruediv__(self, other: Any) -> Line:
        return self._line(other) / self

    def __pow__(self, power: Any) -> Line:
        by = self._line(power).known()
        if by == 1:
            return self
        return self._line(self.known() ** by)

    def __abs__(self) -> Line:
        return self if self.sign() >= 0 else -self

    def __float__(self) -> float:
        return float(self.known())

    def known(self) -> Fraction:
        """Its value, where the parameter does not move it."""
        if self.slope and self.within[0] != self.within[1]:
            raise NotLinearIn("bends the parameter, or divides by it")
        return self.at(self.within[0])

    def over(self, other: Any) -> int:
        """The sign of how far it is above another."""
        return (self - self._line(other)).sign()  # type: ignore[no-any-return]

    def sign(self) -> int:
        """Its sign, where it is one; cuts the interval otherwise."""
        low, high = self.within
        root = -self.constant / self.slope if self.slope else low
        if self.slope and low < root < high:
            raise _Cut(root)
        value = self.at((low + high) / 2)
        return (value > 0) - (value < 0)

    def __gt__(self, other: Any) -> bool:
        return self.over(other) > 0

    def __lt__(self, other: Any) -> bool:
        return self.over(other) < 0

    def __ge__(self, other: Any) -> bool:
        return self.over(other) >= 0

    def __le__(self, other: Any) -> bool:
        return self.over(other) <= 0

    def __eq__(self, other: object) -> bool:
        return self.over(other) == 0

    __hash__ = None  # type: ignore[assignment]


TOUCHING = 1e-5
"""Distance of θ* from what was played below which it goes along with what is played."""
STILL = 1e-9
"""Move of θ* below which it stays."""
Span: TypeAlias = tuple[Fraction, Fraction]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LedPath:
    """A path θ* that was found against a severity, and where else a parameter s may lead it.

    θ*_t is led by `slopes` from where it was found, at `origin`; it stops when P is spent, so that
    no s makes it move further. Without slopes it is the same path whatever s.
    """

    rule: Written
    parameter: str
    arena: Arena
    path: FloatArray
    origin: Fraction
    slopes: tuple[Fraction, ...] = ()

    def pieces(self, span: Span) -> Iterator[Line]:
        """Σ D_t |θ_t − θ*_t|, USD, from one end of an interval of s to the other.

        Open pieces, and between two the point that parts them.

        Raises
        ------
        NotLinearIn
            If what is played is not piecewise linear in the parameter.
        """
        return (loss for _, loss in self._played(span))

    def led(self, played: FloatArray, span: Span) -> LedPath:
        """The same, but θ* goes along with what was played where it all but touches that.

        Where it stays it is led as a whole.
        """
        thetas = next(
            thetas for thetas, loss in self._played(span) if loss.within[1] >= self.origin
        )
        slopes = [Fraction(0)] * self.path.size
        still = np.abs(np.diff(self.path)) <= STILL
        for stretch in np.split(np.arange(self.path.size), np.flatnonzero(~still) + 1):
            ties = [t for t in stretch.tolist() if abs(self.path[t] - played[t]) <= TOUCHING]
            found = [thetas[t].slope for t in ties if isinstance(thetas[t], Line)]
            for t in stretch.tolist() if found else ():
                slopes[t] = found[0]
        return replace(self, slopes=tuple(slopes))

    def _played(self, span: Span) -> Iterator[tuple[list[Any], Line]]:
        todo = [span]
        while todo:
            low, high = todo.pop()
            try:
                yield self._on((low, high))
            except _Cut as cut:
                todo += [(cut.at, high), (cut.at, cut.at), (low, cut.at)]

    def _on(self, within: Span) -> tuple[list[Any], Line]:
        def known(value: Any) -> Any:
            return Line(Fraction(value), Fraction(0), within) if isinstance(value, float) else value

        recipe: Any = self.rule.recipe
        s = Line(Fraction(0), Fraction(1), within)
        given = {name: known(value) for name, value in self.rule.given.items()}
        given[self.parameter] = s
        state, total, left = recipe.first(given, ON_FLOATS), known(0.0), known(self.arena.variation)
        last, played = None, []
        for t, start in enumerate(self.arena.starts):
            scope = given | {name: known(value) for name, value in started(start).items()}
            theta = recipe.play(scope, state, ON_FLOATS)
            target = known(float(self.path[t]))
            if self.slopes and self.slopes[t]:
                target = min(max(target + (s - self.origin) * self.slopes[t], 0 * s), 0 * s + 1)
            if last is not None:
                move = min(max(target - last, -left), left)
                target, left = last + move, left - abs(move)
            last, total = target, total + abs(target - theta) * start.deficit
            over = {"theta": theta, "target": target, "needed": target * start.deficit}
            state = recipe.learn(scope | over, state, ON_FLOATS)
            played.append(theta)
        return played, total
