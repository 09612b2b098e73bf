"""adlcheck: check a certificate of adlopt against its instance, without adlopt or a solver.

    python -I -S adlcheck.py INSTANCE CERTIFICATE        0 VALID, 1 INVALID, 2 neither can be read

INSTANCE is the .toml or .json file that was solved, its tables in CSV. The problem is derived of it
anew, the answer checked to be feasible, and both ends recomputed in whole numbers. Episodes,
matchings and paths have sections, and rules, beside this file: adlcheck_kinds.py. The others:

1. A number is the binary64 nearest to what is written, 0 if it is below 1e-100, and then exact. No
   arithmetic rounds, but for `upper`, rounded up, and `lower`, rounded down, at the end.
2. An amount is met if it is missed by at most a micro-dollar and a billionth of itself, or by 2^-48
   of itself where that is more: so much is lost in adding up binary64. No account gives more than
   that above what it may. `lower` holds also for all that miss ends by as much as the answer does.
3. What an account may give: its capacity; nothing where it is ineligible or its weight is 0; at
   most cap times capacity; at most equity less floor. Its burden is what it gives over its weight:
   capacity, or equity if that is positive, plus epsilon; or the weight that limits state.
4. In lots money is counted in whole micro-dollars: lots and an exact budget are rounded to the
   nearest, which they must be within 1e-15 and 1e-9; capacities, and the top of a band, are rounded
   down, its bottom up, except within 1e-15 of a whole number. Then nothing may be missed. Lots of
   positions are rounded as they are (lot times value, in binary64), needs to 6 decimals, and
   capacities within 1e-9 of what all lots are worth cover them.
5. A tier gives only when all before it give all they can.

The canonical form, whose SHA-256 binds a certificate, has what decides the optimum, not how files
say it: JSON with keys in order, without blanks, ASCII alone; numbers as C99 hexadecimal floats in
quotes, whole ones in digits, one list a column in the order of the rows; limits as one entry an
account; what is absent or empty, and what decides nothing (deficits, tags, ...), is left out.
"""

from __future__ import annotations

import csv
import hashlib
import json
import math
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cache, partial, reduce
from importlib import import_module
from itertools import accumulate, chain, repeat
from operator import or_
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

SCHEMA = "adlopt/certificate/2"
LARGEST, SMALLEST, MICRO = 1e15, 1e-100, 10**6
NEAR, SUMMED, COVERED = Fraction(1e-15), Fraction(1e-9), 1 - Fraction(1e-12)
WORK = 10**9  # bits that one list of sums may touch
Columns: TypeAlias = dict[str, Any]
Ints: TypeAlias = Sequence[int]
End: TypeAlias = int | None


class Invalid(Exception):
    """The certificate does not prove what it says, or a file is not what it should be."""


