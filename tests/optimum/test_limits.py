"""Eligibility, caps, floors, tiers, weights and budgets; and why a round cannot be solved."""

import itertools
import math
import pickle
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, strategies as st
from tiers import examples

import adlopt as adl
from adlopt.optimum.core.burden_problem import BurdenProblem
from adlopt.optimum.core.certificate import check_feasible
from adlopt.optimum.lots.least_burden import certify
from adlopt.optimum.lots.lot_grid import LotGrid

EVERY = [
    adl.MinMax(),
    adl.Leximin(),
    adl.TrackingFirst(),
    adl.FewestAccounts(),
    adl.CVaR(0.7),
    adl.surrogate(track=1.0, fair=0.1),
]
TIERED = EVERY[:2] + EVERY[3:5]
ROUND = adl.Round.of(
    capacity=[120.0, 80.0, 40.0],
    deficit=90.0,
    needed=60.0,
    account=["ann", "bob", "cat"],
    equity=[200.0, 100.0, 40.0],
)
shares = st.floats(0.0, 1.0)


@st.composite
def limited(draw):
    """A round whose budget its limits allow."""
    n = draw(st.integers(1, 6))
    money = st.one_of(st.just(0.0), st.floats(0.01, 1e5))
    capacity = draw(st.lists(money, min_size=n, max_size=n))
    equity = [u + draw(money) for u in capacity]
    names = [f"a{i}" for i in range(n)]
    limits = adl.Limits(
        ineligible=dict.fromkeys(draw(st.sets(st.sampled_from(names))), "vault"),
        cap=draw(st.one_of(st.none(), shares, st.lists(shares, min_size=n, max_size=n))),
        floor=draw(st.one_of(st.none(), money, st.lists(money, min_size=n, max_size=n))),
        weight=draw(st.one_of(st.none(), st.lists(money, min_size=n, max_size=n))),
        tier=draw(st.one_of(st.none(), st.lists(st.integers(-1, 2), min_size=n, max_size=n))),
    )
    start = adl.RoundStart(account=names, capacity=capacity, deficit=1.0, equity=equity)
    open_ = limits.most(start) * (start.capacity > 0)
    if limits.weight is not None:
        open_ = open_ * (limits.weight > 0)
    needed = draw(st.floats(1e-9, 1.0)) * math.fsum(open_)
    return adl.Round(start=start, outcome=adl.RoundOutcome(needed=needed)), limits, open_


@given(limited(), st.sampled_from(EVERY))
@examples(40)
def test_limits_hold_under_every_objective(drawn, objective):
    round_, limits, open_ = drawn
    if objective not in TIERED:
        limits = replace(limits, tier=None)
    best = adl.solve(round_, objective, limits=limits)
    start, x = round_.start, best.haircut
    assert best.optimal
    assert (x <= open_ * (1 + 1e-12)).all()
    assert not x[[name in limits.ineligible for name in start.account]].any()
    if limits.floor is not None:
        touched = x > 0
        assert (start.equity - x >= np.broadcast_to(limits.floor, x.shape))[touched].all()
    assert len(best.reason) == x.size
    if objective != EVERY[-1]:
        assert best.raised == pytest.approx(round_.needed, rel=1e-9)
    for name, reason, taken, most in zip(start.account, best.reason, x, open_, strict=True):
        if name in limits.ineligible:
            assert reason in ("ineligible: vault", "capacity")
        if reason == "worst burden":
            assert 0 < taken < most
        if reason == "":
            assert taken < most


@given(limited(), st.sampled_from(TIERED))
@examples(40)
def test_a_tier_gives_only_when_those_before_it_have_given_all(drawn, objective):
    round_, limits, open_ = drawn
    assume(limits.tier is not None)
    best = adl.solve(round_, objective, limits=limits)
    for lower, higher in itertools.combinations(np.unique(limits.tier), 2):
        if best.haircut[limits.tier == higher].any():
            before = limits.tier == lower
            given_, could = best.haircut[before].sum(), open_[before].sum()
            assert given_ == pytest.approx(could, rel=1e-9)


