"""What `adlopt bounds` prints: text made of the data that `adlopt.studies.bounds_of` collects."""

from __future__ import annotations

import math
from typing import Any

from adlopt.show.table import Table, joined
from adlopt.show.words import counted

SHOWN = 20
"""Corners of f that the text shows, at most."""
SHORT = {
    "best comparator": "any start",
    "best comparator, start ½": "from ½",
    "adaptive steps, c = √(1/2 + P)": "tuned c",
    "adaptive steps, c = 1/√2": "c = 1/√2",
    "tuning-free experts": "experts",
    "Proposition 1": "Prop. 1",
    "θ = 1/2": "½",
    "gated envelope": "gated",
}
"""Names of bounds where columns are narrow."""


def render(data: dict[str, Any]) -> str:
    """Lay out what `summarise` collected in 80 columns."""
    return joined(_parts(data))


def tables(data: dict[str, Any]) -> list[Table]:
    """Make tables of what `summarise` collected."""
    return [part for part in _parts(data) if isinstance(part, Table)]


def _parts(data: dict[str, Any]) -> list[Table | str | None]:
    ladder = [_ladder(data), _others(data), _silent(data), _test(data)]
    games = _games(data) or "No game is solved and no path measured here: U_t ≥ D_t fails\n"
    return [*ladder, games, _corners(data), _policies(data), _counted_once(data)]


def _unit(data: dict[str, Any]) -> tuple[float, str]:
    total = data["episode"]["deficit_usd"]
    units = ((1e7, 1e6, "$M"), (1e4, 1e3, "$k"), (0.0, 1.0, "USD"))
    return next((unit, name) for least, unit, name in units if total >= least)


def _ladder(data: dict[str, Any]) -> Table:
    unit, name = _unit(data)
    rows = []
    for bound in data["bounds"]:
        if bound["usd"] is not None and bound["loss"] == data["loss"]:
            note = "VACUOUS: " if bound["vacuous"] else ""
            rows.append((bound["usd"], *_marks(bound), bound["label"], note + bound["covers"]))
    for ends, budget in _computed(data, unit):
        said = f"every online policy, on some sequence with {budget} (hindsight)"
        rows.append((ends["lower_usd"], "≥", "", "minimax, computed", said))
    rows.sort(key=lambda row: -row[0])
    cells = [(f"{usd / unit:,.2f}", *rest) for usd, *rest in rows]
    episode = data["episode"]
    source = f"source: {episode['source']}\n" if episode["source"] else ""
    title = (
        f"{source}{episode['name']}: {counted(episode['rounds'], 'round')}. Bounds on Σ D|θ−θ*| in "
        f"{name}: ≤ the policies covered lose no more, ≥ they lose as much in the worst case; "
        "=: tight, met within 1 % on some episode, perhaps not this; vacuous: not below the "
        "trivial bound"
    )
    return Table(title, (name, "", "", "bound", "covers"), cells)


def _others(data: dict[str, Any]) -> Table | None:
    rows = [
        (f"{bound['usd']:,.2f}", *_marks(bound), bound["label"], bound["loss"], bound["covers"])
        for bound in data["bounds"]
        if bound["usd"] is not None and bound["loss"] != data["loss"]
    ]
    if not rows:
        return None
    return Table("Bounds on something else", ("USD", "", "", "bound", "on", "covers"), rows)


def _marks(bound: dict[str, Any]) -> tuple[str, str]:
    """Which side a bound is on, and whether it is tight."""
    return "≥" if bound["side"] == "lower" else "≤", "=" if bound["tightness"] == "tight" else ""


def _silent(data: dict[str, Any]) -> Table | None:
    rows = [
        (
            bound["label"],
            "; ".join(text + _where(rounds) for text, rounds in bound["fails"].items()),
        )
        for bound in data["bounds"]
        if bound["fails"]
    ]
    return Table("Say nothing here, for want of", ("bound", "hypothesis"), rows) if rows else None


def _where(rounds: list[int]) -> str:
    if len(rounds) > 3:
        return f" (fails in {len(rounds)} rounds)"
    return f" (fails in {', '.join(map(str, rounds))})" if rounds else ""


def _test(data: dict[str, Any]) -> Table:
    episode = data["episode"]
    needed, effective = episode["rounds_needed"], episode["effective_rounds"]
    verdict = "more" if episode["beats_half"] else "no more"
    rows = [
        ("4 (1 + 2P)", f"{needed:,.2f}"),
        ("N_eff = (Σ D)²/Σ D²", f"{effective:,.2f}"),
        ("path variation P, hindsight", f"{episode['path_variation']:,.4f}"),
    ]
    title = (
        f"Proposition 1 promises {verdict} than θ = ½ guarantees without looking: it does only "
        "where 4 (1 + 2P) < N_eff"
    )
    return Table(title, ("", ""), rows)


