"""Limits of paths: what is read, what is refused, and worst cases by enumeration."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, strategies as st
from tiers import by_day, examples

import adlopt as adl
from adlopt.policies.gradient import ProjectedOGD
from adlopt.policies.severity import Constant, Persistence
from adlopt.studies.adversary.arena import Arena
from adlopt.studies.adversary.path_limit import PathLimit
from adlopt.studies.adversary.worst import worst
from adlopt.studies.adversary.worst_case import Outcome, replay

DEFICIT = (0.5, 1.0, 0.75, 1.0)
LIMITS = [
    ("moved <= 1.25",),
    ("needed <= 1.5", "target2 >= 0.25"),
    ("variation <= 1", "needed >= 1.5"),
    ("moved + needed <= 2",),
    ("target1 <= target4", "2 * target3 - target2 / 2 <= 0.5"),
]


def made(deficit):
    """Every other round needs a quarter of its deficit."""
    rounds = [
        adl.Round.of(t=t, capacity=[9.0], deficit=d, needed=d / 4 * (t % 2))
        for t, d in enumerate(deficit, start=1)
    ]
    return adl.Episode(name="made", rounds=rounds)


@pytest.fixture(scope="module")
def episode():
    return made(DEFICIT)


def allowed(path, limits):
    """By hand, in no notation of ours."""
    moves, deficit = np.abs(np.diff(path)), np.array(DEFICIT)
    names = {"variation": moves.sum(), "moved": deficit[1:] @ moves, "needed": deficit @ path}
    names |= {f"target{t}": value for t, value in enumerate(path, start=1)}
    within = [text.replace("<= ", "<= 1e-12 + ").replace(">= ", ">= -1e-12 + ") for text in limits]
    return all(eval(text, {}, names) for text in within)


@pytest.mark.parametrize("limits", by_day(2, LIMITS))
@pytest.mark.parametrize("rule", [Persistence(), ProjectedOGD(step=0.5), Constant(0.25)])
def test_no_path_of_a_grid_costs_more_and_the_worst_keeps_its_limits(episode, limits, rule):
    case = worst(rule, episode, variation=3.0, within=limits)
    arena = Arena.of(episode, 3.0)
    grid = map(np.array, product(np.linspace(0.0, 1.0, 9), repeat=4))
    most = max(arena.play(rule, path).loss for path in grid if allowed(path, limits))
    assert most <= case.upper * (1 + 1e-9)
    assert case.loss >= most * (1 - 1e-6) or case.outcome is Outcome.BETWEEN
    assert allowed(case.instance.needed_severity, limits)
    assert replay(rule, case.instance) == case.loss


@examples(30)
@given(st.lists(st.floats(0.1, 9.0), min_size=2, max_size=5), st.floats(0.0, 1.0))
def test_what_is_known_in_closed_form_is_found(deficit, share):
    over = {"episode": made(deficit), "variation": len(deficit) - 1.0}
    most = share * sum(deficit)
    idle = worst("do-nothing", **over, within=[f"needed <= {most!r}"])
    assert idle.loss == pytest.approx(most, abs=1e-6)
    all_ = worst("constant:1", **over, within=[f"needed >= {most!r}"])
    assert all_.loss == pytest.approx(sum(deficit) - most, abs=1e-6)
    moved = share * sum(deficit[1:])
    last = worst("persistence", **over, within=[f"moved <= {moved!r}"])
    assert last.upper == pytest.approx(deficit[0] / 2 + moved, rel=1e-6)


def test_a_sum_alone_is_what_it_is_in_the_episode(episode):
    own = episode.needed_severity
    case = worst("persistence", episode, variation=3.0, within=["moved", "needed"])
    moved, needed = case.limits
    assert moved.most == pytest.approx(np.array(DEFICIT[1:]) @ np.abs(np.diff(own)))
    assert needed.most == pytest.approx(episode.needed.sum())
    assert "moved <= " in str(case)
    assert case.to_dict()["limits"][0]["spare"] >= -1e-9


def test_a_search_keeps_to_them_too(episode):
    case = worst("ader", episode, variation=3.0, within=["needed <= 0.5", "target3 >= 0.25"])
    assert case.outcome is Outcome.FOUND
    assert case.loss >= 0.5
    assert allowed(case.instance.needed_severity, ("needed <= 0.5", "target3 >= 0.25"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("moved >= 3", "no least variation"),
        ("needed - variation <= 3", "no least variation"),
        ("target5 <= 1", "target5"),
        ("abs(target1) <= 1", "sums of known multiples"),
        ("target1 if target2 else 3 <= 1", "sums of known multiples"),
        ("target1 ** 2 <= 1", "sums of known multiples"),
        ("target1 * target2 <= 1", "known multiples"),
        ("needed <= -1", "limits that some path keeps"),
        ("target1 = 2", "sums of known multiples"),
        ("0 <= target1 <= 2", "sums of known multiples"),
        ("moved", "where no episode is given"),
        ("__import__ <= 1", "__import__"),
    ],
)
def test_what_is_no_limit_is_named(text, said):
    with pytest.raises(adl.InputError, match=said):
        worst("persistence", rounds=4, variation=1.0, within=[text])


def test_a_path_is_shrunk_until_it_keeps_all():
    limits = tuple(PathLimit.read(text, np.ones(3)) for text in ("needed <= 1", "target1 >= 0.2"))
    arena = Arena(starts=Arena.unit(3, 1.0).starts, variation=1.0, title="", limits=limits)
    for path in product((0.0, 0.5, 1.0), repeat=3):
        assert arena.keeps(arena.held(np.array(path)))


def test_the_command_takes_limits(run):
    words = ("worst", "persistence", "-T", "4", "-P", "3")
    code, out, _ = run(*words, "--within", "moved <= 1.5", "--within", "target1 >= 0.5")
    assert code == 0
    assert "moved <= 1.5, to spare" in out
    assert run("worst", "minimax", *words[2:], "--within", "moved <= 1")[0] == 2
