"""The command line: exit codes, one message on stderr, 80 columns, and output for machines."""

import csv
import io
import json
import os
import re
import shlex
import subprocess
import sys
import typing
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from shutil import which

import msgspec
import pytest
from rich.console import Console

import adlopt as adl
from adlopt.cli import command, main as cli
from adlopt.data.files import write_episode
from adlopt.show.schema.data import kinds
from adlopt.show.words import scaled, unit_of

HEAD = "deficit = 90.0\nneeded = 60.0\n"
ALICE = '[[account]]\nid = "alice"\ncapacity = 120.0\n'
LIMITED = (
    HEAD
    + ALICE
    + ALICE.replace("alice", "bob")
    + '[limits]\ncap = 0.75\ntier = { bob = 2 }\nineligible = { alice = "market maker" }\n'
)
INFEASIBLE = "deficit = 90.0\nneeded = 600.0\n" + ALICE
MANY = HEAD + "".join(f'[[account]]\nid = "0x{i:040x}"\ncapacity = {i}e6\n' for i in range(1, 41))
HOSTILE_ID = HEAD + '[[account]]\nid = "\\u001b[31m\\nx"\ncapacity = 120.0\n'

TWO = """
[[round]]
deficit = 90.0
needed = {}
account = [{{ id = "alice", capacity = 120.0 }}, {{ id = "bob", capacity = 60.0 }}]
[[round]]
deficit = 90.0
needed = {}
account = [{{ id = "alice", capacity = 120.0 }}]
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, text in {
        "round.toml": HEAD + ALICE,
        "bad.toml": "x = [",
        "no.toml": INFEASIBLE,
        "two.toml": TWO.format(60.0, 30.0),
        "short.toml": TWO.format(100.0, 90.0),
    }.items():
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
def run(folder, run):
    """Run the command line among the files of the folder."""
    return run


def spawn(*words, stdout=subprocess.PIPE, **env):
    """Run the command line in a process of its own."""
    given = [sys.executable, "-m", "adlopt", *words]
    here = {"PYTHONPATH": str(Path(adl.__file__).parents[1]), "PYTHONUNBUFFERED": ""}
    env = os.environ | here | env
    return subprocess.run(
        given, check=False, stdout=stdout, stderr=subprocess.PIPE, env=env, timeout=60
    )


def widest(text):
    return max(map(len, text.splitlines()))


def strict_json(text):
    def refuse(constant):
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(text, parse_constant=refuse)


PRICES = ["--under", "1", "--over", "1", "--fair", "20"]

BAD = {
    "unknown objective": (["solve", "round.toml", "--objective", "fair"], "objective is 'fair'"),
    "cvar without a level": (["solve", "round.toml", "--objective", "cvar"], "cvar:LEVEL"),
    "a level in words": (
        ["solve", "round.toml", "--objective", "cvar:x"],
        r"objective\.level is 'x': expected a number",
    ),
    "a level above 1": (["solve", "round.toml", "--objective", "cvar:2"], r"level is 2\.0"),
    "a level of nan": (["solve", "round.toml", "--objective", "cvar:nan"], "level is nan"),
    "a negative band": (["solve", "round.toml", "--extra", "-1"], r"extra is -1\.0"),
    "no such command": (["frob"], "Unknown command"),
    "no such option": (["solve", "round.toml", "--frob"], "frob"),
    "no file": (["solve"], "FILE is missing; see adlopt solve --help"),
    "no rule": (["deleverage", "m.toml"], "--rule is missing; see adlopt deleverage --help"),
    "an option alone": (["play", "two.toml", "-p"], "-p is given without a value"),
    "too many files": (["solve", "round.toml", "round.toml"], "too many arguments: round.toml"),
    "no such venue": (
        ["venues", "mtgox"],
        "rule is 'mtgox': expected one of 28 that adlopt venues lists",
    ),
    "absent round": (["solve", "absent.toml"], "'absent.toml': expected a file that exists"),
    "absent episode": (["play", "absent.toml"], "absent.toml.*a file that exists"),
    "broken round": (["solve", "bad.toml"], "bad.toml.*well-formed TOML"),
    "broken episode": (["play", "bad.toml"], "bad.toml.*well-formed TOML"),
    "a folder": (["solve", "."], "a .toml or .json file"),
    "nothing": (["solve", ""], "a .toml or .json file"),
    "unknown episode": (["play", "october-11"], "october-10, or a .toml"),
    "a round is no episode": (["play", "round.toml"], "a round.*expected an episode; .*solve"),
    "an episode is not in lots": (
        ["solve", "two.toml", "--extra", "5"],
        "budget is .*None, of an episode",
    ),
    "an objective of no episode": (
        ["solve", "two.toml", "--objective", "leximin"],
        "objective is 'leximin': expected one of 'min-max', .*asymmetric",
    ),
    "pooled, coupled": (["couple", "october-10"], "only totals are known"),
    "a round, coupled": (["couple", "round.toml"], "is 'a round': .*adlopt solve"),
    "coupled by HiGHS": (["couple", "two.toml", "--method", "highs"], "--method"),
    "a gap of all": (["solve", "round.toml", "--gap", "1"], "gap is 1"),
    "no time, coupled": (
        ["couple", "two.toml", *PRICES, "--time-limit", "0"],
        "time_limit is 0.*seconds > 0",
    ),
    "a gap of one, coupled": (["couple", "two.toml", *PRICES, "--gap", "1"], "gap is 1"),
    "one price of three": (["couple", "two.toml", "--fair", "1"], "give --under"),
    "negative variation": (["play", "october-10", "-P", "-1"], "variation is -1"),
    "unknown method": (["solve", "round.toml", "--method", "simplex"], "automatic or highs"),
    "time in words": (["solve", "round.toml", "--time-limit", "long"], "float"),
    "time NaN": (["solve", "round.toml", "--method", "highs", "--time-limit", "nan"], "nan"),
    "output as text": (["solve", "round.toml", "-o", "x.txt"], ".csv or .parquet"),
    "output nowhere": (["solve", "round.toml", "-o", "no/x.csv"], "a folder that exists"),
    "output over a folder": (["solve", "round.toml", "-o", "folder.csv"], "not a folder"),
    "unknown policy": (["play", "october-10", "-p", "luck"], "policy is 'luck'"),
    "empty policy": (["play", "october-10", "-p", ""], "policy is ''"),
    "unknown burden": (["play", "october-10", "--burden", "size"], "capacity"),
    "template in JSON": (["new", "round", "x.json"], "ends in .toml"),
    "template nowhere": (["new", "round", "no/x.toml"], "a folder that exists"),
    "template over a file": (["new", "round.toml"], "--force overwrites"),
    "template over a folder": (["new", "folder.csv"], "a new name"),
    "shock in TOML": (["new", "x.toml", "--shock"], "a .json file"),
    "no rounds": (["new", "x.json", "--shock", "--rounds", "0"], "rounds is 0"),
    "no winners": (["new", "x.json", "--shock", "--winners", "-1"], "winners is -1"),
    "negative seed": (["new", "x.json", "--shock", "--seed", "-1"], "seed is -1"),
    "part of a round": (["new", "x.json", "--shock", "--rounds", "1.5"], "'1.5' is not a whole"),
    "part of a winner": (["new", "x.json", "--shock", "--winners", "2.0"], "'2.0' is not a whole"),
    "part of a seed": (["new", "x.json", "--shock", "--seed", "0.4"], "'0.4' is not a whole"),
    "part of a round, worst": (["worst", "ogd", "-T", "2.5", "-P", "1"], "'2.5' is not a whole"),
    "part of a seed, worst": (["worst", "ogd", "--seed", "1e3"], "'1e3' is not a whole"),
    "axioms of luck": (["axioms", "luck"], "policy is 'luck'"),
    "axioms, never tried": (["axioms", "queue", "--tries", "0"], "tries is 0"),
    "axioms, part of a try": (["axioms", "queue", "--tries", "1.5"], "'1.5' is not a whole"),
    "axioms proved of too many": (["axioms", "queue", "--prove", "--accounts", "5"], "prove is 5"),
    "axioms of a feature that is not there": (["axioms", "queue:luck"], "feature is 'luck'"),
    "diagnosis of pooled winners": (["diagnose", "october-10"], "winners one by one"),
    "diagnosis of luck": (["diagnose", "absent.toml", "-p", "luck"], "a file that exists"),
    "minimax of nothing": (["worst", "minimax"], "give rounds and variation, or an episode"),
    "minimax against luck": (
        ["worst", "minimax", "-T", "3", "-P", "1", "--against", "luck"],
        "policy is 'luck'",
    ),
    "against without minimax": (
        ["worst", "ogd", "-T", "3", "-P", "1", "--against", "ogd"],
        "nothing, unless the policy is minimax",
    ),
    "minimax from any start": (
        ["worst", "minimax", "-T", "3", "-P", "1", "--any-first"],
        "for any start",
    ),
    "a lower bound": (
        ["worst", "ogd", "-T", "3", "-P", "1", "--bound", "minimax, from below"],
        "a Bound",
    ),
    "rounds in words": (["new", "x.json", "--shock", "--rounds", "two"], "not a whole number"),
}


@pytest.mark.parametrize(("words", "message"), BAD.values(), ids=BAD)
def test_bad_input_is_one_message_and_exit_code_2(run, folder, words, message):
    (folder / "folder.csv").mkdir()
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert re.match(rf"adlopt: .*{message}", err)
    assert err.count("\n") == 1
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


@pytest.mark.parametrize("method", ["automatic", "highs"])
def test_a_round_without_an_answer_is_exit_code_1(run, method):
    code, out, err = run("solve", "no.toml", "--method", method)
    assert (code, out) == (1, "")
    assert err.startswith("adlopt: the budget of 600.00 USD exceeds the 120.00 USD")
    assert err.count("\n") == 1


def test_a_coupled_episode_is_solved_and_written(run):
    code, out, err = run("couple", "two.toml", "-o", "all.csv")
    assert (code, err) == (0, "")
    assert widest(out) <= 80
    for words in ("in hindsight", "proven optimal (exact)", "worst burden in all 50 %", "binds"):
        assert words in out.replace("\n", " ")
    table = Path("all.csv").read_text().splitlines()
    assert table[0] == "round,account,capacity_usd,haircut_usd"
    assert len(table) == 4
    code, out, err = run("couple", "two.toml", "--json")
    data = strict_json(out)
    assert (code, err, data["information"], data["value"]) == (0, "", "hindsight", 0.5)
    assert data["binding_rounds"] == [1, 2]
    assert sum(map(sum, data["haircut_usd"])) == 90.0
    least, most = data["one_by_one"]["price_of_not_coupling"]
    assert least <= most
    words = ("--under", "1", "--over", "1", "--fair", "20")
    data = strict_json(run("couple", "two.toml", *words, "--json")[1])
    assert data["criterion"] == "sum of the loss"
    assert data["certificate"]["optimal"] is True
    assert widest(run("couple", "two.toml", *words)[1]) <= 80
    nothing = run("couple", "two.toml", "--under", "1", "--over", "1", "--fair", "5e6")[1]
    assert "worst burden in all 0 %" in nothing.replace("\n", " ")


SOLVED = {
    "solution": (["solve", "round.toml"], ["solve", "limited.toml", "--objective", "leximin"]),
    "contract-solution": (["solve", "contracts.toml", "--gap", gap] for gap in ("0", "1e-6")),
    "matching": (
        ["match", "contracts.toml"], ["match", "contracts.toml", "--goal", "keep-hedges"],
        ["solve", "market.toml"], ["solve", "market.toml", "--objective", "leximin"],
    ),
    "coupled": (
        ["couple", "two.toml"], ["couple", "two.toml", *PRICES], ["solve", "two.toml"],
        ["solve", "two.toml", "--objective", "asymmetric:1:1:20"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", SOLVED)
def test_json_of_what_was_solved_is_that_of_its_schema(run, folder, kind):
    (folder / "limited.toml").write_text(LIMITED)
    for name in ("contracts.toml", "market.toml"):
        run("new", name)
    for words in SOLVED[kind]:
        code, text, err = run(*words)
        assert (code, err) == (0, "")
        assert widest(text) <= 80
        data = strict_json(run(*words, "--json")[1])
        assert data["schema"] == f"adlopt/{kind}/2"
        typed = msgspec.convert(data, kinds()[kind])
        assert json.loads(msgspec.json.encode(typed)) == data
        assert typed.summary in " ".join(text.split())


def test_an_episode_is_solved_as_it_is_coupled(run):
    alone, beside = (
        strict_json(run(verb, "two.toml", *words, "--json")[1])
        for verb, words in (("solve", ["--objective", "asymmetric:1:1:20"]), ("couple", PRICES))
    )
    assert alone["one_by_one"] is None
    assert beside["one_by_one"]["price_of_not_coupling"] is not None
    assert alone == beside | {"one_by_one": None}


def test_a_coupled_search_that_stops_early_says_so(run):
    episode = adl.episodes.shock(rounds=10, winners=60, seed=3)
    rounds = [replace(r, outcome=adl.RoundOutcome(needed=30 * r.needed)) for r in episode.rounds]
    fair = 0.3 * float(episode.total_capacity[0])
    write_episode(replace(episode, rounds=tuple(rounds)), Path("dire.json"))
    words = ("couple", "dire.json", "--under", "1", "--over", "1", "--fair", repr(fair))
    code, out, err = run(*words, "--time-limit", "1e-9")
    assert (code, err) == (0, "")
    assert widest(out) <= 80
    assert "stopped at a limit" in out.replace("\n", " ")
    assert "proven optimal" not in out
    data = strict_json(run(*words, "--time-limit", "1e-9", "--json")[1])
    assert (data["stopped"], data["certificate"]["optimal"]) == ("limit", False)
    assert data["certificate"]["lower"] < data["certificate"]["upper"] == data["value"]
    data = strict_json(run(*words, "--gap", "0.1", "--json")[1])
    assert data["stopped"] == "gap"
    assert data["certificate"]["lower"] >= 0.9 * data["value"]
    data = strict_json(run(*words, "--time-limit", "600", "--json")[1])
    assert (data["stopped"], data["certificate"]["optimal"]) == ("optimal", True)


def test_a_coupled_episode_without_an_answer_names_its_rounds(run):
    code, out, err = run("couple", "short.toml", "--json")
    assert code == 1
    assert strict_json(out)["rounds"] == [1, 2]
    assert "10.00 USD are missing" in err


def test_comparators_of_an_episode_are_shown(run):
    words = ("-P", "0.1", "--under", "1", "--over", "1", "--fair", "50")
    code, out, err = run("play", "two.toml", "-p", "queue", *words)
    assert (code, err) == (0, "")
    assert widest(out) <= 80
    assert all(word in out for word in ("fixed rule", "path", "coupled", "hindsight"))
    data = strict_json(run("play", "two.toml", "-p", "queue", *words, "--json")[1])
    for score in data["scores"]:
        assert None not in score["regret_usd"].values()
    assert data["coupled_optimum"]["lower"] <= data["coupled_optimum"]["upper"]
    assert data["coupled_optimum"]["upper"] >= data["loss_optimum"] * (1 - 1e-9)
    path = data["best_path"]
    for score in data["scores"]:
        regret = score["regret_usd"]["best_path"]
        assert regret == score["severity_loss_usd"] - path["loss_usd"]


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (OSError(28, "No space left"), 1, r"adlopt: .*No space left\n"),
        (MemoryError(), 1, "adlopt: out of memory\n"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_what_nobody_planned_for_is_no_traceback_either(run, monkeypatch, error, code, message):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(adl, "read", fail)
    monkeypatch.setattr(cli, "_mute", lambda: None)
    stopped, out, err = run("solve", "round.toml")
    assert (stopped, out) == (code, "")
    assert re.fullmatch(message, err)


def test_solve_prints_what_it_solved(run):
    run("new", "round.toml", "--force")
    code, out, err = run("solve", "round.toml")
    assert (code, err) == (0, "")
    assert out.startswith(
        "Offline optimum, in hindsight. 3 winners give 60.00 USD, worst burden 25 %"
    )
    assert "Certificate: proven optimal (exact)" in out
    assert re.search(r"alice +120\.00 +30\.00 +25 %", out)
    assert re.search(r"rounding subtracted from it +0\.0e\+00", out)


@pytest.mark.parametrize("method", ["automatic", "highs"])
def test_json_of_a_solution_agrees_with_the_text(run, method):
    run("new", "round.toml", "--force")
    _, text, _ = run("solve", "round.toml", "--method", method)
    code, out, err = run("solve", "round.toml", "--method", method, "--json")
    data = strict_json(out)
    assert (code, err) == (0, "")
    assert data["account"] == ["alice", "bob", "carol"]
    assert data["haircut_usd"] == pytest.approx([30.0, 20.0, 10.0])
    for name, haircut in zip(data["account"], data["haircut_usd"], strict=True):
        assert re.search(rf"{name} .* {haircut:,.2f} ", text)
    assert f"{data['certificate']['upper']!r}" in text
    assert f"{data['certificate']['lower']!r}" in text
    assert data["certificate"]["optimal"]
    assert data["method"] in text


@pytest.mark.parametrize("objective", ["leximin", "tracking", "fewest", "cvar:0.9", "min-max"])
def test_an_objective_by_name_is_that_of_the_library(run, objective):
    run("new", "round.toml", "--force")
    code, out, err = run("solve", "round.toml", "--objective", objective, "--json")
    assert (code, err) == (0, "")
    data = strict_json(out)
    best = adl.solve(*adl.read_round("round.toml", objective=objective))
    assert data["haircut_usd"] == best.haircut.tolist()
    assert data["optimal"] is True
    assert [stage["criterion"] for stage in data["stages"]] == [s.criterion for s in best.stages]
    code, out, err = run("solve", "round.toml", "--objective", objective)
    assert (code, err) == (0, "")
    assert widest(out) <= 80
    for stage in best.stages:
        assert re.search(rf"{stage.criterion} +{stage.certificate.upper!r}", out)


def test_limits_of_a_file_are_kept_and_explained(run, folder):
    (folder / "limited.toml").write_text(LIMITED)
    code, out, _ = run("solve", "limited.toml")
    assert code == 0
    assert re.search(r"bob +120\.00 +60\.00 +50 % +worst burden", out)
    assert "ineligible: market maker" in out
    (folder / "limited.toml").write_text(LIMITED.replace("needed = 60.0", "needed = 100.0"))
    code, out, err = run("solve", "limited.toml", "--json")
    data = strict_json(out)
    assert (code, data["missing"]) == (1, 10.0)
    assert [b["reason"] for b in data["binding"]] == ["ineligible: market maker", "cap"]
    assert "limits hold back 150.00 USD" in err


def test_lots_may_exceed_the_budget_by_what_is_allowed(run, folder):
    (folder / "lots.toml").write_text("lot = 25.0\n" + HEAD + ALICE)
    assert run("solve", "lots.toml")[0] == 1
    for extra in ("15", "inf"):
        code, out, _ = run("solve", "lots.toml", "--extra", extra, "--json")
        assert (code, strict_json(out)["raised_usd"]) == (0, 75.0)


def test_json_of_a_play_agrees_with_the_text(run):
    words = ("play", "october-10", "-p", "persistence+pro-rata")
    _, text, _ = run(*words, "--show", "all")
    code, out, err = run(*words, "--json")
    data = strict_json(out)
    assert (code, err) == (0, "")
    assert f"{data['episode']['deficit_usd']:,.2f}" in text
    for bound in data["bounds"]:
        assert f"{bound['usd']:,.2f}" in text
    persistence = next(s for s in data["scores"] if s["policy"] == "persistence+pro-rata")
    assert f"{persistence['tracking_usd']:,.0f}" in text


def test_json_of_axioms_agrees_with_the_text(run):
    words = ("axioms", "queue", "--tries", "20", "--seed", "3")
    _, text, _ = run(*words)
    code, out, err = run(*words, "--json")
    data = strict_json(out)
    assert (code, err, data["policy"]) == (0, "", "constant:1+queue")
    broken = {a["name"] for a in data["axioms"] if a["counterexample"]}
    assert "split" in broken
    for axiom in data["axioms"]:
        assert (f"\n{axiom['name']}: " in text) == (axiom["name"] in broken)


def test_json_of_a_diagnosis_agrees_with_the_text(run):
    run("new", "s.json", "--shock", "--rounds", "3", "--winners", "9")
    words = ("diagnose", "s.json", "-p", "estimate+queue", "--burden", "equity")
    _, text, _ = run(*words)
    code, out, err = run(*words, "--json")
    (row,) = strict_json(out)["policies"]
    assert (code, err, row["policy"]) == (0, "", "estimate+queue")
    assert f"{100 * row['worst_burden']:.4g} %" in text
    assert scaled(row["raised_usd"], unit_of(row["raised_usd"])[0]) in text


@pytest.mark.parametrize("name", ["out.csv", "out.parquet"])
def test_all_haircuts_go_to_a_file(run, folder, name):
    (folder / "many.toml").write_text(MANY)
    code, out, _ = run("solve", "many.toml", "-o", name)
    assert code == 0
    assert "largest 20 of 40 accounts" in out
    assert (folder / name).stat().st_size > 0


def test_every_whole_number_is_read_by_one_rule():
    """None is left to cyclopts, which rounds 1.5."""
    checked = 0
    for name in app_commands():
        hints = typing.get_type_hints(cli.app[name].default_command, include_extras=True)
        for option, hint in hints.items():
            if int in {hint, *typing.get_args(hint), *union(hint)}:
                (parameter,) = hint.__metadata__
                assert parameter.converter is command.whole, f"{name} --{option}"
                checked += 1
    assert checked >= 7


def app_commands():
    return [name for name in cli.app if not name.startswith("-")]


def union(hint):
    return typing.get_args(typing.get_args(hint)[0]) if typing.get_args(hint) else ()


@pytest.mark.parametrize("against", [(), ("--against", "gated-persistence")])
def test_what_no_policy_can_avoid_is_written_and_played(run, folder, against):
    words = ("worst", "minimax", "--rounds", "5", "--variation", "1.5", *against)
    code, out, err = run(*words, "-o", "forced.json")
    assert code == 0
    assert err.startswith("wrote forced.json")
    assert widest(out) <= 80
    data = strict_json(run(*words, "--json")[1])
    assert data["value_usd"]["lower"] <= data["loss_usd"] * (1 + 1e-12)
    assert adl.read_episode("forced.json").needed_severity.tolist() == data["needed_severity"]
    code, _, err = run("play", "forced.json")
    assert (code, err) == (0, "")


WIDE = {
    "october-10": ["play", "october-10"],
    "policies": ["play", "october-10", "-p", "ogd", "-p", "gated-persistence+integer-pro-rata"],
    "equity": ["play", "shock.json", "-p", "estimate+capped-pro-rata:0.5", "--burden", "equity"],
    "template": ["play", "e.toml"],
    "accounts": ["solve", "many.toml"],
    "hostile id": ["solve", "hostile.toml"],
    "help": ["--help"],
    "help of play": ["play", "--help"],
    "help of solve": ["solve", "--help"],
    "help of new": ["new", "--help"],
    "help of worst": ["worst", "--help"],
    "diagnosis": ["diagnose", "shock.json", "-p", "persistence+queue", "-p", "estimate+pro-rata"],
    "help of diagnose": ["diagnose", "--help"],
    "help of axioms": ["axioms", "--help"],
    "axioms": ["axioms", "queue:leverage", "--tries", "30"],
    "minimax": ["worst", "minimax", "--episode", "october-10", "--against", "ogd"],
}


@pytest.mark.parametrize("words", WIDE.values(), ids=WIDE)
def test_output_fits_the_screen(run, folder, monkeypatch, words):
    monkeypatch.setenv("COLUMNS", "80")
    (folder / "many.toml").write_text(MANY)
    (folder / "hostile.toml").write_text(HOSTILE_ID)
    run("new", "shock.json", "--shock", "--rounds", "3", "--winners", "10")
    run("new", "episode", "e.toml")
    code, out, err = run(*words)
    assert (code, err) == (0, "")
    assert len(out.splitlines()) > 5
    assert widest(out) <= 80
    assert out.replace("\n", "").isprintable()


@pytest.mark.parametrize(
    ("words", "then"),
    [
        (["round-2.toml"], ["solve", "round-2.toml"]),
        (["contracts-2.toml"], ["match", "contracts-2.toml"]),
        (["market-2.toml"], ["deleverage", "market-2.toml", "--rule", "hyperliquid"]),
        (["episode", "mine.toml"], ["play", "mine.toml"]),
        (
            ["episode", "mine.toml"],
            ["play", "mine.toml", "-p", "ogd+queue:leverage", "--burden", "equity"],
        ),
        (
            ["episode", "mine.toml"],
            ["play", "mine.toml", "-p", "insured:50+persistence+hyperliquid"],
        ),
        (["s.json", "--shock", "--rounds", "2", "--winners", "9"], ["play", "s.json"]),
    ],
)
def test_what_new_writes_runs_unchanged(run, words, then):
    code, out, err = run("new", *words)
    assert (code, err) == (0, "")
    assert re.fullmatch(rf"wrote (\S*{words[0]}\S*|mine\.\w+)", out.splitlines()[-2])
    last = out.splitlines()[-1]
    assert last.startswith(f"next: adlopt {' '.join(then[:2])}")
    assert f"next: adlopt {' '.join(then)}".startswith(last)
    code, out, err = run(*then)
    assert (code, err) == (0, "")
    assert out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["two.toml"], r"kind is None: expected one of round, .*adlopt new KIND two\.toml"),
        (["market_round.toml"], "kind is 'round or market'"),
        (["rounds"], "'round'"),
        (["episod", "x.toml"], "'episode'"),
        (["round", "x.py"], r"ends in \.toml, for a round"),
        (["policy", "x.toml"], r"ends in \.py, for a policy"),
        (["round", "x.json", "--shock"], "an episode"),
    ],
)
def test_new_asks_back_where_the_kind_is_not_said(run, folder, words, message):
    (folder / "two.toml").unlink()
    before = set(folder.iterdir())
    code, out, err = run("new", *words)
    assert (code, out) == (2, "")
    assert re.search(message, err)
    assert set(folder.iterdir()) == before


@pytest.mark.parametrize("name", ["policy", "severity"])
def test_templates_of_python_keep_the_rules_of_policies(run, folder, name):
    run("new", name)
    adl.testing.check_policy(adl.named(f"{folder / name}.py:rule"))


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_can_complete_verbs_and_options(run, shell):
    code, out, err = run("completion", shell)
    assert (code, err) == (0, "")
    assert all(word in out for word in (*app_commands(), "time-limit"))
    if which(shell):
        assert subprocess.run([shell, "-n"], input=out, text=True, check=False).returncode == 0


def test_completion_is_installed_where_it_was_asked_for(run, folder, monkeypatch):
    monkeypatch.setenv("HOME", str(folder))
    code, out, err = run("completion", "fish", "--install")
    assert (code, err) == (0, "")
    assert Path(out.removeprefix("wrote ").strip()).is_relative_to(folder)


def test_a_play_is_a_screen_and_the_rest_goes_by_name(run):
    _, screen, _ = run("play", "october-10")
    assert len(screen.splitlines()) <= 26
    names = re.search(r"More: --show all, or of (.*)", screen, re.DOTALL)[1].split(",")
    names = [name.strip() for name in names]
    _, everything, _ = run("play", "october-10", "--show", "all")
    for name in names:
        code, out, err = run("play", "october-10", "--show", name)
        assert (code, err) == (0, "")
        assert out.strip() in everything
    both = run("play", "october-10", "--show", "bounds,quality")[1]
    assert both == run("play", "october-10", "--show", "bounds", "--show", "quality")[1]
    code, out, err = run("play", "october-10", "--show", "bouds")
    assert (code, out) == (2, "")
    assert "did you mean 'bounds'" in err


PRINTED = {
    "play": ["play", "october-10"],
    "solve": ["solve", "round.toml"],
    "couple": ["couple", "two.toml"],
    "diagnose": ["diagnose", "two.toml", "-p", "queue"],
    "axioms": ["axioms", "queue", "--tries", "20"],
    "exposure": ["exposure", "alice", "round.toml"],
    "worst": ["worst", "ogd", "-T", "3", "-P", "1", "--time-limit", "1"],
}


@pytest.mark.parametrize("words", PRINTED.values(), ids=PRINTED)
def test_rows_are_printed_as_csv_and_latex_with_the_columns_of_a_frame(run, words):
    code, text, err = run(*words, "--csv")
    assert (code, err) == (0, "")
    head, *rows = csv.reader(io.StringIO(text))
    assert rows
    assert all(re.fullmatch(r"[a-z][\w.]*", name) for name in head)
    assert {len(row) for row in rows} == {len(head)}
    code, text, err = run(*words, "--latex")
    assert (code, err) == (0, "")
    lines = text.splitlines()
    width = len(re.fullmatch(r"\\begin\{tabular\}\{([lr]+)\}", lines[1])[1])
    cells = [re.split(r"(?<!\\)&", line) for line in lines if line.endswith(r"\\")]
    assert {len(row) for row in cells} == {width}
    assert len(cells) == len(rows) + 1
    shown = [cell.strip(" \\").replace("\\_", "_") for cell in cells[0]]
    assert [name for name in head if name in shown] == shown
    code, _, err = run(*words, "--csv", "--json")
    assert (code, "one of --json, --csv and --latex" in err) == (2, True)


def test_new_overwrites_only_when_told(run, folder):
    path = folder / "round.toml"
    path.write_text("mine")
    assert run("new", "round.toml")[0] == 2
    assert path.read_text() == "mine"
    assert run("new", "round.toml", "--force")[0] == 0
    assert path.read_text().startswith("# One round")


def test_equal_seeds_write_equal_files(run, folder):
    for name in ("a.json", "b.json"):
        run("new", name, "--shock", "--rounds", "2", "--winners", "5", "--seed", "4")
    first, second = ((folder / f"{name}.accounts.parquet").read_bytes() for name in ("a", "b"))
    assert first == second


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"]])
def test_help_names_the_verbs(run, words):
    code, out, err = run(*words)
    assert (code, err) == (0, "")
    assert all(verb in out for verb in ("play", "solve", "new"))


@pytest.mark.parametrize(
    ("words", "code"),
    [(["solve", "round.toml"], 0), (["solve", "no.toml"], 1), (["solve", "bad.toml"], 2)],
)
def test_a_process_of_its_own_exits_alike(folder, words, code):
    done = spawn(*words)
    assert done.returncode == code
    assert (done.stderr == b"") == (code == 0)
    assert (done.stdout == b"") == (code != 0)
    assert b"Traceback" not in done.stderr


def test_a_narrow_character_set_loses_characters_not_the_answer(folder):
    done = spawn("play", "october-10", "--show", "all", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"100,063,386.69" in done.stdout
    done.stdout.decode("ascii")


@pytest.mark.parametrize("words", [["play", "october-10", "--json"], ["solve", "round.toml"]])
def test_a_reader_may_leave_early(folder, words):
    read, write = os.pipe()
    os.close(read)
    done = spawn(*words, stdout=write)
    os.close(write)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_full_disk_is_one_message(folder):
    with open("/dev/full", "wb") as full:
        done = spawn("solve", "round.toml", stdout=full)
    assert done.returncode == 1
    assert re.fullmatch(rb"adlopt: .*No space left on device\n", done.stderr)


def test_one_venue_by_name(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["adlopt", "venues", "reya", "--json"])
    cli.main()
    assert [row["rule"] for row in json.loads(capsys.readouterr().out)["rules"]] == ["reya"]


@pytest.mark.parametrize("prices", [[], ["--under", "2", "--over", "1", "--fair", "9"]])
def test_coupled_rounds_are_written_as_the_program_that_is_solved(run, folder, prices):
    code, _, err = run("couple", "two.toml", *prices, "--write-model", "m.mps")
    assert (code, err) == (0, "")
    assert (folder / "m.mps").read_text(encoding="utf-8").startswith("NAME")


def test_evidence_is_written_checked_and_its_checker_handed_out(run, folder):
    for verb, file in (("solve", "round.toml"), ("couple", "two.toml")):
        assert run(verb, file, "--certificate", "c.json")[0] == 0
        code, out, err = run("check", file, "c.json")
        assert (code, err, out.count("optimal, proven")) == (0, "", 1)
    run("new", "decision", "decision.toml")
    assert run("decide", "decision.toml", "--certificate", "c.json")[0] == 0
    code, out, err = run("check", "decision.toml", "c.json")
    assert (code, err, out.count("optimal, proven")) == (0, "", 2)
    code, out, _ = run("check", "round.toml", "c.json")
    assert (code, out.startswith("INVALID: it is of another instance")) == (1, True)
    assert run("check", "--extract")[0] == 0
    assert (folder / "adlcheck.py").read_text(encoding="utf-8").startswith('"""adlcheck: ')
    code, _, err = run("check", "round.toml")
    assert (code, "an instance and its certificate" in err) == (2, True)


