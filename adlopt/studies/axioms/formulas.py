"""Allocations and rules as formulas of z3: who pays what, over all real profits at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
import z3

from adlopt.model.loss import Burden
from adlopt.policies import allocation as allocations
from adlopt.policies.by_rule import ByRule
from adlopt.policies.protocols import Policy, SeverityThenAllocation
from adlopt.policies.severity import Constant
from adlopt.rules.row_formula import RowFormula
from adlopt.rules.split import ProRata, Queue
from adlopt.studies.axioms.instances import Winner, features

Term: TypeAlias = Any
"""A number or a condition of z3."""


class NotAFormula(Exception):
    """A policy that no formula stands for; the message says what of it."""


class Terms(np.lib.mixins.NDArrayOperatorsMixin):
    """Terms of accounts, with which formulas of rows compute as with arrays."""

    def __init__(self, terms: Sequence[Term]) -> None:
        self.terms = list(terms)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        if method != "__call__" or options or ufunc.__name__ not in UFUNCS:
            return NotImplemented
        return Terms([UFUNCS[ufunc.__name__](*row) for row in self._rows(inputs)])

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        if function is not np.where or len(args) != 3 or options:
            return NotImplemented
        return Terms([z3.If(*row) for row in self._rows(args)])

    def _rows(self, inputs: Sequence[Any]) -> list[tuple[Term, ...]]:
        wide = (i.terms if isinstance(i, Terms) else [exact(i)] * len(self.terms) for i in inputs)
        return list(zip(*wide, strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedOf:
    """Accounts in the order of ids, and what is asked of them.

    `formulas` of rows read it as they read `adlopt.rules.rows.Rows`.
    """

    winners: Sequence[Winner]
    budget: Term
    also: list[Term]

    def feature(self, name: str) -> Terms:
        """Terms of a feature."""
        known: Mapping[str, list[Term]] = features(self.winners, highest)
        held = {"capacity": "upnl", "profit": "upnl"}.get(name, name)
        if name == "equity":
            return Terms([w.equity for w in self.winners])
        if held not in known:
            raise NotAFormula(f"reads {name!r}")
        return Terms(known[held])

    __getitem__ = feature

    @property
    def capacity(self) -> list[Term]:
        """What each may give."""
        return [w.profit for w in self.winners]

    def level(self, weight: Sequence[Term], most: Sequence[Term], budget: Term) -> list[Term]:
        """min(most_i, w_i z), which sum to the budget or to all there is, for some z ≥ 0."""
        z = z3.FreshReal("z")
        shares = [lowest(m, w * z) for w, m in zip(weight, most, strict=True)]
        reach = z3.Sum([z3.If(w > 0, m, 0) for w, m in zip(weight, most, strict=True)])
        self.also.extend([z >= 0, z3.Sum(shares) == lowest(budget, reach)])
        return shares

    def queue(self, keys: Sequence[Terms], most: Sequence[Term], budget: Term) -> list[Term]:
        """The highest keys first, each in full; equals in the order of ids."""
        taken = []
        for i, mine in enumerate(most):
            ahead = [z3.If(_before(keys, j, i), most[j], 0) for j in range(len(most)) if j != i]
            taken.append(lowest(mine, highest(0, budget - z3.Sum([z3.RealVal(0), *ahead]))))
        return taken


Taking: TypeAlias = Callable[[Any, AskedOf], list[Term]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaysFormula:
    """Who pays what under a policy: `by_id` if ids may change it."""

    allocation: Any
    theta: Fraction
    taking: Taking
    by_id: bool

    def pays(self, winners: Sequence[Winner], deficit: Term, also: list[Term]) -> dict[str, Term]:
        """What each pays, by name; what has to hold besides is added to `also`."""
        held = sorted(winners, key=lambda w: w.name)
        budget = lowest(deficit * exact(self.theta), z3.Sum([w.profit for w in held]))
        asked = AskedOf(winners=held, budget=budget, also=also)
        taken = self.taking(self.allocation, asked)
        return dict(zip((w.name for w in held), taken, strict=True))


def formula(policy: Policy) -> PaysFormula:
    """Return what a policy takes as a formula: an allocation of a constant share of the deficit."""
    if type(policy) is not SeverityThenAllocation or type(policy.severity) is not Constant:
        raise NotAFormula("only an allocation of a constant share of the deficit is a formula")
    allocation = policy.allocation
    if type(allocation) not in TAKING:
        raise NotAFormula(f"no formula is known of {allocation.name}")
    return PaysFormula(
        allocation=allocation,
        theta=Fraction(policy.severity.theta),
        taking=TAKING[type(allocation)],
        by_id=isinstance(allocation, ByRule | allocations.QueueAllocation),
    )


def exact(number: Any) -> Term:
    """A number as z3 has it, exactly."""
    return number if z3.is_expr(number) else z3.RealVal(Fraction(number))


def highest(one: Term, other: Term) -> Term:
    """The larger of two terms."""
    return z3.If(exact(one) >= exact(other), exact(one), exact(other))


def lowest(one: Term, other: Term) -> Term:
    """The smaller of two terms."""
    return z3.If(exact(one) <= exact(other), exact(one), exact(other))


def _before(keys: Sequence[Terms], j: int, i: int) -> Term:
    if not keys:
        return z3.BoolVal(j < i)
    mine, other = keys[0].terms[i], keys[0].terms[j]
    return z3.Or(other > mine, z3.And(other == mine, _before(keys[1:], j, i)))


def _queue(allocation: allocations.QueueAllocation, asked: AskedOf) -> list[Term]:
    if callable(allocation.score):
        raise NotAFormula("its score is a function of the round")
    return asked.queue([asked[allocation.score]], asked.capacity, asked.budget)


def _capped(allocation: allocations.CappedProRata, asked: AskedOf) -> list[Term]:
    if allocation.tier is not None:
        raise NotAFormula(f"its classes are read from {allocation.tier!r}")
    kept = [highest(w.equity - exact(allocation.floor), 0) for w in asked.winners]
    most = [lowest(exact(allocation.cap) * u, k) for u, k in zip(asked.capacity, kept, strict=True)]
    return asked.level(asked.capacity, most, asked.budget)


def _evenly(allocation: object, asked: AskedOf) -> list[Term]:
    rate = z3.FreshReal("rate")
    shares = [rate * u for u in asked.capacity]
    asked.also.extend([rate >= 0, rate <= 1, z3.Sum(shares) == asked.budget])
    return shares


def _least(allocation: allocations.LeastBurden, asked: AskedOf) -> list[Term]:
    if allocation.burden is Burden.CAPACITY:
        return _evenly(allocation, asked)
    return asked.level([w.equity for w in asked.winners], asked.capacity, asked.budget)


def _equal_awards(allocation: object, asked: AskedOf) -> list[Term]:
    return asked.level([z3.RealVal(1)] * len(asked.winners), asked.capacity, asked.budget)


def _equal_losses(allocation: object, asked: AskedOf) -> list[Term]:
    kept = asked.level(
        [z3.RealVal(1)] * len(asked.winners), asked.capacity, z3.Sum(asked.capacity) - asked.budget
    )
    return [u - k for u, k in zip(asked.capacity, kept, strict=True)]


def _by_rule(allocation: ByRule, asked: AskedOf) -> list[Term]:
    rule, left = allocation.rule, asked.budget
    ties = [_read(key, asked) for key in rule.tie_break]
    taken: list[Term] = [z3.RealVal(0)] * len(asked.winners)
    for tier in (t for t in rule.tiers if not t.after_fund):
        most = [u - x for u, x in zip(asked.capacity, taken, strict=True)]
        if tier.limit is not None:
            limits = [highest(limit, 0) for limit in _read(tier.limit, asked).terms]
            most = [
                highest(lowest(u, m) - x, 0)
                for u, m, x in zip(asked.capacity, limits, taken, strict=True)
            ]
        who = (c if z3.is_bool(c) else c != 0 for c in _read(tier.eligible, asked).terms)
        most = [z3.If(c, m, 0) for c, m in zip(who, most, strict=True)]
        given = _split(tier.split, asked, ties, most, left)
        taken = [x + g for x, g in zip(taken, given, strict=True)]
        left = asked.budget - z3.Sum(taken)
    return taken


def _split(
    split: object, asked: AskedOf, ties: list[Terms], most: list[Term], left: Term
) -> list[Term]:
    if type(split) is Queue:
        return asked.queue([*(_read(k, asked) for k in split.keys), *ties], most, left)
    if type(split) is ProRata:
        return asked.level(_read(split.weight, asked).terms, most, left)
    raise NotAFormula(f"no formula is known of {type(split).__name__}")


def _read(row: RowFormula, asked: AskedOf) -> Terms:
    try:
        found: Any = row.of(asked)  # type: ignore[arg-type]
        return found if isinstance(found, Terms) else Terms([exact(found)] * len(asked.winners))
    except (TypeError, ValueError, OverflowError, AttributeError, z3.Z3Exception) as error:
        raise NotAFormula(f"{row.text!r} is not arithmetic ({error})") from None


UFUNCS: dict[str, Callable[..., Term]] = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "negative": lambda a: -a,
    "maximum": highest,
    "minimum": lowest,
    "greater": lambda a, b: a > b,
    "greater_equal": lambda a, b: a >= b,
    "less": lambda a, b: a < b,
    "less_equal": lambda a, b: a <= b,
    "equal": lambda a, b: a == b,
}
TAKING: dict[type, Taking] = {
    allocations.QueueAllocation: _queue,
    allocations.ProRataAllocation: _evenly,
    allocations.CappedProRata: _capped,
    allocations.IntegerProRata: _evenly,
    allocations.LeastBurden: _least,
    allocations.EqualAwards: _equal_awards,
    allocations.EqualLosses: _equal_losses,
    ByRule: _by_rule,
}
"""Of exactly these: what derives from one may split otherwise."""
