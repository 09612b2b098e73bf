"""HyperReplay's tables: `adl_detailed_analysis_REALTIME.csv` and `adl_by_user_REALTIME.csv`.

The first comes plain, or enriched with columns `liquidated_*`, under the same name; only the
enriched one says what the liquidated accounts were worth. Its account values are those after the
last event of the replay, the same in every row of an account: they look ahead.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Unpack

import polars as pl

from adlopt.data.files.places import inside
from adlopt.data.loaders.columns import Column, ColumnKind, require_columns
from adlopt.data.loaders.cutting import rounds_of
from adlopt.data.loaders.fills import Fills
from adlopt.data.loaders.loaded import Loaded
from adlopt.data.loaders.loader import Loader
from adlopt.data.loaders.node_fills import read_node_fills
from adlopt.data.loaders.oddities import not_read
from adlopt.data.loaders.options import Rules
from adlopt.data.loaders.published import by_wave_table
from adlopt.data.loaders.raw_tables import header_of, second_rows, table_of, typed_blocks
from adlopt.data.loaders.records import How, Tally
from adlopt.errors import InputError
from adlopt.show.schema.loads import FileReport

DETAIL = "adl_detailed_analysis_REALTIME.csv"
FOLDERS = ("", "data/canonical", "canonical")
"""Where the tables stand below the folder that is named."""
FILLS = ("20_fills.json", "21_fills.json")
IN_PARTS = "node_fills_*.lz4.part-aa"
RAW = ("", "data/raw", "raw")

DETAIL_COLUMNS = (
    Column(name="account", source="user", kind=ColumnKind.TEXT),
    Column(name="coin", source="coin", kind=ColumnKind.COIN),
    Column(name="time", source="time", kind=ColumnKind.TIME),
    Column(name="price", source="adl_price", kind=ColumnKind.POSITIVE),
    Column(name="size", source="adl_size", kind=ColumnKind.POSITIVE),
    Column(name="closed_pnl", source="closed_pnl", required=False),
    Column(name="position", source="position_size", required=False),
    Column(name="position_pnl", source="position_unrealized_pnl", required=False),
    Column(name="account_pnl", source="total_unrealized_pnl", required=False),
    Column(name="equity", source="total_equity", required=False),
    Column(name="leverage", source="leverage_realtime", required=False),
    Column(name="pnl_percent", source="pnl_percent", required=False),
    Column(name="loser", source="liquidated_user", kind=ColumnKind.TEXT, required=False),
    Column(name="loser_equity", source="liquidated_total_equity", required=False),
)
USER_COLUMNS = (
    Column(name="account", source="user", kind=ColumnKind.TEXT),
    Column(name="notional", source="adl_notional"),
    Column(name="closed_pnl", source="closed_pnl"),
    Column(name="leverage", source="leverage_realtime", required=False),
    Column(name="pnl_percent", source="pnl_percent", required=False),
    Column(name="account_value", source="account_value_realtime", required=False),
    Column(name="fills", source="num_adl_events", kind=ColumnKind.POSITIVE),
)
COIN_COLUMNS = (
    Column(name="coin", source="coin", kind=ColumnKind.COIN),
    Column(name="notional", source="adl_notional"),
    Column(name="closed_pnl", source="closed_pnl"),
    Column(name="accounts", source="num_users", kind=ColumnKind.POSITIVE),
    Column(name="fills", source="num_events", kind=ColumnKind.POSITIVE),
)


def read_detail(path: str | Path, **how: Unpack[How]) -> Fills:
    """Read `adl_detailed_analysis_REALTIME.csv`, plain or enriched.

    Raises
    ------
    InputError
        If a required column is missing, or more than the tolerance of the records do not parse.
    """
    path = Path(path)
    header = header_of(path)
    require_columns(path, header, DETAIL_COLUMNS)
    has = [column.name for column in DETAIL_COLUMNS if column.source in header]
    tally = Tally(path, **how)
    with Fills.filling() as fills:
        fills.add(path, typed_blocks(tally, DETAIL_COLUMNS), has, tally)
    return fills


def read_by_user(path: str | Path, **how: Unpack[How]) -> tuple[pl.DataFrame, FileReport]:
    """Read `adl_by_user_REALTIME.csv`: one row an account, no times, so no rounds.

    Raises
    ------
    InputError
        If a required column is missing, an account stands twice, or too much does not parse.
    """
    return _summed(path, USER_COLUMNS, "account", how)


def read_by_coin(path: str | Path, **how: Unpack[How]) -> tuple[pl.DataFrame, FileReport]:
    """Read `adl_by_coin_REALTIME.csv`, one row a coin, as `read_by_user` does."""
    return _summed(path, COIN_COLUMNS, "coin", how)


def _summed(
    path: str | Path, columns: Sequence[Column], key: str, how: How
) -> tuple[pl.DataFrame, FileReport]:
    tally = Tally(Path(path), **how)
    table = table_of(tally, columns)
    for line, name in second_rows(table, key):
        tally.drop(line, name, f"{key} once")
    return table.unique(key, keep="first", maintain_order=True), tally.close()


def find_detail(path: Path) -> Path:
    """Return the detailed table: the file itself, or the one in a checkout of HyperReplay."""
    if not path.is_dir():
        return path
    for folder in FOLDERS:
        found = inside(path, f"{folder}/{DETAIL}".lstrip("/"))
        if found.is_file():
            return found
    raise InputError("path", str(path), f"{DETAIL}, or a folder with it in data/canonical")


def find_node_fills(path: Path) -> list[Path]:
    """Node fills in a checkout of HyperReplay, both hours of them, if there are any."""
    if not path.is_dir():
        return []
    for folder in RAW:
        hours = [inside(path, f"{folder}/{name}".lstrip("/")) for name in FILLS]
        found = [each for each in hours if each.is_file()]
        if found and found != hours:
            remedy = "name the table and the fills one by one if they are all there are"
            raise InputError("path", str(found[0]), f"both {' and '.join(FILLS)}", remedy=remedy)
        if found:
            return found
        packed = [
            *(path / folder).glob("node_fills_*.lz4"),
            *(path / folder).glob(IN_PARTS),
        ]
        if packed:
            return [inside(path, str(each.relative_to(path))) for each in sorted(packed)]
    return []


def _read(paths: Sequence[Path], rules: Rules, how: How) -> Loaded:
    """Read the table; node fills, or the folder of the published figures, say what it lacks."""
    detail = find_detail(paths[0])
    folders = [path for path in paths[1:] if path.is_dir()]
    node = [path for path in paths[1:] if path not in folders] or find_node_fills(paths[0])
    name, source = "hyperreplay", ", ".join(path.name for path in [detail, *node, *folders])
    with read_detail(detail, **how) as fills, ExitStack() as open_fills:
        gaps = open_fills.enter_context(read_node_fills(node, **how)) if node else None
        for folder in folders:
            stated = by_wave_table(folder, rules.gap_ms)
            if rules.deficit_from is None and "loser_equity" not in fills.available:
                rules = replace(rules, deficit_from=stated)
            if rules.needed_from is None and gaps is None:
                rules = replace(rules, needed_from=stated)
        fills.findings += not_read(paths[0])
        return rounds_of(fills, name=name, source=source, rules=rules, gaps=gaps)


LOADER = Loader(
    kind="hyperreplay",
    takes="CHECKOUT (or its detailed table), then node fills or a folder of published figures",
    read=_read,
)
