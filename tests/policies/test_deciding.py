"""Deciding before it is known what a round needs: against linear programs, limits, and forgery."""

import math
import pickle
import threading
import time
from dataclasses import replace
from fractions import Fraction
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy.optimize import linprog
from tiers import examples

import adlopt as adl
from adlopt.data.files.reading import read_decision
from adlopt.errors import CertificateError, InfeasibleRound, InputError
from adlopt.optimum.core.certificate import Trust
from adlopt.policies.decide.ball import Ball, Burdened, best_budget
from adlopt.policies.decide.both_ends import at_least, at_most
from adlopt.policies.decide.deciding import enough
from adlopt.policies.decide.decision_problem import DecisionProblem

TWO = adl.RoundStart(account=["a", "b"], capacity=[120.0, 80.0], deficit=90.0)
SAMPLES = [20.0, 30.0, 50.0, 80.0]


def by_highs(problem, floor=0.0):
    """The robust choice as one program: H, λ, s_i for each value, z, and x_i; all rows stated."""
    ball, n = problem.ball(problem.ambiguity), problem.belief.value.size
    weight = problem.start.capacity
    most = weight if problem.limits is None else problem.limits.most(problem.start)
    rows, ends, winners = [], [], weight.size
    for i, b in enumerate(ball.needed):
        for v in (0.0, ball.most, b):
            for slope, constant in ((-ball.under, ball.under * v), (ball.over, -ball.over * v)):
                row = np.zeros(3 + n + winners)
                row[[0, 1, 2 + i]] = slope, -abs(v - b), -1.0
                rows.append(row)
                ends.append(-constant)
    for i, u in enumerate(weight):
        row = np.zeros(3 + n + winners)
        row[[2 + n, 3 + n + i]] = -u, 1.0
        rows.append(row)
        ends.append(0.0)
    cost = np.concatenate([[0.0, ball.radius], ball.mass / ball.total, [problem.fair], 0 * weight])
    total = np.concatenate([[1.0], np.zeros(2 + n), -np.ones(winners)])
    free = [(floor, None), *[(0.0, None)] * (2 + n), *((0.0, u) for u in most)]
    found = linprog(cost, rows, ends, total[None, :], [0.0], free, method="highs")
    assert found.status == 0
    return found.fun


def by_linprog(problem, scenarios=None, rows=(), priced=False):
    """The same with scenarios, each with a distribution of its own where it is priced, and rows.

    Columns: z, H, then of each scenario d, λ, s_i and y_i. Rows are of (accounts, lower, upper).
    """
    ball, weight = problem.ball(problem.ambiguity), problem.start.capacity
    n, winners = ball.needed.size, weight.size
    most = weight if problem.limits is None else problem.limits.most(problem.start)
    scenarios = [most] if scenarios is None else scenarios
    width, count = 2 + n + winners, len(scenarios)
    total = 2 + count * width
    upper, ends, cost = [], [], np.zeros(total)
    cost[0] = problem.fair
    free = [(0.0, None), (0.0, None)]

    def add(terms, end):
        row = np.zeros(total)
        for place, value in terms:
            row[place] += value
        upper.append(row)
        ends.append(end)

    for k, moved in enumerate(scenarios):
        d = 2 + k * width
        taken = [(d + 2 + n + i, -1.0) for i in range(winners)]
        for i, b in enumerate(ball.needed):
            for v in (0.0, ball.most, b):
                for slope, constant in ((-ball.under, ball.under * v), (ball.over, -ball.over * v)):
                    add([(d, slope), (d + 1, -abs(v - b)), (d + 2 + i, -1.0)], -constant)
        add([(d, 1.0), *taken], 0.0)
        add([(d, 1.0), (1, -1.0)], 0.0)
        if not priced:
            add([(d, -1.0), (1, 1.0)], 0.0)
        for i, u in enumerate(weight):
            add([(d + 2 + n + i, 1.0), (0, -u)], 0.0)
        cost[d + 1] = ball.radius / count
        cost[d + 2 : d + 2 + n] = ball.mass / ball.total / count
        free += [(0.0, None)] * (2 + n)
        free += [(0.0, min(a, b)) for a, b in zip(most, moved, strict=True)]
        for who, low, high in rows:
            group = [(d + 2 + n + i, 1.0) for i in who]
            exact = [(d, 1.0), *taken]
            add([(place, -value) for place, value in exact], 0.0)
            add([(place, -1.0) for place, _ in group], -low)
            add(group, high)
    return linprog(cost, upper, ends, bounds=free, method="highs")


