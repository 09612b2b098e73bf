"""What `adlopt diagnose` prints."""

from __future__ import annotations

from adlopt.show.table import table
from adlopt.show.words import counted, number, percent
from adlopt.studies.diagnostics.concentration import TOP
from adlopt.studies.diagnostics.diagnosis import Diagnosis
from adlopt.studies.diagnostics.noise import NOISE


def render(found: Diagnosis) -> str:
    """Lay out a diagnosis in 80 columns."""
    return "\n".join([_concentration(found), _order(found), _survivors(found), _stability(found)])


def _concentration(found: Diagnosis) -> str:
    rows = [
        (
            p.policy,
            f"{p.raised:,.0f}",
            f"{p.short_rounds}",
            percent(p.worst_burden),
            number(p.burden_gini),
            percent(p.top_share),
            percent(p.forced_share),
            number(p.touched),
        )
        for p in found.policies
    ]
    title = (
        f"{found.episode}, {counted(found.rounds, 'round')}: who pays. Worst burden against "
        f"{found.burden.value}: compare it only between policies that are not short, in rounds, of "
        f"what was needed. Gini of burdens, share of the {TOP} paying most, share that {TOP} "
        "accounts must pay at least, accounts touched: means of the rounds with a haircut"
    )
    columns = ("policy", "raised USD", "short", "worst", "Gini", "top", "forced", "touched")
    return table(title, columns, rows)


def _order(found: Diagnosis) -> str:
    rows = [
        (
            p.policy,
            percent(p.inversions),
            number(p.rank_stability),
            f"{p.closed}",
            number(p.slope_variation),
        )
        for p in found.policies
    ]
    title = (
        "Order and churn: neighbours in profit turned round; correlation of burdens between "
        "neighbouring rounds, equal within a lot (or micro-dollar); accounts closed; variation of "
        "the effective slope"
    )
    return table(title, ("policy", "inversions", "rank stability", "closed", "slope"), rows)


def _survivors(found: Diagnosis) -> str:
    rows = [(p.policy, number(p.ptsr), number(p.pmr), number(p.rd_nse)) for p in found.policies]
    title = (
        "What the largest survivor keeps, υ: PTSR = υ/θD, PMR = υ/θΔ with Δ the largest loss, "
        "RD-NSE = υ/(υ+D−H); means"
    )
    return table(title, ("policy", "PTSR", "PMR", "RD-NSE"), rows)


def _stability(found: Diagnosis) -> str:
    rows = [
        (p.policy, percent(p.share_moved), f"{p.moved:,.6g}", f"{p.pro_rata_guarantee:,.6g}")
        for p in found.policies
    ]
    title = (
        f"Noise of {percent(NOISE)} on capacities and features: largest ‖x − x'‖₁ as a share of "
        "2B, and in USD, beside what pro-rata guarantees there"
    )
    return table(title, ("policy", "of 2B", "moved USD", "guarantee USD"), rows)
