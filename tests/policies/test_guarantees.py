"""Severities with guarantees: the figures of October 10, games enumerated, and what is false."""

import itertools
import math
from fractions import Fraction
from functools import cache

import numpy as np
import pytest
from hypothesis import given, strategies as st
from tiers import examples

import adlopt as adl
from adlopt.bounds.guarantees import COVERAGE, DELAYED, NEEDED_LOWER, NEEDED_MINIMAX
from adlopt.bounds.persistence_envelopes import GATED_ENVELOPE
from adlopt.errors import InputError
from adlopt.policies.grammar import severity
from adlopt.policies.guaranteed import (
    MOST_SUMS,
    CalendarPersistence,
    Coverage,
    DelayedPersistence,
    NeededMinimax,
    needed_value,
    tosses,
)
from adlopt.policies.newsvendor import Robust
from adlopt.scoring.running_certificate import running_certificate
from adlopt.testing import check_policy

EPISODE = adl.episodes.october_10()
DEFICIT, NEEDED = EPISODE.deficit, np.minimum(EPISODE.needed, EPISODE.deficit)
SIZES, MOST = tuple(DEFICIT.tolist()), math.fsum(NEEDED)
MILLION = 1e6


def played(rule, deficit=DEFICIT, needed=NEEDED):
    """Severities of a rule, and its last state."""
    state, found = rule.begin(), []
    for t, (size, need) in enumerate(zip(deficit, needed, strict=True), start=1):
        start = adl.RoundStart(t=t, account=["a"], capacity=[1e12], deficit=float(size))
        theta = rule.decide(state, start)
        found.append(theta)
        state = rule.learn(state, start, theta, adl.RoundOutcome(needed=float(need)))
    return np.array(found), state


def missed(rule, under=1.0, over=1.0):
    apart = played(rule)[0] * DEFICIT - NEEDED
    return math.fsum(np.maximum(over * apart, -under * apart)) / MILLION


# Needed dollars -----------------------------------------------------------------------------------


@cache
def game(deficits, most, under, over):
    """V by the recursion itself, in whole units and fractions: nothing in common with coins."""
    if not deficits:
        return Fraction(0)
    first, rest = deficits[0], deficits[1:]
    spent = min(first, most)
    none, all_ = game(rest, most, under, over), game(rest, most - spent, under, over)
    return (under * none + over * all_ + under * over * spent) / Fraction(under + over)


SMALL = st.lists(st.integers(0, 6), min_size=1, max_size=5).map(tuple)


@given(SMALL, st.integers(0, 20), st.sampled_from([(1, 1), (2, 1), (1, 3)]))
@examples(80)
def test_the_value_is_that_of_the_recursion(deficits, most, prices):
    value = needed_value(tuple(map(float, deficits)), float(most), *map(float, prices))
    assert value == pytest.approx(float(game(deficits, most, *prices)), abs=1e-12)


@given(SMALL, st.integers(0, 12), st.sampled_from([(1, 1), (2, 1)]))
@examples(40)
def test_no_sequence_makes_the_play_lose_more_and_some_as_much(deficits, most, prices):
    under, over = prices
    rule = NeededMinimax(float(most), tuple(map(float, deficits)), float(under), float(over))
    lost = []
    for needed in itertools.product(*(range(d + 1) for d in deficits)):
        if sum(needed) > most:
            continue
        theta, state = played(rule, deficits, needed)
        apart = theta * np.array(deficits) - np.array(needed)
        lost.append(math.fsum(np.maximum(over * apart, -under * apart)))
        reached, limit = rule.certificate(state)
        assert reached <= limit + 1e-9
    assert max(lost) == pytest.approx(float(game(deficits, most, under, over)), abs=1e-9)


def test_the_figures_of_october_10_for_needed_dollars():
    micro = [round(size * MILLION) for size in SIZES]
    most = round(MOST * MILLION)
    sums = np.zeros(1, dtype=np.int64)
    for size in micro:
        sums = np.concatenate([sums, sums + size])
    in_integers = Fraction(int(np.minimum(sums, most).sum()), len(sums))
    assert pytest.approx(15.0312, abs=1e-4) == MOST / MILLION
    assert float(in_integers) / MILLION**2 == pytest.approx(14.9334, abs=5e-5)
    value = NEEDED_MINIMAX.value(EPISODE)
    assert value == pytest.approx(float(in_integers) / MILLION, rel=1e-12)
    assert NEEDED_LOWER.value(EPISODE) == value
    assert missed(severity("needed-minimax", EPISODE)) == pytest.approx(11.7945, abs=5e-5)
    assert missed(severity("do-nothing")) == pytest.approx(15.03, abs=5e-3)
    for times, wanted in ((2, 29.12), (4, 47.12)):
        assert needed_value(SIZES, times * MOST) / MILLION == pytest.approx(wanted, abs=5e-3)
    for under, wanted, nothing in ((2.0, 28.37, 30.06), (5.0, 53.78, 75.16)):
        assert needed_value(SIZES, MOST, under, 1.0) / MILLION == pytest.approx(wanted, abs=5e-3)
        assert missed(severity("do-nothing"), under) == pytest.approx(nothing, abs=5e-3)


def test_it_is_hindsight_alone_and_live_with_what_it_is_given():
    assert severity("needed-minimax", EPISODE).information is adl.Information.HINDSIGHT
    live = severity("needed-minimax:9:4,4,4")
    assert live.information is adl.Information.ROUND_START
    assert live.name == "needed-minimax:9:4,4,4"
    with pytest.raises(InputError, match="commas"):
        severity("needed-minimax:9:4;4")
    proof = running_certificate(EPISODE, adl.named("needed-minimax:1:4,4"))
    assert math.isinf(proof.limit[-1])


