"""Seeded search for a bad path θ* of any severity rule: what it finds, some path attains.

A target in [0, 1]^T is followed until the allowed variation is spent, so every target is a path.
Hill climbing changes a block of rounds at a time: to an end of [0, 1], to just above or below what
the rule plays there, to its mirror image, or to a random level.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence

import numpy as np

from adlopt.foundation.arrays import FloatArray
from adlopt.policies.protocols import Severity
from adlopt.studies.adversary.arena import Arena, Attack

RESTARTS = 16
"""For each rule."""
NUDGE = 1e-7
"""How far a path keeps from what the rule plays."""


def search(
    rules: Sequence[Severity],
    arena: Arena,
    *,
    seed: int = 0,
    deadline: float = math.inf,
    progress: Callable[[str], None] | None = None,
) -> Attack:
    """Look for the path on which the worst of some rules, one or more, loses most.

    Equal seeds give equal answers, unless the deadline, on the clock of `time.monotonic`, cuts in.

    >>> from adlopt.policies.severity import Constant
    >>> search([Constant(0.25)], Arena.unit(3, 0.0)).loss
    2.25
    """
    rng = np.random.default_rng(seed)
    found = []
    for restart in range(RESTARTS):
        if progress is not None:
            progress(f"{rules[0].name}: search {restart + 1} of {RESTARTS}")
        found += [_climb(rule, arena, rng, deadline) for rule in rules]
    return max(found, key=lambda one: one.loss)


def follow(target: FloatArray, variation: float) -> FloatArray:
    """Move to each target in turn until the variation is spent, then stay.

    >>> follow(np.array([0.0, 1.0, 0.0]), 1.25)
    array([0.  , 1.  , 0.75])
    """
    at, left, path = float(target[0]), variation, []
    for goal in target.tolist():
        move = min(abs(goal - at), left)
        at = goal if move == abs(goal - at) else at + math.copysign(move, goal - at)
        left -= move
        path.append(at)
    return np.array(path)


def _climb(rule: Severity, arena: Arena, rng: np.random.Generator, deadline: float) -> Attack:
    rounds = len(arena.starts)
    target = rng.integers(0, 2, rounds).astype(float)
    best = arena.play(rule, follow(target, arena.variation))
    patience = int(np.clip(4 * rounds**2, 100, 1500))
    stale = 0
    while stale < patience and time.monotonic() < deadline:
        tried = _changed(target, best.played, arena.variation, rng)
        attack = arena.play(rule, follow(tried, arena.variation))
        stale = 0 if attack.loss > best.loss * (1 + 1e-9) else stale + 1
        if attack.loss >= best.loss:
            target, best = tried, attack
    return best


def _changed(
    target: FloatArray, played: FloatArray, variation: float, rng: np.random.Generator
) -> FloatArray:
    """Change one block of rounds, in one of the ways above."""
    first, last = np.sort(rng.choice(target.size + 1, 2, replace=False))
    block = slice(first, last)
    partial = variation % 1.0
    near = [each + nudge for each in (played[block], played[first]) for nudge in (-NUDGE, NUDGE)]
    ways = (0.0, 1.0, 1.0 - target[block], *near, partial, 1.0 - partial, 0.5, rng.random())
    tried = target.copy()
    tried[block] = np.clip(ways[rng.integers(len(ways))], 0.0, 1.0)
    return tried
