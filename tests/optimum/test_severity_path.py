"""The best path for one P: against all of f at once, by certificate, plain and compiled alike."""

import math
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, strategies as st
from tiers import examples

import adlopt as adl
from adlopt.foundation import compiling
from adlopt.optimum.core.certificate import Trust
from adlopt.optimum.paths import severity_path
from adlopt.optimum.paths.comparator_curve import comparator_curve
from adlopt.optimum.paths.severity_path import best_severity_path, certify_path
from adlopt.optimum.paths.smoother import Smoother

shares = st.one_of(st.floats(1e-9, 1), st.sampled_from([0.0, 0.25, 0.5, 1.0]))
sizes = st.one_of(st.floats(1e-9, 1e7), st.sampled_from([0.0, 1.0, 2.0]))
instances = st.lists(st.tuples(sizes, shares), min_size=1, max_size=9).map(
    lambda pairs: tuple(map(list, zip(*pairs, strict=True)))
)


def wandering(rounds, seed=0):
    rng = np.random.default_rng(seed)
    return rng.lognormal(12, 2, rounds), np.abs(np.cumsum(rng.normal(0, 0.1, rounds))) % 1.0


@given(instances, st.floats(0, 3))
@examples(40)
def test_it_is_the_curve_at_that_variation(instance, variation):
    deficit, target = instance
    best = best_severity_path(deficit, target, variation)
    exact = comparator_curve(deficit, target).loss(variation)
    certificate = best.certificate
    assert certificate.trust is Trust.EXACT
    assert certificate.lower <= exact * (1 + 1e-15)
    assert best.loss >= exact * (1 - 1e-15)
    scale = sum(deficit)
    assert certificate.gap <= 1e-12 * scale
    path = [Fraction(u) for u in best.severities.tolist()]
    assert sum(abs(b - a) for a, b in pairwise(path)) <= Fraction(variation)
    assert all(0 <= u <= 1 for u in path)


@given(instances, st.lists(st.floats(-1e7, 1e7), min_size=8, max_size=8), shares)
@examples(40)
def test_no_flow_proves_too_much(instance, flow, variation):
    """Whatever flow is handed in, what it proves stays below the optimum."""
    deficit, target = (np.array(values) for values in instance)
    path = np.full(deficit.size, 0.5)
    whole = np.array([0.0, *flow[: deficit.size - 1], 0.0])
    for price in (0.0, 1.0, 1e7):
        proof = certify_path(deficit, target, variation, path, price, whole)
        assert proof.lower <= comparator_curve(deficit, target).loss(variation) * (1 + 1e-15)


@pytest.mark.parametrize("variation", [0.0, 0.3, 7.0, 60.0, 1e9])
def test_plain_and_compiled_find_the_same_path(variation, monkeypatch):
    deficit, target = wandering(1_500)
    monkeypatch.setattr(compiling, "LOADING", math.inf)
    plain = best_severity_path(deficit, target, variation)
    monkeypatch.setattr(compiling, "LOADING", 0.0)
    compiled = best_severity_path(deficit, target, variation)
    assert np.array_equal(plain.severities, compiled.severities)
    assert np.array_equal(plain.flow, compiled.flow)
    assert plain.certificate.optimal
    assert plain.certificate.trust is Trust.EXACT


@given(instances, st.lists(st.floats(-1e7, 1e7), min_size=8, max_size=8), shares)
def test_a_flow_proves_no_more_than_fractions_do(instance, flow, variation):
    deficit, target = (np.array(values) for values in instance)
    whole = np.array([0.0, *flow[: deficit.size - 1], 0.0])
    exact = [Fraction(w) for w in whole.tolist()]
    bound = -max(map(abs, exact)) * Fraction(variation)
    for before, after, d, s in zip(exact[:-1], exact[1:], deficit, target, strict=True):
        bound += Fraction(s) * (before - after) - max(abs(after - before) - Fraction(d), 0)
    proved = severity_path._bound(deficit, target, whole, 0.0, variation)
    assert proved <= bound
    assert float(bound - proved) <= 1e-14 * float(np.abs(whole).sum() + deficit.sum())


def test_long_episodes_are_proven():
    deficit, target = wandering(20_000)
    deficit[::7] = 0.0
    for share in (0.001, 0.1, 0.9):
        budget = share * float(np.abs(np.diff(target)).sum())
        best = best_severity_path(deficit, target, budget)
        assert best.certificate.optimal
        assert np.abs(np.diff(best.severities)).sum() <= budget * (1 + 1e-12)


def test_the_kernel_minimises_what_it_says():
    rng = np.random.default_rng(3)
    for _ in range(100):
        size, target = rng.integers(0, 4, 4).astype(float), rng.integers(0, 4, 4) / 4.0
        price = float(rng.integers(1, 5))
        path = Smoother.of(size, target).at(price).path
        grid = np.stack(np.meshgrid(*[np.arange(4) / 4.0] * 4), axis=-1).reshape(-1, 4)
        every = (size * np.abs(grid - target)).sum(1) + price * np.abs(np.diff(grid)).sum(1)
        found = (size * np.abs(path - target)).sum() + price * np.abs(np.diff(path)).sum()
        assert found == every.min()


def test_a_path_that_cheats_is_refused():
    deficit, target = np.array([2.0, 1.0]), np.array([0.0, 1.0])
    flow, half = np.zeros(3), np.full(2, 0.5)
    for path, budget, given_flow, words in (
        (np.array([0.0, 0.5]), 0.25, flow, "varies"),
        (np.array([-0.1, 0.0]), 1.0, flow, "leaves"),
        (half, 1.0, np.array([0.0, 1.0, 1.0]), "start and end"),
        (half, 1.0, np.array([0.0, np.nan, 0.0]), "finite"),
        (half[:1], 1.0, flow, "too short"),
    ):
        with pytest.raises(adl.CertificateError, match=words):
            certify_path(deficit, target, budget, path, 1.0, given_flow)


@pytest.mark.parametrize(
    ("deficit", "target", "variation"),
    [
        ([], [], 1.0),
        ([1.0], [1.5], 1.0),
        ([-1.0], [0.5], 1.0),
        ([1.0], [0.5, 0.5], 1.0),
        ([float("nan")], [0.5], 1.0),
        ([1.0], [0.5], -1.0),
        ([1.0], [0.5], float("inf")),
        ([1.0], [0.5], "much"),
    ],
)
def test_bad_input_is_refused(deficit, target, variation):
    with pytest.raises(adl.InputError):
        best_severity_path(deficit, target, variation)


def test_no_deficit_at_all():
    best = best_severity_path([0.0, 0.0], [0.0, 1.0], 0.0)
    assert (best.loss, best.certificate.lower) == (0.0, 0.0)


def test_an_ulp_less_than_no_loss_needs_is_still_proven():
    deficit, target = [6.316025095719721, 3.0, 4.0, 0.2], [0.5420239204198886, 1.0, 0.15, 0.0]
    needed = float(np.abs(np.diff(target)).sum())
    for variation in (needed, np.nextafter(needed, 0.0), np.nextafter(needed, 9.0), needed - 1e-12):
        best = best_severity_path(deficit, target, float(variation))
        assert best.certificate.optimal
        assert best.loss <= 1e-10
    assert not best_severity_path(deficit, target, 0.9 * needed).loss <= 1e-3
