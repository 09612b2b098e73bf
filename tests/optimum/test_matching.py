"""Matching per coin, against cvxpy, brute force, and laws that any matching must keep."""

from __future__ import annotations

import itertools
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, strategies as st
from tiers import by_day, examples

import adlopt as adl
from adlopt import Burden
from adlopt.model.positions import ContractRound, Side
from adlopt.model.shed import Shed, open_contract_round
from adlopt.optimum.core.certificate import Trust
from adlopt.optimum.matching import goal_search as search, linear, matching
from adlopt.optimum.matching.check import check_trades
from adlopt.optimum.matching.pairing import Trades, cross_sections

COINS = ("ETH", "BTC", "SOL")
ROUNDED = {"whole_lots": True}
SEARCHED = {"whole_lots": True, "method": adl.Method.HIGHS}
OBJECTIVES = (
    adl.MinMax(), adl.Leximin(), adl.KeepHedges(), adl.LeastLeverage(), adl.FewestAccounts()
)  # fmt: skip


def match(round_, shed, objective=None, **options):
    return adl.solve(adl.TwoSidedRound(round_, shed), objective, **options)


def instance(rng, *, winners=5, positions=10, orders=4, lots=False, at_mark=False, tight=False):
    """A random round in which profits suffice unless `tight`."""
    marks = dict(zip(COINS, (rng.integers(5, 50, 3) * 1.0).tolist(), strict=True))
    keys = list(itertools.product(range(winners), COINS))
    rng.shuffle(keys)
    kept = [(int(i), str(c)) for i, c in keys[:positions]]
    kept.sort(key=lambda key: key[0])
    side = [str(rng.choice(["long", "short"], p=[0.3, 0.7])) for _ in kept]
    size = rng.integers(1, 9, len(kept)) * 1.0 if lots else rng.random(len(kept)) * 10 + 0.1
    names = tuple(f"w{i}" for i in dict.fromkeys(i for i, _ in kept))
    n = len(names)
    mark = np.array([marks[c] for _, c in kept])
    gross = np.zeros(n)
    owner = [names.index(f"w{i}") for i, _ in kept]
    np.add.at(gross, owner, size * mark)
    scale = rng.random(n) * (0.3 if tight else 1.0) + (0.05 if tight else 1.0)
    shed_side = [str(rng.choice(["long", "short"], p=[0.7, 0.3])) for _ in range(orders)]
    coin = [str(rng.choice(COINS)) for _ in range(orders)]
    gap = rng.choice([0.0, 0.1, 0.25, 0.4], orders) * (not at_mark)
    order_mark = np.array([marks[c] for c in coin])
    signs = np.array([1 if s == "long" else -1 for s in shed_side])
    shed = Shed(
        loser=[f"l{k}" for k in range(orders)],
        coin=coin,
        side=shed_side,
        size=rng.integers(1, 7, orders) * 1.0 if lots else rng.random(orders) * 8,
        price=order_mark * (1 + signs * gap),
        mark=order_mark,
    )
    round_ = ContractRound.of(
        account=[f"w{i}" for i, _ in kept],
        coin=[c for _, c in kept],
        side=side,
        size=size,
        value=np.zeros(len(kept)),
        mark=mark,
        capacity=gross * scale,
        equity=gross * (rng.random(n) + 0.5),
        deficit=1.0,
        needed=1.0,
    )
    return round_, shed


class Statement:
    """The same problem in cvxpy, one variable for each position and order, row by row."""

    def __init__(self, round_, shed, matched, *, weight=None):
        import cvxpy as cp

        self.round_, self.shed, self.cp = round_, shed, cp
        positions, m, k = round_.positions, len(round_.positions), len(shed)
        self.x = cp.Variable((m, k), nonneg=True)
        fits = np.array(
            [
                [
                    positions.coin[j] == shed.coin[o] and positions.side[j] != shed.side[o]
                    for o in range(k)
                ]
                for j in range(m)
            ]
        )
        self.weight = round_.start.capacity if weight is None else weight
        n = len(round_.start.account)
        owns = np.zeros((n, m))
        owns[round_.owner, np.arange(m)] = 1
        self.owns = owns
        self.haircut = owns @ (self.x @ shed.value)
        self.rows = [
            self.x[~fits] == 0,
            cp.sum(self.x, axis=1) <= positions.size,
            cp.sum(self.x, axis=0) == matched,
            self.haircut <= round_.start.capacity,
        ]

    def solve(self, objective, rows=()):
        problem = self.cp.Problem(self.cp.Minimize(objective), [*self.rows, *rows])
        return problem.solve(solver="CLARABEL")

    def burdens(self):
        return self.cp.multiply(self.haircut, 1 / self.weight)

    def leverage(self, equity):
        """Bisection on feasibility: nothing in common with how the product finds it."""
        cp, positions = self.cp, self.round_.positions
        gross = self.owns @ (positions.size * positions.mark)
        closed = self.owns @ cp.multiply(cp.sum(self.x, axis=1), positions.mark)
        book = set(zip(self.shed.coin, (s.opposite for s in self.shed.side), strict=True))
        able = [
            i
            for i in range(len(equity))
            if any(
                self.round_.owner[j] == i and (positions.coin[j], positions.side[j]) in book
                for j in range(len(positions))
            )
        ]
        low, high = 0.0, float((gross / equity).max()) * 100
        level = cp.Parameter(nonneg=True)
        excess = gross[able] - closed[able] - level * (equity[able] - self.haircut[able])
        problem = cp.Problem(cp.Minimize(cp.max(excess)), self.rows)
        for _ in range(40):
            level.value = (low + high) / 2
            if problem.solve(solver="CLARABEL") <= 0:
                high = level.value
            else:
                low = level.value
        return high

    def hedges(self):
        positions, cp = self.round_.positions, self.cp
        sign = np.array([side.sign for side in positions.side])
        moved = cp.multiply(cp.sum(self.x, axis=1), sign * positions.mark)
        total = 0
        for i in range(self.owns.shape[0]):
            mine = self.owns[i] > 0
            if len(set(sign[mine])) == 2:
                total = total + cp.abs(cp.sum(moved[np.flatnonzero(mine)]))
        return total


