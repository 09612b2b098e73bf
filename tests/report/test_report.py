"""The report: one page that carries everything, shows hostile names as text, and fits a phone."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
import pytest

import adlopt as adl
from adlopt import plots
from adlopt.proof.library import Verdicts
from adlopt.report.page import LINKS, stylesheet
from adlopt.report.plots.style import DARK, LIGHT, WIDTH
from adlopt.report.provenance import digest
from adlopt.report.write import report
from adlopt.show.schema.proofs import ProofData

HOSTILE = (
    '"><img src=x onerror=alert(1)>',
    "</title></svg><script>alert(2)</script>",
    "&amp;\x00\n",
)
VOID = {"meta", "link", "br", "img", "hr", "input"}


class Page(HTMLParser):
    """Elements of a page: tags with attributes, in order, and its words; tags must match."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.words, self.open = [], [], []
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        assert len({name for name, _ in attrs}) == len(attrs), "an attribute given twice"
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.words.append(data)

    def all(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


def hostile_episode():
    runs = [
        adl.Run(
            policy=name,
            information=adl.Information.RECORDED,
            haircut=[5.0 + k, 1.0],
            burden=[0.1, 0.2],
        )
        for k, name in enumerate(HOSTILE)
    ]
    rounds = [
        adl.Round.of(t=t, account=HOSTILE, capacity=[90, 60, 30], deficit=90, needed=60)
        for t in (1, 2)
    ]
    return adl.Episode(
        name=HOSTILE[1], source=HOSTILE[0], rounds=rounds, recorded=runs, reference=HOSTILE[0]
    )


EVIDENCE = {
    "october-10": adl.Evidence(episode=adl.episodes.october_10()),
    "hostile": adl.Evidence(episode=hostile_episode()),
    "accounts": adl.Evidence(episode=adl.episodes.shock(rounds=3, winners=20, seed=2)),
}
PROOFS = Verdicts((ProofData(file="mine", item="Item 1", verdict="PROVED"),))


@pytest.fixture(scope="module", params=EVIDENCE)
def made(request):
    """Name, evidence, HTML and parsed page."""
    evidence = EVIDENCE[request.param]
    html = report(evidence, proofs=PROOFS)
    return request.param, evidence, html, Page(html)


@pytest.fixture(scope="module")
def of_october():
    """The page of October 10, whose proofs were not checked."""
    return report(EVIDENCE["october-10"])


def test_nothing_is_fetched_and_nothing_runs(made):
    _, _, html, page = made
    assert html.startswith("<!doctype html>\n")
    assert "://" not in html.replace("&quot;", "")
    assert {name for name, _ in page.tags} & {"script", "img", "iframe", "object", "form"} == set()
    assert [link["href"] for link in page.all("link")] == ["data:,"]
    (policy,) = (m["content"] for m in page.all("meta") if "http-equiv" in m)
    assert policy.startswith("default-src 'none';")
    for tag, attrs in page.tags:
        assert not any(name.startswith("on") for name in attrs), tag
        for name in ("src", "href", "action"):
            assert tag == "link" or attrs.get(name, "#").startswith("#"), (tag, attrs)
    assert "@import" not in html
    assert not re.search(r"url\((?!#)", html)


def test_ids_are_unique_and_whatever_is_pointed_at_is_there(made):
    _, _, html, page = made
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    wanted = re.findall(r"url\(#([^)]*)\)", html)
    wanted += [attrs["href"][1:] for tag, attrs in page.tags if tag in ("a", "use")]
    wanted += [attrs["aria-labelledby"] for _, attrs in page.tags if "aria-labelledby" in attrs]
    assert wanted
    assert set(wanted) <= set(ids)


def test_every_figure_is_there_or_says_why_not(made):
    name, evidence, _, page = made
    drawn = [n for n, figure in plots.FIGURES.items() if not figure.lacks(evidence)]
    shown = [attrs["id"] for attrs in page.all("figure")]
    assert sorted(shown) == sorted(f"figure-{n}" for n in drawn)
    assert len(page.all("svg")) == len(drawn)
    words = "".join(page.words)
    for n, figure in plots.FIGURES.items():
        assert figure.title in words
        assert n in drawn or figure.lacks(evidence) in words
    if name == "october-10":
        assert len(drawn) == 18


def test_four_cards_say_what_happened_and_how_sure_that_is(made):
    name, evidence, html, _ = made
    head = html[html.index('<div class="cards">') : html.index("</header>")]
    asked = re.findall(r"<h2>(.*?)</h2><strong>(.*?)</strong>", head)
    assert [question.split()[0] for question, _ in asked] == ["What", "What", "What", "How"]
    assert asked[3] == ("How sure are we?", "1 of 1 proof")
    if name == "october-10":
        assert [figure for _, figure in asked[:3]] == [
            "$53.78M missed", "$15.08M raised", "$50.03M at most"
        ]  # fmt: skip
        trivial, half = float(evidence.episode.deficit.sum()), evidence.episode.deficit.sum() / 2
        assert f"${half:,.2f}" in head
        assert half < trivial


def test_figures_come_first_and_tables_are_folded_but_for_who_missed_how_much(made):
    _, evidence, html, page = made
    folded = len(page.all("details"))
    assert folded == len(page.all("table")) - 1 == len(page.all("summary"))
    for part in re.findall(r"<section.*?</section>", html, re.DOTALL):
        if "<figure" in part and "<table" in part:
            assert part.index("<figure") < part.index("<table")
    first = html[html.index("<table") : html.index("</table")]
    for score in evidence.board.scores:
        assert f"{score.tracking:,.0f}" in first
    assert first.count("round start") == sum(
        score.information is adl.Information.ROUND_START for score in evidence.board.scores
    )
    assert "details::details-content { content-visibility: visible" in html, "open on paper"


def test_it_can_be_read_aloud_and_by_keyboard(made):
    _, _, html, page = made
    assert page.all("html") == [{"lang": "en"}]
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b <= a + 1 for a, b in pairwise(levels))
    assert all(svg["role"] == "img" for svg in page.all("svg"))
    scrolled = [attrs for _, attrs in page.tags if attrs.get("class") == "scroll"]
    assert len(scrolled) == len(page.all("table"))
    assert all(s["tabindex"] == "0" and s["aria-label"] for s in scrolled)
    assert ":focus-visible" in html
    assert page.all("a")[0]["href"] == "#main"


