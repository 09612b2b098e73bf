"""A table of any size on disk, written block by block and read lazily."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl


class Spool:
    """A folder of Parquet blocks that is gone when the `with` block ends.

    Examples
    --------
    >>> import polars as pl
    >>> with Spool({"time": pl.Int64, "mark": pl.Float64}) as spool:
    ...     spool.write(pl.DataFrame({"time": [2, 1]}))
    ...     spool.scan().select("mark").collect()["mark"].to_list()
    [None, None]
    """

    def __init__(self, schema: dict[str, type[pl.DataType]]) -> None:
        self.schema = schema
        self._folder = TemporaryDirectory(prefix="adlopt-")
        self._blocks = 0

    def __enter__(self) -> Spool:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Delete the folder."""
        self._folder.cleanup()

    def write(self, block: pl.DataFrame) -> None:
        """Append a block; columns it lacks are null."""
        import polars as pl

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
        import polars as pl

        if not self._blocks:
            return pl.LazyFrame(schema=self.schema)
        return pl.scan_parquet(Path(self._folder.name) / "*.parquet")
