"""Policies by name: `severity+allocation`, each with an optional argument after a colon.

An allocation may be a venue's rule, or an object in a file of one's own, `path.py:name`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeVar, cast, get_args

from adlopt.errors import InputError
from adlopt.foundation.user_code import MARK, load
from adlopt.model.loss import Burden
from adlopt.policies import allocation as a
from adlopt.policies import gradient as g
from adlopt.policies import hybrid as h
from adlopt.policies import risk as r
from adlopt.policies import severity as s
from adlopt.policies.backoff import DeficitMatching, ExponentialBackoff
from adlopt.policies.by_rule import ByRule
from adlopt.policies.experts import Ader, Mixture
from adlopt.policies.insured import Insured
from adlopt.policies.mdic import AllocationMDIC, SeverityMDIC
from adlopt.policies.newsvendor import Newsvendor, PinballOGD
from adlopt.policies.protocols import Allocation, Policy, Severity, SeverityThenAllocation
from adlopt.rules.rule import Rule
from adlopt.rules.venues import VENUES

T = TypeVar("T")


def _damped(rho: float = 0.5, rule: str = "queue") -> h.Damped:
    return h.Damped(allocation_named(rule), rho)


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
    "mixture": Mixture,
    "match": DeficitMatching,
    "backoff": ExponentialBackoff,
    "newsvendor": Newsvendor,
    "pinball-ogd": PinballOGD,
    "mdic": SeverityMDIC,
}
ALLOCATIONS: dict[str, Callable[..., Allocation]] = {
    "queue": a.Queue,
    "pro-rata": a.ProRata,
    "capped-pro-rata": a.CappedProRata,
    "integer-pro-rata": a.IntegerProRata,
    "min-max": a.LeastBurden,
    "mirror-descent": a.MirrorDescent,
    "rap": r.RiskAware,
    "greedy-risk": r.GreedyByRisk,
    "leverage-draining": r.LeverageDraining,
    "buckets": h.Buckets,
    "soft-queue": h.SoftQueue,
    "queue-blend": h.Blend,
    "damped": _damped,
    "mdic": AllocationMDIC,
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
    ader, follow-the-leader, running-ratio, estimate, mixture, match, backoff, newsvendor,
    pinball-ogd, mdic and an allocation of queue, pro-rata, capped-pro-rata, integer-pro-rata,
    min-max, mirror-descent, rap, greedy-risk, leverage-draining, buckets, soft-queue, queue-blend,
    damped, mdic, a venue's rule (adlopt venues), or path.py:name
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
    if name in VENUES:
        return ByRule(VENUES[name])
    if name.partition(":")[0] in ALLOCATIONS:
        return _make(ALLOCATIONS, name)
    return as_allocation(load(name), name)


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


def insured_named(name: str, policy: Policy) -> Insured:
    """Return a policy behind a fund, from the fund's part of the name.

    Raises
    ------
    InputError
        If an argument does not fit.

    Examples
    --------
    >>> insured_named("insured:1e6:0.3", named("queue")).name
    'insured:1000000:0.3+persistence+queue'
    """
    return _make({"insured": partial(Insured, policy)}, name)


def _make(table: Mapping[str, Callable[..., T]], text: str) -> T:
    key, _, rest = text.partition(":")
    takes = inspect.signature(table[key], eval_str=True).parameters.values()
    most = [p for p in takes if p.name != "information"]
    least = [p for p in most if p.default is p.empty]
    given = rest.split(":", max(len(most) - 1, 0)) if rest else []
    if not len(least) <= len(given) <= len(most) or text.endswith(":"):
        names = ":".join(p.name for p in most) or "nothing"
        raise InputError("policy", text, f"{key} with {names} after a colon")
    return table[key](*(_argument(text, *pair) for pair in zip(most, given, strict=False)))


def _argument(text: str, parameter: inspect.Parameter, given: str) -> str | float | Burden:
    """Read an argument as its annotation says; text is the whole part of the name."""
    kinds = get_args(parameter.annotation) or (parameter.annotation,)
    kind = next((k for k in (Burden, float) if k in kinds), str)
    try:
        return kind(given)
    except ValueError:
        burdens = " or ".join(burden.value for burden in Burden)
        expected = burdens if kind is Burden else "a number"
        raise InputError("policy", text, f"{expected} after the colon") from None
