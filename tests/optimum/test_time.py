"""Limits: whoever is stopped returns the best found, and an interval that holds the optimum."""

import subprocess
import sys
from functools import cache
from itertools import count, pairwise
from pathlib import Path

import numpy as np
import pytest

import adlopt as adl
from adlopt.foundation import deadline

EQUITY = adl.MinMax(burden=adl.Burden.EQUITY)


def distinct_lots(accounts, positions, seed=0):
    """Positions of which no two lots are worth the same, and a sum that some of them make."""
    rng = np.random.default_rng(seed)
    owner = np.repeat(np.arange(accounts), positions)
    value = np.round(rng.lognormal(1, 1.5, owner.size) + rng.random(owner.size), 6)
    size = np.maximum(1, rng.lognormal(4, 1.5, owner.size).astype(int))
    capacity = np.bincount(owner, value * size)
    return adl.ContractRound.of(
        account=[f"a{i}" for i in owner],
        coin=[f"c{j % positions}" for j in range(owner.size)],
        side=["long"] * owner.size,
        size=size.astype(float),
        value=np.round(value * size, 6),
        capacity=list(np.round(capacity, 6)),
        equity=list(capacity * rng.lognormal(1, 1, accounts)),
        deficit=1.0,
        needed=float(np.round(value @ np.round(size * 0.05), 6)),
    )


def lots(seed, n=12):
    rng = np.random.default_rng(seed)
    lot, most = np.round(rng.lognormal(1, 1, n), 6), rng.integers(1, 30, n)
    return adl.Round.of(
        capacity=lot * most,
        deficit=1.0,
        needed=float(np.round(lot @ rng.integers(0, most + 1), 6)),
        lot=lot,
    )


def episode(seed):
    rng = np.random.default_rng(seed)
    rounds = [
        adl.Round.of(
            t=t, account=list("abcdef"), capacity=rng.lognormal(4, 1, 6), deficit=1.0, needed=20.0
        )
        for t in range(1, 6)
    ]
    return adl.Episode(name="made", rounds=rounds)


COINS = ["c0", "c1", "c2"]


def sides(seed, winners=12, coins=3, prices=4, share=0.4):
    """Winners of some coins each, and losers of each coin at several prices."""
    rng = np.random.default_rng(seed)
    owner, coin = np.nonzero(rng.random((winners, coins)) < 0.7)
    size = rng.lognormal(1, 1, owner.size)
    each = np.repeat(np.arange(coins), prices)
    held = adl.ContractRound.of(
        account=[f"a{i}" for i in owner], coin=[f"c{k}" for k in coin],
        side=np.where(coin < coins - 1, "short", "long").tolist(), size=size,
        value=np.zeros(coin.size), mark=np.full(coin.size, 10.0),
        equity=rng.lognormal(6, 1, np.unique(owner).size),
        capacity=rng.lognormal(4, 1, np.unique(owner).size), deficit=1.0, needed=1.0,
    )  # fmt: skip
    shed = adl.Shed(
        loser=[f"l{k}" for k in range(each.size)], coin=[f"c{k}" for k in each],
        side=np.where(each < coins - 1, "long", "short").tolist(),
        size=np.bincount(coin, size, coins)[each] * share / prices,
        price=10.0 + rng.uniform(0.0, 2.0, each.size) * np.where(each < coins - 1, 1, -1),
        mark=[10.0] * each.size,
    )  # fmt: skip
    return adl.TwoSidedRound(held, shed)


PRICED = adl.Asymmetric(under=1.0, over=1.0, fair=20.0)
SEARCHES = {
    "contracts": (distinct_lots(40, 3), EQUITY),
    "lots": (lots(1, 8), adl.MinMax()),
    "a dozen lots": (lots(1), adl.MinMax()),
    "lots, priced": (lots(2), PRICED),
    "lots, in order": (lots(3, 5), adl.Leximin()),
    "lots of few": (lots(4, 6), adl.FewestAccounts()),
    "an episode": (episode(0), PRICED),
    "an episode, all met": (episode(1), adl.MinMax()),
    "two sides": (sides(4), adl.MinMax()),
    "two sides, in order": (sides(5), adl.Leximin()),
    "two sides, fewest": (sides(6), adl.FewestAccounts()),
    "two sides, hedged": (
        sides(7, share=0.8),
        adl.KeepHedges(underlying=dict.fromkeys(COINS, "USD")),
    ),
    "two sides, leverage": (sides(8), adl.LeastLeverage()),
    "dollars": (adl.Round.of(capacity=[9.0, 5.0], deficit=9.0, needed=7.0), adl.CVaR(0.5)),
}


BY_DAY = [
    pytest.param(kind, marks=pytest.mark.nightly("ten seconds each")) if "dozen" in kind else kind
    for kind in SEARCHES
]


@cache
def best_of(kind):
    return adl.solve(*SEARCHES[kind])


@pytest.mark.parametrize("looks", [0, 1, 3, 30])
@pytest.mark.parametrize("kind", BY_DAY)
def test_whoever_is_stopped_tells_the_truth(kind, looks, monkeypatch):
    """Late from some look at the clock on, wherever that is."""
    thing, objective = SEARCHES[kind]
    best = best_of(kind)
    passed = count()
    monkeypatch.setattr(deadline.time, "monotonic", lambda: 1e9 * (next(passed) > looks))
    try:
        cut = adl.solve(thing, objective, time_limit=1.0)
    except adl.SolverStopped:
        return
    assert cut.certificate.lower <= best.value * (1 + 1e-9)
    assert cut.value >= best.certificate.lower * (1 - 1e-9)
    assert cut.stopped is adl.Stopped.LIMIT or cut.certificate.optimal


@pytest.mark.parametrize("kind", BY_DAY)
def test_asked_for_more_it_is_never_worse(kind):
    thing, objective = SEARCHES[kind]
    values = [adl.solve(thing, objective, gap=gap) for gap in (1e-2, 1e-4, 1e-6, 0.0)]
    for rough, fine in pairwise(values):
        assert fine.value <= rough.value * (1 + 1e-12)
        assert fine.certificate.lower >= rough.certificate.lower * (1 - 1e-12)
        assert rough.certificate.gap <= 1e-2 * rough.value + 1e-12


STOPPED = """
import os, signal, threading
from test_time import EQUITY, distinct_lots, lots
import adlopt as adl
round_ = distinct_lots(60, 20)
adl.solve(lots(1, 5))
threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
best = adl.solve(round_, EQUITY)
print(best.stopped, best.raised >= round_.needed - 1e-6, best.certificate.lower > 0)
print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)
"""


def test_ctrl_c_is_a_limit():
    done = subprocess.run(
        [sys.executable, "-c", STOPPED], capture_output=True, text=True, check=False, timeout=120,
        cwd=Path(__file__).parent,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("Stopped.LIMIT True True\nTrue\n", "")


TWICE = """
import signal, time
from adlopt.foundation.deadline import ctrl_c_as_limit, is_late
with ctrl_c_as_limit() as told:
    signal.raise_signal(signal.SIGINT)
    assert is_late(float("inf"))
assert told.is_set() and not is_late(float("inf"))
try:
    with ctrl_c_as_limit():
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
except KeyboardInterrupt:
    print("at once")
import adlopt as adl
signal.signal(signal.SIGINT, signal.SIG_IGN)
with ctrl_c_as_limit() as told:
    signal.raise_signal(signal.SIGINT)
assert not told.is_set()
"""


def test_the_second_ctrl_c_interrupts_and_other_handlers_stay():
    done = subprocess.run(
        [sys.executable, "-c", TWICE], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.stdout, done.stderr) == ("at once\n", "")
