"""What is known of an episode without playing: bounds, games, and where policies lie."""

from __future__ import annotations

import math

from adlopt.show.published import by_start, titled
from adlopt.show.schema.boards import BoundData, BoundsReportData, IntervalData, PlacedData
from adlopt.show.table import Table, joined
from adlopt.show.words import clipped, counted, scaled, share, unit_of, usd

SHOWN = 20
"""Corners of f that the text shows, at most."""
LISTED = 16
"""Bounds that a summary lists, at most."""
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
SHARES = ("Proposition 1", "θ = 1/2", "gated envelope")
"""Bounds that losses of policies are always shown as shares of."""


def render(data: BoundsReportData) -> str:
    """Lay out what `bounds_of` found in 80 columns."""
    return joined(_parts(data))


def tables(data: BoundsReportData) -> list[Table]:
    """Make tables of what `bounds_of` found."""
    return [part for part in _parts(data) if isinstance(part, Table)]


def _parts(data: BoundsReportData) -> list[Table | str | None]:
    ladder = [_ladder(data), _others(data), _silent(data), _bases(data), _test(data)]
    games = _games(data) or "No game is solved and no path measured here: U_t ≥ D_t fails\n"
    return [*ladder, games, _corners(data), _policies(data), _own_shares(data), _counted_once(data)]


def summary(data: BoundsReportData) -> str:
    """Lay out the bounds that say something on a screen."""
    unit, name = unit_of(data.episode.deficit_usd)
    found = _by_size(data)
    rows = [
        (scaled(usd, unit), *marks, clipped(label), "VACUOUS" if vacuous else "")
        for usd, marks, label, vacuous, _ in found[:LISTED]
    ]
    title = (
        f"{clipped(data.episode.name, 40)}: {counted(data.episode.rounds, 'round')}. Bounds on "
        f"Σ D|θ−θ*| in {name}: ≤ above what the policies covered lose, ≥ below what all lose in "
        "the worst case; =: tight; vacuous: not below the trivial bound"
    )
    left, silent = len(found) - len(rows), sum(bool(bound.fails) for bound in data.bounds)
    note = f"{counted(silent, 'more bound')} say nothing here, for want of a hypothesis"
    note = f"{left:,} more stand below; {note}" if left > 0 else note
    return str(Table(title, (name, "", "", "bound", ""), rows, note))


def _by_size(data: BoundsReportData) -> list[tuple[float, tuple[str, str], str, bool, str]]:
    """USD, marks, name, whether vacuous, and whom it covers, from the largest."""
    found = [
        (bound.usd, _marks(bound), bound.label, bound.vacuous, bound.covers)
        for bound in data.bounds
        if bound.usd is not None and bound.loss == data.loss
    ]
    for value, budget in _computed(data):
        said = f"every online policy, on some sequence with {budget} (hindsight)"
        found.append((value.lower, ("≥", ""), "minimax, computed", False, said))
    return sorted(found, key=lambda row: -row[0])


def _ladder(data: BoundsReportData) -> Table:
    unit, name = unit_of(data.episode.deficit_usd)
    rows = [
        (scaled(usd, unit), *marks, label, ("VACUOUS: " if vacuous else "") + covers)
        for usd, marks, label, vacuous, covers in _by_size(data)
    ]
    title = (
        f"{titled(data.episode)}. Bounds on Σ D|θ−θ*| in "
        f"{name}: ≤ the policies covered lose no more, ≥ they lose as much in the worst case; "
        "=: tight, met within 1 % on some episode, perhaps not this; vacuous: not below the "
        "trivial bound"
    )
    return Table(title, (name, "", "", "bound", "covers"), rows)


def _others(data: BoundsReportData) -> Table | None:
    rows = [
        (usd(bound.usd), *_marks(bound), bound.label, bound.loss, bound.covers)
        for bound in data.bounds
        if bound.usd is not None and bound.loss != data.loss
    ]
    columns = ("USD", "", "", "bound", "on", "covers")
    return Table("Bounds on something else", columns, rows) if rows else None


def _marks(bound: BoundData) -> tuple[str, str]:
    """Which side a bound is on, and whether it is tight."""
    return "≥" if bound.side == "lower" else "≤", "=" if bound.tightness == "tight" else ""


def _silent(data: BoundsReportData) -> Table | None:
    rows = [
        (bound.label, "; ".join(text + _where(rounds) for text, rounds in bound.fails.items()))
        for bound in data.bounds
        if bound.fails
    ]
    return Table("Say nothing here, for want of", ("bound", "hypothesis"), rows) if rows else None


def _bases(data: BoundsReportData) -> Table | None:
    """What concludes bounds of one's own, and why others are conjectures."""
    rows = [
        (bound.label, clipped(bound.basis, 300))
        for bound in data.bounds
        if bound.conjectured or bound.proof.endswith(".py")
    ]
    title = "Concluded by a proof of one's own, or conjectured for want of one"
    return Table(title, ("bound", "proof"), rows) if rows else None


def _where(rounds: list[int]) -> str:
    if len(rounds) > 3:
        return f" (fails in {len(rounds)} rounds)"
    return f" (fails in {', '.join(map(str, rounds))})" if rounds else ""


def _test(data: BoundsReportData) -> Table:
    verdict = "more" if data.beats_half else "no more"
    rows = [
        ("4 (1 + 2P)", f"{data.rounds_needed:,.2f}"),
        ("N_eff = (Σ D)²/Σ D²", f"{data.effective_rounds:,.2f}"),
        ("path variation P, hindsight", f"{data.episode.path_variation:,.4f}"),
    ]
    title = (
        f"Proposition 1 promises {verdict} than θ = ½ guarantees without looking: it does only "
        "where 4 (1 + 2P) < N_eff"
    )
    return Table(title, ("", ""), rows)


