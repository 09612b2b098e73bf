"""Simulated crashes, one or many, as text of 80 columns."""

from __future__ import annotations

from collections.abc import Mapping

from adlopt.show.schema.studies import ComparedData, ComparisonData, DifferencesData, SimulationData
from adlopt.show.table import BRIEF, filled, notes, rest, screen, table, why_not
from adlopt.show.words import amount, counted, scaled, unit_of, usd

SHOWN = {
    "loss_usd": "Loss: dollars missed, Σ|H−B| over the rounds, USD",
    "given_usd": "Given by users, USD",
    "deficit_left_usd": "Deficit left unpaid, USD",
    "touched": "Accounts touched",
    "hedges_broken": "Hedges broken: accounts whose net exposure grew as one leg was closed",
}
COUNTED = {"rounds": "rounds", "liquidated": "liquidated", "left": "left the venue"}
MEDIANS = {
    "loss_usd": "missed USD",
    "given_usd": "given USD",
    "deficit_left_usd": "left unpaid USD",
    "touched": "touched",
    "hedges_broken": "hedges broken",
}


def render(data: ComparisonData) -> str:
    """Lay out what `ComparisonData` holds."""
    spread = "Median and 5–95 % over seeds; Δ: less the first, seed by seed."
    head = f"{filled(f'{_world(data)}.')}\n{filled(spread)}\n"
    parts = [_distribution(data, name, title) for name, title in SHOWN.items()]
    counted_ = _medians(data, COUNTED, "Medians: rounds of ADL, accounts")
    return "\n".join([head, *parts, counted_, *filter(None, [notes(why_not(data.unplayed))])])


def summary(data: ComparisonData) -> str:
    """Lay out of the same what a screen takes: medians."""
    policies = len(data.policies)

    def lay(rows: int) -> str:
        said = notes(why_not(data.unplayed, BRIEF))
        medians = _medians(data, MEDIANS, f"{_world(data)}; medians", rows)
        return medians + rest(policies - rows) + said

    return screen(lay, policies)


def render_run(data: SimulationData) -> str:
    """Lay out what `SimulationData` holds, as far as a screen takes it."""
    outcome, rounds = data.outcome, len(data.needed_usd)
    title = (
        f"{data.policy} ({data.information}) in a closed loop, seed {data.seed}: "
        f"{_scenario(data.scenario)}. {counted(rounds, 'round')} called on users, who missed "
        f"what was needed by {usd(outcome.loss)} USD and gave {usd(outcome.given)}; "
        f"{usd(outcome.deficit_left)} were left unpaid. Accounts: {outcome.touched:,} "
        f"touched, {outcome.hedges_broken:,} of them with a hedge broken, "
        f"{outcome.liquidated:,} liquidated, {outcome.left:,} left"
    )
    columns = ("round", "deficit USD", "needed USD", "raised USD")

    def lay(shown: int) -> str:
        figures = (each[:shown] for each in (data.deficit_usd, data.needed_usd, data.raised_usd))
        rows = [(f"{t}", *map(usd, row)) for t, row in enumerate(zip(*figures, strict=True), 1)]
        return table(title, columns, rows) + rest(rounds - shown)

    return screen(lay, rounds)


def differences(data: DifferencesData) -> str:
    """Lay out which policies of a sweep differ from the first by more than noise."""
    rows = []
    for row in data.rows:
        low, high = row.interval or (None, None)
        noise = low is None or high is None or low <= 0 <= high
        said = "too few" if low is None else "no" if noise else "yes"
        ends = amount(low), amount(high)
        rows.append((row.policy, row.figure, f"{row.pairs:,}", amount(row.mean), *ends, said))
    columns = ("policy", "figure", "pairs", "mean", "2.5 %", "97.5 %", "sure")
    title = (
        f"Mean of each policy less {data.first}, pair by pair, and its 95 % interval, each alone; "
        "sure: more than noise"
    )
    return table(title, columns, rows)


def _world(data: ComparisonData) -> str:
    return f"{counted(data.seeds, 'seed')}, the same for all; {_scenario(data.scenario)}"


def _scenario(scenario: Mapping[str, float]) -> str:
    return (
        f"{scenario['accounts']:,} accounts in {scenario['coins']} coins, {scenario['steps']} "
        f"steps, shock {-scenario['shock']:+.0%}"
    )


def _distribution(data: ComparisonData, metric: str, title: str) -> str:
    rows = [
        (policy.policy, *_three(policy.quantiles[metric]), *_delta(data, policy, metric))
        for policy in data.policies
    ]
    columns = ("policy", "median", "5 %", "95 %", "Δ median", "Δ 5 %", "Δ 95 %")
    return table(title, columns if len(rows) > 1 else columns[:4], rows)


def _delta(data: ComparisonData, policy: ComparedData, metric: str) -> tuple[str, ...]:
    if len(data.policies) == 1:
        return ()
    if policy is data.policies[0]:
        return "–", "–", "–"
    return _three(policy.less_first[metric], sign="+")


def _three(quantiles: dict[str, float], sign: str = "") -> tuple[str, str, str]:
    low, middle, high = (quantiles[name] for name in ("low", "median", "high"))
    return f"{middle:{sign}z,.0f}", f"{low:{sign}z,.0f}", f"{high:{sign}z,.0f}"


def _medians(
    data: ComparisonData, figures: dict[str, str], title: str, shown: int | None = None
) -> str:
    medians = [{n: policy.quantiles[n]["median"] for n in figures} for policy in data.policies]
    dollars = [value for row in medians for name, value in row.items() if name.endswith("_usd")]
    unit, money = unit_of(max(dollars, default=0.0))

    def cell(name: str, value: float) -> str:
        return scaled(value, unit) if name.endswith("_usd") else f"{value:,.0f}"

    rows = [
        (policy.policy, *(cell(name, value) for name, value in row.items()))
        for policy, row in zip(data.policies, medians, strict=True)
    ]
    columns = [words.replace("USD", money) for words in figures.values()]
    return table(title, ("policy", *columns), rows[:shown])
