"""Backtests: blind to the future, paired, and honest about what was promised."""

import math

import numpy as np
import pytest

import adlopt as adl
from adlopt.errors import CausalityError, InputError
from adlopt.studies.backtest import _interval

EPISODE = adl.episodes.october_10()


def careful(past, start):
    return adl.decide(start, belief=adl.belief_from(past, equally=True), chance=0.75)


def test_each_round_is_decided_on_those_before_it():
    seen = []

    def watching(past, start):
        seen.append((len(past), start.t))
        return 0.0

    adl.backtest(EPISODE, watching, learn=3)
    assert set(seen) == {(t, t + 1) for t in range(3, 16)}


LEAKS = {
    "the whole episode": lambda past, start: adl.decide(
        start, belief=adl.belief_from(EPISODE), chance=0.75
    ),
    "the round itself": lambda past, start: 0.5 * EPISODE.rounds[start.t - 1].needed,
    "the next round": lambda past, start: EPISODE.rounds[min(start.t, 15)].needed,
}


@pytest.mark.parametrize("decider", LEAKS.values(), ids=LEAKS)
def test_a_leak_is_caught_and_the_round_named(decider):
    with pytest.raises(CausalityError, match="round 5"):
        adl.backtest(EPISODE, decider)
    assert EPISODE.needed.tolist() == adl.episodes.october_10().needed.tolist()


def test_losses_are_those_of_the_rounds():
    done = adl.backtest(EPISODE, lambda past, start: past.needed[-1].item(), under=5.0)
    before, needed = EPISODE.needed[3:-1], EPISODE.needed[4:]
    wanted = math.fsum(np.maximum(before - needed, 5.0 * (needed - before)))
    rows = {row.who: row for row in done.data().by}
    assert rows["decider"].loss == pytest.approx(wanted)
    assert rows["do-nothing"].loss == pytest.approx(5.0 * needed.sum())
    assert rows["do-nothing"].short_rounds == 1.0
    assert rows["best-constant"].regret == 0
    size = EPISODE.deficit[4:]
    for theta in np.linspace(0, 1, 101):
        over = theta * size - np.minimum(needed, size)
        floor = math.fsum(np.maximum(over, -5.0 * over))
        capped = done.raised["best-constant"] - np.minimum(needed, size)
        assert math.fsum(np.maximum(capped, -5.0 * capped)) <= floor * (1 + 1e-9)
    more, low, high = rows["do-nothing"].decider_loses_more
    assert more == pytest.approx(wanted - rows["do-nothing"].loss)
    assert low <= more <= high


def test_shares_count_by_their_deficits_so_that_tiny_rounds_mislead_no_large_one():
    def priced(equally):
        def decide(past, start):
            return adl.decide(start, belief=adl.belief_from(past, equally=equally), under=5)

        return adl.backtest(EPISODE, decide, under=5.0).data().by

    by_size, alike = priced(False)[0].loss, priced(True)[0].loss
    assert by_size / 1e6 == pytest.approx(24.08, abs=5e-3)
    assert by_size < priced(False)[2].loss < alike


def test_intervals_are_of_paired_differences():
    assert _interval(np.full(10, 2.0)) == (20.0, 20.0, 20.0)
    rng = np.random.default_rng(3)
    more, low, high = _interval(rng.normal(1.0, 0.1, 400))
    assert 0 < low < more < high
    assert high - low == pytest.approx(2 * 1.96 * 0.1 * math.sqrt(400), rel=0.25)


def drawn(seed, rounds):
    """An episode whose rounds are exchangeable: shares of the deficit, drawn on their own."""
    rng = np.random.default_rng(seed)
    shares = rng.beta(2, 3, rounds)
    return adl.Episode(
        name="drawn",
        rounds=[
            adl.Round.of(t=t, capacity=[1e3], deficit=100.0, needed=100.0 * share)
            for t, share in enumerate(shares, start=1)
        ],
    )


def coverage(episodes):
    """Of the last of ten rounds, decided on the nine before; and what was promised."""
    enough = []
    for seed in range(episodes):
        done = adl.backtest(drawn(seed, 10), careful, learn=9)
        assert done.promised == 0.8
        enough.append(done.data().by[0].short_rounds == 0)
    return np.mean(enough)


def test_what_was_promised_is_kept_out_of_sample():
    assert abs(coverage(150) - 0.8) <= 4 * math.sqrt(0.16 / 150)


@pytest.mark.nightly("a thousand episodes")
def test_what_was_promised_is_kept_on_a_thousand_episodes():
    assert abs(coverage(1000) - 0.8) <= 4 * math.sqrt(0.16 / 1000)


@pytest.mark.parametrize("learn", [0, 16, 1.5])
def test_there_must_be_rounds_to_learn_from_and_to_decide(learn):
    with pytest.raises(InputError, match="learn"):
        adl.backtest(EPISODE, careful, learn=learn)


def test_a_decider_returns_a_decision_or_dollars():
    for wrong in (-1.0, math.nan, "much", None):
        with pytest.raises(InputError, match="decider"):
            adl.backtest(EPISODE, lambda past, start, wrong=wrong: wrong)
