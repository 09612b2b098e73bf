"""How policies did on an episode, beside what could have been done."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from adlopt.bounds.bound import Bound, Comparator
from adlopt.bounds.paper import PROPOSITION_1
from adlopt.bounds.trivial import HALF, TRIVIAL
from adlopt.errors import InputError
from adlopt.foundation.arrays import FloatArray
from adlopt.model.episode import Episode
from adlopt.model.loss import Burden
from adlopt.model.run import Information, Run
from adlopt.optimum.core.certificate import Certificate
from adlopt.optimum.paths.severity_path import SeverityPath, best_severity_path
from adlopt.scoring.board_data import bound_data, flat, path_data, proven, score_data
from adlopt.scoring.hindsight import FixedSeverity, best_fixed_severity, least_burden, severity_loss
from adlopt.scoring.score import FULL_BUDGET, Comparators, Score
from adlopt.show.answer import Columns, Tabular
from adlopt.show.board import render, tables
from adlopt.show.table import joined_html


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Scoreboard(Tabular):
    """An episode, what policies did on it, and the scores.

    Parameters
    ----------
    episode : Episode
    runs : tuple of Run
        Recorded or played.
    reference : FloatArray, shape (T,), or None
        m_t^ref of the published fairness.
    least : FloatArray, shape (T,), or None
        m_t^min, the least burden at the full budget.
    least_name : str
        What `least` is.
    loss_optimum : float or None
        Sum of the per-round optima of the loss played under, in *hindsight*.
    coupled : Certificate or None
        Of the coupled optimum of that loss, in *hindsight*.
    coupled_burden : Certificate or None
        Of the least worst burden in all, rounds coupled, in *hindsight*.
    variation : float or None
        P of the best path of severities that regret is measured against, in *hindsight*.

    Examples
    --------
    >>> from adlopt.data.episodes import october_10
    >>> episode = october_10()
    >>> board = Scoreboard.of(episode, episode.recorded)
    >>> round(board["production queue"].total(), 2)
    64859522.21
    """

    episode: Episode
    runs: tuple[Run, ...]
    reference: FloatArray | None
    least: FloatArray | None
    least_name: str
    loss_optimum: float | None = None
    coupled: Certificate | None = None
    coupled_burden: Certificate | None = None
    variation: float | None = None
    bounds: tuple[Bound, ...] = (PROPOSITION_1, TRIVIAL, HALF)

    @classmethod
    def of(
        cls,
        episode: Episode,
        runs: Sequence[Run],
        *,
        burden: Burden = Burden.CAPACITY,
        loss_optimum: float | None = None,
        coupled: Certificate | None = None,
        coupled_burden: Certificate | None = None,
        variation: float | None = None,
    ) -> Scoreboard:
        """Score runs on an episode.

        Parameters
        ----------
        episode : Episode
        runs : sequence of Run
        burden : Burden
            Of the least burden, where accounts are known.
        loss_optimum : float, optional
            Sum of the per-round optima of the loss played under.
        coupled : Certificate, optional
            Of the coupled optimum of that loss.
        coupled_burden : Certificate, optional
            Of the least worst burden in all, rounds coupled.
        variation : float, optional
            P of the best path to measure regret against.
        """
        reference, levels, name = _references(episode, burden)
        return cls(
            episode=episode,
            runs=tuple(runs),
            reference=reference,
            least=levels,
            least_name=name,
            loss_optimum=loss_optimum,
            coupled=coupled,
            coupled_burden=coupled_burden,
            variation=variation,
        )

    @property
    def scores(self) -> tuple[Score, ...]:
        """One row a run, in order."""
        against = self._comparators()
        return tuple(Score.of(self.episode, run, against) for run in self.runs)

    def __getitem__(self, policy: str) -> Score:
        return Score.of(self.episode, self._run(policy), self._comparators())

    @property
    def best_fixed(self) -> FixedSeverity:
        """The best constant severity, in *hindsight*."""
        return best_fixed_severity(self.episode)

    @property
    def best_path(self) -> SeverityPath | None:
        """The best path of the chosen variation, in *hindsight*; None if none was chosen."""
        if self.variation is None:
            return None
        episode = self.episode
        return best_severity_path(episode.deficit, episode.needed_severity, self.variation)

    @property
    def least_is_beaten_by(self) -> float:
        """USD. Σ B_t (m_t^min − m_t)_+ for the least burden on record at the full budget.

        Above 0, `least` is not the least: some record raises as much at a lower burden.
        """
        on_record = _least_on_record(self.episode)
        if on_record is None or self.least is None:
            return 0.0
        return math.fsum(self.episode.needed * np.maximum(self.least - on_record, 0.0))

    def applies(self, bound: Bound, policy: str) -> dict[str, tuple[int, ...]]:
        """Hypotheses of a bound that a policy breaks, with the rounds; empty if none."""
        return bound.failures(self.episode, self._run(policy))

    def __str__(self) -> str:
        return render(self.to_dict())

    def _columns(self) -> Columns:
        rows = [flat(score_data(score, math.nan)) for score in self.scores]
        names = dict.fromkeys(name for row in rows for name in row)
        del names["total_share_of_bound"]
        return {name: [row.get(name) for row in rows] for name in names}

    def _repr_html_(self) -> str:
        return joined_html(tables(self.to_dict()))

    def to_dict(self) -> dict[str, Any]:
        """Every figure at full precision, ready for JSON; infinite burdens are null."""
        best, bound = self.best_fixed, PROPOSITION_1.value(self.episode)
        return {
            "name": self.episode.name,
            "rounds": len(self.episode),
            "reference": self.episode.reference,
            "least_burden": self.least_name,
            "least_burden_is_beaten_by_usd": self.least_is_beaten_by,
            "scores": [score_data(score, bound) for score in self.scores],
            "best_fixed_severity": {"theta": best.theta, "loss_usd": best.loss},
            "best_path": path_data(self.best_path, self.variation),
            "loss_optimum": self.loss_optimum,
            "coupled_optimum": proven(self.coupled),
            "coupled_burden": proven(self.coupled_burden),
            "bounds": [bound_data(bound, self.episode, self.runs) for bound in self.bounds],
        }

    def _run(self, policy: str) -> Run:
        for run in self.runs:
            if run.policy == policy:
                return run
        raise InputError("policy", policy, f"one of {[run.policy for run in self.runs]}")

    def _comparators(self) -> Comparators:
        episode, path = self.episode, self.best_path
        online = [run for run in self.runs if run.information is Information.ROUND_START]
        live = [run for run in online if run.insured is None]
        losses = [severity_loss(episode, episode.severity(run)) for run in live]
        chosen = [math.fsum(run.loss) for run in live if run.loss is not None]
        severity = {
            Comparator.PER_ROUND_OPTIMUM: 0.0,
            Comparator.BEST_FIXED_SEVERITY: self.best_fixed.loss,
            Comparator.BEST_FIXED_RULE: min(losses, default=math.nan),
            Comparator.BEST_PATH: None if path is None else path.loss,
        }
        loss = {
            Comparator.BEST_FIXED_RULE: min(chosen, default=math.nan),
            Comparator.PER_ROUND_OPTIMUM: self.loss_optimum,
            Comparator.COUPLED_OPTIMUM: None if self.coupled is None else self.coupled.upper,
        }
        return Comparators(
            reference=self.reference,
            least=self.least,
            severity_loss=_known(severity),
            loss=_known(loss),
            burden_in_all=None if self.coupled_burden is None else self.coupled_burden.upper,
        )


def _known(losses: dict[Comparator, float | None]) -> dict[Comparator, float]:
    return {comparator: loss for comparator, loss in losses.items() if loss is not None}


def _references(
    episode: Episode, burden: Burden
) -> tuple[FloatArray | None, FloatArray | None, str]:
    """Burdens to measure fairness from: the published reference, the least, and its name."""
    known = episode.reference
    reference = None if known is None else episode.recorded_run(known).burden
    if not episode.pooled:
        levels = least_burden(episode, burden)
        name = f"least burden over {burden.value} (hindsight)"
        return levels if reference is None else reference, levels, name
    if episode.fairest is not None:
        return reference, episode.recorded_run(episode.fairest).burden, episode.fairest
    return reference, _least_on_record(episode), "the least burden on record at the full budget"


def _least_on_record(episode: Episode) -> FloatArray | None:
    levels = np.full(len(episode), np.inf)
    for run in episode.recorded:
        if run.burden is not None:
            full = np.abs(run.haircut - episode.needed) <= FULL_BUDGET * episode.needed
            levels = np.where(full, np.minimum(levels, run.burden), levels)
    return levels if np.isfinite(levels).all() else None
