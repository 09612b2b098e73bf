"""Facts made by random rules from random claims hold wherever they are evaluated."""

import os
from fractions import Fraction
from random import Random, SystemRandom

import pytest
from hypothesis import given, strategies as st
from tiers import examples

from adlopt.errors import ProofError
from adlopt.proof import kernel
from adlopt.proof.formula import Formula, Relation, quantify, substitute
from adlopt.proof.kernel import Combination, Product
from adlopt.proof.refutation import evaluate, holds
from adlopt.proof.term import (
    ONE,
    ZERO,
    Atom,
    Kind,
    Replacement,
    add,
    apply,
    constant,
    is_integral,
    multiply,
    of_atom,
    product,
    scale,
    subtract,
    summation,
    value_of,
)

REALS = [Atom(Kind.REAL, name) for name in "xy"]
INTEGERS = [Atom(Kind.INTEGER, name) for name in "nm"]
FAMILY = Atom(Kind.SEQUENCE, "D")
INDICES = range(-30, 31)


def number(rng):
    return rng.choice([Fraction(0), Fraction(1), Fraction(-1), Fraction(2), Fraction(-1, 2)])


def integral(rng):
    base = constant(rng.randint(-2, 2))
    return add(base, of_atom(rng.choice(INTEGERS))) if rng.random() < 0.6 else base


def some_term(rng, depth=2):  # noqa: PLR0911
    roll = rng.random()
    if depth == 0 or roll < 0.2:
        return constant(number(rng))
    if roll < 0.4:
        return of_atom(rng.choice(REALS + INTEGERS))
    if roll < 0.55:
        return apply(FAMILY.kind, integral(rng), name=FAMILY.name)
    if roll < 0.65:
        return summation(
            rng.choice(INTEGERS), integral(rng), integral(rng), some_term(rng, depth - 1)
        )
    if roll < 0.75:
        kind = rng.choice([Kind.ABS, Kind.FLOOR])
        return apply(kind, some_term(rng, depth - 1))
    if roll < 0.8:
        return apply(rng.choice([Kind.MAX, Kind.MIN]), some_term(rng, 1), some_term(rng, 1))
    operation = rng.choice([add, multiply])
    return operation(some_term(rng, depth - 1), some_term(rng, depth - 1))


def some_formula(rng):
    formula = Formula(rng.choice(list(Relation)), some_term(rng))
    if rng.random() < 0.4:
        variable = rng.choice(INTEGERS)
        other = next(v for v in INTEGERS if v != variable)
        ends = [constant(rng.randint(-1, 2)), add(of_atom(other), constant(rng.randint(-1, 1)))]
        formula = quantify(formula, variable, *ends)
    return formula


def some_certificate(rng, premises):
    parts, total = [], ZERO
    multiples = []
    for _ in range(rng.randint(0, 3)):
        chosen = tuple(rng.randrange(len(premises)) for _ in range(rng.randint(0, 2)))
        square = some_term(rng, 1) if rng.random() < 0.4 else None
        weight = abs(number(rng)) if rng.random() < 0.9 else number(rng)
        parts.append(Product(weight, chosen, square))
        squares = [square, square] if square is not None else []
        terms = [premises[i].conclusion.term for i in chosen] + squares
        total = add(total, scale(product(terms), weight))
    if rng.random() < 0.5:
        position, factor = rng.randrange(len(premises)), some_term(rng, 1)
        multiples.append((position, factor))
        total = add(total, multiply(premises[position].conclusion.term, factor))
    return total, Combination(tuple(parts), tuple(multiples))


def certified(rng, pool):
    premises = [rng.choice(pool) for _ in range(2)]
    total, certificate = some_certificate(rng, premises)
    slip = constant(number(rng)) if rng.random() < 0.3 else ZERO
    goal = Formula(rng.choice(list(Relation)), add(total, slip))
    return kernel.certify(goal, premises, certificate)


