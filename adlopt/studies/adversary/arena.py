"""What an adversary may choose, the path θ* of given rounds within limits; and a search.

A target in [0, 1]^T is followed until the allowed variation is spent, so every target is a path.
Hill climbing changes a block of rounds at a time: to an end of [0, 1], to just above or below what
the rule plays there, to its mirror image, or to a random level.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from adlopt.errors import InputError
from adlopt.foundation.arrays import SMALLEST_USD, FloatArray, Record, freeze, own_number, own_whole
from adlopt.foundation.deadline import is_late
from adlopt.model.episode import POOLED, Episode, path_variation
from adlopt.model.round import Round, RoundOutcome, RoundStart
from adlopt.optimum.programs.highs import Infeasible, run
from adlopt.optimum.programs.program import SparseRows
from adlopt.policies.protocols import Blaming, Severity, theta_of
from adlopt.studies.adversary.path_limit import PathLimit

TOUCHING = 1e-6
"""Distance from an end of [0, 1] below which a path may have meant the end."""
ROUNDING = 1e-12
"""By which the variation of a path may exceed what was allowed."""
ROOM = 0.05
"""By which a path that only has to keep limits does."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Attack:
    """A path θ*, a rule, what it played, each of shape (T,), and what that cost, USD."""

    rule: Severity
    path: FloatArray
    played: FloatArray
    loss: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Arena(Record):
    """Starts of rounds, each with a deficit, and what θ* must keep to over them.

    Starts are numbered from 1, deficits > 0 and capacities no smaller. `variation` is P, the most
    that Σ |θ*_t − θ*_{t−1}| may be, `title` says where the deficits come from, and `limits` hold
    beside P, `every` one of both; all are kept by the path `still`.
    """

    starts: tuple[RoundStart, ...]
    variation: float
    title: str
    limits: tuple[PathLimit, ...] = ()
    every: tuple[PathLimit, ...] = field(init=False)
    still: FloatArray = field(init=False)

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "variation", own_number(self.variation, "variation", lowest=0.0))
        most = len(self.starts) - 1
        if self.variation > most:
            raise InputError("variation", self.variation, f"a number ≤ T − 1 = {most}")
        said: Any = {"text": f"variation <= {self.variation:.12g}", "most": self.variation}
        varies = PathLimit(**said, at=np.zeros(most + 1), moves=np.ones(most))
        put(self, "every", (varies, *self.limits))
        put(self, "still", self._still() if self.limits else np.zeros(most + 1))

    def _still(self) -> FloatArray:
        """A path that keeps all limits, with room for rounding where there is any."""
        rounds, rows = len(self.starts), SparseRows()
        for t in range(1, rounds):
            for sign in (1.0, -1.0):
                rows.add([rounds + t - 1, t - 1, t], [1.0, sign, -sign], lower=0.0)
        for k, limit in enumerate(self.every):
            both = np.array([*limit.at, *limit.moves, limit.size]) / limit.size
            columns = [*range(2 * rounds - 1), 2 * rounds - 1 + k]
            rows.add(columns, both, upper=limit.most / limit.size)
        cost = np.repeat([0.0, -1.0], [2 * rounds - 1, len(self.every)])
        upper = np.where(cost < 0, ROOM, 1.0)
        try:
            found = run(rows.program(cost=cost, lower=np.zeros(cost.size), upper=upper))
        except Infeasible:
            texts = [limit.text for limit in self.every]
            raise InputError("within", texts, "limits that some path keeps") from None
        return np.clip(found.columns[:rounds], 0.0, 1.0)

    def keeps(self, path: FloatArray) -> bool:
        """Whether a path, shape (T,), keeps all limits, but for rounding."""
        return all(one.spent(path) <= one.most + ROUNDING * one.size for one in self.every)

    def held(self, path: FloatArray) -> FloatArray:
        """Shrink a path, shape (T,), towards its first severity, or `still`, until it keeps all.

        That is enough, as limits are convex.
        """
        over = [limit for limit in self.every if limit.spent(path) > limit.most]
        base = np.full(path.size, path[0])
        if any(limit.spent(base) > limit.most for limit in self.limits):
            base = self.still
        share = 1.0
        for limit in over:
            least = min(limit.spent(base), limit.most)
            share = min(share, (limit.most - least) / (limit.spent(path) - least))
        return np.asarray(base + (path - base) * share) if over else path

    @classmethod
    def unit(cls, rounds: int, variation: float, within: Iterable[str] = ()) -> Arena:
        """T rounds with a deficit of 1."""
        rounds = own_whole(rounds, "rounds", lowest=1)
        starts = tuple(
            RoundStart(t=t, account=(POOLED,), capacity=[1.0], deficit=1.0)  # type: ignore[arg-type]
            for t in range(1, rounds + 1)
        )
        limits = tuple(PathLimit.read(text, np.ones(rounds)) for text in within)
        return cls(starts=starts, variation=variation, title="unit deficits", limits=limits)

    @classmethod
    def of(
        cls, episode: Episode, variation: float | None = None, within: Iterable[str] = ()
    ) -> Arena:
        """Rounds of an episode, its accounts pooled; those without a deficit are left out.

        A deficit below `SMALLEST_USD` is none. P is the episode's own, over the rounds kept,
        unless given.
        """
        kept = [r for r in episode if r.start.deficit >= SMALLEST_USD]
        if not kept:
            expected = f"a deficit ≥ {SMALLEST_USD:g} USD in some round"
            raise InputError("deficit", float(episode.deficit.max()), expected)
        own = np.array([r.needed_severity for r in kept])
        deficit = np.array([r.start.deficit for r in kept])
        if variation is None:
            variation = path_variation(own)
        starts = tuple(_pooled(r.start, t) for t, r in enumerate(kept, start=1))
        limits = tuple(PathLimit.read(text, deficit, own) for text in within)
        title = f"deficits of {episode.name}"
        return cls(starts=starts, variation=variation, title=title, limits=limits)

    @classmethod
    def given(
        cls,
        episode: Episode | None,
        rounds: int | None,
        variation: float | None,
        within: Iterable[str] = (),
    ) -> Arena:
        """An episode's rounds, or so many with unit deficits."""
        if episode is not None:
            if rounds is not None:
                raise InputError("rounds", rounds, "nothing beside an episode, which has its own")
            if not isinstance(episode, Episode):
                raise InputError("episode", episode, "an Episode")
            return cls.of(episode, variation, within)
        if rounds is None:
            remedy = "give rounds and variation, or an episode"
            raise InputError("rounds", None, "a whole number ≥ 1", remedy=remedy)
        if variation is None:
            raise InputError("variation", None, "a number ≥ 0, where no episode is given")
        return cls.unit(rounds, variation, within)

    @property
    def deficit(self) -> FloatArray:
        """USD, shape (T,). D_t."""
        return freeze([start.deficit for start in self.starts])

    def instance(self, path: Sequence[float] | FloatArray, name: str = "worst case") -> Episode:
        """Return the episode whose needed severities are θ*, shape (T,)."""
        rounds = [
            Round(start=start, outcome=outcome(start, float(theta)))
            for start, theta in zip(self.starts, path, strict=True)
        ]
        said = "".join(f", {limit.text}" for limit in self.limits)
        source = f"adversarial θ*, {self.title}, path variation ≤ {self.variation:g}{said}"
        return Episode(name=name, rounds=tuple(rounds), pooled=True, source=source)

    def play(self, rule: Severity, path: FloatArray) -> Attack:
        """Play a rule against θ*, shape (T,)."""
        played, missed = list[float](), list[float]()
        with Blaming(rule) as now:
            state = rule.begin()
            for start, target in zip(self.starts, path.tolist(), strict=True):
                now.start = start
                theta = theta_of(rule, state, start)
                played.append(theta)
                missed.append(start.deficit * abs(theta - target))
                state = rule.learn(state, start, theta, outcome(start, target))
        return Attack(rule=rule, path=path, played=np.array(played), loss=math.fsum(missed))


