"""Terms and statements for Coq: as data that `Adlopt.v` computes with, and as people read them."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple, TypeAlias

from adlopt.errors import ProofError
from adlopt.proof.formula import Formula, Relation, index
from adlopt.proof.legend import arities
from adlopt.proof.term import FAMILIES, INTEGRAL, SYMBOLS, Atom, Kind, Monomial, Term, order_of

OPERATIONS = {
    Kind.ABS: ("Op Abs", "Rabs"),
    Kind.MAX: ("Op2 Max", "Rmax"),
    Kind.MIN: ("Op2 Min", "Rmin"),
    Kind.FLOOR: ("Op Floor", "floor"),
    Kind.SQRT: ("Op Sqrt", "sqrt"),
    Kind.INVERSE: ("Op Inv", "inv"),
}
SORTS = {
    Kind.REAL: "Re",
    Kind.INTEGER: "Wh",
    Kind.SEQUENCE: "ReS",
    Kind.INTEGER_SEQUENCE: "WhS",
}
"""How the free symbols of terms are told apart; each has a number among its sort."""
RELATIONS = {Relation.GE: ("Leq", "<="), Relation.GT: ("Less", "<"), Relation.EQ: ("Equal", "=")}
WORDS = (
    "R Sum whole floor inv sqrt up at as in if then else let fun forall exists match with end "
    "return Set Prop Type for fix cofix where using symbols symbols_ok refuted no e K L H"
)
TAKEN = frozenset(WORDS.split())
"""Names that mean something else in Coq, or in a proof."""
Bound: TypeAlias = tuple[Atom, ...]
"""What sums, ranges and parameters bind, the innermost first."""


class Said(NamedTuple):
    """The same as data and as text."""

    data: str
    text: str


def name_of(atom: Atom) -> str:
    """Return the identifier of a symbol or a sequence."""
    said = "".join(letter if letter.isalnum() or letter == "_" else "_" for letter in atom.name)
    return f"{said}'" if said in TAKEN else said


def sides(formula: Formula) -> tuple[Term, Term]:
    """Return the positive part of the term, and the negative part with its sign turned."""
    left = frozenset(part for part in formula.term if part[1] > 0)
    return left, frozenset((m, -p, q) for m, p, q in formula.term if p < 0)


def bracketed(said: str) -> str:
    """Put brackets around a text, unless it is a word."""
    return said if said.replace("_", "a").replace("'", "a").isalnum() else f"({said})"


def _joined(head: str, sign: str, one: Said, two: Said) -> Said:
    return Said(f"{head} ({one.data}) ({two.data})", f"{one.text} {sign} {two.text}")


@dataclass(slots=True)
class Letters:
    """The numbers of the free symbols of a file, in the order in which they come."""

    numbers: dict[Atom, int] = field(default_factory=dict)

    def number(self, head: Atom) -> int:
        """Return the number of a symbol or a sequence among those of its sort."""
        before = sum(atom.kind is head.kind for atom in self.numbers)
        return self.numbers.setdefault(head, before)

    def of_kind(self, kind: Kind) -> list[Atom]:
        """Return the symbols of a sort, by number."""
        return [atom for atom in self.numbers if atom.kind is kind]

    def term(self, term: Term, bound: Bound = ()) -> Said:
        """Write a term."""
        said: Said | None = None
        for monomial, p, q in sorted(term, key=lambda part: (order_of(part[0]), part[1:])):
            word = self._monomial(monomial, Fraction(abs(p), q), bound)
            if said is not None:
                said = _joined(*(("Sub", "-") if p < 0 else ("Add", "+")), said, word)
            else:
                said = Said(f"Opp ({word.data})", f"- ({word.text})") if p < 0 else word
        return said or Said("Int 0", "0")

    def _monomial(self, monomial: Monomial, size: Fraction, bound: Bound) -> Said:
        factors = []
        for atom, k in sorted(monomial, key=lambda part: order_of(frozenset({part}))):
            data, text = self._atom(atom, bound)
            said = Said(data, bracketed(text))
            factors.append(said if k == 1 else Said(f"Pow ({data}) {k}", f"{said.text} ^ {k}"))
        if size.denominator > 1:
            p, q = size.numerator, size.denominator
            factors.insert(0, Said(f"Frac {p} {q}", f"({p} / {q})"))
        elif size != 1 or not factors:
            factors.insert(0, Said(f"Int {size}", f"{size}"))
        whole = factors[0]
        for factor in factors[1:]:
            whole = _joined("Mul", "*", whole, factor)
        return whole

    def _atom(self, atom: Atom, bound: Bound) -> Said:
        if atom in bound:
            place = bound.index(atom)
            return Said(f"Bd {place}", bound_name(len(bound) - 1 - place))
        if atom.kind is Kind.SUM:
            low, high, body = atom.args
            return self.sum(Atom(Kind.INTEGER, atom.name), low, high, body, bound)
        args = [self.term(arg, bound) for arg in atom.args]
        texts = " ".join(bracketed(arg.text) for arg in args)
        if atom.kind in OPERATIONS:
            head, name = OPERATIONS[atom.kind]
            return Said(" ".join([head, *(f"({arg.data})" for arg in args)]), f"{name} {texts}")
        head = f"{SORTS[atom.kind]} {self.number(Atom(atom.kind, atom.name))}"
        if atom.kind in SYMBOLS:
            return Said(head, name_of(atom))
        if len(args) > 2:
            raise ProofError(f"{atom.name} has {len(args)} indices; those written for Coq have two")
        first, second = (*(arg.data for arg in args), "Int 0")[:2]
        return Said(f"{head} ({first}) ({second})", f"{name_of(atom)} {texts}")

    def sum(self, variable: Atom, low: Term, high: Term, body: Term, bound: Bound = ()) -> Said:
        """Write a sum."""
        ends = [self.term(end, bound) for end in (low, high)]
        inner = self.term(body, (variable, *bound))
        texts = " ".join(bracketed(end.text) for end in ends)
        return Said(
            f"Su ({ends[0].data}) ({ends[1].data}) ({inner.data})",
            f"Sum {texts} (fun {bound_name(len(bound))} => {inner.text})",
        )

    def formula(self, formula: Formula) -> Said:
        """Write a statement, the smaller side first."""
        bound: Bound = ()
        spans, ranging = [], ""
        for level, ends in enumerate(formula.ranges):
            low, high = (self.term(end, bound) for end in ends)
            spans.append(f"({low.data}, {high.data})")
            k = bound_name(level)
            ranging += f"forall {k} : R, whole {k} -> {low.text} <= {k} -> {k} <= {high.text} -> "
            bound = (index(level), *bound)
        one, two = (self.term(side, bound) for side in sides(formula))
        if formula.relation is not Relation.EQ:
            one, two = two, one
        head, sign = RELATIONS[formula.relation]
        data = f"Fm [{'; '.join(spans)}] {head} ({one.data}) ({two.data})"
        return Said(data, f"{ranging}{one.text} {sign} {two.text}")


def bound_name(depth: int) -> str:
    """Return the name of what is bound within `depth` others."""
    return f"k'{depth}"


def binders(formulas: list[Formula]) -> str:
    """Declare the symbols of statements, and which of them are whole."""
    said = []
    for atom, many in arities(formulas).items():
        name = name_of(atom)
        said.append(f"({name} : {'R -> ' * many}R)")
        if atom.kind in INTEGRAL:
            places = [f"a'{k}" for k in range(many)]
            given = f"forall {' '.join(places)}, " if places else ""
            given += "".join(f"whole {place} -> " for place in places)
            said.append(f"({name}_whole : {given}whole {bracketed(' '.join([name, *places]))})")
    return " ".join(said)


def function_of(atom: Atom, many: int) -> str:
    """Write a symbol as what stands in a list of its sort: sequences take two indices there."""
    if atom.kind not in FAMILIES:
        return name_of(atom)
    places = ("a'", "b'")[:many]
    return f"(fun a' b' => {name_of(atom)} {' '.join(places)})"
