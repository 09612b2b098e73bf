"""Figures: what was computed is drawn, nothing is cut off, colours can be told apart."""

import itertools
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy import stats
from tiers import by_day

import adlopt as adl
from adlopt import plots
from adlopt.bounds import PROPOSITION_1
from adlopt.model.who_pays import inversions, lorenz, rank_correlation
from adlopt.report.plots.by_account import steadiness
from adlopt.report.plots.by_policy import envelope, horizons
from adlopt.report.plots.style import DARK, LIGHT, compact

HOSTILE = (
    "</svg><script>alert(1)</script>",
    "_private $x^$ \\frac",
    "\x1b[31m\n" + "w" * 80,
    "猫&<",
)


def hostile_episode():
    """Known accounts, four recorded policies, and names that would break a page or a formula."""
    base = adl.episodes.shock(rounds=5, winners=12, seed=4)
    runs = [
        adl.Run(
            policy=name,
            information=adl.Information.RECORDED,
            haircut=base.needed * (1 + k),
            burden=[0.1 * k] * 5,
        )
        for k, name in enumerate(HOSTILE)
    ]
    return adl.Episode(
        name=HOSTILE[0], rounds=base.rounds, recorded=runs, reference=HOSTILE[1], source=HOSTILE[2]
    )


EPISODES = {
    "october-10": adl.episodes.october_10,
    "shock": lambda: adl.episodes.shock(rounds=4, winners=30, seed=3),
    "hostile": hostile_episode,
    "one round": lambda: adl.episodes.shock(rounds=1, winners=1, seed=1),
    "nothing": lambda: adl.Episode(
        name="nothing", rounds=[adl.Round.of(capacity=[0.0], deficit=0.0, needed=0.0)]
    ),
    "uncovered": lambda: adl.Episode(
        name="uncovered", rounds=[adl.Round.of(capacity=[1.0, 2.0], deficit=50.0, needed=40.0)]
    ),
}
EVIDENCE = {name: adl.Evidence(episode=made()) for name, made in EPISODES.items()}
DRAWN = [
    pair
    for name, figure in plots.FIGURES.items()
    for pair in by_day(1, [(e, name) for e in EVIDENCE if not figure.lacks(EVIDENCE[e])])
]


@pytest.mark.parametrize("drawn", DRAWN, ids="-".join)
def test_every_figure_is_drawn_whole(drawn):
    episode, name = drawn
    axes = plots.draw(name, EVIDENCE[episode])
    figure = axes.figure
    with plots.styled():
        figure.draw_without_rendering()
        drawn = figure.get_tightbbox()
    width, height = figure.get_size_inches()
    assert min(drawn.x0, drawn.y0) >= -0.02, "cut off to the left or below"
    assert drawn.x1 <= width + 0.02, "cut off to the right"
    assert drawn.y1 <= height + 0.02, "cut off above"
    assert axes.get_title(loc="left").replace("\n", " ") == plots.FIGURES[name].title
    assert axes.get_xlabel()
    assert axes.get_ylabel() or axes.texts
    assert axes.lines or axes.patches or axes.collections
    assert axes.get_legend() is not None


def test_each_figure_asks_one_question():
    titles = [figure.title for figure in plots.FIGURES.values()]
    assert len(set(titles)) == len(titles)
    assert all(title.endswith("?") and title.count("?") == 1 for title in titles)
    assert all(figure.caption for figure in plots.FIGURES.values())


def drawn_lines(name, episode="october-10"):
    axes = plots.draw(name, EVIDENCE[episode])
    return {line.get_label(): np.asarray(line.get_ydata(), float) for line in axes.lines}


def test_cumulative_figures_end_at_the_scores():
    board = EVIDENCE["october-10"].board
    for name in ("overshoot", "undershoot"):
        for policy, running in drawn_lines(name).items():
            assert running[-1] == pytest.approx(getattr(board[policy], name), abs=0.01)
            assert (np.diff(running) >= 0).all()


