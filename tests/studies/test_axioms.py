"""Axioms: known verdicts on exact instances, rules that break one each, and an honest report."""

import json
import math
from fractions import Fraction
from functools import cache
from random import Random

import numpy as np
import pytest
from hypothesis import given, strategies as st
from tiers import NIGHTLY, by_day

import adlopt as adl
from adlopt.policies import grammar
from adlopt.policies.allocation import ProRataAllocation
from adlopt.policies.catalogue import ALLOCATIONS, SEVERITIES
from adlopt.show.axioms import render
from adlopt.studies.axioms import AXIOMS, Case, try_axioms
from adlopt.studies.axioms.laws import ROUNDING

ALL = {axiom.name for axiom in AXIOMS}
KNOWN = {
    "pro-rata": set(),
    "persistence+pro-rata": set(),
    "estimate+pro-rata": set(),
    "equal-awards": set(),
    "equal-losses": {"split", "uneven split"},
    "capped-pro-rata:0.5": {"path", "composition"},
    "capped-pro-rata:0.5:2": {"path", "composition", "split", "uneven split", "scale"},
    "queue": {"equal accounts", "split", "uneven split", "path", "stability"},
    "queue:pnl_percent": ALL
    - {"protected collateral", "input order", "wash trade", "scale", "larger deficit"}
    - {"composition", "consistency"},
    "queue:leverage": ALL
    - {"protected collateral", "input order", "split", "wash trade", "scale", "larger deficit"}
    - {"composition", "consistency"},
    "leverage-draining": {"richer pays", "path", "composition"},
    "queue:price_ratio": {"equal accounts", "wash trade", "richer pays", "stability"},
}


SELDOM = ("queue:pnl_percent",)
"""Rules that break an axiom in few of the instances."""
TRIES = 300 if NIGHTLY else 60


@cache
def tried(name):
    """What is found of a rule, once for all tests."""
    return try_axioms(name, tries=300 if name in SELDOM else TRIES)


@pytest.mark.parametrize(("name", "broken"), KNOWN.items(), ids=KNOWN)
def test_known_verdicts(name, broken):
    assert set(tried(name).broken) == broken


@pytest.mark.parametrize("name", ["integer-pro-rata", "min-max"])
def test_what_is_pro_rata_but_for_lots_breaks_in_lots_only(name):
    report = tried(name)
    assert {"split", "equal accounts", "stability"} <= set(report.broken)
    for axiom in report.broken:
        assert report[axiom].counterexample.case.lot > 0


def test_water_filling_on_equity_is_escaped_by_moving_collateral():
    report = tried("min-max:equity")
    assert report["split"].counterexample.case.lot > 0
    broken = report["uneven split"].counterexample
    assert broken.case.lot == 0
    (whole, before), (parts, after) = broken.rounds
    assert whole.equity[0] == parts.equity[0] + parts.equity[1]
    assert whole.capacity[0] == parts.capacity[0] + parts.capacity[1]
    assert before[0] > after[0] + after[1] + 1e-5


def smallest(name, axiom):
    return tried(name)[axiom].counterexample


def test_the_smallest_split_of_a_queue():
    """Two accounts with 1 USD each: the one served first splits, and is served last."""
    found = smallest("queue", "split")
    assert found.case == Case(rows=((1, 1, 1), (1, 1, 1)), deficit=1)
    (one, before), (two, after) = found.rounds
    assert (one.account, before.tolist()) == (("a", "b"), [1.0, 0.0])
    assert (two.account, after.tolist()) == (("a1", "a2", "b"), [0.0, 0.0, 1.0])
    assert found.violation.usd == 1


def test_a_queue_jumps_by_twice_the_budget():
    """[CTTX26, Prop. 8]: 2B."""
    found = smallest("queue", "stability")
    assert found.violation.usd == 2 * found.case.deficit


def test_whole_lots_leak_under_splits():
    """An account of one lot becomes two of none."""
    found = smallest("integer-pro-rata", "split")
    assert found.case == Case(rows=((1, 1, 1),), deficit=1, lot=1)
    assert found.violation.usd == 1


def everything_from_the_last(start):
    x = np.zeros_like(start.capacity)
    x[-1] = min(start.deficit, start.capacity[-1])
    return x


def beyond_capacity(start):
    return start.capacity + 1.0


def beyond_capacity_in_pairs(start):
    return start.capacity + (len(start.account) == 2)


def negative(start):
    return np.full_like(start.capacity, -1.0)


def not_numbers(start):
    return np.full_like(start.capacity, math.nan)


def too_short(start):
    return start.capacity[:0]


def nothing_at_all(start):
    return None


def fixed_dollar(start):
    return np.minimum(start.capacity, 1.0)


