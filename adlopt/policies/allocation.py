"""From whom to take: allocation rules that split a budget over the winners.

Each is deterministic; where scores or remainders are equal the tie-break is stated.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from adlopt.foundation.arrays import FloatArray, IntArray, own, own_number
from adlopt.foundation.money import MICRO
from adlopt.model.loss import Burden, MinMax
from adlopt.model.round import Round, RoundOutcome, RoundStart
from adlopt.model.who_pays import fractions
from adlopt.optimum.core.burden_problem import BurdenProblem
from adlopt.optimum.core.waterfill import pro_rata, project, water_fill
from adlopt.optimum.lots.levels import within_budget
from adlopt.optimum.lots.lot_grid import LotGrid
from adlopt.optimum.lots.pro_rata import integer_pro_rata
from adlopt.optimum.solve import solve
from adlopt.policies.parameters import Labelled
from adlopt.policies.protocols import Haircut, State

EQUAL = 1e-9
"""Relative distance within which fractions count as equal: rounding must not pick a loser."""


class Memoryless(Labelled):
    """Base of allocations that learn nothing."""

    __slots__ = ()

    def begin(self) -> State:
        """No state."""
        return None

    def learn(self, state: State, start: RoundStart, haircut: Haircut) -> State:
        """Learn nothing."""
        return None


@dataclass(frozen=True, slots=True)
class QueueAllocation(Memoryless):
    """Serve the highest score first, each account in full until the budget is met.

    Equal scores are served in the order of account ids, so the order of the input does not
    matter.

    `score` is a feature of the round, or a function from RoundStart to scores, shape (n,).
    """

    score: str | Callable[[RoundStart], FloatArray] = "capacity"

    @property
    def name(self) -> str:
        """With the score where it is not the capacity."""
        if callable(self.score):
            return f"queue:{getattr(self.score, '__name__', 'score')}"
        return "queue" if self.score == "capacity" else f"queue:{self.score}"

    def allocate(self, state: State, start: RoundStart, budget: float) -> Haircut:
        """Take the marginal account in part."""
        order = self.order(start)
        ahead = np.cumsum(start.capacity[order]) - start.capacity[order]
        haircut = np.zeros_like(start.capacity)
        haircut[order] = np.clip(budget - ahead, 0.0, start.capacity[order])
        return haircut

    def order(self, start: RoundStart) -> IntArray:
        """Indices of the accounts, first served first, shape (n,)."""
        if callable(self.score):
            scores = own(self.score(start), "score", length=start.capacity.size)
        else:
            scores = start.feature(self.score)
        order: IntArray = np.argsort(-scores, kind="stable")
        if (np.diff(scores[order]) == 0).any():
            order = by_id(start)
            order = order[np.argsort(-scores[order], kind="stable")]
        return order


@dataclass(frozen=True, slots=True)
class ProRataAllocation(Memoryless):
    """x_i = B u_i / U: the same share of everyone's profit [CTTX26, Prop. 9]."""

    label: ClassVar[str] = "pro-rata"

    def allocate(self, state: State, start: RoundStart, budget: float) -> Haircut:
        """Split in proportion to capacity."""
        return pro_rata(start.capacity, budget)


@dataclass(frozen=True, slots=True)
class EqualAwards(Memoryless):
    """x_i = min(u_i, z): the same dollars from everyone, as far as profits go.

    Constrained equal awards of the bankruptcy literature, with profits as claims and haircuts as
    awards (W. Thomson, *Mathematical Social Sciences* 45, 2003, § 2).
    """

    label: ClassVar[str] = "equal-awards"

    def allocate(self, state: State, start: RoundStart, budget: float) -> Haircut:
        """Fill all to the same level."""
        return water_fill(np.ones_like(start.capacity), start.capacity, budget)


@dataclass(frozen=True, slots=True)
class EqualLosses(Memoryless):
    """x_i = max(0, u_i − z): everyone keeps the same dollars, or all its profit if less.

    Constrained equal losses of the same literature: what is kept is split by equal awards.
    """

    label: ClassVar[str] = "equal-losses"

    def allocate(self, state: State, start: RoundStart, budget: float) -> Haircut:
        """Leave all at the same level."""
        u = start.capacity
        return u - water_fill(np.ones_like(u), u, max(start.total_capacity - budget, 0.0))


@dataclass(frozen=True, slots=True)
class CappedProRata(Memoryless):
    """x_i = u_i min(η, β_i): nobody loses more than `cap` of its profit, or falls below a floor.

    β_i = min(cap, (e_i − floor) / u_i) where equities are known, [Chitra25, App. *Theoretical
    Properties of Capped Pro-Rata*] (arXiv 2512.01112): it minimises Σ u_i φ(x_i / u_i) for every
    strictly convex φ. A budget beyond Σ β_i u_i is not met.

    `floor` is USD of equity that must remain. With a `tier`, a feature of the round, accounts of
    the lowest tier give all they may before those of the next give anything, and η is the tier's
    own. An account whose profit and principal rank apart is entered once for each.
    """

    cap: float = 0.5
    floor: float = 0.0
    tier: str | None = None
    label: ClassVar[str] = "capped-pro-rata"
    always: ClassVar[int] = 1

    def __post_init__(self) -> None:
        Labelled.__post_init__(self)
        own_number(self.floor, "floor", lowest=0.0)

    def allocate(self, state: State, start: RoundStart, budget: float) -> Haircut:
        """Fill up to the caps."""
        most = self.cap * start.capacity
        if start.equity is not None:
            most = np.minimum(most, np.maximum(start.equity - self.floor, 0.0))
        tiers = np.zeros_like(most) if self.tier is None else start.feature(self.tier)
        return in_turn(start.capacity, most, tiers, budget)


