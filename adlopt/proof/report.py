"""Derivations written out, as plain text of 80 columns or as LaTeX."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass

from adlopt.proof.claim import Claim, Theorem
from adlopt.proof.formula import Formula
from adlopt.proof.kernel import Certificate, Fact, sequent
from adlopt.proof.refutation import Refutation
from adlopt.proof.show import LATEX, PLAIN, Style, comparison, text

WIDTH = 80


@dataclass(frozen=True, slots=True)
class _Step:
    number: int
    fact: Fact
    name: str


def derivation(theorem: Theorem, *, latex: bool = False) -> str:
    """Write out every step of a theorem's derivation.

    Parameters
    ----------
    theorem : Theorem
    latex : bool
        Write LaTeX instead of plain text.

    Returns
    -------
    str
        Each step with its rule, its certificate, and the hypotheses it rests on.
    """
    style = LATEX if latex else PLAIN
    targets = {**theorem.steps, **theorem.facts}
    targets |= {name: fact for name, (_, fact) in theorem.corrected.items()}
    steps = _ordered(targets)
    lines = [_header(theorem, style), *(_written(step, steps, style) for step in steps.values())]
    return "\n\n".join(lines)


def _ordered(targets: Mapping[str, Fact]) -> dict[int, _Step]:
    """Give numbers to the facts below the targets, premises first; hypotheses get none."""
    names = {id(fact): name for name, fact in targets.items()}
    found: dict[int, _Step] = {}

    def visit(fact: Fact) -> None:
        said = sequent(fact)
        if id(fact) in found or said.rule == "assume":
            return
        for premise in said.premises:
            visit(premise)
        found[id(fact)] = _Step(len(found) + 1, fact, names.get(id(fact), ""))

    for target in targets.values():
        visit(target)
    return found


def _formula(formula: Formula, style: Style) -> str:
    said = comparison(formula.term, formula.relation.value, formula.ranges, style)
    return said if style is PLAIN else f"${said}$"


def _written(step: _Step, steps: dict[int, _Step], style: Style) -> str:
    said = sequent(step.fact)
    title = f"({step.number}) " + (f"{step.name}: " if step.name else "")
    premises = [_reference(premise, steps, style) for premise in said.premises]
    source = f"by {said.rule}" + (f" from {', '.join(premises)}" if premises else "")
    lines = [_wrap(title + _formula(said.conclusion, style)), _wrap(source, 4)]
    if said.certificate is not None:
        lines.append(_wrap(_certificate(said.certificate, style), 4))
    if step.name and said.hypotheses:
        given = sorted(_formula(formula, style) for formula in said.hypotheses)
        lines.append(_wrap("given " + "; ".join(given), 4))
    return "\n".join(lines)


def _reference(premise: Fact, steps: dict[int, _Step], style: Style) -> str:
    if id(premise) in steps:
        return f"({steps[id(premise)].number})"
    return f"[{_formula(sequent(premise).conclusion, style)}]"


def _certificate(certificate: Certificate, style: Style) -> str:
    """Write a certificate with p₁, p₂, … for the premises in their order."""
    parts = []
    for coefficient, premises, square in certificate.products:
        factors = [_premise(i, style) for i in premises]
        power = "²" if style is PLAIN else "^{2}"
        factors += [f"({text(square, style)}){power}"] if square is not None else []
        size = [str(coefficient)] if coefficient != 1 or not factors else []
        parts.append(style.times.join([*size, *factors]))
    for i, factor in certificate.multiples:
        parts.append(style.times.join([f"({text(factor, style)})", _premise(i, style)]))
    if not parts:
        return "certificate: both sides are the same polynomial"
    said = " + ".join(parts)
    return "certificate: " + (said if style is PLAIN else f"${said}$")


def _premise(position: int, style: Style) -> str:
    return f"p{position + 1}" if style is PLAIN else f"p_{{{position + 1}}}"


def _wrap(words: str, indent: int = 0) -> str:
    blank = " " * indent
    return textwrap.fill(
        words, WIDTH, initial_indent=blank, subsequent_indent=blank + "    ", break_long_words=False
    )


def _header(theorem: Theorem, style: Style) -> str:
    lines = [summary(theorem), ""]
    for name, claim in theorem.claims.items():
        lines.append(_wrap(f"Claim ({name}): {_formula(claim.concludes, style)}"))
        lines += [_wrap(f"if {_formula(formula, style)}", 4) for formula in claim.given]
    for name, (claim, _) in theorem.corrected.items():
        lines += _claim_lines(f"Corrected ({name})", claim, style)
    return "\n".join(lines)


def _claim_lines(name: str, claim: Claim, style: Style) -> list[str]:
    head = _wrap(f"{name}: {_formula(claim.concludes, style)}")
    return [head, *(_wrap(f"if {_formula(formula, style)}", 4) for formula in claim.given)]


def summary(theorem: Theorem) -> str:
    """Write the verdict on a theorem and what it rests on, in a few lines."""
    lines = [
        f"{theorem.item}: {theorem.title}  {theorem.citation}",
        f"  {theorem.statement}",
        f"  {theorem.verdict.value}",
    ]
    lines += [
        f"  added hypothesis: {words} ({formula})" for words, formula in theorem.added.items()
    ]
    lines += [f"  note: {remark}" for remark in theorem.remarks]
    lines += [f"  axiom: {axiom.name} [{axiom.citation}]" for axiom in sorted(theorem.axioms)]
    if isinstance(theorem.refutation, Refutation):
        lines.append("  counterexample: " + _point(theorem.refutation))
    lines += [f"  holds instead: {name}" for name in theorem.corrected]
    lines += [f"  holds instead: {other.statement} ({other.item})" for other in theorem.instead]
    lines.append(f"  tightness: {theorem.tightness}")
    return "\n".join(_wrap(line.strip(), len(line) - len(line.lstrip())) for line in lines)


def _point(refutation: Refutation) -> str:
    parts = []
    for atom, value in refutation.point.items():
        if isinstance(value, dict):
            entries = (f"{', '.join(map(str, i))}: {entry}" for i, entry in value.items())
            parts.append(f"{atom.name} = {{{'; '.join(entries)}}}")
        else:
            parts.append(f"{atom.name} = {value}")
    return ", ".join(parts)
