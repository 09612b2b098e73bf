"""A diagnosis as text of 80 columns."""

from __future__ import annotations

import math

from adlopt.show.schema.studies import DiagnosisData
from adlopt.show.table import BRIEF, notes, rest, screen, table, why_not
from adlopt.show.words import counted, number, percent, quantity, scaled, unit_of


def render(data: DiagnosisData) -> str:
    """Lay out what `DiagnosisData` holds."""
    title = (
        f"{_episode(data)}: who pays. Worst burden against {data.burden}: compare it only "
        "between policies that are not short, in rounds, of what was needed. Gini of burdens, "
        f"share of the {data.top} paying most, share that {data.top} accounts must pay at "
        "least, accounts touched: means of the rounds with a haircut"
    )
    every = len(data.policies) + len(data.unplayed)
    parts = [_concentration(data, title, every), _order(data), _survivors(data), _stability(data)]
    return "\n".join([*parts, *filter(None, [notes(why_not(data.unplayed))])])


def summary(data: DiagnosisData) -> str:
    """Lay out of the same what a screen takes: who pays."""
    title = f"{_episode(data)}: who pays; worst burden against {data.burden}, means a round"
    every = len(data.policies) + len(data.unplayed)
    said = notes(why_not(data.unplayed, BRIEF))
    return screen(
        lambda rows: f"{_concentration(data, title, rows)}{rest(every - rows)}{said}", every
    )


def _episode(data: DiagnosisData) -> str:
    return f"{data.episode}, {counted(data.rounds, 'round')}"


def _concentration(data: DiagnosisData, title: str, shown: int) -> str:
    unit, money = unit_of(max((p.raised for p in data.policies), default=0.0))
    rows = [
        (
            p.policy,
            scaled(p.raised, unit),
            f"{p.short_rounds:,}",
            percent(math.inf if p.touches_protected else p.worst_burden),
            number(p.burden_gini),
            percent(p.top_share),
            percent(p.forced_share),
            quantity(p.touched, 4),
        )
        for p in data.policies
    ]
    rows += [(name, "–", "–", "–", "–", "–", "–", "–") for name in data.unplayed]
    columns = ("policy", f"raised {money}", "short", "worst", "Gini", "top", "forced", "touched")
    return table(title, columns, rows[:shown])


def _order(data: DiagnosisData) -> str:
    rows = []
    for p in data.policies:
        churn = f"{p.closed:,}", number(p.slope_variation)
        rows.append((p.policy, percent(p.inversions), number(p.rank_stability), *churn))
    title = (
        "Order and churn: neighbours in profit turned round; correlation of burdens between "
        "neighbouring rounds, equal within a lot (or micro-dollar); accounts closed; variation of "
        "the effective slope"
    )
    return table(title, ("policy", "inversions", "rank stability", "closed", "slope"), rows)


def _survivors(data: DiagnosisData) -> str:
    rows = [(p.policy, *map(number, (p.ptsr, p.pmr, p.rd_nse))) for p in data.policies]
    title = (
        "What the largest survivor keeps, υ: PTSR = υ/θD, PMR = υ/θΔ with Δ the largest loss, "
        "RD-NSE = υ/(υ+(D−H)₊); means"
    )
    if data.as_published:
        title = (
            "What the largest survivor keeps, υ, as published: PTSR = υ/(D−H), PMR = "
            "υ/(Δ(D−H)₊/D) with Δ the largest loss, RD-NSE = υ/(υ+D−H); means of the rounds in "
            "which they are defined"
        )
    return table(title, ("policy", "PTSR", "PMR", "RD-NSE"), rows)


def _stability(data: DiagnosisData) -> str:
    rows = [
        (p.policy, percent(p.share_moved), *map(quantity, (p.moved, p.pro_rata_guarantee)))
        for p in data.policies
    ]
    title = (
        f"Noise of {percent(data.noise)} on capacities and features: largest ‖x − x'‖₁ as a "
        "share of 2B, and in USD, beside what pro-rata guarantees there"
    )
    return table(title, ("policy", "of 2B", "moved USD", "guarantee USD"), rows)
