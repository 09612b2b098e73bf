"""A theorem cannot declare a verdict that its evidence does not reach."""

from fractions import Fraction

import pytest
from sympy import Sum

from adlopt.errors import ProofError
from adlopt.proof import (
    Axiom,
    Claim,
    FalseVariant,
    Family,
    Theorem,
    Verdict,
    check,
    every,
    ge,
    gt,
    integers,
    le,
    prove,
    reals,
    sequences,
)
from adlopt.proof.notation import point
from adlopt.proof.refutation import Refutation, refute, satisfy
from adlopt.proof.written_out import summary

x, y = reals("x y")
n, t = integers("n t")
D = sequences("D")
CLAIM = Claim(given=(ge(x, 1),), concludes=ge(x, 0))
STRONG = Claim(given=(ge(x, 1),), concludes=ge(x, 2))
FACT = prove(ge(x, 0), ge(x, 1))


def theorem(**changes):
    plain = {
        "item": "Item",
        "title": "title",
        "citation": "[none]",
        "statement": "words",
        "verdict": Verdict.PROVED,
        "claims": {"main": CLAIM},
        "facts": {"main": FACT},
        "witness": {x: 1},
    }
    return Theorem(**{**plain, **changes})


def test_a_proved_theorem():
    assert theorem().verdict is Verdict.PROVED
    assert theorem(facts={}, verdict=Verdict.OPEN).verdict is Verdict.OPEN


@pytest.mark.parametrize(
    "changes",
    [
        {"verdict": Verdict.PROVED_UNDER},
        {"verdict": Verdict.REFUTED},
        {"verdict": Verdict.OPEN},
        {"facts": {}},
        {"claims": {"main": STRONG}},
        {"claims": {"main": CLAIM, "more": STRONG}},
        {"facts": {"main": prove(ge(x, 0), gt(x, 0))}},
        {"witness": {x: 0}},
        {"witness": {}},
        {"corrected": {"better": (STRONG, FACT)}},
        {"refutation": refute([], ge(y, 0), point({y: -1})), "verdict": Verdict.REFUTED},
    ],
)
def test_verdicts_need_evidence(changes):
    with pytest.raises(ProofError):
        theorem(**changes)


def test_added_hypotheses_are_what_the_proof_uses():
    weak = Claim(given=(), concludes=ge(x, 0))
    under = theorem(
        claims={"main": weak}, added={"x is large": ge(x, 1)}, verdict=Verdict.PROVED_UNDER
    )
    assert under.verdict is Verdict.PROVED_UNDER
    with pytest.raises(ProofError):
        theorem(claims={"main": weak}, added={"y is large": ge(y, 1)}, witness={x: 1, y: 1})


def test_a_refutation_is_of_this_very_claim():
    refuted = theorem(
        claims={"main": STRONG},
        facts={},
        refutation=STRONG.counterexample({x: 1}),
        verdict=Verdict.REFUTED,
    )
    assert refuted.verdict is Verdict.REFUTED
    fewer = refute([], STRONG.concludes, point({x: 1}))
    with pytest.raises(ProofError):
        theorem(claims={"main": STRONG}, facts={}, refutation=fewer, verdict=Verdict.REFUTED)


def test_a_family_has_to_meet_every_hypothesis():
    claim = Claim(given=(ge(x, y),), concludes=le(x, 100))
    when = (gt(n, 100),)
    violates = prove(gt(n, 100), when)
    meets = (prove(ge(n, 0), when),)
    family = Family(instance={x: n, y: 0}, meets=meets, violates=violates, when=when)
    assert family.refutes(claim)
    assert not Family(instance={x: n, y: 0}, meets=(), violates=violates, when=when).refutes(claim)
    assert not Family(instance={x: n, y: 0}, meets=meets, violates=violates, when=()).refutes(claim)
    assert not Family(instance={x: n, y: n}, meets=meets, violates=violates, when=when).refutes(
        claim
    )
    assert not Family(instance={x: n, y: 0}, meets=meets, violates=meets[0], when=when).refutes(
        claim
    )


def test_each_of_several_refutations_refutes():
    other = Claim(given=(), concludes=ge(y, 0))
    both = {"claims": {"a": STRONG, "b": other}, "facts": {}, "verdict": Verdict.REFUTED}
    found = (STRONG.counterexample({x: 1}), other.counterexample({y: -1}))
    assert theorem(**both, refutation=found).verdict is Verdict.REFUTED
    stray = Claim(given=(), concludes=ge(y, 1)).counterexample({y: 0})
    with pytest.raises(ProofError, match="OPEN"):
        theorem(**both, refutation=(*found, stray))