def test_all_that_all_tiers_can_give_is_no_rounding_too_much():
    """What is left for a small last tier is rounded at the scale of the large ones before it."""
    capacity = [64_059.207, 0.061]
    round_ = adl.Round.of(capacity=capacity, deficit=1.0, needed=math.fsum(capacity))
    best = adl.solve(round_, limits=adl.Limits(tier=[0, 1]))
    assert best.haircut.tolist() == capacity
    assert best.certificate.proven


def test_capped_pro_rata_is_min_max_under_caps():
    rng = np.random.default_rng(0)
    for _ in range(100):
        n = int(rng.integers(1, 9))
        capacity, cap = rng.lognormal(3, 1, n), rng.random(n)
        needed = rng.random() * float(cap @ capacity)
        round_ = adl.Round.of(capacity=capacity, deficit=1.0, needed=needed)
        best = adl.solve(round_, limits=adl.Limits(cap=cap))
        eta = best.worst_burden
        assert best.haircut / capacity == pytest.approx(np.minimum(cap, eta), rel=1e-9)


def test_the_chitra_example_of_a_floor():
    """β_i = min(cap, 1 − (floor − collateral) / u), with equity = collateral + u."""
    start = ROUND.start
    limits = adl.Limits(cap=0.9, floor=[150.0, 40.0, 10.0])
    collateral = start.equity - start.capacity
    beta = np.minimum(0.9, 1 - (limits.floor - collateral) / start.capacity)
    assert limits.most(start) == pytest.approx(np.clip(beta, 0, 1) * start.capacity)
    assert limits.reasons(start) == ("floor", "floor", "floor")


def test_floors_hold_to_the_last_bit():
    rng = np.random.default_rng(0)
    equity = rng.lognormal(3, 3, 20_000)
    floor = equity * rng.random(20_000)
    names = list(map(str, range(20_000)))
    start = adl.RoundStart(account=names, capacity=equity, equity=equity, deficit=1.0)
    most = adl.Limits(floor=floor).most(start)
    assert (equity - most >= floor).all()
    assert most == pytest.approx(equity - floor, rel=1e-9, abs=1e-9)


def test_a_weight_of_one_s_own_is_the_denominator():
    best = adl.solve(ROUND, limits=adl.Limits(weight=[0.0, 100.0, 200.0]))
    assert best.haircut.tolist() == [0.0, 20.0, 40.0]
    assert best.reason == ("protected", "worst burden", "capacity")


def test_every_tier_has_its_certificate():
    round_ = replace(ROUND, outcome=adl.RoundOutcome(needed=150.0))
    best = adl.solve(round_, adl.Leximin(), limits=adl.Limits(tier=[1, 0, 1]))
    assert best.haircut.tolist() == [52.5, 80.0, 17.5]
    assert best.value == 1.0
    names = [stage.criterion for stage in best.stages]
    assert names == ["all burdens in order", "tier 2", "tier 2, all burdens in order"]
    assert best.stages[1].certificate.upper == pytest.approx(70 / 160)
    assert best.optimal


def test_tiers_of_equal_lots_are_filled_in_lots():
    round_ = adl.Round.of(capacity=[25.0, 30.0], deficit=1.0, needed=40.0, lot=10.0)
    best = adl.solve(round_, limits=adl.Limits(tier=[0, 1]))
    assert best.haircut.tolist() == [20.0, 20.0]
    odd = replace(round_, outcome=adl.RoundOutcome(needed=34.0))
    with pytest.raises(adl.InfeasibleRound) as caught:
        adl.solve(odd, limits=adl.Limits(tier=[0, 1]))
    error = caught.value
    assert (error.below, error.above, error.missing) == (30.0, 40.0, 4.0)
    best = adl.solve(odd, limits=adl.Limits(tier=[0, 1]), budget=adl.Budget.band(6.0))
    assert best.haircut.tolist() == [20.0, 20.0]
    most = adl.solve(odd, limits=adl.Limits(tier=[1, 0]), budget=adl.Budget.at_least())
    assert most.haircut.tolist() == [10.0, 30.0]


