"""Everything `adlopt play` has to say about an episode: as data, and as text made of that data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from adlopt.bounds.paper import PROPOSITION_1
from adlopt.bounds.quantity import P
from adlopt.bounds.trivial import HALF
from adlopt.model.run import Information
from adlopt.scoring.lineup import LineupRow
from adlopt.scoring.quality import inspect
from adlopt.scoring.score import WEIGHTS
from adlopt.scoring.scoreboard import Scoreboard
from adlopt.show import board as board_text
from adlopt.show.table import Table, joined
from adlopt.show.words import counted, ranges, share, usd


def summarise(board: Scoreboard, rows: Sequence[LineupRow] = ()) -> dict[str, Any]:
    """Collect the figures, at full precision, ready for JSON.

    Parameters
    ----------
    board : Scoreboard
    rows : sequence of LineupRow
        From `adlopt.lineup`; left out if empty.
    """
    episode = board.episode
    return {
        **board.to_dict(),
        "episode": {
            "name": episode.name,
            "source": episode.source,
            "pooled": episode.pooled,
            "rounds": len(episode),
            "deficit_usd": math.fsum(episode.deficit),
            "needed_usd": math.fsum(episode.needed),
            "capacity_usd": math.fsum(episode.total_capacity),
            "path_variation": P.measure(episode),
            "needed_severity": episode.needed_severity.tolist(),
        },
        "recorded": [
            {
                "policy": run.policy,
                "information": run.information.value,
                "haircut_usd": math.fsum(run.haircut),
                "overshoot_usd": math.fsum(run.haircut) - math.fsum(episode.needed),
            }
            for run in episode.recorded
        ],
        "lineup": [
            {
                "policy": row.policy,
                "information": row.information.value,
                "severity_loss_usd": {f"{first:g}": loss for first, loss in row.loss.items()},
            }
            for row in rows
        ],
        "quality": [
            {"name": f.name, "text": f.text, "rounds": list(f.rounds), "usd": f.usd}
            for f in inspect(episode)
        ],
    }


def render(data: dict[str, Any]) -> str:
    """Lay out what `summarise` collected in 80 columns."""
    found = quality(data)
    return joined([*tables(data), "Data quality: nothing odd found" if found is None else found])


def tables(data: dict[str, Any]) -> list[Table]:
    """Make tables of what `summarise` collected, but for the data's quality."""
    parts = [_header(data)]
    if data["reference"] is not None:
        parts += [_published(data), _sweep(data), _corrected(data)]
    if data["lineup"]:
        coupled = board_text.in_all(data)
        shown = [] if coupled is None else [coupled]
        return [*parts, *shown, board_text.bounds(data), _lineup(data)]
    return [*parts, *board_text.tables(data)]


def quality(data: dict[str, Any]) -> Table | None:
    """What is odd about the figures; None if nothing is."""
    if not data["quality"]:
        return None
    rows = [(finding["text"], ranges(finding["rounds"])) for finding in data["quality"]]
    return Table("Data quality", ("finding", "rounds"), rows)


def _header(data: dict[str, Any]) -> Table:
    episode = data["episode"]
    rows = [
        ("deficits ΣD", usd(episode["deficit_usd"])),
        ("needed budgets ΣB, known ex post", usd(episode["needed_usd"])),
    ]
    for run in data["recorded"]:
        if run["information"] == Information.RECORDED.value:
            rows.append((f"{run['policy']}: taken, ΣH", usd(run["haircut_usd"])))
            rows.append((f"{run['policy']}: overshoot Σ(H−B)", usd(run["overshoot_usd"])))
    rows.append(("path variation P of θ* = min(1, B/D)", f"{episode['path_variation']:.4f}"))
    best = data["best_fixed_severity"]
    rows.append(
        (f"best constant θ = {best['theta']:.4f} (hindsight): Σ D|θ−θ*|", usd(best["loss_usd"]))
    )
    title = f"{episode['name']}: {counted(episode['rounds'], 'round')}"
    source = f"source: {episode['source']}\n" if episode["source"] else ""
    return Table(source + title, ("", "USD"), rows)


