"""Rounds at the edge of sense: every objective and method answers, and says what is impossible."""

import math

import numpy as np
import pytest
from tiers import ACCOUNTS, by_day

import adlopt as adl
from adlopt.errors import CertificateError, InfeasibleRound, InputError, SolverFailed, SolverStopped

EQUITY = adl.Burden.EQUITY
OBJECTIVES = {
    "min-max": adl.MinMax(),
    "min-max, equity": adl.MinMax(burden=EQUITY),
    "surrogate": adl.surrogate(track=1.0, fair=2.0),
    "asymmetric": adl.Asymmetric(under=3.0, over=1.0, fair=1e6, burden=EQUITY),
    "empirical": adl.Empirical(reference=0.3, weight=2.0, excess_only=True),
    "leximin": adl.Leximin(),
    "leximin, equity": adl.Leximin(burden=EQUITY),
    "tracking": adl.TrackingFirst(),
    "fewest": adl.FewestAccounts(),
    "CVaR": adl.CVaR(0.7),
    "CVaR of all": adl.CVaR(0.0, burden=EQUITY),
}
PRICED = {"surrogate", "asymmetric", "empirical", "tracking"}
"""They give what they can where the budget is out of reach."""
ON_HIGHS = {"min-max", "min-max, equity", "surrogate", "asymmetric", "empirical", "CVaR"}
WIDE = [10.0**k for k in range(-6, 13)]


def of(capacity, needed, **more):
    capacity = np.asarray(capacity, dtype=float)
    equity = more.pop("equity", 2.0 * capacity + 1.0)
    return adl.Round.of(capacity=capacity, deficit=9.0, needed=needed, equity=equity, **more)


ROUNDS = {
    "one winner": of([7.0], 3.0),
    "one winner, all of it": of([7.0], 7.0),
    "one winner, budget 0": of([7.0], 0.0),
    "no capacity, budget 0": of([0.0, 0.0], 0.0),
    "some without capacity": of([0.0, 5.0, 0.0, 5.0], 4.0),
    "budget 0": of([3.0, 4.0, 5.0], 0.0),
    "budget = U": of([3.0, 4.0, 5.0], 12.0),
    "budget = U, in tenths": of([0.1] * 10, math.fsum([0.1] * 10)),
    "equal scores": of([5.0] * 9, 21.0),
    "18 orders of magnitude": of(WIDE, 3e11),
    "18 orders, a micro-dollar": of(WIDE, 1e-6),
    "18 orders, all": of(WIDE, math.fsum(WIDE)),
    "18 orders of equity": of([1.0] * 19, 7.0, equity=WIDE),
    "one holds nearly all": of([1e-9, 1e12], 5e11),
    "a hair's breadth": of([1.0, 1.0, 1.0], 5e-324),
    "equity 0": of([3.0, 4.0], 2.0, equity=[0.0, 8.0]),
    "equity below 0": of([3.0, 4.0], 2.0, equity=[-5.0, 8.0]),
    "the largest amounts": of([1e15, 1e15], 1e15, equity=[1e15, 1e15]),
    "the smallest amounts": of([1e-99, 1e-99], 1e-99),
}
IN_LOTS = {
    "one lot": of([7.0], 7.0, lot=7.0),
    "lots larger than capacities, budget 0": of([3.0, 4.0], 0.0, lot=10.0),
    "some lots larger than capacities": of([3.0, 40.0], 20.0, lot=10.0),
    "lots of a micro-dollar": of([3.0, 4.0], 5.0, lot=1e-6),
    "equal lots": of([10.0] * 8, 33.0, lot=1.0),
    "all of it": of([3.0, 4.0, 5.0], 12.0, lot=0.5),
}
OVER_12_ORDERS = of([1.0, 1e3, 1e6], 500.25, lot=[1e-6, 1.0, 1e6])
IMPOSSIBLE = {
    "budget > U": of([3.0, 4.0, 5.0], 12.000001),
    "no capacity": of([0.0, 0.0], 1.0),
    "budget far above U": of([3.0], 1e15),
}
IMPOSSIBLE_IN_LOTS = {
    "between lots": of([10.0, 10.0], 5.0, lot=10.0),
    "lots larger than capacities": of([3.0, 4.0], 5.0, lot=10.0),
}


HIDDEN = {
    "18 orders of magnitude",
    "18 orders, a micro-dollar",
    "one holds nearly all",
    "the smallest amounts",
}
"""Rounds of which the tolerances of HiGHS hide a part."""


def check(round_, best):
    start = round_.start
    assert best.haircut.shape == start.capacity.shape
    assert np.isfinite(best.haircut).all()
    assert (best.haircut >= 0).all()
    assert (best.haircut <= start.capacity).all()
    lower, upper = best.certificate.lower, best.certificate.upper
    assert lower <= upper * (1 + 1e-9) or math.isinf(upper)
    if start.lot is not None:
        steps = best.haircut / start.lot
        assert np.abs(steps - np.rint(steps)).max() < 1e-9
    return best


def meets(round_, best):
    assert math.fsum(best.haircut) == pytest.approx(round_.needed, rel=1e-9, abs=1e-300)


