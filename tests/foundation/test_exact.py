"""Sums without rounding, and the bounds made of them, against fractions."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, strategies as st

import adlopt as adl
from adlopt.foundation import compiling, exact
from adlopt.optimum.core.burden_problem import BurdenProblem
from adlopt.optimum.core.certificate import Multipliers, certify, round_down
from adlopt.optimum.core.waterfill import optimum

FINITE = st.floats(allow_nan=False, allow_infinity=False)
MONEY = st.one_of(st.just(0.0), st.floats(1e-100, 1e15))


@pytest.fixture
def path(request, monkeypatch):
    """Choose between the twins whatever the size."""
    monkeypatch.setattr(compiling, "LOADING", 0.0 if request.param else math.inf)


BOTH = pytest.mark.parametrize("path", [False, True], ids=["numpy", "compiled"], indirect=True)


def fractions(values):
    return [Fraction(float(v)) for v in values]


@given(st.lists(FINITE, max_size=30))
def test_sums_are_those_of_fractions(values):
    values = np.array(values)
    assert exact.exact_sum(values) == sum(fractions(values))


@BOTH
@pytest.mark.parametrize("n", [1, 1_000, 60_000])
@pytest.mark.usefixtures("path")
def test_long_sums(n):
    rng = np.random.default_rng(n)
    values = rng.lognormal(0.0, 30.0, n) * rng.choice([-1.0, 1.0], n)
    assert exact.exact_sum(values) == sum(fractions(values))
    assert exact.exact_sum(values[::2]) == sum(fractions(values[::2]))
    assert float(exact.exact_sum(values)) == math.fsum(values)


@BOTH
@pytest.mark.usefixtures("path")
def test_sums_of_the_largest_and_the_smallest_floats():
    ends = np.array([np.finfo(float).max, -5e-324, 2.0**1000, 5e-324, 1.0])
    values = np.tile(ends, exact.BLOCK)
    assert exact.exact_sum(values) == sum(fractions(ends)) * exact.BLOCK
    small = np.tile([5e-324, 1e-310, 2.0**512, -1.0], 100)
    assert exact.exact_sum(small) == sum(fractions(small))


@pytest.mark.parametrize("path", [False], ids=["numpy"], indirect=True)
@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_blocks_of_what_is_no_number_do_not_search_on(value):
    with pytest.raises((ValueError, OverflowError)):
        exact.exact_sum(np.full(100, value))


@given(st.lists(st.tuples(MONEY, st.one_of(st.just(0.0), st.floats(1e-100, 1e80))), max_size=20))
def test_products_are_those_of_fractions(pairs):
    left, right = np.array(pairs).reshape(-1, 2).T
    expected = sum(a * b for a, b in zip(fractions(left), fractions(right), strict=True))
    assert exact.exact_dot(left, right) == expected


@given(st.lists(st.tuples(st.floats(-1e100, 1e100), st.floats(-1e100, 1e100)), max_size=9))
@example([(5e-324, 0.5), (1e-200, -1e-120), (0.0, 5e-324), (1e90, 1e90)])
def test_products_that_floats_cannot_hold_are_summed_too(pairs):
    left, right = (np.array([pair[k] for pair in pairs]) for k in (0, 1))
    expected = sum((Fraction(a) * Fraction(b) for a, b in pairs), Fraction(0))
    assert exact.exact_dot(left, right) == expected


@given(st.lists(st.tuples(MONEY, MONEY), min_size=1, max_size=20), st.floats(1e-300, 10.0))
def test_the_largest_quotient_is_that_of_fractions(pairs, level):
    numerator, denominator = np.array(pairs).T
    for x in (numerator, denominator * level):
        expected = max(
            (
                Fraction(a) / Fraction(b)
                for a, b in zip(x.tolist(), denominator.tolist(), strict=True)
                if b
            ),
            default=0,
        )
        assert exact.largest_quotient(x, denominator) == expected


def plainly(problem, y, burden, budget):
    """Weak duality as the docstring of `certificate` states it, account by account."""
    y, mu = Fraction(y), fractions(burden)
    w, u = fractions(problem.weight), fractions(problem.capacity)
    total = sum(a * b for a, b in zip(w, mu, strict=True))
    scale = min(Fraction(1), Fraction(problem.fair) / total) if total else Fraction(1)
    lost = sum(a * max(y - b, 0) * scale for a, b in zip(u, mu, strict=True))
    return y * scale * budget - lost - Fraction(problem.allowance) * total * scale


@BOTH
@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("seed", range(12))
def test_the_bound_is_that_of_fractions(seed):
    rng = np.random.default_rng(seed)
    n = 40
    round_ = adl.Round.of(
        capacity=rng.lognormal(5.7, 2.7, n),
        deficit=1.0,
        needed=900.0,
        equity=rng.lognormal(6, 2, n),
    )
    loss = adl.Asymmetric(under=1.0, over=0.4, fair=3e3, burden=adl.Burden.EQUITY)
    problem = BurdenProblem.of(round_, loss)
    haircut, _ = optimum(problem)
    y, burden = rng.random(), rng.random(n) * (rng.random(n) < 0.7)
    burden = np.minimum(burden, y)
    found = certify(problem, haircut, Multipliers(budget=y, burden=burden))
    expected = plainly(problem, y, burden, Fraction(problem.budget))
    assert found.lower == round_down(max(expected, Fraction(0)))
    assert found.trust is adl.Trust.EXACT


@pytest.mark.parametrize("n", [5_000, 100_000])
@pytest.mark.parametrize("burden", list(adl.Burden)[:2])
def test_large_rounds_are_proven_in_exact_arithmetic(n, burden):
    rng = np.random.default_rng(n)
    capacity = rng.lognormal(5.7, 2.7, n)
    round_ = adl.Round.of(
        capacity=capacity,
        deficit=1.0,
        needed=float(0.02 * capacity.sum()),
        equity=capacity**0.4 * rng.lognormal(4, 1.7, n),
    )
    best = adl.solve(round_, adl.MinMax(burden=burden))
    assert best.certificate.trust is adl.Trust.EXACT
    assert best.certificate.lower <= best.value <= best.certificate.lower * (1 + 1e-13)
    assert abs(best.certificate.budget_residual) <= 1e-12 * round_.needed
