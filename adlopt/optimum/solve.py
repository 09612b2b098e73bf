"""The offline optimum of a round under any objective: one entry, one table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, overload

import numpy as np

from adlopt.errors import InfeasibleRound, InputError
from adlopt.model.budget import Budget
from adlopt.model.limits import NO_LIMITS, Limits
from adlopt.model.loss import Asymmetric, Empirical, Loss, MinMax
from adlopt.model.method import Method
from adlopt.model.objective import CVaR, FewestAccounts, Leximin, Objective, TrackingFirst
from adlopt.model.positions import ContractRound
from adlopt.model.round import Round, RoundStart
from adlopt.optimum.contracts.closing import ContractSolution, solve_contracts
from adlopt.optimum.core.burden_problem import BurdenProblem
from adlopt.optimum.dollars.fewest import fewest_accounts
from adlopt.optimum.dollars.least_loss import Search, Solution, least_loss
from adlopt.optimum.dollars.leximin import leximin
from adlopt.optimum.dollars.tail_burden import least_cvar
from adlopt.optimum.dollars.tiers import tier_by_tier
from adlopt.optimum.dollars.tracking_first import tracking_first
from adlopt.optimum.infeasibility import explain, explain_contracts

Solver = Callable[..., Solution]
"""Minimises over a problem: (problem, objective, search)."""


@overload
def solve(
    round_: Round,
    objective: Loss | Objective | None = None,
    *,
    budget: Budget | None = None,
    limits: Limits | None = None,
    method: Method = Method.AUTO,
    time_limit: float | None = None,
) -> Solution: ...


@overload
def solve(
    round_: ContractRound,
    objective: MinMax | None = None,
    *,
    budget: Budget | None = None,
    limits: Limits | None = None,
    gap: float = 0.0,
    method: Method = Method.AUTO,
    time_limit: float | None = None,
) -> ContractSolution: ...


def solve(
    round_: Round | ContractRound,
    objective: Loss | Objective | None = None,
    *,
    budget: Budget | None = None,
    limits: Limits | None = None,
    gap: float = 0.0,
    method: Method = Method.AUTO,
    time_limit: float | None = None,
) -> Solution | ContractSolution:
    """Return the haircut that, knowing the needed budget, is best: the offline optimum.

    This is a *hindsight* benchmark, [CTTX26, Eq. 11]: it may look at `needed`, a policy may not.

    | objective | what is least | lots |
    |---|---|---|
    | `MinMax()`, the default | worst burden, budget met (Eq. 8) | yes |
    | `surrogate`, `Asymmetric` | dollars missed and worst burden, priced (9, 10) | yes |
    | `Empirical(excess_only=True)` | the convex part of Eq. 23 | yes |
    | `Leximin()` | worst burden, then the second worst, … | yes |
    | `TrackingFirst()` | dollars missed, then worst burden | yes |
    | `FewestAccounts()` | accounts touched, then worst burden | yes |
    | `CVaR(level)` | mean of the worst share of burdens | no |

    Parameters
    ----------
    round_ : Round or ContractRound
        With lots, haircuts are whole multiples of them, exact in micro-dollars. In contract space
        whole lots of positions are closed, and all positions of an account share its burden.
    objective : Loss or Objective, optional
        One of the table; in contract space `MinMax()`, and others where winners are matched with
        what losers shed, in `adlopt.match`.
    budget : Budget, optional
        `Budget.exact()` unless given; `Budget.at_least()` and `Budget.band(width)` allow more,
        which only lots make use of: a dollar too many never lowers a burden.
    limits : Limits, optional
        Eligibility, caps, floors, tiers and weights, and in contract space lots of positions. The
        solution then says why each account gives no more.
    gap : float
        In contract space: relative gap, proven, at which to stop; 0 for the optimum itself. A gap
        of 1e-6 takes a fifth of the time where accounts have many positions. What a tier gives is
        then within the gap of the most that it can. Not for `HIGHS`.
    method : Method
        `AUTO`, or `HIGHS` to have HiGHS solve the linear or mixed-integer program; there is none
        for `Leximin` and `FewestAccounts`.
    time_limit : float, optional
        Seconds for `Method.HIGHS`. The other methods need none.

    Returns
    -------
    Solution or ContractSolution
        With its certificate; one more for each further criterion, or tier.

    Raises
    ------
    InfeasibleRound
        If no haircut meets an exact budget; it names the nearest budgets that can be met, who
        cannot give more and why.
    SolverStopped
        If a limit came before any feasible haircut.
    SolverFailed, CertificateError
        If a solver's answer is not one.
    InputError
        If the loss is not convex, or the options do not fit the problem.

    Examples
    --------
    >>> round_ = Round.of(capacity=[120.0, 80.0, 40.0], deficit=90.0, needed=60.0)
    >>> best = solve(round_)
    >>> print(best)
    3 winners give 60.00 USD, worst burden 25 %; proven optimal (exact)
    >>> best.haircut
    array([30., 20., 10.])
    >>> solve(round_, FewestAccounts()).haircut
    array([60.,  0.,  0.])
    >>> limited = solve(round_, limits=Limits(ineligible={"1": "vault"}, cap=[1.0, 1.0, 0.25]))
    >>> limited.haircut, limited.reason
    (array([ 0., 50., 10.]), ('ineligible: vault', 'worst burden', 'cap'))

    In lots of 25 dollars the same 75 dollars cannot be spread as evenly:

    >>> lots = Round.of(capacity=[120.0, 80.0, 40.0], deficit=90.0, needed=75.0, lot=25.0)
    >>> print(solve(lots))
    2 winners give 75.00 USD, worst burden 41.67 %; proven optimal (exact)

    In contract space, where what is closed seldom sums to the budget exactly:

    >>> contracts = ContractRound.of(
    ...     account=["ann", "ann", "bob"], coin=["ETH", "BTC", "ETH"],
    ...     side=["long", "short", "long"], size=[10, 3, 8], value=[40, 90, 40],
    ...     deficit=500, needed=305)
    >>> best = solve(contracts, budget=Budget.at_least())
    >>> print(best)
    2 winners give 320.00 USD from 2 positions, worst burden 35.82 %; proven optimal (exact)
    >>> best.lots, best.haircut
    (array([6, 0, 2]), array([240.,  80.]))
    """
    objective = MinMax() if objective is None else objective
    options = {"budget": (budget, Budget), "limits": (limits, Limits)}
    for name, (given, kind) in options.items():
        if given is not None and not isinstance(given, kind):
            raise InputError(name, given, f"a {kind.__name__}")
    search = Search(method=method, time_limit=time_limit, gap=gap)
    space = _SPACES.get(type(round_))
    if space is None:
        expected, remedy = "a Round or a ContractRound", "Round.of(...) or read_round(path)[0]"
        raise InputError("round_", round_, expected, remedy=remedy)
    best: Solution | ContractSolution = space(
        round_, objective, budget or Budget.exact(), limits, search
    )
    return best


def _in_dollars(
    round_: Round,
    objective: Loss | Objective,
    budget: Budget,
    limits: Limits | None,
    search: Search,
) -> Solution:
    if search.gap:
        remedy = "ContractRound.of_wealth(round_)"
        raise InputError("gap", search.gap, "0, in wealth space", remedy=remedy)
    solver = _IN_DOLLARS.get(type(objective))
    if solver is None:
        known = ", ".join(kind.__name__ for kind in _IN_DOLLARS)
        raise InputError(
            "objective", objective, known, remedy="state it in adlopt.optimum.reference"
        )
    start = round_.start
    loss: Any = objective if type(objective) in _LOSSES else objective.worst  # type: ignore[union-attr]
    problem = replace(BurdenProblem.of(round_, loss), extra=budget.extra)
    bounds = NO_LIMITS if limits is None else limits
    if limits is not None:
        problem = problem.within(limits, start)
    _check(problem, objective, bounds, search)
    tiers = list(bounds.tiers(len(start.account)))
    one_tier = partial(solver, objective=objective, search=search)
    try:
        best = one_tier(problem) if len(tiers) == 1 else tier_by_tier(problem, tiers, one_tier)
    except InfeasibleRound as error:
        raise explain(error, problem, start, bounds) from None
    return best if limits is None else replace(best, reason=_reasons(best, problem, start, limits))


def _in_contracts(
    round_: ContractRound,
    objective: Loss | Objective,
    budget: Budget,
    limits: Limits | None,
    search: Search,
) -> ContractSolution:
    if not isinstance(objective, MinMax):
        raise InputError("objective", objective, "MinMax(...), in contract space")
    bounds = NO_LIMITS if limits is None else limits
    try:
        return solve_contracts(
            round_,
            objective,
            budget,
            limits=bounds,
            gap=search.gap,
            method=search.method,
            time_limit=search.time_limit,
        )
    except InfeasibleRound as error:
        raise explain_contracts(error, round_, objective, budget, bounds) from None


def _check(
    problem: BurdenProblem, objective: Loss | Objective, limits: Limits, search: Search
) -> None:
    """Refuse options that this objective has no use for."""
    kind = type(objective)
    priced = not problem.exact
    if problem.extra and (priced or kind is TrackingFirst):
        raise InputError("budget", Budget(extra=problem.extra), "Budget.exact()", remedy=_PRICED)
    if problem.extra and problem.lot is not None and kind is not MinMax:
        raise InputError("budget", Budget(extra=problem.extra), "Budget.exact(), with lots")
    if limits.lots is not None:
        remedy = "cap bounds accounts, and lots positions"
        raise InputError("limits.lots", "given", "None, in wealth space", remedy=remedy)
    if limits.tier is not None and (priced or kind is TrackingFirst):
        raise InputError("limits.tier", "tiers", "None", remedy=_PRICED)
    if search.method is Method.HIGHS and kind in (Leximin, FewestAccounts):
        raise InputError("method", search.method, "Method.AUTO, for this objective")


def _reasons(
    best: Solution, problem: BurdenProblem, start: RoundStart, limits: Limits
) -> tuple[str, ...]:
    """Why each account gives no more: a limit, or that its burden is among the worst."""
    smallest = problem.lot if problem.lot is not None else 1e-9 * problem.capacity
    full = best.haircut > problem.capacity - smallest
    full |= problem.capacity == 0
    reasons = np.array(limits.reasons(start), dtype=object)
    reasons[(problem.weight <= 0) & (problem.capacity > 0)] = "protected"
    reasons[~full & (problem.weight > 0)] = ""
    reasons[~full & best.at_burden] = "worst burden"
    return tuple(reasons.tolist())


_PRICED = "the objective prices what is missed, or minimises it"
_LOSSES = (MinMax, Asymmetric, Empirical)
_IN_DOLLARS: dict[type, Solver] = {
    **{kind: lambda problem, objective, search: least_loss(problem, search) for kind in _LOSSES},
    Leximin: lambda problem, objective, search: leximin(problem),
    TrackingFirst: lambda problem, objective, search: tracking_first(problem, search),
    FewestAccounts: lambda problem, objective, search: fewest_accounts(problem),
    CVaR: least_cvar,
}
_SPACES: dict[type, Callable[..., Any]] = {Round: _in_dollars, ContractRound: _in_contracts}
"""Kinds of rounds and who solves them: (round_, objective, budget, limits, search)."""
