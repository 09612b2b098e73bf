"""A load as text of 80 columns: in full, and as a screen."""

from __future__ import annotations

import math
import textwrap
from datetime import UTC, datetime

from adlopt.show.schema.loads import LoadData, MarketLoadData, RoundCut
from adlopt.show.table import joined, table, width
from adlopt.show.words import counted, printable, usd

MANY = 40
"""Rounds that are shown in full."""
FEW = 5
"""Rounds, and oddities, that a screen shows."""
COLUMNS = ("wave", "deficit", "needed", "capacity")


def render(data: LoadData) -> str:
    """Lay out rounds, dollars, files, what is odd, and what is unavailable."""
    parts = [
        _rounds(data, MANY),
        _cut(data.cut),
        _reconciled(data),
        _files(data),
        _rejected(data),
        _horizons(data),
        _said("Unavailable", [f"{name}: {why}" for name, why in data.unavailable.items()]),
        _said("Looks ahead", data.look_ahead),
        _said("Data quality", [finding.text for finding in data.quality]),
    ]
    return joined(parts)


def summary(data: LoadData) -> str:
    """Lay out the same as a screen of at most 24 lines."""
    records, bad = (sum(getattr(f, name) for f in data.files) for name in ("read", "rejected"))
    lines = [
        f"{counted(len(data.files), 'file')}, {counted(records, 'record')}, {bad:,} rejected",
        *_one("unavailable", data.unavailable),
        *_one("odd", [finding.name for finding in data.quality]),
    ]
    parts = [_rounds(data, FEW), _cut(data.cut), _reconciled(data), "\n".join(lines)]
    return "\n".join(line for part in parts for line in part.splitlines() if line.strip())


def of_market(data: MarketLoadData) -> str:
    """Lay out a market as it was read, as a screen: what it holds, has to go, and what is odd."""
    at = "" if data.time_ms is None else f" at {_moment(data.time_ms)} UTC"
    what = "what the venue shed" if data.shed_on_record else "all that the bankrupt hold"
    rows = [
        ("accounts are short of", usd(data.required_usd)),
        (f"has to go: {what}, {counted(data.shed_rows, 'order')}", usd(data.shed_notional_usd)),
        ("closing against it takes", usd(data.shed_takes_usd)),
        ("users gave, on record", usd(data.recorded_usd)),
    ]
    title = (
        f"{printable(data.name)}{at}: {counted(data.accounts, 'account')}, "
        f"{counted(data.coins, 'coin')}, {counted(data.positions, 'position')}"
    )
    exempt = [f"{name}: {reason}" for name, reason in data.exempt.items()]
    odd = [finding.text for finding in data.quality]
    said = [*_one("exempt", exempt), *(textwrap.shorten(each, 3 * width()) for each in odd[:FEW])]
    return table(title, ("", "USD"), rows) + "".join(f"{textwrap.fill(s, width())}\n" for s in said)


def _rounds(data: LoadData, most: int) -> str:
    rows = [
        (f"{t}", f"{row['wave']}", *(usd(row[name]) for name in COLUMNS[1:]))  # type: ignore[arg-type]
        for t, row in enumerate(data.rounds, start=1)
    ]
    totals = []
    for name in COLUMNS[1:]:
        values = [row[name] for row in data.rounds]
        totals.append(usd(None if None in values else math.fsum(values)))  # type: ignore[arg-type]
    title = f"{printable(data.name)}: {counted(len(rows), 'round')}, USD"
    if len(rows) > most:
        title += f"; the first {most} are shown"
    return table(title, ("round", *COLUMNS), [*rows[:most], ("all", "", *totals)])


def _cut(cut: RoundCut | None) -> str:
    if cut is None:
        return ""
    pauses = {
        "the longest pause within one is": cut.longest_pause_ms,
        "the shortest between two is": cut.shortest_gap_ms,
    }
    near = [f"{said} {ms:,} ms" for said, ms in pauses.items() if ms is not None]
    zones = "; ".join(f"{name} ({count:,})" for name, count in cut.zones.items())
    said = (
        f"{_moment(cut.first_ms)} to {_moment(cut.last_ms)} UTC; times: {zones}. A round"
        f"{' of a coin' * cut.per_coin} ends after {cut.gap_ms:,} ms without a fill"
    )
    return textwrap.fill(printable("; ".join([said, *near])), width()) + "\n"


def _moment(ms: int) -> str:
    at = datetime.fromtimestamp(ms / 1000, UTC)
    return at.strftime("%Y-%m-%d %H:%M:%S") + f".{ms % 1000:03d}"


def _reconciled(data: LoadData) -> str:
    """Each quantity's dollars, and below it where what is left out went."""
    rows = []
    for each in data.reconciled:
        out = math.fsum(each.left_out.values())
        rows.append((each.quantity, usd(each.read), usd(each.used), usd(out)))
    title = "Dollars: read = used + left out"
    reasons = [
        f"{each.quantity} left out: {reason}, {usd(amount)}"
        for each in data.reconciled
        for reason, amount in each.left_out.items()
    ]
    lines = [f"  {printable(reason)}\n" for reason in reasons]
    shown = table(title, ("of", "read", "used", "left out"), rows) if rows else ""
    return shown + "".join(lines)


def _files(data: LoadData) -> str:
    rows = [
        (
            each.file,
            f"{each.read:,}",
            f"{each.kept:,}",
            f"{sum(each.skipped.values()):,}",
            f"{each.rejected:,}",
        )
        for each in data.files
    ]
    return table("Records", ("file", "read", "kept", "skipped", "rejected"), rows)


def _rejected(data: LoadData) -> str:
    rows = [
        (f"{each.file} line {one.line}", one.found, one.expected)
        for each in data.files
        for one in each.shown
    ]
    return table("Records that do not parse", ("where", "found", "expected"), rows) if rows else ""


def _horizons(data: LoadData) -> str:
    rows = [
        (f"{each.horizon_ms:,.0f}", usd(each.production), usd(each.needed))
        for each in data.horizons
    ]
    title = "Production haircuts by horizon, USD"
    return table(title, ("ms", "haircuts", "needed"), rows) if rows else ""


def _said(title: str, sentences: list[str]) -> str:
    if not sentences:
        return ""
    lines = [
        textwrap.fill(printable(sentence), width(), initial_indent="  * ", subsequent_indent="    ")
        for sentence in sentences
    ]
    return "\n".join([title, *lines]) + "\n"


def _one(title: str, names: object) -> list[str]:
    """Name a few on one line, and count the rest."""
    each = list(dict.fromkeys(names))  # type: ignore[call-overload]
    if not each:
        return []
    rest = f", and {len(each) - FEW} more" if len(each) > FEW else ""
    return [textwrap.shorten(f"{title}: {', '.join(each[:FEW])}{rest}", width(), placeholder="…")]
