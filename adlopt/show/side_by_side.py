"""Production beside rules and optima, as text of 80 columns."""

from __future__ import annotations

import math
from collections.abc import Iterator

from adlopt.show.schema.studies import SideBySideData
from adlopt.show.table import BRIEF, Table, joined, notes, rest, screen, why_not
from adlopt.show.words import clipped, counted, number, percent, ranges, scaled, share, unit_of

SHOWN = 10
"""Accounts that are printed one by one; `-o` and to_frame() have all."""
BUDGET = {
    "production": "what production took, as is on record",
    "needed": "what was needed",
    "shed": "what closing against all that has to go takes",
}
ACROSS = 4
"""Sides that are printed beside each other, account by account."""


def render(data: SideBySideData) -> str:
    """Lay out what `SideBySideData` holds."""
    return joined([*tables(data), notes([*_said(data), *why_not(data.unplayed)])])


def summary(data: SideBySideData) -> str:
    """Lay out of the same what a screen takes: who gives."""
    sides, said = len(data.sides), notes([*_said(data), *why_not(data.unplayed, BRIEF)])
    return screen(lambda rows: f"{_who_gives(data, rows)}{rest(sides - rows)}{said}", sides)


def tables(data: SideBySideData) -> Iterator[Table]:
    """Who gives, who would have given less than under production, and to whom that matters most."""
    yield _who_gives(data, len(data.sides))
    if data.budget_is != "needed":
        yield _against(data)
    yield _accounts(data)


def _who_gives(data: SideBySideData, shown: int) -> Table:
    unit, money = unit_of(max((abs(side.raised_usd) for side in data.sides), default=0.0))
    rows = []
    for side in data.sides[:shown]:
        worst = math.inf if side.touches_protected else side.worst_burden
        figures = [scaled(side.raised_usd, unit), number(side.gini, 3)]
        figures += [share(part, 0) for part in side.top_share.values()]
        figures += [f"{side.touched:,}", percent(worst)]
        rows.append((side.name, side.information, *figures))
    title = (
        f"{data.name}, {counted(data.rounds, 'round')}, {counted(data.accounts, 'account')}. All "
        f"raise {BUDGET[data.budget_is]}. Gini and shares of the top 1, 10 and 100 accounts are of "
        f"dollars, the worst burden is against {data.burden}"
    )
    columns = ("side", "knew", money, "Gini", "top 1", "10", "100", "touched", "worst")
    return Table(title, columns, rows)


def _against(data: SideBySideData) -> Table:
    sums = [usd for side in data.sides for usd in (side.better_off_usd, side.worse_off_usd)]
    unit, money = unit_of(max(sums, default=0.0))
    rows = [
        (
            side.name,
            f"{side.better_off:,}",
            scaled(side.better_off_usd, unit),
            f"{side.worse_off:,}",
            scaled(side.worse_off_usd, unit),
            "–" if side.hedges_broken is None else f"{side.hedges_broken:,}",
        )
        for side in data.sides
    ]
    title = (
        "Accounts that would have given less than under production, and more; and hedged accounts "
        "whose net exposure grew as one leg was closed"
    )
    columns = ("side", "less", f"less {money}", "more", f"more {money}", "hedges broken")
    return Table(title, columns, rows)


def _accounts(data: SideBySideData) -> Table:
    """The accounts that the first side takes most from, over all rounds."""
    names = [side.name for side in data.sides][:ACROSS]
    totals: dict[str, list[float]] = {}
    columns = [data.by_account[f"{name}_usd"] for name in names]
    for account, *given in zip(data.by_account["account"], *columns, strict=True):
        sums = totals.setdefault(str(account), [0.0] * len(names))
        for k, usd in enumerate(given):
            sums[k] += float(usd)
    most = sorted(totals.items(), key=lambda pair: (-pair[1][0], pair[0]))[:SHOWN]
    unit, money = unit_of(max((sums[0] for _, sums in most), default=0.0))
    rows = [(clipped(name, 42), *(scaled(usd, unit) for usd in sums)) for name, sums in most]
    title = f"Accounts that {names[0]} takes most from, and what they give otherwise, {money}"
    return Table(title, ("account", *names), rows)


def _said(data: SideBySideData) -> Iterator[str]:
    if data.beyond_capacity:
        yield (
            f"in {counted(len(data.beyond_capacity), 'round')} ({ranges(data.beyond_capacity)}) "
            "production took more than all capacities; the others raise these"
        )
    for side in data.sides:
        if side.markout_usd is not None:
            yield f"markout of {side.name}: {side.markout_usd:,.2f} USD; below 0 is worse for users"
        if side.proofs:
            counts = {proof: side.proofs.count(proof) for proof in side.proofs}
            each = ", ".join(f"{n:,} × {proof}" for proof, n in counts.items())
            yield f"{side.name}: {each}"
