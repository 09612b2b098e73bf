"""A matched round in contracts as data for machines, and as text of 80 columns."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from adlopt.data.files.contract_rounds import ContractCase, trade_columns
from adlopt.optimum.matching.matching import Matching
from adlopt.show.table import table
from adlopt.show.words import percent

SHOWN = 20
"""Coins, and accounts, that are printed; the rest are counted."""


def summarise(case: ContractCase, best: Matching) -> dict[str, Any]:
    """Collect the answer at full precision, ready for JSON."""
    shed, start = case.shed, case.round_.start
    assert shed is not None
    prices = None if best.shadow_price is None else best.shadow_price.tolist()
    closed = np.bincount(case.round_.owner, best.closed > 0, minlength=len(start.account))
    return {
        "information": "hindsight",
        "goal": best.goal.value,
        "lots": case.lots.value,
        "summary": str(best),
        "method": best.method.value,
        "stopped": best.stopped.value,
        "worst_burden": best.worst_burden,
        "accounts_touched": best.touched,
        "haircut_total_usd": math.fsum(best.haircut),
        "needed_usd": case.round_.needed,
        "stages": [
            {
                "name": stage.criterion,
                "value": stage.value,
                "lower": stage.certificate.lower,
                "gap": stage.certificate.gap,
                "optimal": stage.certificate.optimal,
                "trust": stage.certificate.trust.value,
                "error": stage.certificate.error,
            }
            for stage in best.stages
        ],
        "orders": {
            "loser": list(shed.loser),
            "coin": list(shed.coin),
            "side": [side.value for side in shed.side],
            "shed": shed.size.tolist(),
            "matched": best.matched.tolist(),
            "unmatched": best.unmatched.tolist(),
            "price_usd": shed.price.tolist(),
            "mark_usd": shed.mark.tolist(),
            "shadow_price": prices and [None if math.isnan(p) else p for p in prices],
        },
        "account": list(start.account),
        "capacity_usd": start.capacity.tolist(),
        "haircut_usd": best.haircut.tolist(),
        "positions_closed": closed.astype(int).tolist(),
        "reason": list(best.reason),
        "trades": trade_columns(case, best),
    }


def render(data: dict[str, Any]) -> str:
    """Lay out coins, accounts and certificates."""
    return "\n".join([_coins(data["orders"], data["summary"]), _accounts(data), _stages(data)])


def _coins(orders: dict[str, Any], summary: str) -> str:
    books: dict[tuple[str, str], list[float]] = {}
    for coin, side, *numbers in zip(
        *(orders[name] for name in ("coin", "side", "shed", "matched", "unmatched")),
        orders["price_usd"],
        orders["mark_usd"],
        strict=True,
    ):
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


def _accounts(data: dict[str, Any]) -> str:
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


def _stages(data: dict[str, Any]) -> str:
    rows = [
        (
            stage["name"],
            f"{stage['value']:.12g}",
            f"{stage['lower']:.12g}",
            stage["trust"],
            "yes" if stage["optimal"] else "no",
        )
        for stage in data["stages"][:SHOWN]
    ]
    title = f"Certificate of {data['goal']}: each objective given those above it"
    return table(title, ("objective", "value", "lower bound", "trust", "optimal"), rows)
