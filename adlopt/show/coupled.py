"""Rounds solved together, and what it costs to solve them one by one, as text of 80 columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adlopt.show.certificate import certificate
from adlopt.show.table import joined, table
from adlopt.show.words import percent

SHOWN = 40
"""Rounds that are printed; the rest are counted."""


def render(data: Mapping[str, Any]) -> str:
    """Lay out the rounds, the certificate, and what solving them one by one costs."""
    beside = data["one_by_one"]
    priced = data["criterion"] != "worst burden in all"
    why = "winners reach what they hold" if priced else "winners pay for them alone"
    figures = [("in the rounds that bind", why)]
    if priced:
        figures.append(("worst burden in all", percent(data["worst_burden"])))
    proof = certificate(data, data["criterion"], figures)
    return joined([_rounds(data), proof, beside and _one_by_one(beside)])


def _rounds(data: Mapping[str, Any]) -> str:
    numbers = zip(data["needed_usd"], data["raised_usd"], data["touched"], strict=True)
    rows = [
        (
            f"{t}",
            f"{needed:,.2f}",
            f"{raised:,.2f}",
            f"{touched:,} of {len(data['account'][t - 1]):,}",
            "binds" if t in data["binding_rounds"] else "",
        )
        for t, (needed, raised, touched) in enumerate(numbers, start=1)
    ]
    title = (
        f"Offline optimum of {data['name']}, its rounds coupled, in hindsight. {data['summary']}"
    )
    if len(rows) > SHOWN:
        title += f"\nfirst {SHOWN} of {len(rows):,} rounds; -o file.csv has all haircuts"
    return table(title, ("round", "needed USD", "raised USD", "winners", ""), rows[:SHOWN])


def _one_by_one(beside: Mapping[str, Any]) -> str:
    bounds, short = beside["price_of_not_coupling"], beside["short_usd"]
    rows = [("the same objective", f"{beside['value']:.12g}")]
    if bounds is None:
        rows.append(("price of not coupling", "none: budgets are missed"))
    else:
        ends = zip(("least", "most"), bounds, strict=True)
        rows += [(f"price of not coupling, at {end}", f"{price:.3g}") for end, price in ends]
    rows += [(f"short in round {t}, USD", f"{lost:,.2f}") for t, lost in short.items()][:SHOWN]
    if len(short) > SHOWN:
        rows.append(("further rounds that come out short", f"{len(short) - SHOWN:,}"))
    if overdrawn := " ".join(map(str, beside["overdrawn_rounds"])):
        rows.append(("rounds with overdrawn accounts", overdrawn))
    title = "Each round solved on its own, in hindsight, on what the rounds before have left"
    return table(title, ("figure", "value"), rows)
