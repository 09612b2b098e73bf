"""Whole lots: realistic supplies, proofs that survive giving up, and refusals that help."""

import itertools
import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, strategies as st
from tiers import examples

import adlopt as adl
from adlopt.foundation.money import budget_range
from adlopt.optimum.core.waterfill import water_fill
from adlopt.optimum.lots.lot_grid import LotGrid
from adlopt.optimum.lots.mending import take_away
from adlopt.optimum.lots.subset_sum import closest_sums
from adlopt.optimum.programs.highs import Infeasible

MICRO = 10**6


def micro(amounts):
    return sum(round(x) for x in np.asarray(amounts) * MICRO)


def realistic(n, *, coarse=False, share=0.1):
    """Accounts of very different size, every lot the dollars of another contract."""
    rng = np.random.default_rng(n)
    if coarse:
        capacity, lot = rng.lognormal(7.0, 1.5, n), np.round(rng.uniform(20.0, 200.0, n), 6)
    else:
        capacity = rng.lognormal(5.71, 2.71, n)
        lot = np.maximum(np.round(rng.lognormal(0.0, 1.5, n), 6), 1e-6)
    needed = round(share * float((np.floor(capacity / lot) * lot).sum()), 6)
    return adl.Round.of(capacity=capacity, deficit=1.0, needed=needed, lot=lot)


@pytest.mark.parametrize("coarse", [False, True])
@pytest.mark.parametrize("n", [60, 200, 2_000])
def test_realistic_lots_meet_the_budget_near_the_first_level(n, coarse):
    round_ = realistic(n, coarse=coarse)
    best = adl.solve(round_)
    assert micro(best.haircut) == round(round_.needed * MICRO)
    assert (best.haircut <= round_.start.capacity).all()
    near = {60: 0.1, 200: 0.01, 2_000: 1e-3}[n] if coarse else 1e-3
    assert best.certificate.gap <= near * best.value
    assert best.certificate.lower >= round_.needed / round_.start.total_capacity
    if best.stopped is adl.Stopped.LIMIT:
        assert best.certificate.trust is adl.Trust.EXACT, "the first level needs no search"


@pytest.mark.parametrize("n", [60, 2_000])
@pytest.mark.parametrize("fair", [0.01, 0.5, 1.5])
def test_realistic_lots_with_a_price(n, fair):
    round_ = realistic(n)
    loss = adl.surrogate(track=1.0, fair=fair * round_.start.total_capacity)
    best = adl.solve(round_, loss)
    assert best.value == pytest.approx(loss.value(round_, best.haircut), rel=1e-12)
    assert best.certificate.gap <= 1e-3 * best.value
    exact = adl.solve(round_)
    assert best.value <= loss.value(round_, exact.haircut) * (1 + 1e-12)


@pytest.mark.parametrize("fair", [0.0, 0.3, 40.0])
def test_a_priced_budget_that_is_no_whole_number_of_lots(fair):
    round_ = adl.Round.of(capacity=[35.0, 28.0, 70.0], deficit=1.0, needed=100 / 3, lot=7.0)
    loss = adl.Asymmetric(under=0.7, over=0.2, fair=fair)
    best = adl.solve(round_, loss)
    grid = [(a, b, c) for a in range(6) for b in range(5) for c in range(11)]
    least = min(loss.value(round_, 7.0 * np.array(counts)) for counts in grid)
    assert best.value == pytest.approx(least, rel=1e-12)
    assert best.stopped is adl.Stopped.OPTIMAL
    assert best.certificate.lower <= least <= best.certificate.lower * (1 + 1e-12)


def test_an_answer_above_the_first_level_keeps_the_proof_of_the_first(monkeypatch):
    lot = np.array([7.0, 11.0, 5.0])
    round_ = adl.Round.of(capacity=lot * 3, deficit=1.0, needed=19.0, lot=lot)
    whole = adl.solve(round_)
    assert whole.stopped is adl.Stopped.OPTIMAL
    monkeypatch.setattr("adlopt.optimum.lots.sum_table.closest_sums", _forget_proofs)
    for bound in ("QUICK", "SUMS"):
        monkeypatch.setattr(f"adlopt.optimum.lots.sum_table.{bound}", -1)
    unproven = adl.solve(round_)
    assert unproven.value == whole.value
    assert unproven.certificate.lower <= whole.value
    assert unproven.certificate.trust is adl.Trust.EXACT


def _forget_proofs(available, target):
    """Find as much, and prove only what is a hit."""
    found = closest_sums(available, target)
    return replace(found, proven=found.below == found.above)


