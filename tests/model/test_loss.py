"""The objectives: values by hand, convexity at random, and where the paper's is not convex."""

import math

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra.numpy import arrays

from adlopt.errors import InputError
from adlopt.model.loss import (
    Asymmetric,
    Burden,
    Empirical,
    MinMax,
    SeverityLoss,
    surrogate,
    worst_burden,
)
from adlopt.model.round import Round

ROUND = Round.of(capacity=[120.0, 80.0], deficit=90.0, needed=50.0, equity=[300.0, 40.0])
CONVEX = {
    "min-max": MinMax(),
    "min-max, ε": MinMax(epsilon=7.0),
    "min-max, equity": MinMax(burden=Burden.EQUITY),
    "asymmetric": Asymmetric(under=3.0, over=0.5, fair=40.0),
    "asymmetric, not fair": Asymmetric(under=0.5, over=3.0, fair=0.0),
    "asymmetric, equity and ε": Asymmetric(
        under=2.0, over=1.0, fair=90.0, burden=Burden.EQUITY, epsilon=2.0
    ),
    "surrogate": surrogate(track=1.0, fair=100.0),
    "excess only": Empirical(reference=0.3, excess_only=True),
    "excess only, equity": Empirical(
        reference=0.1, weight=2.0, excess_only=True, burden=Burden.EQUITY
    ),
}
MONEY = st.floats(0.0, 1e4).map(lambda x: round(x, 2))


@st.composite
def rounds_and_haircuts(draw):
    n = draw(st.integers(1, 6))
    column = arrays(float, n, elements=MONEY)
    made = Round.of(
        capacity=draw(column),
        equity=draw(arrays(float, n, elements=st.floats(-100.0, 1e4).map(round))),
        deficit=1.0,
        needed=draw(MONEY),
    )
    return made, draw(column), draw(column)


def near(value):
    return pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize("loss", CONVEX.values(), ids=CONVEX)
@given(drawn=rounds_and_haircuts())
def test_a_subgradient_supports_the_loss_from_below(loss, drawn):
    round_, x, y = drawn
    at_x, at_y = loss.value(round_, x), loss.value(round_, y)
    slope = loss.subgradient(round_, x)
    assert slope.shape == x.shape
    assert np.isfinite(slope).all()
    if math.isfinite(at_x):
        rise = math.fsum(slope * (y - x))
        size = at_x + math.fsum(np.abs(slope) * (np.abs(x) + np.abs(y)))
        assert at_y >= at_x + rise - 1e-9 * size


@pytest.mark.parametrize("loss", CONVEX.values(), ids=CONVEX)
@given(drawn=rounds_and_haircuts())
def test_a_mean_of_haircuts_costs_no_more_than_the_mean_cost(loss, drawn):
    round_, x, y = drawn
    mean = (loss.value(round_, x) + loss.value(round_, y)) / 2
    assert loss.value(round_, (x + y) / 2) <= mean * (1 + 1e-9) + 1e-9


@pytest.mark.parametrize("loss", CONVEX.values(), ids=CONVEX)
def test_where_the_loss_is_smooth_the_subgradient_is_its_gradient(loss):
    x, step = np.array([33.0, 5.0]), 1e-6
    moved = [loss.value(ROUND, x + step * e) - loss.value(ROUND, x - step * e) for e in np.eye(2)]
    assert loss.subgradient(ROUND, x) == pytest.approx(np.array(moved) / (2 * step), abs=1e-6)


def test_the_papers_empirical_objective_charges_for_being_fairer():
    loss = Empirical(reference=0.5)
    even, uneven, mean = [30.0, 20.0], [60.0, 40.0], [45.0, 30.0]
    assert loss.value(ROUND, even) == 12.5
    assert loss.value(ROUND, uneven) == 50.0
    assert loss.value(ROUND, mean) == 31.25
    less_even = [10.0, 40.0]
    assert MinMax().value(ROUND, less_even) > MinMax().value(ROUND, even)
    assert loss.value(ROUND, less_even) == 0.0


def test_the_papers_empirical_objective_is_not_convex():
    loss = Empirical(reference=0.5)
    left, right = np.array([50.0, 0.0]), np.array([0.0, 50.0])
    ends = (loss.value(ROUND, left) + loss.value(ROUND, right)) / 2
    assert loss.value(ROUND, (left + right) / 2) > ends
    x, y = np.array([30.0, 20.0]), np.array([10.0, 40.0])
    slope = Empirical(reference=0.5).subgradient(ROUND, x)
    assert loss.value(ROUND, y) < loss.value(ROUND, x) + slope @ (y - x)