@st.composite
def problems(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, winners = int(rng.integers(1, 9)), int(rng.integers(1, 5))
    needed = rng.choice([0.0, 10.0, 40.0, 55.5, 90.0, 130.0], n)
    needed = needed if rng.random() < 0.5 else 130 * rng.random(n)
    start = adl.RoundStart(
        account=[str(i) for i in range(winners)],
        capacity=rng.uniform(1, 100, winners),
        deficit=rng.uniform(1, 150),
    )
    mass = rng.choice([1.0, 2.0, 0.3], n) if rng.random() < 0.5 else None
    limits = adl.Limits(cap=rng.choice([1.0, 0.5, 0.1], winners))
    return DecisionProblem(
        start=start,
        belief=adl.Belief.of_samples(needed, mass),
        under=float(rng.choice([0.3, 1.0, 2.0, 5.0])),
        over=float(rng.choice([1.0, 0.5])),
        fair=float(rng.choice([0.0, 3.0, 40.0, 400.0])),
        ambiguity=float(rng.choice([0.0, 0.5, 4.0, 30.0, 1e4])),
        limits=limits if rng.random() < 0.5 else None,
        chance=float(rng.uniform(0.05, 0.95)) if rng.random() < 0.3 else None,
    )


@given(problems())
@examples(150)
def test_a_decision_loses_what_the_linear_program_does_and_both_ends_are_proved(problem):
    few = problem.belief.value.size
    if problem.chance is not None and problem.chance > few / (few + 1):
        problem = replace(problem, chance=None)
    floor, _ = enough(problem)
    if floor > problem.burdens.reachable:
        with pytest.raises(InfeasibleRound):
            adl.decide(problem)
        return
    decision = adl.decide(problem)
    assert decision.raised >= floor * (1 - 1e-12)
    assert decision.certificate.trust is Trust.EXACT
    assert decision.certificate.proven, decision.certificate
    assert decision.allocation.proven
    assert decision.worst_loss == pytest.approx(by_highs(problem, floor), rel=1e-7, abs=1e-7)
    against = decision.worst_mass @ np.maximum(
        problem.under * (decision.worst_needed - decision.raised),
        problem.over * (decision.raised - decision.worst_needed),
    )
    burden = problem.fair * decision.worst_burden
    assert against + burden == pytest.approx(decision.worst_loss, rel=1e-7, abs=1e-7)


@given(problems(), st.integers(0, 2**32 - 1))
@examples(60)
def test_no_distribution_in_the_ball_loses_more(problem, seed):
    """Draw transports of the belief that cost no more than the radius, and judge them plainly."""
    if problem.chance is not None:
        return
    decision, rng = adl.decide(problem), np.random.default_rng(seed)
    ball = problem.ball(decision.radius)
    for _ in range(10):
        target = rng.choice([0.0, ball.most, *ball.needed], ball.needed.size)
        share = rng.random(ball.needed.size)
        moved = float(ball.mass @ (share * np.abs(target - ball.needed))) / ball.total
        share *= min(1.0, ball.radius / moved) if moved else 1.0
        stay, gone = ball.miss(decision.raised, ball.needed), ball.miss(decision.raised, target)
        loss = float(ball.mass @ ((1 - share) * stay + share * gone)) / ball.total
        assert (
            loss + problem.fair * decision.worst_burden <= decision.worst_loss * (1 + 1e-9) + 1e-9
        )


@pytest.mark.parametrize(("under", "over"), [(1.0, 1.0), (2.0, 1.0), (1.0, 3.0), (0.7, 0.2)])
def test_without_doubt_it_is_the_quantile_and_with_endless_doubt_the_minimax(under, over):
    wealthy = adl.RoundStart(account=["a"], capacity=[1e4], deficit=90.0)
    values = np.random.default_rng(3).uniform(0, 200, 41)
    belief = adl.Belief.of_samples(values)
    certain = adl.decide(wealthy, belief=belief, under=under, over=over)
    level = Fraction(under).limit_denominator(10) / Fraction(under + over).limit_denominator(10)
    assert certain.raised == np.sort(values)[math.ceil(level * 41) - 1]
    assert certain.most == values.max()
    endless = adl.decide(wealthy, belief=belief, under=under, over=over, ambiguity=1e9, most=300.0)
    assert endless.raised == pytest.approx(300.0 * under / (under + over))
    assert endless.worst_loss == pytest.approx(300.0 * under * over / (under + over))
    assert endless.price_of_ambiguity > 0 == certain.price_of_ambiguity


def test_it_is_labelled_round_start_and_holds_for_no_other_haircut():
    decision = adl.decide(TWO, belief=SAMPLES, under=2.0, ambiguity=3.0)
    assert decision.information is adl.Information.ROUND_START
    assert decision.to_dict()["information"] == "round start"
    assert "hindsight" not in str(decision) + repr(decision)
    with pytest.raises(CertificateError):
        replace(decision, haircut=decision.haircut[::-1])
    copy = pickle.loads(pickle.dumps(decision))
    assert copy.to_dict() == decision.to_dict()


def test_a_false_plan_or_price_proves_nothing_false():
    """Any λ is an upper end, and no distribution outside the ball is a lower one."""
    known = {"needed": np.array([20.0, 40.0]), "mass": np.ones(2), "most": 100.0}
    ball = Ball(**known, radius=6.0, under=2.0, over=1.0)
    best = best_budget(ball, lambda _: Burdened(0.0, 0.0), (0.0, 100.0))
    true = ball.worst(best.raised).cost
    for price in (0.0, 0.5, 1.7, 2.0, 50.0):
        assert at_most(ball, Fraction(best.raised), price) >= Fraction(true) - Fraction(1, 10**9)
    greedy = tuple(
        (weight, replace(tangent, worst=replace(tangent.worst, up=ball.mass * 0.9)))
        for weight, tangent in best.tangents
    )
    nothing = (Fraction(0), Fraction(0))
    assert at_least(ball, greedy, best.ends, nothing) <= Fraction(true) + Fraction(1, 10**9)


def test_protected_accounts_are_named_with_their_dollars_before_the_need_is_known():
    start = adl.RoundStart(
        account=["a", "b"], capacity=[120.0, 80.0], equity=[50.0, -4.0], deficit=90.0
    )
    equity = adl.MinMax(burden=adl.Burden.EQUITY)
    decision = adl.decide(start, belief=SAMPLES, objective=equity)
    assert decision.haircut[1] == 0
    assert decision.notes == ("protected, of no equity: 1 account of 80.00 USD (b)",)
    assert decision.notes[0] in str(decision)
    assert decision.to_dict()["notes"] == list(decision.notes)


def test_enough_in_a_share_of_cases_is_an_order_statistic():
    decision = adl.decide(TWO, belief=list(range(1, 20)), chance=0.9)
    assert decision.raised == 18.0
    assert decision.guarantee == 0.9
    with pytest.raises(InputError, match=r"at most 19/20, of 19 samples; 49 samples guarantee it"):
        adl.decide(TWO, belief=list(range(1, 20)), chance=0.98)
    with pytest.raises(InputError, match="no number of samples"):
        adl.decide(TWO, belief=SAMPLES, chance=1.0)
    sure = adl.decide(TWO, belief={0.5: 10, 1.0: 30}, chance=1.0)
    assert sure.raised == pytest.approx(30, abs=0.1)
    assert sure.guarantee is None
    poor = adl.RoundStart(account=["a"], capacity=[5.0], deficit=90.0)
    with pytest.raises(InfeasibleRound):
        adl.decide(poor, belief=list(range(1, 20)), chance=0.9)


def test_the_guarantee_holds_for_exchangeable_rounds():
    """k/(N + 1), k = ⌈0.8 · 10⌉: exact for continuous draws; 3,000 of them are within 4 sigma."""
    rng = np.random.default_rng(11)
    draws = rng.lognormal(3, 1, (3000, 10))
    hits = 0
    for row in draws:
        problem = DecisionProblem(start=TWO, belief=adl.Belief.of_samples(row[:9]), chance=0.8)
        floor, guarantee = enough(problem)
        hits += row[9] <= floor
    assert guarantee == 0.8
    assert abs(hits / 3000 - 0.8) < 4 * math.sqrt(0.16 / 3000)


@pytest.mark.nightly("a thousand episodes")
def test_a_thousand_episodes_in_any_order_are_covered_as_promised():
    """Rounds in random order are exchangeable; θ* = 1 twice is a tie, which covers more."""
    rng, covered = np.random.default_rng(0), []
    for seed in range(1_000):
        rounds = adl.episodes.shock(rounds=10, winners=20, seed=seed).rounds
        *before, last = (
            replace(rounds[i], start=replace(rounds[i].start, t=t))
            for t, i in enumerate(rng.permutation(10).tolist(), start=1)
        )
        past = adl.Episode(name="in any order", rounds=tuple(before))
        belief = adl.belief_from(past, equally=True)
        decision = adl.decide(last.start, belief=belief, chance=0.8)
        assert decision.guarantee == 0.8
        covered.append(decision.raised >= last.needed - 1e-6)
    assert np.mean(covered) >= 0.8 - 4 * math.sqrt(0.16 / 1_000)


def test_the_radius_is_calibrated_on_the_values_alone_and_grows_with_what_it_saves():
    rng = np.random.default_rng(2)
    skewed = np.where(rng.random(24) < 0.15, 80.0, rng.uniform(0, 10, 24))
    decision = adl.decide(TWO, belief=skewed, under=9.0, ambiguity=adl.CrossValidated(folds=4))
    again = adl.decide(TWO, belief=skewed, under=9.0, ambiguity=decision.radius)
    assert decision.raised == again.raised
    with pytest.raises(InputError, match="at least 2 values"):
        adl.decide(TWO, belief=[3.0], ambiguity=adl.CrossValidated())
    with pytest.raises(InputError):
        adl.CrossValidated(folds=1)


def test_whole_lots_are_closed_and_the_gap_they_leave_is_stated():
    start = adl.RoundStart(account=["a", "b"], capacity=[120, 80], deficit=90, lot=[7.0, 9.0])
    decision = adl.decide(start, belief=SAMPLES, under=2.0)
    assert (decision.haircut % start.lot == 0).all()
    sums = np.add.outer(7.0 * np.arange(18), 9.0 * np.arange(9)).ravel()
    ball = DecisionProblem(start=start, belief=SAMPLES, under=2.0).ball(0.0)
    assert decision.expected_loss == pytest.approx(min(map(ball.expected, sums)))
    assert decision.certificate.lower <= decision.worst_loss
    floored = adl.decide(start, belief=SAMPLES, chance=0.75)
    assert floored.raised >= 80.0


def test_positions_of_several_coins_are_closed_in_whole_lots():
    positions = adl.ContractRound.of(
        account=["ann", "ann", "bob"], coin=["ETH", "BTC", "ETH"], side=["long", "short", "long"],
        size=[10, 3, 8], value=[40, 90, 40], deficit=500, needed=1,
    )  # fmt: skip
    decision = adl.decide(
        positions.start, positions=positions.positions, belief=[200.0, 305.0, 400.0],
        limits=adl.Limits(cap=0.5),
    )  # fmt: skip
    assert decision.lots is not None
    assert decision.raised >= 305.0
    assert (positions.haircut(list(decision.lots)) == decision.haircut).all()
    assert (decision.haircut <= 0.5 * positions.start.capacity).all()


@given(st.integers(0, 2**32 - 1))
@examples(40)
def test_moving_capacities_are_served_at_the_least_level(seed):
    rng = np.random.default_rng(seed)
    n, scenarios = int(rng.integers(1, 5)), int(rng.integers(1, 7))
    start = adl.RoundStart(
        account=[str(i) for i in range(n)], capacity=rng.uniform(5, 100, n), deficit=90.0
    )
    moved = start.capacity * rng.uniform(0.2, 1.5, (scenarios, n))
    share = float(rng.choice([0.3, 0.5, 0.9, 1.0]))
    wanted = math.ceil(share * scenarios - 1e-9)
    given_ = {"belief": [20.0], "capacities": moved, "delivered": share}
    reach = np.sort(np.minimum(moved, start.capacity).sum(axis=1))[::-1][wanted - 1]
    decision = adl.decide(start, **given_)
    assert decision.raised == pytest.approx(min(20.0, reach))
    if reach < 20.0:
        with pytest.raises(InfeasibleRound):
            adl.decide(start, **given_, chance=0.5)
    got = np.minimum(decision.haircut, moved).sum(axis=1)
    assert (got >= decision.raised * (1 - 1e-9)).sum() >= wanted
    assert decision.allocation.proven
    levels = np.linspace(0, decision.worst_burden * (1 - 1e-6), 50)
    for z in levels:
        less = np.minimum(np.minimum(z * start.capacity, start.capacity), moved).sum(axis=1)
        assert (less >= decision.raised * (1 + 1e-9)).sum() < wanted


@given(problems(), st.integers(0, 2**32 - 1))
@examples(60)
def test_scenarios_share_a_price_as_one_linear_program_has_it(problem, seed):
    """Delivered in all scenarios, in some k of them, or missed at its price: one oracle."""
    rng = np.random.default_rng(seed)
    problem = replace(problem, chance=None)
    count = int(rng.integers(1, 5))
    scenarios = problem.start.capacity * rng.choice([0.0, 0.3, 0.8, 1.2], (count, 1))
    scenarios = scenarios * rng.uniform(
        0.5, 1.0, scenarios.shape[:1] + problem.start.capacity.shape
    )
    for share in (1.0, None):
        decision = adl.decide(replace(problem, capacities=scenarios, delivered=share))
        found = by_linprog(problem, scenarios, priced=share is None)
        assert found.status == 0
        assert decision.worst_loss == pytest.approx(found.fun, rel=1e-7, abs=1e-7)
        assert decision.certificate.proven, decision.certificate
        assert decision.certificate.trust is Trust.EXACT
    wanted = int(rng.integers(1, count + 1))
    asked = replace(problem, capacities=scenarios, delivered=wanted / count)
    decision = adl.decide(asked)
    got = np.minimum(decision.haircut, scenarios).sum(axis=1)
    assert (got >= decision.raised * (1 - 1e-9)).sum() >= wanted
    subsets = [scenarios[list(kept)] for kept in combinations(range(count), wanted)]
    least = min(by_linprog(problem, kept).fun for kept in subsets)
    assert decision.certificate.lower <= least * (1 + 1e-7) + 1e-7
    assert decision.worst_loss >= least * (1 - 1e-7) - 1e-7


def test_what_is_not_delivered_is_missed_at_its_price():
    """One rich scenario and a poor one: more burden is not worth what the poor one adds."""
    scenarios = np.array([[120.0, 80.0], [1.0, 0.0]])
    some = adl.decide(TWO, belief=[60.0], under=2.0, capacities=scenarios, delivered=None)
    assert (some.raised, some.delivered) == (60.0, 0.5)
    assert some.expected_loss == pytest.approx((0.0 + 2.0 * 59.0) / 2)
    assert some.haircut.tolist() == [36.0, 24.0]
    dear = adl.decide(TWO, belief=[60.0], under=2.0, fair=1e4, capacities=scenarios, delivered=None)
    assert dear.worst_burden == 0.0
    assert dear.worst_loss == pytest.approx(120.0)
    assert dear.certificate.proven
    for given_ in ({"capacities": None}, {"chance": 0.5}):
        with pytest.raises(InputError):
            adl.decide(TWO, belief=[60.0], **{"capacities": scenarios, "delivered": None, **given_})


@pytest.mark.parametrize("seed", range(8))
def test_moving_capacities_of_whole_lots_are_those_of_enumeration(seed):
    rng = np.random.default_rng(seed)
    coins = ["ETH", "ETH", "BTC", "BTC"]
    size, lot = rng.integers(1, 4, 4), rng.integers(3, 30, 4).astype(float)
    round_ = adl.ContractRound.of(
        account=["ann", "bob", "bob", "cat"], coin=coins, side=["long"] * 4, size=size,
        value=lot, deficit=500.0, needed=1.0,
    )  # fmt: skip
    start, owner = round_.start, round_.owner
    moved = start.capacity * rng.uniform(0.3, 1.2, (3, 3))
    limits = adl.Limits(cap=0.9)
    most = limits.most(start)
    every = list(product(*(range(k + 1) for k in size)))
    given_ = np.array([np.bincount(owner, lot * k, 3) for k in every])
    given_ = given_[(given_ <= most + 1e-9).all(axis=1)]
    delivered = np.minimum(given_[:, None, :], moved).sum(axis=2)
    for share, wanted in ((1.0, 3), (0.6, 2)):
        aim = 0.7 * float(np.sort(delivered.max(axis=0))[-wanted])
        options = {"belief": [aim], "capacities": moved, "delivered": share, "limits": limits}
        fits = (delivered >= aim).sum(axis=1) >= wanted
        least = (given_[fits] / start.capacity).max(axis=1).min()
        decision = adl.decide(start, positions=round_.positions, **options)
        assert decision.worst_burden == pytest.approx(least)
        assert decision.allocation.proven
        assert (round_.haircut(list(decision.lots)) == decision.haircut).all()
        got = np.minimum(decision.haircut, moved).sum(axis=1)
        assert (got >= aim - 1e-6).sum() >= wanted


def test_moving_capacities_in_lots_of_dollars():
    start = adl.RoundStart(account=["a", "b"], capacity=[120, 80], deficit=90, lot=[7.0, 9.0])
    decision = adl.decide(start, belief=[60.0], capacities=0.5)
    assert (decision.haircut % start.lot == 0).all()
    assert np.minimum(decision.haircut, 0.5 * start.capacity).sum() >= 60.0
    pairs = [(7.0 * i, 9.0 * j) for i in range(18) for j in range(9)]
    enough_ = [max(a / 120, b / 80) for a, b in pairs if min(a, 60.0) + min(b, 40.0) >= 60.0]
    assert decision.worst_burden == pytest.approx(min(enough_))
    assert decision.allocation.proven


@given(problems(), st.integers(0, 2**32 - 1))
@examples(40)
def test_own_rows_are_part_of_the_same_linear_program(problem, seed):
    rng = np.random.default_rng(seed)
    names, n = problem.start.account, len(problem.start.account)
    who = sorted(rng.choice(n, int(rng.integers(1, n + 1)), replace=False).tolist())
    held = float(problem.start.capacity[who].sum())
    low, high = sorted(rng.choice([0.0, 0.1, 0.4, 1.0], 2) * held)
    group = adl.group(account=[names[i] for i in who])
    rows = (group.gives_at_least(usd=low), group.gives_at_most(usd=high))
    problem = replace(problem, chance=None, constraints=rows)
    found = by_linprog(problem, rows=[(who, low, high)])
    if found.status == 2:
        with pytest.raises(InfeasibleRound):
            adl.decide(problem)
        return
    decision = adl.decide(problem)
    assert decision.worst_loss == pytest.approx(found.fun, rel=1e-6, abs=1e-6)
    assert decision.certificate.lower <= found.fun * (1 + 1e-9) + 1e-9
    assert decision.certificate.gap <= 1e-6 * (1 + decision.worst_loss)
    assert low * (1 - 1e-8) - 1e-8 <= decision.haircut[who].sum() <= high * (1 + 1e-8) + 1e-8
    assert decision.allocation.proven


@given(st.integers(0, 2**32 - 1))
@examples(40)
def test_rows_and_capacities_that_move_are_one_program(seed):
    """Columns x, d of each scenario, z, H, what is missed and beyond at each sample."""
    rng = np.random.default_rng(seed)
    n, count, samples = int(rng.integers(1, 5)), int(rng.integers(1, 4)), rng.uniform(5, 90, 3)
    u = np.round(rng.uniform(5, 60, n), 2)
    start = adl.RoundStart(account=[str(i) for i in range(n)], capacity=u, deficit=90.0)
    moved = np.round(u * rng.uniform(0.2, 1.3, (count, n)), 2)
    who = sorted(rng.choice(n, int(rng.integers(1, n + 1)), replace=False).tolist())
    low, high = sorted(rng.choice([0.0, 0.2, 0.5, 1.0], 2) * u[who].sum())
    fair, (under, over) = float(rng.choice([0.0, 5.0, 80.0])), rng.uniform(0.5, 4.0, 2)
    z, h, width = n + n * count, n + n * count + 1, n + n * count + 8
    rows, ends = [], []

    def at_most(end, *terms):
        rows.append(np.zeros(width))
        for place, value in terms:
            rows[-1][place] += value
        ends.append(end)

    for i in range(n):
        at_most(0.0, (i, 1.0), (z, -u[i]))
    for w in range(count):
        d = n + n * w
        for i in range(n):
            at_most(0.0, (d + i, 1.0), (i, -1.0))
        at_most(0.0, (h, 1.0), *((d + i, -1.0) for i in range(n)))
    for k, b in enumerate(samples):
        at_most(-b, (h, -1.0), (h + 1 + k, -1.0))
        at_most(b, (h, 1.0), (h + 4 + k, -1.0))
    at_most(high, *((i, 1.0) for i in who))
    at_most(-low, *((i, -1.0) for i in who))
    cost = np.concatenate([np.zeros(z), [fair, 0.0], np.full(3, under / 3), np.full(3, over / 3)])
    most = np.concatenate([u, np.minimum(moved, u).ravel(), np.full(8, np.inf)])
    found = linprog(cost, np.array(rows), ends, bounds=[(0.0, end) for end in most])
    group = adl.group(account=[str(i) for i in who])
    decision = adl.decide(
        start, belief=samples, under=under, over=over, fair=fair, capacities=moved,
        constraints=(group.gives_at_least(usd=low), group.gives_at_most(usd=high)),
    )  # fmt: skip
    assert decision.worst_loss == pytest.approx(found.fun, rel=1e-6, abs=1e-6)
    assert decision.certificate.gap <= 1e-6 * (1 + decision.worst_loss)
    assert decision.delivered == 1.0
    given = np.minimum(moved, decision.haircut).sum(axis=1)
    assert (given >= decision.raised * (1 - 1e-9) - 1e-9).all()
    assert low * (1 - 1e-8) - 1e-8 <= decision.haircut[who].sum() <= high * (1 + 1e-8) + 1e-8
    assert decision.allocation.proven


@pytest.mark.parametrize("more", [{"delivered": 0.5}, {"delivered": None}])
def test_rows_are_met_in_all_scenarios_or_not_asked_for(more):
    rows = (adl.group(account=["a"]).gives_at_most(usd=5.0),)
    with pytest.raises(InputError, match="delivered in all scenarios"):
        adl.decide(TWO, belief=[60.0], capacities=0.5, constraints=rows, **more)


def test_a_band_is_its_lower_end():
    decision = adl.decide(TWO, belief=[60.0], capacities=0.5)
    assert decision.haircut.tolist() == [36.0, 24.0]
    assert adl.decide(TWO, belief=[80.0], capacities=0.7).raised == pytest.approx(60.0)
    with pytest.raises(InfeasibleRound, match=r"cannot be delivered in 100 % of the scenarios"):
        adl.decide(TWO, belief=[80.0], capacities=0.7, chance=0.5)


def test_what_is_learned_from_rounds_says_what_it_saw():
    rounds = [
        adl.Round.of(t=t, capacity=[50.0], deficit=40.0, needed=n, estimate=20.0)
        for t, n in ((1, 10.0), (2, 50.0))
    ]
    learned = adl.belief_from(adl.Episode(name="two", rounds=rounds))
    assert learned.needed(replace(TWO, estimate=25.0)).tolist() == [15.0, 55.0]
    assert "2 rounds of two" in str(learned)
    with pytest.raises(InputError, match="estimate"):
        learned.needed(TWO)
    shares = adl.belief_from(adl.episodes.october_10())
    assert (shares.value > 1).sum() == 4
    assert adl.decide(TWO, belief=shares).most == pytest.approx(90.0 * shares.value.max())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "belief is None"),
        ({"belief": []}, "at least one value"),
        ({"belief": [-1.0]}, r"belief\[0\] is -1.0"),
        ({"belief": {0.5: 10}}, "a value at level 1"),
        ({"belief": {0.5: 10, 1.0: 5}}, "values that rise"),
        ({"belief": "lognormal:3"}, "lognormal:MEDIAN:SIGMA"),
        ({"belief": "lognorml:3:1"}, "did you mean 'lognormal'"),
        ({"belief": SAMPLES, "under": 0.0}, "a price > 0"),
        ({"belief": SAMPLES, "ambiguity": -1.0}, "ambiguity"),
        ({"belief": SAMPLES, "ambiguity": math.nan}, "ambiguity"),
        ({"belief": SAMPLES, "chance": 1.5}, r"a share in \(0, 1\]"),
        ({"belief": SAMPLES, "deadline": 0.0}, "deadline"),
        ({"belief": SAMPLES, "objective": adl.surrogate(track=1, fair=1)}, "decision's own"),
        ({"belief": SAMPLES, "fair": 1.0, "objective": adl.CVaR(0.5)}, "MinMax or Leximin"),
        ({"belief": SAMPLES, "capacities": [[1.0]]}, "2, one for each account"),
    ],
)
def test_what_cannot_be_decided_is_refused(options, said):
    with pytest.raises(InputError, match=said):
        adl.decide(TWO, **options)


