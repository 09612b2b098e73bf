"""Optimal hindsight benchmarks and regret bounds for autodeleveraging (ADL).

Names are loaded when first used, so that importing the package stays fast.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from adlopt import bounds, diagnostics, episodes, execution, solvency, testing
    from adlopt.apportionment import integer_pro_rata
    from adlopt.axioms import AxiomReport, try_axioms
    from adlopt.bound import Bound, Comparator, Hypothesis
    from adlopt.certificate import Certificate, Trust
    from adlopt.diagnostics import Diagnosis, compare_burdens, diagnose
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
    from adlopt.files import read_episode, read_round, write_episode
    from adlopt.highs import Stopped
    from adlopt.hindsight import best_fixed_severity, paper_ogd, per_round_optimum
    from adlopt.loss import Asymmetric, Burden, Empirical, MinMax, SeverityLoss, surrogate
    from adlopt.online import Haircut, Policy, SeverityThenAllocation, policy
    from adlopt.optimum import Method, Solution, solve
    from adlopt.playing import lineup, play, run_policy
    from adlopt.policies import named
    from adlopt.positions import ContractRound, Positions, Side
    from adlopt.round import Round, RoundOutcome, RoundStart
    from adlopt.run import Information, Run
    from adlopt.scoreboard import Score, Scoreboard
    from adlopt.waterfill import pro_rata, water_fill

_HOMES = {
    "apportionment": ("integer_pro_rata",),
    "axioms": ("AxiomReport", "try_axioms"),
    "bound": ("Bound", "Comparator", "Hypothesis"),
    "certificate": ("Certificate", "Trust"),
    "diagnostics": ("Diagnosis", "compare_burdens", "diagnose"),
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
    "files": ("read_episode", "read_round", "write_episode"),
    "highs": ("Stopped",),
    "hindsight": ("best_fixed_severity", "paper_ogd", "per_round_optimum"),
    "loss": ("Asymmetric", "Burden", "Empirical", "MinMax", "SeverityLoss", "surrogate"),
    "optimum": ("Method", "Solution", "solve"),
    "playing": ("lineup", "play", "run_policy"),
    "policies": ("named",),
    "positions": ("ContractRound", "Positions", "Side"),
    "online": ("Haircut", "Policy", "SeverityThenAllocation", "policy"),
    "round": ("Round", "RoundOutcome", "RoundStart"),
    "run": ("Information", "Run"),
    "scoreboard": ("Score", "Scoreboard"),
    "waterfill": ("pro_rata", "water_fill"),
}
_MODULES = ("bounds", "diagnostics", "episodes", "execution", "solvency", "testing")
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
