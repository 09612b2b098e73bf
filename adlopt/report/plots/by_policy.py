"""Figures of the scoreboard: who missed by how much, and what the published totals are made of."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from adlopt.foundation.arrays import FloatArray
from adlopt.model.episode import Episode
from adlopt.model.run import Run
from adlopt.report.evidence import Evidence
from adlopt.report.plots.figure import asks, uncovered
from adlopt.report.plots.style import LIGHT, SERIES, by_round, in_dollars, lines, rows, shown
from adlopt.scoring.score import WEIGHTS, Score

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LATER = re.compile(r"(?P<policy>.+), (?P<ms>\d+) ms later")
"""Name of a recorded run whose haircuts are marked out that much after the fills."""


def horizons(evidence: Evidence) -> dict[str, dict[int, Run]]:
    """Recorded runs by milliseconds at which they are marked out, where there are several."""
    found: dict[str, dict[int, Run]] = {}
    for run in evidence.episode.recorded:
        later = LATER.fullmatch(run.policy)
        policy, ms = (run.policy, 0) if later is None else (later["policy"], int(later["ms"]))
        found.setdefault(policy, {})[ms] = run
    return {policy: dict(sorted(runs.items())) for policy, runs in found.items() if len(runs) > 1}


def _bars(ax: Axes, scores: list[Score], parts: dict[str, str]) -> None:
    """Stack parts, attributes of scores by their labels, in one bar a policy."""
    rows(ax, [score.policy for score in scores])
    left = np.zeros(len(scores))
    for k, (label, part) in enumerate(parts.items()):
        values = [getattr(score, part) for score in scores]
        finite = np.array([v if v is not None and np.isfinite(v) else 0.0 for v in values])
        places = np.arange(len(scores)) + 0.1
        hatch = "" if k == 0 else "////"
        ax.barh(
            places, finite, left=left, height=0.36, color=SERIES[k], label=label, hatch=hatch,
            edgecolor=LIGHT["paper"], linewidth=0,
        )  # fmt: skip
        left += finite
    in_dollars(ax, horizontal=True)
    ax.set_xlim(left=0)


def referred(evidence: Evidence) -> list[Score]:
    """Recorded policies with burdens, in the order of the record."""
    names = {run.policy for run in evidence.episode.recorded}
    return [s for s in evidence.board.scores if s.policy in names and s.fairness is not None]


def no_reference(evidence: Evidence) -> str:
    """Say that burdens have nothing to be measured from, where they have not."""
    unknown = evidence.episode.reference is None
    return "no reference for burdens is on record" if unknown else ""


@asks(
    "scoreboard",
    "Who missed the needed budgets, and by how much?",
    "Sum over the rounds. Too much is taken from winners for nothing; too little leaves bad debt.",
    paper=(7,),
    rows=lambda evidence: len(evidence.board.runs),
)
def _misses(ax: Axes, evidence: Evidence) -> None:
    scores = sorted(evidence.board.scores, key=lambda score: -score.tracking)
    _bars(ax, scores, {"too much": "overshoot", "too little": "undershoot"})


@asks(
    "scoreboard",
    "What are the published totals made of?",
    "Objective (23) of arXiv 2602.15182 with λ = 1.",
    paper=(8,),
    lacks=no_reference,
    rows=lambda evidence: len(referred(evidence)),
)
def _published(ax: Axes, evidence: Evidence) -> None:
    parts = {"tracking Σ|H−B|": "tracking", "fairness ΣB|m−m_ref|": "fairness"}
    _bars(ax, referred(evidence), parts)


@asks(
    "who-was-hit",
    "Was a policy less fair than the reference, or fairer?",
    "The published score takes the distance from the reference's burden, and so "
    "charges a policy for being fairer. Above the least burden is what it should charge.",
    paper=(4,),
    lacks=no_reference,
    rows=lambda evidence: 3 * len(referred(evidence)) // 2,
)
def _fairness(ax: Axes, evidence: Evidence) -> None:
    scores = referred(evidence)
    rows(ax, [score.policy for score in scores])
    kinds = {
        "as published, ΣB|m−m_ref|": "fairness",
        "with its sign: left of 0 is FAIRER": "fairness_signed",
        "above the least burden": "fairness_excess",
    }
    for k, (label, kind) in enumerate(kinds.items()):
        values = enumerate(getattr(score, kind) for score in scores)
        known = [(i, v) for i, v in values if v is not None and np.isfinite(v)]
        places = [i - 0.06 + 0.14 * k for i, _ in known]
        ax.barh(places, [v for _, v in known], height=0.13, color=SERIES[k], label=label)
    ax.axvline(0.0, color=LIGHT["ink"], linewidth=0.8)
    in_dollars(ax, horizontal=True)


@asks(
    "who-was-hit",
    "Does the ranking hang on the weight of fairness?",
    "Where lines cross, the published ranking turns round.",
    lacks=no_reference,
)
def _weights(ax: Axes, evidence: Evidence) -> None:
    x = (0.0, *WEIGHTS)
    totals = [(score.policy, [score.total(weight) for weight in x]) for score in referred(evidence)]
    lines(ax, x, totals[: len(SERIES)])  # type: ignore[arg-type]
    ax.set_xlabel("weight λ of fairness")
    in_dollars(ax, "USD, tracking + λ · fairness")
    ax.set_ylim(bottom=0)


@asks(
    "too-much",
    "Does the overshoot hang on when it is measured?",
    "What an account gave up is valued at prices some time after the fills.",
    paper=(3,),
    lacks=lambda evidence: "" if horizons(evidence) else "haircuts are on record at one time only",
)
def _markouts(ax: Axes, evidence: Evidence) -> None:
    needed = evidence.episode.needed
    for k, (policy, by_ms) in enumerate(horizons(evidence).items()):
        seconds = [ms / 1000 for ms in by_ms]
        net = [float((run.haircut - needed).sum()) for run in by_ms.values()]
        over = [float(np.maximum(run.haircut - needed, 0.0).sum()) for run in by_ms.values()]
        color = SERIES[k % len(SERIES)]
        label = shown(policy)
        ax.plot(seconds, over, color=color, marker="s", linestyle="--", label=f"{label}: too much")
        ax.plot(seconds, net, color=color, marker="o", label=f"{label}: net")
    ax.set_xlabel("seconds after the fills")
    in_dollars(ax, "USD beyond the need, all rounds")
    least, most = ax.get_ylim()
    ax.set_ylim(min(0.0, least), max(0.0, most + 0.05 * abs(most)))


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
