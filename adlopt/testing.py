"""Checks that users run on their own parts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from adlopt.arrays import FloatArray
from adlopt.episode import Episode
from adlopt.episodes import shock
from adlopt.errors import CausalityError, PolicyError
from adlopt.policy import Policy
from adlopt.round import Round, RoundOutcome
from adlopt.solvency import check_haircut


def check_policy(policy: Policy, episode: Episode | None = None) -> None:
    """Check that a policy is feasible, deterministic and blind to the future.

    Feasible: 0 ≤ x_i ≤ u_i in every round. Deterministic: two plays agree bit for bit. Blind: for
    every round k, with all outcomes from k on replaced, the decisions up to and including k are
    bit-equal. A policy that captured the episode, or its rounds, is caught by that. Tuning that
    was done beforehand, such as a step size computed from the episode, cannot be seen from
    outside: it must be declared as `Information.HINDSIGHT`.

    Parameters
    ----------
    policy : Policy
    episode : Episode, optional
        A generated one of 12 rounds unless given.

    Raises
    ------
    BadHaircut
        If a haircut is infeasible.
    CausalityError
        If a decision changes with an outcome it cannot know; names the round.
    PolicyError
        If two plays of the same rounds differ.

    Examples
    --------
    >>> from adlopt.policies import named
    >>> check_policy(named("gated-persistence+queue:leverage"))
    """
    episode = shock(rounds=12, winners=30, seed=1) if episode is None else episode
    truth = _decisions(policy, episode.rounds)
    for t, (first, second) in enumerate(
        zip(truth, _decisions(policy, episode.rounds), strict=True), start=1
    ):
        if not np.array_equal(first, second):
            raise PolicyError(f"policy {policy.name!r} decides round {t} differently when replayed")
    for k in range(len(episode)):
        for factor in (0.0, 3.0):
            changed = _decisions(policy, _with_other_future(episode.rounds, k, factor))
            for t in range(k + 1):
                if not np.array_equal(truth[t], changed[t]):
                    raise CausalityError(
                        f"policy {policy.name!r} decides round {t + 1} differently when only "
                        f"outcomes from round {k + 1} on change: it sees the future"
                    )


def _decisions(policy: Policy, rounds: tuple[Round, ...]) -> list[FloatArray]:
    state, haircuts = policy.begin(), []
    for round_ in rounds:
        start = round_.start
        haircut = check_haircut(policy.decide(state, start), start, who=f"policy {policy.name!r}")
        haircuts.append(haircut)
        state = policy.learn(state, start, haircut, round_.outcome)
    return haircuts


def _with_other_future(rounds: tuple[Round, ...], first: int, factor: float) -> tuple[Round, ...]:
    return tuple(
        replace(r, outcome=RoundOutcome(needed=factor * r.needed + factor)) if t >= first else r
        for t, r in enumerate(rounds)
    )
