"""Execution: impact, estimates, latency and markouts against exact instances and laws."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, strategies as st

import adlopt as adl
from adlopt import execution as e

whole = st.integers(0, 20)
slope = st.integers(0, 8)
paths = st.lists(slope, min_size=1, max_size=12)


# Impact


def fills_of(rows):
    mark, bankruptcy, size = zip(*rows, strict=True)
    return e.ClosingFills(mark=mark, bankruptcy=bankruptcy, size=size)


fills = st.lists(st.tuples(whole, whole, st.integers(-6, 6)), min_size=1, max_size=5).map(fills_of)


@given(fills, slope, slope)
def test_a_wrong_slope_misses_at_most_by_the_squared_fills(made, true, guess):
    found = e.estimate_error(made, guess, made, true)
    assert found.bound == abs(true - guess) * sum(q * q for q in made.size.tolist())
    assert found.error <= found.bound + 1e-9


@given(fills, slope)
def test_longs_sell_lower_and_shorts_buy_higher(made, true):
    prices = made.execution(true)
    assert ((prices <= made.mark) | (made.size <= 0)).all()
    assert ((prices >= made.mark) | (made.size >= 0)).all()
    received = math.fsum(made.size * prices)
    assert math.fsum(made.size * made.mark) - received == pytest.approx(made.impact_cost(true))
    assert made.bad_debt(true) <= made.needed(true)


def test_a_long_and_a_short_of_equal_size_need_the_same():
    sold = e.ClosingFills(mark=[10], bankruptcy=[9], size=[2])
    bought = e.ClosingFills(mark=[10], bankruptcy=[11], size=[-2])
    assert sold.execution(3.0).tolist() == [4.0]
    assert bought.execution(3.0).tolist() == [16.0]
    assert sold.needed(3.0) == bought.needed(3.0) == sold.bad_debt(3.0) == 10.0


def test_other_fills_than_planned_have_no_bound():
    """α = α̂, and still B ≠ B̂: the inequality of Section 4.2 fails as it is written."""
    planned = e.ClosingFills(mark=[10], bankruptcy=[9], size=[1])
    happened = e.ClosingFills(mark=[10], bankruptcy=[9], size=[2])
    found = e.estimate_error(planned, 1.0, happened, 1.0)
    assert (found.ex_ante, found.ex_post, found.bound) == (0.0, 2.0, None)


def test_several_fills_exceed_the_paper_bound_of_one():
    """Two fills of 1: the gap is 2 |α − α̂|, above |α − α̂| · 1²."""
    two = e.ClosingFills(mark=[1, 1], bankruptcy=[1, 1], size=[1, 1])
    found = e.estimate_error(two, 0.0, two, 1.0)
    assert found.error == found.bound == 2.0


def test_a_surplus_counts_as_needed():
    """α̂ too low, and yet B̂ > B: no undershoot."""
    made = e.ClosingFills(mark=[10], bankruptcy=[8], size=[1])
    found = e.estimate_error(made, 0.0, made, 3.0)
    assert (found.ex_ante, found.ex_post) == (2.0, 1.0)
    assert made.bad_debt(0.0) == 0.0


@given(st.lists(st.tuples(whole, st.integers(0, 6)), min_size=1, max_size=5), slope, slope)
def test_on_one_side_of_bankruptcy_the_error_is_the_bound(rows, true, guess):
    """Marked at bankruptcy, B = α Q² exactly [CTTX26, Eq. 49]: too low a slope must undershoot."""
    made = fills_of([(mark, mark, size) for mark, size in rows])
    found = e.estimate_error(made, guess, made, true)
    assert found.ex_post == made.bad_debt(true) == true * made.squared_volume
    assert found.error == found.bound
    missed = e.Missed.of(needed=[found.ex_post], raised=[found.ex_ante])
    assert missed.undershoot == max(true - guess, 0) * made.squared_volume


# What was missed


@given(st.lists(st.tuples(whole, whole), min_size=1, max_size=9))
def test_both_sides_are_always_there(rounds):
    needed, raised = zip(*rounds, strict=True)
    missed = e.Missed.of(needed=needed, raised=raised)
    assert missed.undershoot + missed.overshoot == sum(abs(b - h) for b, h in rounds)
    assert missed.overshoot - missed.undershoot == sum(raised) - sum(needed)
    assert "too little" in str(missed)
    assert "too much" in str(missed)
    assert set(missed.to_dict()) == {"schema", "undershoot_usd", "overshoot_usd"}
    with pytest.raises(TypeError):
        float(missed)
    with pytest.raises(TypeError):
        sorted([missed, missed])


def test_missed_cannot_be_made_of_one_side():
    with pytest.raises(TypeError, match="overshoot"):
        e.Missed(undershoot=1.0)


# Slopes


def volumes(data, path):
    n = len(path)
    return data.draw(st.lists(st.integers(0, 5), min_size=n, max_size=n))


def no_worse(found, promised):
    return (
        found.undershoot <= promised.undershoot + 1e-9
        and found.overshoot <= promised.overshoot + 1e-9
    )


@given(paths, slope, st.data())
def test_the_last_slope_keeps_its_guarantee(path, first, data):
    rule, volume = e.LastSlope(first), volumes(data, path)
    assert no_worse(e.missed_by(rule, path, volume), rule.guarantee(path, volume))
    ones = [1] * len(path)
    found, promised = e.missed_by(rule, path, ones), rule.guarantee(path, ones)
    assert (found.undershoot, found.overshoot) == (promised.undershoot, promised.overshoot)


@given(paths, st.integers(0, 4))
def test_started_at_the_top_the_last_slope_misses_at_most_half_the_path(path, above):
    """V_T ≤ Q² P⁺ ≤ Q² (P + α_max)/2."""
    top = max(path) + above
    up = sum(max(b - a, 0) for a, b in pairwise(path))
    moved = sum(abs(b - a) for a, b in pairwise(path))
    found = e.missed_by(e.LastSlope(top), path, [1] * len(path))
    assert found.undershoot <= up <= (moved + top) / 2


@given(paths, slope, st.integers(0, 4), st.data())
def test_a_margin_keeps_its_guarantee(path, margin, above, data):
    rule, volume = e.Margin(margin, max(path) + above), volumes(data, path)
    assert no_worse(e.missed_by(rule, path, volume), rule.guarantee(path, volume))


@given(paths, st.integers(0, 4), st.data())
def test_gradient_steps_keep_their_bound(path, above, data):
    largest = max(path) + above
    if largest == 0:
        return
    first = data.draw(st.integers(0, largest))
    tuned = e.SlopeOGD.tuned(path, first=first, largest=largest)
    moved = sum(abs(b - a) for a, b in pairwise(path))
    root = math.sqrt(len(path) * (largest**2 + 2 * largest * moved))
    assert tuned.error_bound(path) == pytest.approx(root)
    for rule in (tuned, e.SlopeOGD(0.5, first, largest)):
        error = np.abs(e.estimates(rule, path) - path).sum()
        assert error <= rule.error_bound(path) + 1e-9


@pytest.mark.parametrize("n", [2, 4, 8, 16])
def test_the_instance_that_refutes_proposition_10(n):
    """V_T = n(n + 1)/4 with T = n², P = n − 1: above C n + C' (n − 1) for large n."""
    path = [float((t // n + 1) % 2) for t in range(n * n)]
    rule = e.SlopeOGD(1.0 / n, 0.0, 1.0)
    found = e.missed_by(rule, path, [1.0] * (n * n))
    assert found.undershoot == pytest.approx(n * (n + 1) / 4)
    assert np.abs(np.diff(path)).sum() == n - 1
    error = np.abs(e.estimates(rule, path) - path).sum()
    assert error <= rule.error_bound(path)
    if n >= 8:
        assert found.undershoot > n + (n - 1)


def test_the_largest_slope_undershoots_nothing_and_overshoots_all():
    """V_T alone is no objective."""
    found = e.missed_by(e.Margin(9.0, 5.0), [1.0] * 10, [1.0] * 10)
    assert (found.undershoot, found.overshoot) == (0.0, 40.0)


@pytest.mark.parametrize(
    "rule", [e.LastSlope(1.0), e.Margin(0.5, 9.0), e.SlopeOGD(0.25, 1.0, 9.0)], ids=lambda r: r.name
)
def test_estimators_are_causal(rule):
    path = [3.0, 1.0, 4.0, 1.0, 5.0]
    e.check_causal(rule, path)
    assert path == [3.0, 1.0, 4.0, 1.0, 5.0]


class Peeks:
    """Reads the next slope from the list it kept."""

    name = "peeks"

    def __init__(self, slopes, ahead=0):
        self.slopes, self.ahead = slopes, ahead

    def begin(self):
        return 0

    def estimate(self, t):
        at = min(t + self.ahead, len(self.slopes) - 1)
        return self.slopes[at] if at >= 0 else 0.0

    def learn(self, t, slope):
        return t + 1


class Counts:
    """Differs when replayed."""

    name = "counts"
    calls = 0

    def begin(self):
        return None

    def estimate(self, state):
        self.calls += 1
        return float(self.calls)

    def learn(self, state, slope):
        return state


class Says:
    """Says what it was told to."""

    name = "says"

    def __init__(self, value):
        self.value = value

    def begin(self):
        return None

    def estimate(self, state):
        return self.value

    def learn(self, state, slope):
        return state


@pytest.mark.parametrize("ahead", [0, 1, 3])
def test_an_estimator_that_peeks_is_caught_and_the_slopes_are_put_back(ahead):
    path = [3.0, 1.0, 4.0, 1.5, 5.0]
    with pytest.raises(adl.CausalityError, match="sees the future"):
        e.check_causal(Peeks(path, ahead), path)
    assert path == [3.0, 1.0, 4.0, 1.5, 5.0]
    e.check_causal(Peeks(path, -1), path)


def test_estimators_must_be_deterministic_and_finite():
    with pytest.raises(adl.PolicyError, match="differs when replayed"):
        e.check_causal(Counts(), [1.0, 2.0])
    for value in (math.nan, math.inf, -1.0, None, "1"):
        with pytest.raises(adl.PolicyError, match="a finite number ≥ 0 is needed"):
            e.estimates(Says(value), [1.0])


# Decomposition


def runs(episode, *names):
    return [adl.run_policy(episode, adl.named(name)) for name in names]


NAMES = ("do-nothing", "constant:0.5", "persistence", "estimate", "running-ratio")


@given(st.integers(0, 1_000), st.floats(0.1, 5.0), st.floats(0.0, 100.0), st.sampled_from(NAMES))
def test_both_sides_of_the_decomposition(seed, track, fair, chosen):
    episode = adl.episodes.shock(rounds=6, winners=5, seed=seed)
    run, *others = runs(episode, chosen, *NAMES)
    found = e.transfer(episode, run, others, track=track, fair=fair)
    assert found.loss <= found.sharper_bound * (1 + 1e-9) + 1e-6
    assert found.sharper_penalty <= found.penalty
    loss = adl.surrogate(track=track, fair=fair)
    priced = adl.run_policy(episode, adl.named(chosen), loss=loss)
    assert found.loss == pytest.approx(math.fsum(priced.loss))


def test_raising_the_estimates_misses_what_they_miss():
    """Lemma 4: H = B̂."""
    episode = adl.episodes.shock(rounds=10, winners=5, seed=1)
    run, other = runs(episode, "estimate", "do-nothing")
    found = e.transfer(episode, run, [other])
    within = [min(r.start.estimate, r.start.deficit) for r in episode]
    assert run.haircut == pytest.approx(within)
    if all(r.start.estimate <= r.start.deficit for r in episode):
        assert found.followed == pytest.approx(0.0, abs=1e-6)
    assert abs(found.missed.undershoot - found.missed_by_estimate.undershoot) <= (
        found.followed + 1e-6
    )


def one_round(needed, estimate):
    start = adl.RoundStart(account=["a"], capacity=[1.0], deficit=1.0, estimate=estimate)
    return adl.Episode(
        name="one", rounds=[adl.Round(start=start, outcome=adl.RoundOutcome(needed=needed))]
    )


def took(name, haircut):
    return adl.Run(policy=name, information=adl.Information.RECORDED, haircut=haircut)


def test_the_constant_two_is_attained():
    """B = 0, B̂ = ½, against doing nothing: both have the same estimated loss."""
    found = e.transfer(one_round(0.0, 0.5), took("all", [1.0]), [took("nothing", [0.0])])
    assert (found.loss, found.best_loss, found.estimated_regret) == (1.0, 0.0, 0.0)
    assert found.loss == found.bound == found.sharper_bound == 1.0


def test_the_sharper_penalty_is_nothing_for_the_best_itself():
    episode = one_round(0.25, 1.0)
    found = e.transfer(episode, took("x", [0.5]), [took("same", [0.5])])
    assert (found.sharper_penalty, found.penalty) == (0.0, 1.5)
    assert found.loss == found.sharper_bound < found.bound


# Latency


def start_of(accounts, **rest):
    return adl.RoundStart(
        account=list(accounts), capacity=list(accounts.values()), deficit=9, **rest
    )


def test_stale_candidates():
    then = start_of({"a": 5, "b": 4, "c": 3})
    now = start_of({"d": 7, "c": 3, "a": 2})
    found = e.execute([5, 4, 1], then, now)
    assert (found.planned, found.raised, found.missed) == (10.0, 3.0, 7.0)
    assert dict(found.closed) == {"b": 4.0}
    assert dict(found.shrunk) == {"a": 3.0}
    assert found.spare == 9.0


def test_a_shrunk_account_gives_whole_lots():
    then = start_of({"a": 6, "b": 4}, lot=[2, 2])
    now = start_of({"a": 5, "b": 4}, lot=[2, 2])
    found = e.execute([6, 4], then, now)
    assert found.raised == 8.0
    assert dict(found.shrunk) == {"a": 2.0}


@given(
    st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 9), min_size=1),
    st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 9), min_size=1),
    st.randoms(),
)
def test_what_is_planned_is_raised_or_missed(then, now, random):
    haircut = [random.randint(0, u) for u in then.values()]
    found = e.execute(haircut, start_of(then), start_of(now))
    assert found.planned == sum(haircut) == pytest.approx(found.raised + found.missed)
    assert set(found.closed) == {
        n for n, x in zip(then, haircut, strict=True) if x and n not in now
    }
    assert found.spare == pytest.approx(sum(now.values()) - found.raised)
    same = e.execute(haircut, start_of(then), start_of(then))
    assert (same.raised, same.missed) == (sum(haircut), 0.0)


