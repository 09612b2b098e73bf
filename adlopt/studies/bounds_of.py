"""Upper bounds above, the minimax loss below, and the policies where they really are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from adlopt.bounds.bound import Bound, corners
from adlopt.bounds.concluded import SEVERITY_LOSS
from adlopt.bounds.data import bound_data
from adlopt.bounds.game.minimax_value import closed_form, minimax, minimax_weighted
from adlopt.bounds.gradient_steps import (
    ADAPTIVE,
    ADAPTIVE_TUNED,
    OPTIMISED,
    OPTIMISED_FROM_HALF,
    TUNING_FREE,
)
from adlopt.bounds.hypotheses import ENOUGH_CAPACITY
from adlopt.bounds.paper import PROPOSITION_1
from adlopt.bounds.persistence_envelopes import GATED_ENVELOPE
from adlopt.bounds.quantity import MOVED_BIG, SMALL, P, S, big_rounds
from adlopt.bounds.registry import BOUNDS
from adlopt.bounds.trivial import HALF, TRIVIAL, beats_half, effective_rounds, rounds_needed
from adlopt.errors import InputError, unknown
from adlopt.model.episode import Episode, path_variation
from adlopt.model.filled import filled
from adlopt.model.run import Information
from adlopt.policies import grammar
from adlopt.policies.experts import Ader
from adlopt.policies.grammar import Playable
from adlopt.policies.protocols import Policy
from adlopt.scoring.hindsight import severity_loss
from adlopt.scoring.lineup import LineupRow, from_each_start, lineup
from adlopt.scoring.one_run import run_policy
from adlopt.scoring.quality import counted_once
from adlopt.show.answer import Answer, Columns
from adlopt.show.bounds import summary, tables
from adlopt.show.schema import boards
from adlopt.show.table import joined_html
from adlopt.show.words import counted

BUDGETS = (0.0, 1.0, 2.0, 3.0)
"""P of the minimax table, beside those of the episode and of its big rounds."""
COLUMNS = (OPTIMISED, OPTIMISED_FROM_HALF, ADAPTIVE_TUNED, ADAPTIVE, TUNING_FREE)
"""Bounds that are shown along every corner of f."""
SHARES = (PROPOSITION_1, HALF, GATED_ENVELOPE)
"""Bounds that the losses of policies are shown as shares of."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class BoundsReport(Answer):
    """Upper and lower bounds on an episode side by side, and where policies lie between them."""

    figures: boards.BoundsReportData

    def __getitem__(self, bound: str) -> boards.BoundData:
        for each in self.figures.bounds:
            if each.name == bound:
                return each
        names = [each.name for each in self.figures.bounds]
        raise unknown("bound", bound, names)

    def __str__(self) -> str:
        return summary(self.figures)

    def _heading(self) -> str:
        episode = self.figures.episode
        return f"{episode.name}: {counted(len(self.figures.bounds), 'bound')}"

    def _columns(self) -> Columns:
        names = ("name", "usd", "side", "vacuous", "tightness", "covers", "loss", "conjectured")
        return {name: [getattr(b, name) for b in self.figures.bounds] for name in names}

    def _repr_html_(self) -> str:
        return joined_html(tables(self.figures))

    def data(self) -> boards.BoundsReportData:
        """Return the figures."""
        return self.figures


