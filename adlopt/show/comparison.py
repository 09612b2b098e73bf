"""A comparison as text of 80 columns."""

from __future__ import annotations

from typing import Any

from adlopt.show.table import table

SHOWN = {
    "loss": "Loss: dollars missed, Σ|H−B| over the rounds, USD",
    "given": "Given by users, USD",
    "deficit_left": "Deficit left unpaid, USD",
    "touched": "Accounts touched",
    "hedges_broken": "Hedges broken: accounts whose net exposure grew as one leg was closed",
}
COUNTED = {
    "rounds": "rounds",
    "liquidated": "liquidated",
    "left": "left the venue",
}


def render(data: dict[str, Any]) -> str:
    """Lay out what `Comparison.to_dict` holds."""
    scenario = data["scenario"]
    head = (
        f"{data['seeds']:,} seed{'s' * (data['seeds'] > 1)}, the same for all; "
        f"{scenario['accounts']:,} accounts in {scenario['coins']} coins, "
        f"{scenario['steps']} steps, shock {-scenario['shock']:+.0%}.\n"
        "Median and 5–95 % over seeds; Δ: less the first, seed by seed.\n"
    )
    parts = [_distribution(data, name, title) for name, title in SHOWN.items()]
    return "\n".join([head, *parts, _counts(data)])


def _distribution(data: dict[str, Any], metric: str, title: str) -> str:
    rows = [
        (policy["policy"], *_three(policy["quantiles"][metric]), *_delta(data, policy, metric))
        for policy in data["policies"]
    ]
    columns = ("policy", "median", "5 %", "95 %", "Δ median", "Δ 5 %", "Δ 95 %")
    return table(title, columns if len(rows) > 1 else columns[:4], rows)


def _delta(data: dict[str, Any], policy: dict[str, Any], metric: str) -> tuple[str, ...]:
    if len(data["policies"]) == 1:
        return ()
    if policy is data["policies"][0]:
        return "–", "–", "–"
    return _three(policy["less_first"][metric], sign="+")


def _three(quantiles: dict[str, float], sign: str = "") -> tuple[str, str, str]:
    low, middle, high = (quantiles[name] for name in ("low", "median", "high"))
    return f"{middle:{sign}z,.0f}", f"{low:{sign}z,.0f}", f"{high:{sign}z,.0f}"


def _counts(data: dict[str, Any]) -> str:
    rows = [
        (policy["policy"], *(f"{policy['quantiles'][name]['median']:,.0f}" for name in COUNTED))
        for policy in data["policies"]
    ]
    return table("Medians: rounds of ADL, accounts", ("policy", *COUNTED.values()), rows)