def test_a_refusal_without_a_certificate_stays_a_refusal(run, monkeypatch):
    def unproved(*_):
        raise adl.CertificateError("the checker lists too many sums")

    monkeypatch.setattr(adl.InfeasibleRound, "certificate_file", unproved)
    run("new", "round.toml")
    text = Path("round.toml").read_text(encoding="utf-8")
    Path("round.toml").write_text(re.sub(r"(?m)^needed = .*", "needed = 1e9", text))
    code, out, err = run("solve", "round.toml", "--certificate", "c.json")
    assert (code, out) == (1, "")
    assert "no certificate is written: the checker lists too many sums" in err
    assert "are missing" in " ".join(err.split())


def test_one_table_is_printed_by_words_of_its_title_as_text_csv_and_latex(run):
    code, text, _ = run("bounds", "october-10", "--table", "WHERE policies lie")
    assert code == 0
    assert text.startswith("Where policies lie: Σ D|θ−θ*| in $M")
    _, rows, _ = run("bounds", "october-10", "--table", "where policies lie", "--csv")
    (head, *lines) = list(csv.reader(io.StringIO(rows)))
    assert head[:4] == ["policy", "θ₁ = 0", "θ₁ = ½", "θ₁ = 1"]
    assert {line[0] for line in lines} >= {"persistence", "gated-persistence"}
    assert all(line[2] in text for line in lines)
    _, tex, _ = run("play", "october-10", "--table", "by weight", "--latex")
    assert tex.count(r" \\") == 1 + 7
    code, out, err = run("bounds", "october-10", "--table", "no such words")
    assert (code, out) == (2, "")
    assert "words of one title, or its number, of 1: october-10" in err


