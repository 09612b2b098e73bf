"""Polynomials with rational coefficients, in a normal form where equal means identical.

A term is a finite sum of monomials over *atoms*. An atom is a real or integer symbol, a sequence
at an index such as ``D(t)``, or one of the operations below applied to terms. Every operation is a
total function, so a term always has a value:

| atom | meaning | where the argument is outside the usual domain |
|---|---|---|
| ABS | absolute value |  |
| MAX, MIN | of two terms |  |
| FLOOR | largest integer not above |  |
| SQRT | nonnegative root | some fixed number if the argument is negative |
| INVERSE | reciprocal | some fixed number if the argument is zero |
| SUM | over integers lo … hi | zero if hi < lo |

Terms are built of tuples, frozensets, integers and strings only, so that nothing can alter one
after it was checked. Sums are pulled apart into monomials: sums are linear by normal form. A bound
variable is named after the number of sums inside its body, which makes terms that differ only in
the names of bound variables identical.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from fractions import Fraction
from itertools import chain
from math import gcd
from typing import Any, NamedTuple, TypeAlias

from adlopt.errors import ProofError


class Kind(Enum):
    """What an atom is."""

    REAL = "real"
    INTEGER = "integer"
    SEQUENCE = "sequence"
    INTEGER_SEQUENCE = "integer sequence"
    ABS = "abs"
    MAX = "max"
    MIN = "min"
    FLOOR = "floor"
    SQRT = "sqrt"
    INVERSE = "inverse"
    SUM = "sum"


SYMBOLS = frozenset({Kind.REAL, Kind.INTEGER})
FAMILIES = frozenset({Kind.SEQUENCE, Kind.INTEGER_SEQUENCE})
INTEGRAL = frozenset({Kind.INTEGER, Kind.INTEGER_SEQUENCE})
ARITY = {
    Kind.REAL: 0,
    Kind.INTEGER: 0,
    Kind.ABS: 1,
    Kind.MAX: 2,
    Kind.MIN: 2,
    Kind.FLOOR: 1,
    Kind.SQRT: 1,
    Kind.INVERSE: 1,
    Kind.SUM: 3,
}
RESERVED = ("#", "@", "$")
"""First letters of names that only this package gives: sums, quantifiers, temporary variables."""
OPERATORS = frozenset({"abs", "ceiling", "floor", "max", "min", "sqrt", "sum", "Σ"})
"""Names that read as an operation, and therefore name nothing else."""


class Atom(NamedTuple):
    """A symbol, a sequence at an index, or an operation applied to terms."""

    kind: Kind
    name: str
    args: tuple[Term, ...] = ()


Monomial: TypeAlias = frozenset[tuple[Atom, int]]
Term: TypeAlias = frozenset[tuple[Monomial, int, int]]
Number: TypeAlias = int | Fraction

UNIT: Monomial = frozenset()
ZERO: Term = frozenset()


class Replacement(NamedTuple):
    """What stands in for a symbol (no parameters) or a sequence."""

    body: Term
    parameters: tuple[Atom, ...] = ()


def _collected(parts: Iterable[tuple[Monomial, int, int]]) -> Term:
    """Add up coefficients p/q, q > 0, of monomials; they are in lowest terms then."""
    total: dict[Monomial, tuple[int, int]] = {}
    for monomial, p, q in parts:
        r, s = total.get(monomial, (0, 1))
        total[monomial] = (p + r, q) if q == s else (p * s + r * q, q * s)
    return frozenset(
        (m, p // common, q // common) for m, (p, q) in total.items() if p for common in (gcd(p, q),)
    )


def constant(value: Number) -> Term:
    """Return the term of one rational number; nothing but an int or a Fraction is accepted."""
    if type(value) is not int and type(value) is not Fraction:
        raise ProofError(f"{value!r} is not an exact number: write an integer or a Fraction")
    return _collected([(UNIT, value.numerator, value.denominator)])


ONE = constant(1)


def of_atom(atom: Atom) -> Term:
    """Return the term that is just `atom`."""
    return frozenset({(frozenset({(atom, 1)}), 1, 1)})


def add(*terms: Term) -> Term:
    """Add terms."""
    return _collected(chain.from_iterable(terms))


def scale(term: Term, factor: Number) -> Term:
    """Multiply a term by a rational number."""
    return multiply(term, constant(factor))


def subtract(left: Term, right: Term) -> Term:
    """Return left − right."""
    return add(left, scale(right, -1))


def multiply(left: Term, right: Term) -> Term:
    """Multiply two terms."""
    return _collected(
        (_times(first, second), p * r, q * s) for first, p, q in left for second, r, s in right
    )


def _times(first: Monomial, second: Monomial) -> Monomial:
    if not first or not second:
        return first or second
    powers = dict(first)
    for atom, power in second:
        powers[atom] = powers.get(atom, 0) + power
    return frozenset(powers.items())


def product(terms: Iterable[Term]) -> Term:
    """Multiply terms; the empty product is 1."""
    result = ONE
    for term in terms:
        result = term if result is ONE else multiply(result, term)
    return result


def value_of(term: Term) -> Fraction | None:
    """Return the number a constant term is, or None."""
    parts = {monomial: Fraction(p, q) for monomial, p, q in term}
    return parts.get(UNIT, Fraction(0)) if parts.keys() <= {UNIT} else None


def apply(kind: Kind, *args: Term, name: str = "") -> Term:
    """Apply an operation other than a sum.

    |e| and |−e|, max(a, b) and max(b, a) are the same atom; the reciprocal of a nonzero number is a
    number.
    """
    if kind is Kind.ABS and args[0] and min(map(_order_part, args[0]))[1] < 0:
        args = (scale(args[0], -1),)
    if kind in {Kind.MAX, Kind.MIN}:
        args = tuple(sorted(args, key=_order))
    if kind is Kind.INVERSE and (number := value_of(args[0])):
        return constant(1 / number)
    return of_atom(Atom(kind, name, args))


def _order(term: Term) -> tuple[object, ...]:
    return tuple(sorted(map(_order_part, term)))


def _order_part(part: tuple[Monomial, int, int]) -> tuple[Any, int, int]:
    monomial, p, q = part
    return order_of(monomial), p, q


def order_of(monomial: Monomial) -> tuple[Any, ...]:
    """Return what puts monomials in an order of their own, the same in every process."""
    atoms = ((a.kind.value, a.name, tuple(map(_order, a.args)), k) for a, k in monomial)
    return tuple(sorted(atoms))


def symbols(term: Term) -> frozenset[Atom]:
    """Return the free symbols of a term, and its sequences without their arguments."""
    return frozenset().union(*(_symbols(atom) for m, _, _ in term for atom, _ in m))


def _symbols(atom: Atom) -> frozenset[Atom]:
    if atom.kind in SYMBOLS:
        return frozenset({atom})
    if atom.kind is Kind.SUM:
        low, high, body = atom.args
        return symbols(low) | symbols(high) | (symbols(body) - {_bound(atom)})
    head = {Atom(atom.kind, atom.name)} if atom.kind in FAMILIES else set()
    return frozenset(head).union(*(symbols(arg) for arg in atom.args))


def _bound(atom: Atom) -> Atom:
    return Atom(Kind.INTEGER, atom.name)


def is_integral(term: Term) -> bool:
    """Say whether a term is an integer by its form alone."""
    return all(q == 1 and all(_is_integral(atom) for atom, _ in m) for m, _, q in term)


def _is_integral(atom: Atom) -> bool:
    if atom.kind in INTEGRAL or atom.kind is Kind.FLOOR:
        return True
    if atom.kind in {Kind.ABS, Kind.MAX, Kind.MIN, Kind.SUM}:
        return all(is_integral(arg) for arg in atom.args)
    return False


def _height(term: Term) -> int:
    heights = [0]
    for monomial, _, _ in term:
        for atom, _ in monomial:
            own_height = int(atom.name[1:]) + 1 if atom.kind is Kind.SUM else 0
            heights += [own_height, *(_height(arg) for arg in atom.args)]
    return max(heights)


def summation(variable: Atom, low: Term, high: Term, body: Term) -> Term:
    """Sum `body` over the integers `variable` = low … high, one atom for each monomial."""
    if variable.kind is not Kind.INTEGER or not (is_integral(low) and is_integral(high)):
        raise ProofError("a sum runs over an integer symbol between two integers")
    parts = []
    for monomial, p, q in body:
        inside = frozenset(part for part in monomial if variable in _symbols(part[0]))
        inner: Term = frozenset({(inside, 1, 1)})
        name = f"#{_height(inner)}"
        renamed = replace(inner, {variable: Replacement(of_atom(Atom(Kind.INTEGER, name)))})
        whole = _times(
            monomial - inside, frozenset({(Atom(Kind.SUM, name, (low, high, renamed)), 1)})
        )
        parts.append((whole, p, q))
    return _collected(parts)


def replace(term: Term, changes: Mapping[Atom, Replacement]) -> Term:
    """Replace free symbols and sequences everywhere at once, never capturing a bound variable."""
    if symbols(term).isdisjoint(changes):
        return term
    parts = []
    for monomial, p, q in term:
        factors = [_replace(atom, changes) for atom, k in monomial for _ in range(k)]
        parts.append(scale(product(factors), Fraction(p, q)))
    return add(*parts)


def _replace(atom: Atom, changes: Mapping[Atom, Replacement]) -> Term:
    if atom.kind in SYMBOLS:
        return _typed(atom, changes[atom].body) if atom in changes else of_atom(atom)
    if atom.kind is Kind.SUM:
        low, high, body = atom.args
        variable = _fresh(body, *map(of_atom, changes), *(c.body for c in changes.values()))
        opened = replace(body, {_bound(atom): Replacement(of_atom(variable))})
        return summation(
            variable, replace(low, changes), replace(high, changes), replace(opened, changes)
        )
    args = tuple(replace(arg, changes) for arg in atom.args)
    change = changes.get(Atom(atom.kind, atom.name)) if atom.kind in FAMILIES else None
    if change is None:
        return apply(atom.kind, *args, name=atom.name)
    if len(change.parameters) != len(args):
        raise ProofError(f"{atom.name} has {len(args)} indices, its replacement another number")
    filled = {p: Replacement(a) for p, a in zip(change.parameters, args, strict=True)}
    return _typed(atom, replace(change.body, filled))


def _typed(atom: Atom, body: Term) -> Term:
    if atom.kind in INTEGRAL and not is_integral(body):
        raise ProofError(f"{atom.name} is an integer: what replaces it must be one by its form")
    return body


def _fresh(*terms: Term) -> Atom:
    taken = {symbol.name for term in terms for symbol in symbols(term)}
    return next(Atom(Kind.INTEGER, f"${k}") for k in range(len(taken) + 1) if f"${k}" not in taken)
