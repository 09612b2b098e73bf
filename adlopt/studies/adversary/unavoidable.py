"""What no online policy can avoid: V(P), and an instance that makes a given rule lose as much."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from adlopt.bounds.bound import Bound
from adlopt.bounds.evaluation import Evaluation
from adlopt.bounds.game.minimax_value import Game, Interval
from adlopt.errors import CertificateError
from adlopt.foundation.arrays import freeze
from adlopt.model.episode import Episode
from adlopt.model.round import RoundOutcome, RoundStart, needed_severity
from adlopt.model.run import Information
from adlopt.policies.protocols import Severity, State
from adlopt.show.adversary import unavoidable as shown
from adlopt.show.schema.boards import IntervalData, RatiosData, UnavoidableData
from adlopt.studies.adversary.arena import Arena, Attack, outcome
from adlopt.studies.adversary.seeded_search import follow
from adlopt.studies.adversary.worst_case import Lost, replay

ROUNDING = 1e-12
"""By which a loss, a sum of rounded products, may fall short of what the game is worth."""


@dataclass(frozen=True, slots=True, eq=False)
class MinimaxOptimal:
    """θ_t against which the worst reply is least, as the game's tables say; it knows D and P.

    θ* is taken for the nearest place on the game's grid: against replies on the grid the rule loses
    no more than the game on the grid is worth.

    >>> rule, start = MinimaxOptimal(Game.of([1.0, 1.0], 1.0, grid=4)), Arena.unit(2, 1.0).starts[0]
    >>> rule.decide(rule.begin(), start)
    0.5
    """

    game: Game
    name: ClassVar[str] = "minimax"
    information: ClassVar[Information] = Information.HINDSIGHT

    def begin(self) -> State:
        """No round played, no θ* known, the whole budget left."""
        return 0, None, self.game.budget

    def decide(self, state: State, start: RoundStart) -> float:
        """Where the gain of a reply above and that of one below are equal."""
        return min(1.0, max(0.0, self.game.severity(*state)))

    def learn(self, state: State, start: RoundStart, theta: float, outcome: RoundOutcome) -> State:
        """Keep θ*, and the budget that is left."""
        t, last, left = state
        place = round(needed_severity(start, outcome) * self.game.grid)
        moved = 0 if last is None else abs(place - round(last * self.game.grid))
        return t + 1, place / self.game.grid, max(left - moved, 0)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Unavoidable(Lost):
    """V(P), and what an adversary that waits for each θ_t before it answers makes a rule lose.

    The `bound` is measured on the `swing`, where θ* goes from end to end until P, `variation`, is
    spent: it promises no less for P. `value` is V(P), USD. The θ* of the `instance` are the
    adversary's answers, multiples of 1/`grid`; there the rule loses `loss`, USD, which is at least
    the lower end of V(P).
    """

    _view = shown
    rule: Severity
    bound: Bound
    value: Interval
    grid: int
    variation: float
    instance: Episode
    swing: Episode
    loss: float

    @classmethod
    def of(cls, rule: Severity, bound: Bound, arena: Arena, game: Game) -> Unavoidable:
        """Answer the rule, and play it again on the instance that results.

        It then loses no less than the lower end of V(P), unless it is not deterministic.
        """
        attack = answer(rule, arena, game)
        instance = arena.instance(attack.path, name=f"answers to {rule.name}")
        loss = replay(rule, instance)
        if loss < game.value.lower * (1 - ROUNDING):
            least = game.value.lower
            raise CertificateError(f"{rule.name} loses {loss!r}, less than the least, {least!r}")
        ends = freeze([t % 2 for t in range(len(arena.starts))])
        return cls(
            rule=rule,
            bound=bound,
            value=game.value,
            grid=game.grid,
            variation=arena.variation,
            instance=instance,
            swing=arena.instance(follow(ends, arena.variation), name="θ* from end to end"),
            loss=loss,
        )

    @cached_property
    def said(self) -> Evaluation:
        """What the bound says of the swing."""
        return self.bound.evaluate(self.swing)

    def data(self) -> UnavoidableData:
        """Return the figures at full precision."""
        return UnavoidableData(
            **self._lost(self.said),
            value_usd=IntervalData(lower=self.value.lower, upper=self.value.upper),
            grid=self.grid,
            bound_over_value=self._over_value(self.said.value),
            loss_over_value=self._over_value(self.loss),
        )

    def _over_value(self, usd: float | None) -> RatiosData:
        lower, upper = self.value.lower, self.value.upper
        return RatiosData(
            lower=usd / upper if usd is not None and upper else None,
            upper=usd / lower if usd is not None and lower else None,
        )


def answer(rule: Severity, arena: Arena, game: Game) -> Attack:
    """Let a rule play, and answer each θ_t with the θ*_t that is worth most to the adversary.

    >>> from adlopt.policies.severity import Persistence
    >>> answer(Persistence(), Arena.unit(3, 1.0), Game.of([1.0] * 3, 1.0)).loss
    1.5
    """
    state, severity, path, last, left = rule.begin(), [], [], None, game.budget
    for t, start in enumerate(arena.starts):
        theta = float(rule.decide(state, start))
        last, left = game.reply(t, theta, last, left)
        severity.append(theta)
        path.append(last)
        state = rule.learn(state, start, theta, outcome(start, last))
    loss = math.fsum(arena.deficit * np.abs(np.subtract(severity, path)))
    return Attack(rule=rule, path=np.array(path), played=np.array(severity), loss=loss)