def less_of_more(start):
    return start.capacity / (1.0 + start.deficit)


def poor_first(start):
    order = np.argsort(start.capacity, kind="stable")
    ahead = np.cumsum(start.capacity[order]) - start.capacity[order]
    x = np.zeros_like(start.capacity)
    x[order] = np.clip(start.deficit - ahead, 0.0, start.capacity[order])
    return x


def by_name(start):
    return np.where([name == "a" for name in start.account], start.capacity, 0.0)


def per_head(start):
    return np.minimum(start.capacity, start.deficit / len(start.account))


def by_entry(start):
    weight = start.feature("price_ratio")
    return np.minimum(start.capacity, start.deficit * weight / weight.sum())


BREAKS = {
    everything_from_the_last: {"equal accounts", "input order", "split"},
    beyond_capacity: {"protected collateral"},
    beyond_capacity_in_pairs: {"protected collateral"},
    negative: {"protected collateral"},
    not_numbers: {"protected collateral"},
    too_short: {"protected collateral"},
    nothing_at_all: {"protected collateral"},
    fixed_dollar: {"scale", "path"},
    less_of_more: {"larger deficit", "scale", "path", "consistency"},
    poor_first: {"richer pays", "stability", "equal accounts"},
    by_name: {"equal accounts", "split", "richer pays"},
    per_head: {"split"},
    by_entry: {"wash trade"},
}


@pytest.mark.parametrize(
    ("rule", "broken"), BREAKS.items(), ids=lambda p: getattr(p, "__name__", "")
)
def test_each_axiom_is_broken_by_a_rule_made_to_break_it(rule, broken):
    report = tried(rule)
    assert broken <= set(report.broken)
    if "protected collateral" in broken:
        assert set(report.broken) == {"protected collateral"}
        assert {v.tries for v in report.verdicts[1:]} == {0}
        assert "not tried: not feasible" in str(report)


def test_every_axiom_is_broken_by_some_rule():
    by_names = set().union(*KNOWN.values())
    assert by_names.union(*BREAKS.values()) == ALL


@pytest.mark.nightly("seconds of trials")
def test_a_wash_trade_moves_the_entry_price_and_nothing_else():
    """Ranks by leverage do not see it (arXiv 2603.15963), ranks by return on entry do."""
    broken = smallest("queue:price_ratio", "wash trade")
    (fair, before), (washed, after) = broken.rounds
    assert before[0] > after[0]
    for name in ("capacity", "equity", "notional", "leverage", "pnl_percent"):
        assert fair.feature(name).tolist() == washed.feature(name).tolist()
    assert fair.feature("price_ratio")[0] != washed.feature("price_ratio")[0]
    for name in ("hyperliquid", "queue:entry_return"):
        assert "wash trade" in tried(name).broken
    for name in ("queue:leverage", "leverage-draining", "rap", "pro-rata"):
        assert "wash trade" not in tried(name).broken
    assert "at entry" in render(try_axioms("queue:price_ratio", tries=60).data())


def test_an_infeasible_haircut_says_what_it_took():
    found = smallest(beyond_capacity, "protected collateral")
    assert found.violation.usd is None
    assert found.rounds[0][1] is None
    assert "takes 1.0 USD from account 'a'" in found.violation.text
    assert found.case == Case(rows=((0, 1, 1),), deficit=1)


def test_counterexamples_survive_being_decided_again():
    policy = adl.named("constant:1+queue:leverage")
    report = tried("queue:leverage")
    assert report.broken
    for axiom in report.broken:
        for start, taken in report[axiom].counterexample.rounds:
            assert np.array_equal(policy.decide(policy.begin(), start), taken)
        assert report[axiom].counterexample.violation.usd > ROUNDING


def test_nothing_simpler_breaks_the_same_axiom():
    report = tried("queue")
    policy = adl.named("constant:1+queue")
    assert report.broken
    for axiom in AXIOMS:
        if axiom.name in report.broken:
            for case in report[axiom.name].counterexample.case.smaller():
                assert axiom.check(case, paying(policy, case)) is None


def paying(policy, case):
    def pays(winners=None, *, deficit=None, lot=None):
        start = case.start(winners, deficit=deficit, lot=lot)
        haircut = policy.decide(policy.begin(), start).tolist()
        return dict(zip(start.account, map(Fraction, haircut), strict=True))

    return pays


@given(st.integers(0, 2**32), st.booleans())
def test_cases_get_strictly_smaller(seed, lots):
    case = Case.draw(Random(seed), lots=lots)
    for other in case.smaller():
        assert other != case
        assert total(other) < total(case)
        assert 1 <= len(other.rows) <= len(case.rows)
        assert other.deficit >= 1
        assert all(p >= 0 and c >= 1 and e >= 1 for p, c, e in other.rows)
        other.start()


