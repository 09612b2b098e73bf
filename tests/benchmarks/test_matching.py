"""A venue of 20,000 accounts and 160 coins: winners matched with what losers shed, proven."""

from functools import cache

import numpy as np
import pytest

import adlopt as adl
from adlopt.optimum.objective_registry import known_as

ACCOUNTS, POSITIONS, COINS = 20_000, 35_000, 160


@cache
def venue(seed=0):
    """Winners' positions, few each, in coins of all prices; losers shed longs at one price a coin.

    Profits span what notionals do; of each coin, 2 to 30 % of the open interest is to be closed.
    Coins that differ in the last digit alone hedge each other.
    """
    rng = np.random.default_rng(seed)
    popular = rng.dirichlet(np.full(COINS, 0.3)) + 1e-4
    owner = np.concatenate([np.arange(ACCOUNTS), rng.integers(0, ACCOUNTS, 4 * POSITIONS)])
    coin = rng.choice(COINS, owner.size, p=popular / popular.sum())
    _, kept = np.unique(owner * COINS + coin, return_index=True)
    further = rng.permutation(kept[kept >= ACCOUNTS])[: POSITIONS - ACCOUNTS]
    kept = np.sort(np.append(np.arange(ACCOUNTS), further))
    owner, coin = owner[kept], coin[kept]
    short = rng.random(owner.size) < 0.85
    mark = 10.0 ** rng.integers(-4, 6, COINS)
    lot = 5.0 / mark
    size = np.ceil(np.exp(rng.normal(8.0, 2.0, owner.size)) / 5.0) * lot[coin]
    names, first, place = np.unique(owner, return_index=True, return_inverse=True)
    gross = np.bincount(place, size * mark[coin])
    listed = np.argsort(first)
    round_ = adl.ContractRound.of(
        account=[f"account {i}" for i in owner],
        coin=[f"coin {c}" for c in coin],
        side=np.where(short, "short", "long").tolist(),
        size=size,
        lot=lot[coin],
        value=np.zeros(owner.size),
        mark=mark[coin],
        capacity=(gross * rng.uniform(0.3, 2.0, names.size))[listed],
        equity=(gross * rng.uniform(0.2, 3.0, names.size))[listed],
        deficit=1.0,
        needed=1.0,
    )
    held = np.unique(coin[short])
    gap = mark[held] * rng.uniform(0.01, 0.2, held.size)
    shed = adl.Shed(
        loser=[f"loser {c}" for c in held],
        coin=[f"coin {c}" for c in held],
        side=["long"] * held.size,
        size=np.bincount(coin[short], size[short])[held] * rng.uniform(0.02, 0.3, held.size),
        price=mark[held] + gap,
        mark=mark[held],
    )
    return round_, shed


@pytest.mark.parametrize(
    ("goal", "whole_lots"),
    [("least-burden", False), ("least-burden", True), ("least-leverage", False),
     ("keep-hedges", False)],
)  # fmt: skip
def test_venue(measure, goal, whole_lots):
    round_, shed = venue()
    objective = known_as(goal).make()
    if goal == "keep-hedges":
        objective = adl.KeepHedges(underlying={c: c[:-1] for c in round_.positions.coin})
    quantity = "whole lots" if whole_lots else "any quantity"
    best = measure(
        lambda: adl.solve(adl.TwoSidedRound(round_, shed), objective, whole_lots=whole_lots),
        problem=f"matching coin by coin, {goal}, {quantity}",
        n=len(round_.positions),
        size=f"{len(round_.start.account):,} accounts, {len(round_.positions):,} positions, "
        f"{len(shed):,} coins",
        rounds=3,
    )
    in_fractions = goal != "least-leverage"
    assert best.certificate.trust is (adl.Trust.EXACT if in_fractions else adl.Trust.VERIFIED)
    assert best.certificate.gap <= (1e-2 if whole_lots else 1e-8) * best.value
