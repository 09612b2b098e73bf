"""Witnesses: numbers at which hypotheses hold together, and say something."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from adlopt.errors import ProofError
from adlopt.proof.formula import Formula, Relation, index
from adlopt.proof.notation import point
from adlopt.proof.refutation import Point, evaluate, satisfy
from adlopt.proof.tactics import prove
from adlopt.proof.term import ONE, RESERVED, Atom, Kind, Term, of_atom, subtract


def check_witness(
    formulas: Sequence[Formula], points: Iterable[Mapping[Any, Any]], of: str, *shown: Formula
) -> None:
    """Check that hypotheses hold together at one of some points, and that none of them is idle.

    At T = 0, every statement about the rounds 1 … T holds, and with it statements that contradict
    each other; at T = 1, every sum is its only term. A point therefore counts only if every range
    of the hypotheses has an index there, and whatever sums and ranges run up to, also in what is
    `shown`, is at least 2, unless the hypotheses themselves keep it lower.
    """
    if not formulas:
        return
    wrong = "there is none"
    for values in points:
        read = point(values)
        try:
            satisfy(formulas, read)
        except ProofError as error:
            wrong = str(error)
            continue
        wrong = _idle(formulas, read, shown)
        if not wrong:
            return
    raise ProofError(f"give a witness for {of}: {wrong}")


def _idle(formulas: Sequence[Formula], values: Point, shown: tuple[Formula, ...]) -> str:
    """Say which hypothesis says nothing at a point, or next to nothing."""
    for formula in formulas:
        if not _has_index(formula, values):
            return f"{formula} has no index there"
    for symbol in _ends((*formulas, *shown)):
        value = values.get(symbol, 2)
        if isinstance(value, Fraction) and value < 2 and not _kept_below_two(symbol, formulas):
            return f"{symbol.name} = {value} there, and could be 2"
    return ""


def _has_index(formula: Formula, values: Point, level: int = 0) -> bool:
    if level == len(formula.ranges):
        return True
    low, high = (int(evaluate(end, values)) for end in formula.ranges[level])
    inside = ({**values, index(level): Fraction(k)} for k in range(low, high + 1))
    return any(_has_index(formula, each, level + 1) for each in inside)


def _ends(formulas: Iterable[Formula]) -> list[Atom]:
    """Return the whole numbers up to which sums and ranges run, by name."""
    tops = [high for formula in formulas for _, high in formula.ranges]
    parts = [end for formula in formulas for ends in formula.ranges for end in ends]
    for term in [*parts, *(formula.term for formula in formulas)]:
        tops += _tops(term)
    atoms = {atom for top in tops for monomial, _, _ in top for atom, _ in monomial}
    whole = (a for a in atoms if a.kind is Kind.INTEGER and not a.name.startswith(RESERVED))
    return sorted(whole, key=lambda atom: atom.name)


def _tops(term: Term) -> list[Term]:
    """Return where the sums in a term end."""
    atoms = [atom for monomial, _, _ in term for atom, _ in monomial]
    inner = [top for atom in atoms for arg in atom.args for top in _tops(arg)]
    return inner + [atom.args[1] for atom in atoms if atom.kind is Kind.SUM]


def _kept_below_two(symbol: Atom, formulas: Iterable[Formula]) -> bool:
    below = Formula(Relation.GE, subtract(ONE, of_atom(symbol)))
    try:
        prove(below, [formula for formula in formulas if not formula.ranges], degree=1)
    except ProofError:
        return False
    return True