def test_the_regret_figure_ends_at_the_severity_loss():
    board = EVIDENCE["october-10"].board
    lines = drawn_lines("regret")
    for run in EVIDENCE["october-10"].shown:
        assert lines[run.policy][-1] == pytest.approx(board[run.policy].severity_loss, abs=0.01)


def test_budgets_are_what_was_raised():
    evidence = EVIDENCE["october-10"]
    lines = drawn_lines("budgets")
    for run in evidence.shown:
        assert lines[run.policy].tolist() == run.haircut.tolist()
    assert lines["needed, B"].tolist() == evidence.episode.needed.tolist()


def test_the_published_totals_are_drawn():
    axes = plots.draw("published", EVIDENCE["october-10"])
    widths = sorted(patch.get_width() for patch in axes.patches)
    assert widths[-1] == pytest.approx(53_782_490.53, abs=0.01)
    assert widths[-2] == pytest.approx(11_077_031.68, abs=0.01)


def test_markouts_give_the_published_range():
    lines = drawn_lines("markouts")
    net = next(y for label, y in lines.items() if label.endswith("net"))
    assert net.round(2).tolist() == [45_028_665.72, 51_673_606.61, 49_273_475.02]
    found = horizons(EVIDENCE["october-10"])
    assert {name: list(runs) for name, runs in found.items()} == {
        "production queue": [0, 500, 5000]
    }


def test_bounds_stand_where_they_are():
    evidence = EVIDENCE["october-10"]
    axes = plots.draw("bounds", evidence)
    usd = sorted(x for line in axes.lines[:3] for x in np.atleast_1d(line.get_xdata()))
    found = evidence.bounds.data()
    said = [bound.usd for bound in found.bounds if bound.loss == found.loss]
    wanted = [x for x in said if x is not None] + [found.minimax[-1].value_usd.lower]
    assert usd == sorted(wanted)


def test_the_papers_figures_have_counterparts():
    theirs = [number for figure in plots.FIGURES.values() for number in figure.paper]
    assert sorted(theirs) == list(range(3, 14))
    told = plots.__doc__
    for figure in plots.FIGURES.values():
        numbers = ", ".join(map(str, figure.paper))
        row = next((line for line in plots.listed().splitlines() if f" {figure.name} " in line), "")
        assert row.rstrip().endswith(numbers)
        assert not numbers or re.search(rf"^\| {numbers} \| `{figure.name}` \|", told, re.MULTILINE)


def test_the_objective_adds_up_to_the_published_totals_and_shares():
    evidence = EVIDENCE["october-10"]
    b_inst = PROPOSITION_1.value(evidence.episode)
    totals, shares = drawn_lines("objective"), drawn_lines("share")
    assert totals.pop("B_inst of the rounds so far")[-1] == pytest.approx(b_inst, rel=1e-12)
    assert totals["production queue"][-1] == pytest.approx(64_859_522.21, abs=0.01)
    assert totals["integer pro-rata"][-1] == pytest.approx(3_404_185.00, abs=0.01)
    for policy, running in totals.items():
        assert running[-1] == pytest.approx(evidence.board[policy].total(), abs=0.01)
        assert shares[policy][-1] == pytest.approx(100 * running[-1] / b_inst)
    assert shares["production queue"][-1].round(1) == 50.0


@pytest.mark.parametrize("t", range(1, 17))
def test_the_envelope_of_the_rounds_so_far_is_proposition_1_on_them(t):
    episode = EVIDENCE["october-10"].episode
    first = adl.Episode(name="first", rounds=episode.rounds[:t], pooled=True)
    assert envelope(episode)[t - 1] == pytest.approx(PROPOSITION_1.value(first), rel=1e-12)


def test_a_queue_is_more_unequal_than_pro_rata():
    lines = drawn_lines("lorenz", "shock")
    queue, even = (sum(lines[f"persistence+{rule}"]) for rule in ("queue", "pro-rata"))
    assert queue < even


