"""Losers at many prices as groups of a few: what multipliers of groups prove of single orders.

Every loser has a price of its own, and positions times prices are too many arcs. Orders of a book
are therefore grouped: who closes contracts of a group closes a cross-section of it at its mean, so
that a matching of groups is one of orders. Multipliers of its program price each order, too: the
least that any position asks for a step of it, which is concave in what the step takes. The mean of
these prices is at most the group's own, and with it in place of the group's the program bounds the
matching of orders. Where the two differ, the group is split at the bend.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from adlopt.foundation.arrays import FloatArray, IntArray
from adlopt.optimum.core.certificate import UNIT_ROUNDING, Trust
from adlopt.optimum.matching.form import Form
from adlopt.optimum.matching.matching_problem import MatchingProblem
from adlopt.optimum.programs.weak_duality import ProvenBound

NONE = ProvenBound(lower=-math.inf, error=0.0, trust=Trust.EXACT)
"""What nothing proves."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lifted:
    """Multipliers of rows that hold for orders, prices a step of these, (k,), and pieces to split.

    `piece`, (k,), is 0, 1 or 2 below, at and above the bend of an order's group, and `loss`, (L,),
    what the bends cost the bound, in units of the program; `proven` is what they prove.
    """

    row_duals: FloatArray
    price: FloatArray
    piece: IntArray
    loss: FloatArray
    proven: ProvenBound = NONE


def lifted(problem: MatchingProblem, form: Form, row_duals: FloatArray) -> Lifted:
    """Price orders by multipliers of the program of their groups."""
    one_sided = np.isneginf(form.program.row_lower)
    y = np.where(one_sided, np.minimum(row_duals, 0.0), row_duals)
    levels = problem.quantity.size
    per = np.ones(levels)
    per[problem.level] = form.per
    price = (y[:levels] / per)[problem.order_level]
    piece, loss = np.zeros(price.size, dtype=np.int64), np.zeros(levels)
    mixed = np.flatnonzero(problem.mixed).tolist()
    if mixed:
        a_step, slope = _asked_a_step(problem, form, y)
        ends = np.searchsorted(problem.level, np.arange(levels + 1))
    for level in mixed:
        part = slice(ends[level], ends[level + 1])
        orders = np.flatnonzero(problem.order_level == level)
        orders = orders[np.argsort(problem.shed.value[orders], kind="stable")]
        more = problem.shed.value[orders] * problem.step[level] - problem.value[level]
        each = _least(a_step[part], slope[problem.account[part]], more)
        each = np.minimum(each, 0.0) if one_sided[level] else each
        mean = math.fsum(each * problem.matched[orders]) / problem.quantity[level]
        mean -= 4 * UNIT_ROUNDING * float(np.abs(each).max())
        loss[level] = max(float(y[level] / per[level]) - mean, 0.0) * problem.quantity[level]
        price[orders], y[level] = each, mean * per[level]
        bend = np.argmax(each - np.interp(more, more[[0, -1]], each[[0, -1]]))
        piece[orders] = np.sign(more - more[bend]) + 1
    return Lifted(row_duals=y, price=price, piece=piece, loss=loss)


def _asked_a_step(
    problem: MatchingProblem, form: Form, y: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """What each arc asks for a step, shape (A,), and each account for a USD more, shape (n,).

    Bounds of columns hold single arcs, and orders share positions: what an arc of several prices
    is paid for its bound is moved to the row of its position, in `y`.
    """
    program, arcs = form.program, form.per.size
    terms = program.coefficient * y[program.row]
    count = np.bincount(program.column, minlength=program.cost.size)
    size = np.bincount(program.column, np.abs(terms), program.cost.size) + np.abs(program.cost)
    doubt = (UNIT_ROUNDING * (2 + count) * size)[:arcs]
    paid = (program.cost - np.bincount(program.column, terms, program.cost.size))[:arcs]
    slope, start = np.zeros(problem.weight.size), 0
    for label, rows in form.labels:
        mine = slice(start, start + rows.size)
        start += rows.size
        if label == "position":
            coarse, moved = np.zeros((2, problem.limit.size))
            np.maximum.at(coarse, problem.position, form.per)
            share = form.per / coarse[problem.position]
            short = np.where(problem.mixed[problem.level], np.maximum(doubt - paid, 0.0), 0.0)
            np.maximum.at(moved, problem.position, short / share)
            y[mine] -= moved[rows]
            paid = paid + moved[problem.position] * share
        elif label in form.taking:
            slope[rows] -= form.taking[label] * y[mine]
    return (paid + y[problem.level] - 2 * doubt) / form.per, slope


def _least(a_step: FloatArray, slope: FloatArray, more: FloatArray) -> FloatArray:
    """Least of lines, shape (p,), at rising points, shape (k,), a little too low."""
    best = np.full(more.size, np.inf)
    rows = max(1, 2_000_000 // more.size)
    for first in range(0, a_step.size, rows):
        tilt = np.multiply.outer(slope[first : first + rows], more)
        lines = a_step[first : first + rows, None] + tilt
        lines -= 4 * UNIT_ROUNDING * (np.abs(tilt) + np.abs(lines))
        best = np.minimum(best, lines.min(axis=0))
    return best
