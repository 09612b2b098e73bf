"""Capacities that move between decision and execution: what is delivered is Σ min(x_i, u_i^ω).

With x = min(z w, u) for the decision's own capacities u, what scenario ω delivers, F_ω(z), rises
with z and is concave. Two problems of one level z are solved here.

*Delivered in k scenarios.* The level at which ω delivers H is a water level of its own, and the
least z that delivers in k scenarios is the k-th smallest of these; no haircut of a smaller worst
burden delivers in as many. Where k is all of them it is convex in H.

*Priced.* H is taken where it can be, and what is not delivered is missed, at
mean_ω R(min(H, F_ω(z))) + fair · z. At the H where R is least that is convex in z, as R falls up to
there, and no other H costs less at any z. Below it are the lines of weak duality of each scenario.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial

import numpy as np

from adlopt.errors import InfeasibleRound
from adlopt.foundation.arrays import FloatArray, IntArray
from adlopt.foundation.exact import exact_sum, largest_quotient
from adlopt.foundation.money import MICRO, budget_range, floor_micro
from adlopt.optimum.core.burden_problem import BurdenProblem
from adlopt.optimum.core.certificate import (
    ROUNDING,
    TOLERANCE,
    Certificate,
    Trust,
    checked,
    round_down,
    round_up,
)
from adlopt.optimum.core.waterfill import TIE, filled, water_level
from adlopt.optimum.lots.filler import Filler
from adlopt.optimum.lots.lot_grid import LotGrid
from adlopt.policies.decide.ball import Ball, Burdened, Line, Tangent, Used, best_budget
from adlopt.policies.decide.both_ends import at_least, at_most
from adlopt.show.words import dollars, percent

HALVINGS = 200
"""Of an interval of levels, at most."""


def burdened(problem: BurdenProblem, fair: float, raised: float) -> Burdened:
    """What the least worst burden of a budget costs."""
    level = water_level(problem.weight, problem.open, raised)
    slope, line = rising(problem.open, problem.weight, level)
    return Burdened(fair * level, fair * slope, partial(_times, fair, line))


def rising(
    capacity: FloatArray, weight: FloatArray, level: float
) -> tuple[float, Callable[[], Line]]:
    """How the level rises with what is raised: z ≥ (H − Σ of others' capacities) / Σ w of some.

    That holds whoever they are, here those whom the level does not fill.
    """
    free = capacity > weight * level
    if not free.any():
        free = (capacity >= weight * level * (1 - TIE)) & (capacity > 0)

    def line() -> Line:
        others, all_ = exact_sum(capacity[~free]), exact_sum(weight[free])
        return (-others / all_, 1 / all_) if all_ else (Fraction(0), Fraction(0))

    total = float(weight[free].sum())
    return (1.0 / total if total else 0.0), line


def _times(price: float | Fraction, line: Callable[[], Line]) -> Line:
    constant, slope = line()
    return Fraction(price) * constant, Fraction(price) * slope


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Moving:
    """What accounts can give in scenarios, (Ω, n), of which so many are to be delivered in."""

    problem: BurdenProblem
    left: FloatArray
    wanted: int

    @classmethod
    def of(
        cls, problem: BurdenProblem, scenarios: FloatArray | float, share: float | None
    ) -> Moving:
        """Scenarios, or a band below the capacities; a share of None is of none of them."""
        if isinstance(scenarios, float):
            scenarios = problem.capacity[None, :] * (1.0 - scenarios)
        left = np.minimum(problem.open, scenarios)
        wanted = math.ceil((share or 0.0) * len(left) * (1 - TOLERANCE))
        return cls(problem=problem, left=left, wanted=wanted)

    @property
    def reach(self) -> float:
        """USD. The most that can be delivered in as many scenarios as wanted."""
        return float(np.sort(self.left.sum(axis=1))[::-1][max(self.wanted, 1) - 1])

    def levels(self, raised: float) -> FloatArray:
        """Where each scenario delivers so much, (Ω,); infinite where it cannot."""
        return np.array(
            [
                water_level(self.problem.weight, row, min(raised, total))
                if raised <= total * (1 + ROUNDING)
                else math.inf
                for row, total in zip(self.left, self.left.sum(axis=1).tolist(), strict=True)
            ]
        )

    def burden(self, fair: float, raised: float) -> Burdened:
        """What it costs to deliver in all scenarios: in the one of the highest level."""
        worst = self.left[int(np.argmax(self.levels(raised)))]
        within = min(raised, float(worst.sum()))
        return burdened(replace(self.problem, capacity=worst), fair, within)

    def easiest(self, raised: float) -> Moving:
        """As many scenarios as wanted, of the least levels."""
        chosen = np.argsort(self.levels(raised), kind="stable")[: self.wanted]
        return replace(self, left=self.left[chosen])

    def relaxed(self) -> BurdenProblem:
        """A round in which nobody can give less than in any scenario."""
        return replace(self.problem, capacity=self.left.max(axis=0))

    def deliver(self, raised: float) -> tuple[FloatArray, float, Certificate]:
        """Haircuts, (n,), of the least worst burden, the share of scenarios, and their proof.

        >>> from adlopt.model.loss import MinMax
        >>> from adlopt.model.round import Round
        >>> round_ = Round.of(capacity=[100.0, 100.0], deficit=90.0, needed=0.0)
        >>> scenarios = np.array([[100.0, 10.0], [90.0, 90.0]])
        >>> Moving.of(BurdenProblem.of(round_, MinMax()), scenarios, 1.0).deliver(50.0)[:2]
        (array([40., 40.]), 1.0)
        """
        self.check(raised)
        level = float(np.sort(self.levels(raised))[self.wanted - 1])
        haircut = np.minimum(self.problem.open, self.problem.weight * level)
        least = level * (1 - 0.5 * TOLERANCE)
        fewer = self._delivering(np.minimum(self.left, self.problem.weight * least), raised)
        proven = fewer < self.wanted or not level
        certificate = checked(
            upper=level, lower=least if proven else 0.0, trust=Trust.EXACT, error=level - least
        )
        done = self._delivering(np.minimum(self.left, haircut), raised * (1 - ROUNDING))
        return haircut, done / len(self.left), certificate

    def deliver_lots(self, grid: LotGrid, raised: float) -> tuple[IntArray, float, Certificate]:
        """The same in whole lots: so many of each position of the grid, (m,)."""
        self.check(raised)
        filler, (aim, _) = Filler(grid), budget_range(raised, math.inf)
        left = np.stack([floor_micro(row[grid.account]) for row in self.left])

        def delivering(amounts: IntArray) -> int:
            return int(np.count_nonzero(np.minimum(amounts, left).sum(axis=1) >= aim))

        low, high = Fraction(0), grid.top
        found = filler.exhaust(grid.units_at(high))
        if delivering(found.amounts) < self.wanted:
            most = int(np.sort(np.minimum(found.bounds, left).sum(axis=1))[-self.wanted])
            raise InfeasibleRound(
                f"whole lots do not deliver {dollars(raised)} in {percent(self.wanted / len(left))}"
                f" of the scenarios, but {dollars(most / MICRO)} at most",
                below=most / MICRO,
                above=None,
                missing=raised - most / MICRO,
            )
        while high - low > high / 2**50:
            middle = Fraction(float((low + high) / 2))
            if not low < middle < high:
                break
            tried = filler.exhaust(grid.units_at(middle))
            if delivering(tried.amounts) >= self.wanted:
                found, high = tried, min(middle, grid.level_of(tried.amounts))
            elif delivering(tried.bounds) < self.wanted:
                low = middle
            else:  # a knapsack that is not settled
                break
        high = grid.level_of(found.amounts)
        below = filler.exhaust(grid.units_below(high)).bounds
        lower = high if delivering(below) < self.wanted else low
        certificate = checked(upper=round_up(high), lower=round_down(lower), trust=Trust.EXACT)
        return found.counts, delivering(found.amounts) / len(left), certificate

    def least_level(self, haircut: FloatArray, level: float, raised: float) -> Certificate:
        """Whether a smaller worst burden delivers less of H, over all scenarios."""
        least = level * (1 - 0.5 * TOLERANCE)
        sums = [
            sum(min(exact_sum(np.minimum(row, x)), Fraction(raised)) for row in self.left)
            for x in (haircut, self.problem.weight * least)
        ]
        proven = sums[1] < sums[0] or not level
        return checked(
            upper=level, lower=least if proven else 0.0, trust=Trust.EXACT, error=level - least
        )

    def check(self, raised: float) -> None:
        """Refuse what so many scenarios cannot deliver."""
        if raised > self.reach * (1 + ROUNDING):
            share = percent(self.wanted / len(self.left))
            raise InfeasibleRound(
                f"{dollars(raised)} cannot be delivered in {share} of the scenarios: in so "
                f"many winners have {dollars(self.reach)}",
                below=self.reach,
                above=None,
                missing=raised - self.reach,
            )

    @staticmethod
    def _delivering(given: FloatArray, raised: float) -> int:
        """In how many scenarios the exact sum is as much."""
        return sum(exact_sum(row) >= Fraction(raised) for row in given)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PricedLevel:
    """What is taken, (n,), of H `raised`; what each scenario delivers; both ends of the loss."""

    haircut: FloatArray
    raised: float
    level: float
    delivered: tuple[float, ...]
    upper: Fraction
    lower: Fraction
    rounding: Fraction
    used: Used

    def expected(self, belief: Ball, fair: float) -> float:
        """Under a belief itself."""
        costs = [belief.expected(usd) for usd in self.delivered]
        return math.fsum(costs) / len(costs) + fair * self.level


def priced(moving: Moving, ball: Ball, fair: float) -> PricedLevel:
    """Take H at the level of the least loss, what scenarios do not deliver being missed."""
    weight, count = moving.problem.weight, len(moving.left)
    totals = moving.left.sum(axis=1).tolist()
    best = best_budget(ball, lambda _: Burdened(0.0, 0.0), (0.0, min(max(totals), ball.most)))
    rows, aim = list(zip(moving.left, totals, strict=True)), best.raised

    def at(level: float) -> tuple[float, list[tuple[float, float]]]:
        """The slope of the loss to the right; of each scenario what a rise is worth, and d."""
        found = []
        for row, total in rows:
            _, given, slope = filled(weight, row, level)
            usd, most = given + slope * level, min(aim, total)
            if usd < most * (1 - ROUNDING):
                found.append((slope * max(-ball.worst(usd).high, 0.0), usd))
            else:
                found.append((0.0, most))
        return fair - math.fsum(worth for worth, _ in found) / count, found

    low, high = 0.0, max(water_level(weight, row, min(aim, total)) for row, total in rows)
    (falls, before), (rises, after) = at(low), at(high)
    if falls >= 0 and fair:
        high, rises, after = low, falls, before
    for _ in range(HALVINGS if falls < 0 < rises else 0):
        middle = 0.5 * (low + high)
        if not low < middle < high:
            break
        slope, found = at(middle)
        if slope < 0:
            low, falls, before = middle, slope, found
        else:
            high, rises, after = middle, slope, found
    part = rises / (rises - falls) if falls < 0 else 0.0
    sides = [(part, low, before), (1.0 - part, high, after)]
    haircut = np.minimum(moving.problem.open, weight * high)
    given = [min(exact_sum(np.minimum(row, haircut)), Fraction(aim)) for row in moving.left]
    short = [
        min(exact_sum(row), Fraction(aim)) - usd for (row, _), usd in zip(rows, given, strict=True)
    ]
    spent = sum(Fraction(w) * sum(Fraction(a) for a, _ in found) for w, _, found in sides) / count
    scale = min(Fraction(1), Fraction(fair) / spent) if spent else Fraction(1)
    lower, used = Fraction(0), list[tuple[float, Tangent]]()
    for k, (row, total) in enumerate(rows):
        mine, constant, slope_ = list[tuple[float, Tangent]](), Fraction(0), Fraction(0)
        for share, level, found in sides:
            worth, usd = found[k]
            here = Tangent.of(ball.worst(usd))
            mine += [(share * w, t) for w, t in (best.tangents if usd == aim else ((1.0, here),))]
            if share * worth:
                price = scale * Fraction(share) * Fraction(worth)
                a, b = _times(price, rising(row, weight, level)[1])
                constant, slope_ = constant + a, slope_ + b
        mine = [(w, t) for w, t in mine if w]
        ends = 0.0, min(total * (1 + ROUNDING), ball.most)
        lower += at_least(ball, mine, ends, (constant, slope_))
        used += [(w / count, t) for w, t in mine]
    upper = sum((at_most(ball, usd, ball.worst(float(usd)).price) for usd in given), Fraction(0))
    return PricedLevel(
        haircut=haircut,
        raised=aim,
        level=high,
        delivered=tuple(map(float, given)),
        upper=upper / count + Fraction(fair) * largest_quotient(haircut, weight),
        lower=lower / count,
        rounding=Fraction(max(ball.under, ball.over))
        * sum(usd for usd in short if usd <= ROUNDING * aim)
        / count,
        used=tuple(used),
    )
