"""The offline optimum against cvxpy, brute force and its own certificate."""

import itertools
import math
from dataclasses import replace
from fractions import Fraction

import cvxpy as cp
import numpy as np
import pytest
from hypothesis import assume, given, strategies as st
from tiers import examples

import adlopt as adl
from adlopt.optimum.core.burden_problem import BurdenProblem
from adlopt.optimum.core.certificate import Multipliers, certify, check_feasible
from adlopt.optimum.core.waterfill import optimum, project, water_level

SIDES = st.sampled_from(adl.Burden)
MONEY = st.one_of(st.just(0.0), st.floats(0.01, 1e6), st.integers(1, 50).map(float))


@st.composite
def rounds(draw, *, exact=False, lots=False):
    n = draw(st.integers(1, 6))
    capacity = draw(st.lists(MONEY, min_size=n, max_size=n))
    equity = draw(st.lists(MONEY, min_size=n, max_size=n))
    share = draw(st.one_of(st.sampled_from([0.0, 0.5, 1.0]), st.floats(0, 1 if exact else 1.5)))
    return adl.Round.of(
        capacity=capacity, deficit=1.0, needed=share * math.fsum(capacity), equity=equity
    )


@st.composite
def losses(draw):
    burden = draw(SIDES)
    epsilon = draw(st.sampled_from([0.0, 0.0, 1.0]))
    price = st.floats(0.01, 10)
    kind = draw(st.sampled_from(["surrogate", "asymmetric", "empirical"]))
    if kind == "empirical":
        reference_ = draw(st.floats(0, 2))
        return adl.Empirical(
            reference=reference_,
            weight=draw(st.sampled_from([0.0, 0.5, 1.0, 5.0])),
            excess_only=True,
            burden=burden,
            epsilon=epsilon,
        )
    under, fair = draw(price), draw(st.one_of(st.just(0.0), st.floats(0.01, 1e7)))
    over = under if kind == "surrogate" else draw(price)
    return adl.Asymmetric(under=under, over=over, fair=fair, burden=burden, epsilon=epsilon)


def within_reach(round_, loss):
    problem = BurdenProblem.of(round_, loss)
    return problem.budget <= problem.reachable


@given(rounds(), losses())
@examples(40)
def test_the_closed_form_is_certified_optimal(round_, loss):
    best = adl.solve(round_, loss)
    assert best.certificate.trust is adl.Trust.EXACT
    assert best.certificate.optimal
    nothing = loss.value(round_, np.zeros_like(best.haircut))
    recomputed = loss.value(round_, best.haircut)
    assert best.value == pytest.approx(recomputed, rel=1e-12, abs=1e-13 * (1 + nothing))


@given(rounds(exact=True), SIDES, st.sampled_from([0.0, 2.0]))
@examples(40)
def test_the_least_burden_is_certified_optimal(round_, burden, epsilon):
    loss = adl.MinMax(burden=burden, epsilon=epsilon)
    assume(within_reach(round_, loss))
    best = adl.solve(round_, loss)
    assert best.certificate.optimal
    assert best.raised == pytest.approx(round_.needed, rel=1e-9)


def in_cvxpy(round_, loss):
    """The least loss, with rows as the paper writes them: money in units of the mean capacity."""
    start, exact = round_.start, isinstance(loss, adl.MinMax)
    unit = max(float(start.capacity.mean()), 1e-12)
    x, z = cp.Variable(start.capacity.size, nonneg=True), cp.Variable(nonneg=True)
    weights, missing = loss.weights(start) / unit, round_.needed / unit - cp.sum(x)
    rows = [x <= start.capacity / unit, x <= cp.multiply(weights, z)]
    if exact:
        value = float(weights.sum()) * z
        rows.append(missing == 0)
    elif isinstance(loss, adl.Asymmetric):
        value = loss.under * cp.pos(missing) + loss.over * cp.pos(-missing) + loss.fair / unit * z
    else:
        price = loss.weight * round_.needed / unit
        value = cp.abs(missing) + price * cp.pos(z - loss.reference)
    problem = cp.Problem(cp.Minimize(value), rows)
    problem.solve(solver=cp.HIGHS)
    assert problem.status == cp.OPTIMAL
    return float(z.value) if exact else float(problem.value) * unit


