"""The knapsack of one account: closed form, search and compiled code against enumeration."""

import itertools
import math

import numpy as np
from hypothesis import given, strategies as st
from tiers import examples

from adlopt.foundation.kernels import compiled
from adlopt.optimum.lots.knapsack import fill, least_remainder, two_lots

fill_compiled = compiled(fill, least_remainder, two_lots)

small = st.integers(0, 80)


@given(small, small, st.integers(1, 40), st.integers(0, 45))
@examples(40)
def test_the_least_remainder_is_least(value, step, modulus, most):
    t = least_remainder(value, step, modulus, most)
    remainders = [(value + step * t) % modulus for t in range(most + 1)]
    assert 0 <= t <= most
    assert remainders[t] == min(remainders)
    assert t == remainders.index(remainders[t])


@given(st.integers(0, 2**61), st.integers(0, 2**61), st.integers(1, 2**61))
def test_the_least_remainder_of_all_is_that_of_the_greatest_common_divisor(value, step, modulus):
    t = least_remainder(value, step, modulus, modulus)
    assert (value + t * step) % modulus == value % math.gcd(step, modulus)


@given(st.integers(1, 20), st.integers(0, 20), st.integers(1, 8), st.integers(1, 8), st.data())
@examples(40)
def test_two_lots_fill_a_room_best(small_lot, more, most_large, most_small, data):
    large = small_lot + more
    room = data.draw(st.integers(0, large * most_large + small_lot * most_small))
    taken = two_lots(room, large, most_large, small_lot, most_small)
    assert 0 <= taken * large <= room
    assert taken <= most_large
    made = taken * large + min(most_small, (room - taken * large) // small_lot) * small_lot
    sums = (a * large + b * small_lot for a in range(most_large + 1) for b in range(most_small + 1))
    assert made == max(s for s in sums if s <= room)


accounts = st.lists(
    st.tuples(
        st.lists(st.tuples(st.integers(1, 30), st.integers(1, 4)), min_size=1, max_size=5),
        st.integers(0, 300),
    ),
    min_size=1,
    max_size=3,
)


def columns(accounts):
    """Start, lot, most, step, worth and limit of accounts, as `fill` takes them."""
    start, lot, most, step, worth = [0], [], [], [], []
    for positions, _ in accounts:
        ordered = sorted(positions, reverse=True)
        lots, counts = [g for g, _ in ordered], [k for _, k in ordered]
        step += [math.gcd(*lots[j:]) for j in range(len(lots))]
        worth += [sum(g * k for g, k in ordered[j:]) for j in range(len(lots))]
        lot, most = lot + lots, most + counts
        start.append(len(lot))
    return start, lot, most, step, worth, [limit for _, limit in accounts]


@given(accounts, st.sampled_from([1, 2, 5, 10**6]))
@examples(40)
def test_compiled_and_plain_knapsacks_agree_and_bound_what_can_be_made(accounts, nodes):
    given_ = columns(accounts)
    start, lot, most, *_, limit = given_
    n, m = len(limit), len(lot)
    counts, amount, bound = [0] * m, [0] * n, [0] * n
    spent = fill(*given_, range(n), nodes, [0] * 5, counts, amount, bound)
    written = [np.zeros(size, dtype=np.int64) for size in (m, n, n)]
    arrays = [np.array(column, dtype=np.int64) for column in (*given_, range(n))]
    again = fill_compiled(*arrays, nodes, np.zeros(5, dtype=np.int64), *written)
    assert (spent, counts, amount, bound) == (again, *(array.tolist() for array in written))
    for i in range(n):
        own = slice(start[i], start[i + 1])
        choices = itertools.product(*(range(k + 1) for k in most[own]))
        sums = (sum(map(int.__mul__, lot[own], choice)) for choice in choices)
        best = max(s for s in sums if s <= limit[i])
        made = sum(map(int.__mul__, lot[own], counts[own]))
        assert all(0 <= k <= top for k, top in zip(counts[own], most[own], strict=True))
        assert made == amount[i] <= best <= bound[i]
        assert nodes < 10**6 or amount[i] == bound[i]


def test_knapsacks_of_trillions_do_not_overflow():
    lot = [2**40 + 7, 2**39 + 3, 10**6 + 3, 1]
    most = [2**20, 2**20, 2**38, 2**38]
    step = [1, 1, 1, 1]
    worth = [sum(g * k for g, k in zip(lot[j:], most[j:], strict=True)) for j in range(4)]
    limit = worth[0] - 12_345_678_901_234_567
    given_ = [[0, 4], lot, most, step, worth, [limit]]
    counts, amount, bound = [0] * 4, [0], [0]
    fill(*given_, [0], 10**4, [0] * 4, counts, amount, bound)
    assert amount == bound == [limit] == [sum(map(int.__mul__, lot, counts))]
    written = [np.zeros(size, dtype=np.int64) for size in (4, 1, 1)]
    arrays = [np.array(column, dtype=np.int64) for column in (*given_, [0])]
    fill_compiled(*arrays, 10**4, np.zeros(4, dtype=np.int64), *written)
    assert [array.tolist() for array in written] == [counts, amount, bound]
