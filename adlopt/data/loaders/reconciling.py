"""Dollars of a load: what was read is what was used and what was left out, and why.

Debt is what a liquidated account lacks, capacity what a winner may give, needed the gap between
mark and price of a fill, notional its price times its size; of records that cannot be used, too.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence

import polars as pl

from adlopt.errors import CertificateError, InputError
from adlopt.show.schema.loads import FileReport, Reconciled


def dollars(frame: pl.DataFrame) -> pl.DataFrame:
    """USD of each record, a column a quantity: of fills, or of winners; null where unknown."""
    has, made = frame.columns, {}
    if {"price", "size"} <= set(has):
        made["notional"] = pl.col("price") * pl.col("size")
        if "mark" in has:
            made["needed"] = (pl.col("mark") - pl.col("price")).abs() * pl.col("size")
        gains = [name for name in ("account_pnl", "position_pnl") if name in has]
        if gains:
            made["capacity"] = pl.max_horizontal(*gains).clip(lower_bound=0.0)
        if "loser_equity" in has:
            made["debt"] = -pl.col("loser_equity").clip(upper_bound=0.0)
    same = {"capacity": "capacity", "deficit": "debt", "notional": "notional"}
    made |= {ours: pl.col(name) for name, ours in same.items() if name in has and ours not in made}
    return frame.select(**{name: each.abs() for name, each in made.items()})


UNREAD = "records that do not parse"
NO_DEFICIT = "outside every round with a deficit"
ROUNDING = 1e-9
"""Share of what was read by which sums of floats may differ."""


def reconciled(
    quantity: str, read: float, used: float, left_out: Mapping[str, float]
) -> Reconciled:
    """State what became of a quantity; reasons that leave nothing out are not named.

    A dollar neither used nor left out is the reader's fault: a CertificateError.
    """
    kept = {reason: usd for reason, usd in left_out.items() if usd}
    for usd in (read, used, *kept.values()):
        if not math.isfinite(usd):
            raise InputError(quantity, usd, "dollars that add up", remedy="a size or price is off")
    apart = math.fsum([read, -used, *(-usd for usd in kept.values())])
    if abs(apart) > ROUNDING * max(read, 1.0):
        said = f"{quantity}: {apart!r} of {read!r} USD are neither used nor left out"
        raise CertificateError(said)
    return Reconciled(quantity=quantity, read=read, used=used, left_out=kept, difference=apart)


def unread(reports: Iterable[FileReport], quantity: str) -> float:
    """USD of a quantity in records that do not parse."""
    return math.fsum(report.lost.get(quantity, 0.0) for report in reports)


def debt(lacking: pl.DataFrame, owing: pl.DataFrame, reports: Iterable[FileReport]) -> Reconciled:
    """What liquidated accounts lack, against the deficits of rounds."""
    gross, used = math.fsum(lacking["usd"]), math.fsum(owing["usd"])
    known = dict(lacking.group_by("loser").agg(pl.col("usd").max()).iter_rows())
    lost: dict[str, float] = {}
    for report in reports:
        for loser, usd in report.owed.items():
            lost[loser] = max(lost.get(loser, 0.0), usd - known.get(loser, 0.0), 0.0)
    bad = math.fsum(lost.values())
    again = math.fsum(lacking["usd"] - owing["usd"])
    return reconciled("debt", gross + bad, used, {UNREAD: bad, "counted in earlier rounds": again})


def capacity(
    winners: pl.DataFrame, waves: Iterable[int], reports: Iterable[FileReport]
) -> Reconciled:
    """What winners gained, against the capacities of rounds."""
    inside = pl.col("wave").is_in(sorted(waves))
    known = pl.col("capacity").is_not_null()
    lost = unread(reports, "capacity")

    def usd(mask: pl.Expr, of: pl.Expr) -> float:
        return math.fsum(winners.filter(mask).select(of.fill_null(0.0)).to_series())

    gain = pl.col("gain")
    left_out = {
        UNREAD: lost,
        NO_DEFICIT: usd(~inside, gain),
        "more than the account's equity": usd(inside & known, gain - pl.col("capacity")),
        "of accounts of unknown equity": usd(inside & ~known, gain),
    }
    read = math.fsum(winners["gain"].drop_nulls()) + lost
    return reconciled("capacity", read, usd(inside & known, pl.col("capacity")), left_out)


def recorded(
    taken: pl.DataFrame, winners: pl.DataFrame, waves: Iterable[int], reports: Iterable[FileReport]
) -> Reconciled:
    """What accounts are on record to have given, against what winners of rounds did."""
    inside = pl.col("wave").is_in(sorted(waves))
    listed = winners.filter(pl.col("capacity").is_not_null())
    used = taken.filter(inside).join(listed, on=["wave", "account"], how="semi")
    lost, every = unread(reports, "needed"), math.fsum(taken["recorded"])
    within, paid = math.fsum(taken.filter(inside)["recorded"]), math.fsum(used["recorded"])
    apart = {"of winners of unknown capacity": math.fsum([within, -paid])}
    left_out = {UNREAD: lost, NO_DEFICIT: math.fsum([every, -within]), **apart}
    return reconciled("recorded", math.fsum([every, lost]), paid, left_out)


def of_fills(
    quantity: str, by_wave: Mapping[int, float], waves: Iterable[int], reports: Iterable[FileReport]
) -> Reconciled:
    """What fills come to in each wave, USD, against the waves that are rounds."""
    rounds, lost = set(waves), unread(reports, quantity)
    used = math.fsum(usd for wave, usd in by_wave.items() if wave in rounds)
    other = math.fsum(usd for wave, usd in by_wave.items() if wave not in rounds)
    left_out = {UNREAD: lost, NO_DEFICIT: other}
    return reconciled(quantity, math.fsum([*by_wave.values(), lost]), used, left_out)


def of_rounds(rounds: pl.DataFrame, reports: Sequence[FileReport]) -> Iterator[Reconciled]:
    """Figures that a source states by round; a debt is lost where all records of a round are."""
    known = {str(float(wave)) for wave in rounds["wave"]}
    owed = [usd for report in reports for wave, usd in report.owed.items() if wave not in known]
    lost = {"debt": math.fsum(owed), "capacity": unread(reports, "capacity"), "needed": 0.0}
    for quantity, gone in lost.items():
        column = rounds["deficit" if quantity == "debt" else quantity]
        if not column.has_nulls():
            used = math.fsum(column)
            yield reconciled(quantity, math.fsum([used, gone]), used, {UNREAD: gone})
