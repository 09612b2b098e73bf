"""Everything `adlopt play` has to say about an episode: as data, and as text made of that data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from textwrap import fill, indent
from typing import Any

from adlopt.bounds import HALF, PROPOSITION_1, TRIVIAL
from adlopt.episodes.october_10 import PRODUCTION
from adlopt.playing import LineupRow
from adlopt.quality import inspect
from adlopt.quantity import QUANTITIES, P
from adlopt.scoreboard import Score, Scoreboard
from adlopt.table import WIDTH, percent, table

WEIGHTS = (0.5, 1.0, 2.0)
"""λ of the sweep over objective (23)."""


def summarise(board: Scoreboard, rows: Sequence[LineupRow] = ()) -> dict[str, Any]:
    """Collect the figures, at full precision, ready for JSON.

    Parameters
    ----------
    board : Scoreboard
    rows : sequence of LineupRow
        From `adlopt.playing.lineup`; left out if empty.
    """
    episode = board.episode
    best = board.best_fixed
    return {
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
        "recorded_totals_usd": {
            run.policy: {
                "haircut": math.fsum(run.haircut),
                "overshoot": math.fsum(run.haircut) - math.fsum(episode.needed),
            }
            for run in episode.recorded
        },
        "reference": episode.reference,
        "least_burden": board.least_name,
        "least_burden_is_beaten_by_usd": board.least_is_beaten_by,
        "scores": [_score(board, score) for score in board.scores],
        "lineup": [
            {
                "policy": row.policy,
                "information": row.information.value,
                "severity_loss_usd": {f"{first:g}": loss for first, loss in row.loss.items()},
            }
            for row in rows
        ],
        "best_fixed_severity": {"theta": best.theta, "loss_usd": best.loss},
        "loss_optimum": board.loss_optimum,
        "bounds": [_bound(board, index) for index in range(len(board.bounds))],
        "quality": [
            {"name": f.name, "text": f.text, "rounds": list(f.rounds), "usd": f.usd}
            for f in inspect(episode)
        ],
    }


def _score(board: Scoreboard, score: Score) -> dict[str, Any]:
    bound = PROPOSITION_1.value(board.episode)
    totals = {f"{weight:g}": score.total(weight) for weight in WEIGHTS}
    published = totals["1"]
    row = {
        "policy": score.policy,
        "information": score.information.value,
        "tracking_usd": score.tracking,
        "overshoot_usd": score.overshoot,
        "undershoot_usd": score.undershoot,
        "short_rounds": score.short_rounds,
        "fairness_usd": score.fairness,
        "fairness_signed_usd": score.fairness_signed,
        "fairness_excess_usd": score.fairness_excess,
        "total_usd_by_weight": totals,
        "total_share_of_bound": None if published is None or not bound else published / bound,
        "corrected_total_usd": score.corrected_total,
        "worst_burden": score.worst_burden,
        "touched": score.touched,
        "severity_loss_usd": score.severity_loss,
        "outside_domain_usd": score.outside_domain,
        "regret_usd": {c.value: regret for c, regret in score.regret.items()},
        "loss": score.loss,
    }
    return {name: _finite(value) for name, value in row.items()} | {
        "touches_protected": score.worst_burden == math.inf
    }


def _finite(value: Any) -> Any:
    """JSON knows no infinity: null, with `touches_protected` to say why."""
    if isinstance(value, dict):
        return {name: _finite(part) for name, part in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _bound(board: Scoreboard, index: int) -> dict[str, Any]:
    bound, episode = board.bounds[index], board.episode
    symbols = sorted(bound.expression.free_symbols, key=str)
    return {
        "name": bound.name,
        "usd": bound.value(episode),
        "expression": str(bound.expression),
        "quantities": {
            str(s): {"value": QUANTITIES[s].measure(episode), "meaning": QUANTITIES[s].meaning}
            for s in symbols
        },
        "comparator": bound.comparator.value,
        "covers": bound.covers,
        "vacuous": bound is not TRIVIAL and board.is_vacuous(bound),
        "fails_on_episode": {k: list(v) for k, v in bound.failures(episode).items()},
        "fails_by_policy": {
            run.policy: broken
            for run in board.runs
            if (broken := {k: list(v) for k, v in board.applies(bound, run.policy).items()})
        },
        "tightness": bound.tightness,
        "citation": bound.citation,
    }


def render(data: dict[str, Any]) -> str:
    """Lay out what `summarise` collected in 80 columns."""
    parts = [_header(data)]
    if data["reference"] is not None:
        parts += [_published(data), _sweep(data), _corrected(data)]
    parts.append(_bounds(data))
    parts.append(_lineup(data) if data["lineup"] else _played(data))
    if data["loss_optimum"] is not None:
        parts.append(_losses(data))
    return "\n".join([*parts, _quality(data)])


def _header(data: dict[str, Any]) -> str:
    episode = data["episode"]
    rows = [
        ("deficits ΣD", _usd(episode["deficit_usd"])),
        ("needed budgets ΣB, known ex post", _usd(episode["needed_usd"])),
    ]
    for policy, totals in data["recorded_totals_usd"].items():
        if policy == PRODUCTION:
            rows.append((f"{policy}: taken, ΣH", _usd(totals["haircut"])))
        if policy.startswith(PRODUCTION):
            rows.append((f"{policy}: overshoot Σ(H−B)", _usd(totals["overshoot"])))
    rows.append(("path variation P of θ* = min(1, B/D)", f"{episode['path_variation']:.4f}"))
    best = data["best_fixed_severity"]
    rows.append(
        (f"best constant θ = {best['theta']:.4f} (hindsight): Σ D|θ−θ*|", _usd(best["loss_usd"]))
    )
    title = f"{episode['name']}: {episode['rounds']} rounds"
    source = f"source: {episode['source']}\n" if episode["source"] else ""
    return table(source + title, ("", "USD"), rows)


def _published(data: dict[str, Any]) -> str:
    rows = [
        (
            score["policy"],
            _usd(score["tracking_usd"]),
            _usd(score["fairness_usd"]),
            _usd(score["total_usd_by_weight"]["1"]),
            _share(score["total_share_of_bound"]),
        )
        for score in data["scores"]
        if score["fairness_usd"] is not None
    ]
    title = (
        "As published: tracking Σ|H−B| plus fairness ΣB|m−m_ref| with λ = 1, USD, and its share "
        f"of B_inst. All rows recorded; all but the {PRODUCTION} were given budget = needed "
        f"(hindsight). m_ref: {data['reference']}"
    )
    return table(title, ("policy", "tracking", "fairness", "total", "of B_inst"), rows)


def _sweep(data: dict[str, Any]) -> str:
    rows = [
        (score["policy"], *(_usd(score["total_usd_by_weight"][f"{w:g}"]) for w in WEIGHTS))
        for score in data["scores"]
        if score["fairness_usd"] is not None
    ]
    columns = ("policy", *(f"λ = {weight:g}" for weight in WEIGHTS))
    return table("The same total, by weight λ of fairness, USD", columns, rows)


def _corrected(data: dict[str, Any]) -> str:
    rows = [
        (
            score["policy"],
            f"{score['undershoot_usd']:,.0f}",
            f"{score['short_rounds']}",
            f"{score['fairness_signed_usd']:,.0f}",
            f"{score['fairness_excess_usd']:,.0f}",
            f"{score['corrected_total_usd']:,.0f}",
        )
        for score in data["scores"]
        if score["fairness_usd"] is not None
    ]
    title = (
        "What that fairness hides, USD: below 0 signed, a policy was FAIRER than the reference "
        f"and was charged for it. Excess: ΣB(m−m_min)_+ over {data['least_burden']}. Short: "
        "rounds that raised less than needed"
    )
    columns = ("policy", "undershoot", "short", "signed", "excess", "corrected")
    beaten = data["least_burden_is_beaten_by_usd"]
    if not beaten:
        return table(title, columns, rows)
    note = (
        f"{data['least_burden']} is not the least on record: another raised the full budget at "
        f"burdens lower by ${beaten:,.2f} in all, weighted the same way"
    )
    return table(title, columns, rows) + indent(fill(note, WIDTH - 2), "  ") + "\n"


def _bounds(data: dict[str, Any]) -> str:
    rows = []
    for bound in data["bounds"]:
        verdict = "VACUOUS" if bound["vacuous"] else ""
        if bound["fails_on_episode"]:
            verdict = "does not apply"
        rows.append((bound["name"], _usd(bound["usd"]), verdict, bound["covers"]))
    title = "Bounds on Σ D|θ−θ*|, USD; vacuous: not below what no policy can exceed"
    return table(title, ("bound", "USD", "", "covers"), rows)


def _lineup(data: dict[str, Any]) -> str:
    usd = {bound["name"]: bound["usd"] for bound in data["bounds"]}
    half, instance = usd[HALF.name] or math.inf, usd[PROPOSITION_1.name] or math.inf
    unit, name = (1e6, "$M") if data["episode"]["deficit_usd"] >= 1e7 else (1.0, "USD")
    rows = []
    for row in data["lineup"]:
        loss = row["severity_loss_usd"]
        shares = _share(loss["0.5"] / instance), _share(loss["0.5"] / half)
        losses = tuple(f"{loss[first] / unit:,.2f}" for first in ("0", "0.5", "1"))
        rows.append((row["policy"], row["information"], *losses, *shares))
    for score in data["scores"]:
        if score["policy"] == PRODUCTION:
            loss = score["severity_loss_usd"]
            shares = _share(loss / instance), _share(loss / half)
            cells = (f"{PRODUCTION}, clipped", score["information"], "–")
            rows.append((*cells, f"{loss / unit:,.2f}", "–", *shares))
    title = (
        f"Severity loss Σ D|θ−θ*| in {name} by first severity θ₁, a free choice; shares of "
        "B_inst and of the guarantee of θ = ½, both at θ₁ = ½. Constant plays θ₁ throughout: "
        "θ₁ = 0 does nothing"
    )
    columns = ("policy", "information", "θ₁ = 0", "θ₁ = ½", "θ₁ = 1", "of B_inst", "of ½'s")
    return table(title, columns, rows)


def _played(data: dict[str, Any]) -> str:
    dollars = [
        (
            score["policy"],
            score["information"],
            f"{score['tracking_usd']:,.0f}",
            f"{score['overshoot_usd']:,.0f}",
            f"{score['undershoot_usd']:,.0f}",
            percent(math.inf if score["touches_protected"] else score["worst_burden"]),
            "–" if score["touched"] is None else f"{score['touched']:,.0f}",
        )
        for score in data["scores"]
    ]
    first = data["bounds"][0]
    regrets = []
    for score in data["scores"]:
        outside = first["fails_by_policy"].get(score["policy"])
        share = score["severity_loss_usd"] / first["usd"] if first["usd"] else None
        regret = ["–" if r is None else f"{r:,.0f}" for r in score["regret_usd"].values()]
        regrets.append((score["policy"], *regret, "outside" if outside else _share(share)))
    theta = data["best_fixed_severity"]["theta"]
    columns = ("policy", "information", "Σ|H−B|", "over", "under", "burden", "touched")
    return "\n".join(
        [
            table("Dollars missed, USD; worst burden; haircuts of accounts", columns, dollars),
            table(
                "Regret of the severity loss Σ D|θ−θ*|, USD, against the per-round optimum and "
                f"the best fixed θ = {theta:.4f} (both hindsight), and the best live policy here",
                ("policy", "optimum", "fixed θ", "best live", f"of {first['name']}"),
                regrets,
            ),
        ]
    )


def _losses(data: dict[str, Any]) -> str:
    optimum = data["loss_optimum"]
    rows = [
        (score["policy"], f"{score['loss']:,.6g}", f"{score['loss'] - optimum:,.6g}")
        for score in data["scores"]
        if score["loss"] is not None
    ]
    title = f"The chosen loss; per-round optimum (hindsight) {optimum:,.6g}"
    return table(title, ("policy", "loss", "regret"), rows)


def _quality(data: dict[str, Any]) -> str:
    if not data["quality"]:
        return "Data quality: nothing odd found"
    rows = [(finding["text"], _ranges(finding["rounds"])) for finding in data["quality"]]
    return table("Data quality", ("finding", "rounds"), rows)


def _usd(amount: float) -> str:
    return f"{amount:,.2f}"


def _share(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"


def _ranges(rounds: Sequence[int]) -> str:
    """Write 1, 2, 3, 5 as 1–3 5."""
    runs: list[list[int]] = []
    for t in rounds:
        if runs and t == runs[-1][1] + 1:
            runs[-1][1] = t
        else:
            runs.append([t, t])
    return " ".join(f"{a}" if a == b else f"{a}–{b}" for a, b in runs)