def test_bounds_are_rounded_down():
    best = adl.solve(adl.Round.of(capacity=[10.0], deficit=1.0, needed=1.0, lot=1.0))
    assert best.certificate.trust is adl.Trust.EXACT
    assert Fraction(best.certificate.lower) <= Fraction(1, 10) < Fraction(best.value)
    assert best.certificate.optimal


@pytest.mark.parametrize("seed", range(60))
def test_a_search_cut_short_proves_nothing_false(seed, monkeypatch):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 6))
    lot, most = rng.integers(3, 30, n).astype(float), rng.integers(0, 4, n)
    equity = np.round(rng.random(n) * 30 + 1, 1)
    needed = float(rng.integers(0, int(lot @ most) + 2))
    round_ = adl.Round.of(capacity=lot * most, deficit=1.0, needed=needed, equity=equity, lot=lot)
    loss = [
        adl.MinMax(burden=adl.Burden.EQUITY),
        adl.Asymmetric(under=1.0, over=0.6, fair=5.0, burden=adl.Burden.EQUITY),
    ][seed % 2]
    supply = [lot * counts for counts in itertools.product(*(range(k + 1) for k in most))]
    if seed % 2 == 0:
        supply = [haircut for haircut in supply if haircut.sum() == needed]
    least = min((loss.value(round_, haircut) for haircut in supply), default=math.inf)
    limits = {"sums": int(rng.integers(1, 9))}
    monkeypatch.setattr("adlopt.optimum.lots.subset_sum.closest_sums.__kwdefaults__", limits)
    for bound in ("QUICK", "SUMS"):
        monkeypatch.setattr(f"adlopt.optimum.lots.sum_table.{bound}", -1)
    try:
        found = adl.solve(round_, loss)
    except adl.InfeasibleRound:
        assert math.isinf(least)
    except adl.SolverStopped:
        pass
    else:
        assert found.certificate.lower <= least * (1 + 1e-12) <= found.value * (1 + 1e-9)
        if found.stopped is adl.Stopped.OPTIMAL:
            assert found.value == pytest.approx(least, rel=1e-12)


@pytest.mark.parametrize(
    ("lot", "message"),
    [
        (2 / 3, r"lot\[0\] is 0\.66.*whole number of micro-dollars.*round it to 6 decimals"),
        (0.1234567, r"lot\[0\] is 0\.1234567: .*round it to 6 decimals"),
        (1e-7, r"lot\[0\] is 1e-07: .*at least a micro-dollar"),
        (1234567.1234567, r"lot\[0\] is 1234567\.1234567: .*round it to 6 decimals"),
        (1e13, r"lot\[0\] is 10000000000000\.0: .*at most 4\.61e\+12 USD"),
    ],
)
def test_lots_are_whole_micro_dollars(lot, message):
    round_ = adl.Round.of(capacity=[2.0, 2.0], deficit=1.0, needed=2.0, lot=lot)
    with pytest.raises(adl.InputError, match=message):
        adl.solve(round_)


def test_an_exact_budget_is_whole_micro_dollars():
    round_ = adl.Round.of(capacity=[2.0, 2.0], deficit=1.0, needed=2 / 3, lot=0.1)
    with pytest.raises(adl.InputError, match=r"needed is 0\.66.*round it to 6 decimals"):
        adl.solve(round_)
    assert adl.solve(round_, adl.surrogate(track=1.0, fair=0.1)).certificate.optimal
    noisy = adl.Round.of(capacity=[2.0, 2.0], deficit=1.0, needed=0.1 + 0.2, lot=0.1)
    assert micro(adl.solve(noisy).haircut) == 300_000


@pytest.mark.parametrize("method", [adl.Method.AUTO, adl.Method.HIGHS])
def test_too_few_lots_are_said_to_be_too_few(method):
    round_ = adl.Round.of(
        capacity=[9.0, 9.0, 50.0], deficit=1.0, needed=13.0, lot=5.0, equity=[5.0, 5.0, -1.0]
    )
    loss = adl.MinMax(burden=adl.Burden.EQUITY)
    with pytest.raises(adl.InfeasibleRound, match=r"10\.0 USD that whole lots can give, prot") as e:
        adl.solve(round_, loss, method=method)
    assert (e.value.below, e.value.above) == (10.0, None)


@pytest.mark.parametrize("method", [adl.Method.AUTO, adl.Method.HIGHS])
@pytest.mark.parametrize("capacity", [[0.0, 0.0], [3.0, 3.0]])
def test_rounds_that_cannot_give_a_lot(method, capacity):
    def solve(needed):
        round_ = adl.Round.of(capacity=capacity, deficit=1.0, needed=needed, lot=5.0)
        return adl.solve(round_, method=method)

    assert solve(0.0).haircut.tolist() == [0.0, 0.0]
    with pytest.raises(adl.InfeasibleRound, match="whole lots can give"):
        solve(1.0)


