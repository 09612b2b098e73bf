"""What lies between a decision and its outcome: impact, estimates, latency, markouts."""

from adlopt.foundation.moved import forward
from adlopt.studies.execution.decomposition import Transfer, transfer
from adlopt.studies.execution.forced_fills import (
    ClosingFills,
    EstimateError,
    Markout,
    estimate_error,
    markout,
)
from adlopt.studies.execution.latency import Executed, execute, execute_late
from adlopt.studies.execution.slopes import (
    LastSlope,
    Margin,
    Missed,
    SlopeEstimator,
    SlopeOGD,
    check_causal,
    estimates,
    missed_by,
)

__getattr__ = forward(__name__)
__all__ = [
    "ClosingFills",
    "EstimateError",
    "Executed",
    "LastSlope",
    "Margin",
    "Markout",
    "Missed",
    "SlopeEstimator",
    "SlopeOGD",
    "Transfer",
    "check_causal",
    "estimate_error",
    "estimates",
    "execute",
    "execute_late",
    "markout",
    "missed_by",
    "transfer",
]
