"""Which lots to take, or to close: the least worst burden of a sum that counts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial

import numpy as np

from adlopt.errors import CertificateError, InfeasibleRound, SolverStopped
from adlopt.foundation.arrays import IntArray
from adlopt.foundation.deadline import is_late
from adlopt.foundation.money import MICRO, MOST_MICRO
from adlopt.model.loss import worst_burden
from adlopt.model.method import Method, Stopped
from adlopt.optimum.core.certificate import TOLERANCE, Certificate, Trust, checked, round_down
from adlopt.optimum.lots.filler import Filler
from adlopt.optimum.lots.lot_grid import LotGrid
from adlopt.optimum.lots.meeting import meet, meet_near
from adlopt.optimum.lots.mending import nearest_removal, take_away
from adlopt.optimum.lots.milp import least_lots
from adlopt.optimum.lots.sum_levels import AtLeast, SumLevels

RUNGS = (1e-4, 1e-6, 1e-9, 0.0)
"""Gaps that a search closes one after another: asked for less, it does what it did for more."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Found:
    """Lots, (m,), and the claim that no lots that count have a burden below `lower`.

    Below `first` lots do not even raise the budget.
    """

    counts: IntArray
    lower: Fraction
    first: Fraction = Fraction(0)
    stopped: Stopped
    method: Method


def least_burden(grid: LotGrid, *, gap: float = 0.0) -> Found:
    """Search for the least worst burden of lots whose sum counts, proven to a relative gap."""
    method = Method.LOT_SEARCH if grid.single else Method.POSITION_SEARCH
    if grid.least == 0:
        return nothing(grid, method)
    filler = Filler(grid)
    check_supply(grid, filler)
    search = SumLevels(grid, filler, AtLeast(grid, filler))
    if _no_multiple(grid):
        raise _not_found(grid, refuted=True)
    for rung in RUNGS:
        search.narrow(rung)
        if search.close(gap) or rung <= gap or is_late():
            break
    counts = _anyhow(grid) if search.best is None else search.best
    if counts is None:
        raise _not_found(grid, refuted=search.refuted)
    stopped = Stopped.OPTIMAL if search.close(0.0) else Stopped.GAP
    return Found(
        counts=counts,
        lower=search.lower,
        first=search.first.low,
        stopped=stopped if search.close(gap) else Stopped.LIMIT,
        method=method,
    )


def found_by(grid: LotGrid, method: Method, *, gap: float = 0.0) -> Found:
    """Search for them by a method."""
    if method is not Method.HIGHS:
        return least_burden(grid, gap=gap)
    if grid.least == 0:
        return nothing(grid, Method.HIGHS)
    filler = Filler(grid)
    check_supply(grid, filler)
    first = AtLeast(grid, filler)
    first.narrow(RUNGS[1])
    known = meet(grid, filler, grid.units_at(first.high)).counts
    base = filler.settle(grid.units_at(first.low), nodes=1).counts
    mended = partial(meet_near, grid, filler)
    found = least_lots(grid, base, first.low, mended=mended)
    if found is None:
        # What is known otherwise says so, or that there are none.
        method = Method.LOT_SEARCH if grid.single else Method.POSITION_SEARCH
        if known is None:
            return replace(least_burden(grid), stopped=Stopped.LIMIT)
        return Found(counts=known, lower=first.low, stopped=Stopped.LIMIT, method=method)
    counts, stopped = found
    level = grid.level_of(grid.amounts(counts))
    lower = level if stopped is Stopped.OPTIMAL else first.low
    return Found(counts=counts, lower=lower, first=first.low, stopped=stopped, method=Method.HIGHS)


def certified(grid: LotGrid, found: Found) -> Certificate:
    """Certify what was found: HiGHS's word alone is none."""
    trusted = found.method is not Method.HIGHS
    lots, lower, first = found.counts, found.lower, found.first
    return certify(grid, lots, lower, first=first, trusted=trusted)


def nothing(grid: LotGrid, method: Method) -> Found:
    """No lots, for a budget of nothing."""
    counts = np.zeros_like(grid.most)
    return Found(counts=counts, lower=Fraction(0), stopped=Stopped.OPTIMAL, method=method)


def check_supply(grid: LotGrid, filler: Filler) -> None:
    """Fill all accounts as far as they may give, or refuse a budget that exceeds that."""
    if grid.single and grid.total(grid.room) >= grid.least:
        return
    supply = filler.decide(grid.room, grid.least)
    if supply.raised >= grid.least:
        return
    if supply.ceiling >= grid.least:
        raise SolverStopped(
            f"whether lots can raise {_usd(grid.least)} was not settled before the search gave "
            f"up: they raise {_usd(supply.raised)}, and at most {_usd(supply.ceiling)}"
        )
    supply = filler.settle(grid.room)
    unsettled = supply.ceiling > supply.raised
    more = f" (up to {_usd(supply.ceiling)}: the search gave up)" if unsettled else ""
    message = (
        f"the budget of {_usd(grid.least)} exceeds the {_usd(supply.raised)} that whole lots can "
        f"give{more}, protected accounts excluded: ask for {_usd(grid.least - supply.raised)} "
        "less, or price the shortfall with surrogate(...)"
    )
    raise InfeasibleRound(
        message,
        below=supply.raised / MICRO,
        above=None,
        missing=(grid.least - supply.raised) / MICRO,
    )


