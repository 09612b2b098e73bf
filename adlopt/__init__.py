"""Optimal hindsight benchmarks and regret bounds for autodeleveraging (ADL).

Names are loaded when first used, so that importing the package stays fast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from adlopt.foundation.moved import attach

if TYPE_CHECKING:
    from adlopt import bounds, rules, testing
    from adlopt.bounds.bound import Bound, Comparator, Hypothesis
    from adlopt.data import episodes, loaders
    from adlopt.data.decision_log import audit, write_decision
    from adlopt.data.files.markets import write_market
    from adlopt.data.files.reading import read, read_episode, read_market, read_round
    from adlopt.data.files.writing import write_episode
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
    from adlopt.model import solvency
    from adlopt.model.budget import Budget
    from adlopt.model.constraint import group
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
    from adlopt.model.positions import ContractRound, Side
    from adlopt.model.problem import Problem
    from adlopt.model.risk_objective import ExpectedLoss, FactorLeverage
    from adlopt.model.round import Round, RoundOutcome, RoundStart
    from adlopt.model.run import Information, Run
    from adlopt.model.shed import Shed
    from adlopt.model.two_sided import TwoSidedRound
    from adlopt.optimum.assets.asset_drain import drain_assets
    from adlopt.optimum.core.certificate import Certificate, Trust
    from adlopt.optimum.core.waterfill import pro_rata
    from adlopt.optimum.dollars.frontier import frontier
    from adlopt.optimum.drain import drain_leverage
    from adlopt.optimum.lots.pro_rata import integer_pro_rata
    from adlopt.optimum.opened.model import model
    from adlopt.optimum.paths.severity_path import best_severity_path
    from adlopt.optimum.solve import solve
    from adlopt.policies.decide.belief import Belief, belief_from
    from adlopt.policies.decide.deciding import decide
    from adlopt.policies.decide.decision_problem import CrossValidated
    from adlopt.policies.grammar import named
    from adlopt.policies.protocols import Haircut, Policy, policy
    from adlopt.policies.severity_notation import OwnSeverity
    from adlopt.report.evidence import Evidence
    from adlopt.report.plots import figures as plots
    from adlopt.report.write import write_report
    from adlopt.rules.rule import Rule
    from adlopt.scoring.one_run import run_policy
    from adlopt.scoring.playing import play
    from adlopt.studies import diagnostics, execution, exposure
    from adlopt.studies.adversary.design import design
    from adlopt.studies.adversary.worst import worst
    from adlopt.studies.axioms.trial import try_axioms
    from adlopt.studies.backtest import backtest
    from adlopt.studies.bounds_of import bounds_of
    from adlopt.studies.diagnostics.diagnosis import diagnose
    from adlopt.studies.guarantee_card import vouch
    from adlopt.studies.players import deleverage, least_burden
    from adlopt.studies.side_by_side.compared import compare
    from adlopt.studies.simulation.loop import simulate
    from adlopt.studies.simulation.world import Scenario
    from adlopt.studies.sweep.running import run_sweep
    from adlopt.studies.sweep.spec import read_sweep

__getattr__, __dir__, __all__ = attach(__name__)
