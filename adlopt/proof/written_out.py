"""Derivations written out, as plain text of 80 columns or as a LaTeX document.

Hypotheses are numbered [1], [2], … and steps (1), (2), …; a statement that was reached under the
same hypotheses before is not written again. In a certificate a number stands for the left side
minus the right side of what it names.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from adlopt.proof.claim import Claim, Family
from adlopt.proof.formula import Formula, whole_symbols
from adlopt.proof.kernel import Axiom, Combination, Fact, Sequent, sequent
from adlopt.proof.latex import prose
from adlopt.proof.legend import line
from adlopt.proof.notation import replacements
from adlopt.proof.plain_text import comparison, text
from adlopt.proof.refutation import Refutation
from adlopt.proof.shown import in_notebook
from adlopt.proof.term import ONE, Term, apply, constant, of_atom
from adlopt.proof.theorem import Theorem, is_assumed, key_of
from adlopt.proof.typeset import typeset, typeset_formula

WIDTH = 80
_Key = tuple[frozenset[Formula], Formula, frozenset[Axiom]]
_DOCUMENT = r"""\documentclass{article}
\usepackage[margin=2.5cm]{geometry}
\usepackage{amsmath}
\sloppy\raggedright\setlength{\parindent}{0pt}\setlength{\parskip}{1ex}
\begin{document}
"""
_SAID = {
    "cut": "{0}, where {1} gives what it needs",
    "antisymmetry": "from {0} and {1}, both ways",
    "absurd": "as {0} is impossible",
    "cases": "in either case, {0} and {1}",
    "instantiate": "{0} at other values",
    "generalise": "{0} for every index",
    "specialise": "{0} at one index",
    "sum": "sum of {0} over the last index",
    "induction": "by induction, from {0} to {1}",
    "integer": "from {0}, for integers",
    "congruence": "equals for equals, by {0}",
    "weaken": "{0}, with a further hypothesis",
    "split sum": "a sum is its parts",
    "single sum": "a sum over one index",
    "shift sum": "the index of a sum is shifted",
    "swap sums": "sums in either order",
}
"""How a rule reads; certificates and definitions are written out."""


class _Pen(NamedTuple):
    """How what a derivation holds is written."""

    term: Callable[[Term], str]
    formula: Callable[[Formula], str]
    words: Callable[[str], str]
    math: str
    times: str
    bracket: str
    squared: str
    new_line: str
    indent: str


_PLAIN = _Pen(text, comparison, str, "{}", "·", "({})", "²", "\n", "")
_LATEX = _Pen(
    term=typeset,
    formula=typeset_formula,
    words=prose,
    math="${}$",
    times=r" \, ",
    bracket=r"\left({}\right)",
    squared="^{2}",
    new_line="\\\\{}\n",
    indent=r"\quad ",
)


def derivation(*theorems: Theorem, latex: bool = False) -> str:
    """Write every step, rule, certificate and changed hypothesis: text, or LaTeX in ASCII."""
    if not latex:
        return "\n\n".join(_Report(_PLAIN).of(theorem) for theorem in theorems)
    parts = "\n\n\\bigskip\\hrule\n\n".join(_Report(_LATEX).of(theorem) for theorem in theorems)
    return f"{_DOCUMENT}\n{parts}\n\n\\end{{document}}"


def summary(theorem: Theorem) -> str:
    """Write the verdict on a theorem and what it rests on, in a few lines."""
    return _Report(_PLAIN).summary(theorem)


@dataclass(slots=True)
class _Report:
    """What is written so far: the numbers of hypotheses and steps."""

    pen: _Pen
    hypotheses: dict[Formula, int] = field(default_factory=dict)
    steps: dict[_Key, int] = field(default_factory=dict)
    current: frozenset[Formula] = frozenset()

    def of(self, theorem: Theorem) -> str:
        self._number(theorem.hypotheses)
        cited = dict.fromkeys(theorem.theorems, ", from the literature")
        given = [
            self._line(f"[{k}] ", self._formula(f), cited.get(f, ""), self._after(words))
            for k, (f, words) in enumerate(theorem.worded.items(), 1)
        ]
        legend = [self._line(self.pen.words(line(letter))) for letter in theorem.legend]
        claims = theorem.stated
        said = [
            self._claim(f"{'Claim' if name in theorem.claims else 'Corrected'} ({name})", claim)
            for name, claim in claims.items()
        ]
        blocks = [self.summary(theorem), *map(self._block, filter(None, (legend, given))), *said]
        families = [found for found in theorem.refutations if isinstance(found, Family)]
        blocks += [self._family(k, family) for k, family in enumerate(families, 1)]
        names = {key_of(sequent(fact)): name for name, fact in theorem.evidence().items()}
        steps = theorem.statements()
        blocks[1:1] = self._whole(
            [*self.hypotheses, *(c.concludes for c in claims.values())], steps
        )
        blocks += [self._step(said, names) for said in steps]
        return "\n\n".join(blocks)

    def _whole(self, formulas: Iterable[Formula], steps: Iterable[Sequent]) -> list[str]:
        """Name the symbols that stand for integers only."""
        said = [f for step in steps for f in (step.conclusion, *step.hypotheses)]
        atoms = whole_symbols({*formulas, *said})
        names = [self.pen.math.format(self.pen.term(of_atom(atom))) for atom in atoms]
        return [self._line(f"Whole numbers: {', '.join(names)}")] if names else []

    def _after(self, words: str) -> str:
        return f": {self.pen.words(words)}" if words else ""

    def _number(self, formulas: Iterable[Formula]) -> list[Formula]:
        """Give numbers to hypotheses, and return those that are new."""
        new = [f for f in dict.fromkeys(formulas) if f not in self.hypotheses]
        for formula in new:
            self.hypotheses[formula] = len(self.hypotheses) + 1
        return new

    def _step(self, said: Sequent, names: Mapping[_Key, str]) -> str:
        key = key_of(said)
        self.steps[key] = len(self.steps) + 1
        name = names.get(key, "")
        supposed = [sequent(p).conclusion for p in said.premises if is_assumed(sequent(p))]
        new = self._number([*supposed, *sorted(said.hypotheses, key=str)])
        lines = [self._line(f"suppose [{self.hypotheses[f]}] ", self._formula(f)) for f in new]
        title = f"({self.steps[key]}) " + (f"{self.pen.words(name)}: " if name else "")
        lines += [self._line(title, self._formula(said.conclusion))]
        lines += [self._line(self._reason(said), indent=4)]
        if said.hypotheses != self.current:
            self.current = said.hypotheses
            lines += [self._line(self._given(said.hypotheses), indent=4)]
        return self._block(lines)

    def _given(self, hypotheses: Iterable[Formula]) -> str:
        found = [self.hypotheses[formula] for formula in hypotheses]
        return f"given {_spans(found)}" if found else "without hypotheses"

    def _reason(self, said: Sequent) -> str:
        premises = [self._reference(premise) for premise in said.premises]
        if said.certificate is not None:
            return "as left minus right is " + self._certificate(said.certificate, premises)
        if said.rule == "axiom":
            (axiom,) = said.axioms
            return self.pen.words(f"axiom: {axiom.name} [{axiom.citation}]")
        return _SAID.get(said.rule, "by " + said.rule).format(*premises)

    def _reference(self, premise: Fact) -> str:
        said = sequent(premise)
        if is_assumed(said):
            return f"[{self.hypotheses[said.conclusion]}]"
        return f"({self.steps[key_of(said)]})"

    def _certificate(self, certificate: Combination, premises: list[str]) -> str:
        pen, parts = self.pen, []
        for coefficient, chosen, square in certificate.products:
            factors = [premises[i] for i in chosen]
            if square is not None:
                factors.append(pen.bracket.format(pen.term(square)) + pen.squared)
            size = [pen.term(constant(coefficient))] if coefficient != 1 or not factors else []
            parts.append(pen.times.join([*size, *factors]))
        for i, factor in certificate.multiples:
            parts.append(pen.times.join([*self._multiplier(factor), premises[i]]))
        return pen.math.format(" + ".join(parts) or "0")

    def _multiplier(self, factor: Term) -> list[str]:
        """Write what multiplies a premise: nothing for 1, brackets around sums and minus signs."""
        said = self.pen.term(factor)
        if len(factor) == 1 and all(p > 0 for _, p, _ in factor):
            return [] if factor == ONE else [said]
        return [self.pen.bracket.format(said)]

    def _claim(self, name: str, claim: Claim) -> str:
        head = self._line(f"{self.pen.words(name)}: ", self._formula(claim.concludes))
        return self._block([head, self._line(self._given(claim.given), indent=4)])

    def _family(self, k: int, family: Family) -> str:
        """Write what is put for the symbols of a claim, and under which conditions."""
        self._number(family.when)
        lines = [self._line(self.pen.words(f"Counterexamples ({k}):"))]
        for atom, change in replacements(family.instance).items():
            at = [of_atom(parameter) for parameter in change.parameters]
            whole = apply(atom.kind, *at, name=atom.name) if at else of_atom(atom)
            said = f"{self.pen.term(whole)} = {self.pen.term(change.body)}"
            lines.append(self._line(self.pen.math.format(said), indent=4))
        given = (f"[{self.hypotheses[f]}] {self._formula(f)}" for f in family.when)
        return self._block([*lines, *(self._line("if ", one, indent=4) for one in given)])

    def summary(self, theorem: Theorem) -> str:
        lines = [
            (0, f"{theorem.item}: {theorem.title}. {theorem.citation}"),
            (2, theorem.statement),
            (2, theorem.verdict.value),
        ]
        lines += [(2, f"added hypothesis: {words}") for words in theorem.added]
        lines += [(2, f"note: {remark}") for remark in theorem.remarks]
        lines += [(2, f"from: {a.name} [{a.citation}]") for a in sorted(theorem.axioms)]
        points = [found for found in theorem.refutations if isinstance(found, Refutation)]
        lines += [(2, "counterexample: " + _point(found)) for found in points]
        lines += [(2, f"holds instead: {name}") for name in theorem.corrected]
        lines += [(2, f"holds instead: {t.statement} ({t.item})") for t in theorem.instead]
        lines.append((2, f"tightness: {theorem.tightness}"))
        return self._block([self._line(self.pen.words(words), indent=k) for k, words in lines])

    def _formula(self, formula: Formula) -> str:
        return self.pen.math.format(self.pen.formula(formula))

    def _line(self, *parts: str, indent: int = 0) -> str:
        return textwrap.fill(
            "".join(parts),
            WIDTH,
            initial_indent=(self.pen.indent or " " * indent) if indent else "",
            subsequent_indent=" " * (indent + 4),
            break_long_words=False,
            break_on_hyphens=False,
        )

    def _block(self, lines: list[str]) -> str:
        return self.pen.new_line.join(lines)


def _spans(numbers: Iterable[int]) -> str:
    """Write [1] to [4], [7] for 1, 2, 3, 4, 7."""
    ordered = sorted(numbers)
    breaks = [i for i, (one, two) in enumerate(pairwise(ordered), 1) if two > one + 1]
    runs = [ordered[a:b] for a, b in pairwise([0, *breaks, len(ordered)])]
    return ", ".join(
        f"[{run[0]}] to [{run[-1]}]" if len(run) > 2 else ", ".join(f"[{k}]" for k in run)
        for run in runs
    )


def _point(refutation: Refutation) -> str:
    parts = []
    for atom, value in refutation.point.items():
        if isinstance(value, dict):
            entries = (f"{', '.join(map(str, i))}: {entry}" for i, entry in value.items())
            parts.append(f"{atom.name} = {{{'; '.join(entries)}}}")
        else:
            parts.append(f"{atom.name} = {value}")
    return ", ".join(parts)


@in_notebook.register(Fact)
def _fact(fact: Fact) -> str:
    given = r" ,\quad ".join(sorted(map(typeset_formula, fact.hypotheses)))
    return rf"$\displaystyle {given} \;\vdash\; {typeset_formula(fact.conclusion)}$"


@in_notebook.register(Theorem)
def _theorem(theorem: Theorem) -> str:
    facts = [f"* {name}: {_fact(fact)}" for name, fact in theorem.facts.items()]
    head = f"**{theorem.item}** ({theorem.title}): {theorem.verdict.value}"
    legend = [f"* {line(letter)}" for letter in theorem.legend]
    return "\n\n".join([head, theorem.statement, "\n".join(legend), "\n".join(facts)])
