"""Problems opened as programs with names: the optimum, whoever solves it, and files of it."""

import json
from dataclasses import replace
from pathlib import Path

import highspy
import numpy as np
import pyscipopt
import pytest
from hypothesis import given, strategies as st

import adlopt as adl
from adlopt.foundation.deadline import seconds_left
from adlopt.optimum.objective_registry import OBJECTIVES, names
from adlopt.optimum.opened import searched
from adlopt.optimum.opened.written import legal
from adlopt.optimum.programs import highs
from adlopt.optimum.programs.highs import Infeasible, run

COINS = ("ETH", "BTC")
EQUITY = adl.Burden.EQUITY
IN_DOLLARS = [
    adl.MinMax(),
    adl.MinMax(burden=EQUITY),
    adl.surrogate(track=1.0, fair=30.0, burden=EQUITY),
    adl.Asymmetric(under=2.0, over=1.0, fair=100.0),
    adl.Empirical(reference=0.2, weight=2.0, excess_only=True),
    adl.CVaR(0.5, burden=EQUITY),
    adl.FewestAccounts(),
]


def dollars(rng, lot=None):
    n = int(rng.integers(1, 8))
    capacity = np.round(rng.lognormal(3, 1.5, n), 2) * (rng.random(n) > 0.1)
    needed = float(np.round(rng.uniform(0, 0.9) * capacity.sum(), 2))
    equity = capacity * rng.uniform(0.5, 3, n) + 1
    return adl.Round.of(capacity=capacity, deficit=1, needed=needed, equity=equity, lot=lot)


def contracts(rng):
    every = [(f"w{i}", coin) for i in range(5) for coin in COINS]
    pairs = every[:2] + [pair for pair in every[2:] if rng.random() < 0.7]
    accounts = dict.fromkeys(account for account, _ in pairs)
    m = len(pairs)
    return adl.ContractRound.of(
        account=[account for account, _ in pairs],
        coin=[coin for _, coin in pairs],
        side=["short" if rng.random() < 0.7 else "long" for _ in pairs],
        size=rng.integers(1, 20, m),
        value=np.round(rng.uniform(20, 60, m)),
        mark=[{"ETH": 3600.0, "BTC": 900.0}[coin] for _, coin in pairs],
        capacity=np.round(rng.uniform(200, 5000, len(accounts))),
        deficit=1,
        needed=float(rng.integers(1, 400)),
    )


def two_sides(rng):
    k = int(rng.integers(1, 4))
    coin = [COINS[int(rng.integers(2))] for _ in range(k)]
    mark = [{"ETH": 3600.0, "BTC": 900.0}[c] for c in coin]
    shed = adl.Shed(
        loser=[f"x{i}" for i in range(k)],
        coin=coin,
        side=["long"] * k,
        size=rng.integers(1, 6, k).astype(float),
        price=[m + 50 * int(rng.integers(1, 4)) for m in mark],
        mark=mark,
    )
    return adl.TwoSidedRound(contracts(rng), shed)


def episode(rng):
    rounds = []
    for t in range(1, int(rng.integers(2, 5))):
        who = [f"a{i}" for i in range(6) if rng.random() < 0.7] or ["a0"]
        capacity = np.round(rng.lognormal(3, 1, len(who)), 2)
        needed = float(rng.uniform(0, 0.4) * capacity.sum())
        rounds.append(adl.Round.of(t=t, account=who, capacity=capacity, deficit=1, needed=needed))
    return adl.Episode(name="few", rounds=rounds)


def beyond_the_mark(rng):
    both = two_sides(rng)
    start = both.winners.start
    equity = np.round(rng.uniform(5_000, 9_000, len(start.account)))
    return replace(both, winners=replace(both.winners, start=replace(start, equity=equity)))


def at_the_mark(rng):
    both = beyond_the_mark(rng)
    return replace(both, losers=replace(both.losers, price=both.losers.mark))