def snapped(attack: Attack, arena: Arena) -> Attack:
    """Put stretches of θ* that all but touch an end of [0, 1] onto it, where that costs no less."""
    for end in (0.0, 1.0):
        near = np.flatnonzero(np.abs(attack.path - end) <= TOUCHING)
        for stretch in np.split(near, np.flatnonzero(np.diff(near) > 1) + 1):
            path = attack.path.copy()
            path[stretch] = end
            tried = arena.play(attack.rule, path)
            if tried.loss >= attack.loss and arena.keeps(path):
                attack = tried
    return attack


def outcome(start: RoundStart, severity: float) -> RoundOutcome:
    """Need that share of the deficit: of the nearest dollar amounts, one that divides back to it.

    >>> start = RoundStart(account=["a"], capacity=[3.0], deficit=0.3)
    >>> 0.7 * 0.3 / 0.3, outcome(start, 0.7).needed / 0.3
    (0.7, 0.7)
    """
    needed = severity * start.deficit
    if needed / start.deficit != severity:
        near = (math.nextafter(needed, way) for way in (0.0, math.inf))
        needed = next((b for b in near if b / start.deficit == severity), needed)
    return RoundOutcome(needed=needed)


def _pooled(start: RoundStart, t: int) -> RoundStart:
    enough = max(start.total_capacity, start.deficit)
    return RoundStart(
        t=t,
        account=(POOLED,),
        capacity=[enough],  # type: ignore[arg-type]
        deficit=start.deficit,
        estimate=start.estimate,
        signals=start.signals,
    )


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
    best = arena.play(rule, arena.held(follow(target, arena.variation)))
    patience = int(np.clip(4 * rounds**2, 100, 1500))
    stale = 0
    while stale < patience and not is_late(deadline):
        tried = _changed(target, best.played, arena.variation, rng)
        attack = arena.play(rule, arena.held(follow(tried, arena.variation)))
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