def test_many_rounds_are_merged_and_stay_near():
    """Sums of more than 16 coins of all sizes, against a million tosses, within 5 sigma."""
    rng = np.random.default_rng(5)
    sizes = tuple(rng.lognormal(0, 1, 40).tolist())
    assert len(tosses(sizes, 0.5)[0][0]) <= 2 * MOST_SUMS
    most = 0.4 * sum(sizes)
    draws = np.minimum(rng.integers(0, 2, (100_000, 40)) @ np.array(sizes), most)
    error = 5 * draws.std() / math.sqrt(len(draws))
    assert abs(needed_value(sizes, most) - draws.mean()) < error


# Coverage -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("share", "realised", "under", "over"),
    [(0.1, 10.9, 0.155, 39.51), (0.25, 22.8, 6.251, 23.43), (0.5, 44.65, 8.873, 18.29)],
)
def test_the_figures_of_october_10_for_coverage(share, realised, under, over):
    rule = Coverage(share, step=1.0 / float(DEFICIT.max()))
    theta, state = played(rule)
    apart = DEFICIT * (theta - np.minimum(EPISODE.needed_severity, 1.0))
    short, limit = rule.certificate(state)
    total = math.fsum(DEFICIT)
    assert 100 * short / total == pytest.approx(realised, abs=0.05)
    assert (limit / total - share) * 100 == pytest.approx(23.6, abs=0.05)
    assert -math.fsum(np.minimum(apart, 0)) / MILLION == pytest.approx(under, abs=2e-3)
    assert math.fsum(np.maximum(apart, 0)) / MILLION == pytest.approx(over, abs=1e-2)
    assert short <= limit


def test_the_bound_on_coverage_is_shown_and_holds():
    report = adl.bounds_of(EPISODE)
    row = report["coverage"]
    assert row.usd == pytest.approx(0.1 * DEFICIT.sum() + 2 * DEFICIT.max())
    assert not row.conjectured
    _, state = played(Coverage(0.1, step=1.0 / float(DEFICIT.max())))
    assert state[1] <= COVERAGE.value(EPISODE)


AMOUNTS = st.lists(
    st.tuples(st.floats(0.1, 100), st.floats(0, 1)), min_size=1, max_size=30
)  # fmt: skip


@given(AMOUNTS, st.floats(0, 1), st.floats(0, 1), st.one_of(st.none(), st.floats(1e-3, 10)))
@examples(100)
def test_coverage_holds_on_any_sequence(rounds, share, first, step):
    deficit, needed = np.array(rounds).T
    rule = Coverage(share, step, first)
    theta, state = played(rule, deficit, deficit * needed)
    short, limit = rule.certificate(state)
    assert short == pytest.approx(
        math.fsum(deficit[theta < (deficit * needed) / deficit]), abs=1e-6
    )
    assert short <= limit * (1 + 1e-9)


def test_where_nothing_is_needed_real_undershoot_is_none_and_no_lower_bound_holds():
    theta, state = played(Coverage(0.9, 1.0), np.ones(50), np.zeros(50))
    assert state[1] == 0
    assert 0.9 * 50 - 2 > 0
    assert theta[-1] == 0


# Late feedback ------------------------------------------------------------------------------------


def test_the_figures_of_october_10_for_late_feedback():
    values = [b.value(EPISODE) / MILLION for b in (GATED_ENVELOPE, *DELAYED)]
    assert values == pytest.approx([20.08, 21.12, 24.20], abs=5e-3)
    for delay, bound in enumerate((GATED_ENVELOPE, *DELAYED)):
        assert missed(DelayedPersistence(delay)) * MILLION <= bound.value(EPISODE)
    assert missed(DelayedPersistence(0)) == missed(severity("gated-persistence"))
    assert missed(CalendarPersistence(1)) == pytest.approx(18.2832, abs=1e-4)


@given(st.integers(0, 4), st.lists(st.floats(0, 1), min_size=1, max_size=12))
@examples(50)
def test_late_persistence_loses_what_the_formula_says(delay, needed):
    theta, _ = played(DelayedPersistence(delay), np.ones(len(needed)), np.array(needed))
    late = [0.5 if t <= delay else needed[t - delay - 1] for t in range(len(needed))]
    assert theta.tolist() == late
    assert played(CalendarPersistence(delay), np.ones(len(needed)), needed)[0].tolist() == late


def test_a_delay_is_a_whole_number():
    for given_ in ("delayed-persistence:0.5", "delayed-persistence:-1"):
        with pytest.raises(InputError, match="delay"):
            severity(given_)


# All ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["coverage:0.2", "delayed-persistence:2", "calendar-persistence", "robust:2:1:0.5:0.1"],
)
def test_they_are_blind_to_the_future(name):
    check_policy(adl.named(name))


def test_robust_is_the_quantile_without_doubt_and_the_minimax_with_much():
    shares = [0.1, 0.4, 0.5, 0.8]
    start = adl.RoundStart(account=["a"], capacity=[9.0], deficit=2.0)
    assert Robust(2.0, 1.0, radius=0.0).decide(tuple(shares), start) == 0.5
    assert Robust(2.0, 1.0, radius=9.0).decide(tuple(shares), start) == pytest.approx(2 / 3)


def test_the_command_line_prints_certificates_after_each_round(run):
    code, out, _ = run("play", "october-10", "-p", "coverage:0.1", "-p", "persistence")
    assert code == 0
    assert out.count("certifies after each round") == 1
    code, out, _ = run("bounds", "october-10")
    assert "needed dollars, from above" in out
    assert "needed dollars, from below" in out
