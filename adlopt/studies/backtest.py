"""How a decider would have done, round by round, knowing only the rounds before."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from adlopt.errors import CausalityError, InputError
from adlopt.foundation.arrays import FloatArray, Record, freeze, own_number, own_whole
from adlopt.model.episode import Episode
from adlopt.model.loss import SeverityLoss
from adlopt.model.round import RoundStart
from adlopt.policies.decide.decision import Decision
from adlopt.policies.severity_notation import quantile
from adlopt.scoring.one_run import other_future
from adlopt.show.answer import Answer, Columns
from adlopt.show.decision import backtested
from adlopt.show.schema.decisions import BacktestData, BacktestedData

Decider: TypeAlias = Callable[[Episode, RoundStart], Decision | float]
"""From the rounds before, as an episode, and a start to a decision, or USD to raise."""
DRAWS = 2_000
"""Of blocks of rounds, for intervals."""
OURS = "decider"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Backtest(Answer, Record):
    """What a decider, and those that it must beat, would have raised; arrays of shape (T − t_0,).

    Parameters
    ----------
    episode : Episode
    first : int
        The first round that was decided.
    under, over : float
        Price of a dollar missed and of a dollar too much.
    promised : float or None
        Mean share of cases in which enough was to be raised, where all decisions guarantee one.
    raised : dict of str to FloatArray
        USD, by who decides; the best constant is *hindsight*.
    """

    _view = backtested
    episode: Episode
    first: int
    under: float
    over: float
    promised: float | None
    raised: dict[str, FloatArray]

    def _columns(self) -> Columns:
        rounds = list(range(self.first, len(self.episode) + 1))
        made = {f"{who}_usd": raised for who, raised in self.raised.items()}
        return {"round": rounds, "needed_usd": self._needed, **made}

    def _heading(self) -> str:
        return f"backtest on {self.episode.name}, rounds {self.first} to {len(self.episode)}"

    @property
    def _needed(self) -> FloatArray:
        return self.episode.needed[self.first - 1 :]

    def losses(self, who: str = OURS) -> FloatArray:
        """Priced dollars missed in each round."""
        over = self.raised[who] - self._needed
        return np.asarray(np.maximum(self.over * over, -self.under * over), dtype=np.float64)

    def data(self) -> BacktestData:
        """Return figures and paired differences, with 95 % intervals over blocks of rounds."""
        ours = self.losses()
        best = math.fsum(self.losses("best-constant"))
        rows = []
        for who, raised in self.raised.items():
            over, losses = raised - self._needed, self.losses(who)
            short = over < -1e-9 * np.maximum(self._needed, 1.0)
            weight = self.episode.deficit[self.first - 1 :]
            less = _interval(ours - losses) if who != OURS else None
            rows.append(
                BacktestedData(
                    who=who,
                    loss=math.fsum(losses),
                    regret=math.fsum(losses) - best,
                    overshoot_usd=math.fsum(np.maximum(over, 0.0)),
                    undershoot_usd=math.fsum(np.maximum(-over, 0.0)),
                    short_rounds=float(short.mean()),
                    short_dollars=float(weight @ short / weight.sum()) if weight.any() else 0.0,
                    decider_loses_more=less,
                )
            )
        return BacktestData(
            episode=self.episode.name,
            rounds=int(ours.size),
            first=self.first,
            under=self.under,
            over=self.over,
            promised=self.promised,
            by=rows,
        )


def backtest(
    episode: Episode, decider: Decider, *, learn: int = 4, under: float = 1.0, over: float = 1.0
) -> Backtest:
    """Decide each round on the rounds before it alone, and set the losses beside simple rules.

    Every decision is made again with all outcomes from its round on replaced, inside the objects of
    the episode: it must be the same, bit for bit.

    Parameters
    ----------
    episode : Episode
    decider : callable
        From the rounds before, as an episode, and a start to a `Decision`, or USD.
    learn : int
        Rounds that are only learned from, at least 1.
    under, over : float
        Price of a dollar missed and of a dollar too much.

    Raises
    ------
    CausalityError
        If a decision changes with an outcome that it cannot know; names the round.
    InputError
        If no round is left to decide.

    Examples
    --------
    >>> import adlopt as adl
    >>> def careful(past, start):
    ...     return adl.decide(start, belief=adl.belief_from(past, equally=True), chance=0.75)
    >>> done = backtest(adl.episodes.october_10(), careful, under=5.0)
    >>> done.raised["decider"].size, done.promised >= 0.75
    (12, True)
    """
    SeverityLoss(under=under, over=over)
    if own_whole(learn, "learn", lowest=1) >= len(episode):
        raise InputError("learn", learn, f"fewer than the {len(episode)} rounds of the episode")
    taken, promised = [], []
    for t in range(learn, len(episode)):
        decision = _decided(episode, decider, t)
        for factor in (0.0, 3.0):
            with other_future(episode, t, factor):
                again = _decided(episode, decider, t)
            if _usd(again) != _usd(decision):
                said = f"round {t + 1} is decided differently when only outcomes from it on change"
                raise CausalityError(f"the decider sees the future: {said}")
        taken.append(_usd(decision))
        promised.append(decision.guarantee if isinstance(decision, Decision) else None)
    shares = [share for share in promised if share is not None]
    size, needed = episode.deficit[learn:], episode.needed_severity[learn:]
    pairs = tuple(zip(needed.tolist(), size.tolist(), strict=True))
    constant = quantile(pairs, under / (under + over), 0.0)
    before = episode.needed_severity[learn - 1 : -1]
    return Backtest(
        episode=episode,
        first=learn + 1,
        under=under,
        over=over,
        promised=math.fsum(shares) / len(shares) if len(shares) == len(taken) else None,
        raised={
            OURS: freeze(taken),
            "do-nothing": freeze(np.zeros(size.size)),
            "persistence": freeze(before * size),
            "best-constant": freeze(constant * size),
        },
    )


def _decided(episode: Episode, decider: Decider, t: int) -> Any:
    past = Episode(name=episode.name, rounds=episode.rounds[:t], pooled=episode.pooled)
    return decider(past, episode.rounds[t].start)


def _usd(decision: Decision | float) -> float:
    raised = decision.raised if isinstance(decision, Decision) else decision
    return own_number(raised, "decider", lowest=0.0)


def _interval(differences: FloatArray) -> tuple[float, float, float]:
    """Their sum, with the 95 % interval of a circular block bootstrap: neighbours stay together."""
    n, rng = differences.size, np.random.default_rng(0)
    length = max(1, round(n ** (1 / 3)))
    starts = rng.integers(0, n, (DRAWS, math.ceil(n / length)))
    places = (starts[:, :, None] + np.arange(length)).reshape(DRAWS, -1)[:, :n] % n
    low, high = np.quantile(differences[places].sum(axis=1), [0.025, 0.975])
    return math.fsum(differences), float(low), float(high)
