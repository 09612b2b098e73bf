"""Playing and scoring: what a board says follows from the rounds."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, strategies as st
from tiers import examples

import adlopt as adl
from adlopt.bounds import HALF, PROPOSITION_1, TRIVIAL
from adlopt.bounds.bound import Comparator
from adlopt.model.loss import Burden, MinMax
from adlopt.model.method import Method
from adlopt.optimum.paths.severity_path import best_severity_path
from adlopt.policies.gradient import ProjectedOGD
from adlopt.policies.grammar import named
from adlopt.policies.protocols import SeverityThenAllocation
from adlopt.scoring import scoreboard
from adlopt.scoring.hindsight import best_fixed_severity, least_burden, per_round_optimum
from adlopt.scoring.lineup import lineup
from adlopt.scoring.one_run import run_policy
from adlopt.scoring.playing import best_fixed_rule
from adlopt.scoring.scoreboard import Scoreboard
from adlopt.show.board import SHOWN, render


@pytest.fixture(scope="module")
def episode():
    return adl.episodes.shock(rounds=8, winners=40, seed=5)


def test_every_board_carries_the_policies_one_must_beat(episode):
    board = adl.play(episode, ["estimate+queue:leverage"])
    assert [run.policy for run in board.runs] == [
        "estimate+queue:leverage",
        "do-nothing+pro-rata",
        "constant:0.5+pro-rata",
        "persistence+pro-rata",
        "best-constant+pro-rata",
    ]
    assert board.runs[-1].information is adl.Information.HINDSIGHT
    assert adl.play(episode, ["persistence"]).runs[0].policy == "persistence+pro-rata"


def test_the_same_policy_twice_is_refused(episode):
    with pytest.raises(adl.InputError, match="names that differ"):
        adl.play(episode, ["persistence", "persistence+pro-rata"])


def test_names_carry_their_arguments(episode):
    board = adl.play(episode, ["persistence:0", "persistence:1", "constant:0.123456789"])
    names = [run.policy for run in board.runs]
    assert names[:3] == [
        "persistence:0+pro-rata",
        "persistence:1+pro-rata",
        "constant:0.123456789+pro-rata",
    ]
    assert "persistence+pro-rata" in names


def test_plain_functions_are_policies(episode):
    board = adl.play(episode, [lambda start: 0.0 * start.capacity])
    assert board["<lambda>"].overshoot == 0.0
    for wrong in (None, 3, object()):
        with pytest.raises(adl.InputError, match="policy"):
            adl.play(episode, [wrong])
    with pytest.raises(adl.InputError, match=r"write \['queue'\]"):
        adl.play(episode, "queue")


def test_an_episodes_own_reference_is_what_fairness_is_measured_from():
    rounds = [adl.Round.of(capacity=[10.0, 10.0], deficit=9.0, needed=4.0)]
    recorded = adl.Run(
        policy="ref", information=adl.Information.RECORDED, haircut=[4.0], burden=[0.4]
    )
    episode = adl.Episode(name="own", rounds=rounds, recorded=[recorded], reference="ref")
    board = adl.play(episode)
    assert board["ref"].fairness == 0.0
    assert board["ref"].fairness_excess == pytest.approx(4.0 * 0.2)
    text = render(board.data())
    assert "all but ref" in text
    published = text.split("As published")[1].split("The same total")[0]
    assert "persistence" not in published


def test_a_policy_is_found_by_the_name_it_was_asked_for(episode, tmp_path):
    path = tmp_path / "mine.py"
    path.write_text("def rule(start):\n    return 0.0 * start.capacity\n", encoding="utf-8")
    board = adl.play(episode, ["queue", f"{path}:rule"])
    assert board["queue"] is board.scores[0]
    assert board["queue"].policy == "constant:1+queue"
    assert board[f"{path}:rule"] is board.scores[1]
    assert board["do-nothing"] is board["do-nothing+pro-rata"]
    with pytest.raises(adl.InputError, match=r"did you mean 'constant:1\+queue'\?"):
        board["quue"]


def test_nothing_is_scored_twice(episode, monkeypatch):
    solved = []

    def counting(*given):
        solved.append(given)
        return best_severity_path(*given)

    monkeypatch.setattr(scoreboard, "best_severity_path", counting)
    board = adl.play(episode, ["queue", "ogd"], variation=0.5)
    scores = [board[run.policy] for run in board.runs]
    assert all(one is other for one, other in zip(scores, board.scores, strict=True))
    assert board.to_dict()["best_path"]["loss_usd"] == board.best_path.loss
    assert str(board)
    assert len(solved) == 1


@pytest.mark.parametrize("policies", [1, 12, 40])
@pytest.mark.parametrize("winners", [5, 2_000])
def test_a_board_of_any_size_is_a_screen(policies, winners):
    names = [f"constant:{k / 64}" for k in range(policies)]
    board = adl.play(adl.episodes.shock(rounds=3, winners=winners, seed=2), names, variation=0.1)
    lines = str(board).splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    assert all(name in str(board) for name in ("do-nothing", "Proposition 1", "trivial"))
    left = len(board.runs) - SHOWN
    assert (f"{left:,} more policies are left out here" in str(board)) == (left > 0)
    assert len(board.to_dict()["scores"]) == len(board.runs) == len(board.to_frame())


@pytest.mark.parametrize("rounds", [1, 5, 20_000])
def test_episodes_and_runs_of_any_length_are_a_screen(rounds):
    one = adl.Round.of(capacity=[50.0, 20.0], deficit=40.0, needed=10.0)
    many = [replace(one, start=replace(one.start, t=t)) for t in range(1, rounds + 1)]
    hostile = "\x1b[31m" + "w" * 5_000
    run = adl.Run(
        policy=hostile, information=adl.Information.RECORDED, haircut=[20.0] * rounds,
        burden=[0.5] * rounds, touched=[1.0] * rounds, insured=[2.0] * rounds,
    )  # fmt: skip
    episode = adl.Episode(name=hostile, rounds=many, recorded=[run] * 1, source=hostile)
    for answer in (episode, run):
        lines = str(answer).splitlines()
        assert len(lines) <= 24
        assert max(map(len, lines)) <= 80
        assert "\x1b" not in str(answer)
        assert len(repr(answer)) <= 300
        assert f"{rounds:,} round" in " ".join(str(answer).split())
        again = json.loads(json.dumps(answer.to_dict(), allow_nan=False))
        assert again["rounds"] == rounds == len(answer.to_frame())
    assert episode.to_dict()["deficit_usd"] == 40.0 * rounds
    assert run.to_dict()["taken_usd"] == 20.0 * rounds


def test_an_infinite_burden_is_null_and_says_why():
    run = adl.Run(
        policy="x", information=adl.Information.RECORDED, haircut=[1.0, 2.0], burden=[0.1, math.inf]
    )
    data = run.to_dict()
    assert data["burden"] == [0.1, None]
    assert (data["worst_burden"], data["touches_protected"]) == (None, True)
    assert "∞" in str(run)


def test_the_best_constant_and_the_best_rule_are_answers(episode):
    best, rule = best_fixed_severity(episode), best_fixed_rule(episode, ["ogd", "queue"])
    assert best.to_dict() == {
        "schema": "adlopt/fixed-severity/2", "theta": best.theta, "loss_usd": best.loss
    }  # fmt: skip
    assert rule.to_dict()["policy"] == rule.policy == rule.to_frame()["policy"][0]
    assert f"{best.theta:.4f}" in str(best)
    assert rule.policy in str(rule)


def test_tracking_is_over_plus_under(episode):
    for score in adl.play(episode, ["estimate+queue", "ogd"]).scores:
        assert score.tracking == pytest.approx(score.overshoot + score.undershoot)


def test_scores_against_hand_computed_numbers():
    rounds = [
        adl.Round.of(t=1, capacity=[60.0, 40.0], deficit=80.0, needed=20.0),
        adl.Round.of(t=2, capacity=[60.0, 40.0], deficit=40.0, needed=30.0),
    ]
    episode = adl.Episode(name="hand", rounds=rounds)
    score = adl.play(episode, ["constant:0.5+queue"])["constant:0.5+queue"]
    assert (score.tracking, score.overshoot, score.undershoot) == (30.0, 20.0, 10.0)
    assert score.severity_loss == 80 * 0.25 + 40 * 0.25
    assert score.short_rounds == 1
    assert score.touched == 2
    assert score.worst_burden == pytest.approx(40 / 60)
    least = np.array([0.2, 0.3])
    burden = np.array([40 / 60, 20 / 60])
    assert score.fairness_excess == pytest.approx(float(np.array([20.0, 30.0]) @ (burden - least)))
    best = best_fixed_severity(episode)
    assert best.loss == 20.0
    assert best.theta == 0.25
    assert score.regret[Comparator.BEST_FIXED_SEVERITY] == pytest.approx(10.0)
    assert PROPOSITION_1.value(episode) == pytest.approx(math.sqrt(2 * (6400 + 1600)))
    assert TRIVIAL.value(episode) == 80 * 0.75 + 40 * 0.75
    assert HALF.value(episode) == 60.0


def test_the_least_burden_is_pro_rata_over_capacity(episode):
    expected = episode.needed / episode.total_capacity
    assert least_burden(episode) == pytest.approx(expected)
    equity = least_burden(episode, adl.Burden.EQUITY)
    run = run_policy(episode, named("constant:1+pro-rata"), burden=adl.Burden.EQUITY)
    assert (equity <= run.burden + 1e-12).all()


def test_no_policy_that_raises_enough_beats_the_least_burden(episode):
    for name in ("constant:1+queue", "constant:1+mirror-descent", "constant:1+pro-rata"):
        run = run_policy(episode, named(name))
        enough = run.haircut >= episode.needed
        assert (run.burden >= least_burden(episode) * (1 - 1e-9))[enough].all()


def test_a_chosen_loss_is_summed_and_compared_with_the_per_round_optimum(episode):
    loss = adl.surrogate(track=1.0, fair=1_000.0)
    board = adl.play(episode, ["estimate+queue"], loss=loss)
    optimum = math.fsum(s.value for s in per_round_optimum(episode, loss))
    assert board.loss_optimum == pytest.approx(optimum)
    for score in board.scores:
        assert score.loss >= optimum * (1 - 1e-9)


def test_the_comparators_of_a_chosen_loss(episode):
    loss = adl.surrogate(track=1.0, fair=1_000.0)
    board = adl.play(episode, ["estimate+queue"], loss=loss, variation=0.5)
    coupled = adl.solve(episode, loss)
    rules = ["do-nothing", "constant:0.5", "persistence", "estimate+queue"]
    best = best_fixed_rule(episode, rules, loss=loss)
    path = adl.best_severity_path(episode.deficit, episode.needed_severity, 0.5)
    severity = best_fixed_rule(episode, rules)
    for score in board.scores:
        regret = score.loss_regret
        assert regret[Comparator.COUPLED_OPTIMUM] == score.loss - coupled.value
        assert regret[Comparator.BEST_FIXED_RULE] == score.loss - best.loss
        assert score.regret[Comparator.BEST_PATH] == score.severity_loss - path.loss
        assert score.regret[Comparator.BEST_FIXED_RULE] == score.severity_loss - severity.loss
    assert board[best.policy].loss == best.loss
    assert Comparator.BEST_PATH not in adl.play(episode).scores[0].regret
    for wrong in ([], "queue"):
        with pytest.raises(adl.InputError, match="at least one rule"):
            best_fixed_rule(episode, wrong)


def test_a_bound_is_not_applied_outside_its_domain():
    rounds = [adl.Round.of(capacity=[500.0], deficit=10.0, needed=50.0)]
    episode = adl.Episode(name="small deficit", rounds=rounds)

    @adl.policy
    def all_of_it(start):
        return start.capacity

    board = adl.play(episode, [all_of_it])
    assert board.applies(PROPOSITION_1, "all-of-it")
    assert "outside" in render(board.data())
    assert board["all-of-it"].outside_domain == 490.0


def test_a_bound_is_not_applied_where_capacity_is_short():
    rounds = [adl.Round.of(capacity=[5.0], deficit=10.0, needed=5.0)]
    episode = adl.Episode(name="short", rounds=rounds)
    assert PROPOSITION_1.failures(episode) == {"U_t ≥ D_t in every round": (1,)}
    assert run_policy(episode, named("constant:1")).haircut.tolist() == [5.0]


@given(
    st.lists(st.tuples(st.floats(0.5, 100), st.floats(0, 1)), min_size=1, max_size=15),
    st.floats(0, 1),
)
@examples(37)
def test_nothing_in_the_domain_exceeds_the_trivial_bound(pairs, theta):
    rounds = [
        adl.Round.of(t=t, capacity=[1e3], deficit=d, needed=d * share)
        for t, (d, share) in enumerate(pairs, start=1)
    ]
    episode = adl.Episode(name="random", rounds=rounds)
    board = Scoreboard.of(episode, [run_policy(episode, named(f"constant:{theta}"))])
    score = board.scores[0]
    assert score.severity_loss <= TRIVIAL.value(episode) * (1 + 1e-9) + 1e-9
    half = Scoreboard.of(episode, [run_policy(episode, named("constant:0.5"))]).scores[0]
    assert half.severity_loss <= HALF.value(episode) * (1 + 1e-9)


def test_alternating_capacities_queue_against_the_optimum():
    """[CTTX26, Eq. 18]: the fixed queue bears 1 and 1/M in turn; the least burden is 1/(M + 1)."""
    rounds, ratio = 6, 3.0
    episode = adl.episodes.alternating_capacities(rounds, ratio)
    first = named("constant:1+queue").allocation
    taken = [first.allocate(None, r.start, 1.0) for r in episode]
    assert [t.sum() for t in taken] == [1.0] * rounds
    by_id = SeverityThenAllocation(
        named("constant:1").severity,
        type(first)(lambda start: np.array([2.0, 1.0])),
    )
    run = run_policy(episode, by_id)
    assert run.burden.sum() == pytest.approx(rounds / 2 * (1 + 1 / ratio))
    excess = run.burden.sum() - least_burden(episode).sum()
    assert excess == pytest.approx(rounds * (ratio**2 + 1) / (2 * ratio * (ratio + 1)))


@pytest.mark.parametrize("n", [3, 5, 8])
def test_alternating_blocks_refute_the_stated_rate(n):
    """OGD with η = 1/n from θ_1 = 1 loses n(n+1)/2 although P = n − 1: more than √T(1 + √P)."""
    episode = adl.episodes.alternating_blocks(n)
    policy = SeverityThenAllocation(ProjectedOGD(step=1 / n, first=1.0), named("queue").allocation)
    loss = Scoreboard.of(episode, [run_policy(episode, policy)]).scores[0].severity_loss
    assert loss == pytest.approx(n * (n + 1) / 2)


@pytest.mark.parametrize(
    "arguments", [{"rounds": 0}, {"winners": 0}, {"seed": -1}, {"rounds": 2.5}]
)
def test_generators_refuse_nonsense(arguments):
    with pytest.raises(adl.InputError):
        adl.episodes.shock(**arguments)


def test_generated_episodes_are_equal_bit_for_bit():
    first, second = (adl.episodes.shock(rounds=3, winners=20, seed=9) for _ in range(2))
    for a, b in zip(first, second, strict=True):
        assert a.start.capacity.tolist() == b.start.capacity.tolist()
        assert a.start.account == b.start.account
        assert (a.needed, a.start.estimate) == (b.needed, b.start.estimate)


def test_generated_profits_have_the_shape_of_the_real_ones():
    capacity = adl.episodes.shock(rounds=1, winners=20_000, seed=1).rounds[0].start.capacity
    assert np.median(capacity) == pytest.approx(219, rel=0.6)
    ordered = np.sort(capacity)
    n = ordered.size
    gini = (2 * np.arange(1, n + 1) - n - 1) @ ordered / (n * ordered.sum())
    assert gini > 0.9


def test_accounts_return_between_generated_rounds():
    first, second = adl.episodes.shock(rounds=2, winners=100, seed=0).rounds
    assert set(first.start.account) & set(second.start.account)


def insolvent_winner():
    round_ = adl.Round.of(
        capacity=[10.0, 10.0], equity=[5.0, -1.0], deficit=5.0, needed=3.0, estimate=3.0
    )
    return adl.Episode(name="insolvent winner", rounds=[round_])


def test_touching_a_protected_account_is_an_infinite_burden_and_is_said():
    board = adl.play(insolvent_winner(), ["estimate"], burden=adl.Burden.EQUITY)
    assert board["estimate+pro-rata"].worst_burden == math.inf
    assert board["do-nothing+pro-rata"].worst_burden == 0.0
    data = board.to_dict()
    json.dumps(data, allow_nan=False)
    assert "∞" in render(board.data())
    assert "∞" in str(board)
    rows = {row["policy"]: row for row in data["scores"]}
    assert rows["estimate+pro-rata"]["touches_protected"]
    assert not rows["do-nothing+pro-rata"]["touches_protected"]


def test_a_loss_that_ignores_the_budget_is_not_played():
    with pytest.raises(adl.InputError, match="prices the budget"):
        adl.play(insolvent_winner(), loss=adl.MinMax())


@pytest.mark.parametrize("loss", [MinMax(burden=Burden.EQUITY), adl.surrogate(track=1.0, fair=5e3)])
def test_rounds_solved_side_by_side_are_those_solved_in_sequence(loss):
    episode = adl.episodes.shock(rounds=12, winners=80, seed=5)
    found = per_round_optimum(episode, loss, method=Method.HIGHS)
    for best, round_ in zip(found, episode, strict=True):
        alone = adl.solve(round_, loss, method=Method.HIGHS)
        assert best.method is Method.HIGHS
        assert np.array_equal(best.haircut, alone.haircut)
        assert best.certificate.upper == alone.certificate.upper
        assert best.certificate.lower == alone.certificate.lower
    for best, closed in zip(found, per_round_optimum(episode, loss), strict=True):
        assert best.value == pytest.approx(closed.value, rel=1e-9)


def test_a_round_that_cannot_be_solved_is_an_error_on_any_thread():
    rounds = [
        adl.Round.of(t=t, account=["a"], capacity=[10.0], deficit=9.0, needed=needed)
        for t, needed in ((1, 5.0), (2, 50.0))
    ]
    episode = adl.Episode(name="one round lacks", rounds=rounds)
    for method in (Method.AUTO, Method.HIGHS):
        with pytest.raises(adl.InfeasibleRound):
            per_round_optimum(episode, MinMax(), method=method)


def test_names_of_severities_are_not_broken_where_dollars_are_many():
    episode = adl.episodes.shock(rounds=50, winners=200, seed=7)
    text = render(adl.play(episode).data())
    assert "Severity loss Σ D|θ−θ*| in $k" in text
    for row in lineup(episode):
        assert row.policy in text


OWN = """
def helper(x):
    return 1 / (x - x)