def matched_by_hand(round_, shed, capacity_counts=True):
    """First listed first, one order at a time."""
    positions = round_.positions
    left = {}
    dear = {(c, s.opposite) for c, s, v in zip(shed.coin, shed.side, shed.value, strict=True) if v}
    for j in range(len(positions)):
        key = positions.coin[j], positions.side[j]
        bears = round_.start.capacity[round_.owner[j]] > 0
        if key not in dear or bears or not capacity_counts:
            left[key] = left.get(key, 0.0) + positions.size[j]
    matched = []
    for coin, side, size in zip(shed.coin, shed.side, shed.size, strict=True):
        key = coin, side.opposite
        matched.append(min(size, left.get(key, 0.0)))
        left[key] = left.get(key, 0.0) - matched[-1]
    return np.array(matched)


def proven(matching, tolerance=1e-6):
    for certificate in (matching.certificate, *(stage.certificate for stage in matching.stages)):
        assert certificate.trust is not Trust.REPORTED
        assert certificate.gap <= tolerance * max(1.0, certificate.upper), matching


@pytest.mark.parametrize("seed", range(200))
def test_least_burden_is_cvxpys(seed):
    rng = np.random.default_rng(seed)
    round_, shed = instance(rng, at_mark=seed % 11 == 0)
    burden = Burden.EQUITY if seed % 2 else Burden.CAPACITY
    best = match(round_, shed, adl.MinMax(burden=burden))
    matched = matched_by_hand(round_, shed)
    assert best.matched == pytest.approx(matched, abs=1e-9)
    statement = Statement(round_, shed, matched, weight=burden.weights(round_.start))
    value = statement.solve(statement.cp.max(statement.burdens()))
    assert best.value == pytest.approx(value, abs=1e-6)
    proven(best)


def found(round_, shed, goal):
    """A matching, or how many USD it misses."""
    try:
        return match(round_, shed, goal), 0.0
    except adl.InfeasibleRound as refused:
        return None, refused.missing


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("goal", OBJECTIVES[:-1], ids=str)
def test_groups_of_prices_are_split_until_their_multipliers_prove_single_orders(
    seed, goal, monkeypatch
):
    rng = np.random.default_rng(5000 + seed)
    round_, shed = instance(rng, winners=8, positions=16, orders=12, tight=seed % 2 == 1)
    gap = np.abs(shed.price - shed.mark) * rng.uniform(0.5, 1.5, len(shed))
    shed = replace(shed, price=shed.mark + np.sign(shed.price - shed.mark) * gap)
    single, missing = found(round_, shed, goal)
    monkeypatch.setattr(matching, "MANY", 0)
    best, short = found(round_, shed, goal)
    assert short == pytest.approx(missing, rel=1e-6)
    if single is None:
        return
    assert best.value == pytest.approx(single.value, rel=1e-7, abs=1e-9)
    assert best.certificate.lower <= single.value * (1 + 1e-9) + 1e-12
    proven(best)
    assert len(best.trades) <= len(shed) + 3 * len(round_.positions) * len(COINS)


def test_a_cross_section_of_many_prices_costs_their_mean_in_few_trades():
    rng = np.random.default_rng(7)
    price, quantity = np.sort(rng.lognormal(0.0, 2.0, 300)), rng.lognormal(0.0, 2.0, 300)
    given = rng.lognormal(0.0, 2.0, 200)
    given *= quantity.sum() / given.sum()
    row, order, amount = cross_sections(given, quantity, price)
    assert np.bincount(row, amount) == pytest.approx(given, rel=1e-9)
    assert np.bincount(order, amount) == pytest.approx(quantity, rel=1e-9)
    mean = (quantity @ price) / quantity.sum()
    assert np.bincount(row, amount * price[order]) == pytest.approx(given * mean, rel=1e-9)
    assert row.size <= quantity.size + 2 * given.size


@pytest.mark.parametrize("seed", range(200))
def test_hedges_are_kept_as_cvxpy_keeps_them(seed):
    rng = np.random.default_rng(1000 + seed)
    round_, shed = instance(rng)
    best = match(round_, shed, adl.KeepHedges(underlying=one_underlying(round_)))
    statement = Statement(round_, shed, matched_by_hand(round_, shed))
    hedges = statement.hedges()
    change = 0.0 if isinstance(hedges, int) else statement.solve(hedges)
    assert best.value == pytest.approx(change, abs=1e-5, rel=1e-6)
    cap = [] if isinstance(hedges, int) else [hedges <= change + 1e-3]
    value = statement.solve(statement.cp.max(statement.burdens()), cap)
    assert best.stages[0].value == pytest.approx(value, abs=1e-4)
    proven(best)


def one_underlying(round_):
    return dict.fromkeys(round_.positions.coin, "USD")


