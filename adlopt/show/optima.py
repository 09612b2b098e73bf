"""Whatever was solved as text of 80 columns: who gives what, and the certificate."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from adlopt.show.certificate import certificate
from adlopt.show.table import joined, table
from adlopt.show.words import percent, usd

SHOWN = 20
"""Accounts, positions and books that are printed; the rest are counted."""
ROUNDS = 40
"""Rounds of an episode that are printed."""
Data = Mapping[str, Any]


def render(data: Data) -> str:
    """Lay out an optimum as its `to_dict()` has it, by its schema."""
    return VIEWS[data["schema"].split("/")[1]](data)


def _solution(data: Data) -> str:
    """A round of dollars: the allocation, what bound it, and the certificate."""
    figures = [
        ("raised, USD", usd(data["raised_usd"])),
        ("accounts at capacity", f"{sum(data['at_capacity']):,}"),
        ("accounts at the worst burden", f"{sum(data['at_burden']):,}"),
    ]
    if data["needed_usd"] is not None:
        figures.insert(0, ("needed budget, USD", usd(data["needed_usd"])))
    if data["price"] is not None:
        figures.append(("value per further dollar of budget", f"{data['price']:.6g}"))
    return _allocation(data) + "\n" + certificate(data, "value of the objective", figures)


def _allocation(data: Data) -> str:
    taken, capacity = data["haircut_usd"], data["capacity_usd"]
    held = capacity or [None] * len(taken)
    rows = [
        (
            data["account"][i],
            usd(held[i]),
            usd(taken[i]),
            percent(taken[i] / held[i] if held[i] else None),
            _bound_by(data, i),
        )
        for i in _largest(taken)
    ]
    title = f"Offline optimum, in hindsight. {data['summary']}"
    title += _left_out("\nlargest", taken, "accounts; -o file.csv has all")
    columns = ("account", "capacity USD", "haircut USD", "of capacity", "bound by")
    return table(title, columns, rows)


def _bound_by(data: Data, account: int) -> str:
    if data["reason"]:
        return str(data["reason"][account])
    if data["at_capacity"][account]:
        return "capacity"
    return "worst burden" if data["at_burden"][account] else ""


def _contracts(data: Data) -> str:
    """A round solved in whole lots of positions."""
    rounding = "lots rounded to micro-dollars: at most, USD an account"
    figures = [*_budget(data), (rounding, f"{data['rounding_usd']:.6f}")]
    return _closed(data) + "\n" + certificate(data, "worst burden", figures)


def _closed(data: Data) -> str:
    held = data["positions"]
    names = ("account", "coin", "side", "size_contracts", "closed_contracts", "taken_usd")
    reason = dict(zip(data["account"], data["reason"], strict=True)) if data["reason"] else {}
    rows = []
    for j in _largest(held["taken_usd"]):
        account, coin, side, size, closed, taken = (held[name][j] for name in names)
        why = [reason[account]] if reason else []
        rows.append((account, coin, side, f"{size:,.6g}", f"{closed:,.6g}", usd(taken), *why))
    title = f"Offline optimum in contracts, in hindsight. {data['summary']}"
    title += _left_out("\nlargest", held["taken_usd"], "positions; -o file.csv has all")
    columns = ("account", "coin", "side", "contracts", "closed", "taken USD")
    return table(title, (*columns, *["bound by"] * bool(reason)), rows)


def _matching(data: Data) -> str:
    """Winners matched with what losers shed: coins, accounts and the certificate."""
    return joined([
        _coins(data["orders"], data["summary"]),
        _accounts(data),
        certificate(data, data["criterion"], _budget(data)),
    ])  # fmt: skip


def _coins(orders: Data, summary: str) -> str:
    books: dict[tuple[str, str], list[float]] = {}
    names = ("coin", "side", "shed", "matched", "unmatched", "price_usd", "mark_usd")
    for coin, side, *numbers in zip(*(orders[name] for name in names), strict=True):
        shed, matched, unmatched, price, mark = numbers
        book = books.setdefault((coin, side), [0.0, 0.0, 0.0, 0.0, mark])
        for i, amount in enumerate((shed, matched, unmatched, shed * price)):
            book[i] += amount
    ranked = sorted(books.items(), key=lambda each: (-each[1][0] * each[1][4], each[0]))
    rows = []
    for (coin, side), (shed, matched, unmatched, paid, mark) in ranked[:SHOWN]:
        contracts = (f"{each:,.6g}" for each in (shed, matched, unmatched))
        rows.append(
            (coin, side, *contracts, f"{paid / shed:,.6g}" if shed else "–", f"{mark:,.6g}")
        )
    title = f"Matched coin by coin, in hindsight. {summary}"
    title += _left_out("\nlargest", ranked, "books; --json has all")
    columns = ("coin", "side", "shed", "matched", "unmatched", "price", "mark")
    return table(title, columns, rows)


def _accounts(data: Data) -> str:
    taken, capacity, closed = (
        data[name] for name in ("haircut_usd", "capacity_usd", "positions_closed")
    )
    rows = [
        (
            data["account"][i],
            f"{closed[i]}",
            usd(capacity[i]),
            usd(taken[i]),
            percent(taken[i] / capacity[i] if capacity[i] else None),
            *data["reason"][i : i + 1],
        )
        for i in _largest(taken, closed)
    ]
    title = "Winners" + _left_out(": largest", taken, "-o file.csv has all trades", mark=";")
    columns = ("account", "closed", "capacity USD", "haircut USD", "of capacity")
    return table(title, (*columns, *["bound by"] * bool(data["reason"])), rows)


def _budget(data: Data) -> list[tuple[str, str]]:
    return [
        ("needed budget, USD", usd(data["needed_usd"])),
        ("raised, USD", usd(data["raised_usd"])),
    ]


def _largest(*keys: Sequence[float]) -> list[int]:
    """The first rows of a table, largest first by the keys, then in their order."""
    order = sorted(range(len(keys[0])), key=lambda i: tuple(-key[i] for key in keys))
    return order[:SHOWN]


def _left_out(how: str, rows: Sequence[object], rest: str, mark: str = "") -> str:
    """Say that only the first rows are shown, and where all are; nothing where all are shown."""
    return f"{how} {SHOWN} of {len(rows):,}{mark} {rest}" if len(rows) > SHOWN else ""


def _coupled(data: Data) -> str:
    """Lay out the rounds, the certificate, and what solving them one by one costs."""
    beside = data["one_by_one"]
    priced = data["criterion"] != "worst burden in all"
    why = "winners reach what they hold" if priced else "winners pay for them alone"
    figures = [("in the rounds that bind", why)]
    if priced:
        figures.append(("worst burden in all", percent(data["worst_burden"])))
    parts = [_rounds(data), certificate(data, data["criterion"], figures)]
    return joined([*parts, beside and _one_by_one(beside)])


def _rounds(data: Data) -> str:
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
    if len(rows) > ROUNDS:
        title += f"\nfirst {ROUNDS} of {len(rows):,} rounds; -o file.csv has all haircuts"
    return table(title, ("round", "needed USD", "raised USD", "winners", ""), rows[:ROUNDS])


def _one_by_one(beside: Data) -> str:
    bounds, short = beside["price_of_not_coupling"], beside["short_usd"]
    rows = [("the same objective", f"{beside['value']:.12g}")]
    if bounds is None:
        rows.append(("price of not coupling", "none: budgets are missed"))
    else:
        ends = zip(("least", "most"), bounds, strict=True)
        rows += [(f"price of not coupling, at {end}", f"{price:.3g}") for end, price in ends]
    rows += [(f"short in round {t}, USD", f"{lost:,.2f}") for t, lost in short.items()][:ROUNDS]
    if len(short) > ROUNDS:
        rows.append(("further rounds that come out short", f"{len(short) - ROUNDS:,}"))
    if overdrawn := " ".join(map(str, beside["overdrawn_rounds"])):
        rows.append(("rounds with overdrawn accounts", overdrawn))
    title = "Each round solved on its own, in hindsight, on what the rounds before have left"
    return table(title, ("figure", "value"), rows)


VIEWS: dict[str, Callable[[Data], str]] = {
    "solution": _solution,
    "contract-solution": _contracts,
    "matching": _matching,
    "coupled": _coupled,
}
