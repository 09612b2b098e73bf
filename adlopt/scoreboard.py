"""How policies did on an episode: rows of numbers, each computed from the episode and a run."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from adlopt.arrays import FloatArray
from adlopt.board_text import render, tables
from adlopt.bound import Bound, Comparator
from adlopt.bounds import HALF, PROPOSITION_1, TRIVIAL, is_vacuous
from adlopt.certificate import Certificate
from adlopt.episode import Episode
from adlopt.errors import InputError
from adlopt.frames import Columns, Tabular
from adlopt.hindsight import FixedSeverity, best_fixed_severity, least_burden, severity_loss
from adlopt.loss import Burden
from adlopt.quantity import QUANTITIES
from adlopt.run import Information, Run
from adlopt.severity_path import SeverityPath, best_severity_path
from adlopt.table import joined_html

WEIGHTS = (0.5, 1.0, 2.0)
"""λ of the sweep over objective (23)."""
FULL_BUDGET = 1e-6
"""Relative distance within which a round counts as having raised what it needed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One policy's row. Money in USD; None where burdens or accounts are not known.

    Parameters
    ----------
    policy : str
    information : Information
    tracking : float
        Σ |H_t − B_t|.
    overshoot, undershoot : float
        Σ (H_t − B_t)_+ and V_T = Σ (B_t − H_t)_+.
    short_rounds : int
        Rounds that raised less than needed.
    fairness : float or None
        Σ B_t |m_t − m_t^ref|, as [CTTX26, Eq. 23] has it, against the episode's reference.
    fairness_signed : float or None
        Σ B_t (m_t − m_t^ref): below 0, the policy is *fairer* than the reference.
    fairness_excess : float or None
        Σ B_t (m_t − m_t^min)_+, above the least burden at the full budget.
    worst_burden : float or None
        max_t m_t.
    touched : float or None
        Account haircuts, summed over rounds.
    severity_loss : float
        Σ D_t |θ_t − θ*_t|, θ_t = min(1, H_t / D_t).
    outside_domain : float
        Σ (H_t − D_t)_+: dollars that no severity θ ≤ 1 takes, and the bounds do not cover.
    regret : dict
        Of the severity loss, USD, against each comparator.
    loss : float or None
        Sum of the loss the episode was played under.
    loss_regret : dict
        Of that loss, against each comparator. Below 0 against the coupled optimum, a policy has
        taken some dollar in two rounds.
    insured : float or None
        What a fund paid. The dollars missed, and the losses, are those of what it left; burdens
        are still compared with those at the full budget.
    """

    policy: str
    information: Information
    tracking: float
    overshoot: float
    undershoot: float
    short_rounds: int
    fairness: float | None
    fairness_signed: float | None
    fairness_excess: float | None
    worst_burden: float | None
    touched: float | None
    severity_loss: float
    outside_domain: float
    regret: dict[Comparator, float]
    loss: float | None
    loss_regret: dict[Comparator, float]
    insured: float | None = None

    def total(self, weight: float = 1.0) -> float | None:
        """Tracking + λ · fairness as published, [CTTX26, Eq. 23]."""
        return None if self.fairness is None else self.tracking + weight * self.fairness

    @property
    def corrected_total(self) -> float | None:
        """Tracking + fairness above the least burden at the full budget."""
        return None if self.fairness_excess is None else self.tracking + self.fairness_excess


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
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
    variation : float or None
        P of the best path of severities that regret is measured against, in *hindsight*.

    Examples
    --------
    >>> from adlopt.episodes import october_10
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
            variation=variation,
        )

    @property
    def scores(self) -> tuple[Score, ...]:
        """One row a run, in order."""
        losses = [severity_loss(self.episode, self.episode.severity(run)) for run in self.runs]
        chosen = [None if run.loss is None else math.fsum(run.loss) for run in self.runs]
        live = [
            run.information is Information.ROUND_START and run.insured is None for run in self.runs
        ]
        against = {
            Comparator.PER_ROUND_OPTIMUM: 0.0,
            Comparator.BEST_FIXED_SEVERITY: self.best_fixed.loss,
            Comparator.BEST_FIXED_RULE: _least(losses, live),
        }
        if self.best_path is not None:
            against[Comparator.BEST_PATH] = self.best_path.loss
        against_loss = self._loss_comparators(_least(chosen, live))
        return tuple(
            self._score(run, loss, {c: loss - least for c, least in against.items()}, against_loss)
            for run, loss in zip(self.runs, losses, strict=True)
        )

    def __getitem__(self, policy: str) -> Score:
        for score in self.scores:
            if score.policy == policy:
                return score
        raise InputError("policy", policy, f"one of {[run.policy for run in self.runs]}")

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
        for run in self.runs:
            if run.policy == policy:
                return bound.failures(self.episode, run)
        raise InputError("policy", policy, f"one of {[run.policy for run in self.runs]}")

    def is_vacuous(self, bound: Bound) -> bool:
        """Whether the bound is not below the trivial one."""
        return is_vacuous(bound, self.episode)

    def __str__(self) -> str:
        return render(self.to_dict())

    def _columns(self) -> Columns:
        rows = [_flat(_score_data(score, math.nan)) for score in self.scores]
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
            "scores": [_score_data(score, bound) for score in self.scores],
            "best_fixed_severity": {"theta": best.theta, "loss_usd": best.loss},
            "best_path": _path_data(self.best_path, self.variation),
            "loss_optimum": self.loss_optimum,
            "coupled_optimum": _coupled_data(self.coupled),
            "bounds": [_bound_data(self, bound) for bound in self.bounds],
        }

    def _loss_comparators(self, live: float) -> dict[Comparator, float]:
        found = {Comparator.BEST_FIXED_RULE: live}
        if self.loss_optimum is not None:
            found[Comparator.PER_ROUND_OPTIMUM] = self.loss_optimum
        if self.coupled is not None:
            found[Comparator.COUPLED_OPTIMUM] = self.coupled.upper
        return found

    def _score(
        self,
        run: Run,
        loss: float,
        regret: dict[Comparator, float],
        against_loss: dict[Comparator, float],
    ) -> Score:
        total = None if run.loss is None else math.fsum(run.loss)
        needed, deficit = self.episode.needed, self.episode.deficit
        apart = self.episode.raised(run) - needed
        return Score(
            policy=run.policy,
            information=run.information,
            tracking=math.fsum(np.abs(apart)),
            overshoot=math.fsum(np.maximum(apart, 0.0)),
            undershoot=math.fsum(np.maximum(-apart, 0.0)),
            short_rounds=int((apart < -FULL_BUDGET * needed).sum()),
            fairness=_priced(needed, run.burden, self.reference, np.abs),
            fairness_signed=_priced(needed, run.burden, self.reference, np.positive),
            fairness_excess=_priced(needed, run.burden, self.least, lambda d: np.maximum(d, 0.0)),
            worst_burden=None if run.burden is None else float(run.burden.max()),
            touched=None if run.touched is None else float(run.touched.sum()),
            severity_loss=loss,
            outside_domain=math.fsum(np.maximum(run.haircut - deficit, 0.0)),
            regret=regret,
            loss=total,
            loss_regret={}
            if total is None
            else {comparator: total - least for comparator, least in against_loss.items()},
            insured=None if run.insured is None else math.fsum(run.insured),
        )


def _least(losses: Sequence[float | None], live: Sequence[bool]) -> float:
    found = [x for x, may in zip(losses, live, strict=True) if may and x is not None]
    return min(found, default=math.nan)


def _path_data(path: SeverityPath | None, variation: float | None) -> dict[str, Any] | None:
    if path is None:
        return None
    return {
        "variation": variation,
        "loss_usd": path.loss,
        "lower_usd": path.certificate.lower,
        "severity": path.severities.tolist(),
    }


def _coupled_data(certificate: Certificate | None) -> dict[str, Any] | None:
    if certificate is None:
        return None
    return {
        "upper": certificate.upper,
        "lower": certificate.lower,
        "trust": certificate.trust.value,
    }


def _priced(
    needed: FloatArray,
    burden: FloatArray | None,
    reference: FloatArray | None,
    shape: Callable[[FloatArray], FloatArray],
) -> float | None:
    if burden is None or reference is None:
        return None
    return math.fsum(needed * shape(burden - reference))


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


def _score_data(score: Score, bound: float) -> dict[str, Any]:
    totals = {f"{weight:g}": score.total(weight) for weight in WEIGHTS}
    published = totals["1"]
    row = {
        "policy": score.policy,
        "information": score.information.value,
        "tracking_usd": score.tracking,
        "overshoot_usd": score.overshoot,
        "undershoot_usd": score.undershoot,
        "short_rounds": score.short_rounds,
        "fairness_usd": score.fairness,
        "fairness_signed_usd": score.fairness_signed,
        "fairness_excess_usd": score.fairness_excess,
        "total_usd_by_weight": totals,
        "total_share_of_bound": None if published is None or not bound else published / bound,
        "corrected_total_usd": score.corrected_total,
        "worst_burden": score.worst_burden,
        "touched": score.touched,
        "severity_loss_usd": score.severity_loss,
        "outside_domain_usd": score.outside_domain,
        "regret_usd": {c.value: regret for c, regret in score.regret.items()},
        "loss": score.loss,
        "loss_regret": {c.value: regret for c, regret in score.loss_regret.items()},
        "insured_usd": score.insured,
    }
    return {name: _finite(value) for name, value in row.items()} | {
        "touches_protected": score.worst_burden == math.inf
    }


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    """Give each entry of a mapping within a row a column of its own."""
    flat: dict[str, Any] = {}
    for name, value in row.items():
        parts = (
            {f"{name}: {key}": part for key, part in value.items()}
            if isinstance(value, dict)
            else {name: value}
        )
        flat |= parts
    return flat


def _finite(value: Any) -> Any:
    """JSON knows no infinity: null, with `touches_protected` to say why."""
    if isinstance(value, dict):
        return {name: _finite(part) for name, part in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _bound_data(board: Scoreboard, bound: Bound) -> dict[str, Any]:
    episode = board.episode
    symbols = sorted(bound.expression.free_symbols, key=str)
    return {
        "name": bound.name,
        "label": bound.label,
        "usd": bound.value(episode),
        "expression": str(bound.expression),
        "quantities": {
            str(s): {"value": QUANTITIES[s].measure(episode), "meaning": QUANTITIES[s].meaning}
            for s in symbols
        },
        "comparator": bound.comparator.value,
        "covers": bound.covers,
        "vacuous": bound is not TRIVIAL and board.is_vacuous(bound),
        "fails_on_episode": {k: list(v) for k, v in bound.failures(episode).items()},
        "fails_by_policy": {
            run.policy: broken
            for run in board.runs
            if (broken := {k: list(v) for k, v in board.applies(bound, run.policy).items()})
        },
        "tightness": bound.tightness.value,
        "tightness_note": bound.tightness_note,
        "citation": bound.citation,
        "proof": bound.proof,
    }
