"""The answer of an adversary: an instance, what is lost on it, and what a bound says of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from itertools import groupby
from textwrap import fill
from typing import Any

from adlopt.adversary.tracking import ATTAINED
from adlopt.bound import Bound
from adlopt.bounds import TRIVIAL, is_vacuous
from adlopt.episode import Episode
from adlopt.errors import CertificateError
from adlopt.hindsight import severity_loss
from adlopt.online import Severity, SeverityThenAllocation
from adlopt.playing import run_policy
from adlopt.policies.allocation import ProRata
from adlopt.quantity import P
from adlopt.run import Run
from adlopt.table import WIDTH, percent, table

SHOWN = 40
"""Levels of θ* printed."""
EXACT_RATIO = 1e-6
"""How far a ratio may exceed 1 by rounding."""


class Outcome(Enum):
    """What is known of the worst case."""

    SUPREMUM = "supremum"
    """No path costs more than `upper`, and the instance attains it to within `gap`."""
    BETWEEN = "between"
    """The worst case lies between `loss` and `upper`; that lets ties θ = θ* go against the rule."""
    STOPPED = "stopped"
    """A time limit came first: the worst case lies between `loss` and `upper`."""
    FOUND = "found"
    """The worst that a search found: a lower bound on the worst case."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WorstCase:
    """An instance on which a severity rule loses much, and how tight a bound is there.

    Parameters
    ----------
    rule : Severity
        With the θ_1 it was played with.
    bound : Bound
    loss : float
        USD. Σ D_t |θ_t − θ*_t| of the rule, played on the instance.
    upper : float
        USD. What the loss exceeds on no path: from the mixed-integer program where there is one,
        Σ D_t otherwise.
    outcome : Outcome
    variation : float
        P that the path was allowed; a rule tuned in hindsight is tuned to it.
    instance : Episode

    See Also
    --------
    adlopt.adversary.worst : makes one.
    """

    rule: Severity
    bound: Bound
    loss: float
    upper: float
    outcome: Outcome
    variation: float
    instance: Episode

    @classmethod
    def of(
        cls,
        rule: Severity,
        bound: Bound,
        instance: Episode,
        *,
        variation: float,
        upper: float,
        outcome: Outcome,
    ) -> WorstCase:
        """Play the rule on the instance; a SUPREMUM that it does not attain becomes BETWEEN.

        Raises
        ------
        CertificateError
            If the rule loses more than `upper`.
        """
        loss = replay(rule, instance)
        if loss > upper * (1 + ATTAINED):
            raise CertificateError(f"{rule.name} loses {loss!r}, more than the most, {upper!r}")
        if outcome is Outcome.SUPREMUM and loss < upper * (1 - ATTAINED):
            outcome = Outcome.BETWEEN
        return cls(
            rule=rule,
            bound=bound,
            loss=loss,
            upper=max(upper, loss),
            outcome=outcome,
            variation=variation,
            instance=instance,
        )

    @property
    def policy(self) -> str:
        """Name of the rule."""
        return self.rule.name

    @property
    def first(self) -> float:
        """θ_1."""
        return float(self.rule.decide(self.rule.begin(), self.instance.rounds[0].start))

    @property
    def gap(self) -> float:
        """USD. How much worse the worst case might be."""
        return self.upper - self.loss

    @property
    def bound_value(self) -> float:
        """USD. The bound, with its quantities measured on the instance."""
        return self.bound.value(self.instance)

    @property
    def ratio(self) -> float:
        """Loss over bound: 1 where the bound is tight; NaN where the bound is 0."""
        value = self.bound_value
        return self.loss / value if value else math.nan

    def __str__(self) -> str:
        return render(summarise(self))


def replay(rule: Severity, instance: Episode) -> float:
    """Σ D_t |θ_t − θ*_t| of a rule, played as any policy is, USD."""
    return severity_loss(instance, instance.severity(_played(rule, instance)))


def _played(rule: Severity, instance: Episode) -> Run:
    return run_policy(instance, SeverityThenAllocation(rule, ProRata()))


