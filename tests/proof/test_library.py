"""Finding, checking and laying out the proofs that ship."""

import json
import subprocess
import sys

import pytest

import adlopt as adl
from adlopt.proof.library import check_all, find, proof_files, render, row_of, summarise

BROKEN = {
    "wrong step": (
        "from adlopt.proof import *\nx = reals('x')\ndef theorem():\n    return prove(ge(x, 0))\n"
    ),
    "no theorem": "x = 1\n",
    "not python": "this is not python\n",
    "raises": "raise ZeroDivisionError('oops')\n",
    "leaves": "import sys\ndef theorem():\n    sys.exit(0)\n",
}


@pytest.mark.parametrize("name", ["prop-1", "prop_01_severity", "prop-01", "PROP-1"])
def test_names_may_be_shortened(name):
    assert find(name) == [proof_files()["prop_01_severity"]]


def test_a_name_may_stand_for_several_files():
    assert [path.stem for path in find("prop-5")] == [
        "prop_05_double_projection",
        "prop_05_vector_dynamic_regret",
    ]


@pytest.mark.parametrize("name", ["nonsense", "", "prop-99"])
def test_names_that_fit_none_are_refused(name):
    with pytest.raises(adl.InputError, match="prop_01_severity"):
        find(name)


@pytest.mark.parametrize("kind", BROKEN)
def test_a_file_that_does_not_prove_anything_fails_and_says_why(kind, tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(BROKEN[kind])
    row = row_of(path)
    assert row.verdict == "FAILED"
    assert row.error
    data = summarise([row])
    assert data["failed"] == ["mine"]
    assert "1 FAILED: mine" in render(data)


def test_several_files_are_checked_and_keep_their_order(tmp_path):
    bad = tmp_path / "mine.py"
    bad.write_text(BROKEN["no theorem"])
    seen = []
    paths = [*find("pro-rata"), bad, *find("newsvendor")]
    rows = check_all(paths, progress=seen.append)
    assert [row.file for row in rows] == ["pro_rata_stability", "mine", "newsvendor_severity"]
    assert {row.file for row in seen} == {row.file for row in rows}
    assert [row.verdict for row in rows] == ["PROVED", "FAILED", "PROVED"]


def test_the_command_exits_1_if_a_proof_fails(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(BROKEN["wrong step"])
    command = [sys.executable, "-m", "adlopt.cli", "prove", str(path), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert json.loads(done.stdout)["failed"] == ["mine"]


@pytest.mark.parametrize("kind", BROKEN)
@pytest.mark.parametrize("option", ["--show", "--latex"])
def test_showing_a_broken_file_is_one_message_and_exit_1(kind, option, tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(BROKEN[kind])
    command = [sys.executable, "-m", "adlopt.cli", "prove", str(path), option]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("adlopt: ")
    assert "Traceback" not in done.stderr


def test_a_worker_that_dies_fails_its_files(tmp_path):
    dead = tmp_path / "dead.py"
    dead.write_text("import os\nos._exit(3)\n")
    rows = check_all([dead, dead.with_name("gone.py")])
    assert [row.verdict for row in rows] == ["FAILED", "FAILED"]


def test_the_derivation_is_printed(capsys):
    from adlopt.cli import app

    app(["prove", "newsvendor", "--show"])
    printed = capsys.readouterr().out
    assert "as left minus right is" in printed
    assert all(len(line) <= 80 or " " not in line.strip() for line in printed.splitlines())


@pytest.mark.parametrize("option", ["--show", "--latex"])
def test_a_derivation_is_not_json(option):
    command = [sys.executable, "-m", "adlopt.cli", "prove", "newsvendor", option, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "--json" in done.stderr
    assert not done.stdout


def test_counts_and_tightness_read_as_they_should():
    rows = [row_of(find("persistence")[0])]
    assert rows[0].tightness == "not studied"
    words = " ".join(render(summarise(rows)).split())
    assert words.startswith("1 proof, all closed")
    assert "tightness: not studied" in words
