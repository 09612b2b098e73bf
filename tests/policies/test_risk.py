"""Rules that lean on leverage: each optimal for its own objective, and not for another's."""

import math
from fractions import Fraction

import cvxpy as cp
import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy.optimize import linprog
from tiers import examples

import adlopt as adl
from adlopt.optimum.core.waterfill import water_fill
from adlopt.policies import grammar
from adlopt.policies.allocation import ProRataAllocation
from adlopt.policies.grammar import named
from adlopt.policies.risk import GreedyByRisk, LeverageDraining, RiskAware
from adlopt.testing import check_policy


def opened(capacity, leverage, **more):
    ids = [f"{i:03d}" for i in range(len(capacity))]
    return adl.RoundStart(
        account=ids, capacity=capacity, deficit=1.0, features={"leverage": leverage}, **more
    )


STARTS = st.lists(st.tuples(st.floats(0.1, 1e4), st.floats(0.5, 50)), min_size=1, max_size=12).map(
    lambda rows: opened([u for u, _ in rows], [ratio for _, ratio in rows])
)
SHARES = st.floats(0.0, 1.0)


# Risk-aware water-filling ------------------------------------------------------------------------

EQUITY, LEVERAGE = [0.163, 0.728, 0.109], [1.031, 0.925, 1.548]


@pytest.mark.parametrize(
    ("rule", "shares"),
    [
        (RiskAware(), (0.164, 0.589, 0.246)),
        (RiskAware(power=2.0), (0.155, 0.498, 0.348)),
        (RiskAware(cutoff=0.9), (0.149, 0.114, 0.737)),
    ],
    ids=["linear", "power", "cvar"],
)
def test_the_shares_printed_in_the_paper(rule, shares):
    """[Chitra25, App. *Examples of RAP*], rounded as printed."""
    haircut = rule.allocate(None, opened(EQUITY, LEVERAGE), 0.05)
    assert haircut / 0.05 == pytest.approx(shares, abs=1.5e-3)


def exact_fill(capacity, density, cap, budget):
    """The paper's Algorithm for RAP in fractions: raise τ from breakpoint to breakpoint."""
    u, rho = [Fraction(x) for x in capacity], [Fraction(x) for x in density]
    ends = sorted({Fraction(cap) / r for r in rho if r > 0})

    def raised(tau):
        return sum(x * min(Fraction(cap), tau * r) for x, r in zip(u, rho, strict=True))

    low = Fraction(0)
    for high in ends:
        if raised(high) >= budget:
            slope = (raised(high) - raised(low)) / (high - low)
            tau = low + (budget - raised(low)) / slope
            return [float(x * min(Fraction(cap), tau * r)) for x, r in zip(u, rho, strict=True)]
        low = high
    return [float(x * min(Fraction(cap), low * r)) for x, r in zip(u, rho, strict=True)]


@given(STARTS, SHARES, st.sampled_from([0.5, 1.0, 2.0]), st.sampled_from([0.0, 3.0]))
@examples(25)
def test_the_level_is_that_of_exact_breakpoints(start, share, power, cutoff):
    rule = RiskAware(power, cutoff, 0.5)
    budget = share * 0.5 * start.total_capacity
    expected = exact_fill(start.capacity, rule.density(start), 0.5, Fraction(budget))
    haircut = rule.allocate(None, start, budget)
    assert haircut == pytest.approx(expected, rel=1e-9, abs=1e-9 * start.total_capacity)


def own_optimum(rule, start, budget):
    """The convex program that RAP states, solved by a general method."""
    u, rho = start.capacity, rule.density(start)
    x = cp.Variable(u.size, nonneg=True)
    cost = cp.sum(cp.multiply(1.0 / (2.0 * u * rho), cp.square(x)))
    problem = cp.Problem(cp.Minimize(cost), [cp.sum(x) == budget, x <= rule.cap * u])
    problem.solve(solver=cp.CLARABEL)
    return x.value


