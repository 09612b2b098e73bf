"""Micro-dollars add up at any size, and neither order, repetition nor threads change a bit."""

import hashlib
import math
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from tiers import ACCOUNTS, NIGHTLY, by_day

import adlopt as adl
from adlopt.foundation.workers import worker_processes
from adlopt.policies.allocation import IntegerProRata
from adlopt.policies.grammar import named

EQUITY = adl.Burden.EQUITY
WHOLE = ("integer-pro-rata", "min-max", "min-max:equity")
"""Allocations that keep lots."""
OBJECTIVES = {
    "min-max": adl.MinMax(burden=EQUITY),
    "surrogate": adl.surrogate(track=1.0, fair=2e4),
    "leximin": adl.Leximin(burden=EQUITY),
    "tracking": adl.TrackingFirst(),
    "fewest": adl.FewestAccounts(),
    "cvar": adl.CVaR(0.8, burden=EQUITY),
}


def micro(usd):
    return int(np.rint(usd * 1e6).astype(np.int64).sum())


@cache
def large(n):
    dice = np.random.default_rng(7)
    capacity = np.rint(dice.lognormal(4.0, 2.0, n) * 1e6) / 1e6 + 1e-6
    return adl.RoundStart(
        account=[f"{k:07d}" for k in range(n)],
        capacity=capacity,
        deficit=1.0,
        equity=capacity * 3.0,
        lot=np.full(n, 1e-6),
    )


@pytest.mark.parametrize("n", ACCOUNTS)
@pytest.mark.parametrize("name", WHOLE)
def test_many_accounts_in_micro_dollars(name, n):
    start = large(n)
    budget = round(0.37 * start.total_capacity, 6)
    haircut = named(f"constant:1+{name}").allocation.allocate(None, start, budget)
    assert micro(haircut) == round(budget * 1e6)
    assert (haircut <= start.capacity).all()
    assert np.abs(haircut * 1e6 - np.rint(haircut * 1e6)).max() < 1e-3


@pytest.mark.parametrize("n", ACCOUNTS)
def test_many_accounts_without_lots_are_counted_in_micro_dollars(n):
    start = replace(large(n), lot=None)
    budget = round(0.37 * start.total_capacity, 6)
    assert micro(IntegerProRata().allocate(None, start, budget)) == round(budget * 1e6)


@pytest.mark.parametrize("n", ACCOUNTS)
def test_many_accounts_solved_in_micro_dollars(n):
    start = large(n)
    budget = round(0.37 * start.total_capacity, 6)
    round_ = adl.Round(start=start, outcome=adl.RoundOutcome(needed=budget))
    best = adl.solve(round_)
    assert micro(best.haircut) == round(budget * 1e6)
    assert best.optimal
    assert best.certificate.trust is adl.Trust.EXACT


def drawn(seed, lot=None, n=25):
    dice = np.random.default_rng(seed)
    capacity = np.round(dice.lognormal(5.0, 2.0, n), 6)
    capacity[::3] = capacity[0]
    steps = None if lot is None else np.full(n, lot)
    if lot is not None:
        capacity = np.floor(capacity / lot) * lot
    budget = math.floor(0.4 * capacity.sum() / (lot or 1e-6)) * (lot or 1e-6)
    return adl.Round.of(
        account=[f"{k}" for k in range(n)],
        capacity=capacity,
        deficit=budget,
        needed=budget,
        equity=np.round(capacity * dice.choice([1.0, 2.0, 3.0], n) + 1.0, 6),
        lot=steps,
    )


def shuffled(round_, seed):
    order = np.random.default_rng(seed).permutation(len(round_.start.account))
    start = round_.start
    moved = replace(
        start,
        account=[start.account[i] for i in order],
        capacity=start.capacity[order],
        equity=start.equity[order],
        lot=None if start.lot is None else start.lot[order],
        features={name: values[order] for name, values in start.features.items()},
    )
    return replace(round_, start=moved), order


@pytest.mark.parametrize("lot", [None, 0.5])
@pytest.mark.parametrize("name", by_day(3, [*OBJECTIVES]))
def test_the_order_of_accounts_does_not_matter(name, lot):
    """Values agree; in lots, where several are best, they may be borne by others."""
    for seed in range(8):
        round_ = drawn(seed, lot)
        best = adl.solve(round_, OBJECTIVES[name])
        moved, order = shuffled(round_, seed)
        again = adl.solve(moved, OBJECTIVES[name])
        assert again.value == pytest.approx(best.value, rel=1e-12, abs=1e-9)
        assert again.raised == pytest.approx(best.raised, rel=1e-12)
        if lot is None and name in ("min-max", "leximin", "tracking"):
            np.testing.assert_allclose(again.haircut, best.haircut[order], rtol=1e-9)


