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

    A level of p positions and k orders makes at most p + k − 1 trades, each pair at most one.
    """
    position, order, contracts = [], [], []
    ends = np.searchsorted(problem.level, np.arange(problem.quantity.size + 1))
    for level, step in enumerate(problem.step.tolist()):
        arcs = np.arange(ends[level], ends[level + 1])
        arcs = arcs[steps[arcs] > 0]
        orders = np.flatnonzero(problem.order_level == level)
        given, asked = np.cumsum(steps[arcs]), np.cumsum(problem.matched[orders])
        given = _snap(given, asked)
        cuts = np.unique(np.concatenate([given, asked]))
        position.append(problem.position[arcs[np.searchsorted(given, cuts)]])
        order.append(orders[np.searchsorted(asked, cuts)])
        contracts.append(np.diff(np.concatenate([[0.0], cuts])) * step)
    return Trades(
        position=np.concatenate([np.zeros(0, dtype=np.int64), *position]),
        order=np.concatenate([np.zeros(0, dtype=np.int64), *order]),
        contracts=np.concatenate([np.zeros(0), *contracts]),
    )


def _snap(given: FloatArray, asked: FloatArray) -> FloatArray:
    """Move ends that rounding keeps apart onto each other; both lists end at the same place."""
    after = np.minimum(np.searchsorted(asked, given), asked.size - 1)
    before = np.maximum(after - 1, 0)
    nearest = np.where(given - asked[before] < asked[after] - given, asked[before], asked[after])
    moved = np.where(np.abs(given - nearest) <= SLIVER * asked[-1], nearest, given)
    snapped: FloatArray = np.minimum(moved, asked[-1])
    snapped[-1] = asked[-1]
    return snapped