def test_colours_of_figures_are_those_of_the_page(made):
    _, _, html, page = made
    body = html[html.index("<body>") :]
    assert not re.search(r"#[0-9a-f]{6}\b", body)
    used = set(re.findall(r"var\(--([a-z0-9-]+)\)", html))
    for colors, link in ((LIGHT, LINKS["light"]), (DARK, LINKS["dark"])):
        assert used <= {*colors, "link"}
        assert contrast(link, colors["paper"]) >= 4.5
    assert html.count("prefers-color-scheme: dark") == 1
    assert "@media print" in html
    assert "@media screen and (prefers-color-scheme: dark)" in html, "paper stays white"
    assert page.all("svg")


def test_words_stand_out_and_nothing_is_wider_than_a_phone():
    css = stylesheet()
    for role in set(re.findall(r"[\s{;]color: var\(--([\w-]+)\)", css)):
        for colors, link in ((LIGHT, LINKS["light"]), (DARK, LINKS["dark"])):
            assert contrast({**colors, "link": link}[role], colors["paper"]) >= 4.5, role
    assert re.search(r"\.scroll \{[^}]*max-width: 100%; overflow-x: auto", css)
    assert re.search(r"^svg \{[^}]*width: 100%; height: auto", css, re.MULTILINE)
    for least in re.findall(r"min-width: ([^;]+);", css):
        assert least.startswith(("0", "min(")) or float(least.removesuffix("rem")) * 16 <= 328


