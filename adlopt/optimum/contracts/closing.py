"""The offline optimum in contract space: solve it in whole lots, and prove it.

| budget | method |
|---|---|
| at least | parametric search over the worst burden, one knapsack an account |
| exact, or in a band | the same; lots go back or are rearranged until the sum counts |
| where that fails | levels above it, what accounts can give less met in the middle |
| one position each | parametric search over lots, with its own proof that a sum is out of reach |
| `Method.HIGHS` | mixed-integer program between two levels |

A lower bound is proved by one sum over the accounts: what their lots can make strictly below a
level falls short of the budget; or by listing all sums near the budget: none counts. It holds
whatever found the lots.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from adlopt.errors import CertificateError
from adlopt.foundation.arrays import FloatArray, IntArray, freeze_indices, own
from adlopt.model.budget import Budget
from adlopt.model.limits import NO_LIMITS, Limits
from adlopt.model.loss import MinMax, worst_burden
from adlopt.model.method import Method, Stopped
from adlopt.model.positions import ContractRound
from adlopt.optimum.contracts.lot_reasons import why_no_more
from adlopt.optimum.contracts.lot_tiers import gives_all, tier_by_tier
from adlopt.optimum.contracts.meeting import meet
from adlopt.optimum.contracts.methods import Found, highs_optimum, least_burden
from adlopt.optimum.contracts.position_grid import ContractGrid
from adlopt.optimum.contracts.position_search import Filler
from adlopt.optimum.core.certificate import Certificate, Stage, Trust, round_down
from adlopt.optimum.core.surface import Optimum, burdened, gives
from adlopt.optimum.lots.lot_grid import MICRO, MOST_MICRO
from adlopt.show.answer import Columns, plain
from adlopt.show.schema.optima import ClosedData, ContractSolutionData
from adlopt.show.words import counted


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class ContractSolution(Optimum):
    """Whole lots to close, and what is proved about them.

    Parameters
    ----------
    lots : IntArray, shape (m,)
        Lots closed of each position, in the order of the round's positions.
    closed : FloatArray, shape (m,)
        The same in contracts.
    haircut : FloatArray, shape (n,)
        USD taken from each account, in the order of the round's accounts.
    worst_burden : float
        max x_i / w_i of the objective's burden.
    round_ : ContractRound
        What was solved.
    reason : tuple of str, length n
        Why each account gives no more, where limits were given; else empty.

    The others are those of every optimum: `budget_residual` of the certificate is what is raised
    beyond the needed budget, and each further tier that gives anything is a stage.
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
        return ContractSolutionData(
            **self._shared(),
            raised_usd=self.raised,
            needed_usd=self.round_.needed,
            touched=self.touched,
            rounding_usd=self.round_.rounded_by,
            account=list(self.account),
            capacity_usd=self.round_.start.capacity.tolist(),
            haircut_usd=self.haircut.tolist(),
            reason=list(self.reason),
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
    time_limit: float | None = None,
) -> ContractSolution:
    """Solve a round in contract space: `adlopt.solve` says how."""
    grid = ContractGrid.of(round_, loss, budget, limits)
    tiers = list(limits.tiers(len(round_.start.account)))

    def find(part: ContractGrid) -> Found:
        if method is Method.HIGHS:
            return highs_optimum(round_, part, time_limit)
        return least_burden(round_, part, gap)

    parts = [(grid, find(grid))] if len(tiers) == 1 else tier_by_tier(grid, tiers, find, gap)
    answers = [found for _, found in parts]
    proofs = _certify_parts(parts, gap)
    counts = np.zeros(len(round_.positions), dtype=np.int64)
    given = [(part, found.counts) for part, found in parts]
    for part, lots in given:
        counts[part.row] = lots
    amounts = grid.amounts(counts[grid.row])
    haircut = np.zeros(len(round_.start.account))
    haircut[grid.account] = amounts / MICRO
    residual = (int(amounts.sum()) - grid.least) / MICRO
    return ContractSolution(
        lots=counts,
        closed=counts * round_.positions.lot,
        haircut=haircut,
        worst_burden=max(proof.upper for proof in proofs),
        certificate=replace(proofs[0], budget_residual=residual),
        method=answers[0].method,
        stopped=Stopped.of_all(found.stopped for found in answers),
        stages=tuple(
            Stage(criterion=f"tier {number}", certificate=proof)
            for number, proof in enumerate(proofs[1:], start=2)
        ),
        round_=round_,
        reason=() if limits is NO_LIMITS else why_no_more(round_, loss, grid, given, limits),
    )


def _certify_parts(parts: Sequence[tuple[ContractGrid, Found]], gap: float) -> list[Certificate]:
    """Certify each tier, and that those before the last give all they can."""
    proofs = []
    for part, found in parts:
        amounts = part.amounts(found.counts)
        upper = worst_burden(amounts / MICRO, part.weight)
        proofs.append(certify_contracts(part, found.counts, upper, found.lower))
        if part is not parts[-1][0] and not gives_all(part, int(amounts.sum()), gap):
            raise CertificateError(f"tier {len(proofs)} can give more, and a later one gives")
    return proofs


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
