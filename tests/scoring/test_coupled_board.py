"""The worst burden of a whole episode, and its regret against the coupled optimum."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, strategies as st
from tiers import examples

import adlopt as adl
from adlopt.show.board import render

from ..cli.test_cli import folder, run, strict_json, widest  # noqa: F401

COLUMNS = ["burden_in_all", "coupled_regret"]


def shared(capacities=({"a": 90.0, "b": 90.0}, {"a": 90.0}), needed=(30.0, 30.0), **columns):
    """Two rounds that share the winner a, unless others are given."""
    rounds = [
        adl.Round.of(
            t=t, account=list(held), capacity=list(held.values()), deficit=90.0, needed=budget,
            **{name: values[t - 1] for name, values in columns.items()},
        )
        for t, (held, budget) in enumerate(zip(capacities, needed, strict=True), start=1)
    ]  # fmt: skip
    return adl.Episode(name="shared", rounds=rounds)


def giving(name, *haircuts):
    """A policy that has each round's haircut written down."""

    @adl.policy
    def written(start):
        return np.array(haircuts[start.t - 1])

    return type(written)(function=written.function, name=name)


def test_two_rounds_that_share_a_winner_by_hand():
    spread, alone = giving("spread", [15, 15], [30]), giving("alone", [0, 30], [30])
    board = adl.play(shared(), [spread, alone, giving("too-little", [0, 29], [30])], coupled=True)
    assert board["spread"].burden_in_all == pytest.approx((15 + 30) / 90)
    assert board["spread"].coupled_regret == pytest.approx(45 / 90 - 30 / 90)
    assert board["alone"].coupled_regret == pytest.approx(0.0, abs=1e-15)
    assert board["too-little"].burden_in_all == pytest.approx(1 / 3)
    assert board["too-little"].coupled_regret is None
    assert board["do-nothing+pro-rata"].burden_in_all == 0.0
    assert board["do-nothing+pro-rata"].coupled_regret is None
    assert board.coupled_burden.upper == pytest.approx(1 / 3)
    assert board.coupled_burden.lower == pytest.approx(1 / 3)


def test_what_a_fund_paid_winners_did_not_give():
    board = adl.play(shared(), ["insured:1000+do-nothing+pro-rata"], coupled=True)
    score = board["insured:1000+do-nothing+pro-rata"]
    assert (score.short_rounds, score.burden_in_all, score.coupled_regret) == (0, 0.0, None)


def test_a_dollar_taken_twice_is_below_the_optimum_and_the_board_says_so():
    falling = shared(({"a": 90.0, "b": 90.0}, {"a": 10.0, "b": 90.0}), (60.0, 0.0))
    twice = giving("twice", [30, 30], [0, 0])
    board = adl.play(falling, [twice], coupled=True)
    assert board.coupled_burden.upper == pytest.approx(50 / 90)
    assert board["twice"].coupled_regret == pytest.approx(30 / 90 - 50 / 90)
    assert "below 0: took a dollar twice" in " ".join(render(board.data()).split())


def test_weights_are_those_of_the_chosen_burden():
    episode = shared(equity=([100.0, 300.0], [200.0]))
    board = adl.play(
        episode, [giving("spread", [15, 15], [30])], burden=adl.Burden.EQUITY, coupled=True
    )
    assert board["spread"].burden_in_all == pytest.approx(45 / 200)
    best = adl.solve(episode, adl.MinMax(burden=adl.Burden.EQUITY))
    assert board.coupled_burden.upper == best.value


def test_touching_a_protected_account_in_any_round_is_infinite():
    episode = shared(equity=([0.0, 300.0], [200.0]))
    board = adl.play(
        episode, [giving("touch", [1, 29], [30])], burden=adl.Burden.EQUITY, coupled=True
    )
    assert board["touch"].burden_in_all == board["touch"].coupled_regret == math.inf
    row = board.to_dict()["scores"][0]
    assert (row["burden_in_all"], row["touches_protected"]) == (None, True)
    assert "∞" in str(board)


def test_it_is_shown_only_where_asked_for():
    asked, plain = adl.play(shared(), coupled=True), adl.play(shared())
    assert plain.coupled_burden is None
    assert plain.to_dict()["coupled_burden"] is None
    assert plain.to_frame()[COLUMNS[0]].is_null().all()
    assert "Rounds coupled" not in render(plain.data())
    assert "hindsight" in render(asked.data()).partition("Rounds coupled")[2]
    data = asked.to_dict()
    assert json.loads(json.dumps(data, allow_nan=False)) == data
    best = data["scores"][-1]["policy"]
    row = asked.to_frame().filter(policy=best).select(COLUMNS).row(0)
    assert row == (asked[best].burden_in_all, asked[best].coupled_regret)


def test_the_command_line_and_the_report_show_it(run, folder):  # noqa: F811
    adl.write_episode(shared(), "e.json")
    for words in (("play", "e.json", "--coupled"), ("play", "e.json", "-p", "queue", "--coupled")):
        code, out, err = run(*words)
        assert (code, err) == (0, "")
        assert widest(out) <= 80
        assert "above 33.33 %, the least that raises all budgets (hindsight)" in " ".join(
            out.split()
        )
        data = strict_json(run(*words, "--json")[1])
        assert data["coupled_burden"]["trust"] == "exact"
        assert {score["policy"]: score["coupled_regret"] for score in data["scores"]}[
            "best-constant+pro-rata"
        ] == pytest.approx(1 / 6)
    evidence = adl.Evidence(episode=shared(), coupled=True)
    assert evidence.figures.coupled_burden is not None
    assert run("report", "e.json", "--coupled", "--skip-proofs", "-o", "r.html")[0] == 0
    assert "Rounds coupled" in (folder / "r.html").read_text()


def test_pooled_accounts_and_rounds_that_cannot_be_raised_say_why():
    with pytest.raises(adl.InputError, match="which winners its rounds share"):
        adl.play(adl.episodes.october_10(), coupled=True)
    with pytest.raises(adl.InfeasibleRound, match=r"rounds 1, 2: .* are missing"):
        adl.play(shared(({"a": 90.0}, {"a": 90.0}), (60.0, 60.0)), coupled=True)


@examples(30)
@given(data=st.data())
def test_who_raises_all_and_takes_no_dollar_twice_is_not_below_the_optimum(data):
    names = data.draw(st.integers(1, 4))
    ids = [f"w{i}" for i in range(names)]
    held = dict(
        zip(ids, data.draw(st.lists(st.floats(1, 90), min_size=names, max_size=names)), strict=True)
    )
    rounds = data.draw(st.integers(1, 4))
    left, written, capacities, needed = dict(held), [], [], []
    for _ in range(rounds):
        here = sorted(data.draw(st.sets(st.sampled_from(ids), min_size=1)))
        gives = [left[i] * data.draw(st.integers(0, 8)) / 8 for i in here]
        for i, x in zip(here, gives, strict=True):
            left[i] = max(left[i] - x, 0.0)
        written.append(gives)
        capacities.append({i: held[i] for i in here})
        needed.append(math.fsum(gives))
    episode = shared(capacities, needed)
    board = adl.play(episode, [giving("feasible", *written)], coupled=True)
    score = board["feasible"]
    by_hand = max(1 - left[i] / held[i] for i in ids)
    assert score.burden_in_all == pytest.approx(by_hand, abs=1e-9)
    assert score.coupled_regret >= -1e-9
    best = adl.solve(episode)
    again = adl.play(episode, [giving("best", *best.haircuts)], coupled=True)["best"]
    assert again.coupled_regret == 0.0
