"""Winners matched with what losers shed, as text of 80 columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adlopt.show.certificate import certificate
from adlopt.show.table import table
from adlopt.show.words import percent

SHOWN = 20
"""Coins, and accounts, that are printed; the rest are counted."""


def render(data: Mapping[str, Any]) -> str:
    """Lay out coins, accounts and the certificate."""
    figures = [
        ("needed budget, USD", f"{data['needed_usd']:,.2f}"),
        ("raised, USD", f"{data['raised_usd']:,.2f}"),
    ]
    proof = certificate(data, data["criterion"], figures)
    return "\n".join([_coins(data["orders"], data["summary"]), _accounts(data), proof])


def _coins(orders: Mapping[str, Any], summary: str) -> str:
    books: dict[tuple[str, str], list[float]] = {}
    names = ("coin", "side", "shed", "matched", "unmatched", "price_usd", "mark_usd")
    for coin, side, *numbers in zip(*(orders[name] for name in names), strict=True):
        shed, matched, unmatched, price, mark = numbers
        book = books.setdefault((coin, side), [0.0, 0.0, 0.0, 0.0, mark])
        for i, amount in enumerate((shed, matched, unmatched, shed * price)):
            book[i] += amount
    ranked = sorted(books.items(), key=lambda each: (-each[1][0] * each[1][4], each[0]))
    rows = [
        (coin, side, f"{b[0]:,.6g}", f"{b[1]:,.6g}", f"{b[2]:,.6g}",
         f"{b[3] / b[0]:,.6g}" if b[0] else "–", f"{b[4]:,.6g}")
        for (coin, side), b in ranked[:SHOWN]
    ]  # fmt: skip
    title = f"Matched coin by coin, in hindsight. {summary}"
    if len(ranked) > SHOWN:
        title += f"\nlargest {SHOWN} of {len(ranked):,} books; --json has all"
    columns = ("coin", "side", "shed", "matched", "unmatched", "price", "mark")
    return table(title, columns, rows)


def _accounts(data: Mapping[str, Any]) -> str:
    taken, capacity = data["haircut_usd"], data["capacity_usd"]
    closed = data["positions_closed"]
    order = sorted(range(len(taken)), key=lambda i: (-taken[i], -closed[i], i))[:SHOWN]
    rows = [
        (
            data["account"][i],
            f"{closed[i]}",
            f"{capacity[i]:,.2f}",
            f"{taken[i]:,.2f}",
            percent(taken[i] / capacity[i] if capacity[i] else None),
            *data["reason"][i : i + 1],
        )
        for i in order
    ]
    title = "Winners"
    if len(taken) > SHOWN:
        title += f": largest {SHOWN} of {len(taken):,}; -o file.csv has all trades"
    columns = ["account", "closed", "capacity USD", "haircut USD", "of capacity"]
    columns += ["bound by"] if data["reason"] else []
    return table(title, columns, rows)
