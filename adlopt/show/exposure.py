"""An exposure as text of 80 columns."""

from __future__ import annotations

from textwrap import fill
from typing import Any

from adlopt.show.table import WIDTH, table
from adlopt.show.words import percent, printable, usd

CENT = 0.01
"""USD. Means closer than half of it count as equal."""


def render(data: dict[str, Any]) -> str:
    """Lay out what `Exposure.to_dict` holds."""
    return "\n".join(part for part in (_haircuts(data), _places(data), _notes(data)) if part)


def _haircuts(data: dict[str, Any]) -> str:
    rows = [
        (
            rule["rule"],
            percent(rule["probability"]),
            *(usd(rule[f"{name}_usd"]) for name in ("mean", "mean_if_hit", "quantile_95")),
            usd(rule["most_usd"]),
            percent(rule["most_of_profit"]),
        )
        for rule in data["rules"]
    ]
    spread = data["budgets"]
    title = (
        f"{printable(data['account'])}: {data['profit_usd']:,.2f} USD of profit may be taken, of "
        f"{data['all_profits_usd']:,.2f} in all. What users have to give: "
        f"{spread['distribution']}, at {spread['count']} equally likely budgets. Haircuts, USD, "
        "worst rule first"
    )
    columns = ("rule", "hit", "mean", "if hit", "95 %", "most", "of profit")
    return table(title, columns, rows)


def _places(data: dict[str, Any]) -> str:
    rows = [
        (
            rule["rule"],
            f"{place['side']} {place['coin']}".strip() or "–",
            f"{place['place'] or '–'} of {place['of']:,}",
            "not served" if place["ahead"] is None else f"{place['ahead']:,.6g}",
            "–" if place["light"] is None else f"{place['light']:g} ({place['shown']})",
        )
        for rule in data["rules"]
        for place in rule["places"]
    ]
    if not rows:
        return ""
    in_coins = any(place["coin"] for rule in data["rules"] for place in rule["places"])
    served = "contracts closed" if in_coins else "USD given"
    title = f"Places in the queues: {served} before it is the account's turn"
    return table(title, ("rule", "position", "place", "ahead", "shown to the trader"), rows)


def _notes(data: dict[str, Any]) -> str:
    notes, rules = [], [rule for rule in data["rules"] if not rule["at_mark"]]
    if rules and rules[0]["mean_usd"] > 0:
        worst = [r["rule"] for r in rules if r["mean_usd"] > rules[0]["mean_usd"] - CENT / 2]
        notes.append(f"worst for this account: {', '.join(worst)}")
    if not any(r["most_usd"] for r in rules):
        notes.append("nothing is taken from this account in dollars")
    at_mark = [r["rule"] for r in data["rules"] if r["at_mark"] and r["most_usd"]]
    if at_mark:
        names = ", ".join(at_mark)
        notes.append(f"closing at the mark, where the position goes and its profit stays: {names}")
    beyond = data["budgets"]["beyond_all_profits"]
    if beyond:
        notes.append(f"{percent(beyond)} of the budgets exceed all profits: all of them are taken")
    if data["unplayed"]:
        names = ", ".join(data["unplayed"])
        notes.append(f"not played, as the file lacks what they read (--json says what): {names}")
    return "\n".join(fill(printable(note), WIDTH, subsequent_indent="  ") for note in notes)
