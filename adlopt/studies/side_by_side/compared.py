"""Production beside rules, policies and optima at one budget, account by account."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, cast

import numpy as np

from adlopt.data.files.aims import worded
from adlopt.errors import InputError
from adlopt.foundation.arrays import FloatArray
from adlopt.model.episode import Episode
from adlopt.model.loss import Burden, MinMax, worst_burden
from adlopt.model.market import Market
from adlopt.model.run import Information
from adlopt.optimum.objective_registry import known_as, names
from adlopt.policies import grammar
from adlopt.policies.grammar import Playable, Player
from adlopt.scoring.one_run import PRODUCTION
from adlopt.show.answer import Answer, Columns, plain
from adlopt.show.schema.data import finite
from adlopt.show.schema.studies import SideBySideData, SideData
from adlopt.show.side_by_side import summary
from adlopt.studies.diagnostics.concentration import gini, top_share
from adlopt.studies.players import attempt
from adlopt.studies.side_by_side import in_market, in_rounds
from adlopt.studies.side_by_side.in_rounds import Goal, Scene, SideHaircuts, scene_of, scenes_of

STANDARD: tuple[Any, ...] = ("hyperliquid", "pro-rata", MinMax())
"""What production is compared with unless told otherwise."""
TOPS = (1, 10, 100)
"""Accounts whose share of the dollars is stated."""
CENT = 0.01
Contender: TypeAlias = Playable | Goal


@dataclass(frozen=True, slots=True, kw_only=True)
class _Contender:
    """Who is compared, by a name: a goal stands for its optimum."""

    name: str
    player: Player | None = None
    goal: Goal | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class SideBySide(Answer):
    """Who gives how much, under production and otherwise.

    As a dataframe it has a row an account of each round, with a column for each side, USD.

    Parameters
    ----------
    name : str
    scenes : tuple of Scene
        Rounds, or the one moment of a market.
    sides : tuple of SideHaircuts
        Production first, where it is on record; then rules, policies and optima, which are
        *hindsight*.
    burden : Burden
        What the worst burden is measured against.
    unplayed : dict of str to str
        Who could not be compared, and why.
    budget_is : {"production", "needed", "shed"}
        What all raise: what production took, was needed, or what closing against all that has to
        go takes.
    """

    _view = summary
    name: str
    scenes: tuple[Scene, ...]
    sides: tuple[SideHaircuts, ...]
    burden: Burden = Burden.CAPACITY
    unplayed: dict[str, str] = field(default_factory=dict)
    budget_is: str = "production"

    def _columns(self) -> Columns:
        starts = [scene.start for scene in self.scenes]
        columns: dict[str, Any] = {
            "round": [start.t for start in starts for _ in start.account],
            "account": [name for start in starts for name in start.account],
            "capacity_usd": np.concatenate([start.capacity for start in starts]),
        }
        for side in self.sides:
            columns[f"{side.name}_usd"] = np.concatenate(side.haircut)
        return columns

    def _heading(self) -> str:
        return f"{self.name}: {', '.join(side.name for side in self.sides)}, account by account"

    @property
    def totals(self) -> dict[str, FloatArray]:
        """USD of every account over all rounds, shape (accounts,), by side."""
        index: dict[str, int] = {}
        places = [
            [index.setdefault(name, len(index)) for name in scene.start.account]
            for scene in self.scenes
        ]
        found = {side.name: np.zeros(len(index)) for side in self.sides}
        for side in self.sides:
            for place, taken in zip(places, side.haircut, strict=True):
                np.add.at(found[side.name], place, taken)
        return found

    def __getitem__(self, name: str) -> SideData:
        """Figures of the side of that name."""
        data = self.data().sides
        return data[[side.name for side in data].index(grammar.pick(name, [s.name for s in data]))]

    def data(self) -> SideBySideData:
        """Return figures of each side, and every account's dollars."""
        totals = list(self.totals.values())
        first = totals[0] if self.sides[0].name == PRODUCTION else None
        known = [] if self.budget_is != "production" else self.scenes
        beyond = [s for s in known if math.fsum(s.recorded) > s.budget * (1 + 1e-9) + CENT]  # type: ignore[arg-type]
        return SideBySideData(
            name=self.name,
            rounds=len(self.scenes),
            accounts=totals[0].size,
            budget_usd=math.fsum(scene.budget for scene in self.scenes),
            budget_is=self.budget_is,
            beyond_capacity=[scene.start.t for scene in beyond],
            burden=self.burden.value,
            sides=[
                self._figures(side, total, first)
                for side, total in zip(self.sides, totals, strict=True)
            ],
            unplayed=self.unplayed,
            by_account=plain(self._columns()),
        )

    def _figures(self, side: SideHaircuts, total: FloatArray, first: FloatArray | None) -> SideData:
        given = np.maximum(total, 0.0)
        worst = max(
            worst_burden(np.maximum(x, 0.0), self.burden.weights(scene.start))
            for x, scene in zip(side.haircut, self.scenes, strict=True)
        )
        less = np.zeros(0) if first is None or first is total else first - total
        marked = [scene.markout for scene in self.scenes if scene.markout is not None]
        return SideData(
            name=side.name,
            information=side.information,
            raised_usd=math.fsum(total),
            gini=gini(given),
            top_share={str(top): top_share(given, top) for top in TOPS},
            touched=int((given > 0).sum()),
            largest_usd=float(given.max(initial=0.0)),
            worst_burden=finite(worst),
            touches_protected=math.isinf(worst),
            better_off=int((less > CENT).sum()),
            better_off_usd=math.fsum(less[less > CENT]),
            worse_off=int((less < -CENT).sum()),
            worse_off_usd=math.fsum(-less[less < -CENT]),
            hedges_broken=side.hedges_broken,
            markout_usd=math.fsum(map(math.fsum, marked)) if marked and first is total else None,
            proofs=list(side.proofs),
        )


