"""Everything `adlopt bounds` has to say about an episode: as data, and as text made of that data.

Upper bounds above, the minimax loss below, and the policies where they really are.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from adlopt.bounds import BOUNDS
from adlopt.bounds.adaptive import ADAPTIVE, ADAPTIVE_TUNED, TUNING_FREE
from adlopt.bounds.bound import SEVERITY_LOSS, Bound, Evaluation, Side
from adlopt.bounds.comparator_optimised import OPTIMISED, OPTIMISED_FROM_HALF
from adlopt.bounds.game.minimax_value import Interval, closed_form, minimax, minimax_weighted
from adlopt.bounds.hypotheses import ENOUGH_CAPACITY
from adlopt.bounds.paper import PROPOSITION_1
from adlopt.bounds.persistence_envelopes import GATED_ENVELOPE
from adlopt.bounds.quantity import MOVED_BIG, SMALL, P, S, big_rounds, path_variation
from adlopt.bounds.trivial import HALF, TRIVIAL, beats_half, effective_rounds, rounds_needed
from adlopt.errors import InputError
from adlopt.model.episode import Episode
from adlopt.model.run import Information
from adlopt.optimum.paths.comparator_curve import comparator_curve
from adlopt.policies.allocation import ProRata
from adlopt.policies.experts import Ader
from adlopt.policies.protocols import SeverityThenAllocation
from adlopt.scoring.hindsight import severity_loss
from adlopt.scoring.lineup import LineupRow, lineup
from adlopt.scoring.playing import run_policy
from adlopt.scoring.quality import counted_once
from adlopt.show.bounds import render

BUDGETS = (0.0, 1.0, 2.0, 3.0)
"""P of the minimax table, beside those of the episode and of its big rounds."""
COLUMNS = (OPTIMISED, OPTIMISED_FROM_HALF, ADAPTIVE_TUNED, ADAPTIVE, TUNING_FREE)
"""Bounds that are shown along every corner of f."""
SHARES = (PROPOSITION_1, HALF, GATED_ENVELOPE)
"""Bounds that the losses of policies are shown as shares of."""

Shares: TypeAlias = dict[str, float | None]
"""USD of these bounds on the episode, by name; None where one says nothing."""

__all__ = ["render", "summarise"]


def summarise(episode: Episode, own: Sequence[Bound] = ()) -> dict[str, Any]:
    """Collect the figures, at full precision, ready for JSON.

    Parameters
    ----------
    episode : Episode
    own : sequence of Bound
        Set among those that ship.

    Raises
    ------
    InputError
        If a bound of one's own has the name of another.

    Examples
    --------
    >>> from adlopt.data.episodes import october_10
    >>> data = summarise(october_10())
    >>> data["minimax"][-1]["lower_usd"] <= data["minimax"][-1]["upper_usd"]
    True
    """
    names = [bound.name for bound in BOUNDS]
    for bound in own:
        if bound.name in names:
            raise InputError("bound", bound.name, "a name that no other bound has")
        names.append(bound.name)
    once = counted_once(episode)
    repeated = not np.array_equal(once.deficit, episode.deficit)
    covered = not ENOUGH_CAPACITY.fails(episode, None)
    shares = {bound.name: bound.evaluate(episode).value for bound in SHARES}
    return {
        "episode": _figures(episode),
        "bounds": [_bound(bound, episode) for bound in (*BOUNDS, *own)],
        "loss": SEVERITY_LOSS,
        "minimax": _minimax(episode) if covered else [],
        "weighted": _weighted(episode) if covered else None,
        "curve": _curve(episode) if covered else [],
        "policies": [
            *(_policy(row, shares) for row in (*lineup(episode), _ader(episode))),
            *_recorded(episode, shares),
        ],
        "counted_once": _once(once) if repeated and covered else None,
    }


def _figures(episode: Episode) -> dict[str, Any]:
    return {
        "name": episode.name,
        "source": episode.source,
        "rounds": len(episode),
        "deficit_usd": math.fsum(episode.deficit),
        "path_variation": P.measure(episode),
        "effective_rounds": effective_rounds(episode),
        "rounds_needed": rounds_needed(episode),
        "beats_half": beats_half(episode),
    }


def _bound(bound: Bound, episode: Episode) -> dict[str, Any]:
    said = bound.evaluate(episode)
    return {
        "name": bound.name,
        "label": bound.label,
        "usd": said.value,
        "side": bound.side.value,
        "fails": {text: list(rounds) for text, rounds in said.failures.items()},
        "vacuous": _is_vacuous(bound, said, episode),
        "expression": str(bound.expression),
        "choices": {str(symbol): str(value) for symbol, value in bound.choices.items()},
        "quantities": said.quantities,
        "along": bound.along.value,
        "comparator": bound.comparator.value,
        "comparator_path_variation": said.path_variation,
        "covers": bound.covers,
        "loss": bound.loss,
        "information": bound.information.value,
        "status": bound.status.value,
        "tightness": bound.tightness.value,
        "tightness_note": bound.tightness_note,
        "citation": bound.citation,
        "proof": bound.proof,
        "conjectured": bound.conjectured,
    }


def _is_vacuous(bound: Bound, said: Evaluation, episode: Episode) -> bool:
    if said.value is None or bound is TRIVIAL or bound.loss != SEVERITY_LOSS:
        return False
    return bound.side is Side.UPPER and said.value >= TRIVIAL.value(episode)


def _minimax(episode: Episode) -> list[dict[str, Any]]:
    """V(P), its closed form and Proposition 1, by P; the episode's own P comes last."""
    big = big_rounds(episode)
    own, of_big = P.measure(episode), path_variation(episode.needed_severity[big])
    budgets = {p: "" for p in BUDGETS if p < len(episode)}
    budgets[of_big] = "of the big rounds (hindsight)"
    budgets.pop(own, None)
    ordered = [*sorted(budgets.items()), (own, "of the episode (hindsight)")]
    squares = S.measure(episode)
    return [
        {
            "path_variation": budget,
            "of": of,
            **_ends(minimax(episode.deficit, budget)),
            "closed_form": _ends(closed_form(episode.deficit, budget)),
            "proposition_1_usd": math.sqrt((1 + 2 * budget) * squares),
        }
        for budget, of in ordered
    ]


