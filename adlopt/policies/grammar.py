"""What names of policies mean, and whatever else can be played: the same in every verb.

A severity alone is followed by pro-rata. Without a severity the whole deficit is raised, as venues'
rules do: `constant:1` goes before an allocation or a rule. In a market a rule alone closes
contracts (`player`). Tables show the full name, with what was added. How names are written is the
matter of `adlopt.policies.name`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias, TypeVar, cast

from adlopt.errors import InputError, nearest, unknown
from adlopt.model.episode import Episode
from adlopt.model.round import Round, RoundStart
from adlopt.policies.allocation import ProRataAllocation
from adlopt.policies.by_rule import ByRule
from adlopt.policies.catalogue import ALLOCATIONS, FUNDS, SEVERITIES, TUNED
from adlopt.policies.name import InFile, Part, Word, parse, parse_allocation
from adlopt.policies.protocols import (
    Allocation,
    Haircut,
    Policy,
    Severity,
    SeverityThenAllocation,
    policy as own_policy,
)
from adlopt.policies.severity import Constant
from adlopt.rules.rule import Rule
from adlopt.rules.venues import VENUES

T = TypeVar("T")
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


def policy(given: Playable, episode: Episode | None = None) -> Policy:
    """Return the policy that is meant by a name, a part, a rule, or a function.

    Parameters
    ----------
    given : Policy, Severity, Allocation, Rule, function or str
    episode : Episode, optional
        To which "ogd" without a step is tuned, in *hindsight*.

    Raises
    ------
    InputError
        If it is none, naming the part that is unknown or does not fit.

    Examples
    --------
    >>> for name in ("persistence", "queue", "gte", "insured:1e6+gated-persistence+queue:leverage"):
    ...     print(policy(name).name)
    persistence+pro-rata
    constant:1+queue
    constant:1+gte
    insured:1000000+gated-persistence+queue:leverage
    """
    if not isinstance(given, str):
        return as_policy(given)
    name = parse(given)
    if name.alone is not None:
        found = _of_file(name.alone, as_policy)
    else:
        parts = _severity(name.severity, episode), _allocation(name.allocation)
        found = SeverityThenAllocation(*parts)
    for fund in reversed(name.funds):
        found = _made(FUNDS, fund, found)
    return found


named = policy
"""Its name of old."""


def policies(given: Sequence[Playable], episode: Episode | None = None) -> list[Policy]:
    """Return the policies that are meant by each of a list."""
    require_list(given)
    found = [policy(each, episode) for each in given]
    require_distinct([each.name for each in found])
    return found


def require_list(given: object) -> None:
    """Refuse one name where a list of them is meant."""
    if isinstance(given, str):
        raise InputError("policies", given, "a list of them", remedy=f"write [{given!r}]")


def require_distinct(names: Sequence[str], field: str = "policies") -> None:
    """Refuse two things of one name."""
    for index, name in enumerate(names):
        if name in names[:index]:
            raise InputError(field, name, "names that differ", index=index)


def player(given: Playable) -> Player:
    """Return who acts in a market: a rule alone closes contracts, a policy decides dollars.

    Behind a severity, as in constant:1+gte, a rule splits dollars.
    """
    if not isinstance(given, str):
        return as_player(given)
    if given in VENUES:
        return VENUES[given]
    name = parse(given)
    if name.alone is not None and not name.funds:
        return _of_file(name.alone, as_player)
    return policy(given)


def severity(
    given: Playable, episode: Episode | None = None, *, variation: float | None = None
) -> Severity:
    """Return the severity of what is given; an allocation beside it is left aside.

    "ogd" without a step is tuned to the episode, in *hindsight*, for its own P unless a `variation`
    is given.
    """
    if not isinstance(given, str):
        return severity_of(given)
    name = parse(given)
    if name.funds:
        raise InputError("policy", given, A_SEVERITY)
    if name.alone is not None:
        return _of_file(name.alone, severity_of)
    _allocation(name.allocation)
    return _severity(name.severity, episode, variation)


def allocation(name: str) -> Allocation:
    """Return an allocation by its name."""
    return _allocation(parse_allocation(name, name))


def full_name(name: str) -> str:
    """Return a policy's name as tables show it, with what was added to it.

    Raises
    ------
    InputError
        If it is no policy's name.

    Examples
    --------
    >>> full_name("persistence"), full_name("ogd"), full_name("queue:leverage")
    ('persistence+pro-rata', 'ogd+pro-rata', 'constant:1+queue:leverage')
    """
    to_any = Episode(name="any", rounds=(Round.of(capacity=[1.0], deficit=1.0, needed=1.0),))
    return policy(name, to_any).name


def pick(name: str, among: Collection[str]) -> str:
    """Return which of the names in a table is meant: that one, or its full name."""
    for each in (name, f"{name}+{EVENLY.name}", f"{WHOLE_DEFICIT.name}+{name}"):
        if each in among:
            return each
    try:
        full = full_name(name)
    except InputError:
        full = name
    if full not in among:
        parts = {part: whole for whole in among for part in (*whole.split("+"), whole)}
        near = dict.fromkeys(parts[each] for each in nearest(name, parts))
        raise unknown("policy", name, among, near=near)
    return full


def sources(name: str) -> bytes:
    """What stands in the files that a policy's name mentions; nothing if it mentions none."""
    paths = (Path(own.path) for own in parse(name).files())
    return b"".join(path.read_bytes() for path in paths if path.is_file())


def _severity(
    part: Part | None, episode: Episode | None = None, variation: float | None = None
) -> Severity:
    if part is None:
        return WHOLE_DEFICIT
    if isinstance(part, InFile):
        return _of_file(part, as_severity)
    if part.text in TUNED:
        if episode is None:
            expected = "its arguments after a colon, as there is no episode to tune it to"
            raise InputError("policy", part.text, expected)
        return TUNED[part.text](episode, variation=variation)
    return _made(SEVERITIES, part)


def _allocation(part: Part | None) -> Allocation:
    if part is None:
        return EVENLY
    if isinstance(part, InFile):
        return _of_file(part, as_allocation)
    if part.kind in VENUES:
        return ByRule(VENUES[part.kind])
    return _made(ALLOCATIONS, part)


def _made(table: Mapping[str, Callable[..., T]], word: Word, *first: object) -> T:
    arguments = [_allocation(a) if isinstance(a, Part) else a for a in word.arguments]
    try:
        return table[word.kind](*first, *arguments)
    except InputError as error:
        where = f"policy {word.text!r}: {error.field}"
        raise InputError(
            where, error.value, error.expected, index=error.index, remedy=error.remedy
        ) from None


def _of_file(part: InFile, read: Callable[[Any], T]) -> T:
    """Run the file and read what it calls by the name; a text in it would be a detour."""
    found = part.load()
    try:
        return read(found)
    except InputError as error:
        raise InputError(str(part), found, error.expected, remedy=error.remedy) from None


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
        return own_policy(found)
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
