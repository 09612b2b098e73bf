"""What lies between a decision and its outcome: impact, estimates, latency, markouts."""

from adlopt.execution.decomposition import Transfer, transfer
from adlopt.execution.estimation import check_causal, estimates, missed_by
from adlopt.execution.impact import EstimateError, Fills, estimate_error
from adlopt.execution.latency import Executed, execute, execute_late
from adlopt.execution.markouts import Markout, markout
from adlopt.execution.missed import Missed
from adlopt.execution.slopes import (
    LastSlope,
    Margin,
    SlopeEstimator,
    SlopeOGD,
)

__all__ = [
    "EstimateError",
    "Executed",
    "Fills",
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
