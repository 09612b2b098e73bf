"""A bound of one's own is proved by a file of one's own, or conjectured, everywhere it is shown."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest
import sympy

import adlopt as adl
from adlopt.bounds import HALF, PERSISTENCE, PROPOSITION_1, TRIVIAL
from adlopt.bounds.bound import Along, BoundSide, BoundVerdict
from adlopt.bounds.quantity import LOSS, TOP, TOTAL_DEFICIT, P
from adlopt.bounds.registry import own_bound
from adlopt.policies.gradient import paper_ogd
from adlopt.policies.severity import Constant, Persistence
from adlopt.scoring.hindsight import severity_loss
from adlopt.scoring.one_run import run_policy
from adlopt.studies.adversary.worst import worst

MINE = '''
"""A rule that rests at a quarter, and bounds on it."""
import sympy
import adlopt as adl
from adlopt.bounds.quantity import TOTAL_DEFICIT
from adlopt.policies.severity import Constant
from adlopt.proof import *

quarter = Constant(0.25)


def bound(share, **more):
    return adl.Bound(name=f"{share} of all", expression=share * TOTAL_DEFICIT.symbol,
                     comparator=adl.Comparator.PER_ROUND_OPTIMUM, covers="constant:0.25",
                     **{"proof": __file__, **more})


three = bound(sympy.Rational(3, 4))
half = bound(sympy.Rational(1, 2))
forged = bound(sympy.Rational(2, 5), proof="lalala")
neighbour = bound(sympy.Rational(3, 4), proof="mine.py")

t, T = integers("t T")
D, x, s = sequences("D x s")
GIVEN = (every(t, 1, T, ge(D(t), 0)), every(t, 1, T, ge(s(t), 0)), every(t, 1, T, le(s(t), 1)),
         every(t, 1, T, eq(x(t), sympy.Rational(1, 4))))
LOST = sympy.Sum(D(t) * abs(x(t) - s(t)), (t, 1, T))


def claim(share=sympy.Rational(3, 4)):
    return Claim(given=GIVEN, concludes=le(LOST, share * sympy.Sum(D(t), (t, 1, T))))


def derive(share=sympy.Rational(3, 4)):
    known = [at(h, t, using=[le(1, t), le(t, T)]) for h in GIVEN]
    miss = x(t) - s(t)
    one = by_cases(le(D(t) * abs(miss), share * D(t)), miss, known, absolute(miss))
    return prove(claim(share).concludes, sum_up(for_all(one, t, 1, T)))


def theorem():
    far = {T: 1, t: 1, D: [1], x: [sympy.Rational(1, 4)], s: [1]}
    return Theorem(
        item="A quarter", title="a constant of a quarter", citation="new",
        statement="no more than three quarters of the deficits", verdict=Verdict.PROVED,
        proves={"bound": Step(claim, derive, {
            "a half": fails_at(far, share=sympy.Rational(1, 2)),
            "seven tenths": fails_at(far, share=sympy.Rational(7, 10))})},
        witness={T: 2, D: [1, 2], x: [sympy.Rational(1, 4)] * 2, s: [0, 1]})
'''


@pytest.fixture
def mine(tmp_path):
    (tmp_path / "mine.py").write_text(MINE, encoding="utf-8")
    return lambda name: own_bound(f"{tmp_path}/mine.py:{name}")


def test_a_file_of_ones_own_that_concludes_the_expression_proves_the_bound(mine):
    for name in ("three", "neighbour"):
        bound = mine(name)
        assert not bound.conjectured
        assert bound.basis.startswith("mine.py, 'bound', given ")
        assert "x(t) = 1/4 for t = 1…T" in bound.basis
        adl.testing.check_bound(bound)


@pytest.mark.parametrize(("name", "why"), [("half", "no claim of mine.py"), ("forged", "lalala")])
def test_any_other_bound_is_conjectured_and_says_why(mine, name, why):
    bound = mine(name)
    assert bound.conjectured
    assert why in bound.basis
    with pytest.raises(adl.ProofError, match="is conjectured"):
        adl.testing.check_bound(bound)
    board = adl.play(adl.episodes.alternating_blocks(2), [Constant(0.25)], bounds=[bound])
    assert board.data().bounds[-1].label == f"{bound.name} (conjectured)"
    report = adl.bounds_of(adl.episodes.alternating_blocks(2), [bound])
    assert report[bound.name].conjectured
    assert why in report[bound.name].basis


@pytest.mark.parametrize(
    "changes",
    [
        {"side": BoundSide.LOWER},
        {"loss": "another"},
        {"along": Along.BEST_PATH, "expression": LOSS.symbol + TOTAL_DEFICIT.symbol},
        {"expression": TOTAL_DEFICIT.symbol * sympy.Rational(3, 4) + 0.001},
        {"expression": TOTAL_DEFICIT.symbol * sympy.Rational(3, 4) + P.symbol},
        {"expression": TOP.symbol},
        {"proof": "absent.py"},
    ],
    ids=str,
)
def test_nothing_but_the_very_expression_is_concluded(mine, changes):
    assert replace(mine("three"), **changes).conjectured


@pytest.mark.parametrize(
    ("was", "now", "why"),
    [
        ('"seven tenths": fails_at(far, share=sympy.Rational(7, 10))', "", "two false variants"),
        ("share=sympy.Rational(3, 4)):\n    known", "share=1):\n    known", "gives OPEN"),
        ("Verdict.PROVED,", "Verdict.REFUTED,", "declared REFUTED"),
        ("def theorem", "def lemma", "has no function theorem"),
        ("s: [0, 1]}", "s: [0, 2]}", "fails at the point"),
    ],
)
def test_a_proof_that_does_not_check_concludes_nothing(tmp_path, was, now, why):
    assert was in MINE
    file = tmp_path / "mine.py"
    file.write_text(MINE.replace(was, now), encoding="utf-8")
    bound = own_bound(f"{file}:three")
    assert bound.conjectured
    assert why in bound.basis
    with pytest.raises(adl.ProofError):
        adl.testing.check_proof(file)


NEVER = """
from adlopt.proof import *
import adlopt as adl, sympy

