"""Who would have closed, and given, how much in a market, had the same positions gone otherwise.

Whoever closes does so at the prices of what has to go, so that all raise the same: a venue's rule
says who, not at what price.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from adlopt.errors import InputError
from adlopt.foundation.arrays import BoolArray, FloatArray
from adlopt.model.market import Market
from adlopt.model.run import Information
from adlopt.model.two_sided import TwoSidedRound
from adlopt.optimum.solve import solve
from adlopt.policies.playable import Player
from adlopt.rules.deleverage import deleverage
from adlopt.rules.market_rounds import wealth_round
from adlopt.rules.parts import AT_BANKRUPTCY
from adlopt.rules.rule import Rule
from adlopt.studies.players import AS_DECIDED, broken_hedges, with_given
from adlopt.studies.side_by_side.in_rounds import Goal, by_allocation, by_policy, knew, splits
from adlopt.studies.side_by_side.scene import Scene, SideHaircuts


def by_player(player: Player, market: Market, scene: Scene) -> SideHaircuts:
    """Let a rule close what has to go, or whoever gives what a policy decided close beside it."""
    market = replace(market, fund=0.0)
    gone = market.shed()
    if isinstance(player, Rule) and player.close is not None:
        priced = replace(player, close=replace(player.close, price=AT_BANKRUPTCY))
        done = deleverage(market, priced, gone, called=player.name)
        taken, name = done.given, player.name
    else:
        start = wealth_round(market)
        budget = min(scene.budget, start.total_capacity)
        asked, split = [Scene(start=start, budget=budget)], splits(player)
        (x,) = by_policy(player, asked) if split is None else by_allocation(split, asked)
        decided = with_given(market, start, x)
        done = deleverage(decided, AS_DECIDED, gone)
        taken = decided.accounts.features["given"]
        name = player.name if split is None else split.name
    return SideHaircuts(
        name=name,
        information=knew(player).value,
        haircut=(_at(scene, market, taken),),
        hedges_broken=_count(scene, market, broken_hedges(market, done.closed * market.lot)),
    )


def by_optimum(name: str, goal: Goal, market: Market, scene: Scene) -> SideHaircuts:
    """Match winners with what has to go as is best for a goal, in *hindsight*."""
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
