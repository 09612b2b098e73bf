"""Counterexamples for Coq: that a claim fails at numbers, evaluated step by step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from adlopt.proof.coq_text import (
    Reading,
    Script,
    atom_text,
    atoms_in,
    block,
    bracketed,
    comparison_text,
    formula_text,
    fresh,
    inside,
    name_of,
    range_formulas,
    sides,
    term_text,
)
from adlopt.proof.formula import Formula, index
from adlopt.proof.refutation import evaluate, holds
from adlopt.proof.term import FAMILIES, SYMBOLS, Atom, Kind, Term, of_atom

CLOSING = {
    Kind.ABS: "unfold Rabs; destruct (Rcase_abs _); lra.",
    Kind.MAX: "unfold Rmax; destruct (Rle_dec _ _); lra.",
    Kind.MIN: "unfold Rmin; destruct (Rle_dec _ _); lra.",
    Kind.FLOOR: "apply floor_is; [is_whole | lra | lra].",
    Kind.SQRT: "apply sqrt_is; lra.",
    Kind.INVERSE: "apply inv_is; lra.",
}
"""How an operation on a number is evaluated."""


def number(value: Fraction | int) -> str:
    """Write a number.

    Examples
    --------
    >>> number(Fraction(-1, 2)), number(3)
    ('(- (1 / 2))', '3')
    """
    size = abs(Fraction(value))
    said = str(size) if size.denominator == 1 else f"({size.numerator} / {size.denominator})"
    return f"(- {said})" if value < 0 else said


def tables(point: Mapping[Atom, Any], mark: str) -> tuple[Script, dict[Atom, str]]:
    """Define the sequences of a point as tables, and return how its symbols read."""
    script, texts = Script(), dict[Atom, str]()
    for atom, value in sorted(point.items(), key=lambda pair: (pair[0].name, pair[0].kind.value)):
        if atom.kind in SYMBOLS:
            texts[atom] = number(value)
            continue
        texts[atom] = f"{mark}'{name_of(atom)}"
        rows = (", ".join(map(number, (*at, entry))) for at, entry in value.items())
        kind = "table" if len(next(iter(value), (0,))) == 1 else "table_2"
        script.append(f"Definition {texts[atom]} := {kind} [{'; '.join(f'({r})' for r in rows)}].")
    return script, texts


@dataclass(frozen=True, slots=True)
class AtPoint:
    """A point, and how its symbols read: proofs of what terms are there, and what holds."""

    point: Mapping[Atom, Any]
    reading: Reading

    def at(self, atom: Atom, value: int, depth: int | None = None) -> AtPoint:
        """Give a value to an index."""
        texts = {**self.reading.texts, atom: number(value)}
        depth = self.reading.depth if depth is None else depth
        reading = replace(self.reading, texts=texts, depth=depth)
        return AtPoint({**self.point, atom: Fraction(value)}, reading)

    def valued(self, term: Term) -> tuple[Fraction, str, Script]:
        """Prove what a term is, under the name that is returned."""
        value, script, parts = evaluate(term, self.point), Script(), dict[Atom, str]()
        for atom in atoms_in([term]):
            parts[atom] = number(evaluate(of_atom(atom), self.point))
            if atom.kind not in SYMBOLS:
                said = atom_text(atom, self.reading)
                script.append(f"assert (e'{fresh()} : {said} = {parts[atom]}).")
                script += block(self._atom(atom))
        middle = term_text(term, self.reading, parts)
        name = f"e'{fresh()}"
        script = block([*script, f"transitivity ({middle}); [parts | identity]."])
        raw = term_text(term, self.reading)
        return value, name, [f"assert ({name} : {raw} = {number(value)}).", *script]

    def _atom(self, atom: Atom) -> Script:
        if atom.kind is Kind.SUM:
            return self._sum(atom)
        script = Script()
        for arg in atom.args:
            script += self._replaced(arg)[1]
        if atom.kind in FAMILIES:
            return [*script, f"look_up {self.reading.text(Atom(atom.kind, atom.name))}."]
        return [*script, CLOSING[atom.kind]]

    def _replaced(self, term: Term) -> tuple[Fraction, Script]:
        """Put the value of an argument in its place."""
        value, name, script = self.valued(term)
        said = bracketed(term_text(term, self.reading))
        same = said == number(value)
        return value, [] if same else [*script, f"rewrite {name}."]

    def _sum(self, atom: Atom) -> Script:
        """Add up from the last term to the first."""
        low_term, high_term, body = atom.args
        (low, one), (high, two) = self._replaced(low_term), self._replaced(high_term)
        script, variable = [*one, *two], Atom(Kind.INTEGER, atom.name)
        name, inner = inside(self.reading)
        said = term_text(body, replace(inner, texts={**inner.texts, variable: name}))
        top, total, before = number(high), Fraction(0), f"s'{fresh()}"
        last = int(max(high, low - 1))
        script.append(f"assert ({before} : Sum {number(last + 1)} {top} (fun {name} => {said}) = 0)"
                      " by (apply Sum_empty; [is_whole | is_whole | lra]).")  # fmt: skip
        for k in range(last, int(low) - 1, -1):
            value, _, proof = self.at(variable, k, inner.depth).valued(body)
            total, before = total + value, f"s'{fresh()}"
            script += [*proof, f"assert ({before} : Sum {number(k)} {top} (fun {name} => {said}) = "
                       f"{number(total)}).", *block([
                f"rewrite (Sum_first {number(k)} {top} {number(k + 1)}); "
                "[| is_whole | is_whole | lra | lra].",
                "cbv beta. lra."])]  # fmt: skip
        return [*script, f"exact {before}."]

    def shown(self, formula: Formula, level: int = 0) -> Script:
        """Prove that a statement holds."""
        if not formula.ranges:
            return [*self._sides(formula), "lra."]
        pair, *rest = formula.ranges
        name, mark, script = f"k'{level}", fresh(), Script()
        (low, _, one), (high, _, two) = (self.valued(end) for end in pair)
        script = [f"intros {name} w'{mark} a'{mark} b'{mark}.", *one, *two]
        known = f"l'{mark}"
        script.append(f"assert ({known} : {number(low)} <= {name}) by lra.")
        inner = formula._replace(ranges=tuple(rest))
        for k in range(int(low), int(high) + 1):
            after = f"l'{fresh()}"
            least = f"whole_next {name} {number(k)} {number(k + 1)} w'{mark}"
            least = f"{least} ltac:(is_whole) {known} ltac:(lra)"
            script += [f"destruct ({least}) as [->|{after}].",
                       *block(self.at(index(level), k).shown(inner, level + 1))]  # fmt: skip
            known = after
        return [*script, "exfalso. lra."]

    def _sides(self, formula: Formula) -> Script:
        return [line for side in sides(formula) for line in self.valued(side)[2]]

    def refuted(self, formula: Formula, given: str, level: int = 0) -> Script:
        """Prove False from a statement that fails."""
        if not formula.ranges:
            return [f"pose proof {given} as no'.", *self._sides(formula), "lra."]
        pair, *rest = formula.ranges
        inner, low, high = formula._replace(ranges=tuple(rest)), *(
            int(evaluate(end, self.point)) for end in pair
        )  # fmt: skip
        places = ((k, self.at(index(level), k)) for k in range(low, high + 1))
        k, here = next((k, p) for k, p in places if not _holds(inner, p, level + 1))
        script, names = Script(), []
        for each in range_formulas(pair, level):
            names.append(f"g'{fresh()}")
            script += [f"assert ({names[-1]} : {comparison_text(each, here.reading)}).",
                       *block(here.shown(each, level + 1))]  # fmt: skip
        proof = f"({given} {number(k)} ltac:(is_whole) {' '.join(names)})"
        return script + here.refuted(inner, proof, level + 1)


def _holds(formula: Formula, place: AtPoint, level: int) -> bool:
    """Evaluate a statement whose outer ranges are open."""
    padded = formula._replace(ranges=(*[(frozenset(), frozenset())] * level, *formula.ranges))
    return holds(padded, place.point, level)


def counterexample(
    name: str, binders: str, symbols: list[Atom], given: list[Formula], claim: Formula,
    point: Mapping[Atom, Any],
) -> str:  # fmt: skip
    """State that a claim fails, with its proof at a point."""
    script, texts = tables(point, name)
    place, plain = AtPoint(point, Reading(texts=texts)), Reading()
    statement = " ->\n    ".join(f"({formula_text(each, plain)})" for each in (*given, claim))
    proof, names = ["intros no."], []
    for each in given:
        names.append(f"g'{fresh()}")
        proof += [f"assert ({names[-1]} : {formula_text(each, place.reading)}).",
                  *block(place.shown(each))]  # fmt: skip
    args = []
    for atom in symbols:
        args.append(texts[atom])
        if atom.kind in (Kind.INTEGER, Kind.INTEGER_SEQUENCE):
            table = f"intros; whole_table {texts[atom]}" if atom.kind in FAMILIES else "is_whole"
            args.append(f"ltac:({table})")
    proof += place.refuted(claim, f"({' '.join(['no', *args, *names])})")
    body = "\n".join(f"  {line}" for line in proof)
    over = f"forall {binders},\n    " if binders else ""
    return "\n".join([*script, f"Theorem {name} : ~ ({over}{statement}).\nProof.\n{body}\nQed."])
