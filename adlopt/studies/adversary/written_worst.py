"""The worst path of a severity that is written in the notation, between two ends that meet.

A rule that only compares is solved level by level (`by_levels`). For any other HiGHS finds the
path; the rule is played on it, and loses what it loses. That no path costs more is proven by a tree
of our own (`adlopt.optimum.programs.proven_tree`).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from adlopt.errors import SolverStopped
from adlopt.foundation.deadline import seconds_left
from adlopt.optimum.programs.highs import Infeasible, RawAnswer, run
from adlopt.optimum.programs.program import Program
from adlopt.optimum.programs.proven_tree import proven_lower_bound
from adlopt.policies.severity_notation import Written
from adlopt.studies.adversary.arena import Arena, Attack, outcome
from adlopt.studies.adversary.by_levels import by_levels
from adlopt.studies.adversary.written_program import Number, Sum, WrittenProgram

MARGIN = 1e-7
"""Distance of θ from θ* that no rounding closes: HiGHS is asked for 1e-9."""
APART = 1e-6
"""Relative distance of the two ends at which the tree counts as ended."""
MEETING = 1e-9
"""Relative gap of the two ends at which the tree stops, unless told otherwise."""
ROUNDED = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Solved:
    """The worst path that was built, and what no path exceeds."""

    attack: Attack
    """On the rule with its own θ_1, or the worst one."""
    upper: float
    """USD. Verified, `by` weak duality or levels."""
    reported: float
    """USD. HiGHS's own bound, its word alone: lower than `upper` where the tree was stopped."""
    closed: bool
    """Whether the tree ended."""
    by: str = "weak duality, node by node"


def solve(
    rule: Written,
    arena: Arena,
    *,
    any_first: bool = False,
    loose: bool = False,
    gap: float = MEETING,
    deadline: float = math.inf,
    progress: Callable[[str], None] | None = None,
) -> Solved:
    """Maximise Σ D_t |θ_t − θ*_t| over the paths of an arena, and over θ_1 with `any_first`.

    Roots of what is not known may be `loose`, and the ends stay apart then.

    HiGHS may take half of what is left, for a program, until a deadline on the clock of
    `time.monotonic`; the tree has the rest. `NotLinear` if the rule is no mixed-integer program,
    `SolverStopped` if the limit came before any path.
    """
    half = math.inf if math.isinf(deadline) else (deadline + time.monotonic()) / 2
    known = by_levels(rule, arena, any_first=any_first, gap=gap, deadline=half)
    if known is not None and known[0] <= known[1].loss * (1 + max(gap, APART)):
        upper, attack = known
        return Solved(attack=attack, upper=upper, reported=upper, closed=True, by="level by level")
    form = WrittenProgram.of(rule, arena, any_first=any_first, loose=loose)
    found = proved(form, *built(form, gap=gap, deadline=deadline), gap, deadline, progress)
    return found if known is None else replace(found, upper=min(found.upper, known[0]))


def proved(
    form: WrittenProgram,
    loosest: RawAnswer,
    best: Attack,
    gap: float,
    deadline: float,
    progress: Callable[[str], None] | None,
) -> Solved:
    """Prove what no path exceeds, given HiGHS's answer and the worst path built of it."""
    rule, arena = form.rule, form.arena
    scale, most = float(arena.deficit.max()), math.fsum(arena.deficit)
    program = form.program()
    costs = max(float(-program.cost @ loosest.columns), best.loss / scale - form.loss_at(0.0))

    def tell(bound: float) -> None:
        if progress is not None:
            ends = f"{best.loss:,.2f} and {form.loss_at(-bound) * scale:,.2f}"
            progress(f"{rule.name}: between {ends}")

    enough = -costs - gap / 2 * form.loss_at(costs)
    lower = proven_lower_bound(program, good_enough=enough, deadline=deadline, progress=tell)
    upper = form.loss_at(-lower) * scale
    reported = form.loss_at(-loosest.bound) * scale
    closed = upper <= form.loss_at(costs) * scale * (1 + max(gap, APART) + ROUNDED)
    upper = min(upper, most)
    return Solved(attack=best, upper=upper, reported=min(reported, upper), closed=closed)


def built(
    form: WrittenProgram, *, gap: float = MEETING, deadline: float = math.inf
) -> tuple[RawAnswer, Attack]:
    """Let HiGHS find a path, and play it; raises as `solve` does."""
    best: Attack | None = None
    try:
        loosest = _run(form.program(), deadline)
    except Infeasible:
        raise SolverStopped("HiGHS denies that there is a path") from None
    for strict, answer in _strict(form, loosest, deadline):
        attack = _attack(strict, answer, form.rule, form.arena)
        if best is None or attack.loss > best.loss:
            best = attack
        if best.loss >= form.loss_at(-loosest.bound) * form.arena.deficit.max() * (1 - gap):
            break
    if best is None:
        raise SolverStopped("HiGHS reached its limit before it found a path")
    return loosest, best


def _strict(
    form: WrittenProgram, loosest: RawAnswer, deadline: float
) -> Iterator[tuple[WrittenProgram, RawAnswer]]:
    """Its own answer, then with a margin: with the same binaries, with any, and without ties."""
    yield form, loosest
    strict, untied = form.strictly(MARGIN), form.strictly(MARGIN, ties=False)
    for program, fixed in ((strict, loosest.columns), (strict, None), (untied, None)):
        with suppress(Infeasible, SolverStopped):
            yield program, _run(program.program(fixed), deadline)


def _attack(form: WrittenProgram, answer: RawAnswer, rule: Written, arena: Arena) -> Attack:
    """Play the path, also with its ties moved onto what the rule really plays there."""
    if form.first is not None:
        first: Any = {"first": float(np.clip(_at(form.first, answer), 0.0, 1.0))}
        rule = replace(rule, **first)  # type: ignore[type-var]
    found = np.clip([_at(each, answer) for each in form.path], 0.0, 1.0)
    planned = np.array([_at(each, answer) for each in form.theta])
    path = arena.held(found)
    moved, state = path.copy(), rule.begin()
    for t, start in enumerate(arena.starts):
        theta = rule.decide(state, start)
        if abs(planned[t] - path[t]) < MARGIN / 2:
            moved[t] = theta
        state = rule.learn(state, start, theta, outcome(start, float(moved[t])))
    tried = [path]
    if arena.keeps(moved):
        tried.append(moved)
    return max((arena.play(rule, each) for each in tried), key=lambda one: one.loss)


def _at(total: Number, answer: RawAnswer) -> float:
    return total.at(answer.columns) if isinstance(total, Sum) else float(total)


def _run(program: Program, deadline: float) -> RawAnswer:
    """Solve, with presolve: without it HiGHS 1.15 calls some of these optimal that are not."""
    left = seconds_left(deadline)
    return run(program, time_limit=None if left is None else left / 2, presolve=True)
