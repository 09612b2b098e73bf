"""A solved round, as text of 80 columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adlopt.show.certificate import certificate
from adlopt.show.table import table
from adlopt.show.words import percent

SHOWN = 20
"""Accounts that are printed; the rest are counted."""


def render(data: Mapping[str, Any]) -> str:
    """Lay out the allocation, what bound it, and the certificate."""
    figures = [
        ("raised, USD", f"{data['raised_usd']:,.2f}"),
        ("accounts at capacity", f"{sum(data['at_capacity']):,}"),
        ("accounts at the worst burden", f"{sum(data['at_burden']):,}"),
    ]
    if data["needed_usd"] is not None:
        figures.insert(0, ("needed budget, USD", f"{data['needed_usd']:,.2f}"))
    if data["price"] is not None:
        figures.append(("value per further dollar of budget", f"{data['price']:.6g}"))
    return _allocation(data) + "\n" + certificate(data, "value of the objective", figures)


def _allocation(data: Mapping[str, Any]) -> str:
    haircut = data["haircut_usd"]
    capacity = data["capacity_usd"] or [None] * len(haircut)
    order = sorted(range(len(haircut)), key=lambda i: (-haircut[i], i))[:SHOWN]
    rows = [
        (
            data["account"][i],
            "–" if capacity[i] is None else f"{capacity[i]:,.2f}",
            f"{haircut[i]:,.2f}",
            percent(haircut[i] / capacity[i] if capacity[i] else None),
            _bound_by(data, i),
        )
        for i in order
    ]
    title = f"Offline optimum, in hindsight. {data['summary']}"
    if len(haircut) > SHOWN:
        title += f"\nlargest {SHOWN} of {len(haircut):,} accounts; -o file.csv has all"
    columns = ("account", "capacity USD", "haircut USD", "of capacity", "bound by")
    return table(title, columns, rows)


def _bound_by(data: Mapping[str, Any], account: int) -> str:
    if data["reason"]:
        return str(data["reason"][account])
    if data["at_capacity"][account]:
        return "capacity"
    return "worst burden" if data["at_burden"][account] else ""
