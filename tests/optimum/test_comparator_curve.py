"""f(P) for all P at once: against a linear program, by certificate, and on October 10."""

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise, product

import cvxpy
import numpy as np
import pytest
from hypothesis import given, strategies as st
from tiers import examples

import adlopt as adl
from adlopt.optimum.paths.comparator_curve import comparator_curve, lower_bound
from adlopt.scoring.hindsight import best_fixed_severity

shares = st.one_of(st.floats(1e-9, 1), st.sampled_from([0.0, 0.25, 0.5, 1.0]))
sizes = st.one_of(st.floats(1e-9, 1e7), st.sampled_from([0.0, 1.0, 2.0]))
instances = st.lists(st.tuples(sizes, shares), min_size=1, max_size=9).map(
    lambda pairs: tuple(map(list, zip(*pairs, strict=True)))
)


def least_by_program(deficit, target, variation):
    u = cvxpy.Variable(len(deficit))
    loss = cvxpy.sum(cvxpy.multiply(deficit, cvxpy.abs(u - np.array(target))))
    rules = [u >= 0, u <= 1]
    if len(deficit) > 1:
        rules.append(cvxpy.norm1(cvxpy.diff(u)) <= variation)
    return cvxpy.Problem(cvxpy.Minimize(loss), rules).solve(solver=cvxpy.HIGHS)


@pytest.mark.parametrize("seed", range(12))
def test_against_a_linear_program(seed):
    rng = np.random.default_rng(seed)
    rounds = int(rng.integers(1, 12))
    deficit = rng.choice([0.0, 1.0, 2.0, 5.0], rounds) * rng.choice([1.0, rng.random()], rounds)
    target = rng.choice([rng.random(rounds), np.round(4 * rng.random(rounds)) / 4])
    curve = comparator_curve(deficit, target)
    for variation in np.linspace(0, 1.1 * float(curve.vertices[-1].variation) + 0.1, 7):
        expected = least_by_program(deficit, target, variation)
        assert curve.loss(variation) == pytest.approx(expected, abs=1e-6)


def test_against_every_path_of_a_tiny_instance():
    deficit, target = (3, 1, 2, 2), (0, 4, 1, 3)
    paths = list(product(range(5), repeat=4))
    curve = comparator_curve(list(map(float, deficit)), [s / 4 for s in target])
    for budget in range(10):
        losses = [
            sum(d * abs(u - s) for d, u, s in zip(deficit, path, target, strict=True))
            for path in paths
            if sum(abs(b - a) for a, b in pairwise(path)) <= budget
        ]
        assert curve.loss(budget / 4) <= min(losses) / 4
        if Fraction(budget, 4) in [corner.variation for corner in curve.vertices]:
            assert curve.loss(budget / 4) == min(losses) / 4


@given(instances)
@examples(40)
def test_laws(instance):
    deficit, target = instance
    curve = comparator_curve(deficit, target)
    corners, edges = curve.vertices, curve.edges
    assert len(edges) == len(corners) - 1
    prices = [edge.price for edge in edges]
    assert all(a > b for a, b in pairwise([*prices, 0]))
    assert all(a.variation < b.variation for a, b in pairwise(corners))
    assert corners[0].variation == 0
    assert corners[-1].loss == 0
    for corner in corners:
        exact = [Fraction(s) for s in target]
        loss = sum(
            Fraction(d) * abs(u - s) for d, u, s in zip(deficit, corner.path, exact, strict=True)
        )
        assert loss == corner.loss
        assert sum(abs(b - a) for a, b in pairwise(corner.path)) == corner.variation
        assert set(corner.path) <= set(exact)
    for edge, (left, right) in zip(edges, pairwise(corners), strict=True):
        for end in (left, right):
            assert lower_bound(deficit, target, edge, end.variation) == end.loss


@given(instances, st.lists(shares, min_size=9, max_size=9))
@examples(40)
def test_no_path_lies_below(instance, path):
    deficit, target = instance
    exact = [Fraction(u) for u in path[: len(deficit)]]
    variation = sum((abs(b - a) for a, b in pairwise(exact)), Fraction(0))
    loss = sum(
        Fraction(d) * abs(u - Fraction(s)) for d, u, s in zip(deficit, exact, target, strict=True)
    )
    for edge in comparator_curve(deficit, target).edges:
        assert lower_bound(deficit, target, edge, variation) <= loss


@given(instances)
@examples(25)
def test_without_variation_it_is_the_best_constant(instance):
    deficit, target = instance
    rounds = [
        adl.Round.of(t=t, capacity=[1e8], deficit=d, needed=d * s)
        for t, (d, s) in enumerate(zip(deficit, target, strict=True), start=1)
    ]
    episode = adl.Episode(name="random", rounds=rounds)
    curve = comparator_curve(episode.deficit, episode.needed_severity)
    assert curve.loss(0.0) == pytest.approx(best_fixed_severity(episode).loss, rel=1e-12)


def test_october_10():
    episode = adl.episodes.october_10()
    curve = comparator_curve(episode.deficit, episode.needed_severity)
    assert len(curve.vertices) == 17
    table = {round(float(v.variation), 4): float(v.loss) / 1e6 for v in curve.vertices}
    assert round(table[0.0], 3) == 8.470
    assert round(table[0.459], 3) == 4.637
    assert round(table[1.2711], 4) == 0.0148
    assert table[7.0595] == 0.0


def test_a_wrong_certificate_is_refused():
    deficit, target = [2.0, 1.0], [0.0, 1.0]
    edge = comparator_curve(deficit, target).edges[0]
    zero, half = Fraction(0), Fraction(1, 2)
    for flow, words in (
        ((zero, half, half), "start and end"),
        ((zero, zero), "start and end"),
        ((zero, Fraction(3, 2), zero), "price"),
        ((zero, -2 * edge.price, zero), "price"),
    ):
        with pytest.raises(adl.CertificateError, match=words):
            lower_bound(deficit, target, replace(edge, flow=flow), zero)
    steep = replace(edge, price=Fraction(9), flow=(zero, Fraction(3), zero))
    with pytest.raises(adl.CertificateError, match="deficit"):
        lower_bound(deficit, target, steep, zero)


@pytest.mark.parametrize(
    ("deficit", "target"),
    [([], []), ([1.0], [1.5]), ([-1.0], [0.5]), ([1.0], [0.5, 0.5]), ([float("nan")], [0.5])],
)
def test_bad_input_is_refused(deficit, target):
    with pytest.raises(adl.InputError):
        comparator_curve(deficit, target)


def test_no_deficit_at_all():
    curve = comparator_curve([0.0, 0.0], [0.0, 1.0])
    assert [(v.variation, v.loss) for v in curve.vertices] == [(0, 0)]
    assert curve.loss(0.3) == 0.0
