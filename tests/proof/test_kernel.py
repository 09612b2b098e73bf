"""The kernel refuses what is not proved, however it is dressed up."""

import copy
import pickle
from fractions import Fraction

import pytest
import sympy
from sympy import Rational, Sum

from adlopt.errors import ProofError
from adlopt.proof import (
    Fact,
    at,
    by_cases,
    by_contradiction,
    empty,
    eq,
    every,
    facts,
    for_all,
    ge,
    gt,
    induct,
    integer_sequences,
    integers,
    kernel,
    last_term,
    le,
    lt,
    prove,
    put,
    reals,
    refutation,
    sequences,
    split,
    sum_up,
)
from adlopt.proof.formula import Formula, Relation
from adlopt.proof.kernel import Combination, Product
from adlopt.proof.ledger import open_ledger
from adlopt.proof.notation import symbol_atom, term
from adlopt.proof.term import Atom, Kind, Replacement

x, y, z = reals("x y z")
k, n, t, T = integers("k n t T")
D = sequences("D")
N = integer_sequences("N")
FALSE = gt(0, 0)


def fact(formula=None):
    return kernel.assume(formula or ge(x, 0))


# --- forging -------------------------------------------------------------------------------------


def conjured():
    return object.__new__(Fact)


def subclassed():
    class Mine(Fact):
        conclusion = FALSE
        hypotheses = frozenset()

    return object.__new__(Mine)


def disguised():
    class Mine:
        __class__ = Fact

    return Mine()


@pytest.mark.parametrize("forge", [conjured, subclassed, disguised, lambda: FALSE, lambda: None])
def test_forged_facts_are_refused_by_every_rule(forge):
    forged = forge()
    real = fact()
    uses = [
        lambda: kernel.weaken(forged, ge(x, 0)),
        lambda: kernel.cut(real, forged),
        lambda: kernel.cut(forged, real),
        lambda: kernel.certify(ge(x, 0), [forged], Combination((Product(1, (0,)),))),
        lambda: kernel.certify(ge(1, 0), [forged], Combination((Product(1),))),
        lambda: kernel.antisymmetry(forged, real),
        lambda: kernel.absurd(forged, FALSE),
        lambda: kernel.cases(forged, real, ge(x, 0), ge(-x, 0)),
        lambda: kernel.cases(real, forged, ge(x, 0), ge(-x, 0)),
        lambda: kernel.instantiate(forged, {}),
        lambda: kernel.generalise(forged, symbol_atom(t), term(1), term(T)),
        lambda: kernel.specialise(forged, term(1)),
        lambda: kernel.total(forged),
        lambda: kernel.induction(forged, real, ge(x, 0), symbol_atom(t), (term(1), term(T))),
        lambda: kernel.induction(real, forged, ge(x, 0), symbol_atom(t), (term(1), term(T))),
        lambda: kernel.next_integer(forged),
        lambda: kernel.congruence(forged, term(x), symbol_atom(x), (term(x), term(x))),
    ]
    for use in uses:
        with pytest.raises(ProofError, match="not made by the kernel"):
            use()


@pytest.mark.parametrize(
    "attempt",
    [
        lambda f: Fact(),
        lambda f: type(f)(),
        copy.copy,
        copy.deepcopy,
        pickle.dumps,
    ],
)
def test_facts_cannot_be_made_or_copied(attempt):
    with pytest.raises(ProofError):
        attempt(fact())


@pytest.mark.parametrize("name", ["conclusion", "hypotheses", "axioms", "anything"])
def test_facts_cannot_be_altered(name):
    real = fact()
    with pytest.raises(AttributeError):
        object.__setattr__(real, name, FALSE)
    assert real.conclusion == ge(x, 0)


def test_a_conjured_fact_says_nothing():
    with pytest.raises(ProofError):
        _ = conjured().conclusion


def test_facts_of_another_ledger_are_refused():
    record, _ = open_ledger(Fact, kernel.Sequent, lambda value: value)
    forge = record(lambda: kernel.Sequent(frozenset(), FALSE, frozenset(), "forged", ()))
    with pytest.raises(ProofError, match="not made by the kernel"):
        _ = forge().conclusion
    with pytest.raises(ProofError, match="not made by the kernel"):
        kernel.weaken(forge(), ge(x, 0))