@pytest.mark.parametrize(
    ("loss", "haircut", "value"),
    [
        (MinMax(), [30, 20], 0.25),
        (MinMax(), [0, 20], 0.25),
        (MinMax(), [0, 0], 0.0),
        (MinMax(epsilon=40.0), [40, 30], 0.25),
        (MinMax(burden=Burden.EQUITY), [30, 20], 0.5),
        (Asymmetric(under=2.0, over=1.0, fair=40.0), [24, 16], 2 * 10 + 40 * 0.2),
        (Asymmetric(under=2.0, over=1.0, fair=40.0), [60, 40], 1 * 50 + 40 * 0.5),
        (Asymmetric(under=2.0, over=1.0, fair=40.0), [30, 20], 40 * 0.25),
        (Asymmetric(under=2.0, over=1.0, fair=0.0), [0, 0], 100.0),
        (surrogate(track=3.0, fair=8.0), [24, 16], 3 * 10 + 8 * 0.2),
        (surrogate(track=3.0, fair=8.0), [36, 24], 3 * 10 + 8 * 0.3),
        (Empirical(reference=0.2), [36, 24], 10 + 50 * 0.1),
        (Empirical(reference=0.4, weight=2.0), [36, 24], 10 + 2 * 50 * 0.1),
        (Empirical(reference=0.4, weight=2.0, excess_only=True), [36, 24], 10.0),
        (Empirical(reference=0.2, excess_only=True), [36, 24], 10 + 50 * 0.1),
    ],
)
def test_values_by_hand(loss, haircut, value):
    assert loss.value(ROUND, haircut) == near(value)


@pytest.mark.parametrize(
    ("loss", "haircut", "slope"),
    [
        (MinMax(), [36, 16], [1 / 120, 0]),
        (MinMax(), [30, 20], [1 / 240, 1 / 160]),
        (MinMax(burden=Burden.EQUITY), [30, 20], [0, 1 / 40]),
        (MinMax(epsilon=40.0), [36, 0], [1 / 160, 0]),
        (Asymmetric(under=2.0, over=1.0, fair=60.0), [24, 8], [-2 + 0.5, -2]),
        (Asymmetric(under=2.0, over=1.0, fair=60.0), [24, 64], [1, 1 + 0.75]),
        (Asymmetric(under=2.0, over=1.0, fair=60.0), [42, 8], [0.5, 0]),
        (Empirical(reference=0.1, excess_only=True), [36, 0], [-1 + 50 / 120, -1]),
        (Empirical(reference=0.9, excess_only=True), [36, 0], [-1, -1]),
        (Empirical(reference=0.9), [36, 0], [-1 - 50 / 120, -1]),
    ],
)
def test_subgradients_by_hand(loss, haircut, slope):
    assert loss.subgradient(ROUND, haircut).tolist() == near(slope)


BANKRUPT = Round.of(capacity=[100.0, 50.0], equity=[-5.0, 40.0], deficit=90.0, needed=20.0)
EQUITY = MinMax(burden=Burden.EQUITY)


def test_an_insolvent_account_is_protected():
    assert Burden.EQUITY.weights(BANKRUPT.start).tolist() == [0.0, 40.0]
    assert EQUITY.value(BANKRUPT, [0.0, 20.0]) == 0.5
    assert EQUITY.value(BANKRUPT, [1e-9, 20.0]) == math.inf
    assert EQUITY.subgradient(BANKRUPT, [0.0, 20.0]).tolist() == [0.0, 1 / 40]


@pytest.mark.parametrize(
    "loss",
    [
        Empirical(reference=0.5, weight=0.0, burden=Burden.EQUITY),
        Asymmetric(under=1.0, over=1.0, fair=0.0, burden=Burden.EQUITY),
    ],
)
def test_protection_holds_even_where_burdens_have_no_price(loss):
    assert loss.value(BANKRUPT, [5.0, 5.0]) == math.inf
    assert loss.value(BANKRUPT, [0.0, 5.0]) == 15.0
    assert loss.subgradient(BANKRUPT, [5.0, 5.0]).tolist() == [-1.0, -1.0]


def test_a_priced_infinite_burden_is_an_infinite_loss():
    loss = Empirical(reference=0.5, excess_only=True, burden=Burden.EQUITY)
    assert loss.value(BANKRUPT, [5.0, 5.0]) == math.inf
    assert surrogate(track=1.0, fair=1.0, burden=Burden.EQUITY).value(BANKRUPT, [5, 5]) == math.inf


@pytest.mark.parametrize("loss", CONVEX.values(), ids=CONVEX)
def test_nobody_can_give_and_nobody_is_asked(loss):
    nothing = Round.of(capacity=[0.0, 0.0], equity=[-1.0, 0.0], deficit=1.0, needed=0.0)
    assert loss.value(nothing, [0.0, 0.0]) == 0.0
    assert np.isfinite(loss.subgradient(nothing, [0.0, 0.0])).all()


