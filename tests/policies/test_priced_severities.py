"""Severities for prices that differ, mixtures of rules, and rules that need no outcome."""

import math

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy.optimize import linprog
from tiers import examples

import adlopt as adl
from adlopt.policies.experts import Ader, Mixture
from adlopt.policies.gradient import AdaGradOGD
from adlopt.policies.grammar import named
from adlopt.policies.newsvendor import Newsvendor, PinballOGD
from adlopt.policies.severity import (
    Constant,
    DeficitMatching,
    ExponentialBackoff,
    FollowTheLeader,
)
from adlopt.scoring.hindsight import severity_loss


def made(deficits, shares):
    return adl.Episode(
        name="made",
        rounds=[
            adl.Round.of(t=t, capacity=[1e6], deficit=d, needed=d * share)
            for t, (d, share) in enumerate(zip(deficits, shares, strict=True), start=1)
        ],
    )


def severities(rule, episode):
    state, played = rule.begin(), []
    for round_ in episode:
        theta = rule.decide(state, round_.start)
        played.append(theta)
        state = rule.learn(state, round_.start, theta, round_.outcome)
    return np.array(played)


def priced(episode, played, under, over):
    loss = adl.SeverityLoss(under=under, over=over)
    return math.fsum(loss.value(r, x) for r, x in zip(episode, played.tolist(), strict=True))


SEQUENCES = st.lists(
    st.tuples(st.floats(0.1, 1e4), st.floats(0, 1.2)), min_size=1, max_size=14
).map(lambda rows: made([d for d, _ in rows], [share for _, share in rows]))
PRICES = st.floats(0.1, 10)


# The loss ----------------------------------------------------------------------------------------


@given(SEQUENCES, PRICES, PRICES, st.floats(0, 1), st.floats(0, 1))
@examples(25)
def test_the_asymmetric_loss_lies_above_its_tangents(episode, under, over, x, y):
    loss = adl.SeverityLoss(under=under, over=over)
    for round_ in episode:
        tangent = loss.value(round_, x) + loss.subgradient(round_, x) * (y - x)
        assert loss.value(round_, y) >= tangent - 1e-9 * max(under, over) * round_.start.deficit
    assert adl.SeverityLoss().value(episode.rounds[0], x) == pytest.approx(
        episode.deficit[0] * abs(x - episode.needed_severity[0])
    )


@pytest.mark.parametrize("price", [0.0, -1.0, math.nan, math.inf, "2", None, True])
def test_prices_must_be_prices(price):
    for field in ("under", "over"):
        with pytest.raises(adl.InputError, match=field):
            adl.SeverityLoss(**{field: price})
        for rule in (Newsvendor, PinballOGD):
            with pytest.raises(adl.InputError, match=field):
                rule(**{field: price})


# Newsvendor --------------------------------------------------------------------------------------


@given(SEQUENCES, PRICES, PRICES)
@examples(25)
def test_the_newsvendor_plays_a_minimiser_of_the_past(episode, under, over):
    played = severities(Newsvendor(under, over, 0.3), episode)
    assert played[0] == 0.3
    for t in range(1, len(episode)):
        past = adl.Episode(name="past", rounds=episode.rounds[:t])

        def cost(x, past=past):
            return priced(past, np.full(len(past), x), under, over)

        best = min(cost(x) for x in past.needed_severity)
        assert cost(played[t]) <= best * (1 + 1e-9) + 1e-9


@pytest.mark.parametrize("seed", range(6))
def test_the_newsvendor_against_a_linear_program(seed):
    rng = np.random.default_rng(seed)
    deficit, share = rng.uniform(1, 9, 9), rng.uniform(0, 1, 9)
    played = severities(Newsvendor(3.0, 1.0), made([*deficit, 1.0], [*share, 0.0]))[-1]
    rows = np.zeros((18, 10))
    right = np.zeros(18)
    for t in range(9):
        rows[2 * t, [0, 1 + t]] = -3.0 * deficit[t], -1.0
        rows[2 * t + 1, [0, 1 + t]] = deficit[t], -1.0
        right[2 * t], right[2 * t + 1] = -3.0 * deficit[t] * share[t], deficit[t] * share[t]
    best = linprog([0.0] + [1.0] * 9, rows, right, bounds=[(0, 1)] + [(0, None)] * 9).fun
    loss = np.maximum(3.0 * (share - played), played - share) @ deficit
    assert loss == pytest.approx(best, rel=1e-9)


@given(SEQUENCES)
@examples(30)
def test_at_equal_prices_the_rules_are_the_symmetric_ones(episode):
    for one, two in (
        (Newsvendor(3.0, 3.0), FollowTheLeader()),
        (PinballOGD(1.0, 1.0), AdaGradOGD()),
    ):
        assert severities(one, episode) == pytest.approx(severities(two, episode), abs=1e-12)


@given(PRICES, PRICES, st.floats(0.1, 1e3))
@examples(30)
def test_the_ratio_of_prices_is_the_minimax_severity_of_one_round(under, over, deficit):
    def worst(theta):
        return max(priced(made([deficit], [s]), np.array([theta]), under, over) for s in (0, 1))

    value = deficit * under * over / (under + over)
    assert worst(under / (under + over)) == pytest.approx(value)
    assert min(worst(theta) for theta in np.linspace(0, 1, 41)) >= value * (1 - 1e-9)


