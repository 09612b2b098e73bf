"""Leverage draining: against programs in cvxpy, for every loss it is said to be optimal for."""

import math
import pickle

import cvxpy as cp
import numpy as np
import pytest
from hypothesis import given, strategies as st
from tiers import examples

import adlopt as adl
from adlopt.optimum.drain import drain_leverage, drain_round, expected_loss


def market(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 9))
    size = rng.integers(0, 20, n) * 1.0 if seed % 2 else rng.lognormal(2, 1, n)
    equity = rng.lognormal(4, 1, n)
    share = rng.choice([0.0, 0.1, 0.5, 0.9, 1.0, rng.random()])
    return size, equity, float(rng.lognormal(2, 1)), share * float(size.sum())


def drained(size, equity, mark, close):
    """What must hold of any answer."""
    best = drain_leverage(size, equity, mark=mark, close=close)
    assert best.certificate.optimal
    assert math.fsum(best.closed) == pytest.approx(close, rel=1e-9, abs=1e-9 * size.sum())
    assert (best.closed >= 0).all()
    assert (best.closed <= size).all()
    assert best.leverage == pytest.approx(mark * (size - best.closed) / equity, rel=1e-9, abs=1e-9)
    return best


@pytest.mark.parametrize("seed", range(200))
def test_the_largest_leverage_is_least(seed):
    size, equity, mark, close = market(seed)
    best = drained(size, equity, mark, close)
    kept, most = cp.Variable(size.size, nonneg=True), cp.Variable(nonneg=True)
    rows = [kept <= size, cp.sum(kept) == size.sum() - close]
    problem = cp.Problem(cp.Minimize(most), [*rows, kept <= equity / mark * most])
    problem.solve(solver=cp.HIGHS)
    assert best.most == pytest.approx(problem.value, rel=1e-5, abs=1e-6)
    before = mark * size / equity
    assert best.leverage == pytest.approx(np.minimum(before, best.most), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("seed", range(100))
def test_the_expected_loss_is_least_whatever_the_distribution(seed):
    size, equity, mark, close = market(seed)
    best = drained(size, equity, mark, close)
    rng = np.random.default_rng(seed)
    move, chance = rng.lognormal(-1, 1, 12), rng.random(12) + 0.01
    kept = cp.Variable(size.size, nonneg=True)
    losses = [cp.sum(cp.pos(mark * kept * r - equity)) for r in move]
    aim = sum(c * loss for c, loss in zip(chance, losses, strict=True)) / chance.sum()
    problem = cp.Problem(cp.Minimize(aim), [kept <= size, cp.sum(kept) == size.sum() - close])
    problem.solve(solver=cp.HIGHS)
    ours = expected_loss(best.leverage, equity, move, chance)
    assert ours == pytest.approx(problem.value, rel=1e-6, abs=1e-6 * equity.sum())


@pytest.mark.parametrize("seed", range(60))
def test_the_cvar_of_the_loss_is_least_too(seed):
    size, equity, mark, close = market(seed)
    best = drained(size, equity, mark, close)
    rng = np.random.default_rng(seed)
    move, tail = rng.lognormal(-1, 1, 20), 0.25
    kept, t = cp.Variable(size.size, nonneg=True), cp.Variable()
    losses = [cp.sum(cp.pos(mark * kept * r - equity)) for r in move]
    cvar = t + sum(cp.pos(loss - t) for loss in losses) / (tail * move.size)
    problem = cp.Problem(cp.Minimize(cvar), [kept <= size, cp.sum(kept) == size.sum() - close])
    problem.solve(solver=cp.HIGHS)
    worst = np.sort(move)[-5:]
    ours = expected_loss(best.leverage, equity, worst, np.ones(5))
    assert ours == pytest.approx(problem.value, rel=1e-6, abs=1e-6 * equity.sum())


def test_above_the_cutoff_accounts_are_interchangeable_under_cvar_but_not_in_expectation():
    equity, worst, low = np.array([100.0, 100.0]), [0.5], [0.3]
    equal, unequal = [4.0, 4.0], [5.0, 3.0]
    assert expected_loss(equal, equity, worst, [1]) == expected_loss(unequal, equity, worst, [1])
    assert expected_loss(equal, equity, low, [1]) < expected_loss(unequal, equity, low, [1])


@given(
    st.lists(st.tuples(st.integers(0, 30), st.floats(0.1, 1e4)), min_size=1, max_size=6),
    st.floats(0, 1),
    st.integers(0, 5),
    st.floats(0.05, 0.95),
)
@examples(40)
def test_splitting_an_account_changes_nothing(accounts, share, which, part):
    """Sybil resistance: one account cut in two with its equity in proportion."""
    size = np.array([q for q, _ in accounts], dtype=float)
    equity = np.array([e for _, e in accounts])
    close = share * float(size.sum())
    whole = drain_leverage(size, equity, mark=10.0, close=close)
    i = which % size.size
    cut = drain_leverage(
        np.append(np.where(np.arange(size.size) == i, part, 1.0) * size, (1 - part) * size[i]),
        np.append(np.where(np.arange(size.size) == i, part, 1.0) * equity, (1 - part) * equity[i]),
        mark=10.0,
        close=min(close, size.sum() * (1 - 1e-12)),
    )
    together = cut.closed[i] + cut.closed[-1]
    assert together == pytest.approx(whole.closed[i], rel=1e-6, abs=1e-6)


@given(
    st.lists(st.tuples(st.integers(1, 30), st.floats(0.1, 1e4)), min_size=1, max_size=6),
    st.floats(0, 0.5),
    st.floats(0, 0.5),
)
@examples(40)
def test_two_rounds_close_what_one_does(accounts, first, second):
    """Path independence."""
    size = np.array([q for q, _ in accounts], dtype=float)
    equity = np.array([e for _, e in accounts])
    a, b = first * float(size.sum()), second * float(size.sum())
    once = drain_leverage(size, equity, mark=3.0, close=a + b)
    left = size - drain_leverage(size, equity, mark=3.0, close=a).closed
    twice = drain_leverage(left, equity, mark=3.0, close=min(b, math.fsum(left)))
    assert size - once.closed == pytest.approx(left - twice.closed, rel=1e-6, abs=1e-6)


def test_whole_lots_of_a_round_in_one_coin():
    round_ = adl.ContractRound.of(
        account=["a", "b", "c"],
        coin=["ETH"] * 3,
        side=["short"] * 3,
        size=[10, 4, 7],
        lot=0.5,
        value=[3, 3, 3],
        mark=[333.3333333] * 3,
        equity=[500, 500, 70],
        deficit=30,
        needed=30,
    )
    best = drain_round(round_, close=9.5)
    assert (np.mod(best.closed, 0.5) == 0).all()
    assert best.closed.sum() == 9.5
    assert best.certificate.optimal
    smooth = drain_leverage([10, 4, 7], [500, 500, 70], mark=333.3333333, close=9.5)
    assert smooth.most <= best.most
    again = pickle.loads(pickle.dumps(best))
    assert (again.closed == best.closed).all()
    with pytest.raises(ValueError, match="read-only"):
        best.closed[0] = 1.0


def round_of(**changes):
    table = {
        "account": ["a", "b"],
        "coin": ["ETH", "ETH"],
        "side": ["long", "long"],
        "size": [10, 4],
        "value": [40, 50],
        "mark": [100, 100],
        "equity": [100, 100],
    }
    return adl.ContractRound.of(**(table | changes), deficit=9, needed=9)


REFUSED = {
    "no round": (lambda: drain_round(None, close=1), "a ContractRound"),
    "two coins": (lambda: drain_round(round_of(coin=["ETH", "BTC"]), close=1), "2 markets"),
    "two sides": (lambda: drain_round(round_of(side=["long", "short"]), close=1), "2 markets"),
    "no marks": (lambda: drain_round(round_of(mark=None), close=1), "mark is None"),
    "two marks": (lambda: drain_round(round_of(mark=[100, 99]), close=1), r"mark\[1\] is 99\.0"),
    "two lots": (lambda: drain_round(round_of(lot=[1, 2]), close=1), r"lot\[1\] is 2\.0"),
    "no equity": (lambda: drain_round(round_of(equity=None), close=1), "equity is None"),
    "insolvent": (
        lambda: drain_round(round_of(equity=[5, -1]), close=1),
        r"equity\[1\] is -1\.0.*liquidated",
    ),
    "parts of lots": (lambda: drain_round(round_of(), close=1.5), r"close is 1\.5"),
    "held in parts": (
        lambda: drain_leverage([1.5], [1.0], mark=1.0, close=1.0, lot=1.0),
        r"size\[0\] is 1\.5",
    ),
    "more than is held": (lambda: drain_round(round_of(), close=15), r"at most the 14\.0"),
    "a negative size": (lambda: drain_leverage([-1.0], [1.0], mark=1.0, close=0.0), r"size\[0\]"),
    "a mark of nothing": (lambda: drain_leverage([1.0], [1.0], mark=0.0, close=0.0), "mark is"),
    "close nan": (lambda: drain_leverage([1.0], [1.0], mark=1.0, close=math.nan), "close is nan"),
    "no chance": (lambda: expected_loss([1.0], [1.0], [0.5], [0.0]), "probability"),
    "chances of another length": (
        lambda: expected_loss([1.0], [1.0], [0.5], [0.5, 0.5]),
        "probability is '2 values'",
    ),
}


@pytest.mark.parametrize(("act", "message"), REFUSED.values(), ids=REFUSED)
def test_bad_markets_are_refused(act, message):
    with pytest.raises(adl.InputError, match=message):
        act()
