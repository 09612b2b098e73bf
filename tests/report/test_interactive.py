"""The page of sliders, driven in a browser: what it shows is what Python computes."""

import re
import sys
from pathlib import Path
from shutil import which

import numpy as np
import pytest

import adlopt as adl
from adlopt.data.episodes import october_10, shock
from adlopt.errors import InputError
from adlopt.report.evidence import Evidence
from adlopt.report.interactive import interactive

HOSTILE = '</script><img src=x onerror="document.title=1"><!--<script>'


def test_without_altair_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "altair", None)
    with pytest.raises(InputError, match=r"pip install 'adlopt\[interactive\]'"):
        interactive(Evidence(episode=shock(rounds=2, winners=3)))


@pytest.mark.nightly("seconds of Vega")
def test_a_hostile_name_does_not_end_the_script():
    pytest.importorskip("altair")
    pytest.importorskip("vl_convert")
    episode = shock(rounds=2, winners=3)
    rule = adl.policy(lambda start: start.capacity * 0.0)
    named = type(episode)(name=HOSTILE, rounds=episode.rounds)
    html = interactive(Evidence(episode=named, policies=[rule]))
    body = html[html.rindex("<body") :]
    assert "<img" not in body
    assert body.count("</script>") == 1
    assert "default-src 'none'" in html.replace("&#x27;", "'")


@pytest.fixture(scope="module")
def browser():
    if sys.platform != "linux" or not which("chromium"):
        pytest.skip("chromium is not installed")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        yield driver.chromium.launch(executable_path=which("chromium"), args=["--no-sandbox"])


@pytest.fixture
def opened(browser, tmp_path):
    """Open the page of an episode; whatever the browser complains of fails the test."""
    said = []

    def at(episode, width=1280):
        path = tmp_path / "page.html"
        path.write_text(interactive(Evidence(episode=episode)), encoding="utf-8")
        page = browser.new_page(viewport={"width": width, "height": 1800})
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: said.append(request.url) if request.url != url else None)
        url = path.as_uri()
        page.goto(url)
        page.wait_for_selector("#vega-chart svg")
        return page

    yield at
    assert said == []


def slide(page, name, value):
    page.locator(f'input[name="{name}"]').evaluate(
        "(input, value) => { input.value = value; input.dispatchEvent(new Event('input')); }",
        str(value),
    )
    page.wait_for_timeout(200)


def texts(page):
    return page.locator("#vega-chart svg text").all_text_contents()


@pytest.mark.nightly("starts a browser")
@pytest.mark.parametrize("theta", [0.0, 0.25, 1.0])
def test_a_constant_loses_what_it_loses(opened, theta):
    episode = october_10()
    page = opened(episode)
    slide(page, "theta", theta)
    loss = sum(
        d * abs(theta - min(1.0, b / d))
        for d, b in zip(episode.deficit, episode.needed, strict=True)
    )
    assert f"constant θ: {loss / 1e6:,.4f}" in texts(page)


@pytest.mark.nightly("starts a browser")
def test_prices_price_every_rule(opened):
    episode = october_10()
    page = opened(episode)
    prices = {"under": 2.0, "over": 0.5, "weight": 1.5}
    for name, price in prices.items():
        slide(page, name, price)
    board = adl.play(episode)
    for policy in ("production queue", "integer pro-rata"):
        score = board[policy]
        apart = 2.0 * score.undershoot + 0.5 * score.overshoot + 1.5 * score.fairness_excess
        assert f"{apart / 1e6:,.2f}  {policy}" in texts(page)
    live = board["persistence+pro-rata"]
    usd = (2.0 * live.undershoot + 0.5 * live.overshoot) / 1e6
    assert f"{usd:,.2f}  persistence+pro-rata *" in texts(page)


@pytest.mark.nightly("starts a browser")
def test_bounds_change_with_the_path_variation_and_say_where_they_are_vacuous(opened):
    episode = october_10()
    page = opened(episode)
    squares = float((episode.deficit**2).sum())
    for budget, vacuous in ((0.0, ""), (3.0, ", VACUOUS"), (15.0, ", VACUOUS")):
        slide(page, "variation", budget)
        usd = np.sqrt((1 + 2 * budget) * squares) / 1e6
        assert f"{usd:,.2f}  Proposition 1{vacuous}" in texts(page)


@pytest.mark.nightly("starts a browser")
def test_a_rule_is_chosen_and_its_line_changes(opened):
    page = opened(october_10())
    line = page.locator("g.mark-line path").first
    before = line.get_attribute("d")
    page.select_option("select[name=rule]", "integer pro-rata")
    page.wait_for_timeout(300)
    assert line.get_attribute("d") != before


@pytest.mark.nightly("starts a browser")
def test_winners_that_are_drawn_over_are_summed_up(opened):
    episode = shock(rounds=6, winners=120, seed=7)
    page = opened(episode)
    dots = page.locator('#vega-chart path[aria-label*="share"]')
    places = dots.evaluate_all(
        "all => all.map(d => [d.getBoundingClientRect().x + d.getBoundingClientRect().width / 2,"
        " d.getBoundingClientRect().y, d.getAttribute('aria-label')])"
    )
    left, right = min(x for x, *_ in places), max(x for x, *_ in places)
    middle = (left + right) / 2
    low = max(y for _, y, _ in places)
    page.mouse.move(left - 3, low - 30)
    page.mouse.down()
    page.mouse.move(middle, low - 60, steps=5)
    page.mouse.up()
    page.wait_for_timeout(300)
    drawn = [label for x, _, label in places if left - 3 <= x <= middle]
    policy = "persistence+pro-rata"
    here = [label for label in drawn if re.search(rf"policy: {re.escape(policy)}$", label)]
    assert 0 < len(here) < len(places)
    profits, paid = {}, {}
    for round_, haircut in zip(episode, Evidence(episode=episode).haircuts[policy], strict=True):
        for name, profit, usd in zip(
            round_.start.account, round_.start.capacity, haircut, strict=True
        ):
            profits[name] = profits.get(name, 0.0) + profit
            paid[name] = paid.get(name, 0.0) + usd
    smallest = sorted(profits, key=profits.get)[: len(here)]
    usd = sum(paid[name] for name in smallest) / 1e3
    assert f"{usd:,.2f} of {len(here)} winners" in texts(page)


@pytest.mark.nightly("starts a browser")
@pytest.mark.parametrize("width", [360, 1280])
def test_it_is_as_wide_as_the_screen(opened, width):
    page = opened(shock(rounds=6, winners=40, seed=7), width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_verb_writes_it(tmp_path, run):
    pytest.importorskip("vl_convert")
    code, _, err = run("report", "october-10", "--interactive", "-o", str(tmp_path / "page.html"))
    assert code == 0, err
    assert "vegaEmbed" in Path(tmp_path / "page.html").read_text(encoding="utf-8")
