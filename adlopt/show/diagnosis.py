"""A diagnosis as text of 80 columns."""

from __future__ import annotations

import math
from typing import Any

from adlopt.show.screen import BRIEF, notes, rest, screen, why_not
from adlopt.show.table import table
from adlopt.show.words import counted, money, number, percent, quantity


def render(data: dict[str, Any]) -> str:
    """Lay out what `DiagnosisData` holds."""
    title = (
        f"{_episode(data)}: who pays. Worst burden against {data['burden']}: compare it only "
        "between policies that are not short, in rounds, of what was needed. Gini of burdens, "
        f"share of the {data['top']} paying most, share that {data['top']} accounts must pay at "
        "least, accounts touched: means of the rounds with a haircut"
    )
    every = len(data["policies"]) + len(data["unplayed"])
    parts = [_concentration(data, title, every), _order(data), _survivors(data), _stability(data)]
    return "\n".join([*parts, *filter(None, [notes(why_not(data["unplayed"]))])])


def summary(data: dict[str, Any]) -> str:
    """Lay out of the same what a screen takes: who pays."""
    title = f"{_episode(data)}: who pays; worst burden against {data['burden']}, means a round"
    every = len(data["policies"]) + len(data["unplayed"])
    said = notes(why_not(data["unplayed"], BRIEF))
    return screen(
        lambda rows: f"{_concentration(data, title, rows)}{rest(every - rows)}{said}", every
    )


def _episode(data: dict[str, Any]) -> str:
    return f"{data['episode']}, {counted(data['rounds'], 'round')}"


def _concentration(data: dict[str, Any], title: str, shown: int) -> str:
    rows = [
        (
            p["policy"],
            money(p["raised_usd"]),
            f"{p['short_rounds']:,}",
            percent(math.inf if p["touches_protected"] else p["worst_burden"]),
            number(p["burden_gini"]),
            percent(p["top_share"]),
            percent(p["forced_share"]),
            "–" if p["touched"] is None else quantity(p["touched"], 4),
        )
        for p in data["policies"]
    ]
    rows += [(name, *["–"] * 7) for name in data["unplayed"]]
    columns = ("policy", "raised USD", "short", "worst", "Gini", "top", "forced", "touched")
    return table(title, columns, rows[:shown])


def _order(data: dict[str, Any]) -> str:
    rows = [
        (
            p["policy"],
            percent(p["inversions"]),
            number(p["rank_stability"]),
            f"{p['closed']:,}",
            number(p["slope_variation"]),
        )
        for p in data["policies"]
    ]
    title = (
        "Order and churn: neighbours in profit turned round; correlation of burdens between "
        "neighbouring rounds, equal within a lot (or micro-dollar); accounts closed; variation of "
        "the effective slope"
    )
    return table(title, ("policy", "inversions", "rank stability", "closed", "slope"), rows)


def _survivors(data: dict[str, Any]) -> str:
    rows = [
        (p["policy"], *(number(p[name]) for name in ("ptsr", "pmr", "rd_nse")))
        for p in data["policies"]
    ]
    title = (
        "What the largest survivor keeps, υ: PTSR = υ/θD, PMR = υ/θΔ with Δ the largest loss, "
        "RD-NSE = υ/(υ+D−H); means"
    )
    return table(title, ("policy", "PTSR", "PMR", "RD-NSE"), rows)


def _stability(data: dict[str, Any]) -> str:
    rows = [
        (
            p["policy"],
            percent(p["share_moved"]),
            quantity(p["moved_usd"]),
            quantity(p["pro_rata_guarantee_usd"]),
        )
        for p in data["policies"]
    ]
    title = (
        f"Noise of {percent(data['noise'])} on capacities and features: largest ‖x − x'‖₁ as a "
        "share of 2B, and in USD, beside what pro-rata guarantees there"
    )
    return table(title, ("policy", "of 2B", "moved USD", "guarantee USD"), rows)
