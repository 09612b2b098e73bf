"""Limits at the size of a real round, and Ctrl-C wherever it strikes: nothing of a kind overruns.

Time is that of the processor, so that a busy machine makes nobody late; HiGHS, which has a clock of
its own, is stopped by ours in its callbacks.
"""

import math
import signal
import sys
import threading
import time
from functools import cache
from pathlib import Path
from statistics import median

import numpy as np
import pytest
from tiers import by_day

import adlopt as adl
from adlopt.foundation import deadline

sys.path.append(str(Path(__file__).parents[2] / "examples" / "hard"))
from instances import coins, distinct_lots, shared_winners

EQUITY = adl.Burden.EQUITY
PRICED = adl.Asymmetric(under=1.0, over=1.0, fair=2e6, burden=EQUITY)
LEAST, LEXIMIN = adl.MinMax(burden=EQUITY), adl.Leximin(burden=EQUITY)
IN_DOLLARS = {
    "min-max": LEAST,
    "priced": PRICED,
    "leximin": LEXIMIN,
    "tracking": adl.TrackingFirst(burden=EQUITY),
    "fewest": adl.FewestAccounts(burden=EQUITY),
    "cvar": adl.CVaR(0.9, burden=EQUITY),
}
OF_TWO_SIDES = {
    "min-max": adl.MinMax(),
    "leximin": adl.Leximin(),
    "fewest": adl.FewestAccounts(),
    "leverage": adl.LeastLeverage(),
    "hedges": "hedges",
}
HIGHS = {"method": adl.Method.HIGHS}


def dollars(part, lots=0):
    n, rng = int(20_000 * part), np.random.default_rng(0)
    capacity = np.round(rng.lognormal(6, 2, n), 2) + 1
    lot, needed = None, float(0.3 * capacity.sum())
    if lots:
        lot = np.round(rng.lognormal(1, 1, lots), 6)[rng.integers(0, lots, n)]
        capacity = np.round(lot * np.maximum(1, np.floor(capacity / lot)), 6)
        needed = float(np.round(lot @ np.floor(capacity / lot * 0.3), 6))
    tags = {"desk": [f"g{k}" for k in np.arange(n) % 50]}
    equity = capacity * rng.lognormal(1, 1, n)
    return adl.Round.of(
        capacity=capacity, equity=equity, deficit=1.0, needed=needed, lot=lot, tags=tags
    )


def portfolios(part):
    n, k, rng = int(2_000 * part), 10, np.random.default_rng(0)
    return adl.ContractRound.of(
        account=[f"a{i}" for i in np.repeat(np.arange(n), k)],
        coin=[f"c{j}" for j in np.tile(np.arange(k), n)],
        side=np.where(rng.random(n * k) < 0.5, "long", "short").tolist(),
        size=rng.lognormal(1, 1, n * k),
        value=np.ones(n * k),
        mark=np.tile(rng.lognormal(2, 1, k), n),
        equity=list(rng.lognormal(5, 1, n) * 3),
        deficit=1.0,
        needed=1.0,
    )


COINS = [f"c{j}" for j in range(10)]


def some_of_the_longs(round_):
    long = np.array([side is adl.Side.LONG for side in round_.positions.side])
    coin, size = np.array(round_.positions.coin), 0.3 * round_.positions.size * long
    return {name: float(size[coin == name].sum()) for name in COINS}


CLOSE = {"close": some_of_the_longs}


def losses(level):
    rng = np.random.default_rng(1)
    returns = {name: rng.normal(0, 0.2, 200) for name in COINS}
    return adl.ExpectedLoss(returns=returns, level=level)


