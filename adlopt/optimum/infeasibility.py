"""Why a budget cannot be raised: who holds it back, and by how much, checked without rounding."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from adlopt.errors import Binding, CertificateError, InfeasibleRound
from adlopt.foundation.arrays import FloatArray
from adlopt.foundation.exact import exact_sum
from adlopt.foundation.money import MICRO
from adlopt.model.budget import Budget
from adlopt.model.limits import Limits
from adlopt.model.loss import MinMax
from adlopt.model.positions import ContractRound
from adlopt.model.round import RoundStart
from adlopt.optimum.core.burden_problem import BurdenProblem
from adlopt.optimum.core.certificate import round_down, round_up
from adlopt.optimum.lots.filler import Filler
from adlopt.optimum.lots.lot_grid import COVERED, LotGrid
from adlopt.optimum.reasons import NAMED, why_no_more
from adlopt.show.words import dollars


def explain(
    error: InfeasibleRound, problem: BurdenProblem, start: RoundStart, limits: Limits
) -> InfeasibleRound:
    """Add to an error who cannot give more and why, and the smallest relaxation.

    Where the budget is out of reach, the reason is Farkas' with multipliers of 1: Σ x_i ≤ Σ most_i
    < B. Where it is in reach, whole lots do not sum to it.
    """
    held = math.fsum(start.capacity - problem.capacity)
    if problem.lot is not None:
        grid = LotGrid.of_wealth(problem)
        return _explain_lots(error, grid, start, limits, problem.weight, held)
    missing = Fraction(problem.budget) - exact_sum(problem.open)
    if missing <= 0:
        raise CertificateError("a budget in reach was called out of reach") from error
    reasons = why_no_more(limits, start, problem.weight)
    binding = tuple(map(Binding, start.account, problem.open.tolist(), reasons))
    named = _fewest(start, binding, Fraction(problem.budget))
    told = _held_back(error, held)
    return error.restated(told, missing=round_up(missing), binding=binding, irreducible=named)


def explain_contracts(
    error: InfeasibleRound, round_: ContractRound, loss: MinMax, budget: Budget, limits: Limits
) -> InfeasibleRound:
    """Add to an error of a round in contracts who cannot give more and why."""
    grid, unlimited = (LotGrid.of(round_, loss, budget, *given) for given in ([limits], []))
    held = int(unlimited.cap.sum() - grid.cap.sum()) / MICRO
    weight = limits.denominators(loss.weights(round_.start))
    return _explain_lots(error, grid, round_.start, limits, weight, held)


def _explain_lots(
    error: InfeasibleRound,
    grid: LotGrid,
    start: RoundStart,
    limits: Limits,
    weight: FloatArray,
    held: float,
) -> InfeasibleRound:
    short = error.above is None and error.missing is not None
    filler = Filler(grid)
    supply = filler.decide(grid.room, grid.least) if short else filler.settle(grid.room)
    if short and supply.ceiling >= grid.least:
        raise CertificateError("a budget in reach was called out of reach") from error
    most = np.zeros(weight.size, dtype=np.int64)
    most[grid.account] = supply.bounds
    worth = np.zeros(weight.size)
    worth[grid.account] = grid.whole / MICRO
    used_up = worth < limits.most(start) * (1 - COVERED) if short else most > 0
    reasons = why_no_more(limits, start, weight, lots=used_up)
    binding = tuple(
        Binding(account, round_down(Fraction(bound, MICRO)), reason)
        for account, bound, reason in zip(start.account, most.tolist(), reasons, strict=True)
    )
    if not short:
        return error.restated(str(error), binding=binding)
    named = _fewest(start, binding, Fraction(grid.least, MICRO))
    told = error.restated(f"{error}{_capped(grid, start)}")
    return told.restated(_held_back(told, held), binding=binding, irreducible=named)


def _capped(grid: LotGrid, start: RoundStart) -> str:
    """Whose capacities are less than their lots are worth, and what lots give without them."""
    capped = [start.account[i] for i in grid.account[grid.capped()].tolist()]
    if not capped:
        return ""
    some = ", ".join(capped[:NAMED]) + (", …" if len(capped) > NAMED else "")
    whole = int(grid.whole.sum()) / MICRO
    return (
        f"; the capacities of {len(capped)} accounts bind ({some}), and without them lots give "
        f"{whole!r} USD"
    )


def _fewest(start: RoundStart, binding: tuple[Binding, ...], budget: Fraction) -> tuple[str, ...]:
    """The fewest limits that put a budget out of reach: those that hold back most, largest first.

    If capacities alone fall short, no limit does it.
    """
    capacity = [Fraction(u) for u in start.capacity.tolist()]
    held = [u - Fraction(b.most) for u, b in zip(capacity, binding, strict=True)]
    spare, named = sum(capacity, Fraction(0)) - budget, ["budget"]
    if spare < 0:
        return ("budget", "capacities")
    for i in sorted(range(len(held)), key=lambda i: -held[i]):
        named.append(f"{binding[i].reason.partition(':')[0]}[{binding[i].account}]")
        spare -= held[i]
        if spare < 0:
            break
    return tuple(named)


def _held_back(error: InfeasibleRound, held: float) -> str:
    """Say also what the limits cost, where they do."""
    return f"{error}; limits hold back {dollars(held)}" if held > 0 else str(error)