LOTS = adl.Method.LOT_SEARCH


def test_a_solver_that_denies_a_solution_is_not_believed(monkeypatch):
    def deny(*_, **__):
        raise Infeasible

    monkeypatch.setattr("adlopt.optimum.lots.milp.run", deny)
    possible = adl.Round.of(capacity=[30.0, 30.0], deficit=1.0, needed=20.0, lot=10.0)
    best = adl.solve(possible, method=adl.Method.HIGHS)
    assert (best.raised, best.stopped, best.method) == (20.0, adl.Stopped.LIMIT, LOTS)
    impossible = adl.Round.of(capacity=[30.0, 30.0], deficit=1.0, needed=25.0, lot=10.0)
    with pytest.raises(adl.InfeasibleRound) as caught:
        adl.solve(impossible, method=adl.Method.HIGHS)
    assert (caught.value.below, caught.value.above) == (20.0, 30.0)


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(0, 5)), min_size=1, max_size=8), st.data())
@examples(37)
def test_lots_are_taken_from_the_most_burdened(accounts, data):
    size, counts = (np.array(column, dtype=np.int64) for column in zip(*accounts, strict=True))
    grid = LotGrid.of_lots(size, counts, np.ones(size.size))
    held = {s: int(counts[size == s].sum()) for s in set(size.tolist())}
    removal = {s: data.draw(st.integers(0, total)) for s, total in held.items() if total}
    left = take_away(grid, counts, removal)
    assert ((left >= 0) & (left <= counts)).all()
    for s, total in held.items():
        mine = size == s
        assert left[mine].sum() == total - removal.get(s, 0)
        touched = counts[mine][left[mine] < counts[mine]]
        untouched = counts[mine][left[mine] == counts[mine]]
        if touched.size and untouched.size:
            assert touched.min() >= untouched.max()


def test_pro_rata_in_lots_fills_what_caps_leave():
    haircut = adl.integer_pro_rata([10.0] + [0.9] * 20, [1.0] * 21, 10.0)
    assert haircut.tolist() == [10.0] + [0.0] * 20


