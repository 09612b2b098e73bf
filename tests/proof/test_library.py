"""Finding, checking and laying out the proofs that ship."""

import json
import os
import shutil
import subprocess
import sys

import pytest

import adlopt as adl
from adlopt.data.files import write_template
from adlopt.proof.library import Verdicts, check_all, find, proof_files, row_of
from adlopt.show.proofs import render
from adlopt.show.schema.proofs import ProofData

BROKEN = {
    "wrong step": (
        "from adlopt.proof import *\nx = reals('x')\ndef theorem():\n    return prove(ge(x, 0))\n"
    ),
    "no theorem": "x = 1\n",
    "not python": "this is not python\n",
    "raises": "raise ZeroDivisionError('oops')\n",
    "leaves": "import sys\ndef theorem():\n    sys.exit(0)\n",
}


@pytest.fixture
def mine(tmp_path):
    """A small proof."""
    return write_template(tmp_path / "mine.py")


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
    with pytest.raises(adl.InputError, match=f"one of {len(proof_files())} that"):
        find(name)


@pytest.mark.parametrize("kind", BROKEN)
def test_a_file_that_does_not_prove_anything_fails_and_says_why(kind, tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(BROKEN[kind])
    row = row_of(path)
    assert row.verdict == "FAILED"
    assert row.error
    found = Verdicts((row,))
    assert found.to_dict()["failed"] == ["mine"]
    assert "1 FAILED: mine" in render(found.data())
    assert f"mine: {row.error.splitlines()[0]}"[:70] in str(found)


def test_several_files_are_checked_and_keep_their_order(mine, tmp_path):
    bad = tmp_path / "bad.py"
    bad.write_text(BROKEN["no theorem"])
    other = shutil.copy(mine, tmp_path / "other.py")
    seen = []
    rows = check_all([mine, bad, other], progress=seen.append).proofs
    assert [row.file for row in rows] == ["mine", "bad", "other"]
    assert set(seen) == {row.file for row in rows}
    assert [row.verdict for row in rows] == ["PROVED", "FAILED", "PROVED"]


def test_the_command_exits_1_if_a_proof_fails(tmp_path, run):
    path = tmp_path / "mine.py"
    path.write_text(BROKEN["wrong step"])
    code, printed, _ = run("prove", str(path), "--json")
    assert code == 1
    assert json.loads(printed)["schema"] == "adlopt/proofs/2"
    assert json.loads(printed)["failed"] == ["mine"]


@pytest.mark.parametrize("kind", BROKEN)
@pytest.mark.parametrize("option", ["--show", "--latex"])
def test_showing_a_broken_file_is_one_message_and_exit_1(kind, option, tmp_path, run):
    path = tmp_path / "mine.py"
    path.write_text(BROKEN[kind])
    code, _, told = run("prove", str(path), option)
    assert code == 1
    assert told.startswith("adlopt: ")
    assert "Traceback" not in told


def test_a_worker_that_dies_fails_its_files(tmp_path):
    dead = tmp_path / "dead.py"
    dead.write_text("import os\nos._exit(3)\n")
    found = check_all([dead, dead.with_name("gone.py")])
    assert [row.verdict for row in found.proofs] == ["FAILED", "FAILED"]


def test_the_derivation_is_printed(mine, run):
    code, printed, _ = run("prove", str(mine), "--show")
    assert code == 0
    assert "as left minus right is" in printed
    assert all(len(line) <= 80 or " " not in line.strip() for line in printed.splitlines())


@pytest.mark.nightly("three processes")
def test_a_derivation_is_the_same_in_every_process():
    """Sets are gone through in another order with every seed."""
    command = [sys.executable, "-m", "adlopt", "prove", "newsvendor", "lemma-4", "--show"]
    told = [
        subprocess.run(
            command, capture_output=True, check=True, env={**os.environ, "PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("1", "2")
    ]
    assert told[0]
    assert told[0] == told[1]


@pytest.mark.parametrize("option", ["--show", "--latex"])
def test_a_derivation_is_not_json(option, run):
    code, printed, told = run("prove", "newsvendor", option, "--json")
    assert code == 2
    assert "--json" in told
    assert not printed


def test_counts_and_tightness_read_as_they_should(mine):
    mine.write_text(mine.read_text().replace("tightness", "# tightness"))
    row = row_of(mine)
    assert row.tightness == "not studied"
    words = " ".join(render(Verdicts((row,)).data()).split())
    assert words.startswith("1 proof, all closed")
    assert "tightness: not studied" in words


def test_many_verdicts_fit_on_a_screen():
    rows = [ProofData(file=f"p{k}", verdict="PROVED") for k in range(50_000)]
    rows += [ProofData(file=f"bad{k}", error="x" * 200) for k in range(30)]
    lines = str(Verdicts(tuple(rows))).splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    assert lines[-1] == "  and 20 more failures"
    assert len(repr(Verdicts(tuple(rows)))) <= 300


def test_a_single_file_that_ends_its_process_fails(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text("import os\nos._exit(0)\n")
    command = [sys.executable, "-m", "adlopt", "prove", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "1 FAILED: mine" in done.stdout


@pytest.mark.parametrize("name", ["lemma-2", "Lemma 3", "eq-22", "Eq. (22)", "Equation 22"])
def test_a_file_about_several_items_is_found_by_each(name):
    assert [path.stem for path in find(name)] == ["lemma_02_and_lemma_03_and_eq_22_estimate_regret"]


def test_an_item_is_found_by_its_name_in_full():
    assert find("Proposition 1") == find("prop-1")
    assert find("Proposition 11") == find("prop-11")


MISMATCH = """from adlopt.proof import *
x = reals('x')
def theorem():
    return Theorem(
        item='i', title='', citation='', statement='', verdict=Verdict.PROVED,
        claims={'c': Claim(given=(), concludes=CLAIM)}, facts={'c': FACT},
    )
"""


@pytest.mark.parametrize(
    ("claim", "fact", "message"),
    [
        ("ge(x**2, 1)", "prove(ge(x**2, 0), squares=[x])", "c: claimed x² ≥ 1, proved x² ≥ 0"),
        ("ge(x, 0)", "prove(ge(x, 0), ge(x, 0))", "c: proved only under x ≥ 0"),
    ],
)
def test_what_is_claimed_and_not_proved_is_named(claim, fact, message, tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(MISMATCH.replace("CLAIM", claim).replace("FACT", fact))
    row = row_of(path)
    assert "declared PROVED, but the evidence gives OPEN" in row.error
    shown = " ".join(render(Verdicts((row,)).data()).split())
    assert f"OPEN; {message}" in shown


def test_an_error_says_which_line_of_the_file_it_comes_from(tmp_path):
    for name, said in (("wrong step", "line 4: "), ("raises", "line 1 raised ZeroDivisionError")):
        path = tmp_path / "mine.py"
        path.write_text(BROKEN[name])
        assert f"mine.py {said}" in row_of(path).error


def test_the_template_is_a_proof_and_a_wrong_step_in_it_is_named(tmp_path):
    path = write_template(tmp_path / "mine.py")
    assert row_of(path).verdict == "PROVED"
    text = path.read_text()
    step = next(i for i, line in enumerate(text.splitlines(), 1) if "by_cases(le" in line)
    path.write_text(text.replace("share * D(t)), miss", "share * D(t) / 2), miss"))
    assert f"mine.py line {step}: cannot close" in row_of(path).error


def test_a_file_that_is_not_there_cannot_be_used():
    with pytest.raises(adl.InputError, match=r"nowhere\.py.*a file that exists"):
        find("nowhere.py")
