"""The optimum in contract space against enumeration, MILPs, laws, and an independent checker."""

import itertools
import math
import pickle
import time
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, strategies as st
from tiers import NIGHTLY, by_day, examples

import adlopt as adl
from adlopt.errors import Binding
from adlopt.foundation import compiling
from adlopt.optimum.contracts.closing import ContractSolution
from adlopt.optimum.lots import filler, meeting, sum_levels, sum_table
from adlopt.optimum.lots.least_burden import certify
from adlopt.optimum.lots.lot_grid import LotGrid
from adlopt.optimum.programs.highs import Infeasible, run
from adlopt.optimum.programs.program import Program

MICRO = 10**6
EQUITY = adl.MinMax(burden=adl.Burden.EQUITY)
AT_LEAST = adl.Budget.at_least()


def round_of(positions, *, needed, equity, capacity=None):
    """Round of (account, value, size) triples, one coin each."""
    account, value, size = (list(column) for column in zip(*positions, strict=True))
    return adl.ContractRound.of(
        account=[f"a{i}" for i in account],
        coin=[f"c{j}" for j in range(len(account))],
        side=["long"] * len(account),
        size=size,
        value=value,
        deficit=1.0,
        needed=needed,
        equity=equity,
        capacity=capacity,
    )


def enumerate_all(round_, burden, budget):
    """Every sum that lots make, and the least worst burden of those that count."""
    positions, owner = round_.positions, round_.owner.tolist()
    values = [round(v * MICRO) for v in positions.lot_value.tolist()]
    caps = [round(c * MICRO) for c in round_.start.capacity.tolist()]
    weights = [max(w, 0.0) for w in burden.weights(round_.start).tolist()]
    lowest, width = round(round_.needed * MICRO), budget.extra * MICRO
    best, sums = None, set()
    for lots in itertools.product(*(range(k + 1) for k in positions.most.tolist())):
        taken = [0] * len(caps)
        for i, value, k in zip(owner, values, lots, strict=True):
            taken[i] += value * k
        given_ = [(x, w) for x, w in zip(taken, weights, strict=True) if x]
        within = all(x <= c for x, c in zip(taken, caps, strict=True))
        if not within or any(w == 0 for _, w in given_):
            continue
        total = sum(taken)
        sums.add(total)
        if lowest <= total <= lowest + width:
            level = max((Fraction(x, MICRO) / Fraction(w) for x, w in given_), default=Fraction(0))
            best = level if best is None else min(best, level)
    below = max((s for s in sums if s < lowest), default=None)
    above = min((s for s in sums if s > lowest + width), default=None)
    return best, below, above


def check(round_, loss, best, budget):
    """Check lots and lower bound in plain Python: sets of sums, fractions, nothing shared."""
    positions, owner = round_.positions, round_.owner.tolist()
    values = [round(v * MICRO) for v in positions.lot_value.tolist()]
    weights = [Fraction(w) for w in loss.weights(round_.start).tolist()]
    taken = [0] * len(weights)
    for i, value, k, most in zip(owner, values, best.lots, positions.most, strict=True):
        assert 0 <= k <= most
        taken[i] += value * int(k)
    assert [x / MICRO for x in taken] == best.haircut.tolist()
    assert all(
        x <= Fraction(c) * MICRO * (1 + Fraction(1, 10**12))
        for x, c in zip(taken, round_.start.capacity.tolist(), strict=True)
    )
    total, needed = sum(taken), Fraction(round_.needed) * MICRO
    assert total >= math.floor(needed)
    assert budget.extra == math.inf or total <= math.ceil(needed + Fraction(budget.extra) * MICRO)
    level = max(
        (Fraction(x, MICRO) / w for x, w in zip(taken, weights, strict=True) if x),
        default=Fraction(0),
    )
    assert best.worst_burden == pytest.approx(float(level), rel=1e-14)
    certificate = best.certificate
    assert Fraction(certificate.lower) <= level
    if certificate.trust is adl.Trust.EXACT and needed:
        lots = [
            [
                (values[j], int(positions.most[j]))
                for j in range(len(values))
                if owner[j] == i and values[j]
            ]
            for i in range(len(weights))
        ]
        limits = [Fraction(certificate.lower) * w * MICRO for w in weights]
        caps = [Fraction(c) * MICRO for c in round_.start.capacity.tolist()]
        reach = sum(map(most_below, lots, limits, caps))
        assert reach < needed or not any(
            needed <= total <= needed + Fraction(budget.extra) * MICRO
            for total in all_below(lots, limits, caps)
        ), "the bound is proved by what stays strictly below it"


def all_below(lots, limits, caps):
    """All sums that lots make strictly below limits and up to caps, account by account."""
    totals = {0}
    for own, limit, cap in zip(lots, limits, caps, strict=True):
        made = {0}
        for value, most in own:
            made = {x + value * k for x in made for k in range(most + 1)}
        made = {x for x in made if x < limit and x <= cap * (1 + Fraction(1, 10**12))} | {0}
        totals = {total + x for total in totals for x in made}
    return totals