def compare(
    thing: Episode | Market,
    contenders: Sequence[Contender] = (),
    *,
    burden: Burden = Burden.CAPACITY,
    progress: Callable[[str], None] | None = None,
) -> SideBySide:
    """Set what the venue is on record to have taken beside rules, policies and optima.

    All raise one budget: in each round what production took, or what was needed where that is not
    on record; in a market, what closing against all that has to go takes, at its prices. Severities
    play no part. Budgets are known when all is over: this is who would have paid, not what could
    have been decided. Who cannot be compared is named with the reason.

    Parameters
    ----------
    thing : Episode or Market
        With `recorded`, if production is to be one of them.
    contenders : sequence of Rule, Policy, Allocation, function, objective or str
        An objective, such as `MinMax()`, or its name, stands for the optimum in *hindsight*;
        `STANDARD` unless given.
    burden : Burden
        What the worst burden is measured against.
    progress : callable, optional
        Told each name before it plays.

    Raises
    ------
    InputError
        If winners are pooled, or nothing has to go.
    AdloptError
        If none of them can be compared: what kept the first.

    Examples
    --------
    >>> from adlopt.model.round import Round
    >>> rounds = [Round.of(capacity=[120.0, 80.0], deficit=90.0, needed=60.0, recorded=[60.0, 0.0])]
    >>> done = compare(Episode(name="one round", rounds=rounds), ["pro-rata", MinMax()])
    >>> done["production"].worst_burden, done["pro-rata"].worst_burden
    (0.5, 0.3)
    >>> done["pro-rata"].better_off_usd, done["pro-rata"].worse_off_usd
    (24.0, 24.0)
    """
    grammar.require_list(contenders)
    chosen = [_contender(each) for each in contenders or STANDARD]
    if isinstance(thing, Market):
        scene = scene_of(thing)
        scenes: tuple[Scene, ...] = (scene,)
        name, broke = "the market", in_market.production_broke(thing, scene)
        budget_is = "shed"

        def play(each: _Contender) -> SideHaircuts:
            if each.player is not None:
                return in_market.by_player(each.player, thing, scene)
            assert each.goal is not None
            return in_market.by_optimum(each.name, each.goal, thing, scene)
    elif isinstance(thing, Episode):
        scenes, name, broke = scenes_of(thing), thing.name, None
        budget_is = "needed" if scenes[0].recorded is None else "production"

        def play(each: _Contender) -> SideHaircuts:
            if each.player is not None:
                return in_rounds.by_player(each.player, scenes)
            assert each.goal is not None
            return in_rounds.by_optimum(each.name, each.goal, scenes)
    else:
        raise InputError("thing", thing, "an Episode or a Market")
    sides, unplayed = attempt(chosen, play, progress)
    sides = _once([*_production(scenes, broke), *sides])
    how: dict[str, Any] = {"burden": burden, "unplayed": unplayed, "budget_is": budget_is}
    return SideBySide(name=name, scenes=scenes, sides=tuple(sides), **how)


def _production(scenes: tuple[Scene, ...], broke: int | None) -> list[SideHaircuts]:
    taken = tuple(scene.recorded for scene in scenes if scene.recorded is not None)
    recorded = Information.RECORDED.value
    side = SideHaircuts(name=PRODUCTION, information=recorded, haircut=taken, hedges_broken=broke)
    return [side] if len(taken) == len(scenes) else []


def _once(sides: Sequence[SideHaircuts]) -> list[SideHaircuts]:
    """Of policies that split alike, the first; two that do not must not have one name."""
    found: dict[str, SideHaircuts] = {}
    for side in sides:
        first = found.setdefault(side.name, side)
        if not all(map(np.array_equal, first.haircut, side.haircut)):
            grammar.require_distinct([first.name, side.name])
    return list(found.values())


def _contender(given: Contender) -> _Contender:
    """Who is meant: of a name that both have, the optimum."""
    if isinstance(given, str) and given.partition(":")[0] in names():
        where = "dollars" if given.partition(":")[0] in names("dollars") else "two_sides"
        return _Contender(name=f"{given} optimum", goal=worded(given, {}, where))
    if hasattr(given, "worst"):
        return _Contender(name=f"{_called(given)} optimum", goal=cast(Goal, given))
    player = grammar.player(given)
    return _Contender(name=player.name, player=player)


def _called(goal: object) -> str:
    return next((n for n in names() if known_as(n).made is type(goal)), type(goal).__name__)
