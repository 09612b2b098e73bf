"""HyperReplay's tables: `adl_detailed_analysis_REALTIME.csv` and `adl_by_user_REALTIME.csv`.

The first comes plain, or enriched with columns `liquidated_*`, under the same name; only the
enriched one says what the liquidated accounts were worth. Its account values are those after the
last event of the replay, the same in every row of an account: they look ahead.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from adlopt.data.files.places import inside
from adlopt.data.loaders.columns import Column, Kind, require_columns
from adlopt.data.loaders.fills import Fills
from adlopt.data.loaders.lines import Progress
from adlopt.data.loaders.raw_tables import header_of, typed_blocks
from adlopt.data.loaders.records import TOLERANCE, FileReport, Tally
from adlopt.errors import InputError

if TYPE_CHECKING:
    import polars as pl

DETAIL = "adl_detailed_analysis_REALTIME.csv"
FOLDERS = ("", "data/canonical", "canonical")
"""Where the tables stand below the folder that is named."""
FILLS = ("20_fills.json", "21_fills.json")
RAW = ("", "data/raw", "raw")

DETAIL_COLUMNS = (
    Column(name="account", source="user", kind=Kind.TEXT),
    Column(name="coin", source="coin", kind=Kind.TEXT),
    Column(name="time", source="time", kind=Kind.TIME),
    Column(name="price", source="adl_price", kind=Kind.POSITIVE),
    Column(name="size", source="adl_size", kind=Kind.POSITIVE),
    Column(name="closed_pnl", source="closed_pnl", required=False),
    Column(name="position", source="position_size", required=False),
    Column(name="position_pnl", source="position_unrealized_pnl", required=False),
    Column(name="account_pnl", source="total_unrealized_pnl", required=False),
    Column(name="equity", source="total_equity", required=False),
    Column(name="leverage", source="leverage_realtime", required=False),
    Column(name="pnl_percent", source="pnl_percent", required=False),
    Column(name="loser", source="liquidated_user", kind=Kind.TEXT, required=False),
    Column(name="loser_equity", source="liquidated_total_equity", required=False),
)
USER_COLUMNS = (
    Column(name="account", source="user", kind=Kind.TEXT),
    Column(name="notional", source="adl_notional"),
    Column(name="closed_pnl", source="closed_pnl"),
    Column(name="leverage", source="leverage_realtime", required=False),
    Column(name="pnl_percent", source="pnl_percent", required=False),
    Column(name="account_value", source="account_value_realtime", required=False),
    Column(name="fills", source="num_adl_events", kind=Kind.POSITIVE),
)


def read_detail(
    path: str | Path, *, tolerance: float = TOLERANCE, progress: Progress = None
) -> Fills:
    """Read `adl_detailed_analysis_REALTIME.csv`, plain or enriched.

    Raises
    ------
    InputError
        If a required column is missing, or more than `tolerance` of the records do not parse.
    """
    with Fills.filling() as fills:
        add_detail(fills, Path(path), tolerance=tolerance, progress=progress)
    return fills


def add_detail(
    fills: Fills, path: Path, *, tolerance: float = TOLERANCE, progress: Progress = None
) -> None:
    """Append the table to fills."""
    header = header_of(path)
    require_columns(path, header, DETAIL_COLUMNS)
    has = [column.name for column in DETAIL_COLUMNS if column.source in header]
    tally = Tally(path, tolerance)
    blocks = typed_blocks(path, DETAIL_COLUMNS, tally, progress=progress)
    fills.add(path, blocks, has, tally)


def read_by_user(
    path: str | Path, *, tolerance: float = TOLERANCE, progress: Progress = None
) -> tuple[pl.DataFrame, FileReport]:
    """Read `adl_by_user_REALTIME.csv`: one row an account, no times, so no rounds.

    Raises
    ------
    InputError
        If a required column is missing, an account stands twice, or too much does not parse.
    """
    import polars as pl

    path = Path(path)
    tally = Tally(path, tolerance)
    table = pl.concat(list(typed_blocks(path, USER_COLUMNS, tally, progress=progress)))
    twice = table.filter(pl.col("account").is_first_distinct().not_())
    for line, account in twice.select("line", "account").iter_rows():
        tally.drop(line, account, "an account once")
    return table.unique("account", keep="first", maintain_order=True), tally.close()


def find_detail(path: Path) -> Path:
    """Return the detailed table: the file itself, or the one in a checkout of HyperReplay.

    Raises
    ------
    InputError
        If the folder has none.
    """
    if not path.is_dir():
        return path
    for folder in FOLDERS:
        found = inside(path, f"{folder}/{DETAIL}".lstrip("/"))
        if found.is_file():
            return found
    raise InputError("path", str(path), f"{DETAIL}, or a folder with it in data/canonical")


def find_node_fills(path: Path) -> list[Path]:
    """Node fills in a checkout of HyperReplay, if there are any.

    Raises
    ------
    InputError
        If one of its two hours is missing: what rounds needed would come out too small.
    """
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
    return []
