"""Whatever can be played, by name or as an object, made a policy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias, cast

from adlopt.errors import InputError
from adlopt.foundation.user_code import MARK, load
from adlopt.model.episode import Episode
from adlopt.model.round import RoundStart
from adlopt.policies.allocation import ProRata
from adlopt.policies.catalogue import (
    SEVERITIES,
    allocation_named,
    as_allocation,
    insured_named,
    named,
)
from adlopt.policies.protocols import Allocation, Haircut, Policy, SeverityThenAllocation
from adlopt.policies.protocols import policy as function_policy
from adlopt.policies.severity import Persistence
from adlopt.rules.rule import Rule
from adlopt.scoring.hindsight import paper_ogd

Playable: TypeAlias = Policy | Allocation | Rule | Callable[[RoundStart], Haircut] | str


def require_list(policies: object) -> None:
    """Refuse one name where a list of them is meant.

    Raises
    ------
    InputError
        If it is a text.
    """
    if isinstance(policies, str):
        raise InputError("policies", policies, "a list of them", remedy=f"write [{policies!r}]")


def require_distinct(names: Sequence[str]) -> None:
    """Refuse two policies of one name.

    Raises
    ------
    InputError
        Naming the second.
    """
    for index, name in enumerate(names):
        if name in names[:index]:
            raise InputError("policies", name, "names that differ", index=index)


def resolve(policy: Playable, episode: Episode | None = None) -> Policy:
    """Return a policy for its name; "ogd" without a step is tuned in *hindsight*.

    A rule or an allocation of one's own is preceded by persistence.
    """
    if isinstance(policy, str):
        return _named(policy, episode)
    if isinstance(policy, type):
        raise InputError("policy", policy, "an object", remedy="make one of the class")
    if hasattr(policy, "decide"):
        return cast(Policy, policy)
    if isinstance(policy, Rule) or hasattr(policy, "allocate"):
        return SeverityThenAllocation(Persistence(), as_allocation(policy, "policy"))
    if callable(policy):
        return function_policy(policy)
    raise InputError("policy", policy, "a policy, a rule, a function of RoundStart, or a name")


def _named(name: str, episode: Episode | None) -> Policy:
    severity, plus, allocation = name.partition("+")
    kind = severity.partition(":")[0]
    if kind == "insured":
        return insured_named(severity, resolve(allocation or "persistence", episode))
    if MARK in name and kind not in SEVERITIES:
        return loaded(load(name), name, episode)
    if severity != "ogd" or episode is None:
        return named(name)
    split = allocation_named(allocation) if plus else ProRata()
    return SeverityThenAllocation(paper_ogd(episode), split)


def loaded(found: Playable, name: str, episode: Episode | None = None) -> Policy:
    """Return a policy for what a file calls by a name.

    Raises
    ------
    InputError
        If it is none, naming the file.
    """
    if isinstance(found, str):
        raise InputError(name, found, "a policy, a rule, or a function of RoundStart")
    try:
        return resolve(found, episode)
    except InputError as error:
        raise InputError(name, found, error.expected, remedy=error.remedy) from None
