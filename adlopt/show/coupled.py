"""A coupled optimum and the price of not coupling, as data for machines and as 80 columns."""

from __future__ import annotations

from typing import Any

from adlopt.model.episode import Episode
from adlopt.optimum.coupled.not_coupling import CouplingPrice
from adlopt.show.solution import as_data
from adlopt.show.table import table
from adlopt.show.words import percent

SHOWN = 40
"""Rounds that are printed; the rest are counted."""


def summarise(episode: Episode, price: CouplingPrice) -> dict[str, Any]:
    """Collect the answer at full precision, ready for JSON."""
    best, bounds = price.coupled, price.price
    certificate = best.certificate
    return {
        "information": "hindsight",
        "name": episode.name,
        "objective": "worst burden in all" if best.budgets_met else "sum of the loss",
        "value": best.value,
        "worst_burden_in_all": best.worst_burden,
        "needed_usd": episode.needed.tolist(),
        "raised_usd": best.raised.tolist(),
        "touched": [int((x > 0).sum()) for x in best.haircuts],
        "binding_rounds": list(best.binding),
        "stopped": best.stopped.value,
        "certificate": as_data(certificate),
        "one_by_one": {
            "value": price.one_by_one,
            "price_of_not_coupling": None if bounds is None else list(bounds),
            "short_usd": {str(t): missing for t, missing in price.short.items()},
            "overdrawn_rounds": list(price.overdrawn),
        },
        "account": [list(round_.start.account) for round_ in episode],
        "haircut_usd": [x.tolist() for x in best.haircuts],
    }


def render(episode: Episode, price: CouplingPrice) -> str:
    """Lay out the rounds, the certificate, and what solving them one by one costs."""
    return "\n".join([_rounds(episode, price), _certificate(price), _one_by_one(price)])


def _rounds(episode: Episode, price: CouplingPrice) -> str:
    best = price.coupled
    rows = [
        (
            f"{t}",
            f"{needed:,.2f}",
            f"{raised:,.2f}",
            f"{int((x > 0).sum()):,} of {x.size:,}",
            "binds" if t in best.binding else "",
        )
        for t, (needed, raised, x) in enumerate(
            zip(episode.needed, best.raised, best.haircuts, strict=True), start=1
        )
    ]
    title = f"Offline optimum of {episode.name}, its rounds coupled, in hindsight. {best}"
    if len(rows) > SHOWN:
        title += f"\nfirst {SHOWN} of {len(rows):,} rounds; -o file.csv has all haircuts"
    return table(title, ("round", "needed USD", "raised USD", "winners", ""), rows[:SHOWN])


def _certificate(price: CouplingPrice) -> str:
    best = price.coupled
    certificate = best.certificate
    value = "worst burden in all" if best.budgets_met else "sum of the loss"
    rows = [
        (f"{value}, recomputed", f"{certificate.upper:.12g}"),
        (f"lower bound ({certificate.trust.value})", f"{certificate.lower:.12g}"),
        ("rounding subtracted from it", f"{certificate.error:.1e}"),
    ]
    if not best.budgets_met:
        rows.append(("worst burden in all", percent(best.worst_burden)))
    why = (
        "the winners of the rounds that bind pay for them alone"
        if best.budgets_met
        else ("in the rounds that bind winners reach what they hold")
    )
    return table(f"Certificate: {certificate}; {why}", ("figure", "value"), rows)


def _one_by_one(price: CouplingPrice) -> str:
    bounds = price.price
    rows = [("the same objective", f"{price.one_by_one:.12g}")]
    if bounds is None:
        rows.append(("price of not coupling", "none: budgets are missed"))
    else:
        rows.append(("price of not coupling, at least", f"{bounds[0]:.3g}"))
        rows.append(("price of not coupling, at most", f"{bounds[1]:.3g}"))
    rows += [(f"short in round {t}, USD", f"{lost:,.2f}") for t, lost in price.short.items()]
    if price.overdrawn:
        rows.append(("rounds with overdrawn accounts", " ".join(map(str, price.overdrawn))))
    title = "Each round solved on its own, in hindsight, on what the rounds before have left"
    return table(title, ("figure", "value"), rows)
