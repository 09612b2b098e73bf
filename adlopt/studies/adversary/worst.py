"""The worst that can happen to a severity rule, and how tight a bound on it is.

An adversary chooses the needed severities θ* ∈ [0, 1]^T of given rounds, with
Σ |θ*_t − θ*_{t−1}| ≤ P, against Σ D_t |θ_t − θ*_t|. For projected OGD the worst choice is found
exactly, by a mixed-integer program; for any other rule it is searched for. Whatever is reported
as a loss, the rule really lost when it was played on the instance returned. `unavoidable` turns
the question round: what does the best online policy lose, whatever it does?
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from numbers import Real

import numpy as np

from adlopt.bounds.bound import Bound
from adlopt.bounds.game.minimax_value import Game
from adlopt.bounds.registry import on_severities
from adlopt.errors import InputError, SolverStopped
from adlopt.foundation.arrays import own_whole
from adlopt.model.episode import Episode
from adlopt.model.method import Stopped
from adlopt.optimum.programs.highs import check_time_limit
from adlopt.policies import grammar
from adlopt.policies.gradient import ProjectedOGD
from adlopt.policies.playable import A_SEVERITY
from adlopt.policies.protocols import Severity, SeverityThenAllocation
from adlopt.studies.adversary.arena import Arena, snapped
from adlopt.studies.adversary.ogd_milp import solve
from adlopt.studies.adversary.seeded_search import search
from adlopt.studies.adversary.unavoidable import MinimaxOptimal, Unavoidable
from adlopt.studies.adversary.worst_case import Outcome, WorstCase, replay

__all__ = ["Outcome", "Unavoidable", "WorstCase", "replay", "unavoidable", "worst"]


def worst(  # noqa: PLR0913 - each is one choice of the user
    policy: Severity | SeverityThenAllocation | str,
    *,
    bound: Bound | str,
    episode: Episode | None = None,
    rounds: int | None = None,
    variation: float | None = None,
    any_first: bool = False,
    seed: int = 0,
    time_limit: float | None = None,
    progress: Callable[[str], None] | None = None,
) -> WorstCase:
    """Find the needed severities that cost a severity rule most, and compare with a bound.

    Parameters
    ----------
    policy : Severity, SeverityThenAllocation or str
        A rule, or a name as in `adlopt.policies.grammar`; "ogd" alone has the *hindsight* step
        η* = sqrt((1 + 2P)/S) of [CTTX26, Prop. 1]. An allocation is left aside.
    bound : Bound or str
        Or its name in `adlopt.bounds`, prop-1, half, or path.py:name; measured on the instance
        found, which refutes it if it covers the rule and the rule loses more.
    episode : Episode, optional
        Whose deficits to keep.
    rounds : int, optional
        T ≥ 1 rounds with unit deficits, where no episode is given.
    variation : float, optional
        P ∈ [0, T − 1]; an episode's own unless given.
    any_first : bool
        Let the adversary choose θ_1 too; where it searches, among 0, ½ and 1.
    seed : int
        Of the search; equal seeds give equal answers, unless a time limit cuts in.
    time_limit : float, optional
        Seconds > 0. Without it the program of projected OGD runs until it is solved: at once for
        16 rounds, and longer than anyone waits for 40.
    progress : callable, optional
        Told what is tried.

    Raises
    ------
    InputError
        Naming what cannot be used.

    Notes
    -----
    A path may spend less than P; a rule tuned to P is then not tuned to the instance, and a bound
    for the tuned rule need not hold there.

    Examples
    --------
    >>> case = worst("ogd", bound="prop-1", rounds=3, variation=1.0, any_first=True)
    >>> case.outcome, round(case.ratio, 4)
    (<Outcome.SUPREMUM: 'supremum'>, 0.8333)
    """
    arena = Arena.given(episode, rounds, variation)
    rule, measured = _rule(policy, arena), on_severities(bound)
    own_whole(seed, "seed")
    check_time_limit(time_limit)
    tell = progress or (lambda _: None)
    deadline = math.inf if time_limit is None else time.monotonic() + time_limit
    solved = None
    if type(rule) is ProjectedOGD:
        tell(f"{rule.name}: mixed-integer program")
        with suppress(SolverStopped):  # the limit came before any path
            solved = solve(rule, arena, any_first=any_first, deadline=deadline)
    attacks = [] if solved is None else [solved.attack]
    if solved is not None and solved.stopped is Stopped.OPTIMAL:
        outcome = Outcome.SUPREMUM
    else:
        outcome = Outcome.STOPPED if type(rule) is ProjectedOGD else Outcome.FOUND
        rules = _starting_anywhere(rule) if any_first else [rule]
        attacks.append(search(rules, arena, seed=seed, deadline=deadline, progress=tell))
    attack = snapped(max(attacks, key=lambda one: one.loss), arena)
    return WorstCase.of(
        attack.rule,
        measured,
        arena.instance(attack.path, name=f"worst case of {attack.rule.name}"),
        variation=arena.variation,
        upper=math.fsum(arena.deficit) if solved is None else solved.upper,
        outcome=outcome,
    )


def unavoidable(
    against: Severity | SeverityThenAllocation | str | None = None,
    *,
    bound: Bound | str,
    episode: Episode | None = None,
    rounds: int | None = None,
    variation: float | None = None,
) -> Unavoidable:
    """Enclose V(P), which no online policy can avoid, and make a rule lose as much.

    Parameters
    ----------
    against : Severity, SeverityThenAllocation or str, optional
        As the policy of `worst`; the minimax-optimal rule itself unless given.
    bound, episode, rounds, variation
        As in `worst`.

    Raises
    ------
    InputError
        Naming what cannot be used.

    Examples
    --------
    >>> case = unavoidable("persistence", bound="prop-1", rounds=3, variation=1.0)
    >>> round(case.value.lower, 4), case.loss, case.instance.needed_severity.tolist()
    (1.25, 1.5, [0.0, 0.5, 0.0])
    """
    arena = Arena.given(episode, rounds, variation)
    measured, game = on_severities(bound), Game.of(arena.deficit, arena.variation)
    rule = MinimaxOptimal(game) if against is None else _rule(against, arena)
    return Unavoidable.of(rule, measured, arena, game)


def _rule(policy: Severity | SeverityThenAllocation | str, arena: Arena) -> Severity:
    still = arena.instance(np.zeros(len(arena.starts)))
    rule = grammar.severity(policy, still, variation=arena.variation)
    theta: object = rule.decide(rule.begin(), arena.starts[0])
    if not isinstance(theta, Real):
        raise InputError("policy", theta, A_SEVERITY, index=rule.name)
    return rule


def _starting_anywhere(rule: Severity) -> list[Severity]:
    """Let θ_1 be 0, ½ or 1."""
    try:
        return [replace(rule, first=first) for first in (0.0, 0.5, 1.0)]  # type: ignore[type-var]
    except TypeError:
        expected = f"False, as {rule.name} has no free first severity"
        raise InputError("any_first", True, expected) from None
