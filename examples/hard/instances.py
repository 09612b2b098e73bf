"""Hard instances, made by seed: each is what some method finds hard, and small to write down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import adlopt as adl
from adlopt.bounds.game.minimax_value import Interval, minimax
from adlopt.foundation.arrays import FloatArray

EQUITY = adl.Burden.EQUITY


def distinct_lots(accounts: int, positions: int | None = None, seed: int = 0) -> adl.ContractRound:
    """Lots of which no two are worth the same, and an exact budget that some of them make.

    Every account has so many positions, or one to three.
    """
    rng = np.random.default_rng(seed)
    held = rng.integers(1, 4, accounts) if positions is None else np.full(accounts, positions)
    owner = np.repeat(np.arange(accounts), held)
    number = np.arange(owner.size) - np.repeat(np.cumsum(held) - held, held)
    lot = np.round(rng.lognormal(1, 1.5, owner.size) + rng.random(owner.size), 6)
    size = np.maximum(1, rng.lognormal(4, 1.5, owner.size).astype(int))
    capacity = np.bincount(owner, lot * size)
    return adl.ContractRound.of(
        account=[f"a{i}" for i in owner],
        coin=[f"c{k}" for k in number],
        side=["long"] * owner.size,
        size=size.astype(float),
        value=np.round(lot * size, 6),
        capacity=np.round(capacity, 6).tolist(),
        equity=(capacity * rng.lognormal(1, 1, accounts)).tolist(),
        deficit=1.0,
        needed=float(np.round(lot @ np.round(size * 0.018), 6)),
    )


def shared_winners(rounds: int, accounts: int, seed: int = 0) -> adl.Episode:
    """Rounds that half of all winners are in, and that together need more than they can give."""
    rng = np.random.default_rng(seed)
    capacity = rng.lognormal(8, 2, accounts)
    equity = capacity * rng.lognormal(1, 1, accounts)
    made = []
    for t in range(1, rounds + 1):
        here = np.flatnonzero(rng.random(accounts) < 0.5)
        grown = rng.lognormal(0, 0.2, here.size)
        needed = float(capacity[here].sum() * rng.uniform(0.2, 3) / rounds)
        made.append(
            adl.Round.of(
                t=t,
                account=[f"a{i}" for i in here],
                capacity=capacity[here] * grown,
                equity=equity[here] * grown,
                deficit=1.0,
                needed=needed,
            )
        )
    return adl.Episode(name=f"{rounds} rounds of {accounts} accounts", rounds=made)


def coins(
    accounts: int, positions: int, kinds: int, prices: int, even: bool = True, seed: int = 0
) -> adl.TwoSidedRound:
    """Winners of coins that all have as many holders, or few of them many; some prices a coin."""
    rng = np.random.default_rng(seed)
    share = np.full(kinds, 1.0) if even else rng.lognormal(0, 2, kinds)
    everybody = positions == accounts * kinds
    pairs = np.arange(accounts * kinds)
    if not everybody:
        weight = np.tile(share, accounts) / share.sum() / accounts
        pairs = np.sort(rng.choice(pairs, positions, replace=False, p=weight))
        owner = pairs // kinds
        missing = np.setdiff1d(np.arange(accounts), owner) * kinds
        pairs = np.sort(np.concatenate([pairs, missing]))
    owner, coin = pairs // kinds, pairs % kinds
    mark = np.round(rng.lognormal(3, 2, kinds), 4)
    size = np.round(rng.lognormal(8, 1.5, coin.size) / mark[coin], 6) + 1e-6
    names, number = np.unique(owner, return_inverse=True)
    gross = np.bincount(number, size * mark[coin])
    winners = adl.ContractRound.of(
        account=[f"a{names[i]}" for i in number],
        coin=[f"c{k}" for k in coin],
        side=["short"] * coin.size,
        size=size,
        value=np.zeros(coin.size),
        mark=mark[coin],
        capacity=(gross * rng.uniform(0.2, 1.0, names.size)).tolist(),
        equity=(gross * rng.uniform(0.5, 2.0, names.size)).tolist(),
        deficit=1.0,
        needed=1.0,
    )
    interest = np.bincount(coin, size, kinds)
    each = np.repeat(np.flatnonzero(interest), prices)
    shed = adl.Shed(
        loser=[f"l{k}" for k in range(each.size)],
        coin=[f"c{k}" for k in each],
        side=["long"] * each.size,
        size=0.2 * interest[each] / prices,
        price=mark[each] * (1 + np.tile(np.linspace(0.02, 0.2, prices), each.size // prices)),
        mark=mark[each],
    )
    return adl.TwoSidedRound(winners, shed)


def decades(accounts: int, orders: int, seed: int = 0) -> adl.Round:
    """Capacities and equities of so many orders of magnitude, each for itself."""
    rng = np.random.default_rng(seed)
    capacity = 10 ** rng.uniform(-9, orders - 9, accounts)
    equity = 10 ** rng.uniform(-9, orders - 9, accounts)
    needed = float(0.9 * capacity.sum())
    return adl.Round.of(capacity=capacity, equity=equity, deficit=1.0, needed=needed)


def equal(accounts: int, seed: int = 0) -> adl.Round:
    """Accounts that nothing tells apart, in lots of which no number makes the budget evenly."""
    lots = np.full(accounts, 7.0)
    needed = 7.0 * (accounts * (3 + seed) + 1)
    return adl.Round.of(capacity=lots * 10, lot=lots, deficit=1.0, needed=needed)


def deficits(rounds: int, seed: int = 0) -> FloatArray:
    """What rounds owe, USD, for the game of severities."""
    return np.random.default_rng(seed).lognormal(12, 1, rounds)


def game(owed: FloatArray) -> Interval:
    """The minimax loss over severities that move ten times from end to end, on a grid of 400."""
    return minimax(owed, 10.0, grid=400)


@dataclass(frozen=True)
class Hard:
    """What makes an instance, at a part of its size, what is least of it, and what is the goal.

    `least` is an objective of `adlopt.solve`, which gets the `options`, or a function.
    """

    make: Callable[[float], Any]
    least: Any
    goal: str = ""
    options: dict[str, Any] = field(default_factory=dict)


OF_EQUITY = adl.MinMax(burden=EQUITY)
PRICED = adl.Asymmetric(under=1.0, over=1.0, fair=2e6, burden=EQUITY)
CLOSE = {"gap": 1e-6}
HARD = {
    "distinct lots": Hard(
        lambda part: distinct_lots(int(10_000 * part)), OF_EQUITY, "5 s, 1e-6", CLOSE
    ),
    "distinct lots, to the end": Hard(
        lambda part: distinct_lots(int(10_000 * part)), OF_EQUITY, "20 s, 1e-9"
    ),
    "20 positions an account": Hard(
        lambda part: distinct_lots(int(100 * part), 20), OF_EQUITY, "", CLOSE
    ),
    "coupled, T = 200": Hard(
        lambda part: shared_winners(int(200 * part), int(1_000 * part)), PRICED, "10 s, 1e-6", CLOSE
    ),
    "even coins, ten prices": Hard(
        lambda part: coins(int(20_000 * part), int(35_000 * part), 160, 10),
        adl.MinMax(),
        "3 s, trades of a vertex",
    ),
    "leximin of coins": Hard(
        lambda part: coins(int(6_000 * part), int(10_500 * part), 160, 1, even=False),
        adl.Leximin(),
        "3 s",
    ),
    "everybody holds every coin": Hard(
        lambda part: coins(int(5_000 * part), int(5_000 * part) * 40, 40, 1), adl.MinMax(), "3 s"
    ),
    "fewest accounts of 40 coins": Hard(
        lambda part: coins(int(2_000 * part), int(3_500 * part), 40, 1),
        adl.FewestAccounts(),
        "1 account",
    ),
    "fewest accounts of 160 coins": Hard(
        lambda part: coins(int(2_000 * part), int(3_500 * part), 160, 1, even=False),
        adl.FewestAccounts(),
        "1 account",
    ),
    "20 decades": Hard(
        lambda part: decades(int(20_000 * part), 20), OF_EQUITY, "", {"method": adl.Method.HIGHS}
    ),
    "equal accounts": Hard(lambda part: equal(int(20_000 * part)), adl.Leximin()),
    "minimax, T = 400": Hard(lambda part: deficits(int(400 * part)), game, "2 GB"),
}