def test_a_finished_round_is_not_decided_and_a_start_is_not_solved():
    with pytest.raises(InputError, match="RoundStart"):
        adl.decide(adl.Round(start=TWO, outcome=adl.RoundOutcome(needed=1)), belief=SAMPLES)
    with pytest.raises(InputError, match=r"adlopt\.decide"):
        adl.solve(TWO)


def test_equal_inputs_give_equal_answers_in_any_thread():
    rng = np.random.default_rng(0)
    capacity = rng.lognormal(8, 1.5, 3000)
    start = adl.RoundStart(account=[str(i) for i in range(3000)], capacity=capacity, deficit=1e6)
    options = {"belief": rng.uniform(0, 1e6, 40), "under": 5.0, "ambiguity": 2e4, "fair": 1e5}
    wanted, found = adl.decide(start, **options).to_dict(), []
    many = [
        threading.Thread(target=lambda: found.append(adl.decide(start, **options).to_dict()))
        for _ in range(4)
    ]
    for each in many:
        each.start()
    for each in many:
        each.join()
    assert found == [wanted] * 4


def test_at_the_deadline_the_best_so_far_comes_with_its_gap():
    options = {"belief": np.linspace(0, 90, 500), "under": 3.0, "ambiguity": 2.0}
    late = adl.decide(TWO, deadline=1e-9, **options)
    assert late.stopped
    assert "deadline" in repr(late)
    best = adl.decide(TWO, deadline=60.0, **options)
    assert late.certificate.lower <= best.worst_loss <= late.worst_loss
    assert not best.stopped


