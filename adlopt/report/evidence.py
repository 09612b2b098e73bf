"""All that can be shown of an episode: each part is computed once, when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from adlopt.bounds.hypotheses import ENOUGH_CAPACITY
from adlopt.errors import InputError
from adlopt.foundation.arrays import FloatArray
from adlopt.model.episode import Episode
from adlopt.model.loss import Burden, MinMax
from adlopt.model.run import ON_RECORD, Run
from adlopt.policies import grammar
from adlopt.policies.grammar import Playable
from adlopt.scoring.one_run import decisions
from adlopt.scoring.playing import play
from adlopt.scoring.scoreboard import Scoreboard
from adlopt.show.answer import Answer, Columns
from adlopt.show.schema.boards import EvidenceData, ScoreboardData
from adlopt.show.words import counted
from adlopt.studies.bounds_of import BoundsReport, bounds_of
from adlopt.studies.side_by_side.compared import SideBySide, compare

ACCOUNT_POLICIES = (
    "persistence+queue",
    "persistence+pro-rata",
    "persistence+integer-pro-rata",
    "persistence+min-max",
)
"""What is played where accounts are known, unless policies are named: who is hit differs."""
SHOWN = 6
"""Policies that one figure tells apart, at most; tables have all of them."""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Evidence(Answer):
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
    progress: Callable[[str], None] | None = None

    def __post_init__(self) -> None:
        given: Any = self.episode
        if not isinstance(given, Episode):
            remedy = "adlopt.read_episode reads one"
            raise InputError("episode", given, "an Episode", remedy=remedy)
        grammar.require_list(self.policies)

    @property
    def played(self) -> tuple[Playable, ...]:
        """The policies that were asked for, or the default ones."""
        chosen = tuple(self.policies)
        return chosen if chosen or self.episode.pooled else ACCOUNT_POLICIES

    @cached_property
    def board(self) -> Scoreboard:
        """Scores of all policies."""
        how: dict[str, Any] = {"burden": self.burden, "coupled": self.coupled}
        return play(self.episode, self.played, progress=self.progress, **how)

    @cached_property
    def figures(self) -> ScoreboardData:
        """What `adlopt play` prints."""
        return self.board.data()

    @cached_property
    def bounds(self) -> BoundsReport:
        """What `adlopt bounds` prints."""
        return bounds_of(self.episode, rows=self.board.lineup or None)

    @cached_property
    def side_by_side(self) -> SideBySide | None:
        """What `adlopt compare` prints; None where production is not known by account."""
        if self.episode.rounds[0].outcome.recorded is None:
            return None
        return compare(self.episode, [*self.played, MinMax(burden=self.burden)], burden=self.burden)

    @cached_property
    def haircuts(self) -> dict[str, tuple[FloatArray, ...]]:
        """USD by account, round by round, of each policy played; none where winners are pooled."""
        if self.episode.pooled:
            return {}
        policies = grammar.policies(self.played, self.episode)
        return {
            policy.name: tuple(haircut for _, haircut in decisions(policy, self.episode.rounds))
            for policy in policies
        }

    def __str__(self) -> str:
        return str(self.board)

    def _heading(self) -> str:
        rounds, asked = counted(len(self.episode), "round"), len(self.played)
        return f"evidence on {self.episode.name}: {rounds}, {asked:,} policies asked for"

    def _columns(self) -> Columns:
        return self.board._columns()

    def data(self) -> EvidenceData:
        """Return what `adlopt play` and `adlopt bounds` print, at full precision."""
        return EvidenceData(board=self.figures, bounds=self.bounds.data())

    @property
    def covered(self) -> bool:
        """Whether winners can cover every deficit, which the games and paths need."""
        return not ENOUGH_CAPACITY.fails(self.episode, None)

    @property
    def shown(self) -> tuple[Run, ...]:
        """The runs that figures tell apart: recorded ones with burdens, then those asked for."""
        on_record = [run for run in self.board.runs if run.information in ON_RECORD]
        asked = [run for run in self.board.runs if run not in on_record]
        on_record = [run for run in on_record if run.burden is not None]
        if not self.policies:
            # Persistence first: what a policy that watches one round can do.
            asked = sorted(asked, key=lambda run: not run.policy.startswith("persistence"))
            return tuple([*on_record[: SHOWN - 1], *asked][:SHOWN])
        return tuple([*on_record[:1], *asked[: len(self.policies)], *on_record[1:]][:SHOWN])
