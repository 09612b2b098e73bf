"""The site builds from guides, proofs, rules and docstrings: light pages, no dead link."""

import re
import subprocess
import sys
from html import unescape
from pathlib import Path
from shutil import which
from urllib.parse import unquote

import pytest

import adlopt as adl
from adlopt.proof.library import proof_files
from adlopt.rules.vectors import described

pytest.importorskip("pdoc", reason="pdoc is not installed")
pytestmark = pytest.mark.nightly("builds the site with all proofs: minutes")
ROOT = Path(__file__).parents[2]
LARGEST = 300_000
MENU = ("index", "guides", "theorems", "rules", "examples", "figures", "verbs", "schemas", "search")
MENU = tuple(f"{name}.html" for name in MENU)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, ".ci/site", str(folder)],
        cwd=ROOT, env={"PYTHONPATH": ":".join([str(ROOT), *sys.path])},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert not (ROOT / ".ci" / "__pycache__").exists()
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
        words = re.sub(r"<(pre|script).*?</\1>", "", text, flags=re.DOTALL)
        for link in re.findall(r'(?:href|src)="([^"]+)"', words):
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
    assert {*MENU, "guide-mathematics.html"} <= {*names, "api/index.html"}


def test_every_figure_and_who_gives_under_a_rule_are_drawn_in_light_and_dark(folder):
    drawn = {path.stem for path in (folder / "figures").iterdir()}
    light = {name for name in drawn if not name.endswith("-dark")}
    assert drawn - light == {f"{name}-dark" for name in light}
    figures = {name for name in light if not name.startswith("rule-")}
    assert figures == {*adl.plots.FIGURES, "october_10"}
    assert light - figures >= {"rule-hyperliquid", "rule-binance", "rule-reya"}


def test_a_theorem_says_what_it_claims_what_letters_mean_and_what_is_false(pages, folder):
    text = pages[folder / "theorem-prop_01_severity.html"]
    parts = ("Claims", "What letters mean", "False variants", "On October 10", "Derivation")
    places = [text.index(f"<h2>{part}") for part in parts]
    assert places == sorted(places)
    for name in proof_files():
        assert "Letters of" in pages[folder / f"theorem-{name}.html"], name


@pytest.fixture(scope="module")
def browser():
    if not which("chromium"):
        pytest.skip("chromium is not installed")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        yield driver.chromium.launch(executable_path=which("chromium"), args=["--no-sandbox"])


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_a_browser_shows_every_page_whole(browser, folder, pages, width, scheme):
    """Nothing on the console, nothing fetched, nothing wider than the screen, words that stand out.

    The reference is pdoc's own page: its colours are its own.
    """
    wrong = []
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page.on("console", lambda said: wrong.append((page.url, said.text)))
    page.on("pageerror", lambda error: wrong.append((page.url, str(error))))
    page.on(
        "request",
        lambda asked: (
            wrong.append((page.url, asked.url))
            if not asked.url.startswith(("file:", "data:"))
            else None
        ),
    )
    for path in sorted(pages):
        page.goto(path.as_uri())
        found = page.evaluate(LOOK)
        if found["overflow"] > 0:
            wrong.append((path.name, found["overflow"], found["widest"]))
        if path.parent == folder and found["contrast"] < 4.5:
            wrong.append((path.name, found["contrast"], found["faintest"]))
    page.close()
    assert wrong == []


def test_words_are_found_offline(browser, folder):
    page = browser.new_page()
    page.goto((folder / "search.html").as_uri())
    sought = {
        "vacuous": "guide-october-10.html",
        "hyperliq": "rule-hyperliquid.html",
        "dynamic regret clipped": "theorem-prop_01_severity.html",
    }
    for words, wanted in sought.items():
        page.fill("#asked", words)
        found = page.eval_on_selector_all("#found a", "links => links.map(a => a.href)")
        assert wanted in {link.rpartition("/")[2] for link in found}
    page.close()


LOOK = """() => {
  const light = color => {
    const [r, g, b] = color.match(/[\\d.]+/g).map(Number).map(v => v / 255)
      .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = element => {
    for (let e = element; e; e = e.parentElement) {
      const color = getComputedStyle(e).backgroundColor;
      if (!color.endsWith(", 0)") && color !== "transparent") return color;
    }
    return "rgb(255, 255, 255)";
  };
  const words = [...document.querySelectorAll("body *")].filter(e => e.getClientRects().length
    && [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()));
  let contrast = 99, faintest = "";
  for (const e of words) {
    const [low, high] = [light(getComputedStyle(e).color), light(ground(e))].sort((a, b) => a - b);
    const ratio = (high + 0.05) / (low + 0.05);
    if (ratio < contrast) [contrast, faintest] = [ratio, e.outerHTML.slice(0, 80)];
  }
  const root = document.documentElement, overflow = root.scrollWidth - root.clientWidth;
  const over = overflow > 0 ? [...document.querySelectorAll("body *")]
    .find(e => e.getBoundingClientRect().right > root.clientWidth + 1) : null;
  return {contrast, faintest, overflow, widest: over ? over.outerHTML.slice(0, 80) : ""};
}"""
"""The least contrast of words, after WCAG 2.2, and what is wider than the screen."""
