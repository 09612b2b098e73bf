"""Simulated crashes, one or many, as text of 80 columns."""

from __future__ import annotations

from typing import Any

from adlopt.show.screen import rest, screen
from adlopt.show.table import table
from adlopt.show.words import counted, money, usd

SHOWN = {
    "loss_usd": "Loss: dollars missed, Σ|H−B| over the rounds, USD",
    "given_usd": "Given by users, USD",
    "deficit_left_usd": "Deficit left unpaid, USD",
    "touched": "Accounts touched",
    "hedges_broken": "Hedges broken: accounts whose net exposure grew as one leg was closed",
}
COUNTED = {
    "rounds": "rounds",
    "liquidated": "liquidated",
    "left": "left the venue",
}


MEDIANS = {
    "loss_usd": "missed USD",
    "given_usd": "given USD",
    "deficit_left_usd": "left unpaid USD",
    "touched": "touched",
    "hedges_broken": "hedges broken",
}


def render(data: dict[str, Any]) -> str:
    """Lay out what `ComparisonData` holds."""
    head = f"{_world(data)}.\nMedian and 5–95 % over seeds; Δ: less the first, seed by seed.\n"
    parts = [_distribution(data, name, title) for name, title in SHOWN.items()]
    return "\n".join([head, *parts, _medians(data, COUNTED, "Medians: rounds of ADL, accounts")])


def summary(data: dict[str, Any]) -> str:
    """Lay out of the same what a screen takes: medians."""
    policies = len(data["policies"])

    def lay(rows: int) -> str:
        some = {**data, "policies": data["policies"][:rows]}
        return _medians(some, MEDIANS, f"{_world(data)}; medians") + rest(policies - rows)

    return screen(lay, policies)


def render_run(data: dict[str, Any]) -> str:
    """Lay out what `SimulationData` holds, as far as a screen takes it."""
    outcome, rounds = data["outcome"], len(data["needed_usd"])
    title = (
        f"{data['policy']} ({data['information']}) in a closed loop, seed {data['seed']}: "
        f"{_scenario(data['scenario'])}. {counted(rounds, 'round')} called on users, who missed "
        f"what was needed by {usd(outcome['loss_usd'])} USD and gave {usd(outcome['given_usd'])}; "
        f"{usd(outcome['deficit_left_usd'])} were left unpaid. Accounts: {outcome['touched']:,} "
        f"touched, {outcome['hedges_broken']:,} of them with a hedge broken, "
        f"{outcome['liquidated']:,} liquidated, {outcome['left']:,} left"
    )
    columns = ("round", "deficit USD", "needed USD", "raised USD")

    def lay(shown: int) -> str:
        figures = (data[name][:shown] for name in ("deficit_usd", "needed_usd", "raised_usd"))
        rows = [(f"{t}", *map(usd, row)) for t, row in enumerate(zip(*figures, strict=True), 1)]
        return table(title, columns, rows) + rest(rounds - shown)

    return screen(lay, rounds)


def _world(data: dict[str, Any]) -> str:
    return f"{counted(data['seeds'], 'seed')}, the same for all; {_scenario(data['scenario'])}"


def _scenario(scenario: dict[str, Any]) -> str:
    return (
        f"{scenario['accounts']:,} accounts in {scenario['coins']} coins, {scenario['steps']} "
        f"steps, shock {-scenario['shock']:+.0%}"
    )


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


def _medians(data: dict[str, Any], figures: dict[str, str], title: str) -> str:
    rows = [
        (
            policy["policy"],
            *(_median(policy["quantiles"][name]["median"], name) for name in figures),
        )
        for policy in data["policies"]
    ]
    return table(title, ("policy", *figures.values()), rows)


def _median(value: float, name: str) -> str:
    return money(value) if name.endswith("_usd") else f"{value:,.0f}"
