"""What operations are: the laws that define them in the kernel, and what follows at once.

sympy may take an operation apart before the kernel sees it: |2x| is read as 2|x|, 1/(ab) as
(1/a)(1/b), ⌊n + x⌋ as n + ⌊x⌋ and √(4x) as 2√x. The laws are stated of what is read, and then
follow from those of its parts.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

import sympy

from adlopt.errors import ProofError
from adlopt.proof import kernel
from adlopt.proof.formula import Formula, Relation, at_least, equal
from adlopt.proof.kernel import Combination, Fact, Product
from adlopt.proof.notation import Expr, ge, gt, le, term
from adlopt.proof.shown import shown
from adlopt.proof.tactics import Premise, by_contradiction, prove
from adlopt.proof.term import (
    ONE,
    ZERO,
    Atom,
    Kind,
    Term,
    apply,
    constant,
    multiply,
    of_atom,
    order_of,
    product,
    scale,
)


def absolute(e: Expr) -> list[Fact]:
    """|e| ≥ 0, |e|² = e², |e| ≥ e and |e| ≥ −e.

    Examples
    --------
    >>> from adlopt.proof.notation import reals
    >>> absolute(2 * reals("x"))[2]
    ⊢ 2·|x| ≥ 2·x
    """
    whole, inner = term(abs(sympy.sympify(e))), term(e)
    if whole == apply(Kind.ABS, inner):
        size, square = (kernel.definition(Kind.ABS, [inner], k) for k in (0, 1))
    else:
        size, square = _squared(whole, multiply(inner, inner), _laws(whole, Kind.ABS))
    more = [
        by_contradiction(at_least(whole, term(sign * e)), size, square, degree=2)
        for sign in (1, -1)
    ]
    return [size, square, *more]


def maximum(a: Expr, b: Expr) -> list[Fact]:
    """For M = max(a, b): M ≥ a, M ≥ b and (M − a)(M − b) = 0."""
    return _extremum(sympy.Max, Kind.MAX, a, b)


def minimum(a: Expr, b: Expr) -> list[Fact]:
    """For m = min(a, b): m ≤ a, m ≤ b and (m − a)(m − b) = 0."""
    return _extremum(sympy.Min, Kind.MIN, a, b)


def _extremum(of: Any, kind: Kind, a: Expr, b: Expr) -> list[Fact]:
    """Read the arguments back in the order in which the notation reads them."""
    one, other = term(a), term(b)
    if one == other:
        return [prove(at_least(one, one)), prove(at_least(one, one)), prove(equal(ZERO, ZERO))]
    (atom,) = _parts(term(of(a, b, evaluate=False)), kind)
    return [kernel.definition(kind, atom.args, k) for k in range(3)]


def floor_of(e: Expr) -> list[Fact]:
    """⌊e⌋ ≤ e and ⌊e⌋ + 1 > e.

    Examples
    --------
    >>> from adlopt.proof.notation import integers, reals
    >>> floor_of(integers("n") + reals("x"))
    [⊢ x ≥ ⌊x⌋, ⊢ 1 + ⌊x⌋ > x]
    """
    whole = sympy.floor(e)
    known = _laws(term(whole), Kind.FLOOR)
    if term(whole) == apply(Kind.FLOOR, term(e)):
        return known
    return [prove(le(whole, e), known), prove(gt(whole + 1, e), known)]


def root(e: Expr, *using: Premise) -> list[Fact]:
    """√e ≥ 0 and √e² = e, for e ≥ 0.

    Examples
    --------
    >>> from adlopt.proof.notation import reals
    >>> x = reals("x")
    >>> root(4 * x, ge(x, 0))[1]
    x ≥ 0 ⊢ 4·√(x)² = 4·x
    """
    whole, inner = term(sympy.sqrt(e)), term(e)
    halves = [product(of_atom(atom) for atom, k in m for _ in range(k // 2)) for m, _, _ in inner]
    nonnegative = prove(ge(e, 0), *using, squares=halves)
    known = _laws(whole, Kind.ABS)
    for atom in _parts(whole, Kind.SQRT):
        below = prove(at_least(atom.args[0], ZERO), nonnegative, *using)
        known += [kernel.cut(kernel.definition(atom.kind, atom.args, k), below) for k in (0, 1)]
    return known if whole == apply(Kind.SQRT, inner) else _squared(whole, inner, known)


def reciprocal(e: Expr, *using: Premise) -> list[Fact]:
    """For e > 0: e · (1/e) = 1 and 1/e > 0.

    Examples
    --------
    >>> from adlopt.proof.notation import reals
    >>> a, b = reals("a b")
    >>> reciprocal(a * b, gt(a * b, 0))
    [a·b > 0 ⊢ a·b/((a)·(b)) = 1, a·b > 0 ⊢ 1/((a)·(b)) > 0]
    """
    positive, whole, inner = prove(gt(e, 0), *using), term(1 / sympy.sympify(e)), term(e)
    if whole == apply(Kind.INVERSE, inner):
        square = Formula(Relation.GT, multiply(inner, inner))
        nonzero = kernel.certify(square, [positive], Combination((Product(1, (0, 0)),)))
        inverse = kernel.cut(kernel.definition(Kind.INVERSE, [inner], 0), nonzero)
    else:
        inverse = _divided(whole, inner, positive, using)
    above = Formula(Relation.GT, whole)
    return [inverse, by_contradiction(above, inverse, positive)]


def _divided(whole: Term, inner: Term, positive: Fact, using: Iterable[Premise]) -> Fact:
    """Show e · (1/e) = 1 where 1/e is read as a product: no part of e is zero, as e is not."""
    parts, (rest, number) = _parts(whole, Kind.INVERSE), _rest(whole, Kind.INVERSE)
    bases = [part.args[0] for part in parts]
    above = [apply(Kind.INVERSE, of_atom(atom)) for atom, k in rest for _ in range(k)]
    laws = []
    for i, base in enumerate(bases):
        others = product([constant(1 / number), *above, *bases[:i], *bases[i + 1 :]])
        square = Formula(Relation.GT, multiply(base, base))
        nonzero = by_contradiction(square, positive, squares=[others])
        laws.append(kernel.cut(kernel.definition(Kind.INVERSE, [base], 0), nonzero))
    ones = [(multiply(of_atom(part), base), ONE) for part, base in zip(parts, bases, strict=True)]
    factors = [*_telescoped(ones, ONE), product(left for left, _ in ones)]
    return prove(equal(multiply(inner, whole), ONE), laws, *using, multipliers=factors)


def _squared(whole: Term, inner: Term, known: list[Fact]) -> list[Fact]:
    """Show w ≥ 0 and w² = e for w a product of absolute values, roots and a square."""
    parts = _parts(whole, Kind.ABS, Kind.SQRT)
    squares = [(part, product([of_atom(part)] * 2)) for part in parts]
    sides = [
        (two, multiply(*part.args, *part.args) if part.kind is Kind.ABS else part.args[0])
        for part, two in squares
    ]
    others, number = _rest(whole, Kind.ABS, Kind.SQRT)
    half = product(of_atom(atom) for atom, k in others for _ in range(k // 2))
    size = prove(Formula(Relation.GE, whole), known, squares=[half], degree=max(2, len(parts)))
    square = product(of_atom(atom) for atom, k in others for _ in range(2 * k))
    factors = _telescoped(sides, scale(square, number**2))
    return [size, prove(equal(multiply(whole, whole), inner), known, multipliers=factors)]


def _telescoped(sides: list[tuple[Term, Term]], rest: Term) -> list[Term]:
    """What l_i = r_i is multiplied with, so that all together say rest · Π l = rest · Π r."""
    return [
        product([rest, *(right for _, right in sides[:i]), *(left for left, _ in sides[i + 1 :])])
        for i in range(len(sides))
    ]


def _laws(whole: Term, kind: Kind) -> list[Fact]:
    """The two laws of each |·| or ⌊·⌋ in a term."""
    atoms = dict.fromkeys(_parts(whole, kind))
    return [kernel.definition(kind, atom.args, k) for atom in atoms for k in (0, 1)]


def _parts(whole: Term, *kinds: Kind) -> list[Atom]:
    """Return the operations of some kinds in a term, as often as they are multiplied."""
    found = [(atom, k) for monomial, _, _ in whole for atom, k in monomial if atom.kind in kinds]
    ordered = sorted(found, key=lambda part: order_of(frozenset({part})))
    return [atom for atom, k in ordered for _ in range(k)]


def _rest(whole: Term, *kinds: Kind) -> tuple[list[tuple[Atom, int]], Fraction]:
    """Return what such operations are multiplied with: powers of atoms, and a number."""
    if not whole:
        return [], Fraction(0)
    if len(whole) != 1:
        raise ProofError(f"{shown(whole)} is read as a sum: state the law of each summand")
    ((monomial, p, q),) = whole
    return [(atom, k) for atom, k in monomial if atom.kind not in kinds], Fraction(p, q)
