"""A fund that pays before winners: what it pays, what they see, and how it is counted."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, strategies as st
from tiers import examples

import adlopt as adl
from adlopt.policies.grammar import named
from adlopt.policies.insured import Insured, optimal_fund
from adlopt.scoring.one_run import decisions
from adlopt.show.board import render
from adlopt.testing import check_policy


def made(deficits, shares=None, capacity=1e6):
    shares = [0.5] * len(deficits) if shares is None else shares
    return adl.Episode(
        name="made",
        rounds=[
            adl.Round.of(
                t=t, capacity=[capacity, capacity], deficit=d, needed=d * share, estimate=d * share
            )
            for t, (d, share) in enumerate(zip(deficits, shares, strict=True), start=1)
        ],
    )


def starts(episode):
    return [round_.start for round_ in episode]


DEFICITS = st.lists(st.floats(0, 1e4), min_size=1, max_size=12)
FUNDS = st.floats(0, 3e4)


# What the fund pays ------------------------------------------------------------------------------


@given(DEFICITS, FUNDS, st.floats(0, 1e3))
@examples(37)
def test_without_a_trigger_winners_see_the_residual_shortfall(deficits, fund, refill):
    episode = made(deficits)
    paid = Insured(named("persistence"), fund, refill=refill).payments(starts(episode))
    balance = fund
    for deficit, payment in zip(deficits, paid.tolist(), strict=True):
        assert deficit - payment == pytest.approx(max(deficit - balance, 0.0), abs=1e-6)
        balance = balance - min(deficit, balance) + refill
    assert math.fsum(paid) <= (fund + refill * len(deficits)) * (1 + 1e-9)


@given(DEFICITS, FUNDS, st.floats(0.01, 0.99), st.floats(0, 1), st.floats(0, 1e3))
@examples(40)
def test_with_a_trigger_the_fund_never_falls_below_it_and_rests_until_it_is_back(
    deficits, fund, trigger, place, refill
):
    stop = 1 - trigger + place * trigger
    policy = Insured(named("persistence"), fund, trigger, min(stop, 1.0), refill)
    balance, peak, resting = fund, fund, False
    for deficit, paid in zip(deficits, policy.payments(starts(made(deficits))), strict=True):
        spare = max(balance - (1 - trigger) * peak, 0.0)
        assert paid == pytest.approx(0.0 if resting else min(deficit, spare), abs=1e-6)
        balance = balance - paid + refill
        assert balance >= (1 - trigger) * peak - 1e-6
        peak = max(peak, balance)
        near = abs(balance - policy.stop * peak) <= 1e-6
        resting = (resting or deficit > paid) and balance < policy.stop * peak
        if near:
            return


def test_the_example_of_bybit():
    """A loss of 350k on a pool of 1M, threshold −0.3: deleveraged accounts cover 50k."""
    policy = Insured(named("constant:1"), fund=1e6, trigger=0.3)
    episode = made([350_000.0])
    assert policy.payments(starts(episode)).tolist() == pytest.approx([300_000.0])
    ((_, haircut),) = decisions(policy, episode.rounds)
    assert haircut.sum() == pytest.approx(50_000.0)


def test_the_fund_rests_from_thirty_percent_down_to_ten_percent_down():
    policy = Insured(named("constant:1"), 1000.0, trigger=0.3, stop=0.9, refill=50.0)
    episode = made([100.0, 300.0, 10.0, 10.0, 10.0, 500.0])
    paid = policy.payments(starts(episode)).tolist()
    assert paid == pytest.approx([100.0, 250.0, 0.0, 0.0, 0.0, 200.0])
    taken = [haircut.sum() for _, haircut in decisions(policy, episode.rounds)]
    assert taken == pytest.approx([0.0, 50.0, 10.0, 10.0, 10.0, 300.0])


@given(DEFICITS, FUNDS, FUNDS)
@examples(30)
def test_a_backstop_behind_a_fund_is_a_fund_of_both(deficits, fund, behind):
    both = Insured(Insured(named("persistence"), behind), fund)
    one = Insured(named("persistence"), fund + behind)
    all_starts = starts(made(deficits))
    assert both.payments(all_starts) == pytest.approx(one.payments(all_starts), abs=1e-6)


# What the policy sees ----------------------------------------------------------------------------


class Witness:
    """Takes all that it is told of, and writes down what that was."""

    name, information = "witness", adl.Information.ROUND_START

    def __init__(self):
        self.seen = []

    def begin(self):
        return None

    def decide(self, state, start):
        return adl.pro_rata(start.capacity, start.deficit)

    def learn(self, state, start, haircut, outcome):
        self.seen.append((start.t, start.deficit, start.estimate, outcome.needed))


def test_the_policy_sees_what_the_fund_leaves_and_no_round_that_it_covers():
    witness = Witness()
    run = adl.run_policy(made([60.0, 100.0, 40.0], [0.5, 0.9, 0.5]), Insured(witness, 100.0))
    assert witness.seen == [(2, 60.0, 50.0, 50.0), (3, 40.0, 20.0, 20.0)]
    assert run.insured.tolist() == [60.0, 40.0, 0.0]
    assert run.haircut.tolist() == [0.0, 60.0, 40.0]


@pytest.mark.parametrize("name", ["persistence+queue", "ader+min-max", "mdic+mdic", "estimate"])
def test_a_fund_without_money_changes_nothing(name):
    episode = adl.episodes.shock(rounds=8, winners=20, seed=5)
    plain, insured = adl.run_policy(episode, named(name)), Insured(named(name), 0.0)
    assert adl.run_policy(episode, insured).haircut.tolist() == plain.haircut.tolist()
    check_policy(Insured(named(name), 1e4, 0.3, refill=1e3), episode)


@given(DEFICITS, FUNDS, FUNDS)
@examples(30)
def test_a_larger_fund_never_costs_winners_more(deficits, small, more):
    episode = made(deficits)
    taken = [
        math.fsum(adl.run_policy(episode, Insured(named("constant:0.7"), fund)).haircut)
        for fund in (small, small + more)
    ]
    assert taken[1] <= taken[0] + 1e-6


# How it is counted -------------------------------------------------------------------------------


def test_the_board_judges_winners_by_what_the_fund_left():
    episode = made([60.0, 100.0, 40.0], [0.5, 0.9, 0.5])
    loss = adl.surrogate(track=1.0, fair=0.0)
    board = adl.play(episode, ["insured:100+constant:1+queue"], loss=loss)
    name = "insured:100+constant:1+queue"
    score = board[name]
    # needed 30, 90, 20; paid 60, 40, 0; left 0, 50, 20; taken 0, 60, 40
    assert (score.insured, score.undershoot, score.overshoot) == (100.0, 0.0, 30.0)
    assert score.severity_loss == pytest.approx(30.0)
    assert score.loss == pytest.approx(30.0)
    assert board["do-nothing+pro-rata"].insured is None
    live = min(s.severity_loss for s in board.scores if s.information.value == "round start")
    others = [s for s in board.scores if s.policy != name and s.information.value == "round start"]
    assert live == score.severity_loss
    assert min(s.regret[adl.Comparator.BEST_FIXED_RULE] for s in others) == 0.0
    data = json.loads(json.dumps(board.to_dict(), allow_nan=False))
    assert [row["insured_usd"] for row in data["scores"]][:2] == [100.0, None]
    text = render(board.data())
    assert " fund " in text
    assert "100" in text
    assert max(map(len, text.splitlines())) <= 80
    assert " fund " not in render(adl.play(episode).data())


def test_a_recorded_fund_survives_the_file(tmp_path):
    rounds = made([60.0, 100.0]).rounds
    run = adl.Run(
        policy="live", information=adl.Information.RECORDED, haircut=[0, 9], insured=[60, 1]
    )
    adl.write_episode(adl.Episode(name="e", rounds=rounds, recorded=[run]), tmp_path / "e.json")
    (read,) = adl.read_episode(tmp_path / "e.json").recorded
    assert read.insured.tolist() == [60.0, 1.0]
    for bad in ([-1, 0], [1], [math.inf, 0], [math.nan, 0]):
        with pytest.raises(adl.InputError, match="insured"):
            adl.Run(policy="x", information=adl.Information.RECORDED, haircut=[0, 9], insured=bad)


def test_names_carry_arguments():
    episode = made([10.0])
    for name in ("insured:5000000+persistence+queue", "insured:9:0.3:0.8:2+ogd:0.1+pro-rata"):
        board = adl.play(episode, [name])
        assert board[name].policy == name
    board = adl.play(episode, ["insured:5e3", "insured:7+insured:3+queue", "insured:2+ogd"])
    names = [score.policy for score in board.scores][:3]
    assert names == [
        "insured:5000+constant:1+pro-rata",
        "insured:7+insured:3+constant:1+queue",
        "insured:2+ogd+pro-rata",
    ]
    assert board["insured:2+ogd+pro-rata"].information is adl.Information.HINDSIGHT


@pytest.mark.parametrize(
    "bad",
    [
        "insured",
        "insured:",
        "insured:-1",
        "insured:nan",
        "insured:inf+queue",
        "insured:x",
        "insured:1:0",
        "insured:1:1.1",
        "insured:1:0.3:0.6",
        "insured:1:0.3:1.1",
        "insured:1:0.3:0.9:-1",
        "insured:1:0.3:0.9:1:1",
        "insured:1+hope",
    ],
)
def test_bad_arguments_are_refused(bad):
    with pytest.raises(adl.InputError):
        adl.play(made([10.0]), [bad])


# How large a fund should be ----------------------------------------------------------------------


@given(
    st.lists(st.integers(0, 50), min_size=1, max_size=15), st.integers(1, 20), st.integers(1, 20)
)
@examples(40)
def test_the_optimal_fund_costs_least(deficits, holding, breach):
    def cost(fund):
        return holding * fund * len(deficits) + breach * sum(max(d - fund, 0) for d in deficits)

    best = optimal_fund(deficits, holding=holding, breach=breach)
    least = min(cost(fund) for fund in range(51))
    assert cost(best) == least
    if holding < breach:
        held = [
            d
            for d in sorted(deficits)
            if sum(x <= d for x in deficits) * breach >= (breach - holding) * len(deficits)
        ]
        assert best == held[0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"deficit": []}, "deficit"),
        ({"deficit": [1.0, -2.0]}, r"deficit\[1\]"),
        ({"deficit": [math.nan]}, "deficit"),
        ({"holding": 0.0}, "holding"),
        ({"breach": math.inf}, "breach"),
        ({"breach": True}, "breach"),
    ],
)
def test_bad_costs_are_named(change, message):
    with pytest.raises(adl.InputError, match=message):
        optimal_fund(**({"deficit": [1.0], "holding": 0.1, "breach": 1.0} | change))


def test_the_smallest_fund_among_equally_good_ones():
    assert optimal_fund(np.arange(1, 11), holding=0.5, breach=1.0) == 5.0
    assert optimal_fund([7.0], holding=2.0, breach=1.0) == 0.0
