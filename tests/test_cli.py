"""The command line: exit codes, one message on stderr, 80 columns, and output for machines."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import adlopt as adl
from adlopt import cli

HEAD = "deficit = 90.0\nneeded = 60.0\n"
ALICE = '[[account]]\nid = "alice"\ncapacity = 120.0\n'
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
def run(folder, monkeypatch, capsys):
    """Run the command line in this process: exit code, stdout, stderr."""

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["adlopt", *words])
        code = 0
        try:
            cli.main()
        except SystemExit as stop:
            code = stop.code or 0
        return (code, *capsys.readouterr())

    return run


def spawn(*words, stdout=subprocess.PIPE, **env):
    """Run the command line in a process of its own."""
    command = [sys.executable, "-m", "adlopt.cli", *words]
    here = {"PYTHONPATH": str(Path(adl.__file__).parents[1]), "PYTHONUNBUFFERED": ""}
    env = os.environ | here | env
    return subprocess.run(
        command, check=False, stdout=stdout, stderr=subprocess.PIPE, env=env, timeout=60
    )


def widest(text):
    return max(map(len, text.splitlines()))


def strict_json(text):
    def refuse(constant):
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(text, parse_constant=refuse)


BAD = {
    "no such command": (["frob"], "Unknown command"),
    "no such option": (["solve", "round.toml", "--frob"], "frob"),
    "no file": (["solve"], "requires an argument"),
    "too many files": (["solve", "round.toml", "round.toml"], "Unused"),
    "absent round": (["solve", "absent.toml"], "absent.toml.*No such file"),
    "absent episode": (["play", "absent.toml"], "absent.toml.*No such file"),
    "broken round": (["solve", "bad.toml"], "bad.toml.*well-formed TOML"),
    "broken episode": (["play", "bad.toml"], "bad.toml.*well-formed TOML"),
    "a folder": (["solve", "."], "a .toml or .json file"),
    "nothing": (["solve", ""], "a .toml or .json file"),
    "unknown episode": (["play", "october-11"], "october-10, or a .toml"),
    "a round is no episode": (["play", "round.toml"], "a key that is known"),
    "an episode is no round": (["solve", "two.toml"], "is 'an episode': .*--coupled"),
    "pooled, coupled": (["solve", "october-10", "--coupled"], "only totals are known"),
    "a round, coupled": (["solve", "round.toml", "--coupled"], "a key that is known"),
    "coupled by HiGHS": (["solve", "two.toml", "--coupled", "--method", "highs"], "no --method"),
    "prices without coupling": (["solve", "round.toml", "--burden", "equity"], "beside prices"),
    "one price of three": (["solve", "two.toml", "--coupled", "--fair", "1"], "give --under"),
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
    "template in JSON": (["new", "x.json"], "ends in .toml"),
    "template nowhere": (["new", "no/x.toml"], "a folder that exists"),
    "template over a file": (["new", "round.toml"], "--force overwrites"),
    "template over a folder": (["new", "folder.csv"], "a new name"),
    "shock in TOML": (["new", "x.toml", "--shock"], "a .json file"),
    "no rounds": (["new", "x.json", "--shock", "--rounds", "0"], "rounds is 0"),
    "no winners": (["new", "x.json", "--shock", "--winners", "-1"], "winners is -1"),
    "negative seed": (["new", "x.json", "--shock", "--seed", "-1"], "seed is -1"),
    "rounds in words": (["new", "x.json", "--shock", "--rounds", "two"], "int"),
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
    code, out, err = run("solve", "two.toml", "--coupled", "-o", "all.csv")
    assert (code, err) == (0, "")
    assert widest(out) <= 80
    for words in ("in hindsight", "proven optimal (exact)", "worst burden in all 50 %", "binds"):
        assert words in out.replace("\n", " ")
    table = Path("all.csv").read_text().splitlines()
    assert table[0] == "round,account,capacity_usd,haircut_usd"
    assert len(table) == 4
    code, out, err = run("solve", "two.toml", "--coupled", "--json")
    data = strict_json(out)
    assert (code, err, data["information"], data["value"]) == (0, "", "hindsight", 0.5)
    assert data["binding_rounds"] == [1, 2]
    assert sum(map(sum, data["haircut_usd"])) == 90.0
    least, most = data["one_by_one"]["price_of_not_coupling"]
    assert least <= most
    words = ("--under", "1", "--over", "1", "--fair", "20")
    data = strict_json(run("solve", "two.toml", "--coupled", *words, "--json")[1])
    assert data["objective"] == "sum of the loss"
    assert data["certificate"]["optimal"] is True
    assert widest(run("solve", "two.toml", "--coupled", *words)[1]) <= 80


def test_a_coupled_episode_without_an_answer_names_its_rounds(run):
    code, out, err = run("solve", "short.toml", "--coupled", "--json")
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
    names = {name for score in data["scores"] for name in score["regret_usd"]}
    assert {"best fixed rule", "best path of a given variation", "per-round optimum"} <= names
    assert data["coupled_optimum"]["lower"] <= data["coupled_optimum"]["upper"]
    assert data["coupled_optimum"]["upper"] >= data["loss_optimum"] * (1 - 1e-9)
    path = data["best_path"]
    for score in data["scores"]:
        regret = score["regret_usd"]["best path of a given variation"]
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

    monkeypatch.setattr("adlopt.files.read_round", fail)
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


def test_json_of_a_play_agrees_with_the_text(run):
    words = ("play", "october-10", "-p", "persistence+pro-rata")
    _, text, _ = run(*words)
    code, out, err = run(*words, "--json")
    data = strict_json(out)
    assert (code, err) == (0, "")
    assert f"{data['episode']['deficit_usd']:,.2f}" in text
    for bound in data["bounds"]:
        assert f"{bound['usd']:,.2f}" in text
    persistence = next(s for s in data["scores"] if s["policy"] == "persistence+pro-rata")
    assert f"{persistence['tracking_usd']:,.0f}" in text


@pytest.mark.parametrize("name", ["out.csv", "out.parquet"])
def test_all_haircuts_go_to_a_file(run, folder, name):
    (folder / "many.toml").write_text(MANY)
    code, out, _ = run("solve", "many.toml", "-o", name)
    assert code == 0
    assert "largest 20 of 40 accounts" in out
    assert (folder / name).stat().st_size > 0


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
}


@pytest.mark.parametrize("words", WIDE.values(), ids=WIDE)
def test_output_fits_80_columns(run, folder, monkeypatch, words):
    monkeypatch.setenv("COLUMNS", "200" if words[-1] != "--help" else "80")
    (folder / "many.toml").write_text(MANY)
    (folder / "hostile.toml").write_text(HOSTILE_ID)
    run("new", "shock.json", "--shock", "--rounds", "3", "--winners", "10")
    run("new", "e.toml")
    code, out, err = run(*words)
    assert (code, err) == (0, "")
    assert len(out.splitlines()) > 5
    assert widest(out) <= 80
    assert out.replace("\n", "").isprintable()


@pytest.mark.parametrize(
    ("words", "then"),
    [
        (["round-2.toml"], ["solve", "round-2.toml"]),
        (["mine.toml"], ["play", "mine.toml"]),
        (["mine.toml"], ["play", "mine.toml", "-p", "ogd+queue:leverage", "--burden", "equity"]),
        (["s.json", "--shock", "--rounds", "2", "--winners", "9"], ["play", "s.json"]),
    ],
)
def test_what_new_writes_runs_unchanged(run, words, then):
    code, out, err = run("new", *words)
    assert (code, err) == (0, "")
    assert f"wrote {words[0]}\n" in out
    assert out.endswith(f"next: adlopt {' '.join(then[:2])}\n")
    code, out, err = run(*then)
    assert (code, err) == (0, "")
    assert out


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
    done = spawn("play", "october-10", PYTHONIOENCODING="ascii")
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
