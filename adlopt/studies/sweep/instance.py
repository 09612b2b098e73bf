"""One episode of a sweep, played offline by every policy under every loss."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from adlopt.bounds.bound import Comparator
from adlopt.data.episodes.generated import shock
from adlopt.errors import AdloptError, SweepStopped
from adlopt.model.episode import Episode
from adlopt.model.loss import Asymmetric, Burden, Empirical
from adlopt.optimum.dollars.least_loss import Solution
from adlopt.policies import grammar
from adlopt.scoring.hindsight import per_round_optimum
from adlopt.scoring.one_run import run_policy
from adlopt.scoring.score import Score
from adlopt.scoring.scoreboard import Scoreboard
from adlopt.studies.sweep.task import Columns, Contender, Priced


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One episode of a sweep: a generated one by its arguments, any other as it was read."""

    name: str
    rounds: int
    winners: int | None = None
    seed: int | None = None
    given: Episode | None = None

    NOUNS: ClassVar = ("episode", "episodes")
    KEY: ClassVar[Columns] = {
        "episode": str,
        "rounds": int,
        "winners": int,
        "seed": int,
        "policy": str,
        "loss": str,
    }
    FIGURES: ClassVar[Columns] = {
        "information": str,
        "tracking_usd": float,
        "overshoot_usd": float,
        "undershoot_usd": float,
        "short_rounds": int,
        "fairness_excess_usd": float,
        "worst_burden": float,
        "touched": float,
        "severity_loss_usd": float,
        "outside_domain_usd": float,
        "hindsight_regret_fixed_severity_usd": float,
        "insured_usd": float,
        "loss_value": float,
        "hindsight_loss_optimum": float,
        "hindsight_loss_optimum_lower": float,
    }
    """Columns of figures, as in `adlopt.scoring.score.Score`."""

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
            try:
                board, optima = _played(episode, contenders, priced.loss)
                scores = board.scores
            except AdloptError as error:
                raise SweepStopped(f"{self}: {error}") from None
            for contender, score in zip(contenders, scores, strict=True):
                yield (
                    {"episode": self.name, "policy": score.policy, "loss": priced.name}
                    | key
                    | contender.parameters
                    | _figures(score, optima)
                )


def _played(
    episode: Episode, contenders: Sequence[Contender], loss: Asymmetric | Empirical | None
) -> tuple[Scoreboard, tuple[Solution, ...] | None]:
    burden = Burden.CAPACITY if loss is None else loss.burden
    policies = [grammar.policy(contender.policy, episode) for contender in contenders]
    runs = [run_policy(episode, policy, burden=burden, loss=loss) for policy in policies]
    optima = None if loss is None else per_round_optimum(episode, loss)
    return Scoreboard.of(episode, runs, burden=burden), optima


def _figures(score: Score, optima: tuple[Solution, ...] | None) -> dict[str, Any]:
    return {
        "information": score.information.value,
        "tracking_usd": score.tracking,
        "overshoot_usd": score.overshoot,
        "undershoot_usd": score.undershoot,
        "short_rounds": score.short_rounds,
        "fairness_excess_usd": score.fairness_excess,
        "worst_burden": score.worst_burden,
        "touched": score.touched,
        "severity_loss_usd": score.severity_loss,
        "outside_domain_usd": score.outside_domain,
        "hindsight_regret_fixed_severity_usd": score.regret[Comparator.BEST_FIXED_SEVERITY],
        "insured_usd": score.insured,
        "loss_value": score.loss,
        "hindsight_loss_optimum": None if optima is None else math.fsum(s.value for s in optima),
        "hindsight_loss_optimum_lower": None
        if optima is None
        else math.fsum(s.certificate.lower for s in optima),
    }
