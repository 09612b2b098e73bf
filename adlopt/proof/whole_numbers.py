"""Facts about whole numbers: parity, and order."""

from __future__ import annotations

import sympy

from adlopt.proof import kernel
from adlopt.proof.formula import Formula
from adlopt.proof.kernel import Fact, next_integer
from adlopt.proof.notation import Expr, eq, ge, gt, integers, le, lt, symbol_atom, term
from adlopt.proof.operations import floor_of
from adlopt.proof.tactics import prove


def parity(number: Expr) -> list[Fact]:
    """0 ≤ e, e ≤ 1 and e² = e for e = m − 2⌊m/2⌋, m an integer."""
    below, above = floor_of(number / 2)
    rest = odd(number)
    low = prove(ge(rest, 0), below)
    high = prove(le(rest, 1), next_integer(prove(gt(2 - rest, 0), above)))
    zero, one = le(rest, 0), gt(rest, 0)
    goal = eq(rest**2, rest)
    after = next_integer(prove(one, one))
    whole = kernel.cases(prove(goal, zero, low), prove(goal, after, high), zero, one)
    return [low, high, whole]


def odd(number: Expr) -> Expr:
    """Return 1 for an odd number and 0 for an even one."""
    return number - 2 * sympy.floor(number / 2)


def parity_alternates(number: Expr) -> Fact:
    """The parities of an integer and of the next one add up to 1."""
    known = [parity(number)[:2], parity(number + 1)[:2]]
    total = number - sympy.floor(number / 2) - sympy.floor((number + 1) / 2)
    upper = next_integer(prove(gt(total + 1, 0), known))
    lower = next_integer(prove(gt(1 - total, 0), known))
    return prove(eq(odd(number) + odd(number + 1), 1), upper, lower)


def by_order(goal: Formula, one: Expr, two: Expr, less: Fact, equal: Fact, more: Fact) -> Fact:
    """Join proofs of a goal from one ≤ two − 1, from one = two and from one ≥ two + 1."""
    below, above = le(one, two - 1), ge(one, two + 1)
    same = prove(eq(one, two), ge(one, two), le(one, two))
    greater, smaller = gt(one, two), lt(one, two)
    over = kernel.cut(more, prove(above, next_integer(kernel.assume(greater))))
    under = kernel.cut(less, prove(below, next_integer(kernel.assume(smaller))))
    middle = kernel.cut(equal, same)
    right = kernel.cases(over, middle, greater, le(one, two))
    return kernel.cases(right, under, ge(one, two), smaller)


def same_value(sequence: Expr, one: Expr, two: Expr) -> Fact:
    """From i = j follows x(i) = x(j)."""
    place = integers("place")
    fact = kernel.assume(eq(one, two))
    sides = (term(one), term(two))
    return kernel.congruence(fact, term(sequence(place)), symbol_atom(place), sides)