@pytest.mark.parametrize("module", [kernel, refutation])
def test_nothing_that_writes_a_ledger_is_left_in_the_module(module):
    record, _ = open_ledger(Fact, kernel.Sequent, lambda value: value)
    assert record.__qualname__ not in {
        getattr(v, "__qualname__", "") for v in vars(module).values()
    }


# --- false certificates --------------------------------------------------------------------------


class TwoFaced(tuple):
    """Says something else each time it is read."""

    __slots__ = ()
    reads = 0

    def __iter__(self):
        TwoFaced.reads += 1
        return iter((Product(1, (0,)),)) if TwoFaced.reads == 1 else iter(())

    def __bool__(self):
        return False


@pytest.mark.parametrize(
    ("goal", "premises", "certificate"),
    [
        (ge(x, 1), [ge(x, 0)], Combination((Product(1, (0,)),))),
        (ge(-x, 0), [ge(x, 0)], Combination((Product(-1, (0,)),))),
        (eq(x, 0), [ge(x, 0)], Combination((Product(1, (0,)),))),
        (eq(x, 0), [ge(x, 0)], Combination((), ((0, term(1)),))),
        (ge(x, 0), [ge(x, 0)], Combination((Product(1.0, (0,)),))),
        (ge(x, 0), [ge(x, 0)], Combination((Product(True, (0,)),))),
        (ge(x, 0), [ge(x, 0)], Combination((Product(1, (1,)),))),
        (ge(x, 0), [ge(-x, 0), ge(x, 0)], Combination((Product(1, (-1,)),))),
        (ge(x, 0), [ge(x, 0)], Combination((Product(1, (True,)),))),
        (gt(x, 0), [ge(x, 0)], Combination((Product(1, (0,)),))),
        (gt(x**2, 0), [gt(1, 0)], Combination((Product(1, (0,), term(x)),))),
        (gt(x * y, 0), [gt(x, 0), ge(y, 0)], Combination((Product(1, (0, 1)),))),
        (gt(x, 0), [ge(x, 0)], Combination((Product(1, (0,)), Product(0)))),
        (ge(-(x**2), 0), [eq(x, 0)], Combination((Product(1, (0,), term(x)),))),
        (eq(x, 0), [ge(x, 0)], Combination(TwoFaced([Product(1, (0,))]))),
        (ge(x, 0), [every(t, 1, T, ge(x, 0))], Combination((Product(1, (0,)),))),
        (every(t, 1, T, ge(x, 0)), [ge(x, 0)], Combination((Product(1, (0,)),))),
        (ge(x, 0), [ge(x, 0)], ((Product(1, (0,)),), ())),
    ],
)
def test_false_certificates_are_refused(goal, premises, certificate):
    with pytest.raises(ProofError):
        kernel.certify(goal, [kernel.assume(p) for p in premises], certificate)


def test_premises_that_change_between_reads_cannot_lose_hypotheses():
    class Vanishing(list):
        reads = 0

        def __iter__(self):
            Vanishing.reads += 1
            return super().__iter__() if Vanishing.reads == 1 else iter(())

    reached = kernel.certify(ge(x, 0), Vanishing([fact()]), Combination((Product(1, (0,)),)))
    assert reached.hypotheses == {ge(x, 0)}


def test_the_leftover_is_in_the_error():
    with pytest.raises(ProofError, match="left over: −1"):
        kernel.certify(ge(x, 1), [fact()], Combination((Product(1, (0,)),)))


def test_hypotheses_of_unused_premises_are_kept_by_the_kernel():
    reached = kernel.certify(ge(1, 0), [fact()], Combination((Product(1),)))
    assert reached.hypotheses == {ge(x, 0)}