@pytest.mark.parametrize(
    ("words", "first"),
    [
        (["policies"], "part,name,takes,does"),
        (["venues", "okx"], "rule,venue,family,"),
        (["schema"], "name,is"),
        (["prove", "trivial"], "file,item,verdict,"),
    ],
)
def test_lists_have_rows_too(run, words, first):
    code, rows, _ = run(*words, "--csv")
    assert (code, rows.startswith(first)) == (0, True)
    assert len(list(csv.reader(io.StringIO(rows)))) >= 2
    table = ["--table", "1"] if words[0] == "prove" else []
    assert run(*words, "--latex", *table)[1].startswith("% \\usepackage{booktabs}")


def test_play_tells_machines_of_running_certificates(run):
    _, out, _ = run("play", "october-10", "-p", "coverage:0.1", "--json")
    (proof,) = json.loads(out)["running"]
    assert proof["policy"].startswith("coverage:0.1")
    assert len(proof["reached_usd"]) == 16
    for reached, limit in zip(proof["reached_usd"], proof["limit_usd"], strict=True):
        assert reached <= limit
    assert json.loads(run("play", "october-10", "--json")[1])["running"] == []


@pytest.mark.parametrize("verb", [name for name in cli.app if not name.startswith("-")])
def test_help_explains_every_option_and_ends_with_an_example_that_is_understood(verb):
    told = io.StringIO()
    cli.app([verb, "--help"], console=Console(file=told, width=600))
    out = told.getvalue()
    rows = [line.strip(" │*") for line in out.splitlines() if line.startswith("│")]
    assert [row for row in rows if len(re.split(" {2,}", row)) < 2] == []
    assert "Example: " in out.splitlines()[-1]
    program, *words = shlex.split(out.splitlines()[-1].removeprefix("Example: "))
    assert program == "adlopt"
    assert cli.app.parse_args(words, exit_on_error=False, print_error=False)[0] is not None


