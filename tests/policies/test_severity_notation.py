"""Severities as data: what the notation takes, what it refuses, and that it is what is played."""

import math
import re

import pytest
from hypothesis import given, strategies as st
from tiers import examples

import adlopt as adl
from adlopt.errors import InputError
from adlopt.model.round import RoundOutcome
from adlopt.policies import grammar
from adlopt.policies.severity_notation import (
    FUNCTIONS,
    ON_FLOATS,
    OwnSeverity,
    Recipe,
    Written,
    quantile,
    read_severity,
    stack,
)

OGD = """\
plays = "at"
[remembers]
at = "0.5"
[learns]
at = "clip(at - 0.01 * deficit * sign(at - target))"
"""
units = st.floats(0.0, 1.0)
rounds = st.lists(st.tuples(st.floats(0.01, 100.0), units), min_size=1, max_size=8)


def played(rule, sequence):
    state, thetas = rule.begin(), []
    for t, (deficit, share) in enumerate(sequence, start=1):
        start = adl.RoundStart(t=t, account=["a"], capacity=[200.0], deficit=deficit)
        thetas.append(rule.decide(state, start))
        outcome = adl.RoundOutcome(needed=share * deficit)
        state = rule.learn(state, start, thetas[-1], outcome)
    return thetas


@examples(40)
@given(rounds)
def test_a_severity_written_out_plays_as_the_one_that_ships(sequence):
    own = OwnSeverity(
        name="mine",
        remembers={"at": "0.5"},
        plays="at",
        learns={"at": "clip(at - 0.01 * deficit * sign(at - target))"},
    )
    assert played(own, sequence) == played(grammar.severity("ogd:0.01"), sequence)


@examples(40)
@given(rounds, st.floats(0.05, 1.0))
def test_gated_persistence_looks_back_over_all_rounds(sequence, kappa):
    thetas = played(grammar.severity(f"gated-persistence:{kappa!r}"), sequence)
    for t, theta in enumerate(thetas):
        large = [s for s in range(t) if sequence[s][0] >= kappa * sequence[t][0]]
        deficit, share = sequence[large[-1]] if large else (1.0, 0.5)
        assert theta == (min(1.0, share * deficit / deficit) if large else 0.5)


@examples(40)
@given(st.lists(st.tuples(units, st.floats(0.1, 9.0)), min_size=1, max_size=6), st.floats(0.1, 0.9))
def test_a_quantile_minimises_what_it_says(past, level):
    def cost(theta):
        return sum(w * max(level * (v - theta), (1 - level) * (theta - v)) for v, w in past)

    found = quantile(tuple(past), level, 0.0)
    assert cost(found) <= min(cost(v) for v, _ in past) + 1e-9


def test_what_is_stacked_forgets_only_what_cannot_be_found():
    past = stack(stack(stack(0.0, 0.1, 5.0), 0.2, 1.0), 0.3, 2.0)
    assert past == ((0.1, 5.0), (0.3, 2.0))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("__import__('os')", "unknown|function is"),
        ("at.real", "numbers, names"),
        ("[at for at in past]", "numbers, names"),
        ("lambda: 1", "numbers, names"),
        ("'text'", "numbers, names"),
        ("True", "numbers, names"),
        ("clip", "name is 'clip'"),
        ("1 < at < 2", "numbers, names"),
        ("clip(x=1)", "numbers, names"),
        ("clip(*past)", "numbers, names"),
        ("wrong + 1", "name is 'wrong'"),
        ("at +", "arithmetic"),
        ("(" * 3000, "at most"),
        ("-" * 1900 + "1", "at most 150"),
        ("(at := 1)", "numbers, names"),
        (3, "text"),
    ],
)
def test_what_is_no_arithmetic_is_refused_by_name(text, said):
    with pytest.raises(InputError, match=said):
        OwnSeverity(name="mine", remembers={"at": "0"}, plays=text)


