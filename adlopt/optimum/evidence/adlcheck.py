"""adlcheck: check a certificate of adlopt against its instance, without adlopt or a solver.

    python -I -S adlcheck.py INSTANCE CERTIFICATE        0 VALID, 1 INVALID, 2 neither can be read

INSTANCE is the .toml or .json file that was solved, its tables in CSV. Rows are derived of it anew,
the answer is checked to meet them, and both ends are recomputed in whole numbers: what it costs,
and what none costs less than, by prices of rows [weak duality, Farkas]. Its rules, by their
numbers, the canonical form that binds a certificate, and what is reported, not proved, are in
examples/guide/evidence.md.
"""

from __future__ import annotations

import csv
import hashlib
import json
import math
import re
import sys
import tomllib
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from decimal import ROUND_CEILING, Context, Decimal, Inexact, InvalidOperation, localcontext
from fractions import Fraction
from functools import partial, reduce
from itertools import accumulate
from operator import or_
from pathlib import Path
from typing import Any, NamedTuple

SCHEMA = "adlopt/certificate/2"
LARGEST, SMALLEST, MICRO, WORK = 1e15, 1e-100, 10**6, 10**9  # WORK: bits that sums may touch
NEAR, SUMMED = map(Decimal, ("1e-15", "1e-9"))
USD, ROUNDED = Decimal("1e-6"), Decimal(2.0**-48)
EXACT = Context(prec=20_000, traps=[Inexact, InvalidOperation])  # what would be rounded is refused
UP = Context(prec=400, rounding=ROUND_CEILING)  # but for quotients
Columns = dict[str, Any]
Entries = list[tuple[int, Any]]
OF_DATA = (ArithmeticError, AttributeError, LookupError, OSError, RecursionError, TypeError)
WRONG = (*OF_DATA, ValueError, csv.Error)  # whatever goes wrong is a refusal
FREE: Any = [0, 0, 1, 0]  # prices: of what is missed, is too much, a worst burden above a level
MISSED = "the answer does not raise what it must, or breaks a limit"
along = partial(zip, strict=True)  # rows of columns of one length


class Invalid(ValueError):
    """The certificate does not prove what it says, or a file is not what it should be."""


def _refuse(wrong: Any, why: str) -> None:
    if wrong:
        raise Invalid(why)


# --- Files ----------------------------------------------------------------------------------------
_Cell: Any = type("_Cell", (str,), {})  # what stands in a table: there numbers are texts
DIGITS = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)
LOW = {"n": 0.0, "p": SMALLEST, "r": -LARGEST, "i": -LARGEST}
TYPES: Any = {"l": {list}, "b": {bool}, "o": {dict, type(None)}}
TYPES |= dict.fromkeys(LOW, (int, float)) | dict.fromkeys("sw", (str, _Cell))


def parsed(path: Path) -> Any:
    """Read TOML or JSON; no key twice."""

    def once(pairs: list[tuple[str, Any]]) -> Columns:
        _refuse(len(dict(pairs)) < len(pairs), f"a key stands twice among {[k for k, _ in pairs]}")
        return dict(pairs)

    text = path.read_bytes().decode("utf-8-sig")
    if path.suffix == ".toml":
        return tomllib.loads(text)
    return json.loads(text, object_pairs_hook=once, parse_constant=Fraction)


def rows_of(given: Any, spec: str, folder: Path) -> Columns:
    """Columns of objects, or of a CSV table beside the instance, its others features or tags."""
    if not isinstance(given, str):
        found = columns(given, f"{spec} features:o? tags:o?")
        more = {key: [row or {} for row in found.get(key, ())] for key in ("features", "tags")}
        return found | {key: turned(rows) for key, rows in more.items()}
    path = (folder / given).resolve()
    far = path.suffix != ".csv" or not path.is_relative_to(folder.resolve())
    _refuse(far, f"{path}: only .csv tables beside the instance are read")
    with path.open(encoding="utf-8-sig", newline="") as file:
        head, *table = (row for row in csv.reader(file, strict=True) if any(map(str.strip, row)))
    named = [(k, [*map(_Cell, column)]) for k, column in along(head, along(*table)) if k.strip()]
    _refuse(len(cells := dict(named)) < len(named), f"{path}: a column stands twice")
    known = {k: cells.pop(k) for k in re.findall(r"(\w+):", spec) if k in cells}
    tags = {k.removeprefix("tags."): v for k, v in cells.items() if k.startswith("tags.")}
    return columns(known, spec) | {"features": cells, "tags": tags}


def turned(rows: Any) -> Columns:
    """Columns of rows; None where one lacks it."""
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}


def columns(rows: Any, spec: str) -> Columns:
    """Columns of kinds, as in `name:kind`, with ? where a column may be missing; see `checked`."""
    kinds, found = dict(each.split(":") for each in spec.split()), dict[str, Any]()
    rows = turned(rows) if isinstance(rows, list) else rows
    _refuse(set(rows) - set(kinds), f"{[*rows]} are not of {[*kinds]}")
    for name, kind in kinds.items():
        values = rows.get(name, [None])
        if set(map(type, values)) != {type(None)} or kind[1:] != "?":
            found[name] = checked(values, kind[0], name)
    return found


def checked(values: Sequence[Any], kind: str, where: str) -> list[Any]:
    """Numbers n ≥ 0, p > 0, r, i whole; s ids, w texts; l lists, o objects, b booleans, a all."""
    types, found = set(map(type, values)), list(values)
    if types == {_Cell} and kind in LOW and all(map(DIGITS.fullmatch, values)):
        types = {float}
    good = types <= set(TYPES.get(kind, types))
    if good and kind == "s":
        good = all(found := list(map(str.strip, values)))
    if good and kind in LOW:
        found = [x if abs(x) >= SMALLEST else 0.0 for x in map(float, values)]
        good = all(LOW[kind] <= x <= LARGEST and (kind != "i" or x.is_integer()) for x in found)
    _refuse(not good, f"{where} has an entry that is missing, of another type, or out of range")
    return list(map(int, found)) if kind == "i" else found


def one(entry: Any, spec: str) -> Columns:
    """The same of a single object."""
    return {name: values[0] for name, values in columns([entry], spec).items()}


# --- Instances: what the files say ----------------------------------------------------------------
ACCOUNT = "account:s? id:s? capacity:n equity:r? lot:p? round:i? recorded:n? markout:r?"
ROUND = "deficit:n needed:n? account:l? accounts:w? capacity:n? lot:p? estimate:n? signals:o? "
STATED = "loss:o? match:o? limits:o? constraint:l? belief:o? decide:o? "
SHED = "loser:s coin:s side:s size:n price:n mark:p"
POSITION = "account:s coin:s side:s size:n lot:p? value:n? mark:p? entry:r? closable:i?"
EPISODE = "round:l name:w? source:w? accounts:w? reference:w? fairest:w? recorded:l?"
CONTRACTS = "deficit:n needed:n positions:a accounts:a? shed:a? "
MARKET = "coin:l account:a? accounts:a? position:a? positions:a? shed:a? exempt:o? fund:n? "
COIN = "name:s mark:p lot:p previous_mark:p? index:p? maintenance:p? initial:p?"
TRADER = "account:s? id:s? balance:r opened:r? recorded:r?"
OPEN = "account:s coin:s side:w size:p entry:p recorded:n?"
LIMITED = "ineligible:o? cap:a? floor:a? tier:a? weight:a?"
SAYS = "gives_at_most:o? gives_at_least:o? keeps_at_most:n? keeps_at_least:n? shares_burden:b? "
SAYS += "delta_changes_at_most:n? "
CHOSEN = "haircut:a? group:w? account:l? tags:o? coin:w? where:o? each:w? at_least:r? at_most:r?"
IDLE = {"estimate", "signals", "features", "tags", "recorded", "markout", "coin", "side"}
LIMITS, SIZES = ("ineligible", "cap", "floor", "tier", "weight"), ("capacity", "equity")
OTHER, SIGN = {"long": "short", "short": "long"}, {"long": 1.0, "short": -1.0}


