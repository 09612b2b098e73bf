"""What lies between a decision and its outcome: impact, estimates, latency, markouts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adlopt.foundation.moved import attach

if TYPE_CHECKING:
    from adlopt.studies.execution.decomposition import Transfer as Transfer, transfer as transfer
    from adlopt.studies.execution.forced_fills import (
        ClosingFills as ClosingFills,
        EstimateError as EstimateError,
        Markout as Markout,
        estimate_error as estimate_error,
        markout as markout,
    )
    from adlopt.studies.execution.latency import (
        Executed as Executed,
        execute as execute,
        execute_late as execute_late,
    )
    from adlopt.studies.execution.slopes import (
        LastSlope as LastSlope,
        Margin as Margin,
        Missed as Missed,
        SlopeEstimator as SlopeEstimator,
        SlopeOGD as SlopeOGD,
        check_causal as check_causal,
        estimates as estimates,
        missed_by as missed_by,
    )

__getattr__, __dir__, __all__ = attach(__name__)
