"""A scoreboard: a summary of a screen, and all of its tables."""

from __future__ import annotations

import math
from collections.abc import Sequence

from adlopt.errors import unknown
from adlopt.show import published
from adlopt.show.schema.boards import BoundData, ScoreboardData, ScoreData
from adlopt.show.table import Table, filled, joined, notes
from adlopt.show.words import clipped, counted, dash, percent, ranges, scaled, share, unit_of, usd

SHOWN = 11
"""Policies that a summary shows, the last of them those that are on every board."""
ALWAYS = 4
NAME = 26
"""Letters of a policy's name in a summary."""
REGRETS = {
    "per_round_optimum": "optimum",
    "coupled_optimum": "coupled",
    "best_fixed_rule": "fixed rule",
}
"""Comparators of the chosen loss, and how their columns are headed."""


def summary(data: ScoreboardData) -> str:
    """Lay out scores and bounds on a screen, at any number of policies."""
    unit, name = unit_of(data.episode.deficit_usd)
    scores = data.scores
    recorded = [s.policy for s in scores if s.information.startswith(published.RECORDED)]
    spared = recorded[len(recorded) - min(len(recorded), max(len(scores) - SHOWN, 0)) :]
    scores = [score for score in scores if score.policy not in spared]
    if len(scores) > SHOWN:
        scores = [*scores[: SHOWN - ALWAYS], *scores[-ALWAYS:]]
    rows = []
    for score in scores:
        missed = scaled(score.tracking_usd, unit), f"{score.short_rounds:,}"
        rows.append((clipped(score.policy, NAME), score.information, *missed, _burden(score)))
    rows += [(clipped(name, NAME), "failed", "–", "–", "–") for name in data.failed]
    title = (
        f"{clipped(data.episode.name, 40)}: {counted(data.episode.rounds, 'round')}; missed: "
        f"Σ|H−B|, {name}; short: rounds that raised less than needed"
    )
    left = len(data.scores) - len(scores)
    note = f"{left:,} more policies are left out here; to_dict() has all" if left > 0 else ""
    columns = ("policy", "information", "missed", "short", "burden")
    return joined([Table(title, columns, rows, note), _bounds_in_words(data, unit, name)])


def _bounds_in_words(data: ScoreboardData, unit: float, name: str) -> str:
    """Bounds with what they are worth, and the least losses that they are to be held against."""
    said = [_said(bound, unit) for bound in data.bounds[:SHOWN]]
    best, rule = data.best_fixed_severity, data.best_fixed_rule
    least = [f"the best constant θ = {best.theta:.4f} (hindsight) {scaled(best.loss, unit)}"]
    if rule is not None:
        live = clipped(rule.policy, NAME)
        least.append(f"the best here that can run live, {live}, {scaled(rule.loss, unit)}")
    lines = [
        f"Bounds on Σ D|θ−θ*|, {name}: {'; '.join(said)}",
        f"That loss of {'; of '.join(least)}",
    ]
    return notes(lines) + "\n"


def _said(bound: BoundData, unit: float) -> str:
    if bound.fails:
        return f"{clipped(bound.label, NAME)} does not apply"
    flag = ", VACUOUS" if bound.vacuous else ""
    return f"{clipped(bound.label, NAME)} {scaled(bound.measured_usd, unit)}{flag}"


def score(data: ScoreData) -> str:
    """Lay out one policy's row in 80 columns."""
    rows = [
        ("dollars missed Σ|H−B|, USD", usd(data.tracking_usd)),
        ("of that too much, USD", usd(data.overshoot_usd)),
        ("of that too little, USD", usd(data.undershoot_usd)),
        ("rounds that raised less than needed", f"{data.short_rounds:,}"),
        ("worst burden of a round", _burden(data)),
        ("fairness above the least burden, USD", usd(data.fairness_excess_usd)),
        ("severity loss Σ D|θ−θ*|, USD", usd(data.severity_loss_usd)),
    ]
    return str(Table(f"{clipped(data.policy)} ({data.information})", ("", ""), rows))


def render(data: ScoreboardData) -> str:
    """Lay out everything in 80 columns."""
    return joined(named(data).values())


