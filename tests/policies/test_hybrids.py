"""Between the queue and pro-rata: the limits, the laws, and the programs they solve."""

import math
from dataclasses import replace

import cvxpy as cp
import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy.optimize import linprog
from tiers import examples

import adlopt as adl
from adlopt.optimum.core.waterfill import water_fill
from adlopt.policies import grammar
from adlopt.policies.allocation import CappedProRata, ProRataAllocation, QueueAllocation
from adlopt.policies.grammar import named
from adlopt.policies.hybrid import Blend, Buckets, Damped, SoftQueue
from adlopt.policies.risk import RiskAware
from adlopt.testing import check_policy


def opened(capacity, score, **more):
    ids = [f"{i:03d}" for i in range(len(capacity))]
    return adl.RoundStart(
        account=ids, capacity=capacity, deficit=1.0, features={"leverage": score}, **more
    )


STARTS = st.lists(st.tuples(st.floats(0.1, 1e4), st.floats(0.5, 50)), min_size=1, max_size=12).map(
    lambda rows: opened([u for u, _ in rows], [score for _, score in rows])
)
SHARES = st.floats(0.0, 1.0)


# Tiers -------------------------------------------------------------------------------------------

TIERED = st.lists(
    st.tuples(st.floats(0.1, 1e4), st.floats(0, 2e4), st.sampled_from([-1.0, 0.0, 2.5])),
    min_size=1,
    max_size=12,
)


@given(TIERED, SHARES, st.floats(0.01, 1.0), st.floats(0, 1e3))
@examples(37)
def test_tiers_give_in_turn_and_are_level_within(rows, share, cap, floor):
    u, equity, tier = (np.array(column) for column in zip(*rows, strict=True))
    start = opened(u, tier, equity=equity)
    most = np.minimum(cap * u, np.maximum(equity - floor, 0.0))
    budget = share * float(u.sum())
    haircut = CappedProRata(cap, floor, "leverage").allocate(None, start, budget)
    near = 1e-9 * float(u.sum())
    assert math.fsum(haircut) == pytest.approx(min(budget, float(most.sum())), rel=1e-9, abs=near)
    assert (haircut <= most + near).all()
    open_tiers = [k for k in np.unique(tier) if (haircut < most - near)[tier == k].any()]
    assert not (haircut > near)[tier > min(open_tiers, default=math.inf)].any()
    for k in np.unique(tier):
        inside = (tier == k) & (haircut < most - near)
        shares = haircut[inside] / u[inside]
        assert np.ptp(shares) <= 1e-6 if shares.size else True


@pytest.mark.parametrize("seed", range(6))
def test_tiers_against_a_linear_and_a_convex_program(seed):
    rng = np.random.default_rng(seed)
    u, tier = rng.uniform(1, 100, 9), rng.integers(1, 4, 9).astype(float)
    most, budget = 0.6 * u, 0.35 * float(u.sum())
    haircut = CappedProRata(0.6, 0.0, "leverage").allocate(None, opened(u, tier), budget)
    cheapest = linprog(tier, A_eq=np.ones((1, 9)), b_eq=[budget], bounds=[(0, m) for m in most]).fun
    assert float(tier @ haircut) == pytest.approx(cheapest, rel=1e-9)
    for k in np.unique(tier):
        within = tier == k
        x = cp.Variable(int(within.sum()), nonneg=True)
        cost = cp.sum(cp.multiply(1 / u[within], cp.square(x)))
        limits = [cp.sum(x) == haircut[within].sum(), x <= most[within]]
        cp.Problem(cp.Minimize(cost), limits).solve(solver=cp.CLARABEL)
        assert haircut[within] == pytest.approx(x.value, rel=1e-3, abs=1e-3)


def test_one_tier_is_the_rule_without_tiers():
    start = opened([40.0, 60.0], [7.0, 7.0])
    plain, tiered = CappedProRata(0.5), CappedProRata(0.5, tier="leverage")
    assert plain.allocate(None, start, 30.0).tolist() == tiered.allocate(None, start, 30.0).tolist()
    assert grammar.allocation("capped-pro-rata:0.5:10:leverage") == CappedProRata(
        0.5, 10.0, "leverage"
    )
    assert CappedProRata(0.5, 10.0, "leverage").name == "capped-pro-rata:0.5:10:leverage"


# Buckets -----------------------------------------------------------------------------------------


@given(STARTS, SHARES, st.integers(1, 30))
@examples(37)
def test_one_bucket_is_pro_rata_and_many_are_a_queue(start, share, buckets):
    budget, near = share * start.total_capacity, 1e-9 * start.total_capacity
    one = Buckets("leverage", 1).allocate(None, start, budget)
    assert one == pytest.approx(ProRataAllocation().allocate(None, start, budget), rel=1e-9)
    some = Buckets("leverage", buckets).allocate(None, start, budget)
    assert math.fsum(some) == pytest.approx(budget, rel=1e-9, abs=near)
    score = start.feature("leverage")
    if len(set(score.tolist())) == score.size:
        many = Buckets("leverage", 1e9).allocate(None, start, budget)
        assert many == pytest.approx(
            QueueAllocation("leverage").allocate(None, start, budget), abs=near
        )
    highest = score == score.max()
    assert np.ptp(some[highest] / start.capacity[highest]) <= 1e-9


