"""The offline optimum in contract space: solve it in whole lots, and prove it.

======================  ======================================================================
budget                  method
======================  ======================================================================
at least                parametric search over the worst burden, one knapsack an account
exact, or in a band     the same; lots go back or are rearranged until the sum counts
  where that fails      levels above it, what accounts can give less met in the middle
one position each       parametric search over lots, with its own proof that a sum is out of reach
`Method.HIGHS`          mixed-integer program between two levels
======================  ======================================================================

A lower bound is proved by one sum over the accounts: what their lots can make strictly below a
level falls short of the budget; or by listing all sums near the budget: none counts. It holds
whatever found the lots.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from adlopt.arrays import FloatArray, IntArray, Record, freeze_indices, own
from adlopt.budget import Budget
from adlopt.certificate import Certificate, Trust, round_down
from adlopt.contracts import optimum
from adlopt.contracts.grid import ContractGrid
from adlopt.contracts.meeting import meet
from adlopt.contracts.search import Filler
from adlopt.errors import CertificateError
from adlopt.highs import Stopped
from adlopt.loss import MinMax, worst_burden
from adlopt.lots.grid import MICRO, MOST_MICRO
from adlopt.method import Method
from adlopt.positions import ContractRound


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ContractSolution(Record):
    """Whole lots to close, and what is proved about them.

    Parameters
    ----------
    lots : IntArray, shape (m,)
        Lots closed of each position, in the order of the round's positions.
    closed : FloatArray, shape (m,)
        The same in contracts.
    haircut : FloatArray, shape (n,)
        USD taken from each account, in the order of the round's accounts.
    value : float
        The loss, recomputed at the haircut.
    worst_burden : float
        max x_i / w_i of the loss's burden.
    certificate : Certificate
        Its `budget_residual` is what is raised beyond the needed budget.
    method : Method
        What produced the lots.
    stopped : Stopped
        Whether the method's search ended, reached the gap asked for, or hit a limit.
    """

    lots: IntArray
    closed: FloatArray
    haircut: FloatArray
    value: float
    worst_burden: float
    certificate: Certificate
    method: Method
    stopped: Stopped

    def __post_init__(self) -> None:
        object.__setattr__(self, "lots", freeze_indices(self.lots))
        for name in ("closed", "haircut"):
            object.__setattr__(self, name, own(getattr(self, name), name, lowest=0.0))

    @property
    def raised(self) -> float:
        """USD. H = Σ x_i."""
        return math.fsum(self.haircut)

    @property
    def touched(self) -> int:
        """Number of accounts with a haircut."""
        return int(np.count_nonzero(self.haircut))

    def __str__(self) -> str:
        winners = "1 winner gives" if self.touched == 1 else f"{self.touched} winners give"
        positions = int(np.count_nonzero(self.lots))
        return (
            f"{winners} {self.raised:,.2f} USD from {positions} positions, worst burden "
            f"{100 * self.worst_burden:.4g} %; {self.certificate}"
            + ("; stopped at a limit" if self.stopped is Stopped.LIMIT else "")
        )


def solve_contracts(
    round_: ContractRound,
    loss: MinMax,
    budget: Budget,
    *,
    gap: float = 0.0,
    method: Method = Method.AUTO,
    time_limit: float | None = None,
) -> ContractSolution:
    """Solve a round in contract space: `adlopt.solve` says how."""
    grid = ContractGrid.of(round_, loss, budget)
    if method is Method.HIGHS:
        found = optimum.highs_optimum(round_, grid, time_limit)
    else:
        found = optimum.optimum(round_, grid, gap)
    counts = np.zeros(len(round_.positions), dtype=np.int64)
    counts[grid.row] = found.counts
    haircut = np.zeros(len(round_.start.account))
    haircut[grid.account] = grid.amounts(found.counts) / MICRO
    weights = loss.weights(round_.start)
    certificate = certify_contracts(grid, found.counts, worst_burden(haircut, weights), found.lower)
    return ContractSolution(
        lots=counts,
        closed=counts * round_.positions.lot,
        haircut=haircut,
        value=certificate.upper,
        worst_burden=certificate.upper,
        certificate=certificate,
        method=found.method,
        stopped=found.stopped,
    )


def certify_contracts(
    grid: ContractGrid, counts: IntArray, upper: float, claimed: Fraction
) -> Certificate:
    """Certify whole lots, (m,), in integers.

    Strictly below a level accounts are filled anew, and bounds on what they make are added up: if
    they fall short of the budget, that proves the level a bound; so does a complete list of the
    sums there of which none counts. Where neither does, the claim is the search's own word.

    Raises
    ------
    CertificateError
        If lots leave their bounds or capacities, or their sum does not count.
    """
    if (counts < 0).any() or (counts > grid.most).any():
        raise CertificateError("a position gives more lots than it has")
    amounts = grid.amounts(counts)
    if (amounts > grid.cap).any():
        account = int(grid.account[int(np.argmax(amounts > grid.cap))])
        raise CertificateError(f"account {account} gives more than its capacity")
    total = int(amounts.sum())
    if not grid.least <= total <= grid.highest:
        beside = (total - grid.least) / MICRO
        raise CertificateError(f"the lots raise {beside!r} USD beyond the budget")
    residual = (total - grid.least) / MICRO
    level = grid.level_of(amounts)
    for bound in (level, claimed) if claimed >= level else (claimed,):
        if _out_of_reach_below(grid, bound):
            return Certificate(
                upper=upper, lower=round_down(bound), trust=Trust.EXACT, budget_residual=residual
            )
    return Certificate(
        upper=upper,
        lower=min(round_down(claimed), upper),
        trust=Trust.REPORTED,
        budget_residual=residual,
    )


def _out_of_reach_below(grid: ContractGrid, level: Fraction) -> bool:
    """Whether strictly below a level bounds on accounts fall short, or no sum of them counts."""
    if level == 0 or grid.least <= 0:
        return level == 0
    limits = grid.limits_below(level)
    if Filler(grid).decide(limits, grid.least).ceiling < grid.least:
        return True
    return grid.highest < MOST_MICRO and meet(grid, Filler(grid), limits).refuted
