"""What a policy is: frozen configuration, and state that is passed in and out as a value.

The paper separates two decisions, and so do the parts here: how much to take (a severity) and
from whom (an allocation). `SeverityThenAllocation` joins them; `policy` makes one of a function.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from adlopt.errors import AdloptError, PolicyError
from adlopt.foundation.arrays import FloatArray
from adlopt.foundation.user_code import blame
from adlopt.model.round import RoundOutcome, RoundStart
from adlopt.model.run import Information

Haircut: TypeAlias = FloatArray
"""USD taken from each account, shape (n,), in the order of `RoundStart.account`."""
State: TypeAlias = Any
"""Whatever a policy remembers; never mutated, so that runs replay and copy for free."""


class Actor(Protocol):
    """What all parts have."""

    @property
    def name(self) -> str:
        """Shown in tables."""

    def begin(self) -> State:
        """State before the first round."""


class Deciding(Actor, Protocol):
    """What decides how much."""

    @property
    def information(self) -> Information:
        """What it knew: HINDSIGHT if its tuning looked at the episode."""


class Policy(Deciding, Protocol):
    """An online policy: it sees the start of a round, and the outcomes of finished ones."""

    def decide(self, state: State, start: RoundStart) -> Haircut:
        """Return the haircut of the round that starts."""

    def learn(
        self, state: State, start: RoundStart, haircut: Haircut, outcome: RoundOutcome
    ) -> State:
        """Return the state after the round is over."""


class Severity(Deciding, Protocol):
    """How much to take: θ_t ∈ [0, 1] of the deficit."""

    def decide(self, state: State, start: RoundStart) -> float:
        """Return θ_t."""

    def learn(self, state: State, start: RoundStart, theta: float, outcome: RoundOutcome) -> State:
        """Return the state after the round is over."""


class Allocation(Actor, Protocol):
    """From whom to take a budget that the capacities can bear."""

    def allocate(self, state: State, start: RoundStart, budget: float) -> Haircut:
        """Return haircuts that sum to the budget, USD."""

    def learn(self, state: State, start: RoundStart, haircut: Haircut) -> State:
        """Return the state after the round is over."""


class Blaming:
    """Where what a rule raises names the rule, the round that is told, and a line of its file."""

    def __init__(self, rule: Actor) -> None:
        self.rule = rule
        self.start: RoundStart | None = None

    def __enter__(self) -> Blaming:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Exception) and not isinstance(error, AdloptError):
            when = "before the first round" if self.start is None else f"in round {self.start.t}"
            raise PolicyError(f"{self.rule.name} failed {when}: {blame(error)}") from error


def theta_of(rule: Severity, state: State, start: RoundStart) -> float:
    """What a severity decides, checked to be one."""
    theta = rule.decide(state, start)
    if not 0.0 <= theta <= 1.0:
        said = f"severity {rule.name!r} is {theta!r} in round {start.t}"
        raise PolicyError(f"{said}: a number in [0, 1] is needed")
    return theta


@dataclass(frozen=True, slots=True)
class SeverityThenAllocation:
    """Take B_t = min(θ_t D_t, U_t), then split it.

    Examples
    --------
    >>> from adlopt.policies.allocation import ProRataAllocation
    >>> from adlopt.policies.severity import Constant
    >>> half = SeverityThenAllocation(Constant(0.5), ProRataAllocation())
    >>> start = RoundStart(account=["a", "b"], capacity=[120, 80], deficit=100)
    >>> half.name, half.decide(half.begin(), start)
    ('constant:0.5+pro-rata', array([30., 20.]))
    """

    severity: Severity
    allocation: Allocation

    @property
    def name(self) -> str:
        """`severity+allocation`."""
        return f"{self.severity.name}+{self.allocation.name}"

    @property
    def information(self) -> Information:
        """That of the severity: allocations see the round's start only."""
        return self.severity.information

    def begin(self) -> State:
        """Both states."""
        return self.severity.begin(), self.allocation.begin()

    def decide(self, state: State, start: RoundStart) -> Haircut:
        """Choose the budget, then split it."""
        how_much, from_whom = state
        theta = theta_of(self.severity, how_much, start)
        budget = min(theta * start.deficit, start.total_capacity)
        return self.allocation.allocate(from_whom, start, budget)

    def learn(
        self, state: State, start: RoundStart, haircut: Haircut, outcome: RoundOutcome
    ) -> State:
        """Let both parts learn."""
        how_much, from_whom = state
        theta = theta_of(self.severity, how_much, start)
        return (
            self.severity.learn(how_much, start, theta, outcome),
            self.allocation.learn(from_whom, start, haircut),
        )


@dataclass(frozen=True, slots=True)
class FunctionPolicy:
    """A policy without memory: one function of the round's start."""

    function: Callable[[RoundStart], Haircut]
    name: str
    information: Information = Information.ROUND_START

    def begin(self) -> State:
        """No state."""
        return None

    def decide(self, state: State, start: RoundStart) -> Haircut:
        """Call the function."""
        return self.function(start)

    def learn(
        self, state: State, start: RoundStart, haircut: Haircut, outcome: RoundOutcome
    ) -> State:
        """Learn nothing."""
        return None


def policy(function: Callable[[RoundStart], Haircut]) -> FunctionPolicy:
    """Make a policy of a function from a round's start to a haircut.

    Examples
    --------
    >>> from adlopt.optimum.core.waterfill import pro_rata
    >>> @policy
    ... def half(start):
    ...     return pro_rata(start.capacity, budget=0.5 * start.deficit)
    >>> half.name
    'half'
    """
    name = getattr(function, "__name__", type(function).__name__)
    return FunctionPolicy(function=function, name=name.replace("_", "-"))
