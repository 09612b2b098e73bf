"""Who would have closed, and given, how much in a market, had the same positions gone otherwise.

Whoever closes does so at the prices of what has to go, so that all raise the same: a venue's rule
says who, not at what price.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from adlopt.errors import InputError
from adlopt.foundation.arrays import BoolArray, FloatArray
from adlopt.model.market import Market
from adlopt.model.run import Information
from adlopt.model.two_sided import TwoSidedRound
from adlopt.optimum.objective_registry import OBJECTIVES
from adlopt.optimum.solve import solve
from adlopt.policies.grammar import Player
from adlopt.rules.deleverage import deleverage
from adlopt.rules.market_rounds import wealth_round
from adlopt.rules.parts import AT_BANKRUPTCY
from adlopt.rules.rule import Rule
from adlopt.studies.players import AS_DECIDED, broken_hedges, with_given
from adlopt.studies.side_by_side.in_rounds import (
    Goal,
    Scene,
    SideHaircuts,
    by_allocation,
    by_optimum as in_dollars,
    by_policy,
    knew,
    splits,
)


def by_player(player: Player, market: Market, scene: Scene) -> SideHaircuts:
    """Let a rule close what has to go, or whoever gives what a policy decided close beside it."""
    market = replace(market, fund=0.0)
    gone = market.shed()
    if isinstance(player, Rule) and player.close is not None:
        priced = replace(player, close=replace(player.close, price=AT_BANKRUPTCY))
        done = deleverage(market, priced, gone, called=player.name)
        taken, name = done.given, player.name
    else:
        asked, split = _asked(market, scene), splits(player)
        (x,) = by_policy(player, [asked]) if split is None else by_allocation(split, [asked])
        name = player.name if split is None else split.name
        return _decided(market, asked, x, scene, name=name, information=knew(player).value)
    return SideHaircuts(
        name=name,
        information=knew(player).value,
        haircut=(_at(scene, market, taken),),
        hedges_broken=_count(scene, market, broken_hedges(market, done.closed * market.lot)),
    )


def _asked(market: Market, scene: Scene) -> Scene:
    """The budget, asked of winners in dollars."""
    start = wealth_round(market)
    return Scene(start=start, budget=min(scene.budget, start.total_capacity))


def _decided(
    market: Market, asked: Scene, haircut: FloatArray, scene: Scene, **said: Any
) -> SideHaircuts:
    """Whoever gives dollars closes beside it, in proportion."""
    decided = with_given(market, asked.start, haircut)
    done = deleverage(decided, AS_DECIDED, market.shed())
    broken = broken_hedges(market, done.closed * market.lot)
    taken = _at(scene, market, decided.accounts.features["given"])
    return SideHaircuts(haircut=(taken,), hedges_broken=_count(scene, market, broken), **said)


def by_optimum(name: str, goal: Goal, market: Market, scene: Scene) -> SideHaircuts:
    """Find what is best for a goal, in *hindsight*.

    A goal of dollars is met in dollars, which no matching can beat; any other by matching winners
    with what has to go.
    """
    if any(type(goal) is known.made and known.dollars for known in OBJECTIVES.values()):
        market, asked = replace(market, fund=0.0), _asked(market, scene)
        best = in_dollars(name, goal, [asked])
        said = {"name": name, "information": best.information, "proofs": best.proofs}
        return _decided(market, asked, best.haircut[0], scene, **said)
    return _matched(name, goal, market, scene)


def _matched(name: str, goal: Goal, market: Market, scene: Scene) -> SideHaircuts:
    best = solve(TwoSidedRound.of_market(market), goal)
    if best.unmatched.any():
        left = float(best.unmatched.sum())
        raise InputError("shed", f"{left:g} contracts without a winner", "all of it matched")
    index = {name: i for i, name in enumerate(market.accounts.account)}
    taken, closed = np.zeros(len(index)), np.zeros(len(market.positions))
    taken[[index[account] for account in best.account]] = best.haircut
    held = best.round_.winners.positions
    rows = {key: k for k, key in enumerate(_keys(market.positions))}
    closed[[rows[key] for key in _keys(held)]] = best.closed
    return SideHaircuts(
        name=name,
        information=Information.HINDSIGHT.value,
        haircut=(_at(scene, market, taken),),
        hedges_broken=_count(scene, market, broken_hedges(market, closed)),
        proofs=(str(best.certificate),),
    )


def production_broke(market: Market, scene: Scene) -> int | None:
    """Accounts whose hedge what is on record broke; None where closed contracts are not."""
    closed = market.positions.recorded
    return None if closed is None else _count(scene, market, broken_hedges(market, closed))


def _keys(held: object) -> list[tuple[object, ...]]:
    columns = (getattr(held, name) for name in ("account", "coin", "side"))
    return list(zip(*columns, strict=True))


def _at(scene: Scene, market: Market, values: FloatArray) -> FloatArray:
    """A column of the market's accounts, for those of the scene."""
    index = {name: i for i, name in enumerate(market.accounts.account)}
    return np.asarray(values)[[index[name] for name in scene.start.account]]


def _count(scene: Scene, market: Market, broken: BoolArray) -> int:
    return int(_at(scene, market, broken.astype(np.float64)).sum())
