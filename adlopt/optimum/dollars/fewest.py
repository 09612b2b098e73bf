"""The fewest accounts that can raise a budget, and the least worst burden on so few.

*How many.* k accounts can raise B only if the k largest capacities do: the fewest k has
Σ of the k − 1 largest < B, which is the certificate. A queue, which serves whole accounts, touches
so few exactly when it serves the largest first: it is the optimum of sparsity.

*Which.* At worst burden z, k accounts raise at most F_k(z), the sum of the k largest
min(u_i, w_i z). The least z with F_k(z) ≥ B is the least worst burden on k accounts, those k bear
it, and F_k < B below it is the certificate.

*Lots* may miss the sum, or the band. First the k accounts are tried that raise B at the least
level; then the sums that accounts make are listed by how many of them it takes, for two halves of
the accounts: two sums that add up to what counts are an answer, and none is a proof. If they are
too many, the sums that so many accounts make are bits of an integer; and if these are, larger and
larger sets of accounts are tried, and the certificates state what is left unproved.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike

from adlopt.errors import NoSolution
from adlopt.foundation.arrays import FloatArray, IntArray, own, own_number, own_whole
from adlopt.foundation.deadline import is_late
from adlopt.foundation.exact import exact_sum
from adlopt.foundation.money import MICRO
from adlopt.model.loss import worst_burden
from adlopt.model.method import Method, Stopped
from adlopt.model.objective import FewestAccounts
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
from adlopt.optimum.dollars.least_loss import Search, Solution, solution
from adlopt.optimum.lots.least_burden import check_counts, least_burden
from adlopt.optimum.lots.levels import first_level
from adlopt.optimum.lots.lot_grid import LotGrid
from adlopt.optimum.lots.milp import proposed
from adlopt.optimum.lots.subset_sum import TwoGroups, room_for_all
from adlopt.optimum.programs.of_dollars import state_alone, then_burden

ON_SO_FEW = "least worst burden on so few"
"""The second criterion."""


def fewest_accounts(problem: BurdenProblem, search: Search | None = None) -> Solution:
    """Solve a problem whose budget is met, in lots within its band."""
    search = Search() if search is None else search
    if problem.lot is not None:
        return _in_lots(problem, search)
    check_reachable(problem.budget, problem.reachable)
    k = _fewest(problem.open, problem.budget)
    level, chosen = _least_level(problem, k)
    method, stopped = Method.WATER_FILLING, Stopped.OPTIMAL
    if search.method is Method.HIGHS and k:
        largest, method = np.argsort(-problem.open, kind="stable")[:k], Method.HIGHS
        chosen, stopped = _by_highs(problem, largest)
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


def _by_highs(problem: BurdenProblem, known: IntArray) -> tuple[IntArray, Stopped]:
    """Accounts that HiGHS chooses, or those that are known to do, and why it stopped.

    As few as can raise the budget, and then as few that do so at the least worst burden.
    """
    stated = state_alone(problem, FewestAccounts())
    on = next(block.part for block in stated.columns if block.name == "on")
    stops, could = [], np.flatnonzero(problem.open > 0)
    for _ in range(2):
        columns, stopped = proposed(stated.program)
        stops.append(stopped)
        few = known if columns is None else could[columns[on] > 0.5]
        if few.size <= known.size and math.fsum(problem.open[few]) >= problem.budget:
            known = few
        stated = then_burden(stated, problem.weight, {"touched": known.size})
    return known, Stopped.of_all(stops)


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
    if search.method is Method.HIGHS and 0 < grid.least <= int(grid.cap.sum()):
        most, used = np.zeros(problem.capacity.size), Method.HIGHS
        most[grid.account] = grid.cap / MICRO
        largest = np.argsort(-most, kind="stable")[: _fewest(most, grid.least / MICRO)]
        whole = replace(problem, capacity=most, budget=grid.least / MICRO, lot=None)
        accounts, _ = _by_highs(whole, largest)
        chosen = np.searchsorted(grid.account, accounts)
    best = fewest_lots(grid, chosen)
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


BITS = 2**28
"""Bits of tables of sums that are kept, by how many accounts make them."""
LISTED = 2**20
"""Sums that are listed for a half of the accounts, unless there are few enough to list all."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FewestLots:
    """Lots, (n,), and what is proved: no fewer accounts, and no lower burden on so many."""

    counts: IntArray
    fewest: int
    level: Fraction


def fewest_lots(grid: LotGrid, chosen: IntArray | None = None) -> FewestLots:
    """Find lots of the fewest accounts whose sum counts, at the least worst burden."""
    anyhow = least_burden(grid).counts
    if not grid.least:
        return FewestLots(counts=anyhow, fewest=0, level=Fraction(0))
    fewest = int(np.searchsorted(np.cumsum(np.sort(grid.cap)[::-1]), grid.least)) + 1
    level = _level(grid, fewest)
    if chosen is None:
        chosen = np.argsort(-grid.unit * grid.units_at(level), kind="stable")[:fewest]
    counts = _among(grid, chosen)
    unproven = counts is None or grid.level_of(grid.amounts(counts)) > level
    if unproven and not is_late():
        listed = _listed(grid, fewest)
        if listed is not None:
            return listed
    if counts is None:
        sets = (_among(grid, chosen) for chosen in _larger(grid, fewest) if not is_late())
        counts = next((found for found in sets if found is not None), anyhow)
    level = _level(grid, int(np.count_nonzero(counts)))
    return FewestLots(counts=counts, fewest=fewest, level=level)


