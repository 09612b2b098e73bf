"""A round that starts, what is believed about it, and what its decision is to be judged by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from adlopt.errors import InputError
from adlopt.foundation.arrays import (
    FloatArray,
    Record,
    freeze,
    own,
    own_number,
    own_positive_number,
    own_whole,
)
from adlopt.model.constraint import Constraint, listed
from adlopt.model.limits import Limits
from adlopt.model.loss import Loss, MinMax
from adlopt.model.objective import CVaR, FewestAccounts, Leximin, Objective
from adlopt.model.positions import Positions
from adlopt.model.round import Round, RoundOutcome, RoundStart
from adlopt.model.tables import require_kinds
from adlopt.optimum.core.burden_problem import BurdenProblem
from adlopt.policies.decide.ball import Ball
from adlopt.policies.decide.belief import Belief
from adlopt.show.answer import Columns, Tabular

EXACT = (MinMax, Leximin, FewestAccounts, CVaR)
"""Objectives that allocate a budget; prices of missing it are the decision's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossValidated:
    """A Wasserstein radius in USD, by cross-validation on the values of a belief.

    For each radius the budget is chosen on all folds but one, and judged on that one. The least
    radius of the least mean cost is taken. Value i is in fold i mod `folds`.

    Parameters
    ----------
    folds : int
        At least 2; no more than values are used.
    multiples : tuple of float
        Radii that are tried, ≥ 0, as multiples of the mean distance of the values from their
        median.

    Examples
    --------
    >>> CrossValidated(folds=3).folds
    3
    """

    folds: int = 5
    multiples: tuple[float, ...] = (0.0, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)

    def __post_init__(self) -> None:
        own_whole(self.folds, "folds", lowest=2)
        if not self.multiples:
            raise InputError("multiples", self.multiples, "at least one number")
        tried = tuple(sorted(own_number(m, "multiples", lowest=0.0) for m in self.multiples))
        object.__setattr__(self, "multiples", tried)

    def radius(
        self,
        needed: FloatArray,
        mass: FloatArray,
        choose: Callable[[FloatArray, FloatArray, float], float],
        cost: Callable[[float, FloatArray], FloatArray],
    ) -> float:
        """USD; `choose` takes values, masses and a radius to a budget, `cost` judges it."""
        if needed.size < 2:
            raise InputError("ambiguity", self, "at least 2 values to validate on")
        spread = float(mass @ np.abs(needed - np.median(needed)) / mass.sum())
        fold = np.arange(needed.size) % min(self.folds, needed.size)
        held = [fold == k for k in np.unique(fold)]

        def out_of_sample(radius: float) -> float:
            chosen = [choose(needed[~own], mass[~own], radius) for own in held]
            pairs = zip(chosen, held, strict=True)
            return sum(float(mass[own] @ cost(raised, needed[own])) for raised, own in pairs)

        radii = [multiple * spread for multiple in self.multiples]
        return min(radii, key=out_of_sample)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class DecisionProblem(Tabular, Record):
    """All that `adlopt.decide` is put before: it says what each is.

    >>> start = RoundStart(account=["a", "b"], capacity=[120.0, 80.0], deficit=90.0)
    >>> problem = DecisionProblem(start=start, belief=[30.0, 60.0], under=2.0)
    >>> problem.ball(0.0).needed, problem.ball(0.0).most
    (array([30., 60.]), 90.0)
    """

    start: RoundStart
    belief: Belief
    under: float = 1.0
    over: float = 1.0
    fair: float = 0.0
    ambiguity: float | CrossValidated = 0.0
    chance: float | None = None
    most: float | None = None
    capacities: FloatArray | float | None = None
    delivered: float | None = 1.0
    objective: Loss | Objective = field(default_factory=MinMax)
    limits: Limits | None = None
    constraints: tuple[Constraint, ...] = ()
    positions: Positions | None = None
    deadline: float | None = None

    def __post_init__(self) -> None:
        put = object.__setattr__
        require_kinds(self, start=RoundStart)
        put(self, "belief", as_belief(self.belief))
        for name in ("under", "over"):
            price = own_positive_number(getattr(self, name), name, expected="a price > 0")
            put(self, name, price)
        put(self, "fair", own_number(self.fair, "fair", lowest=0.0))
        if not isinstance(self.ambiguity, CrossValidated):
            put(self, "ambiguity", own_number(self.ambiguity, "ambiguity", lowest=0.0))
        if self.most is not None:
            put(self, "most", own_number(self.most, "most", lowest=0.0))
        if self.deadline is not None:
            put(self, "deadline", own_positive_number(self.deadline, "deadline"))
        for name in ("chance", "delivered"):
            share = getattr(self, name)
            if share is not None and not 0 < own_number(share, name) <= 1:
                raise InputError(name, share, "a share in (0, 1]")
        put(self, "constraints", tuple(listed(self.constraints)))
        given: tuple[Any, ...] = self.constraints
        for k, each in enumerate(given):
            if not isinstance(each, Constraint):
                expected = "rows over groups, as adlopt.group makes them"
                raise InputError("constraints", each, expected, index=k)
        self._check_objective()
        self._own_capacities()

    def _check_objective(self) -> None:
        kinds = ", ".join(kind.__name__ for kind in EXACT)
        if not isinstance(self.objective, EXACT):
            remedy = "under, over and fair are the decision's own"
            raise InputError("objective", self.objective, kinds, remedy=remedy)
        plain = isinstance(self.objective, (MinMax, Leximin))
        if self.fair and not plain:
            remedy = "fair prices the worst burden, which the others do not make least"
            raise InputError("objective", self.objective, "MinMax or Leximin", remedy=remedy)
        in_lots = self.start.lot is not None or self.positions is not None
        if (in_lots or self.capacities is not None) and not isinstance(self.objective, MinMax):
            where = "with lots, or capacities that move"
            raise InputError("objective", self.objective, "MinMax", remedy=where)
        if self.constraints and self.capacities is not None and (in_lots or self.delivered != 1):
            expected = "1, in dollars: with constraints H is delivered in all scenarios"
            raise InputError("delivered", self.delivered, expected)
        if self.delivered is None:
            if self.capacities is None or in_lots:
                raise InputError("delivered", None, "a share in (0, 1], in lots or of no scenarios")
            if self.chance is not None:
                remedy = "what is priced need not be enough"
                raise InputError("chance", self.chance, "None, where `delivered` is", remedy=remedy)

    def _own_capacities(self) -> None:
        given, n = self.capacities, len(self.start.account)
        if given is None:
            return
        if np.isscalar(given):
            band = own_number(given, "capacities", lowest=0.0)
            if band > 1:
                raise InputError("capacities", band, "scenarios (Ω, n), or a share in [0, 1]")
            object.__setattr__(self, "capacities", band)
            return
        rows = [own(row, "capacities", length=n, lowest=0.0) for row in given]  # type: ignore[union-attr]
        if not rows:
            raise InputError("capacities", [], "at least one scenario of n capacities")
        object.__setattr__(self, "capacities", freeze(np.stack(rows)).reshape(len(rows), n))

    @property
    def burdens(self) -> BurdenProblem:
        """The worst burden of the round, within its limits, where nothing is needed yet."""
        round_ = Round(start=self.start, outcome=RoundOutcome(needed=0.0))
        problem = BurdenProblem.of(round_, self.objective.worst)
        return problem if self.limits is None else problem.within(self.limits, self.start)

    def ball(self, radius: float) -> Ball:
        """Distributions within so many USD of the belief."""
        return self.ball_of(self.belief.needed(self.start), self.belief.mass, radius)

    def ball_of(self, needed: FloatArray, mass: FloatArray, radius: float) -> Ball:
        """Distributions near some values of the belief alone."""
        order = np.argsort(needed, kind="stable")
        known = self.belief.needed(self.start)
        return Ball(
            needed=needed[order],
            mass=mass[order],
            most=max(self.start.deficit, float(known.max()), self.most or 0.0),
            radius=radius,
            under=self.under,
            over=self.over,
        )

    def _columns(self) -> Columns:
        return self.start._columns()

    def _heading(self) -> str:
        return f"{self.start._heading()}; {self.belief._heading()}"


def as_belief(given: Any) -> Belief:
    """Return the belief that is meant: samples, quantiles by level, or a distribution in words."""
    if isinstance(given, Belief):
        return given
    if given is None:
        remedy = "samples, quantiles by level, uniform:0:90, or belief_from(past)"
        raise InputError("belief", None, "a belief about what is needed", remedy=remedy)
    if isinstance(given, str):
        return Belief.of_distribution(given)
    return Belief.of_quantiles(given) if isinstance(given, Mapping) else Belief.of_samples(given)
