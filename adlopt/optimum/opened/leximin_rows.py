"""The lexicographic min–max under rows of one's own: pattern by pattern.

Accounts that stand alike in all rows are filled to one level, as in any other haircut of the same
sum some give less and others more. The least worst level is found; patterns whose multipliers hold
it up keep to it; then the least worst level of the others, and so on: a program a level.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from adlopt.errors import InputError
from adlopt.foundation.arrays import IntArray
from adlopt.model.constraint import Constraint
from adlopt.model.method import Method
from adlopt.model.objective import Leximin
from adlopt.optimum.core.certificate import ROUNDING, Stage
from adlopt.optimum.dollars.least_loss import Solution
from adlopt.optimum.opened.irreducible import explained
from adlopt.optimum.opened.searched import Searched, bound, eased_rows
from adlopt.optimum.opened.told import refused, with_evidence
from adlopt.optimum.programs.highs import Infeasible, RawAnswer
from adlopt.optimum.programs.patterns import Patterns


def solve_leximin(model: Any, constraints: Sequence[Constraint]) -> Solution:
    """Solve a model of the worst burden for the second worst, too, and so on."""
    stated, cones, bearer = model.extended(constraints)
    if cones:
        raise InputError("constraints", str(cones[0]), "linear rows, with Leximin")
    patterns, z = Patterns.of(stated), stated.burden or 0
    if patterns is None:
        if stated.program.integer is None and not stated.rows_named("share").count:
            # Nobody has anything to give: all orders are one.
            alone: Solution = replace(model, levels=False).solve(constraints)
            return alone
        expected = "MinMax: Leximin takes rows over a few groups, in dollars and without lots"
        raise InputError("objective", "Leximin", expected)
    stages: list[Stage] = []
    found: list[Searched] = []
    kept: list[IntArray] = []
    while np.isnan(patterns.fixed).any():
        try:
            answer = _met(patterns)
        except Infeasible:
            raise refused(explained(stated), model, stated, constraints, bearer) from None
        each = Searched(
            stated=patterns.kept(),
            point=answer.columns,
            duals=answer.duals,
            claimed=None,
            stopped=answer.stopped,
            method=Method.CUTTING_PLANES,
        )
        found.append(each)
        fixed = ~np.isnan(patterns.fixed)[patterns.pattern]
        kept.append(np.unique(bearer[(patterns.bearer >= 0) & fixed[patterns.bearer]]))
        level = float(answer.columns[z])
        upper = level * stated.unit[z]
        proven = bound(patterns.kept(), answer.columns, answer.duals, upper)
        free = int(np.isnan(patterns.fixed)[patterns.pattern].sum())
        proof = proven.certificate(upper)
        stages.append(Stage(criterion=f"burden of the next {free:,}", certificate=proof))
        held = patterns.holding(answer.duals)
        if level <= 0 or not held.any():
            break
        patterns = replace(patterns, fixed=np.where(held, level, patterns.fixed))
    point = answer.columns.copy()
    point[z] = found[0].point[z]
    last = replace(found[0], stated=stated, point=point, stopped=answer.stopped)
    best: Solution = model.kind.answer(last, bearer)
    best = replace(best, stages=tuple(stages[1:]))
    worst = model.kind.objective
    asked = Leximin(burden=worst.burden, epsilon=worst.epsilon)
    return with_evidence(best, model, constraints, bearer, found, objective=asked, kept=kept)


def _met(patterns: Patterns) -> RawAnswer:
    """Minimise; levels that were kept to, and rows, that meet but for rounding meet."""
    try:
        return patterns.solve()
    except Infeasible:
        program = eased_rows(patterns.stated.program, ROUNDING)
        return replace(patterns, stated=replace(patterns.stated, program=program)).solve()
