"""A theorem cannot declare a verdict that its evidence does not reach."""

from dataclasses import replace
from fractions import Fraction

import pytest
from sympy import Sum

from adlopt.errors import ProofError
from adlopt.proof import (
    Axiom,
    Claim,
    FalseVariant,
    Family,
    Step,
    Theorem,
    Verdict,
    at,
    axiom,
    check,
    every,
    fails_at,
    for_all,
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
        {"corrected": {"better": Step(STRONG, FACT)}},
        {"claims": {}, "facts": {}},
        {"claims": {}, "facts": {}, "verdict": Verdict.OPEN},
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
    whole = {"instance": {x: n, y: 0}, "meets": meets, "violates": violates, "when": when}
    whole["witness"] = {n: 101}
    assert Family(**whole).refutes(claim)
    for lacking in (
        {"meets": ()},
        {"when": ()},
        {"instance": {x: n, y: n}},
        {"violates": meets[0]},
    ):
        assert not Family(**{**whole, **lacking}).refutes(claim)


@pytest.mark.parametrize("witness", [{}, {n: 100}, {n: 3}])
def test_a_family_whose_conditions_contradict_each_other_is_refused(witness):
    """From n > 100 and n < 0 follows whatever a family needs; no numbers satisfy both."""
    when = (gt(n, 100), gt(0, n))
    fact = prove(gt(n, 100), when)
    with pytest.raises(ProofError, match="give a witness for counterexamples"):
        Family(instance={x: n}, meets=(fact,), violates=fact, when=when, witness=witness)


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
    from_literature = {"cited": {name: (ge(x, 1),)}, "verdict": Verdict.PROVED_FROM}
    cited = theorem(claims={"main": weak}, **from_literature)
    assert cited.axioms == {name}
    assert "PROVED FROM" in summary(cited)
    assert "from: large numbers are large [folklore]" in summary(cited)
    with pytest.raises(ProofError, match="PROVED UNDER"):
        theorem(claims={"main": weak}, added={"x is large": ge(x, 1)})
    with pytest.raises(ProofError, match="witness"):
        theorem(claims={"main": weak}, **from_literature, witness={x: 0})


def test_a_hypothesis_that_is_cited_is_named_even_where_the_claim_states_it():
    name = Axiom("large numbers are large", "folklore")
    with pytest.raises(ProofError, match="gives PROVED FROM"):
        theorem(cited={name: (ge(x, 1),)})
    assert theorem(cited={name: (ge(x, 1),)}, verdict=Verdict.PROVED_FROM).axioms == {name}


def test_what_is_cited_has_to_be_used():
    name = Axiom("folklore", "folklore")
    for said, verdict in (((ge(x, 1), ge(x, -1)), Verdict.PROVED_FROM), ((), Verdict.PROVED)):
        with pytest.raises(ProofError, match="no fact rests on what is cited as 'folklore'"):
            theorem(cited={name: said}, verdict=verdict)


def test_an_axiom_of_the_kernel_is_literature_too():
    claim = Claim(given=(), concludes=ge(x, 0))
    fact = axiom("all numbers are large", "folklore", [], ge(x, 0))
    with pytest.raises(ProofError, match="gives PROVED FROM"):
        theorem(claims={"main": claim}, facts={"main": fact})


def test_a_theorem_claims_something():
    with pytest.raises(ProofError, match="Item: a theorem claims something"):
        theorem(claims={}, facts={})


ROUNDS = Claim(given=(every(t, 1, n, ge(D(t), 1)),), concludes=every(t, 1, n, ge(D(t), 0)))


@pytest.mark.parametrize(
    ("witness", "said"),
    [
        ({n: 0, D: []}, "D(t) ≥ 1 for t = 1…n has no index there"),
        ({n: 1, D: [1]}, "n = 1 there, and could be 2"),
        ({n: 2, D: [1, 0]}, "this hypothesis fails"),
    ],
)
def test_a_witness_is_not_idle(witness, said):
    """Where a range is empty, even hypotheses that contradict each other hold together."""
    one = at(ROUNDS.given[0], t, using=[le(1, t), le(t, n)])
    fact = for_all(prove(ge(D(t), 0), one), t, 1, n)
    parts = {"claims": {"main": ROUNDS}, "facts": {"main": fact}}
    assert theorem(**parts, witness=(witness, {n: 2, D: [1, 1]}))
    with pytest.raises(ProofError, match=said.replace("(", r"\(").replace(")", r"\)")):
        theorem(**parts, witness=witness)


def test_a_single_round_is_a_witness_where_hypotheses_allow_no_more():
    short = Claim(given=(*ROUNDS.given, le(n, 1)), concludes=ROUNDS.concludes)
    one = at(ROUNDS.given[0], t, using=[le(1, t), le(t, n)])
    fact = for_all(prove(ge(D(t), 0), one), t, 1, n)
    assert theorem(claims={"main": short}, facts={"main": fact}, witness={n: 1, D: [1]})


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
    assert FalseVariant(**VARIANT).check().startswith("cannot close")
    FalseVariant(**{**VARIANT, "holds": {"bound": 1}}).check()
    with pytest.raises(ProofError, match="not rejected"):
        FalseVariant(**{**VARIANT, "changed": {"bound": 1}}).check()
    with pytest.raises(ProofError, match="another claim"):
        FalseVariant(**{**VARIANT, "claim": CLAIM}).check()


def test_false_variants_are_about_what_the_evidence_rests_on():
    about = FalseVariant(**VARIANT)
    assert set(theorem(false_variants=(about, about)).rejections()) == {"v"}
    stray = FalseVariant(**{**VARIANT, "derivation": lambda bound=1: prove(ge(x, bound), gt(x, 1))})
    with pytest.raises(ProofError, match="'v': no fact of the theorem rests on what it changes"):
        theorem(false_variants=(about, stray)).rejections()


def claim_at_least(bound=0):
    return Claim(given=(ge(x, 1),), concludes=ge(x, bound))


def test_a_step_is_a_claim_its_proof_and_what_is_false():
    wrong = {"2": fails_at({x: 1}, bound=2), "3": fails_at({x: 1}, bound=3)}
    made = theorem(claims={}, facts={}, proves={"main": Step(claim_at_least, at_least, wrong)})
    assert made.claims["main"] == CLAIM
    assert made.claims["main"].follows_from(made.facts["main"])
    assert made.rejections().keys() == {"2", "3"}
    assert replace(made).rejections().keys() == {"2", "3"}


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (lambda: Step(STRONG, at_least), "gives OPEN"),
        (lambda: Step(claim_at_least, at_least, {"0": fails_at({x: 1}, bound=0)}), "claim holds"),
        (lambda: Step(CLAIM, at_least, {"2": fails_at({x: 1}, bound=2)}), "say which claim"),
        (lambda: Step(claim_at_least, closes_nothing), "cannot close anything"),
    ],
)
def test_a_step_that_proves_or_refutes_something_else_is_refused(step, said):
    with pytest.raises(ProofError, match=said):
        theorem(claims={}, facts={}, proves={"main": step()})


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