ROUND = """\
deficit = 90.0
[[account]]
id = "a"
capacity = 120.0
[[account]]
id = "b"
capacity = 80.0
"""


def test_files_state_beliefs_and_options_and_the_command_line_stands_in(tmp_path, run):
    (tmp_path / "past.csv").write_text("needed\n20\n40\n60\n")
    (tmp_path / "then.csv").write_text("account,low,high\nb,40,80\na,60,120\n")
    tables = '[belief]\nfile = "past.csv"\n[decide]\nunder = 5.0\ncapacities = "then.csv"\n'
    path = tmp_path / "round.toml"
    path.write_text(ROUND + tables)
    problem = adl.read(path)
    assert problem.capacities.tolist() == [[60.0, 40.0], [120.0, 80.0]]
    assert adl.decide(problem).raised == 60.0
    assert adl.decide(read_decision(path, under=0.1)).raised == 20.0
    code, out, _ = run("decide", "round.toml", "--under", "0.1", "--json")
    assert code == 0
    assert '"raised_usd": 20.0' in out
    words = ("--belief", "past.csv:needed", "--ambiguity", "cross-validated:3")
    code, out, _ = run("decide", "round.toml", *words)
    assert code == 0
    assert "proven optimal (exact)" in out
    code, _, err = run("solve", "round.toml")
    assert code == 2
    assert "adlopt decide" in err


