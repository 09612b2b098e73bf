"""Every bound that ships: a file of bounds is one line here, and ends in its `BOUNDS`."""

from __future__ import annotations

from importlib import import_module

from adlopt.bounds.bound import Bound
from adlopt.bounds.concluded import SEVERITY_LOSS

FAMILIES = (
    "paper",
    "trivial",
    "comparator_optimised",
    "adaptive",
    "persistence_envelopes",
    "closed_form_value",
    "tracking_and_fairness",
)
"""Files of `adlopt/bounds`, in the order in which their bounds are listed."""

BOUNDS: tuple[Bound, ...] = tuple(
    bound for family in FAMILIES for bound in import_module(f"adlopt.bounds.{family}").BOUNDS
)
"""Everything shipped."""

SEVERITY_BOUNDS = tuple(bound for bound in BOUNDS if bound.loss == SEVERITY_LOSS)
"""On the severity loss Σ D_t |θ_t − θ*_t|."""