t, T = integers("t T")
D, x, s = sequences("D x s")
D_max = reals("D_max")
GIVEN = HYPOTHESIS
LOST = sympy.Sum(D(t) * abs(x(t) - s(t)), (t, 1, T))
never = adl.Bound(name="no loss at all", expression=sympy.Integer(0), covers="every rule",
                  comparator=adl.Comparator.PER_ROUND_OPTIMUM, proof=__file__)


def claim(least=0):
    return Claim(given=(GIVEN,), concludes=le(LOST, least))


def derive(least=0):
    known = at(GIVEN, t, using=[le(1, t), le(t, T)])
    one = prove(eq(D(t) * abs(x(t) - s(t)), 0), known, multipliers=[abs(x(t) - s(t))])
    return prove(claim(least).concludes, sum_up(for_all(one, t, 1, T)))


def theorem():
    at_ = {T: 2, D: [0, 0], x: [1, 1], s: [1, 1]}
    return Theorem(
        item="Never", title="rounds that are never met", citation="forged", statement="no loss",
        verdict=Verdict.PROVED,
        proves={"bound": Step(claim, derive, {
            "less than nothing": fails_at(at_, least=-1), "and less": fails_at(at_, least=-2)})},
        witness=at_)
"""


def test_what_a_proof_of_ones_own_assumes_is_checked_where_its_bound_is_used(tmp_path):
    """Else a bound is proved of rounds that are never met, and believed of those that are."""
    file = tmp_path / "never.py"
    text = NEVER
    file.write_text(text.replace("HYPOTHESIS", "every(t, 1, T, eq(D(t), 0))"), encoding="utf-8")
    bound = own_bound(f"{file}:never")
    assert not bound.conjectured
    episode = adl.episodes.alternating_blocks(2)
    said = bound.evaluate(episode)
    assert said.value is None
    assert list(said.failures) == ["never.py assumes D(t) = 0 for t = 1…T"]
    run = run_policy(episode, adl.policies.grammar.policy("constant:0.25+pro-rata"))
    assert bound.verdict(Constant(0.25), episode, 1.0, run) is BoundVerdict.SILENT


def test_a_proof_of_another_rule_says_nothing_of_a_run_that_is_not_its_play(mine):
    episode = adl.episodes.alternating_blocks(2)
    bound = replace(mine("three"), covers="every rule")
    assert (
        bound.failures(
            episode, run_policy(episode, adl.policies.grammar.policy("constant:0.25+pro-rata"))
        )
        == {}
    )
    failing = bound.failures(
        episode, run_policy(episode, adl.policies.grammar.policy("constant:0.5+pro-rata"))
    )
    assert list(failing) == ["mine.py assumes x(t) = 1/4 for t = 1…T"]


def test_a_proof_is_checked_anew_when_its_file_changes(mine, tmp_path):
    bound = mine("three")
    assert not bound.conjectured
    (tmp_path / "mine.py").write_text(MINE.replace("def theorem", "def lemma"), encoding="utf-8")
    assert bound.conjectured


def test_an_item_of_the_library_may_be_named_as_on_the_command_line():
    assert not replace(PROPOSITION_1, proof="prop-1").conjectured
    assert replace(HALF, proof="prop-1").conjectured
    assert "concludes sqrt(2*P*S + S)" in replace(HALF, proof="prop-1").basis


# Whom a bound is about ----------------------------------------------------------------------------


def test_a_bound_is_about_names_classes_and_what_meets_a_condition():
    episode = adl.episodes.alternating_blocks(2)
    about = replace(HALF, covers="Constant", rules=())
    assert about.is_about(Constant(0.9), episode)
    assert not about.is_about(Persistence(), episode)
    assert replace(about, covers="words", rules=(Persistence,)).is_about(Persistence(), episode)
    assert PROPOSITION_1.is_about(paper_ogd(episode), episode)
    assert not PROPOSITION_1.is_about(paper_ogd(episode, variation=0.5), episode)
    assert TRIVIAL.is_about(Persistence(), episode)


def test_shipped_bounds_hold_for_the_rules_they_say_they_are_about():
    for seed in range(4):
        episode = adl.episodes.shock(rounds=8, winners=5, seed=seed)
        for rule in (Persistence(), Constant(0.5), paper_ogd(episode)):
            run = run_policy(episode, adl.policies.grammar.policy(rule))
            loss = severity_loss(episode, episode.severity(run))
            found = {b.name: b.verdict(rule, episode, loss, run) for b in adl.bounds.BOUNDS}
            assert BoundVerdict.REFUTED not in found.values()
            assert BoundVerdict.CONSISTENT in found.values()


# In verbs -----------------------------------------------------------------------------------------


def test_worst_refutes_a_false_bound_that_covers_the_rule(mine):
    case = worst("constant:0.25", bound=mine("half"), rounds=3, variation=1.0)
    assert case.verdict is BoundVerdict.REFUTED
    assert "REFUTED on this instance" in str(case)
    case = worst("constant:0.25", bound=mine("three"), rounds=3, variation=1.0)
    assert case.verdict is BoundVerdict.CONSISTENT
    case = worst("constant:0.75", bound=mine("half"), rounds=3, variation=1.0)
    assert case.verdict is BoundVerdict.OTHERS


def test_one_table_has_own_policies_own_bounds_and_comparators(run, tmp_path):
    (tmp_path / "mine.py").write_text(MINE, encoding="utf-8")
    own = ["--bound", "mine.py:three", "--bound", "mine.py:forged", "-p", "mine.py:quarter"]
    code, out, _ = run("play", "october-10", *own)
    assert code == 0
    words = " ".join(out.split())
    assert "20.3 % CONSISTENT" in words
    assert "2/5 of all (conjectured)" in words
    code, out, _ = run("bounds", "october-10", *own)
    assert code == 0
    assert "constant:0.25 + pro-rata" in out
    assert "mine.py, 'bound', given" in " ".join(out.split())


@pytest.mark.parametrize("policy", ["ogd", "persistence", "constant:0.3", "mine.py:quarter"])
def test_what_worst_writes_is_played_to_the_same_loss_by_the_command_it_names(
    run, tmp_path, policy
):
    (tmp_path / "mine.py").write_text(MINE, encoding="utf-8")
    asked = ["--any-first"] if policy in ("ogd", "persistence") else []
    code, out, err = run(
        "worst", policy, "-T", "4", "-P", "1.3", *asked, "-o", "worst.json", "--json"
    )
    assert code == 0
    lost = json.loads(out)["loss_usd"]
    _, _, command = err.partition("replayed by: adlopt ")
    code, out, _ = run(*command.split(), "--json")
    assert code == 0
    scores = json.loads(out)["scores"]
    as_found, replayed = scores[0], scores[1]
    assert as_found["policy"].endswith("as found")
    assert as_found["severity_loss_usd"] == pytest.approx(lost, rel=1e-12)
    assert replayed["severity_loss_usd"] == lost


def test_a_refuted_bound_has_an_exit_code_of_its_own(run, tmp_path):
    (tmp_path / "mine.py").write_text(MINE, encoding="utf-8")
    asked = ["-T", "3", "-P", "1"]
    assert run("worst", "mine.py:quarter", "--bound", "mine.py:half", *asked)[0] == 3
    assert run("worst", "mine.py:quarter", "--bound", "mine.py:three", *asked)[0] == 0
    assert run("worst", "mine.py:quarter", "--bound", "mine.py:absent", *asked)[0] == 2


def test_check_bound_finds_the_rule_that_breaks_a_bound(mine):
    needs_all = adl.episodes.alternating_blocks(2)
    adl.testing.check_bound(mine("three"), Constant(0.25), [needs_all])
    with pytest.raises(adl.ProofError, match="covers others"):
        adl.testing.check_bound(mine("three"), Constant(0.3), [needs_all])
    less = replace(PERSISTENCE, rules=(Constant,))
    with pytest.raises(adl.ProofError, match="is refuted"):
        adl.testing.check_bound(less, Constant(0.3), [needs_all])


def test_bounds_that_ship_stand_in_their_package_before_any_is_asked_for():
    """Scripts go through `vars(adl.bounds)` for one to start from."""
    held = "sum(isinstance(v, adl.Bound) for v in vars(adl.bounds).values())"
    code = f"import adlopt as adl; print({held})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) >= 20
