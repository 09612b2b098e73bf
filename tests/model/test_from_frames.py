"""Inputs of dataframes: whatever the library, columns by name, units in names, errors that say."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, strategies as st
from tiers import examples

import adlopt as adl

LIBRARIES = {"polars": pl.DataFrame, "pandas": pd.DataFrame, "mapping": dict}
MONEY = st.integers(0, 10**9).map(lambda cents: cents / 100)


class Exporting:
    """What is no dataframe, but exports Arrow."""

    def __init__(self, columns):
        self.frame = pl.DataFrame(columns)

    def __arrow_c_stream__(self, requested_schema=None):
        return self.frame.__arrow_c_stream__(requested_schema)


MAKES = LIBRARIES | {"arrow": Exporting}
WINNERS = {
    "account": ["ann", "bob"],
    "capacity": [120.0, 80.0],
    "equity": [300.0, 90.0],
    "features.leverage": [4.0, 12.0],
    "tags.desk": ["makers", ""],
}
MARKET = (
    {"account": ["A", "B"], "balance": [2000.0, 8000.0], "features.seniority": [1.0, 2.0]},
    {"coin": ["ETH"], "mark": [3600.0], "lot": [0.01]},
    {
        "account": ["A", "B"],
        "coin": ["ETH", "ETH"],
        "side": ["long", "short"],
        "size": [10.0, 10.0],
        "entry": [4000.0, 4000.0],
    },
)


def alike(a, b):
    return a.to_frame().equals(b.to_frame())


@pytest.mark.parametrize("make", MAKES.values(), ids=MAKES)
def test_a_round_is_the_same_of_every_library(make):
    round_ = adl.Round.from_frame(make(WINNERS), deficit=90.0, needed=60.0)
    assert round_.start.account == ("ann", "bob")
    assert round_.start.features["leverage"].tolist() == [4.0, 12.0]
    assert round_.start.tags["desk"] == ("makers", "")
    again = adl.Round.from_frame(round_.to_frame(), deficit=90.0, needed=60.0)
    assert alike(round_, again)
    assert adl.solve(again).value == adl.solve(round_).value


@examples(40)
@given(
    st.lists(st.tuples(st.integers(1, 5), MONEY, MONEY), min_size=1),
    st.randoms(use_true_random=False),
)
def test_rows_of_an_episode_may_come_in_any_order_of_rounds(winners, random):
    """Rounds sort by what names them; within one, winners keep their order."""
    rows = [
        {"wave": 10 * t, "account": f"a{i}", "capacity": u, "equity": e, "deficit": float(t),
         "needed": t / 2}
        for i, (t, u, e) in enumerate(winners)
    ]  # fmt: skip
    mixed = [rows[i] for i in random.sample(range(len(rows)), len(rows))]
    made = adl.Episode.from_frame(pl.DataFrame(mixed), round="wave")
    waves = sorted({row["wave"] for row in rows})
    assert len(made) == len(waves)
    for wave, round_ in zip(waves, made, strict=True):
        mine = {row["account"]: row["capacity"] for row in mixed if row["wave"] == wave}
        assert dict(zip(round_.start.account, round_.start.capacity.tolist(), strict=True)) == mine
        assert list(round_.start.account) == list(mine)
        assert (round_.start.deficit, round_.needed) == (wave / 10, wave / 20)


@pytest.mark.parametrize("make", LIBRARIES.values(), ids=LIBRARIES)
def test_a_frame_of_rounds_makes_an_episode_of_pooled_winners(make):
    first = adl.episodes.october_10()
    columns = first.to_frame().drop("estimate_usd").to_dict(as_series=False)
    made = adl.Episode.from_frame(make(columns), name="october-10")
    assert made.pooled
    for name in ("deficit", "needed", "total_capacity"):
        assert np.array_equal(getattr(made, name), getattr(first, name))


@pytest.mark.parametrize("make", MAKES.values(), ids=MAKES)
def test_a_market_is_the_same_of_every_library(make):
    market = adl.Market.from_frames(*map(make, MARKET), fund=5.0, signals={"fund_peak": 9.0})
    assert (market.required, market.fund, market.signal("fund_peak")) == (2000.0, 5.0, 9.0)
    assert market.accounts.features["seniority"].tolist() == [1.0, 2.0]
    parts = market.accounts, market.coins, market.positions
    again = adl.Market.from_frames(*(part.to_frame() for part in parts), fund=5.0)
    assert alike(market, again)


def test_labels_of_pandas_do_not_move_values():
    frame = pd.DataFrame(WINNERS, index=["bob", "ann"])
    assert adl.Round.from_frame(frame, deficit=1, needed=1).start.capacity.tolist() == [120, 80]


def without(table, name):
    return {n: values for n, values in table.items() if n != name}


ROUND = {"deficit": 90.0, "needed": 60.0}
ROWS = {
    "round": [1, 1, 2],
    "account": ["a", "b", "a"],
    "capacity": [5.0, 5.0, 5.0],
    "deficit": [9.0, 9.0, 9.0],
    "needed": [1.0, 1.0, 1.0],
}
BAD = {
    "no column": (
        lambda: adl.Round.from_frame(without(WINNERS, "capacity"), **ROUND),
        r"frame: columns is .*expected a column `capacity`, usd, .*say capacity='YOUR COLUMN'",
    ),
    "a column misspelt": (
        lambda: adl.Round.from_frame({"account": ["a"], "capacty": [1.0]}, **ROUND),
        "did you mean 'capacty'",
    ),
    "a keyword misspelt": (
        lambda: adl.Round.from_frame(WINNERS, **ROUND, capcity="upnl"),
        "keyword is 'capcity'.*'capacity'",
    ),
    "a keyword's column missing": (
        lambda: adl.Round.from_frame(WINNERS, **ROUND, lot="equty"),
        "expected a column `equty`.*did you mean 'equity'",
    ),
    "a keyword that is no text": (
        lambda: adl.Round.from_frame(WINNERS, **ROUND, lot=3),
        "lot is 3: expected the name of a column",
    ),
    "no frame": (lambda: adl.Round.from_frame([1, 2], **ROUND), "a dataframe, what exports Arrow"),
    "a column twice": (
        lambda: adl.Round.from_frame(
            pd.DataFrame([["a", 1.0, 2.0]], columns=["account", "capacity", "capacity"]), **ROUND
        ),
        "texts, each once",
    ),
    "a gap": (
        lambda: adl.Round.from_frame(pl.DataFrame(WINNERS | {"capacity": [1.0, None]}), **ROUND),
        r"capacity\[1\]",
    ),
    "float ids": (
        lambda: adl.Round.from_frame(WINNERS | {"account": [1.0, 2.0]}, **ROUND),
        "account",
    ),
    "a round of two deficits": (
        lambda: adl.Episode.from_frame(ROWS | {"deficit": [9.0, 8.0, 9.0]}),
        r"deficit is \[8.0, 9.0\]: expected one number for all rows of round 1",
    ),
    "no round": (
        lambda: adl.Episode.from_frame(pd.DataFrame(ROWS | {"round": [1, None, 2]})),
        r"round\[1\] is nan",
    ),
    "columns of unlike lengths": (
        lambda: adl.Episode.from_frame(ROWS | {"needed": [1.0]}),
        "needed is '1 values': expected 3, one a row",
    ),
    "rounds of unlike kinds": (
        lambda: adl.Episode.from_frame(ROWS | {"round": [1, "b", 2]}),
        "round is .*values that sort",
    ),
    "an unknown side": (
        lambda: adl.Market.from_frames(*MARKET[:2], MARKET[2] | {"side": ["long", "shrt"]}),
        "side",
    ),
    "no marks": (
        lambda: adl.Market.from_frames(MARKET[0], without(MARKET[1], "mark"), MARKET[2]),
        r"coins: columns is \['coin', 'lot'\]: expected a column `mark`, usd",
    ),
    "a keyword of no table": (
        lambda: adl.Market.from_frames(*MARKET, ballance="cash"),
        "keyword is 'ballance'.*'balance'",
    ),
}


@pytest.mark.parametrize(("make", "message"), BAD.values(), ids=BAD)
def test_what_is_wrong_with_a_frame_is_said(make, message):
    with pytest.raises(adl.InputError, match=message):
        make()


def test_a_field_in_two_columns_and_a_frame_that_is_not_there_yet_are_refused():
    twice = {"account": ["a"], "capacity": [1.0], "capacity_usd": [2.0]}
    with pytest.raises(adl.InputError, match="expected one column of `capacity`; say capacity="):
        adl.Round.from_frame(twice, deficit=1, needed=1)
    chosen = adl.Round.from_frame(twice, deficit=1, needed=1, capacity="capacity_usd")
    assert chosen.start.capacity.tolist() == [2.0]
    with pytest.raises(
        adl.InputError, match=r"frame is 'LazyFrame': expected a dataframe; collect"
    ):
        adl.Round.from_frame(pl.DataFrame(twice).lazy(), deficit=1, needed=1)
