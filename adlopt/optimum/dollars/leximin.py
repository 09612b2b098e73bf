"""The lexicographic min–max: the least worst burden, then the least second worst, and so on.

*Continuous.* x_i = min(u_i, w_i z) with Σ x_i = B is the unique optimum: in any other haircut of
the same sum some account gives less than its share and another more, so a dollar moved from the
higher to the lower of their burdens lowers the higher one and raises none to it.

*Equal lots.* Serve lot by lot whoever's burden is then the least; of equals the largest weight,
whose burden was the highest before. This is the greedy method for Σ φ(b_i) with φ convex and
steeper than any number of smaller terms, which is exact: Federgruen & Groenevelt, *The greedy
procedure for resource allocation problems*, Operations Research 34 (1986).

*Lots of several sizes.* Dynamic programming over exact sums, in integers, for small rounds: which
of two ways to a sum has the lesser burdens, in descending order, does not change when the same
burden joins both, so that of all ways to a sum only the best is kept.

The order holds if no dollar, or no lot, can move to a lower burden: that is what is checked.
"""

from __future__ import annotations

import math
from bisect import insort
from dataclasses import replace
from fractions import Fraction

import numpy as np

from adlopt.errors import CertificateError, InputError
from adlopt.foundation.arrays import FloatArray, IntArray
from adlopt.foundation.exact import largest_quotient
from adlopt.optimum.core.burden_problem import BurdenProblem
from adlopt.optimum.core.certificate import Certificate, Stage, Trust, checked, round_down, round_up
from adlopt.optimum.dollars.least_loss import Search, Solution, least_loss, solution
from adlopt.optimum.lots.least_burden import certified, found_by
from adlopt.optimum.lots.lot_grid import LotGrid

CRITERION = "all burdens in order"
CLOSE = 1e-12
"""Relative distance of burdens within which fractions decide."""


