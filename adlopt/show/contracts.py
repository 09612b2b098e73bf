"""A round solved in whole lots of positions, as text of 80 columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adlopt.show.certificate import certificate
from adlopt.show.table import table

SHOWN = 20
"""Positions that are printed; the rest are counted."""


def render(data: Mapping[str, Any]) -> str:
    """Lay out what is closed, and the certificate."""
    figures = [
        ("needed budget, USD", f"{data['needed_usd']:,.2f}"),
        ("raised, USD", f"{data['raised_usd']:,.2f}"),
        ("lots rounded to micro-dollars: at most, USD an account", f"{data['rounding_usd']:.6f}"),
    ]
    return _closed(data) + "\n" + certificate(data, "worst burden", figures)


def _closed(data: Mapping[str, Any]) -> str:
    held = data["positions"]
    taken = held["taken_usd"]
    order = sorted(range(len(taken)), key=lambda j: (-taken[j], j))[:SHOWN]
    names = ("account", "coin", "side", "size_contracts", "closed_contracts", "taken_usd")
    rows: list[tuple[str, ...]] = [
        (account, coin, side, f"{size:,.6g}", f"{closed:,.6g}", f"{usd:,.2f}")
        for account, coin, side, size, closed, usd in ([held[n][j] for n in names] for j in order)
    ]
    heads: tuple[str, ...] = ("account", "coin", "side", "contracts", "closed", "taken USD")
    if data["reason"]:
        why = dict(zip(data["account"], data["reason"], strict=True))
        rows = [(*row, why[row[0]]) for row in rows]
        heads = (*heads, "bound by")
    title = f"Offline optimum in contracts, in hindsight. {data['summary']}"
    if len(taken) > SHOWN:
        title += f"\nlargest {SHOWN} of {len(taken):,} positions; -o file.csv has all"
    return table(title, heads, rows)
