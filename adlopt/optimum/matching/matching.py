"""Match winners with what losers shed, coin by coin, under one of several goals.

| goal | minimises |
|---|---|
| `LEAST_BURDEN` | the worst burden, max_i x_i / w_i |
| `LEXIMIN` | the worst burden, then the next worst, and so on |
| `KEEP_HEDGES` | change of net delta summed over hedged accounts, then the worst burden |
| `LEAST_LEVERAGE` | the worst leverage after closing, notional over equity |
| `FEWEST_ACCOUNTS` | the number of accounts touched |

Each is a linear program with a certificate by weak duality; `FEWEST_ACCOUNTS`, and whole lots
searched for, are mixed-integer programs whose bound is the search's own word unless the linear
one meets it. `LEXIMIN` solves one program for each level of burden.

Measured with HiGHS 1.15 on 20,000 accounts, 35,000 positions and 160 coins, two cores, with the
certificate: at one price a coin 0.7 s (proven to 1e-11), in whole lots 0.7 s (proven within
1e-4), least leverage 0.9 s, hedges 2.5 s; three prices a coin triple the arcs: 2–5 s. Dual simplex,
rows as stated, presolve off, is best as long as a few coins hold up the worst burden. Where all
coins have many holders and bear within some per cent of each other, it goes on for minutes, and
programs that take it more than `linear.PIVOTED_ROWS` are solved by an interior-point method without
crossover: 35 to 72 s of it for 105,000 arcs on a busy machine, proven to 1e-9, in trades with
nearly everybody who can trade. Primal simplex and first-order methods take longer still; the slack
form x = z w − v, best for a single budget, 10 times as long.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from adlopt.errors import InputError
from adlopt.foundation.arrays import FloatArray, Record, freeze
from adlopt.model.limits import NO_LIMITS, Limits
from adlopt.model.loss import Burden, MinMax
from adlopt.model.method import Method
from adlopt.model.positions import ContractRound
from adlopt.model.shed import Shed
from adlopt.optimum.core.certificate import Certificate, Stage, Trust
from adlopt.optimum.matching.body import Hedges
from adlopt.optimum.matching.book_tiers import tier_by_tier
from adlopt.optimum.matching.check import check_trades
from adlopt.optimum.matching.found import Found
from adlopt.optimum.matching.goal_search import Search
from adlopt.optimum.matching.goals import Goal, Lots, check_goal
from adlopt.optimum.matching.leverage_levels import least_leverage
from adlopt.optimum.matching.matching_problem import MatchingProblem
from adlopt.optimum.matching.pairing import Trades, pair
from adlopt.optimum.matching.winner_reasons import why_no_more
from adlopt.optimum.programs.highs import Stopped, check_time_limit
from adlopt.show.answer import Columns, Tabular

__all__ = ["Goal", "Lots", "Matching", "Trades", "match"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Matching(Tabular, Record):
    """Who closes what against whom, and what is proved about it.

    Parameters
    ----------
    goal : Goal
    trades : Trades
        Pairs of a winner's position and a loser's order.
    closed : FloatArray, shape (m,)
        Contracts closed of each position.
    matched, unmatched : FloatArray, shape (k,)
        Contracts of each order that winners close against, and that no winner can.
    haircut : FloatArray, shape (n,)
        USD taken from each account.
    worst_burden : float
        max x_i / w_i.
    touched : int
        Number of accounts with anything closed.
    stages : tuple of Stage
        The goal's objectives in order, each with its value and certificate.
    shadow_price : FloatArray, shape (k,), or None
        Rise of the first stage per further contract shed at the order's price, of the continuous
        problem; NaN where nothing is matched.
    stopped : Stopped
        Whether every program was solved, or one of them hit a limit.
    method : Method
        `HIGHS`, or `HIGHS_INTERIOR` if an interior-point method solved any of the programs.
    reason : tuple of str, length n
        Why each account closes no more, where limits were given; else empty.
    """

    goal: Goal
    trades: Trades
    closed: FloatArray
    matched: FloatArray
    unmatched: FloatArray
    haircut: FloatArray
    worst_burden: float
    touched: int
    stages: tuple[Stage, ...]
    shadow_price: FloatArray | None
    stopped: Stopped
    method: Method
    reason: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("closed", "matched", "unmatched", "haircut", "shadow_price"):
            values = getattr(self, name)
            object.__setattr__(self, name, None if values is None else freeze(values))

    @property
    def value(self) -> float:
        """The goal's first objective, recomputed."""
        return self.stages[0].value

    @property
    def certificate(self) -> Certificate:
        """Of the goal's first objective."""
        return self.stages[0].certificate

    def _columns(self) -> Columns:
        return self.trades._columns()

    def _heading(self) -> str:
        return f"hindsight: {self}"

    def __str__(self) -> str:
        early = "" if self.stopped is Stopped.OPTIMAL else "; stopped at a limit"
        trades = "1 trade" if len(self.trades) == 1 else f"{len(self.trades)} trades"
        winners = "1 winner" if self.touched == 1 else f"{self.touched} winners"
        return (
            f"{trades} with {winners}, {self.stages[0].criterion} {self.value:.6g}; "
            f"{self.certificate}{early}"
        )


