"""Objectives beside the losses: against cvxpy, brute force, each other and their certificates."""

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
from adlopt.optimum.core.certificate import Multipliers
from adlopt.optimum.dollars.fewest import _most_on, _proved_level, forced_concentration
from adlopt.optimum.dollars.leximin import _no_lot_moves
from adlopt.optimum.dollars.tail_burden import _certify
from adlopt.optimum.lots.lot_grid import LotGrid

EQUITY = adl.Burden.EQUITY
EVERY = {
    "min-max": adl.MinMax(burden=EQUITY),
    "leximin": adl.Leximin(burden=EQUITY),
    "tracking": adl.TrackingFirst(burden=EQUITY),
    "fewest": adl.FewestAccounts(burden=EQUITY),
    "cvar": adl.CVaR(0.6, burden=EQUITY),
}


def random_round(seed, *, most=8):
    """Small whole numbers, with ties and zeros, on odd seeds; lognormal money on even ones."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, most + 1))
    if seed % 2:
        capacity, equity = rng.integers(0, 6, n) * 1.0, rng.integers(0, 6, n) * 1.0
    else:
        capacity = rng.lognormal(1, 1, n)
        equity = capacity * rng.lognormal(0, 1, n)
    reach = float((capacity * (equity > 0)).sum())
    share = rng.choice([0.0, 0.1, 0.5, 0.9, 1.0, rng.random()])
    return adl.Round.of(capacity=capacity, equity=equity, deficit=1.0, needed=share * reach)


def random_lots(seed, *, equal):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 6))
    lot = np.full(n, 2.0) if equal else rng.integers(1, 5, n) * 1.0
    capacity = lot * rng.integers(0, 5, n) + rng.choice([0.0, 0.5], n)
    equity = rng.integers(0, 9, n) * 1.0
    supply = int((np.floor(capacity / lot) * lot * (equity > 0)).sum())
    needed = float(rng.integers(0, supply + 1))
    return adl.Round.of(
        capacity=capacity, equity=equity, deficit=1.0, needed=needed - needed % 2 * equal, lot=lot
    )


def every_haircut(round_):
    """Haircuts in whole lots, and their exact burdens; protected accounts give nothing."""
    start = round_.start
    most = np.floor(start.capacity / start.lot).astype(int) * (start.equity > 0)
    for counts in itertools.product(*(range(k + 1) for k in most)):
        haircut = np.array(counts) * start.lot
        burdens = [
            Fraction(float(x)) / Fraction(float(e)) if e > 0 else Fraction(0)
            for x, e in zip(haircut, start.equity, strict=True)
        ]
        yield haircut, burdens


def burdens_of(round_, haircut):
    equity = round_.start.equity
    return np.where(equity > 0, haircut, 0.0) / np.where(equity > 0, equity, 1.0)


def descending(burdens):
    return sorted(burdens, reverse=True)


def leximin_by_programs(round_):
    """Least worst burden; fix whoever must bear it (positive dual); repeat with the others."""
    capacity, equity = round_.start.capacity, round_.start.equity
    n = capacity.size
    fixed = {i: 0.0 for i in range(n) if equity[i] <= 0 or capacity[i] == 0}
    while len(fixed) < n:
        free = [i for i in range(n) if i not in fixed]
        x, z = cp.Variable(len(free), nonneg=True), cp.Variable(nonneg=True)
        bearers = [x <= cp.multiply(equity[free], z * np.ones(len(free)))]
        caps = [x <= capacity[free]]
        budget = [cp.sum(x) == round_.needed - sum(fixed.values())]
        problem = cp.Problem(cp.Minimize(equity[free].sum() * z), bearers + caps + budget)
        problem.solve(solver=cp.HIGHS)
        assert problem.status == cp.OPTIMAL
        held = np.atleast_1d(bearers[0].dual_value)
        bound = [i for i, dual in zip(free, held, strict=True) if dual > 1e-9]
        if not bound:
            bound = free
        for i in bound:
            fixed[i] = float(min(capacity[i], equity[i] * z.value))
    return np.array([fixed[i] for i in range(n)])


@pytest.mark.parametrize("seed", range(200))
def test_leximin_is_water_filling_and_a_sequence_of_programs(seed):
    round_ = random_round(seed)
    best = adl.solve(round_, EVERY["leximin"])
    assert best.optimal
    assert best.certificate.trust is adl.Trust.EXACT
    ours = descending(burdens_of(round_, best.haircut))
    theirs = descending(burdens_of(round_, leximin_by_programs(round_)))
    assert ours == pytest.approx(theirs, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("equal", [True, False])
@pytest.mark.parametrize("seed", range(100))
def test_leximin_in_lots_is_that_of_brute_force(seed, equal):
    round_ = random_lots(seed, equal=equal)
    orders = [
        descending(burdens)
        for haircut, burdens in every_haircut(round_)
        if haircut.sum() == round_.needed
    ]
    if not orders:
        with pytest.raises(adl.InfeasibleRound):
            adl.solve(round_, EVERY["leximin"])
        return
    best = adl.solve(round_, EVERY["leximin"])
    equity = round_.start.equity
    ours = [
        Fraction(float(x)) / Fraction(float(e)) if e > 0 else Fraction(0)
        for x, e in zip(best.haircut, equity, strict=True)
    ]
    assert descending(ours) == min(orders)
    assert best.certificate.optimal
    assert best.stages[0].certificate.trust is not adl.Trust.VERIFIED


@pytest.mark.parametrize("method", [adl.Method.AUTO, adl.Method.HIGHS])
@pytest.mark.parametrize("extra", [0.5, 1.0, 3.0, math.inf])
@pytest.mark.parametrize("seed", range(20))
def test_lots_in_a_band_are_those_of_brute_force(seed, extra, method):
    """Budgets that no lots make exactly: the least order, and the fewest accounts, of all sums."""
    round_ = random_lots(seed, equal=seed % 3 == 0)
    needed = min(round_.needed + 0.75, float(every_lot(round_)))
    round_ = replace(round_, outcome=adl.RoundOutcome(needed=needed))
    budget = adl.Budget.at_least() if extra == math.inf else adl.Budget.band(extra)
    counts = [
        (descending(burdens), int(np.count_nonzero(haircut)))
        for haircut, burdens in every_haircut(round_)
        if needed <= haircut.sum() <= needed + extra
    ]
    if not counts:
        for name in ("leximin", "fewest"):
            with pytest.raises(adl.InfeasibleRound):
                adl.solve(round_, EVERY[name], budget=budget, method=method)
        return
    best = adl.solve(round_, EVERY["leximin"], budget=budget, method=method)
    paid = zip(best.haircut, round_.start.equity, strict=True)
    ours = [Fraction(float(x)) / Fraction(float(e)) if e > 0 else Fraction(0) for x, e in paid]
    assert descending(ours) == min(order for order, _ in counts)
    few = adl.solve(round_, EVERY["fewest"], budget=budget, method=method)
    fewest = min((touched, order[:1]) for order, touched in counts)
    assert (few.touched, [few.worst_burden]) == (fewest[0], [float(fewest[1][0])])
    for answer in (best, few):
        assert answer.certificate.optimal
        assert needed <= answer.raised <= needed + extra


def every_lot(round_):
    return max(haircut.sum() for haircut, _ in every_haircut(round_))


def test_equal_lots_go_to_the_largest_of_equal_burdens():
    """A lot on 4 weighs as the second lot on 8; leaving 4 at nothing is the better order."""
    round_ = adl.Round.of(capacity=[4.0, 8.0], deficit=1.0, needed=8.0, lot=4.0)
    assert adl.solve(round_, adl.Leximin()).haircut.tolist() == [0.0, 8.0]
    grid = LotGrid.of_wealth(BurdenProblem.of(round_, adl.MinMax()))
    with pytest.raises(adl.CertificateError, match="lower burden"):
        _no_lot_moves(grid, np.array([1, 1]))


def test_leximin_of_many_lots_of_several_sizes_is_refused():
    lot = [1.0 + i / 1000 for i in range(60)]
    round_ = adl.Round.of(capacity=[50.0] * 60, deficit=1.0, needed=700.0, lot=lot)
    with pytest.raises(adl.InputError, match="use equal lots"):
        adl.solve(round_, adl.Leximin())


def few_by_brute_force(round_, *, whole):
    """Fewest accounts, then the least worst burden on so few, over all sets of accounts."""
    start, best = round_.start, (0.0, 0.0)
    if round_.needed == 0:
        return best
    for k in range(1, start.capacity.size + 1):
        found = []
        for chosen in map(list, itertools.combinations(range(start.capacity.size), k)):
            if (start.equity[chosen] <= 0).any():
                continue
            part = adl.Round.of(
                capacity=start.capacity[chosen],
                equity=start.equity[chosen],
                deficit=1.0,
                needed=round_.needed,
                lot=start.lot[chosen] if whole else None,
            )
            try:
                found.append(adl.solve(part, EVERY["min-max"]).worst_burden)
            except adl.InfeasibleRound:
                continue
        if found:
            return float(k), min(found)
    return None


@pytest.mark.parametrize("seed", range(200))
def test_the_fewest_accounts_are_those_of_brute_force(seed):
    round_ = random_round(seed, most=6)
    best = adl.solve(round_, EVERY["fewest"])
    count, burden = few_by_brute_force(round_, whole=False)
    assert (best.value, best.touched) == (count, count)
    assert best.worst_burden == pytest.approx(burden, rel=1e-12)
    assert best.optimal


@pytest.mark.parametrize("equal", [True, False])
@pytest.mark.parametrize("seed", range(60))
def test_the_fewest_accounts_in_lots_are_those_of_brute_force(seed, equal):
    round_ = random_lots(seed, equal=equal)
    expected = few_by_brute_force(round_, whole=True)
    if expected is None:
        with pytest.raises(adl.InfeasibleRound):
            adl.solve(round_, EVERY["fewest"])
        return
    best = adl.solve(round_, EVERY["fewest"])
    assert (best.value, best.worst_burden) == expected
    assert best.raised == round_.needed
    assert best.optimal
    assert best.stopped is adl.Stopped.OPTIMAL


@pytest.mark.parametrize("seed", range(12))
def test_the_fewest_accounts_in_odd_lots_are_proved_or_not_claimed(seed):
    """Lots of cents on 6 to 8 accounts: no fewer of them make the budget, says a table of sums."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(6, 9))
    lot, most = rng.integers(5_000, 50_000, n), rng.integers(2, 30, n)
    taken = rng.integers(0, most + 1) * (rng.random(n) < 0.7)
    needed = max(int(lot @ taken), int(lot[0]))
    best = adl.solve(
        adl.Round.of(capacity=lot * most / 100, lot=lot / 100, deficit=1, needed=needed / 100),
        adl.FewestAccounts(),
    )
    fewer = best.touched - 1
    for chosen in itertools.combinations(range(n), fewer):
        table = 1
        for i in chosen:
            wider = 0
            for k in range(int(most[i]) + 1):
                wider |= table << int(lot[i]) * k
            table = wider & (2 << needed) - 1
        assert not table >> needed & 1
    assert best.optimal
    assert round(100 * best.raised) == needed


