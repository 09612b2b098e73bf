"""A program of matching and the way back to steps, also restated for branch and bound."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from adlopt.foundation.arrays import FloatArray, IntArray
from adlopt.optimum.matching.matching_problem import MatchingProblem
from adlopt.optimum.programs.program import Program


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Form:
    """A program, and the way back: steps = per · column, value = factor · objective.

    `bearing` rows are of the `accounts` that share z; `switches` says that the last columns switch
    accounts on, and `labels` of each block of rows what it is and what its rows are of; a USD that
    an account gives is `taking` of a label in its rows. What is reached bounds z where that is a
    `burden`.
    """

    program: Program
    per: FloatArray
    factor: float
    bearing: IntArray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    accounts: IntArray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    switches: bool = False
    labels: tuple[tuple[str, IntArray], ...] = ()
    taking: Mapping[str, float] = field(default_factory=dict)
    burden: bool = False
    scale: float = 1.0

    def steps(self, columns: FloatArray) -> FloatArray:
        """Steps of each arc, shape (A,)."""
        return self.per * columns[: self.per.size]

    def prices(
        self, problem: MatchingProblem, row_duals: FloatArray, of_orders: FloatArray
    ) -> dict[str, FloatArray]:
        """Multipliers as prices of contracts of orders and positions, and of USD of accounts.

        Those of rows that switch accounts on are of positions and orders, order by order.
        """
        coarse = np.zeros(problem.limit.size)
        np.maximum.at(coarse, problem.position, self.per)
        served = problem.order_level >= 0
        level = problem.order_level[served]
        # Orders at one price share an arc: what it is paid for its end is its position's.
        reduced = self.factor * self.program.reduced(row_duals)[: self.per.size]
        position = np.zeros(problem.limit.size)
        np.minimum.at(position, problem.position, reduced / self.per / problem.step[problem.level])
        found = {"share": np.zeros(problem.weight.size), "position": position}
        first, room = (
            0,
            np.minimum(problem.limit[problem.position], problem.quantity[problem.level]),
        )
        for label, of in self.labels:
            price = self.factor * row_duals[first : first + of.size]
            first += of.size
            if label == "conserve":
                found[label] = np.zeros(served.size)
                found[label][served] = self.factor * of_orders[served] / problem.step[level]
            elif label == "on":
                price = price[: room.size] / room / problem.step[problem.level]
                parts = [price[problem.level == each] for each in level.tolist()]
                found[label] = np.concatenate([np.zeros(0), *parts])
            elif label == "position":
                lot = problem.round_.positions.lot[of] if problem.whole else 1.0
                position[of] += price / coarse[of] / lot
            elif label in ("share", "cap"):
                into = found.setdefault("cap" if label == "cap" else "share", found["share"].copy())
                into[of] = price * self.scale
            elif label in ("rise", "fall", "changed"):
                found[label] = price * self.scale
        return found

    def below(self, value: float) -> Program:
        """The program without points dearer than a value that is known to be reached."""
        z, top = self.per.size, value / self.factor / self.program.cost[self.per.size]
        upper = self.program.upper.copy()
        upper[z] = min(upper[z], max(top * (1 + 1e-9), self.program.lower[z]))
        return replace(self.program, upper=upper)


def for_branching(
    problem: MatchingProblem, form: Form, base: FloatArray, low: float, high: float
) -> tuple[Program, float]:
    """Restate a form of whole lots around a point, and what the point itself costs.

    Columns are steps away from it, small integers, and z in [0, 1] between two values; rows are
    scaled to coefficients of order 1. Large integers and unscaled rows come back "optimal" and
    wrong.
    """
    program, arcs = form.program, form.per.size
    shift, stretch = np.zeros(program.cost.size), np.ones(program.cost.size)
    shift[:arcs], stretch[:arcs] = base / form.per, 1.0 / form.per
    lower, upper = program.lower.copy(), program.upper.copy()
    stretch[arcs + 1 :] = np.where(upper[arcs + 1 :] > 0, upper[arcs + 1 :], 1.0)
    if high > low:
        unit = form.factor * program.cost[arcs]
        shift[arcs], stretch[arcs] = low / unit, (high - low) / unit
        lower[arcs], upper[arcs] = low / unit, high / unit
    moved = program.moved(shift, stretch, lower, upper)
    row, magnitude = program.row, np.abs(moved.coefficient)
    size, every = np.zeros((2, program.row_lower.size))
    np.maximum.at(size, row, np.where(program.column < arcs, magnitude, 0.0))
    np.maximum.at(every, row, magnitude)
    size = np.where(size > 0, size, np.where(every > 0, every, 1.0))
    ends = [end / size for end in (moved.row_lower, moved.row_upper)]
    bounds = [moved.lower.copy(), moved.upper.copy()]
    for end, count in [*((x, problem.quantity.size) for x in ends), *((x, arcs) for x in bounds)]:
        end[:count] = np.rint(end[:count])
    branching = replace(
        moved,
        lower=bounds[0],
        upper=bounds[1],
        row_lower=ends[0],
        row_upper=ends[1],
        coefficient=moved.coefficient / size[row],
        integer=np.arange(program.cost.size) < arcs,
    )
    return branching, float(program.cost @ shift)