def instance(path: Path) -> Columns:
    """The content of an instance, ready to be written in its canonical form."""
    entry, folder = parsed(path), path.parent
    if "round" in entry:
        entry = one(entry, EPISODE)
        cells = rows_of(entry["accounts"], ACCOUNT, folder) if "accounts" in entry else {}
        parts = enumerate(entry["round"], start=1)
        rounds = [one_round(one(each, ROUND), folder, cells, t) for t, each in parts]
        return {"kind": "episode", "round": rounds}
    if "coin" in entry:
        return market(one(entry, f"{MARKET} signals:o?"), folder)
    spec, read = (CONTRACTS, contracts) if "positions" in entry else (ROUND, one_round)
    entry = one(entry, spec + STATED)
    content = {"kind": "round" if "needed" in entry else "start"} | read(entry, folder)
    content |= limits(entry, content)
    rows = entry.get("constraint")
    return content | {"own": own_rows(rows, content)} if rows else content


def one_round(entry: Columns, folder: Path, cells: Any = (), t: int = 0) -> Columns:
    """A round of dollars; its accounts may be those of a table for several."""
    given = [k for k in ("account", "accounts", "capacity") if k in entry]
    _refuse(len(given) + bool(cells) != 1, "just one of account, accounts, capacity is expected")
    if "capacity" in given:
        cells = {"account": ["all winners"], "capacity": [entry["capacity"]]}
    elif given:
        cells = rows_of(entry[given[0]], ACCOUNT, folder)
        _refuse(len(set(cells.pop("round", [1]))) > 1, "a table of several rounds")
    else:
        round_ = cells["round"]
        lists = {k: v for k, v in cells.items() if type(v) is list and v is not round_}
        cells = {k: [x for x, r in along(v, round_) if r == t] for k, v in lists.items()}
    names = cells["account"] = cells.pop("id", cells.get("account"))
    _refuse(len(set(names)) < len(names), "an account stands twice")
    lots = {"lot": [entry["lot"]] * len(names)} if "lot" in entry else {}
    return {"needed": entry.get("needed"), "deficit": entry["deficit"], **cells, **lots}


def _summed(keys: Iterable[Any], amounts: Iterable[float], totals: Any = ()) -> dict[Any, float]:
    found: dict[Any, float] = dict(totals)
    for key, amount in along(keys, amounts):
        found[key] = found.get(key, 0.0) + amount
    return found


def _gains(p: Columns) -> list[float]:
    columns = along(p["side"], p["size"], p["mark"], p["entry"])
    return [SIGN[side] * size * (mark - entry) for side, size, mark, entry in columns]


def contracts(entry: Columns, folder: Path) -> Columns:
    """A round in contracts: what it leaves out is derived from positions and what losers shed."""
    for row in entry["positions"] if type(entry["positions"]) is list else ():
        row.setdefault("lot", 1.0)
    p = rows_of(entry["positions"], POSITION, folder)
    p.setdefault("lot", [1.0] * len(p["account"]))
    content = {"kind": "contracts", "needed": entry["needed"], "positions": p}
    if "shed" in entry:
        content = opposed(p, rows_of(entry["shed"], SHED, folder))
    worth = [size * value for size, value in along(p["size"], p["value"])]
    totals = _summed(p["account"], _gains(p) if "entry" in p and "mark" in p else worth)
    more: Columns = {"account": [*totals], "capacity": [max(x, 0.0) for x in totals.values()]}
    more = rows_of(entry["accounts"], ACCOUNT, folder) if "accounts" in entry else more
    strange = set(p["account"]) - set(names := more["account"]) or set(p["side"]) - set(SIGN)
    _refuse(strange, "a position is of no account, or neither long nor short")
    _refuse(len(set(names)) < len(names), "an account stands twice")
    p.pop("entry", None)
    return content | more


def opposed(p: Columns, sold: Columns) -> Columns:
    """Positions, and orders by the side that they close, with what a contract takes from it."""
    held: Columns = {k: v for k, v in p.items() if k not in ("value", "entry", "features", "tags")}
    held["what"] = [f"{side} {coin}" for side, coin in along(p["side"], p["coin"])]
    gaps = along(sold["side"], sold["price"], sold["mark"])
    value = [max(x - y if side == "long" else y - x, 0.0) for side, x, y in gaps]
    what = [f"{OTHER[side]} {coin}" for side, coin in along(sold["side"], sold["coin"])]
    dear = dict.fromkeys(held["what"], 0.0)
    for each, v in along(what, value):
        dear[each] = max(dear.get(each, 0.0), v)
    p.setdefault("value", [dear[each] for each in held["what"]])
    shed = {"what": what, "value": value, "size": sold["size"], "mark": sold["mark"]}
    return {"kind": "matching", "held": held, "shed": shed}


def market(entry: Columns, folder: Path) -> Columns:
    """Solvent accounts with a profit, against all positions of the bankrupt, or what is shed."""
    coins = columns(entry["coin"], COIN)
    given = [[entry[key] for key in (k, f"{k}s") if key in entry] for k in ("account", "position")]
    people, p = (rows_of(each, spec, folder) for (each,), spec in along(given, (TRADER, OPEN)))
    names, exempt = people.get("id") or people["account"], entry.get("exempt") or {}
    strange = {*p["account"], *exempt} - set(names) or len(set(names)) < len(names)
    _refuse(strange, "a position is of no account, or an account stands twice")
    of_coin = {k: dict(along(coins["name"], coins[k])) for k in coins}
    p |= {k: [of_coin[k][coin] for coin in p["coin"]] for k in ("mark", "lot")}
    gain = _summed(p["account"], _gains(p), dict.fromkeys(names, 0.0))
    equity = {name: balance + gain[name] for name, balance in along(names, people["balance"])}
    rate = of_coin.get("maintenance", dict.fromkeys(coins["name"], 1.0))
    held = [q * m * rate[c] for q, m, c in along(p["size"], p["mark"], p["coin"])]
    total, rows, keys = _summed(p["account"], held), [], ("account", "coin", "side", "size", "mark")
    for name, coin, side, q, m, h in along(*(p[k] for k in keys), held):
        if equity[name] < 0 and "shed" not in entry:
            gap = SIGN[side] * (equity[name] * (h / total[name]) / q)
            rows.append((name, coin, side, q, m, m - gap))
    sold = {key: [row[i] for row in sorted(rows)] for i, key in enumerate((*keys, "price"))}
    sold = rows_of(entry["shed"], SHED, folder) if "shed" in entry else sold
    checked(sold["price"], "n", "a price at which the bankrupt close")
    wins = {n: n for n in names if gain[n] > 0 and equity[n] > 0 and n not in exempt}
    p = {k: [v for v, n in along(p[k], p["account"]) if n in wins] for k in (*keys, "lot")}
    sizes = {"capacity": [gain[n] for n in wins], "equity": [equity[n] for n in wins]}
    return opposed(p, sold) | sizes | {"account": [*wins]}


def limits(entry: Columns, content: Columns) -> Columns:
    """The limits of accounts, one entry an account."""
    names, found = content["account"], dict[str, Any]()
    for key, given in one(entry.get("limits") or {}, LIMITED).items():
        each = {name.strip(): v for name, v in given.items()} if isinstance(given, dict) else {}
        _refuse(not set(each) <= set(names), f"limits.{key} names what is no account")
        if key == "ineligible":
            found[key] = [name for name in names if name in each]
        elif given not in ({}, "") or key in ("cap", "floor"):
            values = content["features"][given] if isinstance(given, str) else [given] * len(names)
            if isinstance(given, dict):
                other = {"cap": 1.0, "floor": 0.0, "tier": 1}.get(key)
                values = [given.get(name, other) for name in names]
            found[key] = checked(values, "i" if key == "tier" else "n", f"limits.{key}")
    wrong = max(found.get("cap", [0.0])) > 1 or ("floor" in found and "equity" not in content)
    _refuse(wrong, "limits.cap is above 1, or limits.floor without equities")
    return {key: values for key, values in found.items() if values}


