"""What policies do to accounts: concentration, order, survivors, churn and stability."""

from adlopt.model.who_pays import rank_correlation
from adlopt.show.schema.studies import PolicyDiagnosis
from adlopt.studies.diagnostics.churn import (
    alternating_slopes,
    closed,
    deplete,
    effective_slope,
    variation,
)
from adlopt.studies.diagnostics.concentration import (
    Concentration,
    forced_on_largest,
    gini,
    top_share,
)
from adlopt.studies.diagnostics.diagnosis import Diagnosis, diagnose
from adlopt.studies.diagnostics.fairer import BurdenComparison, Fairer, compare_burdens
from adlopt.studies.diagnostics.noise import Sensitivity, pro_rata_guarantee, sensitivity, swap_jump
from adlopt.studies.diagnostics.ranks import monotonicity_violations, rank_stability
from adlopt.studies.diagnostics.survivors import Survivors, survivor_gap

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
