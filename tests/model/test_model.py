"""Rounds, runs and episodes: what they accept, and that they cannot change afterwards."""

import copy
import pickle
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from adlopt.errors import InputError
from adlopt.model.episode import Episode
from adlopt.model.round import RESERVED, Round, RoundOutcome, RoundStart, needed_severity
from adlopt.model.run import Information, Run

CLONES = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda x: pickle.loads(pickle.dumps(x)),
    "replace": replace,
}


def start(**changes):
    given = {"account": ["a", "b"], "capacity": [120.0, 80.0], "deficit": 90.0}
    return RoundStart(**given | changes)


def round_(t=1):
    return Round.of(t=t, capacity=[120.0, 80.0], deficit=90.0, needed=60.0)


def run(name="live", haircut=(1.0, 2.0), **more):
    return Run(policy=name, information=Information.RECORDED, haircut=haircut, **more)


def episode(**changes):
    return Episode(**{"name": "two", "rounds": [round_(1), round_(2)]} | changes)


BAD_START = {
    "duplicate ids": ({"account": ["a", "a"]}, r"account\[1\] is 'a'.*merge duplicates"),
    "no ids": ({"account": [], "capacity": []}, "at least one winner"),
    "one word for ids": ({"account": "ab"}, r"write \['ab'\]"),
    "no list of ids": ({"account": None}, "a list of ids"),
    "float ids": ({"account": [1.0, 2.0]}, r"account\[0\] is 1.0: .*a float stands for several"),
    "blank ids": ({"account": ["a", " \n"]}, r"account\[1\] is ' \\n': expected a non-empty text"),
    "alike when stripped": ({"account": ["a", " a"]}, "an id not used before"),
    "empty id": ({"account": ["a", ""]}, r"account\[1\] is ''"),
    "unhashable id": ({"account": ["a", ["b"]]}, r"account\[1\]"),
    "one id too few": ({"account": ["a"]}, "capacity is '2 values': expected 1"),
    "a loser": ({"capacity": [1.0, -1.0]}, r"capacity\[1\] is -1.0.*max\(PNL, 0\)"),
    "negative deficit": ({"deficit": -1.0}, "deficit is -1.0"),
    "deficit as text": ({"deficit": "90"}, "deficit is '90'"),
    "round 0": ({"t": 0}, "t is 0"),
    "round 1.0": ({"t": 1.0}, "t is 1.0"),
    "round True": ({"t": True}, "t is True"),
    "short equity": ({"equity": [1.0]}, "equity is '1 values'"),
    "equity NaN": ({"equity": [1.0, np.nan]}, r"equity\[1\] is nan"),
    "lot 0": ({"lot": [1.0, 0.0]}, r"lot\[1\] is 0.0: expected a number > 0"),
    "lot negative": ({"lot": [-1.0, 1.0]}, r"lot\[0\] is -1.0"),
    "negative estimate": ({"estimate": -1.0}, "estimate is -1.0"),
    "short feature": ({"features": {"x": [1.0]}}, "features.x is '1 values'"),
    "feature NaN": ({"features": {"x": [np.nan, 1.0]}}, r"features.x\[0\] is nan"),
    "features a list": ({"features": [1.0, 2.0]}, "features is .*a mapping"),
    "features None": ({"features": None}, "features is None"),
    "feature without a name": ({"features": {1: [1.0, 2.0]}}, "features is 1"),
    "signal NaN": ({"signals": {"x": np.nan}}, "signals.x is nan"),
    "signals a list": ({"signals": [1.0]}, "signals is .*a mapping"),
}


@pytest.mark.parametrize(("changes", "message"), BAD_START.values(), ids=BAD_START)
def test_bad_starts_are_refused(changes, message):
    with pytest.raises(InputError, match=message):
        start(**changes)


@pytest.mark.parametrize("name", RESERVED)
def test_features_cannot_take_the_name_of_a_column(name):
    with pytest.raises(InputError, match=f"features is '{name}'.*rename"):
        start(features={name: [1.0, 2.0]})


@pytest.mark.parametrize("ids", [["日本🙂", "é"], ["0", "1"], ["a b", "A B"], np.array(["a", "b"])])
def test_any_text_is_an_id(ids):
    owned = start(account=ids).account
    assert owned == tuple(ids)
    assert all(type(name) is str for name in owned)


@pytest.mark.parametrize("t", [1, np.int64(7)])
def test_the_number_of_a_round_is_a_plain_integer(t):
    assert type(start(t=t).t) is int