@pytest.mark.parametrize("seed", range(60))
def test_three_statements_agree(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 12))
    capacity = rng.lognormal(3, 1.5, n)
    equity = capacity * rng.lognormal(0, 1, n)
    total = capacity.sum()
    loss = [
        adl.MinMax(),
        adl.MinMax(burden=adl.Burden.EQUITY, epsilon=float(rng.choice([0.0, 5.0]))),
        adl.surrogate(track=1.0, fair=total * rng.random(), burden=adl.Burden.EQUITY, epsilon=1.0),
        adl.Asymmetric(under=2.0, over=0.5, fair=total, burden=adl.Burden.EQUITY),
        adl.Empirical(reference=0.2, weight=3.0, excess_only=True, burden=adl.Burden.EQUITY),
    ][seed % 5]
    needed = total * rng.uniform(0.1, 0.9)
    round_ = adl.Round.of(capacity=capacity, deficit=1.0, needed=needed, equity=equity)
    ours = adl.solve(round_, loss)
    solver = adl.solve(round_, loss, method=adl.Method.HIGHS)
    assert ours.value == pytest.approx(in_cvxpy(round_, loss), rel=1e-6, abs=1e-6)
    assert solver.value == pytest.approx(ours.value, rel=1e-7, abs=1e-9 * total)
    assert solver.certificate.gap <= 1e-6 * max(solver.value, 1e-6 * total)
    assert solver.method is adl.Method.HIGHS


def brute_force(round_, loss):
    start, exact = round_.start, isinstance(loss, adl.MinMax)
    open_ = loss.weights(start) > 0
    most = np.floor(start.capacity / start.lot + 1e-9).astype(int) * open_
    best = math.inf
    for counts in itertools.product(*(range(k + 1) for k in most)):
        haircut = start.lot * counts
        if not exact or abs(haircut.sum() - round_.needed) < 1e-7:
            best = min(best, loss.value(round_, haircut))
    return best


@pytest.mark.parametrize("seed", range(150))
def test_lots_against_brute_force(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 5))
    capacity, equity = np.round(rng.random(n) * 20, 1), np.round(rng.random(n) * 30, 1)
    lot = rng.choice([1.0, 2.0, 3.0, 2.5, 0.7], n) if seed % 3 else np.full(n, 2.5)
    needed = float(np.round(rng.random() * capacity.sum() * 1.1, rng.integers(0, 2)))
    shape = {"burden": adl.Burden.EQUITY}
    loss = [
        adl.MinMax(**shape),
        adl.Asymmetric(under=0.4, over=0.9, fair=capacity.sum() * rng.random(), **shape),
        adl.Empirical(reference=0.3, weight=2.0, excess_only=True, **shape),
    ][seed % 3]
    round_ = adl.Round.of(capacity=capacity, deficit=1.0, needed=needed, equity=equity, lot=lot)
    best = brute_force(round_, loss)
    if math.isinf(best):
        with pytest.raises(adl.InfeasibleRound):
            adl.solve(round_, loss)
        return
    found = adl.solve(round_, loss)
    assert found.value == pytest.approx(best, rel=1e-9, abs=1e-9)
    assert found.certificate.lower <= best * (1 + 1e-9) + 1e-12
    assert found.stopped is adl.Stopped.OPTIMAL


def test_with_epsilon_pro_rata_is_not_the_optimum():
    round_ = adl.Round.of(capacity=[1.0, 3.0], deficit=2.0, needed=2.0)
    loss = adl.MinMax(epsilon=1.0)
    even = adl.pro_rata([1.0, 3.0], 2.0)
    assert loss.value(round_, even) == pytest.approx(3 / 8)
    assert adl.solve(round_, loss).value == pytest.approx(1 / 3)


def test_pro_rata_is_the_least_burden_and_its_price_is_one_over_capacity():
    round_ = adl.Round.of(capacity=[5.0, 2.0, 1.0], deficit=9.0, needed=2.0)
    best = adl.solve(round_)
    assert best.method is adl.Method.PRO_RATA
    assert best.value == pytest.approx(2 / 8)
    assert best.price == pytest.approx(1 / 8)


