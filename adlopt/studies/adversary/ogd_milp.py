"""Projected OGD against its worst path, as a mixed-integer program.

With strides c_t = min(η D_t, 1) the iterate obeys θ_{t+1} = clip(θ_t − c_t σ_t, 0, 1), where
σ_t ∈ {−1, 0, 1} is the sign of θ_t − θ*_t. Binaries above_t and below_t, σ_t = above_t − below_t,
and flags for θ_t at 0 and at 1 make that linear::

    maximise    Σ w_t ℓ_t,   ℓ_t ≤ θ_t − θ*_t + 2 below_t,   ℓ_t ≤ θ*_t − θ_t + 2 above_t
    subject to  −below_t ≤ θ_t − θ*_t ≤ above_t,   above_t + below_t ≤ 1
                y_t − c_t high_{t+1} ≤ θ_{t+1} ≤ y_t + c_t low_{t+1},   y_t = θ_t − c_t σ_t
                high_t ≤ θ_t ≤ 1 − low_t
                Σ |θ*_t − θ*_{t−1}| ≤ P

Where θ_t = θ*_t this program may take any of the three signs, while the rule stays where it is: no
path costs the rule more than its optimum. A `margin` m > 0 keeps |θ_t − θ*_t| ≥ m where the sign is
not 0: its paths cost the rule what the program says, provided that ties survive rounding.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from adlopt.errors import SolverStopped
from adlopt.foundation.arrays import FloatArray, freeze
from adlopt.model.episode import path_variation
from adlopt.model.method import Stopped
from adlopt.optimum.programs.highs import Infeasible, RawAnswer, run
from adlopt.optimum.programs.program import Program
from adlopt.optimum.programs.sparse_rows import SparseRows
from adlopt.policies.gradient import ProjectedOGD
from adlopt.studies.adversary.arena import ROUNDING, Arena, Attack, outcome

MARGIN = 1e-7
"""Distance of θ from θ* that no rounding closes: HiGHS is asked for 1e-9."""
ATTAINED = 1e-5
"""Relative distance from what no path exceeds at which a path counts as attaining it."""
Row: TypeAlias = tuple[dict[int, float], float, float]
"""Coefficients by column, least and largest value."""
KINDS = 8
_THETA, _PATH, _LOSS, _MOVE, _ABOVE, _BELOW, _LOW, _HIGH = range(KINDS)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Solved:
    """The worst path that was built, and what no path exceeds."""

    attack: Attack
    """On the rule with its own θ_1, or the worst one."""
    upper: float
    """USD. HiGHS's bound on the loss over all paths."""
    stopped: Stopped
    """Whether the search for `upper` ended."""


def solve(
    rule: ProjectedOGD, arena: Arena, *, any_first: bool = False, deadline: float = math.inf
) -> Solved:
    """Maximise Σ D_t |θ_t − θ*_t| over the paths of an arena, and over θ_1 with `any_first`.

    The deadline is on the clock of `time.monotonic`; each of at most four programs may take half of
    the time that is left.

    >>> solved = solve(ProjectedOGD(step=0.5, first=1.0), Arena.unit(4, 0.0))
    >>> round(solved.upper, 6), solved.attack.path.round(6)
    (2.0, array([0., 0., 0., 0.]))
    """
    form = _Tracking.of(arena, rule.step, None if any_first else rule.first)
    loosest = _run(form.program(), deadline)
    upper = min(-loosest.bound * float(arena.deficit.max()), math.fsum(arena.deficit))
    best: Attack | None = None
    for answer in _strict(form, loosest, deadline):
        attack = _attack(form, answer, rule, arena)
        if best is None or attack.loss > best.loss:
            best = attack
        if best.loss >= upper * (1 - ATTAINED):
            break
    if best is None:
        raise SolverStopped("HiGHS reached its limit before it found a path")
    return Solved(attack=best, upper=upper, stopped=loosest.stopped)


def _strict(form: _Tracking, loosest: RawAnswer, deadline: float) -> Iterator[RawAnswer]:
    """Solve with a margin: with the same signs, with any, and without ties inside [0, 1]."""
    form = replace(form, margin=MARGIN)
    untied = replace(form, ties=False)
    for strict, signs in ((form, form.signs(loosest)), (form, None), (untied, None)):
        with suppress(Infeasible, SolverStopped):
            yield _run(strict.program(signs), deadline)


def _attack(form: _Tracking, answer: RawAnswer, rule: ProjectedOGD, arena: Arena) -> Attack:
    """Play the path, its ties moved onto what the rule really plays there."""
    first = float(np.clip(form.block(answer, _THETA)[0], 0.0, 1.0))
    rule = replace(rule, first=first) if form.first is None else rule
    path = _within(np.clip(form.block(answer, _PATH), 0.0, 1.0), arena.variation)
    moved, signs, state = path.copy(), form.signs(answer), rule.begin()
    for t, start in enumerate(arena.starts):
        theta = rule.decide(state, start)
        moved[t] = theta if signs[t] == 0 else path[t]
        state = rule.learn(state, start, theta, outcome(start, float(moved[t])))
    near = path_variation(moved) <= arena.variation + ROUNDING
    return arena.play(rule, moved if near else path)


