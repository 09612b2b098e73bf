"""The offline optimum of a round: solve it, and prove it.

Which method runs, and what it costs for n accounts:

======================  =========================================================  ============
problem                 method                                                     cost
======================  =========================================================  ============
continuous              Newton on the concave water level, a few passes            O(n)
continuous, priced      the same, plus a sort where the budget is not worth it     O(n log n)
lots, exact budget      bisection on the worst burden, then bounded subset sums    O(n log n)
lots, priced            the same, and branch and bound below the budget            O(n) a level
contracts               see `adlopt.contracts`                                     O(m) a level
any, `Method.HIGHS`     linear program in slack form; shifted-core MILP for lots   simplex, B&B
======================  =========================================================  ============

With lots, bisection makes some 60 passes over the accounts; each subset sum is bounded by
`subset_sum.NODES` and `subset_sum.SUMS`, and a search that needs more of them gives up and says so.
The least burden in lots whose sum may exceed the budget is then still proved, exactly.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import overload

import numpy as np

from adlopt import lots, waterfill
from adlopt.arrays import BoolArray, FloatArray, IntArray, Record, freeze_mask, own
from adlopt.budget import Budget
from adlopt.certificate import Certificate, Trust, certify, round_down
from adlopt.contracts import ContractSolution, solve_contracts
from adlopt.errors import CertificateError, InputError, SolverFailed
from adlopt.highs import Infeasible, Stopped, run
from adlopt.loss import Loss, MinMax, worst_burden
from adlopt.lot_grid import MICRO, LotGrid
from adlopt.method import Method as Method  # noqa: PLC0414 - imported from here
from adlopt.positions import ContractRound
from adlopt.problem import BurdenProblem
from adlopt.program import ShiftedCore, SlackForm
from adlopt.round import Round


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Solution(Record):
    """A feasible haircut and what is proved about it.

    Parameters
    ----------
    haircut : FloatArray, shape (n,)
        USD taken from each account, in the order of the round's accounts.
    value : float
        The loss, recomputed at the haircut.
    worst_burden : float
        max x_i / w_i of the loss's burden.
    certificate : Certificate
    method : Method
        What produced the haircut.
    stopped : Stopped
        Whether the method's search ended or hit a limit.
    at_capacity : BoolArray, shape (n,)
        Where the capacity binds.
    at_burden : BoolArray, shape (n,)
        Where the worst burden is borne: these accounts hold it up.
    """

    haircut: FloatArray
    value: float
    worst_burden: float
    certificate: Certificate
    method: Method
    stopped: Stopped
    at_capacity: BoolArray
    at_burden: BoolArray

    def __post_init__(self) -> None:
        object.__setattr__(self, "haircut", own(self.haircut, "haircut", lowest=0.0))
        for name in ("at_capacity", "at_burden"):
            object.__setattr__(self, name, freeze_mask(getattr(self, name)))

    @property
    def raised(self) -> float:
        """USD. H = Σ x_i."""
        return float(self.haircut.sum())

    @property
    def touched(self) -> int:
        """Number of accounts with a haircut."""
        return int(np.count_nonzero(self.haircut))

    @property
    def budget_price(self) -> float | None:
        """Rise of the optimum per extra dollar of budget (dual y); None if it was not used."""
        given = self.certificate.multipliers
        return None if given is None else given.budget

    def __str__(self) -> str:
        winners = "1 winner gives" if self.touched == 1 else f"{self.touched} winners give"
        early = "" if self.stopped is Stopped.OPTIMAL else "; stopped at a limit"
        return (
            f"{winners} {self.raised:,.2f} USD, worst burden {100 * self.worst_burden:.4g} %; "
            f"{self.certificate}{early}"
        )


@overload
def solve(
    round_: Round,
    loss: Loss | None = None,
    *,
    method: Method = Method.AUTO,
    time_limit: float | None = None,
) -> Solution: ...


@overload
def solve(
    round_: ContractRound,
    loss: Loss | None = None,
    *,
    budget: Budget | None = None,
    gap: float = 0.0,
    method: Method = Method.AUTO,
    time_limit: float | None = None,
) -> ContractSolution: ...


def solve(
    round_: Round | ContractRound,
    loss: Loss | None = None,
    *,
    budget: Budget | None = None,
    gap: float = 0.0,
    method: Method = Method.AUTO,
    time_limit: float | None = None,
) -> Solution | ContractSolution:
    """Return the haircut that, knowing the needed budget, costs least: the offline optimum.

    This is a *hindsight* benchmark, [CTTX26, Eq. 11]: it may look at `needed`, a policy may not.

    Parameters
    ----------
    round_ : Round or ContractRound
        With lots, haircuts are whole multiples of them, exact in micro-dollars. In contract space
        whole lots of positions are closed, and all positions of an account share its burden.
    loss : Loss, optional
        `MinMax()` (exact budget, Eq. 8) unless given: `surrogate` (Eq. 10), `Asymmetric` (Eq. 9),
        `Empirical(excess_only=True)` (the convex part of Eq. 23). In contract space `MinMax`.
    budget : Budget, optional
        In contract space: which sums count as raising the needed budget; `Budget.exact()` unless
        given.
    gap : float
        In contract space: relative gap, proven, at which to stop; 0 for the optimum itself. A gap
        of 1e-6 takes a fifth of the time where accounts have many positions.
    method : Method
        `AUTO`, or `HIGHS` to have HiGHS solve the linear or mixed-integer program.
    time_limit : float, optional
        Seconds for `Method.HIGHS`. The other methods need none.

    Returns
    -------
    Solution or ContractSolution
        With its certificate.

    Raises
    ------
    InfeasibleRound
        If no haircut meets an exact budget; it names the nearest budgets that can be met.
    SolverStopped
        If a limit came before any feasible haircut.
    SolverFailed, CertificateError
        If a solver's answer is not one.
    InputError
        If the loss is not convex, or the method does not fit the problem.

    Examples
    --------
    >>> round_ = Round.of(capacity=[120.0, 80.0, 40.0], deficit=90.0, needed=60.0)
    >>> best = solve(round_)
    >>> print(best)
    3 winners give 60.00 USD, worst burden 25 %; proven optimal (exact)
    >>> best.haircut
    array([30., 20., 10.])

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
    if isinstance(round_, ContractRound):
        return solve_contracts(
            round_, loss, budget=budget, gap=gap, method=method, time_limit=time_limit
        )
    if not isinstance(round_, Round):
        raise InputError(
            "round_",
            round_,
            "a Round or a ContractRound",
            remedy="Round.of(...) or read_round(path)[0]",
        )
    for name, given, default in (("budget", budget, None), ("gap", gap, 0.0)):
        if given != default:
            remedy = "ContractRound.of_wealth(round_)"
            raise InputError(name, given, f"{default}, in wealth space", remedy=remedy)
    loss = MinMax() if loss is None else loss
    problem = BurdenProblem.of(round_, loss)
    if method not in (Method.AUTO, Method.HIGHS):
        raise InputError("method", method, "Method.AUTO or Method.HIGHS")
    if time_limit is not None and method is Method.AUTO:
        raise InputError("time_limit", time_limit, "None", remedy="it goes with Method.HIGHS")
    if problem.lot is not None:
        return _solve_lots(problem, method, time_limit)
    if method is Method.HIGHS:
        return _solve_program(problem, time_limit)
    haircut, multipliers = waterfill.optimum(problem)
    used = Method.PRO_RATA if loss == MinMax() else Method.WATER_FILLING
    return _solution(problem, haircut, certify(problem, haircut, multipliers), used)