@pytest.mark.parametrize("seed", range(200))
def test_least_leverage_is_that_of_bisection(seed):
    rng = np.random.default_rng(2000 + seed)
    round_, shed = instance(rng, at_mark=seed % 2 == 0)
    best = match(round_, shed, adl.LeastLeverage())
    if not best.matched.any():
        return
    proven(best)
    if seed % 4 < 2:
        statement = Statement(round_, shed, matched_by_hand(round_, shed))
        assert best.value == pytest.approx(statement.leverage(round_.start.equity), rel=1e-5)


def leximin_by_hand(statement):
    """Fix an account when its own burden cannot fall below the level: one program for each."""
    cp, n = statement.cp, statement.weight.size
    burdens, fixed, levels = statement.burdens(), {}, []
    while len(fixed) < n:
        free = [i for i in range(n) if i not in fixed]
        rows = [burdens[i] <= level + 1e-8 for i, level in fixed.items()]
        level = statement.solve(cp.max(burdens[free]), rows)
        rows += [burdens[i] <= level + 1e-8 for i in free]
        held = [i for i in free if statement.solve(burdens[i], rows) >= level - 1e-5]
        assert held
        fixed |= dict.fromkeys(held, level)
        levels.append(level)
    return np.sort([fixed[i] for i in range(n)])


@pytest.mark.parametrize("seed", range(60))
def test_leximin_is_that_of_one_program_an_account(seed):
    rng = np.random.default_rng(3000 + seed)
    round_, shed = instance(rng, winners=4, positions=7)
    best = match(round_, shed, adl.Leximin())
    statement = Statement(round_, shed, matched_by_hand(round_, shed))
    by_hand = leximin_by_hand(statement)
    assert np.sort(best.haircut / round_.start.capacity) == pytest.approx(by_hand, abs=2e-5)
    assert best.value == pytest.approx(match(round_, shed).value, abs=1e-9)
    proven(best)


def every_matching(round_, shed):
    """All ways to close whole lots, as counts of positions by orders; orders matched by hand."""
    positions, m = round_.positions, len(round_.positions)
    matched = matched_by_hand(round_, shed).astype(int)

    def ways(order, left):
        if order == len(shed):
            yield []
            return
        open_ = [
            j
            for j in range(m)
            if positions.coin[j] == shed.coin[order] and positions.side[j] != shed.side[order]
        ]
        for counts in splits(matched[order], [left[j] for j in open_]):
            rest = list(left)
            for j, count in zip(open_, counts, strict=True):
                rest[j] -= count
            for more in ways(order + 1, rest):
                yield [dict(zip(open_, counts, strict=True)), *more]

    return ways(0, positions.size.astype(int).tolist())


def splits(total, limits):
    if not limits:
        if total == 0:
            yield ()
        return
    for first in range(min(total, limits[0]) + 1):
        for rest in splits(total - first, limits[1:]):
            yield (first, *rest)


def small(seed, **options):
    rng = np.random.default_rng(seed)
    round_, shed = instance(rng, winners=4, positions=6, orders=2, lots=True, **options)
    count = sum(1 for _ in itertools.islice(every_matching(round_, shed), 4000))
    return (round_, shed) if count < 4000 else small(seed + 10_000, **options)


def values(round_, shed, way):
    positions, n = round_.positions, len(round_.start.account)
    haircut, closed, touched = np.zeros(n), np.zeros(len(positions)), set()
    for order, counts in enumerate(way):
        for j, count in counts.items():
            haircut[round_.owner[j]] += count * shed.value[order]
            closed[j] += count
            if count:
                touched.add(int(round_.owner[j]))
    notional = np.zeros(n)
    np.add.at(notional, round_.owner, (positions.size - closed) * positions.mark)
    sign = np.array([side.sign for side in positions.side])
    change = 0.0
    for i in range(n):
        mine = np.flatnonzero(round_.owner == i)
        if len(set(sign[mine])) == 2:
            change += abs(float((sign * closed * positions.mark)[mine].sum()))
    return {
        adl.MinMax: float((haircut / round_.start.capacity).max()),
        adl.FewestAccounts: float(len(touched)),
        adl.KeepHedges: (round(change, 6), float((haircut / round_.start.capacity).max())),
        adl.LeastLeverage: notional / round_.start.equity,
    }


@pytest.mark.parametrize("seed", range(80))
def test_whole_lots_are_those_of_brute_force(seed):
    round_, shed = small(seed, at_mark=seed % 5 == 0)
    all_ways = [values(round_, shed, way) for way in every_matching(round_, shed)]
    best = match(round_, shed, **SEARCHED)
    least = min(way[adl.MinMax] for way in all_ways)
    assert best.value == pytest.approx(least, abs=1e-9)
    rounded = match(round_, shed, **ROUNDED)
    assert rounded.value >= best.value - 1e-12
    for found in (best, rounded):
        assert found.certificate.lower <= least * (1 + 1e-9) + 1e-12
    if not best.matched.any():
        return
    fewest = match(round_, shed, adl.FewestAccounts(), **SEARCHED)
    assert fewest.value == min(way[adl.FewestAccounts] for way in all_ways) == fewest.touched
    keep = adl.KeepHedges(underlying=one_underlying(round_))
    hedged = match(round_, shed, keep, **SEARCHED)
    change, worst = min(way[adl.KeepHedges] for way in all_ways)
    assert hedged.value == pytest.approx(change, abs=1e-6)
    assert hedged.stages[0].value == pytest.approx(worst, abs=1e-8)


