"""Sums of lots, against brute force."""

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from adlopt.subset_sum import closest_sums


@given(
    st.dictionaries(st.integers(1, 14), st.integers(0, 4), max_size=5),
    st.integers(0, 60),
)
@settings(max_examples=400, deadline=None)
def test_nearest_sums_are_the_nearest(available, target):
    sums = {
        sum(size * count for size, count in zip(available, counts, strict=True))
        for counts in itertools.product(*(range(c + 1) for c in available.values()))
    }
    found = closest_sums(available, target)
    assert found.proven
    assert found.below == max(s for s in sums if s <= target)
    assert found.above == min((s for s in sums if s >= target), default=None)
    for taken, total in ((found.take_below, found.below), (found.take_above, found.above)):
        if total is not None:
            assert sum(size * count for size, count in taken.items()) == total
            assert all(count <= available[size] for size, count in taken.items())


def test_a_search_that_gives_up_claims_nothing():
    sizes = dict.fromkeys(range(1_000_003, 1_000_103, 2), 3)
    found = closest_sums(sizes, 50_000_001, nodes=50)
    assert not found.proven
    assert found.below <= 50_000_001


def test_huge_money_stays_exact():
    big = 10**15 + 1
    found = closest_sums({big: 3, 2: 1}, 2 * big + 1)
    assert (found.below, found.above) == (2 * big, 2 * big + 2)
