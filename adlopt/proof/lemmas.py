"""Small facts that many proofs use, each derived in the kernel."""

from __future__ import annotations

import sympy

from adlopt.proof import kernel
from adlopt.proof.formula import Formula
from adlopt.proof.kernel import Fact
from adlopt.proof.notation import Expr, eq, every, ge, gt, integers, le, reals, sequences
from adlopt.proof.operations import absolute, maximum, minimum, reciprocal, root
from adlopt.proof.sums import last_term, single, split, sum_up
from adlopt.proof.tactics import (
    Premise,
    at,
    by_contradiction,
    discharge,
    for_all,
    induct,
    prove,
    put,
    put_formula,
)


def clip(value: Expr) -> Expr:
    """Return max(0, min(1, value)), the projection onto [0, 1]."""
    return sympy.Max(0, sympy.Min(1, value))


def clip_lies_in_unit_interval(value: Expr) -> list[Fact]:
    """0 ≤ p ≤ 1 for p the projection of `value`."""
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


def projected_step(after: Expr, aim: Expr, target: Expr, *known: object) -> Fact:
    """(x − u)² ≤ (a − u)² for x the projection of a, which `known` says, and 0 ≤ u ≤ 1."""
    return prove(
        le((after - target) ** 2, (aim - target) ** 2),
        *known,
        clip_is_a_projection(aim),
        squares=[clip(aim) - aim],
        multipliers=[clip(aim), after, target, aim],
    )


def subgradient(
    scale: Expr, slope: Expr, here: Expr, target: Expr, there: Expr, *known: object
) -> Fact:
    """D|x − s| − D|u − s| ≤ g (x − u), from −D ≤ g ≤ D and g (x − s) = D|x − s|."""
    goal = le(scale * abs(here - target) - scale * abs(there - target), slope * (here - there))
    return prove(goal, *known, absolute(there - target))


def bit(weight: Expr, square: Premise) -> list[Fact]:
    """0 ≤ w ≤ 1 from w² = w."""
    low = prove(ge(weight, 0), square, squares=[weight])
    return [low, prove(le(weight, 1), square, squares=[1 - weight])]


def count(index: Expr, upto: Expr) -> Fact:
    """Σ of 1 over index = 1 … upto is upto, for upto ≥ 1."""
    n = integers("counted")
    claim = eq(sympy.Sum(1, (index, 1, n)), n)
    inside = [le(1, n), le(n + 1, upto)]
    last = last_term(index, 1, n + 1, sympy.Integer(1), using=inside)
    step = prove(put_formula(claim, {n: n + 1}), claim, last)
    whole = induct(single(index, 1, sympy.Integer(1)), step, claim, n, 1, upto)
    return at(whole, upto, using=le(1, upto))


def isolate(
    index: Expr, ends: tuple[Expr, Expr], at_index: Expr, body: Expr, *known: object
) -> Fact:
    """Σ over low … high is what lies before, at and after one index."""
    low, high = ends
    whole = split(index, low, at_index, high, body, using=known)
    front = last_term(index, low, at_index, body, using=known)
    before = sympy.Sum(body, (index, low, at_index - 1))
    after = sympy.Sum(body, (index, at_index + 1, high))
    parts = before + body.subs(index, at_index) + after
    return prove(eq(sympy.Sum(body, (index, low, high)), parts), whole, front, degree=1)


def below_sum(
    family: Fact, index: Expr, ends: tuple[Expr, Expr], at_index: Expr, body: Expr, *known: object
) -> Fact:
    """e(k) ≤ Σ e for e ≥ 0, from a family that states e ≥ 0 for low … high."""
    low, high = ends
    before = [le(low, index), le(index, at_index - 1)]
    after = [le(at_index + 1, index), le(index, high)]
    sums = []
    for inside, start, stop in ((before, low, at_index - 1), (after, at_index + 1, high)):
        one = at(family, index, using=[*inside, *known])
        sums.append(sum_up(discharge(for_all(one, index, start, stop), *known)))
    goal = le(body.subs(index, at_index), sympy.Sum(body, (index, low, high)))
    return prove(goal, isolate(index, ends, at_index, body, *known), sums, degree=1)


