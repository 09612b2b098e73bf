"""Names of 1.0 still work, and say once where they stand."""

import importlib
import re
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

import adlopt as adl
from adlopt.foundation import moved

ROOT = Path(__file__).parents[2]
TAKEN_IN_1_0 = """
from adlopt.bounds import HALF, PROPOSITION_1, TRIVIAL, is_vacuous
from adlopt.comparator_path import comparator_curve
from adlopt.execution import LastSlope, Margin, execute, missed_by
from adlopt.loaders import load, load_table
from adlopt.loaders.hyperreplay import read_detail
from adlopt.optimum import Solution
from adlopt.policies import allocation_named, named
from adlopt.policies.grammar import named as named_now
from adlopt.quality import counted_once, inspect
from adlopt.quantity import TOTAL_DEFICIT
from adlopt.report import write_report
from adlopt.rules import Close, Formula, ProRata, Queue, Tier, column, rule_named
from adlopt.rules.deleverage import deleverage
from adlopt.rules.venues import VENUES
from adlopt.simulation import compare
from adlopt.sweep import on_threads
import adlopt.quality
assert named is named_now and adlopt.quality.inspect is inspect
assert adlopt.adversary.worst.__module__ == "adlopt.studies.adversary.worst"
"""

PUBLIC_IN_1_0 = {
    "": """
    Accounts AdloptError Asymmetric AxiomReport BadHaircut Binding Bound Budget Burden CVaR
    CausalityError Certificate CertificateError Coins Comparator ContractRound ContractSolution
    CoupledSolution CouplingPrice Deleveraging Diagnosis Empirical Episode Evidence
    FewestAccounts Goal Haircut Hypothesis InfeasibleRound Information InputError Insured
    LeverageDrain Leximin Library Limits Lots Market Matching Method MinMax NoSolution
    OpenPositions Policy PolicyError Positions ProofError Round RoundOutcome RoundStart Rule Run
    Scenario Score Scoreboard SeverityLoss SeverityPath SeverityThenAllocation Shed Side
    Simulation Solution SolverFailed SolverStopped Stage Stopped Sweep TrackingFirst Trust
    best_fixed_rule best_fixed_severity best_severity_path bounds compare_burdens contract_round
    deleverage diagnose diagnostics drain_leverage drain_round episodes execution expected_loss
    exposure forced_concentration integer_pro_rata lineup loaders match named
    open_contract_round optimal_fund paper_ogd per_round_optimum play plots policy
    price_of_not_coupling pro_rata read_contract_round read_episode read_limits read_market
    read_round read_sweep rules run_policy run_sweep simulate solve solve_coupled solvency
    surrogate testing try_axioms water_fill wealth_round write_episode write_market write_report
    """,
    "bounds": """
    ADAPTIVE ADAPTIVE_TUNED BOUNDS CONSTANT_FROM_HALF CONSTANT_FROM_ZERO ENOUGH_CAPACITY
    FULL_OBJECTIVE GATED_ENVELOPE GATED_PERSISTENCE HALF INSIDE_DOMAIN MINIMAX_LOWER
    MINIMAX_UPPER OPTIMISED OPTIMISED_FROM_HALF PERSISTENCE PERSISTENCE_UNIFORM PROPOSITION_1
    PROPOSITION_2 PROPOSITION_3 PROPOSITION_5 QUADRATIC SEVERITY_BOUNDS TRIVIAL TUNING_FREE
    beats_half effective_rounds from_start full_objective is_vacuous rounds_needed
    """,
    "diagnostics": """
    BurdenComparison Concentration Diagnosis Fairer PolicyDiagnosis Sensitivity Survivors
    alternating_slopes closed compare_burdens deplete diagnose effective_slope forced_on_largest
    gini monotonicity_violations pro_rata_guarantee rank_correlation rank_stability sensitivity
    survivor_gap swap_jump top_share variation
    """,
    "episodes": """
    alternating_blocks alternating_capacities october_10 shock
    """,
    "execution": """
    EstimateError Executed Fills LastSlope Margin Markout Missed SlopeEstimator SlopeOGD
    Transfer check_causal estimate_error estimates execute execute_late markout missed_by
    transfer
    """,
    "exposure": """
    Budgets Exposure Place UnderRule budgets exposure
    """,
    "loaders": """
    Capacity Deficit FileReport Fills Loaded Origin Rejected Rules Snapshot contract_round
    equities_at every_trade load load_table markouts production read_by_user read_detail
    read_ledger read_mapped read_mapping read_node_fills read_published read_size_decimals
    read_snapshot rounds_of valued write
    """,
    "plots": """
    FIGURES Figure draw find listed save styled svg
    """,
    "rules": """
    VENUES Chosen Close Deleveraging Formula Gauge Haircut Match PerUnit ProRata Queue
    RandomStart Ranking Rows Rule Split Tie Tier account_rows column contract_round deleverage
    position_rows ranking round_rows rule_named wealth_round
    """,
}
"""By the module that showed them."""
GONE = {"Library", "Lots"}
"""Now `to_frame(pandas.DataFrame)`, and `whole_lots=True`."""