@pytest.mark.parametrize("seed", range(8))
def test_rap_solves_its_convex_program_and_greedy_its_linear_one(seed):
    rng = np.random.default_rng(seed)
    start = opened(rng.uniform(1, 100, 8), rng.uniform(1, 20, 8))
    budget = 0.4 * start.total_capacity
    rap, greedy = RiskAware(cap=0.6), GreedyByRisk(cap=0.6)
    x, y = (rule.allocate(None, start, budget) for rule in (rap, greedy))
    assert x == pytest.approx(own_optimum(rap, start, budget), rel=1e-3, abs=1e-3)
    rho = greedy.density(start)
    bounds = [(0, 0.6 * u) for u in start.capacity]
    best = linprog(-rho, A_eq=np.ones((1, 8)), b_eq=[budget], bounds=bounds)
    assert float(rho @ y) == pytest.approx(-best.fun, rel=1e-9)
    assert rap.objective(start, x) < rap.objective(start, y)
    assert greedy.objective(start, y) < greedy.objective(start, x)


def test_each_is_optimal_for_its_own_objective_and_not_for_the_other():
    """The appendix of [Chitra25] claims that water-filling leaves the least risk: it does not."""
    start = opened([100.0, 100.0], [2.0, 1.0])
    rap, greedy = RiskAware(), GreedyByRisk()
    x, y = rap.allocate(None, start, 50.0), greedy.allocate(None, start, 50.0)
    assert (x.tolist(), y.tolist()) == ([40.0, 10.0], [50.0, 0.0])
    assert (rap.objective(start, x), rap.objective(start, y)) == (2.5, 3.125)
    assert (greedy.objective(start, x), greedy.objective(start, y)) == (330.0, 300.0)


@given(STARTS, SHARES, st.floats(0.01, 1.0))
@examples(25)
def test_power_zero_in_equal_leverage_is_capped_pro_rata(start, share, cap):
    level = opened(start.capacity, np.full(start.capacity.size, 7.0))
    budget = share * cap * start.total_capacity
    expected = water_fill(start.capacity, cap * start.capacity, budget)
    for rule in (RiskAware(0.0, 0.0, cap), RiskAware(1.0, 3.0, cap)):
        assert rule.allocate(None, level, budget) == pytest.approx(expected, rel=1e-9)


def test_an_account_below_the_cutoff_gives_nothing():
    start = opened([10.0, 10.0], [5.0, 2.0])
    assert RiskAware(cutoff=3.0).allocate(None, start, 15.0).tolist() == [10.0, 0.0]
    assert RiskAware(cutoff=3.0).objective(start, np.array([9.0, 1.0])) == math.inf
    assert GreedyByRisk(cutoff=3.0).allocate(None, start, 15.0).tolist() == [10.0, 5.0]


def test_greedy_serves_equal_risk_by_id():
    start = adl.RoundStart(
        account=["b", "a"], capacity=[9.0, 9.0], deficit=1.0, features={"leverage": [2.0, 2.0]}
    )
    assert GreedyByRisk().allocate(None, start, 10.0).tolist() == [1.0, 9.0]


@given(STARTS, SHARES)
@examples(25)
def test_splitting_an_account_changes_nothing_but_for_rounding(start, share):
    """Accounts of the same leverage: RAP and draining take as much from two halves as from one."""
    u, ratio = start.capacity, start.feature("leverage")
    halves = opened([*u[1:], u[0] / 2, u[0] / 2], [*ratio[1:], ratio[0], ratio[0]])
    budget = share * start.total_capacity
    for rule in (RiskAware(), LeverageDraining(), LeverageDraining(cutoff=4.0)):
        whole, split = rule.allocate(None, start, budget), rule.allocate(None, halves, budget)
        assert split[-2:].sum() == pytest.approx(
            whole[0], rel=1e-7, abs=1e-9 * start.total_capacity
        )


# Leverage draining -------------------------------------------------------------------------------


