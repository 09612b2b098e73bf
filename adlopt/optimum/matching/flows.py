"""Flows of a matching, made exact: mended after a solver, or rounded to whole lots."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heapify, heapreplace
from itertools import pairwise
from typing import Any

import numpy as np

from adlopt.errors import CertificateError, SolverStopped
from adlopt.foundation.arrays import FloatArray
from adlopt.foundation.deadline import LATE, is_late, is_time_for
from adlopt.optimum.core.certificate import TOLERANCE, UNIT_ROUNDING
from adlopt.optimum.matching.matching_problem import MatchingProblem

SLIVER = 1e-13
"""Share of a level's quantity below which a flow is rounding."""
MENDED = 1e-6
"""Share of a level's quantity that a solver may have missed it by."""
SCORED = 1e-6
"""Seconds that an arc takes to be put into the queue for lots."""
Score = Callable[[Any, FloatArray, FloatArray], FloatArray]
"""Of an arc, or arcs, steps and haircuts so far: the next lot goes to the least."""


def mend(
    problem: MatchingProblem, steps: FloatArray, *, most: FloatArray | None = None
) -> FloatArray:
    """Clip a solver's flow, shape (A,), to the positions and close each level exactly.

    Accounts give at most `most`, USD: what a solver took beyond goes to those that have room.
    `CertificateError` if it missed a level by more than its tolerance.
    """
    limit = problem.limit[problem.position]
    steps = np.clip(steps, 0.0, limit)
    steps[steps <= SLIVER * problem.quantity[problem.level]] = 0.0
    used = _by_position(problem, steps)
    over = np.maximum(used / np.maximum(problem.limit, 1e-300), 1.0)
    steps = steps / over[problem.position]
    free = np.ones(steps.size, dtype=bool)
    if most is not None:
        taken = problem.haircut(steps)
        beyond = np.where(taken > most, taken / np.maximum(most, 1e-300), 1.0)
        dear = problem.value[problem.level] > 0
        steps = np.where(dear, steps / beyond[problem.account], steps)
        free = ~dear | (taken < most * (1 - TOLERANCE))[problem.account]
    used = _by_position(problem, steps)
    for level, part in enumerate(level_parts(problem)):
        quantity, total = problem.quantity[level], float(steps[part].sum())
        if abs(total - quantity) > MENDED * quantity:
            missing = (quantity - total) * problem.step[level]
            raise CertificateError(f"the solver leaves {missing:.3g} contracts of a level open")
        if total > quantity:
            steps[part] *= quantity / total
        elif total < quantity:
            position = problem.position[part]
            room = np.maximum(problem.limit[position] - used[position], 0.0)
            for some in (steps[part] > 0, free[part], free[part] & (steps[part] > 0)):
                fit = room * some
                room = fit if quantity - total <= float(fit.sum()) else room
            if quantity - total > float(room.sum()) + TOLERANCE * quantity:
                raise CertificateError("the solver's flow cannot be closed within the positions")
            added = room * min((quantity - total) / max(float(room.sum()), 1e-300), 1.0)
            steps[part] += added
            used[position] += added
    return steps


def round_to_lots(problem: MatchingProblem, steps: FloatArray, score: Score) -> FloatArray:
    """Round a flow down to whole lots, then hand out what is missing one lot at a time.

    Every level is closed exactly. A lot goes to the arc with the least score, then to the first,
    among those with a lot to spare and the profit for it; if there is no time, in the order listed,
    if that can be.
    """
    if not is_time_for(SCORED * steps.size):
        quick = _allowed(problem, _in_order(problem, steps))
        if quick is not None:
            return quick
    steps = np.floor(np.minimum(steps * (1 + TOLERANCE), problem.limit[problem.position]))
    haircut = problem.haircut(steps)
    used = _by_position(problem, steps)
    account, value = problem.account, problem.value[problem.level]
    capacity = problem.capacity * (1 + 4 * UNIT_ROUNDING)
    for level, part in enumerate(level_parts(problem)):
        if is_late():
            raise SolverStopped(f"{LATE}: lots were not handed out")
        missing = round(problem.quantity[level] - steps[part].sum())
        for _ in range(-missing):
            arc = part.start + int(np.argmax(steps[part]))
            steps[arc] -= 1
            used[problem.position[arc]] -= 1
            haircut[account[arc]] -= value[arc]
        if missing <= 0:
            continue
        arcs = np.arange(part.start, part.stop)
        queue = list(zip(score(arcs, steps, haircut).tolist(), arcs.tolist(), strict=True))
        heapify(queue)
        while missing and queue[0][0] < np.inf:
            least, arc = queue[0]
            room = used[problem.position[arc]] < problem.limit[problem.position[arc]]
            fits = haircut[account[arc]] + value[arc] <= capacity[account[arc]]
            now = float(score(arc, steps, haircut)) if room and (fits or not value[arc]) else np.inf
            if now <= least:
                steps[arc] += 1
                used[problem.position[arc]] += 1
                haircut[account[arc]] += value[arc]
                missing -= 1
                now = float(score(arc, steps, haircut))
            heapreplace(queue, (now, arc))
        if missing:
            raise SolverStopped("rounding finds no winner whose profit allows a further lot")
    return steps


def evenly(problem: MatchingProblem) -> FloatArray | None:
    """Steps of each arc, (A,), if all positions of a book close alike; None if profits forbid it.

    Whole lots are as near to that as they can be in the order listed.
    """
    held = problem.limit[problem.position]
    total = np.bincount(problem.level, held, minlength=problem.quantity.size)
    steps = held * (problem.quantity / total)[problem.level]
    return _allowed(problem, _in_order(problem, steps) if problem.whole else steps)


def _in_order(problem: MatchingProblem, steps: FloatArray) -> FloatArray:
    """Whole lots near a flow: what each leaves of one goes to the next of its level."""
    whole = np.zeros_like(steps)
    for level, part in enumerate(level_parts(problem)):
        ends = np.floor(np.cumsum(steps[part]) * (1 + TOLERANCE))
        ends[-1] = problem.quantity[level]
        whole[part] = np.diff(ends, prepend=0.0)
    return whole


def _allowed(problem: MatchingProblem, steps: FloatArray) -> FloatArray | None:
    """A flow, if positions and profits suffice for it."""
    fits = (_by_position(problem, steps) <= problem.limit * (1 + TOLERANCE)).all()
    paid = (problem.haircut(steps) <= problem.capacity * (1 + 4 * UNIT_ROUNDING)).all()
    return steps if fits and paid else None


def _by_position(problem: MatchingProblem, steps: FloatArray) -> FloatArray:
    used = np.bincount(problem.position, steps, minlength=problem.limit.size)
    return used.astype(np.float64)


def level_parts(problem: MatchingProblem) -> list[slice]:
    """Arcs of each level."""
    ends = np.searchsorted(problem.level, np.arange(problem.quantity.size + 1)).tolist()
    return [slice(first, last) for first, last in pairwise(ends)]
