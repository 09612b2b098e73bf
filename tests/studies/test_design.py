"""A parameter whose worst case is least: both ends, against enumeration and against play."""

import math
import os
import signal
from fractions import Fraction
from itertools import pairwise, product

import msgspec
import numpy as np
import pytest
from hypothesis import given, strategies as st
from tiers import by_day

import adlopt as adl
from adlopt.errors import InputError
from adlopt.policies.gradient import AdaGradOGD, ProjectedOGD
from adlopt.policies.severity import GatedPersistence
from adlopt.show.schema.boards import DesignData
from adlopt.studies.adversary.along_parameter import LedPath, Parted
from adlopt.studies.adversary.arena import Arena
from adlopt.studies.adversary.worst_case import replay
from adlopt.studies.adversary.written_worst import solve
from tests.house.tiers import examples

SPAN = (Fraction(1, 20), Fraction(2))
BOX = tuple(product(SPAN, (Fraction(0), Fraction(1))))
paths = st.lists(st.sampled_from([0.0, 0.25, 0.5, 0.8, 1.0]), min_size=4, max_size=4)


def along(rule, parameters, path):
    where = {"parameters": parameters, "arena": Arena.unit(len(path), len(path) - 1.0)}
    origin = (Fraction(1),) * len(parameters)
    return LedPath(rule=rule, path=np.array(path), origin=origin, **where)


def pieces(found, corners):
    try:
        return [(corners, found.on(corners))]
    except Parted as cut:
        return [piece for part in cut.parts() for piece in pieces(found, part)]


def hull(corners):
    """Edges, around the middle."""
    middle = [sum(axis) / len(corners) for axis in zip(*corners, strict=True)]
    turned = sorted(corners, key=lambda c: math.atan2(c[1] - middle[1], c[0] - middle[0]))
    return list(zip(turned, [*turned[1:], turned[0]], strict=True))


def area(corners):
    """Of the hull of points in the plane, by the shoelace formula."""
    return abs(sum(a[0] * b[1] - a[1] * b[0] for a, b in hull(corners))) / 2


@given(paths, st.fractions(*SPAN, max_denominator=997))
@examples(40)
def test_the_lines_are_what_play_costs_at_every_value(path, value):
    found = along(ProjectedOGD(step=0.5), ("step",), path)
    at = Fraction(float(value) + 1e-10)  # no float is where a sign changes
    cell = tuple((end,) for end in SPAN)
    lines = [line for ends, line in pieces(found, cell) if min(ends) < (at,) < max(ends)]
    (line,) = lines
    played = found.arena.play(ProjectedOGD(step=float(at)), np.array(path)).loss
    assert float(line.at((at,))) == pytest.approx(played, abs=1e-9)


def test_the_pieces_cover_the_range_from_end_to_end():
    found = along(ProjectedOGD(step=0.5), ("step",), [0.0, 1.0, 0.25, 0.5])
    cells = sorted(ends for ends, _ in pieces(found, tuple((end,) for end in SPAN)))
    spans = sorted(sorted(x for (x,) in ends) for ends in cells if len(ends) == 2)
    assert (spans[0][0], spans[-1][-1]) == SPAN
    assert all(one[1] == two[0] for one, two in pairwise(spans))
    assert sum(len(ends) == 1 for ends in cells) == len(spans) - 1


@given(paths, st.floats(0.06, 1.9), st.floats(0.01, 0.99))
@examples(20)
def test_lines_of_two_parameters_are_what_play_costs(path, step, first):
    found = along(ProjectedOGD(step=0.5), ("step", "first"), path)
    cells = [piece for piece in pieces(found, BOX) if len(piece[0]) > 2]
    assert sum(map(area, (corners for corners, _ in cells))) == area(BOX)
    at = Fraction(step + 1e-10), Fraction(first)
    around = [
        line
        for corners, line in cells
        if sum(area((*pair, at)) for pair in hull(corners)) == area(corners)
    ]
    played = found.arena.play(ProjectedOGD(step=float(at[0]), first=first), np.array(path)).loss
    assert min(abs(float(line.at(at)) - played) for line in around) <= 1e-9