def test_the_keyboard_meets_things_in_the_order_of_the_page(made):
    _, _, _, page = made
    stops = [(tag, attrs["tabindex"]) for tag, attrs in page.tags if "tabindex" in attrs]
    assert {("main", "-1"), ("div", "0")} == set(stops)
    links = [attrs["href"] for attrs in page.all("a")]
    sections = [f"#{attrs['aria-labelledby']}" for attrs in page.all("section")]
    assert links == ["#main", *sections]


def test_every_figure_is_named_by_its_heading(made):
    _, _, _, page = made
    headings = {attrs["id"] for attrs in page.all("h3")}
    named = [svg["aria-labelledby"] for svg in page.all("svg")]
    assert len(set(named)) == len(named)
    assert set(named) <= headings


def test_text_of_figures_can_be_read_on_a_phone(made):
    _, _, html, page = made
    sizes = [float(x) for x in re.findall(r"font-size: ([\d.]+)px", html[html.index("<body>") :])]
    phone = (360 - 32) / (72 * WIDTH)
    assert min(sizes) * phone >= 8
    for svg in page.all("svg"):
        assert svg["viewbox"].split()[2] == f"{72 * WIDTH:g}"
        assert "width" not in svg


@pytest.mark.parametrize("made", ["hostile"], indirect=True)
def test_hostile_names_are_words(made):
    _, _, html, page = made
    words = "".join(page.words)
    assert HOSTILE[0] in words
    assert HOSTILE[1] in words
    assert "&amp;\N{REPLACEMENT CHARACTER}" in words
    assert "\x00" not in html
    assert "<script" not in html
    assert "<img" not in html


@pytest.mark.nightly("two processes draw a report")
def test_equal_input_gives_equal_bytes():
    code = (
        "import hashlib, adlopt as adl; from adlopt.report.write import report;"
        "e = adl.episodes.shock(rounds=2, winners=5, seed=1);"
        "print(hashlib.sha256(report(adl.Evidence(episode=e)).encode()).hexdigest())"
    )
    seed = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"
    elsewhere = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
    ).stdout  # fmt: skip
    page = report(adl.Evidence(episode=adl.episodes.shock(rounds=2, winners=5, seed=1)))
    assert elsewhere == hashlib.sha256(page.encode()).hexdigest() + "\n"


def test_the_head_states_the_published_figures(of_october):
    html = of_october
    for words in ("$100,063,386.69", "$49,405,578.12 too much", "$4,376,912.41", "$85,047,303.56"):
        assert words in html
    assert "64,859,522.21" in html
    assert "The proofs were not checked for this report" in html
    assert "PROVED" in report(EVIDENCE["accounts"], proofs=PROOFS)


def test_the_digest_changes_with_every_number():
    base = adl.episodes.shock(rounds=2, winners=3, seed=0)
    digests = {digest(base)}
    for change in range(3):
        rounds = list(base.rounds)
        start = rounds[1].start
        capacity = start.capacity.copy()
        capacity[change] = np.nextafter(capacity[change], 0)
        rounds[1] = adl.Round(
            start=adl.RoundStart(
                account=start.account, capacity=capacity, deficit=start.deficit, t=2,
                equity=start.equity, estimate=start.estimate, features=start.features,
            ),
            outcome=rounds[1].outcome,
        )  # fmt: skip
        digests.add(digest(adl.Episode(name=base.name, source=base.source, rounds=rounds)))
    assert len(digests) == 4


# --- command line --------------------------------------------------------------------------------