# Pinball descent ---------------------------------------------------------------------------------


@given(SEQUENCES, PRICES, PRICES)
@examples(40)
def test_pinball_descent_keeps_proposition_1_at_the_larger_price(episode, under, over):
    dearest = max(under, over)
    path = math.fsum(np.abs(np.diff(episode.needed_severity)))
    squares = math.fsum((dearest * episode.deficit) ** 2)
    fixed = PinballOGD(under, over, 1.0, step=math.sqrt((1 + 2 * path) / squares))
    loss = priced(episode, severities(fixed, episode), under, over)
    assert loss <= math.sqrt((1 + 2 * path) * squares) * (1 + 1e-9)
    adaptive = priced(episode, severities(PinballOGD(under, over), episode), under, over)
    assert adaptive <= math.sqrt(2 * squares) * (1 + path) * (1 + 1e-9)


def test_without_the_price_proposition_1_is_false():
    episode = made([1.0], [1.0])
    loss = priced(episode, severities(PinballOGD(5.0, 1.0), episode), 5.0, 1.0)
    assert loss == 2.5 > math.sqrt(1.0)


def test_pinball_descent_steps_by_the_price():
    episode = made([4.0, 4.0, 4.0], [1.0, 0.0, 0.5])
    played = severities(PinballOGD(3.0, 1.0, 0.5, step=0.01), episode)
    assert played.tolist() == pytest.approx([0.5, 0.62, 0.58])


# Mixture -----------------------------------------------------------------------------------------


@given(SEQUENCES)
@examples(37)
def test_the_mixture_is_nearly_as_good_as_its_best_expert(episode):
    rule = Mixture(16)
    loss = severity_loss(episode, severities(rule, episode))
    experts = [severity_loss(episode, severities(expert, episode)) for expert in rule.rules]
    squares = math.fsum(episode.deficit**2)
    assert len(experts) == len(Ader(16).experts) + 3
    assert loss <= min(experts) + math.sqrt(math.log(len(experts)) * squares) * (1 + 1e-9)
    path = math.fsum(np.abs(np.diff(episode.needed_severity)))
    most = 1.5 * math.sqrt(1 + 2 * path) + math.sqrt(math.log(len(experts)))
    assert loss <= most * math.sqrt(squares) * (1 + 1e-9)


def test_the_mixture_leans_on_what_ader_has_not():
    """On a jump that stays, persistence misses once; on nothing needed, do-nothing never does."""
    quiet = made([1.0] * 40, [0.0] * 40)
    moved = made([1.0] * 40, [0.9] * 40)
    for episode in (quiet, moved):
        mixed = severity_loss(episode, severities(Mixture(), episode))
        assert mixed < severity_loss(episode, severities(Constant(0.5), episode))
        assert mixed < 0.5 * math.sqrt(math.log(9) * 40)


# Rules that need no outcome ----------------------------------------------------------------------


def test_matching_takes_the_deficit_or_what_there_is():
    start = adl.RoundStart(account=["a"], capacity=[30.0], deficit=40.0)
    policy = named("match")
    assert policy.decide(policy.begin(), start).tolist() == [30.0]
    assert DeficitMatching(1.0, 0.25).decide((), start) == 0.25
    empty = adl.RoundStart(account=["a"], capacity=[0.0], deficit=0.0)
    assert DeficitMatching().decide((), empty) == 1.0


@given(st.lists(st.sampled_from([0.0, 5.0]), min_size=1, max_size=12), st.floats(0, 1))
@examples(30)
def test_backoff_decays_once_a_shock(deficits, decay):
    episode = made(deficits, [0.5] * len(deficits))
    played = severities(ExponentialBackoff(0.8, decay), episode)
    shocks = np.concatenate([[0], np.cumsum(np.array(deficits) > 0)[:-1]])
    assert played.tolist() == [0.8 * decay ** int(k) for k in shocks]


@pytest.mark.parametrize(
    "name",
    [
        "match:0.5:0.2",
        "backoff:0.9:0.7",
        "newsvendor:5:1",
        "newsvendor:5:1:0.9",
        "pinball-ogd:2:1",
        "pinball-ogd:2:1:0.5:1e-08",
        "mixture:16",
        "mixture:16:0",
    ],
)
def test_names_carry_arguments(name):
    assert named(name).severity.name == name


@pytest.mark.parametrize(
    "bad",
    [
        "match:2",
        "match:0:nan",
        "backoff:1.5",
        "backoff:0.5:-1",
        "newsvendor:0:1",
        "newsvendor:2:1:2",
        "pinball-ogd:2:1:0.5:0",
        "pinball-ogd:2:1:0.5:inf",
        "pinball-ogd:2:1:0.5:x",
        "mixture:0",
        "mixture:inf",
    ],
)
def test_bad_arguments_are_refused(bad):
    with pytest.raises(adl.InputError):
        named(bad)
