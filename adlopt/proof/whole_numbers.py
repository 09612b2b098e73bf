"""Facts about whole numbers: parity, order, and one index among many."""

from __future__ import annotations

import sympy

from adlopt.proof import kernel
from adlopt.proof.formula import Formula
from adlopt.proof.kernel import Fact, next_integer
from adlopt.proof.lemmas import count, isolate
from adlopt.proof.notation import (
    Expr,
    eq,
    ge,
    gt,
    integers,
    le,
    lt,
    reals,
    sequences,
    symbol_atom,
    term,
)
from adlopt.proof.operations import absolute, floor_of
from adlopt.proof.sums import first_term, sum_up
from adlopt.proof.tactics import by_contradiction, for_all, prove, put, put_formula, resolve


def parity(number: Expr) -> list[Fact]:
    """0 ≤ e, e ≤ 1 and e² = e for e = m − 2⌊m/2⌋, m an integer.

    Examples
    --------
    >>> from adlopt.proof.notation import integers
    >>> parity(integers("m"))[0]
    ⊢ m ≥ 2·⌊1/2·m⌋ (m whole)
    """
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


def alternating_path(index: Expr, upto: Expr, low: Expr, high: Expr) -> Fact:
    """Σ |a_t − a_(t−1)| = (T − 1)(high − low), a_t being low for even t and high for odd t.

    For high ≥ low and T ≥ 1.
    """
    one, two = reals("even_value odd_value")
    e, before = odd(index), odd(index - 1)
    move = (two - one) * (e - before)
    turn = put(parity_alternates(index), {index: index - 1})
    square = prove(
        eq(move**2, (two - one) ** 2),
        turn,
        parity(index)[2],
        multipliers=[(two - one) ** 2, (two - one) ** 2 * e, (two - one) ** 2 * before],
    )
    known = [absolute(move), square, ge(two, one)]
    sides = [
        by_contradiction(goal, known)
        for goal in (ge(abs(move), two - one), le(abs(move), two - one))
    ]
    jumps = sum_up(for_all(prove(eq(abs(move), two - one), sides), index, 2, upto))
    number = first_term(index, 1, upto, sympy.Integer(1), using=le(1, upto))
    path = sympy.Sum(abs(move), (index, 2, upto))
    goal = eq(path, (upto - 1) * (two - one))
    whole = prove(goal, jumps, number, count(index, upto), multipliers=[one, two])
    return put(whole, {one: low, two: high})


def point_mass(index: Expr, place: Expr) -> Expr:
    """Return 1 if two integers are equal and 0 otherwise."""
    return sympy.Max(0, 1 - abs(index - place))


def point_mass_away(index: Expr, place: Expr, *known: object) -> Fact:
    """The mass of a point is zero where `known` says that index < place or index > place."""
    goal = eq(point_mass(index, place), 0)
    return prove(goal, *known, resolve(goal, *known))


def point_mass_total(index: Expr, upto: Expr, place: Expr) -> Fact:
    """Σ over index = 1 … upto is 1, for 1 ≤ place ≤ upto.

    Examples
    --------
    >>> from adlopt.proof.notation import integers
    >>> point_mass_total(*integers("i n k"))
    k ≥ 1; n ≥ k ⊢ Σ[i=1…n](max(0, 1 − |i − k|)) = 1 (k, n whole)
    """
    inside = [le(1, place), le(place, upto)]
    body, mass = point_mass(index, place), sequences("mass")
    before = for_all(point_mass_away(index, place, le(index, place - 1)), index, 1, place - 1)
    after = for_all(point_mass_away(index, place, ge(index, place + 1)), index, place + 1, upto)
    whole = put(isolate(index, (1, upto), place, mass(index), inside), {mass: (index, body)})
    here = point_mass_at(place)
    total = eq(sympy.Sum(body, (index, 1, upto)), 1)
    return prove(total, whole, here, sum_up(before), sum_up(after))


def point_mass_at(place: Expr) -> Fact:
    """The mass of a point is 1 at its place."""
    one, two = integers("one two")
    goal = put_formula(eq(point_mass(one, two), 1), {one: place, two: place})
    return prove(goal, resolve(goal))


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
    """From i = j follows x(i) = x(j).

    Examples
    --------
    >>> from adlopt.proof.notation import integers, sequences
    >>> same_value(sequences("x"), *integers("i j"))
    i = j ⊢ x(i) = x(j) (i, j whole)
    """
    place = integers("place")
    fact = kernel.assume(eq(one, two))
    sides = (term(one), term(two))
    return kernel.congruence(fact, term(sequence(place)), symbol_atom(place), sides)