def test_files_have_own_rows_and_scenarios_at_a_price(tmp_path, run):
    rows = '[[constraint]]\naccount = ["a"]\ngives_at_most = { usd = 9.0 }\n'
    path = tmp_path / "round.toml"
    path.write_text(f"{ROUND}[belief]\nsamples = [60.0]\n{rows}")
    assert adl.decide(adl.read(path)).haircut.tolist() == pytest.approx([9.0, 51.0])
    code, out, _ = run("decide", "round.toml", "--audit", "log.jsonl")
    assert code == 0
    assert "60.00" in out
    assert run("audit", "log.jsonl")[0] == 0
    asked = '[decide]\nfair = 1.0\ncapacities = 0.75\ndelivered = "priced"\n'
    path.write_text(f"{ROUND}[belief]\nsamples = [60.0]\n{asked}")
    found = adl.decide(adl.read(path))
    assert (found.raised, found.delivered) == (50.0, 1.0)
    assert found.expected_loss == pytest.approx(10.0 + 0.25)


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ("", "needed is None"),
        ("[belief]\n", "exactly one of"),
        ("[belief]\nsamples = [1.0]\nshares = [1.0]\n", "samples and shares"),
        ('[belief]\nfile = "none.csv"\n', "a file that exists"),
        ('[belief]\nfile = "../past.csv"\n', "a file inside"),
        ('[belief]\nsamples = [1.0]\n[decide]\nambiguity = "much"\n', "cross-validated"),
        ('[belief]\nquantiles = { half = 3.0, "1" = 4.0 }\n', "a level"),
        ('[belief]\nsamples = [1.0]\n[[constraint]]\ngroup = "x"\n', "constraint"),
        ('[belief]\nsamples = [1.0]\n[decide]\ncapacities = 0.5\ndelivered = "all"\n', "'priced'"),
    ],
)
def test_a_file_that_cannot_be_decided_says_why(tmp_path, run, tables, said):
    (tmp_path / "round.toml").write_text(ROUND + tables)
    code, out, err = run("decide", "round.toml")
    assert code == 2
    assert said in err
    assert not out


