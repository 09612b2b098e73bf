"""Shadow prices of a round of dollars in closed form: left, right, and how far they hold.

At the optimum the worst burden is z and accounts give min(u_i, w_i z). If the budget, a capacity or
what a burden allows moves by a little, z moves by v, and what is raised by F'(v): concave and
piecewise linear, with a kink at 0 where accounts stand at their cap and at their burden alike. The
value moves by the least over v of fair · v + price of (what the budget moved by − F'(v)), at a
kink, or where F' meets the budget: a few candidates for each account, and for each direction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import TypeAlias

import numpy as np

from adlopt.foundation.arrays import BoolArray, FloatArray
from adlopt.model.filled import filled
from adlopt.model.loss import worst_burden
from adlopt.optimum.core.burden_problem import BurdenProblem
from adlopt.optimum.core.waterfill import TIE
from adlopt.show.answer import Answer, Columns
from adlopt.show.schema.optima import PricesData
from adlopt.show.table import WIDTH
from adlopt.show.words import counted

Pricing: TypeAlias = Callable[[Sequence[str], Sequence[str]], "Prices"]
"""Makes prices of accounts, and of why they give no more."""
SHOWN = 18
"""Prices that a summary prints; the rest are counted."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Prices(Answer):
    """What the value rises by, a USD more: of the budget, of what accounts may give, of rows.

    Parameters
    ----------
    name : tuple of str
        `budget`; `capacity[ann]`, `cap[ann]` or `floor[ann]`, whatever holds her back; `share[ann]`
        for a USD that she might give beyond her burden; and rows of one's own.
    below, above : FloatArray
        Per USD of the last one, and of the next; infinite where the next makes it infeasible.
    from_usd, to_usd : FloatArray
        Of what is priced: `below` holds from here, `above` up to there; NaN where not stated.

    Examples
    --------
    >>> import adlopt as adl
    >>> round_ = adl.Round.of(account=["ann", "bob"], capacity=[120, 80], deficit=90, needed=60,
    ...                       equity=[100.0, 400.0])
    >>> print(adl.solve(round_, limits=adl.Limits(cap=[0.25, 1.0])).prices)
    Rise of the value by a USD more, of the last and of the next one
      budget        0.0125  0.0125  from 50.00 to 110.00
      cap[ann]     -0.0125 -0.0125  from 0.00 to 36.00
      share[bob]   -0.0125 -0.0125
      2 limits cost nothing
    """

    name: tuple[str, ...]
    below: FloatArray
    above: FloatArray
    from_usd: FloatArray
    to_usd: FloatArray

    def _columns(self) -> Columns:
        return {each.name: getattr(self, each.name) for each in fields(self)}

    def data(self) -> PricesData:
        """Return it as machines get it."""
        return filled(PricesData, self)

    def _heading(self) -> str:
        return f"shadow prices of {counted(len(self.name), 'limit')}, per USD"

    def __str__(self) -> str:
        told = np.flatnonzero((self.below != 0) | (self.above != 0))
        first = sorted(told.tolist(), key=lambda k: -abs(float(self.below[k])))[:SHOWN]
        left = min(max((len(self.name[k]) for k in first), default=0) + 2, 40)
        lines = ["Rise of the value by a USD more, of the last and of the next one"]
        for k in sorted(first):
            ends = ""
            if not np.isnan(self.from_usd[k]):
                ends = f"  from {self.from_usd[k]:,.2f} to {self.to_usd[k]:,.2f}"
            line = f"  {self.name[k]:{left}} {self.below[k]:7.6g} {self.above[k]:7.6g}{ends}"
            lines.append(line if len(line) <= WIDTH else line[: WIDTH - 1] + "…")
        if told.size > len(first):
            lines.append(f"  and {counted(told.size - len(first), 'other price')}")
        if told.size < len(self.name):
            lines.append(f"  {counted(len(self.name) - told.size, 'limit')} cost nothing")
        return "\n".join(lines)


def prices_of_tiers(
    parts: Sequence[tuple[BoolArray, Pricing | None]],
    account: Sequence[str],
    reason: Sequence[str] = (),
) -> Prices:
    """Price each tier, of masks of accounts, (n,): its budget is what it gives."""
    names: list[str] = []
    columns = {each: [np.zeros(0)] for each in ("below", "above", "from_usd", "to_usd")}
    for tier, (mask, pricing) in enumerate(parts, start=1):
        if pricing is None:
            continue
        prices = pricing(account, reason)
        kept = np.flatnonzero(np.concatenate([[True], mask, mask]))
        names += [f"tier {tier}: {prices.name[k]}" for k in kept.tolist()]
        for column, parts_ in columns.items():
            parts_.append(getattr(prices, column)[kept])
    return Prices(name=tuple(names), **{k: np.concatenate(v) for k, v in columns.items()})


