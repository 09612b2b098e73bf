"""Figures of accounts: how hard the worst-hit is hit, how few pay, and how steady that is."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from adlopt.foundation.arrays import FloatArray
from adlopt.model.episode import Episode
from adlopt.model.loss import MinMax
from adlopt.model.who_pays import inversions, lorenz
from adlopt.optimum.dollars.frontier import frontier
from adlopt.report.evidence import SHOWN, Evidence
from adlopt.report.plots.figure import asks
from adlopt.report.plots.style import (
    DASHES,
    LIGHT,
    SERIES,
    by_round,
    curve,
    in_dollars,
    lines,
    rows,
)
from adlopt.studies.diagnostics.concentration import Survivors
from adlopt.studies.diagnostics.diagnosis import mean_known
from adlopt.studies.diagnostics.stability import rank_stability

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def steadiness(
    episode: Episode, haircuts: Sequence[FloatArray]
) -> tuple[float | None, float | None]:
    """Mean share of neighbours turned round, and mean rank correlation of adjacent rounds.

    None where no round took anything, or where no ranks are defined.
    """
    starts = [round_.start for round_ in episode]
    taken = list(zip(starts, haircuts, strict=True))
    turned = [inversions(start.capacity, x) for start, x in taken if x.any()]
    kept = [rank_stability(*before, *after) for before, after in pairwise(taken)]
    return mean_known(turned), mean_known(kept)


def totals(episode: Episode, amounts: Sequence[FloatArray]) -> FloatArray:
    """Sum by account over the rounds, shape (number of accounts,)."""
    total: dict[str, float] = {}
    for round_, usd in zip(episode, amounts, strict=True):
        for name, amount in zip(round_.start.account, usd.tolist(), strict=True):
            total[name] = total.get(name, 0.0) + amount
    return np.array(list(total.values()))


def _pooled(evidence: Evidence) -> str:
    return "winners are pooled: who paid is not known" if evidence.episode.pooled else ""


def _no_burdens(evidence: Evidence) -> str:
    known = any(run.burden is not None for run in evidence.shown)
    return "" if known else "burdens are not known"


@asks(
    "who-was-hit",
    "How hard was the worst-hit winner hit?",
    "The largest share taken from one account, by round. A gap is a round in which a "
    "protected account was touched.",
    lacks=_no_burdens,
)
def _burdens(ax: Axes, evidence: Evidence) -> None:
    series = []
    for run in evidence.shown:
        if run.burden is not None:
            finite = [100 * m if math.isfinite(m) else math.nan for m in run.burden.tolist()]
            series.append((run.policy, finite))
    lines(ax, by_round(ax, len(evidence.episode)), series)
    ax.set_ylabel("worst burden, %")
    ax.set_ylim(bottom=0)


@asks(
    "who-was-hit",
    "How many winners paid?",
    "Accounts from which anything was taken, by round.",
    lacks=_pooled,
)
def _touched(ax: Axes, evidence: Evidence) -> None:
    series = [(run.policy, run.touched) for run in evidence.shown if run.touched is not None]
    lines(ax, by_round(ax, len(evidence.episode)), series)
    ax.set_ylabel("accounts with a haircut")
    ax.set_ylim(bottom=0)


@asks(
    "who-was-hit",
    "How few winners paid how much?",
    "The deeper a curve hangs, the fewer accounts paid. Profits are unequal "
    "themselves: a rule in proportion to them hangs as deep as they do.",
    lacks=_pooled,
)
def _lorenz(ax: Axes, evidence: Evidence) -> None:
    ax.plot([0, 100], [0, 100], color=LIGHT["muted"], linewidth=0.9, label="all pay the same")
    largest = totals(evidence.episode, [r.start.capacity for r in evidence.episode])
    curves = {"profits": largest}
    for policy, haircuts in evidence.haircuts.items():
        curves[policy] = totals(evidence.episode, haircuts)
    paid = {name: amounts for name, amounts in curves.items() if amounts.any()}
    for k, (name, amounts) in enumerate(paid.items()):
        accounts, dollars = lorenz(amounts)
        curve(ax, k, name, 100 * accounts, 100 * dollars)
    ax.set_xlabel("% of the accounts, from those that pay least")
    ax.set_ylabel("% of the dollars")


@asks(
    "who-was-hit",
    "What would each budget have cost the worst-hit winner?",
    "The least worst burden by the budget, of the rounds that needed most, in hindsight; a dot is "
    "what was needed. Curves bend where an account is full.",
    lacks=_pooled,
)
def _frontier(ax: Axes, evidence: Evidence) -> None:
    most = sorted(evidence.episode, key=lambda round_: -round_.needed)[: len(DASHES)]
    for k, round_ in enumerate(sorted(most, key=lambda round_: round_.start.t)):
        start = replace(round_.start, lot=None)
        found = frontier(replace(round_, start=start), burden=MinMax(burden=evidence.burden))
        known = np.isfinite(found.worst_burden)
        x, y = found.budget[known], 100 * found.worst_burden[known]
        color = curve(ax, k, f"round {start.t}", x, y)
        if round_.needed <= found.reachable:
            ax.plot(round_.needed, 100 * found.burden(round_.needed), "o", color=color)
    in_dollars(ax, "budget, USD", horizontal=True)
    ax.set_ylabel("worst burden, %")
    ax.set_ylim(bottom=0)


def _by_survivor(
    ax: Axes, evidence: Evidence, ratio: Callable[[Survivors], float | None], name: str
) -> None:
    """A ratio of the largest survivor, by round, as published; a gap where it is not defined."""
    starts, series = [round_.start for round_ in evidence.episode], []
    for policy, haircuts in evidence.haircuts.items():
        taken = zip(starts, haircuts, strict=True)
        kept = [ratio(Survivors.of(start, x, as_published=True)) for start, x in taken]
        series.append((policy, [math.nan if each is None else each for each in kept]))
    lines(ax, by_round(ax, len(starts)), series)
    ax.set_ylabel(name)


@asks(
    "who-was-hit",
    "How rich does the largest survivor stay beside what is left unpaid?",
    "PTSR as published, υ/(D − H): what the largest survivor keeps for each dollar of deficit that "
    "is left. A gap is a round in which nothing is.",
    lacks=_pooled,
)
def _ptsr(ax: Axes, evidence: Evidence) -> None:
    _by_survivor(ax, evidence, lambda kept: kept.ptsr, "PTSR")


@asks(
    "who-was-hit",
    "Does the largest survivor keep more than is left unpaid?",
    "RD-NSE as published, υ/(υ + D − H): above a half it keeps more, above 1 more than the deficit "
    "was taken.",
    lacks=_pooled,
)
def _rd_nse(ax: Axes, evidence: Evidence) -> None:
    _by_survivor(ax, evidence, lambda kept: kept.rd_nse, "RD-NSE")


@asks(
    "against-production",
    "Who would have given less than under production, and who more?",
    "Accounts from the one that would have gained most, each side on its own, at the budgets that "
    "production took; above 0 an account gives less than it did.",
    lacks=lambda e: "" if e.side_by_side else "production is not on record account by account",
)
def _production(ax: Axes, evidence: Evidence) -> None:
    found = evidence.side_by_side
    assert found is not None
    totals = found.totals
    production, *others = (totals[side.name] for side in found.sides)
    ax.axhline(0.0, color=LIGHT["ink"], linewidth=0.8)
    for k, (side, other) in enumerate(zip(found.sides[1:][:SHOWN], others, strict=False)):
        less = np.sort(production - other)[::-1]
        curve(ax, k, side.name, np.linspace(0, 100, less.size), less)
    ax.set_yscale("symlog", linthresh=1.0)
    ax.set_xlabel("% of the accounts, from those that would have gained most")
    in_dollars(ax, "less than under production, USD, by orders of magnitude")


@asks(
    "stability-of-rules",
    "Does a rule turn winners' order round, and hit the same ones again?",
    "Means over rounds: the share of neighbours in profit that change places, and the "
    "rank correlation of accounts' burdens between adjacent rounds.",
    paper=(12, 13),
    lacks=_pooled,
    rows=lambda evidence: len(evidence.haircuts),
)
def _stability(ax: Axes, evidence: Evidence) -> None:
    found = {name: steadiness(evidence.episode, x) for name, x in evidence.haircuts.items()}
    rows(
        ax, [name if kept is not None else f"{name}: no ranks" for name, (_, kept) in found.items()]
    )
    marks = [(i, turned, kept) for i, (turned, kept) in enumerate(found.values())]
    first = [(turned, i + 0.12) for i, turned, _ in marks if turned is not None]
    second = [(kept, i + 0.12) for i, _, kept in marks if kept is not None]
    labels = ("neighbours turned round, share", "ranks kept, correlation")
    for k, points in enumerate((first, second)):
        if points:
            x, y = zip(*points, strict=True)
            ax.plot(x, y, "os"[k], color=SERIES[k], label=labels[k], markersize=7)
    ax.axvline(0.0, color=LIGHT["ink"], linewidth=0.8)
    ax.set_xlim(-1.05, 1.05)
    ax.set_xlabel("share (0 is best), correlation (1 is best)")
