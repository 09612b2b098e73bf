"""What an allocation can cost at worst over a box of rounds, between two ends.

Profits u_i ∈ [1, κ] of n accounts and a budget B ∈ [b₀, U], U = Σ u_i: what matters is the ratio of
dollars. An allocation that is linear but for its bends is written on columns of a mixed-integer
program (`written_program`), whose optimum a tree of our own proves. Where a comparison is a tie the
program takes either side: no round costs more than its optimum, which may be a supremum.

* The *ratio* of its worst burden to the least possible, (x_i/B) / (u_i/U) for some account i: with
  dollars in units of B, the share υ = u_i/U is cut into cells; on each x_i/υ is at most the largest
  x_i over the least υ, and at most the largest U, as no burden exceeds 1.
* The *leak*: what an account saves by splitting its profit in two, written before and after.
* The *jump*: Σ |x_i − x'_i| of the allocation written twice on the same round, ties broken apart.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import combinations, pairwise
from typing import Any

import numpy as np

from adlopt.errors import InputError, SolverStopped
from adlopt.foundation.arrays import FloatArray, own_number, own_whole
from adlopt.foundation.deadline import deadline, is_late, seconds_left
from adlopt.model.filled import filled
from adlopt.model.round import RoundStart
from adlopt.model.solvency import check_haircut
from adlopt.optimum.core.certificate import Trust
from adlopt.optimum.programs.highs import Infeasible, run
from adlopt.optimum.programs.proven_tree import proven_lower_bound
from adlopt.policies import allocation as allocations, grammar
from adlopt.policies.grammar import Playable
from adlopt.policies.protocols import Allocation, SeverityThenAllocation
from adlopt.show.adversary import worst_allocation as shown
from adlopt.show.answer import Answer, Columns
from adlopt.show.schema.boards import ExtremeData, WorstAllocationData
from adlopt.studies.adversary.written_program import Number, RuleDraft, Sum

MOST = 6
"""Accounts."""
MARGIN = 1e-6
"""By which equals are told apart in a round that an allocation is really played on."""
HAIR = 1e-10
DRAWS = 400
"""Rounds that are tried of an allocation that is no such program."""
Split = Callable[[RuleDraft, Sequence[Sum], Number], list[Number]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundBox:
    """Rounds of so many accounts with profits in [1, `spread`] and a budget ≥ `budget`, USD.

    All profits sum to `total`, where one is given.
    """

    accounts: int
    spread: float
    budget: float
    total: float | None = None

    def __post_init__(self) -> None:
        n = own_whole(self.accounts, "accounts", lowest=1)
        if n > MOST:
            raise InputError("accounts", n, f"at most {MOST}")
        own_number(self.spread, "spread", lowest=1.0)
        if own_number(self.budget, "budget", lowest=0.0) == 0 or self.budget > n * self.spread:
            raise InputError("budget", self.budget, f"a number > 0 and ≤ {n * self.spread:g}")
        if self.total is not None and not (
            max(n, self.budget) <= own_number(self.total, "total") <= n * self.spread
        ):
            ends = f"between {max(n, self.budget):g} and {n * self.spread:g}"
            raise InputError("total", self.total, f"a sum of profits {ends}")

    def columns(self, draft: RuleDraft, *, of_budget: bool = False) -> tuple[list[Sum], Any]:
        """Profits and budget; in units of the budget, which is 1 then."""
        n, most = self.accounts, self.accounts * self.spread
        if not of_budget:
            u = [draft.column(1.0, self.spread) for _ in range(n)]
            budget: Any = draft.column(self.budget, most)
            unit: Any = 1.0
        else:
            low, high = 1.0 / most, 1.0 / self.budget
            u, budget = [draft.column(low, self.spread * high) for _ in range(n)], 1.0
            unit = draft.column(low, high)
            for each in u:
                draft.require(each - unit, lower=0.0)
                draft.require(each - self.spread * unit, upper=0.0)
        draft.require(_sum(u) - budget, lower=0.0)
        if self.total is not None:
            draft.require(_sum(u) - self.total * unit, 0.0, 0.0)
        return u, budget

    def holds(self, u: FloatArray, budget: float) -> tuple[FloatArray, float]:
        """Profits and budget as near as floats in the box come."""
        u = np.clip(u, 1.0, self.spread)
        return u, float(min(max(budget, self.budget), math.fsum(u)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Extreme:
    """The most that one figure comes to in a box: no round exceeds `upper`, one attains `lower`.

    It is EXACT by algebra, VERIFIED by a tree of weak duality, and REPORTED where the two ends did
    not meet. The round has profits and budget; with `parts`, the first account is split in them, or
    with `other`, those are its profits a hair's breadth away.
    """

    name: str
    lower: float
    upper: float
    trust: Trust
    by: str
    capacity: tuple[float, ...]
    budget: float
    parts: tuple[float, ...] = ()
    other: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class WorstAllocation(Answer):
    """What an allocation costs at worst over a box of rounds: ratio, leak and jump."""

    _view = shown
    policy: str
    box: RoundBox
    extremes: tuple[Extreme, ...]

    def __getitem__(self, name: str) -> Extreme:
        names = [each.name for each in self.extremes]
        return self.extremes[names.index(grammar.pick(name, names))]

    def _columns(self) -> Columns:
        names = ("name", "lower", "upper", "by")
        return {name: [getattr(each, name) for each in self.extremes] for name in names}

    def _heading(self) -> str:
        said = ", ".join(f"{e.name} {e.lower:.6g} to {e.upper:.6g}" for e in self.extremes)
        return f"{self.policy}, {self.box.accounts} accounts: {said}"

    def data(self) -> WorstAllocationData:
        """Return both ends of each, and the rounds."""
        found = [filled(ExtremeData, each, capacity=list(each.capacity)) for each in self.extremes]
        return filled(WorstAllocationData, self.box, policy=self.policy, extremes=found)


def worst_allocation(
    policy: Playable,
    box: RoundBox,
    *,
    gap: float = 1e-6,
    exact: bool = False,
    seed: int = 0,
    time_limit: float | None = None,
    progress: Callable[[str], None] | None = None,
) -> WorstAllocation:
    """Find what an allocation costs at worst over a box of rounds, as `adlopt.worst` says."""
    player = grammar.policy(policy, None)
    rule: Any = player.allocation if isinstance(player, SeverityThenAllocation) else None
    if rule is None:
        raise InputError("policy", player.name, "an allocation, with or without a severity")
    split = SPLITS.get(type(rule))
    proportional = type(rule) is allocations.ProRataAllocation or rule == allocations.LeastBurden()
    if exact and split is None and not proportional:
        raise InputError("policy", rule.name, "an allocation that is linear but for its bends")
    ids = _Ids(rule, box)
    if proportional:
        found = [ids.proportional(name) for name in ("ratio", "leak", "jump")]
    elif split is None:
        found = ids.searched(seed)
    else:
        by_size = isinstance(rule, allocations.QueueAllocation) and rule.score == "capacity"
        written = _Written(ids=ids, split=split, by_size=by_size, gap=gap)
        written.deadline, written.tell = deadline(time_limit), progress or (lambda _: None)
        placed = isinstance(rule, allocations.QueueAllocation) and not by_size
        found = [written.ratio(), written.leak(placed=placed), written.jump()]
    return WorstAllocation(policy=rule.name, box=box, extremes=tuple(found))


@dataclass(frozen=True, slots=True)
class _Ids:
    """An allocation on rounds of a box, whose ids and scores serve the accounts as they are listed.

    Equal scores go by id: the first account's is the first.
    """

    rule: Allocation
    box: RoundBox

    def pays(self, u: FloatArray, budget: float) -> FloatArray:
        """What each gives, shape (n,)."""
        names = [f"a{i}" for i in range(u.size)]
        score = getattr(self.rule, "score", "capacity")
        features = {} if callable(score) or score == "capacity" else {score: -np.arange(u.size)}
        start = RoundStart(account=names, capacity=u, deficit=budget, features=features)  # type: ignore[arg-type]
        taken = self.rule.allocate(self.rule.begin(), start, budget)
        return check_haircut(taken, start, who=self.rule.name)

    def ratio(self, u: FloatArray, budget: float) -> float:
        """Worst burden over the least."""
        return float((self.pays(u, budget) / u).max()) * math.fsum(u) / budget

    def leak(self, u: FloatArray, budget: float, parts: FloatArray) -> float:
        """What the first account saves by being two, with ids that sort last."""
        after = self.pays(np.append(u[1:], parts), budget)
        return float(self.pays(u, budget)[0] - after[-parts.size :].sum())

    def jump(self, u: FloatArray, budget: float, other: FloatArray) -> float:
        """Dollars that move."""
        return float(np.abs(self.pays(u, budget) - self.pays(other, budget)).sum())

    def proportional(self, name: str) -> Extreme:
        """By algebra: x_i = B u_i/U, so every burden is B/U, parts add up, and nothing jumps."""
        return self.exactly(name, 1.0 if name == "ratio" else 0.0, "x_i = B u_i/U")

    def exactly(self, name: str, most: float, by: str) -> Extreme:
        """What every round comes to, such as that of the largest profits."""
        u, budget = self.box.holds(np.full(self.box.accounts, self.box.spread), self.box.budget)
        said: dict[str, Any] = {"capacity": tuple(u.tolist()), "trust": Trust.EXACT, "by": by}
        return Extreme(name=name, lower=most, upper=most, budget=budget, **said)

    def searched(self, seed: int) -> list[Extreme]:
        """The largest of rounds drawn, below what no allocation exceeds."""
        box, rng = self.box, np.random.default_rng(seed)
        tops = (box.accounts * box.spread / box.budget, box.spread, 2 * box.accounts * box.spread)
        best: list[tuple[float, dict[str, Any]]] = [(0.0, {})] * 3
        for _ in range(DRAWS):
            drawn = 1 + (box.spread - 1) * rng.choice([0.0, 1.0, rng.random()], box.accounts)
            if box.total is not None:
                drawn = drawn * box.total / drawn.sum()
                if (drawn < 1).any() or (drawn > box.spread).any():
                    continue
            u, budget = box.holds(drawn, rng.choice([box.budget, drawn.sum() * rng.random()]))
            cut, near = rng.random() * u[0], u * (1 + 1e-9 * rng.standard_normal(u.size))
            parts = np.array([cut, u[0] - cut])
            tried = [
                (self.ratio(u, budget), {}),
                (self.leak(u, budget, parts), {"parts": tuple(parts.tolist())}),
                (self.jump(u, budget, near), {"other": tuple(near.tolist())}),
            ]
            where = {"capacity": tuple(u.tolist()), "budget": budget}
            pairs = zip(best, tried, strict=True)
            best = [max(old, (v, where | more), key=lambda p: p[0]) for old, (v, more) in pairs]
        by = ("no burden exceeds 1", "nobody saves more than its profit", "twice all profits")
        names = ("ratio", "leak", "jump")
        usual = {"capacity": (), "budget": box.budget, "trust": Trust.VERIFIED}
        return [
            Extreme(**{**usual, **where}, name=name, lower=value, upper=max(top, value), by=why)
            for name, (value, where), top, why in zip(names, best, tops, by, strict=True)
        ]


@dataclass(slots=True, kw_only=True)
class _Written:
    """An allocation as a program, and the ends of each figure."""

    ids: _Ids
    split: Split
    by_size: bool
    gap: float
    deadline: float = math.inf
    tell: Callable[[str], None] = field(default=print)

    def ratio(self) -> Extreme:
        """Cut the share of the account that pays most, until no cell can hold more."""
        box, count = self.ids.box, iter(range(10**9))
        best, where = 0.0, box.holds(np.full(box.accounts, 1.0), box.budget)
        low = 1 / (1 + (box.accounts - 1) * box.spread)
        alike = box.accounts if self.split is _in_turn else 1
        open_ = [(-math.inf, next(count), i, (low, 1.0)) for i in range(alike)]
        upper = 0.0
        while open_:
            bound, _, i, (a, b) = heapq.heappop(open_)
            narrow = b <= a * (1 + self.gap)
            if -bound <= best * (1 + self.gap) or narrow or is_late(self.deadline):
                upper = max(upper, -bound)
                continue
            self.tell(f"ratio: between {best:.6g} and {-bound:.6g}")
            middle = math.sqrt(a * b)
            for cell in ((a, middle), (middle, b)):
                most, rounds = self._cell(i, cell)
                for u, budget in rounds:
                    value = self.ids.ratio(u, budget)
                    best, where = max((best, where), (value, (u, budget)), key=lambda pair: pair[0])
                if most > 0:
                    heapq.heappush(open_, (max(bound, -most), next(count), i, cell))
        return self._extreme("ratio", best, upper, *where)

    def _cell(
        self, i: int, share: tuple[float, float]
    ) -> tuple[float, list[tuple[FloatArray, float]]]:
        """No ratio of an account with such a share is larger; and rounds that may be as bad."""
        most, rounds = math.inf, []
        for paid in (True, False):
            draft = RuleDraft(margin=0.0)
            u, budget = self._columns(draft, of_budget=True)
            draft.require(u[i] - share[0] * _sum(u), lower=0.0)
            draft.require(u[i] - share[1] * _sum(u), upper=0.0)
            wanted = self.split(draft, u, budget)[i] if paid else _sum(u)
            try:
                upper, columns = self._most(draft, wanted)
            except Infeasible:
                return 0.0, []
            most = min(most, upper / share[0] if paid else upper)
            values = np.array([each.at(columns) for each in u])
            # The dearest dollar is a budget of 1; some unit brings all profits into the box.
            box = self.ids.box
            units = [values.min(), values.max() / box.spread]
            if box.total is not None:
                units = [values.sum() / box.total]
            scaled = [(values / unit, 1.0 / unit) for unit in units]
            rounds += [box.holds(*each) for each in scaled]
            rounds += [box.holds(np.round(u_, 4), round(b, 4)) for u_, b in scaled]
        return most, rounds

    def _columns(self, draft: RuleDraft, *, of_budget: bool = False) -> tuple[list[Sum], Any]:
        """Profits, the largest first where the queue is by size, and the budget."""
        u, budget = self.ids.box.columns(draft, of_budget=of_budget)
        for one, next_ in pairwise(u) if self.by_size else ():
            draft.require(one - next_, lower=0.0)
        return u, budget

    def leak(self, *, placed: bool) -> Extreme:
        """Write the allocation before and after the first account is two; `placed`, they follow."""
        box = self.ids.box
        if placed:
            return self.ids.exactly("leak", 0.0, "parts keep the score, and so the place")
        best, upper = 0.0, 0.0
        where = np.full(box.accounts, 1.0), box.budget, np.array([0.5, 0.5])
        for margin in (0.0, MARGIN):
            draft, split = RuleDraft(margin=margin), _by_size if self.by_size else self.split
            u, budget_ = box.columns(draft)
            p = [draft.column(0.0, box.spread) for _ in range(2)]
            draft.require(u[0] - p[0] - p[1], 0.0, 0.0)
            for one, next_ in (*pairwise(u[1:]), p):
                draft.require(one - next_, lower=0.0)
            before = split(draft, u, budget_)
            draft.known = {}
            after = split(draft, [*p, *u[1:]], budget_)
            try:
                most, columns = self._most(draft, before[0] - (after[0] + after[1]))
            except Infeasible:
                continue
            upper = upper if margin else most
            values = [each.at(columns) for each in (*u, *p, budget_)]
            u_, budget = box.holds(np.array(values[: len(u)]), values[-1])
            parts = np.clip(np.array(values[len(u) : -1]), 0.0, None)
            tried = u_, budget, parts * (u_[0] / parts.sum())
            value = self.ids.leak(*tried)
            best, where = max((best, where), (value, tried), key=lambda pair: pair[0])
        u_, budget, parts = where
        return self._extreme("leak", best, upper, u_, budget, parts=tuple(parts.tolist()))

    def jump(self) -> Extreme:
        """Write the allocation twice on the same round: only ties can tell the two apart."""
        box = self.ids.box
        draft = RuleDraft(margin=0.0)
        u, budget_ = self._columns(draft)
        one = self.split(draft, u, budget_)
        draft.known = {}
        two = (_by_size if self.by_size else self.split)(draft, u, budget_)
        moved: Number = 0.0
        for a, b in zip(one, two, strict=True):
            moved = moved + draft.missed(a - b)
        upper, columns = self._most(draft, moved)
        values = np.array([each.at(columns) for each in u])
        u_, budget = box.holds(values, budget_.at(columns))
        # Equals are served in the order in which the program serves them, if it gives that more.
        near = [
            u_ * (1 + HAIR * np.array([x.at(columns) if isinstance(x, Sum) else x for x in taken]))
            for taken in (one, two)
        ]
        best = self.ids.jump(near[0], budget, near[1])
        return self._extreme("jump", best, upper, near[0], budget, other=tuple(near[1].tolist()))

    def _most(self, draft: RuleDraft, objective: Number) -> tuple[float, FloatArray]:
        """The proven upper end of a program, and where HiGHS found the most."""
        if not isinstance(objective, Sum):
            return float(objective), np.array(draft.lower)
        program = draft.program(objective)
        # The middle, and no bound that is good enough, if the limit comes before any point.
        columns, good = (np.array(draft.lower) + draft.upper) / 2, math.inf
        with suppress(SolverStopped):
            left = seconds_left(self.deadline)
            columns = run(program, presolve=True, time_limit=left).columns
            value = float(program.cost @ columns)
            good = value - 1e-9 * max(1.0, abs(value))
        proven = proven_lower_bound(program, good_enough=good, deadline=self.deadline)
        return objective.constant - min(proven, good), columns

    def _extreme(
        self, name: str, lower: float, upper: float, u: FloatArray, budget: float, **more: Any
    ) -> Extreme:
        upper = max(upper, lower)
        more |= {"trust": Trust.VERIFIED, "by": "weak duality, node by node"}
        more |= {"lower": float(lower), "upper": float(upper), "budget": float(budget)}
        return Extreme(name=name, capacity=tuple(u.tolist()), **more)


def _sum(columns: Sequence[Any]) -> Any:
    return sum(columns[1:], columns[0])


def _in_turn(draft: RuleDraft, u: Sequence[Sum], budget: Number) -> list[Number]:
    """A queue in the order of the list: x_i = max(0, min(u_i, B − Σ_{j<i} u_j))."""
    left, taken = budget, []
    for each in u:
        taken.append(draft.larger(0.0, draft.smaller(each, left)))
        left = left - each
    return taken


def _by_size(draft: RuleDraft, u: Sequence[Sum], budget: Number) -> list[Number]:
    """A queue, the largest first; of equals, any."""
    n = range(len(u))
    ahead: dict[tuple[int, int], Any] = {}
    for i, j in combinations(n, 2):
        ahead[i, j] = draft.positive(u[i] - u[j])
        ahead[j, i] = 1.0 - ahead[i, j]
    for i, j, k in combinations(n, 3):
        round_ = ahead[i, j] + ahead[j, k] + ahead[k, i]
        draft.require(round_, lower=1.0, upper=2.0)
    taken = []
    for i in n:
        left = budget
        for j in n:
            if i != j:
                left = left - ahead[j, i] * u[j]
        taken.append(draft.larger(0.0, draft.smaller(u[i], left)))
    return taken


def _equal_awards(draft: RuleDraft, u: Sequence[Sum], budget: Number) -> list[Number]:
    """x_i = min(u_i, z), which sum to the budget."""
    level = draft.column(0.0, max(each.largest for each in u))
    taken = [draft.smaller(each, level) for each in u]
    draft.require(_sum(taken) - budget, 0.0, 0.0)
    return taken


def _equal_losses(draft: RuleDraft, u: Sequence[Sum], budget: Number) -> list[Number]:
    """x_i = u_i − min(u_i, z): what is kept sums to U − B."""
    kept = _equal_awards(draft, u, _sum(u) - budget)
    return [each - k for each, k in zip(u, kept, strict=True)]


SPLITS: dict[type, Split] = {
    allocations.QueueAllocation: _in_turn,
    allocations.EqualAwards: _equal_awards,
    allocations.EqualLosses: _equal_losses,
}
"""Of exactly these: what derives from one may split otherwise."""
