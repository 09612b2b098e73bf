"""The answer of an adversary: an instance, what is lost on it, and what a bound says of it."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, is_dataclass, replace
from enum import Enum
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from adlopt.bounds.bound import ROUNDING, Bound, BoundVerdict
from adlopt.bounds.data import bound_data
from adlopt.bounds.evaluation import Evaluation
from adlopt.bounds.game.minimax_value import Game, Interval
from adlopt.bounds.quantity import P
from adlopt.errors import CertificateError, InputError
from adlopt.foundation.arrays import freeze
from adlopt.model.episode import Episode
from adlopt.model.filled import filled
from adlopt.model.round import RoundOutcome, RoundStart, needed_severity
from adlopt.model.run import Information, Run
from adlopt.policies import grammar
from adlopt.policies.allocation import ProRataAllocation
from adlopt.policies.protocols import Severity, SeverityThenAllocation, State
from adlopt.scoring.hindsight import severity_loss
from adlopt.scoring.one_run import run_policy
from adlopt.show.adversary import unavoidable as shown, worst_case
from adlopt.show.answer import Answer, Columns, plain
from adlopt.show.schema import boards
from adlopt.show.words import counted, dollars
from adlopt.studies.adversary.arena import Arena, Attack, follow, outcome
from adlopt.studies.adversary.path_limit import PathLimit

ATTAINED = 1e-6
"""Relative distance from what no path exceeds at which a path counts as attaining it."""


class Outcome(Enum):
    """What is known of the worst case."""

    SUPREMUM = "supremum"
    """No path costs more than `upper`, verified; the instance attains it to within `gap`."""
    BETWEEN = "between"
    """The worst case lies between `loss` and `upper`, for which ties θ = θ* go against the rule and
    roots of what is not known lie between chord and tangents."""
    STOPPED = "stopped"
    """A time limit came first: the worst case lies between `loss` and `upper`."""
    FOUND = "found"
    """The worst that a search found; `upper` is what the best theorem says that covers the rule."""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Lost(Answer):
    """Base of answers: what a rule loses on an instance, its severities beside those needed."""

    rule: Severity
    bound: Bound
    variation: float
    instance: Episode
    loss: float

    @cached_property
    def run(self) -> Run:
        """The rule on the instance, played as any policy is."""
        return played(self.rule, self.instance)

    @property
    def first(self) -> float:
        """θ_1."""
        return float(self.rule.decide(self.rule.begin(), self.instance.rounds[0].start))

    def episode(self) -> Episode:
        """Return the instance with what the rule did there on record, its first severity too."""
        record = replace(
            self.run,
            policy=f"{self.rule.name} from θ₁ = {self.first!r}, as found",
            information=Information.RECORDED,
        )
        return replace(self.instance, recorded=(record,))

    def replayed_by(self, given: str) -> str | None:
        """Return the name of a policy that loses the same on the instance: given, or spelt out."""
        rule: Any = self.rule
        values = [getattr(rule, f.name) for f in fields(rule)] if is_dataclass(rule) else []
        numbers = (repr(value) for value in values if isinstance(value, float))
        for name in (given, rule.name, ":".join([rule.name.partition(":")[0], *numbers])):
            try:
                found = grammar.severity(name, self.instance)
            except InputError:  # not a name of a policy: another may be
                continue
            if replay(found, self.instance) == self.loss:
                return name
        return None

    def _columns(self) -> Columns:
        return {
            "round": [round_.start.t for round_ in self.instance],
            "deficit_usd": self.instance.deficit,
            "needed_severity": self.instance.needed_severity,
            "severity": self.instance.severity(self.run),
        }

    def _heading(self) -> str:
        rule = f"{self.rule.name} ({self.rule.information.value})"
        return f"{rule} loses {dollars(self.loss)} over {counted(len(self.instance), 'round')}"

    def _lost(self, said: Evaluation) -> dict[str, Any]:
        """What the data of all such answers say, by field."""
        path = {name: values for name, values in self._columns().items() if name != "round"}
        return plain(path) | {
            "policy": self.rule.name,
            "information": self.rule.information.value,
            "rounds": len(self.instance),
            "source": self.instance.source,
            "variation_allowed": self.variation,
            "variation": P.measure(self.instance),
            "bound": bound_data(self.bound, said),
            "loss_usd": self.loss,
        }


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class WorstCase(Lost):
    """An instance on which a severity rule loses much, and how tight a bound is there.

    The `rule` has the θ_1 it was played with; it loses Σ D_t |θ_t − θ*_t|, `loss`, USD. No path
    costs more than `upper`, for the reason `upper_by`: a tree closed by weak duality, or a theorem.
    `reported` is the solver's own word where it is lower. `variation` is the P that the path was
    allowed, and `limits` are the others; a rule tuned in hindsight is tuned to P.
    """

    _view = worst_case
    upper: float
    upper_by: str
    reported: float | None
    outcome: Outcome
    limits: tuple[PathLimit, ...]

    @classmethod
    def of(
        cls,
        rule: Severity,
        bound: Bound,
        instance: Episode,
        *,
        arena: Arena,
        upper: float,
        upper_by: str,
        outcome: Outcome,
        reported: float | None = None,
    ) -> WorstCase:
        """Play the rule on the instance; a SUPREMUM that it does not attain becomes BETWEEN."""
        loss = replay(rule, instance)
        if loss > upper * (1 + ATTAINED):
            raise CertificateError(f"{rule.name} loses {loss!r}, more than the most, {upper!r}")
        if outcome is Outcome.SUPREMUM and loss < upper * (1 - ATTAINED):
            outcome = Outcome.BETWEEN
        played: dict[str, Any] = {"rule": rule, "bound": bound, "instance": instance, "loss": loss}
        played |= {"upper": max(upper, loss), "upper_by": upper_by, "reported": reported}
        kept: dict[str, Any] = {"variation": arena.variation, "limits": arena.limits}
        return cls(**played, **kept, outcome=outcome)

    @property
    def policy(self) -> str:
        """Name of the rule."""
        return self.rule.name

    @property
    def gap(self) -> float:
        """USD. How much worse the worst case might be."""
        return self.upper - self.loss

    @cached_property
    def said(self) -> Evaluation:
        """What the bound says of the instance, and of the rule played on it."""
        return self.bound.evaluate(self.instance, self.run)

    @property
    def bound_value(self) -> float | None:
        """USD. The bound, with its quantities measured on the instance; None if it fails there."""
        return self.said.value

    @property
    def ratio(self) -> float | None:
        """Loss over bound: 1 where the bound is tight; None where it says nothing, or 0."""
        value = self.bound_value
        return self.loss / value if value else None

    @cached_property
    def verdict(self) -> BoundVerdict:
        """Whether the instance refutes the bound, if the bound covers the rule."""
        return self.bound.verdict(self.rule, self.instance, self.loss, self.run)

    def data(self) -> boards.WorstCaseData:
        """Return the figures at full precision."""
        exceeds = self.ratio is not None and self.ratio > 1 + ROUNDING
        path = self.instance.needed_severity
        spare = [
            boards.LimitData(text=one.text, spare=one.most - one.spent(path)) for one in self.limits
        ]
        said = {**self._lost(self.said), "first_severity": self.first, "limits": spare}
        return filled(boards.WorstCaseData, self, **said, exceeds_bound=exceeds)


def replay(rule: Severity, instance: Episode) -> float:
    """Σ D_t |θ_t − θ*_t| of a rule, played as any policy is, USD."""
    return severity_loss(instance, instance.severity(played(rule, instance)))


def played(rule: Severity, instance: Episode) -> Run:
    """Play a rule as any policy is."""
    return run_policy(instance, SeverityThenAllocation(rule, ProRataAllocation()))


ROUNDED = 1e-12
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
    value: Interval
    grid: int
    swing: Episode

    @classmethod
    def of(cls, rule: Severity, bound: Bound, arena: Arena, game: Game) -> Unavoidable:
        """Answer the rule, and play it again on the instance that results.

        It then loses no less than the lower end of V(P), unless it is not deterministic.
        """
        attack = answer(rule, arena, game)
        instance = arena.instance(attack.path, name=f"answers to {rule.name}")
        loss = replay(rule, instance)
        if loss < game.value.lower * (1 - ROUNDED):
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

    def data(self) -> boards.UnavoidableData:
        """Return the figures at full precision."""
        return boards.UnavoidableData(
            **self._lost(self.said),
            value_usd=boards.IntervalData(lower=self.value.lower, upper=self.value.upper),
            grid=self.grid,
            bound_over_value=self._over_value(self.said.value),
            loss_over_value=self._over_value(self.loss),
        )

    def _over_value(self, usd: float | None) -> boards.RatiosData:
        lower, upper = self.value.lower, self.value.upper
        return boards.RatiosData(
            lower=usd / upper if usd is not None and upper else None,
            upper=usd / lower if usd is not None and lower else None,
        )


def answer(rule: Severity, arena: Arena, game: Game) -> Attack:
    """Let a rule play, and answer each θ_t with the θ*_t that is worth most to the adversary."""
    state, severity, path, last, left = rule.begin(), [], [], None, game.budget
    for t, start in enumerate(arena.starts):
        theta = float(rule.decide(state, start))
        last, left = game.reply(t, theta, last, left)
        severity.append(theta)
        path.append(last)
        state = rule.learn(state, start, theta, outcome(start, last))
    loss = math.fsum(arena.deficit * np.abs(np.subtract(severity, path)))
    return Attack(rule=rule, path=np.array(path), played=np.array(severity), loss=loss)
