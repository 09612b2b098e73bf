"""Hypotheses of bounds, each checked on an episode and, where it concerns a policy, on its run."""

from __future__ import annotations

import numpy as np

from adlopt.bounds.bound import Hypothesis
from adlopt.bounds.quantity import GATE, big_rounds
from adlopt.model.episode import Episode, rounds_where
from adlopt.model.run import Run


def _mixed_sizes(episode: Episode, run: Run | None) -> tuple[int, ...]:
    big = big_rounds(episode)
    return rounds_where(~big & (episode.deficit >= GATE * episode.deficit[big].min()))


def _another_domain(episode: Episode, run: Run | None) -> tuple[int, ...]:
    first = episode.rounds[0].start
    return tuple(
        r.start.t
        for r in episode
        if r.start.account != first.account
        or not np.array_equal(r.start.capacity, first.capacity)
        or not r.start.capacity.all()
    )


ENOUGH_CAPACITY = Hypothesis(
    text="U_t ≥ D_t in every round", fails=lambda e, run: rounds_where(e.total_capacity < e.deficit)
)
INSIDE_DOMAIN = Hypothesis(
    text="H_t ≤ D_t: the policy stays in θ ≤ 1",
    fails=lambda e, run: () if run is None else rounds_where(run.haircut > e.deficit * (1 + 1e-9)),
)
EQUAL_DEFICITS = Hypothesis(
    text="all deficits are equal", fails=lambda e, run: rounds_where(e.deficit != e.deficit[0])
)
POSITIVE_DEFICITS = Hypothesis(
    text="D_t > 0 in every round", fails=lambda e, run: rounds_where(e.deficit == 0)
)
TWO_SIZES = Hypothesis(
    text="no round below max D/2 is half as large as one above", fails=_mixed_sizes
)
FIXED_DOMAIN = Hypothesis(
    text="the same winners with the same capacities > 0 in every round", fails=_another_domain
)
KNOWN_ACCOUNTS = Hypothesis(
    text="winners are known one by one, not pooled",
    fails=lambda e, run: rounds_where(np.full(len(e), e.pooled)),
)