@pytest.mark.parametrize("seed", range(60))
def test_leverage_in_whole_lots_is_that_of_brute_force(seed):
    round_, shed = small(500 + seed, at_mark=True)
    book = set(zip(shed.coin, (side.opposite for side in shed.side), strict=True))
    positions = round_.positions
    keys = list(zip(positions.coin, positions.side, strict=True))
    able = sorted({int(round_.owner[j]) for j, key in enumerate(keys) if key in book})
    if not able:
        return
    ways = [values(round_, shed, way) for way in every_matching(round_, shed)]
    least = min(float(way[adl.LeastLeverage][able].max()) for way in ways)
    best = match(round_, shed, adl.LeastLeverage(), **SEARCHED)
    assert best.value == pytest.approx(least, rel=1e-8)
    assert best.certificate.lower <= least * (1 + 1e-9)
    rounded = match(round_, shed, adl.LeastLeverage(), **ROUNDED)
    assert rounded.value >= best.value * (1 - 1e-12)


@examples(30)
@given(st.integers(0, 2**32 - 1), st.sampled_from(OBJECTIVES), st.booleans(), st.booleans())
def test_every_matching_conserves_contracts(seed, goal, lots, tight):
    rng = np.random.default_rng(seed)
    round_, shed = instance(rng, lots=lots, tight=tight)
    searched = isinstance(goal, adl.FewestAccounts)
    how = {} if not lots else SEARCHED if searched else ROUNDED
    try:
        matching = match(round_, shed, goal, **how)
    except (adl.InfeasibleRound, adl.SolverStopped):
        assert tight
        return
    trades, positions = matching.trades, round_.positions
    assert matching.matched + matching.unmatched == pytest.approx(shed.size)
    assert matching.matched == pytest.approx(matched_by_hand(round_, shed))
    pairs = set(zip(trades.position.tolist(), trades.order.tolist(), strict=True))
    assert len(pairs) == len(trades)
    assert (trades.contracts > 0).all()
    for coin in COINS:
        for side in Side:
            mine = [
                j
                for j in range(len(positions))
                if (positions.coin[j], positions.side[j]) == (coin, side.opposite)
            ]
            theirs = [k for k in range(len(shed)) if (shed.coin[k], shed.side[k]) == (coin, side)]
            assert matching.closed[mine].sum() == pytest.approx(matching.matched[theirs].sum())
    assert (matching.haircut <= round_.start.capacity * (1 + 1e-9)).all()
    if lots:
        assert (trades.contracts == np.rint(trades.contracts)).all()
    again = match(round_, shed, goal, **how)
    assert again.closed.tolist() == matching.closed.tolist()


def test_false_trades_are_refused():
    round_, shed = instance(np.random.default_rng(3))
    best = match(round_, shed)

    def check(**changed):
        names = ("closed", "matched", "unmatched", "haircut")
        state = {name: getattr(best, name) for name in names}
        state |= {"trades": best.trades, "whole": False} | changed
        trades = state.pop("trades")
        check_trades(round_, shed, trades, **state)

    check()
    twice = Trades(
        position=best.trades.position, order=best.trades.order, contracts=best.trades.contracts * 2
    )
    wrong = Trades(
        position=best.trades.position[::-1],
        order=best.trades.order,
        contracts=best.trades.contracts,
    )
    for changed in (
        {"trades": twice},
        {"trades": wrong},
        {"matched": best.matched + 1},
        {"unmatched": best.unmatched * 0 + 7},
        {"closed": best.closed * 1.01},
        {"haircut": best.haircut * 0.99},
        {"whole": True},
    ):
        with pytest.raises(adl.CertificateError):
            check(**changed)


def test_what_exceeds_open_interest_is_reported_last_listed_first():
    round_ = ContractRound.of(
        account=["a"], coin=["ETH"], side=["short"], size=[5], value=[0], mark=[100],
        capacity=[1e6], deficit=1, needed=1,
    )  # fmt: skip
    shed = Shed(
        loser=["x", "y", "z"], coin=["ETH", "ETH", "BTC"], side=["long"] * 3, size=[4, 4, 1],
        price=[110, 120, 9], mark=[100, 100, 9],
    )  # fmt: skip
    best = match(round_, shed)
    assert best.matched.tolist() == [4, 1, 0]
    assert best.unmatched.tolist() == [0, 3, 1]
    assert np.isnan(best.price[2])
    nothing = Shed.at_mark(loser=["x"], coin=["ETH"], side=["short"], size=[4], mark=[100])
    for goal in (adl.MinMax(), adl.FewestAccounts()):
        none = match(round_, nothing, goal)
        assert none.unmatched.tolist() == [4]
        assert none.value == 0


