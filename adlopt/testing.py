"""Checks that users run on their own parts."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from adlopt.bounds.bound import Bound, BoundVerdict
from adlopt.data.episodes.built_in import shock
from adlopt.errors import CausalityError, PolicyError, ProofError
from adlopt.foundation.arrays import FloatArray
from adlopt.model.episode import Episode
from adlopt.model.round import Round
from adlopt.policies.grammar import as_policy
from adlopt.policies.protocols import Policy, Severity
from adlopt.proof.checking import Checked, check
from adlopt.scoring.hindsight import severity_loss
from adlopt.scoring.one_run import decisions, other_future, run_policy


def check_policy(policy: Policy, episode: Episode | None = None) -> None:
    """Check that a policy is feasible, deterministic and blind to the future.

    Feasible: 0 ≤ x_i ≤ u_i in every round. Deterministic: two plays agree bit for bit. Blind: for
    every round k, with all outcomes from k on replaced, the decisions up to and including k are
    bit-equal. The outcomes are replaced inside the very objects of `episode`, and put back, so
    that a policy which kept a reference to the episode, a round or an outcome is caught.

    Pass the episode that the policy may have seen: on another one there is nothing to give it
    away. Numbers that were copied out of an episode beforehand, such as a step size tuned on it,
    cannot be seen from outside: such a policy must declare `Information.HINDSIGHT`.

    This finds mistakes and shortcuts: a look into globals, closures, frames or the garbage
    collector meets the replaced outcomes. It is no sandbox. A policy that tells that it is being
    checked, by frames, the clock or a count of its plays, can play fair meanwhile, and one that
    rewrites other memory of the process can do anything: run code you do not trust elsewhere.

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
        If two plays of the same rounds differ, a play changes the rounds, or the policy fails.

    Examples
    --------
    >>> from adlopt.policies.grammar import named
    >>> check_policy(named("gated-persistence+queue:leverage"))
    """
    episode = shock(rounds=12, winners=30, seed=1) if episode is None else episode
    shown = _figures(episode)
    truth = _decisions(policy, episode.rounds)
    if _figures(episode) != shown:
        raise PolicyError(f"policy {policy.name!r} changed the rounds it was shown")
    for t, (first, second) in enumerate(
        zip(truth, _decisions(policy, episode.rounds), strict=True), start=1
    ):
        if not np.array_equal(first, second):
            raise PolicyError(f"policy {policy.name!r} decides round {t} differently when replayed")
    for k in range(len(episode)):
        for factor in (0.0, 3.0):
            with other_future(episode, k, factor):
                changed = _decisions(policy, episode.rounds)
            for t in range(k + 1):
                if not np.array_equal(truth[t], changed[t]):
                    raise CausalityError(
                        f"policy {policy.name!r} decides round {t + 1} differently when only "
                        f"outcomes from round {k + 1} on change: it sees the future"
                    )


def check_proof(path: str | Path) -> Checked:
    """Check a proof file: it reaches its verdict, and no false variant of it is accepted.

    Raises
    ------
    ProofError
        Saying where it fails.

    Examples
    --------
    >>> from adlopt.proof.library import proof_files
    >>> check_proof(proof_files()["trivial"]).verdict.value
    'PROVED'
    """
    return check(path)


def check_bound(
    bound: Bound, rule: Severity | None = None, episodes: Iterable[Episode] = ()
) -> None:
    """Check that a proof concludes a bound, and that a rule it covers keeps to it.

    Parameters
    ----------
    bound : Bound
    rule : Severity, optional
        Played on each of `episodes` whose hypotheses hold: it must be covered, and lose no more.
    episodes : iterable of Episode

    Raises
    ------
    ProofError
        If the bound is conjectured, covers another rule, or is refuted on an episode.

    Examples
    --------
    >>> from adlopt.bounds import HALF
    >>> from adlopt.policies.severity import Constant
    >>> check_bound(HALF, Constant(0.5), [shock(rounds=4, winners=5, seed=1)])
    >>> check_bound(HALF, Constant(0.9), [shock(rounds=4, winners=5, seed=1)])
    Traceback (most recent call last):
    adlopt.errors.ProofError: θ = 1/2 covers others than constant:0.9 on shock
    """
    if bound.conjectured:
        raise ProofError(f"{bound.name} is conjectured: {bound.basis}")
    if rule is None:
        return
    for episode in episodes:
        run = run_policy(episode, as_policy(rule))
        loss = severity_loss(episode, episode.severity(run))
        verdict = bound.verdict(rule, episode, loss, run)
        if verdict is BoundVerdict.OTHERS:
            raise ProofError(f"{bound.name} covers others than {rule.name} on {episode.name}")
        if verdict is BoundVerdict.REFUTED:
            raise ProofError(f"{bound.name} is refuted: {rule.name} loses {loss} on {episode.name}")


def _figures(episode: Episode) -> list[tuple[float, float]]:
    return [(round_.start.deficit, round_.needed) for round_ in episode]


def _decisions(policy: Policy, rounds: tuple[Round, ...]) -> list[FloatArray]:
    try:
        return [haircut for _, haircut in decisions(policy, rounds)]
    except LookupError as error:
        said = f"{type(error).__name__}: {error}"
        raise PolicyError(
            f"policy {policy.name!r} cannot play rounds it has not seen before ({said}): does it "
            "look up what it learnt from others?"
        ) from error