@pytest.mark.parametrize("extra", [0.0, 1.0, 3.0, math.inf])
@pytest.mark.parametrize("seed", range(60))
def test_a_band_in_lots_is_that_of_brute_force(seed, extra):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 6))
    lot = rng.integers(2, 7, n) * 1.0
    capacity = lot * rng.integers(0, 5, n)
    needed = float(rng.integers(0, int(capacity.sum()) + 1))
    round_ = adl.Round.of(capacity=capacity, deficit=1.0, needed=needed, lot=lot)
    least = None
    for counts in itertools.product(
        *(range(int(c / g) + 1) for c, g in zip(capacity, lot, strict=True))
    ):
        raised = sum(k * g for k, g in zip(counts, lot, strict=True))
        if needed <= raised <= needed + extra:
            worst = max(
                Fraction(k * g) / Fraction(c) if c else Fraction(0)
                for k, g, c in zip(counts, lot, capacity, strict=True)
            )
            least = worst if least is None else min(least, worst)
    budget = adl.Budget(extra=extra)
    if least is None:
        with pytest.raises(adl.InfeasibleRound):
            adl.solve(round_, budget=budget)
        return
    best = adl.solve(round_, budget=budget)
    assert best.worst_burden == float(least)
    assert needed <= best.raised <= needed + extra
    assert best.certificate.optimal
    assert best.certificate.budget_residual == best.raised - needed


def test_a_certificate_knows_the_ends_of_the_band():
    round_ = adl.Round.of(capacity=[60.0, 60.0], deficit=1.0, needed=40.0, lot=10.0)
    problem = replace(BurdenProblem.of(round_, adl.MinMax()), extra=20.0)
    for counts, message in (([3, 0], r"raise -10\.0 USD"), ([4, 3], r"raise 30\.0 USD")):
        with pytest.raises(adl.CertificateError, match=message):
            certify(LotGrid.of_wealth(problem), np.array(counts), Fraction(0))
    for haircut, message in (([30.0, 0.0], "by -10"), ([40.0, 30.0], "by 30")):
        with pytest.raises(adl.CertificateError, match=message):
            check_feasible(problem, np.array(haircut))
    assert check_feasible(problem, np.array([30.0, 30.0])) == 60


def test_without_lots_more_than_needed_is_never_better():
    exact = adl.solve(ROUND)
    for budget in (adl.Budget.at_least(), adl.Budget.band(5.0)):
        best = adl.solve(ROUND, budget=budget)
        assert (best.haircut == exact.haircut).all()
        assert best.optimal


def test_an_infeasible_round_says_who_holds_it_back():
    round_ = replace(ROUND, outcome=adl.RoundOutcome(needed=200.0))
    limits = adl.Limits(ineligible={"bob": "market maker"}, floor=[150.0, 0.0, 0.0], cap=0.75)
    for objective in TIERED:
        with pytest.raises(adl.InfeasibleRound, match=r"limits hold back 160\.00 USD") as caught:
            adl.solve(round_, objective, limits=limits)
        error = caught.value
        assert [b.reason for b in error.binding] == ["floor", "ineligible: market maker", "cap"]
        assert [b.most for b in error.binding] == [50.0, 0.0, 30.0]
        assert error.missing == 120.0
        assert sum(Fraction(b.most) for b in error.binding) + 120 == 200
        again = pickle.loads(pickle.dumps(error))
        assert (again.binding, again.missing, again.below) == (error.binding, 120.0, 80.0)
        relaxed = replace(round_, outcome=adl.RoundOutcome(needed=200.0 - error.missing))
        assert adl.solve(relaxed, objective, limits=limits).raised == pytest.approx(80.0)


