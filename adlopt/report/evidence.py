"""All that can be shown of an episode: each part is computed once, when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from adlopt.bounds.hypotheses import ENOUGH_CAPACITY
from adlopt.errors import InputError
from adlopt.foundation.arrays import FloatArray
from adlopt.model.episode import Episode
from adlopt.model.loss import Burden
from adlopt.model.run import Run
from adlopt.scoring.lineup import lineup
from adlopt.scoring.playable import Playable, require_list, resolve
from adlopt.scoring.playing import decisions, play
from adlopt.scoring.scoreboard import Scoreboard
from adlopt.show import episode as summary
from adlopt.studies import bounds_of as sandwich

ACCOUNT_POLICIES = (
    "persistence+queue",
    "persistence+pro-rata",
    "persistence+integer-pro-rata",
    "persistence+min-max",
)
"""What is played where accounts are known, unless policies are named: who is hit differs."""
SHOWN = 6
"""Policies that one figure tells apart, at most; tables have all of them."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Evidence:
    """An episode, and what policies did on it.

    Parameters
    ----------
    episode : Episode
    policies : sequence of Policy, function or str
        As in `adlopt.play`. Without any, `ACCOUNT_POLICIES` are played where accounts are known.
    burden : Burden
        What haircuts are measured against.
    coupled : bool
        Compare burdens of the whole episode with the coupled optimum, as `adlopt.play` does.
    progress : callable, optional
        Told each policy's name before it plays.

    Examples
    --------
    >>> from adlopt.data.episodes import october_10
    >>> [run.policy for run in Evidence(episode=october_10()).shown][:2]
    ['production queue', 'integer pro-rata']
    """

    episode: Episode
    policies: Sequence[Playable] = ()
    burden: Burden = Burden.CAPACITY
    coupled: bool = False
    progress: Callable[[str], None] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        given: Any = self.episode
        if not isinstance(given, Episode):
            remedy = "adlopt.read_episode reads one"
            raise InputError("episode", given, "an Episode", remedy=remedy)
        require_list(self.policies)

    @property
    def played(self) -> tuple[Playable, ...]:
        """The policies that were asked for, or the default ones."""
        chosen = tuple(self.policies)
        return chosen if chosen or self.episode.pooled else ACCOUNT_POLICIES

    @cached_property
    def board(self) -> Scoreboard:
        """Scores of all policies."""
        return play(
            self.episode,
            self.played,
            burden=self.burden,
            coupled=self.coupled,
            progress=self.progress,
        )

    @cached_property
    def summary(self) -> dict[str, Any]:
        """What `adlopt play` prints."""
        return summary.summarise(self.board, () if self.policies else lineup(self.episode))

    @cached_property
    def bounds(self) -> dict[str, Any]:
        """What `adlopt bounds` prints."""
        return sandwich.summarise(self.episode)

    @cached_property
    def haircuts(self) -> dict[str, tuple[FloatArray, ...]]:
        """USD by account, round by round, of each policy played; none where winners are pooled."""
        if self.episode.pooled:
            return {}
        policies = [resolve(policy, self.episode) for policy in self.played]
        return {
            policy.name: tuple(haircut for _, haircut in decisions(policy, self.episode.rounds))
            for policy in policies
        }

    @property
    def covered(self) -> bool:
        """Whether winners can cover every deficit, which the games and paths need."""
        return not ENOUGH_CAPACITY.fails(self.episode, None)

    @property
    def shown(self) -> tuple[Run, ...]:
        """The runs that figures tell apart: recorded ones with burdens, then those asked for."""
        on_record = [run for run in self.episode.recorded if run.burden is not None]
        asked = [run for run in self.board.runs if run not in self.episode.recorded]
        if not self.policies:
            return tuple([*on_record[: SHOWN - 1], *_live_first(asked)][:SHOWN])
        return tuple([*on_record[:1], *asked[: len(self.policies)], *on_record[1:]][:SHOWN])


def _live_first(runs: Sequence[Run]) -> list[Run]:
    """Persistence first: what a policy that watches one round can do."""
    return sorted(runs, key=lambda run: not run.policy.startswith("persistence"))
