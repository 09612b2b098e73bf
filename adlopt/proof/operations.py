"""What operations are: the laws that define them in the kernel, and what follows at once."""

from __future__ import annotations

import sympy

from adlopt.proof import kernel
from adlopt.proof.kernel import Certificate, Fact, Product
from adlopt.proof.notation import Expr, ge, gt, term
from adlopt.proof.tactics import Premise, by_contradiction, prove
from adlopt.proof.term import Kind


def absolute(e: Expr) -> list[Fact]:
    """|e| ≥ 0, |e|² = e², |e| ≥ e and |e| ≥ −e."""
    size, square = (kernel.definition(Kind.ABS, [term(e)], k) for k in (0, 1))
    whole = abs(e)
    more = [by_contradiction(ge(whole, sign * e), size, square, degree=2) for sign in (1, -1)]
    return [size, square, *more]


def maximum(a: Expr, b: Expr) -> list[Fact]:
    """For M = max(a, b): M ≥ a, M ≥ b and (M − a)(M − b) = 0."""
    return _extremum(sympy.Max(a, b, evaluate=False), Kind.MAX)


def minimum(a: Expr, b: Expr) -> list[Fact]:
    """For m = min(a, b): m ≤ a, m ≤ b and (m − a)(m − b) = 0."""
    return _extremum(sympy.Min(a, b, evaluate=False), Kind.MIN)


def _extremum(whole: Expr, kind: Kind) -> list[Fact]:
    """Read the arguments back in the order in which the notation reads them."""
    (((((atom, _),), _, _),),) = [tuple(term(whole))]
    return [kernel.definition(kind, atom.args, k) for k in range(3)]


def floor_of(e: Expr) -> list[Fact]:
    """⌊e⌋ ≤ e and ⌊e⌋ + 1 > e."""
    return [kernel.definition(Kind.FLOOR, [term(e)], k) for k in range(2)]


def root(e: Expr, *using: Premise) -> list[Fact]:
    """√e ≥ 0 and √e² = e, for e ≥ 0."""
    nonnegative = prove(ge(e, 0), *using)
    return [kernel.cut(kernel.definition(Kind.SQRT, [term(e)], k), nonnegative) for k in range(2)]


def reciprocal(e: Expr, *using: Premise) -> list[Fact]:
    """For e > 0: e · (1/e) = 1 and 1/e > 0."""
    positive = prove(gt(e, 0), *using)
    square = Product(1, (0, 0))
    nonzero = kernel.certify(gt(e * e, 0), [positive], Certificate((square,)))
    inverse = kernel.cut(kernel.definition(Kind.INVERSE, [term(e)], 0), nonzero)
    return [inverse, by_contradiction(gt(1 / e, 0), inverse, positive)]
