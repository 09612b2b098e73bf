"""What policies do to accounts: concentration, order, survivors, churn and stability."""

from adlopt.model.who_pays import rank_correlation
from adlopt.show.schema.studies import PolicyDiagnosis
from adlopt.studies.diagnostics.concentration import (
    BurdenComparison,
    Concentration,
    Fairer,
    Survivors,
    compare_burdens,
    forced_on_largest,
    gini,
    survivor_gap,
    top_share,
)
from adlopt.studies.diagnostics.diagnosis import Diagnosis, diagnose
from adlopt.studies.diagnostics.stability import (
    Sensitivity,
    alternating_slopes,
    closed,
    deplete,
    effective_slope,
    monotonicity_violations,
    pro_rata_guarantee,
    rank_stability,
    sensitivity,
    swap_jump,
    variation,
)

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