def _computed(data: dict[str, Any], unit: float) -> list[tuple[dict[str, Any], str]]:
    """Lower ends of the games that were solved; none where the winners cannot cover a deficit."""
    weighted = data["weighted"]
    if weighted is None:
        return []
    game = data["minimax"][-1]
    return [
        (game, f"P = {game['path_variation']:.4f}"),
        (weighted, f"W = {weighted['budget_usd'] / unit:,.2f} in the big rounds"),
    ]


def _games(data: dict[str, Any]) -> Table | None:
    unit, name = _unit(data)
    if data["weighted"] is None:
        return None
    rows = [
        (
            f"{row['path_variation']:.4f}",
            _interval(row, unit),
            _interval(row["closed_form"], unit),
            f"{row['proposition_1_usd'] / unit:,.2f}",
            row["of"],
        )
        for row in data["minimax"]
    ]
    weighted = data["weighted"]
    title = (
        f"Minimax loss V(P) in {name}: what the best online policy loses on the worst sequence "
        "with these deficits and path variation P"
    )
    note = (
        f"with Σ D|Δθ*| ≤ {weighted['budget_usd'] / unit:,.3f} over the {weighted['rounds']} big "
        f"rounds (hindsight): {_interval(weighted, unit)}; small rounds add at most "
        f"{weighted['small_usd'] / unit:,.3f}"
    )
    return Table(title, ("P", "V(P)", "closed form", "Prop. 1", ""), rows, note)


def _interval(ends: dict[str, Any], unit: float) -> str:
    return f"[{ends['lower_usd'] / unit:,.2f}, {ends['upper_usd'] / unit:,.2f}]"


def _corners(data: dict[str, Any]) -> Table | None:
    unit, name = _unit(data)
    corners = data["curve"]
    if not corners:
        return None
    names = list(corners[0]["usd"])
    least = {bound: min(corner["usd"][bound] for corner in corners) for bound in names}
    stride = math.ceil(len(corners) / SHOWN)
    rows = [
        (
            f"{corner['path_variation']:.4f}",
            f"{corner['loss_usd'] / unit:,.4f}",
            *(
                f"{corner['usd'][bound] / unit:,.2f}"
                + (" *" if corner["usd"][bound] == least[bound] else "")
                for bound in names
            ),
        )
        for index, corner in enumerate(corners)
        if index % stride == 0 or index == len(corners) - 1
    ]
    title = (
        f"f(P) = min Σ D|u−θ*| over paths u with variation P (hindsight), and bounds along them, "
        f"in {name}; * least. {len(rows)} of the {len(corners)} corners of f"
    )
    return Table(title, ("P", "f(P)", *_short(data, names)), rows)


def _policies(data: dict[str, Any]) -> Table:
    unit, name = _unit(data)
    rows = []
    for row in data["policies"]:
        loss, said = row["severity_loss_usd"], row["share_from_half"]
        live = row["information"] == "round start"
        starts = (loss.get(first) for first in ("0", "0.5", "1"))
        losses = ("–" if usd is None else f"{usd / unit:,.2f}" for usd in starts)
        shares = ("–" if share is None else f"{100 * share:.0f} %" for share in said.values())
        label = row["policy"] if live else f"{row['policy']} ({row['information']})"
        rows.append((label, *losses, *shares))
    bounds = list(data["policies"][0]["share_from_half"])
    title = (
        f"Where policies lie: Σ D|θ−θ*| in {name} by first severity θ₁; at θ₁ = ½ also in % of "
        f"{', '.join(bounds)}. All run live unless marked"
    )
    columns = ("policy", "θ₁ = 0", "θ₁ = ½", "θ₁ = 1", *_short(data, bounds))
    return Table(title, columns, rows)


def _short(data: dict[str, Any], names: list[str]) -> list[str]:
    """Names of bounds for narrow columns, marked as their labels are."""
    labels = {bound["name"]: bound["label"] for bound in data["bounds"]}
    return [SHORT.get(name, name) + labels[name].removeprefix(name) for name in names]


def _counted_once(data: dict[str, Any]) -> Table | None:
    once = data["counted_once"]
    if once is None:
        return None
    unit, name = _unit(data)
    rows = [
        ("Σ D", f"{once['deficit_usd'] / unit:,.3f}"),
        ("P, hindsight", f"{once['path_variation']:,.4f}"),
        ("N_eff", f"{once['effective_rounds']:,.2f}"),
        ("Proposition 1", f"{once['proposition_1_usd'] / unit:,.3f}"),
        ("trivial", f"{once['trivial_usd'] / unit:,.3f}"),
        ("θ = ½", f"{once['half_usd'] / unit:,.3f}"),
        ("V(P), at least", f"{once['lower_usd'] / unit:,.3f}"),
        ("V(P), at most", f"{once['upper_usd'] / unit:,.3f}"),
    ]
    return Table(f"With each repeated loser counted once, {name}", ("", ""), rows)
