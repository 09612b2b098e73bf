"""One table of what policies do to accounts over an episode: feasibility first, then burdens."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import msgspec
import numpy as np

from adlopt.errors import InputError
from adlopt.foundation.arrays import FloatArray
from adlopt.model.episode import Episode
from adlopt.model.filled import filled
from adlopt.model.loss import Burden
from adlopt.model.round import RoundStart
from adlopt.model.solvency import check_haircut
from adlopt.policies import grammar
from adlopt.policies.grammar import Playable
from adlopt.policies.protocols import Policy
from adlopt.scoring.one_run import production_run
from adlopt.scoring.score import FULL_BUDGET
from adlopt.show.answer import Answer, Columns
from adlopt.show.diagnosis import summary
from adlopt.show.schema.data import all_finite
from adlopt.show.schema.studies import DiagnosisData, PolicyDiagnosis
from adlopt.show.words import counted
from adlopt.studies.diagnostics import stability
from adlopt.studies.diagnostics.concentration import TOP, Concentration, Survivors
from adlopt.studies.players import attempt

STANDARD = (
    "persistence+pro-rata",
    "persistence+queue",
    "persistence+integer-pro-rata",
    "persistence+min-max",
)
"""What is diagnosed unless policies are named."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Diagnosis(Answer):
    """What policies do to accounts of an episode; `unplayed` says why others could not play."""

    _view = summary
    episode: str
    rounds: int
    burden: Burden
    policies: tuple[PolicyDiagnosis, ...]
    unplayed: dict[str, str] = field(default_factory=dict)
    as_published: bool = False

    def __getitem__(self, policy: str) -> PolicyDiagnosis:
        """Row of the policy of that name."""
        names = [row.policy for row in self.policies]
        return self.policies[names.index(grammar.pick(policy, names))]

    def _columns(self) -> Columns:
        rows = [msgspec.to_builtins(row) for row in self.policies]
        return {name: [row[name] for row in rows] for name in rows[0]}

    def _heading(self) -> str:
        return f"{self.episode}: {counted(self.rounds, 'round')}, burdens over {self.burden.value}"

    def data(self) -> DiagnosisData:
        """Return every figure; a burden that is infinite is null."""
        rows = [all_finite(row) for row in self.policies]
        return filled(DiagnosisData, self, top=TOP, noise=stability.NOISE, policies=rows)


def diagnose(
    episode: Episode,
    policies: Sequence[Playable] = (),
    *,
    burden: Burden = Burden.CAPACITY,
    as_published: bool = False,
    progress: Callable[[str], None] | None = None,
) -> Diagnosis:
    """Play policies through an episode and measure what they do to accounts.

    Burdens are measured of feasible haircuts only: a policy whose haircut is not, or that lacks
    what it reads, is named with the reason, and the others go on. What the venue is on record to
    have taken comes first, where it is known account by account.

    Parameters
    ----------
    episode : Episode
        Its accounts must be known.
    policies : sequence of Policy, Severity, Allocation, Rule, function or str
        As for `adlopt.play`; `STANDARD` unless given.
    burden : Burden
        What the worst burden is measured against.
    as_published : bool
        Divide what survivors keep by D − H, as was published of October 10.
    progress : callable, optional
        Told each policy's name before it plays.

    Raises
    ------
    InputError
        If the episode's winners are pooled.
    AdloptError
        If no policy can be played: what kept the first.

    Examples
    --------
    >>> from adlopt.data.episodes import shock
    >>> names = ["persistence+pro-rata", "persistence+queue"]
    >>> found = diagnose(shock(rounds=6, winners=40, seed=1), names)
    >>> found["persistence+pro-rata"].inversions, found["persistence+queue"].touched
    (0.0, 1.0)
    """
    if episode.pooled:
        remedy = "accounts of this episode are not published; adlopt play judges its budgets"
        raise InputError("episode", episode.name, "winners one by one", remedy=remedy)
    chosen = grammar.policies(policies or STANDARD, episode)
    rows, unplayed = attempt(
        chosen, lambda each: _diagnose(episode, each, burden, as_published), progress
    )
    rows = [*_production(episode, burden, as_published), *rows]
    played: dict[str, Any] = {"policies": tuple(rows), "unplayed": unplayed}
    known: dict[str, Any] = {"burden": burden, "as_published": as_published}
    return Diagnosis(episode=episode.name, rounds=len(episode), **known, **played)


