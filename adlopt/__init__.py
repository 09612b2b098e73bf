"""Optimal hindsight benchmarks and regret bounds for autodeleveraging (ADL).

Names are loaded when first used, so that importing the package stays fast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from adlopt.foundation.moved import attach

if TYPE_CHECKING:
    from adlopt import bounds as bounds, rules as rules, testing as testing
    from adlopt.bounds.bound import (
        Bound as Bound,
        Comparator as Comparator,
        Hypothesis as Hypothesis,
    )
    from adlopt.data import episodes as episodes, loaders as loaders
    from adlopt.data.decision_log import audit as audit, write_decision as write_decision
    from adlopt.data.files.markets import write_market as write_market
    from adlopt.data.files.reading import (
        read as read,
        read_episode as read_episode,
        read_market as read_market,
        read_round as read_round,
    )
    from adlopt.data.files.writing import write_episode as write_episode
    from adlopt.errors import (
        AdloptError as AdloptError,
        BadHaircut as BadHaircut,
        CausalityError as CausalityError,
        CertificateError as CertificateError,
        InfeasibleRound as InfeasibleRound,
        InputError as InputError,
        NoSolution as NoSolution,
        PolicyError as PolicyError,
        ProofError as ProofError,
        SolverFailed as SolverFailed,
        SolverStopped as SolverStopped,
    )
    from adlopt.model import solvency as solvency
    from adlopt.model.budget import Budget as Budget
    from adlopt.model.constraint import group as group
    from adlopt.model.episode import Episode as Episode
    from adlopt.model.limits import Limits as Limits
    from adlopt.model.loss import (
        Asymmetric as Asymmetric,
        Burden as Burden,
        Empirical as Empirical,
        MinMax as MinMax,
        SeverityLoss as SeverityLoss,
        surrogate as surrogate,
    )
    from adlopt.model.market import Market as Market
    from adlopt.model.market_parts import (
        Accounts as Accounts,
        Coins as Coins,
        OpenPositions as OpenPositions,
    )
    from adlopt.model.method import Method as Method, Stopped as Stopped
    from adlopt.model.objective import (
        CVaR as CVaR,
        FewestAccounts as FewestAccounts,
        KeepHedges as KeepHedges,
        LeastLeverage as LeastLeverage,
        Leximin as Leximin,
        TrackingFirst as TrackingFirst,
    )
    from adlopt.model.positions import ContractRound as ContractRound, Side as Side
    from adlopt.model.problem import Problem as Problem
    from adlopt.model.risk_objective import (
        ExpectedLoss as ExpectedLoss,
        FactorLeverage as FactorLeverage,
    )
    from adlopt.model.round import (
        Round as Round,
        RoundOutcome as RoundOutcome,
        RoundStart as RoundStart,
    )
    from adlopt.model.run import Information as Information, Run as Run
    from adlopt.model.shed import Shed as Shed
    from adlopt.model.two_sided import TwoSidedRound as TwoSidedRound
    from adlopt.optimum.assets.asset_drain import drain_assets as drain_assets
    from adlopt.optimum.core.certificate import Certificate as Certificate, Trust as Trust
    from adlopt.optimum.core.waterfill import pro_rata as pro_rata
    from adlopt.optimum.dollars.frontier import frontier as frontier
    from adlopt.optimum.drain import drain_leverage as drain_leverage
    from adlopt.optimum.lots.pro_rata import integer_pro_rata as integer_pro_rata
    from adlopt.optimum.opened.model import model as model
    from adlopt.optimum.paths.severity_path import best_severity_path as best_severity_path
    from adlopt.optimum.solve import solve as solve
    from adlopt.policies.decide.belief import Belief as Belief, belief_from as belief_from
    from adlopt.policies.decide.deciding import decide as decide
    from adlopt.policies.decide.decision_problem import CrossValidated as CrossValidated
    from adlopt.policies.grammar import named as named
    from adlopt.policies.protocols import Haircut as Haircut, Policy as Policy, policy as policy
    from adlopt.policies.severity_notation import OwnSeverity as OwnSeverity
    from adlopt.report.evidence import Evidence as Evidence
    from adlopt.report.plots import figures as plots
    from adlopt.report.write import write_report as write_report
    from adlopt.rules.rule import Rule as Rule
    from adlopt.scoring.one_run import run_policy as run_policy
    from adlopt.scoring.playing import play as play
    from adlopt.studies import (
        diagnostics as diagnostics,
        execution as execution,
        exposure as exposure,
    )
    from adlopt.studies.adversary.design import design as design
    from adlopt.studies.adversary.worst import worst as worst
    from adlopt.studies.axioms.trial import try_axioms as try_axioms
    from adlopt.studies.backtest import backtest as backtest
    from adlopt.studies.bounds_of import bounds_of as bounds_of
    from adlopt.studies.diagnostics.diagnosis import diagnose as diagnose
    from adlopt.studies.guarantee_card import vouch as vouch
    from adlopt.studies.players import deleverage as deleverage, least_burden as least_burden
    from adlopt.studies.side_by_side.compared import compare as compare
    from adlopt.studies.simulation.loop import simulate as simulate
    from adlopt.studies.simulation.world import Scenario as Scenario
    from adlopt.studies.sweep.running import run_sweep as run_sweep
    from adlopt.studies.sweep.spec import read_sweep as read_sweep

__getattr__, __dir__, __all__ = attach(__name__)
