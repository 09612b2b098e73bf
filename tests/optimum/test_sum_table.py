"""Sums as bits, against the search by lots."""

import tracemalloc
from functools import partial

import numpy as np
import pytest
from hypothesis import given, strategies as st

from adlopt.foundation.deadline import limited
from adlopt.optimum.dollars.fewest import _by_table
from adlopt.optimum.lots import sum_table
from adlopt.optimum.lots.lot_grid import LotGrid
from adlopt.optimum.lots.subset_sum import closest_sums
from adlopt.optimum.lots.sum_table import nearest_sums, sums_listed


@given(st.dictionaries(st.integers(1, 90), st.integers(0, 9), max_size=7), st.integers(0, 120))
def test_nearest_sums_are_those_of_the_search(available, target):
    found, searched = sums_listed(available, target), closest_sums(available, target)
    assert searched.proven
    assert found.proven
    assert (found.below, found.above) == (searched.below, searched.above)
    for taken, total in ((found.take_below, found.below), (found.take_above, found.above)):
        if total is not None:
            assert sum(size * count for size, count in taken.items()) == total
            assert all(0 < count <= available[size] for size, count in taken.items())


def test_many_sizes_meet_a_large_target_exactly():
    rng = np.random.default_rng(1)
    available = dict.fromkeys(rng.integers(10**3, 10**5, 200).tolist(), 10**12)
    found = sums_listed(available, 654_321)
    assert found.below == found.above == 654_321
    assert sum(size * count for size, count in found.take_below.items()) == 654_321


def all_sums(available):
    sums = {0}
    for size, count in available.items():
        sums = {made + size * k for made in sums for k in range(count + 1)}
    return sums


@given(
    st.dictionaries(st.integers(1, 60), st.integers(0, 5), max_size=6),
    st.integers(0, 600),
    st.sampled_from([1, 7, 250]),
    st.booleans(),
)
def test_what_is_left_says_what_is_taken(available, target, unit, listed_at_once):
    """Neither the search nor quick tables may help: large ones on either side alone are asked."""
    available = {size * unit: count for size, count in available.items() if count}
    target = min(target, sum(size * count for size, count in available.items()))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sum_table, "QUICK", 2**28 if listed_at_once else -1)
        patched.setattr(sum_table, "closest_sums", partial(closest_sums, sums=1))
        patched.setattr("adlopt.optimum.lots.subset_sum.SMALL_BITS", -1.0)
        patched.setattr("adlopt.optimum.lots.subset_sum.FEWER", ())
        found = nearest_sums(available, target)
    sums = all_sums(available)
    assert found.proven
    assert found.below == max(made for made in sums if made <= target)
    assert found.above == min((made for made in sums if made >= target), default=None)
    for taken, total in ((found.take_below, found.below), (found.take_above, found.above)):
        if total is not None:
            assert sum(size * count for size, count in taken.items()) == total
            assert all(0 < count <= available[size] for size, count in taken.items())


def test_of_two_sides_the_lesser_is_listed(monkeypatch):
    """No other search proves it, and a table of the larger side is not allowed."""
    monkeypatch.setattr(sum_table, "QUICK", -1)
    monkeypatch.setattr("adlopt.optimum.lots.subset_sum.SMALL_BITS", -1.0)
    monkeypatch.setattr("adlopt.optimum.lots.subset_sum.FEWER", ())
    monkeypatch.setattr(sum_table, "SUMS", 400)
    monkeypatch.setattr(sum_table, "closest_sums", partial(closest_sums, sums=1))
    available = dict.fromkeys(range(101, 161, 2), 1)
    whole = sum(available)
    found = nearest_sums(available, whole - 396)
    assert (found.below, found.above, found.proven) == (whole - 397, whole - 395, True)
    monkeypatch.setattr(sum_table, "SUMS", 300)
    assert not nearest_sums(available, whole - 396).proven


def test_a_table_stops_in_time():
    with limited(1e-9):
        assert sums_listed({7: 9, 11: 9}, 400) is None
    assert sums_listed({7: 9, 11: 9}, 18).below == 18


def test_lots_that_are_all_larger_than_the_target_need_no_table():
    found = nearest_sums({10**13: 3, 10**14 + 1: 1}, 10**12)
    assert (found.below, found.above, found.take_above) == (0, 10**13, {10**13: 1})


def test_sums_that_are_too_many_are_never_laid_out():
    grid = LotGrid.of_lots([1, 1], [10**9, 10**9], [1.0, 1.0], least=10**9 + 1)
    tracemalloc.start()
    try:
        assert not _by_table(grid, grid.room, 2).size
        assert tracemalloc.get_traced_memory()[1] < 10**7
    finally:
        tracemalloc.stop()
