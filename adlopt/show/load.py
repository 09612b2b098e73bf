"""A load as text of 80 columns."""

from __future__ import annotations

import math
import textwrap
from typing import Any

from adlopt.show.table import WIDTH, table
from adlopt.show.words import counted, printable, usd

MANY = 40
"""Rounds that are shown."""


def render(data: dict[str, Any]) -> str:
    """Lay out what `Loaded.to_dict` says: rounds, files, what is odd, what is unavailable."""
    parts = [_rounds(data), _files(data), _rejected(data), _horizons(data)]
    parts += [
        _said("Unavailable", [f"{name}: {why}" for name, why in data["unavailable"].items()]),
        _said("Looks ahead", data["look_ahead"]),
        _said("Data quality", [finding["text"] for finding in data["quality"]]),
    ]
    return "\n".join(part for part in parts if part)


def _rounds(data: dict[str, Any]) -> str:
    columns = ("wave", "deficit", "needed", "capacity")
    rows = [
        (f"{t}", f"{row['wave']}", *(usd(row[name]) for name in columns[1:]))
        for t, row in enumerate(data["rounds"], start=1)
    ]
    sums = ([row[name] for row in data["rounds"]] for name in columns[1:])
    totals = [usd(None if None in values else math.fsum(values)) for values in sums]
    shown = [*rows[:MANY], ("all", "", *totals)]
    title = f"{data['name']}: {counted(len(rows), 'round')}, USD"
    if len(rows) > MANY:
        title += f"; the first {MANY} are shown"
    return table(title, ("round", *columns), shown)


def _files(data: dict[str, Any]) -> str:
    rows = []
    for each in data["files"]:
        counts = each["read"], each["kept"], sum(each["skipped"].values()), each["rejected"]
        rows.append((each["file"], *(f"{count:,}" for count in counts)))
    return table("Records", ("file", "read", "kept", "skipped", "rejected"), rows)


def _rejected(data: dict[str, Any]) -> str:
    rows = [
        (f"{each['file']} line {one['line']}", one["found"], one["expected"])
        for each in data["files"]
        for one in each["shown"]
    ]
    return table("Records that do not parse", ("where", "found", "expected"), rows) if rows else ""


def _horizons(data: dict[str, Any]) -> str:
    rows = [
        (f"{each['horizon_ms']:,.0f}", usd(each["production"]), usd(each["needed"]))
        for each in data.get("horizons", [])
    ]
    title = "Production haircuts by horizon, USD"
    return table(title, ("ms", "haircuts", "needed"), rows) if rows else ""


def _said(title: str, sentences: list[str]) -> str:
    if not sentences:
        return ""
    indents = {"initial_indent": "  * ", "subsequent_indent": "    "}
    lines = [textwrap.fill(printable(each), WIDTH, **indents) for each in sentences]  # type: ignore[arg-type]
    return "\n".join([title, *lines]) + "\n"