def test_many_lots_of_several_sizes_leave_an_interval_of_accounts():
    rng = np.random.default_rng(3)
    lot = rng.integers(100, 900, 300) / 100
    round_ = adl.Round.of(capacity=rng.lognormal(4, 1, 300), deficit=1.0, needed=5_000.0, lot=lot)
    best = adl.solve(round_, adl.FewestAccounts())
    ordered = np.sort(np.floor(round_.start.capacity / lot) * lot)[::-1]
    fewest = int(np.searchsorted(np.cumsum(ordered), 5_000.0)) + 1
    assert best.certificate.lower == fewest <= best.value == best.touched
    assert best.raised == pytest.approx(5_000.0, abs=1e-9)
    assert best.certificate.trust is adl.Trust.EXACT
    assert (best.stopped is adl.Stopped.OPTIMAL) == best.optimal


@pytest.mark.parametrize("seed", range(40))
def test_the_largest_must_give_what_the_others_cannot(seed):
    round_ = random_round(2 * seed)
    capacity = round_.start.capacity
    for k in range(capacity.size + 1):
        x = cp.Variable(capacity.size, nonneg=True)
        largest = np.argsort(-capacity)[:k]
        aim = cp.sum(x[largest]) if k else cp.Constant(0.0)
        problem = cp.Problem(cp.Minimize(aim), [x <= capacity, cp.sum(x) == round_.needed])
        problem.solve(solver=cp.HIGHS)
        forced = forced_concentration(capacity, round_.needed, k)
        assert forced == pytest.approx(problem.value, rel=1e-7, abs=1e-7)


