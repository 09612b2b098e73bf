"""The least worst burden by cuts over books, held against the linear program."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

import adlopt as adl
from adlopt.optimum.matching import forest

sys.path.append(str(Path(__file__).parents[2] / "examples" / "hard"))
from instances import coins


def books(seed, prices=None):
    """Winners of some coins at some prices, a few at the mark; capacities of several decades."""
    rng = np.random.default_rng(seed)
    accounts, coins = rng.integers(2, 25), rng.integers(1, 6)
    prices = prices or rng.integers(1, 5)
    owner, coin = np.nonzero(rng.random((accounts, coins)) < 0.6)
    mark = rng.lognormal(3, 2, coins)
    size = rng.lognormal(8, 1.5, coin.size) / mark[coin]
    names, number = np.unique(owner, return_inverse=True)
    gross = np.bincount(number, size * mark[coin])
    winners = adl.ContractRound.of(
        account=[f"a{i}" for i in owner],
        coin=[f"c{k}" for k in coin],
        side=["short"] * coin.size,
        size=size,
        value=np.zeros(coin.size),
        mark=mark[coin],
        capacity=(gross * 10 ** rng.uniform(-(seed % 4), 0, names.size)).tolist(),
        equity=(gross * rng.uniform(0.5, 2.0, names.size)).tolist(),
        deficit=1.0,
        needed=1.0,
    )
    held = np.bincount(coin, size, minlength=coins)
    each = np.repeat(np.flatnonzero(held), prices)
    away = np.where(rng.random(each.size) < 0.15, 0.0, rng.uniform(0.001, 0.2, each.size))
    shed = adl.Shed(
        loser=[f"l{k}" for k in range(each.size)],
        coin=[f"c{k}" for k in each],
        side=["long"] * each.size,
        size=held[each] * rng.uniform(0.02, 0.99) / prices,
        price=mark[each] * (1 + away),
        mark=mark[each],
    )
    return adl.TwoSidedRound(winners, shed)


def answer(thing, objective, method):
    try:
        return adl.solve(thing, objective, method=method)
    except adl.InfeasibleRound as refused:
        return refused.missing


@pytest.mark.parametrize("seed", range(80))
def test_cuts_over_books_find_what_the_linear_program_does(seed):
    thing = books(seed)
    objective = adl.MinMax(burden=adl.Burden.EQUITY if seed % 2 else adl.Burden.CAPACITY)
    ours = answer(thing, objective, adl.Method.AUTO)
    theirs = answer(thing, objective, adl.Method.HIGHS)
    if isinstance(theirs, float):
        assert ours == pytest.approx(theirs, rel=1e-6)
        return
    assert ours.value == pytest.approx(theirs.value, rel=2e-9, abs=1e-15)
    assert ours.certificate.optimal
    assert theirs.method is adl.Method.HIGHS
    assert ours.method in {adl.Method.CUTS, adl.Method.HIGHS}


def test_most_rounds_need_no_program():
    methods = [answer(books(seed), adl.MinMax(), adl.Method.AUTO) for seed in range(30)]
    solved = [best.method for best in methods if not isinstance(best, float)]
    assert solved.count(adl.Method.CUTS) >= 0.9 * len(solved) > 10


@pytest.mark.parametrize("objective", [adl.MinMax(), adl.Leximin()])
@pytest.mark.parametrize("seed", range(15))
def test_losers_with_prices_of_their_own_are_told_apart_only_in_trades(
    seed, objective, monkeypatch
):
    """Where positions times prices are too many, against the program that has them all."""
    thing = books(seed, prices=9)
    theirs = answer(thing, objective, adl.Method.HIGHS)
    monkeypatch.setattr("adlopt.optimum.matching.matching.MANY", 0)
    ours = answer(thing, objective, adl.Method.AUTO)
    if isinstance(theirs, float):
        assert ours == pytest.approx(theirs, rel=1e-6)
        return
    assert ours.method is adl.Method.CUTS
    assert ours.optimal
    assert ours.value == pytest.approx(theirs.value, rel=2e-9, abs=1e-15)
    if isinstance(objective, adl.Leximin):
        assert ours.haircut == pytest.approx(theirs.haircut, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize(
    "objective", [adl.MinMax(), adl.Leximin(), adl.KeepHedges(), adl.LeastLeverage()]
)
@pytest.mark.parametrize("seed", range(4))
def test_what_is_proved_in_groups_is_proved_of_single_orders_in_a_file(
    seed, objective, monkeypatch, tmp_path
):
    monkeypatch.setattr("adlopt.optimum.matching.matching.MANY", 0)
    best = answer(books(seed, prices=5), objective, adl.Method.AUTO)
    if isinstance(best, float):
        return
    file = best.certificate_file(tmp_path / "certificate.json")
    first = json.loads(file.read_text())["criteria"][0]
    assert first["trust"] == "exact"
    assert first["lower"] >= first["upper"] * (1 - 2e-9) - 1e-9


@pytest.mark.parametrize(
    ("n", "coins"), [(600, 20), pytest.param(2_000, 40, marks=pytest.mark.nightly("4 s"))]
)
def test_the_fewest_are_proven_to_one_account(n, coins):
    rng = np.random.default_rng(0)
    owner = np.append(np.arange(n), rng.integers(0, n, 3 * n // 4))
    share = rng.dirichlet(np.full(coins, 0.3)) + 1e-3
    coin = rng.choice(coins, owner.size, p=share / share.sum())
    _, kept = np.unique(owner * coins + coin, return_index=True)
    owner, coin = owner[kept], coin[kept]
    size = rng.lognormal(0.0, 1.0, owner.size)
    winners = adl.ContractRound.of(
        account=[f"a{i}" for i in owner], coin=[f"c{k}" for k in coin], side=["short"] * owner.size,
        size=size, value=np.ones(owner.size), capacity=np.full(n, 1e3), deficit=1.0, needed=1.0,
    )  # fmt: skip
    held = np.unique(coin)
    shed = adl.Shed(
        loser=[f"l{k}" for k in held], coin=[f"c{k}" for k in held], side=["long"] * held.size,
        size=0.2 * np.bincount(coin, size)[held], price=np.full(held.size, 11.0),
        mark=np.full(held.size, 10.0),
    )  # fmt: skip
    best = adl.solve(adl.TwoSidedRound(winners, shed), adl.FewestAccounts())
    assert best.certificate.trust is not adl.Trust.REPORTED
    assert best.certificate.gap <= 1.0


@pytest.mark.parametrize("seed", range(30))
def test_parts_of_positions_are_closed_on_a_forest(seed):
    """There are fewer than accounts and coins: no swap keeps all burdens."""
    best = answer(books(seed, prices=1), adl.MinMax(), adl.Method.AUTO)
    if not isinstance(best, float):
        assert len(best.trades) < vertex(best)


@pytest.mark.parametrize("objective", [adl.MinMax(), adl.Leximin()])
@pytest.mark.parametrize("part", [0.02, pytest.param(1.0, marks=pytest.mark.nightly("20 s"))])
def test_ten_prices_are_matched_in_as_few_trades_as_a_vertex_has(part, objective):
    both = coins(int(20_000 * part), int(35_000 * part), max(int(160 * part), 4), 10)
    best = adl.solve(both, objective)
    assert best.certificate.optimal
    assert len(best.trades) < vertex(best)


def vertex(best):
    """Accounts, orders and positions closed whole."""
    held = best.round_.winners.positions
    whole = int(np.count_nonzero(best.closed >= held.size * (1 - 1e-9)))
    return best.touched + len(best.matched) + whole


@pytest.mark.parametrize("seed", range(10))
def test_a_forest_keeps_all_sums_at_fewer_arcs_whatever_runs_it(seed, monkeypatch):
    rng = np.random.default_rng(seed)
    payer, payee = np.nonzero(rng.random((rng.integers(1, 30), rng.integers(1, 9))) < 0.5)
    room = rng.lognormal(0, 2, payer.size)
    paid = room * np.clip(rng.uniform(-0.5, 1.5, payer.size), 0.0, 1.0)
    moved = []
    for compiles in (False, True):
        monkeypatch.setattr(forest, "pays", lambda _, compiles=compiles: compiles)
        moved.append(forest.on_a_forest(payer, payee, room, paid))
    assert (moved[0] == moved[1]).all()
    assert (moved[0] >= 0).all()
    assert (moved[0] <= room).all()
    for ends in (payer, payee):
        assert np.bincount(ends, moved[0]) == pytest.approx(np.bincount(ends, paid), rel=1e-12)
    assert (moved[0] / room).sum() <= (paid / room).sum() * (1 + 1e-12)
    parts = np.count_nonzero((moved[0] > 0) & (moved[0] < room))
    assert parts < np.unique(payer).size + np.unique(payee).size


def test_dearest_contracts_go_to_positions_too_small_for_the_mean():
    """b owes 10 of 30 USD, and has one contract: only the dear one can pay for that."""
    winners = adl.ContractRound.of(
        account=["a", "b"], coin=["ETH"] * 2, side=["short"] * 2, size=[4.0, 1.0], value=[0.0] * 2,
        mark=[100.0] * 2, capacity=[20.0, 10.0], deficit=1.0, needed=1.0,
    )  # fmt: skip
    shed = adl.Shed(
        loser=["x", "y"], coin=["ETH"] * 2, side=["long"] * 2, size=[2.0, 1.0],
        price=[105.0, 110.0], mark=[100.0] * 2,
    )  # fmt: skip
    best = adl.solve(adl.TwoSidedRound(winners, shed), adl.MinMax())
    assert best.method is adl.Method.CUTS
    assert best.certificate.optimal
    assert best.haircut == pytest.approx([40 / 3, 20 / 3], rel=1e-12)
