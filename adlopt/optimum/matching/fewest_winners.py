"""The fewest accounts of a matching: which of them cover what each book asks for.

Whatever they pay, the accounts that are touched have positions enough in every book. For whole
numbers of accounts more follows: what a book asks for, counted in the share of one of them, is
rounded up. The linear program of these rows, and a tree of it, bound the number of accounts; whole
numbers of it say who might be enough, and cuts over books whether they can pay.
"""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass, field, replace

import numpy as np

from adlopt.errors import SolverStopped
from adlopt.foundation.arrays import BoolArray, FloatArray, IntArray
from adlopt.foundation.deadline import is_late, seconds_left
from adlopt.model.method import Stopped
from adlopt.model.objective import FewestAccounts
from adlopt.optimum.core.certificate import TOLERANCE, UNIT_ROUNDING, Trust
from adlopt.optimum.matching import goal_programs as programs
from adlopt.optimum.matching.book_cuts import BookCut, LevelSearch
from adlopt.optimum.matching.books import PricedBooks
from adlopt.optimum.matching.flows import evenly
from adlopt.optimum.matching.found import NOTHING, Flow, prove
from adlopt.optimum.matching.goal_search import FlowSearch, duals
from adlopt.optimum.matching.many_prices import NONE
from adlopt.optimum.matching.matching_problem import MatchingProblem
from adlopt.optimum.programs.highs import Infeasible, run
from adlopt.optimum.programs.program import Program
from adlopt.optimum.programs.proven_tree import proven_lower_bound
from adlopt.optimum.programs.weak_duality import ProvenBound, lower_bound

ROUNDS = 60
"""Linear programs to which rows are added."""
LATELY, GAINED = 6, 0.01
"""Of so many programs the last must need so much more than the first, or no more rows are added."""
VIOLATED = 1e-6
"""By how much a row must say more than a point does."""
FINEST = 100.0
"""How many times a share may go into what it rounds, and ten times that into its rest."""
PARTS, FLIPS = (1.0, 0.5, 0.25, 0.125), 6
"""Parts of shares that are rounded to, and how many are then counted the other way."""
AT_ONCE = 1_000_000
"""Numbers that are rounded together."""
SEARCHED, PARTED = 2_000, 500_000
"""Nodes, times accounts, in which whole numbers are searched for, and of trees that bound."""
TOLD = 20_000
"""Arcs up to which multipliers of single arcs are found, for certificates in files."""


CoverRow = tuple[IntArray, FloatArray, float]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cover:
    """Accounts with something to close, (n,), and rows that whole numbers of them satisfy.

    Rows are of accounts, shares, and the least that they must add up to: `asked` says what each
    book asks for, and `lifted` what that means for parts of accounts.
    """

    account: IntArray
    asked: list[CoverRow] = field(default_factory=list)
    lifted: list[CoverRow] = field(default_factory=list)

    @classmethod
    def of(cls, problem: MatchingProblem) -> Cover:
        """List what books ask for, and what positions, and profits at the least price, allow."""
        cover = cls(account=np.unique(problem.account))
        for book in np.unique(problem.level_book).tolist():
            mine, who = problem.level_book == book, problem.holders[book]
            steps, owner = problem.limit[who], problem.owner[who]
            served = problem.order_level >= 0
            served[served] = mine[problem.order_level[served]]
            least = float(problem.shed.value[served].min()) * problem.book_step[book]
            if least > 0:
                steps = np.minimum(steps, problem.capacity[owner] / least * (1 + TOLERANCE))
            cover.ask(np.searchsorted(cover.account, owner), steps / problem.quantity[mine].sum())
        return cover

    def ask(self, owner: IntArray, share: FloatArray) -> None:
        """Those who are touched have all of it: so much has each account."""
        self.asked.append((owner, np.minimum(share, 1.0), 1.0 - TOLERANCE))

    def tighten(self, point: FloatArray, end: float = math.inf) -> bool:
        """Put rows that a point misses in place of those that it more than meets; whether any."""
        tight = [row for row in self.lifted if row[1] @ point[row[0]] < row[2] + VIOLATED]
        missed = [_missed(*row, point) for row in self.asked + tight if not is_late(end)]
        self.lifted[:] = tight + [row for row in missed if row is not None]
        return len(self.lifted) > len(tight)

    def rounded(self, point: FloatArray) -> BoolArray:
        """All that a point counts in part, but for those who are not missed, the least first.

        Where that misses a row, the largest of each row.
        """
        chosen = point > VIOLATED
        if any(each @ chosen[owner] < least - VIOLATED for owner, each, least in self.asked):
            chosen = np.zeros(chosen.size, dtype=bool)
            for owner, each, least in self.asked:
                falling = np.argsort(-each, kind="stable")
                count = int(np.searchsorted(np.cumsum(each[falling]), least)) + 1
                chosen[owner[falling[:count]]] = True
        sums = [float(each @ chosen[owner]) - least for owner, each, least in self.asked]
        of: dict[int, list[tuple[int, float]]] = {}
        for row, (owner, each, _) in enumerate(self.asked):
            for i, one in zip(owner.tolist(), each.tolist(), strict=True):
                if chosen[i] and point[i] < 1 - VIOLATED:
                    of.setdefault(i, []).append((row, one))
        for i in sorted(of, key=lambda i: float(point[i])):
            if all(sums[row] >= one for row, one in of[i]):
                chosen[i] = False
                for row, one in of[i]:
                    sums[row] -= one
        return chosen

    def program(self, *, lifted: bool) -> Program:
        """How few accounts are enough."""
        accounts, rows = self.account.size, self.asked + (self.lifted if lifted else [])
        sizes = [owner.size for owner, *_ in rows]
        least = np.array([low for *_, low in rows])
        return Program(
            cost=np.ones(accounts),
            lower=np.zeros(accounts),
            upper=np.ones(accounts),
            row_lower=least,
            row_upper=np.full(least.size, np.inf),
            start=np.cumsum([0, *sizes]),
            column=np.concatenate([owner for owner, *_ in rows]),
            coefficient=np.concatenate([each for _, each, _ in rows]),
            integer=np.ones(accounts, dtype=bool),
        )

    def pay(self, problem: MatchingProblem, books: PricedBooks, cut: BookCut) -> None:
        """Those who are touched have the profits that the layers of a cut ask for."""
        top = np.zeros(problem.limit.size)
        top[books.position] = np.repeat(cut.top, np.diff(books.start))
        room = np.bincount(problem.owner, top * problem.limit, minlength=problem.weight.size)
        most = np.minimum(room, problem.capacity)[self.account] / float(cut.price @ books.quantity)
        owner = np.flatnonzero(most > 0)
        self.ask(owner, most[owner])