@given(STARTS, SHARES)
@examples(25)
def test_draining_levels_leverage(start, share):
    budget = share * start.total_capacity
    haircut = LeverageDraining().allocate(None, start, budget)
    assert math.fsum(haircut) == pytest.approx(budget, rel=1e-9, abs=1e-9 * start.total_capacity)
    ratio = start.feature("leverage")
    left = ratio * (1 - haircut / start.capacity)
    level = left[haircut > 1e-9 * start.capacity]
    assert level == pytest.approx(np.full(level.size, left.max()), rel=1e-6, abs=1e-6)
    assert (left <= left.max() * (1 + 1e-9)).all()


def least_leverage(start, budget):
    """The linear program min z: ℓ_i (1 − x_i / u_i) ≤ z, Σ x = B, 0 ≤ x ≤ u."""
    u, ratio = start.capacity, start.feature("leverage")
    n = u.size
    rows = np.hstack([-np.diag(ratio / u), -np.ones((n, 1))])
    bounds = [(0, x) for x in u] + [(0, None)]
    sums = np.append(np.ones(n), 0.0)[None, :]
    return linprog(np.append(np.zeros(n), 1.0), rows, -ratio, sums, [budget], bounds=bounds).fun


def least_expected(start, budget, moves, chances):
    """The least Σ_i (u_i/ℓ_i) E(ℓ'_i R − 1)_+, as a linear program over scenarios."""
    u, ratio = start.capacity, start.feature("leverage")
    n, m = u.size, len(moves)
    weight = u / ratio
    cost = np.concatenate([np.zeros(n), np.outer(weight, chances).ravel()])
    rows, right = [], []
    for i in range(n):
        for s in range(m):
            row = np.zeros(n + n * m)
            row[i], row[n + i * m + s] = -ratio[i] * moves[s] / u[i], -1.0
            rows.append(row)
            right.append(1.0 - ratio[i] * moves[s])
    sums = np.concatenate([np.ones(n), np.zeros(n * m)])[None, :]
    bounds = [(0, x) for x in u] + [(0, None)] * (n * m)
    return linprog(cost, np.array(rows), right, sums, [budget], bounds=bounds).fun


def expected(start, haircut, moves, chances):
    ratio = start.feature("leverage")
    left = ratio * (1 - haircut / start.capacity)
    beyond = np.maximum(np.outer(left, moves) - 1.0, 0.0)
    return float((start.capacity / ratio) @ beyond @ np.asarray(chances))


@pytest.mark.parametrize("seed", range(8))
def test_draining_has_the_least_leverage_and_the_least_expected_loss(seed):
    rng = np.random.default_rng(seed)
    equity, ratio = rng.uniform(1, 50, 7), rng.uniform(1, 30, 7)
    start = opened(0.1 * equity * ratio, ratio)
    budget = rng.uniform(0.1, 0.8) * start.total_capacity
    haircut = LeverageDraining().allocate(None, start, budget)
    worst = LeverageDraining().objective(start, haircut)
    assert worst == pytest.approx(least_leverage(start, budget), rel=1e-7)
    moves, chances = 1.0 / np.linspace(0.5, 30.0, 16), rng.dirichlet(np.ones(16))
    best = least_expected(start, budget, moves, chances)
    assert expected(start, haircut, moves, chances) == pytest.approx(best, rel=1e-7)
    even = ProRataAllocation().allocate(None, start, budget)
    assert LeverageDraining().objective(start, even) > worst * (1 + 1e-6)
    assert expected(start, even, moves, chances) > best * (1 + 1e-6)


