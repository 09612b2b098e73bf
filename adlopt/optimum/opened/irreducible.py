"""Why rows contradict each other."""

from __future__ import annotations

from adlopt.errors import InfeasibleRound
from adlopt.optimum.opened.stated import Stated


def explained(stated: Stated) -> InfeasibleRound:
    """Say which rows."""
    return InfeasibleRound("rows contradict each other", below=None, above=None)