def most_below(lots, limit, cap):
    """Most that lots make strictly below a limit and up to a cap: all sums as bits of a number."""
    step = math.gcd(*(value for value, _ in lots)) if lots else 1
    room = min(math.ceil(limit) - 1, math.floor(cap * (1 + Fraction(1, 10**12)))) // step
    if room <= 0:
        return 0
    bits = 1
    for value, most in lots:
        left, times = most, 1
        while left:
            times = min(times, left)
            bits |= (bits << (value // step * times)) & ((1 << (room + 1)) - 1)
            left, times = left - times, 2 * times
    return step * (bits.bit_length() - 1)


BUDGETS = [adl.Budget.exact(), AT_LEAST, adl.Budget.band(1.0), adl.Budget.band(3.5)]


@pytest.mark.parametrize("seed", range(24))
def test_small_rounds_equal_enumeration(seed):
    rng = np.random.default_rng(seed)
    for trial in range(60 if NIGHTLY else 20):
        n = int(rng.integers(1, 5))
        positions = [
            (i, float(rng.choice([0, 1, 2, 3, 5, 7, 7, 11, 2.5])), int(rng.integers(0, 4)))
            for i in range(n)
            for _ in range(rng.integers(1, 4))
        ]
        worth = np.zeros(n)
        for i, value, size in positions:
            worth[i] += value * size
        capped = np.round(worth * rng.random(n), 2)
        capacity = np.where(rng.random(n) < 0.6, worth, capped)
        equity = rng.choice([-1.0, 0.0, 5.0, 10.5, 100 / 3, 7.0], n)
        needed = float(rng.integers(0, int(worth.sum()) + 2)) / (1 + trial % 2)
        round_ = round_of(positions, needed=needed, equity=equity, capacity=capacity)
        budget = BUDGETS[trial % 4]
        loss = adl.MinMax(burden=list(adl.Burden)[int(rng.integers(2))])
        least, below, above = enumerate_all(round_, loss.burden, budget)
        try:
            best = adl.solve(round_, loss, budget=budget)
        except adl.InfeasibleRound as refused:
            assert least is None
            nearest = (below, None if math.isinf(budget.extra) else above)
            found = (refused.below, refused.above)
            assert found == tuple(None if s is None else s / MICRO for s in nearest)
            continue
        assert best.stopped is adl.Stopped.OPTIMAL
        assert best.value == pytest.approx(float(least), rel=1e-14, abs=0.0)
        check(round_, loss, best, budget)


def coarse(n, seed, *, share=0.2, unit=0.5, most=6):
    """Accounts of one to four positions whose lots are multiples of a unit."""
    rng = np.random.default_rng(seed)
    positions = [
        (i, unit * int(rng.integers(1, 200)), int(rng.integers(1, most + 1)))
        for i in range(n)
        for _ in range(rng.integers(1, 5))
    ]
    worth = np.zeros(n)
    for i, value, size in positions:
        worth[i] += value * size
    equity = np.round(worth * rng.lognormal(0.5, 1.0, n), 2)
    capacity = np.where(rng.random(n) < 0.7, worth, np.round(0.5 * worth, 2))
    return round_of(
        positions,
        needed=round(share * float(capacity.sum())),
        equity=equity,
        capacity=capacity,
    )


@pytest.mark.parametrize("budget", BUDGETS, ids=str)
@pytest.mark.parametrize("n", [12, 60, 400])
def test_mid_size_rounds_pass_the_independent_checker(n, budget):
    round_ = coarse(n, n)
    for loss in (adl.MinMax(), EQUITY, adl.MinMax(epsilon=25.0)):
        best = adl.solve(round_, loss, budget=budget)
        check(round_, loss, best, budget)
        if budget is AT_LEAST:
            assert best.stopped is adl.Stopped.OPTIMAL
            assert best.certificate.trust is adl.Trust.EXACT
            assert best.certificate.optimal


@pytest.mark.parametrize("seed", by_day(2, range(8)))
def test_highs_between_two_levels_finds_the_same_optimum(seed):
    round_ = coarse(25, seed)
    ours = adl.solve(round_, EQUITY, budget=AT_LEAST)
    theirs = adl.solve(round_, EQUITY, budget=AT_LEAST, method=adl.Method.HIGHS, time_limit=60.0)
    assert theirs.method is adl.Method.HIGHS
    assert theirs.stopped is adl.Stopped.OPTIMAL
    assert theirs.value == pytest.approx(ours.value, rel=1e-9)
    check(round_, EQUITY, theirs, AT_LEAST)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("budget", BUDGETS[:3], ids=str)
def test_highs_meets_other_budgets_too(seed, budget):
    round_ = coarse(8, seed, unit=1.0)
    ours = adl.solve(round_, EQUITY, budget=budget)
    theirs = adl.solve(round_, EQUITY, budget=budget, method=adl.Method.HIGHS, time_limit=60.0)
    assert (ours.stopped, theirs.stopped) == (adl.Stopped.OPTIMAL, adl.Stopped.OPTIMAL)
    assert theirs.value == pytest.approx(ours.value, rel=1e-9)
    check(round_, EQUITY, theirs, budget)


@pytest.mark.parametrize("seed", range(4))
def test_cvxpy_finds_the_same_optimum(seed):
    cp = pytest.importorskip("cvxpy")
    round_ = coarse(6, seed, most=4)
    value, most = round_.positions.lot_value, round_.positions.most
    owner = round_.owner[None, :] == np.arange(6)[:, None]
    lots, level = cp.Variable(value.size, integer=True), cp.Variable()
    haircut = (owner * value) @ lots
    problem = cp.Problem(
        cp.Minimize(100.0 * level),
        [
            lots >= 0,
            lots <= most,
            haircut <= round_.start.capacity,
            haircut <= cp.multiply(round_.start.equity, level),
            value @ lots >= round_.needed,
        ],
    )
    problem.solve(solver=cp.HIGHS, mip_rel_gap=0.0, mip_abs_gap=0.0)
    best = adl.solve(round_, EQUITY, budget=AT_LEAST)
    assert best.value == pytest.approx(problem.value / 100.0, rel=1e-6)


def solved(round_, loss, **options):
    """The solution, or why there is none."""
    try:
        return adl.solve(round_, loss, **options)
    except adl.InfeasibleRound as refused:
        return refused


@pytest.mark.parametrize("n", [2, 30, 1_000])
def test_one_position_each_is_the_search_over_lots(n):
    rng = np.random.default_rng(n)
    lot = np.round(rng.lognormal(0.0, 1.5, n), 2) + 0.01
    capacity = lot * rng.integers(1, 50, n)
    wealth = adl.Round.of(
        capacity=capacity,
        deficit=1.0,
        needed=round(float((lot * rng.integers(0, 2, n)).sum()), 2),
        lot=lot,
        equity=rng.lognormal(5.0, 2.0, n),
    )
    contracts = adl.ContractRound.of_wealth(wealth)
    for loss in (adl.MinMax(), EQUITY):
        expected, best = solved(wealth, loss), solved(contracts, loss)
        if isinstance(expected, adl.InfeasibleRound):
            assert (best.below, best.above) == (expected.below, expected.above)
            continue
        assert best.method is adl.Method.LOT_SEARCH or not wealth.needed
        assert best.haircut.tolist() == expected.haircut.tolist()
        loosened = adl.solve(contracts, loss, budget=AT_LEAST)
        assert loosened.value <= best.value
        assert loosened.certificate.lower <= best.certificate.lower


positions_ = st.lists(
    st.tuples(st.integers(0, 3), st.integers(1, 40), st.integers(0, 5)), min_size=2, max_size=9
)


@given(positions_, st.floats(0.05, 0.95), st.data())
@examples(37)
def test_laws(positions, share, data):
    names = sorted({i for i, _, _ in positions})
    positions = sorted((names.index(i), float(v), k) for i, v, k in positions)
    n, total = len(names), sum(v * k for _, v, k in positions)
    equity = [float(data.draw(st.integers(1, 200))) for _ in range(n)]
    needed = float(math.floor(share * total))
    round_ = round_of(positions, needed=needed, equity=equity)
    best = adl.solve(round_, EQUITY, budget=AT_LEAST)

    order = data.draw(st.permutations(range(n)))
    turned = [(order[i], v, k) for i, v, k in positions]
    turned_equity = {order[i]: equity[i] for i in range(n)}
    first = list(dict.fromkeys(i for i, _, _ in turned))
    again = round_of(turned, needed=needed, equity=[turned_equity[i] for i in first])
    assert adl.solve(again, EQUITY, budget=AT_LEAST).value == pytest.approx(
        best.value, rel=1e-15
    ), "order does not matter"

    power = data.draw(st.integers(-6, 6))
    money = 10.0**power
    scaled = round_of(
        [(i, round(v * money, 6), k) for i, v, k in positions],
        needed=round(needed * money, 6),
        equity=[e * money for e in equity],
    )
    assert adl.solve(scaled, EQUITY, budget=AT_LEAST).value == pytest.approx(best.value, rel=1e-9)

    more = round_of([*positions, (n, 7.0, 3)], needed=needed, equity=[*equity, 50.0])
    assert adl.solve(more, EQUITY, budget=AT_LEAST).value <= best.value * (1 + 1e-15), "more givers"

    wide = adl.solve(round_, EQUITY, budget=adl.Budget.band(total))
    assert wide.value == pytest.approx(best.value, rel=1e-15)
    band = solved(round_, EQUITY, budget=adl.Budget.band(5.0))
    exact = solved(round_, EQUITY)
    if isinstance(band, ContractSolution):
        assert band.value >= best.value * (1 - 1e-15)
    if isinstance(exact, ContractSolution):
        assert exact.value >= band.value * (1 - 1e-15)

    wealth = round_.to_wealth()
    relaxed = adl.solve(replace(wealth, start=replace(wealth.start, lot=None)), EQUITY)
    assert best.value >= relaxed.certificate.lower * (1 - 1e-15), "lots only restrict"


@pytest.mark.parametrize("value", [1e-6, 1e-3, 1.0, 1e6])
def test_lots_of_a_micro_dollar_to_a_million_dollars(value):
    positions = [(0, 3 * value, 40), (0, 7 * value, 5), (1, 11 * value, 20), (1, value, 3)]
    equity = [300 * value, 300 * value]
    round_ = round_of(positions, needed=100 * value, equity=equity)
    best = adl.solve(round_.rounded(), EQUITY)
    assert best.value == pytest.approx(53 / 300), "47 + 53: neither 50 nor 51 is 11a + b, b ≤ 3"
    assert best.stopped is adl.Stopped.OPTIMAL
    assert best.raised == pytest.approx(100 * value)


def meme(n, seed, contracts=4e9):
    """Accounts whose coins are worth micro-dollars a contract, beside coins worth dollars."""
    rng = np.random.default_rng(seed)
    positions = []
    for i in range(n):
        for _ in range(rng.integers(1, 4)):
            size = np.floor(contracts * rng.lognormal(0.0, 1.0))
            value = max(round(float(rng.lognormal(5.5, 2.5) / size), 6), 1e-6)
            positions.append((i, value, size))
    round_ = round_of(positions, needed=1.0, equity=rng.lognormal(7.0, 2.5, n))
    needed = round(0.018 * round_.start.total_capacity, 2)
    return replace(round_, outcome=adl.RoundOutcome(needed=needed))


def raw_program(round_, weights, *, in_burdens):
    """What one writes down first: rows in dollars, or in burdens; integers as large as they are."""
    value, most, owner = round_.positions.lot_value, round_.positions.most, round_.owner
    unit = weights if in_burdens else np.ones_like(weights)
    rows = [np.flatnonzero(owner == i) for i in range(weights.size)]
    m = value.size
    values = [np.r_[-weights[i], value[row]] / unit[i] for i, row in enumerate(rows)]
    return Program(
        cost=np.r_[1.0, np.zeros(m)],
        lower=np.zeros(m + 1),
        upper=np.r_[np.inf, most],
        row_lower=np.r_[np.full(weights.size, -np.inf), round_.needed],
        row_upper=np.r_[np.zeros(weights.size), np.inf],
        start=np.r_[0, np.cumsum([*(row.size + 1 for row in rows), m])],
        column=np.concatenate([*(np.r_[0, 1 + row] for row in rows), 1 + np.arange(m)]),
        coefficient=np.concatenate([*values, value]),
        integer=np.r_[False, np.ones(m, dtype=bool)],
    )


@pytest.mark.parametrize("in_burdens", [False, True])
def test_a_raw_milp_is_called_optimal_and_is_wrong(in_burdens):
    """Integer ranges of billions: HiGHS says optimal, at many times the burden that suffices."""
    round_ = meme(100, seed=0)
    weights = EQUITY.weights(round_.start)
    answer = run(raw_program(round_, weights, in_burdens=in_burdens))
    assert answer.stopped is adl.Stopped.OPTIMAL
    burden = (round_.haircut(np.rint(answer.columns[1:])) / weights).max()
    best = adl.solve(round_, EQUITY, budget=AT_LEAST)
    assert best.certificate.trust is adl.Trust.EXACT
    assert best.certificate.optimal
    assert best.raised >= round_.needed
    assert burden > 10 * best.value
    wrong_bound = answer.bound > 10 * best.value or answer.bound < 0.1 * best.value
    assert wrong_bound, "not even its own bound says anything"


@pytest.mark.parametrize("seed", by_day(1, range(3)))
def test_large_and_small_rounds_are_solved_alike(seed, monkeypatch):
    round_ = coarse(80, seed, unit=0.01)
    for budget in (AT_LEAST, adl.Budget.exact()):
        plain = adl.solve(round_, EQUITY, budget=budget)
        monkeypatch.setattr(compiling, "LOADING", 0.0)
        compiled = adl.solve(round_, EQUITY, budget=budget)
        monkeypatch.undo()
        assert plain.lots.tolist() == compiled.lots.tolist()


@pytest.mark.parametrize("gap", [1e-2, 1e-4, 1e-6])
def test_a_gap_is_kept_and_proven(gap):
    round_ = meme(300, seed=3, contracts=1e3)
    best = adl.solve(round_, EQUITY, budget=AT_LEAST)
    near = adl.solve(round_, EQUITY, budget=AT_LEAST, gap=gap)
    assert near.stopped is adl.Stopped.GAP
    assert near.certificate.trust is adl.Trust.EXACT
    assert near.certificate.gap <= gap * near.value
    assert near.certificate.lower <= best.value <= near.value


@pytest.mark.parametrize("seed", range(6))
def test_a_search_cut_short_says_so_and_proves_nothing_false(seed, monkeypatch):
    rng = np.random.default_rng(seed)
    positions = [(i, float(np.round(rng.uniform(1, 99), 6)), 2) for i in range(6) for _ in range(8)]
    round_ = round_of(positions, needed=2_000.0, equity=rng.uniform(500.0, 2e3, 6))
    whole = adl.solve(round_, EQUITY, budget=AT_LEAST)
    assert whole.stopped is adl.Stopped.OPTIMAL
    monkeypatch.setattr(filler, "ALL_NODES", 30)
    cut = adl.solve(round_, EQUITY, budget=AT_LEAST)
    assert cut.stopped is adl.Stopped.LIMIT
    assert cut.certificate.lower <= whole.value <= cut.value
    assert cut.certificate.lower < cut.value
    assert "stopped at a limit" in str(cut)


@pytest.mark.parametrize("seed", range(4))
def test_small_searches_cut_short_prove_nothing_false(seed, monkeypatch):
    rng = np.random.default_rng(seed)
    monkeypatch.setattr(filler, "FIRST_NODES", 1)
    for trial in range(40):
        monkeypatch.setattr(filler, "ALL_NODES", int(rng.choice([1, 3, 10, 40])))
        if trial % 2:
            monkeypatch.setattr(meeting, "SUMS", 2)
        positions = [
            (i, float(rng.choice([1, 2, 3, 5, 7, 11, 2.5])), int(rng.integers(0, 3)))
            for i in range(2)
            for _ in range(rng.integers(3, 6))
        ]
        worth = sum(value * size for _, value, size in positions)
        needed, equity = float(rng.integers(0, int(worth) + 1)), rng.choice([5.0, 10.5, 7.0], 2)
        round_ = round_of(positions, needed=needed, equity=equity)
        budget = BUDGETS[trial % 4]
        least, *_ = enumerate_all(round_, EQUITY.burden, budget)
        try:
            best = adl.solve(round_, EQUITY, budget=budget)
        except adl.SolverStopped:
            continue
        except adl.InfeasibleRound:
            assert least is None
            continue
        assert best.certificate.lower <= float(least) * (1 + 1e-15)
        assert best.value >= float(least) * (1 - 1e-15)
        check(round_, EQUITY, best, budget)
        if best.stopped is adl.Stopped.OPTIMAL:
            assert best.value == pytest.approx(float(least), rel=1e-14)


def test_an_exact_budget_above_the_first_level_keeps_the_proof_of_the_first():
    round_ = coarse(40, 5, unit=0.01, most=2)
    loose = adl.solve(round_, EQUITY, budget=AT_LEAST)
    exact = adl.solve(round_, EQUITY)
    assert exact.raised == round_.needed
    assert exact.certificate.lower >= loose.certificate.lower * (1 - 1e-15)
    assert exact.certificate.trust is adl.Trust.EXACT


@pytest.mark.parametrize("seed", range(30))
def test_exact_sums_of_irregular_lots_equal_enumeration(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 5))
    positions = [
        (i, float(np.round(rng.lognormal(2.0, 1.0), 6)), int(rng.integers(1, 4)))
        for i in range(n)
        for _ in range(rng.integers(1, 4))
    ][:8]
    taken = sum(value * int(rng.integers(0, size + 1)) for _, value, size in positions)
    equity = np.round(rng.uniform(20.0, 90.0, len({i for i, *_ in positions})), 2)
    round_ = round_of(positions, needed=round(taken, 6), equity=equity)
    least, *_ = enumerate_all(round_, EQUITY.burden, adl.Budget.exact())
    best = adl.solve(round_, EQUITY)
    check(round_, EQUITY, best, adl.Budget.exact())
    assert best.value == pytest.approx(float(least), rel=1e-14)
    assert best.stopped is adl.Stopped.OPTIMAL
    assert best.certificate.optimal
    assert best.certificate.trust is adl.Trust.EXACT


@pytest.mark.parametrize("seed", [3, 11, 22])
def test_exact_sums_of_irregular_lots_are_proven_far_above_the_first_level(seed):
    rng = np.random.default_rng(seed)
    positions = [
        (i, float(np.round(rng.lognormal(3.0, 1.5), 6)), int(rng.integers(1, 4)))
        for i in range(25)
        for _ in range(rng.integers(1, 3))
    ]
    taken = sum(value * int(rng.integers(0, size + 1)) for _, value, size in positions[::3])
    round_ = round_of(positions, needed=round(taken, 6), equity=rng.uniform(50.0, 900.0, 25))
    first = adl.solve(round_, EQUITY, budget=AT_LEAST)
    best = adl.solve(round_, EQUITY)
    assert best.raised == pytest.approx(round_.needed, rel=1e-15)
    assert best.value > first.value * (1 + 1e-4), "lots must be given up and others closed"
    assert best.certificate.optimal
    assert best.certificate.trust is adl.Trust.EXACT
    near = adl.solve(round_, EQUITY, gap=0.01)
    assert near.certificate.lower <= best.value <= near.value
    assert near.certificate.gap <= 0.01 * near.value


def test_too_few_lots_name_the_capacities_that_bind():
    positions = [(0, 5.0, 4), (1, 3.0, 10), (2, 9.0, 9)]
    round_ = round_of(positions, needed=60.0, equity=[9.0, 9.0, -1.0], capacity=[20.0, 16.0, 81.0])
    with pytest.raises(adl.InfeasibleRound) as caught:
        adl.solve(round_, EQUITY, budget=AT_LEAST)
    refused = pickle.loads(pickle.dumps(caught.value))
    assert (refused.below, refused.above, refused.missing) == (35.0, None, 25.0)
    assert refused.binding == (
        Binding("a0", 20.0, "capacity"),
        Binding("a1", 15.0, "capacity"),
        Binding("a2", 0.0, "protected"),
    )
    assert "35.0 USD that whole lots can give, protected accounts excluded" in str(refused)
    assert "ask for 25.0 USD less" in str(refused)
    assert "capacities of 1 accounts bind (a1), and without them lots give 50.0 USD" in str(refused)
    with pytest.raises(adl.InfeasibleRound):
        adl.solve(round_, EQUITY, budget=AT_LEAST, method=adl.Method.HIGHS)


def test_a_supply_that_is_not_settled_is_not_called_infeasible(monkeypatch):
    positions = [(0, value, 1) for value in (91.3, 83.9, 71.1, 61.7, 53.3, 41.9)]
    round_ = round_of(positions, needed=200.0, equity=[500.0], capacity=[200.0])
    with pytest.raises(adl.InfeasibleRound, match="ask for") as caught:
        adl.solve(round_, EQUITY, budget=AT_LEAST)
    sums = {
        round(sum(chosen), 6)
        for r in range(7)
        for chosen in itertools.combinations([value for _, value, _ in positions], r)
    }
    assert caught.value.below == max(s for s in sums if s <= 200.0) < 200.0
    monkeypatch.setattr(filler, "ALL_NODES", 1)
    with pytest.raises(adl.SolverStopped, match=r"raise 200\.0 USD was not settled"):
        adl.solve(round_, EQUITY, budget=AT_LEAST)


def test_sums_out_of_reach_name_the_nearest():
    round_ = round_of([(0, 40.0, 10), (0, 90.0, 3), (1, 40.0, 8)], needed=305.0, equity=[1e3, 1e3])
    nearest = r"300\.0 USD and 310\.0 USD, 5\.0 USD less and 5\.0 USD more"
    with pytest.raises(adl.InfeasibleRound, match=nearest) as caught:
        adl.solve(round_)
    assert (caught.value.below, caught.value.above) == (300.0, 310.0)
    assert adl.solve(round_, budget=adl.Budget.band(5.0)).raised == 310.0


@pytest.mark.nightly("seconds of sums")
def test_sums_out_of_reach_of_many_lots_are_still_refused():
    rng = np.random.default_rng(0)
    positions = [(i, 10.0 * int(rng.integers(1, 50)), 40) for i in range(300) for _ in range(3)]
    free = round_of(positions, needed=50_005.0, equity=np.full(300, 1e4))
    with pytest.raises(adl.InfeasibleRound) as caught:
        adl.solve(free, EQUITY)
    assert (caught.value.below, caught.value.above) == (50_000.0, 50_010.0)
    capped = replace(free, start=replace(free.start, capacity=0.7 * free.start.capacity))
    with pytest.raises(adl.InfeasibleRound, match=r"multiples of 10\.0 USD"):
        adl.solve(capped, EQUITY)


def test_a_sum_that_is_neither_found_nor_refuted_is_not_called_infeasible(monkeypatch):
    monkeypatch.setattr(sum_levels, "mend", lambda *_: None)
    monkeypatch.setattr(meeting, "SUMS", 0)
    monkeypatch.setattr(meeting, "FEW", 0)
    for bound in ("QUICK", "SUMS"):
        monkeypatch.setattr(sum_table, bound, -1)
    round_ = coarse(10, 1)
    with pytest.raises(adl.SolverStopped, match=r"before the search gave up.*at_least"):
        adl.solve(round_, EQUITY)


@pytest.mark.parametrize("method", [adl.Method.AUTO, adl.Method.HIGHS])
def test_nothing_needed_takes_nothing(method):
    round_ = round_of([(0, 5.0, 4), (0, 3.0, 2)], needed=0.0, equity=[10.0])
    best = adl.solve(round_, EQUITY, method=method)
    assert best.lots.tolist() == [0, 0]
    assert (best.value, best.certificate.lower) == (0.0, 0.0)


@pytest.mark.parametrize("method", [adl.Method.AUTO, adl.Method.HIGHS])
def test_rounds_in_which_nobody_can_give(method):
    round_ = round_of([(0, 0.0, 4), (1, 3.0, 0), (2, 8.0, 2)], needed=1.0, equity=[9.0, 9.0, 0.0])
    with pytest.raises(adl.InfeasibleRound, match=r"exceeds the 0\.0 USD"):
        adl.solve(round_, EQUITY, method=method)


def test_a_solver_that_denies_a_solution_is_not_believed(monkeypatch):
    def deny(*_, **__):
        raise Infeasible

    monkeypatch.setattr("adlopt.optimum.lots.milp.run", deny)
    round_ = round_of([(0, 5.0, 4), (0, 3.0, 2)], needed=16.0, equity=[100.0])
    best = adl.solve(round_, EQUITY, method=adl.Method.HIGHS)
    assert (best.raised, best.stopped) == (16.0, adl.Stopped.LIMIT)
    assert best.method is adl.Method.POSITION_SEARCH


def test_highs_within_a_time_limit_gives_an_incumbent_or_says_that_it_has_none():
    round_ = meme(60, seed=1, contracts=1e5)
    ours = adl.solve(round_, EQUITY, budget=AT_LEAST)
    for limit in (1e-6, 0.5):
        try:
            found = adl.solve(
                round_, EQUITY, budget=AT_LEAST, method=adl.Method.HIGHS, time_limit=limit
            )
        except adl.SolverStopped:
            continue
        assert found.stopped is adl.Stopped.LIMIT
        assert found.raised >= round_.needed
        assert found.certificate.lower <= ours.value <= found.value


def forged(counts=None, claimed=None, **grid_changes):
    round_ = round_of([(0, 5.0, 4), (0, 3.0, 2), (1, 4.0, 6)], needed=20.0, equity=[40.0, 40.0])
    grid = replace(LotGrid.of(round_, EQUITY, AT_LEAST), **grid_changes)
    counts = np.array([2, 0, 3]) if counts is None else np.array(counts)
    level = grid.level_of(grid.amounts(counts))
    return certify(grid, counts, claimed or level)


def test_certificates_do_not_believe_what_they_are_told():
    assert forged().trust is adl.Trust.EXACT
    with pytest.raises(adl.CertificateError, match="more lots than it has"):
        forged([5, 0, 3])
    with pytest.raises(adl.CertificateError, match="more lots than it has"):
        forged([-1, 3, 6])
    with pytest.raises(adl.CertificateError, match="more than its capacity"):
        forged([3, 0, 3], cap=np.array([10 * MICRO, 24 * MICRO]))
    with pytest.raises(adl.CertificateError, match=r"raise -6\.0 USD beyond the budget"):
        forged([2, 0, 1])
    with pytest.raises(adl.CertificateError, match=r"raise 2\.0 USD beyond the budget"):
        forged([2, 0, 3], highest=21 * MICRO)
    worse = forged([0, 0, 6], claimed=Fraction(24, 40))
    assert worse.trust is adl.Trust.REPORTED, "lots strictly below 24/40 do raise the budget"
    honest = forged([0, 0, 6], claimed=Fraction(1, 4))
    assert (honest.trust, honest.lower) == (adl.Trust.EXACT, 0.25)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"objective": adl.surrogate(track=1.0, fair=1.0)},
            r"objective is .*expected MinMax; match winners with what losers shed",
        ),
        ({"budget": 5.0}, r"budget is 5\.0: expected a Budget"),
        ({"gap": -0.1}, r"gap is -0\.1"),
        ({"gap": math.nan}, "gap is nan"),
        ({"gap": 1.0}, r"gap is 1\.0: expected a number in \[0, 1\)"),
        ({"method": adl.Method.WATER_FILLING}, "method is .*AUTO or Method.HIGHS"),
        ({"time_limit": 0.0}, r"time_limit is 0\.0: expected a number of seconds > 0"),
        ({"objective": EQUITY}, "equity is None"),
    ],
)
def test_bad_options_are_refused(options, message):
    round_ = adl.ContractRound.of(
        account=["a"], coin=["X"], side=["long"], size=[3], value=[2.0], deficit=1.0, needed=2.0
    )
    with pytest.raises(adl.InputError, match=message):
        adl.solve(round_, **options)


