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
}


@pytest.mark.parametrize("name", ["prop-1", "prop_01_severity", "prop-01", "PROP-1"])
def test_names_may_be_shortened(name):
    assert find(name) == proof_files()["prop_01_severity"]


@pytest.mark.parametrize("name", ["prop", "nonsense", ""])
def test_names_that_fit_none_or_several_are_refused(name):
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
    paths = [find("pro-rata"), bad, find("newsvendor")]
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


def test_the_derivation_is_printed(capsys):
    from adlopt.cli import app

    app(["prove", "newsvendor", "--show"])
    printed = capsys.readouterr().out
    assert "certificate:" in printed
    assert all(len(line) <= 80 or " " not in line.strip() for line in printed.splitlines())