def cvar_by_cvxpy(round_, level, importance):
    capacity, equity = round_.start.capacity, round_.start.equity
    n = capacity.size
    share = np.full(n, 1 / n) if importance is None else importance / importance.sum()
    x, s, t = cp.Variable(n, nonneg=True), cp.Variable(n, nonneg=True), cp.Variable()
    burden = cp.multiply(x, 1 / np.where(equity > 0, equity, 1.0))
    rows = [x <= capacity * (equity > 0), cp.sum(x) == round_.needed, s >= burden - t]
    problem = cp.Problem(cp.Minimize(t + share @ s / (1 - level)), rows)
    problem.solve(solver=cp.HIGHS)
    return problem.value


@pytest.mark.parametrize("seed", range(200))
def test_cvar_is_that_of_cvxpy_and_of_highs(seed):
    round_ = random_round(seed)
    rng = np.random.default_rng(seed)
    level = float(rng.choice([0.0, 0.1, 0.5, 0.75, 0.9, 0.99, rng.random()]))
    importance = None if seed % 3 else rng.uniform(0.1, 3.0, round_.start.capacity.size)
    objective = adl.CVaR(level, importance=importance, burden=EQUITY)
    best = adl.solve(round_, objective)
    assert best.certificate.optimal
    assert best.value == pytest.approx(cvar_by_cvxpy(round_, level, importance), rel=1e-7, abs=1e-7)
    assert best.value == pytest.approx(objective.value(round_, best.haircut), rel=1e-12)
    solver = adl.solve(round_, objective, method=adl.Method.HIGHS)
    assert solver.certificate.gap <= 1e-7 * max(solver.value, 1e-6)


