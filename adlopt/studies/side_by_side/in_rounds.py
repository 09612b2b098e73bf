"""Who would have given how much in rounds of dollars, had each budget been raised otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from adlopt.foundation.arrays import FloatArray
from adlopt.model.budget import Budget
from adlopt.model.loss import Loss
from adlopt.model.objective import Objective
from adlopt.model.round import Round, RoundOutcome
from adlopt.model.run import Information
from adlopt.model.solvency import check_haircut
from adlopt.optimum.solve import solve
from adlopt.policies.by_rule import ByRule
from adlopt.policies.playable import Player
from adlopt.policies.protocols import Allocation, SeverityThenAllocation
from adlopt.rules.rule import Rule
from adlopt.studies.side_by_side.scene import Scene, SideHaircuts

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
    state, taken = policy.begin(), []
    for scene in scenes:
        seen = replace(scene.start, deficit=scene.budget, estimate=scene.budget)
        taken.append(check_haircut(policy.decide(state, seen), seen, who=policy.name))
        state = policy.learn(state, seen, taken[-1], RoundOutcome(needed=scene.budget))
    return taken


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