def _weighted(episode: Episode) -> dict[str, Any]:
    big, budget = big_rounds(episode), MOVED_BIG.measure(episode)
    return {
        "rounds": int(big.sum()),
        "budget_usd": budget,
        "small_usd": SMALL.measure(episode),
        **_ends(minimax_weighted(episode.deficit[big], budget)),
    }


def _ends(ends: Interval) -> dict[str, float]:
    return {"lower_usd": ends.lower, "upper_usd": ends.upper}


def _curve(episode: Episode) -> list[dict[str, Any]]:
    vertices = comparator_curve(episode.deficit, episode.needed_severity).vertices
    return [
        {
            "path_variation": float(vertex.variation),
            "loss_usd": float(vertex.loss),
            "usd": {bound.name: bound.at(episode, vertex.severities) for bound in COLUMNS},
        }
        for vertex in vertices
    ]


def _ader(episode: Episode) -> LineupRow:
    losses = {}
    for first in (0.0, 0.5, 1.0):
        rule = Ader(horizon=len(episode), first=first)
        run = run_policy(episode, SeverityThenAllocation(rule, ProRata()))
        losses[first] = severity_loss(episode, episode.severity(run))
    return LineupRow(policy=rule.name, information=rule.information, loss=losses)


def _policy(row: LineupRow, shares: Shares) -> dict[str, Any]:
    losses = {f"{first:g}": loss for first, loss in row.loss.items()}
    return _placed(row.policy, row.information, losses, shares)


def _recorded(episode: Episode, shares: Shares) -> list[dict[str, Any]]:
    """What was really done: its severity loss, clipped to θ ≤ 1, and all dollars it missed."""
    rows = []
    for run in episode.recorded:
        if run.information is Information.RECORDED and run.burden is not None:
            clipped = severity_loss(episode, episode.severity(run))
            raw = math.fsum(np.abs(episode.raised(run) - episode.needed))
            for label, loss in (("θ ≤ 1", clipped), ("Σ|H−B|", raw)):
                name = f"{run.policy}, {label}"
                rows.append(_placed(name, run.information, {"0.5": loss}, shares))
    return rows


def _placed(
    policy: str, information: Information, losses: dict[str, float], shares: Shares
) -> dict[str, Any]:
    return {
        "policy": policy,
        "information": information.value,
        "severity_loss_usd": losses,
        "share_from_half": {
            name: losses["0.5"] / usd if usd else None for name, usd in shares.items()
        },
    }


def _once(once: Episode) -> dict[str, Any]:
    return {
        **_figures(once),
        "half_usd": HALF.value(once),
        "proposition_1_usd": PROPOSITION_1.value(once),
        "trivial_usd": TRIVIAL.value(once),
        **_ends(minimax(once.deficit, P.measure(once))),
    }
