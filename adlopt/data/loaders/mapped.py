"""Any CSV, JSON or Parquet table, by a TOML file that says what its columns mean.

`examples/guide/data.md` has every key of it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Literal, Unpack

import msgspec
import polars as pl

from adlopt.data.files.places import existing_file, inside
from adlopt.data.loaders.columns import Column, ColumnKind
from adlopt.data.loaders.cutting import rounds_of
from adlopt.data.loaders.fills import QUANTITIES, REQUIRED, TEXTS, Fills
from adlopt.data.loaders.loaded import Loaded
from adlopt.data.loaders.oddities import of_files
from adlopt.data.loaders.options import Capacity, Deficit, Rules
from adlopt.data.loaders.raw_tables import closed_table, refuse_second_rows, table_of, typed_blocks
from adlopt.data.loaders.reconciling import of_rounds
from adlopt.data.loaders.records import How, Tally
from adlopt.data.loaders.round_figures import FEATURE
from adlopt.errors import InputError, unknown
from adlopt.foundation.ids import Alike
from adlopt.model.round import OUTCOMES
from adlopt.scoring.quality import Finding
from adlopt.show.schema.loads import FileReport, Origin

ACCOUNTS = ("round", "account", "capacity", "deficit", "needed")
QUOTE = "quote"
"""USD of a fill, in place of its price."""
RANGE = ("first", "last", "records")
SAME = ("deficit", "needed")
"""Columns that say the same in every row of a round."""


class RulesEntry(msgspec.Struct, forbid_unknown_fields=True):
    """How rounds are cut."""

    gap_ms: int = 5_000
    per_coin: bool = False
    deficit: Deficit = Deficit.INCREMENT
    capacity: Capacity = Capacity.POSITION
    deficit_from: str | None = None
    needed_from: str | None = None


class AccountsEntry(msgspec.Struct, forbid_unknown_fields=True):
    """A table of what accounts are worth, and what its columns are called."""

    file: str
    account: str
    equity: str


class TableMap(msgspec.Struct, forbid_unknown_fields=True):
    """What the columns of a table mean."""

    kind: Literal["fills", "accounts"]
    columns: dict[str, str]
    name: str | None = None
    source: str = ""
    time_unit: Literal["s", "ms", "us", "ns", "iso"] = "ms"
    time_zone: str = ""
    alike: Alike | None = None
    where: dict[str, str] = {}
    scale: dict[str, float | dict[str, float]] = {}
    snapshot: AccountsEntry | None = None
    rules: RulesEntry | None = None


def read_mapping(path: str | Path) -> TableMap:
    """Read the TOML file that says what columns mean.

    Raises
    ------
    InputError
        If it is not TOML, or a key or a name of ours is unknown or missing.
    """
    path = existing_file(Path(path))
    try:
        raw = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
        mapping = msgspec.convert(raw, TableMap)
    except (ValueError, RecursionError, OSError) as error:
        said = str(error).splitlines()[0]
        expected = f"a mapping of columns ({said})"
        raise InputError(
            str(path), "unusable", expected, remedy="see `adlopt load --help`"
        ) from None
    _check(mapping, path)
    if mapping.snapshot is not None:
        mapping.snapshot.file = _beside(path, mapping.snapshot.file, "snapshot.file")
    for name in ("deficit_from", "needed_from"):
        table = getattr(mapping.rules, name, None)
        if table is not None:
            setattr(mapping.rules, name, _beside(path, table, f"rules.{name}"))
    return mapping


def _beside(path: Path, table: str, field: str) -> str:
    return str(inside(path.parent, table, f"{path}: {field}"))


def _check(mapping: TableMap, path: Path) -> None:
    """Refuse names that are unknown or missing, and what is not of this kind of table."""
    fills = mapping.kind == "fills"
    known, theirs = (*QUANTITIES, QUOTE), "the name of the table's column"
    needed = [n for n in REQUIRED if n != "price" or QUOTE not in mapping.columns]
    for name in needed if fills else ACCOUNTS:
        if name not in mapping.columns:
            raise InputError(f"{path}: columns.{name}", None, theirs)
    for name, source in mapping.columns.items():
        if fills and name not in known:
            raise unknown(f"{path}: columns", name, known)
        if not source:
            raise InputError(f"{path}: columns.{name}", source, theirs)
    for name in mapping.scale:
        if not fills or name not in mapping.columns or name in (*TEXTS, "time"):
            raise InputError(f"{path}: scale", name, "a column of numbers, of fills")
    if mapping.snapshot is not None and "loser" not in mapping.columns:
        raise InputError(f"{path}: snapshot", "given", "fills that name the loser")
    if not fills and mapping.rules is not None:
        raise InputError(f"{path}: rules", "given", "none, as accounts say their round")


def read_mapped(path: str | Path, mapping: TableMap, **how: Unpack[How]) -> Loaded:
    """Read a table whose columns are mapped.

    Raises
    ------
    InputError
        If a column is missing, too much does not parse, or rounds contradict themselves.
    """
    path = Path(path)
    if mapping.alike is not None:
        how["alike"] = mapping.alike
    tally = Tally(path, **how)
    columns = tuple(_column(mapping, *pair) for pair in mapping.columns.items())
    tally.unit, tally.zone, tally.where = mapping.time_unit, mapping.time_zone, mapping.where
    name, source = mapping.name or path.stem, mapping.source or path.name
    # Records of JSON leave out what they lack; a table without the column is another table.
    named = () if {".json", ".jsonl", ".ndjson"} & set(path.suffixes) else mapping.columns.values()
    if mapping.kind == "accounts":
        loaded = _accounts(path, table_of(tally, columns, named), tally.close(), name, source)
    else:
        rules = Rules(**msgspec.structs.asdict(mapping.rules or RulesEntry()))
        has = {"price" if name == QUOTE else name for name in mapping.columns}
        worth, reports = None, []
        if mapping.snapshot is not None:
            worth, report = _worth(mapping.snapshot, how)
            reports, has = [report], has | {"equity", "loser_equity"}
        with Fills.empty() as fills:
            finish = partial(_finished, mapping=mapping, worth=worth)
            blocks = typed_blocks(tally, columns, finish, named)
            fills.add(path, blocks, tuple(has), tally)
            fills.reports += reports
            fills.findings += [] if worth is None else [_joined(fills)]
            loaded = rounds_of(fills, name=name, source=source, rules=rules)
    return replace(loaded, findings=(*_one_column_twice(mapping), *loaded.findings))


def _worth(entry: AccountsEntry, how: How) -> tuple[pl.DataFrame, FileReport]:
    """Read what accounts are worth, USD."""
    columns = (
        Column(name="account", source=entry.account, kind=ColumnKind.TEXT),
        Column(name="equity", source=entry.equity),
    )
    table, report = closed_table(Path(entry.file), columns, how)
    refuse_second_rows(table, entry.file, "account")
    return table.drop("line"), report


def _joined(fills: Fills) -> Finding:
    """Say whose worth the snapshot knows, and what hangs on the others."""
    usd = (pl.col("price") * pl.col("size")).sum()
    sides = [("account", "equity"), ("loser", "loser_equity")]
    parts = []
    for name, equity in sides:
        each = fills.scan().group_by(name).agg(usd=usd, unknown=pl.col(equity).is_null().all())
        table = each.collect(engine="streaming")
        out = table.filter("unknown")
        parts.append(
            f"{len(table) - len(out):,} of {len(table):,} {name}s; fills of the others come to "
            f"${float(out['usd'].sum()):,.2f}"
        )
    text = f"what accounts are worth is that of the snapshot, known of {', and of '.join(parts)}"
    return Finding(name="snapshot joined", text=text)


def _finished(
    table: pl.DataFrame, *, mapping: TableMap, worth: pl.DataFrame | None
) -> pl.DataFrame:
    """Numbers in our units, the price of a fill whose dollars are stated, and equities."""
    for name, factor in mapping.scale.items():
        if isinstance(factor, float):
            table = table.with_columns(pl.col(name) * factor)
            continue
        for coin in table["coin"].drop_nulls().unique().sort():
            if coin not in factor:
                raise unknown(f"scale.{name}", coin, factor)
        table = table.with_columns(
            pl.col(name) * pl.col("coin").replace_strict(factor, default=None)
        )
    if QUOTE in table.columns:
        table = table.with_columns(price=pl.col(QUOTE) / pl.col("size")).drop(QUOTE)
    if worth is not None:
        if "loser" not in table.columns:
            table = table.with_columns(loser=pl.lit(None, pl.String))
        of_losers = worth.rename({"account": "loser", "equity": "loser_equity"})
        table = table.join(worth, on="account", how="left", maintain_order="left")
        table = table.join(of_losers, on="loser", how="left", maintain_order="left")
    return table


def _one_column_twice(mapping: TableMap) -> Iterator[Finding]:
    """Two quantities of one column are the same number, whatever they are called."""
    by_source: dict[str, list[str]] = {}
    for name, source in mapping.columns.items():
        by_source.setdefault(source, []).append(name)
    for source, names in by_source.items():
        if len(names) > 1:
            text = f"{' and '.join(names)} are both read from the column {source!r}"
            yield Finding(name="one column twice", text=text)


def _column(mapping: TableMap, name: str, source: str) -> Column:
    if mapping.kind == "accounts":
        kinds = {"account": ColumnKind.TEXT, "round": ColumnKind.POSITIVE}
        known = name in (*ACCOUNTS, "equity", *OUTCOMES)
        return Column(
            name=name if known else FEATURE + name,
            source=source,
            kind=kinds.get(name, ColumnKind.NUMBER),
            required=name in ACCOUNTS,
        )
    kinds = dict.fromkeys(TEXTS, ColumnKind.TEXT) | {
        "time": ColumnKind.TIME,
        "coin": ColumnKind.COIN,
    }
    kinds |= dict.fromkeys(("price", "size", "mark", QUOTE), ColumnKind.POSITIVE)
    required = name in (*REQUIRED, "mark", QUOTE)
    kind = kinds.get(name, ColumnKind.NUMBER)
    return Column(name=name, source=source, kind=kind, required=required)


def _accounts(
    path: Path, table: pl.DataFrame, report: FileReport, name: str, source: str
) -> Loaded:
    for line, wave in (
        table.filter(pl.col("round") != pl.col("round").floor()).select("line", "round").iter_rows()
    ):
        raise InputError(f"{path} line {line}", wave, "a round as a whole number")
    table = table.with_columns(pl.col("round").cast(pl.Int64)).rename({"round": "wave"})
    for column in SAME:
        for wave, values in (
            table.group_by("wave").agg(pl.col(column).unique()).sort("wave").iter_rows()
        ):
            if len(values) > 1:
                expected = "one number in all rows of a round"
                raise InputError(f"{path}: {column} of round {wave}", sorted(values)[:3], expected)
    grouped = table.group_by("wave").agg(
        start_ms=pl.lit(None, pl.Int64),
        end_ms=pl.lit(None, pl.Int64),
        deficit=pl.col("deficit").first(),
        largest_loss=pl.lit(None, pl.Float64),
        needed=pl.col("needed").first(),
        capacity=pl.col("capacity").sum(),
        first=pl.col("line").min(),
        last=pl.col("line").max(),
        records=pl.len(),
    )
    rounds = grouped.sort("wave")
    origins = {
        row["wave"]: {"all": (Origin(file=str(path), **{name: row[name] for name in RANGE}),)}
        for row in rounds.iter_rows(named=True)
    }
    return Loaded(
        name=name,
        source=source,
        rounds=rounds.drop(RANGE),
        accounts=table.drop("line", *SAME).sort("wave", maintain_order=True),
        unavailable={} if "equity" in table.columns else {"equity": "no column is mapped to it"},
        look_ahead=("needed: known when the round is over",),
        origins=origins,
        reports=(report,),
        findings=tuple(of_files([report])),
        reconciled=tuple(of_rounds(rounds, (report,))),
    )