@pytest.mark.parametrize("seed", range(60))
def test_an_exact_bound_is_not_above_the_optimum_by_an_ulp(seed):
    """One price: the optimum is the level at which Σ min(all, w_i z) reaches what is taken."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 7))
    size, mark, gap = rng.random(n) * 10, rng.random() * 50, rng.random() + 0.1
    capacity = size * gap * (1 + rng.random(n))
    round_ = ContractRound.of(
        account=[f"w{i}" for i in range(n)], coin=["ETH"] * n, side=["short"] * n, size=size,
        value=np.zeros(n), capacity=capacity, deficit=1, needed=1,
    )  # fmt: skip
    shed = Shed(
        loser=["x"], coin=["ETH"], side=["long"], size=[size.sum() * rng.random()],
        price=[mark + gap], mark=[mark],
    )  # fmt: skip
    best = match(round_, shed)
    taken = Fraction(float(shed.value[0]))
    wanted = taken * Fraction(float(shed.size[0]))
    held = [
        (taken * Fraction(k), Fraction(w))
        for k, w in zip(size.tolist(), capacity.tolist(), strict=True)
    ]
    for most, weight in sorted(held, key=lambda account: account[0] / account[1]):
        level = wanted / sum(w for m, w in held if m / w >= most / weight)
        if level <= most / weight:
            break
        wanted -= most
    assert best.certificate.trust is Trust.EXACT
    assert best.certificate.optimal
    assert Fraction(best.certificate.lower) <= level


def test_profits_that_do_not_suffice_are_infeasible():
    round_ = ContractRound.of(
        account=["a", "b"], coin=["ETH", "ETH"], side=["short"] * 2, size=[5, 5], value=[0, 0],
        mark=[100, 100], capacity=[20, 30], deficit=1, needed=1,
    )  # fmt: skip
    shed = Shed(loser=["x"], coin=["ETH"], side=["long"], size=[8], price=[110], mark=[100])
    with pytest.raises(adl.InfeasibleRound, match=r"at most 500\.00 USD.*800\.00 USD") as refused:
        match(round_, shed)
    assert refused.value.missing == pytest.approx(300, rel=1e-9)
    assert [tuple(b) for b in refused.value.binding] == [
        ("a", 20.0, "capacity"),
        ("b", 30.0, "capacity"),
    ]
    at_mark = Shed.at_mark(loser=["x"], coin=["ETH"], side=["long"], size=[8], mark=[100])
    assert match(round_, at_mark).value == 0


@pytest.mark.parametrize("seed", range(12))
def test_what_simplex_does_not_finish_is_solved_from_inside(seed, monkeypatch):
    round_, shed = instance(np.random.default_rng(seed), winners=8, positions=16, orders=6)
    by_simplex = match(round_, shed, method=adl.Method.HIGHS)
    monkeypatch.setattr(linear, "PIVOTED_ROWS", 0)
    inside = match(round_, shed, method=adl.Method.HIGHS)
    assert inside.value == pytest.approx(by_simplex.value, rel=1e-7, abs=1e-12)
    assert inside.certificate.lower <= by_simplex.value * (1 + 1e-12)
    assert inside.certificate.gap <= 1e-6 * inside.value
    assert inside.stopped is adl.Stopped.OPTIMAL
    assert inside.method is adl.Method.HIGHS_INTERIOR


def test_two_eth_against_one_winner_of_one():
    """Dan Robinson's example: a deficit of 1,500 over 2 ETH; the top long of 1 ETH eats 750."""
    round_ = ContractRound.of(
        account=["top", "next"], coin=["ETH"] * 2, side=["long"] * 2, size=[1, 3], value=[750] * 2,
        mark=[3000] * 2, capacity=[900, 900], deficit=1500, needed=1500,
    )  # fmt: skip
    shed = Shed(loser=["x"], coin=["ETH"], side=["short"], size=[2], price=[2250], mark=[3000])
    best = match(round_, shed, **SEARCHED)
    assert best.haircut.tolist() == [750, 750]


def test_leverage_that_equity_cannot_carry():
    shed = Shed(loser=["x"], coin=["ETH"], side=["long"], size=[4], price=[110], mark=[100])

    def round_of(equity):
        return ContractRound.of(
            account=["a", "b"], coin=["ETH"] * 2, side=["short"] * 2, size=[5, 5], value=[0, 0],
            mark=[100, 100], capacity=[90, 90], equity=equity, deficit=1, needed=1,
        )  # fmt: skip

    best = match(round_of([10, 60]), shed, adl.LeastLeverage())
    assert best.haircut[0] < 10
    assert best.certificate.optimal
    assert 0 < best.value < 1000
    with pytest.raises(adl.InfeasibleRound, match="all of somebody's equity"):
        match(round_of([5, 5]), shed, adl.LeastLeverage())


def test_a_hedged_account_keeps_its_legs():
    round_ = ContractRound.of(
        account=["neutral", "neutral", "bear"], coin=["ETH", "stETH", "ETH"],
        side=["short", "long", "short"], size=[10, 10, 2], value=[0] * 3, mark=[100, 100, 100],
        capacity=[1000, 100], deficit=1, needed=1,
    )  # fmt: skip
    shed = Shed(loser=["x"], coin=["ETH"], side=["long"], size=[3], price=[110], mark=[100])
    plain = match(round_, shed)
    assert plain.closed[0] == pytest.approx(30 / 11)
    blind = match(round_, shed, adl.KeepHedges())
    assert blind.value == 0
    assert blind.closed == pytest.approx(plain.closed)
    kept = match(round_, shed, adl.KeepHedges(underlying={"ETH": "ether", "stETH": "ether"}))
    assert kept.closed == pytest.approx([1, 0, 2])
    assert kept.value == pytest.approx(100)


def test_a_price_is_the_slope():
    round_, shed = instance(np.random.default_rng(8))
    for goal in (adl.MinMax(), adl.LeastLeverage()):
        shed_at = (
            shed
            if isinstance(goal, adl.MinMax)
            else instance(np.random.default_rng(8), at_mark=True)[1]
        )
        best = match(round_, shed_at, goal)
        for k in np.flatnonzero(best.matched > 0):
            size = shed_at.size.copy()
            if best.unmatched[k]:
                continue
            size[k] -= 1e-4
            less = Shed(
                loser=shed_at.loser, coin=shed_at.coin, side=shed_at.side, size=size,
                price=shed_at.price, mark=shed_at.mark,
            )  # fmt: skip
            slope = (best.value - match(round_, less, goal).value) / 1e-4
            assert best.price[k] == pytest.approx(slope, abs=1e-5)