# --- Files ----------------------------------------------------------------------------------------
def parsed(path: Path) -> Any:
    """Read TOML or JSON; no key twice."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
        if path.suffix == ".toml":
            return tomllib.loads(text)
        return json.loads(text, object_pairs_hook=_once, parse_constant=Fraction)
    except (OSError, ValueError, RecursionError) as error:
        what = (str(error) or type(error).__name__).splitlines()[0]
        raise Invalid(f"{path}: {what}") from None


def _once(pairs: list[tuple[str, Any]]) -> Columns:
    if len(dict(pairs)) < len(pairs):
        raise ValueError(f"a key stands twice in an object: {', '.join(k for k, _ in pairs)}")
    return dict(pairs)


def table(folder: Path, name: str, spec: str) -> Columns:
    """A CSV table beside the instance; columns that are not known are features, or tags."""
    path, known = folder / name, {each.partition(":")[0] for each in spec.split()}
    if path.suffix != ".csv" or not path.resolve().is_relative_to(folder.resolve()):
        raise Invalid(f"{path}: only .csv tables beside the instance are read")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            head, *rows = (row for row in csv.reader(file, strict=True) if any(map(str.strip, row)))
    except (OSError, ValueError, csv.Error) as error:
        raise Invalid(f"{path}: {error}") from None
    if len(set(head)) < len(head) or any(len(row) != len(head) for row in rows):
        raise Invalid(f"{path}: a column stands twice, or a row has not one cell a column")
    if any(row[i].strip() for i, name in enumerate(head) if not name.strip() for row in rows):
        raise Invalid(f"{path}: a column has no name")
    cells = {k: [_Cell(row[i]) for row in rows] for i, k in enumerate(head) if k.strip()}
    found = of_kinds({k: cells[k] for k in cells if k in known}, spec, str(path))
    return found | {"features": {k: cells[k] for k in cells if k not in known}}


_Cell: Any = type("_Cell", (str,), {})  # what stands in a table: there numbers are texts
TYPES: dict[str, set[type]] = {"l": {list}, "o": {dict, type(None)}, "b": {bool}, "w": {str, _Cell}}
DIGITS = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)


def _typed(rows: Any, spec: str, where: str) -> Columns:
    if not isinstance(rows, list) or set(map(type, rows)) != {dict}:
        raise Invalid(f"{where} has no entry, or one that is no object")
    names = dict.fromkeys(name for row in rows for name in row)
    return of_kinds({name: [row.get(name) for row in rows] for name in names}, spec, where)


def of_kinds(cells: Columns, spec: str, where: str) -> Columns:
    """Columns of kinds, as in `name:kind`, with ? where a column may be missing.

    Kinds: n numbers ≥ 0, p > 0, r any, i whole; s ids without blanks around them, w texts; l lists,
    o objects, b true or false, a anything.
    """
    kinds, found = dict(each.split(":") for each in spec.split()), dict[str, Any]()
    if not set(cells) <= set(kinds):
        raise Invalid(f"{where} has an unknown key {min(set(cells) - set(kinds))!r}")
    for name, kind in kinds.items():
        values, full = list(cells.get(name, [None])), f"{where}.{name}"
        if set(values and map(type, values)) == {type(None)} and kind[1:] == "?":
            continue
        if kind[0] in "npri":
            values = numbers(values, kind[0], full)
        elif kind[0] == "s" and all(isinstance(each, str) and each.strip() for each in values):
            values = [each.strip() for each in values]
        elif kind[0] != "a" and not set(map(type, values)) <= TYPES.get(kind[0], set()):
            raise Invalid(f"{full} has an entry that is missing, or of another type")
        found[name] = values
    return found


def numbers(values: Sequence[Any], kind: str, where: str) -> list[Any]:
    """Finite binary64; in tables written in digits."""
    kinds = set(map(type, values))
    if not (kinds <= {int, float} or (kinds == {_Cell} and all(map(DIGITS.fullmatch, values)))):
        raise Invalid(f"{where} has an entry that is no number")
    try:
        read = [x if abs(x) >= SMALLEST else 0.0 for x in map(float, values)]
    except OverflowError:
        raise Invalid(f"{where} has a number that no binary64 holds") from None
    low = {"n": 0.0, "p": SMALLEST}.get(kind, -LARGEST)
    if not all(low <= x <= LARGEST for x in read):
        raise Invalid(f"{where} has a number that is not from {low:g} to {LARGEST:g}")
    if kind == "i" and not all(map(float.is_integer, read)):
        raise Invalid(f"{where} has a number that is not whole")
    return list(map(int, read)) if kind == "i" else read


def one(entry: Any, spec: str, where: str) -> Columns:
    """The same of a single object."""
    return {name: values[0] for name, values in _typed([entry], spec, where).items()}


# --- Instances: what the files say ----------------------------------------------------------------
ACCOUNT = "account:s capacity:n equity:r? lot:p? round:i? recorded:n? markout:r?"
ROUND = "deficit:n needed:n account:l? accounts:w? capacity:n? lot:p? estimate:n? signals:o?"
STATED = " loss:o? match:o? limits:o? constraint:l?"
SHED = "loser:s coin:s side:s size:n price:n mark:p"
POSITION = "account:s coin:s side:s size:n lot:p? value:n? mark:p? entry:r? closable:i?"
EPISODE = "round:l name:w? source:w? accounts:w? reference:w? fairest:w? recorded:l?"
CONTRACTS = "deficit:n needed:n positions:a accounts:a? shed:a?"


def instance(path: Path) -> Columns:
    """The content of an instance, ready to be written in its canonical form."""
    entry, folder, where = parsed(path), path.parent, str(path)
    keys = entry if isinstance(entry, dict) else {}
    if "round" in keys:
        return {"kind": "episode", "round": _rounds(one(entry, EPISODE, where), folder, where)}
    in_lots = "positions" in keys
    entry = one(entry, (CONTRACTS if in_lots else ROUND) + STATED, where)
    if entry.get("constraint"):
        raise Invalid(f"{path}: [[constraint]] cannot be checked by this version")
    content = contracts(entry, folder, where) if in_lots else one_round(entry, folder, where)
    return {"kind": "contracts" if in_lots else "round"} | content | limits(entry, content)


def _rounds(entry: Columns, folder: Path, where: str) -> list[Columns]:
    cells = table(folder, entry["accounts"], ACCOUNT) if "accounts" in entry else {}
    found, number = list[Columns](), cells.pop("round", None)
    for t, each in enumerate(entry["round"], start=1):
        at = [i for i, r in enumerate(number or ()) if r == t]
        picked: Columns = {k: [v[i] for i in at] for k, v in cells.items() if type(v) is list}
        made = one_round(one(each, ROUND, f"{where}: round {t}"), folder, where, picked)
        found.append(made | limits({}, made))
    return found


def _rows(given: Any, spec: str, folder: Path, where: str) -> Columns:
    return table(folder, given, spec) if isinstance(given, str) else _typed(given, spec, where)


def contracts(entry: Columns, folder: Path, where: str) -> Columns:
    """A round in contracts: what it leaves out is derived from positions and what losers shed."""
    for row in entry["positions"] if type(entry["positions"]) is list else ():
        if type(row) is dict:
            row.setdefault("lot", 1.0)
    p = _rows(entry["positions"], POSITION, folder, f"{where}: positions")
    content = {"needed": entry["needed"], "positions": p, "features": {}}
    p.setdefault("lot", [1.0] * len(p["account"]))
    if "shed" in entry:
        content = beside()["opposed"](p, _rows(entry["shed"], SHED, folder, f"{where}: shed"))
    if "value" not in p or not set(p["side"]) <= {"long", "short"}:
        raise Invalid(f"{where}: a side is not long or short, or values are missing")
    worth = [size * value for size, value in zip(p["size"], p["value"], strict=True)]
    if "entry" in p and "mark" in p:
        columns = zip(p["side"], p["size"], p["mark"], p["entry"], strict=True)
        worth = [(q if side == "long" else -q) * (m - e) for side, q, m, e in columns]
    p.pop("entry", None)
    if "accounts" in entry:
        content |= _rows(entry["accounts"], ACCOUNT, folder, f"{where}: accounts")
    else:
        totals = dict.fromkeys(p["account"], 0.0)
        for name, amount in zip(p["account"], worth, strict=True):
            totals[name] += amount
        content |= {"account": [*totals], "capacity": [max(x, 0.0) for x in totals.values()]}
    if not set(p["account"]) <= set(content["account"]):
        raise Invalid(f"{where}: a position is of no account")
    return content


def one_round(entry: Columns, folder: Path, where: str, picked: Columns | None = None) -> Columns:
    """A round of dollars; its accounts may be picked from a table."""
    content: Columns = {"needed": entry["needed"], "deficit": entry["deficit"], "features": {}}
    given = [key for key in ("account", "accounts", "capacity") if key in entry]
    if len(given) + bool(picked) != 1:
        raise Invalid(f"{where}: exactly one of account, accounts, capacity is expected")
    if picked:
        content |= picked
    elif "capacity" in entry:
        content |= {"account": ["all winners"], "capacity": [entry["capacity"]]}
    elif "accounts" in entry:
        content |= table(folder, entry["accounts"], ACCOUNT)
        if len(set(content.pop("round", [1]))) > 1:
            raise Invalid(f"{where}: a table of several rounds")
    else:
        spec = ACCOUNT.replace("account:", "id:").replace("round:i?", "features:o? tags:o?")
        content |= _typed(entry["account"], spec, f"{where}: account")
        rows = [row.get("features") or {} for row in entry["account"]]
        content["features"] = {k: [row.get(k) for row in rows] for each in rows for k in each}
        content["account"] = content.pop("id")
    if "lot" in entry:
        content["lot"] = [entry["lot"]] * len(content["account"])
    return content


def limits(entry: Columns, content: Columns) -> Columns:
    """The limits of accounts, one entry an account."""
    names, found = content["account"], dict[str, Any]()
    spec = "ineligible:o? cap:a? floor:a? tier:a? weight:a?"
    entry = _typed([entry.get("limits") or {}], spec, "limits")
    barred = {name.strip() for name in entry.pop("ineligible", [{}])[0]}
    if not barred <= set(names) or len(set(names)) < len(names):
        raise Invalid("limits.ineligible names what is no account, or an account stands twice")
    found["ineligible"] = [name for name in names if name in barred]
    for key, (given,) in entry.items():
        if given in ({}, "") and key in ("tier", "weight"):
            continue
        values = [given] * len(names)
        if isinstance(given, str):
            values = content["features"].get(given, values)
        if isinstance(given, dict):
            if not set(given) <= set(names):
                raise Invalid(f"limits.{key} names what is no account")
            values = [
                given.get(name, {"cap": 1.0, "floor": 0.0, "tier": 1}.get(key)) for name in names
            ]
        found[key] = numbers(values, "i" if key == "tier" else "n", f"limits.{key}")
    if max(found.get("cap", [0.0])) > 1 or ("floor" in found and "equity" not in content):
        raise Invalid("limits.cap is above 1, or limits.floor without equities")
    return {key: values for key, values in found.items() if values}


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


# --- The core: rows, a point, and multipliers, in whole numbers -----------------------------------
class Criterion(NamedTuple):
    """What the answer costs, and what none costs less than, if that is proved, but for `near`."""

    name: str
    upper: Fraction
    lower: Fraction | None
    witness: Columns
    near: Fraction = Fraction(0)

    def within(self, upper: Fraction, lower: Fraction) -> bool:
        """Whether both ends are one."""
        return upper - lower <= SUMMED * upper + self.near


def slack(amount: int, bits: int) -> int:
    """How far an amount may be missed: rule 2."""
    size = abs(amount)
    return max(min((1 << bits) // MICRO, size // 10**9), size >> 48)


def beyond(reached: int, low: End, high: End, bits: int) -> bool:
    """Whether a sum is outside its ends by more than may be missed."""
    short = low is not None and reached < low - slack(low, bits)
    return short or (high is not None and reached > high + slack(high, bits))


class LinearRows:
    """min cost·x, 0 ≤ x ≤ high, low ≤ rows·x ≤ high, in multiples of 2^-bits; None is no end.

    A column has a place at which the answer puts it; a row a name and a number, by which a witness
    has its price.
    """

    def __init__(self, bits: int) -> None:
        self.bits, self.unit = bits, 1 << bits
        self.columns = list[tuple[int, End, int]]()
        self.rows = list[tuple[str, int, End, End, Sequence[tuple[int, int]]]]()

    def column(self, at: int, high: End = None, cost: int = 0) -> int:
        """Add a column."""
        self.columns.append((at, high, cost))
        return len(self.columns) - 1

    def bound(self, prices: dict[str, Ints], *, feasible: bool = True) -> Fraction:
        """What no feasible point costs less than, by weak duality; of an answer, if it is feasible.

        Any prices of rows prove a bound: those of the wrong sign count as 0, and all are scaled to
        what columns without an end allow. Ends that the answer misses, by rounding, are moved to
        it. Without one costs are 0: a bound above that proves that no point is feasible [Farkas].
        """
        bits, value, pull = self.bits, 0, [0] * len(self.columns)
        at = [x for x, _, _ in self.columns] if feasible else pull[:]
        for name, number, low, high, entries in self.rows:
            reached = sum(a * at[j] for j, a in entries) if feasible else None
            if reached is not None and beyond(reached >> bits, low, high, bits):
                raise Invalid(f"the answer does not raise what it must, or breaks a limit: {name}")
            column = prices.get(name, ())
            price = column[number] if number < len(column) else 0
            end = low if price > 0 else high
            if price and end is not None:
                ends = (end << bits, end << bits if reached is None else reached)
                value += price * (min if price > 0 else max)(ends)
                for j, a in entries:
                    pull[j] += price * a
        columns = [
            (x, high, c * feasible, y)
            for x, (_, high, c), y in zip(at, self.columns, pull, strict=True)
        ]
        most = (Fraction(c << bits, y) for _, high, c, y in columns if high is None and y > 0)
        part, whole = min(most, default=Fraction(1)).as_integer_ratio()
        found = part * value
        for x, high, cost, taken in columns:
            if feasible and beyond(x, 0, high, bits):
                raise Invalid("the answer gives what it may not")
            reduced = whole * (cost << bits) - part * taken
            found += min(reduced, 0) * max(high or 0, x)
        return Fraction(found, whole << 3 * bits)

    def row(self, name: str, number: int, low: End, high: End, entries: Any) -> None:
        """Add a row."""
        self.rows.append((name, number, low, high, entries))

    def told(self, witness: Columns) -> dict[str, Ints]:
        """Prices of a witness."""
        lists = {k: numbers(v, "r", k) for k, v in witness.items() if type(v) is list and v}
        return {k: scaled(self.bits, v) for k, v in lists.items()}

    def proved(self, name: str, witness: Columns, prices: Any = None) -> Criterion:
        """What the answer costs, and what none costs less than by prices, if there are any."""
        prices = prices or self.told(witness)
        lower = max(self.bound(prices), Fraction(0))
        cost = Fraction(sum(c * x for x, _, c in self.columns), self.unit**2)
        return Criterion(name, cost, lower if prices else None, witness)


def scaled(bits: int, values: Sequence[float]) -> list[int]:
    """Binary64 as whole multiples of 2^-bits, rounded down if they are none."""
    pairs = map(float.as_integer_ratio, values)
    return [(n << bits) // d for n, d in pairs]


def bits_of(*columns: Sequence[float]) -> int:
    """Bits that hold them all, and leave room for quotients."""
    found = max(x.as_integer_ratio()[1] for values in columns for x in values)
    return max(found.bit_length() - 1, 160)


def tiers_of(content: Columns, given: Ints) -> Iterator[tuple[list[bool], bool, Any]]:
    """Tiers that give: members, whether later ones give, and how criteria are told; rule 5."""
    tiers = content.get("tier") or [0] * len(given)
    last = max((t for t, x in zip(tiers, given, strict=True) if x), default=min(tiers))
    for number, tier in enumerate(sorted({t for t in tiers if t <= last}), start=1):
        members = [t == tier for t in tiers]
        gives = any(x for x, m in zip(given, members, strict=True) if m)
        name = "{}" if number == 1 else f"tier {number}, {{}}" if gives else ""
        yield members, tier < last, partial(_told, name)


def _told(name: str, criteria: Iterator[Criterion]) -> list[Criterion]:
    return [c._replace(name=name.format(c.name)) for c in criteria if name]


# --- Rounds of dollars ----------------------------------------------------------------------------
IDLE = {"deficit", "estimate", "signals", "features", "tags", "recorded", "markout"}
IDLE |= {"coin", "side", "mark"}
LIMITS = ("ineligible", "cap", "floor", "tier", "weight")
PATH = (("needs", "needed"), ("deficits", "deficit"))
PRICED, PRICES = ("asymmetric", "empirical"), ("under", "over", "fair")


class InDollars(NamedTuple):
    """A round in multiples of 2^-bits; prices of a dollar less, one more, burden above another."""

    bits: int
    most: list[int]
    weight: list[int]
    given: list[int]
    budget: int
    extra: int | None
    prices: Ints | None

    def burdens(self) -> list[int]:
        """Burdens, rounded up."""
        pairs = zip(self.given, self.weight, strict=True)
        return [-(-(x << self.bits) // w) if x and w > 0 else 0 for x, w in pairs]

    def level(self) -> int:
        """The worst of them."""
        return max(self.burdens(), default=0)

    def up_to(self, level: int) -> tuple[list[bool], int]:
        """Who could give more than a burden, and their weight."""
        pairs = list(zip(self.most, self.weight, strict=True))
        able = [u << self.bits > w * level for u, w in pairs]
        return able, sum(w for (_, w), yes in zip(pairs, able, strict=True) if yes)

    def exact(self, amount: int) -> Fraction:
        """As a fraction."""
        return Fraction(amount, 1 << self.bits)

    def program(self, tail: Ints = (), t: End = None) -> LinearRows:
        """Columns: haircuts, missing, too much, burden, own burdens; rows: the budget, burdens."""
        p, missing, end = LinearRows(self.bits), self.budget - sum(self.given), None
        under, over, fair, allowed = self.prices or (0, 0, p.unit, 0)
        if not self.prices:
            missing = end = 0
        given = [(p.column(x, u), p.unit) for x, u in zip(self.given, self.most, strict=True)]
        given.append((p.column(max(missing, 0), end, under), p.unit))
        given.append((p.column(max(-missing, 0), end, over), -p.unit))
        top = None if self.extra is None else self.budget + self.extra
        p.row("budget", 0, self.budget, top, given)
        worst = max(self.level() - allowed, 0) if t is None else t
        z = p.column(worst, None, tail[0] if tail else fair)
        for i, (burden, w) in enumerate(zip(self.burdens(), self.weight, strict=True)):
            own = [(p.column(max(burden - worst, 0), None, tail[i + 1]), w)] if tail else []
            p.row("burden", i, -w * allowed >> self.bits, None, [(z, w), (i, -p.unit), *own])
        return p

    def water_prices(self, level: int) -> dict[str, Ints]:
        """Multipliers that a level tells: 1 of the budget and of whoever could give more within it.

        Whoever is full just there is in between, as far as prices allow, and counts in full where
        they do not decide. "Just there" is from a little below on: the slope there is of them all.
        """
        one, step = 1 << self.bits, level >> 45
        (above, free), (near, reach), part = self.up_to(level + step), self.up_to(level - step), one
        if self.prices is not None:
            if level < self.prices[3]:
                return {"budget": [one]}
            under, fair = self.prices[0], self.prices[2] << self.bits
            if under * free < fair <= under * reach:
                part = (fair - under * free) * one // (under * (reach - free))
        pairs = zip(above, near, strict=True)
        return {"budget": [one], "burden": [one if a else part if b else 0 for a, b in pairs]}

    def least_burden(self, witness: Columns) -> Criterion:
        """The worst burden, or its price and that of what is missed."""
        found, name, near = float(self.exact(self.level())), "worst burden", Fraction(0)
        level = numbers([witness.get("level", found)], "r", "level")[0]
        prices = self.water_prices(scaled(self.bits, [level])[0])
        if self.prices:
            name, near = (
                "loss",
                self.exact(slack(self.budget, self.bits)) * self.exact(self.prices[0]),
            )
        return self.program().proved(name, {"level": level}, prices)._replace(near=near)

    def mean_of_worst(self, goal: Columns, witness: Columns) -> Criterion:
        """CVaR: t + Σ p_i (b_i − t)+ / (1 − level), scaled by (1 − level) Σ p."""
        one = 1 << self.bits
        shares = scaled(self.bits, goal.get("importance") or [1.0] * len(self.most))
        whole = sum(shares) * (one - scaled(self.bits, [goal["level"]])[0]) >> self.bits
        t, left = 0, whole
        for burden, share in sorted(zip(self.burdens(), shares, strict=True), reverse=True):
            t, left = burden if left > 0 else t, left - share
        found = self.program([whole, *shares], t).proved("mean of the worst burdens", witness)
        lower = None if found.lower is None else found.lower * one / whole
        return found._replace(upper=found.upper * one / whole, lower=lower)

    def in_order(self) -> Criterion:
        """Leximin: the answer is the one haircut min(most, weight z) of its sum, by rule 2."""
        level = self.level()
        held, free = self.up_to(level - (level >> 45))
        rest = sum(self.given) - sum(u for u, yes in zip(self.most, held, strict=True) if not yes)
        for x, u, w in zip(self.given, self.most, self.weight, strict=True):
            fair = min(u, w * rest // free) if free else u
            if abs(x - fair) > slack(fair, self.bits) + 1:
                raise Invalid("a dollar can move to a lower burden")
        return Criterion("all burdens in order", self.exact(level), self.exact(level), {})

    def fewest(self, witness: Columns) -> Iterator[Criterion]:
        """Accounts touched, then the burden on so few: a little below, so many raise too little."""
        budget, found = min(self.budget, sum(self.given)), self.level()
        touched, most = sum(x > 0 for x in self.given), list(map(max, self.most, self.given))
        yield _so_few(most, budget, touched)
        below = float(self.exact(found - (found >> 36)))
        used = numbers([witness.get("level", below)], "r", "level")[0]
        cut = scaled(self.bits, [used])[0]
        raised = sorted(
            min(u << self.bits, w * cut) for u, w in zip(most, self.weight, strict=True)
        )
        short = touched and sum(raised[-touched:]) < budget << self.bits
        proved = Fraction(used if short else 0.0)
        yield Criterion("worst burden on so few", self.exact(found), proved, {"level": used})

    def criteria(self, goal: Columns, witnesses: Iterator[Columns]) -> Iterator[Criterion]:
        """All criteria of an objective, of the accounts that may give."""
        kind, witness, d = goal["kind"], next(witnesses), self
        if kind == "fewest":
            self.program().bound({})
            yield from self.fewest(next(witnesses))
            return
        if kind == "tracking":
            short = max(self.budget - sum(map(max, self.most, self.given)), 0)
            ends = abs(self.budget - sum(self.given)), short, slack(self.budget, self.bits)
            missed, lacking, near = map(self.exact, ends)
            yield Criterion("USD missed", missed, lacking, {}, near)
            witness, d = next(witnesses), self._replace(budget=sum(self.given))
        tail = kind == "cvar" and goal["level"] < 1
        yield d.mean_of_worst(goal, witness) if tail else d.least_burden(witness)
        if kind == "leximin":
            next(witnesses)
            yield self.in_order()


def _so_few(most: Ints, budget: int, touched: int) -> Criterion:
    reach = [0, *accumulate(sorted(most, reverse=True))]
    least = next(k for k, raised in enumerate(reach) if raised >= budget)
    return Criterion("accounts touched", Fraction(touched), Fraction(least), {})


def dollars_of(content: Columns, claim: Testimony, given: Sequence[float]) -> InDollars:
    """Rule 3."""
    goal, names = claim.goal, content["account"]
    others = [content.get("needed", 0.0), claim.extra or 0.0, goal["epsilon"]]
    prices = [goal.get(key, 0.0) for key in (*PRICES, "reference", "level")]
    if goal["kind"] == "empirical":
        prices[:3] = [1.0, 1.0, goal["weight"] * content["needed"]]
    keys = [k for k in ("capacity", "equity", "cap", "floor", "weight") if k in content]
    columns = [content[key] for key in keys]
    bits = bits_of(*columns, given, prices, others) * (1 + (goal["kind"] == "cvar"))
    exact = {key: scaled(bits, values) for key, values in zip(keys, columns, strict=True)}
    most = weight = exact["capacity"]
    if goal["burden"] == "equity":
        weight = [max(e, 0) for e in exact.get("equity", [])]
    budget, more, epsilon, *priced = scaled(bits, [*others, *prices[:4]])
    weight = exact.get("weight") or [w + epsilon for w in weight]
    if len(weight) < len(names):
        raise Invalid("burdens are over equity, and the instance has none")
    if "cap" in exact:
        most = [-(-u * c >> bits) for u, c in zip(most, exact["cap"], strict=True)]
    if "floor" in exact:
        rooms = zip(most, exact["equity"], exact["floor"], strict=True)
        most = [max(min(u, e - f), 0) for u, e, f in rooms]
    barred = set(content.get("ineligible", ()))
    able = [w > 0 and name not in barred for w, name in zip(weight, names, strict=True)]
    most = [u * yes for u, yes in zip(most, able, strict=True)]
    band, stated = None if claim.extra is None else more, priced if goal["kind"] in PRICED else None
    return InDollars(bits, most, weight, scaled(bits, given), budget, band, stated)


def round_of_dollars(content: Columns, claim: Testimony) -> Iterator[Criterion]:
    """A round, tier by tier."""
    d = dollars_of(content, claim, claim.haircut(content))
    for x, u, name in zip(d.given, d.most, content["account"], strict=True):
        if beyond(x, 0, u, d.bits):
            raise Invalid(f"account {name!r} gives what it may not")
    left = d.budget
    for members, later, told in tiers_of(content, d.given):
        most, given = ([v * m for v, m in zip(c, members, strict=True)] for c in (d.most, d.given))
        if later and beyond(sum(given), sum(most), None, d.bits):
            raise Invalid("a tier gives, and one before it could give more")
        asked = min(left, sum(most)) if later else left
        part = d._replace(most=most, given=given, budget=asked)
        left -= sum(given)
        yield from told(part.criteria(claim.goal, claim.witnesses))


# --- Lots: whole micro-dollars --------------------------------------------------------------------
def _micro(amount: float | Fraction, near: Fraction = NEAR, what: str = "") -> int:
    exact = Fraction(amount) * MICRO
    if abs(exact - round(exact)) <= near * abs(exact):
        return round(exact)
    if what:
        raise Invalid(f"{what} is no whole number of micro-dollars")
    return math.floor(exact)


class Holder(NamedTuple):
    """An account: micro-dollars a lot and how many, what it may give, its weight, and gives."""

    lots: Counter[int]
    cap: int
    weight: Fraction
    given: int

    def below(self, level: Fraction | None) -> int:
        """Micro-dollars that it may give strictly below a burden; without one, in all."""
        within = self.cap if level is None else math.ceil(level * self.weight * MICRO) - 1
        return max(min(self.cap, within), 0)

    def most(self, cap: int) -> int:
        """A bound on what whole lots make within a cap; exact of one kind of lots."""
        step = math.gcd(*self.lots) or 1
        return min(sum(lot * count for lot, count in self.lots.items()), cap // step * step)


def _sums(kinds: Counter[int], step: int, most: int) -> int | None:
    counts = {lot // step: min(count, most * step // lot) for lot, count in kinds.items() if lot}
    if most * sum(count.bit_length() for count in counts.values()) > WORK:
        return None
    found, mask = 1, (1 << most + 1) - 1
    for lot, count in counts.items():
        part, left = 1, count
        while left > 0:
            part = min(part, left)
            found |= (found << part * lot) & mask
            left, part = left - part, 2 * part
    return found


class Lots(NamedTuple):
    """Holders, and from where to where sums count; None is no end."""

    holders: list[Holder]
    least: int
    highest: int | None

    @property
    def raised(self) -> int:
        """What all give."""
        return sum(h.given for h in self.holders)

    def level(self) -> Fraction:
        """The worst burden."""
        pairs = {(h.given, h.weight) for h in self.holders if h.given}
        return max((Fraction(x, MICRO) / w for x, w in pairs), default=Fraction(0))

    def out_of_reach(self, level: Fraction | None) -> bool:
        """Whether strictly below a burden, or at all, no sum of whole lots counts.

        Either what lots make at most falls short, account by account; or nothing that could be
        taken away from it comes to an amount that would count, all sums listed.
        """
        free, tight, step = Counter[int](), [], 0
        for h in self.holders:
            cap, step = h.below(level), math.gcd(step, *h.lots)
            if len(h.lots) == 1:
                lot = max(*h.lots, 1)
                free[lot] += h.most(cap) // lot
            elif h.most(cap) < h.most(h.cap + sum(lot * count for lot, count in h.lots.items())):
                tight.append((h.most(cap), h.lots))
            else:
                free.update(h.lots)
        total = sum(lot * count for lot, count in free.items()) + sum(bound for bound, _ in tight)
        step, listed = step or 1, list[int]()
        for bound, kinds in tight:
            if 0 <= total < self.least:
                return True
            made = _sums(kinds, step, bound // step)
            if made is None:
                return False
            total -= bound - (made.bit_length() - 1) * step
            listed.append(made)
        if total < self.least or self.highest is None or self.least <= 0:
            return 0 <= total < self.least
        first, last = max(-((self.highest - total) // step), 0), (total - self.least) // step
        away = _sums(+free, step, last)
        for made in listed:
            kept = made >> max(made.bit_length() - 1 - last, 0)
            if away is None or kept.bit_count() * last > WORK:
                return False
            shifted = (away << r for r, bit in enumerate(bin(kept)[2:]) if bit == "1")
            away = reduce(or_, shifted, 0) & (1 << last + 1) - 1
        return away is not None and not away >> first

    def criteria(self, kind: str, witnesses: Iterator[Columns]) -> Iterator[Criterion]:
        """All criteria of an objective in lots; what only a long search knows has no lower end."""
        witness, upper, lots = next(witnesses), self.level(), self
        above = lots.highest is not None and lots.raised > lots.highest
        if kind != "tracking" and (lots.raised < lots.least or above):
            raise Invalid("the lots do not raise what they must")
        if kind == "fewest":
            touched = sum(h.given > 0 for h in lots.holders)
            yield _so_few([h.cap for h in lots.holders], lots.least, touched)
        if kind == "tracking":
            missed = Fraction(abs(lots.raised - lots.least), MICRO)
            yield Criterion("USD missed", missed, None if missed else missed, {})
            lots = lots._replace(least=lots.raised, highest=lots.raised)
        witness = next(witnesses) if kind in ("fewest", "tracking") else witness
        level = Fraction(numbers([witness.get("level", float(upper))], "r", "level")[0])
        proved = next(
            (z for z in (upper, level) if kind != "fewest" and lots.out_of_reach(z)), None
        )
        lower = upper if upper == 0 else proved
        name = "worst burden" if kind != "fewest" else "worst burden on so few"
        yield Criterion(name, upper, lower, witness if proved == level else {})
        if kind == "leximin":
            next(witnesses)
            yield Criterion("all burdens in order", upper, None, {})


def lots_of(content: Columns, claim: Testimony) -> Lots:
    """A round whose accounts give whole lots, of dollars unless they have positions."""
    if "positions" in content:
        return lots_of_contracts(content, claim)
    given = claim.haircut(content)
    d, holders = dollars_of(content, claim, given), []
    columns = (content["account"], content["lot"], d.most, d.weight, given)
    for name, size, most, weight, each in zip(*columns, strict=True):
        lot, amount = _micro(size, NEAR, "a lot"), _micro(each, SUMMED, "a haircut")
        cap = _micro(d.exact(most)) // lot * lot
        if amount % lot or amount > cap:
            raise Invalid(f"account {name!r} gives what it may not, or no whole lots")
        holders.append(Holder(Counter({lot: cap // lot}), cap, d.exact(weight), amount))
    return Lots(holders, *_budget_of(content["needed"], claim.extra))


def whole_lots(size: float, lot: float) -> int:
    """Whole lots of a position."""
    near = round(size / lot)
    return near if abs(size / lot - near) <= min(1e-9 * (size / lot), 1e-3) else int(size / lot)


def lots_of_contracts(content: Columns, claim: Testimony) -> Lots:
    """A round in contracts: accounts give whole lots of their positions."""
    if claim.goal["kind"] != "min-max":
        raise Invalid("of positions the least burden is checked")
    p, names = content["positions"], content["account"]
    lots = claim.numbers("lots", "i", len(p["account"]))
    worth, whole, given = (dict.fromkeys(names, 0) for _ in range(3))
    held: dict[str, Counter[int]] = {name: Counter() for name in names}
    closable = p.get("closable", repeat(None))
    columns = zip(p["account"], p["size"], p["lot"], p["value"], closable, lots, strict=False)
    for name, size, lot, value, may, closed in columns:
        most, amount = whole_lots(size, lot), round(lot * value * MICRO)
        worth[name] += most * lot * value
        whole[name] += most * amount
        most = most if may is None else min(most, may)
        if not 0 <= closed <= most:
            raise Invalid(f"account {name!r} closes more lots than it has")
        held[name] += Counter({amount: most})
        given[name] += closed * amount
    pairs = zip(names, content["capacity"], strict=True)
    capacity = [max(u, whole[k] / MICRO) if u >= worth[k] * (1 - 1e-9) else u for k, u in pairs]
    d = dollars_of({**content, "capacity": capacity}, claim, [0.0] * len(names))
    holders = []
    for name, most, weight in zip(names, d.most, d.weight, strict=True):
        total = sum(lot * count for lot, count in held[name].items())
        cap = total if d.exact(most) * MICRO >= total * COVERED else _micro(d.exact(most))
        kinds = held[name] if most else Counter[int]()
        holders.append(Holder(kinds, min(cap, total) if most else 0, d.exact(weight), given[name]))
        if given[name] > holders[-1].cap:
            raise Invalid(f"account {name!r} gives what it may not")
    return Lots(holders, *_budget_of(round(content["needed"], 6), claim.extra))


def _budget_of(needed: float, extra: float | None) -> tuple[int, int | None]:
    if extra == 0:
        whole = _micro(needed, SUMMED, "the budget")
        return whole, whole
    least = -_micro(-Fraction(needed))
    return least, None if extra is None else _micro(Fraction(needed) + Fraction(extra))


def round_of_lots(content: Columns, claim: Testimony) -> Iterator[Criterion]:
    """A round in lots, tier by tier; where missing has a price, the bound is that of dollars."""
    lots = lots_of(content, claim)
    if claim.goal["kind"] in PRICED:
        d = dollars_of(content, claim, claim.haircut(content))
        yield d.least_burden(next(claim.witnesses))
        return
    given = 0
    for members, later, told in tiers_of(content, [h.given for h in lots.holders]):
        held = [h for h, yes in zip(lots.holders, members, strict=True) if yes]
        highest = None if lots.highest is None else lots.highest - given
        part = Lots(held, lots.least - given, highest)
        if later:
            part = Lots(held, part.raised, None)
            if not part._replace(least=part.raised + 1).out_of_reach(None):
                raise Invalid("a tier gives, and one before it could give more")
        given += part.raised
        yield from told(part.criteria(claim.goal["kind"], claim.witnesses))


# --- What is beyond one round, and what has no answer ---------------------------------------------
@cache
def beside() -> Columns:
    """Episodes, matchings, and paths of severities: sections in a file beside this one."""
    path = Path(__file__).with_name("adlcheck_kinds.py")
    if not path.exists():
        raise Invalid(f"for episodes, matchings and paths {path.name} is needed beside this file")
    if __name__.startswith("adlopt."):
        return vars(import_module(f"{__name__}_kinds"))
    sys.modules.setdefault("adlcheck", sys.modules[__name__])
    sys.path.append(str(path.parent))
    return vars(import_module(path.stem))


def why_infeasible(content: Columns, claim: Testimony) -> str:
    """Prove that nothing meets what is asked: by Farkas' multipliers, or by sums of lots."""
    nothing = [0] * len(content.get("positions", content).get("account", ()))
    witness = claim.farkas
    if content["kind"] in ("episode", "matching"):
        p = beside()["unanswered"](content, claim)
    else:
        if claim.goal["kind"] in (*PRICED, "tracking") or not nothing:
            raise Invalid("that nothing meets it cannot be checked, or is not so")
        if "lot" in content or "positions" in content:
            claim.answer = {"lots": nothing} if "positions" in content else {"haircut_usd": nothing}
            if lots_of(content, claim).out_of_reach(None):
                return "no sum of whole lots is one that counts"
        d = dollars_of(content, claim, [0.0] * len(content["account"]))
        p, witness = d.program(), witness or {"budget": [1.0]}
    if (missing := p.bound(p.told(witness), feasible=False)) <= 0:
        raise Invalid("it is not shown that the budget is out of reach")
    return f"the multipliers of its rows sum up to {float(missing)!r} too much"


