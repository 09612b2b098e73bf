"""Stale candidates: what a haircut still raises when it is executed after accounts have changed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike

from adlopt.errors import InputError
from adlopt.foundation.arrays import FloatArray, own, own_whole
from adlopt.foundation.money import MICRO, lot_sizes, whole_lots
from adlopt.model.episode import Episode
from adlopt.model.filled import filled
from adlopt.model.round import RoundStart
from adlopt.model.solvency import ROUNDING, check_haircut
from adlopt.policies.protocols import Policy
from adlopt.scoring.one_run import decisions
from adlopt.show.answer import Answer, Columns
from adlopt.show.schema.studies import ExecutedData
from adlopt.show.words import usd


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Executed(Answer):
    """A haircut decided on one state of the accounts and executed on a later one, USD.

    `planned` was decided, and `raised` was still there. What was missed is by account: those that
    are gone, `closed`, and those whose profit no longer suffices, `shrunk`. `spare` is the profit
    of all winners that is left at execution: what could have paid instead.
    """

    planned: float
    raised: float
    closed: Mapping[str, float]
    shrunk: Mapping[str, float]
    spare: float

    @property
    def missed(self) -> float:
        """USD planned and not raised."""
        return math.fsum([*self.closed.values(), *self.shrunk.values()])

    def _columns(self) -> Columns:
        missed = {**self.closed, **self.shrunk}
        return {
            "account": list(missed),
            "missed_usd": list(missed.values()),
            "why": ["closed"] * len(self.closed) + ["shrunk"] * len(self.shrunk),
        }

    def _heading(self) -> str:
        return (
            f"{usd(self.raised)} of {usd(self.planned)} USD raised; {usd(self.missed)} missed on "
            f"{len(self.closed):,} closed and {len(self.shrunk):,} shrunk accounts, while others "
            f"had {usd(self.spare)}"
        )

    def data(self) -> ExecutedData:
        """Return the sums, and what was missed on whom."""
        return filled(ExecutedData, self, **self._columns())


def execute(haircut: ArrayLike, decided: RoundStart, executed: RoundStart) -> Executed:
    """Take from each account what it was to give, as far as it still can; whole lots where set.

    Nothing is moved to another account: that would be a new decision.

    Parameters
    ----------
    haircut : array_like, shape (n,)
        USD, feasible when decided.
    decided, executed : RoundStart
        The accounts then and now.

    Raises
    ------
    BadHaircut
        If the haircut was not feasible when it was decided.

    Examples
    --------
    >>> then = RoundStart(account=["a", "b", "c"], capacity=[5, 4, 3], deficit=9)
    >>> now = RoundStart(account=["a", "c", "d"], capacity=[2, 3, 7], deficit=9)
    >>> print(execute([5, 4, 0], then, now))
    2.00 of 9.00 USD raised; 7.00 missed on 1 closed and 1 shrunk accounts, while others had 10.00
    """
    x = check_haircut(haircut, decided)
    place = {name: i for i, name in enumerate(executed.account)}
    asked = np.zeros_like(executed.capacity)
    closed = {}
    for name, amount in zip(decided.account, x.tolist(), strict=True):
        if name in place:
            asked[place[name]] = amount
        elif amount > 0:
            closed[name] = amount
    paid = _still_there(asked, executed)
    short = asked - paid
    shrunk = {
        name: gap
        for name, gap, amount in zip(executed.account, short.tolist(), asked.tolist(), strict=True)
        if gap > ROUNDING * amount
    }
    return Executed(
        planned=math.fsum(x),
        raised=math.fsum(paid),
        closed=MappingProxyType(closed),
        shrunk=MappingProxyType(shrunk),
        spare=max(math.fsum(executed.capacity - paid), 0.0),
    )


def execute_late(episode: Episode, policy: Policy, *, delay: int = 1) -> tuple[Executed, ...]:
    """Decide each round on its start, and execute it on the accounts of a later round.

    The policy learns as if its haircuts had been executed at once. The last `delay` rounds have
    no later accounts and are left out.

    Raises
    ------
    InputError
        If the delay leaves no round, or the winners are pooled.

    Examples
    --------
    >>> from adlopt.data.episodes import shock
    >>> from adlopt.policies.grammar import named
    >>> late = execute_late(shock(rounds=4, winners=50, seed=2), named("estimate+queue"))
    >>> len(late), all(round_.raised <= round_.planned for round_ in late)
    (3, True)
    """
    expected = f"a whole number of rounds from 0 to {len(episode) - 1}"
    if own_whole(delay, "delay", expected=expected) >= len(episode):
        raise InputError("delay", delay, expected)
    if episode.pooled:
        raise InputError("episode", episode.name, "winners one by one")
    played = decisions(policy, episode.rounds[: len(episode) - delay])
    pairs = zip(played, episode.rounds[delay:], strict=True)
    return tuple(execute(x, round_.start, later.start) for (round_, x), later in pairs)


def _still_there(asked: FloatArray, executed: RoundStart) -> FloatArray:
    """min(x, u), shape (n,); the whole lots of it where an account has shrunk."""
    paid = np.minimum(asked, executed.capacity)
    if executed.lot is None:
        return paid
    size = lot_sizes(own(executed.lot, "lot", length=asked.size, lowest=0.0))
    rounded: FloatArray = whole_lots(paid, size) * size / MICRO
    return np.where(asked > executed.capacity * (1 + ROUNDING), rounded, paid)