def _run(program: Program, deadline: float) -> RawAnswer:
    """Solve, with presolve: without it HiGHS 1.15 calls some of these optimal that are not."""
    if math.isinf(deadline):
        return run(program, presolve=True)
    half = max(0.5 * (deadline - time.monotonic()), 1e-3)
    return run(program, time_limit=half, presolve=True)


def _within(path: FloatArray, variation: float) -> FloatArray:
    """Remove the solver's tolerance from the path's variation."""
    spent = path_variation(path)
    if spent <= variation:
        return path
    return np.asarray(path[0] + (path - path[0]) * (variation / spent))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Tracking:
    """The program above: eight blocks of T columns, in the order of the constants."""

    weight: FloatArray
    stride: FloatArray
    variation: float
    first: float | None
    margin: float = 0.0
    ties: bool = True

    @classmethod
    def of(cls, arena: Arena, step: float, first: float | None) -> _Tracking:
        """State it in units of the largest deficit; a stride above 1 does what one of 1 does."""
        deficit = arena.deficit
        return cls(
            weight=deficit / deficit.max(),
            stride=np.minimum(step * deficit, 1.0),
            variation=arena.variation,
            first=first,
        )

    def signs(self, answer: RawAnswer) -> FloatArray:
        """σ, shape (T,)."""
        return np.rint(self.block(answer, _ABOVE) - self.block(answer, _BELOW))

    def block(self, answer: RawAnswer, index: int) -> FloatArray:
        """Values of one kind of column, shape (T,)."""
        return freeze(answer.columns[self._columns(index)])

    def program(self, signs: FloatArray | None = None) -> Program:
        """State it; signs may be given."""
        rounds = self.weight.size
        cost, lower, upper = (np.full((KINDS, rounds), each) for each in (0.0, 0.0, 1.0))
        cost[_LOSS] = -self.weight
        if self.first is not None:
            lower[_THETA, 0] = upper[_THETA, 0] = self.first
        if self.first in (None, 0.5):
            upper[_BELOW, 0] = 0.0  # θ → 1 − θ turns every path into one as bad
        if signs is not None:
            lower[_ABOVE], upper[_ABOVE] = signs > 0, signs > 0
            lower[_BELOW], upper[_BELOW] = signs < 0, signs < 0
        moves = np.arange(KINDS * rounds)[self._columns(_MOVE)].tolist()
        stated = [row for t in range(rounds) for row in self._round(t)]
        stated += [row for t in range(rounds - 1) for row in self._step(t)]
        stated.append((dict.fromkeys(moves, 1.0), -np.inf, self.variation))
        rows = SparseRows()
        for row, low, high in stated:
            entries = {column: value for column, value in row.items() if value}
            rows.add(list(entries), list(entries.values()), lower=low, upper=high)
        integer = np.repeat(np.arange(KINDS) >= _ABOVE, rounds)
        ends = {"lower": lower.ravel(), "upper": upper.ravel()}
        return rows.program(cost=cost.ravel(), **ends, integer=integer)

    def _columns(self, index: int) -> slice:
        return slice(index * self.weight.size, (index + 1) * self.weight.size)

    def _at(self, t: int) -> list[int]:
        return [index * self.weight.size + t for index in range(KINDS)]

    def _round(self, t: int) -> Iterator[Row]:
        theta, path, loss, _, above, below, low, high = self._at(t)
        m, inf = self.margin, np.inf
        yield {theta: 1, path: -1, above: -1, below: m}, -inf, 0
        yield {theta: 1, path: -1, above: -m, below: 1}, 0, inf
        yield {loss: 1, theta: -1, path: 1, below: -2}, -inf, 0
        yield {loss: 1, theta: 1, path: -1, above: -2}, -inf, 0
        yield {theta: 1, low: 1}, -inf, 1
        yield {theta: 1, high: -1}, 0, inf
        yield {above: 1, below: 1}, -inf, 1
        if not self.ties:
            yield {above: 1, below: 1, low: 1, high: 1}, 1, inf

    def _step(self, t: int) -> Iterator[Row]:
        theta, path, _, _, above, below, _, _ = self._at(t)
        later, path_later, _, move, _, _, low, high = self._at(t + 1)
        c, inf = float(self.stride[t]), np.inf
        yield {later: 1, theta: -1, above: c, below: -c, low: -c}, -inf, 0
        yield {later: 1, theta: -1, above: c, below: -c, high: c}, 0, inf
        yield {low: 1, below: 1}, -inf, 1
        yield {high: 1, above: 1}, -inf, 1
        yield {move: 1, path_later: -1, path: 1}, 0, inf
        yield {move: 1, path_later: 1, path: -1}, 0, inf