@pytest.mark.parametrize("needed", [-1.0, np.nan, np.inf, None, "60", True])
def test_bad_outcomes_are_refused(needed):
    with pytest.raises(InputError, match="needed is"):
        RoundOutcome(needed=needed)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"start": None}, "start is None: expected a RoundStart"),
        ({"outcome": 60.0}, "outcome is 60.0: expected a RoundOutcome"),
    ],
)
def test_a_round_is_made_of_its_parts(parts, message):
    with pytest.raises(InputError, match=message):
        Round(**{"start": start(), "outcome": RoundOutcome(needed=1.0)} | parts)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"capacity": None}, "capacity is None"),
        ({"capacity": 3.0}, "one dimension"),
        ({"capacity": [[1.0], [1.0, 2.0]]}, "a list of numbers"),
        ({"capacity": []}, "at least one winner"),
        ({"account": "ab"}, "a list of ids"),
        ({"account": 5}, "a list of ids"),
        ({"lot": True}, "lot is True"),
        ({"lot": 0.0}, r"lot\[0\] is 0.0"),
        ({"lot": 10**400}, "lot is 1000"),
        ({"lot": "1"}, "lot is '1'"),
    ],
)
def test_bad_plain_numbers_are_refused(changes, message):
    with pytest.raises(InputError, match=message):
        Round.of(**{"capacity": [1.0, 2.0], "deficit": 1.0, "needed": 1.0} | changes)


@pytest.mark.parametrize("lot", [2, 2.0, np.float32(2), np.int64(2), [2.0, 2.0], (2, 2)])
def test_one_lot_holds_for_all(lot):
    made = Round.of(capacity=[1.0, 2.0], deficit=1.0, needed=1.0, lot=lot)
    assert made.start.lot.tolist() == [2.0, 2.0]
    assert made.start.account == ("1", "2")


@pytest.mark.parametrize(
    ("deficit", "needed", "theta"),
    [(40.0, 10.0, 0.25), (40.0, 60.0, 1.0), (40.0, 0.0, 0.0), (0.0, 0.0, 0.0), (0.0, 5.0, 1.0)],
)
def test_needed_severity(deficit, needed, theta):
    assert needed_severity(start(deficit=deficit), RoundOutcome(needed=needed)) == theta


def test_ranking_features_include_capacity_and_equity():
    given = start(equity=[5.0, 6.0], features={"leverage": [2.0, 3.0]})
    assert given.feature("capacity") is given.capacity
    assert given.feature("equity") is given.equity
    assert given.feature("leverage").tolist() == [2.0, 3.0]
    with pytest.raises(InputError, match="one of 'capacity', 'equity', 'leverage'"):
        given.feature("pnl")
    with pytest.raises(InputError, match="expected 'capacity';"):
        start().feature("equity")


BAD_RUN = {
    "one number": ({"haircut": 1.0}, "live: haircut is .*one dimension"),
    "negative": ({"haircut": [1.0, -1.0]}, r"live: haircut\[1\] is -1.0"),
    "short burden": ({"burden": [0.5]}, "live: burden is '1 values': expected 2"),
    "negative burden": ({"burden": [0.5, -0.5]}, r"live: burden\[1\]"),
    "touched NaN": ({"touched": [1.0, np.nan]}, r"live: touched\[1\]"),
    "long loss": ({"loss": [1.0, 2.0, 3.0]}, "live: loss is '3 values'"),
}


@pytest.mark.parametrize(("changes", "message"), BAD_RUN.values(), ids=BAD_RUN)
def test_bad_runs_are_refused(changes, message):
    with pytest.raises(InputError, match=message):
        run(**changes)


BAD_EPISODE = {
    "empty": ({"rounds": []}, r"rounds is \[\]: expected at least one round"),
    "no list": ({"rounds": None}, "rounds is None"),
    "a round alone": ({"rounds": round_()}, "rounds is .*a list"),
    "not rounds": ({"rounds": [start()]}, r"rounds\[0\] is .*a Round"),
    "from 2": ({"rounds": [round_(2)]}, r"rounds\[0\] is 't = 2': expected t = 1"),
    "a gap": ({"rounds": [round_(1), round_(3)]}, r"rounds\[1\] is 't = 3': expected t = 2"),
    "twice": ({"rounds": [round_(1), round_(1)]}, r"rounds\[1\] is 't = 1': expected t = 2"),
    "short record": ({"recorded": [run(haircut=[1.0])]}, r"recorded\[live\] is '1 rounds'"),
    "records alike": ({"recorded": [run(), run()]}, r"recorded\[1\] is 'live'"),
    "no record": ({"recorded": [1.0]}, r"recorded\[0\] is 1.0: expected a Run"),
    "unknown reference": ({"reference": "nobody"}, "reference is 'nobody'"),
    "unknown fairest": ({"recorded": [run()], "fairest": "nobody"}, "fairest is 'nobody'"),
    "reference without burdens": (
        {"recorded": [run()], "reference": "live"},
        "reference is 'live': expected a recorded run with burdens",
    ),
    "pooled, of two": ({"pooled": True}, r"rounds\[0\] is \('1', '2'\): expected one account"),
}


@pytest.mark.parametrize(("changes", "message"), BAD_EPISODE.values(), ids=BAD_EPISODE)
def test_bad_episodes_are_refused(changes, message):
    with pytest.raises(InputError, match=message):
        episode(**changes)


