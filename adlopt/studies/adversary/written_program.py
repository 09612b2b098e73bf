"""The worst path of a severity that is written in the notation, as a mixed-integer program.

The rule's own expressions are run once on columns of the program instead of floats: θ*_t is a
column, sums are sums of columns, and what bends (a comparison, `clip`, `max`, a choice) becomes a
binary b with rows that say where it may be 1. With d between l and u::

    b = [d > 0]          d ≥ l (1 − b),   d ≤ u b
    z = b p, p ∈ [m, M]  m b ≤ z ≤ M b,   p − M (1 − b) ≤ z ≤ p − m (1 − b)
    ℓ ≤ |d|              ℓ ≤ d − 2 l (1 − b),   ℓ ≤ −d + 2 u b

Where d = 0 this program may take either side, while the rule takes one: no path costs the rule more
than the program's optimum. A `margin` > 0 keeps a strict comparison that far from 0: its paths cost
the rule what the program says, provided that ties survive rounding.

What is no sum of known multiples (θ* times θ*) is `NotLinear`. So is a root of what is not known,
unless it may be `loose`: between its chord and tangents, so that paths cost the rule no more than
the program says, and perhaps less.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from adlopt.errors import AdloptError
from adlopt.foundation.arrays import FloatArray
from adlopt.optimum.programs.program import Program
from adlopt.policies.severity_notation import CHOOSE, FUNCTIONS, Functions, Written, started
from adlopt.studies.adversary.arena import Arena

Number: TypeAlias = "float | Sum"
TANGENTS = (0.02, 0.2, 0.4, 0.6, 0.8, 1.0)
"""Where roots have one, as shares of the way between their ends."""


class NotLinear(AdloptError):
    """An expression multiplies, or bends, what no mixed-integer program of ours can."""


class Linear:
    """What follows from `+`, `*` and `positive`, for numbers that are not yet known."""

    __slots__ = ()
    __add__: Any
    __mul__: Any
    positive: Callable[[], Any]

    def __radd__(self, other: Any) -> Any:
        return self + other

    def __rmul__(self, other: Any) -> Any:
        return self * other

    def __neg__(self) -> Any:
        return self * -1.0

    def __sub__(self, other: Any) -> Any:
        return self + other * -1.0

    def __rsub__(self, other: Any) -> Any:
        return self * -1.0 + other

    def __gt__(self, other: Any) -> Any:
        d = self - other
        return d.positive() if isinstance(d, Linear) else float(d > 0)

    def __lt__(self, other: Any) -> Any:
        return self * -1.0 > other * -1.0

    def __ge__(self, other: Any) -> Any:
        return 1.0 - (self < other)

    def __le__(self, other: Any) -> Any:
        return 1.0 - (self > other)


@dataclass(frozen=True, slots=True, eq=False)
class Sum(Linear):
    """A constant and multiples of columns, and the least and largest value that it can have."""

    draft: RuleDraft
    terms: Mapping[int, float]
    constant: float
    least: float
    largest: float

    def at(self, columns: FloatArray) -> float:
        """Its value."""
        return self.constant + sum(float(columns[c]) * by for c, by in self.terms.items())

    def __add__(self, other: Number) -> Number:
        if not isinstance(other, Sum):
            ends = self.least + other, self.largest + other
            return Sum(self.draft, self.terms, self.constant + other, *ends)
        terms = dict(self.terms)
        for column, by in other.terms.items():
            terms[column] = terms.get(column, 0.0) + by
        return self.draft.sum(terms, self.constant + other.constant)

    def __mul__(self, by: Number) -> Number:
        if isinstance(by, Sum):
            return self.draft.product(self, by)
        if by == 0:
            return 0.0
        ends = sorted((self.least * by, self.largest * by))
        return Sum(
            self.draft, {c: a * by for c, a in self.terms.items()}, self.constant * by, *ends
        )

    def __truediv__(self, by: Number) -> Number:
        if isinstance(by, Sum):
            raise NotLinear("divides by what is not known")
        return self * (1.0 / by)

    def __rtruediv__(self, other: float) -> Number:
        raise NotLinear("divides by what is not known")

    def __pow__(self, power: Number) -> Number:
        if power == 1:
            return self
        raise NotLinear("raises what is not known to a power")

    __rpow__ = __pow__

    def positive(self) -> Number:
        """1 where it is above 0; 0 or 1 where it is 0."""
        return self.draft.positive(self)


@dataclass(slots=True, eq=False)
class RuleDraft:
    """Columns and rows as they are asked for; equal comparisons share a binary."""

    margin: float = 0.0
    ties: bool = True
    loose: bool = False
    lower: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    integer: list[bool] = field(default_factory=list)
    rows: list[tuple[Mapping[int, float], float, float]] = field(default_factory=list)
    known: dict[Any, Sum] = field(default_factory=dict)
    path: list[Sum] = field(default_factory=list)
    """θ*_t of the rounds so far."""
    moves: list[Sum] = field(default_factory=list)
    """|θ*_{t+1} − θ*_t|, or more."""

    def column(self, lower: float, upper: float, *, integer: bool = False) -> Sum:
        """One more column."""
        self.lower.append(lower)
        self.upper.append(upper)
        self.integer.append(integer)
        return Sum(self, {len(self.lower) - 1: 1.0}, 0.0, lower, upper)

    def needed_severity(self) -> Sum:
        """θ* of the next round, and how far it moves."""
        target = self.column(0.0, 1.0)
        if self.path:
            move = self.column(0.0, 1.0)
            self.require(move + self.path[-1] - target, lower=0.0)
            self.require(move - self.path[-1] + target, lower=0.0)
            self.moves.append(move)
        self.path.append(target)
        return target

    def sum(self, terms: Mapping[int, float], constant: float) -> Number:
        """Multiples of columns; a number where nothing is left of them."""
        terms = {column: by for column, by in terms.items() if by}
        if not terms:
            return constant
        ends = [(self.lower[c] * by, self.upper[c] * by) for c, by in terms.items()]
        least = constant + sum(min(pair) for pair in ends)
        return Sum(self, terms, constant, least, constant + sum(max(pair) for pair in ends))

    def require(self, total: Number, lower: float = -math.inf, upper: float = math.inf) -> None:
        """Keep a sum between two numbers."""
        if isinstance(total, Sum):
            self.rows.append((total.terms, lower - total.constant, upper - total.constant))

    def positive(self, d: Number) -> Number:
        """[d > 0]: 0 or 1, either where d = 0."""
        if not isinstance(d, Sum):
            return float(d > 0)
        if d.largest <= 0 or d.least > 0:
            return float(d.least > 0)
        key = tuple(sorted(d.terms.items())), d.constant
        if key not in self.known:
            one = self.known[key] = self.column(0.0, 1.0, integer=True)
            self.require(d - (self.margin - d.least) * one, lower=d.least)
            self.require(d - d.largest * one, upper=0.0)
        return self.known[key]

    def product(self, a: Sum, b: Sum) -> Number:
        """A sum of binaries times a sum."""
        ones, p = (a, b) if self._whole(a) else (b, a)
        if not self._whole(ones):
            raise NotLinear("multiplies two numbers that are not known")
        if not 0 <= ones.least <= ones.largest <= 1:
            each = (Sum(self, {c: 1.0}, 0.0, 0.0, 1.0) * p * by for c, by in ones.terms.items())
            return sum(each, start=p * ones.constant)
        z = self.column(min(p.least, 0.0), max(p.largest, 0.0))
        self.require(z - p.least * ones, lower=0.0)
        self.require(z - p.largest * ones, upper=0.0)
        self.require(z - p - p.largest * ones, lower=-p.largest)
        self.require(z - p - p.least * ones, upper=-p.least)
        return z

    def _whole(self, given: Sum) -> bool:
        return all(self.integer[c] for c in given.terms)

    def root(self, x: Number) -> Number:
        """Its square root, or what is between the chord and tangents of it."""
        if not isinstance(x, Sum):
            return math.sqrt(x)
        if not self.loose:
            raise NotLinear("takes a root of what is not known")
        if x.largest <= 0:
            return 0.0
        low, unit = math.sqrt(max(x.least / x.largest, 0.0)), 1.0 / x.largest
        z = self.column(low, 1.0)
        self.require(z * (low + 1.0) - x * unit, lower=low)
        for share in TANGENTS:
            at = low + (1.0 - low) * share
            self.require(z * (2.0 * at) - x * unit, upper=at**2)
        return z * math.sqrt(x.largest)

    def larger(self, *given: Number) -> Number:
        """Max."""
        first, *rest = given
        for other in rest:
            d: Any = other - first
            b = self.positive(d)
            if isinstance(b, Sum):
                ends = map(max, _ends(first), _ends(other))
                first = self._between(self._bent(first, d, b), *ends)
            elif b:
                first = other
        return first

    def _bent(self, first: Number, d: Any, b: Any) -> Number:
        """First + max(d, 0), where b = [d > 0]."""
        over = self.column(0.0, d.largest)
        self.require(over - d, lower=0.0)
        self.require(over - d - d.least * b, upper=-d.least)
        self.require(over - d.largest * b, upper=0.0)
        return first + over

    def _between(self, total: Number, least: float, largest: float) -> Number:
        """A sum that is within these: a column of its own, if its terms alone do not say so."""
        if not isinstance(total, Sum) or (total.least >= least and total.largest <= largest):
            return total
        one = self.column(least, largest)
        self.require(one - total, 0.0, 0.0)
        return one

    def smaller(self, *given: Number) -> Number:
        """Min."""
        return -self.larger(*(-1.0 * each for each in given))

    def clip(self, x: Number) -> Number:
        """The nearest number in [0, 1]."""
        return self.smaller(1.0, self.larger(0.0, x))

    def sign(self, x: Number) -> Number:
        """−1, 0 or 1."""
        above, below = self.positive(x), self.positive(-1.0 * x)
        if isinstance(above, Sum) and isinstance(below, Sum):
            self.require(above + below, lower=0.0 if self.ties else 1.0, upper=1.0)
        return above - below

    def choose(
        self, condition: Number, then: Callable[[], Number], otherwise: Callable[[], Number]
    ) -> Number:
        """`then` where the condition is 1."""
        if not isinstance(condition, Sum):
            return then() if condition else otherwise()
        base, other = otherwise(), then()
        least, largest = zip(_ends(base), _ends(other), strict=True)
        return self._between(base + condition * (other - base), min(least), max(largest))

    def missed(self, d: Number) -> Number:
        """A column that is |d| where it is worth having more."""
        b = self.positive(d)
        if not isinstance(d, Sum) or not isinstance(b, Sum):
            return d * (2.0 * b - 1.0)
        loss = self.column(0.0, max(-d.least, d.largest))
        self.require(loss - d - 2.0 * d.least * b, upper=-2.0 * d.least)
        self.require(loss + d - 2.0 * d.largest * b, upper=0.0)
        return loss

    def quantile(self, past: Any, level: float, otherwise: Number) -> Number:
        """Lower weighted quantile of what is past, weights known."""
        if not past:
            return otherwise
        total = math.fsum(w for _, w in past)
        picks = [self.column(0.0, 1.0, integer=True) for _ in past]
        self.require(sum(picks[1:], picks[0]), 1.0, 1.0)
        chosen = self.column(0.0, 1.0)
        below: Number = 0.0
        above: Number = 0.0
        for (value, weight), pick in zip(past, picks, strict=True):
            self.require(chosen - value + pick, upper=1.0)
            self.require(chosen - value - pick, lower=-1.0)
            no_more, no_less = (self.column(0.0, 1.0, integer=True) for _ in range(2))
            self.require(value - chosen + no_more, upper=1.0)
            self.require(chosen - value + no_less, upper=1.0)
            below, above = below + weight * no_more, above + weight * no_less
        self.require(below, lower=level * total)
        self.require(above, lower=(1 - level) * total)
        return chosen

    def functions(self) -> Functions:
        """What the notation calls, on sums of columns."""
        return {
            **FUNCTIONS,
            "clip": self.clip,
            "sign": self.sign,
            "min": self.smaller,
            "max": self.larger,
            "abs": lambda x: self.larger(x, -1.0 * x),
            "sqrt": self.root,
            "quantile": self.quantile,
            CHOOSE: self.choose,
        }

    def program(self, objective: Number, fixed: FloatArray | None = None) -> Program:
        """State for HiGHS that as much of a sum is wanted as there is."""
        lower, upper = np.array(self.lower), np.array(self.upper)
        integer = np.array(self.integer)
        if fixed is not None:
            lower[integer] = upper[integer] = np.rint(fixed[integer])
        cost = np.zeros(lower.size)
        for column, by in objective.terms.items() if isinstance(objective, Sum) else ():
            cost[column] = -by
        entries = [list(terms.items()) for terms, _, _ in self.rows]
        return Program(
            cost=cost,
            lower=lower,
            upper=upper,
            row_lower=np.array([low for _, low, _ in self.rows]),
            row_upper=np.array([high for _, _, high in self.rows]),
            start=np.cumsum([0, *map(len, entries)], dtype=np.int32),
            column=np.array([c for row in entries for c, _ in row], dtype=np.int32),
            coefficient=np.array([v for row in entries for _, v in row]),
            integer=integer,
        )


def _ends(x: Number) -> tuple[float, float]:
    return (x.least, x.largest) if isinstance(x, Sum) else (x, x)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WrittenProgram:
    """Σ w_t |θ_t − θ*_t| over paths of an arena, w_t = D_t / max D, and where its columns are."""

    rule: Written
    arena: Arena
    draft: RuleDraft
    first: Sum | None
    path: tuple[Sum, ...]
    theta: tuple[Number, ...]
    loss: Number

    @classmethod
    def of(cls, rule: Written, arena: Arena, *, any_first: bool, **how: Any) -> WrittenProgram:
        """Run the rule's expressions on columns; `NotLinear` if one is no sum of multiples."""
        draft = RuleDraft(**how)
        functions, recipe = draft.functions(), rule.recipe.what_plays()
        first = draft.column(0.0, 1.0) if any_first else None
        given: dict[str, Any] = rule.given | ({"first": first} if any_first else {})
        state, played = recipe.first(given, functions), []
        loss: Number = 0.0
        largest = float(arena.deficit.max())
        for start in arena.starts:
            target = draft.needed_severity()
            scope = given | started(start)
            theta = recipe.play(scope, state, functions)
            loss = loss + (start.deficit / largest) * draft.missed(theta - target)
            over = {"theta": theta, "target": target, "needed": start.deficit * target}
            state = recipe.learn(scope | over, state, functions)
            played.append(theta)
        for limit in arena.every:
            pairs = [*zip(limit.at, draft.path, strict=True)]
            pairs += zip(limit.moves, draft.moves, strict=True)
            total = sum((by / limit.size * one for by, one in pairs), start=0.0)
            draft.require(total, upper=limit.most / limit.size)
        found: dict[str, Any] = {"path": tuple(draft.path), "theta": tuple(played), "loss": loss}
        return cls(rule=rule, arena=arena, draft=draft, first=first, **found)

    def strictly(self, margin: float, *, ties: bool = True) -> WrittenProgram:
        """The same, with comparisons that far from 0, or 0 if there may be ties; columns stay."""
        chosen: dict[str, Any] = {"any_first": self.first is not None, "loose": self.draft.loose}
        return self.of(self.rule, self.arena, margin=margin, ties=ties, **chosen)

    def loss_at(self, objective: float) -> float:
        """Σ w_t |θ_t − θ*_t|, where the program's columns make so much of it."""
        return objective + (self.loss.constant if isinstance(self.loss, Sum) else self.loss)

    def program(self, fixed: FloatArray | None = None) -> Program:
        """State it for HiGHS; the binaries may be fixed to those of another answer."""
        return self.draft.program(self.loss, fixed)