def _solution(
    problem: BurdenProblem,
    haircut: FloatArray,
    certificate: Certificate,
    method: Method,
    stopped: Stopped = Stopped.OPTIMAL,
) -> Solution:
    smallest = problem.lot if problem.lot is not None else 1e-9 * problem.capacity
    worst = worst_burden(haircut, problem.weight)
    full = (haircut > 0) & (haircut > problem.capacity - smallest)
    return Solution(
        haircut=haircut,
        value=certificate.upper,
        worst_burden=worst,
        certificate=certificate,
        method=method,
        stopped=stopped,
        at_capacity=full,
        at_burden=(haircut > 0) & (haircut >= worst * problem.weight * (1 - 1e-9)),
    )


def _solve_program(problem: BurdenProblem, time_limit: float | None) -> Solution:
    if problem.exact:
        waterfill.check_reachable(problem.budget, problem.reachable)
    form = SlackForm.of(problem)
    try:
        answer = run(form.program, time_limit=time_limit)
    except Infeasible:
        raise SolverFailed("HiGHS calls a round infeasible whose budget is in reach") from None
    haircut = form.haircut(answer.columns)
    duals = answer.row_duals if answer.row_duals is not None else np.zeros(0)
    certificate = certify(problem, haircut, form.multipliers(duals))
    return _solution(problem, haircut, certificate, Method.HIGHS, answer.stopped)