def test_rounded_lots_are_within_a_lot_each():
    rng = np.random.default_rng(1)
    n = 300
    size = rng.integers(1, 2000, n) * 1.0
    round_ = ContractRound.of(
        account=[f"w{i // 2}" for i in range(n)], coin=[("ETH", "BTC")[i % 2] for i in range(n)],
        side=["short"] * n, size=size * 0.1, lot=0.1, value=np.full(n, 10.0), deficit=1, needed=1,
    )  # fmt: skip
    shed = Shed(
        loser=["x", "y"], coin=["ETH", "BTC"], side=["long"] * 2, size=[5000.1, 4000.07],
        price=[110, 110], mark=[100, 100],
    )  # fmt: skip
    best = match(round_, shed, **ROUNDED)
    assert best.unmatched == pytest.approx([0, 0.07])
    lots = best.closed / 0.1
    assert lots == pytest.approx(np.rint(lots), abs=1e-9)
    assert best.certificate.gap <= 1.0 / round_.start.capacity.min() * 2
    assert best.certificate.lower == pytest.approx(match(round_, shed).value, rel=1e-4)


BAD_SHED = {
    "no name": ({"loser": [""]}, r"loser\[0\]"),
    "text": ({"loser": "x"}, "loser is 'x'"),
    "a side": ({"side": ["up"]}, r"side\[0\] is 'up': expected long or short"),
    "lengths": ({"coin": ["ETH", "BTC"]}, "coin is '2 ids'"),
    "negative": ({"size": [-1]}, r"size\[0\] is -1.0"),
    "nan": ({"price": [np.nan]}, r"price\[0\] is nan"),
    "inf": ({"mark": [np.inf]}, r"mark\[0\] is inf"),
    "zero mark": ({"mark": [0]}, r"mark\[0\] is 0.0: expected a number > 0"),
    "huge": ({"size": [1e300]}, r"size\[0\]"),
}


@pytest.mark.parametrize("name", BAD_SHED)
def test_bad_orders_are_named(name):
    changed, message = BAD_SHED[name]
    good = {
        "loser": ["x"], "coin": ["ETH"], "side": ["long"], "size": [1], "price": [110],
        "mark": [100],
    }  # fmt: skip
    Shed(**good)
    with pytest.raises(adl.InputError, match=message):
        Shed(**(good | changed))


BAD_PRICES = {
    "better for a short": ("long", 90, r"price\[0\] is 90.0: expected at least the mark, 100.0"),
    "better for a long": ("short", 110, r"price\[0\] is 110.0: expected at most the mark, 100.0"),
    "negative": ("short", -1, r"price\[0\] is -1.0: expected a finite number ≥ 0"),
}


@pytest.mark.parametrize("name", BAD_PRICES)
def test_prices_that_take_nothing_are_not_matched(name):
    side, price, message = BAD_PRICES[name]
    shed = Shed(loser=["x"], coin=["ETH"], side=[side], size=[1], price=[price], mark=[100])
    round_ = ContractRound.of(
        account=["a"], coin=["ETH"], side=[shed.side[0].opposite], size=[5], value=[1],
        deficit=1, needed=1,
    )  # fmt: skip
    with pytest.raises(adl.InputError, match=message):
        match(round_, shed)


def test_nothing_shed_is_not_matched():
    nothing = Shed(loser=[], coin=[], side=[], size=[], price=[], mark=[])
    round_ = ContractRound.of(
        account=["a"], coin=["ETH"], side=["long"], size=[5], value=[1], deficit=1, needed=1
    )
    assert len(nothing) == 0
    with pytest.raises(adl.InputError, match=r"shed is \[\]: expected at least one order"):
        match(round_, nothing)


def test_one_mark_a_coin():
    with pytest.raises(adl.InputError, match=r"mark\[1\] is 9.0: expected 10.0"):
        Shed.at_mark(loser=["x", "y"], coin=["A"] * 2, side=["long"] * 2, size=[1, 1], mark=[10, 9])


@pytest.mark.parametrize("goal", [adl.Leximin(), adl.FewestAccounts(), adl.LeastLeverage()])
def test_lots_searched_for_are_no_worse_than_lots_rounded(goal):
    for seed in range(4):
        round_, shed = instance(np.random.default_rng(seed))
        rounded, searched = (
            match(round_, shed, goal, **ROUNDED),
            match(round_, shed, goal, **SEARCHED),
        )
        assert searched.value <= rounded.value * (1 + 1e-9)
        assert searched.certificate.lower <= rounded.value * (1 + 1e-9)


def test_profits_of_nothing_and_of_a_cent_cannot_pay_alike():
    for capacity in (0.0, 0.01):
        winner = ContractRound.of(
            account=["sue"], coin=["ETH"], side=["short"], size=[5], value=[0],
            capacity=[capacity], deficit=750, needed=750,
        )  # fmt: skip
        shed = adl.Shed(
            loser=["x"], coin=["ETH"], side=["long"], size=[5], price=[3750], mark=[3600]
        )
        with pytest.raises(adl.InfeasibleRound, match="are to be closed") as caught:
            match(winner, shed)
        assert caught.value.missing == pytest.approx(18_000, abs=1)