def out_of_reach(rng):
    round_ = dollars(rng)
    needed = float(rng.uniform(1.1, 2.0)) * round_.start.total_capacity + 1.0
    return replace(round_, outcome=replace(round_.outcome, needed=needed))


CASES = {
    "dollars": (dollars, IN_DOLLARS, {}),
    "lots": (lambda rng: dollars(rng, lot=1.25), [adl.MinMax(burden=EQUITY)], "at least"),
    "fewest in lots": (
        lambda rng: replace(
            (round_ := dollars(rng, lot=1.25)),
            outcome=adl.RoundOutcome(needed=round_.needed // 1.25 * 1.25),
        ),
        [adl.FewestAccounts()],
        {},
    ),
    "missed": (out_of_reach, [adl.TrackingFirst()], {}),
    "missed in lots": (
        lambda rng: dollars(rng, lot=12.5),
        [adl.TrackingFirst(), adl.Asymmetric(under=2.0, over=1.0, fair=100.0)],
        {},
    ),
    "at the mark": (at_the_mark, [adl.LeastLeverage()], {}),
    "beyond the mark": (beyond_the_mark, [adl.LeastLeverage()], {}),
    "contracts": (contracts, [adl.MinMax()], "at least"),
    "two sides": (
        two_sides,
        [adl.MinMax(), adl.KeepHedges(underlying=dict.fromkeys(COINS, "x")), adl.FewestAccounts()],
        {},
    ),
    "whole lots": (two_sides, [adl.MinMax()], {"whole_lots": True}),
    "episodes": (episode, [adl.MinMax(), adl.surrogate(track=1.0, fair=40.0)], {}),
}


def options_of(given_):
    return {"budget": adl.Budget.at_least()} if given_ == "at least" else dict(given_)


def solved(thing, objective, options):
    """The optimum by the methods made for the problem; None where there is none."""
    if options.get("whole_lots"):
        options = options | {"method": adl.Method.HIGHS}
    try:
        return adl.solve(thing, objective, **options)
    except (adl.InfeasibleRound, adl.SolverFailed):
        return None


@given(st.integers(0, 10**9), st.sampled_from(list(CASES)), st.data())
def test_the_program_has_the_optimum_of_the_problem(seed, case, data):
    make, objectives, given_ = CASES[case]
    thing, options = make(np.random.default_rng(seed)), options_of(given_)
    objective = data.draw(st.sampled_from(objectives))
    best = solved(thing, objective, options)
    if best is not None and hasattr(best, "matched") and not best.matched.any():
        with pytest.raises(adl.InputError, match="something that can be matched"):
            adl.model(thing, objective, **options)
        return
    m = adl.model(thing, objective, **options)
    assert len(set(m.stated.column_names())) == m.stated.program.cost.size
    assert len(set(m.stated.row_names())) == m.stated.program.row_lower.size
    try:
        point = run(m.stated.program).columns
    except Infeasible:
        assert best is None
        return
    assert m.stated.value(point) == pytest.approx(best.value, rel=1e-6, abs=1e-6)
    if case in ("dollars", "contracts", "lots"):
        again = m.stated.haircut(point)
        assert again.sum() == pytest.approx(m.stated.unit[m.stated.raised] * point[m.stated.raised])


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("suffix", [".mps", ".lp"])
def test_two_other_solvers_read_the_file_and_find_the_optimum(case, suffix, tmp_path):
    make, objectives, given_ = CASES[case]
    options = options_of(given_)
    for number, objective in enumerate(objectives):
        rng, found = np.random.default_rng(number), 0
        while found < 3:
            thing = make(rng)
            best = solved(thing, objective, options)
            # Dollars are missed within their tolerance of 1e-6, too.
            if best is None or best.value < (1.0 if case == "missed in lots" else 1e-6):
                continue
            m = adl.model(thing, objective, **options)
            path = tmp_path / f"round{suffix}"
            m.write(path)
            told = json.loads((tmp_path / f"round{suffix}.json").read_text())
            for read in (by_highs, by_scip):
                value, point = read(path)
                assert value * told["objective"]["unit"] == pytest.approx(best.value, rel=2e-6)
                names = {told["columns"][file]["name"] for file in point}
                assert names == set(m.stated.column_names())
            found += 1


def by_highs(path):
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    for name in ("mip_rel_gap", "mip_abs_gap"):
        solver.setOptionValue(name, 0.0)
    assert solver.readModel(str(path)) == highspy.HighsStatus.kOk
    solver.run()
    assert solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
    lp, values = solver.getLp(), solver.getSolution().col_value
    return solver.getInfo().objective_function_value, dict(zip(lp.col_names_, values, strict=True))


def by_scip(path):
    solver = pyscipopt.Model()
    solver.hideOutput()
    solver.readProblem(str(path))
    solver.optimize()
    assert solver.getStatus() == "optimal"
    return solver.getObjVal(), {v.name: solver.getVal(v) for v in solver.getVars()}


def test_units_in_the_map_give_back_dollars(tmp_path):
    round_ = adl.Round.of(account=["ann", "bob"], capacity=[120.0, 80.0], deficit=90.0, needed=50.0)
    written = adl.model(round_).write(tmp_path / "round.mps")
    assert [path.name for path in written] == ["round.mps", "round.mps.json"]
    told = json.loads(written[1].read_text())
    _, point = by_highs(written[0])
    named = {c["name"]: c["unit"] * point[file] for file, c in told["columns"].items()}
    assert named["haircut[ann]"] == pytest.approx(30.0)
    assert named["raised"] == pytest.approx(50.0)
    assert told["objective"]["minimises"] == "worst burden"


@given(st.lists(st.text(max_size=130), max_size=30))
def test_names_of_files_are_legal_and_unique_whatever_accounts_are_called(names):
    made = legal(f"haircut[{name}]" for name in names)
    assert len({name.lower() for name in made}) == len(names)
    for name in made:
        assert name.isascii()
        assert name.replace("_", "a").isalnum()
        assert name[0].isalpha()
        assert len(name) < 160


@pytest.mark.parametrize("case", CASES)
def test_a_model_is_a_page_and_its_repr_a_line(case):
    make, objectives, given_ = CASES[case]
    for objective in objectives:
        m = adl.model(make(np.random.default_rng(5)), objective, **options_of(given_))
        lines = str(m).splitlines()
        assert len(lines) <= 24
        assert max(map(len, lines)) <= 80
        assert len(repr(m)) <= 300
        assert m.to_frame().height == m.stated.program.cost.size


@pytest.mark.parametrize(
    "objective", [adl.MinMax(), adl.CVaR(0.5), adl.FewestAccounts(), adl.TrackingFirst()]
)
def test_a_model_in_which_nobody_has_anything_to_give_is_a_page_too(objective):
    """Its kinds of variables and rows of which there are none stopped it."""
    model = adl.model(adl.Round.of(capacity=[0.0], deficit=3.0, needed=0.0), objective)
    assert "subject to" in str(model)
    assert model.solve().value == 0.0


@pytest.mark.parametrize("make", [at_the_mark, beyond_the_mark])
def test_leverage_is_a_column_of_its_program(make):
    m = adl.model(make(np.random.default_rng(1)), adl.LeastLeverage())
    assert "leverage" in m.stated.column_names()
    assert "minimise worst leverage = leverage" in str(m)


@pytest.mark.parametrize("seed", range(6))
def test_leverage_under_a_row_is_that_of_no_level_below(seed):
    """With the least level that any flow within the row reaches, found by halving."""
    rng = np.random.default_rng(seed)
    both = beyond_the_mark(rng)
    free = adl.solve(both, adl.LeastLeverage())
    who = both.winners.start.account[int(np.argmax(free.haircut))]
    row = adl.group(account=[who]).gives_at_most(usd=0.5 * float(free.haircut.max()))
    try:
        best = adl.solve(both, adl.LeastLeverage(), constraints=[row])
    except adl.InfeasibleRound:
        return
    assert best.certificate.optimal
    assert best.value >= free.value * (1 - 1e-9)
    m = adl.model(both, adl.LeastLeverage())
    low, high = free.value * (1 - 1e-9), best.value * (1 + 1e-7)
    for _ in range(40):
        level = 0.5 * (low + high)
        stated = replace(m.kind, level=level).state(())[0]
        stated, _, _ = replace(m, stated=stated).extended([row])
        reached = stated.value(run(stated.program).columns) <= level
        low, high = (low, level) if reached else (level, high)
    assert high == pytest.approx(best.value, rel=1e-6)


STATED = {
    "dollars": dollars,
    "contracts": contracts,
    "two_sides": beyond_the_mark,
    "episodes": episode,
}


@pytest.mark.parametrize("where", STATED)
def test_all_that_is_solved_is_stated(where):
    given_ = {
        "surrogate": {"track": 1.0, "fair": 2.0},
        "asymmetric": {"under": 1.0, "over": 1.0, "fair": 2.0},
        "empirical": {"reference": 0.2, "excess_only": True},
        "cvar": {"level": 0.5},
        "keep-hedges": {"underlying": dict.fromkeys(COINS, "x")},
    }
    thing = STATED[where](np.random.default_rng(5))
    for name in set(OBJECTIVES).intersection(names(where)):
        objective = OBJECTIVES[name].make(**given_.get(name, {}))
        assert adl.model(thing, objective).stated.program.cost.any()


@pytest.mark.parametrize("lot", [None, 1.25])
@pytest.mark.parametrize("seed", range(12))
def test_what_is_missed_within_a_constraint_then_the_worst_burden(seed, lot):
    rng = np.random.default_rng(seed)
    round_ = dollars(rng, lot=lot)
    first, n = round_.start.account[0], len(round_.start.account)
    most = float(rng.integers(0, 40))
    row = adl.group(account=[first]).gives_at_most(usd=most)
    best = adl.solve(round_, adl.TrackingFirst(), constraints=[row])
    share = most / max(round_.start.capacity[0], 1e-9)
    limits = adl.Limits(cap=[min(share, 1.0), *np.ones(n - 1)])
    plain = adl.solve(round_, adl.TrackingFirst(), limits=limits)
    assert best.value == pytest.approx(plain.value, rel=1e-9, abs=1e-7)
    assert best.worst_burden == pytest.approx(plain.worst_burden, rel=1e-6, abs=1e-9)
    assert [stage.criterion for stage in best.stages] == ["least worst burden at that sum"]


def test_a_gap_is_kept_with_constraints_and_the_time_is(monkeypatch):
    rng = np.random.default_rng(3)
    lot = np.round(rng.uniform(20.0, 200.0, 40), 2)
    round_ = adl.Round.of(capacity=lot * 5, deficit=1, needed=6_000.0, lot=lot)
    row, asked = adl.group(account=["1"]).gives_at_most(usd=50.0), []

    def noted(p, **how):
        asked.append(how | {"left": seconds_left()})
        return run(p, **how)

    monkeypatch.setattr(searched, "run", noted)
    wide = adl.solve(
        round_, budget=adl.Budget.band(100.0), constraints=[row], gap=0.2, time_limit=9.0
    )
    assert asked[-1]["gap"] == 0.2
    assert 0 < asked[-1]["left"] <= 9.0
    assert wide.certificate.lower >= wide.value * 0.8
    with pytest.raises(adl.InputError, match=r"gap is 1\.5"):
        adl.solve(round_, constraints=[row], gap=1.5)


def test_a_model_that_a_solver_fails_at_is_kept(monkeypatch):
    round_ = adl.Round.of(account=["ann", "bob"], capacity=[120.0, 80.0], deficit=90.0, needed=50.0)
    row = adl.group(account=["ann"]).gives_at_most(share=0.2)
    monkeypatch.setattr(highs, "_run", lambda solver, core, end: core.HighsStatus.kError)
    with pytest.raises(adl.SolverFailed, match=r"its model is kept in .*\.mps") as raised:
        adl.solve(round_, constraints=[row, adl.group(account=["bob"]).gives_at_most(usd=60.0)])
    monkeypatch.undo()
    kept = str(raised.value).rpartition(" ")[2]
    stated, _, _ = adl.model(round_).extended([row])
    value, point = by_highs(kept)
    assert len(point) == stated.program.cost.size
    assert value * stated.factor == pytest.approx(40 / 80)
    Path(kept).unlink()


def test_names_are_those_of_accounts_coins_and_sides():
    rng = np.random.default_rng(1)
    m = adl.model(two_sides(rng))
    names = m.stated.row_names()
    assert any(name.startswith("conserve[") and ",short" in name for name in names)
    assert any(name.startswith("share[w") for name in names)
    assert "burden" in m.stated.column_names()
    lots = adl.model(contracts(rng), budget=adl.Budget.at_least())
    assert "lots[w0,ETH,short]" in lots.stated.column_names()
    rounds = adl.model(episode(rng))
    assert "budget[1]" in rounds.stated.row_names()


def test_what_several_programs_solve_is_refused_with_those_that_one_does():
    round_ = dollars(np.random.default_rng(2))
    with pytest.raises(adl.InputError, match=r"MinMax, Asymmetric.*several programs"):
        adl.model(round_, adl.LeastLeverage())
    tiers = adl.Limits(tier=[1] * len(round_.start.account))
    with pytest.raises(adl.InputError, match="tier by tier"):
        adl.model(round_, limits=tiers)
    with pytest.raises(adl.InputError, match=r"an \.mps or .lp file"):
        adl.model(round_).write("round.txt")


def test_a_model_of_levels_states_the_first_and_solves_them_all():
    rng = np.random.default_rng(2)
    for thing in (dollars(rng), two_sides(rng)):
        m, plain = adl.model(thing, adl.Leximin()), adl.solve(thing, adl.Leximin())
        assert str(m) == str(adl.model(thing))
        best = m.solve()
        assert best.haircut == pytest.approx(plain.haircut)
        assert [stage.criterion for stage in best.stages] == [s.criterion for s in plain.stages]
    round_ = adl.Round.of(capacity=[60.0, 80.0, 40.0], deficit=90.0, needed=60.0)
    m = adl.model(round_, adl.Leximin())
    assert m.solve([m.haircut["1"] >= 30.0]).haircut == pytest.approx([30.0, 20.0, 10.0])
    with pytest.raises(adl.InputError, match="in contract space"):
        adl.model(contracts(rng), adl.Leximin())
    with pytest.raises(adl.InputError, match="linear rows, with Leximin"):
        m.solve([m.haircut["1"] ** 2 <= 400.0])


def test_scaling_is_by_powers_of_two():
    for seed in range(20):
        m = adl.model(dollars(np.random.default_rng(seed)), adl.MinMax(burden=EQUITY))
        for units in (m.stated.unit, m.stated.row_unit, [m.stated.factor]):
            assert set(np.frexp(units)[0].tolist()) == {0.5}


def test_cvxpy_gets_the_same_problem():
    import cvxpy as cp

    for seed in range(6):
        rng = np.random.default_rng(seed)
        for objective in IN_DOLLARS[:5]:
            round_ = dollars(rng)
            stated = adl.model(round_, objective).to_cvxpy()
            value = float(stated.problem.solve(solver=cp.HIGHS))
            assert value == pytest.approx(adl.solve(round_, objective).value, rel=1e-6, abs=1e-7)
            total = stated.haircut.value.sum()
            assert total == pytest.approx(float(stated.raised.value), rel=1e-6, abs=1e-6)