def summarise(case: WorstCase) -> dict[str, Any]:
    """Collect the figures, at full precision, ready for JSON."""
    ratio, bound = case.ratio, case.bound
    failures = bound.failures(case.instance, _played(case.rule, case.instance))
    return {
        "policy": case.policy,
        "information": case.rule.information.value,
        "first_severity": case.first,
        "rounds": len(case.instance),
        "source": case.instance.source,
        "variation_allowed": case.variation,
        "variation": P.measure(case.instance),
        "outcome": case.outcome.value,
        "loss_usd": case.loss,
        "upper_usd": case.upper,
        "gap_usd": case.gap,
        "bound": bound.name,
        "bound_label": bound.label,
        "bound_usd": None if failures else case.bound_value,
        "ratio": ratio if math.isfinite(ratio) and not failures else None,
        "exceeds_bound": not failures and ratio > 1 + EXACT_RATIO,
        "vacuous": bound is not TRIVIAL and is_vacuous(bound, case.instance),
        "covers": bound.covers,
        "tightness": bound.tightness,
        "fails_on_instance": {k: list(v) for k, v in failures.items()},
        "needed_severity": case.instance.needed_severity.tolist(),
        "deficit_usd": case.instance.deficit.tolist(),
    }


def render(data: dict[str, Any]) -> str:
    """Lay out what `summarise` collected in 80 columns."""
    usd, share = data["bound_usd"], percent(data["ratio"])
    value = "does not apply" if usd is None else _usd(usd)
    if data["vacuous"] and usd is not None:
        share += " of a VACUOUS bound"
    rows = [
        ("path variation, of what was allowed", _share(data["variation"], data)),
        ("loss Σ D|θ−θ*|, replayed, USD", _usd(data["loss_usd"])),
        ("no path costs more than, USD", _usd(data["upper_usd"])),
        (f"{data['bound_label']}, on this instance, USD", value),
        ("loss / bound", share),
    ]
    title = (
        f"{data['policy']} ({data['information']}) from θ₁ = {data['first_severity']:g}, "
        f"{data['rounds']} rounds: {data['source']}"
    )
    notes = [_verdict(data), f"bound covers: {data['covers']}"]
    if data["exceeds_bound"]:
        notes.append("the loss exceeds the bound: it covers other rules than this one")
    notes += [f"hypothesis that fails here: {text}" for text in data["fails_on_instance"]]
    if data["tightness"]:
        notes.append(f"bound's tightness as stated: {data['tightness']}")
    lines = "\n".join(fill(note, WIDTH, subsequent_indent="  ") for note in notes)
    return table(title, ("", ""), rows) + lines + "\n" + _path(data["needed_severity"])


def _verdict(data: dict[str, Any]) -> str:
    return {
        Outcome.SUPREMUM: f"worst case: the supremum, attained within {data['gap_usd']:.2g} USD; "
        "its upper side is HiGHS's branch and bound",
        Outcome.BETWEEN: "the worst case lies between these two losses: the upper one lets "
        "ties θ = θ* go against the rule",
        Outcome.STOPPED: f"stopped by the time limit, with a gap of {_usd(data['gap_usd'])} USD: "
        "the worst case lies between these two losses",
        Outcome.FOUND: "found by search: a lower bound on the worst case, which may be worse",
    }[Outcome(data["outcome"])]


def _path(path: list[float]) -> str:
    """Write 0.5 0 0 0 as 0.5 0×3."""
    spans = [(theta, len(list(span))) for theta, span in groupby(f"{theta:.4g}" for theta in path)]
    shown = " ".join(theta if n == 1 else f"{theta}×{n}" for theta, n in spans[:SHOWN])
    more = " …" if len(spans) > SHOWN else ""
    return fill(f"θ*: {shown}{more}", WIDTH, subsequent_indent="    ")


def _share(spent: float, data: dict[str, Any]) -> str:
    return f"{spent:.4f} of {data['variation_allowed']:.4f}"


def _usd(amount: float) -> str:
    return f"{amount:,.2f}" if abs(amount) >= 1e3 else f"{amount:.6g}"
