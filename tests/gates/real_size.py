"""A venue at the size of 10 October 2025: whales of $50M, dust, accounts under water, 160 coins."""

from functools import cache

import numpy as np

import adlopt as adl

ACCOUNTS, POSITIONS, COINS = 20_000, 35_500, 160
WHALE, DUST = 5e7, 5e-6
"""USD."""


@cache
def market(seed=0):
    """Accounts with one to a few positions each, longs and shorts equal in every coin.

    Many longs were bought before the crash and are bankrupt; a thousand balances are 0, a thousand
    below it, a thousand are dust, twenty are whales.
    """
    rng = np.random.default_rng(seed)
    mark = np.round(np.exp(rng.uniform(np.log(0.01), np.log(5e4), COINS)), 6)
    popular = rng.dirichlet(np.full(COINS, 0.3)) + 1e-4
    pairs = POSITIONS // 2
    coin = rng.choice(COINS, pairs, p=popular / popular.sum())
    place = np.arange(pairs)
    long, short = place % (ACCOUNTS // 2), ACCOUNTS // 2 + (place * 7) % (ACCOUNTS // 2)
    _, first = np.unique(np.stack([coin, long]), axis=1, return_index=True)
    _, second = np.unique(np.stack([coin, short]), axis=1, return_index=True)
    kept = np.intersect1d(first, second)
    coin, long, short = coin[kept], long[kept], short[kept]
    size = np.maximum(np.round(rng.lognormal(6.0, 2.0, kept.size) / mark[coin], 2), 0.01)
    bought = np.round(mark[coin] * rng.uniform(0.9, 1.2, kept.size), 6)
    sold = np.round(mark[coin] * rng.uniform(1.2, 2.5, kept.size), 6)
    balance = np.round(rng.lognormal(6.0, 2.0, ACCOUNTS), 6)
    few = rng.permutation(ACCOUNTS)
    balance[few[:1_000]], balance[few[1_000:2_000]] = 0.0, DUST
    balance[few[2_000:2_020]] = WHALE
    under = few[few < ACCOUNTS // 2][-1_000:]
    balance[under] = np.round(-rng.lognormal(3.0, 1.0, under.size), 6)
    name = [f"account {i}" for i in range(ACCOUNTS)]
    return adl.Market(
        accounts=adl.Accounts(account=name, balance=balance, opened=np.arange(ACCOUNTS)),
        coins=adl.Coins(
            coin=[f"COIN{i}" for i in range(COINS)],
            mark=mark,
            lot=np.full(COINS, 0.01),
            previous_mark=mark * 1.05,
            index=mark,
            maintenance=np.full(COINS, 0.02),
            initial=np.full(COINS, 0.05),
        ),
        positions=adl.OpenPositions(
            account=[name[i] for i in (*long, *short)],
            coin=[f"COIN{i}" for i in (*coin, *coin)],
            side=["long"] * kept.size + ["short"] * kept.size,
            size=np.concatenate([size, size]),
            entry=np.concatenate([bought, sold]),
        ),
    )


@cache
def round_(accounts=ACCOUNTS, seed=0):
    """Capacities of 13 orders of magnitude, one percent of them zero, some equities ≤ 0."""
    rng = np.random.default_rng(seed)
    capacity = np.round(rng.lognormal(5.7, 2.7, accounts), 6)
    capacity[:20], capacity[20:1_000] = WHALE, DUST
    capacity[rng.random(accounts) < 0.01] = 0.0
    equity = np.round(capacity * rng.lognormal(0.5, 1.0, accounts) + 1.0, 6)
    needed = round(0.018 * float(capacity.sum()), 6)
    return adl.Round.of(
        account=[f"account {i}" for i in range(accounts)],
        capacity=capacity,
        equity=equity,
        deficit=1.5 * needed,
        needed=needed,
    )


@cache
def episode(rounds=200, winners=ACCOUNTS // 20):
    """Many rounds of a thousand accounts, of twice as many that come back."""
    return adl.episodes.shock(rounds=rounds, winners=winners, seed=1)
