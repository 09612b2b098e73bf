"""What all programs of matching share: flow by coin and side, positions, profits and hedges."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from adlopt.errors import SolverStopped
from adlopt.foundation.arrays import FloatArray, IntArray
from adlopt.foundation.deadline import is_time_for
from adlopt.foundation.ids import places
from adlopt.model.positions import signs
from adlopt.optimum.matching.matching_problem import MatchingProblem
from adlopt.optimum.programs.program import WORK_TOTAL, Program, SparseRows, power_of_two

STATED = 3e-6
"""Seconds that stating an arc takes."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Hedges:
    """Accounts with offsetting positions in one underlying: arcs that would change a net delta.

    `count` pairs of an account and an underlying in which it is both long and short; of each arc
    that touches one, which `hedge` it is of, and USD of net `delta` that a step takes away.
    """

    count: int
    arc: IntArray
    hedge: IntArray
    delta: FloatArray

    @classmethod
    def of(cls, problem: MatchingProblem, underlying: tuple[str, ...]) -> Hedges:
        """Find them; `underlying` names one for each position."""
        positions = problem.round_.positions
        sign = signs(positions.side)
        names = tuple(dict.fromkeys(underlying))
        key = problem.owner * len(names) + places(underlying, names)
        keys, group = np.unique(key, return_inverse=True)
        sides = [np.bincount(group, (positions.size > 0) & (sign == s), keys.size) for s in (1, -1)]
        kept = np.flatnonzero((sides[0] > 0) & (sides[1] > 0))
        rank = np.full(keys.size, -1)
        rank[kept] = np.arange(kept.size)
        arc = np.flatnonzero(rank[group[problem.position]] >= 0)
        position = problem.position[arc]
        delta = sign[position] * problem.notional[problem.level[arc]]
        return cls(count=kept.size, arc=arc, hedge=rank[group[position]], delta=delta)

    def change(self, steps: FloatArray) -> FloatArray:
        """USD, shape (count,): by how much each net delta moves."""
        moved = np.bincount(self.hedge, self.delta * steps[self.arc], minlength=self.count)
        change: FloatArray = np.abs(moved)
        return change

    def columns(self, first: int) -> IntArray:
        """Their columns in a program."""
        return first + np.arange(self.count)


@dataclass(slots=True, kw_only=True)
class Body:
    """Rows that all objectives share; columns after the arcs: z, then hedges or switches."""

    problem: MatchingProblem
    per: FloatArray
    scale: float
    rows: SparseRows
    hedges: Hedges | None
    switches: int

    @classmethod
    def of(
        cls,
        problem: MatchingProblem,
        unit: FloatArray,
        *,
        hedges: Hedges | None = None,
        switches: bool = False,
        elastic: bool = False,
    ) -> Body:
        """State flow, positions and profits; money of each level in its unit, shape (L,), USD.

        `SolverStopped` if a limit comes before it could be stated.
        """
        if not is_time_for(STATED * problem.level.size):
            raise SolverStopped("a limit came before a program was stated")
        unit = power_of_two(np.where(unit > 0, unit, problem.notional))
        scale = WORK_TOTAL / float(power_of_two((unit * problem.quantity).sum()))
        per_level = 1.0 / (unit * scale)
        per = per_level[problem.level]
        rows = SparseRows()
        arcs = np.arange(problem.level.size)
        quantity = problem.quantity / per_level
        rows.add_many(
            row=problem.level,
            column=arcs,
            coefficient=np.ones(arcs.size),
            lower=None if elastic else quantity,
            upper=quantity,
            label="conserve",
        )
        counts = np.bincount(problem.position, minlength=problem.limit.size)
        several = counts > 1
        several[problem.position[problem.mixed[problem.level]]] = True
        shared = np.flatnonzero(several)
        inside = several[problem.position]
        coarse = np.zeros(problem.limit.size)
        np.maximum.at(coarse, problem.position, per)
        if shared.size:
            number = np.searchsorted(shared, problem.position[inside])
            rows.add_many(
                row=number,
                column=arcs[inside],
                coefficient=per[inside] / coarse[problem.position[inside]],
                upper=problem.limit[shared] / coarse[shared],
                label="position",
                of=shared,
            )
        body = cls(
            problem=problem,
            per=per,
            scale=scale,
            rows=rows,
            hedges=hedges,
            switches=np.unique(problem.account).size if switches else 0,
        )
        capacity = problem.capacity
        tight = np.flatnonzero(most_taken(problem, problem.value) > capacity)
        room = capacity[tight] * scale
        body.add_accounts(tight, problem.value[problem.level], room, label="cap")
        if hedges is not None:
            body._add_hedges(hedges)
        return body

    @property
    def z(self) -> int:
        """Column of z."""
        return self.problem.level.size

    @property
    def width(self) -> int:
        """Number of columns."""
        return self.z + 1 + self.switches + (self.hedges.count if self.hedges else 0)

    def add_accounts(
        self,
        accounts: IntArray,
        a_step: FloatArray,
        upper: FloatArray,
        *,
        column: int | None = None,
        coefficient: FloatArray | None = None,
        label: str = "share",
    ) -> None:
        """Rows Σ a_step · steps · scale (+ coefficient · column) ≤ upper, one for each account."""
        if not accounts.size:
            return
        rank = np.full(self.problem.weight.size, -1)
        rank[accounts] = np.arange(accounts.size)
        inside = np.flatnonzero((rank[self.problem.account] >= 0) & (a_step != 0))
        row, columns = rank[self.problem.account[inside]], inside
        values = a_step[inside] * self.per[inside] * self.scale
        if column is not None and coefficient is not None:
            row = np.concatenate([row, np.arange(accounts.size)])
            columns = np.concatenate([columns, np.full(accounts.size, column)])
            values = np.concatenate([values, coefficient])
        self.rows.add_many(
            row=row, column=columns, coefficient=values, upper=upper, label=label, of=accounts
        )

    def _add_hedges(self, hedges: Hedges) -> None:
        moved = hedges.delta * self.per[hedges.arc] * self.scale
        for sign in (1.0, -1.0):
            self.rows.add_many(
                row=np.concatenate([hedges.hedge, np.arange(hedges.count)]),
                column=np.concatenate([hedges.arc, hedges.columns(self.z + 1)]),
                coefficient=np.concatenate([sign * moved, -np.ones(hedges.count)]),
                upper=np.zeros(hedges.count),
                label="rise" if sign > 0 else "fall",
            )

    def program(self, cost: FloatArray, *, lower: float, upper: float) -> Program:
        """State it, with the bounds of z."""
        problem = self.problem
        lows, tops = np.zeros(self.width), np.ones(self.width)
        tops[: self.z] = problem.limit[problem.position] / self.per
        lows[self.z], tops[self.z] = lower, upper
        if self.hedges is not None:
            steps = problem.limit[problem.position[self.hedges.arc]]
            most = np.abs(self.hedges.delta) * steps * self.scale
            tops[self.z + 1 :] = np.bincount(self.hedges.hedge, most, minlength=self.hedges.count)
        return self.rows.program(cost=cost, lower=lows, upper=tops)


def most_taken(problem: MatchingProblem, a_step: FloatArray) -> FloatArray:
    """USD that closing all of an account's positions could take at the dearest levels, (n,)."""
    dearest = np.zeros(problem.limit.size)
    np.maximum.at(dearest, problem.position, a_step[problem.level])
    most = np.bincount(problem.owner, dearest * problem.limit, minlength=problem.weight.size)
    return most.astype(np.float64)
