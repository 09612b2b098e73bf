"""Doors of version 1 that `adlopt.solve` has replaced: each leads there."""

from __future__ import annotations

from typing import Any

from adlopt.model.episode import Episode
from adlopt.model.loss import Asymmetric, MinMax
from adlopt.model.objective import FewestAccounts, KeepHedges, LeastLeverage, Leximin, Objective
from adlopt.model.positions import ContractRound
from adlopt.model.shed import Shed
from adlopt.model.two_sided import TwoSidedRound
from adlopt.optimum.coupled.solve_coupled import CoupledSolution
from adlopt.optimum.matching.matched import Matching
from adlopt.optimum.solve import solve


class Goal:
    """What a matching minimises: objectives by their former names."""

    LEAST_BURDEN = MinMax()
    LEXIMIN = Leximin()
    KEEP_HEDGES = KeepHedges()
    LEAST_LEVERAGE = LeastLeverage()
    FEWEST_ACCOUNTS = FewestAccounts()


def match(
    round_: ContractRound, shed: Shed, goal: Objective | None = None, **options: Any
) -> Matching:
    """Return `adlopt.solve(TwoSidedRound(round_, shed), goal)`."""
    return solve(TwoSidedRound(round_, shed), goal, **options)


def solve_coupled(
    episode: Episode, loss: MinMax | Asymmetric | None = None, **options: Any
) -> CoupledSolution:
    """Return `adlopt.solve(episode, loss)`."""
    return solve(episode, loss, **options)
