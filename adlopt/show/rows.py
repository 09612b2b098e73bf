"""Rows of an answer for files and papers: CSV, and LaTeX of the package booktabs.

Columns have the names of `to_frame`, in both.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterator
from typing import Any

from adlopt.show.answer import Tabular, plain
from adlopt.show.table import Table

_SPECIAL = {each: f"\\{each}" for each in "&%$#_{}"}
_SPECIAL |= {
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "\n": " ",
    **{letter: f"$\\{name}$" for letter, name in zip("θλσηΣ∞≤≥", (
        "theta", "lambda", "sigma", "eta", "Sigma", "infty", "le", "ge"), strict=True)},
    "½": r"$\frac12$", "₁": "$_1$", "−": "$-$", "–": "--",
}  # fmt: skip
_ESCAPES = str.maketrans(_SPECIAL)


def as_csv(table: Tabular | Table) -> str:
    """Write all rows as CSV, numbers at full precision; what is not known is empty."""
    names, rows = _rows(table)
    target = io.StringIO()
    csv.writer(target, lineterminator="\n").writerows([names, *map(_flat, rows)])
    return target.getvalue()


def as_latex(table: Tabular | Table) -> str:
    """Write all rows as a LaTeX table, money to the cent, columns that are empty left out."""
    names, rows = _rows(table)
    held = [i for i in range(len(names)) if any(row[i] is not None for row in rows)]
    numeric = [all(type(row[i]) in (int, float, type(None)) for row in rows) for i in held]
    body = [[_cell(names[i], row[i]) for i in held] for row in rows]
    lines = [" & ".join(cells) + r" \\" for cells in ([_tex(names[i]) for i in held], *body)]
    return "\n".join((
        r"% \usepackage{booktabs}",
        f"\\begin{{tabular}}{{{''.join('lr'[each] for each in numeric)}}}",
        r"\toprule", lines[0], r"\midrule", *lines[1:], r"\bottomrule", r"\end{tabular}", "",
    ))  # fmt: skip


def _rows(table: Tabular | Table) -> tuple[list[str], list[tuple[Any, ...]]]:
    if isinstance(table, Table):
        return list(table.columns), [tuple(row) for row in table.rows]
    columns = plain(table._columns())
    return list(columns), list(zip(*columns.values(), strict=True))


def _flat(row: tuple[Any, ...]) -> Iterator[Any]:
    """Lists and tables within a cell as JSON."""
    return (
        json.dumps(v, ensure_ascii=False) if isinstance(v, (list, tuple, dict)) else v for v in row
    )


def _cell(name: str, value: Any) -> str:
    if value is None:
        return "--"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and math.isfinite(value):
        return f"{value:,.2f}" if name.endswith("_usd") or abs(value) >= 1000 else f"{value:.6g}"
    return _tex("∞" if value == math.inf else str(value))


def _tex(text: str) -> str:
    return text.translate(_ESCAPES)
