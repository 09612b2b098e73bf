"""The fewest accounts that can raise a budget, and the least worst burden on so few.

*How many.* k accounts can raise B only if the k largest capacities do: the fewest k has
Σ of the k − 1 largest < B, which is the certificate. A queue, which serves whole accounts, touches
so few exactly when it serves the largest first: it is the optimum of sparsity.

*Which.* At worst burden z, k accounts raise at most F_k(z), the sum of the k largest
min(u_i, w_i z). The least z with F_k(z) ≥ B is the least worst burden on k accounts, those k bear
it, and F_k < B below it is the certificate.

*Lots.* `adlopt.optimum.dollars.fewest_lots`.
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike

from adlopt.foundation.arrays import FloatArray, IntArray, own, own_number, own_whole
from adlopt.foundation.deadline import deadline
from adlopt.foundation.exact import exact_sum
from adlopt.foundation.money import MICRO
from adlopt.model.loss import worst_burden
from adlopt.model.method import Method, Stopped
from adlopt.optimum.core.burden_problem import BurdenProblem
from adlopt.optimum.core.certificate import (
    UNIT_ROUNDING,
    Stage,
    Trust,
    check_feasible,
    checked,
    round_down,
    round_up,
)
from adlopt.optimum.core.waterfill import check_reachable, water_level
from adlopt.optimum.dollars.fewest_lots import fewest_lots
from adlopt.optimum.dollars.least_loss import Search, Solution, solution
from adlopt.optimum.dollars.mixed_programs import fewest_to_raise
from adlopt.optimum.lots.lot_grid import LotGrid
from adlopt.optimum.lots.proof import check_counts

ON_SO_FEW = "least worst burden on so few"
"""The second criterion."""


def fewest_accounts(problem: BurdenProblem, search: Search | None = None) -> Solution:
    """Solve an exact-budget problem."""
    search = Search() if search is None else search
    if problem.lot is not None:
        return _in_lots(problem, search)
    check_reachable(problem.budget, problem.reachable)
    k = _fewest(problem.open, problem.budget)
    level, chosen = _least_level(problem, k)
    method, stopped = Method.WATER_FILLING, Stopped.OPTIMAL
    if search.method is Method.HIGHS and k:
        largest, method = np.argsort(-problem.open, kind="stable")[:k], Method.HIGHS
        chosen, stopped = _by_highs(problem, problem.open, largest, search)
        u, w = problem.open[chosen], problem.weight[chosen]
        level = water_level(w, u, min(problem.budget, float(u.sum())))
    haircut = np.zeros_like(problem.capacity)
    haircut[chosen] = np.minimum(problem.open[chosen], problem.weight[chosen] * level)
    residual = float(check_feasible(problem, haircut) - Fraction(problem.budget))
    touched = float(np.count_nonzero(haircut))
    count = checked(upper=touched, lower=k, trust=Trust.EXACT, budget_residual=residual)
    burden = checked(
        upper=worst_burden(haircut, problem.weight),
        lower=_proved_level(problem, chosen.size, level),
        trust=Trust.EXACT,
    )
    stage = Stage(criterion=ON_SO_FEW, certificate=burden)
    return solution(problem, haircut, count, method, stopped, (stage,))


def _by_highs(
    problem: BurdenProblem, most: FloatArray, known: IntArray, search: Search
) -> tuple[IntArray, Stopped]:
    """Accounts that HiGHS chooses, or those that are known to do, and why it stopped."""
    u, w = most[known], problem.weight[known]
    level = water_level(w, u, min(problem.budget, float(u.sum())))
    end = deadline(search.time_limit)
    return fewest_to_raise(most, problem.weight, problem.budget, known, level, end)


def forced_concentration(capacity: ArrayLike, budget: float, accounts: int) -> float:
    """USD that the k largest accounts must give, whatever the rule: (B − Σ_{j>k} u_(j))_+."""
    owned = np.sort(own(capacity, "capacity", lowest=0.0))[::-1]
    b = own_number(budget, "budget", lowest=0.0)
    spared = own_whole(accounts, "accounts")
    check_reachable(b, float(owned.sum()))
    return max(b - math.fsum(owned[spared:]), 0.0)


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


def _proved_level(problem: BurdenProblem, k: int, level: float) -> float:
    """Burden at which k accounts still cannot raise the budget, as near to the level as checks."""
    step = 2.0 * UNIT_ROUNDING
    while k and step < 1.0:
        if _most_on(problem, k, level * (1.0 - step)) < Fraction(problem.budget):
            return level * (1.0 - step)
        step *= 4.0
    return 0.0


def _most_on(problem: BurdenProblem, k: int, level: float) -> Fraction:
    """A bound, exact, on what any k accounts raise within a burden.

    Where all others raise at most λ, these raise at most Σ max(x, λ) over the k that raise most.
    """
    u, w = problem.open, problem.weight
    raised = np.minimum(u, w * level)
    chosen = np.argpartition(-raised, k - 1)[:k] if k < u.size else np.arange(u.size)
    floor = 0.0 if k >= u.size else float(raised[chosen].min()) * (1.0 + 4.0 * UNIT_ROUNDING)
    lifted = raised[chosen] < floor
    others = chosen[~lifted]
    filled = u[others] <= w[others] * level
    return (
        int(lifted.sum()) * Fraction(floor)
        + exact_sum(u[others[filled]])
        + Fraction(level) * exact_sum(w[others[~filled]])
    )


def _in_lots(problem: BurdenProblem, search: Search) -> Solution:
    grid, chosen, used = LotGrid.of_wealth(problem), None, Method.LOT_SEARCH
    end = deadline(search.time_limit)
    if search.method is Method.HIGHS and 0 < grid.least <= int(grid.cap.sum()):
        most, used = np.zeros(problem.capacity.size), Method.HIGHS
        most[grid.account] = grid.cap / MICRO
        largest = np.argsort(-most, kind="stable")[: _fewest(most, grid.least / MICRO)]
        accounts, _ = _by_highs(problem, most, largest, search)
        chosen = np.searchsorted(grid.account, accounts)
    best = fewest_lots(grid, chosen, end)
    check_counts(grid, best.counts)
    level = grid.level_of(grid.amounts(best.counts))
    count = checked(
        upper=float(np.count_nonzero(best.counts)),
        lower=float(best.fewest),
        trust=Trust.EXACT,
        budget_residual=(grid.total(best.counts) - grid.least) / MICRO,
    )
    burden = checked(upper=round_up(level), lower=round_down(best.level), trust=Trust.EXACT)
    ended = count.optimal and burden.optimal
    return solution(
        problem,
        grid.haircut(best.counts, problem.capacity.size),
        count,
        used,
        Stopped.OPTIMAL if ended else Stopped.LIMIT,
        (Stage(criterion=ON_SO_FEW, certificate=burden),),
    )