def own_rows(entries: Sequence[Any], content: Columns) -> Columns:
    """Rows of one's own, and who bears burdens with whom: rule 6."""
    names, rows, first = content["account"], list[Columns](), dict[int, int]()
    for entry in entries:
        each = one(entry, SAYS + CHOSEN)
        (what,) = (k for k, v in each.items() if f" {k}:" in f" {SAYS}haircut:" and v is not False)
        known = content.get("features", {}) | {k: content[k] for k in SIZES if k in content}
        said, by, most = each[what], each.get("haircut"), what.endswith("most")
        by = dict(along(names, checked(known[by], "r", by))) if isinstance(by, str) else by
        for part in chosen(each, content, known):
            share, end, ends = 0.0, 0.0, [each.get("at_least"), each.get("at_most")]
            if what == "shares_burden":
                _refuse(set(part) & set(first), "an account shares two burdens")
                first |= dict.fromkeys(part, part[0])
                continue
            if what.startswith("delta"):
                rows += hedges(content["held"], {names[i] for i in part}, said)
                continue
            if what.startswith("gives"):
                ((key, end),) = one(said, "share:n? usd:n?").items()
                share, end = (end, 0.0) if key == "share" else (0.0, end)
            elif what.startswith("keeps"):
                end, most = math.fsum(content["capacity"][i] for i in part) - said, not most
            ends = ends if by is not None else [None, end] if most else [end, None]
            factors = [1.0 if by is None else by.get(names[i], 0.0) for i in part]
            row = {"of": part, "by": checked(factors, "r", what), "share": share, "ends": ends}
            rows.append(row)
    bearer = [first.get(i, i) for i in range(len(names))] if first else []
    rank = {i: k for k, i in enumerate(sorted(set(bearer)))}
    return {"row": rows, "bearer": [rank[i] for i in bearer]}


def hedges(held: Columns, names: set[str], usd: float) -> Iterator[Columns]:
    """Of each coin that some are long and short in: its net delta changes by so much at most."""
    of: dict[Any, list[int]] = {}
    for j, key in enumerate(along(held["account"], held["coin"])):
        of.setdefault(key, []).append(j)
    for (name, _), rows in of.items():
        if name in names and len({held["side"][j] for j in rows}) > 1:
            by = [SIGN[held["side"][j]] * held["mark"][j] for j in rows]
            yield {"of": rows, "by": by, "share": 0.0, "ends": [-usd, usd], "closes": True}


def chosen(each: Columns, content: Columns, known: Columns) -> Iterable[list[int]]:
    """Accounts that have all that is asked for: all as one, or by what they have of a kind."""
    names, tags, by = content["account"], content.get("tags", {}), each.get("haircut")
    p, tests = content.get("held") or content.get("positions"), [[True] * len(names)]
    tests += [[tag == has for has in tags[kind]] for kind, tag in each.get("tags", {}).items()]
    for feature, (low, high) in each.get("where", {}).items():
        tests.append([low <= x <= high for x in checked(known[feature], "r", feature)])
    if "group" in each:
        tests.append([each["group"] in has for has in along(*tags.values())])
    named: list[Any] = [each.get("account", [*by] if isinstance(by, dict) else names)]
    if p and "coin" in each:
        named.append([n for n, coin in along(p["account"], p["coin"]) if coin == each["coin"]])
    _refuse(not set().union(*named) <= set(names), "a constraint is of no account")
    tests += [[name in some for name in names] for some in map(frozenset[str], named)]
    kinds, parts = tags | {"": ["all"] * len(names), "account": names}, dict[str, list[int]]()
    for i, (yes, kind) in enumerate(along(map(all, along(*tests)), kinds[each.get("each", "")])):
        if yes and kind:
            parts.setdefault(kind, []).append(i)
    return parts.values()


def canonical(value: Any) -> str:
    """The canonical form; see above."""
    if isinstance(value, dict):
        kept = {key: each for key, each in sorted(value.items()) if each and key not in IDLE}
        return "{" + ",".join(f"{json.dumps(k)}:{canonical(v)}" for k, v in kept.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(canonical, value)) + "]"
    return f'"{value.hex()}"' if isinstance(value, float) else json.dumps(value)


def fingerprint(content: Columns) -> str:
    """SHA-256 of the canonical form."""
    return hashlib.sha256(canonical(content).encode()).hexdigest()


# --- The core: rows, a point, and prices, in decimals that are never rounded ---------------------
class Criterion(NamedTuple):
    """What the answer costs, and what none costs less than, if that is proved, but for `near`."""

    name: str
    upper: Fraction
    lower: Fraction | None
    near: Fraction = Fraction(0)

    def within(self, upper: Fraction, lower: Fraction) -> bool:
        """Whether two ends are one, but for rounding."""
        return upper - lower <= Fraction(SUMMED) * upper + self.near


def _exact(values: Iterable[Any]) -> list[Any]:
    return [*map(Decimal, values)]


def _slack(amount: Any) -> Any:
    return max(min(USD, abs(amount) * SUMMED), abs(amount) * ROUNDED)


def _beyond(reached: Any, low: Any, high: Any, size: Any = 0) -> bool:
    short = low is not None and reached < low and low - reached > _slack(max(abs(low), size))
    over = high is not None and reached > high and reached - high > _slack(max(abs(high), size))
    return short or over


