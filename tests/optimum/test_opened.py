"""Problems opened as programs with names: the optimum, whoever solves it, and files of it."""

import json

import highspy
import numpy as np
import pyscipopt
import pytest
from hypothesis import given
from hypothesis import strategies as st

import adlopt as adl
from adlopt.optimum.opened.written import legal
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


CASES = {
    "dollars": (dollars, IN_DOLLARS, {}),
    "lots": (lambda rng: dollars(rng, lot=1.25), [adl.MinMax(burden=EQUITY)], "at least"),
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
            if best is None or best.value < 1e-6:
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
        adl.model(round_, adl.Leximin())
    tiers = adl.Limits(tier=[1] * len(round_.start.account))
    with pytest.raises(adl.InputError, match="tier by tier"):
        adl.model(round_, limits=tiers)
    with pytest.raises(adl.InputError, match=r"an \.mps or .lp file"):
        adl.model(round_).write("round.txt")


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
