"""Hypotheses of bounds, each checked on an episode and, where it concerns a policy, on its run."""

from __future__ import annotations

import numpy as np

from adlopt.bounds.bound import Hypothesis
from adlopt.bounds.quantity import GATE, big_rounds
from adlopt.model.episode import Episode, rounds_where
from adlopt.model.run import Run


def _short_of_capacity(episode: Episode, run: Run | None) -> tuple[int, ...]:
    return rounds_where(episode.total_capacity < episode.deficit)


def _outside_domain(episode: Episode, run: Run | None) -> tuple[int, ...]:
    return () if run is None else rounds_where(run.haircut > episode.deficit * (1 + 1e-9))


def _uneven(episode: Episode, run: Run | None) -> tuple[int, ...]:
    return rounds_where(episode.deficit != episode.deficit[0])


def _mixed_sizes(episode: Episode, run: Run | None) -> tuple[int, ...]:
    big = big_rounds(episode)
    return rounds_where(~big & (episode.deficit >= GATE * episode.deficit[big].min()))


def _no_deficit(episode: Episode, run: Run | None) -> tuple[int, ...]:
    return rounds_where(episode.deficit == 0)


def _another_domain(episode: Episode, run: Run | None) -> tuple[int, ...]:
    first = episode.rounds[0].start
    return tuple(
        r.start.t
        for r in episode
        if r.start.account != first.account
        or not np.array_equal(r.start.capacity, first.capacity)
        or not r.start.capacity.all()
    )


def _pooled(episode: Episode, run: Run | None) -> tuple[int, ...]:
    return rounds_where(np.full(len(episode), episode.pooled))


ENOUGH_CAPACITY = Hypothesis(text="U_t ≥ D_t in every round", fails=_short_of_capacity)
INSIDE_DOMAIN = Hypothesis(text="H_t ≤ D_t: the policy stays in θ ≤ 1", fails=_outside_domain)
EQUAL_DEFICITS = Hypothesis(text="all deficits are equal", fails=_uneven)
POSITIVE_DEFICITS = Hypothesis(text="D_t > 0 in every round", fails=_no_deficit)
TWO_SIZES = Hypothesis(
    text="no round below max D/2 is half as large as one above", fails=_mixed_sizes
)
FIXED_DOMAIN = Hypothesis(
    text="the same winners with the same capacities > 0 in every round", fails=_another_domain
)
KNOWN_ACCOUNTS = Hypothesis(text="winners are known one by one, not pooled", fails=_pooled)
