"""Figures of the theory: which bounds say something, and where losses really are."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Any

import numpy as np

from adlopt.bounds.trivial import TRIVIAL
from adlopt.report.evidence import Evidence
from adlopt.report.plots.figure import asks, uncovered
from adlopt.report.plots.style import LIGHT, SERIES, by_round, compact, in_dollars, lines, rows
from adlopt.show.bounds import placed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

STARTS = {"zero": "θ₁ = 0", "half": "θ₁ = ½", "one": "θ₁ = 1"}
_FILL: tuple[Any, ...] = ("full", "none", "full")


def _on_the_loss(evidence: Evidence) -> list[tuple[str, float, str, bool]]:
    """Label, USD, side and whether vacuous, of what is said on the severity loss."""
    data = evidence.bounds.figures
    found = [
        (bound.label, bound.usd, bound.side, bound.vacuous)
        for bound in data.bounds
        if bound.usd is not None and bound.loss == data.loss
    ]
    if data.minimax:
        game = data.minimax[-1]
        label = f"minimax loss, P = {game.path_variation:.4g}"
        found.append((label, game.value_usd.lower, "lower", False))
    return sorted(found, key=lambda row: -row[1])


@asks(
    "bounds-and-losses",
    "Which bounds say anything here?",
    "A bound right of the dotted line promises no more than what no policy can exceed. "
    "Lower bounds are what the worst sequence costs, not this episode.",
    rows=lambda evidence: len(_on_the_loss(evidence)),
)
def _bounds(ax: Axes, evidence: Evidence) -> None:
    found = _on_the_loss(evidence)
    rows(ax, [f"{label}: {compact(usd)}" for label, usd, _, _ in found])
    kinds = {
        ("upper", False): ("<", SERIES[0], "covered policies lose no more"),
        ("upper", True): ("x", SERIES[1], "the same, but vacuous"),
        ("lower", False): (">", SERIES[2], "some sequence costs as much"),
    }
    for kind, (marker, color, label) in kinds.items():
        chosen = [(usd, i) for i, (_, usd, *its) in enumerate(found) if tuple(its) == kind]
        if chosen:
            x, y = zip(*chosen, strict=True)
            ax.plot(x, np.add(y, 0.12), marker, color=color, label=label, markersize=7)
    trivial = TRIVIAL.value(evidence.episode)
    ax.axvline(trivial, color=LIGHT["ink"], linewidth=0.9, linestyle=":", label="the trivial bound")
    ax.set_xlim(left=0)
    in_dollars(ax, "USD, on Σ D|θ−θ*|", horizontal=True)


@asks(
    "bounds-and-losses",
    "How does the loss of severities add up, and where are the bounds?",
    "Severities are clipped at 1: dollars beyond the deficit are not in this loss.",
)
def _regret(ax: Axes, evidence: Evidence) -> None:
    episode = evidence.episode
    x = by_round(ax, len(episode))
    apart = [
        (run.policy, episode.deficit * np.abs(episode.severity(run) - episode.needed_severity))
        for run in evidence.shown
    ]
    lines(ax, x, [(name, list(accumulate(each.tolist()))) for name, each in apart])
    for bound in evidence.figures.bounds:
        if bound.usd is not None:
            ax.axhline(bound.usd, color=LIGHT["muted"], linewidth=0.9, linestyle=":")
            ax.text(0.6, bound.usd, bound.label, va="bottom", fontsize=8.5, color=LIGHT["muted"])
    ax.set_ylim(bottom=0)
    in_dollars(ax, "USD, Σ D|θ−θ*| so far")


@asks(
    "bounds-and-losses",
    "How much hangs on the first severity?",
    "The first severity is a free choice. What was recorded has one point.",
    rows=lambda evidence: len(evidence.bounds.figures.policies),
)
def _starts(ax: Axes, evidence: Evidence) -> None:
    found = evidence.bounds.figures.policies
    rows(ax, [placed(row) for row in found])
    for k, (first, words) in enumerate(STARTS.items()):
        losses = [getattr(row.severity_loss_usd, first) for row in found]
        known = [(usd, i + 0.12) for i, usd in enumerate(losses) if usd is not None]
        x, y = zip(*known, strict=True)
        ax.plot(x, y, "osD"[k], color=SERIES[k], label=words, markersize=6, fillstyle=_FILL[k])
    for i, row in enumerate(found):
        losses = [getattr(row.severity_loss_usd, first) for first in STARTS]
        ends = [usd for usd in losses if usd is not None]
        ax.hlines(i + 0.12, min(ends), max(ends), color=LIGHT["muted"], linewidth=1)
    ax.set_xlim(left=0)
    in_dollars(ax, "USD, Σ D|θ−θ*|", horizontal=True)


@asks(
    "bounds-and-losses",
    "How good is the best path of severities, and what can no policy avoid?",
    "The first line is what this episode allows in hindsight; the second, what the "
    "worst sequence with these deficits costs the best online policy.",
    lacks=uncovered,
)
def _comparator(ax: Axes, evidence: Evidence) -> None:
    corners, games = evidence.bounds.figures.curve, evidence.bounds.figures.minimax
    own = games[-1].path_variation
    games = sorted(games, key=lambda game: game.path_variation)
    x = [game.path_variation for game in games]
    ax.plot(
        [corner.path_variation for corner in corners],
        [corner.loss_usd for corner in corners],
        color=SERIES[0], label="best path that moves by P (hindsight)",
    )  # fmt: skip
    ax.plot(
        x, [game.value_usd.lower for game in games], ">", color=SERIES[2], linestyle="--",
        label="V(P): no online policy can promise less",
    )  # fmt: skip
    ax.plot(
        x, [game.proposition_1_usd for game in games], "x", color=SERIES[1], linestyle=":",
        label="Proposition 1",
    )  # fmt: skip
    ax.axvline(own, color=LIGHT["muted"], linewidth=0.9, linestyle=":")
    ax.set_xlabel(f"path variation P; the episode's is {own:.4g}")
    in_dollars(ax, "USD, Σ D|θ−θ*|")
    ax.set_ylim(bottom=0)
