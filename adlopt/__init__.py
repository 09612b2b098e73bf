"""Optimal hindsight benchmarks and regret bounds for autodeleveraging (ADL).

Names are loaded when first used, so that importing the package stays fast.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from adlopt import bounds, episodes, exposure, rules, solvency, testing
    from adlopt.apportionment import integer_pro_rata
    from adlopt.bound import Bound, Comparator, Hypothesis
    from adlopt.certificate import Certificate, Trust
    from adlopt.episode import Episode
    from adlopt.errors import (
        AdloptError,
        BadHaircut,
        CausalityError,
        CertificateError,
        InfeasibleRound,
        InputError,
        NoSolution,
        PolicyError,
        ProofError,
        SolverFailed,
        SolverStopped,
    )
    from adlopt.files import read_episode, read_market, read_round, write_episode, write_market
    from adlopt.highs import Stopped
    from adlopt.hindsight import best_fixed_severity, paper_ogd, per_round_optimum
    from adlopt.loss import Asymmetric, Burden, Empirical, MinMax, SeverityLoss, surrogate
    from adlopt.market import Accounts, Coins, Market, OpenPositions, Shed
    from adlopt.online import Haircut, Policy, SeverityThenAllocation, policy
    from adlopt.optimum import Method, Solution, solve
    from adlopt.playing import lineup, play, run_policy
    from adlopt.policies import named
    from adlopt.positions import ContractRound, Positions, Side
    from adlopt.round import Round, RoundOutcome, RoundStart
    from adlopt.rules import Deleveraging, Rule, deleverage, wealth_round
    from adlopt.run import Information, Run
    from adlopt.scoreboard import Score, Scoreboard
    from adlopt.simulation import Scenario, Simulation, simulate
    from adlopt.waterfill import pro_rata, water_fill

_HOMES = {
    "apportionment": ("integer_pro_rata",),
    "bound": ("Bound", "Comparator", "Hypothesis"),
    "certificate": ("Certificate", "Trust"),
    "episode": ("Episode",),
    "errors": (
        "AdloptError",
        "BadHaircut",
        "CausalityError",
        "CertificateError",
        "InfeasibleRound",
        "InputError",
        "NoSolution",
        "PolicyError",
        "ProofError",
        "SolverFailed",
        "SolverStopped",
    ),
    "files": ("read_episode", "read_market", "read_round", "write_episode", "write_market"),
    "highs": ("Stopped",),
    "hindsight": ("best_fixed_severity", "paper_ogd", "per_round_optimum"),
    "loss": ("Asymmetric", "Burden", "Empirical", "MinMax", "SeverityLoss", "surrogate"),
    "market": ("Accounts", "Coins", "Market", "OpenPositions", "Shed"),
    "optimum": ("Method", "Solution", "solve"),
    "playing": ("lineup", "play", "run_policy"),
    "policies": ("named",),
    "positions": ("ContractRound", "Positions", "Side"),
    "online": ("Haircut", "Policy", "SeverityThenAllocation", "policy"),
    "round": ("Round", "RoundOutcome", "RoundStart"),
    "rules": ("Deleveraging", "Rule", "deleverage", "wealth_round"),
    "run": ("Information", "Run"),
    "scoreboard": ("Score", "Scoreboard"),
    "simulation": ("Scenario", "Simulation", "simulate"),
    "waterfill": ("pro_rata", "water_fill"),
}
_MODULES = ("bounds", "episodes", "exposure", "rules", "solvency", "testing")
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [  # noqa: PLE0604 - sorted below, from one table
    *sorted([*_HOME_OF, *_MODULES])
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"adlopt.{name}")
    if name not in _HOME_OF:
        raise AttributeError(f"module 'adlopt' has no attribute {name!r}")
    value = getattr(import_module(f"adlopt.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
