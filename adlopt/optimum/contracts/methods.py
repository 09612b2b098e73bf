"""Which lots to close: the search over positions, the search over lots, or HiGHS.

Lots that raise enough are found at the least level; a sum that may not exceed the budget is then
mended, listed where accounts are few, or looked for at higher levels.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import partial

import numpy as np

from adlopt.errors import Binding, InfeasibleRound, SolverStopped
from adlopt.foundation.arrays import IntArray
from adlopt.model.method import Method, Stopped
from adlopt.model.positions import ContractRound
from adlopt.optimum.contracts.meeting import meet
from adlopt.optimum.contracts.milp import ContractCore
from adlopt.optimum.contracts.position_grid import ContractGrid
from adlopt.optimum.contracts.position_search import Bracket, Filler, Filling, first_level
from adlopt.optimum.contracts.position_sums import mend, nearest_removal, trim
from adlopt.optimum.contracts.sum_levels import SumLevels
from adlopt.optimum.core.waterfill import water_level
from adlopt.optimum.lots import level_search as lots
from adlopt.optimum.lots.lot_grid import MICRO, LotGrid
from adlopt.optimum.programs.between_levels import least_lots


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Found:
    """Lots, (m,), and the claim that no lots have a burden below `lower`."""

    counts: IntArray
    lower: Fraction
    stopped: Stopped
    method: Method


def least_burden(round_: ContractRound, grid: ContractGrid, gap: float) -> Found:
    """Search for the least worst burden of lots whose sum counts.

    Raises
    ------
    InfeasibleRound
        If lots cannot raise the budget, or no sum of them counts; it names the nearest sums.
    SolverStopped
        If the search gave up before it found lots or refuted them.
    """
    if grid.least == 0:
        return _nothing(grid, Method.POSITION_SEARCH)
    filler = Filler(grid)
    supply = _supply(round_, grid, filler)
    if grid.least == grid.highest and grid.cap.size == grid.row.size:
        return _single(grid)
    bracket = first_level(grid, filler, supply, gap)
    counts = mend(grid, filler, bracket.best)
    if counts is None:
        return _other_sums(grid, filler, bracket, gap)
    stopped = Stopped.LIMIT if not bracket.finished else Stopped.GAP if gap else Stopped.OPTIMAL
    return Found(
        counts=trim(grid, counts),
        lower=bracket.low,
        stopped=stopped,
        method=Method.POSITION_SEARCH,
    )


def highs_optimum(round_: ContractRound, grid: ContractGrid, time_limit: float | None) -> Found:
    """Let HiGHS choose the lots."""
    if grid.least == 0:
        return _nothing(grid, Method.HIGHS)
    filler = Filler(grid)
    top = grid.level_of(_supply(round_, grid, filler).amounts)
    top = max(top, *map(grid.burden, range(grid.cap.size), grid.cap.tolist()))
    continuous = water_level(grid.weight, grid.cap / MICRO, grid.least / MICRO)
    low = Fraction(continuous) * (1 - Fraction(1, 10**12))
    base = filler.settle(grid.limits_at(low), nodes=1).counts
    counts, stopped, lower = least_lots(
        partial(ContractCore.of, grid, base),
        low,
        top,
        refute=lambda: least_burden(round_, grid, 0.0),
        time_limit=time_limit,
    )
    return Found(counts=counts, lower=lower, stopped=stopped, method=Method.HIGHS)


def _nothing(grid: ContractGrid, method: Method) -> Found:
    counts = np.zeros_like(grid.most)
    return Found(counts=counts, lower=Fraction(0), stopped=Stopped.OPTIMAL, method=method)


def _single(grid: ContractGrid) -> Found:
    """One position an account: the search over lots knows when an exact sum is out of reach."""
    most = np.minimum(grid.most, grid.cap // grid.lot)
    single = LotGrid(size=grid.lot, most=most, weight=grid.weight, budget=grid.least)
    try:
        answer = lots.exact_budget(single)
    except InfeasibleRound as refused:
        near = (refused.below, refused.above)
        raise _no_such_sum(grid, *(None if s is None else round(s * MICRO) for s in near)) from None
    return Found(
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
    capped = np.flatnonzero(grid.capped())
    binding = tuple(
        Binding(round_.start.account[int(grid.account[i])], int(grid.cap[i]) / MICRO, "capacity")
        for i in capped
    )
    lifted = int(grid.whole.sum())
    unsettled = supply.ceiling > supply.raised
    more = f" (up to {_usd(supply.ceiling)}: the search gave up)" if unsettled else ""
    message = (
        f"the budget of {_usd(grid.least)} exceeds the {_usd(supply.raised)} that whole lots can "
        f"give{more}, protected accounts excluded: ask for {_usd(grid.least - supply.raised)} less"
    )
    if binding:
        message += (
            f"; the capacities of {len(binding)} accounts bind ({_listed(binding)}), and without "
            f"them lots give {_usd(lifted)}"
        )
    raise InfeasibleRound(
        message,
        below=supply.raised / MICRO,
        above=None,
        missing=(grid.least - supply.raised) / MICRO,
        binding=binding,
    )


def _other_sums(grid: ContractGrid, filler: Filler, bracket: Bracket, gap: float) -> Found:
    """Find a sum that counts where the first level gave none, or prove that there is none."""
    if _no_multiple(grid):
        raise _not_found(grid, refuted=True)
    search = SumLevels(grid, filler, bracket)
    counts = search.run(gap)
    if counts is None:
        raise _not_found(grid, refuted=search.whole)
    return Found(
        counts=counts,
        lower=search.low,
        stopped=search.stopped,
        method=Method.POSITION_SEARCH,
    )


def _not_found(grid: ContractGrid, *, refuted: bool) -> InfeasibleRound | SolverStopped:
    whole = int((grid.lot * grid.most).sum())
    below = nearest_removal(grid, grid.most, grid.least)
    above = nearest_removal(grid, grid.most, grid.highest)
    low = None if below.above is None else whole - below.above
    high = whole - above.below
    if below.proven and above.proven and not grid.capped().any():
        return _no_such_sum(grid, low, high)
    met = meet(grid, Filler(grid), grid.cap, beyond=int(grid.lot.max()))
    if met.refuted:
        return _no_such_sum(grid, met.below, met.above)
    if _no_multiple(grid):
        return InfeasibleRound(
            f"all lots are worth multiples of {_usd(_step(grid))}, and none of those is "
            f"{_wanted(grid)}: use Budget.band({_step(grid) / MICRO!r}) or Budget.at_least()",
            below=None,
            above=None,
        )
    if refuted:
        return _no_such_sum(grid, None, None)
    return SolverStopped(
        f"no lots found that sum to {_wanted(grid)} before the search gave up: use a wider "
        "Budget.band(...) or Budget.at_least()"
    )


def _step(grid: ContractGrid) -> int:
    return int(np.gcd.reduce(grid.lot))


def _no_multiple(grid: ContractGrid) -> bool:
    """Whether the greatest common divisor of all lots divides no sum that counts."""
    return grid.highest // _step(grid) * _step(grid) < grid.least


def _no_such_sum(grid: ContractGrid, below: int | None, above: int | None) -> InfeasibleRound:
    options, missing = [], []
    if below is not None:
        missing.append(grid.least - below)
        options.append(f"{_usd(below)}, {_usd(grid.least - below)} less")
    if above is not None:
        missing.append(above - grid.highest)
        options.append(f"{_usd(above)}, {_usd(above - grid.highest)} more")
    nearest = f"; the nearest sums are {' and '.join(options)}: ask for one of them, or use "
    return InfeasibleRound(
        f"no whole lots sum to {_wanted(grid)}{nearest if options else ': use '}"
        "Budget.at_least() or Budget.band(...)",
        below=None if below is None else below / MICRO,
        above=None if above is None else above / MICRO,
        missing=min(missing) / MICRO if missing else None,
    )


def _wanted(grid: ContractGrid) -> str:
    if grid.least == grid.highest:
        return _usd(grid.least)
    return f"between {_usd(grid.least)} and {_usd(grid.highest)}"


def _listed(binding: tuple[Binding, ...]) -> str:
    names = [held.account for held in binding[:3]]
    return ", ".join(names) + (", …" if len(binding) > len(names) else "")


def _usd(amount: int) -> str:
    return f"{amount / MICRO!r} USD"
