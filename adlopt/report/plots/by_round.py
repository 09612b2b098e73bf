"""Figures by round: what was there, what was needed, what was taken, and what that missed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from adlopt.model.run import Run
from adlopt.report.evidence import Evidence
from adlopt.report.plots.figure import Figure
from adlopt.report.plots.style import (
    LIGHT,
    by_round,
    in_dollars,
    legend,
    lines,
    orders_of_magnitude,
)
from adlopt.scoring.quality import counted_once

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def budgets(ax: Axes, evidence: Evidence) -> None:
    """H_t of each policy beside B_t."""
    episode = evidence.episode
    taken = [(run.policy, episode.raised(run)) for run in evidence.shown]
    _logarithmic(ax, evidence, taken)
    ax.step(
        range(1, len(episode) + 1), episode.needed, where="mid", color=LIGHT["muted"],
        linewidth=5, alpha=0.35, label="needed, B",
    )  # fmt: skip
    legend(ax)


def room(ax: Axes, evidence: Evidence) -> None:
    """U_t, D_t and B_t."""
    episode = evidence.episode
    series = [
        ("winners' profit, U", episode.total_capacity),
        ("deficit, D", episode.deficit),
        ("needed, B", episode.needed),
    ]
    _logarithmic(ax, evidence, series)
    legend(ax)


def losers(ax: Axes, evidence: Evidence) -> None:
    """D_t as recorded, and with each repeated loser counted once."""
    once = counted_once(evidence.episode)
    series = [
        ("deficit as recorded", evidence.episode.deficit),
        ("each loser counted once", once.deficit),
        ("needed, B", once.needed),
    ]
    _logarithmic(ax, evidence, series)
    legend(ax)


def severities(ax: Axes, evidence: Evidence) -> None:
    """θ_t of each policy beside θ*_t."""
    episode = evidence.episode
    x = by_round(ax, len(episode))
    lines(ax, x, [(run.policy, episode.severity(run)) for run in evidence.shown])
    ax.step(
        x, episode.needed_severity, where="mid", color=LIGHT["muted"], linewidth=5, alpha=0.35,
        label="needed, θ* (hindsight)",
    )  # fmt: skip
    ax.set_ylim(-0.03, 1.03)
    ax.set_ylabel("severity θ, share of the deficit")
    legend(ax)


def overshoot(ax: Axes, evidence: Evidence) -> None:
    """Running sum of (H_t − B_t)_+."""
    _cumulative(ax, evidence, +1, "USD too much, running sum")


def undershoot(ax: Axes, evidence: Evidence) -> None:
    """Running sum of (B_t − H_t)_+."""
    _cumulative(ax, evidence, -1, "USD too little, running sum")


def _cumulative(ax: Axes, evidence: Evidence, side: int, label: str) -> None:
    x = by_round(ax, len(evidence.episode))
    lines(ax, x, [(run.policy, missed(evidence, run, side)) for run in evidence.shown])
    in_dollars(ax, label)
    ax.set_ylim(bottom=0)
    legend(ax)


def missed(evidence: Evidence, run: Run, side: int) -> list[float]:
    """Running sum of the dollars that a run took too much (+1) or too little (−1)."""
    apart = evidence.episode.raised(run) - evidence.episode.needed
    return [float(total) for total in np.cumsum(np.maximum(side * apart, 0.0))]


def _logarithmic(ax: Axes, evidence: Evidence, series: list[tuple[str, np.ndarray]]) -> None:
    lines(ax, by_round(ax, len(evidence.episode)), series)
    orders_of_magnitude(ax, np.concatenate([values for _, values in series]))
    in_dollars(ax, "USD, by orders of magnitude")


def _once_is_the_same(evidence: Evidence) -> str:
    once = counted_once(evidence.episode)
    same = np.array_equal(once.deficit, evidence.episode.deficit)
    return "no loser is on record in more than one round" if same else ""


FIGURES = (
    Figure(
        name="budgets",
        section="budgets-by-round",
        title="How much did each round need, and how much was taken?",
        caption="The broad line is what the round turned out to need. Points above it took too "
        "much, points below it too little.",
        draw=budgets,
        paper=(5,),
    ),
    Figure(
        name="room",
        section="budgets-by-round",
        title="Could the winners pay what was missing?",
        caption="Where the need lies above the deficit, no severity θ ≤ 1 covers it; where it lies "
        "above the winners' profit, nothing does.",
        draw=room,
    ),
    Figure(
        name="losers",
        section="data-quality",
        title="How much of the deficit is the same loser again?",
        caption="A deficit is an increment of unresolved bad debt. An account that stands in "
        "several rounds' deficits is socialised once a round.",
        draw=losers,
        lacks=_once_is_the_same,
    ),
    Figure(
        name="severities",
        section="budgets-by-round",
        title="How hard did each round have to bite, and how hard did policies bite?",
        caption="Severities are budgets over deficits, clipped at 1. The broad line is known only "
        "in hindsight.",
        draw=severities,
    ),
    Figure(
        name="overshoot",
        section="too-much",
        title="When was too much taken from winners?",
        caption="Dollars beyond the needed budget, summed over the rounds so far.",
        draw=overshoot,
        paper=(6,),
    ),
    Figure(
        name="undershoot",
        section="too-much",
        title="When was too little taken?",
        caption="Dollars short of the needed budget, summed over the rounds so far. What is raised "
        "too much in one round does not make up for another.",
        draw=undershoot,
    ),
)