def prices_of(
    problem: BurdenProblem, haircut: FloatArray, account: Sequence[str], reason: Sequence[str] = ()
) -> Prices:
    """Price a continuous optimum, shape (n,) USD, of weights as they are.

    What holds an account back, by `reason`, names the price of its limit.
    """
    at = _Here.of(problem, haircut)
    n, one = haircut.size, np.ones(haircut.size)
    ends = at.budget_range()
    kinds = [why if why in ("cap", "floor") else "capacity" for why in reason or [""] * n]
    sign = np.where(np.array(kinds) == "floor", -1.0, 1.0)
    low, high = at.limit_range()
    limit = [-at.moves(limit=-one), at.moves(limit=one)]
    below, above = (np.where(sign > 0, limit[k], -limit[1 - k]) for k in (0, 1))
    share = [-at.moves(share=-one), at.moves(share=one)]
    budget = [-at.moves(budget=-1.0)[:1], at.moves(budget=1.0)[:1]]
    unknown = np.full(n, np.nan)
    floors = np.array(kinds) == "floor"
    limits = [f"{kind}[{name}]" for kind, name in zip(kinds, account, strict=True)]
    return Prices(
        name=("budget", *limits, *(f"share[{name}]" for name in account)),
        below=np.concatenate([budget[0], below, share[0]]) + 0.0,
        above=np.concatenate([budget[1], above, share[1]]) + 0.0,
        # The range is of what the account may give; that of a floor itself is not known here.
        from_usd=np.concatenate([ends[:1], np.where(floors, np.nan, low), unknown]),
        to_usd=np.concatenate([ends[1:], np.where(floors, np.nan, high), unknown]),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Here:
    """An optimum: level z, who is full, free or both, weight of the free and of both."""

    problem: BurdenProblem
    level: float
    full: BoolArray
    free: BoolArray
    tied: BoolArray
    free_weight: float
    tied_weight: float
    short: bool

    @classmethod
    def of(cls, problem: BurdenProblem, haircut: FloatArray) -> _Here:
        u, w = problem.open, problem.weight
        z = worst_burden(haircut, w)
        tied = (np.abs(u - w * z) <= TIE * u) & (u > 0)
        free = (u > w * z) & ~tied
        missing = problem.budget - float(haircut.sum())
        return cls(
            problem=problem,
            level=z,
            full=~free & ~tied,
            free=free,
            tied=tied,
            free_weight=float(w[free].sum()),
            tied_weight=float(w[tied].sum()),
            short=not problem.exact and missing > TIE * max(problem.budget, 1e-9),
        )

    def moves(
        self,
        *,
        budget: float = 0.0,
        limit: FloatArray | float = 0.0,
        share: FloatArray | float = 0.0,
    ) -> FloatArray:
        """What the value rises by, shape (n,), a unit of moving each account's limit or share."""
        w = np.where(self.full, 0.0, self.problem.weight)
        upper, lower = self._slopes(w)
        # Who is full for good has no share; who is free has no limit.
        limit = np.where(self.free, np.inf, limit)
        share = np.where(self.full, np.inf, share)

        def raised(v: FloatArray) -> FloatArray:
            own = np.minimum(limit, w * v + share)
            total: FloatArray = np.where(v > 0, upper, lower) * v + own
            return total

        tries = [np.zeros(w.size)]
        with np.errstate(divide="ignore", invalid="ignore"):
            tries.append((limit - share) / w)
            for slope in (upper, lower):
                tries += [(budget - limit) / slope, (budget - share) / (slope + w)]
        best = np.full(w.size, np.inf)
        for v in tries:
            known = np.where(np.isfinite(v), v, 0.0)
            cost = self._cost(known, budget - raised(known))
            best = np.minimum(best, cost)
        return best

    def _slopes(self, w: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Of what the others raise, as the level rises and as it falls."""
        upper = self.free_weight - np.where(self.free, w, 0.0)
        lower = upper + self.tied_weight - np.where(self.tied, w, 0.0)
        small = 1e-12 * (self.free_weight + self.tied_weight)
        return np.where(upper > small, upper, 0.0), np.where(lower > small, lower, 0.0)

    def _cost(self, v: FloatArray, lacking: FloatArray) -> FloatArray:
        """Of a level that moves by v, and of what the budget then lacks more."""
        p, z = self.problem, self.level
        paid = p.fair * v
        if z <= p.allowance * (1 + TIE):
            # Below the allowance burdens are free; at it, or at nothing, they cannot fall.
            at = z >= p.allowance * (1 - TIE)
            paid = p.fair * np.maximum(v, 0.0) if at else np.zeros(v.size)
        paid = np.where((v < 0) & (z <= 0), np.inf, paid)
        if p.exact:
            slack = 1e-9 * (1 + np.abs(lacking))
            return np.where(lacking <= slack, paid, np.inf)
        cost: FloatArray = paid + p.under * (lacking if self.short else np.maximum(lacking, 0.0))
        return cost

    def budget_range(self) -> FloatArray:
        """USD. The neighbouring budgets at which the price changes."""
        p = self.problem
        if self.short:
            return np.array([float(np.minimum(p.open, p.weight * self.level).sum()), np.inf])
        below, above = self._neighbours()
        ends = [float(np.minimum(p.open, p.weight * z).sum()) for z in (below, above)]
        return np.array(ends)

    def limit_range(self) -> tuple[FloatArray, FloatArray]:
        """USD, (n,). How little, and how much, an account may give at the same prices."""
        p, z = self.problem, self.level
        u, w = p.open, p.weight
        if self.short:
            missing = p.budget - float(np.minimum(u, w * z).sum())
            low, high = np.zeros(u.size), np.minimum(w * z, u + missing)
            return np.where(self.full, low, u), np.where(self.full, high, u)
        below, above = self._neighbours()
        falls = self.free_weight + self.tied_weight
        up = np.full(u.size, (z - below) * falls)
        if falls > 0:
            up = np.minimum(up, (w * z - u) / (1 + w / falls))
        low = np.maximum(u - (above - z) * self.free_weight, 0.0)
        low, high = np.where(self.free, w * z, low), np.where(self.full, u + up, np.inf)
        return low, high

    def _neighbours(self) -> tuple[float, float]:
        """Levels, below and above, at which another account becomes full."""
        p, z = self.problem, self.level
        held = (p.open > 0) & (p.weight > 0) & ~self.tied
        level = p.open[held] / p.weight[held]
        if p.allowance:
            level = np.append(level, p.allowance)
        below = level[level < z * (1 - TIE)].max(initial=0.0)
        above = level[level > z * (1 + TIE)].min(initial=np.inf)
        return float(below), z if np.isinf(above) else float(above)
