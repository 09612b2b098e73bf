"""Programs as files that other solvers read: .mps (free format) or .lp, names legal and unique.

Beside the file stands a map back: what each of its names is called here, and its unit. The file has
the program as it is solved, in units of powers of two; a row with two ends is two rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from adlopt.errors import InputError
from adlopt.optimum.programs.stated import Stated

LONGEST = 100
"""Letters of a name in a file."""
TERMS = 4
"""Terms on a line."""


def write(stated: Stated, path: str | Path) -> list[Path]:
    """Write the program, and `.json` beside it the map back."""
    path = Path(path)
    lines = {".mps": _mps, ".lp": _lp}.get(path.suffix)
    if lines is None or not path.parent.is_dir():
        raise InputError("path", str(path), "an .mps or .lp file in a folder that exists")
    columns, rows = legal(stated.column_names()), legal(stated.row_names())
    beside = path.with_suffix(path.suffix + ".json")
    written = {
        path: "\n".join(lines(stated, columns, rows)).encode() + b"\n",
        beside: msgspec.json.format(msgspec.json.encode(_map(stated, columns, rows)), indent=1),
    }
    try:
        for target, content in written.items():
            partial = target.with_name(target.name + ".partial")
            partial.write_bytes(content)
            partial.replace(target)
    except OSError as error:
        raise InputError("path", str(path), f"a file that can be written ({error})") from None
    return list(written)


def legal(names: Iterable[str]) -> list[str]:
    """Names as files allow them: letters, digits and underscores, each once whatever the case.

    >>> legal(["haircut[a b]", "haircut[a-b]", "burden"])
    ['haircut_a_b', 'haircut_a_b_2', 'burden']
    """
    made: list[str] = []
    seen: set[str] = set()
    for index, name in enumerate(names, start=1):
        plain = re.sub(r"[^A-Za-z0-9_]+", "_", name)[:LONGEST].strip("_") or "x"
        if plain.lower() in seen:
            plain = f"{plain}_{index}"
        while plain.lower() in seen:
            plain += "_"
        seen.add(plain.lower())
        made.append(plain)
    return made


def _map(stated: Stated, columns: list[str], rows: list[str]) -> dict[str, Any]:
    units = [block.unit for block in stated.columns for _ in range(block.count)]
    ours = zip(columns, stated.column_names(), units, stated.unit.tolist(), strict=True)
    return {
        "objective": {"minimises": stated.criterion, "unit": stated.factor},
        "columns": {file: {"name": name, "of": of, "unit": unit} for file, name, of, unit in ours},
        "rows": {
            file: {"name": name, "unit": unit}
            for file, name, unit in zip(
                rows, stated.row_names(), stated.row_unit.tolist(), strict=True
            )
        },
    }


def _ends(stated: Stated, rows: list[str]) -> Iterator[tuple[int, str, str, float]]:
    """Each row of the file: of which row of ours, its name, whether =, ≥ or ≤, and its end."""
    p = stated.program
    for i, (low, high) in enumerate(zip(p.row_lower.tolist(), p.row_upper.tolist(), strict=True)):
        if low == high:
            yield i, rows[i], "=", low
            continue
        if np.isfinite(high):
            yield i, rows[i], "<=", high
        if np.isfinite(low):
            name = f"{rows[i]}__from" if np.isfinite(high) else rows[i]
            yield i, name, ">=", low


def _terms(stated: Stated, row: int) -> Iterator[tuple[int, float]]:
    p = stated.program
    part = slice(p.start[row], p.start[row + 1])
    return zip(p.column[part].tolist(), p.coefficient[part].tolist(), strict=True)


def _mps(stated: Stated, columns: list[str], rows: list[str]) -> Iterator[str]:
    p, kind = stated.program, {"=": "E", "<=": "L", ">=": "G"}
    ends = list(_ends(stated, rows))
    entries: list[list[str]] = [[] for _ in columns]
    for j, cost in enumerate(p.cost.tolist()):
        if cost:
            entries[j].append(f"objective {cost!r}")
    for i, name, _, _ in ends:
        for j, value in _terms(stated, i):
            entries[j].append(f"{name} {value!r}")
    yield from ("NAME adlopt", "ROWS", " N objective")
    yield from (f" {kind[sign]} {name}" for _, name, sign, _ in ends)
    yield "COLUMNS"
    whole = np.zeros(len(columns), dtype=bool) if p.integer is None else p.integer
    before = False
    for name, entry, integer in zip(columns, entries, whole.tolist(), strict=True):
        if integer != before:
            yield f" MARKER 'MARKER' '{'INTORG' if integer else 'INTEND'}'"
            before = integer
        # A column in no row would not be there at all.
        yield from (f" {name} {each}" for each in entry or ["objective 0.0"])
    if before:
        yield " MARKER 'MARKER' 'INTEND'"
    yield "RHS"
    yield from (f" RHS {name} {end!r}" for _, name, _, end in ends if end)
    yield "BOUNDS"
    for name, low, high in zip(columns, p.lower.tolist(), p.upper.tolist(), strict=True):
        if low:
            yield f" LO BND {name} {low!r}"
        yield f" UP BND {name} {high!r}"
    yield "ENDATA"


def _lp(stated: Stated, columns: list[str], rows: list[str]) -> Iterator[str]:
    p = stated.program
    yield rf"\ {stated.criterion}: adlopt"
    yield "Minimize"
    yield from _sum("objective", ((j, c) for j, c in enumerate(p.cost.tolist()) if c), columns, "")
    yield "Subject To"
    for i, name, sign, end in _ends(stated, rows):
        yield from _sum(name, _terms(stated, i), columns, f" {sign} {end!r}")
    yield "Bounds"
    for name, low, high in zip(columns, p.lower.tolist(), p.upper.tolist(), strict=True):
        yield f" {low!r} <= {name} <= {high!r}"
    if p.integer is not None:
        yield "General"
        yield from (f" {columns[j]}" for j in np.flatnonzero(p.integer).tolist())
    yield "End"


def _sum(
    name: str, terms: Iterable[tuple[int, float]], columns: list[str], end: str
) -> Iterator[str]:
    words = [f"{'-' if c < 0 else '+'} {abs(c)!r} {columns[j]}" for j, c in terms]
    # A sum of nothing is none that readers know.
    words = words or [f"+ 0.0 {columns[0]}"]
    lines = [" ".join(words[k : k + TERMS]) for k in range(0, len(words), TERMS)]
    yield from (f" {name}: {line}" if k == 0 else f"  {line}" for k, line in enumerate(lines[:-1]))
    yield f" {name}: {lines[-1]}{end}" if len(lines) == 1 else f"  {lines[-1]}{end}"
