"""Sections of `adlcheck.py`, which runs this file beside it: episodes, matchings and paths.

It needs the standard library alone, too. Further rules:

1. In each round of an episode that lists it an account has paid at most what that round lists. Its
   weight is the largest of all rounds, or where missing has a price that of the round.
2. Between two sides orders are met in their order, as far as open interest of the other side goes:
   positions of all that are eligible, but of those with a capacity that may not pay where closing
   takes something. What it takes is price less mark, as all of this in binary64; whole lots are
   those within 1e-9.
3. A path is against the severities min(1, needed / deficit).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from itertools import repeat
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING or __name__.startswith("adlopt."):
    from adlopt.optimum.evidence.adlcheck import (
        PRICES,
        Columns,
        Criterion,
        InDollars,
        Invalid,
        LinearRows,
        Testimony,
        bits_of,
        dollars_of,
        numbers,
        one,
        scaled,
        slack,
        whole_lots,
    )
else:
    from adlcheck import (
        PRICES,
        Criterion,
        InDollars,
        Invalid,
        LinearRows,
        bits_of,
        dollars_of,
        numbers,
        one,
        scaled,
        slack,
        whole_lots,
    )

KIND = str.maketrans("poc", "iin")  # of positions, orders and contracts in trades
OTHER = {"long": "short", "short": "long"}


def opposed(p: Columns, sold: Columns) -> Columns:
    """Positions, and orders by the side that they close, with what a contract takes from it."""
    if not {*p["side"], *sold["side"]} <= set(OTHER):
        raise Invalid("a side is not long or short")
    held: Columns = {k: p[k] for k in ("account", "size", "lot", "closable") if k in p}
    held["what"] = list(map(" ".join, zip(p["side"], p["coin"], strict=True)))
    columns = zip(sold["side"], sold["coin"], sold["price"], sold["mark"], strict=True)
    rows = [
        (f"{OTHER[side]} {coin}", x - y if side == "long" else y - x)
        for side, coin, x, y in columns
    ]
    what, value = [w for w, _ in rows], [max(gap, 0.0) for _, gap in rows]
    dear = dict.fromkeys(held["what"], 0.0)
    for w, v in zip(what, value, strict=True):
        dear[w] = max(dear.get(w, 0.0), v)
    p.setdefault("value", [dear[w] for w in held["what"]])
    sold = {"what": what, "value": value, "size": sold["size"]}
    return {"kind": "matching", "held": held, "shed": sold, "features": {}}


class Sides(NamedTuple):
    """Winners, their positions, orders, and arcs between them, in multiples of 2^-bits."""

    d: InDollars
    owner: list[int]
    limit: list[int]
    quantity: list[int]
    value: list[int]
    arcs: dict[tuple[int, int], float]

    def program(self) -> tuple[LinearRows, dict[int, list[tuple[int, int]]], dict[int, int]]:
        """Columns: arcs; rows: what is shed, positions, capacities. What accounts give, and how."""
        p, takes, given = LinearRows(self.d.bits), dict[int, Any](), Counter[int]()
        of: list[dict[int, Any]] = [{k: [] for k in range(len(self.quantity))}, {}]
        for (j, k), x in zip(self.arcs, scaled(p.bits, [*self.arcs.values()]), strict=True):
            arc, i = p.column(x, self.limit[j]), self.owner[j]
            of[0][k].append((arc, p.unit))
            of[1].setdefault(j, []).append((arc, p.unit))
            takes.setdefault(i, []).extend([(arc, self.value[k])] * (self.value[k] > 0))
            given[i] += x * self.value[k]
        for k, entries in of[0].items():
            p.row("conserve", k, self.quantity[k], self.quantity[k], entries)
        for j, entries in of[1].items():
            p.row("position", j, None, self.limit[j], entries)
        for i, entries in takes.items():
            p.row("cap", i, None, self.d.most[i], entries)
        return p, takes, given


def sides(content: Columns, claim: Testimony) -> Sides:
    """Rule 6: who may close how much against what, and does."""
    held, sold, names = content["held"], content["shed"], content["account"]
    d, lots = dollars_of(content, claim, [0.0] * len(names)), claim.goal.get("lots")
    if "tier" in content:
        raise Invalid("tiers of matchings cannot be checked")
    place, barred = {k: i for i, k in enumerate(names)}, set(content.get("ineligible", ()))
    dear = {what for what, value in zip(sold["what"], sold["value"], strict=True) if value > 0}
    left, step = dict.fromkeys(sold["what"], 0.0), dict.fromkeys(sold["what"], 1.0)
    limit, owner = list[float](), [place[name] for name in held["account"]]
    columns = (owner, held["what"], held["size"], held["lot"], held.get("closable", repeat(None)))
    for i, what, size, lot, may in zip(*columns, strict=False):
        most, unit = (float(whole_lots(size, lot)), lot) if lots else (size, 1.0)
        most = most if may is None else min(most, may if lots else may * lot)
        unable = what in dear and not d.most[i]
        shut = names[i] in barred or what not in left or (unable and content["capacity"][i] > 0)
        limit.append(0.0 if shut or unable else most * unit)
        if not shut:
            left[what], step[what] = left[what] + most, unit
    quantity = list[float]()
    for what, size in zip(sold["what"], sold["size"], strict=True):
        asked = math.floor(size / step[what] * (1 + 1e-9)) if lots else size
        quantity.append(min(asked, left[what]) * step[what])
        left[what] -= min(asked, left[what])
    books: dict[str, list[int]] = {what: [] for what in left}
    for j, what in enumerate(held["what"]):
        books.get(what, []).extend([j] * (limit[j] > 0))
    arcs = {(j, k): 0.0 for k, what in enumerate(sold["what"]) for j in books[what] if quantity[k]}
    said = one(claim.answer, "position:l order:l contracts:l", "answer")
    trades = [numbers(said[k], k[0].translate(KIND), k) for k in said]
    if len(set(map(len, trades))) > 1:
        raise Invalid("a trade has not a position, an order and contracts")
    for j, k, x in zip(*trades, strict=True):
        if (j, k) not in arcs or (lots and abs(x / step[held["what"][j]] % 1 - 0.5) < 0.5 - 1e-6):
            raise Invalid("a trade is between what cannot be closed, or of no whole lots")
        arcs[j, k] += x
    bits = max(d.bits, bits_of(limit, quantity, sold["value"], [*arcs.values()]))
    most, weight = ([u << bits - d.bits for u in column] for column in (d.most, d.weight))
    u, q, v = (scaled(bits, column) for column in (limit, quantity, sold["value"]))
    return Sides(d._replace(bits=bits, most=most, weight=weight), owner, u, q, v, arcs)


def matching(content: Columns, claim: Testimony) -> Iterator[Criterion]:
    """Winners against what losers shed: the worst burdens in order, or accounts touched."""
    s, kind = sides(content, claim), claim.goal["kind"]
    if kind not in ("min-max", "leximin", "fewest"):
        raise Invalid("of matchings burdens and accounts touched are checked")
    some = any(s.quantity)
    if not some:
        yield Criterion("nothing can be matched", Fraction(0), Fraction(0), {})
    for rank in range({"leximin": len(claim.criteria)}.get(kind, 1) if some else 0):
        (p, takes, given), witness = s.program(), next(claim.witnesses)
        if kind == "fewest":
            used = {s.owner[j] for (j, _), x in s.arcs.items() if x}
            on = {i: p.column(p.unit * (i in used), p.unit, p.unit) for i in takes}
            for a, (j, k) in enumerate(s.arcs):
                room = min(s.limit[j], s.quantity[k])
                p.row("on", a, None, 0, [(a, p.unit), (on[s.owner[j]], -room)])
            found = p.proved("accounts touched", witness)
            yield found._replace(
                lower=None if found.lower is None else Fraction(math.ceil(found.lower))
            )
            return
        kept = set(numbers(witness.get("kept") or [-1], "i", "kept")) if rank else {-1}
        free = [i for i in takes if i not in kept and takes[i]]
        worst = (-(-given[i] // s.d.weight[i]) for i in free if given[i])
        z = p.column(max(worst, default=0), None, p.unit)
        for i, entries in takes.items():
            end = (-(-given[i] >> p.bits), []) if i in kept else (0, [(z, -s.d.weight[i])])
            p.row("share", i, None, end[0], [*entries, *end[1]])
        yield p.proved(f"burden of the next {len(free)}" if rank else "worst burden", witness)


def coupled(content: Columns, claim: Testimony, answers: Any) -> LinearRows:
    """Rounds that share winners: haircuts, what is paid by then, misses, burdens; rule 5."""
    parts, goal, priced = content["round"], claim.goal, claim.goal["kind"] == "asymmetric"
    if not (priced or goal["kind"] == "min-max") or type(answers) is not list:
        raise Invalid(
            "of an episode the least burden in all, or a loss, is checked, round by round"
        )
    if len(answers) != len(parts):
        raise Invalid("the answer has not one list a round")
    made, least = list[InDollars](), list[dict[str, float]]([{}])
    for part, answer in zip(parts, answers, strict=True):
        claim.answer = {"haircut_usd": answer}
        made.append(dollars_of(part, claim, claim.haircut(part)))
    for part in reversed(parts):
        held = zip(part["account"], part["capacity"], strict=True)
        least.append(least[-1] | {k: min(u, least[-1].get(k, u)) for k, u in held})
    p = LinearRows(max(d.bits for d in made))
    under, over, fair = scaled(p.bits, [goal.get(k, 1.0) for k in PRICES])
    total, weight, last, count = Counter[str](), Counter[str](), dict[str, int](), 0
    for t, (d, part) in enumerate(zip(made, parts, strict=True)):
        up, below = p.bits - d.bits, least[-1 - t]
        rows = zip(part["account"], d.weight, d.given, strict=True)
        z, sums = p.column(d.level() << up, None, fair) if priced else 0, list[int]()
        for name, w, x in rows:
            room, total[name] = scaled(p.bits, [below[name]])[0], total[name] + (x << up)
            sums.append(p.column(x << up, room if w > 0 else 0))
            paid, here = p.column(total[name], room), sums[-1]
            before = [(last[name], -p.unit)] if name in last else []
            p.row("paid", count, 0, 0, [(paid, p.unit), (here, -p.unit), *before])
            if priced:
                p.row("share", count, None, 0, [(here, p.unit), (z, -max(w, 0) << up)])
            weight[name], last[name] = max(weight[name], w << up), paid
            count += 1
        missing, end = ((d.budget - sum(d.given)) << up) * priced, None if priced else 0
        sums.append(p.column(max(missing, 0), end, under))
        much = p.column(max(-missing, 0), end, over), -p.unit
        budget, entries = d.budget << up, [(j, p.unit) for j in sums]
        p.row("budget", t, budget, budget, [*entries, much])
    burdens = (-(-(x << p.bits) // weight[k]) for k, x in total.items() if x and weight[k])
    z = p.column(max(burdens, default=0), None, 0 if priced else p.unit)
    for i, (name, paid) in enumerate(() if priced else last.items()):
        p.row("share", i, None, 0, [(paid, p.unit), (z, -weight[name])])
    return p


def episode(content: Columns, claim: Testimony) -> Iterator[Criterion]:
    """The worst burden in all, or the sum of the loss."""
    p, under = coupled(content, claim, claim.answer.get("haircut_usd")), claim.goal.get("under")
    near = sum(slack(low or 0, p.bits) for name, _, low, *_ in p.rows if name == "budget")
    found = p.proved("sum of the loss" if under else "worst burden in all", next(claim.witnesses))
    yield found._replace(near=Fraction(near, p.unit) * Fraction(under or 0))


def path(content: Columns, claim: Testimony) -> Iterator[Criterion]:
    """Severities of a bounded variation: they, above and below what was needed, up and down."""
    pairs, limit = (
        zip(content["needs"], content["deficits"], strict=True),
        claim.goal["variation"],
    )
    wanted = [min(1.0, b / d) if d > 0 else float(b > 0) for b, d in pairs]
    taken = claim.numbers("severity", "n", len(wanted))
    p = LinearRows(bits_of(wanted, taken, content["deficits"], [limit]))
    at, moves, last = scaled(p.bits, taken), list[int](), (0, 0)
    costs = scaled(p.bits, content["deficits"])
    for t, (x, aim, cost) in enumerate(zip(at, scaled(p.bits, wanted), costs, strict=True)):
        here = p.column(x, p.unit)
        up, down = (p.column(max(v, 0), p.unit, cost) for v in (x - aim, aim - x))
        p.row("missed", t, aim, aim, [(here, p.unit), (up, -p.unit), (down, p.unit)])
        if t:
            moves += [p.column(max(v, 0), p.unit) for v in (x - last[1], last[1] - x)]
            ends = [(here, p.unit), (last[0], -p.unit), (moves[-2], -p.unit), (moves[-1], p.unit)]
            p.row("moved", t - 1, 0, 0, ends)
        last = here, x
    most = scaled(p.bits, [limit])[0]
    p.row("variation", 0, None, most, [(j, p.unit) for j in moves])
    yield p.proved("USD lost", next(claim.witnesses))


def unanswered(content: Columns, claim: Testimony) -> LinearRows:
    """What must be met, nothing being taken."""
    if content["kind"] == "episode":
        return coupled(content, claim, [[0.0] * len(part["account"]) for part in content["round"]])
    claim.answer = {"position": [], "order": [], "contracts": []}
    return sides(content, claim).program()[0]