@pytest.mark.nightly("minutes of clock: latency at 20,000 accounts, and ten thousand decisions")
@pytest.mark.parametrize(("samples", "most"), [(40, 0.05), (500, 0.1)])
@pytest.mark.parametrize("calibrated", [False, True])
def test_a_warm_decision_is_quick_and_memory_stays_flat(samples, most, calibrated):
    resource = pytest.importorskip("resource")
    rng = np.random.default_rng(0)
    capacity = rng.lognormal(8, 1.5, 20_000)
    deficit = 0.4 * float(capacity.sum())
    start = adl.RoundStart(
        account=[f"a{i}" for i in range(20_000)], capacity=capacity, deficit=deficit
    )
    took, ambiguity = [], adl.CrossValidated() if calibrated else 0.02 * deficit
    for _ in range(300):
        needed, began = rng.random(samples) * deficit, time.perf_counter()
        adl.decide(start, belief=needed, under=5.0, ambiguity=ambiguity)
        took.append(time.perf_counter() - began)
    assert np.quantile(took[20:], 0.99) <= most
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(5_000):
        adl.decide(TWO, belief=SAMPLES, under=5.0, ambiguity=2.0)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss <= before * 1.01


def test_what_lots_cannot_deliver_of_a_budget_is_no_refusal():
    """26 cents in lots of one cent were refused for a part of a micro-dollar, and coarse lots."""
    start = adl.RoundStart(account=["a"], capacity=[0.4], deficit=0.5, lot=[0.01])
    given = {"belief": [0.26], "capacities": [[0.34], [0.31], [0.26]]}
    assert adl.decide(start, **given).haircut == pytest.approx([0.26])
    coarse = adl.decide(replace(start, lot=[0.1]), **given)
    assert coarse.haircut == pytest.approx([0.3])
    assert coarse.raised == pytest.approx(0.26)
    assert coarse.delivered == 1.0
    two = adl.RoundStart(account=["a", "b"], capacity=[0.4, 0.4], deficit=0.5, lot=[0.3, 0.3])
    rough = adl.decide(two, belief=[0.5], capacities=[[0.2, 0.2], [0.1, 0.25]])
    assert rough.certificate.lower <= rough.certificate.upper
    with pytest.raises(adl.InfeasibleRound, match="cannot be delivered"):
        adl.decide(two, belief=[0.5] * 3, chance=0.5, capacities=[[0.2, 0.2], [0.1, 0.25]])


def test_a_decision_in_lots_within_rows_may_raise_less_than_its_budget():
    """It was refused where no lots above the budget are within them."""
    start = adl.RoundStart(
        account=["a", "b"], capacity=[10.0, 30.0], deficit=20.0, lot=[10.0, 30.0]
    )
    row = adl.group(account=["b"]).gives_at_most(usd=5.0)
    decision = adl.decide(start, belief=[15.0], constraints=[row])
    assert decision.haircut.tolist() == [10.0, 0.0]