@pytest.mark.parametrize("plays", ["9**9**9**9", "1 / (deficit - deficit)", "sqrt(-1)", "min(1)"])
def test_arithmetic_that_cannot_be_done_names_the_expression(plays):
    rule = OwnSeverity(name="mine", plays=plays)
    with pytest.raises(InputError, match="arithmetic that can be done"):
        played(rule, [(1.0, 0.5)])


def test_names_of_the_notation_cannot_be_remembered():
    for name in ("deficit", "target", "clip", "a b", "choose"):
        with pytest.raises(InputError, match="a name that is not one of the notation's"):
            Recipe(remembers={name: "0"}, plays="0.5", learns={})
    with pytest.raises(InputError, match="learns is 'b'"):
        Recipe(remembers={"a": "0"}, plays="a", learns={"b": "1"})


def test_a_severity_outside_the_unit_interval_is_refused_when_it_is_played():
    with pytest.raises(adl.PolicyError, match="a number in"):
        adl.play(adl.episodes.october_10(), [OwnSeverity(name="mine", plays="2")])


def test_a_file_is_a_severity_wherever_a_name_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.toml").write_text(OGD)
    rule = grammar.severity("mine.toml+queue")
    assert isinstance(rule, Written)
    assert rule.name == "mine"
    episode = adl.episodes.shock(rounds=6, winners=20, seed=2)
    board = adl.play(episode, ["mine.toml", "mine.toml+queue"])
    assert {"mine+pro-rata", "mine+queue"} <= set(board.to_frame()["policy"])
    adl.testing.check_policy(grammar.policy("mine.toml"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("plays = 1", "plays"),
        ("remembers = 2\nplays = '1'", "a table"),
        ("play = '1'", "unknown|play"),
        ("name = 'a'", "an expression"),
        ("plays = '", "TOML"),
    ],
)
def test_a_file_that_is_none_says_what_is_wrong(tmp_path, text, said):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=said):
        read_severity(path)


def test_functions_are_those_of_floats():
    assert ON_FLOATS.items() >= FUNCTIONS.items()
    assert FUNCTIONS["clip"](2.0) == 1.0
    assert FUNCTIONS["sign"](math.nan) == 0


@pytest.mark.parametrize(
    ("plays", "said"),
    [
        ("(0 - 1)**0.5", "below 0"),
        ("abs((0 - 2)**0.5)", "below 0"),
        ("join(0, 1, 1)", "no past"),
        ("max(join(0, 1, 1), join(0, 2, 1))", "a past is no number"),
        ("join(0, 1, 1) + join(0, 1, 1)", "a past is no number"),
        ("join(0, join(0, 1, 1), 1)", "numbers, and no past"),
        ("1e999", "at most 1e+300"),
        ("9" * 400, "at most 1e+300"),
        ("9**9**9**9", "arithmetic that can be done"),
        ("+".join("1" * 90), "at most 150"),
    ],
)
def test_what_would_blow_up_is_one_error(plays, said):
    start = adl.RoundStart(account=["a"], capacity=[9.0], deficit=4.0)
    with pytest.raises(adl.InputError, match=re.escape(said)):
        OwnSeverity(name="x", plays=plays).decide((), start)


@pytest.mark.parametrize("learns", ["m + m", "m * 2", "2 * m", "join(m, m, 1)", "stack(m, 1, m)"])
def test_a_past_cannot_be_made_to_double_every_round(learns):
    rule = OwnSeverity(
        name="x", plays="0.5", remembers={"m": "join(0, 1, 1)"}, learns={"m": learns}
    )
    start = adl.RoundStart(account=["a"], capacity=[9.0], deficit=4.0)
    with pytest.raises(adl.InputError):
        rule.learn(rule.begin(), start, 0.5, RoundOutcome(needed=2.0))


def test_no_run_takes_a_severity_that_is_no_number():
    rule = OwnSeverity(name="x", plays="1e300 * 1e300 - 1e300 * 1e300")
    with pytest.raises(adl.PolicyError, match="is nan in round 1: a number in"):
        adl.play(adl.episodes.october_10(), [rule])