class _Program:
    """min cost·x, 0 ≤ x ≤ high, low ≤ rows·x ≤ high; None is no end.

    Columns are put where the answer has them; rows have a name and a number, by which witnesses
    have prices. Who bears a burden has a number, gives, and a weight; arcs: column, account, room.
    """

    def __init__(self) -> None:
        self.columns, self.rows, self.bears, self.arcs = (list[Any]() for _ in range(4))
        self.near, self.wholes = Decimal(0), dict[str, dict[int, tuple[int, Any]]]()
        self.prices: Any = FREE

    def column(self, at: Any, high: Any = None, cost: Any = 0) -> int:
        self.columns.append((at, high, cost))
        return len(self.columns) - 1

    def row(self, name: str, number: int, low: Any, high: Any, entries: Entries) -> None:
        self.rows.append((name, number, low, high, entries))

    def reached(self, entries: Entries) -> Any:
        return sum(a * self.columns[j][0] for j, a in entries)

    def bound(self, witness: Columns, *, point: bool = True, ends: Any = None) -> Fraction:
        """What no feasible point costs less than, by weak duality.

        Prices of the wrong sign count as 0, and all are scaled to what columns without end allow;
        ends that the answer misses, by rounding, are moved to it. Without a point costs are 0: a
        bound above that proves that none is feasible [Farkas]. Of a tree that parts what is whole
        it is the least of both parts.
        """
        ends = ends or {}
        if "above" in witness:
            at, number = checked([witness["at"], witness["number"]], "i", "a tree")
            column, unit = self.wholes[witness["of"]][number]
            low, high = ends.get(column, (0, self.columns[column][1]))
            parts = (low, min(high, at * unit)), (max(low, (at + 1) * unit), high)
            halves = along((witness["below"], witness["above"]), parts)
            return min(self.bound(half, ends=ends | {column: within}) for half, within in halves)
        value, pull, told = Decimal(0), [Decimal(0)] * len(self.columns), witness.items()
        prices = {k: _exact(checked(v, "r", k)) for k, v in told if type(v) is list}
        for name, number, low, high, entries in self.rows:
            terms = [a * self.columns[j][0] for j, a in entries]
            reached, missed = sum(terms), _beyond(sum(terms), low, high, sum(map(abs, terms)))
            _refuse(point and missed, f"{MISSED}: {name}")
            price = (prices.get(name, [])[number : number + 1] or [0])[0]
            end = low if price > 0 else high
            if price and end is not None:
                met = (end, reached if point else end)
                value += price * (min(met) if price > 0 else max(met))
                for j, a in entries:
                    pull[j] += price * a
        rows = [(x, high, c * point, y) for (x, high, c), y in along(self.columns, pull)]
        open_ = (r for j, r in enumerate(rows) if r[1] is None and r[3] > 0 and j not in ends)
        most = min((Fraction(cost) / Fraction(y) for *_, cost, y in open_), default=Fraction(1))
        part, whole = map(Decimal, most.as_integer_ratio())
        found = part * value
        for j, (x, high, cost, taken) in enumerate(rows):
            _refuse(point and _beyond(x, 0, high), "the answer gives what it may not")
            low, top = ends.get(j, (0, max(high or 0, x * point)))
            rest = whole * cost - part * taken
            found += rest * (top if rest < 0 else low)
        return Fraction(found) / Fraction(whole)

    def proved(self, name: str, witness: Columns, whole: bool = False) -> Criterion:
        """What the answer costs, and what none costs less than by prices, if there are any.

        A tree is of what costs no more than the answer, where nothing brings in anything.
        """
        cost, tree = sum(c * x for x, _, c in self.columns), witness.get("tree")
        upper, least = Fraction(cost), self.bound(witness)
        gains = any(c < 0 for *_, c in self.columns)
        least = least if gains else max(least, Fraction(0))
        if tree:
            _refuse(gains, "a tree is of what has no cost below 0")
            free = ((j, c) for j, (_, high, c) in enumerate(self.columns) if high is None and c)
            ends = {j: (0, UP.divide(cost, c)) for j, c in free}
            least = max(least, min(self.bound(tree, ends=ends), upper))
        told = tree or any(type(prices) is list and prices for prices in witness.values())
        lower = Fraction(math.ceil(least)) if whole else least
        return Criterion(name, upper, lower if told else None, Fraction(self.near))

    def kept(self, name: str) -> _Program:
        """What costs so far is a row instead: no more than the answer's."""
        row = [(j, cost) for j, (*_, cost) in enumerate(self.columns) if cost]
        most = self.reached(row)
        for j, cost in row:
            x, high, _ = self.columns[j]
            self.columns[j] = x, min(high, UP.divide(most, cost)), 0
        self.row(name, 0, None, most, row)
        return self

    def budget(self, number: int, gives: Entries, needed: Any, extra: Any, prices: Any) -> None:
        """What must be raised; where missing it has prices, at these."""
        self.prices = prices
        if prices[0]:
            missing, extra = needed - self.reached(gives), 0
            self.near += _slack(needed) * prices[0]
            for sign, price in along((1, -1), prices[:2]):
                gives = [*gives, (self.column(max(sign * missing, 0), None, price), sign)]
        self.row("budget", number, needed, None if extra is None else needed + extra, gives)

    def own(self, rows: Sequence[Columns], accounts: Any, positions: Any = ()) -> int:
        """Rows of one's own, over what accounts give or positions close; a column of all: 6."""
        gives = [each for entries in accounts for each in entries]
        most = sum(a * (self.columns[j][1] or 0) for j, a in gives)
        total = self.column(self.reached(gives), most)
        self.row("raised", 0, 0, 0, [*gives, (total, -1)])
        for k, row in enumerate(rows):
            of, pairs = positions if row.get("closes") else accounts, along(row["of"], row["by"])
            entries = [(j, a * Decimal(by)) for i, by in pairs for j, a in of[i]]
            low, high = (None if end is None else Decimal(end) for end in row["ends"])
            self.row("own", k, low, high, [*entries, (total, -Decimal(row["share"]))])
        return total

    def worst(self, bears: Any) -> Decimal:
        """The worst burden of some, rounded up."""
        gives = ((self.reached(x), w) for _, x, w in bears)
        return max((UP.divide(x, w) for x, w in gives if x and w > 0), default=Decimal(0))

    def share(self, bears: Any, worst: int, allowed: Any = 0, own: Any = ()) -> None:
        """Burdens are at most a worst one, a column, and what is allowed, and is their own."""
        for k, (i, gives, w) in enumerate(bears):
            more = [(j, -w) for j in (worst, *own[k : k + 1])]
            self.row("share", i, None, w * allowed, gives + more)

    def least_burden(self, name: str, witness: Columns, kept: Any = ()) -> Criterion:
        """The worst burden of all that are not kept to theirs, beside what costs so far."""
        (*_, fair, allowed), free = self.prices, [b for b in self.bears if b[0] not in kept]
        self.share(free, self.column(max(self.worst(free) - allowed, 0), None, fair), allowed)
        for i, gives, _ in (each for each in self.bears if each[0] in kept):
            self.row("share", i, None, self.reached(gives), gives)
        return self.proved(name.format(len(free)), witness)

    def switched(self) -> _Program:
        """Accounts touched are what costs: nothing is given unless they are on."""
        used = {i for j, i, _ in self.arcs if self.columns[j][0]}
        on = {i: self.column(int(i in used), 1, 1) for i in sorted({i for _, i, _ in self.arcs})}
        for k, (j, i, room) in enumerate(self.arcs):
            self.row("on", k, None, 0, [(j, 1), (on[i], -room)])
        self.wholes["on"] = {i: (j, 1) for i, j in on.items()}
        return self

    def mean_of_worst(self, goal: Columns, witness: Columns) -> Criterion:
        """CVaR: t + Σ p_i (b_i − t)+ / ((1 − level) Σ p)."""
        burdens, t = [self.worst([each]) for each in self.bears], Decimal(0)
        shares = _exact(checked(goal.get("importance") or [1.0] * len(burdens), "p", "importance"))
        left = whole = sum(shares) * (1 - Decimal(goal["level"]))
        for burden, share in sorted(along(burdens, shares), reverse=True):
            t, left = burden if left > 0 else t, left - share
        full = [(sum(a * self.columns[j][1] for j, a in x), w) for _, x, w in self.bears]
        tops = [UP.divide(most, w) if w > 0 else 0 for most, w in full]
        rows = along(burdens, shares, tops)
        own = [self.column(max(b - t, 0), top, UP.divide(p, whole)) for b, p, top in rows]
        self.share(self.bears, self.column(t, max(tops), 1), own=own)
        return self.proved("mean of the worst burdens", witness)


# --- Rounds of dollars, episodes, and paths -------------------------------------------------------
PRICED, EARLY = ("asymmetric", "empirical"), "a tier gives, and one before it could give more"
COSTS = dict.fromkeys(PRICED, "loss") | {"linear": "cost"}  # of more than the worst burden


