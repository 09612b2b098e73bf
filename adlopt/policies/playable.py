"""Objects that can be played, told by what they have, and made what the grammar asks for."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeAlias, cast

from adlopt.errors import InputError
from adlopt.model.round import RoundStart
from adlopt.policies.allocation import ProRataAllocation
from adlopt.policies.by_rule import ByRule
from adlopt.policies.protocols import (
    Allocation,
    Haircut,
    Policy,
    Severity,
    SeverityThenAllocation,
    policy,
)
from adlopt.policies.severity import Constant
from adlopt.rules.rule import Rule

Playable: TypeAlias = Policy | Severity | Allocation | Rule | Callable[[RoundStart], Haircut] | str
Player: TypeAlias = Rule | Policy
WHOLE_DEFICIT: Severity = Constant(1.0)
"""What goes before an allocation, or a rule, alone."""
EVENLY: Allocation = ProRataAllocation()
"""What follows a severity alone."""
PARTS = ("name", "information", "begin", "decide", "learn")
"""What policies and severities have."""
A_POLICY = "a policy, a severity, an allocation, a rule, or a function of RoundStart"
A_SEVERITY = "a severity rule, which decides a number in [0, 1]"


def as_policy(found: Any) -> Policy:
    """Return an object as a policy; to a part alone, what it lacks is added."""
    if isinstance(found, type):
        raise InputError("policy", found, "an object", remedy="make one of the class")
    if splits(found):
        return SeverityThenAllocation(WHOLE_DEFICIT, as_allocation(found))
    if hasattr(found, "decide"):
        if missing := _lacking(found):
            raise InputError("policy", found, f"an object with {' and '.join(missing)} as well")
        return SeverityThenAllocation(found, EVENLY) if _decides_a_number(found) else found
    if callable(found):
        return policy(found)
    raise InputError("policy", found, A_POLICY)


def as_player(found: Any) -> Player:
    """Return an object as who acts in a market: a rule is one as it is."""
    return found if isinstance(found, Rule) else as_policy(found)


def as_severity(found: Any) -> Severity:
    """Return an object as a severity: what is no policy decides a number where one is needed."""
    if isinstance(found, type) or _lacking(found) or "haircut" in _learns_from(found):
        raise InputError("policy", found, A_SEVERITY)
    return cast(Severity, found)


def severity_of(found: Any) -> Severity:
    """Return the severity of a policy, or of a part alone."""
    if isinstance(found, SeverityThenAllocation):
        return found.severity
    return WHOLE_DEFICIT if splits(found) else as_severity(found)


def as_allocation(found: Any) -> Allocation:
    """Return an object as an allocation, which a rule is by `ByRule`."""
    if not splits(found):
        raise InputError("policy", found, "a rule, or an allocation")
    return ByRule(found) if isinstance(found, Rule) else cast(Allocation, found)


def splits(found: Any) -> bool:
    """Whether an object says from whom to take, and not how much."""
    alone = hasattr(found, "allocate") and not hasattr(found, "decide")
    return isinstance(found, Rule) or (alone and not isinstance(found, type))


def _lacking(found: Any) -> list[str]:
    return [part for part in PARTS if not hasattr(found, part)]


def _decides_a_number(found: Any) -> bool:
    """Tell a severity from a policy by what it learns from, or by what it says it decides."""
    decides = inspect.signature(found.decide).return_annotation
    return "theta" in _learns_from(found) or decides in (float, "float")


def _learns_from(found: Any) -> list[str]:
    """Names of what `learn` takes: a severity learns from `theta`, a policy from `haircut`."""
    return list(inspect.signature(found.learn).parameters)
