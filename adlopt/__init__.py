"""Optimal hindsight benchmarks and regret bounds for autodeleveraging (ADL).

Names are loaded when first used, so that importing the package stays fast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from adlopt.foundation.lazy import attach

if TYPE_CHECKING:
    from adlopt import bounds, rules, testing
    from adlopt.bounds.bound import Bound, Comparator, Hypothesis
    from adlopt.data import episodes, loaders
    from adlopt.data.files.markets import write_market
    from adlopt.data.files.reading import (
        read,
        read_contract_round,
        read_episode,
        read_limits,
        read_market,
        read_round,
    )
    from adlopt.data.files.writing import write_episode
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
    from adlopt.model import solvency
    from adlopt.model.budget import Budget
    from adlopt.model.episode import Episode
    from adlopt.model.limits import Limits
    from adlopt.model.loss import Asymmetric, Burden, Empirical, MinMax, SeverityLoss, surrogate
    from adlopt.model.market import Market
    from adlopt.model.market_parts import Accounts, Coins, OpenPositions
    from adlopt.model.method import Method, Stopped
    from adlopt.model.objective import (
        CVaR,
        FewestAccounts,
        KeepHedges,
        LeastLeverage,
        Leximin,
        TrackingFirst,
    )
    from adlopt.model.positions import ContractRound, Positions, Side
    from adlopt.model.problem import Problem
    from adlopt.model.round import Round, RoundOutcome, RoundStart
    from adlopt.model.run import Information, Run
    from adlopt.model.shed import Shed, open_contract_round
    from adlopt.model.two_sided import TwoSidedRound
    from adlopt.optimum.contracts.closing import ContractSolution
    from adlopt.optimum.core.certificate import Certificate, Stage, Trust
    from adlopt.optimum.core.waterfill import pro_rata, water_fill
    from adlopt.optimum.coupled.not_coupling import CouplingPrice, price_of_not_coupling
    from adlopt.optimum.coupled.solve_coupled import CoupledSolution
    from adlopt.optimum.dollars.fewest import forced_concentration
    from adlopt.optimum.dollars.least_loss import Solution
    from adlopt.optimum.drain import LeverageDrain, drain_leverage, drain_round, expected_loss
    from adlopt.optimum.former import Goal, match, solve_coupled
    from adlopt.optimum.lots.pro_rata import integer_pro_rata
    from adlopt.optimum.matching.matched import Matching
    from adlopt.optimum.paths.severity_path import SeverityPath, best_severity_path
    from adlopt.optimum.solve import solve
    from adlopt.policies.gradient import paper_ogd
    from adlopt.policies.grammar import named
    from adlopt.policies.insured import Insured, optimal_fund
    from adlopt.policies.protocols import Haircut, Policy, SeverityThenAllocation, policy
    from adlopt.report.evidence import Evidence
    from adlopt.report.plots import figures as plots
    from adlopt.report.write import write_report
    from adlopt.rules.deleveraging import Deleveraging
    from adlopt.rules.market_rounds import contract_round, wealth_round
    from adlopt.rules.rule import Rule
    from adlopt.scoring.hindsight import best_fixed_severity, per_round_optimum
    from adlopt.scoring.lineup import lineup
    from adlopt.scoring.one_run import run_policy
    from adlopt.scoring.playing import best_fixed_rule, play
    from adlopt.scoring.score import Score
    from adlopt.scoring.scoreboard import Scoreboard
    from adlopt.studies import diagnostics, execution, exposure
    from adlopt.studies.axioms.trial import AxiomReport, try_axioms
    from adlopt.studies.bounds_of import bounds_of
    from adlopt.studies.diagnostics.diagnosis import Diagnosis, diagnose
    from adlopt.studies.diagnostics.fairer import compare_burdens
    from adlopt.studies.players import deleverage, least_burden
    from adlopt.studies.simulation.loop import Simulation, simulate
    from adlopt.studies.simulation.scenario import Scenario
    from adlopt.studies.sweep.plan import Sweep
    from adlopt.studies.sweep.running import run_sweep
    from adlopt.studies.sweep.spec import read_sweep

_HOMES = {
    "optimum.lots.pro_rata": ("integer_pro_rata",),
    "studies.axioms": ("AxiomReport", "try_axioms"),
    "bounds.bound": ("Bound", "Comparator", "Hypothesis"),
    "model.budget": ("Budget",),
    "optimum.core.certificate": ("Certificate", "Stage", "Trust"),
    "optimum.contracts.closing": ("ContractSolution",),
    "optimum.coupled.solve_coupled": ("CoupledSolution",),
    "optimum.coupled.not_coupling": ("CouplingPrice", "price_of_not_coupling"),
    "studies.bounds_of": ("bounds_of",),
    "studies.diagnostics": ("Diagnosis", "compare_burdens", "diagnose"),
    "model.episode": ("Episode",),
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
    "report.evidence": ("Evidence",),
    "optimum.dollars.fewest": ("forced_concentration",),
    "data.files": (
        "read",
        "read_contract_round",
        "read_episode",
        "read_limits",
        "read_market",
        "read_round",
        "write_episode",
        "write_market",
    ),
    "scoring.hindsight": ("best_fixed_severity", "per_round_optimum"),
    "optimum.drain": ("LeverageDrain", "drain_leverage", "drain_round", "expected_loss"),
    "model.limits": ("Limits",),
    "model.loss": ("Asymmetric", "Burden", "Empirical", "MinMax", "SeverityLoss", "surrogate"),
    "model.market": ("Accounts", "Coins", "Market", "OpenPositions"),
    "optimum.former": ("Goal", "match", "solve_coupled"),
    "optimum.matching.matched": ("Matching",),
    "model.method": ("Method", "Stopped"),
    "model.objective": (
        "CVaR",
        "FewestAccounts",
        "KeepHedges",
        "LeastLeverage",
        "Leximin",
        "TrackingFirst",
    ),
    "model.problem": ("Problem",),
    "model.two_sided": ("TwoSidedRound",),
    "optimum.solve": ("solve",),
    "optimum.dollars.least_loss": ("Solution",),
    "scoring.one_run": ("run_policy",),
    "scoring.playing": ("best_fixed_rule", "play"),
    "policies.gradient": ("paper_ogd",),
    "policies.grammar": ("named",),
    "policies.insured": ("Insured", "optimal_fund"),
    "model.positions": ("ContractRound", "Positions", "Side"),
    "policies.protocols": ("Haircut", "Policy", "SeverityThenAllocation", "policy"),
    "report.write": ("write_report",),
    "model.round": ("Round", "RoundOutcome", "RoundStart"),
    "studies.players": ("deleverage", "least_burden"),
    "rules": ("Deleveraging", "Rule", "contract_round", "wealth_round"),
    "model.run": ("Information", "Run"),
    "scoring.score": ("Score",),
    "scoring.scoreboard": ("Scoreboard",),
    "scoring.lineup": ("lineup",),
    "optimum.paths.severity_path": ("SeverityPath", "best_severity_path"),
    "model.shed": ("Shed", "open_contract_round"),
    "studies.simulation": ("Scenario", "Simulation", "simulate"),
    "studies.sweep": ("Sweep", "read_sweep", "run_sweep"),
    "optimum.core.waterfill": ("pro_rata", "water_fill"),
}
_MODULES = {
    "bounds": "bounds",
    "diagnostics": "studies.diagnostics",
    "episodes": "data.episodes",
    "execution": "studies.execution",
    "exposure": "studies.exposure",
    "loaders": "data.loaders",
    "plots": "report.plots.figures",
    "rules": "rules",
    "solvency": "model.solvency",
    "testing": "testing",
}

__getattr__, __dir__, __all__ = attach(__name__, _HOMES, _MODULES)
