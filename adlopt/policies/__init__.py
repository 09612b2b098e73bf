"""Policies by name: `severity+allocation`, each with an optional argument after a colon.

An allocation may be a venue's rule, or an object in a file of one's own, `path.py:name`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import TypeVar, cast

from adlopt.errors import InputError
from adlopt.loss import Burden
from adlopt.online import Allocation, Severity, SeverityThenAllocation
from adlopt.own_file import MARK, load
from adlopt.policies import allocation as a
from adlopt.policies import gradient as g
from adlopt.policies import severity as s
from adlopt.policies.by_rule import ByRule
from adlopt.policies.experts import Ader
from adlopt.rules.rule import Rule
from adlopt.rules.venues import VENUES

T = TypeVar("T")
SEVERITIES: dict[str, Callable[..., Severity]] = {
    "do-nothing": s.do_nothing,
    "constant": s.Constant,
    "persistence": s.Persistence,
    "gated-persistence": s.GatedPersistence,
    "dollar-persistence": s.DollarPersistence,
    "ogd": g.ProjectedOGD,
    "adagrad-ogd": g.AdaGradOGD,
    "ader": Ader,
    "follow-the-leader": s.FollowTheLeader,
    "running-ratio": s.RunningRatio,
    "estimate": s.ExAnteEstimate,
}
ALLOCATIONS: dict[str, Callable[..., Allocation]] = {
    "queue": a.Queue,
    "pro-rata": a.ProRata,
    "capped-pro-rata": a.CappedProRata,
    "integer-pro-rata": a.IntegerProRata,
    "min-max": a.LeastBurden,
    "mirror-descent": a.MirrorDescent,
}
KNOWN = (
    f"an allocation of {', '.join(ALLOCATIONS)}, a venue's rule (adlopt venues), or path.py:name"
)


def named(name: str) -> SeverityThenAllocation:
    """Return a policy from its name.

    A severity alone is followed by pro-rata, an allocation alone is preceded by persistence.

    Raises
    ------
    InputError
        If a part is unknown or its argument does not fit.

    Examples
    --------
    >>> named("gated-persistence+queue:leverage").name
    'gated-persistence+queue:leverage'
    >>> named("queue").name
    'persistence+queue'
    >>> named("hope")
    Traceback (most recent call last):
    adlopt.errors.InputError: policy is 'hope': expected severity+allocation with a severity of
    do-nothing, constant, persistence, gated-persistence, dollar-persistence, ogd, adagrad-ogd,
    ader, follow-the-leader, running-ratio, estimate and an allocation of queue, pro-rata,
    capped-pro-rata, integer-pro-rata, min-max, mirror-descent, a venue's rule (adlopt venues), or
    path.py:name
    """
    first, plus, second = name.partition("+")
    if not plus:
        is_severity = first.partition(":")[0] in SEVERITIES
        first, second = (first, "pro-rata") if is_severity else ("persistence", first)
    if first.partition(":")[0] not in SEVERITIES or not _is_allocation(second):
        expected = f"severity+allocation with a severity of {', '.join(SEVERITIES)} and {KNOWN}"
        raise InputError("policy", name, expected)
    return SeverityThenAllocation(_make(SEVERITIES, first), allocation_named(second))


def allocation_named(name: str) -> Allocation:
    """Return an allocation rule from its name.

    Raises
    ------
    InputError
        If it is unknown or its argument does not fit.

    Examples
    --------
    >>> allocation_named("queue:leverage").name
    'queue:leverage'
    """
    if not _is_allocation(name):
        raise InputError("policy", name, KNOWN)
    if MARK in name:
        return as_allocation(load(name), name)
    return ByRule(VENUES[name]) if name in VENUES else _make(ALLOCATIONS, name)


def as_allocation(found: object, name: str) -> Allocation:
    """Return an allocation for itself, or for a rule.

    Raises
    ------
    InputError
        If it is neither.
    """
    if isinstance(found, Rule):
        return ByRule(found)
    if not isinstance(found, type) and hasattr(found, "allocate"):
        return cast(Allocation, found)
    raise InputError(name, found, "a rule, or an allocation")


def _is_allocation(name: str) -> bool:
    return MARK in name or name in VENUES or name.partition(":")[0] in ALLOCATIONS


def _make(table: Mapping[str, Callable[..., T]], text: str) -> T:
    key, _, rest = text.partition(":")
    arguments = _arguments(key, rest) if rest else ()
    takes = inspect.signature(table[key]).parameters.values()
    most = [p for p in takes if p.name != "information"]
    least = [p for p in most if p.default is p.empty]
    if not len(least) <= len(arguments) <= len(most) or text.endswith(":"):
        names = ":".join(p.name for p in most) or "nothing"
        raise InputError("policy", text, f"{key} with {names} after a colon")
    return table[key](*arguments)


def _arguments(key: str, text: str) -> tuple[str | float | Burden, ...]:
    if key == "queue":
        return (text,)
    try:
        return (Burden(text),) if key == "min-max" else tuple(map(float, text.split(":")))
    except ValueError:
        burdens = " or ".join(burden.value for burden in Burden)
        expected = burdens if key == "min-max" else "a number"
        raise InputError("policy", f"{key}:{text}", f"{expected} after the colon") from None
