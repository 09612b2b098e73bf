"""The one problem that every haircut objective of a round reduces to.

::

    minimise    under · s + over · p + fair · max(z − allowance, 0)
    subject to  Σ x_i + s − p = budget,      s, p ≥ 0
                0 ≤ x_i ≤ capacity_i,        x_i ≤ weight_i · z
                x_i = lot_i · k_i,           k_i whole, where there are lots

Infinite `under` and `over` make the budget exact: then `fair` = 1 and the value is the worst
burden, [CTTX26, Eq. 8]. Finite ones give Eq. 9, equal ones Eq. 10, and `allowance` = m_ref the
convex part of Eq. 23. An exact budget may be a band: its sum is in [budget, budget + extra].
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

from adlopt.errors import InputError
from adlopt.foundation.arrays import FloatArray
from adlopt.model.limits import NO_LIMITS, Limits
from adlopt.model.loss import Asymmetric, Empirical, Loss, MinMax, priced_burden, worst_burden
from adlopt.model.round import Round, RoundStart

OWN = "state it as an objective of one's own, by `worst` and a `cost` in cvxpy"
"""What to do with an objective that is not known."""


@dataclass(frozen=True, kw_only=True, eq=False)
class BurdenProblem:
    """Numbers of the problem above: arrays of shape (n,) and prices, and the round they are of."""

    capacity: FloatArray
    weight: FloatArray
    budget: float
    under: float
    over: float
    fair: float
    allowance: float = 0.0
    lot: FloatArray | None = None
    extra: float = 0.0
    round_: Round | None = None

    @classmethod
    def of(cls, round_: Round, loss: Loss) -> BurdenProblem:
        """State a round under a loss."""
        if isinstance(loss, MinMax):
            under, over, fair, allowance = math.inf, math.inf, 1.0, 0.0
        elif isinstance(loss, Asymmetric):
            under, over, fair, allowance = loss.under, loss.over, loss.fair, 0.0
        elif isinstance(loss, Empirical):
            if not loss.excess_only:
                raise InputError(
                    "loss",
                    loss,
                    "a convex loss",
                    remedy="Eq. 23 charges for being fairer than its reference: "
                    "use Empirical(..., excess_only=True)",
                )
            under = over = 1.0
            fair, allowance = loss.weight * round_.needed, loss.reference
        else:
            expected = "MinMax, Asymmetric, surrogate(...) or Empirical"
            raise InputError("loss", loss, expected, remedy=OWN)
        return cls(
            capacity=round_.start.capacity,
            weight=loss.weights(round_.start),
            budget=round_.needed,
            under=under,
            over=over,
            fair=fair,
            allowance=allowance,
            lot=round_.start.lot,
            round_=round_,
        )

    def within(self, limits: Limits, start: RoundStart) -> BurdenProblem:
        """The problem of the same round under limits."""
        if limits is NO_LIMITS:
            return self
        return replace(self, capacity=limits.most(start), weight=limits.denominators(self.weight))

    @property
    def names(self) -> tuple[str, ...]:
        """Ids of accounts, length n; numbers from 1 where amounts alone are known."""
        if self.round_ is None:
            return tuple(map(str, range(1, self.capacity.size + 1)))
        return self.round_.start.account

    @property
    def exact(self) -> bool:
        """Whether the budget must be met, not merely priced."""
        return math.isinf(self.under)

    @cached_property
    def open(self) -> FloatArray:
        """Capacity where an account may be burdened at all, 0 where it is protected; USD, (n,)."""
        held = self.weight > 0
        return self.capacity if held.all() else self.capacity * held

    @property
    def reachable(self) -> float:
        """USD. The most that can be raised without touching a protected account."""
        return float(self.open.sum())

    def value(self, haircut: FloatArray) -> float:
        """The objective at a haircut, recomputed from nothing else; ignores an exact budget."""
        excess = max(worst_burden(haircut, self.weight) - self.allowance, 0.0)
        return self.missed(haircut) + priced_burden(self.fair, excess)

    def missed(self, haircut: FloatArray) -> float:
        """Price of missing the budget; 0 where the budget is exact."""
        if self.exact:
            return 0.0
        missing = self.budget - math.fsum(haircut)
        return max(self.under * missing, -self.over * missing)