def test_what_a_goal_lacks_is_named():
    rng = np.random.default_rng(0)
    round_, shed = instance(rng)
    bare = ContractRound.of(
        account=["a"], coin=["ETH"], side=["short"], size=[5], value=[0], deficit=1, needed=1
    )
    for goal in (adl.KeepHedges(), adl.LeastLeverage()):
        with pytest.raises(adl.InputError, match="positions"):
            match(bare, shed, goal)
    with pytest.raises(adl.InputError, match="underlying is 'DOGE'"):
        match(round_, shed, adl.KeepHedges(underlying={"DOGE": "e"}))
    for objective in ("leximin", adl.CVaR(0.5), adl.surrogate(track=1.0, fair=1.0)):
        with pytest.raises(adl.InputError, match=r"objective is .*KeepHedges, LeastLeverage"):
            match(round_, shed, objective)
    for bad in ({"whole_lots": 1}, {"gap": 1.0}, {"budget": adl.Budget.at_least()}):
        with pytest.raises(adl.InputError, match=next(iter(bad))):
            match(round_, shed, **bad)
    with pytest.raises(adl.InputError, match=r"winners is .*a ContractRound"):
        match(shed, shed)


def test_marks_that_disagree_and_losers_that_win_are_named():
    kinds = {"account": ["a"], "coin": ["ETH"], "side": ["short"], "size": [5], "value": [0]}
    round_ = ContractRound.of(**kinds, mark=[101], deficit=1, needed=1, capacity=[9])
    shed = Shed.at_mark(loser=["x"], coin=["ETH"], side=["long"], size=[1], mark=[100])
    with pytest.raises(adl.InputError, match=r"positions.mark\[0\] is 101.0: expected 100.0"):
        match(round_, shed)
    shed = Shed.at_mark(loser=["a"], coin=["ETH"], side=["long"], size=[1], mark=[101])
    with pytest.raises(adl.InputError, match=r"shed\.loser"):
        match(round_, shed)


def test_lots_of_one_coin_must_agree():
    round_ = ContractRound.of(
        account=["a", "b"], coin=["ETH"] * 2, side=["short"] * 2, size=[5, 5], lot=[1, 2],
        value=[1, 1], deficit=1, needed=1,
    )  # fmt: skip
    shed = Shed.at_mark(loser=["x"], coin=["ETH"], side=["long"], size=[4], mark=[100])
    match(round_, shed)
    with pytest.raises(adl.InputError, match=r"positions.lot\[1\] is 2.0"):
        match(round_, shed, **ROUNDED)


def test_raw_accounts_make_a_round_and_what_is_shed():
    round_, shed = open_contract_round(
        account=["x", "x", "w", "w", "flat"], coin=["ETH", "BTC", "ETH", "BTC", "ETH"],
        size=[10, 1, -8, -1, 1], entry=[4000, 90_000, 4000, 90_000, 3600],
        mark=[3600, 80_000, 3600, 80_000, 3600],
        collateral={"x": 2000.0, "w": 9000.0, "flat": 100.0},
    )  # fmt: skip
    assert round_.start.account == ("w",)
    assert round_.start.deficit == 12_000
    assert round_.needed == pytest.approx(12_000)
    assert shed.loser == ("x", "x")
    assert (shed.value * shed.size).sum() == pytest.approx(12_000)
    assert round_.start.capacity.tolist() == [13_200]
    best = match(round_, shed)
    assert best.unmatched.tolist() == [2, 0]
    with pytest.raises(adl.InputError, match=r"collateral\[w\]"):
        open_contract_round(
            account=["w"], coin=["ETH"], size=[1], entry=[1], mark=[2], collateral={}
        )
    with pytest.raises(adl.InputError, match="no loser"):
        open_contract_round(
            account=["w"], coin=["ETH"], size=[1], entry=[1], mark=[2], collateral={"w": 1.0}
        )


def venue(seed, *, accounts=2000, positions=3500, coins=40):
    """A venue with heavy tails: from meme coins at a ten-thousandth of a dollar to bitcoin."""
    rng = np.random.default_rng(seed)
    more = rng.pareto(1.2, accounts) + 0.1
    owner = rng.choice(accounts, 2 * positions, p=more / more.sum())
    coin = rng.choice(coins, owner.size, p=(p := 1 / np.arange(1, coins + 1)) / p.sum())
    _, kept = np.unique(owner * coins + coin, return_index=True)
    kept = np.sort(rng.permutation(kept)[:positions])
    owner, coin = owner[kept], coin[kept]
    mark = 10.0 ** rng.integers(-4, 6, coins)
    lot = 5.0 / mark
    size = np.ceil(np.exp(rng.normal(8, 2, owner.size)) / 5.0) * lot[coin]
    names, place = np.unique(owner, return_inverse=True)
    gross = np.bincount(place, size * mark[coin])
    round_ = ContractRound.of(
        account=[f"w{i}" for i in owner], coin=[f"c{c}" for c in coin],
        side=["short"] * owner.size, size=size, lot=lot[coin], value=np.zeros(owner.size),
        mark=mark[coin], capacity=(gross * rng.uniform(0.3, 2.0, names.size))[_first(place)],
        equity=(gross * rng.uniform(0.2, 3.0, names.size))[_first(place)], deficit=1, needed=1,
    )  # fmt: skip
    books = np.repeat(np.unique(coin), 2)
    interest = np.bincount(coin, size)
    shed = Shed(
        loser=[f"l{k}" for k in range(books.size)], coin=[f"c{c}" for c in books],
        side=["long"] * books.size, size=interest[books] * rng.uniform(0.02, 0.3, books.size),
        price=mark[books] * (1 + rng.uniform(0.01, 0.2, books.size)), mark=mark[books],
    )  # fmt: skip
    return round_, shed


