"""Solve a round in dollars or in contracts, with both its sides, or with the rounds before it.

What solves one of them is loaded when it is first asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from adlopt.errors import InfeasibleRound, InputError
from adlopt.model.budget import Budget
from adlopt.model.episode import Episode
from adlopt.model.limits import NO_LIMITS, Limits
from adlopt.model.loss import Asymmetric, Empirical, MinMax
from adlopt.model.market import Market
from adlopt.model.positions import ContractRound
from adlopt.model.round import Round, RoundStart
from adlopt.model.two_sided import TwoSidedRound
from adlopt.optimum.core.burden_problem import OWN, BurdenProblem
from adlopt.optimum.dollars.least_loss import Search, Solution, lots_of_least_burden
from adlopt.optimum.dollars.tiered_dollars import dollars_by_tier
from adlopt.optimum.objective_registry import Known, known_of
from adlopt.optimum.reasons import why_no_more

if TYPE_CHECKING:
    from adlopt.optimum.contracts.closing import ContractSolution
    from adlopt.optimum.coupled.solve_coupled import CoupledSolution
    from adlopt.optimum.matching.matched import Matching


@dataclass(frozen=True, slots=True, kw_only=True)
class Options(Search):
    """How something is to be solved, as `adlopt.solve` says; each kind takes some of them."""

    budget: Budget | None = None
    limits: Limits | None = None
    whole_lots: bool = False

    def __post_init__(self) -> None:
        Search.__post_init__(self)
        for name, kind in (("budget", Budget), ("limits", Limits)):
            given = getattr(self, name)
            if given is not None and not isinstance(given, kind):
                raise InputError(name, given, f"a {kind.__name__}")
        if not isinstance(self.whole_lots, bool):
            raise InputError("whole_lots", self.whole_lots, "True or False")

    def only(self, *taken: str, where: str) -> None:
        """Refuse what was given, but for what is taken here."""
        for each in fields(self):
            given = getattr(self, each.name)
            if each.name not in taken and given != each.default:
                raise InputError(each.name, given, f"{each.default!r}, {where}")


def in_dollars(round_: Round, objective: Any, options: Options) -> Solution:
    """Solve a round of dollars; `adlopt.solve` says how."""
    options.only("budget", "limits", "gap", "method", where="in wealth space")
    known = known_of(objective, "dollars", OWN)
    start = round_.start
    loss = objective if isinstance(objective, (MinMax, Asymmetric, Empirical)) else objective.worst
    budget, limits = options.budget or Budget.exact(), options.limits or NO_LIMITS
    problem = replace(BurdenProblem.of(round_, loss), extra=budget.extra)
    problem = problem.within(limits, start)
    _check(problem, known, limits)
    tiers = list(limits.tiers(len(start.account)))

    def one_tier(part: BurdenProblem) -> Solution:
        assert known.dollars is not None
        return known.dollars(part, objective, options)

    try:
        if problem.lot is not None and isinstance(objective, MinMax):
            best = lots_of_least_burden(problem, tiers, options)
        elif len(tiers) > 1:
            best = dollars_by_tier(problem, tiers, one_tier)
        else:
            best = one_tier(problem)
    except InfeasibleRound as error:
        from adlopt.optimum.infeasibility import explain

        raise explain(error, problem, start, limits) from None
    if limits is NO_LIMITS:
        return best
    return replace(best, reason=reasons_of(best, problem, start, limits))


def in_contracts(round_: ContractRound, objective: Any, options: Options) -> ContractSolution:
    """Solve a round in whole lots of positions; `adlopt.solve` says how."""
    taken = ("budget", "limits", "gap", "method")
    options.only(*taken, where="in contract space, where lots are whole")
    remedy = "match winners with what losers shed: TwoSidedRound(round_, shed)"
    solve = known_of(objective, "contracts", remedy).contracts
    bounds = options.limits or NO_LIMITS
    budget = options.budget or Budget.exact()
    assert solve is not None
    try:
        return solve(
            round_,
            objective,
            budget,
            limits=bounds,
            gap=options.gap,
            method=options.method,
        )
    except InfeasibleRound as error:
        from adlopt.optimum.infeasibility import explain_contracts

        raise explain_contracts(error, round_, objective, budget, bounds) from None


def of_two_sides(both: TwoSidedRound | Market, objective: Any, options: Options) -> Matching:
    """Match winners with what losers shed; `adlopt.solve` says how."""
    options.only(
        "limits",
        "whole_lots",
        "gap",
        "method",
        where="where winners are matched with losers",
    )
    from adlopt.optimum.matching.matching import solve_matching

    find = known_of(objective, "two_sides", "ask it of the winners alone").two_sides
    assert find is not None
    return solve_matching(
        TwoSidedRound.of_market(both) if isinstance(both, Market) else both,
        objective,
        find,
        limits=options.limits,
        whole_lots=options.whole_lots,
        method=options.method,
        gap=options.gap,
    )


def of_episode(episode: Episode, objective: Any, options: Options) -> CoupledSolution:
    """Solve rounds that share their winners; `adlopt.solve` says how."""
    options.only("gap", where="of an episode")
    solve = known_of(objective, "episodes", "solve its rounds one by one").episodes
    assert solve is not None
    return solve(episode, objective, gap=options.gap)


SPACES: dict[type, Callable[[Any, Any, Options], Any]] = {
    Round: in_dollars,
    ContractRound: in_contracts,
    TwoSidedRound: of_two_sides,
    Market: of_two_sides,
    Episode: of_episode,
}
"""What can be solved, and by whom: (thing, objective, options)."""
SOLVABLE = "a Round, a ContractRound, a TwoSidedRound, a Market, an Episode or a Problem"
_PRICED = "the objective prices what is missed, or minimises it"


def _check(problem: BurdenProblem, known: Known, limits: Limits) -> None:
    """Refuse options that this objective has no use for."""
    if problem.extra and not known.exact:
        raise InputError("budget", Budget(extra=problem.extra), "Budget.exact()", remedy=_PRICED)
    if problem.extra and problem.lot is not None and not known.beyond:
        raise InputError("budget", Budget(extra=problem.extra), "Budget.exact(), with lots")
    if problem.extra and limits.tier is not None and known.made is not MinMax:
        raise InputError("budget", Budget(extra=problem.extra), "Budget.exact(), with tiers")
    if limits.lots is not None:
        remedy = "cap bounds accounts, and lots positions"
        raise InputError("limits.lots", "given", "None, in wealth space", remedy=remedy)
    if limits.tier is not None and not known.exact:
        raise InputError("limits.tier", "tiers", "None", remedy=_PRICED)


def reasons_of(
    best: Solution, problem: BurdenProblem, start: RoundStart, limits: Limits
) -> tuple[str, ...]:
    """Why each account gives no more: a limit, or that its burden is among the worst."""
    smallest = problem.lot if problem.lot is not None else 1e-9 * problem.capacity
    full = best.haircut > problem.capacity - smallest
    full |= problem.capacity == 0
    could = ~full & (problem.weight > 0)
    return why_no_more(limits, start, problem.weight, could=could, worst=best.at_burden)
