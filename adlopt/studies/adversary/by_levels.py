"""The worst path of a severity that only compares what was needed: level by level.

Such a rule keeps, orders and picks: played on φ(θ*), φ rising, it plays φ of what it plays on θ*.
At each level v it then plays itself on the path 1[θ*_t > v] of zeros and ones, and
|a − b| = ∫ |1[a > v] − 1[b > v]| dv: its loss, and what θ* spends of its limits, are means over
levels of what 2^T paths lose and spend, played all at once. For multipliers μ ≥ 0 of limits c ::

    loss ≤ μ·c + θ_1 max_x (loss of x from 1 − μ·spent) + (1 − θ_1) max_x (loss of x from 0 − …)

The μ are those of a linear program over mixtures of paths. A mixture is one path θ* if, of each two
rounds, one is above wherever the other is; where it is not, either the one is or the other: two
parts, until the two ends meet.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

import numpy as np

from adlopt.foundation.arrays import BoolArray, FloatArray
from adlopt.foundation.deadline import is_late
from adlopt.optimum.programs.highs import run
from adlopt.optimum.programs.program import SparseRows
from adlopt.policies.severity_notation import FUNCTIONS, Written, started
from adlopt.studies.adversary.arena import Arena, Attack
from adlopt.studies.adversary.written_program import NotLinear

MOST, PARTS = 16, 1_000
"""Rounds, and parts that are looked at."""
TOUCHING = 1e-9
"""A share that counts for none."""
HIGHEST = 1e4
"""Of multipliers: larger ones would prove no less."""
ROUNDED = 1e-12
"""Relative: more than sums of so few floats can be off by."""


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """Whether a number is above a level, of each path: it can be picked, and no more."""

    above: BoolArray | None

    def _refused(self, *other: Any) -> Any:
        return _refused()

    __add__ = __sub__ = __mul__ = __truediv__ = __pow__ = __neg__ = __abs__ = __float__ = _refused
    __radd__ = __rsub__ = __rmul__ = __rtruediv__ = __rpow__ = _refused
    __lt__ = __le__ = __gt__ = __ge__ = _refused


def _refused(*given: Any) -> Any:
    raise NotLinear("does more than compare")


def _of(value: Any) -> BoolArray:
    """A level; 0 and 1 are the ends of all."""
    if isinstance(value, Level) and value.above is not None:
        return value.above
    if isinstance(value, float) and value in (0.0, 1.0):
        return np.array(bool(value))
    return _refused()  # type: ignore[no-any-return]


def _quantile(past: Any, level: float, otherwise: Any) -> Any:
    if not past:
        return otherwise
    weights = np.array([weight for _, weight in past])
    below = sum(weight * ~_of(value) for value, weight in past)
    return Level(np.asarray(below < level * weights.sum()))


COMPARING: Mapping[str, Callable[..., Any]] = {
    **dict.fromkeys(FUNCTIONS, _refused),
    **{name: FUNCTIONS[name] for name in ("join", "stack", "earlier", "latest")},
    "clip": lambda x: x,
    "min": lambda *given: Level(np.logical_and.reduce(np.broadcast_arrays(*map(_of, given)))),
    "max": lambda *given: Level(np.logical_or.reduce(np.broadcast_arrays(*map(_of, given)))),
    "quantile": _quantile,
    "choose": lambda condition, then, otherwise: then() if condition else otherwise(),
}


def by_levels(
    rule: Written, arena: Arena, *, any_first: bool, gap: float, deadline: float
) -> tuple[float, Attack] | None:
    """No path costs more, USD, and the worst path found; None if the rule does more than compare.

    Or if there are more than `MOST` rounds.
    """
    rounds = len(arena.starts)
    if rounds > MOST:
        return None
    x = (np.arange(2 ** (rounds + 1))[:, None] >> np.arange(rounds + 1)[::-1] & 1).astype(bool)
    try:
        mixtures = _Mixtures(rule, arena, x, any_first=any_first)
    except NotLinear:
        return None
    order, closed = count(), 0.0
    upper, shares = mixtures.best(np.ones(len(x), dtype=bool))
    attack = mixtures.played(shares)
    open_ = [(-upper, next(order), np.ones(len(x), dtype=bool), shares)]
    while open_ and len(open_) < PARTS and -open_[0][0] > attack.loss * (1 + gap):
        if is_late(deadline):
            break
        bound, _, allowed, shares = heapq.heappop(open_)
        crossed = _crossed(x[list(shares)], np.array(list(shares.values())))
        if crossed is None:
            closed = max(closed, -bound)
            continue
        for i, j in (crossed, crossed[::-1]):
            part = allowed & ~(x[:, i] & ~x[:, j])
            upper, shares = mixtures.best(part)
            heapq.heappush(open_, (max(bound, -upper), next(order), part, shares))
            attack = max(attack, mixtures.played(shares), key=lambda one: one.loss)
    upper = max([closed, attack.loss, *(-bound for bound, *_ in open_[:1])])
    return upper * (1 + ROUNDED), attack


def _crossed(x: BoolArray, shares: FloatArray) -> tuple[int, int] | None:
    """Two rounds of which now one is above and now the other, for the largest shares."""
    over = np.array(
        [[shares @ (x[:, i] & ~x[:, j]) for j in range(x.shape[1])] for i in range(x.shape[1])]
    )
    both = np.minimum(over, over.T)
    i, j = np.unravel_index(int(both.argmax()), both.shape)
    return None if both[i, j] <= TOUCHING else (int(i), int(j))


class _Mixtures:
    """All paths of zeros and ones, θ_1 before them; what they lose, and what they spend."""

    def __init__(self, rule: Written, arena: Arena, x: BoolArray, *, any_first: bool) -> None:
        self.rule, self.arena, self.x = rule, arena, x
        self.scale, path = float(arena.deficit.max()), x[:, 1:]
        self.lost = _losses(rule, arena, x) / self.scale
        moved = path[:, 1:] ^ path[:, :-1]
        self.spent = np.array(
            [(path @ one.at + moved @ one.moves) / one.size for one in arena.every]
        )
        self.limits = [one.most / one.size for one in arena.every]
        first, half = getattr(rule, "first", 0.5), len(x) // 2
        self.any_first = any_first
        self.parts, self.shares = [slice(0, len(x))], np.array([1.0])
        if not any_first:
            self.parts, self.shares = (
                [slice(0, half), slice(half, len(x))],
                np.array([1 - first, first]),
            )

    def best(self, allowed: BoolArray) -> tuple[float, dict[int, float]]:
        """What no mixture of what is allowed exceeds, USD; and the best one, shares by number."""
        n, shares = len(self.limits), self.shares
        cost, best = np.array([*self.limits, *shares]), math.inf
        lower, upper = np.repeat([0.0, -HIGHEST], [n, len(shares)]), np.full(cost.size, HIGHEST)
        prices, tops, weights = np.zeros(n), np.full(len(shares), -math.inf), np.zeros(0)
        rows, paths = SparseRows(), list[int]()
        while True:
            costs = np.where(allowed, self.lost - prices @ self.spent, -math.inf)
            picks = [part.start + int(costs[part].argmax()) for part in self.parts]
            best = min(best, float(prices @ self.limits + costs[picks] @ shares))
            new = [(j, k) for j, k in enumerate(picks) if costs[k] > tops[j] + ROUNDED * n]
            if not {k for _, k in new} - {*paths}:
                mixture = zip(paths, weights.tolist(), strict=True)
                return best * self.scale, {k: share for k, share in mixture if share > TOUCHING}
            for j, k in new:
                paths.append(k)
                rows.add([*range(n), n + j], [*self.spent[:, k], 1.0], lower=self.lost[k])
            answer = run(rows.program(cost=cost, lower=lower, upper=upper))
            prices, tops = np.maximum(answer.columns[:n], 0.0), answer.columns[n:]
            weights = answer.duals

    def played(self, shares: Mapping[int, float]) -> Attack:
        """Play the mean of a mixture."""
        first, *path = np.array(list(shares.values())) @ self.x[list(shares)]
        rule: Any = replace(self.rule, first=float(first)) if self.any_first else self.rule  # type: ignore[type-var]
        return self.arena.play(rule, self.arena.held(np.clip(path, 0.0, 1.0)))


def _losses(rule: Written, arena: Arena, x: BoolArray) -> FloatArray:
    """Σ D_t |θ_t − x_t| of all paths of zeros and ones, USD, shape (2^(T + 1),)."""
    given = rule.given | ({"first": Level(x[:, 0])} if "first" in rule.given else {})
    recipe: Any = rule.recipe.what_plays()
    state, lost = recipe.first(given, COMPARING), np.zeros(len(x))
    for start, target in zip(arena.starts, x[:, 1:].T, strict=True):
        scope = given | started(start)
        theta = recipe.play(scope, state, COMPARING)
        lost += start.deficit * (_of(theta) ^ target)
        over = {"theta": theta, "target": Level(target), "needed": Level(None)}
        state = recipe.learn(scope | over, state, COMPARING)
    return lost
