"""Comparators: what could have been done, knowing everything. None of these is a policy."""

from __future__ import annotations

import math
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import numpy as np

from adlopt.errors import InputError
from adlopt.foundation.arrays import FloatArray, own, require
from adlopt.model.episode import Episode
from adlopt.model.loss import Burden, Loss, MinMax
from adlopt.model.method import Method
from adlopt.model.round import Round, RoundOutcome
from adlopt.optimum.core.burden_problem import BurdenProblem
from adlopt.optimum.dollars.least_loss import Solution
from adlopt.optimum.solve import solve
from adlopt.policies.severity_notation import quantile
from adlopt.show.answer import Figures
from adlopt.show.schema.boards import FixedRuleData, FixedSeverityData
from adlopt.show.words import amount, clipped, usd


class FixedSeverity(Figures, FixedSeverityData):
    """The best constant severity of an episode, in *hindsight*, and its loss in USD."""

    def __str__(self) -> str:
        return f"best constant θ = {self.theta:.4f} (hindsight): Σ D|θ−θ*| = {usd(self.loss)} USD"


class FixedRule(Figures, FixedRuleData):
    """The best of some rules on an episode, in *hindsight*, and its loss."""

    def __str__(self) -> str:
        said = f"{clipped(self.policy)} loses least of those played (hindsight)"
        return f"{said}: {amount(self.loss)}"


def severity_loss(episode: Episode, severities: FloatArray) -> float:
    """Σ D_t |θ_t − θ*_t|, USD; severities of shape (T,) in [0, 1]."""
    theta = own(severities, "severities", length=len(episode), lowest=0.0)
    require(theta <= 1, theta, "severities", "a number in [0, 1]")
    return math.fsum(episode.deficit * np.abs(theta - episode.needed_severity))


def best_fixed_severity(episode: Episode) -> FixedSeverity:
    """Minimise Σ D_t |θ − θ*_t| over constants: the D-weighted median, exactly."""
    pairs = zip(episode.needed_severity.tolist(), episode.deficit.tolist(), strict=True)
    theta = quantile(tuple(pairs), 0.5, 0.0)
    return FixedSeverity(theta=theta, loss=severity_loss(episode, np.full(len(episode), theta)))


def per_round_optimum(
    episode: Episode, loss: Loss, *, method: Method = Method.AUTO
) -> tuple[Solution, ...]:
    """Solve every round on its own, knowing what it needed [CTTX26, Eq. 11]: *hindsight*.

    Under `HIGHS` the rounds are solved on as many threads as there are processors, in any order,
    to the same answers: HiGHS lets other threads run. The other methods take less time for a round
    than handing it over does, and run one round after another.
    """
    if method is not Method.HIGHS:
        return tuple(solve(round_, loss, method=method) for round_ in episode)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return tuple(pool.map(partial(solve, objective=loss, method=method), episode))


def least_burden(episode: Episode, burden: Burden = Burden.CAPACITY) -> FloatArray:
    """Least worst burden at which each round raises what it needed, shape (T,): *hindsight*.

    A round that needs more than its winners can give is asked for all they can give; lots are
    left aside, so no haircut that raises the budget has a lower burden.
    """
    if episode.pooled:
        raise InputError("episode", episode.name, "an episode with accounts, not pooled")
    loss, levels = MinMax(burden=burden), []
    for round_ in episode:
        within = min(round_.needed, BurdenProblem.of(round_, loss).reachable)
        start = replace(round_.start, lot=None)
        asked = Round(start=start, outcome=RoundOutcome(needed=within))
        levels.append(solve(asked, loss).worst_burden)
    return own(levels, "least_burden")
