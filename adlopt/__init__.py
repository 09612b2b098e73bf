"""Optimal hindsight benchmarks and regret bounds for autodeleveraging (ADL).

Names are loaded when first used, so that importing the package stays fast.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from adlopt import (
        bounds,
        diagnostics,
        episodes,
        execution,
        exposure,
        loaders,
        plots,
        rules,
        solvency,
        testing,
    )
    from adlopt.apportionment import integer_pro_rata
    from adlopt.axioms import AxiomReport, try_axioms
    from adlopt.bound import Bound, Comparator, Hypothesis
    from adlopt.budget import Budget
    from adlopt.certificate import Certificate, Stage, Trust
    from adlopt.contracts import ContractSolution
    from adlopt.coupled import CoupledSolution, solve_coupled
    from adlopt.coupled.price import CouplingPrice, price_of_not_coupling
    from adlopt.diagnostics import Diagnosis, compare_burdens, diagnose
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
    from adlopt.evidence import Evidence
    from adlopt.files import (
        read_contract_round,
        read_episode,
        read_limits,
        read_market,
        read_round,
        write_episode,
        write_market,
    )
    from adlopt.frames import Library
    from adlopt.highs import Stopped
    from adlopt.hindsight import best_fixed_severity, paper_ogd, per_round_optimum
    from adlopt.limits import Limits
    from adlopt.loss import Asymmetric, Burden, Empirical, MinMax, SeverityLoss, surrogate
    from adlopt.market import Accounts, Coins, Market, OpenPositions
    from adlopt.matching import Goal, Lots, Matching, match
    from adlopt.method import Method
    from adlopt.objective import CVaR, FewestAccounts, Leximin, TrackingFirst
    from adlopt.objectives.fewest import forced_concentration
    from adlopt.objectives.leverage import LeverageDrain, drain_leverage, drain_round, expected_loss
    from adlopt.offline import solve
    from adlopt.online import Haircut, Policy, SeverityThenAllocation, policy
    from adlopt.optimum import Solution
    from adlopt.playing import best_fixed_rule, play, run_policy
    from adlopt.policies import named
    from adlopt.policies.insured import Insured, optimal_fund
    from adlopt.positions import ContractRound, Positions, Side
    from adlopt.report import write_report
    from adlopt.round import Round, RoundOutcome, RoundStart
    from adlopt.rules import Deleveraging, Rule, contract_round, wealth_round
    from adlopt.rules.deleverage import deleverage
    from adlopt.run import Information, Run
    from adlopt.score import Score
    from adlopt.scoreboard import Scoreboard
    from adlopt.severity_lineup import lineup
    from adlopt.severity_path import SeverityPath, best_severity_path
    from adlopt.shed import Shed, open_contract_round
    from adlopt.simulation import Scenario, Simulation, simulate
    from adlopt.sweep import Sweep, read_sweep, run_sweep
    from adlopt.waterfill import pro_rata, water_fill

_HOMES = {
    "apportionment": ("integer_pro_rata",),
    "axioms": ("AxiomReport", "try_axioms"),
    "bound": ("Bound", "Comparator", "Hypothesis"),
    "budget": ("Budget",),
    "certificate": ("Certificate", "Stage", "Trust"),
    "contracts": ("ContractSolution",),
    "coupled": ("CoupledSolution", "solve_coupled"),
    "coupled.price": ("CouplingPrice", "price_of_not_coupling"),
    "diagnostics": ("Diagnosis", "compare_burdens", "diagnose"),
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
    "evidence": ("Evidence",),
    "objectives.fewest": ("forced_concentration",),
    "files": (
        "read_contract_round",
        "read_episode",
        "read_limits",
        "read_market",
        "read_round",
        "write_episode",
        "write_market",
    ),
    "frames": ("Library",),
    "highs": ("Stopped",),
    "hindsight": ("best_fixed_severity", "paper_ogd", "per_round_optimum"),
    "objectives.leverage": ("LeverageDrain", "drain_leverage", "drain_round", "expected_loss"),
    "limits": ("Limits",),
    "loss": ("Asymmetric", "Burden", "Empirical", "MinMax", "SeverityLoss", "surrogate"),
    "market": ("Accounts", "Coins", "Market", "OpenPositions"),
    "matching": ("Goal", "Lots", "Matching", "match"),
    "method": ("Method",),
    "objective": ("CVaR", "FewestAccounts", "Leximin", "TrackingFirst"),
    "offline": ("solve",),
    "optimum": ("Solution",),
    "playing": ("best_fixed_rule", "play", "run_policy"),
    "policies": ("named",),
    "policies.insured": ("Insured", "optimal_fund"),
    "positions": ("ContractRound", "Positions", "Side"),
    "online": ("Haircut", "Policy", "SeverityThenAllocation", "policy"),
    "report": ("write_report",),
    "round": ("Round", "RoundOutcome", "RoundStart"),
    "rules": ("Deleveraging", "Rule", "contract_round", "deleverage", "wealth_round"),
    "run": ("Information", "Run"),
    "score": ("Score",),
    "scoreboard": ("Scoreboard",),
    "severity_lineup": ("lineup",),
    "severity_path": ("SeverityPath", "best_severity_path"),
    "shed": ("Shed", "open_contract_round"),
    "simulation": ("Scenario", "Simulation", "simulate"),
    "sweep": ("Sweep", "read_sweep", "run_sweep"),
    "waterfill": ("pro_rata", "water_fill"),
}
_MODULES = (
    "bounds",
    "diagnostics",
    "episodes",
    "execution",
    "exposure",
    "loaders",
    "plots",
    "rules",
    "solvency",
    "testing",
)
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