def test_lots_and_protection_are_reasons_too():
    round_ = adl.Round.of(
        capacity=[25.0, 30.0], equity=[0.0, 9.0], deficit=1.0, needed=35.0, lot=20.0
    )
    with pytest.raises(adl.InfeasibleRound) as caught:
        adl.solve(round_, adl.MinMax(burden=adl.Burden.EQUITY))
    assert caught.value.missing == 15.0
    assert [b[1:] for b in caught.value.binding] == [(0.0, "protected"), (20.0, "lots")]
    odd = adl.Round.of(capacity=[100.0, 100.0], deficit=1.0, needed=35.0, lot=20.0)
    with pytest.raises(adl.InfeasibleRound) as caught:
        adl.solve(odd)
    assert (caught.value.missing, caught.value.below, caught.value.above) == (5.0, 20.0, 40.0)
    assert [b.reason for b in caught.value.binding] == ["lots", "lots"]


def test_limits_survive_a_copy():
    limits = adl.Limits(ineligible={"bob": "vault"}, cap=[0.5, 1, 1], floor=3, tier=[1, 2, 3])
    again = pickle.loads(pickle.dumps(limits))
    assert (again.most(ROUND.start) == limits.most(ROUND.start)).all()
    assert again.tier.tolist() == [1, 2, 3]
    with pytest.raises(ValueError, match="read-only"):
        limits.cap[0] = 1.0


REFUSED = {
    "a cap above 1": (lambda: adl.Limits(cap=[0.5, 1.5]), r"cap\[1\] is 1\.5"),
    "a cap of nan": (lambda: adl.Limits(cap=math.nan), "cap is nan"),
    "a negative floor": (lambda: adl.Limits(floor=[-1.0]), r"floor\[0\] is -1\.0"),
    "no reason": (lambda: adl.Limits(ineligible={"ann": ""}), r"ineligible\[ann\] is ''"),
    "a list of ineligible": (lambda: adl.Limits(ineligible=["ann"]), "a mapping by ids"),
    "tiers in parts": (lambda: adl.Limits(tier=[0.5]), "a list of whole numbers"),
    "a negative weight": (lambda: adl.Limits(weight=[-1.0]), r"weight\[0\] is -1\.0"),
    "an unknown account": (
        lambda: adl.solve(ROUND, limits=adl.Limits(ineligible={"eve": "gone"})),
        "ineligible is 'eve'",
    ),
    "caps of another length": (
        lambda: adl.solve(ROUND, limits=adl.Limits(cap=[0.5])),
        "cap is '1 values'",
    ),
    "tiers of another length": (
        lambda: adl.solve(ROUND, limits=adl.Limits(tier=[1])),
        "tier is '1 values'",
    ),
    "weights of another length": (
        lambda: adl.solve(ROUND, limits=adl.Limits(weight=[1.0])),
        "weight is '1 values'",
    ),
    "floors without equity": (
        lambda: adl.solve(random_without_equity(), limits=adl.Limits(floor=1.0)),
        "equity is None",
    ),
    "tiers under a price": (
        lambda: adl.solve(ROUND, EVERY[-1], limits=adl.Limits(tier=[1, 1, 2])),
        r"limits\.tier",
    ),
    "tiers of unequal lots": (
        lambda: adl.solve(
            adl.Round.of(capacity=[9.0, 9.0], deficit=1.0, needed=5.0, lot=[2.0, 3.0]),
            adl.Leximin(),
            limits=adl.Limits(tier=[1, 2]),
        ),
        "use equal lots",
    ),
    "a band under a price": (
        lambda: adl.solve(ROUND, EVERY[-1], budget=adl.Budget.band(1.0)),
        r"expected Budget\.exact",
    ),
    "limits that are none": (lambda: adl.solve(ROUND, limits={"cap": 1}), "a Limits"),
    "a budget that is none": (lambda: adl.solve(ROUND, budget=60.0), "a Budget"),
    "a negative band": (lambda: adl.Budget.band(-1.0), r"width is -1\.0"),
    "a band of nan": (lambda: adl.Budget.band(math.nan), "width is nan"),
    "something else than a round": (lambda: adl.solve([1.0]), "a Round"),
}


def random_without_equity():
    return adl.Round.of(capacity=[1.0], deficit=1.0, needed=0.5)


@pytest.mark.parametrize(("act", "message"), REFUSED.values(), ids=REFUSED)
def test_bad_limits_are_refused(act, message):
    with pytest.raises(adl.InputError, match=message):
        act()
