"""Solvency accounting: worked vectors, conservation laws, and the edge of a legal haircut."""

import math

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra.numpy import arrays

from adlopt.errors import BadHaircut, InputError
from adlopt.model.round import RoundStart
from adlopt.model.solvency import (
    bad_debt,
    bankruptcy_price,
    capacities,
    check_haircut,
    deficit,
    equity,
    needed_budget,
    open_round,
    profit,
    shortfall,
)

PRICE = st.floats(0.01, 1e5)
SIZE = st.floats(0.001, 1e4).flatmap(lambda q: st.sampled_from([q, -q]))
USD = st.floats(-1e9, 1e9).map(lambda x: round(x, 6))


def columns(*elements, max_size=8):
    """Draw as many columns of equal length as there are kinds of elements."""
    return st.integers(1, max_size).flatmap(
        lambda n: st.tuples(*(arrays(float, n, elements=each) for each in elements))
    )


@given(columns(SIZE, PRICE, st.floats(0.0, 1e7)))
def test_equity_is_zero_at_the_bankruptcy_price(account):
    size, entry, collateral = account
    mark = bankruptcy_price(size, entry, collateral)
    left = equity(collateral, profit(size, entry, mark))
    assert np.abs(left) == pytest.approx(0.0, abs=1e-9 * (np.abs(size * entry) + collateral).max())


@given(columns(SIZE, PRICE, st.floats(1.0, 1e7)))
def test_past_the_bankruptcy_price_an_account_owes(account):
    size, entry, collateral = account
    worse = bankruptcy_price(size, entry, collateral) - np.sign(size) * collateral
    assert (equity(collateral, profit(size, entry, worse)) < 0).all()


@given(columns(SIZE, PRICE, USD), PRICE, PRICE)
def test_a_closed_market_conserves_equity(accounts, mark, other):
    size, entry, collateral = accounts
    size = np.append(size, -math.fsum(size))
    entry, collateral = np.append(entry, 1.0), np.append(collateral, 0.0)

    def total(price):
        marks = np.full(size.size, price)
        return math.fsum(equity(collateral, profit(size, entry, marks)))

    scale = np.abs(size).sum() * (entry.max() + mark + other) + np.abs(collateral).sum()
    assert total(mark) - total(other) == pytest.approx(0.0, abs=1e-12 * scale)


@given(columns(USD, USD))
def test_equity_moves_by_profit(account):
    collateral, pnl = account
    assert (equity(collateral, pnl) == collateral + pnl).all()
    assert (equity(collateral, np.zeros_like(pnl)) == collateral).all()


@pytest.mark.parametrize(
    ("equities", "owed", "residual"),
    [
        ([10, 5, 1, -3, -12], 15.0, 0.0),
        ([10, -3, -12], 15.0, 5.0),
        ([-3, -12], 15.0, 15.0),
        ([1, 2], 0.0, 0.0),
        ([0.0], 0.0, 0.0),
        ([], 0.0, 0.0),
    ],
)
def test_deficit_and_shortfall(equities, owed, residual):
    assert deficit(equities) == owed
    assert shortfall(equities) == residual
    assert math.copysign(1.0, shortfall(equities)) == 1.0


@given(columns(USD))
def test_the_deficit_is_what_equities_fall_short_of_gains(account):
    (equities,) = account
    gains = math.fsum(np.maximum(equities, 0.0))
    assert gains - deficit(equities) == pytest.approx(math.fsum(equities), abs=1e-3)
    assert 0.0 <= shortfall(equities) <= deficit(equities) + 1e-6


@given(columns(PRICE, PRICE, SIZE))
def test_bad_debt_never_exceeds_the_needed_budget(positions):
    execution, bankruptcy, size = positions
    needed = needed_budget(execution, bankruptcy, size)
    debt = bad_debt(execution, bankruptcy, size)
    surplus = bad_debt(execution, bankruptcy, -size)
    assert 0.0 <= debt <= needed
    assert debt + surplus == pytest.approx(needed)


@pytest.mark.parametrize(
    ("execution", "size", "needed", "debt"),
    [(10, 1, 2.0, 0.0), (7, 1, 1.0, 1.0), (10, -1, 2.0, 2.0), (7, -3, 3.0, 0.0), (8, 5, 0.0, 0.0)],
)
def test_the_needed_budget_counts_a_surplus_and_bad_debt_does_not(execution, size, needed, debt):
    assert needed_budget([execution], [8], [size]) == needed
    assert bad_debt([execution], [8], [size]) == debt


@given(columns(USD))
def test_capacities_are_the_positive_part(account):
    (pnl,) = account
    taken = capacities(pnl)
    assert (taken >= 0).all()
    assert (taken - capacities(-pnl) == pnl).all()