def test_steadiness_of_three_winners():
    rounds = [adl.Round.of(t=t, capacity=[6, 3, 1], deficit=6, needed=6) for t in (1, 2)]
    episode = adl.Episode(name="two", rounds=rounds)
    queue, other, even = (np.array(x, float) for x in ([6, 0, 0], [0, 3, 1], [3.6, 1.8, 0.6]))
    assert steadiness(episode, [queue, queue]) == (0.5, 1.0)
    assert steadiness(episode, [queue, other]) == (0.25, -1.0)
    assert steadiness(episode, [even, even]) == (0.0, None)
    assert steadiness(episode, [0 * even, 0 * even]) == (None, None)


def test_what_lacks_data_says_so():
    with pytest.raises(adl.InputError, match=r"figure is 'lorenz'.*winners are pooled"):
        plots.draw("lorenz", EVIDENCE["october-10"])
    with pytest.raises(adl.InputError, match=r"figure is 'pie': .*that adlopt plot --list lists"):
        plots.draw("pie", EVIDENCE["october-10"])


def test_axes_of_ones_own_are_drawn_on():
    from matplotlib.figure import Figure

    axes = Figure().subplots()
    assert plots.draw("room", EVIDENCE["shock"], ax=axes, title=False) is axes
    assert axes.lines
    assert not axes.get_title(loc="left")


@pytest.mark.parametrize("name", ["budgets", "misses"])
def test_svg_keeps_text_as_text_and_repeats_bit_for_bit(name):
    first = plots.svg(name, EVIDENCE["hostile"])
    again = plots.svg(name, adl.Evidence(episode=hostile_episode()))
    assert first == again
    texts = [e.text for e in ET.fromstring(first).iter("{http://www.w3.org/2000/svg}text")]
    assert "</svg><script>alert(1)</script>" in texts
    assert " _private $x^$ \\frac" in texts
    assert "<script" not in first
    assert "DejaVu" not in first
    assert not re.search(r"<dc:date|20\d\d-\d\d-\d\d", first)


def test_the_picture_of_the_readme_is_what_its_command_draws():
    """Bit for bit with the same matplotlib; with another, the same texts and curves."""
    root = Path(__file__).parents[2]
    (command,) = re.findall(r"`adlopt plot (.*?)`\. The", (root / "README.md").read_text("utf-8"))
    episode, name, _, path = command.split()
    kept, drawn = ((root / path).read_text("utf-8"), plots.svg(name, EVIDENCE[episode]))
    if kept != drawn:
        assert texts_of(kept) == texts_of(drawn)
        for one, other in zip(curves_of(kept), curves_of(drawn), strict=True):
            assert one == pytest.approx(other, abs=4.0)


