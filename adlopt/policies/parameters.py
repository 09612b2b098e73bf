"""Numbers that policies are made with: checked, and named, by what they are called."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any, ClassVar

from adlopt.errors import InputError
from adlopt.foundation.arrays import own_number, own_positive_number


def in_unit(field: str, value: float) -> None:
    """Refuse what is not in [0, 1]."""
    if own_number(value, field, lowest=0.0) > 1:
        raise InputError(field, value, "a number in [0, 1]")


def positive_share(field: str, value: float) -> None:
    """Refuse what is not in (0, 1]."""
    if not 0 < own_number(value, field, lowest=0.0) <= 1:
        raise InputError(field, value, "a share in (0, 1]")


IN_UNIT = ("theta", "first", "kappa", "weight", "most", "decay", "share", "rho")
CHECKS: dict[str, Callable[[str, float], object]] = {
    **dict.fromkeys(IN_UNIT, in_unit),
    **dict.fromkeys(
        ("step", "c", "temperature"), lambda field, value: own_positive_number(value, field)
    ),
    "cap": positive_share,
}
"""What a parameter must be, by its name; None is one that is not given."""


def labelled(name: str, values: tuple[Any, ...], defaults: tuple[Any, ...]) -> str:
    """Name a rule with its arguments, leaving out those at the end that are defaults."""
    shown = len(values)
    while shown and values[shown - 1] == defaults[shown - 1]:
        shown -= 1
    given = (each if isinstance(each, str) else f"{each:.12g}" for each in values[:shown])
    return ":".join([name, *given])


class Labelled:
    """Base of frozen dataclasses that check their numbers, and are named by a word and them."""

    __slots__ = ()
    label: ClassVar[str]
    always: ClassVar[int] = 0
    """Parameters that the name has even if they are the defaults."""

    def __post_init__(self) -> None:
        for field in fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            if field.name in CHECKS and value is not None:
                CHECKS[field.name](field.name, value)

    @property
    def name(self) -> str:
        """The label with the parameters, up to the last that is no default."""
        taken = fields(self)  # type: ignore[arg-type]
        defaults = (None if i < self.always else each.default for i, each in enumerate(taken))
        values = (getattr(self, each.name) for each in taken)
        return labelled(self.label, tuple(values), tuple(defaults))