def _first(place):
    """Accounts in order of appearance."""
    return place[np.sort(np.unique(place, return_index=True)[1])]


@pytest.mark.parametrize("seed", by_day(1, range(3)))
def test_a_venue_is_solved_to_a_proven_gap(seed):
    round_, shed = venue(seed)
    best = match(round_, shed)
    assert best.certificate.trust is Trust.EXACT
    assert best.certificate.optimal
    rounded = match(round_, shed, **ROUNDED)
    assert rounded.certificate.lower <= best.value * (1 + 1e-9)
    assert rounded.certificate.gap <= 0.01 * rounded.value
    lots = rounded.closed / round_.positions.lot
    assert lots == pytest.approx(np.rint(lots), rel=1e-12)
    for goal in (adl.KeepHedges(), adl.LeastLeverage()):
        assert match(round_, shed, goal).certificate.optimal


@pytest.mark.parametrize("price", [95.0, 100.0])
def test_leverage_that_closing_takes_to_nothing(price):
    """Everything held is closed, above the mark or at it: no multiplier weighs an account."""
    round_ = ContractRound.of(
        account=["a"],
        coin=["ETH"],
        side=["long"],
        size=[2],
        value=[0],
        capacity=[40],
        equity=[50],
        deficit=1,
        needed=1,
        mark=[100],
    )
    shed = Shed(loser=["x"], coin=["ETH"], side=["short"], size=[3], price=[price], mark=[100])
    best = match(round_, shed, adl.LeastLeverage())
    assert best.value == 0.0
    assert best.certificate.optimal


def few(*, size, equity, capacity=None):
    """Winners a, b, c, one long each of a coin at 100."""
    names = ["a", "b", "c"][: len(size)]
    return ContractRound.of(
        account=names, coin=["ETH"] * len(size), side=["long"] * len(size), size=size,
        value=[0] * len(size), mark=[100] * len(size), capacity=capacity or equity, equity=equity,
        deficit=1, needed=1,
    )  # fmt: skip


@pytest.mark.parametrize("lots", [{}, ROUNDED])
def test_nobody_is_closed_out_with_less_than_nothing(lots):
    """Closing all of b at 40 would leave b without leverage, and 10 USD in debt."""
    round_ = few(size=[2, 1], equity=[1000, 50], capacity=[1000, 100])
    shed = Shed(loser=["x"], coin=["ETH"], side=["short"], size=[2], price=[40], mark=[100])
    best = match(round_, shed, adl.LeastLeverage(), **lots)
    assert (best.haircut <= [1000, 50]).all()
    if not lots:
        assert best.certificate.optimal


def test_equity_taken_to_the_last_cent_carries_nothing():
    """What is open of it has no equity left, up to rounding: no leverage of 1e16."""
    round_ = few(size=[3], equity=[0.3])
    shed = Shed(
        loser=["x", "y"], coin=["ETH"] * 2, side=["short"] * 2, size=[1, 1],
        price=[99.9, 99.8], mark=[100] * 2,
    )  # fmt: skip
    with pytest.raises(adl.InfeasibleRound, match="all of somebody's equity"):
        match(round_, shed, adl.LeastLeverage())


@pytest.mark.parametrize(
    ("goal", "stopped"), [(adl.KeepHedges(), 0), (adl.KeepHedges(), 1), (adl.Leximin(), 0)]
)
def test_a_limit_in_any_program_is_said(goal, stopped, monkeypatch):
    count = itertools.count()
    solved = search.solved

    def limited(program, *limits):
        answer = solved(program, *limits)
        return replace(answer, stopped=adl.Stopped.LIMIT) if next(count) == stopped else answer

    monkeypatch.setattr(search, "solved", limited)
    round_ = few(size=[2, 1, 5], equity=[1000, 900, 800], capacity=[10, 90, 90])
    shed = Shed(loser=["x"], coin=["ETH"], side=["short"], size=[6], price=[80], mark=[100])
    best = match(round_, shed, goal, method=adl.Method.HIGHS)
    assert best.stopped is adl.Stopped.LIMIT
    assert " ".join(str(best).split()).endswith("stopped at a limit")


@pytest.mark.parametrize(
    "underlying", [["ETH"], "ETH", {"ETH": 3}, {"ETH": ""}, {"SOL": "SOL"}, {3: "USD"}]
)
def test_underlyings_are_names_by_coin(underlying):
    round_ = few(size=[2], equity=[100])
    shed = Shed(loser=["x"], coin=["ETH"], side=["short"], size=[1], price=[90], mark=[100])
    with pytest.raises(adl.InputError, match="underlying"):
        match(round_, shed, adl.KeepHedges(underlying=underlying))


@pytest.mark.parametrize("limit", [0, -1, np.nan, np.inf, "1", True])
def test_a_time_limit_is_checked_even_where_nothing_is_searched(limit):
    round_ = few(size=[2], equity=[100])
    shed = Shed(loser=["x"], coin=["BTC"], side=["short"], size=[1], price=[90], mark=[100])
    idle = adl.Round.of(capacity=[9.0], deficit=5, needed=0, lot=1.0)
    with pytest.raises(adl.InputError, match="time_limit"):
        match(round_, shed, time_limit=limit)
    with pytest.raises(adl.InputError, match="time_limit"):
        adl.solve(idle, method=adl.Method.HIGHS, time_limit=limit)