@pytest.fixture
def forgotten():
    """Forget old paths before and after, so that they are met for the first time."""

    def forget():
        old = [n for n, m in sys.modules.items() if isinstance(_loader(m), moved.OldPaths)]
        for name in sorted(old, reverse=True):
            above, _, last = name.rpartition(".")
            vars(sys.modules[above]).pop(last)
            del sys.modules[name]

    forget()
    yield
    forget()


def _loader(module):
    return getattr(getattr(module, "__spec__", None), "loader", None)


@pytest.mark.parametrize("old", moved.MODULES)
def test_a_module_of_1_0_hands_out_what_the_real_one_holds(old, forgotten):
    real = importlib.import_module(f"adlopt.{moved.MODULES[old]}")
    with warnings.catch_warnings(action="always", record=True) as said:
        module = importlib.import_module(f"adlopt.{old}")
    assert str(said[-1].message).startswith(f"adlopt.{old} is {real.__name__} since")
    assert len(said) == 1 + old.count(".")
    with warnings.catch_warnings(action="error"):
        assert importlib.import_module(f"adlopt.{old}") is module
    public = [name for name in dir(real) if not name.startswith("_")]
    assert dir(module) == dir(real)
    assert [getattr(module, name) for name in public] == [getattr(real, name) for name in public]


@pytest.mark.parametrize(
    ("package", "name"), [(p, name) for p, names in moved.NAMES.items() for name in names]
)
def test_a_name_of_1_0_is_what_stands_elsewhere(package, name, monkeypatch):
    held = importlib.import_module(f"adlopt.{package}".rstrip("."))
    vars(held).pop(name, None)
    said = moved.BETTER.get(name, f"adlopt.{moved.NAMES[package][name]}")
    with pytest.warns(DeprecationWarning, match=re.escape(f"{name} is {said} since")):
        value = getattr(held, name)
    with warnings.catch_warnings(action="error"):
        assert getattr(held, name) is value
    del vars(held)[name]


@pytest.mark.parametrize("module", PUBLIC_IN_1_0)
def test_what_was_public_in_1_0_is_still_there(module):
    held = importlib.import_module("adlopt") if not module else getattr(adl, module)
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        missing = {name for name in PUBLIC_IN_1_0[module].split() if not hasattr(held, name)}
    assert missing == (GONE if not module else set())


def test_scripts_of_1_0_run_and_each_old_name_warns_once_where_it_stands(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(TAKEN_IN_1_0.replace("import adlopt.quality", "import adlopt.adversary") * 2)
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    said = [line.partition("DeprecationWarning: ")[::2] for line in done.stderr.splitlines()]
    told = [words.split()[0] for _, words in said if words]
    assert sorted(told) == sorted(set(told))
    assert {
        "adlopt.quality",
        "adlopt.policies.allocation_named",
        "adlopt.loaders.hyperreplay",
    } <= set(told)
    assert all(where.startswith(f"{script}:") for where, words in said if words)


@pytest.mark.parametrize(
    "name", ["nonsense", "loaders.nonsense", "text.nonsense", "budget.nonsense"]
)
def test_what_never_was_is_not_found(name, forgotten):
    with warnings.catch_warnings(action="ignore"), pytest.raises(ModuleNotFoundError, match=name):
        importlib.import_module(f"adlopt.{name}")


def test_the_changelog_says_what_each_name_was_and_is():
    modules = {old: f"`adlopt.{new}`" for old, new in moved.MODULES.items()}
    names = {
        ".".join(filter(None, (package, name))): f"`adlopt.{new}`"
        for package, held in moved.NAMES.items()
        for name, new in held.items()
    }
    better = {
        name: said if "such as" in said else f"`{said}`" for name, said in moved.BETTER.items()
    }
    said = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `adlopt\.(\S+)` \| (.*) \|$", said, re.MULTILINE)
    assert rows == list((modules | names | better).items())
