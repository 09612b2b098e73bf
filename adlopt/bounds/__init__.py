"""Bounds as data, one file a family: on the severity loss Σ D_t |θ_t − θ*_t| unless they say so."""

from adlopt.bounds.data import is_vacuous
from adlopt.bounds.gradient_steps import (
    ADAPTIVE,
    ADAPTIVE_TUNED,
    CONSTANT_FROM_HALF,
    CONSTANT_FROM_ZERO,
    OPTIMISED,
    OPTIMISED_FROM_HALF,
    QUADRATIC,
    RUNNING,
    TUNING_FREE,
    from_start,
)
from adlopt.bounds.guarantees import MINIMAX_LOWER, MINIMAX_UPPER
from adlopt.bounds.hypotheses import ENOUGH_CAPACITY, INSIDE_DOMAIN
from adlopt.bounds.paper import (
    FULL_OBJECTIVE,
    PROPOSITION_1,
    PROPOSITION_2,
    PROPOSITION_3,
    PROPOSITION_5,
    full_objective,
)
from adlopt.bounds.persistence_envelopes import (
    GATED_ENVELOPE,
    GATED_PERSISTENCE,
    PERSISTENCE,
    PERSISTENCE_UNIFORM,
)
from adlopt.bounds.registry import BOUNDS, SEVERITY_BOUNDS
from adlopt.bounds.trivial import HALF, TRIVIAL, beats_half, effective_rounds, rounds_needed

__all__ = [
    "ADAPTIVE",
    "ADAPTIVE_TUNED",
    "BOUNDS",
    "CONSTANT_FROM_HALF",
    "CONSTANT_FROM_ZERO",
    "ENOUGH_CAPACITY",
    "FULL_OBJECTIVE",
    "GATED_ENVELOPE",
    "GATED_PERSISTENCE",
    "HALF",
    "INSIDE_DOMAIN",
    "MINIMAX_LOWER",
    "MINIMAX_UPPER",
    "OPTIMISED",
    "OPTIMISED_FROM_HALF",
    "PERSISTENCE",
    "PERSISTENCE_UNIFORM",
    "PROPOSITION_1",
    "PROPOSITION_2",
    "PROPOSITION_3",
    "PROPOSITION_5",
    "QUADRATIC",
    "RUNNING",
    "SEVERITY_BOUNDS",
    "TRIVIAL",
    "TUNING_FREE",
    "beats_half",
    "effective_rounds",
    "from_start",
    "full_objective",
    "is_vacuous",
    "rounds_needed",
]
