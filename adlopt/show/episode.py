"""An episode, and what one policy did on it, on a screen."""

from __future__ import annotations

from adlopt.show.schema.boards import EpisodeData, RunData
from adlopt.show.table import Table
from adlopt.show.words import clipped, counted, percent, usd

NAMED = 4
"""Recorded policies that a summary names."""


def episode(data: EpisodeData) -> str:
    """Lay out what is known of an episode in 80 columns."""
    rows = [
        ("deficits ΣD", usd(data.deficit_usd)),
        ("needed budgets ΣB, known ex post", usd(data.needed_usd)),
        ("winners' profits ΣU", usd(data.capacity_usd)),
        ("path variation P of θ* = min(1, B/D)", f"{data.path_variation:.4f}"),
    ]
    winners = "winners pooled" if data.pooled else f"{_span(data.by_round.winners)} a round"
    title = f"{clipped(data.name)}: {counted(data.rounds, 'round')}, {winners}"
    source = f"source: {clipped(data.source, 200)}\n" if data.source else ""
    return str(Table(source + title, ("", "USD"), rows, _on_record(data)))


def run(data: RunData) -> str:
    """Lay out what a policy did in 80 columns."""
    rows = [("taken ΣH, USD", usd(data.taken_usd))]
    if data.burden is not None:
        worst = "∞" if data.touches_protected else percent(data.worst_burden)
        rows.append(("worst burden of a round", worst))
    if data.touched_in_all is not None:
        rows.append(("haircuts of accounts, over all rounds", f"{data.touched_in_all:,.0f}"))
    if data.burden_in_all is not None:
        rows.append(("worst burden of the whole episode", percent(data.burden_in_all)))
    if data.insured_usd is not None:
        rows.append(("a fund paid first, USD", usd(data.insured_in_all_usd)))
    title = f"{clipped(data.policy)} ({data.information}): {counted(data.rounds, 'round')}"
    return str(Table(title, ("", ""), rows))


def _span(winners: list[int]) -> str:
    least, most = min(winners), max(winners)
    return counted(least, "winner") if least == most else f"{least:,} to {most:,} winners"


def _on_record(data: EpisodeData) -> str:
    if not data.recorded:
        return ""
    named = ", ".join(clipped(run.policy) for run in data.recorded[:NAMED])
    rest = len(data.recorded) - NAMED
    return f"on record: {named}" + (f" and {rest:,} more" if rest > 0 else "")
