"""Columns of tables of any Arrow type: read rightly, or refused by the name of their type.

What a cell does not hold becomes null; a type that can hold none of it is refused as a whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from adlopt.errors import InputError
from adlopt.foundation.ids import AS_TEXT, BLANKS, FLOAT, Alike

if TYPE_CHECKING:
    import polars as pl


def id_column(column: pl.Series, field: str, alike: Alike = Alike.APART) -> pl.Series:
    r"""Read ids as texts: blanks stripped, bytes as 0x…, null where a cell has no id.

    Raises
    ------
    InputError
        If the type holds no ids: floats, fractions, times, lists.

    Examples
    --------
    >>> import polars as pl
    >>> id_column(pl.Series([b"\xab", None]), "user").to_list()
    ['0xab', None]
    >>> id_column(pl.Series([7.0]), "user")
    Traceback (most recent call last):
    adlopt.errors.InputError: user is 'Float64': expected text, whole numbers or bytes; write ids
    as text or whole numbers: a float stands for several of them
    """
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
        text = text.str.replace_all(f"[{BLANKS}]", "").str.to_lowercase()
    return _where(text, (text != "") & ~text.str.contains(FLOAT))


def number_column(column: pl.Series, field: str) -> pl.Series:
    """Read numbers as floats; null where a cell has none, such as NaN.

    Raises
    ------
    InputError
        If the type holds no numbers: booleans, times, lists, bytes.

    Examples
    --------
    >>> import polars as pl
    >>> number_column(pl.Series([" 2.5", "cheap", "1e400"]), "price").to_list()
    [2.5, None, None]
    """
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
