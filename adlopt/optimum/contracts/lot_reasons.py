"""What keeps accounts from giving more lots: a limit, protection, or the worst burden."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from adlopt.foundation.arrays import IntArray
from adlopt.model.limits import Limits
from adlopt.model.loss import MinMax
from adlopt.model.positions import ContractRound
from adlopt.optimum.contracts.position_grid import COVERED, ContractGrid
from adlopt.optimum.core.certificate import TOLERANCE
from adlopt.optimum.lots.lot_grid import MICRO, MOST_MICRO


def why_no_more(
    round_: ContractRound,
    loss: MinMax,
    grid: ContractGrid,
    given: Sequence[tuple[ContractGrid, IntArray]],
    limits: Limits,
) -> tuple[str, ...]:
    """Say why each account gives no more, length n: "" where it could.

    Parameters
    ----------
    given : sequence of (ContractGrid, IntArray, shape (m,))
        The tiers that give, and lots of their positions.
    """
    full = np.array(why_not(round_, loss, grid, limits), dtype=object)
    reasons = full.copy()
    nothing = np.zeros_like(grid.most)
    for part, counts in ((grid, nothing), *given):
        if not part.row.size:
            continue
        amounts = part.amounts(counts)
        left = np.where(counts < part.most, part.lot, MOST_MICRO)
        fits = np.minimum.reduceat(left, part.start[:-1]) <= part.cap - amounts
        burden = amounts / part.weight
        worst = (amounts > 0) & (burden >= burden.max() * (1 - TOLERANCE))
        could = np.where(worst, "worst burden", "")
        reasons[part.account] = np.where(fits, could, full[part.account])
    return tuple(reasons.tolist())


def why_not(
    round_: ContractRound, loss: MinMax, grid: ContractGrid, limits: Limits
) -> tuple[str, ...]:
    """What keeps each account from giving more than it can at most, length n.

    Whole lots do where they are worth less than the limit that is tightest.
    """
    allowed = limits.most(round_.start)
    worth = np.zeros(allowed.size)
    worth[grid.account] = grid.whole / MICRO if grid.row.size else 0.0
    reasons = np.array(limits.reasons(round_.start), dtype=object)
    reasons[worth < allowed * (1 - COVERED)] = "lots"
    protected = limits.denominators(loss.weights(round_.start)) <= 0
    reasons[protected & (allowed > 0)] = "protected"
    return tuple(reasons.tolist())
