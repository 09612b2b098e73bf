"""Contract space as data: whole lots, rounding to micro-dollars, refusals that help."""

import copy
import math
import pickle
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, strategies as st

import adlopt as adl
from adlopt.errors import InputError
from adlopt.model.positions import Positions
from adlopt.optimum.lots.lot_grid import LotGrid


def contracts(**changed):
    table = {
        "account": ["ann", "ann", "bob"],
        "coin": ["ETH", "BTC", "ETH"],
        "side": ["long", "short", "long"],
        "size": [10.0, 3.0, 8.0],
        "value": [40.0, 90.0, 40.0],
        "deficit": 500.0,
        "needed": 300.0,
    }
    return adl.ContractRound.of(**(table | changed))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"account": []}, "account is .*: expected at least one"),
        ({"account": ["ann", "", "bob"]}, r"account\[1\] is '': expected a non-empty text"),
        ({"account": ["ann", 7.0, "bob"]}, r"account\[1\] is 7.0: expected a non-empty text"),
        ({"account": "abc"}, "account is 'abc': expected a list of ids"),
        ({"coin": ["ETH", "BTC"]}, "coin is '2 ids': expected 3"),
        ({"side": ["long", "up", "long"]}, r"side\[1\] is 'up': expected long or short"),
        ({"side": "long"}, "side is 'long': expected a list of sides"),
        ({"size": [10.0, -3.0, 8.0]}, r"size\[1\] is -3\.0"),
        ({"size": [10.0, math.nan, 8.0]}, r"size\[1\] is nan"),
        ({"value": [40.0, math.inf, 40.0]}, r"value\[1\] is inf"),
        ({"value": [40.0, 90.0]}, "value is '2 values': expected 3"),
        ({"lot": 0.0}, r"lot\[0\] is 0\.0: expected a number > 0"),
        ({"lot": [1.0, 1.0, -1.0]}, r"lot\[2\] is -1\.0"),
        ({"mark": [1.0, 0.0, 1.0]}, r"mark\[1\] is 0\.0: expected a number > 0"),
        ({"coin": ["ETH", "ETH", "ETH"], "side": ["long"] * 3}, "a second long ETH of 'ann'"),
        ({"equity": [1.0]}, "equity is '1 values': expected 2"),
        ({"capacity": [1.0, -2.0]}, r"capacity\[1\] is -2\.0"),
        ({"needed": -1.0}, r"needed is -1\.0"),
    ],
)
def test_bad_tables_are_refused_where_they_are_bad(changed, message):
    with pytest.raises(adl.InputError, match=message):
        contracts(**changed)


def test_records_survive_copies_and_pickles():
    round_ = contracts(capacity=[500.0, 300.0], equity=[1e3, 2e3])
    for again in (pickle.loads(pickle.dumps(round_)), copy.deepcopy(round_)):
        assert again.positions.side == round_.positions.side
        assert again.start.capacity.tolist() == [500.0, 300.0]
        with pytest.raises(ValueError, match="read-only"):
            again.positions.size[0] = 1.0


@given(st.integers(0, 10**12), st.integers(0, 6), st.floats(0.0, 0.99))
def test_whole_lots_are_counted_exactly(lots, decimals, rest):
    lot = 10.0**-decimals
    size = (lots + (rest if lots < 10**9 else 0.0)) * lot
    positions = Positions(
        account=["a"], coin=["X"], side=["long"], size=[size], lot=[lot], value=[1.0]
    )
    assert positions.most.tolist() == [lots]


@given(
    st.lists(
        st.tuples(st.sampled_from([1.0, 0.1, 1e-5, 1e3]), st.floats(0.0, 1e4), st.floats(0.0, 1e3)),
        min_size=1,
        max_size=6,
    ),
    st.floats(0.0, 1e6),
)
def test_rounding_makes_whole_micro_dollars_and_says_by_how_much(positions, needed):
    lot, size, value = (list(column) for column in zip(*positions, strict=True))
    m = len(lot)
    round_ = adl.ContractRound.of(
        account=["ab"[j % 2] for j in range(m)],
        coin=[f"c{j}" for j in range(m)],
        side=["long"] * m,
        size=size,
        lot=lot,
        value=value,
        deficit=1.0,
        needed=needed,
        equity=[1e3] * min(m, 2),
    )
    rounded = round_.rounded()
    grid = LotGrid.of(rounded, adl.MinMax(burden=adl.Burden.EQUITY), adl.Budget.exact())
    assert not grid.capped().any(), "a capacity that covers all lots still does"
    assert abs(rounded.needed - needed) <= 5.1e-7
    most = round_.positions.most
    apart = np.abs(rounded.haircut(most) - round_.haircut(most))
    assert (apart <= round_.rounding + 1e-12 * round_.haircut(most)).all()
    lots_in_all = np.zeros(min(m, 2))
    np.add.at(lots_in_all, round_.owner, most)
    assert (round_.rounding <= 0.51e-6 * lots_in_all + 1e-9).all()
    assert rounded.rounded().positions.lot_value == pytest.approx(
        rounded.positions.lot_value, rel=1e-14
    )


