"""Deleveraging fills of any source, one row each: the table that rounds are made from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

import polars as pl

from adlopt.data.loaders.records import Tally
from adlopt.scoring.quality import Finding
from adlopt.show.schema.loads import FileReport


class Spool:
    """A table of any size on disk, in Parquet blocks that are gone when the `with` block ends."""

    def __init__(self, schema: dict[str, type[pl.DataType]]) -> None:
        self.schema = schema
        self._folder = TemporaryDirectory(prefix="adlopt-")
        self._blocks = 0

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Delete the folder."""
        self._folder.cleanup()

    def write(self, block: pl.DataFrame) -> None:
        """Append a block; columns it lacks are null."""
        if block.is_empty() and self._blocks:
            return
        whole = [
            pl.col(name).cast(kind) if name in block.columns else pl.lit(None, kind).alias(name)
            for name, kind in self.schema.items()
        ]
        target = Path(self._folder.name) / f"{self._blocks:08d}.parquet"
        block.select(whole).write_parquet(target, compression="lz4")
        self._blocks += 1

    def scan(self) -> pl.LazyFrame:
        """All blocks, lazily."""
        if not self._blocks:
            return pl.LazyFrame(schema=self.schema)
        return pl.scan_parquet(Path(self._folder.name) / "*.parquet")


QUANTITIES = {
    "account": "who was deleveraged",
    "coin": "what was closed",
    "time": "milliseconds since 1970",
    "price": "USD a contract, of execution",
    "size": "contracts closed, > 0",
    "trade": "contracts, signed: bought > 0, sold < 0",
    "mark": "USD a contract, the venue's mark at the fill",
    "closed_pnl": "USD, realised by the fill",
    "fee": "USD",
    "position": "contracts, signed, before the fill",
    "position_pnl": "USD, unrealised on the position",
    "account_pnl": "USD, unrealised on all positions of the account",
    "equity": "USD, account value with unrealised PNL",
    "leverage": "notional over equity",
    "pnl_percent": "%, as the venue ranks",
    "loser": "whose liquidation it was",
    "loser_equity": "USD, equity of the liquidated account",
}
"""What a fill may carry; all but the first five may be missing from a source."""
REQUIRED = ("account", "coin", "time", "price", "size")
TEXTS = ("account", "coin", "loser")


def schema() -> dict[str, type[pl.DataType]]:
    """Columns of the table: `file` (index), `line`, `row` over all files, and the quantities."""
    kinds: dict[str, type[pl.DataType]] = dict.fromkeys(("file", "line", "row"), pl.Int64)
    for name in QUANTITIES:
        texts_else = pl.String if name in TEXTS else pl.Float64
        kinds[name] = pl.Int64 if name == "time" else texts_else
    return kinds


@dataclass(slots=True)
class Fills:
    """Deleveraging fills on disk, with what became of the files they came from.

    Use it in a `with` block: the table is gone when the block ends.

    Parameters
    ----------
    spool : Spool
        Columns `file` (index into `files`), `line`, `row` and those of `QUANTITIES`.
    files : list of Path
    available : set of str
        Quantities that the files have; the others are unavailable, not zero.
    reports : list of FileReport
    findings : list of Finding
        What is odd about them beyond what the table itself shows.
    rows : int
    """

    spool: Spool
    files: list[Path]
    available: set[str]
    reports: list[FileReport]
    findings: list[Finding] = field(default_factory=list)
    rows: int = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.spool.close()

    @classmethod
    def empty(cls) -> Fills:
        """Make a table without rows, to `add` files to."""
        return cls(spool=Spool(schema()), files=[], available=set(QUANTITIES), reports=[])

    @classmethod
    @contextmanager
    def filling(cls) -> Iterator[Fills]:
        """Make a table to fill and keep; it is gone if the block fails."""
        fills = cls.empty()
        try:
            yield fills
        except BaseException:
            fills.spool.close()
            raise

    def add(
        self, path: Path, blocks: Iterator[pl.DataFrame], has: Sequence[str], tally: Tally
    ) -> None:
        """Append a file's fills; only quantities that all files have are available."""
        index = len(self.files)
        self.files.append(path)
        for block in blocks:
            rows = pl.int_range(self.rows, self.rows + len(block), dtype=pl.Int64)
            self.spool.write(block.with_columns(file=pl.lit(index, pl.Int64), row=rows))
            self.rows += len(block)
        self.available &= set(has)
        self.reports.append(tally.close())

    def scan(self) -> pl.LazyFrame:
        """All fills, lazily, in the order of the files."""
        return self.spool.scan()

    def missing(self, wanted: Mapping[str, Sequence[str]]) -> dict[str, str]:
        """Say of each derived quantity whose inputs are missing which they are."""
        reasons = {}
        for name, inputs in wanted.items():
            absent = [each for each in inputs if each not in self.available]
            if absent:
                said = ", ".join(f"{each} ({QUANTITIES[each]})" for each in absent)
                reasons[name] = f"the files lack {said}"
        return reasons
