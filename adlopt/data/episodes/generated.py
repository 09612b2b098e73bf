"""A seeded generator of episodes with the shape of real ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from adlopt.foundation.arrays import FloatArray, own_whole
from adlopt.model.episode import Episode
from adlopt.model.round import Round, RoundOutcome, RoundStart

LOG_MEAN, LOG_SD = 5.71, 2.71
"""Of closed profit per winner on October 10, 2025 (HyperReplay's event-level table; median $219,
99 % quantile $455,620, Gini 0.98)."""


@dataclass(frozen=True, slots=True)
class _Pool:
    """Accounts that may win, with what does not change between rounds."""

    profit: FloatArray
    collateral: FloatArray
    leverage: FloatArray


def shock(*, rounds: int = 16, winners: int = 1_000, seed: int = 0) -> Episode:
    """Return a random episode; equal arguments give equal episodes, bit for bit.

    Profits are lognormal as on October 10, 2025. Each round draws its winners from a pool twice
    as large, so accounts return under the same id. Deficits are near 2 % of capacity, with small
    rounds between large ones; the needed share wanders, and the estimate misses it by about 20 %.
    Lots are not set.

    Parameters
    ----------
    rounds : int
        T ≥ 1.
    winners : int
        Accounts a round, ≥ 1.
    seed : int
        ≥ 0.

    Raises
    ------
    InputError
        If an argument is out of range.

    Examples
    --------
    >>> episode = shock(rounds=3, winners=50, seed=7)
    >>> len(episode), len(episode.rounds[0].start.account)
    (3, 50)
    """
    for name, value, least in (("rounds", rounds, 1), ("winners", winners, 1), ("seed", seed, 0)):
        own_whole(value, name, lowest=least)
    rng = np.random.default_rng(seed)
    size = 2 * winners
    pool = _Pool(
        profit=rng.lognormal(LOG_MEAN, LOG_SD, size),
        collateral=rng.lognormal(LOG_MEAN, LOG_SD, size),
        leverage=1.0 + rng.lognormal(1.0, 0.8, size),
    )
    theta, made = 0.2, []
    for t in range(1, rounds + 1):
        theta = float(np.clip(theta + 0.1 * rng.standard_normal(), 0.0, 1.0))
        made.append(_round(t, pool, theta, winners, rng))
    source = f"generated: shock(rounds={rounds}, winners={winners}, seed={seed})"
    return Episode(name="shock", rounds=tuple(made), source=source)


def _round(t: int, pool: _Pool, theta: float, winners: int, rng: np.random.Generator) -> Round:
    chosen = np.sort(rng.choice(pool.profit.size, winners, replace=False))
    capacity = pool.profit[chosen] * rng.lognormal(0.0, 0.25, winners)
    small = rng.random() < 0.4
    share = 0.02 * rng.lognormal(0.0, 0.5) * (1e-3 if small else 1.0)
    deficit = min(share, 1.0) * float(capacity.sum())
    needed = theta * deficit
    start = RoundStart(
        t=t,
        account=tuple(f"w{i:07d}" for i in chosen),
        capacity=capacity,
        deficit=deficit,
        equity=capacity + pool.collateral[chosen],
        estimate=needed * rng.lognormal(0.0, 0.2),
        features={"leverage": pool.leverage[chosen]},
    )
    return Round(start=start, outcome=RoundOutcome(needed=needed))
