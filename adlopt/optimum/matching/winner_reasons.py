"""What keeps winners from closing more: a limit, or the worst burden."""

from __future__ import annotations

import numpy as np

from adlopt.model.limits import Limits
from adlopt.model.loss import MinMax
from adlopt.optimum.core.certificate import TOLERANCE
from adlopt.optimum.matching.matched import Matching


def why_no_more(best: Matching, loss: MinMax, limits: Limits) -> tuple[str, ...]:
    """Say for each account why it closes no more, length n: "" where it could."""
    round_ = best.round_.winners
    start, positions, owner = round_.start, round_.positions, round_.owner
    most, n = limits.most(start), len(start.account)
    weight = limits.denominators(loss.weights(start))
    burden = np.where(best.haircut > 0, best.haircut / np.where(weight > 0, weight, 1.0), 0.0)
    reasons = np.full(n, "", dtype=object)
    for tier in limits.tiers(n):
        worst = float(burden[tier].max())
        reasons[tier & (burden > 0) & (burden >= worst * (1 - TOLERANCE))] = "worst burden"
    open_ = best.closed < limits.most_size(positions) * (1 - TOLERANCE)
    reasons[np.bincount(owner, open_, minlength=n) == 0] = "lots"
    reasons[(weight <= 0) & (most > 0)] = "protected"
    full = (best.haircut >= most * (1 - TOLERANCE)) | limits.barred(start)
    reasons[full] = np.array(limits.reasons(start), dtype=object)[full]
    return tuple(reasons.tolist())
