"""Severities that only compare, level by level: against enumeration, and the program."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, strategies as st
from tiers import examples

import adlopt as adl
from adlopt.policies import grammar
from adlopt.policies.severity_notation import OwnSeverity
from adlopt.studies.adversary.arena import Arena
from adlopt.studies.adversary.by_levels import by_levels
from adlopt.studies.adversary.worst import worst
from adlopt.studies.adversary.written_program import WrittenProgram
from adlopt.studies.adversary.written_worst import built

RULES = ("persistence", "gated-persistence", "follow-the-leader", "newsvendor:3:1:0.25")


def with_deficits(deficit):
    rounds = [
        adl.Round.of(t=t, capacity=[99.0], deficit=d, needed=0.0)
        for t, d in enumerate(deficit, start=1)
    ]
    return adl.Episode(name="given", rounds=rounds)


def found_by(name, arena, **more):
    chosen = {"any_first": False, "gap": 1e-9, "deadline": float("inf")} | more
    return by_levels(grammar.severity(name), arena, **chosen)


@pytest.mark.parametrize("name", RULES)
@examples(8)
@given(
    st.lists(st.floats(0.1, 9.0), min_size=2, max_size=4),
    st.floats(0.0, 1.0),
    st.sampled_from([(), ("needed <= 1.25",), ("moved <= 2",)]),
)
def test_no_path_of_a_grid_costs_more(name, deficit, spent, within):
    arena = Arena.of(with_deficits(deficit), spent * (len(deficit) - 1), within)
    upper, attack = found_by(name, arena)
    grid = map(np.array, product(np.linspace(0.0, 1.0, 5), repeat=len(deficit)))
    rule = grammar.severity(name)
    most = max(arena.play(rule, path).loss for path in grid if arena.keeps(path))
    assert most <= upper
    assert arena.keeps(attack.path)
    assert attack.loss == pytest.approx(upper, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("any_first", [False, True])
def test_the_program_finds_no_more(name, any_first):
    arena = Arena.of(with_deficits([3.0, 1.1, 2.3, 5.2, 1.7]), 2.3)
    upper, attack = found_by(name, arena, any_first=any_first)
    form = WrittenProgram.of(grammar.severity(name), arena, any_first=any_first)
    loosest, path = built(form)
    assert form.loss_at(-loosest.bound) * 5.2 == pytest.approx(upper, rel=1e-7)
    assert attack.loss >= path.loss * (1 - 1e-9)


@pytest.mark.parametrize(
    ("name", "any_first", "loss"),
    [
        ("follow-the-leader", False, 94_579_826.18),
        ("follow-the-leader", True, 100_042_679.76),
        ("follow-the-leader:0.3", False, 96_764_967.62),
        ("newsvendor", False, 94_600_533.11),
        ("gated-persistence", False, 84_310_230.44),
    ],
)
def test_october_10_is_closed_in_a_second(name, any_first, loss):
    case = worst(name, adl.episodes.october_10(), any_first=any_first, exact=True, gap=1e-6)
    assert case.outcome.value == "supremum"
    assert case.upper_by in ("level by level", "first round, start 0.5")
    assert case.loss == pytest.approx(loss, abs=0.01)
    assert case.upper <= case.loss * (1 + 1e-6)


@pytest.mark.parametrize("name", ["ogd:0.1", "running-ratio", "dollar-persistence", "constant:0.3"])
def test_what_does_more_than_compare_has_no_levels(name):
    assert found_by(name, Arena.unit(3, 1.0)) is None


@pytest.mark.parametrize(
    ("learns", "plays"),
    [
        ("target / 2", "last"),
        ("max(target, 0.5)", "last"),
        ("needed", "last"),
        ("target", "last**2"),
    ],
)
def test_a_rule_that_shifts_what_it_compares_has_none_either(learns, plays):
    rule = OwnSeverity(name="mine", remembers={"last": "0"}, plays=plays, learns={"last": learns})
    chosen = {"any_first": False, "gap": 1e-9, "deadline": float("inf")}
    assert by_levels(rule, Arena.unit(3, 1.0), **chosen) is None


def test_what_orders_three_rounds_is_solved_and_replayed():
    middle = OwnSeverity(
        name="middle",
        remembers={"a": "0", "b": "1"},
        plays="max(min(a, b), min(1, a))",
        learns={"b": "a", "a": "target"},
    )
    case = worst(middle, rounds=6, variation=2.5, gap=1e-9)
    assert case.outcome.value == "supremum"
    assert case.upper_by == "level by level"