@pytest.mark.parametrize(
    ("kind", "parameter", "make"),
    [
        ("ogd", "step", lambda s: ProjectedOGD(step=s)),
        ("adagrad-ogd", "c", lambda s: AdaGradOGD(c=s)),
    ],
)
def test_no_value_of_a_fine_grid_does_better_than_the_lower_end(kind, parameter, make):
    found = adl.design(kind, {parameter: (0.1, 1.5)}, rounds=4, variation=1.0)
    arena = Arena.unit(4, 1.0)
    best = min(solve(make(s), arena).upper for s in np.linspace(0.1, 1.5, 8).tolist())
    assert found.closed
    assert found.lower <= best + 1e-9
    assert found.lower <= found.upper <= found.lower * (1 + 2e-3)
    assert solve(make(found.chosen[parameter]), arena).upper <= found.upper * (1 + 1e-6)
    assert found.trust.value == ("exact" if kind == "ogd" else "verified")


def test_the_instance_costs_the_chosen_rule_what_is_said():
    found = adl.design("ogd", {"step": (0.05, 2.0)}, rounds=6, variation=2.0)
    assert replay(found.rule, found.instance) == found.loss <= found.upper
    assert found.loss == pytest.approx(found.lower, rel=2e-3)
    assert found.value.lower <= found.upper


def test_the_curve_is_nowhere_above_a_worst_case():
    found = adl.design("ogd", {"step": (0.1, 1.0)}, rounds=3, variation=1.0)
    frame = found.to_frame()
    for step, least in frame.sample(8, seed=1).iter_rows():
        assert least <= solve(ProjectedOGD(step=step), Arena.unit(3, 1.0)).upper + 1e-9
    assert frame["at_least_usd"].min() >= found.lower - 1e-9


def test_where_nothing_is_linear_a_grid_is_looked_at_and_only_reported():
    found = adl.design("backoff", {"decay": (0.25, 1.0)}, rounds=3, variation=1.0)
    assert found.trust.value == "reported"
    assert "only values of a grid" in str(found)
    assert found.lower <= found.upper


@pytest.mark.nightly("the tree closes the worst case of 16 rounds")
def test_october_10_has_its_best_step_at_the_small_end():
    found = adl.design("ogd", {"step": (1e-9, 1e-6)}, episode=adl.episodes.october_10(), gap=1e-7)
    assert found.closed
    assert found.chosen == {"step": 1e-9}
    assert found.lower == pytest.approx(50_545_618.51, abs=1)
    assert found.trust.value == "exact"
    assert len(str(found).splitlines()) <= 24


def test_data_follow_the_schema_and_html_has_the_curve():
    found = adl.design("ogd", {"step": (0.1, 1.0)}, rounds=3, variation=1.0)
    assert msgspec.convert(found.to_dict(), DesignData).chosen == found.chosen
    assert "at_least_usd" in found._repr_html_()


@pytest.mark.parametrize(
    ("policy", "over", "why"),
    [
        ("ogd", {"stepp": (0.1, 1.0)}, "step"),
        ("ogd", {"step": (1.0, 0.1)}, "smaller"),
        ("ogd", {"step": (0.1,)}, "two numbers"),
        ("ogd", {}, "one parameter"),
        ("ogd", {"step": (0.1, 1.0), "first": (0.0, 1.0), "third": (0.0, 1.0)}, "or two"),
        ("ogd", {"step": (-1.0, 1.0)}, "step"),
        (lambda start: 0.5, {"step": (0.1, 1.0)}, "policy"),
        ("ader", {"horizon": (1.0, 2.0)}, "policy"),
    ],
)
def test_what_cannot_be_designed_is_refused(policy, over, why):
    with pytest.raises(InputError, match=why):
        adl.design(policy, over, rounds=3, variation=1.0)


