"""Axioms decided by z3: what is proved, what breaks, and that nothing is passed over in silence."""

import sys

import pytest

import adlopt as adl
from adlopt.policies.allocation import EqualAwards, ProRataAllocation
from adlopt.rules.row_formula import RowFormula, column
from adlopt.rules.rule import Haircut, Rule, Tier
from adlopt.rules.split import PerUnit, ProRata, Queue
from adlopt.studies.axioms import AXIOMS, formulas, try_axioms

MOULIN = ("equal accounts", "scale", "path", "composition", "consistency")
"""[Moulin, Econometrica 68, 2000]: who has all five is pro-rata, equal awards or equal losses."""


def by_rule(split, **parts):
    return Rule(name="own", haircut=Haircut(tiers=(Tier(split=split, **parts),)))


@pytest.mark.parametrize("name", ["pro-rata", "equal-awards", "equal-losses"])
def test_the_three_symmetric_rules_have_what_characterises_them(name):
    report = try_axioms(name, tries=5, prove=3)
    assert {axiom: report[axiom].proved for axiom in MOULIN} == dict.fromkeys(MOULIN, 3)


def test_of_the_three_only_equal_losses_reward_a_split():
    found = {n: try_axioms(n, tries=1, prove=3)["split"] for n in ("pro-rata", "equal-awards")}
    assert {v.proved for v in found.values()} == {3}
    broken = try_axioms("equal-losses", tries=1, prove=3)["split"]
    assert broken.solved
    assert broken.counterexample.violation.usd > 0


def test_a_queue_fails_without_luck_and_keeps_what_priority_rules_have():
    report = try_axioms("queue", tries=1, prove=3)
    assert set(report.broken) == {"equal accounts", "split", "uneven split", "path", "stability"}
    assert all(report[axiom].solved for axiom in report.broken)
    assert report["composition"].proved == report["consistency"].proved == 3


def test_rounding_leaks_in_lots_only():
    split = try_axioms("integer-pro-rata", tries=100, prove=3)["split"]
    assert split.counterexample.case.lot
    assert split.proved == 3
    assert "without lots PROVED for up to 3 accounts" in str(split)


SQUARE = RowFormula("u²", lambda r: r["upnl"] * r["upnl"])
HALF = RowFormula("u/2", lambda r: r["upnl"] / 2)
MUTANTS = {
    "squares": (by_rule(ProRata(SQUARE)), "split"),
    "poorest first": (by_rule(Queue((RowFormula("−u", lambda r: -r["upnl"]),))), "richer pays"),
    "half": (by_rule(ProRata(column("upnl")), limit=HALF), "path"),
    "by entry": (by_rule(ProRata(column("price_ratio"))), "wash trade"),
    "a dollar more": (by_rule(ProRata(RowFormula("u + 1", lambda r: r["upnl"] + 1))), "scale"),
}


@pytest.mark.parametrize(("rule", "axiom"), MUTANTS.values(), ids=MUTANTS)
def test_mutated_rules_fail(rule, axiom):
    chosen = (AXIOMS[0], *(law for law in AXIOMS if law.name == axiom))
    verdict = try_axioms(rule, tries=1, prove=3, axioms=chosen)[axiom]
    assert verdict.counterexample is not None
    assert verdict.proved < 3


def test_pro_rata_as_a_rule_is_proved_like_the_allocation():
    report = try_axioms(by_rule(ProRata(column("upnl"))), tries=2, prove=2)
    assert all(v.proved == 2 or v.counterexample.case.lot for v in report.verdicts)


def test_a_formula_that_is_not_the_rule_proves_nothing(monkeypatch):
    wrong = formulas.TAKING[EqualAwards]
    monkeypatch.setitem(formulas.TAKING, ProRataAllocation, wrong)
    report = try_axioms("pro-rata", tries=2, prove=2)
    assert all("its formula is not what it does" in v.unknown for v in report.verdicts)


class Own(ProRataAllocation):
    """Splits as it likes."""


@pytest.mark.parametrize(
    ("policy", "why"),
    [
        (Own(), "no formula is known"),
        ("persistence", "constant share"),
        ("mirror-descent", "no formula is known"),
        (by_rule(PerUnit(column("notional"))), "no formula is known of PerUnit"),
        (by_rule(Queue((RowFormula("odd", lambda r: r["upnl"] ** 0.5),))), "not arithmetic"),
    ],
)
def test_what_is_no_formula_is_unknown_and_says_why(policy, why):
    report = try_axioms(policy, tries=2, prove=2)
    open_ = [v for v in report.verdicts if v.counterexample is None]
    assert all(v.proved == 0 and (not v.tries or why in v.unknown) for v in open_)
    if open_ and open_[0].tries:
        assert why in report.to_dict()["axioms"][report.verdicts.index(open_[0])]["unknown"]


@pytest.mark.parametrize("prove", [-1, 5, 1.5])
def test_accounts_to_prove_for_are_checked(prove):
    with pytest.raises(adl.InputError, match="prove is"):
        try_axioms("pro-rata", prove=prove)


def test_without_z3_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "adlopt.studies.axioms.by_z3", None)
    with pytest.raises(adl.InputError, match=r"adlopt\[smt\]"):
        try_axioms("pro-rata", tries=1, prove=1)
