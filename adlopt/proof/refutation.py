"""Counterexamples and witnesses, evaluated in fractions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from math import floor, isqrt
from typing import Any, NamedTuple, TypeAlias

from adlopt.errors import ProofError
from adlopt.proof.formula import Formula, Relation, index, own_formula
from adlopt.proof.ledger import Handle, open_ledger
from adlopt.proof.own import RECORDS, plain
from adlopt.proof.term import FAMILIES, INTEGRAL, SYMBOLS, Atom, Kind, Number, Term

Table: TypeAlias = Mapping[tuple[Fraction, ...], Fraction]
Point: TypeAlias = Mapping[Atom, "Fraction | Table"]


class Refutation(Handle):
    """Numbers that satisfy every hypothesis of a claim and violate its conclusion."""

    __slots__ = ()

    @property
    def hypotheses(self) -> frozenset[Formula]:
        """What holds at the counterexample."""
        return evidence(self).hypotheses

    @property
    def claim(self) -> Formula:
        """What fails at the counterexample."""
        return evidence(self).claim

    @property
    def point(self) -> dict[Atom, Fraction | dict[tuple[Fraction, ...], Fraction]]:
        """Return a copy of the counterexample."""
        return {a: dict(v) if isinstance(v, tuple) else v for a, v in evidence(self).point}


class Refuted(NamedTuple):
    """What a Refutation says."""

    hypotheses: frozenset[Formula]
    claim: Formula
    point: tuple[tuple[Atom, Any], ...]


def copied(value: object) -> Any:
    """Copy statements and points; see `adlopt.proof.own`."""
    return plain(value, RECORDS | {Formula, Relation})


_record, evidence = open_ledger(Refutation, Refuted, copied)


@_record
def refute(hypotheses: Iterable[Formula], claim: Formula, point: Mapping[Atom, Any]) -> Refuted:
    """Evaluate every hypothesis (all must hold) and the claim (it must fail) at a point."""
    values = _own_point(point)
    given = frozenset(own_formula(hypothesis) for hypothesis in hypotheses)
    satisfy(given, values)
    if holds(own_formula(claim), values):
        raise ProofError(f"the claim holds at this point: {claim}")
    frozen = ((a, tuple(v.items()) if isinstance(v, dict) else v) for a, v in values.items())
    return Refuted(given, claim, tuple(frozen))


def satisfy(formulas: Iterable[Formula], point: Mapping[Atom, Any]) -> None:
    """Check that every formula holds at a point."""
    values = _own_point(copied(point))
    for formula in copied(formulas):
        if not holds(own_formula(formula), values):
            raise ProofError(f"this hypothesis fails at the point: {formula}")


def _own_point(point: Mapping[Atom, Any]) -> dict[Atom, Any]:
    return {atom: _own_value(atom, value) for atom, value in point.items()}


def _own_value(atom: Atom, value: Any) -> Any:
    if type(atom) is not Atom or atom.args or atom.kind not in SYMBOLS | FAMILIES:
        raise ProofError(f"{atom!r} is neither a symbol nor a sequence")
    whole = atom.kind in INTEGRAL
    if atom.kind in SYMBOLS:
        return _own_number(value, whole)
    return {
        tuple(_own_number(i, False) for i in indices): _own_number(entry, whole)
        for indices, entry in value.items()
    }


def _own_number(value: Number, whole: bool) -> Fraction:
    if type(value) is not int and type(value) is not Fraction:
        raise ProofError(f"{value!r} is not an exact number: write an integer or a Fraction")
    number = Fraction(value)
    if whole and number.denominator != 1:
        raise ProofError(f"{value} is given to an integer symbol")
    return number


def holds(formula: Formula, point: Point, level: int = 0) -> bool:
    """Say whether a formula holds at a point, exactly; ranges below `level` are in the point."""
    if level < len(formula.ranges):
        low, high = (int(evaluate(end, point)) for end in formula.ranges[level])
        inside = ({**point, index(level): Fraction(k)} for k in range(low, high + 1))
        return all(holds(formula, each, level + 1) for each in inside)
    return formula.relation.holds(evaluate(formula.term, point))


def evaluate(term: Term, point: Point) -> Fraction:
    """Compute the value of a term at a point."""
    total = Fraction(0)
    for monomial, p, q in term:
        value = Fraction(p, q)
        for atom, power in monomial:
            value *= _value(atom, point) ** power
        total += value
    return total


def _value(atom: Atom, point: Point) -> Fraction:
    if atom.kind in SYMBOLS | FAMILIES:
        return _look_up(atom, point)
    if atom.kind is Kind.SUM:
        low, high = (int(evaluate(end, point)) for end in atom.args[:2])
        variable = Atom(Kind.INTEGER, atom.name)
        inside = ({**point, variable: Fraction(k)} for k in range(low, high + 1))
        return sum((evaluate(atom.args[2], each) for each in inside), Fraction(0))
    return _OPERATIONS[atom.kind](*(evaluate(arg, point) for arg in atom.args))


def _look_up(atom: Atom, point: Point) -> Fraction:
    head = Atom(atom.kind, atom.name)
    if head not in point:
        raise ProofError(f"the point gives no value to {atom.name}")
    value = point[head]
    if isinstance(value, Fraction):
        return value
    indices = tuple(evaluate(arg, point) for arg in atom.args)
    if indices not in value:
        raise ProofError(f"the point gives no value to {atom.name}{tuple(map(str, indices))}")
    return value[indices]


def _root(value: Fraction) -> Fraction:
    if value < 0:
        raise ProofError(f"√({value}) has no value")
    top, bottom = isqrt(value.numerator), isqrt(value.denominator)
    if top * top != value.numerator or bottom * bottom != value.denominator:
        raise ProofError(f"√({value}) is not rational: choose a point where it is")
    return Fraction(top, bottom)


def _inverse(value: Fraction) -> Fraction:
    if not value:
        raise ProofError("a reciprocal of zero has no value")
    return 1 / value


_OPERATIONS: dict[Kind, Callable[..., Fraction]] = {
    Kind.ABS: abs,
    Kind.FLOOR: lambda value: Fraction(floor(value)),
    Kind.MAX: max,
    Kind.MIN: min,
    Kind.SQRT: _root,
    Kind.INVERSE: _inverse,
}

del _record