def test_cvar_goes_from_the_mean_to_the_worst_burden():
    for seed in range(60):
        round_ = random_round(seed)
        n = round_.start.capacity.size
        values = [
            adl.solve(round_, adl.CVaR(level, burden=EQUITY)).value
            for level in (0.0, 0.2, 0.5, 0.8, 1 - 1 / (2 * n), 1.0)
        ]
        assert all(a <= b * (1 + 1e-9) + 1e-15 for a, b in itertools.pairwise(values))
        worst = adl.solve(round_, EVERY["min-max"]).worst_burden
        assert values[-2:] == pytest.approx([worst, worst], rel=1e-12)
        spread = adl.solve(round_, adl.CVaR(0.0, burden=EQUITY))
        assert spread.value == pytest.approx(burdens_of(round_, spread.haircut).mean(), rel=1e-12)


@pytest.mark.parametrize("seed", range(100))
def test_no_multipliers_prove_a_cvar_above_the_optimum(seed):
    round_ = random_round(2 * seed)
    objective = adl.CVaR(float(np.random.default_rng(seed).random()), burden=EQUITY)
    best = adl.solve(round_, objective)
    problem = BurdenProblem.of(round_, objective.worst)
    given_ = best.certificate.multipliers
    rng = np.random.default_rng(seed)
    for spread in (0.0, 0.1, 3.0):
        noise = np.exp(rng.normal(0, spread, problem.capacity.size))
        for scale in (0.5, 1.0, 2.0, 10.0):
            dual = Multipliers(budget=given_.budget * scale, burden=given_.burden * noise * scale)
            proof = _certify(problem, objective, best.haircut, dual)
            assert proof.lower <= best.value * (1 + 1e-12)


def test_the_level_of_k_accounts_is_proved_from_both_sides():
    for seed in range(0, 100, 2):
        round_ = random_round(seed)
        if not 0 < round_.needed < 0.99 * round_.start.total_capacity:
            continue
        best = adl.solve(round_, EVERY["fewest"])
        problem = BurdenProblem.of(round_, adl.MinMax(burden=EQUITY))
        k, level = best.touched, best.worst_burden
        for at in (level * (1 - 1e-12), level, 1.7 * level):
            raised = sorted(
                min(Fraction(u), Fraction(w) * Fraction(at))
                for u, w in zip(problem.open.tolist(), problem.weight.tolist(), strict=True)
            )
            most, bound = sum(raised[-k:]), _most_on(problem, k, at)
            assert most <= bound <= most * (1 + Fraction(1, 10**13))
        assert best.stages[0].certificate.lower >= level * (1 - 1e-14)
        assert _proved_level(problem, k, 1.5 * level) <= level


def test_cvar_of_level_1_is_the_worst_burden():
    round_ = adl.Round.of(capacity=[100.0, 100.0], deficit=1.0, needed=50.0)
    assert adl.CVaR(1.0).value(round_, [40, 10]) == 0.4
    assert adl.CVaR(0.5, importance=[3, 1]).value(round_, [40, 10]) == 0.4
    assert adl.CVaR(0.5, importance=[1, 3]).value(round_, [40, 10]) == 0.25
    protected = adl.Round.of(capacity=[1.0, 1.0], equity=[0, 1], deficit=1.0, needed=1.0)
    assert adl.CVaR(0.5, burden=EQUITY).value(protected, [1, 0]) == math.inf


