"""The mission as one test: an own instance, its optimum proved, an own rule under own theory."""

import json
import subprocess
import sys
from fractions import Fraction

import highspy
import pytest

import adlopt as adl
from adlopt.optimum.evidence import adlcheck

INSTANCE = """
name = "a venue's two waves"

[[round]]
deficit = 90.0
needed = 60.0
[[round.account]]
id = "ann"
capacity = 120.0
[[round.account]]
id = "bob"
capacity = 80.0

[[round]]
deficit = 30.0
needed = 30.0
[[round.account]]
id = "ann"
capacity = 90.0
[[round.account]]
id = "bob"
capacity = 60.0
"""
ROUND = """
deficit = 90.0
needed = 60.0
[[account]]
id = "ann"
capacity = 120.0
[[account]]
id = "bob"
capacity = 80.0
"""
THEORY = '''
"""A rule that raises two thirds, and what it can lose: no more than two thirds of the deficits."""
import sympy
import adlopt as adl
from adlopt.bounds.quantity import TOTAL_DEFICIT
from adlopt.policies.severity import Constant
from adlopt.proof import *

share = sympy.Rational(2, 3)
rule = Constant(2 / 3)


def bound(name, part):
    return adl.Bound(name=name, expression=part * TOTAL_DEFICIT.symbol, rules=(Constant,),
                     comparator=adl.Comparator.PER_ROUND_OPTIMUM,
                     covers="constants between a third and two thirds", proof=__file__)


true, false = bound("two thirds", share), bound("a twentieth", share / 40)

t, T = integers("t T")
D, x, s = sequences("D x s")
GIVEN = (every(t, 1, T, ge(D(t), 0)), every(t, 1, T, ge(s(t), 0)), every(t, 1, T, le(s(t), 1)),
         every(t, 1, T, ge(x(t), 1 - share)), every(t, 1, T, le(x(t), share)))
LOST = sympy.Sum(D(t) * abs(x(t) - s(t)), (t, 1, T))


def claim(part=share):
    return Claim(given=GIVEN, concludes=le(LOST, part * sympy.Sum(D(t), (t, 1, T))))


def derive(part=share):
    known = [at(h, t, using=[le(1, t), le(t, T)]) for h in GIVEN]
    miss = x(t) - s(t)
    one = by_cases(le(D(t) * abs(miss), part * D(t)), miss, known, absolute(miss))
    return prove(claim(part).concludes, sum_up(for_all(one, t, 1, T)))


def theorem():
    far = {T: 1, t: 1, D: [1], x: [share], s: [0]}
    return Theorem(
        item="Two thirds", title="constants near a half", citation="own", verdict=Verdict.PROVED,
        statement="no more than two thirds of the deficits are missed",
        proves={"bound": Step(claim, derive, {
            name: fails_at(far, part=part)
            for name, part in (("a half", share * 3 / 4), ("a twentieth", share / 40))})},
        witness={T: 2, D: [1, 2], x: [share, 1 - share], s: [0, 1]})
'''


def test_from_an_instance_of_ones_own_to_its_optimum_and_a_verdict_on_a_bound_of_ones_own(
    run, tmp_path
):
    for name, text in (("round.toml", ROUND), ("waves.toml", INSTANCE), ("theory.py", THEORY)):
        (tmp_path / name).write_text(text, encoding="utf-8")

    asked = ["--write-model", "round.mps", "--certificate", "answer.json", "--json"]
    code, out, _ = run("solve", "round.toml", *asked)
    assert code == 0
    command = [sys.executable, "-I", "-S", adlcheck.__file__, "round.toml", "answer.json"]
    checked = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert checked.returncode == 0
    assert checked.stdout.splitlines()[1].endswith("none is below 0.3: optimal, proven")
    answer = json.loads(out)
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    assert solver.readModel(str(tmp_path / "round.mps")) == highspy.HighsStatus.kOk
    solver.run()
    least = Fraction(60, 200)
    assert solver.getInfo().objective_function_value > 0
    assert Fraction(answer["worst_burden"]).limit_denominator(10**9) == least

    best = adl.solve(adl.read(tmp_path / "round.toml"), method=adl.Method.HIGHS)
    assert best.certificate.lower <= best.value <= best.certificate.upper
    haircut = [Fraction(x).limit_denominator(10**6) for x in best.haircut.tolist()]
    assert sum(haircut) == 60
    assert max(x / u for x, u in zip(haircut, (120, 80), strict=True)) == least

    code, out, _ = run("prove", "theory.py")
    assert code == 0
    assert "PROVED" in out
    own = ["-p", "theory.py:rule", "--bound", "theory.py:true", "--bound", "theory.py:false"]
    code, out, _ = run("play", "waves.toml", *own, "--json")
    board = json.loads(out)
    (played,) = [name for name in board["verdicts"] if name.startswith("constant:0.66")]
    assert board["verdicts"][played]["two thirds"] == "CONSISTENT"
    assert board["verdicts"][played]["a twentieth"] == "REFUTED on this instance"
    marked = {bound["name"]: bound["conjectured"] for bound in board["bounds"]}
    assert not marked["two thirds"]
    assert marked["a twentieth"]


@pytest.mark.parametrize(
    ("bound", "code", "said"), [("true", 0, "CONSISTENT"), ("false", 3, "REF")]
)
def test_the_worst_case_of_the_rule_says_the_same(run, tmp_path, bound, code, said):
    (tmp_path / "theory.py").write_text(THEORY, encoding="utf-8")
    asked = ["worst", "theory.py:rule", "--bound", f"theory.py:{bound}", "-T", "3", "-P", "1"]
    got, out, _ = run(*asked)
    assert got == code
    assert said in out
