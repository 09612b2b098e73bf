"""A round solved in whole lots of positions, as data for machines and as text of 80 columns."""

from __future__ import annotations

from typing import Any

import numpy as np

from adlopt.model.positions import ContractRound
from adlopt.optimum.contracts.closing import ContractSolution
from adlopt.show.solution import as_data, stages
from adlopt.show.table import table
from adlopt.show.words import percent

SHOWN = 20
"""Positions that are printed; the rest are counted."""


def summarise(round_: ContractRound, best: ContractSolution, rounding: float) -> dict[str, Any]:
    """Collect the answer at full precision, ready for JSON.

    `rounding` is by how much haircuts may differ for lots having been rounded, USD an account.
    """
    positions = round_.positions
    return {
        "information": "hindsight",
        "summary": str(best),
        "worst_burden": best.worst_burden,
        "raised_usd": best.raised,
        "needed_usd": round_.needed,
        "method": best.method.value,
        "stopped": best.stopped.value,
        "rounding_usd": rounding,
        "certificate": as_data(best.certificate),
        "then": stages(best.then),
        "account": list(round_.start.account),
        "capacity_usd": round_.start.capacity.tolist(),
        "haircut_usd": best.haircut.tolist(),
        "reason": list(best.reason),
        "positions": {
            "account": list(positions.account),
            "coin": list(positions.coin),
            "side": [side.value for side in positions.side],
            "size": positions.size.tolist(),
            "lots": best.lots.tolist(),
            "closed": best.closed.tolist(),
            "taken_usd": (best.lots * positions.lot_value).tolist(),
        },
    }


def render(data: dict[str, Any]) -> str:
    """Lay out what is closed, and the certificate."""
    return _closed(data) + "\n" + _certificate(data)


def _closed(data: dict[str, Any]) -> str:
    taken = np.array(data["positions"]["taken_usd"])
    order = np.argsort(-taken, kind="stable")[:SHOWN]
    columns = ("account", "coin", "side", "size", "closed", "taken_usd")
    cells = [[data["positions"][name][i] for name in columns] for i in order]
    rows: list[tuple[str, ...]] = [
        (account, coin, side, f"{size:,.6g}", f"{closed:,.6g}", f"{usd:,.2f}")
        for account, coin, side, size, closed, usd in cells
    ]
    heads: tuple[str, ...] = ("account", "coin", "side", "contracts", "closed", "taken USD")
    if data["reason"]:
        why = dict(zip(data["account"], data["reason"], strict=True))
        rows = [(*row, why[row[0]]) for row in rows]
        heads = (*heads, "bound by")
    title = f"Offline optimum in contracts, in hindsight. {data['summary']}"
    if taken.size > SHOWN:
        title += f"\nlargest {SHOWN} of {taken.size:,} positions; -o file.csv has all"
    return table(title, heads, rows)


def _certificate(data: dict[str, Any]) -> str:
    proof = data["certificate"]
    rows = [
        ("needed budget, USD", f"{data['needed_usd']:,.2f}"),
        ("raised, USD", f"{data['raised_usd']:,.2f}"),
        ("worst burden, recomputed", f"{proof['upper']!r}"),
        (f"lower bound ({proof['trust']})", f"{proof['lower']!r}"),
        ("lots rounded to micro-dollars: at most, USD an account", f"{data['rounding_usd']:.6f}"),
        ("gap, of the worst burden", percent(proof["gap"] / (proof["upper"] or 1.0))),
    ]
    for stage in data["then"]:
        rows.append((f"worst burden, {stage['criterion']}", f"{stage['upper']!r}"))
        rows.append((f"lower bound on it ({stage['trust']})", f"{stage['lower']!r}"))
    return table(f"Method: {data['method']}; stopped: {data['stopped']}", ("figure", "value"), rows)
