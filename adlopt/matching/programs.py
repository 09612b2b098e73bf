"""Linear and mixed-integer programs of matching: flow by coin and side, one objective each.

Columns are the arcs in money (steps · unit), then z, then those of the objective. All money is
scaled to a total near `WORK_TOTAL` to keep absolute tolerances harmless, and z is scaled so that
its cost is money too; by powers of two, so that what is proved of a program in fractions holds for
the problem. `for_branching` restates a program around a point, in whole lots.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike

from adlopt.arrays import FloatArray, IntArray
from adlopt.matching.problem import MatchingProblem
from adlopt.program import WORK_TOTAL, Program
from adlopt.sparse_rows import SparseRows


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Form:
    """A program, and the way back: steps = per · column, value = factor · objective.

    Parameters
    ----------
    program : Program
    per : FloatArray, shape (A,)
        Steps a unit of each arc's column.
    factor : float
    bearing, accounts : IntArray
        Rows of the accounts that share z, and which accounts they are.
    switches : bool
        Whether the last columns switch accounts on.
    """

    program: Program
    per: FloatArray
    factor: float
    bearing: IntArray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    accounts: IntArray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    switches: bool = False

    def steps(self, columns: FloatArray) -> FloatArray:
        """Steps of each arc, shape (A,)."""
        return self.per * columns[: self.per.size]

    def below(self, value: float) -> Program:
        """The program without points dearer than a value that is known to be reached."""
        z, top = self.per.size, value / self.factor / self.program.cost[self.per.size]
        upper = self.program.upper.copy()
        upper[z] = min(upper[z], max(top * (1 + 1e-9), self.program.lower[z]))
        return replace(self.program, upper=upper)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BranchingForm:
    """A form for branch and bound: steps = base + grain · column, objective = offset + program's.

    The grain of an arc is one step, or all its position has where quantities need not be whole.
    """

    program: Program
    base: FloatArray
    grain: FloatArray
    offset: float
    whole: bool

    def steps(self, columns: FloatArray) -> FloatArray:
        """Steps of each arc, shape (A,)."""
        moved = columns[: self.base.size]
        return self.base + self.grain * (np.rint(moved) if self.whole else moved)


def for_branching(
    problem: MatchingProblem, form: Form, base: FloatArray, low: float = 0.0, high: float = 0.0
) -> BranchingForm:
    """Restate a form around a point: small integers, z in [0, 1] between two values.

    Rows are scaled to coefficients of order 1. Large integers and unscaled rows come back
    "optimal" and wrong.
    """
    program, arcs = form.program, form.per.size
    shift, stretch = np.zeros(program.cost.size), np.ones(program.cost.size)
    grain = np.ones(arcs) if problem.whole else problem.limit[problem.position]
    shift[:arcs], stretch[:arcs] = base / form.per, grain / form.per
    lower, upper = program.lower.copy(), program.upper.copy()
    if not form.switches:
        stretch[arcs + 1 :] = np.where(upper[arcs + 1 :] > 0, upper[arcs + 1 :], 1.0)
    if high > low:
        unit = form.factor * program.cost[arcs]
        shift[arcs], stretch[arcs] = low / unit, (high - low) / unit
        lower[arcs], upper[arcs] = low / unit, high / unit
    row = np.repeat(np.arange(program.row_lower.size), np.diff(program.start))
    coefficient = program.coefficient * stretch[program.column]
    moved = np.bincount(
        row, program.coefficient * shift[program.column], minlength=program.row_lower.size
    )
    size, every = np.zeros((2, program.row_lower.size))
    np.maximum.at(size, row, np.where(program.column < arcs, np.abs(coefficient), 0.0))
    np.maximum.at(every, row, np.abs(coefficient))
    size = np.where(size > 0, size, np.where(every > 0, every, 1.0))
    row_lower, row_upper = (program.row_lower - moved) / size, (program.row_upper - moved) / size

    integer = np.zeros(program.cost.size, dtype=bool)
    integer[:arcs] = problem.whole
    integer[arcs + 1 :] = form.switches
    lower, upper = (lower - shift) / stretch, (upper - shift) / stretch
    if problem.whole:
        for ends, count in (
            (row_lower, problem.quantity.size),
            (row_upper, problem.quantity.size),
            (lower, arcs),
            (upper, arcs),
        ):
            ends[:count] = np.rint(ends[:count])
    branching = Program(
        cost=program.cost * stretch,
        lower=lower,
        upper=upper,
        row_lower=row_lower,
        row_upper=row_upper,
        start=program.start,
        column=program.column,
        coefficient=coefficient / size[row],
        integer=integer,
    )
    return BranchingForm(
        program=branching,
        base=base,
        grain=grain,
        offset=float(program.cost @ shift),
        whole=problem.whole,
    )


def least_burden(
    problem: MatchingProblem,
    *,
    fixed: FloatArray | None = None,
    hedge_cap: tuple[Hedges, float] | None = None,
) -> Form:
    """Minimise the worst burden z: Σ value · steps ≤ w_i z for every account.

    Parameters
    ----------
    fixed : FloatArray, shape (n,), optional
        Burdens that accounts keep to instead of z; NaN where they do not.
    hedge_cap : optional
        Hedges, and how much of their net delta may change in all, USD.
    """
    account, value = problem.account, problem.value[problem.level]
    used = np.zeros(problem.weight.size, dtype=bool)
    used[account[value > 0]] = True
    free = used if fixed is None else used & np.isnan(fixed)
    body = _Body.of(problem, problem.value, hedges=hedge_cap[0] if hedge_cap else None)
    bearers = np.flatnonzero(free)
    total = float(problem.weight[bearers].sum()) or 1.0
    factor = 1.0 / float(_power_of_two(total * body.scale))
    highest = _most(problem, problem.value)[bearers] / problem.weight[bearers]
    first = body.rows.count
    weights = problem.weight[bearers] * (body.scale * factor * WORK_TOTAL)
    body.add_accounts(bearers, value, np.zeros(bearers.size), column=body.z, coefficient=-weights)
    if fixed is not None:
        kept = np.flatnonzero(used & ~np.isnan(fixed))
        room = np.nextafter(problem.weight[kept] * fixed[kept], np.inf) * body.scale
        body.add_accounts(kept, value, room)
    if hedge_cap is not None:
        hedges, cap = hedge_cap
        body.rows.add(hedges.columns(body.z + 1), np.ones(hedges.count), upper=cap * body.scale)
    top = float(highest.max(initial=0.0)) / (factor * WORK_TOTAL)
    cost = np.zeros(body.width)
    cost[body.z] = WORK_TOTAL
    program = body.program(cost, lower=0.0, upper=top)
    return Form(
        program=program,
        per=body.per,
        factor=factor,
        bearing=first + np.arange(bearers.size),
        accounts=bearers,
    )


def least_leverage(problem: MatchingProblem, level: float) -> Form:
    """Minimise t with N_i − level · D_i ≤ t (1 + level) e_i: notional and equity after closing.

    If the optimum is t ≥ 0, no matching has a leverage max N_i / D_i below the level, and at level
    0 none has one below t, as D_i ≤ e_i.
    """
    gross, equity = gross_notional(problem), problem.round_.start.equity
    assert equity is not None
    touched = np.flatnonzero(problem.touchable)
    body = _Body.of(problem, problem.notional)
    factor = 1.0 / (float(equity[touched].sum()) * body.scale)
    first = body.rows.count
    body.add_accounts(
        touched,
        -(problem.notional - level * problem.value)[problem.level] / (1.0 + level),
        (level * equity - gross)[touched] * (body.scale / (1.0 + level)),
        column=body.z,
        coefficient=-equity[touched] * (body.scale * factor * WORK_TOTAL),
    )
    worst = (gross + level * _most(problem, problem.value))[touched] / equity[touched]
    unit = factor * WORK_TOTAL * (1.0 + level)
    cost = np.zeros(body.width)
    cost[body.z] = WORK_TOTAL
    program = body.program(cost, lower=-level / unit, upper=float(worst.max()) / unit)
    return Form(
        program=program,
        per=body.per,
        factor=factor,
        bearing=first + np.arange(touched.size),
        accounts=touched,
    )


def keep_hedges(problem: MatchingProblem, hedges: Hedges) -> Form:
    """Minimise Σ |change of net delta| over the hedges, USD at the mark."""
    body = _Body.of(problem, problem.notional, hedges=hedges)
    cost = np.zeros(body.width)
    cost[hedges.columns(body.z + 1)] = 1.0
    program = body.program(cost, lower=0.0, upper=0.0)
    return Form(program=program, per=body.per, factor=1.0 / body.scale)


def fewest_accounts(problem: MatchingProblem) -> Form:
    """Minimise the number of accounts touched: an arc carries nothing unless its account is on."""
    body = _Body.of(problem, problem.notional, switches=True)
    arcs, account = np.arange(problem.level.size), problem.account
    _, switch = np.unique(account, return_inverse=True)
    room = np.minimum(problem.limit[problem.position], problem.quantity[problem.level]) / body.per
    body.rows.add_many(
        row=np.tile(arcs, 2),
        column=np.concatenate([arcs, body.z + 1 + switch]),
        coefficient=np.concatenate([1.0 / room, -np.ones(arcs.size)]),
        upper=np.zeros(arcs.size),
    )
    cost = np.zeros(body.width)
    cost[body.z + 1 :] = 1.0
    program = body.program(cost, lower=0.0, upper=0.0)
    return Form(program=program, per=body.per, factor=1.0, switches=True)


def most_matched(problem: MatchingProblem) -> Form:
    """Maximise the notional closed, for a round in which profits do not suffice for all of it."""
    body = _Body.of(problem, problem.notional, elastic=True)
    cost = np.zeros(body.width)
    cost[: problem.level.size] = -(problem.notional * body.scale)[problem.level] * body.per
    program = body.program(cost, lower=0.0, upper=0.0)
    return Form(program=program, per=body.per, factor=1.0 / body.scale)


def gross_notional(problem: MatchingProblem) -> FloatArray:
    """Σ_j |q_j| p_j of each account before the round, USD, shape (n,)."""
    positions = problem.round_.positions
    assert positions.mark is not None
    gross = positions.size * positions.mark
    return np.bincount(problem.owner, gross, minlength=problem.weight.size).astype(float)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Hedges:
    """Accounts with offsetting positions in one underlying: arcs that would change a net delta.

    Parameters
    ----------
    count : int
        Hedges: pairs of an account and an underlying in which it is both long and short.
    arc, hedge : IntArray, shape (h,)
        Arcs that touch a hedge, and which one.
    delta : FloatArray, shape (h,)
        USD of net delta that a step of the arc takes away.
    """

    count: int
    arc: IntArray
    hedge: IntArray
    delta: FloatArray

    @classmethod
    def of(cls, problem: MatchingProblem, underlying: tuple[str, ...]) -> Hedges:
        """Find them; `underlying` names one for each position."""
        positions = problem.round_.positions
        sign = np.array([side.sign for side in positions.side])
        number: dict[tuple[int, str], int] = {}
        group = np.array(
            [
                number.setdefault((int(i), name), len(number))
                for i, name in zip(problem.owner, underlying, strict=True)
            ]
        )
        held = positions.size > 0
        both = np.zeros(len(number), dtype=int)
        for side in (1, -1):
            mask = np.zeros(len(number), dtype=int)
            mask[group[held & (sign == side)]] = 1
            both += mask
        kept = np.flatnonzero(both == 2)
        rank = np.full(len(number), -1)
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
class _Body:
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
    ) -> _Body:
        unit = _power_of_two(np.where(unit > 0, unit, problem.notional))
        scale = WORK_TOTAL / float(_power_of_two((unit * problem.quantity).sum()))
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
        )
        counts = np.bincount(problem.position, minlength=problem.limit.size)
        shared = np.flatnonzero(counts > 1)
        inside = counts[problem.position] > 1
        coarse = np.zeros(problem.limit.size)
        np.maximum.at(coarse, problem.position, per)
        if shared.size:
            number = np.searchsorted(shared, problem.position[inside])
            rows.add_many(
                row=number,
                column=arcs[inside],
                coefficient=per[inside] / coarse[problem.position[inside]],
                upper=problem.limit[shared] / coarse[shared],
            )
        body = cls(
            problem=problem,
            per=per,
            scale=scale,
            rows=rows,
            hedges=hedges,
            switches=np.unique(problem.account).size if switches else 0,
        )
        capacity = problem.round_.start.capacity
        tight = np.flatnonzero(_most(problem, problem.value) > capacity)
        body.add_accounts(tight, problem.value[problem.level], capacity[tight] * scale)
        if hedges is not None:
            body._add_hedges(hedges)
        return body

    @property
    def z(self) -> int:
        return self.problem.level.size

    @property
    def width(self) -> int:
        return self.z + 1 + self.switches + (self.hedges.count if self.hedges else 0)

    def add_accounts(
        self,
        accounts: IntArray,
        a_step: FloatArray,
        upper: FloatArray,
        *,
        column: int | None = None,
        coefficient: FloatArray | None = None,
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
        self.rows.add_many(row=row, column=columns, coefficient=values, upper=upper)

    def _add_hedges(self, hedges: Hedges) -> None:
        moved = hedges.delta * self.per[hedges.arc] * self.scale
        for sign in (1.0, -1.0):
            self.rows.add_many(
                row=np.concatenate([hedges.hedge, np.arange(hedges.count)]),
                column=np.concatenate([hedges.arc, hedges.columns(self.z + 1)]),
                coefficient=np.concatenate([sign * moved, -np.ones(hedges.count)]),
                upper=np.zeros(hedges.count),
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


def _power_of_two(amounts: ArrayLike) -> FloatArray:
    """The nearest powers of two: to multiply or divide by them rounds nothing."""
    exponent = np.rint(np.log2(amounts)).astype(int)
    return np.asarray(np.ldexp(1.0, exponent), dtype=np.float64)


def _most(problem: MatchingProblem, a_step: FloatArray) -> FloatArray:
    """USD that closing all of an account's positions could take at the dearest levels, (n,)."""
    dearest = np.zeros(problem.limit.size)
    np.maximum.at(dearest, problem.position, a_step[problem.level])
    most = np.bincount(problem.owner, dearest * problem.limit, minlength=problem.weight.size)
    return most.astype(np.float64)
