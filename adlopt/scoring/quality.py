"""What is odd about an episode's figures: look before believing any score."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from adlopt.bounds.data import is_vacuous
from adlopt.bounds.paper import PROPOSITION_1
from adlopt.bounds.trivial import TRIVIAL
from adlopt.foundation.arrays import BoolArray
from adlopt.foundation.ids import alike
from adlopt.model.episode import Episode, rounds_where
from adlopt.model.filled import filled
from adlopt.model.round import Round
from adlopt.scoring.score import FULL_BUDGET
from adlopt.show.schema.boards import FindingData
from adlopt.show.words import counted

LARGEST_LOSS = "largest_loss"
"""Signal: USD, the largest single loser of a round."""
COUNTED_ONCE = "counted_once"
"""Signal: USD of the deficit that no earlier round has counted, where losers are known by id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One oddity: a stable key, and a sentence with the figures, for the dollars concerned.

    `rounds` are where it shows, from 1; none if it concerns the whole episode.
    """

    name: str
    text: str
    rounds: tuple[int, ...] = ()
    usd: float | None = None

    def data(self) -> FindingData:
        """Return it at full precision."""
        return filled(FindingData, self)


def inspect(episode: Episode) -> tuple[Finding, ...]:
    """Check an episode's figures."""
    checks: tuple[Callable[[Episode], list[Finding]], ...] = (
        _repeated_losers,
        _ids_alike,
        _estimate_that_knows,
        _needed_beyond_deficit,
        _needed_beyond_capacity,
        _on_record,
        _vacuous_bound,
    )
    return tuple(finding for check in checks for finding in check(episode))


def counted_once(episode: Episode) -> Episode:
    """Return the episode with each loser counted in its first round only.

    A deficit is an increment of unresolved bad debt; the same insolvent account in several
    rounds' sums is socialised once a round. Where losers were known by id when the data was
    loaded, the `counted_once` signal says what no earlier round has counted; elsewhere the largest
    loser of each round is taken to be known by its amount, the `largest_loss` signal.
    """
    rounds: list[Round] = []
    seen: set[float] = set()
    by_id = _known_by_id(episode)
    for round_ in episode:
        loss = round_.start.signals.get(LARGEST_LOSS)
        left = round_.start.deficit - (loss if loss in seen and loss is not None else 0.0)
        if by_id:
            left = round_.start.signals[COUNTED_ONCE]
        start = replace(round_.start, deficit=max(left, 0.0))
        rounds.append(replace(round_, start=start) if left < round_.start.deficit else round_)
        if loss is not None:
            seen.add(loss)
    return replace(episode, name=f"{episode.name}, losers counted once", rounds=tuple(rounds))


def _known_by_id(episode: Episode) -> bool:
    """Whether losers were known by id, so that nothing need be guessed from amounts."""
    return all(COUNTED_ONCE in round_.start.signals for round_ in episode)


def _repeated_losers(episode: Episode) -> list[Finding]:
    if _known_by_id(episode):
        again = episode.deficit - counted_once(episode).deficit
        usd = math.fsum(again)
        text = f"losers of earlier rounds are counted again in {{rounds}}, with ${usd:,.2f}"
        found = _where("repeated loser", again > 0.0, text, usd=usd)
        return found + _once(episode) if found else []
    by_loss: dict[float, list[int]] = {}
    for round_ in episode:
        loss = round_.start.signals.get(LARGEST_LOSS)
        if loss:
            by_loss.setdefault(loss, []).append(round_.start.t)
    repeated = {loss: rounds for loss, rounds in by_loss.items() if len(rounds) > 1}
    findings = [
        Finding(
            name="repeated loser",
            text=f"the same loser of ${loss:,.2f} is in {len(rounds)} rounds' deficits",
            rounds=tuple(rounds),
            usd=loss,
        )
        for loss, rounds in repeated.items()
    ]
    return findings + _once(episode) if repeated else []


def _once(episode: Episode) -> list[Finding]:
    once = counted_once(episode)
    deficit, needed = math.fsum(once.deficit), math.fsum(once.needed)
    relation = "<" if deficit < needed else "≥"
    beyond = once.needed > once.deficit
    bound, trivial = PROPOSITION_1.value(once), TRIVIAL.value(once)
    return [
        Finding(
            name="deficits counted once",
            text=f"counted once, ΣD is ${deficit:,.2f} {relation} ΣB ${needed:,.2f}, and B > D in "
            f"{int(beyond.sum())} rounds",
            rounds=rounds_where(beyond),
            usd=deficit,
        ),
        Finding(
            name="bound counted once",
            text=f"counted once, B_inst is ${bound:,.2f} against a trivial ${trivial:,.2f}",
            usd=bound,
        ),
    ]


