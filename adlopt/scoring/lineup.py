"""The standard severity rules, side by side, from several first severities."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from adlopt.model.episode import Episode
from adlopt.model.run import Information
from adlopt.policies import severity
from adlopt.policies.allocation import ProRataAllocation
from adlopt.policies.gradient import AdaGradOGD, paper_ogd
from adlopt.policies.protocols import Severity, SeverityThenAllocation
from adlopt.scoring.hindsight import severity_loss
from adlopt.scoring.one_run import run_policy
from adlopt.show.schema.boards import PlacedData, StartsData

Shares: TypeAlias = Mapping[str, float | None]
"""USD of bounds by name, to set losses beside; None where one says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineupRow:
    """Severity loss of one rule, USD, by its first severity θ_1: that from ½, and other choices."""

    policy: str
    information: Information
    loss: dict[float, float]

    def placed(self, bounds: Shares) -> PlacedData:
        """Set the loss from ½ beside bounds."""
        loss = self.loss
        starts = StartsData(zero=loss.get(0.0), half=loss[0.5], one=loss.get(1.0))
        shares = {name: loss[0.5] / usd if usd else None for name, usd in bounds.items()}
        return PlacedData(
            policy=self.policy,
            information=self.information.value,
            severity_loss_usd=starts,
            share_from_half=shares,
        )


def lineup(episode: Episode) -> tuple[LineupRow, ...]:
    """Play the standard severity rules, each with pro-rata, from θ_1 = 0, ½ and 1."""
    rules: dict[str, Callable[[float], Severity]] = {}
    if episode.deficit.any():
        rules["ogd, paper's η*"] = lambda first: paper_ogd(episode, first=first)
        rules["ogd, η for P = 0"] = lambda first: paper_ogd(episode, first=first, variation=0.0)
    rules |= {
        "adagrad-ogd": lambda first: AdaGradOGD(first=first),
        "adagrad-ogd:0.25": lambda first: AdaGradOGD(0.25, first),
        "follow-the-leader": severity.FollowTheLeader,
        "running-ratio": severity.RunningRatio,
        "persistence": severity.Persistence,
        "gated-persistence": lambda first: severity.GatedPersistence(first=first),
        "dollar-persistence": severity.DollarPersistence,
        "constant": severity.Constant,
    }
    return tuple(from_each_start(episode, name, rule) for name, rule in rules.items())


def from_each_start(episode: Episode, name: str, rule: Callable[[float], Severity]) -> LineupRow:
    """Play a severity rule with pro-rata from θ_1 = 0, ½ and 1."""
    losses = {}
    for first in (0.0, 0.5, 1.0):
        run = run_policy(episode, SeverityThenAllocation(rule(first), ProRataAllocation()))
        losses[first] = severity_loss(episode, episode.severity(run))
    return LineupRow(policy=name, information=rule(0.5).information, loss=losses)