def chosen(data: ScoreboardData, names: Sequence[str], asked: Sequence[str] = ()) -> str:
    """Lay out the tables of these names, all of them, or a screen and what was asked for."""
    known = {"all": "", **named(data)}
    for name in names:
        if name not in known:
            raise unknown("show", name, known)
    if names:
        return render(data) if "all" in names else joined(known[name] for name in names)
    more = filled(f"More: --show all, or of {', '.join(list(known)[1:])}", "  ") + "\n"
    return joined([summary(data), *(known.get(name) for name in asked), more])


def tables(data: ScoreboardData) -> list[Table]:
    """Make all tables, but for the data's quality."""
    return [each for name, each in named(data).items() if name != "quality"]  # type: ignore[misc]


def named(data: ScoreboardData) -> dict[str, Table | str]:
    """Make all tables, by the names that `--show` takes."""
    parts: dict[str, Table | str | None] = {"episode": published.header(data)}
    if data.episode.reference is not None:
        parts |= dict(
            zip(("published", "weights", "corrected"), published.tables(data), strict=True)
        )
    if not data.lineup:
        parts |= {"dollars": dollars(data), "fairness": fairness(data), "regret": regrets(data)}
    parts["burdens"] = in_all(data)
    parts |= {"bounds": bounds(data), "own-bounds": own_bounds(data)}
    parts |= {"severities": published.lineup(data)} if data.lineup else {"loss": losses(data)}
    if data.failed:
        parts["failed"] = Table("Failed", ("policy", "why"), [*data.failed.items()])
    parts["quality"] = quality(data) or "Data quality: nothing odd found"
    return {name: part for name, part in parts.items() if part is not None}


def quality(data: ScoreboardData) -> Table | None:
    """What is odd about the figures; None if nothing is."""
    if not data.quality:
        return None
    rows = [(finding.text, ranges(finding.rounds)) for finding in data.quality]
    return Table("Data quality", ("finding", "rounds"), rows)


def dollars(data: ScoreboardData) -> Table:
    """How many dollars each policy missed, and how."""
    funded = any(score.insured_usd is not None for score in data.scores)
    rows = [
        (
            score.policy,
            score.information,
            *([dash(score.insured_usd, "z,.0f")] if funded else []),
            f"{score.tracking_usd:,.0f}",
            f"{score.overshoot_usd:,.0f}",
            f"{score.undershoot_usd:,.0f}",
            f"{score.short_rounds}",
        )
        for score in data.scores
    ]
    title = (
        f"{data.episode.name}: dollars missed over {counted(data.episode.rounds, 'round')}, USD; "
        "short: rounds that raised less than needed"
    )
    if funded:
        title += "; fund: paid before winners, who are judged by what it left"
    columns = ("policy", "information", *["fund"] * funded, "Σ|H−B|", "over", "under", "short")
    return Table(title, columns, rows)


def fairness(data: ScoreboardData) -> Table | None:
    """Burdens above the least, where accounts are known."""
    rows = [
        (score.policy, *_excess(score), _burden(score), dash(score.touched, ",.0f"))
        for score in data.scores
    ]
    if all(row[-2] == "–" for row in rows):
        return None
    title = (
        f"Fairness: excess ΣB(m−m_min)₊ over the {data.least_burden}, USD, and with the dollars "
        "missed; haircuts: of accounts, over all rounds"
    )
    return Table(title, ("policy", "excess", "in all", "worst burden", "haircuts"), rows)


def _burden(score: ScoreData) -> str:
    return percent(math.inf if score.touches_protected else score.worst_burden)


def _excess(score: ScoreData) -> tuple[str, str]:
    if score.touches_protected:
        return "∞", "∞"
    return dash(score.fairness_excess_usd, "z,.0f"), dash(score.corrected_total_usd, "z,.0f")


def in_all(data: ScoreboardData) -> Table | None:
    """Burdens of the whole episode beside those of the coupled optimum, where it was asked for."""
    if data.coupled_burden is None:
        return None
    rows = [
        (
            score.policy,
            percent(math.inf if score.touches_protected else score.burden_in_all),
            percent(score.coupled_regret),
        )
        for score in data.scores
        if score.burden_in_all is not None or score.touches_protected
    ]
    title = (
        "Rounds coupled: worst burden of the whole episode, max_i Σ_t x_it/w_i, and how far it is "
        f"above {percent(data.coupled_burden.upper)}, the least that raises all budgets "
        "(hindsight); –: took less than a round needed, so not comparable; below 0: took a dollar "
        "twice"
    )
    return Table(title, ("policy", "burden in all", "above the least"), rows)


