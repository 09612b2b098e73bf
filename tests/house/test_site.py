"""The site builds from guides, proofs, rules and docstrings: light pages, no dead link."""

import re
import subprocess
import sys
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import pytest

import adlopt as adl
from adlopt.proof.library import proof_files
from adlopt.rules.vectors import described

pytest.importorskip("pdoc", reason="pdoc is not installed")
pytestmark = pytest.mark.nightly("builds the site with all proofs: minutes")
ROOT = Path(__file__).parents[2]
LARGEST = 300_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, ".ci/site", str(folder)],
        cwd=ROOT, env={"PYTHONPATH": ":".join([str(ROOT), *sys.path])},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return folder


@pytest.fixture(scope="module")
def pages(folder):
    return {path: path.read_text(encoding="utf-8") for path in folder.rglob("*.html")}


def test_no_page_is_too_large_for_a_phone(pages):
    assert not {path: len(text) for path, text in pages.items() if len(text) > LARGEST}


def test_no_link_is_dead(pages):
    """Within the site, to a heading too; what leaves it is not followed."""
    ids = {p.resolve(): set(re.findall(r'\bid="([^"]+)"', text)) for p, text in pages.items()}
    dead = set()
    for path, text in pages.items():
        for link in re.findall(
            r'(?:href|src)="([^"]+)"', re.sub("<pre.*?</pre>", "", text, flags=re.DOTALL)
        ):
            to, _, heading = unquote(unescape(link)).partition("#")
            if re.match(r"[a-z]+:", to):
                continue
            target = (path.parent / to if to else path).resolve()
            if not target.is_file() or (heading and heading not in ids.get(target, {heading})):
                dead.add((path.name, link))
    assert not dead


def test_there_is_a_page_a_question_a_theorem_a_rule_and_an_example(folder):
    names = {path.name for path in folder.iterdir()}
    assert {f"guide-{p.stem}.html" for p in (ROOT / "examples/guide").glob("*.md")} <= names
    assert {f"theorem-{name}.html" for name in proof_files()} <= names
    assert {f"rule-{rule.rule}.html" for rule in described().rules} <= names
    assert {f"example-{path.stem}.html" for path in (ROOT / "examples").glob("*.py")} <= names
    drawn = {path.stem for path in (folder / "figures").iterdir()}
    assert drawn >= {"budgets", "lorenz"}
    assert drawn <= {*adl.plots.FIGURES, "october_10"}
