"""Every bound that ships: a file of bounds is one line here, and ends in its `BOUNDS`."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from pathlib import Path

from adlopt.bounds.bound import Bound, BoundSide
from adlopt.bounds.concluded import SEVERITY_LOSS
from adlopt.errors import InputError, unknown
from adlopt.foundation.user_code import MARK, load

FAMILIES = (
    "paper",
    "trivial",
    "gradient_steps",
    "persistence_envelopes",
    "guarantees",
)
"""Files of `adlopt/bounds`, in the order in which their bounds are listed."""

BOUNDS: tuple[Bound, ...] = tuple(
    bound for family in FAMILIES for bound in import_module(f"adlopt.bounds.{family}").BOUNDS
)
"""Everything shipped."""

SEVERITY_BOUNDS = tuple(bound for bound in BOUNDS if bound.loss == SEVERITY_LOSS)
"""On the severity loss Σ D_t |θ_t − θ*_t|."""

SHORT = {"prop-1": "Proposition 1", "half": "θ = 1/2"}
UPPER = {bound.name: bound for bound in SEVERITY_BOUNDS if bound.side is BoundSide.UPPER}
"""Upper bounds on the severity loss, by name; `SHORT` has names for two."""


def own_bound(name: str) -> Bound:
    """Return a bound of one's own, path.py:name; a relative path of its proof means a neighbour."""
    if MARK not in name:
        raise InputError("bound", name, "path.py:name; those that ship are all shown")
    found = load(name)
    if not isinstance(found, Bound):
        raise InputError("bound", name, "the name of an adl.Bound in that file")
    if not str(found.proof).endswith(".py"):
        return found
    return replace(found, proof=Path(name.rpartition(":")[0]).parent / found.proof)


def on_severities(given: Bound | str) -> Bound:
    """Return an upper bound on the severity loss: itself, by its name, or as path.py:name."""
    if isinstance(given, str) and MARK in given:
        given = own_bound(given)
    if isinstance(given, Bound):
        if given.side is not BoundSide.UPPER or given.loss != SEVERITY_LOSS:
            said = f"{given.name}, from {given.side.name.lower()} on {given.loss}"
            raise InputError("bound", said, f"an upper bound on {SEVERITY_LOSS}")
        return given
    named = SHORT.get(given, given) if isinstance(given, str) else ""
    if named not in UPPER:
        among = [*SHORT, *UPPER]
        raise unknown("bound", given, among, listed="adlopt bounds", besides="a Bound")
    return UPPER[named]
