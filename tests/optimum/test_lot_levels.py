"""Lots within a level and the first level that reaches an amount: exact, compiled or not."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

import adlopt as adl
from adlopt.foundation import compiling
from adlopt.foundation.money import MICRO
from adlopt.optimum.core.waterfill import filled, water_level
from adlopt.optimum.lots import levels as lot_levels
from adlopt.optimum.lots.levels import level_reaching
from adlopt.optimum.lots.lot_grid import LotGrid


@pytest.fixture(params=[math.inf, 0.0], ids=["numpy", "compiled"])
def path(request, monkeypatch):
    """Use one of the twins whatever the size."""
    monkeypatch.setattr(compiling, "LOADING", request.param)


either_way = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])

WEIGHTS = st.one_of(
    st.sampled_from([0.0, 1.0, 3.0, 0.1, 1e-100, 1e15, 2.0**-40]), st.floats(1e-6, 1e9)
)
SIZES = st.one_of(st.sampled_from([1, 2, 3, 7, 10**6, 2**40 + 1]), st.integers(1, 10**9))
COUNTS = st.one_of(st.integers(0, 6), st.sampled_from([2**20, 2**53 + 1, 2**58 - 1]))


@st.composite
def grids(draw, counts=COUNTS):
    accounts = draw(st.lists(st.tuples(SIZES, counts, WEIGHTS), min_size=1, max_size=8))
    copies = draw(st.integers(1, 3))
    size, most, weight = (np.array(column * copies) for column in zip(*accounts, strict=True))
    most = np.minimum(most, 2**57 // size) * (weight > 0)
    held = most > 0
    return LotGrid.of_lots(size[held], most[held], weight[held].astype(float))


def lots_of(grid, i, level, *, strict):
    exact = level * Fraction(float(grid.weight[i])) * MICRO / int(grid.lot[i])
    most = math.ceil(exact) - 1 if strict else math.floor(exact)
    return max(min(most, int(grid.most[i])), 0)


@st.composite
def levels(draw, grid):
    """Where an account steps, a float next to that, or anywhere."""
    used = np.flatnonzero(grid.most)
    if not used.size:
        return Fraction(draw(st.floats(0.0, 10.0)))
    i = int(draw(st.sampled_from(used.tolist())))
    count = draw(st.integers(1, int(grid.most[i])))
    level = Fraction(int(grid.lot[i]) * count, MICRO) / Fraction(float(grid.weight[i]))
    near = Fraction(math.nextafter(float(level * MICRO), draw(st.sampled_from([0.0, math.inf]))))
    return draw(st.sampled_from([level, near / MICRO, level * Fraction(3, 7)]))


@either_way
@given(st.data())
def test_lots_within_a_level_are_those_of_fractions(path, data):
    grid = data.draw(grids())
    level = data.draw(levels(grid))
    for strict, counts, supply in (
        (False, grid.units_at(level), grid.supply_at(level)),
        (True, grid.units_below(level), grid.supply_below(level)),
    ):
        expected = [lots_of(grid, i, level, strict=strict) for i in range(grid.lot.size)]
        assert counts.tolist() == expected
        assert supply == (sum(expected), sum(map(int.__mul__, expected, grid.lot.tolist())))


@either_way
@given(st.data())
def test_the_first_level_is_that_of_all_levels(path, data):
    grid = data.draw(grids(counts=st.integers(0, 6)))
    in_lots = data.draw(st.booleans())
    stairs = sorted(
        (Fraction(size * k, MICRO) / Fraction(weight), 1 if in_lots else size)
        for size, most, weight in zip(
            grid.lot.tolist(), grid.most.tolist(), grid.weight.tolist(), strict=True
        )
        for k in range(1, most + 1)
    )
    supply = sum(rise for _, rise in stairs)
    if not supply:
        return
    above = data.draw(st.sampled_from([Fraction(0), stairs[len(stairs) // 2][0]]))
    reached = sum(rise for level, rise in stairs if level <= above)
    if reached == supply:
        return
    aim = data.draw(st.integers(reached + 1, supply))
    found = level_reaching(grid, aim, above=above, in_lots=in_lots)
    expected = next(
        level for level, _ in stairs if sum(r for other, r in stairs if other <= level) >= aim
    )
    assert found == expected


@pytest.mark.parametrize("weight", [1e15, 7.0, 1e-60])
def test_a_level_far_beyond_an_account_takes_all_of_it(path, weight):
    grid = LotGrid.of_lots([1, 1], [2**57, 3], [weight, 1e-100])
    assert grid.units_at(grid.level_of(np.array([0, 3]))).tolist() == [2**57, 3]
    assert grid.units_below(grid.level_of(np.array([0, 3]))).tolist() == [2**57, 2]


def rough(n, kind):
    """Accounts whose stairs lie badly: all alike, or of every size, or one above all others."""
    rng = np.random.default_rng(n)
    size, weight = rng.integers(1, 10**6, n), rng.lognormal(5.0, 3.0, n)
    most = rng.integers(0, 10**4, n)
    if kind == "equal":
        size[:], weight[:], most[:] = 100_000, 1_000.0, 50
    elif kind == "giant":
        size[0], most[0], weight[0] = 10**17, 3, 1e9
    elif kind == "micro":
        size[:], most = 1, (rng.lognormal(5.0, 2.5, n) * MICRO).astype(np.int64)
    return LotGrid.of_lots(size, most, weight)


@pytest.mark.parametrize("kind", ["equal", "giant", "micro", "mixed"])
@pytest.mark.parametrize("n", [300, 20_000])
@pytest.mark.parametrize("share", [1e-9, 0.02, 0.7, 1.0])
@pytest.mark.parametrize("in_lots", [False, True])
def test_the_first_level_reaches_and_none_below_does(path, kind, n, share, in_lots, monkeypatch):
    monkeypatch.setattr(lot_levels, "FEW", 64)
    grid = rough(n, kind)
    whole = int(grid.most.sum()) if in_lots else grid.total(grid.most)
    aim = max(math.ceil(share * whole), 1) if share < 1 else whole
    level = level_reaching(grid, aim, in_lots=in_lots)
    here = 0 if in_lots else 1
    assert grid.supply_below(level)[here] < aim <= grid.supply_at(level)[here]
    later = min(aim + 5, whole)
    if grid.supply_at(level)[here] < later:
        after = level_reaching(grid, later, above=level, in_lots=in_lots)
        assert grid.supply_below(after)[here] < later <= grid.supply_at(after)[here]


@either_way
@given(st.data())
def test_stairs_are_those_of_all_levels(path, data):
    grid = data.draw(grids(counts=st.integers(0, 6)))
    low, high = sorted([data.draw(levels(grid)), data.draw(levels(grid))])
    found = zip(*grid.stairs(grid.units_at(low), grid.units_at(high)), strict=True)
    assert sorted((int(i), int(money)) for i, money in found) == sorted(
        (i, size * k)
        for i, (size, most) in enumerate(zip(grid.lot.tolist(), grid.most.tolist(), strict=True))
        for k in range(1, most + 1)
        if low < grid.burden(i, size * k) <= high
    )


@pytest.mark.parametrize("n", [1, 2_000, 100_001])
def test_the_water_level_is_the_same_either_way(n, monkeypatch):
    rng = np.random.default_rng(n)
    capacity, weight = rng.lognormal(5.0, 2.5, n), rng.lognormal(5.0, 2.0, n)
    capacity[rng.random(n) < 0.1] = 0.0
    budget = 0.1 * float(capacity.sum())
    found = []
    for loading in (math.inf, 0.0):
        monkeypatch.setattr(compiling, "LOADING", loading)
        level = water_level(weight, capacity, budget)
        full, given_, slope = filled(weight, capacity, level)
        found.append((level, given_, slope))
        assert full == (capacity <= weight * level).sum()
    assert found[0] == found[1]


@pytest.mark.parametrize("lot", ["micro-dollars", "contracts"])
def test_large_rounds_in_lots_are_proven(path, lot):
    n, rng = 100_000, np.random.default_rng(7)
    capacity = np.round(rng.lognormal(5.7, 2.7, n), 6)
    sizes = np.maximum(np.round(rng.lognormal(-2.0, 2.0, 160), 6), 1e-6)
    lots = np.full(n, 1e-6) if lot == "micro-dollars" else sizes[rng.integers(0, 160, n)]
    round_ = adl.Round.of(
        capacity=capacity,
        deficit=1.0,
        needed=round(0.018 * float(capacity.sum()), 6),
        equity=np.round(capacity**0.4 * rng.lognormal(4.0, 1.7, n) + 1.0, 6),
        lot=lots,
    )
    best = adl.solve(round_, adl.MinMax(burden=adl.Burden.EQUITY))
    assert best.certificate.trust is adl.Trust.EXACT
    assert best.certificate.optimal
    raised = sum(round(x * MICRO) for x in best.haircut.tolist())
    assert raised == round(round_.needed * MICRO)


@either_way
@given(st.data())
def test_pools_and_worst_burdens_are_those_of_fractions(path, data):
    grid = data.draw(grids(counts=st.integers(0, 2**40)))
    counts = grid.most
    pooled = grid.pooled(counts)
    assert len(pooled) == len(set(grid.lot.tolist()))
    assert all(count == counts[grid.lot == size].sum() for size, count in pooled.items())
    assert sum(size * count for size, count in pooled.items()) == grid.total(counts)
    burdens = [
        Fraction(size * count, MICRO) / Fraction(weight)
        for size, count, weight in zip(
            grid.lot.tolist(), counts.tolist(), grid.weight.tolist(), strict=True
        )
    ]
    assert grid.level_of(grid.amounts(counts)) == max(burdens, default=0)


def test_a_full_table_of_sizes_says_so():
    from adlopt.foundation import kernels

    size = np.arange(1, 100, dtype=np.int64)
    assert not kernels.pool(size, size, *np.zeros((2, 128), dtype=np.int64))
    assert kernels.pool(size, size, *np.zeros((2, 256), dtype=np.int64))
