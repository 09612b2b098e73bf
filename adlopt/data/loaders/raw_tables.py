"""Raw tables, block by block: CSV, JSON lines, JSON and Parquet files of any size."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from adlopt.data.files.places import existing_file
from adlopt.data.loaders.columns import Column, require_columns, typed
from adlopt.data.loaders.lines import Progress, blocks_of_lines
from adlopt.data.loaders.records import Tally
from adlopt.errors import InputError, did_you_mean, nearest

if TYPE_CHECKING:
    import polars as pl

ROWS = 1 << 17
"""Rows of a Parquet table read at a time."""
LARGEST_JSON = 1 << 30
"""Bytes of a JSON array, which is read whole; larger ones belong in JSON lines."""
NOT_UTF8 = "\N{REPLACEMENT CHARACTER}"


def typed_blocks(
    path: Path,
    columns: Sequence[Column],
    tally: Tally,
    *,
    unit: str = "ms",
    progress: Progress = None,
) -> Iterator[pl.DataFrame]:
    """Yield blocks of the table with our column names and the column `line`.

    A record of a CSV file is one line: a quoted line break is not understood, and rejected.

    Raises
    ------
    InputError
        If the file cannot be read or lacks a required column.
    """
    readers = {
        ".csv": _csv_blocks,
        ".jsonl": _jsonl_blocks,
        ".ndjson": _jsonl_blocks,
        ".json": _json_blocks,
        ".parquet": _parquet_blocks,
    }
    suffix = Path(path.name.removesuffix(".lz4")).suffix
    if suffix not in readers:
        near = did_you_mean(nearest(suffix, readers))
        raise InputError(
            "file", str(path), f"a file that ends in {', '.join(readers)}", remedy=near
        )
    empty = True
    for raw in readers[suffix](path, tally, progress):
        if empty:
            require_columns(path, raw.columns, columns)
        empty = False
        present = [column for column in columns if column.source in raw.columns]
        yield typed(raw, present, tally, unit=unit)
    if empty:
        raise InputError(str(path), "no records", "at least one")


def header_of(path: Path) -> list[str]:
    """Return the column names of a CSV file.

    Raises
    ------
    InputError
        If the file is empty, or names a column twice.
    """
    for _, lines in blocks_of_lines(path):
        return _header(lines[0], path)
    raise InputError(str(path), "an empty file", "a header and records")


def _header(line: str, path: Path) -> list[str]:
    names = [name.strip() for name in next(csv.reader([line]), [])]
    for index, name in enumerate(names):
        if not name or name in names[:index] or name == "line":
            expected = "names, each used once, other than 'line'"
            raise InputError(f"{path} line 1", name, expected)
    if not names:
        raise InputError(f"{path} line 1", line, "a header")
    return names


def _csv_blocks(path: Path, tally: Tally, progress: Progress) -> Iterator[pl.DataFrame]:
    names: list[str] = []
    for first, lines in blocks_of_lines(path, progress=progress):
        if not names:
            names = _header(lines[0], path)
            yield _split(lines[1:], first + 1, names, tally)
        else:
            yield _split(lines, first, names, tally)


def _split(lines: list[str], first: int, names: list[str], tally: Tally) -> pl.DataFrame:
    import polars as pl

    frame = pl.DataFrame(
        {"line": pl.int_range(first, first + len(lines), eager=True), "text": lines},
        schema_overrides={"text": pl.String},
    )
    blank = frame["text"].str.strip_chars() == ""
    tally.skip("blank", int(blank.sum()))
    quoted = frame["text"].str.contains('"', literal=True)
    broken = frame["text"].str.contains(NOT_UTF8, literal=True)
    fields = frame["text"].str.count_matches(",", literal=True) + 1 == len(names)
    plain = frame.filter(~blank & ~quoted & ~broken & fields)
    odd = frame.filter(~blank & (quoted | broken | ~fields))
    parts = plain["text"].str.split_exact(",", len(names) - 1).struct.unnest()
    parts.columns = names
    split = parts.select(plain["line"], *names)
    rows = [cells for line, text in odd.iter_rows() if (cells := _cells(line, text, names, tally))]
    if not rows:
        return split
    schema = dict.fromkeys(names, pl.String)
    others = pl.DataFrame(rows, schema={"line": pl.Int64, **schema}, orient="row")
    return pl.concat([split, others]).sort("line")


def _cells(line: int, text: str, names: list[str], tally: Tally) -> list[Any] | None:
    if NOT_UTF8 in text:
        tally.reject(line, text, "UTF-8 text")
        return None
    try:
        cells = next(csv.reader([text], strict=True))
    except (csv.Error, StopIteration) as error:
        tally.reject(line, text, f"a record on one line ({error})")
        return None
    if len(cells) != len(names):
        tally.reject(line, f"{len(cells)} fields: {text}", f"{len(names)} fields")
        return None
    return [line, *cells]


def _jsonl_blocks(path: Path, tally: Tally, progress: Progress) -> Iterator[pl.DataFrame]:
    names: dict[str, None] = {}
    for first, lines in blocks_of_lines(path, progress=progress):
        records = []
        for line, text in enumerate(lines, start=first):
            record = decoded(line, text, tally)
            if record is not None:
                records.append((line, record))
        for _, record in records:
            names |= dict.fromkeys(name for name in record if name != "line")
        yield _records(records, list(names), tally)


def decoded(line: int, text: str, tally: Tally) -> dict[str, Any] | None:
    """Decode one line that must be a JSON object; None if it is blank or rejected."""
    if not text.strip():
        tally.skip("blank")
        return None
    if NOT_UTF8 in text:
        tally.reject(line, text, "UTF-8 text")
        return None
    try:
        record = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        tally.reject(line, text, f"JSON ({str(error)[:60]})")
        return None
    if not isinstance(record, dict):
        tally.reject(line, text, "a JSON object")
        return None
    return record


def _records(
    records: list[tuple[int, dict[str, Any]]], names: list[str], tally: Tally
) -> pl.DataFrame:
    import polars as pl

    rows = []
    for line, record in records:
        odd = [name for name in names if isinstance(record.get(name), (list, dict))]
        if odd:
            tally.reject(line, repr(record[odd[0]]), f"a number or a text in {odd[0]!r}")
        else:
            rows.append([line, *(_as_text(record.get(name)) for name in names)])
    schema = {"line": pl.Int64, **dict.fromkeys(names, pl.String)}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _as_text(value: Any) -> str | None:
    """Write a JSON value so that it reads back exactly; booleans are no numbers."""
    return None if value is None else value if isinstance(value, str) else repr(value)


def _json_blocks(path: Path, tally: Tally, progress: Progress) -> Iterator[pl.DataFrame]:
    records = json_array(path, progress)
    names = list(dict.fromkeys(n for r in records if isinstance(r, dict) for n in r if n != "line"))
    numbered = []
    for row, record in enumerate(records, start=1):
        if isinstance(record, dict):
            numbered.append((row, record))
        else:
            tally.reject(row, repr(record), "a JSON object")
    yield _records(numbered, names, tally)


def json_array(path: Path, progress: Progress = None) -> list[Any]:
    """Read a JSON file that is one array.

    Raises
    ------
    InputError
        If it is not, is not well formed, or is too large to be read whole.
    """
    parts: list[str] = []
    size = 0
    for _, lines in blocks_of_lines(path, longest=LARGEST_JSON, progress=progress):
        size += sum(map(len, lines))
        if size > LARGEST_JSON:
            remedy = "write it as JSON lines (.jsonl)"
            raise InputError(
                str(path), f"{size:,} bytes", f"at most {LARGEST_JSON:,}", remedy=remedy
            )
        parts += lines
    try:
        found = msgspec.json.decode("\n".join(parts))
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        raise InputError("file", str(path), f"well-formed JSON ({str(error)[:80]})") from None
    if not isinstance(found, list):
        raise InputError(str(path), type(found).__name__, "a JSON array")
    return found


def _parquet_blocks(path: Path, tally: Tally, progress: Progress) -> Iterator[pl.DataFrame]:
    import polars as pl

    try:
        lazy = pl.scan_parquet(existing_file(path), glob=False)
        rows = lazy.select(pl.len()).collect().item()
        for offset in range(0, rows, ROWS):
            block = lazy.slice(offset, ROWS).collect()
            if progress is not None:
                progress(f"{path.name}, row {offset:,} of {rows:,}")
            numbers = pl.int_range(offset + 1, offset + 1 + len(block), eager=True, dtype=pl.Int64)
            yield block.drop("line", strict=False).insert_column(0, numbers.alias("line"))
    except (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        reason = str(error).splitlines()[0]
        raise InputError("file", str(path), f"a readable table ({reason})") from None
