"""Small facts that many proofs use, each derived in the kernel."""

from __future__ import annotations

import sympy

from adlopt.proof.kernel import Fact
from adlopt.proof.notation import Expr, eq, ge, integers, le
from adlopt.proof.tactics import (
    absolute,
    at,
    by_contradiction,
    discharge,
    for_all,
    induct,
    last_term,
    maximum,
    minimum,
    prove,
    put_formula,
    root,
    single,
    split,
    sum_up,
)


def clip(value: Expr) -> Expr:
    """Return max(0, min(1, value)), the projection onto [0, 1]."""
    return sympy.Max(0, sympy.Min(1, value))


def clip_lies_in_unit_interval(value: Expr) -> list[Fact]:
    """0 ≤ p ≤ 1 for p the projection of `value`.

    Examples
    --------
    >>> from adlopt.proof.notation import reals
    >>> x = reals("x")
    >>> clip_lies_in_unit_interval(x)[0]
    ⊢ max(0, min(1, x)) ≥ 0
    """
    known = [*minimum(1, value), *maximum(0, sympy.Min(1, value))]
    return [prove(ge(clip(value), 0), known), by_contradiction(le(clip(value), 1), known)]


def clip_is_a_projection(value: Expr) -> list[Fact]:
    """P (value − p) ≥ 0 and (p − value)(1 − p) ≥ 0: no point of [0, 1] is closer to `value`."""
    known = [*minimum(1, value), *maximum(0, sympy.Min(1, value))]
    known += clip_lies_in_unit_interval(value)
    p = clip(value)
    return [
        by_contradiction(ge(p * (value - p), 0), known, degree=3),
        by_contradiction(ge((p - value) * (1 - p), 0), known, degree=3),
    ]


def subgradient(
    scale: Expr, slope: Expr, here: Expr, target: Expr, there: Expr, *known: object
) -> Fact:
    """D|x − s| − D|u − s| ≤ g (x − u), from −D ≤ g ≤ D and g (x − s) = D|x − s|."""
    goal = le(scale * abs(here - target) - scale * abs(there - target), slope * (here - there))
    return prove(goal, *known, absolute(there - target))


def square_root_bound(value: Expr, radicand: Expr, *known: object) -> Fact:
    """Prove value ≤ √radicand from known facts that give value² ≤ radicand and radicand ≥ 0."""
    square = prove(le(value**2, radicand), *known)
    return by_contradiction(le(value, sympy.sqrt(radicand)), square, root(radicand, *known))


def count(index: Expr, upto: Expr) -> Fact:
    """Σ of 1 over index = 1 … upto is upto, for upto ≥ 1.

    Examples
    --------
    >>> from adlopt.proof.notation import integers
    >>> count(*integers("t T"))
    T ≥ 1 ⊢ Σ[t=1…T](1) = T
    """
    n = integers("counted")
    claim = eq(sympy.Sum(1, (index, 1, n)), n)
    inside = [le(1, n), le(n + 1, upto)]
    step = prove(
        put_formula(claim, {n: n + 1}),
        claim,
        last_term(index, 1, n + 1, sympy.Integer(1), using=inside),
    )
    whole = induct(single(index, 1, sympy.Integer(1)), step, claim, n, 1, upto)
    return at(whole, upto, using=le(1, upto))


def isolate(index: Expr, high: Expr, at_index: Expr, body: Expr, *known: object) -> Fact:
    """Σ over 1 … high is what lies before, at and after one index.

    Examples
    --------
    >>> from adlopt.proof.notation import integers, sequences
    >>> (i, n), x = integers("i n"), sequences("x")
    >>> isolate(i, n, 1, x(i), le(1, n)).hypotheses == {le(1, n)}
    True
    """
    whole = split(index, 1, at_index, high, body, using=known)
    front = last_term(index, 1, at_index, body, using=known)
    before = sympy.Sum(body, (index, 1, at_index - 1))
    after = sympy.Sum(body, (index, at_index + 1, high))
    parts = before + body.subs(index, at_index) + after
    return prove(eq(sympy.Sum(body, (index, 1, high)), parts), whole, front, degree=1)


def below_sum(
    family: Fact, index: Expr, high: Expr, at_index: Expr, body: Expr, *known: object
) -> Fact:
    """e(k) ≤ Σ e for e ≥ 0, from a family that states e ≥ 0 for 1 … high."""
    before = [le(1, index), le(index, at_index - 1)]
    after = [le(at_index + 1, index), le(index, high)]
    sides = [(before, 1, at_index - 1), (after, at_index + 1, high)]
    sums = [
        sum_up(
            discharge(for_all(at(family, index, using=[*inside, *known]), index, low, upto), *known)
        )
        for inside, low, upto in sides
    ]
    goal = le(body.subs(index, at_index), sympy.Sum(body, (index, 1, high)))
    return prove(goal, isolate(index, high, at_index, body, *known), sums, degree=1)
