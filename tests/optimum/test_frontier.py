"""What every budget costs: against the optimum at each budget, and between breakpoints."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

import adlopt as adl

EQUITY = adl.MinMax(burden=adl.Burden.EQUITY)
PRICED = (
    adl.surrogate(track=1.0, fair=60.0, burden=adl.Burden.EQUITY),
    adl.Asymmetric(under=3.0, over=1.0, fair=200.0),
    adl.surrogate(track=1.0, fair=0.0),
)


@st.composite
def rounds(draw):
    n = draw(st.integers(1, 6))
    money = st.one_of(st.just(0.0), st.integers(1, 9).map(float), st.floats(0.01, 1e6))
    capacity = draw(st.lists(money, min_size=n, max_size=n))
    equity = draw(st.lists(money, min_size=n, max_size=n))
    return adl.Round.of(capacity=capacity, equity=equity, deficit=1.0, needed=draw(money))


def at(round_, budget):
    return adl.Round(start=round_.start, outcome=adl.RoundOutcome(needed=budget))


@given(rounds(), st.lists(st.floats(0.0, 1.0), max_size=4))
def test_the_curves_are_the_optimum_of_every_budget(round_, shares):
    curve = adl.frontier(round_, *PRICED, burden=EQUITY)
    assert (np.diff(curve.budget) > 0).all()
    end = curve.budget[-1]
    # Above a bend only the least may give: a budget's last digit is many of its burden.
    least = min((e for e in round_.start.equity.tolist() if e > 0), default=1.0)
    digit = 1e-12 + 2 * float(np.spacing(end)) / least
    for budget in [*curve.budget.tolist(), *(share * end for share in shares)]:
        if budget <= curve.reachable:
            best = adl.solve(at(round_, budget), EQUITY).value
            assert curve.burden(budget) == pytest.approx(best, rel=1e-9, abs=digit)
        for loss, values in zip(PRICED, curve.losses, strict=True):
            best = adl.solve(at(round_, budget), loss).value
            drawn = float(np.interp(budget, curve.budget, values))
            assert drawn == pytest.approx(best, rel=1e-9, abs=1e-9 * (1 + end))


@given(rounds())
def test_every_entry_but_the_ends_is_a_bend_of_some_curve(round_):
    curve = adl.frontier(round_, *PRICED, burden=EQUITY)
    known = np.isfinite(curve.worst_burden)
    curves = [np.where(known, curve.worst_burden, 0.0), *curve.losses, known.astype(float)]
    for k in range(1, curve.budget.size - 1):
        before, here, after = curve.budget[k - 1 : k + 2]
        if min(here - before, after - here) < 1e-6 * curve.budget[-1]:
            continue
        bends = [
            abs((v[k + 1] - v[k]) / (after - here) - (v[k] - v[k - 1]) / (here - before))
            for v in curves
        ]
        assert max(bends) > 0


def test_a_frontier_is_an_answer_and_limits_bend_it():
    round_ = adl.Round.of(
        account=["ann", "bob"],
        capacity=[120.0, 80.0],
        equity=[200.0, 90.0],
        deficit=90.0,
        needed=60.0,
    )
    capped = adl.frontier(round_, limits=adl.Limits(cap=[0.25, 1.0]))
    assert capped.budget.tolist() == [0.0, 50.0, 110.0]
    assert capped.worst_burden.tolist() == [0.0, 0.25, 1.0]
    assert "110.00 USD can be raised, at a worst burden of 100 %" in " ".join(str(capped).split())
    short = adl.frontier(at(round_, 150.0), PRICED[1], limits=adl.Limits(cap=[0.25, 1.0]))
    assert np.isnan(short.worst_burden[-1])
    data = short.to_dict()
    assert data["schema"] == "adlopt/frontier/2"
    assert data["worst_burden"][-1] is None
    assert short.to_frame().columns == ["budget_usd", "worst_burden", "loss_1"]
    rng = np.random.default_rng(1)
    large = adl.Round.of(
        capacity=rng.lognormal(3, 1, 50_000),
        equity=rng.lognormal(3, 1, 50_000),
        deficit=1.0,
        needed=1.0,
    )
    curve = adl.frontier(large, burden=EQUITY)
    assert len(repr(curve)) <= 300
    assert len(str(curve).splitlines()) <= 24


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda r: adl.frontier(r, adl.Leximin()), r"priced\[0\]"),
        (lambda r: adl.frontier(r, burden=adl.Leximin()), "a MinMax"),
        (lambda r: adl.frontier(3), "a Round"),
        (lambda r: adl.frontier(r, limits=adl.Limits(tier=[1, 2])), "each tier on its own"),
        (lambda r: adl.frontier(r).burden(1e9), "at most 200.0 USD"),
        (
            lambda r: adl.frontier(adl.Round.of(capacity=[4.0], deficit=1.0, needed=1.0, lot=1.0)),
            "a staircase",
        ),
    ],
)
def test_what_has_no_frontier_is_refused_by_name(ask, words):
    round_ = adl.Round.of(capacity=[120.0, 80.0], deficit=90.0, needed=60.0)
    with pytest.raises(adl.InputError, match=words):
        ask(round_)
