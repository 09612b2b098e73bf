"""Figures by round: what was there, what was needed, what was taken, and what that missed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from adlopt.report.evidence import Evidence
from adlopt.report.plots.figure import asks
from adlopt.report.plots.style import LIGHT, by_round, in_dollars, lines, orders_of_magnitude
from adlopt.scoring.quality import counted_once

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def _cumulative(ax: Axes, evidence: Evidence, side: int, label: str) -> None:
    """Running sums of the dollars that runs took too much (+1) or too little (−1)."""
    episode = evidence.episode
    apart = [(run.policy, side * (episode.raised(run) - episode.needed)) for run in evidence.shown]
    missed = [(name, np.cumsum(np.maximum(usd, 0.0))) for name, usd in apart]
    lines(ax, by_round(ax, len(episode)), missed)
    in_dollars(ax, label)
    ax.set_ylim(bottom=0)


def _logarithmic(ax: Axes, evidence: Evidence, series: list[tuple[str, np.ndarray]]) -> None:
    lines(ax, by_round(ax, len(evidence.episode)), series)
    orders_of_magnitude(ax, np.concatenate([values for _, values in series]))
    in_dollars(ax, "USD, by orders of magnitude")


def _once_is_the_same(evidence: Evidence) -> str:
    once = counted_once(evidence.episode)
    same = np.array_equal(once.deficit, evidence.episode.deficit)
    return "no loser is on record in more than one round" if same else ""


@asks(
    "budgets-by-round",
    "How much did each round need, and how much was taken?",
    "The broad line is what the round turned out to need. Points above it took too "
    "much, points below it too little.",
    paper=(5,),
)
def _budgets(ax: Axes, evidence: Evidence) -> None:
    episode = evidence.episode
    taken = [(run.policy, episode.raised(run)) for run in evidence.shown]
    _logarithmic(ax, evidence, taken)
    ax.step(
        range(1, len(episode) + 1), episode.needed, where="mid", color=LIGHT["muted"],
        linewidth=5, alpha=0.35, label="needed, B",
    )  # fmt: skip


@asks(
    "budgets-by-round",
    "Could the winners pay what was missing?",
    "Where the need lies above the deficit, no severity θ ≤ 1 covers it; where it lies "
    "above the winners' profit, nothing does.",
)
def _room(ax: Axes, evidence: Evidence) -> None:
    episode = evidence.episode
    series = [
        ("winners' profit, U", episode.total_capacity),
        ("deficit, D", episode.deficit),
        ("needed, B", episode.needed),
    ]
    _logarithmic(ax, evidence, series)


@asks(
    "data-quality",
    "How much of the deficit is the same loser again?",
    "A deficit is an increment of unresolved bad debt. An account that stands in "
    "several rounds' deficits is socialised once a round.",
    lacks=_once_is_the_same,
)
def _losers(ax: Axes, evidence: Evidence) -> None:
    once = counted_once(evidence.episode)
    series = [
        ("deficit as recorded", evidence.episode.deficit),
        ("each loser counted once", once.deficit),
        ("needed, B", once.needed),
    ]
    _logarithmic(ax, evidence, series)


@asks(
    "budgets-by-round",
    "How hard did each round have to bite, and how hard did policies bite?",
    "Severities are budgets over deficits, clipped at 1. The broad line is known only "
    "in hindsight.",
)
def _severities(ax: Axes, evidence: Evidence) -> None:
    episode = evidence.episode
    x = by_round(ax, len(episode))
    lines(ax, x, [(run.policy, episode.severity(run)) for run in evidence.shown])
    ax.step(
        x, episode.needed_severity, where="mid", color=LIGHT["muted"], linewidth=5, alpha=0.35,
        label="needed, θ* (hindsight)",
    )  # fmt: skip
    ax.set_ylim(-0.03, 1.03)
    ax.set_ylabel("severity θ, share of the deficit")


@asks(
    "too-much",
    "When was too much taken from winners?",
    "Dollars beyond the needed budget, summed over the rounds so far.",
    paper=(6,),
)
def _overshoot(ax: Axes, evidence: Evidence) -> None:
    _cumulative(ax, evidence, +1, "USD too much, running sum")


@asks(
    "too-much",
    "When was too little taken?",
    "Dollars short of the needed budget, summed over the rounds so far. What is raised "
    "too much in one round does not make up for another.",
)
def _undershoot(ax: Axes, evidence: Evidence) -> None:
    _cumulative(ax, evidence, -1, "USD too little, running sum")