def test_epsilon_keeps_an_empty_account_from_an_infinite_burden():
    made = Round.of(capacity=[0.0, 40.0], deficit=1.0, needed=1.0)
    assert MinMax(epsilon=10.0).value(made, [1.0, 5.0]) == 0.1
    assert MinMax().value(made, [1.0, 5.0]) == math.inf


def test_equity_must_be_there_to_be_a_burden():
    made = Round.of(capacity=[1.0], deficit=1.0, needed=1.0)
    with pytest.raises(InputError, match=r"equity is None.*Burden\.CAPACITY"):
        EQUITY.value(made, [0.0])


@pytest.mark.parametrize(
    ("haircut", "weights", "burden"),
    [
        ([], [], 0.0),
        ([0.0], [0.0], 0.0),
        ([1e-300], [0.0], math.inf),
        ([1.0, 3.0], [2.0, 2.0], 1.5),
    ],
)
def test_worst_burden(haircut, weights, burden):
    assert worst_burden(haircut, np.array(weights)) == burden


@pytest.mark.parametrize("loss", CONVEX.values(), ids=CONVEX)
@pytest.mark.parametrize("haircut", [[1.0], [1.0, 2.0, 3.0], [[1.0, 2.0]]])
def test_a_haircut_has_one_entry_an_account(loss, haircut):
    with pytest.raises(InputError, match="haircut is 'shape"):
        loss.value(ROUND, haircut)
    with pytest.raises(InputError, match="haircut is 'shape"):
        loss.subgradient(ROUND, haircut)


@given(st.floats(0.0, 1.0), st.floats(0.0, 1.0), MONEY, MONEY)
def test_severity_loss_is_convex_and_supported(theta, other, deficit, needed):
    made = Round.of(capacity=[1e4], deficit=deficit, needed=needed)
    loss = SeverityLoss()
    slope = loss.subgradient(made, theta)
    assert abs(slope) in (0.0, deficit)
    assert loss.value(made, other) >= loss.value(made, theta) + slope * (other - theta) - 1e-9


@pytest.mark.parametrize(
    ("theta", "value", "slope"),
    [(0.0, 60.0, -80.0), (0.5, 20.0, -80.0), (0.75, 0.0, 0.0), (1.0, 20.0, 80.0)],
)
def test_severity_loss_by_hand(theta, value, slope):
    made = Round.of(capacity=[120.0], deficit=80.0, needed=60.0)
    assert SeverityLoss().value(made, theta) == value
    assert SeverityLoss().subgradient(made, theta) == slope


@pytest.mark.parametrize("theta", [-0.1, 1.1, math.nan, math.inf, "0.5", None, True])
def test_severity_stays_in_its_domain(theta):
    with pytest.raises(InputError, match="severity is"):
        SeverityLoss().value(ROUND, theta)
    with pytest.raises(InputError, match="severity is"):
        SeverityLoss().subgradient(ROUND, theta)


BAD = [-1.0, math.nan, math.inf, None, "1", True]
PARAMETERS = {
    MinMax: {"epsilon": 0.0},
    Asymmetric: {"under": 1.0, "over": 1.0, "fair": 0.0, "epsilon": 0.0},
    Empirical: {"reference": 0.0, "weight": 0.0, "epsilon": 0.0},
}


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind, good in PARAMETERS.items() for name in good]
)
def test_bad_parameters_are_refused(kind, name, bad):
    with pytest.raises(InputError, match=f"^{name} is"):
        kind(**PARAMETERS[kind] | {name: bad})


@pytest.mark.parametrize("kind", PARAMETERS)
def test_a_burden_is_not_a_word(kind):
    with pytest.raises(InputError, match="burden is 'equity'"):
        kind(**PARAMETERS[kind] | {"burden": "equity"})


@pytest.mark.parametrize("name", ["under", "over"])
def test_dollars_missed_have_a_price(name):
    with pytest.raises(InputError, match=f"{name} is 0.0: expected a price > 0"):
        Asymmetric(**{"under": 1.0, "over": 1.0, "fair": 0.0} | {name: 0.0})


def test_the_surrogate_prices_both_sides_alike():
    with pytest.raises(InputError, match=r"track is 0\.0: expected a price > 0"):
        surrogate(track=0.0, fair=3.0)
    made = surrogate(track=2.0, fair=3.0, burden=Burden.EQUITY, epsilon=4.0)
    assert made == Asymmetric(under=2.0, over=2.0, fair=3.0, burden=Burden.EQUITY, epsilon=4.0)
