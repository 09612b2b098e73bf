"""What a paper published of an episode, beside what that hides: part of a scoreboard."""

from __future__ import annotations

from adlopt.show.schema.boards import EpisodeData, PlacedData, ScoreboardData, ScoreData
from adlopt.show.table import Table
from adlopt.show.words import counted, dash, scaled, share, unit_of, usd

RECORDED = "recorded"
"""What a policy knew that is on record to have chosen its budgets itself."""


def header(data: ScoreboardData) -> Table:
    """What the episode owed, needed, and could have lost at least."""
    episode = data.episode
    rows = [
        ("deficits ΣD", usd(episode.deficit_usd)),
        ("needed budgets ΣB, known ex post", usd(episode.needed_usd)),
    ]
    for run in episode.recorded:
        if run.information == RECORDED:
            rows.append((f"{run.policy}: taken, ΣH", usd(run.haircut_usd)))
            rows.append((f"{run.policy}: overshoot Σ(H−B)", usd(run.overshoot_usd)))
    rows.append(("path variation P of θ* = min(1, B/D)", f"{episode.path_variation:.4f}"))
    best = data.best_fixed_severity
    rows.append((f"best constant θ = {best.theta:.4f} (hindsight): Σ D|θ−θ*|", usd(best.loss)))
    return Table(titled(episode), ("", "USD"), rows)


def titled(episode: EpisodeData) -> str:
    """Name an episode and its length, below its source if that is known."""
    source = f"source: {episode.source}\n" if episode.source else ""
    return f"{source}{episode.name}: {counted(episode.rounds, 'round')}"


def tables(data: ScoreboardData) -> list[Table]:
    """Make tables of published totals, and of what they hide."""
    return [_published(data), _sweep(data), _corrected(data)]


def _published(data: ScoreboardData) -> Table:
    rows = [
        (
            score.policy,
            usd(score.tracking_usd),
            usd(score.fairness_usd),
            usd(score.total_usd_by_weight["1"]),
            share(score.total_share_of_bound),
        )
        for score in _recorded(data)
    ]
    title = (
        "As published: tracking Σ|H−B| plus fairness ΣB|m−m_ref| with λ = 1, USD, and its share "
        f"of B_inst. Recorded; budget = needed (hindsight) for all but {_own_budgets(data)}. "
        f"m_ref: {data.episode.reference}"
    )
    return Table(title, ("policy", "tracking", "fairness", "total", "of B_inst"), rows)


def _recorded(data: ScoreboardData) -> list[ScoreData]:
    names = {run.policy for run in data.episode.recorded}
    return [s for s in data.scores if s.policy in names and s.fairness_usd is not None]


def _own_budgets(data: ScoreboardData) -> str:
    """Name the recorded policies that chose their budgets themselves."""
    return ", ".join(s.policy for s in _recorded(data) if s.information == RECORDED) or "none"


def _sweep(data: ScoreboardData) -> Table:
    found = _recorded(data)
    weights = list(found[0].total_usd_by_weight) if found else []
    rows = [(score.policy, *map(usd, score.total_usd_by_weight.values())) for score in found]
    columns = ("policy", *(f"λ = {weight}" for weight in weights))
    return Table("The same total, by weight λ of fairness, USD", columns, rows)


def _corrected(data: ScoreboardData) -> Table:
    rows = []
    for score in _recorded(data):
        fairness = score.fairness_signed_usd, score.fairness_excess_usd, score.corrected_total_usd
        said = [dash(usd, ",.0f") for usd in (score.undershoot_usd, *fairness)]
        rows.append((score.policy, said[0], f"{score.short_rounds}", *said[1:]))
    title = (
        "What that fairness hides, USD: below 0 signed, a policy was FAIRER than the reference "
        f"and was charged for it. Excess: ΣB(m−m_min)_+ over {data.least_burden}. Short: "
        "rounds that raised less than needed"
    )
    columns = ("policy", "undershoot", "short", "signed", "excess", "corrected")
    beaten = data.least_burden_is_beaten_by_usd
    note = (
        f"{data.least_burden} is not the least on record: another raised the full budget at "
        f"burdens lower by ${usd(beaten)} in all, weighted the same way"
    )
    return Table(title, columns, rows, note if beaten else "")


def by_start(row: PlacedData, unit: float) -> list[str]:
    """Severity losses from θ₁ = 0, ½ and 1."""
    loss = row.severity_loss_usd
    return [scaled(usd, unit) for usd in (loss.zero, loss.half, loss.one)]


def lineup(data: ScoreboardData) -> Table:
    """Standard severity rules beside bounds, by their first severity."""
    unit, name = unit_of(data.episode.deficit_usd)
    rows = []
    for row in data.lineup:
        shares = map(share, row.share_from_half.values())
        rows.append((row.policy, row.information, *by_start(row, unit), *shares))
    title = (
        f"Severity loss Σ D|θ−θ*| in {name} by first severity θ₁, a free choice; shares of "
        "B_inst and of the guarantee of θ = ½, both at θ₁ = ½. Constant plays θ₁ throughout: "
        "θ₁ = 0 does nothing"
    )
    columns = ("policy", "information", "θ₁ = 0", "θ₁ = ½", "θ₁ = 1", "of B_inst", "of ½'s")
    return Table(title, columns, rows)
