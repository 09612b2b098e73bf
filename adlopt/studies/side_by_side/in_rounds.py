"""Who would have given how much in rounds of dollars, had each budget been raised otherwise."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np

from adlopt.errors import InputError
from adlopt.foundation.arrays import FloatArray
from adlopt.model.budget import Budget
from adlopt.model.episode import Episode
from adlopt.model.loss import Loss
from adlopt.model.market import Market
from adlopt.model.objective import Objective
from adlopt.model.round import Round, RoundOutcome, RoundStart
from adlopt.model.run import Information
from adlopt.model.solvency import check_haircut
from adlopt.optimum.solve import solve
from adlopt.policies.by_rule import ByRule
from adlopt.policies.grammar import Player
from adlopt.policies.protocols import Allocation, SeverityThenAllocation
from adlopt.rules.rule import Rule
from adlopt.scoring.one_run import decisions


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


Goal: TypeAlias = Loss | Objective


def by_player(player: Player, scenes: Sequence[Scene]) -> SideHaircuts:
    """Split each budget as an allocation or a rule would; its severity plays no part.

    A policy that is not made of the two decides as if each budget were the deficit.
    """
    split = splits(player)
    taken = by_policy(player, scenes) if split is None else by_allocation(split, scenes)
    name = player.name if split is None else split.name
    return SideHaircuts(name=name, information=knew(player).value, haircut=tuple(taken))


def knew(player: Player) -> Information:
    """What a player knew that is told its budget."""
    if isinstance(player, Rule) or splits(player) is not None:
        return Information.ROUND_START
    return player.information


def splits(player: Player) -> Allocation | None:
    """From whom a player takes, apart from how much; None where it decides both at once."""
    if isinstance(player, Rule):
        return ByRule(player)
    return player.allocation if isinstance(player, SeverityThenAllocation) else None


def by_allocation(split: Allocation, scenes: Sequence[Scene]) -> list[FloatArray]:
    """Haircuts of an allocation, scene by scene, shape (n,) each."""
    state, taken = split.begin(), []
    for scene in scenes:
        start = scene.start
        taken.append(
            check_haircut(split.allocate(state, start, scene.budget), start, who=split.name)
        )
        state = split.learn(state, start, taken[-1])
    return taken


def by_policy(policy: Any, scenes: Sequence[Scene]) -> list[FloatArray]:
    """Haircuts of a policy whose deficits, and estimates, are the budgets."""
    rounds = (
        Round(
            start=replace(scene.start, deficit=scene.budget, estimate=scene.budget),
            outcome=RoundOutcome(needed=scene.budget),
        )
        for scene in scenes
    )
    return [haircut for _, haircut in decisions(policy, rounds)]


def by_optimum(name: str, goal: Goal, scenes: Sequence[Scene]) -> SideHaircuts:
    """What is best for a goal at each budget, in *hindsight*, with its proofs."""
    found = []
    for scene in scenes:
        round_ = Round(start=scene.start, outcome=RoundOutcome(needed=scene.budget))
        lots = None if scene.start.lot is None else Budget.at_least()
        found.append(solve(round_, goal, budget=lots))
    return SideHaircuts(
        name=name,
        information=Information.HINDSIGHT.value,
        haircut=tuple(best.haircut for best in found),
        proofs=tuple(str(best.certificate) for best in found),
    )
