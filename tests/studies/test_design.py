"""A parameter whose worst case is least: both ends, against enumeration and against play."""

from fractions import Fraction
from itertools import pairwise

import msgspec
import numpy as np
import pytest
from hypothesis import given, strategies as st

import adlopt as adl
from adlopt.errors import InputError
from adlopt.policies.gradient import AdaGradOGD, ProjectedOGD
from adlopt.policies.severity import GatedPersistence
from adlopt.show.schema.boards import DesignData
from adlopt.studies.adversary.along_parameter import LedPath
from adlopt.studies.adversary.arena import Arena
from adlopt.studies.adversary.worst_case import replay
from adlopt.studies.adversary.written_worst import solve
from tests.house.tiers import examples

SPAN = (Fraction(1, 20), Fraction(2))
paths = st.lists(st.sampled_from([0.0, 0.25, 0.5, 0.8, 1.0]), min_size=4, max_size=4)


def along(rule, parameter, path):
    where = {"parameter": parameter, "arena": Arena.unit(len(path), len(path) - 1.0)}
    return LedPath(rule=rule, path=np.array(path), origin=Fraction(1), **where)


@given(paths, st.fractions(*SPAN, max_denominator=997))
@examples(40)
def test_the_lines_are_what_play_costs_at_every_value(path, value):
    found = along(ProjectedOGD(step=0.5), "step", path)
    at = Fraction(float(value) + 1e-10)  # no float is where a sign changes
    lines = [one for one in found.pieces(SPAN) if one.within[0] < at < one.within[1]]
    (line,) = lines
    played = found.arena.play(ProjectedOGD(step=float(at)), np.array(path)).loss
    assert float(line.at(at)) == pytest.approx(played, abs=1e-9)


def test_the_pieces_cover_the_range_from_end_to_end():
    found = list(along(ProjectedOGD(step=0.5), "step", [0.0, 1.0, 0.25, 0.5]).pieces(SPAN))
    ends = [end for one in found for end in one.within]
    assert (ends[0], ends[-1]) == SPAN
    assert all(one.within[1] == two.within[0] for one, two in pairwise(found))


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
    assert solve(make(found.chosen), arena).upper <= found.upper * (1 + 1e-6)
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
    found = adl.design("ogd", {"step": (1e-9, 1e-6)}, episode=adl.episodes.october_10())
    assert found.closed
    assert found.chosen == 1e-9
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
    assert found.chosen == pytest.approx(0.5, abs=0.3)
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