@dataclass(frozen=True, slots=True)
class IntegerProRata(Memoryless):
    """Pro-rata in whole lots by largest remainder; ties to the id that sorts first.

    Without lots it counts in micro-dollars. See `adlopt.optimum.lots.pro_rata.integer_pro_rata`.
    """

    label: ClassVar[str] = "integer-pro-rata"

    def allocate(self, state: State, start: RoundStart, budget: float) -> Haircut:
        """Round every share, then hand out the rest."""
        order = by_id(start)
        lot = None if start.lot is None else start.lot[order]
        haircut = np.empty(order.size)
        haircut[order] = integer_pro_rata(start.capacity[order], lot, budget)
        return haircut


@dataclass(frozen=True, slots=True)
class LeastBurden(Memoryless):
    """The min–max burden haircut of the budget; in lots, of what whole lots raise within it.

    Of several that are best in lots, which one is found hangs on ids and not on the order of the
    accounts. See `adlopt.optimum.lots.levels.within_budget`.

    Against capacity it is pro-rata; against equity, water-filling.
    """

    burden: Burden = Burden.CAPACITY

    @property
    def name(self) -> str:
        """With the burden where it is not capacity."""
        return "min-max" + ("" if self.burden is Burden.CAPACITY else f":{self.burden.value}")

    def allocate(self, state: State, start: RoundStart, budget: float) -> Haircut:
        """Solve the round as if the budget were what it needs."""
        loss = MinMax(burden=self.burden)
        if start.lot is None:
            return solve(Round(start=start, outcome=RoundOutcome(needed=budget)), loss).haircut
        whole = RoundOutcome(needed=math.floor(budget * MICRO) / MICRO)
        order = by_id(start)
        sorted_ = replace(
            start,
            account=tuple(start.account[i] for i in order),
            capacity=start.capacity[order],
            equity=None if start.equity is None else start.equity[order],
            lot=start.lot[order],
            features={},
        )
        grid = LotGrid.of_wealth(BurdenProblem.of(Round(start=sorted_, outcome=whole), loss))
        haircut = np.empty(order.size)
        haircut[order] = grid.haircut(within_budget(grid), order.size)
        return haircut


@dataclass(frozen=True, slots=True)
class MirrorDescent(Labelled):
    """Projected subgradient steps on the haircut fractions h ∈ [0, 1]^n, Σ u_i h_i = B.

    Each round steps from the last fractions against the subgradient of the worst burden max h_i
    (the mean over those who bear it), then projects onto what this round allows [CTTX26, Prop. 2].
    Fractions are remembered by account id; a newcomer starts at B / U. `step` is η > 0.
    """

    step: float = 0.1
    label: ClassVar[str] = "mirror-descent"

    def begin(self) -> State:
        """No fractions."""
        return {}

    def allocate(self, state: State, start: RoundStart, budget: float) -> Haircut:
        """Project the remembered fractions onto this round's budget."""
        u, total = start.capacity, start.total_capacity
        if budget <= 0 or total <= 0:
            return np.zeros_like(u)
        fresh = budget / total
        point = np.array([state.get(name, fresh) for name in start.account])
        return u * project(point, u, min(budget, total))

    def learn(self, state: State, start: RoundStart, haircut: Haircut) -> State:
        """Step from the fractions played."""
        fraction = fractions(haircut, start.capacity)
        bearers = (start.capacity > 0) & (fraction >= fraction.max() * (1 - EQUAL))
        after = fraction - np.where(bearers, self.step / max(int(bearers.sum()), 1), 0.0)
        return {**state, **dict(zip(start.account, after.tolist(), strict=True))}


def by_id(start: RoundStart) -> IntArray:
    """Order of the accounts by id, shape (n,)."""
    return np.array(sorted(range(len(start.account)), key=start.account.__getitem__))


def in_turn(
    weights: FloatArray, most: FloatArray, classes: FloatArray, budget: float
) -> FloatArray:
    """Fill accounts of equal class up to min(most_i, weights_i z), the lowest class first, (n,)."""
    haircut, rest = np.zeros_like(most), budget
    for number in np.unique(classes):
        reachable = most * (classes == number) * (weights > 0)
        reach = float(reachable.sum())
        haircut += reachable if rest >= reach else water_fill(weights, reachable, max(rest, 0.0))
        rest -= reach
    return haircut


ALLOCATIONS = {
    "queue": QueueAllocation,
    "pro-rata": ProRataAllocation,
    "equal-awards": EqualAwards,
    "equal-losses": EqualLosses,
    "capped-pro-rata": CappedProRata,
    "integer-pro-rata": IntegerProRata,
    "min-max": LeastBurden,
    "mirror-descent": MirrorDescent,
}
