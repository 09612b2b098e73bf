"""Match winners with what losers shed, coin by coin, under one of several objectives.

| objective | minimises |
|---|---|
| `MinMax` | the worst burden, max_i x_i / w_i |
| `Leximin` | the worst burden, then the next worst, and so on |
| `KeepHedges` | change of net delta summed over hedged accounts, then the worst burden |
| `LeastLeverage` | the worst leverage after closing, notional over equity |
| `FewestAccounts` | the number of accounts touched |

Each is a linear program with a certificate by weak duality; those of `MinMax` and `Leximin` are met
by cuts over books (`adlopt.optimum.matching.book_cuts`), losers with a price each as well: 18,000
positions against 5,600 of them in 0.6 s, all 147 levels of burden in 1.3 s, in fractions.
`FewestAccounts` is bounded by covers of each coin, and a tree of them (`fewest_winners`); whole
lots searched for are a mixed-integer program whose bound is the search's own word unless the linear
one meets it.

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

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from adlopt.errors import InfeasibleRound, SolverStopped
from adlopt.foundation.arrays import BoolArray
from adlopt.foundation.deadline import is_late, seconds_left
from adlopt.model.limits import NO_LIMITS, Limits
from adlopt.model.loss import MinMax
from adlopt.model.method import Method, Stopped
from adlopt.model.objective import FewestAccounts, KeepHedges, LeastLeverage, Leximin
from adlopt.model.shed import Shed
from adlopt.model.two_sided import TwoSidedRound
from adlopt.optimum.core.certificate import TOLERANCE, Certificate, Stage, resealed
from adlopt.optimum.core.surface import made, remade
from adlopt.optimum.matching.body import Hedges
from adlopt.optimum.matching.check import check_trades
from adlopt.optimum.matching.flows import evenly
from adlopt.optimum.matching.found import Flow, prove
from adlopt.optimum.matching.goal_search import FlowSearch
from adlopt.optimum.matching.leverage_levels import worst_leverage
from adlopt.optimum.matching.many_prices import NONE
from adlopt.optimum.matching.matched import WORST, Matching
from adlopt.optimum.matching.matching_problem import MatchingProblem
from adlopt.optimum.matching.pairing import Trades, pair
from adlopt.optimum.programs.weak_duality import ProvenBound
from adlopt.optimum.reasons import why_no_more
from adlopt.optimum.tiers import later, tier_by_tier

BY_CUTS = MinMax, Leximin, FewestAccounts
"""What ends with an answer of its own, whatever the limit."""
MANY = 500_000
"""Arcs, positions times prices, up to which each price is a level of its own."""


def solve_matching(
    round_: TwoSidedRound,
    objective: Any,
    find: Callable[[FlowSearch, Any], Flow],
    *,
    limits: Limits | None = None,
    whole_lots: bool = False,
    method: Method = Method.AUTO,
    gap: float = 0.0,
) -> Matching:
    """Close what losers shed against winners on the other side of the same coin, at least cost.

    `adlopt.solve` says how; `find` minimises the objective.
    """
    bounds, by_highs = NO_LIMITS if limits is None else limits, method is Method.HIGHS

    def one(left: Shed, among: Limits) -> Matching:
        given = replace(round_, losers=left)
        part = MatchingProblem.of(
            given.winners, left, objective.worst, lots=whole_lots, limits=among, most_arcs=MANY
        )
        search = FlowSearch(problem=part, branch=whole_lots and by_highs, linear=by_highs, gap=gap)
        return matching_of(given, part, objective, found_in_groups(search, objective, find))

    if bounds.tier is None:
        best = one(round_.losers, bounds)
    else:
        best = books_by_tier(round_, bounds, one)
        _check(best, bounds, whole=whole_lots)
    if limits is None:
        return best
    return replace(best, reason=_reasons(best, objective.worst, limits))


def found_in_groups(
    search: FlowSearch, objective: Any, find: Callable[[FlowSearch, Any], Flow]
) -> Flow:
    """Minimise over groups of orders, which are split until single ones are proved.

    Where a limit comes first, the best so far: of what was found, what bears the least, and what
    has all close alike.
    """
    best, known = None, None
    if seconds_left() is not None and not isinstance(objective, BY_CUTS):
        least = replace(search, branch=False, linear=False, end=search.part_of_time(0.5))
        with suppress(SolverStopped):
            known = least.least_burden()
    while True:
        part, late = search.problem, None
        try:
            found = find(search, objective)
            found = replace(found, problem=found.problem or part)
            best = found if best is None else _better(found, best)
        except InfeasibleRound:
            if search.finer() is None:
                raise
        except SolverStopped as error:
            late = error
        finer = search.finer()
        if late or finer is None or (best is not None and is_late()):
            break
        search = replace(search, problem=finer, answers=[], bends=[])
    if best is None or best.stopped is Stopped.LIMIT:
        for flow in (known, _evenly(part)):
            other = None if flow is None else _measured(flow, flow.problem or part, objective)
            if other is not None:
                best = other if best is None else _better(best, other)
        best = None if best is None else _raised(best, *search.proven)
    if best is None:
        raise late or SolverStopped("a limit came before a matching was found")
    return best


def _evenly(problem: MatchingProblem) -> Flow | None:
    steps = evenly(problem)
    return None if steps is None else Flow(steps=steps, stages=(), method=Method.PRO_RATA)


def _measured(flow: Flow, problem: MatchingProblem, objective: Any) -> Flow | None:
    """A flow with the criteria of an objective, of which nothing is proved; None beyond them."""
    steps, coins = flow.steps, problem.round_.positions.coin
    criteria = [(WORST, float(problem.burden(problem.haircut(steps)).max(initial=0.0)))]
    if isinstance(objective, FewestAccounts):
        criteria = [("accounts touched", float(np.unique(problem.account[steps > 0]).size))]
    elif isinstance(objective, LeastLeverage):
        criteria = [("worst leverage", worst_leverage(problem, steps))]
    elif isinstance(objective, KeepHedges):
        change = math.fsum(Hedges.of(problem, objective.of(*coins)).change(steps))
        criteria.insert(0, ("net delta changed, USD", change))
    if math.isinf(criteria[0][1]):
        return None
    stages = tuple(prove(words, value, NONE) for words, value in criteria)
    return replace(flow, stages=stages, problem=problem, stopped=Stopped.LIMIT, witness=())


def _better(found: Flow, other: Flow) -> Flow:
    """The flow that costs less, with the stronger bound."""
    if found.stages[0].value > other.stages[0].value:
        found, other = other, found
    return _raised(found, other.stages[0].certificate)


def _raised(found: Flow, *bounds: Certificate | ProvenBound) -> Flow:
    """A flow with the strongest of what is proved of its first criterion."""
    first, *further = found.stages
    for bound in bounds:
        if bound.lower > first.certificate.lower:
            lower, error = min(bound.lower, first.value), bound.error
            held = resealed(first.certificate, lower=lower, trust=bound.trust, error=error)
            first = replace(first, certificate=held)
    return replace(found, stages=(first, *further))


def matching_of(
    round_: TwoSidedRound, problem: MatchingProblem, objective: Any, found: Flow
) -> Matching:
    """Pair what was found into trades, and check them."""
    trades = pair(found.problem or problem, found.steps)
    contracts = trades.contracts
    closed = np.bincount(trades.position, contracts, minlength=problem.limit.size)
    taken = contracts * problem.shed.value[trades.order]
    owner = problem.owner[trades.position]
    haircut = np.bincount(owner, taken, minlength=problem.weight.size).astype(np.float64)
    served = problem.order_level >= 0
    price = None
    if found.price is not None:
        price = np.full(served.size, np.nan)
        price[served] = found.price[served] / problem.step[problem.order_level[served]]
    first, *further = found.stages
    matching = made(
        Matching,
        round_=round_,
        objective=objective,
        criterion=first.criterion,
        trades=trades,
        closed=closed.astype(np.float64),
        matched=problem.shed.size - problem.unmatched,
        unmatched=problem.unmatched,
        haircut=haircut,
        worst_burden=float(problem.burden(haircut).max(initial=0.0)),
        touched=int(np.unique(owner).size),
        certificate=first.certificate,
        stages=tuple(further),
        price=price,
        stopped=found.stopped,
        method=found.method,
        witness=found.witness,
    )
    _check(matching, problem.limits, whole=problem.whole)
    return matching


def _check(matching: Matching, limits: Limits, *, whole: bool) -> None:
    check_trades(
        matching.round_.winners,
        matching.round_.losers,
        matching.trades,
        closed=matching.closed,
        matched=matching.matched,
        unmatched=matching.unmatched,
        haircut=matching.haircut,
        whole=whole,
        limits=limits,
    )


def _reasons(best: Matching, loss: MinMax, limits: Limits) -> tuple[str, ...]:
    round_ = best.round_.winners
    most, n = limits.most(round_.start), len(best.account)
    weight = limits.denominators(loss.weights(round_.start))
    burden = np.where(best.haircut > 0, best.haircut / np.where(weight > 0, weight, 1.0), 0.0)
    worst = np.zeros(n, dtype=bool)
    for tier in limits.tiers(n):
        highest = burden[tier].max() * (1 - TOLERANCE)
        worst |= tier & (burden > 0) & (burden >= highest)
    left = best.closed < limits.most_size(round_.positions) * (1 - TOLERANCE)
    used_up = np.bincount(round_.owner, left, minlength=n) == 0
    full = (best.haircut >= most * (1 - TOLERANCE)) | limits.barred(round_.start)
    could = ~used_up & ~full & ((weight > 0) | (most == 0))
    used_up &= ~full
    return why_no_more(limits, round_.start, weight, could=could, worst=worst, lots=used_up)


def books_by_tier(
    round_: TwoSidedRound, limits: Limits, one: Callable[[Shed, Limits], Matching]
) -> Matching:
    """Match each tier with what the tiers before it leave open, under the same objective.

    The value and the certificate are those of the first tier; each further one that closes
    anything adds its stages.
    """
    accounts, left = round_.winners.start.account, [round_.losers]

    def of_tier(mask: BoolArray, _: int) -> Matching:
        others = (name for name, own in zip(accounts, mask.tolist(), strict=True) if not own)
        barred = dict.fromkeys(others, "another tier") | dict(limits.ineligible)
        answer = one(left[-1], replace(limits, tier=None, ineligible=barred))
        left.append(replace(left[-1], size=answer.unmatched))
        return answer

    tiers = list(limits.tiers(len(accounts)))
    answers = tier_by_tier(tiers, of_tier, lambda _: not left[-1].size.any())
    return replace(_together(answers), round_=round_)


def _together(answers: Sequence[Matching]) -> Matching:
    stages, witness = list(answers[0].stages), list(answers[0].witness)
    for number, answer in enumerate(answers[1:], start=2):
        if len(answer.trades):
            first = Stage(criterion=answer.criterion, certificate=answer.certificate)
            stages += later(number, [first, *answer.stages])
            # Those that keep to their burdens are told from a tier's second criterion on.
            witness += [partial(_alone, made) for made in answer.witness[:1]]
            witness += answer.witness[1:]
    inside = any(answer.method is Method.HIGHS_INTERIOR for answer in answers)
    trades = [answer.trades for answer in answers]
    return remade(
        answers[0],
        trades=Trades(
            position=np.concatenate([part.position for part in trades]),
            order=np.concatenate([part.order for part in trades]),
            contracts=np.concatenate([part.contracts for part in trades]),
        ),
        closed=np.sum([answer.closed for answer in answers], axis=0),
        matched=np.sum([answer.matched for answer in answers], axis=0),
        unmatched=answers[-1].unmatched,
        haircut=np.sum([answer.haircut for answer in answers], axis=0),
        worst_burden=max(answer.worst_burden for answer in answers),
        touched=sum(answer.touched for answer in answers),
        stages=tuple(stages),
        witness=tuple(witness),
        # One tier's prices do not hold for what another one closes.
        price=None,
        stopped=Stopped.of_all(answer.stopped for answer in answers),
        method=Method.HIGHS_INTERIOR if inside else Method.HIGHS,
    )


def _alone(made: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
    return {name: prices for name, prices in made().items() if name != "kept"}