def texts_of(svg):
    return [e.text for e in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def curves_of(svg):
    """Numbers of each path of more than two points."""
    paths = [e.get("d") for e in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}path")]
    numbers = [[float(x) for x in re.findall(r"-?\d+\.?\d*", path)] for path in paths]
    return [each for each in numbers if len(each) > 20 and max(each) > 40]


def test_files_are_written_whole_or_not_at_all(tmp_path):
    evidence = EVIDENCE["shock"]
    svg, png = (plots.save("room", evidence, tmp_path / f"room.{kind}") for kind in ("svg", "png"))
    assert svg.read_text(encoding="utf-8").startswith("<?xml")
    assert png.read_bytes().startswith(b"\x89PNG")
    assert png.read_bytes() == plots.save("room", evidence, tmp_path / "b.png").read_bytes()
    for bad in ("room.gif", "room", "no/room.svg"):
        with pytest.raises(
            adl.InputError, match=r"an \.svg, \.pdf or \.png file in a folder that exists"
        ):
            plots.save("room", evidence, tmp_path / bad)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["b.png", "room.png", "room.svg"]


def test_evidence_is_of_an_episode():
    with pytest.raises(adl.InputError, match="episode is 'october-10': expected an Episode"):
        adl.Evidence(episode="october-10")
    with pytest.raises(adl.InputError, match="policies is 'ogd': expected a list"):
        adl.Evidence(episode=hostile_episode(), policies="ogd")


def test_chosen_policies_come_right_after_the_record():
    evidence = adl.Evidence(episode=adl.episodes.october_10(), policies=["ogd", "backoff"])
    assert [run.policy for run in evidence.shown][:3] == [
        "production queue", "ogd+pro-rata", "backoff+pro-rata"
    ]  # fmt: skip


# --- colours -------------------------------------------------------------------------------------

VISIONS = {  # Machado, Oliveira, Fernandes 2009, full severity, on linear RGB
    "normal": np.eye(3),
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
               [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
               [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
               [0.004733, 0.691367, 0.303900]],
}  # fmt: skip


def linear(color):
    c = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def contrast(one, other):
    low, high = sorted(float(linear(c) @ [0.2126, 0.7152, 0.0722]) for c in (one, other))
    return (high + 0.05) / (low + 0.05)


def lab(rgb):
    to_xyz = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    xyz = to_xyz @ np.clip(rgb, 0, 1) / [0.9505, 1.0, 1.089]
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("colors", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("vision", VISIONS)
def test_series_can_be_told_apart(colors, vision):
    seen = [lab(np.array(VISIONS[vision]) @ linear(c)) for r, c in colors.items() if "series" in r]
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)) > 30


@pytest.mark.parametrize("colors", [LIGHT, DARK], ids=["light", "dark"])
def test_colours_stand_out_from_the_paper(colors):
    assert colors.keys() == LIGHT.keys()
    assert all(contrast(colors[role], colors["paper"]) >= 4.5 for role in ("ink", "muted"))
    assert all(contrast(c, colors["paper"]) >= 3 for r, c in colors.items() if "series" in r)


@pytest.mark.parametrize(
    ("usd", "words"), [(0, "0"), (999, "999"), (1e3, "1k"), (-2.5e6, "−2.5M"), (1e12, "1tn")]
)
def test_dollars_on_an_axis(usd, words):
    assert compact(usd) == words


# --- inequality ----------------------------------------------------------------------------------

AMOUNTS = st.lists(st.integers(0, 50).map(float), min_size=1, max_size=8)


@given(AMOUNTS)
def test_lorenz_curves_are_convex_and_end_at_one(amounts):
    if not any(amounts):
        with pytest.raises(adl.InputError, match="at least one number > 0"):
            lorenz(amounts)
        return
    accounts, dollars = lorenz(amounts)
    n = len(amounts)
    wanted = [sum(sorted(amounts)[:k]) / sum(amounts) for k in range(n + 1)]
    assert dollars == pytest.approx(wanted)
    assert accounts == pytest.approx([k / n for k in range(n + 1)])
    assert (np.diff(dollars, 2) >= -1e-12).all()


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=7))
def test_inversions_are_counted_one_by_one(accounts):
    winners = sorted(((max(a, b), min(a, b)) for a, b in accounts), key=lambda w: -w[0])
    pairs = [(p, q) for p, q in itertools.pairwise(winners) if p[0] > q[0]]
    turned = sum(p[0] - p[1] < q[0] - q[1] for p, q in pairs)
    capacity, haircut = zip(*winners, strict=True)
    wanted = turned / len(pairs) if pairs else 0.0
    assert inversions(capacity, haircut) == wanted


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=2, max_size=9))
def test_rank_correlation_is_spearmans(pairs):
    first, second = (np.array(each, float) for each in zip(*pairs, strict=True))
    found = rank_correlation(first, second)
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        assert found is None
    else:
        assert found == pytest.approx(stats.spearmanr(first, second).statistic, abs=1e-12)


def test_the_order_of_a_page_does_not_depend_on_what_was_imported_first():
    code = "import adlopt.report.plots.{}; import adlopt as adl; print(*adl.plots.FIGURES)"
    orders = [
        subprocess.run(
            [sys.executable, "-c", code.format(first)], capture_output=True, text=True, check=True
        ).stdout.split()
        for first in ("by_account", "figure")
    ]
    assert orders[0] == orders[1] == list(adl.plots.FIGURES)