def test_cited_theorems_are_hypotheses_and_are_named():
    weak = Claim(given=(), concludes=ge(x, 0))
    name = Axiom("large numbers are large", "folklore")
    cited = theorem(claims={"main": weak}, cited={name: (ge(x, 1),)})
    assert cited.verdict is Verdict.PROVED
    assert cited.axioms == {name}
    assert "axiom: large numbers are large [folklore]" in summary(cited)
    with pytest.raises(ProofError, match="PROVED UNDER"):
        theorem(claims={"main": weak}, added={"x is large": ge(x, 1)})
    with pytest.raises(ProofError, match="witness"):
        theorem(claims={"main": weak}, cited={name: (ge(x, 1),)}, witness={x: 0})


@pytest.mark.parametrize(
    ("given", "claim", "values"),
    [
        ([ge(x, 1)], ge(x, 0), {x: 1}),
        ([ge(x, 1)], ge(x, 2), {x: 0}),
        ([ge(x, 1)], ge(y, 2), {x: 1}),
        ([], ge(1 / x, 0), {x: 0}),
        ([], ge(x ** Fraction(1, 2), 2), {x: 2}),
        ([], ge(x ** Fraction(1, 2), 2), {x: -1}),
        ([], gt(x, 1), {x: 0.5}),
        ([], gt(n, 1), {n: Fraction(1, 2)}),
        ([every(t, 1, 3, ge(D(t), 0))], ge(D(1), 1), {D: [0, 0]}),
        ([every(t, 1, 3, ge(D(t), 0))], ge(D(1), 1), {D: [0, 0, -1]}),
    ],
)
def test_points_that_refute_nothing(given, claim, values):
    with pytest.raises(ProofError):
        refute(given, claim, point(values))


def test_refutations_cannot_be_forged():
    with pytest.raises(ProofError):
        Refutation()
    with pytest.raises(ProofError):
        _ = object.__new__(Refutation).claim
    real = STRONG.counterexample({x: 1})
    real.point.clear()
    assert real.point == point({x: 1})


def test_ranges_are_checked_index_by_index():
    families = [every(t, 1, n, every(x_, 1, t, ge(D(t - x_), 0))) for x_ in [integers("k")]]
    satisfy(families, point({n: 3, D: {0: 1, 1: 2, 2: 0}}))
    with pytest.raises(ProofError):
        satisfy(families, point({n: 3, D: {0: 1, 1: 2, 2: -1}}))


def at_least(bound=0):
    return prove(ge(x, bound), ge(x, 1))


VARIANT = {
    "name": "v",
    "derivation": at_least,
    "changed": {"bound": 2},
    "claim": STRONG,
    "counterexample": STRONG.counterexample({x: 1}),
}


def test_false_variants_must_be_rejected_and_refuted():
    FalseVariant(**VARIANT).check()
    FalseVariant(**{**VARIANT, "holds": {"bound": 1}}).check()
    with pytest.raises(ProofError, match="not rejected"):
        FalseVariant(**{**VARIANT, "changed": {"bound": 1}}).check()
    with pytest.raises(ProofError, match="another claim"):
        FalseVariant(**{**VARIANT, "claim": CLAIM}).check()


def closes_nothing(bound=0):
    raise ProofError("cannot close anything")


@pytest.mark.parametrize(
    ("derivation", "said"),
    [
        (closes_nothing, "cannot close anything"),
        (lambda bound=0: prove(ge(x, 3), ge(x, 1)), "cannot close"),
        (lambda bound=0: [], "derives nothing"),
        (lambda bound=0: {}, "derives nothing"),
        (lambda bound=0: None, "returns the Fact"),
        (lambda bound=0: "x", "returns the Fact"),
        (lambda bound=0: (at_least(bound), "x"), "returns the Fact"),
    ],
)
def test_an_attempt_that_fails_on_the_true_statement_too_is_no_attempt(derivation, said):
    with pytest.raises(ProofError, match=said):
        FalseVariant(**{**VARIANT, "derivation": derivation}).check()


def test_a_file_without_two_false_variants_does_not_pass(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(
        "from adlopt.proof import *\n"
        "x = reals('x')\n"
        "def theorem():\n"
        "    claim = Claim(given=(), concludes=ge(x**2 + 1, 0))\n"
        "    return Theorem(item='i', title='t', citation='c', statement='s',\n"
        "        verdict=Verdict.PROVED, claims={'m': claim},\n"
        "        facts={'m': prove(claim.concludes, squares=[x])})\n"
    )
    with pytest.raises(ProofError, match="two false variants"):
        check(path)
    with pytest.raises(ProofError, match="not a Python file"):
        check(tmp_path / "absent.py")
    (tmp_path / "empty.py").write_text("")
    with pytest.raises(ProofError, match="no function theorem"):
        check(tmp_path / "empty.py")


def test_a_bound_index_never_looks_like_a_free_symbol():
    i, t, s, T = integers("i t s T")
    D = sequences("D")
    assert str(ge(Sum(abs(D(t) - i), (t, 1, T)), 0)) == "Σ[i'=1…T](|i − D(i')|) ≥ 0"
    assert str(every(s, 1, T, ge(D(s), t))) == "D(t') ≥ t for t' = 1…T"
