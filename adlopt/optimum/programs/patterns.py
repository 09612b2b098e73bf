"""Rows of one's own over many accounts: those that stand alike in all of them are one.

At worst burden z the accounts of a pattern p raise anything up to F_p(z) = Σ min(u_i, w_i z),
concave and piecewise linear. So the program is one over z and what each pattern gives, under
tangents of F_p: a few are added wherever the last answer gives more than F_p(z), which ends, as
each is a piece of F_p. The multiplier of a share row is the sum of those of the tangents at which
its account is still below its cap: the proof is weak duality on the whole program, as for any
multipliers.

Measured on 20,000 accounts in 50 groups, each bounded by a share of the sum: 0.1 s, where HiGHS on
the whole program takes 0.8 to 12 s by simplex (as much as slack form x = z w − v, which is better
where few accounts are full and worse where many are) and 1 to 4 s from inside, then proven to 1e-8
at worst. With more patterns than `MANY` the whole program is solved.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from adlopt.errors import SolverFailed
from adlopt.foundation.arrays import BoolArray, FloatArray, IntArray
from adlopt.optimum.programs.highs import RawAnswer, run
from adlopt.optimum.programs.program import Program, SparseRows
from adlopt.optimum.programs.stated import Stated

MANY = 1_000
"""Patterns up to which tangents are faster than the whole program."""
ROUNDS = 200
HOLDS = 1e-9
"""Share of the multipliers from which a pattern counts as holding up the level."""
APART = 2.0**-40
"""Beyond a tangent, as a share of all money: 1e-12."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Patterns:
    """The program over patterns: columns y_p, then those of the whole that are no haircuts.

    `pattern`, `weight` and `most`, (bearers,), are of the share rows, in units of the program;
    `bearer` is the share row of each haircut, (n,), −1 where it can give nothing, and `sample` a
    haircut of each pattern. `fixed` has burdens that patterns keep to instead of z; NaN where they
    do not.
    """

    stated: Stated
    pattern: IntArray
    weight: FloatArray
    most: FloatArray
    bearer: IntArray
    sample: IntArray
    share: slice
    fixed: FloatArray

    @classmethod
    def of(cls, stated: Stated) -> Patterns | None:
        """Gather them; None where the program is another one, or accounts of a bearer differ."""
        p, z, row, n = stated.program, stated.burden, stated.program.row, len(stated.accounts)
        whole = p.integer is not None or stated.column.size != n or stated.raised is None
        if whole or z is None or p.cost[:n].any():
            return None
        count, share = stated.rows_named("share").count, stated.rows_named("share").part
        inside = (row >= share.start) & (row < share.stop)
        bearer, weight = np.full(n, -1), np.zeros(count)
        own = inside & (p.column < n)
        bearer[p.column[own]] = row[own] - share.start
        at_z = inside & (p.column == z)
        weight[row[at_z] - share.start] = -p.coefficient[at_z]
        held = np.flatnonzero(bearer >= 0)
        if not held.size or (p.coefficient[own] != 1.0).any():
            return None
        rest = ~inside & (p.column < n)
        sign = np.random.default_rng(0).random((2, p.row_lower.size))
        marks = [
            np.bincount(p.column[rest], p.coefficient[rest] * s[row[rest]], n)[held] for s in sign
        ]
        _, first, kind = np.unique(np.array(marks), axis=1, return_index=True, return_inverse=True)
        kind = kind.ravel()
        pattern = np.full(count, -1)
        pattern[bearer[held]] = kind
        if first.size > MANY or (pattern[bearer[held]] != kind).any():
            return None
        return cls(
            stated=stated,
            pattern=pattern,
            weight=weight,
            most=np.bincount(bearer[held], p.upper[held], count).astype(np.float64),
            bearer=bearer,
            sample=held[first],
            share=share,
            fixed=np.full(first.size, np.nan),
        )

    def solve(self) -> RawAnswer:
        """Minimise: a point of the whole program, and multipliers of its rows."""
        p, n, count = self.stated.program, len(self.stated.accounts), self.sample.size
        z = self.stated.burden or 0
        base = self._base()
        cuts: list[tuple[float, IntArray]] = []
        everything = np.flatnonzero(np.isnan(self.fixed))
        levels, apart = [float(p.upper[z]) / 2, 0.0], APART * float(self.most.sum())
        new = [(level, everything) for level in levels]
        for _ in range(ROUNDS):
            cuts += new
            answer = run(self._with_cuts(base, cuts))
            given, rest = answer.columns[:count], answer.columns[count:]
            level = float(rest[z - n])
            beyond = np.flatnonzero(given > self._raised(level) + apart)
            if not beyond.size:
                return RawAnswer(
                    columns=self._point(given, rest, level),
                    row_duals=self._multipliers(answer.duals, cuts, base),
                    bound=answer.bound,
                    stopped=answer.stopped,
                    method=answer.method,
                )
            new = [(level, beyond)]
        raise SolverFailed("tangents of what groups can raise do not end")

    def _full(self, level: float) -> BoolArray:
        full: BoolArray = self.most <= self.weight * level
        return full

    def _levels(self, level: float) -> FloatArray:
        """Burden that each bearer may have."""
        kept = self.fixed[self.pattern]
        levels: FloatArray = np.where(np.isnan(kept), level, kept)
        return levels

    def _raised(self, level: float) -> FloatArray:
        given = np.minimum(self.most, self.weight * self._levels(level))
        return np.bincount(self.pattern, given, self.sample.size).astype(np.float64)

    def _base(self) -> Program:
        """All rows but those of shares, one column a pattern."""
        p, n, count = self.stated.program, len(self.stated.accounts), self.sample.size
        place = np.full(p.cost.size, -1)
        place[self.sample] = np.arange(count)
        place[n:] = count + np.arange(p.cost.size - n)
        row = p.row
        kept = (place[p.column] >= 0) & ~((row >= self.share.start) & (row < self.share.stop))
        others = np.ones(p.row_lower.size, dtype=bool)
        others[self.share] = False
        number = np.cumsum(others) - 1
        rows = SparseRows()
        rows.add_many(
            row=number[row[kept]],
            column=place[p.column[kept]],
            coefficient=p.coefficient[kept],
            lower=p.row_lower[others],
            upper=p.row_upper[others],
        )
        most = np.where(
            np.isnan(self.fixed), np.bincount(self.pattern, self.most, count), self._raised(0.0)
        )
        return rows.program(
            cost=np.concatenate([np.zeros(count), p.cost[n:]]),
            lower=np.concatenate([np.zeros(count), p.lower[n:]]),
            upper=np.concatenate([most, p.upper[n:]]),
        )

    def _with_cuts(self, base: Program, cuts: list[tuple[float, IntArray]]) -> Program:
        count = self.sample.size
        z = count + (self.stated.burden or 0) - len(self.stated.accounts)
        slopes, held = [], []
        for level, which in cuts:
            full = self._full(level)
            slopes.append(np.bincount(self.pattern, self.weight * ~full, count)[which])
            held.append(np.bincount(self.pattern, self.most * full, count)[which])
        which = np.concatenate([c for _, c in cuts])
        rows, at = SparseRows(), np.arange(which.size)
        rows.add_many(
            row=np.tile(at, 2),
            column=np.concatenate([which, np.full(which.size, z)]),
            coefficient=np.concatenate([np.ones(which.size), -np.concatenate(slopes)]),
            upper=np.concatenate(held),
        )
        return base.with_rows(rows.program(cost=base.cost, lower=base.lower, upper=base.upper))

    def _point(self, given: FloatArray, rest: FloatArray, level: float) -> FloatArray:
        """Everyone of a pattern gives the same part of what the level allows."""
        could = self._raised(level)
        part = np.minimum(given / np.where(could > 0, could, 1.0), 1.0)[self.pattern]
        bears = part * np.minimum(self.most, self.weight * self._levels(level))
        upper = self.stated.program.upper[: self.bearer.size]
        alone = bears / np.where(self.most > 0, self.most, 1.0)
        haircut = np.where(self.bearer >= 0, alone[self.bearer] * upper, 0.0)
        return np.concatenate([haircut, rest])

    def _multipliers(
        self, duals: FloatArray, cuts: list[tuple[float, IntArray]], base: Program
    ) -> FloatArray:
        rows = self.stated.program.row_lower.size
        others = np.ones(rows, dtype=bool)
        others[self.share] = False
        full, at = np.zeros(rows), int(others.sum())
        full[others] = duals[:at]
        share = np.zeros(self.weight.size)
        for level, which in cuts:
            per = np.zeros(self.sample.size)
            per[which] = duals[at : at + which.size]
            share += per[self.pattern] * ~self._full(level)
            at += which.size
        reduced = base.reduced(duals[: base.row_lower.size])
        kept = np.where(np.isnan(self.fixed), 0.0, np.minimum(reduced[: self.sample.size], 0.0))
        held = self.most > self.weight * self._levels(0.0)
        full[self.share] = share + kept[self.pattern] * held
        return full

    def holding(self, duals: FloatArray) -> BoolArray:
        """Patterns whose multipliers say that the level cannot fall unless theirs does, (p,)."""
        weighed = np.abs(duals[self.share]) * self.weight
        by = np.bincount(self.pattern, weighed, self.sample.size) * np.isnan(self.fixed)
        holding: BoolArray = by > HOLDS * by.sum()
        return holding

    def kept(self) -> Stated:
        """The whole program in which fixed patterns keep to their burdens."""
        p, z = self.stated.program, self.stated.burden
        row = p.row
        fixed = np.zeros(p.row_lower.size, dtype=bool)
        fixed[self.share] = ~np.isnan(self.fixed)[self.pattern]
        upper = p.row_upper.copy()
        upper[self.share] = np.where(fixed[self.share], self.weight * self._levels(0.0), 0.0)
        coefficient = np.where(fixed[row] & (p.column == z), 0.0, p.coefficient)
        return replace(self.stated, program=replace(p, row_upper=upper, coefficient=coefficient))
