"""The trusted kernel: nothing else can make a Fact.

A `Fact` says: *if all its hypotheses hold, and its axioms, then its conclusion holds*, for all
values of its free symbols and sequences. It is an empty handle; what it says is kept in a ledger
that only the rules below can write to. There are no floats and no randomness, and sympy is not
imported: terms are compared in the normal form of `adlopt.proof.term`.

To audit: this file, `formula.py`, `ledger.py`, `own.py` and `term.py` are all that a
Fact rests on (`shown.py` is how it comes to be read).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from adlopt.errors import ProofError
from adlopt.proof.formula import (
    Formula,
    Relation,
    above,
    at_least,
    below_next,
    equal,
    free_symbols,
    index,
    negated,
    open_range,
    own_formula,
    quantify,
    substitute,
    whole_symbols,
)
from adlopt.proof.ledger import Handle, open_ledger
from adlopt.proof.own import own, plain
from adlopt.proof.shown import in_notebook, shown
from adlopt.proof.term import (
    ARITY,
    FAMILIES,
    ONE,
    SYMBOLS,
    ZERO,
    Atom,
    Kind,
    Number,
    Replacement,
    Term,
    add,
    apply,
    constant,
    is_integral,
    multiply,
    of_atom,
    product,
    replace,
    subtract,
    summation,
    symbols,
    value_of,
)


class Axiom(NamedTuple):
    """A statement taken from the literature instead of being derived."""

    name: str
    citation: str


class Product(NamedTuple):
    """``coefficient · Π premises · square²``, the building block of a certificate."""

    coefficient: Number
    premises: tuple[int, ...] = ()
    square: Term | None = None


class Combination(NamedTuple):
    """Why a term is nonnegative (or zero): a sum of products, plus multiples of zero terms."""

    products: tuple[Product, ...] = ()
    multiples: tuple[tuple[int, Term], ...] = ()


class Fact(Handle):
    """A statement derived by the rules of this module; it cannot be made in any other way."""

    __slots__ = ()

    @property
    def hypotheses(self) -> frozenset[Formula]:
        """What has to hold."""
        return sequent(self).hypotheses

    @property
    def conclusion(self) -> Formula:
        """What then holds."""
        return sequent(self).conclusion

    @property
    def axioms(self) -> frozenset[Axiom]:
        """What was taken from the literature."""
        return sequent(self).axioms

    def _repr_markdown_(self) -> str | None:
        return in_notebook(self)

    def __repr__(self) -> str:
        given = "; ".join(sorted(str(formula) for formula in self.hypotheses))
        said = f"{given} ⊢ {self.conclusion}" if given else f"⊢ {self.conclusion}"
        whole = [atom.name for atom in whole_symbols((*self.hypotheses, self.conclusion))]
        return f"{said} ({', '.join(whole)} whole)" if whole else said


class Sequent(NamedTuple):
    """What a Fact says, and the step that gave it: a rule, and what it was called with."""

    hypotheses: frozenset[Formula]
    conclusion: Formula
    axioms: frozenset[Axiom]
    rule: str
    premises: tuple[Fact, ...]
    certificate: Combination | None = None
    arguments: tuple[Any, ...] = ()


RECORDS = frozenset({Atom, Replacement, Formula, Relation, Combination, Product})


def copied(value: object) -> Any:
    """Copy what a rule is called with, Facts left as they are; see `adlopt.proof.own`."""
    if type(value) is Fact:
        return value
    if isinstance(value, Handle):
        raise ProofError(f"this {type(value).__name__} was not made by the kernel")
    if isinstance(value, Iterable) and not isinstance(value, (str, frozenset, tuple, Mapping)):
        return tuple(copied(part) for part in value)
    if type(value) is tuple and any(type(part) is Fact for part in value):
        return tuple(copied(part) for part in value)
    return plain(value, RECORDS)


_rule, sequent = open_ledger(Fact, Sequent, copied)


def _from(
    rule: str,
    premises: tuple[Fact, ...],
    conclusion: Formula,
    hypotheses: frozenset[Formula] | None = None,
    certificate: Combination | None = None,
    arguments: tuple[Any, ...] = (),
) -> Sequent:
    """Collect the axioms of the premises, and their hypotheses unless these are given."""
    said = [sequent(premise) for premise in premises]
    everything = frozenset[Formula]().union(*(s.hypotheses for s in said))
    axioms = frozenset[Axiom]().union(*(s.axioms for s in said))
    kept = everything if hypotheses is None else hypotheses
    return Sequent(kept, conclusion, axioms, rule, premises, certificate, arguments)


def _given(
    rule: str, conclusion: Formula, *hypotheses: Formula, arguments: tuple[Any, ...] = ()
) -> Sequent:
    return _from(rule, (), conclusion, frozenset(hypotheses), arguments=arguments)


@_rule
def assume(formula: Formula) -> Sequent:
    """Φ ⊢ φ."""
    return _given("assume", own_formula(formula), formula)


@_rule
def axiom(name: str, citation: str, hypotheses: Iterable[Formula], conclusion: Formula) -> Sequent:
    """Take a statement from the literature; its name stays with every fact that uses it."""
    if type(name) is not str or type(citation) is not str or not name or not citation:
        raise ProofError("an axiom needs a name and a citation")
    taken = frozenset(own_formula(formula) for formula in hypotheses)
    said = _given("axiom", own_formula(conclusion), *taken)
    return said._replace(axioms=frozenset({Axiom(name, citation)}))


@_rule
def weaken(fact: Fact, hypothesis: Formula) -> Sequent:
    """From H ⊢ φ follows H, ψ ⊢ φ."""
    said = sequent(fact)
    kept = said.hypotheses | {own_formula(hypothesis)}
    return _from("weaken", (fact,), said.conclusion, kept)


@_rule
def cut(fact: Fact, support: Fact) -> Sequent:
    """From H, ψ ⊢ φ and K ⊢ ψ follows H, K ⊢ φ."""
    said, shown = sequent(fact), sequent(support)
    kept = (said.hypotheses - {shown.conclusion}) | shown.hypotheses
    return _from("cut", (fact, support), said.conclusion, kept)


@_rule
def certify(goal: Formula, premises: Iterable[Fact], certificate: Combination) -> Sequent:
    """Check that the goal's term is exactly the sum that the certificate claims.

    Each product multiplies a nonnegative number, premises ``≥ 0`` or ``> 0``, and a square; each
    multiple multiplies a premise ``= 0`` by any term. A goal ``= 0`` may use multiples only; a goal
    ``> 0`` needs a positive product of strict premises (or a positive number) without a square.
    """
    facts, (products, multiples) = tuple(premises), _own_certificate(certificate)
    said = [sequent(fact).conclusion for fact in facts]
    if own_formula(goal).ranges or any(formula.ranges for formula in said):
        raise ProofError("a certificate speaks of single terms: specialise the premises first")
    total, strict = ZERO, False
    for part in products:
        value, positive = _product(part, said)
        total, strict = add(total, value), strict or positive
    for position, factor in multiples:
        formula = _pick(said, position)
        if formula.relation is not Relation.EQ:
            raise ProofError("only a premise that is zero may be multiplied by any term")
        total = add(total, multiply(formula.term, own(factor)))
    if goal.relation is Relation.EQ and products:
        raise ProofError("an equation does not follow from inequalities in this way")
    if goal.relation is Relation.GT and not strict:
        raise ProofError("a strict inequality needs a strict part in its certificate")
    if total != goal.term:
        left_over = shown(subtract(goal.term, total))
        raise ProofError(f"the certificate does not add up to the goal; left over: {left_over}")
    return _from("certificate", facts, goal, certificate=certificate)


def _own_certificate(certificate: Combination) -> Combination:
    """Refuse anything but plain tuples: they read the same each time."""
    if type(certificate) is not Combination or not all(type(x) is tuple for x in certificate):
        raise ProofError("a certificate holds a tuple of products and a tuple of multiples")
    if not all(type(x) is Product and type(x.premises) is tuple for x in certificate.products):
        raise ProofError("a certificate is made of Products with a tuple of premises")
    if not all(type(x) is tuple and len(x) == 2 for x in certificate.multiples):
        raise ProofError("a multiple is a pair of a premise and a term")
    return certificate


def _pick(formulas: Sequence[Formula], position: int) -> Formula:
    if type(position) is not int or not 0 <= position < len(formulas):
        raise ProofError(f"there is no statement number {position!r}")
    return formulas[position]


def _product(part: Product, premises: Sequence[Formula]) -> tuple[Term, bool]:
    coefficient = constant(part.coefficient)
    number = value_of(coefficient) or 0
    if number < 0:
        raise ProofError("a coefficient of a certificate is negative")
    factors = [_pick(premises, position) for position in part.premises]
    if any(factor.relation is Relation.EQ for factor in factors):
        raise ProofError("an equation belongs to the multiples of a certificate")
    strict = all(factor.relation is Relation.GT for factor in factors)
    square = ONE if part.square is None else multiply(own(part.square), part.square)
    value = product([coefficient, *(factor.term for factor in factors), square])
    return value, strict and part.square is None and number > 0


@_rule
def antisymmetry(upper: Fact, lower: Fact) -> Sequent:
    """From e ≥ 0 and −e ≥ 0 follows e = 0."""
    first, second = sequent(upper).conclusion, sequent(lower).conclusion
    if first.relation is not Relation.GE or first.ranges or negated(first) != second:
        raise ProofError("antisymmetry needs e ≥ 0 and −e ≥ 0")
    return _from("antisymmetry", (upper, lower), first._replace(relation=Relation.EQ))


@_rule
def absurd(fact: Fact, goal: Formula) -> Sequent:
    """From a false statement about numbers follows anything."""
    said = sequent(fact).conclusion
    number = value_of(said.term)
    if said.ranges or number is None or said.relation.holds(number):
        raise ProofError("this is not a contradiction")
    return _from("absurd", (fact,), own_formula(goal))


@_rule
def cases(first: Fact, second: Fact, left: Formula, right: Formula) -> Sequent:
    """From H, e ≥ 0 ⊢ φ and K, −e ≥ 0 ⊢ φ follows H, K ⊢ φ; one of the two may be strict."""
    one, two = sequent(first), sequent(second)
    relations = {own_formula(left).relation, own_formula(right).relation}
    exhaustive = left.term == negated(right).term and not (left.ranges or right.ranges)
    if not exhaustive or Relation.EQ in relations or relations == {Relation.GT}:
        raise ProofError("the cases are not exhaustive: they must be e ≥ 0 and −e ≥ 0")
    if one.conclusion != two.conclusion:
        raise ProofError("the two cases do not reach the same conclusion")
    kept = (one.hypotheses - {left}) | (two.hypotheses - {right})
    return _from("cases", (first, second), one.conclusion, kept, arguments=(left, right))


@_rule
def instantiate(fact: Fact, changes: Mapping[Atom, Replacement]) -> Sequent:
    """Put terms for free symbols, and terms with parameters for sequences, at once."""
    said = sequent(fact)
    owned = {_own_head(atom): _own_replacement(change) for atom, change in changes.items()}
    hypotheses = frozenset(substitute(formula, owned) for formula in said.hypotheses)
    put = (tuple(owned.items()),)
    return _from(
        "instantiate", (fact,), substitute(said.conclusion, owned), hypotheses, arguments=put
    )


def _own_head(atom: Atom) -> Atom:
    if type(atom) is not Atom or atom.kind not in SYMBOLS | FAMILIES or atom.args:
        raise ProofError(f"{atom!r} is neither a symbol nor a sequence")
    own(of_atom(atom))
    return atom


def _own_replacement(change: Replacement) -> Replacement:
    if type(change) is not Replacement or type(change.parameters) is not tuple:
        raise ProofError(f"{change!r} is not a replacement")
    parameters = tuple(_own_head(parameter) for parameter in change.parameters)
    if len(set(parameters)) < len(parameters):
        raise ProofError("a parameter is named twice")
    return Replacement(own(change.body), parameters)


@_rule
def generalise(fact: Fact, variable: Atom, low: Term, high: Term) -> Sequent:
    """From H, low ≤ t ≤ high ⊢ φ(t), with t not free in H, follows H ⊢ φ for every such t."""
    said, t = sequent(fact), of_atom(_own_head(variable))
    conclusion = quantify(said.conclusion, variable, own(low), own(high))
    kept = said.hypotheses - {at_least(t, low), at_least(high, t)}
    _not_free(variable, kept)
    return _from("generalise", (fact,), conclusion, kept, arguments=(variable, low, high))


def _not_free(variable: Atom, hypotheses: frozenset[Formula]) -> None:
    if any(variable in free_symbols(formula) for formula in hypotheses):
        raise ProofError(f"{variable.name} is free in another hypothesis")


@_rule
def specialise(fact: Fact, value: Term) -> Sequent:
    """From H ⊢ φ for every low ≤ t ≤ high follows H, low ≤ k, k ≤ high ⊢ φ(k)."""
    said = sequent(fact)
    special, above_low, below_high = open_range(said.conclusion, own(value))
    kept = said.hypotheses | {above_low, below_high}
    return _from("specialise", (fact,), special, kept, arguments=(value,))


@_rule
def total(fact: Fact) -> Sequent:
    """From e(t) ≥ 0 (or = 0) for every t of the innermost range follows Σ e(t) ≥ 0 (or = 0)."""
    said = sequent(fact).conclusion
    if not said.ranges:
        raise ProofError("there is no range to sum over")
    *outer, (low, high) = said.ranges
    relation = Relation.EQ if said.relation is Relation.EQ else Relation.GE
    term = summation(index(len(outer)), low, high, said.term)
    return _from("sum", (fact,), Formula(relation, term, tuple(outer)))


@_rule
def induction(
    base: Fact, step: Fact, claim: Formula, variable: Atom, ends: tuple[Term, Term]
) -> Sequent:
    """From H ⊢ φ(low) and K, φ(n), low ≤ n < high ⊢ φ(n+1) follows H, K ⊢ φ for low … high."""
    (low, high), n = ends, of_atom(_own_head(variable))
    conclusion = quantify(own_formula(claim), variable, own(low), own(high))
    first, then = sequent(base), sequent(step)
    if first.conclusion != substitute(claim, {variable: Replacement(low)}):
        raise ProofError("the base of the induction is not the claim at the first index")
    if then.conclusion != substitute(claim, {variable: Replacement(add(n, ONE))}):
        raise ProofError("the step of the induction does not end at the claim at n + 1")
    kept = then.hypotheses - {claim, at_least(n, low), below_next(high, n)}
    _not_free(variable, kept | first.hypotheses)
    kept |= first.hypotheses
    return _from("induction", (base, step), conclusion, kept, arguments=(claim, variable, *ends))


@_rule
def definition(kind: Kind, args: Iterable[Term], number: int) -> Sequent:
    """Give the defining property `number` of an operation; see `_definitions`."""
    terms = tuple(own(arg) for arg in args)
    if not any(kind is known for known in _DEFINED) or len(terms) != ARITY[kind]:
        raise ProofError(f"{kind} has no defining properties, or other arguments")
    atom = apply(kind, *terms)
    properties, needed = _definitions(kind, atom, *terms)
    said = _pick(properties, number)
    return _given(f"definition of {kind.value}", said, *needed, arguments=(kind, terms, number))


_DEFINED = frozenset({Kind.ABS, Kind.MAX, Kind.MIN, Kind.FLOOR, Kind.SQRT, Kind.INVERSE})


def _definitions(
    kind: Kind, whole: Term, a: Term, b: Term = ZERO
) -> tuple[list[Formula], list[Formula]]:
    """Return the properties that define an operation, and what its arguments must satisfy."""
    square = multiply(whole, whole)
    either = equal(multiply(subtract(whole, a), subtract(whole, b)), ZERO)
    match kind:
        case Kind.ABS:
            return [at_least(whole, ZERO), equal(square, multiply(a, a))], []
        case Kind.MAX:
            return [at_least(whole, a), at_least(whole, b), either], []
        case Kind.MIN:
            return [at_least(a, whole), at_least(b, whole), either], []
        case Kind.FLOOR:
            return [at_least(a, whole), above(add(whole, ONE), a)], []
        case Kind.SQRT:
            return [at_least(whole, ZERO), equal(square, a)], [at_least(a, ZERO)]
        case _:
            return [equal(multiply(a, whole), ONE)], [above(multiply(a, a), ZERO)]


@_rule
def next_integer(fact: Fact) -> Sequent:
    """From n > 0, n an integer by its form, follows n ≥ 1."""
    said = sequent(fact).conclusion
    if said.relation is not Relation.GT or said.ranges or not is_integral(said.term):
        raise ProofError("this rule needs n > 0 with integer coefficients and integer symbols")
    return _from("integer", (fact,), at_least(said.term, ONE))


@_rule
def congruence(fact: Fact, template: Term, variable: Atom, sides: tuple[Term, Term]) -> Sequent:
    """From a = b follows e(a) = e(b)."""
    left, right = (own(side) for side in sides)
    if sequent(fact).conclusion != equal(left, right):
        raise ProofError("the fact does not state that these two terms are equal")
    one, two = (
        replace(own(template), {_own_head(variable): Replacement(s)}) for s in (left, right)
    )
    put = (template, variable, *sides)
    return _from("congruence", (fact,), equal(one, two), arguments=put)


@_rule
def split_sum(variable: Atom, ends: tuple[Term, Term, Term], body: Term) -> Sequent:
    """If low ≤ middle + 1 and middle ≤ high, the sum is its parts up to and after middle."""
    low, middle, high = (own(end) for end in ends)
    _own_summand(variable, body, low, middle, high)
    after = add(middle, ONE)
    parts = add(summation(variable, low, middle, body), summation(variable, after, high, body))
    whole = equal(summation(variable, low, high, body), parts)
    inside = at_least(after, low), at_least(high, middle)
    return _given("split sum", whole, *inside, arguments=(variable, *ends, body))


@_rule
def single_sum(variable: Atom, at: Term, body: Term) -> Sequent:
    """Σ over one index is the summand."""
    _own_summand(variable, body, own(at))
    term = replace(body, {variable: Replacement(at)})
    whole = equal(summation(variable, at, at, body), term)
    return _given("single sum", whole, arguments=(variable, at, body))


@_rule
def shift_sum(variable: Atom, ends: tuple[Term, Term], body: Term, by: Term) -> Sequent:
    """Σ over low … high of e(t) is Σ over low + k … high + k of e(t − k)."""
    low, high = (own(end) for end in ends)
    _own_summand(variable, body, low, high, own(by))
    moved = replace(body, {variable: Replacement(subtract(of_atom(variable), by))})
    there = summation(variable, add(low, by), add(high, by), moved)
    whole = equal(summation(variable, low, high, body), there)
    return _given("shift sum", whole, arguments=(variable, *ends, body, by))


@_rule
def swap_sums(first: Atom, second: Atom, ends: Iterable[tuple[Term, Term]], body: Term) -> Sequent:
    """ΣΣ over two ranges that do not depend on each other, in either order."""
    (a, b), (c, d) = ends
    if first == second:
        raise ProofError("the two sums need different indices")
    for variable in (first, second):
        _own_summand(variable, body, *(own(end) for end in (a, b, c, d)))
    one = summation(first, a, b, summation(second, c, d, body))
    two = summation(second, c, d, summation(first, a, b, body))
    return _given("swap sums", equal(one, two), arguments=(first, second, a, b, c, d, body))


def _own_summand(variable: Atom, body: Term, *ends: Term) -> None:
    own(body)
    if _own_head(variable).kind is not Kind.INTEGER or not all(is_integral(end) for end in ends):
        raise ProofError("a sum runs over an integer symbol between two integers")
    if any(variable in symbols(end) for end in ends):
        raise ProofError(f"the range of {variable.name} mentions {variable.name}")


del _rule
