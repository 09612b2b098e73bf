"""Every known trap of HiGHS: it bites in raw form, and does not get through the guard."""

import math
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from highspy import _core as core

import adlopt as adl
from adlopt.errors import InputError, SolverFailed, SolverStopped
from adlopt.foundation import deadline
from adlopt.optimum.core.burden_problem import BurdenProblem
from adlopt.optimum.core.certificate import certify
from adlopt.optimum.core.waterfill import water_level
from adlopt.optimum.lots import milp as widening
from adlopt.optimum.lots.lot_grid import LotGrid
from adlopt.optimum.lots.milp import between, state_lots
from adlopt.optimum.programs import highs, program
from adlopt.optimum.programs.highs import Infeasible, run
from adlopt.optimum.programs.of_dollars import state_alone
from adlopt.optimum.programs.program import Program

LOTS = adl.Method.LOT_SEARCH


def naive(u, e, budget, cost, lot=None):
    """min cost·z, x_i ≤ e_i z, Σ x = B in dollars: what one writes down first."""
    n, unit = u.size, np.ones(u.size) if lot is None else lot
    account = np.arange(1, n + 1)
    return Program(
        cost=np.r_[cost, np.zeros(n)],
        lower=np.zeros(n + 1),
        upper=np.r_[np.inf, np.floor(u / unit) if lot is not None else u],
        row_lower=np.r_[np.full(n, -np.inf), budget],
        row_upper=np.r_[np.zeros(n), budget if lot is None else np.inf],
        start=np.r_[2 * np.arange(n + 1), 3 * n],
        column=np.r_[np.column_stack([np.zeros(n, int), account]).ravel(), account],
        coefficient=np.r_[np.column_stack([-e, unit]).ravel(), unit],
        integer=None if lot is None else np.r_[False, np.ones(n, bool)],
    )


def accounts(n, log_mean, log_sd, seed):
    rng = np.random.default_rng(seed)
    capacity = rng.lognormal(log_mean, log_sd, n)
    return capacity, capacity * rng.lognormal(1.0, 1.0, n), rng


def opened(capacity, equity, budget):
    round_ = adl.Round.of(capacity=capacity, deficit=1.0, needed=budget, equity=equity)
    loss = adl.MinMax(burden=adl.Burden.EQUITY)
    problem = BurdenProblem.of(round_, loss)
    return problem, state_alone(problem, loss)


def proof(problem, stated, answer):
    haircut = np.clip(stated.haircut(answer.columns), 0.0, problem.capacity)
    return certify(problem, haircut, stated.multipliers(answer.duals))


def test_trap_1_money_too_small_for_absolute_tolerances():
    capacity, equity, _ = accounts(20, 0.0, 2.7, 1)
    capacity *= 1e-6 / capacity.sum()
    problem, stated = opened(capacity, equity, 0.6 * capacity.sum())
    assert proof(problem, stated, run(stated.program)).optimal

    dust = [0.01 * amounts for amounts in (capacity, equity)]
    raised = run(naive(*dust, 0.01 * problem.budget, dust[1].sum())).columns[1:].sum()
    assert raised < 0.0095 * problem.budget, "unscaled, HiGHS no longer misses the budget"


def test_trap_2_default_tolerances_of_a_mip(monkeypatch, highs_has_traps):
    rng = np.random.default_rng(1)
    capacity = rng.lognormal(5.0, 2.0, 20)
    equity = capacity * rng.lognormal(3.0, 1.0, 20)
    lot = capacity / 1_000 * rng.uniform(0.5, 1.0, 20)
    model = naive(capacity, equity, 0.1 * capacity.sum(), 1.0, lot)
    guarded = run(model)
    monkeypatch.setattr(highs, "MIP_OPTIONS", {})
    loose = run(model)
    assert guarded.columns[0] <= loose.columns[0] * (1 + 1e-9)
    if highs_has_traps:
        assert loose.columns[0] > guarded.columns[0] * (1 + 1e-5)
        assert loose.bound > guarded.columns[0] * (1 + 1e-5), "its own bound excludes the optimum"


