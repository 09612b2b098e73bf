"""What a written severity loses on a path, as a function of one or two of its parameters.

The rule's own expressions are run on α + β·s in fractions instead of floats. Where a comparison
changes within a cell, a point, a segment or a polygon without its rim, the cell is cut there: on
each part the loss is one line. That holds for real arithmetic, of which the playing policy's floats
are a rounding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np

from adlopt.errors import AdloptError
from adlopt.foundation.arrays import FloatArray
from adlopt.policies.severity_notation import ON_FLOATS, Written, started
from adlopt.studies.adversary.arena import Arena
from adlopt.studies.adversary.written_program import Linear

Point: TypeAlias = tuple[Fraction, ...]
Corners: TypeAlias = tuple[Point, ...]


class NotLinearIn(AdloptError):
    """An expression multiplies, or bends, the parameters as no line does."""


class Parted(Exception):
    """A signal: a line is 0 within the cell, which has parts."""

    def __init__(self, line: Line) -> None:
        self.line = line

    def parts(self) -> list[Corners]:
        """What is above, on and below; in the plane, corners need no order."""
        line, seam = self.line, []
        by = {corner: line.at(corner) for corner in line.corners}
        above, below = ([c for c, v in by.items() if v * way > 0] for way in (1, -1))
        for a in above:
            for b in below:
                share = by[a] / (by[a] - by[b])
                seam.append(tuple(x + (y - x) * share for x, y in zip(a, b, strict=True)))
        seam = sorted(seam + [corner for corner, value in by.items() if not value])
        ends = list(dict.fromkeys([seam[0], seam[-1]]))
        return [tuple(part) for part in (above + ends, ends, below + ends)]


@dataclass(frozen=True, slots=True, eq=False)
class Line(Linear):
    """α + β·s, for s within a cell.

    >>> line = Line(Fraction(1), (Fraction(-2),), ((Fraction(0),), (Fraction(1, 4),)))
    >>> line > 0.25, line.at((Fraction(1, 4),))
    (1, Fraction(1, 2))
    """

    constant: Fraction
    slopes: tuple[Fraction, ...]
    corners: Corners

    def at(self, point: Point) -> Fraction:
        """Its value."""
        pairs = zip(self.slopes, point, strict=True)
        return sum((by * x for by, x in pairs if by), start=self.constant)

    def flat(self, value: Any) -> Line:
        """A number that no parameter moves."""
        return Line(Fraction(value), (Fraction(0),) * len(self.slopes), self.corners)

    def _line(self, other: Any) -> Line:
        return other if isinstance(other, Line) else self.flat(other)

    def __add__(self, other: Any) -> Line:
        b = self._line(other)
        slopes = tuple(x + y for x, y in zip(self.slopes, b.slopes, strict=True))
        return Line(self.constant + b.constant, slopes, self.corners)

    def __mul__(self, other: Any) -> Line:
        a, b = self, self._line(other)
        if any(b.slopes):
            a, b = b, a
        if any(b.slopes):
            raise NotLinearIn("multiplies parameters")
        by = b.constant
        return Line(a.constant * by, tuple(x * by for x in a.slopes), self.corners)

    def __truediv__(self, other: Any) -> Line:
        return self * (1 / self._line(other).known())

    def __rtruediv__(self, other: Any) -> Line:
        return self._line(other) / self

    def __pow__(self, power: Any) -> Line:
        by = self._line(power).known()
        return self if by == 1 else self.flat(self.known() ** by)

    def __abs__(self) -> Line:
        return self if self.sign() >= 0 else -self

    def __float__(self) -> float:
        return float(self.known())

    def known(self) -> Fraction:
        """Its value, where the parameters do not move it."""
        values = {self.at(corner) for corner in self.corners}
        if len(values) > 1:
            raise NotLinearIn("bends a parameter, or divides by it")
        return values.pop()

    def sign(self) -> int:
        """Its sign, where it is one; cuts the cell otherwise."""
        values = (
            [self.at(corner) for corner in self.corners] if any(self.slopes) else [self.constant]
        )
        low, high = min(values), max(values)
        if low < 0 < high:
            raise Parted(self)
        return (high > 0) - (low < 0)

    def positive(self) -> int:
        """1 or 0."""
        return int(self.sign() > 0)

    def __eq__(self, other: object) -> bool:
        return bool((self - other).sign() == 0)

    __hash__ = None  # type: ignore[assignment]


TOUCHING = 1e-5
"""Distance of θ* from what was played below which it goes along with what is played."""
STILL = 1e-9
"""Move of θ* below which it stays."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LedPath:
    """A path θ* that was found against a severity, and where else its parameters s may lead it.

    θ*_t is led by `slopes` from where it was found, at `origin`; it stops when P is spent, so that
    no s makes it move further. Without slopes it is the same path whatever s.
    """

    rule: Written
    parameters: tuple[str, ...]
    arena: Arena
    path: FloatArray
    origin: Point
    slopes: tuple[tuple[Fraction, ...] | None, ...] = ()

    def on(self, corners: Corners) -> Line:
        """Σ D_t |θ_t − θ*_t|, USD, within a cell.

        Raises
        ------
        Parted
            If it is no one line there.
        NotLinearIn
            If what is played is not piecewise linear in the parameters.
        """
        return self._played(corners)[1]

    def led(self, played: FloatArray) -> LedPath:
        """The same, but θ* goes along with what was played where it all but touches that.

        Where it stays it is led as a whole. It is not led where other limits than P hold.
        """
        if self.arena.limits:
            return self
        thetas = self._around()
        slopes: list[tuple[Fraction, ...] | None] = [None] * self.path.size
        still = np.abs(np.diff(self.path)) <= STILL
        for stretch in np.split(np.arange(self.path.size), np.flatnonzero(~still) + 1):
            ties = [t for t in stretch.tolist() if abs(self.path[t] - played[t]) <= TOUCHING]
            found = [thetas[t].slopes for t in ties if isinstance(thetas[t], Line)]
            for t in stretch.tolist() if found else ():
                slopes[t] = found[0]
        return replace(self, slopes=tuple(slopes))

    def path_at(self, at: Sequence[Any], one: Any = 1.0) -> list[Any]:
        """θ* where the parameters are so much, numbers of the kind of `one`."""
        left: Any = one * self.arena.variation
        path: list[Any] = []
        for t, found in enumerate(self.path.tolist()):
            target, slopes = one * found, self.slopes[t] if self.slopes else None
            if slopes is not None:
                moved = [(s - o) * by for s, o, by in zip(at, self.origin, slopes, strict=True)]
                target = min(max(sum(moved, start=target), 0 * one), one)
            if path:
                move = min(max(target - path[-1], -left), left)
                target, left = path[-1] + move, left - abs(move)
            path.append(target)
        return path

    def _around(self) -> list[Any]:
        """What is played, as lines, on some cell that touches the origin."""
        reach = Fraction(1, 2**40)
        corners: list[Point] = [self.origin]
        for k, x in enumerate(self.origin):
            moved = x + abs(x) * reach + reach * (x == 0)
            corners.append((*self.origin[:k], moved, *self.origin[k + 1 :]))
        cell = tuple(corners)
        while True:
            try:
                return self._played(cell)[0]
            except Parted as cut:
                cell = next(part for part in cut.parts() if len(part) > len(self.origin))

    def _played(self, corners: Corners) -> tuple[list[Any], Line]:
        n = len(corners[0])
        axes = tuple(tuple(Fraction(i == k) for i in range(n)) for k in range(n))
        one = Line(Fraction(1), (Fraction(0),) * n, corners)

        def known(values: Mapping[str, Any]) -> dict[str, Any]:
            return {k: one * v if isinstance(v, float) else v for k, v in values.items()}

        recipe: Any = self.rule.recipe
        at = [Line(Fraction(0), axis, corners) for axis in axes]
        given = known(self.rule.given) | dict(zip(self.parameters, at, strict=True))
        state, total, played = recipe.first(given, ON_FLOATS), one * 0, []
        path = self.path_at(at, one)
        for start, target in zip(self.arena.starts, path, strict=True):
            scope = given | known(started(start))
            theta = recipe.play(scope, state, ON_FLOATS)
            total += abs(target - theta) * start.deficit
            over = {"theta": theta, "target": target, "needed": target * start.deficit}
            state = recipe.learn(scope | over, state, ON_FLOATS)
            played.append(theta)
        return played, total
