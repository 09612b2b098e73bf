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
from adlopt.optimum.core.certificate import UNIT_ROUNDING
from adlopt.optimum.matching.form import Form
from adlopt.optimum.matching.matching_problem import MatchingProblem


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lifted:
    """Multipliers of rows that hold for orders, prices a step of these, (k,), and pieces to split.

    `piece`, (k,), is 0, 1 or 2 below, at and above the bend of an order's group, and `loss`, (L,),
    what the bends cost the bound, in units of the program.
    """

    row_duals: FloatArray
    price: FloatArray
    piece: IntArray
    loss: FloatArray


def lifted(problem: MatchingProblem, form: Form, row_duals: FloatArray) -> Lifted:
    """Price orders by multipliers of the program of their groups."""
    program, arcs, levels = form.program, form.per.size, problem.quantity.size
    elastic = np.isneginf(program.row_lower)
    y = np.where(elastic, np.minimum(row_duals, 0.0), row_duals)
    row, first = program.row, np.cumsum([0, *(rows.size for _, rows in form.labels)]).tolist()
    terms = program.coefficient * y[row]
    count = np.bincount(program.column, minlength=program.cost.size)
    asked = program.cost - np.bincount(program.column, terms, minlength=program.cost.size)
    size = np.abs(program.cost) + np.bincount(program.column, np.abs(terms), program.cost.size)
    asked, doubt = asked[:arcs], UNIT_ROUNDING * ((2 + count) * size)[:arcs]
    account_dual = np.zeros(problem.weight.size)
    for (label, rows), start in zip(form.labels, first, strict=False):
        mine = slice(start, start + rows.size)
        if label == "position":
            of, coarse = np.full(problem.limit.size, -1), np.zeros(problem.limit.size)
            of[rows] = np.arange(rows.size)
            np.maximum.at(coarse, problem.position, form.per)
            short = np.maximum(doubt - asked, 0.0) * (of[problem.position] >= 0)
            short *= problem.mixed[problem.level]
            fold = np.zeros(problem.limit.size)
            np.maximum.at(fold, problem.position, short * coarse[problem.position] / form.per)
            y[mine] -= fold[rows]
            asked = asked + fold[problem.position] * form.per / coarse[problem.position]
        elif label in form.taking:
            account_dual[rows] -= form.taking[label] * y[mine]
    a_step = (asked + y[problem.level] - 2 * doubt) / form.per
    price, loss = y[:levels][problem.order_level], np.zeros(levels)
    piece, ends = (
        np.zeros(price.size, dtype=np.int64),
        np.searchsorted(problem.level, np.arange(levels + 1)),
    )
    per = np.ones(levels)
    per[problem.level] = form.per
    price = price / per[problem.order_level]
    for level in np.flatnonzero(problem.mixed).tolist():
        part = slice(ends[level], ends[level + 1])
        orders = np.flatnonzero(problem.order_level == level)
        orders = orders[np.argsort(problem.shed.value[orders], kind="stable")]
        more = problem.shed.value[orders] * problem.step[level] - problem.value[level]
        slope = account_dual[problem.account[part]]
        each = _least(a_step[part], slope, more)
        if elastic[level]:
            each = np.minimum(each, 0.0)
        price[orders], matched = each, problem.matched[orders]
        mean = math.fsum(each * matched) / problem.quantity[level]
        mean -= 4 * UNIT_ROUNDING * float(np.abs(each).max())
        loss[level] = max(float(y[level] / per[level]) - mean, 0.0) * problem.quantity[level]
        y[level] = mean * per[level]
        chord = np.interp(more, more[[0, -1]], each[[0, -1]])
        bend = more[int(np.argmax(each - chord))]
        piece[orders] = np.sign(more - bend).astype(np.int64) + 1
    return Lifted(row_duals=y, price=price, piece=piece, loss=loss)


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