# --- Certificates ---------------------------------------------------------------------------------
OBJECTIVES = dict.fromkeys(("min-max", "leximin", "tracking", "fewest"), "") | {
    "asymmetric": "under:p over:p fair:n",
    "empirical": "reference:n weight:n",
    "cvar": "level:n importance:l?",
    "path": "variation:n",
}
CERTIFICATE = "schema:w adlopt:w instance:o objective:o extra_usd:n? limits:a answer:o criteria:a "
CERTIFICATE += "infeasible:b witness:o"
CRITERION = "criterion:w upper:r lower:r trust:w reported:a? witness:o"


class Testimony:
    """What a certificate says was asked, and was answered."""

    def __init__(self, certificate: Any) -> None:
        if isinstance(certificate, dict) and certificate.get("schema") != SCHEMA:
            raise Invalid(f"it is of {certificate.get('schema')!r}: this reads {SCHEMA}")
        said = one(certificate, CERTIFICATE, "the certificate")
        if "extra_usd" not in certificate:
            raise Invalid("it does not say how much more may be raised")
        self.instance = one(said["instance"], "kind:w sha256:w", "instance")
        self.answer, self.farkas, goal = (said[k] or {} for k in ("answer", "witness", "objective"))
        self.limits, self.infeasible, self.extra = (
            *map(said.get, ("limits", "infeasible", "extra_usd")),
        )
        self.criteria: list[Columns] = said["criteria"]
        if self.criteria != []:
            _typed(self.criteria, CRITERION, "criteria")
        self.witnesses = chain((each.get("witness") or {} for each in self.criteria), repeat({}))
        more = OBJECTIVES.get(str(goal.get("kind")))
        if more is None:
            raise Invalid(f"no objective {goal.get('kind')!r} is known")
        self.goal = goal = one(goal, f"kind:w burden:w epsilon:n lots:b? {more}", "objective")
        if "importance" in goal:
            goal["importance"] = numbers(goal["importance"], "p", "objective.importance")
        if goal["burden"] not in ("capacity", "equity") or goal.get("level", 0.0) > 1:
            raise Invalid("burdens are over capacity or equity, and levels at most 1")

    def numbers(self, key: str, kind: str, count: int) -> list[Any]:
        """The answer: haircuts of accounts, USD, or lots of positions."""
        found = numbers(one(self.answer, f"{key}:l", "answer")[key], kind, f"answer.{key}")
        if not len(self.goal.get("importance") or found) == len(found) == count:
            raise Invalid(f"the answer has not {count} numbers {key}")
        return found

    def haircut(self, content: Columns) -> list[float]:
        """What each account gives."""
        return self.numbers("haircut_usd", "n", len(content["account"]))