@given(
    st.lists(st.floats(0.0, 50.0), min_size=1, max_size=12),
    st.sampled_from([0.000001, 0.01, 0.7, 1.0, 2.5]),
    st.floats(0.0, 1.0),
)
@examples(40)
def test_pro_rata_in_equal_lots_is_exact_and_fair(capacity, lot, share):
    size = round(lot * MICRO)
    most = np.array([math.floor(math.nextafter(u * MICRO, math.inf)) // size for u in capacity])
    lots = round(share * int(most.sum()))
    budget = lots * size / MICRO
    haircut = adl.integer_pro_rata(capacity, [lot] * len(capacity), budget)
    assert micro(haircut) == lots * size
    assert (np.rint(haircut * MICRO) <= most * size).all()
    again = adl.integer_pro_rata(capacity, [lot] * len(capacity), budget)
    assert haircut.tolist() == again.tolist()
    whole = most * size / MICRO
    share_ = water_fill(capacity, whole, min(budget, whole.sum()))
    free = share_ < whole
    assert (np.abs(haircut - share_)[free] < lot * (1 + 1e-6) + 1e-9).all()


@given(
    st.lists(st.tuples(st.floats(0.0, 1e4), st.floats(0.01, 90.0)), min_size=1, max_size=12),
    st.floats(0.0, 1.3),
)
@examples(40)
def test_pro_rata_in_any_lots_stays_within_the_budget(accounts, share):
    capacity, lots = (list(column) for column in zip(*accounts, strict=True))
    lots = [round(lot, 2) for lot in lots]
    budget = share * math.fsum(capacity)
    haircut = adl.integer_pro_rata(capacity, lots, budget)
    assert micro(haircut) <= math.nextafter(budget, math.inf) * MICRO
    assert all(micro([x]) % round(lot * MICRO) == 0 for x, lot in zip(haircut, lots, strict=True))
    assert (haircut <= np.array(capacity) * (1 + 1e-12)).all()


@pytest.mark.parametrize("lot", [None, 0.000001, 0.5])
def test_pro_rata_in_lots_of_a_trillion(lot):
    capacity = np.random.default_rng(0).uniform(1e6, 4e6, 400_000)
    lots = None if lot is None else np.full(capacity.size, lot)
    haircut = adl.integer_pro_rata(capacity, lots, 987_654_321_000.5)
    assert np.rint(haircut * MICRO).astype(np.int64).sum() == 987_654_321_000_500_000


@given(st.integers(0, 10**8), st.integers(1, 10**9))
def test_a_band_is_as_wide_as_it_is_written(cents, width):
    needed, extra = cents / 100, width / 100
    assert budget_range(needed, extra) == (10_000 * cents, 10_000 * (cents + width))


@given(st.data())
@examples(37)
def test_a_band_in_cents_takes_every_sum_within_it(data):
    """Sums and burdens in whole cents and fractions, all of them listed."""
    accounts = st.tuples(st.integers(1, 900), st.integers(1, 4), st.integers(50, 10**5))
    lots, most, equity = zip(*data.draw(st.lists(accounts, min_size=1, max_size=4)), strict=True)
    needed, width = data.draw(st.integers(1, 1_500)), data.draw(st.integers(1, 400))
    round_ = adl.Round.of(
        capacity=[g * k / 100 for g, k in zip(lots, most, strict=True)],
        equity=[e / 100 for e in equity],
        lot=[g / 100 for g in lots],
        deficit=1.0,
        needed=needed / 100,
    )
    burdens = [
        max(
            Fraction(g * k, 100) / Fraction(e / 100)
            for g, k, e in zip(lots, taken, equity, strict=True)
        )
        for taken in itertools.product(*(range(k + 1) for k in most))
        if needed <= sum(map(int.__mul__, lots, taken)) <= needed + width
    ]
    budget, loss = adl.Budget.band(width / 100), adl.MinMax(burden=adl.Burden.EQUITY)
    if not burdens:
        with pytest.raises(adl.InfeasibleRound):
            adl.solve(round_, loss, budget=budget)
        return
    best = adl.solve(round_, loss, budget=budget)
    assert best.optimal
    assert best.certificate.lower <= min(burdens)
    assert best.worst_burden == pytest.approx(float(min(burdens)), rel=1e-15)


@given(st.data())
@examples(25)
def test_dollars_in_lots_are_proved_as_contracts_are(data):
    accounts = st.tuples(st.integers(50, 900), st.integers(1, 8), st.integers(0, 8))
    drawn = data.draw(st.lists(accounts, min_size=2, max_size=6))
    lots, most, taken = (np.array(column) for column in zip(*drawn, strict=True))
    needed = int(lots @ np.minimum(taken, most))
    round_ = adl.Round.of(
        capacity=lots * most / 100, lot=lots / 100, deficit=1.0, needed=needed / 100
    )
    mine, other = adl.solve(round_), adl.solve(adl.ContractRound.of_wealth(round_))
    assert mine.worst_burden == other.worst_burden
    assert mine.certificate.lower == other.certificate.lower
    assert mine.certificate.trust is other.certificate.trust is adl.Trust.EXACT
    assert mine.optimal
    assert mine.stopped is other.stopped is adl.Stopped.OPTIMAL


def test_many_lots_of_few_sizes_are_proved_however_near_the_search_came():
    rng = np.random.default_rng(0)
    n, sizes = 20_000, np.round(rng.lognormal(-2.0, 2.0, 160), 6) + 1e-6
    capacity = np.round(rng.lognormal(5.0, 2.5, n), 6)
    round_ = adl.Round.of(
        capacity=capacity,
        lot=sizes[rng.integers(0, 160, n)],
        deficit=1.0,
        needed=round(0.018 * float(capacity.sum()), 6),
    )
    best = adl.solve(round_)
    assert best.optimal
    assert best.certificate.trust is adl.Trust.EXACT


@given(st.data())
@examples(30)
def test_what_missing_a_budget_costs_in_lots_is_proved(data):
    accounts = st.tuples(st.integers(1, 40), st.integers(1, 4))
    drawn = data.draw(st.lists(accounts, min_size=1, max_size=4))
    lots, most = (np.array(column) for column in zip(*drawn, strict=True))
    round_ = adl.Round.of(
        capacity=lots * most / 10,
        lot=lots / 10,
        deficit=1.0,
        needed=data.draw(st.integers(0, 200)) / 10,
    )
    price = st.floats(0.01, 5.0)
    loss = adl.Asymmetric(
        under=data.draw(price), over=data.draw(price), fair=data.draw(st.floats(0.0, 50.0))
    )
    supply = itertools.product(*(range(k + 1) for k in most))
    least = min(loss.value(round_, lots / 10 * np.array(counts)) for counts in supply)
    best = adl.solve(round_, loss)
    assert best.value == pytest.approx(least, rel=1e-12, abs=1e-12)
    assert best.certificate.trust is adl.Trust.EXACT
    assert best.certificate.lower <= least * (1 + 1e-12) + 1e-12
    assert best.optimal
