"""Checks of the numbers that policies are made with."""

from __future__ import annotations

from adlopt.errors import InputError
from adlopt.foundation.arrays import own_number, own_positive_number


def in_unit(field: str, value: float) -> None:
    """Refuse what is not in [0, 1]."""
    if own_number(value, field, lowest=0.0) > 1:
        raise InputError(field, value, "a number in [0, 1]")


def positive(field: str, value: float) -> None:
    """Refuse what is not above 0."""
    own_positive_number(value, field)


def positive_share(field: str, value: float) -> None:
    """Refuse what is not in (0, 1]."""
    if not 0 < own_number(value, field, lowest=0.0) <= 1:
        raise InputError(field, value, "a share in (0, 1]")
