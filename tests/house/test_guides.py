"""README and guides: short, linked, and every block of them runs alone."""

import doctest
import re
import shlex
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
PAGES = (README, *sorted((ROOT / "examples" / "guide").glob("*.md")))
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INSTALLING = "python3 -m venv"


def blocks(page, kind):
    text = page.read_text(encoding="utf-8")
    return [
        (f"{page.stem}-{text[: found.start()].count(chr(10)) + 1}", found[2])
        for found in BLOCK.finditer(text)
        if found[1] == kind
    ]


PYTHON = [block for page in PAGES for block in blocks(page, "python")]


@pytest.mark.parametrize("code", [code for _, code in PYTHON], ids=[name for name, _ in PYTHON])
def test_a_block_of_python_runs_alone(code):
    test = doctest.DocTestParser().get_doctest(code, {}, "block", None, 0)
    told = []
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    assert test.examples
    assert runner.run(test, out=told.append).failed == 0, "".join(told)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_commands_of_a_page_run_in_order(page, run):
    """In an empty folder, but for those that install, which `.ci/run` runs."""
    for _, script in blocks(page, "sh"):
        for line in script.splitlines():
            if line.startswith("adlopt "):
                code, _, err = run(*shlex.split(line, comments=True)[1:])
                assert (code, err) == (0, ""), line
            else:
                assert line.startswith((INSTALLING, ".venv/bin/python .ci/"))


def test_the_readme_is_short_and_leads_to_every_page():
    text = README.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 180
    for page in PAGES[1:]:
        assert f"(examples/guide/{page.name})" in text


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page):
    for link in re.findall(r"\]\(([^)]+)\)", page.read_text(encoding="utf-8")):
        path, _, heading = link.partition("#")
        target = page.parent / path
        assert target.is_file(), link
        anchors = (
            {
                re.sub(r"[^\w -]", "", title).strip().lower().replace(" ", "-")
                for title in re.findall(
                    r"^#+ (.*)$", target.read_text(encoding="utf-8"), re.MULTILINE
                )
            }
            if heading
            else {heading}
        )
        assert heading in anchors, link
