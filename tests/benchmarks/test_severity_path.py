"""The best severity path of a given variation, beside the linear program of the same problem."""

import numpy as np
import pytest

from adlopt.optimum.paths.comparator_curve import comparator_curve
from adlopt.optimum.paths.severity_path import best_severity_path
from adlopt.optimum.programs.highs import run
from adlopt.optimum.programs.program import Program


def instance(rounds):
    rng = np.random.default_rng(0)
    target = np.abs(np.cumsum(rng.normal(0, 0.1, rounds))) % 1.0
    return rng.lognormal(12, 2, rounds), target, 0.1 * float(np.abs(np.diff(target)).sum())


def program(deficit, target, variation):
    """Columns u, then |u − θ*|, then |u_t − u_{t−1}|; two rows for each, and their sum."""
    n = deficit.size
    steps = np.arange(n - 1)
    rows = [[(t, s), (n + t, 1.0)] for t in range(n) for s in (1.0, -1.0)]
    rows += [[(t + 1, s), (t, -s), (2 * n + t, 1.0)] for t in steps.tolist() for s in (1.0, -1.0)]
    rows.append([(2 * n + t, -1.0) for t in steps.tolist()])
    lower = [s * x for x in target for s in (1.0, -1.0)] + [0.0] * (2 * n - 2) + [-variation]
    flat = [entry for row in rows for entry in row]
    return Program(
        cost=np.concatenate([np.zeros(n), deficit / deficit.max(), np.zeros(n - 1)]),
        lower=np.zeros(3 * n - 1),
        upper=np.concatenate([np.ones(n), np.full(2 * n - 1, np.inf)]),
        row_lower=np.array(lower),
        row_upper=np.full(len(lower), np.inf),
        start=np.cumsum([0, *map(len, rows)]),
        column=np.array([column for column, _ in flat]),
        coefficient=np.array([value for _, value in flat]),
    )


@pytest.mark.parametrize("rounds", [1_000, 10_000, 100_000])
def test_path(measure, rounds):
    deficit, target, variation = instance(rounds)
    peers = {}
    if rounds == 1_000:
        stated = program(deficit, target, variation)
        peers["HiGHS, presolved"] = lambda: run(stated, presolve=True)
    best = measure(
        lambda: best_severity_path(deficit, target, variation),
        problem="best severity path",
        n=rounds,
        peers=peers,
        size=f"{rounds:,} rounds",
    )
    assert best.certificate.optimal
    if rounds == 1_000:
        answer = run(stated, presolve=True)
        assert answer.bound * deficit.max() == pytest.approx(best.loss, rel=1e-6)


@pytest.mark.parametrize("rounds", [16, 100, 400])
def test_all_variations_at_once(measure, rounds):
    deficit, target, variation = instance(rounds)
    seeds = iter(range(1, 1_000))

    def curve():
        # Other numbers each time: curves are kept.
        return comparator_curve(deficit * (1 + 1e-9 * next(seeds)), target)

    found = measure(
        curve,
        problem="best severity paths for all P at once, exact",
        n=rounds,
        size=f"{rounds:,} rounds",
        rounds=3,
    )
    assert len(found.edges) >= rounds // 2
    best = best_severity_path(deficit, target, variation)
    assert found.loss(variation) == pytest.approx(best.loss, rel=1e-6)
