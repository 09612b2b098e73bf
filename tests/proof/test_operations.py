"""The laws of an operation are about what the notation reads, however sympy takes it apart."""

import pytest
from sympy import Add, Integer, ceiling, floor, sqrt, sympify

from adlopt.errors import ProofError
from adlopt.proof import (
    absolute,
    eq,
    floor_of,
    ge,
    gt,
    integer_sequences,
    integers,
    le,
    lt,
    maximum,
    minimum,
    reals,
    reciprocal,
    root,
    sequences,
)
from adlopt.proof.formula import Formula, Relation
from adlopt.proof.notation import term
from adlopt.proof.term import ONE, multiply, subtract

x, y, a, b = reals("x y a b")
n = integers("n")
POSITIVE = (gt(a, 0), gt(b, 0))


def said(facts):
    return {fact.conclusion for fact in facts}


def squared(expression):
    """Square an expression before sympy can make √x² to x."""
    return multiply(term(expression), term(expression))


def equal(left, right):
    return Formula(Relation.EQ, subtract(left, right))


@pytest.mark.parametrize(
    "e", [x, -x, 2 * x, -3 * x / 2, x * y, 2 * x + 2 * y, x**2, x**3, x**2 * y, abs(x), 5, -5, 0]
)
def test_an_absolute_value_is_what_it_reads_as(e):
    assert said(absolute(e)) == {
        ge(abs(e), 0),
        equal(squared(abs(e)), squared(e)),
        ge(abs(e), e),
        ge(abs(e), -e),
    }
    assert not any(fact.hypotheses for fact in absolute(e))


@pytest.mark.parametrize("e", [x, x / 2, n + x, n + 1 - x, 2 * n, x + 1, -x, -ceiling(x)])
def test_a_floor_is_what_it_reads_as(e):
    assert said(floor_of(e)) == {le(floor(e), e), lt(e, floor(e) + 1)}


@pytest.mark.parametrize("e", [a, 4 * a, 2 * a, a / 4, a * b, 4, 2, a + b, a**2 * b])
def test_a_root_is_what_it_reads_as(e):
    found = root(e, *POSITIVE, gt(a * b, 0), gt(a**2 * b, 0))
    assert {ge(sqrt(e), 0), equal(squared(sqrt(e)), term(e))} <= said(found)


@pytest.mark.parametrize(
    "e", [a, 2 * a, a * b, 3 * a * b, a * (x + y), a**2, sqrt(4 * a), a / b, Integer(3)]
)
def test_a_reciprocal_is_what_it_reads_as(e):
    known = [*POSITIVE, gt(x + y, 0), gt(a * (x + y), 0), gt(sqrt(a), 0), reciprocal(b, gt(b, 0))]
    inverse, positive = reciprocal(e, *known)
    assert inverse.conclusion.term == subtract(multiply(term(e), term(1 / e)), ONE)
    assert positive.conclusion == gt(1 / e, 0)


def test_a_reciprocal_needs_no_more_than_its_argument_above_zero():
    inverse, _ = reciprocal(a * b, gt(a * b, 0))
    assert inverse.hypotheses == {gt(a * b, 0)}
    for e, known in ((a * b, ()), (a * b, (gt(a, 0),)), (2 * a, (ge(a, 0),)), (a - a, ())):
        with pytest.raises(ProofError):
            reciprocal(e, *known)


@pytest.mark.parametrize("e", [x**2, 4 * x**2, x**4, x**2 * a, a**3, 0])
def test_a_root_of_squares_needs_only_the_rest_not_negative(e):
    found = root(e, ge(a, 0))
    assert {ge(sqrt(e), 0), equal(squared(sqrt(e)), term(e))} <= said(found)


def test_a_reciprocal_of_a_root_is_that_of_its_argument():
    root_of_a = sqrt(a)
    inverse, _ = reciprocal(root_of_a, gt(root_of_a, 0))
    assert inverse.hypotheses == {gt(root_of_a, 0)}


@pytest.mark.parametrize("e", [a, a + 1, 2 * abs(x), 0])
def test_an_extremum_of_equals_is_what_it_reads_as(e):
    same = Add(*reversed(Add.make_args(sympify(e))), evaluate=False)
    assert said(maximum(e, same)) == said(minimum(e, same)) == {ge(e, e), eq(e, e)}


@pytest.mark.parametrize("e", [4 * a, a, 2 * a])
def test_a_root_needs_what_is_below_it_not_negative(e):
    with pytest.raises(ProofError):
        root(e)


@pytest.mark.parametrize("declare", [reals, integers, sequences, integer_sequences])
@pytest.mark.parametrize("name", ["max", "min", "abs", "floor", "sqrt", "Σ", "x max"])
def test_names_of_operations_are_reserved(declare, name):
    with pytest.raises(ProofError, match="reserved: it reads as the operation"):
        declare(name)


def test_a_name_that_only_contains_one_is_free():
    assert str(ge(reals("α_max"), 0)) == "α_max ≥ 0"
    assert str(eq(sequences("maximum")(1), 0)) == "maximum(1) = 0"
