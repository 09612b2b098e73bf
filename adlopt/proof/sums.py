"""Rules for sums, written briefly; everything here only calls the kernel's rules."""

from __future__ import annotations

from typing import Any

import sympy

from adlopt.proof import kernel
from adlopt.proof.formula import Formula, Relation
from adlopt.proof.kernel import Combination, Fact
from adlopt.proof.notation import Expr, eq, symbol_atom, term
from adlopt.proof.tactics import Premise, discharge, one_fact, prove
from adlopt.proof.term import add, scale


def sum_up(family: Premise) -> Fact:
    """Sum a statement about every index over the innermost one."""
    return kernel.total(one_fact(family))


def split(index: Any, low: Expr, middle: Expr, high: Expr, body: Expr, using: Premise = ()) -> Fact:
    """Cut a sum after `middle`; an empty part is allowed."""
    ends = (term(low), term(middle), term(high))
    return discharge(kernel.split_sum(symbol_atom(index), ends, term(body)), using)


def single(index: Any, value: Expr, body: Expr) -> Fact:
    """Evaluate a sum over one index."""
    return kernel.single_sum(symbol_atom(index), term(value), term(body))


def last_term(index: Any, low: Expr, high: Expr, body: Expr, using: Premise = ()) -> Fact:
    """Σ over low … high is Σ over low … high − 1 plus the last term."""
    parts = split(index, low, high - 1, high, body, using)
    return _joined(parts, single(index, high, body))


def first_term(index: Any, low: Expr, high: Expr, body: Expr, using: Premise = ()) -> Fact:
    """Σ over low … high is the first term plus Σ over low + 1 … high."""
    parts = split(index, low, low, high, body, using)
    return _joined(parts, single(index, low, body))


def _joined(parts: Fact, piece: Fact) -> Fact:
    goal = Formula(Relation.EQ, add(parts.conclusion.term, piece.conclusion.term))
    return kernel.certify(goal, [parts, piece], Combination((), ((0, term(1)), (1, term(1)))))


def empty(index: Any, low: Expr, body: Expr) -> Fact:
    """Σ over low … low − 1 is zero."""
    twice = split(index, low, low - 1, low - 1, body)
    goal = Formula(Relation.EQ, scale(twice.conclusion.term, -1))
    return kernel.certify(goal, [twice], Combination((), ((0, term(-1)),)))


def shift(index: Any, low: Expr, high: Expr, body: Expr, by: Expr) -> Fact:
    """Σ over low … high of e(t) is Σ over low + k … high + k of e(t − k)."""
    return kernel.shift_sum(symbol_atom(index), (term(low), term(high)), term(body), term(by))


def swap(first: Any, second: Any, ends: tuple[Expr, Expr, Expr, Expr], body: Expr) -> Fact:
    """ΣΣ over first = a … b and second = c … d is the same in either order."""
    a, b, c, d = (term(end) for end in ends)
    ranges = [(a, b), (c, d)]
    return kernel.swap_sums(symbol_atom(first), symbol_atom(second), ranges, term(body))


def telescope(index: Any, low: Expr, high: Expr, body: Expr, using: Premise = ()) -> Fact:
    """Σ over low … high of f(t + 1) − f(t) is f(high + 1) − f(low), if high ≥ low − 1.

    Examples
    --------
    >>> from adlopt.proof.notation import integers, le, sequences
    >>> t, T = integers("t T")
    >>> f = sequences("f")
    >>> fact = telescope(t, 1, T, f(t), using=le(0, T))
    >>> fact.hypotheses == {le(0, T)}
    True
    """
    after = body.subs(index, index + 1)
    moved = shift(index, low, high, after, 1)
    front = first_term(index, low, high + 1, body, using)
    back = last_term(index, low, high + 1, body, using)
    goal = eq(
        sympy.Sum(after - body, (index, low, high)),
        body.subs(index, high + 1) - body.subs(index, low),
    )
    return prove(goal, moved, front, back, degree=1)
