"""Cells of tables: of any Arrow type, as spreadsheets write them, and as a person reads them.

What a cell does not hold becomes null; a type that can hold none of it is refused by its name.
"""

from __future__ import annotations

import csv
import math
import re
from pathlib import Path
from typing import TYPE_CHECKING

from adlopt.errors import InputError
from adlopt.foundation.ids import AS_TEXT, BLANKS, FLOAT, HIDDEN, NOBODY, Alike, folded

if TYPE_CHECKING:
    import polars as pl

MARKS = str.maketrans({"\N{MINUS SIGN}": "-", "$": "", "_": "", "'": "", "\N{NO-BREAK SPACE}": ""})


def account_column(column: pl.Series, field: str, alike: Alike = Alike.APART) -> pl.Series:
    """Read ids of accounts, null also where a program wrote that there is none, such as nan."""
    ids = id_column(column, field, alike)
    return _where(ids, ~ids.str.contains(NOBODY))


def id_column(column: pl.Series, field: str, alike: Alike = Alike.APART) -> pl.Series:
    """Read ids as texts: blanks stripped, bytes as 0x…, null where a cell has no id."""
    import polars as pl

    kind = column.dtype
    if kind == pl.Binary:
        text = "0x" + column.bin.encode("hex")
        return _where(text, text != "0x")
    text_like = kind in (pl.String, pl.Categorical, pl.Enum, pl.Null)
    if not text_like and not kind.is_integer() and not (kind.is_decimal() and _scale(kind) == 0):
        remedy = AS_TEXT if kind.is_numeric() else ""
        raise InputError(field, str(kind), "text, whole numbers or bytes", remedy=remedy)
    text = column.cast(pl.String).str.strip_chars(BLANKS)
    if alike is Alike.SAME:
        names = text.drop_nulls().unique()
        text = text.replace_strict(names, [folded(n) for n in names], return_dtype=pl.String)
    return _where(text, ~text.str.contains(f"{HIDDEN}|{FLOAT}"))


def number_column(column: pl.Series, field: str) -> pl.Series:
    """Read numbers as floats; null where a cell has none, such as NaN."""
    import polars as pl

    column = plain(column)
    if column.dtype not in (pl.String, pl.Null) and not column.dtype.is_numeric():
        raise InputError(field, str(column.dtype), "numbers")
    numbers = column.cast(pl.Float64, strict=False)
    return _where(numbers, numbers.is_finite())


def plain(column: pl.Series) -> pl.Series:
    """Texts without the blanks around them, of whatever type texts are; the rest as it is."""
    import polars as pl

    texts = column.cast(pl.String) if column.dtype in (pl.Categorical, pl.Enum) else column
    return texts.str.strip_chars(BLANKS) if texts.dtype == pl.String else texts


def _scale(kind: pl.DataType) -> int:
    return int(getattr(kind, "scale", 0))


def _where(values: pl.Series, mask: pl.Series) -> pl.Series:
    """Keep values where the mask holds, null elsewhere."""
    import polars as pl

    return pl.select(pl.when(mask).then(values)).to_series().rename(values.name)


SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
POINT = "write 1234.5, with a point and without separators"


def other_separator(header: str) -> str:
    """Say how to mend a file whose header has no commas; nothing if nothing is to be mended."""
    found = next((name for mark, name in SEPARATORS.items() if mark in header), "")
    if "," in header or not found:
        return ""
    return f"it is separated by {found}: save it with commas"


def has_commas(cell: object) -> bool:
    """Whether a cell is a number but for commas."""
    return re.fullmatch(r"[-+]?[\d., ]*\d,\d[\d.,]*", str(cell).strip()) is not None


def without_blanks(table: pl.DataFrame, path: Path) -> pl.DataFrame:
    """Drop lines and nameless columns in which nothing stands, as spreadsheets add them."""
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


def guess(text: object) -> float | None:
    """Read what a person would read in a cell that is no number to a machine; None if nothing."""
    plain = str(text).translate(MARKS).replace(" ", "")
    if plain.startswith("(") and plain.endswith(")"):
        plain = f"-{plain[1:-1]}"
    decimal = plain.rfind(",") > plain.rfind(".") and not re.fullmatch(r"-?\d{1,3}(,\d{3})+", plain)
    plain = plain.replace(".", "").replace(",", ".") if decimal else plain.replace(",", "")
    try:
        number = float(plain)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