def _published(data: dict[str, Any]) -> Table:
    rows = [
        (
            score["policy"],
            usd(score["tracking_usd"]),
            usd(score["fairness_usd"]),
            usd(score["total_usd_by_weight"]["1"]),
            share(score["total_share_of_bound"]),
        )
        for score in _recorded(data)
    ]
    title = (
        "As published: tracking Σ|H−B| plus fairness ΣB|m−m_ref| with λ = 1, USD, and its share "
        f"of B_inst. Recorded; budget = needed (hindsight) for all but {_own_budgets(data)}. "
        f"m_ref: {data['reference']}"
    )
    return Table(title, ("policy", "tracking", "fairness", "total", "of B_inst"), rows)


def _recorded(data: dict[str, Any]) -> list[dict[str, Any]]:
    names = {run["policy"] for run in data["recorded"]}
    return [s for s in data["scores"] if s["policy"] in names and s["fairness_usd"] is not None]


def _own_budgets(data: dict[str, Any]) -> str:
    """Name the recorded policies that chose their budgets themselves."""
    known = Information.RECORDED.value
    return ", ".join(s["policy"] for s in _recorded(data) if s["information"] == known) or "none"


def _sweep(data: dict[str, Any]) -> Table:
    rows = [
        (score["policy"], *(usd(score["total_usd_by_weight"][f"{w:g}"]) for w in WEIGHTS))
        for score in _recorded(data)
    ]
    columns = ("policy", *(f"λ = {weight:g}" for weight in WEIGHTS))
    return Table("The same total, by weight λ of fairness, USD", columns, rows)


def _corrected(data: dict[str, Any]) -> Table:
    rows = [
        (
            score["policy"],
            f"{score['undershoot_usd']:,.0f}",
            f"{score['short_rounds']}",
            f"{score['fairness_signed_usd']:,.0f}",
            f"{score['fairness_excess_usd']:,.0f}",
            f"{score['corrected_total_usd']:,.0f}",
        )
        for score in _recorded(data)
    ]
    title = (
        "What that fairness hides, USD: below 0 signed, a policy was FAIRER than the reference "
        f"and was charged for it. Excess: ΣB(m−m_min)_+ over {data['least_burden']}. Short: "
        "rounds that raised less than needed"
    )
    columns = ("policy", "undershoot", "short", "signed", "excess", "corrected")
    beaten = data["least_burden_is_beaten_by_usd"]
    if not beaten:
        return Table(title, columns, rows)
    note = (
        f"{data['least_burden']} is not the least on record: another raised the full budget at "
        f"burdens lower by ${beaten:,.2f} in all, weighted the same way"
    )
    return Table(title, columns, rows, note)


def _lineup(data: dict[str, Any]) -> Table:
    usd = {bound["name"]: bound["usd"] for bound in data["bounds"]}
    half, instance = usd[HALF.name] or math.inf, usd[PROPOSITION_1.name] or math.inf
    total, units = data["episode"]["deficit_usd"], ((1e7, 1e6, "$M"), (1e4, 1e3, "$k"))
    unit, name = next(((unit, name) for least, unit, name in units if total >= least), (1.0, "USD"))
    rows = []
    for row in data["lineup"]:
        loss = row["severity_loss_usd"]
        shares = share(loss["0.5"] / instance), share(loss["0.5"] / half)
        losses = tuple(f"{loss[first] / unit:,.2f}" for first in ("0", "0.5", "1"))
        rows.append((row["policy"], row["information"], *losses, *shares))
    best = data["best_fixed_severity"]
    shares = share(best["loss_usd"] / instance), share(best["loss_usd"] / half)
    named = f"best constant {best['theta']:.4f}", Information.HINDSIGHT.value, "–"
    rows.append((*named, f"{best['loss_usd'] / unit:,.2f}", "–", *shares))
    for score in _recorded(data):
        if score["information"] == Information.RECORDED.value:
            loss = score["severity_loss_usd"]
            shares = share(loss / instance), share(loss / half)
            cells = (f"{score['policy']}, clipped", score["information"], "–")
            rows.append((*cells, f"{loss / unit:,.2f}", "–", *shares))
    title = (
        f"Severity loss Σ D|θ−θ*| in {name} by first severity θ₁, a free choice; shares of "
        "B_inst and of the guarantee of θ = ½, both at θ₁ = ½. Constant plays θ₁ throughout: "
        "θ₁ = 0 does nothing"
    )
    columns = ("policy", "information", "θ₁ = 0", "θ₁ = ½", "θ₁ = 1", "of B_inst", "of ½'s")
    return Table(title, columns, rows)