def _diagnose(
    episode: Episode, policy: Policy, burden: Burden, as_published: bool
) -> PolicyDiagnosis:
    taken: list[tuple[RoundStart, FloatArray]] = []
    state, short, noisy = policy.begin(), 0, []
    for round_ in episode:
        start, now = round_.start, state

        def decide(seen: RoundStart, state: Any = now) -> FloatArray:
            return check_haircut(policy.decide(state, seen), seen, who=f"policy {policy.name!r}")

        x = decide(start)
        noisy.append(stability.sensitivity(decide, start, seed=start.t))
        short += math.fsum(x) < round_.needed * (1 - FULL_BUDGET)
        taken.append((start, x))
        state = policy.learn(state, start, x, round_.outcome)
    shaken = max(noisy, key=lambda s: s.share_moved)
    return _row(
        taken,
        burden,
        as_published,
        policy=policy.name,
        information=policy.information.value,
        short_rounds=short,
        share_moved=shaken.share_moved if any(x.any() for _, x in taken) else None,
        moved=shaken.largest_move,
        pro_rata_guarantee=shaken.pro_rata_guarantee,
    )


def _production(episode: Episode, burden: Burden, as_published: bool) -> list[PolicyDiagnosis]:
    """What is on record account by account, measured up to each capacity.

    What it raised and its worst burden are as recorded; nobody knows what noise would have moved.
    """
    made = production_run(episode, burden)
    if made is None or made.burden is None:
        return []
    taken = [
        (r.start, np.minimum(r.outcome.recorded, r.start.capacity))
        for r in episode
        if r.outcome.recorded is not None
    ]
    row = _row(
        taken,
        burden,
        as_published,
        policy=made.policy,
        information=made.information.value,
        short_rounds=int((made.haircut < episode.needed * (1 - FULL_BUDGET)).sum()),
        share_moved=None,
        moved=None,
        pro_rata_guarantee=None,
    )
    worst = float(made.burden.max(initial=0.0))
    return [
        msgspec.structs.replace(
            row,
            raised=math.fsum(made.haircut),
            worst_burden=worst,
            touches_protected=math.isinf(worst),
        )
    ]


def _row(
    taken: list[tuple[RoundStart, FloatArray]], burden: Burden, as_published: bool, **known: Any
) -> PolicyDiagnosis:
    acted = [(start, x) for start, x in taken if x.any()]
    spread = [Concentration.of(start, x, burden=burden) for start, x in acted]
    kept = [Survivors.of(start, x, as_published=as_published) for start, x in acted]
    sloped = all(stability.SLOPE in start.features for start, _ in taken)
    slopes = (stability.effective_slope(start.feature(stability.SLOPE), x) for start, x in taken)
    worst = max((c.worst_burden or 0.0 for c in spread), default=0.0)
    return PolicyDiagnosis(
        **known,
        raised=math.fsum(math.fsum(x) for _, x in taken),
        worst_burden=worst,
        touches_protected=math.isinf(worst),
        **_means(spread, "burden_gini", "top_share", "forced_share", "touched"),
        **_means(kept, "ptsr", "pmr", "rd_nse"),
        inversions=mean_known([stability.monotonicity_violations(start, x) for start, x in acted]),
        rank_stability=mean_known(
            [stability.rank_stability(*then, *now) for then, now in pairwise(taken)]
        ),
        closed=sum(stability.closed(start, x) for start, x in acted),
        slope_variation=stability.variation(slopes) if sloped else None,
    )


def _means(rounds: Sequence[Any], *names: str) -> dict[str, Any]:
    return {name: mean_known([getattr(each, name) for each in rounds]) for name in names}


def mean_known(values: Sequence[float | None]) -> float | None:
    """Mean of what is known; None where nothing is."""
    known = [value for value in values if value is not None]
    return math.fsum(known) / len(known) if known else None