class _Dollars:
    """A round: what accounts may give by rule 3, their weights, what they give, and must raise.

    Of tiers, by rule 5, only one has members; what those before it give is not left for it.
    """

    def __init__(
        self, content: Columns, claim: Testimony, members: Any, before: Any, given: Any = None
    ) -> None:
        if given is None:
            given = claim._numbers("haircut_usd", "n", len(content["account"]))
        goal, needed = claim.goal, claim.goal.get("floor", content.get("needed", 0.0))
        prices = [goal.get("under", 0.0), goal.get("over", 0.0), goal.get("fair", 1.0), 0.0]
        if goal["kind"] == "empirical":
            prices = [1.0, 1.0, goal["weight"] * needed, goal["reference"]]
        per = _exact(checked(goal.get("haircut") or [0.0] * len(given), "r", "haircut"))
        self.costs = [cost + Decimal(goal.get("raised", 0.0)) for cost in per]
        exact = {k: _exact(content[k]) for k in (*SIZES, "cap", "floor", "weight") if k in content}
        self.budget, extra, epsilon = _exact([needed, claim.extra or 0.0, goal["epsilon"]])
        weight = [max(w, 0) + epsilon for w in exact.get(goal["burden"], ())]
        self.weight, most = exact.get("weight") or weight, exact["capacity"]
        if "cap" in exact:
            most = [u * c for u, c in along(most, exact["cap"])]
        if "floor" in exact:
            rooms = along(most, exact["equity"], exact["floor"])
            most = [max(min(u, e - f), 0) for u, e, f in rooms]
        barred = set(content.get("ineligible", ()))
        rows = along(most, self.weight, content["account"], members)
        self.most = [u * (w > 0 and yes and name not in barred) for u, w, name, yes in rows]
        self.given = [x * yes for x, yes in along(_exact(given), members)]
        self.raised, self.own, self.prices = sum(self.given), content.get("own"), _exact(prices)
        self.budget = before.budget - before.raised if before else self.budget
        self.extra = extra if claim.extra is not None else None
        self.by_rows, self.units = self.own is not None, dict[int, tuple[int, Any]]()

    def program(self, prices: Any = FREE, *, alone: bool = False) -> _Program:
        """Haircuts that raise the budget, or miss it at prices; burdens as they are borne."""
        p, own = _Program(), self.own or {}
        columns = along(self.given, self.most, self.costs)
        gives: Any = [[(p.column(*each), 1)] for each in columns]
        p.budget(0, [each for (each,) in gives], self.budget, self.extra, prices)
        if own.get("row"):
            p.own(own["row"], gives)
        top = max(self.most, default=0) if self.extra is None else self.budget + self.extra
        p.wholes["lots"] = self.units
        p.arcs = [(i, i, min(u, top)) for i, u in enumerate(self.most)]
        p.bears = [(i, x, w) for i, (x, w) in enumerate(along(gives, self.weight))]
        if own.get("bearer") and not alone:
            pools: Any = [(k, [], 0) for k in range(max(own["bearer"]) + 1)]
            for k, (_, x, w) in along(own["bearer"], p.bears):
                pools[k] = k, pools[k][1] + x, pools[k][2] + w
            p.bears = pools
        return p

    def least_burden(self, kind: str, witness: Columns) -> Criterion:
        """The worst burden, or its price and that of what is given or missed."""
        p = self.program(self.prices)
        if kind not in COSTS and not self.by_rows:
            level = p.worst(p.bears)
            free = [u > w * level for u, w in along(self.most, self.weight)]
            if not any(free):  # all give all they can
                free = [u + _slack(u) >= w * level for u, w in along(self.most, self.weight)]
            witness = {"budget": [1.0], "share": [-float(yes) for yes in free]}
        return p.least_burden(COSTS.get(kind, "worst burden"), witness)

    def lost(self, goal: Columns, witness: Columns) -> Criterion:
        """What is lost at worst, by distributions so near to a belief, and the price of the burden.

        That is min λ ε + Σ p s, where s ≥ ℓ(H, v) − λ |v − b| for v = 0, b, and the most.
        """
        under, over, *rest = self.prices
        p, gives = self.program((0, 0, *rest)), [[(i, 1)] for i, _ in enumerate(self.given)]
        total, (most, radius) = p.own([], gives), _exact([goal["most"], goal["radius"]])
        belief, mass = (_exact(checked(goal[key], "n", key)) for key in ("belief", "mass"))
        (move,), whole = _exact(checked(witness["price"], "n", "price")), sum(mass)
        _refuse(max(belief) > most, "more is believed to be needed than can be")
        shift, p.near = p.column(move, None, radius), _slack(self.raised) * max(under, over)
        for i, (b, share) in enumerate(along(belief, mass)):
            pairs = [(v, price) for v in (0, b, most) for price in (under, -over)]
            rows = [(price * v, [(shift, abs(v - b)), (total, price)]) for v, price in pairs]
            worst = max(low - p.reached(row) for low, row in rows)
            loss = p.column(worst, None, UP.divide(share, whole))
            for k, (low, row) in enumerate(rows, start=6 * i):
                p.row("lost", k, low, None, [(loss, 1), *row])
        return p.least_burden("loss at worst", witness)

    def all_burdens(self) -> Criterion:
        """Leximin: whoever could give more bears the worst burden."""
        gives = along(self.given, self.weight)
        level = max((UP.divide(x, w) for x, w in gives if x and w > 0), default=Decimal(0))
        for x, u, w in along(self.given, self.most, self.weight):
            fair = min(u, w * level)
            _refuse(x < fair and x + _slack(fair) < fair, "a dollar can move to a lower burden")
        return Criterion("all burdens in order", *(Fraction(level),) * 2)

    def fewest(self) -> Iterator[Criterion]:
        """Accounts touched, then the burden on so few: a little below, so many raise too little."""
        p, touched = self.program(), sum(map(bool, self.given))
        p.bound({})
        budget, level = min(self.budget, sum(self.given)), p.worst(p.bears)
        reach = accumulate(sorted(map(max, self.most, self.given), reverse=True), initial=0)
        least = next(k for k, raised in enumerate(reach) if raised >= budget)
        yield Criterion("accounts touched", Fraction(touched), Fraction(least))
        cut = level * Decimal(1 - 2.0**-36)
        raised = sorted(min(u, w * cut) for u, w in along(self.most, self.weight))
        short = touched and sum(raised[-touched:]) < budget
        yield Criterion("worst burden on so few", Fraction(level), Fraction(cut if short else 0))

    def exhausted(self) -> None:
        """A later tier gives: this one gives all it can."""
        most = sum(self.most)
        _refuse(_beyond(self.raised, most, None), EARLY)
        self.budget = min(self.budget, most)

    def criteria(self, claim: Testimony) -> Iterator[Criterion]:
        """All criteria of an objective, of the accounts that may give."""
        kind, witness = claim.goal["kind"], claim._next()
        if kind == "cvar" and claim.goal["level"] < 1:
            yield self.program(alone=True).mean_of_worst(claim.goal, witness)
        elif kind in ("tracking", "decision"):
            if kind == "decision":
                yield self.lost(claim.goal, witness)
            else:
                yield self.program((1, 1, 0, 0)).proved("USD missed", witness or {"budget": [1.0]})
            self.budget, self.extra, self.prices = sum(self.given), 0, FREE
            yield self.least_burden(kind, claim._next())
        elif kind == "fewest" and not self.by_rows:
            yield from self.fewest()
        elif kind == "fewest":
            yield self.program().switched().proved("accounts touched", witness, whole=True)
            if self.own is not None:
                p = self.program().switched().kept("touched")
                yield p.least_burden("worst burden on so few", claim._next())
        else:
            yield self.least_burden(kind, witness)
            if kind == "leximin" and not self.by_rows:
                yield self.all_burdens()
            while kind == "leximin" and claim.witnesses and claim.witnesses[0].get("kept"):
                kept = set(checked(claim.witnesses[0]["kept"], "i", "kept"))
                yield self.program().least_burden("burden of the next {}", claim._next(), kept)


def _coupled(content: Columns, claim: Testimony) -> tuple[str, _Program]:
    """Rounds that share winners: haircuts, what is paid by then, misses, burdens; rule 7."""
    answers = claim.answer.get("haircut_usd") or [[]] * len(content["round"])
    kind, p, least = claim.goal["kind"], _Program(), [dict[str, Decimal]()]
    _refuse(kind not in ("asymmetric", "min-max"), "of an episode burdens or a loss are checked")
    for part in reversed(content["round"]):
        held = along(part["account"], _exact(part["capacity"]))
        least.append(least[-1] | {k: min(u, least[-1].get(k, u)) for k, u in held})
    total, weight, last, count = Counter[Any](), Counter[Any](), dict[str, int](), 0
    for t, (part, answer) in enumerate(along(content["round"], answers)):
        claim.answer, bears, below = {"haircut_usd": answer}, list[Any](), least[-1 - t]
        d = _Dollars(part, claim, [True] * len(part["account"]), None)
        for name, w, x in along(part["account"], d.weight, d.given):
            total[name] += x
            here, paid = p.column(x, below[name] * (w > 0)), p.column(total[name], below[name])
            before = [(last[name], -1)] if name in last else []
            p.row("paid", count, 0, 0, [(paid, 1), (here, -1), *before])
            bears.append((count, [(here, 1)], w))
            weight[name], last[name], count = max(weight[name], w), paid, count + 1
        p.budget(t, [each for _, gives, _ in bears for each in gives], d.budget, 0, d.prices)
        if d.prices[0]:
            p.share(bears, p.column(p.worst(bears), None, d.prices[2]))
    if kind == "asymmetric":
        return "sum of the loss", p
    p.bears = [(i, [(last[name], 1)], weight[name]) for i, name in enumerate(last)]
    return "worst burden in all", p


