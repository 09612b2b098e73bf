"""What spreadsheets do to CSV files: separators, commas in numbers, blank lines and columns."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import TYPE_CHECKING

from adlopt.errors import InputError

if TYPE_CHECKING:
    import polars as pl

SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
POINT = "write 1234.5, with a point and without separators"


def other_separator(header: str) -> str:
    """Say how to mend a file whose header has no commas; nothing if there is nothing to mend.

    Examples
    --------
    >>> other_separator("time;coin;price"), other_separator("time")
    ('it is separated by semicolons: save it with commas', '')
    """
    found = next((name for mark, name in SEPARATORS.items() if mark in header), "")
    if "," in header or not found:
        return ""
    return f"it is separated by {found}: save it with commas"


def has_commas(cell: object) -> bool:
    """Whether a cell is a number but for commas.

    Examples
    --------
    >>> has_commas("2005,5"), has_commas("cheap, 7"), has_commas(2005.5)
    (True, False, False)
    """
    return re.fullmatch(r"[-+]?[\d., ]*\d,\d[\d.,]*", str(cell).strip()) is not None


def without_blanks(table: pl.DataFrame, path: Path) -> pl.DataFrame:
    """Drop lines and nameless columns in which nothing stands, as spreadsheets add them.

    Raises
    ------
    InputError
        If something stands in a column without a name.
    """
    import polars as pl

    for name in [each for each in table.columns if re.fullmatch(r"\s*(_duplicated_\d+)?", each)]:
        filled = (table[name].fill_null("").str.strip_chars() != "").arg_true()
        if len(filled):
            where = f"{path} line {line_of(path, filled[0])}"
            expected = "nothing in a column without a name"
            raise InputError(where, table[name][filled[0]], expected, remedy="name the column")
        table = table.drop(name)
    texts = pl.all().fill_null("").str.strip_chars() != ""
    return table.filter(pl.any_horizontal(texts)) if table.width else table


def line_of(path: Path, row: int) -> int:
    """Line, from 1, on which a record begins that is not blank, counted from 0 below the header."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        reader, first, records = csv.reader(file), 1, -2
        for cells in reader:
            records += any(map(str.strip, cells))
            if records == row:
                return first
            first = reader.line_num + 1
    return first