def test_a_bucket_is_cut_by_capacity_and_filled_before_the_next():
    start = opened([10.0, 10.0, 20.0], [9.0, 8.0, 1.0])
    taken = [Buckets("leverage", 2).allocate(None, start, b).tolist() for b in (10, 20, 30)]
    assert taken == [[5.0, 5.0, 0.0], [10.0, 10.0, 0.0], [10.0, 10.0, 10.0]]


# Soft cliffs -------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_the_soft_queue_solves_its_entropic_program(seed):
    rng = np.random.default_rng(seed)
    start = opened(rng.uniform(1, 10, 6), rng.uniform(1, 5, 6))
    u, score, heat = start.capacity, start.feature("leverage"), rng.uniform(0.3, 3)
    budget = 0.5 * float(u.sum())
    x = cp.Variable(6)
    gain = score @ x + heat * cp.sum(cp.multiply(u, cp.entr(cp.multiply(1 / u, x)))) + heat * budget
    cp.Problem(cp.Maximize(gain), [cp.sum(x) == budget, x <= u]).solve(solver=cp.CLARABEL)
    haircut = SoftQueue("leverage", heat).allocate(None, start, budget)
    assert haircut == pytest.approx(x.value, rel=1e-3, abs=1e-3)


@given(STARTS, SHARES, st.sampled_from([1e-12, 1e-3, 0.1, 1.0, 30.0, 1e12]))
@examples(40)
def test_the_soft_queue_meets_its_budget_in_the_order_of_scores(start, share, heat):
    budget, near = share * start.total_capacity, 1e-9 * start.total_capacity
    haircut = SoftQueue("leverage", heat).allocate(None, start, budget)
    assert math.fsum(haircut) == pytest.approx(budget, rel=1e-9, abs=near)
    assert (haircut >= 0).all()
    assert (haircut <= start.capacity).all()
    fraction = (haircut / start.capacity)[np.argsort(-start.feature("leverage"), kind="stable")]
    assert (np.diff(fraction) <= 1e-9).all()


@given(STARTS, SHARES)
@examples(25)
def test_cold_is_the_queue_and_hot_is_pro_rata(start, share):
    score = np.round(start.feature("leverage"), 3)
    start = opened(start.capacity, score)
    budget, near = share * start.total_capacity, 1e-6 * start.total_capacity
    hot = SoftQueue("leverage", 1e12).allocate(None, start, budget)
    assert hot == pytest.approx(ProRataAllocation().allocate(None, start, budget), abs=near)
    cold = SoftQueue("leverage", 1e-9).allocate(None, start, budget)
    tiers = CappedProRata(1.0, tier="rank")
    ranked = replace(start, features={"rank": -score})
    assert cold == pytest.approx(tiers.allocate(None, ranked, budget), abs=near)


@given(
    st.lists(
        st.tuples(st.floats(0.1, 1e3), st.floats(0, 10), st.floats(-1, 1)), min_size=2, max_size=9
    ),
    SHARES,
    st.floats(0.01, 5),
    st.floats(0.3, 10),
)
@examples(40)
def test_noise_in_scores_moves_the_soft_queue_by_no_more_than_it_promises(rows, share, noise, heat):
    u, score, sign = (np.array(column) for column in zip(*rows, strict=True))
    budget = share * float(u.sum())
    rule = SoftQueue("leverage", heat)
    before = rule.allocate(None, opened(u, score), budget)
    after = rule.allocate(None, opened(u, score + noise * sign), budget)
    most = budget * math.expm1(2 * noise / heat)
    assert np.abs(after - before).sum() <= most * (1 + 1e-9) + 1e-9 * u.sum()


def test_noise_moves_a_queue_by_twice_the_budget():
    """[CTTX26, Prop. 8], which the soft queue's promise excludes."""
    u, noise = [10.0, 10.0], 1e-6
    one, two = (opened(u, [1.0, 1.0 + sign * noise]) for sign in (-1, 1))
    queue, soft = QueueAllocation("leverage"), SoftQueue("leverage", 1.0)
    jump = np.abs(queue.allocate(None, one, 10.0) - queue.allocate(None, two, 10.0)).sum()
    glide = np.abs(soft.allocate(None, one, 10.0) - soft.allocate(None, two, 10.0)).sum()
    assert jump == 20.0
    assert glide <= 10.0 * math.expm1(2 * noise)


# Blends and damping ------------------------------------------------------------------------------


