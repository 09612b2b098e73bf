"""Diagnostics against definitions, closed forms and exact fractions."""

import json
import math
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import msgspec
import numpy as np
import pytest
from hypothesis import given, strategies as st

import adlopt as adl
from adlopt import diagnostics as d
from adlopt.policies import grammar

whole = st.integers(0, 20)
capacities = st.lists(st.integers(1, 20), min_size=1, max_size=8)

QUEUE = grammar.allocation("queue")


def start_of(capacity, deficit=None, **rest):
    names = [f"w{i}" for i in range(len(capacity))]
    due = float(sum(capacity)) if deficit is None else deficit
    return adl.RoundStart(account=names, capacity=capacity, deficit=due, **rest)


def queue(start, budget):
    return grammar.allocation("queue").allocate(None, start, budget)


# Concentration


@given(st.lists(whole, min_size=1, max_size=9))
def test_gini_is_the_mean_difference(values):
    total, n = sum(values), len(values)
    exact = Fraction(sum(abs(a - b) for a in values for b in values), 2 * n * total) if total else 0
    assert d.gini(values) == pytest.approx(float(exact), abs=1e-12)
    assert d.gini([1e-90 * v for v in values]) == pytest.approx(d.gini(values))


def test_gini_of_nothing_is_nothing():
    assert d.gini([]) == d.gini([0, 0]) == d.gini([0.1, 0.1, 0.1]) == 0.0


@given(capacities, st.floats(0, 1), st.integers(1, 9), st.randoms())
def test_no_haircut_takes_less_from_the_largest_than_is_forced(capacity, share, top, random):
    budget = share * sum(capacity)
    start = start_of(capacity)
    forced = d.forced_on_largest(capacity, budget, top)
    largest = np.argsort(-start.capacity, kind="stable")[:top]
    scored = replace(start, features={"luck": [random.random() for _ in capacity]})
    for name in ("pro-rata", "queue", "queue:luck"):
        x = grammar.allocation(name).allocate(None, scored, budget)
        assert x[largest].sum() >= forced - 1e-9
    smallest_first = replace(start, features={"poor": -start.capacity})
    x = grammar.allocation("queue:poor").allocate(None, smallest_first, budget)
    by_capacity = np.sort(x[np.argsort(-start.capacity, kind="stable")][:top])
    if len(set(capacity)) == len(capacity):
        assert by_capacity.sum() == pytest.approx(forced, abs=1e-9)