def prove(content: Columns, claim: Testimony) -> list[Criterion]:
    """Derive the problem from the instance, and prove what can be of the answer."""
    in_lots = round_of_lots if "lot" in content or "positions" in content else round_of_dollars
    of_one = content["kind"] in ("round", "contracts")
    return list((in_lots if of_one else beside()[content["kind"]])(content, claim))


def check(content: Columns, certificate: Any) -> list[str]:
    """What a certificate proves of an instance, line by line."""
    claim = Testimony(certificate)
    if claim.goal["kind"] == "path" and "round" in content:
        content = {"kind": "path"} | {k: [p[v] for p in content["round"]] for k, v in PATH}
    found = fingerprint(content)
    if claim.instance != {"kind": content["kind"], "sha256": found}:
        raise Invalid(f"it is of another instance: the SHA-256 of this one is {found}")
    limited = [key for key in LIMITS if key in content]
    if claim.limits != limited:
        raise Invalid(f"its limits are not those of the instance: {limited}")
    asked = f"{content['kind']} {found[:12]}, {claim.goal['kind']} over {claim.goal['burden']}"
    if claim.infeasible:
        return [f"VALID: {asked}: infeasible, proved: {why_infeasible(content, claim)}"]
    proved = prove(content, claim)
    if [c["criterion"] for c in claim.criteria] != [c.name for c in proved]:
        raise Invalid(f"its criteria are not {', '.join(c.name for c in proved)}")
    lines = [f"VALID: {asked}: feasible"]
    for said, each in zip(claim.criteria, proved, strict=True):
        upper, lower, name = Fraction(said["upper"]), Fraction(said["lower"]), each.name
        if upper < each.upper:
            raise Invalid(f"{name}: the answer costs more than {said['upper']!r}")
        ends = f"  {name}: at most {said['upper']!r}, and none is below {said['lower']!r}"
        if said["trust"] == "reported":
            lines.append(f"{ends}: REPORTED, not proven")
            continue
        if said["trust"] != "exact" or each.lower is None or lower > each.lower:
            raise Invalid(f"{name}: it is not proved that none is below {said['lower']!r}")
        apart = "optimal" if each.within(upper, lower) else f"within {float(upper - lower):.3g}"
        lines.append(f"{ends}: {apart}, proven")
    return lines


def main(arguments: Sequence[str]) -> int:
    """Check a file against another; print a verdict."""
    try:
        first, second = map(Path, arguments)
        content, certificate = instance(first), parsed(second)
    except (Invalid, ValueError) as error:
        sys.stderr.write(f"adlcheck.py INSTANCE CERTIFICATE: {error}\n")
        return 2
    try:
        lines, code = check(content, certificate), 0
    except Invalid as reason:
        lines, code = [f"INVALID: {reason}"], 1
    sys.stdout.write("\n".join(lines) + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
