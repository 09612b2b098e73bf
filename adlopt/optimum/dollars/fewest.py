"""The fewest accounts that can raise a budget, and the least worst burden on so few.

*How many.* k accounts can raise B only if the k largest capacities do: the fewest k has
Σ of the k − 1 largest < B, which is the certificate. A queue, which serves whole accounts, touches
so few exactly when it serves the largest first: it is the optimum of sparsity.

*Which.* At worst burden z, k accounts raise at most F_k(z), the sum of the k largest
min(u_i, w_i z). The least z with F_k(z) ≥ B is the least worst burden on k accounts, those k bear
it, and F_k < B below it is the certificate.

*Lots.* The same in whole lots; the chosen accounts may then miss the exact budget. Small rounds are
searched exhaustively (`adlopt.optimum.dollars.lot_sums`); in large ones more accounts are tried,
and the certificate states what is left unproved.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike

from adlopt.errors import InputError, NoSolution
from adlopt.foundation.arrays import FloatArray, IntArray, own, own_number
from adlopt.model.loss import worst_burden
from adlopt.model.method import Method, Stopped
from adlopt.optimum.core.burden_problem import BurdenProblem
from adlopt.optimum.core.certificate import (
    EXACT_ACCOUNTS,
    UNIT_ROUNDING,
    Certificate,
    Stage,
    Trust,
    check_feasible,
    round_down,
    round_up,
)
from adlopt.optimum.core.waterfill import check_reachable, water_level
from adlopt.optimum.dollars.least_loss import Solution, solution
from adlopt.optimum.dollars.lot_sums import few_then_fair, least_rank
from adlopt.optimum.lots import level_search as lots
from adlopt.optimum.lots.breakpoints import first_level
from adlopt.optimum.lots.lot_grid import MICRO, LotGrid


def fewest_accounts(problem: BurdenProblem) -> Solution:
    """Solve an exact-budget problem.

    Raises
    ------
    InfeasibleRound
        If the budget is out of reach.
    SolverStopped
        If a search for sums of lots gave up.

    Examples
    --------
    >>> from adlopt.model.loss import MinMax
    >>> from adlopt.model.round import Round
    >>> round_ = Round.of(capacity=[120.0, 80.0, 70.0], deficit=90.0, needed=150.0)
    >>> best = fewest_accounts(BurdenProblem.of(round_, MinMax()))
    >>> best.value, best.haircut
    (2.0, array([90., 60.,  0.]))
    """
    if problem.lot is not None:
        return _in_lots(problem)
    check_reachable(problem.budget, problem.reachable)
    k = _fewest(problem.open, problem.budget)
    level, chosen = _least_level(problem, k)
    haircut = np.zeros_like(problem.capacity)
    haircut[chosen] = np.minimum(problem.open[chosen], problem.weight[chosen] * level)
    residual = float(check_feasible(problem, haircut) - Fraction(problem.budget))
    lower, trust, error = _proved_level(problem, k, level)
    burden = Certificate(
        upper=worst_burden(haircut, problem.weight), lower=lower, trust=trust, error=error
    )
    return _stages(problem, haircut, k, burden, residual)


def forced_concentration(capacity: ArrayLike, budget: float, accounts: int) -> float:
    """USD that the largest accounts must give together, whatever the rule: (B − Σ_{j>k} u_(j))_+.

    Examples
    --------
    >>> forced_concentration([120.0, 80.0, 40.0], budget=200.0, accounts=1)
    80.0
    """
    owned = np.sort(own(capacity, "capacity", lowest=0.0))[::-1]
    b = own_number(budget, "budget", lowest=0.0)
    if isinstance(accounts, bool) or not isinstance(accounts, (int, np.integer)) or accounts < 0:
        raise InputError("accounts", accounts, "a whole number ≥ 0")
    check_reachable(b, float(owned.sum()))
    return max(b - math.fsum(owned[int(accounts) :]), 0.0)


def _fewest(most: FloatArray, budget: float) -> int:
    """Fewest accounts whose capacities sum to the budget; sums are rounded once, so exact."""
    if budget <= 0:
        return 0
    ordered = np.sort(most[most > 0])[::-1]
    k = int(np.searchsorted(np.cumsum(ordered), budget)) + 1
    k = min(k, ordered.size)
    while k > 1 and math.fsum(ordered[: k - 1]) >= budget:
        k -= 1
    while k < ordered.size and math.fsum(ordered[:k]) < budget:
        k += 1
    return k


def _top(values: FloatArray, k: int) -> FloatArray:
    return values if k >= values.size else np.partition(values, values.size - k)[values.size - k :]


def _least_level(problem: BurdenProblem, k: int) -> tuple[float, IntArray]:
    """Least worst burden on k accounts, and which they are."""
    if k == 0:
        return 0.0, np.zeros(0, dtype=np.int64)
    u, w = problem.open, problem.weight
    chosen = np.argsort(-u, kind="stable")[:k]
    low = 0.0
    high = water_level(w[chosen], u[chosen], min(problem.budget, float(u[chosen].sum())))
    while True:
        middle = 0.5 * (low + high)
        if not low < middle < high:
            break
        enough = math.fsum(_top(np.minimum(u, w * middle), k)) >= problem.budget
        low, high = (low, middle) if enough else (middle, high)
    best = np.argsort(-np.minimum(u, w * high), kind="stable")[:k]
    if math.fsum(u[best]) >= problem.budget:
        chosen = best
    return water_level(w[chosen], u[chosen], min(problem.budget, float(u[chosen].sum()))), chosen


def _proved_level(problem: BurdenProblem, k: int, level: float) -> tuple[float, Trust, float]:
    """Burden at which k accounts still cannot raise the budget, as near to the level as checks."""
    if k == 0:
        return 0.0, Trust.EXACT, 0.0
    exact = problem.capacity.size <= EXACT_ACCOUNTS
    trust = Trust.EXACT if exact else Trust.VERIFIED
    step = 2.0 * UNIT_ROUNDING
    while step < 1.0:
        lower = level * (1.0 - step)
        if (_exactly_below if exact else _surely_below)(problem, k, lower):
            return lower, trust, 0.0 if exact else level - lower
        step *= 4.0
    return 0.0, trust, 0.0


def _exactly_below(problem: BurdenProblem, k: int, level: float) -> bool:
    z = Fraction(level)
    raised = sorted(
        (
            min(Fraction(float(u)), Fraction(float(w)) * z)
            for u, w in zip(problem.open, problem.weight, strict=True)
        ),
        reverse=True,
    )
    return sum(raised[:k], Fraction(0)) < Fraction(problem.budget)


def _surely_below(problem: BurdenProblem, k: int, level: float) -> bool:
    raised = math.fsum(_top(np.minimum(problem.open, problem.weight * level), k))
    return raised * (1.0 + 4.0 * UNIT_ROUNDING) < problem.budget


def _stages(
    problem: BurdenProblem,
    haircut: FloatArray,
    fewest: int,
    burden: Certificate,
    residual: float,
    *,
    method: Method = Method.WATER_FILLING,
    trust: Trust = Trust.EXACT,
    stopped: Stopped = Stopped.OPTIMAL,
) -> Solution:
    touched = float(np.count_nonzero(haircut))
    count = Certificate(upper=touched, lower=float(fewest), trust=trust, budget_residual=residual)
    stage = Stage(criterion="least worst burden on so few", certificate=burden)
    return solution(problem, haircut, count, method, stopped, (stage,))


def _in_lots(problem: BurdenProblem) -> Solution:
    grid = LotGrid.of(problem)
    lots.check_supply(grid)
    value = (grid.size * grid.most).astype(object)
    k = _fewest_whole(sorted(value.tolist(), reverse=True), grid.budget)
    held = grid.size[grid.most > 0]
    lots.optimum(problem, grid)
    equal = bool((held == held[:1]).all())
    searched = None if equal else least_rank(grid, grid.most, (0, 0), few_then_fair)
    claimed, finished = searched is not None, True
    if searched is not None:
        counts = searched
    else:
        counts, finished = _first_hit(problem, grid, k)
    touched = int(np.count_nonzero(counts))
    reached = grid.level_of(counts)
    proved = _level_in_lots(grid, touched)
    residual = grid.total(counts) / MICRO - problem.budget
    burden = Certificate(
        upper=round_up(reached),
        lower=round_down(reached if claimed else proved),
        trust=Trust.REPORTED if claimed and proved < reached else Trust.EXACT,
    )
    return _stages(
        problem,
        grid.haircut(counts),
        touched if claimed else k,
        burden,
        residual,
        method=Method.LOT_SEARCH,
        trust=Trust.REPORTED if claimed and touched > k else Trust.EXACT,
        stopped=Stopped.OPTIMAL if finished else Stopped.LIMIT,
    )


def _fewest_whole(ordered: list[int], budget: int) -> int:
    """Fewest of the descending amounts whose sum reaches the budget."""
    total, k = 0, 0
    while total < budget:
        total += ordered[k]
        k += 1
    return k


def _first_hit(problem: BurdenProblem, grid: LotGrid, k: int) -> tuple[IntArray, bool]:
    """Try the k accounts that the least level would choose, then the largest, then more of them."""
    if k == 0:
        return np.zeros_like(grid.most), True
    missed: NoSolution | None = None
    for chosen in _candidates(grid, k):
        among = replace(
            grid, most=np.where(np.isin(np.arange(grid.most.size), chosen), grid.most, 0)
        )
        try:
            answer = lots.optimum(problem, among)
        except NoSolution as error:
            missed = error
            continue
        return answer.counts, answer.finished
    assert missed is not None, "the last candidate is every account"
    raise missed


def _candidates(grid: LotGrid, k: int) -> Iterator[IntArray]:
    level = _level_in_lots(grid, k)
    n = int(np.count_nonzero(grid.most))
    yield np.argsort(-(grid.size * grid.counts_at(level)), kind="stable")[:k]
    largest = np.argsort(-(grid.size * grid.most), kind="stable")
    more = 0
    while k + more < n:
        yield largest[: k + more]
        more = max(1, 2 * more)
    yield largest[:n]


def _level_in_lots(grid: LotGrid, k: int) -> Fraction:
    """Least breakpoint at which some k accounts can raise the budget in whole lots, or more."""

    def enough(counts: IntArray) -> bool:
        value = grid.size * counts
        largest = value if k >= value.size else np.partition(value, value.size - k)[-k:]
        return int(largest.sum()) >= grid.budget

    if k == 0 or grid.budget == 0:
        return Fraction(0)
    return first_level(grid, enough, Fraction(0), grid.level_of(grid.most))