def broken(start):
    return helper(start.deficit) * start.capacity if start.t > 2 else 0 * start.capacity

def greedy(start):
    return 2 * start.capacity

class Forgetful:
    name, information = "forgetful", __import__("adlopt").Information.ROUND_START
    def begin(self): return 0.5
    def decide(self, state, start): return state
    def learn(self, state, start, theta, outcome): raise KeyError("θ")

forgetful = Forgetful()
"""


def test_a_policy_that_raises_is_named_with_its_round_and_line(tmp_path, run):
    path = tmp_path / "mine.py"
    path.write_text(OWN, encoding="utf-8")
    episode = adl.episodes.shock(rounds=4, winners=3, seed=1)
    names = [f"{path}:{each}" for each in ("broken", "greedy", "forgetful")]
    said = rf"^broken failed in round 3: ZeroDivisionError: .* \({path}, line 3\)$"
    with pytest.raises(adl.PolicyError, match=said):
        adl.play(episode, names)
    board = adl.play(episode, [*names, "queue"], keep_going=True)
    assert [*board.failed] == ["broken", "greedy", "forgetful+pro-rata"]
    assert board["queue"].tracking > 0
    assert "line 15" in board.failed["forgetful+pro-rata"]
    assert str(board).count("failed  ") == 3
    adl.write_episode(episode, tmp_path / "e.json")
    code, out, err = run("play", str(tmp_path / "e.json"), "-p", names[0], "-p", "queue", "--json")
    assert code == 2
    assert [*json.loads(out)["failed"]] == ["broken"]
    assert err.startswith("adlopt: broken failed in round 3: ZeroDivisionError")
    for words in (("worst", names[2], "-T", "3", "-P", "1"), ("axioms", names[0], "--tries", "9")):
        code, out, err = run(*words)
        assert "Traceback" not in err
        assert (code == 0) or ("mine.py, line" in err and code == 2)