def test_solutions_are_immutable_and_survive_pickles():
    round_ = round_of([(0, 5.0, 4), (0, 3.0, 2)], needed=16.0, equity=[100.0])
    best = pickle.loads(pickle.dumps(adl.solve(round_, EQUITY)))
    assert best.raised == 16.0
    assert best.closed.tolist() == best.lots.tolist()
    assert best.touched == 1
    for field in ("lots", "closed", "haircut"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(best, field)[0] = 1


@given(data=st.data())
def test_from_dollars_to_contracts_and_back_nothing_changes(data):
    n = data.draw(st.integers(1, 5))
    money = st.floats(1e-3, 1e9)
    capacity = data.draw(st.lists(money, min_size=n, max_size=n))
    lot = data.draw(st.lists(money, min_size=n, max_size=n))
    round_ = adl.Round.of(capacity=capacity, deficit=1.0, needed=0.5, lot=lot)
    back = adl.ContractRound.of_wealth(round_).to_wealth()
    assert back.start.capacity.tolist() == capacity
    assert back.start.lot.tolist() == lot
    assert (back.start.account, back.needed) == (round_.start.account, round_.needed)


def test_sums_that_lots_miss_say_by_how_much():
    round_ = adl.ContractRound.of(
        account=["a", "a"], coin=["ETH", "BTC"], side=["long", "short"], size=[3, 2],
        value=[3.0, 7.0], deficit=1, needed=11.5)  # fmt: skip
    with pytest.raises(adl.InfeasibleRound) as refused:
        adl.solve(round_)
    assert (refused.value.below, refused.value.above) == (10.0, 13.0)
    assert refused.value.missing == 1.5
    with pytest.raises(adl.InfeasibleRound) as refused:
        adl.solve(round_, budget=adl.Budget.band(1.0))
    assert refused.value.missing == 0.5


@pytest.mark.parametrize("budget", [AT_LEAST, adl.Budget.exact(), adl.Budget.band(0.5)])
@pytest.mark.parametrize("seed", by_day(1, range(4)))
def test_more_accuracy_is_never_answered_worse(seed, budget, monkeypatch):
    """Also where searches give up: many positions an account, every lot of its own value."""
    monkeypatch.setattr(filler, "ALL_NODES", [2**12, 2**15, 2**18, 2**24][seed])
    rng = np.random.default_rng(seed)
    positions = [
        (i, float(np.round(rng.uniform(10, 500), 6)), int(np.ceil(rng.lognormal(3, 1.5))))
        for i in range(25)
        for _ in range(12)
    ]
    worth = sum(value * size for _, value, size in positions)
    round_ = round_of(positions, needed=round(0.02 * worth, 6), equity=rng.uniform(1e4, 1e5, 25))
    found = [
        adl.solve(round_, EQUITY, budget=budget, gap=gap)
        for gap in (0.1, 1e-2, 3e-4, 1e-4, 1e-6, 2e-8, 1e-9, 0.0)
    ]
    for wide, narrow in itertools.pairwise(found):
        assert narrow.worst_burden <= wide.worst_burden
        assert narrow.certificate.lower >= wide.certificate.lower * (1 - 1e-15)


def test_an_exact_budget_of_lots_of_which_no_two_are_alike_is_met_in_time():
    rng = np.random.default_rng(0)
    positions = [
        (i, float(np.round(rng.uniform(10, 500), 6)), int(np.ceil(rng.lognormal(4, 2))))
        for i in range(40)
        for _ in range(20)
    ]
    worth = sum(value * size for _, value, size in positions)
    round_ = round_of(positions, needed=round(0.018 * worth, 6), equity=np.full(40, worth / 40))
    start = time.process_time()
    best = adl.solve(round_, EQUITY)
    assert time.process_time() - start < 30
    assert sum(micro_of(round_, best)) == round(round_.needed * MICRO)
    assert best.certificate.gap <= 1e-5 * best.value


def micro_of(round_, best):
    values = [round(v * MICRO) for v in round_.positions.lot_value.tolist()]
    return [value * int(k) for value, k in zip(values, best.lots.tolist(), strict=True)]


@pytest.mark.parametrize("limit", [1e-9, 0.05])
def test_a_search_ends_with_its_time_and_says_so(limit):
    rng = np.random.default_rng(1)
    positions = [
        (i, float(np.round(rng.uniform(10, 500), 6)), int(np.ceil(rng.lognormal(4, 2))))
        for i in range(60)
        for _ in range(20)
    ]
    worth = sum(value * size for _, value, size in positions)
    round_ = round_of(positions, needed=round(0.018 * worth, 6), equity=np.full(60, worth / 60))
    for budget in (AT_LEAST, adl.Budget.exact()):
        start = time.process_time()
        try:
            best = adl.solve(round_, EQUITY, budget=budget, time_limit=limit)
        except adl.SolverStopped:
            pass
        else:
            assert best.stopped is adl.Stopped.LIMIT
            assert best.certificate.lower <= best.value
            assert best.raised >= round_.needed - 1e-6
        assert time.process_time() - start < limit + 5
