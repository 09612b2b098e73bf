"""Figures of the published objective round by round, beside the bound it was scored against."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from adlopt.foundation.arrays import FloatArray
from adlopt.model.episode import Episode
from adlopt.report.evidence import Evidence
from adlopt.report.plots.by_policy import no_reference, referred
from adlopt.report.plots.figure import asks, uncovered
from adlopt.report.plots.style import LIGHT, SERIES, by_round, in_dollars, lines

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def envelope(episode: Episode) -> FloatArray:
    """USD, shape (T,). √((1 + 2P) Σ D²) of the first t rounds: B_inst of [CTTX26, 5.3] at t = T."""
    moved = np.abs(np.diff(episode.needed_severity, prepend=episode.needed_severity[0]))
    so_far: FloatArray = np.sqrt((1 + 2 * moved.cumsum()) * (episode.deficit**2).cumsum())
    return so_far


def _so_far(evidence: Evidence) -> dict[str, FloatArray]:
    """Sums of objective (23) with λ = 1, by recorded policy; NaN from an infinite burden on."""
    episode, reference = evidence.episode, evidence.board.measured_from.published
    found = {}
    for score in referred(evidence)[: len(SERIES)]:
        run = episode.recorded_run(score.policy)
        assert run.burden is not None
        assert reference is not None
        apart = episode.needed * np.abs(run.burden - reference)
        total = (np.abs(episode.raised(run) - episode.needed) + apart).cumsum()
        found[score.policy] = np.where(np.isfinite(total), total, np.nan)
    return found


def _lacks(evidence: Evidence) -> str:
    return no_reference(evidence) or uncovered(evidence)


@asks(
    "scoreboard",
    "How does the published objective add up, and where is its bound?",
    "Objective (23) of arXiv 2602.15182 with λ = 1. The bound is on another loss, that "
    "of severities clipped at 1: the paper sets the two side by side.",
    paper=(9, 11),
    lacks=_lacks,
)
def _objective(ax: Axes, evidence: Evidence) -> None:
    x = by_round(ax, len(evidence.episode))
    lines(ax, x, list(_so_far(evidence).items()))
    so_far = envelope(evidence.episode)
    ax.plot(x, so_far, color=LIGHT["ink"], linestyle=":", label="B_inst of the rounds so far")
    ax.set_ylim(bottom=0)
    in_dollars(ax, "USD, Σ |H−B| + B|m−m_ref| so far")


@asks(
    "bounds-and-losses",
    "What share of the bound does each policy use up?",
    "Objective (23) over B_inst, both of the rounds so far. Low shares of a bound that "
    "nothing can reach say little: see which bounds say anything.",
    paper=(10,),
    lacks=_lacks,
)
def _share(ax: Axes, evidence: Evidence) -> None:
    bound = envelope(evidence.episode)
    known = np.where(bound > 0, bound, np.nan)
    series = [(name, 100 * total / known) for name, total in _so_far(evidence).items()]
    lines(ax, by_round(ax, len(evidence.episode)), series)
    ax.axhline(100, color=LIGHT["ink"], linewidth=0.9, linestyle=":", label="B_inst")
    ax.set_ylabel("% of B_inst of the rounds so far")
    ax.set_ylim(bottom=0)
