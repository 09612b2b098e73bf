"""adlcheck: check a certificate of adlopt against its instance, without adlopt or a solver.

    python -I -S adlcheck.py INSTANCE CERTIFICATE        0 VALID, 1 INVALID, 2 neither can be read

INSTANCE is the .toml or .json file that was solved, its tables in CSV. The problem is derived of it
anew, the answer checked to be feasible, and both ends recomputed in whole numbers: what it costs
at most, and that none costs less than `lower`. Rules of money and numbers:

1. A number is the binary64 nearest to what is written, 0 if it is below 1e-100, and then exact. No
   arithmetic rounds, but for `upper`, rounded up, and `lower`, rounded down, at the end.
2. A dollar amount is met if it is missed by at most a micro-dollar and a billionth of itself, or by
   2^-48 of itself where that is more: so much is lost in adding up binary64. No account gives more
   than that above what it may, and none less than nothing. `lower` holds also for all that miss
   ends by as much as the answer does.
3. What an account may give: its capacity; nothing where it is ineligible or its weight is 0; at
   most cap times capacity; at most equity less floor. Its burden is what it gives over its weight:
   capacity, or equity if that is positive, plus epsilon; or the weight that limits state.
4. In lots money is counted in whole micro-dollars: lots and an exact budget are rounded to the
   nearest, which they must be within 1e-15 and 1e-9; capacities, and the top of a band, are rounded
   down, its bottom up, except within 1e-15 of a whole number. Then nothing may be missed. Lots of
   positions are rounded as they are (lot times value, in binary64), needs to 6 decimals, and
   capacities within 1e-9 of what all lots are worth cover them.
5. A tier gives only when all before it give all they can. In an episode an account has paid, in
   each round that lists it, at most what that round lists. Its weight is the largest of all rounds.

The canonical form of an instance, whose SHA-256 binds a certificate: what decides the optimum, not
how files say it. An object of ids, numbers of accounts and positions, needs and limits, written as
JSON with keys in order, without blanks, ASCII alone: numbers as C99 hexadecimal floats in quotes,
whole ones in digits, one list a column in the order of the rows; limits as one entry an account;
what is absent or empty, and what decides nothing (deficits, tags, ...), is left out.
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
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import reduce
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
Row: TypeAlias = tuple[int | None, int | None, Sequence[tuple[int, int]]]


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
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError(f"a key stands twice in an object: {', '.join(k for k, _ in pairs)}")
    return made


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
    cells = {k: [Cell(row[i]) for row in rows] for i, k in enumerate(head) if k.strip()}
    found = of_kinds({k: v for k, v in cells.items() if k in known}, spec, str(path))
    return found | {"features": {k: v for k, v in cells.items() if k not in known}}


class Cell(str):
    """What stands in a table: there numbers are texts."""


TYPES: dict[str, set[type]] = {"l": {list}, "o": {dict, type(None)}, "b": {bool}, "w": {str, Cell}}
DIGITS = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)


def typed(rows: Any, spec: str, where: str) -> Columns:
    """Columns of rows that have no keys but these."""
    if not isinstance(rows, list) or set(map(type, rows)) != {dict}:
        raise Invalid(f"{where} has no entry, or one that is no object")
    names = dict.fromkeys(name for row in rows for name in row)
    return of_kinds({name: [row.get(name) for row in rows] for name in names}, spec, where)


def of_kinds(cells: Columns, spec: str, where: str) -> Columns:
    """Columns of kinds, as in `name:kind`, with ? where a column may be missing.

    Kinds: n numbers ≥ 0, p > 0, r any, i whole; s ids, w texts; l lists, o objects, b true or
    false, a anything.
    """
    kinds, found = dict(each.split(":") for each in spec.split()), dict[str, Any]()
    for name in cells:
        if name not in kinds:
            raise Invalid(f"{where} has an unknown key {name!r}")
    for name, kind in kinds.items():
        values = cells.get(name, [None])
        if set(map(type, values)) != {type(None)} or kind[1:] != "?":
            found[name] = column(values, kind[0], f"{where}.{name}")
    return found


def column(values: Sequence[Any], kind: str, where: str) -> list[Any]:
    """Values of one kind; ids without the blanks around them."""
    if kind in "npri":
        return numbers(values, kind, where)
    if kind == "s" and all(isinstance(value, str) and value.strip() for value in values):
        return [value.strip() for value in values]
    if kind != "a" and not set(map(type, values)) <= TYPES.get(kind, set()):
        raise Invalid(f"{where} has an entry that is missing, or of another type")
    return list(values)


def numbers(values: Sequence[Any], kind: str, where: str) -> list[Any]:
    """Finite binary64; in tables written in digits."""
    kinds = set(map(type, values))
    if not (kinds <= {int, float} or (kinds == {Cell} and all(map(DIGITS.fullmatch, values)))):
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
    return {name: values[0] for name, values in typed([entry], spec, where).items()}


# --- Instances: what the files say ----------------------------------------------------------------

ACCOUNT = "account:s capacity:n equity:r? lot:p? round:i? recorded:n? markout:r?"
ROUND = "deficit:n needed:n account:l? accounts:w? capacity:n? lot:p? estimate:n? signals:o?"
STATED = " loss:o? match:o? limits:o? constraint:l?"
POSITION = "account:s coin:s side:s size:n lot:p? value:n? mark:p? entry:r? closable:i?"
EPISODE = "round:l name:w? source:w? accounts:w? reference:w? fairest:w? recorded:l?"
CONTRACTS = "deficit:n needed:n positions:a accounts:a? shed:a?"


def instance(path: Path) -> Columns:
    """The content of an instance, ready to be written in its canonical form."""
    entry, folder, where = parsed(path), path.parent, str(path)
    keys = entry if isinstance(entry, dict) else {}
    if "round" in keys:
        return {"kind": "episode", "round": rounds(one(entry, EPISODE, where), folder, where)}
    in_lots = "positions" in keys
    entry = one(entry, (CONTRACTS if in_lots else ROUND) + STATED, where)
    if entry.get("constraint"):
        raise Invalid(f"{path}: [[constraint]] cannot be checked by this version")
    content = contracts(entry, folder, where) if in_lots else one_round(entry, folder, where)
    return {"kind": "contracts" if in_lots else "round"} | content | limits(entry, content)


def rounds(entry: Columns, folder: Path, where: str) -> list[Columns]:
    """The rounds of an episode; a table of accounts may be that of all of them."""
    cells = table(folder, entry["accounts"], ACCOUNT) if "accounts" in entry else {}
    found, number = list[Columns](), cells.pop("round", None)
    for t, each in enumerate(entry["round"], start=1):
        at = [i for i, r in enumerate(number or ()) if r == t]
        picked: Columns = {k: [v[i] for i in at] for k, v in cells.items() if type(v) is list}
        made = one_round(one(each, ROUND, f"{where}: round {t}"), folder, where, picked)
        found.append(made | limits({}, made))
    return found


def rows(given: Any, spec: str, folder: Path, where: str) -> Columns:
    """Rows of a file, or of the table that it names."""
    return table(folder, given, spec) if isinstance(given, str) else typed(given, spec, where)


def contracts(entry: Columns, folder: Path, where: str) -> Columns:
    """A round in contracts: what it leaves out is derived from positions and what losers shed."""
    for row in entry["positions"] if type(entry["positions"]) is list else ():
        if type(row) is dict:
            row.setdefault("lot", 1.0)
    p = rows(entry["positions"], POSITION, folder, f"{where}: positions")
    content = {"needed": entry["needed"], "positions": p, "features": {}}
    p.setdefault("lot", [1.0] * len(p["account"]))
    if "shed" in entry or "value" not in p or not set(p["side"]) <= {"long", "short"}:
        raise Invalid(f"{where}: a side is not long or short, values are missing, or losers shed")
    worth = [size * value for size, value in zip(p["size"], p["value"], strict=True)]
    if "entry" in p and "mark" in p:
        columns = zip(p["side"], p["size"], p["mark"], p["entry"], strict=True)
        worth = [(q if side == "long" else -q) * (m - e) for side, q, m, e in columns]
    p.pop("entry", None)
    if "accounts" in entry:
        content |= rows(entry["accounts"], ACCOUNT, folder, f"{where}: accounts")
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
    content: Columns = {"needed": entry["needed"], "features": {}}
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
        content |= typed(entry["account"], spec, f"{where}: account")
        names = {k for row in entry["account"] for k in row.get("features") or ()}
        rows = [row.get("features") or {} for row in entry["account"]]
        content["features"] = {k: [row.get(k) for row in rows] for k in names}
        content["account"] = content.pop("id")
    if "lot" in entry:
        content["lot"] = [entry["lot"]] * len(content["account"])
    return content


def limits(entry: Columns, content: Columns) -> Columns:
    """The limits of accounts, one entry an account."""
    names, found = content["account"], dict[str, Any]()
    spec = "ineligible:o? cap:a? floor:a? tier:a? weight:a?"
    entry = typed([entry.get("limits") or {}], spec, "limits")
    barred = {name.strip() for name in entry.pop("ineligible", [{}])[0]}
    if not barred <= set(names) or len(set(names)) < len(names):
        raise Invalid("limits.ineligible names what is no account, or an account stands twice")
    found["ineligible"] = [name for name in names if name in barred]
    others = {"cap": 1.0, "floor": 0.0, "tier": 1}
    for key, (given,) in entry.items():
        if given in ({}, "") and key in ("tier", "weight"):
            continue
        values = [given] * len(names)
        if isinstance(given, str):
            values = content["features"].get(given, values)
        if isinstance(given, dict):
            if not set(given) <= set(names):
                raise Invalid(f"limits.{key} names what is no account")
            values = [given.get(name, others.get(key)) for name in names]
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


class LinearProgram(NamedTuple):
    """min cost·x, 0 ≤ x ≤ high, low ≤ rows·x ≤ high, in multiples of 2^-bits; None is no end."""

    bits: int
    cost: Ints
    high: Sequence[int | None]
    rows: Callable[[], Iterator[Row]]


def slack(amount: int, bits: int) -> int:
    """How far an amount may be missed: rule 2."""
    size = abs(amount)
    return max(min((1 << bits) // MICRO, size // 10**9), size >> 48)


def beyond(reached: int, low: int | None, high: int | None, bits: int) -> bool:
    """Whether a sum is outside its ends by more than may be missed."""
    short = low is not None and reached < low - slack(low, bits)
    return short or (high is not None and reached > high + slack(high, bits))


def both_ends(program: LinearProgram, point: Ints, prices: Ints) -> tuple[Fraction, Fraction]:
    """What a feasible point costs, and what none costs less than, by weak duality.

    Any prices of rows prove a bound: those of the wrong sign count as 0, and all are scaled to what
    columns without an end allow. Ends that the point misses, by rounding, are moved to it.
    """
    bits, pull, value = program.bits, [0] * len(point), 0
    for price, (low, high, entries) in zip(prices, program.rows(), strict=True):
        reached = sum(a * point[j] for j, a in entries)
        if beyond(reached >> bits, low, high, bits):
            raise Invalid("the answer does not raise what it must, or breaks a limit")
        end = low if price > 0 else high
        if price and end is not None:
            value += price * (min if price > 0 else max)(end << bits, reached)
            for j, a in entries:
                pull[j] += price * a
    ends = zip(program.high, program.cost, pull, strict=True)
    most = (Fraction(c << bits, y) for high, c, y in ends if high is None and y > 0)
    part, whole = min(most, default=Fraction(1)).as_integer_ratio()
    bound = part * value
    for x, high, cost, taken in zip(point, program.high, program.cost, pull, strict=True):
        reduced = whole * (cost << bits) - part * taken
        if reduced < 0:
            bound += reduced * max(high or 0, x)
    upper = Fraction(sum(c * x for c, x in zip(program.cost, point, strict=True)), 1 << 2 * bits)
    return upper, Fraction(bound, whole << 3 * bits)


def scaled(bits: int, values: Sequence[float]) -> list[int]:
    """Binary64 as whole multiples of 2^-bits, rounded down if they are none."""
    pairs = map(float.as_integer_ratio, values)
    return [(n << bits) // d for n, d in pairs]


def bits_of(*columns: Sequence[float]) -> int:
    """Bits that hold them all, and leave room for quotients."""
    found = max(x.as_integer_ratio()[1] for values in columns for x in values)
    return max(found.bit_length() - 1, 160)


def told(witness: Columns, key: str, otherwise: Sequence[float]) -> list[float]:
    """Numbers of a witness, as many as of those that hold without them."""
    given = witness.get(key, list(otherwise))
    found = numbers(given if isinstance(given, list) else [given], "r", key)
    if len(found) != len(otherwise):
        raise Invalid(f"{len(otherwise)} numbers are expected for {key!r}")
    return found


def by_tier(content: Columns, given: Ints, tier_of: Callable[..., Any]) -> Iterator[Criterion]:
    """Criteria of each tier that gives, of its members, and whether later ones give: rule 5."""
    tiers = content.get("tier") or [0] * len(given)
    last = max((t for t, x in zip(tiers, given, strict=True) if x), default=min(tiers))
    for number, tier in enumerate(sorted({t for t in tiers if t <= last}), start=1):
        members = [t == tier for t in tiers]
        gives = any(x for x, m in zip(given, members, strict=True) if m)
        for criterion in tier_of(members, tier < last):
            if number == 1:
                yield criterion
            elif gives:
                yield criterion._replace(name=f"tier {number}, {criterion.name}")


# --- Rounds of dollars ----------------------------------------------------------------------------
class InDollars(NamedTuple):
    """A round in multiples of 2^-bits; prices of a dollar less, one more, burden above another."""

    bits: int
    most: list[int]
    weight: list[int]
    given: list[int]
    budget: int
    extra: int | None
    prices: Ints | None

    @property
    def raised(self) -> int:
        """What all give."""
        return sum(self.given)

    def level(self) -> int:
        """The worst burden, rounded up."""
        pairs = zip(self.given, self.weight, strict=True)
        return max((-(-(x << self.bits) // w) for x, w in pairs if x), default=0)

    def up_to(self, level: int) -> list[bool]:
        """Who could give more than a burden."""
        pairs = zip(self.most, self.weight, strict=True)
        return [u << self.bits > w * level for u, w in pairs]

    def weighing(self, members: Sequence[bool]) -> int:
        """The weight of some."""
        return sum(w for w, yes in zip(self.weight, members, strict=True) if yes)

    def exact(self, amount: int) -> Fraction:
        """As a fraction."""
        return Fraction(amount, 1 << self.bits)


IDLE = {"deficit", "estimate", "signals", "features", "tags", "recorded", "markout"}
IDLE |= {"coin", "side", "mark"}
LIMITS = ("ineligible", "cap", "floor", "tier", "weight")
PRICED = ("asymmetric", "empirical")


def dollars_of(content: Columns, claim: Testimony, given: Sequence[float]) -> InDollars:
    """Rule 3."""
    goal, names = claim.goal, content["account"]
    budgets, others = (
        [content["needed"], claim.extra or 0.0],
        [goal["epsilon"], goal.get("level", 0.0)],
    )
    prices = [goal.get(key, 0.0) for key in ("under", "over", "fair", "reference")]
    if goal["kind"] == "empirical":
        prices[:3] = [1.0, 1.0, goal["weight"] * content["needed"]]
    keys = [k for k in ("capacity", "equity", "cap", "floor", "weight") if k in content]
    columns = [content[key] for key in keys]
    bits = bits_of(*columns, given, prices, budgets, others)
    bits *= 1 + (goal["kind"] == "cvar")
    exact = {key: scaled(bits, values) for key, values in zip(keys, columns, strict=True)}
    most = weight = exact["capacity"]
    if goal["burden"] == "equity":
        weight = [max(e, 0) for e in exact.get("equity", [])]
    epsilon, *priced = scaled(bits, [goal["epsilon"], *prices])
    weight = exact.get("weight") or [w + epsilon for w in weight]
    if len(weight) < len(names):
        raise Invalid("burdens are over equity, and the instance has none")
    if "cap" in exact:
        most = [-(-u * c >> bits) for u, c in zip(most, exact["cap"], strict=True)]
    if "floor" in exact:
        rooms = zip(most, exact["equity"], exact["floor"], strict=True)
        most = [max(min(u, e - f), 0) for u, e, f in rooms]
    barred = set(content.get("ineligible", ()))
    most = [
        0 if w <= 0 or name in barred else u for u, w, name in zip(most, weight, names, strict=True)
    ]
    budget, more = scaled(bits, budgets)
    band, given_at = None if claim.extra is None else more, scaled(bits, given)
    stated = priced if goal["kind"] in PRICED else None
    return InDollars(bits, most, weight, given_at, budget, band, stated)


def burden_program(d: InDollars, tail: Ints = ()) -> LinearProgram:
    """Columns: haircuts, missing, too much, burden, own burdens; rows: the budget, burdens."""
    n, one, prices = len(d.most), 1 << d.bits, d.prices or [0, 0, 1 << d.bits, 0]
    ends = [None, None] if d.prices else [0, 0]
    high: list[int | None] = [*d.most, *ends, *[None] * max(len(tail), 1)]
    top = None if d.extra is None else d.budget + d.extra

    def rows() -> Iterator[Row]:
        yield d.budget, top, [*((i, one) for i in range(n)), (n, one), (n + 1, -one)]
        for i, w in enumerate(d.weight):
            own = [(n + 2, w), (i, -one), (n + 3 + i, w)]
            yield -w * prices[3] >> d.bits, None, own if tail else own[:2]

    return LinearProgram(d.bits, [0] * n + [*prices[:2], *(tail or prices[2:3])], high, rows)


def water_prices(d: InDollars, level: int) -> list[int]:
    """Multipliers that a level tells: 1 of the budget and of whoever could give more within it.

    Whoever is full just there is in between, as far as prices allow, and counts in full where they
    do not decide. "Just there" is from a little below on: the slope there is that of all of them.
    """
    one, step = 1 << d.bits, level >> 45
    above, near, part = d.up_to(level + step), d.up_to(level - step), one
    if d.prices is not None:
        if level < d.prices[3]:
            return [one] + [0] * len(d.most)
        under, fair = d.prices[0], d.prices[2] << d.bits
        free, reach = under * d.weighing(above), under * d.weighing(near)
        if free < fair <= reach:
            part = (fair - free) * one // (reach - free)
    return [one, *(one if a else part if b else 0 for a, b in zip(above, near, strict=True))]


def least_burden(d: InDollars, witness: Columns) -> Criterion:
    """The worst burden, or its price and that of what is missed."""
    missing, found = d.budget - d.raised, d.level()
    beside = [max(missing, 0), max(-missing, 0)] if d.prices else [0, 0]
    burden = max(found - (d.prices[3] if d.prices else 0), 0)
    used = {"level": told(witness, "level", [float(d.exact(found))])[0]}
    prices = water_prices(d, scaled(d.bits, [used["level"]])[0])
    upper, lower = both_ends(burden_program(d), [*d.given, *beside, burden], prices)
    near = d.exact(slack(d.budget, d.bits)) * d.exact(d.prices[0]) if d.prices else Fraction(0)
    name = "loss" if d.prices else "worst burden"
    return Criterion(name, upper, max(lower, Fraction(0)), used, near)


def mean_of_worst(d: InDollars, goal: Columns, witness: Columns) -> Criterion:
    """CVaR: t + Σ p_i (b_i − t)+ / (1 − level), scaled by (1 − level) Σ p."""
    one, n = 1 << d.bits, len(d.most)
    shares = scaled(d.bits, goal.get("importance") or [1.0] * n)
    whole = sum(shares) * (one - scaled(d.bits, [goal["level"]])[0]) >> d.bits
    pairs = zip(d.given, d.weight, strict=True)
    burdens = [-(-(x << d.bits) // w) if x else 0 for x, w in pairs]
    t, left = 0, whole
    for burden, share in sorted(zip(burdens, shares, strict=True), reverse=True):
        t, left = burden if left > 0 else t, left - share
    point = [*d.given, 0, 0, t, *(max(b - t, 0) for b in burdens)]
    prices = [*told(witness, "budget", [0.0]), *told(witness, "burden", [0.0] * n)]
    upper, lower = both_ends(burden_program(d, [whole, *shares]), point, scaled(d.bits, prices))
    upper, lower = upper * one / whole, max(lower * one / whole, Fraction(0))
    proved = lower if "burden" in witness else None
    return Criterion("mean of the worst burdens", upper, proved, witness)


def in_order(d: InDollars) -> Criterion:
    """Leximin: the answer is the one haircut min(most, weight z) of its sum, as far as rule 2."""
    level = d.level()
    held = d.up_to(level - (level >> 45))
    free = d.weighing(held)
    rest = d.raised - sum(u for u, yes in zip(d.most, held, strict=True) if not yes)
    for x, u, w in zip(d.given, d.most, d.weight, strict=True):
        fair = min(u, w * rest // free) if free else u
        if abs(x - fair) > slack(fair, d.bits) + 1:
            raise Invalid("a dollar can move to a lower burden")
    return Criterion("all burdens in order", d.exact(level), d.exact(level), {})


def so_few(most: Ints, budget: int, touched: int) -> Criterion:
    """Accounts touched: with one less the largest do not suffice."""
    reach = [0, *accumulate(sorted(most, reverse=True))]
    least = next(k for k, raised in enumerate(reach) if raised >= budget)
    return Criterion("accounts touched", Fraction(touched), Fraction(least), {})


def fewest(d: InDollars, witness: Columns) -> Iterator[Criterion]:
    """Accounts touched, then the burden on so few: a little below, so many raise too little."""
    budget, touched, found = min(d.budget, d.raised), sum(x > 0 for x in d.given), d.level()
    most = list(map(max, d.most, d.given))
    yield so_few(most, budget, touched)
    used = told(witness, "level", [float(d.exact(found - (found >> 36)))])
    cut = scaled(d.bits, used)[0]
    raised = sorted(min(u << d.bits, w * cut) for u, w in zip(most, d.weight, strict=True))
    short = touched and sum(raised[-touched:]) < budget << d.bits
    proved = Fraction(used[0] if short else 0.0)
    yield Criterion("worst burden on so few", d.exact(found), proved, {"level": used[0]})


def of_dollars(d: InDollars, goal: Columns, witnesses: Iterator[Columns]) -> Iterator[Criterion]:
    """All criteria of an objective, of the accounts that may give."""
    kind, witness = goal["kind"], next(witnesses)
    if kind == "fewest":
        both_ends(burden_program(d), [*d.given, 0, 0, d.level()], [0] * (len(d.most) + 1))
        yield from fewest(d, next(witnesses))
        return
    if kind == "tracking":
        short = max(d.budget - sum(map(max, d.most, d.given)), 0)
        missed, lacking, near = map(
            d.exact, (abs(d.budget - d.raised), short, slack(d.budget, d.bits))
        )
        yield Criterion("USD missed", missed, lacking, {}, near)
        witness, d = next(witnesses), d._replace(budget=d.raised)
    tail = kind == "cvar" and goal["level"] < 1
    yield mean_of_worst(d, goal, witness) if tail else least_burden(d, witness)
    if kind == "leximin":
        next(witnesses)
        yield in_order(d)


def round_of_dollars(content: Columns, claim: Testimony) -> Iterator[Criterion]:
    """A round, tier by tier."""
    d = dollars_of(content, claim, claim.haircut(content))
    for x, u, name in zip(d.given, d.most, content["account"], strict=True):
        if beyond(x, 0, u, d.bits):
            raise Invalid(f"account {name!r} gives what it may not")
    left = d.budget

    def tier_of(members: list[bool], later: bool) -> Iterator[Criterion]:
        nonlocal left
        most, given = ([v * m for v, m in zip(c, members, strict=True)] for c in (d.most, d.given))
        part = d._replace(most=most, given=given, budget=left)
        if later and beyond(part.raised, sum(most), None, d.bits):
            raise Invalid("a tier gives, and one before it could give more")
        part = part._replace(budget=min(left, sum(most))) if later else part
        left -= part.raised
        return of_dollars(part, claim.goal, claim.witnesses)

    yield from by_tier(content, d.given, tier_of)


# --- Lots: whole micro-dollars --------------------------------------------------------------------
def micro(amount: float | Fraction, near: Fraction = NEAR, what: str = "") -> int:
    """Whole micro-dollars in an amount, but for rounding; if it has a name, all of it."""
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
        if level is None:
            return self.cap
        return max(min(self.cap, math.ceil(level * self.weight * MICRO) - 1), 0)

    def most(self, cap: int) -> int:
        """A bound on what whole lots make within a cap; exact of one kind of lots."""
        step = math.gcd(*self.lots) or 1
        return min(sum(lot * count for lot, count in self.lots.items()), cap // step * step)


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


def sums(kinds: Counter[int], step: int, most: int) -> int | None:
    """Bit k of it: whether lots make k steps, up to a most; None if that takes too long."""
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


def out_of_reach(lots: Lots, level: Fraction | None) -> bool:
    """Whether strictly below a burden, or at all, no sum of whole lots counts.

    Either what lots make at most falls short, account by account; or nothing that could be taken
    away from it comes to an amount that would count, all sums listed.
    """
    free, tight, step = Counter[int](), [], 0
    for h in lots.holders:
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
        if 0 <= total < lots.least:
            return True
        made = sums(kinds, step, bound // step)
        if made is None:
            return False
        total -= bound - (made.bit_length() - 1) * step
        listed.append(made)
    if total < lots.least or lots.highest is None or lots.least <= 0:
        return 0 <= total < lots.least
    first, last = max(-((lots.highest - total) // step), 0), (total - lots.least) // step
    away = sums(+free, step, last)
    for made in listed:
        kept = made >> max(made.bit_length() - 1 - last, 0)
        if away is None or kept.bit_count() * last > WORK:
            return False
        shifted = (away << r for r, bit in enumerate(bin(kept)[2:]) if bit == "1")
        away = reduce(or_, shifted, 0) & (1 << last + 1) - 1
    return away is not None and not away >> first


def lots_of(content: Columns, claim: Testimony) -> Lots:
    """A round whose accounts give whole lots, of dollars unless they have positions."""
    if "positions" in content:
        return lots_of_contracts(content, claim)
    given = claim.haircut(content)
    d, holders = dollars_of(content, claim, given), []
    columns = (content["account"], content["lot"], d.most, d.weight, given)
    for name, size, most, weight, each in zip(*columns, strict=True):
        lot, amount = micro(size, NEAR, "a lot"), micro(each, SUMMED, "a haircut")
        cap = micro(d.exact(most)) // lot * lot
        if amount % lot or amount > cap:
            raise Invalid(f"account {name!r} gives what it may not, or no whole lots")
        holders.append(Holder(Counter({lot: cap // lot}), cap, d.exact(weight), amount))
    return Lots(holders, *budget_of(content["needed"], claim.extra))


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
        near, amount = round(size / lot), round(lot * value * MICRO)
        apart = abs(size / lot - near)
        most = near if apart <= min(1e-9 * (size / lot), 1e-3) else int(size / lot)
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
        cap = total if d.exact(most) * MICRO >= total * COVERED else micro(d.exact(most))
        kinds = held[name] if most else Counter[int]()
        holders.append(Holder(kinds, min(cap, total) if most else 0, d.exact(weight), given[name]))
        if given[name] > holders[-1].cap:
            raise Invalid(f"account {name!r} gives what it may not")
    return Lots(holders, *budget_of(round(content["needed"], 6), claim.extra))


def budget_of(needed: float, extra: float | None) -> tuple[int, int | None]:
    """Sums that count: rule 4."""
    if extra == 0:
        whole = micro(needed, SUMMED, "the budget")
        return whole, whole
    least = -micro(-Fraction(needed))
    return least, None if extra is None else micro(Fraction(needed) + Fraction(extra))


def of_lots(lots: Lots, kind: str, witnesses: Iterator[Columns]) -> Iterator[Criterion]:
    """All criteria of an objective in lots; what only a long search knows has no lower end."""
    witness, upper = next(witnesses), lots.level()
    above = lots.highest is not None and lots.raised > lots.highest
    if kind != "tracking" and (lots.raised < lots.least or above):
        raise Invalid("the lots do not raise what they must")
    if kind == "fewest":
        touched = sum(h.given > 0 for h in lots.holders)
        yield so_few([h.cap for h in lots.holders], lots.least, touched)
    if kind == "tracking":
        missed = Fraction(abs(lots.raised - lots.least), MICRO)
        yield Criterion("USD missed", missed, None if missed else missed, {})
        lots = lots._replace(least=lots.raised, highest=lots.raised)
    witness = next(witnesses) if kind in ("fewest", "tracking") else witness
    level = Fraction(told(witness, "level", [float(upper)])[0])
    proved = next((z for z in (upper, level) if kind != "fewest" and out_of_reach(lots, z)), None)
    lower = upper if upper == 0 else proved
    name = "worst burden" if kind != "fewest" else "worst burden on so few"
    yield Criterion(name, upper, lower, witness if proved == level else {})
    if kind == "leximin":
        next(witnesses)
        yield Criterion("all burdens in order", upper, None, {})


def round_of_lots(content: Columns, claim: Testimony) -> Iterator[Criterion]:
    """A round in lots, tier by tier; where missing has a price, the bound is that of dollars."""
    lots = lots_of(content, claim)
    if claim.goal["kind"] in PRICED:
        d = dollars_of(content, claim, claim.haircut(content))
        yield least_burden(d, next(claim.witnesses))
        return
    given = 0

    def tier_of(members: list[bool], later: bool) -> Iterator[Criterion]:
        nonlocal given
        held = [h for h, yes in zip(lots.holders, members, strict=True) if yes]
        highest = None if lots.highest is None else lots.highest - given
        part = Lots(held, lots.least - given, highest)
        if later:
            part = Lots(held, part.raised, None)
            if not out_of_reach(part._replace(least=part.raised + 1), None):
                raise Invalid("a tier gives, and one before it could give more")
        given += part.raised
        return of_lots(part, claim.goal["kind"], claim.witnesses)

    yield from by_tier(content, [h.given for h in lots.holders], tier_of)


def episode(content: Columns, claim: Testimony) -> Iterator[Criterion]:
    """Rounds that share winners: in each that lists it, an account has paid at most what it lists.

    For some rounds and any of their winners, Σ budgets ≤ what these may have paid by the last of
    the rounds + burden · weight of the other winners: so the burden is bounded.
    """
    witness, answers, parts = (
        next(claim.witnesses),
        claim.answer.get("haircut_usd"),
        content["round"],
    )
    if claim.goal["kind"] != "min-max" or type(answers) is not list or len(answers) != len(parts):
        raise Invalid("of an episode the least burden over all rounds is checked")
    chosen = numbers(one(witness, "rounds:l", "witness")["rounds"], "i", "witness.rounds")
    least: list[Columns] = [{}]
    for p in reversed(parts):
        held = zip(p["account"], map(Fraction, p["capacity"]), strict=True)
        least.append(least[-1] | {k: min(u, least[-1].get(k, u)) for k, u in held})
    paid, weight, limit = Counter[str](), dict[str, Fraction](), dict[str, Fraction]()
    needed = Fraction(0)
    for t, p in enumerate(parts, start=1):
        claim.answer, room = {"haircut_usd": answers[t - 1]}, least[-t]
        d = dollars_of(p, claim, claim.haircut(p))
        if beyond(d.raised, d.budget, d.budget, d.bits):
            raise Invalid(f"round {t} misses its budget")
        for name, x, w in zip(p["account"], map(d.exact, d.given), d.weight, strict=True):
            paid[name] += x  # type: ignore[assignment]
            weight[name] = max(weight.get(name, x * 0), d.exact(w))
            over = slack(math.floor(room[name] * 2**160), 160)
            if (x and not w) or (paid[name] - room[name]) * 2**160 > over:
                raise Invalid(f"account {name!r} pays in round {t} what it may not")
            if t in chosen and w:
                limit[name] = max(room[name], paid[name])
        needed += d.exact(min(d.budget, d.raised)) if t in chosen else 0
    upper = max((x / weight[k] for k, x in paid.items() if x), default=Fraction(0))
    full = {k for k, most in limit.items() if most <= weight[k] * upper * (1 - Fraction(1, 2**40))}
    free = sum(weight[k] for k in limit if k not in full)
    rest = needed - sum(limit[k] for k in full)
    lower = max(Fraction(rest) / free, Fraction(0)) if free else Fraction(0)
    yield Criterion("worst burden in all", upper, lower, witness)


def why_infeasible(content: Columns, claim: Testimony) -> str:
    """Prove that nothing meets the budget: by Farkas' multipliers, all 1, or by sums of lots."""
    nothing = [0] * len(content.get("positions", content).get("account", ()))
    if claim.goal["kind"] in (*PRICED, "tracking") or not nothing:
        raise Invalid("that nothing meets it cannot be checked, or is not so")
    if "lot" in content or "positions" in content:
        claim.answer = {"lots": nothing} if "positions" in content else {"haircut_usd": nothing}
        if out_of_reach(lots_of(content, claim), None):
            return "no sum of whole lots is one that counts"
    d = dollars_of(content, claim, [0.0] * len(content["account"]))
    missing = d.exact(d.budget - sum(d.most))
    if missing <= 0:
        raise Invalid("it is not shown that the budget is out of reach")
    return f"all that accounts may give is {float(missing)!r} USD short of the budget"


