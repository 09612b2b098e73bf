"""Persistence where what a round needed is only known some rounds later."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from adlopt.foundation.arrays import own_whole
from adlopt.model.round import RoundOutcome, RoundStart, needed_severity
from adlopt.model.run import Information
from adlopt.policies.parameters import Labelled
from adlopt.policies.protocols import State


@dataclass(frozen=True, slots=True)
class DelayedPersistence(Labelled):
    """θ*_s of the last finished round with D_s ≥ κ D_t but `delay` of these; `first` without one.

    Delay 0 is gated persistence. Its guarantee is in `proofs/delayed_feedback.py`.
    """

    delay: float = 1.0
    kappa: float = 0.5
    first: float = 0.5
    information: ClassVar[Information] = Information.ROUND_START
    label: ClassVar[str] = "delayed-persistence"
    always: ClassVar[int] = 1

    def __post_init__(self) -> None:
        whole = int(self.delay) if self.delay == int(self.delay) else self.delay
        object.__setattr__(self, "delay", float(own_whole(whole, "delay")))
        Labelled.__post_init__(self)

    def begin(self) -> State:
        """No finished round."""
        return ()

    def decide(self, state: State, start: RoundStart) -> float:
        """Look back for a round that is large enough, and known."""
        return next(self._known(state, self.kappa * start.deficit, start.t), self.first)

    def learn(self, state: State, start: RoundStart, theta: float, outcome: RoundOutcome) -> State:
        """Append (t, D, θ*)."""
        return (*state, (start.t, start.deficit, needed_severity(start, outcome)))

    def _known(self, state: State, least: float, t: int) -> Iterator[float]:
        large = [theta for _, deficit, theta in reversed(state) if deficit >= least]
        yield from large[int(self.delay) :]


@dataclass(frozen=True, slots=True)
class CalendarPersistence(DelayedPersistence):
    """θ*_s of the last round s < t − `delay` with D_s ≥ κ D_t; `first` if there is none."""

    label: ClassVar[str] = "calendar-persistence"

    def _known(self, state: State, least: float, t: int) -> Iterator[float]:
        rounds = reversed(state)
        yield from (x for s, size, x in rounds if s < t - self.delay and size >= least)


SEVERITIES = {
    "delayed-persistence": DelayedPersistence,
    "calendar-persistence": CalendarPersistence,
}