def _anyhow(grid: LotGrid) -> IntArray | None:
    """Lots whose sum counts, whatever their burden, if all lots but a few are some."""
    counts = grid.room if grid.single else grid.most
    removal = nearest_removal(grid, counts, grid.total(counts) - grid.least)
    counts = take_away(grid, counts, removal.take_below)
    amounts = grid.amounts(counts)
    counted = grid.least <= int(amounts.sum()) <= grid.highest
    return counts if counted and (amounts <= grid.cap).all() else None


def _not_found(grid: LotGrid, *, refuted: bool) -> InfeasibleRound | SolverStopped:
    all_ = grid.room if grid.single else grid.most
    whole = grid.total(all_)
    below = nearest_removal(grid, all_, whole - grid.least)
    above = nearest_removal(grid, all_, whole - grid.highest)
    low, high = None if below.above is None else whole - below.above, whole - above.below
    if below.proven and above.proven and (grid.single or not grid.capped().any()):
        return _no_such_sum(grid, low, high)
    if not grid.single:
        met = meet(grid, Filler(grid), grid.room, beyond=int(grid.lot.max()))
        if met.refuted:
            return _no_such_sum(grid, met.below, met.above)
    if _no_multiple(grid):
        step = _usd(_step(grid))
        return InfeasibleRound(
            f"all lots are worth multiples of {step}, and none of those is {_wanted(grid)}: use "
            f"Budget.band({_step(grid) / MICRO!r}) or Budget.at_least()",
            below=None,
            above=None,
        )
    if refuted:
        return _no_such_sum(grid, None, None)
    nearest = f"; nearest found: {_usd(low)} and {_usd(high)}" if grid.single else ""
    return SolverStopped(
        f"no lots found that sum to {_wanted(grid)} before the search gave up{nearest}: use a "
        "wider Budget.band(...) or Budget.at_least()"
    )


def _step(grid: LotGrid) -> int:
    return int(np.gcd.reduce(grid.lot))


def _no_multiple(grid: LotGrid) -> bool:
    """Whether the greatest common divisor of all lots divides no sum that counts."""
    return grid.highest // _step(grid) * _step(grid) < grid.least


def _no_such_sum(grid: LotGrid, below: int | None, above: int | None) -> InfeasibleRound:
    options, apart, missing = [], [], []
    if below is not None:
        missing.append(grid.least - below)
        options.append(_usd(below))
        apart.append(f"{_usd(missing[-1])} less")
    if above is not None:
        missing.append(above - grid.highest)
        options.append(_usd(above))
        apart.append(f"{_usd(missing[-1])} more")
    sums = f"{' and '.join(options)}, {' and '.join(apart)}"
    nearest = f"; the nearest sums are {sums}: ask for one of them, or use "
    return InfeasibleRound(
        f"no whole lots sum to {_wanted(grid)}{nearest if options else ': use '}"
        "Budget.at_least() or Budget.band(...)",
        below=None if below is None else below / MICRO,
        above=None if above is None else above / MICRO,
        missing=min(missing) / MICRO if missing else None,
    )


def _wanted(grid: LotGrid) -> str:
    if grid.least == grid.highest:
        return _usd(grid.least)
    return f"between {_usd(grid.least)} and {_usd(grid.highest)}"


def _usd(amount: int | None) -> str:
    return "none" if amount is None else f"{amount / MICRO!r} USD"


def certify(
    grid: LotGrid,
    counts: IntArray,
    claimed: Fraction,
    *,
    first: Fraction = Fraction(0),
    trusted: bool = True,
) -> Certificate:
    """Certify lots, (m,), as those of least burden whose sum counts.

    Strictly below a level accounts are filled anew, and bounds on what they make are added up: if
    they fall short of the budget, that proves the level a bound; so does a complete list of the
    sums there of which none counts. Where neither does, the `claimed` bound is the search's own
    word, or, if it is not `trusted`, `first`, below which the budget is not even exceeded, is it.
    """
    check_counts(grid, counts)
    amounts = grid.amounts(counts)
    total, level = int(amounts.sum()), grid.level_of(amounts)
    if not grid.least <= total <= grid.highest:
        beside = (total - grid.least) / MICRO
        raise CertificateError(f"the lots raise {beside!r} USD beyond the budget")
    upper, residual = worst_burden(amounts / MICRO, grid.weight), (total - grid.least) / MICRO
    bounds = [level, claimed] if claimed >= level else [claimed]
    if first < claimed and (not trusted or float(level - first) <= TOLERANCE * upper):
        bounds.append(first)
    proved = next((bound for bound in bounds if out_of_reach_below(grid, bound)), None)
    return checked(
        upper=upper,
        lower=min(round_down(claimed if proved is None else proved), upper),
        trust=Trust.REPORTED if proved is None else Trust.EXACT,
        budget_residual=residual,
    )


def check_counts(grid: LotGrid, counts: IntArray) -> None:
    """Check that no position gives more lots than it has, and no account more than it may."""
    if (counts < 0).any() or (counts > grid.most).any():
        raise CertificateError("a position gives more lots than it has")
    over = grid.amounts(counts) > grid.cap
    if over.any():
        account = int(grid.account[int(over.argmax())])
        raise CertificateError(f"account {account} gives more than its capacity")


def out_of_reach_below(grid: LotGrid, level: Fraction) -> bool:
    """Whether strictly below a level lots fall short of the budget, or no sum of them counts."""
    if level == 0 or grid.least <= 0:
        return level == 0
    if grid.single and grid.supply_below(level)[1] < grid.least:
        return True
    limits, filler = grid.units_below(level), Filler(grid)
    if not grid.single and filler.decide(limits, grid.least).ceiling < grid.least:
        return True
    return grid.highest < MOST_MICRO and not is_late() and meet(grid, filler, limits).refuted
