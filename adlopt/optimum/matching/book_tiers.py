"""Tiers of a matching: in each coin and side the first closes all it may before the next does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from adlopt.foundation.arrays import BoolArray
from adlopt.model.limits import Limits
from adlopt.model.method import Method, Stopped
from adlopt.model.shed import Shed
from adlopt.model.two_sided import TwoSidedRound
from adlopt.optimum.core.certificate import Stage
from adlopt.optimum.core.surface import remade
from adlopt.optimum.matching.matched import Matching
from adlopt.optimum.matching.pairing import Trades
from adlopt.optimum.tiers import later, tier_by_tier


def books_by_tier(
    round_: TwoSidedRound, limits: Limits, one: Callable[[Shed, Limits], Matching]
) -> Matching:
    """Match each tier with what the tiers before it leave open, under the same objective.

    The value and the certificate are those of the first tier; each further one that closes
    anything adds its stages.
    """
    accounts, left = round_.winners.start.account, [round_.losers]

    def of_tier(mask: BoolArray, _: int) -> Matching:
        others = (name for name, own in zip(accounts, mask.tolist(), strict=True) if not own)
        barred = dict.fromkeys(others, "another tier") | dict(limits.ineligible)
        answer = one(left[-1], replace(limits, tier=None, ineligible=barred))
        left.append(replace(left[-1], size=answer.unmatched))
        return answer

    tiers = list(limits.tiers(len(accounts)))
    answers = tier_by_tier(tiers, of_tier, lambda _: not left[-1].size.any())
    return replace(_together(answers), round_=round_)


def _together(answers: Sequence[Matching]) -> Matching:
    stages = list(answers[0].stages)
    for number, answer in enumerate(answers[1:], start=2):
        if len(answer.trades):
            first = Stage(criterion=answer.criterion, certificate=answer.certificate)
            stages += later(number, [first, *answer.stages])
    inside = any(answer.method is Method.HIGHS_INTERIOR for answer in answers)
    trades = [answer.trades for answer in answers]
    return remade(
        answers[0],
        trades=Trades(
            position=np.concatenate([part.position for part in trades]),
            order=np.concatenate([part.order for part in trades]),
            contracts=np.concatenate([part.contracts for part in trades]),
        ),
        closed=np.sum([answer.closed for answer in answers], axis=0),
        matched=np.sum([answer.matched for answer in answers], axis=0),
        unmatched=answers[-1].unmatched,
        haircut=np.sum([answer.haircut for answer in answers], axis=0),
        worst_burden=max(answer.worst_burden for answer in answers),
        touched=sum(answer.touched for answer in answers),
        stages=tuple(stages),
        # One tier's prices do not hold for what another one closes.
        price=None,
        stopped=Stopped.of_all(answer.stopped for answer in answers),
        method=Method.HIGHS_INTERIOR if inside else Method.HIGHS,
    )
