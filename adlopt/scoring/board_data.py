"""A scoreboard as data for machines: full precision, infinities as null."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from adlopt.bounds.bound import Bound
from adlopt.bounds.quantity import QUANTITIES
from adlopt.bounds.trivial import TRIVIAL, is_vacuous
from adlopt.model.episode import Episode
from adlopt.model.run import Run
from adlopt.optimum.core.certificate import Certificate
from adlopt.optimum.paths.severity_path import SeverityPath
from adlopt.scoring.score import WEIGHTS, Score


def score_data(score: Score, bound: float) -> dict[str, Any]:
    """One row, its published total also as a share of a bound, USD."""
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
        "burden_in_all": score.burden_in_all,
        "coupled_regret": score.coupled_regret,
        "insured_usd": score.insured,
    }
    return {name: _finite(value) for name, value in row.items()} | {
        "touches_protected": score.worst_burden == math.inf
    }


def flat(row: dict[str, Any]) -> dict[str, Any]:
    """Give each entry of a mapping within a row a column of its own."""
    columns: dict[str, Any] = {}
    for name, value in row.items():
        parts = (
            {f"{name}: {key}": part for key, part in value.items()}
            if isinstance(value, dict)
            else {name: value}
        )
        columns |= parts
    return columns


def path_data(path: SeverityPath | None, variation: float | None) -> dict[str, Any] | None:
    """The best path of a variation, if one was chosen."""
    if path is None:
        return None
    return {
        "variation": variation,
        "loss_usd": path.loss,
        "lower_usd": path.certificate.lower,
        "severity": path.severities.tolist(),
    }


def proven(certificate: Certificate | None) -> dict[str, Any] | None:
    """An optimum between its bounds, if it was asked for."""
    if certificate is None:
        return None
    return {
        "upper": certificate.upper,
        "lower": certificate.lower,
        "trust": certificate.trust.value,
    }


def bound_data(bound: Bound, episode: Episode, runs: Sequence[Run]) -> dict[str, Any]:
    """State a bound: its value, what it rests on, and whom it covers here."""
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
        "vacuous": bound is not TRIVIAL and is_vacuous(bound, episode),
        "fails_on_episode": {k: list(v) for k, v in bound.failures(episode).items()},
        "fails_by_policy": {
            run.policy: broken
            for run in runs
            if (broken := {k: list(v) for k, v in bound.failures(episode, run).items()})
        },
        "tightness": bound.tightness.value,
        "tightness_note": bound.tightness_note,
        "citation": bound.citation,
        "proof": bound.proof,
    }


def _finite(value: Any) -> Any:
    """JSON knows no infinity: null, with `touches_protected` to say why."""
    if isinstance(value, dict):
        return {name: _finite(part) for name, part in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value
