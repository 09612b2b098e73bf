"""Compiled code is loaded when it pays, and changes nothing but the time."""

import json
import math
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from adlopt.foundation import compiling
from adlopt.foundation.compiling import pays
from adlopt.optimum.lots.filler import SEARCH, Filler
from adlopt.optimum.lots.lot_grid import LotGrid

SOLVES = """
import json, sys
import numpy as np
import adlopt as adl

rng = np.random.default_rng(0)
n, m = 900, 1_500
owner = np.r_[np.arange(n), rng.integers(0, n, m - n)]
value, size = np.round(rng.lognormal(0, 1.5, m), 6) + 1e-6, np.ceil(rng.lognormal(4, 2, m))
contracts = adl.ContractRound.of(
    account=[f"a{i}" for i in owner], coin=[f"c{j}" for j in range(m)], side=["long"] * m,
    size=size, value=value, deficit=1, needed=float(np.round((size * value).sum() * 0.02, 6)))
capacity, lot = np.round(rng.lognormal(5, 2, 3_000), 6), np.round(rng.uniform(0.5, 9, 3_000), 2)
dollars = adl.Round.of(capacity=capacity, deficit=1, needed=3e4, lot=lot)
shock = adl.episodes.shock(rounds=4, winners=60, seed=1)
deficit, severity = rng.lognormal(12, 2, 900), rng.random(900)
found = [
    adl.solve(contracts).haircut,
    adl.solve(dollars).haircut,
    adl.solve(adl.Round.of(capacity=capacity, deficit=1, needed=3e4), adl.CVaR(0.3)).haircut,
    np.concatenate(adl.solve(shock, adl.surrogate(track=1.0, fair=1e4)).haircuts),
    adl.best_severity_path(deficit, severity, 3.0).severities,
]
digits = [[float(x).hex() for x in each] for each in found]
print(json.dumps({"numba": "numba" in sys.modules, "found": digits}))
"""


def solves(compiled):
    environment = os.environ | {"ADLOPT_COMPILED": compiled}
    done = subprocess.run(
        [sys.executable, "-c", SOLVES], env=environment, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def once():
    """What a process finds that is told nothing."""
    return solves("")


def test_a_process_that_solves_once_loads_none(once):
    assert not once["numba"]


@pytest.mark.nightly("seconds of compiling")
def test_compiled_or_not_the_same_bits_are_found(once):
    never, always = solves("never"), solves("always")
    assert [run["numba"] for run in (never, always)] == [False, True]
    assert once["found"] == never["found"] == always["found"]


@pytest.fixture
def fresh(monkeypatch):
    """A process that has spent nothing yet, and in which loading costs a second."""
    monkeypatch.setattr(compiling, "_spared", 0.0)
    monkeypatch.setattr(compiling, "LOADING", 1.0)


def test_it_is_loaded_once_plain_loops_together_have_cost_as_much(fresh):
    assert [pays(0.25) for _ in range(6)] == [False] * 3 + [True] * 3
    assert pays(0.0)


def test_what_a_search_is_going_to_cost_counts_before_and_then_what_it_cost(fresh):
    assert not pays(0.0, ahead=0.75)
    assert not pays(0.25, ahead=0.5)
    assert pays(0.0, ahead=0.75)
    assert pays(0.0)


@pytest.mark.parametrize(("accounts", "single", "loaded"), [
    (1_000, True, False), (1_000, False, False), (1_000_000, True, True), (25_000, False, True),
])  # fmt: skip
def test_large_searches_are_compiled_at_once(monkeypatch, accounts, single, loaded):
    monkeypatch.setattr(compiling, "_spared", 0.0)
    positions = accounts if single else 2 * accounts
    grid = LotGrid.of_lots(np.ones(accounts), np.ones(accounts), np.ones(accounts))
    if not single:
        grid = replace(
            grid, row=np.arange(positions), start=2 * np.arange(accounts + 1),
            lot=np.ones(positions, dtype=int), most=np.ones(positions, dtype=int), cap=None,
        )  # fmt: skip
    assert Filler(grid).compiled is loaded


def test_a_search_is_compiled_when_what_it_tried_has_cost_as_much(monkeypatch):
    monkeypatch.setattr(compiling, "_spared", 0.0)
    rng, sizes = np.random.default_rng(0), (3, 200)
    lot = -np.sort(-rng.integers(10**5, 10**6, sizes[::-1]), axis=1).ravel()
    grid = replace(
        LotGrid.of_lots(np.ones(200), np.ones(200), np.ones(200)),
        row=np.arange(600), start=3 * np.arange(201), lot=lot, most=np.full(600, 10**4), cap=None,
    )  # fmt: skip
    monkeypatch.setattr(compiling, "LOADING", 600 * SEARCH + 1e-3)
    filler = Filler(grid)
    assert not filler.compiled
    filler.settle(grid.cap // 3)
    assert filler.compiled


@pytest.mark.parametrize(("loading", "expected"), [(0.0, True), (math.inf, False)])
def test_always_is_at_once_and_never_is_never(monkeypatch, loading, expected):
    monkeypatch.setattr(compiling, "LOADING", loading)
    assert [pays(saved) for saved in (0.0, 1e9)] == [expected] * 2


def test_without_numba_all_is_plain(monkeypatch):
    monkeypatch.setattr(compiling, "LOADING", 0.0)
    monkeypatch.setattr(compiling, "_installed", lambda: False)
    assert not pays(1e9)
