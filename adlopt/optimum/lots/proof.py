"""Whole lots certified in integers, whatever search found them."""

from __future__ import annotations

import math
from fractions import Fraction

from adlopt.errors import CertificateError
from adlopt.foundation.arrays import IntArray
from adlopt.foundation.money import MICRO, MOST_MICRO
from adlopt.model.loss import worst_burden
from adlopt.optimum.core.certificate import TOLERANCE, Certificate, Trust, checked, round_down
from adlopt.optimum.lots.filler import Filler
from adlopt.optimum.lots.lot_grid import LotGrid
from adlopt.optimum.lots.meeting import meet


def certify(
    grid: LotGrid,
    counts: IntArray,
    claimed: Fraction,
    *,
    first: Fraction = Fraction(0),
    end: float = math.inf,
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
    for bound in bounds:
        if out_of_reach_below(grid, bound, end):
            return checked(
                upper=upper, lower=round_down(bound), trust=Trust.EXACT, budget_residual=residual
            )
    lower = min(round_down(claimed), upper)
    return checked(upper=upper, lower=lower, trust=Trust.REPORTED, budget_residual=residual)


def check_counts(grid: LotGrid, counts: IntArray) -> None:
    """Check that no position gives more lots than it has, and no account more than it may."""
    if (counts < 0).any() or (counts > grid.most).any():
        raise CertificateError("a position gives more lots than it has")
    over = grid.amounts(counts) > grid.cap
    if over.any():
        account = int(grid.account[int(over.argmax())])
        raise CertificateError(f"account {account} gives more than its capacity")


def out_of_reach_below(grid: LotGrid, level: Fraction, end: float = math.inf) -> bool:
    """Whether strictly below a level lots fall short of the budget, or no sum of them counts."""
    if level == 0 or grid.least <= 0:
        return level == 0
    if grid.single and grid.supply_below(level)[1] < grid.least:
        return True
    limits, filler = grid.units_below(level), Filler(grid, end)
    if not grid.single and filler.decide(limits, grid.least).ceiling < grid.least:
        return True
    return grid.highest < MOST_MICRO and not filler.late and meet(grid, filler, limits).refuted
