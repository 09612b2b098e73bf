"""How one policy did on an episode: a row of numbers, computed from the episode and a run."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from msgspec.structs import asdict

from adlopt.bounds.bound import Comparator
from adlopt.foundation.arrays import BoolArray, FloatArray
from adlopt.model.episode import Episode
from adlopt.model.filled import filled
from adlopt.model.loss import Burden
from adlopt.model.run import Information, Run
from adlopt.scoring.hindsight import least_burden, severity_loss
from adlopt.show.answer import Answer, Columns
from adlopt.show.board import score
from adlopt.show.schema.boards import LossRegretData, RegretData, ScoreData
from adlopt.show.schema.data import finite
from adlopt.show.words import usd

WEIGHTS = (0.5, 1.0, 2.0)
"""λ of the sweep over objective (23)."""
FULL_BUDGET = 1e-6
"""Relative distance within which a round counts as having raised what it needed."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Comparators:
    """What runs on an episode are measured against.

    `reference`, m_t^ref of the published fairness, and `least`, m_t^min, the least burden at the
    full budget, have shape (T,). By comparator: its severity loss, USD, and its sum of the loss
    played under; `burden_in_all` is that of the coupled optimum. Published totals are shares of
    Proposition 1.
    """

    reference: FloatArray | None
    least: FloatArray | None
    severity_loss: Mapping[Comparator, float]
    loss: Mapping[Comparator, float]
    burden_in_all: float | None
    proposition_1: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Score(Answer):
    """One policy's row. Money in USD; None where burdens or accounts are not known.

    `tracking` is Σ |H_t − B_t|, `overshoot` Σ (H_t − B_t)_+, `undershoot` V_T = Σ (B_t − H_t)_+
    over `short_rounds`. `fairness` is Σ B_t |m_t − m_t^ref|, as [CTTX26, Eq. 23] has it, against
    the episode's reference; `fairness_signed` Σ B_t (m_t − m_t^ref): below 0, the policy is
    *fairer* than it; `fairness_excess` Σ B_t (m_t − m_t^min)_+, above the least burden at the full
    budget. `worst_burden` is max_t m_t, `touched` counts account haircuts. `severity_loss` is Σ D_t
    |θ_t − θ*_t|, θ_t = min(1, H_t / D_t), `regret` that above each comparator's; `outside_domain` Σ
    (H_t − D_t)_+: dollars that no severity θ ≤ 1 takes, and the bounds do not cover. `loss` sums
    the loss the episode was played under.

    `burden_in_all` is max_i Σ_t x_it / w_i, as in `Run`, `coupled_regret` that above the coupled
    optimum's; None where some round took less from winners than it needed: a lower burden is then
    no fairer. Where it, or `loss_regret` against that optimum, is below 0, a policy has taken some
    dollar in two rounds. `insured` is what a fund paid: the dollars missed, and the losses, are
    those of what it left; burdens are still compared with those at the full budget.
    `share_of_bound` is the published total over Proposition 1; None where the bound is 0.
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
    burden_in_all: float | None = None
    coupled_regret: float | None = None
    insured: float | None = None
    share_of_bound: float | None = None

    @classmethod
    def of(cls, episode: Episode, run: Run, against: Comparators) -> Score:
        """Score a run."""
        total = None if run.loss is None else math.fsum(run.loss)
        needed, deficit = episode.needed, episode.deficit
        apart = episode.raised(run) - needed
        missed = severity_loss(episode, episode.severity(run))
        tracking = math.fsum(np.abs(apart))
        fairness = _priced(needed, run.burden, against.reference, np.abs)
        bound = against.proposition_1
        return cls(
            policy=run.policy,
            information=run.information,
            tracking=tracking,
            overshoot=math.fsum(np.maximum(apart, 0.0)),
            undershoot=math.fsum(np.maximum(-apart, 0.0)),
            short_rounds=int(_short(apart, needed).sum()),
            fairness=fairness,
            fairness_signed=_priced(needed, run.burden, against.reference, np.positive),
            fairness_excess=_priced(
                needed, run.burden, against.least, lambda m: np.maximum(m, 0.0)
            ),
            worst_burden=None if run.burden is None else float(run.burden.max()),
            touched=None if run.touched is None else float(run.touched.sum()),
            severity_loss=missed,
            outside_domain=math.fsum(np.maximum(run.haircut - deficit, 0.0)),
            regret=_above(missed, against.severity_loss),
            loss=total,
            loss_regret={} if total is None else _above(total, against.loss),
            burden_in_all=run.burden_in_all,
            coupled_regret=_coupled_regret(needed, run, against.burden_in_all),
            insured=None if run.insured is None else math.fsum(run.insured),
            share_of_bound=None if fairness is None or not bound else (tracking + fairness) / bound,
        )

    def total(self, weight: float = 1.0) -> float | None:
        """Tracking + λ · fairness as published, [CTTX26, Eq. 23]."""
        return None if self.fairness is None else self.tracking + weight * self.fairness

    @property
    def corrected_total(self) -> float | None:
        """Tracking + fairness above the least burden at the full budget."""
        return None if self.fairness_excess is None else self.tracking + self.fairness_excess

    def __str__(self) -> str:
        return score(self.data())

    def _heading(self) -> str:
        return f"{self.policy} ({self.information.value}): {usd(self.tracking)} USD missed"

    def _columns(self) -> Columns:
        return {name: [value] for name, value in row_of(self.data()).items()}

    def data(self) -> ScoreData:
        """Return every figure at full precision; infinite burdens are null."""
        return filled(
            ScoreData,
            self,
            total_usd_by_weight={f"{weight:g}": finite(self.total(weight)) for weight in WEIGHTS},
            total_share_of_bound=finite(self.share_of_bound),
            touches_protected=self.worst_burden == math.inf,
            regret_usd=RegretData(**_by_name(self.regret)),
            loss_regret=LossRegretData(**_by_name(self.loss_regret)),
        )


def row_of(data: ScoreData) -> dict[str, Any]:
    """Return a score as one row: each part of a mapping in a column of its own."""
    row: dict[str, Any] = {}
    for name in data.__struct_fields__:
        value = getattr(data, name)
        if name == "total_usd_by_weight":
            row |= {f"total_weight_{w.replace('.', '_')}_usd": usd for w, usd in value.items()}
        elif isinstance(value, RegretData):
            row |= {f"regret_{part}_usd": usd for part, usd in asdict(value).items()}
        elif isinstance(value, LossRegretData):
            row |= {f"loss_regret_{part}": regret for part, regret in asdict(value).items()}
        else:
            row[name] = value
    return row


def _by_name(regret: Mapping[Comparator, float]) -> dict[str, float | None]:
    return {comparator.name.lower(): finite(value) for comparator, value in regret.items()}


def _above(loss: float, least: Mapping[Comparator, float]) -> dict[Comparator, float]:
    return {comparator: loss - value for comparator, value in least.items()}


def _coupled_regret(needed: FloatArray, run: Run, least: float | None) -> float | None:
    if run.burden_in_all is None or least is None or _short(run.haircut - needed, needed).any():
        return None
    return run.burden_in_all - least


def _short(apart: FloatArray, needed: FloatArray) -> BoolArray:
    short: BoolArray = apart < -FULL_BUDGET * needed
    return short


def _priced(
    needed: FloatArray,
    burden: FloatArray | None,
    reference: FloatArray | None,
    shape: Callable[[FloatArray], FloatArray],
) -> float | None:
    if burden is None or reference is None:
        return None
    return math.fsum(needed * shape(burden - reference))


@dataclass(frozen=True, slots=True, eq=False)
class References:
    """Burdens that fairness is measured from, shape (T,), or None.

    `published` is m_t^ref; `least`, which `least_name` says what it is, m_t^min at the full budget.
    It is `beaten_by` Σ B_t (m_t^min − m_t)_+ USD for the least burden on record at the full budget:
    above 0, some record raises as much at a lower burden.
    """

    published: FloatArray | None
    least: FloatArray | None
    least_name: str
    beaten_by: float

    @classmethod
    def of(cls, episode: Episode, burden: Burden) -> References:
        """Take them from the record, or solve for the least where accounts are known."""
        known = episode.reference
        published = None if known is None else episode.recorded_run(known).burden
        on_record = _least_on_record(episode)
        if not episode.pooled:
            least: FloatArray | None = least_burden(episode, burden)
            name = f"least burden over {burden.value} (hindsight)"
            published = least if published is None else published
        elif episode.fairest is not None:
            least, name = episode.recorded_run(episode.fairest).burden, episode.fairest
        else:
            least, name = on_record, "the least burden on record at the full budget"
        beaten_by = 0.0
        if on_record is not None and least is not None:
            beaten_by = math.fsum(episode.needed * np.maximum(least - on_record, 0.0))
        return cls(published, least, name, beaten_by)


def _least_on_record(episode: Episode) -> FloatArray | None:
    levels = np.full(len(episode), np.inf)
    for run in episode.recorded:
        if run.burden is not None:
            full = np.abs(run.haircut - episode.needed) <= FULL_BUDGET * episode.needed
            levels = np.where(full, np.minimum(levels, run.burden), levels)
    return levels if np.isfinite(levels).all() else None