def test_trap_3_lengths_and_nan_are_checked_before_the_solver_sees_them():
    good = naive(np.ones(2), np.ones(2), 1.0, 1.0)
    for name in ("lower", "upper", "row_upper", "coefficient", "start"):
        with pytest.raises(InputError, match=name):
            replace(good, **{name: getattr(good, name)[:-1]})
    with pytest.raises(InputError, match=r"cost\[0\] is nan"):
        replace(good, cost=np.full(3, np.nan))
    with pytest.raises(InputError, match="integer"):
        replace(good, integer=np.zeros(0, bool))
    with pytest.raises(InputError, match="column"):
        replace(good, column=good.column + 7)
    with pytest.raises(InputError, match="start"):
        replace(good, start=good.start[::-1].copy())


def test_trap_3_every_status_is_checked(monkeypatch):
    monkeypatch.setitem(highs.OPTIONS, "presolve", "nonsense")
    with pytest.raises(SolverFailed, match="presolve"):
        run(naive(np.ones(2), np.ones(2), 1.0, 1.0))


def test_trap_3_a_refused_model_raises_instead_of_returning_zero():
    crossed = replace(naive(np.ones(2), np.ones(2), 1.0, 1.0), lower=np.full(3, np.inf))
    with pytest.raises((SolverFailed, Infeasible)):
        run(crossed)


@pytest.fixture
def applied(monkeypatch):
    """Options that reach the solver, in the order in which they do."""
    seen = {}

    class Recorder(core._Highs):
        def setOptionValue(self, name, value):  # noqa: N802
            seen[name] = value
            return super().setOptionValue(name, value)

    monkeypatch.setattr(core, "_Highs", Recorder)
    return seen


@pytest.mark.parametrize("whole", [False, True])
def test_traps_4_and_5_presolve_is_off_and_there_is_one_thread(applied, whole):
    lot = np.ones(2) if whole else None
    run(naive(np.full(2, 5.0), np.full(2, 5.0), 2.0, 1.0, lot))
    assert applied["presolve"] == "off"
    assert applied["threads"] == 1
    assert ("mip_rel_gap" in applied) is whole


def test_trap_3_a_model_that_is_refused_is_not_run(monkeypatch):
    class Refuses(core._Highs):
        def passModel(self, *model):  # noqa: N802
            return core.HighsStatus.kError

    monkeypatch.setattr(core, "_Highs", Refuses)
    with pytest.raises(SolverFailed, match="refused the model"):
        run(naive(np.ones(2), np.ones(2), 1.0, 1.0))


