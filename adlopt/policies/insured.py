"""An insurance fund, or a backstop, that pays before winners do; and how large it should be."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from adlopt.errors import InputError
from adlopt.foundation.arrays import FloatArray, freeze, own, own_number, own_positive_number
from adlopt.model.round import RoundOutcome, RoundStart
from adlopt.model.run import Information
from adlopt.policies.parameters import labelled, positive_share
from adlopt.policies.protocols import Haircut, Policy, State


@dataclass(frozen=True, slots=True)
class FundState:
    """What a fund has, the most it had, both USD, and whether its losses go to winners."""

    balance: float
    peak: float
    deleveraging: bool = False


@dataclass(frozen=True, slots=True)
class Insured:
    """A fund pays first, min(IF, D); a policy of winners' haircuts sees what is left, (D − IF)_+.

    The residual shortfall of [Chitra25, Sec. *Exchange Solvency*] (arXiv 2512.01112). With a
    `trigger` below 1 the fund may fall by that share of its peak and no further: a loss beyond it
    goes to winners, and so do all that follow, until the fund is back at the share `stop` of the
    peak (Bybit, OKX and Bitget: 30 % below the peak of 8 hours, and 90 % of it; an episode is
    taken to be shorter than that). A round that the fund covers is none to the policy, which may
    itself be insured: by a backstop behind the fund.

    Money is in USD. `fund` is what it has at the start, also its peak by then; `trigger` a share in
    (0, 1], 1: the fund pays as long as it has money; `stop` lies in [1 − trigger, 1]; `refill` is
    received after each round. What the fund paid is left out of the deficit, the estimate and the
    needed budget that the policy sees.
    """

    policy: Policy
    fund: float
    trigger: float = 1.0
    stop: float = 0.9
    refill: float = 0.0

    def __post_init__(self) -> None:
        own_number(self.fund, "fund", lowest=0.0)
        own_number(self.refill, "refill", lowest=0.0)
        positive_share("trigger", self.trigger)
        if not 1 - self.trigger <= own_number(self.stop, "stop", lowest=0.0) <= 1:
            raise InputError("stop", self.stop, "a share in [1 − trigger, 1]")

    @property
    def name(self) -> str:
        """The fund, then the policy."""
        values = (self.fund, self.trigger, self.stop, self.refill)
        return f"{labelled('insured', values, (None, 1.0, 0.9, 0.0))}+{self.policy.name}"

    @property
    def information(self) -> Information:
        """That of the policy."""
        return self.policy.information

    def begin(self) -> State:
        """State of the policy, and a full fund."""
        return self.policy.begin(), FundState(self.fund, self.fund)

    def decide(self, state: State, start: RoundStart) -> Haircut:
        """Let the policy decide on what the fund leaves."""
        inner, fund = state
        left = _after(start, self._paid(fund, start.deficit))
        if left.deficit <= 0:
            return np.zeros_like(start.capacity)
        return self.policy.decide(inner, left)

    def learn(
        self, state: State, start: RoundStart, haircut: Haircut, outcome: RoundOutcome
    ) -> State:
        """Pay, refill, and let the policy learn from a round that reached it."""
        inner, fund = state
        paid = self._paid(fund, start.deficit)
        left = _after(start, paid)
        if left.deficit > 0:
            needed = RoundOutcome(needed=max(outcome.needed - paid, 0.0))
            inner = self.policy.learn(inner, left, haircut, needed)
        return inner, self._next(fund, start.deficit)

    def payments(self, starts: Iterable[RoundStart]) -> FloatArray:
        """USD paid before winners in each round, shape (T,): deficits alone decide it.

        With a second fund behind the first one, both together.
        """
        fund, paid, left = FundState(self.fund, self.fund), [], []
        for start in starts:
            paid.append(self._paid(fund, start.deficit))
            left.append(_after(start, paid[-1]))
            fund = self._next(fund, start.deficit)
        total = np.array(paid)
        if isinstance(self.policy, Insured):
            reached = np.array([start.deficit > 0 for start in left], dtype=bool)
            total[reached] += self.policy.payments(s for s in left if s.deficit > 0)
        return freeze(total)

    def _paid(self, fund: FundState, deficit: float) -> float:
        if fund.deleveraging:
            return 0.0
        return min(deficit, max(fund.balance - (1.0 - self.trigger) * fund.peak, 0.0))

    def _next(self, fund: FundState, deficit: float) -> FundState:
        paid = self._paid(fund, deficit)
        balance = fund.balance - paid + self.refill
        peak = max(fund.peak, balance)
        breached = fund.deleveraging or (self.trigger < 1 and deficit > paid)
        return FundState(balance, peak, breached and balance < self.stop * peak)


def optimal_fund(deficit: ArrayLike, *, holding: float, breach: float) -> float:
    """K* = VaR_{1 − r/κ}(D), USD: it minimises r K + κ E(D − K)_+ over past or simulated deficits.

    [Chitra25, Sec. *Optimal Insurance Fund Size*]: a newsvendor's problem; the lower quantile.

    `deficit` is in USD, shape (n,), equally likely; `holding` is r > 0, the cost of a dollar held,
    `breach` κ > 0, that of a dollar that winners give. With κ ≤ r no fund is worth holding.

    >>> optimal_fund([0, 0, 0, 0, 0, 0, 10, 20, 40, 100], holding=0.15, breach=1.0)
    40.0
    """
    sample = np.sort(own(deficit, "deficit", lowest=0.0))
    if sample.size == 0:
        raise InputError("deficit", [], "at least one deficit")
    held = own_positive_number(holding, "holding", expected="a price > 0")
    given = own_positive_number(breach, "breach", expected="a price > 0")
    beyond = np.arange(sample.size - 1, -1, -1)
    worth = np.flatnonzero(beyond * given <= held * sample.size)
    return float(sample[worth[0]]) if held < given else 0.0


def _after(start: RoundStart, paid: float) -> RoundStart:
    if paid <= 0:
        return start
    estimate = None if start.estimate is None else max(start.estimate - paid, 0.0)
    return replace(start, deficit=start.deficit - paid, estimate=estimate)


FUNDS = {"insured": Insured}