def test_a_gate_is_designed_too():
    found = adl.design(GatedPersistence(), {"first": (0.0, 1.0)}, rounds=4, variation=1.0)
    assert found.chosen["first"] == pytest.approx(0.5, abs=0.01)
    assert found.lower <= found.upper


def test_the_command_says_what_the_function_finds(run):
    words = ("design", "ogd", "--over", "step=0.1:1", "-T", "3", "-P", "1")
    code, out, err = run(*words, "--json")
    assert (code, err) == (0, "")
    assert msgspec.json.decode(out, type=DesignData).trust == "exact"
    code, out, _ = run(*words)
    assert code == 0
    assert "V(P)" in out
    code, _, err = run(*words[:3], "step=0.1", *words[4:])
    assert code == 2
    assert "PARAMETER=LOW:HIGH" in err
    again = (*words, "--minimise", "0.5", "--belief", "october-10", "--over", "first=0:1")
    told = msgspec.json.decode(run(*again, "--json")[1], type=DesignData)
    assert (told.expected, set(told.chosen)) == (0.5, {"step", "first"})
    assert run(*words, "--minimise", "least")[0] == 2


def test_no_pair_of_a_grid_does_better_than_the_lower_end():
    box = {"step": (0.1, 1.5), "first": (0.0, 1.0)}
    found = adl.design("ogd", box, rounds=3, variation=1.0)
    arena, grid = Arena.unit(3, 1.0), product(np.linspace(0.1, 1.5, 6), np.linspace(0.0, 1.0, 5))
    costs = [solve(ProjectedOGD(step=s, first=x), arena).upper for s, x in grid]
    assert found.closed
    assert found.trust.value == "exact"
    assert found.lower <= min(costs) + 1e-9
    assert replay(found.rule, found.instance) == found.loss
    assert found.upper <= found.lower * (1 + 2e-3)
    assert list(found.to_frame().columns) == ["step", "first", "at_least_usd"]


@pytest.mark.parametrize("expected", by_day(1, [0.5, 1.0]))
def test_a_mean_loss_is_least_of_all_that_are_played(expected):
    belief = [adl.episodes.shock(rounds=5, winners=3, seed=seed) for seed in (1, 2)]
    scale = 1 / belief[0].deficit.max()
    over = {"step": (scale / 1e3, scale), "first": (0.0, 1.0)}
    found = adl.design(
        "ogd", over, episode=belief[0], belief=belief, expected=expected, variation=1.0
    )
    arena = Arena.of(belief[0], 1.0)

    def objective(step, first):
        rule = ProjectedOGD(step=step, first=first)
        mean = sum(replay(rule, each) for each in belief) / 2
        worst = solve(rule, arena).upper if expected < 1 else 0.0
        return expected * mean + (1 - expected) * worst, mean

    grid = product(np.geomspace(*over["step"], 7), np.linspace(0.0, 1.0, 5))
    assert found.lower <= min(objective(*each)[0] for each in grid) * (1 + 1e-9)
    assert found.upper == pytest.approx(objective(**found.chosen)[0], rel=1e-5)
    assert found.mean == pytest.approx(objective(**found.chosen)[1], rel=1e-9)
    assert found.closed
    assert "mean loss on the belief" in str(found)


@pytest.mark.parametrize(
    ("given", "why"),
    [({"expected": 1.5}, "a share"), ({"expected": 0.5}, "an episode or more")],
)
def test_a_belief_that_is_none_is_named(given, why):
    with pytest.raises(InputError, match=why):
        adl.design("ogd", {"step": (0.1, 1.0)}, rounds=3, variation=1.0, **given)


def test_ctrl_c_returns_the_ends_so_far():
    said = []

    def stop(text):
        if not said:
            os.kill(os.getpid(), signal.SIGINT)
        said.append(text)

    box = {"step": (1e-9, 1e-6), "first": (0.0, 1.0)}
    found = adl.design("ogd", box, episode=adl.episodes.october_10(), progress=stop)
    assert "between" in said[0]
    assert not found.closed
    assert 0 <= found.lower < found.loss <= found.upper
    assert "have not met" in str(found)
