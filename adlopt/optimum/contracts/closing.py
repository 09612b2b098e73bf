"""The offline optimum in contract space: solve it in whole lots, and prove it.

| budget | method |
|---|---|
| at least | parametric search over the worst burden, one knapsack an account |
| exact, or in a band | the same; lots go back or are rearranged until the sum counts |
| where that fails | levels above it, what accounts can give less met in the middle |
| one position each | parametric search over lots, as dollars in lots are |
| `Method.HIGHS` | mixed-integer program between two levels |

A lower bound is proved by one sum over the accounts: what their lots can make strictly below a
level falls short of the budget; or by listing all sums near the budget: none counts. It holds
whatever found the lots.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from adlopt.foundation.arrays import AnyArray, FloatArray, IntArray, freeze_indices, own
from adlopt.foundation.money import MICRO, MOST_MICRO
from adlopt.model.budget import Budget
from adlopt.model.limits import NO_LIMITS, Limits
from adlopt.model.loss import MinMax
from adlopt.model.method import Method
from adlopt.model.positions import ContractRound
from adlopt.optimum.core.certificate import TOLERANCE
from adlopt.optimum.core.surface import Optimum, burdened, gives, made
from adlopt.optimum.lots.lot_grid import COVERED, LotGrid
from adlopt.optimum.lots.tiered import LotAnswer, solve_lots
from adlopt.optimum.reasons import why_no_more
from adlopt.show.answer import Columns, plain
from adlopt.show.schema.optima import ClosedData, ContractSolutionData
from adlopt.show.words import counted


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class ContractSolution(Optimum):
    """Whole lots to close, and what is proved about them.

    `lots` and, in contracts, `closed` are of the round's positions, shape (m,); `haircut`, USD, is
    of its accounts, (n,), and `reason` why each gives no more, where limits were given. Of the
    certificate, `budget_residual` is what is raised beyond the needed budget; each further tier
    that gives anything is a stage.
    """

    lots: IntArray
    closed: FloatArray
    haircut: FloatArray
    worst_burden: float
    round_: ContractRound
    reason: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "lots", freeze_indices(self.lots))
        for name in ("closed", "haircut"):
            object.__setattr__(self, name, own(getattr(self, name), name, lowest=0.0))
        self._check()

    def _answer(self) -> tuple[AnyArray, ...]:
        return self.lots, self.closed, self.haircut, np.array(self.worst_burden)

    def _numbers(self) -> dict[str, Any]:
        return {"lots": self.lots.tolist()}

    @property
    def account(self) -> tuple[str, ...]:
        """Ids, length n."""
        return self.round_.start.account

    @property
    def raised(self) -> float:
        """USD. H = Σ x_i."""
        return math.fsum(self.haircut)

    @property
    def touched(self) -> int:
        """Number of accounts with a haircut."""
        return int(np.count_nonzero(self.haircut))

    def _columns(self) -> Columns:
        held = self.round_.positions
        return {
            "account": held.account,
            "coin": held.coin,
            "side": [side.value for side in held.side],
            "size_contracts": held.size,
            "lots": self.lots,
            "closed_contracts": self.closed,
            "taken_usd": self.lots * held.lot_value,
        }

    def _done(self) -> str:
        positions = counted(int(np.count_nonzero(self.lots)), "position")
        given = gives(self.touched, self.raised)
        return f"{given} from {positions}, {burdened(self.worst_burden)}"

    def data(self) -> ContractSolutionData:
        """Return it as machines get it."""
        return self._filled(
            ContractSolutionData,
            needed_usd=self.round_.needed,
            rounding_usd=self.round_.rounded_by,
            capacity_usd=self.round_.start.capacity.tolist(),
            positions=ClosedData(**plain(self._columns())),
        )


def solve_contracts(
    round_: ContractRound,
    loss: MinMax,
    budget: Budget,
    *,
    limits: Limits = NO_LIMITS,
    gap: float = 0.0,
    method: Method = Method.AUTO,
) -> ContractSolution:
    """Solve a round in contract space: `adlopt.solve` says how."""
    grid, n = LotGrid.of(round_, loss, budget, limits), len(round_.start.account)
    found = solve_lots(grid, list(limits.tiers(n)), gap=gap, method=method)
    counts = np.zeros(len(round_.positions), dtype=np.int64)
    counts[grid.row] = found.counts
    proofs = [found.certificate, *(stage.certificate for stage in found.stages)]
    return made(
        ContractSolution,
        lots=counts,
        closed=counts * round_.positions.lot,
        haircut=grid.haircut(found.counts, n),
        worst_burden=max(proof.upper for proof in proofs),
        certificate=found.certificate,
        method=found.method,
        stopped=found.stopped,
        stages=found.stages,
        round_=round_,
        reason=() if limits is NO_LIMITS else _reasons(round_, loss, grid, found, limits),
    )


def _reasons(
    round_: ContractRound, loss: MinMax, grid: LotGrid, found: LotAnswer, limits: Limits
) -> tuple[str, ...]:
    weight = limits.denominators(loss.weights(round_.start))
    worth, (fits, worst) = np.zeros(weight.size), np.zeros((2, weight.size), dtype=bool)
    worth[grid.account] = grid.whole / MICRO
    for part, counts in ((grid, np.zeros_like(grid.most)), *found.parts):
        amounts = part.amounts(counts)
        left = np.where(counts < part.most, part.lot, MOST_MICRO)
        smallest = np.minimum.reduceat(left, part.start[:-1]) if left.size else left
        fits[part.account] = smallest <= part.cap - amounts
        burden = amounts / part.weight
        highest = burden.max(initial=0.0) * (1 - TOLERANCE)
        worst[part.account] = (amounts > 0) & (burden >= highest)
    used_up = worth < limits.most(round_.start) * (1 - COVERED)
    return why_no_more(limits, round_.start, weight, could=fits, worst=worst, lots=used_up)
