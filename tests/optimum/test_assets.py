"""Risk across assets: against programs in scipy, against one asset, and with hedges."""

import math

import numpy as np
import pytest
from scipy.optimize import linprog

import adlopt as adl
from adlopt.optimum.core.certificate import Trust
from adlopt.optimum.drain import expected_loss

COINS = ("ETH", "BTC", "SOL")
MARK = {"ETH": 4000.0, "BTC": 100_000.0, "SOL": 200.0}


def market(seed, coins=COINS, accounts=7):
    """A round, what to close of it, and scenarios."""
    rng = np.random.default_rng(seed)
    rows = [(a, c, s) for a in range(accounts) for c in coins for s in ("long", "short")]
    rows = [row for row in rows if rng.random() < 0.6] or rows[:1]
    owners = list(dict.fromkeys(a for a, _, _ in rows))
    usd = rng.lognormal(8, 1, len(rows))
    mark = np.array([MARK[c] for _, c, _ in rows])
    round_ = adl.ContractRound.of(
        account=[f"a{a}" for a, _, _ in rows], coin=[c for _, c, _ in rows],
        side=[s for _, _, s in rows], size=usd / mark, lot=1e-12, value=np.ones(len(rows)),
        mark=mark, equity=rng.lognormal(7.5, 1, len(owners)), deficit=1, needed=1,
    )  # fmt: skip
    close = {}
    for coin in dict.fromkeys(c for _, c, _ in rows):
        side = str(rng.choice(["long", "short"]))
        held = sum(
            u / m for u, m, (_, c, s) in zip(usd, mark, rows, strict=True) if (c, s) == (coin, side)
        )
        share = rng.choice([0.0, 1e-10, 0.1, 0.5, 0.9, 0.999, 1 - 1e-10, 1.0])
        close[coin] = (1 if side == "long" else -1) * share * held
    moves = {c: np.clip(rng.standard_t(3, 25) * 0.2, -1, 3) for c in coins}
    return round_, close, moves, rng.random(25) * (rng.random(25) < 0.8) + 1e-6


def signs(round_):
    return np.array([side.sign for side in round_.positions.side], dtype=float)


def least(round_, close, cost, rows, ends):
    """Minimise over contracts kept, and further columns, with scipy: rows · columns ≤ ends."""
    held, sign = round_.positions, signs(round_)
    coin, further = np.array(held.coin), len(cost) - len(held.coin)
    may = sign * [close[c] for c in held.coin] > 0
    bounds = [(0.0 if m else s, s) for m, s in zip(may, held.size, strict=True)]
    bounds += [(0.0, None)] * further
    equal, kept = [], []
    for name in close:
        mine = may & (coin == name)
        if mine.any():
            equal.append(np.append(mine * held.mark, np.zeros(further)))
            kept.append(max(held.size[mine].sum() - abs(close[name]), 0.0) * MARK[name])
    found = linprog(
        cost, A_ub=rows, b_ub=ends, A_eq=equal or None, b_eq=kept or None, bounds=bounds
    )
    assert found.status == 0
    return found.fun


def checked(best, round_, close):
    """What must hold of any answer."""
    held = round_.positions
    assert ((best.closed >= 0) & (best.closed <= held.size * (1 + 1e-12))).all()
    for coin, aim in close.items():
        mine = [j for j, c in enumerate(held.coin) if c == coin]
        signed = sum(best.closed[j] * held.side[j].sign for j in mine)
        assert signed == pytest.approx(aim, rel=1e-9, abs=1e-9 * held.size[mine].max())
    certificate = best.certificate
    assert certificate.trust is Trust.VERIFIED
    assert certificate.gap <= 1e-6 * certificate.upper + 1e-9
    return best


