"""Shadow prices: the slopes of the optimum on both sides, and as far as they say."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, strategies as st

import adlopt as adl
from adlopt.optimum.core import waterfill
from adlopt.optimum.core.burden_problem import BurdenProblem
from adlopt.optimum.dollars.shadow_prices import prices_of

LOSSES = [
    adl.MinMax(burden=adl.Burden.EQUITY),
    adl.surrogate(track=1.0, fair=60.0, burden=adl.Burden.EQUITY),
    adl.Asymmetric(under=3.0, over=1.0, fair=200.0, burden=adl.Burden.EQUITY),
    adl.Empirical(reference=0.5, excess_only=True, burden=adl.Burden.EQUITY),
]


@st.composite
def problems(draw):
    """Small whole numbers: ties of levels, of the budget with one, and of the allowance abound."""
    n = draw(st.integers(1, 5))
    money = st.integers(1, 8).map(float)
    capacity = draw(st.lists(money, min_size=n, max_size=n))
    equity = draw(st.lists(money, min_size=n, max_size=n))
    needed = float(draw(st.integers(0, 2 * int(sum(capacity)) + 2))) / 2
    loss = draw(st.sampled_from(LOSSES))
    if isinstance(loss, adl.MinMax):
        needed = min(needed, sum(capacity))
    round_ = adl.Round.of(capacity=capacity, equity=equity, deficit=1.0, needed=needed)
    return BurdenProblem.of(round_, loss)


def value(problem):
    """The optimum, infinite where there is none."""
    try:
        haircut, _ = waterfill.optimum(problem)
    except adl.InfeasibleRound:
        return math.inf
    return problem.value(haircut)


def moved(problem, name, usd):
    """The problem with a little more of what a price is of."""
    if name == "budget":
        return replace(problem, budget=problem.budget + usd)
    capacity = problem.capacity.copy()
    capacity[int(name[name.index("[") + 1 : -1]) - 1] += usd
    return replace(problem, capacity=capacity)


@given(problems())
def test_prices_are_the_slopes_on_both_sides_as_far_as_they_say(problem):
    haircut, _ = waterfill.optimum(problem)
    names = [str(i + 1) for i in range(haircut.size)]
    prices, here, step = prices_of(problem, haircut, names), value(problem), 2.0**-20
    scale = 1e-5 * (1 + problem.fair)
    for k, name in enumerate(prices.name[: haircut.size + 1]):
        held = problem.budget if k == 0 else problem.capacity[k - 1]
        if held > step:
            slope = (here - value(moved(problem, name, -step))) / step
            assert prices.below[k] == pytest.approx(slope, rel=1e-5, abs=scale)
        rise = (value(moved(problem, name, step)) - here) / step
        assert prices.above[k] == pytest.approx(rise, rel=1e-5, abs=scale)
        low, high = prices.from_usd[k], prices.to_usd[k]
        assert low <= held * (1 + 1e-9)
        assert high >= held * (1 - 1e-9)
        far = min(high, held + 10.0)
        if math.isfinite(prices.above[k]):
            expected = here + prices.above[k] * (far - held)
            assert value(moved(problem, name, far - held)) == pytest.approx(
                expected, rel=1e-6, abs=1e-6 * (1 + problem.fair)
            )
        if math.isinf(prices.below[k]):
            continue
        expected = here - prices.below[k] * (held - low)
        assert value(moved(problem, name, low - held)) == pytest.approx(
            expected, rel=1e-6, abs=1e-6 * (1 + problem.fair)
        )


@given(problems(), st.integers(0, 4))
def test_the_price_of_a_share_is_what_a_dollar_beyond_one_s_burden_is_worth(problem, account):
    """Against a linear program with that dollar."""
    from scipy.optimize import linprog

    n = problem.capacity.size
    assume(account < n)
    haircut, _ = waterfill.optimum(problem)
    prices = prices_of(problem, haircut, list(map(str, range(n))))

    def least(usd):
        x, (z, s, p, e) = np.eye(n, n + 4), np.eye(n + 4)[n:]
        room = np.where(np.arange(n) == account, usd, 0.0)
        rows = np.vstack([x - np.outer(problem.weight, z), z - e])
        ends = np.append(room, problem.allowance)
        exact = problem.exact
        cost = e if exact else problem.under * s + problem.over * p + problem.fair * e
        bounds = [(0, u) for u in problem.capacity] + [(0, None), *[(0, 0 if exact else None)] * 2]
        found = linprog(
            cost, rows, ends, [x.sum(axis=0) + s - p], [problem.budget], [*bounds, (0, None)]
        )
        return found.fun if found.status == 0 else math.inf

    step = 2.0**-12
    here, k = least(0.0), 1 + n + account
    rise, fall = least(step) - here, here - least(-step)
    scale = 1e-4 * (1 + problem.fair)
    assert prices.above[k] == pytest.approx(rise / step, rel=1e-3, abs=scale)
    if math.isfinite(fall) and problem.allowance == 0 and haircut[account] > step:
        assert prices.below[k] == pytest.approx(fall / step, rel=1e-3, abs=scale)


def test_what_holds_an_account_back_names_its_price():
    round_ = adl.Round.of(
        account=["ann", "bob", "cat"],
        capacity=[120.0, 80.0, 40.0],
        equity=[200.0, 100.0, 60.0],
        deficit=90.0,
        needed=110.0,
    )
    limits = adl.Limits(cap=[0.25, 1.0, 1.0], floor=[0.0, 0.0, 50.0])
    best = adl.solve(round_, limits=limits)
    prices = dict(zip(best.prices.name, best.prices.above, strict=True))
    assert best.reason == ("cap", "worst burden", "floor")
    assert prices["cap[ann]"] == pytest.approx(-1 / 80)
    assert prices["floor[cat]"] == pytest.approx(1 / 80)
    assert prices["budget"] == pytest.approx(best.price)
    assert best.prices.to_frame().height == 7
    data = best.prices.to_dict()
    assert data["schema"] == "adlopt/prices/2"
    assert None in data["from_usd"]


def test_prices_are_a_screen_at_any_size_and_objectives_without_any_have_none():
    rng = np.random.default_rng(1)
    capacity = rng.lognormal(3, 1, 5_000)
    round_ = adl.Round.of(
        capacity=capacity,
        equity=capacity * rng.uniform(0.5, 2, 5_000),
        deficit=1.0,
        needed=0.4 * capacity.sum(),
    )
    best = adl.solve(round_, LOSSES[0])
    assert len(str(best.prices).splitlines()) <= 24
    assert len(repr(best.prices)) <= 300
    assert adl.solve(round_, adl.Leximin(burden=adl.Burden.EQUITY)).prices is not None
    assert adl.solve(round_, adl.CVaR(0.5)).prices is None


def test_tiers_have_the_prices_of_each():
    round_ = adl.Round.of(capacity=[120.0, 80.0, 40.0], deficit=90.0, needed=150.0)
    best = adl.solve(round_, limits=adl.Limits(tier=[1, 2, 2]))
    prices = dict(zip(best.prices.name, best.prices.above, strict=True))
    assert prices["tier 2: budget"] == pytest.approx(1 / 120)
    assert math.isinf(prices["tier 1: budget"])


def test_tiers_of_which_nothing_is_needed_have_no_prices():
    round_ = adl.Round.of(capacity=[120.0, 80.0], deficit=90.0, needed=0.0)
    assert not adl.solve(round_, limits=adl.Limits(tier=[1, 2])).prices.name