def _level(grid: LotGrid, accounts: int) -> Fraction:
    """Least breakpoint at which some so many accounts raise the budget in whole lots, or more."""

    def enough(counts: IntArray) -> bool:
        value = grid.lot * counts
        largest = np.partition(value, -accounts)[-accounts:] if accounts < value.size else value
        return int(largest.sum()) >= grid.least

    return first_level(grid, enough, Fraction(0), grid.top)


def _among(grid: LotGrid, chosen: IntArray) -> IntArray | None:
    """Lots, (n,), of some accounts alone, at their least worst burden; None if none were found."""
    mask = np.isin(np.arange(grid.most.size), chosen)
    counts = np.zeros_like(grid.most)
    try:
        counts[mask] = least_burden(grid.among(mask)).counts
    except NoSolution:
        return None
    return counts


def _larger(grid: LotGrid, accounts: int) -> Iterator[IntArray]:
    """The largest so many accounts, then one more, two, three, four, eight, sixteen and so on."""
    largest, more = np.argsort(-grid.cap, kind="stable"), 0
    while accounts + more < largest.size:
        yield largest[: accounts + more]
        more += max(1, more if more >= 4 else 1)


def _listed(grid: LotGrid, fewest: int) -> FewestLots | None:
    """The optimum, all sums listed; None if they are too many."""
    while (counts := _of_accounts(grid, grid.room, fewest)) is None:
        fewest += 1
    if not counts.size:
        return None
    low, high = _level(grid, fewest), grid.level_of(grid.amounts(counts))

    def enough(units: IntArray) -> bool:
        found = _of_accounts(grid, units, fewest)
        return found is not None and found.size > 0

    level = low if enough(grid.units_at(low)) else first_level(grid, enough, low, high)
    counts = _of_accounts(grid, grid.units_at(level), fewest)
    assert counts is not None, "fewer lots make fewer sums"
    return FewestLots(counts=counts, fewest=fewest, level=level)


def _of_accounts(grid: LotGrid, units: IntArray, accounts: int) -> IntArray | None:
    """At most so many lots, (n,), of so many accounts whose sum counts; None if there are none.

    Empty if the sums are too many to tell. An account that gives adds more than all money to its
    amounts: sums say how many they take.
    """
    most = int((grid.lot * units).sum())
    more, highest = most + 1, min(grid.highest, most)
    if highest < grid.least:
        return None
    aim, top = (accounts * more + end for end in (grid.least, highest))
    room = max(LISTED, room_for_all(units.tolist()))
    groups, joined = TwoGroups(top, room), list[int]()
    for i in np.argsort(units, kind="stable").tolist():
        own = more + int(grid.lot[i]) * np.arange(1, int(units[i]) + 1)
        if groups.complete and groups.add(np.r_[0, own]):
            joined.append(i)
    if not groups.complete:
        return _by_table(grid, units, accounts)
    _, above = groups.nearest(aim)
    if above is None or sum(above) > top:
        return None
    counts = np.zeros_like(grid.most)
    for i, amount in zip(joined, groups.choices(*above), strict=True):
        counts[i] = amount % more // grid.lot[i] if amount else 0
    return counts


def _by_table(grid: LotGrid, units: IntArray, accounts: int) -> IntArray | None:
    """What `_of_accounts` finds, of sums in greatest common divisors of the lots, as bits."""
    step = math.gcd(*grid.lot.tolist())
    aim, top = -(-grid.least // step), min(grid.highest, int((grid.lot * units).sum())) // step
    if top < aim:
        return None
    if (top + 1) * (accounts + 1) * units.size > BITS:
        return np.zeros(0, dtype=np.int64)
    within = (2 << top) - 1
    tables, sizes = [[1] + [0] * accounts], (grid.lot // step).tolist()
    for size, most in zip(sizes, units.tolist(), strict=True):
        sums = tables[-1]
        more = [_with_some(few, size, most) & within for few in sums[:-1]]
        tables.append([sums[0], *(a | b for a, b in zip(sums[1:], more, strict=True))])
    reached = tables[-1][accounts] >> aim
    if not reached:
        return None
    aim += (reached & -reached).bit_length() - 1
    counts = np.zeros_like(grid.most)
    for i in reversed(range(units.size)):
        before = tables[i]
        if not before[accounts] >> aim & 1:
            accounts -= 1
            counts[i] = 1
            while not before[accounts] >> aim - sizes[i] * int(counts[i]) & 1:
                counts[i] += 1
            aim -= sizes[i] * int(counts[i])
    return counts


def _with_some(sums: int, size: int, most: int) -> int:
    """Sums and one to so many lots more, as bits."""
    if not (sums and most):
        return 0
    grown, lots = sums << size, 1
    while lots < most:
        step = min(lots, most - lots)
        grown, lots = grown | grown << step * size, lots + step
    return grown
