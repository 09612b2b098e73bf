"""Limits and tiers of a matching, against cvxpy, reduced rounds, and forged matchings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import adlopt as adl
from adlopt import Burden
from adlopt.model.positions import Positions
from adlopt.optimum.matching.check import check_trades

from .test_matching import OBJECTIVES, ROUNDED, SEARCHED, Statement, instance, match, proven


def limited(rng, *, lots=False, tight=False):
    """A random round, what is shed, and limits that leave profits enough."""
    round_, shed = instance(rng, winners=5, positions=10, lots=lots)
    start, m = round_.start, len(round_.positions)
    n = len(start.account)
    limits = adl.Limits(
        ineligible={start.account[int(rng.integers(n))]: "vault"} if rng.random() < 0.5 else {},
        cap=rng.uniform(0.02, 0.2, n) if tight else rng.uniform(0.7, 1.0, n),
        floor=start.equity * rng.uniform(0.0, 0.2, n) if rng.random() < 0.5 else None,
        weight=rng.uniform(1.0, 100.0, n) if rng.random() < 0.5 else None,
        lots=rng.integers(0, 9, m) if rng.random() < 0.5 else None,
    )
    return round_, shed, limits


def may_take(round_, limits):
    start = round_.start
    most = np.minimum(start.capacity, limits.cap * start.capacity)
    if limits.floor is not None:
        most = np.minimum(most, np.maximum(start.equity - limits.floor, 0.0))
    return most * [name not in limits.ineligible for name in start.account]


def may_close(round_, limits):
    size = round_.positions.size
    if limits.lots is not None:
        size = np.minimum(size, limits.lots * round_.positions.lot)
    barred = [round_.start.account[i] in limits.ineligible for i in round_.owner]
    return size * ~np.array(barred)


def matched_by_hand(round_, shed, limits, tier=None):
    """First listed first, one order at a time, of the positions of a tier."""
    positions, size, most = round_.positions, may_close(round_, limits), may_take(round_, limits)
    dear = {(c, s.opposite) for c, s, v in zip(shed.coin, shed.side, shed.value, strict=True) if v}
    left: dict[object, float] = {}
    for j in range(len(positions)):
        key, i = (positions.coin[j], positions.side[j]), round_.owner[j]
        if (tier is None or tier[i]) and (key not in dear or most[i] > 0):
            left[key] = left.get(key, 0.0) + size[j]
    matched = []
    for coin, side, asked in zip(shed.coin, shed.side, shed.size, strict=True):
        key = coin, side.opposite
        matched.append(min(asked, left.get(key, 0.0)))
        left[key] = left.get(key, 0.0) - matched[-1]
    return np.array(matched)


def stated(round_, shed, limits, matched, burden, tier=None):
    """The least worst burden within limits, in cvxpy."""
    weight = burden.weights(round_.start) if limits.weight is None else limits.weight
    statement = Statement(round_, shed, matched, weight=weight)
    own = np.ones(weight.size, dtype=bool) if tier is None else tier
    closable = may_close(round_, limits) * own[round_.owner]
    cp = statement.cp
    rows = [cp.sum(statement.x, axis=1) <= closable, statement.haircut <= may_take(round_, limits)]
    return statement.solve(cp.max(statement.burdens()), rows)


@pytest.mark.parametrize("seed", range(80))
def test_least_burden_within_limits_is_cvxpys(seed):
    rng = np.random.default_rng(seed)
    round_, shed, limits = limited(rng)
    burden = Burden.EQUITY if seed % 2 else Burden.CAPACITY
    matched = matched_by_hand(round_, shed, limits)
    value = stated(round_, shed, limits, matched, burden)
    if np.isinf(value):
        with pytest.raises(adl.InfeasibleRound):
            match(round_, shed, adl.MinMax(burden=burden), limits=limits)
        return
    best = match(round_, shed, adl.MinMax(burden=burden), limits=limits)
    assert best.matched == pytest.approx(matched, abs=1e-9)
    assert best.value == pytest.approx(value, abs=1e-6, rel=1e-6)
    assert (best.closed <= may_close(round_, limits) + 1e-9).all()
    assert (best.haircut <= may_take(round_, limits) + 1e-9).all()
    proven(best)


@pytest.mark.parametrize("seed", range(60))
def test_tiers_close_one_after_the_other_in_each_book(seed):
    rng = np.random.default_rng(seed)
    round_, shed, limits = limited(rng)
    n = len(round_.start.account)
    tier = rng.integers(0, 3, n)
    limits = replace(limits, tier=tier)
    left, values = shed, []
    for rank in np.unique(tier):
        matched = matched_by_hand(round_, left, limits, tier == rank)
        if matched.any():
            values.append(stated(round_, left, limits, matched, Burden.EQUITY, tier == rank))
        left = replace(left, size=np.maximum(left.size - matched, 0.0))
    if np.isinf(values).any():
        with pytest.raises(adl.InfeasibleRound, match=r"tier \d: profits and limits"):
            match(round_, shed, adl.MinMax(burden=Burden.EQUITY), limits=limits)
        return
    best = match(round_, shed, adl.MinMax(burden=Burden.EQUITY), limits=limits)
    criteria = [(best.criterion, best.value)]
    criteria += [(stage.criterion, stage.value) for stage in best.stages]
    found = [value for name, value in criteria if name != "nothing can be matched"]
    assert found == pytest.approx(values, abs=1e-6, rel=1e-6)
    assert best.worst_burden == pytest.approx(max(values, default=0.0), abs=1e-6, rel=1e-6)
    assert best.unmatched == pytest.approx(left.size, abs=1e-9)
    proven(best)


def test_the_result_says_what_keeps_winners_from_closing_more():
    round_ = adl.ContractRound.of(
        account=["ann", "bob", "cat", "dan", "eve", "fay"], coin=["ETH"] * 5 + ["BTC"],
        side=["short"] * 6, size=[10, 10, 10, 10, 3, 9], value=[0] * 6,
        capacity=[100, 200, 90, 100, 100, 100], deficit=1, needed=1,
    )  # fmt: skip
    shed = adl.Shed(loser=["x"], coin=["ETH"], side=["long"], size=[14], price=[20], mark=[10])
    limits = adl.Limits(
        ineligible={"cat": "market maker"}, cap=[0.05, 1, 1, 1, 1, 1], weight=[9, 100, 1, 0, 90, 9],
        lots=[10, 10, 10, 10, 3, 9],
    )  # fmt: skip
    with pytest.raises(adl.InfeasibleRound):
        match(round_, shed, limits=limits)
    best = match(round_, replace(shed, size=[12]), limits=limits)
    assert best.haircut.tolist() == pytest.approx([5.0, 85.0, 0.0, 0.0, 30.0, 0.0])
    held = ("cap", "worst burden", "ineligible: market maker", "protected", "lots", "")
    assert best.reason == held
    assert match(round_, replace(shed, size=[12])).reason == ()


def reduced(round_, limits):
    """The round with the limits built in; burdens over equity stay what they were."""
    held = round_.positions
    positions = Positions(
        account=held.account, coin=held.coin, side=held.side, size=may_close(round_, limits),
        lot=held.lot, value=held.value, mark=held.mark,
    )  # fmt: skip
    start = replace(round_.start, capacity=may_take(round_, limits))
    return replace(round_, start=start, positions=positions)


@pytest.mark.parametrize("lots", [{}, ROUNDED, SEARCHED])
@pytest.mark.parametrize("goal", [adl.MinMax, adl.Leximin, adl.FewestAccounts])
@pytest.mark.parametrize("seed", range(8))
def test_a_goal_within_limits_is_that_of_the_reduced_round(goal, lots, seed):
    if (goal, lots) in ((adl.Leximin, SEARCHED), (adl.FewestAccounts, ROUNDED)):
        return
    round_, shed, limits = limited(np.random.default_rng(seed), lots=True)
    limits = replace(limits, weight=None)
    options = {"objective": goal(burden=Burden.EQUITY), **lots}
    try:
        best = match(round_, shed, limits=limits, **options)
    except adl.NoSolution as refused:
        with pytest.raises(type(refused)):
            match(reduced(round_, limits), shed, **options)
        return
    same = match(reduced(round_, limits), shed, **options)
    assert best.closed.tolist() == same.closed.tolist()
    assert best.value == same.value
    assert [stage.value for stage in best.stages] == [stage.value for stage in same.stages]


@pytest.mark.parametrize("goal", OBJECTIVES)
def test_every_goal_takes_limits_and_tiers(goal):
    for seed in range(6):
        round_, shed, limits = limited(np.random.default_rng(seed))
        n = len(round_.start.account)
        limits = replace(limits, tier=np.arange(n) % 2)
        best = match(round_, shed, goal, limits=limits)
        assert (best.closed <= may_close(round_, limits) + 1e-9).all()
        assert (best.haircut <= may_take(round_, limits) + 1e-9).all()
        assert best.haircut.sum() == pytest.approx(best.matched @ shed.value)
        assert best.touched == np.unique(round_.owner[best.closed > 0]).size


def test_limits_that_leave_too_little_are_named():
    refused = 0
    for seed in range(40):
        round_, shed, limits = limited(np.random.default_rng(seed), tight=True)
        try:
            match(round_, shed, limits=limits)
        except adl.InfeasibleRound as error:
            caught = error
        else:
            continue
        refused += 1
        most = dict(zip(round_.start.account, may_take(round_, limits), strict=True))
        reasons = dict(zip(round_.start.account, limits.reasons(round_.start), strict=True))
        spent = [(held.most, held.reason) for held in caught.binding]
        assert spent == [(most[b.account], reasons[b.account]) for b in caught.binding]
        assert "profits and limits let winners close" in str(caught)
        assert caught.missing > 0
    assert refused > 5


def test_an_ineligible_account_is_not_closed_even_at_the_mark():
    round_ = adl.ContractRound.of(
        account=["a", "b"], coin=["ETH", "ETH"], side=["short"] * 2, size=[5, 5],
        value=[0, 0], capacity=[100, 100], deficit=1, needed=1,
    )  # fmt: skip
    shed = adl.Shed(loser=["x"], coin=["ETH"], side=["long"], size=[8], price=[10], mark=[10])
    best = match(round_, shed, limits=adl.Limits(ineligible={"a": "vault"}))
    assert (best.closed.tolist(), best.unmatched.tolist()) == ([0.0, 5.0], [3.0])
    capped = match(round_, shed, limits=adl.Limits(cap=[0.0, 1.0]))
    assert capped.closed.sum() == 8.0, "a cap of nothing allows what takes nothing"


def test_a_matching_that_breaks_limits_is_not_believed():
    round_ = adl.ContractRound.of(
        account=["a", "b"], coin=["ETH", "ETH"], side=["short"] * 2, size=[5, 5],
        value=[0, 0], capacity=[100, 100], deficit=1, needed=1,
    )  # fmt: skip
    shed = adl.Shed(loser=["x"], coin=["ETH"], side=["long"], size=[8], price=[14], mark=[10])
    best = match(round_, shed)
    state = {name: getattr(best, name) for name in ("closed", "matched", "unmatched", "haircut")}
    for limits, message in (
        (adl.Limits(ineligible={"b": "vault"}), "position 1 is of an ineligible account"),
        (adl.Limits(lots=[5, 2]), "position 1 exceeds what may be closed"),
        (adl.Limits(cap=0.1), "exceeds its capacity"),
    ):
        with pytest.raises(adl.CertificateError, match=message):
            check_trades(round_, shed, best.trades, whole=False, limits=limits, **state)
    check_trades(round_, shed, best.trades, whole=False, limits=adl.Limits(cap=0.5), **state)


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"cap": 0.5}, "limits is .*a Limits"),
        (adl.Limits(cap=[0.5]), "cap is '1 values'"),
        (adl.Limits(weight=[0.5]), "weight is '1 values'"),
        (adl.Limits(lots=[1]), "lots is '1 values': expected 2, one a position"),
        (adl.Limits(tier=[1]), "tier is '1 values'"),
        (adl.Limits(floor=1.0), "equity is None"),
        (adl.Limits(ineligible={"z": "gone"}), "ineligible is 'z'"),
    ],
)
def test_limits_that_do_not_fit_a_matching_are_refused(limits, message):
    round_ = adl.ContractRound.of(
        account=["a", "b"], coin=["ETH", "ETH"], side=["short"] * 2, size=[5, 5],
        value=[0, 0], capacity=[100, 100], deficit=1, needed=1,
    )  # fmt: skip
    shed = adl.Shed(loser=["x"], coin=["ETH"], side=["long"], size=[8], price=[14], mark=[10])
    with pytest.raises(adl.InputError, match=message):
        match(round_, shed, limits=limits)