@given(STARTS, SHARES, st.floats(0, 1))
@examples(30)
def test_a_blend_is_a_mean(start, share, queue):
    budget = share * start.total_capacity
    rap = RiskAware().allocate(None, start, budget)
    first = QueueAllocation("leverage").allocate(None, start, budget)
    blend = Blend(queue).allocate(None, start, budget)
    assert blend == pytest.approx(queue * first + (1 - queue) * rap, rel=1e-12)


@given(STARTS, SHARES, st.floats(0, 1), st.randoms(use_true_random=False))
@examples(25)
def test_damping_moves_by_the_share_that_is_fresh(start, share, rho, random):
    """On a round of the same capacities and budget, nothing is left to project."""
    budget = share * start.total_capacity
    u = start.capacity
    weights = np.array([random.uniform(0.1, 1) for _ in u])
    last = water_fill(weights * u, u, budget)
    rule = Damped(rho, QueueAllocation("leverage"))
    state = rule.learn(rule.begin(), start, last)
    fresh = QueueAllocation("leverage").allocate(None, start, budget)
    moved = rule.allocate(state, start, budget) - last
    near = 1e-7 * start.total_capacity
    assert moved == pytest.approx((1 - rho) * (fresh - last), abs=near)


@pytest.mark.parametrize("seed", range(6))
def test_damping_projects_in_the_norm_of_fractions(seed):
    rng = np.random.default_rng(seed)
    u, score, last = rng.uniform(1, 10, 6), rng.uniform(1, 5, 6), rng.uniform(0, 1, 6)
    start, rule = opened(u, score), Damped(0.7, QueueAllocation("leverage"))
    budget = 0.3 * float(u.sum())
    state = rule.learn(rule.begin(), start, last * u)
    point = 0.3 * QueueAllocation("leverage").allocate(None, start, budget) / u + 0.7 * last
    h = cp.Variable(6)
    distance = cp.Minimize(cp.sum_squares(h - point))
    cp.Problem(distance, [u @ h == budget, h >= 0, h <= 1]).solve(solver=cp.CLARABEL)
    haircut = rule.allocate(state, start, budget)
    assert haircut / u == pytest.approx(h.value, abs=1e-5)


def test_damping_remembers_by_id_and_welcomes_newcomers():
    rule = Damped(0.5, QueueAllocation("leverage"))
    first = opened([10.0, 10.0], [2.0, 1.0])
    state = rule.learn(rule.begin(), first, rule.allocate(rule.begin(), first, 10.0))
    then = adl.RoundStart(
        account=["001", "new"], capacity=[10.0, 10.0], deficit=1.0, features={"leverage": [2, 1]}
    )
    assert rule.allocate(state, then, 10.0).tolist() == pytest.approx([7.5, 2.5])


def test_damping_a_capped_rule_raises_what_the_rule_raises():
    start = opened([10.0, 10.0], [2.0, 1.0])
    rule = Damped(0.5, CappedProRata(0.2))
    assert math.fsum(rule.allocate(rule.begin(), start, 15.0)) == pytest.approx(4.0)


def test_names_carry_arguments():
    names = (
        "buckets:leverage:3",
        "soft-queue:leverage:0.5",
        "queue-blend:0.5:leverage",
        "damped:0.5:queue:leverage",
        "damped:0.25:damped:0.5:rap:2",
    )
    for name in names:
        assert grammar.allocation(name).name == name
        check_policy(named(f"persistence+{name}"), adl.episodes.shock(rounds=4, winners=9, seed=3))


@pytest.mark.parametrize(
    "bad",
    [
        "buckets:leverage:0",
        "buckets:leverage:2.5",
        "buckets:leverage:nan",
        "buckets:leverage:x",
        "soft-queue:leverage:0",
        "soft-queue:leverage:-1",
        "soft-queue:leverage:inf",
        "queue-blend:1.5",
        "queue-blend:-0.1",
        "damped:2",
        "damped:nan",
        "damped:0.5:hope",
        "damped:0.5:queue:",
    ],
)
def test_bad_arguments_are_refused(bad):
    with pytest.raises(adl.InputError):
        grammar.allocation(bad)


@pytest.mark.parametrize("name", ["buckets:fame", "soft-queue:fame", "queue-blend:0.5:fame"])
def test_a_score_the_round_lacks_is_taught(name):
    start = opened([1.0], [1.0])
    with pytest.raises(adl.InputError, match="feature is 'fame'"):
        grammar.allocation(name).allocate(None, start, 0.5)


@pytest.mark.parametrize("name", ["buckets", "soft-queue", "damped", "capped-pro-rata"])
def test_winners_without_profit_give_nothing(name):
    start = opened([0.0, 0.0], [3.0, 2.0])
    rule = grammar.allocation(name)
    assert rule.allocate(rule.begin(), start, 0.0).tolist() == [0.0, 0.0]
