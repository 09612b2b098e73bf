"""Raw tables, block by block: CSV, JSON lines, JSON and Parquet files of any size."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import polars as pl

from adlopt.data.cells import other_separator
from adlopt.data.files.places import existing_file
from adlopt.data.loaders.columns import Column, Finish, require_columns, typed
from adlopt.data.loaders.lines import blocks_of_lines
from adlopt.data.loaders.records import How, Malformed, Tally
from adlopt.errors import InputError, did_you_mean, nearest
from adlopt.foundation.ids import Alike
from adlopt.foundation.strict_json import decode
from adlopt.show.schema.loads import FileReport

T = TypeVar("T")
ROWS = 1 << 17
"""Rows of a Parquet table read at a time."""
LARGEST_JSON = 1 << 30
"""Bytes of a JSON array, which is read whole; larger ones belong in JSON lines."""
NOT_UTF8 = "\N{REPLACEMENT CHARACTER}"


Block: TypeAlias = tuple[pl.Series, pl.DataFrame]
"""Lines or rows that records of a table stand on, and these."""


def typed_blocks(
    tally: Tally, columns: Sequence[Column], finish: Finish = None, also: Iterable[str] = ()
) -> Iterator[pl.DataFrame]:
    """Yield blocks of the table with our column names and the column `line`.

    `also` are columns of the file that must be there, if only with empty cells.

    A record of a CSV file is one line: a quoted line break is not understood, and rejected.
    """
    readers = {
        ".csv": _csv_blocks,
        ".jsonl": _jsonl_blocks,
        ".ndjson": _jsonl_blocks,
        ".json": _json_blocks,
        ".parquet": _parquet_blocks,
    }
    path = tally.file
    suffix = Path(path.name.removesuffix(".lz4")).suffix
    if suffix not in readers:
        near = did_you_mean(nearest(suffix, readers))
        expected = f"a file that ends in {', '.join(readers)}"
        raise InputError("file", str(path), expected, remedy=near)
    empty = True
    sources = [*(column.source for column in columns), *tally.where]
    for lines, raw in readers[suffix](tally, list(dict.fromkeys(sources))):
        if empty:
            require_columns(path, raw.columns, columns, (*tally.where, *also))
        empty = False
        if tally.where:
            meant = [pl.col(name).cast(pl.String) == value for name, value in tally.where.items()]
            chosen = raw.select(pl.all_horizontal(meant).fill_null(False)).to_series()
            tally.skip("other records", int((~chosen).sum()))
            lines, raw = lines.filter(chosen), raw.filter(chosen)  # noqa: PLW2901
        present = [column for column in columns if column.source in raw.columns]
        yield typed(lines, raw, present, tally, finish)
    if empty:
        raise InputError(str(path), "no records", "at least one")


def table_of(tally: Tally, columns: Sequence[Column], also: Iterable[str] = ()) -> pl.DataFrame:
    """Read a small table whole."""
    return pl.concat(list(typed_blocks(tally, columns, also=also)))


def closed_table(
    path: Path, columns: Sequence[Column], how: How
) -> tuple[pl.DataFrame, FileReport]:
    """Read a small table whole, with the report on it."""
    tally = Tally(path, **how)
    return table_of(tally, columns), tally.close()


def second_rows(table: pl.DataFrame, *keys: str) -> Iterator[tuple[int, Any]]:
    """Lines of rows whose keys stand in a row above, and the last of their keys."""
    second = table.filter(~pl.struct(keys).is_first_distinct())
    return second.select("line", keys[-1]).iter_rows()


def refuse_second_rows(table: pl.DataFrame, path: str | Path, *keys: str) -> None:
    """Refuse the first row whose keys stand in a row above."""
    for line, found in second_rows(table, *keys):
        raise InputError(f"{path} line {line}", found, f"{' and '.join(keys)} once")


def header_of(path: Path) -> list[str]:
    """Return the column names of a CSV file."""
    for _, lines in blocks_of_lines(Tally(path)):
        return [name for name in _header(lines[0], path) if name]
    raise InputError(str(path), "an empty file", "a header and records")


def _header(line: str, path: Path) -> list[str]:
    """Names of columns; those at the end, of commas that a spreadsheet adds, may be empty."""
    names = [name.strip() for name in next(csv.reader([line]), [])]
    named = max((index + 1 for index, name in enumerate(names) if name), default=0)
    for index, name in enumerate(names[:named]):
        if not name or name in names[:index]:
            raise InputError(f"{path} line 1", name, "names, each used once")
    if not named:
        raise InputError(f"{path} line 1", line, "a header")
    if remedy := other_separator(line):
        raise InputError(f"{path} line 1", line, "names with commas between them", remedy=remedy)
    return names


def _csv_blocks(tally: Tally, sources: Sequence[str]) -> Iterator[Block]:
    names: list[str] = []
    for first, lines in blocks_of_lines(tally):
        if not names:
            names = _header(lines[0], tally.file)
            yield _split(lines[1:], first + 1, names, tally)
        else:
            yield _split(lines, first, names, tally)


def _split(lines: list[str], first: int, names: list[str], tally: Tally) -> Block:
    frame = pl.DataFrame(
        {"line": pl.int_range(first, first + len(lines), eager=True), "text": lines},
        schema_overrides={"text": pl.String},
    )
    blank = frame["text"].str.strip_chars(", \t\r") == ""
    tally.skip("blank", int(blank.sum()))
    quoted = frame["text"].str.contains('"', literal=True)
    broken = frame["text"].str.contains(NOT_UTF8, literal=True)
    fields = frame["text"].str.count_matches(",", literal=True) + 1 == len(names)
    plain = frame.filter(~blank & ~quoted & ~broken & fields)
    odd = frame.filter(~blank & (quoted | broken | ~fields))
    parts = plain["text"].str.split_exact(",", len(names) - 1).struct.unnest()
    numbered = [f"{index} {name}" for index, name in enumerate(names)]
    parts.columns = numbered
    rows = [cells for line, text in odd.iter_rows() if (cells := _cells(line, text, names, tally))]
    schema = {"line": pl.Int64, **dict.fromkeys(numbered, pl.String)}
    others = pl.DataFrame(rows, schema=schema, orient="row")
    whole = pl.concat([parts.select(plain["line"].cast(pl.Int64), *numbered), others]).sort("line")
    nameless = [name for name, given in zip(numbered, names, strict=True) if not given]
    if nameless:
        text = whole.select(pl.concat_str(nameless, ignore_nulls=True)).to_series()
        stray = text.str.strip_chars() != ""
        for line, found in whole.select("line", text=text).filter(stray).iter_rows():
            tally.reject(line, found, "nothing in a column without a name")
        whole = whole.filter(~stray)
    return (
        whole["line"],
        whole.select(pl.col(f"{i} {name}").alias(name) for i, name in enumerate(names) if name),
    )


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


def _jsonl_blocks(tally: Tally, sources: Sequence[str]) -> Iterator[Block]:
    found: dict[str, None] = {}
    for first, lines in blocks_of_lines(tally):
        records = []
        for line, text in enumerate(lines, start=first):
            record = decoded(line, text, tally)
            if record is not None:
                records.append((line, record))
                found |= dict.fromkeys(name for name in sources if name in record)
        yield _records(records, list(found), tally)


def decoded(line: int, text: str, tally: Tally) -> dict[str, Any] | None:
    """Decode one line that must be a JSON object; None if it is blank or rejected."""
    if not text.strip():
        tally.skip("blank")
        return None
    if NOT_UTF8 in text:
        tally.reject(line, text, "UTF-8 text")
        return None
    try:
        record = decode(text)
    except ValueError as error:
        tally.reject(line, text, f"JSON ({str(error)[:60]})")
        return None
    if not isinstance(record, dict):
        tally.reject(line, text, "a JSON object", whole=True)
        return None
    return record


def each_object(tally: Tally) -> Iterator[tuple[int, dict[str, Any]]]:
    """JSON objects of lines, each with its number; what is none is rejected."""
    for first, lines in blocks_of_lines(tally):
        for line, text in enumerate(lines, start=first):
            record = decoded(line, text, tally)
            if record is not None:
                yield line, record


def decoded_lines(tally: Tally) -> Iterator[tuple[int, dict[str, Any]]]:
    """JSON objects with their lines: one a line of a .jsonl file; any other file is one."""
    if tally.file.suffix == ".jsonl":
        yield from each_object(tally)
        return
    record = decoded(1, _whole(tally), tally)
    if record is not None:
        yield 1, record


def events_of(tally: Tally, read: Callable[[Any, Alike], T]) -> Iterator[tuple[int, list[T]]]:
    """Yield what `read` makes of the events of blocks, a block a line, with its number.

    Blocks are `{"events": […]}`. What raises `Malformed` is rejected with what it is worth.
    """
    for line, block in each_object(tally):
        events = block.get("events")
        if isinstance(events, list):
            numbered = ((line, event) for event in events)
            yield line, list(read_each(numbered, tally, lambda each: read(each, tally.alike)))
        else:
            tally.reject(line, repr(events), "a block with a list of events", whole=True)


def read_each(
    records: Iterator[tuple[int, Any]], tally: Tally, read: Callable[[Any], T]
) -> Iterator[T]:
    """Yield what `read` makes of each record; what raises `Malformed` is rejected."""
    for line, record in records:
        try:
            yield read(record)
        except Malformed as error:
            tally.reject(line, error.found, error.expected, error.usd, whole=True)


def _records(records: list[tuple[int, dict[str, Any]]], names: list[str], tally: Tally) -> Block:
    lines, rows = [], []
    for line, record in records:
        odd = [name for name in names if isinstance(record.get(name), (list, dict, bool))]
        if odd:
            tally.reject(
                line, repr(record[odd[0]]), f"a number or a text in {odd[0]!r}", whole=True
            )
        else:
            lines.append(line)
            cells = (record.get(name) for name in names)
            # A number is written so that it reads back exactly.
            rows.append([v if v is None or isinstance(v, str) else repr(v) for v in cells])
    schema = dict.fromkeys(names, pl.String)
    return (
        pl.Series("line", lines, dtype=pl.Int64),
        pl.DataFrame(rows, schema=schema, orient="row"),
    )


def _json_blocks(tally: Tally, sources: Sequence[str]) -> Iterator[Block]:
    numbered = []
    for row, record in enumerate(json_array(tally), start=1):
        if isinstance(record, dict):
            numbered.append((row, record))
        else:
            tally.reject(row, repr(record), "a JSON object")
    found = [name for name in sources if any(name in record for _, record in numbered)]
    yield _records(numbered, found, tally)


def json_array(tally: Tally) -> list[Any]:
    """Read a JSON file that is one array."""
    path = tally.file
    try:
        found = decode(_whole(tally))
    except ValueError as error:
        raise InputError("file", str(path), f"well-formed JSON ({str(error)[:80]})") from None
    if not isinstance(found, list):
        raise InputError(str(path), type(found).__name__, "a JSON array")
    return found


def _whole(tally: Tally) -> str:
    parts, size = [], 0
    for _, lines in blocks_of_lines(tally, longest=LARGEST_JSON):
        size += sum(map(len, lines))
        if size > LARGEST_JSON:
            most, remedy = f"at most {LARGEST_JSON:,}", "write it as JSON lines (.jsonl)"
            raise InputError(str(tally.file), f"{size:,} bytes", most, remedy=remedy)
        parts += lines
    tally.unended = None
    return "\n".join(parts)


def _parquet_blocks(tally: Tally, sources: Sequence[str]) -> Iterator[Block]:
    path = tally.file
    try:
        lazy = pl.scan_parquet(existing_file(path), glob=False)
        found = lazy.collect_schema().names()
        wanted = lazy.select(name for name in sources if name in found)
        rows = lazy.select(pl.len()).collect().item()
        for offset in range(0, rows, ROWS):
            table = wanted.slice(offset, ROWS).collect()
            if tally.progress is not None:
                tally.progress(f"{path.name}, row {offset:,} of {rows:,}")
            numbers = pl.int_range(offset + 1, offset + 1 + len(table), eager=True, dtype=pl.Int64)
            yield numbers, table
    except (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        reason = str(error).splitlines()[0]
        raise InputError("file", str(path), f"a readable table ({reason})") from None
