"""Decisions as evidence: a distribution near the belief, and burdens, as prices of rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from adlopt.errors import InputError
from adlopt.foundation.arrays import FloatArray
from adlopt.model.budget import Budget
from adlopt.model.limits import NO_LIMITS
from adlopt.model.loss import MinMax
from adlopt.optimum.evidence.certificate_file import evidence_of, write_evidence
from adlopt.optimum.evidence.question import AgainstBelief, Question
from adlopt.policies.decide.ball import Ball
from adlopt.policies.decide.decision import Decision


def decision_file(decision: Decision, path: str | Path, *, floor: float) -> Path:
    """Write what is proved of a decision in dollars; see `Decision.certificate_file`."""
    problem, start = decision.problem, decision.problem.start
    limits = problem.limits or NO_LIMITS
    others = problem.capacities, problem.positions, start.lot, limits.tier
    goal, moved = problem.objective, any(each is not None for each in others)
    if moved or problem.constraints or not isinstance(goal, MinMax):
        expected = "a decision of the least worst burden in dollars, at capacities that stay"
        remedy = "without tiers and constraints"
        raise InputError("certificate", str(decision), expected, remedy=remedy)
    ball = problem.ball(decision.radius)
    prices = {name: getattr(problem, name) for name in ("under", "over", "fair")}
    asked = AgainstBelief(
        **prices,
        belief=ball.needed,
        mass=ball.mass,
        most=ball.most,
        radius=ball.radius,
        floor=floor,
        burden=goal.burden,
        epsilon=goal.epsilon,
    )
    question = Question(thing=start, objective=asked, budget=Budget.at_least(), limits=limits)
    answer = {"haircut_usd": decision.haircut.tolist()}
    claimed = decision.certificate.lower, decision.allocation.lower
    return write_evidence(evidence_of(question, answer, claimed, [_prices(decision, ball)]), path)


def _prices(decision: Decision, ball: Ball) -> dict[str, Any]:
    """Of every value and 0, itself and the most: how likely it is missed there, or exceeded.

    Where H is a value that may be either the budget's price is that of the burden, if it can be.
    """
    raised, (up, down) = decision.raised, decision.moved / ball.total
    stay = np.maximum(ball.mass / ball.total - up - down, 0.0)
    nothing, same = np.zeros_like(stay), np.abs(ball.needed - raised) <= 1e-9 * raised
    either, below = stay * same, stay * (~same & (ball.needed > raised))
    above = stay - either - below
    least = ball.under * (below + up).sum() - ball.over * (above + down + either).sum()
    free, kinked, slopes = _slopes(decision)
    gain = np.clip(slopes[0], least, least + (ball.under + ball.over) * either.sum())
    price = np.clip(gain, *slopes)
    part = (gain - least) / (ball.under + ball.over) / max(either.sum(), np.finfo(float).tiny)
    share = price * free
    left = max(decision.problem.fair - price * (decision.problem.burdens.weight @ free), 0.0)
    share += kinked * left / max(decision.problem.burdens.weight @ kinked, np.finfo(float).tiny)
    itself = below + part * either, above + (1 - part) * either
    lost = np.stack([nothing, down, *itself, up, nothing], axis=1)
    return {
        "price": np.array([ball.worst(raised).price]),
        "lost": lost.ravel(),
        "raised": np.array([gain]),
        "budget": np.array([max(price - gain, 0.0)]),
        "share": -share,
    }


def _slopes(decision: Decision) -> tuple[FloatArray, FloatArray, tuple[float, float]]:
    """Who could give more than the worst burden, who gives all at it, and slopes of its price."""
    burdens, fair = decision.problem.burdens, decision.problem.fair
    level = burdens.weight * decision.worst_burden
    kinked = np.isclose(burdens.capacity, level, rtol=1e-9, atol=0.0) & (level > 0)
    free = (burdens.capacity > level) & ~kinked
    right, left = (float(burdens.weight @ some) for some in (free, free | kinked))
    slopes = fair / left if left else 0.0, fair / right if right else np.inf
    return free.astype(float), kinked.astype(float), slopes