def test_an_episode_answers_by_round():
    live = run(haircut=[45.0, 180.0], burden=[0.5, 0.5])
    made = episode(recorded=[live], reference="live", fairest="live")
    assert len(made) == 2
    assert [r.start.t for r in made] == [1, 2]
    assert made.deficit.tolist() == [90.0, 90.0]
    assert made.needed.tolist() == [60.0, 60.0]
    assert made.total_capacity.tolist() == [200.0, 200.0]
    assert made.severity(live).tolist() == [0.5, 1.0]
    assert made.recorded_run("live") is live
    with pytest.raises(InputError, match="policy is 'nobody'"):
        made.recorded_run("nobody")


def test_severity_of_a_deficit_near_nothing_divides_by_none():
    """Dollars raised over a deficit of 1e-320 were infinite on their way to 1."""
    made = Episode(name="one", rounds=[Round.of(capacity=[5.0], deficit=1e-320, needed=3.0)])
    with np.errstate(all="raise"):
        assert made.severity(run(haircut=[3.0])).tolist() == [1.0]


def test_severity_is_zero_without_a_deficit():
    rounds = [Round.of(capacity=[1.0], deficit=0.0, needed=1.0)]
    made = Episode(name="one", rounds=rounds)
    assert made.severity(run(haircut=[1.0])).tolist() == [0.0]


@pytest.mark.parametrize(
    ("thing", "name"),
    [
        (start(), "deficit"),
        (RoundOutcome(needed=1.0), "needed"),
        (round_(), "outcome"),
        (run(), "haircut"),
        (episode(), "rounds"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_everything_is_frozen(thing, name):
    before = getattr(thing, name)
    with pytest.raises(FrozenInstanceError):
        setattr(thing, name, before)
    with pytest.raises((AttributeError, TypeError)):
        thing.something_else = 1
    assert not hasattr(thing, "__dict__")


def test_mappings_of_a_start_are_read_only():
    given = start(features={"x": [1.0, 2.0]}, signals={"v": 1.0})
    for mapping in (given.features, given.signals):
        with pytest.raises(TypeError):
            mapping["x"] = 0.0
    with pytest.raises(ValueError, match="read-only"):
        given.features["x"][0] = 9.0


def test_what_the_caller_keeps_is_not_what_the_round_keeps():
    ids, capacity, x = ["a", "b"], np.array([120.0, 80.0]), np.array([1.0, 2.0])
    features, signals = {"x": x}, {"v": 1.0}
    given = start(account=ids, capacity=capacity, features=features, signals=signals)
    ids[0], capacity[0], x[0] = "z", 0.0, 0.0
    features["y"], signals["v"] = x, 2.0
    assert given.account == ("a", "b")
    assert given.capacity.tolist() == [120.0, 80.0]
    assert {k: v.tolist() for k, v in given.features.items()} == {"x": [1.0, 2.0]}
    assert dict(given.signals) == {"v": 1.0}


def test_what_the_caller_keeps_is_not_what_the_episode_keeps():
    rounds, recorded = [round_(1), round_(2)], [run()]
    made = episode(rounds=rounds, recorded=recorded)
    rounds.clear()
    recorded.clear()
    assert len(made) == 2
    assert len(made.recorded) == 1


def test_one_rounds_numbers_do_not_lead_to_anothers():
    table = np.arange(1.0, 5.0).reshape(2, 2)
    rounds = [Round.of(t=t + 1, capacity=table[t], deficit=1.0, needed=1.0) for t in range(2)]
    for t, each in enumerate(rounds):
        assert each.start.capacity.base == table[t].tobytes()


@pytest.mark.parametrize("clone", CLONES.values(), ids=CLONES)
def test_clones_are_equal_bit_for_bit_and_locked(clone):
    full = start(
        account=["日本🙂", "b"],
        capacity=[0.1, 1e15],
        equity=[-1e-99, 3.0],
        lot=[0.3, 0.7],
        estimate=1 / 3,
        features={"x": [-1.5, 2.0]},
        signals={"v": -0.1},
    )
    rounds = [Round(start=full, outcome=RoundOutcome(needed=0.1))]
    live = run(haircut=[0.1], burden=[0.2], touched=[1.0], loss=[0.3])
    made = clone(Episode(name="é", rounds=rounds, recorded=[live], reference="live", source="s"))
    again = made.rounds[0].start
    assert (made.name, made.reference, made.source) == ("é", "live", "s")
    assert again.account == full.account
    for name in ("capacity", "equity", "lot"):
        values = getattr(again, name)
        assert values.tobytes() == getattr(full, name).tobytes()
        assert isinstance(values.base, bytes)
    assert again.estimate == full.estimate
    assert again.features["x"].tobytes() == full.features["x"].tobytes()
    assert dict(again.signals) == {"v": -0.1}
    assert made.rounds[0].needed == 0.1
    for name in ("haircut", "burden", "touched", "loss"):
        assert getattr(made.recorded[0], name).tobytes() == getattr(live, name).tobytes()


def test_replacing_a_field_checks_it():
    with pytest.raises(InputError, match="deficit"):
        replace(start(), deficit=-1.0)
