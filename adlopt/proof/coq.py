"""Derivations as files that Coq checks: a second kernel, which shares no code with this one.

`Adlopt.v` has terms and statements as data, what they mean, a normal form of its own, and each rule
of ours as a lemma whose side conditions Coq computes. A step is one use of such a lemma; a claim is
stated again in Coq's own words, and Coq finds that it means the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from adlopt.errors import ProofError
from adlopt.proof.claim import Claim, Family
from adlopt.proof.coq_text import SORTS, Letters, binders, function_of
from adlopt.proof.formula import Formula
from adlopt.proof.kernel import Combination, Fact, Sequent, sequent
from adlopt.proof.legend import arities, line
from adlopt.proof.notation import point, replacements
from adlopt.proof.plain_text import comparison
from adlopt.proof.refutation import Refutation
from adlopt.proof.term import FAMILIES, INTEGRAL, SYMBOLS, Atom, Kind, Replacement, Term
from adlopt.proof.theorem import Theorem, key_of, statements

ONE_BY_ONE = {
    "antisymmetry": "antisymmetry {} _ _ _",
    "absurd": "absurd {} _ _",
    "sum": "total_sum {} _ _",
    "integer": "integer {} _ _ _",
}
"""Rules whose lemmas are told what their premises say, one by one."""
DIRECT = {
    "cut": 2,
    "weaken": 1,
    "cases": 4,
    "instantiate": 3,
    "generalise": 2,
    "specialise": 3,
    "induction": 4,
    "split sum": 2,
    "single sum": 2,
    "shift sum": 1,
    "swap sums": 1,
}
"""Rules whose lemmas take the proofs of their premises, and how much is then computed."""


def number(value: Fraction | int) -> str:
    """Write a rational number as data."""
    return f"(Qmake ({Fraction(value).numerator}) {Fraction(value).denominator})"


@dataclass(slots=True)
class Development:
    """A theorem as it is written for Coq, the file so far."""

    letters: Letters = field(default_factory=Letters)
    formulas: dict[Formula, str] = field(default_factory=dict)
    steps: dict[object, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)

    def write(self, theorem: Theorem) -> str:
        """Write every step, the claims, what they rest on, and what is refuted."""
        said = " ".join(f"{theorem.item}: {theorem.title}".split())
        legend = [line(letter).replace("*", "∗") for letter in theorem.legend]
        self.lines = [f"(* {words} *)" for words in (f"{said}.", *legend)]
        self.lines += ["Require Import Adlopt.", "Open Scope R_scope."]
        variants = [(v.name, v.claim, v.counterexample) for v in theorem.false_variants]
        for claim in theorem.claims.values():
            found = [r for r in theorem.refutations if isinstance(r, Family) or claim.fails_at(r)]
            variants += [("the claim", claim, r) for r in found if not _gaps(r, claim)]
        families = [where for _, _, where in variants if isinstance(where, Family)]
        facts = [fact for each in families for fact in (*each.meets, each.violates)]
        for step in statements([*theorem.evidence().values(), *facts]):
            self.step(step)
        named = {**theorem.facts, **{n: step.fact for n, step in theorem.corrected.items()}}
        for k, (name, fact) in enumerate(named.items(), start=1):
            self.lines += [f"(* {name} *)", self.claim(f"claim_{k}", fact)]
        for k, (name, claim, where) in enumerate(variants, start=1):
            self.lines.append(f"(* false: {name} *)")
            self.false(f"false_{k}", claim, where)
        proved = [f"@claim_{k}" for k in range(1, len(named) + 1)]
        proved += [f"@false_{k}" for k in range(1, len(variants) + 1)]
        self.lines += [f"Definition proved := ({', '.join(proved)}).", "Print Assumptions proved."]
        return "\n".join(self.lines) + "\n"

    def formula(self, formula: Formula) -> str:
        """Return the name of a statement, which is defined the first time."""
        if formula not in self.formulas:
            name = self.formulas[formula] = f"f'{len(self.formulas) + 1}"
            said = self.letters.formula(formula).data
            self.lines.append(f"Definition {name} := (* {comparison(formula)} *)\n  {said}.")
        return self.formulas[formula]

    def listed(self, formulas: Iterable[Formula]) -> str:
        """Write a list of statements."""
        return f"[{'; '.join(map(self.formula, formulas))}]"

    def term(self, term: Term, *bound: Atom) -> str:
        """Write a term as data, in brackets."""
        return f"({self.letters.term(term, bound).data})"

    def proof_of(self, fact: Fact) -> str:
        """Return what proves a premise."""
        said = sequent(fact)
        known = self.steps.get(key_of(said))
        return known or f"(assume {self.formula(said.conclusion)})"

    def step(self, step: Sequent) -> None:
        """Write one step: the lemma of its rule, what it was called with, and its premises."""
        rule = step.rule.split(" of ")[0]
        table = {**dict.fromkeys(DIRECT, "direct"), **dict.fromkeys(ONE_BY_ONE, "one_by_one")}
        write = getattr(self, f"_{table.get(rule, rule)}", None)
        if write is None:
            raise ProofError(f"the rule {step.rule!r} has no lemma in Adlopt.v")
        given = self.listed(sorted(step.hypotheses, key=str))
        conclusion, script = self.formula(step.conclusion), write(step)
        name = f"step'{len(self.steps) + 1}"
        self.lines += [f"Lemma {name} : valid {given} {conclusion}.", f"Proof. {script} Qed."]
        self.steps[key_of(step)] = name

    # One method a rule ---------------------------------------------------------------------------

    def _used(self, step: Sequent) -> str:
        """Use the premises of a step in the order in which the lemma names them."""
        return "".join(f"from {self.proof_of(p)}; " for p in step.premises) + "exact (none _)"

    def _said(self, step: Sequent) -> str:
        return self.listed(sequent(premise).conclusion for premise in step.premises)

    def _certificate(self, step: Sequent) -> str:
        assert step.certificate is not None
        parts, zeros = self._combination(step.certificate)
        return (
            f"refine (certify {self._said(step)} {parts} {zeros} _ _ _ _);\n"
            f"  [{self._used(step)}|yes..]."
        )

    def _combination(self, certificate: Combination) -> tuple[str, str]:
        parts = []
        for size, chosen, square in certificate.products:
            root = "None" if square is None else f"(Some {self.term(square)})"
            places = f"[{'; '.join(map(str, chosen))}]%nat" if chosen else "[]"
            parts.append(f"Part {number(size)} {places} {root}")
        zeros = [f"({place}%nat, {self.term(t)})" for place, t in certificate.multiples]
        return f"[{'; '.join(parts)}]", f"[{'; '.join(zeros)}]"

    def _one_by_one(self, step: Sequent) -> str:
        """Apply a lemma that is told what its premises say."""
        said = " ".join(self.formula(sequent(premise).conclusion) for premise in step.premises)
        return f"refine ({ONE_BY_ONE[step.rule].format(said)}); [{self._used(step)}|yes..]."

    def _direct(self, step: Sequent) -> str:
        """Apply a lemma to the proofs of its premises; what is left is computed."""
        parts = [*self._given(step), *map(self.proof_of, step.premises), *"_" * DIRECT[step.rule]]
        return f"refine ({' '.join([step.rule.replace(' ', '_'), *parts])}); yes."

    def _given(self, step: Sequent) -> list[str]:
        """Write what a lemma is called with beside its premises."""
        given: list[str] = []
        match step.rule, step.arguments:
            case "cases", sides:
                given = [*map(self.formula, sides)]
            case "instantiate", (changes,):
                given = [self._change(dict(changes))]
            case "generalise", (variable, *_):
                given = [str(self.letters.number(variable))]
            case "specialise", (value,):
                given = [self.term(value)]
            case "induction", (claim, variable, *ends):
                place = str(self.letters.number(variable))
                given = [self.formula(claim), *map(self.term, ends), place]
            case "split sum" | "single sum", (variable, *ends, body):
                given = [*map(self.term, ends), self.term(body, variable)]
            case "shift sum", (variable, low, high, body, by):
                given = [*map(self.term, (low, high, by)), self.term(body, variable)]
            case "swap sums", (first, second, *ends, body):
                given = [*map(self.term, ends), self.term(body, second, first)]
        return given

    def _change(self, changes: Mapping[Atom, Replacement]) -> str:
        """Write what is put for symbols and sequences, by sort."""
        sorts = []
        for kind in SORTS:
            entries = [
                f"({self.letters.number(atom)}%nat, {self.term(new.body, *new.parameters)})"
                for atom, new in changes.items()
                if atom.kind is kind
            ]
            sorts.append(f"[{'; '.join(entries)}]")
        return f"(Change {' '.join(sorts)})"

    def _congruence(self, step: Sequent) -> str:
        template, variable, *both = step.arguments
        changes = [self._change({variable: Replacement(side)}) for side in both]
        given = [*changes, *map(self.term, both), self.term(template)]
        side = "left" if variable.kind is Kind.REAL else "right"
        return (
            f"refine (congruence {self._said(step)[1:-1]} {' '.join(given)} _ _ _ _);\n"
            f"  [{self._used(step)}|yes|yes|"
            f"exists {self.letters.number(variable)}%nat; {side}; split; reflexivity]."
        )

    def _definition(self, step: Sequent) -> str:
        kind, args, place = step.arguments
        two, name = "2" if len(args) == 2 else "", kind.value.capitalize()
        said = " ".join([name.replace("Inverse", "Inv"), *map(self.term, args), str(place)])
        return f"refine (definition (law_of{two} {said}) (law_ok{two} {said}) _); yes."

    # Claims --------------------------------------------------------------------------------------

    def _symbols(self, formulas: list[Formula]) -> str:
        """Write the lists of symbols that statements speak of; the rest is zero."""
        known = arities(formulas)
        sorts = []
        for kind in SORTS:
            zero = "(fun _ _ => 0)" if kind in FAMILIES else "0"
            said = [
                function_of(atom, known[atom]) if atom in known else zero
                for atom in self.letters.of_kind(kind)
            ]
            sorts.append(f"[{'; '.join(said)}]")
        return " ".join(sorts)

    def claim(self, name: str, fact: Fact) -> str:
        """State a claim again, in Coq's own words, and ask what it rests on."""
        said = sequent(fact)
        given = sorted(said.hypotheses, key=str)
        formulas = [*given, said.conclusion]
        texts = [self.letters.formula(formula).text for formula in formulas]
        head = f"Theorem {name} {binders(formulas)} :\n  {_implied(texts)}."
        return (
            f"{head}\nProof. assert (K : ok (symbols {self._symbols(formulas)})) by\n"
            f"  (apply symbols_ok; wholes). exact_no_check (stated {self.proof_of(fact)} K). Qed."
        )

    def false(self, name: str, claim: Claim, where: Refutation | Family) -> None:
        """State that a claim fails, with numbers, or terms and then numbers, where it does."""
        formulas = [*claim.given, claim.concludes]
        texts = [self.letters.formula(formula).text for formula in formulas]
        listed, wanted = self.listed(claim.given), self.formula(claim.concludes)
        if isinstance(where, Refutation):
            at = self._point(where.point)
            proof = f"refine (refuted {at} {listed} {wanted} _ (unstated _)); [yes|]."
        else:
            proof = self._by_family(where, listed, wanted)
        symbols = arities(formulas)
        args = " ".join(self._fields(atom, many) for atom, many in symbols.items())
        over = f"forall {binders(formulas)},\n    " if symbols else ""
        self.lines += [
            f"Theorem {name} : ~ ({over}{_implied(texts)}).",
            f"Proof. intros no. {proof}\n  intros e [K L]. exact_no_check (no {args}). Qed.",
        ]

    def _fields(self, atom: Atom, many: int) -> str:
        """Write where an environment has a symbol, and why it is whole."""
        place, sort = self.letters.number(atom), SORTS[atom.kind]
        field_ = f"{sort[0].lower()}{sort[1:]} e {place}"
        if atom.kind in SYMBOLS:
            return f"({field_}) (K {place}%nat)" if atom.kind in INTEGRAL else f"({field_})"
        indices, wholes = ["a'", "b'"][:many], ["v'", "w'"][:many]
        padded = " ".join([*indices, "0"][:2])
        said = f"(fun {' '.join(indices)} => {field_} {padded})"
        if atom.kind not in INTEGRAL:
            return said
        proofs = " ".join([*wholes, "(whole_IZR 0)"][:2])
        return f"{said} (fun {' '.join(indices + wholes)} => L {place}%nat {padded} {proofs})"

    def _point(self, values: Mapping[Atom, Any]) -> str:
        """Write numbers for symbols, and tables of them for sequences; what has none is 0."""
        sorts = []
        for kind in SORTS:
            atoms = self.letters.of_kind(kind)
            if kind in FAMILIES:
                said = [self._table(values.get(atom, {})) for atom in atoms]
            elif kind is Kind.INTEGER:
                said = [f"({values.get(atom, 0)})%Z" for atom in atoms]
            else:
                said = [number(values.get(atom, 0)) for atom in atoms]
            sorts.append(f"[{'; '.join(said)}]")
        return f"(Point {' '.join(sorts)})"

    def _table(self, entries: Mapping[tuple[Fraction, ...], Fraction]) -> str:
        rows = ((*(*at, Fraction(0))[:2], entry) for at, entry in entries.items())
        return f"[{'; '.join(_row(row) for row in rows)}]"

    def _by_family(self, family: Family, listed: str, wanted: str) -> str:
        when, below = self.listed(family.when), self.formula(sequent(family.violates).conclusion)
        said = self.listed(sequent(fact).conclusion for fact in family.meets)
        met = "".join(f"from {self.proof_of(fact)}; " for fact in family.meets)
        return (
            f"refine (refuted_by {self._point(point(family.witness))} {when} "
            f"{self._change(replacements(family.instance))} {listed} {said} {wanted} {below}\n"
            f"  _ _ _ _ _ (unstated _)); [yes | {met}exact (none _) | yes "
            f"| from {self.proof_of(family.violates)}; exact (none _) | yes |]."
        )


def _row(numbers: Iterable[Fraction]) -> str:
    return f"({', '.join(map(number, numbers))})"


def _implied(texts: list[str]) -> str:
    *given, said = texts
    return "".join(f"({text}) ->\n  " for text in given) + said


def _gaps(where: Refutation | Family, claim: Claim) -> list[str]:
    return where.gaps(claim) if isinstance(where, Family) else []


def development(theorem: Theorem) -> str:
    """Write a theorem as a file for Coq; raises ProofError where a rule has no lemma there."""
    return Development().write(theorem)
