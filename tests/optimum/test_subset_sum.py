"""Sums of lots, against brute force."""

import itertools

import numpy as np
import pytest
from hypothesis import given, strategies as st
from tiers import examples

from adlopt.optimum.lots.subset_sum import closest_sums


@given(
    st.dictionaries(st.integers(1, 14), st.integers(0, 4), max_size=5),
    st.integers(0, 60),
)
@examples(40)
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
    found = closest_sums(sizes, 50_000_001, sums=8)
    assert not found.proven
    assert found.below <= 50_000_001


def test_huge_money_stays_exact():
    big = 10**15 + 1
    found = closest_sums({big: 3, 2: 1}, 2 * big + 1)
    assert (found.below, found.above) == (2 * big, 2 * big + 2)


@pytest.mark.parametrize("lots", [40, 400, 4_000])
def test_many_sizes_meet_a_target_exactly(lots):
    rng = np.random.default_rng(lots)
    available = dict.fromkeys(rng.integers(10**6, 10**8, lots).tolist(), 2)
    target = int(0.3 * sum(available)) + 1
    found = closest_sums(available, target)
    assert found.below == found.above == target
    assert found.proven
    assert sum(size * count for size, count in found.take_below.items()) == target
    assert all(count <= available[size] for size, count in found.take_below.items())


def test_sums_near_the_end_of_integers_do_not_overflow():
    sizes = {2**61 + 1: 3, 2**60 + 7: 5, 12345: 1}
    found = closest_sums(sizes, 2**62 + 2**61)
    assert found.below <= 2**62 + 2**61 <= (found.above or 2**63)


def test_small_problems_are_proved_however_odd_their_lots_are():
    """Σ log₂(k + 1) of 33 bits: all sums of both groups are listed; against a sorted half each."""
    rng = np.random.default_rng(16)
    sizes = np.round(10 ** rng.uniform(6, 9, 12)).astype(int).tolist()
    counts = rng.integers(2, 9, 12).tolist()
    halves = []
    for part in (slice(0, 6), slice(6, 12)):
        sums = np.zeros(1, dtype=np.int64)
        for size, count in zip(sizes[part], counts[part], strict=True):
            sums = np.unique((sums[:, None] + size * np.arange(count + 1)).ravel())
        halves.append(sums)
    left, right = halves
    for target in rng.integers(10**8, int(left[-1] + right[-1]) // 2, 3).tolist():
        at = np.searchsorted(right, target - left, side="right")
        best = int((left[at > 0] + right[at[at > 0] - 1]).max())
        found = closest_sums(dict(zip(sizes, counts, strict=True)), target)
        assert (found.below, found.proven) == (best, True)
