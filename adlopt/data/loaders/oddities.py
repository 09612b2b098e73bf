"""What is odd about fills and the rounds made of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

from adlopt.data.loaders.columns import NO_ZONE
from adlopt.data.loaders.fills import QUANTITIES, Fills
from adlopt.data.loaders.round_figures import FEATURES
from adlopt.foundation.ids import alike
from adlopt.scoring.quality import Finding
from adlopt.show.schema.loads import FileReport
from adlopt.show.words import counted

NOT_READ = {
    "per_shock_metrics_queue.csv": "what a queue takes by coin and shock, no figure of a round",
    "summary_totals.csv": "its totals",
    "bad_debt_loser_waves.csv": "deficits, which the table by wave repeats",
    "two_time": "how accounts traded after they were deleveraged, no figure of a round",
    "adl_net_volume_full_12min.csv": "volume and PNL by coin, without accounts and times",
    "positions_FINAL.csv": "positions by account after the event, without times",
}
"""Files of the public repositories, or folders, that no loader reads, and what they hold."""
PLACES = ("", "out", "data/canonical", "canonical", "results")


class Parts(NamedTuple):
    """What a load of fills is made of.

    `cut` are fills with their wave, `marked` those with marks, which may be the same, `in_marked`
    these with the wave that they lie within; `table` has rounds, `lacking` what liquidated accounts
    lack in each wave, `owing` what counts of it, `every` winners of each wave, with those of
    unknown capacity; `needed` is by wave, `gain` what capacities are made of, and `taken` what each
    account is on record to have given. USD.
    """

    fills: Fills
    cut: pl.LazyFrame
    marked: Fills
    in_marked: pl.LazyFrame
    table: pl.DataFrame
    lacking: pl.DataFrame | None
    owing: pl.DataFrame | None
    every: pl.DataFrame | None
    needed: Mapping[int, float] | None
    gain: str
    taken: pl.DataFrame | None


def oddities(parts: Parts) -> Iterator[Finding]:
    """Check fills, and the rounds made of them."""
    fills, cut = parts.fills, parts.cut
    yield from of_files(fills.reports + ([] if parts.marked is fills else parts.marked.reports))
    if parts.lacking is not None:
        if parts.lacking.is_empty():
            text = "no liquidated account is below 0: is what they owe written without its sign?"
            yield Finding(name="nobody owes", text=text)
        yield from _nobody(parts.lacking)
        if parts.owing is parts.lacking:
            yield from _several_times(parts.lacking, parts.table)
    if parts.every is not None:
        yield from _left_out(parts.every, parts.table)
    yield from _empty_cells(parts)
    if "equity" in fills.available:
        yield from _end_state(cut)
    if "loser" in fills.available:
        own = cut.filter(pl.col("account") == pl.col("loser")).select(pl.len()).collect().item()
        if own:
            text = f"{own:,} fills deleverage an account against itself"
            yield Finding(name="own counterparty", text=text)
    yield from _spelt_alike(cut, parts.lacking)
    yield from _twice(fills)
    if parts.marked is not fills:
        yield from _outside(parts)
    if parts.needed and not any(parts.needed.values()):
        text = "every fill executes at its mark, so that no round needs anything: is it the mark?"
        yield Finding(name="needed is nothing", text=text)


def _nobody(lacking: pl.DataFrame) -> Iterator[Finding]:
    odd = lacking.filter(pl.col("loser").is_null())
    if len(odd):
        usd = float(odd["usd"].sum())
        text = (
            f"${usd:,.2f} are owed by liquidated accounts without an id: each amount counts once "
            "in a round, and it is not known whether rounds share them"
        )
        yield Finding(name="debt of nobody", text=text, usd=usd)


def _empty_cells(parts: Parts) -> Iterator[Finding]:
    """Records without what makes a figure, whose accounts others speak for, or nobody."""
    figures = [parts.gain, "equity", "loser_equity", *FEATURES]
    empty = {n: pl.col(n).is_null() for n in figures if n in parts.fills.available}
    if "loser_equity" in empty:
        empty["loser_equity"] &= pl.col("loser").is_not_null()
    usd = pl.col("price") * pl.col("size")
    sums = {name: usd.filter(mask).sum() for name, mask in empty.items()}
    counts = {f"{name} empty": mask.sum() for name, mask in empty.items()}
    every = parts.cut.select(**sums, **counts, all=pl.len()).collect(engine="streaming")
    row = every.row(0, named=True)
    for name in empty:
        count, usd = row[f"{name} empty"], row[name]
        if count:
            text = (
                f"{count:,} of {row['all']:,} records, of ${usd:,.2f}, have no {name}: other "
                "records of the round speak for their accounts, if there are any"
            )
            yield Finding(name="empty cells", text=text, usd=usd)


def _several_times(lacking: pl.DataFrame, table: pl.DataFrame) -> Iterator[Finding]:
    each = (
        lacking.filter(pl.col("loser").is_not_null())
        .group_by("loser")
        .agg(waves=pl.col("wave"), total=pl.col("usd").sum(), once=pl.col("usd").max())
    )
    several = each.filter(pl.col("waves").list.len() > 1)
    if several.is_empty():
        return
    usd = float((several["total"] - several["once"]).sum())
    numbers = {wave: t for t, wave in enumerate(table["wave"].to_list(), start=1)}
    rounds = sorted({numbers[w] for waves in several["waves"] for w in waves})
    yield Finding(
        name="losers counted several times",
        text=f"{counted(len(several), 'liquidated account')} in several rounds: deficits as "
        f"published count ${usd:,.2f} again",
        rounds=tuple(rounds),
        usd=usd,
    )


def _left_out(every: pl.DataFrame, table: pl.DataFrame) -> Iterator[Finding]:
    winners = every.filter(every["wave"].is_in(table["wave"].to_list()))
    unknown = winners.filter(pl.col("capacity").is_null())
    if len(unknown):
        usd = float(unknown["gain"].sum())
        text = f"{len(unknown):,} winners of unknown PNL or equity are left out"
        text += f", whose PNL is ${usd:,.2f}" * bool(usd)
        yield Finding(name="unknown winners", text=text, usd=usd or None)
    empty = int((winners["capacity"] == 0.0).sum())
    if empty:
        text = f"{empty:,} of {len(winners):,} winners have nothing to give"
        yield Finding(name="empty winners", text=text)


def _end_state(cut: pl.LazyFrame) -> Iterator[Finding]:
    several = (
        cut.group_by("account")
        .agg(waves=pl.col("wave").n_unique(), values=pl.col("equity").drop_nulls().n_unique())
        .filter(pl.col("waves") > 1)
        .select(pl.len(), constant=(pl.col("values") <= 1).sum())
        .collect(engine="streaming")
    )
    accounts, constant = several.row(0)
    if accounts > 1 and constant == accounts:
        yield Finding(
            name="end state",
            text=f"all {accounts:,} accounts deleveraged in several rounds have one equity "
            "throughout: it is the state after the last event, and looks ahead",
        )


def _spelt_alike(cut: pl.LazyFrame, lacking: pl.DataFrame | None) -> Iterator[Finding]:
    """Ids that differ in case or blanks alone, and what hangs on whether they are one account."""
    notional = (pl.col("price") * pl.col("size")).sum()
    sides = [cut.group_by(id=name).agg(usd=notional) for name in ("account", "loser")]
    each = pl.concat(sides).group_by("id").agg(pl.col("usd").sum())
    usd_of = dict(each.filter(pl.col("id").is_not_null()).collect(engine="streaming").iter_rows())
    coins = alike(cut.select("coin").unique().collect(engine="streaming")["coin"])
    for one, two, *_ in coins[:1]:
        text = f"{one!r} and {two!r} are two coins, as others that differ in case or blanks alone"
        yield Finding(name="coins alike", text=text)
    groups = alike(usd_of)
    if not groups:
        return
    usd = sum(usd_of[name] for group in groups for name in group)
    names = {name for group in groups for name in group}
    debt = 0.0
    if lacking is not None:
        debt = float(lacking.filter(lacking["loser"].is_in(sorted(names)))["usd"].sum())
    yield Finding(
        name="ids alike",
        text=f"{len(names):,} ids differ from another in case or blanks alone, such as "
        f"{groups[0][0]!r} and {groups[0][1]!r}: fills of ${usd:,.2f} and debts of ${debt:,.2f} "
        "hang on whether they are one account; say so with --alike",
        usd=debt or usd,
    )


def _twice(fills: Fills) -> Iterator[Finding]:
    keys = [name for name in QUANTITIES if name in fills.available]
    # Of many rows, 64 bits of each are all that memory need hold.
    hashes = fills.scan().select(row=pl.struct(keys).hash()).collect(engine="streaming")["row"]
    ordered = np.sort(hashes.to_numpy())
    repeated = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    if not repeated.size:
        return
    again = pl.struct(keys).hash().is_in(pl.Series(repeated).implode())
    found = fills.scan().filter(again).select("price", "size", key=pl.struct(keys).hash())
    rows = found.collect(engine="streaming").filter(pl.col("key").is_first_distinct().not_())
    usd = float((rows["price"] * rows["size"]).sum())
    text = f"{len(rows):,} records repeat another in every column, and are kept: ${usd:,.2f}"
    yield Finding(name="equal records", text=text, usd=usd)


def _outside(parts: Parts) -> Iterator[Finding]:
    outside = parts.in_marked.filter(~pl.col("wave").is_in(parts.table["wave"].implode()))
    count = outside.select(pl.len()).collect(engine="streaming").item()
    if count:
        text = f"{count:,} deleveraging fills with marks lie outside every round with a deficit"
        yield Finding(name="fills outside rounds", text=text)


def not_read(root: Path) -> Iterator[Finding]:
    """Name files of a checkout that are known, but not read."""
    for name, holds in NOT_READ.items():
        if any((root / place / name).exists() for place in PLACES):
            yield Finding(name="not read", text=f"{name} is not read: it has {holds}")


def of_files(reports: Iterable[FileReport]) -> Iterator[Finding]:
    """Say what is odd about files as such."""
    for report in reports:
        file = Path(report.file).name
        if report.rejected:
            text = f"{report.rejected:,} of {report.read:,} records of {file} do not parse"
            held = [f"${usd:,.2f} of {name}" for name, usd in sorted(report.lost.items()) if usd]
            text += f"; they hold {', '.join(held)}" * bool(held)
            text += f"; of {report.unread:,} no dollar can be read" * bool(report.unread)
            usd = max(report.lost.values(), default=None)
            yield Finding(name="rejected records", text=text, usd=usd)
        if report.unended is not None:
            text = f"{file} ends without a line end: line {report.unended:,} may be cut off"
            yield Finding(name="no line end", text=text)
        if NO_ZONE in report.zones:
            known, times = report.zones[NO_ZONE], sum(report.zones.values())
            text = f"{known:,} of {times:,} times of {file} carry no zone and are taken as UTC"
            yield Finding(name="no time zone", text=text)