def swapped(rng, pool):
    a, b = REALS, INTEGERS
    changes = {
        rng.choice(a): Replacement(some_term(rng)),
        rng.choice(b): Replacement(integral(rng)),
    }
    if rng.random() < 0.4:
        changes[FAMILY] = Replacement(some_term(rng), (rng.choice(INTEGERS),))
    return kernel.instantiate(rng.choice(pool), changes)


def split_cases(rng, pool):
    fact = rng.choice(pool)
    pivot = rng.choice([*fact.hypotheses, some_formula(rng)])
    other = Formula(rng.choice(list(Relation)), scale(pivot.term, rng.choice([-1, -1, 1])))
    twin = next((f for f in pool if f.conclusion == fact.conclusion and f is not fact), fact)
    return kernel.cases(fact, twin, pivot, other)


def generalised(rng, pool):
    variable = rng.choice(INTEGERS)
    return kernel.generalise(
        rng.choice(pool), variable, constant(rng.randint(-1, 1)), integral(rng)
    )


def inducted(rng, pool):
    base, step = rng.choice(pool), rng.choice(pool)
    variable = rng.choice(INTEGERS)
    return kernel.induction(base, step, base.conclusion, variable, (integral(rng), integral(rng)))


def defined(rng, _):
    kind = rng.choice([Kind.ABS, Kind.FLOOR, Kind.MAX, Kind.MIN, Kind.INVERSE])
    arity = 2 if kind in {Kind.MAX, Kind.MIN} else 1
    return kernel.definition(kind, [some_term(rng) for _ in range(arity)], rng.randrange(2))


def summed(rng, _):
    variable, body = rng.choice(INTEGERS), some_term(rng)
    a, b, c = integral(rng), integral(rng), integral(rng)
    return rng.choice(
        [
            lambda: kernel.split_sum(variable, (a, b, c), body),
            lambda: kernel.single_sum(variable, a, body),
            lambda: kernel.shift_sum(variable, (a, b), body, c),
            lambda: kernel.swap_sums(
                variable,
                rng.choice(INTEGERS),
                [(constant(-1), constant(rng.randint(0, 2))), (constant(0), constant(2))],
                body,
            ),
        ]
    )()


def counted_up(rng, _):
    """Induct on a polynomial in n, with steps that may be short, negative or hypothetical."""
    n = rng.choice(INTEGERS)
    claim = add(of_atom(n), constant(rng.randint(-2, 2)))
    claim = multiply(claim, add(of_atom(n), constant(number(rng)))) if rng.random() < 0.5 else claim
    claim = Formula(Relation.GE, scale(claim, number(rng)))
    low, high = constant(rng.randint(-2, 1)), integral(rng)
    first = rng.choice([low, constant(rng.randint(-2, 2))])
    base = substitute(claim, {n: Replacement(first)})
    after = substitute(claim, {n: Replacement(add(of_atom(n), ONE))})
    rise = subtract(after.term, claim.term)
    started = kernel.certify(base, [], Combination((Product(value_of(base.term)),)))
    size = value_of(rise)
    if size is None:
        more = kernel.assume(Formula(Relation.GE, rise))
        sizes = (Product(1, (0,)), Product(1, (1,)))
        step = kernel.certify(after, [kernel.assume(claim), more], Combination(sizes))
    else:
        sizes = (Product(1, (0,)), Product(size))
        step = kernel.certify(after, [kernel.assume(claim)], Combination(sizes))
    return kernel.induction(started, step, claim, n, (low, high))


def congruent(rng, pool):
    variable = rng.choice(REALS + INTEGERS)
    draw = some_term if variable in REALS else integral
    left, right = draw(rng), draw(rng)
    equal = [fact for fact in pool if fact.conclusion.relation is Relation.EQ]
    made = rng.choice([*equal, kernel.assume(Formula(Relation.EQ, subtract(left, right)))])
    return kernel.congruence(made, some_term(rng), variable, (left, right))