# --- terms ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "entry",
    [
        0.5,
        0.1 * x,
        sympy.Float(1) + x,
        sympy.pi,
        sympy.I,
        sympy.oo,
        sympy.nan,
        sympy.zoo,
        sympy.Symbol("x"),
        sympy.Symbol("x", positive=True),
        sympy.Symbol("#0", integer=True),
        sympy.Dummy("x", real=True),
        sympy.Function("D")(t),
        sympy.Function("D", positive=True)(t),
        2**x,
        x ** Rational(1, 3),
        sympy.exp(x),
        sympy.Sum(x, (x, 1, T)),
        sympy.Sum(t, (t, 1, T / 2)),
        sympy.Sum(t, (t, 1, sympy.oo)),
        x > 0,
        "x",
        None,
    ],
)
def test_notation_refuses_what_the_kernel_has_no_word_for(entry):
    with pytest.raises(ProofError):
        ge(entry, 0)


ATOM = Atom(Kind.REAL, "x")


class Name(str):
    __slots__ = ()


@pytest.mark.parametrize(
    "bad",
    [
        frozenset({(frozenset(), 1.0, 1)}),
        frozenset({(frozenset(), True, 1)}),
        frozenset({(frozenset(), 1, 0)}),
        frozenset({(frozenset(), 2, 2)}),
        frozenset({(frozenset(), 1, -1)}),
        frozenset({(frozenset(), 0, 1)}),
        frozenset({(frozenset({(ATOM, 0)}), 1, 1)}),
        frozenset({(frozenset({(ATOM, -1)}), 1, 1)}),
        frozenset({(frozenset({((Kind.REAL, "x", ()), 1)}), 1, 1)}),
        frozenset({(frozenset({(Atom(Kind.REAL, Name("x")), 1)}), 1, 1)}),
        frozenset({(frozenset({(Atom(Kind.INTEGER, "#0"), 1)}), 1, 1)}),
        frozenset({(frozenset({(Atom(Kind.INTEGER, "@0"), 1)}), 1, 1)}),
        frozenset({(frozenset({(Atom(Kind.REAL, "x", (term(1),)), 1)}), 1, 1)}),
        frozenset({(frozenset({(Atom(Kind.ABS, "", ()), 1)}), 1, 1)}),
        frozenset({(frozenset({(Atom(Kind.SUM, "t", (term(1), term(T), term(D(t)))), 1)}), 1, 1)}),
        frozenset({(frozenset({(Atom(Kind.INVERSE, "", (term(2),)), 1)}), 1, 1)}),
        type("Mine", (frozenset,), {})(term(x)),
        term(x) | {"rubbish"},
        set(term(x)),
    ],
)
def test_malformed_terms_are_refused(bad):
    with pytest.raises(ProofError):
        kernel.assume(Formula(Relation.GE, bad))


@pytest.mark.parametrize(
    "bad",
    [
        (Relation.GE, term(x), ()),
        Formula("≥", term(x)),
        Formula(Relation.GE, term(x), ((term(1),),)),
        Formula(Relation.GE, term(x), ((term(x), term(T)),)),
        Formula(Relation.GE, term(x), ((term(Rational(1, 2)), term(T)),)),
    ],
)
def test_malformed_formulas_are_refused(bad):
    with pytest.raises(ProofError):
        kernel.assume(bad)


def test_what_a_rule_gets_is_a_plain_copy():
    ranges = [(term(1), term(T))]
    given = Formula(Relation.GE, term(x), ranges)
    fact = kernel.assume(given)
    ranges.clear()
    assert fact.conclusion == Formula(Relation.GE, term(x), ((term(1), term(T)),))


def test_terms_that_differ_in_bound_names_only_are_identical():
    assert term(Sum(D(t), (t, 1, T))) == term(Sum(D(k), (k, 1, T)))
    assert term(Sum(D(t), (t, 1, t))) == term(Sum(D(k), (k, 1, t)))
    assert term(Sum(D(t + k), (t, 1, T))) != term(Sum(D(t + t), (t, 1, T)))


def test_sums_are_linear_by_normal_form():
    left = term(Sum(2 * x * D(t) - D(t) ** 2, (t, 1, T)))
    assert left == term(2 * x * Sum(D(t), (t, 1, T)) - Sum(D(t) ** 2, (t, 1, T)))


def test_huge_rationals_are_exact():
    tiny = Fraction(1, 10**400)
    with pytest.raises(ProofError):
        prove(ge(x, 1 + Rational(1, 10**400)), ge(x, 1))
    goal, premise = ge(x, 1), ge(x, 1 + tiny)
    certificate = Combination((Product(1, (0,)), Product(tiny)))
    assert kernel.certify(goal, [kernel.assume(premise)], certificate).conclusion == goal
    short = Combination((Product(1, (0,)), Product(tiny - Fraction(1, 10**900))))
    with pytest.raises(ProofError):
        kernel.certify(goal, [kernel.assume(premise)], short)