def test_latency_over_an_episode():
    episode = adl.episodes.shock(rounds=6, winners=30, seed=4)
    policy = adl.named("estimate+pro-rata")
    at_once = e.execute_late(episode, policy, delay=0)
    late = e.execute_late(episode, policy, delay=2)
    assert (len(at_once), len(late)) == (6, 4)
    assert sum(x.missed for x in at_once) == 0.0
    assert sum(len(x.closed) for x in late) > 0
    assert all(x.planned == y.planned for x, y in zip(at_once, late, strict=False))


# Markouts


@pytest.mark.parametrize(
    ("trade", "immediate", "opportunity", "total"),
    [
        ((-10, 5, 5, 6), 0, -10, -10),
        ((-10, 5, 5.2, 6), -2, -8, -10),
        ((10, 6, 6, 5), 0, -10, -10),
        ((0, 6, 6, 5), 0, 0, 0),
    ],
)
def test_markouts(trade, immediate, opportunity, total):
    found = e.markout(*([value] for value in trade))
    assert found.immediate[0] == pytest.approx(immediate)
    assert found.opportunity[0] == pytest.approx(opportunity)
    assert found.total[0] == pytest.approx(total)


@given(st.lists(st.tuples(st.integers(-9, 9), whole, whole, whole), min_size=1, max_size=6))
def test_the_two_parts_are_the_whole(trades):
    q, p, m, later = (np.array(column, dtype=float) for column in zip(*trades, strict=True))
    assert e.markout(q, p, m, later).total == pytest.approx(q * (later - p))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: e.ClosingFills(mark=[-1], bankruptcy=[1], size=[1]), r"mark\[0\] is -1"),
        (lambda: e.ClosingFills(mark=[1], bankruptcy=[1, 2], size=[1]), "bankruptcy is '2 values'"),
        (lambda: e.ClosingFills(mark=[1], bankruptcy=[1], size=[math.nan]), r"size\[0\] is nan"),
        (lambda: fills_of([(1, 1, 1)]).needed(-1.0), "slope is -1"),
        (lambda: fills_of([(1, 1, 1)]).needed(math.inf), "slope is inf"),
        (lambda: e.Missed.of(needed=[1], raised=[1, 2]), "raised is '2 values'"),
        (lambda: e.Missed.of(needed=[-1], raised=[1]), r"needed\[0\] is -1"),
        (lambda: e.LastSlope(-1), "first is -1"),
        (lambda: e.Margin(-1, 2), "margin is -1"),
        (lambda: e.Margin(1, math.nan), "largest is nan"),
        (lambda: e.SlopeOGD(0.0, 0, 1), "step is 0.0: expected a number > 0"),
        (lambda: e.SlopeOGD(1.0, 2, 1), "first is 2: expected at most"),
        (lambda: e.SlopeOGD.tuned([3], first=0, largest=1), r"slopes\[0\] is 3.0: expected at"),
        (lambda: e.Margin(0, 1).guarantee([0, 2], [1, 1]), r"slopes\[1\] is 2.0"),
        (lambda: e.missed_by(e.LastSlope(1), [1], [1, 2]), "volume is '2 values'"),
        (lambda: e.missed_by(e.LastSlope(1), [], []), "at least one round"),
        (lambda: e.check_causal(e.LastSlope(1), (1.0, 2.0)), r"write list\(slopes\)"),
        (lambda: e.check_causal(e.LastSlope(1), [1.0, math.nan]), r"slopes\[1\] is nan"),
        (lambda: e.markout([1], [1], [1], [math.inf]), r"later\[0\] is inf"),
        (lambda: e.markout([1, 2], [1], [1], [1]), "price is '1 values'"),
        (lambda: e.transfer(one_round(1, 1), took("x", [1]), []), "at least one run"),
        (
            lambda: e.transfer(one_round(1, 1), took("x", [1, 2]), [took("y", [1])]),
            r"runs\[x\] is '2 rounds'",
        ),
        (
            lambda: e.transfer(one_round(1, 1), took("x", [1]), [took("y", [1])], track=0.0),
            "track is 0.0: expected a price > 0",
        ),
        (
            lambda: e.transfer(one_round(1, 1), took("x", [1]), [took("y", [1])], fair=1.0),
            "finite burdens in all rounds",
        ),
        (lambda: e.transfer(one_round(1, None), took("x", [1]), [took("y", [1])]), "ex ante"),
        (
            lambda: e.execute_late(one_round(1, 1), adl.named("queue"), delay=1),
            "a whole number of rounds from 0 to 0",
        ),
        (
            lambda: e.execute_late(adl.episodes.october_10(), adl.named("queue")),
            "winners one by one",
        ),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(adl.InputError, match=message):
        call()


def test_only_feasible_haircuts_are_executed():
    then = start_of({"a": 5})
    with pytest.raises(adl.BadHaircut):
        e.execute([6], then, then)


def test_a_failing_decomposition_is_not_reported(monkeypatch):
    def wrong(run, budget, *_):
        return 1e6 * run.haircut.sum() * (budget[0] == 0)

    monkeypatch.setattr("adlopt.studies.execution.decomposition._loss", wrong)
    with pytest.raises(adl.CertificateError, match="the sharper decomposition fails"):
        e.transfer(one_round(0.0, 0.5), took("x", [1.0]), [took("y", [0.0])])
