"""What the venue is on record to have taken stands beside what could have been, in every format."""

import json

import numpy as np
import polars as pl
import pytest
from hypothesis import given, strategies as st
from tiers import examples

from adlopt.data.files import read_episode, read_round, write_episode
from adlopt.errors import InputError
from adlopt.model.episode import Episode
from adlopt.model.round import Round, RoundOutcome
from adlopt.scoring.one_run import PRODUCTION
from adlopt.scoring.playing import play
from adlopt.studies.diagnostics.diagnosis import diagnose

USD = st.floats(0.01, 1e9)
HEAD = "deficit = 9.0\nneeded = 6.0\n"


def two_rounds(*recorded):
    rounds = [
        Round.of(t=t, account=["a", "b"], capacity=[50, 20], deficit=40, needed=10, recorded=each)
        for t, each in enumerate(recorded, start=1)
    ]
    return Episode(name="two", rounds=rounds)


@given(taken=st.lists(st.tuples(USD, USD), min_size=1, max_size=4))
@examples(20)
def test_an_episode_reads_back_with_what_was_taken_from_whom(tmp_path_factory, taken):
    folder = tmp_path_factory.mktemp("recorded")
    write_episode(two_rounds(*taken), folder / "e.json")
    back = read_episode(folder / "e.json")
    assert [tuple(round_.outcome.recorded) for round_ in back] == taken


def test_inline_accounts_and_tables_say_the_same(tmp_path):
    entry = '[[account]]\nid = "{}"\ncapacity = {}\nrecorded = {}\nmarkout = {}\n'
    inline = HEAD + entry.format("a", 5, 6, -1) + entry.format("b", 5, 0, 2)
    (tmp_path / "inline.toml").write_text(inline)
    rows = "account,capacity,recorded,markout\na,5,6,-1\nb,5,0,2\n"
    (tmp_path / "rows.csv").write_text(rows)
    (tmp_path / "table.toml").write_text(HEAD + 'accounts = "rows.csv"\n')
    (tmp_path / "plain.json").write_text(
        json.dumps(
            {
                "deficit": 9,
                "needed": 6,
                "account": [
                    {"id": "a", "capacity": 5, "recorded": 6, "markout": -1},
                    {"id": "b", "capacity": 5, "recorded": 0, "markout": 2},
                ],
            }
        )
    )
    for name in ("inline.toml", "table.toml", "plain.json"):
        round_, _ = read_round(tmp_path / name)
        assert round_.outcome.recorded.tolist() == [6, 0]
        assert round_.outcome.markout.tolist() == [-1, 2]
        assert not round_.start.features, "nobody may rank by what is known when all is over"


@pytest.mark.parametrize("bad", [[1.0], [1.0, -2.0], [1.0, np.nan], [1.0, "x"]])
def test_a_record_is_a_number_for_each_account_and_no_gift(bad):
    with pytest.raises(InputError, match="recorded"):
        two_rounds(bad)


def test_a_record_of_some_accounts_or_rounds_only_is_refused(tmp_path):
    text = HEAD + '[[account]]\nid = "a"\ncapacity = 5\nrecorded = 6\n'
    (tmp_path / "r.toml").write_text(text + '[[account]]\nid = "b"\ncapacity = 5\n')
    with pytest.raises(InputError, match=r"recorded\[1\]"):
        read_round(tmp_path / "r.toml")
    with pytest.raises(InputError, match="round 2"):
        two_rounds([1, 2], None)


def test_labels_of_pandas_are_followed():
    import pandas as pd

    recorded = pd.Series({"b": 2.0, "a": 8.0})
    round_ = Round.of(account=["a", "b"], capacity=[5, 5], deficit=9, needed=9, recorded=recorded)
    assert round_.outcome.recorded.tolist() == [8, 2]


def test_no_policy_sees_the_record_before_its_round_is_over():
    seen = []

    def spy(start):
        seen.append(set(start.to_frame().columns))
        return np.zeros(2)

    play(two_rounds([8, 2], [9, 1]), [spy])
    assert all("recorded" not in " ".join(columns) for columns in seen)


def test_production_is_scored_beside_policies_though_it_took_more_than_a_profit():
    episode = two_rounds([60, 2], [9, 1])
    score = play(episode, ["pro-rata"])[PRODUCTION]
    assert score.information.value == "recorded"
    row = diagnose(episode, ["pro-rata"])[PRODUCTION]
    assert (row.raised, row.worst_burden, row.short_rounds) == (72.0, 60 / 50, 0)
    assert row.moved is None
    assert "production" in str(diagnose(episode, ["pro-rata"]))


def test_an_outcome_says_what_is_wrong_with_its_length():
    outcome = RoundOutcome(needed=1.0, recorded=[1.0, 2.0, 3.0])
    start = two_rounds([1, 2]).rounds[0].start
    with pytest.raises(InputError, match="3 numbers"):
        Round(start=start, outcome=outcome)


def test_a_column_of_features_may_not_take_the_name(tmp_path):
    frame = pl.DataFrame({"account": ["a"], "capacity": [5.0], "recorded": ["six"]})
    frame.write_csv(tmp_path / "rows.csv")
    (tmp_path / "r.toml").write_text(HEAD + 'accounts = "rows.csv"\n')
    with pytest.raises(InputError, match="recorded"):
        read_round(tmp_path / "r.toml")
