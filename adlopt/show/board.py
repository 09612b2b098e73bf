"""A scoreboard as tables, made of the data that machines get."""

from __future__ import annotations

import math
from typing import Any

from adlopt.show.table import Table, joined
from adlopt.show.words import counted, dash, percent

LOSS_COLUMNS = {
    "per-round optimum": "optimum",
    "coupled optimum": "coupled",
    "best fixed rule": "fixed rule",
}
"""Comparators of the chosen loss, and how their columns are headed."""


def render(data: dict[str, Any]) -> str:
    """Lay out the tables in 80 columns."""
    return joined(tables(data))


def tables(data: dict[str, Any]) -> list[Table]:
    """Scores, regrets, bounds, and the chosen loss where there is one."""
    parts = (
        dollars(data), fairness(data), in_all(data), regrets(data), bounds(data), losses(data),
    )  # fmt: skip
    return [part for part in parts if part is not None]


def dollars(data: dict[str, Any]) -> Table:
    """How many dollars each policy missed, and how."""
    funded = any(score["insured_usd"] is not None for score in data["scores"])
    rows = [
        (
            score["policy"],
            score["information"],
            *([dash(score["insured_usd"], "z,.0f")] if funded else []),
            f"{score['tracking_usd']:,.0f}",
            f"{score['overshoot_usd']:,.0f}",
            f"{score['undershoot_usd']:,.0f}",
            f"{score['short_rounds']}",
        )
        for score in data["scores"]
    ]
    title = (
        f"{data['name']}: dollars missed over {counted(data['rounds'], 'round')}, USD; short: "
        "rounds that raised less than needed"
    )
    fund = ("fund",) if funded else ()
    if funded:
        title += "; fund: paid before winners, who are judged by what it left"
    columns = ("policy", "information", *fund, "Σ|H−B|", "over", "under", "short")
    return Table(title, columns, rows)


def fairness(data: dict[str, Any]) -> Table | None:
    """Burdens above the least, where accounts are known."""
    rows = [
        (
            score["policy"],
            *_excess(score),
            percent(math.inf if score["touches_protected"] else score["worst_burden"]),
            dash(score["touched"], ",.0f"),
        )
        for score in data["scores"]
    ]
    if all(row[-2] == "–" for row in rows):
        return None
    title = (
        f"Fairness: excess ΣB(m−m_min)₊ over the {data['least_burden']}, USD, and with the dollars "
        "missed; haircuts: of accounts, over all rounds"
    )
    return Table(title, ("policy", "excess", "in all", "worst burden", "haircuts"), rows)


def _excess(score: dict[str, Any]) -> tuple[str, str]:
    if score["touches_protected"]:
        return "∞", "∞"
    if score["fairness_excess_usd"] is None:
        return "–", "–"
    return f"{score['fairness_excess_usd']:z,.0f}", f"{score['corrected_total_usd']:z,.0f}"


def in_all(data: dict[str, Any]) -> Table | None:
    """Burdens of the whole episode beside those of the coupled optimum, where it was asked for."""
    least = data["coupled_burden"]
    if least is None:
        return None
    rows = [
        (
            score["policy"],
            percent(math.inf if score["touches_protected"] else score["burden_in_all"]),
            percent(score["coupled_regret"]),
        )
        for score in data["scores"]
        if score["burden_in_all"] is not None or score["touches_protected"]
    ]
    title = (
        "Rounds coupled: worst burden of the whole episode, max_i Σ_t x_it/w_i, and how far it is "
        f"above {percent(least['upper'])}, the least that raises all budgets (hindsight); –: took "
        "less than a round needed, so not comparable; below 0: took a dollar twice"
    )
    return Table(title, ("policy", "burden in all", "above the least"), rows)


def regrets(data: dict[str, Any]) -> Table:
    """Regret of the severity loss against each comparator."""
    first = data["bounds"][0]
    rows = []
    for score in data["scores"]:
        outside = first["fails_by_policy"].get(score["policy"])
        share = score["severity_loss_usd"] / first["usd"] if first["usd"] else None
        regret = [dash(value, "z,.0f") for value in score["regret_usd"].values()]
        rows.append((score["policy"], *regret, "outside" if outside else percent(share)))
    theta = data["best_fixed_severity"]["theta"]
    title = (
        "Regret of the severity loss Σ D|θ−θ*|, USD, against the per-round optimum and the best "
        f"fixed θ = {theta:.4f} (both hindsight), and the best fixed rule here that could run live"
    )
    columns = ["policy", "optimum", "fixed θ", "fixed rule", f"of {first['label']}"]
    if data["best_path"] is not None:
        path = data["best_path"]
        title += (
            f"; path: the best of variation {path['variation']:g} (hindsight), which loses "
            f"{path['loss_usd']:,.0f}"
        )
        columns.insert(4, "path")
    return Table(title, columns, rows)


def bounds(data: dict[str, Any]) -> Table:
    """Bounds, and whether they say anything."""
    rows = []
    for bound in data["bounds"]:
        verdict = "VACUOUS" if bound["vacuous"] else ""
        if bound["fails_on_episode"]:
            verdict = "does not apply"
        rows.append((bound["label"], f"{bound['usd']:,.2f}", verdict, bound["covers"]))
    title = "Bounds on Σ D|θ−θ*|, USD; vacuous: not below what no policy can exceed"
    return Table(title, ("bound", "USD", "", "covers"), rows)


def losses(data: dict[str, Any]) -> Table | None:
    """The chosen loss and the regret against its comparators."""
    optimum = data["loss_optimum"]
    if optimum is None:
        return None
    shown = {name for score in data["scores"] for name in score["loss_regret"]}
    rows = [
        (score["policy"], *_loss(score, [name for name in LOSS_COLUMNS if name in shown]))
        for score in data["scores"]
        if score["loss"] is not None or score["touches_protected"]
    ]
    title = f"The chosen loss, and regret. Per-round optimum (hindsight): {optimum:,.6g}"
    if data["coupled_optimum"] is not None:
        title += (
            f"; coupled (hindsight): {data['coupled_optimum']['upper']:,.6g}, no dollar being "
            "taken twice: who is below it has done that"
        )
    names = [column for name, column in LOSS_COLUMNS.items() if name in shown]
    return Table(title, ("policy", "loss", *names), rows)


def _loss(score: dict[str, Any], names: list[str]) -> list[str]:
    if score["loss"] is None:
        return ["∞"] * (1 + len(names))
    return [f"{score['loss']:,.6g}", *(dash(score["loss_regret"][n], "z,.6g") for n in names)]
