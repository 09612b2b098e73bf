"""Derivations as data, the same bytes in every run, for other kernels: Coq, and sympy in part."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec
import sympy

from adlopt.errors import ProofError
from adlopt.proof.coq import development
from adlopt.proof.formula import Formula
from adlopt.proof.kernel import Combination, Fact, Sequent, sequent
from adlopt.proof.plain_text import comparison
from adlopt.proof.term import Atom, Replacement, Term, order_of
from adlopt.proof.theorem import Theorem, is_assumed, key_of
from adlopt.show.schema.proofs import CombinationData, DerivationData, StatementData, StepData

LEMMAS = Path(__file__).with_name("Adlopt.v")
"""What exported proofs rest on in Coq."""


def exported(theorem: Theorem) -> DerivationData:
    """Return a theorem with every step, numbered as `adlopt prove --show` numbers them."""
    steps = theorem.statements()
    numbers = {key_of(step): number for number, step in enumerate(steps, start=1)}
    places: dict[Formula, int] = {}
    words = theorem.worded
    _number(places, words)
    for step in steps:
        supposed = (sequent(p).conclusion for p in step.premises if is_assumed(sequent(p)))
        _number(places, (*supposed, *sorted(step.hypotheses, key=str)))
    names = {key_of(sequent(fact)): name for name, fact in theorem.evidence().items()}
    return DerivationData(
        item=theorem.item,
        title=theorem.title,
        citation=theorem.citation,
        statement=theorem.statement,
        verdict=theorem.verdict.value,
        axioms=[f"{axiom.name} [{axiom.citation}]" for axiom in sorted(theorem.axioms)],
        added=list(theorem.added),
        letters=theorem.legend,
        hypotheses=[_statement(formula, words.get(formula, "")) for formula in places],
        steps=[
            StepData(
                number=numbers[key_of(step)],
                name=names.get(key_of(step), ""),
                conclusion=_statement(step.conclusion),
                given=sorted(places[formula] for formula in step.hypotheses),
                rule=step.rule,
                premises=[_premise(each, numbers, places) for each in step.premises],
                certificate=None if step.certificate is None else _combination(step.certificate),
                arguments=[_plain(each) for each in step.arguments],
            )
            for step in steps
        ],
        claims={
            name: _premise(fact, numbers, places) for name, fact in theorem.facts.items()
        },
    )  # fmt: skip


def _number(places: dict[Formula, int], formulas: Iterable[Formula]) -> None:
    for formula in formulas:
        places.setdefault(formula, len(places) + 1)


def _premise(fact: Fact, numbers: dict[Any, int], places: dict[Formula, int]) -> int:
    said: Sequent = sequent(fact)
    return -places[said.conclusion] if is_assumed(said) else numbers[key_of(said)]


def _statement(formula: Formula, words: str = "") -> StatementData:
    return StatementData(
        says=comparison(formula),
        words=words,
        relation=formula.relation.value,
        term=_term(formula.term),
        ranges=[[_term(end) for end in ends] for ends in formula.ranges],
    )


def _combination(given: Combination) -> CombinationData:
    return CombinationData(
        products=[
            (str(Fraction(size)), list(chosen), None if square is None else _term(square))
            for size, chosen, square in given.products
        ],
        multiples=[(place, _term(factor)) for place, factor in given.multiples],
    )


def _term(term: Term) -> list[Any]:
    ordered = sorted(term, key=lambda part: order_of(part[0]))
    return [[str(Fraction(p, q)), _monomial(monomial)] for monomial, p, q in ordered]


def _monomial(monomial: Iterable[tuple[Atom, int]]) -> list[Any]:
    ordered = sorted(monomial, key=lambda part: order_of(frozenset({part})))
    return [[_plain(atom), power] for atom, power in ordered]


def _plain(value: Any) -> Any:
    """Write what a rule was called with: terms, atoms, formulas, and tuples of these."""
    if type(value) is Atom:
        return [value.kind.value, value.name, [_term(arg) for arg in value.args]]
    if type(value) is Replacement:
        return [_term(value.body), [_plain(each) for each in value.parameters]]
    if type(value) is Formula:
        return _statement(value)
    if isinstance(value, frozenset):
        return _term(value)
    if isinstance(value, Enum):
        return value.value
    return [_plain(each) for each in value] if isinstance(value, tuple) else value


def exported_files(theorems: Mapping[str, Theorem], *, coq: bool = False) -> dict[str, str]:
    """Return what to write, by file name: for Coq also the lemmas that all proofs rest on."""
    if not coq:
        made = {name: msgspec.json.encode(exported(t)) for name, t in theorems.items()}
        return {
            f"{name}.json": msgspec.json.format(b, indent=1).decode() for name, b in made.items()
        }
    texts = {f"{name}.v": development(theorem) for name, theorem in theorems.items()}
    return {LEMMAS.name: LEMMAS.read_text(encoding="utf-8"), **texts}


# Sympy --------------------------------------------------------------------------------------------


def second_opinion(theorem: Theorem) -> int:
    """Let sympy expand what each certificate claims, less its sum, to 0; return how many it did.

    Sympy decides these identities alone. That they suffice, and every other rule, is the kernel's.
    """
    return expanded(exported(theorem))


def expanded(made: DerivationData) -> int:
    """The same of a derivation that was exported."""
    said = {step.number: step.conclusion for step in made.steps}
    said |= {-place: formula for place, formula in enumerate(made.hypotheses, start=1)}
    letters: dict[str, sympy.Symbol] = {}
    certified = [step for step in made.steps if step.certificate is not None]
    for step in certified:
        premises = [_expression(said[place].term, letters) for place in step.premises]
        goal = _expression(step.conclusion.term, letters)
        left_over = sympy.expand(goal - _sum(step.certificate, premises, letters))
        if left_over != 0:
            raise ProofError(f"{made.item}, step {step.number}: sympy is left with {left_over}")
    return len(certified)


def _sum(
    given: CombinationData | None, premises: Sequence[Any], letters: dict[str, sympy.Symbol]
) -> Any:
    total = sympy.Integer(0)
    for size, chosen, square in given.products if given else ():
        root = 1 if square is None else _expression(square, letters)
        total += sympy.Rational(size) * sympy.Mul(*(premises[i] for i in chosen)) * root**2
    for place, factor in given.multiples if given else ():
        total += _expression(factor, letters) * premises[place]
    return total


def _expression(term: list[Any], letters: dict[str, sympy.Symbol]) -> Any:
    """Read a term, a letter for each of its atoms."""
    return sympy.Add(
        *(
            sympy.Rational(size)
            * sympy.Mul(*(_letter(atom, letters) ** power for atom, power in monomial))
            for size, monomial in term
        )
    )


def _letter(atom: list[Any], letters: dict[str, sympy.Symbol]) -> sympy.Symbol:
    return letters.setdefault(json.dumps(atom), sympy.Symbol(f"a{len(letters)}"))
