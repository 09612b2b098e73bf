"""Labels of dataframes are followed, or refused, and never passed over."""

import itertools

import numpy as np
import pandas as pd
import polars as pl
import pytest

import adlopt as adl
from adlopt.errors import BadHaircut, InputError
from adlopt.foundation.labels import in_order

IDS = ("ann", "bob", "cy")
CAP = {"ann": 120.0, "bob": 80.0, "cy": 40.0}
EQUITY = {"cy": 45.0, "bob": 90.0, "ann": 300.0}
RIGHT = [300.0, 90.0, 45.0]


def frame_of(library):
    return library.DataFrame({"account": list(EQUITY), "equity": list(EQUITY.values())})


FOLLOWED = {
    "series by id": lambda: pd.Series(EQUITY),
    "float32": lambda: pd.Series(EQUITY, dtype="float32"),
    "nullable": lambda: pd.Series(EQUITY, dtype="Float64"),
    "padded labels": lambda: pd.Series({f" {name}": usd for name, usd in EQUITY.items()}),
    "pandas frame": lambda: frame_of(pd),
    "polars frame": lambda: frame_of(pl),
}
BY_POSITION = {
    "list": lambda: list(RIGHT),
    "array": lambda: np.array(RIGHT),
    "default index": lambda: pd.Series(RIGHT),
    "polars": lambda: pl.Series(RIGHT),
    "polars of 128 bits": lambda: pl.Series([300, 90, 45], dtype=pl.Int128),
    "polars decimals": lambda: pl.Series([300, 90, 45], dtype=pl.Decimal(38, 6)),
    "pandas index": lambda: pd.Index(RIGHT),
}


@pytest.mark.parametrize("make", [*FOLLOWED.values(), *BY_POSITION.values()])
@pytest.mark.parametrize("of", [pd.Series, list])
def test_values_belong_to_their_accounts(make, of):
    capacity = of(CAP) if of is pd.Series else list(CAP.values())
    round_ = adl.Round.of(
        account=list(IDS), capacity=capacity, equity=make(), deficit=90.0, needed=60.0
    )
    assert round_.start.equity.tolist() == RIGHT


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_no_order_of_labels_matters(order):
    names = [IDS[i] for i in order]
    capacity = pd.Series([CAP[name] for name in names], index=names)
    features = {"leverage": pd.Series({"bob": 2.0, "cy": 3.0, "ann": 1.0})}
    start = adl.RoundStart(
        account=IDS, capacity=capacity, equity=pd.Series(EQUITY), deficit=9.0, features=features
    )
    assert start.capacity.tolist() == [120.0, 80.0, 40.0]
    assert start.equity.tolist() == RIGHT
    assert start.features["leverage"].tolist() == [1.0, 2.0, 3.0]


def test_labels_that_all_columns_share_say_nothing():
    table = pd.DataFrame({"account": IDS, "u": CAP.values(), "e": RIGHT}, index=[7, 3, 5])
    start = adl.RoundStart(account=table.account, capacity=table.u, equity=table.e, deficit=9.0)
    assert start.equity.tolist() == RIGHT
    long = table[table.u > 0].sort_values("u")
    start = adl.RoundStart(account=long.account, capacity=long.u, equity=long.e, deficit=9.0)
    assert dict(zip(start.account, start.equity.tolist(), strict=True)) == EQUITY


REFUSED = {
    "another order": pd.Series(RIGHT, index=[2, 0, 1]),
    "a slice": pd.Series([0.0, *RIGHT])[1:],
    "one unknown": pd.Series({"ann": 1.0, "bob": 2.0, "dan": 3.0}),
    "one twice": pd.Series([1.0, 2.0, 3.0], index=["ann", "ann", "bob"]),
    "one missing": pd.Series({"ann": 1.0, "bob": 2.0}),
    "dates": pd.Series(RIGHT, index=pd.date_range("2025-10-10", periods=3)),
    "a frame of others": pl.DataFrame({"account": ["x", "y", "z"], "equity": RIGHT}),
    "a frame without ids": pl.DataFrame({"who": IDS, "equity": RIGHT}),
    "a frame of two columns": pd.DataFrame({"account": IDS, "a": RIGHT, "b": RIGHT}),
}


@pytest.mark.parametrize("equity", REFUSED.values(), ids=REFUSED)
def test_other_labels_are_refused(equity):
    with pytest.raises(InputError, match=r"^(equity|capacity)"):
        adl.RoundStart(
            account=IDS, capacity=pd.Series(list(CAP.values())), equity=equity, deficit=9.0
        )


def test_text_labels_of_a_capacity_are_ids_where_none_are_given():
    round_ = adl.Round.of(
        capacity=pd.Series(CAP), equity=pd.Series(EQUITY), deficit=90.0, needed=60.0, lot=0.5
    )
    assert round_.start.account == IDS
    assert round_.start.equity.tolist() == RIGHT
    with pytest.raises(InputError, match=r"capacity is .labelled 5, 7, ….*to_numpy"):
        adl.Round.of(capacity=pd.Series([1.0, 2.0], index=[5, 7]), deficit=9.0, needed=1.0)


def positions(**changes):
    table = pd.DataFrame(
        {
            "account": ["ann", "bob", "ann"],
            "coin": ["ETH", "ETH", "BTC"],
            "side": ["short", "short", "long"],
            "size": [10.0, 5.0, 1.0],
            "value": [200.0, 200.0, 0.0],
        },
        index=[4, 1, 9],
    )
    columns = {name: table[name] for name in table} | changes
    return adl.ContractRound.of(**columns, deficit=900.0, needed=900.0)


def test_tables_of_positions_share_labels_or_have_none():
    assert positions().positions.size.tolist() == [10.0, 5.0, 1.0]
    assert positions(size=[1.0, 2.0, 3.0]).positions.size.tolist() == [1.0, 2.0, 3.0]
    with pytest.raises(InputError, match="size is 'labelled 1, 4, 9, …'"):
        positions(size=pd.Series([5.0, 10.0, 1.0], index=[1, 4, 9]))
    with pytest.raises(InputError, match="side is 'labelled 0, 1, 2, …'"):
        positions(side=pd.Series(["short", "short", "long"]))
    equity = pd.Series({"bob": 2.0, "ann": 1.0})
    assert positions(equity=equity).start.equity.tolist() == [1.0, 2.0]


@pytest.mark.parametrize("library", [pd, pl])
def test_a_policy_may_return_what_is_labelled(library):
    start = adl.RoundStart(account=IDS, capacity=[120.0, 80.0, 40.0], deficit=90.0)
    taken = {"cy": 1.0, "ann": 3.0, "bob": 2.0}

    @adl.policy
    def labelled(seen):
        if library is pd:
            return pd.Series(taken)
        return pl.DataFrame({"account": list(taken), "haircut": list(taken.values())})

    @adl.policy
    def sorted_away(seen):
        return pd.Series([1.0, 3.0, 2.0], index=[2, 0, 1])

    episode = adl.Episode(
        name="e", rounds=[adl.Round(start=start, outcome=adl.RoundOutcome(needed=6.0))]
    )
    adl.play(episode, [labelled])
    assert labelled.decide(labelled.begin(), start) is not None
    checked = adl.solvency.check_haircut(labelled.decide(labelled.begin(), start), start)
    assert checked.tolist() == [3.0, 2.0, 1.0]
    with pytest.raises(BadHaircut, match="labelled 2, 0, 1"):
        adl.play(episode, [sorted_away])


def test_columns_without_labels_pass_untouched():
    given = {"a": [1, 2], "b": np.array([3, 4]), "c": None}
    assert in_order(given, None) == given
