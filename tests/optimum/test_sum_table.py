"""Sums as bits, against the search by lots."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from adlopt.optimum.lots import sum_table
from adlopt.optimum.lots.subset_sum import closest_sums
from adlopt.optimum.lots.sum_table import closest_small_sums


@given(st.dictionaries(st.integers(1, 90), st.integers(0, 9), max_size=7), st.integers(0, 120))
def test_nearest_sums_are_those_of_the_search(available, target):
    found, searched = closest_small_sums(available, target), closest_sums(available, target)
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
    found = closest_small_sums(available, 654_321)
    assert found.below == found.above == 654_321
    assert sum(size * count for size, count in found.take_below.items()) == 654_321


def test_tables_too_large_are_not_built(monkeypatch):
    monkeypatch.setattr(sum_table, "BITS", 1_000)
    assert closest_small_sums({7: 9, 11: 9}, 400) is None
    assert closest_small_sums({7: 9, 11: 9}, 18).below == 18
