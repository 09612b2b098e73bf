"""The closed loop: what a policy does changes what it meets next."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace

import numpy as np

from adlopt.errors import InputError
from adlopt.foundation.money import MICRO
from adlopt.model.episode import Episode
from adlopt.model.filled import filled
from adlopt.model.market import Market
from adlopt.model.round import Round
from adlopt.model.run import Information, Run
from adlopt.policies import grammar
from adlopt.policies.grammar import Playable, Player
from adlopt.rules.rule import Rule
from adlopt.show.answer import Answer, Columns, plain
from adlopt.show.comparison import render_run
from adlopt.show.schema.studies import CrashOutcome, SimulationData
from adlopt.studies.simulation.adl_round import Event, deleverage_now
from adlopt.studies.simulation.double_entry import Ledger
from adlopt.studies.simulation.venue import Venue
from adlopt.studies.simulation.world import UNPAID, Scenario, World, draw


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Simulation(Answer):
    """One run of a rule or policy in one world.

    `rounds` are as they were met, for `episode`; `raised`, USD, is what users gave in each, net of
    what they gained. The `ledger` is as it was left.
    """

    _view = render_run
    player: str
    information: Information
    scenario: Scenario
    seed: int
    rounds: tuple[Round, ...]
    raised: tuple[float, ...]
    outcome: CrashOutcome
    ledger: Ledger

    def _columns(self) -> Columns:
        return {
            "round": list(range(1, len(self.rounds) + 1)),
            "deficit_usd": [round_.start.deficit for round_ in self.rounds],
            "needed_usd": [round_.needed for round_ in self.rounds],
            "raised_usd": self.raised,
        }

    def _heading(self) -> str:
        return f"{self.player} ({self.information.value}), closed loop, seed {self.seed}"

    def data(self) -> SimulationData:
        """Return what the run came to, and its rounds in order."""
        rounds = {name: values for name, values in self._columns().items() if name != "round"}
        scenario = asdict(self.scenario)
        return filled(SimulationData, self, policy=self.player, scenario=scenario, **plain(rounds))

    def episode(self) -> Episode:
        """The rounds as an episode, to be scored offline: there, no choice changes what follows.

        Features that only some rounds have are left out.

        Raises
        ------
        InputError
            If users were never called on.
        """
        if not self.rounds:
            expected = "a run in which users are called on"
            raise InputError("rounds", 0, expected, remedy="raise shock or leverage, lower fund")
        recorded = Run(
            policy=f"{self.player} (closed loop)",
            information=self.information,
            haircut=[max(usd, 0.0) for usd in self.raised],  # type: ignore[arg-type]
        )
        name = f"{self.player}, seed {self.seed}"
        source = f"simulated: {self.scenario}, seed {self.seed}, under {self.player}"
        common, rounds = set.intersection(*(set(r.start.features) for r in self.rounds)), []
        for round_ in self.rounds:
            start = round_.start
            features = {name: each for name, each in start.features.items() if name in common}
            rounds.append(replace(round_, start=replace(start, features=features)))
        return Episode(name=name, rounds=tuple(rounds), recorded=(recorded,), source=source)


def simulate(
    policy: Playable,
    scenario: Scenario | None = None,
    *,
    seed: int = 0,
    market: Market | None = None,
) -> Simulation:
    """Run a rule or a policy in the world of a seed; equal arguments give equal bits.

    Each step moves prices, liquidates into the book, and deleverages. Closed and departed
    accounts provide no liquidity and no opposite side; haircuts bring later liquidations nearer;
    what is executed moves the price. A policy learns what a round needed before it decides again.

    Parameters
    ----------
    policy : Rule, Policy, Severity, Allocation, function or str
        A rule closes contracts at its price. A policy decides dollars: those who give them close
        in proportion, at the mark, against what has to go. Names, and what is added to a part
        alone, are as in `adlopt.policies.grammar`.
    scenario : Scenario, optional
    seed : int
    market : Market, optional
        Where the crash finds accounts, positions, marks, margin rates, exempt accounts and fund;
        all coins share the shock then. Accounts, coins and fund of the scenario are left aside.

    Raises
    ------
    InputError
        If the market has no maintenance rates, or no open interest.
    CertificateError
        If a micro-dollar or a lot is made or lost.
    BadHaircut
        If a policy takes more than a profit.

    Examples
    --------
    >>> run = simulate("binance", Scenario(accounts=60, fund=0), seed=1)
    >>> run.outcome.rounds, sum(run.ledger.cash.tolist()) == run.ledger.total
    (5, True)
    """
    player = grammar.player(policy)
    world = draw(Scenario() if scenario is None else scenario, seed, market)
    venue, events, rounds = Venue.of(world), [], []
    state = None if isinstance(player, Rule) else player.begin()
    open_: Event | None = None
    for step in range(world.scenario.steps):
        venue.move(step)
        venue.liquidate()
        if open_ is not None:
            rounds.append(_finished(open_, venue))
            if not isinstance(player, Rule) and open_.haircut is not None:
                ended = rounds[-1]
                state = player.learn(state, ended.start, open_.haircut, ended.outcome)
        event = deleverage_now(venue, player, state, step, len(rounds) + 1)
        venue.ledger.check()
        open_ = None if event is None or event.start is None else event
        events += [] if event is None else [event]
    venue.move(world.scenario.steps)
    rounds += [] if open_ is None else [_finished(open_, venue)]
    venue.ledger.check()
    return _result(player, world, venue, events, rounds)


def _finished(event: Event, venue: Venue) -> Round:
    assert event.start is not None
    return Round(start=event.start, outcome=event.outcome(venue.mark))


def _result(
    player: Player, world: World, venue: Venue, events: list[Event], rounds: list[Round]
) -> Simulation:
    raised = tuple(event.raised for event in events if event.start is not None)
    missed = [h - round_.needed for h, round_ in zip(raised, rounds, strict=True)]
    value = venue.value
    owing = np.maximum(-value[:UNPAID], 0).sum() - venue.ledger.cash[UNPAID]
    outcome = CrashOutcome(
        rounds=len(rounds),
        loss=math.fsum(map(abs, missed)),
        given=math.fsum(event.given for event in events),
        deficit_left=int(owing) / MICRO,
        touched=int(venue.touched.sum()),
        hedges_broken=int(venue.broken.sum()),
        liquidated=int(venue.liquidated.sum()),
        left=int(venue.leaving.sum()),
    )
    information = Information.ROUND_START if isinstance(player, Rule) else player.information
    return Simulation(
        player=player.name,
        information=information,
        scenario=world.scenario,
        seed=world.seed,
        rounds=tuple(rounds),
        raised=raised,
        outcome=outcome,
        ledger=venue.ledger,
    )
