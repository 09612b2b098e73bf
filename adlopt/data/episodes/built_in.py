"""Episodes that are built in: the paper's constructions, one of a seed, and October 10, 2025.

The constructions are small, and a claim is decided on them in closed form.
"""

from __future__ import annotations

from importlib.resources import as_file, files

import numpy as np

from adlopt.data.files.reading import read_episode
from adlopt.errors import InputError
from adlopt.foundation.arrays import FloatArray, own_number, own_whole
from adlopt.model.episode import Episode
from adlopt.model.round import Round, RoundOutcome, RoundStart


def alternating_capacities(rounds: int, ratio: float) -> Episode:
    """Two winners with capacities (1, M), then (M, 1), and so on; a budget of 1 [CTTX26, Eq. 18].

    A queue that always serves the first winner bears 1 on odd rounds and 1/M on even ones; the
    least burden is 1/(M + 1) in each.

    Examples
    --------
    >>> [r.start.capacity.tolist() for r in alternating_capacities(2, 3.0)]
    [[1.0, 3.0], [3.0, 1.0]]
    """
    own_whole(rounds, "rounds", lowest=1)
    if own_number(ratio, "ratio", lowest=0.0) < 1:
        raise InputError("ratio", ratio, "a number ≥ 1")
    made = [
        Round.of(
            t=t,
            account=("first", "second"),
            capacity=[1.0, ratio] if t % 2 else [ratio, 1.0],
            deficit=1.0,
            needed=1.0,
        )
        for t in range(1, rounds + 1)
    ]
    return Episode(name="alternating capacities", rounds=tuple(made), source=PAPER + "Eq. 18")


def alternating_blocks(blocks: int) -> Episode:
    """N blocks of n rounds with unit deficits and θ* = 0, 1, 0, 1, … by block.

    With θ_1 = 1 and η = 1/n projected OGD loses n(n + 1)/2 while the path varies by n − 1 only: it
    refutes [CTTX26, Prop. 3].

    Examples
    --------
    >>> alternating_blocks(2).needed_severity.tolist()
    [0.0, 0.0, 1.0, 1.0]
    """
    own_whole(blocks, "rounds", lowest=1)
    made = [
        Round.of(t=t + 1, capacity=[1.0], deficit=1.0, needed=float(t // blocks % 2))
        for t in range(blocks * blocks)
    ]
    return Episode(name="alternating blocks", rounds=tuple(made), source=PAPER + "Prop. 3")


PAPER = "arXiv 2602.15182, "
LOG_MEAN, LOG_SD = 5.71, 2.71
"""Of closed profit per winner on October 10, 2025 (HyperReplay's event-level table; median $219,
99 % quantile $455,620, Gini 0.98)."""


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
    profit, collateral = (rng.lognormal(LOG_MEAN, LOG_SD, size) for _ in range(2))
    pool = profit, collateral, 1.0 + rng.lognormal(1.0, 0.8, size)
    theta, made = 0.2, []
    for t in range(1, rounds + 1):
        theta = float(np.clip(theta + 0.1 * rng.standard_normal(), 0.0, 1.0))
        made.append(_round(t, pool, theta, winners, rng))
    source = f"generated: shock(rounds={rounds}, winners={winners}, seed={seed})"
    return Episode(name="shock", rounds=tuple(made), source=source)


def _round(
    t: int, pool: tuple[FloatArray, ...], theta: float, winners: int, rng: np.random.Generator
) -> Round:
    """Draw winners of a pool: profits, collaterals and leverages that do not change."""
    chosen = np.sort(rng.choice(pool[0].size, winners, replace=False))
    profit, collateral, leverage = (each[chosen] for each in pool)
    capacity = profit * rng.lognormal(0.0, 0.25, winners)
    small = rng.random() < 0.4
    share = 0.02 * rng.lognormal(0.0, 0.5) * (1e-3 if small else 1.0)
    deficit = min(share, 1.0) * float(capacity.sum())
    needed = theta * deficit
    start = RoundStart(
        t=t,
        account=tuple(f"w{i:07d}" for i in chosen),
        capacity=capacity,
        deficit=deficit,
        equity=capacity + collateral,
        estimate=needed * rng.lognormal(0.0, 0.2),
        features={"leverage": leverage},
    )
    return Round(start=start, outcome=RoundOutcome(needed=needed))


def october_10() -> Episode:
    """Return the episode with its recorded policies, from the published per-round figures.

    The table, its source and its licence stand in `october_10.toml` beside this file. Its figures
    are by round, so each round's winners are one pooled account.

    Examples
    --------
    >>> episode = october_10()
    >>> len(episode), round(float(episode.deficit.sum()), 2), round(float(episode.needed.sum()), 2)
    (16, 100063386.69, 15079669.61)
    """
    with as_file(files("adlopt.data.episodes") / "october_10.toml") as path:
        return read_episode(path)
