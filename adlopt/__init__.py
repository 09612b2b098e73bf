"""Optimal hindsight benchmarks and regret bounds for autodeleveraging (ADL).

Names are loaded when first used, so that importing the package stays fast.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from adlopt import bounds, episodes, solvency, testing
    from adlopt.apportionment import integer_pro_rata
    from adlopt.bound import Bound, Comparator, Hypothesis
    from adlopt.budget import Budget
    from adlopt.certificate import Certificate, Trust
    from adlopt.contracts import ContractSolution
    from adlopt.coupled import CoupledSolution, solve_coupled
    from adlopt.coupling_price import CouplingPrice, price_of_not_coupling
    from adlopt.episode import Episode
    from adlopt.errors import (
        AdloptError,
        BadHaircut,
        Binding,
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
    from adlopt.fewest import forced_concentration
    from adlopt.files import (
        read_contract_round,
        read_episode,
        read_limits,
        read_round,
        write_episode,
    )
    from adlopt.highs import Stopped
    from adlopt.hindsight import best_fixed_severity, paper_ogd, per_round_optimum
    from adlopt.leverage import Deleveraging, drain_leverage, drain_round, expected_loss
    from adlopt.limits import Limits
    from adlopt.loss import Asymmetric, Burden, Empirical, MinMax, SeverityLoss, surrogate
    from adlopt.matching import Goal, Lots, Matching, match
    from adlopt.method import Method
    from adlopt.objective import CVaR, FewestAccounts, Leximin, TrackingFirst
    from adlopt.offline import solve
    from adlopt.online import Haircut, Policy, SeverityThenAllocation, policy
    from adlopt.optimum import Solution, Stage
    from adlopt.playing import best_fixed_rule, lineup, play, run_policy
    from adlopt.policies import named
    from adlopt.policies.insured import Insured, optimal_fund
    from adlopt.positions import ContractRound, Positions, Side
    from adlopt.round import Round, RoundOutcome, RoundStart
    from adlopt.run import Information, Run
    from adlopt.scoreboard import Score, Scoreboard
    from adlopt.severity_path import SeverityPath, best_severity_path
    from adlopt.shed import Shed, open_contract_round
    from adlopt.sweep import Sweep, read_sweep, run_sweep
    from adlopt.waterfill import pro_rata, water_fill

_HOMES = {
    "apportionment": ("integer_pro_rata",),
    "bound": ("Bound", "Comparator", "Hypothesis"),
    "budget": ("Budget",),
    "certificate": ("Certificate", "Trust"),
    "contracts": ("ContractSolution",),
    "coupled": ("CoupledSolution", "solve_coupled"),
    "coupling_price": ("CouplingPrice", "price_of_not_coupling"),
    "episode": ("Episode",),
    "errors": (
        "AdloptError",
        "BadHaircut",
        "Binding",
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
    "fewest": ("forced_concentration",),
    "files": (
        "read_contract_round",
        "read_episode",
        "read_limits",
        "read_round",
        "write_episode",
    ),
    "highs": ("Stopped",),
    "hindsight": ("best_fixed_severity", "paper_ogd", "per_round_optimum"),
    "leverage": ("Deleveraging", "drain_leverage", "drain_round", "expected_loss"),
    "limits": ("Limits",),
    "loss": ("Asymmetric", "Burden", "Empirical", "MinMax", "SeverityLoss", "surrogate"),
    "matching": ("Goal", "Lots", "Matching", "match"),
    "method": ("Method",),
    "objective": ("CVaR", "FewestAccounts", "Leximin", "TrackingFirst"),
    "offline": ("solve",),
    "optimum": ("Solution", "Stage"),
    "playing": ("best_fixed_rule", "lineup", "play", "run_policy"),
    "policies": ("named",),
    "policies.insured": ("Insured", "optimal_fund"),
    "positions": ("ContractRound", "Positions", "Side"),
    "online": ("Haircut", "Policy", "SeverityThenAllocation", "policy"),
    "round": ("Round", "RoundOutcome", "RoundStart"),
    "run": ("Information", "Run"),
    "scoreboard": ("Score", "Scoreboard"),
    "severity_path": ("SeverityPath", "best_severity_path"),
    "shed": ("Shed", "open_contract_round"),
    "sweep": ("Sweep", "read_sweep", "run_sweep"),
    "waterfill": ("pro_rata", "water_fill"),
}
_MODULES = ("bounds", "episodes", "solvency", "testing")
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