def test_a_report_and_a_figure_are_written(run, tmp_path):
    adl.write_episode(adl.episodes.shock(rounds=2, winners=4, seed=0), tmp_path / "e.json")
    assert run("report", "e.json", "--skip-proofs") == (0, "wrote report.html\n", "")
    assert (tmp_path / "report.html").read_text(encoding="utf-8").endswith("</html>\n")
    assert run("plot", "e.json", "lorenz", "-p", "persistence+queue") == (
        0,
        "wrote lorenz.svg\n",
        "",
    )
    assert run("plot", "e.json", "room", "-o", "room.png") == (0, "wrote room.png\n", "")
    code, out, _ = run("plot", "--list")
    assert code == 0
    assert all(name in out for name in plots.FIGURES)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["report", "october-10", "-o", "report.pdf"], "an .html file in a folder"),
        (["report", "october-10", "-o", "no/report.html"], "an .html file in a folder"),
        (["report", "october-11", "--skip-proofs"], "october-10, or a .toml"),
        (["plot", "october-10"], "figure is None: .*--list names the figures"),
        (["plot"], "episode is None"),
        (
            ["plot", "october-10", "pie"],
            "figure is 'pie': expected one of .* that adlopt plot --list lists",
        ),
        (["plot", "october-10", "lorenz"], "winners are pooled"),
        (["plot", "october-10", "room", "-o", "room.gif"], "an .svg, .pdf or .png file"),
        (["plot", "october-10", "budgets", "-p", "frob"], "frob"),
    ],
)
def test_bad_input_is_one_message(run, tmp_path, words, message):
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert re.search(message, err), err
    assert err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


# --- in a browser --------------------------------------------------------------------------------

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
HARNESS = """<!doctype html><title>measure</title><iframe id="f" src="report.html"></iframe>
<pre id="found"></pre><script>
const f = document.getElementById("f"); f.style = "border:0;height:3000px;width:" + WIDE + "px";
f.onload = () => {
  const d = f.contentDocument, w = f.contentWindow;
  const boxes = [...d.querySelectorAll("svg")].map(s => s.getBoundingClientRect());
  const text = [...d.querySelectorAll("p, li, th, td, h1, h2, h3, caption, a")];
  document.getElementById("found").textContent = JSON.stringify({
    overflow: d.documentElement.scrollWidth - d.documentElement.clientWidth,
    drawn: boxes.filter(b => b.width > 100 && b.height > 100).length,
    outside: boxes.filter(b => b.left < 0 || b.right > WIDE).length,
    colors: [...new Set(text.map(e => w.getComputedStyle(e).color))],
    paper: w.getComputedStyle(d.body).backgroundColor,
  });
};
</script>"""


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_a_browser_shows_it_whole(tmp_path, of_october, width, scheme):
    html = of_october
    (tmp_path / "report.html").write_text(html, encoding="utf-8")
    (tmp_path / "measure.html").write_text(HARNESS.replace("WIDE", str(width)))
    done = subprocess.run(
        [
            str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr",
            "--allow-file-access-from-files", "--virtual-time-budget=10000",
            f"--user-data-dir={tmp_path / 'profile'}", f"--window-size={width + 100},3100",
            *(["--blink-settings=preferredColorScheme=0"] if scheme == "dark" else []),
            "--dump-dom", (tmp_path / "measure.html").as_uri(),
        ],
        capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    assert "CONSOLE" not in done.stderr
    found = json.loads(re.search(r'<pre id="found">(.*?)</pre>', done.stdout, re.DOTALL)[1])
    assert found["overflow"] <= 0
    assert (found["drawn"], found["outside"]) == (html.count("<svg"), 0)
    paper = hexed(found["paper"])
    assert paper == (DARK if scheme == "dark" else LIGHT)["paper"]
    assert all(contrast(hexed(color), paper) >= 4.5 for color in found["colors"])


def hexed(rgb):
    return "#" + "".join(f"{int(part):02x}" for part in re.findall(r"\d+", rgb)[:3])


def contrast(one, other):
    """WCAG 2.2, relative luminance."""
    low, high = sorted(luminance(color) for color in (one, other))
    return (high + 0.05) / (low + 0.05)


def luminance(color):
    parts = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4) @ [
        0.2126,
        0.7152,
        0.0722,
    ]
