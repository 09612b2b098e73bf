"""What a record is worth, in dollars, also where it cannot be used: to see what a load leaves out.

Debt is what a liquidated account lacks, capacity what a winner may give, needed the gap between
mark and price of a fill, notional its price times its size.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

QUANTITIES_USD = ("debt", "capacity", "needed", "notional")
MARKS = str.maketrans({"\N{MINUS SIGN}": "-", "$": "", "_": "", "'": "", "\N{NO-BREAK SPACE}": ""})


def guess(text: object) -> float | None:
    """Read what a person would read in a cell that is no number to a machine; None if nothing.

    Examples
    --------
    >>> [guess(text) for text in ("-3,000,000", "1.250,5", "2005,5", "($400)", "N/A")]
    [-3000000.0, 1250.5, 2005.5, -400.0, None]
    """
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


def dollars(frame: pl.DataFrame) -> pl.DataFrame:
    """USD of each record, a column a quantity: of fills, or of winners; null where unknown."""
    import polars as pl

    has, made = frame.columns, {}
    if {"price", "size"} <= set(has):
        made["notional"] = pl.col("price") * pl.col("size")
        if "mark" in has:
            made["needed"] = (pl.col("mark") - pl.col("price")).abs() * pl.col("size")
        gains = [name for name in ("account_pnl", "position_pnl") if name in has]
        if gains:
            made["capacity"] = pl.max_horizontal(*gains).clip(lower_bound=0.0)
        if "loser_equity" in has:
            made["debt"] = -pl.col("loser_equity").clip(upper_bound=0.0)
    same = {"capacity": "capacity", "deficit": "debt", "notional": "notional"}
    made |= {ours: pl.col(name) for name, ours in same.items() if name in has and ours not in made}
    return frame.select(**{name: each.abs() for name, each in made.items()})
