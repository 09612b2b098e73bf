"""How one policy did on an episode: a row of numbers, computed from the episode and a run."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from adlopt.bounds.bound import Comparator
from adlopt.foundation.arrays import BoolArray, FloatArray
from adlopt.model.episode import Episode
from adlopt.model.run import Information, Run
from adlopt.scoring.hindsight import severity_loss

WEIGHTS = (0.5, 1.0, 2.0)
"""λ of the sweep over objective (23)."""
FULL_BUDGET = 1e-6
"""Relative distance within which a round counts as having raised what it needed."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Comparators:
    """What runs on an episode are measured against.

    Parameters
    ----------
    reference, least : FloatArray, shape (T,), or None
        m_t^ref of the published fairness; m_t^min, the least burden at the full budget.
    severity_loss, loss : mapping
        By comparator: its severity loss, USD; its sum of the loss played under.
    burden_in_all : float or None
        Of the coupled optimum.
    """

    reference: FloatArray | None
    least: FloatArray | None
    severity_loss: Mapping[Comparator, float]
    loss: Mapping[Comparator, float]
    burden_in_all: float | None


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
    burden_in_all : float or None
        max_i Σ_t x_it / w_i, as in `Run`; None unless asked for.
    coupled_regret : float or None
        `burden_in_all` above that of the coupled optimum. None where some round took less from
        winners than it needed: a lower burden is then no fairer. Below 0, a policy has taken some
        dollar in two rounds.
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
    burden_in_all: float | None = None
    coupled_regret: float | None = None
    insured: float | None = None

    @classmethod
    def of(cls, episode: Episode, run: Run, against: Comparators) -> Score:
        """Score a run."""
        total = None if run.loss is None else math.fsum(run.loss)
        needed, deficit = episode.needed, episode.deficit
        apart = episode.raised(run) - needed
        missed = severity_loss(episode, episode.severity(run))
        return cls(
            policy=run.policy,
            information=run.information,
            tracking=math.fsum(np.abs(apart)),
            overshoot=math.fsum(np.maximum(apart, 0.0)),
            undershoot=math.fsum(np.maximum(-apart, 0.0)),
            short_rounds=int(_short(apart, needed).sum()),
            fairness=_priced(needed, run.burden, against.reference, np.abs),
            fairness_signed=_priced(needed, run.burden, against.reference, np.positive),
            fairness_excess=_priced(needed, run.burden, against.least, _positive),
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
        )

    def total(self, weight: float = 1.0) -> float | None:
        """Tracking + λ · fairness as published, [CTTX26, Eq. 23]."""
        return None if self.fairness is None else self.tracking + weight * self.fairness

    @property
    def corrected_total(self) -> float | None:
        """Tracking + fairness above the least burden at the full budget."""
        return None if self.fairness_excess is None else self.tracking + self.fairness_excess


def _above(loss: float, least: Mapping[Comparator, float]) -> dict[Comparator, float]:
    return {comparator: loss - value for comparator, value in least.items()}


def _coupled_regret(needed: FloatArray, run: Run, least: float | None) -> float | None:
    if run.burden_in_all is None or least is None or _short(run.haircut - needed, needed).any():
        return None
    return run.burden_in_all - least


def _short(apart: FloatArray, needed: FloatArray) -> BoolArray:
    short: BoolArray = apart < -FULL_BUDGET * needed
    return short


def _positive(apart: FloatArray) -> FloatArray:
    return np.maximum(apart, 0.0)


def _priced(
    needed: FloatArray,
    burden: FloatArray | None,
    reference: FloatArray | None,
    shape: Callable[[FloatArray], FloatArray],
) -> float | None:
    if burden is None or reference is None:
        return None
    return math.fsum(needed * shape(burden - reference))