@pytest.mark.parametrize("equal", [True, False])
@pytest.mark.parametrize("seed", range(100))
def test_tracking_first_in_lots_is_that_of_brute_force(seed, equal):
    rng = np.random.default_rng(seed)
    round_ = random_lots(seed, equal=equal)
    needed = float(rng.choice([round_.needed + 1, 3.5, 1000.0]))
    round_ = replace(round_, outcome=adl.RoundOutcome(needed=needed))
    best = adl.solve(round_, EVERY["tracking"])
    expected = min(
        (abs(Fraction(float(haircut.sum())) - Fraction(needed)), max(burdens))
        for haircut, burdens in every_haircut(round_)
    )
    assert (best.value, best.worst_burden) == pytest.approx(tuple(map(float, expected)), rel=1e-12)
    assert best.certificate.optimal
    assert len(best.stages) == 1


def test_a_nearest_sum_without_a_short_proof_is_only_reported():
    """Lots of 3 and 5 make 0, 3, 5 and 8; their divisor 1 would allow 6 and 7."""
    round_ = adl.Round.of(capacity=[3.0, 5.0], deficit=1.0, needed=6.5, lot=[3.0, 5.0])
    best = adl.solve(round_, adl.TrackingFirst())
    assert (best.value, best.raised) == (1.5, 5.0)
    assert best.certificate.trust is adl.Trust.REPORTED
    assert not best.optimal
    whole = replace(round_, outcome=adl.RoundOutcome(needed=8.5))
    assert adl.solve(whole, adl.TrackingFirst()).certificate.trust is adl.Trust.EXACT


@pytest.mark.parametrize("method", [adl.Method.AUTO, adl.Method.HIGHS])
@pytest.mark.parametrize("share", [0.0, 0.3, 1.0, 1.7])
@pytest.mark.parametrize("seed", range(20))
def test_tracking_first_raises_what_it_can(seed, share, method):
    round_ = random_round(seed)
    reach = float((round_.start.capacity * (round_.start.equity > 0)).sum())
    round_ = replace(round_, outcome=adl.RoundOutcome(needed=share * reach))
    best = adl.solve(round_, EVERY["tracking"], method=method)
    assert best.value == pytest.approx(max(share - 1, 0) * reach, rel=1e-12, abs=1e-13 * reach)
    assert best.optimal


MONEY = st.one_of(st.just(0.0), st.floats(0.01, 1e6), st.integers(1, 50).map(float))


@st.composite
def rounds(draw):
    n = draw(st.integers(1, 7))
    capacity = draw(st.lists(MONEY, min_size=n, max_size=n))
    equity = draw(st.lists(MONEY, min_size=n, max_size=n))
    reach = math.fsum(c for c, e in zip(capacity, equity, strict=True) if e > 0)
    share = draw(st.one_of(st.sampled_from([0.0, 0.5, 1.0]), st.floats(1e-9, 1)))
    return adl.Round.of(capacity=capacity, equity=equity, deficit=1.0, needed=share * reach)


@given(rounds())
@examples(40)
def test_objectives_dominate_each_other_where_they_should(round_):
    best = {name: adl.solve(round_, objective) for name, objective in EVERY.items()}
    order = descending(burdens_of(round_, best["leximin"].haircut))
    for name, other in best.items():
        assert other.optimal
        assert other.raised == pytest.approx(round_.needed, rel=1e-9)
        assert (other.haircut <= round_.start.capacity * (1 + 1e-9)).all()
        assert not other.haircut[round_.start.equity <= 0].any()
        assert best["fewest"].touched <= other.touched
        assert best["min-max"].worst_burden <= other.worst_burden * (1 + 1e-9)
        tail = EVERY["cvar"].value(round_, other.haircut)
        assert best["cvar"].value <= tail * (1 + 1e-9)
        for ours, theirs in zip(order, descending(burdens_of(round_, other.haircut)), strict=True):
            if not math.isclose(ours, theirs, rel_tol=1e-9):
                assert ours < theirs, name
                break
    assert best["leximin"].worst_burden == best["min-max"].worst_burden
    assert best["tracking"].worst_burden == best["min-max"].worst_burden


