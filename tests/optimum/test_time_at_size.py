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

import numpy as np
import pytest
from tiers import by_day

import adlopt as adl
from adlopt.foundation import deadline

sys.path.append(str(Path(__file__).parents[2] / "examples" / "hard"))
from instances import coins, distinct_lots, shared_winners

EQUITY = adl.Burden.EQUITY
PRICED = adl.Asymmetric(under=1.0, over=1.0, fair=2e6, burden=EQUITY)
LEAST = adl.MinMax(burden=EQUITY)
IN_DOLLARS = {
    "min-max": LEAST,
    "priced": PRICED,
    "leximin": adl.Leximin(burden=EQUITY),
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


def dollars(part, lots=False):
    n, rng = int(20_000 * part), np.random.default_rng(0)
    capacity = np.round(rng.lognormal(6, 2, n), 2) + 1
    lot, needed = None, float(0.3 * capacity.sum())
    if lots:
        lot = np.round(rng.lognormal(1, 1, 160), 6)[rng.integers(0, 160, n)]
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


def drained(round_, objective, **options):
    held, names = round_.positions, sorted(set(round_.positions.coin))
    long = np.array([side is adl.Side.LONG for side in held.side])
    close = {c: float(0.3 * held.size[long & (np.array(held.coin) == c)].sum()) for c in names}
    return adl.drain_assets(round_, objective(names), close=close, **options)


def losses(level):
    rng = np.random.default_rng(1)
    return lambda names: adl.ExpectedLoss(
        returns={name: rng.normal(0, 0.2, 200) for name in names}, level=level
    )


GATHERED = 1.5
"""Seconds that gathering a real round and checking its answer take at most, whatever the limit."""
ROWS = {"constraints": [adl.group(f"g{k}").gives_at_most(share=0.03) for k in range(50)]}
KINDS = {
    **{f"dollars, {n}": (dollars, o, {}) for n, o in IN_DOLLARS.items()},
    **{f"dollars by HiGHS, {n}": (dollars, o, HIGHS) for n, o in IN_DOLLARS.items()},
    **{f"own rows, {n}": (dollars, o, ROWS) for n, o in IN_DOLLARS.items()},
    **{f"lots, {n}": (lambda p: dollars(p, lots=True), o, {}) for n, o in IN_DOLLARS.items()},
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
    "expected loss": (portfolios, losses(0.0), {}),
    "tail of losses": (portfolios, losses(0.95), {}),
    "gross leverage": (lambda p: portfolios(10 * p), lambda _: adl.LeastLeverage(), {}),
    "net leverage": (
        lambda p: portfolios(10 * p),
        lambda names: adl.FactorLeverage(loadings=dict.fromkeys(names, 1.0)),
        {},
    ),
}


@cache
def thing_of(kind, part):
    return KINDS[kind][0](part)


def solved(kind, part, **more):
    _, objective, options = KINDS[kind]
    thing = thing_of(kind, part)
    if objective == "hedges":
        held = thing.winners.positions.coin
        objective = adl.KeepHedges(underlying=dict.fromkeys(held, "USD"))
    find = adl.solve if hasattr(objective, "__dataclass_fields__") else drained
    return find(thing, objective, **options, **more)


@pytest.mark.nightly("a real round each")
@pytest.mark.parametrize("limit", [0.2, 1.0, 3.0])
@pytest.mark.parametrize("kind", KINDS)
def test_a_limit_is_kept_at_real_size(kind, limit, monkeypatch):
    solved(kind, 0.01)
    thing_of(kind, 1.0)
    monkeypatch.setattr(deadline.time, "monotonic", time.process_time)
    begun = time.process_time()
    try:
        best = solved(kind, 1.0, time_limit=limit)
    except adl.SolverStopped:
        best = None
    assert time.process_time() - begun <= 1.1 * limit + (0.2 if limit >= 1.0 else GATHERED)
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


SEARCHED = [kind for kind in KINDS if "lots" not in kind and "contracts" not in kind]


@pytest.mark.parametrize("looks", [2, 7, 40])
@pytest.mark.parametrize("kind", by_day(12, sorted(SEARCHED, key=lambda kind: kind[::-1])))
def test_ctrl_c_leaves_the_best_so_far_or_nothing_to_be_had(kind, looks, monkeypatch):
    """Where all may close alike, that is something to be had; what has ended is interrupted."""
    monkeypatch.setattr(deadline, "_ASKED", Striking(looks))
    trivial = "prices" in kind
    try:
        best = solved(kind, 0.01)
    except KeyboardInterrupt:
        assert not trivial or looks == 40
        return
    assert best.certificate.lower <= best.value
    struck = deadline._ASKED.looks <= 0
    assert best.stopped is adl.Stopped.LIMIT or not struck