def test_concentration_is_of_feasible_haircuts_only():
    start = start_of([5, 3])
    with pytest.raises(adl.BadHaircut, match=r"takes 6\.0 USD from account 'w0'"):
        d.Concentration.of(start, [6, 0])
    for broken in ([1], [math.nan, 1], [-1, 1], None, [math.inf, 0]):
        for measure in (
            d.Concentration.of,
            d.Survivors.of,
            d.monotonicity_violations,
            d.closed,
        ):
            with pytest.raises(adl.BadHaircut):
                measure(start, broken)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: d.top_share([1, 2], 0), "top is 0: expected a whole number ≥ 1"),
        (lambda: d.top_share([1, 2], 1.5), "top is 1.5"),
        (lambda: d.forced_on_largest([1, 2], 4), "budget is 4.0: expected at most the 3.0"),
        (lambda: d.forced_on_largest([1, -2], 1), r"capacity\[1\] is -2"),
        (lambda: d.gini([1, math.nan]), r"values\[1\] is nan"),
        (lambda: d.gini([-1.0]), r"values\[0\] is -1"),
        (lambda: d.survivor_gap([5, 4], 2), "the lead of the largest"),
        (lambda: d.pro_rata_guarantee([1, 2], [1], 1), "1 values"),
        (lambda: d.swap_jump(math.nan, 1, 1), "rest is nan"),
        (lambda: d.sensitivity(lambda s: s.capacity, start_of([1]), draws=0), "draws is 0"),
        (lambda: d.sensitivity(lambda s: s.capacity, start_of([1]), noise=-1), "noise is -1"),
        (lambda: d.effective_slope([1], [1, 2]), "slope is '1 values'"),
        (lambda: d.variation([1.0, math.inf]), "slopes is inf"),
        (lambda: d.alternating_slopes(0), "rounds is 0"),
        (lambda: d.alternating_slopes(2, low=2, high=1), "high is 1"),
        (lambda: d.deplete(QUEUE, start_of([2]), [1, 2]), "at most 2.0 USD"),
        (
            lambda: d.deplete(QUEUE, start_of([2]), [-1]),
            r"budgets\[0\] is -1",
        ),
        (lambda: d.diagnose(adl.episodes.october_10()), "winners one by one"),
        (lambda: d.diagnose(adl.episodes.shock(rounds=1), "queue"), r"write \['queue'\]"),
        (lambda: d.diagnose(adl.episodes.shock(rounds=1), ["queue"] * 2), "names that differ"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(adl.InputError, match=message):
        call()


# Which is fairer


def test_a_lower_burden_that_raised_less_is_no_fairness():
    start = start_of([120, 80])
    assert d.compare_burdens(start, [0, 0], [30, 20]).verdict is d.Fairer.NOT_COMPARABLE
    assert d.compare_burdens(start, [30, 20], [0, 0]).verdict is d.Fairer.NOT_COMPARABLE
    assert d.compare_burdens(start, [30, 20], [50, 0]).verdict is d.Fairer.FIRST
    assert d.compare_burdens(start, [50, 0], [30, 20]).verdict is d.Fairer.SECOND
    assert d.compare_burdens(start, [30, 20], [30, 0]).verdict is d.Fairer.NOT_COMPARABLE
    assert d.compare_burdens(start, [30, 20], [30, 20]).verdict is d.Fairer.EQUAL
    more = d.compare_burdens(start, [30, 20], [40, 0])
    assert more.verdict is d.Fairer.FIRST, "it raised more, at a lower burden"


@given(capacities, st.floats(0, 1), st.floats(0, 1))
def test_comparing_is_symmetric_and_pro_rata_never_loses(capacity, share, other):
    start = start_of(capacity)
    first = adl.pro_rata(start.capacity, share * start.total_capacity)
    second = queue(start, other * start.total_capacity)
    one, two = d.compare_burdens(start, first, second), d.compare_burdens(start, second, first)
    swapped = {d.Fairer.FIRST: d.Fairer.SECOND, d.Fairer.SECOND: d.Fairer.FIRST}
    assert two.verdict is swapped.get(one.verdict, one.verdict)
    if share == other:
        assert one.verdict in {d.Fairer.FIRST, d.Fairer.EQUAL}


def test_infeasible_haircuts_are_not_compared():
    with pytest.raises(adl.BadHaircut, match="the second haircut takes 90"):
        d.compare_burdens(start_of([120, 80]), [30, 20], [0, 90])


def test_a_protected_account_makes_the_burden_infinite():
    start = start_of([10, 10], equity=[5, -1])
    touched = d.compare_burdens(start, [5, 5], [10, 0], burden=adl.Burden.EQUITY)
    assert math.isinf(touched.burden[0])
    assert touched.verdict is d.Fairer.SECOND


# Survivors


def test_survivors_of_the_worked_example():
    """e = (10, 5, 1, −3, −12), θ = ½ [Chitra25]."""
    start = start_of([8, 4, 0.5], deficit=15, signals={"largest_loss": 12})
    by_queue = d.Survivors.of(start, [3.5, 4, 0])
    by_pro_rata = d.Survivors.of(start, [4.8, 2.4, 0.3])
    assert (by_queue.kept, by_queue.ptsr, by_queue.pmr) == (4.5, 0.6, 0.75)
    assert by_pro_rata.kept == pytest.approx(3.2)
    assert by_pro_rata.rd_nse == pytest.approx(3.2 / (3.2 + 7.5))


@given(st.lists(st.integers(1, 30), min_size=2, max_size=8), st.floats(0, 1))
def test_the_gap_between_pro_rata_and_a_queue(capacity, share):
    u = sorted(capacity, reverse=True)
    budget = share * (u[0] - u[1])
    start = start_of(capacity)
    under_pro_rata = d.Survivors.of(start, adl.pro_rata(start.capacity, budget)).kept
    under_queue = d.Survivors.of(start, queue(start, budget)).kept
    assert under_pro_rata - under_queue == pytest.approx(d.survivor_gap(capacity, budget), abs=1e-9)


@pytest.mark.parametrize(
    ("haircut", "ptsr", "pmr", "rd_nse"),
    [([3.5, 4, 0], 4.5 / 7.5, 4.5 / (12 * 0.5), 4.5 / 12), ([8, 4, 0.5], 0.0, 0.0, 0.0)],
)
def test_survivors_as_published_are_measured_by_what_is_left(haircut, ptsr, pmr, rd_nse):
    """policy_per_wave.py: υ/(D − H), υ/(Δ (D − H)/D), υ/(υ + D − H), without a bound at 1."""
    start = start_of([8, 4, 0.5], deficit=15.0, signals={"largest_loss": 12.0})
    kept = d.Survivors.of(start, haircut, as_published=True)
    assert (kept.ptsr, kept.pmr, kept.rd_nse) == pytest.approx((ptsr, pmr, rd_nse))
    over = d.Survivors.of(start_of([8, 4], deficit=3.0), [0, 4], as_published=True)
    assert (over.ptsr, over.pmr, over.rd_nse) == (None, None, pytest.approx(8 / 7))
    assert d.Survivors.of(start_of([8, 4], deficit=3.0), [0, 4]).rd_nse == 1.0


def test_a_diagnosis_as_published_says_so(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run("new", "shock.json", "--shock", "--rounds", "3", "--winners", "10")
    words = ("diagnose", "shock.json", "-p", "persistence")
    assert "as published: PTSR = υ/(D−H)" in run(*words, "--as-published")[1].replace("\n", " ")
    assert "as published" not in run(*words)[1]


def test_survivors_of_nothing_taken():
    none = d.Survivors.of(start_of([5, 3], deficit=0.0), [0, 0])
    assert (none.kept, none.ptsr, none.pmr, none.rd_nse) == (5.0, None, None, 1.0)
    gone = d.Survivors.of(start_of([5, 3], deficit=8.0), [5, 3])
    assert (gone.kept, gone.ptsr, gone.rd_nse) == (0.0, 0.0, None)


# Order


@given(capacities, st.floats(0, 1))
def test_pro_rata_and_smallest_first_turn_nobody_round(capacity, share):
    """[CTTX26, Prop. 9.3], and the queue that refutes its other half."""
    start = start_of(capacity)
    budget = share * start.total_capacity
    assert d.monotonicity_violations(start, adl.pro_rata(start.capacity, budget)) == 0.0
    poor = replace(start, features={"poor": -start.capacity})
    x = grammar.allocation("queue:poor").allocate(None, poor, budget)
    assert d.monotonicity_violations(start, x) == 0.0


@given(capacities, st.randoms())
def test_violations_are_inverted_neighbours(capacity, random):
    start = start_of(capacity)
    x = [random.randint(0, u) for u in capacity]
    order = sorted(range(len(capacity)), key=lambda i: -capacity[i])
    pairs = [(i, j) for i, j in pairwise(order) if capacity[i] > capacity[j]]
    turned = [p for p in pairs if capacity[p[0]] - x[p[0]] < capacity[p[1]] - x[p[1]]]
    expected = len(turned) / len(pairs) if pairs else 0.0
    assert d.monotonicity_violations(start, x) == pytest.approx(expected)


def test_rank_stability_is_of_accounts_in_both_rounds():
    then = start_of([4, 2, 1])
    now = adl.RoundStart(account=["w2", "new", "w1"], capacity=[1, 9, 2], deficit=5)
    assert d.rank_stability(then, [4, 2, 0], now, [0, 9, 2]) == 1.0
    assert d.rank_stability(then, [4, 0, 1], now, [0, 9, 2]) == -1.0
    apart = adl.RoundStart(account=["w1", "x"], capacity=[1, 1], deficit=1)
    assert d.rank_stability(then, [4, 2, 0], apart, [1, 0]) is None
    assert d.rank_stability(then, [0.4, 0.2, 0.1], then, [4, 2, 0]) is None


def test_what_rounding_to_lots_may_have_moved_is_no_order():
    capacity = [7.0, 5.0, 3.0, 2.0]
    start = start_of(capacity, lot=[1.0] * 4)
    pro_rata = [adl.integer_pro_rata(capacity, start.lot, budget) for budget in (9.0, 12.0)]
    shares = [(x / start.capacity).tolist() for x in pro_rata]
    assert all(len(set(each)) > 1 for each in shares)
    assert d.rank_stability(start, pro_rata[0], start, pro_rata[1]) is None
    bare = start_of(capacity)
    assert d.rank_stability(bare, pro_rata[0], bare, pro_rata[1]) is not None
    micro = [adl.integer_pro_rata(capacity, None, budget) for budget in (1e-5, 1.7e-5)]
    assert d.rank_stability(bare, micro[0], bare, micro[1]) is None
    assert d.rank_stability(start, [7, 0, 0, 0], start, [7, 0, 0, 0]) == pytest.approx(1.0)


@given(
    numbers=st.lists(st.integers(-6, 6), min_size=2, max_size=8),
    off=st.sampled_from([0.0, 0.4, 0.5, 1.0]),
)
def test_a_number_ranks_by_how_many_are_clearly_below_it(numbers, off):
    apart = [[(a > b) - (a < b) if abs(a - b) > 2 * off else 0 for b in numbers] for a in numbers]
    ranks = [sum(row) for row in apart]
    other = list(range(len(numbers)))
    found = d.rank_correlation(numbers, other, within=(off, 0.0))
    assert found == (pytest.approx(float(np.corrcoef(ranks, other)[0, 1])) if any(ranks) else None)


# Stability


@given(
    st.lists(st.integers(1, 9), min_size=2, max_size=6),
    st.integers(0, 40),
    st.integers(0, 4),
)
def test_a_queue_moves_by_the_formula_when_neighbours_swap(capacity, budget, at):
    at, budget = min(at, len(capacity) - 2), min(budget, sum(capacity))
    rank = np.arange(len(capacity), 0, -1.0)
    swapped = rank.copy()
    swapped[[at, at + 1]] = swapped[[at + 1, at]]
    rule = grammar.allocation("queue:rank")
    x, y = (
        rule.allocate(None, start_of(capacity, features={"rank": r}), budget)
        for r in (rank, swapped)
    )
    rest = budget - sum(capacity[:at])
    jump = d.swap_jump(rest, capacity[at], capacity[at + 1])
    assert np.abs(x - y).sum() == pytest.approx(jump)


def test_two_accounts_that_can_each_bear_the_budget_jump_by_twice_it():
    """[CTTX26, Prop. 8]."""
    assert d.swap_jump(5, 8, 6) == 2 * 5


@given(capacities, st.data(), st.floats(0, 1))
def test_pro_rata_moves_no_further_than_guaranteed(capacity, data, share):
    n = len(capacity)
    other = data.draw(st.lists(st.integers(0, 20), min_size=n, max_size=n))
    budget = share * min(sum(capacity), sum(other))
    x, y = adl.pro_rata(capacity, budget), adl.pro_rata(other, budget)
    assert np.abs(x - y).sum() <= d.pro_rata_guarantee(capacity, other, budget) + 1e-9


def test_the_guarantee_of_pro_rata_is_attained():
    big, step = 1e6, 1.0
    x, y = adl.pro_rata([step, big], step), adl.pro_rata([0, big], step)
    attained = np.abs(x - y).sum() / d.pro_rata_guarantee([step, big], [0, big], step)
    assert attained == pytest.approx(1.0, rel=1e-5)


def test_noise_moves_a_queue_of_equals_far_and_pro_rata_little():
    start = start_of([5.0] * 4, deficit=5.0, features={"leverage": [3.0] * 4})
    rule = grammar.allocation("queue:leverage")
    found = d.sensitivity(lambda s: rule.allocate(None, s, 4.0), start, noise=1e-9, draws=20)
    assert found.share_moved == 1.0
    steady = d.sensitivity(lambda s: adl.pro_rata(s.capacity, 4.0), start, noise=1e-9)
    assert steady.largest_move <= steady.pro_rata_guarantee < 1e-6
    still = d.sensitivity(lambda s: rule.allocate(None, s, 4.0), start, noise=0.0)
    assert still.largest_move == 0.0


def test_equal_seeds_make_equal_noise():
    start = start_of([5.0, 4.0], features={"leverage": [3.0, 2.0]})
    one, two = (d.sensitivity(lambda s: s.capacity, start, seed=3) for _ in range(2))
    assert one == two


# Churn


@pytest.mark.parametrize("rounds", [1, 2, 6, 11])
def test_effective_slopes_of_proposition_11(rounds):
    start = d.alternating_slopes(rounds, low=0.5, high=2.0)
    found = {}
    for name in ("queue:rank", "pro-rata"):
        taken = d.deplete(grammar.allocation(name), start, [1.0] * rounds)
        found[name] = d.variation(d.effective_slope(start.feature("slope"), x) for x in taken)
    assert found == {"queue:rank": (rounds - 1) * 1.5, "pro-rata": 0.0}


@pytest.mark.parametrize("ratio", [2.0, 3.0, 7.0])
def test_the_reversed_instance_moves_pro_rata_and_not_the_queue(ratio):
    """Capacities (2, 2M) and (2M, 2) in turn: (M² − 1)/(M² + 1) a round."""
    rounds = [
        adl.RoundStart(
            t=t,
            account=["flat", "steep"],
            capacity=[2.0, 2 * ratio] if t % 2 else [2 * ratio, 2.0],
            deficit=1.0,
            features={"slope": [0.0, 1.0], "rank": [2.0, 1.0]},
        )
        for t in range(1, 8)
    ]

    def path(name):
        rule = grammar.allocation(name)
        return d.variation(
            d.effective_slope(s.feature("slope"), rule.allocate(None, s, 1.0)) for s in rounds
        )

    assert path("queue:rank") == 0.0
    assert path("pro-rata") == pytest.approx(6 * (ratio**2 - 1) / (ratio**2 + 1))


@given(capacities, st.lists(st.integers(0, 9), min_size=1, max_size=5))
def test_depleting_takes_each_budget_and_never_more_than_there_is(capacity, budgets):
    start = start_of(capacity)
    scale = min(1.0, start.total_capacity / max(sum(budgets), 1))
    due = [b * scale for b in budgets]
    for name in ("queue", "pro-rata", "min-max"):
        taken = d.deplete(grammar.allocation(name), start, due)
        assert [x.sum() for x in taken] == pytest.approx(due, abs=1e-9)
        assert (np.sum(taken, axis=0) <= start.capacity * (1 + 1e-9)).all()


def test_accounts_that_lose_all_are_closed():
    assert d.closed(start_of([5, 3, 0]), [5, 2, 0]) == 1
    assert d.effective_slope([1.0, 2.0], [0.0, 0.0]) is None


# The whole table


def test_diagnosis_of_an_episode():
    episode = adl.episodes.shock(rounds=6, winners=40, seed=3)
    found = adl.diagnose(episode, ["estimate+pro-rata", "estimate+queue:leverage", "do-nothing"])
    spread, steep = found["estimate+pro-rata"], found["estimate+queue:leverage"]
    assert spread.burden_gini == spread.inversions == 0.0
    assert spread.touched == 40
    assert spread.rank_stability is None
    assert spread.moved <= spread.pro_rata_guarantee
    assert steep.burden_gini > 0.8
    assert steep.touched < 10
    assert steep.worst_burden > spread.worst_burden
    assert steep.raised == pytest.approx(spread.raised)
    assert steep.short_rounds == spread.short_rounds > 0
    nothing = found["do-nothing+pro-rata"]
    assert (nothing.raised, nothing.short_rounds, nothing.burden_gini) == (0.0, 6, None)
    assert nothing.share_moved is nothing.slope_variation is None


def test_diagnosis_sees_the_effective_slope():
    rounds = [
        adl.Round(
            start=adl.RoundStart(
                t=t,
                account=["flat", "steep"],
                capacity=[2, 6] if t % 2 else [6, 2],
                deficit=1,
                features={"slope": [0, 1], "rank": [2, 1]},
            ),
            outcome=adl.RoundOutcome(needed=1),
        )
        for t in range(1, 6)
    ]
    found = adl.diagnose(
        adl.Episode(name="turns", rounds=rounds), ["constant:1+queue:rank", "constant:1+pro-rata"]
    )
    assert found["constant:1+queue:rank"].slope_variation == 0.0
    assert found["constant:1+pro-rata"].slope_variation == pytest.approx(4 * 0.8)


def test_a_protected_account_is_marked_in_json():
    start = start_of([10, 10], equity=[5, -1], deficit=4.0)
    episode = adl.Episode(
        name="one", rounds=[adl.Round(start=start, outcome=adl.RoundOutcome(needed=4))]
    )
    found = adl.diagnose(episode, ["constant:1+pro-rata"], burden=adl.Burden.EQUITY)
    row = json.loads(json.dumps(found.to_dict(), allow_nan=False))["policies"][0]
    assert row["worst_burden"] is None
    assert row["touches_protected"]
    assert "∞" in str(found)


def test_an_infeasible_policy_is_not_diagnosed():
    @adl.policy
    def greedy(start):
        return start.capacity + 1.0

    with pytest.raises(adl.BadHaircut, match="policy 'greedy' takes"):
        adl.diagnose(adl.episodes.shock(rounds=2, winners=3), [greedy])


def test_a_row_that_is_not_there_is_named():
    found = adl.diagnose(adl.episodes.shock(rounds=2, winners=3), ["queue"])
    with pytest.raises(adl.InputError, match="policy is 'luck'"):
        found["luck"]


def test_one_policy_that_cannot_be_played_marks_its_row_and_the_others_go_on():
    episode = adl.episodes.shock(rounds=3, winners=8, seed=2)

    def greedy(start):
        return start.capacity * 2

    found = adl.diagnose(episode, ["persistence+queue", greedy, "persistence+paradex"])
    assert [row.policy for row in found.policies] == ["persistence+queue"]
    assert list(found.unplayed) == ["greedy", "persistence+paradex"]
    assert "from account" in found.unplayed["greedy"]
    told = " ".join(str(found).split())
    assert "greedy – – – – – – –" in told
    assert "not played: persistence+paradex: signal is" in told
    alone = adl.diagnose(episode, ["persistence+queue"])
    assert alone.policies == found.policies
    with pytest.raises(adl.BadHaircut, match="greedy"):
        adl.diagnose(episode, [greedy])


def test_accounts_are_counted_without_exponents():
    episode = adl.episodes.shock(rounds=2, winners=9, seed=1)
    (row,) = adl.diagnose(episode, ["constant:0.5+pro-rata"]).policies
    found = d.Diagnosis(
        episode="e",
        rounds=2,
        burden=adl.Burden.CAPACITY,
        policies=(msgspec.structs.replace(row, touched=19_170.4, closed=19_170),),
    )
    assert str(found).splitlines()[3].endswith(" 19,170")
