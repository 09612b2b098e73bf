"""Who closes against whom: the flows of a matching as a list of trades."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from adlopt.foundation.arrays import FloatArray, IntArray, Record, freeze_indices, own
from adlopt.optimum.matching.matching_problem import MatchingProblem
from adlopt.show.answer import Columns, Tabular
from adlopt.show.words import counted

SLIVER = 1e-12
"""Share of a level within which two ends of trades are one."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Trades(Tabular, Record):
    """Contracts closed between a winner's position and a loser's order, one pair a row.

    Parameters
    ----------
    position, order : IntArray
        Rows of the round's positions and of what losers shed.
    contracts : FloatArray
    """

    position: IntArray
    order: IntArray
    contracts: FloatArray

    def __post_init__(self) -> None:
        for name in ("position", "order"):
            object.__setattr__(self, name, freeze_indices(getattr(self, name)))
        object.__setattr__(self, "contracts", own(self.contracts, "contracts", lowest=0.0))

    def _columns(self) -> Columns:
        return {"position": self.position, "order": self.order, "contracts": self.contracts}

    def _heading(self) -> str:
        return f"{counted(len(self), 'trade')}, by the rows of positions and orders"

    def __len__(self) -> int:
        return len(self.position)


def pair(problem: MatchingProblem, steps: FloatArray) -> Trades:
    """Pair positions with orders at one price: both in the order listed, each until it is used up.

    A level of p positions and k orders makes at most p + k − 1 trades, each pair at most one; at
    several prices each position gets neighbouring orders of the mean price, two ends more.
    """
    ends = np.searchsorted(problem.level, np.arange(problem.quantity.size + 1))
    ranked = np.argsort(problem.order_level, kind="stable")
    first = np.searchsorted(problem.order_level[ranked], np.arange(problem.quantity.size + 1))
    alone = np.diff(first) == 1
    arcs = np.flatnonzero((steps > 0) & alone[problem.level])
    level_ = problem.level[arcs]
    position, order = [problem.position[arcs]], [ranked[first[level_]]]
    contracts = [steps[arcs] * problem.step[level_]]
    for level in np.flatnonzero(~alone).tolist():
        step, orders = float(problem.step[level]), ranked[first[level] : first[level + 1]]
        arcs = np.arange(ends[level], ends[level + 1])
        arcs = arcs[steps[arcs] > 0]
        if problem.mixed[level]:
            orders = orders[np.argsort(problem.shed.value[orders], kind="stable")]
            arcs = arcs[np.argsort(-steps[arcs], kind="stable")]
            at_mean = cross_sections(
                steps[arcs], problem.matched[orders], problem.shed.value[orders]
            )
            row, column, amount = at_mean
            position.append(problem.position[arcs[row]])
            order.append(orders[column])
            contracts.append(amount * step)
            continue
        given, asked = np.cumsum(steps[arcs]), np.cumsum(problem.matched[orders])
        given = _snap(given, asked)
        cuts = np.unique(np.concatenate([given, asked]))
        position.append(problem.position[arcs[np.searchsorted(given, cuts)]])
        order.append(orders[np.searchsorted(asked, cuts)])
        contracts.append(np.diff(np.concatenate([[0.0], cuts])) * step)
    return Trades(
        position=np.concatenate(position),
        order=np.concatenate(order),
        contracts=np.concatenate(contracts),
    )


def cross_sections(
    given: FloatArray, quantity: FloatArray, price: FloatArray
) -> tuple[IntArray, IntArray, FloatArray]:
    """Give each position, shape (p,), so many of the orders, shape (k,), at their mean price.

    Prices rise. What is left keeps the mean, so that neighbours in it have that mean for the next,
    too [Beiglboeck and Juillet 2016, the shadow of a measure].
    """
    left, mean = quantity.astype(float), float(quantity @ price) / float(quantity.sum())
    rows, columns, amounts, sliver = [], [], [], SLIVER * float(quantity.sum())
    for j, steps in enumerate((given * (quantity.sum() / given.sum())).tolist()):
        live = np.flatnonzero(left > 0)
        if j == given.size - 1:
            taken = left[live]
        else:
            ends = np.append(0.0, np.cumsum(left[live]))
            worth = np.append(0.0, np.cumsum(left[live] * price[live]))
            starts = np.unique(np.clip(np.append(ends, ends - steps), 0.0, ends[-1] - steps))
            gains = np.interp(starts + steps, ends, worth) - np.interp(starts, ends, worth)
            start = float(np.interp(steps * mean, np.maximum.accumulate(gains), starts))
            taken = np.minimum(ends[1:], start + steps) - np.maximum(ends[:-1], start)
            taken = np.where(taken > left[live] - sliver, left[live], taken)
            taken[taken <= sliver] = 0.0
        some = taken > 0
        rows.append(np.full(int(some.sum()), j))
        columns.append(live[some])
        amounts.append(taken[some])
        left[live] -= taken
    return np.concatenate(rows), np.concatenate(columns), np.concatenate(amounts)


def _snap(given: FloatArray, asked: FloatArray) -> FloatArray:
    """Move ends that rounding keeps apart onto each other; both lists end at the same place."""
    after = np.minimum(np.searchsorted(asked, given), asked.size - 1)
    before = np.maximum(after - 1, 0)
    nearest = np.where(given - asked[before] < asked[after] - given, asked[before], asked[after])
    moved = np.where(np.abs(given - nearest) <= SLIVER * asked[-1], nearest, given)
    snapped: FloatArray = np.minimum(moved, asked[-1])
    snapped[-1] = asked[-1]
    return snapped