@pytest.mark.parametrize("seed", range(6))
def test_above_the_cutoff_many_haircuts_have_the_least_cvar(seed):
    """The tail {R ≥ r} alone: the least E[loss; R ≥ r], reached by the cutoff 1/r as well."""
    rng = np.random.default_rng(seed)
    ratio = rng.uniform(1, 30, 7)
    start = opened(rng.uniform(1, 50, 7) * ratio, ratio)
    tail, chances = rng.uniform(0.1, 1.0, 4), np.full(4, 0.25)
    cutoff = 1.0 / tail.min()
    above = float((start.capacity * np.maximum(1 - cutoff / ratio, 0)).sum())
    differ = 0
    for budget in (0.5 * above, above, 0.5 * (above + start.total_capacity)):
        best = least_expected(start, budget, tail, chances)
        spread = LeverageDraining(cutoff).allocate(None, start, budget)
        drained = LeverageDraining().allocate(None, start, budget)
        for haircut in (spread, drained):
            assert math.fsum(haircut) == pytest.approx(budget, rel=1e-9)
            assert expected(start, haircut, tail, chances) == pytest.approx(best, rel=1e-7)
        differ += not np.allclose(spread, drained)
    assert differ >= 1
    wrong = LeverageDraining(0.3 * cutoff).allocate(None, start, above)
    assert expected(start, wrong, tail, chances) > least_expected(start, above, tail, chances) * (
        1 + 1e-9
    )


@given(STARTS, st.floats(0.01, 0.6), st.floats(0.01, 0.39))
@examples(25)
def test_draining_does_not_depend_on_the_path(start, first, second):
    rule, total = LeverageDraining(), start.total_capacity
    x = rule.allocate(None, start, first * total)
    left = start.feature("leverage") * (1 - x / start.capacity)
    then = opened(start.capacity - x, np.maximum(left, 1e-9))
    y = rule.allocate(None, then, second * total)
    at_once = rule.allocate(None, start, (first + second) * total)
    assert x + y == pytest.approx(at_once, rel=1e-6, abs=1e-6 * total)


# Names and bad input -----------------------------------------------------------------------------


def test_names_carry_arguments():
    for name in ("rap", "rap:2", "rap:1:0.9", "greedy-risk:1:0:0.5", "leverage-draining:8"):
        assert grammar.allocation(name).name == name
        check_policy(named(f"persistence+{name}"), adl.episodes.shock(rounds=4, winners=9, seed=3))


@pytest.mark.parametrize(
    "bad",
    [
        "rap:-1",
        "rap:nan",
        "rap:11",
        "rap:1:-1",
        "rap:1:inf",
        "rap:1:0:0",
        "rap:1:0:1.5",
        "rap:1:0:1:2",
        "greedy-risk:x",
        "leverage-draining:0",
        "leverage-draining:-3",
        "leverage-draining:nan",
        "leverage-draining:",
    ],
)
def test_bad_arguments_are_refused(bad):
    with pytest.raises(adl.InputError):
        grammar.allocation(bad)


def test_a_round_without_leverages_is_taught():
    start = adl.RoundStart(account=["a"], capacity=[1.0], deficit=1.0)
    for rule in (RiskAware(), GreedyByRisk(), LeverageDraining()):
        with pytest.raises(adl.InputError, match=r"feature is 'leverage'.*add it to the round"):
            rule.allocate(None, start, 0.5)
    with pytest.raises(adl.InputError, match=r"features\.leverage\[1\] is -2\.0"):
        RiskAware().allocate(None, opened([1.0, 1.0], [1.0, -2.0]), 0.5)
    with pytest.raises(adl.InputError, match=r"features\.leverage\[1\] is 0\.0"):
        LeverageDraining().allocate(None, opened([1.0, 1.0], [1.0, 0.0]), 0.5)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e12])
@pytest.mark.parametrize("rule", [RiskAware(3.0), GreedyByRisk(), LeverageDraining(4.0)])
def test_scale_does_not_matter(rule, scale):
    ratio = [1e-3, 2.0, 50.0, 1e6]
    haircut = rule.allocate(None, opened(np.array([1.0, 0.0, 30.0, 5.0]), ratio), 20.0)
    scaled = rule.allocate(None, opened(scale * np.array([1.0, 0.0, 30.0, 5.0]), ratio), 20 * scale)
    assert scaled == pytest.approx(scale * haircut, rel=1e-9, abs=1e-12 * scale)
    assert math.fsum(haircut) == pytest.approx(20.0)
