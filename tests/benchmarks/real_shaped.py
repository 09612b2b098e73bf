"""Accounts shaped like those of a real round: lognormal, skewed, some capped, some empty."""

import numpy as np

SHARE = 0.018
"""Of all capacity, what the sixteen rounds of 10 October 2025 needed."""
LOTS = 160
"""Distinct dollars a lot: about as many as coins were deleveraged on 10 October 2025."""


def accounts(n, seed=0):
    """Capacity and equity, shape (n,), USD, whole micro-dollars; 1 % of capacities are zero.

    Small profits sit in large accounts too: where burdens are measured against equity, some 17 %
    of the accounts meet their capacity first at a budget of `SHARE` of it all.
    """
    rng = np.random.default_rng(seed)
    capacity = np.round(rng.lognormal(5.7, 2.7, n), 6)
    capacity[rng.random(n) < 0.01] = 0.0
    return capacity, np.round(capacity**0.4 * rng.lognormal(4.0, 1.7, n) + 1.0, 6)


def lots(n, seed=0):
    """Dollars a lot of each account, shape (n,): one of `LOTS` sizes, whole micro-dollars."""
    rng = np.random.default_rng(seed + 1)
    sizes = np.maximum(np.round(rng.lognormal(-2.0, 2.0, LOTS), 6), 1e-6)
    return sizes[rng.integers(0, LOTS, n)]


def budget(capacity, share=SHARE):
    """USD, whole micro-dollars."""
    return round(share * float(capacity.sum()), 6)
