"""Terms and statements in the language of Coq, and proofs that two forms of one are the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import count
from typing import TypeAlias

from adlopt.proof.formula import Formula, Relation, at_least, index
from adlopt.proof.term import (
    FAMILIES,
    SYMBOLS,
    Atom,
    Kind,
    Monomial,
    Replacement,
    Term,
    apply,
    of_atom,
    order_of,
    scale,
    subtract,
    summation,
)
from adlopt.proof.term import replace as put
from adlopt.proof.term import symbols as symbols_of

Script: TypeAlias = list[str]
OPERATIONS = {
    Kind.ABS: "Rabs",
    Kind.MAX: "Rmax",
    Kind.MIN: "Rmin",
    Kind.FLOOR: "floor",
    Kind.SQRT: "sqrt",
    Kind.INVERSE: "inv",
}
RELATIONS = {Relation.GE: "<=", Relation.GT: "<", Relation.EQ: "="}
WORDS = (
    "R Sum whole floor inv sqrt up at as in if then else let fun forall exists match with end "
    "return Set Prop Type for fix cofix where using"
)
TAKEN = frozenset(WORDS.split())
"""Names that mean something else in Coq."""


class _Marks:
    """Numbers that no name has yet."""

    numbers = count(1)


def restart() -> None:
    """Begin anew: a file does not depend on those written before it."""
    _Marks.numbers = count(1)


def fresh() -> int:
    """Return a number that no name of the file has."""
    return next(_Marks.numbers)


def name_of(atom: Atom) -> str:
    """Return the identifier of a symbol or a sequence; sequences of whole numbers are marked."""
    said = "".join(letter if letter.isalnum() or letter == "_" else "_" for letter in atom.name)
    if atom.kind in FAMILIES:
        return f"{said}_" if said in TAKEN else said
    return f"{said}'" if said in TAKEN else said


@dataclass(frozen=True, slots=True)
class Reading:
    """How the symbols of a statement read: their texts, and the terms that these stand for.

    A sequence that is replaced reads as a function of its parameters; `texts` of what is not
    replaced are names.
    """

    texts: Mapping[Atom, str] = field(default_factory=dict)
    changes: Mapping[Atom, Replacement] = field(default_factory=dict)
    outer: Mapping[Atom, str] = field(default_factory=dict)
    depth: int = 0

    def text(self, atom: Atom) -> str:
        """Read a symbol."""
        return self.texts.get(atom) or name_of(atom)

    def bind(self, atom: Atom, text: str, term: Term, also: Atom | None = None) -> Reading:
        """Read a symbol as a text that stands for a term; `also` reads so outside."""
        outer = self.outer if also is None else {**self.outer, also: text}
        changes = {**self.changes, atom: Replacement(term)}
        return replace(self, texts={**self.texts, atom: text}, changes=changes, outer=outer)

    @property
    def out(self) -> Reading:
        """How the terms read that the texts stand for."""
        return Reading(texts=self.outer, outer=self.outer, depth=self.depth)


def term_text(term: Term, reading: Reading, parts: Mapping[Atom, str] | None = None) -> str:
    """Write a term; `parts` are texts for its atoms."""
    said = ""
    for monomial, p, q in sorted(term, key=lambda part: (order_of(part[0]), part[1], part[2])):
        word = _monomial(monomial, Fraction(abs(p), q), reading, parts)
        if said:
            said += f" {'-' if p < 0 else '+'} {word}"
        else:
            said = f"- {_no_literal(word)}" if p < 0 else word
    return said or "0"


def _monomial(
    monomial: Monomial, size: Fraction, reading: Reading, parts: Mapping[Atom, str] | None
) -> str:
    factors = []
    for atom, k in sorted(monomial, key=lambda part: order_of(frozenset({part}))):
        said = bracketed((parts or {}).get(atom) or atom_text(atom, reading))
        factors.append(said if k == 1 else f"{said} ^ {k}")
    if size != 1 or not factors:
        factors.insert(0, f"({size.numerator} / {size.denominator})" if size.denominator > 1
                       else str(size.numerator))  # fmt: skip
    return " * ".join(factors)


def alike(one: str, two: str) -> bool:
    """Whether two texts differ in brackets around them at most."""
    return bracketed(one) == bracketed(two)


def _no_literal(word: str) -> str:
    """Keep Coq from reading a minus sign and a number as one literal."""
    digits = word.partition(" ")[0]
    return f"({digits}){word[len(digits) :]}" if digits.isdigit() else word


def bracketed(said: str) -> str:
    """Put brackets around a text, unless it is a word or has them."""
    if said.replace("_", "a").replace("'", "a").isalnum():
        return said
    depth = 0
    for place, letter in enumerate(said):
        depth += (letter == "(") - (letter == ")")
        if depth == 0:
            return said if place == len(said) - 1 else f"({said})"
    return f"({said})"


def atom_text(atom: Atom, reading: Reading) -> str:
    """Write an atom, without brackets around it."""
    if atom.kind in SYMBOLS:
        return reading.text(atom)
    if atom.kind is Kind.SUM:
        low, high, body = atom.args
        return sum_text(Atom(Kind.INTEGER, atom.name), low, high, body, reading)
    head = Atom(atom.kind, atom.name)
    change = reading.changes.get(head) if atom.kind in FAMILIES else None
    if change is not None:
        return term_text(change.body, _filled(atom, change, reading))
    said = OPERATIONS.get(atom.kind) or reading.text(head)
    return " ".join([said, *(bracketed(term_text(arg, reading)) for arg in atom.args)])


def _filled(atom: Atom, change: Replacement, reading: Reading) -> Reading:
    """Read the body that replaces a sequence, at the arguments of an atom."""
    found = reading.out
    for parameter, arg in zip(change.parameters, atom.args, strict=True):
        said = bracketed(term_text(arg, reading))
        found = found.bind(parameter, said, put(arg, reading.changes))
    return found


def sum_text(variable: Atom, low: Term, high: Term, body: Term, reading: Reading) -> str:
    """Write a sum."""
    name, inner = inside(reading)
    said = term_text(body, replace(inner, texts={**inner.texts, variable: name}))
    ends = " ".join(bracketed(term_text(end, reading)) for end in (low, high))
    return f"Sum {ends} (fun {name} => {said})"


def inside(reading: Reading) -> tuple[str, Reading]:
    """Return a name for the index of a sum, and how its summand reads."""
    return f"i'{reading.depth + 1}", replace(reading, depth=reading.depth + 1)


def formula_text(formula: Formula, reading: Reading, level: int = 0) -> str:
    """Write a statement whose first open range has a number."""
    names = {index(level + k): f"k'{level + k}" for k in range(len(formula.ranges))}
    reading = replace(reading, texts={**reading.texts, **names})
    said = ""
    for k, ends in enumerate(formula.ranges):
        name = f"k'{level + k}"
        above, below = (comparison_text(each, reading) for each in range_formulas(ends, level + k))
        said += f"forall {name} : R, whole {name} -> {above} -> {below} -> "
    return said + comparison_text(formula, reading)


def range_formulas(ends: tuple[Term, Term], level: int) -> tuple[Formula, Formula]:
    """State that an index is within its range."""
    k = of_atom(index(level))
    return at_least(k, ends[0]), at_least(ends[1], k)


def sides(formula: Formula) -> tuple[Term, Term]:
    """Return the positive part of the term, and the negative part with its sign turned."""
    left = frozenset(part for part in formula.term if part[1] > 0)
    return left, frozenset((m, -p, q) for m, p, q in formula.term if p < 0)


def comparison_text(formula: Formula, reading: Reading) -> str:
    """Write what a statement compares, the smaller side first."""
    left, right = (term_text(side, reading) for side in sides(formula))
    if formula.relation is Relation.EQ:
        return f"{left} = {right}"
    return f"{right} {RELATIONS[formula.relation]} {left}"


# The same in another form -------------------------------------------------------------------------


def same_term(term: Term, reading: Reading) -> Script:
    """Prove that a term reads as what it stands for; nothing if both read alike."""
    made = put(term, reading.changes)
    if alike(term_text(term, reading), term_text(made, reading.out)):
        return []
    script, parts = same_atoms([term], reading)
    middle = term_text(term, reading, parts)
    return [*script, f"transitivity ({middle}); [parts | identity]."]


def same_atoms(terms: Iterable[Term], reading: Reading) -> tuple[Script, dict[Atom, str]]:
    """Prove it of each atom, and return what the atoms are then."""
    script: Script = []
    parts: dict[Atom, str] = {}
    for atom in atoms_in(terms):
        made = put(of_atom(atom), reading.changes)
        raw, norm = atom_text(atom, reading), term_text(made, reading.out)
        if atom.kind in SYMBOLS or alike(raw, norm):
            parts[atom] = raw
            continue
        script += [f"assert (e'{fresh()} : {raw} = {norm}).", *block(same_atom(atom, reading))]
        parts[atom] = norm
    return script, parts


def atoms_in(terms: Iterable[Term]) -> list[Atom]:
    """Return the atoms of terms in an order of their own."""
    found = {atom for term in terms for monomial, _, _ in term for atom, _ in monomial}
    return sorted(found, key=lambda atom: order_of(frozenset({(atom, 1)})))


def block(script: Script) -> Script:
    """Put a proof in braces."""
    return ["{", *("  " + line for line in script), "}"]


def same_atom(atom: Atom, reading: Reading) -> Script:
    """Prove that an atom reads as what it stands for."""
    if atom.kind is Kind.SUM:
        low, high, body = atom.args
        return same_sum(Atom(Kind.INTEGER, atom.name), low, high, body, reading)
    change = reading.changes.get(Atom(atom.kind, atom.name)) if atom.kind in FAMILIES else None
    if change is not None:
        return same_term(change.body, _filled(atom, change, reading)) or ["reflexivity."]
    script: Script = []
    made = [put(arg, reading.changes) for arg in atom.args]
    for arg, now in zip(atom.args, made, strict=True):
        proof = same_term(arg, reading)
        if proof:
            raw, norm = term_text(arg, reading), term_text(now, reading.out)
            script += [f"assert (e'{fresh()} : {raw} = {norm}).", *block(proof)]
    return [*script, _turned(atom, made)]


def _turned(atom: Atom, made: list[Term]) -> str:
    """Finish an operation, whose arguments may have been turned or evaluated."""
    result = apply(atom.kind, *made, name=atom.name)
    (((monomial, _, _),)) = tuple(result) or ((frozenset(), 0, 1),)
    if not monomial:
        return "apply inv_is; lra."
    (((now, _),)) = tuple(monomial)
    if now.args == tuple(made):
        return "same_args."
    if atom.kind is Kind.ABS:
        return "same_args_of_opposite."
    return (
        "rewrite Rmax_comm; same_args."
        if atom.kind is Kind.MAX
        else "rewrite Rmin_comm; same_args."
    )


def same_sum(
    variable: Atom, low: Term, high: Term, body: Term, reading: Reading,
    moved: tuple[str, Term] | None = None,
) -> Script:  # fmt: skip
    """Prove that a sum is the sums of its monomials; `moved` is what is taken from the index."""
    name, inner = inside(reading)
    new = Atom(Kind.INTEGER, f"$sum{fresh()}")
    at = of_atom(new) if moved is None else subtract(of_atom(new), moved[1])
    said = name if moved is None else f"({name} - {moved[0]})"
    inner = inner.bind(variable, said, at, new)
    inner = replace(inner, outer={**inner.outer, new: name})
    ends = [put(end, reading.changes) for end in (low, high)]
    pieces = _pieces(put(body, inner.changes), new, ends, replace(inner.out, depth=reading.depth))
    raw = term_text(body, inner)
    low_text, high_text = (bracketed(term_text(end, reading.out)) for end in ends)
    whole = " + ".join(f"{outside} * ({inside})" for outside, inside, _ in pieces) or "0"
    split = " + ".join(
        f"{outside} * Sum {low_text} {high_text} (fun {name} => {inside})"
        for outside, inside, _ in pieces
    )
    script: Script = []
    for end, now in zip((low, high), ends, strict=True):
        proof = same_term(end, reading)
        if proof:
            left, right = term_text(end, reading), term_text(now, reading.out)
            script += [f"assert (e'{fresh()} : {left} = {right}).", *block(proof)]
    mark = fresh()
    script += [
        f"transitivity (Sum {low_text} {high_text} (fun {name} => {raw})); [same_args|].",
        f"transitivity (Sum {low_text} {high_text} (fun {name} => {whole})).",
        *block([
            f"apply Sum_ext; [is_whole | is_whole | intros {name} w'{mark} _ _].",
            *_through(body, inner),
            *_regrouped(pieces, inner),
        ]),
        f"transitivity ({split or '0'}); [linear | identity].",
    ]  # fmt: skip
    return script


def _through(term: Term, reading: Reading) -> Script:
    """Go on from what a term stands for."""
    script = same_term(term, reading)
    norm = term_text(put(term, reading.changes), reading.out)
    return [f"transitivity ({norm}).", *block(script), ""] if script else []


Piece: TypeAlias = tuple[str, str, tuple[Term, Atom, Atom]]


def _pieces(body: Term, variable: Atom, ends: list[Term], out: Reading) -> list[Piece]:
    """Take apart what the kernel makes of a sum: what is outside, inside, and how it is meant."""
    found = []
    for monomial, p, q in sorted(body, key=lambda part: order_of(part[0])):
        inside = frozenset(f for f in monomial if variable in symbols_of(of_atom(f[0])))
        outside = scale(frozenset({(monomial - inside, 1, 1)}), Fraction(p, q))
        before: Term = frozenset({(inside, 1, 1)})
        (((atom, _),),) = (tuple(m) for m, _, _ in summation(variable, ends[0], ends[1], before))
        name = out.outer[variable]
        within = replace(out, texts={**out.texts, Atom(Kind.INTEGER, atom.name): name},
                         depth=out.depth + 1)  # fmt: skip
        index_ = Atom(Kind.INTEGER, atom.name)
        found.append(
            (bracketed(term_text(outside, out)), term_text(atom.args[2], within),
             (before, variable, index_))
        )  # fmt: skip
    return found


def _regrouped(pieces: list[Piece], inner: Reading) -> Script:
    """Prove that the summand is the sum of the pieces."""
    script: Script = []
    said = []
    for outside, inside, (before, variable, name) in pieces:
        now = term_text(before, inner.out)
        if not alike(now, inside):
            text = inner.outer[variable]
            reading = inner.out.bind(variable, text, of_atom(name), name)
            script += [
                f"assert (e'{fresh()} : {now} = {inside}).",
                *block(same_term(before, reading)),
            ]
        said.append(f"{outside} * ({now})")
    middle = " + ".join(said) or "0"
    return [*script, f"transitivity ({middle}); [identity | parts]."]


def same_formula(formula: Formula, reading: Reading) -> Script:
    """Prove left − right = left' − right' of the two forms of a comparison."""
    script, parts = same_atoms([formula.term], reading)
    left, right = (f"({term_text(side, reading, parts)})" for side in sides(formula))
    return [*script, f"transitivity ({left} - {right}); [parts | identity]."]


def converted(
    formula: Formula, made: Formula, reading: Reading, given: str, *, back: bool = False,
    levels: tuple[int, int] = (0, 0),
) -> Script:  # fmt: skip
    """Prove a statement `made` from `given`, which proves `formula` as it reads; or `back`."""
    if formula.ranges:
        return _converted_range(formula, made, reading, given, back, levels)
    raw, norm = comparison_text(formula, reading), comparison_text(made, reading.out)
    if raw == norm:
        return [f"exact {given}."]
    form = {Relation.GE: "le", Relation.GT: "lt", Relation.EQ: "eq"}[formula.relation]
    turn = ["symmetry."] if back else []
    return [f"eapply {form}_form; [|exact {given}].", *turn, *same_formula(formula, reading)]


def _converted_range(
    formula: Formula, made: Formula, reading: Reading, given: str, back: bool,
    levels: tuple[int, int],
) -> Script:  # fmt: skip
    (one, *rest), (two, *others) = formula.ranges, made.ranges
    mark, level = fresh(), levels[1]
    name = f"k'{mark}"
    inner = reading.bind(index(levels[0]), name, of_atom(index(level)), index(level))
    script = [f"intros {name} w'{mark} a'{mark} b'{mark}."]
    for letter, left, right in zip(
        "ab", range_formulas(one, levels[0]), range_formulas(two, level), strict=True
    ):
        text = comparison_text(right, inner.out) if back else comparison_text(left, inner)
        proof = converted(left, right, inner, f"{letter}'{mark}", back=not back)
        script += [f"assert ({letter}''{mark} : {text}).", *block(proof)]
    proof_of = f"({given} {name} w'{mark} a''{mark} b''{mark})"
    after = (levels[0] + 1, level + 1)
    left, right = (f._replace(ranges=tuple(r)) for f, r in ((formula, rest), (made, others)))
    return script + converted(left, right, inner, proof_of, back=back, levels=after)


def arity_of(atom: Atom, formulas: Iterable[Formula]) -> int:
    """Return how many indices a sequence has in formulas."""
    ends = [end for f in formulas for pair in f.ranges for end in pair]
    return max((n for term in [*(f.term for f in formulas), *ends] for n in _arities(atom, term)),
               default=1)  # fmt: skip


def _arities(head: Atom, term: Term) -> Iterable[int]:
    for monomial, _, _ in term:
        for atom, _ in monomial:
            if (atom.kind, atom.name) == (head.kind, head.name):
                yield len(atom.args)
            for arg in atom.args:
                yield from _arities(head, arg)