# --- Certificates ---------------------------------------------------------------------------------

OBJECTIVES = {
    "min-max": "",
    "leximin": "",
    "tracking": "",
    "fewest": "",
    "asymmetric": "under:p over:p fair:n",
    "empirical": "reference:n weight:n",
    "cvar": "level:n importance:l?",
}
CERTIFICATE = (
    "schema:w adlopt:w instance:o objective:o extra_usd:n? limits:a answer:o criteria:a "
    "infeasible:b"
)
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
        self.limits, self.infeasible = said["limits"], said["infeasible"]
        self.extra, self.answer = said.get("extra_usd"), said["answer"] or {}
        goal = said["objective"] or {}
        self.criteria: list[Columns] = said["criteria"]
        if self.criteria != []:
            typed(self.criteria, CRITERION, "criteria")
        self.witnesses = chain((each.get("witness") or {} for each in self.criteria), repeat({}))
        more = OBJECTIVES.get(str(goal.get("kind")))
        if more is None:
            raise Invalid(f"no objective {goal.get('kind')!r} is known")
        self.goal = goal = one(goal, f"kind:w burden:w epsilon:n {more}", "objective")
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
    return list((episode if content["kind"] == "episode" else in_lots)(content, claim))


def check(content: Columns, certificate: Any) -> list[str]:
    """What a certificate proves of an instance, line by line."""
    claim, found = Testimony(certificate), fingerprint(content)
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
