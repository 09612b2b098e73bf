"""Six guides are notebooks that run, show their figures, and set formulas."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import adlopt as adl
from adlopt.bounds import PROPOSITION_1
from adlopt.proof.checking import check
from adlopt.proof.library import proof_files
from adlopt.show.progress import progress

ROOT = Path(__file__).parents[2]


def test_bounds_facts_theorems_and_certificates_are_set_in_latex():
    assert r"$\leq \sqrt{S \left(2 P + 1\right)}$" in PROPOSITION_1._repr_markdown_()
    theorem = check(proof_files()["trivial"]).theorem
    fact = next(iter(theorem.facts.values()))._repr_markdown_()
    assert fact.startswith(r"$\displaystyle ")
    assert r"\vdash" in fact
    assert fact in theorem._repr_markdown_()
    assert "PROVED" in theorem._repr_markdown_()
    best = adl.solve(adl.Round.of(capacity=[120.0, 80.0], deficit=90.0, needed=50.0))
    assert (
        best.certificate._repr_markdown_() == r"$0.25 \leq \min \leq 0.25$: proven optimal (exact)"
    )


def test_a_figure_shows_itself():
    evidence = adl.Evidence(episode=adl.episodes.shock(rounds=2, winners=4, seed=1))
    assert "<svg" in adl.plots.draw("room", evidence)._repr_svg_()


def test_a_wait_is_a_line_in_a_notebook_and_nothing_in_a_pipe(monkeypatch):
    shown = []
    handle = SimpleNamespace(update=lambda data, raw: shown.append(data["text/plain"]))
    display = SimpleNamespace(display=lambda data, **_: shown.append(data["text/plain"]) or handle)
    python = SimpleNamespace(get_ipython=lambda: SimpleNamespace(kernel=None))
    monkeypatch.setitem(sys.modules, "ipykernel", SimpleNamespace())
    with progress(2, "playing") as step:
        assert step is None
    monkeypatch.setitem(sys.modules, "IPython", python)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    with progress(2, "playing") as step:
        step("queue")
    assert shown == ["playing", "playing queue (1 of 2)", ""]


@pytest.mark.nightly("runs six notebooks")
def test_six_guides_are_notebooks_that_run(tmp_path):
    nbformat = pytest.importorskip("nbformat")
    pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    done = subprocess.run(
        [sys.executable, ".ci/notebooks", str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, check=False,
        env={"PYTHONPATH": ":".join([str(ROOT), *sys.path]), "PATH": "/usr/bin:/bin",
             "HOME": str(tmp_path)},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    made = sorted(tmp_path.glob("*.ipynb"))
    assert len(made) == 6
    kinds = set()
    for path in made:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
        cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
        assert cells
        for cell in cells:
            assert cell.execution_count
            for output in cell.outputs:
                kinds |= set(output.get("data", ()))
    assert {"text/html", "image/svg+xml", "text/markdown"} <= kinds