@pytest.mark.parametrize("name", OBJECTIVES)
@pytest.mark.parametrize("round_", ROUNDS.values(), ids=ROUNDS)
def test_money(round_, name):
    best = check(round_, adl.solve(round_, OBJECTIVES[name]))
    assert best.optimal, best
    if name not in PRICED:
        meets(round_, best)


@pytest.mark.parametrize("name", sorted(ON_HIGHS))
@pytest.mark.parametrize("kind", ROUNDS)
def test_money_by_highs(kind, name):
    """HiGHS may miss what its tolerances hide: then it is an error, or not called optimal."""
    round_ = ROUNDS[kind]
    ours = adl.solve(round_, OBJECTIVES[name])
    try:
        theirs = check(round_, adl.solve(round_, OBJECTIVES[name], method=adl.Method.HIGHS))
    except (CertificateError, SolverFailed, SolverStopped):
        assert kind in HIDDEN
        return
    assert theirs.optimal or kind in HIDDEN
    if theirs.optimal and math.isfinite(ours.value):
        assert theirs.value == pytest.approx(
            ours.value, rel=1e-6, abs=1e-9 + ours.certificate.rounding
        )


@pytest.mark.parametrize("name", [name for name in OBJECTIVES if "CVaR" not in name])
@pytest.mark.parametrize("round_", IN_LOTS.values(), ids=IN_LOTS)
def test_lots(round_, name):
    best = check(round_, adl.solve(round_, OBJECTIVES[name]))
    assert best.certificate.optimal, best
    assert best.optimal or name in PRICED
    if name not in PRICED:
        meets(round_, best)


@pytest.mark.parametrize(
    "name",
    by_day(3, ["min-max", "leximin", "tracking", "fewest", "min-max, equity", "leximin, equity"]),
)
def test_lots_over_12_orders_of_magnitude_are_solved_or_the_limit_is_named(name):
    if "leximin" in name:
        with pytest.raises(InputError, match="few enough lots to search all their sums"):
            adl.solve(OVER_12_ORDERS, OBJECTIVES[name])
        return
    best = check(OVER_12_ORDERS, adl.solve(OVER_12_ORDERS, OBJECTIVES[name]))
    meets(OVER_12_ORDERS, best)
    assert best.optimal or "within" in str(best)


@pytest.mark.parametrize("name", OBJECTIVES)
@pytest.mark.parametrize("round_", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_what_is_out_of_reach(round_, name):
    if name in PRICED:
        best = check(round_, adl.solve(round_, OBJECTIVES[name]))
        assert best.raised <= round_.start.total_capacity
        return
    with pytest.raises(InfeasibleRound) as caught:
        adl.solve(round_, OBJECTIVES[name])
    assert caught.value.missing == pytest.approx(round_.needed - round_.start.total_capacity)


@pytest.mark.parametrize("name", [name for name in OBJECTIVES if "CVaR" not in name])
@pytest.mark.parametrize("round_", IMPOSSIBLE_IN_LOTS.values(), ids=IMPOSSIBLE_IN_LOTS)
def test_what_lots_cannot_make(round_, name):
    if name in PRICED:
        check(round_, adl.solve(round_, OBJECTIVES[name]))
        return
    with pytest.raises(InfeasibleRound) as caught:
        adl.solve(round_, OBJECTIVES[name])
    assert caught.value.below == 0.0


@pytest.fixture(scope="module", params=ACCOUNTS)
def large(request):
    n = request.param
    equity = np.full(n, 8.0)
    return adl.Round.of(capacity=np.full(n, 3.0), deficit=1.0, needed=1.5 * n, equity=equity)


@pytest.mark.parametrize("name", [name for name in OBJECTIVES if name != "asymmetric"])
def test_many_equal_accounts(name, large):
    best = check(large, adl.solve(large, OBJECTIVES[name]))
    meets(large, best)
    assert best.optimal
    if name in ("min-max", "min-max, equity", "leximin", "leximin, equity", "tracking", "CVaR"):
        assert np.ptp(best.haircut) <= 1e-9


@pytest.mark.parametrize("method", [adl.Method.AUTO, adl.Method.HIGHS])
@pytest.mark.parametrize("limit", [0.0, -1.0, math.nan, math.inf, "1", True])
def test_a_time_limit_that_is_none(method, limit):
    with pytest.raises(InputError, match="time_limit"):
        adl.solve(ROUNDS["equal scores"], time_limit=limit, method=method)


@pytest.mark.parametrize("seconds", [1e-9, 1e-3, 0.05])
def test_a_time_limit_gives_an_answer_that_says_so_or_none(seconds):
    dice = np.random.default_rng(0)
    capacity = dice.lognormal(5.0, 2.5, 3_000)
    round_ = of(capacity, 0.4 * capacity.sum(), equity=capacity * dice.lognormal(1.0, 1.0, 3_000))
    loss = adl.MinMax(burden=EQUITY)
    try:
        best = check(round_, adl.solve(round_, loss, method=adl.Method.HIGHS, time_limit=seconds))
    except SolverStopped:
        return
    assert best.optimal or best.stopped is not adl.Stopped.OPTIMAL
    assert best.certificate.lower <= adl.solve(round_, loss).value * (1 + 1e-9)