def total(case):
    flat = sum(case.rows, ())
    return len(case.rows) + sum(flat) + case.deficit + case.lot + case.first + case.second


@given(st.integers(0, 2**32))
def test_splits_and_haircuts_of_winners_lose_no_dollar(seed):
    random = Random(seed)
    whole = Case.draw(random, lots=False).winners[0]
    position, collateral = Fraction(random.randint(0, 8), 8), Fraction(random.randint(0, 8), 8)
    one = whole.part("1", position=position, collateral=collateral)
    two = whole.part("2", position=1 - position, collateral=1 - collateral)
    for name in ("profit", "collateral", "entry", "equity", "notional"):
        assert getattr(one, name) + getattr(two, name) == getattr(whole, name)
    taken = whole.profit * position
    left = whole.less(taken)
    if 0 < taken == whole.profit:
        assert left is None
    else:
        assert (left.profit, left.collateral) == (whole.profit - taken, whole.collateral)


def test_equal_seeds_find_equal_counterexamples():
    first, second = (try_axioms("queue", tries=TRIES, seed=4).to_dict() for _ in range(2))
    assert first == second


def test_a_policy_that_changes_its_mind_is_refused():
    calls = []

    def fickle(start):
        calls.append(start)
        return start.capacity * (len(calls) == 3)

    with pytest.raises(adl.PolicyError, match="differently again"):
        try_axioms(fickle, axioms=(AXIOMS[0], AXIOMS[2]), tries=1)


@pytest.mark.parametrize(
    "policy",
    [
        "pro-rata",
        ProRataAllocation(),
        grammar.allocation("pro-rata"),
        adl.named("constant:1+pro-rata"),
    ],
)
def test_names_allocations_and_policies_are_all_tried(policy):
    assert try_axioms(policy, tries=5).policy == "constant:1+pro-rata"


def test_persistence_that_was_asked_for_stays():
    assert try_axioms("persistence+queue", tries=5).policy == "persistence+queue"
    assert try_axioms("persistence", tries=5).policy == "persistence+pro-rata"
    own = adl.named("persistence+queue")
    assert try_axioms(own, tries=5).policy == "persistence+queue"
    assert try_axioms("queue", tries=5).policy == "constant:1+queue"


@pytest.mark.parametrize("name", by_day(len(ALLOCATIONS), [*ALLOCATIONS, *SEVERITIES, "ogd:0.1"]))
def test_every_name_can_be_tried(name):
    text = {"constant": "constant:0.5", "capped-pro-rata": "capped-pro-rata:0.5"}.get(name, name)
    report = try_axioms(text, tries=5)
    assert report["protected collateral"].counterexample is None
    assert {v.tries for v in report.verdicts if v.counterexample is None} == {5}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"policy": "luck"}, "policy is 'luck'"),
        ({"policy": None}, "policy is None"),
        ({"policy": 3}, "policy is 3"),
        ({"policy": ProRataAllocation}, "make one of the class"),
        ({"policy": "queue:luck"}, "feature is 'luck'"),
        ({"tries": 0}, "tries is 0: expected a whole number ≥ 1"),
        ({"tries": 1.0}, "tries is 1.0"),
        ({"tries": True}, "tries is True"),
        ({"tries": math.nan}, "tries is nan"),
        ({"seed": -1}, "seed is -1: expected a whole number ≥ 0"),
        ({"seed": "x"}, "seed is 'x'"),
    ],
)
def test_bad_input_is_named(arguments, message):
    with pytest.raises(adl.InputError, match=message):
        try_axioms(**{"policy": "pro-rata", **arguments})


def test_an_axiom_that_is_not_there_is_named():
    with pytest.raises(adl.InputError, match="axiom is 'justice'"):
        try_axioms("pro-rata", tries=1)["justice"]


def test_the_report_does_not_claim_proof():
    text = str(try_axioms("pro-rata", tries=1))
    assert "no counterexample in 1 try" in " ".join(text.split())
    assert "What is not broken is not proved" in " ".join(text.split())
    assert "holds" not in text


def test_json_has_the_exact_figures():
    data = json.loads(json.dumps(tried("queue").to_dict(), allow_nan=False))
    row = next(r for r in data["axioms"] if r["name"] == "split")
    assert row["counterexample"]["usd_exactly"] == "1"
    assert [r["haircut_usd"] for r in row["counterexample"]["rounds"]] == [[1, 0], [0, 0, 1]]
    assert next(r for r in data["axioms"] if r["name"] == "scale")["counterexample"] is None