ROWS = {"constraints": [adl.group(f"g{k}").gives_at_most(share=0.03) for k in range(50)]}
KINDS = {
    **{f"dollars, {n}": (dollars, o, {}) for n, o in IN_DOLLARS.items()},
    **{f"dollars by HiGHS, {n}": (dollars, o, HIGHS) for n, o in IN_DOLLARS.items()},
    **{f"own rows, {n}": (dollars, o, ROWS) for n, o in IN_DOLLARS.items()},
    **{
        f"lots, {n}": (lambda p, one=o == LEXIMIN: dollars(p, lots=1 if one else 160), o, {})
        for n, o in IN_DOLLARS.items()
    },
    "contracts": (lambda p: distinct_lots(int(20_000 * p)), LEAST, {}),
    **{
        f"{prices} prices, {n}{said}": (
            lambda p, prices=prices: coins(int(2e4 * p), int(3.5e4 * p), 160, prices, prices > 3),
            objective,
            options,
        )
        for prices in (1, 10)
        for said, options in (("", {}), (" in lots", {"whole_lots": True}), (" by HiGHS", HIGHS))
        for n, objective in OF_TWO_SIDES.items()
        if prices == 1 or options is not HIGHS
    },
    "16 rounds": (lambda p: shared_winners(16, int(5_000 * p)), PRICED, {}),
    "200 rounds": (lambda p: shared_winners(200, int(1_000 * p)), PRICED, {}),
    "200 rounds by HiGHS": (lambda p: shared_winners(200, int(1_000 * p)), PRICED, HIGHS),
    "expected loss": (portfolios, losses(0.0), CLOSE),
    "tail of losses": (portfolios, losses(0.95), CLOSE),
    "gross leverage": (lambda p: portfolios(10 * p), adl.LeastLeverage(), CLOSE),
    "net leverage": (
        lambda p: portfolios(10 * p),
        adl.FactorLeverage(loadings=dict.fromkeys(COINS, 1.0)),
        CLOSE,
    ),
}


@cache
def asked(kind, part):
    make, objective, options = KINDS[kind]
    thing = make(part)
    if objective == "hedges":
        held = thing.winners.positions.coin
        objective = adl.KeepHedges(underlying=dict.fromkeys(held, "USD"))
    return thing, objective, {n: o(thing) if callable(o) else o for n, o in options.items()}


def solved(kind, part, **more):
    thing, objective, options = asked(kind, part)
    find = adl.drain_assets if "close" in options else adl.solve
    return find(thing, objective, **options, **more)


@cache
def slowness():
    """How many times as long as the usual 4 ms one pass over ten million numbers takes here."""
    numbers, passes = np.random.default_rng(0).random(10_000_000), []
    for _ in range(9):
        begun = time.process_time()
        numbers.sum()
        passes.append(time.process_time() - begun)
    return max(median(passes) / 4e-3, 1.0)


@pytest.mark.nightly("a real round each")
@pytest.mark.parametrize("limit", [0.2, 1.0, 3.0])
@pytest.mark.parametrize("kind", KINDS)
def test_a_limit_is_kept_at_real_size(kind, limit, monkeypatch):
    asked(kind, 1.0)
    monkeypatch.setattr(deadline.time, "monotonic", time.process_time)
    for part in (0.01, 1.0):
        begun = time.process_time()
        try:
            best = solved(kind, part, time_limit=limit)
        except adl.SolverStopped:
            best = None
    assert time.process_time() - begun <= 1.1 * limit + 0.2 * slowness()
    assert best is None or math.isfinite(best.value)


class Striking:
    """Ctrl-C at some look at whether it came."""

    def __init__(self, looks):
        self.looks, self.asked = looks, threading.Event()

    def is_set(self):
        self.looks -= 1
        if self.looks == 0:
            signal.raise_signal(signal.SIGINT)
        return self.asked.is_set()

    def set(self):
        self.asked.set()

    def clear(self):
        self.asked.clear()


@pytest.mark.parametrize("looks", [2, 7, 40])
@pytest.mark.parametrize("kind", by_day(16, sorted(KINDS, key=lambda kind: kind[::-1])))
def test_ctrl_c_leaves_the_best_so_far_or_nothing_to_be_had(kind, looks, monkeypatch):
    """Where all may close alike, that is something to be had; what has ended is interrupted."""
    monkeypatch.setattr(deadline, "_ASKED", Striking(looks))
    trivial = "prices" in kind and "lots" not in kind
    try:
        best = solved(kind, 0.01)
    except KeyboardInterrupt:
        assert not trivial or looks == 40
        return
    assert best.certificate.lower <= best.value
    struck = deadline._ASKED.looks <= 0
    assert best.stopped is adl.Stopped.LIMIT or not struck