def _path(content: Columns, claim: Testimony) -> tuple[str, _Program]:
    """Severities of a bounded variation: they, above and below what was needed, up and down."""
    p, moves, last = _Program(), Entries(), (0, Decimal(0))
    pairs = [(part["needed"], part["deficit"]) for part in content["round"]]
    wanted = [min(1.0, b / d) if d > 0 else float(b > 0) for b, d in pairs]
    taken = claim._numbers("severity", "n", len(wanted))
    columns = along(*map(_exact, (taken, wanted, [d for _, d in pairs])))
    for t, (x, aim, cost) in enumerate(columns):
        here = p.column(x, 1)
        up, down = (p.column(max(v, 0), 1, cost) for v in (x - aim, aim - x))
        p.row("missed", t, aim, aim, [(here, 1), (up, -1), (down, 1)])
        if t:
            moves += [(p.column(max(v, 0), 1), 1) for v in (x - last[1], last[1] - x)]
            ends = [(here, 1), (last[0], -1), (moves[-2][0], -1), moves[-1]]
            p.row("moved", t - 1, 0, 0, ends)
        last = here, x
    p.row("variation", 0, None, Decimal(claim.goal["variation"]), moves)
    return "USD lost", p


# --- Lots: whole micro-dollars --------------------------------------------------------------------
def _micro(amount: Any, near: Decimal = NEAR, what: str = "") -> int:
    exact = Decimal(amount) * MICRO
    if abs(exact - round(exact)) <= near * abs(exact):
        return round(exact)
    _refuse(what, f"{what} is no whole number of micro-dollars")
    return math.floor(exact)


def _whole(size: float, lot: float) -> int:
    near = round(size / lot)
    return near if abs(size / lot - near) <= min(1e-9 * (size / lot), 1e-3) else int(size / lot)