def test_lot_values_that_are_no_whole_micro_dollars_are_refused_with_a_way_out():
    round_ = contracts(value=[40.0, 1 / 3, 40.0])
    with pytest.raises(adl.InputError, match=r"lot_value\[1\] is 0\.33.*rounded\(\) rounds them"):
        adl.solve(round_)
    assert adl.solve(round_.rounded(), budget=adl.Budget.at_least()).raised >= 300.0


def test_a_capacity_below_the_worth_of_all_lots_stays():
    round_ = contracts(value=[1 / 3, 1.0, 1 / 3], capacity=[4.0, 8 / 3], needed=2.0)
    assert round_.rounded().start.capacity[0] == 4.0


@given(st.integers(0, 2**61), st.integers(1, 2**53), st.integers(-400, 60), st.integers(0, 9))
def test_limits_are_exact_in_micro_dollars(amount, mantissa, exponent, more):
    """⌊z w⌋, and strictly below, for levels that are hit exactly or missed by a hair."""
    weight = math.ldexp(mantissa, exponent)
    if not 1e-99 < weight < 1e15:
        return
    grid = LotGrid.of_lots([1], [2**61], [weight])
    exact = Fraction(amount, 10**6) / Fraction(weight)
    hair = exact * Fraction(more, 2**200)
    at, below = grid.units_at(exact), grid.units_below(exact)
    assert at.tolist() == [amount]
    assert below.tolist() == [max(amount - 1, 0)]
    assert grid.units_at(exact + hair).tolist() == [amount]
    assert grid.units_at(exact - hair).tolist() == [amount - (hair > 0)]
    assert grid.level_of(np.array([amount])) == exact


def test_burdens_that_floats_cannot_tell_apart_are_told_apart():
    amounts = np.array([10**15, 10**15 + 1, 10**15], dtype=np.int64)
    grid = LotGrid.of_lots([1, 1, 1], amounts, [3.0, math.nextafter(3.0, 4.0), 3.0])
    expected = max(
        Fraction(int(a), 10**6) / Fraction(w) for a, w in zip(amounts, grid.weight, strict=True)
    )
    assert grid.level_of(amounts) == expected


@pytest.mark.parametrize("width", [-1.0, math.nan, True, "wide", None])
def test_bad_bands_are_refused(width):
    with pytest.raises(adl.InputError, match="width is"):
        adl.Budget.band(width)


def test_an_infinite_band_is_called_at_least():
    with pytest.raises(adl.InputError, match=r"width is inf: .*; Budget\.at_least\(\)"):
        adl.Budget.band(math.inf)


def test_a_band_without_a_whole_micro_dollar_is_refused():
    round_ = contracts(needed=1 / 3)
    with pytest.raises(adl.InputError, match=r"budget is 1e-08: .*Budget\.band\(1e-6\)"):
        adl.solve(round_, budget=adl.Budget.band(1e-8))


def test_more_money_than_64_bits_is_refused():
    round_ = contracts(size=[1e13, 3.0, 8.0])
    with pytest.raises(adl.InputError, match=r"positions is 'worth .*at most 2\.31e\+12 USD"):
        adl.solve(round_, budget=adl.Budget.at_least())


def test_a_debt_larger_than_what_is_held_is_named_with_its_account():
    market = adl.Market(
        accounts=adl.Accounts(account=["ann", "bob"], balance=[-50.0, 100.0]),
        coins=adl.Coins(coin=["ETH"], mark=[10.0], lot=[1.0]),
        positions=adl.OpenPositions(
            account=["ann", "bob"],
            coin=["ETH", "ETH"],
            side=["short", "long"],
            size=[2.0, 2.0],
            entry=[10.0, 9.0],
        ),
    )
    with pytest.raises(InputError, match=r"≥ 0 for the short ETH of 'ann'.*\[\[shed\]\]"):
        adl.solve(market)
