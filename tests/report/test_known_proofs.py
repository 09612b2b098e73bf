"""A verdict is known only of the same proof by the same code; failures are checked every time."""

import shutil

import pytest

from adlopt.proof import library
from adlopt.proof.legend import SHARED
from adlopt.report import provenance
from adlopt.report.provenance import known_verdicts

TRIVIAL = library.proof_files()["trivial"]


@pytest.fixture
def checked(tmp_path, monkeypatch):
    """Two proofs, one of which fails, and the names of those that were checked."""
    good, bad = tmp_path / "good.py", tmp_path / "bad.py"
    shutil.copy(TRIVIAL, good)
    bad.write_text("raise ValueError('no')\n")
    done = []

    def check_all(paths, *, progress=None):
        done.extend(path.stem for path in paths)
        return library.Verdicts(tuple(map(library.row_of, paths)))

    monkeypatch.setattr(provenance, "proof_files", lambda: {"good": good, "bad": bad})
    monkeypatch.setattr(provenance, "check_all", check_all)
    return done, good, tmp_path / "kept"


def test_what_is_known_is_not_checked_again_and_says_so(checked):
    done, _, kept = checked
    first, note = known_verdicts(kept)
    assert (done, note) == (["good", "bad"], "")
    again, note = known_verdicts(kept)
    assert done == ["good", "bad", "bad"], "a failure is checked every time"
    assert note.startswith("1 verdict of an earlier check")
    assert again.proofs[0] == first.proofs[0]
    assert [row.verdict for row in again.proofs] == ["PROVED", "FAILED"]


def test_a_byte_of_a_proof_or_of_the_code_makes_it_unknown(checked, monkeypatch):
    done, good, kept = checked
    known_verdicts(kept)
    good.write_text(good.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    known_verdicts(kept)
    assert done.count("good") == 2
    good.with_name(SHARED).write_text('[letters]\n"T" = ["rounds"]\n', encoding="utf-8")
    known_verdicts(kept)
    assert done.count("good") == 3
    monkeypatch.setattr(provenance, "version", lambda name: "another")
    known_verdicts(kept)
    assert done.count("good") == 4


def test_a_damaged_verdict_is_checked_again_and_written_anew(checked):
    done, _, kept = checked
    known_verdicts(kept)
    (file,) = kept.iterdir()
    file.write_bytes(b'{"file": ')
    assert known_verdicts(kept)[0].proofs[0].verdict == "PROVED"
    known_verdicts(kept)
    assert done.count("good") == 2