# --- variables -----------------------------------------------------------------------------------


def test_substitution_reaches_the_hypotheses():
    assert put(prove(ge(x, 0), ge(x, 1)), {x: y}).hypotheses == {ge(y, 1)}


def test_substitution_is_simultaneous():
    assert put(fact(ge(x, y)), {x: y, y: x}).conclusion == ge(y, x)


def test_substitution_does_not_capture_a_summation_index():
    inner = fact(ge(Sum(D(t) * x, (t, 1, T)), 0))
    assert put(inner, {x: t}).conclusion == ge(t * Sum(D(k), (k, 1, T)), 0)
    nested = fact(ge(Sum(D(t + n), (t, 1, T)), 0))
    assert put(nested, {n: t}).conclusion == ge(Sum(D(k + t), (k, 1, T)), 0)


def test_substitution_of_a_sum_into_a_sum_does_not_capture():
    inner = fact(ge(Sum(D(t + n), (t, 1, T)), 0))
    put_in = put(inner, {n: Sum(N(k), (k, 1, T))})
    assert put_in.conclusion == ge(Sum(D(t + Sum(N(k), (k, 1, T))), (t, 1, T)), 0)
    swapped = put(fact(ge(Sum(D(t), (t, 1, T)), 0)), {D: (k, Sum(x * N(k + t), (t, 1, n)))})
    assert swapped.conclusion == ge(Sum(Sum(x * N(k + t), (t, 1, n)), (k, 1, T)), 0)


def test_substitution_does_not_capture_a_quantified_index():
    family = fact(every(t, 1, T, ge(D(t), x)))
    assert put(family, {x: t}).conclusion == every(k, 1, T, ge(D(k), t))


def test_a_bound_index_cannot_be_substituted():
    family = fact(every(t, 1, T, ge(D(t), 0)))
    assert put(family, {t: 5}).conclusion == family.conclusion
    with pytest.raises(ProofError, match="reserved"):
        kernel.instantiate(family, {Atom(Kind.INTEGER, "@0"): Replacement(term(5))})


@pytest.mark.parametrize("value", [Rational(1, 2), x, n / 2, D(1), sympy.sqrt(n), 1 / n])
def test_integers_are_replaced_by_integers_only(value):
    with pytest.raises(ProofError, match="integer"):
        put(fact(ge(n, 0)), {n: value})


def test_integer_sequences_are_replaced_by_integers_only():
    half = prove(ge(N(x) + 1, 1), ge(N(x), 0))
    with pytest.raises(ProofError, match="integer"):
        put(half, {N: (t, t)})


def test_generalising_needs_a_variable_that_is_free_nowhere_else():
    with pytest.raises(ProofError, match="free in another hypothesis"):
        for_all(fact(ge(D(t), 0)), t, 1, T)
    with pytest.raises(ProofError, match="free in another hypothesis"):
        for_all(prove(ge(t, 2), ge(t, 2)), t, 1, T)
    assert for_all(prove(ge(t, 0), ge(t, 1)), t, 1, T).hypotheses == frozenset()


def test_a_range_cannot_mention_its_own_index():
    with pytest.raises(ProofError):
        for_all(prove(ge(1, 0)), t, 1, t)
    with pytest.raises(ProofError):
        every(t, t, T, ge(D(t), 0))
    with pytest.raises(ProofError):
        split(t, 1, t, T, D(t))


def test_generalising_a_real_symbol_is_refused():
    with pytest.raises(ProofError):
        for_all(prove(ge(x**2, 0), squares=[x]), x, 1, T)


def test_specialising_keeps_the_range_as_a_hypothesis():
    family = fact(every(t, 1, T, ge(D(t), 0)))
    reached = at(family, n)
    assert reached.hypotheses == {every(t, 1, T, ge(D(t), 0)), ge(n, 1), le(n, T)}
    with pytest.raises(ProofError):
        at(family, Rational(3, 2))
    with pytest.raises(ProofError):
        at(family, x)


