"""What all who are compared deal with: accounts, what each may give, and one budget for all."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from adlopt.errors import InputError
from adlopt.foundation.arrays import FloatArray
from adlopt.model.episode import Episode
from adlopt.model.market import Market
from adlopt.model.round import RoundStart


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A round, or a market, before anybody was touched: every account that may be.

    All but production raise the `budget`. What production took from each is `recorded`, and C_tot
    of its forced fills is `markout`, shape (n,); all in USD.
    """

    start: RoundStart
    budget: float
    recorded: FloatArray | None = None
    markout: FloatArray | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SideHaircuts:
    """What one of them took from whom, USD, scene by scene, and what is proved of optima.

    Hedges are broken where the net exposure of an account grew as one leg was closed; None where
    positions are not known.
    """

    name: str
    information: str
    haircut: tuple[FloatArray, ...]
    hedges_broken: int | None = None
    proofs: tuple[str, ...] = field(default=())


def scenes_of(episode: Episode) -> tuple[Scene, ...]:
    """Rounds at what production took, where that is on record, else at what they needed.

    No budget is larger than all capacities of its round; pooled winners are refused.
    """
    if episode.pooled:
        remedy = "accounts of this episode are not published; adlopt play judges its budgets"
        raise InputError("episode", episode.name, "winners one by one", remedy=remedy)
    found = []
    for round_ in episode:
        start, done = round_.start, round_.outcome
        asked = round_.needed if done.recorded is None else math.fsum(done.recorded)
        budget = min(asked, math.fsum(start.capacity))
        known = {"recorded": done.recorded, "markout": done.markout}
        found.append(Scene(start=start, budget=budget, **known))
    return tuple(found)


def scene_of(market: Market) -> Scene:
    """Solvent accounts that shed nothing, at what closing against what has to go takes from them.

    Refused where nothing has to go, or nobody is left to close.
    """
    gone = market.shed()
    if not len(gone):
        raise InputError("market", "nobody is bankrupt", "something that has to go")
    names = market.accounts.account
    losers = np.isin(names, gone.loser)
    rows = np.flatnonzero((market.equity >= 0) & ~losers)
    if not rows.size:
        raise InputError("accounts", "no solvent account", "at least one")
    recorded = market.accounts.recorded
    return Scene(
        start=RoundStart(
            account=tuple(names[i] for i in rows),
            capacity=np.maximum(market.by_account(market.upnl), 0.0)[rows],
            equity=market.equity[rows],
            deficit=market.required,
        ),
        budget=math.fsum(gone.size * gone.value),
        recorded=None if recorded is None else recorded[rows],
    )