@pytest.mark.parametrize("flat", [0.0, -0.0])
def test_a_flat_account_has_no_bankruptcy_price(flat):
    with pytest.raises(InputError, match=r"size\[1\] is 0.0.*drop flat accounts"):
        bankruptcy_price([1.0, flat], [10.0, 10.0], [5.0, 5.0])


@pytest.mark.parametrize(
    "call",
    [
        lambda: profit([1, 2], [1], [1, 2]),
        lambda: profit([1, 2], [1, 2], [1]),
        lambda: equity([1, 2], [1]),
        lambda: bankruptcy_price([1, 2], [1, 2], [1]),
        lambda: needed_budget([1, 2], [1, 2], [1]),
        lambda: bad_debt([1], [1, 2], [1]),
    ],
)
def test_columns_must_have_one_length(call):
    with pytest.raises(InputError, match=r"is '\d values': expected \d, one a row"):
        call()


def market(**changes):
    """A is long 10 ETH from 4000; B, C and D are short as much together; the mark is 3600."""
    given = {
        "account": ["A", "B", "C", "D"],
        "size": [10, -6, -3, -1],
        "entry": [4000, 4000, 4000, 3000],
        "collateral": [2000, 3000, 600, 5000],
        "mark": [3600] * 4,
    }
    return given | changes


def test_a_long_of_ten_ether_opens_a_round():
    start = open_round(**market(), t=3)
    assert start.t == 3
    assert start.deficit == 2000.0
    assert start.account == ("B", "C")
    assert start.capacity.tolist() == [2400.0, 1200.0]
    assert start.equity.tolist() == [5400.0, 1800.0]
    assert start.feature("pnl_percent").tolist() == [0.8, 2.0]
    assert start.feature("leverage").tolist() == [4.0, 6.0]


def test_a_winner_that_is_bankrupt_gives_nothing_and_owes():
    start = open_round(**market(collateral=[2000, 3000, -1500, 5000]))
    assert start.account == ("B",)
    assert start.deficit == 2300.0


def test_a_winner_without_collateral_has_a_finite_return():
    start = open_round(**market(collateral=[2000, 0, 600, 5000]))
    assert start.feature("pnl_percent").tolist() == [2400.0, 2.0]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"mark": [4000, 4000, 4000, 3000]}, "no winner"),
        ({"collateral": [2000, -9000, -9000, 5000]}, "no winner"),
        ({"account": ["A", "B", "C"]}, "account is '3 ids': expected 4"),
        ({"account": ["A", "B", "B", "D"]}, r"account\[1\] is 'B'.*merge duplicates"),
        ({"mark": [3600]}, "mark is '1 values'"),
        ({"collateral": [2000, 3000, math.nan, 5000]}, r"collateral\[2\] is nan"),
        ({"collateral": [2000]}, "collateral is '1 values': expected 4"),
    ],
)
def test_bad_markets_do_not_open(changes, message):
    with pytest.raises(InputError, match=message):
        open_round(**market(**changes))


START = RoundStart(account=["a", "b", "none"], capacity=[120.0, 80.0, 0.0], deficit=90.0, t=7)


@pytest.mark.parametrize(
    "haircut",
    [[0, 0, 0], [120, 80, 0], [120 * (1 + 0.9e-9), 0, 0], [-0.0, 0, -0.0]],
)
def test_haircuts_up_to_capacity_pass(haircut):
    assert check_haircut(haircut, START).tolist() == haircut


@pytest.mark.parametrize(
    ("haircut", "account"),
    [
        ([120 * (1 + 2e-9), 0, 0], "a"),
        ([0, 80.001, 0], "b"),
        ([0, -1e-9, 0], "b"),
        ([0, 0, 1e-12], "none"),
        ([1, 81, 1], "b"),
    ],
)
def test_haircuts_beyond_name_the_account(haircut, account):
    with pytest.raises(BadHaircut, match=rf"^mine takes .* from account '{account}' in round 7"):
        check_haircut(haircut, START, who="mine")


@pytest.mark.parametrize(
    "haircut",
    [[1, 2], [1, 2, 0, 0], 5.0, None, [[1, 2, 0]], [math.nan, 0, 0], [True] * 3, ["1", "2", "0"]],
)
def test_what_is_not_a_haircut_is_refused(haircut):
    with pytest.raises(BadHaircut, match="mine in round 7: haircut"):
        check_haircut(haircut, START, who="mine")


def test_a_checked_haircut_is_a_locked_copy():
    mine = np.array([1.0, 2.0, 0.0])
    checked = check_haircut(mine, START)
    mine[:] = 99.0
    assert checked.tolist() == [1.0, 2.0, 0.0]
    with pytest.raises(ValueError, match="read-only"):
        checked[0] = 0.0
