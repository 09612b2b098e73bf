"""What policies do to accounts: concentration, order, survivors, churn and stability."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adlopt.foundation.moved import attach

if TYPE_CHECKING:
    from adlopt.model.who_pays import rank_correlation as rank_correlation
    from adlopt.show.schema.studies import PolicyDiagnosis as PolicyDiagnosis
    from adlopt.studies.diagnostics.concentration import (
        BurdenComparison as BurdenComparison,
        Concentration as Concentration,
        Fairer as Fairer,
        Survivors as Survivors,
        compare_burdens as compare_burdens,
        forced_on_largest as forced_on_largest,
        gini as gini,
        survivor_gap as survivor_gap,
        top_share as top_share,
    )
    from adlopt.studies.diagnostics.diagnosis import Diagnosis as Diagnosis, diagnose as diagnose
    from adlopt.studies.diagnostics.stability import (
        Sensitivity as Sensitivity,
        alternating_slopes as alternating_slopes,
        closed as closed,
        deplete as deplete,
        effective_slope as effective_slope,
        monotonicity_violations as monotonicity_violations,
        pro_rata_guarantee as pro_rata_guarantee,
        rank_stability as rank_stability,
        sensitivity as sensitivity,
        swap_jump as swap_jump,
        variation as variation,
    )

__getattr__, __dir__, __all__ = attach(__name__)
