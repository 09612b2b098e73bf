"""The `[[constraint]]` tables of a round file: whom they are about, and what they bound."""

from __future__ import annotations

import math
from collections.abc import Sequence

from adlopt.data.files.file_schema import ConstraintEntry
from adlopt.errors import InputError
from adlopt.model.constraint import Constraint, Group

SAYS = (
    "gives_at_most",
    "gives_at_least",
    "keeps_at_most",
    "keeps_at_least",
    "shares_burden",
    "delta_changes_at_most",
    "haircut",
)


def constraints_of(entries: Sequence[ConstraintEntry]) -> tuple[Constraint, ...]:
    """Make the constraints of a file.

    Raises
    ------
    InputError
        If a table bounds nothing, or several things at once.

    Examples
    --------
    >>> from adlopt.data.files.file_schema import ConstraintEntry, ShareEntry
    >>> entry = ConstraintEntry(group="makers", gives_at_most=ShareEntry(share=0.2))
    >>> constraints_of([entry])[0].share
    0.2
    """
    return tuple(_one(entry, f"constraint[{k}]") for k, entry in enumerate(entries))


def _one(entry: ConstraintEntry, where: str) -> Constraint:
    said = [name for name in SAYS if getattr(entry, name) not in (None, False)]
    if len(said) != 1:
        raise InputError(where, said, f"one of {', '.join(SAYS)}")
    if entry.haircut is None and (entry.at_least, entry.at_most) != (None, None):
        raise InputError(f"{where}.at_most", said, "`haircut`, whose weighted sum it bounds")
    group = Group(
        tag=entry.group,
        account=None if entry.account is None else tuple(entry.account),
        tags=entry.tags,
        coin=entry.coin,
        where=entry.where,
        each=entry.each,
    )
    given = getattr(entry, said[0])
    if entry.haircut is not None:
        return _weighed(entry, group, where)
    if said[0] == "shares_burden":
        return group.shares_burden()
    make = getattr(group, said[0])
    made: Constraint = make(given) if isinstance(given, float) else make(**_bound(given))
    return made


def _bound(given: object) -> dict[str, float | None]:
    return {"share": getattr(given, "share", None), "usd": getattr(given, "usd", None)}


def _weighed(entry: ConstraintEntry, group: Group, where: str) -> Constraint:
    if (entry.at_least, entry.at_most) == (None, None):
        raise InputError(where, "haircut", "`at_most` or `at_least` beside it")
    if isinstance(entry.haircut, dict) and group.account is None:
        group = Group(account=tuple(entry.haircut), each=entry.each)
    return Constraint(
        group=group,
        times=entry.haircut,
        lower=-math.inf if entry.at_least is None else entry.at_least,
        upper=math.inf if entry.at_most is None else entry.at_most,
    )
