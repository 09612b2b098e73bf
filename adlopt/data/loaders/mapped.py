"""Any CSV, JSON or Parquet table, by a TOML file that says what its columns mean.

::

    kind = "fills"                 # one row a deleveraging fill; or "accounts": a winner of a round
    name = "my venue"
    time_unit = "ms"               # or s, us, ns, iso

    [columns]                      # ours = theirs
    account = "trader"
    coin = "market"
    time = "ts"
    price = "exec_price"
    size = "qty"
    mark = "mark_price"            # for what the round needed
    loser = "bankrupt"             # for the deficit
    loser_equity = "bankrupt_equity"
    position_pnl = "upnl"          # or account_pnl: for the capacity

    [rules]                        # of fills: how rounds are cut
    gap_ms = 5000
    per_coin = false
    deficit = "increment"          # or published
    capacity = "position"          # or position-max, account, account-max

Accounts have the columns round, account, capacity, deficit and needed, optionally equity; every
other column named is a feature.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Literal

import msgspec

from adlopt.data.files.places import existing_file
from adlopt.data.loaders.columns import UNITS, Column, Kind
from adlopt.data.loaders.cutting import rounds_of
from adlopt.data.loaders.fills import QUANTITIES, REQUIRED, TEXTS, Fills
from adlopt.data.loaders.lines import Progress
from adlopt.data.loaders.loaded import Loaded
from adlopt.data.loaders.options import Capacity, Deficit, Rules
from adlopt.data.loaders.raw_tables import typed_blocks
from adlopt.data.loaders.records import TOLERANCE, Origin, Tally
from adlopt.errors import InputError, unknown

ACCOUNTS = ("round", "account", "capacity", "deficit", "needed")
SAME = ("deficit", "needed")
"""Columns that say the same in every row of a round."""


class RulesEntry(msgspec.Struct, forbid_unknown_fields=True):
    """How rounds are cut."""

    gap_ms: int = 5_000
    per_coin: bool = False
    deficit: Deficit = Deficit.INCREMENT
    capacity: Capacity = Capacity.POSITION


class TableMap(msgspec.Struct, forbid_unknown_fields=True):
    """What the columns of a table mean."""

    kind: Literal["fills", "accounts"]
    columns: dict[str, str]
    name: str | None = None
    source: str = ""
    time_unit: Literal["s", "ms", "us", "ns", "iso"] = "ms"
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
    fills = mapping.kind == "fills"
    for name in REQUIRED if fills else ACCOUNTS:
        if name not in mapping.columns:
            raise InputError(f"{path}: columns.{name}", None, "the name of the table's column")
    for name, source in mapping.columns.items():
        if fills and name not in QUANTITIES:
            raise unknown(f"{path}: columns", name, QUANTITIES)
        if not source:
            raise InputError(f"{path}: columns.{name}", source, "the name of the table's column")
    if not fills and mapping.rules is not None:
        raise InputError(f"{path}: rules", "given", "none, as accounts say their round")
    return mapping


def read_mapped(
    path: str | Path,
    mapping: TableMap,
    *,
    tolerance: float = TOLERANCE,
    progress: Progress = None,
) -> Loaded:
    """Read a table whose columns are mapped.

    Raises
    ------
    InputError
        If a column is missing, too much does not parse, or rounds contradict themselves.
    """
    path = Path(path)
    if mapping.time_unit not in UNITS:
        raise unknown("time_unit", mapping.time_unit, UNITS)
    tally = Tally(path, tolerance)
    columns = tuple(_column(mapping, *pair) for pair in mapping.columns.items())
    blocks = typed_blocks(path, columns, tally, unit=mapping.time_unit, progress=progress)
    if mapping.kind == "accounts":
        return _accounts(path, mapping, blocks, tally)
    rules = mapping.rules or RulesEntry()
    with Fills.empty() as fills:
        fills.add(path, blocks, tuple(mapping.columns), tally)
        return rounds_of(
            fills,
            name=mapping.name or path.stem,
            source=mapping.source or path.name,
            rules=Rules(**msgspec.structs.asdict(rules)),
        )


def _column(mapping: TableMap, name: str, source: str) -> Column:
    if mapping.kind == "accounts":
        kinds = {"account": Kind.TEXT, "round": Kind.POSITIVE}
        return Column(name=name, source=source, kind=kinds.get(name, Kind.NUMBER))
    kinds = dict.fromkeys(TEXTS, Kind.TEXT) | {"time": Kind.TIME}
    kinds |= dict.fromkeys(("price", "size", "mark"), Kind.POSITIVE)
    required = name in REQUIRED or name == "mark"
    kind = kinds.get(name, Kind.NUMBER)
    return Column(name=name, source=source, kind=kind, required=required)


def _accounts(path: Path, mapping: TableMap, blocks: Any, tally: Tally) -> Loaded:
    import polars as pl

    table = pl.concat(list(blocks)).with_columns(wave=pl.col("round")).drop("round")
    for line, wave in (
        table.filter(pl.col("wave") != pl.col("wave").floor()).select("line", "wave").iter_rows()
    ):
        raise InputError(f"{path} line {line}", wave, "a round as a whole number")
    table = table.with_columns(pl.col("wave").cast(pl.Int64))
    for name in SAME:
        for wave, values in (
            table.group_by("wave").agg(pl.col(name).unique()).sort("wave").iter_rows()
        ):
            if len(values) > 1:
                expected = "one number in all rows of a round"
                raise InputError(f"{path}: {name} of round {wave}", sorted(values)[:3], expected)
    report = tally.close()
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
        row["wave"]: {"all": (Origin(str(path), row["first"], row["last"], row["records"]),)}
        for row in rounds.iter_rows(named=True)
    }
    return Loaded(
        name=mapping.name or path.stem,
        source=mapping.source or path.name,
        rounds=rounds.drop("first", "last", "records"),
        accounts=table.drop("line", *SAME).sort("wave", maintain_order=True),
        unavailable={} if "equity" in table.columns else {"equity": "no column is mapped to it"},
        look_ahead=("needed: known when the round is over",),
        origins=origins,
        reports=(report,),
    )
