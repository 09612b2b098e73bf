"""A solved round as data for machines, and as text of 80 columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from adlopt.model.round import Round
from adlopt.optimum.core.certificate import Certificate, Stage
from adlopt.optimum.dollars.least_loss import Solution
from adlopt.show.table import table
from adlopt.show.words import percent

SHOWN = 20
"""Accounts that are printed; the rest are counted."""


def summarise(round_: Round, best: Solution) -> dict[str, Any]:
    """Collect the answer at full precision, ready for JSON."""
    return {
        "information": "hindsight",
        "value": best.value,
        "worst_burden": best.worst_burden,
        "raised_usd": best.raised,
        "needed_usd": round_.needed,
        "method": best.method.value,
        "stopped": best.stopped.value,
        "optimal": best.optimal,
        "certificate": as_data(best.certificate),
        "then": stages(best.then),
        "budget_price": best.budget_price,
        "account": list(round_.start.account),
        "haircut_usd": best.haircut.tolist(),
        "at_capacity": best.at_capacity.tolist(),
        "at_burden": best.at_burden.tolist(),
        "reason": list(best.reason),
    }


def as_data(certificate: Certificate) -> dict[str, Any]:
    """Collect a certificate at full precision, ready for JSON."""
    return {
        "upper": certificate.upper,
        "lower": certificate.lower,
        "gap": certificate.gap,
        "optimal": certificate.optimal,
        "trust": certificate.trust.value,
        "error": certificate.error,
        "budget_residual_usd": certificate.budget_residual,
    }


def stages(then: Sequence[Stage]) -> list[dict[str, Any]]:
    """Collect what was made least after the first objective, ready for JSON."""
    return [{"criterion": stage.criterion, **as_data(stage.certificate)} for stage in then]


def render(round_: Round, best: Solution) -> str:
    """Lay out the allocation, what bound it, and the certificate."""
    return _allocation(round_, best) + "\n" + _certificate(round_, best)


def _allocation(round_: Round, best: Solution) -> str:
    start = round_.start
    order = sorted(range(len(start.account)), key=lambda i: (-best.haircut[i], i))[:SHOWN]
    rows = [
        (
            start.account[i],
            f"{start.capacity[i]:,.2f}",
            f"{best.haircut[i]:,.2f}",
            percent(best.haircut[i] / start.capacity[i] if start.capacity[i] else None),
            _bound_by(best, i),
        )
        for i in order
    ]
    title = f"Offline optimum, in hindsight. {best}"
    if len(start.account) > SHOWN:
        title += f"\nlargest {SHOWN} of {len(start.account):,} accounts; -o file.csv has all"
    columns = ("account", "capacity USD", "haircut USD", "of capacity", "bound by")
    return table(title, columns, rows)


def _bound_by(best: Solution, account: int) -> str:
    if best.reason:
        return best.reason[account]
    if best.at_capacity[account]:
        return "capacity"
    return "worst burden" if best.at_burden[account] else ""


def _certificate(round_: Round, best: Solution) -> str:
    certificate = best.certificate
    rows = [
        ("needed budget, USD", f"{round_.needed:,.2f}"),
        ("raised, USD", f"{best.raised:,.2f}"),
        ("value of the objective, recomputed", f"{certificate.upper!r}"),
        (f"lower bound ({certificate.trust.value})", f"{certificate.lower!r}"),
        ("rounding subtracted from it", f"{certificate.error:.1e}"),
        ("accounts at capacity", f"{int(best.at_capacity.sum())}"),
        ("accounts at the worst burden", f"{int(best.at_burden.sum())}"),
    ]
    if best.budget_price is not None:
        rows.append(("loss per further dollar of budget", f"{best.budget_price:.6g}"))
    for stage in best.then:
        proof = stage.certificate
        rows.append((stage.criterion, f"{proof.upper!r}"))
        rows.append((f"lower bound on it ({proof.trust.value})", f"{proof.lower!r}"))
    title = f"Certificate: {certificate}. Method: {best.method.value}"
    return table(title, ("figure", "value"), rows)
