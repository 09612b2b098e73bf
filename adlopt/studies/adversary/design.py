"""Parameters of a severity whose worst case is least: a minimum over maxima, cut with paths.

The lower end is the search's (`design_search`); the upper one is the worst case at the point
chosen, proven as `worst` proves it. Beside the worst case, or instead, the mean loss on episodes
that are believed in may count.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from adlopt.bounds.game.minimax_value import Interval, minimax
from adlopt.errors import InputError, unknown
from adlopt.foundation.arrays import own_number
from adlopt.foundation.deadline import ctrl_c_as_limit, deadline
from adlopt.model.episode import Episode
from adlopt.model.filled import filled
from adlopt.model.run import Information
from adlopt.optimum.core.certificate import Trust, round_down
from adlopt.policies import grammar
from adlopt.policies.catalogue import SEVERITIES
from adlopt.policies.protocols import Severity
from adlopt.policies.severity_notation import Written
from adlopt.show.adversary import design as shown
from adlopt.show.answer import Answer, Columns, plain
from adlopt.show.schema.boards import DesignData, IntervalData
from adlopt.show.words import dollars, number
from adlopt.studies.adversary.arena import Arena
from adlopt.studies.adversary.design_search import BETTER, Envelope, Severities


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Design(Answer):
    """The parameters in a range that are best, between two ends, USD.

    What counts is the worst case, or, for a share `expected` of it, the mean loss on a belief,
    `mean` at the point chosen. The `rule` has the values `chosen`: it comes to no more than
    `upper`, no path costs it more than `worst`, and it loses `loss` on the `instance`. Whatever the
    values, it comes to `lower`: EXACT in fractions, VERIFIED where roots were rounded, REPORTED if
    only values of a grid were looked at. Where the tree that proves `worst` was stopped, `reported`
    is what HiGHS says it is. `value` is V(P), what no online policy can avoid. The deficits and P
    are known beforehand: the choice is *hindsight* for the episode they come from.
    """

    _view = shown
    rule: Severity
    chosen: Mapping[str, float]
    range: Mapping[str, tuple[float, float]]
    variation: float
    expected: float
    mean: float | None
    lower: float
    trust: Trust
    upper: float
    reported: float
    closed: bool
    worst: float
    loss: float
    value: Interval
    instance: Episode
    curve: Mapping[str, Any]

    @property
    def gap(self) -> float:
        """USD between the ends."""
        return self.upper - self.lower

    def _columns(self) -> Columns:
        return self.curve

    def _heading(self) -> str:
        at = ", ".join(f"{name} = {number(value)}" for name, value in self.chosen.items())
        return f"{self.rule.name}: with {at} no path costs more than {dollars(self.worst)}"

    def data(self) -> DesignData:
        """Return the figures at full precision, and the curve."""
        value = filled(IntervalData, self.value)
        more: dict[str, Any] = {"policy": self.rule.name, "source": self.instance.source}
        more |= {"needed_severity": self.instance.needed_severity.tolist()}
        more |= {"range": {name: list(ends) for name, ends in self.range.items()}}
        return filled(DesignData, self, value_usd=value, curve=plain(self.curve), **more)


@ctrl_c_as_limit()
def design(  # noqa: PLR0913 - each is one choice of the user
    policy: Severity | str,
    over: Mapping[str, tuple[float, float]],
    *,
    episode: Episode | None = None,
    rounds: int | None = None,
    variation: float | None = None,
    within: Sequence[str] = (),
    expected: float = 0.0,
    belief: Sequence[Episode] = (),
    gap: float = 1e-3,
    time_limit: float | None = None,
    progress: Callable[[str], None] | None = None,
) -> Design:
    """Find the parameters of a severity, in a range, that make its worst case least.

    Parameters
    ----------
    policy : Severity or str
        Written in the notation, with the parameters, or its name: "ogd".
    over : Mapping[str, tuple[float, float]]
        One parameter or two, and their ranges, such as {"step": (1e-9, 1e-6)}.
    episode, rounds, variation, within
        As in `adlopt.worst`.
    expected : float
        Share in [0, 1] of the mean loss on the belief in what is made least: 1 is that alone.
    belief : sequence of Episode
        Equally likely; the episode itself unless given.
    gap : float
        Relative, of the two ends, at which to stop.
    time_limit : float, optional
        Seconds > 0; the ends are as far as they had come. Ctrl-C is such a limit.
    progress : callable, optional
        Told the ends so far.

    Raises
    ------
    InputError
        If a parameter or its range is none, or the worst case can only be searched for.

    Examples
    --------
    >>> found = design("ogd", {"step": (0.05, 1.0)}, rounds=3, variation=1.0)
    >>> round(found.chosen["step"], 3), round(found.lower, 3), round(found.upper, 3)
    (0.05, 1.55, 1.55)
    >>> found.trust.value
    'exact'
    """
    own_number(gap, "gap", lowest=0.0)
    if own_number(expected, "expected", lowest=0.0) > 1:
        raise InputError("expected", expected, "a share in [0, 1]")
    believed = list(belief) or [each for each in (episode,) if each is not None]
    if expected and not believed:
        raise InputError("belief", [], "an episode or more")
    arena, end = Arena.given(episode, rounds, variation, within), deadline(time_limit)
    ranges = _ranges(over)
    family = Severities(_maker(policy, ranges, arena), ranges, arena)
    search = Envelope(family, believed if expected else [], expected)
    half = end - time_limit / 2 if time_limit is not None else end
    search.run(gap, half, progress or (lambda _: None))
    best = min(search.costs, key=search.costs.__getitem__)
    rule, proven = family.make(best), search.proven(best, max(gap / 100, BETTER), end, progress)
    mean, lower = search.mean(best), round_down(search.lower)
    worst = max(proven.upper, proven.attack.loss)
    upper = (1 - expected) * worst + expected * mean
    return Design(
        rule=rule,
        chosen=dict(zip(ranges, best, strict=True)),
        range=ranges,
        variation=arena.variation,
        expected=float(expected),
        mean=mean if expected else None,
        lower=lower,
        trust=search.trust,
        upper=upper,
        reported=max(proven.reported, proven.attack.loss),
        closed=upper - lower <= gap * upper,
        worst=worst,
        loss=proven.attack.loss,
        value=minimax(arena.deficit, arena.variation),
        instance=arena.instance(proven.attack.path, name=f"worst case of {rule.name}"),
        curve=search.curve(),
    )


def _ranges(over: Mapping[str, tuple[float, float]]) -> dict[str, tuple[float, float]]:
    if not isinstance(over, Mapping) or len(over) not in (1, 2):
        remedy = '{"step": (0.1, 1.0)}'
        raise InputError("over", over, "one parameter or two, and their ranges", remedy=remedy)
    found = {}
    for name, given in over.items():
        try:
            low, high = (own_number(end, "over") for end in given)
        except (TypeError, ValueError):
            raise InputError("over", given, "two numbers", index=name) from None
        if not low < high:
            raise InputError("over", given, "a smaller number, then a larger one", index=name)
        found[name] = low, high
    return found


def _maker(
    policy: Severity | str, ranges: Mapping[str, tuple[float, float]], arena: Arena
) -> Callable[..., Any]:
    """What makes the severity with values of its parameters."""
    make: Callable[..., Any]
    if isinstance(policy, str) and policy in SEVERITIES:
        make = SEVERITIES[policy]
        known = list(getattr(make, "__dataclass_fields__", ()))
    else:
        rule: Any = grammar.severity(policy, arena.instance(np.zeros(len(arena.starts))))
        known = list(getattr(rule, "__dataclass_fields__", ()))
        make = partial(replace, rule)
    for name in ranges:
        if name not in known:
            raise unknown("over", name, known)
    try:
        made = [
            make(**dict(zip(ranges, ends, strict=True)))
            for ends in zip(*ranges.values(), strict=True)
        ]
    except TypeError as error:
        raise InputError("policy", policy, f"all its other arguments ({error})") from None
    if not isinstance(made[0], Written) or not made[0].as_written:
        raise InputError("policy", policy, "a severity that is written in the notation")
    live: Any = {"information": Information.ROUND_START} if "information" in known else {}
    return partial(make, **live)
