"""Leximin of a matching on sizes and profits as they are: water-filling tells what is right."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.optimize import linprog

import adlopt as adl

GAP = 320.0


def one_coin(n, seed):
    """Winners of very different size in one coin, at one price."""
    rng = np.random.default_rng(seed)
    size = np.round(rng.lognormal(-2, 3, n), 5) + 1e-5
    capacity = np.round(size * rng.lognormal(7, 2, n), 2) + 0.01
    round_ = adl.ContractRound.of(
        account=[f"a{i}" for i in range(n)],
        coin=["BTC"] * n,
        side=["short"] * n,
        size=size,
        value=[0.0] * n,
        lot=[1e-5] * n,
        capacity=capacity,
        deficit=1e6,
        needed=1e6,
    )
    most = np.minimum(size, capacity / GAP).sum()
    shed = adl.Shed(
        loser=["L"], coin=["BTC"], side=["long"], size=[round(0.3 * most, 5)],
        price=[100_320.0], mark=[100_000.0],
    )  # fmt: skip
    return round_, shed


def filled(size, capacity, quantity):
    """What each closes, contracts: the level z with Σ min(size, z capacity / gap) = quantity."""
    low, high = 0.0, 1.0
    for _ in range(200):
        level = 0.5 * (low + high)
        short = np.minimum(size, level * capacity / GAP).sum() < quantity
        low, high = (level, high) if short else (low, level)
    return np.minimum(size, high * capacity / GAP)


@pytest.mark.parametrize(("n", "seed"), [(30, 1), (30, 4), (100, 1), (100, 4), (250, 2), (400, 3)])
def test_one_coin_at_one_price_is_water_filling(n, seed):
    round_, shed = one_coin(n, seed)
    best = adl.solve(adl.TwoSidedRound(round_, shed), adl.Leximin())
    expected = filled(round_.positions.size, round_.start.capacity, float(shed.size[0]))
    burdens = GAP * expected / round_.start.capacity
    assert best.worst_burden == pytest.approx(burdens.max(), rel=1e-7)
    assert best.haircut / round_.start.capacity == pytest.approx(burdens, rel=1e-5, abs=1e-9)
    assert best.certificate.proven
    assert best.stopped is adl.Stopped.OPTIMAL
    for stage in best.stages:
        assert stage.certificate.trust is not adl.Trust.REPORTED
        assert stage.certificate.gap <= 1e-6 * stage.value


@pytest.mark.parametrize("seed", range(6))
def test_several_coins_and_prices_have_an_answer_of_which_each_stage_is_nearly_proved(seed):
    rng = np.random.default_rng(seed)
    n, coins = 120, 4
    held = rng.random((n, coins)) < 0.5
    owner, coin = np.nonzero(held)
    size = np.round(rng.lognormal(0, 2, owner.size), 4) + 1e-4
    round_ = adl.ContractRound.of(
        account=[f"a{i}" for i in owner],
        coin=[f"c{c}" for c in coin],
        side=["short"] * owner.size,
        size=size,
        value=[0.0] * owner.size,
        capacity=np.round(rng.lognormal(6, 2, np.unique(owner).size), 2) + 0.01,
        deficit=1.0,
        needed=1.0,
    )
    names = [f"c{c}" for c in range(coins) for _ in range(2)]
    worth = round_.start.capacity.sum()
    shed = adl.Shed(
        loser=[f"L{k}" for k in range(len(names))],
        coin=names,
        side=["long"] * len(names),
        size=np.repeat([0.05 * size[coin == c].sum() for c in range(coins)], 2),
        price=100.0 + rng.uniform(0.0, 1.0, len(names)) * 0.2 * worth / size.sum(),
        mark=[100.0] * len(names),
    )
    best = adl.solve(adl.TwoSidedRound(round_, shed), adl.Leximin())
    least = adl.solve(adl.TwoSidedRound(round_, shed))
    assert best.value == pytest.approx(least.value, rel=1e-8)
    assert best.certificate.proven
    values = [best.value, *(stage.value for stage in best.stages)]
    assert all(a >= b * (1 - 1e-6) for a, b in pairwise(values))


def of_coins(seed):
    """Few winners of a few coins, some at several prices, some with little to give."""
    rng = np.random.default_rng(seed)
    n, coins, prices = rng.integers(2, 12), rng.integers(1, 5), rng.integers(1, 3)
    owner, coin = np.nonzero(rng.random((n, coins)) < 0.6)
    names, number = np.unique(owner, return_inverse=True)
    size = np.round(rng.lognormal(0, 1.5, owner.size), 4) + 1e-4
    round_ = adl.ContractRound.of(
        account=[f"a{i}" for i in owner],
        coin=[f"c{c}" for c in coin],
        side=["short"] * owner.size,
        size=size,
        value=[0.0] * owner.size,
        capacity=np.round(np.bincount(number, size) * rng.uniform(0.5, 30, names.size), 2) + 0.01,
        deficit=1.0,
        needed=1.0,
    )
    held = np.bincount(coin, size, coins)
    each = np.repeat(np.flatnonzero(held), prices)
    shed = adl.Shed(
        loser=[f"L{k}" for k in range(each.size)],
        coin=[f"c{c}" for c in each],
        side=["long"] * each.size,
        size=rng.uniform(0.05, 0.9) * held[each] / prices,
        price=10.0 + rng.choice([0.0, 1.0, 2.5, 4.0], each.size),
        mark=[10.0] * each.size,
    )
    return adl.TwoSidedRound(round_, shed)


def burdens_by_programs(both):
    """Burdens of a leximin, (n,): programs of scipy, one a level, that share nothing with ours."""
    round_, shed = both.winners, both.losers
    held, capacity = round_.positions, round_.start.capacity
    n, m, k = capacity.size, len(held), len(shed)
    row, order = np.nonzero(np.equal.outer(np.array(held.coin), np.array(shed.coin)))
    arcs = np.arange(row.size)

    def sums(to, rows, values=1.0):
        table = np.zeros((rows, row.size + 1))
        table[to, arcs] = values
        return table

    by_account, fixed = sums(round_.owner[row], n, shed.value[order]), np.full(n, np.nan)
    while np.isnan(fixed).any():
        free = np.isnan(fixed)
        share = by_account.copy()
        share[free, -1] = -capacity[free]
        most = np.where(free, 0.0, capacity * np.nan_to_num(fixed) * (1 + 1e-9))
        found = linprog(
            np.append(np.zeros(row.size), 1.0),
            A_ub=np.vstack([sums(row, m), by_account, share]),
            b_ub=np.concatenate([held.size, capacity, most]),
            A_eq=sums(order, k),
            b_eq=shed.size,
        )
        if not found.success:
            return None
        held_up = free & (found.ineqlin.marginals[-n:] < -1e-9)
        fixed[held_up if held_up.any() and found.fun > 0 else free] = found.fun
    return by_account[:, :-1] @ found.x[:-1] / capacity


@pytest.mark.parametrize("seed", range(60))
def test_cuts_and_linear_programs_leave_everybody_with_the_same(seed):
    """The haircut of a leximin is unique, whatever finds it."""
    round_ = of_coins(seed)
    try:
        best = adl.solve(round_, adl.Leximin())
    except adl.InfeasibleRound:
        with pytest.raises(adl.InfeasibleRound):
            adl.solve(round_, adl.Leximin(), method=adl.Method.HIGHS)
        assert burdens_by_programs(round_) is None
        return
    by_highs = adl.solve(round_, adl.Leximin(), method=adl.Method.HIGHS)
    assert by_highs.method is not adl.Method.CUTS
    assert by_highs.value == pytest.approx(best.value, rel=1e-9)
    assert by_highs.optimal
    burden = best.haircut / round_.winners.start.capacity
    assert burden == pytest.approx(burdens_by_programs(round_), rel=1e-5, abs=1e-6)
    if best.method is adl.Method.CUTS:
        assert best.optimal
        levels = [best.value, *(stage.value for stage in best.stages)]
        assert all(a >= b * (1 - 1e-9) for a, b in pairwise(levels))