RULES = [
    counted_up,
    congruent,
    certified,
    certified,
    swapped,
    split_cases,
    generalised,
    generalised,
    inducted,
    defined,
    summed,
    lambda rng, pool: kernel.assume(some_formula(rng)),
    lambda rng, pool: kernel.cut(rng.choice(pool), rng.choice(pool)),
    lambda rng, pool: kernel.weaken(rng.choice(pool), some_formula(rng)),
    lambda rng, pool: kernel.specialise(rng.choice(pool), integral(rng)),
    lambda rng, pool: kernel.total(rng.choice(pool)),
    lambda rng, pool: kernel.antisymmetry(rng.choice(pool), rng.choice(pool)),
    lambda rng, pool: kernel.absurd(rng.choice(pool), some_formula(rng)),
    lambda rng, pool: kernel.next_integer(rng.choice(pool)),
]


def some_point(rng):
    values = {atom: number(rng) for atom in REALS}
    values |= {atom: Fraction(rng.randint(-2, 2)) for atom in INTEGERS}
    return values | {FAMILY: {(Fraction(i),): number(rng) for i in INDICES}}


def refuted(fact, point):
    """Say whether the point satisfies the hypotheses and violates the conclusion."""
    try:
        return all(holds(h, point) for h in fact.hypotheses) and not holds(fact.conclusion, point)
    except ProofError:
        return False


def build(rng, rules, steps=40):
    pool = [kernel.assume(some_formula(rng)) for _ in range(3)]
    made = {}
    for _ in range(steps):
        rule = rng.choice(rules)
        try:
            pool.append(rule(rng, pool))
        except ProofError:
            continue
        made[rule] = made.get(rule, 0) + 1
    return pool, made


NIGHTLY = bool(os.environ.get("ADLOPT_NIGHTLY"))
STEPS = 40


def sound(seed):
    rng = Random(seed)
    pool, _ = build(rng, RULES, STEPS)
    points = [some_point(rng) for _ in range(6)]
    for fact in pool:
        assert not any(refuted(fact, point) for point in points), (seed, fact)


@examples(25)
@given(st.integers(0, 10**9))
def test_random_derivations_never_prove_what_fails(seed):
    sound(seed)


@pytest.mark.skipif(not NIGHTLY, reason="ADLOPT_NIGHTLY asks for it")
def test_a_hundred_thousand_random_steps_never_prove_what_fails():
    first = SystemRandom().randrange(10**12)
    for seed in range(first, first + 100_000 // STEPS):
        sound(seed)


def test_random_inductions_close_and_are_refused():
    made, refused = [], 0
    for seed in range(400):
        rng = Random(seed)
        try:
            made.append(counted_up(rng, []))
        except ProofError:
            refused += 1
    assert len(made) > 20
    assert refused > 100
    rng = Random(7)
    assert not any(refuted(fact, some_point(rng)) for fact in made for _ in range(10))


def test_the_fuzzer_uses_most_rules_and_its_points_satisfy_hypotheses():
    used, reached = set(), 0
    for seed in range(40):
        rng = Random(seed)
        pool, made = build(rng, RULES)
        used |= set(made)
        point = some_point(rng)
        for fact in pool:
            try:
                reached += all(holds(h, point) for h in fact.hypotheses)
            except ProofError:
                continue
    assert len(used) >= 14
    assert reached > 100


def test_the_fuzzer_would_notice_an_unsound_rule():
    """A rule that forgets hypotheses is caught: pretend each fact has none."""
    caught = 0
    for seed in range(20):
        rng = Random(seed)
        pool, _ = build(rng, RULES)
        point = some_point(rng)
        for fact in pool:
            try:
                caught += not holds(fact.conclusion, point)
            except ProofError:
                continue
    assert caught > 20


def test_integral_terms_have_integer_values():
    rng = Random(3)
    seen = 0
    for _ in range(3000):
        term = some_term(rng)
        if is_integral(term):
            try:
                value = evaluate(term, some_point(rng))
            except ProofError:
                continue
            assert value.denominator == 1
            seen += 1
    assert seen > 50
