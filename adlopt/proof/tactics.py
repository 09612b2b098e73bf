"""Ways to write proofs briefly; everything here only calls the kernel's rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, TypeAlias

from adlopt.errors import ProofError
from adlopt.proof import kernel
from adlopt.proof.certificate_search import search
from adlopt.proof.formula import Formula, Relation, denial, negated, substitute
from adlopt.proof.kernel import Combination, Fact
from adlopt.proof.notation import Expr, ge, gt, replacements, symbol_atom, term
from adlopt.proof.term import (
    Atom,
    Kind,
    Replacement,
    Term,
    apply,
    of_atom,
    order_of,
    scale,
    subtract,
    value_of,
)

Premise: TypeAlias = Any
"""A Fact, a Formula (taken as a hypothesis), or an iterable of these."""


def facts(*premises: Premise) -> list[Fact]:
    """Flatten premises into facts; a formula becomes a hypothesis.

    Raises
    ------
    ProofError
        For anything else.
    """
    found: list[Fact] = []
    for premise in premises:
        if isinstance(premise, Fact):
            found.append(premise)
        elif isinstance(premise, Formula):
            found.append(kernel.assume(premise))
        elif isinstance(premise, Iterable) and not isinstance(premise, (str, bytes)):
            found += facts(*premise)
        else:
            raise ProofError(f"{premise!r} is neither a Fact nor a Formula, nor several of them")
    return found


def one_fact(premise: Premise) -> Fact:
    """Return the only fact among premises."""
    found = facts(premise)
    if len(found) != 1:
        raise ProofError(f"one statement is needed here, not {len(found)}")
    return found[0]


def prove(
    goal: Formula,
    *premises: Premise,
    degree: int = 2,
    squares: Iterable[Expr] = (),
    multipliers: Iterable[Expr] = (),
) -> Fact:
    """Prove a comparison from premises by a certificate.

    Parameters
    ----------
    goal : Formula
        What to show.
    *premises : Fact, Formula or iterables of them
        What may be used. The fact depends only on those that the certificate does use.
    degree : int
        Largest number of premises in one product.
    squares, multipliers : iterable of expressions
        Terms that may be squared; terms that equations may be multiplied with.

    Raises
    ------
    ProofError
        If no certificate is found; the message shows what is left over.

    Examples
    --------
    >>> from adlopt.proof.notation import le, reals
    >>> a, b = reals("a b")
    >>> fact = prove(le(2 * a * b, a**2 + b**2), squares=[a - b])
    >>> fact.hypotheses
    frozenset()
    """
    if not isinstance(goal, Formula):
        raise ProofError(f"{goal!r} is not a formula: build one with le, lt, eq, ge or gt")
    known = facts(*premises)
    roots, factors = [term(e) for e in squares], [term(e) for e in multipliers]
    if goal.relation is not Relation.EQ:
        return _certified(goal, known, degree, roots, factors)
    try:
        return _certified(goal, known, degree, roots, factors)
    except ProofError:
        if all(fact.conclusion.relation is Relation.EQ for fact in known):
            raise
    upper = goal._replace(relation=Relation.GE)
    sides = (_certified(side, known, degree, roots, factors) for side in (upper, negated(upper)))
    return kernel.antisymmetry(*sides)


def _certified(
    goal: Formula, known: list[Fact], degree: int, squares: list[Term], multipliers: list[Term]
) -> Fact:
    said = [fact.conclusion for fact in known]
    found = search(goal, said, degree=degree, squares=squares, multipliers=multipliers)
    used = sorted({i for p in found.products for i in p.premises} | {i for i, _ in found.multiples})
    place = {old: new for new, old in enumerate(used)}
    products = tuple(
        p._replace(premises=tuple(place[i] for i in p.premises)) for p in found.products
    )
    multiples = tuple((place[i], factor) for i, factor in found.multiples)
    return kernel.certify(goal, [known[i] for i in used], Combination(products, multiples))


def by_cases(goal: Formula, on: Expr | list[Expr], *premises: Premise, **how: Any) -> Fact:
    """Prove a goal separately for each sign of the expressions `on`.

    Examples
    --------
    >>> from adlopt.proof.notation import reals
    >>> from adlopt.proof.operations import absolute
    >>> x = reals("x")
    >>> fact = by_cases(ge(abs(x), x), x, absolute(x))
    """
    first, *rest = on if isinstance(on, list) else [on]
    left, right = ge(first, 0), ge(-first, 0)

    def case(sign: Formula) -> Fact:
        if rest:
            return by_cases(goal, rest, sign, *premises, **how)
        known = facts(sign, *premises)
        return prove(goal, known, resolve(goal, known), **how)

    return kernel.cases(case(left), case(right), left, right)


def by_contradiction(goal: Formula, *premises: Premise, **how: Any) -> Fact:
    """Prove a goal by showing that its denial and the premises give 0 > 0.

    Examples
    --------
    >>> from adlopt.proof.notation import reals
    >>> x, y = reals("x y")
    >>> fact = by_contradiction(ge(y, 0), ge(x * y, 0), gt(x, 0))
    """
    opposite = denial(goal)
    refuted = prove(gt(0, 0), opposite, *premises, **how)
    return kernel.cases(kernel.assume(goal), kernel.absurd(refuted, goal), goal, opposite)


def put(fact: Fact, changes: Mapping[Any, Any]) -> Fact:
    """Put expressions for symbols, and ``(indices, expression)`` for sequences.

    Examples
    --------
    >>> from adlopt.proof.notation import le, reals
    >>> a, b, c = reals("a b c")
    >>> fact = put(prove(le(2 * a * b, a**2 + b**2), squares=[a - b]), {b: c + 1})
    """
    return kernel.instantiate(fact, replacements(changes))


def put_formula(formula: Formula, changes: Mapping[Any, Expr]) -> Formula:
    """Put expressions for symbols in a formula."""
    return substitute(formula, replacements(changes))


def at(family: Premise, *values: Expr, using: Premise = ()) -> Fact:
    """Take a statement about every index at given indices, within its range."""
    fact = one_fact(family)
    for value in values:
        fact = kernel.specialise(fact, term(value))
    return discharge(fact, using)


def for_all(fact: Fact, index: Any, low: Expr, high: Expr) -> Fact:
    """State a fact for every low ≤ index ≤ high."""
    return kernel.generalise(fact, symbol_atom(index), term(low), term(high))


def discharge(fact: Fact, *support: Premise) -> Fact:
    """Remove the hypotheses that follow linearly from `support`, or from nothing at all."""
    known = facts(*support)
    kept = {f.conclusion for f in known if f.hypotheses == {f.conclusion}}
    for hypothesis in sorted(fact.hypotheses - kept, key=str):
        reason = _reason(hypothesis, known)
        if reason is not None:
            fact = kernel.cut(fact, reason)
    return fact


def _reason(hypothesis: Formula, known: list[Fact]) -> Fact | None:
    exact = next((fact for fact in known if fact.conclusion == hypothesis), None)
    if exact is not None or hypothesis.ranges:
        return exact
    if value_of(hypothesis.term) is None and not known:
        return None
    try:
        return prove(hypothesis, known, degree=1)
    except ProofError:
        return None


def induct(base: Fact, step: Fact, claim: Formula, n: Any, low: Expr, high: Expr) -> Fact:
    """Conclude a claim for every low ≤ n ≤ high from its base and its step."""
    return kernel.induction(base, step, claim, symbol_atom(n), (term(low), term(high)))


def resolve(goal: Formula, *premises: Premise) -> list[Fact]:
    """Say what each |·|, max and min in a goal is equal to, where the premises decide it linearly.

    Examples
    --------
    >>> from adlopt.proof.notation import eq, reals
    >>> x = reals("x")
    >>> resolve(eq(abs(x - 1), 0), ge(x, 2))
    [x ≥ 2 ⊢ x = 1 + |1 − x|]
    """
    known, found = facts(*premises), list[Fact]()
    for atom in _branching(goal.term):
        value = _branch(atom, [*known, *found])
        found += [value] if value is not None else []
    return found


def _branching(within: Term) -> list[Atom]:
    """Collect the atoms that have two branches, inner ones first."""
    found: dict[Atom, None] = {}
    for monomial in sorted((m for m, _, _ in within), key=order_of):
        for atom, _ in sorted(monomial, key=lambda part: order_of(frozenset({part}))):
            if atom.kind is not Kind.SUM:
                found |= dict.fromkeys(inner for arg in atom.args for inner in _branching(arg))
            if atom.kind in {Kind.ABS, Kind.MAX, Kind.MIN}:
                found[atom] = None
    return list(found)


def _branch(atom: Atom, known: list[Fact]) -> Fact | None:
    first = atom.args[0]
    second = scale(first, -1) if atom.kind is Kind.ABS else atom.args[1]
    for one, two in ((first, second), (second, first)):
        order = _reason(_order(atom.kind, one, two), known)
        if order is not None:
            changes = {_ONE: Replacement(one), _TWO: Replacement(two)}
            return kernel.cut(kernel.instantiate(_branch_lemma(atom.kind), changes), order)
    return None


_ONE, _TWO = Atom(Kind.REAL, "one"), Atom(Kind.REAL, "two")


def _order(kind: Kind, one: Term, two: Term) -> Formula:
    """State that the operation picks `one`; for an absolute value, that one ≥ 0 with two = −one."""
    if kind is Kind.ABS:
        return Formula(Relation.GE, one)
    return Formula(Relation.GE, subtract(two, one) if kind is Kind.MIN else subtract(one, two))


@cache
def _branch_lemma(kind: Kind) -> Fact:
    """From the order of its arguments follows the value of an operation."""
    one, two = of_atom(_ONE), of_atom(_TWO)
    args = (one,) if kind is Kind.ABS else (one, two)
    laws = [kernel.definition(kind, args, k) for k in range(1 + len(args))]
    upper = Formula(Relation.GE, subtract(one, apply(kind, *args)))
    known = [*laws, kernel.assume(_order(kind, one, two))]
    sides = [by_contradiction(side, known) for side in (upper, negated(upper))]
    return kernel.antisymmetry(*sides)