def test_trap_5_another_thread_count_in_the_process():
    code = """
import numpy as np, highspy, adlopt as adl
h = highspy.Highs()
h.setOptionValue("output_flag", False)
h.setOptionValue("threads", 2)
x = h.addVariable(lb=1.0)
h.minimize(x)
assert h.getModelStatus() == highspy.HighsModelStatus.kOptimal
round_ = adl.Round.of(capacity=[120.0, 80.0], deficit=90.0, needed=50.0)
print(adl.solve(round_, method=adl.Method.HIGHS).value)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout.split()[-1]) == pytest.approx(0.25)


def test_trap_6_a_time_limit_without_an_incumbent_is_not_an_answer():
    capacity, equity, _ = accounts(3_000, 5.0, 2.7, 0)
    _, stated = opened(capacity, equity, 0.6 * capacity.sum())
    with pytest.raises(SolverStopped):
        run(stated.program, time_limit=1e-9)


def test_trap_6_a_search_that_is_cut_short_says_so():
    """A market split: points are easy to find, and the best of them for hours not to prove."""
    dice, columns, rows = np.random.default_rng(0), 60, 8
    split = dice.integers(0, 99, (rows, columns)).astype(float)
    half, every = np.floor(split.sum(axis=1) / 2), columns + 2 * rows
    hard = Program(
        cost=np.r_[np.zeros(columns), np.ones(2 * rows)],
        lower=np.zeros(every),
        upper=np.r_[np.ones(columns), np.full(2 * rows, 1e9)],
        row_lower=half,
        row_upper=half,
        start=np.arange(rows + 1) * every,
        column=np.tile(np.arange(every), rows),
        coefficient=np.hstack([split, np.eye(rows), -np.eye(rows)]).ravel(),
        integer=np.r_[np.ones(columns, bool), np.zeros(2 * rows, bool)],
    )
    answer = run(hard, time_limit=1.0)
    assert answer.stopped is highs.Stopped.LIMIT
    chosen = np.rint(answer.columns[:columns])
    assert answer.bound < np.abs(split @ chosen - half).sum()
    assert answer.row_duals is None


@pytest.mark.parametrize("limit", [0.0, -1.0, math.nan, math.inf])
def test_a_time_limit_must_be_a_positive_number(limit):
    with pytest.raises(InputError, match="time_limit"):
        run(naive(np.ones(2), np.ones(2), 1.0, 1.0), time_limit=limit)


def test_trap_7_the_dual_bound_is_ours():
    capacity, equity, _ = accounts(30, 8.0, 2.0, 3)
    problem, stated = opened(capacity, equity, 0.5 * capacity.sum())
    answer = run(stated.program)
    certificate = proof(problem, stated, answer)
    assert certificate.lower == pytest.approx(certificate.upper, rel=1e-12)
    wrong = replace(answer, row_duals=-answer.duals)
    assert proof(problem, stated, wrong).lower == 0.0


def test_trap_8_a_bare_burden_has_duals_below_the_tolerance():
    capacity, equity, _ = accounts(10, 15.0, 2.0, 0)
    budget = 0.3 * capacity.sum()
    least = water_level(equity, capacity, budget)
    bare = run(naive(capacity, equity, budget, 1.0)).columns[1:]
    assert (bare / equity).max() > 1.05 * least, "HiGHS calls this optimal"

    problem, stated = opened(capacity, equity, budget)
    assert stated.program.cost[stated.burden] == program.WORK_TOTAL
    ours = stated.haircut(run(stated.program).columns)
    assert problem.value(ours) == pytest.approx(least, rel=1e-12)


def test_trap_9_raw_lots_come_back_optimal_and_wrong():
    rng = np.random.default_rng(0)
    capacity = rng.lognormal(5.0, 2.0, 5)
    equity = np.round(capacity * rng.lognormal(3.0, 1.0, 5), 6)
    lot = np.round(capacity / 1e7 * rng.uniform(0.5, 1.0, 5), 6)
    lot = np.maximum(lot, 1e-6)
    budget = round(0.1 * capacity.sum(), 6)
    raw = run(naive(capacity, equity, budget, 1.0, lot))
    burden = (lot * np.rint(raw.columns[1:]) / equity).max()

    round_ = adl.Round.of(
        capacity=capacity, deficit=1.0, needed=budget, equity=equity, lot=lot.tolist()
    )
    best = adl.solve(round_, adl.MinMax(burden=adl.Burden.EQUITY))
    assert best.certificate.trust is adl.Trust.EXACT
    assert best.certificate.optimal
    assert burden > 1.05 * best.value, "HiGHS calls this optimal"


@pytest.mark.parametrize("seed", range(40))
def test_the_shifted_core_agrees_with_the_exact_search(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 9))
    lot = rng.choice([1.0, 2.0, 3.0, 2.5, 0.7], n)
    counts = rng.integers(0, 40, n)
    equity = np.round(rng.random(n) * 300 + 1, 1)
    budget = float(lot @ rng.binomial(counts, 0.4))
    round_ = adl.Round.of(capacity=lot * counts, deficit=1.0, needed=budget, equity=equity, lot=lot)
    loss = adl.MinMax(burden=adl.Burden.EQUITY)
    ours, theirs = adl.solve(round_, loss), adl.solve(round_, loss, method=adl.Method.HIGHS)
    assert ours.value == pytest.approx(theirs.value, rel=1e-9)


def test_the_core_stays_short_whatever_the_money_is():
    capacity, equity, _ = accounts(50, 12.0, 2.0, 0)
    lot = np.maximum(np.round(capacity / 1e6, 6), 1e-6)
    round_ = adl.Round.of(capacity=capacity, deficit=1.0, needed=1e5, equity=equity, lot=lot)
    problem = BurdenProblem.of(round_, adl.MinMax(burden=adl.Burden.EQUITY))
    grid = LotGrid.of_wealth(problem)
    low = Fraction(water_level(problem.weight, problem.open, problem.budget))
    stated, high = state_lots(grid), low * (1 + Fraction(1, 10**6))
    core = between(stated, grid, grid.units_at(low), low, high)
    assert core.upper[stated.column].max() <= 2
    assert core.upper[stated.burden] == pytest.approx(1.0)
    assert np.abs(core.coefficient).min() > 1e-9


@pytest.mark.parametrize("seed", range(5))
def test_where_simplex_gives_up_interior_point_answers(seed, monkeypatch):
    capacity, equity, _ = accounts(60, 9.0, 2.0, seed)
    problem, stated = opened(capacity, equity, 0.4 * capacity.sum())
    expected = run(stated.program)
    monkeypatch.setattr(highs, "_gave_up", lambda solver, core: True)
    answer = run(stated.program)
    assert answer.bound == pytest.approx(expected.bound, rel=1e-9)
    assert proof(problem, stated, answer).optimal


@pytest.mark.parametrize("interior", [False, True])
def test_an_answer_says_what_found_it(interior, monkeypatch):
    capacity, equity, _ = accounts(60, 9.0, 2.0, 0)
    _, stated = opened(capacity, equity, 0.4 * capacity.sum())
    asked = adl.Method.HIGHS_INTERIOR if interior else adl.Method.HIGHS
    assert run(stated.program, interior=interior).method is asked
    monkeypatch.setattr(highs, "_gave_up", lambda solver, core: True)
    assert run(stated.program, interior=interior).method is adl.Method.HIGHS_INTERIOR


def test_a_solution_says_that_simplex_gave_up(monkeypatch):
    round_ = adl.Round.of(capacity=[120.0, 80.0], deficit=90.0, needed=50.0)
    monkeypatch.setattr(highs, "_gave_up", lambda solver, core: True)
    for objective in (adl.MinMax(), adl.CVaR(0.5)):
        best = adl.solve(round_, objective, method=adl.Method.HIGHS)
        assert best.method is adl.Method.HIGHS_INTERIOR
        assert best.certificate.optimal


@pytest.mark.parametrize("contracts", [False, True])
def test_a_time_limit_is_for_all_levels_together(contracts, monkeypatch):
    given, clock = [], iter([False, False, True])

    def nothing_fits(program, nodes):
        given.append(deadline.seconds_left())
        raise highs.Infeasible

    monkeypatch.setattr(widening, "run", nothing_fits)
    monkeypatch.setattr(widening, "is_late", lambda: next(clock))
    round_ = adl.Round.of(capacity=[1e6, 1e6], deficit=9.0, needed=3.0, lot=1.0)
    round_ = adl.ContractRound.of_wealth(round_) if contracts else round_
    best = adl.solve(round_, method=adl.Method.HIGHS, time_limit=2.5)
    assert 2.5 > given[0] > given[1] > given[2] > 1.0
    assert (best.raised, best.stopped, best.method) == (3.0, adl.Stopped.LIMIT, LOTS)