@given(rounds(), st.floats(1e-6, 1e6))
@examples(25)
def test_burdens_do_not_depend_on_the_unit_of_money(round_, unit):
    start = round_.start
    scaled = adl.Round.of(
        capacity=start.capacity * unit,
        equity=start.equity * unit,
        deficit=1.0,
        needed=round_.needed * unit,
    )
    assume((scaled.start.capacity < 1e14).all())
    for name in ("leximin", "cvar"):
        one, other = adl.solve(round_, EVERY[name]), adl.solve(scaled, EVERY[name])
        assert one.value == pytest.approx(other.value, rel=1e-9)


@pytest.mark.parametrize("n", [10_000, 12_000])
@pytest.mark.parametrize("name", EVERY)
def test_ten_thousand_accounts_are_proved_in_fractions_and_more_are_proved(name, n):
    rng = np.random.default_rng(1)
    capacity = rng.lognormal(3, 2, n)
    round_ = adl.Round.of(
        capacity=capacity,
        equity=capacity * rng.lognormal(0, 1, n),
        deficit=1.0,
        needed=0.2 * capacity.sum(),
    )
    best = adl.solve(round_, EVERY[name])
    assert best.optimal
    proofs = [best.certificate, *(stage.certificate for stage in best.stages)]
    if n == 10_000:
        assert {proof.trust for proof in proofs} == {adl.Trust.EXACT}
    assert best.raised == pytest.approx(round_.needed, rel=1e-9)


REFUSED = {
    "a level beyond 1": (lambda: adl.CVaR(1.5), r"level is 1\.5"),
    "a level that is not a number": (lambda: adl.CVaR(math.nan), "level is nan"),
    "no importance": (lambda: adl.CVaR(0.5, importance=[1.0, 0.0]), r"importance\[1\] is 0\.0"),
    "a negative ε": (lambda: adl.Leximin(epsilon=-1.0), r"epsilon is -1\.0"),
    "a burden in words": (lambda: adl.FewestAccounts(burden="equity"), "burden is 'equity'"),
    "importance of another length": (
        lambda: adl.solve(random_round(8), adl.CVaR(0.5, importance=[1.0] * 99)),
        "importance is '99 values'",
    ),
    "CVaR with lots, tier by tier": (
        lambda: adl.solve(
            random_lots(4, equal=True),
            adl.CVaR(0.5, burden=EQUITY),
            limits=adl.Limits(tier=[1] * len(random_lots(4, equal=True).start.account)),
        ),
        "solve tier by tier",
    ),
    "fewest within a band, tier by tier": (
        lambda: adl.solve(
            random_lots(4, equal=True),
            adl.FewestAccounts(burden=EQUITY),
            budget=adl.Budget.band(5),
            limits=adl.Limits(tier=[1] * len(random_lots(4, equal=True).start.account)),
        ),
        "with tiers",
    ),
    "tracking within a band": (
        lambda: adl.solve(random_round(8), adl.TrackingFirst(), budget=adl.Budget.band(5)),
        "budget is Budget",
    ),
    "accounts that are no number": (
        lambda: forced_concentration([1.0], 1.0, -1),
        "a whole number ≥ 0",
    ),
}


@pytest.mark.parametrize(("act", "message"), REFUSED.values(), ids=REFUSED)
def test_bad_objectives_are_refused(act, message):
    with pytest.raises(adl.InputError, match=message):
        act()


@pytest.mark.parametrize("needed", [32.48, 24.36, 30.0, 8.1200004])
def test_what_lots_miss_is_exact_in_micro_dollars(needed):
    """32.48 is four lots of 8.12, though neither number is what its float says."""
    round_ = adl.Round.of(capacity=[32.48], deficit=1.0, needed=needed, lot=8.12)
    best = adl.solve(round_, adl.TrackingFirst())
    nearest = round(needed / 8.12) * 8_120_000
    assert best.value == pytest.approx(abs(round(needed * 1e6) - nearest) / 1e6, rel=1e-15, abs=0)
    assert best.certificate.lower <= best.value
    assert best.optimal
    assert best.certificate.trust is adl.Trust.EXACT


@pytest.mark.filterwarnings("error")
def test_leximin_divides_by_no_protected_account():
    round_ = adl.Round.of(capacity=[4e9, 6e9], equity=[0.0, 9e9], deficit=4e9, needed=4e9, lot=1e9)
    best = adl.solve(round_, adl.Leximin(burden=adl.Burden.EQUITY))
    assert best.haircut.tolist() == [0, 4e9]
