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
from adlopt.model.constraint import Constraint
from adlopt.optimum.core.certificate import Certificate, Stage, checked
from adlopt.optimum.dollars.least_loss import Solution
from adlopt.optimum.opened.irreducible import explained
from adlopt.optimum.opened.model import Model
from adlopt.optimum.opened.patterns import Patterns
from adlopt.optimum.opened.searched import Searched, bound
from adlopt.optimum.programs.highs import Infeasible


def solve_leximin(model: Model, constraints: Sequence[Constraint]) -> Solution:
    """Solve a model of the worst burden for the second worst, too, and so on."""
    stated, _, bearer = model.extended(constraints)
    patterns = Patterns.of(stated)
    if patterns is None:
        if stated.program.integer is None and not any(
            block.count for block in stated.rows if block.name == "share"
        ):
            # Nobody has anything to give: all orders are one.
            alone: Solution = model.solve(constraints)
            return alone
        expected = "MinMax: Leximin takes rows over a few groups of accounts, without lots"
        raise InputError("objective", "Leximin", expected)
    stages: list[tuple[int, float, Certificate]] = []
    first: Any = None
    unit = stated.unit[stated.burden or 0]
    while np.isnan(patterns.fixed).any():
        try:
            answer = patterns.solve()
        except Infeasible:
            raise explained(stated) from None
        first = answer if first is None else first
        level = float(answer.columns[stated.burden or 0])
        duals = np.zeros(0) if answer.row_duals is None else answer.row_duals
        proven = bound(patterns.kept(), answer.columns, duals, level * unit)
        free = int(np.isnan(patterns.fixed)[patterns.pattern].sum())
        certificate = checked(
            upper=level * unit,
            lower=max(min(proven.lower, level * unit), 0.0),
            trust=proven.trust,
            error=proven.error,
        )
        stages.append((free, level, certificate))
        held = patterns.holding(duals)
        if level <= 0 or not held.any():
            break
        patterns = replace(patterns, fixed=np.where(held, level, patterns.fixed))
    found = Searched(
        stated=stated,
        point=answer.columns,
        duals=first.row_duals,
        claimed=None,
        stopped=answer.stopped,
        method=answer.method,
    )
    point = found.point.copy()
    point[stated.burden or 0] = first.columns[stated.burden or 0]
    best: Solution = model.kind.answer(replace(found, point=point), bearer)  # type: ignore[assignment]
    further = [
        Stage(criterion=f"burden of the next {free:,}", certificate=proof)
        for free, _, proof in stages[1:]
    ]
    return replace(best, stages=tuple(further))