def bounds_of(
    episode: Episode,
    own: Sequence[Bound] = (),
    *,
    policies: Sequence[Playable] = (),
    rows: Sequence[LineupRow] | None = None,
) -> BoundsReport:
    """Measure every bound on an episode, solve its games, and place policies beside them.

    Parameters
    ----------
    episode : Episode
    own : sequence of Bound
        Set among those that ship; losses of policies are shown as shares of them as well.
    policies : sequence
        Placed among those that are always shown; as in `adlopt.play`.
    rows : sequence of LineupRow, optional
        From `adlopt.scoring.lineup.lineup`, where it is at hand.

    Raises
    ------
    InputError
        If a bound of one's own has the name of another.

    Examples
    --------
    >>> from adlopt.data.episodes import october_10
    >>> found = bounds_of(october_10())
    >>> round(found["gated envelope"].usd / 1e6, 2), found["Proposition 1"].vacuous
    (20.08, True)
    """
    bounds = (*BOUNDS, *own)
    names = [bound.name for bound in bounds]
    for place, name in enumerate(names):
        if name in names[:place]:
            raise InputError("bound", name, "a name that no other bound has")
    once = counted_once(episode)
    repeated = not np.array_equal(once.deficit, episode.deficit)
    covered = not ENOUGH_CAPACITY.fails(episode, None)
    shares = {bound.name: bound.evaluate(episode).value for bound in (*SHARES, *own)}
    placed = [*(lineup(episode) if rows is None else rows), _ader(episode), *_recorded(episode)]
    placed = [*(_alone(episode, each) for each in grammar.policies(policies, episode)), *placed]
    return BoundsReport(
        figures=boards.BoundsReportData(
            episode=episode.data(),
            effective_rounds=effective_rounds(episode),
            rounds_needed=rounds_needed(episode),
            beats_half=beats_half(episode),
            loss=SEVERITY_LOSS,
            bounds=[bound_data(bound, bound.evaluate(episode)) for bound in bounds],
            minimax=_minimax(episode) if covered else [],
            weighted=_weighted(episode) if covered else None,
            curve=_curve(episode) if covered else [],
            policies=[row.placed(shares) for row in placed],
            counted_once=_once(once) if repeated and covered else None,
        )
    )


def _minimax(episode: Episode) -> list[boards.GameData]:
    """V(P), its closed form and Proposition 1, by P; the episode's own P comes last."""
    big = big_rounds(episode)
    own, of_big = P.measure(episode), path_variation(episode.needed_severity[big])
    budgets = {p: "" for p in BUDGETS if p < len(episode)}
    budgets[of_big] = "of the big rounds (hindsight)"
    budgets.pop(own, None)
    ordered = [*sorted(budgets.items()), (own, "of the episode (hindsight)")]
    squares = S.measure(episode)
    return [
        boards.GameData(
            path_variation=budget,
            of=of,
            value_usd=filled(boards.IntervalData, minimax(episode.deficit, budget)),
            closed_form_usd=filled(boards.IntervalData, closed_form(episode.deficit, budget)),
            proposition_1_usd=math.sqrt((1 + 2 * budget) * squares),
        )
        for budget, of in ordered
    ]


def _weighted(episode: Episode) -> boards.WeightedData:
    big, budget = big_rounds(episode), MOVED_BIG.measure(episode)
    return boards.WeightedData(
        rounds=int(big.sum()),
        budget_usd=budget,
        small_usd=SMALL.measure(episode),
        value_usd=filled(boards.IntervalData, minimax_weighted(episode.deficit[big], budget)),
    )


def _curve(episode: Episode) -> list[boards.CornerData]:
    return [
        boards.CornerData(
            path_variation=float(vertex.variation),
            loss_usd=float(vertex.loss),
            usd={bound.name: bound.at(episode, vertex.severities) for bound in COLUMNS},
        )
        for vertex in corners(episode)
    ]


def _alone(episode: Episode, policy: Policy) -> LineupRow:
    """Play a policy of one's own, from where it starts."""
    run = run_policy(episode, policy)
    loss = {0.5: severity_loss(episode, episode.severity(run))}
    return LineupRow(policy=policy.name, information=policy.information, loss=loss)


def _ader(episode: Episode) -> LineupRow:
    """Play the experts, which must know how many rounds there are."""
    made = Ader(horizon=len(episode))
    return from_each_start(episode, made.name, lambda first: replace(made, first=first))


def _recorded(episode: Episode) -> list[LineupRow]:
    """What was really done: its severity loss, clipped to θ ≤ 1, and all dollars it missed."""
    rows = []
    for run in episode.recorded:
        if run.information is Information.RECORDED and run.burden is not None:
            clipped = severity_loss(episode, episode.severity(run))
            raw = math.fsum(np.abs(episode.raised(run) - episode.needed))
            rows += [
                LineupRow(
                    policy=f"{run.policy}, {label}", information=run.information, loss={0.5: loss}
                )
                for label, loss in (("θ ≤ 1", clipped), ("Σ|H−B|", raw))
            ]
    return rows


def _once(once: Episode) -> boards.OnceData:
    return boards.OnceData(
        deficit_usd=math.fsum(once.deficit),
        path_variation=P.measure(once),
        effective_rounds=effective_rounds(once),
        half_usd=HALF.value(once),
        proposition_1_usd=PROPOSITION_1.value(once),
        trivial_usd=TRIVIAL.value(once),
        value_usd=filled(boards.IntervalData, minimax(once.deficit, P.measure(once))),
    )
