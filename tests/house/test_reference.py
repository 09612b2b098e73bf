"""The API reference builds from the docstrings without a warning, and leaves nothing unread."""

import re
import subprocess
import sys
import tomllib
from html import unescape
from pathlib import Path
from types import ModuleType

import pytest

import adlopt as adl

pytest.importorskip("pdoc", reason="pdoc is not installed")
at_night = pytest.mark.nightly("half a minute of pages, which .ci/run makes, too")
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Pages, by the command of the README."""
    folder = tmp_path_factory.mktemp("reference")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"^\.venv/bin/python (\.ci/\S+) api/", readme, re.MULTILINE)
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", command, str(folder)],
        cwd=ROOT, env={"PYTHONPATH": ":".join([str(ROOT), *sys.path])},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return folder


@at_night
def test_every_public_name_has_an_entry(folder):
    page = (folder / "adlopt.html").read_text(encoding="utf-8")
    public = {name: getattr(adl, name) for name in adl.__all__}
    modules = {name for name, value in public.items() if isinstance(value, ModuleType)}
    assert public.keys() - modules == set(re.findall(r'<section id="(\w+)"', page))
    studies = (f"adlopt.studies.{name}" for name in ("adversary.worst", "simulation", "sweep"))
    also = ("adlopt.policies.severity", "adlopt.proof", "adlopt.show.schema.data", *studies)
    for dotted in (*(public[name].__name__ for name in modules), *also):
        assert (folder / f"{dotted.replace('.', '/')}.html").exists(), dotted


@at_night
def test_no_markup_is_left_in_the_words(folder):
    for path in folder.rglob("*.html"):
        texts = re.findall(
            r'<div class="docstring">(.*?)</div>', path.read_text("utf-8"), re.DOTALL
        )
        for text in texts:
            words = unescape(
                re.sub(r"<[^>]+>", "", re.sub(r"<pre.*?</pre>", "", text, flags=re.DOTALL))
            )
            assert not re.search(r"-{4,}|={4,}|``|:\w+:`|::$", words, re.MULTILINE), (path, words)


def test_the_citation_names_this_version():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"version = {{{project['version']}}}" in readme
