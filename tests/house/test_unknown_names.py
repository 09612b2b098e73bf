"""A name that is not known is answered with the nearest, whatever it names."""

import re
from random import Random
from time import perf_counter

import pytest

import adlopt as adl
from adlopt.errors import InputError, nearest, unknown
from adlopt.policies import named
from adlopt.rules import rule_named
from adlopt.studies.adversary.worst import worst

SHOCK = ["--rounds", "3", "--winners", "5"]
ASKED = {
    "policy": (["play", "october-10", "-p", "persistance"], "'persistence'"),
    "severity": (["play", "october-10", "-p", "constnat:0.5+queue"], "'constant'"),
    "allocation": (["axioms", "persistence+prorata"], "'pro-rata'"),
    "nested": (["axioms", "damped:0.5:quee"], "'queue'"),
    "fund": (["play", "october-10", "-p", "insure:5+queue"], "'insured'"),
    "rule": (["deleverage", "market.toml", "-r", "hyperlquid"], "'hyperliquid'"),
    "rule listed": (["venues", "Binanse"], "'binance'"),
    "rule of an exposure": (["exposure", "sam", "market.toml", "-r", "gtee"], "'gte'"),
    "account": (["exposure", "samm", "market.toml"], "'sam'"),
    "severity attacked": (["worst", "ogdd", "-T", "3", "-P", "1"], "'ogd'"),
    "bound": (["worst", "ogd", "-T", "3", "-P", "1", "--bound", "prop-11"], "'prop-1'"),
    "episode": (["play", "oktober-10"], "'october-10'"),
    "kind of file": (["play", "episode.tml"], "'.toml'"),
    "figure": (["plot", "october-10", "budget", "-o", "a.svg"], "'budgets'"),
    "objective": (["solve", "round.toml", "--objective", "lexmin"], "'leximin'"),
    "loader": (["load", "hyperplay", "x"], "'hyperreplay'"),
    "key": (["solve", "key.toml"], "'deficit'"),
    "column": (["solve", "column.toml"], "'capacty'"),
    "feature": (["play", "e.json", "-p", "queue:levrage"], "'leverage'"),
    "simulated": (["simulate", "-p", "reyaa", "--seeds", "1"], "'reya'"),
}


@pytest.fixture
def folder(tmp_path, run):
    for name in ("market.toml", "round.toml"):
        assert run("new", name)[0] == 0
    assert run("new", "e.json", "--shock", *SHOCK)[0] == 0
    (tmp_path / "key.toml").write_text("deficti = 3.0\nneeded = 1.0\n")
    (tmp_path / "a.csv").write_text("account,capacty\na,5\n")
    (tmp_path / "column.toml").write_text('deficit = 3.0\nneeded = 1.0\naccounts = "a.csv"\n')


@pytest.mark.parametrize(("words", "near"), ASKED.values(), ids=ASKED)
def test_every_verb_asks_back(run, folder, words, near):
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert re.search(rf"did you mean {re.escape(near)}", err), err
    assert err.count("\n") == 1


def test_python_asks_back():
    episode = adl.episodes.shock(rounds=2, winners=4, seed=1)
    board = adl.play(episode, ["queue"])
    rounds = {"rounds": 2, "variation": 1.0}
    for call, near in (
        (lambda: named("quue"), "'queue'"),
        (lambda: rule_named("hyperliqud"), "'hyperliquid'"),
        (lambda: board["constant:1+qeue"], r"'constant:1\+queue'"),
        (lambda: adl.diagnose(episode, ["queue"])["constnt:1+queue"], "'constant:1"),
        (lambda: adl.try_axioms("queue", tries=1)["splti"], "'split'"),
        (lambda: worst("ogd", bound="halff", **rounds), "'half'"),
        (lambda: adl.plots.draw("budgts", adl.Evidence(episode=episode)), "'budgets'"),
        (lambda: episode.recorded_run("production"), None),
    ):
        with pytest.raises(InputError, match=f"did you mean {near}" if near else "expected none"):
            call()


def test_a_list_too_long_to_read_does_not_bury_the_answer():
    with pytest.raises(InputError) as long:
        rule_named("hyperlquid")
    assert str(long.value) == (
        "rule is 'hyperlquid': expected one of 28 that adlopt venues lists; "
        "did you mean 'hyperliquid'?"
    )
    error = unknown("account", "samm", ["sam", *(f"a{i}" for i in range(5_000))])
    assert str(error).startswith("account is 'samm': expected one of 5,001: 'sam', 'a0', 'a1', ")
    assert str(error).endswith("…; did you mean 'sam'?")
    assert len(str(error)) < 200


def test_names_with_commas_stay_whole():
    error = unknown("bound", "best constant start 0", ["best constant, start 0", "θ = 1/2"])
    assert "one of 'best constant, start 0', 'θ = 1/2'; did you mean 'best constant, st" in str(
        error
    )


def test_what_else_could_help_is_said_after_asking_back():
    error = unknown("feature", "levrage", ["leverage"], remedy="add it to the round")
    assert error.remedy == "did you mean 'leverage'? Else add it to the round"
    assert unknown("feature", "zz", ["leverage"], remedy="add it").remedy == "add it"
    assert unknown("feature", "zz", []).expected == "none"
    assert unknown("feature", 3, ["a", "b"]).expected == "one of 'a', 'b'"


def test_a_name_among_very_many_is_answered_at_once():
    random = Random(1)
    names = [f"0x{random.getrandbits(160):040x}" for _ in range(200_000)]
    began = perf_counter()
    assert nearest(names[77_777][:-1] + "z", names)[0] == names[77_777]
    assert perf_counter() - began < 5