@pytest.mark.parametrize("bound", ["prop-1", "half", "trivial", "gated envelope"])
def test_any_bound_that_ships_is_set_beside_each_policy(run, bound):
    code, out, err = run("play", "october-10", "-p", "constant:0.5", "--bound", bound, "--json")
    assert (code, err) == (0, "")
    board = json.loads(out)
    assert len(board["asked"]) == 1
    assert len(board["bounds"]) == 3 + (bound == "gated envelope")
    code, out, _ = run("play", "october-10", "-p", "constant:0.5", "--bound", bound)
    assert code == 0
    assert "its share of bounds" in " ".join(out.split())


def test_two_bounds_of_one_name_are_refused():
    own = replace(adl.bounds.HALF, name="trivial")
    with pytest.raises(adl.InputError, match="names that differ"):
        adl.play(adl.episodes.october_10(), ["constant:0.5"], bounds=[own])


def test_a_play_has_no_line_wider_than_the_screen(run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    assert widest(run("play", "october-10", "-p", "persistence")[1]) <= 60


def test_what_may_take_long_says_what_runs(run, monkeypatch):
    said = []

    @contextmanager
    def telling(total, doing):
        said.append(doing)
        yield None

    monkeypatch.setattr(command, "progress", telling)
    for kind, verb in (("round", "solve"), ("contracts", "match"), ("episode", "couple")):
        run("new", kind, f"own_{kind}.toml")
        assert run(verb, f"own_{kind}.toml")[0] == 0
    run("new", "decision", "own_decision.toml")
    run("decide", "own_decision.toml", "--audit", "own_log.jsonl")
    assert run("audit", "own_log.jsonl")[0] == 0
    assert said == [*["solving"] * 3, "deciding", "deciding again"]
