"""Severity rules that need no tuning: experts weighed by their losses."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from adlopt.errors import InputError
from adlopt.model.round import RoundOutcome, RoundStart, needed_severity
from adlopt.model.run import Information
from adlopt.policies.gradient import AdaGradOGD
from adlopt.policies.parameters import Labelled
from adlopt.policies.protocols import Severity, State
from adlopt.policies.severity import Constant, Persistence, do_nothing


@dataclass(frozen=True, slots=True)
class Ader(Labelled):
    """Hedge over `AdaGradOGD` with c = 1, 2, 4, …: nearly as good as the best of them.

    θ_t is the mean of the experts' severities, weighed by exp(−ζ_t L_{t−1}), with L the losses
    Σ D |θ − θ*| so far and ζ_t = 2 √(ln K / (D_1² + … + D_t²)). After Ader [Zhang, Lu and Zhou,
    NeurIPS 2018], with deficits that are known when a round starts.

    `horizon` is the most rounds that the guarantee is for; it sets the number of experts K. `first`
    is θ_1 of each.
    """

    horizon: float = 100
    first: float = 0.5
    information: ClassVar[Information] = Information.ROUND_START
    label: ClassVar[str] = "ader"

    def __post_init__(self) -> None:
        if not (math.isfinite(self.horizon) and self.horizon >= 1):
            raise InputError("horizon", self.horizon, "a number of rounds ≥ 1")
        Labelled.__post_init__(self)

    @property
    def experts(self) -> tuple[float, ...]:
        """The c of each expert: some one is within √2 of √(1/2 + P) for every P ≤ horizon − 1."""
        count = max(1, math.ceil((1 + math.log2(self.horizon - 0.5)) / 2))
        return tuple(2.0**k for k in range(count))

    @property
    def rules(self) -> tuple[Severity, ...]:
        """What is weighed."""
        return tuple(AdaGradOGD(c, self.first) for c in self.experts)

    def begin(self) -> State:
        """Each expert at its start, without loss, and an empty sum of squares."""
        return tuple((rule.begin(), 0.0) for rule in self.rules), 0.0

    def decide(self, state: State, start: RoundStart) -> float:
        """Return the weighted mean of the experts."""
        experts, past = state
        squares = past + start.deficit**2
        losses = np.array([loss for _, loss in experts])
        rate = 2 * math.sqrt(math.log(len(experts)) / squares) if squares else 0.0
        weights = np.exp(-rate * (losses - losses.min()))
        pairs = zip(self.rules, experts, strict=True)
        theta = np.array([rule.decide(known, start) for rule, (known, _) in pairs])
        return float(np.clip(weights @ theta / weights.sum(), 0.0, 1.0))

    def learn(self, state: State, start: RoundStart, theta: float, outcome: RoundOutcome) -> State:
        """Let each expert learn, and charge it for what it played."""
        experts, past = state
        target = needed_severity(start, outcome)
        learnt = []
        for rule, (known, loss) in zip(self.rules, experts, strict=True):
            played = rule.decide(known, start)
            missed = start.deficit * abs(played - target)
            learnt.append((rule.learn(known, start, played, outcome), loss + missed))
        return tuple(learnt), past + start.deficit**2


@dataclass(frozen=True, slots=True)
class Mixture(Ader):
    """`Ader` with three plain experts more: do-nothing, the constant ½ and persistence.

    For every sequence its loss is at most that of its best expert plus √(ln K · Σ D_t²): it is
    never much worse than doing nothing, and keeps Ader's bound with K + 3 for K.
    """

    label: ClassVar[str] = "mixture"

    @property
    def rules(self) -> tuple[Severity, ...]:
        """Those of `Ader`, then the plain ones."""
        plain = (do_nothing(), Constant(0.5), Persistence(self.first))
        return (*Ader(self.horizon, self.first).rules, *plain)


SEVERITIES = {"ader": Ader, "mixture": Mixture}
