"""Why a budget cannot be raised: who holds it back, and by how much, checked without rounding."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from adlopt.errors import Binding, CertificateError, InfeasibleRound
from adlopt.model.budget import Budget
from adlopt.model.limits import Limits
from adlopt.model.loss import MinMax
from adlopt.model.positions import ContractRound
from adlopt.model.round import RoundStart
from adlopt.optimum.contracts.lot_reasons import why_not
from adlopt.optimum.contracts.position_grid import ContractGrid
from adlopt.optimum.contracts.position_search import Filler
from adlopt.optimum.core.burden_problem import BurdenProblem
from adlopt.optimum.core.certificate import round_down, round_up
from adlopt.optimum.lots.lot_grid import MICRO, LotGrid


def explain(
    error: InfeasibleRound, problem: BurdenProblem, start: RoundStart, limits: Limits
) -> InfeasibleRound:
    """Add to an error who cannot give more and why, and the smallest relaxation.

    Where the budget is out of reach, the reason is Farkas' with multipliers of 1: Σ x_i ≤ Σ most_i
    < B. Where it is in reach, whole lots do not sum to it.

    Raises
    ------
    CertificateError
        If a budget that is called out of reach is not.
    """
    most = _most(problem)
    supply = sum(most, Fraction(0))
    budget = Fraction(problem.budget)
    short = error.above is None
    if short and supply >= budget:
        raise CertificateError("a budget in reach was called out of reach") from error
    sums = [Fraction(s) for s in (error.below, error.above) if s is not None]
    missing = budget - supply if short else min(abs(s - budget) for s in sums)
    reasons = _reasons(problem, start, limits, most, short=short)
    binding = tuple(
        Binding(account, round_down(usd), reason)
        for account, usd, reason in zip(start.account, most, reasons, strict=True)
    )
    return InfeasibleRound(
        f"{error}{_held_back(problem, start) if short else ''}",
        below=error.below,
        above=error.above,
        missing=round_up(missing),
        binding=binding,
    )


def _most(problem: BurdenProblem) -> list[Fraction]:
    if problem.lot is None:
        return [Fraction(u) for u in problem.open.tolist()]
    grid = LotGrid.of(problem)
    return [Fraction(int(s) * int(k), MICRO) for s, k in zip(grid.size, grid.most, strict=True)]


def _reasons(
    problem: BurdenProblem,
    start: RoundStart,
    limits: Limits,
    most: list[Fraction],
    *,
    short: bool,
) -> list[str]:
    reasons = list(limits.reasons(start))
    for i in np.flatnonzero((problem.weight <= 0) & (problem.capacity > 0)):
        reasons[i] = "protected"
    if problem.lot is not None:
        for index, (usd, capacity) in enumerate(zip(most, problem.open.tolist(), strict=True)):
            if capacity and (not short or usd < Fraction(capacity)):
                reasons[index] = "lots"
    return reasons


def _held_back(problem: BurdenProblem, start: RoundStart) -> str:
    """Say what the limits cost, where they do."""
    held = math.fsum(start.capacity - problem.capacity)
    return f"; limits hold back {held:,.2f} USD" if held > 0 else ""


def explain_contracts(
    error: InfeasibleRound,
    round_: ContractRound,
    loss: MinMax,
    budget: Budget,
    limits: Limits,
) -> InfeasibleRound:
    """Add to an error of a round in contracts who cannot give more and why.

    What whole lots of each account make within its limits is bounded anew, in micro-dollars.

    Raises
    ------
    CertificateError
        If a budget that is called out of reach is not proved to be.
    """
    grid = ContractGrid.of(round_, loss, budget, limits)
    short = error.above is None and error.missing is not None
    supply = Filler(grid).decide(grid.cap, grid.least) if short else Filler(grid).settle(grid.cap)
    if short and supply.ceiling >= grid.least:
        raise CertificateError("a budget in reach was called out of reach") from error
    most = np.zeros(len(round_.start.account))
    most[grid.account] = supply.bounds / MICRO
    reasons = why_not(round_, loss, grid, limits)
    if not short:
        reasons = tuple("lots" if usd else why for usd, why in zip(most, reasons, strict=True))
    unlimited = ContractGrid.of(round_, loss, budget)
    held = int(unlimited.cap.sum() - grid.cap.sum()) / MICRO
    return InfeasibleRound(
        f"{error}; limits hold back {held:,.2f} USD" if short and held > 0 else str(error),
        below=error.below,
        above=error.above,
        missing=error.missing,
        binding=tuple(map(Binding, round_.start.account, most.tolist(), reasons)),
    )