def _ids_alike(episode: Episode) -> list[Finding]:
    """Accounts that may be one: rounds that share winners would couple them."""
    capacity: dict[str, float] = {}
    for round_ in () if episode.pooled else episode:
        capacity.update(zip(round_.start.account, round_.start.capacity.tolist(), strict=True))
    groups = alike(capacity)
    if not groups:
        return []
    names = [name for group in groups for name in group]
    usd = math.fsum(capacity[name] for name in names)
    text = (
        f"{len(names):,} ids differ from another in case or blanks alone, such as "
        f"{groups[0][0]!r} and {groups[0][1]!r}: whether ${usd:,.2f} of capacity are theirs or one "
        "account's is for the data to say"
    )
    return [Finding(name="ids alike", text=text, usd=usd)]


def _estimate_that_knows(episode: Episode) -> list[Finding]:
    """An estimate made before the round cannot equal what the round turned out to need."""
    given = [round_ for round_ in episode if round_.start.estimate is not None and round_.needed]
    if not given or any(round_.start.estimate != round_.needed for round_ in given):
        return []
    text = (
        f"the estimate is what was needed, to the last digit, in all {counted(len(given), 'round')}"
        " that have one: it was known when they were over, and is no estimate"
    )
    rounds = tuple(round_.start.t for round_ in given)
    return [Finding(name="estimate is needed", text=text, rounds=rounds)]


def _needed_beyond_deficit(episode: Episode) -> list[Finding]:
    excess = episode.needed - episode.deficit
    usd = math.fsum(np.maximum(excess, 0.0))
    return _where(
        "needed beyond deficit",
        excess > 0,
        f"B > D in {{rounds}}, by ${usd:,.2f}: θ ≤ 1 cannot raise that",
        usd=usd,
    )


def _needed_beyond_capacity(episode: Episode) -> list[Finding]:
    return _where(
        "needed beyond capacity",
        episode.needed > episode.total_capacity,
        "B > U in {rounds}: no haircut raises that",
    )


def _on_record(episode: Episode) -> list[Finding]:
    """What is odd of runs on record.

    Where a round needs more than its deficit, that is odd of the episode, not of the policy.
    """
    beyond, clipped, short = list[Finding](), list[Finding](), list[Finding]()
    deficit, needed = episode.deficit, episode.needed
    for run in (run for run in episode.recorded if run.burden is not None):
        missing, excess = needed - episode.raised(run), np.maximum(run.haircut - deficit, 0.0)
        mask = (np.abs(missing) > FULL_BUDGET * needed) & (excess > FULL_BUDGET * deficit)
        usd, who = math.fsum(excess), run.policy
        text = f"H > D in {{rounds}}, by ${usd:,.2f}"
        beyond += _where("taken beyond deficit", mask, text, policy=who, usd=usd)
        text = "burden recorded as exactly 1 in {rounds}, clipped there"
        clipped += _where("clipped burden", np.asarray(run.burden) == 1.0, text, policy=who)
        usd, mask = math.fsum(np.maximum(missing, 0.0)), missing > FULL_BUDGET * needed
        text = f"short of the needed budget in {{rounds}} of {len(episode)}, by ${usd:,.2f}"
        short += _where("short of needed", mask, text, policy=who, usd=usd)
    return beyond + clipped + short


def _vacuous_bound(episode: Episode) -> list[Finding]:
    if not is_vacuous(PROPOSITION_1, episode):
        return []
    bound, trivial = PROPOSITION_1.value(episode), TRIVIAL.value(episode)
    text = f"B_inst ${bound:,.2f} is above the trivial ${trivial:,.2f}: it says nothing here"
    return [Finding(name="vacuous bound", text=text, usd=bound)]


def _where(
    name: str, mask: BoolArray, text: str, *, policy: str = "", usd: float | None = None
) -> list[Finding]:
    """State where a check fails; `{rounds}` in the text becomes "1 round" or "7 rounds"."""
    rounds = rounds_where(mask)
    if not rounds:
        return []
    words = f"{policy}: " * bool(policy) + text.replace("{rounds}", counted(len(rounds), "round"))
    return [Finding(name=name, text=words, rounds=rounds, usd=usd)]