def test_a_worse_haircut_is_told_how_much_worse():
    round_ = adl.Round.of(capacity=[120.0, 80.0], deficit=90.0, needed=50.0)
    problem = BurdenProblem.of(round_, adl.MinMax())
    _, multipliers = optimum(problem)
    certificate = certify(problem, np.array([50.0, 0.0]), multipliers)
    assert not certificate.optimal
    assert certificate.gap == pytest.approx(50 / 120 - 0.25)


@given(rounds(exact=True), st.lists(st.floats(-5, 5), min_size=6, max_size=6), st.floats(-9, 9))
@examples(40)
def test_no_multipliers_whatever_prove_too_much(round_, burden, budget):
    loss = adl.MinMax(burden=adl.Burden.EQUITY)
    assume(within_reach(round_, loss))
    problem = BurdenProblem.of(round_, loss)
    haircut, _ = optimum(problem)
    given_ = Multipliers(budget=budget, burden=np.array(burden[: haircut.size]))
    assert certify(problem, haircut, given_).lower <= loss.value(round_, haircut) * (1 + 1e-12)


@pytest.mark.parametrize(
    ("haircut", "message"),
    [
        ([130.0, -80.0], "above its capacity"),
        ([60.0, -10.0], "less than nothing"),
        ([30.0, 19.0], "misses the budget by -1"),
        ([math.nan, 50.0], "finite"),
        ([50.0], "each account"),
    ],
)
def test_an_infeasible_haircut_has_no_certificate(haircut, message):
    round_ = adl.Round.of(capacity=[120.0, 80.0], deficit=90.0, needed=50.0)
    problem = BurdenProblem.of(round_, adl.MinMax())
    with pytest.raises(adl.CertificateError, match=message):
        check_feasible(problem, np.array(haircut))


def test_an_infeasible_round_says_why_and_what_would_do():
    round_ = adl.Round.of(capacity=[120.0, 80.0], deficit=900.0, needed=250.0)
    with pytest.raises(adl.InfeasibleRound, match=r"50\.00 USD are missing") as caught:
        adl.solve(round_)
    assert caught.value.below == 200.0
    relaxed = replace(round_, outcome=adl.RoundOutcome(needed=caught.value.below))
    assert adl.solve(relaxed).value == pytest.approx(1.0)
    assert adl.solve(round_, adl.surrogate(track=1.0, fair=1.0)).raised == pytest.approx(200.0)


def test_protected_accounts_do_not_count_as_reach():
    round_ = adl.Round.of(capacity=[120.0, 80.0], deficit=900.0, needed=150.0, equity=[500.0, -3.0])
    with pytest.raises(adl.InfeasibleRound, match=r"120\.00 USD that winners can"):
        adl.solve(round_, adl.MinMax(burden=adl.Burden.EQUITY))


def test_lots_that_cannot_make_the_sum_name_the_nearest():
    round_ = adl.Round.of(capacity=[30.0, 30.0], deficit=90.0, needed=25.0, lot=10.0)
    with pytest.raises(adl.InfeasibleRound) as caught:
        adl.solve(round_)
    assert (caught.value.below, caught.value.above) == (20.0, 30.0)
    with pytest.raises(adl.InfeasibleRound):
        adl.solve(round_, method=adl.Method.HIGHS)
    for amount in (caught.value.below, caught.value.above):
        assert adl.solve(replace(round_, outcome=adl.RoundOutcome(needed=amount))).raised == amount


@given(st.integers(2, 40), st.integers(1, 9), st.integers(0, 10**6))
@examples(30)
def test_equal_lots_cost_at_most_n_minus_one_lots(n, lot, seed):
    rng = np.random.default_rng(seed)
    counts = rng.integers(1, 50, n)
    capacity = (counts * lot).astype(float)
    needed = float(lot * rng.integers(0, counts.sum() + 1))
    round_ = adl.Round.of(capacity=capacity, deficit=1.0, needed=needed, lot=float(lot))
    best = adl.solve(round_)
    total = capacity.sum()
    assert best.certificate.trust is adl.Trust.EXACT
    assert needed / total - 1e-12 <= best.value <= needed / total + (n - 1) * lot / total + 1e-12
    assert round(best.raised * 1e6) == round(needed * 1e6)