def _missed(owner: IntArray, share: FloatArray, least: float, point: FloatArray) -> CoverRow | None:
    """The row that follows, for whole numbers, from one, and that a point misses by most.

    Some, from a value of the point on, are counted by what they lack of 1. What is left to cover is
    divided by a share, or a part of one, and rounded up [Marchand and Wolsey 2001, Aggregation and
    mixed integer rounding to solve MIPs]. One after the other is then counted the other way, as
    long as the point misses more.
    """
    on = point[owner]
    some = np.flatnonzero(on > VIOLATED)
    each, at = share[some], on[some]
    parted = np.flatnonzero(at < 1.0 - VIOLATED)
    sizes = np.unique(np.outer(each[parted], PARTS))
    from_on = at >= np.append(np.unique(np.round(at, 6)), 2.0)[:, None] - VIOLATED
    most, best, pairs = VIOLATED, (from_on[0], 0.0, False), from_on.size * sizes.size

    def better(lacks: BoolArray, size: FloatArray, capped: bool) -> bool:
        nonlocal most, best
        row, needed = _rounded(each, least, lacks, size, capped=capped)
        missed = (needed - row @ at) / np.sqrt((row * row).sum(axis=1) + VIOLATED)
        k = int(missed.argmax())
        if missed[k] <= most:
            return False
        most, best = float(missed[k]), (lacks[k], float(size[k]), capped)
        return True

    for capped in (True, False) if parted.size else ():
        found = False
        for lacks in np.array_split(from_on, min(1 + pairs // AT_ONCE, len(from_on))):
            every = np.repeat(lacks, sizes.size, axis=0), np.tile(sizes, len(lacks))
            found = better(*every, capped) or found
        for _ in range(FLIPS if found else 0):
            flipped = np.tile(best[0], (parted.size, 1))
            flipped[np.arange(parted.size), parted] ^= True
            if not better(flipped, np.full(parted.size, best[1]), capped):
                break
    if most == VIOLATED:
        return None
    whole = np.zeros((1, share.size), dtype=bool)
    whole[0, some] = best[0]
    row, needed = _rounded(share, least, whole, np.array([best[1]]), capped=best[2])
    enough = needed[0] - row[0] @ on > VIOLATED * math.sqrt(row[0] @ row[0])
    counted = np.flatnonzero(row[0])
    return (owner[counted], row[0][counted], float(needed[0])) if enough else None


def _rounded(
    share: FloatArray, least: float, lacks: BoolArray, size: FloatArray, *, capped: bool
) -> tuple[FloatArray, FloatArray]:
    """Rows, (k, p), of whole numbers, and what they must add up to; less than nothing if no row.

    Those that `lacks` names, (k, p), are counted by what they lack, unless it is `capped`: then
    nobody else counts for more than what is left, and they for nothing.
    """
    left = least - lacks @ share
    counted = np.where(lacks, -share, share)
    if capped:
        counted = np.where(lacks, 0.0, np.minimum(share, np.maximum(left, 0.0)[:, None]))
    times = left / size
    rest = times % 1.0
    fine = (left > VIOLATED) & (times <= FINEST) & (rest > 0.1 / FINEST)
    size, rest = size[:, None], np.where(fine, rest, 1.0)
    whole = np.floor(counted / size)
    factor = whole + np.minimum((counted / size - whole) / rest[:, None], 1.0)
    terms = share.size * (np.abs(counted).max(axis=1) / size[:, 0] + FINEST)
    needed = np.ceil(times) - (factor * lacks).sum(axis=1) - 8 * UNIT_ROUNDING * terms / rest
    row = np.where(lacks, -factor, factor)
    return row, np.where(fine, needed, -np.inf)


def fewest_accounts(search: FlowSearch, _: FewestAccounts) -> Flow:
    """Touch as few accounts as can close all that is matched."""
    problem = search.problem
    if search.idle:
        return NOTHING
    cover, told = Cover.of(problem), []
    proven, point = _bounded(search, cover)
    search.proven.append(_whole(proven))
    flow, ended = _enough(search, cover, point)
    part, steps = flow.problem or problem, flow.steps
    touched = _touched(steps, part)
    program, end = cover.program(lifted=True), search.part_of_time(0.8)
    nodes = PARTED // program.cost.size
    while (known := _whole(proven).lower) < touched and not is_late(end):
        # A bound that rounds up to one more need not be raised.
        least = known + VIOLATED
        low = proven_lower_bound(program, good_enough=least, deadline=end, nodes=nodes)
        if low > proven.lower:
            proven = ProvenBound(lower=low, error=0.0, trust=Trust.VERIFIED)
        if low < least:
            break
        nodes //= 4
    if problem.level.size <= TOLD and not problem.mixed.any():
        form = programs.fewest_accounts(problem)
        with suppress(SolverStopped):
            told = [(form, search.lift(form, duals(search.solve(form)), math.inf))]
            proven = max(proven, told[0][1].proven, key=lambda bound: bound.lower)
    stage = prove("accounts touched", touched, _whole(proven))
    ended = Stopped.OPTIMAL if stage.certificate.optimal else ended
    return replace(search.found(steps, [stage], None, told), problem=part, stopped=ended)


def _whole(proven: ProvenBound) -> ProvenBound:
    """A bound on a number, rounded up."""
    lower = max(proven.lower, 0.0)
    return replace(proven, lower=float(math.ceil(lower - TOLERANCE)))


def _bounded(search: FlowSearch, cover: Cover) -> tuple[ProvenBound, FloatArray]:
    """What the linear program of a cover proves, with rows that its points miss, and the last."""
    end, answer, needed = search.part_of_time(0.4), None, list[float]()
    for _ in range(ROUNDS):
        latest = replace(cover.program(lifted=True), integer=None)
        try:
            answer, program = run(latest, time_limit=seconds_left(end)), latest
        except Infeasible:
            raise search.infeasible() from None
        except SolverStopped:
            break
        needed.append(float(answer.columns.sum()))
        slow = needed[-1] - needed[-LATELY:][0] < GAINED and len(needed) >= LATELY
        if is_late(end) or slow or not cover.tighten(answer.columns, end):
            break
    if answer is None:
        return NONE, np.zeros(cover.account.size)
    return lower_bound(program, duals(answer)), answer.columns


def _enough(search: FlowSearch, cover: Cover, point: FloatArray) -> tuple[Flow, Stopped]:
    """A flow of few accounts, and how the search for it ended; of all, if too few have profits.

    Once it is late, all positions of the few close alike.
    """
    problem, ended, end = search.problem, Stopped.LIMIT, search.part_of_time(0.4)
    least = replace(search, branch=False, linear=False)
    for _ in range(ROUNDS):
        chosen = cover.rounded(point)
        program, left = cover.program(lifted=False), seconds_left(end)
        try:
            nodes = 1 + SEARCHED // program.cost.size
            answer = run(program, time_limit=left, nodes=nodes, gap=search.gap, rough=True)
        except Infeasible:
            raise search.infeasible() from None
        except SolverStopped:
            ended = Stopped.LIMIT
        else:
            if answer.columns.sum() < np.count_nonzero(chosen):
                chosen, ended = answer.columns > 0.5, answer.stopped
        on = np.zeros(problem.weight.size, dtype=bool)
        on[cover.account[chosen]] = True
        part = problem.only(on)
        try:
            flow = replace(least, problem=part).by_cuts(first=True)
        except SolverStopped:
            steps = evenly(part)
            if steps is None:
                raise
            return Flow(steps=steps, stages=(), problem=part), Stopped.LIMIT
        if flow is not None:
            return replace(flow, problem=flow.problem or part), ended
        levels = LevelSearch.of(part, math.inf)
        if levels.run(first=True) or levels.next is None:
            break
        cover.pay(problem, PricedBooks.of(problem), levels.next)
    return least.least_burden(), Stopped.LIMIT


def _touched(steps: FloatArray, problem: MatchingProblem) -> float:
    return float(np.unique(problem.account[steps > 0]).size)
