"""One episode or simulated crash of a sweep, played by every policy."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from operator import attrgetter
from typing import Any, ClassVar

import msgspec

from adlopt.bounds.bound import Comparator
from adlopt.data.episodes.built_in import shock
from adlopt.errors import AdloptError, SweepStopped
from adlopt.model.episode import Episode
from adlopt.model.loss import Burden
from adlopt.optimum.dollars.least_loss import Solution
from adlopt.policies import grammar
from adlopt.scoring.hindsight import per_round_optimum
from adlopt.scoring.one_run import run_policy
from adlopt.scoring.score import Score
from adlopt.scoring.scoreboard import Scoreboard
from adlopt.show.schema.studies import CrashOutcome
from adlopt.studies.simulation.loop import simulate
from adlopt.studies.simulation.world import COUNTS, Scenario
from adlopt.studies.sweep.plan import Contender, Kinds, Priced


@dataclass(frozen=True, slots=True, kw_only=True)
class Crash:
    """The world of one seed in a scenario: the same for every policy until it acts."""

    scenario: Scenario
    seed: int

    NOUNS: ClassVar = ("crash", "crashes")
    KEY: ClassVar[Kinds] = {
        "policy": str,
        "seed": int,
        **{f.name: int if f.name in COUNTS else float for f in fields(Scenario)},
    }
    FIGURES: ClassVar[Kinds] = {
        "information": str,
        **{
            name: float if name.endswith("_usd") else int
            for name in CrashOutcome.__struct_encode_fields__
        },
    }
    """Kinds of figures, as in `adlopt.studies.simulation.CrashOutcome`."""

    def __str__(self) -> str:
        return f"{self.scenario}, seed {self.seed}"

    def rows(
        self, contenders: Sequence[Contender], losses: Sequence[Priced]
    ) -> Iterator[dict[str, Any]]:
        """Play every policy, and yield a row for each; no loss is priced in a closed loop."""
        for contender in contenders:
            try:
                run = simulate(contender.policy, self.scenario, seed=self.seed)
            except AdloptError as error:
                raise SweepStopped(f"{self}: {contender.policy}: {error}") from None
            yield (
                {"policy": run.player, "seed": self.seed, "information": run.information.value}
                | asdict(self.scenario)
                | contender.parameters
                | msgspec.to_builtins(run.outcome)
            )


FIGURES: dict[str, tuple[type[str] | type[int] | type[float], Callable[[Score], Any]]] = {
    "information": (str, lambda score: score.information.value),
    "tracking_usd": (float, attrgetter("tracking")),
    "overshoot_usd": (float, attrgetter("overshoot")),
    "undershoot_usd": (float, attrgetter("undershoot")),
    "short_rounds": (int, attrgetter("short_rounds")),
    "fairness_excess_usd": (float, attrgetter("fairness_excess")),
    "worst_burden": (float, attrgetter("worst_burden")),
    "touched": (float, attrgetter("touched")),
    "severity_loss_usd": (float, attrgetter("severity_loss")),
    "outside_domain_usd": (float, attrgetter("outside_domain")),
    "hindsight_regret_fixed_severity_usd": (
        float,
        lambda score: score.regret[Comparator.BEST_FIXED_SEVERITY],
    ),
    "insured_usd": (float, attrgetter("insured")),
    "loss_value": (float, attrgetter("loss")),
}
"""Kinds of figures, as in `adlopt.scoring.score.Score`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One episode of a sweep: a generated one by its arguments, any other as it was read."""

    name: str
    rounds: int
    winners: int | None = None
    seed: int | None = None
    given: Episode | None = None

    NOUNS: ClassVar = ("episode", "episodes")
    KEY: ClassVar[Kinds] = {
        "episode": str,
        "rounds": int,
        "winners": int,
        "seed": int,
        "policy": str,
        "loss": str,
    }
    FIGURES: ClassVar[Kinds] = {
        **{name: kind for name, (kind, _) in FIGURES.items()},
        "hindsight_loss_optimum": float,
        "hindsight_loss_optimum_lower": float,
    }

    def __str__(self) -> str:
        if self.given is not None:
            return self.name
        return f"{self.name}(rounds={self.rounds}, winners={self.winners}, seed={self.seed})"

    def episode(self) -> Episode:
        """Return the episode, generated where it is not given."""
        if self.given is not None:
            return self.given
        assert self.winners is not None
        assert self.seed is not None
        return shock(rounds=self.rounds, winners=self.winners, seed=self.seed)

    def rows(
        self, contenders: Sequence[Contender], losses: Sequence[Priced]
    ) -> Iterator[dict[str, Any]]:
        """Play every policy under every loss, and yield a row for each."""
        episode = self.episode()
        key = {name: getattr(self, name) for name in ("rounds", "winners", "seed")}
        for priced in losses:
            loss = priced.loss
            how: dict[str, Any] = {"burden": Burden.CAPACITY if loss is None else loss.burden}
            try:
                policies = [grammar.policy(contender.policy, episode) for contender in contenders]
                runs = [run_policy(episode, policy, loss=loss, **how) for policy in policies]
                optima = None if loss is None else per_round_optimum(episode, loss)
                scores = Scoreboard.of(episode, runs, **how).scores
            except AdloptError as error:
                raise SweepStopped(f"{self}: {error}") from None
            for contender, score in zip(contenders, scores, strict=True):
                yield (
                    {"episode": self.name, "policy": score.policy, "loss": priced.name}
                    | key
                    | contender.parameters
                    | _figures(score, optima)
                )


def _figures(score: Score, optima: tuple[Solution, ...] | None) -> dict[str, Any]:
    best = {} if optima is None else {
        "hindsight_loss_optimum": math.fsum(s.value for s in optima),
        "hindsight_loss_optimum_lower": math.fsum(s.certificate.lower for s in optima),
    }  # fmt: skip
    return {name: of(score) for name, (_, of) in FIGURES.items()} | best
