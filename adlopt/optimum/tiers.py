"""Tiers: the first gives all it can before the next one gives anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from adlopt.errors import InfeasibleRound
from adlopt.foundation.arrays import BoolArray
from adlopt.optimum.core.certificate import Stage

Part = TypeVar("Part")


def tier_by_tier(
    tiers: Sequence[BoolArray],
    one: Callable[[BoolArray, int], Part],
    ends: Callable[[Part], bool],
    given: Callable[[], float] = float,
) -> list[Part]:
    """Answers of the tiers that are needed, lowest first.

    `one` answers for a tier, a mask (n,), and its number; `ends` says whether nothing is left to
    raise then; `given` how many USD the tiers so far give, which a refusal of a later one counts
    in.
    """
    answers: list[Part] = []
    for number, mask in enumerate(tiers, start=1):
        try:
            answers.append(one(mask, number))
        except InfeasibleRound as refused:
            if len(tiers) == 1:
                raise
            usd = given()
            after = f", after {usd!r} USD from those before it" if usd else ""
            raise refused.restated(f"tier {number}{after}: {refused}", beside=usd) from None
        if ends(answers[-1]):
            break
    return answers


def later(number: int, stages: Sequence[Stage]) -> Iterator[Stage]:
    """Stages of a later tier, named by it; one that names no criterion is the tier's first."""
    for stage in stages:
        criterion = f"tier {number}" + (f", {stage.criterion}" if stage.criterion else "")
        yield replace(stage, criterion=criterion)
