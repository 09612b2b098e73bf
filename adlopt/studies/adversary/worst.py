"""The worst that can happen to a severity rule, and how tight a bound on it is.

An adversary chooses the needed severities θ* ∈ [0, 1]^T of given rounds, with
Σ |θ*_t − θ*_{t−1}| ≤ P, against Σ D_t |θ_t − θ*_t|. For a severity that is written in the notation,
and whose expressions are linear but for their bends and roots, both ends of the worst case are
found; for any other it is searched for, and the best theorem that covers it is the upper end.
Whatever is reported as a loss, the rule really lost when it was played on the instance returned.
`unavoidable` turns the question round: what does the best online policy lose, whatever it does?
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from numbers import Real
from operator import itemgetter
from typing import Any, overload

import numpy as np

from adlopt.bounds.bound import FIRST_SEVERITY, Along, Bound
from adlopt.bounds.game.minimax_value import Game
from adlopt.bounds.gradient_steps import MIXED
from adlopt.bounds.quantity import OF_ALL_PATHS
from adlopt.bounds.registry import UPPER, on_severities
from adlopt.bounds.trivial import TRIVIAL, from_first
from adlopt.errors import InputError, SolverStopped
from adlopt.foundation.arrays import freeze, own_number, own_whole
from adlopt.foundation.deadline import ctrl_c_as_limit, deadline
from adlopt.model.episode import Episode
from adlopt.policies import grammar
from adlopt.policies.experts import Mixture
from adlopt.policies.grammar import A_SEVERITY, Playable
from adlopt.policies.protocols import Severity, SeverityThenAllocation
from adlopt.policies.severity_notation import Written
from adlopt.studies.adversary.arena import Arena, follow, search, snapped
from adlopt.studies.adversary.by_levels import by_levels
from adlopt.studies.adversary.worst_allocation import RoundBox, WorstAllocation, worst_allocation
from adlopt.studies.adversary.worst_case import (
    ATTAINED,
    MinimaxOptimal,
    Outcome,
    Unavoidable,
    WorstCase,
)
from adlopt.studies.adversary.written_program import NotLinear
from adlopt.studies.adversary.written_worst import MEETING, Solved, solve

__all__ = ["RoundBox", "Unavoidable", "WorstAllocation", "WorstCase", "unavoidable", "worst"]


@overload
def worst(
    policy: Severity | SeverityThenAllocation | str,
    episode: Episode | None = None,
    *,
    bound: Bound | str | None = None,
    rounds: int | None = None,
    variation: float | None = None,
    within: Sequence[str] = (),
    any_first: bool = False,
    exact: bool = False,
    gap: float = MEETING,
    seed: int = 0,
    time_limit: float | None = None,
    box: None = None,
    progress: Callable[[str], None] | None = None,
) -> WorstCase: ...


@overload
def worst(
    policy: Playable,
    *,
    exact: bool = False,
    gap: float = MEETING,
    seed: int = 0,
    time_limit: float | None = None,
    box: RoundBox,
    progress: Callable[[str], None] | None = None,
) -> WorstAllocation: ...


@ctrl_c_as_limit()
def worst(  # noqa: PLR0913 - each is one choice of the user
    policy: Playable,
    episode: Episode | None = None,
    *,
    bound: Bound | str | None = None,
    rounds: int | None = None,
    variation: float | None = None,
    within: Sequence[str] = (),
    any_first: bool = False,
    exact: bool = False,
    gap: float = MEETING,
    seed: int = 0,
    time_limit: float | None = None,
    box: RoundBox | None = None,
    progress: Callable[[str], None] | None = None,
) -> WorstCase | WorstAllocation:
    """Find the needed severities that cost a severity rule most, and compare with a bound.

    Or, over a `box` of rounds, what an allocation costs most: the ratio of its worst burden to the
    least possible, what an account saves by splitting in two, and how far haircuts jump.

    Parameters
    ----------
    policy : Severity, SeverityThenAllocation or str
        A rule, or a name as in `adlopt.policies.grammar`; "ogd" alone has the *hindsight* step
        η* = sqrt((1 + 2P)/S) of [CTTX26, Prop. 1]. An allocation is left aside.
    episode : Episode, optional
        Whose deficits to keep.
    bound : Bound or str, optional
        Or its name in `adlopt.bounds`, prop-1, half, or path.py:name; measured on the instance
        found, which refutes it if it covers the rule and the rule loses more. Unless given, the
        least that covers the rule.
    rounds : int, optional
        T ≥ 1 rounds with unit deficits, where no episode is given.
    variation : float, optional
        P ∈ [0, T − 1]; an episode's own unless given.
    within : sequence of str
        Other limits that θ* keeps to: sums of multiples of `variation`, `moved`, Σ D_t |θ*_t −
        θ*_{t−1}|, `needed`, Σ D_t θ*_t, and `target1`, `target2`, …, with ``<=`` or ``>=`` between
        them: "moved + needed <= 4e7". A sum alone is what it is in the episode: "moved".
    any_first : bool
        Let the adversary choose θ_1 too; where it searches, among 0, ½ and 1.
    exact : bool
        Refuse a rule whose worst case can only be searched for, or lies between roots' tangents.
    gap : float
        Relative, of the two ends, at which to stop.
    seed : int
        Of the search; equal seeds give equal answers, unless a time limit cuts in.
    time_limit : float, optional
        Seconds > 0. Without it the search goes on until both ends meet: for 16 rounds within a
        minute, for 40 longer than anyone waits. Ctrl-C is such a limit.
    box : RoundBox, optional
        Of `adlopt.studies.adversary.worst`: accounts, `spread` of their profits, least `budget`,
        and their `total` if it is fixed, USD. The policy is an allocation then, or its severity is
        left aside, and `exact`, `gap`, `seed` and `time_limit` mean the same.
    progress : callable, optional
        Told what is tried.

    Returns
    -------
    WorstCase, or WorstAllocation over a box

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
    >>> found = worst("queue", box=RoundBox(accounts=3, spread=2.0, budget=1.0))
    >>> round(found["ratio"].upper, 4), round(found["leak"].upper, 4)
    (3.0, 2.0)
    """
    own_whole(seed, "seed")
    own_number(gap, "gap", lowest=0.0)
    if box is not None:
        chosen: dict[str, Any] = {"exact": exact, "seed": seed, "progress": progress}
        of_paths = {"episode": episode, "rounds": rounds, "bound": bound, "variation": variation}
        for name, given in (of_paths | {"any_first": any_first, "within": within}).items():
            if given not in (None, False, ()):
                raise InputError(name, given, "nothing beside a box of rounds")
        return worst_allocation(policy, box, gap=max(gap, 1e-6), time_limit=time_limit, **chosen)
    arena = Arena.given(episode, rounds, variation, within)
    rule, measured = _rule(policy, arena), None if bound is None else on_severities(bound)
    tell, end = progress or (lambda _: None), deadline(time_limit)
    tell(f"{rule.name}: mixed-integer program")
    rules = _starting_anywhere(rule) if any_first else [rule]
    chosen = {"any_first": any_first, "gap": gap, "deadline": end, "progress": tell}
    solved = _solved(rule, arena, chosen, exact=exact)
    if isinstance(solved, Outcome):
        attack, known = search(rules, arena, seed=seed, deadline=end, progress=tell), []
    else:
        attack, known = solved.attack, [(solved.upper, solved.by)]
    attack = snapped(attack, arena)
    upper, by = min([*known, _by_theorem(rule, arena, any_first=any_first)], key=itemgetter(0))
    instance = arena.instance(attack.path, name=f"worst case of {attack.rule.name}")
    return WorstCase.of(
        attack.rule,
        measured or _least_that_covers(attack.rule, instance),
        instance,
        arena=arena,
        upper=upper,
        upper_by=by,
        reported=None if isinstance(solved, Outcome) or solved.closed else solved.reported,
        outcome=_outcome(solved, upper),
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


def _rule(policy: Any, arena: Arena) -> Severity:
    still = arena.instance(np.zeros(len(arena.starts)))
    rule = grammar.severity(policy, still, variation=arena.variation)
    theta: object = rule.decide(rule.begin(), arena.starts[0])
    if not isinstance(theta, Real):
        raise InputError("policy", theta, A_SEVERITY, index=rule.name)
    return rule


def _solved(
    rule: Severity, arena: Arena, chosen: dict[str, Any], *, exact: bool
) -> Solved | Outcome:
    """FOUND if the rule is no mixed-integer program, STOPPED if the limit came before any path."""
    why = "is not written in the notation"
    if isinstance(rule, Written) and rule.as_written:
        try:
            return solve(rule, arena, loose=not exact, **chosen)
        except NotLinear as not_linear:
            why = str(not_linear)
        except SolverStopped:
            return Outcome.STOPPED
    if exact:
        expected = f"a severity whose worst case is a mixed-integer program: it {why}"
        raise InputError("policy", rule.name, expected, remedy="search instead")
    return Outcome.FOUND


def _by_theorem(rule: Severity, arena: Arena, *, any_first: bool) -> tuple[float, str]:
    """The least that a theorem says of all paths of the arena, USD, of those that cover the rule.

    It is measured where θ* goes from end to end until P is spent: of a path, such a bound knows P.
    """
    ends = freeze([t % 2 for t in range(len(arena.starts))])
    swing = arena.instance(follow(ends, arena.variation))
    first = from_first(rule.decide(rule.begin(), arena.starts[0]))
    found = [(math.fsum(arena.deficit), "the sum of deficits")]
    for bound in (*UPPER.values(), first):
        if any_first and FIRST_SEVERITY in bound.choices:
            continue
        knows = bound.expression.subs(bound.choices).free_symbols
        if knows <= OF_ALL_PATHS and bound.is_about(rule, swing) and not bound.conjectured:
            value = replace(bound, along=Along.NEEDED).evaluate(swing).value
            found += [] if value is None else [(value, bound.name)]
    if type(rule) is Mixture:
        slack = math.sqrt(math.log(len(rule.rules)) * math.fsum(arena.deficit**2))
        for expert in rule.rules:
            found.append((_of_expert(expert, arena, any_first=any_first) + slack, MIXED.name))
    return min(found)


def _of_expert(expert: Severity, arena: Arena, *, any_first: bool) -> float:
    """What no path costs an expert, USD: by a theorem, or level by level if it only compares."""
    known = _by_theorem(expert, arena, any_first=any_first)[0]
    at_once: dict[str, Any] = {"gap": 1e-3, "deadline": math.inf}
    found = by_levels(expert, arena, any_first=any_first, **at_once)  # type: ignore[arg-type]
    return known if found is None else min(known, found[0])


def _least_that_covers(rule: Severity, instance: Episode) -> Bound:
    """The proved bound that says least where the rule was played; the trivial one at worst."""
    about = [b for b in UPPER.values() if b.is_about(rule, instance) and not b.conjectured]
    values = {bound.name: bound.evaluate(instance).value for bound in about}
    said = [bound for bound in about if values[bound.name] is not None]
    return min(said, key=lambda bound: values[bound.name] or 0.0, default=TRIVIAL)


def _outcome(solved: Solved | Outcome, upper: float) -> Outcome:
    if isinstance(solved, Outcome):
        return solved
    if solved.attack.loss >= upper * (1 - ATTAINED):
        return Outcome.SUPREMUM
    return Outcome.BETWEEN if solved.closed else Outcome.STOPPED


def _starting_anywhere(rule: Severity) -> list[Severity]:
    """Let θ_1 be 0, ½ or 1."""
    try:
        return [replace(rule, first=first) for first in (0.0, 0.5, 1.0)]  # type: ignore[type-var]
    except TypeError:
        expected = f"False, as {rule.name} has no free first severity"
        raise InputError("any_first", True, expected) from None