def inner_product_bound(
    index: Expr, upto: Expr, one: Expr, two: Expr, sizes: tuple[Expr, Expr]
) -> Fact:
    """Σ a b ≤ d D over 1 … upto, if Σ a² ≤ d², Σ b² ≤ D², d ≥ 0, D > 0 (Cauchy and Schwarz)."""
    a, b = sequences("a b")
    d, size, mix, share = reals("d size mix share")
    n = integers("n")
    places = {n: upto, a: (index, one), b: (index, two), d: sizes[0], size: sizes[1]}
    i = integers("i")

    def total(summand: Expr) -> Expr:
        return sympy.Sum(summand, (i, 1, n))

    inner, first, second = total(a(i) * b(i)), total(a(i) ** 2), total(b(i) ** 2)
    given = [le(first, d**2), le(second, size**2), ge(d, 0), gt(size, 0)]
    square = (size * a(i) - mix * b(i)) ** 2
    mixed = sum_up(for_all(prove(ge(square, 0), squares=[size * a(i) - mix * b(i)]), i, 1, n))
    goal, positive, none = le(inner, d * size), gt(d, 0), le(d, 0)
    scaled = prove(
        le(d * size * inner, d**2 * size**2), put(mixed, {mix: d}), given, squares=[d, size]
    )
    moving = by_contradiction(goal, scaled, positive, given, degree=3)
    still, unit = put(mixed, {mix: inner * share}), eq(share * size, 1)
    resting = prove(le(first, 0), given, none)
    factors = [inner**2, inner**2 * share * size]
    known = [still, resting, given, unit]
    small = prove(le(inner**2, 0), known, squares=[size, inner * share], multipliers=factors)
    small = discharge(put(small, {share: 1 / size}), reciprocal(size, gt(size, 0)))
    nothing = by_contradiction(le(inner, 0), small)
    rest = prove(goal, nothing, given, degree=2)
    return put(kernel.cases(moving, rest, positive, none), places)


def best_step(regret: Expr, distance: Expr, energy: Expr, step: Expr) -> Fact:
    """If 2ηR ≤ A + η² S with η = √(A/S) > 0, then R ≤ √(A S); A ≥ 0 and S > 0.

    The arguments are R, A, S and η.
    """
    R, A, S, rate = reals("R A S rate")
    given = [ge(A, 0), gt(S, 0), gt(rate, 0), eq(rate, sympy.sqrt(A / S))]
    given.append(le(2 * rate * R, A + rate**2 * S))
    inverse = reciprocal(S, gt(S, 0))
    ratio = prove(ge(A / S, 0), inverse, ge(A, 0))
    known = [*root(A / S, ratio), *inverse, *given]
    size = prove(eq(rate**2 * S, A), known, multipliers=[rate * S, sympy.sqrt(A / S) * S, A, S])
    reached = by_contradiction(le(R, rate * S), given, size)
    square = prove(eq((rate * S) ** 2, A * S), size, multipliers=[S])
    whole = prove(le((rate * S) ** 2, A * S), square, given)
    below = by_contradiction(le(rate * S, sympy.sqrt(A * S)), whole, root(A * S, square, given))
    bound = prove(le(R, sympy.sqrt(A * S)), reached, below)
    return put(bound, {R: regret, A: distance, S: energy, rate: step})


def roots_of_sums(size: Expr, index: Expr, upto: Expr) -> list[Fact]:
    """√(D_1² + … + D_t²) is above zero and has that square, for 1 ≤ t ≤ T, if every D_t > 0.

    The arguments are the sequence D, t and T.
    """
    j, inside = integers("j"), [le(1, index), le(index, upto)]
    body = size(j) ** 2
    energy = sympy.Sum(body, (j, 1, index))
    past = sum_up(for_all(prove(ge(body, 0), squares=[size(j)]), j, 1, index - 1))
    now = at(every(index, 1, upto, gt(size(index), 0)), index, using=inside)
    positive = prove(gt(energy, 0), past, now, last_term(j, 1, index, body, using=inside))
    low, square = root(energy, positive)
    above = by_contradiction(gt(sympy.sqrt(energy), 0), low, square, positive)
    return [for_all(fact, index, 1, upto) for fact in (above, square)]


def optimal_step(distance: Expr, energy: Expr, step: Expr) -> Formula:
    """State η = √(A/S)."""
    A, S, rate = reals("A S rate")
    return put_formula(eq(rate, sympy.sqrt(A / S)), {A: distance, S: energy, rate: step})


def optimal_bound(regret: Expr, distance: Expr, energy: Expr) -> Formula:
    """State R ≤ √(A S)."""
    R, A, S = reals("R A S")
    return put_formula(le(R, sympy.sqrt(A * S)), {R: regret, A: distance, S: energy})