class _Lots(_Dollars):
    """A round whose accounts give whole lots, of dollars unless they have positions: rule 4."""

    def __init__(self, content: Columns, claim: Testimony, members: Any, before: Any) -> None:
        p, names, needed = content.get("positions"), content["account"], content["needed"]
        if p is None:
            super().__init__(content, claim, members, before)
            lots = [_micro(x, NEAR, "a lot") for x in content["lot"]]
            held = [Counter({lot: _micro(u) // lot}) for lot, u in along(lots, self.most)]
            gives = [_micro(x, SUMMED, "a haircut") for x in self.given]
            _refuse(any(x % lot for x, lot in along(gives, lots)), "a haircut is no whole lots")
        else:
            held, place = [Counter[int]() for _ in names], {k: i for i, k in enumerate(names)}
            gives, whole, all_ = ([0] * len(names) for _ in range(3))
            lots, needed = claim._numbers("lots", "i", len(p["account"])), round(needed, 6)
            may, keys = p.get("closable", [None] * len(lots)), ("account", "size", "lot", "value")
            for name, size, lot, value, top, closed in along(*(p[k] for k in keys), may, lots):
                i, count, amount = place[name], _whole(size, lot), round(lot * value * MICRO)
                all_[i] += count * lot * value
                whole[i] += count * amount
                count = count if top is None else min(count, top)
                _refuse(not 0 <= closed <= count, f"{name!r} closes more lots than it has")
                held[i] += Counter({amount: count})
                gives[i] += closed * amount
            rows = along(content["capacity"], whole, all_)
            able = [max(u, q / MICRO) if u >= v * (1 - 1e-9) else u for u, q, v in rows]
            usd = [x / MICRO for x in gives]
            super().__init__(content | {"capacity": able}, claim, members, before, usd)
        self.holders: list[tuple[Counter[int], int, Fraction, int]] = []
        columns = along(names, held, self.most, self.weight, gives, members)
        for name, kinds, u, w, x, yes in columns:
            total = sum(lot * count for lot, count in kinds.items()) * bool(u)
            covered = total - u * MICRO <= total * Decimal("1e-12")
            cap = total if covered else min(_micro(u), total)
            _refuse(x * yes > cap, f"account {name!r} gives what it may not")
            self.holders.append((kinds if u else Counter(), cap, Fraction(w), x * yes))
        self.most = [cap * USD for _, cap, *_ in self.holders]
        self.units = {i: (i, math.gcd(*h[0]) * USD) for i, h in enumerate(self.holders)}
        top = None if claim.extra is None else _micro(Decimal(needed) + Decimal(claim.extra))
        self.least, self.highest = -_micro(-Decimal(needed)), top
        if claim.extra == 0:
            self.least = self.highest = _micro(needed, SUMMED, "the budget")
        self.made = sum(x for *_, x in self.holders)
        if before:
            self.least = before.least - before.made
            self.highest = None if top is None else before.highest - before.made

    def out_of_reach(self, level: Fraction | None) -> bool:
        """Whether strictly below a burden, or at all, no sum of whole lots counts.

        Either what lots make at most falls short, account by account; or nothing that could be
        taken away from it comes to an amount that would count, all sums listed.
        """
        free, tight, total = Counter[int](), [], 0
        for lots, cap, weight, _ in self.holders:
            within = cap if level is None else math.ceil(level * weight * MICRO) - 1
            each, all_ = math.gcd(*lots) or 1, sum(lot * count for lot, count in lots.items())
            most = min(all_, max(min(cap, within), 0) // each * each)
            total += most
            if len(lots) == 1 or most == all_:
                free.update(lots if most == all_ else {each: most // each})
            else:
                tight.append((most, lots))
        step = math.gcd(*(lot for lots, *_ in self.holders for lot in lots)) or 1
        if total < self.least:
            return True
        first, last = 0, (total - self.least) // step
        away: int | None = 1
        if self.highest is not None:
            first, away = max(-((self.highest - total) // step), 0), _sums(+free, step, last)
        for most, lots in tight:
            made = _sums(lots, step, most // step)
            if made is None or away is None or made.bit_count() * last > WORK:
                return False
            taken = (r for r, bit in enumerate(f"{made:b}".zfill(most // step + 1)) if bit == "1")
            away = reduce(or_, (away << r for r in taken if r <= last), 0)
            away &= (1 << last + 1) - 1
        return away is not None and not away >> first

    def exhausted(self) -> None:
        self.least, self.highest = self.made + 1, None
        _refuse(not self.out_of_reach(None), EARLY)
        self.least, self.budget = self.made, self.raised

    def criteria(self, claim: Testimony) -> Iterator[Criterion]:
        """Those of dollars, but for what lots decide; what a long search knows has no lower end."""
        kind, raised = claim.goal["kind"], self.made
        short = raised < self.least or (self.highest is not None and raised > self.highest)
        _refuse(short and kind not in (*PRICED, "tracking"), "lots do not raise what they must")
        if kind in (*COSTS, "cvar", "fewest") or self.by_rows:
            yield from super().criteria(claim)
            return
        if kind == "tracking":
            missed = Fraction(abs(raised - self.least), MICRO)
            yield Criterion("USD missed", missed, None if missed else missed)
            self.least = self.highest = raised
        pairs = {(x, w) for *_, w, x in self.holders if x}
        upper = max((Fraction(x, MICRO) / w for x, w in pairs), default=Fraction(0))
        proved = not upper or self.out_of_reach(upper)
        yield Criterion("worst burden", upper, upper if proved else None)
        if kind == "leximin":
            yield Criterion("all burdens in order", upper, None)


def _sums(kinds: Counter[int], step: int, most: int) -> int | None:
    if most * (1 + sum(count.bit_length() for count in kinds.values())) > WORK:
        return None
    found, mask = 1, (1 << most + 1) - 1
    for lot, count in kinds.items():
        left = min(count, most * step // lot) if lot else 0
        while left > 0:
            found |= (found << (left - left // 2) * lot // step) & mask
            left //= 2
    return found


# --- Two sides ------------------------------------------------------------------------------------
class _Sides(_Dollars):
    """Winners, their positions, orders, and arcs between them: rule 8."""

    def __init__(self, content: Columns, claim: Testimony, members: Any, before: Any) -> None:
        super().__init__(content, claim, members, before, [1.0] * len(members))
        self.held, sold, lots = content["held"], content["shed"], claim.goal.get("lots")
        self.by_rows, place = True, {name: i for i, name in enumerate(content["account"])}
        self.owner = [place[name] for name in self.held["account"]]
        self.value, self.mark = (_exact(sold[key]) for key in ("value", "mark"))
        barred, arcs = set(content.get("ineligible", ())), dict[Any, float]()
        dear = {what for what, value in along(sold["what"], sold["value"]) if value > 0}
        room, step = dict.fromkeys(sold["what"], 0.0), dict.fromkeys(sold["what"], 1.0)
        books: dict[str, list[int]] = {what: [] for what in room}
        limit, may = [0.0] * len(self.owner), self.held.get("closable", [None] * len(self.owner))
        rows = along(self.owner, *(self.held[k] for k in ("account", "what", "size", "lot")), may)
        for j, (i, name, what, q, lot, most) in enumerate(rows):
            count, unit = (float(_whole(q, lot)), lot) if lots else (q, 1.0)
            count = count if most is None else min(count, most if lots else most * lot)
            unable = what in dear and not self.most[i]
            shut = name in barred or not members[i] or what not in room
            if not (shut or (unable and content["capacity"][i] > 0)):
                room[what], step[what] = room[what] + count, unit
                limit[j] = 0.0 if unable else count * unit
                books[what] += [j] * (limit[j] > 0)
        quantity, self.left = list[float](), list[float]()
        for k, (what, q) in enumerate(along(sold["what"], before.left if before else sold["size"])):
            count = min(math.floor(q / step[what] * (1 + 1e-9)) if lots else q, room[what])
            room[what] -= count
            quantity.append(count * step[what])
            self.left.append(q - quantity[k] if q - quantity[k] > 1e-9 * q else 0.0)
            arcs |= {(j, k): 0.0 for j in books[what] if count}
        said = along(("position", "order", "contracts"), "iin")
        told = (checked(claim.answer.get(key, []), kind, key) for key, kind in said)
        for j, k, x in along(*told):
            if members[self.owner[j]]:
                apart = abs(x / step[self.held["what"][j]] % 1 - 0.5) if lots else 0.5
                wrong = (j, k) not in arcs or apart < 0.5 - 1e-6
                _refuse(wrong, "a trade is between what cannot be closed, or of no whole lots")
                arcs[j, k] += x
        self.arcs, self.limit, self.quantity = arcs, _exact(limit), _exact(quantity)
        _refuse((self.own or {}).get("bearer"), "between two sides no burden is shared")
        self.equity, self.raised = _exact(content.get("equity", ())), sum(self.quantity)

    def exhausted(self) -> None:
        """They have closed what they can."""

    def program(self, prices: Any = FREE, *, alone: bool = False) -> _Program:
        """Columns: arcs; rows: what is shed, positions, capacities."""
        p, ends = _Program(), (self.quantity, self.limit, self.most)
        closes, held, takes = ([Entries() for _ in each] for each in ends)
        for (j, k), x in along(self.arcs, _exact(self.arcs.values())):
            arc, i, v = p.column(x, self.limit[j]), self.owner[j], self.value[k]
            closes[k].append((arc, 1))
            held[j].append((arc, 1))
            takes[i] += [(arc, v)] * bool(v)
            p.arcs.append((arc, i, min(self.limit[j], self.quantity[k])))
        names = ("conserve", "position", "cap")
        for name, rows, most in along(names, (closes, held, takes), ends):
            for k, (entries, end) in enumerate(along(rows, most)):
                p.row(name, k, end if rows is closes else None, end, entries)
        p.bears = [(i, x, w) for i, (x, w) in enumerate(along(takes, self.weight)) if x]
        if self.own:
            p.own(self.own["row"], takes, held)
        return p

    def hedged(self, goal: Columns) -> _Program:
        """What net deltas of hedges change by is what costs."""
        p, of, moved = self.program(), goal.get("underlying") or {}, dict[Any, Any]()
        words = [what.split(" ", 1) for what in self.held["what"]]
        keys = [(i, of.get(coin, coin)) for i, (_, coin) in along(self.owner, words)]
        pairs = {(key, side) for key, (side, _), q in along(keys, words, self.held["size"]) if q}
        both = Counter(key for key, _ in pairs)
        for a, (j, k) in enumerate(self.arcs):
            moved.setdefault(keys[j], []).append((a, int(SIGN[words[j][0]]) * self.mark[k]))
        hedges = [moved.get(key, []) for key in dict.fromkeys(keys) if both[key] > 1]
        arcs = list(self.arcs)
        for h, row in enumerate(hedges):
            most = {arcs[a][0]: self.limit[arcs[a][0]] * abs(v) for a, v in row}
            change = p.column(abs(p.reached(row)), sum(most.values()), 1)
            for name, sign in (("rise", 1), ("fall", -1)):
                p.row(name, h, None, 0, [*((a, sign * v) for a, v in row), (change, -1)])
        return p

    def leverage(self, witness: Columns) -> Criterion:
        """The worst of (gross − closed) / (equity − taken).

        With L its level, that gross − closed + L · taken ≤ s · equity for no s below L shows that
        none is below s: of whoever had ℓ < L it would be at most (ℓ (e − t) + L t) / e < L.
        """
        p, worst, s, moved = self.program(), Fraction(0), Decimal(0), dict[int, Entries]()
        (level,) = _exact(checked(witness.get("level", [0.0]), "n", "level"))
        taken, gross = {i: p.reached(x) for i, x, _ in p.bears}, Counter[Any]()
        for i, size, at in along(self.owner, *(_exact(self.held[k]) for k in ("size", "mark"))):
            gross[i] += size * at
        for a, (j, k) in enumerate(self.arcs):
            entry = a, level * self.value[k] - self.mark[k]
            moved.setdefault(self.owner[j], []).append(entry)
        for i, row in moved.items():
            left, lost, equity = gross[i] + p.reached(row), taken.get(i, 0), self.equity[i]
            s, left = max(s, UP.divide(left, equity)), left - level * lost
            if left > _slack(gross[i]):
                worst = max(worst, Fraction(left) / Fraction(max(equity - lost, 0)))
        z = p.column(s, None, 1)
        for i, row in moved.items():
            p.row("share", i, None, -gross[i], [*row, (z, -self.equity[i])])
        found = p.proved("worst leverage", witness)
        proved = found.lower is not None and found.lower >= Fraction(level)
        return found._replace(upper=worst, lower=found.lower if proved else Fraction(0))

    def criteria(self, claim: Testimony) -> Iterator[Criterion]:
        """All criteria of an objective."""
        kind, goal = claim.goal["kind"], claim.goal
        _refuse(kind in (*COSTS, "cvar", "tracking"), "of two sides this is no objective")
        if not self.arcs:
            claim._next()
            yield Criterion("nothing can be matched", Fraction(0), Fraction(0))
        elif kind == "least-leverage":
            yield self.leverage(claim._next())
        elif kind == "keep-hedges":
            p = self.hedged(goal)
            p.near = _slack(sum((q * at for q, at in along(self.quantity, self.mark)), Decimal(0)))
            yield p.proved("net delta changed, USD", claim._next())
            p = self.hedged(goal).kept("changed")
            yield p.least_burden("worst burden", claim._next())
        else:
            yield from super().criteria(claim)


# --- Certificates ---------------------------------------------------------------------------------
OBJECTIVES = dict.fromkeys(("min-max", "leximin", "tracking", "fewest", "least-leverage"), "")
OBJECTIVES |= {"asymmetric": "under:p over:p fair:n", "empirical": "reference:n weight:n"}
OBJECTIVES |= {"cvar": "level:n importance:l?", "path": "variation:n"}
OBJECTIVES["decision"] = "under:p over:p fair:n belief:l mass:l most:n radius:n floor:n"
OBJECTIVES |= {"keep-hedges": "underlying:o?", "linear": "haircut:l fair:n raised:r"}
CERTIFICATE = "schema:w adlopt:w instance:o objective:o extra_usd:n? limits:a answer:o criteria:l "
CRITERION = "criterion:w upper:r lower:r trust:w reported:a? witness:o"


class Testimony:
    """What a certificate says was asked, and was answered."""

    def __init__(self, certificate: Any) -> None:
        _refuse((of := certificate["schema"]) != SCHEMA, f"it is of {of!r}: this reads {SCHEMA}")
        said = one(certificate, f"{CERTIFICATE} infeasible:b witness:o")
        self.instance = one(said["instance"], "kind:w sha256:w")
        self.answer, self.farkas, goal = (said[k] or {} for k in ("answer", "witness", "objective"))
        self.limits, self.infeasible = said["limits"], said["infeasible"]
        self.criteria: Any = said["criteria"]
        self.extra: float | None = said.get("extra_usd", certificate["extra_usd"])
        if self.criteria:
            columns(self.criteria, CRITERION)
        self.witnesses = deque[Columns](each.get("witness") or {} for each in self.criteria)
        spec = f"kind:w burden:w epsilon:n lots:b? {OBJECTIVES[goal['kind']]}"
        self.goal = goal = one(goal, spec)
        wrong = goal["burden"] not in SIZES or goal.get("level", 0.0) > 1
        _refuse(wrong, "burdens are over capacity or equity, and levels at most 1")

    def _numbers(self, key: str, kind: str, count: int) -> list[Any]:
        found = [0.0] * count if self.infeasible else checked(self.answer[key], kind, key)
        same = len(self.goal.get("importance") or found) == len(found) == count
        _refuse(not same, f"the answer has not {count} numbers {key}")
        return found

    def _next(self) -> Columns:
        return self.witnesses.popleft() if self.witnesses else {}


def _case(content: Columns, claim: Testimony, members: list[bool], before: Any) -> Any:
    of_lots, start = "lot" in content or "positions" in content, content["kind"] == "start"
    wrong = start != (claim.goal["kind"] == "decision") or (start and "tier" in content)
    _refuse(wrong, "a start is decided, and nothing else; it has no tiers")
    case = _Sides if content["kind"] == "matching" else _Lots if of_lots else _Dollars
    return case(content, claim, members, before)


def prove(content: Columns, claim: Testimony) -> list[Criterion]:
    """Derive the problem, and prove what can be of the answer: of tiers up to the last that gives.

    Those of two sides all close what they can, as long as something is left.
    """
    path, parts, found = claim.goal["kind"] == "path", list[Any](), list[Criterion]()
    _refuse(path and content["kind"] != "episode", "a path is of an episode")
    with localcontext(EXACT):
        if content["kind"] == "episode":
            name, p = (_path if path else _coupled)(content, claim)
            return [p.least_burden(name, claim._next())]
        tiers = content.get("tier") or [0] * len(content["account"])
        for tier in sorted(set(tiers)):
            members, before = [t == tier for t in tiers], parts[-1] if parts else None
            parts.append(_case(content, claim, members, before))
        last = max((k for k, part in enumerate(parts) if part.raised), default=0)
        for k, part in enumerate(parts[: last + 1]):
            if k < last:
                part.exhausted()
            if part.raised or not k:
                words = f"tier {k + 1}, " * (k > 0)
                found += [c._replace(name=words + c.name) for c in part.criteria(claim)]
    return found


def why_infeasible(content: Columns, claim: Testimony) -> str:
    """Prove that nothing meets what is asked: by Farkas' multipliers, or by sums of lots."""
    unknown = claim.goal["kind"] in (*PRICED, "tracking", "path")
    _refuse(unknown, "that nothing meets it cannot be checked, or is not so")
    with localcontext(EXACT):
        if content["kind"] == "episode":
            _, case = _coupled(content, claim)
        else:
            two = content["kind"] == "matching" and "tier" in content
            _refuse(two, "that nothing meets tiers of two sides cannot be checked")
            case = _case(content, claim, [True] * len(content["account"]), None)
            if isinstance(case, _Lots) and case.out_of_reach(None):
                return "no sum of whole lots is one that counts"
            case = case.program()
        missing = case.bound(claim.farkas or {"budget": [1.0]}, point=False)
    _refuse(missing <= 0, "it is not shown that the budget is out of reach")
    return f"the multipliers of its rows sum up to {float(missing)!r} too much"


def check(content: Columns, certificate: Any) -> list[str]:
    """What a certificate proves of an instance, line by line."""
    claim = Testimony(certificate)
    found, limited = fingerprint(content), [key for key in LIMITS if key in content]
    bound = {"kind": content["kind"], "sha256": found}
    _refuse(claim.instance != bound, f"it is of another instance: this one's SHA-256 is {found}")
    _refuse(claim.limits != limited, f"its limits are not those of the instance: {limited}")
    about = f"{content['kind']} {found[:12]}, {claim.goal['kind']} over {claim.goal['burden']}"
    if claim.infeasible:
        return [f"VALID: {about}: infeasible, proved: {why_infeasible(content, claim)}"]
    proved = prove(content, claim)
    names = [c.name for c in proved]
    _refuse([c["criterion"] for c in claim.criteria] != names, f"its criteria are not {names}")
    return [f"VALID: {about}: feasible", *map(_line, claim.criteria, proved)]


def _line(said: Columns, each: Criterion) -> str:
    upper, lower = Fraction(said["upper"]), Fraction(said["lower"])
    costs = upper >= each.upper and each.within(upper, each.upper)
    _refuse(not costs, f"{each.name}: the answer does not cost {said['upper']!r}")
    ends = f"  {each.name}: at most {said['upper']!r}, and none is below {said['lower']!r}"
    if said["trust"] == "reported":
        return f"{ends}: REPORTED, not proven"
    shown = said["trust"] == "exact" and each.lower is not None and lower <= each.lower
    _refuse(not shown, f"{each.name}: it is not proved that none is below {said['lower']!r}")
    met = each.within(upper, lower)
    return f"{ends}: {'optimal' if met else f'within {float(upper - lower):.3g}'}, proven"


def main(arguments: Sequence[str]) -> int:
    """Check a file against another; print a verdict."""
    said = None
    try:
        content, said = instance(Path(arguments[0])), parsed(Path(arguments[1]))
        sys.stdout.write("\n".join(check(content, said)) + "\n")
    except WRONG as error:
        what = f"{error if isinstance(error, Invalid) else repr(error)}".splitlines()[0]
        first = "adlcheck.py INSTANCE CERTIFICATE" if said is None else "INVALID"
        (sys.stderr if said is None else sys.stdout).write(f"{first}: {what}\n")
        return 2 if said is None else 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