def _solve_lots(problem: BurdenProblem, method: Method, time_limit: float | None) -> Solution:
    grid = LotGrid.of(problem)
    if method is Method.HIGHS:
        counts, stopped, lower = _highs_lots(problem, grid, time_limit)
    else:
        answer = lots.optimum(problem, grid)
        counts, lower = answer.counts, answer.lower
        stopped = Stopped.OPTIMAL if answer.finished else Stopped.LIMIT
    haircut = grid.haircut(counts)
    certificate = certify_lots(problem, grid, counts, claimed=lower)
    used = Method.HIGHS if method is Method.HIGHS else Method.LOT_SEARCH
    return _solution(problem, haircut, certificate, used, stopped)


def certify_lots(
    problem: BurdenProblem, grid: LotGrid, counts: IntArray, *, claimed: Fraction
) -> Certificate:
    """Certify whole lots in integers.

    Where strictly below a level not even the budget can be raised, no haircut has a smaller
    burden: that proves a bound without any search, whether the level is that of the lots or one
    that the search `claimed`. Where the continuous bound already meets the value, that proves it.
    Any other lower bound is the search's own word, and is labelled so.

    Raises
    ------
    CertificateError
        If the lots leave their bounds or miss an exact budget.
    """
    if (counts < 0).any() or (counts > grid.most).any():
        raise CertificateError("an account gives more lots than fit under its capacity")
    total = grid.total(counts)
    if problem.exact and total != grid.budget:
        missing = (grid.budget - total) / MICRO
        raise CertificateError(f"the lots miss the budget by {missing!r} USD")
    haircut = grid.haircut(counts)
    upper, level = problem.value(haircut), grid.level_of(counts)
    residual = total / MICRO - problem.budget if problem.exact else 0.0
    if _is_least(problem, grid, level):
        lower = round_down(level)
        return Certificate(upper=upper, lower=lower, trust=Trust.EXACT, budget_residual=residual)
    relaxed, multipliers = waterfill.optimum(problem)
    continuous = certify(problem, relaxed, multipliers)
    met = replace(continuous, upper=upper, budget_residual=residual)
    if met.optimal:
        return met
    lower = min(round_down(claimed), upper)
    if lower <= continuous.lower:
        return met
    trust = Trust.EXACT if _is_least(problem, grid, claimed) else Trust.REPORTED
    return replace(met, lower=lower, trust=trust, error=0.0, multipliers=None)


def _is_least(problem: BurdenProblem, grid: LotGrid, level: Fraction) -> bool:
    """Whether the lots that stay strictly below a burden cannot raise an exact budget."""
    return problem.exact and grid.total(grid.counts_below(level)) < max(grid.budget, 1)


def _highs_lots(
    problem: BurdenProblem, grid: LotGrid, time_limit: float | None
) -> tuple[IntArray, Stopped, Fraction]:
    """Let HiGHS choose the lots between two levels, widening them until a sum fits."""
    if not problem.exact:
        raise InputError(
            "method", Method.HIGHS, "an exact budget, with lots", remedy="use Method.AUTO"
        )
    lots.check_supply(grid)
    if grid.budget == 0:
        return np.zeros_like(grid.most), Stopped.OPTIMAL, Fraction(0)
    top = grid.level_of(grid.most)
    low = Fraction(waterfill.water_level(problem.weight, problem.open, problem.budget))
    low = max(low * (1 - Fraction(1, 10**12)), Fraction(0))
    high = max(2 * low, top / 2**20)
    while True:
        high = min(high, top)
        core = ShiftedCore.of(grid, low, high)
        try:
            answer = run(core.program, time_limit=time_limit)
        except Infeasible:
            if high == top:
                lots.optimum(problem, grid)
                raise SolverFailed(
                    "HiGHS calls a round infeasible that has a solution in lots; use Method.AUTO"
                ) from None
            high = 4 * high
            continue
        bound = low + (high - low) * Fraction(max(answer.bound, 0.0))
        return core.counts(answer.columns), answer.stopped, bound