def test_a_convex_statement_is_demanded():
    round_ = adl.Round.of(capacity=[120.0, 80.0], deficit=90.0, needed=50.0)
    with pytest.raises(adl.InputError, match="excess_only=True"):
        adl.solve(round_, adl.Empirical(reference=0.5))
    with pytest.raises(adl.InputError, match="objective is SeverityLoss"):
        adl.solve(round_, adl.SeverityLoss())


def test_a_search_that_gives_up_says_so(monkeypatch):
    monkeypatch.setattr("adlopt.optimum.lots.subset_sum.closest_sums.__kwdefaults__", {"sums": 1})
    for bound in ("QUICK", "SUMS"):
        monkeypatch.setattr(f"adlopt.optimum.lots.sum_table.{bound}", -1)
    lot = np.array([7_001.0 + 1_103.0 * k for k in range(20)])
    round_ = adl.Round.of(capacity=lot * 9, deficit=1.0, needed=100_007.0, lot=lot)
    with pytest.raises(adl.SolverStopped, match="gave up; nearest found"):
        adl.solve(round_)
    priced = adl.solve(round_, adl.surrogate(track=1.0, fair=1.0))
    assert priced.stopped is adl.Stopped.LIMIT
    assert "stopped at a limit" in str(priced)
    assert priced.certificate.lower < priced.value


def test_two_lots_of_the_same_burden_prefer_the_earlier_account():
    round_ = adl.Round.of(capacity=[10.0, 10.0], deficit=1.0, needed=5.0, lot=5.0)
    assert adl.solve(round_).haircut.tolist() == [5.0, 0.0]


@pytest.mark.parametrize(
    "capacities",
    [
        [1e-9, 1e9],
        [1e-3] * 5 + [1e12],
        [7.0] * 1000,
        [0.0, 5.0, 0.0],
        np.logspace(-6, 12, 50).tolist(),
    ],
)
@pytest.mark.parametrize("share", [0.0, 1e-9, 0.3, 1.0])
def test_degenerate_rounds(capacities, share):
    needed = share * math.fsum(capacities)
    round_ = adl.Round.of(capacity=capacities, deficit=1.0, needed=needed)
    best = adl.solve(round_)
    assert best.certificate.optimal
    assert best.value == pytest.approx(share, rel=1e-9)
    assert (best.haircut <= np.array(capacities) * (1 + 1e-9)).all()


@given(
    st.lists(st.floats(-2, 3), min_size=1, max_size=8),
    st.lists(MONEY, min_size=8, max_size=8),
    st.floats(0, 1),
)
@examples(40)
def test_projection_is_the_nearest_point(point, weights, share):
    point, weights = np.array(point), np.array(weights[: len(point)])
    budget = share * float(weights.sum())
    nearest = project(point, weights, budget)
    assert float(weights @ nearest) == pytest.approx(budget, abs=1e-9 * (1 + weights.sum()))
    assert ((nearest >= 0) & (nearest <= 1)).all()
    rng = np.random.default_rng(0)
    for _ in range(5):
        other = project(rng.uniform(-1, 2, point.size), weights, budget)
        active = weights > 0
        inner = (point - nearest)[active] @ (other - nearest)[active]
        assert inner <= 1e-6 * (1 + np.abs(point).max())


@given(rounds(exact=True))
@examples(25)
def test_the_level_is_monotone_in_the_budget(round_):
    capacity = round_.start.capacity
    levels = [water_level(capacity, capacity, s * capacity.sum()) for s in (0.1, 0.5, 0.9)]
    assert levels == sorted(levels)


def test_the_sum_of_all_capacities_is_in_reach_in_any_order():
    rng = np.random.default_rng(0)
    for _ in range(200):
        capacity = np.round(rng.random(20) * 300, 2).tolist()
        round_ = adl.Round.of(capacity=capacity, deficit=1.0, needed=sum(capacity))
        assert adl.solve(round_).value == pytest.approx(1.0)


def test_a_small_price_of_fairness_is_not_lost_in_a_large_price_of_money():
    round_ = adl.Round.of(capacity=[2e9, 2e9], deficit=1e9, needed=1e9)
    problem = BurdenProblem.of(round_, adl.surrogate(track=1e6, fair=1.0))
    _, multipliers = optimum(problem)
    certificate = certify(problem, np.array([1e9, 0.0]), multipliers)
    assert not certificate.optimal
    assert certificate.gap == pytest.approx(0.25)


