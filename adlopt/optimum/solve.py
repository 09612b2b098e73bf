"""The front door: what is best in hindsight, for whatever is put before it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict, Unpack, overload

from adlopt.errors import InfeasibleRound, InputError
from adlopt.model.budget import Budget
from adlopt.model.constraint import Constraint, listed
from adlopt.model.episode import Episode
from adlopt.model.limits import NO_LIMITS, Limits
from adlopt.model.loss import Asymmetric, Loss, MinMax
from adlopt.model.market import Market
from adlopt.model.method import Method
from adlopt.model.objective import CVaR, Objective
from adlopt.model.positions import ContractRound
from adlopt.model.problem import Problem
from adlopt.model.round import Round, RoundStart
from adlopt.model.two_sided import TwoSidedRound
from adlopt.optimum.core.surface import asked, until_stopped
from adlopt.optimum.dollars.least_loss import Search
from adlopt.optimum.evidence.certificate_file import refusal_file
from adlopt.optimum.evidence.question import Question
from adlopt.optimum.programs.highs import keeping_models
from adlopt.optimum.spaces import SOLVABLE, SPACES, Options

if TYPE_CHECKING:
    from adlopt.optimum.contracts.closing import ContractSolution
    from adlopt.optimum.coupled.solve_coupled import CoupledSolution
    from adlopt.optimum.dollars.least_loss import Solution
    from adlopt.optimum.matching.matched import Matching

    Best: TypeAlias = Solution | ContractSolution | Matching | CoupledSolution


class Asked(TypedDict, total=False):
    """Options of `solve`; each kind of thing takes some of them, and refuses the others."""

    budget: Budget | None
    limits: Limits | None
    gap: float
    whole_lots: bool
    method: Method
    time_limit: float | None
    constraints: Sequence[Constraint]


@overload
def solve(
    thing: Round, objective: Loss | Objective | None = None, **options: Unpack[Asked]
) -> Solution: ...
@overload
def solve(
    thing: ContractRound, objective: MinMax | None = None, **options: Unpack[Asked]
) -> ContractSolution: ...
@overload
def solve(
    thing: TwoSidedRound | Market, objective: Objective | None = None, **options: Unpack[Asked]
) -> Matching: ...
@overload
def solve(
    thing: Episode, objective: MinMax | Asymmetric | None = None, **options: Unpack[Asked]
) -> CoupledSolution: ...
@overload
def solve(
    thing: Problem, objective: Loss | Objective | None = None, **options: Unpack[Asked]
) -> Best: ...
def solve(  # noqa: PLR0913 - options of one door
    thing: Any,
    objective: Any = None,
    *,
    budget: Budget | None = None,
    limits: Limits | None = None,
    gap: float = 0.0,
    whole_lots: bool = False,
    method: Method = Method.AUTO,
    time_limit: float | None = None,
    constraints: Sequence[Constraint] = (),
) -> Best:
    """Return what, knowing the needed budget, is best: the offline optimum.

    This is a *hindsight* benchmark, [CTTX26, Eq. 11]: it may look at `needed`, a policy may not.

    | what is solved | how | answer |
    |---|---|---|
    | `Round` | dollars are taken, of lots whole multiples | `Solution` |
    | `ContractRound` | whole lots of positions are closed | `ContractSolution` |
    | `TwoSidedRound`, `Market` | winners are matched with what losers shed | `Matching` |
    | `Episode` | what one round takes is gone in the next | `CoupledSolution` |
    | `Problem`, as `adlopt.read` returns it | its round, as the file says | as above |

    All positions of an account share its burden. Lots are exact in micro-dollars.

    | objective | what is least | of |
    |---|---|---|
    | `MinMax()`, the default | worst burden, budget met (Eq. 8) | all of them |
    | `surrogate`, `Asymmetric` | dollars missed, burden, priced (9, 10) | dollars, episodes |
    | `Empirical(excess_only=True)` | the convex part of Eq. 23 | dollars |
    | `Leximin()` | worst burden, then the second worst, … | dollars, two sides |
    | `TrackingFirst()` | dollars missed, then worst burden | dollars |
    | `FewestAccounts()` | accounts touched, then worst burden | dollars, two sides |
    | `CVaR(level)` | mean of the worst share of burdens | dollars |
    | `KeepHedges()` | net delta changed, then worst burden | two sides |
    | `LeastLeverage()` | worst leverage after closing | two sides |

    Parameters
    ----------
    thing : Round, ContractRound, TwoSidedRound, Market, Episode or Problem
    objective : Loss or Objective, optional
        One of the table; that of a `Problem` unless given.
    budget : Budget, optional
        `Budget.exact()` unless given; `Budget.at_least()` and `Budget.band(width)` allow more,
        which only lots make use of: a dollar too many never lowers a burden. Of winners alone.
    limits : Limits, optional
        Eligibility, caps, floors, tiers and weights, and where there are positions lots of them.
        The answer then says why each account gives no more. Between two sides positions of a lower
        tier are closed first in each coin and side.
    gap : float
        Relative gap, proven, at which a search may stop; 0 for the optimum itself. A gap of 1e-6
        takes a fifth of the time where accounts have many positions. What a tier gives is then
        within the gap of the most that it can.
    whole_lots : bool
        Between two sides: close whole lots, rounded from the continuous optimum, or searched for by
        branch and bound with `Method.HIGHS`, in rounds of some hundred positions. What is less than
        a lot stays unmatched.
    method : Method
        `AUTO`, or `HIGHS` to have HiGHS solve the linear or mixed-integer program, and what it
        leaves of it in whole micro-dollars mended. Of `Leximin` between two sides it proves the
        worst burden, and cuts the further levels. Where it finds nothing, the answer is what is
        known otherwise: `solution.method` says which.
    time_limit : float, optional
        Seconds, > 0, after which the best found is returned with what is proved of it: a tenth of
        them later at most, and what it takes to read the round, to check the answer once, and to
        load a library when it is first used. Ctrl-C is such a limit, too; the second one
        interrupts.
    constraints : sequence of Constraint
        Rows of one's own over groups of accounts, as `adlopt.group` makes them; those over single
        variables take `adlopt.model`. The answer has its proof as without them.

    Returns
    -------
    Solution, ContractSolution, Matching or CoupledSolution
        With its certificate; one more for each further criterion, or tier.

    Raises
    ------
    InfeasibleRound
        If an exact budget cannot be met, or profits do not suffice for what is shed; it names the
        nearest budgets that can be met, or the rounds, who cannot give more and why.
    SolverStopped
        If a limit came before any feasible answer.
    SolverFailed, CertificateError
        If a solver's answer is not one.
    InputError
        If the loss is not convex, or an option does not fit.

    Examples
    --------
    >>> import adlopt as adl
    >>> round_ = adl.Round.of(capacity=[120.0, 80.0, 40.0], deficit=90.0, needed=60.0)
    >>> best = adl.solve(round_)
    >>> print(best)
    3 winners give 60.00 USD, worst burden 25 %; proven optimal (exact)
    >>> best.haircut
    array([30., 20., 10.])
    >>> adl.solve(round_, adl.FewestAccounts()).haircut
    array([60.,  0.,  0.])
    >>> limits = adl.Limits(ineligible={"1": "vault"}, cap=[1.0, 1.0, 0.25])
    >>> limited = adl.solve(round_, limits=limits)
    >>> limited.haircut, limited.reason
    (array([ 0., 50., 10.]), ('ineligible: vault', 'worst burden', 'cap'))

    In lots of 25 dollars the same 75 dollars cannot be spread as evenly:

    >>> lots = adl.Round.of(capacity=[120.0, 80.0, 40.0], deficit=90.0, needed=75.0, lot=25.0)
    >>> print(adl.solve(lots))
    2 winners give 75.00 USD, worst burden 41.67 %; proven optimal (exact)

    In contract space, where what is closed seldom sums to the budget exactly:

    >>> contracts = adl.ContractRound.of(
    ...     account=["ann", "ann", "bob"], coin=["ETH", "BTC", "ETH"],
    ...     side=["long", "short", "long"], size=[10, 3, 8], value=[40, 90, 40],
    ...     deficit=500, needed=305)
    >>> best = adl.solve(contracts, budget=adl.Budget.at_least())
    >>> print(best)
    2 winners give 320.00 USD from 2 positions, worst burden 35.82 %; proven optimal (exact)
    >>> best.lots, best.haircut
    (array([6, 0, 2]), array([240.,  80.]))

    Under a constraint of one's own:

    >>> round_ = adl.Round.of(capacity=[120.0, 80.0, 40.0], deficit=90.0, needed=60.0,
    ...                       tags={"desk": ["makers", "", "makers"]})
    >>> makers = adl.group("makers").gives_at_most(share=0.2)
    >>> print(adl.solve(round_, constraints=[makers]))
    3 winners give 60.00 USD, worst burden 60 %; proven optimal (exact)

    With both sides, and with several rounds:

    >>> both = adl.TwoSidedRound(
    ...     adl.ContractRound.of(
    ...         account=["alice", "bob", "bob"], coin=["ETH", "ETH", "BTC"], side=["short"] * 3,
    ...         size=[10, 5, 1], value=[200, 200, 0], capacity=[8000, 1000], deficit=1800,
    ...         needed=1800),
    ...     adl.Shed(loser=["xavier"], coin=["ETH"], side=["long"], size=[9], price=[3800],
    ...          mark=[3600]))
    >>> best = adl.solve(both)
    >>> print(best)
    2 winners give 1,800.00 USD in 2 trades, worst burden 20 %; proven optimal (exact)
    >>> best.closed
    array([8., 1., 0.])
    >>> episode = adl.Episode(name="two", rounds=[
    ...     adl.Round.of(t=1, account=["a", "b"], capacity=[90.0, 90.0], deficit=90.0, needed=30.0),
    ...     adl.Round.of(t=2, account=["a"], capacity=[90.0], deficit=90.0, needed=30.0)])
    >>> print(adl.solve(episode))
    2 rounds raise 60.00 USD, worst burden in all 33.33 %; proven optimal (exact)
    """
    constraints = listed(constraints)
    if isinstance(thing, Problem):
        objective = thing.objective if objective is None else objective
        limits = thing.limits if limits is None else limits
        if isinstance(thing.thing, TwoSidedRound):
            whole_lots = whole_lots or thing.whole_lots
            method = thing.method if method is Method.AUTO else method
        constraints = (*thing.constraints, *constraints)
        thing = thing.thing
    if isinstance(objective, CVaR) and isinstance(thing, Round):
        objective = objective.of_start(thing.start)
    if constraints or callable(getattr(objective, "cost", None)):
        given = {"budget": budget, "limits": limits, "whole_lots": whole_lots}
        asked_for = Search(gap=gap)
        find = partial(_under_rows, thing, objective, constraints, given, asked_for)
        best: Best = until_stopped(find, time_limit)
        return best
    space = SPACES.get(type(thing))
    if isinstance(getattr(thing, "start", thing), RoundStart) and space is None:
        remedy = "adlopt.decide, or adlopt decide, takes a round at its start, on a belief"
        raise InputError("thing", thing, "a round whose needed budget is known", remedy=remedy)
    if space is None:
        raise InputError("thing", thing, SOLVABLE, remedy="Round.of(...) or read(path)")
    options = Options(
        budget=budget,
        limits=limits,
        gap=gap,
        whole_lots=whole_lots,
        method=method,
    )
    objective = MinMax() if objective is None else objective
    if isinstance(thing, Episode) and options.method is Method.HIGHS:
        from adlopt.optimum.opened.model import by_highs

        space = by_highs
    if isinstance(objective, CVaR) and isinstance(thing, Round) and thing.start.lot is not None:
        from adlopt.optimum.opened.model import tail_in_lots

        space = tail_in_lots
    question = Question(
        thing=thing,
        objective=objective,
        budget=Budget() if budget is None else budget,
        limits=NO_LIMITS if limits is None else limits,
        whole_lots=whole_lots,
    )
    find = partial(_or_refused, partial(space, thing, objective, options), question, options)
    best = until_stopped(find, time_limit)
    return asked(best, question)


def _under_rows(
    thing: Any, objective: Any, constraints: Sequence[Any], given: dict[str, Any], how: Search
) -> Any:
    from adlopt.optimum.opened.model import model

    return model(thing, objective, **given).solve(constraints, gap=how.gap)


def _or_refused(find: Callable[[], Best], question: Question, options: Options) -> Best:
    """What is found; a refusal is told with its evidence."""
    try:
        with keeping_models():
            return find()
    except InfeasibleRound as error:
        thing, farkas = question.thing, error.farkas
        if not (error.irreducible or isinstance(thing, Round)):
            from adlopt.optimum.opened.model import contradiction

            error = contradiction(error, thing, question.objective, options)
        error.evidence = partial(refusal_file, question, farkas)
        raise error from None
