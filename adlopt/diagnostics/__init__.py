"""What policies do to accounts: concentration, order, survivors, churn and stability."""

from adlopt.diagnostics.churn import (
    alternating_slopes,
    closed,
    deplete,
    effective_slope,
    variation,
)
from adlopt.diagnostics.concentration import Concentration, forced_on_largest, gini, top_share
from adlopt.diagnostics.diagnosis import Diagnosis, PolicyDiagnosis, diagnose
from adlopt.diagnostics.fairer import BurdenComparison, Fairer, compare_burdens
from adlopt.diagnostics.noise import Sensitivity, pro_rata_guarantee, sensitivity, swap_jump
from adlopt.diagnostics.ranks import monotonicity_violations, rank_stability
from adlopt.diagnostics.survivors import Survivors, survivor_gap
from adlopt.inequality import rank_correlation

__all__ = [
    "BurdenComparison",
    "Concentration",
    "Diagnosis",
    "Fairer",
    "PolicyDiagnosis",
    "Sensitivity",
    "Survivors",
    "alternating_slopes",
    "closed",
    "compare_burdens",
    "deplete",
    "diagnose",
    "effective_slope",
    "forced_on_largest",
    "gini",
    "monotonicity_violations",
    "pro_rata_guarantee",
    "rank_correlation",
    "rank_stability",
    "sensitivity",
    "survivor_gap",
    "swap_jump",
    "top_share",
    "variation",
]
