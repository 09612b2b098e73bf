"""Closed forms: pro-rata, water-filling, and the optimum of the priced budget.

F(z) = Σ min(u_i, w_i z) is what can be raised at worst burden z: concave and piecewise linear, so
Newton's method from the left finds the level of a budget in a few passes, without sorting.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from adlopt.errors import InfeasibleRound, InputError
from adlopt.foundation.arrays import FloatArray, own, own_number
from adlopt.foundation.compiling import pays
from adlopt.optimum.core.burden_problem import BurdenProblem
from adlopt.optimum.core.certificate import ROUNDING, Multipliers
from adlopt.show.words import dollars

LANES = 1_024
"""So many sums are kept of accounts: each loses fewer digits, and compiled code adds alike."""
BLOCK = 64 * LANES
"""So many accounts are looked at together: what is made of them stays in the cache."""
SPARED = 2e-9
"""Seconds an account that compiled code saves in a look at a level."""
TIE = 1e-12
"""Relative distance at which a level counts as standing on a breakpoint."""


def pro_rata(capacity: ArrayLike, budget: float) -> FloatArray:
    """x_i = B u_i / U, shape (n,), USD: the unique min–max burden haircut [CTTX26, Prop. 9].

    Raises
    ------
    InfeasibleRound
        If the budget exceeds the total capacity.

    Examples
    --------
    >>> pro_rata([120.0, 80.0, 40.0], budget=60.0)
    array([30., 20., 10.])
    """
    u = own(capacity, "capacity", lowest=0.0)
    b = own_number(budget, "budget", lowest=0.0)
    total = float(u.sum())
    check_reachable(b, total)
    return u * min(b / total, 1.0) if b > 0 else np.zeros_like(u)


def water_fill(weights: ArrayLike, capacity: ArrayLike, budget: float) -> FloatArray:
    """x_i = min(u_i, w_i z) with Σ x_i = B: capped pro-rata on any weights; shape (n,), USD."""
    w = own(weights, "weights", lowest=0.0)
    u = own(capacity, "capacity", length=w.size, lowest=0.0)
    b = own_number(budget, "budget", lowest=0.0)
    reachable = u * (w > 0)
    check_reachable(b, float(reachable.sum()))
    most = min(b, float(reachable.sum()))
    return np.minimum(reachable, w * water_level(w, reachable, most))


def check_reachable(budget: float, reachable: float) -> None:
    """Raise `InfeasibleRound`, with the smallest relaxation, if the budget exceeds the reach.

    A budget nearer than `ROUNDING` is the sum of the capacities, added in another order.
    """
    if budget > reachable * (1 + ROUNDING):
        missing = budget - reachable
        raise InfeasibleRound(
            f"the budget of {dollars(budget)} exceeds the {dollars(reachable)} that winners can "
            f"give: {dollars(missing)} are missing; ask for at most {reachable!r} USD, or price "
            "the shortfall with surrogate(track=..., fair=...)",
            below=reachable,
            above=None,
            missing=missing,
        )


def water_level(weights: FloatArray, capacity: FloatArray, budget: float) -> float:
    """Smallest z with Σ min(u_i, w_i z) = B ≤ Σ u_i; capacities where w_i = 0 must be 0."""
    if budget <= 0:
        return 0.0
    level, before = budget * (1 - TIE) / float(weights.sum()), -1
    while True:
        full, given, slope = filled(weights, capacity, level)
        if full == before:
            return level
        before, missing = full, budget - given
        if slope <= 0 or missing <= 0:
            free = capacity > 0
            return min(level, float((capacity[free] / weights[free]).max()))
        level = max(level, missing / slope)


def filled(weights: FloatArray, capacity: FloatArray, level: float) -> tuple[int, float, float]:
    """Accounts that a level fills, what they give, and the weight of the others."""
    fill, lanes = _filled, np.zeros((2, LANES))
    if pays(SPARED * weights.size):
        from adlopt.foundation import kernels

        fill = kernels.filled
    full = fill(weights, capacity, level, lanes)
    given, slope = lanes[:, : weights.size].sum(axis=1)
    return full, float(given), float(slope)


def _filled(weights: FloatArray, capacity: FloatArray, level: float, lanes: FloatArray) -> int:
    """Twin of `adlopt.foundation.kernels.filled`, of so many accounts at once as fit the cache."""
    full = 0
    for start in range(0, weights.size, BLOCK):
        weight, cap = weights[start : start + BLOCK], capacity[start : start + BLOCK]
        at_cap = cap <= weight * level
        full += int(np.count_nonzero(at_cap))
        _add(cap * at_cap, lanes[0])
        _add(weight * ~at_cap, lanes[1])
    return full


def _add(values: FloatArray, lane: FloatArray) -> None:
    """Add values, which are overwritten, to sums, in the order in which compiled code does."""
    whole = values.size - values.size % LANES
    if whole:
        rows = values[:whole].reshape(-1, LANES)
        rows[0] += lane
        rows.sum(axis=0, out=lane)
    lane[: values.size - whole] += values[whole:]


def optimum(problem: BurdenProblem) -> tuple[FloatArray, Multipliers]:
    """Solve the continuous problem in closed form: haircut, (n,) USD, and dual optimal multipliers.

    Raising more raises the level, so over-haircutting never pays; a dollar less does not while
    `under` exceeds `fair` over the weight below its cap.
    """
    capacity, weight = problem.open, problem.weight
    reachable = problem.reachable
    if problem.exact:
        check_reachable(problem.budget, reachable)
    level = water_level(weight, capacity, min(problem.budget, reachable))
    worth = _worth_raising(problem, level)
    everything = problem.budget >= reachable and worth >= level
    haircut = capacity if everything else np.minimum(capacity, weight * min(level, worth))
    short = worth < level or problem.budget > reachable
    return haircut, _multipliers(problem, min(level, worth), short=short)


def _worth_raising(problem: BurdenProblem, level: float) -> float:
    """A level up to which a dollar more of budget is worth its burden, at least if it is lower."""
    if problem.exact:
        return level
    below_cap = problem.open >= problem.weight * level * (1 - TIE)
    above = float(problem.weight[below_cap & (problem.open > 0)].sum())
    if above >= problem.fair / problem.under:
        return level
    return max(last_level_worth_raising(problem), min(problem.allowance, level))


def last_level_worth_raising(problem: BurdenProblem) -> float:
    """Largest breakpoint up to which a dollar more of budget is worth its burden."""
    held = problem.open > 0
    ratio = problem.open[held] / problem.weight[held]
    order = np.argsort(-ratio, kind="stable")
    enough = np.cumsum(problem.weight[held][order]) >= problem.fair / problem.under
    return float(ratio[order][np.argmax(enough)]) if enough.any() else 0.0


def _multipliers(problem: BurdenProblem, level: float, *, short: bool) -> Multipliers:
    capacity, weight, fair = problem.open, problem.weight, problem.fair
    apart = capacity - weight * level
    tied = (np.abs(apart) <= TIE * capacity) & (capacity > 0)
    free = (apart > 0) & ~tied
    free_weight, tied_weight = float(weight[free].sum()), float(weight[tied].sum())
    if level < problem.allowance * (1 - TIE):
        fair = 0.0
    price = problem.under
    if not short or problem.exact:
        support = free_weight if free_weight > 0 else tied_weight
        price = min(price, fair / support) if support > 0 else 0.0
    spare = max(fair - price * free_weight, 0.0)
    on_ties = min(price, spare / tied_weight) if tied_weight > 0 else 0.0
    burden = np.multiply(free, price if fair > 0 else 0.0, dtype=np.float64)
    burden[tied] = on_ties
    return Multipliers(budget=price, burden=burden)


def project(point: FloatArray, weights: FloatArray, budget: float) -> FloatArray:
    """Project onto {0 ≤ h ≤ 1, Σ w_i h_i = B}: h_i = clip(y_i − μ w_i, 0, 1), shape (n,)."""
    if weights.shape != point.shape:
        raise InputError("weights", f"{weights.size} values", f"{point.size}, one for each entry")
    check_reachable(budget, float(weights.sum()))
    active = weights > 0
    if not active.any():
        return np.zeros_like(point)
    y, w = point[active], weights[active]
    edges = np.sort(np.concatenate([y / w, (y - 1.0) / w]))
    low, high = 0, edges.size - 1
    while high - low > 1:
        middle = (low + high) // 2
        raised = float((w * np.clip(y - edges[middle] * w, 0.0, 1.0)).sum())
        low, high = (middle, high) if raised >= budget else (low, middle)
    inside = y - 0.5 * (edges[low] + edges[high]) * w
    moving = (inside > 0.0) & (inside < 1.0)
    slope = float((w[moving] ** 2).sum())
    full = float(w[inside >= 1.0].sum())
    shift = edges[low] if slope == 0 else (full + float((w * y)[moving].sum()) - budget) / slope
    projected = np.zeros_like(point)
    projected[active] = np.clip(y - np.clip(shift, edges[low], edges[high]) * w, 0.0, 1.0)
    return projected