ALLOCATIONS = [
    *("queue", "queue:capacity", "queue:equity", "pro-rata", "capped-pro-rata:0.5"),
    *("integer-pro-rata", "min-max", "min-max:equity", "mirror-descent", "buckets", "soft-queue"),
    *("queue-blend", "damped:0.5:queue"),
]


@pytest.mark.parametrize("lot", [None, 0.5])
@pytest.mark.parametrize("name", ALLOCATIONS)
def test_who_gives_does_not_hang_on_the_order_of_accounts(name, lot):
    """Ties are broken by id."""
    for seed in range(8):
        round_ = drawn(seed, lot)
        features = {"leverage": np.round(round_.start.capacity / round_.start.equity, 1)}
        round_ = replace(round_, start=replace(round_.start, features=features))
        moved, order = shuffled(round_, seed)
        rule = named(f"constant:1+{name}").allocation
        first = rule.allocate(rule.begin(), round_.start, round_.needed)
        second = rule.allocate(rule.begin(), moved.start, round_.needed)
        np.testing.assert_allclose(second, first[order], rtol=1e-12)


def test_ids_of_any_length_break_ties():
    """An array of texts would take the longest for each, and drop NUL at their ends."""
    long = "x" * 1_000_000
    for ids in (["a\0", "a", long], [long, "a", "a\0"]):
        start = adl.RoundStart(account=ids, capacity=[10.0] * 3, deficit=9.0)
        for name in ("queue", "integer-pro-rata"):
            rule = named(f"constant:1+{name}").allocation
            given = dict(zip(ids, rule.allocate(None, start, 10.000001), strict=True))
            assert given["a"] >= given["a\0"] >= given[long]
            assert given["a"] > given[long]
    many = [f"{k}" for k in range(20_000)]
    start = adl.RoundStart(account=[*many, long], capacity=[1.0] * 20_001, deficit=9.0)
    assert named("constant:1+queue").allocation.allocate(None, start, 5.0).sum() == 5.0


def fingerprint(seed):
    """Everything that is computed of a round, as bits."""
    bits = hashlib.sha256()
    for lot in (None, 0.5):
        round_ = drawn(seed, lot)
        for name, objective in OBJECTIVES.items():
            if name in ("cvar", "surrogate") and lot is not None:
                continue
            best = adl.solve(round_, objective)
            bits.update(best.haircut.tobytes())
            bits.update(np.array([best.certificate.lower, best.certificate.upper]).tobytes())
    highs = adl.solve(drawn(seed), OBJECTIVES["min-max"], method=adl.Method.HIGHS)
    bits.update(highs.haircut.tobytes())
    board = adl.play(adl.episodes.shock(rounds=3, winners=30, seed=seed), ["persistence+queue"])
    bits.update(board["persistence+queue"].undershoot.hex().encode())
    return bits.hexdigest()


def test_many_solves_at_once_give_the_bits_of_one():
    times = 16 if NIGHTLY else 4
    alone = [fingerprint(seed) for seed in range(4)]
    assert [fingerprint(seed) for seed in range(4)] == alone
    assert len(set(alone)) == 4
    with ThreadPoolExecutor(4 * times) as threads:
        assert list(threads.map(fingerprint, list(range(4)) * times)) == alone * times
    with worker_processes(2) as processes:
        assert list(processes.map(fingerprint, list(range(4)) * 2)) == alone * 2


def test_compiled_loops_give_the_same_bits_on_any_number_of_threads():
    code = """
import hashlib, os
import numpy as np, adlopt as adl
dice = np.random.default_rng(1)
n = 300_000
capacity = np.round(dice.lognormal(4.0, 2.0, n), 6)
equity = capacity * dice.lognormal(1.0, 1.0, n) + 1.0
bits = hashlib.sha256()
for lot in (None, 1e-6):
    needed = round(0.3 * capacity.sum(), 6)
    round_ = adl.Round.of(capacity=capacity, deficit=1.0, needed=needed, equity=equity, lot=lot)
    bits.update(adl.solve(round_, adl.MinMax(burden=adl.Burden.EQUITY)).haircut.tobytes())
print(bits.hexdigest())
"""
    seen = set()
    for threads in ("1", "2", "7"):
        names = (
            "NUMBA_NUM_THREADS",
            "OMP_NUM_THREADS",
            "OPENBLAS_NUM_THREADS",
            "POLARS_MAX_THREADS",
        )
        done = subprocess.run(
            [
                sys.executable,
                "-c",
                f"import os; os.environ.update({dict.fromkeys(names, threads)})\n{code}",
            ],
            capture_output=True,
            text=True,
            check=True,
        )
        seen.add(done.stdout)
    assert len(seen) == 1