@pytest.mark.parametrize("level", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("seed", range(20))
def test_expected_loss_and_its_tail_are_least(seed, level):
    round_, close, moves, chance = market(seed)
    objective = adl.ExpectedLoss(returns=moves, probability=chance, level=level)
    best = checked(adl.drain_assets(round_, objective, close=close), round_, close)
    held, equity = round_.positions, round_.start.equity
    m, n, r = len(held.coin), equity.size, chance.size
    owner = np.eye(n)[round_.owner].T
    adverse = -np.array([moves[c] for c in held.coin]) * (signs(round_) * held.mark)[:, None]
    of_account = np.vstack([owner * adverse[:, k] for k in range(r)])
    pairs = np.hstack([of_account, -np.eye(n * r), np.zeros((n * r, r + 1))])
    of_tail = np.kron(np.eye(r), np.ones(n))
    tail = np.hstack([np.zeros((r, m)), of_tail, -np.eye(r), -np.ones((r, 1))])
    weight = chance / chance.sum() / (1 - level)
    cost = np.concatenate([np.zeros(m + n * r), weight, [1.0]])
    rows, ends = np.vstack([pairs, tail]), np.append(np.tile(equity, r), np.zeros(r))
    value = least(round_, close, cost, rows, ends)
    assert best.value == pytest.approx(value, rel=1e-6, abs=1e-5)


@pytest.mark.parametrize("chance", [0.0, 1e-10])
@pytest.mark.parametrize("level", [0.5, 0.9])
def test_scenarios_of_next_to_no_chance_end_no_search(level, chance):
    """Of a tail they made NaN of multipliers, or threw steps out."""
    for seed in (2, 9, 11):
        round_, close, moves, other = market(seed)
        some = np.where(np.arange(other.size) % 4 == 0, chance * other.sum(), other)
        objective = adl.ExpectedLoss(returns=moves, probability=some, level=level)
        best = checked(adl.drain_assets(round_, objective, close=close), round_, close)
        assert best.stopped is adl.Stopped.OPTIMAL
        seen = some > 0
        fewer = {coin: moved[seen] for coin, moved in moves.items()}
        same = adl.ExpectedLoss(returns=fewer, probability=some[seen], level=level)
        again = adl.drain_assets(round_, same, close=close)
        assert again.value == pytest.approx(best.value, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("factor", [False, True])
@pytest.mark.parametrize("seed", range(20))
def test_the_worst_leverage_is_least(seed, factor):
    round_, close, _, _ = market(seed)
    loadings = {"ETH": 1.3, "BTC": 1.0, "SOL": -0.4}
    objective = adl.FactorLeverage(loadings=loadings) if factor else adl.LeastLeverage()
    best = checked(adl.drain_assets(round_, objective, close=close), round_, close)
    held, equity = round_.positions, round_.start.equity
    per = held.mark * (signs(round_) * [loadings[c] for c in held.coin] if factor else 1.0)
    net = np.hstack([np.eye(equity.size)[round_.owner].T * per, -equity[:, None]])
    back = net * np.append(-np.ones(len(per)), 1.0)
    cost, ends = np.append(np.zeros(len(per)), 1.0), np.zeros(2 * equity.size)
    value = least(round_, close, cost, np.vstack([net, back]), ends)
    assert best.value == pytest.approx(value, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("seed", range(10))
def test_one_asset_is_leverage_draining(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 9))
    round_ = adl.ContractRound.of(
        account=[f"a{i}" for i in range(n)], coin=["ETH"] * n, side=["long"] * n,
        size=rng.lognormal(2, 1, n), lot=1e-12, value=np.ones(n), mark=np.full(n, 30.0),
        equity=rng.lognormal(4, 1, n), deficit=1, needed=1,
    )  # fmt: skip
    aim = 0.4 * math.fsum(round_.positions.size)
    held, worth = round_.positions.size, round_.start.equity
    drained = adl.drain_leverage(held, worth, mark=30.0, close=aim)
    move, chance = rng.uniform(0, 1, 12), rng.random(12)
    loss = adl.ExpectedLoss(returns={"ETH": -move}, probability=chance)
    ours = adl.drain_assets(round_, loss, close={"ETH": aim})
    least = expected_loss(drained.leverage, round_.start.equity, move, chance)
    assert ours.value == pytest.approx(least, rel=1e-8, abs=1e-8)
    for objective in (adl.LeastLeverage(), adl.FactorLeverage(loadings={"ETH": 1.0})):
        best = adl.drain_assets(round_, objective, close={"ETH": aim})
        assert best.value == pytest.approx(drained.most, rel=1e-7)


def hedged_and_not():
    return adl.ContractRound.of(
        account=["ann", "ann", "bob"], coin=["ETH", "BTC", "ETH"], side=["long", "short", "long"],
        size=[10, 1, 10], value=[1, 1, 1], mark=[100, 1000, 100], equity=[200, 200], deficit=9,
        needed=9,
    )  # fmt: skip


@pytest.mark.parametrize(
    "objective",
    [
        adl.ExpectedLoss(returns={"ETH": [-0.5, -0.4], "BTC": [-0.5, -0.4]}),
        adl.ExpectedLoss(returns={"ETH": [-0.5, -0.4], "BTC": [-0.5, -0.4]}, level=0.5),
        adl.FactorLeverage(loadings={"ETH": 1, "BTC": 1}),
    ],
)
def test_hedged_accounts_give_less_but_under_gross_leverage_more(objective):
    close = {"ETH": 3.0}
    ann, _, bob = adl.drain_assets(hedged_and_not(), objective, close=close).closed
    assert (ann, bob) == pytest.approx((0.0, 3.0), abs=1e-6)
    ann, _, bob = adl.drain_assets(hedged_and_not(), adl.LeastLeverage(), close=close).closed
    assert (ann, bob) == pytest.approx((3.0, 0.0), abs=1e-6)


@pytest.mark.parametrize("seed", range(6))
def test_a_price_is_the_rise_of_the_value_per_contract(seed):
    round_, close, moves, _ = market(seed + 50, accounts=12)
    objective = adl.ExpectedLoss(returns=moves)
    best = adl.drain_assets(round_, objective, close=close)
    for coin, price in zip(best.coins, best.price, strict=True):
        held = sum(
            s for s, c, side in zip(
                round_.positions.size, round_.positions.coin, round_.positions.side, strict=True
            ) if c == coin and side.sign * close[coin] > 0
        )  # fmt: skip
        step = 1e-4 * abs(close[coin])
        if not 0 < abs(close[coin]) < 0.95 * held:
            continue
        toward = math.copysign(step, close[coin])
        more, less = (
            adl.drain_assets(round_, objective, close=close | {coin: close[coin] + d}).value
            for d in (toward, -toward)
        )
        near = 1e-6 * best.value / step
        assert (best.value - less) / step - near <= price <= (more - best.value) / step + near


REFUSED = {
    "an insolvent account": ({"equity": [200, -1]}, {}, r"equity\[1\] is -1"),
    "no marks": ({"mark": None}, {}, "positions.mark is None"),
    "an unknown coin": ({}, {"DOGE": 1.0}, "close is 'DOGE'"),
    "more than is held": ({}, {"ETH": 21.0}, "at most the 20 contracts"),
    "a side nobody holds": ({}, {"ETH": -1.0}, "at most the 0 contracts"),
    "two marks": ({"mark": [100, 1000, 99]}, {}, "one mark for ETH"),
}


@pytest.mark.parametrize(("changes", "close", "message"), REFUSED.values(), ids=REFUSED)
def test_bad_rounds_are_refused(changes, close, message):
    table = {
        "account": ["ann", "ann", "bob"], "coin": ["ETH", "BTC", "ETH"],
        "side": ["long", "short", "long"], "size": [10, 1, 10], "value": [1, 1, 1],
        "mark": [100, 1000, 100], "equity": [200, 200],
    }  # fmt: skip
    round_ = adl.ContractRound.of(**(table | changes), deficit=9, needed=9)
    with pytest.raises(adl.InputError, match=message):
        adl.drain_assets(round_, adl.LeastLeverage(), close={"ETH": 1.0} | close)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"returns": {}}, "mapping of coins"),
        ({"returns": {"ETH": [0.1], "BTC": [0.1, 0.2]}}, "as many scenarios"),
        ({"returns": {"ETH": [-1.5]}}, r"returns.ETH\[0\]"),
        ({"returns": {"ETH": [0.1]}, "level": 1.0}, "level is 1"),
        ({"returns": {"ETH": [0.1]}, "probability": [0.0]}, "a number > 0 among them"),
    ],
)
def test_bad_scenarios_are_refused(given, message):
    with pytest.raises(adl.InputError, match=message):
        adl.ExpectedLoss(**given)