def regrets(data: ScoreboardData) -> Table:
    """Regret of the severity loss against each comparator."""
    first, path = data.bounds[0], data.best_path
    rows = []
    for score in data.scores:
        share = score.severity_loss_usd / first.usd if first.usd else None
        outside = first.name in data.outside.get(score.policy, {})
        regret = score.regret_usd
        against = [regret.per_round_optimum, regret.best_fixed_severity, regret.best_fixed_rule]
        against += [] if path is None else [regret.best_path]
        worth = "outside" if outside else percent(share)
        rows.append((score.policy, *(dash(value, "z,.0f") for value in against), worth))
    title = (
        "Regret of the severity loss Σ D|θ−θ*|, USD, against the per-round optimum and the best "
        f"fixed θ = {data.best_fixed_severity.theta:.4f} (both hindsight), and the best fixed rule "
        "here that could run live"
    )
    columns = ["policy", "optimum", "fixed θ", "fixed rule", f"of {first.label}"]
    if path is not None:
        title += (
            f"; path: the best of variation {path.variation:g} (hindsight), which loses "
            f"{path.loss_usd:,.0f}"
        )
        columns.insert(4, "path")
    return Table(title, columns, rows)


def bounds(data: ScoreboardData) -> Table:
    """Bounds, and whether they say anything."""
    rows = []
    for bound in data.bounds:
        verdict = "does not apply" if bound.fails else "VACUOUS" * bound.vacuous
        rows.append((bound.label, usd(bound.measured_usd), verdict, bound.covers))
    title = "Bounds on Σ D|θ−θ*|, USD; vacuous: not below what no policy can exceed"
    return Table(title, ("bound", "USD", "", "covers"), rows)


def own_bounds(data: ScoreboardData) -> Table | None:
    """Set every policy against comparators and the bounds that were asked for."""
    own = [bound for bound in data.bounds if bound.name in data.asked]
    unit, name = unit_of(data.episode.deficit_usd)
    if not own:
        return None
    rows = [
        (
            score.policy,
            scaled(score.severity_loss_usd, unit),
            scaled(score.regret_usd.per_round_optimum, unit),
            scaled(score.regret_usd.best_fixed_severity, unit),
            *(_judged(score, bound, data) for bound in own),
        )
        for score in data.scores
    ]
    title = (
        f"Severity loss, in {name}, its regret against the per-round optimum and the best fixed θ "
        "(both hindsight), and its share of bounds; (in brackets): the bound covers others"
    )
    heads = (clipped(bound.label, 24) for bound in own)
    return Table(title, ("policy", "loss", "optimum", "fixed θ", *heads), rows)


def _judged(score: ScoreData, bound: BoundData, data: ScoreboardData) -> str:
    """Loss over bound, and what that says of the bound."""
    part = share(score.severity_loss_usd / bound.usd if bound.usd else None)
    verdict = data.verdicts.get(score.policy, {}).get(bound.name, "covers others")
    if verdict in ("covers others", "does not apply"):
        return f"({part})" if verdict == "covers others" else verdict
    return f"{part} {verdict.partition(' ')[0]}"


def losses(data: ScoreboardData) -> Table | None:
    """The chosen loss and the regret against its comparators."""
    if data.loss_optimum is None:
        return None
    held = [score.loss_regret for score in data.scores]
    known = [name for name in REGRETS if any(getattr(each, name) is not None for each in held)]
    rows = [
        (score.policy, *_loss(score, known))
        for score in data.scores
        if score.loss is not None or score.touches_protected
    ]
    title = f"The chosen loss, and regret. Per-round optimum (hindsight): {data.loss_optimum:,.6g}"
    if data.coupled_optimum is not None:
        title += (
            f"; coupled (hindsight): {data.coupled_optimum.upper:,.6g}, no dollar being "
            "taken twice: who is below it has done that"
        )
    return Table(title, ("policy", "loss", *(REGRETS[name] for name in known)), rows)


def _loss(score: ScoreData, known: list[str]) -> list[str]:
    if score.loss is None:
        return ["∞"] * (1 + len(known))
    regret = score.loss_regret
    return [f"{score.loss:,.6g}", *(dash(getattr(regret, name), "z,.6g") for name in known)]