def test_nested_ranges_keep_their_order():
    square = every(t, 1, T, every(k, 1, t, ge(D(t - k), 0)))
    reached = at(kernel.assume(square), 5, using=ge(T, 5))
    assert reached.conclusion == every(k, 1, 5, ge(D(5 - k), 0))
    with pytest.raises(ProofError):
        kernel.total(kernel.total(kernel.total(kernel.assume(square))))


def test_hypotheses_are_discharged_only_by_what_they_say():
    reached = kernel.cut(prove(ge(x, 0), ge(x, 1)), fact(ge(x, 2)))
    assert reached.hypotheses == {ge(x, 1), ge(x, 2)}


# --- sums, induction, cases ----------------------------------------------------------------------


def test_a_sum_of_strict_inequalities_may_be_empty():
    reached = sum_up(every(t, 1, T, gt(D(t), 0)))
    assert reached.conclusion == ge(Sum(D(t), (t, 1, T)), 0)


def test_splitting_a_sum_needs_the_middle_inside():
    assert split(t, 1, n, T, D(t)).hypotheses == {ge(n + 1, 1), ge(T, n)}


def test_the_last_term_needs_a_sum_that_is_not_empty():
    assert last_term(t, 1, T, D(t)).hypotheses == {ge(T, 1)}
    assert empty(t, 1, D(t)).conclusion == eq(Sum(D(t), (t, 1, 0)), 0)


def test_sums_are_swapped_over_two_different_indices():
    ranges = [(term(1), term(1)), (term(1), term(2))]
    with pytest.raises(ProofError, match="different indices"):
        kernel.swap_sums(symbol_atom(t), symbol_atom(t), ranges, term(t))
    dependent = [(term(1), term(n)), (term(1), term(t))]
    with pytest.raises(ProofError, match="mentions"):
        kernel.swap_sums(symbol_atom(t), symbol_atom(k), dependent, term(D(t + k)))


def test_induction_needs_its_base_and_its_step():
    claim = ge(D(n), 0)
    step = prove(ge(D(n + 1), 0), ge(D(n), 0), eq(D(n + 1), D(n)))
    family = at(every(t, 1, T - 1, eq(D(t + 1), D(t))), n, using=[ge(n, 1), le(n + 1, T)])
    good = kernel.cut(step, family)
    base = fact(ge(D(1), 0))
    assert induct(base, good, claim, n, 1, T).conclusion == every(n, 1, T, claim)
    with pytest.raises(ProofError, match="base"):
        induct(fact(ge(D(0), 0)), good, claim, n, 1, T)
    with pytest.raises(ProofError, match="step"):
        induct(base, fact(ge(D(n), 0)), claim, n, 1, T)
    with pytest.raises(ProofError, match="free in another hypothesis"):
        induct(base, step, claim, n, 1, T)
    with pytest.raises(ProofError, match="free in another hypothesis"):
        induct(kernel.weaken(base, ge(n, 5)), good, claim, n, 1, T)


def test_an_index_outside_the_induction_is_not_covered():
    claim = ge(D(n), 0)
    late = prove(
        ge(D(n + 1), 0), at(every(t, 1, T, ge(D(t), 0)), n + 1, using=[ge(n, 0), le(n + 1, T)])
    )
    with pytest.raises(ProofError, match="free in another hypothesis"):
        induct(fact(ge(D(1), 0)), late, claim, n, 1, T)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (gt(x, 0), gt(-x, 0)),
        (ge(x, 1), ge(-x, 0)),
        (ge(x, 0), ge(x, 0)),
        (eq(x, 0), gt(-x, 0)),
        (ge(x, 0), eq(x, 0)),
        (ge(x, 0), ge(-y, 0)),
        (every(t, 1, T, ge(x, 0)), ge(-x, 0)),
    ],
)
def test_cases_have_to_be_exhaustive(left, right):
    goal = ge(y, 0)
    one, two = (kernel.weaken(fact(goal), side) for side in (left, right))
    with pytest.raises(ProofError, match="exhaustive"):
        kernel.cases(one, two, left, right)


def test_cases_have_to_agree():
    with pytest.raises(ProofError, match="same conclusion"):
        kernel.cases(fact(ge(x, 0)), fact(ge(-x, 0)), ge(x, 0), ge(-x, 0))


