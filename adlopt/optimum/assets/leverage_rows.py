"""The least worst leverage across coins, gross or to one factor: a linear program for HiGHS."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from adlopt.foundation.arrays import FloatArray
from adlopt.foundation.deadline import seconds_left
from adlopt.optimum.assets.portfolios import Portfolios
from adlopt.optimum.core.certificate import UNIT_ROUNDING
from adlopt.optimum.programs.highs import RawAnswer, run
from adlopt.optimum.programs.program import WORK_TOTAL, Program, power_of_two
from adlopt.optimum.programs.sparse_rows import SparseRows
from adlopt.optimum.programs.weak_duality import ProvenBound, lower_bound


def leverage(problem: Portfolios, share: FloatArray, loadings: FloatArray | None) -> FloatArray:
    """What is left over equity, shape (n,): gross, or net to a factor."""
    left = problem.left(share)
    if loadings is None:
        kept = (np.abs(problem.held) * share).sum(axis=1)
        return np.asarray((problem.gross + kept) / problem.equity)
    return np.asarray(np.abs(left @ loadings) / problem.equity)


def least_leverage(
    problem: Portfolios, loadings: FloatArray | None, end: float
) -> tuple[FloatArray, FloatArray, ProvenBound, RawAnswer]:
    """Shares kept, (n, K), price of what is kept, (K,), leverage a share of the book, a bound."""
    unit = float(power_of_two(WORK_TOTAL / problem.book.max()))
    program, per = _program(problem, loadings, unit)
    answer = run(program, time_limit=seconds_left(end))
    worth = program.cost[-1]
    account, kind = np.nonzero(problem.open)
    share = np.zeros(problem.held.shape)
    share[account, kind] = answer.columns[:-1] / per
    proven = lower_bound(program, answer.duals, exact=False)
    # What stays is a sum of up to so many numbers, rounded before it is proved.
    error = (proven.error + UNIT_ROUNDING * (8 + problem.kept.size) * abs(proven.lower)) / worth
    lower = (proven.lower + proven.error) / worth - error
    price = np.zeros(problem.kept.size)
    price[problem.kept > 0] = answer.duals[: np.count_nonzero(problem.kept)] * unit / worth
    bound = replace(proven, lower=lower, error=error)
    return problem.repaired(share), price * problem.book, bound, answer


def _program(
    problem: Portfolios, loadings: FloatArray | None, unit: float
) -> tuple[Program, FloatArray]:
    """Columns are what each account keeps of each coin, in units, and the worst leverage."""
    account, kind = np.nonzero(problem.open)
    held = problem.held[account, kind]
    per = np.abs(held) * unit
    n, rows, last = problem.equity.size, SparseRows(), account.size
    for k in np.flatnonzero(problem.kept > 0):
        column, kept = np.flatnonzero(kind == k), float(problem.kept[k] * unit)
        rows.add(column, np.ones(column.size), lower=kept, upper=kept)
    if loadings is None:
        weight, fixed = np.ones(last), problem.gross
        most = (fixed + np.abs(problem.held).sum(axis=1)) / problem.equity
    else:
        weight, fixed = loadings[kind] * np.sign(held), problem.fixed @ loadings
        both = np.abs(problem.fixed) + np.abs(problem.held)
        most = both @ np.abs(loadings) / problem.equity
    # HiGHS refuses coefficients of 1e15: rows of the rich, and the cost, are scaled down.
    down = power_of_two(np.minimum(WORK_TOTAL / (problem.equity * unit), 1.0))
    for sign in (1.0,) if loadings is None else (1.0, -1.0):
        rows.add_many(
            row=np.append(account, np.arange(n)),
            column=np.append(np.arange(last), np.full(n, last)),
            coefficient=np.append(sign * weight * down[account], -problem.equity * unit * down),
            upper=-sign * fixed * unit * down,
        )
    cost = np.append(np.zeros(last), min(math.fsum(problem.equity) * unit, WORK_TOTAL**1.5))
    upper = np.append(per, 1.0 + 2.0 * most.max(initial=0.0))
    return rows.program(cost=cost, lower=np.zeros(last + 1), upper=upper), per
