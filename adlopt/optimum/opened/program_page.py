"""A program on a page: what is made least, its variables, and one row of each kind."""

from __future__ import annotations

from textwrap import shorten

import numpy as np

from adlopt.optimum.programs.stated import Batch, Stated
from adlopt.show.table import WIDTH
from adlopt.show.words import counted

TERMS = 4
"""Terms of a row that are printed; the rest are counted."""
BLOCKS = 7
"""Kinds of variables, and of rows, that are printed; the rest are counted."""


def heading(stated: Stated) -> str:
    """What a program is, in a line."""
    p = stated.program
    kind = "Linear program" if p.integer is None else "Mixed-integer program"
    sizes = ((p.cost.size, "variable"), (p.row_lower.size, "row"), (p.column.size, "coefficient"))
    return f"{kind}: {', '.join(counted(size, noun) for size, noun in sizes)}"


def of(stated: Stated) -> str:
    """Lay a program out in 24 lines of 80 columns at most."""
    names, p = stated.column_names(), stated.program
    costs = p.cost * stated.factor / stated.unit
    some = np.flatnonzero(costs)
    columns, rows = ([b for b in blocks if b.count] for blocks in (stated.columns, stated.rows))
    left = min(max(len(_short(b)) for b in (*columns, *rows)) + 2, 26)
    lines = [heading(stated), f"minimise {stated.criterion} = {_sum(costs, some, names)}"]
    lines += [
        f"  {_short(block, many=True):{left}} {block.count:,}{block.unit and ', ' + block.unit}"
        for block in columns[:BLOCKS]
    ]
    lines += _rest(len(columns), "kind of variables")
    lines.append("subject to")
    for block in rows[:BLOCKS]:
        lines.append(f"  {_short(block):{left}} {_row(stated, block.first, names)}")
        if block.count > 1:
            lines.append(f"  {'':{left}} {block.count:,} such rows")
    lines += _rest(len(rows), "kind of rows")
    low, high = (end[0] * stated.unit[0] for end in (p.lower, p.upper))
    more = ", …" if columns[0].count > 1 else ""
    lines.append(f"  {low:g} ≤ {names[0]} ≤ {high:.6g}{more}")
    return "\n".join(line if len(line) <= WIDTH else line[: WIDTH - 1] + "…" for line in lines)


def _short(block: Batch, *, many: bool = False) -> str:
    if block.keys is None:
        return block.name
    return f"{block.name}[…]" if many else shorten(next(iter(block)), 24, placeholder="…]")


def _rest(count: int, noun: str) -> list[str]:
    return [f"  {count - BLOCKS} more {noun}"] if count > BLOCKS else []


def _row(stated: Stated, row: int, names: list[str]) -> str:
    p, unit = stated.program, stated.row_unit[row]
    part = slice(p.start[row], p.start[row + 1])
    columns = p.column[part]
    values = np.zeros(p.cost.size)
    values[columns] = p.coefficient[part] * unit / stated.unit[columns]
    low, high = p.row_lower[row] * unit, p.row_upper[row] * unit
    middle = _sum(values, columns, names)
    if low == high:
        return f"{middle} = {low:.6g}"
    below = f"{low:.6g} ≤ " if np.isfinite(low) else ""
    return below + middle + (f" ≤ {high:.6g}" if np.isfinite(high) else "")


def _sum(values: np.ndarray, columns: np.ndarray, names: list[str]) -> str:
    words = []
    for j in columns[:TERMS].tolist():
        size = abs(values[j])
        factor = "" if size == 1 else f"{size:.6g} "
        words += ["-" if values[j] < 0 else "+", f"{factor}{names[j]}"]
    if len(columns) > TERMS:
        words += ["+", f"… ({len(columns) - TERMS:,} more)"]
    text = " ".join(words)
    return text.removeprefix("+ ") or "0"