def test_only_contradictions_prove_everything():
    for formula in (ge(0, 0), eq(0, 0), gt(1, 0), ge(x, 0), every(t, 1, 0, FALSE)):
        with pytest.raises(ProofError, match="not a contradiction"):
            kernel.absurd(kernel.assume(formula), FALSE)
    assert kernel.absurd(kernel.assume(ge(-1, 0)), eq(x, y)).hypotheses == {ge(-1, 0)}


# --- operations ----------------------------------------------------------------------------------


def test_reciprocals_and_roots_carry_their_conditions():
    inverse = kernel.definition(Kind.INVERSE, [term(x)], 0)
    assert inverse.hypotheses == {gt(x**2, 0)}
    assert kernel.definition(Kind.SQRT, [term(x)], 1).hypotheses == {ge(x, 0)}
    at_zero = put(inverse, {x: 0})
    assert at_zero.hypotheses == {gt(0, 0)}
    inverse = kernel.definition(Kind.INVERSE, [term(x - y)], 0)
    assert put(inverse, {x: y}).hypotheses == {gt(0, 0)}


def test_division_by_a_term_of_unknown_sign_does_not_close():
    with pytest.raises(ProofError):
        by_contradiction(ge(y, 0), ge(x * y, 0), ge(x, 0))
    with pytest.raises(ProofError):
        prove(eq(y, 0), eq(x * y, 0))


def test_only_defined_operations_have_definitions():
    for kind in (Kind.SUM, Kind.REAL, Kind.SEQUENCE):
        with pytest.raises(ProofError):
            kernel.definition(kind, [term(x)], 0)
    with pytest.raises(ProofError):
        kernel.definition(Kind.MAX, [term(x)], 0)


def test_integers_are_strengthened_only_if_integral_by_form():
    assert kernel.next_integer(fact(gt(n, k))).conclusion == ge(n, k + 1)
    for formula in (
        gt(x, 0),
        gt(n / 2, 0),
        ge(n, 0),
        gt(D(n), 0),
        eq(n, 0),
        every(t, 1, T, gt(n, 0)),
    ):
        with pytest.raises(ProofError):
            kernel.next_integer(kernel.assume(formula))


def test_congruence_needs_the_very_equation():
    equation = fact(eq(n, k))
    reached = kernel.congruence(equation, term(D(t)), symbol_atom(t), (term(n), term(k)))
    assert reached.conclusion == eq(D(n), D(k))
    with pytest.raises(ProofError):
        kernel.congruence(equation, term(D(t)), symbol_atom(t), (term(n), term(k + 1)))
    with pytest.raises(ProofError):
        kernel.congruence(fact(ge(n, k)), term(D(t)), symbol_atom(t), (term(n), term(k)))
    with pytest.raises(ProofError, match="integer"):
        kernel.congruence(fact(eq(n, x)), term(D(t)), symbol_atom(t), (term(n), term(x)))


def test_axioms_stay_with_what_depends_on_them():
    taken = kernel.axiom("Hoeffding's lemma", "[Hoeffding 1963]", [], ge(x, 0))
    reached = by_cases(ge(x + 1, 0), x, taken)
    summed = put(kernel.weaken(reached, lt(x, 5)), {x: y})
    assert {a.name for a in summed.axioms} == {"Hoeffding's lemma"}
    with pytest.raises(ProofError):
        kernel.axiom("", "", [], FALSE)


@pytest.mark.parametrize(
    "attempt",
    [
        lambda: facts("abc"),
        lambda: facts([[("a",)]]),
        lambda: prove(ge(x, 0), 5),
        lambda: prove(5, ge(x, 0)),
        lambda: prove("x", ge(x, 0)),
        lambda: at([], 1),
        lambda: at([ge(x, 0), ge(y, 0)], 1),
        lambda: sum_up([]),
        lambda: put(fact(), {"x": 1}),
        lambda: put(fact(), {D: 1}),
        lambda: for_all(fact(), 5, 1, 2),
    ],
)
def test_what_is_no_statement_or_symbol_is_one_clear_error(attempt):
    with pytest.raises(ProofError):
        attempt()