def test_every_coin_that_is_held_needs_returns_and_every_objective_is_known():
    for objective, message in (
        (adl.ExpectedLoss(returns={"ETH": [0.1]}), "also BTC"),
        (adl.FactorLeverage(loadings={"ETH": 1.0}), "also BTC"),
        (adl.MinMax(), "objective is"),
    ):
        with pytest.raises(adl.InputError, match=message):
            adl.drain_assets(hedged_and_not(), objective, close={"ETH": 1.0})


def test_wide_equities_no_losses_and_nothing_to_close():
    round_, close, moves, _ = market(3)
    calm = adl.ExpectedLoss(returns={c: m * 1e-6 for c, m in moves.items()})
    best = checked(adl.drain_assets(round_, calm, close=close), round_, close)
    assert best.optimal
    assert best.value == 0.0
    idle = adl.drain_assets(round_, adl.ExpectedLoss(returns=moves), close={})
    assert not idle.closed.any()
    assert idle.certificate.gap <= 1e-6 * idle.value


@pytest.mark.parametrize("level", [0.0, 0.9])
def test_what_a_limit_leaves_is_proven_as_far_as_it_goes(level):
    round_, close, moves, _ = market(7, accounts=60)
    objective = adl.ExpectedLoss(returns=moves, level=level)
    best = adl.drain_assets(round_, objective, close=close)
    early = adl.drain_assets(round_, objective, close=close, time_limit=1e-9)
    assert early.stopped is adl.Stopped.LIMIT
    assert early.certificate.lower <= best.value <= early.value
    assert not early.optimal


@pytest.mark.parametrize("rich", [1e3, 1e12])
def test_the_rich_and_the_idle_do_not_confuse_leverage(rich):
    round_ = adl.ContractRound.of(
        account=["a", "b"], coin=["ETH", "ETH"], side=["long", "long"], size=[10, 6], value=[1, 1],
        mark=[10, 10], equity=[20, rich], deficit=1, needed=1,
    )  # fmt: skip
    idle = adl.drain_assets(round_, adl.LeastLeverage(), close={})
    assert (idle.value, idle.optimal) == (5.0, True)
    best = adl.drain_assets(round_, adl.LeastLeverage(), close={"ETH": 8})
    assert best.value == pytest.approx(1.0)
    assert best.closed == pytest.approx([8.0, 0.0], abs=1e-6)
