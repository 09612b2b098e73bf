"""Statements: a term compared with zero, possibly for every index of some ranges."""

from collections.abc import Iterable, Mapping
from enum import Enum
from fractions import Fraction
from typing import NamedTuple, TypeAlias

from adlopt.errors import ProofError
from adlopt.proof.own import own
from adlopt.proof.shown import shown
from adlopt.proof.term import (
    INTEGRAL,
    ONE,
    Atom,
    Kind,
    Replacement,
    Term,
    add,
    is_integral,
    of_atom,
    replace,
    scale,
    subtract,
    symbols,
)

Ranges: TypeAlias = tuple[tuple[Term, Term], ...]


class Relation(Enum):
    """How a term compares with zero."""

    GE = "≥"
    GT = ">"
    EQ = "="

    def holds(self, number: Fraction) -> bool:
        """Say whether a number compares so with zero."""
        if self is Relation.EQ:
            return number == 0
        return number > 0 or (self is Relation.GE and number == 0)


class Formula(NamedTuple):
    """``term`` compared with zero, for every value of the bound indices.

    The i-th range bounds the integer index named ``@i``; a range may depend on earlier indices.
    An empty range makes the statement true.
    """

    relation: Relation
    term: Term
    ranges: Ranges = ()

    def __str__(self) -> str:
        return shown(self)


def at_least(left: Term, right: Term) -> Formula:
    """State left ≥ right."""
    return Formula(Relation.GE, subtract(left, right))


def above(left: Term, right: Term) -> Formula:
    """State left > right."""
    return Formula(Relation.GT, subtract(left, right))


def equal(left: Term, right: Term) -> Formula:
    """State left = right."""
    return Formula(Relation.EQ, subtract(left, right))


def index(level: int) -> Atom:
    """Return the bound index of the range number `level`."""
    return Atom(Kind.INTEGER, f"@{level}")


def free_symbols(formula: Formula) -> frozenset[Atom]:
    """Return the free symbols and sequences of a formula."""
    parts = [formula.term, *(end for ends in formula.ranges for end in ends)]
    bound = {index(level) for level in range(len(formula.ranges))}
    return frozenset().union(*(symbols(part) for part in parts)) - bound


def whole_symbols(formulas: Iterable[Formula]) -> list[Atom]:
    """Return the symbols and sequences of formulas that take integer values only, by name."""
    found = frozenset[Atom]().union(*map(free_symbols, formulas))
    return sorted((a for a in found if a.kind in INTEGRAL), key=lambda atom: atom.name)


def substitute(formula: Formula, changes: Mapping[Atom, Replacement]) -> Formula:
    """Replace free symbols and sequences; the replacements hold no bound index."""
    ranges = tuple((replace(a, changes), replace(b, changes)) for a, b in formula.ranges)
    return Formula(formula.relation, replace(formula.term, changes), ranges)


def quantify(formula: Formula, variable: Atom, low: Term, high: Term) -> Formula:
    """State a formula for every integer low ≤ variable ≤ high."""
    if variable.kind is not Kind.INTEGER or not (is_integral(low) and is_integral(high)):
        raise ProofError("an index is an integer symbol between two integers")
    if variable in symbols(low) | symbols(high):
        raise ProofError(f"the range of {variable.name} mentions {variable.name}")
    moves = {index(i): Replacement(of_atom(index(i + 1))) for i in range(len(formula.ranges))}
    shifted = substitute(formula, {**moves, variable: Replacement(of_atom(index(0)))})
    return shifted._replace(ranges=((low, high), *shifted.ranges))


def open_range(formula: Formula, value: Term) -> tuple[Formula, Formula, Formula]:
    """Set the outermost index to `value`: the statement, and the two ends it has to respect."""
    if not formula.ranges or not is_integral(value):
        raise ProofError("only a statement about every index can be specialised, to an integer")
    (low, high), *inner = formula.ranges
    moves = {index(i + 1): Replacement(of_atom(index(i))) for i in range(len(inner))}
    body = formula._replace(ranges=tuple(inner))
    special = substitute(body, {**moves, index(0): Replacement(value)})
    return special, at_least(value, low), at_least(high, value)


def below_next(high: Term, variable: Term) -> Formula:
    """State variable + 1 ≤ high."""
    return at_least(high, add(variable, ONE))


def negated(formula: Formula) -> Formula:
    """State −term in the same relation to zero."""
    return formula._replace(term=scale(formula.term, -1))


def denial(formula: Formula) -> Formula:
    """State the opposite of e ≥ 0 or e > 0."""
    opposite = {Relation.GE: Relation.GT, Relation.GT: Relation.GE}
    if formula.ranges or formula.relation not in opposite:
        raise ProofError(f"the opposite of {formula} is not one comparison")
    return negated(formula)._replace(relation=opposite[formula.relation])


def own_formula(formula: object) -> Formula:
    """Return `formula` if it is well formed in every part, and refuse it otherwise."""
    if type(formula) is not Formula or type(formula.ranges) is not tuple:
        raise ProofError(f"{formula!r} is not a formula: build one with le, lt, eq, ge, gt, every")
    if not any(formula.relation is relation for relation in Relation):
        raise ProofError(f"{formula.relation!r} is not a relation")
    scope: frozenset[str] = frozenset()
    for level, ends in enumerate(formula.ranges):
        if type(ends) is not tuple or len(ends) != 2:
            raise ProofError("a range has two ends")
        if not all(is_integral(own(end, scope)) for end in ends):
            raise ProofError("a range lies between two integers")
        scope |= {index(level).name}
    own(formula.term, scope)
    return formula
