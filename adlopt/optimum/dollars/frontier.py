"""What a budget costs, for every budget: the least worst burden and priced losses, in closed form.

At worst burden z winners raise F(z) = Σ min(u_i, w_i z), whose breakpoints are the levels u_i / w_i
at which an account is full. Both curves are linear between the budgets at their breakpoints: those
of F, and of a loss the budget beyond which a further dollar is not worth its burden.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from adlopt.errors import InputError
from adlopt.foundation.arrays import FloatArray, freeze, own_number
from adlopt.model.filled import filled
from adlopt.model.limits import NO_LIMITS, Limits
from adlopt.model.loss import Asymmetric, MinMax
from adlopt.model.round import Round
from adlopt.optimum.core.burden_problem import BurdenProblem
from adlopt.optimum.core.waterfill import last_level_worth_raising
from adlopt.show.answer import Answer, Columns
from adlopt.show.schema.optima import FrontierData
from adlopt.show.words import counted, percent, usd


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Frontier(Answer):
    """The least worst burden, and losses of priced objectives, by the budget.

    `budget`, USD, rises from 0 to what is needed, or all that can be raised; `worst_burden` is NaN
    beyond that. All are of shape (k,).
    """

    budget: FloatArray
    worst_burden: FloatArray
    losses: tuple[FloatArray, ...]
    objectives: tuple[Asymmetric, ...]

    def __post_init__(self) -> None:
        for name in ("budget", "worst_burden"):
            object.__setattr__(self, name, freeze(getattr(self, name)))
        object.__setattr__(self, "losses", tuple(map(freeze, self.losses)))

    @property
    def reachable(self) -> float:
        """USD. The most that can be raised."""
        return float(self.budget[np.isfinite(self.worst_burden)][-1])

    def burden(self, budget: float) -> float:
        """The least worst burden of a budget, USD; `InputError` if it cannot be raised."""
        wanted, most = own_number(budget, "budget", lowest=0.0), self.reachable
        if wanted > most:
            raise InputError("budget", wanted, f"at most {most!r} USD, which can be raised")
        known = np.isfinite(self.worst_burden)
        return float(np.interp(wanted, self.budget[known], self.worst_burden[known]))

    def _columns(self) -> Columns:
        named = {f"loss_{k}": loss for k, loss in enumerate(self.losses, start=1)}
        return {"budget_usd": self.budget, "worst_burden": self.worst_burden, **named}

    def _heading(self) -> str:
        worst = float(np.nanmax(self.worst_burden))
        pieces = counted(max(self.budget.size - 1, 0), "linear piece")
        return (
            f"hindsight: up to {usd(self.reachable)} USD can be raised, at a worst burden of "
            f"{percent(worst)}; {pieces}"
        )

    def data(self) -> FrontierData:
        """Return it as machines get it."""
        return filled(FrontierData, self, objectives=list(map(repr, self.objectives)))


def frontier(
    round_: Round, *priced: Asymmetric, burden: MinMax | None = None, limits: Limits | None = None
) -> Frontier:
    """Return the least worst burden of every budget, and the least losses, in *hindsight*.

    Parameters
    ----------
    round_ : Round
        Without lots: in them burdens are a staircase.
    *priced : Asymmetric
        `surrogate(...)` or `Asymmetric(...)`, if the budget may be missed.
    burden : MinMax, optional
        What burdens are measured against; `MinMax()` unless given.
    limits : Limits, optional
        Without tiers.

    Raises
    ------
    InputError
        If the round has lots, limits have tiers, or an objective is another one.

    Examples
    --------
    >>> import adlopt as adl
    >>> round_ = adl.Round.of(capacity=[120.0, 80.0], equity=[100.0, 400.0], deficit=90,
    ...                       needed=60)
    >>> curve = adl.frontier(round_, burden=adl.MinMax(burden=adl.Burden.EQUITY))
    >>> curve.budget, curve.worst_burden, curve.burden(60.0)
    (array([  0., 100., 200.]), array([0. , 0.2, 1.2]), 0.12)
    """
    _check(round_, priced, burden, limits)
    within = NO_LIMITS if limits is None else limits
    worst = MinMax() if burden is None else burden
    problems = [BurdenProblem.of(round_, loss).within(within, round_.start) for loss in priced]
    plain = BurdenProblem.of(round_, worst).within(within, round_.start)
    first = _curve(plain)
    end = max(round_.needed, *(problem.reachable for problem in (plain, *problems)))
    curves = [_priced(problem, end) for problem in problems]
    budget = np.unique(np.concatenate([first[0], *(curve[0] for curve in curves)]))
    return Frontier(
        budget=budget,
        worst_burden=np.interp(budget, *first, right=math.nan),
        losses=tuple(np.interp(budget, *curve) for curve in curves),
        objectives=priced,
    )


def _curve(problem: BurdenProblem) -> tuple[FloatArray, FloatArray]:
    """Budgets and levels of F, at its breakpoints, from (0, 0) on."""
    held = problem.open > 0
    u, w = problem.open[held], problem.weight[held]
    level = u / w
    order = np.argsort(level, kind="stable")
    given = np.cumsum(u[order], dtype=np.longdouble)
    free = np.cumsum(w[order][::-1], dtype=np.longdouble)[::-1]
    after = np.append(free[1:], 0.0) if free.size else free
    level = level[order]
    last = np.append(level[1:] > level[:-1], True) if level.size else np.zeros(0, dtype=bool)
    budget = (given + level * after)[last].astype(np.float64)
    return np.append(0.0, budget), np.append(0.0, level[last])


def _priced(problem: BurdenProblem, end: float) -> tuple[FloatArray, FloatArray]:
    """Budgets and least losses: up to the last level worth raising, then a dollar missed each."""
    budget, level = _curve(problem)
    kept = level <= last_level_worth_raising(problem)
    last = float(budget[kept][-1])
    more = [max(end, last)] if end > last else []
    losses = problem.fair * level[kept]
    further = [float(losses[-1]) + problem.under * (usd_ - last) for usd_ in more]
    return np.append(budget[kept], more), np.append(losses, further)


def _check(round_: object, priced: Sequence[object], burden: object, limits: Limits | None) -> None:
    if not isinstance(round_, Round):
        raise InputError("round_", round_, "a Round")
    if round_.start.lot is not None:
        raise InputError("lot", "lots", "None", remedy="in lots burdens are a staircase")
    if limits is not None and limits.tier is not None:
        raise InputError("limits.tier", "tiers", "None", remedy="ask each tier on its own")
    for index, loss in enumerate(priced):
        if not isinstance(loss, Asymmetric):
            expected = "Asymmetric(...) or surrogate(...)"
            raise InputError("priced", loss, expected, index=index)
    if burden is not None and not isinstance(burden, MinMax):
        raise InputError("burden", burden, "a MinMax")
