"""All burdens of a matching in order, by cuts over books: no linear program.

The books of the cut that needs the highest burden take all that the accounts on its side can pay:
those that bear the burden pay nothing else, and positions of the others are used up. So the cut is
left aside, with what is paid to it, and the other books ask the other accounts for the next level,
to begin where these already are: the principal partition of a polymatroid [Fujishige 2005]. A cut,
together with those before it, proves its level, in fractions.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from adlopt.foundation.arrays import BoolArray, FloatArray
from adlopt.foundation.deadline import is_late
from adlopt.model.method import Method
from adlopt.optimum.core.certificate import Stage
from adlopt.optimum.matching.dollar_flow import (
    SLACK,
    DollarFlow,
    Layers,
    highest_cut,
    in_steps,
    proof_of,
    splits,
)
from adlopt.optimum.matching.flows import mend
from adlopt.optimum.matching.found import Flow, prove
from adlopt.optimum.matching.matching_problem import MatchingProblem

TIED = 1e-12
"""Relative difference at which two levels are one."""


def leximin_by_cuts(problem: MatchingProblem, end: float) -> Flow | None:
    """Lower the worst burden, then the next, and so on; None where a program must do that."""
    if problem.whole or problem.mixed.any() or not splits(problem):
        return None
    layers = Layers.of(problem)
    flow = layers.flow(problem)
    if not flow.asked.size:
        return None
    n, cut = problem.weight.size, np.zeros(flow.asked.size, dtype=bool)
    fixed = np.full(n, np.nan)
    bears = np.bincount(problem.account, problem.value[problem.level] > 0, n) > 0
    levels: list[tuple[float, BoolArray, BoolArray]] = []
    while (free := bears & np.isnan(fixed)).any():
        settled = np.bincount(flow.account, flow.paid * cut[flow.book], n).astype(float)
        before = np.where(free, settled / np.where(free, problem.weight, 1.0), 0.0)
        held, found = float(before.max()), None
        if not cut.all():
            found = _next_cut(problem, layers, flow, cut, settled, free, end)
            if found is None:
                return None
        if found is not None and found[0] >= held * (1 - TIED):
            level, more = found
            cut = cut | more
            reach = np.bincount(flow.account, flow.room * cut[flow.book], n)
            holding = free & (np.minimum(reach, problem.capacity) >= problem.weight * level)
        else:
            level, holding = held, free & (before >= held * (1 - TIED))
        if level <= 0.0 or not holding.any():
            level, holding = 0.0, free
        levels.append((level, cut, free))
        fixed[holding] = level
        if level == 0.0:
            break
    paid = np.bincount(flow.position, flow.paid, problem.limit.size).astype(float)
    most = problem.weight * np.where(np.isnan(fixed), np.inf, fixed) * (1 + 2 * SLACK)
    steps = mend(problem, in_steps(problem, layers.of_level, paid), most=most)
    return _proved(problem, layers, steps, levels)


def _next_cut(
    problem: MatchingProblem,
    layers: Layers,
    flow: DollarFlow,
    cut: BoolArray,
    settled: FloatArray,
    free: BoolArray,
    end: float,
) -> tuple[float, BoolArray] | None:
    """The highest level of the books that are left, and its cut; what they are paid is kept."""
    open_ = np.flatnonzero(~cut[flow.book] & free[flow.account])
    part = replace(
        flow,
        capacity=problem.capacity - settled,
        before=settled,
        position=flow.position[open_],
        account=flow.account[open_],
        book=flow.book[open_],
        room=flow.room[open_],
        paid=flow.paid[open_],
        asked=np.where(cut, 0.0, flow.asked),
    )
    found = highest_cut(problem, layers, part, ~cut, first=not cut.any(), end=end)
    if found is None or is_late(end):
        return None
    flow.paid = np.where(cut[flow.book], flow.paid, 0.0)
    flow.paid[open_] = part.paid
    return found


def _proved(
    problem: MatchingProblem,
    layers: Layers,
    steps: FloatArray,
    levels: list[tuple[float, BoolArray, BoolArray]],
) -> Flow | None:
    """Set each level against what its cut proves, given what those before it give."""
    taken = problem.haircut(steps)
    burden = problem.burden(taken)
    stages: list[Stage] = []
    witness, price = [], None
    for rank, (level, cut, free) in enumerate(levels):
        words = "worst burden" if rank == 0 else f"burden of the next {int(free.sum())}"
        kept = np.where(free, np.nan, taken)
        proven, prices, each = proof_of(problem, layers.price(problem, cut), level, kept)
        stage = prove(words, float(burden[free].max(initial=0.0)), proven)
        if not stage.certificate.optimal:
            return None
        stages.append(stage)
        witness.append({**prices, "kept": np.flatnonzero(~free)})
        if price is None:
            price = np.where(problem.order_level >= 0, each[problem.order_level], np.nan)
    return Flow(
        steps=steps,
        stages=tuple(stages),
        price=price,
        method=Method.CUTS,
        witness=tuple(witness),
    )
