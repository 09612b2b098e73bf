"""The same worlds under several rules and policies: distributions, and paired differences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field

import msgspec
import numpy as np

from adlopt.errors import InputError
from adlopt.foundation.arrays import FloatArray
from adlopt.model.market import Market
from adlopt.policies.grammar import Playable, Player, player, require_distinct
from adlopt.show.answer import Answer, Columns
from adlopt.show.comparison import summary
from adlopt.show.schema.studies import ComparedData, ComparisonData, CrashOutcome
from adlopt.studies.players import attempt
from adlopt.studies.simulation.loop import simulate
from adlopt.studies.simulation.world import Scenario, check_seed, draw

STANDARD = ("hyperliquid", "binance", "reya", "persistence+pro-rata", "constant:1+pro-rata")
"""What is compared unless told otherwise."""
LEVELS = {"median": 0.5, "low": 0.05, "high": 0.95}
"""Quantiles that are reported."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Comparison(Answer):
    """What each player came to in each world: its `outcomes`, by name, by seed from 0.

    Of the `unplayed`, why they could not be.

    Examples
    --------
    >>> done = compare(["binance", "do-nothing"], Scenario(accounts=40), seeds=3)
    >>> [row.policy for row in done.data().policies]
    ['binance', 'do-nothing+pro-rata']
    """

    _view = summary
    scenario: Scenario
    outcomes: dict[str, tuple[CrashOutcome, ...]]
    unplayed: dict[str, str] = field(default_factory=dict)

    def _columns(self) -> Columns:
        rows = [
            {"policy": name, "seed": seed, **msgspec.to_builtins(outcome)}
            for name, outcomes in self.outcomes.items()
            for seed, outcome in enumerate(outcomes)
        ]
        return {name: [row[name] for row in rows] for name in rows[0]}

    def _heading(self) -> str:
        return f"the same crashes under each policy: {self.scenario}"

    def data(self) -> ComparisonData:
        """Return outcomes, quantiles, and differences to the first player in the same world."""
        columns = {name: _columns(runs) for name, runs in self.outcomes.items()}
        first, runs = next(iter(columns.values())), next(iter(self.outcomes.values()))
        return ComparisonData(
            scenario=asdict(self.scenario),
            seeds=len(runs),
            policies=[
                ComparedData(
                    policy=name,
                    quantiles={m: _quantiles(v) for m, v in own.items()},
                    less_first={m: _quantiles(v - first[m]) for m, v in own.items()},
                    outcomes=list(self.outcomes[name]),
                )
                for name, own in columns.items()
            ],
            unplayed=self.unplayed,
        )


def compare(
    players: Sequence[Playable],
    scenario: Scenario | None = None,
    *,
    seeds: int = 100,
    market: Market | None = None,
    progress: Callable[[str], None] | None = None,
) -> Comparison:
    """Run every player in the worlds of the seeds 0, 1, …: common random numbers.

    Who cannot play is named with the reason, and the others go on.

    Parameters
    ----------
    players : sequence of Rule, Policy, Severity, Allocation, function or str
    scenario : Scenario, optional
    seeds : int
        How many, ≥ 1.
    market : Market, optional
        Where each crash starts, as in `simulate`.
    progress : callable, optional
        Told each player's name before each run.

    Raises
    ------
    InputError
        If there are no players, two of one name, or no seeds.
    """
    if check_seed(seeds) < 1:
        raise InputError("seeds", seeds, "a whole number ≥ 1")
    if isinstance(players, str) or not players:
        raise InputError("policies", players, "a list of at least one")
    chosen = [player(each) for each in players]
    names = [each.name for each in chosen]
    require_distinct(names)
    world = draw(Scenario() if scenario is None else scenario, 0, market)

    def play(each: Player) -> tuple[CrashOutcome, ...]:
        outcomes = []
        for seed in range(seeds):
            if progress is not None:
                progress(each.name)
            outcomes.append(simulate(each, scenario, seed=seed, market=market).outcome)
        return tuple(outcomes)

    played, unplayed = attempt(chosen, play)
    outcomes = zip((name for name in names if name not in unplayed), played, strict=True)
    return Comparison(scenario=world.scenario, outcomes=dict(outcomes), unplayed=unplayed)


def _columns(runs: tuple[CrashOutcome, ...]) -> dict[str, FloatArray]:
    rows = [msgspec.to_builtins(outcome) for outcome in runs]
    return {name: np.array([float(row[name]) for row in rows]) for name in rows[0]}


def _quantiles(values: FloatArray) -> dict[str, float]:
    return {name: float(np.quantile(values, level)) for name, level in LEVELS.items()}