def test_protection_holds_where_fairness_has_no_price():
    round_ = adl.Round.of(capacity=[100.0, 100.0], equity=[0.0, 10.0], deficit=200.0, needed=150.0)
    loss = adl.Asymmetric(under=1.0, over=1.0, fair=0.0, burden=adl.Burden.EQUITY)
    assert adl.solve(round_, loss).haircut.tolist() == [0.0, 100.0]
    assert loss.value(round_, [75.0, 75.0]) == math.inf


def test_a_lower_bound_is_never_rounded_up():
    round_ = adl.Round.of(capacity=[10.0], deficit=1.0, needed=1.0)
    assert adl.solve(round_).certificate.lower <= 1 / Fraction(10)


@pytest.mark.parametrize("wrong", ["round.toml", None, 3])
def test_what_is_not_a_round_is_refused(wrong):
    with pytest.raises(adl.InputError, match="Round"):
        adl.solve(wrong)


def test_what_binds_is_said():
    round_ = adl.Round.of(
        capacity=[10.0, 80.0, 80.0], equity=[100.0, 100.0, 0.0], deficit=99.0, needed=70.0
    )
    best = adl.solve(round_, adl.MinMax(burden=adl.Burden.EQUITY))
    assert best.at_capacity.tolist() == [True, False, False]
    assert best.at_burden.tolist() == [False, True, False]


def test_a_burden_that_just_meets_its_allowance_is_certified():
    round_ = adl.Round.of(capacity=[0.01], deficit=1.0, needed=0.0001)
    loss = adl.Empirical(reference=0.01, weight=0.5, excess_only=True)
    assert adl.solve(round_, loss).certificate.optimal


@pytest.mark.parametrize("method", [adl.Method.AUTO, adl.Method.HIGHS])
@pytest.mark.parametrize("beyond", [0.0, 1e-16, 3e-13, 9e-13, 2e-12, 4e-10, 2e-9])
@pytest.mark.parametrize("capacity", [[7.0, 3.0, 11.0, 1.0], [0.1] * 7, [5197.3], [1e-5, 8e9]])
def test_a_budget_beside_all_there_is_is_met_or_refused(capacity, beyond, method):
    total = sum(capacity)
    needed = math.nextafter(total, math.inf) if beyond == 1e-16 else total * (1 + beyond)
    equity = [5.0 * u**0.3 for u in capacity]
    round_ = adl.Round.of(capacity=capacity, deficit=1.0, needed=needed, equity=equity)
    objective = adl.MinMax(burden=adl.Burden.EQUITY, epsilon=0.5)
    if beyond > 1e-12:
        with pytest.raises(adl.InfeasibleRound) as refused:
            adl.solve(round_, objective, method=method)
        assert refused.value.missing == pytest.approx(needed - total, rel=1e-3)
        return
    best = adl.solve(round_, objective, method=method)
    assert best.certificate.optimal
    assert best.haircut == pytest.approx(capacity, rel=1e-12)


def test_rounding_at_a_dear_side_is_not_taken_for_a_gap():
    """An ulp too much at a price of 2 costs more than all that was missed at 0.0001."""
    capacity = [54.272910960831226, 20.036904735437886, 40.48040616237466, 21.360332953528825]
    for needed in (81.69803529106707, 33.3, 0.7, 12.123456789):
        round_ = adl.Round.of(capacity=capacity, deficit=1.0, needed=needed)
        best = adl.solve(round_, adl.Asymmetric(under=1e-4, over=2.0, fair=0.0))
        assert best.certificate.optimal
        assert best.raised == pytest.approx(needed, rel=1e-12)
    cheap = adl.solve(round_, adl.Asymmetric(under=1e-9, over=1e9, fair=1e3))
    assert cheap.raised == 0.0
    assert cheap.certificate.rounding == 0.0


def test_a_burden_within_the_allowance_costs_nothing_beyond_all_there_is():
    round_ = adl.Round.of(
        capacity=[5.1346591522923325e-06, 5.446892267627968],
        equity=[0.002018098680435206, 21047695033.77573],
        deficit=1.0,
        needed=5.446897407734018,
    )
    loss = adl.Empirical(weight=2.0, reference=0.1, excess_only=True, burden=adl.Burden.EQUITY)
    assert adl.solve(round_, loss).certificate.optimal
