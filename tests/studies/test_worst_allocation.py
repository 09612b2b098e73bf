"""What allocations cost at worst over a box: closed forms, rounds in fractions, and mutants."""

import itertools
import json
from fractions import Fraction

import pytest

import adlopt as adl
from adlopt.policies.allocation import EqualAwards
from adlopt.studies.adversary import worst_allocation as module
from adlopt.studies.adversary.worst import RoundBox, worst

BOX = RoundBox(accounts=3, spread=2.0, budget=1.0)


def queue(u, budget):
    """In the order given, in fractions."""
    taken = []
    for each in u:
        taken.append(min(each, budget - sum(taken)))
    return taken


def by_size(u, budget):
    order = sorted(range(len(u)), key=lambda i: -u[i])
    taken = queue([u[i] for i in order], budget)
    return [taken[order.index(i)] for i in range(len(u))]


def awards(u, budget):
    """The level is found among its breakpoints."""
    ordered, left = sorted(u), budget
    for k, each in enumerate(ordered):
        if each * (len(u) - k) >= left:
            return [min(w, left / (len(u) - k)) for w in u]
        left -= each
    return list(u)


def losses(u, budget):
    kept = awards(u, sum(u) - budget)
    return [a - b for a, b in zip(u, kept, strict=True)]


OURS = {"queue": by_size, "queue:luck": queue, "equal-awards": awards, "equal-losses": losses}


def grid(box, step=4):
    ends = [Fraction(k, step) for k in range(step, int(box.spread * step) + 1)]
    for u in itertools.product(ends, repeat=box.accounts):
        for budget in range(step * int(box.budget), int(sum(u) * step) + 1):
            yield list(u), Fraction(budget, step)


@pytest.mark.parametrize("name", OURS)
def test_no_round_of_a_grid_beats_the_upper_end_and_the_worst_attains_it(name):
    """Ratios and leaks in fractions, by code that shares nothing with the program."""
    box, pays = RoundBox(accounts=2, spread=2.0, budget=1.0), OURS[name]
    found = worst(name, box=box, exact=True)
    ratio = leak = Fraction(0)
    for u, budget in grid(box):
        taken, total = pays(u, budget), sum(u)
        ratio = max(ratio, *(x / w * total / budget for x, w in zip(taken, u, strict=True)))
        if name != "queue:luck":
            for part in (u[0] / 2, u[0] / 4, u[0]):
                after = pays([*u[1:], part, u[0] - part], budget)
                leak = max(leak, taken[0] - after[-1] - after[-2])
    assert float(ratio) <= found["ratio"].upper + 1e-9
    assert float(leak) <= found["leak"].upper + 1e-9
    for each in found.extremes:
        assert each.upper - each.lower <= 1e-5 * max(1.0, each.upper)
    assert found["ratio"].lower >= float(ratio) - 1e-5


@pytest.mark.parametrize(("accounts", "spread", "budget"), [(2, 3.0, 1.0), (3, 2.0, 1.5)])
def test_a_queue_pays_the_price_of_priority(accounts, spread, budget):
    """U/max(B, u_1), as `proofs/price_of_priority.py` has it, largest where u_1 = B or 1."""
    box = RoundBox(accounts=accounts, spread=spread, budget=budget)
    most = max(
        (first + (accounts - 1) * spread) / max(budget, first) for first in (1.0, budget, spread)
    )
    found = worst("queue:luck", box=box)["ratio"]
    assert found.upper == pytest.approx(most, rel=2e-6)
    assert found.lower == pytest.approx(most, rel=2e-6)


def test_with_profits_that_sum_to_so_much_the_price_is_that_sum():
    box = RoundBox(accounts=3, spread=2.0, budget=1.0, total=4.0)
    found = worst("queue:luck", box=box)["ratio"]
    assert found.lower == pytest.approx(4.0, rel=2e-6)
    assert sum(found.capacity) == pytest.approx(4.0, rel=1e-6)


def test_the_rounds_that_are_named_attain_the_lower_ends():
    found = worst("queue", box=BOX)
    for each in found.extremes:
        assert all(1 - 1e-9 <= u <= 2 * (1 + 1e-9) for u in each.capacity)
        assert each.budget >= 1.0
    u, budget = [*map(Fraction, found["leak"].capacity)], Fraction(found["leak"].budget)
    before = by_size(u, budget)[0]
    after = by_size([*u[1:], *map(Fraction, found["leak"].parts)], budget)
    assert float(before - after[-1] - after[-2]) == pytest.approx(found["leak"].lower, abs=1e-9)
    jump = found["jump"]
    moved = zip(
        by_size([*map(Fraction, jump.capacity)], Fraction(jump.budget)),
        by_size([*map(Fraction, jump.other)], Fraction(jump.budget)),
        strict=True,
    )
    assert float(sum(abs(a - b) for a, b in moved)) == pytest.approx(jump.lower, abs=1e-6)
    assert jump.lower == pytest.approx(4.0, abs=1e-6)  # 2B, where B is one whole profit


def test_a_program_that_is_not_the_rule_has_ends_that_do_not_meet(monkeypatch):
    monkeypatch.setitem(module.SPLITS, EqualAwards, module._in_turn)
    box = RoundBox(accounts=2, spread=2.0, budget=1.0)
    found = worst("equal-awards", box=box, time_limit=2.0)
    assert found["ratio"].upper > found["ratio"].lower * 1.2


def test_pro_rata_costs_nothing_by_algebra_and_other_rules_have_an_interval():
    for name in ("pro-rata", "min-max", "persistence+pro-rata"):
        found = worst(name, box=BOX, exact=True)
        assert [(e.lower, e.upper, e.trust.value) for e in found.extremes] == [
            (1.0, 1.0, "exact"), (0.0, 0.0, "exact"), (0.0, 0.0, "exact"),
        ]  # fmt: skip
    found = worst("mirror-descent", box=BOX)
    assert found["ratio"].lower <= found["ratio"].upper == 6.0
    with pytest.raises(adl.InputError, match="linear but for its bends"):
        worst("mirror-descent", box=BOX, exact=True)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"accounts": 7}, "at most 6"),
        ({"accounts": 0}, "accounts"),
        ({"spread": 0.5}, "spread"),
        ({"budget": 0.0}, "budget"),
        ({"budget": 9.0}, "budget"),
        ({"total": 2.0}, "a sum of profits"),
    ],
)
def test_a_box_that_is_none_is_named(changes, said):
    given = {"accounts": 3, "spread": 2.0, "budget": 1.0, **changes}
    with pytest.raises(adl.InputError, match=said):
        RoundBox(**given)


def test_what_belongs_to_paths_is_refused_beside_a_box():
    with pytest.raises(adl.InputError, match="nothing beside a box"):
        worst("queue", box=BOX, rounds=3)


def test_the_command_prints_and_writes_both_ends(run):
    words = ("worst", "queue", "--exact", "--accounts", "2", "--spread", "3")
    code, out, err = run(*words)
    assert (code, err) == (0, "")
    assert "saved by splitting in two" in out
    told = json.loads(run(*words, "--json")[1])
    assert [each["name"] for each in told["extremes"]] == ["ratio", "leak", "jump"]
    assert run(*words, "-o", "a.json")[0] == 2


@pytest.mark.nightly("programs of six accounts take minutes")
@pytest.mark.parametrize("name", OURS)
def test_six_accounts_have_ends_that_meet(name):
    found = worst(name, box=RoundBox(accounts=6, spread=3.0, budget=1.0))
    for each in found.extremes:
        assert each.upper - each.lower <= 1e-5 * max(1.0, each.upper)