def leximin(problem: BurdenProblem, search: Search | None = None) -> Solution:
    """Solve a problem whose budget is met, in lots within its band.

    The second certificate is about moving a dollar, or a lot: from the worst burden it could come
    from to the least it could go to.
    """
    if problem.lot is None:
        best = least_loss(problem, search)
        stage = Stage(criterion=CRITERION, certificate=_no_dollar_moves(problem, best.haircut))
        return replace(best, stages=(stage,))
    grid = LotGrid.of_wealth(problem)
    search = Search() if search is None else search
    equal = bool((grid.lot == grid.lot[:1]).all())
    if equal and grid.lot.size:
        # With a lot less nobody's burden is higher: the fewest that count are the best.
        lot = int(grid.lot[0])
        fewest = min(lot * -(-grid.least // lot), grid.highest)
        grid = replace(grid, least=fewest, highest=fewest)
    found = found_by(grid, search.method, gap=search.gap)
    counts = _equal_lots(grid, found.counts) if equal else _any_lots(grid, found.counts)
    certificate = certified(grid, replace(found, counts=counts))
    worst = certificate.upper
    searched = checked(upper=worst, lower=worst, trust=Trust.REPORTED)
    order = _no_lot_moves(grid, counts) if equal else searched
    return solution(
        problem,
        grid.haircut(counts, problem.capacity.size),
        certificate,
        found.method,
        found.stopped,
        (Stage(criterion=CRITERION, certificate=order),),
    )


def _equal_lots(grid: LotGrid, fair: IntArray) -> IntArray:
    """Everyone below the level gives its lots; those who reach it, the largest weights first."""
    level = grid.level_of(grid.amounts(fair))
    counts = grid.units_below(level)
    tied = np.flatnonzero(grid.units_at(level) > counts)
    missing = int(fair.sum() - counts.sum())
    counts[tied[np.argsort(-grid.weight[tied], kind="stable")[:missing]]] += 1
    return counts


def _any_lots(grid: LotGrid, fair: IntArray) -> IntArray:
    level = grid.level_of(grid.amounts(fair))
    counts = least_sorted(grid, grid.units_at(level))
    if counts is None:
        raise InputError(
            "round_",
            f"{grid.lot.size} accounts with lots of several sizes",
            "few enough lots to search all their sums",
            remedy="use equal lots, fewer accounts, or MinMax()",
        )
    return counts


def _no_dollar_moves(problem: BurdenProblem, haircut: FloatArray) -> Certificate:
    free = haircut < problem.open
    worst = largest_quotient(haircut, problem.weight)
    least = Fraction(0)
    if haircut[free].all():
        most = largest_quotient(problem.weight[free], haircut[free])
        least = min(1 / most, worst) if most else worst
    return checked(upper=round_up(worst), lower=round_down(least), trust=Trust.EXACT)


def _no_lot_moves(grid: LotGrid, counts: IntArray) -> Certificate:
    """Check that no lot can move; (burden with the lot, −burden without) ranks the moves."""
    with_it = np.where(counts > 0, grid.lot * counts / grid.weight, -np.inf)
    with_more = np.where(counts < grid.most, grid.lot * (counts + 1) / grid.weight, np.inf)
    most, least = with_it.max(initial=-np.inf), with_more.min(initial=np.inf)
    givers = np.flatnonzero((counts > 0) & (with_it >= most * (1 - CLOSE)))
    takers = np.flatnonzero((counts < grid.most) & (with_more <= least * (1 + CLOSE)))
    worst = max((_rank(grid, int(i), int(counts[i])) for i in givers), default=(Fraction(0),) * 2)
    best = min((_rank(grid, int(i), int(counts[i]) + 1) for i in takers), default=worst)
    if best < worst:
        raise CertificateError("a lot can move to a lower burden")
    value = round_down(worst[0])
    return checked(upper=value, lower=value, trust=Trust.EXACT)


def _rank(grid: LotGrid, account: int, count: int) -> tuple[Fraction, Fraction]:
    lot = int(grid.lot[account])
    return grid.burden(account, lot * count), -grid.burden(account, lot * (count - 1))


STEPS = 300_000
"""Bound on the steps of the program: reachable sums times the lots of the next account."""
LOTS = 20_000
"""Bound on the lots whose burdens are put in order."""


def least_sorted(grid: LotGrid, most: IntArray) -> IntArray | None:
    """Lots, (n,), of at most so many whose sum counts, with the least burdens in order.

    None if there are too many.
    """
    if int(most.sum()) > LOTS:
        return None
    rank_of = _ranks(grid, most)
    step = math.gcd(*grid.lot[most > 0].tolist()) or 1
    room, steps = int((grid.lot * most).sum()) // step, 0
    aim, top = -(-grid.least // step), min(grid.highest // step, room)
    best: dict[int, tuple[list[int], tuple[int, ...]]] = {0: ([], ())}
    for ranks, size, count in zip(rank_of, (grid.lot // step).tolist(), most.tolist(), strict=True):
        room -= size * count
        steps += len(best) * (count + 1)
        if steps > STEPS:
            return None
        grown: dict[int, tuple[list[int], tuple[int, ...]]] = {}
        for total, (borne, taken) in best.items():
            for lots in range(count + 1):
                reached = total + size * lots
                if not aim - room <= reached <= top:
                    continue
                joined = list(borne)
                if lots:
                    insort(joined, ranks[lots - 1], key=lambda rank: -rank)
                kept = grown.get(reached)
                if kept is None or joined < kept[0]:
                    grown[reached] = (joined, (*taken, lots))
        best = grown
    return np.array(min(best.values())[1], dtype=np.int64)


def _ranks(grid: LotGrid, most: IntArray) -> list[list[int]]:
    """For each account, numbers of the burdens of its lots in order; equal ones are equal."""
    burdens: list[list[Fraction]] = [
        [grid.burden(i, lot * lots) for lots in range(1, count + 1)]
        for i, (lot, count) in enumerate(zip(grid.lot.tolist(), most.tolist(), strict=True))
    ]
    order = sorted({burden for own in burdens for burden in own})
    number = {burden: rank for rank, burden in enumerate(order, start=1)}
    return [[number[burden] for burden in own] for own in burdens]
