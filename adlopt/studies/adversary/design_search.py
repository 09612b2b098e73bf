"""Where in a range of parameters it is least, what the worst of many paths costs.

For each point tried, HiGHS finds the worst path there; what each path costs is piecewise a line in
the parameters, and the least of their upper envelope is the lower end [THEOREMS.md, T5]: a point
of a cell mixes its corners, so a mixture of lines is nowhere below its least corner. Cells are cut
with what costs most where they are least, the lowest cell first.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import count, product
from typing import Any

import numpy as np

from adlopt.errors import InputError, SolverStopped
from adlopt.foundation.arrays import SMALLEST_USD, FloatArray
from adlopt.foundation.deadline import is_late
from adlopt.model.episode import Episode
from adlopt.optimum.core.certificate import Trust
from adlopt.optimum.programs.highs import RawAnswer, run
from adlopt.optimum.programs.program import SparseRows
from adlopt.show.answer import Columns
from adlopt.studies.adversary.along_parameter import Corners, LedPath, Line, NotLinearIn, Parted
from adlopt.studies.adversary.arena import Arena, Attack
from adlopt.studies.adversary.written_program import NotLinear, WrittenProgram
from adlopt.studies.adversary.written_worst import Solved, built, proved, solve

GRID = (65, 17)
"""Values of one parameter, or of each of two, that are looked at where no loss is a line."""
CURVE = (101, 11)
"""Values of one parameter, or of each of two, in the curve."""
ROUNDED = ("sqrt", "**", "quantile")
"""What an expression may have that fractions do not."""
INSIDE = tuple(Fraction(1, 1000**k) for k in (1, 2, 3))
"""Shares by which a point of a cell keeps away from its rim, one after the other."""
TOLD = 50
"""Cells after which the ends so far are told."""
BETTER = 1e-9
"""Relative, by which a path must cost more than is known to be worth a cut."""


@dataclass(frozen=True, slots=True, eq=False)
class Severities:
    """Severities by the values of their parameters, and where those may lie."""

    maker: Callable[..., Any]
    ranges: Mapping[str, tuple[float, float]]
    arena: Arena

    def make(self, values: Sequence[float]) -> Any:
        """The severity with these values."""
        return self.maker(**dict(zip(self.ranges, values, strict=True)))

    def cells(self) -> list[Corners]:
        """The corners, edges and inside of the box of the ranges."""
        ends = [tuple(map(Fraction, pair)) for pair in self.ranges.values()]
        sides = [((low,), (low, high), (high,)) for low, high in ends]
        return [tuple(product(*each)) for each in product(*sides)]

    def grid(self, steps: Sequence[int]) -> list[tuple[float, ...]]:
        """Values spread over the ranges, evenly or, above 0, by ratios."""
        spread: list[list[float]] = []
        for low, high in self.ranges.values():
            spaced = np.geomspace if low > 0 else np.linspace
            found = spaced(low, high, steps[len(self.ranges) - 1]).tolist()
            spread.append([low, *found[1:-1], high])
        return list(product(*spread))

    def middle(self) -> tuple[float, ...]:
        """Where to start."""
        ends = self.ranges.values()
        return tuple(math.sqrt(a * b) if a > 0 else (a + b) / 2 for a, b in ends)


@dataclass(frozen=True, slots=True, eq=False)
class _Scene:
    """Needed severities that count, by their weight: a path found, or a belief."""

    path: LedPath
    share: float

    def loss(self, family: Severities, values: Sequence[float]) -> float:
        """What the severity with these values loses, USD, by its share."""
        arena, found = self.path.arena, self.path.path_at(list(map(Fraction, values)), Fraction(1))
        path = np.array(list(map(float, found))) if self.path.slopes else self.path.path
        return self.share * arena.play(family.make(values), path).loss


@dataclass(frozen=True, slots=True, eq=False)
class _Cell:
    """Part of the ranges, what costs there what, and where the most of it is least."""

    corners: Corners
    sure: tuple[Line, ...] = ()
    """Mean losses, which add up."""
    lines: Mapping[int, Line] = field(default_factory=dict)
    """Losses of paths by number, of which the largest counts."""
    least: Fraction = Fraction(0)
    at: tuple[Fraction, ...] = ()

    def settled(self) -> _Cell:
        """Find the mixture of lines whose least corner is highest."""
        sure = [sum((line.at(c) for line in self.sure), Fraction(0)) for c in self.corners]
        rows = [
            [line.at(c) + more for c, more in zip(self.corners, sure, strict=True)]
            for line in self.lines.values()
        ]
        by, weights = _game(rows or [sure])
        mixed = [_mixed(by, column) for column in zip(*(rows or [sure]), strict=True)]
        at = tuple(_mixed(weights, axis) for axis in zip(*self.corners, strict=True))
        return replace(self, least=max(self.least, min(mixed)), at=at)

    def values(self, inside: Fraction = INSIDE[0]) -> tuple[float, ...] | None:
        """Floats in it, as near to where it is least as keeps off its rim; None if none are."""
        n = len(self.corners)
        middle = [sum(axis, Fraction(0)) / n for axis in zip(*self.corners, strict=True)]
        near = tuple(float(x + (m - x) * inside) for x, m in zip(self.at, middle, strict=True))
        fixed = [k for k, axis in enumerate(zip(*self.corners, strict=True)) if len({*axis}) == 1]
        return None if any(Fraction(near[k]) != middle[k] for k in fixed) else near


def _mixed(shares: Sequence[Fraction], of: Sequence[Fraction]) -> Fraction:
    return sum((share * x for share, x in zip(shares, of, strict=True) if share), Fraction(0))


def _game(costs: Sequence[Sequence[Fraction]]) -> tuple[list[Fraction], list[Fraction]]:
    """Shares of the rows of a matrix whose mixture has the highest least column; and of columns."""
    m, n = len(costs), len(costs[0])
    if m == 1 or n == 1:
        row, column = (
            max(range(m), key=lambda j: costs[j][0]),
            min(range(n), key=costs[0].__getitem__),
        )
        return [Fraction(j == row) for j in range(m)], [Fraction(i == column) for i in range(n)]
    rows, values = SparseRows(), np.array([list(map(float, row)) for row in costs])
    values = values / max(np.abs(values).max(), SMALLEST_USD)
    for i in range(n):
        rows.add(range(m + 1), [*values[:, i], -1.0], lower=0.0)
    rows.add(range(m), np.ones(m), lower=1.0, upper=1.0)
    cost, lower, upper = np.zeros(m + 1), np.zeros(m + 1), np.ones(m + 1)
    cost[m], lower[m], upper[m] = -1.0, -2.0, 2.0
    answer = run(rows.program(cost=cost, lower=lower, upper=upper))
    return _shares(answer.columns[:m]), _shares(answer.duals[:n])


def _shares(weights: FloatArray) -> list[Fraction]:
    """Shares that sum to 1 in fractions."""
    above = [Fraction(max(w, 0.0)) for w in weights.tolist()]
    return [w / sum(above) for w in above]


class Envelope:
    """Cells by what is sure to be lost there, and what was tried."""

    def __init__(self, family: Severities, belief: Sequence[Episode], expected: float) -> None:
        self.family, self.expected, self.order = family, expected, count()
        recipe = family.make(family.middle()).recipe
        text = " ".join([recipe.plays, *recipe.learns.values(), *recipe.remembers.values()])
        rounded = any(each in text for each in ROUNDED)
        self.trust = Trust.VERIFIED if rounded else Trust.EXACT
        self.belief = [self._scene(*_own_path(e), expected / len(belief)) for e in belief]
        self.paths: list[_Scene] = []
        self.found: dict[tuple[float, ...], tuple[WrittenProgram, RawAnswer, Attack]] = {}
        self.costs: dict[tuple[float, ...], float] = {}
        self.open: list[tuple[Fraction, int, _Cell]] = []
        self._push(_Cell(corners) for corners in family.cells())

    @property
    def lower(self) -> Fraction:
        """Whatever the parameters, it comes to so much."""
        return self.open[0][0]

    def mean(self, values: Sequence[float]) -> float:
        """The mean loss on the belief, by no share."""
        lost = math.fsum(scene.loss(self.family, values) for scene in self.belief)
        return lost / self.expected if self.expected else 0.0

    def run(self, gap: float, end: float, tell: Callable[[str], None]) -> None:
        """Try what looks best, until nothing can be better by more than the gap."""
        self._try(self.family.middle(), end)
        while not is_late(end):
            best = min(self.costs.values())
            if self.lower >= Fraction(best * (1 - gap)):
                return
            _, step, cell = heapq.heappop(self.open)
            if step % TOLD == 0:
                names = ", ".join(self.family.ranges)
                tell(f"{names}: between {float(cell.least):,.2f} and {best:,.2f}")
            parts = self._refined(cell)
            if parts is None:
                self._push([cell])
                near = [cell.values(inside) for inside in INSIDE]
                values = next((v for v in near if v is not None and v not in self.costs), None)
                if values is None:
                    return
                try:
                    self._try(values, end)
                except SolverStopped:
                    return
            else:
                self._push(parts)

    def proven(
        self,
        values: tuple[float, ...],
        gap: float,
        end: float,
        progress: Callable[[str], None] | None,
    ) -> Solved:
        """The worst case at a point; between any path and all deficits if there is no time."""
        arena, rule = self.family.arena, self.family.make(values)
        if values in self.found:
            return proved(*self.found[values], gap, end, progress)
        try:
            return solve(rule, arena, gap=gap, deadline=end, progress=progress)
        except SolverStopped:
            most = math.fsum(arena.deficit)
            still = arena.play(rule, arena.still)
            return Solved(attack=still, upper=most, reported=most, closed=False)

    def _push(self, cells: Iterable[_Cell]) -> None:
        """Keep what is to be looked at; a point that is no float is none."""
        for cell in cells:
            if len(cell.corners) > 1 or cell.settled().values() is not None:
                settled = cell.settled()
                heapq.heappush(self.open, (settled.least, next(self.order), settled))

    def _refined(self, cell: _Cell) -> list[_Cell] | None:
        """Add the belief, or what costs most where the cell is least; None if nothing does."""
        try:
            if len(cell.sure) < len(self.belief):
                line = self._line(self.belief[len(cell.sure)], cell.corners)
                return [replace(cell, sure=(*cell.sure, line))]
            near = cell.values() or tuple(map(float, cell.at))
            losses = {
                k: scene.loss(self.family, near)
                for k, scene in enumerate(self.paths)
                if k not in cell.lines
            }
            sure = math.fsum(float(line.at(cell.at)) for line in cell.sure)
            worst = max(losses, key=losses.__getitem__, default=-1)
            if worst < 0 or sure + losses[worst] <= float(cell.least) * (1 + BETTER):
                return None
            line = self._line(self.paths[worst], cell.corners)
            return [replace(cell, lines={**cell.lines, worst: line})]
        except Parted as cut:
            return [replace(cell, corners=part) for part in cut.parts()]
        except NotLinearIn:
            self.trust, self.open = Trust.REPORTED, []
            points = self.family.grid(GRID)
            return [_Cell((tuple(map(Fraction, point)),)) for point in points]

    def _line(self, scene: _Scene, corners: Corners) -> Line:
        if self.trust is not Trust.REPORTED:
            return scene.path.on(corners) * Fraction(scene.share)
        (point,) = corners
        lost = scene.loss(self.family, tuple(map(float, point)))
        return Line(Fraction(lost), (Fraction(0),) * len(point), corners)

    def _scene(
        self, arena: Arena, path: FloatArray, share: float, at: Sequence[float] | None = None
    ) -> _Scene:
        origin = tuple(map(Fraction, at or self.family.middle()))
        where: dict[str, Any] = {"parameters": tuple(self.family.ranges), "origin": origin}
        rule = self.family.make(at or self.family.middle())
        return _Scene(LedPath(rule=rule, arena=arena, path=path, **where), share)

    def _try(self, values: tuple[float, ...], end: float) -> None:
        """Find the worst path at a point, and what it comes to there."""
        cost, share = math.fsum(scene.loss(self.family, values) for scene in self.belief), 1.0
        share -= self.expected
        if share > 0:
            rule, arena = self.family.make(values), self.family.arena
            try:
                form = WrittenProgram.of(rule, arena, any_first=False)
            except NotLinear as why:
                expected = f"a severity whose worst case is a mixed-integer program: it {why}"
                raise InputError("policy", rule.name, expected) from None
            try:
                answer, attack = built(form, deadline=end)
                reported = form.loss_at(-answer.bound) * float(arena.deficit.max())
                self.found[values] = form, answer, attack
            except SolverStopped:
                if self.paths:
                    raise
                attack, reported = arena.play(rule, arena.still), math.fsum(arena.deficit)
            cost += share * max(reported, attack.loss)
            still = self._scene(arena, attack.path, share, values)
            self.paths.append(still)
            if self.trust is not Trust.REPORTED:
                self._lead(still, attack)
        self.costs[values] = cost

    def _lead(self, still: _Scene, attack: Attack) -> None:
        """Let the path go along with what is played, if that is a line there."""
        with suppress(NotLinearIn):
            self.paths.append(replace(still, path=still.path.led(attack.played)))

    def curve(self) -> Columns:
        """What it comes to at least, by the values of the parameters."""
        points = sorted({*self.family.grid(CURVE), *self.costs})
        still = [scene for scene in self.paths if not scene.path.slopes]
        least = [
            max(
                math.fsum(scene.loss(self.family, at) for scene in self.belief)
                + max((scene.loss(self.family, at) for scene in still), default=0.0),
                float(self.lower),
            )
            for at in points
        ]
        by = {name: [at[k] for at in points] for k, name in enumerate(self.family.ranges)}
        return by | {"at_least_usd": least}


def _own_path(episode: Episode) -> tuple[Arena, FloatArray]:
    """The rounds of an episode that have a deficit, and what they needed."""
    kept = [r.needed_severity for r in episode if r.start.deficit >= SMALLEST_USD]
    return Arena.of(episode), np.array(kept)
