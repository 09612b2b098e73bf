"""The offline optimum in contract space: solve it in whole lots, and prove it.

======================  ======================================================================
budget                  method
======================  ======================================================================
at least                parametric search over the worst burden, one knapsack an account
exact, or in a band     the same; lots go back or are rearranged until the sum counts
  few accounts          all sums that lots can make, where that did not succeed
one position each       parametric search over lots, with its own proof that a sum is out of reach
`Method.HIGHS`          mixed-integer program between two levels
======================  ======================================================================

A lower bound is proved by one sum over the accounts: what their lots can make strictly below a
level falls short of the budget. It holds whatever found the lots.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from adlopt import lots
from adlopt.arrays import FloatArray, IntArray, Record, freeze_indices, own, own_number
from adlopt.budget import Budget
from adlopt.certificate import Certificate, Trust, round_down
from adlopt.contract_core import ContractCore
from adlopt.contract_grid import ContractGrid
from adlopt.contract_search import Bracket, Filler, Filling, first_level
from adlopt.contract_sums import Listing, mend, nearest_removal, trim
from adlopt.errors import (
    CertificateError,
    InfeasibleRound,
    InputError,
    SolverFailed,
    SolverStopped,
)
from adlopt.highs import Infeasible, Stopped, run
from adlopt.loss import Loss, MinMax, worst_burden
from adlopt.lot_grid import MICRO, LotGrid
from adlopt.method import Method
from adlopt.positions import ContractRound
from adlopt.waterfill import water_level

WALK = Fraction(1, 2**36)
"""First step above the first level, relative to it; every further one is four times as long."""
HALVINGS = 8
"""How often the distance between the last miss and the first hit is halved."""


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
    loss: Loss | None = None,
    *,
    budget: Budget | None = None,
    gap: float = 0.0,
    method: Method = Method.AUTO,
    time_limit: float | None = None,
) -> ContractSolution:
    """Solve a round in contract space: `adlopt.solve` says how."""
    loss = MinMax() if loss is None else loss
    _check(loss, budget, gap, method, time_limit)
    assert isinstance(loss, MinMax)
    grid = ContractGrid.of(round_, loss, Budget.exact() if budget is None else budget)
    if method is Method.HIGHS:
        found = _highs(round_, grid, time_limit)
    else:
        found = _search(round_, grid, gap)
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
    they fall short of the budget, that proves the level a bound. Where it does not, the claim is
    the search's own word, unless the continuous bound is as good.

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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Found:
    counts: IntArray
    lower: Fraction
    stopped: Stopped
    method: Method


def _check(
    loss: Loss, budget: Budget | None, gap: float, method: Method, time_limit: float | None
) -> None:
    if not isinstance(loss, MinMax):
        raise InputError("loss", loss, "MinMax(...), in contract space")
    if budget is not None and not isinstance(budget, Budget):
        raise InputError(
            "budget", budget, "Budget.exact(), Budget.at_least() or Budget.band(width)"
        )
    if own_number(gap, "gap", lowest=0.0) >= 1:
        raise InputError("gap", gap, "a number in [0, 1)")
    if method not in (Method.AUTO, Method.HIGHS):
        raise InputError("method", method, "Method.AUTO or Method.HIGHS")
    if time_limit is not None and method is Method.AUTO:
        raise InputError("time_limit", time_limit, "None", remedy="it goes with Method.HIGHS")


def _out_of_reach_below(grid: ContractGrid, level: Fraction) -> bool:
    """Whether bounds on what lots make strictly below a level fall short of the budget."""
    if level == 0 or grid.least <= 0:
        return level == 0
    filling = Filler(grid).decide(grid.limits_below(level), grid.least)
    return filling.ceiling < grid.least


def _nothing(grid: ContractGrid, method: Method) -> _Found:
    counts = np.zeros_like(grid.most)
    return _Found(counts=counts, lower=Fraction(0), stopped=Stopped.OPTIMAL, method=method)


def _search(round_: ContractRound, grid: ContractGrid, gap: float) -> _Found:
    if grid.least == 0:
        return _nothing(grid, Method.POSITION_SEARCH)
    filler = Filler(grid)
    supply = _supply(round_, grid, filler)
    if grid.least == grid.highest and grid.cap.size == grid.row.size:
        return _single(grid)
    bracket = first_level(grid, filler, supply, gap)
    counts = mend(grid, filler, bracket.best)
    if counts is None:
        return _other_sums(grid, filler, bracket)
    stopped = Stopped.LIMIT if not bracket.finished else Stopped.GAP if gap else Stopped.OPTIMAL
    return _Found(
        counts=trim(grid, counts),
        lower=bracket.low,
        stopped=stopped,
        method=Method.POSITION_SEARCH,
    )


def _single(grid: ContractGrid) -> _Found:
    """One position an account: the search over lots knows when an exact sum is out of reach."""
    most = np.minimum(grid.most, grid.cap // grid.lot)
    single = LotGrid(size=grid.lot, most=most, weight=grid.weight, budget=grid.least)
    try:
        answer = lots.exact_optimum(single)
    except InfeasibleRound as refused:
        near = (refused.below, refused.above)
        raise _no_such_sum(grid, *(None if s is None else round(s * MICRO) for s in near)) from None
    return _Found(
        counts=answer.counts,
        lower=answer.lower,
        stopped=Stopped.OPTIMAL if answer.finished else Stopped.LIMIT,
        method=Method.LOT_SEARCH,
    )


def _supply(round_: ContractRound, grid: ContractGrid, filler: Filler) -> Filling:
    """Fill all accounts to their caps, or refuse a budget that exceeds that."""
    supply = filler.decide(grid.cap, grid.least)
    if supply.raised >= grid.least:
        return supply
    if supply.ceiling >= grid.least:
        raise SolverStopped(
            f"whether lots can raise {_usd(grid.least)} was not settled before the search gave "
            f"up: they raise {_usd(supply.raised)}, and at most {_usd(supply.ceiling)}"
        )
    supply = filler.settle(grid.cap)
    binding = tuple(round_.start.account[i] for i in grid.account[grid.capped()])
    lifted = int(grid.whole.sum())
    message = (
        f"the budget of {_usd(grid.least)} exceeds the {_usd(supply.raised)} that whole lots can "
        f"give, protected accounts excluded: ask for {_usd(grid.least - supply.raised)} less"
    )
    if binding:
        message += (
            f"; the capacities of {len(binding)} accounts bind ({_listed(binding)}), and without "
            f"them lots give {_usd(lifted)}"
        )
    raise InfeasibleRound(message, below=supply.raised / MICRO, above=None, binding=binding)


def _other_sums(grid: ContractGrid, filler: Filler, bracket: Bracket) -> _Found:
    """Find a sum that counts where the first level gave none, or prove that there is none."""
    listing = Listing.of(grid)
    if listing is not None:
        found = listing.least_level()
        if found is None:
            below, above, _ = listing.meet(grid.cap)
            raise _no_such_sum(grid, below, above)
        level, amounts = found
        return _Found(
            counts=filler.settle(amounts).counts,
            lower=level,
            stopped=Stopped.OPTIMAL,
            method=Method.POSITION_SEARCH,
        )
    return _Found(
        counts=trim(grid, _walk_up(grid, filler, bracket.high)),
        lower=bracket.low,
        stopped=Stopped.LIMIT,
        method=Method.POSITION_SEARCH,
    )


def _walk_up(grid: ContractGrid, filler: Filler, missed: Fraction) -> IntArray:
    """Mend lots at levels further and further above one that missed, then between the last two."""
    top = max(map(grid.burden, range(grid.cap.size), grid.cap.tolist()))
    first, step, counts = missed, WALK, None
    while counts is None:
        if missed == top:
            raise _not_found(grid)
        level, step = min(first * (1 + step), top), 4 * step
        counts = mend(grid, filler, filler.decide(grid.limits_at(level), grid.least))
        missed = level if counts is None else missed
    for _ in range(HALVINGS):
        level = Fraction((float(missed) + float(grid.level_of(grid.amounts(counts)))) / 2)
        nearer = mend(grid, filler, filler.decide(grid.limits_at(level), grid.least))
        missed, counts = (level, counts) if nearer is None else (missed, nearer)
    return counts


def _not_found(grid: ContractGrid) -> InfeasibleRound | SolverStopped:
    whole = int((grid.lot * grid.most).sum())
    below = nearest_removal(grid, grid.most, grid.least)
    above = nearest_removal(grid, grid.most, grid.highest)
    low = None if below.above is None else whole - below.above
    high = whole - above.below
    if below.proven and above.proven and not grid.capped().any():
        return _no_such_sum(grid, low, high)
    step = int(np.gcd.reduce(grid.lot))
    if grid.highest // step * step < grid.least:
        return InfeasibleRound(
            f"all lots are worth multiples of {_usd(step)}, and none of those is "
            f"{_wanted(grid)}: use Budget.band({step / MICRO!r}) or Budget.at_least()",
            below=None,
            above=None,
        )
    return SolverStopped(
        f"no lots found that sum to {_wanted(grid)} before the search gave up: use a wider "
        "Budget.band(...) or Budget.at_least()"
    )


def _no_such_sum(grid: ContractGrid, below: int | None, above: int | None) -> InfeasibleRound:
    options = []
    if below is not None:
        options.append(f"{_usd(below)}, {_usd(grid.least - below)} less")
    if above is not None:
        options.append(f"{_usd(above)}, {_usd(above - grid.highest)} more")
    return InfeasibleRound(
        f"no whole lots sum to {_wanted(grid)}; the nearest sums are {' and '.join(options)}: "
        "ask for one of them, or use Budget.at_least() or Budget.band(...)",
        below=None if below is None else below / MICRO,
        above=None if above is None else above / MICRO,
    )


def _highs(round_: ContractRound, grid: ContractGrid, time_limit: float | None) -> _Found:
    """Let HiGHS choose the lots between two levels, widening them until it finds some."""
    if grid.least == 0:
        return _nothing(grid, Method.HIGHS)
    filler = Filler(grid)
    top = grid.level_of(_supply(round_, grid, filler).amounts)
    top = max(top, *map(grid.burden, range(grid.cap.size), grid.cap.tolist()))
    continuous = water_level(grid.weight, grid.cap / MICRO, grid.least / MICRO)
    low = Fraction(continuous) * (1 - Fraction(1, 10**12))
    base = filler.settle(grid.limits_at(low), nodes=1).counts
    high = max(2 * low, top / 2**20)
    while True:
        high = min(high, top)
        core = ContractCore.of(grid, base, low, high)
        try:
            answer = run(core.program, time_limit=time_limit)
        except Infeasible:
            if high == top:
                _search(round_, grid, 0.0)
                raise SolverFailed(
                    "HiGHS calls a round infeasible that has a solution in lots; use Method.AUTO"
                ) from None
            high = 4 * high
            continue
        return _Found(
            counts=core.counts(answer.columns),
            lower=low + (high - low) * Fraction(max(answer.bound, 0.0)),
            stopped=answer.stopped,
            method=Method.HIGHS,
        )


def _wanted(grid: ContractGrid) -> str:
    if grid.least == grid.highest:
        return _usd(grid.least)
    return f"between {_usd(grid.least)} and {_usd(grid.highest)}"


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names[:3]) + (", …" if len(names) > 3 else "")


def _usd(amount: int) -> str:
    return f"{amount / MICRO!r} USD"