def _computed(data: BoundsReportData) -> list[tuple[IntervalData, str]]:
    """Games that were solved, by what limits them; none where winners cannot cover a deficit."""
    if data.weighted is None:
        return []
    game, (unit, _) = data.minimax[-1], unit_of(data.episode.deficit_usd)
    dollars = f"W = {scaled(data.weighted.budget_usd, unit)} in the big rounds"
    return [
        (game.value_usd, f"P = {game.path_variation:.4f}"), (data.weighted.value_usd, dollars)
    ]  # fmt: skip


def _games(data: BoundsReportData) -> Table | None:
    unit, name = unit_of(data.episode.deficit_usd)
    if data.weighted is None:
        return None
    rows = [
        (
            f"{row.path_variation:.4f}",
            _interval(row.value_usd, unit),
            _interval(row.closed_form_usd, unit),
            scaled(row.proposition_1_usd, unit),
            row.of,
        )
        for row in data.minimax
    ]
    weighted = data.weighted
    title = (
        f"Minimax loss V(P) in {name}: what the best online policy loses on the worst sequence "
        "with these deficits and path variation P"
    )
    note = (
        f"with Σ D|Δθ*| ≤ {scaled(weighted.budget_usd, unit, 3)} over the {weighted.rounds} big "
        f"rounds (hindsight): {_interval(weighted.value_usd, unit)}; small rounds add at most "
        f"{scaled(weighted.small_usd, unit, 3)}"
    )
    return Table(title, ("P", "V(P)", "closed form", "Prop. 1", ""), rows, note)


def _interval(ends: IntervalData, unit: float) -> str:
    return f"[{scaled(ends.lower, unit)}, {scaled(ends.upper, unit)}]"


def _corners(data: BoundsReportData) -> Table | None:
    unit, name = unit_of(data.episode.deficit_usd)
    corners = data.curve
    if not corners:
        return None
    names = list(corners[0].usd)
    least = {bound: min(corner.usd[bound] for corner in corners) for bound in names}
    stride = math.ceil(len(corners) / SHOWN)
    rows = [
        (
            f"{corner.path_variation:.4f}",
            scaled(corner.loss_usd, unit, 4),
            *(scaled(usd, unit) + " *" * (usd == least[n]) for n, usd in corner.usd.items()),
        )
        for index, corner in enumerate(corners)
        if index % stride == 0 or index == len(corners) - 1
    ]
    title = (
        f"f(P) = min Σ D|u−θ*| over paths u with variation P (hindsight), and bounds along them, "
        f"in {name}; * least. {len(rows)} of the {len(corners)} corners of f"
    )
    return Table(title, ("P", "f(P)", *_short(data, names)), rows)


def placed(row: PlacedData) -> str:
    """Name a policy, and what it knew unless it could run live."""
    return row.policy if row.information == "round start" else f"{row.policy} ({row.information})"


def _policies(data: BoundsReportData) -> Table:
    unit, name = unit_of(data.episode.deficit_usd)
    rows = []
    for row in data.policies:
        shares = (share(row.share_from_half[name], 0) for name in SHARES)
        rows.append((placed(row), *by_start(row, unit), *shares))
    bounds = list(SHARES)
    title = (
        f"Where policies lie: Σ D|θ−θ*| in {name} by first severity θ₁; at θ₁ = ½ also in % of "
        f"{', '.join(bounds)}. All run live unless marked"
    )
    columns = ("policy", "θ₁ = 0", "θ₁ = ½", "θ₁ = 1", *_short(data, bounds))
    return Table(title, columns, rows)


def _own_shares(data: BoundsReportData) -> Table | None:
    """Set policies beside bounds of one's own."""
    labels = {bound.name: bound.label for bound in data.bounds}
    own = [name for name in data.policies[0].share_from_half if name not in SHARES]
    rows = [
        (placed(row), *(share(row.share_from_half[name], 1) for name in own))
        for row in data.policies
    ]
    title = "Losses from θ₁ = ½ as shares of bounds of one's own, whichever rules these cover"
    columns = ("policy", *(clipped(labels[name], 30) for name in own))
    return Table(title, columns, rows) if own else None


def _short(data: BoundsReportData, names: list[str]) -> list[str]:
    """Names of bounds for narrow columns, marked as their labels are."""
    labels = {bound.name: bound.label for bound in data.bounds}
    return [SHORT.get(name, name) + labels[name].removeprefix(name) for name in names]


def _counted_once(data: BoundsReportData) -> Table | None:
    once = data.counted_once
    if once is None:
        return None
    unit, name = unit_of(data.episode.deficit_usd)
    rows = [
        ("Σ D", scaled(once.deficit_usd, unit, 3)),
        ("P, hindsight", f"{once.path_variation:,.4f}"),
        ("N_eff", f"{once.effective_rounds:,.2f}"),
        ("Proposition 1", scaled(once.proposition_1_usd, unit, 3)),
        ("trivial", scaled(once.trivial_usd, unit, 3)),
        ("θ = ½", scaled(once.half_usd, unit, 3)),
        ("V(P), at least", scaled(once.value_usd.lower, unit, 3)),
        ("V(P), at most", scaled(once.value_usd.upper, unit, 3)),
    ]
    return Table(f"With each repeated loser counted once, {name}", ("", ""), rows)
