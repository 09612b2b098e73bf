"""Bounds as data, one file a family: on the severity loss Σ D_t |θ_t − θ*_t| unless they say so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adlopt.foundation.moved import attach

if TYPE_CHECKING:
    from adlopt.bounds.data import is_vacuous as is_vacuous
    from adlopt.bounds.gradient_steps import (
        ADAPTIVE as ADAPTIVE,
        ADAPTIVE_TUNED as ADAPTIVE_TUNED,
        CONSTANT_FROM_HALF as CONSTANT_FROM_HALF,
        CONSTANT_FROM_ZERO as CONSTANT_FROM_ZERO,
        OPTIMISED as OPTIMISED,
        OPTIMISED_FROM_HALF as OPTIMISED_FROM_HALF,
        QUADRATIC as QUADRATIC,
        RUNNING as RUNNING,
        TUNING_FREE as TUNING_FREE,
        from_start as from_start,
    )
    from adlopt.bounds.guarantees import (
        MINIMAX_LOWER as MINIMAX_LOWER,
        MINIMAX_UPPER as MINIMAX_UPPER,
    )
    from adlopt.bounds.hypotheses import (
        ENOUGH_CAPACITY as ENOUGH_CAPACITY,
        INSIDE_DOMAIN as INSIDE_DOMAIN,
    )
    from adlopt.bounds.paper import (
        FULL_OBJECTIVE as FULL_OBJECTIVE,
        PROPOSITION_1 as PROPOSITION_1,
        PROPOSITION_2 as PROPOSITION_2,
        PROPOSITION_3 as PROPOSITION_3,
        PROPOSITION_5 as PROPOSITION_5,
        full_objective as full_objective,
    )
    from adlopt.bounds.persistence_envelopes import (
        GATED_ENVELOPE as GATED_ENVELOPE,
        GATED_PERSISTENCE as GATED_PERSISTENCE,
        PERSISTENCE as PERSISTENCE,
        PERSISTENCE_UNIFORM as PERSISTENCE_UNIFORM,
    )
    from adlopt.bounds.registry import BOUNDS as BOUNDS, SEVERITY_BOUNDS as SEVERITY_BOUNDS
    from adlopt.bounds.trivial import (
        HALF as HALF,
        TRIVIAL as TRIVIAL,
        beats_half as beats_half,
        effective_rounds as effective_rounds,
        rounds_needed as rounds_needed,
    )

__getattr__, __dir__, __all__ = attach(__name__)