def match(
    round_: ContractRound,
    shed: Shed,
    goal: Goal = Goal.LEAST_BURDEN,
    *,
    burden: Burden = Burden.CAPACITY,
    lots: Lots = Lots.ANY,
    limits: Limits | None = None,
    underlying: Mapping[str, str] | None = None,
    time_limit: float | None = None,
) -> Matching:
    """Close what losers shed against winners on the other side of the same coin, at least cost.

    What a contract takes from a winner follows from the loser's price, not from
    `positions.value`. All of an account's positions share its capacity. What exceeds the winners'
    open interest stays unmatched, the last listed first; so does what is less than a lot.

    Parameters
    ----------
    round_ : ContractRound
    shed : Shed
    goal : Goal
    burden : Burden
        What x_i is measured against; an account without it is closed only at the mark.
    lots : Lots
    limits : Limits, optional
        Eligibility, caps, floors and weights of accounts, and lots of positions; in each coin and
        side positions of a lower tier are closed first.
    underlying : mapping of str to str, optional
        For `KEEP_HEDGES`: coins that hedge each other share an underlying; a coin that is not
        named is its own.
    time_limit : float, optional
        Seconds for each program.

    Raises
    ------
    InfeasibleRound
        If profits do not suffice for what open interest allows.
    SolverStopped
        If a limit came before any matching was found.
    InputError
        If a mark or an equity is missing, the goal does not go with the lots, or a time limit is
        not > 0.

    Examples
    --------
    >>> round_ = ContractRound.of(
    ...     account=["a", "b", "b"], coin=["ETH", "ETH", "BTC"], side=["short"] * 3,
    ...     size=[10, 5, 1], value=[200, 200, 0], capacity=[8000, 1000], deficit=2000, needed=2000)
    >>> shed = Shed(loser=["x"], coin=["ETH"], side=["long"], size=[9], price=[3800], mark=[3600])
    >>> best = match(round_, shed)
    >>> print(best)
    2 trades with 2 winners, worst burden 0.2; proven optimal (exact)
    >>> best.closed, best.haircut
    (array([8., 1., 0.]), array([1600.,  200.]))
    """
    for name, given, kind in (
        ("round_", round_, ContractRound),
        ("shed", shed, Shed),
        ("goal", goal, Goal),
        ("lots", lots, Lots),
        ("burden", burden, Burden),
        ("limits", NO_LIMITS if limits is None else limits, Limits),
    ):
        if not isinstance(given, kind):
            raise InputError(name, given, f"a {kind.__name__}")
    check_goal(round_, shed, goal, lots, underlying)
    check_time_limit(time_limit)
    weight, bounds = MinMax(burden=burden), NO_LIMITS if limits is None else limits
    if bounds.tier is not None:

        def one(left: Shed, among: Limits) -> Matching:
            part = MatchingProblem.of(round_, left, weight, lots=lots is not Lots.ANY, limits=among)
            return _solve(part, goal, lots, underlying, time_limit)

        best = tier_by_tier(shed, bounds, round_.start, one)
        _check(best, round_, shed, bounds, whole=lots is not Lots.ANY)
    else:
        problem = MatchingProblem.of(round_, shed, weight, lots=lots is not Lots.ANY, limits=bounds)
        best = _solve(problem, goal, lots, underlying, time_limit)
    if limits is None:
        return best
    return replace(best, reason=why_no_more(best, round_, weight, limits))


def _solve(
    problem: MatchingProblem,
    goal: Goal,
    lots: Lots,
    underlying: Mapping[str, str] | None,
    time_limit: float | None,
) -> Matching:
    if not problem.quantity.size:
        proven = Certificate(upper=0.0, lower=0.0, trust=Trust.EXACT)
        stage = Stage(criterion="nothing can be matched", certificate=proven)
        return _matching(problem, goal, Found(steps=np.zeros(0), stages=(stage,)))
    search = Search(problem=problem, branch=lots is Lots.SEARCHED, time_limit=time_limit)
    if goal is Goal.LEAST_BURDEN:
        found = search.least_burden()
    elif goal is Goal.LEXIMIN:
        found = search.leximin()
    elif goal is Goal.KEEP_HEDGES:
        names = {} if underlying is None else underlying
        of = tuple(names.get(coin, coin) for coin in problem.round_.positions.coin)
        found = search.keep_hedges(Hedges.of(problem, of))
    elif goal is Goal.LEAST_LEVERAGE:
        found = least_leverage(search)
    else:
        found = search.fewest_accounts()
    return _matching(problem, goal, found)


def _matching(problem: MatchingProblem, goal: Goal, found: Found) -> Matching:
    steps = found.steps
    trades = pair(problem, steps)
    contracts = trades.contracts
    closed = np.bincount(trades.position, contracts, minlength=problem.limit.size)
    taken = contracts * problem.shed.value[trades.order]
    owner = problem.owner[trades.position]
    haircut = np.bincount(owner, taken, minlength=problem.weight.size).astype(np.float64)
    served = problem.order_level >= 0
    price = None
    if found.price is not None:
        price = np.full(served.size, np.nan)
        price[served] = (found.price / problem.step)[problem.order_level[served]]
    matching = Matching(
        goal=goal,
        trades=trades,
        closed=closed.astype(np.float64),
        matched=problem.shed.size - problem.unmatched,
        unmatched=problem.unmatched,
        haircut=haircut,
        worst_burden=float(problem.burden(haircut).max(initial=0.0)),
        touched=int(np.unique(owner).size),
        stages=found.stages,
        shadow_price=price,
        stopped=found.stopped,
        method=found.method,
    )
    _check(matching, problem.round_, problem.shed, problem.limits, whole=problem.whole)
    return matching


def _check(
    matching: Matching, round_: ContractRound, shed: Shed, limits: Limits, *, whole: bool
) -> None:
    check_trades(
        round_,
        shed,
        matching.trades,
        closed=matching.closed,
        matched=matching.matched,
        unmatched=matching.unmatched,
        haircut=matching.haircut,
        whole=whole,
        limits=limits,
    )
