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
    """Return `adlopt.solve(TwoSidedRound(round_, shed), goal)`.

    Examples
    --------
    >>> round_ = ContractRound.of(account=["a"], coin=["ETH"], side=["short"], size=[10],
    ...                           value=[200], deficit=1800, needed=1800)
    >>> shed = Shed(loser=["x"], coin=["ETH"], side=["long"], size=[9], price=[3800], mark=[3600])
    >>> print(match(round_, shed, goal=Goal.LEXIMIN))
    1 winner gives 1,800.00 USD in 1 trade, worst burden 90 %; proven optimal (exact)
    """
    return solve(TwoSidedRound(round_, shed), goal, **options)


def solve_coupled(
    episode: Episode, loss: MinMax | Asymmetric | None = None, **options: Any
) -> CoupledSolution:
    """Return `adlopt.solve(episode, loss)`.

    Examples
    --------
    >>> from adlopt.model.round import Round
    >>> rounds = [Round.of(capacity=[90.0, 90.0], deficit=90.0, needed=60.0)]
    >>> print(solve_coupled(Episode(name="one", rounds=rounds)))
    1 round raises 60.00 USD, worst burden in all 33.33 %; proven optimal (exact)
    """
    return solve(episode, loss, **options)
