"""A scoreboard as text of 80 columns, made of the data that machines get."""

from __future__ import annotations

import math
from typing import Any

from adlopt.table import percent, table


def render(data: dict[str, Any]) -> str:
    """Lay out scores, regrets, bounds, and the chosen loss where there is one."""
    parts = [dollars(data), fairness(data), regrets(data), bounds(data), losses(data)]
    return "\n".join(part for part in parts if part)


def dollars(data: dict[str, Any]) -> str:
    """How many dollars each policy missed, and how."""
    funded = any(score["insured_usd"] is not None for score in data["scores"])
    rows = [
        (
            score["policy"],
            score["information"],
            *([_whole(score["insured_usd"])] if funded else []),
            f"{score['tracking_usd']:,.0f}",
            f"{score['overshoot_usd']:,.0f}",
            f"{score['undershoot_usd']:,.0f}",
            f"{score['short_rounds']}",
        )
        for score in data["scores"]
    ]
    title = (
        f"{data['name']}: dollars missed over {data['rounds']} rounds, USD; short: rounds that "
        "raised less than needed"
    )
    fund = ("fund",) if funded else ()
    if funded:
        title += "; fund: paid before winners, who are judged by what it left"
    columns = ("policy", "information", *fund, "Σ|H−B|", "over", "under", "short")
    return table(title, columns, rows)


def _whole(usd: float | None) -> str:
    return "–" if usd is None else f"{usd:,.0f}"


def fairness(data: dict[str, Any]) -> str:
    """Burdens above the least, where accounts are known."""
    rows = [
        (
            score["policy"],
            *_excess(score),
            percent(math.inf if score["touches_protected"] else score["worst_burden"]),
            "–" if score["touched"] is None else f"{score['touched']:,.0f}",
        )
        for score in data["scores"]
    ]
    if all(row[-2] == "–" for row in rows):
        return ""
    title = (
        f"Fairness: excess ΣB(m−m_min)₊ over the {data['least_burden']}, USD, and with the dollars "
        "missed; haircuts: of accounts, over all rounds"
    )
    return table(title, ("policy", "excess", "in all", "worst burden", "haircuts"), rows)


def _excess(score: dict[str, Any]) -> tuple[str, str]:
    if score["touches_protected"]:
        return "∞", "∞"
    if score["fairness_excess_usd"] is None:
        return "–", "–"
    return f"{score['fairness_excess_usd']:,.0f}", f"{score['corrected_total_usd']:,.0f}"


def regrets(data: dict[str, Any]) -> str:
    """Regret of the severity loss against each comparator."""
    first = data["bounds"][0]
    rows = []
    for score in data["scores"]:
        outside = first["fails_by_policy"].get(score["policy"])
        share = score["severity_loss_usd"] / first["usd"] if first["usd"] else None
        regret = ["–" if r is None else f"{r:,.0f}" for r in score["regret_usd"].values()]
        rows.append((score["policy"], *regret, "outside" if outside else percent(share)))
    theta = data["best_fixed_severity"]["theta"]
    title = (
        "Regret of the severity loss Σ D|θ−θ*|, USD, against the per-round optimum and the best "
        f"fixed θ = {theta:.4f} (both hindsight), and the best live policy here"
    )
    columns = ("policy", "optimum", "fixed θ", "best live", f"of {first['label']}")
    return table(title, columns, rows)


def bounds(data: dict[str, Any]) -> str:
    """Bounds, and whether they say anything."""
    rows = []
    for bound in data["bounds"]:
        verdict = "VACUOUS" if bound["vacuous"] else ""
        if bound["fails_on_episode"]:
            verdict = "does not apply"
        rows.append((bound["label"], f"{bound['usd']:,.2f}", verdict, bound["covers"]))
    title = "Bounds on Σ D|θ−θ*|, USD; vacuous: not below what no policy can exceed"
    return table(title, ("bound", "USD", "", "covers"), rows)


def losses(data: dict[str, Any]) -> str:
    """The chosen loss and the regret against its per-round optimum."""
    optimum = data["loss_optimum"]
    if optimum is None:
        return ""
    rows = [
        (score["policy"], *_loss(score, optimum))
        for score in data["scores"]
        if score["loss"] is not None or score["touches_protected"]
    ]
    title = f"The chosen loss; per-round optimum (hindsight): {optimum:,.6g}"
    return table(title, ("policy", "loss", "regret"), rows)


def _loss(score: dict[str, Any], optimum: float) -> tuple[str, str]:
    if score["loss"] is None:
        return "∞", "∞"
    return f"{score['loss']:,.6g}", f"{score['loss'] - optimum:,.6g}"
