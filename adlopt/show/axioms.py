"""Axioms that were tried: verdicts, and each counterexample with its figures."""

from __future__ import annotations

from collections.abc import Iterable
from math import isclose
from textwrap import fill

from adlopt.show.schema.studies import AxiomReportData, DecidedData
from adlopt.show.table import notes, rest, screen, table, width
from adlopt.show.words import number


def render(data: AxiomReportData) -> str:
    """Lay out what `AxiomReportData` holds."""
    rows = [(tried.name, tried.statement, tried.found) for tried in data.axioms]
    title = (
        f"{data.policy}: axioms tried on small instances, each the first round of an episode; "
        f"seed {data.seed}. {unproved(data).capitalize()}"
    )
    parts = [table(title, ("axiom", "what is asked", "found"), rows)]
    for tried in data.axioms:
        if tried.counterexample is not None:
            text = fill(f"{tried.name}: {tried.counterexample.text}", width())
            parts.append("\n".join([text, *map(_round, tried.counterexample.rounds)]))
    return "\n".join(parts)


def summary(data: AxiomReportData) -> str:
    """Lay out of the same what a screen takes: what was found, and what breaks."""
    tried = data.axioms
    found = table(
        f"{data.policy}, seed {data.seed}. {unproved(data).capitalize()}",
        ("axiom", "found"),
        [(each.name, each.found) for each in tried],
    )
    broken = [
        f"{each.name}: {each.counterexample.text}"
        for each in tried
        if each.counterexample is not None
    ]
    return screen(
        lambda shown: f"{found}{notes(broken[:shown])}\n{rest(len(broken) - shown)}", len(broken)
    )


def unproved(data: AxiomReportData) -> str:
    """What the verdicts do not say."""
    if any(each.proved_accounts or each.unknown for each in data.axioms):
        return "proved is by z3, over all real numbers, without lots, before rounding"
    return "what is not broken is not proved"


def _round(decided: DecidedData) -> str:
    lots = "" if decided.lot_usd is None else f", lots of {number(decided.lot_usd, 10)} USD"
    profit, notional = decided.capacity_usd, decided.features["notional"]
    ratio = decided.features["price_ratio"]
    entry = [n / r for n, r in zip(notional, ratio, strict=True)]
    shown: dict[str, Iterable[float | None]] = {
        "profit": profit,
        "collateral": [e - u for e, u in zip(decided.equity_usd, profit, strict=True)],
        "notional": notional,
    }
    opened = [n - u for n, u in zip(notional, profit, strict=True)]
    if not all(isclose(e, o, rel_tol=1e-9) for e, o in zip(entry, opened, strict=True)):
        shown["at entry"] = entry
    shown["pays"] = decided.haircut_usd or [None] * len(profit)
    rows = [
        (name, *(number(value, 10) for value in values))
        for name, *values in zip(decided.account, *shown.values(), strict=True)
    ]
    title = f"  deficit {number(decided.deficit_usd, 10)} USD{lots}"
    return table(title, ("account", *shown), rows)
